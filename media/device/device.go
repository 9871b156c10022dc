// Package device opens the cameras, screens, microphones and speakers of the machine, and what stands
// in for them: files, test signals, nothing. It is one of the two packages of Parlor that are
// written against C; everything else sees it as media.Devices.
//
// Cameras are the drivers of pion/mediadevices, asked directly: its tracks and broadcaster add
// delay. Screens and windows are read from the X server, and elsewhere by the system's screenshots. Microphones and chosen
// speakers are miniaudio, the default speaker is oto. A machine without any of them works: lists are empty, and the speaker is silent but keeps its pace.
package device

import (
	"errors"
	"fmt"
	"io"
	"log/slog"
	"strings"
	"sync"
	"sync/atomic"

	"github.com/ebitengine/oto/v3"
	"github.com/pion/mediadevices/pkg/driver"

	"parlor/media"
	"parlor/media/clip"
)

// ErrNoDevice is wrapped by errors that mean: there is no such device, or none at all.
var ErrNoDevice = clip.ErrNoDevice

// ErrNone is returned for the name "none": there is no camera or microphone, on purpose.
var ErrNone = errors.New("device: none, as asked")

// Names that are not devices of the machine, see media.Devices.
const (
	nameNone   = "none"
	nameTest   = "test"
	filePrefix = "file:"
)

// Config is what New needs. The zero value is useful.
type Config struct {
	Log *slog.Logger // nil: slog.Default()
}

// Set is the devices of this machine; it implements media.Devices. It is safe for concurrent
// use. It holds nothing that must be closed, except what it opened.
type Set struct {
	log     *slog.Logger
	drivers func() []driver.Driver // lists the cameras

	cameras sync.Mutex // held while cameras are looked for

	otoOnce    sync.Once // a process can have one oto context, for ever
	otoContext *oto.Context
	otoErr     error

	lostPictures atomic.Uint64
	lostSound    atomic.Uint64
}

var _ media.Devices = (*Set)(nil)

// New returns the devices of this machine. It opens none.
func New(cfg Config) *Set {
	s := &Set{log: cfg.Log, drivers: cameraDrivers}
	if s.log == nil {
		s.log = slog.Default()
	}
	return s
}

// Drops counts frames that were thrown away because nobody read them in time, or that came damaged.
type Drops struct {
	Pictures uint64 // of cameras
	Sound    uint64 // of microphones, 20 ms each
}

// Drops returns the counts since New, of all devices.
func (s *Set) Drops() Drops {
	return Drops{Pictures: s.lostPictures.Load(), Sound: s.lostSound.Load()}
}

// OpenCamera implements media.Devices. The format is a wish: the source's Format tells what the
// camera really gives. Pictures are in the studio range that VP8 carries, with even sides.
func (s *Set) OpenCamera(name string, want media.VideoFormat) (media.VideoSource, error) {
	path, isFile := strings.CutPrefix(name, filePrefix)
	switch {
	case name == nameNone:
		return nil, ErrNone
	case name == nameTest:
		return clip.TestPicture(want), nil
	case isFile:
		src, err := clip.OpenVideo(path)
		if err != nil {
			return nil, fmt.Errorf("device: open camera file: %w", err)
		}
		return src, nil
	}
	return s.openCamera(name, want)
}

// OpenMicrophone implements media.Devices.
func (s *Set) OpenMicrophone(name string) (media.AudioSource, error) {
	path, isFile := strings.CutPrefix(name, filePrefix)
	switch {
	case name == nameNone:
		return nil, ErrNone
	case name == nameTest:
		return clip.TestTone(), nil
	case isFile:
		src, err := clip.OpenAudio(path)
		if err != nil {
			return nil, fmt.Errorf("device: open microphone file: %w", err)
		}
		return src, nil
	}
	return s.openMicrophone(name)
}

// OpenSpeaker implements media.Devices. src is asked for whole frames of FrameSamples samples, by
// one goroutine at a time and never after Close. lost may be nil; it runs on a goroutine of its own
// and may call Close.
//
// When the default device cannot be opened, that is a speaker which dies at once: the result is
// silent and lost is told. A device asked for by its name must open.
func (s *Set) OpenSpeaker(name string, src media.AudioReader, lost func(error)) (io.Closer, error) {
	if src == nil {
		return nil, errors.New("device: open speaker: nothing to play")
	}
	path, isFile := strings.CutPrefix(name, filePrefix)
	switch {
	case name == nameNone, name == nameTest:
		return clip.Silence(src), nil
	case isFile:
		sink, err := clip.CreateWAV(path, src)
		if err != nil {
			return nil, fmt.Errorf("device: open speaker file: %w", err)
		}
		return sink, nil
	}
	return s.openSpeaker(name, src, lost)
}
