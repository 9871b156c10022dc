package room

import (
	"cmp"
	"context"
	"log/slog"
	"sync"
	"sync/atomic"
	"time"

	"parlor/app/api"
	"parlor/app/errno"
	"parlor/app/internal/loop"
	"parlor/app/session"
	"parlor/media"
	"parlor/media/peer"
)

// Context is one RtcRoomContext. All methods are safe on any goroutine; those with a ctx block.
type Context struct {
	cfg   Config
	log   *slog.Logger
	loop  *loop.Loop
	mixer *peer.Mixer

	camera      capture
	microphone  capture
	screen      capture
	screenAudio capture           // only ever open together with screen; its busy is locked after screen's
	largest     media.VideoFormat // to be published of the camera, zero: as captured; under camera.busy
	noise       media.NoiseLevel  // under microphone.busy
	speaker     speaker
	stats       atomic.Pointer[peer.Peer] // of the present or the last stay, for Stats
	tasks       sync.WaitGroup            // goroutines of the Context itself

	destroyed atomic.Bool
	calls     sync.RWMutex // read-locked by every call, so that Close can wait for them

	visibility sync.Mutex // held while it changes, and by a join that carries it; before the loop

	// What follows is touched on the loop only.
	state   Connection
	stay    *stay // nil outside a room
	joining *joining
	audio   wish // to publish the microphone
	video   wish // to publish the camera
	// invisible is the wish of changeUserVisibility. It is written with visibility held, too.
	invisible bool
	shows     map[shown]*media.Display
}

// joining is a joinRtcRoom on its way.
type joining struct {
	options JoinOptions
	cancel  context.CancelFunc
}

// New makes a Context; it is in no room and opens no device. Close ends it.
func New(cfg Config) (*Context, error) {
	if cfg.AppID == "" {
		return nil, errno.InvalidParam.In("createRtcRoomContext")
	}
	if cfg.Log == nil {
		cfg.Log = slog.Default()
	}
	if cfg.OnEvent == nil {
		cfg.OnEvent = func(Event) {}
	}
	if cfg.Video == (media.VideoFormat{}) {
		cfg.Video = media.VideoFormat{Width: 640, Height: 360, Rate: 30}
	}
	c := &Context{
		cfg: cfg, log: cfg.Log, loop: loop.New(cfg.Log), mixer: peer.NewMixer(),
		shows: make(map[shown]*media.Display),
	}
	c.camera.source, c.camera.chosen = media.Camera, cfg.Camera
	c.microphone.source, c.microphone.chosen = media.Microphone, cfg.Microphone
	c.screen.source, c.screenAudio.source = media.Screen, media.ScreenAudio
	c.speaker.chosen, c.largest, c.noise = cfg.Speaker, cfg.Largest, cmp.Or(cfg.Noise, media.NoiseDisable)
	return c, nil
}

// Join is joinRtcRoom (R-5..R-27).
func (c *Context) Join(ctx context.Context, o JoinOptions) error {
	const api = "joinRtcRoom"
	done, gone := c.begin(api)
	if gone != nil {
		return gone
	}
	defer done()
	if !ValidID(o.RoomID) || !ValidID(o.UserID) || o.Token == "" {
		return errno.InvalidParam.In(api)
	}
	if len(o.Token) > maxToken {
		return errno.InvalidToken.In(api)
	}
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	if err := c.finish(func() error {
		if err := ctx.Err(); err != nil {
			return err
		}
		return c.startJoin(o, cancel)
	}); err != nil {
		return c.failure(api, err)
	}
	c.visibility.Lock() // who changes it now waits until the join has told the server of it
	defer c.visibility.Unlock()
	s, err := c.enter(ctx, o)
	err = c.finish(func() error {
		if err == nil {
			err = ctx.Err() // Exit cancels on this loop, so there is no race: who was told to be out is out
		}
		return c.finishJoin(o, s, err)
	})
	if err != nil && s != nil {
		s.leave(context.Background())
	}
	return c.failure(api, err)
}

// finish runs f on the loop whatever happens to the caller's context: what was started must end.
func (c *Context) finish(f func() error) error { return c.loop.Do(context.Background(), f) }

// startJoin runs on the loop.
func (c *Context) startJoin(o JoinOptions, cancel context.CancelFunc) error {
	switch {
	case c.stay != nil:
		return errno.AlreadyInRoom.In("joinRtcRoom", c.stay.options.UserID, c.stay.options.RoomID)
	case c.joining != nil:
		return errno.AlreadyInRoom.In("joinRtcRoom", c.joining.options.UserID, c.joining.options.RoomID)
	}
	c.joining = &joining{options: o, cancel: cancel}
	c.setState(ConnectionChanged{State: Joining})
	return nil
}

// enter does the slow part of a join, off the loop.
func (c *Context) enter(ctx context.Context, o JoinOptions) (*stay, error) {
	s := newStay(c, o)
	opened, reply, err := session.Open(ctx, session.Config{
		Server: c.cfg.Server, Transport: c.cfg.Transport, Client: c.cfg.Client, Log: c.log,
		AppID: c.cfg.AppID, RoomID: o.RoomID, UserID: o.UserID, Token: o.Token, Invisible: c.invisible,
		OnEvent: func(e *api.Event) { c.loop.Post(func() { s.handle(e) }) },
		OnState: func(st session.State, rejoined bool) { c.loop.Post(func() { s.handleState(st, rejoined) }) },
	})
	if err != nil {
		return nil, api.FromConnect("joinRtcRoom", err)
	}
	s.session, s.first = opened, reply
	s.peer = peer.New(peer.Config{
		Signal: s.signal, OnState: s.onMedia, Codecs: c.cfg.Kit.Codecs, Mixer: c.mixerFor(),
		Recorder: c.cfg.Recorder, Net: c.cfg.Net, Log: c.log,
	})
	c.speaker.start(c, s)
	return s, nil
}

// mixerFor returns the mixer if sound can be decoded at all.
func (c *Context) mixerFor() *peer.Mixer {
	if c.cfg.Kit.Codecs == nil {
		return nil
	}
	return c.mixer
}

// finishJoin runs on the loop.
func (c *Context) finishJoin(o JoinOptions, s *stay, err error) error {
	c.joining = nil
	if err == nil && c.destroyed.Load() {
		err = errno.EngineDestroyed.In("joinRtcRoom")
	}
	if err != nil {
		c.setState(ConnectionChanged{State: Outside})
		c.emit(Exited{RoomID: o.RoomID, Err: errno.As("joinRtcRoom", err)})
		return err
	}
	c.stay = s
	c.stats.Store(s.peer)
	c.setState(ConnectionChanged{State: Inside})
	c.emit(Joined{RoomID: o.RoomID, UserID: UserID(o.UserID)})
	s.start()
	return nil
}

// Exit is exitRtcRoom; it leaves the present room whatever roomID says, and succeeds in none.
func (c *Context) Exit(ctx context.Context, roomID string) error {
	const api = "exitRtcRoom"
	done, gone := c.begin(api)
	if gone != nil {
		return gone
	}
	defer done()
	return c.failure(api, c.exit(ctx))
}

func (c *Context) exit(ctx context.Context) error {
	var s *stay
	err := c.finish(func() error {
		if c.joining != nil {
			c.joining.cancel()
		}
		s = c.endStay(nil)
		return nil
	})
	if s != nil {
		s.leave(ctx)
	}
	return err
}

// endStay runs on the loop: the user is out from now on. The caller must leave() the result, off the loop.
func (c *Context) endStay(reason *errno.Error) *stay {
	s := c.stay
	if s == nil {
		return nil
	}
	c.stay = nil
	s.over = true
	for _, k := range c.pictures() {
		k.preview(c.ownDisplay(k.source))
	}
	c.setState(ConnectionChanged{State: Outside})
	c.emit(Exited{RoomID: s.options.RoomID, Err: reason})
	return s
}

// present returns the stay of a call that makes sense in a room only.
func (c *Context) present(ctx context.Context, apiName string) (*stay, error) {
	var s *stay
	err := c.loop.Do(ctx, func() error {
		if s = c.stay; s == nil {
			return errno.InvalidParam.Detail(apiName, notInRoom, nil)
		}
		return nil
	})
	return s, c.failure(apiName, err)
}

// SetGain sets how loud a user is for this listener, 0..2.
func (c *Context) SetGain(user UserID, gain float64) { c.mixer.SetGain(string(user), gain) }

// Play mixes a short sound of the program itself into what the speaker plays, in a room only: outside no speaker is open. The samples
// (mono, 48 kHz) must not change afterwards.
func (c *Context) Play(pcm []int16) { c.mixer.Play(pcm) }

// Stats is what Stats returns.
type Stats = peer.Stats

// Stats returns the counters of the media connection of the present or the last stay in a room.
func (c *Context) Stats() Stats {
	if p := c.stats.Load(); p != nil {
		return p.Stats()
	}
	return Stats{}
}

// RetryNow cuts the wait before the next attempt to reconnect short.
func (c *Context) RetryNow() {
	c.loop.Post(func() {
		if c.stay != nil {
			c.stay.session.RetryNow()
		}
	})
}

// Close destroys the context: it leaves the room, closes the devices and waits. Every later call
// fails with errno.EngineDestroyed.
func (c *Context) Close() error {
	if c.destroyed.Swap(true) {
		return nil
	}
	ctx, cancel := context.WithTimeout(context.Background(), 5*time.Second)
	defer cancel()
	err := c.exit(ctx)
	c.calls.Lock() // waits for the calls under way; later ones see destroyed
	defer c.calls.Unlock()
	for _, k := range []*capture{&c.camera, &c.microphone, &c.screen, &c.screenAudio} {
		k.close(c)
	}
	c.tasks.Wait()
	c.loop.Close()
	return err
}

// setState runs on the loop.
func (c *Context) setState(e ConnectionChanged) {
	c.state = e.State
	c.emit(e)
}

func (c *Context) emit(e Event) { c.cfg.OnEvent(e) }

// begin registers a call, or refuses it on a destroyed context; done must be called at its end.
func (c *Context) begin(apiName string) (done func(), gone error) {
	c.calls.RLock()
	if c.destroyed.Load() {
		c.calls.RUnlock()
		return nil, errno.EngineDestroyed.In(apiName)
	}
	return c.calls.RUnlock, nil
}

// failure gives every error of a call its documented form.
func (c *Context) failure(apiName string, err error) error {
	if err == nil {
		return nil
	}
	if err == loop.ErrClosed {
		return errno.EngineDestroyed.In(apiName, err)
	}
	return errno.As(apiName, err)
}
