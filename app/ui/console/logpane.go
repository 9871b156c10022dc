package console

import (
	"fmt"
	"path/filepath"
	"strings"

	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/container"

	"parlor/assets"
	"parlor/widgets"
)

// logPane is the log with its filters.
type logPane struct {
	c       *Console
	content *fyne.Container
	choice  *widgets.Tabs
	filter  *widgets.Entry
	pause   *widgets.ToolButton
	note    *widgets.Entry
	older   *widgets.Button
	list    *widgets.LogList
	bar     *logHead
	head    *fyne.Container
}

// The choices of marks, by the place of their tab.
var logMarks = []string{"", "><-", "*"}

func newLogPane(c *Console, host Host) *logPane {
	t := c.texts
	p := &logPane{c: c}
	p.choice = widgets.NewSegments(t.T("api.log.all"), t.T("api.log.calls"), t.T("api.log.events"))
	p.choice.OnChosen = func(i int) {
		c.cfg.Command("api.log.show", map[string]any{"marks": logMarks[i]}, func() { c.view.marks = logMarks[i]; p.replaced() })
	}
	for i, marks := range logMarks {
		if marks == c.view.marks {
			p.choice.Choose(i)
		}
	}
	p.filter = widgets.NewEntry(t.T("api.log.filter"))
	p.filter.SetText(c.view.text)
	p.filter.OnChanged = func(text string) { c.view.text = text; p.replaced() }
	p.note = widgets.NewEntry(t.T("api.log.note"))
	p.note.OnSubmitted = p.noted
	p.note.Hide()
	p.pause = tool(assets.Pause, t.T("api.log.pause"), p.turnPause)
	clearLog, copyLog := tool(assets.Clear, t.T("api.clear"), p.clear), tool(assets.Copy, t.T("api.copy"), p.copy)
	export, note := tool(assets.Download, t.T("api.log.export"), p.export), tool(assets.Note, t.T("api.log.note"), func() {
		c.cfg.Command("api.note", nil, p.showNote)
	})
	p.older = widgets.NewButton("", p.openOlder)
	p.older.Importance = widgetLow
	p.older.Hide()
	p.list = widgets.NewLogList(t.T("api.empty"), func() int { return len(c.view.shown) }, p.at)
	p.list.OnChosen = p.chosen
	for _, e := range []*widgets.Entry{p.filter, p.note} {
		host.Adopt(e)
	}
	for id, o := range map[string]fyne.CanvasObject{
		"api.log": p.list, "api.log.filter": p.filter, "api.log.pause": p.pause, "api.log.clear": clearLog, "api.log.copy": copyLog,
		"api.log.export": export, "api.note": note, "api.note.text": p.note, "api.log.older": p.older,
	} {
		host.Register(id, o)
	}
	for i, id := range []string{"all", "calls", "events"} {
		host.Register("api.log."+id, p.choice.Item(i))
	}
	tools := row(0, note, p.pause, copyLog, export, clearLog)
	p.bar = &logHead{choice: p.choice, filter: p.filter, tools: tools}
	p.head = column(4, container.New(p.bar, p.choice, p.filter, tools), p.note, p.older)
	p.content = container.NewBorder(inset(0, 4, 0, 0, p.head), nil, nil, nil, p.list)
	p.showPause()
	return p
}

// logHead puts choice, filter and tools in one line, or in two where one has no room for them.
type logHead struct {
	choice, filter, tools fyne.CanvasObject
	two                   bool
}

// fit chooses the number of lines for a width.
func (l *logHead) fit(width float32) {
	l.two = width < l.choice.MinSize().Width+widgets.Scaled(96)+l.tools.MinSize().Width+16
}

func (l *logHead) line() float32 {
	return max(l.choice.MinSize().Height, l.filter.MinSize().Height, l.tools.MinSize().Height)
}

func (l *logHead) Layout(_ []fyne.CanvasObject, size fyne.Size) {
	choice, filter, tools, line := l.choice.MinSize(), l.filter.MinSize(), l.tools.MinSize(), l.line()
	x, y := choice.Width+8, float32(0)
	if l.two {
		x, y = 0, choice.Height+4
		put(l.choice, 0, 0, size.Width, choice.Height)
	} else {
		put(l.choice, 0, (line-choice.Height)/2, choice.Width, choice.Height)
	}
	put(l.filter, x, y+(line-filter.Height)/2, size.Width-x-tools.Width-8, filter.Height)
	put(l.tools, size.Width-tools.Width, y+(line-tools.Height)/2, tools.Width, tools.Height)
}

func (l *logHead) MinSize([]fyne.CanvasObject) fyne.Size {
	choice, line := l.choice.MinSize(), l.line()
	if l.two {
		return fyne.NewSize(choice.Width, choice.Height+4+line)
	}
	return fyne.NewSize(choice.Width, line)
}

// at is a row as the list shows it.
func (p *logPane) at(i int) widgets.LogRow {
	r := p.c.journal.row(p.c.view.shown[i])
	if r == nil {
		return widgets.LogRow{}
	}
	return widgets.LogRow{Time: r.clock(), Mark: string(r.Mark), Text: r.Text, Note: r.Time, Failed: r.Failed}
}

func (p *logPane) chosen(i int) {
	r := p.c.journal.row(p.c.view.shown[i])
	if r == nil {
		return
	}
	shown := *r
	p.c.cfg.Command("api.row", map[string]any{"at": shown.clock()}, func() { p.c.page.openRow(shown) })
}

// changed shows rows that came, or that say something else.
func (p *logPane) changed() {
	if p.c.visible {
		p.list.Changed()
	}
	p.showPause()
	p.showOlder()
}

func (p *logPane) replaced() {
	p.c.view.choose(&p.c.journal)
	p.list.Replaced()
}

func (p *logPane) showPause() {
	t := p.c.texts
	if !p.c.view.paused {
		p.pause.Set(assets.Pause, "", widgets.LookFlat)
		p.pause.SetTip(t.T("api.log.pause"))
		p.filter.SetPlaceHolder(t.T("api.log.filter"))
		return
	}
	p.pause.Set(assets.Play, "", widgets.LookActive)
	p.pause.SetTip(t.T("api.log.go"))
	p.filter.SetPlaceHolder(t.T("api.log.fresh", p.c.view.fresh(&p.c.journal)))
}

func (p *logPane) showOlder() {
	older := p.c.journal.first
	if spill := p.c.journal.spill; spill != nil && spill.rows.Load() > 0 {
		words := p.c.texts.T("api.log.older", spill.rows.Load(), spill.path)
		if lost := spill.lost.Load(); lost > 0 {
			words += "  " + p.c.texts.T("api.log.lost", lost)
		}
		p.older.SetText(words)
		show(p.older, true)
		return
	}
	show(p.older, older > 0 && p.c.journal.spill == nil)
	if p.older.Visible() {
		p.older.SetText(p.c.texts.T("api.log.lost", older))
	}
}

func (p *logPane) openOlder() {
	if spill := p.c.journal.spill; spill != nil {
		p.c.cfg.Command("api.log.older", nil, func() { p.c.cfg.Open(spill.path) })
	}
}

func (p *logPane) turnPause() {
	p.c.cfg.Command("api.log.pause", map[string]any{"on": !p.c.view.paused}, func() {
		p.c.view.pause(!p.c.view.paused, &p.c.journal)
		p.showPause()
		p.list.Replaced()
	})
}

// clear empties the log; the row of the action stays.
func (p *logPane) clear() {
	p.c.journal.clear()
	p.c.view.pause(false, &p.c.journal)
	p.c.cfg.Command("api.log.clear", nil, p.replaced)
}

func (p *logPane) copy() {
	var b strings.Builder
	for _, number := range p.c.view.shown {
		if r := p.c.journal.row(number); r != nil {
			fmt.Fprintln(&b, *r)
		}
	}
	p.c.cfg.Command("api.log.copy", nil, func() { p.c.cfg.Copy(b.String()) })
}

// export writes all rows at hand to a file, whatever is shown.
func (p *logPane) export() {
	c := p.c
	path := filepath.Join(c.cfg.Folder, "export-"+c.cfg.Now().Format("20060102-150405")+".jsonl")
	c.cfg.Command("api.log.export", map[string]any{"path": path}, func() {
		rows := c.journal.newest(journalCapacity + journalBatch)
		c.cfg.Background(func() func() {
			err := writeRowsTo(path, rows)
			return func() {
				if err != nil {
					c.Write(Warning, err.Error())
					return
				}
				c.Write(Note, c.texts.T("api.log.exported", len(rows), path))
			}
		})
	})
}

// showNote shows the field for a note.
func (p *logPane) showNote() {
	show(p.note, true)
	p.head.Refresh()
	p.content.Refresh()
	if canvas := fyne.CurrentApp().Driver().CanvasForObject(p.note); canvas != nil {
		canvas.Focus(p.note)
	}
}

func (p *logPane) noted(words string) {
	p.note.SetText("")
	show(p.note, false)
	p.head.Refresh()
	p.content.Refresh()
	if words = strings.TrimSpace(words); words != "" {
		p.c.Write(Note, words)
	}
}
