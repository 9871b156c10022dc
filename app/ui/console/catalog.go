package console

import (
	"slices"

	"parlor/app/bridge"
)

// Situation is what the console needs to know of the room.
type Situation struct {
	Context         bool // createRtcRoomContext was called
	InRoom, Joining bool
	AppID           string
	RoomID, UserID  string // of the room the user is in, else of the start page
	OtherID         string // somebody else in the room, else a name

	Raw    bool // calls are made whatever the table and the order say; else strict
	Faults bool // things may be broken on purpose
}

// order is the order of the groups: that in which a page needs them.
var order = []bridge.Group{
	bridge.Room, bridge.Audio, bridge.Video, bridge.Stream, bridge.Screen, bridge.Messages, bridge.Device, bridge.Events, bridge.Script,
}

// catalog lists the methods by group, within a group as they stand in the table.
func catalog(methods []bridge.Method) []bridge.Method {
	slices.SortStableFunc(methods, func(a, b bridge.Method) int {
		return slices.Index(order, a.Group) - slices.Index(order, b.Group)
	})
	return methods
}

// inRoomOnly are the methods that make sense in a room alone.
var inRoomOnly = map[string]bool{
	"exitRtcRoom": true, "changeStreamSubscribeState": true, "changeScreenSubscribeState": true, "x-sendMessage": true,
	"x-retryNow": true,
}

// outOfOrder names why a method is not to be called now, "" when it may be; the words are in the translations.
func outOfOrder(m bridge.Method, s Situation) string {
	switch {
	case m.NeedsContext() && !s.Context:
		return "context"
	case m.Name == "joinRtcRoom" && (s.InRoom || s.Joining):
		return "inside"
	case inRoomOnly[m.Name] && !s.InRoom && !s.Joining:
		return "outside"
	}
	return ""
}
