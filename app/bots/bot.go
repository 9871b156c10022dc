package bots

import (
	"context"
	"errors"
	"log/slog"
	"net/http"
	"sync"
	"time"

	"parlor/app/room"
	"parlor/app/session"
	"parlor/app/token"
	"parlor/media"
)

const (
	tokenTTL  = 24 * time.Hour   // of each token; a bot that stays longer renews it
	joinLimit = 10 * time.Second // for the calls of one join
)

// Bot is one virtual user in a room. Its methods are safe on any goroutine.
type Bot struct {
	cfg       Config
	user      string
	log       *slog.Logger
	context   *room.Context
	transport *http.Transport
	expire    chan struct{} // cap 1: one wish to renew the token; a second changes nothing
	removing  sync.Once
	removed   chan struct{} // closed when the room has removed it

	closing sync.Once
	cancel  context.CancelFunc
	done    chan struct{} // closed when keep has ended
}

// Join lets a user of a name enter the room, with camera and microphone on as far as there are any. Count, Prefix and OnBot of
// the Config do not matter; i chooses the devices. Close the Bot to leave.
func Join(ctx context.Context, cfg Config, user string, i int) (*Bot, error) {
	cfg.complete()
	b, _, err := join(ctx, cfg, user, i)
	return b, err
}

func join(ctx context.Context, cfg Config, user string, i int) (*Bot, time.Duration, error) {
	b := &Bot{
		cfg: cfg, user: user, log: cfg.Log.With("bot", user), transport: session.NewTransport(nil),
		expire: make(chan struct{}, 1), removed: make(chan struct{}), done: make(chan struct{}),
	}
	var err error
	b.context, err = room.New(room.Config{
		Server: cfg.Server, AppID: cfg.AppID, Kit: media.Kit{Devices: cfg.Devices(i)},
		OnEvent: b.onEvent, Transport: b.transport, Client: cfg.Client, Log: b.log,
	})
	if err != nil {
		return nil, 0, err
	}
	took, err := b.enter(ctx)
	if err != nil {
		b.context.Close()
		b.transport.CloseIdleConnections()
		return nil, 0, err
	}
	var life context.Context
	life, b.cancel = context.WithCancel(context.Background())
	go b.keep(life)
	return b, took, nil
}

// enter turns the devices on, as far as there are any, and joins. A join on its way is not broken off by the end of ctx: the
// server would keep a user of whom the client knows nothing.
func (b *Bot) enter(ctx context.Context) (time.Duration, error) {
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), joinLimit)
	defer cancel()
	if err := b.SetCamera(ctx, true); err != nil {
		b.log.Info("no camera", "error", err)
	}
	if err := b.SetMicrophone(ctx, !b.cfg.Silent); err != nil {
		b.log.Info("no microphone", "error", err)
	}
	text, err := b.token()
	if err != nil {
		return 0, err
	}
	start := time.Now()
	err = b.context.Join(ctx, room.JoinOptions{RoomID: b.cfg.Room, UserID: b.user, Token: text})
	return time.Since(start), err
}

func (b *Bot) token() (string, error) {
	return token.Mint(token.MintOptions{
		AppID: b.cfg.AppID, AppKey: b.cfg.AppKey, RoomID: b.cfg.Room, UserID: b.user, TTL: tokenTTL,
	})
}

// UserID is the bot's name.
func (b *Bot) UserID() string { return b.user }

// SetMicrophone turns the microphone on or off.
func (b *Bot) SetMicrophone(ctx context.Context, on bool) error {
	return b.context.ChangeAudioCapture(ctx, on)
}

// SetCamera turns the camera on or off.
func (b *Bot) SetCamera(ctx context.Context, on bool) error {
	return b.context.ChangeVideoCapture(ctx, on)
}

// ShareScreen shares the default screen of its devices, or stops.
func (b *Bot) ShareScreen(ctx context.Context, on bool) error {
	if on {
		return b.context.StartScreenShare(ctx, "", "")
	}
	return b.context.StopScreenShare(ctx)
}

// Removed is closed when the room has removed the bot against its will.
func (b *Bot) Removed() <-chan struct{} { return b.removed }

// Done is closed when the bot has left by Close.
func (b *Bot) Done() <-chan struct{} { return b.done }

// Close leaves the room. Twice is fine.
func (b *Bot) Close() {
	b.closing.Do(func() {
		b.cancel()
		b.context.Close()
		<-b.done
		b.transport.CloseIdleConnections()
	})
}

// keep renews the token for as long as the bot lives.
func (b *Bot) keep(ctx context.Context) {
	defer close(b.done)
	for {
		select {
		case <-ctx.Done():
			return
		case <-b.expire:
		}
		text, err := b.token()
		if err == nil {
			err = b.context.UpdateToken(ctx, text)
		}
		if err != nil && ctx.Err() == nil {
			b.log.Warn("the token was not renewed", "error", err)
		}
	}
}

// onEvent runs on the context's loop.
func (b *Bot) onEvent(ev room.Event) {
	switch ev := ev.(type) {
	case room.RoomTokenWillExpire:
		select {
		case b.expire <- struct{}{}:
		default:
		}
	case room.Exited:
		if ev.Err != nil {
			b.log.Info("out of the room", "error", errors.Unwrap(ev.Err), "reason", ev.Err.ErrMsg)
			b.removing.Do(func() { close(b.removed) })
		}
	}
}
