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

// capture is one of the two devices of a Context, open or not. Opening and closing may take a second
// and are serialised by busy; everything else is touched on the loop only.
type capture struct {
	source media.Source
	name   atomic.Pointer[string] // of the device to open
	busy   sync.Mutex
	level  atomic.Pointer[peer.AudioCapture] // the microphone, when on, for its level

	on    *opening           // nil when closed
	video *peer.VideoCapture // the camera, when on
	audio *peer.AudioCapture // the microphone, when on
}

// opening tells one opening of a device from the next.
type opening struct{ _ byte }

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
	if err := c.startCapture(k); err != nil {
		c.log.Warn("the device does not open", "source", k.source, "name", *k.name.Load(), "error", err)
		failure := errno.AuthDeny.In(apiName, err)
		c.loop.Post(func() { c.emit(CaptureChanged{Source: k.source, Err: failure}) })
		return failure
	}
	return nil
}

// startCapture opens the device. The caller holds busy.
func (c *Context) startCapture(k *capture) error {
	devices := c.cfg.Kit.Devices
	if devices == nil {
		return errors.New("no devices on this client")
	}
	var video *peer.VideoCapture
	var audio *peer.AudioCapture
	this := new(opening)
	lost := func(err error) { c.tasks.Go(func() { c.captureLost(k, this, err) }) }
	cfg := peer.CaptureConfig{Codecs: c.cfg.Kit.Codecs, OnLost: lost, Log: c.log}
	if k.source == media.Camera {
		src, err := devices.OpenCamera(*k.name.Load(), c.cfg.Video)
		if err != nil {
			return err
		}
		video = peer.NewVideoCapture(src, cfg)
	} else {
		src, err := devices.OpenMicrophone(*k.name.Load())
		if err != nil {
			return err
		}
		audio = peer.NewAudioCapture(src, cfg)
	}
	return c.finish(func() error {
		k.on, k.video, k.audio = this, video, audio
		k.level.Store(audio)
		k.preview(c.ownDisplay())
		c.emit(CaptureChanged{Source: k.source, On: true})
		c.publish()
		return nil
	})
}

// stopCapture closes the device. The caller holds busy.
func (c *Context) stopCapture(k *capture, reason *errno.Error) {
	var video *peer.VideoCapture
	var audio *peer.AudioCapture
	err := c.finish(func() error {
		if k.on == nil {
			return nil
		}
		video, audio = k.video, k.audio
		k.on, k.video, k.audio = nil, nil, nil
		k.level.Store(nil)
		if video != nil {
			if d := c.ownDisplay(); d != nil {
				defer d.Clear()
			}
		}
		c.emit(CaptureChanged{Source: k.source, Err: reason})
		c.publish()
		return nil
	})
	if err != nil {
		video, audio = k.video, k.audio // the loop is closed: nobody else touches them any more
	}
	if video != nil {
		video.Close()
	}
	if audio != nil {
		audio.Close()
	}
}

// captureLost is called when a device went away by itself.
func (c *Context) captureLost(k *capture, this *opening, cause error) {
	k.busy.Lock()
	defer k.busy.Unlock()
	current := false
	reason := errno.MicrophoneLost
	if k.source == media.Camera {
		reason = errno.CameraLost
	}
	failure := reason.In("onRtcStateChanged", cause)
	if err := c.finish(func() error {
		current = k.on == this
		return nil
	}); err != nil || !current {
		return
	}
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
	if k.video != nil {
		k.video.Preview(d)
	}
}

// feed is what can be published, nil when the device is closed. It runs on the loop.
func (k *capture) feed() peer.Feed {
	switch {
	case k.video != nil:
		return k.video
	case k.audio != nil:
		return k.audio
	}
	return nil
}

// MicrophoneLevel is the loudness of the own microphone, 0..100, 0 when it is off.
func (c *Context) MicrophoneLevel() int {
	if audio := c.microphone.level.Load(); audio != nil {
		return audio.Level()
	}
	return 0
}
