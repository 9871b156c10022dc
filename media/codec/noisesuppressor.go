package codec

/*
#cgo pkg-config: speexdsp
#include <speex/speex_preprocess.h>

// set changes one number of the state; it fails for unknown requests only.
static int set(SpeexPreprocessState *st, int request, spx_int32_t value) {
	return speex_preprocess_ctl(st, request, &value);
}

static SpeexPreprocessState *suppressor_open(int block, int rate) {
	SpeexPreprocessState *st = speex_preprocess_state_init(block, rate);
	if (!st) return NULL;
	if (set(st, SPEEX_PREPROCESS_SET_DENOISE, 1) || set(st, SPEEX_PREPROCESS_SET_AGC, 0) ||
	    set(st, SPEEX_PREPROCESS_SET_DEREVERB, 0)) {
		speex_preprocess_state_destroy(st);
		return NULL;
	}
	return st;
}

static void suppressor_set(SpeexPreprocessState *st, int decibels) {
	set(st, SPEEX_PREPROCESS_SET_NOISE_SUPPRESS, decibels);
}
*/
import "C"

import (
	"errors"
	"fmt"
	"unsafe"

	"parlor/media"
)

// noiseBlock is how many samples are worked on at once, 10 ms. They overlap by half, so this is also the delay.
const noiseBlock = media.FrameSamples / 2

// The most that noise is turned down, in dB.
const (
	lowSuppression    = 8
	mediumSuppression = 15
	highSuppression   = 25
)

// noiseSuppressor is one preprocessor of libspeexdsp, which estimates noise by minimum statistics and turns it down per
// frequency band (Ephraim and Malah's estimator). All of its memory is C's.
type noiseSuppressor struct {
	c    *C.SpeexPreprocessState // nil after Close
	auto *noiseFloor             // nil: the suppression is fixed
}

// NewNoiseSuppressor implements media.Codecs. Sound comes out 10 ms later than it goes in.
func (s *Set) NewNoiseSuppressor(level media.NoiseLevel) (media.NoiseSuppressor, error) {
	n := &noiseSuppressor{}
	suppression := 0
	switch level {
	case media.NoiseDisable:
		return nil, nil
	case media.NoiseLow:
		suppression = lowSuppression
	case media.NoiseMedium:
		suppression = mediumSuppression
	case media.NoiseHigh:
		suppression = highSuppression
	case media.NoiseAutomatic:
		n.auto = newNoiseFloor()
		suppression = n.auto.suppression
	default:
		return nil, fmt.Errorf("codec: noise level %q", level)
	}
	if n.c = C.suppressor_open(noiseBlock, media.SampleRate); n.c == nil {
		return nil, errors.New("codec: open noise suppressor: libspeexdsp refused")
	}
	n.set(suppression)
	return n, nil
}

func (n *noiseSuppressor) set(decibels int) { C.suppressor_set(n.c, C.int(-decibels)) }

// Process implements media.NoiseSuppressor. Anything but a frame of FrameSamples is left as it is, as everything is after
// Close.
func (n *noiseSuppressor) Process(pcm []int16) {
	if n.c == nil || len(pcm) != media.FrameSamples {
		return
	}
	if n.auto != nil && n.auto.add(media.AudioLevel(pcm)) {
		n.set(n.auto.suppression)
	}
	for ; len(pcm) > 0; pcm = pcm[noiseBlock:] {
		C.speex_preprocess_run(n.c, (*C.spx_int16_t)(unsafe.Pointer(&pcm[0])))
	}
}

// Close frees the preprocessor. It may be called again.
func (n *noiseSuppressor) Close() error {
	if n.c != nil {
		C.speex_preprocess_state_destroy(n.c)
		n.c = nil
	}
	return nil
}

const (
	// pauseFloor is the loudness in -dBov that automatic suppression leaves of noise in pauses: that of a quiet room.
	pauseFloor = 70
	// floorFrames are 1.5 s, in which everybody who speaks pauses once.
	floorFrames = 75
	// floorStep is the least change of the noise, in dB, that changes the suppression.
	floorStep = 3
)

// noiseFloor measures the noise, as the quietest frame of the last 1.5 to 3 s, and says how much it must be turned down to
// be not heard in pauses.
type noiseFloor struct {
	suppression int      // dB
	quietest    [2]uint8 // -dBov, of this and of the last floorFrames; 0: none yet
	frames      int      // in quietest[0]
}

func newNoiseFloor() *noiseFloor { return &noiseFloor{suppression: mediumSuppression} }

// add takes the loudness of a frame in -dBov, and tells whether the suppression changed.
func (f *noiseFloor) add(level uint8) bool {
	f.quietest[0] = max(f.quietest[0], level)
	if f.frames++; f.frames < floorFrames {
		return false
	}
	noise := int(max(f.quietest[0], f.quietest[1]))
	f.quietest = [2]uint8{0, f.quietest[0]}
	f.frames = 0
	want := min(max(pauseFloor-noise, lowSuppression), highSuppression)
	if change := want - f.suppression; change > -floorStep && change < floorStep {
		return false
	}
	f.suppression = want
	return true
}
