package ui

import (
	"encoding/json"
	"fmt"
	"time"

	"parlor/app/errno"
	"parlor/app/room"
	"parlor/app/ui/console"
	"parlor/media"
)

// page is what the middle of the window shows.
type page uint8

const (
	pageRoom page = iota
	pageAPI
	pageSettings
)

// pageNames are the pages' names in rows and for the driver.
var pageNames = [...]string{pageRoom: "room", pageAPI: "api", pageSettings: "settings"}

// noError is what the error line says before anything went wrong.
const noError = "no error"

// state is everything that the window shows, but for samples (pictures, levels, statistics). It is
// changed by reduce only.
type state struct {
	page page

	form     form
	appID    string
	roomID   string // of the room that the user is in
	userID   string
	token    string // last one that the API took
	joinedAt time.Time

	connection room.Connection
	joining    bool // joinRtcRoom was called outside a room and has not been answered
	attempt    int
	retryAt    time.Time
	members    []room.Member

	mic, camera         device
	speakerErr          string
	audioOut, videoOut  publishing
	lastRoom, lastUser  string // for Rejoin
	joinFailure, ending *failure
	interruption        string // its words
	interrupted         int    // native code of ChatInterrupted, until the next join
	leaving             bool   // exitRtcRoom was called before joinRtcRoom had an answer

	errorLine  string
	lastResult string
	resultOK   bool
	notice     notice

	layout layoutState
	side   sideState
	chat   chatState
	people peopleState
	invite invitation
	frame  frameState
	tester testerState
}

// form is what the user typed on the start page.
type form struct {
	roomID, userID, token string
	mint                  bool // "get it for me"
}

// device is a camera or a microphone.
type device struct {
	wish bool // the user wants it on when joining
	open bool // it is capturing
	err  *failure
}

// publishing says whether what a device gives is sent: capture alone publishes unless
// changeStreamPublishState or roomConfig.autoPublish said otherwise (N-12, N-15).
type publishing struct {
	withheld bool // an explicit changeStreamPublishState 0
	explicit bool // an explicit changeStreamPublishState 1
	noAuto   bool // joined with autoPublish false
}

func (p publishing) on() bool { return p.explicit || !p.withheld && !p.noAuto }

// failure is a failed call as the API told it.
type failure = console.Failure

// errorLine is the text above the tiles.
func errorLine(f failure) string { return fmt.Sprintf("errNo = %d, errMsg = %s", f.No, f.Msg) }

func failureOf(err *errno.Error) *failure {
	if err == nil {
		return nil
	}
	return &failure{Msg: err.ErrMsg, No: err.ErrNo, Code: err.ErrorCode, Type: err.ErrorType}
}

// noticeKind names a thing to tell in the banner; its words are in the translations.
type noticeKind uint8

const (
	noticeNone noticeKind = iota
	noticeTokenEnds
	noticeTokenExpired
	noticeCamera
	noticeMicrophone
	noticeSpeaker
	noticeShare
	noticeShareEnded
	noticeWords
)

type notice struct {
	kind   noticeKind
	detail string
}

// The messages of reduce beside room.Event.
type (
	callStarted struct {
		method string
		params json.RawMessage
	}
	callEnded struct {
		method string
		params json.RawMessage // of the callStarted that it answers
		result failure         // Msg only after success
		ok     bool
	}
	formEdited   struct{ form form }
	pageChosen   struct{ page page }
	deviceWished struct{ source media.Source }
	joinRefused  struct{ words string } // no call was made
	noticeCame   struct{ notice notice }
	endingSeen   struct{}
)

// reduce returns the state after a message. It is pure: now is the only clock. The parts see the whole as it is after the
// message.
func (s state) reduce(m any, now time.Time) state {
	s = s.reduceWhole(m, now)
	s.layout = s.layout.reduce(m, &s, now)
	s.side = s.side.reduce(m, &s, now)
	s.chat = s.chat.reduce(m, &s, now)
	s.people = s.people.reduce(m)
	s.invite = s.invite.reduce(m)
	s.frame = s.frame.reduce(m, &s, now)
	s.tester = s.tester.reduce(m)
	return s
}

func (s state) reduceWhole(m any, now time.Time) state {
	switch m := m.(type) {
	case callStarted:
		return s.reduceStarted(m)
	case callEnded:
		return s.reduceEnded(m)
	case formEdited:
		s.form, s.joinFailure = m.form, nil
	case pageChosen:
		s.page = m.page
	case roomLeft:
		s.mic.wish = m.micWish
	case deviceWished:
		d := s.device(m.source)
		d.wish = !d.wish
	case joinRefused:
		s.joinFailure = &failure{Msg: m.words}
	case noticeCame:
		s.notice = m.notice
	case endingSeen:
		s.ending = nil
	case room.Event:
		return s.reduceEvent(m, now)
	}
	return s
}

// device returns the camera or the microphone of the state it is called on.
func (s *state) device(source media.Source) *device {
	if source == media.Camera {
		return &s.camera
	}
	return &s.mic
}

func (s state) reduceEvent(ev room.Event, now time.Time) state {
	switch ev := ev.(type) {
	case room.Joined:
		s.roomID, s.userID = ev.RoomID, string(ev.UserID)
		s.lastRoom, s.lastUser = s.roomID, s.userID
		if !ev.Rejoined || s.joinedAt.IsZero() {
			s.joinedAt = now
		}
		s.connection, s.joining, s.joinFailure, s.ending = room.Inside, false, nil, nil
		switch { // devices that did not open on the way in
		case ev.Rejoined || s.notice.kind != noticeNone:
		case s.camera.err != nil:
			s.notice = notice{noticeCamera, s.camera.err.Msg}
		case s.mic.err != nil:
			s.notice = notice{noticeMicrophone, s.mic.err.Msg}
		}
	case room.Exited:
		return s.reduceExited(ev)
	case room.MembersChanged:
		s.members = ev.Members
	case room.ConnectionChanged:
		s.connection, s.attempt = ev.State, ev.Attempt
		s.retryAt = now.Add(ev.RetryIn)
	case room.CaptureChanged:
		s.reduceCapture(ev)
	case room.SpeakerChanged:
		s.speakerErr = ""
		if ev.Err != nil {
			s.speakerErr = ev.Err.Error()
			s.notice = notice{noticeSpeaker, s.speakerErr}
		} else if s.notice.kind == noticeSpeaker {
			s.notice = notice{}
		}
	case room.StateChanged:
		if ev.Err == nil {
			break
		}
		s.errorLine = errorLine(*failureOf(ev.Err))
		if ev.Err.ErrNo == errno.TokenExpired.No {
			s.notice = notice{kind: noticeTokenExpired}
		}
	case room.ChatInterrupted:
		s.interrupted, s.interruption = ev.No, ev.Msg
	case room.RoomTokenWillExpire:
		s.notice = notice{kind: noticeTokenEnds}
	}
	return s
}

// reduceCapture follows camera and microphone; a shared screen is the layout's.
func (s *state) reduceCapture(ev room.CaptureChanged) {
	if ev.Source == media.Screen {
		return
	}
	d := s.device(ev.Source)
	d.open, d.err = ev.On, failureOf(ev.Err)
	switch {
	case ev.Err == nil && !(s.frame.leftMic && ev.Source == media.Microphone):
		d.wish = ev.On
	case ev.Err == nil: // closed by the Leave button
	case !s.inRoom() && !s.joining: // the start page tells it below the preview
	case ev.Source == media.Camera:
		s.notice = notice{noticeCamera, ev.Err.ErrMsg}
	default:
		s.notice = notice{noticeMicrophone, ev.Err.ErrMsg}
	}
}

func (s state) reduceExited(ev room.Exited) state {
	switch {
	case ev.Err == nil:
	case s.inRoom() && s.interrupted != 0:
		s.ending = &failure{No: s.interrupted, Msg: s.interruption} // as onRtcChatInterrupted had it
	case s.inRoom():
		s.ending = failureOf(ev.Err)
	case !s.leaving:
		s.joinFailure = failureOf(ev.Err)
	}
	s.connection, s.joining, s.attempt = room.Outside, false, 0
	s.roomID, s.userID, s.members = "", "", nil
	s.joinedAt = time.Time{}
	if s.notice.kind == noticeTokenEnds || s.notice.kind == noticeTokenExpired {
		s.notice = notice{}
	}
	return s
}

// callParams are the parameters that the window remembers of calls.
type callParams struct {
	AppID      string `json:"appId"`
	RoomID     string `json:"roomId"`
	UserID     string `json:"userId"`
	Token      string `json:"token"`
	State      *int   `json:"state"`
	StreamType string `json:"streamType"`
	RoomConfig struct {
		AutoPublish *bool `json:"autoPublish"`
	} `json:"roomConfig"`
}

// readParams is lenient: testers send wrong types on purpose.
func readParams(raw json.RawMessage) callParams {
	var p callParams
	if err := json.Unmarshal(raw, &p); err != nil {
		return callParams{}
	}
	return p
}

func (s state) reduceStarted(m callStarted) state {
	switch {
	case m.method == "joinRtcRoom" && !s.inRoom():
		s.joining, s.leaving, s.joinFailure, s.ending, s.interrupted = true, false, nil, nil, 0
	case m.method == "exitRtcRoom" && s.joining:
		s.leaving = true
	}
	return s
}

func (s state) reduceEnded(m callEnded) state {
	p := readParams(m.params)
	s.lastResult, s.resultOK = m.result.Msg, m.ok
	if !m.ok {
		s.errorLine = errorLine(m.result)
		if m.method == "joinRtcRoom" && s.joining {
			s.joining = false
			if result := m.result; !s.leaving {
				s.joinFailure = &result
			}
		}
		return s
	}
	switch m.method {
	case "createRtcRoomContext":
		s.appID, s.errorLine = p.AppID, noError
		s.audioOut, s.videoOut = publishing{}, publishing{}
		s.mic.open, s.camera.open = false, false
	case "joinRtcRoom":
		s.token, s.errorLine = p.Token, noError // joining ends with Joined, which may come later
		noAuto := p.RoomConfig.AutoPublish != nil && !*p.RoomConfig.AutoPublish
		s.audioOut.noAuto, s.videoOut.noAuto = noAuto, noAuto
	case "updateToken":
		s.token = p.Token
		if s.notice.kind == noticeTokenEnds || s.notice.kind == noticeTokenExpired {
			s.notice = notice{}
		}
	case "changeStreamPublishState":
		if p.State != nil {
			s.publish(p.StreamType, *p.State == 1)
		}
	}
	return s
}

func (s *state) publish(streamType string, on bool) {
	if streamType == string(room.StreamAudio) || streamType == string(room.StreamBoth) {
		s.audioOut.explicit, s.audioOut.withheld = on, !on
	}
	if streamType == string(room.StreamVideo) || streamType == string(room.StreamBoth) {
		s.videoOut.explicit, s.videoOut.withheld = on, !on
	}
}

// inRoom tells whether the room page shows tiles.
func (s *state) inRoom() bool { return s.roomID != "" }

// live tells whether others can get what the device gives.
func (s *state) live(source media.Source) bool {
	if source == media.Camera {
		return s.camera.open && s.videoOut.on()
	}
	return s.mic.open && s.audioOut.on()
}
