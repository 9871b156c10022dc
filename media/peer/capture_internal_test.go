package peer

import (
	"cmp"
	"errors"
	"fmt"
	"image"
	"io"
	"log/slog"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	gocmp "github.com/google/go-cmp/cmp"
	"github.com/pion/transport/v4/test"

	"parlor/media"
	"parlor/media/mediatest"
)

// fileSource is a source of encoded frames, handed over by the test.
type fileSource struct {
	frames   chan media.VideoFrame // none waiting: the test goes on when the capture has it
	requests int                   // for key frames
	rate     float64               // 0: 30
}

func (f *fileSource) ReadVideo() (media.VideoFrame, error) {
	frame, ok := <-f.frames
	if !ok {
		return media.VideoFrame{}, io.EOF
	}
	return frame, nil
}
func (f *fileSource) RequestKeyFrame() { f.requests++ }
func (f *fileSource) Format() media.VideoFormat {
	return media.VideoFormat{Width: 16, Height: 16, Rate: cmp.Or(f.rate, 30)}
}
func (f *fileSource) Close() error { return nil }

func TestVideoCapture_EncodedPassesThrough(t *testing.T) {
	defer test.CheckRoutines(t)()
	src := &fileSource{frames: make(chan media.VideoFrame)}
	lost := make(chan error, 1)
	c := NewVideoCapture(src, CaptureConfig{OnLost: func(err error) { lost <- err }, Log: slog.New(slog.DiscardHandler)})
	p := newPublication(media.Camera)
	tape := newTape(p)
	publish(c, p)
	src.frames <- media.VideoFrame{Encoded: []byte{1}} // useless without the key frame: asks for one
	src.frames <- media.VideoFrame{Encoded: []byte{2}, KeyFrame: true}
	src.frames <- media.VideoFrame{Encoded: []byte{3}}
	close(src.frames)
	if err := <-lost; !errors.Is(err, io.EOF) {
		t.Errorf("lost for %v, want %v", err, io.EOF)
	}
	c.Close()
	if len(tape.packets) != 2 || tape.packets[0].Payload[4] != 2 || tape.packets[1].Payload[4] != 3 {
		t.Errorf("packets %v, want frames 2 and 3", tape.packets)
	}
	if src.requests != 1 {
		t.Errorf("asked %d times for a key frame, want once", src.requests)
	}
	if len(lost) != 0 {
		t.Error("OnLost was called twice")
	}
}

// keyCodecs remember what they were asked for.
type keyCodecs struct {
	mediatest.Codecs
	encoders []media.VideoEncoderConfig
	times    []time.Duration // of the pictures encoded
}

// timedEncoder is one of keyCodecs.
type timedEncoder struct {
	media.VideoEncoder
	codecs *keyCodecs
}

func (k *keyCodecs) NewVideoEncoder(cfg media.VideoEncoderConfig) (media.VideoEncoder, error) {
	k.encoders = append(k.encoders, cfg)
	encoder, err := k.Codecs.NewVideoEncoder(cfg)
	return &timedEncoder{encoder, k}, err
}

func (e *timedEncoder) Encode(img *image.YCbCr, at time.Duration, forceKey bool) ([]byte, bool, error) {
	e.codecs.times = append(e.codecs.times, at)
	return e.VideoEncoder.Encode(img, at, forceKey)
}

// publish gives the feed to the publication, as Peer does.
func publish(f Feed, p *publication) {
	p.setTarget(f)
	f.attach(p)
}

func picture(width, height int) *image.YCbCr {
	return image.NewYCbCr(image.Rect(0, 0, width, height), image.YCbCrSubsampleRatio420)
}

// studio is a capture driven by hand, with what it sent.
type studio struct {
	t       *testing.T
	codecs  *keyCodecs
	src     *fileSource
	capture *VideoCapture
	pub     *publication
	tape    *rtpTape
}

func newStudio(t *testing.T, cfg CaptureConfig) *studio {
	s := &studio{t: t, codecs: &keyCodecs{}, src: &fileSource{}}
	cfg.Codecs, cfg.Log = s.codecs, slog.New(slog.DiscardHandler)
	s.capture = newVideoCapture(s.src, cfg)
	s.pub = newPublication(media.Camera)
	publish(s.capture, s.pub)
	return s
}

// handle brings a picture, captured at at, and tells what was sent: "key 16x16", "delta" or "".
func (s *studio) handle(width, height int, at time.Duration) string {
	s.t.Helper()
	return s.sent(func() error { return s.capture.handle(media.VideoFrame{Image: picture(width, height), At: at}) })
}

func (s *studio) sent(do func() error) string {
	s.t.Helper()
	n := s.tape.count()
	if err := do(); err != nil {
		s.t.Fatal(err)
	}
	if s.tape.count() == n {
		return ""
	}
	if width, height, key := media.VP8KeyFrame(s.tape.packets[n].Payload[4:]); key {
		return fmt.Sprintf("key %dx%d", width, height)
	}
	return "delta"
}

func TestVideoCapture_KeyFrames(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := newStudio(t, CaptureConfig{})
		if err := s.capture.handle(media.VideoFrame{Image: picture(16, 16)}); err != nil || len(s.codecs.encoders) != 0 {
			t.Errorf("%d encoders while nothing is sent, %v", len(s.codecs.encoders), err)
		}
		s.tape = newTape(s.pub)
		var got []string
		send := func(width, height int) { got = append(got, s.handle(width, height, media.Now())) }
		send(16, 16) // the first one is
		send(16, 16)
		s.capture.requestKeyFrame()
		s.capture.requestKeyFrame()
		send(16, 16) // too early
		time.Sleep(keyInterval)
		send(16, 16) // deferred, not dropped
		send(16, 16) // and only one
		send(32, 16) // another size needs another encoder: too early
		send(64, 16)
		time.Sleep(keyInterval)
		send(64, 16)
		send(64, 16)
		want := []string{"key 16x16", "delta", "delta", "key 16x16", "delta", "", "", "key 64x16", "delta"}
		if diff := gocmp.Diff(want, got); diff != "" {
			t.Errorf("sent (-want +got):\n%s", diff)
		}
		s.capture.closeCodecs()
		if len(s.codecs.encoders) != 2 || s.codecs.encoders[0].Screen || s.codecs.encoders[1].Width != 64 || s.codecs.encoders[0].Bitrate != 150_000 {
			t.Errorf("encoders %+v, want one for 16 pixels and one for 64", s.codecs.encoders)
		}
	})
}

func TestVideoCapture_SetLargest(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := newStudio(t, CaptureConfig{Largest: media.VideoFormat{Width: 320}})
		s.tape = newTape(s.pub)
		at := time.Duration(0)
		second := func() (got []string) { // 30 pictures, which take a second
			for range 30 {
				time.Sleep(time.Second / 30)
				at += time.Second / 30
				if what := s.handle(640, 360, at); what != "" {
					got = append(got, what)
				}
			}
			return got
		}
		for _, c := range []struct {
			largest media.VideoFormat
			first   string
			frames  int
		}{
			{media.VideoFormat{Width: 320}, "key 320x180", 30},
			{media.VideoFormat{}, "key 640x360", 30},
			{media.VideoFormat{Width: 1280, Height: 720, Rate: 60}, "delta", 30},
			{media.VideoFormat{Width: 200, Height: 90, Rate: 15}, "key 160x90", 15},
			{media.VideoFormat{Width: 200, Height: 90, Rate: 24}, "key 160x90", 24},
			{media.VideoFormat{Width: 200, Height: 90, Rate: 1}, "key 160x90", 1},
			{media.VideoFormat{Width: -1, Height: -1, Rate: -1}, "key 640x360", 30},
		} {
			s.capture.SetLargest(c.largest)
			got := second()
			if len(got) == 0 || got[0] != c.first || len(got) < c.frames-1 || len(got) > c.frames+1 {
				t.Errorf("%v: %d frames from %q on, want %d from %q on", c.largest, len(got), got, c.frames, c.first)
			}
		}
		var stats SendStats
		s.capture.describe(&stats, media.Now())
		if stats.Width != 640 || stats.Height != 360 || stats.Bitrate != 500_000 {
			t.Errorf("statistics %+v, want 640x360 at 500 kbit/s", stats)
		}
		s.capture.closeCodecs()
	})
}

// settling is a rate at which the test's codec needs two frames for a picture: the deltas that follow a key frame are small.
const settling = 200

// TestVideoCapture_ScreenStandsStill: whoever comes sees the picture at once, although none comes from the source.
func TestVideoCapture_ScreenStandsStill(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := newStudio(t, CaptureConfig{Screen: true, Largest: media.VideoFormat{Width: 64}})
		s.src.frames, s.src.rate = make(chan media.VideoFrame), settling
		go s.capture.run()
		s.src.frames <- media.VideoFrame{Image: picture(128, 128), At: media.Now()} // before anybody is there
		after := func(d time.Duration, do func()) string {
			return s.sent(func() error {
				do()
				time.Sleep(d)
				synctest.Wait()
				return nil
			})
		}
		nothing := func() {}
		s.tape = &rtpTape{}
		if got := after(time.Second, nothing); got != "" {
			t.Errorf("sent %q to nobody", got)
		}
		for _, c := range []struct {
			what string
			do   func()
			wait time.Duration
			want string
		}{
			{"for the first receiver", func() {
				s.pub.setLive(true)
				s.pub.connect(&outlet{track: s.tape, wire: new(atomic.Uint64)})
			}, time.Millisecond, "key 64x64"},
			{"to make it sharper", nothing, time.Second, "delta"},
			{"when all is said", nothing, time.Minute, ""},
			{"on request", s.capture.requestKeyFrame, time.Millisecond, "key 64x64"},
			{"on a request that comes too early", s.capture.requestKeyFrame, screenKeyInterval / 2, "delta"},
			{"when its time has come", nothing, screenKeyInterval / 2, "key 64x64"},
			{"at the end", nothing, time.Minute, "delta"},
			{"long after", nothing, time.Minute, ""},
		} {
			if got := after(c.wait, c.do); got != c.want {
				t.Errorf("%s: sent %q, want %q", c.what, got, c.want)
			}
		}
		times := make(map[uint32]bool)
		for _, p := range s.tape.packets {
			times[p.Timestamp] = true
		}
		if frames := s.pub.snapshot().Frames; frames != 6 || len(times) != 6 {
			t.Errorf("%d times of %d frames, want 6 of 6", len(times), frames)
		}
		close(s.src.frames)
		s.capture.Close()
		if !s.codecs.encoders[0].Screen || s.codecs.encoders[0].Bitrate != 600_000 {
			t.Errorf("encoder %+v, want one for a screen", s.codecs.encoders[0])
		}
	})
}

// TestVideoCapture_ScreenSettles: the last picture of a movement is seen even when the rate left it out, and it is not sent for ever
// when it never gets sharp.
func TestVideoCapture_ScreenSettles(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := newStudio(t, CaptureConfig{Screen: true, Largest: media.VideoFormat{Rate: 5}})
		s.tape = newTape(s.pub)
		s.src.frames = make(chan media.VideoFrame)
		go s.capture.run()
		frames := func(want uint64, after time.Duration) {
			t.Helper()
			time.Sleep(after)
			synctest.Wait()
			if n := s.pub.snapshot().Frames; n != want {
				t.Errorf("%d frames, want %d", n, want)
			}
		}
		for range 3 {
			s.src.frames <- media.VideoFrame{Image: picture(16, 16), At: media.Now()}
			frames(1, 20*time.Millisecond)
		}
		frames(2, 200*time.Millisecond)
		frames(1+maxRepeats, time.Minute)
		frames(1+maxRepeats, time.Minute)
		close(s.src.frames)
		s.capture.Close()
	})
}

// TestVideoCapture_ScreenResized: while a window is being resized its pictures are few; the last one comes.
func TestVideoCapture_ScreenResized(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := newStudio(t, CaptureConfig{Screen: true})
		s.tape = newTape(s.pub)
		s.src.frames, s.src.rate = make(chan media.VideoFrame), settling
		go s.capture.run()
		for i := range 30 { // two seconds
			s.src.frames <- media.VideoFrame{Image: picture(100+2*i, 100), At: media.Now()}
			time.Sleep(time.Second / 15)
		}
		time.Sleep(time.Second)
		synctest.Wait()
		if n := len(s.codecs.encoders); n < 3 || n > 6 {
			t.Errorf("%d encoders for 30 sizes within 2 s, want one for each half second", n)
		}
		var widths []int // of the key frames
		for _, packet := range s.tape.packets {
			if width, _, key := media.VP8KeyFrame(packet.Payload[4:]); key && packet.Payload[0]&0x10 != 0 {
				widths = append(widths, width)
			}
		}
		if len(widths) != len(s.codecs.encoders) || widths[len(widths)-1] != 158 {
			t.Errorf("key frames of %v pixels, want the last to have 158", widths)
		}
		close(s.src.frames)
		s.capture.Close()
	})
}

// TestEncoding_Pause: rate control hears nothing of the time in which no picture came.
func TestEncoding_Pause(t *testing.T) {
	codecs := &keyCodecs{}
	e := &encoding{codecs: codecs}
	defer e.close()
	conf := e.config(image.Pt(16, 16), 30)
	for _, at := range []time.Duration{time.Hour, time.Hour + 30*time.Millisecond, 2 * time.Hour, time.Hour, time.Hour + time.Millisecond} {
		if _, _, err := e.encode(conf, picture(16, 16), at, false); err != nil {
			t.Fatal(err)
		}
	}
	want := []time.Duration{longestPause, longestPause + 30*time.Millisecond, 2*longestPause + 30*time.Millisecond,
		2*longestPause + 30*time.Millisecond, 2*longestPause + 31*time.Millisecond}
	if diff := gocmp.Diff(want, codecs.times); diff != "" {
		t.Errorf("times (-want +got):\n%s", diff)
	}
}

func TestFitSize(t *testing.T) {
	for _, c := range []struct {
		size          image.Point
		width, height int
		want          image.Point
	}{
		{image.Pt(1920, 1080), 1280, 720, image.Pt(1280, 720)},
		{image.Pt(1920, 1080), 1280, 0, image.Pt(1280, 720)},
		{image.Pt(1920, 1080), 0, 720, image.Pt(1280, 720)},
		{image.Pt(1920, 1200), 1280, 720, image.Pt(1152, 720)},
		{image.Pt(720, 1280), 1280, 720, image.Pt(404, 720)},
		{image.Pt(641, 361), 0, 0, image.Pt(641, 361)},
		{image.Pt(641, 361), 1280, 720, image.Pt(641, 361)},
		{image.Pt(641, 361), 640, 720, image.Pt(640, 360)},
		{image.Pt(4000, 2), 100, 100, image.Pt(100, 2)},
		{image.Pt(2, 4000), 1, 1, image.Pt(2, 2)},
		{image.Pt(640, 360), -5, -5, image.Pt(640, 360)},
	} {
		if got := fitSize(c.size, c.width, c.height); got != c.want {
			t.Errorf("%v in %dx%d: %v, want %v", c.size, c.width, c.height, got, c.want)
		}
	}
}

func TestPace(t *testing.T) {
	for _, c := range []struct {
		name         string
		source, rate float64
		want         int // of the frames of ten seconds
	}{
		{"no limit", 30, 0, 300}, {"the same", 30, 30, 300}, {"half", 30, 15, 150}, {"not whole", 30, 24, 240}, {"slower source", 10, 30, 100}, {"nearly", 30, 29, 290},
	} {
		var p pace
		sent := 0
		for i := range int(c.source * 10) {
			at := time.Hour + time.Duration(float64(i)/c.source*float64(time.Second))
			at += time.Duration(i%3-1) * 2 * time.Millisecond // no source is exact
			if p.due(at, c.rate) {
				p.sent(at, c.rate)
				sent++
			}
		}
		if sent < c.want-1 || sent > c.want+1 {
			t.Errorf("%s: %d frames, want %d", c.name, sent, c.want)
		}
	}
}

func TestWorkTime(t *testing.T) {
	var w workTime
	if got := w.meanMS(time.Minute); got != 0 {
		t.Errorf("%v ms of nothing", got)
	}
	w.add(10*time.Second, 4*time.Millisecond)
	if got := w.meanMS(10 * time.Second); got != 4 {
		t.Errorf("%v ms, want the first at once", got)
	}
	w.add(10*time.Second+100*time.Millisecond, 2*time.Millisecond)
	w.add(11*time.Second, 1*time.Millisecond)
	if got := w.meanMS(11 * time.Second); got != 1.5 {
		t.Errorf("%v ms, want 1.5", got)
	}
	if got := w.meanMS(15 * time.Second); got != 0 {
		t.Errorf("%v ms long after the work", got)
	}
}

func TestVideoBitrate(t *testing.T) {
	for _, c := range []struct {
		size         image.Point
		camera, page int
	}{
		{image.Pt(160, 90), 150_000, 600_000}, {image.Pt(320, 180), 150_000, 600_000}, {image.Pt(640, 360), 500_000, 600_000},
		{image.Pt(360, 640), 500_000, 600_000}, {image.Pt(1280, 720), 1_500_000, 1_500_000}, {image.Pt(1920, 1080), 2_500_000, 2_500_000},
		{image.Pt(3840, 2160), 2_500_000, 4_000_000},
	} {
		if camera, page := videoBitrate(c.size, false), videoBitrate(c.size, true); camera != c.camera || page != c.page {
			t.Errorf("%v: %d and %d bit/s, want %d and %d", c.size, camera, page, c.camera, c.page)
		}
	}
}

func TestCapture_RawNeedsCodecs(t *testing.T) {
	c := newVideoCapture(&fileSource{}, CaptureConfig{})
	p := newPublication(media.Camera)
	newTape(p)
	publish(c, p)
	if err := c.sendImage(media.VideoFrame{Image: &image.YCbCr{}}); err == nil {
		t.Error("no error for raw pictures without codecs")
	}
	a := &AudioCapture{}
	publish(a, p)
	if err := a.handle(media.AudioFrame{PCM: make([]int16, media.FrameSamples)}); err == nil {
		t.Error("no error for raw sound without codecs")
	}
}
