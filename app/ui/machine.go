package ui

import (
	"log/slog"
	"time"

	"parlor/app/link"
)

// SoundCheck is what screens wish of microphone and speaker apart from any room: a level to look at, hearing oneself, a tone. All
// methods return at once; what comes of them is told by Window.HandleSound. Names are those of media.Devices.
type SoundCheck interface {
	// Listen keeps a microphone open for Level, or closes it. Nothing is heard by others, nothing is kept.
	Listen(on bool, microphone string)
	// Hear records three seconds of the microphone and plays them.
	Hear(microphone, speaker string)
	// Chime plays a tone of one second.
	Chime(speaker string)
	// Stop ends Hear and Chime.
	Stop()
	// Level is the loudness of what Listen or Hear gets, 0..100; 0 without. Any goroutine.
	Level() int
}

// SoundTest is where a test of SoundCheck stands.
type SoundTest uint8

// The stages of Hear, and Chime.
const (
	SoundQuiet     SoundTest = iota // no test runs
	SoundRecording                  // speak now
	SoundReplaying                  // what was recorded is heard
	SoundChiming
)

// SoundState is what SoundCheck does at present.
type SoundState struct {
	Listening bool // Level is that of an open microphone
	Test      SoundTest
	Err       error // why the microphone, or the last test, failed; nil: it did not
}

// Machine is what screens wish of the program and the computer around them. All methods return at once.
type Machine interface {
	// PlaySound plays one of the short sounds of media/clip to the person alone, at a volume of 0..1; without a room nothing.
	PlaySound(name string, volume float64)
	// CPUTime is the processor time that the program took so far, on all cores. Any goroutine.
	CPUTime() time.Duration
	// CheckServer looks whether the server answers and tells Window.SetServerState.
	CheckServer()
	// SaveServer keeps the server to use from the next start on.
	SaveServer(ServerChoice) error
	// OpenWindow starts the program once more for a room on another server.
	OpenWindow(link.Link) error
	// SetLogLevel sets from which level on the program logs.
	SetLogLevel(slog.Level)
	// SelfTest checks the program; done gets the report, on any goroutine.
	SelfTest(done func(report string, err error))
}

// ServerChoice names a server and how to get in.
type ServerChoice struct {
	URL    string `json:"url"` // "": the one in this program
	AppID  string `json:"appId,omitempty"`
	AppKey string `json:"appKey,omitempty"` // to make tokens here; "": tokens are pasted. A secret
}
