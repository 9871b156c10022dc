package room

import (
	"context"

	"parlor/app/errno"
	"parlor/media"
)

// StartScreenShare captures a screen or window (a media.Devices name) and publishes it; it replaces what was shared before, but if
// the new one does not open, that stays. An audio name other than "" publishes that microphone name as the screen's sound.
// The share ends with StopScreenShare, with the stay in the room, or by itself when the screen or window is gone: then
// CaptureChanged carries the error. It needs the privilege to publish video (and audio), and visibility (N-16, N-17). R-84 gives
// mini-apps no such method: it is ours.
func (c *Context) StartScreenShare(ctx context.Context, screen, audio string) error {
	const api = "x-startScreenShare"
	done, gone := c.begin(api)
	if gone != nil {
		return gone
	}
	defer done()
	c.screen.busy.Lock()
	defer c.screen.busy.Unlock()
	c.screenAudio.busy.Lock()
	defer c.screenAudio.busy.Unlock()
	var s *stay
	if err := c.loop.Do(ctx, func() error {
		if s = c.stay; s == nil {
			return errno.InvalidParam.Detail(api, notInRoom, nil)
		}
		return s.mayPublish(api, audio != "", true)
	}); err != nil {
		return c.failure(api, err)
	}
	picture, err := c.take(&c.screen, screen)
	var sound *taking
	if err == nil && audio != "" {
		if sound, err = c.take(&c.screenAudio, audio); err != nil {
			picture.close()
		}
	}
	if err != nil {
		return c.shareFailed(api, err)
	}
	for _, t := range []*taking{picture, sound} {
		if t != nil {
			t.stay = s
		}
	}
	return c.share(api, s, picture, sound)
}

// notInRoom is the detail of errors of calls which make sense in a room only.
const notInRoom = "user is not in a room"

// shareFailed gives the error of a screen that does not open its form. A share that goes on is not told to be off.
func (c *Context) shareFailed(apiName string, cause error) error {
	c.log.Warn("the screen does not open", "error", cause)
	failure := errno.AuthDeny.In(apiName, cause)
	c.loop.Post(func() {
		if c.screen.on == nil {
			c.emit(CaptureChanged{Source: media.Screen, Err: failure})
		}
	})
	return failure
}

// share publishes what was opened, unless the stay is over meanwhile. The caller holds both busy.
func (c *Context) share(apiName string, s *stay, picture, sound *taking) error {
	if err := c.finish(func() error {
		if c.stay != s {
			return errno.InvalidParam.Detail(apiName, notInRoom, nil)
		}
		return nil
	}); err != nil {
		picture.close()
		sound.close()
		return c.failure(apiName, err)
	}
	// When the stay ends just now, its leave waits for busy and stops what is used here.
	if sound != nil {
		c.use(&c.screenAudio, sound)
	} else {
		c.stopCapture(&c.screenAudio, nil)
	}
	c.use(&c.screen, picture)
	return nil
}

// StopScreenShare ends it; stopping twice is fine.
func (c *Context) StopScreenShare(ctx context.Context) error {
	done, gone := c.begin("x-stopScreenShare")
	if gone != nil {
		return gone
	}
	defer done()
	c.stopShare(nil)
	return nil
}

// stopShare ends the share of a stay, or whatever share there is when of is nil.
func (c *Context) stopShare(of *stay) {
	for _, k := range []*capture{&c.screen, &c.screenAudio} {
		k.busy.Lock()
		shared := false
		err := c.finish(func() error {
			shared = k.on != nil && (of == nil || k.on.stay == of)
			return nil
		})
		if shared || err != nil {
			c.stopCapture(k, nil)
		}
		k.busy.Unlock()
	}
}

// shareLost ends a share of which one part went away by itself. The picture takes its sound along. The caller holds busy.
func (c *Context) shareLost(k *capture, cause error) {
	failure := errno.Failed.Detail("x-startScreenShare", "the shared screen or window is gone", cause)
	if k.source == media.ScreenAudio {
		failure = errno.Failed.Detail("x-startScreenShare", "the sound of the shared screen is gone", cause)
	}
	c.stopCapture(k, failure)
	if k.source == media.Screen {
		c.screenAudio.close(c)
	}
}
