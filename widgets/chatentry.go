package widgets

import (
	"fmt"

	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/canvas"
	"fyne.io/fyne/v2/theme"
	"fyne.io/fyne/v2/widget"

	"parlor/assets"
)

// chatRows is how many rows of a long text the field shows at most.
const chatRows = 4

// ChatHint is a command that can be typed.
type ChatHint struct {
	Text  string // what to type
	Words string // what it does
}

// ChatEntry is where messages are written: a field that grows with the text, a button, hints above and a line below that tells
// how much more fits. Enter sends, Shift+Enter begins a new line.
type ChatEntry struct {
	widget.BaseWidget

	OnSubmit  func(text string)
	OnChanged func(text string)
	OnHint    func(i int)
	OnHeight  func() // the widget needs another height

	Field *Entry
	Send  *ToolButton

	limit   int // bytes
	hints   []*hintRow
	box     *canvas.Rectangle
	counter *canvas.Text
	problem *widget.Label
	rows    int
}

// NewChatEntry returns an empty entry for texts of at most limit bytes.
func NewChatEntry(texts *assets.Texts, limit int) *ChatEntry {
	e := &ChatEntry{limit: limit, rows: 1, box: canvas.NewRectangle(nil), counter: canvas.NewText("", nil), problem: widget.NewLabel("")}
	e.ExtendBaseWidget(e)
	e.Field = NewLines(texts.T("chat.write"), 1)
	e.Field.Wrapping = fyne.TextWrapWord
	e.Field.OnEnter = e.submit
	e.Field.OnChanged = e.changed
	e.Send = NewToolButton(assets.Send, "", e.submit)
	e.Send.SetTip(texts.T("chat.send"))
	e.Send.SetLook(LookActive)
	e.counter.Alignment = fyne.TextAlignTrailing
	e.problem.Wrapping = fyne.TextWrapWord
	e.problem.Importance = widget.DangerImportance
	e.problem.SizeName = theme.SizeNameCaptionText
	e.problem.Hide()
	e.box.CornerRadius, e.box.StrokeWidth = buttonRadius, 1
	e.changed("")
	return e
}

// SetText replaces the text.
func (e *ChatEntry) SetText(text string) {
	e.Field.SetText(text)
	e.Field.CursorRow, e.Field.CursorColumn = 0, 0
	for range []rune(text) { // to the end
		e.Field.TypedKey(&fyne.KeyEvent{Name: fyne.KeyRight})
	}
}

// SetProblem tells below the field why something was not sent; "" takes it away.
func (e *ChatEntry) SetProblem(words string) {
	if e.problem.Text == words {
		return
	}
	e.problem.SetText(words)
	show(e.problem, words != "")
	e.heightChanged()
}

// SetHints shows commands above the field.
func (e *ChatEntry) SetHints(hints []ChatHint) {
	if len(hints) == 0 && len(e.hints) == 0 {
		return
	}
	e.hints = e.hints[:0:0]
	for i, h := range hints {
		row := newHintRow(h, func() {
			if e.OnHint != nil {
				e.OnHint(i)
			}
		})
		e.hints = append(e.hints, row)
	}
	e.heightChanged()
}

// Hint is a hint on screen, for tests and drivers.
func (e *ChatEntry) Hint(i int) fyne.CanvasObject { return e.hints[i] }

func (e *ChatEntry) heightChanged() {
	e.Refresh()
	if e.OnHeight != nil {
		e.OnHeight()
	}
}

func (e *ChatEntry) submit() {
	if !e.Send.Disabled() && e.OnSubmit != nil {
		e.OnSubmit(e.Field.Text)
	}
}

func (e *ChatEntry) changed(text string) {
	e.count(text)
	lines, _ := flow(text, max(e.Field.Size().Width-2*theme.InnerPadding(), 1), theme.TextSize(), fyne.TextStyle{})
	if rows := min(max(len(lines), 1), chatRows); rows != e.rows && e.Field.Size().Width > 0 {
		e.rows = rows
		e.Field.SetMinRowsVisible(rows)
		e.heightChanged()
	}
	if e.OnChanged != nil {
		e.OnChanged(text)
	}
}

// count shows how much fits when it is getting scarce: bytes, because that is what the server counts.
func (e *ChatEntry) count(text string) {
	visible := e.counter.Visible()
	e.counter.Text = fmt.Sprintf("%d / %d", len(text), e.limit)
	show(e.counter, len(text) > e.limit-e.limit/8)
	blank := true
	for _, r := range text {
		blank = blank && (r == ' ' || r == '\n' || r == '\t' || r == '\u3000')
	}
	e.Send.SetEnabled(!blank && len(text) <= e.limit)
	e.recolour()
	e.counter.Refresh()
	if visible != e.counter.Visible() {
		e.heightChanged()
	}
}

// Texts returns the words beside the field.
func (e *ChatEntry) Texts() []string {
	var words []string
	for _, h := range e.hints {
		words = append(words, h.hint.Text, h.hint.Words)
	}
	if e.counter.Visible() {
		words = append(words, e.counter.Text)
	}
	return append(words, e.problem.Text)
}

// Objects are the parts, for walking the tree.
func (e *ChatEntry) Objects() []fyne.CanvasObject {
	var objects []fyne.CanvasObject
	for _, h := range e.hints {
		objects = append(objects, h)
	}
	return append(objects, e.Field, e.Send)
}

func (e *ChatEntry) recolour() {
	e.box.FillColor = themed(theme.ColorNameOverlayBackground)
	e.box.StrokeColor = themed(theme.ColorNameSeparator)
	show(e.box, len(e.hints) > 0)
	e.counter.TextSize = Scaled(chatNoteSize)
	e.counter.Color = themed(theme.ColorNamePlaceHolder)
	if len(e.Field.Text) > e.limit {
		e.counter.Color = themed(theme.ColorNameError)
	}
}

// CreateRenderer is called by the window.
func (e *ChatEntry) CreateRenderer() fyne.WidgetRenderer { return chatEntryRenderer{e} }

// chatEntryRenderer has other objects when the hints change.
type chatEntryRenderer struct{ entry *ChatEntry }

func (chatEntryRenderer) Destroy() {}

// Objects implements fyne.WidgetRenderer.
func (r chatEntryRenderer) Objects() []fyne.CanvasObject {
	return append(append([]fyne.CanvasObject{r.entry.box}, r.entry.Objects()...), r.entry.counter, r.entry.problem)
}

// Refresh implements fyne.WidgetRenderer.
func (r chatEntryRenderer) Refresh() {
	r.entry.recolour()
	r.Layout(r.entry.Size())
	canvas.Refresh(r.entry)
}

func (e *ChatEntry) hintsHeight() float32 {
	if len(e.hints) == 0 {
		return 0
	}
	return float32(len(e.hints))*e.hints[0].MinSize().Height + 8
}

// MinSize implements fyne.WidgetRenderer.
func (r chatEntryRenderer) MinSize() fyne.Size {
	e := r.entry
	height := e.hintsHeight() + e.Field.MinSize().Height
	if e.counter.Visible() {
		height += e.counter.MinSize().Height + 2
	}
	if e.problem.Visible() {
		e.problem.Resize(fyne.NewSize(e.Size().Width, 0)) // to know how many lines it takes
		height += e.problem.MinSize().Height - 8
	}
	return fyne.NewSize(160, height)
}

// Layout implements fyne.WidgetRenderer.
func (r chatEntryRenderer) Layout(size fyne.Size) {
	e := r.entry
	var y float32
	if len(e.hints) > 0 {
		height := e.hintsHeight()
		place(e.box, 0, 0, size.Width, height-4)
		y = 2
		for _, h := range e.hints {
			m := h.MinSize()
			place(h, 2, y, size.Width-4, m.Height)
			y += m.Height
		}
		y = height
	}
	field := e.Field.MinSize().Height
	place(e.Field, 0, y, size.Width-toolHeight-6, field)
	place(e.Send, size.Width-toolHeight, y+field-toolHeight, toolHeight, toolHeight)
	y += field + 2
	if e.counter.Visible() {
		place(e.counter, 0, y, size.Width-toolHeight-6, e.counter.MinSize().Height)
		y += e.counter.MinSize().Height
	}
	place(e.problem, -8, y-8, size.Width+16, e.problem.MinSize().Height)
}

// hintRow is one hint.
type hintRow struct {
	touchable

	hint        ChatHint
	tapped      func()
	ground      *canvas.Rectangle
	text, words *canvas.Text
}

func newHintRow(hint ChatHint, tapped func()) *hintRow {
	r := &hintRow{hint: hint, tapped: tapped, ground: canvas.NewRectangle(nil), text: canvas.NewText(hint.Text, nil), words: canvas.NewText("", nil)}
	r.ExtendBaseWidget(r)
	r.ground.CornerRadius = 6
	r.text.TextStyle.Bold = true
	r.recolour()
	return r
}

func (r *hintRow) recolour() {
	r.ground.FillColor = themed(theme.ColorNameHover)
	r.ground.StrokeColor = themed(theme.ColorNamePrimary)
	r.ground.StrokeWidth = 0
	if r.focused {
		r.ground.StrokeWidth = 2
	}
	show(r.ground, r.hovered || r.focused)
	r.text.TextSize, r.words.TextSize = Scaled(13), Scaled(12)
	r.text.Color, r.words.Color = themed(theme.ColorNameForeground), themed(theme.ColorNamePlaceHolder)
}

// Tapped is called by the window.
func (r *hintRow) Tapped(*fyne.PointEvent) { r.tapped() }

// TypedKey is called by the window.
func (r *hintRow) TypedKey(ev *fyne.KeyEvent) {
	if presses(ev) {
		r.tapped()
		return
	}
	r.unused(ev)
}

// Texts returns the words.
func (r *hintRow) Texts() []string { return []string{r.hint.Text, r.hint.Words} }

// AccessibilityLabel is what the command does.
func (r *hintRow) AccessibilityLabel() string { return r.hint.Text + " " + r.hint.Words }

// AccessibilityRole makes it a button.
func (r *hintRow) AccessibilityRole() fyne.AccessibleRole { return fyne.AccessibleRoleButton }

// CreateRenderer is called by the window.
func (r *hintRow) CreateRenderer() fyne.WidgetRenderer {
	return &renderer{
		objects: []fyne.CanvasObject{r.ground, r.text, r.words}, target: r, refresh: r.recolour,
		minSize: func() fyne.Size { return fyne.NewSize(120, max(30, r.text.MinSize().Height+8)) },
		layout: func(size fyne.Size) {
			place(r.ground, 0, 0, size.Width, size.Height)
			width := r.text.MinSize().Width
			place(r.text, 10, 0, width, size.Height)
			r.words.Text = elide(r.hint.Words, size.Width-width-30, r.words.TextSize, fyne.TextStyle{})
			m := r.words.MinSize()
			place(r.words, size.Width-10-m.Width, 0, m.Width, size.Height)
		},
	}
}
