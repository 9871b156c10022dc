// Package room is the client's rooms SDK: one Context is one RtcRoomContext of the documents
// (rows R-1..R-85, N-1..N-53), with the documents' names, results and errors.
package room

import (
	"log/slog"
	"net/http"
	"time"

	"github.com/pion/transport/v4"

	"parlor/app/api"
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
	Video      media.VideoFormat // what the camera is asked for; zero: 640x360, 30 frames per second
	Largest    media.VideoFormat // as by SetVideoEncoderConfig; zero: as captured
	Noise      media.NoiseLevel  // as by ChangeAnsMode; "": NoiseDisable
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

// Message is a text that a member wrote to everybody in the room.
type Message struct {
	ID     uint64 // rising within the room
	UserID UserID
	Text   string
	SentAt time.Time // server's clock
}

// CameraPosition is what switchCamera takes (N-26). On a desktop front is the camera chosen in the settings and back the
// next one in the list (N-27).
type CameraPosition string

// The camera positions.
const (
	CameraFront CameraPosition = "front"
	CameraBack  CameraPosition = "back"
)

// PlaybackDevice is what setAudioPlaybackDevice takes (N-28). On a desktop the loudspeaker is the output chosen in the
// settings, the earpiece the first other output that looks like a headset, else the same one.
type PlaybackDevice string

// The playback devices.
const (
	Speakerphone PlaybackDevice = "speakerphone"
	Earpiece     PlaybackDevice = "earpiece"
)

// MaxMessage is the longest text of a message, in bytes of UTF-8.
const MaxMessage = api.MaxMessage

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
	Audio     bool          // microphone published and not muted
	Video     bool          // camera published and on
	Screen    bool          // shares a screen
	Connected bool          // false while the server waits for it to come back
	Invisible bool          // only ever of oneself: the others do not see it (N-30)
	Quality   media.Quality // of its connection, as it reported it
	// AudioSubscribed and its like tell whether the member's media are received here, by autoSubscribe or by the change…SubscribeState
	// methods (N-18, N-21).
	AudioSubscribed, VideoSubscribed, ScreenSubscribed bool
	JoinedAt                                           time.Time
}
