package peer

import (
	"fmt"
	"image"
	"image/color"
	"log/slog"
	"runtime"
	"sync/atomic"
	"testing"
	"time"

	"github.com/pion/rtp"
	"github.com/pion/transport/v4/test"

	"parlor/media"
	"parlor/media/mediatest"
)

// slowCodecs decode when the test lets them.
type slowCodecs struct {
	mediatest.Codecs
	begun chan struct{} // one for each picture begun
	let   chan struct{} // one for each picture that may end; closed: all
}

type slowDecoder struct {
	media.VideoDecoder
	codecs *slowCodecs
}

func (s *slowCodecs) NewVideoDecoder() (media.VideoDecoder, error) {
	d, err := s.Codecs.NewVideoDecoder()
	return &slowDecoder{VideoDecoder: d, codecs: s}, err
}

func (d *slowDecoder) Decode(frame []byte) (*image.YCbCr, error) {
	d.codecs.begun <- struct{}{}
	<-d.codecs.let
	return d.VideoDecoder.Decode(frame)
}

// bench is one video fed by hand.
type bench struct {
	video   *video
	from    *assignment
	display *media.Display
	plis    int
	number  int
}

func newBench(codecs media.Codecs) *bench {
	b := &bench{video: newVideo(&remoteBase{userID: "u", source: media.Camera, codecs: codecs, log: slog.Default()}, new(atomic.Int64))}
	s := &section{sendPLI: func(uint32) error { b.plis++; return nil }, lastPLI: -pliInterval}
	b.from = &assignment{section: s, remote: b.video}
	stage := media.NewStage(func(func()) {}, time.Hour) // pictures are counted, not seen
	b.display = stage.NewDisplay(func(*image.RGBA) {})
	b.video.viewer.set(b.display)
	b.video.start()
	return b
}

// push brings a frame of one packet; 100 ms lie between two.
func (b *bench) push(key bool) {
	b.number++
	b.pushAt(key, uint32(b.number)*9000, time.Duration(b.number)*100*time.Millisecond)
}

// pushAt brings the frame b.number.
func (b *bench) pushAt(key bool, timestamp uint32, now time.Duration) {
	data := mediatest.AppendFlatVP8([]byte{0x10}, mediatest.FlatVP8{
		KeyFrame: key, Width: 16, Height: 16, Number: uint32(b.number), Color: color.YCbCr{Y: 100},
	})
	b.video.push(b.from, &rtp.Packet{
		Header:  rtp.Header{SequenceNumber: uint16(b.number), Timestamp: timestamp, Marker: true},
		Payload: data,
	}, now)
}

func TestVideo_SlowDecoder_DropsToTheNextKeyFrame(t *testing.T) {
	defer test.CheckRoutines(t)()
	codecs := &slowCodecs{begun: make(chan struct{}, 100), let: make(chan struct{})}
	b := newBench(codecs)
	b.push(true)
	<-codecs.begun // in work; decodeQueue more may wait
	for range decodeQueue {
		b.push(false)
	}
	if b.plis != 0 || b.video.dropped.Load() != 0 {
		t.Fatalf("%d requests, %d dropped, while there is room", b.plis, b.video.dropped.Load())
	}
	for range 5 { // half a second: two requests
		b.push(false)
	}
	if b.plis != 2 || b.video.dropped.Load() != 5 {
		t.Errorf("%d requests, %d dropped, want 2 and 5", b.plis, b.video.dropped.Load())
	}
	close(codecs.let)
	for range decodeQueue {
		<-codecs.begun
	}
	b.push(false) // still useless
	b.push(true)
	<-codecs.begun
	b.video.stop()
	b.video.release()
	s := b.video.stats(0)
	if s.Decoded+s.Dropped != uint64(b.number) || s.Dropped < 6 {
		t.Errorf("%d decoded, %d dropped of %d", s.Decoded, s.Dropped, b.number)
	}
}

func TestVideo_DecoderError_AsksForKeyFrame(t *testing.T) {
	defer test.CheckRoutines(t)()
	codecs := &slowCodecs{begun: make(chan struct{}, 100), let: make(chan struct{}, 100)}
	b := newBench(codecs)
	codecs.let <- struct{}{}
	b.push(true)
	b.number++ // a frame that is no VP8 inside, in an intact packet
	b.video.push(b.from, &rtp.Packet{
		Header:  rtp.Header{SequenceNumber: uint16(b.number), Timestamp: 1, Marker: true},
		Payload: []byte{0x10, 1, 2, 3},
	}, time.Duration(b.number)*100*time.Millisecond)
	codecs.let <- struct{}{}
	limit := time.After(10 * time.Second)
	for told := false; !told; told = b.video.lost.Load() {
		select {
		case <-limit:
			t.Fatal("the decoder never told that it failed")
		default:
			runtime.Gosched()
		}
	}
	if b.plis != 0 {
		t.Fatalf("%d requests before", b.plis)
	}
	b.push(false)
	if b.plis != 1 {
		t.Errorf("%d requests for a key frame, want 1", b.plis)
	}
	close(codecs.let)
	b.video.stop()
	b.video.release()
}

// countingCodecs count the decoders that are open.
type countingCodecs struct {
	mediatest.Codecs
	open atomic.Int64
}

type countedDecoder struct {
	media.VideoDecoder
	codecs *countingCodecs
}

func (c *countingCodecs) NewVideoDecoder() (media.VideoDecoder, error) {
	d, err := c.Codecs.NewVideoDecoder()
	c.open.Add(1)
	return &countedDecoder{d, c}, err
}

func (d *countedDecoder) Close() error {
	d.codecs.open.Add(-1)
	return d.VideoDecoder.Close()
}

// await waits for what a decoding goroutine does.
func await(t *testing.T, what string, ok func() bool) {
	t.Helper()
	for limit := time.After(10 * time.Second); !ok(); runtime.Gosched() {
		select {
		case <-limit:
			t.Fatalf("never: %s", what)
		default:
		}
	}
}

// TestVideo_OnlyVisibleIsDecoded: in a room of 25 whose window shows 12 there are 12 decoders.
func TestVideo_OnlyVisibleIsDecoded(t *testing.T) {
	defer test.CheckRoutines(t)()
	codecs := &countingCodecs{}
	room := make([]*bench, 25)
	for i := range room {
		room[i] = newBench(codecs)
	}
	turn := func(first int) { // to a page of 12
		for i, b := range room {
			b.display.SetVisible(i >= first && i < first+12)
		}
		for range 3 {
			for _, b := range room {
				b.push(true)
			}
		}
	}
	for _, c := range []struct {
		first int
		want  int64
	}{{0, 12}, {12, 12}, {24, 1}, {100, 0}, {5, 12}} {
		turn(c.first)
		await(t, fmt.Sprintf("%d decoders for the page from %d on", c.want, c.first), func() bool { return codecs.open.Load() == c.want })
	}
	for i, b := range room {
		b.video.stop()
		b.video.release()
		s := b.video.stats(media.Now())
		if s.Frames != 15 || s.Decoded > s.Frames || (s.DecodeMS > 0) != (s.Decoded > 0) {
			t.Errorf("track %d: %+v, want 15 frames, and a time for those decoded", i, s)
		}
	}
	if n := codecs.open.Load(); n != 0 {
		t.Errorf("%d decoders left", n)
	}
}

func TestVideo_Freezes(t *testing.T) {
	const ms = time.Millisecond
	type frame struct {
		sent, came time.Duration
		lost       int // frames before it
	}
	for _, c := range []struct {
		name   string
		frames []frame
		want   uint64
	}{
		{"even", []frame{{0, 0, 0}, {100 * ms, 100 * ms, 0}, {200 * ms, 210 * ms, 0}}, 0},
		{"a little late", []frame{{0, 0, 0}, {100 * ms, 450 * ms, 0}, {200 * ms, 460 * ms, 0}}, 0},
		{"late", []frame{{0, 0, 0}, {100 * ms, 550 * ms, 0}, {200 * ms, 560 * ms, 0}}, 1},
		{"muted for a minute", []frame{{0, 0, 0}, {time.Minute, time.Minute + 20*ms, 0}}, 0},
		{"a screen that stands still", []frame{{0, 0, 0}, {time.Second, time.Second, 0}, {2 * time.Second, 2050 * ms, 0}}, 0},
		{"cut", []frame{{0, 0, 0}, {2 * time.Second, 2 * time.Second, 5}, {2100 * ms, 2100 * ms, 0}}, 1},
		{"one lost", []frame{{0, 0, 0}, {200 * ms, 200 * ms, 1}}, 0},
	} {
		t.Run(c.name, func(t *testing.T) {
			b := newBench(nil)
			for _, f := range c.frames {
				b.number += 1 + f.lost
				if f.lost > 0 { // given up when the next one has waited for half a second
					b.pushAt(true, uint32(f.sent.Milliseconds()*90), f.came-600*ms)
					b.number++
				}
				b.pushAt(true, uint32(f.sent.Milliseconds()*90), f.came)
			}
			if got := b.video.stats(0).Freezes; got != c.want {
				t.Errorf("%d freezes, want %d", got, c.want)
			}
			b.video.stop()
			b.video.release()
		})
	}
}

func TestVideo_Inactive_TakesNothing(t *testing.T) {
	b := newBench(mediatest.Codecs{})
	b.video.stop()
	b.push(true)
	if s := b.video.stats(0); s.Packets != 0 || s.Frames != 0 {
		t.Errorf("counted %+v after the stop", s)
	}
	b.video.release()
}

func TestArrival_Jitter(t *testing.T) {
	for _, c := range []struct {
		name  string
		times []int // ms of arrival of packets 20 ms apart
		want  float64
	}{
		{"even", []int{0, 20, 40, 60}, 0},
		{"one late", []int{0, 36, 40}, 1 + (16.0-1)/16},
	} {
		var a arrival
		for i, ms := range c.times {
			a.add(&rtp.Packet{Header: rtp.Header{Timestamp: uint32(i * 960)}, Payload: []byte{1}}, 48000, time.Duration(ms)*time.Millisecond)
		}
		if d := a.jitterMS - c.want; d > 0.01 || d < -0.01 {
			t.Errorf("%s: jitter %.3f ms, want %.3f", c.name, a.jitterMS, c.want)
		}
		if a.packets != uint64(len(c.times)) || a.bytes != uint64(len(c.times)) {
			t.Errorf("%s: %d packets, %d bytes", c.name, a.packets, a.bytes)
		}
	}
}
