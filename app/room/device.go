package room

import (
	"context"
	"fmt"
	"math"
	"slices"

	"parlor/app/errno"
	"parlor/media"
	"parlor/media/peer"
)

// SetDevice chooses the camera, the microphone or (source 0) the speaker. What is open changes over at once, without a gap in
// the publication: others see no camera or microphone go. If the new device does not open, the old one stays and the error says why.
// The chosen device is the one in use: an earlier SwitchCamera or SetAudioPlaybackDevice is forgotten.
func (c *Context) SetDevice(ctx context.Context, source media.Source, name string) error {
	const api = "x-setDevice"
	done, gone := c.begin(api)
	if gone != nil {
		return gone
	}
	defer done()
	switch source {
	case 0:
		return c.speaker.set(c, api, func(s *speaker) { s.chosen, s.earpiece = name, false })
	case media.Camera:
		return c.setCapture(api, &c.camera, func(k *capture) { k.chosen, k.back = name, false })
	case media.Microphone:
		return c.setCapture(api, &c.microphone, func(k *capture) { k.chosen = name })
	}
	return errno.InvalidParam.Detail(api, "expect a camera, a microphone or a speaker, but got "+source.String(), nil)
}

// SwitchCamera is switchCamera (N-26, N-27); before the camera is on it is remembered.
func (c *Context) SwitchCamera(ctx context.Context, p CameraPosition) error {
	const api = "switchCamera"
	done, gone := c.begin(api)
	if gone != nil {
		return gone
	}
	defer done()
	if p != CameraFront && p != CameraBack {
		return errno.InvalidCamera.Detail(api, fmt.Sprintf(`expect params.camera to be one of "back", "front", but got %.64s`, p), nil)
	}
	return c.setCapture(api, &c.camera, func(k *capture) { k.back = p == CameraBack })
}

// setCapture changes which device is used, now if it is open, or leaves everything as it was.
func (c *Context) setCapture(apiName string, k *capture, change func(*capture)) error {
	k.busy.Lock()
	defer k.busy.Unlock()
	chosen, back := k.chosen, k.back
	change(k)
	var on *taking
	if err := c.finish(func() error { on = k.on; return nil }); err != nil {
		return c.failure(apiName, err)
	}
	if on == nil {
		return nil
	}
	device := c.deviceOf(k)
	if list := c.list(k.source); resolve(list, device) == resolve(list, on.name) {
		return nil
	}
	t, err := c.take(k, device)
	if err != nil {
		c.log.Warn("the other device does not open", "source", k.source, "name", device, "error", err)
		k.chosen, k.back = chosen, back
		return errno.AuthDeny.In(apiName, err)
	}
	c.use(k, t)
	return nil
}

// list returns the devices that give a source, none when the machine does not tell.
func (c *Context) list(source media.Source) []media.DeviceInfo {
	if c.cfg.Kit.Devices == nil {
		return nil
	}
	ask := c.cfg.Kit.Devices.Microphones
	if source == media.Camera {
		ask = c.cfg.Kit.Devices.Cameras
	}
	list, err := ask()
	if err != nil {
		c.log.Warn("the devices are not known", "source", source, "error", err)
	}
	return list
}

// deviceOf returns the name of the device to open. The caller holds busy.
func (c *Context) deviceOf(k *capture) string {
	if !k.back || k.chosen == "none" {
		return k.chosen
	}
	list := c.list(k.source)
	i := slices.IndexFunc(list, func(d media.DeviceInfo) bool { return d.ID == resolve(list, k.chosen) })
	if len(list) == 0 || i >= 0 && len(list) == 1 {
		return k.chosen // there is no other
	}
	return list[(i+1)%len(list)].ID
}

// resolve turns the name of the default device into its ID, so that a device is known under both.
func resolve(list []media.DeviceInfo, name string) string {
	if name == "" {
		for _, d := range list {
			if d.Default {
				return d.ID
			}
		}
	}
	return name
}

// largestScreen is what a shared screen is scaled down to: text stays readable, and an encoder of two cores keeps up.
var largestScreen = media.VideoFormat{Width: 1920, Height: 1080, Rate: 15}

// The bounds of setVideoEncoderConfig; VP8 frames have at most 16383 pixels a side.
const (
	MaxVideoSide = 8192 // pixels
	MaxVideoRate = 120  // frames per second
)

// SetVideoEncoderConfig is setVideoEncoderConfig (N-32): the largest camera picture to be published, at once and for all later
// captures; whole numbers from 1. A camera that was opened for less is opened again, so that what is allowed is used.
func (c *Context) SetVideoEncoderConfig(ctx context.Context, largest media.VideoFormat) error {
	const api = "setVideoEncoderConfig"
	done, gone := c.begin(api)
	if gone != nil {
		return gone
	}
	defer done()
	rate := int(largest.Rate)
	if !within(largest.Width, MaxVideoSide) || !within(largest.Height, MaxVideoSide) || !within(rate, MaxVideoRate) || float64(rate) != largest.Rate {
		return errno.InvalidParam.Detail(api, fmt.Sprintf("expect at most %d x %d pixels and %d frames per second in whole numbers from 1, but got %d x %d and %v",
			MaxVideoSide, MaxVideoSide, MaxVideoRate, largest.Width, largest.Height, largest.Rate), nil)
	}
	k := &c.camera
	k.busy.Lock()
	defer k.busy.Unlock()
	c.largest = largest
	var on *taking
	if err := c.finish(func() error { on = k.on; return nil }); err != nil {
		return c.failure(api, err)
	}
	if on == nil {
		return nil
	}
	on.video.SetLargest(largest)
	if largest.Width <= on.want.Width && largest.Height <= on.want.Height && largest.Rate <= on.want.Rate {
		return nil
	}
	return c.failure(api, c.reopen(k, on))
}

func within(n, limit int) bool { return n >= 1 && n <= limit }

// reopen opens the same camera for the present format. It can be open once only, so that the picture stands for a moment. The
// caller holds busy.
func (c *Context) reopen(k *capture, on *taking) error {
	on.close()
	t, err := c.take(k, on.name)
	if err != nil {
		failure := errno.CameraLost.In("onRtcStateChanged", err)
		c.stopCapture(k, failure)
		c.loop.Post(func() { c.emit(StateChanged{Err: failure}) })
		return errno.AuthDeny.In("setVideoEncoderConfig", err)
	}
	c.use(k, t)
	return nil
}

// cameraFormat is what a camera is asked for. The caller holds camera.busy.
func (c *Context) cameraFormat() media.VideoFormat {
	f := c.cfg.Video
	if c.largest.Width > 0 && c.largest.Height > 0 {
		f.Width, f.Height = c.largest.Width, c.largest.Height
	}
	if c.largest.Rate > 0 {
		f.Rate = math.Min(c.largest.Rate, math.MaxInt16)
	}
	return f
}

// NoiseLevels returns what changeAnsMode takes, from nothing to most.
func NoiseLevels() []media.NoiseLevel {
	return []media.NoiseLevel{media.NoiseDisable, media.NoiseLow, media.NoiseMedium, media.NoiseHigh, media.NoiseAutomatic}
}

// ChangeAnsMode is changeAnsMode (N-33): noise suppression of the microphone, at once and for all later captures.
func (c *Context) ChangeAnsMode(ctx context.Context, level media.NoiseLevel) error {
	const api = "changeAnsMode"
	done, gone := c.begin(api)
	if gone != nil {
		return gone
	}
	defer done()
	if !slices.Contains(NoiseLevels(), level) {
		return errno.InvalidParam.Detail(api, fmt.Sprintf(`expect params.mode to be one of "disable", "low", "medium", "high", "automatic", but got %.64s`, level), nil)
	}
	k := &c.microphone
	k.busy.Lock()
	defer k.busy.Unlock()
	c.noise = level
	var on *taking
	if err := c.finish(func() error { on = k.on; return nil }); err != nil {
		return c.failure(api, err)
	}
	if on != nil {
		c.suppressNoise(on.audio)
	}
	return nil
}

// suppressNoise brings a microphone up to the wish; without noise suppression on this machine its sound goes out as it is. The
// caller holds microphone.busy.
func (c *Context) suppressNoise(audio *peer.AudioCapture) {
	if err := audio.SetNoise(c.noise); err != nil {
		c.log.Warn("no noise suppression", "level", c.noise, "error", err)
	}
}
