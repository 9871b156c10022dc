package server

import (
	"context"
	"errors"
	"fmt"
	"sync/atomic"

	"parlor/app/api"
	"parlor/app/errno"
	"parlor/media"
	"parlor/media/sfu"
)

// forwarder is what the server needs of an SFU.
type forwarder interface {
	NewPeer(sfu.PeerConfig) (connection, error)
	Stats() sfu.Stats
	Close() error
}

// connection is one client's media connection on it.
type connection interface {
	Negotiate(context.Context, sfu.Offer) (string, error)
	Allow(track sfu.TrackID, allowed bool)
	Close() error
}

// pionForwarder is the real forwarder.
type pionForwarder struct{ *sfu.SFU }

func (p pionForwarder) NewPeer(cfg sfu.PeerConfig) (connection, error) { return p.SFU.NewPeer(cfg) }

// Bounds of a NegotiateRequest beyond Limits.
const (
	maxSDP = 128 << 10
	maxMID = 16 // bytes; RFC 8843 recommends short ones, browsers count
)

// mediaSession is the media connection of a session. Negotiating takes milliseconds and must not
// hold the room's loop, so its fields belong to who has the turn.
type mediaSession struct {
	turn chan struct{} // one token: who took it has the fields below

	closed     bool
	number     uint32 // of the client's PeerConnection
	peer       connection
	failed     *atomic.Bool // set by the SFU when peer failed by itself
	publishing []publishing

	subscribing []sfu.Subscribe // what the client asked for last
}

// publishing is a section of the connection that sends.
type publishing struct {
	mid string
	track
}

func newMediaSession() *mediaSession {
	m := &mediaSession{turn: make(chan struct{}, 1)}
	m.turn <- struct{}{}
	return m
}

func (s *mediaSession) take(ctx context.Context) error {
	select {
	case <-s.turn:
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}

func (s *mediaSession) give() { s.turn <- struct{}{} }

// close ends the connection for good. It waits for a negotiation under way, which ends with its call.
func (s *mediaSession) close() {
	<-s.turn
	defer s.give()
	s.closed = true
	s.hangUp()
}

func (s *mediaSession) hangUp() {
	if s.peer != nil {
		_ = s.peer.Close() // it is gone one way or the other
		s.peer, s.publishing, s.subscribing = nil, nil, nil
	}
}

// enforce makes the forwarding follow the member's privileges and visibility as they are now (T-28, T-29, N-30).
func (s *mediaSession) enforce(r *room, m *member) {
	<-s.turn
	defer s.give()
	if s.peer == nil {
		return
	}
	var g grants
	invisible := false
	ctx, cancel := context.WithTimeout(context.Background(), r.timing.call)
	defer cancel()
	if r.do(ctx, func() error { g, invisible = m.grants, m.invisible; return nil }) != nil {
		return // the room is closing: so is the connection
	}
	if invisible {
		s.publishing = nil // for good: who is seen again publishes anew
	}
	for _, p := range s.publishing {
		s.peer.Allow(sfu.TrackID(p.id), g.publish(p.source))
	}
	offer := sfu.Offer{Publish: wirePublish(s.publishing)}
	if g.subscribe.allowed {
		offer.Subscribe = s.subscribing // what was taken comes back, the client may not even have noticed
	}
	if _, err := s.peer.Negotiate(ctx, offer); err != nil {
		// What cannot be stopped section by section is stopped as a whole.
		r.log.Warn("media are not stopped, closing the connection", "session", m.session.id, "err", err)
		s.hangUp()
	}
}

func wirePublish(list []publishing) []sfu.Publish {
	wire := make([]sfu.Publish, len(list))
	for i, p := range list {
		wire[i] = sfu.Publish{MID: p.mid, Track: sfu.TrackID(p.id), Kind: media.Source(p.source).Kind()}
	}
	return wire
}

// Negotiate implements api.RoomServiceHandler. The media work runs here, on the call's goroutine; the
// room's loop only checks before and learns the result after.
func (r *rooms) Negotiate(ctx context.Context, req *api.NegotiateRequest) (*api.NegotiateResponse, error) {
	s, err := sessionOf(ctx, "negotiate")
	if err != nil {
		return nil, err
	}
	if err := s.mayChange("negotiate"); err != nil {
		return nil, err
	}
	if err := r.checkNegotiate(req); err != nil {
		return nil, err
	}
	if err := s.media.take(ctx); err != nil {
		return nil, err
	}
	defer s.media.give()
	return s.media.negotiate(ctx, r, s, req)
}

func (s *mediaSession) negotiate(ctx context.Context, r *rooms, owner *session, req *api.NegotiateRequest) (*api.NegotiateResponse, error) {
	fresh, err := s.fresh(owner, req)
	if err != nil {
		return nil, err
	}
	known := s.publishing
	if fresh {
		// The old tracks end with the old connection, and subscribers must see that: new ids.
		known = nil
	}
	var p plan
	err = r.onMember(ctx, "negotiate", func(here *room, m *member) (err error) {
		p, err = here.plan(m, known, req)
		return err
	})
	if err != nil {
		return nil, err
	}
	if fresh {
		if err := s.dial(r, owner, req.GetConnection()); err != nil {
			return nil, err
		}
	}
	answer, refused := s.peer.Negotiate(ctx, sfu.Offer{
		SDP: req.GetOffer(), Publish: wirePublish(p.publishing), Subscribe: p.subscribe,
	})
	if refused != nil && !fresh {
		return nil, negotiateError(refused) // the connection is as it was
	}
	if refused != nil {
		p = plan{} // the old connection is gone and the new one carries nothing
	}
	s.publishing, s.subscribing = p.publishing, p.subscribe
	response := &api.NegotiateResponse{Answer: answer, Subscribed: p.subscribed}
	err = r.onMember(ctx, "negotiate", func(here *room, m *member) error {
		here.setTracks(m, p.tracks(m))
		response.Published = wireTracks(m.shown())
		return nil
	})
	if refused != nil {
		err = negotiateError(refused)
	}
	if err != nil {
		return nil, err
	}
	return response, nil
}

// fresh tells whether the request begins a new connection.
func (s *mediaSession) fresh(owner *session, req *api.NegotiateRequest) (bool, error) {
	number := req.GetConnection()
	switch {
	case s.closed:
		return false, owner.over("negotiate")
	case number < s.number:
		return false, paramError("negotiate", fmt.Sprintf("params.connection should be at least %d, but is %d", s.number, number))
	case s.peer != nil && number == s.number && !s.failed.Load():
		return false, nil
	case s.peer != nil && number == s.number:
		return false, errno.Failed.In("negotiate", errno.NativeServerStatus, errors.New("the media connection failed: a new one is needed"))
	case req.GetOffer() == "":
		return false, paramError("negotiate", "params.offer should not be empty for a new connection")
	}
	return true, nil
}

// dial closes the connection, if there is one, and makes the one with that number.
func (s *mediaSession) dial(r *rooms, owner *session, number uint32) error {
	s.hangUp()
	failed := new(atomic.Bool)
	peer, err := r.sfu.NewPeer(sfu.PeerConfig{
		Name:     owner.id,
		OnClosed: func() { failed.Store(true) },
	})
	if err != nil {
		return errno.Failed.In("negotiate", errno.NativeServerStatus, err)
	}
	s.peer, s.failed, s.number = peer, failed, number
	return nil
}

func negotiateError(err error) error {
	if errors.Is(err, sfu.ErrBadOffer) {
		return errno.InvalidParam.Detail("negotiate", fmt.Sprintf("params.offer cannot be used: %.200s", err), err)
	}
	return errno.Failed.In("negotiate", errno.NativeServerStatus, err)
}

func (r *rooms) checkNegotiate(req *api.NegotiateRequest) error {
	if n := len(req.GetOffer()); n > maxSDP {
		return paramError("negotiate", fmt.Sprintf("params.offer should be at most %d bytes, but has %d", maxSDP, n))
	}
	if n := len(req.GetPublish()); n > r.limits.TracksPerMember {
		return errno.Failed.In("negotiate", errno.NativeOverPublishLimit, exhausted(fmt.Sprintf("%d published tracks", n)))
	}
	if n := len(req.GetSubscribe()); n > r.limits.SubscriptionsPerMember {
		return errno.Failed.In("negotiate", errno.NativeOverSubscribeLimit, exhausted(fmt.Sprintf("%d subscriptions", n)))
	}
	mids, sources, tracks := make(map[string]bool), make(map[api.Source]bool), make(map[string]bool)
	checkMID := func(field string, i int, mid string) error {
		switch {
		case mid == "" || len(mid) > maxMID:
			return paramError("negotiate", fmt.Sprintf("params.%s[%d].mid should be 1 to %d bytes", field, i, maxMID))
		case mids[mid]:
			return paramError("negotiate", fmt.Sprintf("params.%s[%d].mid is used twice", field, i))
		}
		mids[mid] = true
		return nil
	}
	for i, p := range req.GetPublish() {
		if err := checkMID("publish", i, p.GetMid()); err != nil {
			return err
		}
		if !knownSource(p.GetSource()) || sources[p.GetSource()] {
			return paramError("negotiate", fmt.Sprintf("params.publish[%d].source is unknown or used twice", i))
		}
		sources[p.GetSource()] = true
	}
	for i, s := range req.GetSubscribe() {
		if err := checkMID("subscribe", i, s.GetMid()); err != nil {
			return err
		}
		if id := s.GetTrackId(); id != "" {
			if tracks[id] {
				return paramError("negotiate", fmt.Sprintf("params.subscribe[%d].trackId is used twice", i))
			}
			tracks[id] = true
		}
	}
	return nil
}

// plan is a checked NegotiateRequest.
type plan struct {
	publishing []publishing
	subscribe  []sfu.Subscribe
	subscribed []*api.Subscribe
}

// plan checks the wishes against the room and the privileges; it runs on the loop.
func (r *room) plan(m *member, known []publishing, req *api.NegotiateRequest) (plan, error) {
	var p plan
	if m.invisible && len(req.GetPublish()) > 0 { // N-16
		return plan{}, errno.Failed.In("negotiate", errno.NativePublishForbidden)
	}
	for _, want := range req.GetPublish() {
		t := track{source: want.GetSource(), live: want.GetLive()}
		for _, k := range known {
			if k.source == t.source {
				t = k.track
			}
		}
		if t.id == "" {
			// A track whose privilege ended while it was published may stay: nothing of it is forwarded.
			if !m.grants.publish(t.source) {
				return plan{}, errno.Failed.In("negotiate", errno.NativeNoPublishPermission)
			}
			if t.source == api.Source_SOURCE_MICROPHONE && !r.maySpeak(m) {
				return plan{}, errno.Failed.In("negotiate", errno.NativeOverPublishLimit,
					exhausted(fmt.Sprintf("too many microphones in the room: at most %d", r.limits.MicrophonesPerRoom)))
			}
			t.id = "t" + newID()
		}
		p.publishing = append(p.publishing, publishing{want.GetMid(), t})
	}
	if err := p.receive(r, m, req); err != nil {
		return plan{}, err
	}
	return p, nil
}

// receive plans the sections that receive.
func (p *plan) receive(r *room, m *member, req *api.NegotiateRequest) error {
	for _, want := range req.GetSubscribe() {
		id := want.GetTrackId()
		if id != "" && !m.grants.subscribe.allowed {
			return errno.Failed.In("negotiate", errno.NativeNoSubscribe)
		}
		if id != "" && !r.track(m, id) {
			id = "" // gone; the event that tells is on its way
		}
		p.subscribe = append(p.subscribe, sfu.Subscribe{MID: want.GetMid(), Track: sfu.TrackID(id)})
		if id != "" || want.GetTrackId() == "" {
			p.subscribed = append(p.subscribed, &api.Subscribe{Mid: want.GetMid(), TrackId: id})
		}
	}
	return nil
}

// tracks returns what the member publishes from now on. Tracks that are known keep their state, which
// SetLive may have changed meanwhile.
func (p plan) tracks(m *member) []track {
	var list []track
	for _, one := range p.publishing {
		t := one.track
		for _, known := range m.tracks {
			if known.id == t.id {
				t.live = known.live
			}
		}
		list = append(list, t)
	}
	return list
}
