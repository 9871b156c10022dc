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

const (
	bannerHeight = 44 // with one line of words at the usual text size
	bannerLines  = 2
	bannerLeft   = 48 // where the words begin
)

// Banner is a strip over the whole width, with white words on a dark colour and up to two buttons.
type Banner struct {
	widget.BaseWidget

	First, Second *Button // hidden while their text is empty

	ground *canvas.Rectangle
	icon   *canvas.Image
	lines  [bannerLines]*canvas.Text

	words    string
	severity Severity
}

// NewBanner returns an empty, hidden banner.
func NewBanner() *Banner {
	b := &Banner{
		First: NewButton("", nil), Second: NewButton("", nil),
		ground: canvas.NewRectangle(nil), icon: &canvas.Image{FillMode: canvas.ImageFillContain},
	}
	b.ExtendBaseWidget(b)
	for i := range b.lines {
		b.lines[i] = canvas.NewText("", color.White)
	}
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

func setButton(b *Button, text string) {
	show(b, text != "")
	if b.Text != text {
		b.SetText(text)
	}
}

// Texts returns the words.
func (b *Banner) Texts() []string { return []string{b.words} }

// Objects returns the buttons, for walking the tree.
func (b *Banner) Objects() []fyne.CanvasObject { return []fyne.CanvasObject{b.First, b.Second} }

// HeightFor is the height that the banner needs at a width: its words may take two lines.
func (b *Banner) HeightFor(width float32) float32 {
	size := Scaled(textSize)
	lines := wrap(b.words, b.room(width), size, fyne.TextStyle{}, bannerLines)
	height := float32(len(lines)) * fyne.MeasureText(b.words, size, fyne.TextStyle{}).Height
	return max(bannerHeight, height+12, b.First.MinSize().Height+8)
}

// room is the width that the words have.
func (b *Banner) room(width float32) float32 {
	width -= bannerLeft + 16
	for _, button := range []*Button{b.Second, b.First} {
		if button.Visible() {
			width -= button.MinSize().Width + 8
		}
	}
	return width
}

// CreateRenderer is called by the window.
func (b *Banner) CreateRenderer() fyne.WidgetRenderer {
	objects := []fyne.CanvasObject{b.ground, b.icon}
	for _, l := range b.lines {
		objects = append(objects, l)
	}
	return &renderer{
		objects: append(objects, b.First, b.Second), target: b, layout: b.layout,
		minSize: func() fyne.Size { return fyne.NewSize(320, b.HeightFor(b.Size().Width)) },
	}
}

func (b *Banner) layout(size fyne.Size) {
	place(b.ground, 0, 0, size.Width, size.Height)
	place(b.icon, 16, (size.Height-20)/2, 20, 20)
	right := size.Width - 8
	for _, button := range []*Button{b.Second, b.First} {
		if button.Visible() {
			m := button.MinSize()
			right -= m.Width
			place(button, right, (size.Height-m.Height)/2, m.Width, m.Height)
			right -= 8
		}
	}
	words := wrap(b.words, b.room(size.Width), Scaled(textSize), fyne.TextStyle{}, bannerLines)
	height := fyne.MeasureText(b.words, Scaled(textSize), fyne.TextStyle{}).Height
	y := (size.Height - height*float32(len(words))) / 2
	for i, l := range b.lines {
		l.Text, l.TextSize = "", Scaled(textSize)
		if i < len(words) {
			l.Text = words[i]
		}
		show(l, l.Text != "")
		place(l, bannerLeft, y+float32(i)*height, b.room(size.Width), height)
	}
}
