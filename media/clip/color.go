package clip

import (
	"image"
	"image/color"
	"math"
)

// YCbCr returns a colour as cameras give it: BT.601 with Y from 16 to 235, not the full range
// of package color. Alpha is ignored.
func YCbCr(c color.RGBA) color.YCbCr {
	r, g, b := float64(c.R), float64(c.G), float64(c.B)
	return color.YCbCr{
		Y:  toByte(16 + (65.481*r+128.553*g+24.966*b)/255),
		Cb: toByte(128 + (-37.797*r-74.203*g+112*b)/255),
		Cr: toByte(128 + (112*r-93.786*g-18.214*b)/255),
	}
}

// RGBA is the inverse of YCbCr.
func RGBA(c color.YCbCr) color.RGBA {
	y, cb, cr := 1.164383*(float64(c.Y)-16), float64(c.Cb)-128, float64(c.Cr)-128
	return color.RGBA{
		R: toByte(y + 1.596027*cr),
		G: toByte(y - 0.391762*cb - 0.812968*cr),
		B: toByte(y + 2.017232*cb),
		A: 255,
	}
}

func toByte(v float64) uint8 { return uint8(math.Round(min(max(v, 0), 255))) }

// Fill makes the part of a 4:2:0 picture that lies in r one colour. Edges of r are rounded
// outwards to even pixels for the colour, as chroma planes demand.
func Fill(img *image.YCbCr, r image.Rectangle, c color.YCbCr) {
	r = r.Intersect(img.Rect)
	if r.Empty() {
		return
	}
	luma := img.Y[img.YOffset(r.Min.X, r.Min.Y) : img.YOffset(r.Max.X-1, r.Min.Y)+1]
	fillBytes(luma, c.Y)
	for y := r.Min.Y + 1; y < r.Max.Y; y++ {
		copy(img.Y[img.YOffset(r.Min.X, y):], luma)
	}
	from, to := img.COffset(r.Min.X, r.Min.Y), img.COffset(r.Max.X-1, r.Min.Y)+1
	cb, cr := img.Cb[from:to], img.Cr[from:to]
	fillBytes(cb, c.Cb)
	fillBytes(cr, c.Cr)
	for y := r.Min.Y + 2 - r.Min.Y&1; y < r.Max.Y; y += 2 {
		at := img.COffset(r.Min.X, y)
		copy(img.Cb[at:], cb)
		copy(img.Cr[at:], cr)
	}
}

func fillBytes(b []byte, v byte) {
	for i := range b {
		b[i] = v
	}
}
