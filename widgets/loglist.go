package widgets

import (
	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/canvas"
	"fyne.io/fyne/v2/theme"
	"fyne.io/fyne/v2/widget"
)

// LogRow is one row of a LogList.
type LogRow struct {
	Time   string // "12:03:41.207"
	Mark   string // > call, - step, < result, * event, ! warning, # note
	Text   string // one line
	Note   string // at the right end, such as how long a call takes
	Failed bool
}

// LogList shows rows that somebody else keeps. Only those on screen exist as objects. Arrow keys move, Enter and Space choose.
type LogList struct {
	widget.BaseWidget

	OnChosen func(i int)

	length func() int
	drawn  int // rows, when they were drawn last
	list   *keyedList
	empty  *widget.Label
}

// NewLogList returns a list of length() rows; it shows the words while there are none.
func NewLogList(empty string, length func() int, at func(i int) LogRow) *LogList {
	l := &LogList{length: length, empty: widget.NewLabel(empty)}
	l.ExtendBaseWidget(l)
	l.empty.Wrapping = fyne.TextWrapWord
	l.empty.Importance = widget.LowImportance
	l.list = newKeyedList(length, func() fyne.CanvasObject { return newLogLine() },
		func(i int, o fyne.CanvasObject) {
			if i < length() { // it may have become shorter since the list was laid out
				o.(*logLine).set(at(i))
			}
		})
	l.list.OnSelected = func(i widget.ListItemID) {
		if l.OnChosen != nil && i < length() {
			l.OnChosen(i)
		}
	}
	return l
}

// List is the list with the focus.
func (l *LogList) List() fyne.CanvasObject { return l.list }

// SetOnUnusedKey implements Keyed.
func (l *LogList) SetOnUnusedKey(f func(*fyne.KeyEvent)) { l.list.SetOnUnusedKey(f) }

// Changed draws the rows anew. A list that stood at its end goes on to the end, unless the user looks at older rows.
func (l *LogList) Changed() {
	follow := l.AtEnd()
	l.draw()
	if follow {
		l.list.ScrollToBottom()
	}
}

// Replaced is Changed for other rows than before: nothing is chosen, and the end is shown.
func (l *LogList) Replaced() {
	l.list.UnselectAll()
	l.ShowNewest()
}

// ShowNewest draws the rows anew and scrolls to the end.
func (l *LogList) ShowNewest() {
	l.draw()
	l.list.ScrollToBottom()
}

func (l *LogList) draw() {
	l.drawn = l.length()
	show(l.empty, l.drawn == 0)
	l.list.Refresh()
}

// AtEnd tells whether the newest row can be seen, give or take one.
func (l *LogList) AtEnd() bool {
	pitch := logHeight() + theme.Padding()
	return l.list.GetScrollOffset()+l.list.Size().Height > float32(l.drawn-2)*pitch
}

// Texts returns the words of the empty list.
func (l *LogList) Texts() []string {
	if l.length() == 0 {
		return []string{l.empty.Text}
	}
	return nil
}

// Objects are the parts, for walking the tree.
func (l *LogList) Objects() []fyne.CanvasObject { return []fyne.CanvasObject{l.list} }

// CreateRenderer is called by the window.
func (l *LogList) CreateRenderer() fyne.WidgetRenderer {
	return &renderer{
		objects: []fyne.CanvasObject{l.list, l.empty}, target: l,
		minSize: func() fyne.Size { return fyne.NewSize(120, 3*logHeight()) },
		layout: func(size fyne.Size) {
			follow := l.AtEnd() // with the size that it had
			place(l.list, 0, 0, size.Width, size.Height)
			if follow {
				l.list.ScrollToBottom()
			}
			place(l.empty, 0, 0, size.Width, l.empty.MinSize().Height)
		},
	}
}

// logLine draws one row.
type logLine struct {
	widget.BaseWidget

	row                    LogRow
	time, mark, text, note *canvas.Text
}

func logSize() float32   { return Scaled(12) }
func logHeight() float32 { return Scaled(20) }

func newLogLine() *logLine {
	l := &logLine{time: canvas.NewText("", nil), mark: canvas.NewText("", nil), text: canvas.NewText("", nil), note: canvas.NewText("", nil)}
	l.ExtendBaseWidget(l)
	for _, t := range []*canvas.Text{l.time, l.mark, l.text, l.note} {
		t.TextStyle.Monospace = true
	}
	l.mark.TextStyle.Bold = true
	return l
}

func (l *logLine) set(row LogRow) {
	if l.row != row {
		l.row = row
		l.Refresh()
	}
}

// CreateRenderer is called by the list.
func (l *logLine) CreateRenderer() fyne.WidgetRenderer {
	return &renderer{
		objects: []fyne.CanvasObject{l.time, l.mark, l.text, l.note}, target: l, refresh: l.recolour, layout: l.layout,
		minSize: func() fyne.Size { return fyne.NewSize(100, logHeight()) },
	}
}

func (l *logLine) recolour() {
	l.time.Text, l.mark.Text, l.note.Text = l.row.Time, l.row.Mark, l.row.Note
	for _, t := range []*canvas.Text{l.time, l.mark, l.text, l.note} {
		t.TextSize = logSize()
	}
	l.time.Color, l.note.Color = themed(theme.ColorNamePlaceHolder), themed(theme.ColorNamePlaceHolder)
	l.text.Color = themed(theme.ColorNameForeground)
	switch {
	case l.row.Failed:
		l.mark.Color, l.text.Color = themed(theme.ColorNameError), themed(theme.ColorNameError)
	case l.row.Mark == "<":
		l.mark.Color = themed(theme.ColorNameSuccess)
	case l.row.Mark == "!":
		l.mark.Color, l.text.Color = themed(theme.ColorNameWarning), themed(theme.ColorNameWarning)
	case l.row.Mark == "-":
		l.mark.Color, l.text.Color = themed(theme.ColorNamePlaceHolder), themed(theme.ColorNamePlaceHolder)
	default:
		l.mark.Color = themed(theme.ColorNamePrimary)
	}
}

func (l *logLine) layout(size fyne.Size) {
	style, text := fyne.TextStyle{Monospace: true}, logSize()
	timeWidth := fyne.MeasureText("00:00:00.000", text, style).Width
	x := float32(4)
	if size.Width < 5*timeWidth { // narrow: the text matters more
		timeWidth = fyne.MeasureText("00:00:00", text, style).Width
		l.time.Text = l.row.Time[:min(len(l.row.Time), len("00:00:00"))]
	} else {
		l.time.Text = l.row.Time
	}
	place(l.time, x, 0, timeWidth, size.Height)
	x += timeWidth + 6
	place(l.mark, x, 0, Scaled(10), size.Height)
	x += Scaled(14)
	right := size.Width
	if l.row.Note != "" {
		width := fyne.MeasureText(l.row.Note, text, style).Width
		right -= width + 4
		place(l.note, right, 0, width, size.Height)
		right -= 8
	}
	l.text.Text = elide(l.row.Text, right-x, text, style)
	place(l.text, x, 0, right-x, size.Height)
}
