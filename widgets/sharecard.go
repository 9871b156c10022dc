package widgets

import (
	"image"

	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/canvas"
	"fyne.io/fyne/v2/theme"

	"parlor/assets"
)

const (
	cardWidth, cardPicture = 200, 113
	cardPadding            = 6
)

// ShareCard is a screen or a window that can be shared: a small live picture and its title.
type ShareCard struct {
	touchable

	OnTapped func(byKey bool) // tap; byKey: Enter or Space
	OnMove   func(by int)     // arrow keys, in cards; Up and Down are a row

	icon        assets.IconName
	title, note string
	chosen      bool

	ground, ring, back *canvas.Rectangle
	sign, picture      *canvas.Image
	titleText          *canvas.Text
	noteText           *canvas.Text
}

// NewShareCard returns a card; the icon stands where the picture will come, the note is below the title.
func NewShareCard(icon assets.IconName, title, note string) *ShareCard {
	c := &ShareCard{icon: icon, title: title, note: note}
	c.ExtendBaseWidget(c)
	c.ground, c.ring, c.back = canvas.NewRectangle(nil), canvas.NewRectangle(nil), canvas.NewRectangle(tileBody)
	c.ground.CornerRadius, c.ring.CornerRadius, c.back.CornerRadius = tileRadius, tileRadius, 4
	c.ring.StrokeWidth = 2
	c.sign = &canvas.Image{FillMode: canvas.ImageFillContain, Resource: assets.IconIn(icon, tileCaption)}
	c.picture = &canvas.Image{FillMode: canvas.ImageFillContain, ScaleMode: canvas.ImageScaleFastest, CornerRadius: 4}
	c.picture.Hide()
	c.titleText, c.noteText = canvas.NewText("", nil), canvas.NewText("", nil)
	c.recolour()
	return c
}

// SetFrame shows a picture, or none when img is nil. The picture must not change until the next call.
func (c *ShareCard) SetFrame(img *image.RGBA) {
	c.picture.Image = nil
	if img != nil {
		c.picture.Image = img
	}
	show(c.picture, img != nil)
	show(c.sign, img == nil)
	c.picture.Refresh()
}

// SetChosen marks the card.
func (c *ShareCard) SetChosen(chosen bool) {
	if c.chosen != chosen {
		c.chosen = chosen
		c.Refresh()
	}
}

// Chosen tells whether the card is marked.
func (c *ShareCard) Chosen() bool { return c.chosen }

// Texts are the title and the note.
func (c *ShareCard) Texts() []string { return []string{c.title, c.note} }

// AccessibilityLabel is the title and the note.
func (c *ShareCard) AccessibilityLabel() string { return c.title + ", " + c.note }

// AccessibilityRole makes it a button.
func (c *ShareCard) AccessibilityRole() fyne.AccessibleRole { return fyne.AccessibleRoleButton }

// Tapped is called by the window.
func (c *ShareCard) Tapped(*fyne.PointEvent) { c.tap(false) }

func (c *ShareCard) tap(byKey bool) {
	if c.OnTapped != nil {
		c.OnTapped(byKey)
	}
}

// TypedKey is called by the window.
func (c *ShareCard) TypedKey(ev *fyne.KeyEvent) {
	ways := map[fyne.KeyName]int{fyne.KeyLeft: -1, fyne.KeyRight: 1, fyne.KeyUp: -ShareColumns, fyne.KeyDown: ShareColumns}
	switch by, arrow := ways[ev.Name]; {
	case presses(ev):
		c.tap(true)
	case arrow && c.OnMove != nil:
		c.OnMove(by)
	default:
		c.unused(ev)
	}
}

// ShareColumns is how many cards stand in a row.
const ShareColumns = 3

func (c *ShareCard) recolour() {
	c.ground.FillColor = themed(theme.ColorNameHover)
	show(c.ground, c.hovered || c.chosen)
	c.ring.StrokeColor = themed(theme.ColorNamePrimary)
	c.ring.StrokeWidth = 2
	if c.chosen {
		c.ring.StrokeWidth = 3
	}
	show(c.ring, c.chosen || c.focused)
	c.titleText.Color, c.noteText.Color = themed(theme.ColorNameForeground), themed(theme.ColorNamePlaceHolder)
	c.titleText.TextSize, c.noteText.TextSize = Scaled(13), Scaled(12)
	c.titleText.Text = elide(c.title, cardWidth, c.titleText.TextSize, fyne.TextStyle{})
	c.noteText.Text = elide(c.note, cardWidth, c.noteText.TextSize, fyne.TextStyle{})
}

// CreateRenderer is called by the window.
func (c *ShareCard) CreateRenderer() fyne.WidgetRenderer {
	return &renderer{
		objects: []fyne.CanvasObject{c.ground, c.ring, c.back, c.sign, c.picture, c.titleText, c.noteText},
		layout: func(size fyne.Size) {
			const sign = 36
			place(c.ground, 0, 0, size.Width, size.Height)
			place(c.ring, 1, 1, size.Width-2, size.Height-2)
			x := (size.Width - cardWidth) / 2
			place(c.back, x, cardPadding, cardWidth, cardPicture)
			place(c.picture, x, cardPadding, cardWidth, cardPicture)
			place(c.sign, (size.Width-sign)/2, cardPadding+(cardPicture-sign)/2, sign, sign)
			y := float32(cardPadding + cardPicture + 4)
			title, note := c.titleText.MinSize(), c.noteText.MinSize()
			place(c.titleText, x, y, title.Width, title.Height)
			place(c.noteText, x, y+title.Height, note.Width, note.Height)
		},
		minSize: func() fyne.Size {
			text := c.titleText.MinSize().Height + c.noteText.MinSize().Height
			return fyne.NewSize(cardWidth+2*cardPadding, cardPicture+2*cardPadding+4+text)
		},
		refresh: c.recolour,
		target:  c,
	}
}
