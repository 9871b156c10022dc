package bridge

import (
	"fmt"
	"maps"
	"time"

	"parlor/app/room"
	"parlor/media"
)

// create makes a context. Whether the server lets the app have one is found out by verifyApp.
func (c *call) create() (any, error) {
	return nil, c.b.replace(func() (engine, error) {
		c.b.setEvents()
		c.b.mu.Lock()
		cfg, gains := c.b.cfg.Room, maps.Clone(c.b.gains)
		c.b.mu.Unlock()
		cfg.AppID = c.params.text("appId")
		cfg.OnEvent = c.b.onEvent
		e, err := c.b.newRoom(cfg)
		if err != nil {
			return nil, err
		}
		for user, gain := range gains {
			e.SetGain(user, gain)
		}
		return e, nil
	})
}

// verifyApp takes the context away again when the server does not know the app.
func (c *call) verifyApp() error {
	err := c.b.known(c.ctx, c.params.text("appId"))
	if err == nil {
		return nil
	}
	if closeErr := c.b.replace(nil); closeErr != nil {
		return closeErr
	}
	return err
}

func (c *call) destroy() (any, error) { return nil, c.b.replace(nil) }

func (c *call) join() (any, error) {
	return nil, c.engine.Join(c.ctx, room.JoinOptions{
		RoomID:          c.params.text("roomId"),
		UserID:          c.params.text("userId"),
		Token:           c.params.text("token"),
		NoAutoPublish:   c.params.is("roomConfig.autoPublish", false),
		NoAutoSubscribe: c.params.is("roomConfig.autoSubscribe", false),
	})
}

func (c *call) exit() (any, error) {
	return nil, c.engine.Exit(c.ctx, c.params.text("roomId"))
}

func (c *call) updateToken() (any, error) {
	return nil, c.engine.UpdateToken(c.ctx, c.params.text("token"))
}

func (c *call) changeVisibility() (any, error) {
	return nil, c.engine.ChangeUserVisibility(c.ctx, c.params.is("visible", true))
}

// on reads the parameter state.
func (c *call) on() bool { return c.params.is("state", 1.0) }

func (c *call) changeAudio() (any, error) { return nil, c.engine.ChangeAudioCapture(c.ctx, c.on()) }

func (c *call) changeVideo() (any, error) { return nil, c.engine.ChangeVideoCapture(c.ctx, c.on()) }

func (c *call) switchCamera() (any, error) {
	return nil, c.engine.SwitchCamera(c.ctx, room.CameraPosition(c.params.text("camera")))
}

func (c *call) setPlaybackDevice() (any, error) {
	return nil, c.engine.SetAudioPlaybackDevice(c.ctx, room.PlaybackDevice(c.params.text("device")))
}

func (c *call) setEncoder() (any, error) {
	return nil, c.engine.SetVideoEncoderConfig(c.ctx, media.VideoFormat{
		Width: int(c.params.number("maxSolution.width", 0)), Height: int(c.params.number("maxSolution.height", 0)),
		Rate: c.params.number("maxSolution.frameRate", 0),
	})
}

func (c *call) changeNoise() (any, error) {
	return nil, c.engine.ChangeAnsMode(c.ctx, media.NoiseLevel(c.params.text("mode")))
}

func (c *call) streams() room.StreamType { return room.StreamType(c.params.text("streamType")) }

func (c *call) changePublish() (any, error) {
	return nil, c.engine.ChangeStreamPublishState(c.ctx, c.on(), c.streams())
}

func (c *call) changeStreamSubscribe() (any, error) {
	return nil, c.engine.ChangeStreamSubscribeState(c.ctx, c.on(), room.UserID(c.params.text("userId")), c.streams())
}

func (c *call) changeScreenSubscribe() (any, error) {
	return nil, c.engine.ChangeScreenSubscribeState(c.ctx, c.on(), room.UserID(c.params.text("userId")), c.streams())
}

// setDevice works without a context, too: the next one takes it.
func (c *call) setDevice() (any, error) {
	name := c.params.text("name")
	var source media.Source
	field := &c.b.cfg.Room.Speaker
	switch c.params.text("kind") {
	case "camera":
		source, field = media.Camera, &c.b.cfg.Room.Camera
	case "microphone":
		source, field = media.Microphone, &c.b.cfg.Room.Microphone
	}
	if c.engine != nil {
		if err := c.engine.SetDevice(c.ctx, source, name); err != nil {
			return nil, err
		}
	}
	c.b.mu.Lock()
	defer c.b.mu.Unlock()
	*field = name
	return nil, nil
}

// maxGains bounds the users whose loudness is remembered, far above any room's size.
const maxGains = 10_000

// setGain works without a context, too: the next one takes it.
func (c *call) setGain() (any, error) {
	user, gain := room.UserID(c.params.text("userId")), c.params.number("gain", 1)
	if !room.ValidID(string(user)) {
		return nil, fmt.Errorf("params.userId should be 1 to 128 characters of a-z A-Z 0-9 @ . _ -, but got %q", shorten(string(user)))
	}
	c.b.mu.Lock()
	_, known := c.b.gains[user]
	switch {
	case gain == 1:
		delete(c.b.gains, user)
	case !known && len(c.b.gains) >= maxGains:
		c.b.mu.Unlock()
		return nil, fmt.Errorf("the loudness of %d users is set already", maxGains)
	default:
		c.b.gains[user] = gain
	}
	c.b.mu.Unlock()
	if c.engine != nil {
		c.engine.SetGain(user, gain)
	}
	return nil, nil
}

func (c *call) startShare() (any, error) {
	return nil, c.engine.StartScreenShare(c.ctx, c.params.text("screen"), c.params.text("audio"))
}

func (c *call) stopShare() (any, error) { return nil, c.engine.StopScreenShare(c.ctx) }

func (c *call) sendMessage() (any, error) {
	m, err := c.engine.SendMessage(c.ctx, c.params.text("text"))
	if err != nil {
		return nil, err
	}
	return messageOf(m), nil
}

func (c *call) retryNow() (any, error) {
	c.engine.RetryNow()
	return nil, nil
}

func (c *call) sleep() (any, error) {
	d, err := c.params.pause("ms", 0)
	if err != nil {
		return nil, err
	}
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-timer.C:
		return nil, nil
	case <-c.ctx.Done():
		return nil, c.over()
	}
}
