// Package sfu forwards packets from publishers to subscribers. It knows tracks and
// connections; it knows no users, rooms, tokens or messages: who may see what is decided
// by its caller, who hands it track ids.
//
// A packet takes three steps. A receiver reads it from its publisher's connection; the upTrack of
// its track id keeps a copy for those who will miss it and hands it to its subscribers; each downTrack asks its
// forwarder (pure functions) under which numbers it goes out and writes it. Pion's PeerConnection appears at the
// ends only, in Peer, receiver and downTrack.Bind: an engine that reads and writes packets in batches can take
// the ends over without changing the middle.
package sfu

import (
	"errors"
	"fmt"
	"log/slog"
	"maps"
	"net"
	"slices"
	"sync"
	"sync/atomic"
	"time"

	"github.com/pion/transport/v4"
	"github.com/pion/webrtc/v4"

	"parlor/media"
)

// The SFU has one clock for all that is due by time. Pion's interceptors would have three for each peer, and
// waking an idle processor 50 times a second for each costs more than forwarding to ten subscribers.
const (
	clockTick          = nackInterval
	congestionInterval = 100 * time.Millisecond // between congestion feedback to a publisher, as browsers expect it
	reportInterval     = time.Second            // between RTCP reports
)

// ErrClosed is returned by calls on an SFU or Peer that is closed.
var ErrClosed = errors.New("sfu: closed")

// TrackID names one published track on this SFU. The caller makes it, unique per SFU.
type TrackID string

// Config describes an SFU.
type Config struct {
	Listen    string        // UDP address of the one media port, "host:port"; port 0 picks a free one
	Advertise []string      // further IP addresses to put in candidates (NAT 1:1)
	Net       transport.Net // nil is the machine's network; tests give a vnet
	Log       *slog.Logger
}

// Publish names the track that a section of an offer sends.
type Publish struct {
	MID   string
	Track TrackID
	Kind  media.Kind
}

// Subscribe names the track that a receive section of an offer is to carry; an empty
// Track lets the section rest.
type Subscribe struct {
	MID   string
	Track TrackID
}

// Offer is what a client wants of its connection, complete each time.
type Offer struct {
	SDP       string // empty: only the mapping of sections changes
	Publish   []Publish
	Subscribe []Subscribe
}

// PeerConfig describes one client's connection.
type PeerConfig struct {
	Name     string // for the log
	OnClosed func() // called once when the connection failed by itself; must return at once
}

// Stats counts what an SFU did since its start.
type Stats struct {
	Peers, UpTracks, DownTracks           int
	PacketsIn, PacketsOut                 uint64
	BytesIn, BytesOut                     uint64
	NACKsIn, Resent, PLIsIn, PLIsOut      uint64
	DroppedCache, DroppedQueue, Malformed uint64 // packets too old to send again; not written because a subscriber is slow or gone; not RTP
}

// counters are the part of Stats that rises.
type counters struct {
	packetsIn, packetsOut                 atomic.Uint64
	bytesIn, bytesOut                     atomic.Uint64
	nacksIn, resent, plisIn, plisOut      atomic.Uint64
	droppedCache, droppedQueue, malformed atomic.Uint64
}

// SFU is one UDP port and all connections on it. All methods are safe on any goroutine.
type SFU struct {
	log      *slog.Logger
	socket   *socket
	settings webrtc.SettingEngine // of all peers
	codecs   *webrtc.MediaEngine  // of all peers
	identity identity
	counters counters
	started  time.Time

	stop chan struct{}
	wg   sync.WaitGroup // the clock, and peers that failed and are being closed

	mu     sync.Mutex
	closed bool
	peers  map[*Peer]struct{}
	tracks map[TrackID]*upTrack
}

// New opens the UDP port. Close ends everything that it started.
func New(cfg Config) (*SFU, error) {
	log := cfg.Log
	if log == nil {
		log = slog.Default()
	}
	s := &SFU{
		log:     log,
		started: time.Now(),
		stop:    make(chan struct{}),
		peers:   make(map[*Peer]struct{}),
		tracks:  make(map[TrackID]*upTrack),
	}
	var err error
	if s.codecs, err = newMediaEngine(); err != nil {
		return nil, fmt.Errorf("sfu: codecs: %w", err)
	}
	if _, err := s.identity.certificate(time.Now()); err != nil {
		return nil, err
	}
	if s.socket, err = listen(cfg.Net, cfg.Listen, pionLog{log}, log); err != nil {
		return nil, err
	}
	if s.settings, err = newSettings(cfg, s.socket, pionLog{log}); err != nil {
		_ = s.socket.mux.Close()
		return nil, err
	}
	s.wg.Go(s.runClock)
	return s, nil
}

// now is the SFU's clock: monotonic, since its start.
func (s *SFU) now() time.Duration { return time.Since(s.started) }

// Addr is the address of the UDP port.
func (s *SFU) Addr() net.Addr { return s.socket.addr }

// Stats returns the counters.
func (s *SFU) Stats() Stats {
	c := &s.counters
	stats := Stats{
		PacketsIn: c.packetsIn.Load(), PacketsOut: c.packetsOut.Load(),
		BytesIn: c.bytesIn.Load(), BytesOut: c.bytesOut.Load(),
		NACKsIn: c.nacksIn.Load(), Resent: c.resent.Load(),
		PLIsIn: c.plisIn.Load(), PLIsOut: c.plisOut.Load(),
		DroppedCache: c.droppedCache.Load(), DroppedQueue: c.droppedQueue.Load(), Malformed: c.malformed.Load(),
	}
	peers, tracks := s.snapshot()
	stats.Peers = len(peers)
	for _, u := range tracks {
		if u.published() {
			stats.UpTracks++
		}
		stats.DownTracks += len(*u.subscribers.Load())
	}
	return stats
}

// snapshot returns what there is now.
func (s *SFU) snapshot() (peers []*Peer, tracks []*upTrack) {
	s.mu.Lock()
	defer s.mu.Unlock()
	return slices.Collect(maps.Keys(s.peers)), slices.Collect(maps.Values(s.tracks))
}

// Close closes all peers and the port and waits for their goroutines.
func (s *SFU) Close() error {
	s.mu.Lock()
	first := !s.closed
	s.closed = true
	s.mu.Unlock()
	if first {
		close(s.stop)
	}
	peers, _ := s.snapshot()
	var closing sync.WaitGroup
	for _, p := range peers {
		closing.Go(func() { _ = p.Close() })
	}
	closing.Wait()
	s.wg.Wait()
	return s.socket.mux.Close()
}

// spawn runs f on a goroutine that Close waits for; not at all once the SFU is closed.
func (s *SFU) spawn(f func()) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if !s.closed {
		s.wg.Go(f)
	}
}

// runClock does what is due by time, for all tracks and peers.
func (s *SFU) runClock() {
	tick := time.NewTicker(clockTick)
	defer tick.Stop()
	var congestion, reports time.Duration // when they were sent
	for {
		select {
		case <-s.stop:
			return
		case <-tick.C:
		}
		now := s.now()
		due := feedback{now: now, congestion: now-congestion >= congestionInterval, reports: now-reports >= reportInterval}
		if due.congestion {
			congestion = now
		}
		if due.reports {
			reports = now
		}
		peers, tracks := s.snapshot()
		for _, u := range tracks {
			u.tick(now)
		}
		for _, p := range peers {
			p.sendFeedback(due)
		}
	}
}

// publish makes p the source of a track.
func (s *SFU) publish(id TrackID, p publisher, kind media.Kind, allowed bool) *upTrack {
	s.mu.Lock()
	u := s.track(id)
	u.publish(p, kind, allowed)
	s.mu.Unlock()
	u.requestKeyFrame(s.now())
	return u
}

// unpublish takes p away from its track.
func (s *SFU) unpublish(u *upTrack, p publisher) {
	s.mu.Lock()
	defer s.mu.Unlock()
	u.unpublish(p)
	s.release(u)
}

// subscribe lets a down track carry another track, or none when id is empty.
func (s *SFU) subscribe(d *downTrack, id TrackID) {
	if u := s.connect(d, id); u != nil {
		u.requestKeyFrame(s.now())
	}
}

// connect is subscribe without the request for a key frame; it returns the track that d newly carries.
func (s *SFU) connect(d *downTrack, id TrackID) *upTrack {
	s.mu.Lock()
	defer s.mu.Unlock()
	var u *upTrack
	if id != "" {
		u = s.track(id)
	}
	before := d.attach(u)
	if before == u {
		return nil
	}
	if before != nil {
		before.unsubscribe(d)
		s.release(before)
	}
	if u != nil {
		u.subscribe(d)
	}
	return u
}

// track finds or makes the upTrack of an id. s.mu is held.
func (s *SFU) track(id TrackID) *upTrack {
	u := s.tracks[id]
	if u == nil {
		u = newUpTrack(id, &s.counters)
		s.tracks[id] = u
	}
	return u
}

// release forgets an upTrack that nobody needs. s.mu is held.
func (s *SFU) release(u *upTrack) {
	if u.unused() && s.tracks[u.id] == u {
		delete(s.tracks, u.id)
	}
}
