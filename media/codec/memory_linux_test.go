package codec_test

import (
	"os"
	"strconv"
	"strings"
	"testing"

	"parlor/media"
	"parlor/media/codec"
)

// residentMemory returns what the process occupies, C's memory included, in bytes.
func residentMemory(t *testing.T) int {
	t.Helper()
	text, err := os.ReadFile("/proc/self/statm")
	if err != nil {
		t.Fatal(err)
	}
	pages, err := strconv.Atoi(strings.Fields(string(text))[1])
	if err != nil {
		t.Fatalf("/proc/self/statm %q: %v", text, err)
	}
	return pages * os.Getpagesize()
}

// Calls open and close codecs all day; the garbage collector does not see their memory.
func TestVP8_Close_FreesMemory(t *testing.T) {
	set := codec.New()
	img := newPicture(640, 360)
	bars(img, 1)
	cycle := func() {
		e, err := set.NewVideoEncoder(media.VideoEncoderConfig{Width: 640, Height: 360, Rate: 30, Bitrate: 500_000})
		if err != nil {
			t.Fatal(err)
		}
		defer e.Close()
		frame, _, err := e.Encode(img, 0, true)
		if err != nil {
			t.Fatal(err)
		}
		d, err := set.NewVideoDecoder()
		if err != nil {
			t.Fatal(err)
		}
		defer d.Close()
		if _, err := d.Decode(frame); err != nil {
			t.Fatal(err)
		}
		if _, err := d.Decode(frame[:len(frame)/2]); err == nil {
			t.Fatal("half a frame: got no error")
		}
	}
	for range 5 {
		cycle()
	}
	before := residentMemory(t)
	for range 50 {
		cycle()
	}
	// One leaked encoder or decoder of this size takes more than 1 MB, 50 of them 50.
	if grown := residentMemory(t) - before; grown > 20<<20 {
		t.Errorf("50 encoders and decoders: memory grew by %d MB", grown>>20)
	}
}

func TestNoiseSuppressor_Close_FreesMemory(t *testing.T) {
	set := codec.New()
	cycle := func() {
		n, err := set.NewNoiseSuppressor(media.NoiseHigh)
		if err != nil {
			t.Fatal(err)
		}
		n.Process(make([]int16, media.FrameSamples))
		if err := n.Close(); err != nil {
			t.Fatal(err)
		}
	}
	for range 50 {
		cycle()
	}
	before := residentMemory(t)
	for range 2000 {
		cycle()
	}
	// One leaked state takes some 50 kB, 2000 of them 100 MB.
	if grown := residentMemory(t) - before; grown > 20<<20 {
		t.Errorf("2000 noise suppressors: memory grew by %d MB", grown>>20)
	}
}
