package codec_test

import (
	"image"
	"math"
	"testing"
	"time"

	"parlor/media"
	"parlor/media/codec"
)

// bars draws slanted bars with a gradient that moves two pixels per step: something that
// motion search can follow and that a constant picture is far from. Studio range.
func bars(img *image.YCbCr, step int) {
	r := img.Rect
	for y := range r.Dy() {
		row := img.Y[img.YOffset(r.Min.X, r.Min.Y+y):]
		for x := range r.Dx() {
			v := 40 + (x+2*step+y/2)%64*2
			if (x+2*step)/32%2 == 0 {
				v = 225 - (x+2*step)%64
			}
			row[x] = uint8(v)
		}
	}
	for y := range (r.Dy() + 1) / 2 {
		at := img.COffset(r.Min.X, r.Min.Y+2*y)
		for x := range (r.Dx() + 1) / 2 {
			img.Cb[at+x] = uint8(64 + (x+step)/16%8*16)
			img.Cr[at+x] = uint8(192 - (x+step)/16%8*16)
		}
	}
}

func newPicture(w, h int) *image.YCbCr {
	return image.NewYCbCr(image.Rect(0, 0, w, h), image.YCbCrSubsampleRatio420)
}

// psnr returns the peak signal to noise ratio of a plane of w×h samples, in dB.
func psnr(a, b []byte, aStride, bStride, w, h int) float64 {
	var sum float64
	for y := range h {
		for x := range w {
			d := float64(a[y*aStride+x]) - float64(b[y*bStride+x])
			sum += d * d
		}
	}
	if sum == 0 {
		return 100
	}
	return 10 * math.Log10(255*255*float64(w*h)/sum)
}

// worstPSNR returns the lowest of the three planes' ratios.
func worstPSNR(a, b *image.YCbCr) float64 {
	w, h := a.Rect.Dx(), a.Rect.Dy()
	cw, ch := (w+1)/2, (h+1)/2
	return min(psnr(a.Y, b.Y, a.YStride, b.YStride, w, h),
		psnr(a.Cb, b.Cb, a.CStride, b.CStride, cw, ch),
		psnr(a.Cr, b.Cr, a.CStride, b.CStride, cw, ch))
}

func newEncoder(tb testing.TB, cfg media.VideoEncoderConfig) media.VideoEncoder {
	tb.Helper()
	e, err := codec.New().NewVideoEncoder(cfg)
	if err != nil {
		tb.Fatal(err)
	}
	tb.Cleanup(func() {
		if err := e.Close(); err != nil {
			tb.Error(err)
		}
	})
	return e
}

func newDecoder(tb testing.TB) media.VideoDecoder {
	tb.Helper()
	d, err := codec.New().NewVideoDecoder()
	if err != nil {
		tb.Fatal(err)
	}
	tb.Cleanup(func() {
		if err := d.Close(); err != nil {
			tb.Error(err)
		}
	})
	return d
}

// frameAt returns the time of frame i at 30 frames per second, starting late like the clock
// of a program that runs for long.
func frameAt(i int) time.Duration {
	return time.Hour + time.Duration(i)*time.Second/30
}
