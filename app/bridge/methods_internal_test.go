package bridge

import (
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/pion/transport/v4/test"
)

// lineTest is one line of a script and its answer.
type lineTest struct {
	name   string
	bare   bool // without a context
	line   string
	want   []string
	called string // the fake's last call, when there is a context
}

// failLines and okLines are the answers to a call with the id 7.
func failLines(api, text string) []string {
	res := `{"errMsg":"` + api + `:fail ` + text + `","errNo":20000,"errorCode":115999,"errorType":"D"}`
	return []string{`{"id":7,"callback":"fail","res":` + res + `}`, `{"id":7,"callback":"complete","res":` + res + `}`}
}

func okLines(api string) []string {
	res := `{"errMsg":"` + api + `:ok"}`
	return []string{`{"id":7,"callback":"success","res":` + res + `}`, `{"id":7,"callback":"complete","res":` + res + `}`}
}

func documentLines() []lineTest {
	destroyed := `{"errMsg":"joinRtcRoom:fail engine has been destroyed,please invoke tt.createRtcRoomContext create new engine","errNo":21102,"errorCode":115910,"errorType":"D"}`
	return []lineTest{
		{name: "R-1 create", bare: true, line: `{"id":1,"method":"createRtcRoomContext","params":{"appId":"a"}}`, want: []string{`{"id":1,"ok":true}`}},
		{name: "R-2 no appId", bare: true, line: `{"id":1,"method":"createRtcRoomContext"}`,
			want: []string{`{"id":1,"ok":false,"res":{"errMsg":"createRtcRoomContext:fail params invalid","errNo":20000,"errorCode":115999,"errorType":"D"}}`}},
		{name: "R-2 wrong appId", bare: true, line: `{"id":1,"method":"createRtcRoomContext","params":{"appId":5}}`,
			want: []string{`{"id":1,"ok":false,"res":{"errMsg":"createRtcRoomContext:fail params.appId should be string, but got number","errNo":20000,"errorCode":115999,"errorType":"D"}}`}},
		{name: "R-4 no context", bare: true, line: joinLine, want: []string{`{"id":2,"callback":"fail","res":` + destroyed + `}`, `{"id":2,"callback":"complete","res":` + destroyed + `}`}},
		{name: "R-15 join", line: `{"id":7,"method":"joinRtcRoom","params":{"roomId":"r","userId":"u","token":"t"}}`,
			want: okLines("joinRtcRoom"), called: `joinRtcRoom{"RoomID":"r","UserID":"u","Token":"t","NoAutoPublish":false,"NoAutoSubscribe":false}`},
		{name: "R-7 R-8 roomConfig", line: `{"id":7,"method":"joinRtcRoom","params":{"roomId":"r","userId":"u","token":"t","roomConfig":{"autoPublish":false,"autoSubscribe":false}}}`,
			want: okLines("joinRtcRoom"), called: `joinRtcRoom{"RoomID":"r","UserID":"u","Token":"t","NoAutoPublish":true,"NoAutoSubscribe":true}`},
		{name: "callbacks as parameters", line: `{"id":7,"method":"joinRtcRoom","params":{"roomId":"r","userId":"u","token":"t","success":1,"fail":{},"complete":null,"other":[]}}`,
			want: okLines("joinRtcRoom"), called: `joinRtcRoom{"RoomID":"r","UserID":"u","Token":"t","NoAutoPublish":false,"NoAutoSubscribe":false}`},
		{name: "R-23 nothing passed", line: `{"id":7,"method":"joinRtcRoom"}`, want: failLines("joinRtcRoom", "params invalid")},
		{name: "R-23 token missing wins over wrong types", line: `{"id":7,"method":"joinRtcRoom","params":{"roomId":5,"userId":"u"}}`, want: failLines("joinRtcRoom", "params invalid")},
		{name: "R-23 empty", line: `{"id":7,"method":"joinRtcRoom","params":{"roomId":"","userId":"u","token":"t"}}`, want: failLines("joinRtcRoom", "params invalid")},
		{name: "R-18 wrong types", line: `{"id":7,"method":"joinRtcRoom","params":{"roomId":true,"userId":5,"token":["t"],"roomConfig":{"autoPublish":"yes"}}}`,
			want: failLines("joinRtcRoom", "params.roomId should be string, but got boolean params.userId should be string, but got number params.token should be string, but got array params.roomConfig.autoPublish should be boolean, but got string")},
		{name: "R-6 roomConfig no object", line: `{"id":7,"method":"joinRtcRoom","params":{"roomId":"r","userId":"u","token":"t","roomConfig":3}}`,
			want: failLines("joinRtcRoom", "params.roomConfig should be object, but got number")},
		{name: "params no object", line: `{"id":7,"method":"joinRtcRoom","params":[1]}`, want: failLines("joinRtcRoom", "params should be object, but got array")},
		{name: "R-34 exit", line: `{"id":7,"method":"exitRtcRoom","params":{"roomId":""}}`, want: okLines("exitRtcRoom"), called: "exitRtcRoom()"},
		{name: "R-36 exit without roomId", line: `{"id":7,"method":"exitRtcRoom","params":{}}`, want: failLines("exitRtcRoom", "params.roomId should be string, but got undefined")},
		{name: "R-36 exit with a number", line: `{"id":7,"method":"exitRtcRoom","params":{"roomId":4}}`, want: failLines("exitRtcRoom", "params.roomId should be string, but got number")},
		{name: "R-42 updateToken", line: `{"id":7,"method":"updateToken","params":{"token":"x"}}`, want: okLines("updateToken"), called: "updateToken(x)"},
		{name: "R-45 updateToken with null", line: `{"id":7,"method":"updateToken","params":{"token":null}}`, want: failLines("updateToken", "params.token should be string, but got null")},
		{name: "N-2 microphone on", line: `{"id":7,"method":"changeAudioCapture","params":{"state":1}}`, want: okLines("changeAudioCapture"), called: "changeAudioCapture on "},
		{name: "N-7 state 2", line: `{"id":7,"method":"changeAudioCapture","params":{"state":2}}`, want: failLines("changeAudioCapture", "expect params.state to be one of 0, 1, but got 2")},
		{name: "N-10 camera off", line: `{"id":7,"method":"changeVideoCapture","params":{"state":0}}`, want: okLines("changeVideoCapture"), called: "changeVideoCapture off "},
		{name: "N-11 state is a string", line: `{"id":7,"method":"changeVideoCapture","params":{"state":"1"}}`, want: failLines("changeVideoCapture", "params.state should be number, but got string")},
		{name: "N-13 publish", line: `{"id":7,"method":"changeStreamPublishState","params":{"state":1,"streamType":"both"}}`, want: okLines("changeStreamPublishState"), called: "changeStreamPublishState on both"},
		{name: "N-14 streamType", line: `{"id":7,"method":"changeStreamPublishState","params":{"state":1,"streamType":"xxx"}}`,
			want: failLines("changeStreamPublishState", `expect params.streamType to be one of \"audio\", \"video\", \"both\", but got xxx`)},
		{name: "N-25 two messages", line: `{"id":7,"method":"changeStreamPublishState","params":{"state":null,"streamType":"<x>"}}`,
			want: failLines("changeStreamPublishState", `params.state should be number, but got null expect params.streamType to be one of \"audio\", \"video\", \"both\", but got \u003cx\u003e`)},
	}
}

// laterLines are of the methods that the API had later.
func laterLines() []lineTest {
	cameraLines := func(text string) []string {
		lines := failLines("switchCamera", text)
		for i := range lines {
			lines[i] = strings.Replace(lines[i], "115999", "172299", 1)
		}
		return lines
	}
	return []lineTest{
		{name: "N-18 subscribe", line: `{"id":7,"method":"changeStreamSubscribeState","params":{"state":1,"userId":"u2","streamType":"audio"}}`,
			want: okLines("changeStreamSubscribeState"), called: "changeStreamSubscribeState on u2 audio"},
		{name: "N-22 state is 0 by default", line: `{"id":7,"method":"changeScreenSubscribeState","params":{"userId":"u2","streamType":"both"}}`,
			want: okLines("changeScreenSubscribeState"), called: "changeScreenSubscribeState off u2 both"},
		{name: "N-25 two messages of the screen", line: `{"id":7,"method":"changeScreenSubscribeState","params":{"state":1,"userId":3,"streamType":"xxx"}}`,
			want: failLines("changeScreenSubscribeState", `params.userId should be string, but got number expect params.streamType to be one of \"audio\", \"video\", \"both\", but got xxx`)},
		{name: "N-30 invisible", line: `{"id":7,"method":"changeUserVisibility","params":{"visible":false}}`, want: okLines("changeUserVisibility"), called: "changeUserVisibility off "},
		{name: "N-30 not a boolean", line: `{"id":7,"method":"changeUserVisibility","params":{"visible":1}}`, want: failLines("changeUserVisibility", "params.visible should be boolean, but got number")},
		{name: "N-26 back", line: `{"id":7,"method":"switchCamera","params":{"camera":"back"}}`, want: okLines("switchCamera"), called: "switchCamera(back)"},
		{name: "N-26 neither", line: `{"id":7,"method":"switchCamera","params":{"camera":"xxx"}}`, want: cameraLines(`expect params.camera to be one of \"back\", \"front\", but got xxx`)},
		{name: "N-26 nothing", line: `{"id":7,"method":"switchCamera"}`, want: cameraLines("params.camera should be string, but got undefined")},
		{name: "N-28 earpiece", line: `{"id":7,"method":"setAudioPlaybackDevice","params":{"device":"earpiece"}}`, want: okLines("setAudioPlaybackDevice"), called: "setAudioPlaybackDevice(earpiece)"},
		{name: "N-29 radio", line: `{"id":7,"method":"setAudioPlaybackDevice","params":{"device":"radio"}}`,
			want: failLines("setAudioPlaybackDevice", `expect params.device to be one of \"speakerphone\", \"earpiece\", but got radio`)},
		{name: "N-32 largest", line: `{"id":7,"method":"setVideoEncoderConfig","params":{"maxSolution":{"width":640,"height":360,"frameRate":24}}}`,
			want: okLines("setVideoEncoderConfig"), called: "setVideoEncoderConfig{640 360 24}"},
		{name: "N-32 no object", line: `{"id":7,"method":"setVideoEncoderConfig","params":{}}`, want: failLines("setVideoEncoderConfig", "params.maxSolution should be object, but got undefined")},
		{name: "N-32 wrong numbers", line: `{"id":7,"method":"setVideoEncoderConfig","params":{"maxSolution":{"width":0,"height":9000,"frameRate":1.5}}}`,
			want: failLines("setVideoEncoderConfig", "expect params.maxSolution.width to be a whole number from 1 to 8192, but got 0 expect params.maxSolution.height to be a whole number from 1 to 8192, but got 9000 expect params.maxSolution.frameRate to be a whole number from 1 to 120, but got 1.5")},
		{name: "N-33 high", line: `{"id":7,"method":"changeAnsMode","params":{"mode":"high"}}`, want: okLines("changeAnsMode"), called: "changeAnsMode(high)"},
		{name: "N-33 loud", line: `{"id":7,"method":"changeAnsMode","params":{"mode":"loud"}}`,
			want: failLines("changeAnsMode", `expect params.mode to be one of \"disable\", \"low\", \"medium\", \"high\", \"automatic\", but got loud`)},
		{name: "share", line: `{"id":7,"method":"x-startScreenShare","params":{"screen":"s","audio":"m"}}`, want: []string{`{"id":7,"ok":true}`}, called: "x-startScreenShare(s,m)"},
		{name: "share in silence", line: `{"id":7,"method":"x-startScreenShare","params":{"screen":""}}`, want: []string{`{"id":7,"ok":true}`}, called: "x-startScreenShare(,)"},
		{name: "share nothing", line: `{"id":7,"method":"x-startScreenShare"}`, want: []string{`{"id":7,"ok":false,"error":"x-startScreenShare:fail params.screen should be string, but got undefined"}`}},
		{name: "stop sharing", line: `{"id":7,"method":"x-stopScreenShare"}`, want: []string{`{"id":7,"ok":true}`}, called: "x-stopScreenShare"},
		{name: "write", line: `{"id":7,"method":"x-sendMessage","params":{"text":"hi"}}`,
			want: []string{`{"id":7,"ok":true,"res":{"id":3,"userId":"u","text":"hi","sentAt":1700000000123}}`}, called: "x-sendMessage(hi)"},
		{name: "retry", line: `{"id":7,"method":"x-retryNow"}`, want: []string{`{"id":7,"ok":true}`}, called: "x-retryNow"},
		{name: "choose a speaker", line: `{"id":7,"method":"x-setDevice","params":{"kind":"speaker","name":"tv"}}`, want: []string{`{"id":7,"ok":true}`}, called: "x-setDevice(0,tv)"},
		{name: "choose a screen", line: `{"id":7,"method":"x-setDevice","params":{"kind":"screen","name":"x"}}`,
			want: []string{`{"id":7,"ok":false,"error":"x-setDevice:fail expect params.kind to be one of \"camera\", \"microphone\", \"speaker\", but got screen"}`}},
		{name: "louder", line: `{"id":7,"method":"x-setGain","params":{"userId":"u2","gain":1.5}}`, want: []string{`{"id":7,"ok":true}`}, called: "x-setGain(u2,1.5)"},
		{name: "too loud", line: `{"id":7,"method":"x-setGain","params":{"userId":"u2","gain":3}}`,
			want: []string{`{"id":7,"ok":false,"error":"x-setGain:fail expect params.gain to be from 0 to 2, but got 3"}`}},
		{name: "the loudness of nobody", line: `{"id":7,"method":"x-setGain","params":{"userId":"a b","gain":1}}`,
			want: []string{`{"id":7,"ok":false,"error":"x-setGain: params.userId should be 1 to 128 characters of a-z A-Z 0-9 @ . _ -, but got \"a b\""}`}},
	}
}

func protocolLines() []lineTest {
	return []lineTest{
		{name: "id is a string", line: `{"id":"é","method":"x-echo","params":{"a":1}}`, want: []string{`{"id":"é","ok":true,"res":{"a":1}}`}},
		{name: "no id", line: `{"method":"x-echo"}`, want: []string{`{"ok":true,"res":null}`}},
		{name: "extra fails", line: `{"id":7,"method":"x-fail"}`, want: []string{`{"id":7,"ok":false,"error":"x-fail: broken on purpose"}`}},
		{name: "unknown method", line: `{"id":7,"method":"leaveRoom"}`, want: []string{`{"id":7,"error":"unknown method \"leaveRoom\""}`}},
		{name: "method is a number", line: `{"id":7,"method":4}`, want: []string{`{"id":7,"error":"method should be string, but got number"}`}},
		{name: "not an object", line: `[1]`, want: []string{`{"error":"a line should be an object, but got array"}`}},
		{name: "no method", line: `{"id":7}`, want: []string{`{"id":7,"error":"no method"}`}},
		{name: "malformed", line: `{"id":7,`, want: []string{`{"error":"malformed JSON: unexpected end of JSON input"}`}},
		{name: "too long", line: strings.Repeat(" ", MaxLine+1), want: []string{`{"error":"line is longer than 1048576 bytes"}`}},
		{name: "x-sleep", line: `{"id":7,"method":"x-sleep","params":{"ms":0}}`, want: []string{`{"id":7,"ok":true}`}},
		{name: "x-sleep without ms", line: `{"id":7,"method":"x-sleep"}`, want: []string{`{"id":7,"ok":false,"error":"x-sleep:fail params.ms should be number, but got undefined"}`}},
		{name: "x-sleep too long", line: `{"id":7,"method":"x-sleep","params":{"ms":4e6}}`, want: []string{`{"id":7,"ok":false,"error":"x-sleep: params.ms should be 0..3600000 milliseconds, but got 4e+06"}`}},
		{name: "x-stats without a context", bare: true, line: `{"id":7,"method":"x-stats"}`,
			want: []string{`{"id":7,"ok":false,"error":"x-stats:fail engine has been destroyed,please invoke tt.createRtcRoomContext create new engine"}`}},
		{name: "off without a context", bare: true, line: `{"id":7,"method":"offRtcStateChanged"}`,
			want: []string{`{"id":7,"ok":false,"res":{"errMsg":"offRtcStateChanged:fail engine has been destroyed,please invoke tt.createRtcRoomContext create new engine","errNo":21102,"errorCode":115910,"errorType":"D"}}`}},
	}
}

func TestBridge_CallLine(t *testing.T) {
	defer test.CheckRoutines(t)()
	for _, tt := range slices.Concat(documentLines(), laterLines(), protocolLines()) {
		t.Run(tt.name, func(t *testing.T) {
			h := newHarness(t, nil)
			if !tt.bare {
				h.script(t, createLine)
			}
			got := h.script(t, tt.line)
			if diff := cmp.Diff(tt.want, got); diff != "" {
				t.Errorf("lines (-want +got):\n%s", diff)
			}
			if tt.bare {
				return
			}
			var called string
			if calls := h.calls(0); len(calls) > 0 {
				called = calls[len(calls)-1]
			}
			if called != tt.called {
				t.Errorf("the room was called with %q, want %q", called, tt.called)
			}
		})
	}
}

func TestMethods(t *testing.T) {
	seen := make(map[string]bool)
	for _, m := range Methods() {
		if seen[m.Name] {
			t.Errorf("%s stands twice in the table", m.Name)
		}
		seen[m.Name] = true
		if own := strings.HasPrefix(m.Name, "x-"); own != m.ours() {
			t.Errorf("%s: rows %q", m.Name, m.Rows)
		}
		if m.run == nil || m.Group == "" || m.Doc == "" {
			t.Errorf("%s: group %q, doc %q, or it does nothing", m.Name, m.Group, m.Doc)
		}
		for _, p := range m.Params {
			if p.Required && p.Default != nil {
				t.Errorf("%s: %s is required and has a default", m.Name, p.Name)
			}
			if !m.ours() && p.Rows == "" {
				t.Errorf("%s: %s names no row", m.Name, p.Name)
			}
		}
	}
	for _, name := range []string{"offRtcVideoMembersChanged", "offRtcChatMembersChanged", "offRtcChatSpeakersChanged",
		"offRtcPublishScreenMembersChanged", "offRtcStateChanged", "offRtcChatInterrupted", "offRoomTokenWillExpire", "onRtcStateChange"} {
		if !seen[name] {
			t.Errorf("%s (N-52) is not in the table", name)
		}
	}
}
