package ui

import (
	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/driver/desktop"

	"parlor/app/room"
	"parlor/media"
	"parlor/widgets"
)

// binding ties a key to what it does. Keys with a modifier work everywhere, others only while nothing has
// the focus.
type binding struct {
	key      fyne.KeyName
	modifier fyne.KeyModifier
	run      func()
}

const (
	ctrl      = fyne.KeyModifierControl
	ctrlShift = fyne.KeyModifierControl | fyne.KeyModifierShift
)

func (w *Window) bindKeys() {
	mic, camera := func() { w.toggle(media.Microphone) }, func() { w.toggle(media.Camera) }
	inRoom := func(f func()) func() {
		return func() {
			if w.room.onScreen() {
				f()
			}
		}
	}
	panels := func(p panel) func() { return inRoom(func() { w.choosePanel(p) }) }
	pages := func(p page) func() { return func() { w.send(pageChosen{p}) } }
	turn := func(by int) func() { return inRoom(func() { w.turnPage(by) }) }
	w.keys = []binding{
		{fyne.KeyD, ctrl, mic}, {fyne.KeyM, 0, mic}, {fyne.KeyE, ctrl, camera}, {fyne.KeyV, 0, camera},
		{fyne.KeyI, ctrl, panels(panelInfo)}, {fyne.KeyU, ctrl, panels(panelPeople)}, {fyne.KeyT, ctrl, panels(panelChat)},
		{fyne.KeyG, ctrl, inRoom(w.switchLayout)},
		{fyne.Key1, ctrl, pages(pageRoom)}, {fyne.Key4, ctrl, pages(pageAPI)}, {fyne.KeyComma, ctrl, pages(pageSettings)},
		{fyne.KeyPageUp, 0, turn(-1)}, {fyne.KeyPageDown, 0, turn(1)},
		{fyne.KeyH, ctrlShift, w.leaveByKey}, {fyne.KeyEscape, 0, w.back},
		{fyne.KeyReturn, ctrl, w.console.Run}, {fyne.KeyM, ctrlShift, w.takeNote},
		{fyne.KeyC, ctrlShift, func() { w.copy(w.state.lastResult) }},
		{fyne.KeyE, ctrlShift, inRoom(w.toggleShare)}, {fyne.KeyS, ctrlShift, inRoom(func() { w.toggleFigures(tileKey{}) })},
		{fyne.KeyF11, 0, w.toggleFullScreen},
		{fyne.KeyQ, ctrl, w.win.Close},
	}
	for i, key := range []fyne.KeyName{
		fyne.Key1, fyne.Key2, fyne.Key3, fyne.Key4, fyne.Key5, fyne.Key6, fyne.Key7, fyne.Key8, fyne.Key9,
	} {
		w.keys = append(w.keys, binding{key, 0, inRoom(func() { w.enlarge(i) })})
	}
	for _, b := range w.keys {
		if b.modifier != 0 {
			w.win.Canvas().AddShortcut(&desktop.CustomShortcut{KeyName: b.key, Modifier: b.modifier},
				func(fyne.Shortcut) { b.run() })
		}
	}
	w.win.Canvas().SetOnTypedKey(w.unusedKey)
}

// unusedKey gets the keys that nothing with the focus has a use for.
func (w *Window) unusedKey(ev *fyne.KeyEvent) {
	if len(w.win.Canvas().Overlays().List()) > 0 {
		if ev.Name == fyne.KeyEscape {
			w.closeDialog()
		}
		return
	}
	w.pressed(ev.Name, 0)
}

// pressed runs what is bound to a key and tells whether anything is.
func (w *Window) pressed(key fyne.KeyName, modifier fyne.KeyModifier) bool {
	for _, b := range w.keys {
		if b.key == key && b.modifier == modifier {
			b.run()
			return true
		}
	}
	return false
}

// adopt makes a text field give shortcuts to the window and the focus away on Esc.
func (w *Window) adopt(e *widgets.Entry) {
	e.OnShortcut = func(s fyne.Shortcut) {
		if custom, ok := s.(*desktop.CustomShortcut); ok {
			w.pressed(custom.KeyName, custom.Modifier)
		}
	}
	e.OnEscape = func() { w.win.Canvas().Unfocus() }
}

// leaveByKey leaves the room, or ends a join on its way.
func (w *Window) leaveByKey() {
	if w.state.inRoom() || w.state.joining {
		w.leave()
	}
}

// back is Esc: it closes a dialog or menu, leaves full screen, shrinks the enlarged tile, or cancels a join, whichever comes first.
func (w *Window) back() {
	switch {
	case w.closeDialog():
	case w.state.layout.alone || w.win.FullScreen():
		w.toggleFullScreen()
	case w.state.layout.enlarged != tileKey{}:
		key := w.state.layout.enlarged
		w.command("tile.shrink", key.params(), func() { w.send(tileTapped{key}) })
	case w.state.joining && w.state.connection != room.Inside:
		w.leave()
	}
}

// enlarge shows the tile with that place, from 0, large.
func (w *Window) enlarge(i int) {
	if list := w.state.tiles(); i < len(list) {
		w.tapTile(list[i].key, nil)
	}
}
