package widgets

import (
	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/canvas"
	"fyne.io/fyne/v2/theme"
	"fyne.io/fyne/v2/widget"

	"parlor/assets"
)

// NavList is a column of words of which one is chosen: the pages of something. Up and Down choose the next one.
type NavList struct {
	widget.BaseWidget

	OnChosen func(i int)

	items  []*NavItem
	chosen int
}

// NewNavList returns an empty list.
func NewNavList() *NavList {
	l := &NavList{}
	l.ExtendBaseWidget(l)
	return l
}

// Add adds a line and returns it. Call it before the list is shown.
func (l *NavList) Add(icon assets.IconName, label string) *NavItem {
	i := len(l.items)
	item := newNavItem(icon, label)
	item.tapped = func() { l.tap(i) }
	item.moved = func(by int) { l.move(i + by) }
	item.setChosen(i == l.chosen)
	l.items = append(l.items, item)
	return item
}

func (l *NavList) tap(i int) {
	if i != l.chosen && l.OnChosen != nil {
		l.OnChosen(i)
	}
}

func (l *NavList) move(i int) {
	if i < 0 || i >= len(l.items) {
		return
	}
	if c := fyne.CurrentApp().Driver().CanvasForObject(l); c != nil {
		c.Focus(l.items[i])
	}
	l.tap(i)
}

// Choose marks a line without calling OnChosen.
func (l *NavList) Choose(i int) {
	l.chosen = i
	for k, item := range l.items {
		item.setChosen(k == i)
	}
}

// Objects returns the lines, for walking the tree.
func (l *NavList) Objects() []fyne.CanvasObject {
	objects := make([]fyne.CanvasObject, len(l.items))
	for i, item := range l.items {
		objects[i] = item
	}
	return objects
}

// CreateRenderer is called by the window.
func (l *NavList) CreateRenderer() fyne.WidgetRenderer {
	return &renderer{
		objects: l.Objects(), target: l,
		layout: func(size fyne.Size) {
			var y float32
			for _, item := range l.items {
				h := item.MinSize().Height
				place(item, 0, y, size.Width, h)
				y += h + 2
			}
		},
		minSize: func() fyne.Size {
			var size fyne.Size
			for _, item := range l.items {
				m := item.MinSize()
				size = fyne.NewSize(max(size.Width, m.Width), size.Height+m.Height+2)
			}
			return size
		},
	}
}

// NavItem is one line of a NavList.
type NavItem struct {
	touchable

	tapped func()
	moved  func(by int)

	icon   assets.IconName
	chosen bool

	ground  *canvas.Rectangle
	picture *canvas.Image
	label   *canvas.Text
}

func newNavItem(icon assets.IconName, label string) *NavItem {
	n := &NavItem{
		icon: icon, ground: canvas.NewRectangle(nil), picture: &canvas.Image{FillMode: canvas.ImageFillContain},
		label: canvas.NewText(label, nil),
	}
	n.ExtendBaseWidget(n)
	n.ground.CornerRadius = buttonRadius
	n.recolour()
	return n
}

func (n *NavItem) setChosen(on bool) {
	if n.chosen != on {
		n.chosen = on
		n.Refresh()
	}
}

// Texts returns the word.
func (n *NavItem) Texts() []string { return []string{n.label.Text} }

// AccessibilityLabel is the word.
func (n *NavItem) AccessibilityLabel() string { return n.label.Text }

// AccessibilityRole makes it a button.
func (n *NavItem) AccessibilityRole() fyne.AccessibleRole { return fyne.AccessibleRoleButton }

// Tapped is called by the window.
func (n *NavItem) Tapped(*fyne.PointEvent) { n.tapped() }

// TypedKey is called by the window.
func (n *NavItem) TypedKey(ev *fyne.KeyEvent) {
	switch {
	case presses(ev):
		n.tapped()
	case ev.Name == fyne.KeyUp:
		n.moved(-1)
	case ev.Name == fyne.KeyDown:
		n.moved(1)
	default:
		n.unused(ev)
	}
}

// CreateRenderer is called by the window.
func (n *NavItem) CreateRenderer() fyne.WidgetRenderer {
	const side, icon, gap = 12, 18, 10
	return &renderer{
		objects: []fyne.CanvasObject{n.ground, n.picture, n.label}, target: n, refresh: n.recolour,
		minSize: func() fyne.Size {
			bold := fyne.MeasureText(n.label.Text, Scaled(textSize), fyne.TextStyle{Bold: true})
			return fyne.NewSize(2*side+icon+gap+bold.Width, max(38, bold.Height+12))
		},
		layout: func(size fyne.Size) {
			place(n.ground, 0, 0, size.Width, size.Height)
			place(n.picture, side, (size.Height-icon)/2, icon, icon)
			place(n.label, side+icon+gap, 0, size.Width-2*side-icon-gap, size.Height)
		},
	}
}

func (n *NavItem) recolour() {
	role := theme.ColorNameForeground
	n.ground.FillColor = themed(theme.ColorNameHover)
	if n.chosen {
		role = theme.ColorNamePrimary
		n.ground.FillColor = themed(theme.ColorNameButton)
	}
	n.ground.StrokeWidth = 0
	if n.focused {
		n.ground.StrokeWidth, n.ground.StrokeColor = 2, themed(theme.ColorNamePrimary)
	}
	show(n.ground, n.chosen || n.hovered || n.focused)
	n.picture.Resource = assets.Icon(n.icon, role)
	n.label.Color, n.label.TextSize, n.label.TextStyle.Bold = themed(role), Scaled(textSize), n.chosen
}
