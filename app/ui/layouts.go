package ui

import (
	"image/color"

	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/canvas"
	"fyne.io/fyne/v2/container"
	"fyne.io/fyne/v2/layout"
	"fyne.io/fyne/v2/theme"
	"fyne.io/fyne/v2/widget"
)

// custom is a layout made of functions, for a screen's own arrangement of its parts.
type custom struct {
	place func(size fyne.Size)
	min   func() fyne.Size
}

func (c *custom) Layout(_ []fyne.CanvasObject, size fyne.Size) { c.place(size) }
func (c *custom) MinSize([]fyne.CanvasObject) fyne.Size        { return c.min() }

func put(o fyne.CanvasObject, x, y, width, height float32) {
	o.Move(fyne.NewPos(x, y))
	o.Resize(fyne.NewSize(width, height))
}

func setVisible(o fyne.CanvasObject, visible bool) {
	if o.Visible() == visible {
		return
	}
	if visible {
		o.Show()
	} else {
		o.Hide()
	}
}

// line is a thin rectangle that follows the theme.
type line struct {
	widget.BaseWidget
	role   fyne.ThemeColorName
	radius float32
}

// fadedBlack lies between a dialog and the window.
var fadedBlack = color.NRGBA{A: 0x90}

func newLine(role fyne.ThemeColorName) *line {
	l := &line{role: role}
	l.ExtendBaseWidget(l)
	return l
}

// CreateRenderer is called by the window.
func (l *line) CreateRenderer() fyne.WidgetRenderer {
	return &lineRenderer{line: l, rect: canvas.NewRectangle(color.Transparent)}
}

type lineRenderer struct {
	line *line
	rect *canvas.Rectangle
}

func (r *lineRenderer) Destroy()                     {}
func (r *lineRenderer) MinSize() fyne.Size           { return fyne.NewSize(1, 1) }
func (r *lineRenderer) Objects() []fyne.CanvasObject { return []fyne.CanvasObject{r.rect} }
func (r *lineRenderer) Layout(size fyne.Size) {
	r.rect.FillColor = theme.Color(r.line.role)
	r.rect.CornerRadius = r.line.radius
	r.rect.Resize(size)
}

func (r *lineRenderer) Refresh() {
	r.rect.FillColor = theme.Color(r.line.role)
	r.rect.Refresh()
}

// column puts objects below each other with a gap.
func column(gap float32, objects ...fyne.CanvasObject) *fyne.Container {
	return container.New(layout.NewCustomPaddedVBoxLayout(gap), objects...)
}

// row puts objects beside each other with a gap.
func row(gap float32, objects ...fyne.CanvasObject) *fyne.Container {
	return container.New(layout.NewCustomPaddedHBoxLayout(gap), objects...)
}

// inset surrounds an object with empty space.
func inset(top, bottom, left, right float32, o fyne.CanvasObject) *fyne.Container {
	return container.New(layout.NewCustomPaddedLayout(top, bottom, left, right), o)
}

// title, section and caption are the three ranks of words above content. A label has its own padding
// of 8; flush takes it away so that words line up with what is below.
func title(text string) fyne.CanvasObject { return flush(heading(text)) }

func heading(text string) *widget.Label {
	l := widget.NewLabel(text)
	l.TextStyle.Bold = true
	l.SizeName = theme.SizeNameHeadingText
	return l
}

func section(text string) fyne.CanvasObject {
	l := widget.NewLabel(text)
	l.TextStyle.Bold = true
	return flush(l)
}

func caption(text string) *widget.Label {
	l := widget.NewLabel(text)
	l.Importance = widget.LowImportance
	l.SizeName = theme.SizeNameCaptionText
	return l
}

func flush(o fyne.CanvasObject) fyne.CanvasObject { return inset(-6, -6, -8, -8, o) }

// fixedWidth gives its only object exactly a width.
type fixedWidth struct{ width float32 }

func (f *fixedWidth) Layout(objects []fyne.CanvasObject, size fyne.Size) {
	put(objects[0], 0, 0, size.Width, size.Height)
}

func (f *fixedWidth) MinSize(objects []fyne.CanvasObject) fyne.Size {
	return fyne.NewSize(f.width, objects[0].MinSize().Height)
}

// labelled puts a name of a fixed width before a control.
func labelled(name string, width float32, control fyne.CanvasObject) fyne.CanvasObject {
	l := widget.NewLabel(name)
	left := container.New(&fixedWidth{width}, inset(0, 0, -8, 0, l))
	return container.New(layout.NewBorderLayout(nil, nil, left, nil), left, control)
}

// setDisabled disables or enables a control.
func setDisabled(o fyne.Disableable, disabled bool) {
	switch {
	case disabled == o.Disabled():
	case disabled:
		o.Disable()
	default:
		o.Enable()
	}
}

// wrapping puts objects beside each other, in as many rows as their widths need.
type wrapping struct {
	gap   float32
	width float32 // the last one
}

// Layout implements fyne.Layout.
func (l *wrapping) Layout(objects []fyne.CanvasObject, size fyne.Size) {
	l.width = size.Width
	l.flow(objects, size.Width, put)
}

// MinSize implements fyne.Layout. Before there is a width everything has a place in the side panel.
func (l *wrapping) MinSize(objects []fyne.CanvasObject) fyne.Size {
	width := l.width
	if width == 0 {
		width = panelWidth - 24
	}
	var least float32
	for _, o := range objects {
		if o.Visible() {
			least = max(least, o.MinSize().Width)
		}
	}
	return fyne.NewSize(least, l.flow(objects, width, nil))
}

// flow hands each object its place and returns the height of all.
func (l *wrapping) flow(objects []fyne.CanvasObject, width float32, place func(fyne.CanvasObject, float32, float32, float32, float32)) float32 {
	var x, y, height float32
	for _, o := range objects {
		if !o.Visible() {
			continue
		}
		m := o.MinSize()
		if x > 0 && x+m.Width > width {
			x, y = 0, y+height+l.gap
			height = 0
		}
		if place != nil {
			place(o, x, y, m.Width, m.Height)
		}
		x += m.Width + l.gap
		height = max(height, m.Height)
	}
	return y + height
}
