package widgets

import (
	"image/color"

	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/canvas"
	"fyne.io/fyne/v2/widget"
)

// FaultLine is a striped red line that says: somebody broke something here on purpose.
type FaultLine struct {
	widget.BaseWidget

	stripes *canvas.Raster
}

// FaultLineHeight is its height, in units.
const FaultLineHeight = 4

// NewFaultLine returns a hidden line.
func NewFaultLine() *FaultLine {
	const period = 16 // pixels
	light, dark := color.NRGBA{R: 0xF0, G: 0x48, B: 0x3E, A: 0xFF}, color.NRGBA{R: 0x6B, G: 0x12, B: 0x0D, A: 0xFF}
	l := &FaultLine{stripes: canvas.NewRasterWithPixels(func(x, y, _, _ int) color.Color {
		if (x+y)%period < period/2 {
			return light
		}
		return dark
	})}
	l.ExtendBaseWidget(l)
	l.Hide()
	return l
}

// CreateRenderer is called by the window.
func (l *FaultLine) CreateRenderer() fyne.WidgetRenderer {
	return &renderer{
		objects: []fyne.CanvasObject{l.stripes}, target: l,
		minSize: func() fyne.Size { return fyne.NewSize(1, FaultLineHeight) },
		layout:  func(size fyne.Size) { place(l.stripes, 0, 0, size.Width, size.Height) },
	}
}
