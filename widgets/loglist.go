package widgets

import (
	"strings"

	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/canvas"
	"fyne.io/fyne/v2/theme"
	"fyne.io/fyne/v2/widget"
)

// LogCapacity is how many rows a LogList keeps: about ten minutes of a tester who clicks all the
// time. The oldest are dropped and counted.
const LogCapacity = 10_000

// LogRow is one row of the log.
type LogRow struct {
	Time   string // "12:03:41.207"
	Mark   string // > call, < result, * event, ! warning
	Text   string // one line
	Detail string // whole text, of any length
	Failed bool
}

// String is the row as it is copied.
func (r LogRow) String() string { return r.Time + " " + r.Mark + " " + r.Text }

// LogList shows the newest rows of a log, and can leave out marks. Only the rows on screen exist as
// objects.
type LogList struct {
	widget.BaseWidget

	OnChosen func(LogRow)

	rows    []LogRow // ring: starts at first when full
	first   int
	dropped int
	marks   string // shown marks; empty: all
	shown   []int  // absolute numbers of the shown rows
	total   int    // rows ever added
	list    *widget.List
	empty   *widget.Label
}

// NewLogList returns an empty list that shows the words while it is empty.
func NewLogList(empty string) *LogList {
	l := &LogList{empty: widget.NewLabel(empty)}
	l.ExtendBaseWidget(l)
	l.empty.Wrapping = fyne.TextWrapWord
	l.empty.Importance = widget.LowImportance
	l.list = widget.NewList(func() int { return len(l.shown) },
		func() fyne.CanvasObject { return newLogLine() },
		func(id widget.ListItemID, o fyne.CanvasObject) { o.(*logLine).set(l.at(l.shown[id])) })
	l.list.HideSeparators = true
	l.list.OnSelected = func(id widget.ListItemID) {
		if l.OnChosen != nil && id < len(l.shown) {
			l.OnChosen(l.at(l.shown[id]))
		}
	}
	return l
}

// Add appends a row, and scrolls to it unless the user looks at older ones.
func (l *LogList) Add(row LogRow) {
	follow := l.atBottom()
	if len(l.rows) < LogCapacity {
		l.rows = append(l.rows, row)
	} else {
		l.rows[l.first] = row
		l.first = (l.first + 1) % LogCapacity
		l.dropped++
		if len(l.shown) > 0 && l.shown[0] < l.dropped {
			l.shown = l.shown[1:]
		}
	}
	if l.matches(row) {
		l.shown = append(l.shown, l.total)
	}
	l.total++
	l.empty.Hide()
	l.list.Refresh()
	if follow {
		l.list.ScrollToBottom()
	}
}

// ShowNewest scrolls to the end, for a list that was not on screen while rows came.
func (l *LogList) ShowNewest() { l.list.ScrollToBottom() }

// atBottom tells whether the newest row can be seen, give or take one.
func (l *LogList) atBottom() bool {
	const rowPitch = logHeight + 4 // with Fyne's padding between rows
	return l.list.GetScrollOffset()+l.list.Size().Height > float32(len(l.shown)-2)*rowPitch
}

// at returns the row with an absolute number that is still kept.
func (l *LogList) at(number int) LogRow {
	return l.rows[(l.first+number-l.dropped)%len(l.rows)]
}

func (l *LogList) matches(row LogRow) bool {
	return l.marks == "" || strings.Contains(l.marks, row.Mark)
}

// SetMarks shows only rows with one of the marks; an empty string shows all.
func (l *LogList) SetMarks(marks string) {
	l.marks = marks
	l.shown = nil
	for n := l.dropped; n < l.total; n++ {
		if l.matches(l.at(n)) {
			l.shown = append(l.shown, n)
		}
	}
	l.list.UnselectAll()
	l.list.Refresh()
	l.list.ScrollToBottom()
}

// Clear forgets all rows.
func (l *LogList) Clear() {
	l.rows, l.first, l.dropped, l.total, l.shown = nil, 0, 0, 0, nil
	l.list.UnselectAll()
	l.list.Refresh()
	l.empty.Show()
}

// Rows returns the newest n kept rows, whatever is shown, oldest first.
func (l *LogList) Rows(n int) []LogRow {
	var rows []LogRow
	for i := max(l.dropped, l.total-n); i < l.total; i++ {
		rows = append(rows, l.at(i))
	}
	return rows
}

// Dropped is how many rows were dropped because the list was full.
func (l *LogList) Dropped() int { return l.dropped }

// Texts returns the words of the empty list; rows are read with Rows.
func (l *LogList) Texts() []string {
	if l.total == 0 {
		return []string{l.empty.Text}
	}
	return nil
}

// CreateRenderer is called by the window.
func (l *LogList) CreateRenderer() fyne.WidgetRenderer {
	return &renderer{
		objects: []fyne.CanvasObject{l.list, l.empty}, target: l,
		minSize: func() fyne.Size { return fyne.NewSize(120, 80) },
		layout: func(size fyne.Size) {
			place(l.list, 0, 0, size.Width, size.Height)
			place(l.empty, 0, 0, size.Width, l.empty.MinSize().Height)
		},
	}
}

// logLine draws one row.
type logLine struct {
	widget.BaseWidget

	row              LogRow
	time, mark, text *canvas.Text
}

const (
	logText   = 12
	logHeight = 20
)

func newLogLine() *logLine {
	l := &logLine{time: canvas.NewText("", nil), mark: canvas.NewText("", nil), text: canvas.NewText("", nil)}
	l.ExtendBaseWidget(l)
	for _, t := range []*canvas.Text{l.time, l.mark, l.text} {
		t.TextSize = logText
		t.TextStyle.Monospace = true
	}
	l.mark.TextStyle.Bold = true
	return l
}

func (l *logLine) set(row LogRow) {
	l.row = row
	l.Refresh()
}

// CreateRenderer is called by the list.
func (l *logLine) CreateRenderer() fyne.WidgetRenderer {
	return &renderer{
		objects: []fyne.CanvasObject{l.time, l.mark, l.text}, target: l, refresh: l.recolour, layout: l.layout,
		minSize: func() fyne.Size { return fyne.NewSize(100, logHeight) },
	}
}

func (l *logLine) recolour() {
	l.time.Text, l.mark.Text = l.row.Time, l.row.Mark
	l.time.Color = themed(theme.ColorNamePlaceHolder)
	l.text.Color = themed(theme.ColorNameForeground)
	switch {
	case l.row.Failed:
		l.mark.Color, l.text.Color = themed(theme.ColorNameError), themed(theme.ColorNameError)
	case l.row.Mark == "<":
		l.mark.Color = themed(theme.ColorNameSuccess)
	case l.row.Mark == "!":
		l.mark.Color = themed(theme.ColorNameWarning)
	default:
		l.mark.Color = themed(theme.ColorNamePrimary)
	}
}

func (l *logLine) layout(size fyne.Size) {
	style := fyne.TextStyle{Monospace: true}
	timeWidth := fyne.MeasureText("00:00:00.000", logText, style).Width
	x := float32(4)
	place(l.time, x, 0, timeWidth, size.Height)
	x += timeWidth + 6
	place(l.mark, x, 0, 10, size.Height)
	x += 14
	l.text.Text = elide(l.row.Text, size.Width-x, logText, style)
	place(l.text, x, 0, size.Width-x, size.Height)
}
