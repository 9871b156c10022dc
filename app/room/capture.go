package room

import (
	"context"
	"errors"
	"sync"
	"sync/atomic"

	"parlor/app/errno"
	"parlor/media"
	"parlor/media/peer"
)

// capture is one source of own media of a Context, open or not. Opening and closing may take a second and are
// serialised by busy; on is touched on the loop only.
type capture struct {
	source media.Source
	level  atomic.Pointer[peer.AudioCapture] // the microphone, when on, for its level

	busy   sync.Mutex // guards what follows up to on
	chosen string     // device name as in media.Devices
	back   bool       // of the camera: the one after the chosen one is used

	on *taking // nil when closed
}

// taking is one opening of a device: exactly one of video and audio is set.
type taking struct {
	name  string            // of the device, as given
	want  media.VideoFormat // of a camera: what it was asked for
	stay  *stay             // of a shared screen: the stay that it ends with
	video *peer.VideoCapture
	audio *peer.AudioCapture
}

// close closes the device and waits. Nil is fine.
func (t *taking) close() {
	switch {
	case t == nil:
	case t.video != nil:
		t.video.Close()
	case t.audio != nil:
		t.audio.Close()
	}
}

// ChangeAudioCapture is changeAudioCapture (N-1..N-9).
func (c *Context) ChangeAudioCapture(ctx context.Context, on bool) error {
	return c.changeCapture(ctx, "changeAudioCapture", &c.microphone, on)
}

// ChangeVideoCapture is changeVideoCapture (N-10..N-12).
func (c *Context) ChangeVideoCapture(ctx context.Context, on bool) error {
	return c.changeCapture(ctx, "changeVideoCapture", &c.camera, on)
}

func (c *Context) changeCapture(ctx context.Context, apiName string, k *capture, on bool) error {
	done, gone := c.begin(apiName)
	if gone != nil {
		return gone
	}
	defer done()
	k.busy.Lock()
	defer k.busy.Unlock()
	var isOn bool
	if err := c.loop.Do(ctx, func() error { isOn = k.on != nil; return nil }); err != nil {
		return c.failure(apiName, err)
	}
	if isOn == on {
		return nil
	}
	if !on {
		c.stopCapture(k, nil)
		return nil
	}
	t, err := c.take(k, c.deviceOf(k))
	if err != nil {
		c.log.Warn("the device does not open", "source", k.source, "name", k.chosen, "error", err)
		failure := errno.AuthDeny.In(apiName, err)
		c.loop.Post(func() { c.emit(CaptureChanged{Source: k.source, Err: failure}) })
		return failure
	}
	c.use(k, t)
	return nil
}

// take opens a device for the capture. The caller holds busy and must use or close the result.
func (c *Context) take(k *capture, name string) (*taking, error) {
	devices := c.cfg.Kit.Devices
	if devices == nil {
		return nil, errors.New("no devices on this client")
	}
	t := &taking{name: name}
	cfg := peer.CaptureConfig{
		Codecs: c.cfg.Kit.Codecs, Log: c.log,
		OnLost: func(err error) { c.tasks.Go(func() { c.captureLost(k, t, err) }) },
	}
	switch k.source {
	case media.Camera, media.Screen:
		open := devices.OpenScreen
		t.want = largestScreen
		if cfg.Screen = k.source == media.Screen; !cfg.Screen {
			open, cfg.Largest = devices.OpenCamera, c.largest
			t.want = c.cameraFormat()
		}
		src, err := open(name, t.want)
		if err != nil {
			return nil, err
		}
		t.video = peer.NewVideoCapture(src, cfg)
	default:
		src, err := devices.OpenMicrophone(name)
		if err != nil {
			return nil, err
		}
		t.audio = peer.NewAudioCapture(src, cfg)
		if k.source == media.Microphone {
			c.suppressNoise(t.audio)
		}
	}
	return t, nil
}

// use makes t what the capture gives, in the preview and to the others, and closes what it gave before. A track that
// is published goes on. The caller holds busy.
func (c *Context) use(k *capture, t *taking) {
	var old *taking
	err := c.finish(func() error {
		old, k.on = k.on, t
		k.level.Store(t.audio)
		k.preview(c.ownDisplay(k.source)) // the old one is not taken off before: there would be a gap in the picture
		c.emit(CaptureChanged{Source: k.source, Name: t.name, On: true})
		c.publish()
		return nil
	})
	if err != nil { // the loop is closed: nobody wants it any more
		old = t
	}
	old.close()
}

// stopCapture closes the device. The caller holds busy.
func (c *Context) stopCapture(k *capture, reason *errno.Error) {
	var old *taking
	err := c.finish(func() error {
		if k.on == nil {
			return nil
		}
		old, k.on = k.on, nil
		k.level.Store(nil)
		if old.video != nil {
			if d := c.ownDisplay(k.source); d != nil {
				defer d.Clear()
			}
		}
		c.emit(CaptureChanged{Source: k.source, Name: old.name, Err: reason})
		c.publish()
		return nil
	})
	if err != nil {
		old = k.on // the loop is closed: nobody else touches it any more
	}
	old.close()
}

// captureLost is called when a device went away by itself.
func (c *Context) captureLost(k *capture, t *taking, cause error) {
	k.busy.Lock()
	defer k.busy.Unlock()
	current := false
	if err := c.finish(func() error {
		current = k.on == t
		return nil
	}); err != nil || !current {
		return
	}
	var kind *errno.Kind
	switch k.source {
	case media.Camera:
		kind = errno.CameraLost
	case media.Microphone:
		kind = errno.MicrophoneLost
	default: // no document knows of shared screens: the end of one is no state of theirs
		c.shareLost(k, cause)
		return
	}
	failure := kind.In("onRtcStateChanged", cause)
	c.stopCapture(k, failure)
	c.loop.Post(func() { c.emit(StateChanged{Err: failure}) })
}

// close ends the capture for good.
func (k *capture) close(c *Context) {
	k.busy.Lock()
	defer k.busy.Unlock()
	c.stopCapture(k, nil)
}

// preview runs on the loop.
func (k *capture) preview(d *media.Display) {
	if k.on != nil && k.on.video != nil {
		k.on.video.Preview(d)
	}
}

// feed is what can be published, nil when the device is closed. It runs on the loop.
func (k *capture) feed() peer.Feed {
	switch {
	case k.on == nil:
		return nil
	case k.on.video != nil:
		return k.on.video
	}
	return k.on.audio
}

// MicrophoneLevel is the loudness of the own microphone, 0..100, 0 when it is off.
func (c *Context) MicrophoneLevel() int {
	if audio := c.microphone.level.Load(); audio != nil {
		return audio.Level()
	}
	return 0
}
