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

	Copy *ToolButton

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
	b.recolour()
	b.Hide()
	return b
}

// Set shows a failure; an empty text hides the box.
func (b *ErrorBox) Set(text, cure string) {
	b.text.SetText(text)
	b.cure.SetText(cure)
	show(b, text != "")
	b.Refresh()
}

// Texts returns the words.
func (b *ErrorBox) Texts() []string { return []string{b.text.Text, b.cure.Text} }

// Objects returns the button, for walking the tree.
func (b *ErrorBox) Objects() []fyne.CanvasObject { return []fyne.CanvasObject{b.Copy} }

func (b *ErrorBox) recolour() {
	b.edge.FillColor = fade(themed(theme.ColorNameError), 0x18)
	b.edge.StrokeColor = fade(themed(theme.ColorNameError), 0x80)
	b.icon.Resource = assets.Icon(assets.Error, theme.ColorNameError)
}

// CreateRenderer is called by the window.
func (b *ErrorBox) CreateRenderer() fyne.WidgetRenderer {
	return &renderer{
		objects: []fyne.CanvasObject{b.edge, b.icon, b.text, b.cure, b.Copy},
		target:  b, refresh: b.recolour, layout: b.layout, minSize: b.minSize,
	}
}

func (b *ErrorBox) minSize() fyne.Size {
	height := b.text.MinSize().Height
	if b.cure.Text != "" {
		height += b.cure.MinSize().Height - 10
	}
	return fyne.NewSize(240, max(height, toolHeight)+2)
}

func (b *ErrorBox) layout(size fyne.Size) {
	const left, right = 34, toolHeight + 2
	place(b.edge, 0, 0, size.Width, size.Height)
	place(b.icon, 12, 10, 18, 18)
	b.text.Resize(fyne.NewSize(size.Width-left-right, 0))
	textHeight := b.text.MinSize().Height
	place(b.text, left, 0, size.Width-left-right, textHeight)
	b.cure.Resize(fyne.NewSize(size.Width-left-4, 0))
	place(b.cure, left, textHeight-10, size.Width-left-4, b.cure.MinSize().Height)
	place(b.Copy, size.Width-right, 1, toolHeight, toolHeight)
}
