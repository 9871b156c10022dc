package widgets

import (
	"fmt"

	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/canvas"
	"fyne.io/fyne/v2/theme"
	"fyne.io/fyne/v2/widget"

	"parlor/assets"
)

const (
	tileGap       = 6
	tilesPerPage  = 12  // four columns of three: smaller tiles show too little
	stripWidth    = 200 // of a small tile beside the enlarged one
	stripHeight   = 112
	pagerHeight   = 40
	widestAspect  = 16.0 / 9
	tallestAspect = 4.0 / 3
)

// TileGrid lays tiles out: equal tiles in a grid, one enlarged with the others in a strip, or one alone. What
// does not fit on a page is hidden and can be paged to. The arrow keys move the focus between tiles.
type TileGrid struct {
	widget.BaseWidget

	OnLaidOut func()       // which tiles are visible may have changed
	OnTurn    func(by int) // a page button was pressed

	tiles      []*VideoTile
	enlarged   *VideoTile
	alone      bool // the enlarged one without the others
	page       int
	most       int // tiles a page
	perPage    int // of the last layout
	prev, next *ToolButton
	counter    *canvas.Text
	busy       bool // laying out
}

// NewTileGrid returns an empty grid.
func NewTileGrid(texts *assets.Texts) *TileGrid {
	g := &TileGrid{most: tilesPerPage, perPage: tilesPerPage, counter: canvas.NewText("", nil)}
	g.ExtendBaseWidget(g)
	g.counter.Alignment = fyne.TextAlignCenter
	g.prev = NewToolButton(assets.Previous, "", func() { g.turn(-1) })
	g.prev.SetTip(texts.T("grid.previous"))
	g.next = NewToolButton(assets.Next, "", func() { g.turn(1) })
	g.next.SetTip(texts.T("grid.next"))
	return g
}

// SetTiles sets the tiles in their order.
func (g *TileGrid) SetTiles(tiles []*VideoTile) {
	g.tiles = append(g.tiles[:0:0], tiles...)
	for _, t := range tiles {
		t.onMove = func(dx, dy int) { g.move(t, dx, dy) }
	}
	g.Refresh()
}

// SetMost sets how many tiles a page has at most, 1 to 12; other numbers mean 12.
func (g *TileGrid) SetMost(n int) {
	if n < 1 || n > tilesPerPage {
		n = tilesPerPage
	}
	if g.most != n {
		g.most = n
		g.Refresh()
	}
}

// SetEnlarged shows one tile large, with the others in a strip or, alone, without them; nil goes back to the grid.
func (g *TileGrid) SetEnlarged(t *VideoTile, alone bool) {
	if g.enlarged != t || g.alone != alone {
		g.enlarged, g.alone = t, alone
		g.Refresh()
	}
}

// SetPage shows a page, from 0; numbers out of range are brought into range.
func (g *TileGrid) SetPage(page int) {
	if g.page != page {
		g.page = page
		g.Refresh()
	}
}

func (g *TileGrid) turn(by int) {
	if g.OnTurn != nil {
		g.OnTurn(by)
	}
}

// Page and Pages tell the present page, from 0, and how many there are, at least 1.
func (g *TileGrid) Page() (page, pages int) {
	n := len(g.tiles)
	if g.enlarged != nil {
		n--
	}
	return g.page, max(1, (n+g.perPage-1)/g.perPage)
}

// PageButtons are the buttons for the previous and the next page, shown when there are pages.
func (g *TileGrid) PageButtons() (previous, next *ToolButton) { return g.prev, g.next }

// Texts returns the page counter when it is shown.
func (g *TileGrid) Texts() []string {
	if g.counter.Visible() && g.counter.Text != "" {
		return []string{g.counter.Text}
	}
	return nil
}

// Objects returns the visible tiles, for walking the tree.
func (g *TileGrid) Objects() []fyne.CanvasObject {
	var objects []fyne.CanvasObject
	for _, t := range g.tiles {
		objects = append(objects, t)
	}
	return append(objects, g.prev, g.next)
}

// CreateRenderer is called by the window.
func (g *TileGrid) CreateRenderer() fyne.WidgetRenderer { return &gridRenderer{grid: g} }

type gridRenderer struct{ grid *TileGrid }

func (r *gridRenderer) Destroy()              {}
func (r *gridRenderer) Layout(size fyne.Size) { r.grid.layout(size) }
func (r *gridRenderer) MinSize() fyne.Size    { return fyne.NewSize(stripWidth*2, stripHeight*3) }
func (r *gridRenderer) Refresh() {
	r.grid.counter.Color = themed(theme.ColorNameForeground)
	r.grid.counter.TextSize = Scaled(12)
	r.grid.layout(r.grid.Size())
	canvas.Refresh(r.grid)
}

func (r *gridRenderer) Objects() []fyne.CanvasObject {
	return append(r.grid.Objects(), r.grid.counter)
}

func (g *TileGrid) layout(size fyne.Size) {
	if g.busy || size.Width <= 0 || size.Height <= 0 {
		return
	}
	g.busy = true
	defer func() { g.busy = false }()
	others := make([]*VideoTile, 0, len(g.tiles))
	for _, t := range g.tiles {
		if t != g.enlarged {
			others = append(others, t)
		}
	}
	area := size
	g.perPage = g.most
	right := size.Width > 2.2*size.Height
	if g.enlarged != nil && g.alone {
		others = nil
		for _, t := range g.tiles {
			show(t, t == g.enlarged)
		}
	} else if g.enlarged != nil {
		g.perPage = stripRoom(size, right)
	}
	if len(others) > g.perPage {
		area.Height -= pagerHeight
		if g.enlarged != nil {
			g.perPage = stripRoom(area, right)
		}
	}
	g.layoutPager(size, len(others) > g.perPage)
	from, to := min(g.page*g.perPage, len(others)), min((g.page+1)*g.perPage, len(others))
	visible := others[from:to]
	for i, t := range others {
		show(t, i >= from && i < to)
	}
	if g.enlarged != nil {
		g.layoutEnlarged(area, visible, right)
	} else {
		layoutCells(area, visible)
	}
	if g.OnLaidOut != nil {
		g.OnLaidOut()
	}
}

// stripRoom is how many small tiles fit beside or below the enlarged one.
func stripRoom(size fyne.Size, right bool) int {
	if right {
		return max(1, int((size.Height+tileGap)/(stripHeight+tileGap)))
	}
	return max(1, int((size.Width+tileGap)/(stripWidth+tileGap)))
}

func (g *TileGrid) layoutPager(size fyne.Size, needed bool) {
	page, pages := g.Page()
	g.page = min(max(page, 0), pages-1)
	show(g.prev, needed)
	show(g.next, needed)
	show(g.counter, needed)
	if !needed {
		return
	}
	g.prev.SetEnabled(g.page > 0)
	g.next.SetEnabled(g.page < pages-1)
	g.counter.Text = fmt.Sprintf("%d / %d", g.page+1, pages)
	y := size.Height - pagerHeight + 4 // a gap above
	place(g.prev, size.Width/2-76, y, 40, pagerHeight-4)
	place(g.counter, size.Width/2-36, y, 72, pagerHeight-4)
	place(g.next, size.Width/2+36, y, 40, pagerHeight-4)
}

func (g *TileGrid) layoutEnlarged(area fyne.Size, small []*VideoTile, right bool) {
	show(g.enlarged, true)
	if len(small) == 0 {
		place(g.enlarged, 0, 0, area.Width, area.Height)
		return
	}
	n := float32(len(small))
	if right {
		place(g.enlarged, 0, 0, area.Width-stripWidth-tileGap, area.Height)
		top := (area.Height - n*stripHeight - (n-1)*tileGap) / 2
		for i, t := range small {
			place(t, area.Width-stripWidth, top+float32(i)*(stripHeight+tileGap), stripWidth, stripHeight)
		}
		return
	}
	place(g.enlarged, 0, 0, area.Width, area.Height-stripHeight-tileGap)
	left := (area.Width - n*stripWidth - (n-1)*tileGap) / 2
	for i, t := range small {
		place(t, left+float32(i)*(stripWidth+tileGap), area.Height-stripHeight, stripWidth, stripHeight)
	}
}

// columnsFor is how many columns n tiles get.
func columnsFor(n int) int {
	switch {
	case n <= 1:
		return 1
	case n <= 4:
		return 2
	case n <= 9:
		return 3
	}
	return 4
}

// layoutCells puts the tiles in the middle of the area, each between 4:3 and 16:9 so that faces are not
// cut; the last row is centred.
func layoutCells(area fyne.Size, tiles []*VideoTile) {
	n := len(tiles)
	if n == 0 {
		return
	}
	columns := columnsFor(n)
	rows := (n + columns - 1) / columns
	w := (area.Width - float32(columns-1)*tileGap) / float32(columns)
	h := (area.Height - float32(rows-1)*tileGap) / float32(rows)
	if n > 1 {
		w = min(w, h*widestAspect)
		h = min(h, w/tallestAspect)
	}
	top := (area.Height - float32(rows)*h - float32(rows-1)*tileGap) / 2
	for row := range rows {
		inRow := min(columns, n-row*columns)
		left := (area.Width - float32(inRow)*w - float32(inRow-1)*tileGap) / 2
		for i := range inRow {
			place(tiles[row*columns+i], left+float32(i)*(w+tileGap), top+float32(row)*(h+tileGap), w, h)
		}
	}
}

// move gives the focus to the nearest visible tile in a direction.
func (g *TileGrid) move(from *VideoTile, dx, dy int) {
	var best *VideoTile
	var least float32
	at := middle(from)
	for _, t := range g.tiles {
		if t == from || !t.Visible() {
			continue
		}
		to := middle(t).Subtract(at)
		along, across := to.X*float32(dx)+to.Y*float32(dy), to.X*float32(dy)+to.Y*float32(dx)
		if along < 1 {
			continue
		}
		if way := along + 2*max(across, -across); best == nil || way < least {
			best, least = t, way
		}
	}
	if best == nil {
		return
	}
	if c := fyne.CurrentApp().Driver().CanvasForObject(g); c != nil {
		c.Focus(best)
	}
}

func middle(o fyne.CanvasObject) fyne.Position {
	return o.Position().AddXY(o.Size().Width/2, o.Size().Height/2)
}
