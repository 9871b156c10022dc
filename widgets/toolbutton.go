package widgets

import (
	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/canvas"
	"fyne.io/fyne/v2/theme"

	"parlor/assets"
)

// Look is how a ToolButton is filled.
type Look uint8

// The looks. Each also differs by icon or label, never by colour alone.
const (
	LookNormal   Look = iota // the button colour
	LookOff                  // a device that is off: error colour on a quiet ground
	LookActive               // something that runs or is selected: primary
	LookDanger               // leaving: error
	LookFlat                 // no ground until the mouse is over it
	LookSelected             // flat, selected: quiet ground, primary icon
)

const (
	toolWidth, toolHeight = 56, 36
	toolCompact           = 46 // width without the label of a button that has one
	toolLabel             = 12
	toolIcon              = 20
	toolBadge             = 16 // height
)

// ToolButton is an icon on a rounded ground, with a small label below it unless the label is empty.
type ToolButton struct {
	touchable

	OnTapped func()

	icon     assets.IconName
	label    string
	tip      string
	look     Look
	disabled bool
	compact  bool // the label is not shown
	narrow   bool // as the second part of a SplitButton
	alarm    bool // the badge is a warning
	badge    string

	ground, ring *canvas.Rectangle
	picture      *canvas.Image
	text         *canvas.Text
	dot          *canvas.Circle
	badgeGround  *canvas.Rectangle
	badgeText    *canvas.Text
}

// NewToolButton returns an enabled button; tapped may be nil.
func NewToolButton(icon assets.IconName, label string, tapped func()) *ToolButton {
	b := &ToolButton{OnTapped: tapped, icon: icon, label: label}
	b.ExtendBaseWidget(b)
	b.ground = canvas.NewRectangle(nil)
	b.ground.CornerRadius = buttonRadius
	b.ring = canvas.NewRectangle(nil)
	b.ring.CornerRadius = buttonRadius
	b.ring.StrokeWidth = 2
	b.picture = &canvas.Image{FillMode: canvas.ImageFillContain}
	b.text = canvas.NewText("", nil)
	b.text.TextSize = toolLabel
	b.text.Alignment = fyne.TextAlignCenter
	b.dot = canvas.NewCircle(nil)
	b.dot.Hide()
	b.badgeGround = canvas.NewRectangle(nil)
	b.badgeGround.CornerRadius = toolBadge / 2
	b.badgeText = canvas.NewText("", nil)
	b.badgeText.TextSize = 11
	b.badgeText.TextStyle.Bold = true
	b.badgeText.Alignment = fyne.TextAlignCenter
	b.recolour()
	return b
}

// Set changes icon, label and look in one go.
func (b *ToolButton) Set(icon assets.IconName, label string, look Look) {
	if b.icon != icon || b.label != label || b.look != look {
		b.icon, b.label, b.look = icon, label, look
		b.Refresh()
	}
}

// SetLook changes the look.
func (b *ToolButton) SetLook(look Look) { b.Set(b.icon, b.label, look) }

// SetTip sets the words for people who do not see the button; without, it is the label.
func (b *ToolButton) SetTip(tip string) { b.tip = tip }

// SetMark shows or hides a small dot at the corner.
func (b *ToolButton) SetMark(on bool) {
	show(b.dot, on)
}

// SetBadge shows a short text at the corner: a number of news, or, as an alarm, "!". "" takes it away.
func (b *ToolButton) SetBadge(text string, alarm bool) {
	if b.badge != text || b.alarm != alarm {
		b.badge, b.alarm = text, alarm
		b.Refresh()
	}
}

// Badge is the short text at the corner.
func (b *ToolButton) Badge() string { return b.badge }

// SetCompact hides the label, to save room; people who do not see the button still hear it.
func (b *ToolButton) SetCompact(compact bool) {
	if b.compact != compact {
		b.compact = compact
		b.Refresh()
	}
}

// Width is the least width with or without the label.
func (b *ToolButton) Width(compact bool) float32 {
	switch {
	case b.narrow:
		return splitWidth
	case b.label == "":
		return toolHeight
	case compact:
		return toolCompact
	}
	return max(toolWidth+8, fyne.MeasureText(b.label, Scaled(toolLabel), fyne.TextStyle{}).Width+4)
}

// SetEnabled lets the button be tapped or not.
func (b *ToolButton) SetEnabled(enabled bool) {
	if b.disabled == enabled {
		b.disabled = !enabled
		b.Refresh()
	}
}

// Disabled tells whether the button can not be tapped.
func (b *ToolButton) Disabled() bool { return b.disabled }

// Look is how the button is filled.
func (b *ToolButton) Look() Look { return b.look }

// Label is the small text below.
func (b *ToolButton) Label() string { return b.label }

// Icon is the picture on the button.
func (b *ToolButton) Icon() assets.IconName { return b.icon }

// Texts returns the label and the badge, as far as they are shown.
func (b *ToolButton) Texts() []string {
	var words []string
	if b.labelled() {
		words = append(words, b.label)
	}
	if b.badge != "" {
		words = append(words, b.badge)
	}
	return words
}

// AccessibilityLabel is the tip or the label.
func (b *ToolButton) AccessibilityLabel() string {
	if b.tip != "" {
		return b.tip
	}
	return b.label
}

// AccessibilityRole makes it a button.
func (b *ToolButton) AccessibilityRole() fyne.AccessibleRole { return fyne.AccessibleRoleButton }

// Tapped is called by the window.
func (b *ToolButton) Tapped(*fyne.PointEvent) {
	if !b.disabled && b.OnTapped != nil {
		b.OnTapped()
	}
}

// TypedKey is called by the window.
func (b *ToolButton) TypedKey(ev *fyne.KeyEvent) {
	if presses(ev) {
		b.Tapped(nil)
		return
	}
	b.unused(ev)
}

// CreateRenderer is called by the window.
func (b *ToolButton) CreateRenderer() fyne.WidgetRenderer {
	return &renderer{
		objects: []fyne.CanvasObject{b.ground, b.ring, b.picture, b.text, b.dot, b.badgeGround, b.badgeText},
		layout:  b.layout, minSize: b.minSize, refresh: b.recolour, target: b,
	}
}

func (b *ToolButton) minSize() fyne.Size {
	size := fyne.NewSize(b.Width(b.compact), toolHeight)
	if b.labelled() {
		size.Height += 4 + fyne.MeasureText(b.label, Scaled(toolLabel), fyne.TextStyle{}).Height
	}
	return size
}

// labelled tells whether the label is shown.
func (b *ToolButton) labelled() bool { return b.label != "" && !b.compact }

func (b *ToolButton) layout(size fyne.Size) {
	w, h := size.Width, size.Height
	if b.labelled() {
		h = toolHeight
		w = min(w, toolWidth)
	}
	x := (size.Width - w) / 2
	place(b.ground, x, 0, w, h)
	place(b.ring, x+1, 1, w-2, h-2)
	place(b.picture, x+(w-toolIcon)/2, (h-toolIcon)/2, toolIcon, toolIcon)
	place(b.dot, x+w-13, 5, 8, 8)
	badge := max(toolBadge, fyne.MeasureText(b.badge, b.badgeText.TextSize, b.badgeText.TextStyle).Width+9)
	place(b.badgeGround, x+w-badge+4, -4, badge, toolBadge)
	place(b.badgeText, x+w-badge+4, -4, badge, toolBadge)
	place(b.text, 0, h+3, size.Width, size.Height-h-3)
}

// recolour brings texts and colours into line with the fields and the theme.
func (b *ToolButton) recolour() {
	ground, icon := theme.ColorNameButton, theme.ColorNameForeground
	switch b.look {
	case LookOff:
		icon = theme.ColorNameError
	case LookActive:
		ground, icon = theme.ColorNamePrimary, theme.ColorNameForegroundOnPrimary
	case LookDanger:
		ground, icon = theme.ColorNameError, theme.ColorNameForegroundOnError
	case LookSelected:
		icon = theme.ColorNamePrimary
	}
	text := theme.ColorNameForeground
	if b.disabled {
		icon, text = theme.ColorNameDisabled, theme.ColorNameDisabled
		if b.look != LookFlat && b.look != LookSelected {
			ground = theme.ColorNameDisabledButton
		}
	}
	b.ground.FillColor = themed(ground)
	if b.hovered && !b.disabled {
		b.ground.FillColor = blend(themed(ground), themed(theme.ColorNameHover))
	}
	show(b.ground, b.look != LookFlat || b.hovered && !b.disabled)
	b.ring.StrokeColor = themed(theme.ColorNamePrimary)
	if b.look == LookActive {
		b.ring.StrokeColor = themed(theme.ColorNameForeground)
	}
	show(b.ring, b.focused)
	b.picture.Resource = assets.Icon(b.icon, icon)
	b.text.Text = b.label
	b.text.Color = themed(text)
	b.text.TextSize = Scaled(toolLabel)
	show(b.text, b.labelled())
	ground, text = theme.ColorNamePrimary, theme.ColorNameForegroundOnPrimary
	if b.alarm {
		ground, text = theme.ColorNameWarning, theme.ColorNameForegroundOnWarning
	}
	b.badgeGround.FillColor, b.badgeText.Color, b.badgeText.Text = themed(ground), themed(text), b.badge
	show(b.badgeGround, b.badge != "")
	show(b.badgeText, b.badge != "")
	b.dot.FillColor = themed(theme.ColorNameSuccess)
}
