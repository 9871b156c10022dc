package widgets

import (
	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/driver/desktop"
	"fyne.io/fyne/v2/widget"
)

// Keyed is a control that hands on the keys that it has no use for while it has the focus. Fyne gives keys to the focused
// control only, so that Esc and the window's single keys would be dead as soon as Tab was pressed.
type Keyed interface {
	SetOnUnusedKey(func(*fyne.KeyEvent))
}

// unusedKeys is the part of a Keyed control.
type unusedKeys struct{ onUnusedKey func(*fyne.KeyEvent) }

// SetOnUnusedKey sets who gets the keys that the control does not use.
func (u *unusedKeys) SetOnUnusedKey(f func(*fyne.KeyEvent)) { u.onUnusedKey = f }

func (u *unusedKeys) unused(ev *fyne.KeyEvent) {
	if u.onUnusedKey != nil {
		u.onUnusedKey(ev)
	}
}

// touchable is the part of a widget of our own that the pointer and the focus mark: it stands in the place of widget.BaseWidget.
type touchable struct {
	widget.BaseWidget
	unusedKeys
	hovered, focused bool
}

// MouseIn is called by the window.
func (t *touchable) MouseIn(*desktop.MouseEvent) { t.hovered = true; t.Refresh() }

// MouseMoved is called by the window.
func (t *touchable) MouseMoved(*desktop.MouseEvent) {}

// MouseOut is called by the window.
func (t *touchable) MouseOut() { t.hovered = false; t.Refresh() }

// FocusGained is called by the window.
func (t *touchable) FocusGained() { t.focused = true; t.Refresh() }

// FocusLost is called by the window.
func (t *touchable) FocusLost() { t.focused = false; t.Refresh() }

// TypedRune is called by the window.
func (t *touchable) TypedRune(rune) {}

// presses tells the keys that press the focused control.
func presses(ev *fyne.KeyEvent) bool {
	return ev.Name == fyne.KeyReturn || ev.Name == fyne.KeyEnter || ev.Name == fyne.KeySpace
}

// Button is Fyne's button that Enter presses, too, and that hands on other keys.
type Button struct {
	widget.Button
	unusedKeys
}

// NewButton returns a button with words only.
func NewButton(text string, tapped func()) *Button { return NewIconButton(text, nil, tapped) }

// NewIconButton returns a button with words and an icon.
func NewIconButton(text string, icon fyne.Resource, tapped func()) *Button {
	b := &Button{}
	b.Text, b.Icon, b.OnTapped = text, icon, tapped
	b.ExtendBaseWidget(b)
	return b
}

// TypedKey is called by the window.
func (b *Button) TypedKey(ev *fyne.KeyEvent) {
	switch {
	case !presses(ev):
		b.unused(ev)
	case !b.Disabled() && b.OnTapped != nil:
		b.OnTapped() // not Tapped, which gives the focus away: who uses the keyboard would have to start again
	}
}

// Check is Fyne's check box that Enter presses, too, and that hands on other keys.
type Check struct {
	widget.Check
	unusedKeys
}

// NewCheck returns an unchecked box.
func NewCheck(text string, changed func(bool)) *Check {
	c := &Check{}
	c.Text, c.OnChanged = text, changed
	c.ExtendBaseWidget(c)
	return c
}

// Set checks or unchecks the box without calling OnChanged.
func (c *Check) Set(checked bool) {
	if c.Checked != checked {
		changed := c.OnChanged
		c.OnChanged = nil
		c.SetChecked(checked)
		c.OnChanged = changed
	}
}

// TypedKey is called by the window. (Fyne's box takes Space as a rune.)
func (c *Check) TypedKey(ev *fyne.KeyEvent) {
	switch {
	case ev.Name == fyne.KeyReturn || ev.Name == fyne.KeyEnter:
		c.TypedRune(' ')
	case ev.Name != fyne.KeySpace:
		c.unused(ev)
	}
}

// Select is Fyne's list of choices that Enter opens, too, and that hands on other keys.
type Select struct {
	widget.Select
	unusedKeys
}

// NewSelect returns a list without a choice.
func NewSelect(options []string, changed func(string)) *Select {
	s := &Select{}
	s.Options, s.OnChanged = options, changed
	s.ExtendBaseWidget(s)
	return s
}

// Set replaces options and choice without calling OnChanged; an index outside of the options chooses nothing.
func (s *Select) Set(options []string, chosen int) {
	changed := s.OnChanged
	s.OnChanged = nil
	defer func() { s.OnChanged = changed }()
	s.SetOptions(options)
	if chosen < 0 || chosen >= len(options) {
		s.ClearSelected()
		return
	}
	s.SetSelectedIndex(chosen)
}

// TypedKey is called by the window.
func (s *Select) TypedKey(ev *fyne.KeyEvent) {
	switch ev.Name {
	case fyne.KeyReturn, fyne.KeyEnter:
		s.Select.TypedKey(&fyne.KeyEvent{Name: fyne.KeySpace})
	case fyne.KeySpace, fyne.KeyUp, fyne.KeyDown, fyne.KeyLeft, fyne.KeyRight:
		s.Select.TypedKey(ev)
	default:
		s.unused(ev)
	}
}

// Slider is Fyne's slider that hands on the keys that it does not use.
type Slider struct {
	widget.Slider
	unusedKeys
}

// NewSlider returns a slider from one value to another, in steps of 1.
func NewSlider(from, to float64) *Slider {
	s := &Slider{}
	s.Min, s.Max, s.Step = from, to, 1
	s.ExtendBaseWidget(s)
	return s
}

// TypedKey is called by the window.
func (s *Slider) TypedKey(ev *fyne.KeyEvent) {
	switch ev.Name {
	case fyne.KeyLeft, fyne.KeyRight, fyne.KeyUp, fyne.KeyDown:
		s.Slider.TypedKey(ev)
	default:
		s.unused(ev)
	}
}
