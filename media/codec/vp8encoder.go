package codec

/*
#cgo pkg-config: vpx
#include <stdlib.h>
#include <string.h>
#include <vpx/vpx_encoder.h>
#include <vpx/vp8cx.h>

typedef struct {
	vpx_codec_ctx_t ctx;
	vpx_codec_enc_cfg_t cfg;
	vpx_image_t picture; // planes are set only while encoder_encode runs
	const void *frame;   // newest frame, libvpx's memory; NULL when it was dropped
	size_t size;         // bytes of frame
	int key;
} encoder;

static vpx_codec_err_t encoder_control(encoder *e, int screen, unsigned max_intra_percent) {
	vpx_codec_err_t err;
	// A negative speed is kept as it is; a positive one would be a start for libvpx's own
	// choice, which spends whatever time there is.
	if ((err = vpx_codec_control(&e->ctx, VP8E_SET_CPUUSED, screen ? -12 : -6)) ||
	    (err = vpx_codec_control(&e->ctx, VP8E_SET_SCREEN_CONTENT_MODE, screen ? 1 : 0)) ||
	    (err = vpx_codec_control(&e->ctx, VP8E_SET_STATIC_THRESHOLD, screen ? 100 : 1)) ||
	    (err = vpx_codec_control(&e->ctx, VP8E_SET_NOISE_SENSITIVITY, 0)) ||
	    (err = vpx_codec_control(&e->ctx, VP8E_SET_TOKEN_PARTITIONS, VP8_ONE_TOKENPARTITION)) ||
	    (err = vpx_codec_control(&e->ctx, VP8E_SET_MAX_INTRA_BITRATE_PCT, max_intra_percent)))
		return err;
	return VPX_CODEC_OK;
}

static vpx_codec_err_t encoder_open(encoder *e, unsigned width, unsigned height,
                                    unsigned kbps, int screen, unsigned max_intra_percent) {
	vpx_codec_err_t err = vpx_codec_enc_config_default(vpx_codec_vp8_cx(), &e->cfg, 0);
	if (err) return err;
	e->cfg.g_w = width;
	e->cfg.g_h = height;
	e->cfg.g_timebase.num = 1;
	e->cfg.g_timebase.den = 90000; // RTP clock of VP8, RFC 7741 section 4.1
	e->cfg.g_threads = 1;          // helpers spin while they wait: 70 ms instead of 5 on two busy cores
	e->cfg.g_lag_in_frames = 0;
	e->cfg.g_pass = VPX_RC_ONE_PASS;
	e->cfg.g_error_resilient = 0;  // NACK and key frames on request repair loss; see NewVideoEncoder
	e->cfg.rc_end_usage = VPX_CBR;
	e->cfg.rc_target_bitrate = kbps;
	e->cfg.rc_min_quantizer = 2;
	e->cfg.rc_max_quantizer = 56;
	e->cfg.rc_dropframe_thresh = 30; // percent of the buffer
	e->cfg.rc_resize_allowed = 0;
	e->cfg.rc_undershoot_pct = 100;
	e->cfg.rc_overshoot_pct = 15;
	e->cfg.rc_buf_initial_sz = 500; // ms, these three as in libwebrtc
	e->cfg.rc_buf_optimal_sz = 600;
	e->cfg.rc_buf_sz = 1000;
	e->cfg.kf_mode = VPX_KF_AUTO;
	e->cfg.kf_min_dist = 0;
	e->cfg.kf_max_dist = 3000; // frames; receivers ask when they need one

	err = vpx_codec_enc_init(&e->ctx, vpx_codec_vp8_cx(), &e->cfg, 0);
	if (err) return err;
	if ((err = encoder_control(e, screen, max_intra_percent))) {
		vpx_codec_destroy(&e->ctx);
		return err;
	}
	vpx_img_wrap(&e->picture, VPX_IMG_FMT_I420, width, height, 1, (unsigned char *)e);
	return VPX_CODEC_OK;
}

// encoder_encode keeps no pointer to the planes: libvpx copies the picture into its own
// border-extended buffer first, and e->picture is cleared again.
static vpx_codec_err_t encoder_encode(encoder *e, uint8_t *y, uint8_t *u, uint8_t *v,
                                      int y_stride, int c_stride, int64_t pts,
                                      unsigned long duration, int force_key) {
	e->picture.planes[VPX_PLANE_Y] = y;
	e->picture.planes[VPX_PLANE_U] = u;
	e->picture.planes[VPX_PLANE_V] = v;
	e->picture.stride[VPX_PLANE_Y] = y_stride;
	e->picture.stride[VPX_PLANE_U] = c_stride;
	e->picture.stride[VPX_PLANE_V] = c_stride;
	e->frame = NULL;
	e->size = 0;
	e->key = 0;
	vpx_codec_err_t err = vpx_codec_encode(&e->ctx, &e->picture, pts, duration,
		force_key ? VPX_EFLAG_FORCE_KF : 0, VPX_DL_REALTIME);
	memset(e->picture.planes, 0, sizeof e->picture.planes);
	if (err) return err;
	vpx_codec_iter_t iter = NULL;
	for (const vpx_codec_cx_pkt_t *p; (p = vpx_codec_get_cx_data(&e->ctx, &iter)) != NULL;) {
		if (p->kind != VPX_CODEC_CX_FRAME_PKT || p->data.frame.sz == 0) continue;
		e->frame = p->data.frame.buf;
		e->size = p->data.frame.sz;
		e->key = (p->data.frame.flags & VPX_FRAME_IS_KEY) != 0;
	}
	return VPX_CODEC_OK;
}

static vpx_codec_err_t encoder_set_bitrate(encoder *e, unsigned kbps) {
	e->cfg.rc_target_bitrate = kbps;
	return vpx_codec_enc_config_set(&e->ctx, &e->cfg);
}

static const char *encoder_error(encoder *e, vpx_codec_err_t err) {
	const char *detail = vpx_codec_error_detail(&e->ctx);
	return detail ? detail : vpx_codec_err_to_string(err);
}
*/
import "C"

import (
	"errors"
	"fmt"
	"image"
	"time"
	"unsafe"

	"parlor/media"
)

// vp8Encoder is one libvpx encoder. All of its memory is C's: the garbage collector sees
// neither frames nor state.
type vp8Encoder struct {
	c        *C.encoder // nil after Close
	width    int
	height   int
	kbps     int
	duration C.ulong // of one frame at the expected rate, 1/90000 s
	pts      int64   // of the last frame, 1/90000 s
	started  bool    // pts is set
	forceKey bool    // a key frame was asked for and not made yet
}

// NewVideoEncoder returns a VP8 encoder for real time: one pass, constant bitrate, one thread,
// frames dropped when the buffer runs dry.
//
// It is not error resilient in libvpx's sense, as libwebrtc's is not without temporal layers:
// resilience forgets the entropy statistics at every frame, which costs bits always, whereas a
// lost packet is rare, is sent again by the server, and at last answered by a key frame.
func (s *Set) NewVideoEncoder(cfg media.VideoEncoderConfig) (media.VideoEncoder, error) {
	if cfg.Width <= 0 || cfg.Height <= 0 || cfg.Width > maxSide || cfg.Height > maxSide {
		return nil, fmt.Errorf("codec: encoder for %d×%d pixels", cfg.Width, cfg.Height)
	}
	if !(cfg.Rate > 0 && cfg.Rate <= 1000) {
		return nil, fmt.Errorf("codec: encoder for %g frames per second", cfg.Rate)
	}
	if cfg.Bitrate < 1000 || cfg.Bitrate > 1e9 {
		return nil, fmt.Errorf("codec: encoder for %d bit/s", cfg.Bitrate)
	}
	e := &vp8Encoder{
		width:    cfg.Width,
		height:   cfg.Height,
		kbps:     cfg.Bitrate / 1000,
		duration: C.ulong(max(1, media.VideoClock/cfg.Rate)),
	}
	// A key frame may fill half of the optimal buffer (600 ms), in percent of a mean frame,
	// and never less than three of those; as in libwebrtc.
	maxIntra := max(300, uint(600*0.5*cfg.Rate/10))
	screen := C.int(0)
	if cfg.Screen {
		screen = 1
	}
	e.c = (*C.encoder)(C.calloc(1, C.sizeof_encoder)) // cgo's calloc never returns nil
	if code := C.encoder_open(e.c, C.uint(cfg.Width), C.uint(cfg.Height), C.uint(e.kbps), screen, C.uint(maxIntra)); code != C.VPX_CODEC_OK {
		err := e.error("open", code)
		C.free(unsafe.Pointer(e.c))
		return nil, err
	}
	return e, nil
}

func (e *vp8Encoder) error(what string, code C.vpx_codec_err_t) error {
	return fmt.Errorf("codec: %s VP8 encoder of %d×%d: %s", what, e.width, e.height, C.GoString(C.encoder_error(e.c, code)))
}

// Encode implements media.VideoEncoder. The picture may have any stride and may be a SubImage
// with an even origin; the frame returned is libvpx's memory. Times that do not grow are taken
// as 1/90000 s later than the one before, because libvpx refuses them.
func (e *vp8Encoder) Encode(img *image.YCbCr, at time.Duration, forceKey bool) (frame []byte, key bool, err error) {
	if e.c == nil {
		return nil, false, ErrClosed
	}
	p, err := planesOf(img)
	if err != nil {
		return nil, false, fmt.Errorf("codec: encode: %w", err)
	}
	if int(p.width) != e.width || int(p.height) != e.height {
		return nil, false, fmt.Errorf("codec: encode: picture of %d×%d, encoder is for %d×%d", p.width, p.height, e.width, e.height)
	}
	pts := ticks(at)
	if e.started && pts <= e.pts {
		pts = e.pts + 1
	}
	e.pts, e.started = pts, true
	e.forceKey = e.forceKey || forceKey
	force := C.int(0)
	if e.forceKey {
		force = 1
	}
	if code := C.encoder_encode(e.c, p.y, p.u, p.v, p.yStride, p.cStride, C.int64_t(pts), e.duration, force); code != C.VPX_CODEC_OK {
		return nil, false, e.error("run", code)
	}
	if e.c.frame == nil {
		return nil, false, nil
	}
	key = e.c.key != 0
	if key {
		e.forceKey = false
	}
	return unsafe.Slice((*byte)(e.c.frame), int(e.c.size)), key, nil
}

// ticks returns d in units of 1/90000 s without overflow on the way.
func ticks(d time.Duration) int64 {
	s := d / time.Second
	return int64(s)*media.VideoClock + int64((d-s*time.Second)*media.VideoClock/time.Second)
}

// SetBitrate implements media.VideoEncoder. libvpx counts in kbit/s; a change below that is none.
func (e *vp8Encoder) SetBitrate(bitsPerSecond int) error {
	if e.c == nil {
		return ErrClosed
	}
	if bitsPerSecond < 1000 || bitsPerSecond > 1e9 {
		return fmt.Errorf("codec: bitrate of %d bit/s", bitsPerSecond)
	}
	if kbps := bitsPerSecond / 1000; kbps != e.kbps {
		if code := C.encoder_set_bitrate(e.c, C.uint(kbps)); code != C.VPX_CODEC_OK {
			return e.error("set bitrate of", code)
		}
		e.kbps = kbps
	}
	return nil
}

// Close frees the encoder and the last frame. It may be called again.
func (e *vp8Encoder) Close() error {
	if e.c == nil {
		return nil
	}
	code := C.vpx_codec_destroy(&e.c.ctx)
	C.free(unsafe.Pointer(e.c))
	e.c = nil
	if code != C.VPX_CODEC_OK {
		return errors.New("codec: close VP8 encoder: " + C.GoString(C.vpx_codec_err_to_string(code)))
	}
	return nil
}
