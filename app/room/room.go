// Package room is the client's rooms SDK: one Context is one RtcRoomContext of the documents
// (rows R-1..R-85, N-1..N-53), with the documents' names, results and errors.
package room

import (
	"log/slog"
	"net/http"
	"time"

	"github.com/pion/transport/v4"

	"parlor/media"
)

// UserID names a user within an app; 1..128 characters of a-z A-Z 0-9 @ . _ - (N-54).
type UserID string

// StreamType says which media changeStreamPublishState means (N-13).
type StreamType string

// The stream types.
const (
	StreamAudio StreamType = "audio"
	StreamVideo StreamType = "video"
	StreamBoth  StreamType = "both"
)

// Config describes a Context.
type Config struct {
	Server     string // base URL of the server, "http://127.0.0.1:7880"
	AppID      string
	Kit        media.Kit
	Camera     string // device names as in media.Devices
	Microphone string
	Speaker    string
	Video      media.VideoFormat // zero: 640x360, 30 frames per second
	OnEvent    func(Event)       // one at a time, in order; must return at once
	Recorder   media.Recorder    // gets received media; may be nil
	Transport  http.RoundTripper // nil: HTTP/2 without TLS for http://, with for https://
	Net        transport.Net     // nil: the machine's network
	Client     string            // program and version, for the server's log
	Log        *slog.Logger
}

// JoinOptions are the parameters of joinRtcRoom (R-6..R-11).
type JoinOptions struct {
	RoomID, UserID, Token string
	NoAutoPublish         bool // roomConfig.autoPublish is false
	NoAutoSubscribe       bool // roomConfig.autoSubscribe is false
}

// Connection is the state of a Context towards the server.
type Connection uint8

// The connection states.
const (
	Outside      Connection = iota // in no room
	Joining                        // joinRtcRoom is on its way
	Inside                         // in the room
	Reconnecting                   // in the room for the user, but the server is out of reach
)

// Member is one user in the room, self included.
type Member struct {
	UserID    UserID
	Self      bool
	Audio     bool // microphone published and not muted
	Video     bool // camera published and on
	Screen    bool // shares a screen
	Connected bool // false while the server waits for it to come back
	JoinedAt  time.Time
}
