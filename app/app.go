// Package app puts the desktop program together: the embedded server, the SDK behind its bridge, the
// window, the QA driver and the demo's bots; it starts them in order and takes them down in reverse.
// It links neither a display driver nor C: those come in through Options.
package app

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"maps"
	"net/http"
	"os"
	"os/user"
	"path/filepath"
	"sync"
	"sync/atomic"
	"time"

	"fyne.io/fyne/v2"

	"parlor/app/bots"
	"parlor/app/bridge"
	"parlor/app/impairment"
	"parlor/app/link"
	"parlor/app/room"
	"parlor/app/token"
	"parlor/app/ui"
	"parlor/media"
)

// Embedded is the value of Options.Server for the server inside the program.
const Embedded = "embedded"

// demoBots is how many bots join the demo room.
const demoBots = 4

// Options describe an App. Zero values are good defaults where none is said to be needed.
type Options struct {
	Fyne    fyne.App     // needed
	Post    func(func()) // runs a function on the UI goroutine: fyne.Do; needed
	Kit     media.Kit    // devices and codecs; needed
	Log     *slog.Logger // may be nil
	Data    string       // folder of the app's own key; needed
	Version string

	Server string // URL of a server, or Embedded; "": the one of the settings, Embedded unless they say otherwise
	Listen string // where the embedded server listens
	UDP    string // and its media; "" = the host of Listen, the port two above

	AppID, AppKey               string // "" = the app of the embedded server
	RoomID, UserID, Token       string // prefill
	Camera, Microphone, Speaker string // device names as in media.Devices
	Join, Demo                  bool
	Drive                       string // address of the QA driver, "" = none
	Lang, Theme                 string

	LogLevel *slog.LevelVar                                   // of Log, to be set in the settings; may be nil
	LogGiven bool                                             // LogLevel is what somebody asked for: the settings apply from their next change on
	SelfTest func(context.Context) (report string, err error) // may be nil
	Licences string                                           // of everything in the program, for the settings
}

// App is the running program.
type App struct {
	opts   Options
	log    *slog.Logger
	app    Credentials
	host   *host
	bridge *bridge.Bridge
	window *ui.Window
	drive  *drive
	sound  *soundCheck
	look   chan struct{} // cap 1: look whether the server answers; one more says nothing new
	links  *handover     // nil: another window takes them
	calls  atomic.Uint64 // by the window
	script scripts
	peers  virtualPeers
	faults faults
	tail   *tail // of the program's log

	serverURL string
	mu        sync.Mutex
	inRoom    room.Joined // the room that the user is in; zero outside

	transport *http.Transport // of the signalling

	ctx    context.Context
	cancel context.CancelFunc
	tasks  sync.WaitGroup
	once   sync.Once
}

// New builds and starts everything but the Fyne loop; the window is shown. Close ends it.
func New(opts Options) (*App, error) {
	if opts.Log == nil {
		opts.Log = slog.Default()
	}
	if err := os.MkdirAll(opts.Data, 0o700); err != nil {
		return nil, fmt.Errorf("data folder: %w", err)
	}
	handler := newLogTail(opts.Log.Handler())
	opts.Log = slog.New(handler)
	opts.Fyne = &profile{opts.Fyne, newPreferences(filepath.Join(opts.Data, "preferences.json"), opts.Log)}
	opts = opts.completed()
	a := &App{opts: opts, log: opts.Log, tail: handler.tail, look: make(chan struct{}, 1)}
	a.script.app, a.peers.app, a.faults.app = a, a, a
	a.ctx, a.cancel = context.WithCancel(context.Background())
	if err := a.start(); err != nil {
		a.Close()
		return nil, err
	}
	return a, nil
}

// completed returns the options with the server that the settings say, when nothing else was said.
func (o Options) completed() Options {
	if o.Server == "" && o.AppID == "" {
		c := chosenServer(o.Data, o.Log)
		o.Server, o.AppID, o.AppKey = c.URL, c.AppID, c.AppKey
	}
	return o
}

// first is the first text that is not empty.
func first(texts ...string) string {
	for _, t := range texts {
		if t != "" {
			return t
		}
	}
	return ""
}

// start makes the parts and starts them in order.
func (a *App) start() error {
	var err error
	if a.app, err = a.credentials(); err != nil {
		return err
	}
	a.serverURL = a.opts.Server
	if a.serverURL == "" || a.serverURL == Embedded {
		a.host, err = newHost(hostConfig{Listen: a.opts.Listen, UDP: a.opts.UDP, App: a.app, Data: a.opts.Data, Log: a.log})
		if err != nil {
			return err
		}
		a.serverURL = a.host.URL()
	}
	if err := a.startBridge(); err != nil {
		return err
	}
	a.startWindow()
	if a.opts.Drive != "" {
		if a.drive, err = newDrive(a.opts.Drive, a); err != nil {
			return err
		}
		a.drive.start()
	}
	if a.links, err = newHandover(a.opts.Data, a.openLink, a.log); err != nil {
		a.log.Warn("links open in windows of their own", "error", err)
	}
	a.call("createRtcRoomContext", map[string]any{"appId": a.app.ID})
	a.tasks.Go(a.watchServer)
	a.window.Show()
	if a.opts.Demo {
		a.startDemo(a.serverURL)
	}
	if a.opts.Join || a.opts.Demo {
		a.window.Join()
	}
	return nil
}

// startBridge makes the SDK on devices and a network that testers can break, with what the settings say.
func (a *App) startBridge() (err error) {
	if a.faults.network, err = impairment.New(); err != nil {
		return err
	}
	a.faults.devices = newUnpluggable(a.opts.Kit.Devices)
	a.opts.Kit.Devices = a.faults.devices
	a.transport = a.faults.network.RoundTripper()
	chosen := ui.ChosenBefore(a.opts.Fyne.Preferences())
	a.opts.Camera, a.opts.Microphone = first(a.opts.Camera, chosen.Camera), first(a.opts.Microphone, chosen.Microphone)
	a.opts.Speaker = first(a.opts.Speaker, chosen.Speaker)
	if !a.opts.LogGiven {
		(*machine)(a).SetLogLevel(chosen.LogLevel)
	}
	a.bridge = bridge.New(bridge.Config{
		Room: room.Config{
			Transport: a.transport, Net: a.faults.network,
			Server: a.serverURL, Kit: a.opts.Kit, Camera: a.opts.Camera, Microphone: a.opts.Microphone, Speaker: a.opts.Speaker,
			Video: chosen.Largest, Largest: chosen.Largest, Noise: chosen.Noise,
			Client: "parlor " + a.opts.Version, Log: a.log,
		},
		Extra:   a.methods(),
		OnCall:  a.onCall,
		Emit:    a.onLine,
		OnEvent: a.onEvent,
	})
	return nil
}

// startWindow makes the window, and the sound check that tells it what it does.
func (a *App) startWindow() {
	a.sound = newSoundCheck(a.opts.Kit.Devices, a.log)
	a.window = ui.New(ui.Config{
		App: a.opts.Fyne, Post: a.opts.Post, Backend: (*backend)(a), Machine: (*machine)(a), Sound: a.sound,
		Devices: a.opts.Kit.Devices, Data: a.opts.Data, Listen: a.listening(), Drive: a.opts.Drive, Licences: a.opts.Licences,
		AppID: a.app.ID, Server: a.serverURL, Embedded: a.host != nil && a.host.own(), CanMint: a.app.Key != "", Invite: a.invite,
		RoomID: a.roomID(), UserID: a.userID(), Token: a.opts.Token,
		Camera: a.opts.Camera, Microphone: a.opts.Microphone, Speaker: a.opts.Speaker,
		Lang: language(a.opts.Lang), Theme: a.opts.Theme, Version: a.opts.Version, Log: a.log,
		Folder: filepath.Join(a.opts.Data, "logs"), Lab: true,
	})
	a.sound.start(a.window.HandleSound)
}

// openLink shows an invitation that a later start of the program handed over.
func (a *App) openLink(l link.Link) { a.window.OpenLink(l) }

// listening is the address of the server in this program, "" when it has none.
func (a *App) listening() string {
	if a.host == nil || !a.host.own() {
		return ""
	}
	return a.host.listens()
}

// language turns the flag's value into the name of a translation; "" stays.
func language(flag string) string {
	if flag == "zh" {
		return "zh-Hans"
	}
	return flag
}

func (a *App) roomID() string {
	if a.opts.Demo && a.opts.RoomID == "" {
		return "demo"
	}
	return a.opts.RoomID
}

// userID is the name to start with: the one given, else the person's account name as far as it is a user id.
func (a *App) userID() string {
	if a.opts.UserID != "" {
		return a.opts.UserID
	}
	account, err := user.Current()
	if err == nil && room.ValidID(account.Username) {
		return account.Username
	}
	return "me"
}

// startDemo lets the bots join the demo room.
func (a *App) startDemo(url string) {
	a.tasks.Go(func() {
		_, err := bots.Run(a.ctx, bots.Config{
			Server: url, AppID: a.app.ID, AppKey: a.app.Key, Room: a.roomID(), Count: demoBots, Log: a.log,
		})
		if err != nil && !errors.Is(err, context.Canceled) {
			a.log.Error("the demo's bots", "error", err)
		}
	})
}

// DriveAddr is where the QA driver listens, "" without one.
func (a *App) DriveAddr() string {
	if a.drive == nil {
		return ""
	}
	return a.drive.addr()
}

// Window is the app's window.
func (a *App) Window() *ui.Window { return a.window }

// Close leaves the room and ends everything, the embedded server last. It must not run on the UI
// goroutine while Fyne's loop runs, and may be called twice.
func (a *App) Close() {
	a.once.Do(func() {
		a.cancel()
		if a.bridge != nil {
			a.bridge.Close() // ends what the driver's scripts wait for
		}
		a.peers.close()
		a.script.close()
		if a.transport != nil {
			a.transport.CloseIdleConnections()
		}
		a.faults.close()
		if a.drive != nil {
			a.drive.close()
		}
		if a.links != nil {
			a.links.close()
		}
		if a.sound != nil {
			a.sound.close()
		}
		if a.window != nil {
			a.window.Close()
		}
		a.tasks.Wait()
		if a.host != nil {
			a.host.close()
		}
	})
}

// call starts a documented call as the window does.
func (a *App) call(method string, params map[string]any) {
	raw, err := json.Marshal(params)
	if err != nil {
		a.log.Error("parameters", "method", method, "error", err)
		return
	}
	(*backend)(a).Call(method, raw)
}

func (a *App) onCall(id json.RawMessage, method string, params json.RawMessage) {
	a.window.LogCall(id, method, params)
}

func (a *App) onLine(l bridge.Line) {
	a.window.LogLine(l)
	if a.drive != nil {
		a.drive.emit(l)
	}
}

// methods are those of the bridge that only this program has.
func (a *App) methods() map[string]bridge.Extra {
	all := map[string]bridge.Extra{"x-bundle": a.bundle}
	maps.Copy(all, a.peers.methods())
	maps.Copy(all, a.faults.methods())
	return all
}

// present is the room that the user is in and his name there; "" outside.
func (a *App) present() (roomID, userID string) {
	a.mu.Lock()
	defer a.mu.Unlock()
	return a.inRoom.RoomID, string(a.inRoom.UserID)
}

func (a *App) onEvent(e room.Event) {
	switch e := e.(type) {
	case room.Joined:
		a.mu.Lock()
		a.inRoom = e
		a.mu.Unlock()
	case room.Exited:
		a.mu.Lock()
		a.inRoom = room.Joined{}
		a.mu.Unlock()
	}
	if a.host != nil && doubtful(e) {
		a.host.wake()
	}
	a.window.HandleEvent(e)
}

// doubtful tells whether an event is a reason to look whether the embedded server is still there.
func doubtful(e room.Event) bool {
	switch e := e.(type) {
	case room.ConnectionChanged:
		return e.State == room.Reconnecting || e.State == room.Joining
	case room.Exited:
		return e.Err != nil
	}
	return false
}

// backend is what the window may wish.
type backend App

// Call implements ui.Backend. Each call has an id of its own, so that its answers find it.
func (b *backend) Call(method string, params json.RawMessage) {
	b.bridge.Call(fmt.Appendf(nil, `"window%d"`, b.calls.Add(1)), method, params)
}

// MintToken implements ui.Backend.
func (b *backend) MintToken(roomID, userID string) (string, error) {
	if b.app.Key == "" {
		return "", errors.New("this program has no key for the app: paste a token")
	}
	return token.Mint(token.MintOptions{
		AppID: b.app.ID, AppKey: b.app.Key, RoomID: roomID, UserID: userID, TTL: 24 * time.Hour,
	})
}

// Show implements ui.Backend.
func (b *backend) Show(user room.UserID, source media.Source, d *media.Display) {
	if c := b.bridge.Context(); c != nil {
		c.Show(user, source, d)
	}
}

// Stats implements ui.Backend.
func (b *backend) Stats() room.Stats {
	if c := b.bridge.Context(); c != nil {
		return c.Stats()
	}
	return room.Stats{}
}

// MicrophoneLevel implements ui.Backend.
func (b *backend) MicrophoneLevel() int {
	if c := b.bridge.Context(); c != nil {
		return c.MicrophoneLevel()
	}
	return 0
}

// DataFolder is where the app keeps its key when nothing else is said.
func DataFolder() (string, error) {
	dir, err := os.UserConfigDir()
	if err != nil {
		return "", fmt.Errorf("no folder for the app's data (give --data): %w", err)
	}
	return filepath.Join(dir, "parlor"), nil
}
