package mediatest_test

import (
	"errors"
	"image"
	"image/color"
	"testing"

	"github.com/google/go-cmp/cmp"

	"parlor/media"
	"parlor/media/clip"
	"parlor/media/mediatest"
)

func flat(width, height int, c color.YCbCr) *image.YCbCr {
	img := image.NewYCbCr(image.Rect(0, 0, width, height), image.YCbCrSubsampleRatio420)
	clip.Fill(img, img.Rect, c)
	return img
}

func newCodec(t *testing.T, cfg media.VideoEncoderConfig) (media.VideoEncoder, media.VideoDecoder) {
	t.Helper()
	encoder, err := mediatest.Codecs{}.NewVideoEncoder(cfg)
	if err != nil {
		t.Fatal(err)
	}
	decoder, err := mediatest.Codecs{}.NewVideoDecoder()
	if err != nil {
		t.Fatal(err)
	}
	return encoder, decoder
}

func encode(t *testing.T, e media.VideoEncoder, img *image.YCbCr, force bool) (frame []byte, key bool) {
	t.Helper()
	frame, key, err := e.Encode(img, 0, force)
	if err != nil {
		t.Fatal(err)
	}
	return append([]byte(nil), frame...), key
}

func TestFlatVP8_RoundTrip(t *testing.T) {
	for _, size := range []image.Point{{X: 64, Y: 48}, {X: 33, Y: 17}, {X: 1, Y: 1}} {
		encoder, decoder := newCodec(t, media.VideoEncoderConfig{Width: size.X, Height: size.Y, Rate: 10, Bitrate: 80_000})
		for i, c := range []color.YCbCr{{Y: 200, Cb: 90, Cr: 30}, {Y: 16, Cb: 128, Cr: 128}, {Y: 1, Cb: 2, Cr: 3}} {
			frame, key := encode(t, encoder, flat(size.X, size.Y, c), i == 2)
			if want := i != 1; key != want {
				t.Errorf("frame %d: key is %v, want %v", i, key, want)
			}
			if want := map[bool]int{true: 4000, false: 1000}[key]; len(frame) != want {
				t.Errorf("frame %d: %d bytes, want %d", i, len(frame), want)
			}
			got, err := decoder.Decode(frame)
			if err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(flat(size.X, size.Y, c), got); diff != "" {
				t.Errorf("%v, frame %d (-want +got):\n%s", size, i, diff)
			}
		}
	}
}

func TestFlatVP8Decoder_NeedsEveryFrame(t *testing.T) {
	encoder, decoder := newCodec(t, media.VideoEncoderConfig{Width: 32, Height: 32})
	img := flat(32, 32, color.YCbCr{Y: 9})
	key, _ := encode(t, encoder, img, false)
	delta1, _ := encode(t, encoder, img, false)
	delta2, _ := encode(t, encoder, img, false)
	delta3, _ := encode(t, encoder, img, false)
	key2, _ := encode(t, encoder, img, true)
	steps := []struct {
		name  string
		frame []byte
		want  error
	}{
		{"delta first", delta1, mediatest.ErrMissingReference},
		{"key", key, nil},
		{"delta", delta1, nil},
		{"delta missing", delta3, mediatest.ErrMissingReference},
		{"all is lost until a key frame", delta2, mediatest.ErrMissingReference},
		{"key again", key2, nil},
		{"garbage", delta1[:len(delta1)-1], mediatest.ErrGarbage},
		{"nothing", nil, mediatest.ErrGarbage},
	}
	for _, s := range steps {
		if _, err := decoder.Decode(s.frame); !errors.Is(err, s.want) {
			t.Errorf("%s: got %v, want %v", s.name, err, s.want)
		}
	}
}

func TestFlatVP8_AnyByteMatters(t *testing.T) {
	frame := mediatest.AppendFlatVP8(nil, mediatest.FlatVP8{KeyFrame: true, Width: 8, Height: 8, Length: 100})
	for i := range frame {
		frame[i] ^= 4
		if _, err := mediatest.ParseFlatVP8(frame); !errors.Is(err, mediatest.ErrGarbage) {
			t.Errorf("byte %d changed: got %v", i, err)
		}
		frame[i] ^= 4
	}
}

func TestFlatVP8Encoder_Refuses(t *testing.T) {
	codecs := mediatest.Codecs{}
	for _, cfg := range []media.VideoEncoderConfig{{}, {Width: 1 << 14, Height: 4}, {Width: 4, Height: -1}} {
		if _, err := codecs.NewVideoEncoder(cfg); err == nil {
			t.Errorf("%+v: got no error", cfg)
		}
	}
	encoder, decoder := newCodec(t, media.VideoEncoderConfig{Width: 32, Height: 32})
	if _, _, err := encoder.Encode(flat(16, 32, color.YCbCr{}), 0, false); err == nil {
		t.Error("wrong size: got no error")
	}
	for range 2 {
		if err := errors.Join(encoder.Close(), decoder.Close()); err != nil {
			t.Fatal(err)
		}
	}
	if _, _, err := encoder.Encode(flat(32, 32, color.YCbCr{}), 0, false); err == nil {
		t.Error("closed: got no error")
	}
}

func FuzzFlatVP8Decoder(f *testing.F) {
	f.Add([]byte(nil))
	f.Add(mediatest.AppendFlatVP8(nil, mediatest.FlatVP8{KeyFrame: true, Width: 8, Height: 8}))
	f.Add(mediatest.AppendFlatVP8(nil, mediatest.FlatVP8{Number: 1, Length: 50}))
	f.Fuzz(func(t *testing.T, frame []byte) {
		decoder, err := mediatest.Codecs{}.NewVideoDecoder()
		if err != nil {
			t.Fatal(err)
		}
		img, err := decoder.Decode(frame)
		if (img == nil) == (err == nil) {
			t.Errorf("got %v, %v", img, err)
		}
	})
}

func TestCodecs_Convert(t *testing.T) {
	codecs := mediatest.Codecs{}
	for _, c := range []color.RGBA{{A: 255}, {R: 255, G: 255, B: 255, A: 255}, {R: 200, G: 30, B: 90, A: 255}} {
		src, dst := flat(33, 17, clip.YCbCr(c)), flat(10, 20, color.YCbCr{})
		if err := codecs.Scale(dst, src); err != nil {
			t.Fatal(err)
		}
		if diff := cmp.Diff(flat(10, 20, clip.YCbCr(c)), dst); diff != "" {
			t.Errorf("Scale (-want +got):\n%s", diff)
		}
		rgba := image.NewRGBA(image.Rect(5, 5, 12, 9))
		if err := codecs.ToRGBA(rgba, src); err != nil {
			t.Fatal(err)
		}
		for _, p := range []image.Point{{X: 5, Y: 5}, {X: 11, Y: 8}} {
			if got := rgba.RGBAAt(p.X, p.Y); !near(got.R, c.R) || !near(got.G, c.G) || !near(got.B, c.B) || got.A != 255 {
				t.Errorf("ToRGBA at %v: got %v, want %v", p, got, c)
			}
		}
	}
	wrong := image.NewYCbCr(image.Rect(0, 0, 4, 4), image.YCbCrSubsampleRatio422)
	empty := image.NewYCbCr(image.Rectangle{}, image.YCbCrSubsampleRatio420)
	for _, bad := range []*image.YCbCr{wrong, empty} {
		if codecs.Scale(flat(4, 4, color.YCbCr{}), bad) == nil || codecs.ToRGBA(image.NewRGBA(image.Rect(0, 0, 4, 4)), bad) == nil {
			t.Errorf("%v %v: got no error", bad.SubsampleRatio, bad.Rect)
		}
	}
}

func near(a, b uint8) bool { return max(a, b)-min(a, b) <= 2 }
