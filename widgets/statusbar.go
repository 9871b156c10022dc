package widgets

import (
	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/canvas"
	"fyne.io/fyne/v2/theme"
	"fyne.io/fyne/v2/widget"

	"parlor/assets"
)

// StatusBar is the line at the bottom: a sign with a word, then facts.
type StatusBar struct {
	widget.BaseWidget

	facts []string
	icon  assets.IconName
	role  fyne.ThemeColorName
	word  string

	picture *canvas.Image
	line    *canvas.Rectangle
	texts   []*canvas.Text
}

// maxFacts bounds the texts that are kept: the word, room, time, up, down, round trip and loss, and one more.
const maxFacts = 8

// NewStatusBar returns an empty bar.
func NewStatusBar() *StatusBar {
	s := &StatusBar{
		icon: assets.Offline, role: theme.ColorNamePlaceHolder,
		picture: &canvas.Image{FillMode: canvas.ImageFillContain}, line: canvas.NewRectangle(nil),
	}
	s.ExtendBaseWidget(s)
	for range maxFacts {
		t := canvas.NewText("", nil)
		t.TextSize = 12
		s.texts = append(s.texts, t)
	}
	s.recolour()
	return s
}

// Set shows the sign, its word, and up to seven facts; facts that do not fit are left out from the end.
func (s *StatusBar) Set(icon assets.IconName, role fyne.ThemeColorName, word string, facts ...string) {
	if icon == s.icon && role == s.role && word == s.word && equal(facts, s.facts) {
		return
	}
	s.icon, s.role, s.word, s.facts = icon, role, word, facts
	s.Refresh()
}

func equal(a, b []string) bool {
	if len(a) != len(b) {
		return false
	}
	for i := range a {
		if a[i] != b[i] {
			return false
		}
	}
	return true
}

// Texts returns the word and the facts.
func (s *StatusBar) Texts() []string { return append([]string{s.word}, s.facts...) }

// CreateRenderer is called by the window.
func (s *StatusBar) CreateRenderer() fyne.WidgetRenderer {
	objects := []fyne.CanvasObject{s.line, s.picture}
	for _, t := range s.texts {
		objects = append(objects, t)
	}
	return &renderer{
		objects: objects, target: s, layout: s.layout, refresh: s.recolour,
		minSize: func() fyne.Size { return fyne.NewSize(320, 28) },
	}
}

func (s *StatusBar) recolour() {
	s.line.FillColor = themed(theme.ColorNameSeparator)
	s.picture.Resource = assets.Icon(s.icon, s.role)
	for i, t := range s.texts {
		t.Text = ""
		t.Color = themed(theme.ColorNamePlaceHolder)
		if i == 0 {
			t.Text, t.Color = s.word, themed(theme.ColorNameForeground)
		} else if i <= len(s.facts) {
			t.Text = s.facts[i-1]
		}
	}
}

func (s *StatusBar) layout(size fyne.Size) {
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
