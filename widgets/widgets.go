// Package widgets holds the pictures and controls that Parlor's screens are made of. Setters go
// in, callbacks come out: a widget knows no room, no server and no media, and it never asks
// anybody for anything. Everything here belongs to the UI goroutine.
package widgets

import (
	"image/color"
	"sort"
	"strings"
	"unicode"

	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/theme"
)

// The corner radii of the design, in units.
const (
	tileRadius   = 8
	buttonRadius = 8
)

// textSize is Fyne's text size, from which the design's sizes are counted.
const textSize = 14

// Scaled is a size of the design, in units, at the text size that the user chose. It is for text and for what holds text;
// gaps and radii stay as they are.
func Scaled(units float32) float32 { return units * theme.TextSize() / textSize }

// renderer is a WidgetRenderer made of functions, so that each widget is one file and one type.
type renderer struct {
	objects []fyne.CanvasObject
	layout  func(fyne.Size)
	minSize func() fyne.Size
	refresh func() // brings colours and texts up to date; may be nil
	target  fyne.CanvasObject
}

func (r *renderer) Destroy()                     {}
func (r *renderer) Layout(size fyne.Size)        { r.layout(size) }
func (r *renderer) MinSize() fyne.Size           { return r.minSize() }
func (r *renderer) Objects() []fyne.CanvasObject { return r.objects }

func (r *renderer) Refresh() {
	if r.refresh != nil {
		r.refresh()
	}
	r.layout(r.target.Size())
	for _, o := range r.objects {
		o.Refresh()
	}
}

// place moves and resizes in one go.
func place(o fyne.CanvasObject, x, y, width, height float32) {
	o.Move(fyne.NewPos(x, y))
	o.Resize(fyne.NewSize(width, height))
}

// show shows or hides; calling it again with the same value costs nothing.
func show(o fyne.CanvasObject, visible bool) {
	if visible == o.Visible() {
		return
	}
	if visible {
		o.Show()
	} else {
		o.Hide()
	}
}

// ellipsis is three dots: the Chinese face draws the sign of its own in the middle of the line.
const ellipsis = "..."

// elide shortens text until it is at most width units wide.
func elide(text string, width, size float32, style fyne.TextStyle) string {
	if fyne.MeasureText(text, size, style).Width <= width {
		return text
	}
	runes := []rune(text)
	n := sort.Search(len(runes), func(n int) bool {
		return fyne.MeasureText(string(runes[:n])+ellipsis, size, style).Width > width
	})
	if n <= 1 {
		return ""
	}
	return string(runes[:n-1]) + ellipsis
}

// wrap breaks text into at most n lines of a width: at spaces, and between Chinese characters. The last line is shortened when
// the text is longer.
func wrap(text string, width, size float32, style fyne.TextStyle, n int) []string {
	var lines []string
	for len(lines) < n-1 {
		cut := breakAt(text, width, size, style)
		if cut == len(text) {
			break
		}
		lines = append(lines, strings.TrimRight(text[:cut], " "))
		text = strings.TrimLeft(text[cut:], " ")
	}
	return append(lines, elide(text, width, size, style))
}

// breakAt is where the first line of a text ends: the last place to break that fits, else the last character that fits, and one
// at least.
func breakAt(text string, width, size float32, style fyne.TextStyle) int {
	fits := func(end int) bool {
		return fyne.MeasureText(strings.TrimRight(text[:end], " "), size, style).Width <= width
	}
	if fits(len(text)) {
		return len(text)
	}
	place, character := 0, 0
	var before rune
	for i, r := range text {
		if i > 0 && !fits(i) {
			if character == 0 {
				character = i // not even the first one fits
			}
			break
		}
		character = i
		if i > 0 && breakable(before, r) {
			place = i
		}
		before = r
	}
	switch {
	case place > 0:
		return place
	case character > 0:
		return character
	}
	return len(text)
}

// breakable tells whether a line may end between two characters.
func breakable(a, b rune) bool {
	if strings.ContainsRune("，。；：！？、）”", b) {
		return false
	}
	return a == ' ' || unicode.Is(unicode.Han, a) || unicode.Is(unicode.Han, b) || strings.ContainsRune("，。；：！？、）”", a)
}

// themed is the colour of a role in the present theme.
func themed(role fyne.ThemeColorName) color.Color { return theme.Color(role) }

// Texter is a widget that can tell which words it shows now; the QA driver collects them.
type Texter interface {
	Texts() []string
}

// blend lays a half transparent colour over an opaque one.
func blend(under, over color.Color) color.Color {
	u := color.NRGBAModel.Convert(under).(color.NRGBA)
	o := color.NRGBAModel.Convert(over).(color.NRGBA)
	mix := func(a, b uint8) uint8 { return uint8((int(a)*(255-int(o.A)) + int(b)*int(o.A)) / 255) }
	return color.NRGBA{R: mix(u.R, o.R), G: mix(u.G, o.G), B: mix(u.B, o.B), A: u.A}
}

// fade makes a colour transparent.
func fade(c color.Color, alpha uint8) color.Color {
	n := color.NRGBAModel.Convert(c).(color.NRGBA)
	n.A = alpha
	return n
}
