package clip_test

import (
	"slices"
	"testing"

	"parlor/media"
	"parlor/media/clip"
)

func TestSpeech(t *testing.T) {
	for seed := range 8 {
		pcm := clip.Speech(seed, 10*media.SampleRate)
		if !slices.Equal(pcm, clip.Speech(seed, 10*media.SampleRate)) {
			t.Errorf("seed %d: says something else the second time", seed)
		}
		if slices.Equal(pcm[:media.SampleRate], clip.Speech(seed+1, media.SampleRate)) {
			t.Errorf("seeds %d and %d say the same", seed, seed+1)
		}
		loud, silent, phrases := 0, 0, 0
		speaking := false
		for i := 0; i+media.FrameSamples <= len(pcm); i += media.FrameSamples {
			switch level := media.AudioLevel(pcm[i : i+media.FrameSamples]); {
			case level < 30:
				loud++
				if !speaking {
					phrases++
				}
				speaking = true
			case level > 60:
				silent++
				speaking = false
			}
			if level := media.AudioLevel(pcm[i : i+media.FrameSamples]); level < 6 {
				t.Errorf("seed %d: frame %d shouts at -%d dBov", seed, i/media.FrameSamples, level)
			}
		}
		if loud < 200 || silent < 40 || phrases < 3 {
			t.Errorf("seed %d: %d loud and %d silent frames of 500, %d phrases", seed, loud, silent, phrases)
		}
	}
}

func TestTestTone(t *testing.T) {
	src := clip.TestTone()
	defer src.Close()
	want := clip.Speech(0, 2*media.FrameSamples)
	for i := range 2 {
		f, err := src.ReadAudio()
		if err != nil {
			t.Fatal(err)
		}
		if !slices.Equal(f.PCM, want[i*media.FrameSamples:][:media.FrameSamples]) {
			t.Errorf("frame %d is not Speech with seed 0", i)
		}
	}
}
