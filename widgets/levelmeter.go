package widgets

import (
	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/canvas"
	"fyne.io/fyne/v2/theme"
	"fyne.io/fyne/v2/widget"
)

const meterSteps = 16

// LevelMeter shows how loud something is, as a row of marks that light up.
type LevelMeter struct {
	widget.BaseWidget

	lit   int
	marks [meterSteps]*canvas.Rectangle
}

// NewLevelMeter returns a dark meter.
func NewLevelMeter() *LevelMeter {
	m := &LevelMeter{}
	m.ExtendBaseWidget(m)
	for i := range m.marks {
		m.marks[i] = canvas.NewRectangle(nil)
		m.marks[i].CornerRadius = 1.5
	}
	m.recolour()
	return m
}

// SetLevel sets the loudness, 0..100.
func (m *LevelMeter) SetLevel(level int) {
	lit := (min(max(level, 0), 100)*meterSteps + 99) / 100
	if lit != m.lit {
		m.lit = lit
		m.Refresh()
	}
}

// Lit is how many of the 16 marks are lit.
func (m *LevelMeter) Lit() int { return m.lit }

func (m *LevelMeter) recolour() {
	for i, mark := range m.marks {
		mark.FillColor = themed(theme.ColorNameSeparator)
		if i < m.lit {
			mark.FillColor = themed(theme.ColorNameSuccess)
		}
	}
}

// CreateRenderer is called by the window.
func (m *LevelMeter) CreateRenderer() fyne.WidgetRenderer {
	objects := make([]fyne.CanvasObject, meterSteps)
	for i := range m.marks {
		objects[i] = m.marks[i]
	}
	return &renderer{
		objects: objects, target: m, refresh: m.recolour,
		minSize: func() fyne.Size { return fyne.NewSize(meterSteps*6, 8) },
		layout: func(size fyne.Size) {
			step := size.Width / meterSteps
			for i, mark := range m.marks {
				place(mark, float32(i)*step, (size.Height-8)/2, step-3, 8)
			}
		},
	}
}
