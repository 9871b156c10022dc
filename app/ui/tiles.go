package ui

import (
	"fmt"
	"image"
	"slices"
	"time"

	"fyne.io/fyne/v2"

	"parlor/app/room"
	"parlor/media"
	"parlor/widgets"
)

const (
	// speaking is shown from this loudness on, and for speakingHold after the last loud moment.
	speakingLevel = 12
	speakingHold  = 700 * time.Millisecond
	// loadingAfter is how long a tile waits for its first picture before it says so: most come sooner.
	loadingAfter = 300 * time.Millisecond
	// stalledAfter is how long a picture may stand still until it does not come: shared screens give one a second.
	stalledAfter = 1500 * time.Millisecond
)

// tileStage keeps one tile and one display for each tile of the state.
type tileStage struct {
	w        *Window
	tiles    map[tileKey]*stageTile
	order    []tileKey
	onScreen bool
}

// stageTile is one tile with its display and the counters behind its frame rate.
type stageTile struct {
	tile    tile
	view    *widgets.VideoTile
	display *media.Display
	loudAt  time.Time
	speaks  bool
	shown   uint64 // pictures, at the time of shownAt
	shownAt time.Time
	rate    float64 // pictures per second
	picture bool
	waits   time.Time // since when the tile waits for its first picture; zero: it does not
	came    uint64    // pictures, at the time of cameAt
	cameAt  time.Time
	stalled bool // there is a picture, and no new one comes
}

func newTileStage(w *Window) *tileStage {
	return &tileStage{w: w, tiles: make(map[tileKey]*stageTile)}
}

// show makes the tiles those of the list. First the displays of tiles that are gone are taken off, so that
// one user's picture is never asked for twice.
func (s *tileStage) show(list []tile) {
	wanted := make(map[tileKey]bool, len(list))
	for _, t := range list {
		wanted[t.key] = true
	}
	for key := range s.tiles {
		if !wanted[key] {
			s.remove(key)
		}
	}
	s.order = s.order[:0]
	for _, t := range list {
		s.order = append(s.order, t.key)
		shown := s.tiles[t.key]
		if shown == nil {
			shown = s.add(t)
		}
		shown.tile = t
		s.update(shown)
	}
}

func (s *tileStage) add(t tile) *stageTile {
	view := widgets.NewVideoTile(s.w.texts)
	shown := &stageTile{view: view, shownAt: s.w.now()}
	shown.display = s.w.stage.NewDisplay(func(img *image.RGBA) {
		view.SetFrame(img)
		if shown.picture != (img != nil) {
			shown.picture = img != nil
			s.update(shown)
		}
	})
	view.SetScreen(t.key.source == media.Screen)
	view.SetVolume(!t.self)
	view.OnResized = func(size fyne.Size) { s.resize(shown, size) }
	if t.key.user != "" && !t.blank {
		s.bind(view, t.key)
	}
	s.tiles[t.key] = shown
	if !t.blank {
		s.w.cfg.Backend.Show(t.key.user, t.key.source, shown.display)
	}
	return shown
}

// bind ties what can be done on a tile to its commands.
func (s *tileStage) bind(view *widgets.VideoTile, key tileKey) {
	w := s.w
	view.OnTapped = func(ev *fyne.PointEvent) { w.tapTile(key, ev) }
	view.OnMenu = func(at fyne.Position) { w.openTileMenu(key, at) }
	view.Pin.OnTapped = func() { w.pinTile(key) }
	view.Volume.OnTapped = func() { w.openVolume(key.user, view.Volume) }
	view.More.OnTapped = func() {
		w.openTileMenu(key, w.cfg.App.Driver().AbsolutePositionForObject(view.More).AddXY(0, view.More.Size().Height))
	}
	view.Subscribe.OnTapped = func() { w.receive(key, true) }
	view.SetOnUnusedKey(w.unusedKey)
	for name, o := range map[string]fyne.CanvasObject{
		"": view, ".pin": view.Pin, ".volume": view.Volume, ".more": view.More, ".subscribe": view.Subscribe,
	} {
		w.register(tileID(key)+name, o)
	}
}

// tileID is the id of a tile for the QA driver.
func tileID(key tileKey) string {
	if key.source == media.Screen {
		return "room.tile." + string(key.user) + ".screen"
	}
	return "room.tile." + string(key.user)
}

func (s *tileStage) remove(key tileKey) {
	t := s.tiles[key]
	if !t.tile.blank {
		s.w.cfg.Backend.Show(key.user, key.source, nil)
	}
	t.display.SetVisible(false)
	delete(s.tiles, key)
	for _, name := range []string{"", ".pin", ".volume", ".more", ".subscribe"} {
		delete(s.w.controls, tileID(key)+name)
	}
}

// clear takes all displays off.
func (s *tileStage) clear() { s.show(nil) }

// showAgain asks for all pictures again, of a new context.
func (s *tileStage) showAgain() {
	for key, t := range s.tiles {
		if !t.tile.blank {
			s.w.cfg.Backend.Show(key.user, key.source, t.display)
		}
	}
}

// update brings a tile's widget into line with the state.
func (s *tileStage) update(t *stageTile) {
	v, now := t.view, s.w.now()
	v.SetName(t.tile.name)
	v.SetSelf(t.tile.self)
	v.SetMuted(t.tile.muted)
	v.SetPinned(t.tile.pinned)
	v.SetSilenced(t.tile.silenced)
	v.SetQuality(int(t.tile.quality))
	t.display.SetMirror((t.tile.self || t.key().user == "") && t.key().source == media.Camera && !s.w.state.frame.prefs.Unmirrored)
	waiting := t.tile.video && t.tile.subscribed && !t.picture
	switch {
	case !waiting:
		t.waits = time.Time{}
	case t.waits.IsZero():
		t.waits = now
	}
	switch {
	case t.tile.blank:
		v.SetState(widgets.TileBlank)
	case t.tile.disconnected:
		v.SetState(widgets.TileReconnecting)
	case !t.tile.video:
		v.SetState(widgets.TileOff)
	case !t.tile.subscribed:
		v.SetState(widgets.TileUnsubscribed)
	case t.tile.quality == media.QualityDown && t.stalled:
		v.SetState(widgets.TilePaused)
	case waiting && now.Sub(t.waits) >= loadingAfter:
		v.SetState(widgets.TileLoading)
	default:
		v.SetState(widgets.TileLive)
	}
}

func (t *stageTile) key() tileKey { return t.tile.key }

// resize tells a display how many pixels its tile has.
func (s *tileStage) resize(t *stageTile, size fyne.Size) {
	t.display.SetSize(s.w.win.Canvas().PixelCoordinateForPosition(fyne.NewPos(size.Width, size.Height)))
}

// setVisible tells the displays which tiles can be seen; the others are not decoded.
func (s *tileStage) setVisible(onScreen bool) {
	s.onScreen = onScreen
	for _, t := range s.tiles {
		t.display.SetVisible(onScreen && t.view.Visible())
	}
}

// views lists the tiles in their order.
func (s *tileStage) views() []*widgets.VideoTile {
	views := make([]*widgets.VideoTile, len(s.order))
	for i, key := range s.order {
		views[i] = s.tiles[key].view
	}
	return views
}

// sample shows who speaks and measures frame rates. The size is told again because the canvas' scale
// changes when the window goes to another screen.
func (s *tileStage) sample(now samples) {
	levels := make(map[room.UserID]int)
	for _, t := range now.stats.Remote {
		if t.Source == media.Microphone {
			levels[room.UserID(t.UserID)] = t.Level
		}
	}
	var heard []tileKey
	for _, key := range s.order {
		t := s.tiles[key]
		s.resize(t, t.view.Size())
		if since := now.at.Sub(t.shownAt); since >= time.Second {
			shown := t.display.Shown()
			t.rate = float64(shown-t.shown) / since.Seconds()
			t.shown, t.shownAt = shown, now.at
		}
		s.watchStall(t, now.at)
		level := levels[key.user]
		if t.tile.self || key.user == "" {
			level = now.level
		}
		if level >= speakingLevel && !t.tile.muted {
			t.loudAt = now.at
		}
		before := t.speaks
		t.speaks = !t.tile.muted && now.at.Sub(t.loudAt) < speakingHold && key.source == media.Camera
		if t.speaks && !before && !t.view.Visible() && !t.tile.self {
			heard = append(heard, key)
		}
		t.view.SetSpeaking(t.speaks)
		t.view.SetLevel(level)
		if !t.waits.IsZero() {
			s.update(t)
		}
	}
	for _, key := range heard {
		s.w.send(userHeard{key.user, s.quiet()})
	}
}

// watchStall notices that no new pictures come to a tile that can be seen, and that they come again.
func (s *tileStage) watchStall(t *stageTile, now time.Time) {
	came := t.display.Shown() + t.display.Replaced()
	if came != t.came || !t.picture || !s.onScreen || !t.view.Visible() {
		t.came, t.cameAt = came, now
	}
	if stalled := now.Sub(t.cameAt) >= stalledAfter; stalled != t.stalled {
		t.stalled = stalled
		s.update(t)
	}
}

// quiet lists the tiles on the page of those who do not speak, the longest silent first.
func (s *tileStage) quiet() []tileKey {
	var list []tileKey
	for _, key := range s.order {
		if t := s.tiles[key]; t.view.Visible() && !t.speaks && !t.tile.self {
			list = append(list, key)
		}
	}
	slices.SortStableFunc(list, func(a, b tileKey) int { return s.tiles[a].loudAt.Compare(s.tiles[b].loudAt) })
	if s.w.state.layout.alone {
		return nil // nothing to swap: the others are not to be seen
	}
	return list
}

// tapTile enlarges a tile, or shrinks the enlarged one. A second tap at the same place within doubleTap of the first means the
// tile that the first one hit, whatever is there by then: it gets the whole window.
func (w *Window) tapTile(key tileKey, ev *fyne.PointEvent) {
	now, last := w.now(), w.lastTap
	w.lastTap = tileTap{}
	if ev != nil {
		w.lastTap = tileTap{key: key, at: now, place: ev.AbsolutePosition}
		d := ev.AbsolutePosition.Subtract(last.place)
		if last.key != (tileKey{}) && now.Sub(last.at) < doubleTap && max(d.X, -d.X, d.Y, -d.Y) < 5 {
			w.lastTap = tileTap{}
			w.showAlone(last.key)
			return
		}
	}
	if w.state.layout.alone {
		w.leaveAlone()
		return
	}
	name := "tile.enlarge"
	if w.state.layout.enlarged == key {
		name = "tile.shrink"
	}
	w.command(name, key.params(), func() { w.send(tileTapped{key}) })
}

// tileTap is the last tap on a tile.
type tileTap struct {
	key   tileKey
	at    time.Time
	place fyne.Position
}

const doubleTap = 400 * time.Millisecond

// showAlone gives a tile the whole screen.
func (w *Window) showAlone(key tileKey) {
	w.command("tile.fullScreen", key.params(), func() {
		w.send(tileAlone{key})
		w.win.SetFullScreen(true)
	})
}

// leaveAlone goes back from a tile on the whole screen.
func (w *Window) leaveAlone() {
	w.command("tile.fullScreen.leave", nil, func() {
		w.send(tileAlone{})
		w.win.SetFullScreen(false)
	})
}

// toggleFullScreen gives the window the whole screen, or takes it back.
func (w *Window) toggleFullScreen() {
	if w.state.layout.alone {
		w.leaveAlone()
		return
	}
	on := !w.win.FullScreen()
	w.command("window.fullScreen", map[string]any{"on": on}, func() { w.win.SetFullScreen(on) })
}

// pinTile pins a tile, or unpins it.
func (w *Window) pinTile(key tileKey) {
	name := "tile.pin"
	if slices.Contains(w.state.layout.pinned, key) {
		name = "tile.unpin"
	}
	w.command(name, key.params(), func() { w.send(tilePinned{key}) })
}

// receive starts or stops to receive what a tile shows.
func (w *Window) receive(key tileKey, on bool) {
	w.call(receiveCall(key, on))
}

// receiveCall is the call that starts or stops to receive what a tile shows.
func receiveCall(key tileKey, on bool) (method string, params map[string]any) {
	method = "changeStreamSubscribeState"
	if key.source == media.Screen {
		method = "changeScreenSubscribeState"
	}
	return method, map[string]any{"state": bit(on), "userId": string(key.user), "streamType": string(room.StreamVideo)}
}

// turnPage shows the page of tiles that many pages on.
func (w *Window) turnPage(by int) {
	page, pages := w.room.grid.Page()
	page = min(max(page+by, 0), pages-1)
	w.command("stage.page", map[string]any{"page": page + 1}, func() { w.send(pageTurned{page}) })
}

// setGain makes a user as loud as that, in percent; 0 is muted for me.
func (w *Window) setGain(user room.UserID, percent int) {
	w.call("x-setGain", gainParams(user, percent))
}

func gainParams(user room.UserID, percent int) map[string]any {
	return map[string]any{"userId": string(user), "gain": float64(percent) / 100}
}

// silence mutes a user for oneself, or lets the user be heard again as loud as before.
func (w *Window) silence(user room.UserID) {
	if slices.Contains(w.state.layout.silenced, user) {
		w.setGain(user, w.state.volume(user))
		return
	}
	w.setGain(user, 0)
}

// volumeWords are a volume for people.
func volumeWords(percent float64) string { return fmt.Sprintf("%.0f %%", percent) }
