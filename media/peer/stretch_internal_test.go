package peer

import (
	"math"
	"math/rand/v2"
	"testing"

	"parlor/media"
)

func wave(n int, hz, amplitude float64) []int16 {
	pcm := make([]int16, n, 2*n)
	for i := range pcm {
		pcm[i] = int16(amplitude * math.Sin(2*math.Pi*hz*float64(i)/media.SampleRate))
	}
	return pcm
}

// swell is a wave that begins at its peak and grows to twice its size: periods differ.
func swell(n int, hz, amplitude float64) []int16 {
	pcm := make([]int16, n, 2*n)
	for i := range pcm {
		grown := amplitude * (1 + float64(i)/float64(n))
		pcm[i] = int16(grown * math.Cos(2*math.Pi*hz*float64(i)/media.SampleRate))
	}
	return pcm
}

// roughest is the largest step between neighbours.
func roughest(pcm []int16) int {
	worst := 0
	for i := 1; i < len(pcm); i++ {
		worst = max(worst, int(math.Abs(float64(pcm[i])-float64(pcm[i-1]))))
	}
	return worst
}

func TestStretch_KeepsPitch(t *testing.T) {
	for _, hz := range []float64{90, 150, 220, 350} {
		for name, change := range map[string]func([]int16, bool) ([]int16, int){"remove": removePeriod, "repeat": repeatPeriod} {
			sound := swell(3*media.FrameSamples/2, hz, 5000)
			smooth := roughest(sound)
			got, changed := change(sound, false)
			if changed == 0 {
				t.Errorf("%s at %v Hz: nothing done", name, hz)
				continue
			}
			want := len(sound) - changed
			if name == "repeat" {
				want = len(sound) + changed
			}
			if len(got) != want {
				t.Errorf("%s at %v Hz: %d samples, want %d", name, hz, len(got), want)
			}
			periods := float64(changed) * hz / media.SampleRate
			if off := math.Abs(periods - math.Round(periods)); off > 0.06 {
				t.Errorf("%s at %v Hz: changed by %.2f periods, want whole ones", name, hz, periods)
			}
			if r := roughest(got); r > smooth*3/2 {
				t.Errorf("%s at %v Hz: a step of %d, before at most %d", name, hz, r, smooth)
			}
		}
	}
}

func TestStretch_LeavesNoiseAlone(t *testing.T) {
	noise := make([]int16, 3*media.FrameSamples/2)
	random := rand.New(rand.NewPCG(1, 1))
	for i := range noise {
		noise[i] = int16(random.IntN(20000) - 10000)
	}
	if _, changed := removePeriod(noise, false); changed != 0 {
		t.Errorf("removed %d samples of noise", changed)
	}
	if _, changed := removePeriod(noise, true); changed == 0 {
		t.Error("removed nothing when forced")
	}
	if _, changed := removePeriod(make([]int16, media.FrameSamples), false); changed < media.FrameSamples/3 {
		t.Errorf("removed %d samples of silence, want many", changed)
	}
	if _, changed := repeatPeriod(make([]int16, 100), true); changed != 0 {
		t.Errorf("repeated %d samples of hardly any", changed)
	}
}
