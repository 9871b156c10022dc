package clip

import (
	"embed"
	"fmt"
	"io"
	"strings"

	"parlor/media"
)

// builtins is the number of built-in clips.
const builtins = 4

// builtin has the clips bot1 to bot4 and screen; see gen.go.
//
//go:embed builtin/*.ivf builtin/*.ogg
var builtin embed.FS

// devices are a camera, a screen and a microphone that play clips, and a speaker that nobody hears.
type devices struct {
	camera     func() (media.VideoSource, error) // nil: none
	microphone func() (media.AudioSource, error) // nil: none
	video      media.DeviceInfo
	audio      media.DeviceInfo
	screen     media.ScreenInfo // which BuiltinScreen plays; no ID: none
}

// FileDevices are a camera that plays a video file and a microphone that plays a sound file,
// as OpenVideo and OpenAudio do; an empty path is no device. The speaker is Silence.
func FileDevices(video, audio string) media.Devices {
	d := &devices{}
	if video != "" {
		d.video = media.DeviceInfo{ID: "file:" + video, Label: video, Default: true}
		d.camera = func() (media.VideoSource, error) { return OpenVideo(video) }
	}
	if audio != "" {
		d.audio = media.DeviceInfo{ID: "file:" + audio, Label: audio, Default: true}
		d.microphone = func() (media.AudioSource, error) { return OpenAudio(audio) }
	}
	return d
}

// Builtin are a camera and a microphone that play one of four clips inside the program, VP8 of
// 640×360 at 15 per second and Opus: a moving picture, and a voice. n counts from 0 and starts again after
// the fourth. The screen is BuiltinScreen, the speaker Silence.
func Builtin(n int) media.Devices {
	name := fmt.Sprintf("bot%d", 1+(n%builtins+builtins)%builtins)
	info := media.DeviceInfo{ID: name, Label: "Parlor " + name, Default: true}
	return &devices{
		video: info, audio: info,
		camera:     func() (media.VideoSource, error) { return openBuiltin(name+".ivf", NewVideo) },
		microphone: func() (media.AudioSource, error) { return openBuiltin(name+".ogg", NewAudio) },
		screen: media.ScreenInfo{
			DeviceInfo: media.DeviceInfo{ID: "slides", Label: "Slides", Default: true},
			Width:      1280, Height: 720,
		},
	}
}

// BuiltinScreen plays a clip inside the program that looks like a shared screen, slides with text: VP8 of 1280×720 at 5 per
// second.
func BuiltinScreen() (media.VideoSource, error) { return openBuiltin("screen.ivf", NewVideo) }

// openBuiltin plays a built-in file with NewVideo or NewAudio.
func openBuiltin[S any](file string, open func(name string, data []byte) (S, error)) (S, error) {
	path := "builtin/" + file
	data, err := builtin.ReadFile(path)
	if err != nil {
		var none S
		return none, err
	}
	return open(path, data)
}

func (d *devices) Cameras() ([]media.DeviceInfo, error) {
	if d.camera == nil {
		return nil, nil
	}
	return []media.DeviceInfo{d.video}, nil
}

func (d *devices) Microphones() ([]media.DeviceInfo, error) {
	if d.microphone == nil {
		return nil, nil
	}
	return []media.DeviceInfo{d.audio}, nil
}

var silentSpeaker = media.DeviceInfo{ID: "silence", Label: "Silence", Default: true}

func (d *devices) Speakers() ([]media.DeviceInfo, error) {
	return []media.DeviceInfo{silentSpeaker}, nil
}

// named returns an error unless name opens the device.
func named(name string, info media.DeviceInfo, kind string) error {
	if info.ID == "" {
		return fmt.Errorf("no %s: %w", kind, ErrNoDevice)
	}
	if name != "" && name != "test" && name != info.ID {
		return fmt.Errorf("%s %q: %w", kind, name, ErrNoDevice)
	}
	return nil
}

func (d *devices) OpenCamera(name string, _ media.VideoFormat) (media.VideoSource, error) {
	if err := named(name, d.video, "camera"); err != nil {
		return nil, err
	}
	return d.camera()
}

func (d *devices) OpenMicrophone(name string) (media.AudioSource, error) {
	if err := named(name, d.audio, "microphone"); err != nil {
		return nil, err
	}
	return d.microphone()
}

func (d *devices) OpenSpeaker(name string, src media.AudioReader, _ func(error)) (io.Closer, error) {
	if err := named(name, silentSpeaker, "speaker"); err != nil {
		return nil, err
	}
	return Silence(src), nil
}

// Screens implements media.Devices.
func (d *devices) Screens() ([]media.ScreenInfo, error) {
	if d.screen.ID == "" {
		return nil, nil
	}
	return []media.ScreenInfo{d.screen}, nil
}

// OpenScreen implements media.Devices. Every one of these devices takes "file:PATH", too.
func (d *devices) OpenScreen(name string, _ media.VideoFormat) (media.VideoSource, error) {
	if path, isFile := strings.CutPrefix(name, "file:"); isFile {
		src, err := OpenVideo(path)
		if err != nil {
			return nil, fmt.Errorf("screen file: %w", err)
		}
		return src, nil
	}
	if err := named(name, d.screen.DeviceInfo, "screen"); err != nil {
		return nil, err
	}
	return BuiltinScreen()
}
