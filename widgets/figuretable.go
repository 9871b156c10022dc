package widgets

import (
	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/canvas"
	"fyne.io/fyne/v2/theme"
	"fyne.io/fyne/v2/widget"
)

// FigureTable shows figures of things with names: one row each, the figures in columns, aligned at the right.
type FigureTable struct {
	widget.BaseWidget

	columns []string // titles, that of the names first
	rows    [][]string
	cells   [][]*canvas.Text // the titles first
	line    *canvas.Rectangle
}

const (
	tableGap  = 14
	tableName = 150 // width of the names at most
)

// NewFigureTable returns an empty table; the first title is that of the names.
func NewFigureTable(titles ...string) *FigureTable {
	t := &FigureTable{columns: titles, line: canvas.NewRectangle(nil)}
	t.ExtendBaseWidget(t)
	t.fill()
	return t
}

// SetRows shows rows, each with a name and a text for every other column.
func (t *FigureTable) SetRows(rows [][]string) {
	t.rows = rows
	t.Refresh()
}

// Texts are all words, row by row.
func (t *FigureTable) Texts() []string {
	words := append([]string(nil), t.columns...)
	for _, row := range t.rows {
		words = append(words, row...)
	}
	return words
}

// fill makes as many cells as there are texts, and brings them up to date.
func (t *FigureTable) fill() {
	lines := append([][]string{t.columns}, t.rows...)
	for len(t.cells) < len(lines) {
		row := make([]*canvas.Text, len(t.columns))
		for i := range row {
			row[i] = canvas.NewText("", nil)
		}
		t.cells = append(t.cells, row)
	}
	for y, row := range t.cells {
		for x, cell := range row {
			show(cell, y < len(lines))
			if y >= len(lines) {
				continue
			}
			cell.Color = themed(theme.ColorNameForeground)
			if y == 0 {
				cell.Color = themed(theme.ColorNamePlaceHolder)
			}
			cell.TextSize = Scaled(12)
			cell.TextStyle.Monospace = y > 0 && x > 0
			cell.Text = ""
			if x < len(lines[y]) {
				cell.Text = lines[y][x]
			}
			if x == 0 {
				cell.Text = elide(cell.Text, Scaled(tableName), cell.TextSize, cell.TextStyle)
			}
		}
	}
	t.line.FillColor = themed(theme.ColorNameSeparator)
}

// widths are those of the columns.
func (t *FigureTable) widths() []float32 {
	widths := make([]float32, len(t.columns))
	for _, row := range t.cells {
		for x, cell := range row {
			if cell.Visible() {
				widths[x] = max(widths[x], cell.MinSize().Width)
			}
		}
	}
	return widths
}

func (t *FigureTable) rowHeight() float32 {
	return fyne.MeasureText("0", Scaled(12), fyne.TextStyle{Monospace: true}).Height + 5
}

// CreateRenderer is called by the window.
func (t *FigureTable) CreateRenderer() fyne.WidgetRenderer { return &tableRenderer{t} }

type tableRenderer struct{ table *FigureTable }

func (r *tableRenderer) Destroy() {}
func (r *tableRenderer) MinSize() fyne.Size {
	t := r.table
	size := fyne.NewSize(0, float32(len(t.rows)+1)*t.rowHeight())
	for _, w := range t.widths() {
		size.Width += w + tableGap
	}
	return size
}

func (r *tableRenderer) Objects() []fyne.CanvasObject {
	objects := []fyne.CanvasObject{r.table.line}
	for _, row := range r.table.cells {
		for _, cell := range row {
			objects = append(objects, cell)
		}
	}
	return objects
}

func (r *tableRenderer) Layout(size fyne.Size) {
	t := r.table
	widths, height := t.widths(), t.rowHeight()
	spare := size.Width - tableGap
	for _, w := range widths {
		spare -= w + tableGap
	}
	gap := float32(tableGap)
	if n := len(widths) - 1; n > 0 && spare > 0 {
		gap += min(spare/float32(n), 40)
	}
	for y, row := range t.cells {
		x := float32(0)
		for i, cell := range row {
			m := cell.MinSize()
			left := x
			if i > 0 {
				left = x + widths[i] - m.Width
			}
			place(cell, left, float32(y)*height+(height-m.Height)/2, m.Width, m.Height)
			x += widths[i] + gap
		}
	}
	place(t.line, 0, height-1, size.Width, 1)
}

func (r *tableRenderer) Refresh() {
	r.table.fill()
	r.Layout(r.table.Size())
	canvas.Refresh(r.table)
}
