package device

import (
	"image"
	"image/color"
	"testing"
)

// Every layout of the same two-colour picture comes out the same: left dark, right light.
func TestConverter_Convert(t *testing.T) {
	const w, h = 16, 12
	left, right := color.YCbCr{Y: 60, Cb: 100, Cr: 150}, color.YCbCr{Y: 200, Cb: 140, Cr: 90}
	at := func(x int) color.YCbCr {
		if x < w/2 {
			return left
		}
		return right
	}
	ycbcr := func(ratio image.YCbCrSubsampleRatio, r image.Rectangle) *image.YCbCr {
		img := image.NewYCbCr(r, ratio)
		for y := r.Min.Y; y < r.Max.Y; y++ {
			for x := r.Min.X; x < r.Max.X; x++ {
				c := at(x - r.Min.X)
				img.Y[img.YOffset(x, y)], img.Cb[img.COffset(x, y)], img.Cr[img.COffset(x, y)] = c.Y, c.Cb, c.Cr
			}
		}
		return img
	}
	rgba := image.NewRGBA(image.Rect(0, 0, w, h))
	nrgba := image.NewNRGBA(image.Rect(0, 0, w, h))
	for y := range h {
		for x := range w {
			rgba.Set(x, y, at(x))
			nrgba.Set(x, y, at(x))
		}
	}
	studio := func(c color.YCbCr) color.YCbCr {
		full := newConverter(true)
		return color.YCbCr{Y: full.luma[c.Y], Cb: full.chroma[c.Cb], Cr: full.chroma[c.Cr]}
	}
	whole := image.Rect(0, 0, w, h)
	for _, tc := range []struct {
		name      string
		src       image.Image
		fullRange bool // of src, told to the converter
		rescaled  bool // src is in full range
	}{
		{"4:4:4", ycbcr(image.YCbCrSubsampleRatio444, whole), false, false},
		{"4:2:2", ycbcr(image.YCbCrSubsampleRatio422, whole), false, false},
		{"4:2:0", ycbcr(image.YCbCrSubsampleRatio420, whole), false, false},
		{"4:4:0", ycbcr(image.YCbCrSubsampleRatio440, whole), false, false},
		{"4:1:1", ycbcr(image.YCbCrSubsampleRatio411, whole), false, false},
		{"4:1:0", ycbcr(image.YCbCrSubsampleRatio410, whole), false, false},
		{"4:2:2 of odd size", ycbcr(image.YCbCrSubsampleRatio422, image.Rect(0, 0, w+1, h+1)), false, false},
		{"4:2:0 inside another", ycbcr(image.YCbCrSubsampleRatio420, image.Rect(0, 0, w+8, h+8)).SubImage(whole), false, false},
		{"JPEG 4:2:2", ycbcr(image.YCbCrSubsampleRatio422, whole), true, true},
		{"JPEG 4:2:0", ycbcr(image.YCbCrSubsampleRatio420, whole), true, true},
		{"RGBA", rgba, false, true},
		{"NRGBA", nrgba, false, true},
	} {
		t.Run(tc.name, func(t *testing.T) {
			c := newConverter(tc.fullRange)
			got, err := c.convert(nil, tc.src)
			if err != nil {
				t.Fatal(err)
			}
			if got.Rect != whole || got.SubsampleRatio != image.YCbCrSubsampleRatio420 {
				t.Fatalf("got %v %v want 4:2:0 of %v", got.SubsampleRatio, got.Rect, whole)
			}
			for y := range h {
				for x := range w {
					want := at(x)
					if tc.rescaled {
						want = studio(want)
					}
					if g := got.YCbCrAt(x, y); differ(g.Y, want.Y) || differ(g.Cb, want.Cb) || differ(g.Cr, want.Cr) {
						t.Fatalf("at %d,%d: got %v want %v", x, y, g, want)
					}
				}
			}
			if again, err := c.convert(got, tc.src); err != nil || again != got {
				t.Errorf("second time: got %p, error %v want the same picture %p", again, err, got)
			}
		})
	}
}

func differ(a, b uint8) bool { return max(a, b)-min(a, b) > 2 }

// Lines of alternating colour become their mean, not one of them.
func TestConverter_Convert_MeanColour(t *testing.T) {
	for _, ratio := range []image.YCbCrSubsampleRatio{image.YCbCrSubsampleRatio422, image.YCbCrSubsampleRatio444} {
		src := image.NewYCbCr(image.Rect(0, 0, 8, 8), ratio)
		for i := range src.Cb {
			src.Cb[i], src.Cr[i] = 80, 200
			if i/src.CStride%2 == 1 {
				src.Cb[i], src.Cr[i] = 120, 100
			}
		}
		var c converter
		got, err := c.convert(nil, src)
		if err != nil {
			t.Fatal(err)
		}
		for i := range got.Cb {
			if got.Cb[i] != 100 || got.Cr[i] != 150 {
				t.Fatalf("%v: got %d, %d want 100, 150", ratio, got.Cb[i], got.Cr[i])
			}
		}
	}
}

func TestConverter_Convert_Gray(t *testing.T) {
	src := image.NewGray(image.Rect(0, 0, 4, 4))
	for i := range src.Pix {
		src.Pix[i] = 255
	}
	c := newConverter(true)
	got, err := c.convert(nil, src)
	if err != nil {
		t.Fatal(err)
	}
	if g, want := got.YCbCrAt(3, 3), (color.YCbCr{Y: 235, Cb: 128, Cr: 128}); g != want {
		t.Errorf("got %v want %v", g, want)
	}
}

// FuzzConverter_Convert gives pictures whose fields contradict each other.
func FuzzConverter_Convert(f *testing.F) {
	f.Add(uint8(0), 0, 0, 16, 12, 16, 8, 192, 96)
	f.Add(uint8(1), 1, 3, 17, 13, 16, 8, 100, 10)
	f.Add(uint8(2), -2, -2, 4, 4, 1, 1, 9, 9)
	f.Add(uint8(99), 0, 0, 4, 4, 4, 4, 16, 16)
	f.Fuzz(func(t *testing.T, ratio uint8, x0, y0, x1, y1, ys, cs, ny, nc int) {
		if ny < 0 || ny > 1<<16 || nc < 0 || nc > 1<<16 {
			return
		}
		r := image.Rectangle{Min: image.Pt(x0, y0), Max: image.Pt(x1, y1)}
		if r.Dx() > 1<<10 || r.Dy() > 1<<10 {
			return // allowed, but takes memory
		}
		for _, src := range []image.Image{
			&image.YCbCr{Y: make([]byte, ny), Cb: make([]byte, nc), Cr: make([]byte, nc), YStride: ys, CStride: cs,
				SubsampleRatio: image.YCbCrSubsampleRatio(ratio), Rect: r},
			&image.Gray{Pix: make([]byte, ny), Stride: ys, Rect: r},
			&image.RGBA{Pix: make([]byte, ny), Stride: ys, Rect: r},
		} {
			c := newConverter(ratio&1 != 0)
			if got, err := c.convert(nil, src); err == nil && (got.Rect.Dx() > r.Dx() || len(got.Y) > ny) {
				t.Errorf("%T: got %v of %v with %d bytes", src, got.Rect, r, ny)
			}
		}
	})
}

func BenchmarkConverter_Convert(b *testing.B) {
	for _, bm := range []struct {
		name  string
		ratio image.YCbCrSubsampleRatio
		full  bool
	}{
		{"YUYV", image.YCbCrSubsampleRatio422, false},
		{"I420", image.YCbCrSubsampleRatio420, false},
		{"MJPEG", image.YCbCrSubsampleRatio422, true},
	} {
		b.Run("720p/"+bm.name+"/ours", func(b *testing.B) {
			src := image.NewYCbCr(image.Rect(0, 0, 1280, 720), bm.ratio)
			c := newConverter(bm.full)
			var dst *image.YCbCr
			var err error
			b.ReportAllocs()
			for b.Loop() {
				if dst, err = c.convert(dst, src); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}
