package peer

import (
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"parlor/media"
)

const twenty = media.FrameLength

// feed pushes packets with these numbers, 20 ms apart from 1 s on, each with the timestamp of its number.
func feed(p *playout, numbers ...int) {
	for _, n := range numbers {
		p.push(uint16(n), uint32(n)*media.FrameSamples, []byte{byte(n)}, time.Second+time.Duration(n)*twenty)
	}
}

// play pulls frames for the time of the packets from first to last, some time later, and writes down what is
// played: the packet's number, F and the number of the packet that repeats it, C for concealed, a dot for none.
func play(p *playout, first, last int, later time.Duration) string {
	out := ""
	for n := first; n <= last; n++ {
		now := time.Second + time.Duration(n)*twenty + later
		p.control(now, 0)
		switch what, data := p.step(now); what {
		case stepPlay:
			out += string('0' + data[0])
		case stepFEC:
			out += "F" + string('0'+data[0])
		case stepConceal:
			out += "C"
		case stepWait:
			out += "."
		}
	}
	return out
}

func TestPlayout_Step(t *testing.T) {
	for _, c := range []struct {
		name  string
		feed  []int
		last  int
		want  string
		stats playoutStats
	}{
		{"nothing", nil, 3, "...", playoutStats{}},
		{"in order", []int{1, 2, 3, 4}, 4, "1234", playoutStats{received: 4, expected: 4}},
		{"overtaken", []int{1, 3, 2, 4}, 4, "1234", playoutStats{received: 4, expected: 4}},
		{"twice", []int{1, 1, 2, 2, 3}, 3, "123", playoutStats{received: 3, expected: 3}},
		{"one lost", []int{1, 3, 4}, 4, "1F334", playoutStats{received: 3, expected: 4, recovered: 1}},
		{"two lost", []int{1, 4, 5}, 5, "1CF445", playoutStats{received: 3, expected: 5, recovered: 1, concealed: 1}},
		{"very many lost", []int{1, 30, 31}, 31, "1", playoutStats{received: 3, expected: 31}},
		{"end", []int{1, 2}, 4, "12..", playoutStats{received: 2, expected: 2}},
	} {
		t.Run(c.name, func(t *testing.T) {
			p := &playout{}
			feed(p, c.feed...)
			const later = 200 * time.Millisecond
			got := play(p, 1, min(c.last, 5), later)
			if c.name == "very many lost" {
				got = got[:1] // the rest waits for its time
			}
			if got != c.want {
				t.Errorf("played %q, want %q", got, c.want)
			}
			if diff := cmp.Diff(c.stats, p.stats, cmp.AllowUnexported(playoutStats{})); diff != "" {
				t.Errorf("counters (-want +got):\n%s", diff)
			}
		})
	}
}

func TestPlayout_Step_WaitsForTheTargetFirst(t *testing.T) {
	p := &playout{}
	feed(p, 1)
	if got := play(p, 1, 4, 0); got != "..1." {
		t.Errorf("played %q, want the first after 40 ms", got)
	}
}

func TestPlayout_Step_SlowPacketIsNotLost(t *testing.T) {
	p := &playout{}
	feed(p, 1, 2)
	if got := play(p, 1, 6, 60*time.Millisecond); got != "12...." {
		t.Errorf("played %q, want 1, 2 and nothing", got)
	}
	if p.stats.concealed != 0 {
		t.Errorf("concealed %d before anybody knows whether it is a pause", p.stats.concealed)
	}
	p.push(3, 3*media.FrameSamples, []byte{3}, time.Second+7*twenty)
	if what, _ := p.step(time.Second + 7*twenty + 60*time.Millisecond); what != stepPlay {
		t.Errorf("step %d, want the slow packet", what)
	}
	if p.stats.concealed != 4 {
		t.Errorf("concealed %d, want the 4 frames for which the packet was waited for", p.stats.concealed)
	}
}

func TestPlayout_Step_PauseIsNotLoss(t *testing.T) {
	p := &playout{}
	feed(p, 1, 2)
	play(p, 1, 20, 60*time.Millisecond)
	// The speaker was silent for 30 frames: the timestamp jumps, the sequence does not.
	p.push(3, 33*media.FrameSamples, []byte{3}, time.Second+33*twenty)
	p.push(4, 34*media.FrameSamples, []byte{4}, time.Second+34*twenty)
	if got := play(p, 33, 38, 20*time.Millisecond); got != ".34..." {
		t.Errorf("played %q, want the packets at their time", got)
	}
	if p.stats.concealed != 0 || p.stats.expected != 4 {
		t.Errorf("counted %+v, want nothing concealed or lost", p.stats)
	}
}

func TestPlayout_Push_NobodyPulls(t *testing.T) {
	p := &playout{}
	for n := range 1000 {
		feed(p, n)
	}
	held := 0
	for _, s := range p.slots {
		if s.used {
			held++
		}
	}
	if held != playoutWindow || p.stats.dropped != 1000-playoutWindow {
		t.Errorf("%d packets held, %d dropped, want %d and the rest", held, p.stats.dropped, playoutWindow)
	}
	// Somebody begins: at most a few frames of the past are played.
	play(p, 1000, 1030, 0)
	if d := p.delay(); d > flushDuration {
		t.Errorf("%v behind, want at most %v", d, flushDuration)
	}
}

const flushDuration = time.Duration(flushLimit) * time.Second / media.SampleRate

func TestPlayout_Push_NewStream(t *testing.T) {
	for _, c := range []struct {
		name           string
		sequence, time int
	}{
		{"sequence behind", 100, 0}, {"time ahead", 0, 100_000_000}, {"time behind", 0, -100_000_000}, {"both", 30000, 5_000_000},
	} {
		t.Run(c.name, func(t *testing.T) {
			p := &playout{}
			for n := range 300 {
				feed(p, n+1000)
				play(p, n+1000, n+1000, 60*time.Millisecond)
			}
			sounds := 0
			for n := 1300; n < 1400; n++ {
				now := time.Second + time.Duration(n)*twenty
				sequence, timestamp := n+c.sequence, uint32(n*media.FrameSamples+c.time)
				if c.name == "sequence behind" {
					sequence = n - 1200
				}
				p.push(uint16(sequence), timestamp, []byte{1}, now)
				if play(p, n, n, 60*time.Millisecond) == "1" {
					sounds++
				}
			}
			if sounds < 60 {
				t.Errorf("%d of 100 frames of the new stream were played", sounds)
			}
		})
	}
}

func TestPlayout_Control(t *testing.T) {
	p := &playout{}
	for n := range 300 { // even: the target comes down to the margin
		feed(p, n)
		play(p, n, n, 25*time.Millisecond)
	}
	const at = 299
	judge := func(later time.Duration) (s stretch) {
		p.pulls, p.stretched = 0, asIs
		for range pullHistory {
			s = p.control(time.Second+at*twenty+later, 0)
		}
		return s
	}
	for _, c := range []struct {
		later time.Duration // delay at which the next frame is played; the target is 20 ms
		want  stretch
	}{
		{20 * time.Millisecond, asIs}, {50 * time.Millisecond, faster}, {30 * time.Millisecond, asIs}, {-10 * time.Millisecond, slower},
	} {
		if got := judge(c.later); got != c.want {
			t.Errorf("%v later: %d, want %d", c.later, got, c.want)
		}
	}
	p.pulls, p.stretched = 0, asIs
	for i := range pullHistory {
		// The driver pulls two frames at a time: the smaller delay counts.
		got := p.control(time.Second+at*twenty+30*time.Millisecond+time.Duration(i%2)*twenty, 0)
		if got != asIs {
			t.Errorf("pull %d: %d, want no stretching", i, got)
		}
	}
}

func TestPlayout_Discard(t *testing.T) {
	p := &playout{}
	for n := range 200 {
		feed(p, n)
		p.discard()
	}
	if p.stats.dropped != 0 || p.stats.received != 200 || p.stats.expected != 200 {
		t.Errorf("counted %+v, want 200 received and none dropped", p.stats)
	}
}

// FuzzPlayout pushes and pulls as the bytes say: nothing may panic, hang, or hold more than the window.
func FuzzPlayout(f *testing.F) {
	f.Add([]byte{1, 1, 20, 2, 2, 20, 4, 4, 20, 200, 7, 90, 3, 3, 0})
	f.Add([]byte{255, 0, 255, 0, 255, 1})
	f.Fuzz(func(t *testing.T, data []byte) {
		p := &playout{}
		now := time.Second
		for len(data) >= 3 {
			sequence, timestamp := uint16(data[0])*uint16(data[0]), uint32(data[1])*uint32(data[1])*media.FrameSamples
			p.push(sequence, timestamp, data[:1], now)
			now += time.Duration(data[2]) * time.Millisecond
			p.control(now, int(data[2]))
			p.step(now)
			data = data[3:]
			if p.started && (p.newest-p.next >= playoutWindow || p.next > p.newest+1) {
				t.Fatalf("next %d, newest %d", p.next, p.newest)
			}
			if p.stats.received > p.stats.expected+p.stats.late {
				t.Fatalf("counted %+v", p.stats)
			}
		}
	})
}
