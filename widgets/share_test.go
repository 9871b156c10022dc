package widgets_test

import (
	"image/color"
	"testing"

	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/test"
	"github.com/google/go-cmp/cmp"

	"parlor/assets"
	"parlor/widgets"
)

func TestShareBar(t *testing.T) {
	english(t)
	taps := 0
	b := widgets.NewShareBar("Stop sharing", func() { taps++ })
	w := open(t, b, 420, b.MinSize().Height)
	b.Set("You share: window \"A report with a title that is longer than the bar has room for\"")
	golden(t, w, "sharebar", "long")
	b.Set("You share: Whole screen")
	golden(t, w, "sharebar", "short")
	test.Tap(b.Stop)
	if taps != 1 {
		t.Errorf("%d taps arrived", taps)
	}
	if diff := cmp.Diff([]string{"You share: Whole screen"}, b.Texts()); diff != "" {
		t.Error(diff)
	}
}

func TestShareCard(t *testing.T) {
	english(t)
	c := widgets.NewShareCard(assets.Window, "Quarterly report of the whole company and all its parts", "Writer")
	w := open(t, c, c.MinSize().Width, c.MinSize().Height)
	golden(t, w, "sharecard", "no picture")
	c.SetFrame(picture(32, 18, color.NRGBA{R: 0xFF, A: 0xFF}))
	c.SetChosen(true)
	golden(t, w, "sharecard", "chosen")
	if got := color.NRGBAModel.Convert(w.Canvas().Capture().At(100, 60)); got != (color.NRGBA{R: 0xFF, A: 0xFF}) {
		t.Errorf("the middle of the picture is %v", got)
	}
	c.SetFrame(nil)
	if got := color.NRGBAModel.Convert(w.Canvas().Capture().At(40, 30)); got == (color.NRGBA{R: 0xFF, A: 0xFF}) {
		t.Error("the picture stays when it is taken away")
	}
	var got []any
	c.OnTapped = func(byKey bool) { got = append(got, byKey) }
	c.OnMove = func(by int) { got = append(got, by) }
	c.SetOnUnusedKey(func(ev *fyne.KeyEvent) { got = append(got, string(ev.Name)) })
	test.Tap(c)
	for _, key := range []fyne.KeyName{fyne.KeyReturn, fyne.KeyLeft, fyne.KeyDown, fyne.KeyF1} {
		c.TypedKey(&fyne.KeyEvent{Name: key})
	}
	if diff := cmp.Diff([]any{false, true, -1, widgets.ShareColumns, "F1"}, got); diff != "" {
		t.Error(diff)
	}
	if got := c.AccessibilityLabel(); got != "Quarterly report of the whole company and all its parts, Writer" {
		t.Errorf("it is heard as %q", got)
	}
}
