package widgets

import (
	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/widget"
)

// keyedList is Fyne's list whose row Enter chooses, too, and that hands on other keys.
type keyedList struct {
	widget.List
	unusedKeys

	onKey func(i int, key fyne.KeyName) bool // gets keys first, with the row that the arrows are at; may be nil
	at    int                                // that row
}

func newKeyedList(length func() int, create func() fyne.CanvasObject, update func(int, fyne.CanvasObject)) *keyedList {
	l := &keyedList{}
	l.Length, l.CreateItem, l.UpdateItem = length, create, update
	l.HideSeparators = true
	l.OnHighlighted = func(i widget.ListItemID) { l.at = i }
	l.ExtendBaseWidget(l)
	return l
}

// TypedKey is called by the window.
func (l *keyedList) TypedKey(ev *fyne.KeyEvent) {
	if l.onKey != nil && l.at < l.Length() && l.onKey(l.at, ev.Name) {
		return
	}
	switch ev.Name {
	case fyne.KeyReturn, fyne.KeyEnter:
		l.List.TypedKey(&fyne.KeyEvent{Name: fyne.KeySpace})
	case fyne.KeySpace, fyne.KeyUp, fyne.KeyDown:
		l.List.TypedKey(ev)
	default:
		l.unused(ev)
	}
}
