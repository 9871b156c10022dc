package ui

import (
	"fmt"
	"image/color"
	"math"
	"slices"
	"strings"
	"sync"
	"testing"

	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/canvas"
	"fyne.io/fyne/v2/container"
	fynetest "fyne.io/fyne/v2/test"
	"fyne.io/fyne/v2/theme"
	"fyne.io/fyne/v2/widget"
	"golang.org/x/image/font/sfnt"

	"parlor/assets"
	"parlor/widgets"
)

// canvasWalk goes through everything that is drawn, in the order of drawing, and notes what is wrong:
//   - words that have less room than they need, or that a scroller cuts at the side,
//   - characters that no font has,
//   - words with a contrast below 4.5 to what lies under them,
//   - controls that are outside of the window, or lie on each other.
type canvasWalk struct {
	size     fyne.Size
	problems []string

	ground   color.NRGBA // of the window
	drawn    []drawn
	controls []placed
}

// drawn is a coloured surface.
type drawn struct {
	pos    fyne.Position
	size   fyne.Size
	colour color.NRGBA
}

// placed is a control in the window.
type placed struct {
	name string
	pos  fyne.Position
	size fyne.Size
}

// slack is what rounding to pixels may take, in units.
const slack = 0.51

// walkCanvas looks at the window, and at the dialog or menu on top of it.
func walkCanvas(h *harness) *canvasWalk {
	c := h.win.Canvas()
	w := &canvasWalk{size: c.Size(), ground: nrgba(theme.Color(theme.ColorNameBackground))}
	w.walk(c.Content(), fyne.NewPos(0, 0), place{})
	w.overlaps()
	for _, overlay := range c.Overlays().List() {
		w.controls = nil // it takes the clicks
		w.walk(overlay, fyne.NewPos(0, 0), place{})
		w.overlaps()
	}
	slices.Sort(w.problems)
	w.problems = slices.Compact(w.problems)
	return w
}

// place is where in the tree an object is.
type place struct {
	scrolled bool // the window need not have room for it
	inside   bool // of one of Fyne's fields, which scroll and cut as they like
	above    bool // lies on the page for a moment
	clip     *placed
}

// clipped tells that a point is scrolled away.
func (p place) clipped(at fyne.Position) bool {
	c := p.clip
	return c != nil && (at.X < c.pos.X || at.Y < c.pos.Y || at.X > c.pos.X+c.size.Width || at.Y > c.pos.Y+c.size.Height)
}

func (w *canvasWalk) walk(o fyne.CanvasObject, at fyne.Position, p place) {
	if o == nil || !o.Visible() || o.Size().IsZero() {
		return
	}
	at = at.Add(o.Position())
	w.look(o, at, p)
	switch o := o.(type) {
	case *fyne.Container:
		for _, child := range o.Objects {
			w.walk(child, at, p)
		}
	case *container.Scroll:
		w.scroller(o, p)
		if !p.clipped(at) { // else the outer one is narrower
			p.clip = &placed{pos: at, size: o.Size()}
		}
		p.scrolled = true
		w.walk(o.Content, at, p)
	case fyne.Widget:
		switch o.(type) {
		case *widgets.Entry, *widget.Entry, *widgets.Select, *widget.Select, *widget.SelectEntry, *widget.Slider, *widgets.Slider:
			p.inside = true
		case *widgets.Toast:
			p.above = true
		case *widgets.LogList, *widget.List:
			return // lines of any length, of which as many are drawn as fit
		}
		for _, child := range fynetest.WidgetRenderer(o).Objects() {
			w.walk(child, at, p)
		}
	}
}

func (w *canvasWalk) note(format string, args ...any) {
	w.problems = append(w.problems, fmt.Sprintf(format, args...))
}

// look checks one object.
func (w *canvasWalk) look(o fyne.CanvasObject, at fyne.Position, p place) {
	switch o := o.(type) {
	case *canvas.Rectangle:
		w.drawn = append(w.drawn, drawn{at, o.Size(), nrgba(o.FillColor)})
	case *canvas.Circle:
		w.drawn = append(w.drawn, drawn{at, o.Size(), nrgba(o.FillColor)})
	case *canvas.Text:
		w.text(o, at, p)
	case *widget.Label, *widget.Button, *widget.Check, *widgets.Button, *widgets.Check, *widgets.Tab, *widgets.ToolButton, *widgets.ErrorBox,
		*widgets.NavItem, *widgets.KeyRecorder, *widgets.Toast:
		label, _ := o.(*widget.Label)
		if cut(o) && !p.inside && !(label != nil && label.Truncation != fyne.TextTruncateOff) {
			w.note("%T %q needs %v and has %v", o, textsOf(o), o.MinSize(), o.Size())
		}
	}
	if _, tappable := o.(fyne.Tappable); !tappable || p.scrolled || p.inside || p.above {
		return
	}
	size := o.Size()
	name := fmt.Sprintf("%T %q", o, textsOf(o))
	if at.X < -slack || at.Y < -slack || at.X+size.Width > w.size.Width+slack || at.Y+size.Height > w.size.Height+slack {
		w.note("%s at %v with %v is outside of the window", name, at, size)
	}
	w.controls = append(w.controls, placed{name, at, size})
}

func cut(o fyne.CanvasObject) bool {
	size, least := o.Size(), o.MinSize()
	return size.Width+slack < least.Width || size.Height+slack < least.Height
}

// text checks words: their room, their characters and their colour.
func (w *canvasWalk) text(o *canvas.Text, at fyne.Position, p place) {
	if strings.TrimSpace(o.Text) == "" {
		return
	}
	if cut(o) && !p.inside {
		w.note("%q needs %v and has %v", o.Text, o.MinSize(), o.Size())
	}
	for _, r := range o.Text {
		if r == '\uFFFD' || !hasGlyph(r) {
			w.note("%q has %q, which no font has", o.Text, r)
		}
	}
	middle := at.AddXY(o.Size().Width/2, o.Size().Height/2)
	if p.clipped(middle) {
		return
	}
	under := w.under(middle)
	if got := contrast(blend(under, nrgba(o.Color)), under); got < 4.5 {
		w.note("%q has a contrast of %.1f: %v on %v", o.Text, got, o.Color, under)
	}
}

// under is the colour that is drawn at a point so far. Pictures do not count: what may lie on one brings its own ground.
func (w *canvasWalk) under(at fyne.Position) color.NRGBA {
	colour := w.ground
	for _, d := range w.drawn {
		if at.X >= d.pos.X && at.Y >= d.pos.Y && at.X < d.pos.X+d.size.Width && at.Y < d.pos.Y+d.size.Height {
			colour = blend(colour, d.colour)
		}
	}
	return colour
}

// scroller checks that a scroller which goes up and down only has the width of its content.
func (w *canvasWalk) scroller(s *container.Scroll, p place) {
	if s.Direction == container.ScrollVerticalOnly && !p.inside && s.Content.MinSize().Width > s.Size().Width+slack {
		w.note("a scroller of %v cuts its content, which needs %v, at the side", s.Size(), s.Content.MinSize())
	}
}

// overlaps notes controls that lie on each other. One that is within another is part of it.
func (w *canvasWalk) overlaps() {
	within := func(a, b placed) bool {
		return a.pos.X >= b.pos.X-1 && a.pos.Y >= b.pos.Y-1 && a.pos.X+a.size.Width <= b.pos.X+b.size.Width+1 && a.pos.Y+a.size.Height <= b.pos.Y+b.size.Height+1
	}
	for i, a := range w.controls {
		for _, b := range w.controls[:i] {
			if within(a, b) || within(b, a) {
				continue
			}
			if a.pos.X+1 < b.pos.X+b.size.Width && b.pos.X+1 < a.pos.X+a.size.Width &&
				a.pos.Y+1 < b.pos.Y+b.size.Height && b.pos.Y+1 < a.pos.Y+a.size.Height {
				w.note("%s lies on %s", a.name, b.name)
			}
		}
	}
}

func nrgba(c color.Color) color.NRGBA {
	if c == nil {
		return color.NRGBA{}
	}
	return color.NRGBAModel.Convert(c).(color.NRGBA)
}

// blend lays a colour over an opaque one.
func blend(under, over color.NRGBA) color.NRGBA {
	mix := func(a, b uint8) uint8 {
		return uint8(math.Round((float64(a)*(255-float64(over.A)) + float64(b)*float64(over.A)) / 255))
	}
	return color.NRGBA{R: mix(under.R, over.R), G: mix(under.G, over.G), B: mix(under.B, over.B), A: 0xFF}
}

// fonts are those that Fyne looks a character up in: ours, then its own.
var fonts = sync.OnceValue(func() []*sfnt.Font {
	var list []*sfnt.Font
	for _, f := range []fyne.Resource{
		assets.Regular(), assets.Bold(), theme.DefaultTextFont(), theme.DefaultTextBoldFont(), theme.DefaultTextMonospaceFont(), theme.DefaultSymbolFont(), theme.DefaultEmojiFont(),
	} {
		font, err := sfnt.Parse(f.Content())
		if err != nil {
			panic(err)
		}
		list = append(list, font)
	}
	return list
})

// hasGlyph tells whether some font can draw a character.
func hasGlyph(r rune) bool {
	var buffer sfnt.Buffer
	for _, f := range fonts() {
		if i, err := f.GlyphIndex(&buffer, r); err == nil && i != 0 {
			return true
		}
	}
	return false
}

// TestCanvasWalk: it finds what it is there to find.
func TestCanvasWalk(t *testing.T) {
	h := newHarness(t, nil)
	grey := canvas.NewText("grey", color.NRGBA{R: 0x50, G: 0x50, B: 0x50, A: 0xFF})
	odd := canvas.NewText("odd \uFFFD \U000F0000", theme.Color(theme.ColorNameForeground))
	narrow := canvas.NewText("narrow words", theme.Color(theme.ColorNameForeground))
	a, b := widgets.NewButton("one", nil), widgets.NewButton("two", nil)
	far := widgets.NewButton("far away", nil)
	scroll := container.NewVScroll(widget.NewLabel("much too wide for its scroller"))
	for i, o := range []fyne.CanvasObject{grey, odd, narrow, a, b, far, scroll} {
		o.Resize(o.MinSize())
		o.Move(fyne.NewPos(20, float32(20+60*i)))
	}
	narrow.Resize(fyne.NewSize(10, 20))
	b.Move(a.Position().AddXY(20, 5))
	far.Move(fyne.NewPos(5000, 0))
	scroll.Resize(fyne.NewSize(60, 40))
	h.win.SetContent(container.NewWithoutLayout(grey, odd, narrow, a, b, far, scroll))
	found := strings.Join(walkCanvas(h).problems, "\n")
	for _, want := range []string{
		`"grey" has a contrast`, `'�', which no font has`, `'\U000f0000', which no font has`, `"narrow words" needs`,
		`["two"] lies on`, `["far away"] at`, `cuts its content`,
	} {
		if !strings.Contains(found, want) {
			t.Errorf("not found: %s in\n%s", want, found)
		}
	}
}
