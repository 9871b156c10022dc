package room

import (
	"time"

	"parlor/app/errno"
	"parlor/media"
)

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
	Source media.Source // Camera, Microphone, Screen or ScreenAudio
	Name   string       // of the device, as given; empty when none could be opened
	On     bool
	Err    *errno.Error
}

// MessageReceived is a text to the room, own ones included. Missed is true for those that come with the snapshot after an
// interruption. Each message is told once.
type MessageReceived struct {
	Message Message
	Missed  bool
}

// TokenChanged tells what the token allows and when that ends: at the join, and whenever an updateToken or the end of a privilege
// changes it. It is the server's word.
type TokenChanged struct {
	ExpireAt                              time.Time // of the token; zero: never
	PublishAudio, PublishVideo, Subscribe bool      // at present
	// The last second of each; zero: without an end, or not allowed.
	PublishAudioUntil, PublishVideoUntil, SubscribeUntil time.Time
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
func (MessageReceived) event()             {}
func (TokenChanged) event()                {}
func (SpeakerChanged) event()              {}
