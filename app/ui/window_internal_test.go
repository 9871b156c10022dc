package ui

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"image/color"
	"slices"
	"strings"
	"testing"
	"time"

	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/driver/desktop"
	"github.com/google/go-cmp/cmp"

	"parlor/app/bridge"
	"parlor/app/errno"
	"parlor/app/room"
	"parlor/assets"
	"parlor/media"
	"parlor/media/peer"
)

// TestJoin is the guide's flow: the calls, in their order, with their parameters (R-73..R-76).
func TestJoin(t *testing.T) {
	const (
		videoOn, videoOff = `changeVideoCapture {"state":1}`, `changeVideoCapture {"state":0}`
		audioOn, audioOff = `changeAudioCapture {"state":1}`, `changeAudioCapture {"state":0}`
		publish           = `changeStreamPublishState {"state":1,"streamType":"audio"}`
		unpublish         = `changeStreamPublishState {"state":0,"streamType":"audio"}`
		join              = "joinRtcRoom " + joinParams
	)
	for _, tc := range []struct {
		name   string
		change func(*Config)
		before func(*harness)
		want   []string
	}{
		{name: "both on", want: []string{videoOn, audioOn, publish, join}},
		{name: "muted", before: func(h *harness) { h.tap("join.mic") }, want: []string{videoOn, audioOff, unpublish, join}},
		{name: "no camera", before: func(h *harness) { h.tap("join.camera") }, want: []string{videoOff, audioOn, publish, join}},
		{name: "pasted", before: func(h *harness) { h.tap("join.token.paste"); h.typed("join.token", "abc") },
			want: []string{videoOn, audioOn, publish, `joinRtcRoom {"roomId":"1001","token":"abc","userId":"wang_xm"}`}},
		{name: "given token", change: func(c *Config) { c.Token = "given" },
			want: []string{videoOn, audioOn, publish, `joinRtcRoom {"roomId":"1001","token":"given","userId":"wang_xm"}`}},
		{name: "typed room", before: func(h *harness) { h.typed("join.roomId", "a.b"); h.typed("join.name", "u@x") },
			want: []string{videoOn, audioOn, publish, `joinRtcRoom {"roomId":"a.b","token":"` + testToken + `","userId":"u@x"}`}},
	} {
		t.Run(tc.name, func(t *testing.T) {
			h := newHarness(t, tc.change)
			if tc.before != nil {
				tc.before(h)
			}
			h.backend.taken()
			h.tap("join.join")
			if diff := cmp.Diff(tc.want, h.backend.taken()); diff != "" {
				t.Errorf("calls of the button (-want +got):\n%s", diff)
			}
			h.Join()
			h.queue.turn()
			if diff := cmp.Diff(tc.want, h.backend.taken()); diff != "" {
				t.Errorf("calls of Join (-want +got):\n%s", diff)
			}
		})
	}
}

func TestJoin_Refused(t *testing.T) {
	h := newHarness(t, nil)
	h.backend.mintErr = errors.New("no key for this app")
	h.tap("join.join")
	if got := h.seen().Texts; !slices.Contains(got, "No token could be made: no key for this app") {
		t.Errorf("a failed mint is not told: %q", got)
	}
	h.typed("join.roomId", "a b")
	if err := h.wait1(func(ctx context.Context) error { return h.Tap(ctx, "join.join") }); err == nil {
		t.Error("Join can be tapped with a wrong room id")
	}
	h.Join()
	h.queue.turn()
	if got := h.backend.taken(); got != nil {
		t.Errorf("calls were made: %q", got)
	}
}

// TestEveryTapIsOneCall taps each control of the room and compares the calls.
func TestEveryTapIsOneCall(t *testing.T) {
	for _, tc := range []struct {
		name   string
		before func(*harness)
		id     string
		want   []string
	}{
		{name: "mute", id: "room.tool.mic", want: []string{`changeStreamPublishState {"state":0,"streamType":"audio"}`}},
		{name: "mute without the hint", id: "room.tool.mic", want: []string{`changeAudioCapture {"state":0}`},
			before: func(h *harness) { h.prefer(preferences{TextSize: 100}) }},
		{name: "unmute", id: "room.tool.mic", want: []string{`changeAudioCapture {"state":1}`},
			before: func(h *harness) { h.events(room.CaptureChanged{Source: media.Microphone}) }},
		{name: "unmute after joining muted", id: "room.tool.mic",
			want: []string{`changeAudioCapture {"state":1}`, `changeStreamPublishState {"state":1,"streamType":"audio"}`},
			before: func(h *harness) {
				h.answered("changeStreamPublishState", `{"state":0,"streamType":"audio"}`, nil)
				h.events(room.CaptureChanged{Source: media.Microphone})
			}},
		{name: "captured but withheld", id: "room.tool.mic", want: []string{`changeStreamPublishState {"state":1,"streamType":"audio"}`},
			before: func(h *harness) {
				h.answered("changeStreamPublishState", `{"state":0,"streamType":"both"}`, nil)
			}},
		{name: "video off", id: "room.tool.camera", want: []string{`changeVideoCapture {"state":0}`}},
		{name: "video on", id: "room.tool.camera", want: []string{`changeVideoCapture {"state":1}`},
			before: func(h *harness) { h.events(room.CaptureChanged{Source: media.Camera}) }},
		{name: "leave", id: "room.tool.leave", want: []string{`exitRtcRoom {"roomId":"1001"}`, `changeAudioCapture {"state":0}`}},
		{name: "leave without microphone", id: "room.tool.leave", want: []string{`exitRtcRoom {"roomId":"1001"}`},
			before: func(h *harness) { h.events(room.CaptureChanged{Source: media.Microphone}) }},
		{name: "layout calls nothing", id: "room.tool.layout"},
		{name: "create", id: "api.call", want: []string{`createRtcRoomContext {"appId":"` + testApp + `"}`}},
		{name: "choosing a method calls nothing", id: "api.joinRtcRoom"},
		{name: "join", id: "api.call", want: []string{`joinRtcRoom {"roomId":"1001","userId":"wang_xm","token":"` + testToken + `"}`},
			before: func(h *harness) { h.tap("api.joinRtcRoom") }},
		{name: "join by hand", id: "api.call",
			want: []string{`joinRtcRoom {"roomId":"1001","userId":"wang_xm","token":"` + testToken + `","roomConfig":{"autoPublish":false}}`},
			before: func(h *harness) {
				for _, id := range []string{
					"api.joinRtcRoom", "api.form.roomConfig.sent", "api.form.roomConfig.autoPublish.sent", "api.form.roomConfig.autoPublish",
				} {
					h.tap(id)
				}
			}},
		{name: "exit", id: "api.call", want: []string{`exitRtcRoom {"roomId":""}`},
			before: func(h *harness) { h.tap("api.exitRtcRoom"); h.typed("api.form.roomId", "") }},
		{name: "update", id: "api.call", want: []string{`updateToken {"token":"bad"}`},
			before: func(h *harness) { h.tap("api.updateToken"); h.typed("api.form.token", "bad") }},
		{name: "audio 1", id: "api.changeAudioCapture.1", want: []string{`changeAudioCapture {"state":1}`}},
		{name: "audio 0", id: "api.changeAudioCapture.0", want: []string{`changeAudioCapture {"state":0}`}},
		{name: "video 0", id: "api.changeVideoCapture.0", want: []string{`changeVideoCapture {"state":0}`}},
		{name: "publish", id: "api.changeStreamPublishState.1", want: []string{`changeStreamPublishState {"state":1,"streamType":"both"}`},
			before: func(h *harness) {
				h.tap("api.changeStreamPublishState")
				h.typed("api.form.streamType", "both")
			}},
		{name: "any call", id: "api.call", want: []string{`changeAudioCapture {"state":"wrong"}`}, before: func(h *harness) {
			h.typed("api.form.method", "changeAudioCapture")
			h.typed("api.form.params", `{"state":"wrong"}`)
		}},
		{name: "any call, a method of scripts", id: "api.call", want: []string{"x-stats {}"},
			before: func(h *harness) { h.typed("api.form.method", "x-stats") }},
		{name: "any call, no JSON", id: "api.call", want: []string{`changeAudioCapture {"state"`}, before: func(h *harness) {
			h.typed("api.form.method", "changeAudioCapture")
			h.typed("api.form.params", `{"state"`)
		}},
		{name: "any call, unknown method", id: "api.call", want: []string{`noSuchMethod {"a":1}`}, before: func(h *harness) {
			h.typed("api.form.method", "noSuchMethod")
			h.typed("api.form.params", `{"a":1}`)
		}},
		{name: "any call, no method", id: "api.call", before: func(h *harness) { h.typed("api.form.method", "") }},
		{name: "key", id: "", want: []string{`changeAnsMode {"mode":"disable"}`}, before: func(h *harness) { h.tap("api.changeAnsMode") }},
	} {
		t.Run(tc.name, func(t *testing.T) {
			h := newHarness(t, nil)
			h.joined("Alice.Zhang")
			if strings.HasPrefix(tc.id, "api.") || tc.id == "" {
				h.tap("shell.rail.api")
				h.tap("api.mode.raw")
			}
			if tc.before != nil {
				tc.before(h)
			}
			h.backend.taken()
			if tc.id != "" {
				h.tap(tc.id)
			} else {
				h.key("Ctrl+Enter")
			}
			if diff := cmp.Diff(tc.want, h.backend.taken()); diff != "" {
				t.Errorf("calls (-want +got):\n%s", diff)
			}
		})
	}
}

func TestStart_DevicesAndCancel(t *testing.T) {
	h := newHarness(t, nil)
	for _, tc := range []struct{ id, want string }{
		{"join.camera", `changeVideoCapture {"state":0}`}, {"join.with.camera", `changeVideoCapture {"state":1}`},
		{"join.preview", `changeVideoCapture {"state":1}`},
	} {
		h.tap(tc.id)
		if diff := cmp.Diff([]string{tc.want}, h.backend.taken()); diff != "" {
			t.Errorf("%s (-want +got):\n%s", tc.id, diff)
		}
	}
	h.events(room.CaptureChanged{Source: media.Camera, On: true}, room.CaptureChanged{Source: media.Microphone, On: true})
	if s := h.seen(); slices.ContainsFunc(s.Tools, func(tool Tool) bool { return tool.ID == "join.preview" }) {
		t.Error("a preview that runs can be started")
	}
	h.LogCall("joinRtcRoom", json.RawMessage(joinParams))
	h.queue.turn()
	if s := h.seen(); s.State != "joining" {
		t.Errorf("state %q, want joining", s.State)
	}
	h.win.Canvas().Focus(h.start.form.Cancel)
	h.win.Canvas().Focused().TypedKey(&fyne.KeyEvent{Name: fyne.KeyEscape})
	if diff := cmp.Diff([]string{`exitRtcRoom {"roomId":"1001"}`}, h.backend.taken()); diff != "" {
		t.Errorf("Esc (-want +got):\n%s", diff)
	}
	h.start.form.RoomID.OnEscape()
	h.tap("join.cancel")
	if diff := cmp.Diff([]string{`exitRtcRoom {"roomId":"1001"}`, `exitRtcRoom {"roomId":"1001"}`}, h.backend.taken()); diff != "" {
		t.Errorf("Esc in a field, and the button (-want +got):\n%s", diff)
	}
	// The room tells the end of a join that the user cancelled as a failure: no red box then.
	h.LogCall("exitRtcRoom", json.RawMessage(`{"roomId":"1001"}`))
	failed := errno.Failed.In("joinRtcRoom", errno.NativeJoinRoom)
	h.LogLine(bridge.Line{Callback: "fail", Res: failed})
	h.left(failed)
	if s := h.seen(); s.State != "idle" || h.state.joinFailure != nil {
		t.Errorf("after cancelling: %q, %v", s.State, h.state.joinFailure)
	}
}

// TestResults pins what is shown of a call, byte for byte.
func TestResults(t *testing.T) {
	h := newHarness(t, nil)
	if s := h.seen(); s.Error != "no error" {
		t.Errorf("the error line begins with %q (R-58)", s.Error)
	}
	ok := true
	h.LogCall("createRtcRoomContext", json.RawMessage(`{"appId":"a"}`))
	h.LogLine(bridge.Line{OK: &ok})
	h.answered("joinRtcRoom", joinParams, errno.InvalidToken.In("joinRtcRoom"))
	want := "errNo = 21101, errMsg = joinRtcRoom:fail invalid token"
	s := h.seen()
	if s.Error != want || s.State != "idle" || !slices.Contains(s.Texts, want) {
		t.Errorf("after the failure: state %q, error line %q, texts %q", s.State, s.Error, s.Texts)
	}
	h.tap("join.error.copy")
	if got := h.cfg.App.Clipboard().Content(); got != want {
		t.Errorf("copied %q", got)
	}
	h.LogLine(bridge.Line{Event: "onRtcChatMembersChanged", Res: map[string]any{"userIdList": []string{"wang_xm"}}})
	h.LogLine(bridge.Line{Error: "malformed JSON"}) // of a script's line: no call of ours
	h.answered("updateToken", `{"token":"`+testToken+`"}`, nil)
	h.LogCall("x-sleep", json.RawMessage(`{"ms":1}`))
	h.LogLine(bridge.Line{OK: &ok})
	wantLog := []string{
		`12:03:41.207 > createRtcRoomContext {"appId":"a"}`,
		`12:03:41.207 < createRtcRoomContext:ok`,
		`12:03:41.207 > joinRtcRoom {"roomId":"1001","token":"***EmA=","userId":"wang_xm"}`,
		`12:03:41.533 < joinRtcRoom:fail invalid token  errNo 21101  errorCode 115902 D  326 ms  fail`,
		`12:03:41.533 < joinRtcRoom:fail invalid token  errNo 21101  errorCode 115902 D  complete`,
		`12:03:41.533 > error.copy {}`,
		`12:03:41.533 * onRtcChatMembersChanged {"userIdList":["wang_xm"]}`,
		`12:03:41.533 > updateToken {"token":"***EmA="}`,
		`12:03:41.859 < updateToken:ok  326 ms  success`,
		`12:03:41.859 < updateToken:ok  complete`,
	}
	if diff := cmp.Diff(wantLog, h.seen().Log); diff != "" {
		t.Errorf("log (-want +got):\n%s", diff)
	}
	h.tap("shell.rail.api")
	wantLog = append(wantLog, `12:03:41.859 > page.api {}`)
	h.tap("api.log.copy")
	if got := h.cfg.App.Clipboard().Content(); got != strings.Join(wantLog, "\n")+"\n" {
		t.Errorf("the copied log is\n%s", got)
	}
	h.tap("api.log.clear")
	if diff := cmp.Diff([]string{"12:03:41.859 > api.log.clear {}"}, h.seen().Log); diff != "" {
		t.Errorf("a cleared log has (-want +got):\n%s", diff)
	}
}

// TestTiles follows displays: who is shown, who is taken off, which ones can be seen.
func TestTiles(t *testing.T) {
	h := newHarness(t, nil)
	if diff := cmp.Diff([]string{"+ camera"}, h.backend.shows); diff != "" {
		t.Errorf("the own preview (-want +got):\n%s", diff)
	}
	h.backend.shows = nil
	h.joined("Alice.Zhang", "li_lei")
	if diff := cmp.Diff([]string{"- camera", "+wang_xm camera", "+Alice.Zhang camera", "+li_lei camera"}, h.backend.shows); diff != "" {
		t.Errorf("on joining (-want +got):\n%s", diff)
	}
	alice := tileKey{"Alice.Zhang", media.Camera}
	if w, hh := h.backend.displays[alice].Size(); w < 200 || hh < 112 {
		t.Errorf("the decoder is told that the tile has %d by %d pixels", w, hh)
	}
	h.put(alice, color.NRGBA{R: 0xFF, A: 0xFF})
	s := h.seen()
	i := slices.IndexFunc(s.Tiles, func(tile Tile) bool { return tile.UserID == "Alice.Zhang" })
	got := s.Tiles[i]
	if got.Mode != "video" || !got.Visible || !got.Picture || got.Shown != 1 || got.Muted {
		t.Errorf("Alice's tile: %+v", got)
	}
	if c := color.NRGBAModel.Convert(h.win.Canvas().Capture().At(got.X+got.W/2, got.Y+got.H/2)); c != (color.NRGBA{R: 0xFF, A: 0xFF}) {
		t.Errorf("the middle of Alice's tile is %v, want the picture", c)
	}
	if s.Tiles[0].UserID != "wang_xm" || s.Tiles[0].Mode != "camera" || !s.Tiles[2].Muted == (i != 2) {
		t.Errorf("tiles %+v", s.Tiles)
	}

	h.tap("shell.rail.settings")
	if h.backend.displays[alice].Visible() {
		t.Error("on another page the tile is still decoded")
	}
	h.tap("shell.rail.room")
	if !h.backend.displays[alice].Visible() {
		t.Error("back on the page the tile is not decoded")
	}

	h.backend.shows = nil
	sharing := members("Alice.Zhang")
	sharing[1].Screen = true
	h.events(room.MembersChanged{Members: sharing})
	if diff := cmp.Diff([]string{"-li_lei camera", "+Alice.Zhang screen"}, h.backend.shows); diff != "" {
		t.Errorf("somebody left, somebody shares (-want +got):\n%s", diff)
	}
	if got := h.seen().Tiles[1]; got.Mode != "screen" || got.UserID != "Alice.Zhang" {
		t.Errorf("the shared screen comes second: %+v", got)
	}

	h.backend.shows = nil
	ok := true
	h.LogCall("createRtcRoomContext", json.RawMessage(`{"appId":"a"}`))
	h.LogLine(bridge.Line{OK: &ok})
	h.queue.turn()
	if got := len(h.backend.shows); got != 3 {
		t.Errorf("a new context is asked for %d pictures, want 3: %q", got, h.backend.shows)
	}

	h.backend.shows = nil
	h.left(nil)
	slices.Sort(h.backend.shows)
	if diff := cmp.Diff([]string{"+ camera", "-Alice.Zhang camera", "-Alice.Zhang screen", "-wang_xm camera"}, h.backend.shows); diff != "" {
		t.Errorf("on leaving (-want +got):\n%s", diff)
	}
}

// TestEnlarge is: a tap enlarges, the same tap restores.
func TestEnlarge(t *testing.T) {
	h := newHarness(t, nil)
	h.joined("Alice.Zhang", "li_lei")
	enlarged := func() string {
		for _, tile := range h.seen().Tiles {
			if tile.Enlarged {
				return tile.UserID
			}
		}
		return ""
	}
	steps := []struct {
		do   func()
		want string
	}{
		{func() { h.tap("room.tile.Alice.Zhang") }, "Alice.Zhang"},
		{func() { h.tap("room.tile.li_lei") }, "li_lei"},
		{func() { h.tap("room.tile.li_lei") }, ""},
		{func() { h.tap("room.tool.layout") }, "Alice.Zhang"},
		{func() { h.tap("room.tool.layout") }, ""},
		{func() { h.key("3") }, "li_lei"},
		{func() { h.key("Esc") }, ""},
		{func() { h.key("Ctrl+G") }, "Alice.Zhang"},
		{func() { h.events(room.MembersChanged{Members: members("li_lei")}) }, ""}, // she left
	}
	for i, step := range steps {
		step.do()
		if got := enlarged(); got != step.want {
			t.Fatalf("step %d: %q is enlarged, want %q", i, got, step.want)
		}
	}
}

func TestKeys(t *testing.T) {
	h := newHarness(t, nil)
	h.joined("Alice.Zhang")
	for _, tc := range []struct{ key, want string }{
		{"Ctrl+D", `changeStreamPublishState {"state":0,"streamType":"audio"}`}, {"M", `changeStreamPublishState {"state":0,"streamType":"audio"}`},
		{"Ctrl+E", `changeVideoCapture {"state":0}`}, {"v", `changeVideoCapture {"state":0}`},
		{"Ctrl+Shift+H", `exitRtcRoom {"roomId":"1001"}`},
	} {
		h.key(tc.key)
		if calls := h.backend.taken(); len(calls) == 0 || calls[0] != tc.want {
			t.Errorf("%s calls %q, want %q", tc.key, calls, tc.want)
		}
	}
	for _, tc := range []struct{ key, page, panel string }{
		{"Ctrl+U", "room", "people"}, {"Ctrl+U", "room", ""}, {"Ctrl+I", "room", "info"},
		{"Ctrl+4", "api", "info"}, {"Ctrl+,", "settings", "info"}, {"Ctrl+1", "room", "info"},
	} {
		h.key(tc.key)
		if s := h.seen(); s.Page != tc.page || s.Panel != tc.panel {
			t.Errorf("after %s: page %q, panel %q", tc.key, s.Page, s.Panel)
		}
	}
	h.answered("updateToken", `{}`, nil)
	h.key("Ctrl+Shift+C")
	if got := h.cfg.App.Clipboard().Content(); got != "updateToken:ok" {
		t.Errorf("the copied result is %q", got)
	}
}

// TestKeys_WhileTyping: letters go into the field, shortcuts through it, Esc out of it.
func TestKeys_WhileTyping(t *testing.T) {
	h := newHarness(t, nil)
	e := h.start.form.RoomID
	h.win.Canvas().Focus(e)
	e.TypedShortcut(&desktop.CustomShortcut{KeyName: fyne.KeyD, Modifier: fyne.KeyModifierControl})
	if h.state.mic.wish {
		t.Error("Ctrl+D in a field does nothing")
	}
	h.key("M")
	if got := h.backend.taken(); got != nil {
		t.Errorf("a letter typed into a field calls %q", got)
	}
	h.key("Escape")
	if h.win.Canvas().Focused() != nil {
		t.Error("Esc leaves the field focused")
	}
}

func TestReconnecting(t *testing.T) {
	h := checked(t, nil)
	h.joined("Alice.Zhang")
	h.events(room.ConnectionChanged{State: room.Reconnecting, Attempt: 2, RetryIn: 3 * time.Second})
	s := h.seen()
	if want := "The network is unstable. Reconnecting... (try 2, in 3 s)"; s.Banner != want || s.State != "reconnecting" {
		t.Errorf("state %q, banner %q, want %q", s.State, s.Banner, want)
	}
	h.clock = h.clock.Add(2100 * time.Millisecond)
	h.showSamples(samples{at: h.clock})
	if want := "The network is unstable. Reconnecting... (try 2, in 1 s)"; h.seen().Banner != want {
		t.Errorf("banner %q, want %q", h.seen().Banner, want)
	}
	h.tap("shell.banner.retry")
	if diff := cmp.Diff([]string{`x-retryNow {}`}, h.backend.taken()); diff != "" {
		t.Errorf("Retry now (-want +got):\n%s", diff)
	}
	h.tap("shell.banner.leave")
	if calls := h.backend.taken(); len(calls) == 0 || calls[0] != `exitRtcRoom {"roomId":"1001"}` {
		t.Errorf("Leave calls %q", calls)
	}
	joinedAt := h.state.joinedAt
	h.events(room.ConnectionChanged{State: room.Inside}, room.Joined{RoomID: "1001", UserID: "wang_xm", Rejoined: true})
	if s := h.seen(); s.Banner != "" || s.State != "in" || h.state.joinedAt != joinedAt {
		t.Errorf("after coming back: %q, banner %q", s.State, s.Banner)
	}
}

func TestEnded(t *testing.T) {
	for _, tc := range []struct {
		native int
		err    *errno.Error
		want   string
	}{
		{errno.NativeKickedOut, errno.Failed.In("joinRtcRoom", errno.NativeKickedOut), "You were removed from the room."},
		{errno.NativeDuplicateLogin, errno.Failed.In("joinRtcRoom", errno.NativeDuplicateLogin), "You joined this room from another device."},
		{errno.NativeRoomDismissed, errno.Failed.In("joinRtcRoom", errno.NativeRoomDismissed), "The room was closed."},
		{0, errno.TokenExpired.In("joinRtcRoom"), "Your token has ended."},
		{errno.NativeServerStatus, errno.Failed.In("joinRtcRoom", errno.NativeServerStatus), "The connection to the room is lost."},
	} {
		t.Run(tc.want, func(t *testing.T) {
			h := newHarness(t, nil)
			h.joined("Alice.Zhang")
			line := errorLine(*failureOf(tc.err))
			if tc.native != 0 { // the page says the same as the event
				h.events(room.ChatInterrupted{No: tc.native, Msg: "some words"})
				line = fmt.Sprintf("errNo = %d, errMsg = some words", tc.native)
			}
			h.left(tc.err)
			s := h.seen()
			if s.State != "ended" || !slices.Contains(s.Texts, tc.want) || !slices.Contains(s.Texts, line) {
				t.Errorf("%d: state %q, texts %q, want %q", tc.native, s.State, s.Texts, tc.want)
			}
			h.tap("ended.rejoin")
			calls := h.backend.taken()
			if len(calls) != 4 || calls[3] != "joinRtcRoom "+joinParams {
				t.Errorf("%d: Rejoin calls %q", tc.native, calls)
			}
			if s := h.seen(); s.State != "connecting" || s.Page != "room" {
				t.Errorf("%d: Rejoin leads to %q %q", tc.native, s.State, s.Page)
			}
			h.joined("Alice.Zhang")
			h.left(tc.err)
			h.tap("ended.home")
			if s := h.seen(); s.State != "idle" || s.Page != "start" {
				t.Errorf("%d: Home leads to %q %q", tc.native, s.State, s.Page)
			}
		})
	}
}

func TestNotices(t *testing.T) {
	h := newHarness(t, nil)
	h.joined("Alice.Zhang")
	banner := func(want string) {
		t.Helper()
		h.queue.turn()
		if got := h.seen().Banner; got != want {
			t.Errorf("banner %q, want %q", got, want)
		}
	}
	h.events(room.RoomTokenWillExpire{})
	banner("Your token ends soon.")
	h.tap("shell.banner.token")
	if diff := cmp.Diff([]string{`updateToken {"token":"` + testToken + `"}`}, h.backend.taken()); diff != "" {
		t.Error(diff)
	}
	h.answered("updateToken", `{"token":"`+testToken+`"}`, nil)
	banner("")
	h.events(room.StateChanged{Err: errno.TokenExpired.In("onRtcStateChanged")}, room.StateChanged{})
	banner("Your token has ended.")
	if got, want := h.seen().Error, "errNo = 21108, errMsg = onRtcStateChanged:fail token expired"; got != want {
		t.Errorf("error line %q, want %q", got, want)
	}
	h.tap("shell.banner.close")
	banner("")
	h.events(room.CaptureChanged{Source: media.Camera, Err: errno.AuthDeny.In("changeVideoCapture")})
	banner("The camera is not available: changeVideoCapture:fail auth deny")
	h.events(room.CaptureChanged{Source: media.Microphone, Err: errno.AuthDeny.In("changeAudioCapture")})
	banner("Not available: Camera, Microphone")
	h.events(room.SpeakerChanged{Err: errors.New("no sound server")})
	banner("Not available: Camera, Microphone, Speaker")
	h.events(room.SpeakerChanged{On: true})
	banner("")
	h.events(room.CaptureChanged{Source: media.Camera}, room.CaptureChanged{Source: media.Microphone})
	h.events(room.CaptureChanged{Source: media.Microphone, Err: errno.AuthDeny.In("changeAudioCapture")})
	banner("The microphone is not available: changeAudioCapture:fail auth deny")
	h.events(room.CaptureChanged{Source: media.Microphone}, room.SpeakerChanged{Err: errors.New("no sound server")})
	banner("No sound output found: you will hear nothing")
	h.events(room.SpeakerChanged{On: true})
	h.left(nil) // within, the reconnecting says it
	h.SetServerState("connection refused")
	banner("The server cannot be reached: connection refused")
	h.SetServerState("")
	banner("")
	h.Notice("words of the program")
	banner("words of the program")
}

// TestSpeaking: loud people are marked, and no longer a moment after they are quiet.
func TestSpeaking(t *testing.T) {
	h := newHarness(t, nil)
	h.joined("Alice.Zhang", "li_lei")
	speaking := func() (names []string) {
		for _, tile := range h.seen().Tiles {
			if tile.Speaking {
				names = append(names, tile.UserID)
			}
		}
		return names
	}
	loud := room.Stats{RTTMS: 38}
	for _, user := range []string{"Alice.Zhang", "li_lei"} { // li_lei is muted: what is heard of her is noise
		loud.Remote = append(loud.Remote, peer.TrackStats{UserID: user, Source: media.Microphone, Level: 60, Bytes: 1000, Packets: 10})
	}
	now := testTime
	h.showSamples(samples{at: now, stats: loud, level: 30})
	if diff := cmp.Diff([]string{"wang_xm", "Alice.Zhang"}, speaking()); diff != "" {
		t.Errorf("while loud (-want +got):\n%s", diff)
	}
	now = now.Add(speakingHold / 2)
	h.showSamples(samples{at: now})
	if got := speaking(); len(got) != 2 {
		t.Errorf("a pause between words takes the mark from %q", got)
	}
	now = now.Add(speakingHold)
	h.showSamples(samples{at: now})
	if got := speaking(); got != nil {
		t.Errorf("still speaking: %q", got)
	}
}

func TestRates(t *testing.T) {
	at := func(d time.Duration, sent, got, packets, lost uint64) samples {
		s := samples{at: testTime.Add(d)}
		s.stats.RTTMS = 38
		s.stats.Sent = []peer.SendStats{{Bytes: sent}}
		s.stats.Remote = []peer.TrackStats{{UserID: "u", Bytes: got, Packets: packets, Lost: lost}}
		return s
	}
	var r rates
	r.add(at(0, 1000, 1000, 10, 0))
	if r.valid {
		t.Error("there are rates after one reading")
	}
	r.add(at(2*time.Second, 251000, 126000, 19, 1))
	if !r.valid || r.up != 1e6 || r.down != 500e3 || r.loss != 10 || r.rtt != 38 {
		t.Errorf("rates %+v", r)
	}
	r.add(at(2200*time.Millisecond, 999999, 999999, 99, 99)) // too soon
	if r.up != 1e6 {
		t.Errorf("rates change within a second: %+v", r)
	}
	r.add(at(4*time.Second, 0, 0, 0, 0)) // counters of a new connection
	if r.valid {
		t.Errorf("counters that went back give rates: %+v", r)
	}
	for bits, want := range map[float64]string{0: "0 kb/s", 64000: "64 kb/s", 1.25e6: "1.2 Mb/s"} {
		if got := bitRate(bits); got != want {
			t.Errorf("bitRate(%g) = %q, want %q", bits, got, want)
		}
	}
	for d, want := range map[time.Duration]string{-time.Second: "00:00:00", 761 * time.Second: "00:12:41", 100 * time.Hour: "100:00:00"} {
		if got := clock(d); got != want {
			t.Errorf("clock(%v) = %q, want %q", d, got, want)
		}
	}
}

// TestLanguage switches it in a room: nothing but the words changes.
func TestLanguage(t *testing.T) {
	h := checked(t, nil)
	h.joined("Alice.Zhang")
	h.put(tileKey{"Alice.Zhang", media.Camera}, color.White)
	h.answered("updateToken", `{"token":"x"}`, nil)
	h.tap("shell.rail.settings")
	before := h.seen()
	h.typed("set.general.language", "简体中文")
	before.Log = append(before.Log, `12:03:41.533 > settings.general.language {"value":"zh-Hans"}`)
	changed := h.seen().Log
	h.tap("shell.rail.room")
	after := h.seen()
	if after.Lang != assets.Chinese || !slices.Contains(after.Texts, "离开") || slices.Contains(after.Texts, "Leave") {
		t.Errorf("language %q, texts %q", after.Lang, after.Texts)
	}
	if diff := cmp.Diff(before.Log, changed); diff != "" {
		t.Errorf("the log changed:\n%s", diff)
	}
	if len(after.Tiles) != 2 || h.backend.displays[tileKey{"Alice.Zhang", media.Camera}] == nil {
		t.Errorf("tiles %+v", after.Tiles)
	}
	if got := h.cfg.App.Preferences().String(prefLang); got != assets.Chinese {
		t.Errorf("the language is not kept: %q", got)
	}
}

func TestAlone(t *testing.T) {
	h := newHarness(t, nil)
	h.joined()
	if s := h.seen(); !slices.Contains(s.Texts, "You are the only one here") {
		t.Errorf("texts %q", s.Texts)
	}
	h.tap("room.alone.invite")
	if got := h.cfg.App.Clipboard().Content(); !strings.HasPrefix(got, "parlor://join?server=http://127.0.0.1:7880&app="+testApp+"&room=1001&token=") {
		t.Errorf("copied %q", got)
	}
	h.events(room.MembersChanged{Members: members("Alice.Zhang")})
	if s := h.seen(); slices.Contains(s.Texts, "You are the only one here") {
		t.Error("still alone with Alice")
	}
}

// TestClose: what comes after Close is dropped, from any goroutine.
func TestClose(t *testing.T) {
	h := checked(t, nil)
	h.joined("Alice.Zhang")
	h.Window.Close()
	h.HandleEvent(room.MembersChanged{})
	h.LogCall("exitRtcRoom", nil)
	h.LogLine(bridge.Line{})
	h.Join()
	h.Window.Close()
	h.queue.turn()
	if got := len(h.state.members); got != 2 || h.backend.taken() != nil {
		t.Errorf("a closed window goes on: %d members", got)
	}
	if err := h.Tap(t.Context(), "join.join"); !errors.Is(err, errClosed) {
		t.Errorf("Tap after Close: %v", err)
	}
}
