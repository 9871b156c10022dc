package peer

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"sync"
	"sync/atomic"
	"time"

	"github.com/pion/rtcp"
	"github.com/pion/sdp/v3"
	"github.com/pion/webrtc/v4"

	"parlor/media"
)

// sendSection is a send section with the publication's way out.
type sendSection struct {
	transceiver *webrtc.RTPTransceiver
	outlet      *outlet
	agreed      bool
}

// connection is one PeerConnection with its sections. It belongs to the Peer's goroutine.
type connection struct {
	peer     *Peer
	number   uint32
	pc       *webrtc.PeerConnection
	wire     *wireCounter
	sends    map[media.Source]*sendSection
	receives []*section
	pending  string    // offer that was sent and not answered; sections added after it have to wait
	told     *Offer    // last mapping that the server agreed to
	deadline time.Time // to be connected by

	state  atomic.Uint32 // webrtc.PeerConnectionState, written by Pion's goroutine
	mu     sync.Mutex
	closed bool // no more readers
	wg     sync.WaitGroup
}

func newConnection(p *Peer, number uint32) (*connection, error) {
	c := &connection{peer: p, number: number, wire: newWireCounter(), sends: make(map[media.Source]*sendSection)}
	pc, err := newPeerConnection(p.cfg, c.wire)
	if err != nil {
		return nil, err
	}
	c.pc = pc
	pc.OnConnectionStateChange(func(s webrtc.PeerConnectionState) {
		c.state.Store(uint32(s))
		p.poke()
	})
	pc.OnTrack(c.onTrack)
	return c, nil
}

// close ends the connection and waits for its goroutines.
func (c *connection) close() {
	c.mu.Lock()
	c.closed = true
	c.mu.Unlock()
	if err := c.pc.GracefulClose(); err != nil {
		c.peer.cfg.Log.Debug("close connection", "connection", c.number, "err", err)
	}
	c.wg.Wait()
}

func (c *connection) connectionState() webrtc.PeerConnectionState {
	return webrtc.PeerConnectionState(c.state.Load())
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

// rtt returns the round trip time of the selected path, 0 while unknown.
func (c *connection) rtt() time.Duration {
	stats, ok := c.pc.SCTP().Transport().ICETransport().GetSelectedCandidatePairStats()
	if !ok {
		return 0
	}
	return time.Duration(stats.CurrentRoundTripTime * float64(time.Second))
}

// goRead runs f on a goroutine for which close waits, unless the connection is closed.
func (c *connection) goRead(f func()) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if !c.closed {
		c.wg.Go(f)
	}
}

// onTrack runs on Pion's goroutine, once for each receive section when the answer names its stream or the
// first packet has come.
func (c *connection) onTrack(track *webrtc.TrackRemote, receiver *webrtc.RTPReceiver) {
	c.mu.Lock()
	i := slices.IndexFunc(c.receives, func(s *section) bool { return s.transceiver.Receiver() == receiver })
	var s *section
	if i >= 0 {
		s = c.receives[i]
	}
	c.mu.Unlock()
	if s == nil {
		c.peer.cfg.Log.Warn("track without a section", "connection", c.number, "ssrc", track.SSRC())
		return
	}
	c.goRead(func() { s.read(track, headerExtension(receiver.GetParameters().HeaderExtensions, sdp.AudioLevelURI)) })
	c.goRead(func() {
		buf := make([]byte, receiveBuffer)
		for { // the interceptors see sender reports only when they are read
			if _, _, err := receiver.Read(buf); err != nil {
				return
			}
		}
	})
}

// addSend makes the send section of a publication.
func (c *connection) addSend(p *publication) error {
	codec := audioCodec.RTPCodecCapability
	if p.source.Kind() == media.Video {
		codec = videoCodec.RTPCodecCapability
	}
	track, err := webrtc.NewTrackLocalStaticRTP(codec, p.source.String(), "parlor")
	if err != nil {
		return fmt.Errorf("peer: track for %v: %w", p.source, err)
	}
	transceiver, err := c.pc.AddTransceiverFromTrack(track,
		webrtc.RTPTransceiverInit{Direction: webrtc.RTPTransceiverDirectionSendonly})
	if err != nil {
		return fmt.Errorf("peer: send section for %v: %w", p.source, err)
	}
	sender := transceiver.Sender()
	ssrc := uint32(sender.GetParameters().Encodings[0].SSRC)
	c.sends[p.source] = &sendSection{
		transceiver: transceiver,
		outlet:      &outlet{track: track, wire: c.wire.stream(ssrc)},
	}
	c.goRead(func() { readRTCP(sender, ssrc, p.feedback) })
	return nil
}

// addReceive makes n more receive sections.
func (c *connection) addReceive(kind media.Kind, n int) error {
	rtpKind := webrtc.RTPCodecTypeAudio
	if kind == media.Video {
		rtpKind = webrtc.RTPCodecTypeVideo
	}
	for range n {
		transceiver, err := c.pc.AddTransceiverFromKind(rtpKind,
			webrtc.RTPTransceiverInit{Direction: webrtc.RTPTransceiverDirectionRecvonly})
		if err != nil {
			return fmt.Errorf("peer: receive section for %v: %w", kind, err)
		}
		c.mu.Lock()
		c.receives = append(c.receives, &section{
			kind: kind, transceiver: transceiver, connection: c, sendPLI: c.sendPLI,
		})
		c.mu.Unlock()
	}
	return nil
}

// sendPLI asks the sender of a stream for a key frame.
func (c *connection) sendPLI(ssrc uint32) error {
	return c.pc.WriteRTCP([]rtcp.Packet{&rtcp.PictureLossIndication{MediaSSRC: ssrc}})
}

// plan assigns sections to what is wished and adds those that are missing. It returns whether the server
// needs a new SDP.
func (c *connection) plan(w wishes) (needSDP bool, err error) {
	missing := c.assign(w.remotes)
	if c.pending != "" {
		return true, nil // that offer has to be answered first
	}
	for _, p := range w.publications {
		if c.sends[p.source] == nil {
			if err := c.addSend(p); err != nil {
				return false, err
			}
		}
	}
	for _, kind := range []media.Kind{media.Audio, media.Video} {
		if n := c.shortage(kind, missing[kind]); n > 0 {
			if err := c.addReceive(kind, n); err != nil {
				return false, err
			}
		}
	}
	c.assign(w.remotes)
	for _, s := range c.sends {
		needSDP = needSDP || !s.agreed
	}
	for _, s := range c.receives {
		needSDP = needSDP || !s.agreed
	}
	return needSDP, nil
}

// assign releases the sections of tracks which are not wished any more, and gives free sections to
// those that have none. It returns how many it could not serve.
func (c *connection) assign(wished map[string]remote) map[media.Kind]int {
	served := make(map[string]bool, len(wished))
	for _, s := range c.receives {
		a := s.assigned.Load()
		switch {
		case a == nil:
		case wished[a.trackID] != a.remote:
			s.release()
		default:
			served[a.trackID] = true
		}
	}
	missing := make(map[media.Kind]int)
	for trackID, r := range wished {
		if served[trackID] {
			continue
		}
		kind := r.kind()
		i := slices.IndexFunc(c.receives, func(s *section) bool {
			return s.kind == kind && s.free() && (s.agreed || c.pending == "")
		})
		if i < 0 {
			missing[kind]++
			continue
		}
		s := c.receives[i]
		s.assigned.Store(&assignment{section: s, remote: r, trackID: trackID})
	}
	return missing
}

// maxReceive is how many receive sections of a kind there are at the most: an offer with both kinds stays within what
// servers take (128 KiB). What is beyond is not received.
const maxReceive = 96

// shortage returns how many sections to add for so many tracks without one: none when sections that
// are being released will do after the next round, else so many that there are 2, 4, 8, 16, 32, 48 …
func (c *connection) shortage(kind media.Kind, missing int) int {
	have, released := 0, 0
	for _, s := range c.receives {
		if s.kind == kind {
			have++
			if s.released {
				released++
			}
		}
	}
	if missing <= released {
		return 0
	}
	need, total := have+missing-released, 2
	for total < need {
		total += min(total, 16) // 2, 4, 8, 16, 32, 48 …
	}
	return max(0, min(total, maxReceive)-have)
}

// offer makes the offer for what is planned.
func (c *connection) offer(ctx context.Context, w wishes, withSDP bool) (Offer, error) {
	o := Offer{Connection: c.number}
	if withSDP && c.pending == "" {
		description, err := c.pc.CreateOffer(nil)
		if err != nil {
			return o, fmt.Errorf("peer: create offer: %w", err)
		}
		gathered := webrtc.GatheringCompletePromise(c.pc)
		if err := c.pc.SetLocalDescription(description); err != nil {
			return o, fmt.Errorf("peer: set offer: %w", err)
		}
		select {
		case <-gathered:
		case <-ctx.Done():
			return o, ctx.Err()
		}
		c.pending = c.pc.LocalDescription().SDP
	}
	if withSDP {
		o.SDP = c.pending
	}
	for _, p := range w.publications {
		if s := c.sends[p.source]; s != nil && s.transceiver.Mid() != "" {
			o.Publish = append(o.Publish, Publish{MID: s.transceiver.Mid(), Source: p.source, Live: w.live[p]})
		}
	}
	for _, s := range c.receives {
		if mid := s.transceiver.Mid(); mid != "" {
			o.Subscribe = append(o.Subscribe, Subscribe{MID: mid, TrackID: c.mapped(s)})
		}
	}
	return o, nil
}

// mapped is the track that the server is told to put into a section. Once connected, a new section rests until
// its answer is applied here: media that overtake the answer meet a PeerConnection which does not know their
// SSRC, and Pion then loses the stream for good while it looks for simulcast. The first offer is safe, without
// its answer there is no connection.
func (c *connection) mapped(s *section) string {
	if c.told != nil && !s.agreed {
		return ""
	}
	return s.trackID()
}

// settled tells whether the server already agreed to this mapping.
func (c *connection) settled(o Offer) bool {
	return o.SDP == "" && c.told != nil && slices.Equal(c.told.Publish, o.Publish) &&
		slices.Equal(c.told.Subscribe, o.Subscribe)
}

// accept applies the answer to an offer. It returns the tracks that the server does not have.
func (c *connection) accept(o Offer, a Answer) (refused []string, err error) {
	if o.SDP != "" {
		if a.SDP == "" {
			return nil, errors.New("peer: the server did not answer the offer's SDP")
		}
		answer := webrtc.SessionDescription{Type: webrtc.SDPTypeAnswer, SDP: a.SDP}
		if err := c.pc.SetRemoteDescription(answer); err != nil {
			return nil, fmt.Errorf("peer: set answer: %w", err)
		}
		c.pending = ""
		c.agree(o)
	}
	carried := make(map[string]string, len(a.Subscribed))
	for _, s := range a.Subscribed {
		carried[s.MID] = s.TrackID
	}
	for _, s := range c.receives {
		s.released = false
		mid := s.transceiver.Mid()
		asked := slices.ContainsFunc(o.Subscribe, func(m Subscribe) bool { return m.MID == mid && m.TrackID != "" })
		if id := s.trackID(); id != "" && asked && carried[mid] != id {
			refused = append(refused, id)
			s.assigned.Store(nil)
		}
	}
	c.told = &o
	return refused, nil
}

// agree marks the sections of an answered offer.
func (c *connection) agree(o Offer) {
	for _, s := range c.receives {
		s.agreed = s.agreed || slices.ContainsFunc(o.Subscribe, func(m Subscribe) bool { return m.MID == s.transceiver.Mid() })
	}
	for _, s := range c.sends {
		if s.transceiver.Mid() == "" || s.agreed {
			continue
		}
		s.agreed = true
		s.outlet.levelID = headerExtension(s.transceiver.Sender().GetParameters().HeaderExtensions, sdp.AudioLevelURI)
	}
}

// outletFor returns the way out for a publication once the server knows it and packets can go, else nil.
func (c *connection) outletFor(source media.Source) *outlet {
	s := c.sends[source]
	if s == nil || !s.agreed || c.told == nil || c.connectionState() != webrtc.PeerConnectionStateConnected {
		return nil
	}
	if !slices.ContainsFunc(c.told.Publish, func(p Publish) bool { return p.Source == source }) {
		return nil
	}
	return s.outlet
}
