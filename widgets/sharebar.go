package widgets

import (
	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/canvas"
	"fyne.io/fyne/v2/theme"
	"fyne.io/fyne/v2/widget"

	"parlor/assets"
)

// ShareBar says, above the stage, that the user shares a screen, and has a button to stop.
type ShareBar struct {
	widget.BaseWidget

	Stop *Button

	words  string
	ground *canvas.Rectangle
	icon   *canvas.Image
	text   *canvas.Text
}

// NewShareBar returns a bar with a button of that label.
func NewShareBar(stop string, tapped func()) *ShareBar {
	b := &ShareBar{Stop: NewButton(stop, tapped), ground: canvas.NewRectangle(nil), text: canvas.NewText("", nil)}
	b.ExtendBaseWidget(b)
	b.Stop.Importance = widget.DangerImportance
	b.ground.CornerRadius = buttonRadius
	b.icon = &canvas.Image{FillMode: canvas.ImageFillContain}
	b.recolour()
	return b
}

// Set says what is shared.
func (b *ShareBar) Set(words string) {
	if b.words != words {
		b.words = words
		b.Refresh()
	}
}

// Texts returns the words.
func (b *ShareBar) Texts() []string { return []string{b.words} }

// Objects returns the button, for walking the tree.
func (b *ShareBar) Objects() []fyne.CanvasObject { return []fyne.CanvasObject{b.Stop} }

func (b *ShareBar) recolour() {
	b.ground.FillColor = themed(theme.ColorNamePrimary)
	b.icon.Resource = assets.Icon(assets.Share, theme.ColorNameForegroundOnPrimary)
	b.text.Color = themed(theme.ColorNameForegroundOnPrimary)
	b.text.TextSize = Scaled(14)
	b.text.TextStyle.Bold = true
}

// CreateRenderer is called by the window.
func (b *ShareBar) CreateRenderer() fyne.WidgetRenderer {
	return &renderer{
		objects: []fyne.CanvasObject{b.ground, b.icon, b.text, b.Stop},
		layout: func(size fyne.Size) {
			const padding, icon = 12, 20
			place(b.ground, 0, 0, size.Width, size.Height)
			place(b.icon, padding, (size.Height-icon)/2, icon, icon)
			m := b.Stop.MinSize()
			place(b.Stop, size.Width-m.Width-4, (size.Height-m.Height)/2, m.Width, m.Height)
			room := size.Width - m.Width - 2*padding - icon - 16
			b.text.Text = elide(b.words, room, b.text.TextSize, b.text.TextStyle)
			text := b.text.MinSize()
			place(b.text, padding+icon+10, (size.Height-text.Height)/2, text.Width, text.Height)
		},
		minSize: func() fyne.Size { return fyne.NewSize(200, b.Stop.MinSize().Height+8) },
		refresh: b.recolour,
		target:  b,
	}
}
