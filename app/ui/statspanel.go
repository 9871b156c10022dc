package ui

import (
	"fmt"
	"os"
	"path/filepath"

	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/container"
	"fyne.io/fyne/v2/theme"
	"fyne.io/fyne/v2/widget"

	"parlor/app/room"
	"parlor/app/ui/console"
	"parlor/assets"
	"parlor/media"
	"parlor/widgets"
)

// statsPanel is the lower part of the stage with the figures of all streams and how the connection went.
type statsPanel struct {
	w       *Window
	content *fyne.Container
	titles  []string
	rows    [][]string
	table   *widgets.FigureTable
	rate    *widgets.LineChart
	loss    *widgets.LineChart
	rtt     *widgets.LineChart
}

func newStatsPanel(w *Window) *statsPanel {
	t := w.texts
	p := &statsPanel{w: w, titles: []string{
		t.T("stats.stream"), t.T("stats.rate"), t.T("stats.loss"), t.T("stats.jitter"), t.T("stats.delay"), t.T("stats.picture"),
		t.T("stats.codec"), t.T("stats.drops"),
	}}
	p.table = widgets.NewFigureTable(p.titles...)
	p.rate = widgets.NewLineChart(t.T("stats.rate.chart"), historySeconds)
	p.loss = widgets.NewLineChart(t.T("stats.loss"), historySeconds)
	p.rtt = widgets.NewLineChart("RTT", historySeconds)
	title := widget.NewLabel(t.T("stats.title"))
	title.TextStyle.Bold = true
	button := func(id, label string, icon assets.IconName, run func()) fyne.CanvasObject {
		b := widgets.NewIconButton(label, assets.Icon(icon, theme.ColorNameForeground), run)
		w.register("room.stats."+id, b)
		return b
	}
	shut := widgets.NewToolButton(assets.Close, "", w.showStatistics)
	shut.SetLook(widgets.LookFlat)
	shut.SetTip(t.T("banner.close"))
	w.register("room.stats.close", shut)
	buttons := row(6, button("mark", t.T("stats.mark"), assets.Flag, p.mark), button("copy", t.T("stats.copy"), assets.Copy, p.copy),
		button("export", t.T("stats.export"), assets.Download, p.export), container.NewCenter(shut))
	head := container.NewBorder(nil, nil, inset(0, 0, -8, 0, title), buttons)
	charts := container.NewGridWithColumns(3, p.rate, p.loss, p.rtt)
	top := column(6, head, charts)
	rows := container.NewScroll(p.table)
	p.content = container.NewStack(newSurface(), inset(4, 8, 12, 12, container.NewBorder(top, nil, nil, nil, inset(6, 0, 0, 0, rows))))
	return p
}

// newSurface is the ground of a panel.
func newSurface() fyne.CanvasObject {
	ground := newLine(theme.ColorNameHeaderBackground)
	ground.radius = 8
	return ground
}

// show brings the panel up to date with the newest figures.
func (p *statsPanel) show() {
	r, t := &p.w.room.rates, p.w.texts
	if !p.content.Visible() {
		return
	}
	p.rows = p.rows[:0:0]
	for _, f := range r.streams {
		name := t.T("stats.own", sourceWord(t, f.key.source))
		if f.User != "" {
			name = string(f.User) + " · " + sourceWord(t, f.key.source)
		}
		p.rows = append(p.rows, f.row(name))
	}
	p.table.SetRows(p.rows)
	var up, down, loss, rtt []float64
	for _, s := range r.history {
		up, down, loss, rtt = append(up, s.Up), append(down, s.Down), append(loss, s.Loss), append(rtt, s.RTT)
	}
	p.rate.Set("↓ "+bitRate(r.down)+"  ↑ "+bitRate(r.up), 100e3, down, up)
	p.loss.Set(fmt.Sprintf("%.1f %%", r.loss), 5, loss)
	p.rtt.Set(fmt.Sprintf("%.0f ms", r.rtt), 50, rtt)
}

// sourceWord names what a stream is of.
func sourceWord(t *assets.Texts, source media.Source) string {
	switch source {
	case media.Microphone:
		return t.T("stats.source.microphone")
	case media.Camera:
		return t.T("stats.source.camera")
	case media.Screen:
		return t.T("stats.source.screen")
	}
	return t.T("stats.source.screenaudio")
}

// showStatistics opens the panel of statistics, or closes it. Outside of a room there is nothing to measure.
func (w *Window) showStatistics() {
	open := w.state.inRoom() && !(w.state.layout.panel && w.state.page == pageRoom)
	w.command("stats.panel", map[string]any{"show": open}, func() {
		if !w.state.inRoom() {
			w.toast(w.texts.T("stats.outside"))
			return
		}
		if open != w.state.layout.panel {
			w.send(panelTapped{})
		}
		if open && w.state.page != pageRoom {
			w.send(pageChosen{pageRoom})
		}
	})
}

// toggleFigures shows or hides the statistics on a tile; the zero key means all tiles.
func (w *Window) toggleFigures(key tileKey) {
	params := map[string]any{}
	if key != (tileKey{}) {
		params = key.params()
	}
	w.command("stats.tiles", params, func() { w.send(figuresTapped{key}) })
}

// mark puts a note with the present figures into the log, to be found again later.
func (p *statsPanel) mark() {
	r := &p.w.room.rates
	p.w.command("stats.mark", nil, func() {
		words := fmt.Sprintf("%s: up %s, down %s, RTT %.0f ms, loss %.1f %%", p.w.texts.T("stats.marked"), bitRate(r.up), bitRate(r.down), r.rtt, r.loss)
		p.w.console.Write(console.Note, words)
	})
}

func (p *statsPanel) copy() {
	p.w.command("stats.copy", nil, func() { p.w.copy(p.w.room.rates.text(p.titles, p.rows)) })
}

// export writes the last minute to a file, away from the UI goroutine, and tells where it is.
func (p *statsPanel) export() {
	w := p.w
	name := "parlor-statistics-" + w.now().Format("20060102-150405") + ".jsonl"
	w.command("stats.export", map[string]any{"file": name}, func() {
		data := w.room.rates.jsonLines()
		w.wait.Go(func() {
			path, err := saveFile(name, data)
			w.post(func() {
				if err != nil {
					w.log.Error("statistics", "error", err)
					w.toast(w.texts.T("stats.export.failed", err.Error()))
					return
				}
				w.toast(w.texts.T("stats.exported", path))
			})
		})
	})
}

// saveFile writes a file into the folder of downloads, or into the home folder when there is none, and returns its path.
func saveFile(name string, data []byte) (string, error) {
	folder, err := os.UserHomeDir()
	if err != nil {
		return "", fmt.Errorf("folder for %s: %w", name, err)
	}
	if downloads := filepath.Join(folder, "Downloads"); isFolder(downloads) {
		folder = downloads
	}
	path := filepath.Join(folder, name)
	if err := os.WriteFile(path, data, 0o600); err != nil {
		return "", err
	}
	return path, nil
}

func isFolder(path string) bool {
	info, err := os.Stat(path)
	return err == nil && info.IsDir()
}

// showFigures puts the statistics on the tiles that want them.
func (s *tileStage) showFigures(r *rates) {
	for key, t := range s.tiles {
		var lines []string
		if s.w.state.layout.shows(key) && !t.tile.blank {
			lines = r.lines(t.tile, t.rate)
		}
		t.view.SetFigures(lines)
	}
}

// relieve lowers the pace of pictures when the machine does not keep up, and says so.
func (w *Window) relieve() {
	w.stage.SetInterval(2 * displayInterval)
	w.toastWith(w.texts.T("toast.busy"), w.texts.T("toast.undo"), func() {
		w.command("stage.pace", map[string]any{"pictures": 30}, func() { w.stage.SetInterval(displayInterval) })
	})
}

// absenceWords tell what happened while the server was out of reach.
func (w *Window) absenceWords(a absence) string {
	t := w.texts
	now := userIDs(w.state.members)
	came, left := missing(now, a.members), missing(a.members, now)
	return t.T("toast.back", int(a.back.Sub(a.since).Seconds()+0.5), came, left, a.messages)
}

// missing counts those of a list who are not in the other.
func missing(list, other []room.UserID) int {
	in := make(map[room.UserID]bool, len(other))
	for _, u := range other {
		in[u] = true
	}
	n := 0
	for _, u := range list {
		if !in[u] {
			n++
		}
	}
	return n
}
