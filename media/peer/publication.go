package peer

import (
	"math/rand/v2"
	"sync"
	"sync/atomic"
	"time"

	"github.com/pion/rtp"
	"github.com/pion/webrtc/v4"

	"parlor/media"
)

// packetOverhead is what stands in a packet before the payload: the header (12 bytes) and, as one
// header extension block, transport-wide sequence number, audio level and mid, padded.
const packetOverhead = 12 + 16

// resyncLimit is how far the RTP clock of sound, which counts samples, may run away from the
// capture clock before it jumps. It is more than any device's jitter and less than people hear
// between lips and voice.
const resyncLimit = 60 * time.Millisecond

// outlet is where packets of a publication leave: a section of the present connection.
type outlet struct {
	track   interface{ WriteRTP(*rtp.Packet) error }
	levelID uint8 // of the audio level extension, 0: not agreed
	wire    *atomic.Uint64
}

// publication is one published source. It outlives connections: sequence numbers, clocks and counters
// go on. Feeds write to it on their own goroutines.
type publication struct {
	source media.Source

	// Owned by the Peer, under its mutex.
	feed Feed
	live bool

	mu        sync.Mutex // below: feeds write, the Peer's goroutine connects
	target    Feed       // the same as feed
	on        bool       // live, and there is a feed
	out       *outlet    // nil: not connected, or the server does not know the track
	needKey   bool       // begin with a key frame
	sequence  uint16
	picture   uint16        // picture id, 15 bits
	clock     uint32        // RTP time at capture time 0
	lastVideo time.Duration // capture time of the last frame of video
	nextSound int64         // capture clock in samples at which the next frame of sound is due, 0: none yet
	talking   bool          // the last frame of sound was sent
	buffer    []byte
	stats     SendStats
	wireBase  uint64 // what out had counted when the publication got it
	wireGone  uint64 // packets that left by outlets which are gone
}

func newPublication(source media.Source) *publication {
	return &publication{
		source:   source,
		sequence: uint16(rand.Uint32()),
		clock:    rand.Uint32(),
		picture:  uint16(rand.Uint32()),
		buffer:   make([]byte, media.RTPMTU),
		stats:    SendStats{Source: source},
	}
}

// connect gives the publication a way out, or takes it away with nil.
func (p *publication) connect(out *outlet) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.out == out {
		return
	}
	if p.out != nil && (out == nil || out.wire != p.out.wire) {
		p.wireGone += p.out.wire.Load() - p.wireBase
		p.wireBase = 0
	}
	if out != nil {
		p.wireBase = out.wire.Load()
	}
	p.out = out
	p.stats.LossPercent = 0 // of a way that is not used any more
	p.begin()
	p.awaitKeyFrame()
}

// setLive starts or stops sending at once.
func (p *publication) setLive(on bool) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if on && !p.on {
		p.begin()
	}
	if !on {
		p.stats.LossPercent = 0
	}
	p.on = on
	p.awaitKeyFrame()
}

// setTarget tells from where the media come, nil for nowhere.
func (p *publication) setTarget(feed Feed) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.target = feed
	p.begin()
	p.awaitKeyFrame()
}

// begin makes the stream start as a decoder needs it.
func (p *publication) begin() { p.needKey, p.talking = true, false }

// awaitKeyFrame asks the feed for the key frame to begin with: the picture of a screen may not change for long.
func (p *publication) awaitKeyFrame() {
	if p.target != nil && p.needKey && p.sending() {
		p.target.requestKeyFrame()
	}
}

// feedback passes on what a receiver reports. On the section's goroutine.
func (p *publication) feedback(loss uint8, haveLoss, wantKey bool) {
	p.mu.Lock()
	feed := p.target
	if haveLoss {
		p.stats.LossPercent = float64(loss) * 100 / 256 // RFC 3550: a fraction of 256
	}
	p.mu.Unlock()
	if feed == nil {
		return
	}
	if wantKey {
		feed.requestKeyFrame()
	}
	if haveLoss {
		feed.expectLoss(int(loss) * 100 / 256)
	}
}

// active tells whether the feed should encode for this publication, and whether it must begin with
// a key frame.
func (p *publication) active() (sending, needKey bool) {
	p.mu.Lock()
	defer p.mu.Unlock()
	sending = p.sending()
	return sending, sending && p.needKey
}

func (p *publication) sending() bool { return p.on && p.out != nil }

// writeVideo sends one VP8 frame, captured at at. The last frames of a feed that was taken away are not sent.
func (p *publication) writeVideo(from Feed, frame []byte, key bool, at time.Duration) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if from != p.target || !p.sending() || p.needKey && !key || len(frame) == 0 {
		return
	}
	if p.lastVideo != 0 { // a picture that was sent again, or another camera, may have run ahead
		at = max(at, p.lastVideo+time.Millisecond)
	}
	p.lastVideo = at
	p.needKey = false
	p.stats.Frames++
	p.picture++
	// RFC 7741: X, S; then I; then a picture id of 15 bits, on every packet, which forwarders count on.
	descriptor := [4]byte{0x90, 0x80, 0x80 | byte(p.picture>>8), byte(p.picture)}
	timestamp := p.clock + videoTime(at)
	for len(frame) > 0 {
		n := min(len(frame), media.RTPMTU-packetOverhead-len(descriptor))
		payload := append(append(p.buffer[:0], descriptor[:]...), frame[:n]...)
		frame = frame[n:]
		descriptor[0] &^= 0x10
		p.write(rtp.Header{Version: 2, Marker: len(frame) == 0, Timestamp: timestamp}, payload)
	}
}

// videoTime is a capture time on the 90 kHz clock. The product of a day and the clock does not fit into 63 bits of
// nanoseconds, so seconds are taken apart.
func videoTime(at time.Duration) uint32 {
	return uint32(int64(at/time.Second)*media.VideoClock + int64(at%time.Second)*media.VideoClock/int64(time.Second))
}

// writeAudio sends one Opus packet of the 20 ms captured from at on. An empty one, or one of up to
// 2 bytes, is a pause of discontinuous transmission: time passes and nothing is sent.
func (p *publication) writeAudio(from Feed, packet []byte, level uint8, at time.Duration) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if from != p.target {
		return
	}
	due := p.soundTime(at)
	p.nextSound = due + media.FrameSamples
	if !p.sending() {
		return
	}
	if len(packet) <= 2 {
		p.talking = false
		return
	}
	p.stats.Frames++
	h := rtp.Header{Version: 2, Marker: !p.talking, Timestamp: p.clock + uint32(due)}
	p.talking = true
	if id := p.out.levelID; id != 0 {
		extension := rtp.AudioLevelExtension{Level: level & 0x7f, Voice: level < 50}
		if b, err := extension.Marshal(); err == nil {
			_ = h.SetExtension(id, b) // fails for ids outside RFC 8285 only: none would be agreed
		}
	}
	p.write(h, packet)
}

// soundTime is the capture clock in samples for the frame captured at at: frames follow each other
// exactly, unless the device lost or invented sound.
func (p *publication) soundTime(at time.Duration) int64 {
	captured := int64(at) * (media.SampleRate / 1000) / int64(time.Millisecond)
	const limit = int64(resyncLimit) * (media.SampleRate / 1000) / int64(time.Millisecond)
	if p.nextSound == 0 || captured-p.nextSound > limit || p.nextSound-captured > limit {
		return captured
	}
	return p.nextSound
}

// write sends one packet. A failure means that the connection is going away; it tells so itself.
func (p *publication) write(h rtp.Header, payload []byte) {
	h.SequenceNumber = p.sequence
	p.sequence++
	if err := p.out.track.WriteRTP(&rtp.Packet{Header: h, Payload: payload}); err != nil {
		return
	}
	p.stats.Packets++
	p.stats.Bytes += uint64(len(payload))
}

// snapshot returns the counters.
func (p *publication) snapshot() SendStats {
	p.mu.Lock()
	defer p.mu.Unlock()
	s := p.stats
	onWire := p.wireGone
	if p.out != nil {
		onWire += p.out.wire.Load() - p.wireBase
	}
	s.Resent = onWire - min(onWire, s.Packets)
	return s
}

// readRTCP answers what receivers say about a published track until the connection closes.
func readRTCP(sender *webrtc.RTPSender, ssrc uint32, handle func(loss uint8, haveLoss, wantKey bool)) {
	for {
		packets, _, err := sender.ReadRTCP()
		if err != nil {
			return
		}
		handle(summarize(packets, ssrc))
	}
}
