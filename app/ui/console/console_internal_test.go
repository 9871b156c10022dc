package console

import (
	"encoding/json"
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"fyne.io/fyne/v2"
	fynetest "fyne.io/fyne/v2/test"
	"github.com/google/go-cmp/cmp"
	"github.com/pion/transport/v4/test"

	"parlor/app/bridge"
	"parlor/assets"
	"parlor/widgets"
)

// bench is a console in a window, with what it wished.
type bench struct {
	t *testing.T
	*Console
	window   fyne.Window
	controls map[string]fyne.CanvasObject
	clock    time.Time
	later    []func() // what waits for time to pass
	calls    []string
	commands []string
	scripts  []string
	copied   string
	work     []func() func()
	state    any
}

func newBench(t *testing.T, width, height float32) *bench {
	t.Helper()
	app := fynetest.NewTempApp(t)
	b := &bench{t: t, controls: make(map[string]fyne.CanvasObject), clock: testTime, state: map[string]int{"n": 1}}
	b.Console = New(Config{
		Call: func(method string, params json.RawMessage) { b.calls = append(b.calls, method+" "+string(params)) },
		Command: func(name string, params map[string]any, do func()) {
			b.commands = append(b.commands, name)
			b.CommandRow(name, params)
			do()
		},
		Token: func(w TokenWish) (string, error) {
			if w.RoomID == "" {
				return "", fmt.Errorf("no room")
			}
			return testToken, nil
		},
		RunScript: func(name string, lines [][]byte) {
			b.scripts = append(b.scripts, fmt.Sprintf("%s %d", name, len(lines)))
		},
		SetMode: func(raw bool) {
			s := b.situation
			s.Raw = raw
			b.Show(s)
		},
		State: func() any { return b.state }, Now: func() time.Time { return b.clock },
		After:      func(_ time.Duration, f func()) { b.later = append(b.later, f) },
		Background: func(work func() func()) { b.work = append(b.work, work) },
		Copy:       func(text string) { b.copied = text }, Open: func(path string) { b.copied = path }, Preferences: app.Preferences(), Folder: t.TempDir(), Lab: true,
	})
	t.Cleanup(b.Console.Close)
	b.Build(assets.NewTexts(assets.English), b)
	b.Show(Situation{Context: true, AppID: testApp, RoomID: "1001", UserID: "wang_xm", OtherID: "alice", Raw: true, Faults: true})
	b.window = fynetest.NewWindow(b.Content())
	t.Cleanup(b.window.Close)
	b.window.SetPadded(false)
	b.window.Resize(fyne.NewSize(width, height))
	b.SetVisible(true)
	return b
}

// Register implements Host.
func (b *bench) Register(id string, o fyne.CanvasObject) {
	if o == nil {
		delete(b.controls, id)
		return
	}
	b.controls[id] = o
}

// Adopt implements Host.
func (b *bench) Adopt(*widgets.Entry) {}

// seen tells whether a control is on the screen.
func (b *bench) seen(o fyne.CanvasObject) bool {
	found := false
	var walk func(fyne.CanvasObject)
	walk = func(at fyne.CanvasObject) {
		if !at.Visible() || found {
			return
		}
		found = at == o
		switch at := at.(type) {
		case *fyne.Container:
			for _, child := range at.Objects {
				walk(child)
			}
		case fyne.Widget:
			for _, child := range fynetest.WidgetRenderer(at).Objects() {
				walk(child)
			}
		}
	}
	walk(b.window.Content())
	return found
}

func (b *bench) tap(id string) {
	b.t.Helper()
	o, ok := b.controls[id].(fyne.Tappable)
	if !ok || !b.seen(b.controls[id]) {
		b.t.Fatalf("control %q cannot be tapped", id)
	}
	size := b.controls[id].Size()
	o.Tapped(&fyne.PointEvent{Position: fyne.NewPos(size.Width/2, size.Height/2)})
}

func (b *bench) typed(id, text string) {
	b.t.Helper()
	switch o := b.controls[id].(type) {
	case *widgets.Entry:
		o.SetText(text)
	case *widgets.Select:
		o.SetSelected(text)
	default:
		b.t.Fatalf("control %q takes no text", id)
	}
}

// pass lets time pass.
func (b *bench) pass(d time.Duration) {
	b.clock = b.clock.Add(d)
	later := b.later
	b.later = nil
	for _, f := range later {
		f()
	}
}

// rows are the rows of the log without their times.
func (b *bench) rows() []string {
	var rows []string
	for _, r := range b.Rows(1000) {
		rows = append(rows, string(r.Mark)+" "+r.Text)
	}
	return rows
}

// TestEveryTapIsOneRow taps each control that can be tapped, in each of the widths: one row with ">" or one call, whose row
// comes with it. Fields, and lists that open, are no action yet.
func TestEveryTapIsOneRow(t *testing.T) {
	for _, width := range []float32{1208, 888, 319} {
		tapped := make(map[string]bool)
		for _, which := range paneNames {
			t.Run(fmt.Sprint(width, which), func(t *testing.T) {
				b := newBench(t, width, 740)
				b.expects.add(Expectation{Text: "a", Count: 1, Seconds: 5}, b.clock)
				b.page.expect.build()
				b.SetPeers([]Peer{{UserID: "zoe", Microphone: true}})
				if o := b.controls["api.pane."+which]; o == nil || !b.seen(o) {
					return // no room for it here
				}
				b.tap("api.pane." + which)
				for _, id := range slices.Sorted(maps.Keys(b.controls)) {
					if !tapped[id] && b.tapOnce(id) {
						tapped[id] = true
					}
				}
			})
		}
		if len(tapped) < 90 && width > 400 || len(tapped) < 20 {
			t.Errorf("only %d controls were tapped at %v", len(tapped), width)
		}
	}
}

// tapOnce taps a control, if there is something to tap.
func (b *bench) tapOnce(id string) bool {
	o := b.controls[id]
	tap, ok := o.(fyne.Tappable)
	if !ok || o == nil || !b.seen(o) {
		return false
	}
	switch o := o.(type) {
	case *widgets.Entry, *widgets.Select:
		return false
	case fyne.Disableable:
		if o.Disabled() {
			return false
		}
	case *widgets.ToolButton:
		if o.Disabled() {
			return false
		}
	}
	if id == "api.expect.add" {
		b.typed("api.expect.text", "onRtc")
	}
	b.calls, b.commands = nil, nil
	size := o.Size()
	tap.Tapped(&fyne.PointEvent{Position: fyne.NewPos(size.Width/2, size.Height/2)})
	if len(b.calls)+len(b.commands) != 1 {
		b.t.Errorf("%s: calls %q, commands %q, want one of both together", id, b.calls, b.commands)
	}
	return true
}

// TestForm types, leaves out and calls.
func TestForm(t *testing.T) {
	b := newBench(t, 1208, 740)
	call := func(want string) {
		t.Helper()
		b.calls = nil
		b.Run()
		if diff := cmp.Diff([]string{want}, b.calls); diff != "" {
			t.Errorf("calls (-want +got):\n%s", diff)
		}
	}
	call(`createRtcRoomContext {"appId":"` + testApp + `"}`)
	b.tap("api.joinRtcRoom")
	call(`joinRtcRoom {"roomId":"1001","userId":"wang_xm","token":"` + testToken + `"}`)
	b.typed("api.form.roomId", "2")
	b.tap("api.form.roomConfig.sent")
	b.tap("api.form.roomConfig.autoSubscribe.sent")
	b.tap("api.form.roomConfig.autoSubscribe")
	call(`joinRtcRoom {"roomId":"2","userId":"wang_xm","token":"` + testToken + `","roomConfig":{"autoSubscribe":false}}`)
	if got, want := b.controls["api.form.params"].(*widgets.Entry).Text, `{"roomId":"2","userId":"wang_xm","token":"{{token}}","roomConfig":{"autoSubscribe":false}}`; got != want {
		t.Errorf("the JSON is %s, want %s", got, want)
	}
	b.Show(Situation{Context: true, RoomID: "3", UserID: "zoe", Raw: true})
	call(`joinRtcRoom {"roomId":"2","userId":"zoe","token":"` + testToken + `","roomConfig":{"autoSubscribe":false}}`)
	b.typed("api.preset", "too long")
	b.typed("api.form.params", `[1`)
	call(`joinRtcRoom [1`)
	b.tap("api.changeAudioCapture.0")
	call(`changeAudioCapture {"state":0}`)
	b.tap("api.joinRtcRoom")
	call(`joinRtcRoom [1`)
	b.typed("api.preset", "valid")
	call(`joinRtcRoom {"roomId":"3","userId":"zoe","token":"` + testToken + `"}`)
	b.typed("api.form.method", "noSuchMethod")
	b.typed("api.form.params", `{"x":1}`)
	call(`noSuchMethod {"x":1}`)
	b.Show(Situation{Raw: true})
	b.tap("api.updateToken")
	b.calls = nil
	b.Run()
	if words := b.page.call.wrong.Text; b.calls != nil || words != "No token could be made: no room" {
		t.Errorf("without a token: calls %q, words %q", b.calls, words)
	}
}

// TestStrict: what the table or the order forbids is not called, and the form says why.
func TestStrict(t *testing.T) {
	b := newBench(t, 1208, 740)
	b.tap("api.mode.strict")
	off := func() bool { return b.page.call.call.Disabled() }
	b.tap("api.joinRtcRoom")
	if off() || b.page.call.json.Visible() {
		t.Error("a valid call is not allowed, or JSON is shown")
	}
	b.typed("api.form.roomId", "")
	if want := "params.roomId should not be empty"; !off() || b.page.call.form.Wrong("roomId") != want {
		t.Errorf("an empty room: %q, want %q", b.page.call.form.Wrong("roomId"), want)
	}
	b.calls = nil
	b.Run()
	if b.calls != nil {
		t.Errorf("it is called: %q", b.calls)
	}
	b.typed("api.form.roomId", "r")
	for _, tc := range []struct {
		method string
		s      Situation
		want   string
	}{
		{"joinRtcRoom", Situation{Context: true, RoomID: "r", UserID: "u"}, ""},
		{"joinRtcRoom", Situation{Context: true, InRoom: true, RoomID: "r", UserID: "u"}, "You are in room r already"},
		{"joinRtcRoom", Situation{Context: true, Joining: true, RoomID: "r", UserID: "u"}, "You are in room r already"},
		{"joinRtcRoom", Situation{RoomID: "r", UserID: "u"}, "Call createRtcRoomContext first"},
		{"exitRtcRoom", Situation{Context: true, RoomID: "r"}, "You are in no room"},
		{"exitRtcRoom", Situation{Context: true, InRoom: true, RoomID: "r"}, ""},
		{"changeAudioCapture", Situation{Context: true}, ""},
	} {
		b.tap("api." + tc.method)
		b.Show(tc.s)
		if got := b.page.call.wrong.Text; got != tc.want || off() != (tc.want != "") {
			t.Errorf("%s in %+v: %q, off %v, want %q", tc.method, tc.s, got, off(), tc.want)
		}
	}
	b.tap("api.mode.raw")
	if off() {
		t.Error("raw mode forbids something")
	}
}

// TestKeys goes through the list of methods without a mouse.
func TestKeys(t *testing.T) {
	b := newBench(t, 1208, 740)
	list := b.page.methods
	b.window.Canvas().Focus(list)
	press := func(names ...fyne.KeyName) {
		for _, name := range names {
			list.TypedKey(&fyne.KeyEvent{Name: name})
		}
	}
	press(fyne.KeyDown, fyne.KeyReturn)
	if want := []string{`joinRtcRoom {"roomId":"1001","userId":"wang_xm","token":"` + testToken + `"}`}; !slices.Equal(b.calls, want) {
		t.Errorf("Down, Return: %q", b.calls)
	}
	b.calls = nil
	b.choose("changeVideoCapture")
	list.TypedRune('0')
	if want := []string{`changeVideoCapture {"state":0}`}; !slices.Equal(b.calls, want) {
		t.Errorf("0 on changeVideoCapture: %q", b.calls)
	}
	press(fyne.KeyEnd)
	last := b.chosen
	press(fyne.KeyDown, fyne.KeyPageDown)
	if b.chosen != last || last == "changeVideoCapture" {
		t.Errorf("End chose %s, then Down %s", last, b.chosen)
	}
	press(fyne.KeyHome, fyne.KeyUp)
	if b.chosen != "createRtcRoomContext" {
		t.Errorf("Home chose %s", b.chosen)
	}
	b.typed("api.find", "speakers")
	press(fyne.KeyDown)
	if b.chosen != "onRtcChatSpeakersChanged" {
		t.Errorf("in the list that was searched, Down chose %s", b.chosen)
	}
	for _, m := range bridge.Methods() { // each can be reached
		b.typed("api.find", m.Name)
		press(fyne.KeyHome)
		if !strings.Contains(b.chosen, m.Name) {
			t.Errorf("%s cannot be reached, %s is chosen", m.Name, b.chosen)
		}
	}
}

// TestCallsAndResults: marks in the list, the time of a call that waits, the row after ten seconds, and the late result.
func TestCallsAndResults(t *testing.T) {
	b := newBench(t, 1208, 740)
	start := func(id, method string) {
		b.Started(json.RawMessage(id), Call, method, json.RawMessage(`{}`), b.clock)
	}
	answer := func(id string, l bridge.Line) (Answer, bool) {
		l.ID = json.RawMessage(id)
		return b.Came(l, b.clock)
	}
	start(`"window1"`, "joinRtcRoom")
	start(`"window2"`, "joinRtcRoom")
	start(`"drive1:5"`, "x-sleep")
	start(`"window3"`, "x-stats")
	if got := b.states["joinRtcRoom"]; got != widgets.MethodWaiting {
		t.Errorf("state %v, want waiting", got)
	}
	b.pass(2500 * time.Millisecond)
	if got := b.Rows(3)[0].Time; got != "2.5 s" {
		t.Errorf("the call waits for %q", got)
	}
	ok := bridge.Result{ErrMsg: "joinRtcRoom:ok"}
	a, first := answer(`"window2"`, bridge.Line{Callback: "success", Res: ok})
	if !first || a.Method != "joinRtcRoom" || !a.OK {
		t.Errorf("the answer is %+v, %v", a, first)
	}
	if _, again := answer(`"window2"`, bridge.Line{Callback: "complete", Res: ok}); again {
		t.Error("complete is a result")
	}
	b.pass(8 * time.Second)
	b.pass(time.Second)
	answer(`"window1"`, bridge.Line{Callback: "fail", Res: map[string]any{"errMsg": "joinRtcRoom:fail error code:-1", "errNo": 21102, "errorCode": 115903, "errorType": "F"}})
	answer(`"window1"`, bridge.Line{Callback: "complete", Res: ok})
	yes := true
	answer(`"window3"`, bridge.Line{OK: &yes, Res: map[string]int{"rttMs": 3}})
	b.Came(bridge.Line{Event: "onRtcStateChanged", Res: map[string]int{"errNo": 0}}, b.clock)
	want := []string{
		"> joinRtcRoom {}", "> joinRtcRoom {}", "> x-stats {}", "< joinRtcRoom:ok  2500 ms  success", "< joinRtcRoom:ok  complete",
		"! joinRtcRoom: no result after 10 s (timeout)", "! x-stats: no result after 10 s (timeout)",
		"< joinRtcRoom:fail error code:-1  errNo 21102  errorCode 115903 F  11500 ms  fail", "< joinRtcRoom:ok  complete",
		`< x-stats:ok  {"rttMs":3}  11500 ms`, `* onRtcStateChanged {"errNo":0}`,
	}
	if diff := cmp.Diff(want, b.rows()); diff != "" {
		t.Errorf("log (-want +got):\n%s", diff)
	}
	if b.Rows(11)[0].Time != "11.5 s" || b.states["joinRtcRoom"] != widgets.MethodFailed || b.Counts()["onRtcStateChanged"] != 1 {
		t.Errorf("time %q, state %v, counts %v", b.Rows(11)[0].Time, b.states["joinRtcRoom"], b.Counts())
	}
	if got := b.page.call.result.Texts()[0]; got != "x-stats:ok" {
		t.Errorf("the last result is %q", got)
	}
	b.tap("api.result.json")
	if b.copied != `{"rttMs":3}` {
		t.Errorf("copied %q", b.copied)
	}
	b.tap("api.result.copy")
	if b.copied != "x-stats:ok" {
		t.Errorf("copied %q", b.copied)
	}
}

// TestLog: choosing, filtering, pausing, notes, copying, and the whole of a row.
func TestLog(t *testing.T) {
	t.Cleanup(test.CheckRoutines(t)) // runs last
	b := newBench(t, 1208, 740)
	b.Write(Note, "begin")
	b.Came(bridge.Line{Event: "onRtcStateChanged", Res: map[string]int{"errNo": 0}}, b.clock)
	shown := func() (rows []string) {
		for i := range len(b.view.shown) {
			r := b.page.log.at(i)
			rows = append(rows, r.Mark+" "+r.Text)
		}
		return rows
	}
	b.tap("api.log.events")
	if diff := cmp.Diff([]string{`* onRtcStateChanged {"errNo":0}`}, shown()); diff != "" {
		t.Errorf("events (-want +got):\n%s", diff)
	}
	b.tap("api.log.all")
	b.typed("api.log.filter", "BEGIN")
	if diff := cmp.Diff([]string{"# begin"}, shown()); diff != "" {
		t.Errorf("filtered (-want +got):\n%s", diff)
	}
	b.typed("api.log.filter", "")
	b.tap("api.log.pause")
	before := len(shown())
	b.Write(Note, "while paused")
	if len(shown()) != before || b.page.log.filter.PlaceHolder != "Paused, 1 new" {
		t.Errorf("%d rows, %q", len(shown()), b.page.log.filter.PlaceHolder)
	}
	b.tap("api.log.pause")
	b.tap("api.note")
	if b.window.Canvas().Focused() != b.page.log.note {
		t.Error("the note has not the focus")
	}
	b.page.log.note.SetText("  seen  ")
	b.page.log.note.OnSubmitted(b.page.log.note.Text)
	if rows := b.rows(); rows[len(rows)-1] != "# seen" || b.page.log.note.Visible() {
		t.Errorf("the log ends with %q", rows[len(rows)-1])
	}
	b.page.log.list.OnChosen(1)
	if want := "12:03:41.207 *\nonRtcStateChanged {\"errNo\":0}\n\n{\n  \"errNo\": 0\n}"; b.page.detail.Text != want || b.page.chosen != paneRow {
		t.Errorf("the whole row is %q", b.page.detail.Text)
	}
	b.tap("api.log.copy")
	if !strings.HasPrefix(b.copied, "12:03:41.207 # begin\n12:03:41.207 * onRtcStateChanged") {
		t.Errorf("copied %q", b.copied)
	}
	b.tap("api.log.export")
	b.work[0]()()
	files, err := filepath.Glob(filepath.Join(b.cfg.Folder, "export-*.jsonl"))
	if err != nil || len(files) != 1 {
		t.Fatalf("files %q, %v", files, err)
	}
	text, err := os.ReadFile(files[0])
	if err != nil || !strings.Contains(string(text), `"text":"begin"`) {
		t.Errorf("the file has %s (%v)", text, err)
	}
	if rows := b.rows(); !strings.Contains(rows[len(rows)-1], files[0]) {
		t.Errorf("the file is not named: %q", rows[len(rows)-1])
	}
	b.tap("api.log.clear")
	if diff := cmp.Diff([]string{"> api.log.clear null"}, b.rows()); diff != "" {
		t.Errorf("cleared (-want +got):\n%s", diff)
	}
}

// TestExpectPane: a lamp waits, becomes red, and the log says so.
func TestExpectPane(t *testing.T) {
	b := newBench(t, 1208, 740)
	b.tap("api.pane.expect")
	b.typed("api.expect.text", "exitRtcRoom:ok")
	b.typed("api.expect.seconds", "x")
	b.tap("api.expect.add")
	if got := b.page.expect.wrong.Text; got != "The time is more than 0 and up to 3600 seconds" {
		t.Errorf("a wrong time: %q", got)
	}
	b.typed("api.expect.seconds", "2")
	b.tap("api.expect.add")
	b.pass(500 * time.Millisecond)
	if diff := cmp.Diff([]string{"exitRtcRoom:ok at least 1 times in 2 s", "0 / 1   1.5 s", ""}, b.page.expect.lamps[0].Texts()); diff != "" {
		t.Errorf("waiting (-want +got):\n%s", diff)
	}
	b.pass(2 * time.Second)
	if diff := cmp.Diff([]string{"exitRtcRoom:ok at least 1 times in 2 s", "0 / 1", "came 0 times in that time"}, b.page.expect.lamps[0].Texts()); diff != "" {
		t.Errorf("red (-want +got):\n%s", diff)
	}
	if rows := b.rows(); rows[len(rows)-1] != `! expected "exitRtcRoom:ok" at least 1 times within 2 s, but it came 0 times` {
		t.Errorf("the log ends with %q", rows[len(rows)-1])
	}
	b.tap("api.expect.save")
	b.tap("api.expect.again")
	if b.expects.lamps[0].state != lampWaiting {
		t.Error("it does not wait again")
	}
	b.tap("api.expect.0.remove")
	if len(b.expects.lamps) != 0 {
		t.Error("it is not gone")
	}
	next := New(b.cfg)
	defer next.Close()
	if len(next.expects.lamps) != 1 || next.expects.lamps[0].Text != "exitRtcRoom:ok" {
		t.Errorf("saved: %v", next.expects.lamps)
	}
}

// TestScriptPane runs a built-in script, one from a file, and tells what is wrong with others.
func TestScriptPane(t *testing.T) {
	b := newBench(t, 1208, 740)
	b.tap("api.pane.script")
	b.tap("api.script.tokens")
	path := filepath.Join(t.TempDir(), "s.jsonl")
	if err := os.WriteFile(path, []byte("{\"method\":\"x-sleep\"}\n\n{\"method\":\"x-stats\"}\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	b.typed("api.script.path", path)
	b.tap("api.script.run")
	b.typed("api.script.path", path+".none")
	b.tap("api.script.run")
	for _, work := range b.work {
		work()()
	}
	if diff := cmp.Diff([]string{"tokens 11", path + " 2"}, b.scripts); diff != "" {
		t.Errorf("scripts (-want +got):\n%s", diff)
	}
	if rows := b.rows(); !strings.HasPrefix(rows[len(rows)-1], "! The script does not run: open ") {
		t.Errorf("the log ends with %q", rows[len(rows)-1])
	}
	b.ScriptRuns("tokens")
	if !b.page.script.run.Disabled() || b.page.script.stop.Disabled() {
		t.Error("another script can be run, or this one not be stopped")
	}
	b.tap("api.script.stop")
	if b.scripts[len(b.scripts)-1] != " 0" {
		t.Errorf("stopped: %q", b.scripts)
	}
}

// TestFaultsAndPeers: what is typed is called, what is told is shown.
func TestFaultsAndPeers(t *testing.T) {
	b := newBench(t, 1208, 740)
	b.tap("api.pane.faults")
	b.typed("api.fault.loss", "5")
	b.typed("api.fault.rate", "-1")
	b.tap("api.fault.apply")
	if b.calls != nil || b.page.faults.wrong.Text != "Rate: type a number from 0" {
		t.Errorf("a wrong rate: %q, %q", b.calls, b.page.faults.wrong.Text)
	}
	b.typed("api.fault.rate", "")
	for _, id := range []string{"apply", "cut5", "microphone", "token", "kick"} {
		b.tap("api.fault." + id)
	}
	b.SetFaults(Faults{LossPercent: 5, Cut: true, Microphone: true})
	b.tap("api.fault.microphone")
	b.tap("api.pane.peers")
	b.typed("api.peers.name", "zoe")
	b.tap("api.peers.add")
	b.SetPeers([]Peer{{UserID: "zoe", Camera: true}})
	b.tap("api.peer.zoe.mic")
	b.tap("api.peer.zoe.camera")
	b.tap("api.peer.zoe.leave")
	if diff := cmp.Diff([]string{
		`x-network {"delayMs":0,"jitterMs":0,"lossPercent":5,"rateKbps":0}`, `x-network {"cut":5000}`, `x-unplug {"kind":"microphone"}`,
		`updateToken {"token":"` + testToken + `"}`, `x-removeUser {}`, `x-plug {"kind":"microphone"}`,
		`x-addPeer {"userId":"zoe"}`, `x-setPeer {"microphone":true,"userId":"zoe"}`, `x-setPeer {"camera":false,"userId":"zoe"}`,
		`x-removePeer {"userId":"zoe"}`,
	}, b.calls); diff != "" {
		t.Errorf("calls (-want +got):\n%s", diff)
	}
	if got := b.page.status.Text; got != "loss 5 %, network cut, no microphone   virtual peers: 1" {
		t.Errorf("the head says %q", got)
	}
	s := b.situation
	s.Faults = false
	b.Show(s)
	if !b.page.faults.mic.Disabled() || b.page.faults.now.Text != "Not allowed: see Settings, Developer" {
		t.Errorf("faults are allowed: %q", b.page.faults.now.Text)
	}
	b.SetPeers(make([]Peer, MaxPeers))
	if !b.page.peers.add.Disabled() {
		t.Error("a tenth can be added")
	}
}

// TestStatePane shows the live state while it is seen, and what changed.
func TestStatePane(t *testing.T) {
	b := newBench(t, 1208, 740)
	tree := b.page.state.tree
	if diff := cmp.Diff([]string{"n 1"}, tree.Texts()); diff != "" {
		t.Errorf("at first (-want +got):\n%s", diff)
	}
	b.state = map[string]int{"n": 2}
	b.pass(time.Second)
	b.tap("api.state.diff")
	if diff := cmp.Diff([]string{"n 2"}, tree.Texts()); diff != "" {
		t.Errorf("the difference (-want +got):\n%s", diff)
	}
	b.tap("api.state.mark")
	if got := tree.Texts(); len(got) != 0 {
		t.Errorf("after the mark: %q", got)
	}
	b.tap("api.state.copy")
	if b.copied != `{"n":2}` {
		t.Errorf("copied %q", b.copied)
	}
	b.SetVisible(false)
	b.state = map[string]int{"n": 3}
	b.pass(time.Second)
	b.pass(time.Second)
	if len(b.later) != 0 || b.tree.values["n"] != "2" {
		t.Errorf("nobody sees it, but %d ticks are to come and the tree has %v", len(b.later), b.tree.values)
	}
}

// TestBuild: another language makes new widgets and keeps everything else.
func TestBuild(t *testing.T) {
	b := newBench(t, 1208, 740)
	b.tap("api.joinRtcRoom")
	b.typed("api.form.roomId", "typed")
	b.Write(Note, "kept")
	b.Build(assets.NewTexts(assets.Chinese), b)
	b.window.SetContent(b.Content())
	b.SetVisible(true)
	if b.page.title.Text != "接口控制台" || b.controls["api.form.roomId"].(*widgets.Entry).Text != "typed" {
		t.Errorf("title %q, room %q", b.page.title.Text, b.controls["api.form.roomId"].(*widgets.Entry).Text)
	}
	if rows := b.rows(); rows[len(rows)-1] != "# kept" {
		t.Errorf("rows %q", rows)
	}
}
