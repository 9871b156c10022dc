package console

import (
	"fmt"
	"math"
	"strconv"

	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/container"
	"fyne.io/fyne/v2/widget"

	"parlor/widgets"
)

// expectPane is where expectations are written, and their lamps.
type expectPane struct {
	c       *Console
	host    Host
	content *fyne.Container

	text, count, seconds *widgets.Entry
	compare              *widgets.Select
	wrong                *widget.Label
	lamps                []*widgets.Lamp
	box                  *fyne.Container
	empty                *widget.Label
}

func newExpectPane(c *Console, host Host) *expectPane {
	t := c.texts
	p := &expectPane{c: c, host: host, wrong: caption(""), box: column(2), empty: caption(t.T("api.expect.empty"))}
	p.wrong.Importance = widget.DangerImportance
	p.wrong.Hide()
	p.text, p.count, p.seconds = widgets.NewEntry("onRtcChatMembersChanged"), widgets.NewEntry(""), widgets.NewEntry("")
	p.count.SetText("1")
	p.seconds.SetText("10")
	p.compare = widgets.NewSelect([]string{t.T("api.expect.atleast"), t.T("api.expect.exactly")}, nil)
	p.compare.SetSelectedIndex(0)
	p.text.OnSubmitted = func(string) { p.add() }
	add := widgets.NewButton(t.T("api.expect.add"), p.add)
	again := widgets.NewButton(t.T("api.expect.again"), func() {
		c.cfg.Command("api.expect.again", nil, func() { c.expects.restart(c.cfg.Now()); p.build(); c.arm() })
	})
	save := widgets.NewButton(t.T("api.expect.save"), p.save)
	clearAll := widgets.NewButton(t.T("api.expect.clear"), func() {
		c.cfg.Command("api.expect.clear", nil, func() { c.expects.lamps = nil; p.build() })
	})
	for _, e := range []*widgets.Entry{p.text, p.count, p.seconds} {
		host.Adopt(e)
	}
	for id, o := range map[string]fyne.CanvasObject{
		"api.expect.text": p.text, "api.expect.count": p.count, "api.expect.seconds": p.seconds, "api.expect.compare": p.compare,
		"api.expect.add": add, "api.expect.again": again, "api.expect.save": save, "api.expect.clear": clearAll,
	} {
		host.Register(id, o)
	}
	numbers := container.NewBorder(nil, nil, row(4, wide(110, p.compare), wide(52, p.count),
		widget.NewLabel(t.T("api.expect.in")), wide(56, p.seconds), widget.NewLabel("s")), nil, nil)
	head := column(4, p.text, numbers, p.wrong, container.NewGridWithColumns(2, add, again))
	foot := container.NewGridWithColumns(2, save, clearAll)
	p.content = container.NewBorder(inset(0, 6, 0, 0, head), inset(6, 0, 0, 0, foot), nil, nil, container.NewVScroll(p.box))
	p.build()
	return p
}

// read returns what is typed.
func (p *expectPane) read() Expectation {
	count, err := strconv.Atoi(p.count.Text)
	if err != nil {
		count = -1
	}
	seconds, err := strconv.ParseFloat(p.seconds.Text, 64)
	if err != nil {
		seconds = math.NaN()
	}
	return Expectation{Text: p.text.Text, Count: count, Exactly: p.compare.SelectedIndex() == 1, Seconds: seconds}
}

func (p *expectPane) add() {
	t, e := p.c.texts, p.read()
	words := ""
	switch e.check() {
	case "text":
		words = t.T("api.expect.wrong.text")
	case "count":
		words = t.T("api.expect.wrong.count")
	case "seconds":
		words = t.T("api.expect.wrong.seconds")
	}
	if words == "" {
		params := map[string]any{"text": e.Text, "count": e.Count, "exactly": e.Exactly, "seconds": e.Seconds}
		p.c.cfg.Command("api.expect", params, func() {
			if !p.c.expects.add(e, p.c.cfg.Now()) {
				words = t.T("api.expect.wrong.many", maxExpectations)
			}
			p.build()
			p.c.arm()
		})
	}
	p.wrong.SetText(words)
	show(p.wrong, words != "")
	p.content.Refresh()
}

func (p *expectPane) save() {
	p.c.cfg.Command("api.expect.save", nil, func() {
		p.c.cfg.Preferences.SetString(preferenceExpectations, string(jsonOf(p.c.expects.list())))
		p.c.Write(Note, p.c.texts.T("api.expect.saved", len(p.c.expects.lamps)))
	})
}

// build makes the lamps anew.
func (p *expectPane) build() {
	for i := range p.lamps {
		p.host.Register(fmt.Sprintf("api.expect.%d.remove", i), nil)
	}
	p.lamps, p.box.Objects = nil, nil
	for i, l := range p.c.expects.lamps {
		lamp := widgets.NewLamp(p.words(l.Expectation), p.c.texts.T("api.expect.remove"))
		lamp.OnRemoved = func() {
			p.c.cfg.Command("api.expect.remove", map[string]any{"text": l.Text}, func() { p.remove(l) })
		}
		p.host.Register(fmt.Sprintf("api.expect.%d.remove", i), lamp.Remove())
		p.lamps = append(p.lamps, lamp)
		p.box.Add(lamp)
	}
	if len(p.lamps) == 0 {
		p.box.Add(p.empty)
	}
	p.show()
	p.box.Refresh()
}

func (p *expectPane) remove(gone *lamp) {
	for i, l := range p.c.expects.lamps {
		if l == gone {
			p.c.expects.lamps = append(p.c.expects.lamps[:i:i], p.c.expects.lamps[i+1:]...)
			break
		}
	}
	p.build()
}

func (p *expectPane) words(e Expectation) string {
	if e.Exactly {
		return p.c.texts.T("api.expect.words.exactly", e.Text, e.Count, e.Seconds)
	}
	return p.c.texts.T("api.expect.words", e.Text, e.Count, e.Seconds)
}

// show brings the lamps up to date.
func (p *expectPane) show() {
	if len(p.lamps) != len(p.c.expects.lamps) {
		return // about to be built
	}
	now := p.c.cfg.Now()
	for i, l := range p.c.expects.lamps {
		note := fmt.Sprintf("%d / %d", l.seen, l.Count)
		reason := ""
		if l.state == lampWaiting {
			note += fmt.Sprintf("   %.1f s", l.left(now).Seconds())
		}
		if l.state == lampRed {
			reason = p.c.texts.T("api.expect.reason", l.seen)
		}
		p.lamps[i].Set(widgets.LampState(l.state), note, reason)
	}
}
