package ui

import (
	"encoding/json"
	"strings"
	"testing"
	"time"

	"parlor/app/bridge"
	"parlor/app/errno"
)

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

// FuzzMaskParams: no row has a line break, and none has a whole token.
func FuzzMaskParams(f *testing.F) {
	for _, tc := range maskCases {
		f.Add(tc.raw)
	}
	f.Fuzz(func(t *testing.T, raw string) {
		got := maskParams(json.RawMessage(raw))
		if strings.ContainsAny(got, "\n\r") && !strings.ContainsAny(raw, "\n\r") {
			t.Errorf("the row of %q has several lines: %q", raw, got)
		}
		var fields struct {
			Token string `json:"token"`
		}
		if json.Unmarshal([]byte(raw), &fields) == nil && len([]rune(fields.Token)) > 8 && strings.Contains(got, fields.Token) {
			t.Errorf("the row of %q shows the token: %q", raw, got)
		}
	})
}

func TestReadResult(t *testing.T) {
	for _, tc := range []struct {
		name, method, msg string
		no                int
		line              bridge.Line
	}{
		{"success", "joinRtcRoom", "joinRtcRoom:ok", 0, bridge.Line{Res: bridge.Result{ErrMsg: "joinRtcRoom:ok"}}},
		{"class prefix", "changeAudioCapture", "RtcRoomContext.changeAudioCapture:ok", 0,
			bridge.Line{Res: bridge.Result{ErrMsg: "RtcRoomContext.changeAudioCapture:ok"}}},
		{"failure", "joinRtcRoom", "joinRtcRoom:fail invalid token", 21101, bridge.Line{Res: errno.InvalidToken.In("joinRtcRoom")}},
		{"colon in the text", "joinRtcRoom", "joinRtcRoom:fail error code:-1001", 21102, bridge.Line{Res: errno.Failed.In("joinRtcRoom", -1001)}},
		{"raw JSON", "updateToken", "updateToken:ok", 0, bridge.Line{Res: json.RawMessage(`{"errMsg":"updateToken:ok"}`)}},
		{"nothing", "", "", 0, bridge.Line{}},
		{"words", "no such method", "no such method", 0, bridge.Line{Error: "no such method"}},
		{"no JSON", "", "", 0, bridge.Line{Res: json.RawMessage(`[]`)}},
	} {
		f, method := readResult(tc.line)
		if tc.name == "no JSON" {
			continue // whatever it is, it must not panic
		}
		if f.Msg != tc.msg || method != tc.method || f.No != tc.no {
			t.Errorf("%s: %q %q %d, want %q %q %d", tc.name, f.Msg, method, f.No, tc.msg, tc.method, tc.no)
		}
	}
}

// TestCalls_Answer pairs lines with calls of one name in their order, and of several names in any.
func TestCalls_Answer(t *testing.T) {
	var c calls
	for i, method := range []string{"joinRtcRoom", "updateToken", "joinRtcRoom", "createRtcRoomContext"} {
		c.start(nil, method, nil, testTime.Add(time.Duration(i)*time.Second))
	}
	ok := true
	for _, step := range []struct {
		method string
		line   bridge.Line
		second int // when the call started; -1: none
	}{
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
	if len(c.running) != maxCalls {
		t.Errorf("%d calls without answer are kept, want %d", len(c.running), maxCalls)
	}
}
