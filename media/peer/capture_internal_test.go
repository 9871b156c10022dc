package peer

import (
	"errors"
	"image"
	"io"
	"log/slog"
	"testing"
	"testing/synctest"
	"time"

	"github.com/pion/transport/v4/test"

	"parlor/media"
	"parlor/media/mediatest"
)

// fileSource is a source of encoded frames, handed over by the test.
type fileSource struct {
	frames   chan media.VideoFrame // none waiting: the test goes on when the capture has it
	requests int                   // for key frames
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
	return media.VideoFormat{Width: 16, Height: 16, Rate: 30}
}
func (f *fileSource) Close() error { return nil }

func TestVideoCapture_EncodedPassesThrough(t *testing.T) {
	defer test.CheckRoutines(t)()
	src := &fileSource{frames: make(chan media.VideoFrame)}
	lost := make(chan error, 1)
	c := NewVideoCapture(src, CaptureConfig{OnLost: func(err error) { lost <- err }, Log: slog.New(slog.DiscardHandler)})
	p := newPublication(media.Camera)
	tape := newTape(p)
	c.attach(p)
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

// keyCodecs count key frames.
type keyCodecs struct {
	mediatest.Codecs
	encoders []media.VideoEncoderConfig
}

func (k *keyCodecs) NewVideoEncoder(cfg media.VideoEncoderConfig) (media.VideoEncoder, error) {
	k.encoders = append(k.encoders, cfg)
	return k.Codecs.NewVideoEncoder(cfg)
}

func TestVideoCapture_KeyFrames(t *testing.T) {
	picture := func(size int) media.VideoFrame {
		return media.VideoFrame{Image: image.NewYCbCr(image.Rect(0, 0, size, size), image.YCbCrSubsampleRatio420)}
	}
	codecs := &keyCodecs{}
	src := &fileSource{frames: make(chan media.VideoFrame)}
	synctest.Test(t, func(t *testing.T) {
		c := &VideoCapture{cfg: CaptureConfig{Codecs: codecs}, src: src, lastKey: -keyInterval}
		p := newPublication(media.Screen)
		c.attach(p)
		if err := c.handle(picture(16)); err != nil || len(codecs.encoders) != 0 {
			t.Errorf("%d encoders while nothing is sent, %v", len(codecs.encoders), err)
		}
		tape := newTape(p)
		var keys []bool
		send := func(size int) {
			t.Helper()
			n := len(tape.packets)
			if err := c.handle(picture(size)); err != nil {
				t.Fatal(err)
			}
			if len(tape.packets) > n {
				_, _, key := media.VP8KeyFrame(tape.packets[n].Payload[4:])
				keys = append(keys, key)
			}
		}
		send(16) // the first one is
		send(16)
		c.requestKeyFrame()
		c.requestKeyFrame()
		send(16) // too early
		time.Sleep(keyInterval)
		send(16) // deferred, not dropped
		send(16) // and only one
		send(32) // another size: another encoder
		want := []bool{true, false, false, true, false, true}
		if len(keys) != len(want) {
			t.Fatalf("keys %v, want %v", keys, want)
		}
		for i := range want {
			if keys[i] != want[i] {
				t.Errorf("keys %v, want %v", keys, want)
				break
			}
		}
		c.closeCodecs()
	})
	if len(codecs.encoders) != 2 || !codecs.encoders[0].Screen || codecs.encoders[1].Width != 32 || codecs.encoders[0].Bitrate != 150_000 {
		t.Errorf("encoders %+v, want one for 16 pixels of screen and one for 32", codecs.encoders)
	}
}

func TestVideoBitrate(t *testing.T) {
	for height, want := range map[int]int{90: 150_000, 180: 150_000, 360: 500_000, 720: 1_500_000, 1080: 2_500_000} {
		if got := videoBitrate(height); got != want {
			t.Errorf("%d lines: %d bit/s, want %d", height, got, want)
		}
	}
}

func TestCapture_RawNeedsCodecs(t *testing.T) {
	c := &VideoCapture{src: &fileSource{}}
	p := newPublication(media.Camera)
	newTape(p)
	c.attach(p)
	if err := c.sendImage(media.VideoFrame{Image: &image.YCbCr{}}); err == nil {
		t.Error("no error for raw pictures without codecs")
	}
	a := &AudioCapture{}
	a.attach(p)
	if err := a.handle(media.AudioFrame{PCM: make([]int16, media.FrameSamples)}); err == nil {
		t.Error("no error for raw sound without codecs")
	}
}
