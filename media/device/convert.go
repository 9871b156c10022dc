package device

import (
	"fmt"
	"image"
	"image/color"
)

// converter makes pictures of a camera 4:2:0 in studio range. Not safe for concurrent use.
type converter struct {
	luma, chroma *[256]uint8 // nil: the camera gives studio range
}

// newConverter returns a converter from full range (JFIF: cameras that send JPEG) or from studio
// range (all other formats).
func newConverter(fullRange bool) converter {
	if !fullRange {
		return converter{}
	}
	c := converter{luma: new([256]uint8), chroma: new([256]uint8)}
	for i := range 256 {
		// ITU-R BT.601: black 16, white 235; colours 16 to 240 around 128.
		c.luma[i] = uint8(16 + (i*219+127)/255)
		c.chroma[i] = uint8(16 + (i*224+127)/255)
	}
	return c
}

// convert returns src as 4:2:0 with even sides (an odd last row or column is cut off), in dst when
// that has the right size, else in a new picture.
func (c *converter) convert(dst *image.YCbCr, src image.Image) (*image.YCbCr, error) {
	r := src.Bounds()
	w, h := r.Dx()&^1, r.Dy()&^1
	if w <= 0 || h <= 0 || w > 1<<14 || h > 1<<14 {
		return nil, fmt.Errorf("picture of %d×%d pixels", r.Dx(), r.Dy())
	}
	if dst == nil || dst.Rect.Dx() != w || dst.Rect.Dy() != h {
		dst = image.NewYCbCr(image.Rect(0, 0, w, h), image.YCbCrSubsampleRatio420)
	}
	switch src := src.(type) {
	case *image.YCbCr:
		return dst, c.convertYCbCr(dst, src)
	case *image.Gray:
		return dst, c.convertGray(dst, src)
	case *image.RGBA:
		return dst, convertRGBA(dst, src.Pix, src.Stride, src.PixOffset(r.Min.X, r.Min.Y))
	case *image.NRGBA: // cameras are opaque
		return dst, convertRGBA(dst, src.Pix, src.Stride, src.PixOffset(r.Min.X, r.Min.Y))
	}
	return nil, fmt.Errorf("picture of type %T", src)
}

// rows are the rows of one plane of a picture.
type rows struct {
	pix    []byte
	at     int // offset of the first row
	stride int
}

func (r rows) row(y, n int) []byte {
	at := r.at + y*r.stride
	return r.pix[at : at+n]
}

// check tells whether count rows of n bytes are there.
func (r rows) check(what string, count, n int) error {
	if r.stride < n || r.at < 0 || r.at+(count-1)*r.stride+n > len(r.pix) {
		return fmt.Errorf("plane %s of %d bytes, stride %d, for %d rows of %d", what, len(r.pix), r.stride, count, n)
	}
	return nil
}

func (c *converter) convertYCbCr(dst, src *image.YCbCr) error {
	w, h := dst.Rect.Dx(), dst.Rect.Dy()
	from := src.Rect.Min
	luma := rows{src.Y, src.YOffset(from.X, from.Y), src.YStride}
	if err := luma.check("Y", h, w); err != nil {
		return err
	}
	for y := range h {
		copyRow(dst.Y[y*dst.YStride:][:w], luma.row(y, w), c.luma)
	}
	across, down, err := subsampling(src.SubsampleRatio)
	if err != nil {
		return err
	}
	at := src.COffset(from.X, from.Y)
	for _, p := range []struct {
		name    string
		to, pix []byte
	}{{"Cb", dst.Cb, src.Cb}, {"Cr", dst.Cr, src.Cr}} {
		colour := rows{p.pix, at, src.CStride}
		if err := colour.check(p.name, (h+down-1)/down, (w+across-1)/across); err != nil {
			return err
		}
		c.convertChroma(p.to, dst.CStride, colour, image.Pt(w, h), across, down)
	}
	return nil
}

// subsampling returns how many pixels share a colour sample.
func subsampling(r image.YCbCrSubsampleRatio) (across, down int, err error) {
	switch r {
	case image.YCbCrSubsampleRatio444:
		return 1, 1, nil
	case image.YCbCrSubsampleRatio422:
		return 2, 1, nil
	case image.YCbCrSubsampleRatio420:
		return 2, 2, nil
	case image.YCbCrSubsampleRatio440:
		return 1, 2, nil
	case image.YCbCrSubsampleRatio411:
		return 4, 1, nil
	case image.YCbCrSubsampleRatio410:
		return 4, 2, nil
	}
	return 0, 0, fmt.Errorf("picture with subsampling %v", r)
}

// convertChroma averages the colour samples of each 2×2 pixels. size is in pixels.
func (c *converter) convertChroma(to []byte, stride int, from rows, size image.Point, across, down int) {
	n := (size.X + across - 1) / across
	for y := range size.Y / 2 {
		out := to[y*stride:][:size.X/2]
		top, bottom := from.row(2*y/down, n), from.row((2*y+1)/down, n)
		switch {
		case across == 2 && down == 2:
			copyRow(out, top, c.chroma)
			continue
		case across == 2:
			bottom = bottom[:len(top)]
			for x, a := range top {
				out[x] = uint8((int(a) + int(bottom[x]) + 1) / 2)
			}
		default:
			for x := range out {
				a, b := 2*x/across, (2*x+1)/across
				out[x] = uint8((int(top[a]) + int(top[b]) + int(bottom[a]) + int(bottom[b]) + 2) / 4)
			}
		}
		if c.chroma != nil {
			copyRow(out, out, c.chroma)
		}
	}
}

// copyRow copies a row, through a table if there is one.
func copyRow(to, from []byte, table *[256]uint8) {
	if table == nil {
		copy(to, from)
		return
	}
	to = to[:len(from)]
	for i, v := range from {
		to[i] = table[v]
	}
}

func (c *converter) convertGray(dst *image.YCbCr, src *image.Gray) error {
	w, h := dst.Rect.Dx(), dst.Rect.Dy()
	luma := rows{src.Pix, src.PixOffset(src.Rect.Min.X, src.Rect.Min.Y), src.Stride}
	if err := luma.check("Y", h, w); err != nil {
		return err
	}
	for y := range h {
		copyRow(dst.Y[y*dst.YStride:][:w], luma.row(y, w), c.luma)
	}
	for i := range dst.Cb {
		dst.Cb[i], dst.Cr[i] = 128, 128
	}
	return nil
}

func convertRGBA(dst *image.YCbCr, pix []byte, stride, at int) error {
	w, h := dst.Rect.Dx(), dst.Rect.Dy()
	from := rows{pix, at, stride}
	if err := from.check("RGBA", h, 4*w); err != nil {
		return err
	}
	full := newConverter(true)
	for y := 0; y < h; y += 2 {
		two := [2][]byte{from.row(y, 4*w), from.row(y+1, 4*w)}
		for x := 0; x < w; x += 2 {
			var cb, cr int
			for i, row := range two {
				for k := range 2 {
					p := row[4*(x+k):][:4]
					yy, b, r := color.RGBToYCbCr(p[0], p[1], p[2])
					dst.Y[(y+i)*dst.YStride+x+k] = full.luma[yy]
					cb, cr = cb+int(b), cr+int(r)
				}
			}
			c := y/2*dst.CStride + x/2
			dst.Cb[c], dst.Cr[c] = full.chroma[(cb+2)/4], full.chroma[(cr+2)/4]
		}
	}
	return nil
}
