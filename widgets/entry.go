package widgets

import (
	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/driver/desktop"
	"fyne.io/fyne/v2/widget"
)

// Entry is a text field that hands the window's shortcuts on; Fyne's own keeps them while it has
// the focus, so that Ctrl+D would do nothing while somebody types.
type Entry struct {
	widget.Entry

	OnShortcut func(fyne.Shortcut) // gets what editing does not use
	OnEscape   func()              // Esc; may be nil
	OnEnter    func()              // Enter without Shift, in place of a new line; may be nil

	OnKey func(*fyne.KeyEvent) bool // sees each key before the field does, and tells whether it used it; may be nil
	unusedKeys

	shift bool
}

// NewEntry returns an empty field of one line.
func NewEntry(placeholder string) *Entry {
	e := &Entry{}
	e.PlaceHolder = placeholder
	e.ExtendBaseWidget(e)
	return e
}

// NewLines returns an empty field of several lines.
func NewLines(placeholder string, rows int) *Entry {
	e := NewEntry(placeholder)
	e.MultiLine = true
	e.Wrapping = fyne.TextWrapBreak
	e.SetMinRowsVisible(rows)
	return e
}

// TypedShortcut is called by the window.
func (e *Entry) TypedShortcut(s fyne.Shortcut) {
	if custom, ok := s.(*desktop.CustomShortcut); ok && e.OnShortcut != nil {
		e.OnShortcut(custom)
		return
	}
	e.Entry.TypedShortcut(s)
}

// TypedKey is called by the window.
func (e *Entry) TypedKey(ev *fyne.KeyEvent) {
	switch {
	case e.OnKey != nil && e.OnKey(ev):
	case ev.Name == fyne.KeyEscape && e.OnEscape != nil:
		e.OnEscape()
	case (ev.Name == fyne.KeyReturn || ev.Name == fyne.KeyEnter) && e.OnEnter != nil && !e.shift:
		e.OnEnter()
	case len(ev.Name) > 1 && ev.Name[0] == 'F': // F1, F6 …: they edit nothing
		e.unused(ev)
	default:
		e.Entry.TypedKey(ev)
	}
}

// KeyDown is called by the window.
func (e *Entry) KeyDown(ev *fyne.KeyEvent) {
	e.shift = e.shift || isShift(ev)
	e.Entry.KeyDown(ev)
}

// KeyUp is called by the window.
func (e *Entry) KeyUp(ev *fyne.KeyEvent) {
	e.shift = e.shift && !isShift(ev)
	e.Entry.KeyUp(ev)
}

// FocusLost is called by the window; whoever has the focus then hears of the key that is let go.
func (e *Entry) FocusLost() {
	e.shift = false
	e.Entry.FocusLost()
}

func isShift(ev *fyne.KeyEvent) bool {
	return ev.Name == desktop.KeyShiftLeft || ev.Name == desktop.KeyShiftRight
}
