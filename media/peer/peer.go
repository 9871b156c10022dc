// Package peer is the client's end of a media connection: it publishes captures and
// turns remote packets into pictures on Displays and sound in a Mixer.
package peer

import (
	"cmp"
	"context"
	"errors"
	"log/slog"
	"slices"
	"sync"
	"sync/atomic"
	"time"

	"github.com/pion/transport/v4"
	"github.com/pion/webrtc/v4"

	"parlor/media"
)

// State of the media connection.
type State uint8

// The states of a connection. Failed is followed by Connecting: a Peer makes a new connection by
// itself, after 0.5 s and then ever later up to 5 s.
const (
	Idle State = iota
	Connecting
	Connected
	Failed
	Closed
)

// String returns the name used in logs.
func (s State) String() string {
	switch s {
	case Idle:
		return "idle"
	case Connecting:
		return "connecting"
	case Connected:
		return "connected"
	case Failed:
		return "failed"
	case Closed:
		return "closed"
	}
	return "unknown"
}

// Publish says what a section of an offer sends.
type Publish struct {
	MID    string
	Source media.Source
	Live   bool
}

// Subscribe says which remote track a section is to carry; empty = rests.
type Subscribe struct {
	MID     string
	TrackID string
}

// Offer goes to the server through Config.Signal. It is complete each time: what it does not name
// ends.
type Offer struct {
	Connection uint32 // rises with each new PeerConnection
	SDP        string // empty when only the mapping changes
	Publish    []Publish
	Subscribe  []Subscribe
}

// Answer is the server's reply.
type Answer struct {
	SDP        string
	Subscribed []Subscribe // what the sections carry; tracks which are gone are left out
}

// RemoteTrack is a wish to receive one track.
type RemoteTrack struct {
	TrackID string
	UserID  string
	Source  media.Source
}

// Config describes a Peer.
type Config struct {
	// Signal brings an offer to the server. It may take seconds; it is called on the Peer's own
	// goroutine, never twice at a time. After an error the Peer tries again, as long as something is
	// wished.
	Signal   func(ctx context.Context, o Offer) (Answer, error)
	OnState  func(State)    // called on the Peer's own goroutine; must return at once
	Codecs   media.Codecs   // nil: nothing is decoded, only recorded
	Mixer    *Mixer         // nil: no sound is decoded
	Recorder media.Recorder // may be nil; must not call the Peer
	Net      transport.Net  // nil is the machine's network
	Log      *slog.Logger
}

const (
	firstBackOff    = 500 * time.Millisecond
	lastBackOff     = 5 * time.Second
	connectTimeout  = 20 * time.Second // ICE gives up after 15 s by itself; this is for DTLS
	rttInterval     = time.Second
	refusedInterval = 2 * time.Second // between requests for a track that the server did not have
	retiredLimit    = 256             // remote sources whose counters are kept after they are gone; then the oldest ones are forgotten
)

// Peer is one PeerConnection of the client and what hangs on it. Its setters are wishes: they
// return at once, and the Peer's goroutine negotiates until they are true. When the connection fails (ICE
// failed, or 10 s disconnected) the Peer makes a new one with the same wishes.
type Peer struct {
	cfg    Config
	ctx    context.Context
	cancel context.CancelFunc
	done   chan struct{}
	wake   chan struct{} // 1: a wake-up that is pending stands for all
	rtt    atomic.Int64  // ns

	mu           sync.Mutex // below: setters and the Peer's goroutine; held shortly
	closed       bool
	restart      bool
	abort        context.CancelFunc // ends the Signal in progress
	publications map[media.Source]*publication
	remotes      map[remoteKey]remote
	wished       map[string]remote // by track id
	retired      []remoteKey       // oldest first
	stopped      []remote          // to be released by the Peer's goroutine
	displays     map[remoteKey]*media.Display
	refused      map[string]time.Time // wished tracks that the server did not have: when to ask again
	state        State

	// Of the Peer's goroutine.
	connection *connection
	number     uint32
	backOff    time.Duration
	retryAt    time.Time // no attempt before
	rttAt      time.Time
}

// wishes is what is to be negotiated.
type wishes struct {
	publications []*publication // that have a feed, in the order of their sources
	live         map[*publication]bool
	remotes      map[string]remote // by track id
}

// New starts a Peer; it connects with the first wish. Close ends it.
func New(cfg Config) *Peer {
	if cfg.Log == nil {
		cfg.Log = slog.Default()
	}
	p := &Peer{
		cfg:          cfg,
		done:         make(chan struct{}),
		wake:         make(chan struct{}, 1),
		publications: make(map[media.Source]*publication),
		remotes:      make(map[remoteKey]remote),
		displays:     make(map[remoteKey]*media.Display),
	}
	p.ctx, p.cancel = context.WithCancel(context.Background())
	go p.run()
	return p
}

// SetPublish publishes the feed as the source, or takes it away when feed is nil. live false keeps
// the track but sends nothing.
func (p *Peer) SetPublish(source media.Source, feed Feed, live bool) {
	p.mu.Lock()
	defer p.mu.Unlock()
	pub := p.publications[source]
	if p.closed || pub == nil && feed == nil {
		return
	}
	if feed != nil && feed.feedKind() != source.Kind() {
		p.cfg.Log.Error("feed does not fit the source", "source", source, "feed", feed.feedKind())
		return
	}
	if pub == nil {
		pub = newPublication(source)
		p.publications[source] = pub
	}
	if pub.feed != feed {
		if pub.feed != nil {
			pub.feed.detach(pub)
		}
		pub.feed = feed
		pub.setTarget(feed)
		if feed != nil {
			feed.attach(pub)
		}
	}
	pub.live = live
	pub.setLive(live && feed != nil)
	p.poke()
}

// SetRemote is the complete list of tracks to receive.
func (p *Peer) SetRemote(tracks []RemoteTrack) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.closed {
		return
	}
	wanted := make(map[string]remote, len(tracks))
	present := make(map[remoteKey]bool, len(tracks))
	for _, t := range tracks {
		key := remoteKey{t.UserID, t.Source}
		if t.TrackID == "" || present[key] || t.Source.Kind().String() == "unknown" {
			continue
		}
		r := p.remotes[key]
		if r == nil {
			r = p.newRemote(key)
			p.remotes[key] = r
		}
		wanted[t.TrackID] = r
		present[key] = true
	}
	p.startAndStop(present)
	p.wished = wanted
	p.refused = nil
	p.poke()
}

// startAndStop starts the remotes in present and stops all others.
func (p *Peer) startAndStop(present map[remoteKey]bool) {
	retired := p.retired[:0]
	for _, key := range p.retired {
		if !present[key] {
			retired = append(retired, key)
		}
	}
	p.retired = retired
	for key, r := range p.remotes {
		switch active := r.wanted(); {
		case present[key] && !active:
			r.start()
		case !present[key] && active:
			r.stop()
			p.stopped = append(p.stopped, r)
			p.retired = append(p.retired, key)
		}
	}
	for len(p.retired) > retiredLimit {
		delete(p.remotes, p.retired[0])
		p.retired = p.retired[1:]
	}
}

func (p *Peer) newRemote(key remoteKey) remote {
	base := &remoteBase{
		userID: key.userID, source: key.source,
		codecs: p.cfg.Codecs, recorder: p.cfg.Recorder, log: p.cfg.Log,
	}
	if key.source.Kind() == media.Audio {
		return newVoice(base, p.cfg.Mixer)
	}
	v := newVideo(base, &p.rtt)
	v.viewer.set(p.displays[key])
	return v
}

// Show puts the pictures of a user's video on a display, from now on and whenever it (re)appears; nil
// takes it off. Only shown videos are decoded.
func (p *Peer) Show(userID string, source media.Source, d *media.Display) {
	p.mu.Lock()
	defer p.mu.Unlock()
	key := remoteKey{userID, source}
	if d == nil {
		delete(p.displays, key)
	} else {
		p.displays[key] = d
	}
	if v, ok := p.remotes[key].(*video); ok {
		v.viewer.set(d)
	}
}

// Restart throws the PeerConnection away and makes a new one with the same wishes.
func (p *Peer) Restart() {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.restart = true
	if p.abort != nil {
		p.abort()
	}
	p.poke()
}

// TrackStats counts one remote track. Counters go on when the track comes back.
type TrackStats struct {
	UserID            string
	Source            media.Source
	Packets, Lost     uint64 // Lost: gaps in the sequence numbers that were never filled
	Bytes             uint64 // of RTP payload
	Frames, KeyFrames uint64 // whole frames
	Decoded, Dropped  uint64 // pictures decoded; frames thrown away because decoding was behind or a reference was missing
	PLIs              uint64 // sent
	Concealed         uint64 // audio frames (20 ms) guessed
	Level             int    // 0..100, of the last 300 ms of sound
	Width, Height     int    // of the last key frame, pixels
	JitterMS          float64
	DelayMS           float64 // audio playout delay
}

// SendStats counts one published track.
type SendStats struct {
	Source                 media.Source
	Packets, Bytes, Frames uint64
	Level                  int // 0..100 of own sound
	Resent                 uint64
}

// Stats is a snapshot of all counters; it stays valid after Close.
type Stats struct {
	State  State
	RTTMS  float64
	Remote []TrackStats // sorted by user and source; also of tracks that are gone, up to 256 of them
	Sent   []SendStats  // sorted by source
}

// Stats returns the counters.
func (p *Peer) Stats() Stats {
	now := media.Now()
	p.mu.Lock()
	defer p.mu.Unlock()
	s := Stats{State: p.state, RTTMS: time.Duration(p.rtt.Load()).Seconds() * 1000}
	for _, r := range p.remotes {
		s.Remote = append(s.Remote, r.stats(now))
	}
	slices.SortFunc(s.Remote, func(a, b TrackStats) int {
		return cmp.Or(cmp.Compare(a.UserID, b.UserID), cmp.Compare(a.Source, b.Source))
	})
	for source := media.Microphone; source <= media.ScreenAudio; source++ {
		if pub := p.publications[source]; pub != nil {
			sent := pub.snapshot()
			if pub.feed != nil {
				sent.Level = pub.feed.loudness()
			}
			s.Sent = append(s.Sent, sent)
		}
	}
	return s
}

// Close closes the connection and waits for its goroutines. Captures and Displays stay the caller's. Close twice
// is fine.
func (p *Peer) Close() error {
	p.mu.Lock()
	p.closed = true
	for _, pub := range p.publications {
		if pub.feed != nil {
			pub.feed.detach(pub)
		}
	}
	p.mu.Unlock()
	p.cancel()
	<-p.done
	return nil
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
		if err := p.connection.failure(now); err != nil {
			p.fail(now, err)
		}
	}
	if p.connection == nil && len(w.publications) == 0 && len(w.remotes) == 0 {
		p.setState(Idle)
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
	answer, err := p.cfg.Signal(ctx, offer)
	if err != nil {
		return false, err
	}
	refused, err := c.accept(offer, answer)
	if err != nil {
		return false, errors.Join(errBroken, err)
	}
	if c.deadline.IsZero() && c.connectionState() != webrtc.PeerConnectionStateConnected {
		c.deadline = time.Now().Add(connectTimeout)
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

// failure tells why a connection has to be given up, nil if it has not.
func (c *connection) failure(now time.Time) error {
	switch c.connectionState() {
	case webrtc.PeerConnectionStateFailed:
		return errors.New("peer: no way to the server, or it hung up")
	case webrtc.PeerConnectionStateClosed:
		return errors.New("peer: the server closed the connection")
	}
	if !c.deadline.IsZero() && now.After(c.deadline) {
		return errors.New("peer: not connected in time")
	}
	return nil
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
