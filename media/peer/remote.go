package peer

import (
	"math"
	"sync/atomic"
	"time"

	"github.com/pion/rtp"

	"parlor/media"
)

// remoteKey names a remote track for people; its TrackID changes when the user publishes again.
type remoteKey struct {
	userID string
	source media.Source
}

// remote is one remote source: a *voice or a *video. It outlives the sections and connections that
// carry it, so that its counters go on.
type remote interface {
	kind() media.Kind
	wanted() bool // between start and stop
	start()
	stop()    // returns at once
	release() // after stop: waits for goroutines, gives codecs back
	push(from *assignment, packet *rtp.Packet, now time.Duration)
	stats(now time.Duration) TrackStats
}

// liveness tells the section's goroutine, without a lock, whether anybody wants the track.
type liveness struct{ active atomic.Bool }

func (l *liveness) wanted() bool { return l.active.Load() }

// assignment says to whom the packets of a section belong. Each is used for one stretch of time, so
// that a remote sees by the pointer when a new stream begins.
type assignment struct {
	section *section
	remote  remote
	trackID string
}

// arrival measures how packets come.
type arrival struct {
	packets, bytes uint64
	jitterMS       float64 // RFC 3550 section 6.4.1
	transit        float64 // seconds, of the last packet
	known          bool
	timestamp      uint32
}

// reset forgets the last packet: another stream begins.
func (a *arrival) reset() { a.known = false }

func (a *arrival) add(packet *rtp.Packet, clockRate float64, now time.Duration) {
	a.packets++
	a.bytes += uint64(len(packet.Payload))
	if a.known {
		elapsed := float64(int32(packet.Timestamp-a.timestamp)) / clockRate
		if elapsed <= 0 {
			return // no jitter: packets of one picture wait for each other, others were sent again
		}
		d := math.Abs(now.Seconds() - a.transit - elapsed)
		a.jitterMS += (min(d, 1)*1000 - a.jitterMS) / 16
	}
	a.known, a.timestamp, a.transit = true, packet.Timestamp, now.Seconds()
}
