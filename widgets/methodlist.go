package widgets

import (
	"strings"

	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/canvas"
	"fyne.io/fyne/v2/container"
	"fyne.io/fyne/v2/driver/desktop"
	"fyne.io/fyne/v2/theme"
	"fyne.io/fyne/v2/widget"

	"parlor/assets"
)

// Method is one row of a MethodList. One without a Name is the heading of those below it.
type Method struct {
	Heading string
	Name    string
	Chips   []string // short words at the right end, each a button of its own
}

// MethodState is how the last call of a method went.
type MethodState uint8

// The states of a method.
const (
	MethodUnused MethodState = iota
	MethodWaiting
	MethodOK
	MethodFailed
)

// MethodList is a list of the names of methods of which one is chosen. Tab reaches it as one control; arrow keys move the
// choice, Enter or Space calls the chosen one, and the first character of a chip presses it.
type MethodList struct {
	widget.BaseWidget
	unusedKeys

	OnChosen func(name string)           // by a tap or a key
	OnCalled func(name string)           // the chosen one again, by Enter, Space or a second tap
	OnChip   func(name string, chip int) // a chip was pressed

	methods []Method
	rows    []*methodRow
	chosen  string
	focused bool
	box     *fyne.Container
	scroll  *container.Scroll
	ring    *canvas.Rectangle
}

// NewMethodList returns a list of which nothing is chosen.
func NewMethodList(methods []Method) *MethodList {
	l := &MethodList{methods: methods, ring: canvas.NewRectangle(nil)}
	l.ExtendBaseWidget(l)
	l.ring.StrokeWidth, l.ring.CornerRadius = 2, buttonRadius
	l.ring.Hide()
	objects := make([]fyne.CanvasObject, len(methods))
	for i, m := range methods {
		row := newMethodRow(l, m)
		l.rows = append(l.rows, row)
		objects[i] = row
	}
	l.box = container.New(methodLayout{}, objects...)
	l.scroll = container.NewVScroll(l.box)
	return l
}

// methodLayout puts rows below each other without gaps.
type methodLayout struct{}

func (methodLayout) Layout(objects []fyne.CanvasObject, size fyne.Size) {
	y := float32(0)
	for _, o := range objects {
		if o.Visible() {
			h := o.MinSize().Height
			place(o, 0, y, size.Width, h)
			y += h
		}
	}
}

func (methodLayout) MinSize(objects []fyne.CanvasObject) fyne.Size {
	var size fyne.Size
	for _, o := range objects {
		if o.Visible() {
			size.Height += o.MinSize().Height
		}
	}
	size.Width = Scaled(120)
	return size
}

// Choose marks a method without calling OnChosen, and brings it into sight.
func (l *MethodList) Choose(name string) {
	l.chosen = name
	for _, row := range l.rows {
		row.setChosen(row.method.Name == name && name != "")
		if row.chosen {
			l.show(row)
		}
	}
}

// show scrolls to a row.
func (l *MethodList) show(row *methodRow) {
	top, height := row.Position().Y, l.scroll.Size().Height
	if height == 0 {
		return
	}
	if offset := l.scroll.Offset.Y; top < offset {
		l.scroll.ScrollToOffset(fyne.NewPos(0, top))
	} else if bottom := top + row.Size().Height; bottom > offset+height {
		l.scroll.ScrollToOffset(fyne.NewPos(0, bottom-height))
	}
}

// SetState shows how the last call of a method went.
func (l *MethodList) SetState(name string, s MethodState) {
	for _, row := range l.rows {
		if row.method.Name == name && row.state != s {
			row.state = s
			row.Refresh()
		}
	}
}

// SetDisabled shows that methods cannot be called at present; they can be chosen all the same.
func (l *MethodList) SetDisabled(disabled func(name string) bool) {
	for _, row := range l.rows {
		if off := row.method.Name != "" && disabled(row.method.Name); off != row.off {
			row.off = off
			row.Refresh()
		}
	}
}

// SetFilter shows only the methods with a text in their names, without regard to case.
func (l *MethodList) SetFilter(text string) {
	text = strings.ToLower(strings.TrimSpace(text))
	var heading *methodRow
	for _, row := range l.rows {
		if row.method.Name == "" {
			heading = row
			show(row, text == "")
			continue
		}
		matches := strings.Contains(strings.ToLower(row.method.Name), text)
		show(row, matches)
		if matches && heading != nil {
			show(heading, true)
		}
	}
	l.box.Refresh()
	l.scroll.ScrollToTop()
	l.scroll.Refresh()
}

// Row is the control of a method, nil when there is none.
func (l *MethodList) Row(name string) fyne.CanvasObject {
	for _, row := range l.rows {
		if row.method.Name == name {
			return row
		}
	}
	return nil
}

// Chip is the control of a chip, nil when there is none.
func (l *MethodList) Chip(name string, i int) fyne.CanvasObject {
	for _, row := range l.rows {
		if row.method.Name == name && i < len(row.chips) {
			return row.chips[i]
		}
	}
	return nil
}

// Objects are the parts, for walking the tree.
func (l *MethodList) Objects() []fyne.CanvasObject { return []fyne.CanvasObject{l.scroll} }

// AccessibilityLabel is the chosen method.
func (l *MethodList) AccessibilityLabel() string { return l.chosen }

// AccessibilityRole makes it a container.
func (l *MethodList) AccessibilityRole() fyne.AccessibleRole { return fyne.AccessibleRoleContainer }

// FocusGained is called by the window.
func (l *MethodList) FocusGained() { l.focused = true; l.Refresh() }

// FocusLost is called by the window.
func (l *MethodList) FocusLost() { l.focused = false; l.Refresh() }

// TypedRune is called by the window.
func (l *MethodList) TypedRune(r rune) {
	for _, row := range l.rows {
		if !row.chosen || !row.Visible() {
			continue
		}
		for i, chip := range row.method.Chips {
			if strings.HasPrefix(chip, string(r)) && l.OnChip != nil {
				l.OnChip(row.method.Name, i)
				return
			}
		}
	}
}

// TypedKey is called by the window.
func (l *MethodList) TypedKey(ev *fyne.KeyEvent) {
	const page = 10
	switch ev.Name {
	case fyne.KeyDown:
		l.move(1)
	case fyne.KeyUp:
		l.move(-1)
	case fyne.KeyPageDown:
		l.move(page)
	case fyne.KeyPageUp:
		l.move(-page)
	case fyne.KeyHome:
		l.move(-len(l.rows))
	case fyne.KeyEnd:
		l.move(len(l.rows))
	case fyne.KeyReturn, fyne.KeyEnter, fyne.KeySpace:
		if l.chosen != "" && l.OnCalled != nil {
			l.OnCalled(l.chosen)
		}
	default:
		l.unused(ev)
	}
}

// move chooses the method so many places below the chosen one, or the last one that there is.
func (l *MethodList) move(by int) {
	var names []string
	at := -1
	for _, row := range l.rows {
		if row.method.Name == "" || !row.Visible() {
			continue
		}
		if row.chosen {
			at = len(names)
		}
		names = append(names, row.method.Name)
	}
	if len(names) == 0 {
		return
	}
	if next := min(max(at+by, 0), len(names)-1); next != at {
		l.choose(names[next])
	}
}

func (l *MethodList) choose(name string) {
	l.Choose(name)
	if l.OnChosen != nil {
		l.OnChosen(name)
	}
}

// CreateRenderer is called by the window.
func (l *MethodList) CreateRenderer() fyne.WidgetRenderer {
	r := &renderer{
		objects: []fyne.CanvasObject{l.scroll, l.ring}, target: l,
		minSize: func() fyne.Size { return fyne.NewSize(Scaled(160), Scaled(90)) },
		layout: func(size fyne.Size) {
			place(l.scroll, 0, 0, size.Width, size.Height)
			place(l.ring, 1, 1, size.Width-2, size.Height-2)
		},
	}
	r.refresh = func() {
		l.ring.StrokeColor = themed(theme.ColorNamePrimary)
		show(l.ring, l.focused)
	}
	r.refresh()
	return r
}

// methodRow is a method or a heading.
type methodRow struct {
	widget.BaseWidget

	list                 *MethodList
	method               Method
	state                MethodState
	chosen, hovered, off bool

	ground *canvas.Rectangle
	mark   *canvas.Image
	name   *canvas.Text
	chips  []*chip
}

func newMethodRow(l *MethodList, m Method) *methodRow {
	r := &methodRow{list: l, method: m, ground: canvas.NewRectangle(nil), name: canvas.NewText("", nil)}
	r.ExtendBaseWidget(r)
	r.ground.CornerRadius = 6
	r.mark = &canvas.Image{FillMode: canvas.ImageFillContain}
	r.name.TextStyle.Bold = m.Name == ""
	for i, word := range m.Chips {
		c := newChip(word)
		c.onTapped = func() {
			l.Choose(m.Name)
			if l.OnChip != nil {
				l.OnChip(m.Name, i)
			}
		}
		r.chips = append(r.chips, c)
	}
	r.recolour()
	return r
}

func (r *methodRow) setChosen(on bool) {
	if r.chosen != on {
		r.chosen = on
		r.Refresh()
	}
}

// Texts returns the whole name.
func (r *methodRow) Texts() []string { return []string{r.method.Heading + r.method.Name} }

// Objects are the chips, for walking the tree.
func (r *methodRow) Objects() []fyne.CanvasObject {
	objects := make([]fyne.CanvasObject, len(r.chips))
	for i, c := range r.chips {
		objects[i] = c
	}
	return objects
}

// Tapped is called by the window.
func (r *methodRow) Tapped(*fyne.PointEvent) {
	if r.method.Name != "" {
		r.list.choose(r.method.Name)
	}
}

// DoubleTapped is called by the window.
func (r *methodRow) DoubleTapped(*fyne.PointEvent) {
	if r.method.Name != "" && r.list.OnCalled != nil {
		r.list.choose(r.method.Name)
		r.list.OnCalled(r.method.Name)
	}
}

// MouseIn is called by the window.
func (r *methodRow) MouseIn(*desktop.MouseEvent) { r.hovered = true; r.Refresh() }

// MouseMoved is called by the window.
func (r *methodRow) MouseMoved(*desktop.MouseEvent) {}

// MouseOut is called by the window.
func (r *methodRow) MouseOut() { r.hovered = false; r.Refresh() }

func (r *methodRow) recolour() {
	r.name.TextSize = Scaled(13)
	ink := theme.ColorNameForeground
	switch {
	case r.method.Name == "":
		ink, r.name.TextSize = theme.ColorNamePlaceHolder, Scaled(12)
	case r.chosen:
		ink = theme.ColorNamePrimary
	case r.off:
		ink = theme.ColorNameDisabled
	}
	r.name.Color = themed(ink)
	r.ground.FillColor = themed(theme.ColorNameHover)
	if r.chosen {
		r.ground.FillColor = themed(theme.ColorNameButton)
	}
	show(r.ground, r.chosen || r.hovered && r.method.Name != "")
	show(r.mark, r.state != MethodUnused)
	switch r.state {
	case MethodWaiting:
		r.mark.Resource = assets.Icon(assets.Retry, theme.ColorNamePrimary)
	case MethodOK:
		r.mark.Resource = assets.Icon(assets.Check, theme.ColorNameSuccess)
	case MethodFailed:
		r.mark.Resource = assets.Icon(assets.Close, theme.ColorNameError)
	}
}

// CreateRenderer is called by the window.
func (r *methodRow) CreateRenderer() fyne.WidgetRenderer {
	objects := []fyne.CanvasObject{r.ground, r.mark, r.name}
	return &renderer{
		objects: append(objects, r.Objects()...), target: r, refresh: r.recolour, layout: r.layout,
		minSize: func() fyne.Size { return fyne.NewSize(Scaled(120), Scaled(28)) },
	}
}

func (r *methodRow) layout(size fyne.Size) {
	place(r.ground, 0, 0, size.Width, size.Height)
	icon := Scaled(14)
	right := size.Width - 6
	for i := len(r.chips) - 1; i >= 0; i-- {
		m := r.chips[i].MinSize()
		right -= m.Width
		place(r.chips[i], right, (size.Height-m.Height)/2, m.Width, m.Height)
		right -= 4
	}
	left := 8 + icon + 6
	if r.method.Name == "" {
		left = 8
	}
	place(r.mark, 8, (size.Height-icon)/2, icon, icon)
	r.name.Text = elide(r.method.Heading+r.method.Name, right-left, r.name.TextSize, r.name.TextStyle)
	height := r.name.MinSize().Height
	y := (size.Height - height) / 2
	if r.method.Name == "" {
		y = size.Height - height - 4
	}
	place(r.name, left, y, right-left, height)
}

// chip is a small button within a row. It takes no focus: its row's list has keys for it.
type chip struct {
	widget.BaseWidget

	onTapped func()
	hovered  bool
	ground   *canvas.Rectangle
	word     *canvas.Text
}

func newChip(word string) *chip {
	c := &chip{ground: canvas.NewRectangle(nil), word: canvas.NewText(word, nil)}
	c.ExtendBaseWidget(c)
	c.ground.CornerRadius = 5
	c.word.Alignment = fyne.TextAlignCenter
	c.recolour()
	return c
}

// Texts returns the word.
func (c *chip) Texts() []string { return []string{c.word.Text} }

// Tapped is called by the window.
func (c *chip) Tapped(*fyne.PointEvent) { c.onTapped() }

// MouseIn is called by the window.
func (c *chip) MouseIn(*desktop.MouseEvent) { c.hovered = true; c.Refresh() }

// MouseMoved is called by the window.
func (c *chip) MouseMoved(*desktop.MouseEvent) {}

// MouseOut is called by the window.
func (c *chip) MouseOut() { c.hovered = false; c.Refresh() }

func (c *chip) recolour() {
	c.word.TextSize = Scaled(12)
	c.word.Color = themed(theme.ColorNameForeground)
	c.ground.FillColor = themed(theme.ColorNameButton)
	if c.hovered {
		c.ground.FillColor = blend(themed(theme.ColorNameButton), themed(theme.ColorNameHover))
	}
}

// CreateRenderer is called by the window.
func (c *chip) CreateRenderer() fyne.WidgetRenderer {
	return &renderer{
		objects: []fyne.CanvasObject{c.ground, c.word}, target: c, refresh: c.recolour,
		minSize: func() fyne.Size {
			return fyne.NewSize(max(Scaled(24), c.word.MinSize().Width+12), Scaled(22))
		},
		layout: func(size fyne.Size) {
			place(c.ground, 0, 0, size.Width, size.Height)
			h := c.word.MinSize().Height
			place(c.word, 0, (size.Height-h)/2, size.Width, h)
		},
	}
}
