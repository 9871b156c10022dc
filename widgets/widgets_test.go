package widgets_test

import (
	"path/filepath"
	"strings"
	"testing"

	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/canvas"
	"fyne.io/fyne/v2/test"

	"parlor/assets"
	"parlor/widgets"
)

// english starts Fyne's test app and returns the texts that all tests use.
func english(t testing.TB) *assets.Texts {
	t.Helper()
	test.NewTempApp(t)
	return assets.NewTexts(assets.English)
}

// open shows an object in a window of a size.
func open(t testing.TB, o fyne.CanvasObject, width, height float32) fyne.Window {
	t.Helper()
	w := test.NewWindow(o)
	t.Cleanup(w.Close)
	w.SetPadded(false)
	w.Resize(fyne.NewSize(width, height))
	return w
}

// golden compares what is drawn with testdata/<widget>/<case>.xml.
func golden(t *testing.T, w fyne.Window, widget, name string) {
	t.Helper()
	test.AssertRendersToMarkup(t, filepath.Join(widget, strings.ReplaceAll(name, " ", "-")+".xml"), w.Canvas())
}

// texts are the words that are not empty.
func texts(o widgets.Texter) []string {
	var words []string
	for _, word := range o.Texts() {
		if word != "" {
			words = append(words, word)
		}
	}
	return words
}

// walk visits all objects that are drawn, with their places in the window.
func walk(o fyne.CanvasObject, at fyne.Position, visit func(fyne.CanvasObject, fyne.Position)) {
	if o == nil || !o.Visible() {
		return
	}
	at = at.Add(o.Position())
	visit(o, at)
	switch o := o.(type) {
	case *fyne.Container:
		for _, child := range o.Objects {
			walk(child, at, visit)
		}
	case fyne.Widget:
		for _, child := range test.WidgetRenderer(o).Objects() {
			walk(child, at, visit)
		}
	}
}

// textOf are the words that an object draws by itself.
func textOf(o fyne.CanvasObject) string {
	if text, ok := o.(*canvas.Text); ok {
		return text.Text
	}
	return ""
}

// tapSecondary is a click with the right button at a place of the window.
func tapSecondary(w fyne.Window, at fyne.Position) {
	var found fyne.SecondaryTappable
	var place fyne.Position
	walk(w.Content(), fyne.Position{}, func(o fyne.CanvasObject, pos fyne.Position) {
		if s, ok := o.(fyne.SecondaryTappable); ok && at.X >= pos.X && at.Y >= pos.Y && at.X < pos.X+o.Size().Width && at.Y < pos.Y+o.Size().Height {
			found, place = s, pos
		}
	})
	if found != nil {
		found.TappedSecondary(&fyne.PointEvent{AbsolutePosition: at, Position: at.Subtract(place)})
	}
}
