// Package bots is for company: virtual users who join a room, send picture and sound from files or from
// the built-in clips, and receive everybody else without showing anything.
package bots

import (
	"context"
	"fmt"
	"log/slog"
	"sync"

	"parlor/media"
	"parlor/media/clip"
)

// joinsAtOnce bounds the joins under way at the same time; more would only wait in the server.
const joinsAtOnce = 8

// Config describes a group of bots.
type Config struct {
	Server        string // base URL
	AppID, AppKey string
	Room          string
	Prefix        string // of the user ids; "" is "bot": bot1, bot2 …
	Count         int    // from 1

	Devices func(i int) media.Devices // camera and microphone of bot i, from 0; nil: the built-in clips
	Silent  bool                      // the microphones stay off
	Share   bool                      // the first bot of a Run shares the default screen of its devices
	OnBot   func(Report)              // told once per bot when it has joined, or failed to; one at a time; may be nil
	Client  string                    // program and version, for the server's log
	Log     *slog.Logger
}

// complete fills in what is left out.
func (cfg *Config) complete() {
	if cfg.Devices == nil {
		cfg.Devices = clip.Builtin
	}
	if cfg.Log == nil {
		cfg.Log = slog.Default()
	}
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
	cfg.complete()
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
	user := fmt.Sprintf("%s%d", g.cfg.Prefix, i+1)
	select {
	case <-ctx.Done():
		return
	case g.gate <- struct{}{}:
	}
	if ctx.Err() != nil { // both were ready
		<-g.gate
		return
	}
	b, took, err := join(ctx, g.cfg, user, i)
	<-g.gate
	if err != nil {
		if ctx.Err() == nil {
			g.report(Report{UserID: user}, err)
		}
		return
	}
	defer b.Close()
	if g.cfg.Share && i == 0 {
		if err := b.ShareScreen(ctx, true); err != nil {
			g.cfg.Log.Warn("a bot shares no screen", "bot", user, "error", err)
		}
	}
	g.report(Report{UserID: user, Joined: true, JoinMS: float64(took.Microseconds()) / 1000}, nil)
	select {
	case <-ctx.Done():
	case <-b.Removed():
		g.mu.Lock()
		g.summary.Removed++
		g.mu.Unlock()
	}
	g.count(b)
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

func (g *group) count(b *Bot) {
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
