package widgets

import (
	"image/color"

	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/canvas"
	"fyne.io/fyne/v2/widget"

	"parlor/assets"
)

// Severity orders what is told.
type Severity uint8

// The severities.
const (
	SeverityInfo Severity = iota
	SeverityWarning
	SeverityError
)

const bannerHeight = 44

// Banner is a line over the whole width, with white words on a dark colour and up to two buttons.
type Banner struct {
	widget.BaseWidget

	First, Second *widget.Button // hidden while their text is empty

	ground *canvas.Rectangle
	icon   *canvas.Image
	text   *canvas.Text

	words    string
	severity Severity
}

// NewBanner returns an empty, hidden banner.
func NewBanner() *Banner {
	b := &Banner{
		First: widget.NewButton("", nil), Second: widget.NewButton("", nil),
		ground: canvas.NewRectangle(nil), icon: &canvas.Image{FillMode: canvas.ImageFillContain},
		text: canvas.NewText("", color.White),
	}
	b.ExtendBaseWidget(b)
	b.text.TextSize = 14
	b.First.Hide()
	b.Second.Hide()
	b.Hide()
	return b
}

// Set shows words; empty words hide the banner. Buttons with an empty text are hidden.
func (b *Banner) Set(severity Severity, words, first, second string) {
	show(b, words != "")
	if words == "" || b.words == words && b.severity == severity && b.First.Text == first && b.Second.Text == second {
		return
	}
	b.words, b.severity = words, severity
	icon := assets.Warning
	switch severity {
	case SeverityInfo:
		b.ground.FillColor, icon = color.NRGBA{R: 0x1B, G: 0x4B, B: 0x8F, A: 0xFF}, assets.Info
	case SeverityWarning:
		b.ground.FillColor = color.NRGBA{R: 0x7A, G: 0x52, B: 0x00, A: 0xFF}
	case SeverityError:
		b.ground.FillColor, icon = color.NRGBA{R: 0x8E, G: 0x1F, B: 0x18, A: 0xFF}, assets.Error
	}
	b.icon.Resource = assets.IconIn(icon, color.White)
	setButton(b.First, first)
	setButton(b.Second, second)
	b.Refresh()
}

func setButton(b *widget.Button, text string) {
	show(b, text != "")
	if b.Text != text {
		b.SetText(text)
	}
}

// Texts returns the words.
func (b *Banner) Texts() []string { return []string{b.words} }

// Objects returns the buttons, for walking the tree.
func (b *Banner) Objects() []fyne.CanvasObject { return []fyne.CanvasObject{b.First, b.Second} }

// CreateRenderer is called by the window.
func (b *Banner) CreateRenderer() fyne.WidgetRenderer {
	return &renderer{
		objects: []fyne.CanvasObject{b.ground, b.icon, b.text, b.First, b.Second}, target: b, layout: b.layout,
		minSize: func() fyne.Size { return fyne.NewSize(320, bannerHeight) },
	}
}

func (b *Banner) layout(size fyne.Size) {
	place(b.ground, 0, 0, size.Width, size.Height)
	place(b.icon, 16, (size.Height-20)/2, 20, 20)
	right := size.Width - 8
	for _, button := range []*widget.Button{b.Second, b.First} {
		if button.Visible() {
			m := button.MinSize()
			right -= m.Width
			place(button, right, (size.Height-m.Height)/2, m.Width, m.Height)
			right -= 8
		}
	}
	b.text.Text = elide(b.words, right-48-8, b.text.TextSize, fyne.TextStyle{})
	place(b.text, 48, 0, right-48, size.Height)
}
