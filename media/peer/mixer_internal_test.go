package peer

import (
	"fmt"
	"log/slog"
	"math"
	"syscall"
	"testing"
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
	if got := loudest(s.mixAfter(m, 1)); got != 0 {
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
