package sfu

import (
	"time"

	"parlor/media"
)

// packet is one RTP packet of a publisher on its way to the subscribers.
type packet struct {
	kind      media.Kind
	sequence  uint16
	timestamp uint32
	marker    bool
	hasLevel  bool
	level     byte          // audio level extension as it came (RFC 6464): V bit and -dBov
	epoch     uint64        // of its upTrack: rises with each interruption of the source
	at        time.Duration // arrival, on the SFU's clock
	vp8       vp8           // video only
	payload   []byte        // empty: padding, which is not forwarded
}

// outgoing is how a packet looks to one subscriber.
type outgoing struct {
	sequence  uint16
	timestamp uint32
	marker    bool
	picture   uint16 // VP8 PictureID
	tl0       uint8  // VP8 TL0PICIDX
}

// forwarder decides for one down track which packets of its source go out and under which
// numbers. Sequence numbers, timestamps and the numbers in the VP8 descriptor go on without
// a break whatever happens to the source, so that a receiver sees one stream. It does no
// input or output and keeps no time of its own: everything comes with the packets.
type forwarder struct {
	clock uint32 // RTP clock rate, Hz
	video bool

	sequences media.SeqMap
	started   bool   // a packet has gone out
	waiting   bool   // nothing goes out before the next key frame (video) or packet (audio)
	epoch     uint64 // of the source, valid when not waiting
	first     uint16 // outgoing number of the first packet since the source began

	timestampOffset uint32 // outgoing - source, of this epoch
	pictureOffset   uint16
	tl0Offset       uint8

	last   outgoing      // newest that went out
	lastAt time.Duration // its arrival
}

// newForwarder makes a forwarder which waits for its first packet.
func newForwarder(kind media.Kind) forwarder {
	if kind == media.Video {
		return forwarder{clock: media.VideoClock, video: true, waiting: true}
	}
	return forwarder{clock: media.SampleRate, waiting: true}
}

// interrupt makes the forwarder wait for a fresh start: the source changes or paused.
func (f *forwarder) interrupt() { f.waiting = true }

// forward returns what becomes of a packet that has just come; not ok means that it does not
// go out.
func (f *forwarder) forward(p *packet) (out outgoing, ok bool) {
	if p.epoch != f.epoch {
		f.epoch = p.epoch
		f.waiting = true
	}
	if f.waiting {
		if len(p.payload) == 0 || f.video && !p.vp8.startOfKey {
			return out, false
		}
		f.start(p)
	}
	if len(p.payload) == 0 {
		f.sequences.Drop(p.sequence)
		return out, false
	}
	newest := f.sequences.Next()
	sequence, ok := f.sequences.Map(p.sequence)
	if !ok {
		return out, false
	}
	out = f.rewrite(p, sequence)
	if int16(sequence-newest) >= 0 {
		f.last, f.lastAt = out, p.at
	}
	f.started = true
	return out, true
}

// start fixes the offsets for a source that begins, or goes on, with p.
func (f *forwarder) start(p *packet) {
	f.waiting = false
	f.sequences.Start(p.sequence)
	f.first = f.sequences.Next()
	if !f.started {
		return // the first source keeps its own numbers
	}
	// What passed since the last packet passes in the outgoing timestamps too, but at least one
	// frame: two frames never share a timestamp.
	elapsed := (p.at - f.lastAt).Microseconds() * int64(f.clock) / 1e6
	f.timestampOffset = f.last.timestamp + uint32(max(elapsed, int64(f.clock)/50)) - p.timestamp
	f.pictureOffset = f.last.picture + 1 - p.vp8.picture
	f.tl0Offset = f.last.tl0 + 1 - p.vp8.tl0
}

// rewrite returns what p looks like under an outgoing sequence number. The same packet of the
// same epoch always gives the same result: a packet which is sent again must be
// identical, since with AES-GCM its number is its nonce (RFC 7714, section 8.1).
func (f *forwarder) rewrite(p *packet, sequence uint16) outgoing {
	return outgoing{
		sequence:  sequence,
		timestamp: p.timestamp + f.timestampOffset,
		// A marker on audio begins a talk spurt (RFC 3551, section 4.1): jitter buffers adapt there.
		marker:  p.marker || !f.video && sequence == f.first,
		picture: (p.vp8.picture + f.pictureOffset) & 0x7fff,
		tl0:     p.vp8.tl0 + f.tl0Offset,
	}
}

// changes reports whether out has other numbers in its VP8 descriptor than p.
func (f *forwarder) changes(p *packet, out outgoing) bool {
	return p.vp8.pictureAt != 0 && p.vp8.picture != out.picture || p.vp8.tl0At != 0 && p.vp8.tl0 != out.tl0
}

// source finds the source's sequence number and epoch of a packet that went out, to send it again.
func (f *forwarder) source(sequence uint16) (source uint16, epoch uint64, ok bool) {
	if f.waiting {
		return 0, 0, false // the offsets of what went out are about to change
	}
	source, ok = f.sequences.Source(sequence)
	return source, f.epoch, ok
}

// outgoingTimestamp maps a timestamp of the source's sender reports; not ok while nothing goes out.
func (f *forwarder) outgoingTimestamp(epoch uint64, timestamp uint32) (uint32, bool) {
	return timestamp + f.timestampOffset, !f.waiting && f.epoch == epoch
}
