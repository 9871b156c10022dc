package widgets

import (
	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/canvas"
	"fyne.io/fyne/v2/driver/desktop"
	"fyne.io/fyne/v2/theme"
	"fyne.io/fyne/v2/widget"

	"parlor/assets"
)

const tileButtonSize = 36

// TileButton is a round button on a picture. It looks the same in every theme.
type TileButton struct {
	widget.BaseWidget
	unusedKeys

	OnTapped func()

	onTouched        func() // the mouse or the focus came or went
	icon             assets.IconName
	tip              string
	hovered, focused bool

	ground  *canvas.Circle
	picture *canvas.Image
}

func newTileButton(icon assets.IconName, tip string, touched func()) *TileButton {
	b := &TileButton{icon: icon, tip: tip, onTouched: touched}
	b.ExtendBaseWidget(b)
	b.ground = canvas.NewCircle(tilePillColor)
	b.picture = &canvas.Image{FillMode: canvas.ImageFillContain, Resource: assets.IconIn(icon, tileText)}
	return b
}

// set changes icon and words.
func (b *TileButton) set(icon assets.IconName, tip string) {
	b.tip = tip
	if b.icon != icon {
		b.icon = icon
		b.picture.Resource = assets.IconIn(icon, tileText)
		b.picture.Refresh()
	}
}

// Tapped is called by the window.
func (b *TileButton) Tapped(*fyne.PointEvent) {
	if b.OnTapped != nil {
		b.OnTapped()
	}
}

// MouseIn is called by the window.
func (b *TileButton) MouseIn(*desktop.MouseEvent) { b.touch(true, b.focused) }

// MouseMoved is called by the window.
func (b *TileButton) MouseMoved(*desktop.MouseEvent) {}

// MouseOut is called by the window.
func (b *TileButton) MouseOut() { b.touch(false, b.focused) }

// FocusGained is called by the window.
func (b *TileButton) FocusGained() { b.touch(b.hovered, true) }

// FocusLost is called by the window.
func (b *TileButton) FocusLost() { b.touch(b.hovered, false) }

func (b *TileButton) touch(hovered, focused bool) {
	b.hovered, b.focused = hovered, focused
	b.Refresh()
	b.onTouched()
}

func (b *TileButton) touched() bool { return b.hovered || b.focused }

// TypedRune is called by the window.
func (b *TileButton) TypedRune(rune) {}

// TypedKey is called by the window.
func (b *TileButton) TypedKey(ev *fyne.KeyEvent) {
	if presses(ev) {
		b.Tapped(nil)
		return
	}
	b.unused(ev)
}

// AccessibilityLabel is what the button does.
func (b *TileButton) AccessibilityLabel() string { return b.tip }

// AccessibilityRole makes it a button.
func (b *TileButton) AccessibilityRole() fyne.AccessibleRole { return fyne.AccessibleRoleButton }

// CreateRenderer is called by the window.
func (b *TileButton) CreateRenderer() fyne.WidgetRenderer {
	return &renderer{
		objects: []fyne.CanvasObject{b.ground, b.picture},
		layout: func(size fyne.Size) {
			place(b.ground, 1, 1, size.Width-2, size.Height-2)
			place(b.picture, (size.Width-18)/2, (size.Height-18)/2, 18, 18)
		},
		minSize: func() fyne.Size { return fyne.NewSquareSize(tileButtonSize) },
		refresh: func() {
			b.ground.FillColor = tilePillColor
			if b.hovered {
				b.ground.FillColor = tileHover
			}
			b.ground.StrokeWidth = 0
			if b.focused {
				b.ground.StrokeWidth, b.ground.StrokeColor = 2, themed(theme.ColorNamePrimary)
			}
		},
		target: b,
	}
}
