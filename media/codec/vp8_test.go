package codec_test

import (
	"errors"
	"image"
	"slices"
	"testing"
	"time"

	"parlor/media"
	"parlor/media/codec"
)

func TestVP8_RoundTrip(t *testing.T) {
	for _, tc := range []struct {
		name          string
		width, height int
		screen        bool
		want          float64 // dB
	}{
		{"180p", 320, 180, false, 30},
		{"360p", 640, 360, false, 30},
		{"screen", 640, 360, true, 30},
		{"odd both", 321, 181, false, 30},
		{"odd width", 177, 96, false, 30},
		{"less than a block", 9, 5, false, 25},
		{"one pixel", 1, 1, false, 20},
	} {
		t.Run(tc.name, func(t *testing.T) {
			e := newEncoder(t, media.VideoEncoderConfig{Width: tc.width, Height: tc.height, Rate: 30, Bitrate: 2_000_000, Screen: tc.screen})
			d := newDecoder(t)
			img := newPicture(tc.width, tc.height)
			for i := range 20 {
				bars(img, i)
				frame, key, err := e.Encode(img, frameAt(i), false)
				if err != nil || frame == nil {
					t.Fatalf("frame %d: got %d bytes, error %v", i, len(frame), err)
				}
				if want := i == 0; key != want {
					t.Errorf("frame %d: got key %v want %v", i, key, want)
				}
				got, err := d.Decode(frame)
				if err != nil || got == nil {
					t.Fatalf("frame %d: got picture %v, error %v", i, got, err)
				}
				if got.Rect != img.Rect {
					t.Fatalf("frame %d: got %v want %v", i, got.Rect, img.Rect)
				}
				if db := worstPSNR(img, got); db < tc.want {
					t.Errorf("frame %d: got PSNR %.1f dB want ≥ %.1f", i, db, tc.want)
				}
			}
		})
	}
}

// A SubImage has long strides and starts inside the planes; it must give the same bytes as a
// tight copy.
func TestVP8Encoder_Encode_SubImage(t *testing.T) {
	const w, h = 64, 48
	cfg := media.VideoEncoderConfig{Width: w, Height: h, Rate: 30, Bitrate: 500_000}
	big := newPicture(200, 100)
	sub := big.SubImage(image.Rect(20, 10, 20+w, 10+h)).(*image.YCbCr)
	tight := newPicture(w, h)
	bars(sub, 3)
	bars(tight, 3)
	want, _, err := newEncoder(t, cfg).Encode(tight, 0, false)
	if err != nil {
		t.Fatal(err)
	}
	got, _, err := newEncoder(t, cfg).Encode(sub, 0, false)
	if err != nil {
		t.Fatal(err)
	}
	if !slices.Equal(got, want) {
		t.Errorf("got %d bytes that differ from the %d of a copy", len(got), len(want))
	}
}

func TestVP8Encoder_Encode_ForceKey(t *testing.T) {
	e := newEncoder(t, media.VideoEncoderConfig{Width: 160, Height: 96, Rate: 30, Bitrate: 300_000})
	img := newPicture(160, 96)
	for i := range 12 {
		bars(img, i)
		force := i == 5 || i == 9
		frame, key, err := e.Encode(img, frameAt(i), force)
		if err != nil {
			t.Fatal(err)
		}
		if want := i == 0 || force; key != want {
			t.Errorf("frame %d: got key %v want %v", i, key, want)
		}
		if isKey := frame[0]&1 == 0; isKey != key {
			t.Errorf("frame %d: header says key %v, Encode %v", i, isKey, key)
		}
	}
}

// Time that stands still or runs backwards must not stop the picture.
func TestVP8Encoder_Encode_TimeDoesNotGrow(t *testing.T) {
	e := newEncoder(t, media.VideoEncoderConfig{Width: 32, Height: 32, Rate: 30, Bitrate: 300_000})
	img := newPicture(32, 32)
	for i, at := range []time.Duration{time.Hour, time.Hour, time.Minute, 0, 2 * time.Hour} {
		if _, _, err := e.Encode(img, at, true); err != nil {
			t.Errorf("frame %d at %v: %v", i, at, err)
		}
	}
}

// Rate control is judged by bits, over five seconds after two for settling.
func TestVP8Encoder_Bitrate(t *testing.T) {
	const w, h, fps = 320, 180, 30
	rate := func(e media.VideoEncoder, from, n int) int {
		img := newPicture(w, h)
		bits := 0
		for i := from; i < from+n; i++ {
			bars(img, i)
			frame, _, err := e.Encode(img, frameAt(i), false)
			if err != nil {
				t.Fatal(err)
			}
			bits += 8 * len(frame)
		}
		return bits * fps / n
	}
	e := newEncoder(t, media.VideoEncoderConfig{Width: w, Height: h, Rate: fps, Bitrate: 200_000})
	rate(e, 0, 60)
	low := rate(e, 60, 150)
	if low < 100_000 || low > 240_000 {
		t.Errorf("got %d bit/s want about 200000", low)
	}
	if err := e.SetBitrate(500_000); err != nil {
		t.Fatal(err)
	}
	rate(e, 210, 60)
	high := rate(e, 270, 150)
	if high < 300_000 || high > 600_000 {
		t.Errorf("after SetBitrate: got %d bit/s want about 500000", high)
	}
	t.Logf("asked 200000 got %d, asked 500000 got %d bit/s", low, high)
}

func TestVP8Encoder_Errors(t *testing.T) {
	set := codec.New()
	for _, cfg := range []media.VideoEncoderConfig{
		{},
		{Width: -1, Height: 90, Rate: 30, Bitrate: 1e5},
		{Width: 160, Height: 20000, Rate: 30, Bitrate: 1e5},
		{Width: 160, Height: 90, Rate: 0, Bitrate: 1e5},
		{Width: 160, Height: 90, Rate: 30, Bitrate: 999},
		{Width: 160, Height: 90, Rate: 30, Bitrate: 2e9},
	} {
		if e, err := set.NewVideoEncoder(cfg); err == nil {
			t.Errorf("%+v: got an encoder want an error", cfg)
			e.Close()
		}
	}
	e := newEncoder(t, media.VideoEncoderConfig{Width: 64, Height: 48, Rate: 30, Bitrate: 1e5})
	short := newPicture(64, 48)
	short.Cr = short.Cr[:len(short.Cr)-1]
	for name, img := range map[string]*image.YCbCr{
		"nil":        nil,
		"other size": newPicture(64, 46),
		"4:4:4":      image.NewYCbCr(image.Rect(0, 0, 64, 48), image.YCbCrSubsampleRatio444),
		"short":      short,
		"empty":      {},
	} {
		if _, _, err := e.Encode(img, 0, false); err == nil {
			t.Errorf("%s: got no error", name)
		}
	}
	if err := e.SetBitrate(0); err == nil {
		t.Error("SetBitrate(0): got no error")
	}
	if _, _, err := e.Encode(newPicture(64, 48), 0, false); err != nil {
		t.Errorf("after the errors: %v", err)
	}
}

func TestVP8_Close(t *testing.T) {
	e := newEncoder(t, media.VideoEncoderConfig{Width: 64, Height: 48, Rate: 30, Bitrate: 1e5})
	d := newDecoder(t)
	for range 2 {
		if err := e.Close(); err != nil {
			t.Error(err)
		}
		if err := d.Close(); err != nil {
			t.Error(err)
		}
	}
	if _, _, err := e.Encode(newPicture(64, 48), 0, false); !errors.Is(err, codec.ErrClosed) {
		t.Errorf("Encode: got %v want ErrClosed", err)
	}
	if err := e.SetBitrate(2e5); !errors.Is(err, codec.ErrClosed) {
		t.Errorf("SetBitrate: got %v want ErrClosed", err)
	}
	if _, err := d.Decode([]byte{1, 2, 3, 4}); !errors.Is(err, codec.ErrClosed) {
		t.Errorf("Decode: got %v want ErrClosed", err)
	}
}

// encoded returns n frames of moving bars, the first of them a key frame.
func encoded(tb testing.TB, w, h, n, bitrate int) [][]byte {
	tb.Helper()
	e := newEncoder(tb, media.VideoEncoderConfig{Width: w, Height: h, Rate: 30, Bitrate: bitrate})
	img := newPicture(w, h)
	var frames [][]byte
	for i := 0; len(frames) < n; i++ {
		bars(img, i)
		frame, _, err := e.Encode(img, frameAt(i), false)
		if err != nil {
			tb.Fatal(err)
		}
		if frame != nil {
			frames = append(frames, slices.Clone(frame))
		}
	}
	return frames
}

func TestVP8Decoder_Errors(t *testing.T) {
	frames := encoded(t, 160, 96, 3, 300_000)
	huge := slices.Clone(frames[0])
	huge[6], huge[7], huge[8], huge[9] = 0xff, 0x3f, 0xff, 0x3f
	for _, tc := range []struct {
		name  string
		frame []byte
	}{
		{"nil", nil},
		{"two bytes", []byte{0, 0}},
		{"key frame without size", frames[0][:9]},
		{"bad start code", append([]byte{frames[0][0], frames[0][1], frames[0][2], 1, 2, 3}, frames[0][6:]...)},
		{"16383×16383", huge},
		{"no key frame first", frames[1]},
		{"half a key frame", frames[0][:len(frames[0])/2]},
		{"zeros", make([]byte, 100)},
	} {
		t.Run(tc.name, func(t *testing.T) {
			d := newDecoder(t)
			if img, err := d.Decode(tc.frame); err == nil {
				t.Errorf("got picture %v want an error", img)
			}
			// It must be usable afterwards.
			for i, frame := range frames {
				if img, err := d.Decode(frame); err != nil || img == nil {
					t.Errorf("frame %d after the error: got picture %v, error %v", i, img, err)
				}
			}
		})
	}
}

// A key frame of another size in the middle of a stream is normal: the sender stepped down.
func TestVP8Decoder_Decode_SizeChanges(t *testing.T) {
	d := newDecoder(t)
	for _, size := range []image.Point{{320, 180}, {161, 91}, {640, 360}} {
		for i, frame := range encoded(t, size.X, size.Y, 3, 500_000) {
			img, err := d.Decode(frame)
			if err != nil || img == nil {
				t.Fatalf("%v frame %d: got picture %v, error %v", size, i, img, err)
			}
			if got := img.Rect.Size(); got != size {
				t.Errorf("frame %d: got %v want %v", i, got, size)
			}
		}
	}
}

// FuzzVP8Decoder_Decode feeds what may come from the network: no crash, and every picture
// can be read to its last sample.
func FuzzVP8Decoder_Decode(f *testing.F) {
	frames := encoded(f, 48, 33, 3, 300_000)
	for _, frame := range frames {
		f.Add(frame, frames[1])
		f.Add(frame[:len(frame)/2], frame)
	}
	f.Add([]byte{}, []byte{0, 0, 0})
	set := codec.New()
	f.Fuzz(func(t *testing.T, first, second []byte) {
		if w, h := claimed(first), claimed(second); w > 1<<20 || h > 1<<20 {
			return // allowed, but filling 100 MB per try finds nothing
		}
		d, err := set.NewVideoDecoder()
		if err != nil {
			t.Fatal(err)
		}
		defer d.Close()
		for _, frame := range [][]byte{first, second, frames[0], frames[1]} {
			img, err := d.Decode(frame)
			if err != nil || img == nil {
				continue
			}
			if err := set.ToRGBA(image.NewRGBA(image.Rect(0, 0, 16, 16)), img); err != nil {
				t.Fatalf("picture of %v: %v", img.Rect, err)
			}
		}
		if img, err := d.Decode(frames[0]); err != nil || img == nil {
			t.Errorf("good key frame after bad ones: got picture %v, error %v", img, err)
		}
	})
}

// claimed returns the pixels that the header of a key frame claims.
func claimed(frame []byte) int {
	if len(frame) < 10 || frame[0]&1 != 0 {
		return 0
	}
	return (int(frame[6]) | int(frame[7])<<8&0x3fff) * (int(frame[8]) | int(frame[9])<<8&0x3fff)
}

func TestVP8_Allocations(t *testing.T) {
	e := newEncoder(t, media.VideoEncoderConfig{Width: 160, Height: 96, Rate: 30, Bitrate: 300_000})
	d := newDecoder(t)
	img := newPicture(160, 96)
	bars(img, 0)
	i := 0
	if got := testing.AllocsPerRun(100, func() {
		frame, _, err := e.Encode(img, frameAt(i), i%30 == 0)
		if err != nil {
			t.Fatal(err)
		}
		if frame != nil {
			if _, err := d.Decode(frame); err != nil {
				t.Fatal(err)
			}
		}
		i++
	}); got != 0 {
		t.Errorf("encode and decode: got %v allocations want 0", got)
	}
}
