package widgets_test

import (
	"image/color"
	"testing"

	"fyne.io/fyne/v2"
	"github.com/google/go-cmp/cmp"

	"parlor/widgets"
)

// TestLineChart looks at pixels: the newest value is at the right, the line goes up with it, nothing is drawn before the first.
func TestLineChart(t *testing.T) {
	english(t)
	c := widgets.NewLineChart("Loss", 11)
	w := open(t, c, 200, 120)
	ground := color.NRGBAModel.Convert(w.Canvas().Capture().At(20, 100))
	inked := func(x int) (top int) { // the topmost pixel of the line in a column, -1 for none
		img := w.Canvas().Capture()
		for y := 30; y < 115; y++ {
			if color.NRGBAModel.Convert(img.At(x, y)) != ground {
				return y
			}
		}
		return -1
	}
	if got := inked(190); got != -1 {
		t.Errorf("an empty chart has ink at %d", got)
	}
	c.Set("7 %", 10, []float64{0, 0, 10, 10, 10}) // the right 40 %
	if got := inked(100); got != -1 {
		t.Errorf("there is ink at %d before the first value", got)
	}
	low, high := inked(118), inked(190)
	if low < 0 || high < 0 || low-high < 40 {
		t.Errorf("the line goes from %d to %d", low, high)
	}
	c.Set("20 %", 10, []float64{20, 10, 10, 10, 10}) // beyond the scale: the scale grows
	if half := inked(190); half-high < 20 {
		t.Errorf("the scale does not grow: %d, before %d", half, high)
	}
	if diff := cmp.Diff([]string{"Loss", "20 %"}, c.Texts()); diff != "" {
		t.Error(diff)
	}
	for _, lines := range [][][]float64{{}, {nil}, {{5}}, {{1, 2}, {2, 1}}, {make([]float64, 100)}} {
		c.Set("", 0, lines...) // nothing of this may break
		w.Canvas().Capture()
	}
	c.Resize(fyne.NewSize(1, 1))
	w.Canvas().Capture()
}

func TestFigureTable(t *testing.T) {
	english(t)
	table := widgets.NewFigureTable("Stream", "Rate", "Loss")
	w := open(t, table, 400, 120)
	table.SetRows([][]string{{"Alice · camera", "1.8 Mb/s", "4.0 %"}, {"a name that is much too long for its column", "24 kb/s"}})
	golden(t, w, "figuretable", "two")
	if diff := cmp.Diff([]string{
		"Stream", "Rate", "Loss", "Alice · camera", "1.8 Mb/s", "4.0 %", "a name that is much too long for its column", "24 kb/s",
	}, table.Texts()); diff != "" {
		t.Error(diff)
	}
	tall := table.MinSize()
	table.SetRows([][]string{{"Bob", "1 kb/s", "0.0 %"}})
	golden(t, w, "figuretable", "one")
	if table.MinSize().Height >= tall.Height {
		t.Error("a shorter table is not shorter")
	}
	table.SetRows(nil)
	golden(t, w, "figuretable", "none")
}
