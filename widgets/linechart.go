package widgets

import (
	"image"
	"image/color"
	"math"

	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/canvas"
	"fyne.io/fyne/v2/theme"
	"fyne.io/fyne/v2/widget"
)

// LineChart draws how a figure went: the newest value at the right edge. It is one picture that is drawn anew with each Set: a
// hundred lines would be drawn with each repaint of the window.
type LineChart struct {
	widget.BaseWidget

	points int // that fill the width
	lines  [][]float64
	top    float64

	title, value *canvas.Text
	ground       *canvas.Rectangle
	raster       *canvas.Raster
}

// NewLineChart returns an empty chart which is that many points wide, at least 2.
func NewLineChart(title string, points int) *LineChart {
	c := &LineChart{points: max(points, 2), title: canvas.NewText(title, nil), value: canvas.NewText("", nil)}
	c.ExtendBaseWidget(c)
	c.ground = canvas.NewRectangle(nil)
	c.ground.CornerRadius = 6
	c.raster = canvas.NewRaster(c.draw)
	c.recolour()
	return c
}

// Set shows lines, each with the oldest value first, and the newest value in words. The scale starts at 0 and ends at least at top.
func (c *LineChart) Set(value string, top float64, lines ...[]float64) {
	c.value.Text, c.top, c.lines = value, top, lines
	for _, line := range lines {
		for _, v := range line {
			c.top = max(c.top, v)
		}
	}
	c.Refresh()
}

// Texts are the title and the newest value.
func (c *LineChart) Texts() []string { return []string{c.title.Text, c.value.Text} }

func (c *LineChart) recolour() {
	c.title.Color, c.value.Color = themed(theme.ColorNamePlaceHolder), themed(theme.ColorNameForeground)
	c.title.TextSize, c.value.TextSize = Scaled(12), Scaled(12)
	c.ground.FillColor = themed(theme.ColorNameBackground)
}

// CreateRenderer is called by the window.
func (c *LineChart) CreateRenderer() fyne.WidgetRenderer {
	return &renderer{
		objects: []fyne.CanvasObject{c.ground, c.raster, c.title, c.value},
		layout: func(size fyne.Size) {
			const padding = 8
			title, value := c.title.MinSize(), c.value.MinSize()
			place(c.ground, 0, 0, size.Width, size.Height)
			place(c.title, padding, 4, title.Width, title.Height)
			place(c.value, size.Width-padding-value.Width, 4, value.Width, value.Height)
			place(c.raster, padding, 8+title.Height, size.Width-2*padding, size.Height-16-title.Height)
		},
		minSize: func() fyne.Size {
			return fyne.NewSize(c.title.MinSize().Width+c.value.MinSize().Width+32, c.title.MinSize().Height+56)
		},
		refresh: c.recolour,
		target:  c,
	}
}

// draw makes the picture; sizes are pixels.
func (c *LineChart) draw(width, height int) image.Image {
	img := image.NewNRGBA(image.Rect(0, 0, width, height))
	if width < 2 || height < 2 || c.top <= 0 {
		return img
	}
	for i, line := range c.lines {
		role := theme.ColorNamePrimary
		if i > 0 {
			role = theme.ColorNameSuccess
		}
		stroke := color.NRGBAModel.Convert(themed(role)).(color.NRGBA)
		before := math.NaN()
		for x := range width {
			y, ok := c.at(line, float64(x)/float64(width-1))
			if !ok {
				continue
			}
			y = (1 - y/c.top) * float64(height-2)
			if math.IsNaN(before) {
				before = y
			}
			for py := range height {
				alpha := 0.0
				if i == 0 && float64(py) > y {
					alpha = 0.14
				}
				// How much of a line of two pixels lies on this one.
				from, to := min(before, y)-1, max(before, y)+1
				alpha = max(alpha, min(1, min(to-float64(py)+0.5, float64(py)-from+0.5)))
				if alpha > 0 {
					blendPixel(img, x, py, stroke, alpha)
				}
			}
			before = y
		}
	}
	return img
}

// at is the value of a line at a share of the width; false where the line has not begun.
func (c *LineChart) at(line []float64, share float64) (float64, bool) {
	t := share*float64(c.points-1) - float64(c.points-len(line))
	if t < 0 || len(line) == 0 {
		return 0, false
	}
	i := int(t)
	if i >= len(line)-1 {
		return line[len(line)-1], true
	}
	return line[i] + (line[i+1]-line[i])*(t-float64(i)), true
}

// blendPixel lays a colour over what is there.
func blendPixel(img *image.NRGBA, x, y int, c color.NRGBA, alpha float64) {
	old := img.NRGBAAt(x, y)
	under := float64(old.A) / 255 * (1 - alpha)
	sum := alpha + under
	mix := func(over, below uint8) uint8 { return uint8((float64(over)*alpha + float64(below)*under) / sum) }
	img.SetNRGBA(x, y, color.NRGBA{R: mix(c.R, old.R), G: mix(c.G, old.G), B: mix(c.B, old.B), A: uint8(sum * 255)})
}
