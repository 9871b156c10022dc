package widgets

import (
	"image/color"

	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/canvas"
	"fyne.io/fyne/v2/container"
	"fyne.io/fyne/v2/driver/desktop"
	"fyne.io/fyne/v2/theme"
	"fyne.io/fyne/v2/widget"

	"parlor/assets"
)

// Person is one row of a PeopleList.
type Person struct {
	Name      string
	Note      string // "me", "reconnecting"; may be empty
	Mic       bool
	Camera    bool
	Screen    bool
	Connected bool
	Quality   int // of the connection, 1 bad … 5 excellent, 0 unknown
}

const (
	personHeight = 44
	personIcon   = 18
	personAvatar = 28
)

// PeopleList lists people; only the rows on screen exist as objects. Arrow keys go from row to row, Enter and Space open the menu
// of one.
type PeopleList struct {
	widget.BaseWidget
	unusedKeys

	OnMenu func(name string, anchor fyne.CanvasObject)
	OnRows func() // other rows have come on screen

	texts  *assets.Texts
	people []Person
	rows   []*personRow // on screen, from first on
	spare  []*personRow
	first  int
	scroll *container.Scroll
	body   *fyne.Container

	cursor  string // name of the row that the keyboard is on
	focused bool
}

// NewPeopleList returns an empty list.
func NewPeopleList(texts *assets.Texts) *PeopleList {
	l := &PeopleList{texts: texts}
	l.ExtendBaseWidget(l)
	l.body = container.New(peopleLayout{l})
	l.scroll = container.NewVScroll(l.body)
	l.scroll.OnScrolled = func(fyne.Position) { l.showRows() }
	return l
}

// SetPeople sets the rows.
func (l *PeopleList) SetPeople(people []Person) {
	l.people = append(l.people[:0:0], people...)
	view := l.scroll.Size()
	l.body.Resize(fyne.NewSize(view.Width, max(l.total(), view.Height))) // first: the scroller keeps offsets within it
	l.scroll.Offset.Y = max(0, min(l.scroll.Offset.Y, l.total()-view.Height))
	l.showRows()
	l.scroll.Refresh()
}

// MenuButtons returns the menu buttons on screen, by name.
func (l *PeopleList) MenuButtons() map[string]fyne.CanvasObject {
	buttons := make(map[string]fyne.CanvasObject, len(l.rows))
	for _, r := range l.rows {
		buttons[r.person.Name] = r.more
	}
	return buttons
}

// Texts returns the names and notes.
func (l *PeopleList) Texts() []string {
	var words []string
	for _, p := range l.people {
		words = append(words, p.Name)
		if p.Note != "" {
			words = append(words, p.Note)
		}
	}
	return words
}

// Objects are the parts, for walking the tree.
func (l *PeopleList) Objects() []fyne.CanvasObject { return []fyne.CanvasObject{l.scroll} }

// CreateRenderer is called by the window.
func (l *PeopleList) CreateRenderer() fyne.WidgetRenderer {
	return &renderer{
		objects: []fyne.CanvasObject{l.scroll}, target: l,
		layout: func(size fyne.Size) {
			place(l.scroll, 0, 0, size.Width, size.Height)
			l.showRows()
		},
		minSize: func() fyne.Size { return fyne.NewSize(200, 2*rowHeight()) },
		refresh: l.redraw,
	}
}

// rowHeight is the height of a row at the present text size.
func rowHeight() float32 { return max(personHeight, Scaled(personHeight)*0.8) }

func (l *PeopleList) total() float32 { return rowHeight() * float32(len(l.people)) }

// showRows makes rows of those who are on screen.
func (l *PeopleList) showRows() {
	pitch, size := rowHeight(), l.scroll.Size()
	first := max(0, int(l.scroll.Offset.Y/pitch))
	last := min(len(l.people), int((l.scroll.Offset.Y+size.Height)/pitch)+1)
	first = min(first, last)
	changed := len(l.rows) != last-first || l.first != first
	for len(l.rows) > last-first {
		n := len(l.rows) - 1
		l.spare, l.rows = append(l.spare, l.rows[n]), l.rows[:n]
	}
	for len(l.rows) < last-first {
		if n := len(l.spare); n > 0 {
			l.rows, l.spare = append(l.rows, l.spare[n-1]), l.spare[:n-1]
		} else {
			l.rows = append(l.rows, newPersonRow(l))
		}
	}
	objects := make([]fyne.CanvasObject, len(l.rows))
	for i, r := range l.rows {
		changed = changed || r.person.Name != l.people[first+i].Name
		place(r, 0, pitch*float32(first+i), size.Width, pitch)
		r.set(l.people[first+i])
		objects[i] = r
	}
	l.first = first
	if !changed {
		return
	}
	l.body.Objects = objects
	canvas.Refresh(l.body)
	if l.OnRows != nil {
		l.OnRows()
	}
}

func (l *PeopleList) redraw() {
	for _, r := range l.rows {
		r.Refresh()
	}
}

// peopleLayout tells the scroller how high all rows are; they are placed by showRows.
type peopleLayout struct{ list *PeopleList }

// Layout is called by the container.
func (peopleLayout) Layout([]fyne.CanvasObject, fyne.Size) {}

// MinSize is called by the container.
func (p peopleLayout) MinSize([]fyne.CanvasObject) fyne.Size { return fyne.NewSize(0, p.list.total()) }

// at is the place of the cursor, 0 when who it was on is gone.
func (l *PeopleList) at() int {
	for i, p := range l.people {
		if p.Name == l.cursor {
			return i
		}
	}
	return 0
}

// move puts the cursor on a row and shows it.
func (l *PeopleList) move(to int) {
	if len(l.people) == 0 {
		return
	}
	to = max(0, min(to, len(l.people)-1))
	l.cursor = l.people[to].Name
	top, bottom := rowHeight()*float32(to), rowHeight()*float32(to+1)
	switch height := l.scroll.Size().Height; {
	case top < l.scroll.Offset.Y:
		l.scroll.Offset.Y = top
	case bottom > l.scroll.Offset.Y+height:
		l.scroll.Offset.Y = bottom - height
	}
	l.scroll.Refresh()
	l.showRows()
	l.redraw()
}

// FocusGained is called by the window.
func (l *PeopleList) FocusGained() { l.focused = true; l.move(l.at()) }

// FocusLost is called by the window.
func (l *PeopleList) FocusLost() { l.focused = false; l.redraw() }

// TypedRune is called by the window.
func (l *PeopleList) TypedRune(rune) {}

// TypedKey is called by the window.
func (l *PeopleList) TypedKey(ev *fyne.KeyEvent) {
	page := max(1, int(l.scroll.Size().Height/rowHeight())-1)
	switch {
	case ev.Name == fyne.KeyUp:
		l.move(l.at() - 1)
	case ev.Name == fyne.KeyDown:
		l.move(l.at() + 1)
	case ev.Name == fyne.KeyPageUp:
		l.move(l.at() - page)
	case ev.Name == fyne.KeyPageDown:
		l.move(l.at() + page)
	case ev.Name == fyne.KeyHome:
		l.move(0)
	case ev.Name == fyne.KeyEnd:
		l.move(len(l.people))
	case presses(ev), ev.Name == desktop.KeyMenu:
		for _, r := range l.rows {
			if r.person.Name == l.cursor {
				r.openMenu()
			}
		}
	default:
		l.unused(ev)
	}
}

// AccessibilityRole makes it a container.
func (l *PeopleList) AccessibilityRole() fyne.AccessibleRole { return fyne.AccessibleRoleContainer }

// AccessibilityLabel is the row that the keyboard is on.
func (l *PeopleList) AccessibilityLabel() string {
	if len(l.people) == 0 {
		return ""
	}
	p := l.people[l.at()]
	return p.Name + " " + p.Note + " " + qualityWords(l.texts, p.Quality)
}

// personRow is one person.
type personRow struct {
	widget.BaseWidget

	list               *PeopleList
	person             Person
	hovered            bool
	ground, ring       *canvas.Rectangle
	avatar             *canvas.Circle
	letter, name, note *canvas.Text
	share, camera, mic *canvas.Image
	bars               [signalBars]*canvas.Rectangle
	more               *rowButton
	objects            []fyne.CanvasObject
}

func newPersonRow(l *PeopleList) *personRow {
	picture := func() *canvas.Image { return &canvas.Image{FillMode: canvas.ImageFillContain} }
	r := &personRow{
		list: l, ground: canvas.NewRectangle(nil), ring: canvas.NewRectangle(color.Transparent), avatar: canvas.NewCircle(nil),
		letter: canvas.NewText("", tileText), name: canvas.NewText("", nil), note: canvas.NewText("", nil),
		share: picture(), camera: picture(), mic: picture(),
	}
	r.ExtendBaseWidget(r)
	r.letter.TextSize, r.letter.Alignment = 13, fyne.TextAlignCenter
	r.ground.CornerRadius, r.ring.CornerRadius, r.ring.StrokeWidth = buttonRadius, buttonRadius, 2
	r.more = newRowButton(r.openMenu)
	r.objects = []fyne.CanvasObject{r.ground, r.avatar, r.letter, r.name, r.note, r.share, r.camera, r.mic}
	for i := range r.bars {
		r.bars[i] = canvas.NewRectangle(nil)
		r.bars[i].CornerRadius = 1
		r.objects = append(r.objects, r.bars[i])
	}
	r.objects = append(r.objects, r.more, r.ring)
	r.recolour()
	return r
}

func (r *personRow) set(p Person) {
	if r.person != p {
		r.person = p
		r.Refresh()
	}
}

func (r *personRow) openMenu() {
	if r.list.OnMenu != nil {
		r.list.OnMenu(r.person.Name, r.more)
	}
}

// TappedSecondary is called by the window.
func (r *personRow) TappedSecondary(*fyne.PointEvent) { r.openMenu() }

// MouseIn is called by the window.
func (r *personRow) MouseIn(*desktop.MouseEvent) { r.hovered = true; r.Refresh() }

// MouseMoved is called by the window.
func (r *personRow) MouseMoved(*desktop.MouseEvent) {}

// MouseOut is called by the window.
func (r *personRow) MouseOut() { r.hovered = false; r.Refresh() }

// Objects are the parts, for walking the tree.
func (r *personRow) Objects() []fyne.CanvasObject { return r.objects }

func (r *personRow) recolour() {
	p := r.person
	r.ground.FillColor = themed(theme.ColorNameHover)
	show(r.ground, r.hovered)
	r.ring.StrokeColor = themed(theme.ColorNamePrimary)
	show(r.ring, r.list.focused && r.list.cursor == p.Name)
	r.letter.Text = initial(p.Name)
	r.avatar.FillColor = AvatarColor(p.Name)
	r.note.Text = p.Note
	r.name.TextSize, r.note.TextSize = Scaled(14), Scaled(12)
	r.name.Color, r.note.Color = themed(theme.ColorNameForeground), themed(theme.ColorNamePlaceHolder)
	if !p.Connected {
		r.name.Color = themed(theme.ColorNamePlaceHolder)
	}
	r.share.Resource = assets.Icon(assets.Share, theme.ColorNamePrimary)
	show(r.share, p.Screen)
	r.mic.Resource = deviceIcon(p.Mic, assets.Mic, assets.MicOff)
	r.camera.Resource = deviceIcon(p.Camera, assets.Camera, assets.CameraOff)
	lit := theme.ColorNameForeground
	switch {
	case p.Quality <= 2:
		lit = theme.ColorNameError
	case p.Quality == 3:
		lit = theme.ColorNameWarning
	}
	for i, b := range r.bars {
		b.FillColor = themed(theme.ColorNameSeparator)
		if i < p.Quality-1 {
			b.FillColor = themed(lit)
		}
		show(b, p.Quality > 0)
	}
}

func deviceIcon(on bool, yes, no assets.IconName) fyne.Resource {
	if on {
		return assets.Icon(yes, theme.ColorNameForeground)
	}
	return assets.Icon(no, theme.ColorNameError)
}

// CreateRenderer is called by the list.
func (r *personRow) CreateRenderer() fyne.WidgetRenderer {
	return &renderer{
		objects: r.objects, target: r, refresh: r.recolour,
		minSize: func() fyne.Size { return fyne.NewSize(140, rowHeight()) },
		layout:  r.layout,
	}
}

func (r *personRow) layout(size fyne.Size) {
	h := size.Height
	place(r.ground, 4, 1, size.Width-8, h-2)
	place(r.ring, 4, 1, size.Width-8, h-2)
	place(r.avatar, 12, (h-personAvatar)/2, personAvatar, personAvatar)
	place(r.letter, 12, 0, personAvatar, h)
	right := size.Width - 10 - rowButtonSize
	place(r.more, right, (h-rowButtonSize)/2, rowButtonSize, rowButtonSize)
	if r.person.Quality > 0 {
		right -= signalWidth + 6
		for i, b := range r.bars {
			height := float32(4 + 3*i)
			place(b, right+float32(i)*4.5, (h+13)/2-height, 3, height)
		}
	}
	for _, icon := range []*canvas.Image{r.mic, r.camera, r.share} {
		if icon.Visible() {
			right -= personIcon + 8
			place(icon, right, (h-personIcon)/2, personIcon, personIcon)
		}
	}
	const left = 12 + personAvatar + 10
	room := right - 8 - left
	noteWidth := r.note.MinSize().Width
	show(r.note, r.note.Text != "" && noteWidth < room-Scaled(24))
	if r.note.Visible() {
		room -= noteWidth + 6
	}
	r.name.Text = elide(r.person.Name, room, r.name.TextSize, fyne.TextStyle{})
	nameWidth := r.name.MinSize().Width
	place(r.name, left, 0, nameWidth, h)
	place(r.note, left+nameWidth+6, 0, noteWidth, h)
}

const rowButtonSize = 32

// rowButton is the button at the end of a row. Only the mouse needs it: the keyboard goes by rows, so that Tab does not stop at each.
type rowButton struct {
	widget.BaseWidget

	tapped  func()
	hovered bool
	ground  *canvas.Rectangle
	icon    *canvas.Image
}

func newRowButton(tapped func()) *rowButton {
	b := &rowButton{tapped: tapped, ground: canvas.NewRectangle(nil), icon: &canvas.Image{FillMode: canvas.ImageFillContain}}
	b.ExtendBaseWidget(b)
	b.ground.CornerRadius = buttonRadius
	b.recolour()
	return b
}

func (b *rowButton) recolour() {
	b.ground.FillColor = themed(theme.ColorNameHover)
	show(b.ground, b.hovered)
	b.icon.Resource = assets.Icon(assets.More, theme.ColorNameForeground)
}

// Tapped is called by the window.
func (b *rowButton) Tapped(*fyne.PointEvent) { b.tapped() }

// MouseIn is called by the window.
func (b *rowButton) MouseIn(*desktop.MouseEvent) { b.hovered = true; b.Refresh() }

// MouseMoved is called by the window.
func (b *rowButton) MouseMoved(*desktop.MouseEvent) {}

// MouseOut is called by the window.
func (b *rowButton) MouseOut() { b.hovered = false; b.Refresh() }

// CreateRenderer is called by the window.
func (b *rowButton) CreateRenderer() fyne.WidgetRenderer {
	return &renderer{
		objects: []fyne.CanvasObject{b.ground, b.icon}, target: b, refresh: b.recolour,
		minSize: func() fyne.Size { return fyne.NewSquareSize(rowButtonSize) },
		layout: func(size fyne.Size) {
			place(b.ground, 0, 0, size.Width, size.Height)
			place(b.icon, (size.Width-personIcon)/2, (size.Height-personIcon)/2, personIcon, personIcon)
		},
	}
}
