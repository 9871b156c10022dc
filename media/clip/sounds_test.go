package clip_test

import (
	"fmt"
	"math"
	"slices"
	"testing"

	"parlor/media"
	"parlor/media/clip"
)

// jump returns the greatest step between neighbouring samples, the silence around them included: a click is a great one.
func jump(pcm []int16) int {
	greatest, before := 0, 0
	for _, s := range append(slices.Clone(pcm), 0) {
		greatest = max(greatest, int(math.Abs(float64(int(s)-before))))
		before = int(s)
	}
	return greatest
}

func TestSound(t *testing.T) {
	const longest = media.SampleRate * 4 / 10
	seen := make(map[string]string)
	for _, name := range []string{
		clip.SoundJoin, clip.SoundLeave, clip.SoundKnock, clip.SoundMessage, clip.SoundHand, clip.SoundMuted,
		clip.SoundShare, clip.SoundReconnecting, clip.SoundReconnected,
	} {
		pcm := clip.Sound(name)
		if len(pcm) == 0 || len(pcm) > longest {
			t.Errorf("%s: got %d samples want up to %d", name, len(pcm), longest)
			continue
		}
		if level := media.AudioLevel(pcm); level < 20 || level > 40 {
			t.Errorf("%s: loudness of -%d dBov, want quiet but audible", name, level)
		}
		if j := jump(pcm); j > math.MaxInt16/20 {
			t.Errorf("%s: jumps by %d: it clicks", name, j)
		}
		key := fmt.Sprint(pcm)
		if other := seen[key]; other != "" {
			t.Errorf("%s and %s are the same", name, other)
		}
		seen[key] = name
		pcm[0] = 1
		if clip.Sound(name)[0] != 0 {
			t.Errorf("%s: a caller has changed it for all", name)
		}
	}
	if pcm := clip.Sound("cuckoo"); pcm != nil {
		t.Errorf("unknown sound: got %d samples want none", len(pcm))
	}
}

// closed tells whether a channel is closed.
func closed(c <-chan struct{}) bool {
	select {
	case <-c:
		return true
	default:
		return false
	}
}

func TestChime(t *testing.T) {
	chime := clip.Chime()
	var heard []int16
	for !closed(chime.Done()) {
		pcm := make([]int16, 441) // drivers ask for what they like
		chime.ReadPCM(pcm)
		heard = append(heard, pcm...)
		if len(heard) > 2*media.SampleRate {
			t.Fatal("the chime does not end")
		}
	}
	if got := float64(len(heard)) / media.SampleRate; got < 1.1 || got > 1.3 {
		t.Errorf("done after %.2f s want after a second and what a speaker buffers", got)
	}
	if level := media.AudioLevel(heard[:media.SampleRate]); level < 15 || level > 30 {
		t.Errorf("loudness of -%d dBov", level)
	}
	if j := jump(heard); j > math.MaxInt16/10 {
		t.Errorf("jumps by %d: it clicks", j)
	}
	if level := media.AudioLevel(heard[media.SampleRate:]); level != media.SilentLevel {
		t.Errorf("loudness of -%d dBov after the end", level)
	}
	pcm := []int16{1, 2, 3}
	chime.ReadPCM(pcm)
	if !slices.Equal(pcm, make([]int16, 3)) {
		t.Errorf("after the end: got %v want silence", pcm)
	}
}

func TestPlayback_Empty(t *testing.T) {
	p := clip.NewPlayback(nil)
	for range media.SampleRate / media.FrameSamples {
		p.ReadPCM(make([]int16, media.FrameSamples))
	}
	if !closed(p.Done()) {
		t.Error("nothing to play: not done after a second")
	}
}
