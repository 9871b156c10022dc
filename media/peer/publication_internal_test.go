package peer

import (
	"bytes"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/pion/rtcp"
	"github.com/pion/rtp"
	"github.com/pion/rtp/codecs"

	"parlor/media"
)

// rtpTape is a way out which keeps the packets.
type rtpTape struct {
	mu      sync.Mutex
	packets []*rtp.Packet
}

// WriteRTP is the outlet's.
func (r *rtpTape) WriteRTP(p *rtp.Packet) error {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.packets = append(r.packets, p.Clone())
	return nil
}

// count is safe while the tape is written to.
func (r *rtpTape) count() int {
	r.mu.Lock()
	defer r.mu.Unlock()
	return len(r.packets)
}

// newTape connects a live publication to a tape.
func newTape(p *publication) *rtpTape {
	tape := &rtpTape{}
	p.setLive(true)
	p.connect(&outlet{track: tape, levelID: 3, wire: new(atomic.Uint64)})
	return tape
}

func TestPublication_WriteVideo(t *testing.T) {
	p := newPublication(media.Camera)
	p.sequence, p.clock, p.picture = 65534, 1000, 0x7fff
	tape := newTape(p)
	frame := make([]byte, 3000)
	for i := range frame {
		frame[i] = byte(i)
	}
	p.writeVideo(nil, frame, false, 0) // before the first key frame: nobody could decode it
	p.writeVideo(nil, frame, true, time.Second)
	p.writeVideo(nil, frame[:10], false, 2*time.Second)
	if n := len(tape.packets); n != 4 {
		t.Fatalf("%d packets, want 3 and 1", n)
	}
	var body []byte
	for i, packet := range tape.packets {
		var v codecs.VP8Packet
		payload, err := v.Unmarshal(packet.Payload)
		if err != nil {
			t.Fatal(err)
		}
		if i < 3 {
			body = append(body, payload...)
		}
		if n := packet.MarshalSize() + 16; n > media.RTPMTU+16 || len(packet.Payload) > media.RTPMTU-packetOverhead {
			t.Errorf("packet %d has %d bytes", i, n)
		}
		got := []any{packet.SequenceNumber, packet.Timestamp, packet.Marker, v.S, v.PictureID}
		want := [][]any{
			{uint16(65534), uint32(91000), false, uint8(1), uint16(0)},
			{uint16(65535), uint32(91000), false, uint8(0), uint16(0)},
			{uint16(0), uint32(91000), true, uint8(0), uint16(0)},
			{uint16(1), uint32(181000), true, uint8(1), uint16(1)},
		}[i]
		if diff := cmp.Diff(want, got); diff != "" {
			t.Errorf("packet %d: sequence, time, marker, S, picture id (-want +got):\n%s", i, diff)
		}
	}
	if !bytes.Equal(body, frame) {
		t.Error("the frame changed on its way into packets")
	}
	if s := p.snapshot(); s.Frames != 2 || s.Packets != 4 {
		t.Errorf("counted %+v, want 2 frames and 4 packets", s)
	}
}

func TestPublication_Live(t *testing.T) {
	p := newPublication(media.Camera)
	tape := newTape(p)
	p.writeVideo(nil, []byte{1}, true, 0)
	p.setLive(false)
	if sending, _ := p.active(); sending {
		t.Error("wants frames although nobody may see them")
	}
	p.writeVideo(nil, []byte{1}, true, 0)
	p.setLive(true)
	if sending, needKey := p.active(); !sending || !needKey {
		t.Error("does not begin with a key frame after a pause")
	}
	p.writeVideo(nil, []byte{1}, false, 0)
	p.writeVideo(nil, []byte{1}, true, 0)
	if n := len(tape.packets); n != 2 {
		t.Errorf("%d packets, want one before and one after the pause", n)
	}
	p.connect(nil)
	p.writeVideo(nil, []byte{1}, true, 0)
	again := newTape(p)
	p.writeVideo(nil, []byte{1}, true, 0)
	if n := len(tape.packets) + len(again.packets); n != 3 {
		t.Errorf("%d packets over two connections, want 3", n)
	}
	if a, b := tape.packets[1].SequenceNumber, again.packets[0].SequenceNumber; b != a+1 {
		t.Errorf("sequence went from %d to %d over a new connection", a, b)
	}
}

// TestPublication_SetTarget: another feed goes on where the one before was, whose last frames stay behind.
func TestPublication_SetTarget(t *testing.T) {
	p := newPublication(media.Camera)
	before, after := newVideoCapture(nil, CaptureConfig{}), newVideoCapture(nil, CaptureConfig{})
	p.setTarget(before)
	tape := newTape(p)
	p.writeVideo(before, []byte{1}, true, 3*time.Second)
	p.setTarget(after)
	if !after.keyWanted.Load() {
		t.Error("the new feed is not asked for a key frame")
	}
	p.writeVideo(before, []byte{2}, true, 4*time.Second) // was on its way
	p.writeVideo(after, []byte{3}, false, 4*time.Second) // nobody could decode it
	p.writeVideo(after, []byte{4}, true, 2*time.Second)  // its clock is behind
	p.writeVideo(after, []byte{5}, false, 5*time.Second)
	type sent struct {
		Content  byte
		Sequence uint16
		Time     uint32
	}
	var got []sent
	for _, packet := range tape.packets {
		got = append(got, sent{packet.Payload[4], packet.SequenceNumber - tape.packets[0].SequenceNumber, packet.Timestamp - p.clock})
	}
	want := []sent{{1, 0, 270_000}, {4, 1, 270_090}, {5, 2, 450_000}}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("packets (-want +got):\n%s", diff)
	}

	sound, voice := newPublication(media.Microphone), &AudioCapture{}
	sound.setTarget(voice)
	heard := newTape(sound)
	sound.writeAudio(&AudioCapture{}, []byte{1, 2, 3}, 20, time.Second)
	sound.writeAudio(voice, []byte{1, 2, 3}, 20, time.Second)
	if n := len(heard.packets); n != 1 {
		t.Errorf("%d packets of sound, want that of the feed that is published", n)
	}
}

func TestPublication_WriteAudio(t *testing.T) {
	const ms = time.Millisecond
	p := newPublication(media.Microphone)
	p.clock = 0
	tape := newTape(p)
	packet := []byte{1, 2, 3}
	for _, w := range []struct {
		at   time.Duration
		data []byte
	}{
		{1000 * ms, packet}, {1021 * ms, packet}, {1035 * ms, packet}, // a device's jitter
		{1060 * ms, nil}, {1080 * ms, packet[:2]}, // pauses of discontinuous transmission
		{1100 * ms, packet}, {1400 * ms, packet}, // the device lost sound
	} {
		p.writeAudio(nil, w.data, 20, w.at)
	}
	type sent struct {
		Time   uint32
		Marker bool
	}
	var got []sent
	for i, packet := range tape.packets {
		got = append(got, sent{packet.Timestamp, packet.Marker})
		var level rtp.AudioLevelExtension
		if err := level.Unmarshal(packet.GetExtension(3)); err != nil || level.Level != 20 || !level.Voice {
			t.Errorf("packet %d: level %+v %v, want 20 and voice", i, level, err)
		}
	}
	want := []sent{{48000, true}, {48960, false}, {49920, false}, {52800, true}, {67200, false}}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("packets (-want +got):\n%s", diff)
	}
}

func TestPublication_Feedback(t *testing.T) {
	feed := &AudioCapture{}
	video := newVideoCapture(nil, CaptureConfig{})
	p := newPublication(media.Microphone)
	p.feedback(0, false, true) // without a feed: nothing
	p.setTarget(feed)
	const own, other = 7, 8
	p.feedback(summarize([]rtcp.Packet{&rtcp.ReceiverReport{Reports: []rtcp.ReceptionReport{
		{SSRC: other, FractionLost: 128}, {SSRC: own, FractionLost: 64}, {SSRC: other, FractionLost: 0},
	}}}, own))
	if got := feed.loss.Load(); got != 25 || p.snapshot().LossPercent != 25 {
		t.Errorf("loss %d %%, want 25; statistics %+v", got, p.snapshot())
	}
	p.setLive(true)
	p.setLive(false)
	if got := p.snapshot().LossPercent; got != 0 {
		t.Errorf("loss %v %% of nothing", got)
	}
	p.setTarget(video)
	for _, c := range []struct {
		packet rtcp.Packet
		want   bool
	}{
		{&rtcp.PictureLossIndication{MediaSSRC: own}, true},
		{&rtcp.FullIntraRequest{FIR: []rtcp.FIREntry{{SSRC: other}, {SSRC: own}}}, true},
		{&rtcp.PictureLossIndication{MediaSSRC: other}, false},
		{&rtcp.FullIntraRequest{FIR: []rtcp.FIREntry{{SSRC: other}}}, false},
	} {
		video.keyWanted.Store(false)
		p.feedback(summarize([]rtcp.Packet{c.packet}, own))
		if got := video.keyWanted.Load(); got != c.want {
			t.Errorf("%+v: a key frame is asked for: %v, want %v", c.packet, got, c.want)
		}
	}
}

func TestPublication_Resent(t *testing.T) {
	p := newPublication(media.Camera)
	wire := new(atomic.Uint64)
	p.setLive(true)
	p.connect(&outlet{track: &rtpTape{}, wire: wire})
	for range 10 {
		p.writeVideo(nil, []byte{1}, true, 0)
	}
	wire.Store(13)
	if got := p.snapshot().Resent; got != 3 {
		t.Errorf("%d resent, want 3", got)
	}
	p.connect(nil)
	if got := p.snapshot().Resent; got != 3 {
		t.Errorf("%d resent after the connection went, want 3", got)
	}
}

func TestCoverSize(t *testing.T) {
	for _, c := range []struct{ width, height, tileWidth, tileHeight, wantWidth, wantHeight int }{
		{1280, 720, 320, 180, 320, 180},
		{1280, 720, 320, 320, 569, 320}, // the tile is taller: the sides hang over
		{1280, 720, 640, 100, 640, 360},
		{640, 480, 320, 180, 320, 240},
		{320, 180, 640, 360, 320, 180}, // never upscaled
		{320, 180, 100, 360, 320, 180},
		{1280, 720, 0, 0, 1280, 720}, // not laid out yet
		{3, 1000, 1, 1, 1, 333},
		{1000, 3, 1, 1, 333, 1},
	} {
		w, h := coverSize(c.width, c.height, c.tileWidth, c.tileHeight)
		if w != c.wantWidth || h != c.wantHeight {
			t.Errorf("%dx%d in %dx%d: %dx%d, want %dx%d", c.width, c.height, c.tileWidth, c.tileHeight, w, h, c.wantWidth, c.wantHeight)
		}
	}
}

// TestVideoTime: the clock runs evenly for days.
func TestVideoTime(t *testing.T) {
	for _, hours := range []int{0, 1, 28, 29, 1000} {
		at := time.Duration(hours)*time.Hour + 123456789
		if got := videoTime(at+time.Second) - videoTime(at); got != media.VideoClock {
			t.Errorf("after %d h a second has %d ticks, want %d", hours, got, media.VideoClock)
		}
	}
}
