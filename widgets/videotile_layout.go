package widgets

import (
	"fyne.io/fyne/v2"

	"parlor/assets"
)

func (t *VideoTile) layout(size fyne.Size) {
	w, h := size.Width, size.Height
	if w <= 0 || h <= 0 {
		return
	}
	place(t.body, 0, 0, w, h)
	place(t.dim, 0, 0, w, h)
	place(t.picture, 0, 0, w, h)
	t.layoutMiddle(w, h)
	t.layoutPill(size)
	t.layoutFigures(size)
	t.layoutButtons(w)
	t.layoutRing(size)
}

// layoutMiddle places the avatar, and the words and the button below it.
func (t *VideoTile) layoutMiddle(w, h float32) {
	t.caption.TextSize = Scaled(13)
	words := fyne.MeasureText(t.caption.Text, t.caption.TextSize, t.caption.TextStyle)
	d := min(float32(72), h*0.46)
	middle := h / 2
	captionY := middle + d/2 - 8
	switch small := h < 170; {
	case t.state == TileUnsubscribed:
		m := t.Subscribe.MinSize()
		block := words.Height + 6 + m.Height
		captionY = max((h-block)/2-t.pill.height()/3, 2)
		place(t.Subscribe, (w-m.Width)/2, captionY+words.Height+6, m.Width, m.Height)
	case t.body.Visible() && small: // the pill is near: keep clear of it
		middle -= t.pill.height() / 4
		captionY = 4
		if t.caption.Visible() {
			d *= 0.8
			middle += 4
		}
	case t.body.Visible() && t.caption.Visible():
		middle -= 12
	case t.caption.Visible(): // on a picture
		captionY = middle - words.Height/2
	}
	place(t.avatar, (w-d)/2, middle-d/2, d, d)
	t.letter.TextSize = d * 28 / 72
	place(t.letter, 0, middle-d/2, w, d)
	place(t.caption, 0, captionY, w, words.Height)
	place(t.captionGround, (w-words.Width)/2-10, captionY-4, words.Width+20, words.Height+8)
}

func (t *VideoTile) layoutPill(size fyne.Size) {
	c := pillContent{name: t.shownName(), icon: assets.Mic, level: -1, quality: t.quality}
	switch {
	case t.screen:
		c.icon = assets.Share
	case t.silenced:
		c.icon = assets.SpeakerOff
	case t.muted:
		c.icon = assets.MicOff
	case t.speaking:
		c.level = t.level
	}
	t.pill.layout(size, c)
	if t.state == TileBlank {
		t.pill.hide()
	}
}

// layoutFigures shows as many lines as there is room for above the pill.
func (t *VideoTile) layoutFigures(size fyne.Size) {
	const margin, padding = 8, 6
	top := float32(margin)
	if t.touched() {
		top += tileButtonSize
	}
	textSize := Scaled(12)
	line := fyne.MeasureText("0", textSize, fyne.TextStyle{Monospace: true})
	room := int((size.Height - top - t.pill.height() - pillMargin - margin - 2*padding) / line.Height)
	var width float32
	count := min(len(t.figures), room, figureLines)
	for i, l := range t.figureLines {
		show(l, i < count)
		if i >= count {
			continue
		}
		l.TextSize = textSize
		l.Text = elide(t.figures[i], size.Width-2*margin-2*padding, textSize, l.TextStyle)
		width = max(width, l.MinSize().Width)
		place(l, margin+padding, top+padding+float32(i)*line.Height, l.MinSize().Width, line.Height)
		l.Refresh()
	}
	show(t.figuresGround, count > 0)
	place(t.figuresGround, margin, top, width+2*padding, float32(max(count, 0))*line.Height+2*padding)
}

// layoutButtons shows the buttons that there is room for.
func (t *VideoTile) layoutButtons(width float32) {
	const margin, gap = 6, 4
	touched := t.touched()
	x := width - margin - tileButtonSize
	for _, b := range []*TileButton{t.More, t.Volume, t.Pin} {
		visible := touched && x >= margin && !(b == t.Volume && t.noVolume)
		show(b, visible)
		if visible {
			place(b, x, margin, tileButtonSize, tileButtonSize)
			x -= tileButtonSize + gap
		}
	}
}

func (t *VideoTile) layoutRing(size fyne.Size) {
	w, h := size.Width, size.Height
	const r, d = tileRadius, 2 * tileRadius
	place(t.strips[0], 0, r, ringWidth, h-2*r)
	place(t.strips[1], r, 0, w-2*r, ringWidth)
	place(t.strips[2], w-ringWidth, r, ringWidth, h-2*r)
	place(t.strips[3], r, h-ringWidth, w-2*r, ringWidth)
	place(t.corners[0], 0, 0, d, d)
	place(t.corners[1], w-d, 0, d, d)
	place(t.corners[2], w-d, h-d, d, d)
	place(t.corners[3], 0, h-d, d, d)
}

// touched tells whether the mouse or the focus is on the tile or on its buttons. A tile without a menu has none.
func (t *VideoTile) touched() bool {
	return t.OnMenu != nil && (t.hovered || t.focused || t.Pin.touched() || t.Volume.touched() || t.More.touched())
}
