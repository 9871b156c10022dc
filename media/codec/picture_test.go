package codec_test

import (
	"image"
	"image/color"
	"math"
	"sync"
	"testing"

	"parlor/media/codec"
)

func TestSet_ToRGBA_Colours(t *testing.T) {
	set := codec.New()
	for _, tc := range []struct {
		name      string
		y, cb, cr uint8
		want      color.RGBA
	}{
		// Studio range BT.601, the reference values of colour bars at 100 %.
		{"black", 16, 128, 128, color.RGBA{0, 0, 0, 255}},
		{"white", 235, 128, 128, color.RGBA{255, 255, 255, 255}},
		{"red", 81, 90, 240, color.RGBA{255, 0, 0, 255}},
		{"green", 145, 54, 34, color.RGBA{0, 255, 0, 255}},
		{"blue", 41, 240, 110, color.RGBA{0, 0, 255, 255}},
	} {
		t.Run(tc.name, func(t *testing.T) {
			src := newPicture(33, 17)
			fill(src, tc.y, tc.cb, tc.cr)
			for _, size := range []image.Point{{33, 17}, {16, 9}, {65, 40}, {8, 6}} {
				dst := image.NewRGBA(image.Rectangle{Max: size})
				if err := set.ToRGBA(dst, src); err != nil {
					t.Fatal(err)
				}
				for _, at := range []image.Point{{}, size.Div(2), size.Sub(image.Pt(1, 1))} {
					if got := dst.RGBAAt(at.X, at.Y); far(got, tc.want) {
						t.Errorf("%v at %v: got %v want %v", size, at, got, tc.want)
					}
				}
			}
		})
	}
}

func fill(img *image.YCbCr, y, cb, cr uint8) {
	for i := range img.Y {
		img.Y[i] = y
	}
	for i := range img.Cb {
		img.Cb[i], img.Cr[i] = cb, cr
	}
}

// far tells whether two colours differ by more than rounding.
func far(a, b color.RGBA) bool {
	off := func(x, y uint8) bool { return max(x, y)-min(x, y) > 5 }
	return off(a.R, b.R) || off(a.G, b.G) || off(a.B, b.B) || a.A != b.A
}

// A picture that goes down to a quarter and up again loses detail but not its shape.
func TestSet_Scale(t *testing.T) {
	set := codec.New()
	for _, size := range []image.Point{{640, 360}, {641, 361}} {
		src, small, back := newPicture(size.X, size.Y), newPicture(size.X/2, size.Y/2), newPicture(size.X, size.Y)
		for y := range size.Y {
			for x := range size.X {
				src.Y[y*src.YStride+x] = uint8(128 + 100*math.Sin(float64(x)/40)*math.Cos(float64(y)/40))
			}
		}
		fillChroma(src, 90, 160)
		if err := set.Scale(small, src); err != nil {
			t.Fatal(err)
		}
		if err := set.Scale(back, small); err != nil {
			t.Fatal(err)
		}
		if db := worstPSNR(src, back); db < 35 {
			t.Errorf("%v: got PSNR %.1f dB want ≥ 35", size, db)
		}
	}
}

func fillChroma(img *image.YCbCr, cb, cr uint8) {
	for i := range img.Cb {
		img.Cb[i], img.Cr[i] = cb, cr
	}
}

// Writing into a SubImage must leave everything around it alone.
func TestSet_SubImage(t *testing.T) {
	set := codec.New()
	src := newPicture(50, 40)
	fill(src, 200, 100, 100)

	yuv := newPicture(64, 64)
	fill(yuv, 7, 7, 7)
	inner := image.Rect(10, 12, 41, 33)
	if err := set.Scale(yuv.SubImage(inner).(*image.YCbCr), src); err != nil {
		t.Fatal(err)
	}
	rgba := image.NewRGBA(image.Rect(0, 0, 64, 64))
	if err := set.ToRGBA(rgba.SubImage(inner).(*image.RGBA), src); err != nil {
		t.Fatal(err)
	}
	for y := range 64 {
		for x := range 64 {
			in := image.Pt(x, y).In(inner)
			if got := yuv.Y[yuv.YOffset(x, y)] != 7; got != in {
				t.Fatalf("Scale at %d,%d: written %v want %v", x, y, got, in)
			}
			if got := rgba.RGBAAt(x, y) != (color.RGBA{}); got != in {
				t.Fatalf("ToRGBA at %d,%d: written %v want %v", x, y, got, in)
			}
		}
	}
}

func TestSet_PictureErrors(t *testing.T) {
	set := codec.New()
	cut := func(edit func(*image.YCbCr)) *image.YCbCr {
		img := newPicture(31, 21)
		edit(img)
		return img
	}
	for _, tc := range []struct {
		name string
		img  *image.YCbCr
	}{
		{"nil", nil},
		{"zero value", &image.YCbCr{}},
		{"4:2:2", image.NewYCbCr(image.Rect(0, 0, 32, 32), image.YCbCrSubsampleRatio422)},
		{"short Y", cut(func(m *image.YCbCr) { m.Y = m.Y[:len(m.Y)-1] })},
		{"short Cb", cut(func(m *image.YCbCr) { m.Cb = m.Cb[:len(m.Cb)-1] })},
		{"short Cr", cut(func(m *image.YCbCr) { m.Cr = m.Cr[:len(m.Cr)-1] })},
		{"no Cr", cut(func(m *image.YCbCr) { m.Cr = nil })},
		{"narrow Y stride", cut(func(m *image.YCbCr) { m.YStride-- })},
		{"narrow C stride", cut(func(m *image.YCbCr) { m.CStride-- })},
		{"negative stride", cut(func(m *image.YCbCr) { m.YStride = -31 })},
		{"endless stride", cut(func(m *image.YCbCr) { m.YStride = math.MaxInt })},
		{"too wide", cut(func(m *image.YCbCr) { m.Rect.Max.X = 1 << 20 })},
		{"upside down", cut(func(m *image.YCbCr) { m.Rect.Max.Y = -1 })},
		{"odd origin", newPicture(40, 40).SubImage(image.Rect(1, 0, 20, 20)).(*image.YCbCr)},
	} {
		t.Run(tc.name, func(t *testing.T) {
			good := newPicture(16, 16)
			if err := set.Scale(good, tc.img); err == nil {
				t.Error("Scale from it: got no error")
			}
			if err := set.Scale(tc.img, good); err == nil {
				t.Error("Scale to it: got no error")
			}
			if err := set.ToRGBA(image.NewRGBA(good.Rect), tc.img); err == nil {
				t.Error("ToRGBA from it: got no error")
			}
		})
	}
	short := image.NewRGBA(image.Rect(0, 0, 16, 16))
	short.Pix = short.Pix[:len(short.Pix)-1]
	narrow := image.NewRGBA(image.Rect(0, 0, 16, 16))
	narrow.Stride = 63
	for name, dst := range map[string]*image.RGBA{"nil": nil, "zero value": {}, "short": short, "narrow": narrow} {
		if err := set.ToRGBA(dst, newPicture(16, 16)); err == nil {
			t.Errorf("ToRGBA to %s: got no error", name)
		}
	}
}

// Many tiles convert at the same time, each to its own size, from one Set.
func TestSet_ToRGBA_Concurrent(t *testing.T) {
	set := codec.New()
	var done sync.WaitGroup
	for n := range 8 {
		done.Go(func() {
			src := newPicture(64, 48)
			fill(src, uint8(16+20*n), 128, 128)
			dst := image.NewRGBA(image.Rect(0, 0, 20+n, 40-n))
			grey := uint8((20*n*255 + 109) / 219)
			for range 200 {
				if err := set.ToRGBA(dst, src); err != nil {
					t.Error(err)
					return
				}
				if got, want := dst.RGBAAt(10, 10), (color.RGBA{grey, grey, grey, 255}); far(got, want) {
					t.Errorf("picture %d: got %v want %v", n, got, want)
					return
				}
			}
		})
	}
	done.Wait()
}

func TestSet_Allocations(t *testing.T) {
	set := codec.New()
	src, small := newPicture(640, 360), newPicture(320, 180)
	same, tile := image.NewRGBA(src.Rect), image.NewRGBA(small.Rect)
	for name, convert := range map[string]func() error{
		"Scale":                func() error { return set.Scale(small, src) },
		"ToRGBA":               func() error { return set.ToRGBA(same, src) },
		"ToRGBA to other size": func() error { return set.ToRGBA(tile, src) },
	} {
		if got := testing.AllocsPerRun(100, func() {
			if err := convert(); err != nil {
				t.Fatal(err)
			}
		}); got != 0 {
			t.Errorf("%s: got %v allocations want 0", name, got)
		}
	}
}

// FuzzSet_ToRGBA gives pictures whose fields contradict each other.
func FuzzSet_ToRGBA(f *testing.F) {
	f.Add(0, 0, 16, 16, 16, 8, 256, 64, 8, 8)
	f.Add(2, 2, 15, 9, 15, 8, 135, 40, 30, 1)
	f.Add(-4, -4, 4, 4, 8, 4, 64, 16, 1, 1)
	f.Add(0, 0, 1<<40, 1, 1<<40, 1<<39, 10, 10, 4, 4)
	set := codec.New()
	f.Fuzz(func(t *testing.T, x0, y0, x1, y1, ys, cs, ny, nc, w, h int) {
		if ny < 0 || ny > 1<<16 || nc < 0 || nc > 1<<16 || w < 0 || h < 0 || w > 256 || h > 256 {
			return
		}
		src := &image.YCbCr{
			Y: make([]byte, ny), Cb: make([]byte, nc), Cr: make([]byte, nc), YStride: ys, CStride: cs,
			SubsampleRatio: image.YCbCrSubsampleRatio420, Rect: image.Rectangle{Min: image.Pt(x0, y0), Max: image.Pt(x1, y1)},
		}
		err := set.ToRGBA(image.NewRGBA(image.Rect(0, 0, w, h)), src)
		if err == nil && (w == 0 || h == 0 || ny == 0) {
			t.Errorf("no error for %+v into %d×%d", src.Rect, w, h)
		}
	})
}
