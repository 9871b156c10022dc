// Package ui is what the user sees. Everything that happens becomes a message; reduce makes the next
// state of a message; show brings the widgets into line with the state. Back goes only a wish, through
// Backend. All but the methods that say otherwise belongs to the UI goroutine.
package ui

import (
	"context"
	"encoding/json"
	"log/slog"
	"maps"
	"slices"
	"sync"
	"sync/atomic"
	"time"

	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/theme"

	"parlor/app/bridge"
	"parlor/app/link"
	"parlor/app/room"
	"parlor/app/ui/console"
	"parlor/assets"
	"parlor/media"
	"parlor/widgets"
)

// Backend is what screens wish from the application. All methods return at once.
type Backend interface {
	// Call calls the documents' API through the bridge; params is any text, JSON or not. Its rows and results come back by
	// LogCall, LogLine and HandleEvent.
	Call(method string, params json.RawMessage)
	// MintToken makes a token; an error when this program has no key for the app.
	MintToken(roomID, userID string) (string, error)
	// Token makes a token by a tester's wish, a wrong one too.
	Token(console.TokenWish) (string, error)
	// RunScript gives lines to the bridge one after another, in the background; nil ends the script that runs. How it goes comes
	// back by SetScript.
	RunScript(name string, lines [][]byte)
	// VerifyToken tells whether a token is signed with this program's key; known is false when it has none for the token's app.
	VerifyToken(text string) (valid, known bool)
	// Show puts a user's picture on a display; user "" is the own preview, a nil display takes it off.
	Show(user room.UserID, source media.Source, d *media.Display)
	// Stats returns the counters of the media connection. Any goroutine.
	Stats() room.Stats
	// MicrophoneLevel is the loudness of the own microphone, 0..100. Any goroutine.
	MicrophoneLevel() int
}

// Config describes a Window.
type Config struct {
	App     fyne.App
	Post    func(func()) // runs a function on the UI goroutine, in order; must not wait for it
	Backend Backend
	Machine Machine
	Devices media.Devices // for the lists of devices; nil: no lists
	Sound   SoundCheck    // nil: no level and no tests before the room

	AppID, Server         string
	RoomID, UserID, Token string // fill the form
	CanMint               bool   // Backend.MintToken works
	Embedded              bool   // the server runs in this process
	Listen                string // address that the server in this process listens on, "": another process has it
	// Invite lists where others reach the server, best first: links without a room. nil: as this program does. It returns at once.
	Invite func() []link.Link

	Camera, Microphone, Speaker string // device names in use; "" is the default device
	Lang                        string // "en", "zh-Hans"; "": what was chosen last, else the system's
	Theme                       string // "dark", "light", "system"; "": what was chosen last
	Version                     string
	Data                        string       // the folder of key and preferences
	Folder                      string       // for logs and exports; "": none are written
	Lab                         bool         // the bridge has the methods for virtual peers, faults and bug bundles
	Drive                       string       // address of the QA driver, "": none
	Licences                    string       // of everything in the program; "": not known
	OnClosed                    func()       // the user closed the window; may be nil
	Log                         *slog.Logger // nil: slog.Default()
}

// The window's sizes, in units.
const (
	firstWidth, firstHeight = 1280, 800
	minWidth, minHeight     = 960, 600
	railWidth               = 72
	panelWidth              = 320
)

// displayInterval is the pace of pictures: 30 per second.
const displayInterval = 33 * time.Millisecond

// Window is the main window and everything in it.
type Window struct {
	cfg     Config
	log     *slog.Logger
	now     func() time.Time
	win     fyne.Window
	texts   *assets.Texts
	state   state
	inside  bool           // a command is running: its calls are steps of it
	steps   map[string]int // calls by commands that were not logged yet
	stage   *media.Stage
	sampler *sampler
	samples samples // newest
	stale   bool    // the screen lags behind the state
	closed  atomic.Bool
	ctx     context.Context // ends with the window, and what it does on other goroutines
	cancel  context.CancelFunc
	wait    sync.WaitGroup // device lists

	listening listening
	talkHint  talkHint
	quiet     silence
	holding   func()                                        // stops the timer of the space bar that is held; nil: it is not
	after     func(d time.Duration, f func()) (stop func()) // runs f later on the UI goroutine
	size      fyne.Size                                     // of the window, unless it is full screen
	kept      atomic.Pointer[preferences]                   // what keepWindow keeps

	shell     *shell
	start     *startScreen
	room      *roomScreen
	console   *console.Console
	settings  *settingsScreen
	controls  map[string]fyne.CanvasObject
	menu      openMenu
	lastTap   tileTap
	actions   []action
	keys      map[keyPress]action
	shortcuts []fyne.Shortcut          // of the window, for keys with modifiers
	languages map[string]*assets.Texts // all of them, for the palette
	dialogs   []*dialog                // the open ones, the topmost last
	// Who is in the room and was made as loud as before; see followMembers.
	gained map[room.UserID]bool
}

// New builds the window; Show shows it. Call it on the UI goroutine.
func New(cfg Config) *Window { return newWindow(cfg, time.Now) }

func newWindow(cfg Config, now func() time.Time) *Window {
	w := &Window{cfg: cfg, log: cfg.Log, now: now, steps: make(map[string]int)}
	if w.log == nil {
		w.log = slog.Default()
	}
	prefs := cfg.App.Preferences()
	w.texts = assets.NewTexts(first(cfg.Lang, prefs.String(prefLang)))
	w.after = w.afterFunc
	w.languages = make(map[string]*assets.Texts)
	for _, language := range assets.Languages() {
		w.languages[language] = assets.NewTexts(language)
	}
	chosen := loadPreferences(prefs)
	cfg.App.Settings().SetTheme(&parlorTheme{
		wish: first(cfg.Theme, prefs.String(prefTheme), themeSystem), text: float32(chosen.TextSize) / 100,
	})
	w.state = state{
		page: chosen.Page, appID: cfg.AppID, errorLine: noError, side: sideState{panel: chosen.Panel}, frame: frameState{prefs: chosen, using: chosenDevices{
			first(cfg.Camera, chosen.Camera), first(cfg.Microphone, chosen.Microphone), first(cfg.Speaker, chosen.Speaker),
		}},
		mic: device{wish: true}, camera: device{wish: true},
		form: form{
			roomID: first(cfg.RoomID, prefs.String(prefRoom)), userID: first(cfg.UserID, prefs.String(prefUser)),
			token: cfg.Token, mint: cfg.CanMint && cfg.Token == "",
		},
	}
	w.ctx, w.cancel = context.WithCancel(context.Background())
	w.stage = media.NewStage(w.post, displayInterval)
	w.sampler = newSampler(w.readSamples, w.post, w.showSamples)
	w.win = cfg.App.NewWindow(windowTitle)
	w.win.SetIcon(assets.AppIcon())
	w.win.SetPadded(false)
	w.win.SetMaster()
	w.win.SetOnClosed(func() {
		if !w.closed.Swap(true) {
			w.keepWindow()
		}
		if cfg.OnClosed != nil {
			cfg.OnClosed()
		}
	})
	w.console = w.newConsole()
	w.build()
	w.actions = w.newActions()
	w.bindKeys()
	w.bindTalk()
	w.win.SetCloseIntercept(w.closeByCross)
	w.win.Resize(fyne.NewSize(chosen.Width, chosen.Height))
	w.loadDevices()
	return w
}

const windowTitle = "Parlor 会客厅"

// first is the first text that is not empty.
func first(texts ...string) string {
	for _, t := range texts {
		if t != "" {
			return t
		}
	}
	return ""
}

// build makes all widgets anew in the present language and shows the state in them.
func (w *Window) build() {
	if w.room != nil {
		w.room.stage.clear()
		w.start.stage.clear()
	}
	for len(w.dialogs) > 0 {
		w.dialogs[0].close()
	}
	w.controls = make(map[string]fyne.CanvasObject)
	w.console.Build(w.texts, w)
	w.start = newStartScreen(w)
	w.room = newRoomScreen(w)
	w.settings = newSettingsScreen(w)
	w.shell = newShell(w)
	w.win.SetContent(w.shell.content)
	w.show()
}

// Show shows the window.
func (w *Window) Show() { w.win.Show() }

// Fyne is the window underneath, for what only the program knows: its close intercept, its master mark.
func (w *Window) Fyne() fyne.Window { return w.win }

// Close ends the window's goroutines and waits for them; the window itself is the driver's. Any goroutine
// but one that Post waits for.
func (w *Window) Close() {
	if !w.closed.Swap(true) {
		w.keepWindow()
	}
	w.cancel()
	w.stage.Close()
	w.sampler.close()
	w.wait.Wait()
	w.console.Close()
}

// post runs f on the UI goroutine unless the window is closed by then.
func (w *Window) post(f func()) {
	if w.closed.Load() {
		return
	}
	w.cfg.Post(func() {
		if !w.closed.Load() {
			f()
		}
	})
}

// send reduces a message and shows the result.
func (w *Window) send(m any) {
	before := w.state
	w.state = w.state.reduce(m, w.now())
	w.show()
	w.changed(&before, m)
}

// changed does what a change calls for beside being shown: sounds, and the room that was to follow.
func (w *Window) changed(before *state, m any) {
	w.remember()
	w.playChange(before)
	w.seekDevices(before)
	if next := w.state.frame.next; next != nil && before.inRoom() && !w.state.inRoom() {
		w.send(roomAfter{})
		w.send(formEdited{*next})
		w.send(connectBegun{})
		w.join()
	}
}

// take is send for what comes from outside, which may be hundreds of things a second: they are all reduced, and shown once after
// the last that has come by then.
func (w *Window) take(m any) {
	before := w.state
	w.state = w.state.reduce(m, w.now())
	if !w.stale {
		w.stale = true
		w.post(w.showReceived)
	}
	w.changed(&before, m)
}

// showReceived shows what was received and not shown yet.
func (w *Window) showReceived() {
	if w.stale {
		w.show()
	}
}

// show brings everything on the screen into line with the state.
func (w *Window) show() {
	w.stale = false
	w.shell.show()
	w.start.show()
	w.room.show()
	w.console.Show(w.situation())
	w.console.SetVisible(w.state.page == pageAPI || w.room.onScreen() && w.state.side.shown() == panelAPI)
	w.settings.show()
	w.listenNow()
	st := &w.state
	w.sampler.run(st.inRoom() || st.joining || st.mic.open || st.camera.open || st.frame.waits() || w.listening.on || st.frame.sound.Test != SoundQuiet)
	w.dropFocus()
}

// dropFocus takes the focus from what is no longer to be seen: Fyne leaves it there, and keys would go nowhere.
func (w *Window) dropFocus() {
	focused, ok := w.controls[w.focusedID()]
	if !ok {
		return
	}
	seen := false
	w.walkAll(func(o fyne.CanvasObject) { seen = seen || o == focused })
	if !seen {
		w.win.Canvas().Unfocus()
	}
}

// readSamples runs on the sampler's goroutine.
func (w *Window) readSamples() samples {
	return samples{at: time.Now(), stats: w.cfg.Backend.Stats(), level: w.level(), cpu: w.cfg.Machine.CPUTime()}
}

// HandleEvent shows an event of the room. Any goroutine.
func (w *Window) HandleEvent(ev room.Event) {
	w.post(func() {
		w.take(ev)
		w.chatAfter(ev)
		w.follow(ev)
	})
}

// LogCall shows that a call of the documents' API starts; its lines will have its id, if it has one. Any goroutine.
func (w *Window) LogCall(id json.RawMessage, method string, params json.RawMessage) {
	now := w.now()
	w.post(func() {
		if w.console.Started(id, w.takeMark(method), method, params, now) {
			w.take(callStarted{method, params})
		}
	})
}

// LogLine shows what came back of a call, or an event. Any goroutine.
func (w *Window) LogLine(l bridge.Line) {
	now := w.now()
	w.post(func() {
		a, ok := w.console.Came(l, now)
		if !ok {
			return
		}
		w.take(callEnded{method: a.Method, params: a.Params, result: a.Failure, ok: a.OK})
		if a.OK && a.Method == "x-setGain" {
			w.state.frame.prefs.save(w.cfg.App.Preferences())
		}
		if a.OK && a.Method == "x-bundle" {
			w.bundleWritten(a.Res)
		}
		if a.OK && a.Method == "createRtcRoomContext" {
			w.start.stage.showAgain()
			w.room.stage.showAgain()
		}
	})
}

// SetServerState tells whether the server can be reached; problem is in words, "" when all is well. Any
// goroutine.
func (w *Window) SetServerState(problem string) {
	w.post(func() { w.take(serverReported{problem}) })
}

// Notice shows words in the banner until they are closed. Any goroutine.
func (w *Window) Notice(words string) {
	w.post(func() { w.take(noticeCame{notice{noticeWords, words}}) })
}

// updateToken gets a new token for the present room.
func (w *Window) updateToken() {
	token, err := w.cfg.Backend.MintToken(w.state.roomID, w.state.userID)
	if err != nil {
		w.send(noticeCame{notice{noticeWords, w.texts.T("join.mint.failed", err.Error())}})
		return
	}
	w.call("updateToken", map[string]any{"token": token})
}

// resized notes the size of the window. A menu belongs to what it was opened at, which is elsewhere now.
func (w *Window) resized(size fyne.Size) {
	if w.menu.pop != nil && w.win.Canvas().Size() != w.menu.window {
		w.post(w.closeMenu) // later: this is within a layout
	}
	if !w.win.FullScreen() {
		w.size = size
		w.remember()
	}
}

// remember notes size, page and panel for keepWindow, which may come when the UI goroutine has ended.
func (w *Window) remember() {
	p := w.state.frame.prefs
	if !w.size.IsZero() {
		p.Width, p.Height = w.size.Width, w.size.Height
	}
	p.Page, p.Panel = w.state.page, w.state.side.panel
	w.kept.Store(&p)
}

// keepWindow keeps size, page and panel for the next start. Any goroutine.
func (w *Window) keepWindow() {
	if p := w.kept.Load(); p != nil {
		p.save(w.cfg.App.Preferences())
	}
}

// copy puts text on the clipboard.
func (w *Window) copy(text string) { w.cfg.App.Clipboard().SetContent(text) }

// setLanguage switches the language while everything goes on.
func (w *Window) setLanguage(wish string) {
	w.cfg.App.Preferences().SetString(prefLang, wish)
	if texts := assets.NewTexts(wish); texts.Language() != w.texts.Language() {
		w.texts = texts
		w.build()
	}
}

func (w *Window) setTheme(wish string) {
	w.cfg.App.Preferences().SetString(prefTheme, wish)
	w.cfg.App.Settings().SetTheme(&parlorTheme{wish: wish, text: float32(w.state.frame.prefs.TextSize) / 100})
}

// themeWish is the theme that was chosen.
func (w *Window) themeWish() string {
	if present, ok := w.cfg.App.Settings().Theme().(*parlorTheme); ok {
		return present.wish
	}
	return themeSystem
}

// applyTheme makes the text as large as the preferences say.
func (w *Window) applyTheme() {
	w.cfg.App.Settings().SetTheme(&parlorTheme{wish: w.themeWish(), text: float32(w.state.frame.prefs.TextSize) / 100})
	w.show()
}

// The keys of Preferences.
const (
	prefLang  = "language"
	prefTheme = "theme"
	prefRoom  = "roomId"
	prefUser  = "userId"
)

// register gives a control its id for the QA driver. A control that hands on keys does so to the window.
func (w *Window) register(id string, o fyne.CanvasObject) {
	w.controls[id] = o
	if k, ok := o.(widgets.Keyed); ok {
		k.SetOnUnusedKey(w.unusedKey)
	}
}

// separator is a hairline in the theme's colour.
func separator() fyne.CanvasObject { return newLine(theme.ColorNameSeparator) }

// ids lists the ids of all controls, sorted.
func (w *Window) ids() []string { return slices.Sorted(maps.Keys(w.controls)) }
