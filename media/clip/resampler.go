package clip

import (
	"math"

	"parlor/media"
)

// The low-pass filter of the resampler: a sinc under a Kaiser window. With 32 taps and this
// beta the images are 80 dB down and the highest seven per cent of the input's band are lost.
const (
	resamplerTaps   = 32
	resamplerBeta   = 7.86
	resamplerCutoff = 0.93 // of the input's Nyquist frequency
)

// resampler makes sound at media.SampleRate from a lower rate. Output sample n lies at n×rate/48000
// of the input, which gives only a few different phases, so the filters of all phases are tables and
// nothing drifts, however long it runs.
type resampler struct {
	step, phases int64                    // rate and media.SampleRate without their common divisor
	filters      [][resamplerTaps]float32 // by phase
	next         int64                    // output sample
	in           []float32
}

func newResampler(rate int) *resampler {
	g := gcd(rate, media.SampleRate)
	r := &resampler{step: int64(rate / g), phases: int64(media.SampleRate / g)}
	r.filters = make([][resamplerTaps]float32, r.phases)
	for p := range r.filters {
		r.filters[p] = kaiserSinc(float64(p) / float64(r.phases))
	}
	return r
}

func gcd(a, b int) int {
	for b != 0 {
		a, b = b, a%b
	}
	return a
}

// kaiserSinc returns the filter for a point that lies between taps/2-1 and taps/2, by fraction.
func kaiserSinc(fraction float64) (taps [resamplerTaps]float32) {
	const half = resamplerTaps / 2
	var h [resamplerTaps]float64
	sum := 0.0
	for i := range h {
		t := float64(i-half+1) - fraction // -half..half
		x := math.Pi * resamplerCutoff * t
		sinc := 1.0
		if x != 0 {
			sinc = math.Sin(x) / x
		}
		u := t / half
		h[i] = sinc * bessel0(resamplerBeta*math.Sqrt(max(0, 1-u*u)))
		sum += h[i]
	}
	for i := range h {
		taps[i] = float32(h[i] / sum) // every phase passes a constant as it is
	}
	return taps
}

// bessel0 is the modified Bessel function of the first kind, of order 0.
func bessel0(x float64) float64 {
	sum, term := 1.0, 1.0
	for k := 1.0; term > 1e-12*sum; k++ {
		term *= (x / 2 / k) * (x / 2 / k)
		sum += term
	}
	return sum
}

// fill makes the next samples; read fetches input samples from the first one on, which may be
// negative at the start.
func (r *resampler) fill(pcm []int16, read func(in []float32, first int64) error) error {
	const before = resamplerTaps/2 - 1
	first := r.next*r.step/r.phases - before
	last := (r.next+int64(len(pcm))-1)*r.step/r.phases + resamplerTaps/2
	if n := int(last - first + 1); cap(r.in) < n {
		r.in = make([]float32, n)
	} else {
		r.in = r.in[:n]
	}
	if err := read(r.in, first); err != nil {
		return err
	}
	for i := range pcm {
		at := (r.next + int64(i)) * r.step
		in := r.in[at/r.phases-before-first:]
		var sum float32
		for k, h := range &r.filters[at%r.phases] {
			sum += h * in[k]
		}
		pcm[i] = int16(math.Round(float64(min(max(sum, math.MinInt16), math.MaxInt16))))
	}
	r.next += int64(len(pcm))
	return nil
}
