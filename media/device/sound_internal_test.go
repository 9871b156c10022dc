package device

import (
	"errors"
	"io"
	"log/slog"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/gen2brain/malgo"

	"parlor/media"
)

func testMicrophone() (*microphone, *atomic.Uint64) {
	dropped := new(atomic.Uint64)
	m := newMicrophone("fake", dropped)
	m.stream = &stream{stopped: make(chan struct{})}
	return m, dropped
}

// Drivers call with any number of samples; frames come out whole, in order and evenly timed.
func TestMicrophone_Capture(t *testing.T) {
	m, dropped := testMicrophone()
	const start = time.Minute
	n, read := 0, 0
	var last time.Duration
	for call, size := range []int{480, 480, 441, 1, 2000, 0, 960, 700, 3333, 480, 480} {
		pcm := make([]int16, size)
		for i := range pcm {
			pcm[i] = int16(n + i)
		}
		n += size
		jitter := time.Duration(call%3) * 4 * time.Millisecond // late callers
		m.capture(pcm, start+time.Duration(n)*time.Second/media.SampleRate+jitter)
		for m.count > 0 {
			f, err := m.ReadAudio()
			if err != nil {
				t.Fatal(err)
			}
			for i, v := range f.PCM {
				if v != int16(read+i) {
					t.Fatalf("sample %d: got %d", read+i, v)
				}
			}
			want := start + time.Duration(read)*time.Second/media.SampleRate
			if off := f.At - want; off < -10*time.Millisecond || off > 10*time.Millisecond {
				t.Errorf("frame at sample %d: got time %v want about %v", read, f.At, want)
			}
			if step := f.At - last; read > 0 && (step < 18*time.Millisecond || step > 22*time.Millisecond) {
				t.Errorf("frame at sample %d: got time %v after %v want 20 ms more", read, f.At, last)
			}
			last = f.At
			read += len(f.PCM)
		}
	}
	if rest := n - read; rest < 0 || rest >= media.FrameSamples {
		t.Errorf("got %d of %d samples", read, n)
	}
	if dropped.Load() != 0 {
		t.Errorf("got %d frames dropped want 0", dropped.Load())
	}
}

// Time after a gap in the sound is right soon; time after a driver that came late and caught up
// has not moved; and it never runs backwards.
func TestMicrophone_Capture_Late(t *testing.T) {
	for _, tc := range []struct {
		name string
		late func(i int) time.Duration // of frame i
		want time.Duration             // how late the last of 200 frames is
	}{
		{"never", func(int) time.Duration { return 0 }, 0},
		{"once, then catches up", func(i int) time.Duration { return max(0, time.Duration(25-i)*media.FrameLength) * time.Duration(i/20) }, 0},
		{"starts late", func(i int) time.Duration { return max(0, 200*time.Millisecond-time.Duration(i)*media.FrameLength) }, 0},
		{"second lost", func(i int) time.Duration { return time.Duration(min(1, i/100)) * time.Second }, time.Second},
		{"long wait, then catches up", func(i int) time.Duration {
			if i >= 50 && i < 65 {
				return time.Second
			}
			return 0
		}, 0},
	} {
		t.Run(tc.name, func(t *testing.T) {
			m, _ := testMicrophone()
			frame := make([]int16, media.FrameSamples)
			var last, want time.Duration
			for i := range 200 {
				want = time.Minute + time.Duration(i)*media.FrameLength
				m.capture(frame, want+media.FrameLength+tc.late(i))
				f, err := m.ReadAudio()
				if err != nil {
					t.Fatal(err)
				}
				if f.At <= last {
					t.Fatalf("frame %d: got time %v after %v", i, f.At, last)
				}
				last = f.At
			}
			if off := last - want - tc.want; off < -5*time.Millisecond || off > 5*time.Millisecond {
				t.Errorf("got last frame %v late want %v", last-want, tc.want)
			}
		})
	}
}

func TestMicrophone_Capture_NobodyReads(t *testing.T) {
	m, dropped := testMicrophone()
	frame := make([]int16, media.FrameSamples)
	for i := range microphoneFrames + 7 {
		frame[0] = int16(i)
		m.capture(frame, time.Duration(i+1)*media.FrameLength)
	}
	if dropped.Load() != 7 {
		t.Errorf("got %d frames dropped want 7", dropped.Load())
	}
	f, err := m.ReadAudio()
	if err != nil {
		t.Fatal(err)
	}
	if f.PCM[0] != 7 {
		t.Errorf("got frame %d want 7: the oldest are dropped", f.PCM[0])
	}
}

func TestMicrophone_Capture_Allocations(t *testing.T) {
	m, _ := testMicrophone()
	frame := make([]int16, media.FrameSamples)
	if got := testing.AllocsPerRun(100, func() {
		m.capture(frame, 0)
		if _, err := m.ReadAudio(); err != nil {
			t.Fatal(err)
		}
	}); got != 0 {
		t.Errorf("got %v allocations want 0", got)
	}
}

// A microphone that gives nothing, or whose device stopped, is gone: not silent.
func TestMicrophone_ReadAudio_Dead(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		m, _ := testMicrophone()
		for range 2 {
			if _, err := m.ReadAudio(); err == nil || err == io.EOF {
				t.Errorf("silent device: got %v want an error", err)
			}
		}
		m.capture(make([]int16, media.FrameSamples), 0)
		if _, err := m.ReadAudio(); err != nil {
			t.Errorf("device that came back: %v", err)
		}
		close(m.stream.stopped)
		for range 2 {
			if _, err := m.ReadAudio(); err == nil || err == io.EOF {
				t.Errorf("stopped device: got %v want an error", err)
			}
		}
		m.alive.Stop()
	})
}

// fakeOutput is a device that plays when the test says so.
type fakeOutput struct {
	mu     sync.Mutex
	err    error
	closed int
}

func (o *fakeOutput) failure() error {
	o.mu.Lock()
	defer o.mu.Unlock()
	return o.err
}

func (o *fakeOutput) close() {
	o.mu.Lock()
	defer o.mu.Unlock()
	o.closed++
}

// counter is a source of numbered samples.
type counter struct {
	n     int
	asked atomic.Int64
}

func (c *counter) ReadPCM(pcm []int16) {
	for i := range pcm {
		c.n++
		pcm[i] = int16(c.n)
	}
	c.asked.Add(1)
}

var quiet = slog.New(slog.DiscardHandler)

// A device may ask for any number of samples: none is lost, the source sees whole frames.
func TestSpeaker_Pull(t *testing.T) {
	src := new(counter)
	sp := newSpeaker(quiet, src, nil)
	n := 0
	for _, size := range []int{1, 959, 960, 480, 1000, 0, 5000, 441} {
		pcm := make([]int16, size)
		sp.pull(pcm)
		for i, v := range pcm {
			if n++; v != int16(n) {
				t.Fatalf("request of %d, sample %d: got %d want %d", size, i, v, n)
			}
		}
	}
	if got, want := int(src.asked.Load()), (n+media.FrameSamples-1)/media.FrameSamples; got != want {
		t.Errorf("source was asked %d times want %d", got, want)
	}
	if got := testing.AllocsPerRun(100, func() { var pcm [480]int16; sp.pull(pcm[:]) }); got != 0 {
		t.Errorf("got %v allocations want 0", got)
	}
}

func TestSpeaker_Dies(t *testing.T) {
	for _, tc := range []struct {
		name string
		die  func(o *fakeOutput)
	}{
		{"with an error", func(o *fakeOutput) { o.mu.Lock(); o.err = errors.New("gone"); o.mu.Unlock() }},
		{"by falling silent", func(*fakeOutput) {}}, // nobody pulls in this test
	} {
		t.Run(tc.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				src, out, lost := new(counter), new(fakeOutput), make(chan error, 10)
				var sp *speaker
				sp = newSpeaker(quiet, src, func(err error) { lost <- err; sp.pull(make([]int16, 10)) })
				go sp.watch(out)
				tc.die(out)
				<-lost
				synctest.Wait()
				before := src.asked.Load()
				<-time.After(time.Second) // of the bubble: no time at all
				if got := src.asked.Load() - before; got < 49 || got > 51 {
					t.Errorf("silent sink asked %d times in a second want about 50", got)
				}
				pcm := []int16{1, 2, 3}
				sp.pull(pcm)
				if pcm[0] != 0 || pcm[2] != 0 {
					t.Errorf("dead device got %v want silence", pcm)
				}
				if err := sp.Close(); err != nil {
					t.Error(err)
				}
				if out.closed != 1 || len(lost) != 0 {
					t.Errorf("device closed %d times, lost called %d times more", out.closed, len(lost))
				}
			})
		})
	}
}

func TestSpeaker_Close(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		src, out := new(counter), new(fakeOutput)
		sp := newSpeaker(quiet, src, func(err error) { t.Errorf("lost: %v", err) })
		go sp.watch(out)
		// A living device pulls: it must not count as dead, however long it lives.
		for range 1000 {
			<-time.After(media.FrameLength) // of the bubble
			sp.pull(make([]int16, media.FrameSamples))
		}
		for range 2 {
			if err := sp.Close(); err != nil {
				t.Error(err)
			}
		}
		sp.pull(make([]int16, 10))
		if got := src.asked.Load(); got != 1000 {
			t.Errorf("source was asked %d times want 1000, none after Close", got)
		}
		if out.closed != 1 {
			t.Errorf("device closed %d times want once", out.closed)
		}
	})
}

// lost is a natural place to close what is lost.
func TestSpeaker_Close_InLost(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		out, closed := &fakeOutput{err: errors.New("gone")}, make(chan error)
		var sp *speaker
		sp = newSpeaker(quiet, new(counter), func(error) { closed <- sp.Close() })
		go sp.watch(out)
		if err := <-closed; err != nil {
			t.Error(err)
		}
	})
}

func TestOtoReader_Read(t *testing.T) {
	sp := newSpeaker(quiet, new(counter), nil)
	r := &otoReader{speaker: sp}
	for _, size := range []int{3840, 4, 7, 3, 16000} {
		p := make([]byte, size)
		if n, err := r.Read(p); n == 0 || err != nil {
			t.Errorf("read of %d bytes: got %d, error %v", size, n, err)
		}
	}
	p := make([]byte, 8)
	sp = newSpeaker(quiet, new(counter), nil)
	r = &otoReader{speaker: sp}
	if _, err := r.Read(p); err != nil || string(p) != "\x01\x00\x01\x00\x02\x00\x02\x00" {
		t.Errorf("got % x, error %v want both channels the same, little endian", p, err)
	}
	r.closed.Store(true)
	if n, err := r.Read(p); n != 0 || err != io.EOF {
		t.Errorf("after close: got %d, %v want EOF", n, err)
	}
}

func TestSoundID(t *testing.T) {
	id := func(b ...byte) (id malgo.DeviceID) { copy(id[:], b); return id }
	for _, tc := range []struct {
		name string
		id   malgo.DeviceID
		want string
	}{
		{"PulseAudio", id([]byte("alsa_input.pci-0000_00_1f.3.analog-stereo")...), "alsa_input.pci-0000_00_1f.3.analog-stereo"},
		{"UTF-16 of WASAPI", id('{', 0, '0', 0), "7b0030"},
		{"number", id(2), "02"},
		{"one letter is a number", id('A'), "41"},
		{"zero", id(), "00"},
		{"full", id([]byte("x\xff")...), "78ff"},
	} {
		if got := soundID(tc.id); got != tc.want {
			t.Errorf("%s: got %q want %q", tc.name, got, tc.want)
		}
	}
}

func TestIsPlugin(t *testing.T) {
	for id, want := range map[string]bool{
		"null": true, "speexrate": true, "upmix": true, "pulse": true,
		"default": false, ":0,0": false, "hw:1,0": false, "sysdefault:CARD=PCH": false,
	} {
		if got := isPlugin(id); got != want {
			t.Errorf("%q: got %v want %v", id, got, want)
		}
	}
}
