package codec_test

import (
	"math"
	"math/rand/v2"
	"testing"

	"parlor/media"
	"parlor/media/clip"
	"parlor/media/codec"
)

// hiss is white noise of this loudness in -dBov.
func hiss(n int, level float64) []int16 {
	random := rand.New(rand.NewPCG(1, 2))
	pcm := make([]int16, n)
	for i := range pcm {
		pcm[i] = int16(random.NormFloat64() * 32767 * math.Pow(10, -level/20))
	}
	return pcm
}

func mix(a, b []int16) []int16 {
	sum := make([]int16, len(a))
	for i := range sum {
		sum[i] = int16(min(max(int(a[i])+int(b[i]), math.MinInt16), math.MaxInt16))
	}
	return sum
}

// suppress returns what becomes of pcm.
func suppress(tb testing.TB, level media.NoiseLevel, pcm []int16) []int16 {
	tb.Helper()
	n, err := codec.New().NewNoiseSuppressor(level)
	if err != nil {
		tb.Fatal(err)
	}
	defer n.Close()
	out := append([]int16(nil), pcm...)
	for at := 0; at+media.FrameSamples <= len(out); at += media.FrameSamples {
		n.Process(out[at : at+media.FrameSamples])
	}
	return out
}

// decibels is the power of sound relative to another of the same length.
func decibels(a, b []int16) float64 {
	var pa, pb float64
	for i := range a {
		pa += float64(a[i]) * float64(a[i])
		pb += float64(b[i]) * float64(b[i])
	}
	return 10 * math.Log10(pa/pb)
}

// correlation of a with b, which comes delay samples later.
func correlation(a, b []int16, delay int) float64 {
	var ab, aa, bb float64
	for i := range len(a) - delay {
		x, y := float64(a[i]), float64(b[i+delay])
		ab, aa, bb = ab+x*y, aa+x*x, bb+y*y
	}
	return ab / math.Sqrt(aa*bb)
}

// noiseDelay is how much later sound comes out of a noise suppressor, in samples.
const noiseDelay = media.SampleRate / 100

func TestNoiseSuppressor(t *testing.T) {
	const seconds, settled = 12, 3 * media.SampleRate
	speech := clip.Speech(0, seconds*media.SampleRate)
	for _, tc := range []struct {
		level   media.NoiseLevel
		noise   float64 // -dBov
		atLeast float64 // dB that noise is turned down
		atMost  float64
	}{
		{media.NoiseLow, 50, 6, 10},
		{media.NoiseMedium, 50, 12, 18},
		{media.NoiseHigh, 50, 18, 32},
		{media.NoiseAutomatic, 62, 6, 11}, // hardly heard as it is
		{media.NoiseAutomatic, 45, 18, 32},
	} {
		noise := hiss(len(speech), tc.noise)
		turnedDown := -decibels(suppress(t, tc.level, noise)[settled:], noise[settled:])
		if turnedDown < tc.atLeast || turnedDown > tc.atMost {
			t.Errorf("%s: noise turned down by %.1f dB want %g to %g", tc.level, turnedDown, tc.atLeast, tc.atMost)
		}
		said := suppress(t, tc.level, mix(speech, noise))
		if change := decibels(said[settled+noiseDelay:], speech[settled:len(speech)-noiseDelay]); math.Abs(change) > 2 {
			t.Errorf("%s: speech changed by %.1f dB want up to 2", tc.level, change)
		}
		if c := correlation(speech[settled:], said[settled:], noiseDelay); c < 0.95 {
			t.Errorf("%s: correlation with what was said %.3f want 0.95", tc.level, c)
		}
	}
}

func TestNoiseSuppressor_Silence(t *testing.T) {
	for _, level := range []media.NoiseLevel{media.NoiseLow, media.NoiseMedium, media.NoiseHigh, media.NoiseAutomatic} {
		for i, s := range suppress(t, level, make([]int16, 2*media.SampleRate)) {
			if s < -1 || s > 1 {
				t.Errorf("%s: silence became %d at sample %d", level, s, i)
				break
			}
		}
		// The loudest there is must not break it for what comes afterwards.
		square := make([]int16, media.SampleRate)
		for i := range square {
			square[i] = math.MaxInt16
			if i/50%2 == 0 {
				square[i] = math.MinInt16
			}
		}
		out := suppress(t, level, append(square, make([]int16, 4*media.SampleRate)...))
		if rest := media.AudioLevel(out[4*media.SampleRate:]); rest < 80 {
			t.Errorf("%s: -%d dBov three seconds after a loud noise want silence", level, rest)
		}
	}
}

func TestNoiseSuppressor_Use(t *testing.T) {
	set := codec.New()
	if n, err := set.NewNoiseSuppressor(media.NoiseDisable); n != nil || err != nil {
		t.Errorf("disable: got %v, %v want nothing", n, err)
	}
	if _, err := set.NewNoiseSuppressor("deafening"); err == nil {
		t.Error("unknown level: got no error")
	}
	n, err := set.NewNoiseSuppressor(media.NoiseHigh)
	if err != nil {
		t.Fatal(err)
	}
	odd := hiss(media.FrameSamples-1, 30)
	before := append([]int16(nil), odd...)
	n.Process(odd)
	n.Process(nil)
	for range 2 {
		if err := n.Close(); err != nil {
			t.Error(err)
		}
	}
	whole := append(odd, 0)
	n.Process(whole)
	if d := correlation(before, whole[:len(before)], 0); d < 1-1e-9 {
		t.Error("sound of another length, or after Close, was changed")
	}
}
