package widgets

import (
	"sort"

	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/canvas"
	"fyne.io/fyne/v2/container"
	"fyne.io/fyne/v2/driver/desktop"
	"fyne.io/fyne/v2/widget"

	"parlor/assets"
)

// ChatKind is what a line of a ChatList is.
type ChatKind uint8

// The kinds of lines.
const (
	ChatMessage ChatKind = iota
	ChatNote             // quiet words in the middle: a day, somebody came or went
	ChatNew              // the line above what has not been read
)

// ChatState is how far a message has come.
type ChatState uint8

// The states of messages. All but ChatSent are of own ones.
const (
	ChatSent ChatState = iota
	ChatSending
	ChatWaiting // for the connection
	ChatFailed
)

// ChatLine is one line of a ChatList. Lines with the same ID are the same line; when anything in it changes, it is drawn anew.
type ChatLine struct {
	ID     uint64
	Kind   ChatKind
	Name   string // of who wrote it
	Own    bool
	Head   bool   // the first of several by one person: it has name and time above it
	Time   string // "12:03"
	Text   string
	State  ChatState
	Reason string // why it failed
}

// ChatList shows messages, the newest at the bottom, and only those on screen exist as objects. It stays at the newest one, unless
// the reader has scrolled up: then nothing moves, and a button leads back. Arrow keys go from message to message, Enter and
// Space open the menu of one.
type ChatList struct {
	widget.BaseWidget
	unusedKeys

	OnLink    func(address string)
	OnMenu    func(line ChatLine, at fyne.Position) // at is in the window
	OnRetry   func(id uint64)
	OnDiscard func(id uint64)
	OnRows    func() // other rows have come on screen
	OnCopy    func(text string)
	// OnShortcut gets the shortcuts that the list does not use while it has the focus.
	OnShortcut func(fyne.Shortcut)

	// Jump leads to the newest message; it can be seen while the reader is elsewhere.
	Jump *Button

	texts  *assets.Texts
	empty  *widget.Label
	lines  []ChatLine
	shapes map[uint64]*chatShape // of lines, for shapeWidth
	tops   []float32             // of lines; the last is the height of all
	rows   map[uint64]*chatRow   // on screen
	spare  []*chatRow
	scroll *container.Scroll
	body   *fyne.Container

	shapeWidth, shapeSize float32
	newest                bool // the view is at the end and stays there
	unseen                int  // messages that came below the view
	selected              selection
	selecting             bool // the mouse is down
	cursor                uint64
	focused               bool
}

// NewChatList returns an empty list, which shows words as long as it is empty.
func NewChatList(texts *assets.Texts, empty string) *ChatList {
	l := &ChatList{texts: texts, empty: widget.NewLabel(empty), shapes: make(map[uint64]*chatShape), rows: make(map[uint64]*chatRow), newest: true}
	l.ExtendBaseWidget(l)
	l.empty.Importance = widget.LowImportance
	l.empty.Alignment = fyne.TextAlignCenter
	l.empty.Wrapping = fyne.TextWrapWord
	l.body = container.New(chatLayout{l})
	l.scroll = container.NewVScroll(l.body)
	l.scroll.OnScrolled = func(fyne.Position) { l.scrolled() }
	l.Jump = NewButton("", l.ScrollToNewest)
	l.Jump.Importance = widget.HighImportance
	l.Jump.Hide()
	return l
}

// SetLines sets all lines, the oldest first.
func (l *ChatList) SetLines(lines []ChatLine) {
	anchor, offset := l.anchor()
	before := uint64(0)
	if n := len(l.lines); n > 0 {
		before = l.lines[n-1].ID
	}
	for _, line := range lines {
		if line.ID > before && line.Kind == ChatMessage && !line.Own {
			l.unseen++
		}
	}
	l.lines = append(l.lines[:0:0], lines...)
	l.measure()
	if l.newest {
		l.unseen = 0
	} else if i := l.index(anchor); i >= 0 {
		l.scroll.Offset.Y = l.tops[i] - offset
	}
	l.arrange()
}

// ScrollToNewest shows the end and stays there.
func (l *ChatList) ScrollToNewest() {
	l.newest, l.unseen = true, 0
	l.arrange()
}

// ShowFrom shows a line at the upper edge, or the end when less is left below.
func (l *ChatList) ShowFrom(id uint64) {
	i := l.index(id)
	if i < 0 {
		return
	}
	l.scroll.Offset.Y = l.tops[i]
	l.newest = l.scroll.Offset.Y+l.scroll.Size().Height >= l.total()
	l.arrange()
}

// AtNewest tells whether the newest message is on screen.
func (l *ChatList) AtNewest() bool { return l.newest }

// Lines returns the lines, for tests.
func (l *ChatList) Lines() []ChatLine { return l.lines }

// Retry and Discard are the buttons of a message that failed and is on screen, else nil.
func (l *ChatList) Retry(id uint64) (retry, discard *Button) {
	if r := l.rows[id]; r != nil && r.retry != nil && r.retry.Visible() {
		return r.retry, r.discard
	}
	return nil, nil
}

// Texts returns the words on screen.
func (l *ChatList) Texts() []string {
	if len(l.lines) == 0 {
		return []string{l.empty.Text}
	}
	first, last := l.visible()
	var words []string
	for _, line := range l.lines[first:last] {
		if line.Head {
			words = append(words, line.Name, line.Time)
		}
		words = append(words, line.Text, line.Reason)
	}
	return words
}

// Objects are the parts, for walking the tree.
func (l *ChatList) Objects() []fyne.CanvasObject { return []fyne.CanvasObject{l.scroll, l.Jump} }

// CreateRenderer is called by the window.
func (l *ChatList) CreateRenderer() fyne.WidgetRenderer {
	return &renderer{
		objects: []fyne.CanvasObject{l.scroll, l.empty, l.Jump}, target: l,
		minSize: func() fyne.Size { return fyne.NewSize(200, 80) },
		refresh: l.restyle,
		layout: func(size fyne.Size) {
			place(l.scroll, 0, 0, size.Width, size.Height)
			l.empty.Resize(fyne.NewSize(size.Width, 0)) // to know how many lines it takes
			height := l.empty.MinSize().Height
			place(l.empty, 0, (size.Height-height)/2, size.Width, height)
			m := l.Jump.MinSize()
			place(l.Jump, (size.Width-m.Width)/2, size.Height-m.Height-8, m.Width, m.Height)
			l.resized()
		},
	}
}

// resized measures anew when the width or the size of text has changed.
func (l *ChatList) resized() {
	anchor, offset := l.anchor()
	if l.measure() && !l.newest {
		if i := l.index(anchor); i >= 0 {
			l.scroll.Offset.Y = l.tops[i] - offset
		}
	}
	l.arrange()
}

// restyle follows the theme.
func (l *ChatList) restyle() {
	for _, r := range l.rows {
		r.draw()
	}
}

// measure makes the shapes that are missing and the tops, and tells whether the heights may have changed.
func (l *ChatList) measure() bool {
	width, size := l.Size().Width, Scaled(chatTextSize)
	fresh := width != l.shapeWidth || size != l.shapeSize
	if fresh {
		l.shapes = make(map[uint64]*chatShape, len(l.lines))
		l.shapeWidth, l.shapeSize = width, size
	}
	kept := make(map[uint64]*chatShape, len(l.lines))
	l.tops = append(l.tops[:0], chatMargin)
	y := float32(chatMargin)
	for _, line := range l.lines {
		shape := l.shapes[line.ID]
		if shape == nil || shape.line != line {
			shape = newChatShape(line, width, l.texts)
			fresh = true
		}
		kept[line.ID] = shape
		y += shape.height
		l.tops = append(l.tops, y)
	}
	l.shapes = kept
	return fresh
}

// total is the height of all lines.
func (l *ChatList) total() float32 {
	if len(l.tops) == 0 {
		return 0
	}
	return l.tops[len(l.tops)-1] + chatMargin
}

// visible is the range of lines that are on screen, in whole or in part.
func (l *ChatList) visible() (first, last int) {
	if len(l.lines) == 0 {
		return 0, 0
	}
	top, bottom := l.scroll.Offset.Y, l.scroll.Offset.Y+l.scroll.Size().Height
	first = sort.Search(len(l.lines), func(i int) bool { return l.tops[i+1] > top })
	last = sort.Search(len(l.lines), func(i int) bool { return l.tops[i] >= bottom })
	return first, max(first, last)
}

// anchor is the first line on screen and how far below the upper edge it begins.
func (l *ChatList) anchor() (id uint64, offset float32) {
	first, last := l.visible()
	if first == last {
		return 0, 0
	}
	return l.lines[first].ID, l.tops[first] - l.scroll.Offset.Y
}

// index is the place of a line, or of the one after it when it is gone; -1 for none.
func (l *ChatList) index(id uint64) int {
	i := sort.Search(len(l.lines), func(i int) bool { return l.lines[i].ID >= id })
	if i == len(l.lines) {
		return -1
	}
	return i
}

// scrolled follows the reader.
func (l *ChatList) scrolled() {
	const slack = 4 // of a wheel that stops just above the end
	l.newest = l.scroll.Offset.Y+l.scroll.Size().Height >= l.total()-slack
	if l.newest {
		l.unseen = 0
	}
	l.showRows()
	l.showJump()
}

// arrange brings the view and the rows into line with the lines.
func (l *ChatList) arrange() {
	view := l.scroll.Size()
	l.body.Resize(fyne.NewSize(view.Width, max(l.total(), view.Height))) // first: the scroller keeps offsets within it
	limit := max(0, l.total()-view.Height)
	if l.newest || l.scroll.Offset.Y > limit {
		l.scroll.Offset.Y = limit
	}
	l.showRows()
	l.showJump()
	show(l.empty, len(l.lines) == 0)
	l.scroll.Refresh()
}

func (l *ChatList) showJump() {
	words := l.texts.T("chat.newest")
	if l.unseen > 0 {
		words = l.texts.T("chat.newest.some", l.unseen)
	}
	if l.Jump.Text != words {
		l.Jump.SetText(words)
		m := l.Jump.MinSize()
		place(l.Jump, (l.Size().Width-m.Width)/2, l.Size().Height-m.Height-8, m.Width, m.Height)
	}
	show(l.Jump, !l.newest && len(l.lines) > 0)
}

// showRows makes rows of what is on screen, of those that have gone from it if possible.
func (l *ChatList) showRows() {
	first, last := l.visible()
	wanted := make(map[uint64]bool, last-first)
	for _, line := range l.lines[first:last] {
		wanted[line.ID] = true
	}
	changed := false
	for id, r := range l.rows {
		if !wanted[id] {
			delete(l.rows, id)
			l.spare = append(l.spare, r)
			changed = true
		}
	}
	objects := make([]fyne.CanvasObject, 0, last-first)
	for i := first; i < last; i++ {
		line := l.lines[i]
		r := l.rows[line.ID]
		if r == nil {
			changed = true
			if n := len(l.spare); n > 0 {
				r, l.spare = l.spare[n-1], l.spare[:n-1]
			} else {
				r = newChatRow(l)
			}
			l.rows[line.ID] = r
		}
		place(r, 0, l.tops[i], l.shapeWidth, l.tops[i+1]-l.tops[i])
		r.set(l.shapes[line.ID])
		objects = append(objects, r)
	}
	l.body.Objects = objects
	if changed {
		canvas.Refresh(l.body)
		if l.OnRows != nil {
			l.OnRows()
		}
	}
}

// chatLayout tells the scroller how high all lines are; rows are placed by showRows.
type chatLayout struct{ list *ChatList }

// Layout is called by the container.
func (chatLayout) Layout([]fyne.CanvasObject, fyne.Size) {}

// MinSize is called by the container.
func (c chatLayout) MinSize([]fyne.CanvasObject) fyne.Size { return fyne.NewSize(0, c.list.total()) }

// FocusGained is called by the window.
func (l *ChatList) FocusGained() {
	l.focused = true
	if l.messageAt(l.cursor) < 0 {
		l.cursor = 0
		l.step(len(l.lines), -1)
	}
	l.restyle()
}

// FocusLost is called by the window.
func (l *ChatList) FocusLost() { l.focused = false; l.restyle() }

// TypedRune is called by the window.
func (l *ChatList) TypedRune(rune) {}

// TypedKey is called by the window.
func (l *ChatList) TypedKey(ev *fyne.KeyEvent) {
	at := l.messageAt(l.cursor)
	switch {
	case ev.Name == fyne.KeyUp:
		l.step(at, -1)
	case ev.Name == fyne.KeyDown:
		l.step(at, 1)
	case ev.Name == fyne.KeyHome:
		l.step(-1, 1)
	case ev.Name == fyne.KeyEnd:
		l.step(len(l.lines), -1)
	case (presses(ev) || ev.Name == desktop.KeyMenu) && at >= 0:
		if r := l.rows[l.cursor]; r != nil {
			r.openMenu(r.shape.bubble.place.AddXY(0, r.shape.bubble.size.Height))
		}
	default:
		l.unused(ev)
	}
}

// messageAt is the place of the message with an id; -1 for none.
func (l *ChatList) messageAt(id uint64) int {
	if i := l.index(id); i >= 0 && id != 0 && l.lines[i].ID == id && l.lines[i].Kind == ChatMessage {
		return i
	}
	return -1
}

// step puts the cursor on the next message in a direction and shows it.
func (l *ChatList) step(from, by int) {
	for i := from + by; i >= 0 && i < len(l.lines); i += by {
		if l.lines[i].Kind != ChatMessage {
			continue
		}
		l.cursor = l.lines[i].ID
		switch height := l.scroll.Size().Height; {
		case l.tops[i] < l.scroll.Offset.Y:
			l.scroll.Offset.Y = l.tops[i]
		case l.tops[i+1] > l.scroll.Offset.Y+height:
			l.scroll.Offset.Y = l.tops[i+1] + chatMargin - height
		}
		l.scroll.Refresh()
		l.scrolled()
		l.restyle()
		return
	}
}

// AccessibilityRole makes it a container.
func (l *ChatList) AccessibilityRole() fyne.AccessibleRole { return fyne.AccessibleRoleContainer }

// AccessibilityLabel is the message with the cursor.
func (l *ChatList) AccessibilityLabel() string {
	if i := l.messageAt(l.cursor); i >= 0 {
		return l.lines[i].Name + " " + l.lines[i].Time + " " + l.lines[i].Text
	}
	return ""
}
