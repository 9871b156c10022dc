package peer

import (
	"fmt"
	"sync"
	"sync/atomic"
	"time"

	"github.com/pion/rtp"

	"parlor/media"
)

// decodeQueue frames may wait to be decoded, a quarter of a second at 30 Hz. When it is full decoding is
// too slow: the newest frame is thrown away, and all up to the next key frame.
const decodeQueue = 8

// freezeAfter is how late a picture must be for people to see the one before stand still.
const freezeAfter = 400 * time.Millisecond

// video is the pictures of one remote source. The section's goroutine puts packets together and records;
// a second one decodes while a display that can be seen wants the pictures.
type video struct {
	*remoteBase
	viewer  viewer
	rtt     *atomic.Int64 // of the connection, ns
	decoded atomic.Uint64 // pictures
	dropped atomic.Uint64 // frames not decoded
	lost    atomic.Bool   // the decoder needs a key frame
	took    workTime      // to decode and convert a picture

	mu            sync.Mutex // below: the section's goroutine
	from          *assignment
	assembler     *media.Assembler
	frame         media.EncodedFrame
	primed        bool // the decoder got a key frame, and everything since
	decoding      *decoding
	keyFrames     uint64
	plis          uint64
	width, height int
	freezes       uint64
	last          delivery
}

// delivery is when a frame became whole.
type delivery struct {
	known     bool
	at        time.Duration
	timestamp uint32
	missed    uint64 // packets and frames that were given up until then
}

func newVideo(base *remoteBase, rtt *atomic.Int64) *video {
	return &video{remoteBase: base, rtt: rtt, assembler: media.NewAssembler(0)}
}

func (v *video) start() { v.active.Store(true) }

// stop takes the pictures off the display.
func (v *video) stop() {
	v.active.Store(false)
	v.viewer.clear()
}

// release ends decoding and waits for it.
func (v *video) release() {
	v.mu.Lock()
	defer v.mu.Unlock()
	v.stopDecoding()
	v.from = nil
}

// push takes one packet on the section's goroutine.
func (v *video) push(from *assignment, packet *rtp.Packet, now time.Duration) {
	v.mu.Lock()
	defer v.mu.Unlock()
	if !v.active.Load() {
		return
	}
	if v.from != from {
		v.from = from
		v.assembler.Reset()
		v.arrival.reset()
		v.primed = false
		v.last.known = false
	}
	v.arrival.add(packet, media.VideoClock, now)
	// A packet sent again may be lost again: wait for three turns, but never let people wait for
	// more than half a second, in which a key frame would have come.
	v.assembler.SetWait(min(max(200*time.Millisecond, 3*time.Duration(v.rtt.Load())), 500*time.Millisecond))
	v.assembler.Push(&packet.Header, packet.Payload, now)
	want := false
	for v.assembler.Next(&v.frame, now) {
		v.noteFreeze(now)
		want = v.deliver()
	}
	if (want || v.assembler.NeedKeyFrame()) && from.section.requestKeyFrame(now) {
		v.plis++
	}
}

// noteFreeze counts the frame that just became whole if people had to wait for it: it comes later than the sender's clock says, or
// after others that never came.
func (v *video) noteFreeze(now time.Duration) {
	a := v.assembler.Stats()
	next := delivery{known: true, at: now, timestamp: v.frame.Timestamp, missed: a.Lost + a.Dropped}
	last := v.last
	v.last = next
	if !last.known || next.at-last.at <= freezeAfter {
		return
	}
	paused := time.Duration(int32(next.timestamp-last.timestamp)) * time.Second / media.VideoClock // by the sender, as far as is known
	if next.missed != last.missed || next.at-last.at-paused > freezeAfter {
		v.freezes++
	}
}

// deliver records and decodes the frame that just became whole; it tells whether a key frame is wanted.
func (v *video) deliver() (wantKey bool) {
	f := &v.frame
	if f.Key {
		v.keyFrames++
		v.width, v.height = f.Width, f.Height
	}
	if v.recorder != nil {
		v.recorder.RecordVideo(v.userID, v.source, f.Data, f.Timestamp, f.Key)
	}
	if v.codecs == nil || v.viewer.get() == nil {
		v.stopDecoding()
		return false
	}
	if v.lost.Swap(false) {
		v.primed = false
	}
	if !v.primed && !f.Key {
		v.dropped.Add(1)
		return true
	}
	if v.decoding == nil {
		v.decoding = startDecoding(v)
	}
	v.primed = v.decoding.put(f)
	if !v.primed {
		v.dropped.Add(1)
	}
	return !v.primed
}

func (v *video) stopDecoding() {
	v.primed = false
	if v.decoding != nil {
		v.decoding.close()
		v.decoding = nil
	}
}

// stats returns the counters.
func (v *video) stats(now time.Duration) TrackStats {
	v.mu.Lock()
	defer v.mu.Unlock()
	s := v.base()
	a := v.assembler.Stats()
	s.Lost, s.Frames, s.KeyFrames = a.Lost, a.Frames, a.KeyFrames
	s.Decoded, s.Dropped = v.decoded.Load(), v.dropped.Load()+a.Dropped
	s.PLIs, s.Width, s.Height = v.plis, v.width, v.height
	s.Freezes, s.DecodeMS = v.freezes, v.took.meanMS(now)
	return s
}

// decoding is the goroutine that decodes one video while it is seen.
type decoding struct {
	video  *video
	frames chan media.EncodedFrame // decodeQueue; full: see put
	free   chan []byte             // buffers on their way back: those in frames, one in work; full: for the garbage collector
	done   chan struct{}
}

func startDecoding(v *video) *decoding {
	d := &decoding{
		video:  v,
		frames: make(chan media.EncodedFrame, decodeQueue),
		free:   make(chan []byte, decodeQueue+1),
		done:   make(chan struct{}),
	}
	go d.run()
	return d
}

// put hands over a frame with its memory, for which f gets another. It returns false when the queue is full.
func (d *decoding) put(f *media.EncodedFrame) bool {
	select {
	case d.frames <- *f:
	default:
		return false
	}
	f.Data = nil
	select {
	case f.Data = <-d.free:
	default:
	}
	return true
}

// close drops what waits, and waits for the goroutine.
func (d *decoding) close() {
	close(d.frames)
	for range d.frames {
		d.video.dropped.Add(1)
	}
	<-d.done
}

func (d *decoding) run() {
	defer close(d.done)
	v := d.video
	decoder, err := v.codecs.NewVideoDecoder()
	if err != nil {
		v.log.Error("no video decoder", "user", v.userID, "source", v.source, "err", err)
		for range d.frames {
			v.dropped.Add(1)
			v.lost.Store(true) // asks for a key frame, with which the next decoder begins
		}
		return
	}
	defer decoder.Close()
	healthy := false
	for f := range d.frames {
		if healthy || f.Key {
			err := d.decode(decoder, f.Data)
			healthy = err == nil
			if err != nil {
				v.log.Debug("picture not decoded", "user", v.userID, "source", v.source, "err", err)
			}
		} else {
			v.dropped.Add(1)
		}
		if !healthy {
			v.lost.Store(true)
		}
		select {
		case d.free <- f.Data:
		default:
		}
	}
}

// decode decodes one frame and shows it.
func (d *decoding) decode(decoder media.VideoDecoder, frame []byte) error {
	v := d.video
	began := media.Now()
	img, err := decoder.Decode(frame)
	if err != nil || img == nil {
		return err
	}
	v.decoded.Add(1)
	if err := v.viewer.show(v.codecs, img, v.active.Load); err != nil {
		return fmt.Errorf("show %v: %w", img.Rect.Size(), err)
	}
	ended := media.Now()
	v.took.add(ended, ended-began)
	return nil
}
