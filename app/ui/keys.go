package ui

import (
	"fmt"
	"slices"
	"strings"
	"unicode/utf8"

	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/driver/desktop"

	"parlor/app/room"
	"parlor/media"
	"parlor/widgets"
)

// keyPress is a key with its modifiers, as it is written for people: "Ctrl+Shift+E".
type keyPress string

// modifierNames are the modifiers in the order in which they are written.
var modifierNames = []struct {
	modifier fyne.KeyModifier
	name     string
}{
	{fyne.KeyModifierControl, "Ctrl"}, {fyne.KeyModifierAlt, "Alt"}, {fyne.KeyModifierShift, "Shift"}, {fyne.KeyModifierSuper, "Super"},
}

// keyNames are the keys that people call otherwise than Fyne does.
var keyNames = map[fyne.KeyName]string{
	fyne.KeyEscape: "Esc", fyne.KeyReturn: "Enter", fyne.KeyPageUp: "PageUp", fyne.KeyPageDown: "PageDown", fyne.KeyBackspace: "Backspace",
}

// pressOf writes a key down.
func pressOf(key fyne.KeyName, modifier fyne.KeyModifier) keyPress {
	var parts []string
	for _, m := range modifierNames {
		if modifier&m.modifier != 0 {
			parts = append(parts, m.name)
		}
	}
	return keyPress(strings.Join(append(parts, first(keyNames[key], string(key))), "+"))
}

// split reads a key press; Fyne's own names are understood, too.
func (k keyPress) split() (fyne.KeyName, fyne.KeyModifier, error) {
	parts := strings.Split(string(k), "+")
	if n := len(parts); n > 1 && parts[n-1] == "" && parts[n-2] == "" { // "Ctrl++"
		parts = append(parts[:n-2], "+")
	}
	name := fyne.KeyName(parts[len(parts)-1])
	for key, word := range keyNames {
		if string(name) == word {
			name = key
		}
	}
	if utf8.RuneCountInString(string(name)) == 1 {
		name = fyne.KeyName(strings.ToUpper(string(name)))
	}
	var modifier fyne.KeyModifier
	for _, part := range parts[:len(parts)-1] {
		known := false
		for _, m := range modifierNames {
			if m.name == part {
				modifier |= m.modifier
				known = true
			}
		}
		if !known {
			return "", 0, fmt.Errorf("key %q: unknown modifier %q", k, part)
		}
	}
	return name, modifier, nil
}

// single tells a key that types a character when it is pressed alone.
func (k keyPress) single() bool { return utf8.RuneCountInString(string(k)) == 1 }

// action is what a person can do by a key and from the command palette. What it runs logs one command or makes one call.
type action struct {
	name   string     // "mic.toggle"; names the shortcut in the preferences
	words  string     // key of its words in the translations
	keys   []keyPress // the usual ones
	run    func()
	able   func() bool // nil: always
	silent bool        // not in the palette: it only means something as a key
}

// newActions lists the actions in the order of the list of keys.
func (w *Window) newActions() []action {
	inRoom := func() bool { return w.room.onScreen() } // the page is made anew with each language
	hasMenu := func() bool { return w.state.inRoom() || w.state.joining }
	panels := func(p panel) func() { return func() { w.choosePanel(p) } }
	turn := func(by int) func() { return func() { w.turnPage(by) } }
	list := []action{
		{name: "room.join", words: "key.join", run: w.join, able: func() bool { return !w.state.showsStage() && w.start.form.Ready() }},
		{name: "room.create", words: "key.create", run: w.createRoom, able: func() bool { return !w.state.showsStage() && w.start.form.CanCreate() }},
		{name: "mic.toggle", words: "key.mic", keys: []keyPress{"Ctrl+D", "M"}, run: func() { w.toggle(media.Microphone) }},
		{name: "camera.toggle", words: "key.camera", keys: []keyPress{"Ctrl+E", "V"}, run: func() { w.toggle(media.Camera) }},
		{name: "layout.toggle", words: "key.layout", keys: []keyPress{"Ctrl+G"}, run: w.switchLayout, able: inRoom},
		{name: "tiles.previous", words: "key.pages.previous", keys: []keyPress{"PageUp"}, run: turn(-1), able: inRoom},
		{name: "tiles.next", words: "key.pages.next", keys: []keyPress{"PageDown"}, run: turn(1), able: inRoom},
		{name: "screen.full", words: "key.full", keys: []keyPress{"F11"}, run: w.toggleFullScreen},
		{name: "back", words: "key.back", keys: []keyPress{"Esc"}, run: w.back, silent: true},
		{name: "panel.info", words: "key.panel.info", keys: []keyPress{"Ctrl+I"}, run: panels(panelInfo), able: inRoom},
		{name: "panel.people", words: "key.panel.people", keys: []keyPress{"Ctrl+U"}, run: panels(panelPeople), able: inRoom},
		{name: "panel.chat", words: "key.panel.chat", keys: []keyPress{"Ctrl+T"}, run: panels(panelChat), able: inRoom},
		{name: "share.toggle", words: "key.share", keys: []keyPress{"Ctrl+Shift+E"}, run: w.toggleShare, able: inRoom},
		{name: "figures.toggle", words: "key.figures", keys: []keyPress{"Ctrl+Shift+S"}, run: func() { w.toggleFigures(tileKey{}) }, able: inRoom},
		{name: "statistics.open", words: "key.statistics", run: w.showStatistics, able: inRoom},
		{name: "room.leave", words: "key.leave", keys: []keyPress{"Ctrl+Shift+H"}, run: w.leave, able: hasMenu},
		{name: "page.room", words: "key.page.room", keys: []keyPress{"Ctrl+1"}, run: func() { w.openPage(pageRoom) }},
		{name: "page.api", words: "key.page.api", keys: []keyPress{"Ctrl+4"}, run: func() { w.openPage(pageAPI) }},
		{name: "page.settings", words: "key.page.settings", keys: []keyPress{"Ctrl+,"}, run: func() { w.openPage(pageSettings) }},
		{name: "api.call", words: "key.call", keys: []keyPress{"Ctrl+Enter"}, run: w.console.Run},
		{name: "api.note", words: "key.note", keys: []keyPress{"Ctrl+Shift+M"}, run: w.takeNote},
		{name: "api.copy", words: "key.copy", keys: []keyPress{"Ctrl+Shift+C"}, run: w.copyResult},
		{name: "palette.open", words: "key.palette", keys: []keyPress{"Ctrl+K"}, run: w.openPalette, silent: true},
		{name: "keys.open", words: "key.list", keys: []keyPress{"F1", "?"}, run: w.openKeys},
		{name: "region.next", words: "key.region.next", keys: []keyPress{"F6"}, run: func() { w.focusRegion(1) }, silent: true},
		{name: "region.previous", words: "key.region.previous", keys: []keyPress{"Shift+F6"}, run: func() { w.focusRegion(-1) }, silent: true},
		{name: "toolbar.focus", words: "key.toolbar", keys: []keyPress{"F2"}, run: w.focusToolbar, able: inRoom, silent: true},
		{name: "text.larger", words: "key.text.larger", keys: []keyPress{"Ctrl+=", "Ctrl++", "Ctrl+Shift+="}, run: func() { w.stepTextSize(1) }},
		{name: "text.smaller", words: "key.text.smaller", keys: []keyPress{"Ctrl+-"}, run: func() { w.stepTextSize(-1) }},
		{name: "text.usual", words: "key.text.usual", keys: []keyPress{"Ctrl+0"}, run: func() { w.stepTextSize(0) }},
		{name: "app.quit", words: "key.quit", keys: []keyPress{"Ctrl+Q"}, run: w.quit},
	}
	for i := range 9 {
		n := fmt.Sprint(i + 1)
		list = append(list, action{
			name: "tile." + n, words: "key.tile", keys: []keyPress{keyPress(n)}, run: func() { w.enlarge(i) }, able: inRoom, silent: true,
		})
	}
	return list
}

// keysOf are the keys of an action: those of the preferences before the usual ones.
func (w *Window) keysOf(a action) []keyPress {
	if own, ok := w.state.frame.prefs.Keys[a.name]; ok {
		if own == "" {
			return nil
		}
		return []keyPress{own}
	}
	return slices.DeleteFunc(slices.Clone(a.keys), func(k keyPress) bool {
		return w.taken(k, a.name)
	})
}

// taken tells whether a person gave a usual key of an action to another one.
func (w *Window) taken(k keyPress, name string) bool {
	for other, own := range w.state.frame.prefs.Keys {
		if own == k && other != name {
			return true
		}
	}
	return false
}

// bindKeys makes the keys do what the preferences say.
func (w *Window) bindKeys() {
	c := w.win.Canvas()
	for _, s := range w.shortcuts {
		c.RemoveShortcut(s)
	}
	w.shortcuts = nil
	w.keys = make(map[keyPress]action)
	for _, a := range w.actions {
		for _, k := range w.keysOf(a) {
			key, modifier, err := k.split()
			if err != nil { // of a file that somebody edited
				w.log.Warn("a shortcut makes no sense", "action", a.name, "error", err)
				continue
			}
			w.keys[pressOf(key, modifier)] = a
			if modifier&^fyne.KeyModifierShift != 0 {
				s := &desktop.CustomShortcut{KeyName: key, Modifier: modifier}
				w.shortcuts = append(w.shortcuts, s)
				c.AddShortcut(s, func(fyne.Shortcut) { w.pressed(key, modifier) })
			}
		}
	}
	c.SetOnTypedKey(w.unusedKey)
	c.SetOnTypedRune(func(r rune) {
		if r == '?' { // which key it is on differs from keyboard to keyboard
			w.pressed("?", 0)
		}
	})
}

// unusedKey gets the keys that nothing with the focus has a use for.
func (w *Window) unusedKey(ev *fyne.KeyEvent) {
	var modifier fyne.KeyModifier
	if d, ok := w.cfg.App.Driver().(desktop.Driver); ok {
		modifier = d.CurrentKeyModifiers() & fyne.KeyModifierShift // those with others are shortcuts
	}
	w.pressed(ev.Name, modifier)
}

// pressed runs what is bound to a key and tells whether anything is. Below a dialog or a menu only Esc means something.
func (w *Window) pressed(key fyne.KeyName, modifier fyne.KeyModifier) bool {
	press := pressOf(key, modifier)
	a, ok := w.keys[press]
	if !ok || press.single() && !w.state.frame.prefs.SingleKeys {
		return false
	}
	if len(w.win.Canvas().Overlays().List()) > 0 && a.name != "back" {
		return true
	}
	if a.able == nil || a.able() {
		a.run()
	}
	return true
}

// adopt makes a text field give shortcuts to the window and the focus away on Esc.
func (w *Window) adopt(e *widgets.Entry) {
	e.OnShortcut = func(s fyne.Shortcut) {
		if custom, ok := s.(*desktop.CustomShortcut); ok {
			w.pressed(custom.KeyName, custom.Modifier)
		}
	}
	e.OnEscape = func() {
		w.win.Canvas().Unfocus()
		if w.state.joining && !w.state.inRoom() { // from Enter in the field: it is locked now
			w.back()
		}
	}
}

// openPage shows a page.
func (w *Window) openPage(p page) {
	w.command("page."+pageNames[p], nil, func() { w.send(pageChosen{p}) })
}

// copyResult puts the text of the last result on the clipboard.
func (w *Window) copyResult() {
	w.command("result.copy", nil, func() { w.copy(w.state.lastResult) })
}

// back is Esc: it closes a dialog or menu, leaves full screen, shrinks the enlarged tile, cancels a join, or gives the focus
// away, whichever comes first.
func (w *Window) back() {
	switch {
	case len(w.win.Canvas().Overlays().List()) > 0:
		w.command("back", nil, func() { w.closeOverlay() })
	case w.state.layout.alone || w.win.FullScreen():
		w.toggleFullScreen()
	case w.state.layout.enlarged != tileKey{}:
		key := w.state.layout.enlarged
		w.command("tile.shrink", key.params(), func() { w.send(tileTapped{key}) })
	case w.state.joining && w.state.connection != room.Inside:
		w.leave()
	case w.win.Canvas().Focused() != nil:
		w.win.Canvas().Unfocus()
	}
}

// enlarge shows the tile with that place, from 0, large.
func (w *Window) enlarge(i int) {
	if list := w.state.tiles(); i < len(list) {
		w.tapTile(list[i].key, nil)
	}
}

// stepTextSize goes to the next larger (1) or smaller (-1) text, or back to 100 % (0).
func (w *Window) stepTextSize(by int) {
	size := 100
	if by != 0 {
		i := slices.Index(textSizes, w.state.frame.prefs.TextSize)
		size = textSizes[min(max(i+by, 0), len(textSizes)-1)]
	}
	w.choose("general.textSize", size, func(p *preferences) { p.TextSize = size })
}

// quit is Ctrl+Q and the window's cross; in a room it asks when the settings say so.
func (w *Window) quit() {
	if !w.state.inRoom() || len(w.dialogs) > 0 {
		w.command("app.quit", nil, w.win.Close)
		return
	}
	t := w.texts
	w.command("app.quit.ask", nil, func() {
		w.ask("app.quit", t.T("quit.title"), t.T("quit.words", w.state.roomID), t.T("quit.yes"), t.T("quit.no"), dangerous, func() {
			w.command("app.quit", nil, w.win.Close)
		})
	})
}
