package widgets

import (
	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/canvas"
	"fyne.io/fyne/v2/driver/desktop"
	"fyne.io/fyne/v2/theme"
	"fyne.io/fyne/v2/widget"
)

// paletteRows is how many lines are shown; who does not find a command among them types one more letter.
const paletteRows = 9

// PaletteItem is a line of a Palette.
type PaletteItem struct {
	Label, Keys string
	Disabled    bool // is shown, and cannot be chosen now
}

// Palette is a field to type into, and below it the lines that fit what was typed. Up and Down move, Enter chooses.
type Palette struct {
	widget.BaseWidget

	OnFilter func(text string) // the owner answers with SetItems
	OnChosen func(i int)       // index of the items

	Entry *Entry

	items    []PaletteItem
	selected int
	nothing  string
	rows     [paletteRows]*paletteRow
	empty    *canvas.Text
}

// NewPalette returns an empty palette; nothing is what it says when no line fits.
func NewPalette(placeholder, nothing string) *Palette {
	p := &Palette{Entry: NewEntry(placeholder), nothing: nothing, empty: canvas.NewText(nothing, nil)}
	p.ExtendBaseWidget(p)
	p.Entry.OnChanged = func(text string) {
		if p.OnFilter != nil {
			p.OnFilter(text)
		}
	}
	p.Entry.OnKey = p.key
	for i := range p.rows {
		p.rows[i] = newPaletteRow(func() { p.choose(i) })
	}
	return p
}

// key takes the keys that move and choose.
func (p *Palette) key(ev *fyne.KeyEvent) bool {
	switch ev.Name {
	case fyne.KeyDown:
		p.move(1)
	case fyne.KeyUp:
		p.move(-1)
	case fyne.KeyReturn, fyne.KeyEnter:
		p.choose(p.selected)
	default:
		return false
	}
	return true
}

// move selects the next line, and from the last one the first.
func (p *Palette) move(by int) {
	if n := min(len(p.items), paletteRows); n > 0 {
		p.selected = (p.selected + by + n) % n
		p.Refresh()
	}
}

func (p *Palette) choose(i int) {
	if i < len(p.items) && !p.items[i].Disabled && p.OnChosen != nil {
		p.OnChosen(i)
	}
}

// SetItems sets the lines, the best first, and selects the first one.
func (p *Palette) SetItems(items []PaletteItem) {
	p.items, p.selected = items, 0
	p.Refresh()
}

// Selected is the index of the selected line.
func (p *Palette) Selected() int { return p.selected }

// Texts returns what the lines say.
func (p *Palette) Texts() []string {
	if len(p.items) == 0 {
		return []string{p.nothing}
	}
	return nil
}

// Objects returns the field and the lines, for walking the tree.
func (p *Palette) Objects() []fyne.CanvasObject {
	objects := []fyne.CanvasObject{p.Entry}
	for _, r := range p.rows {
		objects = append(objects, r)
	}
	return objects
}

// CreateRenderer is called by the window.
func (p *Palette) CreateRenderer() fyne.WidgetRenderer {
	return &renderer{
		objects: append(p.Objects(), p.empty), target: p, refresh: p.update, layout: p.layout,
		minSize: func() fyne.Size {
			return fyne.NewSize(Scaled(440), p.Entry.MinSize().Height+8+paletteRows*p.rows[0].MinSize().Height)
		},
	}
}

func (p *Palette) update() {
	for i, r := range p.rows {
		if i < len(p.items) {
			r.set(p.items[i], i == p.selected)
		}
		show(r, i < len(p.items))
	}
	show(p.empty, len(p.items) == 0)
	p.empty.Color, p.empty.TextSize = themed(theme.ColorNamePlaceHolder), Scaled(textSize)
}

func (p *Palette) layout(size fyne.Size) {
	y := p.Entry.MinSize().Height
	place(p.Entry, 0, 0, size.Width, y)
	y += 8
	height := p.rows[0].MinSize().Height
	place(p.empty, 10, y, size.Width-20, height)
	for _, r := range p.rows {
		place(r, 0, y, size.Width, height)
		y += height
	}
}

// paletteRow is one line.
type paletteRow struct {
	widget.BaseWidget

	tapped            func()
	item              PaletteItem
	selected, hovered bool

	ground      *canvas.Rectangle
	label, keys *canvas.Text
}

func newPaletteRow(tapped func()) *paletteRow {
	r := &paletteRow{tapped: tapped, ground: canvas.NewRectangle(nil), label: canvas.NewText("", nil), keys: canvas.NewText("", nil)}
	r.ExtendBaseWidget(r)
	r.ground.CornerRadius = buttonRadius
	r.keys.Alignment = fyne.TextAlignTrailing
	r.Hide()
	return r
}

func (r *paletteRow) set(item PaletteItem, selected bool) {
	r.item, r.selected = item, selected
	r.Refresh()
}

// Texts returns the words of the line.
func (r *paletteRow) Texts() []string { return []string{r.item.Label, r.item.Keys} }

// Tapped is called by the window.
func (r *paletteRow) Tapped(*fyne.PointEvent) { r.tapped() }

// MouseIn is called by the window.
func (r *paletteRow) MouseIn(*desktop.MouseEvent) { r.hovered = true; r.Refresh() }

// MouseMoved is called by the window.
func (r *paletteRow) MouseMoved(*desktop.MouseEvent) {}

// MouseOut is called by the window.
func (r *paletteRow) MouseOut() { r.hovered = false; r.Refresh() }

// CreateRenderer is called by the window.
func (r *paletteRow) CreateRenderer() fyne.WidgetRenderer {
	return &renderer{
		objects: []fyne.CanvasObject{r.ground, r.label, r.keys}, target: r, refresh: r.recolour,
		minSize: func() fyne.Size { return fyne.NewSize(Scaled(200), max(36, Scaled(28))) },
		layout: func(size fyne.Size) {
			place(r.ground, 0, 0, size.Width, size.Height)
			keys := fyne.MeasureText(r.item.Keys, Scaled(12), fyne.TextStyle{}).Width
			r.label.Text = elide(r.item.Label, size.Width-keys-32, Scaled(textSize), fyne.TextStyle{})
			place(r.label, 10, 0, size.Width-keys-32, size.Height)
			place(r.keys, size.Width-keys-10, 0, keys, size.Height)
		},
	}
}

func (r *paletteRow) recolour() {
	r.keys.Text = r.item.Keys
	r.label.TextSize, r.keys.TextSize = Scaled(textSize), Scaled(12)
	r.label.Color, r.keys.Color = themed(theme.ColorNameForeground), themed(theme.ColorNamePlaceHolder)
	if r.item.Disabled {
		r.label.Color = themed(theme.ColorNameDisabled)
	}
	r.ground.FillColor = themed(theme.ColorNameButton)
	r.ground.StrokeWidth = 0
	if r.selected {
		r.ground.StrokeWidth, r.ground.StrokeColor = 2, themed(theme.ColorNamePrimary)
	}
	show(r.ground, r.selected || r.hovered)
}
