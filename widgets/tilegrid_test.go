package widgets_test

import (
	"fmt"
	"testing"

	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/test"
	"github.com/google/go-cmp/cmp"

	"parlor/assets"
	"parlor/widgets"
)

func tiles(en *assets.Texts, n int) []*widgets.VideoTile {
	list := make([]*widgets.VideoTile, n)
	for i := range list {
		list[i] = widgets.NewVideoTile(en)
		list[i].SetName(fmt.Sprintf("user%d", i))
	}
	return list
}

// checkPlaces checks that the visible tiles lie inside the grid and do not overlap.
func checkPlaces(t *testing.T, g *widgets.TileGrid, list []*widgets.VideoTile) (visible int) {
	t.Helper()
	size := g.Size()
	for i, a := range list {
		if !a.Visible() {
			continue
		}
		visible++
		p, s := a.Position(), a.Size()
		if p.X < -0.5 || p.Y < -0.5 || p.X+s.Width > size.Width+0.5 || p.Y+s.Height > size.Height+0.5 {
			t.Errorf("tile %d at %v %v is outside of %v", i, p, s, size)
		}
		if s.Width < 60 || s.Height < 40 {
			t.Errorf("tile %d is only %v", i, s)
		}
		for k, b := range list[:i] {
			q, r := b.Position(), b.Size()
			if b.Visible() && p.X < q.X+r.Width-0.5 && q.X < p.X+s.Width-0.5 && p.Y < q.Y+r.Height-0.5 && q.Y < p.Y+s.Height-0.5 {
				t.Errorf("tiles %d and %d overlap", k, i)
			}
		}
	}
	return visible
}

func TestTileGrid_Counts(t *testing.T) {
	en := english(t)
	for _, size := range []fyne.Size{{Width: 868, Height: 650}, {Width: 536, Height: 430}, {Width: 1192, Height: 400}} {
		for _, tc := range []struct{ n, columns, visible, pages int }{
			{0, 0, 0, 1}, {1, 1, 1, 1}, {2, 2, 2, 1}, {3, 2, 3, 1}, {4, 2, 4, 1}, {5, 3, 5, 1}, {9, 3, 9, 1},
			{10, 4, 10, 1}, {12, 4, 12, 1}, {13, 4, 12, 2}, {25, 4, 12, 3},
		} {
			t.Run(fmt.Sprintf("%d in %v", tc.n, size.Width), func(t *testing.T) {
				g, list := widgets.NewTileGrid(en), tiles(en, tc.n)
				open(t, g, size.Width, size.Height)
				g.SetTiles(list)
				if got := checkPlaces(t, g, list); got != tc.visible {
					t.Errorf("%d tiles are visible, want %d", got, tc.visible)
				}
				if _, pages := g.Page(); pages != tc.pages {
					t.Errorf("%d pages, want %d", pages, tc.pages)
				}
				columns := 0
				for _, v := range list {
					if v.Visible() && v.Position().Y == list[0].Position().Y {
						columns++
					}
				}
				if columns != tc.columns {
					t.Errorf("%d columns, want %d", columns, tc.columns)
				}
			})
		}
	}
}

func TestTileGrid_Pages(t *testing.T) {
	en := english(t)
	g, list := widgets.NewTileGrid(en), tiles(en, 25)
	laidOut := 0
	g.OnLaidOut = func() { laidOut++ }
	g.OnTurn = func(by int) { page, _ := g.Page(); g.SetPage(page + by) }
	open(t, g, 868, 650)
	g.SetTiles(list)
	previous, next := g.PageButtons()
	test.Tap(previous)
	if page, _ := g.Page(); page != 0 {
		t.Errorf("before the first page comes page %d", page)
	}
	laidOut = 0
	test.Tap(next)
	if !list[12].Visible() || list[0].Visible() || laidOut == 0 {
		t.Error("the second page does not show the second twelve, or nobody was told")
	}
	g.SetPage(99)
	if page, _ := g.Page(); page != 2 || !list[24].Visible() {
		t.Errorf("after the last page comes page %d", page)
	}
	if diff := cmp.Diff([]string{"3 / 3"}, g.Texts()); diff != "" {
		t.Error(diff)
	}
	g.SetTiles(list[:3])
	if page, pages := g.Page(); page != 0 || pages != 1 || !list[0].Visible() || g.Texts() != nil {
		t.Errorf("three tiles are on page %d of %d", page, pages)
	}
}

func TestTileGrid_Enlarged(t *testing.T) {
	en := english(t)
	for _, tc := range []struct {
		name          string
		width, height float32
		n             int
		right         bool
	}{
		{"alone", 868, 650, 1, false}, {"below", 868, 650, 4, false}, {"right", 1300, 560, 4, true}, {"many", 868, 650, 20, false},
	} {
		t.Run(tc.name, func(t *testing.T) {
			g, list := widgets.NewTileGrid(en), tiles(en, tc.n)
			open(t, g, tc.width, tc.height)
			g.SetTiles(list)
			g.SetEnlarged(list[0], false)
			checkPlaces(t, g, list)
			for i, v := range list[1:] {
				if v.Visible() && v.Size().Width*2 > list[0].Size().Width {
					t.Errorf("tile %d is %v beside the enlarged one of %v", i+1, v.Size(), list[0].Size())
				}
			}
			if tc.n > 1 {
				if right := list[1].Position().X > list[0].Size().Width; right != tc.right {
					t.Errorf("the strip is at the right: %v", right)
				}
			}
			g.SetEnlarged(nil, false)
			if tc.n == 4 && list[0].Size() != list[1].Size() {
				t.Error("back in the grid the tiles differ in size")
			}
		})
	}
}

// TestTileGrid_Alone: one tile has all of the grid.
func TestTileGrid_Alone(t *testing.T) {
	en := english(t)
	g, list := widgets.NewTileGrid(en), tiles(en, 20)
	open(t, g, 868, 650)
	g.SetTiles(list)
	g.SetEnlarged(list[3], true)
	if got := checkPlaces(t, g, list); got != 1 || list[3].Size() != g.Size() || g.Texts() != nil {
		t.Errorf("%d tiles are visible, the large one is %v of %v, %q", got, list[3].Size(), g.Size(), g.Texts())
	}
	g.SetEnlarged(list[3], false)
	if got := checkPlaces(t, g, list); got != 5 {
		t.Errorf("%d tiles are visible with the strip", got)
	}
}

// TestTileGrid_Most: a page has as many tiles as wished, but never more than twelve.
func TestTileGrid_Most(t *testing.T) {
	en := english(t)
	g, list := widgets.NewTileGrid(en), tiles(en, 20)
	open(t, g, 868, 650)
	g.SetTiles(list)
	for _, tc := range []struct{ most, visible, pages int }{{4, 4, 5}, {9, 9, 3}, {0, 12, 2}, {50, 12, 2}} {
		g.SetMost(tc.most)
		if got := checkPlaces(t, g, list); got != tc.visible {
			t.Errorf("at most %d: %d tiles are visible, want %d", tc.most, got, tc.visible)
		}
		if _, pages := g.Page(); pages != tc.pages {
			t.Errorf("at most %d: %d pages, want %d", tc.most, pages, tc.pages)
		}
	}
}

func TestTileGrid_Golden(t *testing.T) {
	en := english(t)
	g, list := widgets.NewTileGrid(en), tiles(en, 3)
	w := open(t, g, 600, 400)
	g.SetTiles(list)
	golden(t, w, "tilegrid", "three")
	g.SetEnlarged(list[1], false)
	golden(t, w, "tilegrid", "enlarged")
}
