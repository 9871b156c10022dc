package codec

/*
#cgo pkg-config: vpx
#include <stdlib.h>
#include <vpx/vpx_decoder.h>
#include <vpx/vp8dx.h>

typedef struct {
	vpx_codec_ctx_t ctx;
	vpx_image_t *picture; // newest picture, libvpx's memory; NULL when there is nothing to show
	int corrupted;        // the newest picture was made of damaged data
} decoder;

static vpx_codec_err_t decoder_open(decoder *d) {
	vpx_codec_dec_cfg_t cfg = {.threads = 1};
	return vpx_codec_dec_init(&d->ctx, vpx_codec_vp8_dx(), &cfg, 0);
}

static vpx_codec_err_t decoder_decode(decoder *d, const uint8_t *data, unsigned size) {
	d->picture = NULL;
	d->corrupted = 0;
	vpx_codec_err_t err = vpx_codec_decode(&d->ctx, data, size, NULL, 0);
	if (err) return err;
	if ((err = vpx_codec_control(&d->ctx, VP8D_GET_FRAME_CORRUPTED, &d->corrupted))) return err;
	vpx_codec_iter_t iter = NULL;
	d->picture = vpx_codec_get_frame(&d->ctx, &iter);
	return VPX_CODEC_OK;
}

static const char *decoder_error(decoder *d, vpx_codec_err_t err) {
	const char *detail = vpx_codec_error_detail(&d->ctx);
	return detail ? detail : vpx_codec_err_to_string(err);
}
*/
import "C"

import (
	"errors"
	"fmt"
	"image"
	"unsafe"

	"parlor/media"
)

// maxPixels bounds what a key frame may ask for: the header of a few bytes can demand
// 16383×16383 pixels, of which libvpx would allocate four. 5120×2880 is the largest screen
// that people share.
const maxPixels = 5120 * 2880

// ErrCorrupted is wrapped by the error of a frame that was decoded from damaged data or from
// a damaged frame before it: it takes a key frame to go on.
var ErrCorrupted = errors.New("frame is corrupted")

// vp8Decoder is one libvpx decoder with all of its memory in C.
type vp8Decoder struct {
	c       *C.decoder  // nil after Close
	picture image.YCbCr // the planes of libvpx's newest picture
}

// NewVideoDecoder returns a VP8 decoder on one thread. The first frame it can decode is a key
// frame; all before are errors.
func (s *Set) NewVideoDecoder() (media.VideoDecoder, error) {
	d := &vp8Decoder{c: (*C.decoder)(C.calloc(1, C.sizeof_decoder))}
	if code := C.decoder_open(d.c); code != C.VPX_CODEC_OK {
		C.free(unsafe.Pointer(d.c))
		return nil, errors.New("codec: open VP8 decoder: " + C.GoString(C.vpx_codec_err_to_string(code)))
	}
	return d, nil
}

// Decode implements media.VideoDecoder. A lost frame before this one is not noticed, that is
// for who counts packets. After an error the decoder can go on with a key frame.
func (d *vp8Decoder) Decode(frame []byte) (*image.YCbCr, error) {
	if d.c == nil {
		return nil, ErrClosed
	}
	if err := checkHeader(frame); err != nil {
		return nil, fmt.Errorf("codec: decode: %w", err)
	}
	if code := C.decoder_decode(d.c, (*C.uint8_t)(unsafe.Pointer(&frame[0])), C.uint(len(frame))); code != C.VPX_CODEC_OK {
		return nil, fmt.Errorf("codec: decode VP8 frame of %d bytes: %s", len(frame), C.GoString(C.decoder_error(d.c, code)))
	}
	if d.c.corrupted != 0 {
		return nil, fmt.Errorf("codec: decode VP8 frame of %d bytes: %w", len(frame), ErrCorrupted)
	}
	if d.c.picture == nil {
		return nil, nil
	}
	d.setPicture(d.c.picture)
	return &d.picture, nil
}

// checkHeader refuses what libvpx would take for something else (no bytes mean a lost frame)
// or would spend gigabytes on. RFC 6386 section 9.1.
func checkHeader(frame []byte) error {
	if len(frame) < 3 || len(frame) > 1<<30 {
		return fmt.Errorf("VP8 frame of %d bytes", len(frame))
	}
	if frame[0]&1 != 0 { // not a key frame: no size
		return nil
	}
	if len(frame) < 10 {
		return fmt.Errorf("VP8 key frame of %d bytes", len(frame))
	}
	w := (int(frame[6]) | int(frame[7])<<8) & maxSide
	h := (int(frame[8]) | int(frame[9])<<8) & maxSide
	if w*h == 0 || w*h > maxPixels {
		return fmt.Errorf("VP8 key frame of %d×%d pixels", w, h)
	}
	return nil
}

// setPicture makes d.picture a view of libvpx's planes.
func (d *vp8Decoder) setPicture(p *C.vpx_image_t) {
	w, h := int(p.d_w), int(p.d_h)
	ys, cs := int(p.stride[C.VPX_PLANE_Y]), int(p.stride[C.VPX_PLANE_U])
	view := func(plane C.int, stride, width, rows int) []byte {
		return unsafe.Slice((*byte)(p.planes[plane]), (rows-1)*stride+width)
	}
	cw, ch := (w+1)/2, (h+1)/2
	d.picture = image.YCbCr{
		Y:              view(C.VPX_PLANE_Y, ys, w, h),
		Cb:             view(C.VPX_PLANE_U, cs, cw, ch),
		Cr:             view(C.VPX_PLANE_V, cs, cw, ch),
		YStride:        ys,
		CStride:        cs,
		SubsampleRatio: image.YCbCrSubsampleRatio420,
		Rect:           image.Rect(0, 0, w, h),
	}
}

// Close frees the decoder and its last picture. It may be called again.
func (d *vp8Decoder) Close() error {
	if d.c == nil {
		return nil
	}
	d.picture = image.YCbCr{} // its planes are gone: an index error is better than a crash
	code := C.vpx_codec_destroy(&d.c.ctx)
	C.free(unsafe.Pointer(d.c))
	d.c = nil
	if code != C.VPX_CODEC_OK {
		return errors.New("codec: close VP8 decoder: " + C.GoString(C.vpx_codec_err_to_string(code)))
	}
	return nil
}
