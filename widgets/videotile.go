package widgets

import (
	"hash/fnv"
	"image"
	"image/color"
	"strings"

	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/canvas"
	"fyne.io/fyne/v2/driver/desktop"
	"fyne.io/fyne/v2/theme"
	"fyne.io/fyne/v2/widget"

	"parlor/assets"
)

// The video area looks the same in every theme, as pictures do.
var (
	tileBody    = color.NRGBA{R: 0x22, G: 0x26, B: 0x2D, A: 0xFF}
	tileText    = color.NRGBA{R: 0xFF, G: 0xFF, B: 0xFF, A: 0xFF}
	tileMuted   = color.NRGBA{R: 0xFF, G: 0x8A, B: 0x80, A: 0xFF}
	tileCaption = color.NRGBA{R: 0xC3, G: 0xCA, B: 0xD4, A: 0xFF}
	tileSpeaks  = color.NRGBA{R: 0x35, G: 0xC9, B: 0x8A, A: 0xFF}
	tilePill    = color.NRGBA{A: 0xAB} // black, 67 %
	tileDim     = color.NRGBA{R: 0x0B, G: 0x0C, B: 0x0E, A: 0x99}

	avatarColors = []color.NRGBA{ // white letters have a contrast of at least 4.5 on each
		{R: 0x2F, G: 0x6F, B: 0xDE, A: 0xFF},
		{R: 0x1E, G: 0x7F, B: 0x5C, A: 0xFF},
		{R: 0x8A, G: 0x4F, B: 0xC7, A: 0xFF},
		{R: 0xB4, G: 0x4A, B: 0x7A, A: 0xFF},
		{R: 0xA8, G: 0x5A, B: 0x1E, A: 0xFF},
		{R: 0x1F, G: 0x7A, B: 0x8C, A: 0xFF},
	}
)

// TileState says what a tile shows besides its picture.
type TileState uint8

// The states of a tile.
const (
	TileOff          TileState = iota // no camera: the avatar
	TileLive                          // the picture; the avatar until the first one
	TileLoading                       // the avatar and a word that the picture is coming
	TileReconnecting                  // greyed, with a word
)

const (
	ringWidth   = 3
	pillHeight  = 24
	pillPadding = 7
	pillText    = 13
	levelBars   = 3
)

// VideoTile shows one user: the picture or an avatar, the name, and whether the user is muted or
// speaking. The picture fills the tile; what does not fit is cut off evenly.
//
// Behind a picture lies nothing: a rectangle of a tile's size costs as much as the picture itself
// when the window is drawn without a graphics card. The speaking ring is made of thin strips for the
// same reason.
type VideoTile struct {
	widget.BaseWidget

	OnTapped  func()          // tap, Enter or Space
	OnResized func(fyne.Size) // new size in units, after each change; the canvas knows the pixels

	texts            *assets.Texts
	name             string
	self, muted      bool
	speaking, hasImg bool
	focused          bool
	level            int
	state            TileState

	body, dim, pill *canvas.Rectangle
	picture         *canvas.Image
	avatar          *canvas.Circle
	letter          *canvas.Text
	caption         *canvas.Text
	label           *canvas.Text
	mic, micOff     *canvas.Image
	bars            [levelBars]*canvas.Rectangle
	strips          [4]*canvas.Rectangle // left, top, right, bottom
	corners         [4]*canvas.Arc       // top left, then clockwise
}

// NewVideoTile returns a tile in state TileOff.
func NewVideoTile(texts *assets.Texts) *VideoTile {
	t := &VideoTile{texts: texts}
	t.ExtendBaseWidget(t)
	t.body = canvas.NewRectangle(tileBody)
	t.body.CornerRadius = tileRadius
	t.dim = canvas.NewRectangle(tileDim)
	t.dim.CornerRadius = tileRadius
	t.picture = &canvas.Image{FillMode: canvas.ImageFillCover, ScaleMode: canvas.ImageScaleFastest, CornerRadius: tileRadius}
	t.picture.Hide()
	t.avatar = canvas.NewCircle(avatarColors[0])
	t.letter = tileTextObject(28, tileText)
	t.caption = tileTextObject(13, tileCaption)
	t.pill = canvas.NewRectangle(tilePill)
	t.pill.CornerRadius = 6
	t.label = tileTextObject(pillText, tileText)
	t.label.Alignment = fyne.TextAlignLeading
	t.mic = canvas.NewImageFromResource(assets.IconIn(assets.Mic, tileText))
	t.micOff = canvas.NewImageFromResource(assets.IconIn(assets.MicOff, tileMuted))
	for i := range t.bars {
		t.bars[i] = canvas.NewRectangle(tileSpeaks)
		t.bars[i].CornerRadius = 1
	}
	for i := range t.strips {
		t.strips[i] = canvas.NewRectangle(tileSpeaks)
		start := float32(270 + 90*i)
		t.corners[i] = canvas.NewArc(start, start+90, 1-float32(ringWidth)/tileRadius, tileSpeaks)
	}
	t.update()
	return t
}

func tileTextObject(size float32, c color.Color) *canvas.Text {
	text := canvas.NewText("", c)
	text.TextSize = size
	text.Alignment = fyne.TextAlignCenter
	return text
}

// SetFrame shows a picture, or none when img is nil. The picture must not change until the next call.
func (t *VideoTile) SetFrame(img *image.RGBA) {
	if img == nil {
		t.picture.Image = nil
	} else {
		t.picture.Image = img
	}
	if had := t.hasImg; had != (img != nil) {
		t.hasImg = img != nil
		t.update()
	}
	t.picture.Refresh()
}

// SetContain shows whole pictures with empty edges instead of cutting them, for shared screens.
func (t *VideoTile) SetContain(contain bool) {
	t.picture.FillMode = canvas.ImageFillCover
	if contain {
		t.picture.FillMode = canvas.ImageFillContain
	}
	t.picture.Refresh()
}

// SetName sets the user's name; the avatar's letter and colour come from it.
func (t *VideoTile) SetName(name string) {
	if name == t.name {
		return
	}
	t.name = name
	t.letter.Text = initial(name)
	t.avatar.FillColor = AvatarColor(name)
	t.avatar.Refresh()
	t.letter.Refresh()
	t.update()
}

// SetSelf marks the tile as the user's own.
func (t *VideoTile) SetSelf(self bool) { set(t, &t.self, self) }

// SetMuted tells that the user's microphone is off.
func (t *VideoTile) SetMuted(muted bool) { set(t, &t.muted, muted) }

// SetSpeaking shows or hides the ring.
func (t *VideoTile) SetSpeaking(speaking bool) { set(t, &t.speaking, speaking) }

// SetState sets what the tile shows besides its picture.
func (t *VideoTile) SetState(state TileState) { set(t, &t.state, state) }

// SetLevel sets the loudness, 0..100, drawn as bars while the user speaks.
func (t *VideoTile) SetLevel(level int) {
	if level = min(max(level, 0), 100); level == t.level {
		return
	}
	t.level = level
	if t.speaking {
		t.layoutPill(t.Size())
	}
}

func set[V comparable](t *VideoTile, field *V, value V) {
	if *field != value {
		*field = value
		t.update()
	}
}

// Tapped is called by the window.
func (t *VideoTile) Tapped(*fyne.PointEvent) {
	if t.OnTapped != nil {
		t.OnTapped()
	}
}

// Cursor is called by the window.
func (t *VideoTile) Cursor() desktop.Cursor { return desktop.PointerCursor }

// FocusGained is called by the window.
func (t *VideoTile) FocusGained() { set(t, &t.focused, true) }

// FocusLost is called by the window.
func (t *VideoTile) FocusLost() { set(t, &t.focused, false) }

// TypedRune is called by the window.
func (t *VideoTile) TypedRune(rune) {}

// TypedKey is called by the window.
func (t *VideoTile) TypedKey(ev *fyne.KeyEvent) {
	switch ev.Name {
	case fyne.KeyReturn, fyne.KeyEnter, fyne.KeySpace:
		t.Tapped(nil)
	}
}

// AccessibilityLabel tells the name and the state.
func (t *VideoTile) AccessibilityLabel() string { return strings.Join(t.Texts(), ", ") }

// AccessibilityRole makes the tile a button: a tap enlarges it.
func (t *VideoTile) AccessibilityRole() fyne.AccessibleRole { return fyne.AccessibleRoleButton }

// Texts returns the words on the tile.
func (t *VideoTile) Texts() []string {
	words := []string{t.shownName()}
	if t.caption.Visible() {
		words = append(words, t.caption.Text)
	}
	return words
}

// Resize is called by the layout.
func (t *VideoTile) Resize(size fyne.Size) {
	if size == t.Size() {
		return
	}
	t.BaseWidget.Resize(size)
	if t.OnResized != nil {
		t.OnResized(size)
	}
}

func (t *VideoTile) shownName() string {
	if t.self {
		return t.texts.T("tile.self", t.name)
	}
	return t.name
}

// update brings all objects into line with the fields.
func (t *VideoTile) update() {
	picture := t.hasImg && t.state != TileOff
	show(t.picture, picture)
	show(t.body, !picture)
	show(t.avatar, !picture)
	show(t.letter, !picture)
	show(t.dim, t.state == TileReconnecting && picture)
	switch t.state {
	case TileLoading:
		t.caption.Text = t.texts.T("tile.loading")
	case TileReconnecting:
		t.caption.Text = t.texts.T("tile.reconnecting")
	default:
		t.caption.Text = ""
	}
	show(t.caption, t.caption.Text != "" && !(t.state == TileLoading && picture))
	ring := color.Color(tileSpeaks)
	if t.focused {
		ring = theme.Color(theme.ColorNamePrimary)
	}
	for i := range t.strips {
		t.strips[i].FillColor, t.corners[i].FillColor = ring, ring
		show(t.strips[i], t.speaking || t.focused)
		show(t.corners[i], t.speaking || t.focused)
		t.strips[i].Refresh()
		t.corners[i].Refresh()
	}
	t.caption.Refresh()
	t.layout(t.Size())
}

// CreateRenderer is called by the window.
func (t *VideoTile) CreateRenderer() fyne.WidgetRenderer {
	objects := []fyne.CanvasObject{t.body, t.picture, t.avatar, t.letter, t.dim, t.caption, t.pill, t.mic, t.micOff, t.label}
	for _, b := range t.bars {
		objects = append(objects, b)
	}
	for i := range t.strips {
		objects = append(objects, t.strips[i], t.corners[i])
	}
	return &renderer{
		objects: objects,
		layout:  t.layout,
		minSize: func() fyne.Size { return fyne.NewSize(120, 68) },
		target:  t,
	}
}

func (t *VideoTile) layout(size fyne.Size) {
	w, h := size.Width, size.Height
	if w <= 0 || h <= 0 {
		return
	}
	place(t.body, 0, 0, w, h)
	place(t.dim, 0, 0, w, h)
	place(t.picture, 0, 0, w, h)

	d := min(float32(72), h*0.46)
	middle := h / 2
	captionY := middle + d/2 - 8
	switch small := h < 170; {
	case small: // the pill is near: keep clear of it
		middle -= pillHeight / 4
		captionY = 4
		if t.caption.Visible() {
			d *= 0.8
			middle += 4
		}
	case t.caption.Visible():
		middle -= 12
	}
	place(t.avatar, (w-d)/2, middle-d/2, d, d)
	t.letter.TextSize = d * 28 / 72
	place(t.letter, 0, middle-d/2, w, d)
	place(t.caption, 0, captionY, w, 20)
	t.layoutPill(size)
	t.layoutRing(size)
}

func (t *VideoTile) layoutPill(size fyne.Size) {
	const margin, icon, gap = 8, 16, 5
	room := size.Width - 2*margin - 2*pillPadding - icon - gap
	t.label.Text = elide(t.shownName(), room, pillText, fyne.TextStyle{})
	width := fyne.MeasureText(t.label.Text, pillText, fyne.TextStyle{}).Width
	y := size.Height - margin - pillHeight
	place(t.pill, margin, y, width+2*pillPadding+icon+gap, pillHeight)
	x := float32(margin + pillPadding)
	iconY := y + (pillHeight-icon)/2
	place(t.mic, x, iconY, icon, icon)
	place(t.micOff, x, iconY, icon, icon)
	speaks := t.speaking && !t.muted
	show(t.micOff, t.muted)
	show(t.mic, !t.muted && !speaks)
	for i, b := range t.bars {
		show(b, speaks)
		share := [levelBars]float32{0.6, 1, 0.75}[i]
		height := 3 + share*min(1, float32(t.level)/60)*11
		place(b, x+1+float32(i)*5, iconY+(icon-height)/2, 3, height)
	}
	place(t.label, x+icon+gap, y, width, pillHeight)
	t.label.Refresh()
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

// AvatarColor is the colour behind the first letter of a name.
func AvatarColor(name string) color.Color {
	h := fnv.New32a()
	_, _ = h.Write([]byte(name)) // a hash never fails
	return avatarColors[h.Sum32()%uint32(len(avatarColors))]
}

// initial is the letter on the avatar.
func initial(name string) string {
	for _, r := range name {
		return strings.ToUpper(string(r))
	}
	return ""
}
