package console

import (
	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/container"
	"fyne.io/fyne/v2/layout"
	"fyne.io/fyne/v2/theme"
	"fyne.io/fyne/v2/widget"

	"parlor/assets"
	"parlor/widgets"
)

// placed is a layout made of functions.
type placed struct {
	place func(size fyne.Size)
	min   func() fyne.Size
}

func (p *placed) Layout(_ []fyne.CanvasObject, size fyne.Size) { p.place(size) }
func (p *placed) MinSize([]fyne.CanvasObject) fyne.Size        { return p.min() }

func put(o fyne.CanvasObject, x, y, width, height float32) {
	o.Move(fyne.NewPos(x, y))
	o.Resize(fyne.NewSize(max(width, 0), max(height, 0)))
}

// show shows or hides; calling it again with the same value costs nothing.
func show(o fyne.CanvasObject, visible bool) {
	switch {
	case visible == o.Visible():
	case visible:
		o.Show()
	default:
		o.Hide()
	}
}

func column(gap float32, objects ...fyne.CanvasObject) *fyne.Container {
	return container.New(layout.NewCustomPaddedVBoxLayout(gap), objects...)
}

func row(gap float32, objects ...fyne.CanvasObject) *fyne.Container {
	return container.New(layout.NewCustomPaddedHBoxLayout(gap), objects...)
}

// inset surrounds an object with empty space.
func inset(top, bottom, left, right float32, o fyne.CanvasObject) *fyne.Container {
	return container.New(layout.NewCustomPaddedLayout(top, bottom, left, right), o)
}

// flush takes the padding of a label away, so that words line up with what is below.
func flush(o fyne.CanvasObject) fyne.CanvasObject { return inset(-6, -6, -8, -8, o) }

func bold(text string) *widget.Label {
	l := widget.NewLabel(text)
	l.TextStyle.Bold = true
	l.Truncation = fyne.TextTruncateEllipsis
	return l
}

// caption is small grey text that wraps.
func caption(text string) *widget.Label {
	l := widget.NewLabel(text)
	l.Importance = widget.LowImportance
	l.SizeName = theme.SizeNameCaptionText
	l.Wrapping = fyne.TextWrapWord
	return l
}

// width gives its only object exactly a width, at the text size of the user.
type width struct{ units float32 }

func (w *width) Layout(objects []fyne.CanvasObject, size fyne.Size) {
	put(objects[0], 0, 0, size.Width, size.Height)
}

func (w *width) MinSize(objects []fyne.CanvasObject) fyne.Size {
	return fyne.NewSize(widgets.Scaled(w.units), objects[0].MinSize().Height)
}

// named puts a name before a control: as wide as said, but at most half of what there is. The control cuts its words by itself.
type named struct{ units float32 }

func (b *named) Layout(objects []fyne.CanvasObject, size fyne.Size) {
	name := min(widgets.Scaled(b.units), size.Width/2)
	put(objects[0], 0, 0, name, size.Height)
	put(objects[1], name, 0, size.Width-name, size.Height)
}

func (b *named) MinSize(objects []fyne.CanvasObject) fyne.Size {
	name := objects[0].MinSize()
	return fyne.NewSize(2*name.Width, max(name.Height, objects[1].MinSize().Height))
}

func wide(units float32, o fyne.CanvasObject) fyne.CanvasObject {
	return container.New(&width{units}, o)
}

// tool is a small button with an icon alone.
func tool(icon assets.IconName, tip string, tapped func()) *widgets.ToolButton {
	b := widgets.NewToolButton(icon, "", tapped)
	b.SetTip(tip)
	b.SetLook(widgets.LookFlat)
	return b
}
