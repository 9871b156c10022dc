package console

import (
	"fmt"
	"strings"

	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/container"
	"fyne.io/fyne/v2/layout"
	"fyne.io/fyne/v2/theme"
	"fyne.io/fyne/v2/widget"

	"parlor/app/bridge"
	"parlor/assets"
	"parlor/widgets"
)

// widgetLow is how unimportant buttons look.
const widgetLow = widget.LowImportance

// pane names a part of the page that shares its place with others.
type pane uint8

const (
	paneLog pane = iota // has a place of its own on wide pages
	paneState
	paneRow
	paneExpect
	panePeers
	paneFaults
	paneScript
	paneCount
)

// narrowPanes is the first pane for which a narrow page has no room: those from here on are on the page of their own.
const narrowPanes = panePeers

var paneNames = [paneCount]string{"log", "state", "row", "expect", "peers", "faults", "script"}

// The widths from which the page has two and three columns, at the normal text size, in units.
const (
	roomy        = 500 // one column, but a page of its own
	twoColumns   = 760
	threeColumns = 1080
)

// page is the widgets of a Console. A narrow page shows a list of choices, the form and one pane below each other; one of
// middle width has the list of methods at the left; a wide one has a third column for the panes.
type page struct {
	c       *Console
	content *fyne.Container

	head    *fyne.Container
	title   *widget.Label
	mode    *widgets.Tabs
	status  *widget.Label
	bundle  *widgets.Button
	find    *widgets.Entry
	methods *widgets.MethodList
	pick    *widgets.Select
	call    *callPane
	log     *logPane
	state   *statePane
	detail  *widgets.Entry
	rowPane *fyne.Container
	expect  *expectPane
	peers   *peersPane
	faults  *faultsPane
	script  *scriptPane

	panes  [paneCount]fyne.CanvasObject
	tabs   *widgets.Tabs // of all panes
	aside  *widgets.Tabs // of all but the log
	chosen pane

	top, left, right, middle *hairline
	columns                  int // that there are now
	host                     Host
}

func newPage(c *Console, host Host) *page {
	p := &page{c: c, host: host}
	p.newHead(host)
	p.newMethods(host)
	p.call, p.log = newCallPane(c, host), newLogPane(c, host)
	p.state, p.expect = newStatePane(c, host), newExpectPane(c, host)
	p.peers, p.faults, p.script = newPeersPane(c, host), newFaultsPane(c, host), newScriptPane(c, host)
	p.newDetail(host)
	p.panes = [paneCount]fyne.CanvasObject{
		p.log.content, p.state.content, p.rowPane, p.expect.content, p.peers.content, p.faults.content, p.script.content,
	}
	p.newTabs()
	p.arrange()
	return p
}

func (p *page) newHead(host Host) {
	c, t := p.c, p.c.texts
	p.title = bold(t.T("api.title"))
	p.title.SizeName = theme.SizeNameSubHeadingText
	p.title.Truncation = fyne.TextTruncateOff
	p.mode = widgets.NewSegments(t.T("api.mode.strict"), t.T("api.mode.raw"))
	p.mode.OnChosen = func(i int) {
		c.cfg.Command("api.mode", map[string]any{"mode": [...]string{"strict", "raw"}[i]}, func() {
			c.cfg.SetMode(i == 1)
		})
	}
	p.status = caption("")
	p.status.Wrapping, p.status.Truncation = fyne.TextWrapOff, fyne.TextTruncateEllipsis
	p.status.Importance = widget.WarningImportance
	p.bundle = widgets.NewIconButton(t.T("api.bundle"), assets.Icon(assets.Download, theme.ColorNameForeground), func() {
		c.cfg.Call("x-bundle", []byte("{}"))
	})
	host.Register("api.mode", p.mode)
	host.Register("api.mode.strict", p.mode.Item(0))
	host.Register("api.mode.raw", p.mode.Item(1))
	host.Register("api.bundle", p.bundle)
	host.Register("api.status", p.status)
	show(p.bundle, c.cfg.Lab)
	p.head = container.NewBorder(nil, nil, row(12, inset(0, 0, -8, 0, p.title), container.NewCenter(p.mode)),
		container.NewCenter(p.bundle), container.NewVBox(layout.NewSpacer(), p.status, layout.NewSpacer()))
}

func (p *page) newMethods(host Host) {
	c, t := p.c, p.c.texts
	var rows []widgets.Method
	var names []string
	var group bridge.Group
	for _, m := range c.methods {
		if m.Group != group {
			group = m.Group
			rows = append(rows, widgets.Method{Heading: c.groupWords(group)})
		}
		r := widgets.Method{Name: m.Name}
		if s, ok := switchOf(m); ok && len(s.Enum) == 2 && s.Name == "state" {
			r.Chips = []string{fmt.Sprint(s.Enum[1]), fmt.Sprint(s.Enum[0])}
		}
		rows = append(rows, r)
		names = append(names, m.Name)
	}
	choose := func(name string) {
		c.cfg.Command("api.choose", map[string]any{"method": name}, func() { c.choose(name) })
	}
	p.methods = widgets.NewMethodList(rows)
	p.methods.OnChosen = choose
	p.methods.OnCalled = func(string) { c.Run() }
	p.methods.OnChip = c.chip
	p.pick = widgets.NewSelect(names, choose)
	p.find = widgets.NewEntry(t.T("api.find"))
	p.find.OnChanged = p.methods.SetFilter
	host.Adopt(p.find)
	host.Register("api.find", p.find)
	host.Register("api.method", p.pick)
	host.Register("api.methods", p.methods)
	for _, m := range rows {
		if m.Name == "" {
			continue
		}
		host.Register("api."+m.Name, p.methods.Row(m.Name))
		for i, word := range m.Chips {
			host.Register("api."+m.Name+"."+word, p.methods.Chip(m.Name, i))
		}
		p.methods.SetState(m.Name, c.states[m.Name])
	}
}

func (p *page) newDetail(host Host) {
	p.detail = widgets.NewLines(p.c.texts.T("api.row.empty"), 3)
	p.detail.TextStyle.Monospace = true
	host.Adopt(p.detail)
	host.Register("api.detail", p.detail)
	copyDetail := widgets.NewButton(p.c.texts.T("api.row.copy"), func() {
		p.c.cfg.Command("api.row.copy", nil, func() { p.c.cfg.Copy(p.detail.Text) })
	})
	host.Register("api.detail.copy", copyDetail)
	p.rowPane = container.NewBorder(nil, inset(6, 0, 0, 0, copyDetail), nil, nil, p.detail)
}

func (p *page) newTabs() {
	t := p.c.texts
	words := []string{
		t.T("api.pane.log"), t.T("api.pane.state"), t.T("api.pane.row"), t.T("api.pane.expect"), t.T("api.pane.peers"),
		t.T("api.pane.faults"), t.T("api.pane.script"),
	}
	if !p.c.cfg.Lab {
		words = words[:panePeers]
	}
	choose := func(which pane) {
		p.c.cfg.Command("api.pane", map[string]any{"pane": paneNames[which]}, func() { p.openPane(which) })
	}
	p.tabs, p.aside = widgets.NewTabs(words...), widgets.NewTabs(words[1:]...)
	p.tabs.OnChosen = func(i int) { choose(pane(i)) }
	p.aside.OnChosen = func(i int) { choose(pane(i) + 1) }
}

// registerTabs gives the tabs that are on the screen their ids.
func (p *page) registerTabs() {
	for i := range p.panes {
		switch tabs := p.tabs.Objects(); {
		case i >= len(tabs):
		case p.columns < 3:
			p.host.Register("api.pane."+paneNames[i], tabs[i])
		case i > 0:
			p.host.Register("api.pane."+paneNames[i], p.aside.Item(i-1))
		default:
			p.host.Register("api.pane."+paneNames[i], nil)
		}
	}
}

// openPane shows a pane in the place that panes share.
func (p *page) openPane(which pane) {
	p.chosen = which
	p.tabs.Choose(int(which))
	if which > paneLog {
		p.aside.Choose(int(which) - 1)
	}
	p.content.Refresh()
	p.state.update()
}

// takeNote shows the log with the field for a note.
func (p *page) takeNote() {
	if p.columns < 3 {
		p.openPane(paneLog)
	}
	p.log.showNote()
}

// openRow shows the whole of a row of the log.
func (p *page) openRow(r Row) {
	text := r.Text
	if r.Detail != "" {
		text += "\n\n" + indented(r.Detail)
	}
	p.detail.SetText(r.clock() + " " + string(r.Mark) + "\n" + text)
	p.openPane(paneRow)
}

// show brings everything up to date.
func (p *page) show() {
	p.mode.Choose(0)
	if p.c.situation.Raw {
		p.mode.Choose(1)
	}
	p.showMethods()
	p.showHead()
	p.faults.show()
	p.log.showOlder()
}

// showMethods marks what cannot be called now.
func (p *page) showMethods() {
	p.methods.SetDisabled(func(name string) bool {
		m, _ := p.c.method(name)
		return !p.c.situation.Raw && outOfOrder(m, p.c.situation) != ""
	})
	for i, m := range p.c.methods {
		if m.Name == p.c.chosen {
			p.pick.Set(p.pick.Options, i)
		}
	}
}

func (p *page) showHead() {
	var words []string
	if f := p.c.faults.Words(p.c.texts); f != "" {
		words = append(words, f)
	}
	if n := len(p.c.peers); n > 0 {
		words = append(words, p.c.texts.T("api.peers.count", n))
	}
	p.status.SetText(strings.Join(words, "   "))
}
