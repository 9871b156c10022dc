package console

import (
	"bytes"
	"encoding/json"
	"image/color"

	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/canvas"
	"fyne.io/fyne/v2/container"
	"fyne.io/fyne/v2/theme"
	"fyne.io/fyne/v2/widget"

	"parlor/widgets"
)

// arrange puts the parts in their places.
func (p *page) arrange() {
	objects := []fyne.CanvasObject{p.head, p.find, p.methods, p.pick, p.call.content, p.tabs, p.aside}
	for _, line := range []**hairline{&p.top, &p.left, &p.right, &p.middle} {
		*line = newHairline()
		objects = append(objects, *line)
	}
	for _, o := range p.panes {
		objects = append(objects, o)
	}
	p.content = container.New(&placed{
		place: p.place,
		min:   func() fyne.Size { return fyne.NewSize(300, 400) },
	}, objects...)
}

const margin = 12

func (p *page) place(size fyne.Size) {
	units := size.Width * textUnit / theme.TextSize()
	switch {
	case units >= threeColumns:
		p.placeWide(size)
	case units >= twoColumns:
		p.placeMiddle(size)
	default:
		p.placeNarrow(size, units >= roomy)
	}
}

const textUnit = 14 // the normal text size

// turn shows what belongs to a number of columns; whole is a page of its own, not a panel beside another.
func (p *page) turn(columns int, whole bool) {
	show(p.head, whole)
	show(p.find, columns > 1)
	show(p.methods, columns > 1)
	show(p.pick, columns == 1)
	show(p.tabs, columns < 3)
	show(p.aside, columns == 3)
	shown := p.chosen
	switch {
	case columns == 3 && shown == paneLog:
		shown = paneState
	case !whole && shown >= narrowPanes:
		shown = paneLog
		p.tabs.Choose(int(paneLog))
	}
	for i, o := range p.tabs.Objects() {
		show(o, whole || pane(i) < narrowPanes)
	}
	for i, o := range p.panes {
		show(o, pane(i) == shown || columns == 3 && pane(i) == paneLog)
	}
	p.state.open = shown == paneState
	show(p.top, whole)
	show(p.left, columns > 1)
	show(p.right, columns == 3)
	if p.columns != columns {
		p.columns = columns
		p.registerTabs()
	}
}

// placeHead places the head and returns where the rest begins.
func (p *page) placeHead(size fyne.Size) (y float32) {
	const gap = 8
	head := p.head.MinSize().Height
	put(p.head, margin, gap, size.Width-2*margin, head)
	put(p.top, 0, head+2*gap, size.Width, 1)
	return head + 2*gap + 1
}

// placeTop places the head and the list of methods; it returns where the rest begins.
func (p *page) placeTop(size fyne.Size) (x, y float32) {
	const gap = 8
	y = p.placeHead(size)
	list := widgets.Scaled(300)
	find := p.find.MinSize().Height
	put(p.find, margin, y+gap, list-2*margin, find)
	put(p.methods, margin-4, y+find+2*gap, list-2*margin+8, size.Height-y-find-3*gap)
	put(p.left, list, y, 1, size.Height-y)
	return list + 1, y
}

func (p *page) placeWide(size fyne.Size) {
	p.turn(3, true)
	x, y := p.placeTop(size)
	side := widgets.Scaled(400)
	middle := size.Width - x - side - 1
	p.placeColumn(x, y, middle, size.Height-y, func(x, y, w, h float32) {
		p.log.bar.fit(w)
		put(p.panes[paneLog], x, y, w, h)
	})
	put(p.right, size.Width-side-1, y, 1, size.Height-y)
	tabs := p.aside.MinSize().Height
	put(p.aside, size.Width-side+4, y+4, side-8, tabs)
	for i, o := range p.panes {
		if pane(i) != paneLog {
			put(o, size.Width-side+margin, y+tabs+12, side-2*margin, size.Height-y-tabs-20)
		}
	}
}

func (p *page) placeMiddle(size fyne.Size) {
	p.turn(2, true)
	x, y := p.placeTop(size)
	p.placeColumn(x, y, size.Width-x, size.Height-y, p.placePanes)
}

func (p *page) placeNarrow(size fyne.Size, whole bool) {
	p.turn(1, whole)
	y := float32(0)
	if whole {
		y = p.placeHead(size)
	}
	pick := p.pick.MinSize().Height
	put(p.pick, margin, y+8, size.Width-2*margin, pick)
	y += pick + 8
	p.placeColumn(0, y, size.Width, size.Height-y, p.placePanes)
}

// placePanes gives all panes the same place, below their tabs.
func (p *page) placePanes(x, y, w, h float32) {
	tabs := p.tabs.MinSize().Height
	put(p.tabs, x-margin+4, y-4, w+2*margin-8, tabs)
	p.log.bar.fit(w)
	for _, o := range p.panes {
		put(o, x, y+tabs, w, h-tabs)
	}
}

// placeColumn puts the form above and the rest below: the form gets what it needs, as long as the rest has enough.
func (p *page) placeColumn(x, y, w, h float32, rest func(x, y, w, h float32)) {
	form := min(p.call.need(), max(h-widgets.Scaled(220), h*0.45))
	put(p.call.content, x+margin, y, w-2*margin, form)
	put(p.middle, x, y+form+8, w, 1)
	rest(x+margin, y+form+14, w-2*margin, h-form-22)
}

// hairline is a line in the theme's colour.
type hairline struct {
	widget.BaseWidget
	rect *canvas.Rectangle
}

func newHairline() *hairline {
	h := &hairline{rect: canvas.NewRectangle(color.Transparent)}
	h.ExtendBaseWidget(h)
	return h
}

// CreateRenderer is called by the window.
func (h *hairline) CreateRenderer() fyne.WidgetRenderer { return &hairlineRenderer{h} }

type hairlineRenderer struct{ h *hairline }

func (r *hairlineRenderer) Destroy()                     {}
func (r *hairlineRenderer) MinSize() fyne.Size           { return fyne.NewSize(1, 1) }
func (r *hairlineRenderer) Objects() []fyne.CanvasObject { return []fyne.CanvasObject{r.h.rect} }

func (r *hairlineRenderer) Layout(size fyne.Size) {
	r.h.rect.FillColor = theme.Color(theme.ColorNameSeparator)
	r.h.rect.Resize(size)
}

func (r *hairlineRenderer) Refresh() {
	r.h.rect.FillColor = theme.Color(theme.ColorNameSeparator)
	r.h.rect.Refresh()
}

// indented is JSON on several lines; other text stays.
func indented(text string) string {
	var b bytes.Buffer
	if json.Indent(&b, []byte(text), "", "  ") != nil {
		return text
	}
	return b.String()
}
