// Package peer is the client's end of a media connection: it publishes captures and
// turns remote packets into pictures on Displays and sound in a Mixer.
package peer

import (
	"context"
	"log/slog"

	"github.com/pion/transport/v4"

	"parlor/media"
)

// State of the media connection.
type State uint8

// The states of a connection. Failed means that Restart, or a new Peer, is needed.
const (
	Idle State = iota
	Connecting
	Connected
	Failed
	Closed
)

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

// Offer goes to the server through Config.Signal.
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
	Signal   func(ctx context.Context, o Offer) (Answer, error) // may take seconds; called on the Peer's own goroutine
	OnState  func(State)                                        // must return at once
	Codecs   media.Codecs                                       // nil: nothing is decoded, only recorded
	Mixer    *Mixer                                             // nil: no sound is decoded
	Recorder media.Recorder                                     // may be nil
	Net      transport.Net                                      // nil is the machine's network
	Log      *slog.Logger
}

// Peer is one PeerConnection of the client and what hangs on it. Its setters are wishes: they
// return at once, and the Peer's goroutine negotiates until they are true.
type Peer struct{}

// New starts a Peer; it connects with the first wish. Close ends it.
func New(cfg Config) *Peer { return &Peer{} }

// Feed is what can be published: *VideoCapture or *AudioCapture.
type Feed interface{ feedKind() media.Kind }

// SetPublish publishes the feed as the source, or takes it away when feed is nil. live false keeps
// the track but sends nothing.
func (p *Peer) SetPublish(source media.Source, feed Feed, live bool) {}

// SetRemote is the complete list of tracks to receive.
func (p *Peer) SetRemote(tracks []RemoteTrack) {}

// Show puts the pictures of a user's video on a display, from now on and whenever it (re)appears; nil
// takes it off. Only shown videos are decoded.
func (p *Peer) Show(userID string, source media.Source, d *media.Display) {}

// Restart throws the PeerConnection away and makes a new one with the same wishes.
func (p *Peer) Restart() {}

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
	Remote []TrackStats
	Sent   []SendStats
}

// Stats returns the counters.
func (p *Peer) Stats() Stats { return Stats{} }

// Close closes the connection and waits for its goroutines. Captures and Displays stay the caller's.
func (p *Peer) Close() error { return nil }
