package media

import (
	"math"
	"sync"
	"time"
)

// SilentLevel is the audio level (RFC 6464) of silence, and of sound whose level is not known.
const SilentLevel = 127

// The span of loudness that people see, in -dBov: quieter than floorLevel shows as 0,
// louder than fullLevel as 100. Speech at a normal distance lies between -35 and -15 dBov.
const (
	floorLevel = 60
	fullLevel  = 10
)

// AudioLevel returns the loudness of a frame of sound as RFC 6464 counts it: -dBov, the
// root mean square relative to the loudest square wave; 0 is the loudest, SilentLevel silence.
func AudioLevel(pcm []int16) uint8 {
	var sum int64
	for _, s := range pcm {
		sum += int64(s) * int64(s)
	}
	if sum == 0 {
		return SilentLevel
	}
	mean := float64(sum) / float64(len(pcm)) / (32767 * 32767)
	return uint8(min(max(math.Round(-10*math.Log10(mean)), 0), SilentLevel))
}

// DisplayLevel maps an RFC 6464 level to 0..100 for people: linear in decibels, -60 dBov
// and less is 0, -10 dBov and more is 100.
func DisplayLevel(level uint8) int {
	l := min(max(int(level), fullLevel), floorLevel)
	return (floorLevel - l) * 100 / (floorLevel - fullLevel)
}

// levelSlots frames of FrameLength are the 300 ms over which a LevelMeter looks back.
const levelSlots = int64(300 * time.Millisecond / FrameLength)

// LevelMeter holds the loudness of the last 300 ms of sound. Its zero value has heard nothing. It is
// safe for concurrent use.
type LevelMeter struct {
	mu    sync.Mutex
	slots [levelSlots]struct {
		frame int64 // number of the 20 ms frame plus one, 0: never written
		level uint8
	}
}

// Add notes the RFC 6464 level of the sound at now (on any one monotonic clock, not negative).
func (m *LevelMeter) Add(level uint8, now time.Duration) {
	frame := int64(now/FrameLength) + 1
	m.mu.Lock()
	defer m.mu.Unlock()
	s := &m.slots[frame%levelSlots]
	if s.frame == frame {
		level = min(level, s.level) // several in one frame: the loudest counts
	}
	s.frame, s.level = frame, level
}

// Level returns the loudest of the last 300 ms before now, 0..100. It falls to 0 by itself
// when nothing is added any more.
func (m *LevelMeter) Level(now time.Duration) int {
	oldest := int64(now/FrameLength) + 1 - levelSlots
	loudest := uint8(SilentLevel)
	m.mu.Lock()
	defer m.mu.Unlock()
	for _, s := range m.slots {
		if s.frame > oldest && s.frame > 0 {
			loudest = min(loudest, s.level)
		}
	}
	return DisplayLevel(loudest)
}
