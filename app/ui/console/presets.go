package console

import (
	"fmt"
	"slices"
	"strings"

	"parlor/app/bridge"
	"parlor/app/errno"
	"parlor/app/room"
)

// presetKind names a preset; its words are in the translations.
type presetKind string

// The presets, in their order.
const (
	presetValid    presetKind = "valid"
	presetVariant  presetKind = "variant" // valid, with another value of an enum
	presetEmpty    presetKind = "empty"
	presetTooLong  presetKind = "toolong"
	presetBadChars presetKind = "badchars"
	presetType     presetKind = "type"
	presetMissing  presetKind = "missing"
	presetEnum     presetKind = "enum"

	presetTokenExpired   presetKind = "token.expired"
	presetTokenSignature presetKind = "token.signature"
	presetTokenUser      presetKind = "token.user"
	presetTokenRoom      presetKind = "token.room"
	presetTokenMalformed presetKind = "token.malformed"
	presetTokenEnding    presetKind = "token.ending"
)

// unknownOutcome is the promise of a preset whose outcome depends on more than its values.
const unknownOutcome = -1

// preset is a set of values for a method, right or wrong ones.
type preset struct {
	kind    presetKind
	variant string         // "state 0"
	values  map[string]any // by name of the parameter; over those of a valid call
	missing []string       // parameters left out
	promise int            // errNo of the answer when the method is called in its place; 0: ok
}

// The values of wrong presets.
const (
	badID       = "room 1!/会"
	otherUser   = "somebody.else"
	otherRoom   = "another.room"
	wrongOption = "other"
	longest     = 129 // one more than an id may have
)

// presetsOf lists what can be tried with a method.
func presetsOf(m bridge.Method) []preset {
	list := []preset{{kind: presetValid}}
	if ours(m.Name) { // no document says how they fail
		list[0].promise = unknownOutcome
	}
	if p, ok := switchOf(m); ok {
		for _, v := range p.Enum {
			list = append(list, preset{kind: presetVariant, variant: fmt.Sprintf("%s %v", p.Name, v), values: map[string]any{p.Name: v}})
		}
	}
	return append(append(list, wrongPresets(m)...), tokenPresets(m)...)
}

// switchOf is the parameter that a tester turns most: the first with a few values to choose from.
func switchOf(m bridge.Method) (bridge.Param, bool) {
	for _, p := range m.Params {
		if (p.Required || p.Name == "state") && len(p.Enum) > 1 && len(p.Enum) <= 5 {
			return p, true
		}
	}
	return bridge.Param{}, false
}

func wrongPresets(m bridge.Method) []preset {
	bad := errno.InvalidParam.No
	empty := preset{kind: presetEmpty, values: map[string]any{}, promise: bad}
	long := preset{kind: presetTooLong, values: map[string]any{}, promise: bad}
	chars := preset{kind: presetBadChars, values: map[string]any{}, promise: bad}
	wrong := preset{kind: presetType, values: map[string]any{}, promise: bad}
	enum := preset{kind: presetEnum, values: map[string]any{}, promise: bad}
	missing := preset{kind: presetMissing, promise: bad}
	for _, p := range m.Params {
		if !p.Required {
			continue
		}
		missing.missing = append(missing.missing, p.Name)
		switch {
		case p.Enum != nil && p.Type == bridge.Number:
			enum.values[p.Name] = 2.0
		case p.Enum != nil:
			enum.values[p.Name] = wrongOption
		case p.Type == bridge.String:
			empty.values[p.Name] = ""
			if p.Name == "roomId" || p.Name == "userId" {
				chars.values[p.Name], long.values[p.Name] = badID, strings.Repeat("a", longest)
			}
			if p.Name == "text" {
				long.values[p.Name] = strings.Repeat("a", room.MaxMessage+1)
			}
		}
		if p.Type == bridge.String {
			wrong.values[p.Name] = 7.0
		} else {
			wrong.values[p.Name] = "7"
		}
	}
	var list []preset
	for _, p := range []preset{empty, long, chars, wrong, enum} {
		if len(p.values) > 0 {
			list = append(list, p)
		}
	}
	if len(missing.missing) > 0 {
		list = append(list, missing)
	}
	for i := range list {
		if promise, known := exceptions[m.Name+" "+string(list[i].kind)]; known {
			list[i].promise = promise
		}
	}
	return list
}

// exceptions are outcomes that follow from other rules than those of the table.
var exceptions = map[string]int{
	"exitRtcRoom empty":    0, // which room is not looked at
	"exitRtcRoom toolong":  0,
	"exitRtcRoom badchars": 0,
	"updateToken empty":    errno.InvalidToken.No,
	// No user has such a name, so none has such a stream.
	"changeStreamSubscribeState empty":    errno.Failed.No,
	"changeStreamSubscribeState toolong":  errno.Failed.No,
	"changeStreamSubscribeState badchars": errno.Failed.No,
	"changeScreenSubscribeState empty":    errno.Failed.No,
	"changeScreenSubscribeState toolong":  errno.Failed.No,
	"changeScreenSubscribeState badchars": errno.Failed.No,
}

func tokenPresets(m bridge.Method) []preset {
	if !slices.ContainsFunc(m.Params, func(p bridge.Param) bool { return p.Name == "token" }) {
		return nil
	}
	token := func(kind presetKind, value string, promise int) preset {
		return preset{kind: kind, values: map[string]any{"token": value}, promise: promise}
	}
	bad := errno.InvalidToken.No
	return []preset{
		token(presetTokenExpired, "{{token ttl=-60}}", bad),
		token(presetTokenSignature, "{{token key=wrong}}", bad),
		token(presetTokenUser, "{{token user="+otherUser+"}}", bad),
		token(presetTokenRoom, "{{token room="+otherRoom+"}}", bad),
		token(presetTokenMalformed, "001not-a-token", bad),
		token(presetTokenEnding, "{{token ttl=10}}", 0),
	}
}

// apply fills a draft. What the fields cannot say stands in the JSON alone.
func (p preset) apply(d *draft, s Situation) {
	fresh := newDraft(d.method, s)
	d.fields, d.typed = fresh.fields, ""
	object := make(map[string]any)
	for name, v := range p.values {
		if f := d.field(name); f != nil {
			f.set(v)
			f.sent, f.touched = true, true
			object[name] = v
		}
	}
	for _, name := range p.missing {
		if f := d.field(name); f != nil {
			f.sent, f.touched = false, true
		}
	}
	if p.kind == presetType {
		d.typed = string(jsonOf(object))
	}
}

// validValue is a sensible value of a parameter.
func validValue(m bridge.Method, p bridge.Param, s Situation) any {
	switch {
	case p.Default != nil:
		return p.Default
	case len(p.Enum) > 0 && p.Type == bridge.Number:
		return p.Enum[len(p.Enum)-1] // 1, on
	case len(p.Enum) > 0 && m.Group == bridge.Screen && p.Name == "streamType":
		return string(room.StreamVideo) // a shared screen often has no sound
	case len(p.Enum) > 0:
		return p.Enum[0]
	}
	name := p.Name[strings.LastIndexByte(p.Name, '.')+1:]
	switch {
	case name == "appId":
		return s.AppID
	case name == "roomId":
		return s.RoomID
	case name == "userId" && m.Name == "joinRtcRoom":
		return s.UserID
	case name == "userId":
		return s.OtherID
	case name == "token":
		return "{{token}}"
	case p.Type == bridge.Boolean:
		return true
	case p.Type == bridge.Number:
		return exampleNumbers[name]
	case p.Type == bridge.Object:
		return map[string]any{}
	}
	return exampleTexts[name]
}

var (
	exampleNumbers = map[string]float64{"width": 640, "height": 360, "frameRate": 15, "ms": 1000, "gain": 1}
	exampleTexts   = map[string]string{"text": "Hello", "name": "test", "screen": "test"}
)
