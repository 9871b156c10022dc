package widgets

import (
	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/canvas"
	"fyne.io/fyne/v2/theme"
	"fyne.io/fyne/v2/widget"

	"parlor/assets"
)

// LampState is what a lamp says, by colour and by sign.
type LampState uint8

// The states of a lamp.
const (
	LampOff LampState = iota
	LampWaiting
	LampGreen
	LampRed
)

// Lamp is a row with a lamp, what it stands for, a short note at the right, and a button that takes it away.
type Lamp struct {
	widget.BaseWidget

	OnRemoved func()

	state                LampState
	words, reason        string
	light                *canvas.Circle
	sign                 *canvas.Image
	text, note, reasoned *canvas.Text
	remove               *ToolButton
}

// NewLamp returns a lamp that is off; tip is the word of the button.
func NewLamp(words, tip string) *Lamp {
	l := &Lamp{words: words, light: canvas.NewCircle(nil), sign: &canvas.Image{FillMode: canvas.ImageFillContain}}
	l.ExtendBaseWidget(l)
	l.text, l.note, l.reasoned = canvas.NewText("", nil), canvas.NewText("", nil), canvas.NewText("", nil)
	l.remove = NewToolButton(assets.Close, "", func() {
		if l.OnRemoved != nil {
			l.OnRemoved()
		}
	})
	l.remove.SetLook(LookFlat)
	l.remove.SetTip(tip)
	l.recolour()
	return l
}

// Set changes what the lamp says; reason stands below in small letters.
func (l *Lamp) Set(s LampState, note, reason string) {
	if l.state != s || l.note.Text != note || l.reason != reason {
		l.state, l.note.Text, l.reason = s, note, reason
		l.Refresh()
	}
}

// Remove is the button that takes the lamp away.
func (l *Lamp) Remove() *ToolButton { return l.remove }

// Texts are the words, the note and the reason.
func (l *Lamp) Texts() []string { return []string{l.words, l.note.Text, l.reason} }

// Objects are the parts, for walking the tree.
func (l *Lamp) Objects() []fyne.CanvasObject { return []fyne.CanvasObject{l.remove} }

func (l *Lamp) recolour() {
	l.text.TextSize, l.note.TextSize, l.reasoned.TextSize = Scaled(13), Scaled(12), Scaled(12)
	l.text.Color, l.note.Color = themed(theme.ColorNameForeground), themed(theme.ColorNamePlaceHolder)
	l.reasoned.Color = themed(theme.ColorNamePlaceHolder)
	colour, icon := theme.ColorNameDisabledButton, assets.IconName("")
	switch l.state {
	case LampWaiting:
		colour = theme.ColorNameWarning
	case LampGreen:
		colour, icon = theme.ColorNameSuccess, assets.Check
	case LampRed:
		colour, icon = theme.ColorNameError, assets.Close
		l.reasoned.Color = themed(theme.ColorNameError)
	}
	l.light.FillColor = themed(colour)
	show(l.light, icon == "")
	show(l.sign, icon != "")
	if icon != "" {
		l.sign.Resource = assets.Icon(icon, colour)
	}
	show(l.reasoned, l.reason != "")
}

// CreateRenderer is called by the window.
func (l *Lamp) CreateRenderer() fyne.WidgetRenderer {
	return &renderer{
		objects: []fyne.CanvasObject{l.light, l.sign, l.text, l.note, l.reasoned, l.remove}, target: l, refresh: l.recolour,
		layout: l.layout,
		minSize: func() fyne.Size {
			height := max(l.remove.MinSize().Height, l.text.MinSize().Height)
			if l.reason != "" {
				height += l.reasoned.MinSize().Height
			}
			return fyne.NewSize(Scaled(160), height)
		},
	}
}

func (l *Lamp) layout(size fyne.Size) {
	button := l.remove.MinSize()
	middle := button.Height / 2
	const light, sign = 12, 18
	place(l.light, 5, middle-light/2, light, light)
	place(l.sign, 2, middle-sign/2, sign, sign)
	place(l.remove, size.Width-button.Width, 0, button.Width, button.Height)
	left, right := float32(28), size.Width-button.Width-4
	note := l.note.MinSize()
	if l.note.Text != "" {
		right -= note.Width
		place(l.note, right, middle-note.Height/2, note.Width, note.Height)
		right -= 8
	}
	l.text.Text = elide(l.words, right-left, l.text.TextSize, l.text.TextStyle)
	height := l.text.MinSize().Height
	place(l.text, left, middle-height/2, right-left, height)
	l.reasoned.Text = elide(l.reason, size.Width-left-4, l.reasoned.TextSize, l.reasoned.TextStyle)
	place(l.reasoned, left, button.Height-4, size.Width-left-4, l.reasoned.MinSize().Height)
}
