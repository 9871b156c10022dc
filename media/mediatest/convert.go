package mediatest

import (
	"errors"
	"fmt"
	"image"

	"parlor/media/clip"
)

// Scale implements media.Codecs by taking the nearest pixel.
func (Codecs) Scale(dst, src *image.YCbCr) error {
	if err := check420(dst, src); err != nil {
		return err
	}
	nearest(dst.Y, dst.YStride, dst.Rect.Size(), src.Y, src.YStride, src.Rect.Size())
	nearest(dst.Cb, dst.CStride, chromaSize(dst), src.Cb, src.CStride, chromaSize(src))
	nearest(dst.Cr, dst.CStride, chromaSize(dst), src.Cr, src.CStride, chromaSize(src))
	return nil
}

// ToRGBA implements media.Codecs.
func (Codecs) ToRGBA(dst *image.RGBA, src *image.YCbCr) error {
	if err := check420(src); err != nil {
		return err
	}
	to, from := dst.Rect.Size(), src.Rect.Size()
	if to.X < 1 || to.Y < 1 {
		return errors.New("mediatest: empty picture")
	}
	for y := range to.Y {
		for x := range to.X {
			c := src.YCbCrAt(src.Rect.Min.X+x*from.X/to.X, src.Rect.Min.Y+y*from.Y/to.Y)
			dst.SetRGBA(dst.Rect.Min.X+x, dst.Rect.Min.Y+y, clip.RGBA(c))
		}
	}
	return nil
}

func check420(pictures ...*image.YCbCr) error {
	for _, p := range pictures {
		if p.SubsampleRatio != image.YCbCrSubsampleRatio420 {
			return fmt.Errorf("mediatest: picture is %v, want 4:2:0", p.SubsampleRatio)
		}
		if p.Rect.Empty() {
			return errors.New("mediatest: empty picture")
		}
	}
	return nil
}

func chromaSize(p *image.YCbCr) image.Point {
	return image.Pt((p.Rect.Dx()+1)/2, (p.Rect.Dy()+1)/2)
}

func nearest(dst []byte, dstStride int, to image.Point, src []byte, srcStride int, from image.Point) {
	for y := range to.Y {
		line := src[y*from.Y/to.Y*srcStride:]
		for x := range to.X {
			dst[y*dstStride+x] = line[x*from.X/to.X]
		}
	}
}
