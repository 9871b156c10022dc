package main

import (
	"math"
	"testing"

	"parlor/media"
	"parlor/media/clip"
)

// speechSeconds is how long the test's voices are before they start again.
const speechSeconds = 8

// voice is a voice of its own for each seed.
func voice(seed int) []int16 { return clip.Speech(seed, speechSeconds*media.SampleRate) }

// decimate brings 48 kHz down to 4 kHz by averaging: enough for comparing voices.
func decimate(pcm []int16) []float64 {
	const factor = 12
	out := make([]float64, len(pcm)/factor)
	for i := range out {
		sum := 0.0
		for _, v := range pcm[i*factor : (i+1)*factor] {
			sum += float64(v)
		}
		out[i] = sum / factor
	}
	return out
}

// find looks for the second of heard that is most alike to some place in source, which repeats, and returns the
// normalised cross-correlation there, -1..1, and the delay of what was heard in seconds, modulo the length of the
// source.
func find(heard, source []int16) (correlation, delay float64) {
	h, s := decimate(heard), decimate(source)
	const window = 4000 // one second
	for start := 0; start+window <= len(h); start += window / 2 {
		segment := h[start : start+window]
		energy := dot(segment, segment)
		if energy < 1e6 {
			continue // a pause
		}
		for offset := range s {
			sum, own := 0.0, 0.0
			for i := 0; i < window; i += 2 { // every other sample does for the search
				v := s[(offset+i)%len(s)]
				sum += segment[i] * v
				own += v * v
			}
			if own == 0 {
				continue
			}
			if c := sum / math.Sqrt(own*energy/2); c > correlation {
				correlation = c
				delay = math.Mod(float64(start-offset)/4000+2*speechSeconds, speechSeconds)
			}
		}
	}
	return correlation, delay
}

func dot(a, b []float64) float64 {
	sum := 0.0
	for i := range a {
		sum += a[i] * b[i]
	}
	return sum
}

// TestFind: the measure itself tells one voice from another, and from silence.
func TestFind(t *testing.T) {
	a, b := voice(1), voice(2)
	shifted := append(append([]int16(nil), a[media.SampleRate:]...), a[:media.SampleRate]...)[:3*media.SampleRate]
	if c, delay := find(shifted, a); c < 0.95 || math.Abs(delay-7) > 0.01 {
		t.Errorf("a voice in itself: got correlation %.2f, delay %.3f s, want about 1 and 7 s", c, delay)
	}
	if c, _ := find(b[:3*media.SampleRate], a); c > 0.5 {
		t.Errorf("another voice: got correlation %.2f, want less than 0.5", c)
	}
	if c, _ := find(make([]int16, 3*media.SampleRate), a); c != 0 {
		t.Errorf("silence: got correlation %.2f, want 0", c)
	}
}
