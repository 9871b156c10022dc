package bridge

import (
	"encoding/json"
	"fmt"
	"slices"
	"strings"
	"time"

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

// Param is one parameter of a method.
//
// Parameters are checked in the order of the table, and all messages stand in one errMsg, separated
// by a blank (N-25). A wrong type, a missing required parameter included, reads "params.userId should be
// string, but got number" (or undefined, null, array); a value outside the Enum reads `expect
// params.streamType to be one of "audio", "video", "both", but got xxx`.
type Param struct {
	Name     string // "roomConfig.autoPublish" is autoPublish within roomConfig
	Type     Type
	Required bool
	// NeedsValue is for required strings for which the documents give one literal text: absent, null or empty
	// makes the whole errMsg "joinRtcRoom:fail params invalid" (R-23, X-31: "check that token, roomId and
	// userId were passed"), whatever else is wrong.
	NeedsValue bool
	Enum       []any  // the values allowed, strings or float64s; nil: all of the type
	Default    any    // of an optional parameter, for people
	Rows       string // of the documents
}

// Method is one row of the table of methods.
type Method struct {
	Name   string
	Sync   bool // answers once, with ok and res, where the others have success, fail and complete
	Params []Param
	Rows   string // of the documents; empty: ours

	lane         lane
	needsContext bool // fails with errno.EngineDestroyed when there is none
	holdsEvents  bool // events wait until it is answered
	impatient    bool // when it comes by Call, ends earlier calls of its lane
	run          func(*call) (any, error)
	extra        Extra
}

// lane names what a call changes; see Bridge.
type lane uint8

const (
	laneFree    lane = iota // changes nothing, waits for nothing, and nothing waits for it
	laneContext             // the context itself: waits for all, and all wait for it
	laneRoom
	laneMicrophone
	laneCamera
	lanePublish
	laneEvents
	laneStats
)

// Methods returns the table: every documented method of this version, then on and off of each
// event, then our own x- methods. The caller owns it.
func Methods() []Method {
	return slices.Concat(roomMethods(), eventMethods(), ownMethods())
}

func roomMethods() []Method {
	state := Param{Name: "state", Type: Number, Required: true, Enum: []any{0.0, 1.0}, Rows: "N-2 R-69"}
	return []Method{
		{
			Name: "createRtcRoomContext", Sync: true, Rows: "R-1..R-4", lane: laneContext, run: (*call).create,
			Params: []Param{{Name: "appId", Type: String, Required: true, NeedsValue: true, Rows: "R-2"}},
		}, {
			Name: "joinRtcRoom", Rows: "R-5..R-30", lane: laneRoom, needsContext: true, holdsEvents: true, run: (*call).join,
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
			Name: "exitRtcRoom", Rows: "R-31..R-38", lane: laneRoom, needsContext: true, impatient: true, run: (*call).exit,
			Params: []Param{{Name: "roomId", Type: String, Required: true, Rows: "R-32"}},
		}, {
			Name: "updateToken", Rows: "R-39..R-47", lane: laneRoom, needsContext: true, run: (*call).updateToken,
			Params: []Param{{Name: "token", Type: String, Required: true, Rows: "R-40"}},
		}, {
			Name: "changeAudioCapture", Rows: "N-1..N-9 R-70", lane: laneMicrophone, needsContext: true,
			run: (*call).changeAudio, Params: []Param{state},
		}, {
			Name: "changeVideoCapture", Rows: "N-10..N-12 R-71", lane: laneCamera, needsContext: true,
			run: (*call).changeVideo, Params: []Param{state},
		}, {
			Name: "changeStreamPublishState", Rows: "N-13..N-17 R-72", lane: lanePublish, needsContext: true,
			run: (*call).changePublish,
			Params: []Param{state, {
				Name: "streamType", Type: String, Required: true, Rows: "N-13 N-14",
				Enum: []any{string(room.StreamAudio), string(room.StreamVideo), string(room.StreamBoth)},
			}},
		},
	}
}

// eventMethods are on and off of each event. All events are on in a new context; the function that the
// documents pass does not exist here, so off turns off and on turns on again (N-52).
func eventMethods() []Method {
	var list []Method
	for _, e := range eventNames {
		for _, name := range append([]string{e.name}, e.aliases...) {
			for _, prefix := range []string{"on", "off"} {
				list = append(list, Method{
					Name: prefix + strings.TrimPrefix(name, "on"), Sync: true, Rows: "N-52 " + e.rows,
					lane: laneEvents, needsContext: true,
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

func ownMethods() []Method {
	return []Method{
		{Name: "x-stats", Sync: true, lane: laneStats, needsContext: true, run: (*call).stats},
		{
			Name: "x-sleep", Sync: true, run: (*call).sleep,
			Params: []Param{{Name: "ms", Type: Number, Required: true}},
		}, {
			Name: "x-wait", Sync: true, run: (*call).wait,
			Params: []Param{
				{Name: "event", Type: String, Required: true, Enum: waitable()},
				{Name: "count", Type: Number, Default: 1},
				{Name: "timeoutMs", Type: Number, Default: 10000},
				{Name: "match", Type: Object},
			},
		},
		{Name: "x-destroy", Sync: true, lane: laneContext, run: (*call).destroy},
	}
}

func extraMethod(name string, run Extra) Method {
	return Method{Name: name, Sync: true, extra: run}
}

// ours tells the methods which no document knows: their failures are plain words.
func (m Method) ours() bool { return m.Rows == "" }

func (c *call) create() (any, error) {
	cfg := c.b.cfg.Room
	cfg.AppID = c.params.text("appId")
	cfg.OnEvent = c.b.onEvent
	return nil, c.b.replace(func() (engine, error) {
		c.b.setEvents()
		return c.b.newRoom(cfg)
	})
}

func (c *call) destroy() (any, error) { return nil, c.b.replace(nil) }

func (c *call) join() (any, error) {
	return nil, c.engine.Join(c.ctx, room.JoinOptions{
		RoomID:          c.params.text("roomId"),
		UserID:          c.params.text("userId"),
		Token:           c.params.text("token"),
		NoAutoPublish:   c.params.isFalse("roomConfig.autoPublish"),
		NoAutoSubscribe: c.params.isFalse("roomConfig.autoSubscribe"),
	})
}

func (c *call) exit() (any, error) {
	return nil, c.engine.Exit(c.ctx, c.params.text("roomId"))
}

func (c *call) updateToken() (any, error) {
	return nil, c.engine.UpdateToken(c.ctx, c.params.text("token"))
}

func (c *call) changeAudio() (any, error) {
	return nil, c.engine.ChangeAudioCapture(c.ctx, c.params.number("state", 0) == 1)
}

func (c *call) changeVideo() (any, error) {
	return nil, c.engine.ChangeVideoCapture(c.ctx, c.params.number("state", 0) == 1)
}

func (c *call) changePublish() (any, error) {
	on, streams := c.params.number("state", 0) == 1, room.StreamType(c.params.text("streamType"))
	return nil, c.engine.ChangeStreamPublishState(c.ctx, on, streams)
}

// maxPause bounds x-sleep and x-wait: a script that means more has the wrong unit.
const maxPause = time.Hour

func (c *call) sleep() (any, error) {
	d, err := c.params.pause("ms", 0)
	if err != nil {
		return nil, err
	}
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-timer.C:
		return nil, nil
	case <-c.ctx.Done():
		return nil, errClosed
	}
}

// params are the parameters of a call; what a method's table row requires is there and has its type.
type params map[string]any

// lookup finds "a.b" as b within a. The value of null is nil.
func (p params) lookup(name string) (any, bool) {
	outer, inner, nested := strings.Cut(name, ".")
	v, ok := p[outer]
	if nested && ok {
		object, _ := v.(map[string]any)
		v, ok = object[inner]
	}
	return v, ok
}

func (p params) text(name string) string {
	v, _ := p.lookup(name)
	s, _ := v.(string)
	return s
}

func (p params) number(name string, otherwise float64) float64 {
	if v, _ := p.lookup(name); v != nil {
		n, _ := v.(float64)
		return n
	}
	return otherwise
}

func (p params) isFalse(name string) bool {
	v, _ := p.lookup(name)
	return v == false
}

// pause reads a number of milliseconds.
func (p params) pause(name string, otherwise float64) (time.Duration, error) {
	ms := p.number(name, otherwise)
	if ms < 0 || ms > float64(maxPause/time.Millisecond) {
		return 0, fmt.Errorf("params.%s should be 0..%d milliseconds, but got %v", name, maxPause/time.Millisecond, ms)
	}
	return time.Duration(ms * float64(time.Millisecond)), nil
}

// check decodes the parameters and holds them against the table. Parameters that the table does not
// know are ignored, success, fail and complete among them.
func (m Method) check(raw json.RawMessage) (params, error) {
	var decoded any
	if len(raw) > 0 {
		if err := json.Unmarshal(raw, &decoded); err != nil {
			return nil, errno.InvalidParam.Detail(m.Name, "params should be object, but got malformed JSON", err)
		}
	}
	object, ok := decoded.(map[string]any)
	if !ok && decoded != nil {
		return nil, errno.InvalidParam.Detail(m.Name, "params should be object, but got "+typeOf(decoded, true), nil)
	}
	p := params(object)
	var wrong []string
	for _, rule := range m.Params {
		v, there := p.lookup(rule.Name)
		if rule.NeedsValue && (v == nil || v == "") {
			return nil, errno.InvalidParam.In(m.Name)
		}
		if text := rule.check(v, there); text != "" {
			wrong = append(wrong, text)
		}
	}
	if len(wrong) > 0 {
		return nil, errno.InvalidParam.Detail(m.Name, strings.Join(wrong, " "), nil)
	}
	return p, nil
}

// check returns what is wrong with a value, empty when nothing is.
func (p Param) check(v any, there bool) string {
	if v == nil && !p.Required {
		return ""
	}
	if got := typeOf(v, there); got != string(p.Type) {
		return fmt.Sprintf("params.%s should be %s, but got %s", p.Name, p.Type, got)
	}
	if p.Enum == nil || slices.Contains(p.Enum, v) {
		return ""
	}
	allowed := make([]string, len(p.Enum))
	for i, value := range p.Enum {
		text, _ := json.Marshal(value)
		allowed[i] = string(text)
	}
	return fmt.Sprintf("expect params.%s to be one of %s, but got %s",
		p.Name, strings.Join(allowed, ", "), shorten(fmt.Sprint(v)))
}

// typeOf names a JSON value's type as parameter errors do.
func typeOf(v any, there bool) string {
	switch v.(type) {
	case nil:
		if !there {
			return "undefined"
		}
		return "null"
	case string:
		return string(String)
	case float64:
		return string(Number)
	case bool:
		return string(Boolean)
	case []any:
		return "array"
	}
	return string(Object)
}

// maxEcho bounds what an answer repeats of a caller's text, in runes.
const maxEcho = 64

func shorten(s string) string {
	if r := []rune(s); len(r) > maxEcho {
		return string(r[:maxEcho]) + "…"
	}
	return s
}
