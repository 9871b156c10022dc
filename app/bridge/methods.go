package bridge

import (
	"slices"
	"strings"

	"parlor/app/errno"
	"parlor/app/room"
)

// Type is a JavaScript type, as it stands in parameter errors.
type Type string

// The types of parameters.
const (
	String  Type = "string"
	Number  Type = "number"
	Boolean Type = "boolean"
	Object  Type = "object"
)

// Group says what a method is about, for lists of them.
type Group string

// The groups.
const (
	Room     Group = "Room"
	Audio    Group = "Audio"
	Video    Group = "Video"
	Stream   Group = "Stream" // what is sent and received
	Screen   Group = "Screen"
	Messages Group = "Message"
	Device   Group = "Device"
	Events   Group = "Events"
	Script   Group = "Script" // of use to scripts only
)

// Range bounds a number; both ends are allowed.
type Range struct {
	Min, Max float64
	Whole    bool // only whole numbers
}

// Param is one parameter of a method.
//
// Parameters are checked in the order of the table, and all messages stand in one errMsg, separated
// by a blank (N-25). A wrong type, a missing required parameter included, reads "params.userId should be
// string, but got number" (or undefined, null, array); a value outside the Enum reads `expect
// params.streamType to be one of "audio", "video", "both", but got xxx`, one outside the Range "expect
// params.gain to be from 0 to 2, but got 3". What is within an object that is missing or wrong is not
// looked at.
type Param struct {
	Name     string // "roomConfig.autoPublish" is autoPublish within roomConfig
	Type     Type
	Required bool
	// NeedsValue is for required strings for which the documents give one literal text: absent, null or empty
	// makes the whole errMsg "joinRtcRoom:fail params invalid" (R-23, X-31: "check that token, roomId and
	// userId were passed"), whatever else is wrong.
	NeedsValue bool
	Enum       []any  // the values allowed, strings or float64s; nil: all of the type
	Range      *Range // of a number; nil: all
	Default    any    // of an optional parameter
	Rows       string // of the documents
}

// Method is one row of the table of methods.
type Method struct {
	Name   string
	Group  Group
	Doc    string // what it does, in a few words
	Sync   bool   // answers once, with ok and res, where the others have success, fail and complete
	Params []Param
	Rows   string // of the documents; empty: ours

	lanes        []lane      // what it changes; see Bridge
	after        []lane      // what it needs in peace before it starts, without holding it up
	needsContext bool        // fails with errno.EngineDestroyed when there is none
	holdsEvents  bool        // events wait until it is answered
	impatient    bool        // when it comes by Call, ends earlier calls of its lanes
	wrong        *errno.Kind // of its parameter errors; nil: InvalidParam
	run          func(*call) (any, error)
	verify       func(*call) error // the slow end of a run, which may undo it; nil: none
	extra        Extra
}

// lane names what a call changes; see Bridge. A method in no lane changes nothing, waits for nothing, and nothing waits for it.
type lane uint8

const (
	laneContext lane = iota // the context itself: waits for all, and all wait for it
	laneRoom
	laneMicrophone
	laneCamera
	laneSpeaker
	laneScreen
	lanePublish
	laneSubscribe
	laneGain
	laneMessage
	laneEvents
	laneStats
)

// Methods returns the table: every documented method of this version, then on and off of each
// event, then our own x- methods. The caller owns it.
func Methods() []Method {
	return slices.Concat(roomMethods(), captureMethods(), streamMethods(), eventMethods(), ownMethods(), scriptMethods())
}

// bit is a parameter of the documents that is 0 or 1.
func bit(p Param) Param {
	p.Name, p.Type, p.Enum = "state", Number, []any{0.0, 1.0}
	return p
}

// oneOf is a required parameter that takes one of a few texts.
func oneOf[T ~string](name, rows string, values ...T) Param {
	p := Param{Name: name, Type: String, Required: true, Rows: rows}
	for _, v := range values {
		p.Enum = append(p.Enum, string(v))
	}
	return p
}

func streamType(rows string) Param {
	return oneOf("streamType", rows, room.StreamAudio, room.StreamVideo, room.StreamBoth)
}

func roomMethods() []Method {
	return []Method{
		{
			Name: "createRtcRoomContext", Group: Room, Doc: "make the context that all other calls need; an earlier one is destroyed", Sync: true,
			Rows: "R-1..R-4", lanes: []lane{laneContext}, run: (*call).create, verify: (*call).verifyApp,
			Params: []Param{{Name: "appId", Type: String, Required: true, NeedsValue: true, Rows: "R-2"}},
		}, {
			Name: "joinRtcRoom", Group: Room, Doc: "enter a room", Rows: "R-5..R-30",
			lanes: []lane{laneRoom}, needsContext: true, holdsEvents: true, run: (*call).join,
			Params: []Param{
				{Name: "roomId", Type: String, Required: true, NeedsValue: true, Rows: "R-9"},
				{Name: "userId", Type: String, Required: true, NeedsValue: true, Rows: "R-11"},
				{Name: "token", Type: String, Required: true, NeedsValue: true, Rows: "R-10"},
				{Name: "roomConfig", Type: Object, Rows: "R-6"},
				{Name: "roomConfig.autoPublish", Type: Boolean, Default: true, Rows: "R-7"},
				{Name: "roomConfig.autoSubscribe", Type: Boolean, Default: true, Rows: "R-8"},
			},
		}, {
			// Only the type of roomId matters: there is one room to leave at most.
			Name: "exitRtcRoom", Group: Room, Doc: "leave the room", Rows: "R-31..R-38",
			lanes: []lane{laneRoom}, needsContext: true, impatient: true, run: (*call).exit,
			Params: []Param{{Name: "roomId", Type: String, Required: true, Rows: "R-32"}},
		}, {
			Name: "updateToken", Group: Room, Doc: "replace the token before it ends", Rows: "R-39..R-47",
			lanes: []lane{laneRoom}, needsContext: true, run: (*call).updateToken,
			Params: []Param{{Name: "token", Type: String, Required: true, Rows: "R-40"}},
		}, {
			// A join carries the visibility, and publishing depends on it.
			Name: "changeUserVisibility", Group: Room, Doc: "appear to the others, or watch and listen unseen", Rows: "N-30 N-31",
			lanes: []lane{laneRoom, lanePublish}, needsContext: true, run: (*call).changeVisibility,
			Params: []Param{{Name: "visible", Type: Boolean, Required: true, Rows: "N-30"}},
		},
	}
}

func captureMethods() []Method {
	state := bit(Param{Required: true, Rows: "N-2 R-69"})
	side := &Range{Min: 1, Max: room.MaxVideoSide, Whole: true}
	return []Method{
		{
			Name: "changeAudioCapture", Group: Audio, Doc: "turn the microphone on or off", Rows: "N-1..N-9 R-70",
			lanes: []lane{laneMicrophone}, needsContext: true, run: (*call).changeAudio, Params: []Param{state},
		}, {
			Name: "changeVideoCapture", Group: Video, Doc: "turn the camera on or off", Rows: "N-10..N-12 R-71",
			lanes: []lane{laneCamera}, needsContext: true, run: (*call).changeVideo, Params: []Param{state},
		}, {
			Name: "switchCamera", Group: Device, Doc: "use the chosen camera (front) or the next one (back)", Rows: "N-26 N-27",
			lanes: []lane{laneCamera}, needsContext: true, wrong: errno.InvalidCamera, run: (*call).switchCamera,
			Params: []Param{oneOf("camera", "N-26", room.CameraBack, room.CameraFront)},
		}, {
			Name: "setAudioPlaybackDevice", Group: Device, Doc: "play on the chosen speaker (speakerphone) or on a headset (earpiece)", Rows: "N-28 N-29",
			lanes: []lane{laneSpeaker}, needsContext: true, run: (*call).setPlaybackDevice,
			Params: []Param{oneOf("device", "N-28", room.Speakerphone, room.Earpiece)},
		}, {
			Name: "setVideoEncoderConfig", Group: Video, Doc: "bound the camera picture that is sent", Rows: "N-32",
			lanes: []lane{laneCamera}, needsContext: true, run: (*call).setEncoder,
			Params: []Param{
				{Name: "maxSolution", Type: Object, Required: true, Rows: "N-32"},
				{Name: "maxSolution.width", Type: Number, Required: true, Range: side, Rows: "N-32"},
				{Name: "maxSolution.height", Type: Number, Required: true, Range: side, Rows: "N-32"},
				{Name: "maxSolution.frameRate", Type: Number, Required: true, Range: &Range{Min: 1, Max: room.MaxVideoRate, Whole: true}, Rows: "N-32"},
			},
		}, {
			Name: "changeAnsMode", Group: Audio, Doc: "choose how much noise is taken out of the microphone's sound", Rows: "N-33",
			lanes: []lane{laneMicrophone}, needsContext: true, run: (*call).changeNoise,
			Params: []Param{oneOf("mode", "N-33", room.NoiseLevels()...)},
		},
	}
}

func streamMethods() []Method {
	subscribe := func(rows string) []Param {
		return []Param{bit(Param{Default: 0.0, Rows: rows}), {Name: "userId", Type: String, Required: true, Rows: rows}, streamType(rows)}
	}
	return []Method{
		{
			Name: "changeStreamPublishState", Group: Stream, Doc: "send the microphone, the camera, or stop it", Rows: "N-13..N-17 R-72",
			lanes: []lane{lanePublish}, needsContext: true, run: (*call).changePublish,
			Params: []Param{bit(Param{Required: true, Rows: "N-13"}), streamType("N-13 N-14")},
		}, {
			Name: "changeStreamSubscribeState", Group: Stream, Doc: "receive a user's microphone and camera, or stop it", Rows: "N-18..N-20",
			lanes: []lane{laneSubscribe}, after: []lane{laneRoom}, needsContext: true, run: (*call).changeStreamSubscribe,
			Params: subscribe("N-18 N-19"),
		}, {
			Name: "changeScreenSubscribeState", Group: Screen, Doc: "receive a user's shared screen, or stop it", Rows: "N-21..N-25",
			lanes: []lane{laneSubscribe}, after: []lane{laneRoom}, needsContext: true, run: (*call).changeScreenSubscribe,
			Params: subscribe("N-22..N-25"),
		},
	}
}

// eventMethods are on and off of each event. All events are on in a new context; the function that the
// documents pass does not exist here, so off turns off and on turns on again (N-52).
func eventMethods() []Method {
	var list []Method
	for _, e := range eventNames {
		if e.rows == "" {
			continue
		}
		for _, name := range append([]string{e.name}, e.aliases...) {
			for _, prefix := range []string{"on", "off"} {
				list = append(list, Method{
					Name: prefix + strings.TrimPrefix(name, "on"), Group: Events, Doc: "turn the event " + prefix + ": " + e.doc,
					Sync: true, Rows: "N-52 " + e.rows, lanes: []lane{laneEvents}, needsContext: true,
					run: func(c *call) (any, error) {
						c.b.setEvent(e.name, prefix == "on")
						return nil, nil
					},
				})
			}
		}
	}
	return list
}

// ownMethods are for what the documents have no name for.
func ownMethods() []Method {
	return []Method{
		{
			Name: "x-setDevice", Group: Device, Doc: "choose a camera, microphone or speaker, for now and for later contexts", Sync: true,
			lanes: []lane{laneCamera, laneMicrophone, laneSpeaker}, run: (*call).setDevice,
			Params: []Param{oneOf("kind", "", "camera", "microphone", "speaker"), {Name: "name", Type: String, Required: true}},
		}, {
			Name: "x-setGain", Group: Audio, Doc: "set how loud a user is here: 0 is silent, 1 as sent", Sync: true,
			lanes: []lane{laneGain}, run: (*call).setGain,
			Params: []Param{{Name: "userId", Type: String, Required: true}, {Name: "gain", Type: Number, Required: true, Range: &Range{Min: 0, Max: 2}}},
		}, {
			Name: "x-startScreenShare", Group: Screen, Doc: "share a screen or a window with the room", Sync: true,
			lanes: []lane{laneScreen}, after: []lane{laneRoom}, needsContext: true, run: (*call).startShare,
			Params: []Param{{Name: "screen", Type: String, Required: true}, {Name: "audio", Type: String, Default: ""}},
		}, {
			Name: "x-stopScreenShare", Group: Screen, Doc: "stop sharing", Sync: true,
			lanes: []lane{laneScreen}, after: []lane{laneRoom}, needsContext: true, run: (*call).stopShare,
		}, {
			Name: "x-sendMessage", Group: Messages, Doc: "write to everybody in the room", Sync: true,
			lanes: []lane{laneMessage}, after: []lane{laneRoom}, needsContext: true, run: (*call).sendMessage,
			Params: []Param{{Name: "text", Type: String, Required: true}},
		}, {
			Name: "x-retryNow", Group: Room, Doc: "reconnect without waiting", Sync: true, needsContext: true, run: (*call).retryNow,
		}, {
			Name: "x-destroy", Group: Room, Doc: "destroy the context", Sync: true, lanes: []lane{laneContext}, run: (*call).destroy,
		},
	}
}

func scriptMethods() []Method {
	return []Method{
		{Name: "x-stats", Group: Script, Doc: "tell what came and went", Sync: true, lanes: []lane{laneStats}, needsContext: true, run: (*call).stats},
		{
			Name: "x-sleep", Group: Script, Doc: "wait for a time", Sync: true, run: (*call).sleep,
			Params: []Param{{Name: "ms", Type: Number, Required: true}},
		}, {
			Name: "x-wait", Group: Script, Doc: "wait for an event", Sync: true, run: (*call).wait,
			Params: []Param{
				{Name: "event", Type: String, Required: true, Enum: waitable()},
				{Name: "count", Type: Number, Default: 1},
				{Name: "timeoutMs", Type: Number, Default: 10000},
				{Name: "match", Type: Object},
			},
		},
	}
}

func extraMethod(name string, run Extra) Method {
	return Method{Name: name, Group: Script, Sync: true, extra: run}
}

// NeedsContext tells whether the method fails without a context.
func (m Method) NeedsContext() bool { return m.needsContext }

// ours tells the methods which no document knows: their failures are plain words.
func (m Method) ours() bool { return m.Rows == "" }

// changes tells whether the two methods have a lane in common.
func (m Method) changes(other Method) bool {
	return slices.ContainsFunc(m.lanes, func(l lane) bool { return slices.Contains(other.lanes, l) })
}
