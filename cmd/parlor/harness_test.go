//go:build linux

package main

import (
	"bufio"
	"context"
	"encoding/binary"
	"encoding/json"
	"fmt"
	"image"
	"image/color"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"parlor/app/ui"
)

// The tests of this package run the real program in a real window: each window on a virtual X
// display of its own, sound on a PulseAudio server of the test's own.

// programs are the built binaries, made once by TestMain.
var programs struct{ parlor, parlord, parlorctl string }

func TestMain(m *testing.M) {
	os.Exit(buildAndRun(m))
}

func buildAndRun(m *testing.M) int {
	dir, err := os.MkdirTemp("", "parlor-test-")
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		return 1
	}
	defer os.RemoveAll(dir)
	build := func(name string, env ...string) string {
		out := filepath.Join(dir, name)
		// Without the tag migrated_fynedo, so that Fyne reports calls from the wrong goroutine.
		cmd := exec.Command("go", "build", "-tags", "nolibopusfile", "-o", out, "parlor/cmd/"+name)
		cmd.Env = append(os.Environ(), env...)
		if msg, err := cmd.CombinedOutput(); err != nil {
			fmt.Fprintf(os.Stderr, "go build %s: %v\n%s", name, err, msg)
			os.Exit(1)
		}
		return out
	}
	if programs.parlor = os.Getenv("PARLOR_PROGRAM"); programs.parlor == "" { // else an installed one is tested
		programs.parlor = build("parlor")
	}
	programs.parlord = build("parlord", "CGO_ENABLED=0")
	programs.parlorctl = build("parlorctl", "CGO_ENABLED=0")
	return m.Run()
}

// process is a running program; it is ended with the test.
type process struct {
	cmd  *exec.Cmd
	done chan struct{} // closed when it has ended

	mu  sync.Mutex
	log strings.Builder // standard error
}

// start runs a program. Its first line on standard output, if ready is true, is awaited and returned.
func start(t testing.TB, ready bool, env []string, name string, args ...string) (*process, string) {
	t.Helper()
	p := &process{cmd: exec.Command(name, args...), done: make(chan struct{})}
	p.cmd.Env = append(os.Environ(), env...)
	p.cmd.SysProcAttr = &syscall.SysProcAttr{Setpgid: true, Pdeathsig: syscall.SIGKILL}
	p.cmd.Stderr = p
	out, err := p.cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := p.cmd.Start(); err != nil {
		t.Fatal(err)
	}
	first := make(chan string, 1)
	go func() {
		lines := bufio.NewScanner(out)
		lines.Buffer(nil, 1<<20)
		if lines.Scan() {
			first <- lines.Text()
		}
		close(first)
		for lines.Scan() {
		}
		p.cmd.Wait()
		close(p.done)
	}()
	t.Cleanup(func() {
		p.stop(t)
		if t.Failed() {
			t.Logf("%s said:\n%s", filepath.Base(name), p.said())
		}
	})
	if !ready {
		return p, ""
	}
	select {
	case line, ok := <-first:
		if !ok {
			t.Fatalf("%s ended before it was ready:\n%s", name, p.said())
		}
		return p, line
	case <-time.After(time.Minute):
		t.Fatalf("%s was not ready within a minute:\n%s", name, p.said())
	}
	return nil, ""
}

// Write implements io.Writer for standard error.
func (p *process) Write(b []byte) (int, error) {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.log.Write(b)
}

func (p *process) said() string {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.log.String()
}

// stop asks the program to end, and makes it after a while.
func (p *process) stop(t testing.TB) {
	p.cmd.Process.Signal(syscall.SIGTERM)
	select {
	case <-p.done:
	case <-time.After(20 * time.Second):
		p.cmd.Process.Signal(syscall.SIGQUIT) // a Go program says where it hangs
		select {
		case <-p.done:
		case <-time.After(5 * time.Second):
			p.kill()
		}
		t.Errorf("%s did not end on SIGTERM", p.cmd.Path)
	}
}

// kill is kill -9.
func (p *process) kill() {
	p.cmd.Process.Kill()
	<-p.done
}

// display is a virtual X display whose pixels can be read from its frame buffer file.
type display struct {
	name string // DISPLAY
	file string
}

func newDisplay(t testing.TB) *display {
	t.Helper()
	dir := t.TempDir()
	_, number := start(t, true, nil, "Xvfb", "-displayfd", "1", "-screen", "0", "1280x800x24", "-nolisten", "tcp", "-fbdir", dir)
	return &display{name: ":" + number, file: filepath.Join(dir, "Xvfb_screen0")}
}

// pixels reads what the display shows: the frame buffer file is an X window dump (XWD) of 32 bits a pixel.
func (d *display) pixels(t *testing.T) *image.RGBA {
	t.Helper()
	raw, err := os.ReadFile(d.file)
	if err != nil {
		t.Fatal(err)
	}
	field := func(i int) int { return int(binary.BigEndian.Uint32(raw[4*i:])) }
	header, width, height, stride, colours := field(0), field(4), field(5), field(12), field(19)
	start := header + colours*12
	img := image.NewRGBA(image.Rect(0, 0, width, height))
	for y := range height {
		for x := range width {
			p := raw[start+y*stride+4*x:]
			img.SetRGBA(x, y, color.RGBA{p[2], p[1], p[0], 255})
		}
	}
	return img
}

// window is a running desktop program and its QA driver.
type window struct {
	*process
	display *display
	drive   string // address of the QA driver
	conn    net.Conn
	replies chan reply

	mu     sync.Mutex
	events []reply
	next   int
}

// reply is one line of the driver's protocol.
type reply struct {
	ID       int             `json:"id"`
	OK       *bool           `json:"ok"`
	Callback string          `json:"callback"`
	Event    string          `json:"event"`
	Res      json.RawMessage `json:"res"`
	Error    string          `json:"error"`
}

// open starts the program in a display of its own.
func open(t testing.TB, env []string, args ...string) *window {
	t.Helper()
	w := &window{display: newDisplay(t), replies: make(chan reply, 1024)}
	env = append([]string{"DISPLAY=" + w.display.name, "LIBGL_ALWAYS_SOFTWARE=1", "XDG_CONFIG_HOME=" + t.TempDir(), "LANG=C.UTF-8"}, env...)
	p, line := start(t, true, env, programs.parlor, append([]string{"--drive", "127.0.0.1:0", "--log-level", "debug"}, args...)...)
	w.process = p
	var ready struct{ Drive string }
	if err := json.Unmarshal([]byte(line), &ready); err != nil {
		t.Fatalf("%q: %v", line, err)
	}
	conn, err := net.Dial("tcp", ready.Drive)
	if err != nil {
		t.Fatal(err)
	}
	w.drive, w.conn = ready.Drive, conn
	go w.read()
	t.Cleanup(func() {
		conn.Close()
		if strings.Contains(w.said(), "Error in Fyne call thread") {
			t.Error("Fyne was called from the wrong goroutine, see the log")
			t.Log(w.said())
		}
	})
	return w
}

func (w *window) read() {
	defer close(w.replies)
	lines := bufio.NewScanner(w.conn)
	lines.Buffer(nil, 1<<20)
	for lines.Scan() {
		var r reply
		if json.Unmarshal(lines.Bytes(), &r) != nil {
			continue
		}
		if r.Event != "" {
			w.mu.Lock()
			w.events = append(w.events, r)
			w.mu.Unlock()
			continue
		}
		w.replies <- r
	}
}

// call sends a method and returns its first answer.
func (w *window) call(t testing.TB, method string, params map[string]any) reply {
	t.Helper()
	w.next++
	id := w.next
	line, err := json.Marshal(map[string]any{"id": id, "method": method, "params": params})
	if err != nil {
		t.Fatal(err)
	}
	if _, err := w.conn.Write(append(line, '\n')); err != nil {
		t.Fatalf("%s: %v", method, err)
	}
	limit := time.After(time.Minute)
	for {
		select {
		case r, ok := <-w.replies:
			if !ok {
				t.Fatalf("%s: the driver hung up; the program said:\n%s", method, w.said())
			}
			if r.ID == id {
				return r
			}
		case <-limit:
			t.Fatalf("%s: no answer within a minute", method)
		}
	}
}

// tap taps a control.
func (w *window) tap(t *testing.T, id string) {
	t.Helper()
	if r := w.call(t, "ui.tap", map[string]any{"id": id}); r.Error != "" {
		t.Fatal(r.Error)
	}
}

func (w *window) state(t testing.TB) ui.State {
	t.Helper()
	r := w.call(t, "ui.state", nil)
	var s ui.State
	if err := json.Unmarshal(r.Res, &s); err != nil || r.Error != "" {
		t.Fatalf("ui.state: %s %v", r.Error, err)
	}
	return s
}

// until asks for the state again and again until cond is true.
func (w *window) until(t testing.TB, what string, limit time.Duration, cond func(ui.State) bool) ui.State {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), limit)
	defer cancel()
	tick := time.NewTicker(200 * time.Millisecond)
	defer tick.Stop()
	for {
		s := w.state(t)
		if cond(s) {
			return s
		}
		select {
		case <-tick.C:
		case <-ctx.Done():
			now, _ := json.MarshalIndent(s, "", " ")
			t.Fatalf("waited %v for: %s; the window shows:\n%s", limit, what, now)
		}
	}
}

// pulse is a PulseAudio server of the test's own with two null sinks: "out", the default, is what
// programs play; the monitor of "voice" is the default microphone.
type pulse struct{ server string }

func newPulse(t *testing.T) *pulse {
	t.Helper()
	dir := t.TempDir()
	socket := filepath.Join(dir, "native")
	env := []string{"HOME=" + dir, "XDG_RUNTIME_DIR=" + dir, "PULSE_RUNTIME_PATH=" + dir}
	p, _ := start(t, false, env, "pulseaudio", "-n", "--daemonize=no", "--use-pid-file=no", "--exit-idle-time=-1", "--disable-shm=yes",
		"-L", "module-null-sink sink_name=out norewinds=1 rate=48000",
		"-L", "module-null-sink sink_name=voice norewinds=1 rate=48000",
		"-L", "module-native-protocol-unix auth-anonymous=1 socket="+socket)
	s := &pulse{server: "unix:" + socket}
	deadline := time.After(30 * time.Second)
	tick := time.NewTicker(100 * time.Millisecond)
	defer tick.Stop()
	for {
		if conn, err := net.Dial("unix", socket); err == nil {
			conn.Close()
			break
		}
		select {
		case <-tick.C:
		case <-p.done:
			t.Fatalf("pulseaudio ended:\n%s", p.said())
		case <-deadline:
			t.Fatalf("pulseaudio did not start:\n%s", p.said())
		}
	}
	for _, args := range [][]string{{"set-default-sink", "out"}, {"set-default-source", "voice.monitor"}} {
		if msg, err := s.command("pactl", args...).CombinedOutput(); err != nil {
			t.Fatalf("pactl %v: %v\n%s", args, err, msg)
		}
	}
	return s
}

func (s *pulse) env() []string { return []string{"PULSE_SERVER=" + s.server} }

func (s *pulse) command(name string, args ...string) *exec.Cmd {
	cmd := exec.Command(name, args...)
	cmd.Env = append(os.Environ(), s.env()...)
	return cmd
}
