package main

import (
	"context"
	"encoding/json"
	"errors"
	"time"

	"parlor/app/bots"
	"parlor/cmd/internal/command"
	"parlor/media"
	"parlor/media/clip"
)

// roomFlags name a room and who may go in.
type roomFlags struct {
	*command.Flags
	server, appID, appKey, room, logLevel string
}

func newRoomFlags(name, about string, std command.Std) *roomFlags {
	f := &roomFlags{Flags: command.NewFlags(name, "[flags]", about, std)}
	f.ServerVar(&f.server, "server", "", "", "base `URL` of the server, such as http://127.0.0.1:7880")
	f.StringVar(&f.appID, "app-id", "", "application `id`")
	f.SecretVar(&f.appKey, "app-key", "application `key`, to make tokens with")
	f.StringVar(&f.room, "room", "", "room `id`")
	return f
}

// logFlag adds --log-level.
func (f *roomFlags) logFlag() {
	f.StringVar(&f.logLevel, "log-level", "warn", "least `level` to log: debug, info, warn, error")
}

// parse takes all arguments; those flags of newRoomFlags and the others that are named must be given.
func (f *roomFlags) parse(args []string, others ...string) error {
	rest, err := f.Parse(args)
	if err == nil {
		err = command.NoMore(rest)
	}
	if err == nil {
		err = f.Require(append([]string{"server", "app-id", "app-key", "room"}, others...)...)
	}
	return err
}

func botsCommand() command.Command {
	return command.Command{Summary: "let virtual users join a room", Run: runBots}
}

func runBots(ctx context.Context, name string, args []string, std command.Std) error {
	f := newRoomFlags(name, "Lets virtual users join a room, who send picture and sound, until a signal or the end of --for.\nPrints a line of JSON for each join and one with the totals at the end.", std)
	count := f.Int("count", 1, "`number` of users")
	prefix := f.String("user-prefix", "bot", "`text` before the number in the user ids")
	video := f.String("video", "", "`file` to send as camera, IVF with VP8 (default built-in pictures)")
	audio := f.String("audio", "", "`file` to send as microphone, Ogg with Opus (default built-in voices)")
	silent := f.Bool("silent", false, "keep the microphones off")
	share := f.Bool("share", false, "the first one shares a screen")
	f.logFlag()
	limit := f.Duration("for", 0, "`time` to stay (default until a signal)")
	if err := f.parse(args); err != nil {
		return err
	}
	switch {
	case *count < 1:
		return command.Usagef("--count %d: want 1 or more", *count)
	case *limit < 0:
		return command.Usagef("--for %v: want a time to come", *limit)
	}
	if err := checkFiles(*video, *audio); err != nil {
		return err
	}
	log, err := command.NewLog(std.Err, f.logLevel)
	if err != nil {
		return err
	}
	cfg := bots.Config{
		Server: f.server, AppID: f.appID, AppKey: f.appKey, Room: f.room,
		Prefix: *prefix, Count: *count, Silent: *silent, Share: *share, Client: "parlorctl " + command.Version(), Log: log,
	}
	if *video != "" || *audio != "" {
		cfg.Devices = func(int) media.Devices { return clip.FileDevices(*video, *audio) }
	}
	if *limit > 0 {
		var cancel context.CancelFunc
		ctx, cancel = context.WithTimeout(ctx, *limit)
		defer cancel()
	}
	out := json.NewEncoder(std.Out)
	out.SetEscapeHTML(false)
	var written error
	cfg.OnBot = func(r bots.Report) { written = errors.Join(written, out.Encode(r)) }
	start := time.Now()
	summary, err := bots.Run(ctx, cfg)
	return errors.Join(err, written, out.Encode(struct {
		bots.Summary
		Seconds float64 `json:"seconds"`
	}{summary, time.Since(start).Seconds()}))
}
