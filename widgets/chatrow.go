package widgets

import (
	"image/color"

	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/canvas"
	"fyne.io/fyne/v2/driver/desktop"
	"fyne.io/fyne/v2/theme"
	"fyne.io/fyne/v2/widget"

	"parlor/assets"
)

// The measures of a ChatList, in units at normal text size.
const (
	chatTextSize = 14
	chatNameSize = 13
	chatNoteSize = 12
	chatMargin   = 8  // above and below all lines
	chatSide     = 12 // at the edges
	chatAvatar   = 28
	chatLeft     = chatSide + chatAvatar + 8 // of what others write
	chatPadX     = 10                        // within a bubble
	chatPadY     = 6
	chatFree     = 28 // at least, beside a bubble
)

// box is a place with a size.
type box struct {
	place fyne.Position
	size  fyne.Size
}

// chatShape is how a line lies in its row.
type chatShape struct {
	line   ChatLine
	height float32
	head   float32 // top of name and time
	bubble box
	text   []textLine // within the bubble, or the note
	below  []textLine // state or reason, below the bubble
	belowY float32
	button float32 // top of the buttons of a failed message
}

// failedButton is the room that a button needs, with a gap below it.
func failedButton() float32 {
	return fyne.MeasureText("国", theme.TextSize(), fyne.TextStyle{Bold: true}).Height + 2*theme.InnerPadding() + 2
}

// lineHeight is the pitch of lines of a text size.
func lineHeight(size float32) float32 { return fyne.MeasureText("国", size, fyne.TextStyle{}).Height }

// newChatShape lays a line out in a width.
func newChatShape(line ChatLine, width float32, texts *assets.Texts) *chatShape {
	s := &chatShape{line: line}
	switch line.Kind {
	case ChatNew:
		s.height = lineHeight(Scaled(chatNoteSize)) + 14
		return s
	case ChatNote:
		s.text, _ = flow(line.Text, max(width-4*chatSide, 1), Scaled(chatNoteSize), fyne.TextStyle{})
		s.height = float32(len(s.text))*lineHeight(Scaled(chatNoteSize)) + 14
		return s
	}
	left := float32(chatLeft)
	if line.Own {
		left = chatSide + chatFree
	}
	room := width - left - chatSide
	if !line.Own {
		room -= chatFree
	}
	room = max(room, 2*chatPadX+1)
	var widest float32
	s.text, widest = flow(line.Text, room-2*chatPadX, Scaled(chatTextSize), fyne.TextStyle{})
	s.bubble.size = fyne.NewSize(widest+2*chatPadX, float32(len(s.text))*lineHeight(Scaled(chatTextSize))+2*chatPadY)
	y := float32(3)
	if line.Head {
		y = 10
		s.head = y
		y += lineHeight(Scaled(chatNameSize)) + 2
	}
	s.bubble.place = fyne.NewPos(left, y)
	if line.Own {
		s.bubble.place.X = width - chatSide - s.bubble.size.Width
	}
	s.height = y + s.bubble.size.Height
	if words := stateWords(line, texts); words != "" {
		s.below, _ = flow(words, room, Scaled(chatNoteSize), fyne.TextStyle{})
		s.belowY = s.height + 2
		s.height = s.belowY + float32(len(s.below))*lineHeight(Scaled(chatNoteSize))
	}
	if line.State == ChatFailed {
		s.button = s.height + 2
		s.height = s.button + failedButton()
	}
	return s
}

func stateWords(line ChatLine, texts *assets.Texts) string {
	switch line.State {
	case ChatSending:
		return texts.T("chat.sending")
	case ChatWaiting:
		return texts.T("chat.waiting")
	case ChatFailed:
		return texts.T("chat.failed", line.Reason)
	}
	return ""
}

// chatRow draws one line.
type chatRow struct {
	widget.BaseWidget

	list    *ChatList
	shape   *chatShape
	objects []fyne.CanvasObject
	texts   []*canvas.Text // kept for the next line
	bars    []*canvas.Rectangle
	used    struct{ texts, bars int }

	ground, ring   *canvas.Rectangle
	avatar         *canvas.Circle
	retry, discard *Button // made for the first message that fails here
	over           string  // address below the mouse
	inText         bool    // the mouse is over a message
}

func newChatRow(l *ChatList) *chatRow {
	r := &chatRow{list: l, ground: canvas.NewRectangle(nil), ring: canvas.NewRectangle(nil), avatar: canvas.NewCircle(nil)}
	r.ExtendBaseWidget(r)
	r.ground.CornerRadius, r.ring.CornerRadius = 10, 12
	r.ring.StrokeWidth = 2
	return r
}

// set shows another line; the same one costs nothing.
func (r *chatRow) set(s *chatShape) {
	if r.shape != s {
		r.shape = s
		r.over = ""
		r.draw()
	}
}

// draw makes the objects of the line.
func (r *chatRow) draw() {
	r.objects, r.used.texts, r.used.bars = r.objects[:0:0], 0, 0
	switch line := r.shape.line; line.Kind {
	case ChatMessage:
		r.drawMessage()
	case ChatNew:
		r.drawNew()
	default:
		r.drawLines(r.shape.text, 0, 7, Scaled(chatNoteSize), themed(theme.ColorNamePlaceHolder), fyne.TextAlignCenter)
	}
	for _, o := range r.objects {
		canvas.Refresh(o)
	}
	canvas.Refresh(r)
}

func (r *chatRow) drawMessage() {
	s, line := r.shape, r.shape.line
	r.ground.FillColor = themed(chatGround(line.Own))
	place(r.ground, s.bubble.place.X, s.bubble.place.Y, s.bubble.size.Width, s.bubble.size.Height)
	r.objects = append(r.objects, r.ground)
	if r.list.focused && r.list.cursor == line.ID {
		r.ring.FillColor, r.ring.StrokeColor = color.Transparent, themed(theme.ColorNamePrimary)
		place(r.ring, s.bubble.place.X-3, s.bubble.place.Y-3, s.bubble.size.Width+6, s.bubble.size.Height+6)
		r.objects = append(r.objects, r.ring)
	}
	if line.Head {
		r.drawHead()
	}
	r.drawSelection()
	r.drawLines(s.text, s.bubble.place.X+chatPadX, s.bubble.place.Y+chatPadY, Scaled(chatTextSize),
		themed(theme.ColorNameForeground), fyne.TextAlignLeading)
	colour := themed(theme.ColorNamePlaceHolder)
	if line.State == ChatFailed {
		colour = themed(theme.ColorNameError)
	}
	r.drawLines(s.below, 0, s.belowY, Scaled(chatNoteSize), colour, fyne.TextAlignTrailing)
	if line.State == ChatFailed {
		r.drawButtons()
	}
}

// drawHead draws avatar, name and time; one knows oneself without.
func (r *chatRow) drawHead() {
	line, size := r.shape.line, Scaled(chatNoteSize)
	width := r.list.shapeWidth
	timeWidth := fyne.MeasureText(line.Time, size, fyne.TextStyle{}).Width
	down := lineHeight(Scaled(chatNameSize)) - lineHeight(size) - 1 // both on one base line
	if line.Own {
		r.text(line.Time, width-chatSide-timeWidth, r.shape.head+down, size, themed(theme.ColorNamePlaceHolder), false)
		return
	}
	r.avatar.FillColor = AvatarColor(line.Name)
	place(r.avatar, chatSide, r.shape.head, chatAvatar, chatAvatar)
	r.objects = append(r.objects, r.avatar)
	letter := initial(line.Name)
	m := fyne.MeasureText(letter, chatNameSize, fyne.TextStyle{})
	r.text(letter, chatSide+(chatAvatar-m.Width)/2, r.shape.head+(chatAvatar-m.Height)/2, chatNameSize, tileText, false)
	room := width - chatLeft - chatSide - timeWidth - 8
	name := elide(line.Name, room, Scaled(chatNameSize), fyne.TextStyle{Bold: true})
	t := r.text(name, chatLeft, r.shape.head, Scaled(chatNameSize), nameColor(line.Name), true)
	r.text(line.Time, chatLeft+t.MinSize().Width+8, r.shape.head+down, size, themed(theme.ColorNamePlaceHolder), false)
}

// chatGround is the colour behind a message.
func chatGround(own bool) fyne.ThemeColorName {
	if own {
		return theme.ColorNameSelection
	}
	return theme.ColorNameButton
}

// nameColor is the colour of the avatar, made readable on the ground of the theme.
func nameColor(name string) color.Color {
	return blend(AvatarColor(name), fade(themed(theme.ColorNameForeground), 0x80))
}

// linkColor is the theme's colour of links, made readable on the ground of a message.
func linkColor() color.Color {
	return blend(themed(theme.ColorNameHyperlink), fade(themed(theme.ColorNameForeground), 0x80))
}

func (r *chatRow) drawNew() {
	words := r.list.texts.T("chat.new")
	size := Scaled(chatNoteSize)
	m := fyne.MeasureText(words, size, fyne.TextStyle{Bold: true})
	width, y := r.list.shapeWidth, r.shape.height/2
	red := themed(theme.ColorNameError)
	side := (width - m.Width) / 2
	r.text(words, side, y-m.Height/2, size, red, true)
	r.under(chatSide, y, side-chatSide-8, red)
	r.under(width-side+8, y, side-chatSide-8, red)
}

// drawLines draws lines of text; x counts for leading ones only.
func (r *chatRow) drawLines(lines []textLine, x, y, size float32, colour color.Color, align fyne.TextAlign) {
	pitch := lineHeight(size)
	for _, line := range lines {
		width, left := line.width(), x
		switch align {
		case fyne.TextAlignCenter:
			left = (r.list.shapeWidth - width) / 2
		case fyne.TextAlignTrailing:
			left = r.list.shapeWidth - chatSide - width
		}
		for _, p := range line.pieces {
			if p.url == "" {
				r.text(p.text, left+p.x, y, size, colour, false)
				continue
			}
			r.text(p.text, left+p.x, y, size, linkColor(), false)
			r.under(left+p.x, y+pitch-2, p.width, linkColor())
		}
		y += pitch
	}
}

func (r *chatRow) drawButtons() {
	if r.retry == nil {
		r.retry = NewButton("", func() { r.list.tell(r.list.OnRetry, r) })
		r.discard = NewButton("", func() { r.list.tell(r.list.OnDiscard, r) })
	}
	r.retry.SetText(r.list.texts.T("chat.retry"))
	r.discard.SetText(r.list.texts.T("chat.discard"))
	right := r.list.shapeWidth - chatSide
	for _, b := range []*Button{r.discard, r.retry} {
		m := b.MinSize()
		right -= m.Width
		place(b, right, r.shape.button, m.Width, m.Height)
		right -= 6
		r.objects = append(r.objects, b)
	}
}

// tell calls back for the line of a row.
func (l *ChatList) tell(callback func(uint64), r *chatRow) {
	if callback != nil {
		callback(r.shape.line.ID)
	}
}

// text draws words with one of the row's texts.
func (r *chatRow) text(words string, x, y, size float32, colour color.Color, bold bool) *canvas.Text {
	if r.used.texts == len(r.texts) {
		r.texts = append(r.texts, canvas.NewText("", nil))
	}
	t := r.texts[r.used.texts]
	r.used.texts++
	t.Text, t.TextSize, t.Color, t.TextStyle.Bold = words, size, colour, bold
	m := t.MinSize()
	place(t, x, y, m.Width, m.Height)
	r.objects = append(r.objects, t)
	return t
}

// under draws a hairline.
func (r *chatRow) under(x, y, width float32, colour color.Color) { r.bar(x, y, width, 1, colour) }

// bar draws a rectangle.
func (r *chatRow) bar(x, y, width, height float32, colour color.Color) {
	if r.used.bars == len(r.bars) {
		r.bars = append(r.bars, canvas.NewRectangle(nil))
	}
	u := r.bars[r.used.bars]
	r.used.bars++
	u.FillColor = colour
	place(u, x, y, width, height)
	r.objects = append(r.objects, u)
}

// linkAt is the address at a place of the row, "" for none.
func (r *chatRow) linkAt(at fyne.Position) string {
	pitch := lineHeight(Scaled(chatTextSize))
	at = at.SubtractXY(r.shape.bubble.place.X+chatPadX, r.shape.bubble.place.Y+chatPadY)
	if n := int(at.Y / pitch); r.shape.line.Kind == ChatMessage && at.Y >= 0 && n < len(r.shape.text) {
		for _, p := range r.shape.text[n].pieces {
			if at.X >= p.x && at.X < p.x+p.width {
				return p.url
			}
		}
	}
	return ""
}

// Tapped is called by the window.
func (r *chatRow) Tapped(ev *fyne.PointEvent) {
	r.list.selectNothing()
	if link := r.linkAt(ev.Position); link != "" && r.list.OnLink != nil {
		r.list.OnLink(link)
	}
}

// TappedSecondary is called by the window.
func (r *chatRow) TappedSecondary(ev *fyne.PointEvent) {
	if r.shape.line.Kind == ChatMessage {
		r.openMenu(ev.Position)
	}
}

// openMenu asks for the menu of the line at a place of the row.
func (r *chatRow) openMenu(at fyne.Position) {
	if r.list.OnMenu != nil {
		r.list.OnMenu(r.shape.line, fyne.CurrentApp().Driver().AbsolutePositionForObject(r).Add(at))
	}
}

// MouseIn is called by the window.
func (r *chatRow) MouseIn(ev *desktop.MouseEvent) { r.MouseMoved(ev) }

// MouseMoved is called by the window.
func (r *chatRow) MouseMoved(ev *desktop.MouseEvent) {
	b := r.shape.bubble
	r.over = r.linkAt(ev.Position)
	r.inText = r.shape.line.Kind == ChatMessage && ev.Position.X >= b.place.X && ev.Position.X < b.place.X+b.size.Width &&
		ev.Position.Y >= b.place.Y && ev.Position.Y < b.place.Y+b.size.Height
}

// MouseOut is called by the window.
func (r *chatRow) MouseOut() { r.over, r.inText = "", false }

// Cursor is called by the window.
func (r *chatRow) Cursor() desktop.Cursor {
	switch {
	case r.over != "":
		return desktop.PointerCursor
	case r.inText:
		return desktop.TextCursor
	}
	return desktop.DefaultCursor
}

// Objects are the parts, for walking the tree.
func (r *chatRow) Objects() []fyne.CanvasObject { return r.objects }

// CreateRenderer is called by the window.
func (r *chatRow) CreateRenderer() fyne.WidgetRenderer { return chatRowRenderer{r} }

// chatRowRenderer has other objects for each line, which is more than renderer can.
type chatRowRenderer struct{ row *chatRow }

func (chatRowRenderer) Destroy()                       {}
func (chatRowRenderer) Layout(fyne.Size)               {}
func (chatRowRenderer) MinSize() fyne.Size             { return fyne.Size{} }
func (c chatRowRenderer) Objects() []fyne.CanvasObject { return c.row.objects }
func (c chatRowRenderer) Refresh()                     { canvas.Refresh(c.row) }
