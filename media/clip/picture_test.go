package clip_test

import (
	"bytes"
	"image"
	"image/color"
	"testing"

	"parlor/media"
	"parlor/media/clip"
	"parlor/media/mediatest"
)

func TestDrawPicture_Number(t *testing.T) {
	for _, size := range []image.Point{{X: 1280, Y: 720}, {X: 640, Y: 360}, {X: 321, Y: 181}, {X: 100, Y: 56}, {X: 180, Y: 320}} {
		img := image.NewYCbCr(image.Rectangle{Max: size}, image.YCbCrSubsampleRatio420)
		small := image.NewYCbCr(image.Rect(0, 0, size.X/3, size.Y/3), image.YCbCrSubsampleRatio420)
		for variant := range 6 {
			for _, n := range []int64{0, 1, 2, 1000, 1<<24 - 1} {
				clip.DrawPicture(img, variant, n)
				if got, ok := clip.PictureNumber(img); !ok || got != n {
					t.Errorf("%v, variant %d: got %d, %v; want %d", size, variant, got, ok, n)
				}
				if size.X < 300 {
					continue
				}
				if err := (mediatest.Codecs{}).Scale(small, img); err != nil {
					t.Fatal(err)
				}
				if got, ok := clip.PictureNumber(small); !ok || got != n {
					t.Errorf("%v, a third of it: got %d, %v; want %d", size, got, ok, n)
				}
			}
		}
	}
}

func TestPictureNumber_None(t *testing.T) {
	img := image.NewYCbCr(image.Rect(0, 0, 64, 64), image.YCbCrSubsampleRatio420)
	for _, y := range []uint8{16, 235} {
		clip.Fill(img, img.Rect, color.YCbCr{Y: y})
		if n, ok := clip.PictureNumber(img); ok {
			t.Errorf("flat picture of %d: got %d", y, n)
		}
	}
	if n, ok := clip.PictureNumber(image.NewYCbCr(image.Rect(0, 0, 8, 8), image.YCbCrSubsampleRatio420)); ok {
		t.Errorf("tiny picture: got %d", n)
	}
}

// TestDrawPicture_AnySize: nothing is drawn outside, and nothing panics.
func TestDrawPicture_AnySize(t *testing.T) {
	for w := 1; w < 40; w++ {
		for h := 1; h < 20; h++ {
			img := image.NewYCbCr(image.Rect(0, 0, w, h), image.YCbCrSubsampleRatio420)
			for _, variant := range []int{0, 3, -1, 1 << 40} {
				clip.DrawPicture(img, variant, int64(w*h))
			}
		}
	}
}

func TestTestPicture_EveryFrameDiffers(t *testing.T) {
	src := clip.TestPicture(media.VideoFormat{Width: 64, Height: 36, Rate: 240})
	defer src.Close()
	var last []byte
	for range 20 {
		img := readOne(t, src).Image
		if bytes.Equal(last, img.Y) {
			t.Error("two pictures are the same")
		}
		last = bytes.Clone(img.Y)
	}
}

func TestFill(t *testing.T) {
	img := image.NewYCbCr(image.Rect(0, 0, 9, 7), image.YCbCrSubsampleRatio420)
	clip.Fill(img, image.Rect(3, 2, 6, 5), color.YCbCr{Y: 1, Cb: 2, Cr: 3})
	clip.Fill(img, image.Rect(-5, -5, -1, 100), color.YCbCr{Y: 9})
	for y := range 7 {
		for x := range 9 {
			inside := image.Pt(x, y).In(image.Rect(3, 2, 6, 5))
			if got := img.Y[img.YOffset(x, y)] == 1; got != inside {
				t.Errorf("luma at %d,%d: got %v, want %v", x, y, got, inside)
			}
			chroma := image.Pt(x/2, y/2).In(image.Rect(1, 1, 3, 3))
			if got := img.Cb[img.COffset(x, y)] == 2 && img.Cr[img.COffset(x, y)] == 3; got != chroma {
				t.Errorf("chroma at %d,%d: got %v, want %v", x, y, got, chroma)
			}
		}
	}
}

func TestYCbCr(t *testing.T) {
	for c, want := range map[color.RGBA]color.YCbCr{ // BT.601, studio range
		{A: 255}:                         {Y: 16, Cb: 128, Cr: 128},
		{R: 255, G: 255, B: 255, A: 255}: {Y: 235, Cb: 128, Cr: 128},
		{R: 255, A: 255}:                 {Y: 81, Cb: 90, Cr: 240},
		{G: 255, A: 255}:                 {Y: 145, Cb: 54, Cr: 34},
		{B: 255, A: 255}:                 {Y: 41, Cb: 240, Cr: 110},
	} {
		if got := clip.YCbCr(c); got != want {
			t.Errorf("YCbCr(%v): got %v, want %v", c, got, want)
		}
		back := clip.RGBA(want)
		for _, d := range []int{int(back.R) - int(c.R), int(back.G) - int(c.G), int(back.B) - int(c.B)} {
			if d > 2 || d < -2 {
				t.Errorf("RGBA(%v): got %v, want %v", want, back, c)
				break
			}
		}
	}
}
