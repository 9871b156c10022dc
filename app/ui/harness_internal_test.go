package ui

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"image/color"
	"log/slog"
	"sync"
	"testing"
	"time"

	fynetest "fyne.io/fyne/v2/test"
	"github.com/pion/transport/v4/test"

	"parlor/app/bridge"
	"parlor/app/errno"
	"parlor/app/link"
	"parlor/app/room"
	"parlor/app/ui/console"
	"parlor/media"
)

const (
	testApp   = "6489f2a1c0d5e7b9"
	testToken = "0015dc114b50538d600388f7b18PgDxEmA="
)

var testTime = time.Date(2026, 1, 2, 12, 3, 41, 207e6, time.UTC)

// fakeBackend remembers what the window wished.
type fakeBackend struct {
	mu       sync.Mutex
	calls    []string
	displays map[tileKey]*media.Display
	shows    []string
	mintErr  error
	valid    bool // what VerifyToken says
	known    bool
	minted   string // room and user of the last token
	stats    room.Stats
	level    int
}

func (b *fakeBackend) Call(method string, params json.RawMessage) {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.calls = append(b.calls, method+" "+string(params))
}

func (b *fakeBackend) Token(console.TokenWish) (string, error) { return testToken, b.mintErr }

func (b *fakeBackend) RunScript(name string, lines [][]byte) {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.calls = append(b.calls, fmt.Sprintf("script %s: %d lines", name, len(lines)))
}

func (b *fakeBackend) MintToken(roomID, userID string) (string, error) {
	b.minted = roomID + " " + userID
	return testToken, b.mintErr
}

func (b *fakeBackend) VerifyToken(text string) (valid, known bool) { return b.valid, b.known }

func (b *fakeBackend) Show(user room.UserID, source media.Source, d *media.Display) {
	key := tileKey{user, source}
	if d == nil {
		delete(b.displays, key)
		b.shows = append(b.shows, fmt.Sprintf("-%s %v", user, source))
		return
	}
	b.displays[key] = d
	b.shows = append(b.shows, fmt.Sprintf("+%s %v", user, source))
}

func (b *fakeBackend) Stats() room.Stats {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.stats
}

func (b *fakeBackend) MicrophoneLevel() int {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.level
}

// taken returns the calls since the last taken.
func (b *fakeBackend) taken() []string {
	b.mu.Lock()
	defer b.mu.Unlock()
	calls := b.calls
	b.calls = nil
	return calls
}

// queue is the UI goroutine's queue, turned by the test.
type queue struct {
	mu    sync.Mutex
	posts []func()
	fresh chan struct{} // one: somebody posted
}

func newQueue() *queue { return &queue{fresh: make(chan struct{}, 1)} }

func (q *queue) post(f func()) {
	q.mu.Lock()
	q.posts = append(q.posts, f)
	q.mu.Unlock()
	select {
	case q.fresh <- struct{}{}:
	default:
	}
}

func (q *queue) length() int {
	q.mu.Lock()
	defer q.mu.Unlock()
	return len(q.posts)
}

// turn runs what was posted until nothing is left.
func (q *queue) turn() {
	for {
		q.mu.Lock()
		posts := q.posts
		q.posts = nil
		q.mu.Unlock()
		if len(posts) == 0 {
			return
		}
		for _, f := range posts {
			f()
		}
	}
}

// turnUntil runs what is posted until done is closed.
func (q *queue) turnUntil(done <-chan struct{}) {
	for {
		q.turn()
		select {
		case <-q.fresh:
		case <-done:
			q.turn()
			return
		}
	}
}

// harness is a window with a fake backend, whose UI goroutine is the test's.
type harness struct {
	t *testing.T
	*Window
	backend *fakeBackend
	queue   *queue
	clock   time.Time
}

// checked is newHarness that fails the test when goroutines stay behind. The check takes half a second.
func checked(t *testing.T, change func(*Config)) *harness {
	t.Helper()
	t.Cleanup(test.CheckRoutines(t)) // runs last
	return newHarness(t, change)
}

// newHarness opens a window and closes it at the end of the test.
func newHarness(t *testing.T, change func(*Config)) *harness {
	t.Helper()
	deadline := test.TimeOut(5 * time.Minute) // for a hang; a loaded machine may take more than one to draw a scene in all its sizes
	h := &harness{t: t, backend: &fakeBackend{displays: make(map[tileKey]*media.Display)}, queue: newQueue(), clock: testTime}
	cfg := Config{
		App: fynetest.NewTempApp(t), Post: h.queue.post, Backend: h.backend, Machine: &fakeMachine{}, Sound: &fakeSound{}, AppID: testApp,
		Server: "http://127.0.0.1:7880", RoomID: "1001", UserID: "wang_xm", CanMint: true, Embedded: true,
		Lang: "en", Theme: themeDark, Version: "0.1.0",
	}
	if change != nil {
		change(&cfg)
	}
	h.Window = newWindow(cfg, func() time.Time { return h.clock })
	h.sampler.close() // it reads the real clock; tests hand samples in
	t.Cleanup(func() {
		h.Window.Close()
		h.win.Close()
		deadline.Stop()
	})
	return h
}

// tap, typed and key are the driver's methods on the test's goroutine.
func (h *harness) tap(id string) {
	h.t.Helper()
	if err := h.wait1(func(ctx context.Context) error { return h.Tap(ctx, id) }); err != nil {
		h.t.Fatal(err)
	}
}

func (h *harness) typed(id, text string) {
	h.t.Helper()
	if err := h.wait1(func(ctx context.Context) error { return h.Type(ctx, id, text) }); err != nil {
		h.t.Fatal(err)
	}
}

func (h *harness) key(name string) {
	h.t.Helper()
	if err := h.wait1(func(ctx context.Context) error { return h.Key(ctx, name) }); err != nil {
		h.t.Fatal(err)
	}
}

// wait1 runs a driver's method on another goroutine and turns the queue until it returns.
func (h *harness) wait1(f func(context.Context) error) (err error) {
	done := make(chan struct{})
	go func() {
		defer close(done)
		err = f(context.Background())
	}()
	h.queue.turnUntil(done)
	return err
}

// seen is the driver's State.
func (h *harness) seen() State {
	h.t.Helper()
	var s State
	err := h.wait1(func(ctx context.Context) (err error) {
		s, err = h.State(ctx)
		return err
	})
	if err != nil {
		h.t.Fatal(err)
	}
	return s
}

// LogCall is the window's, for a call without an id.
func (h *harness) LogCall(method string, params json.RawMessage) {
	h.Window.LogCall(nil, method, params)
}

// events hands events in and shows them.
func (h *harness) events(list ...room.Event) {
	for _, ev := range list {
		h.HandleEvent(ev)
	}
	h.queue.turn()
}

// answered hands in a whole call with its answer; err nil means success.
func (h *harness) answered(method, params string, err *errno.Error) {
	h.LogCall(method, json.RawMessage(params))
	h.clock = h.clock.Add(326 * time.Millisecond)
	res, kind := any(bridge.Result{ErrMsg: method + ":ok"}), "success"
	if err != nil {
		res, kind = err, "fail"
	}
	h.LogLine(bridge.Line{Callback: kind, Res: res})
	h.LogLine(bridge.Line{Callback: "complete", Res: res})
	h.queue.turn()
}

const joinParams = `{"roomId":"1001","token":"` + testToken + `","userId":"wang_xm"}`

func members(names ...string) []room.Member {
	list := []room.Member{{UserID: "wang_xm", Self: true, Audio: true, Video: true, Connected: true}}
	for i, name := range names {
		list = append(list, room.Member{
			UserID: room.UserID(name), Audio: i%2 == 0, Video: i != 1, Connected: true, Quality: media.QualityGood,
			AudioSubscribed: true, VideoSubscribed: true, ScreenSubscribed: true,
		})
	}
	return list
}

// joined brings the window into room 1001 with these others.
func (h *harness) joined(names ...string) {
	h.LogCall("joinRtcRoom", json.RawMessage(joinParams))
	h.events(room.ConnectionChanged{State: room.Joining},
		room.CaptureChanged{Source: media.Camera, On: true}, room.CaptureChanged{Source: media.Microphone, On: true},
		room.ConnectionChanged{State: room.Inside}, room.Joined{RoomID: "1001", UserID: "wang_xm"})
	ok := bridge.Result{ErrMsg: "joinRtcRoom:ok"}
	h.LogLine(bridge.Line{Callback: "success", Res: ok})
	h.LogLine(bridge.Line{Callback: "complete", Res: ok})
	h.events(room.MembersChanged{Members: members(names...)})
}

// left ends the stay the way the room tells it.
func (h *harness) left(err *errno.Error) {
	h.events(room.ConnectionChanged{State: room.Outside}, room.Exited{RoomID: "1001", Err: err})
}

// put gives a tile a picture of one colour and waits until it is shown.
func (h *harness) put(key tileKey, c color.Color) {
	h.t.Helper()
	d := h.backend.displays[key]
	if d == nil {
		h.t.Fatalf("no display was given for %v", key)
	}
	img := d.Acquire(64, 36)
	for y := range 36 {
		for x := range 64 {
			img.Set(x, y, c)
		}
	}
	before := d.Shown()
	d.Put(img)
	for d.Shown() == before {
		<-h.queue.fresh
		h.queue.turn()
	}
}

// fakeDevices has one device of each kind.
type fakeDevices struct{ media.Devices }

func (fakeDevices) Cameras() ([]media.DeviceInfo, error) {
	return []media.DeviceInfo{{ID: "cam0", Label: "Logitech C920"}}, nil
}

func (fakeDevices) Microphones() ([]media.DeviceInfo, error) {
	return []media.DeviceInfo{{ID: "mic0", Label: "USB Headset"}}, nil
}

func (fakeDevices) Speakers() ([]media.DeviceInfo, error) { return nil, errors.New("no sound server") }

// rows are the rows of the log without their times; what a tap logs follows what was there before.
func (h *harness) rows() []string {
	h.queue.turn()
	var rows []string
	for _, row := range h.console.Rows(1000) {
		rows = append(rows, string(row.Mark)+" "+row.Text)
	}
	return rows
}

// fakeMachine remembers what the window wished of the program.
type fakeMachine struct {
	mu     sync.Mutex
	wishes []string
	report string
}

func (m *fakeMachine) note(format string, args ...any) {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.wishes = append(m.wishes, fmt.Sprintf(format, args...))
}

func (m *fakeMachine) PlaySound(name string, volume float64) { m.note("sound %s %.2f", name, volume) }
func (m *fakeMachine) CPUTime() time.Duration                { return time.Second }
func (m *fakeMachine) CheckServer()                          { m.note("check server") }
func (m *fakeMachine) SetLogLevel(l slog.Level)              { m.note("log %v", l) }

func (m *fakeMachine) SaveServer(c ServerChoice) error {
	m.note("server %q app %q key %q", c.URL, c.AppID, c.AppKey)
	return nil
}

func (m *fakeMachine) OpenWindow(l link.Link) error {
	m.note("window %s %s", l.Server, l.RoomID)
	return nil
}

func (m *fakeMachine) SelfTest(done func(string, error)) { done(m.report, nil) }

// taken returns the wishes since the last taken.
func (m *fakeMachine) taken() []string {
	m.mu.Lock()
	defer m.mu.Unlock()
	wishes := m.wishes
	m.wishes = nil
	return wishes
}

// fakeSound remembers what the window wished of microphone and speaker.
type fakeSound struct {
	wishes []string
	level  int
}

func (s *fakeSound) Listen(on bool, microphone string) {
	s.wishes = append(s.wishes, fmt.Sprintf("listen %v %q", on, microphone))
}

func (s *fakeSound) Hear(microphone, speaker string) {
	s.wishes = append(s.wishes, fmt.Sprintf("hear %q %q", microphone, speaker))
}
func (s *fakeSound) Chime(speaker string) {
	s.wishes = append(s.wishes, fmt.Sprintf("chime %q", speaker))
}
func (s *fakeSound) Stop()      { s.wishes = append(s.wishes, "stop") }
func (s *fakeSound) Level() int { return s.level }

// weakened lets the own connection be bad for long enough to be told.
func (h *harness) weakened() {
	list := append([]room.Member(nil), h.state.members...)
	for i := range list {
		if list[i].Self {
			list[i].Quality = media.QualityBad
		}
	}
	h.events(room.MembersChanged{Members: list})
	h.clock = h.clock.Add(weakAfter)
	h.showSamples(samples{at: h.clock})
}
