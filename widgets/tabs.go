package widgets

import (
	"image/color"

	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/canvas"
	"fyne.io/fyne/v2/driver/desktop"
	"fyne.io/fyne/v2/theme"
	"fyne.io/fyne/v2/widget"
)

// Tabs is a row of words of which one is chosen. It shows no content; the screen does.
type Tabs struct {
	widget.BaseWidget

	OnChosen func(i int)

	items  []*Tab
	chosen int
	fill   bool
}

// NewTabs returns tabs with the first one chosen, underlined and as wide as their words.
func NewTabs(labels ...string) *Tabs { return newTabs(false, labels) }

// NewSegments returns tabs that look like one button cut in equal pieces, for a choice in a form.
func NewSegments(labels ...string) *Tabs { return newTabs(true, labels) }

func newTabs(fill bool, labels []string) *Tabs {
	t := &Tabs{fill: fill}
	t.ExtendBaseWidget(t)
	for i, label := range labels {
		item := newTab(label, fill)
		item.OnTapped = func() {
			t.Choose(i)
			if t.OnChosen != nil {
				t.OnChosen(i)
			}
		}
		t.items = append(t.items, item)
	}
	t.Choose(0)
	return t
}

// Choose marks a tab without calling OnChosen.
func (t *Tabs) Choose(i int) {
	t.chosen = i
	for k, item := range t.items {
		item.setChosen(k == i)
	}
}

// Chosen is the index of the chosen tab.
func (t *Tabs) Chosen() int { return t.chosen }

// Item returns a tab, for tests and drivers.
func (t *Tabs) Item(i int) *Tab { return t.items[i] }

// SetLabel changes the word of a tab.
func (t *Tabs) SetLabel(i int, label string) {
	if t.items[i].label.Text != label {
		t.items[i].label.Text = label
		t.items[i].Refresh()
		t.Refresh()
	}
}

// Objects returns the tabs, for walking the tree.
func (t *Tabs) Objects() []fyne.CanvasObject {
	objects := make([]fyne.CanvasObject, len(t.items))
	for i, item := range t.items {
		objects[i] = item
	}
	return objects
}

// CreateRenderer is called by the window.
func (t *Tabs) CreateRenderer() fyne.WidgetRenderer {
	return &renderer{objects: t.Objects(), target: t, layout: t.layout, minSize: t.minSize}
}

func (t *Tabs) minSize() fyne.Size {
	var size fyne.Size
	for _, item := range t.items {
		m := item.MinSize()
		size.Height = max(size.Height, m.Height)
		if t.fill {
			size.Width = max(size.Width, m.Width*float32(len(t.items)))
		} else {
			size.Width += m.Width
		}
	}
	return size
}

func (t *Tabs) layout(size fyne.Size) {
	const airy = 12 // more than a tab needs, when there is room
	var x float32
	air := max(0, min(airy, (size.Width-t.minSize().Width)/float32(len(t.items))))
	for _, item := range t.items {
		w := item.MinSize().Width + air
		if t.fill {
			w = size.Width / float32(len(t.items))
		}
		place(item, x, 0, w, size.Height)
		x += w
	}
}

// Tab is one word of Tabs.
type Tab struct {
	widget.BaseWidget
	unusedKeys

	OnTapped func()

	chosen, hovered, focused, fill bool

	ground *canvas.Rectangle
	line   *canvas.Rectangle
	label  *canvas.Text
}

func newTab(label string, fill bool) *Tab {
	t := &Tab{fill: fill, ground: canvas.NewRectangle(nil), line: canvas.NewRectangle(nil), label: canvas.NewText(label, nil)}
	t.ExtendBaseWidget(t)
	t.ground.CornerRadius = buttonRadius
	t.line.CornerRadius = 1
	t.label.Alignment = fyne.TextAlignCenter
	t.recolour()
	return t
}

func (t *Tab) setChosen(on bool) {
	if t.chosen != on {
		t.chosen = on
		t.Refresh()
	}
}

// Texts returns the word.
func (t *Tab) Texts() []string { return []string{t.label.Text} }

// AccessibilityLabel is the word.
func (t *Tab) AccessibilityLabel() string { return t.label.Text }

// AccessibilityRole makes it a button.
func (t *Tab) AccessibilityRole() fyne.AccessibleRole { return fyne.AccessibleRoleButton }

// Tapped is called by the window.
func (t *Tab) Tapped(*fyne.PointEvent) {
	if t.OnTapped != nil {
		t.OnTapped()
	}
}

// MouseIn is called by the window.
func (t *Tab) MouseIn(*desktop.MouseEvent) { t.hovered = true; t.Refresh() }

// MouseMoved is called by the window.
func (t *Tab) MouseMoved(*desktop.MouseEvent) {}

// MouseOut is called by the window.
func (t *Tab) MouseOut() { t.hovered = false; t.Refresh() }

// FocusGained is called by the window.
func (t *Tab) FocusGained() { t.focused = true; t.Refresh() }

// FocusLost is called by the window.
func (t *Tab) FocusLost() { t.focused = false; t.Refresh() }

// TypedRune is called by the window.
func (t *Tab) TypedRune(rune) {}

// TypedKey is called by the window.
func (t *Tab) TypedKey(ev *fyne.KeyEvent) {
	if presses(ev) {
		t.Tapped(nil)
		return
	}
	t.unused(ev)
}

// CreateRenderer is called by the window.
func (t *Tab) CreateRenderer() fyne.WidgetRenderer {
	return &renderer{
		objects: []fyne.CanvasObject{t.ground, t.line, t.label}, target: t, refresh: t.recolour,
		layout: func(size fyne.Size) {
			inset := float32(1)
			place(t.ground, inset, inset, size.Width-2*inset, size.Height-2*inset)
			place(t.line, 8, size.Height-3, size.Width-16, 3)
			place(t.label, 0, 0, size.Width, size.Height)
		},
		minSize: func() fyne.Size {
			bold := fyne.MeasureText(t.label.Text, t.label.TextSize, fyne.TextStyle{Bold: true})
			return fyne.NewSize(bold.Width+12, max(36, bold.Height+12))
		},
	}
}

func (t *Tab) recolour() {
	t.label.TextSize = Scaled(14)
	t.label.TextStyle.Bold = t.chosen
	t.label.Color = themed(theme.ColorNamePlaceHolder)
	t.line.FillColor = themed(theme.ColorNamePrimary)
	t.ground.FillColor = color.Transparent
	if t.hovered && !t.chosen {
		t.ground.FillColor = themed(theme.ColorNameHover)
	}
	t.ground.StrokeWidth = 0
	if t.chosen {
		t.label.Color = themed(theme.ColorNamePrimary)
		if t.fill {
			t.ground.FillColor = themed(theme.ColorNameButton)
		}
	}
	if t.focused {
		t.ground.StrokeWidth = 2
		t.ground.StrokeColor = themed(theme.ColorNamePrimary)
	}
	show(t.ground, t.hovered || t.focused || t.fill && t.chosen)
	show(t.line, t.chosen && !t.fill)
}
