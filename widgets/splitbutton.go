package widgets

import (
	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/widget"

	"parlor/assets"
)

const splitWidth = 22 // of the part that opens the menu

// SplitButton is a tool button with a narrow one beside it that opens a menu.
type SplitButton struct {
	widget.BaseWidget

	Main *ToolButton
	Menu *ToolButton // its OnTapped opens the menu
}

// NewSplitButton returns a button; tip says what the menu is of.
func NewSplitButton(icon assets.IconName, label, tip string) *SplitButton {
	s := &SplitButton{Main: NewToolButton(icon, label, nil), Menu: NewToolButton(assets.Chevron, "", nil)}
	s.ExtendBaseWidget(s)
	s.Menu.SetTip(tip)
	s.Menu.narrow = true
	return s
}

// Objects are the two buttons, for walking the tree.
func (s *SplitButton) Objects() []fyne.CanvasObject { return []fyne.CanvasObject{s.Main, s.Menu} }

// Width is the least width with or without the label.
func (s *SplitButton) Width(compact bool) float32 { return s.Main.Width(compact) + splitWidth }

// SetCompact hides the label.
func (s *SplitButton) SetCompact(compact bool) { s.Main.SetCompact(compact) }

// CreateRenderer is called by the window.
func (s *SplitButton) CreateRenderer() fyne.WidgetRenderer {
	return &renderer{
		objects: s.Objects(),
		layout: func(size fyne.Size) {
			place(s.Main, 0, 0, size.Width-splitWidth, size.Height)
			place(s.Menu, size.Width-splitWidth, 0, splitWidth, toolHeight)
		},
		minSize: func() fyne.Size { return s.Main.MinSize().AddWidthHeight(splitWidth, 0) },
		target:  s,
	}
}
