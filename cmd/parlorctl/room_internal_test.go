package main

import (
	"bufio"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"log/slog"
	"math"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/pion/transport/v4/test"

	"parlor/app/bridge"
	"parlor/app/impairment"
	"parlor/app/server"
	"parlor/app/token"
	"parlor/media/clip"
)

const (
	testApp   = "0123456789abcdef01234567"
	testKey   = "testappkey0123456789abcdef012345"
	sentVideo = "../../media/clip/builtin/bot1.ivf"
	sentAudio = "../../media/clip/builtin/bot1.ogg"
)

// startServer returns a server, which the caller closes.
func startServer(t *testing.T) *server.Server {
	t.Helper()
	s, err := server.New(server.Config{
		Listen: "127.0.0.1:0", UDP: "127.0.0.1:0", Apps: map[string]string{testApp: testKey}, Log: slog.New(slog.DiscardHandler),
	})
	if err != nil {
		t.Fatal(err)
	}
	return s
}

// program is a command that runs in process, with pipes for its streams.
type program struct {
	t      *testing.T
	stdin  *io.PipeWriter
	lines  *bufio.Scanner
	signal context.CancelFunc
	code   chan int
	nextID int
}

func start(t *testing.T, args ...string) *program {
	t.Helper()
	ctx, signal := context.WithCancel(t.Context())
	in, stdin := io.Pipe()
	out, stdout := io.Pipe()
	p := &program{t: t, stdin: stdin, lines: bufio.NewScanner(out), signal: signal, code: make(chan int, 1)}
	p.lines.Buffer(nil, bridge.MaxLine)
	go func() {
		code := run(ctx, args, in, stdout, t.Output())
		stdout.Close()
		p.code <- code
	}()
	return p
}

// call makes a call and reads until its last line, which it returns.
func (p *program) call(method string, params map[string]any) bridgeLine {
	p.t.Helper()
	p.nextID++
	line, err := json.Marshal(map[string]any{"id": p.nextID, "method": method, "params": params})
	if err != nil {
		p.t.Fatal(err)
	}
	if _, err := p.stdin.Write(append(line, '\n')); err != nil {
		p.t.Fatal(err)
	}
	for p.lines.Scan() {
		var l bridgeLine
		if err := json.Unmarshal(p.lines.Bytes(), &l); err != nil {
			p.t.Fatalf("%s: %v", p.lines.Text(), err)
		}
		if l.ID != p.nextID || l.Callback == "success" || l.Callback == "fail" {
			continue
		}
		return l
	}
	p.t.Fatalf("%s was not answered", method)
	return bridgeLine{}
}

type bridgeLine struct {
	ID       int
	OK       *bool
	Callback string
	Res      json.RawMessage
	Error    string
}

// ok makes a call that must succeed.
func (p *program) ok(method string, params map[string]any) {
	p.t.Helper()
	l := p.call(method, params)
	if l.Error != "" || l.OK != nil && !*l.OK || l.Callback != "" && string(l.Res) != fmt.Sprintf(`{"errMsg":"%s:ok"}`, method) {
		p.t.Fatalf("%s: %s %s", method, l.Res, l.Error)
	}
}

func (p *program) stats() (s bridge.Stats) {
	p.t.Helper()
	l := p.call("x-stats", nil)
	if err := json.Unmarshal(l.Res, &s); err != nil {
		p.t.Fatal(err)
	}
	return s
}

// sent is the number of frames of video so far.
func (p *program) sent() uint64 {
	for _, s := range p.stats().Sent {
		if s.Kind == "video" {
			return s.Frames
		}
	}
	return 0
}

// received is what came of the other's video or audio so far.
func (p *program) received(kind string) (r bridge.RemoteStats) {
	for _, r := range p.stats().Remote {
		if r.Kind == kind {
			return r
		}
	}
	return r
}

// until waits for a condition.
func until(t *testing.T, what string, holds func() bool) {
	t.Helper()
	tick := time.NewTicker(20 * time.Millisecond)
	defer tick.Stop()
	limit := time.After(30 * time.Second)
	for !holds() {
		select {
		case <-tick.C:
		case <-limit:
			t.Fatalf("never: %s", what)
		}
	}
}

// end closes the input and waits for the end.
func (p *program) end() {
	p.t.Helper()
	p.stdin.Close()
	for p.lines.Scan() {
	}
	if code := <-p.code; code != 0 {
		p.t.Errorf("exit code %d, want 0", code)
	}
}

// join enters a room with camera and microphone on.
func (p *program) join(room, user string) {
	p.t.Helper()
	text, err := token.Mint(token.MintOptions{AppID: testApp, AppKey: testKey, RoomID: room, UserID: user, TTL: time.Hour})
	if err != nil {
		p.t.Fatal(err)
	}
	p.ok("createRtcRoomContext", map[string]any{"appId": testApp})
	p.ok("changeVideoCapture", map[string]any{"state": 1})
	p.ok("changeAudioCapture", map[string]any{"state": 1})
	p.ok("joinRtcRoom", map[string]any{"roomId": room, "userId": user, "token": text})
}

// TestAPI_Media: what one client sends from files reaches the other and its recorder.
func TestAPI_Media(t *testing.T) {
	defer test.CheckRoutines(t)()
	defer test.TimeOut(2 * time.Minute).Stop()
	s := startServer(t)
	defer s.Close()
	dir := t.TempDir()
	a := start(t, "api", "--server", s.URL(), "--video", sentVideo, "--audio", sentAudio)
	b := start(t, "api", "--server", s.URL(), "--video", sentVideo, "--audio", sentAudio, "--record", dir)
	a.join("r", "a")
	b.join("r", "b")
	a.ok("x-wait", map[string]any{"event": "onRtcVideoMembersChanged", "match": map[string]any{"userIdList": []string{"a", "b"}}})
	until(t, "b receives a", func() bool { return b.received("video").Frames > 0 && b.received("audio").Packets > 0 })
	sent, received := a.sent(), b.received("video").Frames
	until(t, "a sends three seconds more", func() bool { return a.sent() >= sent+45 })
	due := received + uint64(math.Ceil(0.95*float64(a.sent()-sent)))
	until(t, "95 % of them arrive", func() bool { return b.received("video").Frames >= due })
	for _, kind := range []string{"video", "audio"} {
		if r := b.received(kind); r.Lost*20 > r.Packets || r.Source == "" {
			t.Errorf("%s: %d of %d packets were lost", kind, r.Lost, r.Packets)
		}
	}
	if r := b.received("video"); r.Width != 640 || r.Height != 360 || r.KeyFrames == 0 {
		t.Errorf("video: %+v", r)
	}
	a.end()
	b.ok("x-wait", map[string]any{"event": "onRtcChatMembersChanged", "match": map[string]any{"userIdList": []string{"b"}}})
	b.end()
	checkRecordings(t, dir)
}

// checkRecordings plays the first second of a's files.
func checkRecordings(t *testing.T, dir string) {
	t.Helper()
	video, err := clip.OpenVideo(filepath.Join(dir, "a-video.ivf"))
	if err != nil {
		t.Fatal(err)
	}
	defer video.Close()
	if f := video.Format(); f.Width != 640 || f.Height != 360 {
		t.Errorf("recorded video is %+v", f)
	}
	audio, err := clip.OpenAudio(filepath.Join(dir, "a-audio.ogg"))
	if err != nil {
		t.Fatal(err)
	}
	defer audio.Close()
	for i := range 15 {
		v, err := video.ReadVideo()
		if err != nil || len(v.Encoded) == 0 || i == 0 && !v.KeyFrame {
			t.Fatalf("recorded frame %d: %d bytes, key %v, %v", i, len(v.Encoded), v.KeyFrame, err)
		}
		if a, err := audio.ReadAudio(); err != nil || len(a.Encoded) == 0 {
			t.Fatalf("recorded packet %d: %d bytes, %v", i, len(a.Encoded), err)
		}
	}
}

// TestAPI_Network: the impairment is real, and a client survives a cut.
func TestAPI_Network(t *testing.T) {
	defer test.CheckRoutines(t)()
	defer test.TimeOut(2 * time.Minute).Stop()
	s := startServer(t)
	defer s.Close()
	a := start(t, "api", "--server", s.URL(), "--video", sentVideo, "--audio", sentAudio)
	b := start(t, "api", "--server", s.URL(), "--video", sentVideo, "--audio", sentAudio)
	a.join("r", "a")
	b.join("r", "b")
	until(t, "b receives a", func() bool { return b.received("video").Frames > 5 })
	b.ok("x-network", map[string]any{"lossPercent": 20, "delayMs": 10})
	before := b.received("video").Frames
	until(t, "b receives with loss", func() bool { return b.received("video").Frames > before+30 })
	var report impairment.Report
	if err := json.Unmarshal(b.call("x-network", nil).Res, &report); err != nil || report.Lost == 0 || report.LossPercent != 20 {
		t.Errorf("x-network: %+v, %v", report, err)
	}
	b.ok("x-network", map[string]any{"lossPercent": 0, "delayMs": 0, "cut": 500})
	b.ok("x-sleep", map[string]any{"ms": 500})
	before = b.received("video").Frames
	until(t, "b receives after the cut", func() bool { return b.received("video").Frames > before+10 })
	a.end()
	b.end()
}

func TestBots(t *testing.T) {
	defer test.CheckRoutines(t)()
	defer test.TimeOut(time.Minute).Stop()
	s := startServer(t)
	defer s.Close()
	var stdout, stderr strings.Builder
	args := strings.Fields("bots --count 2 --for 2s --user-prefix robot --app-id " + testApp + " --room r --server " + s.URL() + " --app-key ")
	if code := run(t.Context(), append(args, testKey), nil, &stdout, &stderr); code != 0 {
		t.Fatalf("exit code %d: %s", code, stderr.String())
	}
	got := lines(stdout.String())
	for _, want := range []string{`{"userId":"robot1","joined":true,`, `{"userId":"robot2","joined":true,`, `{"bots":2,"joined":2,"removed":0,`} {
		if len(got) != 3 || !strings.Contains(stdout.String(), want) {
			t.Errorf("got %s\nwant a line %s", stdout.String(), want)
		}
	}
	stdout.Reset()
	stderr.Reset()
	if code := run(t.Context(), append(args, "wrong"), nil, &stdout, &stderr); code != 1 {
		t.Errorf("with a wrong key: exit code %d, want 1", code)
	}
	if want := "parlorctl bots: 2 of 2 bots did not join: joinRtcRoom:fail invalid token"; !strings.HasPrefix(stderr.String(), want) {
		t.Errorf("with a wrong key: %q, want %q", stderr.String(), want)
	}
	if code := run(t.Context(), append(args, testKey, "--count", "0"), nil, &stdout, &stderr); code != 2 {
		t.Errorf("without bots: exit code %d, want 2", code)
	}
}

func TestWatch(t *testing.T) {
	defer test.CheckRoutines(t)()
	defer test.TimeOut(time.Minute).Stop()
	s := startServer(t)
	defer s.Close()
	flags := []string{"--app-id", testApp, "--app-key", testKey, "--room", "r", "--server", s.URL()}
	w := start(t, append([]string{"watch"}, flags...)...)
	await := func(what string) {
		t.Helper()
		for w.lines.Scan() {
			if strings.HasSuffix(w.lines.Text(), what) {
				return
			}
		}
		t.Fatalf("never printed: %s", what)
	}
	await("in room r as watch")
	await("watch joined")
	b := start(t, append([]string{"bots"}, flags...)...)
	if !b.lines.Scan() || !strings.HasPrefix(b.lines.Text(), `{"userId":"bot1","joined":true`) {
		t.Errorf("the bot printed %q", b.lines.Text())
	}
	await("bot1 joined")
	b.signal()
	await("bot1 left")
	b.end()
	w.signal()
	w.end()
}
