package widgets

import (
	"fmt"
	"slices"

	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/canvas"
	"fyne.io/fyne/v2/theme"
	"fyne.io/fyne/v2/widget"

	"parlor/assets"
)

// MenuItem is one line of a Menu. An item without Run, Slide and Label is a separating line.
type MenuItem struct {
	ID       string          // of the control, for the QA driver
	Icon     assets.IconName // "" for none
	Label    string
	Keys     string // the shortcut in words; "" for none
	Checked  bool   // what the item stands for is on
	Disabled bool
	Heading  bool   // a title over the items below
	Run      func() // called after the menu has closed
	Slide    *Slide // a slider in place of something to choose
}

// Slide is a percentage in a menu.
type Slide struct {
	Value, Max float64                // percent
	Step       float64                // of an arrow key, percent
	OnEnded    func(percent float64)  // the user let go
	Words      func(p float64) string // the value in words; nil: "80 %"
}

// stop is a row or a slider.
type stop interface {
	fyne.Focusable
	fyne.Disableable
}

const (
	menuRowHeight = 36
	menuIconSize  = 18
	menuPadding   = 12
	menuGap       = 10
)

// Menu is a list of things to choose from. It is shown in a pop-up by its owner, who gives it the focus with Focus. Arrow keys
// move, Enter and Space choose, Esc closes.
type Menu struct {
	widget.BaseWidget

	OnClose  func() // the menu is to be closed: something was chosen
	OnEscape func() // it is to be closed by Esc

	stops   []stop              // of the arrow keys
	objects []fyne.CanvasObject // rows, lines and sliders in their order
	ids     map[string]fyne.CanvasObject
	icons   bool // some item has an icon: all leave room for one
	checks  bool
}

// NewMenu returns a menu of items.
func NewMenu(items []MenuItem) *Menu {
	m := &Menu{ids: make(map[string]fyne.CanvasObject)}
	m.ExtendBaseWidget(m)
	for _, item := range items {
		m.icons = m.icons || item.Icon != ""
		m.checks = m.checks || item.Checked
	}
	for _, item := range items {
		var o fyne.CanvasObject
		switch {
		case item.Slide != nil:
			s := newMenuSlide(m, item)
			o = s
			m.stops = append(m.stops, s.slider)
			m.ids[item.ID] = s.slider
		case item.Label == "":
			o = canvas.NewRectangle(nil)
		default:
			row := newMenuRow(m, item)
			m.stops = append(m.stops, row)
			m.ids[item.ID] = row
			o = row
		}
		m.objects = append(m.objects, o)
	}
	return m
}

// Controls are the items that have an id.
func (m *Menu) Controls() map[string]fyne.CanvasObject {
	delete(m.ids, "")
	return m.ids
}

// Objects are the parts of the menu, for walking the tree.
func (m *Menu) Objects() []fyne.CanvasObject { return m.objects }

// First is the item that gets the focus when the menu opens; nil when nothing can be chosen.
func (m *Menu) First() fyne.Focusable {
	for _, stop := range m.stops {
		if !stop.Disabled() {
			return stop
		}
	}
	return nil
}

// move gives the focus to the next or the previous item that can be chosen.
func (m *Menu) move(from stop, by int) {
	at := slices.Index(m.stops, from)
	for range m.stops {
		at = (at + by + len(m.stops)) % len(m.stops)
		if !m.stops[at].Disabled() {
			if c := fyne.CurrentApp().Driver().CanvasForObject(m); c != nil {
				c.Focus(m.stops[at])
			}
			return
		}
	}
}

func (m *Menu) close() {
	if m.OnClose != nil {
		m.OnClose()
	}
}

func (m *Menu) escape() {
	if m.OnEscape != nil {
		m.OnEscape()
	}
}

// AccessibilityRole makes it a container.
func (m *Menu) AccessibilityRole() fyne.AccessibleRole { return fyne.AccessibleRoleContainer }

// AccessibilityLabel is empty: the items speak for themselves.
func (m *Menu) AccessibilityLabel() string { return "" }

// CreateRenderer is called by the window.
func (m *Menu) CreateRenderer() fyne.WidgetRenderer {
	r := &renderer{objects: m.objects, layout: m.layout, minSize: m.minSize, target: m}
	r.refresh = func() {
		for _, o := range m.objects {
			if line, ok := o.(*canvas.Rectangle); ok {
				line.FillColor = themed(theme.ColorNameSeparator)
			}
		}
	}
	r.refresh()
	return r
}

const menuLine = 9 // of a separating line with the space around it

func (m *Menu) height(o fyne.CanvasObject) float32 {
	if _, ok := o.(*canvas.Rectangle); ok {
		return menuLine
	}
	return o.MinSize().Height
}

func (m *Menu) minSize() fyne.Size {
	var size fyne.Size
	for _, o := range m.objects {
		if _, ok := o.(*canvas.Rectangle); !ok {
			size.Width = max(size.Width, o.MinSize().Width)
		}
		size.Height += m.height(o)
	}
	return size.AddWidthHeight(8, 8)
}

func (m *Menu) layout(size fyne.Size) {
	y := float32(4)
	for _, o := range m.objects {
		h := m.height(o)
		if _, ok := o.(*canvas.Rectangle); ok {
			place(o, 4+menuPadding, y+h/2, size.Width-8-2*menuPadding, 1)
		} else {
			place(o, 4, y, size.Width-8, h)
		}
		y += h
	}
}

// menuRow is one thing to choose.
type menuRow struct {
	touchable

	menu *Menu
	item MenuItem

	ground, ring *canvas.Rectangle
	icon, check  *canvas.Image
	label, keys  *canvas.Text
}

func newMenuRow(m *Menu, item MenuItem) *menuRow {
	r := &menuRow{menu: m, item: item}
	r.ExtendBaseWidget(r)
	r.ground = canvas.NewRectangle(nil)
	r.ground.CornerRadius = 6
	r.ring = canvas.NewRectangle(nil)
	r.ring.CornerRadius = 6
	r.ring.StrokeWidth = 2
	r.icon = &canvas.Image{FillMode: canvas.ImageFillContain}
	r.check = &canvas.Image{FillMode: canvas.ImageFillContain}
	r.label = canvas.NewText(item.Label, nil)
	r.keys = canvas.NewText(item.Keys, nil)
	r.recolour()
	return r
}

// Disabled tells whether the item can not be chosen.
func (r *menuRow) Disabled() bool { return r.item.Disabled || r.item.Heading }

// Enable and Disable are part of fyne.Disableable, so that Tab goes past items that can not be chosen.
func (r *menuRow) Enable() { r.item.Disabled = false; r.Refresh() }

// Disable is part of fyne.Disableable.
func (r *menuRow) Disable() { r.item.Disabled = true; r.Refresh() }

// Tapped is called by the window.
func (r *menuRow) Tapped(*fyne.PointEvent) {
	if r.Disabled() {
		return
	}
	r.menu.close()
	if r.item.Run != nil {
		r.item.Run()
	}
}

// TypedKey is called by the window.
func (r *menuRow) TypedKey(ev *fyne.KeyEvent) {
	if presses(ev) {
		r.Tapped(nil)
		return
	}
	switch ev.Name {
	case fyne.KeyDown:
		r.menu.move(r, 1)
	case fyne.KeyUp:
		r.menu.move(r, -1)
	case fyne.KeyEscape:
		r.menu.escape()
	}
}

// Texts returns the label.
func (r *menuRow) Texts() []string { return []string{r.item.Label, r.item.Keys} }

// AccessibilityLabel is the label.
func (r *menuRow) AccessibilityLabel() string { return r.item.Label }

// AccessibilityRole makes it a button.
func (r *menuRow) AccessibilityRole() fyne.AccessibleRole { return fyne.AccessibleRoleButton }

func (r *menuRow) recolour() {
	text, quiet := theme.ColorNameForeground, theme.ColorNamePlaceHolder
	if r.item.Disabled {
		text, quiet = theme.ColorNameDisabled, theme.ColorNameDisabled
	}
	r.label.TextSize, r.keys.TextSize = Scaled(14), Scaled(12)
	if r.item.Heading {
		text, r.label.TextSize = theme.ColorNamePlaceHolder, Scaled(12)
	}
	r.label.Color, r.keys.Color = themed(text), themed(quiet)
	r.ground.FillColor = themed(theme.ColorNameHover)
	show(r.ground, (r.hovered || r.focused) && !r.Disabled())
	r.ring.StrokeColor = themed(theme.ColorNamePrimary)
	show(r.ring, r.focused)
	show(r.icon, r.item.Icon != "")
	if r.item.Icon != "" {
		r.icon.Resource = assets.Icon(r.item.Icon, text)
	}
	show(r.check, r.item.Checked)
	r.check.Resource = assets.Icon(assets.Check, theme.ColorNamePrimary)
}

// CreateRenderer is called by the window.
func (r *menuRow) CreateRenderer() fyne.WidgetRenderer {
	return &renderer{
		objects: []fyne.CanvasObject{r.ground, r.ring, r.icon, r.label, r.keys, r.check},
		layout:  r.layout, minSize: r.minSize, refresh: r.recolour, target: r,
	}
}

// lead is the room before the labels.
func (m *Menu) lead() float32 {
	if m.icons {
		return menuPadding + menuIconSize + menuGap
	}
	return menuPadding
}

func (r *menuRow) minSize() fyne.Size {
	width := r.menu.lead() + r.label.MinSize().Width + menuPadding
	if r.item.Keys != "" {
		width += 2*menuGap + r.keys.MinSize().Width
	}
	if r.menu.checks {
		width += menuGap + menuIconSize
	}
	height := float32(menuRowHeight)
	if r.item.Heading {
		height = 28
	}
	return fyne.NewSize(max(width, 180), max(height, r.label.MinSize().Height+8))
}

func (r *menuRow) layout(size fyne.Size) {
	place(r.ground, 0, 0, size.Width, size.Height)
	place(r.ring, 1, 1, size.Width-2, size.Height-2)
	middle := size.Height / 2
	place(r.icon, menuPadding, middle-menuIconSize/2, menuIconSize, menuIconSize)
	lead := r.menu.lead()
	if r.item.Heading {
		lead = menuPadding
	}
	text := r.label.MinSize()
	place(r.label, lead, middle-text.Height/2, text.Width, text.Height)
	right := size.Width - menuPadding
	if r.menu.checks {
		right -= menuIconSize
		place(r.check, right, middle-menuIconSize/2, menuIconSize, menuIconSize)
		right -= menuGap
	}
	keys := r.keys.MinSize()
	place(r.keys, right-keys.Width, middle-keys.Height/2, keys.Width, keys.Height)
}

// menuSlide is a slider with its value in words.
type menuSlide struct {
	widget.BaseWidget

	item   MenuItem
	label  *canvas.Text
	value  *canvas.Text
	slider *slider
}

// slider is Fyne's with Esc, Up and Down, which it would swallow.
type slider struct {
	widget.Slider
	menu *Menu
}

// TypedKey is called by the window.
func (s *slider) TypedKey(ev *fyne.KeyEvent) {
	switch ev.Name {
	case fyne.KeyEscape:
		s.menu.escape()
	case fyne.KeyUp:
		s.menu.move(s, -1)
	case fyne.KeyDown:
		s.menu.move(s, 1)
	default:
		s.Slider.TypedKey(ev)
	}
}

func newMenuSlide(m *Menu, item MenuItem) *menuSlide {
	s := &menuSlide{item: item, label: canvas.NewText(item.Label, nil), value: canvas.NewText("", nil)}
	s.ExtendBaseWidget(s)
	s.slider = &slider{menu: m}
	s.slider.Max, s.slider.Step, s.slider.Orientation = item.Slide.Max, item.Slide.Step, widget.Horizontal
	s.slider.ExtendBaseWidget(s.slider)
	s.slider.Value = item.Slide.Value
	s.slider.OnChanged = func(v float64) { s.value.Text = s.words(v); s.Refresh() }
	s.slider.OnChangeEnded = item.Slide.OnEnded
	s.value.Text = s.words(item.Slide.Value)
	s.recolour()
	return s
}

func (s *menuSlide) words(v float64) string {
	if s.item.Slide.Words != nil {
		return s.item.Slide.Words(v)
	}
	return fmt.Sprintf("%.0f %%", v)
}

// Objects are the parts, for walking the tree.
func (s *menuSlide) Objects() []fyne.CanvasObject { return []fyne.CanvasObject{s.slider} }

// Texts are the label and the value.
func (s *menuSlide) Texts() []string { return []string{s.label.Text, s.value.Text} }

func (s *menuSlide) recolour() {
	s.label.Color, s.value.Color = themed(theme.ColorNameForeground), themed(theme.ColorNamePlaceHolder)
	s.label.TextSize, s.value.TextSize = Scaled(14), Scaled(12)
}

// CreateRenderer is called by the window.
func (s *menuSlide) CreateRenderer() fyne.WidgetRenderer {
	return &renderer{
		objects: []fyne.CanvasObject{s.label, s.value, s.slider},
		layout: func(size fyne.Size) {
			text, value := s.label.MinSize(), s.value.MinSize()
			place(s.label, menuPadding, 8, text.Width, text.Height)
			place(s.value, size.Width-menuPadding-value.Width, 8+(text.Height-value.Height)/2, value.Width, value.Height)
			place(s.slider, menuPadding-6, 8+text.Height, size.Width-2*menuPadding+12, s.slider.MinSize().Height)
		},
		minSize: func() fyne.Size {
			return fyne.NewSize(Scaled(220), 12+s.label.MinSize().Height+s.slider.MinSize().Height)
		},
		refresh: s.recolour,
		target:  s,
	}
}
