package ui

import (
	"fyne.io/fyne/v2"
)

// regions are the parts of the window that F6 goes through, in their order, as far as they can be seen.
func (w *Window) regions() []fyne.CanvasObject {
	all := []fyne.CanvasObject{w.shell.banner, w.shell.railBox}
	switch {
	case w.room.onScreen():
		all = append(all, w.room.grid, w.room.side.content, w.room.toolbar.content)
	default:
		all = append(all, w.shell.pages[w.state.page])
	}
	all = append(all, w.shell.status)
	var seen []fyne.CanvasObject
	for _, r := range all {
		if r.Visible() && len(focusables(r)) > 0 {
			seen = append(seen, r)
		}
	}
	return seen
}

// focusables lists what can get the focus within an object.
func focusables(o fyne.CanvasObject) []fyne.Focusable {
	var list []fyne.Focusable
	walk(o, func(o fyne.CanvasObject) {
		f, ok := o.(fyne.Focusable)
		if d, disables := o.(fyne.Disableable); ok && (!disables || !d.Disabled()) {
			list = append(list, f)
		}
	})
	return list
}

// focusRegion gives the focus to the first control of the next region, or of the one before.
func (w *Window) focusRegion(by int) {
	regions := w.regions()
	if len(regions) == 0 {
		return
	}
	at := -1
	if by < 0 {
		at = 0
	}
	focused := w.win.Canvas().Focused()
	for i, r := range regions {
		for _, f := range focusables(r) {
			if f == focused && focused != nil {
				at = i
			}
		}
	}
	at = (at + by + len(regions)) % len(regions)
	w.win.Canvas().Focus(focusables(regions[at])[0])
}

// focusToolbar gives the focus to the first button of the room's toolbar.
func (w *Window) focusToolbar() {
	if list := focusables(w.room.toolbar.content); len(list) > 0 {
		w.win.Canvas().Focus(list[0])
	}
}
