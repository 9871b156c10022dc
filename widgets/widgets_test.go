package widgets_test

import (
	"path/filepath"
	"strings"
	"testing"

	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/test"

	"parlor/assets"
	"parlor/widgets"
)

// english starts Fyne's test app and returns the texts that all tests use.
func english(t *testing.T) *assets.Texts {
	t.Helper()
	test.NewTempApp(t)
	return assets.NewTexts(assets.English)
}

// open shows an object in a window of a size.
func open(t *testing.T, o fyne.CanvasObject, width, height float32) fyne.Window {
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
