package sfu

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"sync"
	"sync/atomic"
	"time"

	"github.com/pion/interceptor"
	"github.com/pion/webrtc/v4"
)

// Peer is one client's connection. All methods are safe on any goroutine.
type Peer struct {
	sfu     *SFU
	cfg     PeerConfig
	log     *slog.Logger
	cname   string
	conn    *webrtc.PeerConnection
	streams atomic.Int64 // SSRCs in use

	arrivals arrivals

	turn chan struct{} // cap 1: holds a token while an offer is applied
	done chan struct{} // closed when everything has ended
	once sync.Once     // of shutdown
	wg   sync.WaitGroup

	mu         sync.Mutex
	closed     bool
	connected  bool
	timeout    *time.Timer        // runs from the first offer until the connection stands
	sections   sections           // of the last offer
	publishing map[string]TrackID // what the sections that send publish
	denied     map[TrackID]bool
	receivers  map[string]*receiver
	downs      map[string]*down
}

// down is a section that receives.
type down struct {
	track  *downTrack
	sender *webrtc.RTPSender
}

// NewPeer makes a connection; it does nothing before the first Negotiate.
func (s *SFU) NewPeer(cfg PeerConfig) (*Peer, error) {
	certificate, err := s.identity.certificate(time.Now())
	if err != nil {
		return nil, err
	}
	p := &Peer{
		sfu:       s,
		cfg:       cfg,
		log:       s.log.With("peer", cfg.Name),
		cname:     rand.Text()[:16],
		turn:      make(chan struct{}, 1),
		done:      make(chan struct{}),
		denied:    make(map[TrackID]bool),
		receivers: make(map[string]*receiver),
		downs:     make(map[string]*down),
	}
	settings := s.settings
	settings.LoggerFactory = pionLog{p.log}
	settings.BufferFactory = p.newStream
	api := webrtc.NewAPI(webrtc.WithMediaEngine(s.codecs), webrtc.WithSettingEngine(settings),
		webrtc.WithInterceptorRegistry(new(interceptor.Registry))) // none, instead of Pion's own

	s.mu.Lock()
	defer s.mu.Unlock()
	if s.closed {
		return nil, ErrClosed
	}
	p.conn, err = api.NewPeerConnection(webrtc.Configuration{Certificates: []webrtc.Certificate{certificate}})
	if err != nil {
		return nil, fmt.Errorf("sfu: peer %s: %w", cfg.Name, err)
	}
	p.conn.OnTrack(p.onTrack)
	p.conn.OnConnectionStateChange(func(webrtc.PeerConnectionState) { p.onState() })
	s.peers[p] = struct{}{}
	return p, nil
}

// Negotiate applies an offer and returns the answer (empty when the offer had no SDP).
// An offer that cannot be understood gives an error that wraps ErrBadOffer and leaves the peer usable.
// Calls wait for each other.
func (p *Peer) Negotiate(ctx context.Context, o Offer) (string, error) {
	select {
	case p.turn <- struct{}{}:
		defer func() { <-p.turn }()
	case <-ctx.Done():
		return "", fmt.Errorf("sfu: peer %s: %w", p.cfg.Name, ctx.Err())
	case <-p.done:
		return "", ErrClosed
	}
	answer, err := p.negotiate(ctx, o)
	if err != nil {
		return "", fmt.Errorf("sfu: peer %s: %w", p.cfg.Name, err)
	}
	return answer, nil
}

func (p *Peer) negotiate(ctx context.Context, o Offer) (string, error) {
	if o.SDP == "" {
		p.mu.Lock()
		defer p.mu.Unlock()
		if err := o.check(p.sections); err != nil {
			return "", err
		}
		return "", p.apply(o)
	}
	clean, found, err := parseOffer(o.SDP, p.sfu.socket.local)
	if err == nil {
		err = o.check(found)
	}
	if err != nil {
		return "", err
	}
	if err := p.describe(clean, found); err != nil {
		return "", p.broken(err)
	}
	answer, err := p.conn.CreateAnswer(nil)
	if err != nil {
		return "", p.broken(fmt.Errorf("answer: %w", err))
	}
	p.mu.Lock()
	err = p.apply(o)
	p.mu.Unlock()
	if err != nil {
		return "", err
	}
	gathered := webrtc.GatheringCompletePromise(p.conn)
	if err := p.conn.SetLocalDescription(answer); err != nil {
		return "", p.broken(fmt.Errorf("answer: %w", err))
	}
	select {
	case <-gathered:
	case <-ctx.Done():
		return "", ctx.Err()
	case <-p.done:
		return "", ErrClosed
	}
	return finishAnswer(p.conn.LocalDescription(), found)
}

// describe gives a checked offer to the connection and makes a down track for each section that receives.
func (p *Peer) describe(clean string, found sections) error {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.closed {
		return ErrClosed
	}
	for mid, d := range p.downs {
		if !found[mid].receives {
			delete(p.downs, mid)
			p.sfu.subscribe(d.track, "")
			// The transceiver loses its sender even when an error tells that its direction was no longer one
			// that sends.
			_ = p.conn.RemoveTrack(d.sender)
		}
	}
	if err := p.conn.SetRemoteDescription(webrtc.SessionDescription{Type: webrtc.SDPTypeOffer, SDP: clean}); err != nil {
		return badOffer("%v", err)
	}
	if p.timeout == nil {
		p.timeout = time.AfterFunc(connectTimeout, p.onTimeout)
	}
	var missing []section // collected first: addDown may serve another section of the kind than the one it is called for
	for mid, s := range found {
		if s.receives && p.downs[mid] == nil {
			missing = append(missing, s)
		}
	}
	for _, s := range missing {
		if err := p.addDown(s); err != nil {
			return err
		}
	}
	p.sections = found
	return nil
}

// addDown makes a down track for one of the sections of s's kind which has none. Pion's AddTrack chooses the
// section; that is right in the end, since every section that receives gets one. (Making the sender with
// API.NewRTPSender would let us choose, but such a sender does not know what was negotiated.)
func (p *Peer) addDown(s section) error {
	track := newDownTrack(s.kind, &p.sfu.counters)
	sender, err := p.conn.AddTrack(track)
	if err != nil {
		return fmt.Errorf("section %q: %w", s.mid, err)
	}
	for _, t := range p.conn.GetTransceivers() {
		if mid := t.Mid(); t.Sender() == sender && mid != "" {
			track.setSection(mid)
			p.downs[mid] = &down{track: track, sender: sender}
			if p.connected {
				track.connected()
			}
			p.wg.Go(func() { p.readFeedback(track, sender) })
			return nil
		}
	}
	return fmt.Errorf("section %q: no transceiver", s.mid)
}

// broken ends a connection whose state of negotiation is unknown: Pion cannot roll an offer back. Offers that are
// merely wrong do not get so far, parseOffer refuses them.
func (p *Peer) broken(err error) error {
	p.fail(err)
	return err
}

// apply makes the mapping of an offer true. p.mu is held.
func (p *Peer) apply(o Offer) error {
	if p.closed {
		return ErrClosed
	}
	p.publishing = make(map[string]TrackID, len(o.Publish))
	for _, w := range o.Publish {
		if p.sections[w.MID].sends {
			p.publishing[w.MID] = w.Track
		}
	}
	for mid, r := range p.receivers {
		if u := r.target.Load(); u != nil && u.id != p.publishing[mid] {
			r.target.Store(nil)
			p.sfu.unpublish(u, r)
		}
	}
	for _, r := range p.receivers {
		p.publish(r)
	}
	wanted := make(map[string]TrackID, len(o.Subscribe))
	for _, w := range o.Subscribe {
		wanted[w.MID] = w.Track
	}
	for mid, d := range p.downs {
		p.sfu.subscribe(d.track, wanted[mid])
	}
	return nil
}

// publish connects a receiver with the track that its section publishes, if any. p.mu is held.
func (p *Peer) publish(r *receiver) {
	if id := p.publishing[r.mid]; id != "" && r.target.Load() == nil {
		r.target.Store(p.sfu.publish(id, r, r.kind, !p.denied[id]))
	}
}

// Allow stops (false) or resumes the forwarding of a track which this peer publishes. It may come before the
// track.
func (p *Peer) Allow(track TrackID, allowed bool) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if allowed {
		delete(p.denied, track)
	} else {
		p.denied[track] = true
	}
	for _, r := range p.receivers {
		if u := r.target.Load(); u != nil && u.id == track {
			u.allow(r, allowed, p.sfu.now())
		}
	}
}

// onTrack reads a remote track until it ends. Pion calls it on a goroutine of its own for each track.
func (p *Peer) onTrack(remote *webrtc.TrackRemote, rtpReceiver *webrtc.RTPReceiver) {
	t := rtpReceiver.RTPTransceiver()
	if t == nil || t.Mid() == "" {
		p.log.Debug("sfu: remote track without a section", "ssrc", remote.SSRC())
		return
	}
	mid := t.Mid()
	r := newReceiver(p, mid, remote, rtpReceiver)
	p.mu.Lock()
	before := p.receivers[mid]
	// Of a section with simulcast only the first layer is forwarded so far.
	if p.closed || before != nil && remote.RID() != "" && remote.RID() != before.remote.RID() {
		p.mu.Unlock()
		return
	}
	p.wg.Add(1)
	p.wg.Go(r.readReports)
	p.receivers[mid] = r
	if before != nil {
		p.unpublish(before)
	}
	p.publish(r)
	p.mu.Unlock()
	defer p.wg.Done()

	r.readPackets()

	p.mu.Lock()
	defer p.mu.Unlock()
	if p.receivers[mid] == r {
		delete(p.receivers, mid)
	}
	p.unpublish(r)
}

// unpublish takes a receiver away from its track. p.mu is held.
func (p *Peer) unpublish(r *receiver) {
	if u := r.target.Swap(nil); u != nil {
		p.sfu.unpublish(u, r)
	}
}

// readFeedback reads what the subscriber says about a section until the section or the connection ends.
func (p *Peer) readFeedback(track *downTrack, sender *webrtc.RTPSender) {
	buf := make([]byte, maxPacket)
	for failed := 0; failed < maxReadErrors; failed++ {
		n, _, err := sender.Read(buf)
		if errors.Is(err, io.EOF) || errors.Is(err, io.ErrClosedPipe) {
			return
		}
		if err == nil {
			failed = 0
			track.readRTCP(buf[:n], p.sfu.now())
		}
	}
}

// onState follows the connection. Pion calls it on a goroutine of its own for each change, so the order of
// changes is lost: what counts is the state now.
func (p *Peer) onState() {
	switch state := p.conn.ConnectionState(); state {
	case webrtc.PeerConnectionStateConnected:
		p.mu.Lock()
		defer p.mu.Unlock()
		if p.closed {
			return
		}
		p.connected = true
		p.timeout.Stop()
		for _, d := range p.downs {
			if u := d.track.connected(); u != nil {
				u.requestKeyFrame(p.sfu.now())
			}
		}
	case webrtc.PeerConnectionStateFailed, webrtc.PeerConnectionStateClosed:
		p.fail(fmt.Errorf("connection %v", state))
	}
}

// onTimeout ends a connection that never came about.
func (p *Peer) onTimeout() {
	p.mu.Lock()
	connected := p.connected
	p.mu.Unlock()
	if !connected {
		p.fail(fmt.Errorf("no connection within %v", connectTimeout))
	}
}

// fail ends a connection that broke by itself, and tells it.
func (p *Peer) fail(reason error) {
	p.mu.Lock()
	first := !p.closed
	p.closed = true
	p.mu.Unlock()
	if !first {
		return
	}
	p.log.Info("sfu: connection lost", "reason", reason)
	p.sfu.spawn(func() {
		p.once.Do(p.shutdown)
		if p.cfg.OnClosed != nil {
			p.cfg.OnClosed()
		}
	})
}

// Close ends the connection and takes its tracks away from all subscribers. Close twice is fine.
func (p *Peer) Close() error {
	p.mu.Lock()
	p.closed = true
	p.mu.Unlock()
	p.once.Do(p.shutdown)
	return nil
}

// shutdown ends everything that belongs to the peer and waits for it. p.closed is set.
func (p *Peer) shutdown() {
	p.mu.Lock()
	if p.timeout != nil {
		p.timeout.Stop()
	}
	for _, r := range p.receivers {
		p.unpublish(r)
	}
	for _, d := range p.downs {
		p.sfu.subscribe(d.track, "")
	}
	clear(p.downs)
	p.mu.Unlock()
	if err := p.conn.GracefulClose(); err != nil {
		p.log.Debug("sfu: close", "err", err)
	}
	p.wg.Wait()
	p.sfu.mu.Lock()
	delete(p.sfu.peers, p)
	p.sfu.mu.Unlock()
	close(p.done)
}
