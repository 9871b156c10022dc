// Command parlor is the desktop program: a window, the real devices and codecs, and a server of its
// own when no other is named.
package main

import (
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"runtime"
	"strings"

	"fyne.io/fyne/v2"
	fyneapp "fyne.io/fyne/v2/app"

	"parlor/app"
	"parlor/app/link"
	"parlor/assets"
	"parlor/cmd/internal/command"
	"parlor/media"
	"parlor/media/codec"
	"parlor/media/device"
)

const about = `Parlor (会客厅): rooms with picture and sound. Without flags it opens its window on a server of
its own; a second parlor on the machine finds and uses the first one's server.
Devices are named as the settings page lists them; none, test and file:PATH work, too
(camera: y4m or ivf, microphone: wav or ogg, both looped; speaker: a wav file is written).`

func main() { command.Main("parlor", run) }

func run(ctx context.Context, name string, args []string, std command.Std) error {
	opts, flags := options(name, std)
	logLevel := flags.String("log-level", "", "debug, info, warn or error (default: what the settings say, else info)")
	selftest := flags.Bool("selftest", false, "check fonts, codecs, a loopback room and sound without a window; prints JSON")
	others, err := flags.Parse(args)
	if err != nil {
		return err
	}
	given, err := useLink(opts, others)
	if err == nil {
		err = check(opts)
	}
	if err != nil {
		return err
	}
	opts.LogGiven = *logLevel != ""
	if opts.Log, opts.LogLevel, err = command.NewLeveledLog(std.Err, cmp.Or(*logLevel, "info")); err != nil {
		return err
	}
	if opts.Data == "" {
		if opts.Data, err = app.DataFolder(); err != nil {
			return err
		}
	}
	opts.Kit = media.Kit{Devices: device.New(device.Config{Log: opts.Log}), Codecs: codec.New()}
	opts.Version, opts.Licences = command.Version(), assets.Licences()
	if *selftest {
		return selfTest(ctx, *opts, std.Out)
	}
	opts.SelfTest = func(ctx context.Context) (string, error) {
		var report strings.Builder
		err := selfTest(ctx, *opts, &report)
		return report.String(), err
	}
	if given != "" {
		if taken, err := app.HandOver(ctx, opts.Data, given); taken || err != nil {
			return err
		}
		if app.OwnsApp(opts.Data, opts.AppID) {
			opts.Server = app.Embedded
		}
	}
	return runWindow(ctx, *opts)
}

// useLink takes the one argument there may be, a link that a desktop hands over (parlor://join?…), into the options. It
// returns the link, "" for none.
func useLink(o *app.Options, args []string) (string, error) {
	switch {
	case len(args) == 0:
		return "", nil
	case len(args) > 1:
		return "", command.Usagef("unexpected argument %q", args[1])
	case !link.Is(args[0]):
		return "", command.Usagef("unexpected argument %q", args[0])
	}
	l, err := link.Parse(args[0])
	if err != nil {
		return "", command.Usagef("%v", err)
	}
	o.Server, o.AppID, o.RoomID, o.Token = l.Server, l.AppID, l.RoomID, l.Token
	if l.UserID != "" {
		o.UserID = l.UserID
	}
	return args[0], nil
}

// options defines the flags that fill app.Options.
func options(name string, std command.Std) (*app.Options, *command.Flags) {
	o := new(app.Options)
	f := command.NewFlags(name, "[flags] [parlor://join?…]", about, std)
	f.ServerVar(&o.Server, "server", "", app.Embedded, "`URL` of a parlord, or embedded (default: what the settings say, else embedded)")
	f.StringVar(&o.Listen, "listen", "", "`address` of the embedded server (default 127.0.0.1:7880; 0.0.0.0:7880 hosts the local network)")
	f.StringVar(&o.UDP, "udp", "", "`address` of the embedded server's media port (default: two above --listen)")
	f.StringVar(&o.AppID, "app-id", "", "`app` to use (default: the embedded server's own)")
	f.SecretVar(&o.AppKey, "app-key", "its `key`, to make tokens here; without it tokens must be pasted")
	f.StringVar(&o.RoomID, "room", "", "`room` to put into the form")
	f.StringVar(&o.UserID, "user", "", "`user` to put into the form")
	f.StringVar(&o.Token, "token", "", "`token` to put into the form")
	f.BoolVar(&o.Join, "join", false, "join at once")
	f.StringVar(&o.Camera, "camera", "", "camera `device`, none, test or file:PATH")
	f.StringVar(&o.Microphone, "mic", "", "microphone `device`, none, test or file:PATH")
	f.StringVar(&o.Speaker, "speaker", "", "speaker `device`, none, test or file:PATH")
	f.BoolVar(&o.Demo, "demo", false, "join a demo room with four bots")
	f.StringVar(&o.Drive, "drive", "", "loopback `address` of the QA driver (newline-delimited JSON)")
	f.StringVar(&o.Lang, "lang", "", "zh or en (default: the system's)")
	f.StringVar(&o.Theme, "theme", "", "dark or light (default: the system's)")
	f.StringVar(&o.Data, "data", "", "`folder` of the app's own key (default: the user's configuration folder)")
	return o, f
}

// check refuses what can be seen to be wrong before anything starts.
func check(o *app.Options) error {
	switch {
	case o.Lang != "" && o.Lang != "zh" && o.Lang != "en":
		return command.Usagef("--lang %q is not zh or en", o.Lang)
	case o.Theme != "" && o.Theme != "dark" && o.Theme != "light":
		return command.Usagef("--theme %q is not dark or light", o.Theme)
	case o.Demo && o.Server != app.Embedded && o.Server != "" && o.AppKey == "":
		return command.Usagef("--demo on a server of its own needs --app-id and --app-key, to make the bots' tokens")
	}
	return nil
}

// runWindow runs the app in a real window until it is closed or the context ends.
func runWindow(ctx context.Context, opts app.Options) error {
	if runtime.GOOS == "linux" && os.Getenv("DISPLAY") == "" && os.Getenv("WAYLAND_DISPLAY") == "" {
		return errors.New("no display: neither DISPLAY nor WAYLAND_DISPLAY is set (`make run` starts a virtual one)")
	}
	fyneapp.SetMetadata(metadata())
	opts.Fyne = fyneapp.NewWithID(metadata().ID)
	opts.Post = fyne.Do
	a, err := app.New(opts)
	if err != nil {
		return err
	}
	defer a.Close()
	if addr := a.DriveAddr(); addr != "" {
		ready, err := json.Marshal(map[string]any{"ready": true, "drive": addr})
		if err != nil {
			return err
		}
		fmt.Println(string(ready))
	}
	stop := context.AfterFunc(ctx, func() { fyne.Do(opts.Fyne.Quit) })
	defer stop()
	opts.Fyne.Run()
	return nil
}

// metadata is what FyneApp.toml says: a binary that the fyne tool did not build has none of it.
func metadata() fyne.AppMetadata {
	return fyne.AppMetadata{
		ID: "app.parlor.desktop", Name: "Parlor", Version: command.Version(), Build: 1, Icon: assets.AppIcon(),
		Migrations: map[string]bool{"fyneDo": true},
	}
}
