package widgets

import (
	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/canvas"
	"fyne.io/fyne/v2/theme"
	"fyne.io/fyne/v2/widget"

	"parlor/assets"
)

// ErrorLine is the documents' line above the tiles: one line of monospaced text with a sign
// that tells whether something is wrong.
type ErrorLine struct {
	widget.BaseWidget

	Leading bool // at the left instead of the right; set before it is shown

	words string
	wrong bool
	icon  *canvas.Image
	text  *canvas.Text
}

// NewErrorLine returns an empty line.
func NewErrorLine() *ErrorLine {
	l := &ErrorLine{icon: &canvas.Image{FillMode: canvas.ImageFillContain}, text: canvas.NewText("", nil)}
	l.ExtendBaseWidget(l)
	l.text.TextStyle.Monospace = true
	l.recolour()
	return l
}

// Set sets the text, and whether it tells of an error.
func (l *ErrorLine) Set(words string, wrong bool) {
	if l.words != words || l.wrong != wrong {
		l.words, l.wrong = words, wrong
		l.Refresh()
	}
}

// Texts returns the whole text, even where the line is too narrow for it.
func (l *ErrorLine) Texts() []string { return []string{l.words} }

func (l *ErrorLine) recolour() {
	l.text.TextSize = Scaled(12)
	l.icon.Resource = assets.Icon(assets.Check, theme.ColorNameSuccess)
	l.text.Color = themed(theme.ColorNamePlaceHolder)
	if l.wrong {
		l.icon.Resource = assets.Icon(assets.Error, theme.ColorNameError)
		l.text.Color = themed(theme.ColorNameError)
	}
}

// CreateRenderer is called by the window.
func (l *ErrorLine) CreateRenderer() fyne.WidgetRenderer {
	return &renderer{
		objects: []fyne.CanvasObject{l.icon, l.text}, target: l, refresh: l.recolour,
		minSize: func() fyne.Size { return fyne.NewSize(100, max(20, Scaled(17))) },
		layout: func(size fyne.Size) {
			l.text.Text = elide(l.words, size.Width-22, l.text.TextSize, l.text.TextStyle)
			width := l.text.MinSize().Width
			x := size.Width - width - 22
			if l.Leading {
				x = 0
			}
			place(l.icon, x, (size.Height-16)/2, 16, 16)
			place(l.text, x+22, 0, width, size.Height)
		},
	}
}
