package media_test

import (
	"math"
	"testing"
	"time"

	"parlor/media"
)

// square is a frame of the loudest wave of an amplitude.
func square(amplitude int16) []int16 {
	pcm := make([]int16, media.FrameSamples)
	for i := range pcm {
		pcm[i] = amplitude
		if i%2 == 1 {
			pcm[i] = -amplitude
		}
	}
	return pcm
}

func TestAudioLevel(t *testing.T) {
	sine := make([]int16, media.FrameSamples)
	for i := range sine {
		sine[i] = int16(32767 * math.Sin(2*math.Pi*float64(i)*1000/media.SampleRate))
	}
	lowest := make([]int16, media.FrameSamples)
	for i := range lowest {
		lowest[i] = math.MinInt16
	}
	for _, c := range []struct {
		name string
		pcm  []int16
		want uint8
	}{
		{"nothing", nil, 127},
		{"silence", make([]int16, media.FrameSamples), 127},
		{"full scale", square(32767), 0},
		{"beyond full scale", lowest, 0},
		{"half", square(16384), 6},
		{"tenth", square(3277), 20},
		{"one bit", square(1), 90},
		{"full sine", sine, 3}, // RFC 6464 section 3: 3 dB below the square
	} {
		if got := media.AudioLevel(c.pcm); got != c.want {
			t.Errorf("%s: level %d, want %d", c.name, got, c.want)
		}
	}
}

func TestDisplayLevel(t *testing.T) {
	for level, want := range map[uint8]int{0: 100, 10: 100, 35: 50, 59: 2, 60: 0, 127: 0, 255: 0} {
		if got := media.DisplayLevel(level); got != want {
			t.Errorf("level %d shows as %d, want %d", level, got, want)
		}
	}
}

func TestLevelMeter_Level(t *testing.T) {
	var m media.LevelMeter
	if got := m.Level(0); got != 0 {
		t.Errorf("unused meter shows %d, want 0", got)
	}
	const at = 5 * time.Second
	m.Add(35, at)
	m.Add(60, at) // softer in the same frame: does not count
	m.Add(40, at+100*time.Millisecond)
	for _, c := range []struct {
		after time.Duration
		want  int
	}{{0, 50}, {200 * time.Millisecond, 50}, {300 * time.Millisecond, 40}, {400 * time.Millisecond, 0}, {time.Hour, 0}} {
		if got := m.Level(at + c.after); got != c.want {
			t.Errorf("%v later: %d, want %d", c.after, got, c.want)
		}
	}
}
