// Package room is the client's rooms SDK: one Context is one RtcRoomContext of the documents
// (rows R-1..R-85, N-1..N-53), with the documents' names, results and errors.
package room

import (
	"context"
	"log/slog"
	"net/http"
	"time"

	"github.com/pion/transport/v4"

	"parlor/app/errno"
	"parlor/media"
	"parlor/media/peer"
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

// Event is one of the structs below. The first seven are the documents'; the others are ours.
type Event interface{ event() }

// VideoMembersChanged is onRtcVideoMembersChanged: all users whose video is on (R-80, N-44).
type VideoMembersChanged struct{ Users []UserID }

// ChatMembersChanged is onRtcChatMembersChanged: everybody in the room, self included (R-81, N-45).
type ChatMembersChanged struct{ Users []UserID }

// ChatSpeakersChanged is onRtcChatSpeakersChanged: all users whose audio is live (R-82, N-46, X-36).
type ChatSpeakersChanged struct{ Users []UserID }

// PublishScreenMembersChanged is onRtcPublishScreenMembersChanged: all users who share a screen (R-83, N-47).
type PublishScreenMembersChanged struct{ Users []UserID }

// StateChanged is onRtcStateChanged (N-48): camera lost, microphone lost, token expired.
type StateChanged struct{ Err *errno.Error }

// ChatInterrupted is onRtcChatInterrupted (N-49): out of the room against the user's will.
type ChatInterrupted struct {
	No  int    // native code of row E-6
	Msg string // words for the log
}

// RoomTokenWillExpire is onRoomTokenWillExpire (N-50).
type RoomTokenWillExpire struct{}

// Joined follows a successful Join; Rejoined is true after an interruption.
type Joined struct {
	RoomID   string
	UserID   UserID
	Rejoined bool
}

// Exited follows the end of a stay in a room; Err is nil after exitRtcRoom.
type Exited struct {
	RoomID string
	Err    *errno.Error
}

// MembersChanged is the whole room, in order of joining; it comes before the documents' list events.
type MembersChanged struct{ Members []Member }

// ConnectionChanged tells the state towards the server; Attempt and RetryIn are set while Reconnecting.
type ConnectionChanged struct {
	State   Connection
	Attempt int
	RetryIn time.Duration
}

// CaptureChanged tells that a device was opened, closed or lost (Err).
type CaptureChanged struct {
	Source media.Source // Camera or Microphone
	On     bool
	Err    *errno.Error
}

// SpeakerChanged tells that sound goes out, or why it does not; the call goes on without.
type SpeakerChanged struct {
	On  bool
	Err error
}

func (VideoMembersChanged) event()         {}
func (ChatMembersChanged) event()          {}
func (ChatSpeakersChanged) event()         {}
func (PublishScreenMembersChanged) event() {}
func (StateChanged) event()                {}
func (ChatInterrupted) event()             {}
func (RoomTokenWillExpire) event()         {}
func (Joined) event()                      {}
func (Exited) event()                      {}
func (MembersChanged) event()              {}
func (ConnectionChanged) event()           {}
func (CaptureChanged) event()              {}
func (SpeakerChanged) event()              {}

// Context is one RtcRoomContext. All methods are safe on any goroutine; those with a ctx block.
type Context struct{}

// New makes a Context; it is in no room and opens no device. Close ends it.
func New(cfg Config) (*Context, error) { return &Context{}, nil }

// Join is joinRtcRoom.
func (c *Context) Join(ctx context.Context, o JoinOptions) error { return nil }

// Exit is exitRtcRoom; it leaves the present room whatever roomID says, and succeeds in none.
func (c *Context) Exit(ctx context.Context, roomID string) error { return nil }

// UpdateToken is updateToken.
func (c *Context) UpdateToken(ctx context.Context, token string) error { return nil }

// ChangeAudioCapture is changeAudioCapture.
func (c *Context) ChangeAudioCapture(ctx context.Context, on bool) error { return nil }

// ChangeVideoCapture is changeVideoCapture.
func (c *Context) ChangeVideoCapture(ctx context.Context, on bool) error { return nil }

// ChangeStreamPublishState is changeStreamPublishState.
func (c *Context) ChangeStreamPublishState(ctx context.Context, on bool, t StreamType) error {
	return nil
}

// Show puts a user's video on a display, the own preview when user is the own id or "" (in no room); nil takes it off.
func (c *Context) Show(user UserID, source media.Source, d *media.Display) {}

// Stats is what Stats returns.
type Stats = peer.Stats

// Stats returns the counters of the media connection.
func (c *Context) Stats() Stats { return Stats{} }

// MicrophoneLevel is the loudness of the own microphone, 0..100, 0 when it is off.
func (c *Context) MicrophoneLevel() int { return 0 }

// Close destroys the context: it leaves the room, closes the devices and waits. Every later call
// fails with errno.EngineDestroyed.
func (c *Context) Close() error { return nil }
