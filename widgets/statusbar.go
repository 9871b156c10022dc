package widgets

import (
	"slices"

	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/canvas"
	"fyne.io/fyne/v2/theme"

	"parlor/assets"
)

// StatusBar is the line at the bottom: a sign with a word, then facts. It is one button.
type StatusBar struct {
	touchable

	OnTapped func()

	facts []string
	icon  assets.IconName
	role  fyne.ThemeColorName
	word  string
	tip   string

	ground  *canvas.Rectangle
	picture *canvas.Image
	line    *canvas.Rectangle
	texts   []*canvas.Text
}

// maxFacts bounds the texts that are kept: the word, faults, room, time, up, down, round trip, loss, processor, and one more.
const maxFacts = 10

// NewStatusBar returns an empty bar; tip is what a tap does, in words.
func NewStatusBar(tip string) *StatusBar {
	s := &StatusBar{
		icon: assets.Offline, role: theme.ColorNamePlaceHolder, tip: tip, ground: canvas.NewRectangle(nil),
		picture: &canvas.Image{FillMode: canvas.ImageFillContain}, line: canvas.NewRectangle(nil),
	}
	s.ExtendBaseWidget(s)
	for range maxFacts {
		s.texts = append(s.texts, canvas.NewText("", nil))
	}
	s.recolour()
	return s
}

// Set shows the sign, its word, and up to nine facts; facts that do not fit are left out from the end.
func (s *StatusBar) Set(icon assets.IconName, role fyne.ThemeColorName, word string, facts ...string) {
	if icon == s.icon && role == s.role && word == s.word && slices.Equal(facts, s.facts) {
		return
	}
	s.icon, s.role, s.word, s.facts = icon, role, word, facts
	s.Refresh()
}

// Texts returns the word and the facts.
func (s *StatusBar) Texts() []string { return append([]string{s.word}, s.facts...) }

// AccessibilityLabel tells the word and what a tap does.
func (s *StatusBar) AccessibilityLabel() string { return s.word + ". " + s.tip }

// AccessibilityRole makes it a button.
func (s *StatusBar) AccessibilityRole() fyne.AccessibleRole { return fyne.AccessibleRoleButton }

// Tapped is called by the window.
func (s *StatusBar) Tapped(*fyne.PointEvent) {
	if s.OnTapped != nil {
		s.OnTapped()
	}
}

// TypedKey is called by the window.
func (s *StatusBar) TypedKey(ev *fyne.KeyEvent) {
	if presses(ev) {
		s.Tapped(nil)
		return
	}
	s.unused(ev)
}

// CreateRenderer is called by the window.
func (s *StatusBar) CreateRenderer() fyne.WidgetRenderer {
	objects := []fyne.CanvasObject{s.ground, s.line, s.picture}
	for _, t := range s.texts {
		objects = append(objects, t)
	}
	return &renderer{
		objects: objects, target: s, layout: s.layout, refresh: s.recolour,
		minSize: func() fyne.Size { return fyne.NewSize(320, max(28, Scaled(24))) },
	}
}

func (s *StatusBar) recolour() {
	s.line.FillColor = themed(theme.ColorNameSeparator)
	s.ground.FillColor, s.ground.StrokeWidth = themed(theme.ColorNameHover), 0
	if s.focused {
		s.ground.StrokeWidth, s.ground.StrokeColor = 2, themed(theme.ColorNamePrimary)
	}
	show(s.ground, s.hovered || s.focused)
	s.picture.Resource = assets.Icon(s.icon, s.role)
	for i, t := range s.texts {
		t.Text, t.TextSize = "", Scaled(12)
		t.Color = themed(theme.ColorNamePlaceHolder)
		if i == 0 {
			t.Text, t.Color = s.word, themed(theme.ColorNameForeground)
		} else if i <= len(s.facts) {
			t.Text = s.facts[i-1]
		}
	}
}

func (s *StatusBar) layout(size fyne.Size) {
	place(s.ground, 0, 0, size.Width, size.Height)
	place(s.line, 0, 0, size.Width, 1)
	place(s.picture, 12, (size.Height-16)/2, 16, 16)
	x := float32(34)
	for _, t := range s.texts {
		width := t.MinSize().Width
		show(t, t.Text != "" && x+width <= size.Width)
		place(t, x, 0, width, size.Height)
		x += width + 18
	}
}
