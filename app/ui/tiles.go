package ui

import (
	"image"
	"time"

	"fyne.io/fyne/v2"

	"parlor/app/room"
	"parlor/media"
	"parlor/widgets"
)

// speaking is shown from this loudness on, and for speakingHold after the last loud moment.
const (
	speakingLevel = 12
	speakingHold  = 700 * time.Millisecond
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
	view.SetContain(t.key.source == media.Screen)
	view.OnResized = func(size fyne.Size) { s.resize(shown, size) }
	if t.key.user != "" {
		view.OnTapped = func() { s.w.send(tileTapped{t.key}) }
	}
	s.tiles[t.key] = shown
	s.w.cfg.Backend.Show(t.key.user, t.key.source, shown.display)
	return shown
}

func (s *tileStage) remove(key tileKey) {
	s.w.cfg.Backend.Show(key.user, key.source, nil)
	s.tiles[key].display.SetVisible(false)
	delete(s.tiles, key)
}

// clear takes all displays off.
func (s *tileStage) clear() { s.show(nil) }

// showAgain asks for all pictures again, of a new context.
func (s *tileStage) showAgain() {
	for key, t := range s.tiles {
		s.w.cfg.Backend.Show(key.user, key.source, t.display)
	}
}

func (s *tileStage) update(t *stageTile) {
	v := t.view
	v.SetName(t.tile.name)
	v.SetSelf(t.tile.self)
	v.SetMuted(t.tile.muted)
	switch {
	case t.tile.disconnected:
		v.SetState(widgets.TileReconnecting)
	case !t.tile.video:
		v.SetState(widgets.TileOff)
	case !t.picture:
		v.SetState(widgets.TileLoading)
	default:
		v.SetState(widgets.TileLive)
	}
}

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
	for key, t := range s.tiles {
		s.resize(t, t.view.Size())
		if since := now.at.Sub(t.shownAt); since >= time.Second {
			shown := t.display.Shown()
			t.rate = float64(shown-t.shown) / since.Seconds()
			t.shown, t.shownAt = shown, now.at
		}
		level := levels[key.user]
		if t.tile.self || key.user == "" {
			level = now.level
		}
		if level >= speakingLevel && !t.tile.muted {
			t.loudAt = now.at
		}
		t.speaks = !t.tile.muted && now.at.Sub(t.loudAt) < speakingHold && key.source == media.Camera
		t.view.SetSpeaking(t.speaks)
		t.view.SetLevel(level)
	}
}
