// Package media holds the nouns of Parlor's media path and the pure functions on
// them: pictures, sound, sources, displays, and the two interfaces behind which
// everything written in C stands (Devices and Codecs). It imports neither Fyne nor
// Pion's PeerConnection, so that every other package can speak of media without
// linking a display, a sound card or a codec.
package media

import (
	"image"
	"io"
	"time"
)

// Sound format used everywhere inside Parlor: 48 kHz, mono, 20 ms frames of
// signed 16 bit samples.
const (
	SampleRate   = 48000                  // Hz
	FrameLength  = 20 * time.Millisecond  // one audio frame
	FrameSamples = SampleRate / 1000 * 20 // samples in one audio frame: 960
	VideoClock   = 90000                  // Hz, RTP clock of every video codec
	VideoPayload = 96                     // RTP payload type of VP8 in our SDP
	AudioPayload = 111                    // RTP payload type of Opus in our SDP
	RTPMTU       = 1200                   // bytes, largest RTP packet we make
)

// Kind tells sound from picture.
type Kind uint8

// The two kinds of media.
const (
	Audio Kind = iota + 1
	Video
)

// String returns "audio" or "video".
func (k Kind) String() string {
	switch k {
	case Audio:
		return "audio"
	case Video:
		return "video"
	}
	return "unknown"
}

// Source says where a track of a user comes from; a user has at most one track of
// each source.
type Source uint8

// The sources of a user's tracks.
const (
	Microphone Source = iota + 1
	Camera
	Screen
	ScreenAudio
)

// Kind returns the kind of media that the source gives.
func (s Source) Kind() Kind {
	if s == Camera || s == Screen {
		return Video
	}
	return Audio
}

// String returns the name used in logs, SDP stream ids and statistics.
func (s Source) String() string {
	switch s {
	case Microphone:
		return "microphone"
	case Camera:
		return "camera"
	case Screen:
		return "screen"
	case ScreenAudio:
		return "screenaudio"
	}
	return "unknown"
}

var epoch = time.Now()

// Now is the capture clock: the monotonic time since the program started. Both
// the microphone and the camera stamp with it, so that one RTP clock can be mapped
// on the other.
func Now() time.Duration { return time.Since(epoch) }

// VideoFormat is a wish for, or a description of, moving pictures.
type VideoFormat struct {
	Width, Height int     // pixels
	Rate          float64 // frames per second
}

// VideoFrame is one picture from a source. Exactly one of Image and Encoded is set.
type VideoFrame struct {
	Image    *image.YCbCr  // 4:2:0 planes; valid until the next ReadVideo of its source
	Encoded  []byte        // one whole VP8 frame (RFC 6386), from sources that are files of encoded frames; valid until the next ReadVideo
	KeyFrame bool          // of Encoded
	At       time.Duration // capture time on the clock of Now
}

// VideoSource gives pictures at the pace of the device or file behind it.
type VideoSource interface {
	// ReadVideo blocks until the next picture. After Close it returns io.EOF; any
	// other error means that the device is gone.
	ReadVideo() (VideoFrame, error)
	// RequestKeyFrame asks a source of encoded frames to go on with a key frame
	// soon. Sources of pictures ignore it. Safe on any goroutine.
	RequestKeyFrame()
	// Format is what the source really gives.
	Format() VideoFormat
	io.Closer
}

// AudioFrame is 20 ms of sound from a source. Exactly one of PCM and Encoded is set.
type AudioFrame struct {
	PCM     []int16       // FrameSamples mono samples at SampleRate; valid until the next ReadAudio
	Encoded []byte        // one Opus packet (RFC 6716) of 20 ms; valid until the next ReadAudio
	Level   uint8         // of Encoded: -dBov (RFC 6464), 0 loudest, 127 silent or unknown
	At      time.Duration // capture time of the first sample on the clock of Now
}

// AudioSource gives sound at the pace of the device or file behind it.
type AudioSource interface {
	// ReadAudio blocks until the next 20 ms. After Close it returns io.EOF; any other
	// error means that the device is gone.
	ReadAudio() (AudioFrame, error)
	io.Closer
}

// AudioReader is what a speaker pulls from. ReadPCM always fills all of pcm (mono,
// SampleRate) and never blocks; it is called on the sound driver's goroutine.
type AudioReader interface {
	ReadPCM(pcm []int16)
}

// DeviceInfo names one device for people and for OpenX calls.
type DeviceInfo struct {
	ID      string // stable between runs where the system allows; what OpenX takes
	Label   string // for people
	Default bool   // the one that an empty ID opens
}

// ScreenInfo names a screen or a window that can be shared.
type ScreenInfo struct {
	DeviceInfo
	Window        bool   // a window, not a whole screen
	App           string // of a window: the program's name, if known
	Width, Height int    // pixels
}

// NoiseLevel is how much steady noise is taken out of the microphone's sound (N-33).
type NoiseLevel string

// The noise levels, with the names of changeAnsMode.
const (
	NoiseDisable   NoiseLevel = "disable"
	NoiseLow       NoiseLevel = "low"
	NoiseMedium    NoiseLevel = "medium"
	NoiseHigh      NoiseLevel = "high"
	NoiseAutomatic NoiseLevel = "automatic" // as much as the signal-to-noise ratio asks for
)

// Devices opens cameras, microphones and speakers. A name is a DeviceInfo.ID, ""
// for the default device, "none" for no device at all, "test" for a moving picture,
// a tone or a silent sink, or "file:PATH" (camera: y4m or ivf, looped; microphone: wav
// or ogg, looped; speaker: wav, written). All methods are safe on any goroutine and
// may take a second: never call them on the UI goroutine.
type Devices interface {
	Cameras() ([]DeviceInfo, error)
	Microphones() ([]DeviceInfo, error)
	Speakers() ([]DeviceInfo, error)
	// Screens lists what can be shared, whole screens first.
	Screens() ([]ScreenInfo, error)
	OpenCamera(name string, want VideoFormat) (VideoSource, error)
	// OpenScreen captures a screen or a window, scaled down to fit want (aspect kept, even sizes); want.Rate is the most
	// frames per second. Frames come when something changed, and at least one per second. When a window closes, ReadVideo
	// fails with an error that says so. The name may be "test" or "file:PATH", as a camera's.
	OpenScreen(name string, want VideoFormat) (VideoSource, error)
	OpenMicrophone(name string) (AudioSource, error)
	// OpenSpeaker starts to pull from src until the result is closed. When the device
	// dies, a paced silent sink goes on pulling, and lost is called once.
	OpenSpeaker(name string, src AudioReader, lost func(error)) (io.Closer, error)
}

// VideoEncoderConfig describes one VP8 encoder.
type VideoEncoderConfig struct {
	Width, Height int     // pixels, of every frame given to Encode
	Rate          float64 // frames per second expected
	Bitrate       int     // bit/s to aim at
	Screen        bool    // content is a screen, not a camera
}

// VideoEncoder makes VP8 frames of pictures. Not safe for concurrent use.
type VideoEncoder interface {
	// Encode returns the frame, which is valid until the next Encode, and whether it is a
	// key frame. A nil frame without error was dropped by rate control.
	Encode(img *image.YCbCr, at time.Duration, forceKey bool) (frame []byte, key bool, err error)
	SetBitrate(bitsPerSecond int) error
	io.Closer
}

// VideoDecoder makes pictures of VP8 frames. Not safe for concurrent use.
type VideoDecoder interface {
	// Decode returns the picture, whose planes are owned by the decoder and valid until the
	// next Decode or Close. A nil picture without error means that the frame shows nothing.
	Decode(frame []byte) (*image.YCbCr, error)
	io.Closer
}

// AudioEncoder makes Opus packets of sound. Not safe for concurrent use.
type AudioEncoder interface {
	// Encode takes FrameSamples samples and returns a packet which is valid until the next
	// Encode; it is nil when discontinuous transmission has nothing to send.
	Encode(pcm []int16) ([]byte, error)
	// SetPacketLoss tells the expected loss in percent: more loss, more in-band FEC.
	SetPacketLoss(percent int) error
	io.Closer
}

// AudioDecoder makes sound of Opus packets. Not safe for concurrent use.
type AudioDecoder interface {
	// Decode fills pcm (FrameSamples samples) from the packet.
	Decode(packet []byte, pcm []int16) error
	// DecodeFEC fills pcm with the frame before packet, from the redundancy in packet.
	DecodeFEC(packet []byte, pcm []int16) error
	// Conceal fills pcm with a guess for a frame that never came.
	Conceal(pcm []int16) error
	io.Closer
}

// NoiseSuppressor takes steady noise out of sound. Not safe for concurrent use.
type NoiseSuppressor interface {
	// Process changes pcm (FrameSamples samples) in place.
	Process(pcm []int16)
	io.Closer
}

// Codecs makes encoders and decoders, and converts pictures.
type Codecs interface {
	NewVideoEncoder(VideoEncoderConfig) (VideoEncoder, error)
	NewVideoDecoder() (VideoDecoder, error)
	NewAudioEncoder(bitrate int) (AudioEncoder, error)
	NewAudioDecoder() (AudioDecoder, error)
	// NewNoiseSuppressor returns nil without an error for NoiseDisable.
	NewNoiseSuppressor(level NoiseLevel) (NoiseSuppressor, error)
	// Scale fills dst from src; both 4:2:0, sizes may differ.
	Scale(dst, src *image.YCbCr) error
	// ToRGBA fills dst from src, scaling to dst's size when they differ; alpha becomes 255.
	ToRGBA(dst *image.RGBA, src *image.YCbCr) error
}

// Kit is what a media connection needs of the machine. Codecs may be nil: then only
// encoded sources can be published and received media is only recorded, not shown.
type Kit struct {
	Devices Devices
	Codecs  Codecs
}

// Recorder gets received media as they come from the network, before any decoding. The
// methods are called on the track's own goroutine and must not keep the slices.
type Recorder interface {
	// RecordVideo gets one whole VP8 frame; timestamp is its RTP time (90 kHz).
	RecordVideo(userID string, source Source, frame []byte, timestamp uint32, key bool)
	// RecordAudio gets one Opus packet; timestamp is its RTP time (48 kHz).
	RecordAudio(userID string, source Source, packet []byte, timestamp uint32)
}
