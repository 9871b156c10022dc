package ui

import (
	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/container"
	"fyne.io/fyne/v2/widget"

	"parlor/widgets"
)

// openMenu is the menu on screen.
type openMenu struct {
	pop    *widget.PopUp
	window fyne.Size // that it was placed in
	ids    []string
}

// showMenu opens a menu of items at an object, in place of another menu. What the items run are commands of their own.
func (w *Window) showMenu(items []widgets.MenuItem, anchor fyne.CanvasObject) {
	w.showMenuAt(items, w.cfg.App.Driver().AbsolutePositionForObject(anchor), anchor.Size())
}

// showMenuAt opens a menu below a place of a size, or above it where it does not fit below.
func (w *Window) showMenuAt(items []widgets.MenuItem, pos fyne.Position, size fyne.Size) {
	w.closeMenu()
	m := widgets.NewMenu(items)
	m.OnClose = w.closeMenu
	m.OnEscape = func() { w.command("menu.close", nil, w.closeMenu) }
	const margin, gap = 8, 4
	all, want := w.win.Canvas().Size(), m.MinSize()
	below, above := all.Height-pos.Y-size.Height-margin-gap, pos.Y-margin-gap
	var content fyne.CanvasObject = m
	if room := max(below, above); want.Height > room {
		want.Height = room
		scroll := container.NewVScroll(m)
		scroll.SetMinSize(want)
		content = scroll
	}
	y := pos.Y + size.Height + gap
	if want.Height > below {
		y = pos.Y - want.Height - gap
	}
	x := max(min(pos.X, all.Width-want.Width-margin), margin)
	w.menu = openMenu{pop: widget.NewPopUp(content, w.win.Canvas()), window: all}
	for id, o := range m.Controls() {
		w.register(id, o)
		w.menu.ids = append(w.menu.ids, id)
	}
	w.menu.pop.ShowAtPosition(fyne.NewPos(x, max(y, margin)))
	if first := m.First(); first != nil {
		w.win.Canvas().Focus(first)
	}
}

// closeMenu closes the menu, if one is open.
func (w *Window) closeMenu() {
	for _, id := range w.menu.ids {
		delete(w.controls, id)
	}
	if w.menu.pop != nil {
		w.menu.pop.Hide()
	}
	w.menu = openMenu{}
}
