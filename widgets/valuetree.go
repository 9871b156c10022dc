package widgets

import (
	"strings"

	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/canvas"
	"fyne.io/fyne/v2/theme"
	"fyne.io/fyne/v2/widget"
)

// Value is one line of a ValueTree.
type Value struct {
	Path   string // names the line for OnFold
	Depth  int    // how far it is indented
	Name   string
	Value  string
	Old    string // a value that it had before; "" for none
	Branch bool   // others are in it
	Folded bool   // and they are hidden
	Fresh  bool   // it has just changed
}

// ValueTree shows names and values, indented by their depth. Only the lines on screen exist as objects. Arrow keys move, Left
// and Right fold, Enter and Space turn.
type ValueTree struct {
	widget.BaseWidget

	OnFold func(path string, fold bool)

	values []Value
	list   *keyedList
}

// NewValueTree returns an empty tree.
func NewValueTree() *ValueTree {
	t := &ValueTree{}
	t.ExtendBaseWidget(t)
	t.list = newKeyedList(func() int { return len(t.values) }, func() fyne.CanvasObject { return newValueLine() },
		func(i int, o fyne.CanvasObject) {
			if i < len(t.values) {
				o.(*valueLine).set(t.values[i])
			}
		})
	t.list.OnSelected = func(i widget.ListItemID) {
		t.list.UnselectAll()
		if i < len(t.values) {
			t.fold(t.values[i], !t.values[i].Folded)
		}
	}
	t.list.onKey = func(i int, key fyne.KeyName) bool {
		if key != fyne.KeyLeft && key != fyne.KeyRight {
			return false
		}
		t.fold(t.values[i], key == fyne.KeyLeft)
		return true
	}
	return t
}

func (t *ValueTree) fold(v Value, fold bool) {
	if v.Branch && v.Folded != fold && t.OnFold != nil {
		t.OnFold(v.Path, fold)
	}
}

// Set shows other lines.
func (t *ValueTree) Set(values []Value) {
	t.values = values
	t.list.Refresh()
}

// SetOnUnusedKey implements Keyed.
func (t *ValueTree) SetOnUnusedKey(f func(*fyne.KeyEvent)) { t.list.SetOnUnusedKey(f) }

// Texts returns all lines, those not on screen too.
func (t *ValueTree) Texts() []string {
	words := make([]string, len(t.values))
	for i, v := range t.values {
		words[i] = strings.TrimSpace(v.Name + " " + v.Value)
	}
	return words
}

// Objects are the parts, for walking the tree.
func (t *ValueTree) Objects() []fyne.CanvasObject { return []fyne.CanvasObject{t.list} }

// CreateRenderer is called by the window.
func (t *ValueTree) CreateRenderer() fyne.WidgetRenderer {
	return &renderer{
		objects: []fyne.CanvasObject{t.list}, target: t,
		minSize: func() fyne.Size { return fyne.NewSize(120, 3*logHeight()) },
		layout:  func(size fyne.Size) { place(t.list, 0, 0, size.Width, size.Height) },
	}
}

// valueLine draws one line.
type valueLine struct {
	widget.BaseWidget

	value                   Value
	ground                  *canvas.Rectangle
	sign, name, text, older *canvas.Text
}

func newValueLine() *valueLine {
	l := &valueLine{ground: canvas.NewRectangle(nil)}
	l.ExtendBaseWidget(l)
	l.ground.CornerRadius = 4
	for _, t := range []**canvas.Text{&l.sign, &l.name, &l.text, &l.older} {
		*t = canvas.NewText("", nil)
		(*t).TextStyle.Monospace = true
	}
	return l
}

func (l *valueLine) set(v Value) {
	if l.value != v {
		l.value = v
		l.Refresh()
	}
}

// CreateRenderer is called by the list.
func (l *valueLine) CreateRenderer() fyne.WidgetRenderer {
	return &renderer{
		objects: []fyne.CanvasObject{l.ground, l.sign, l.name, l.older, l.text}, target: l, refresh: l.recolour, layout: l.layout,
		minSize: func() fyne.Size { return fyne.NewSize(100, logHeight()) },
	}
}

func (l *valueLine) recolour() {
	for _, t := range []*canvas.Text{l.sign, l.name, l.text, l.older} {
		t.TextSize = logSize()
		t.Color = themed(theme.ColorNamePlaceHolder)
	}
	switch {
	case !l.value.Branch:
		l.sign.Text = ""
		l.text.Color = themed(theme.ColorNameForeground)
	case l.value.Folded:
		l.sign.Text = "+"
	default:
		l.sign.Text = "-"
	}
	if l.value.Branch {
		l.name.Color = themed(theme.ColorNameForeground)
	}
	l.ground.FillColor = fade(themed(theme.ColorNameWarning), 0x38)
	show(l.ground, l.value.Fresh)
}

func (l *valueLine) layout(size fyne.Size) {
	style, text := fyne.TextStyle{Monospace: true}, logSize()
	step := Scaled(12)
	x := 4 + float32(l.value.Depth)*step
	place(l.ground, 2, 1, size.Width-4, size.Height-2)
	place(l.sign, x, 0, step, size.Height)
	x += step
	l.name.Text = elide(l.value.Name, size.Width-x, text, style)
	width := fyne.MeasureText(l.name.Text, text, style).Width
	place(l.name, x, 0, width, size.Height)
	x += width + 8
	l.older.Text = ""
	if l.value.Old != "" {
		l.older.Text = elide(l.value.Old+" ->", (size.Width-x)/2, text, style)
		width = fyne.MeasureText(l.older.Text, text, style).Width
		place(l.older, x, 0, width, size.Height)
		x += width + 6
	}
	l.text.Text = elide(l.value.Value, size.Width-x-4, text, style)
	place(l.text, x, 0, max(size.Width-x-4, 0), size.Height)
}
