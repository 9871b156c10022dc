package widgets

import (
	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/canvas"
	"fyne.io/fyne/v2/theme"
	"fyne.io/fyne/v2/widget"

	"parlor/assets"
)

const (
	infoRowHeight   = toolHeight
	infoPlainHeight = 24 // of a row without buttons
	infoNameWidth   = 58
	infoButton      = toolHeight
)

// InfoField describes one line of an InfoPanel.
type InfoField struct {
	Name   string // by which it is set, and shown unless there is a label
	Label  string
	Secret bool // shown as Mask until it is revealed
	Plain  bool // without a button to copy it
}

// InfoPanel shows named values, each with a button that copies it.
type InfoPanel struct {
	widget.BaseWidget

	OnCopy   func(field, value string)
	OnReveal func(field string, show bool)

	rows []*infoRow
	wide float32 // of the names
}

type infoRow struct {
	field        InfoField
	value        string
	revealed     bool
	copied       bool
	alarm        bool
	name, text   *canvas.Text
	copy, reveal *ToolButton // nil: none
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
		label := f.Label
		if label == "" {
			label = f.Name
		}
		row := &infoRow{field: f, name: canvas.NewText(label, nil), text: canvas.NewText("", nil)}
		row.text.TextStyle.Monospace = true
		if !f.Plain {
			row.copy = NewToolButton(assets.Copy, "", func() {
				if p.OnCopy != nil {
					p.OnCopy(row.field.Name, row.value)
				}
			})
			row.copy.SetLook(LookFlat)
			row.copy.SetTip(texts.T("info.copy", label))
		}
		if f.Secret {
			row.reveal = NewToolButton(assets.Eye, "", func() {
				if p.OnReveal != nil {
					p.OnReveal(row.field.Name, !row.revealed)
				}
			})
			row.reveal.SetLook(LookFlat)
			row.reveal.SetTip(texts.T("info.reveal", label))
		}
		p.rows = append(p.rows, row)
	}
	p.recolour()
	return p
}

// Set sets the value of a field; a secret is hidden again.
func (p *InfoPanel) Set(field, value string) {
	p.change(field, func(row *infoRow) {
		if row.value != value {
			row.value, row.revealed, row.copied = value, false, false
		}
	})
}

// SetAlarm shows a value as a warning, or no longer.
func (p *InfoPanel) SetAlarm(field string, on bool) {
	p.change(field, func(row *infoRow) { row.alarm = on })
}

// SetCopied shows a check mark on the button that copied a field, or takes it away.
func (p *InfoPanel) SetCopied(field string, on bool) {
	p.change(field, func(row *infoRow) { row.copied = on })
}

// SetRevealed shows or hides a secret.
func (p *InfoPanel) SetRevealed(field string, on bool) {
	p.change(field, func(row *infoRow) { row.revealed = on })
}

// change changes the row of a field and draws it anew when anything is different then.
func (p *InfoPanel) change(field string, f func(*infoRow)) {
	for _, row := range p.rows {
		if row.field.Name != field {
			continue
		}
		before := *row
		if f(row); *row != before {
			p.Refresh()
		}
	}
}

// Buttons returns the buttons of a field; nil for one that it has not.
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
		words = append(words, row.name.Text, row.shown())
	}
	return words
}

// Objects returns the buttons, for walking the tree.
func (p *InfoPanel) Objects() []fyne.CanvasObject {
	var objects []fyne.CanvasObject
	for _, row := range p.rows {
		if row.copy != nil {
			objects = append(objects, row.copy)
		}
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
		minSize: func() fyne.Size {
			var height float32
			for _, row := range p.rows {
				height += row.height()
			}
			return fyne.NewSize(220, height)
		},
	}
}

func (r *infoRow) height() float32 {
	if r.copy == nil && r.reveal == nil {
		return max(infoPlainHeight, r.text.MinSize().Height+4)
	}
	return max(infoRowHeight, r.text.MinSize().Height+4)
}

func (p *InfoPanel) recolour() {
	p.wide = Scaled(infoNameWidth)
	for _, row := range p.rows {
		row.name.TextSize, row.text.TextSize = Scaled(13), Scaled(13)
		row.name.Color = themed(theme.ColorNamePlaceHolder)
		row.text.Color = themed(theme.ColorNameForeground)
		if row.alarm {
			row.text.Color = themed(theme.ColorNameError)
		}
		p.wide = max(p.wide, row.name.MinSize().Width+10)
		if row.copy != nil {
			row.copy.SetEnabled(row.value != "")
			icon := assets.Copy
			if row.copied {
				icon = assets.Check
			}
			row.copy.Set(icon, "", LookFlat)
		}
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
	var y float32
	for _, row := range p.rows {
		right, height := size.Width, row.height()
		for _, b := range []*ToolButton{row.copy, row.reveal} {
			if b != nil {
				right -= infoButton
				place(b, right, y+(height-infoButton)/2, infoButton, infoButton)
			}
		}
		place(row.name, 0, y, p.wide, height)
		row.text.Text = elide(row.shown(), right-p.wide-4, row.text.TextSize, row.text.TextStyle)
		place(row.text, p.wide, y, right-p.wide-4, height)
		y += height
	}
}
