package ui

import (
	"slices"
	"time"

	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/container"
	"fyne.io/fyne/v2/theme"
	"fyne.io/fyne/v2/widget"

	"parlor/app/room"
	"parlor/assets"
	"parlor/widgets"
)

// roomScreen is the room page inside a room: head line, tiles, toolbar, side panel.
type roomScreen struct {
	w       *Window
	content *fyne.Container
	stage   *tileStage
	grid    *widgets.TileGrid
	rates   rates
	busy    overload

	heading  *widget.Label
	failure  *widgets.ErrorLine
	shareBar *widgets.ShareBar
	alone    *fyne.Container
	joining  *fyne.Container
	activity *widget.Activity // moves only while it can be seen
	stats    *statsPanel
	toolbar  *toolbar
	side     *sidePanel
}

func newRoomScreen(w *Window) *roomScreen {
	t := w.texts
	r := &roomScreen{w: w, stage: newTileStage(w), grid: widgets.NewTileGrid(t)}
	r.grid.OnLaidOut = func() { r.stage.setVisible(r.onScreen()) }
	r.grid.OnTurn = w.turnPage
	r.heading = widget.NewLabel("")
	r.heading.TextStyle.Bold = true
	r.heading.Truncation = fyne.TextTruncateEllipsis
	r.failure = widgets.NewErrorLine()
	r.shareBar = widgets.NewShareBar(t.T("share.stop"), w.toggleShare)
	r.newAlone()
	r.activity = widget.NewActivity()
	r.joining = container.NewCenter(row(4, r.activity, widget.NewLabel(t.T("join.joining"))))
	r.joining.Hide()
	r.stats = newStatsPanel(w)
	r.toolbar = newToolbar(w)
	r.side = newSidePanel(w)
	r.build()
	previous, next := r.grid.PageButtons()
	w.register("room.page.previous", previous)
	w.register("room.page.next", next)
	w.register("room.error", r.failure)
	w.register("room.share.stop", r.shareBar.Stop)
	return r
}

func (r *roomScreen) newAlone() {
	w, t := r.w, r.w.texts
	words := widget.NewLabel(t.T("room.alone"))
	invite := widgets.NewIconButton(t.T("invite.link"), assets.Icon(assets.Link, theme.ColorNameForegroundOnPrimary), w.copyInvitation)
	invite.Importance = widget.HighImportance
	code := widgets.NewIconButton(t.T("invite.code"), assets.Icon(assets.QR, theme.ColorNameForeground), w.openCode)
	w.register("room.alone.invite", invite)
	w.register("room.alone.code", code)
	r.alone = container.NewCenter(row(12, words, invite, code))
}

// build arranges the page.
func (r *roomScreen) build() {
	lay := &custom{min: func() fyne.Size { return fyne.NewSize(minWidth-railWidth, 480) }}
	r.content = container.New(lay, r.heading, r.failure, r.shareBar, r.grid, r.alone, r.joining, r.stats.content, r.toolbar.content, r.side.content)
	lay.place = r.place
}

// place lays the page out: from the top the head line and the share bar, from the bottom the toolbar, the statistics and a
// line of words; the tiles have what is left. A tile alone has everything.
func (r *roomScreen) place(size fyne.Size) {
	const margin, gap = 8, 6
	if size.IsZero() { // not on screen yet
		return
	}
	if r.w.state.layout.alone {
		put(r.grid, 0, 0, size.Width, size.Height)
		return
	}
	width := size.Width - r.side.place(size)
	inner := width - 2*margin
	headHeight := r.heading.MinSize().Height
	head := max(headHeight, 40)
	headWidth := min(fyne.MeasureText(r.heading.Text, theme.TextSize(), r.heading.TextStyle).Width+2*theme.InnerPadding()+4, width/2) // 4: of rounding
	put(r.heading, margin-2, (head-headHeight)/2, headWidth, headHeight)
	put(r.failure, margin+headWidth+12, 0, inner-headWidth-16, head)
	r.toolbar.fit(inner)
	m := r.toolbar.content.MinSize()
	bottom := size.Height - m.Height - 10
	put(r.toolbar.content, (width-m.Width)/2, bottom, m.Width, m.Height)
	bottom -= 10
	for _, o := range []fyne.CanvasObject{r.alone, r.joining} {
		if o.Visible() {
			bottom -= o.MinSize().Height + gap
			put(o, margin, bottom, inner, o.MinSize().Height)
		}
	}
	if r.stats.content.Visible() {
		height := min(widgets.Scaled(270), (bottom-head)*0.55)
		bottom -= height + gap
		put(r.stats.content, margin, bottom, inner, height)
	}
	if r.shareBar.Visible() {
		height := r.shareBar.MinSize().Height
		put(r.shareBar, margin, head, inner, height)
		head += height + gap
	}
	put(r.grid, margin, head, inner, bottom-head-4)
}

func (r *roomScreen) onScreen() bool {
	return r.w.state.showsStage() && r.w.state.page == pageRoom
}

func (r *roomScreen) show() {
	st, t := &r.w.state, r.w.texts
	setVisible(r.content, st.showsStage())
	list := st.tiles()
	if !st.showsStage() {
		list = nil
	}
	r.showTiles(list)
	r.stage.setVisible(r.onScreen())
	if !st.inRoom() {
		r.rates, r.busy = rates{}, overload{}
	}
	if !st.showsStage() {
		return
	}
	if st.inRoom() {
		r.heading.SetText(t.T("room.heading", st.roomID, len(st.members)))
	} else {
		r.heading.SetText(t.T("room.joining", st.form.roomID))
	}
	r.failure.Set(st.errorLine, st.errorLine != noError)
	r.shareBar.Set(r.w.shareWords())
	r.toolbar.show()
	r.side.show()
	r.showParts()
	r.stage.showFigures(&r.rates)
	r.stats.show()
	r.place(r.content.Size()) // what came or went moves the rest; Refresh of the page would draw all tiles anew
	if r.side.content.Visible() {
		r.side.content.Refresh()
	}
}

// showParts shows what there is room and reason for.
func (r *roomScreen) showParts() {
	st := &r.w.state
	whole := !st.layout.alone
	setVisible(r.heading, whole)
	setVisible(r.failure, whole)
	setVisible(r.toolbar.content, whole)
	setVisible(r.shareBar, whole && st.layout.share.on)
	setVisible(r.alone, whole && len(st.members) == 1 && st.connection == room.Inside)
	if joining := whole && !st.inRoom(); joining != r.joining.Visible() {
		setVisible(r.joining, joining)
		if joining {
			r.activity.Start()
		} else {
			r.activity.Stop()
		}
	}
	setVisible(r.stats.content, whole && st.inRoom() && st.layout.panel)
	if !whole || !st.inRoom() {
		setVisible(r.side.content, false)
	}
}

// showTiles changes the grid only when tiles came, went or changed places.
func (r *roomScreen) showTiles(list []tile) {
	l := &r.w.state.layout
	before := slices.Clone(r.stage.order)
	r.stage.show(list)
	if !slices.Equal(before, r.stage.order) {
		r.grid.SetTiles(r.stage.views())
	}
	r.grid.SetMost(r.w.state.frame.prefs.MostTiles)
	r.grid.SetPage(l.page)
	var large *widgets.VideoTile
	if t := r.stage.tiles[l.enlarged]; t != nil {
		large = t.view
	}
	r.grid.SetEnlarged(large, l.alone)
	r.keepFocus()
}

// keepFocus takes the focus from a tile that went out of sight to one that is there.
func (r *roomScreen) keepFocus() {
	c := r.w.win.Canvas()
	focused, ok := c.Focused().(*widgets.VideoTile)
	if !ok || focused.Visible() && slices.Contains(r.stage.views(), focused) {
		return
	}
	for _, v := range r.stage.views() {
		if v.Visible() {
			c.Focus(v)
			return
		}
	}
	c.Unfocus()
}

// backAfter is how long after coming back the user is told what was missed: by then it has arrived.
const backAfter = time.Second

// showSamples brings what changes all the time up to date.
func (w *Window) showSamples(now samples) {
	w.samples = now
	w.start.sample(now)
	w.room.stage.sample(now)
	if w.room.rates.add(now) {
		w.room.stage.showFigures(&w.room.rates)
		w.room.stats.show()
		if w.room.busy.add(&w.room.rates) {
			w.relieve()
		}
	}
	if a := w.state.layout.away; !a.back.IsZero() && w.now().Sub(a.back) >= backAfter {
		words := w.absenceWords(a)
		w.send(absenceTold{})
		w.toast(words)
	}
	w.room.side.tick()
	if w.state.frame.due(w.now()) {
		w.send(timePassed{})
	}
	w.hintTalking(now)
	if silent := w.quiet.add(now.at, now.level, w.state.frame.sound.Listening); silent != w.state.frame.micSilent {
		w.send(micSilent{silent})
	}
	w.settings.sample(now.level)
	w.shell.sample(now)
}
