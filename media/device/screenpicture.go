package device

// #cgo LDFLAGS: -lyuv
// #include <libyuv.h>
import "C"

import (
	"fmt"
	"image"
	"unsafe"
)

// toI420 makes a 4:2:0 picture in the studio range of BT.601 of the upper left part of p that is as large as dst. In plain Go
// it takes fifteen times as long.
func toI420(dst *image.YCbCr, p screenPixels) error {
	size := dst.Rect.Size()
	if p.width < size.X || p.height < size.Y || p.stride < 4*p.width || len(p.pix) < (p.height-1)*p.stride+4*p.width {
		return fmt.Errorf("screen of %d×%d pixels in %d bytes, stride %d", p.width, p.height, len(p.pix), p.stride)
	}
	y, u, v := planesOf(dst)
	pix := (*C.uint8_t)(unsafe.Pointer(&p.pix[0]))
	stride, yStride, cStride := C.int(p.stride), C.int(dst.YStride), C.int(dst.CStride)
	// libyuv names formats after a little-endian word: its ARGB is B, G, R, A in memory.
	if p.redFirst {
		C.ABGRToI420(pix, stride, y, yStride, u, cStride, v, cStride, C.int(size.X), C.int(size.Y))
	} else {
		C.ARGBToI420(pix, stride, y, yStride, u, cStride, v, cStride, C.int(size.X), C.int(size.Y))
	}
	return nil
}

// scaleI420 fills dst from src. Shrinking averages over the area of each new pixel.
func scaleI420(dst, src *image.YCbCr) error {
	y, u, v := planesOf(src)
	toY, toU, toV := planesOf(dst)
	from, to := src.Rect.Size(), dst.Rect.Size()
	yStride, cStride := C.int(src.YStride), C.int(src.CStride)
	toYStride, toCStride := C.int(dst.YStride), C.int(dst.CStride)
	if C.I420Scale(y, yStride, u, cStride, v, cStride, C.int(from.X), C.int(from.Y),
		toY, toYStride, toU, toCStride, toV, toCStride, C.int(to.X), C.int(to.Y), C.kFilterBox) != 0 {
		return fmt.Errorf("cannot scale %v to %v", from, to)
	}
	return nil
}

// planesOf returns the planes of a picture that sized made.
func planesOf(img *image.YCbCr) (y, u, v *C.uint8_t) {
	return (*C.uint8_t)(unsafe.Pointer(&img.Y[0])), (*C.uint8_t)(unsafe.Pointer(&img.Cb[0])), (*C.uint8_t)(unsafe.Pointer(&img.Cr[0]))
}
