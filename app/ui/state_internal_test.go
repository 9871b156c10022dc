package ui

import (
	"encoding/json"
	"reflect"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"parlor/app/errno"
	"parlor/app/room"
	"parlor/media"
)

var compareStates = []cmp.Option{
	cmp.Exporter(func(t reflect.Type) bool { return t.PkgPath() == "parlor/app/ui" }), cmpopts.EquateEmpty(),
	cmpopts.IgnoreTypes(chatState{}), // it follows many messages and has a table of its own
}

// inside is the state of somebody who joined as wang_xm.
func inside() state {
	return state{
		connection: room.Inside, roomID: "1001", userID: "wang_xm", lastRoom: "1001", lastUser: "wang_xm",
		joinedAt: testTime, members: members("ann"), errorLine: noError,
	}
}

func TestState_Reduce(t *testing.T) {
	invalid := errno.InvalidToken.In("joinRtcRoom")
	denied := errno.AuthDeny.In("changeVideoCapture")
	raw := func(s string) json.RawMessage { return json.RawMessage(s) }
	later := testTime.Add(time.Minute)
	for _, tc := range []struct {
		name string
		from state
		msg  any
		want func(*state) // changes from
	}{
		{"join starts", state{joinFailure: &failure{No: 1}, ending: &failure{No: 2}, interrupted: 3, leaving: true},
			callStarted{"joinRtcRoom", raw(joinParams)},
			func(s *state) { *s = state{joining: true} }},
		{"second join inside changes nothing", inside(), callStarted{"joinRtcRoom", raw(joinParams)}, nil},
		{"leaving while joining", state{joining: true}, callStarted{"exitRtcRoom", nil}, func(s *state) { s.leaving = true }},
		{"leaving while inside", inside(), callStarted{"exitRtcRoom", nil}, nil},
		{"join fails", state{joining: true}, callEnded{method: "joinRtcRoom", result: *failureOf(invalid)}, func(s *state) {
			s.joining, s.joinFailure = false, failureOf(invalid)
			s.errorLine, s.lastResult = "errNo = 21101, errMsg = joinRtcRoom:fail invalid token", "joinRtcRoom:fail invalid token"
		}},
		{"second join fails: still inside", inside(), callEnded{method: "joinRtcRoom", result: failure{Msg: "joinRtcRoom:fail user a is already in the room 1", No: 21100}},
			func(s *state) {
				s.errorLine = "errNo = 21100, errMsg = joinRtcRoom:fail user a is already in the room 1"
				s.lastResult = "joinRtcRoom:fail user a is already in the room 1"
			}},
		{"join succeeds: Joined is still to come", state{joining: true, errorLine: "errNo = 1, errMsg = x"},
			callEnded{method: "joinRtcRoom", params: raw(joinParams), result: failure{Msg: "joinRtcRoom:ok"}, ok: true}, func(s *state) {
				s.token, s.errorLine, s.lastResult, s.resultOK = testToken, noError, "joinRtcRoom:ok", true
			}},
		{"joined without autoPublish", state{}, callEnded{method: "joinRtcRoom", params: raw(`{"roomConfig":{"autoPublish":false}}`), ok: true}, func(s *state) {
			s.audioOut.noAuto, s.videoOut.noAuto, s.errorLine, s.resultOK = true, true, noError, true
		}},
		{"new context", state{errorLine: "x", mic: device{open: true, wish: true}, audioOut: publishing{withheld: true}},
			callEnded{method: "createRtcRoomContext", params: raw(`{"appId":"a"}`), ok: true}, func(s *state) {
				s.appID, s.errorLine, s.mic.open, s.audioOut, s.resultOK = "a", noError, false, publishing{}, true
				s.tester.context = true
			}},
		{"new token", state{token: "old", notice: notice{kind: noticeTokenEnds}}, callEnded{method: "updateToken", params: raw(`{"token":"new"}`), ok: true},
			func(s *state) { s.token, s.notice, s.resultOK = "new", notice{}, true }},
		{"publish audio off", state{}, callEnded{method: "changeStreamPublishState", params: raw(`{"state":0,"streamType":"audio"}`), ok: true},
			func(s *state) { s.audioOut.withheld, s.resultOK = true, true }},
		{"publish both on", state{audioOut: publishing{withheld: true}}, callEnded{method: "changeStreamPublishState", params: raw(`{"state":1,"streamType":"both"}`), ok: true},
			func(s *state) {
				s.audioOut, s.videoOut, s.resultOK = publishing{explicit: true}, publishing{explicit: true}, true
			}},
		{"parameters of a wrong type", state{}, callEnded{method: "changeStreamPublishState", params: raw(`{"state":"1"}`), ok: true}, func(s *state) { s.resultOK = true }},

		{"joined", state{joining: true, joinFailure: &failure{}}, room.Joined{RoomID: "1001", UserID: "wang_xm"}, func(s *state) {
			*s = state{connection: room.Inside, roomID: "1001", userID: "wang_xm", lastRoom: "1001", lastUser: "wang_xm", joinedAt: later}
		}},
		{"rejoined keeps the time", inside(), room.Joined{RoomID: "1001", UserID: "wang_xm", Rejoined: true}, nil},
		{"left", inside(), room.Exited{RoomID: "1001"}, func(s *state) {
			*s = state{lastRoom: "1001", lastUser: "wang_xm", errorLine: noError}
		}},
		{"thrown out", inside(), room.Exited{RoomID: "1001", Err: invalid}, func(s *state) {
			*s = state{lastRoom: "1001", lastUser: "wang_xm", errorLine: noError, ending: failureOf(invalid)}
		}},
		{"join refused by event", state{joining: true}, room.Exited{Err: invalid}, func(s *state) { s.joining, s.joinFailure = false, failureOf(invalid) }},
		{"cancelled join", state{joining: true, leaving: true}, room.Exited{Err: invalid}, func(s *state) { s.joining = false }},
		{"reconnecting", inside(), room.ConnectionChanged{State: room.Reconnecting, Attempt: 2, RetryIn: time.Second},
			func(s *state) {
				s.connection, s.attempt, s.retryAt = room.Reconnecting, 2, later.Add(time.Second)
				s.layout.away = absence{since: later, members: []room.UserID{"wang_xm", "ann"}}
			}},
		{"devices of the sample page", state{}, callEnded{method: "setAudioPlaybackDevice", params: raw(`{"device":"earpiece"}`), ok: true},
			func(s *state) { s.tester.device, s.resultOK = "earpiece", true }},
		{"camera opens", state{}, room.CaptureChanged{Source: media.Camera, On: true}, func(s *state) { s.camera = device{wish: true, open: true} }},
		{"camera closes", state{camera: device{wish: true, open: true}}, room.CaptureChanged{Source: media.Camera}, func(s *state) { s.camera = device{} }},
		{"camera fails before joining", state{camera: device{wish: true}}, room.CaptureChanged{Source: media.Camera, Err: denied},
			func(s *state) { s.camera.err = failureOf(denied) }},
		{"camera fails inside", inside(), room.CaptureChanged{Source: media.Camera, Err: denied},
			func(s *state) { s.camera.err, s.notice = failureOf(denied), notice{noticeCamera, denied.ErrMsg} }},
		{"microphone wish", state{}, deviceWished{media.Microphone}, func(s *state) { s.mic.wish = true }},
		{"interrupted", inside(), room.ChatInterrupted{No: -1006}, func(s *state) { s.interrupted = -1006 }},
		{"server gone", state{notice: notice{noticeCamera, "x"}}, serverReported{"y"}, func(s *state) { s.frame.server = "y" }},
		{"server back", state{frame: frameState{server: "y"}}, serverReported{}, func(s *state) { s.frame.server = "" }},
		{"documents' lists are for the log", inside(), room.ChatMembersChanged{Users: []room.UserID{"x"}}, nil},
		{"typing takes the failure away", state{joinFailure: &failure{No: 1}}, formEdited{form{roomID: "2"}}, func(s *state) { s.joinFailure, s.form.roomID = nil, "2" }},
	} {
		t.Run(tc.name, func(t *testing.T) {
			want := tc.from
			if tc.want != nil {
				tc.want(&want)
			}
			got := tc.from.reduce(tc.msg, later)
			got.retryAt, want.retryAt = retry(got), retry(want)
			if diff := cmp.Diff(want, got, compareStates...); diff != "" {
				t.Errorf("state (-want +got):\n%s", diff)
			}
		})
	}
}

// retry is the time of the next try while there is one; outside it means nothing.
func retry(s state) time.Time {
	if s.connection == room.Reconnecting {
		return s.retryAt
	}
	return time.Time{}
}

func TestState_Live(t *testing.T) {
	for _, tc := range []struct {
		name string
		mic  device
		out  publishing
		want bool
	}{
		{"closed", device{wish: true}, publishing{}, false},
		{"open", device{open: true}, publishing{}, true},
		{"open, withheld", device{open: true}, publishing{withheld: true}, false},
		{"open, joined without autoPublish", device{open: true}, publishing{noAuto: true}, false},
		{"open, without autoPublish, published", device{open: true}, publishing{noAuto: true, explicit: true}, true},
	} {
		s := state{mic: tc.mic, audioOut: tc.out, camera: tc.mic, videoOut: tc.out}
		if s.live(media.Microphone) != tc.want || s.live(media.Camera) != tc.want {
			t.Errorf("%s: live %v and %v, want %v", tc.name, s.live(media.Microphone), s.live(media.Camera), tc.want)
		}
	}
}
