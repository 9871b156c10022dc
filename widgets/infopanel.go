package widgets

import (
	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/canvas"
	"fyne.io/fyne/v2/theme"
	"fyne.io/fyne/v2/widget"

	"parlor/assets"
)

const (
	infoRowHeight = 36
	infoNameWidth = 66
	infoButton    = 36
)

// InfoField describes one line of an InfoPanel.
type InfoField struct {
	Name   string
	Secret bool // shown as Mask until the eye is tapped
}

// InfoPanel shows named values, each with a button that copies it.
type InfoPanel struct {
	widget.BaseWidget

	OnCopy func(field, value string)

	rows []*infoRow
}

type infoRow struct {
	field        InfoField
	value        string
	revealed     bool
	name, text   *canvas.Text
	copy, reveal *ToolButton
}

// Mask hides a secret but for its last four characters, and short ones wholly.
func Mask(secret string) string {
	switch runes := []rune(secret); {
	case len(runes) == 0:
		return ""
	case len(runes) < 12:
		return "***"
	default:
		return "***" + string(runes[len(runes)-4:])
	}
}

// NewInfoPanel returns a panel with empty values.
func NewInfoPanel(texts *assets.Texts, fields ...InfoField) *InfoPanel {
	p := &InfoPanel{}
	p.ExtendBaseWidget(p)
	for _, f := range fields {
		row := &infoRow{field: f, name: canvas.NewText(f.Name, nil), text: canvas.NewText("", nil)}
		row.name.TextSize, row.text.TextSize = 13, 13
		row.text.TextStyle.Monospace = true
		row.copy = NewToolButton(assets.Copy, "", func() {
			if p.OnCopy != nil {
				p.OnCopy(row.field.Name, row.value)
			}
		})
		row.copy.SetLook(LookFlat)
		row.copy.SetTip(texts.T("info.copy", f.Name))
		if f.Secret {
			row.reveal = NewToolButton(assets.Eye, "", func() { row.revealed = !row.revealed; p.Refresh() })
			row.reveal.SetLook(LookFlat)
			row.reveal.SetTip(texts.T("info.reveal", f.Name))
		}
		p.rows = append(p.rows, row)
	}
	p.recolour()
	return p
}

// Set sets the value of a field; a secret is hidden again.
func (p *InfoPanel) Set(field, value string) {
	for _, row := range p.rows {
		if row.field.Name == field && row.value != value {
			row.value, row.revealed = value, false
			p.Refresh()
		}
	}
}

// Buttons returns the buttons of a field; reveal is nil for a field that is no secret.
func (p *InfoPanel) Buttons(field string) (copyButton, reveal *ToolButton) {
	for _, row := range p.rows {
		if row.field.Name == field {
			return row.copy, row.reveal
		}
	}
	return nil, nil
}

// Texts returns names and values as they are shown.
func (p *InfoPanel) Texts() []string {
	var words []string
	for _, row := range p.rows {
		words = append(words, row.field.Name, row.shown())
	}
	return words
}

// Objects returns the buttons, for walking the tree.
func (p *InfoPanel) Objects() []fyne.CanvasObject {
	var objects []fyne.CanvasObject
	for _, row := range p.rows {
		objects = append(objects, row.copy)
		if row.reveal != nil {
			objects = append(objects, row.reveal)
		}
	}
	return objects
}

func (r *infoRow) shown() string {
	switch {
	case r.value == "":
		return "-"
	case r.field.Secret && !r.revealed:
		return Mask(r.value)
	}
	return r.value
}

// CreateRenderer is called by the window.
func (p *InfoPanel) CreateRenderer() fyne.WidgetRenderer {
	var objects []fyne.CanvasObject
	for _, row := range p.rows {
		objects = append(objects, row.name, row.text)
	}
	return &renderer{
		objects: append(objects, p.Objects()...), target: p, layout: p.layout, refresh: p.recolour,
		minSize: func() fyne.Size { return fyne.NewSize(220, infoRowHeight*float32(len(p.rows))) },
	}
}

func (p *InfoPanel) recolour() {
	for _, row := range p.rows {
		row.name.Color = themed(theme.ColorNamePlaceHolder)
		row.text.Color = themed(theme.ColorNameForeground)
		row.copy.SetEnabled(row.value != "")
		if row.reveal != nil {
			row.reveal.SetEnabled(row.value != "")
			icon := assets.Eye
			if row.revealed {
				icon = assets.EyeOff
			}
			row.reveal.Set(icon, "", LookFlat)
		}
	}
}

func (p *InfoPanel) layout(size fyne.Size) {
	for i, row := range p.rows {
		y := float32(i) * infoRowHeight
		right := size.Width - infoButton
		place(row.copy, right, y+(infoRowHeight-infoButton)/2, infoButton, infoButton)
		if row.reveal != nil {
			right -= infoButton
			place(row.reveal, right, y+(infoRowHeight-infoButton)/2, infoButton, infoButton)
		}
		place(row.name, 0, y, infoNameWidth, infoRowHeight)
		row.text.Text = elide(row.shown(), right-infoNameWidth-4, row.text.TextSize, row.text.TextStyle)
		place(row.text, infoNameWidth, y, right-infoNameWidth-4, infoRowHeight)
	}
}
