// Package sfu forwards packets from publishers to subscribers. It knows tracks and
// connections; it knows no users, rooms, tokens or messages: who may see what is decided
// by its caller, who hands it track ids.
package sfu

import (
	"context"
	"errors"
	"log/slog"
	"net"

	"github.com/pion/transport/v4"

	"parlor/media"
)

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

// SFU is one UDP port and all connections on it.
type SFU struct{}

// Peer is one client's connection.
type Peer struct{}

// New opens the UDP port. Close ends everything that it started.
func New(cfg Config) (*SFU, error) { return nil, errors.New("sfu: not built yet") }

// Addr is the address of the UDP port.
func (s *SFU) Addr() net.Addr { return nil }

// Stats returns the counters.
func (s *SFU) Stats() Stats { return Stats{} }

// Close closes all peers and the port and waits for their goroutines.
func (s *SFU) Close() error { return nil }

// NewPeer makes a connection; it does nothing before the first Negotiate.
func (s *SFU) NewPeer(cfg PeerConfig) (*Peer, error) { return nil, nil }

// Negotiate applies an offer and returns the answer (empty when the offer had no SDP).
// An offer that cannot be understood gives an error that wraps ErrBadOffer and leaves the peer usable.
func (p *Peer) Negotiate(ctx context.Context, o Offer) (string, error) { return "", nil }

// Allow stops (false) or resumes the forwarding of a track which this peer publishes.
func (p *Peer) Allow(track TrackID, allowed bool) {}

// Close ends the connection and takes its tracks away from all subscribers. Close twice is fine.
func (p *Peer) Close() error { return nil }

// ErrBadOffer marks an offer that is the client's fault.
var ErrBadOffer = errors.New("bad offer")
