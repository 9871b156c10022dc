// Package bridge is the documents' own API surface: a method name and JSON parameters in, success,
// fail and complete callbacks and events as JSON out, byte for byte as documented. The window, the
// QA driver and parlorctl all call the SDKs through it.
package bridge

import (
	"encoding/json"

	"parlor/app/room"
)

// Line is one line of the JSON-lines protocol that goes out; fields that do not apply are left out.
type Line struct {
	ID       json.RawMessage `json:"id,omitempty"`
	OK       *bool           `json:"ok,omitempty"`       // of createRtcRoomContext and x- methods
	Callback string          `json:"callback,omitempty"` // success, fail, complete
	Event    string          `json:"event,omitempty"`
	Res      any             `json:"res,omitempty"`
	Error    string          `json:"error,omitempty"` // unknown method, malformed JSON
}

// Config describes a Bridge.
type Config struct {
	Room    room.Config                                 // template of every context; AppID and OnEvent are the Bridge's
	OnCall  func(method string, params json.RawMessage) // tells that a call starts, before any of its lines; may be nil
	Emit    func(Line)                                  // gets every line, one at a time, in order; must not block
	OnEvent func(room.Event)                            // gets every event of the present context, after its line; may be nil
}

// Bridge holds at most one context.
type Bridge struct{}

// New returns a Bridge without a context.
func New(cfg Config) *Bridge { return &Bridge{} }

// Call starts a method; its callbacks come through Emit. It returns at once.
func (b *Bridge) Call(id json.RawMessage, method string, params json.RawMessage) {}

// CallLine is Call with a line of JSON as it stands in the protocol. Malformed JSON is answered
// with an error line.
func (b *Bridge) CallLine(line []byte) {}

// Context returns the present context, nil before createRtcRoomContext.
func (b *Bridge) Context() *room.Context { return nil }

// Close destroys the context and waits for the running calls.
func (b *Bridge) Close() error { return nil }
