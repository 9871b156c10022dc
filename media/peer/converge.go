package peer

import (
	"context"
	"errors"
	"time"

	"github.com/pion/webrtc/v4"

	"parlor/media"
)

const (
	firstBackOff    = 500 * time.Millisecond
	lastBackOff     = 5 * time.Second
	connectTimeout  = 20 * time.Second // ICE gives up after 15 s by itself; this is for DTLS
	rttInterval     = time.Second
	refusedInterval = time.Second // between requests for a track that the server did not have
)

// wishes is what is to be negotiated.
type wishes struct {
	publications []*publication // that have a feed, in the order of their sources
	live         map[*publication]bool
	remotes      map[string]remote // by track id
}

// poke wakes the Peer's goroutine.
func (p *Peer) poke() {
	select {
	case p.wake <- struct{}{}:
	default:
	}
}

func (p *Peer) run() {
	defer close(p.done)
	timer := time.NewTimer(0)
	defer timer.Stop()
	for {
		select {
		case <-p.ctx.Done():
			p.shutDown()
			return
		case <-p.wake:
		case <-timer.C:
		}
		if p.ctx.Err() == nil {
			timer.Reset(p.converge(time.Now()))
		}
	}
}

// converge does one round towards what is wished, and returns after how long to do the next if
// nothing happens before.
func (p *Peer) converge(now time.Time) time.Duration {
	p.releaseStopped()
	w, restart := p.snapshot()
	if restart {
		p.disconnect()
		p.backOff, p.retryAt = 0, time.Time{}
	}
	if p.connection != nil {
		err := p.connection.failure(now)
		if err == nil && now.Before(p.suspectedUntil()) && p.connection.connectionState() == webrtc.PeerConnectionStateDisconnected {
			err = errors.New("peer: no packets, and the network has changed")
		}
		if err != nil {
			p.fail(now, err)
		}
	}
	if p.connection == nil && len(w.publications) == 0 && len(w.remotes) == 0 {
		p.setState(Idle)
		if p.anyWished() { // refused just now: to be asked for again
			return refusedInterval
		}
		return time.Hour
	}
	if now.Before(p.retryAt) {
		p.observe(now, w)
		return p.retryAt.Sub(now)
	}
	again, err := p.negotiate(w)
	switch {
	case errors.Is(err, errBroken):
		p.fail(now, err)
	case err != nil && p.ctx.Err() == nil:
		p.delay(now)
		p.cfg.Log.Warn("negotiation failed", "err", err, "retry", p.backOff)
	}
	p.observe(now, w)
	if again && err == nil {
		p.poke()
	}
	return p.nextLook(now)
}

// nextLook is when to look at the connection again.
func (p *Peer) nextLook(now time.Time) time.Duration {
	next := rttInterval
	if p.retryAt.After(now) {
		next = min(next, p.retryAt.Sub(now))
	}
	return next
}

// observe brings publications, state and round trip time in line with the connection.
func (p *Peer) observe(now time.Time, w wishes) {
	c := p.connection
	if c == nil {
		return
	}
	p.mu.Lock()
	for source, pub := range p.publications {
		pub.connect(c.outletFor(source))
	}
	p.mu.Unlock()
	if c.connectionState() != webrtc.PeerConnectionStateConnected {
		return
	}
	p.setState(Connected)
	c.deadline = time.Time{}
	if now.Sub(p.rttAt) >= rttInterval {
		p.rttAt = now
		p.rtt.Store(int64(c.rtt()))
	}
}

// errBroken marks errors after which the PeerConnection is of no use.
var errBroken = errors.New("connection broken")

// negotiate does one round of signalling if one is due. again tells that another one is.
func (p *Peer) negotiate(w wishes) (again bool, err error) {
	if p.connection == nil {
		if err := p.connect(); err != nil {
			return false, err
		}
	}
	c := p.connection
	needSDP, err := c.plan(w)
	if err != nil {
		return false, errors.Join(errBroken, err)
	}
	ctx, done := p.signalContext()
	defer done()
	offer, err := c.offer(ctx, w, needSDP)
	if err != nil {
		return false, errors.Join(errBroken, err)
	}
	if c.settled(offer) {
		return false, nil
	}
	if c.deadline.IsZero() && c.connectionState() != webrtc.PeerConnectionStateConnected {
		c.deadline = time.Now().Add(connectTimeout)
	}
	answer, err := p.cfg.Signal(ctx, offer)
	if errors.Is(err, ErrConnectionGone) {
		return false, errors.Join(errBroken, err)
	}
	if err != nil {
		return false, err
	}
	refused, err := c.accept(offer, answer)
	if err != nil {
		return false, errors.Join(errBroken, err)
	}
	if len(refused) > 0 {
		p.refuse(refused, time.Now().Add(refusedInterval))
		p.cfg.Log.Debug("tracks not to be had", "tracks", refused)
	}
	p.backOff, p.retryAt = 0, time.Time{}
	return true, nil // sections that were being released may be used now
}

// connect makes a new PeerConnection.
func (p *Peer) connect() error {
	p.number++
	c, err := newConnection(p, p.number)
	if err != nil {
		return err
	}
	p.connection = c
	p.setState(Connecting)
	return nil
}

// disconnect throws the PeerConnection away.
func (p *Peer) disconnect() {
	if p.connection == nil {
		return
	}
	p.mu.Lock()
	for _, pub := range p.publications {
		pub.connect(nil)
	}
	p.mu.Unlock()
	p.connection.close()
	p.connection = nil
}

// fail throws a broken connection away; converge makes a new one later.
func (p *Peer) fail(now time.Time, err error) {
	p.cfg.Log.Warn("media connection failed", "connection", p.number, "err", err)
	p.disconnect()
	p.setState(Failed)
	p.delay(now)
}

// delay puts the next attempt off.
func (p *Peer) delay(now time.Time) {
	p.backOff = min(max(2*p.backOff, firstBackOff), lastBackOff)
	p.retryAt = now.Add(p.backOff)
}

// signalContext is for one round; Restart and Close end it.
func (p *Peer) signalContext() (context.Context, func()) {
	ctx, cancel := context.WithCancel(p.ctx)
	p.mu.Lock()
	defer p.mu.Unlock()
	p.abort = cancel
	if p.restart {
		cancel()
	}
	return ctx, func() {
		p.mu.Lock()
		defer p.mu.Unlock()
		p.abort = nil
		cancel()
	}
}

// snapshot copies the wishes.
func (p *Peer) snapshot() (w wishes, restart bool) {
	p.mu.Lock()
	defer p.mu.Unlock()
	restart, p.restart = p.restart, false
	w.live = make(map[*publication]bool)
	for source := media.Microphone; source <= media.ScreenAudio; source++ {
		if pub := p.publications[source]; pub != nil && pub.feed != nil {
			w.publications = append(w.publications, pub)
			w.live[pub] = pub.live
		}
	}
	now := time.Now()
	w.remotes = make(map[string]remote, len(p.wished))
	for id, r := range p.wished {
		if !now.Before(p.refused[id]) {
			w.remotes[id] = r
		}
	}
	return w, restart
}

func (p *Peer) anyWished() bool {
	p.mu.Lock()
	defer p.mu.Unlock()
	return len(p.wished) > 0
}

func (p *Peer) suspectedUntil() time.Time {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.suspected
}

// refuse leaves tracks out until then.
func (p *Peer) refuse(trackIDs []string, until time.Time) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.refused == nil {
		p.refused = make(map[string]time.Time)
	}
	for _, id := range trackIDs {
		if p.wished[id] != nil {
			p.refused[id] = until
		}
	}
}

// releaseStopped waits for the decoders of remotes that are not wanted any more.
func (p *Peer) releaseStopped() {
	p.mu.Lock()
	stopped := p.stopped
	p.stopped = nil
	p.mu.Unlock()
	for _, r := range stopped {
		if !r.wanted() {
			r.release()
		}
	}
}

func (p *Peer) setState(s State) {
	p.mu.Lock()
	changed := p.state != s
	p.state = s
	p.mu.Unlock()
	if changed {
		p.cfg.Log.Debug("media connection", "state", s, "connection", p.number)
		if p.cfg.OnState != nil {
			p.cfg.OnState(s)
		}
	}
}

// shutDown ends everything, on the Peer's goroutine.
func (p *Peer) shutDown() {
	p.disconnect()
	p.mu.Lock()
	remotes := p.remotes
	p.mu.Unlock()
	for _, r := range remotes {
		if v, ok := r.(*voice); ok {
			v.stop()
		}
		r.release()
	}
	p.setState(Closed)
}
