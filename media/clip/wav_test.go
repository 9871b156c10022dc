package clip_test

import (
	"encoding/binary"
	"errors"
	"fmt"
	"math"
	"os"
	"path/filepath"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"

	"parlor/media"
	"parlor/media/clip"
)

// readPCM reads n frames on the clock of a bubble.
func readPCM(t *testing.T, data []byte, n int) (pcm []int16) {
	t.Helper()
	synctest.Test(t, func(t *testing.T) {
		src, err := clip.NewAudio("test", data)
		if err != nil {
			t.Fatal(err)
		}
		defer src.Close()
		for range n {
			f, err := src.ReadAudio()
			if err != nil {
				t.Fatal(err)
			}
			pcm = append(pcm, f.PCM...)
		}
	})
	return pcm
}

func TestWAV_SamplesAndLoop(t *testing.T) {
	var in []int16
	for i := range 1000 { // not a multiple of a frame
		in = append(in, int16(i*61-30000))
	}
	got := readPCM(t, wav(t, in...), 3)
	for i, v := range got {
		if v != in[i%len(in)] {
			t.Fatalf("sample %d: got %d, want %d", i, v, in[i%len(in)])
		}
	}
}

func samples(v ...int16) string {
	var b []byte
	for _, s := range v {
		b = binary.LittleEndian.AppendUint16(b, uint16(s))
	}
	return string(b)
}

func TestWAV_Formats(t *testing.T) {
	extensible := "\xfe\xff" + pcmFormat(1, 48000)[2:] + "\x16\x00\x10\x00\x04\x00\x00\x00\x01\x00\x00\x00\x00\x00\x10\x00\x80\x00\x00\xaa\x00\x38\x9b\x71"
	stream := wavWith(pcmFormat(1, 48000), samples(1, 2, 3))
	binary.LittleEndian.PutUint32(stream[len(stream)-6-4:], 0xffffffff)
	for name, row := range map[string]struct {
		data []byte
		want []int16
	}{
		"mono":       {wavWith(pcmFormat(1, 48000), samples(1, -2, 32767)), []int16{1, -2, 32767, 1}},
		"stereo":     {wavWith(pcmFormat(2, 48000), samples(10, 20, -32768, -32768)), []int16{15, -32768, 15, -32768}},
		"extensible": {wavWith(extensible, samples(5, 6)), []int16{5, 6, 5, 6}},
		"stream":     {stream, []int16{1, 2, 3, 1}},
		"cut":        {wavWith(pcmFormat(1, 48000), samples(1, 2, 3, 4))[:12+12+24+8+5], []int16{1, 2, 1, 2}},
	} {
		if diff := cmp.Diff(row.want, readPCM(t, row.data, 1)[:len(row.want)]); diff != "" {
			t.Errorf("%s (-want +got):\n%s", name, diff)
		}
	}
}

// TestWAV_Resampling plays a sine of each rate; what is not the sine in the result is noise of the
// resampler.
func TestWAV_Resampling(t *testing.T) {
	for _, rate := range []int{8000, 11025, 16000, 22050, 32000, 44100, 47999} {
		for _, part := range []float64{0.01, 0.25, 0.4} { // of the rate
			t.Run(fmt.Sprintf("%d/%v", rate, part), func(t *testing.T) {
				periods := math.Round(float64(rate) * part) // in one second: whole, so that it loops
				in := make([]int16, rate)
				for i := range in {
					in[i] = int16(math.Round(16000 * math.Sin(2*math.Pi*periods*float64(i)/float64(rate))))
				}
				out := readPCM(t, wavWith2(rate, in), 100) // twice round
				amplitude, noise := fitSine(out, periods)
				if amplitude < 15900 || amplitude > 16100 {
					t.Errorf("amplitude %.0f, want 16000", amplitude)
				}
				if snr := 20 * math.Log10(amplitude/math.Sqrt2/noise); snr < 70 {
					t.Errorf("signal to noise %.1f dB, want 70", snr)
				}
			})
		}
	}
}

// wavWith2 returns a mono file of that rate, longer than wavWith can.
func wavWith2(rate int, in []int16) []byte {
	b := wavWith(pcmFormat(1, rate), "")
	binary.LittleEndian.PutUint32(b[len(b)-4:], uint32(2*len(in)))
	return append(b, samples(in...)...)
}

// fitSine returns the amplitude of the sine of hz in pcm and the RMS of all the rest.
func fitSine(pcm []int16, hz float64) (amplitude, rest float64) {
	var s, c float64
	for i, v := range pcm {
		sin, cos := math.Sincos(2 * math.Pi * hz * float64(i) / media.SampleRate)
		s, c = s+float64(v)*sin, c+float64(v)*cos
	}
	s, c = 2*s/float64(len(pcm)), 2*c/float64(len(pcm))
	var energy float64
	for i, v := range pcm {
		sin, cos := math.Sincos(2 * math.Pi * hz * float64(i) / media.SampleRate)
		d := float64(v) - s*sin - c*cos
		energy += d * d
	}
	return math.Hypot(s, c), math.Sqrt(energy / float64(len(pcm)))
}

// TestWAV_ResamplingLimits: full scale does not wrap round.
func TestWAV_ResamplingLimits(t *testing.T) {
	in := make([]int16, 800)
	for i := range in {
		in[i] = math.MaxInt16
		if i/40%2 == 1 {
			in[i] = math.MinInt16
		}
	}
	out := readPCM(t, wavWith2(8000, in), 5)
	for i := 1; i < len(out); i++ {
		if d := int(out[i]) - int(out[i-1]); d > 20000 || d < -20000 {
			t.Fatalf("jump from %d to %d at %d", out[i-1], out[i], i)
		}
	}
}

// ramp is an AudioReader whose samples count.
type ramp struct {
	next  int16
	pulls int
}

func (r *ramp) ReadPCM(pcm []int16) {
	r.pulls++
	for i := range pcm {
		pcm[i] = r.next
		r.next++
	}
}

func TestCreateWAV(t *testing.T) {
	path := filepath.Join(t.TempDir(), "out.wav")
	synctest.Test(t, func(t *testing.T) {
		src := &ramp{}
		w, err := clip.CreateWAV(path, src)
		if err != nil {
			t.Fatal(err)
		}
		<-time.After(2500 * time.Millisecond)
		synctest.Wait()
		// Killed now, two seconds would be in the header.
		data, err := os.ReadFile(path)
		if err != nil {
			t.Fatal(err)
		}
		if got := binary.LittleEndian.Uint32(data[40:]); got != 2*2*media.SampleRate {
			t.Errorf("header before Close says %d bytes, want %d", got, 2*2*media.SampleRate)
		}
		for range 2 {
			if err := w.Close(); err != nil {
				t.Fatal(err)
			}
		}
		if data, err = os.ReadFile(path); err != nil {
			t.Fatal(err)
		}
		want := uint32(126 * 2 * media.FrameSamples) // the first pull is at once
		if got := binary.LittleEndian.Uint32(data[40:]); got != want || len(data) != int(want)+44 || src.pulls != 126 {
			t.Errorf("header says %d bytes of %d, %d pulls; want %d, 126 pulls", got, len(data)-44, src.pulls, want)
		}
	})
	src, err := clip.OpenAudio(path)
	if err != nil {
		t.Fatal(err)
	}
	defer src.Close()
	f, err := src.ReadAudio()
	if err != nil || f.PCM[0] != 0 || f.PCM[959] != 959 {
		t.Errorf("read again: got %v, %v", f.PCM[:2], err)
	}
	if _, err := clip.CreateWAV(filepath.Join(path, "no"), &ramp{}); err == nil {
		t.Error("impossible path: got no error")
	}
}

func TestWriteWAV_Error(t *testing.T) {
	full := errors.New("full")
	if err := clip.WriteWAV(failingWriter{full}, []int16{1}); err != full {
		t.Errorf("got %v, want %v", err, full)
	}
}

type failingWriter struct{ err error }

func (w failingWriter) Write([]byte) (int, error) { return 0, w.err }

func TestSilence(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		src := &ramp{}
		s := clip.Silence(src)
		<-time.After(10*time.Second + time.Millisecond)
		for range 2 {
			if err := s.Close(); err != nil {
				t.Fatal(err)
			}
		}
		if src.pulls != 501 {
			t.Errorf("%d pulls in 10 s, want 501", src.pulls)
		}
	})
}
