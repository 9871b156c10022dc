// Package peer is the client's end of a media connection: it publishes captures and
// turns remote packets into pictures on Displays and sound in a Mixer.
package peer

import (
	"cmp"
	"context"
	"errors"
	"log/slog"
	"maps"
	"slices"
	"sync"
	"sync/atomic"
	"time"

	"github.com/pion/transport/v4"

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

// retiredLimit remote sources keep their counters after they are gone; then the oldest ones are forgotten.
const retiredLimit = 256

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
	suspected    time.Time          // until then a silent connection is replaced at once
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

// Forget drops the counters of a user who is gone, and stops what is still received of it. Displays and gains stay for when the
// user comes back.
func (p *Peer) Forget(userID string) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.closed {
		return
	}
	for key, r := range p.remotes {
		if key.userID != userID {
			continue
		}
		delete(p.remotes, key)
		p.retired = slices.DeleteFunc(p.retired, func(k remoteKey) bool { return k == key })
		if r.wanted() {
			r.stop()
			p.stopped = append(p.stopped, r)
			maps.DeleteFunc(p.wished, func(_ string, w remote) bool { return w == r })
			p.poke()
		}
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

// ErrConnectionGone is returned by Config.Signal when the server has given the connection up: the Peer makes a new
// one.
var ErrConnectionGone = errors.New("peer: the server has given the connection up")

// suspicion is how long after Suspect a silent connection is replaced at once.
const suspicion = 5 * time.Second

// Suspect tells that the network was away: if no packets come on the PeerConnection, it is replaced without waiting
// for ICE to give up.
func (p *Peer) Suspect() {
	p.mu.Lock()
	p.suspected = time.Now().Add(suspicion)
	p.mu.Unlock()
	p.poke()
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
	DecodeMS          float64 // mean time of the last second to decode and convert one picture
	Freezes           uint64  // pictures that came more than 400 ms late, or after lost ones; a track that rests does not freeze
}

// SendStats counts one published track.
type SendStats struct {
	Source                 media.Source
	Packets, Bytes, Frames uint64
	Level                  int // 0..100 of own sound
	Resent                 uint64
	Width, Height          int     // of the last picture sent, pixels
	Bitrate                int     // bit/s that the encoder aims at
	LossPercent            float64 // of what was sent, as the other side last reported it
	EncodeMS               float64 // mean time of the last second to encode one frame
}

// Stats is a snapshot of all counters; it stays valid after Close.
type Stats struct {
	State  State
	RTTMS  float64
	Remote []TrackStats // sorted by user and source; also of tracks that are gone, until Forget, up to 256 of them
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
				pub.feed.describe(&sent, now)
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
