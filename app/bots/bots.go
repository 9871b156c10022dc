// Package bots is for company: virtual users who join a room, send picture and sound from files or from
// the built-in clips, and receive everybody else without showing anything.
package bots

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"sync"
	"time"

	"parlor/app/room"
	"parlor/app/session"
	"parlor/app/token"
	"parlor/media"
	"parlor/media/clip"
)

const (
	tokenTTL    = 24 * time.Hour   // of each token; a bot that stays longer renews it
	joinsAtOnce = 8                // joins under way at the same time; more would only wait in the server
	joinLimit   = 10 * time.Second // for the calls of one join
)

// Config describes a group of bots.
type Config struct {
	Server        string // base URL
	AppID, AppKey string
	Room          string
	Prefix        string // of the user ids; "" is "bot": bot1, bot2 …
	Count         int    // from 1

	Devices func(i int) media.Devices // camera and microphone of bot i, from 0; nil: the built-in clips
	OnBot   func(Report)              // told once per bot when it has joined, or failed to; one at a time; may be nil
	Client  string                    // program and version, for the server's log
	Log     *slog.Logger
}

// Report tells how the join of one bot went.
type Report struct {
	UserID string  `json:"userId"`
	Joined bool    `json:"joined"`
	JoinMS float64 `json:"joinMs"` // from the call of joinRtcRoom to its end
	Error  string  `json:"error,omitempty"`
}

// Summary counts what a group did.
type Summary struct {
	Bots            int    `json:"bots"`
	Joined          int    `json:"joined"`
	Removed         int    `json:"removed"` // left the room before the end, against their will
	PacketsSent     uint64 `json:"packetsSent"`
	PacketsReceived uint64 `json:"packetsReceived"`
	PacketsLost     uint64 `json:"packetsLost"` // of those to be received
}

// group is one Run.
type group struct {
	cfg  Config
	gate chan struct{} // cap joinsAtOnce

	mu      sync.Mutex
	summary Summary
	failed  error // the first
}

// Run joins all bots and lets them stay until ctx ends or all have been removed; then they leave. The
// error tells how many could not join; the others stay nevertheless.
func Run(ctx context.Context, cfg Config) (Summary, error) {
	if cfg.Count < 1 {
		return Summary{}, fmt.Errorf("bots: count is %d, want 1 or more", cfg.Count)
	}
	if cfg.Prefix == "" {
		cfg.Prefix = "bot"
	}
	if cfg.Devices == nil {
		cfg.Devices = clip.Builtin
	}
	if cfg.Log == nil {
		cfg.Log = slog.Default()
	}
	g := &group{cfg: cfg, gate: make(chan struct{}, joinsAtOnce), summary: Summary{Bots: cfg.Count}}
	var all sync.WaitGroup
	for i := range cfg.Count {
		all.Go(func() { g.bot(ctx, i) })
	}
	all.Wait()
	if missing := cfg.Count - g.summary.Joined; missing > 0 && g.failed != nil {
		return g.summary, fmt.Errorf("%d of %d bots did not join: %w", missing, cfg.Count, g.failed)
	}
	return g.summary, nil
}

// bot is the life of one.
func (g *group) bot(ctx context.Context, i int) {
	b := &bot{
		user:    fmt.Sprintf("%s%d", g.cfg.Prefix, i+1),
		expire:  make(chan struct{}, 1), // one wish to renew the token; a second changes nothing
		removed: make(chan struct{}),
	}
	b.log = g.cfg.Log.With("bot", b.user)
	transport := session.NewTransport(nil)
	defer transport.CloseIdleConnections()
	var err error
	b.context, err = room.New(room.Config{
		Server: g.cfg.Server, AppID: g.cfg.AppID, Kit: media.Kit{Devices: g.cfg.Devices(i)},
		OnEvent: b.onEvent, Transport: transport, Client: g.cfg.Client, Log: b.log,
	})
	if err != nil {
		g.report(Report{UserID: b.user}, err)
		return
	}
	defer b.context.Close()
	select {
	case <-ctx.Done():
		return
	case g.gate <- struct{}{}:
	}
	if ctx.Err() != nil { // both were ready
		<-g.gate
		return
	}
	took, err := g.join(ctx, b)
	<-g.gate
	if err != nil {
		if ctx.Err() == nil {
			g.report(Report{UserID: b.user}, err)
		}
		return
	}
	g.report(Report{UserID: b.user, Joined: true, JoinMS: float64(took.Microseconds()) / 1000}, nil)
	g.stay(ctx, b)
	g.count(b)
}

// join turns the devices on, as far as there are any, and enters the room. A join on its way is not broken
// off by the end of ctx: the server would keep a user of whom the client knows nothing.
func (g *group) join(ctx context.Context, b *bot) (time.Duration, error) {
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), joinLimit)
	defer cancel()
	if err := b.context.ChangeVideoCapture(ctx, true); err != nil {
		b.log.Info("no camera", "error", err)
	}
	if err := b.context.ChangeAudioCapture(ctx, true); err != nil {
		b.log.Info("no microphone", "error", err)
	}
	text, err := g.token(b)
	if err != nil {
		return 0, err
	}
	start := time.Now()
	err = b.context.Join(ctx, room.JoinOptions{RoomID: g.cfg.Room, UserID: b.user, Token: text})
	return time.Since(start), err
}

func (g *group) token(b *bot) (string, error) {
	return token.Mint(token.MintOptions{
		AppID: g.cfg.AppID, AppKey: g.cfg.AppKey, RoomID: g.cfg.Room, UserID: b.user, TTL: tokenTTL,
	})
}

// stay blocks until the end.
func (g *group) stay(ctx context.Context, b *bot) {
	for {
		select {
		case <-ctx.Done():
			return
		case <-b.removed:
			g.mu.Lock()
			g.summary.Removed++
			g.mu.Unlock()
			return
		case <-b.expire:
			text, err := g.token(b)
			if err == nil {
				err = b.context.UpdateToken(ctx, text)
			}
			if err != nil {
				b.log.Warn("the token was not renewed", "error", err)
			}
		}
	}
}

func (g *group) report(r Report, err error) {
	g.mu.Lock()
	defer g.mu.Unlock()
	if err != nil {
		r.Error = err.Error()
		if g.failed == nil {
			g.failed = err
		}
	}
	if r.Joined {
		g.summary.Joined++
	}
	if g.cfg.OnBot != nil {
		g.cfg.OnBot(r)
	}
}

func (g *group) count(b *bot) {
	stats := b.context.Stats()
	g.mu.Lock()
	defer g.mu.Unlock()
	for _, t := range stats.Remote {
		g.summary.PacketsReceived += t.Packets
		g.summary.PacketsLost += t.Lost
	}
	for _, t := range stats.Sent {
		g.summary.PacketsSent += t.Packets
	}
}

// bot is one virtual user.
type bot struct {
	user    string
	log     *slog.Logger
	context *room.Context
	expire  chan struct{}
	once    sync.Once
	removed chan struct{} // closed when the room has removed it
}

// onEvent runs on the context's loop.
func (b *bot) onEvent(ev room.Event) {
	switch ev := ev.(type) {
	case room.RoomTokenWillExpire:
		select {
		case b.expire <- struct{}{}:
		default:
		}
	case room.Exited:
		if ev.Err != nil {
			b.log.Info("out of the room", "error", errors.Unwrap(ev.Err), "reason", ev.Err.ErrMsg)
			b.once.Do(func() { close(b.removed) })
		}
	}
}
