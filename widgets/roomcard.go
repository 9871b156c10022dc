package widgets

import (
	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/canvas"
	"fyne.io/fyne/v2/theme"

	"parlor/assets"
)

// RoomCard leads back to the room that runs while another page is shown: a small picture of a tile with the room's id.
type RoomCard struct {
	touchable

	OnTapped func()

	id, tip string
	muted   bool

	ground *canvas.Rectangle
	letter *canvas.Text
	icon   *canvas.Image
	label  *canvas.Text
}

const roomCardPicture = 36 // height of the picture, units

// NewRoomCard returns a card; tip is what a tap does, in words.
func NewRoomCard(tip string) *RoomCard {
	c := &RoomCard{
		tip: tip, ground: canvas.NewRectangle(nil), letter: canvas.NewText("", nil),
		icon: &canvas.Image{FillMode: canvas.ImageFillContain}, label: canvas.NewText("", nil),
	}
	c.ExtendBaseWidget(c)
	c.ground.CornerRadius = tileRadius
	c.letter.Alignment, c.label.Alignment = fyne.TextAlignCenter, fyne.TextAlignCenter
	c.recolour()
	return c
}

// Set sets the room's id, and whether the own microphone is off.
func (c *RoomCard) Set(id string, muted bool) {
	if c.id != id || c.muted != muted {
		c.id, c.muted = id, muted
		c.Refresh()
	}
}

// Texts returns the room's id.
func (c *RoomCard) Texts() []string { return []string{c.id} }

// AccessibilityLabel tells what a tap does, and the room.
func (c *RoomCard) AccessibilityLabel() string { return c.tip + " " + c.id }

// AccessibilityRole makes it a button.
func (c *RoomCard) AccessibilityRole() fyne.AccessibleRole { return fyne.AccessibleRoleButton }

// Tapped is called by the window.
func (c *RoomCard) Tapped(*fyne.PointEvent) {
	if c.OnTapped != nil {
		c.OnTapped()
	}
}

// TypedKey is called by the window.
func (c *RoomCard) TypedKey(ev *fyne.KeyEvent) {
	if presses(ev) {
		c.Tapped(nil)
		return
	}
	c.unused(ev)
}

// CreateRenderer is called by the window.
func (c *RoomCard) CreateRenderer() fyne.WidgetRenderer {
	return &renderer{
		objects: []fyne.CanvasObject{c.ground, c.letter, c.icon, c.label}, target: c, refresh: c.recolour,
		minSize: func() fyne.Size { return fyne.NewSize(64, roomCardPicture+Scaled(18)) },
		layout: func(size fyne.Size) {
			place(c.ground, 0, 0, size.Width, roomCardPicture)
			place(c.letter, 0, 0, size.Width, roomCardPicture)
			place(c.icon, size.Width-18, roomCardPicture-18, 14, 14)
			c.label.Text = elide(c.id, size.Width, Scaled(12), fyne.TextStyle{})
			place(c.label, 0, roomCardPicture+1, size.Width, size.Height-roomCardPicture-1)
		},
	}
}

func (c *RoomCard) recolour() {
	c.ground.FillColor = tileBody
	c.ground.StrokeWidth, c.ground.StrokeColor = 1, themed(theme.ColorNameSuccess)
	if c.hovered || c.focused {
		c.ground.StrokeWidth, c.ground.StrokeColor = 2, themed(theme.ColorNamePrimary)
	}
	c.letter.Text = ""
	for _, r := range c.id {
		c.letter.Text = string(r)
		break
	}
	c.letter.Color, c.letter.TextSize = tileText, 18
	c.icon.Resource = assets.IconIn(assets.Mic, tileText)
	if c.muted {
		c.icon.Resource = assets.IconIn(assets.MicOff, tileText)
	}
	c.label.Color, c.label.TextSize = themed(theme.ColorNamePlaceHolder), Scaled(12)
}
