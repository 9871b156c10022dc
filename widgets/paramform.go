package widgets

import (
	"strings"

	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/canvas"
	"fyne.io/fyne/v2/container"
	"fyne.io/fyne/v2/theme"
	"fyne.io/fyne/v2/widget"
)

// ParamKind is how the value of a parameter is typed in.
type ParamKind uint8

// The kinds of parameters.
const (
	ParamText   ParamKind = iota
	ParamSecret           // text, shown as dots
	ParamNumber
	ParamBool
	ParamChoice // one of Options
	ParamObject // a heading for its parts
	ParamJSON   // JSON text
)

// Param is one line of a ParamForm.
type Param struct {
	Name     string // "roomConfig.autoPublish" is a part of roomConfig
	Kind     ParamKind
	Options  []string // of ParamChoice
	Optional bool     // it can be left out
	Hint     string   // type and the like, in the empty field
}

// ParamForm is the form of a call: a line for each parameter, with what is wrong below it.
type ParamForm struct {
	widget.BaseWidget

	OnText func(name, text string)    // the user changed a value
	OnBool func(name string, on bool) // the user changed a boolean
	OnSent func(name string, on bool) // the user left a parameter out, or not any more

	rows []*paramRow
	note *widget.Label
	box  *fyne.Container
}

// paramRow is one line.
type paramRow struct {
	param   Param
	name    *widget.Label
	sent    *Check // nil when it cannot be left out
	entry   *Entry
	choice  *Select
	check   *Check
	problem string            // what is wrong, whole
	note    string            // what else there is to say
	below   *canvas.Text      // one of them, as far as it fits
	control fyne.CanvasObject // what the value is typed into; nil for a heading
}

// NewParamForm returns a form without lines; none is what it says then.
func NewParamForm(none string) *ParamForm {
	f := &ParamForm{note: widget.NewLabel(none)}
	f.ExtendBaseWidget(f)
	f.note.Importance = widget.LowImportance
	f.note.Wrapping = fyne.TextWrapWord
	f.box = container.New(&paramLayout{f})
	return f
}

// SetParams makes the lines anew.
func (f *ParamForm) SetParams(params []Param) {
	f.rows, f.box.Objects = nil, nil
	for _, p := range params {
		row := f.newRow(p)
		f.rows = append(f.rows, row)
		for _, o := range []fyne.CanvasObject{row.label(), row.control, row.below} {
			if o != nil {
				f.box.Objects = append(f.box.Objects, o)
			}
		}
	}
	if len(params) == 0 {
		f.box.Objects = []fyne.CanvasObject{f.note}
	}
	f.box.Refresh()
	f.Refresh()
}

func (f *ParamForm) newRow(p Param) *paramRow {
	short := p.Name[strings.LastIndexByte(p.Name, '.')+1:]
	r := &paramRow{param: p, below: canvas.NewText("", nil)}
	r.below.Hide()
	if p.Optional {
		r.sent = NewCheck(short, func(on bool) {
			r.setEnabled(on)
			f.OnSent(p.Name, on)
		})
	} else {
		r.name = widget.NewLabel(short)
		r.name.Truncation = fyne.TextTruncateEllipsis
	}
	switch p.Kind {
	case ParamObject:
	case ParamBool:
		r.check = NewCheck("true", func(on bool) { f.OnBool(p.Name, on) })
		r.control = r.check
	case ParamChoice:
		r.choice = NewSelect(p.Options, func(text string) { f.OnText(p.Name, text) })
		r.control = r.choice
	default:
		r.entry = NewEntry(p.Hint)
		r.entry.Password = p.Kind == ParamSecret
		if r.entry.Password {
			r.entry.ActionItem = nil
		}
		r.entry.OnChanged = func(text string) { f.OnText(p.Name, text) }
		r.control = r.entry
	}
	return r
}

func (r *paramRow) label() fyne.CanvasObject {
	if r.sent != nil {
		return r.sent
	}
	return r.name
}

func (r *paramRow) setEnabled(on bool) {
	if d, ok := r.control.(fyne.Disableable); ok && on == d.Disabled() {
		if on {
			d.Enable()
		} else {
			d.Disable()
		}
	}
}

// Set shows a value without calling back.
func (f *ParamForm) Set(name, text string, on, sent bool) {
	r := f.row(name)
	if r == nil {
		return
	}
	if r.sent != nil {
		r.sent.Set(sent)
		r.setEnabled(sent)
	}
	switch {
	case r.entry != nil && r.entry.Text != text:
		changed := r.entry.OnChanged
		r.entry.OnChanged = nil
		r.entry.SetText(text)
		r.entry.OnChanged = changed
	case r.check != nil:
		r.check.Set(on)
	case r.choice != nil && r.choice.Selected != text:
		changed := r.choice.OnChanged
		r.choice.OnChanged = nil
		r.choice.SetSelected(text)
		r.choice.OnChanged = changed
	}
}

// SetWrong shows what is wrong with a value; "" for nothing.
func (f *ParamForm) SetWrong(name, text string) {
	if r := f.row(name); r != nil && r.problem != text {
		r.problem = text
		f.showBelow(r)
	}
}

// SetNote shows something about a value that is not wrong; "" for nothing.
func (f *ParamForm) SetNote(name, text string) {
	if r := f.row(name); r != nil && r.note != text {
		r.note = text
		f.showBelow(r)
	}
}

func (f *ParamForm) showBelow(r *paramRow) {
	show(r.below, r.words() != "")
	f.box.Refresh()
	f.Refresh()
}

// words are what stands below the field.
func (r *paramRow) words() string {
	if r.problem != "" {
		return r.problem
	}
	return r.note
}

func (f *ParamForm) row(name string) *paramRow {
	for _, r := range f.rows {
		if r.param.Name == name {
			return r
		}
	}
	return nil
}

// Controls are the fields by the names of their parameters; the box that leaves one out is NAME.sent.
func (f *ParamForm) Controls() map[string]fyne.CanvasObject {
	controls := make(map[string]fyne.CanvasObject)
	for _, r := range f.rows {
		if r.control != nil {
			controls[r.param.Name] = r.control
		}
		if r.sent != nil {
			controls[r.param.Name+".sent"] = r.sent
		}
	}
	return controls
}

// Wrong returns what is shown as wrong with a value.
func (f *ParamForm) Wrong(name string) string {
	if r := f.row(name); r != nil {
		return r.problem
	}
	return ""
}

// Objects are the parts, for walking the tree.
func (f *ParamForm) Objects() []fyne.CanvasObject { return []fyne.CanvasObject{f.box} }

// CreateRenderer is called by the window.
func (f *ParamForm) CreateRenderer() fyne.WidgetRenderer {
	return &renderer{
		objects: []fyne.CanvasObject{f.box}, target: f, minSize: f.box.MinSize,
		layout: func(size fyne.Size) { place(f.box, 0, 0, size.Width, size.Height) },
		refresh: func() {
			for _, r := range f.rows {
				r.below.Color, r.below.TextSize = themed(theme.ColorNamePlaceHolder), Scaled(12)
				if r.problem != "" {
					r.below.Color = themed(theme.ColorNameError)
				}
			}
		},
	}
}

// paramLayout puts names at the left, fields at the right, and what is wrong below the fields; in a form too narrow for that, names
// stand above their fields.
type paramLayout struct{ f *ParamForm }

func (l *paramLayout) stacked() bool {
	width := l.f.Size().Width
	return width > 0 && width < paramNames()+Scaled(100)
}

const paramGap = 4

func paramNames() float32 { return Scaled(150) }

func (l *paramLayout) Layout(_ []fyne.CanvasObject, size fyne.Size) {
	if len(l.f.rows) == 0 {
		place(l.f.note, 0, 0, size.Width, l.f.note.MinSize().Height)
		return
	}
	y, names := float32(0), paramNames()
	if l.stacked() {
		names = 0
	}
	for _, r := range l.f.rows {
		indent := float32(0)
		if strings.Contains(r.param.Name, ".") {
			indent = Scaled(16)
		}
		height := l.height(r)
		label := r.label().MinSize().Height
		if l.stacked() {
			height = label
		}
		left := indent
		if r.sent == nil {
			left -= theme.InnerPadding() // a label's own
		}
		width := names - left
		if l.stacked() {
			width = size.Width - left
		}
		if r.sent != nil { // a box takes taps within its own width only
			width = min(width, r.sent.MinSize().Width)
		}
		place(r.label(), left, y+(height-label)/2, width, label)
		if r.control != nil {
			if l.stacked() {
				y, height = y+height, r.control.MinSize().Height
			}
			width = size.Width - names
			if r.check != nil {
				width = min(width, r.check.MinSize().Width)
			}
			place(r.control, names, y, width, height)
		}
		y += height
		if r.below.Visible() {
			r.below.Text = elide(r.words(), size.Width-names, r.below.TextSize, r.below.TextStyle)
			h := r.below.MinSize().Height
			place(r.below, names, y, size.Width-names, h)
			y += h
		}
		y += paramGap
	}
}

func (l *paramLayout) height(r *paramRow) float32 {
	height := r.label().MinSize().Height
	switch {
	case r.control == nil:
	case l.stacked():
		height += r.control.MinSize().Height
	default:
		height = max(height, r.control.MinSize().Height)
	}
	return height
}

func (l *paramLayout) MinSize([]fyne.CanvasObject) fyne.Size {
	if len(l.f.rows) == 0 {
		return l.f.note.MinSize()
	}
	size := fyne.NewSize(Scaled(160), 0)
	for _, r := range l.f.rows {
		size.Height += l.height(r) + paramGap
		if r.below.Visible() {
			size.Height += r.below.MinSize().Height
		}
	}
	return size
}
