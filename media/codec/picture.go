package codec

// #cgo LDFLAGS: -lyuv
// #include <libyuv.h>
import "C"

import (
	"errors"
	"fmt"
	"image"
	"unsafe"
)

// maxSide is the longest side of a picture in pixels: VP8 has 14 bits for it (RFC 6386
// section 9.1), and it keeps all products below 2^31 for C.
const maxSide = 1<<14 - 1

// planes is a checked 4:2:0 picture as C wants it: every row that C will touch is inside the
// Go slices. The pointers may be to Go memory, so they are used up before they are stored.
type planes struct {
	y, u, v          *C.uint8_t
	yStride, cStride C.int // bytes
	width, height    C.int // pixels
}

// planesOf checks that img is 4:2:0 and that its slices are as long as its rectangle says.
func planesOf(img *image.YCbCr) (planes, error) {
	if img == nil {
		return planes{}, errors.New("no picture")
	}
	if img.SubsampleRatio != image.YCbCrSubsampleRatio420 {
		return planes{}, fmt.Errorf("picture is %v, want 4:2:0", img.SubsampleRatio)
	}
	w, h := img.Rect.Dx(), img.Rect.Dy()
	if w <= 0 || h <= 0 || w > maxSide || h > maxSide {
		return planes{}, fmt.Errorf("picture of %d×%d pixels", w, h)
	}
	if img.Rect.Min.X&1 != 0 || img.Rect.Min.Y&1 != 0 {
		return planes{}, fmt.Errorf("picture starts at %v, between two colour samples", img.Rect.Min)
	}
	cw, ch := (w+1)/2, (h+1)/2
	y, err := plane(img.Y, img.YOffset(img.Rect.Min.X, img.Rect.Min.Y), img.YStride, w, h)
	if err != nil {
		return planes{}, fmt.Errorf("plane Y: %w", err)
	}
	at := img.COffset(img.Rect.Min.X, img.Rect.Min.Y)
	u, err := plane(img.Cb, at, img.CStride, cw, ch)
	if err != nil {
		return planes{}, fmt.Errorf("plane Cb: %w", err)
	}
	v, err := plane(img.Cr, at, img.CStride, cw, ch)
	if err != nil {
		return planes{}, fmt.Errorf("plane Cr: %w", err)
	}
	return planes{y, u, v, C.int(img.YStride), C.int(img.CStride), C.int(w), C.int(h)}, nil
}

// plane returns the address of rows×stride bytes in pix from offset at, of which the last row
// may end after width bytes.
func plane(pix []byte, at, stride, width, rows int) (*C.uint8_t, error) {
	if stride < width || stride > 4*(maxSide+1) {
		return nil, fmt.Errorf("stride of %d bytes for rows of %d", stride, width)
	}
	if end := at + (rows-1)*stride + width; at < 0 || end > len(pix) {
		return nil, fmt.Errorf("%d bytes, want %d", len(pix), end)
	}
	return (*C.uint8_t)(unsafe.Pointer(&pix[at])), nil
}

// Scale fills dst from src; both are 4:2:0, and their sizes may differ. Shrinking averages over
// the area of each new pixel, growing is bilinear.
func (s *Set) Scale(dst, src *image.YCbCr) error {
	from, err := planesOf(src)
	if err != nil {
		return fmt.Errorf("codec: scale from: %w", err)
	}
	to, err := planesOf(dst)
	if err != nil {
		return fmt.Errorf("codec: scale to: %w", err)
	}
	return scale(to, from)
}

func scale(to, from planes) error {
	filter := C.enum_FilterMode(C.kFilterBilinear)
	if to.width < from.width || to.height < from.height {
		filter = C.kFilterBox
	}
	if C.I420Scale(from.y, from.yStride, from.u, from.cStride, from.v, from.cStride, from.width, from.height,
		to.y, to.yStride, to.u, to.cStride, to.v, to.cStride, to.width, to.height, filter) != 0 {
		return fmt.Errorf("codec: cannot scale %d×%d to %d×%d", from.width, from.height, to.width, to.height)
	}
	return nil
}

// ToRGBA fills dst from src with alpha 255. When their sizes differ, it scales first: fewer
// pixels are then converted.
func (s *Set) ToRGBA(dst *image.RGBA, src *image.YCbCr) error {
	from, err := planesOf(src)
	if err != nil {
		return fmt.Errorf("codec: convert from: %w", err)
	}
	if dst == nil {
		return errors.New("codec: convert to: no picture")
	}
	w, h := dst.Rect.Dx(), dst.Rect.Dy()
	if w <= 0 || h <= 0 || w > maxSide || h > maxSide {
		return fmt.Errorf("codec: convert to: picture of %d×%d pixels", w, h)
	}
	pix, err := plane(dst.Pix, dst.PixOffset(dst.Rect.Min.X, dst.Rect.Min.Y), dst.Stride, 4*w, h)
	if err != nil {
		return fmt.Errorf("codec: convert to: %w", err)
	}
	if C.int(w) != from.width || C.int(h) != from.height {
		scratch := s.picture(w, h)
		defer s.scratch.Put(scratch)
		to, err := planesOf(scratch)
		if err != nil {
			return fmt.Errorf("codec: convert: %w", err)
		}
		if err := scale(to, from); err != nil {
			return err
		}
		from = to
	}
	// libyuv names formats after a little endian word: its ABGR is R, G, B, A in memory.
	if C.I420ToABGR(from.y, from.yStride, from.u, from.cStride, from.v, from.cStride,
		pix, C.int(dst.Stride), from.width, from.height) != 0 {
		return fmt.Errorf("codec: cannot convert %d×%d to RGBA", w, h)
	}
	return nil
}

// picture returns a scratch picture of the given size for Set.scratch. Tiles change their size
// seldom, so what the pool gives nearly always has room.
func (s *Set) picture(w, h int) *image.YCbCr {
	cw, ch := (w+1)/2, (h+1)/2
	img, _ := s.scratch.Get().(*image.YCbCr)
	if img == nil || cap(img.Y) < w*h || cap(img.Cb) < cw*ch || cap(img.Cr) < cw*ch {
		return image.NewYCbCr(image.Rect(0, 0, w, h), image.YCbCrSubsampleRatio420)
	}
	img.Y, img.Cb, img.Cr = img.Y[:w*h], img.Cb[:cw*ch], img.Cr[:cw*ch]
	img.YStride, img.CStride = w, cw
	img.Rect = image.Rect(0, 0, w, h)
	return img
}
