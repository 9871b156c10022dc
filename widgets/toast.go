package widgets

import (
	"image/color"

	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/canvas"
	"fyne.io/fyne/v2/widget"

	"parlor/assets"
)

// ToastWidth is the widest that a toast gets, in units.
const ToastWidth = 480

const (
	toastLines = 3  // of words; what is longer belongs into a banner or a dialog
	toastPad   = 14 // at the left and right of the words
)

// Toast is a note that lies over the page for a moment: words, and at most one button. It looks the same in every theme, because
// it may lie on a picture.
type Toast struct {
	widget.BaseWidget

	Action *Button // hidden while its text is empty

	words  string
	ground *canvas.Rectangle
	icon   *canvas.Image
	lines  [toastLines]*canvas.Text
}

// NewToast returns a toast with words; an empty action has no button.
func NewToast(words, action string, tapped func()) *Toast {
	t := &Toast{
		words: words, Action: NewButton(action, tapped), ground: canvas.NewRectangle(color.NRGBA{R: 0x2A, G: 0x2F, B: 0x37, A: 0xFF}),
		icon: &canvas.Image{FillMode: canvas.ImageFillContain, Resource: assets.IconIn(assets.Info, color.White)},
	}
	t.ExtendBaseWidget(t)
	t.ground.CornerRadius = tileRadius
	t.ground.StrokeWidth, t.ground.StrokeColor = 1, color.NRGBA{R: 0x4A, G: 0x51, B: 0x5C, A: 0xFF}
	for i := range t.lines {
		t.lines[i] = canvas.NewText("", color.White)
	}
	show(t.Action, action != "")
	return t
}

// Texts returns the words.
func (t *Toast) Texts() []string { return []string{t.words} }

// Objects returns the button, for walking the tree.
func (t *Toast) Objects() []fyne.CanvasObject { return []fyne.CanvasObject{t.Action} }

// CreateRenderer is called by the window.
func (t *Toast) CreateRenderer() fyne.WidgetRenderer {
	objects := []fyne.CanvasObject{t.ground, t.icon}
	for _, l := range t.lines {
		objects = append(objects, l)
	}
	return &renderer{objects: append(objects, t.Action), target: t, layout: t.layout, minSize: t.minSize}
}

const toastIcon = 20

// room is the width that the words have.
func (t *Toast) room(width float32) float32 {
	width -= toastPad*2 + toastIcon + 10
	if t.Action.Visible() {
		width -= t.Action.MinSize().Width + 10
	}
	return width
}

// minSize is as wide as the words in one line, up to ToastWidth; then they take more lines.
func (t *Toast) minSize() fyne.Size {
	size := Scaled(textSize)
	one := fyne.MeasureText(t.words, size, fyne.TextStyle{})
	width := min(ToastWidth, ToastWidth-t.room(ToastWidth)+one.Width+1)
	lines := wrap(t.words, t.room(width), size, fyne.TextStyle{}, toastLines)
	return fyne.NewSize(width, max(float32(len(lines))*one.Height+20, t.Action.MinSize().Height+12))
}

func (t *Toast) layout(size fyne.Size) {
	place(t.ground, 0, 0, size.Width, size.Height)
	place(t.icon, toastPad, (size.Height-toastIcon)/2, toastIcon, toastIcon)
	lines := wrap(t.words, t.room(size.Width), Scaled(textSize), fyne.TextStyle{}, toastLines)
	height := fyne.MeasureText(t.words, Scaled(textSize), fyne.TextStyle{}).Height
	y := (size.Height - height*float32(len(lines))) / 2
	for i, l := range t.lines {
		l.Text, l.TextSize = "", Scaled(textSize)
		if i < len(lines) {
			l.Text = lines[i]
		}
		show(l, l.Text != "")
		place(l, toastPad+toastIcon+10, y+float32(i)*height, t.room(size.Width), height)
	}
	m := t.Action.MinSize()
	place(t.Action, size.Width-m.Width-8, (size.Height-m.Height)/2, m.Width, m.Height)
}
