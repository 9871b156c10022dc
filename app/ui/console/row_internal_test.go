package console

import (
	"encoding/json"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"parlor/app/bridge"
	"parlor/app/errno"
)

const testToken = "0015dc114b50538d600388f7b18PgDxEmA="

var testTime = time.Date(2026, 1, 2, 12, 3, 41, 207e6, time.UTC)

var maskCases = []struct{ raw, want string }{
	{``, `{}`},
	{`{}`, `{}`},
	{`{"roomId":"1001","token":"` + testToken + `","userId":"u"}`, `{"roomId":"1001","token":"***EmA=","userId":"u"}`},
	{`{"token":"short"}`, `{"token":"***"}`},
	{`{"Token":"` + testToken + `"}`, `{"Token":"***EmA="}`},
	{`{"token":""}`, `{"token":""}`},
	{`{"token":5,"state":"x"}`, `{"state":"x","token":5}`},
	{`{"state": 2}`, `{"state":2}`},
	{`[1,2]`, `(5 bytes that are not a JSON object)`},
	{`{"token":"` + testToken, `(45 bytes that are not a JSON object)`},
	{`null`, `null`},
}

func TestMaskParams(t *testing.T) {
	for _, tc := range maskCases {
		if got := maskParams(json.RawMessage(tc.raw)); got != tc.want {
			t.Errorf("maskParams(%s) = %s, want %s", tc.raw, got, tc.want)
		}
	}
}

// FuzzCallRow: no row has a line break, none is longer than it may be, and none has a whole token.
func FuzzCallRow(f *testing.F) {
	for _, tc := range maskCases {
		f.Add("joinRtcRoom", tc.raw)
	}
	f.Add("no\nsuch\u2028method", `{"a":"`+strings.Repeat("ä", maxText)+`"}`)
	f.Fuzz(func(t *testing.T, method, raw string) {
		r := callRow(Call, method, json.RawMessage(raw), testTime)
		if strings.ContainsAny(r.Text, "\n\r\u2028\u2029") || len(r.Text) > maxText+len("…") || len(r.Detail) > maxDetail+len("…") {
			t.Errorf("the row of %q has several lines or is too long: %q", raw, r.Text)
		}
		var fields struct {
			Token string `json:"token"`
		}
		if json.Unmarshal([]byte(raw), &fields) == nil && len([]rune(fields.Token)) > 8 && strings.Contains(r.Text+r.Detail, fields.Token) &&
			!strings.Contains(method, fields.Token) {
			t.Errorf("the row of %q shows the token: %q", raw, r.Text)
		}
		if _, err := json.Marshal(r); err != nil {
			t.Errorf("the row of %q has no JSON: %v", raw, err)
		}
	})
}

func TestReadResult(t *testing.T) {
	ok, failed := true, false
	for _, tc := range []struct {
		name, method, msg string
		no                int
		line              bridge.Line
	}{
		{"success", "joinRtcRoom", "joinRtcRoom:ok", 0, bridge.Line{Callback: "success", Res: bridge.Result{ErrMsg: "joinRtcRoom:ok"}}},
		{"class prefix", "changeAudioCapture", "RtcRoomContext.changeAudioCapture:ok", 0,
			bridge.Line{Callback: "success", Res: bridge.Result{ErrMsg: "RtcRoomContext.changeAudioCapture:ok"}}},
		{"failure", "joinRtcRoom", "joinRtcRoom:fail invalid token", 21101, bridge.Line{Callback: "fail", Res: errno.InvalidToken.In("joinRtcRoom")}},
		{"failure at once", "createRtcRoomContext", "createRtcRoomContext:fail params invalid", 20000,
			bridge.Line{OK: &failed, Res: errno.InvalidParam.In("createRtcRoomContext")}},
		{"colon in the text", "joinRtcRoom", "joinRtcRoom:fail error code:-1001", 21102,
			bridge.Line{Callback: "fail", Res: errno.Failed.In("joinRtcRoom", -1001)}},
		{"raw JSON", "updateToken", "updateToken:ok", 0, bridge.Line{Callback: "success", Res: json.RawMessage(`{"errMsg":"updateToken:ok"}`)}},
		{"nothing", "", "", 0, bridge.Line{}},
		{"an object of ours", "", "", 0, bridge.Line{OK: &ok, Res: map[string]int{"errNo": 5}}},
		{"words", "no such method", "no such method", 0, bridge.Line{Error: "no such method"}},
		{"no object", "[]", "[]", 0, bridge.Line{Callback: "fail", Res: []int{}}},
	} {
		f, method := readResult(tc.line)
		if f.Msg != tc.msg || method != tc.method || f.No != tc.no {
			t.Errorf("%s: %q %q %d, want %q %q %d", tc.name, f.Msg, method, f.No, tc.msg, tc.method, tc.no)
		}
	}
}

func TestRow_JSON(t *testing.T) {
	for _, tc := range []struct {
		row  Row
		want string
	}{
		{Row{At: testTime, Mark: Call, Text: "a {}", Detail: `{}`}, `{"at":"2026-01-02T12:03:41.207Z","mark":"\u003e","text":"a {}","detail":{}}`},
		{Row{At: testTime, Mark: Note, Text: "seen", Failed: true}, `{"at":"2026-01-02T12:03:41.207Z","mark":"#","text":"seen","failed":true}`},
		{Row{At: testTime, Mark: Result, Detail: "cut {"}, `{"at":"2026-01-02T12:03:41.207Z","mark":"\u003c","text":"","detail":"cut {"}`},
	} {
		if got, err := json.Marshal(tc.row); string(got) != tc.want || err != nil {
			t.Errorf("%v is %s (%v), want %s", tc.row, got, err, tc.want)
		}
	}
}

// TestCalls_Answer pairs lines with calls: by id, and without one of one name in their order, of several names in any.
func TestCalls_Answer(t *testing.T) {
	var c calls
	for i, call := range []struct{ id, method string }{
		{"", "joinRtcRoom"}, {"", "updateToken"}, {"", "joinRtcRoom"}, {"", "createRtcRoomContext"},
		{"1", "joinRtcRoom"}, {"2", "joinRtcRoom"}, {"2", "exitRtcRoom"}, {"3", "noSuch"}, {"4", "x-addPeer"},
	} {
		c.start(json.RawMessage(call.id), call.method, nil, testTime.Add(time.Duration(i)*time.Second))
	}
	ok := true
	line := func(id, callback string) bridge.Line { return bridge.Line{ID: json.RawMessage(id), Callback: callback} }
	for _, step := range []struct {
		method string
		line   bridge.Line
		second int // when the call started; -1: none
	}{
		{"joinRtcRoom", line("2", "success"), 5},
		{"exitRtcRoom", line("2", "fail"), 6},
		{"exitRtcRoom", line("2", "complete"), 6},
		{"joinRtcRoom", line("2", "complete"), 5},
		{"joinRtcRoom", line("2", "complete"), -1},
		{`unknown method "noSuch"`, bridge.Line{ID: json.RawMessage("3"), Error: "x"}, 7},
		{"", bridge.Line{ID: json.RawMessage("4"), OK: &ok}, 8},
		{"joinRtcRoom", line("1", "fail"), 4}, {"joinRtcRoom", line("1", "complete"), 4},
		{"updateToken", bridge.Line{Callback: "success"}, 1},
		{"joinRtcRoom", bridge.Line{Callback: "fail"}, 0},
		{"joinRtcRoom", bridge.Line{Callback: "complete"}, 0},
		{"joinRtcRoom", bridge.Line{Callback: "success"}, 2},
		{"", bridge.Line{OK: &ok}, 3},
		{"", bridge.Line{OK: &ok}, -1},
		{"updateToken", bridge.Line{Callback: "success"}, -1},
		{"updateToken", bridge.Line{Callback: "complete"}, 1},
		{"joinRtcRoom", bridge.Line{Callback: "complete"}, 2},
		{"joinRtcRoom", bridge.Line{Callback: "complete"}, -1},
		{"noSuch", bridge.Line{Callback: "fail"}, -1},
		{"malformed JSON", bridge.Line{Error: "malformed JSON"}, -1},
	} {
		got := c.answer(step.method, step.line)
		if (got == nil) != (step.second < 0) {
			t.Fatalf("%+v belongs to %v", step, got)
		}
		if got != nil && got.started.Sub(testTime) != time.Duration(step.second)*time.Second {
			t.Errorf("%+v belongs to the call of %v", step, got.started.Sub(testTime))
		}
	}
	if len(c.running) != 0 {
		t.Errorf("%d calls are kept after their answers", len(c.running))
	}
	for range maxCalls + 10 {
		c.start(nil, "joinRtcRoom", nil, testTime)
	}
	if len(c.running) != maxCalls || len(c.waiting()) != maxCalls {
		t.Errorf("%d calls without answer are kept, want %d", len(c.running), maxCalls)
	}
}

func TestFillTokens(t *testing.T) {
	mint := func(w TokenWish) (string, error) {
		key := "right"
		if w.WrongKey {
			key = "wrong"
		}
		return strings.Join([]string{w.RoomID, w.UserID, w.TTL.String(), key}, "/"), nil
	}
	wish := TokenWish{RoomID: "R", UserID: "U"}
	for _, tc := range []struct{ text, want, err string }{
		{`{"token":"x"}`, `{"token":"x"}`, ""},
		{`{"token":"{{token}}"}`, `{"token":"R/U/24h0m0s/right"}`, ""},
		{`{"roomId":"r","userId":"u","token":"{{token}}"}`, `{"roomId":"r","userId":"u","token":"r/u/24h0m0s/right"}`, ""},
		{`{"roomId":7,"userId":"","token":"{{token ttl=-60}}"}`, `{"roomId":7,"userId":"","token":"R/U/-1m0s/right"}`, ""},
		{`{"method":"joinRtcRoom","params":{"roomId":"r","token":"{{token user=v key=wrong}}"}}`,
			`{"method":"joinRtcRoom","params":{"roomId":"r","token":"r/v/24h0m0s/wrong"}}`, ""},
		{`{{token room=a}} {{token room=b}}`, `a/U/24h0m0s/right b/U/24h0m0s/right`, ""},
		{`{{token ttl=soon}}`, ``, "{{token ttl=soon}}: want a whole number of seconds"},
		{`{{token colour=red}}`, ``, "{{token colour=…}}: want room, user, ttl, key or grant"},
		{`{{token key=right}}`, ``, "{{token key=right}}: only wrong is known"},
		{`{{tokens}}`, `{{tokens}}`, ""},
	} {
		got, err := fillTokens(tc.text, wish, mint)
		if tc.err != "" {
			if err == nil || err.Error() != tc.err {
				t.Errorf("%s: error %v, want %s", tc.text, err, tc.err)
			}
			continue
		}
		if got != tc.want || err != nil {
			t.Errorf("%s becomes %s (%v), want %s", tc.text, got, err, tc.want)
		}
	}
}

// TestScenarios: the built-in scripts are lines of the protocol, with the ids of the room form in them.
func TestScenarios(t *testing.T) {
	mint := func(TokenWish) (string, error) { return "T", nil }
	for _, s := range scenarios {
		now := Situation{AppID: "a", RoomID: `r"\`, UserID: "u"}
		lines, err := fillScript(strings.NewReader(s.text(now)), now, mint)
		if err != nil {
			t.Fatalf("%s: %v", s.id, err)
		}
		for _, line := range lines {
			r, err := bridge.ParseLine(line)
			if err != nil {
				t.Errorf("%s: %s: %v", s.id, line, err)
			}
			var p map[string]any
			if err := json.Unmarshal(r.Params, &p); err != nil || strings.Contains(string(line), "{{") || p["roomId"] != nil && !strings.HasPrefix(p["roomId"].(string), now.RoomID) {
				t.Errorf("%s: %s", s.id, line)
			}
		}
	}
	if _, err := fillScript(strings.NewReader("\n\n"), Situation{}, mint); err == nil {
		t.Error("an empty script is no error")
	}
	if _, err := fillScript(strings.NewReader("{}\n{{token ttl=x}}"), Situation{}, mint); err == nil || !strings.HasPrefix(err.Error(), "line 2:") {
		t.Errorf("the error does not name the line: %v", err)
	}
}

func TestStateTree(t *testing.T) {
	type list = []string
	tree := newStateTree()
	// draw is the lines as text: depth, sign of a change, name, value.
	draw := func(diff bool) list {
		var out list
		for _, n := range tree.lines(diff) {
			text := strings.Repeat(" ", n.depth) + n.name + " " + n.value
			if n.old != "" {
				text += " was " + n.old
			}
			if n.fresh {
				text += " !"
			}
			out = append(out, text)
		}
		return out
	}
	at := testTime
	update := func(state string) {
		t.Helper()
		if err := tree.update(json.RawMessage(state), at); err != nil {
			t.Fatal(err)
		}
	}
	check := func(what string, diff bool, want list) {
		t.Helper()
		if d := cmp.Diff(want, draw(diff)); d != "" {
			t.Errorf("%s (-want +got):\n%s", what, d)
		}
	}
	update(`{"room":{"id":"1","n":1.50},"list":["a"],"none":{},"nil":null}`)
	check("the first state", false, list{"room {2}", ` id "1"`, " n 1.50", "list [1]", ` 0 "a"`, "none {0}", "nil null"})
	at = at.Add(time.Second)
	update(`{"room":{"id":"1","n":2},"list":["a","b"],"none":{},"nil":null}`)
	check("a change", false, list{"room {2}", ` id "1"`, " n 2 !", "list [2]", ` 0 "a"`, ` 1 "b" !`, "none {0}", "nil null"})
	check("the difference", true, list{"room.n 2 was 1.50 !", `list.1 "b" was - !`})
	at = at.Add(freshFor)
	update(`{"room":{"id":"1","n":2},"list":[],"none":{},"nil":null}`)
	check("something is gone, the older mark, too", true, list{"room.n 2 was 1.50", "list [0] was - !", `list.0 - was "a"`})
	tree.mark()
	check("after a mark", true, nil)
	tree.fold("room", true)
	check("folded", false, list{"room {2}", "list [0] !", "none {0}", "nil null"})
	tree.fold("room", false)
	if len(tree.changed) == 0 || len(draw(false)) != 6 {
		t.Errorf("unfolded: %q", draw(false))
	}
	if err := tree.update(func() {}, at); err == nil {
		t.Error("what has no JSON is no error")
	}
}
