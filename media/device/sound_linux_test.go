package device_test

import (
	"bufio"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"math"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"syscall"
	"testing"
	"time"

	"parlor/media"
	"parlor/media/device"
)

// alone runs the test in a process of its own: oto has one context per process, whose goroutine
// never ends, and the sound libraries read the environment once. It returns false in the parent,
// whose test is then over; what a crashed test leaves behind, the parent takes away.
func alone(t *testing.T) bool {
	t.Helper()
	const mark = "PARLOR_TEST_ALONE"
	if os.Getenv(mark) == t.Name() {
		return true
	}
	cmd := exec.Command(os.Args[0], "-test.run=^"+t.Name()+"$", "-test.v", "-test.timeout=90s")
	dir, err := os.MkdirTemp("", "sound") // not t.TempDir: the path of a socket has 107 bytes at most
	if err != nil {
		t.Fatal(err)
	}
	defer os.RemoveAll(dir)
	cmd.Env = append(os.Environ(), mark+"="+t.Name(), "TMPDIR="+dir)
	cmd.SysProcAttr = &syscall.SysProcAttr{Setpgid: true}
	out, err := cmd.CombinedOutput()
	if cmd.Process != nil {
		_ = syscall.Kill(-cmd.Process.Pid, syscall.SIGKILL) // its process group; none is left normally
	}
	if err != nil || !strings.Contains(string(out), "--- PASS: "+t.Name()) {
		t.Errorf("process of its own: %v\n%s", err, out)
	} else if testing.Verbose() {
		t.Logf("%s", out)
	}
	return false
}

// soundServer is a PulseAudio server without hardware, for this test only.
type soundServer struct {
	dir     string
	address string
	cmd     *exec.Cmd
}

func startSoundServer(t *testing.T) *soundServer {
	t.Helper()
	dir := os.TempDir() // of this process alone
	s := &soundServer{dir: dir, address: "unix:" + filepath.Join(dir, "native")}
	t.Setenv("PULSE_SERVER", s.address)
	s.start(t)
	t.Cleanup(s.kill)
	return s
}

// start starts the server and returns when it takes clients.
func (s *soundServer) start(t *testing.T) {
	t.Helper()
	// A server that was killed leaves its socket behind.
	if err := os.RemoveAll(filepath.Join(s.dir, "native")); err != nil {
		t.Fatal(err)
	}
	s.cmd = exec.Command("pulseaudio", "-n", "-vv", "--daemonize=no", "--exit-idle-time=-1", "--disable-shm=yes", "--use-pid-file=no",
		"--load=module-null-sink norewinds=1 rate=48000 sink_name=hall sink_properties=device.description=Hall",
		"--load=module-null-sink norewinds=1 rate=48000 sink_name=study sink_properties=device.description=Study",
		"--load=module-native-protocol-unix auth-anonymous=1 socket="+filepath.Join(s.dir, "native"))
	s.cmd.Env = append(os.Environ(), "HOME="+s.dir, "XDG_RUNTIME_DIR="+s.dir, "PULSE_RUNTIME_PATH="+s.dir, "PULSE_SERVER=", "LC_ALL=C")
	stderr, err := s.cmd.StderrPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := s.cmd.Start(); err != nil {
		t.Fatalf("PulseAudio is needed for this test: %v", err)
	}
	var said strings.Builder
	lines := bufio.NewScanner(stderr)
	for lines.Scan() {
		said.WriteString(lines.Text() + "\n")
		if strings.Contains(lines.Text(), "Daemon startup complete") {
			go io.Copy(io.Discard, stderr) // ends with the server
			return
		}
	}
	s.kill()
	t.Fatalf("PulseAudio did not start:\n%s", said.String())
}

// kill ends the server as a crash would.
func (s *soundServer) kill() {
	if s.cmd != nil {
		_ = s.cmd.Process.Kill()
		_ = s.cmd.Wait() // it was killed: that is its error
		s.cmd = nil
	}
}

// tone is an endless sine which counts how often it was asked and notices two readers at once.
type tone struct {
	frequency, amplitude float64
	n                    int
	asked                atomic.Int64
	busy                 atomic.Bool
	clash                atomic.Bool
	odd                  atomic.Bool // asked for something else than a frame
}

func (s *tone) ReadPCM(pcm []int16) {
	if !s.busy.CompareAndSwap(false, true) {
		s.clash.Store(true)
		return
	}
	if len(pcm) != media.FrameSamples {
		s.odd.Store(true)
	}
	for i := range pcm {
		pcm[i] = int16(s.amplitude * math.Sin(2*math.Pi*s.frequency*float64(s.n)/media.SampleRate))
		s.n++
	}
	s.busy.Store(false)
	s.asked.Add(1)
}

// check tells what a source noticed, and that it is still asked.
func (s *tone) check(t *testing.T, what string) {
	t.Helper()
	if s.clash.Load() {
		t.Errorf("%s: the source was asked by two at once", what)
	}
	if s.odd.Load() {
		t.Errorf("%s: the source was asked for something else than a frame", what)
	}
	from := s.asked.Load()
	ticker := time.NewTicker(5 * time.Millisecond)
	defer ticker.Stop()
	for deadline := time.After(10 * time.Second); s.asked.Load() < from+10; {
		select {
		case <-ticker.C:
		case <-deadline:
			t.Fatalf("%s: the source is not asked any more", what)
		}
	}
}

// record returns n frames of a microphone from the first loud one on.
func record(t *testing.T, m media.AudioSource, n int) (pcm []int16) {
	t.Helper()
	last := time.Duration(-1)
	for i := 0; len(pcm) < n*media.FrameSamples; i++ {
		f, err := m.ReadAudio()
		if err != nil {
			t.Fatalf("frame %d: %v", i, err)
		}
		if len(f.PCM) != media.FrameSamples || f.At <= last {
			t.Fatalf("frame %d: got %d samples at %v after %v", i, len(f.PCM), f.At, last)
		}
		last = f.At
		if i > 500 {
			t.Fatal("nothing but silence for ten seconds")
		}
		// The second frame of the tone and on: the first is partly silence.
		if len(pcm) > 0 || rms(f.PCM) > 100 {
			pcm = append(pcm, f.PCM...)
		}
	}
	return pcm[media.FrameSamples*2:]
}

func rms(pcm []int16) float64 {
	var sum float64
	for _, v := range pcm {
		sum += float64(v) * float64(v)
	}
	return math.Sqrt(sum / float64(len(pcm)))
}

// frequency counts the zero crossings.
func frequency(pcm []int16) float64 {
	first, last, n := -1, -1, 0
	for i := 1; i < len(pcm); i++ {
		if pcm[i-1] < 0 && pcm[i] >= 0 {
			if first < 0 {
				first = i
			}
			last = i
			n++
		}
	}
	if n < 2 {
		return 0
	}
	return float64(n-1) * media.SampleRate / float64(last-first)
}

// checkTone compares what was recorded with a sine, frame by frame: the median holds on a busy
// machine too, where the sound server itself stumbles.
func checkTone(t *testing.T, what string, pcm []int16, hertz, amplitude float64) {
	t.Helper()
	var pitches, levels []float64
	for frame := range slices.Chunk(pcm, 2*media.FrameSamples) {
		pitches = append(pitches, frequency(frame))
		levels = append(levels, 20*math.Log10(rms(frame)/(amplitude/math.Sqrt2)))
	}
	slices.Sort(pitches)
	slices.Sort(levels)
	pitch, level := pitches[len(pitches)/2], levels[len(levels)/2]
	if math.Abs(pitch-hertz) > hertz/100 {
		t.Errorf("%s: got %.1f Hz want %.0f", what, pitch, hertz)
	}
	if math.Abs(level) > 1 {
		t.Errorf("%s: got level %+.1f dB want 0", what, level)
	}
	t.Logf("%s: %.1f Hz, level %+.2f dB", what, pitch, level)
}

func newSet(t *testing.T) *device.Set {
	return device.New(device.Config{Log: slog.New(slog.NewTextHandler(testWriter{t}, &slog.HandlerOptions{Level: slog.LevelDebug}))})
}

type testWriter struct{ t *testing.T }

func (w testWriter) Write(p []byte) (int, error) {
	w.t.Logf("%s", p)
	return len(p), nil
}

func closeIn(t *testing.T, what string, limit time.Duration, c io.Closer) {
	t.Helper()
	closed := make(chan error, 1)
	go func() { closed <- c.Close() }()
	select {
	case err := <-closed:
		if err != nil {
			t.Errorf("close %s: %v", what, err)
		}
	case <-time.After(limit):
		t.Fatalf("close %s: hangs", what)
	}
}

// TestSound plays and records through a sound server, kills it and starts it again.
func TestSound(t *testing.T) {
	if !alone(t) {
		return
	}
	server := startSoundServer(t)
	set := newSet(t)

	speakers := checkList(t, "speakers", set.Speakers)
	microphones := checkList(t, "microphones", set.Microphones)

	// The default devices: oto plays, miniaudio records.
	play(t, set, "oto", "", "", 1000)
	// By identifier: miniaudio plays; every monitor is a microphone.
	for _, name := range []string{"hall", "study"} {
		speaker, microphone := find(t, speakers, name), find(t, microphones, name)
		play(t, set, "miniaudio "+name, speaker.ID, microphone.ID, 700)
		play(t, set, "miniaudio "+name+" by label", speaker.Label, microphone.Label, 500)
	}
	for _, name := range []string{"attic", "hal"} {
		if _, err := set.OpenMicrophone(name); !errors.Is(err, device.ErrNoDevice) || !strings.Contains(err.Error(), name) {
			t.Errorf("microphone %q: got error %v want ErrNoDevice with the name", name, err)
		}
		if _, err := set.OpenSpeaker(name, &tone{}, nil); !errors.Is(err, device.ErrNoDevice) || !strings.Contains(err.Error(), name) {
			t.Errorf("speaker %q: got error %v want ErrNoDevice with the name", name, err)
		}
	}

	dies(t, set, server, speakers)

	// The server is back: oto cannot know, miniaudio takes its place.
	server.start(t)
	play(t, set, "after the restart", "", "", 800)
}

func checkList(t *testing.T, what string, list func() ([]media.DeviceInfo, error)) []media.DeviceInfo {
	t.Helper()
	infos, err := list()
	if err != nil {
		t.Fatalf("%s: %v", what, err)
	}
	defaults := 0
	for i, info := range infos {
		t.Logf("%s: %+v", what, info)
		if info.ID == "" || info.Label == "" {
			t.Errorf("%s: entry without a name: %+v", what, info)
		}
		if info.Default {
			defaults++
			if i != 0 {
				t.Errorf("%s: the default is number %d want first", what, i)
			}
		}
	}
	if len(infos) < 2 || defaults != 1 {
		t.Fatalf("%s: got %d with %d defaults want at least 2 with 1", what, len(infos), defaults)
	}
	return infos
}

func find(t *testing.T, infos []media.DeviceInfo, name string) media.DeviceInfo {
	t.Helper()
	for _, info := range infos {
		if strings.HasPrefix(info.ID, name) {
			return info
		}
	}
	t.Fatalf("no %q in %+v", name, infos)
	return media.DeviceInfo{}
}

// play plays a tone, records it, and closes both.
func play(t *testing.T, set *device.Set, what, speaker, microphone string, hertz float64) {
	t.Helper()
	const amplitude = 8000
	m, err := set.OpenMicrophone(microphone)
	if err != nil {
		t.Fatal(err)
	}
	src := &tone{frequency: hertz, amplitude: amplitude}
	sp, err := set.OpenSpeaker(speaker, src, func(err error) { t.Errorf("%s: lost: %v", what, err) })
	if err != nil {
		t.Fatal(err)
	}
	checkTone(t, what, record(t, m, 62), hertz, amplitude)
	src.check(t, what)
	closeIn(t, what+": speaker", 5*time.Second, sp)
	asked := src.asked.Load()
	closeIn(t, what+": microphone", 5*time.Second, m)
	if _, err := m.ReadAudio(); err != io.EOF {
		t.Errorf("%s: microphone after Close: got %v want EOF", what, err)
	}
	if src.asked.Load() != asked {
		t.Errorf("%s: the source is asked after Close", what)
	}
}

// dies kills the server while everything is open.
func dies(t *testing.T, set *device.Set, server *soundServer, speakers []media.DeviceInfo) {
	t.Helper()
	names := []string{"", find(t, speakers, "study").ID}
	sources := make([]*tone, len(names))
	sinks := make([]io.Closer, len(names))
	lost := make([]chan error, len(names))
	for i, name := range names {
		sources[i] = &tone{frequency: 300, amplitude: 1000}
		lost[i] = make(chan error, 10)
		var err error
		if sinks[i], err = set.OpenSpeaker(name, sources[i], func(err error) { lost[i] <- err }); err != nil {
			t.Fatal(err)
		}
		sources[i].check(t, "speaker "+name)
	}
	m, err := set.OpenMicrophone("")
	if err != nil {
		t.Fatal(err)
	}
	record(t, m, 5)

	server.kill()
	for i, name := range names {
		select {
		case err := <-lost[i]:
			t.Logf("speaker %q: lost: %v", name, err)
		case <-time.After(20 * time.Second):
			t.Fatalf("speaker %q: lost was not called", name)
		}
		sources[i].check(t, "dead speaker "+name)
	}
	for err = nil; err == nil; {
		_, err = m.ReadAudio()
	}
	t.Logf("microphone: %v", err)
	if err == io.EOF {
		t.Error("dead microphone: got EOF want an error")
	}

	// Without any server.
	if _, err := set.OpenMicrophone(""); !errors.Is(err, device.ErrNoDevice) {
		t.Errorf("microphone without a server: got %v want ErrNoDevice", err)
	}
	src, told := &tone{frequency: 300, amplitude: 1000}, make(chan error, 10)
	silent, err := set.OpenSpeaker("", src, func(err error) { told <- err })
	if err != nil {
		t.Fatal(err)
	}
	if err := <-told; !errors.Is(err, device.ErrNoDevice) {
		t.Errorf("speaker without a server: lost got %v want ErrNoDevice", err)
	}
	src.check(t, "speaker without a server")

	closeIn(t, "dead microphone", 5*time.Second, m)
	closeIn(t, "silent speaker", 5*time.Second, silent)
	for i, name := range names {
		closeIn(t, "dead speaker "+name, 5*time.Second, sinks[i])
		if n := len(lost[i]); n != 0 {
			t.Errorf("speaker %q: lost was called %d times more", name, n)
		}
	}
}

// locked is a source that two speakers may ask at once, as a mixer.
type locked struct {
	mu sync.Mutex
	tone
}

func (l *locked) ReadPCM(pcm []int16) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.tone.ReadPCM(pcm)
}

// TestSound_Change: one source goes from speaker to speaker, each opened before the last one is closed; between the default one (oto) and
// named ones (miniaudio), and back.
func TestSound_Change(t *testing.T) {
	if !alone(t) {
		return
	}
	startSoundServer(t)
	set := newSet(t)
	speakers := checkList(t, "speakers", set.Speakers)
	microphones := checkList(t, "microphones", set.Microphones)
	hall, study := find(t, speakers, "hall").ID, find(t, speakers, "study").ID
	src := &locked{tone: tone{frequency: 600, amplitude: 8000}}
	var before io.Closer
	for i, step := range []struct{ speaker, heard, quiet string }{
		{"", "hall", "study"}, {study, "study", "hall"}, {hall, "hall", "study"}, {"", "hall", "study"}, {"", "hall", "study"},
	} {
		what := fmt.Sprintf("change %d to %q", i, step.speaker)
		sp, err := set.OpenSpeaker(step.speaker, src, func(err error) { t.Errorf("%s: lost: %v", what, err) })
		if err != nil {
			t.Fatalf("%s: %v", what, err)
		}
		if before != nil {
			closeIn(t, what+": the one before", 5*time.Second, before)
		}
		before = sp
		src.check(t, what)
		for _, place := range []string{step.heard, step.quiet} {
			m, err := set.OpenMicrophone(find(t, microphones, place).ID)
			if err != nil {
				t.Fatal(err)
			}
			if place == step.heard {
				if !hears(record(t, m, 60), 600, 8000) {
					t.Errorf("%s: %s does not hear the tone", what, place)
				}
			} else if !fallsSilent(t, m) {
				t.Errorf("%s: %s is heard, too", what, place)
			}
			closeIn(t, what+": microphone", 5*time.Second, m)
		}
	}
	closeIn(t, "the last speaker", 5*time.Second, before)
}

// hears tells whether a tone was recorded for 40 ms at least. On a busy machine it has gaps.
func hears(pcm []int16, hertz, amplitude float64) bool {
	for part := range slices.Chunk(pcm, 2*media.FrameSamples) {
		level := 20 * math.Log10(rms(part)/(amplitude/math.Sqrt2))
		if math.Abs(frequency(part)-hertz) < hertz/100 && math.Abs(level) < 1 {
			return true
		}
	}
	return false
}

// fallsSilent tells whether a microphone hears nothing any more within a second.
func fallsSilent(t *testing.T, m media.AudioSource) bool {
	t.Helper()
	quiet := 0
	for range 50 {
		f, err := m.ReadAudio()
		if err != nil {
			t.Fatal(err)
		}
		if quiet++; rms(f.PCM) > 10 {
			quiet = 0
		}
	}
	return quiet > 10
}

// TestSound_NoSystem is a machine without sound card and sound server.
func TestSound_NoSystem(t *testing.T) {
	if !alone(t) {
		return
	}
	t.Setenv("PULSE_SERVER", "unix:/nonexistent/native")
	t.Setenv("ALSA_CONFIG_PATH", "/dev/null")
	set := newSet(t)
	for what, list := range map[string]func() ([]media.DeviceInfo, error){"speakers": set.Speakers, "microphones": set.Microphones} {
		if infos, err := list(); err != nil || len(infos) != 0 {
			t.Errorf("%s: got %v, error %v want none", what, infos, err)
		}
	}
	if _, err := set.OpenMicrophone(""); !errors.Is(err, device.ErrNoDevice) || !strings.Contains(err.Error(), "no microphone found") {
		t.Errorf("microphone: got %v want ErrNoDevice", err)
	}
	src, told := &tone{}, make(chan error, 10)
	sp, err := set.OpenSpeaker("", src, func(err error) { told <- err })
	if err != nil {
		t.Fatal(err)
	}
	if err := <-told; !errors.Is(err, device.ErrNoDevice) || !strings.Contains(err.Error(), "no speaker found") {
		t.Errorf("lost: got %v want ErrNoDevice", err)
	}
	src.check(t, "speaker")
	closeIn(t, "speaker", 5*time.Second, sp)
	if len(told) != 0 {
		t.Error("lost was called again")
	}
}
