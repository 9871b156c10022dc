package ui

import (
	"net/url"
	"strings"

	"fyne.io/fyne/v2/widget"

	"parlor/widgets"
)

// network is the server. A choice applies from the next start on.
func (s *settingsScreen) network(f *settingsForm) {
	w, t := s.w, s.w.texts
	f.text(t.T("set.server.now"), func() string {
		if w.cfg.Embedded {
			return t.T("set.embedded", w.cfg.Server)
		}
		return first(w.cfg.Server, "-")
	})
	if w.cfg.Listen != "" {
		f.text(t.T("set.server.listens"), func() string { return w.cfg.Listen })
	}
	f.text("appId", func() string { return first(w.cfg.AppID, "-") })
	f.heading(t.T("set.server.next"))
	where := widgets.NewSegments(t.T("set.server.own"), t.T("set.server.other"))
	address, app, key := widgets.NewEntry("https://parlor.example.com"), widgets.NewEntry(t.T("set.server.app")), widgets.NewEntry(t.T("set.server.key"))
	key.Password = true
	for id, e := range map[string]*widgets.Entry{"address": address, "appId": app, "appKey": key} {
		w.adopt(e)
		w.register("set.network."+id, e)
	}
	w.register("set.network.own", where.Item(0))
	w.register("set.network.other", where.Item(1))
	told := f.note("")
	told.Importance = widget.MediumImportance
	save := widgets.NewButton(t.T("set.server.save"), nil)
	save.Importance = widget.HighImportance
	w.register("set.network.save", save)
	f.rows.Add(where)
	f.row(t.T("set.address"), address, "")
	f.row("appId", app, "")
	f.row(t.T("set.server.appKey"), key, t.T("set.server.key.note"))
	f.buttons("", save)
	f.rows.Add(told)
	show := func() {
		for _, e := range []*widgets.Entry{address, app, key} {
			setDisabled(e, where.Chosen() == 0)
		}
	}
	where.OnChosen = func(int) { show() }
	show()
	save.OnTapped = func() {
		choice := ServerChoice{}
		if where.Chosen() == 1 {
			choice = ServerChoice{strings.TrimRight(strings.TrimSpace(address.Text), "/"), strings.TrimSpace(app.Text), strings.TrimSpace(key.Text)}
			if problem := w.checkChoice(choice); problem != "" {
				told.SetText(problem)
				return
			}
		}
		w.command("settings.network.server", map[string]any{"server": first(choice.URL, "embedded"), "appId": choice.AppID}, func() {
			if err := w.cfg.Machine.SaveServer(choice); err != nil {
				told.SetText(t.T("set.server.failed", err.Error()))
				return
			}
			told.SetText(t.T("set.server.saved"))
		})
	}
}

// checkChoice says what is wrong with a choice of a server, "" for nothing.
func (w *Window) checkChoice(c ServerChoice) string {
	u, err := url.Parse(c.URL)
	switch {
	case err != nil || u.Scheme != "http" && u.Scheme != "https" || u.Host == "":
		return w.texts.T("set.server.wrong")
	case !widgets.ValidID(c.AppID):
		return w.texts.T("set.server.appWrong")
	}
	return ""
}
