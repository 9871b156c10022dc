package widgets

import (
	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/canvas"
	"fyne.io/fyne/v2/theme"
	"fyne.io/fyne/v2/widget"

	"parlor/assets"
)

// ErrorBox tells a failure: the exact text of the API, its number, and one sentence of cure.
type ErrorBox struct {
	widget.BaseWidget

	OnDetails func() // nil: there are no details

	Copy    *ToolButton
	Details *Button

	edge *canvas.Rectangle
	icon *canvas.Image
	text *widget.Label
	cure *widget.Label
}

// NewErrorBox returns a hidden box; copied is called with the exact text.
func NewErrorBox(texts *assets.Texts, copied func(string)) *ErrorBox {
	b := &ErrorBox{
		edge: canvas.NewRectangle(nil), icon: &canvas.Image{FillMode: canvas.ImageFillContain},
		text: widget.NewLabel(""), cure: widget.NewLabel(""),
	}
	b.ExtendBaseWidget(b)
	b.text.Wrapping, b.cure.Wrapping = fyne.TextWrapWord, fyne.TextWrapWord
	b.text.Importance = widget.DangerImportance
	b.text.SizeName, b.cure.SizeName = theme.SizeNameText, theme.SizeNameText
	b.edge.CornerRadius = buttonRadius
	b.edge.StrokeWidth = 1
	b.Copy = NewToolButton(assets.Copy, "", func() { copied(b.text.Text) })
	b.Copy.SetLook(LookFlat)
	b.Copy.SetTip(texts.T("error.copy"))
	b.Details = NewButton(texts.T("error.details"), func() { call(b.OnDetails) })
	b.Details.Importance = widget.LowImportance
	b.recolour()
	b.Hide()
	return b
}

// Set shows a failure; an empty text hides the box.
func (b *ErrorBox) Set(text, cure string) {
	show(b, text != "")
	if b.text.Text == text && b.cure.Text == cure {
		return
	}
	b.text.SetText(text)
	b.cure.SetText(cure)
	b.Refresh()
}

// Texts returns the words.
func (b *ErrorBox) Texts() []string { return []string{b.text.Text, b.cure.Text} }

// Objects returns the buttons, for walking the tree.
func (b *ErrorBox) Objects() []fyne.CanvasObject { return []fyne.CanvasObject{b.Copy, b.Details} }

func (b *ErrorBox) recolour() {
	b.edge.FillColor = fade(themed(theme.ColorNameError), 0x10)
	b.edge.StrokeColor = fade(themed(theme.ColorNameError), 0x80)
	b.icon.Resource = assets.Icon(assets.Error, theme.ColorNameError)
	show(b.Details, b.OnDetails != nil)
}

// CreateRenderer is called by the window.
func (b *ErrorBox) CreateRenderer() fyne.WidgetRenderer {
	return &renderer{
		objects: []fyne.CanvasObject{b.edge, b.icon, b.text, b.cure, b.Copy, b.Details},
		target:  b, refresh: b.recolour, layout: b.layout, minSize: b.minSize,
	}
}

// errorWidth is the width that a box is measured for before it has one: that of the form.
const errorWidth = 340

const errorLeft, errorRight = 34, toolHeight + 2 // room for the sign and the button

func (b *ErrorBox) minSize() fyne.Size {
	b.wrap(b.Size().Width)
	height := b.text.MinSize().Height
	if b.cure.Text != "" {
		height += b.cure.MinSize().Height - 10
	}
	if b.OnDetails != nil {
		height += b.Details.MinSize().Height - 2
	}
	return fyne.NewSize(240, max(height, toolHeight)+2)
}

// wrap breaks the lines for a width; without that, labels tell the height of their last one.
func (b *ErrorBox) wrap(width float32) {
	if width == 0 {
		width = errorWidth
	}
	b.text.Resize(fyne.NewSize(width-errorLeft-errorRight, b.text.Size().Height))
	b.cure.Resize(fyne.NewSize(width-errorLeft-4, b.cure.Size().Height))
}

func (b *ErrorBox) layout(size fyne.Size) {
	place(b.edge, 0, 0, size.Width, size.Height)
	place(b.icon, 12, 10, 18, 18)
	b.wrap(size.Width)
	textHeight := b.text.MinSize().Height
	place(b.text, errorLeft, 0, size.Width-errorLeft-errorRight, textHeight)
	place(b.cure, errorLeft, textHeight-10, size.Width-errorLeft-4, b.cure.MinSize().Height)
	place(b.Copy, size.Width-errorRight, 1, toolHeight, toolHeight)
	details := b.Details.MinSize()
	place(b.Details, errorLeft, size.Height-details.Height-4, details.Width, details.Height)
}
