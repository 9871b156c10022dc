package media

import (
	"time"

	"github.com/pion/rtp"
	"github.com/pion/rtp/codecs"
)

// assemblerWindow is how many packets an Assembler can hold back while one is missing: half a
// megabyte, more than the largest 1080p key frame.
const assemblerWindow = 512

// staleLimit consecutive packets from before the window mean that the sender began a new
// sequence; single ones are retransmissions that came too late.
const staleLimit = 16

// EncodedFrame is one whole VP8 frame.
type EncodedFrame struct {
	Data          []byte // RFC 6386
	Timestamp     uint32 // RTP time, VideoClock
	Key           bool
	Width, Height int // pixels; of key frames only, else 0
}

// AssemblerStats counts what an Assembler did.
type AssemblerStats struct {
	Frames    uint64 // handed out
	KeyFrames uint64 // of these
	Lost      uint64 // packets given up
	Dropped   uint64 // frames thrown away: incomplete, or without the frame they refer to
	Stale     uint64 // packets that came twice or too late
	Malformed uint64 // packets without a valid payload descriptor (RFC 7741)
}

// Assembler puts RTP packets of one VP8 stream (RFC 7741) in order and joins them to whole
// frames. A frame of which a packet stays away for longer than the wait is given up, and with it all
// that follow until the next key frame, because they refer to it. It does no input and output and
// knows no clock: times are the caller's. Not safe for concurrent use.
type Assembler struct {
	wait    time.Duration
	slots   [assemblerWindow]packetSlot // by extended sequence number modulo its length
	free    [][]byte                    // payload buffers not in a slot; as many as were ever held back at once
	parser  codecs.VP8Packet
	started bool
	next    int64 // extended sequence number of the first packet not consumed
	newest  int64 // of the newest packet seen
	scanned int64 // packets next..scanned-1 are known to be of the frame at next
	keys    int   // starts of key frames held
	stale   int   // consecutive stale packets
	keyless bool  // the next frame handed out must be a key frame
	stats   AssemblerStats
}

type packetSlot struct {
	used      bool
	start     bool // first packet of a frame
	key       bool // of a key frame; only with start
	marker    bool // last packet of a frame
	filler    bool // carries nothing of a frame
	timestamp uint32
	arrival   time.Duration
	data      []byte // without payload descriptor
}

// NewAssembler returns an Assembler which waits so long for a missing packet, counted from the
// arrival of the first one behind it; 0 means 200 ms.
func NewAssembler(wait time.Duration) *Assembler {
	a := &Assembler{keyless: true}
	a.SetWait(wait)
	return a
}

// SetWait changes the wait, for paths on which a retransmission takes longer; 0 means 200 ms.
func (a *Assembler) SetWait(wait time.Duration) {
	if wait <= 0 {
		wait = 200 * time.Millisecond
	}
	a.wait = wait
}

// Reset forgets all packets held, as for a new stream. The counters stay.
func (a *Assembler) Reset() {
	for i := range a.slots {
		a.release(&a.slots[i])
	}
	a.started, a.keyless, a.stale = false, true, 0
}

// NeedKeyFrame tells whether nothing can be handed out before the next key frame, at the start
// and after a loss, and none is on its way.
func (a *Assembler) NeedKeyFrame() bool { return a.keyless && a.keys == 0 }

// Stats returns the counters.
func (a *Assembler) Stats() AssemblerStats { return a.stats }

// Push takes one packet, whose payload it copies, and which came at now.
func (a *Assembler) Push(h *rtp.Header, payload []byte, now time.Duration) {
	seq := a.extend(h.SequenceNumber)
	if seq < a.next {
		a.pushStale(h, payload, now)
		return
	}
	a.stale = 0
	if seq-a.next >= assemblerWindow {
		a.overflow(seq)
	}
	slot := &a.slots[seq%assemblerWindow]
	if slot.used {
		a.stats.Stale++
		return
	}
	a.newest = max(a.newest, seq)
	a.fill(slot, h, payload, now)
}

// extend turns a sequence number into one that does not wrap.
func (a *Assembler) extend(seq uint16) int64 {
	if !a.started {
		a.started = true
		a.next = int64(seq) + 1<<16 // room for packets from before the first
		a.newest, a.scanned = a.next, a.next
		return a.next
	}
	return a.newest + int64(int16(seq-uint16(a.newest)))
}

// pushStale counts a packet from before the window, and starts anew when they do not end.
func (a *Assembler) pushStale(h *rtp.Header, payload []byte, now time.Duration) {
	a.stats.Stale++
	a.stale++
	if a.stale < staleLimit {
		return
	}
	a.Reset()
	a.Push(h, payload, now)
}

// overflow gives up the oldest packets so that seq has a slot.
func (a *Assembler) overflow(seq int64) {
	if seq-a.newest >= assemblerWindow {
		// Nothing that is held can stay; do not walk over up to 32767 empty slots.
		for i := range a.slots {
			a.release(&a.slots[i])
		}
		a.stats.Lost += uint64(seq - a.newest - 1)
		a.next = seq
	}
	for a.next <= seq-assemblerWindow {
		a.giveUp()
	}
	a.scanned = a.next
	a.keyless = true
}

// giveUp passes over the packet at next, whether it is there or not.
func (a *Assembler) giveUp() {
	slot := &a.slots[a.next%assemblerWindow]
	switch {
	case !slot.used:
		a.stats.Lost++
	case slot.start:
		a.stats.Dropped++
	}
	a.consume()
}

// fill puts a packet in its slot. One that is malformed leaves the slot empty, as if it had been lost.
func (a *Assembler) fill(slot *packetSlot, h *rtp.Header, payload []byte, now time.Duration) {
	filled := packetSlot{used: true, timestamp: h.Timestamp, marker: h.Marker, arrival: now}
	if len(payload) == 0 {
		filled.filler = true // padding, sent to probe the path
	} else {
		body, err := a.parser.Unmarshal(payload)
		if err != nil || len(body) == 0 {
			a.stats.Malformed++
			return
		}
		filled.start = a.parser.S == 1 && a.parser.PID == 0
		if filled.start {
			_, _, filled.key = VP8KeyFrame(body)
		}
		filled.data = append(a.slotBuffer(), body...)
	}
	if filled.key {
		a.keys++
	}
	*slot = filled
}

func (a *Assembler) slotBuffer() []byte {
	if n := len(a.free); n > 0 {
		buf := a.free[n-1]
		a.free = a.free[:n-1]
		return buf
	}
	return make([]byte, 0, RTPMTU)
}

func (a *Assembler) release(slot *packetSlot) {
	if !slot.used {
		return
	}
	if slot.key {
		a.keys--
	}
	if slot.data != nil {
		a.free = append(a.free, slot.data[:0])
	}
	*slot = packetSlot{}
}

func (a *Assembler) consume() {
	a.release(&a.slots[a.next%assemblerWindow])
	a.next++
	a.scanned = max(a.scanned, a.next)
}

// Next hands out the next frame if one is whole at now, and writes it over f, whose Data it
// reuses. Call it until it says false after every Push.
func (a *Assembler) Next(f *EncodedFrame, now time.Duration) bool {
	for a.started && a.next <= a.newest {
		slot := &a.slots[a.next%assemblerWindow]
		if slot.used && (!slot.start || a.keyless && !slot.key) {
			// Nothing that could be shown begins here: filler, the rest of a frame that was
			// given up, or a frame whose reference is missing.
			if !slot.filler && !slot.start {
				a.keyless = true
			}
			a.giveUp()
			continue
		}
		if slot.used {
			if end, whole := a.frameEnd(); whole {
				a.take(f, end)
				return true
			}
		}
		if !a.skipHole(now) {
			return false
		}
	}
	return false
}

// frameEnd returns the sequence number behind the frame that starts at next, and whether all of
// it is there.
func (a *Assembler) frameEnd() (end int64, whole bool) {
	timestamp := a.slots[a.next%assemblerWindow].timestamp
	for seq := a.scanned; seq <= a.newest; seq++ {
		slot := &a.slots[seq%assemblerWindow]
		switch {
		case !slot.used:
			a.scanned = seq
			return seq, false
		case slot.filler:
		case seq > a.next && (slot.start || slot.timestamp != timestamp):
			return seq, true // its marker is missing, but the next frame begins
		case slot.marker:
			return seq + 1, true
		}
	}
	a.scanned = a.newest + 1
	return a.scanned, false
}

// take moves the packets up to end into f.
func (a *Assembler) take(f *EncodedFrame, end int64) {
	first := &a.slots[a.next%assemblerWindow]
	*f = EncodedFrame{Data: f.Data[:0], Timestamp: first.timestamp, Key: first.key}
	for a.next < end {
		f.Data = append(f.Data, a.slots[a.next%assemblerWindow].data...)
		a.consume()
	}
	a.stats.Frames++
	if f.Key {
		a.stats.KeyFrames++
		f.Width, f.Height, _ = VP8KeyFrame(f.Data)
		a.keyless = false
	}
}

// skipHole passes over a missing packet if there is no sense in waiting for it any longer. It
// returns false to wait.
func (a *Assembler) skipHole(now time.Duration) bool {
	hole := a.scanned
	behind := hole
	for behind <= a.newest && !a.slots[behind%assemblerWindow].used {
		behind++
	}
	if behind > a.newest {
		return false // the frame just has not ended yet
	}
	if a.keyless && a.skipToKeyFrame(behind) {
		return true
	}
	if now-a.slots[behind%assemblerWindow].arrival < a.wait {
		return false
	}
	for a.next < behind {
		a.giveUp()
	}
	a.keyless = true
	return true
}

// skipToKeyFrame moves next to the first key frame from seq on; what lies before it is of no use.
func (a *Assembler) skipToKeyFrame(seq int64) bool {
	if a.keys == 0 {
		return false
	}
	for ; seq <= a.newest; seq++ {
		if a.slots[seq%assemblerWindow].key {
			for a.next < seq {
				a.giveUp()
			}
			return true
		}
	}
	return false
}

// VP8KeyFrame tells whether frame starts like a VP8 key frame (RFC 6386 section 9.1), and its size
// in pixels.
func VP8KeyFrame(frame []byte) (width, height int, ok bool) {
	if len(frame) < 10 || frame[0]&1 != 0 || frame[3] != 0x9d || frame[4] != 0x01 || frame[5] != 0x2a {
		return 0, 0, false
	}
	width = int(frame[6]) | int(frame[7]&0x3f)<<8 // the upper two bits ask for upscaling
	height = int(frame[8]) | int(frame[9]&0x3f)<<8
	return width, height, true
}
