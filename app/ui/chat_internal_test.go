package ui

import (
	"encoding/json"
	"fmt"
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
	"parlor/widgets"
)

func message(user, text string) room.MessageReceived {
	return room.MessageReceived{Message: room.Message{UserID: room.UserID(user), Text: text, SentAt: testTime}}
}

func sending(text string) callStarted {
	return callStarted{"x-sendMessage", mustJSON(map[string]any{"text": text})}
}

func sent(text string, ok bool, msg string) callEnded {
	return callEnded{method: "x-sendMessage", params: mustJSON(map[string]any{"text": text}), ok: ok, result: failure{Msg: msg}}
}

// chatOf is the chat as a reader remembers it: lines, then own messages on their way.
func chatOf(s chatState) []string {
	var list []string
	for _, l := range s.lines {
		line := [...]string{chatText: "", chatJoined: "+", chatLeft: "-", chatShares: "shares ", chatUnshare: "unshares "}[l.kind] + string(l.user)
		if l.kind == chatText {
			line += ": " + l.text
		}
		if l.own {
			line = "me " + line
		}
		if l.id == s.mark {
			line = "new| " + line
		}
		list = append(list, line)
	}
	for _, o := range s.outbox {
		list = append(list, fmt.Sprintf("%s %s %s", [...]string{"waits", "called", "accepted", "failed"}[o.phase], o.text, o.why))
	}
	return list
}

func TestChatState(t *testing.T) {
	sharing := members("ann", "bob")
	sharing[1].Screen = true
	joined := room.Joined{RoomID: "1001", UserID: "wang_xm"}
	for _, tc := range []struct {
		name   string
		msgs   []any
		want   []string
		unread int
	}{
		{"who is here already is no news", []any{joined, room.MembersChanged{Members: members("ann")}}, nil, 0},
		{"coming, sharing, going", []any{joined, room.MembersChanged{Members: members("ann")}, room.MembersChanged{Members: members("ann", "bob")},
			room.MembersChanged{Members: sharing}, room.MembersChanged{Members: members("ann", "bob")}, room.MembersChanged{Members: members()}},
			[]string{"+bob", "shares ann", "unshares ann", "-ann", "-bob"}, 0},
		{"over a rejoin only what changed", []any{joined, room.MembersChanged{Members: members("ann")}, room.Joined{RoomID: "1001", UserID: "wang_xm", Rejoined: true},
			room.MembersChanged{Members: members("ann", "bob")}}, []string{"+bob"}, 0},
		{"others write", []any{joined, message("ann", "a"), message("ann", "b")}, []string{"new| ann: a", "ann: b"}, 2},
		{"opened", []any{joined, message("ann", "a"), panelChosen{panelChat}, message("ann", "b")}, []string{"new| ann: a", "ann: b"}, 0},
		{"opened and left", []any{joined, message("ann", "a"), panelChosen{panelChat}, pageChosen{pageAPI}, message("ann", "b")}, []string{"ann: a", "new| ann: b"}, 1},
		{"own, told before the answer", []any{joined, sending("x"), message("wang_xm", "x"), sent("x", true, "")}, []string{"me wang_xm: x"}, 0},
		{"own, told after the answer", []any{joined, sending("x"), sent("x", true, ""), message("wang_xm", "x")}, []string{"me wang_xm: x"}, 0},
		{"own on its way", []any{joined, sending("x"), message("ann", "a")}, []string{"new| ann: a", "called x "}, 1},
		{"own twice", []any{joined, sending("x"), sending("x"), sent("x", true, ""), message("wang_xm", "x"), sent("x", false, "x-sendMessage:fail too many messages")},
			[]string{"me wang_xm: x", "failed x too many messages"}, 0},
		{"from another device", []any{joined, message("wang_xm", "x")}, []string{"me wang_xm: x"}, 0},
		{"failed, tried again", []any{joined, sending("x"), sent("x", false, "x-sendMessage:fail no"), chatRetried{1}, sending("x")}, []string{"called x "}, 0},
		{"failed, discarded", []any{joined, sending("x"), sent("x", false, ""), chatDiscarded{1}}, nil, 0},
		{"waited, then sent in order", []any{joined, chatQueued{"x"}, chatQueued{"y"}, sending("x"), sent("x", true, ""), message("wang_xm", "x")},
			[]string{"me wang_xm: x", "waits y "}, 0},
		{"waited in vain", []any{joined, chatQueued{"x"}, sending("y"), sent("y", true, ""), room.Exited{}}, []string{"failed x "}, 0},
		{"the same room again", []any{joined, message("wang_xm", "x"), room.Exited{}, joined}, []string{"me wang_xm: x"}, 0},
		{"another room", []any{joined, message("ann", "x"), room.Exited{}, room.Joined{RoomID: "2", UserID: "wang_xm"}}, nil, 0},
		{"a call outside a room", []any{sending("x"), sent("x", false, "x-sendMessage:fail no room")}, nil, 0},
		{"parameters that are none", []any{joined, callStarted{"x-sendMessage", json.RawMessage(`{"text":5}`)},
			callEnded{method: "x-sendMessage", params: json.RawMessage(`{"text":5}`), result: failure{Msg: "x-sendMessage:fail wrong"}}}, []string{"failed  wrong"}, 0},
	} {
		var s state
		for _, m := range tc.msgs {
			s = s.reduce(m, testTime)
		}
		if diff := cmp.Diff(tc.want, chatOf(s.chat)); diff != "" {
			t.Errorf("%s (-want +got):\n%s", tc.name, diff)
		}
		if s.chat.unread != tc.unread {
			t.Errorf("%s: %d unread, want %d", tc.name, s.chat.unread, tc.unread)
		}
	}
}

// TestChatState_Bounds: the oldest lines and unsent messages go, and are counted.
func TestChatState_Bounds(t *testing.T) {
	var s state
	s = s.reduce(room.Joined{RoomID: "1001", UserID: "wang_xm"}, testTime)
	for i := range chatCapacity + 5 {
		s = s.reduce(message("ann", fmt.Sprint(i)), testTime)
	}
	if len(s.chat.lines) != chatCapacity || s.chat.dropped != 5 || s.chat.lines[0].text != "5" {
		t.Errorf("%d lines from %q, %d dropped", len(s.chat.lines), s.chat.lines[0].text, s.chat.dropped)
	}
	for i := range chatUnsent + 3 {
		s = s.reduce(sending(fmt.Sprint(i)), testTime)
	}
	if len(s.chat.outbox) != chatUnsent || s.chat.lost != 3 || s.chat.outbox[0].text != "3" {
		t.Errorf("%d unsent from %q, %d lost", len(s.chat.outbox), s.chat.outbox[0].text, s.chat.lost)
	}
}

// opened is a window with the chat open.
func opened(t *testing.T) *harness {
	t.Helper()
	h := newHarness(t, nil)
	h.joined("Alice.Zhang")
	h.tap("room.panel.chat")
	h.backend.taken()
	return h
}

// told hands a message in.
func (h *harness) told(user, text string) {
	h.clock = h.clock.Add(time.Second)
	h.events(room.MessageReceived{Message: room.Message{UserID: room.UserID(user), Text: text, SentAt: h.clock}})
}

// TestChat_Send: Enter and the button make one call, and the field is empty for the next message.
func TestChat_Send(t *testing.T) {
	h := opened(t)
	for _, send := range []func(){
		func() { h.tap("chat.send") },
		func() {
			h.win.Canvas().Focus(h.room.side.chat.entry.Field)
			h.key("Enter")
		},
	} {
		h.typed("chat.entry", "  hello\n你好  ")
		send()
		if diff := cmp.Diff([]string{`x-sendMessage {"text":"hello\n你好"}`}, h.backend.taken()); diff != "" {
			t.Errorf("calls (-want +got):\n%s", diff)
		}
		if got := h.room.side.chat.entry.Field.Text; got != "" {
			t.Errorf("the field still has %q", got)
		}
	}
	for text, why := range map[string]string{" \n ": "blank", strings.Repeat("长", room.MaxMessage/3+1): "too long"} {
		h.typed("chat.entry", text)
		if !h.room.side.chat.entry.Send.Disabled() {
			t.Errorf("a text that is %s can be sent", why)
		}
		h.win.Canvas().Focus(h.room.side.chat.entry.Field)
		h.key("Enter")
	}
	if got := h.backend.taken(); got != nil {
		t.Errorf("calls %q", got)
	}
}

func TestChat_NewLine(t *testing.T) {
	h := opened(t)
	e := h.room.side.chat.entry.Field
	h.win.Canvas().Focus(e)
	h.typed("chat.entry", "a")
	e.TypedKey(&fyne.KeyEvent{Name: fyne.KeyEnd})
	e.KeyDown(&fyne.KeyEvent{Name: desktop.KeyShiftLeft})
	h.key("Enter")
	e.KeyUp(&fyne.KeyEvent{Name: desktop.KeyShiftLeft})
	if e.Text != "a\n" || h.backend.taken() != nil {
		t.Errorf("Shift+Enter gives %q", e.Text)
	}
	h.key("Escape")
	if h.win.Canvas().Focused() != nil {
		t.Error("Esc leaves the field focused")
	}
}

// TestChat_Failed: a message that did not arrive stays, with the reason and two ways out.
func TestChat_Failed(t *testing.T) {
	h := opened(t)
	h.answered("x-sendMessage", `{"text":"hello"}`, errno.InvalidParam.Detail("x-sendMessage", "too many messages", nil))
	if got := h.seen().Texts; !slices.ContainsFunc(got, func(s string) bool { return strings.Contains(s, "too many messages") }) {
		t.Errorf("the reason is not told: %q", got)
	}
	h.tap("chat.failed.1.retry")
	if diff := cmp.Diff([]string{`x-sendMessage {"text":"hello"}`}, h.backend.taken()); diff != "" {
		t.Errorf("Retry (-want +got):\n%s", diff)
	}
	h.answered("x-sendMessage", `{"text":"hello"}`, errno.InvalidParam.In("x-sendMessage"))
	h.tap("chat.failed.1.discard")
	if got := h.state.chat.outbox; len(got) != 0 {
		t.Errorf("discarded, and still there: %v", got)
	}
}

// TestChat_Reconnecting: what is written meanwhile waits, and is sent in order as part of what the person did before.
func TestChat_Reconnecting(t *testing.T) {
	h := opened(t)
	h.events(room.ConnectionChanged{State: room.Reconnecting, Attempt: 1})
	for i := range chatWaiting + 1 {
		h.typed("chat.entry", fmt.Sprint("m", i))
		h.tap("chat.send")
	}
	if got := h.backend.taken(); got != nil {
		t.Errorf("calls without a connection: %q", got)
	}
	if got := h.room.side.chat.entry.Field.Text; got != fmt.Sprint("m", chatWaiting) {
		t.Errorf("the message too many is %q in the field, want it kept", got)
	}
	if !slices.Contains(h.seen().Texts, "20 messages wait for the connection already.") {
		t.Error("it is not told that too many wait")
	}
	h.events(room.ConnectionChanged{State: room.Inside})
	calls := h.backend.taken()
	if len(calls) != chatWaiting || calls[0] != `x-sendMessage {"text":"m0"}` || calls[chatWaiting-1] != `x-sendMessage {"text":"m19"}` {
		t.Errorf("after coming back: %q", calls)
	}
	before := h.rows()
	h.LogCall("x-sendMessage", json.RawMessage(`{"text":"m0"}`))
	if got := h.rows()[len(before):]; !slices.Equal(got, []string{`- x-sendMessage {"text":"m0"}`}) {
		t.Errorf("rows %q, want a step", got)
	}
}

func TestChat_Unread(t *testing.T) {
	h := newHarness(t, nil)
	h.joined("Alice.Zhang")
	h.told("Alice.Zhang", "hello")
	h.told("Alice.Zhang", "are you there?")
	s := h.seen()
	if !slices.Contains(s.Texts, "Chat 2") || s.Unread != 2 {
		t.Errorf("unread %d, texts %q", s.Unread, s.Texts)
	}
	h.tap("room.panel.chat")
	s = h.seen()
	if !slices.Contains(s.Texts, "Chat") || s.Unread != 0 || !slices.Contains(s.Texts, "are you there?") {
		t.Errorf("opened: unread %d, texts %q", s.Unread, s.Texts)
	}
	kinds := func() (list []widgets.ChatKind) {
		for _, l := range h.room.side.chat.list.Lines() {
			list = append(list, l.Kind)
		}
		return list
	}
	if diff := cmp.Diff([]widgets.ChatKind{widgets.ChatNew, widgets.ChatMessage, widgets.ChatMessage}, kinds()); diff != "" {
		t.Errorf("lines (-want +got):\n%s", diff)
	}
}

// TestChat_Sound: a message is heard while another program has the keyboard.
func TestChat_Sound(t *testing.T) {
	h := opened(t)
	sounds := func() (n int) {
		for _, wish := range h.cfg.Machine.(*fakeMachine).taken() {
			if strings.HasPrefix(wish, "sound message ") {
				n++
			}
		}
		return n
	}
	sounds()
	h.told("Alice.Zhang", "here")
	if n := sounds(); n != 0 {
		t.Errorf("%d sounds in front of the window", n)
	}
	h.send(wentAway{true})
	h.told("wang_xm", "own")
	h.events(room.MessageReceived{Message: room.Message{UserID: "Alice.Zhang", Text: "before"}, Missed: true})
	if n := sounds(); n != 0 {
		t.Errorf("%d sounds for what is no news", n)
	}
	h.told("Alice.Zhang", "there")
	if n := sounds(); n != 1 {
		t.Errorf("%d sounds while away, want 1", n)
	}
}

// TestChat_Opened: after many messages the first that was not read is on screen.
func TestChat_Opened(t *testing.T) {
	h := opened(t)
	for i := range 30 {
		h.told("Alice.Zhang", fmt.Sprint("read ", i))
	}
	h.tap("room.panel.info")
	for i := range 30 {
		h.told("Alice.Zhang", fmt.Sprint("unread ", i))
	}
	h.tap("room.panel.chat")
	if texts := h.seen().Texts; !slices.Contains(texts, "unread 0") || slices.Contains(texts, "unread 29") {
		t.Errorf("on screen: %q", texts)
	}
}

// TestChat_Lines: days, groups, notes.
func TestChat_Lines(t *testing.T) {
	h := opened(t)
	at := func(d time.Duration, user, text string) {
		h.events(room.MessageReceived{Message: room.Message{UserID: room.UserID(user), Text: text, SentAt: testTime.Add(d)}})
	}
	at(-48*time.Hour, "Alice.Zhang", "first")
	at(-24*time.Hour, "Alice.Zhang", "second")
	at(0, "Alice.Zhang", "third")
	at(time.Minute, "Alice.Zhang", "fourth")
	at(time.Minute, "wang_xm", "mine")
	at(time.Hour, "Alice.Zhang", "fifth")
	h.events(room.MembersChanged{Members: members("Alice.Zhang", "bob")})
	var got []string
	for _, l := range h.room.side.chat.list.Lines() {
		switch {
		case l.Kind == widgets.ChatNote:
			got = append(got, "note "+l.Text)
		case l.Head:
			got = append(got, l.Name+" "+l.Text)
		default:
			got = append(got, l.Text)
		}
	}
	stamp := h.clock.Local().Format("15:04")
	want := []string{
		"note " + testTime.Add(-48*time.Hour).Local().Format("2 January 2006"), "Alice.Zhang first", "note Yesterday", "Alice.Zhang second",
		"note Today", "Alice.Zhang third", "fourth", "wang_xm mine", "Alice.Zhang fifth", "note " + stamp + "  bob joined",
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("lines (-want +got):\n%s", diff)
	}
	h.tap("chat.more")
	h.tap("chat.more.notes")
	if n := len(h.room.side.chat.list.Lines()); n != len(want)-1 {
		t.Errorf("without notes there are %d lines, want %d", n, len(want)-1)
	}
	h.tap("chat.more")
	h.tap("chat.more.copy")
	if got := h.cfg.App.Clipboard().Content(); !strings.Contains(got, " Alice.Zhang: fourth\n") || strings.Count(got, "\n") != 7 {
		t.Errorf("copied %q", got)
	}
}

// TestChat_Slash: a typed command is what the button is.
func TestChat_Slash(t *testing.T) {
	for _, tc := range []struct {
		text    string
		want    []string
		problem string
	}{
		{"/mute", []string{`changeStreamPublishState {"state":0,"streamType":"audio"}`}, ""},
		{"/Camera", []string{`changeVideoCapture {"state":0}`}, ""},
		{"/vol Alice.Zhang 40", []string{`x-setGain {"gain":0.4,"userId":"Alice.Zhang"}`}, ""},
		{"/vol @alice.zhang 150%", []string{`x-setGain {"gain":1.5,"userId":"Alice.Zhang"}`}, ""},
		{"/vol bob 40", nil, "Nobody here is called bob."},
		{"/vol Alice.Zhang 300", nil, "The volume is a number from 0 to 200."},
		{"/vol", nil, "Write: /vol NAME PERCENT"},
		{"/leave", []string{`exitRtcRoom {"roomId":"1001"}`, `changeAudioCapture {"state":0}`}, ""},
		{"/leave now", nil, "This command takes nothing after it."},
		{"/join a b", nil, "Write: /join ROOM"},
		{"/dance", nil, "There is no command /dance. Begin with // to send it as a message."},
		{"//dance", []string{`x-sendMessage {"text":"/dance"}`}, ""},
		{"/a\n/b", []string{`x-sendMessage {"text":"/a\n/b"}`}, ""},
	} {
		t.Run(tc.text, func(t *testing.T) {
			h := opened(t)
			h.typed("chat.entry", tc.text)
			h.tap("chat.send")
			if diff := cmp.Diff(tc.want, h.backend.taken()); diff != "" {
				t.Errorf("calls (-want +got):\n%s", diff)
			}
			if tc.problem != "" && !slices.Contains(h.seen().Texts, tc.problem) {
				t.Errorf("%q is not told: %q", tc.problem, h.seen().Texts)
			}
			if kept := h.room.side.chat.entry.Field.Text; (kept != "") != (tc.problem != "") {
				t.Errorf("the field has %q", kept)
			}
		})
	}
}

func TestChat_SlashJoin(t *testing.T) {
	h := opened(t)
	h.typed("chat.entry", "/join 2002")
	h.tap("chat.send")
	h.left(nil)
	calls := h.backend.taken()
	if len(calls) != 6 || calls[0] != `exitRtcRoom {"roomId":"1001"}` || !strings.HasPrefix(calls[5], `joinRtcRoom {"roomId":"2002"`) {
		t.Errorf("calls %q", calls)
	}
}

func TestChat_Hints(t *testing.T) {
	h := opened(t)
	names := func() (list []string) {
		for _, s := range h.room.side.chat.hints {
			list = append(list, s.name)
		}
		return list
	}
	for text, want := range map[string][]string{
		"/": {"/mute", "/camera", "/vol", "/leave", "/join", "/help"}, "/m": {"/mute"}, "/vol Ali": {"/vol"}, "/x": nil, "m": nil, "//": nil, "/mute x": {"/mute"},
	} {
		h.typed("chat.entry", text)
		if diff := cmp.Diff(want, names()); diff != "" {
			t.Errorf("%q (-want +got):\n%s", text, diff)
		}
	}
	h.typed("chat.entry", "/")
	h.tap("chat.hint.vol")
	if got := h.room.side.chat.entry.Field.Text; got != "/vol " {
		t.Errorf("a hint that needs more puts %q into the field", got)
	}
	h.typed("chat.entry", "/l")
	h.tap("chat.hint.leave")
	if diff := cmp.Diff([]string{`exitRtcRoom {"roomId":"1001"}`, `changeAudioCapture {"state":0}`}, h.backend.taken()); diff != "" {
		t.Errorf("a hint that needs nothing (-want +got):\n%s", diff)
	}
	h.typed("chat.entry", "/help")
	h.tap("chat.send")
	if len(names()) != 6 {
		t.Errorf("/help shows %q", names())
	}
}

// TestChat_Links: addresses open in the browser, invitations here.
func TestChat_Links(t *testing.T) {
	h := opened(t)
	h.told("Alice.Zhang", "see https://go.dev")
	before := h.rows()
	h.openAddress("https://go.dev")
	if got := h.rows()[len(before):]; !slices.Equal(got, []string{`> chat.link {"url":"https://go.dev"}`}) {
		t.Errorf("rows %q", got)
	}
	h.openAddress("parlor://join?server=http://10.0.0.5:7880&app=" + testApp + "&room=2002&user=li")
	h.queue.turn()
	h.tap("room.switch.yes")
	h.left(nil)
	if f := h.state.form; f.roomID != "2002" || f.userID != "li" {
		t.Errorf("form %+v", f)
	}
	h.openAddress("parlor://join?room=2002")
	if got := h.state.frame.toasts; len(got) == 0 || !strings.Contains(got[len(got)-1].words, "server is missing") {
		t.Errorf("toasts %v", got)
	}
}

// TestChat_OneRow: whatever is clicked is one row with ">".
func TestChat_OneRow(t *testing.T) {
	for _, tc := range []struct {
		name   string
		before func(*harness)
		do     func(*harness)
		want   string
	}{
		{"send", func(h *harness) { h.typed("chat.entry", "x") }, func(h *harness) { h.tap("chat.send") }, ""},
		{"send while reconnecting", func(h *harness) {
			h.events(room.ConnectionChanged{State: room.Reconnecting})
			h.typed("chat.entry", "x")
		}, func(h *harness) { h.tap("chat.send") }, `> chat.wait {"bytes":1}`},
		{"retry", func(h *harness) {
			h.answered("x-sendMessage", `{"text":"x"}`, errno.InvalidParam.In("x-sendMessage"))
		}, func(h *harness) { h.tap("chat.failed.1.retry") }, "> chat.retry {}"},
		{"discard", func(h *harness) {
			h.answered("x-sendMessage", `{"text":"x"}`, errno.InvalidParam.In("x-sendMessage"))
		}, func(h *harness) { h.tap("chat.failed.1.discard") }, "> chat.discard {}"},
		{"more", nil, func(h *harness) { h.tap("chat.more") }, "> chat.more {}"},
		{"notes", func(h *harness) { h.tap("chat.more") }, func(h *harness) { h.tap("chat.more.notes") }, `> chat.notes {"show":false}`},
		{"hint", func(h *harness) { h.typed("chat.entry", "/v") }, func(h *harness) { h.tap("chat.hint.vol") }, `> chat.hint {"command":"/vol"}`},
		{"menu", func(h *harness) { h.told("Alice.Zhang", "x") }, func(h *harness) { h.chatMenu() }, "> chat.menu {}"},
		{"copy", func(h *harness) { h.told("Alice.Zhang", "x"); h.chatMenu() }, func(h *harness) { h.tap("chat.menu.copy") }, "> chat.copy {}"},
		{"mention", func(h *harness) { h.told("Alice.Zhang", "x"); h.chatMenu() }, func(h *harness) { h.tap("chat.menu.mention") },
			`> chat.mention {"userId":"Alice.Zhang"}`},
		{"link", func(h *harness) { h.told("Alice.Zhang", "https://go.dev"); h.chatMenu() }, func(h *harness) { h.tap("chat.menu.link.1") },
			`> chat.link {"url":"https://go.dev"}`},
		{"to the newest", func(h *harness) {
			for i := range 60 {
				h.told("Alice.Zhang", fmt.Sprint(i))
			}
			h.win.Canvas().Focus(h.room.side.chat.list)
			h.key("Home")
		}, func(h *harness) { h.tap("chat.newest") }, "> chat.newest {}"},
		{"key", nil, func(h *harness) { h.key("Ctrl+T") }, `> panel.chat {"show":false}`},
	} {
		t.Run(tc.name, func(t *testing.T) {
			h := opened(t)
			if tc.before != nil {
				tc.before(h)
			}
			h.backend.taken()
			before := len(h.rows())
			tc.do(h)
			// The fake backend logs no calls: one that is not a step would be a row.
			var got []string
			for _, row := range h.rows()[before:] {
				if strings.HasPrefix(row, ">") {
					got = append(got, row)
				}
			}
			want := []string{tc.want}
			if tc.want == "" {
				want = nil
				if calls := h.backend.taken(); len(calls) != 1 {
					t.Errorf("calls %q, want one", calls)
				}
			} else if calls := h.backend.taken(); len(h.steps) != len(calls) {
				t.Errorf("calls %q, and %v of them are steps", calls, h.steps)
			}
			if !slices.Equal(got, want) {
				t.Errorf("rows %q, want %q", got, want)
			}
		})
	}
}

// chatMenu opens the menu of the newest message by keyboard.
func (h *harness) chatMenu() {
	h.win.Canvas().Focus(h.room.side.chat.list)
	h.key("Enter")
}

// TestChat_Answered follows a message through the window: called, answered, told.
func TestChat_Answered(t *testing.T) {
	h := opened(t)
	h.LogCall("x-sendMessage", json.RawMessage(`{"text":"x"}`))
	h.queue.turn()
	if got := chatOf(h.state.chat); !slices.Equal(got, []string{"called x "}) {
		t.Errorf("called: %q", got)
	}
	ok := true
	h.LogLine(bridge.Line{OK: &ok, Res: map[string]any{"id": 1, "text": "x"}})
	h.queue.turn()
	if got := chatOf(h.state.chat); !slices.Equal(got, []string{"accepted x "}) {
		t.Errorf("answered: %q", got)
	}
	h.told("wang_xm", "x")
	if got := chatOf(h.state.chat); !slices.Equal(got, []string{"me wang_xm: x"}) {
		t.Errorf("told: %q", got)
	}
}
