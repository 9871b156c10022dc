package ui

import (
	"context"
	"errors"
	"fmt"
	"reflect"
	"strings"

	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/canvas"
	"fyne.io/fyne/v2/container"
	"fyne.io/fyne/v2/widget"

	"parlor/app/room"
	"parlor/media"
	"parlor/widgets"
)

// errClosed is what drive methods return when the window is closed.
var errClosed = errors.New("ui: the window is closed")

// State is what a test can see of the window.
type State struct {
	Page    string   `json:"page"`  // start, room, api, settings
	State   string   `json:"state"` // idle, joining, connecting, in, reconnecting, ended
	Panel   string   `json:"panel"` // "", info, api, people, chat
	RoomID  string   `json:"roomId"`
	UserID  string   `json:"userId"`
	Error   string   `json:"error"` // the error line
	Result  string   `json:"result"`
	Banner  string   `json:"banner"` // "" when hidden
	Mic     bool     `json:"mic"`    // others can hear us
	Camera  bool     `json:"camera"`
	Level   int      `json:"level"` // own microphone, 0..100
	Lang    string   `json:"lang"`
	Width   int      `json:"width"`           // of the window, pixels
	Height  int      `json:"height"`          // of the window, pixels
	Tiles   []Tile   `json:"tiles"`           // in their order, hidden ones too
	Tools   []Tool   `json:"tools"`           // every control with an id that is on screen
	Share   string   `json:"share,omitempty"` // what is shared of the own screen
	Texts   []string `json:"texts"`           // on screen
	Log     []string `json:"log"`             // newest rows of the API log, oldest first
	Dropped int      `json:"dropped"`
	Unread  int      `json:"unread,omitempty"` // messages
	Focus   string   `json:"focus,omitempty"`  // id of the control that takes keys, "" for none or one without an id
}

// Tile is one tile; sizes are pixels in the window.
type Tile struct {
	UserID   string  `json:"userId"`
	Mode     string  `json:"mode"` // camera (own), video, screen (N-35)
	X        int     `json:"x"`
	Y        int     `json:"y"`
	W        int     `json:"w"`
	H        int     `json:"h"`
	Visible  bool    `json:"visible"`
	Picture  bool    `json:"picture"`
	Shown    uint64  `json:"shown"`    // pictures shown so far
	Replaced uint64  `json:"replaced"` // pictures that a newer one replaced before they were shown
	FPS      float64 `json:"fps"`
	Muted    bool    `json:"muted"`
	Speaking bool    `json:"speaking"`
	Enlarged bool    `json:"enlarged"`
	Alone    bool    `json:"alone,omitempty"` // it has the whole window
	Pinned   bool    `json:"pinned,omitempty"`
	Silenced bool    `json:"silenced,omitempty"` // muted for me
	Received bool    `json:"received"`           // what the tile shows is subscribed to
	Quality  int     `json:"quality"`            // of the user's connection, 1 bad … 5 excellent, 0 unknown
	Says     string  `json:"says,omitempty"`     // words in its middle
}

// Tool is one control.
type Tool struct {
	ID      string `json:"id"`
	Text    string `json:"text"`
	Enabled bool   `json:"enabled"`
	X       int    `json:"x"` // middle, pixels in the window
	Y       int    `json:"y"`
}

// do runs f on the UI goroutine and waits for it, for ctx, or for the window's end.
func (w *Window) do(ctx context.Context, f func() error) error {
	if w.closed.Load() {
		return errClosed
	}
	done := make(chan error, 1) // one answer; nobody may be waiting any more
	w.cfg.Post(func() {
		if w.closed.Load() {
			done <- errClosed
			return
		}
		w.showReceived() // a driver sees what was received before it asked
		done <- f()
	})
	select {
	case err := <-done:
		return err
	case <-ctx.Done():
		return fmt.Errorf("ui: the window did not answer: %w", ctx.Err())
	}
}

// Tap does what a tap on the control does. Any goroutine.
func (w *Window) Tap(ctx context.Context, id string) error {
	return w.do(ctx, func() error {
		o, err := w.control(id)
		if err != nil {
			return err
		}
		t, ok := o.(fyne.Tappable)
		if !ok {
			return fmt.Errorf("ui: control %q cannot be tapped", id)
		}
		if d, ok := o.(fyne.Disableable); ok && d.Disabled() {
			return fmt.Errorf("ui: control %q is disabled", id)
		}
		if b, ok := o.(*widgets.ToolButton); ok && b.Disabled() {
			return fmt.Errorf("ui: control %q is disabled", id)
		}
		middle := fyne.NewPos(o.Size().Width/2, o.Size().Height/2)
		corner := w.cfg.App.Driver().AbsolutePositionForObject(o)
		t.Tapped(&fyne.PointEvent{Position: middle, AbsolutePosition: corner.Add(middle)})
		return nil
	})
}

// Type puts text into a field in place of what is there, or chooses it in a list. Any goroutine.
func (w *Window) Type(ctx context.Context, id, text string) error {
	return w.do(ctx, func() error {
		o, err := w.control(id)
		if err != nil {
			return err
		}
		switch o := o.(type) {
		case *widgets.Entry:
			if o.Disabled() {
				return fmt.Errorf("ui: control %q is disabled", id)
			}
			o.SetText(text)
		case *widgets.Select:
			for _, option := range o.Options {
				if option == text {
					o.SetSelected(text)
					return nil
				}
			}
			return fmt.Errorf("ui: control %q has no choice %q, only %q", id, text, o.Options)
		default:
			return fmt.Errorf("ui: control %q takes no text", id)
		}
		return nil
	})
}

// Key presses a key: "Escape", "Ctrl+Shift+H", "M". Any goroutine.
func (w *Window) Key(ctx context.Context, key string) error {
	name, modifier, err := keyPress(key).split()
	if err != nil {
		return fmt.Errorf("ui: %w", err)
	}
	return w.do(ctx, func() error {
		if focused := w.win.Canvas().Focused(); focused != nil && modifier == 0 {
			focused.TypedKey(&fyne.KeyEvent{Name: name})
			return nil
		}
		if !w.pressed(name, modifier) {
			return fmt.Errorf("ui: nothing is bound to key %q", key)
		}
		return nil
	})
}

// Resize resizes the window; sizes are pixels. Any goroutine.
func (w *Window) Resize(ctx context.Context, width, height int) error {
	if width <= 0 || height <= 0 {
		return fmt.Errorf("ui: cannot resize to %d by %d pixels", width, height)
	}
	return w.do(ctx, func() error {
		scale := w.win.Canvas().Scale()
		w.win.Resize(fyne.NewSize(float32(width)/scale, float32(height)/scale))
		return nil
	})
}

// State returns what can be seen. Any goroutine.
func (w *Window) State(ctx context.Context) (State, error) {
	var s State
	err := w.do(ctx, func() error {
		s = w.snapshot()
		return nil
	})
	return s, err
}

// logTail is how many rows of the log a State has.
const logTail = 200

func (w *Window) snapshot() State {
	st := &w.state
	size := w.win.Canvas().Size()
	s := State{
		Page:  [...]string{"room", "api", "settings"}[st.page],
		Panel: panelNames[st.side.shown()],
		State: "idle", RoomID: st.roomID, UserID: st.userID, Error: st.errorLine, Result: st.lastResult,
		Mic: st.live(media.Microphone), Camera: st.live(media.Camera), Level: w.samples.level, Lang: w.texts.Language(),
		Dropped: w.console.Dropped(), Unread: st.chat.unread,
	}
	s.Width, s.Height = w.win.Canvas().PixelCoordinateForPosition(fyne.NewPos(size.Width, size.Height))
	if s.Page == "room" && !st.showsStage() {
		s.Page = "start"
	}
	switch {
	case st.connection == room.Reconnecting:
		s.State = "reconnecting"
	case st.inRoom():
		s.State = "in"
	case st.layout.connecting:
		s.State = "connecting"
	case st.joining:
		s.State = "joining"
	case st.ending != nil:
		s.State = "ended"
	}
	if w.shell.banner.Visible() {
		s.Banner = w.shell.banner.Texts()[0]
	}
	if st.layout.share.on {
		s.Share = st.layout.share.name
	}
	s.Tiles = w.tileStates()
	visible := make(map[fyne.CanvasObject]bool)
	w.walkAll(func(o fyne.CanvasObject) {
		visible[o] = true
		s.Texts = append(s.Texts, textsOf(o)...)
	})
	s.Tools = w.toolStates(visible)
	s.Focus = w.focusedID()
	for _, row := range w.console.Rows(logTail) {
		s.Log = append(s.Log, row.String())
	}
	return s
}

// focusedID is the id of the control that has the focus.
func (w *Window) focusedID() string {
	focused, ok := w.win.Canvas().Focused().(fyne.CanvasObject)
	if !ok {
		return ""
	}
	for _, id := range w.ids() { // a control may have two names: the first one
		if w.controls[id] == focused {
			return id
		}
	}
	return ""
}

func (w *Window) tileStates() []Tile {
	stage := w.room.stage
	if !w.state.showsStage() {
		stage = w.start.stage
	}
	var list []Tile
	for _, key := range stage.order {
		t := stage.tiles[key]
		state := Tile{
			UserID: string(key.user), Mode: "video", Visible: stage.onScreen && t.view.Visible(), Picture: t.picture && t.tile.video,
			Shown: t.display.Shown(), Replaced: t.display.Replaced(), FPS: t.rate,
			Muted: t.tile.muted, Speaking: t.speaks, Enlarged: key == w.state.layout.enlarged,
			Alone: key == w.state.layout.enlarged && w.state.layout.alone, Pinned: t.tile.pinned, Silenced: t.tile.silenced,
			Received: t.tile.subscribed, Quality: int(t.tile.quality), Says: t.view.Says(),
		}
		switch {
		case key.source == media.Screen:
			state.Mode = "screen"
		case t.tile.self || key.user == "":
			state.Mode = "camera"
		}
		state.X, state.Y, state.W, state.H = w.pixels(t.view)
		list = append(list, state)
	}
	return list
}

// pixels is where an object is in the window.
func (w *Window) pixels(o fyne.CanvasObject) (x, y, width, height int) {
	c := w.win.Canvas()
	pos := w.cfg.App.Driver().AbsolutePositionForObject(o)
	x, y = c.PixelCoordinateForPosition(pos)
	right, bottom := c.PixelCoordinateForPosition(pos.AddXY(o.Size().Width, o.Size().Height))
	return x, y, right - x, bottom - y
}

func (w *Window) toolStates(visible map[fyne.CanvasObject]bool) []Tool {
	var list []Tool
	for _, id := range w.ids() {
		o := w.controls[id]
		if !visible[o] {
			continue
		}
		tool := Tool{ID: id, Text: strings.Join(textsOf(o), " "), Enabled: true}
		switch o := o.(type) {
		case fyne.Disableable:
			tool.Enabled = !o.Disabled()
		case *widgets.ToolButton:
			tool.Enabled = !o.Disabled()
		}
		x, y, width, height := w.pixels(o)
		tool.X, tool.Y = x+width/2, y+height/2
		list = append(list, tool)
	}
	return list
}

// control finds a control that is on screen.
func (w *Window) control(id string) (fyne.CanvasObject, error) {
	o, ok := w.controls[id]
	if !ok {
		return nil, fmt.Errorf("ui: there is no control %q", id)
	}
	found := false
	w.walkAll(func(seen fyne.CanvasObject) { found = found || seen == o })
	if !found {
		return nil, fmt.Errorf("ui: control %q is not on screen", id)
	}
	return o, nil
}

// parent is a widget that tells what is in it.
type parent interface{ Objects() []fyne.CanvasObject }

// walkAll visits everything that can be seen, dialogs and menus after the page.
func (w *Window) walkAll(visit func(fyne.CanvasObject)) {
	walk(w.win.Canvas().Content(), visit)
	for _, o := range w.win.Canvas().Overlays().List() {
		walk(o, visit)
	}
}

// walk visits an object and all within that can be seen. Fyne has no such function for programs.
func walk(o fyne.CanvasObject, visit func(fyne.CanvasObject)) {
	if o == nil || !o.Visible() { // nil: contentOf of what is no box
		return
	}
	visit(o)
	switch o := o.(type) {
	case *fyne.Container:
		for _, child := range o.Objects {
			walk(child, visit)
		}
	case *container.Scroll:
		walk(o.Content, visit)
	case parent:
		for _, child := range o.Objects() {
			walk(child, visit)
		}
	default:
		walk(contentOf(o), visit)
	}
}

// contentOf is what one of Fyne's own boxes holds: pop-ups and the like have it in a field, and some of them are not exported.
func contentOf(o fyne.CanvasObject) fyne.CanvasObject {
	v := reflect.Indirect(reflect.ValueOf(o))
	if v.Kind() != reflect.Struct {
		return nil
	}
	f := v.FieldByName("Content")
	if !f.IsValid() || !f.CanInterface() {
		return nil
	}
	content, _ := f.Interface().(fyne.CanvasObject)
	return content
}

// textsOf are the words that an object shows by itself.
func textsOf(o fyne.CanvasObject) []string {
	var words []string
	switch o := o.(type) {
	case widgets.Texter:
		words = o.Texts()
	case *canvas.Text:
		words = []string{o.Text}
	case *widget.Label:
		words = []string{o.Text}
	case *widgets.Button:
		words = []string{o.Text}
	case *widgets.Check:
		words = []string{o.Text}
	case *widgets.Select:
		words = []string{o.Selected}
	case *widgets.Entry:
		words = []string{o.Text}
	}
	kept := words[:0:0]
	for _, word := range words {
		if word != "" {
			kept = append(kept, word)
		}
	}
	return kept
}
