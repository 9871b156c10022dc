package bridge

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"runtime"
	"slices"
	"strings"
	"sync"
	"testing"
	"testing/iotest"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/pion/transport/v4/test"

	"parlor/app/errno"
	"parlor/app/room"
	"parlor/media"
	"parlor/media/peer"
)

// fakeRoom is an engine which notes its calls.
type fakeRoom struct {
	cfg   room.Config
	fails map[string]error
	block map[string]chan struct{} // a call of that name waits for it, or for its context

	mu     sync.Mutex
	calls  []string
	closed bool
	stats  room.Stats
}

func (f *fakeRoom) call(ctx context.Context, name, args string) error {
	f.mu.Lock()
	f.calls = append(f.calls, name+args)
	wait, closed := f.block[name], f.closed
	f.mu.Unlock()
	if closed {
		return errno.EngineDestroyed.In(name)
	}
	if wait != nil {
		select {
		case <-wait:
		case <-ctx.Done():
			return errno.As(name, ctx.Err())
		}
	}
	return f.fails[name]
}

func (f *fakeRoom) Join(ctx context.Context, o room.JoinOptions) error {
	text, _ := json.Marshal(o)
	return f.call(ctx, "joinRtcRoom", string(text))
}

func (f *fakeRoom) Exit(ctx context.Context, roomID string) error {
	return f.call(ctx, "exitRtcRoom", "("+roomID+")")
}

func (f *fakeRoom) UpdateToken(ctx context.Context, token string) error {
	return f.call(ctx, "updateToken", "("+token+")")
}

func (f *fakeRoom) ChangeAudioCapture(ctx context.Context, on bool) error {
	return f.call(ctx, "changeAudioCapture", onOff(on))
}

func (f *fakeRoom) ChangeVideoCapture(ctx context.Context, on bool) error {
	return f.call(ctx, "changeVideoCapture", onOff(on))
}

func (f *fakeRoom) ChangeStreamPublishState(ctx context.Context, on bool, t room.StreamType) error {
	return f.call(ctx, "changeStreamPublishState", onOff(on)+string(t))
}

func (f *fakeRoom) ChangeStreamSubscribeState(ctx context.Context, on bool, user room.UserID, t room.StreamType) error {
	return f.call(ctx, "changeStreamSubscribeState", onOff(on)+string(user)+" "+string(t))
}

func (f *fakeRoom) ChangeScreenSubscribeState(ctx context.Context, on bool, user room.UserID, t room.StreamType) error {
	return f.call(ctx, "changeScreenSubscribeState", onOff(on)+string(user)+" "+string(t))
}

func (f *fakeRoom) ChangeUserVisibility(ctx context.Context, visible bool) error {
	return f.call(ctx, "changeUserVisibility", onOff(visible))
}

func (f *fakeRoom) SwitchCamera(ctx context.Context, p room.CameraPosition) error {
	return f.call(ctx, "switchCamera", "("+string(p)+")")
}

func (f *fakeRoom) SetAudioPlaybackDevice(ctx context.Context, d room.PlaybackDevice) error {
	return f.call(ctx, "setAudioPlaybackDevice", "("+string(d)+")")
}

func (f *fakeRoom) SetVideoEncoderConfig(ctx context.Context, largest media.VideoFormat) error {
	return f.call(ctx, "setVideoEncoderConfig", fmt.Sprint(largest))
}

func (f *fakeRoom) ChangeAnsMode(ctx context.Context, level media.NoiseLevel) error {
	return f.call(ctx, "changeAnsMode", "("+string(level)+")")
}

func (f *fakeRoom) StartScreenShare(ctx context.Context, screen, audio string) error {
	return f.call(ctx, "x-startScreenShare", "("+screen+","+audio+")")
}

func (f *fakeRoom) StopScreenShare(ctx context.Context) error {
	return f.call(ctx, "x-stopScreenShare", "")
}

func (f *fakeRoom) SendMessage(ctx context.Context, text string) (room.Message, error) {
	return room.Message{ID: 3, UserID: "u", Text: text, SentAt: time.UnixMilli(1700000000123)}, f.call(ctx, "x-sendMessage", "("+text+")")
}

func (f *fakeRoom) SetDevice(ctx context.Context, source media.Source, name string) error {
	return f.call(ctx, "x-setDevice", fmt.Sprintf("(%d,%s)", source, name))
}

func (f *fakeRoom) SetGain(user room.UserID, gain float64) {
	_ = f.call(context.Background(), "x-setGain", fmt.Sprintf("(%s,%v)", user, gain))
}

func (f *fakeRoom) RetryNow() { _ = f.call(context.Background(), "x-retryNow", "") }

func (f *fakeRoom) Stats() room.Stats { return f.stats }

func (f *fakeRoom) Close() error {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.closed = true
	f.calls = append(f.calls, "Close")
	for _, c := range f.block {
		close(c)
	}
	f.block = nil
	return nil
}

func onOff(on bool) string {
	if on {
		return " on "
	}
	return " off "
}

// harness is a Bridge over fakeRooms and what came out of it.
type harness struct {
	*Bridge
	rooms []*fakeRoom

	mu    sync.Mutex
	lines []string
	more  chan struct{} // closed and replaced with each line
}

func newHarness(t testing.TB, prepare func(*fakeRoom)) *harness {
	t.Helper()
	h := &harness{more: make(chan struct{})}
	h.Bridge = New(Config{
		Room: room.Config{Server: "http://127.0.0.1:1"},
		Emit: h.emit,
		Extra: map[string]Extra{
			"x-echo": func(_ context.Context, params json.RawMessage) (any, error) { return params, nil },
			"x-fail": func(context.Context, json.RawMessage) (any, error) { return nil, errors.New("broken on purpose") },
		},
	})
	h.newRoom = func(cfg room.Config) (engine, error) {
		f := &fakeRoom{cfg: cfg, fails: make(map[string]error)}
		if prepare != nil {
			prepare(f)
		}
		h.rooms = append(h.rooms, f)
		return f, nil
	}
	h.known = func(context.Context, string) error { return nil }
	t.Cleanup(func() { h.Close() })
	return h
}

func (h *harness) emit(l Line) {
	var text bytes.Buffer
	enc := json.NewEncoder(&text)
	enc.SetEscapeHTML(false)
	if err := enc.Encode(l); err != nil {
		text.WriteString("cannot be encoded: " + err.Error())
	}
	h.mu.Lock()
	defer h.mu.Unlock()
	h.lines = append(h.lines, strings.TrimSpace(text.String()))
	close(h.more)
	h.more = make(chan struct{})
}

// script gives lines one after another, each when the one before has been answered, and returns
// what came out.
func (h *harness) script(t testing.TB, lines ...string) []string {
	t.Helper()
	h.mu.Lock()
	from := len(h.lines)
	h.mu.Unlock()
	for _, l := range lines {
		h.CallLine([]byte(l))
		if err := h.Wait(t.Context()); err != nil {
			t.Fatal(err)
		}
	}
	h.mu.Lock()
	defer h.mu.Unlock()
	return slices.Clone(h.lines[from:])
}

// await returns when the text has come.
func (h *harness) await(t testing.TB, text string) {
	t.Helper()
	for {
		h.mu.Lock()
		found, more := slices.Contains(h.lines, text), h.more
		h.mu.Unlock()
		if found {
			return
		}
		select {
		case <-more:
		case <-t.Context().Done():
			t.Fatalf("%s never came", text)
		}
	}
}

func (h *harness) calls(i int) []string {
	h.rooms[i].mu.Lock()
	defer h.rooms[i].mu.Unlock()
	return slices.Clone(h.rooms[i].calls)
}

const (
	createLine = `{"id":1,"method":"createRtcRoomContext","params":{"appId":"a"}}`
	joinLine   = `{"id":2,"method":"joinRtcRoom","params":{"roomId":"r","userId":"u","token":"t"}}`
)

// TestBridge_Failures: what the room fails with reaches the callbacks unchanged.
func TestBridge_Failures(t *testing.T) {
	defer test.CheckRoutines(t)()
	tests := []struct {
		name string
		err  error
		want string
	}{
		{"R-19", errno.AlreadyInRoom.In("joinRtcRoom", "u1", "r1"), `{"errMsg":"joinRtcRoom:fail user u1 is already in the room r1","errNo":21100,"errorCode":115901,"errorType":"D"}`},
		{"R-20", errno.InvalidToken.In("joinRtcRoom", errors.New("forged")), `{"errMsg":"joinRtcRoom:fail invalid token","errNo":21101,"errorCode":115902,"errorType":"D"}`},
		{"R-24", errno.Failed.In("joinRtcRoom", errno.NativeJoinRoom), `{"errMsg":"joinRtcRoom:fail error code:-1001","errNo":21102,"errorCode":115903,"errorType":"F"}`},
		{"any other", errors.New("secret path"), `{"errMsg":"joinRtcRoom:fail error code:-1001","errNo":21102,"errorCode":115903,"errorType":"F"}`},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			h := newHarness(t, func(f *fakeRoom) { f.fails["joinRtcRoom"] = tt.err })
			h.script(t, createLine)
			want := []string{`{"id":2,"callback":"fail","res":` + tt.want + `}`, `{"id":2,"callback":"complete","res":` + tt.want + `}`}
			if diff := cmp.Diff(want, h.script(t, joinLine)); diff != "" {
				t.Errorf("lines (-want +got):\n%s", diff)
			}
		})
	}
}

func TestBridge_Create(t *testing.T) {
	defer test.CheckRoutines(t)()
	defer test.TimeOut(20 * time.Second).Stop()
	h := newHarness(t, nil)
	var told []room.Event
	h.cfg.OnEvent = func(e room.Event) { told = append(told, e) }
	h.Call(json.RawMessage("1"), "createRtcRoomContext", json.RawMessage(`{"appId":"one"}`))
	if len(h.rooms) != 1 || h.rooms[0].cfg.AppID != "one" || h.rooms[0].cfg.Server != "http://127.0.0.1:1" {
		t.Fatalf("the first create is not done when Call returns, or not from the template: %+v", h.rooms)
	}
	h.script(t, `{"method":"offRtcStateChanged"}`, createLine)
	if got := h.calls(0); !slices.Equal(got, []string{"Close"}) {
		t.Errorf("first context: calls %q, want it closed", got)
	}
	if got := h.rooms[1].cfg.AppID; got != "a" {
		t.Errorf("second context: app %q, want a", got)
	}
	h.rooms[1].cfg.OnEvent(room.StateChanged{})
	h.rooms[1].cfg.OnEvent(room.Joined{RoomID: "r"})
	h.await(t, `{"event":"onRtcStateChanged","res":{"errNo":0,"errMsg":"ok","errCode":0}}`)
	if want := []room.Event{room.StateChanged{}, room.Joined{RoomID: "r"}}; !cmp.Equal(told, want) {
		t.Errorf("events told %v, want %v", told, want)
	}
	h.script(t, `{"method":"x-destroy"}`)
	if got := h.script(t, `{"id":3,"method":"exitRtcRoom","params":{"roomId":"r"}}`); !strings.Contains(got[0], `"errorCode":115910`) {
		t.Errorf("after x-destroy: %q, want 115910", got)
	}
	if h.Context() != nil {
		t.Error("after x-destroy there is a context")
	}
}

func TestBridge_Events(t *testing.T) {
	defer test.CheckRoutines(t)()
	tests := []struct {
		name string
		ev   room.Event
		want string
	}{
		{"N-44", room.VideoMembersChanged{Users: []room.UserID{"u1", "u2"}}, `{"event":"onRtcVideoMembersChanged","res":{"userIdList":["u1","u2"]}}`},
		{"N-45", room.ChatMembersChanged{}, `{"event":"onRtcChatMembersChanged","res":{"userIdList":[]}}`},
		{"N-46", room.ChatSpeakersChanged{Users: []room.UserID{"u1"}}, `{"event":"onRtcChatSpeakersChanged","res":{"userIdList":["u1"]}}`},
		{"N-47", room.PublishScreenMembersChanged{}, `{"event":"onRtcPublishScreenMembersChanged","res":{"userIdList":[]}}`},
		{"N-48", room.StateChanged{Err: errno.TokenExpired.In("onRtcStateChanged")}, `{"event":"onRtcStateChanged","res":{"errNo":21108,"errMsg":"token expired","errCode":21108}}`},
		{"N-49", room.ChatInterrupted{No: -1004, Msg: "duplicate login"}, `{"event":"onRtcChatInterrupted","res":{"errNo":-1004,"errMsg":"duplicate login"}}`},
		{"N-50", room.RoomTokenWillExpire{}, `{"event":"onRoomTokenWillExpire","res":{}}`},
		{"a message", room.MessageReceived{Message: room.Message{ID: 5, UserID: "u1", Text: "hi", SentAt: time.UnixMilli(1700000000123)}, Missed: true},
			`{"event":"x-onMessage","res":{"id":5,"userId":"u1","text":"hi","sentAt":1700000000123}}`},
		{"ours", room.Joined{}, ""},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			h := newHarness(t, nil)
			h.script(t, createLine)
			emit := func() string {
				before := len(h.lines)
				h.rooms[0].cfg.OnEvent(tt.ev)
				return strings.Join(h.lines[before:], "\n")
			}
			if got := emit(); got != tt.want {
				t.Errorf("got  %s\nwant %s", got, tt.want)
			}
			name, _ := eventLine(tt.ev)
			if name == "" || strings.HasPrefix(name, "x-") {
				return
			}
			off := strings.TrimPrefix(name, "on")
			h.script(t, `{"method":"off`+off+`"}`)
			if got := emit(); got != "" {
				t.Errorf("turned off, got %s", got)
			}
			h.script(t, `{"method":"on`+off+`"}`)
			if got := emit(); got != tt.want {
				t.Errorf("turned on again, got %q", got)
			}
		})
	}
	t.Run("X-39 alias", func(t *testing.T) {
		h := newHarness(t, nil)
		h.script(t, createLine, `{"method":"offRtcStateChange"}`)
		before := len(h.lines)
		h.rooms[0].cfg.OnEvent(room.StateChanged{})
		if got := h.lines[before:]; len(got) > 0 {
			t.Errorf("turned off by its other name, got %q", got)
		}
	})
}

// TestBridge_Create_Denied: R-3, the context is there when Call returns, and goes when the server does not know the app; what
// was called meanwhile waits for that.
func TestBridge_Create_Denied(t *testing.T) {
	defer test.CheckRoutines(t)()
	defer test.TimeOut(20 * time.Second).Stop()
	verdict := make(chan error)
	h := newHarness(t, nil)
	h.known = func(_ context.Context, appID string) error {
		if appID != "a" {
			t.Errorf("asked for the app %q", appID)
		}
		return <-verdict
	}
	create := func() { h.Call(json.RawMessage("1"), "createRtcRoomContext", json.RawMessage(`{"appId":"a"}`)) }
	create()
	if len(h.rooms) != 1 {
		t.Fatal("R-1: no context when Call returns")
	}
	h.Call(json.RawMessage("2"), "changeAudioCapture", json.RawMessage(`{"state":1}`))
	verdict <- errno.PlatformAuthDeny.In("createRtcRoomContext")
	if err := h.Wait(t.Context()); err != nil {
		t.Fatal(err)
	}
	destroyed := `{"errMsg":"changeAudioCapture:fail engine has been destroyed,please invoke tt.createRtcRoomContext create new engine","errNo":21102,"errorCode":115910,"errorType":"D"}`
	want := []string{
		`{"id":1,"ok":false,"res":{"errMsg":"createRtcRoomContext:fail platform auth deny","errNo":10101,"errorCode":116183,"errorType":"D"}}`,
		`{"id":2,"callback":"fail","res":` + destroyed + `}`, `{"id":2,"callback":"complete","res":` + destroyed + `}`,
	}
	if diff := cmp.Diff(want, h.lines); diff != "" {
		t.Errorf("lines (-want +got):\n%s", diff)
	}
	if got := h.calls(0); !slices.Equal(got, []string{"Close"}) {
		t.Errorf("the context was called with %q, want it closed", got)
	}
	create()
	verdict <- nil
	h.await(t, `{"id":1,"ok":true}`)
	create() // again: it waits for nothing but has one to take the place of, so that it is not done at once
	verdict <- nil
	if err := h.Wait(t.Context()); err != nil {
		t.Fatal(err)
	}
	if len(h.rooms) != 3 {
		t.Errorf("%d contexts were made, want 3", len(h.rooms))
	}
}

// TestBridge_Remembers: devices and loudness hold for later contexts, without one, too; a device that did not open does not.
func TestBridge_Remembers(t *testing.T) {
	defer test.CheckRoutines(t)()
	h := newHarness(t, nil)
	h.script(t, `{"method":"x-setDevice","params":{"kind":"camera","name":"c"}}`, `{"method":"x-setDevice","params":{"kind":"microphone","name":"m"}}`,
		`{"method":"x-setDevice","params":{"kind":"speaker","name":"s"}}`, `{"method":"x-setGain","params":{"userId":"u1","gain":0}}`,
		`{"method":"x-setGain","params":{"userId":"u2","gain":2}}`, `{"method":"x-setGain","params":{"userId":"u2","gain":1}}`, createLine)
	if got := h.calls(0); !slices.Equal(got, []string{"x-setGain(u1,0)"}) {
		t.Errorf("the first context was called with %q", got)
	}
	h.rooms[0].fails["x-setDevice"] = errors.New("broken")
	h.script(t, `{"method":"x-setDevice","params":{"kind":"camera","name":"broken"}}`)
	delete(h.rooms[0].fails, "x-setDevice")
	h.script(t, `{"method":"x-setDevice","params":{"kind":"speaker","name":"tv"}}`, createLine)
	if cfg := h.rooms[1].cfg; cfg.Camera != "c" || cfg.Microphone != "m" || cfg.Speaker != "tv" {
		t.Errorf("the second context has the devices %q, %q, %q", cfg.Camera, cfg.Microphone, cfg.Speaker)
	}
	for i := range maxGains {
		h.gains[room.UserID(fmt.Sprintf("u%d", i))] = 2
	}
	want := []string{`{"ok":false,"error":"x-setGain: the loudness of 10000 users is set already"}`}
	if got := h.script(t, `{"method":"x-setGain","params":{"userId":"one-more","gain":0}}`); !slices.Equal(got, want) {
		t.Errorf("over the bound: %q", got)
	}
}

// TestBridge_Order_Lanes: what changes two things waits for both; what makes sense in a room only waits for the join, but does not
// hold it up.
func TestBridge_Order_Lanes(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		join, message := make(chan struct{}), make(chan struct{})
		h := newHarness(t, func(f *fakeRoom) { f.block = map[string]chan struct{}{"joinRtcRoom": join, "x-sendMessage": message} })
		h.script(t, createLine)
		h.CallLine([]byte(joinLine))
		give := func(id, method, params string) {
			h.Call(json.RawMessage(id), method, json.RawMessage(params))
			synctest.Wait() // until all are done or wait for another
		}
		give("3", "x-sendMessage", `{"text":"hi"}`)
		give("4", "changeUserVisibility", `{"visible":true}`)
		give("5", "changeStreamPublishState", `{"state":1,"streamType":"both"}`)
		give("6", "changeAnsMode", `{"mode":"low"}`)
		join <- struct{}{}
		synctest.Wait()
		give("7", "updateToken", `{"token":"t"}`) // though the message is still on its way
		message <- struct{}{}
		if err := h.Wait(t.Context()); err != nil {
			t.Fatal(err)
		}
		var order []string
		for _, c := range h.calls(0) {
			order = append(order, c[:strings.IndexAny(c, "( {")])
		}
		first := []string{"joinRtcRoom", "changeAnsMode"}
		if len(order) != 6 || !slices.Equal(order[:2], first) || order[5] != "updateToken" ||
			slices.Index(order, "changeUserVisibility") > slices.Index(order, "changeStreamPublishState") {
			t.Errorf("called in the order %q", order)
		}
		h.Close()
	})
}

// TestBridge_Order: calls that change the same thing do not overtake each other, the others run beside.
func TestBridge_Order(t *testing.T) {
	defer test.CheckRoutines(t)()
	defer test.TimeOut(20 * time.Second).Stop()
	release := make(chan struct{})
	h := newHarness(t, func(f *fakeRoom) { f.block = map[string]chan struct{}{"joinRtcRoom": release} })
	for _, l := range []string{
		createLine, joinLine,
		`{"id":3,"method":"exitRtcRoom","params":{"roomId":"r"}}`,
		`{"id":4,"method":"changeAudioCapture","params":{"state":1}}`,
	} {
		h.CallLine([]byte(l))
	}
	h.await(t, `{"id":4,"callback":"complete","res":{"errMsg":"changeAudioCapture:ok"}}`)
	h.Call(json.RawMessage("5"), "x-destroy", nil)
	h.Call(json.RawMessage("6"), "changeAudioCapture", json.RawMessage(`{"state":1}`))
	h.mu.Lock()
	for _, l := range h.lines {
		if strings.HasPrefix(l, `{"id":3`) || strings.HasPrefix(l, `{"id":5`) || strings.HasPrefix(l, `{"id":6`) {
			t.Errorf("while the join is on its way: %s", l)
		}
	}
	h.mu.Unlock()
	h.rooms[0].mu.Lock()
	h.rooms[0].block = nil
	h.rooms[0].mu.Unlock()
	close(release)
	if err := h.Wait(t.Context()); err != nil {
		t.Fatal(err)
	}
	var order []string
	for _, l := range h.lines {
		if strings.Contains(l, "complete") || strings.Contains(l, `"ok"`) {
			order = append(order, l[:7])
		}
	}
	if want := []string{`{"id":1`, `{"id":4`, `{"id":2`, `{"id":3`, `{"id":5`, `{"id":6`}; !slices.Equal(order, want) {
		t.Errorf("ends in the order %q, want %q", order, want)
	}
}

// TestBridge_Call_ExitEndsJoin: a person who leaves does not wait for a join on its way.
func TestBridge_Call_ExitEndsJoin(t *testing.T) {
	defer test.CheckRoutines(t)()
	defer test.TimeOut(20 * time.Second).Stop()
	h := newHarness(t, func(f *fakeRoom) { f.block = map[string]chan struct{}{"joinRtcRoom": make(chan struct{})} })
	h.script(t, createLine)
	h.CallLine([]byte(joinLine))
	h.Call(json.RawMessage("3"), "exitRtcRoom", json.RawMessage(`{"roomId":"r"}`))
	if err := h.Wait(t.Context()); err != nil {
		t.Fatal(err)
	}
	want := []string{
		`{"id":1,"ok":true}`,
		`{"id":2,"callback":"fail","res":{"errMsg":"joinRtcRoom:fail error code:-1001","errNo":21102,"errorCode":115903,"errorType":"F"}}`,
		`{"id":2,"callback":"complete","res":{"errMsg":"joinRtcRoom:fail error code:-1001","errNo":21102,"errorCode":115903,"errorType":"F"}}`,
		`{"id":3,"callback":"success","res":{"errMsg":"exitRtcRoom:ok"}}`,
		`{"id":3,"callback":"complete","res":{"errMsg":"exitRtcRoom:ok"}}`,
	}
	if diff := cmp.Diff(want, h.lines); diff != "" {
		t.Errorf("lines (-want +got):\n%s", diff)
	}
}

// TestBridge_EventsAfterJoin: what a page hears of a room comes after the news that it is in it.
func TestBridge_EventsAfterJoin(t *testing.T) {
	defer test.CheckRoutines(t)()
	defer test.TimeOut(20 * time.Second).Stop()
	gate := make(chan struct{})
	h := newHarness(t, func(f *fakeRoom) { f.block = map[string]chan struct{}{"joinRtcRoom": gate} })
	h.script(t, createLine)
	h.CallLine([]byte(joinLine))
	for { // until the call has begun
		if calls := h.calls(0); len(calls) > 0 {
			break
		}
		runtime.Gosched()
	}
	h.rooms[0].cfg.OnEvent(members("u1"))
	h.rooms[0].cfg.OnEvent(members("u1", "u2"))
	gate <- struct{}{}
	if err := h.Wait(t.Context()); err != nil {
		t.Fatal(err)
	}
	want := []string{
		`{"id":1,"ok":true}`,
		`{"id":2,"callback":"success","res":{"errMsg":"joinRtcRoom:ok"}}`,
		`{"id":2,"callback":"complete","res":{"errMsg":"joinRtcRoom:ok"}}`,
		`{"event":"onRtcChatMembersChanged","res":{"userIdList":["u1"]}}`,
		`{"event":"onRtcChatMembersChanged","res":{"userIdList":["u1","u2"]}}`,
	}
	if diff := cmp.Diff(want, h.lines); diff != "" {
		t.Errorf("lines (-want +got):\n%s", diff)
	}
}

// TestBridge_Call_Bound: calls over the bound are refused, lines of a script wait.
func TestBridge_Call_Bound(t *testing.T) {
	defer test.CheckRoutines(t)()
	defer test.TimeOut(20 * time.Second).Stop()
	release := make(chan struct{})
	h := newHarness(t, func(f *fakeRoom) { f.block = map[string]chan struct{}{"updateToken": release} })
	h.script(t, createLine)
	for range maxCalls {
		h.Call(nil, "updateToken", json.RawMessage(`{"token":"t"}`))
	}
	h.Call(json.RawMessage("99"), "updateToken", json.RawMessage(`{"token":"t"}`))
	h.await(t, `{"id":99,"error":"updateToken: 64 calls are under way already"}`)
	given := make(chan struct{})
	go func() {
		defer close(given)
		h.CallLine([]byte(`{"id":100,"method":"x-echo"}`))
	}()
	select {
	case <-given:
		t.Error("a line over the bound was taken")
	default:
	}
	h.rooms[0].mu.Lock()
	h.rooms[0].block = nil
	h.rooms[0].mu.Unlock()
	close(release)
	<-given
	h.await(t, `{"id":100,"ok":true,"res":null}`)
}

func TestBridge_Close(t *testing.T) {
	defer test.CheckRoutines(t)()
	defer test.TimeOut(20 * time.Second).Stop()
	h := newHarness(t, func(f *fakeRoom) { f.block = map[string]chan struct{}{"joinRtcRoom": make(chan struct{})} })
	h.script(t, createLine)
	h.CallLine([]byte(joinLine))
	h.CallLine([]byte(`{"id":3,"method":"updateToken","params":{"token":"t"}}`))
	waiting := make(chan struct{})
	go func() {
		defer close(waiting)
		h.CallLine([]byte(`{"id":4,"method":"x-wait","params":{"event":"onRtcStateChanged"}}`))
	}()
	h.Close()
	<-waiting
	if err := h.Wait(t.Context()); err != nil {
		t.Fatal(err)
	}
	before := len(h.lines)
	h.CallLine([]byte(`{"id":5,"method":"x-stats"}`))
	h.Call(nil, "x-stats", nil)
	want := []string{`{"id":5,"error":"the bridge is closed"}`, `{"error":"the bridge is closed"}`}
	if diff := cmp.Diff(want, h.lines[before:]); diff != "" {
		t.Errorf("after Close (-want +got):\n%s", diff)
	}
	complete := 0
	for _, l := range h.lines {
		if strings.Contains(l, `"complete"`) {
			complete++
		}
	}
	if complete != 2 {
		t.Errorf("%d of the 2 running calls were completed: %q", complete, h.lines)
	}
}

func TestLines(t *testing.T) {
	defer test.CheckRoutines(t)()
	broken := errors.New("broken")
	long := strings.Repeat("x", MaxLine+500)
	tests := []struct {
		name string
		in   io.Reader
		want []string
		err  error
	}{
		{"nothing", strings.NewReader(""), nil, nil},
		{"lines", strings.NewReader("a\r\n\n  \nb\n"), []string{"a", "b"}, nil},
		{"no newline at the end", strings.NewReader("a\nb"), []string{"a", "b"}, nil},
		{"a long one between", strings.NewReader("a\n" + long + "\nb"), []string{"a", long[:MaxLine+1], "b"}, nil},
		{"a long one at the end", strings.NewReader(long), []string{long[:MaxLine+1]}, nil},
		{"longest allowed", strings.NewReader(long[:MaxLine] + "\n"), []string{long[:MaxLine]}, nil},
		{"broken", io.MultiReader(strings.NewReader("a\nb"), iotest.ErrReader(broken)), []string{"a", "b"}, broken},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			var got []string
			var err error
			for line, readErr := range Lines(tt.in) {
				if readErr != nil {
					err = readErr
					continue
				}
				got = append(got, string(line))
			}
			if !slices.Equal(got, tt.want) || err != tt.err {
				t.Errorf("got %.100q and %v, want %.100q and %v", got, err, tt.want, tt.err)
			}
		})
	}
}

func TestBridge_OnCall(t *testing.T) {
	defer test.CheckRoutines(t)()
	h := newHarness(t, nil)
	h.cfg.OnCall = func(id json.RawMessage, method string, params json.RawMessage) {
		h.emit(Line{ID: id, Event: "> " + method, Res: params})
	}
	want := []string{
		`{"id":1,"event":"> createRtcRoomContext","res":{"appId":"a"}}`, `{"id":1,"ok":true}`,
		`{"id":2,"event":"> noSuch","res":null}`, `{"id":2,"error":"unknown method \"noSuch\""}`,
	}
	if diff := cmp.Diff(want, h.script(t, createLine, `{"id":2,"method":"noSuch"}`)); diff != "" {
		t.Errorf("lines (-want +got):\n%s", diff)
	}
}

func TestBridge_Stats(t *testing.T) {
	defer test.CheckRoutines(t)()
	h := newHarness(t, func(f *fakeRoom) {
		f.stats = room.Stats{
			RTTMS:  1.5,
			Remote: []peer.TrackStats{{UserID: "u2", Source: media.Camera, Packets: 10, Lost: 1, Bytes: 9, Frames: 3, KeyFrames: 1, Level: 50, Freezes: 2}},
			Sent:   []peer.SendStats{{Source: media.Microphone, Packets: 4, Width: 640, Height: 360, Bitrate: 500000, LossPercent: 1.5, EncodeMS: 4}},
		}
	})
	h.script(t, createLine)
	want := []string{`{"id":7,"ok":true,"res":{"rttMs":1.5,"remote":[{"userId":"u2","kind":"video","source":"camera","packets":10,"lost":1,"bytes":9,"frames":3,"keyFrames":1,"decoded":0,"dropped":0,"plis":0,"concealed":0,"level":50,"width":0,"height":0,"jitterMs":0,"delayMs":0,"decodeMs":0,"freezes":2}],"sent":[{"kind":"audio","source":"microphone","packets":4,"bytes":0,"frames":0,"resent":0,"level":0,"width":640,"height":360,"bitrate":500000,"lossPercent":1.5,"encodeMs":4}]}}`}
	if diff := cmp.Diff(want, h.script(t, `{"id":7,"method":"x-stats"}`)); diff != "" {
		t.Errorf("lines (-want +got):\n%s", diff)
	}
}

func TestBridge_Sleep(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		h := newHarness(t, nil)
		start := time.Now()
		h.script(t, `{"id":1,"method":"x-sleep","params":{"ms":1500}}`)
		if got := time.Since(start); got != 1500*time.Millisecond {
			t.Errorf("the next line started after %v, want 1.5 s", got)
		}
		h.Call(nil, "x-sleep", json.RawMessage(`{"ms":3600000}`))
		if got := time.Since(start); got != 1500*time.Millisecond {
			t.Errorf("Call returned after %v", got)
		}
		h.Close()
	})
}

func members(users ...room.UserID) room.Event { return room.ChatMembersChanged{Users: users} }

func waitLine(params string) string {
	return `{"id":1,"method":"x-wait","params":{"event":"onRtcChatMembersChanged",` + params + `}}`
}

func TestBridge_WaitEvent(t *testing.T) {
	tests := []struct {
		name   string
		before []room.Event // before the x-wait
		params string
		later  []room.Event // one second apart
		want   string
		after  time.Duration
	}{
		{name: "one came already", before: []room.Event{members("u1")}, params: `"count":1`, want: `{"id":1,"ok":true,"res":{"userIdList":["u1"]}}`},
		{name: "one to come", params: `"count":1`, later: []room.Event{members("u1")}, want: `{"id":1,"ok":true,"res":{"userIdList":["u1"]}}`, after: time.Second},
		{name: "two", before: []room.Event{members("u1")}, params: `"count":2`, later: []room.Event{members("u1", "u2")}, want: `{"id":1,"ok":true,"res":{"userIdList":["u1","u2"]}}`, after: time.Second},
		{name: "other events do not count", params: `"timeoutMs":3000`, later: []room.Event{room.VideoMembersChanged{}}, want: `{"id":1,"ok":false,"error":"x-wait: 0 of 1 onRtcChatMembersChanged within 3s"}`, after: 3 * time.Second},
		{name: "time out", before: []room.Event{members("u1")}, params: `"count":2`, want: `{"id":1,"ok":false,"error":"x-wait: 1 of 2 onRtcChatMembersChanged within 10s"}`, after: 10 * time.Second},
		{name: "match of the last", before: []room.Event{members("u2"), members("u2", "u1")}, params: `"match":{"userIdList":["u1","u2"]}`, want: `{"id":1,"ok":true,"res":{"userIdList":["u2","u1"]}}`},
		{name: "match to come", before: []room.Event{members("u1", "u2"), members("u1")}, params: `"match":{"userIdList":["u1","u2"]}`, later: []room.Event{members(), members("u1", "u2")}, want: `{"id":1,"ok":true,"res":{"userIdList":["u1","u2"]}}`, after: 2 * time.Second},
		{name: "no match", before: []room.Event{members("u1")}, params: `"match":{"userIdList":[]},"timeoutMs":50`, want: `{"id":1,"ok":false,"error":"x-wait: no onRtcChatMembersChanged that matches within 50ms"}`, after: 50 * time.Millisecond},
		{name: "match of an unknown field", before: []room.Event{members()}, params: `"match":{"x":1},"timeoutMs":50`, want: `{"id":1,"ok":false,"error":"x-wait: no onRtcChatMembersChanged that matches within 50ms"}`, after: 50 * time.Millisecond},
		{name: "half a line", params: `"count":0.5`, want: `{"id":1,"ok":false,"error":"x-wait: params.count should be a whole number from 1, but got 0.5"}`},
		{name: "count and match", params: `"count":1,"match":{}`, want: `{"id":1,"ok":false,"error":"x-wait: params.count and params.match exclude each other"}`},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				h := newHarness(t, nil)
				h.script(t, createLine)
				for _, e := range tt.before {
					h.rooms[0].cfg.OnEvent(e)
				}
				go func() {
					for _, e := range tt.later {
						time.Sleep(time.Second) // of the bubble
						h.rooms[0].cfg.OnEvent(e)
					}
				}()
				start := time.Now()
				got := h.script(t, waitLine(tt.params))
				if got := got[len(got)-1]; got != tt.want {
					t.Errorf("got  %s\nwant %s", got, tt.want)
				}
				if got := time.Since(start); got != tt.after {
					t.Errorf("answered after %v, want %v", got, tt.after)
				}
				h.Close()
			})
		})
	}
}

func TestBridge_WaitEvent_Counts(t *testing.T) {
	t.Run("unknown event", func(t *testing.T) {
		h := newHarness(t, nil)
		if got := h.script(t, `{"method":"x-wait","params":{"event":"onFoo"}}`)[0]; !strings.Contains(got, `to be one of \"onRtcVideoMembersChanged\"`) {
			t.Errorf("got %s", got)
		}
	})
	t.Run("not those of an earlier context", func(t *testing.T) {
		synctest.Test(t, func(t *testing.T) {
			h := newHarness(t, nil)
			h.script(t, createLine)
			h.rooms[0].cfg.OnEvent(members("u1"))
			h.script(t, createLine)
			for _, params := range []string{`"count":1`, `"match":{"userIdList":["u1"]}`} {
				if got := h.script(t, waitLine(params))[0]; !strings.Contains(got, `"ok":false`) {
					t.Errorf("%s: %s", params, got)
				}
			}
			h.Close()
		})
	})
	t.Run("counted once", func(t *testing.T) {
		synctest.Test(t, func(t *testing.T) {
			h := newHarness(t, nil)
			h.script(t, createLine)
			h.rooms[0].cfg.OnEvent(members("u1"))
			h.script(t, waitLine(`"count":1`))
			if got := h.script(t, waitLine(`"count":1`))[0]; !strings.Contains(got, `"ok":false`) {
				t.Errorf("a line was counted twice: %s", got)
			}
			h.Close()
		})
	})
}

// FuzzBridge_CallLine: every line is answered, nothing panics, and what comes out is JSON.
func FuzzBridge_CallLine(f *testing.F) {
	for _, l := range []string{
		createLine, joinLine, `{"id":[1,{}],"method":"x-stats","params":{}}`, `{"method":"x-wait","params":{"event":"onRtcStateChanged","timeoutMs":1}}`,
		`{"method":"changeStreamPublishState","params":{"state":1e400,"streamType":"\ud800"}}`, `null`, `[]`, `{"id":1`, "\x00", `{"ID":1,"METHOD":"x-stats"}`,
	} {
		f.Add(l)
	}
	f.Fuzz(func(t *testing.T, line string) {
		if strings.Contains(strings.ToLower(line), "x-sleep") || strings.Contains(strings.ToLower(line), "x-wait") {
			return // would take as long as it says
		}
		h := newHarness(t, nil)
		h.script(t, createLine)
		got := h.script(t, line)
		if len(got) == 0 {
			t.Fatalf("%q was not answered", line)
		}
		for _, l := range got {
			if !json.Valid([]byte(l)) {
				t.Errorf("%q was answered with %q", line, l)
			}
		}
	})
}
