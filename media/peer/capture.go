package peer

import (
	"log/slog"

	"parlor/media"
)

// CaptureConfig describes a capture.
type CaptureConfig struct {
	Codecs  media.Codecs // nil: only sources of encoded media can be published
	Bitrate int          // bit/s; 0 picks one for the format
	OnLost  func(error)  // the device is gone; called once, must return at once
	Log     *slog.Logger
}

// VideoCapture owns a source of pictures: it previews them and, while somebody publishes it,
// encodes them.
type VideoCapture struct{}

// NewVideoCapture starts to read from src, which it closes at its end.
func NewVideoCapture(src media.VideoSource, cfg CaptureConfig) *VideoCapture { return &VideoCapture{} }

func (*VideoCapture) feedKind() media.Kind { return media.Video }

// Preview puts the own picture on a display, or off it when d is nil.
func (c *VideoCapture) Preview(d *media.Display) {}

// Close ends the capture, closes the source and waits.
func (c *VideoCapture) Close() error { return nil }

// AudioCapture owns a source of sound: it measures its level and, while somebody publishes it, encodes it.
type AudioCapture struct{}

// NewAudioCapture starts to read from src, which it closes at its end.
func NewAudioCapture(src media.AudioSource, cfg CaptureConfig) *AudioCapture { return &AudioCapture{} }

func (*AudioCapture) feedKind() media.Kind { return media.Audio }

// Level is the loudness of the last 300 ms, 0..100.
func (c *AudioCapture) Level() int { return 0 }

// Close ends the capture, closes the source and waits.
func (c *AudioCapture) Close() error { return nil }
