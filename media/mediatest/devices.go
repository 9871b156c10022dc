package mediatest

import (
	"fmt"
	"image"
	"image/color"
	"io"
	"sync"

	"parlor/media"
	"parlor/media/clip"
)

// maxPlayed bounds what a speaker keeps: a minute. What is older is forgotten.
const maxPlayed = 60 * media.SampleRate

// Devices implements media.Devices with one camera of one colour, one microphone with one tone and
// one speaker which remembers what it played. All take the names "", "test" and their own IDs.
type Devices struct {
	mu      sync.Mutex
	color   color.YCbCr
	tone    Tone
	played  []int16 // newest maxPlayed samples of the last speaker
	open    map[*unpluggable]struct{}
	missing error // set by Unplug
}

// NewDevices returns devices with a grey camera and a microphone of 440 Hz at half of full
// scale.
func NewDevices() *Devices {
	return &Devices{
		color: clip.YCbCr(color.RGBA{R: 128, G: 128, B: 128}),
		tone:  Tone{Hz: 440, Amplitude: 16384},
		open:  make(map[*unpluggable]struct{}),
	}
}

// SetColor changes what the camera sees, now and later.
func (d *Devices) SetColor(c color.RGBA) {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.color = clip.YCbCr(c)
}

// SetTone changes what the microphone hears, now and later.
func (d *Devices) SetTone(t Tone) {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.tone = t
}

// Played returns what the last opened speaker has pulled, at most the last minute of it.
func (d *Devices) Played() []int16 {
	d.mu.Lock()
	defer d.mu.Unlock()
	return append([]int16(nil), d.played...)
}

// Unplug takes all devices away: what is open fails with err, nothing can be opened until Replug.
func (d *Devices) Unplug(err error) {
	d.mu.Lock()
	open := d.open
	d.open = make(map[*unpluggable]struct{})
	d.missing = err
	d.mu.Unlock()
	for u := range open {
		u.unplug(err)
	}
}

// Replug makes devices available again.
func (d *Devices) Replug() {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.missing = nil
}

// OpenCount is the number of devices that are open.
func (d *Devices) OpenCount() int {
	d.mu.Lock()
	defer d.mu.Unlock()
	return len(d.open)
}

func (d *Devices) list(id, label string) ([]media.DeviceInfo, error) {
	d.mu.Lock()
	defer d.mu.Unlock()
	if d.missing != nil {
		return nil, nil
	}
	return []media.DeviceInfo{{ID: id, Label: label, Default: true}}, nil
}

// Cameras implements media.Devices.
func (d *Devices) Cameras() ([]media.DeviceInfo, error) { return d.list("flat", "Flat colour") }

// Microphones implements media.Devices.
func (d *Devices) Microphones() ([]media.DeviceInfo, error) { return d.list("tone", "Tone") }

// Speakers implements media.Devices.
func (d *Devices) Speakers() ([]media.DeviceInfo, error) { return d.list("tape", "Tape") }

// take registers an open device, if it may be opened.
func (d *Devices) take(name, id string, unplug func(error)) (*unpluggable, error) {
	d.mu.Lock()
	defer d.mu.Unlock()
	if d.missing != nil {
		return nil, d.missing
	}
	if name != "" && name != "test" && name != id {
		return nil, fmt.Errorf("%w: %q", clip.ErrNoDevice, name)
	}
	u := &unpluggable{devices: d, unplug: unplug}
	d.open[u] = struct{}{}
	return u, nil
}

// unpluggable is the entry of an open device.
type unpluggable struct {
	devices *Devices
	unplug  func(error)
}

func (u *unpluggable) release() {
	u.devices.mu.Lock()
	defer u.devices.mu.Unlock()
	delete(u.devices.open, u)
}

// OpenCamera implements media.Devices.
func (d *Devices) OpenCamera(name string, want media.VideoFormat) (media.VideoSource, error) {
	src := &camera{VideoSource: clip.NewPictures(want, func(img *image.YCbCr, _ int64) {
		d.mu.Lock()
		c := d.color
		d.mu.Unlock()
		clip.Fill(img, img.Rect, c)
	})}
	var err error
	src.entry, err = d.take(name, "flat", func(err error) { src.fail(err); src.VideoSource.Close() })
	if err != nil {
		return nil, err
	}
	return src, nil
}

// OpenMicrophone implements media.Devices.
func (d *Devices) OpenMicrophone(name string) (media.AudioSource, error) {
	var o oscillator
	src := &microphone{AudioSource: clip.NewSound(func(pcm []int16) {
		d.mu.Lock()
		t := d.tone
		d.mu.Unlock()
		o.fill(pcm, t)
	})}
	var err error
	src.entry, err = d.take(name, "tone", func(err error) { src.fail(err); src.AudioSource.Close() })
	if err != nil {
		return nil, err
	}
	return src, nil
}

// OpenSpeaker implements media.Devices. An unplugged speaker goes on pulling, as its contract
// says, but remembers nothing.
func (d *Devices) OpenSpeaker(name string, src media.AudioReader, lost func(error)) (io.Closer, error) {
	s := &speaker{}
	entry, err := d.take(name, "tape", func(err error) {
		s.fail(err)
		if lost != nil {
			lost(err)
		}
	})
	if err != nil {
		return nil, err
	}
	s.entry = entry
	d.mu.Lock()
	d.played = nil
	d.mu.Unlock()
	s.Closer = clip.Tap(src, func(pcm []int16) {
		if s.err() != nil {
			return
		}
		d.mu.Lock()
		defer d.mu.Unlock()
		d.played = append(d.played, pcm...)
		if n := len(d.played); n > 2*maxPlayed { // seldom: it copies a minute
			d.played = append([]int16(nil), d.played[n-maxPlayed:]...)
		}
	})
	return s, nil
}

// failure is why an unplugged device is gone.
type failure struct {
	mu    sync.Mutex
	cause error
	entry *unpluggable
}

func (f *failure) fail(err error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.cause = err
}

func (f *failure) err() error {
	f.mu.Lock()
	defer f.mu.Unlock()
	return f.cause
}

// instead returns why the device is gone, or err when it is not.
func (f *failure) instead(err error) error {
	if cause := f.err(); err != nil && cause != nil {
		return cause
	}
	return err
}

type camera struct {
	media.VideoSource
	failure
}

func (c *camera) ReadVideo() (media.VideoFrame, error) {
	f, err := c.VideoSource.ReadVideo()
	return f, c.instead(err)
}

func (c *camera) Close() error {
	c.entry.release()
	c.fail(nil)
	return c.VideoSource.Close()
}

type microphone struct {
	media.AudioSource
	failure
}

func (m *microphone) ReadAudio() (media.AudioFrame, error) {
	f, err := m.AudioSource.ReadAudio()
	return f, m.instead(err)
}

func (m *microphone) Close() error {
	m.entry.release()
	m.fail(nil)
	return m.AudioSource.Close()
}

type speaker struct {
	io.Closer
	failure
}

func (s *speaker) Close() error {
	s.entry.release()
	return s.Closer.Close()
}

// Screens implements media.Devices.
func (d *Devices) Screens() ([]media.ScreenInfo, error) {
	list, err := d.list("flat", "Flat")
	if err != nil || len(list) == 0 {
		return nil, err
	}
	return []media.ScreenInfo{{DeviceInfo: list[0], Width: 640, Height: 360}}, nil
}

// OpenScreen implements media.Devices; the screen shows what the camera shows.
func (d *Devices) OpenScreen(name string, want media.VideoFormat) (media.VideoSource, error) {
	return d.OpenCamera(name, want)
}
