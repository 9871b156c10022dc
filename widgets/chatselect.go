package widgets

import (
	"strings"
	"unicode/utf8"

	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/theme"
)

// selection is a part of one message of a ChatList.
type selection struct {
	id         uint64 // of the line; 0: nothing
	anchor, to textPlace
}

// textPlace is a place between two characters of a message.
type textPlace struct {
	line int
	at   int // bytes
}

func (p textPlace) before(q textPlace) bool {
	return p.line < q.line || p.line == q.line && p.at < q.at
}

// ordered is the selection from its first to its last character.
func (s selection) ordered() (from, to textPlace) {
	if s.to.before(s.anchor) {
		return s.to, s.anchor
	}
	return s.anchor, s.to
}

// Selected is the selected text.
func (l *ChatList) Selected() string {
	shape := l.shapes[l.selected.id]
	if shape == nil {
		return ""
	}
	from, to := l.selected.ordered()
	var b strings.Builder
	for i := from.line; i <= to.line && i < len(shape.text); i++ {
		text := shape.text[i].words()
		first, last := 0, len(text)
		if i == from.line {
			first = min(from.at, last)
		}
		if i == to.line {
			last = min(to.at, last)
		}
		b.WriteString(text[min(first, last):last])
		if i < to.line {
			b.WriteString(shape.text[i].after)
		}
	}
	return b.String()
}

// words is the text of a line.
func (l *textLine) words() string {
	var b strings.Builder
	for _, p := range l.pieces {
		b.WriteString(p.text)
	}
	return b.String()
}

// offset is how far a place in the line is from its beginning.
func (l *textLine) offset(at int) float32 {
	for _, p := range l.pieces {
		if at <= len(p.text) {
			return p.x + fyne.MeasureText(p.text[:at], Scaled(chatTextSize), fyne.TextStyle{}).Width
		}
		at -= len(p.text)
	}
	return l.width()
}

// nearest is the place between two characters that is nearest to x.
func (l *textLine) nearest(x float32) int {
	text := l.words()
	best, distance := 0, x
	for i, r := range text {
		at := i + utf8.RuneLen(r)
		d := l.offset(at) - x
		if d < 0 {
			d = -d
		}
		if d < distance {
			best, distance = at, d
		}
	}
	return best
}

// place is the place in the text that is nearest to a point of the row.
func (r *chatRow) place(at fyne.Position) textPlace {
	at = at.SubtractXY(r.shape.bubble.place.X+chatPadX, r.shape.bubble.place.Y+chatPadY)
	lines := r.shape.text
	n := int(at.Y / lineHeight(Scaled(chatTextSize)))
	switch {
	case at.Y < 0 || len(lines) == 0:
		return textPlace{}
	case n >= len(lines):
		n = len(lines) - 1
		return textPlace{n, len(lines[n].words())}
	}
	return textPlace{n, lines[n].nearest(max(at.X, 0))}
}

// Dragged is called by the window: the text between where the mouse went down and where it is becomes selected.
func (r *chatRow) Dragged(ev *fyne.DragEvent) {
	l := r.list
	if r.shape.line.Kind != ChatMessage {
		return
	}
	if id := r.shape.line.ID; l.selected.id != id || !l.selecting {
		l.selectNothing()
		l.selecting = true
		l.selected = selection{id: id, anchor: r.place(ev.Position.Subtract(ev.Dragged))}
		l.cursor = id
		if c := fyne.CurrentApp().Driver().CanvasForObject(l); c != nil {
			c.Focus(l)
		}
	}
	l.selected.to = r.place(ev.Position)
	r.draw()
}

// DragEnd is called by the window.
func (r *chatRow) DragEnd() { r.list.selecting = false }

// selectNothing takes the selection away.
func (l *ChatList) selectNothing() {
	if id := l.selected.id; id != 0 {
		l.selected = selection{}
		if r := l.rows[id]; r != nil {
			r.draw()
		}
	}
}

// drawSelection draws what is selected of the row's message, below its text.
func (r *chatRow) drawSelection() {
	s := r.list.selected
	if s.id != r.shape.line.ID {
		return
	}
	from, to := s.ordered()
	pitch := lineHeight(Scaled(chatTextSize))
	x, y := r.shape.bubble.place.X+chatPadX, r.shape.bubble.place.Y+chatPadY
	for i := from.line; i <= to.line && i < len(r.shape.text); i++ {
		line := &r.shape.text[i]
		first, last := float32(0), line.width()
		if i == from.line {
			first = line.offset(from.at)
		}
		if i == to.line {
			last = line.offset(to.at)
		}
		r.bar(x+first, y+pitch*float32(i), last-first, pitch, fade(themed(theme.ColorNamePrimary), 0x60))
	}
}

// TypedShortcut is called by the window while the list has the focus: copying is the list's.
func (l *ChatList) TypedShortcut(s fyne.Shortcut) {
	i := l.messageAt(l.cursor)
	switch s.(type) {
	case *fyne.ShortcutCopy:
		text := l.Selected()
		if text == "" && i >= 0 {
			text = l.lines[i].Text
		}
		if text != "" && l.OnCopy != nil {
			l.OnCopy(text)
		}
	case *fyne.ShortcutSelectAll:
		if i < 0 {
			return
		}
		l.selectNothing()
		text := l.shapes[l.cursor].text
		last := len(text) - 1
		l.selected = selection{id: l.cursor, to: textPlace{last, len(text[last].words())}}
		if r := l.rows[l.cursor]; r != nil {
			r.draw()
		}
	default:
		if l.OnShortcut != nil {
			l.OnShortcut(s)
		}
	}
}
