package widgets

import (
	"hash/fnv"
	"image"
	"image/color"
	"slices"
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
	tileDim     = color.NRGBA{R: 0x0B, G: 0x0C, B: 0x0E, A: 0x99}
	tileFigures = color.NRGBA{A: 0xBF} // black, 75 %
	tileHover   = color.NRGBA{R: 0x2A, G: 0x2F, B: 0x37, A: 0xF0}

	tilePillColor = color.NRGBA{A: 0xAB} // black, 67 %

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
	TilePaused                        // greyed: the network does not carry it
	TileUnsubscribed                  // a word that the picture is not received, and a button for it
	TileBlank                         // nothing: the place of somebody who may come
)

const ringWidth = 3

// VideoTile shows one user: the picture or an avatar, the name, the signal, and whether the user is muted or
// speaking. The picture fills the tile; what does not fit is cut off evenly. While the mouse is over it or it has the
// focus, it has buttons at the top right.
//
// Behind a picture lies nothing: a rectangle of a tile's size costs as much as the picture itself
// when the window is drawn without a graphics card. The speaking ring is made of thin strips for the
// same reason.
type VideoTile struct {
	widget.BaseWidget
	unusedKeys

	OnTapped  func(*fyne.PointEvent) // tap; nil: Enter or Space
	OnMenu    func(fyne.Position)    // right click there, or the menu key; on the window
	OnResized func(fyne.Size)        // new size in units, after each change; the canvas knows the pixels
	Pin       *TileButton
	Volume    *TileButton
	More      *TileButton
	Subscribe *Button

	texts              *assets.Texts
	name               string
	self, muted        bool
	screen, pinned     bool
	silenced, noVolume bool
	speaking, hasImg   bool
	focused, hovered   bool
	level, quality     int
	state              TileState
	figures            []string
	onMove             func(dx, dy int) // arrow keys; of the grid

	body, dim, captionGround *canvas.Rectangle
	picture                  *canvas.Image
	avatar                   *canvas.Circle
	letter                   *canvas.Text
	caption                  *canvas.Text
	pill                     *tilePill
	figuresGround            *canvas.Rectangle
	figureLines              [figureLines]*canvas.Text
	strips                   [4]*canvas.Rectangle // left, top, right, bottom
	corners                  [4]*canvas.Arc       // top left, then clockwise
}

// figureLines is how many lines of statistics a tile has room for at most.
const figureLines = 7

// NewVideoTile returns a tile in state TileOff.
func NewVideoTile(texts *assets.Texts) *VideoTile {
	t := &VideoTile{texts: texts, pill: newTilePill()}
	t.ExtendBaseWidget(t)
	t.body = canvas.NewRectangle(tileBody)
	t.dim = canvas.NewRectangle(tileDim)
	t.captionGround = canvas.NewRectangle(tilePillColor)
	t.figuresGround = canvas.NewRectangle(tileFigures)
	for _, r := range []*canvas.Rectangle{t.body, t.dim} {
		r.CornerRadius = tileRadius
	}
	t.captionGround.CornerRadius, t.figuresGround.CornerRadius = 6, 6
	t.picture = &canvas.Image{FillMode: canvas.ImageFillCover, ScaleMode: canvas.ImageScaleFastest, CornerRadius: tileRadius}
	t.picture.Hide()
	t.avatar = canvas.NewCircle(avatarColors[0])
	t.letter = tileTextObject(28, tileText)
	t.caption = tileTextObject(13, tileCaption)
	for i := range t.figureLines {
		t.figureLines[i] = tileTextObject(12, tileText)
		t.figureLines[i].Alignment = fyne.TextAlignLeading
		t.figureLines[i].TextStyle.Monospace = true
	}
	for i := range t.strips {
		t.strips[i] = canvas.NewRectangle(tileSpeaks)
		start := float32(270 + 90*i)
		t.corners[i] = canvas.NewArc(start, start+90, 1-float32(ringWidth)/tileRadius, tileSpeaks)
	}
	t.Pin = newTileButton(assets.Pin, texts.T("tile.pin"), t.update)
	t.Volume = newTileButton(assets.Speaker, texts.T("tile.volume"), t.update)
	t.More = newTileButton(assets.More, texts.T("tile.more"), t.update)
	t.Subscribe = NewButton(texts.T("tile.subscribe"), nil)
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

// SetScreen makes the tile that of a shared screen: it shows whole pictures with empty edges, and says whose screen it is.
func (t *VideoTile) SetScreen(screen bool) {
	t.picture.FillMode = canvas.ImageFillCover
	if screen {
		t.picture.FillMode = canvas.ImageFillContain
	}
	set(t, &t.screen, screen)
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

// SetPinned tells that the tile stays among the first.
func (t *VideoTile) SetPinned(pinned bool) { set(t, &t.pinned, pinned) }

// SetSilenced tells that the user is not heard here, by one's own wish.
func (t *VideoTile) SetSilenced(silenced bool) { set(t, &t.silenced, silenced) }

// SetVolume tells whether there is a loudness to choose: the own tile has none.
func (t *VideoTile) SetVolume(has bool) { set(t, &t.noVolume, !has) }

// SetQuality sets how good the user's connection is, 1 bad … 5 excellent, 0 unknown.
func (t *VideoTile) SetQuality(quality int) { set(t, &t.quality, min(max(quality, 0), 5)) }

// SetFigures shows lines of statistics at the top left, the most important first; nil hides them. What does not fit is left out.
func (t *VideoTile) SetFigures(lines []string) {
	if !slices.Equal(t.figures, lines) {
		t.figures = lines
		t.layoutFigures(t.Size())
	}
}

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
func (t *VideoTile) Tapped(ev *fyne.PointEvent) {
	if t.OnTapped != nil {
		t.OnTapped(ev)
	}
}

// TappedSecondary is called by the window.
func (t *VideoTile) TappedSecondary(ev *fyne.PointEvent) {
	if t.OnMenu != nil {
		t.OnMenu(ev.AbsolutePosition)
	}
}

// Cursor is called by the window.
func (t *VideoTile) Cursor() desktop.Cursor { return desktop.PointerCursor }

// MouseIn is called by the window.
func (t *VideoTile) MouseIn(*desktop.MouseEvent) { set(t, &t.hovered, true) }

// MouseMoved is called by the window.
func (t *VideoTile) MouseMoved(*desktop.MouseEvent) {}

// MouseOut is called by the window.
func (t *VideoTile) MouseOut() { set(t, &t.hovered, false) }

// FocusGained is called by the window.
func (t *VideoTile) FocusGained() { set(t, &t.focused, true) }

// FocusLost is called by the window.
func (t *VideoTile) FocusLost() { set(t, &t.focused, false) }

// TypedRune is called by the window.
func (t *VideoTile) TypedRune(rune) {}

// TypedKey is called by the window. The arrow keys go to the tile beside.
func (t *VideoTile) TypedKey(ev *fyne.KeyEvent) {
	arrows := map[fyne.KeyName][2]int{fyne.KeyLeft: {-1, 0}, fyne.KeyRight: {1, 0}, fyne.KeyUp: {0, -1}, fyne.KeyDown: {0, 1}}
	way, arrow := arrows[ev.Name]
	switch {
	case presses(ev):
		t.Tapped(nil)
	case arrow && t.onMove != nil:
		t.onMove(way[0], way[1])
	case ev.Name == desktop.KeyMenu && t.OnMenu != nil:
		t.OnMenu(fyne.CurrentApp().Driver().AbsolutePositionForObject(t.More).AddXY(0, tileButtonSize))
	default:
		t.unused(ev)
	}
}

// AccessibilityLabel tells the name and the state.
func (t *VideoTile) AccessibilityLabel() string {
	words := t.Texts()
	if t.muted && !t.screen {
		words = append(words, t.texts.T("tile.muted"))
	}
	if t.silenced {
		words = append(words, t.texts.T("tile.silenced"))
	}
	if t.pinned {
		words = append(words, t.texts.T("tile.pinned"))
	}
	if t.quality > 0 {
		words = append(words, qualityWords(t.texts, t.quality))
	}
	return strings.Join(words, ", ")
}

// qualityWords say how good a connection is, 1..5; "" for 0.
func qualityWords(texts *assets.Texts, quality int) string {
	switch quality {
	case 0:
		return ""
	case 1:
		return texts.T("tile.quality.down")
	case 2:
		return texts.T("tile.quality.bad")
	case 3:
		return texts.T("tile.quality.poor")
	case 4:
		return texts.T("tile.quality.good")
	}
	return texts.T("tile.quality.excellent")
}

// AccessibilityRole makes the tile a button: a tap enlarges it.
func (t *VideoTile) AccessibilityRole() fyne.AccessibleRole { return fyne.AccessibleRoleButton }

// Says returns the words in the middle, "" for none.
func (t *VideoTile) Says() string {
	if !t.caption.Visible() {
		return ""
	}
	return t.caption.Text
}

// Texts returns the words on the tile.
func (t *VideoTile) Texts() []string {
	if t.state == TileBlank {
		return nil
	}
	words := []string{t.shownName()}
	if t.caption.Visible() {
		words = append(words, t.caption.Text)
	}
	for _, l := range t.figureLines {
		if l.Visible() {
			words = append(words, l.Text)
		}
	}
	return words
}

// Objects returns the buttons, for walking the tree.
func (t *VideoTile) Objects() []fyne.CanvasObject {
	return []fyne.CanvasObject{t.Pin, t.Volume, t.More, t.Subscribe}
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

// Move is called by the layout. A tile that goes elsewhere is no longer under the mouse, which tells only when it moves itself.
func (t *VideoTile) Move(pos fyne.Position) {
	if pos != t.Position() && t.hovered {
		set(t, &t.hovered, false)
	}
	t.BaseWidget.Move(pos)
}

func (t *VideoTile) shownName() string {
	switch {
	case t.screen:
		return t.texts.T("tile.screen", t.name)
	case t.self:
		return t.texts.T("tile.self", t.name)
	}
	return t.name
}

// update brings all objects into line with the fields.
func (t *VideoTile) update() {
	picture := t.hasImg && t.state != TileOff && t.state < TileUnsubscribed
	show(t.picture, picture)
	show(t.body, !picture)
	show(t.dim, picture && (t.state == TileReconnecting || t.state == TilePaused))
	t.caption.Text = t.captionText(picture)
	show(t.caption, t.caption.Text != "")
	show(t.captionGround, t.caption.Visible() && picture)
	show(t.Subscribe, t.state == TileUnsubscribed)
	show(t.avatar, !picture && t.state != TileUnsubscribed && t.state != TileBlank)
	show(t.letter, t.avatar.Visible())
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
	if t.pinned {
		t.Pin.set(assets.PinOff, t.texts.T("tile.unpin"))
	} else {
		t.Pin.set(assets.Pin, t.texts.T("tile.pin"))
	}
	if t.silenced {
		t.Volume.set(assets.SpeakerOff, t.texts.T("tile.volume"))
	} else {
		t.Volume.set(assets.Speaker, t.texts.T("tile.volume"))
	}
	t.caption.Refresh()
	t.layout(t.Size())
}

// captionText are the words in the middle, "" for none.
func (t *VideoTile) captionText(picture bool) string {
	switch t.state {
	case TileLoading:
		if picture {
			return ""
		}
		return t.texts.T("tile.loading")
	case TileReconnecting:
		return t.texts.T("tile.reconnecting")
	case TilePaused:
		return t.texts.T("tile.paused")
	case TileUnsubscribed:
		return t.texts.T("tile.unsubscribed")
	}
	return ""
}

// CreateRenderer is called by the window.
func (t *VideoTile) CreateRenderer() fyne.WidgetRenderer {
	objects := []fyne.CanvasObject{t.body, t.picture, t.avatar, t.letter, t.dim, t.captionGround, t.caption}
	objects = append(objects, t.pill.objects()...)
	objects = append(objects, t.figuresGround)
	for _, l := range t.figureLines {
		objects = append(objects, l)
	}
	for i := range t.strips {
		objects = append(objects, t.strips[i], t.corners[i])
	}
	return &renderer{
		objects: append(objects, t.Subscribe, t.Pin, t.Volume, t.More),
		layout:  t.layout,
		minSize: func() fyne.Size { return fyne.NewSize(120, 68) },
		target:  t,
	}
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
