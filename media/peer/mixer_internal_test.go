package peer

import (
	"fmt"
	"log/slog"
	"math"
	"syscall"
	"testing"
	"testing/synctest"
	"time"

	"github.com/pion/rtp"

	"parlor/media"
	"parlor/media/mediatest"
)

// speakers adds users to a mixer, all with one tone, whose packets are at hand.
type speakers struct {
	voices []*voice
	from   []*assignment
	packet rtp.Packet
	number int
}

func newSpeakers(t testing.TB, m *Mixer, n int, amplitude uint16) *speakers {
	t.Helper()
	encoder, err := mediatest.Codecs{}.NewAudioEncoder(32000)
	if err != nil {
		t.Fatal(err)
	}
	defer encoder.Close()
	data, err := encoder.Encode(wave(media.FrameSamples, 500, float64(amplitude)))
	if err != nil {
		t.Fatal(err)
	}
	s := &speakers{packet: rtp.Packet{Payload: append([]byte(nil), data...)}}
	for i := range n {
		base := &remoteBase{userID: fmt.Sprint("u", i), source: media.Microphone, codecs: mediatest.Codecs{}, log: slog.Default()}
		v := newVoice(base, m)
		v.start()
		s.voices = append(s.voices, v)
		s.from = append(s.from, &assignment{section: &section{}, remote: v})
	}
	return s
}

// speak brings the next packet of everybody, as if it came at now.
func (s *speakers) speak(now time.Duration) {
	s.number++
	s.packet.SequenceNumber, s.packet.Timestamp = uint16(s.number), uint32(s.number)*media.FrameSamples
	for i, v := range s.voices {
		v.push(s.from[i], &s.packet, now)
	}
}

// mixAfter mixes so many frames, each after a packet of everybody; the last one is returned. The mixer has its
// own clock, so packets are pushed as if they had come in time.
func (s *speakers) mixAfter(m *Mixer, frames int) []int16 {
	pcm := make([]int16, media.FrameSamples)
	start := media.Now() - 10*time.Second
	for i := range frames {
		s.speak(start + time.Duration(i)*media.FrameLength)
		m.ReadPCM(pcm)
	}
	return pcm
}

func loudest(pcm []int16) int {
	peak := 0
	for _, s := range pcm {
		peak = max(peak, int(math.Abs(float64(s))))
	}
	return peak
}

func TestMixer_AddsVoices(t *testing.T) {
	for _, c := range []struct {
		name      string
		voices    int
		amplitude uint16
		prepare   func(*Mixer)
		want      int // peak
	}{
		{"nobody", 0, 8000, nil, 0},
		{"one", 1, 8000, nil, 8000},
		{"two", 2, 8000, nil, 16000},
		{"gain", 1, 8000, func(m *Mixer) { m.SetGain("u0", 2) }, 16000},
		{"gain of one of two", 2, 8000, func(m *Mixer) { m.SetGain("u1", 0) }, 8000},
		{"gain beyond 2", 1, 8000, func(m *Mixer) { m.SetGain("u0", 9) }, 16000},
		{"gain set back", 1, 8000, func(m *Mixer) { m.SetGain("u0", 2); m.SetGain("u0", 1) }, 8000},
		{"too loud", 8, 20000, nil, limit},
		{"muted", 1, 8000, func(m *Mixer) { m.SetMuted(true) }, 0},
	} {
		t.Run(c.name, func(t *testing.T) {
			m := NewMixer()
			if c.prepare != nil {
				c.prepare(m)
			}
			s := newSpeakers(t, m, c.voices, c.amplitude)
			got := loudest(s.mixAfter(m, 20))
			if math.Abs(float64(got-c.want)) > float64(c.want)/50 {
				t.Errorf("peak %d, want %d", got, c.want)
			}
			if limited := m.Limited() > 0; limited != (c.want == limit) {
				t.Errorf("limited: %v", limited)
			}
		})
	}
}

// TestMixer_NeverCutsOff: the first loud sample after silence is within the limit already.
func TestMixer_NeverCutsOff(t *testing.T) {
	for _, c := range []struct {
		name   string
		voices int
		gain   float64
	}{{"one at double gain", 1, 2}, {"many", 8, 1}, {"many at double gain", 8, 2}} {
		t.Run(c.name, func(t *testing.T) {
			m := NewMixer()
			s := newSpeakers(t, m, c.voices, 32000)
			for i := range c.voices {
				m.SetGain(fmt.Sprint("u", i), c.gain)
			}
			pcm, start := make([]int16, media.FrameSamples), media.Now()-time.Minute
			for i := range 100 {
				if i%20 < 10 { // silence in turns, in which the volume comes up again
					s.speak(start + time.Duration(i)*media.FrameLength)
				}
				m.ReadPCM(pcm)
				if peak := loudest(pcm); peak > limit+limit/1000 {
					t.Fatalf("frame %d has a peak of %d, want at most %d", i, peak, limit)
				}
			}
			if m.Limited() == 0 {
				t.Error("nothing was limited: the test is too quiet")
			}
		})
	}
}

// TestMixer_GainOfScreenSound: it goes with the user's voice.
func TestMixer_GainOfScreenSound(t *testing.T) {
	m := NewMixer()
	s := newSpeakers(t, m, 1, 8000)
	s.voices[0].source = media.ScreenAudio
	m.SetGain("u0", 0.5)
	if got := loudest(s.mixAfter(m, 20)); got < 3900 || got > 4100 {
		t.Errorf("peak %d, want 4000", got)
	}
}

func TestMixer_Play(t *testing.T) {
	flat := func(level int16, frames int) []int16 {
		pcm := make([]int16, frames*media.FrameSamples)
		for i := range pcm {
			pcm[i] = level
		}
		return pcm
	}
	synctest.Test(t, func(t *testing.T) {
		m := NewMixer()
		pcm := make([]int16, media.FrameSamples)
		last := func() int { // of a frame, in which sounds that began with it are heard
			m.ReadPCM(pcm)
			return int(pcm[len(pcm)-1])
		}
		m.Play(nil)
		m.Play(flat(1000, 2))
		m.Play(flat(500, 1)[:media.FrameSamples-100])
		if a, b, c := last(), last(), last(); a != 1000 || b != 1000 || c != 0 {
			t.Errorf("played %d, %d, %d, want 1000, 1000, 0", a, b, c)
		}
		for i := range 6 {
			m.Play(flat(int16(1)<<i, 10))
		}
		if got := last(); got != 0b111100 || m.Replaced() != 2 {
			t.Errorf("played %b, replaced %d, want 111100 and the oldest 2", got, m.Replaced())
		}
		m.SetMuted(true)
		if got := last(); got != 0 {
			t.Errorf("played %d while muted", got)
		}
		m.SetMuted(false)
		for range 10 {
			last()
		}
		m.Play(flat(1000, 1))
		time.Sleep(soundExpires + time.Millisecond) // of the bubble
		if got := last(); got != 0 {
			t.Errorf("played %d which was asked for long ago", got)
		}
		for range 10 {
			m.Play(flat(9000, 3))
		}
		if got := last(); got > limit || got < limit*9/10 {
			t.Errorf("four loud sounds come to %d, want %d", got, limit)
		}
	})
}

func TestMixer_ReadPCM_AnyLength(t *testing.T) {
	whole, pieces := NewMixer(), NewMixer()
	a, b := newSpeakers(t, whole, 1, 8000), newSpeakers(t, pieces, 1, 8000)
	now := media.Now() - 10*time.Second
	for i := range 40 {
		a.speak(now + time.Duration(i)*media.FrameLength)
		b.speak(now + time.Duration(i)*media.FrameLength)
	}
	want := make([]int16, 10*media.FrameSamples)
	whole.ReadPCM(want)
	got := make([]int16, 0, len(want))
	for n := 1; len(got) < len(want); n = n*3 + 1 {
		piece := make([]int16, min(n, len(want)-len(got)))
		pieces.ReadPCM(piece)
		got = append(got, piece...)
	}
	for i := range want {
		if got[i] != want[i] {
			t.Fatalf("sample %d is %d, want %d", i, got[i], want[i])
		}
	}
}

func TestMixer_LeavingVoiceIsSilent(t *testing.T) {
	m := NewMixer()
	s := newSpeakers(t, m, 1, 8000)
	s.mixAfter(m, 20)
	s.voices[0].stop()
	s.voices[0].release()
	if got := loudest(s.mixAfter(m, 2)); got != 0 { // the first one holds the last millisecond before
		t.Errorf("peak %d after the voice stopped", got)
	}
	s.voices[0].start()
	s.number += 1000
	if got := loudest(s.mixAfter(m, 20)); got < 7000 {
		t.Errorf("peak %d after the voice came back, want 8000", got)
	}
}

func BenchmarkMixer_Read(b *testing.B) {
	for _, n := range []int{1, 8, 32} {
		b.Run(fmt.Sprintf("%d/ours", n), func(b *testing.B) {
			m := NewMixer()
			s := newSpeakers(b, m, n, 500)
			pcm := make([]int16, media.FrameSamples)
			now := media.Now() - time.Hour
			for i := range 10 {
				s.speak(now + time.Duration(i)*media.FrameLength)
			}
			start := cpuTime(b)
			b.ReportAllocs()
			for i := range b.N {
				s.speak(now + time.Duration(10+i)*media.FrameLength)
				m.ReadPCM(pcm)
			}
			b.ReportMetric(float64(cpuTime(b)-start)/float64(b.N), "cpu-ns/op")
		})
	}
}

// cpuTime is what the process has used so far, user and system.
func cpuTime(b *testing.B) time.Duration {
	var u syscall.Rusage
	if err := syscall.Getrusage(syscall.RUSAGE_SELF, &u); err != nil {
		b.Fatal(err)
	}
	return time.Duration(u.Utime.Nano() + u.Stime.Nano())
}
