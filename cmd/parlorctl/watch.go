package main

import (
	"context"
	"fmt"
	"io"
	"strings"
	"sync"
	"time"

	"parlor/app/room"
	"parlor/app/session"
	"parlor/app/token"
	"parlor/cmd/internal/command"
)

// watchToken is how long a watcher's token lasts; it is renewed when it ends.
const watchToken = 24 * time.Hour

func watchCommand() command.Command {
	return command.Command{Summary: "print what happens in a room, for people", Run: runWatch}
}

func runWatch(ctx context.Context, name string, args []string, std command.Std) error {
	f := newRoomFlags(name, "Joins a room without sending or receiving media and prints a line for each thing that happens,\nuntil a signal or until it is removed. The others see it as a user.", std)
	user := f.String("user", "watch", "user `id` to join as")
	f.logFlag()
	if err := f.parse(args); err != nil {
		return err
	}
	log, err := command.NewLog(std.Err, f.logLevel)
	if err != nil {
		return err
	}
	mint := func() (string, error) {
		return token.Mint(token.MintOptions{AppID: f.appID, AppKey: f.appKey, RoomID: f.room, UserID: *user, TTL: watchToken})
	}
	text, err := mint()
	if err != nil {
		return err
	}
	transport := session.NewTransport(nil)
	defer transport.CloseIdleConnections()
	w := &watcher{
		out: std.Out, now: time.Now,
		over:   make(chan error, 1),    // the first end is enough
		expire: make(chan struct{}, 1), // one wish to renew the token; a second changes nothing
	}
	c, err := room.New(room.Config{
		Server: f.server, AppID: f.appID, OnEvent: w.onEvent, Transport: transport,
		Client: "parlorctl " + command.Version(), Log: log,
	})
	if err != nil {
		return err
	}
	defer c.Close()
	err = c.Join(ctx, room.JoinOptions{RoomID: f.room, UserID: *user, Token: text, NoAutoPublish: true, NoAutoSubscribe: true})
	if err != nil {
		return err
	}
	for {
		select {
		case <-ctx.Done():
			return nil
		case err := <-w.over:
			return err
		case <-w.expire:
			if text, err = mint(); err == nil {
				err = c.UpdateToken(ctx, text)
			}
			if err != nil {
				log.Warn("the token was not renewed", "error", err)
			}
		}
	}
}

// watcher prints events.
type watcher struct {
	out    io.Writer
	now    func() time.Time
	over   chan error
	expire chan struct{}

	mu      sync.Mutex
	members []room.Member // as printed last
}

// onEvent runs on the context's loop. A reader of standard output that stops stops the watcher; there
// is nothing else it could do.
func (w *watcher) onEvent(ev room.Event) {
	w.mu.Lock()
	defer w.mu.Unlock()
	for _, line := range w.describe(ev) {
		fmt.Fprintln(w.out, w.now().Format("15:04:05.000"), line)
	}
	switch ev := ev.(type) {
	case room.Exited:
		if ev.Err != nil {
			select {
			case w.over <- ev.Err:
			default:
			}
		}
	case room.RoomTokenWillExpire:
		select {
		case w.expire <- struct{}{}:
		default:
		}
	}
}

// describe returns the lines for an event. The documents' lists are left out: MembersChanged says more.
func (w *watcher) describe(ev room.Event) []string {
	switch ev := ev.(type) {
	case room.Joined:
		if ev.Rejoined {
			return []string{fmt.Sprintf("back in room %s", ev.RoomID)}
		}
		return []string{fmt.Sprintf("in room %s as %s", ev.RoomID, ev.UserID)}
	case room.Exited:
		if ev.Err != nil {
			return []string{fmt.Sprintf("out of room %s: %s", ev.RoomID, ev.Err.Text())}
		}
		return []string{fmt.Sprintf("out of room %s", ev.RoomID)}
	case room.MembersChanged:
		lines := changes(w.members, ev.Members)
		w.members = ev.Members
		return lines
	case room.ConnectionChanged:
		if ev.State == room.Reconnecting {
			return []string{fmt.Sprintf("server out of reach, try %d in %v", ev.Attempt, ev.RetryIn.Round(100*time.Millisecond))}
		}
	case room.StateChanged:
		if ev.Err != nil {
			return []string{fmt.Sprintf("state %d: %s", ev.Err.ErrNo, ev.Err.Text())}
		}
	case room.ChatInterrupted:
		return []string{fmt.Sprintf("interrupted: %s (%d)", ev.Msg, ev.No)}
	case room.RoomTokenWillExpire:
		return []string{"the token is about to end"}
	}
	return nil
}

// changes tells in words how one list became the other: who left, who came, and what changed with the rest.
func changes(before, after []room.Member) []string {
	old := make(map[room.UserID]room.Member, len(before))
	for _, m := range before {
		old[m.UserID] = m
	}
	var left, rest []string
	for _, m := range after {
		was, known := old[m.UserID]
		delete(old, m.UserID)
		var what []string
		switch {
		case !known:
			what = append(what, "joined")
			was.Connected = true
		case was.Connected && !m.Connected:
			what = append(what, "connection lost")
		case !was.Connected && m.Connected:
			what = append(what, "connected again")
		}
		for _, part := range []struct {
			name     string
			was, now bool
		}{{"microphone", was.Audio, m.Audio}, {"camera", was.Video, m.Video}, {"screen", was.Screen, m.Screen}} {
			if part.was != part.now {
				what = append(what, part.name+map[bool]string{true: " on", false: " off"}[part.now])
			}
		}
		if len(what) > 0 {
			rest = append(rest, fmt.Sprintf("%s %s", m.UserID, strings.Join(what, ", ")))
		}
	}
	for _, m := range before {
		if _, gone := old[m.UserID]; gone {
			left = append(left, fmt.Sprintf("%s left", m.UserID))
		}
	}
	return append(left, rest...)
}
