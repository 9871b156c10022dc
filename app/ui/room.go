package ui

import (
	"time"

	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/container"
	"fyne.io/fyne/v2/theme"
	"fyne.io/fyne/v2/widget"

	"parlor/app/room"
	"parlor/assets"
	"parlor/media"
	"parlor/widgets"
)

// roomScreen is the room page inside a room: head line, tiles, toolbar, side panel.
type roomScreen struct {
	w       *Window
	content *fyne.Container
	stage   *tileStage
	grid    *widgets.TileGrid
	rates   rates

	heading *widget.Label
	failure *widgets.ErrorLine
	alone   *fyne.Container

	mic, camera, layout, people, info, api, leave *widgets.ToolButton
	toolbar                                       *fyne.Container

	side *sidePanel
}

func newRoomScreen(w *Window) *roomScreen {
	t := w.texts
	r := &roomScreen{w: w, stage: newTileStage(w), grid: widgets.NewTileGrid(t)}
	r.grid.OnLaidOut = func() { r.stage.setVisible(r.onScreen()) }
	r.heading = widget.NewLabel("")
	r.heading.TextStyle.Bold = true
	r.failure = widgets.NewErrorLine()
	r.newToolbar()
	r.newAlone()
	r.side = newSidePanel(w)
	r.build()
	previous, next := r.grid.PageButtons()
	w.register("room.page.previous", previous)
	w.register("room.page.next", next)
	w.register("room.error", r.failure)
	return r
}

func (r *roomScreen) newToolbar() {
	w, t := r.w, r.w.texts
	r.mic = widgets.NewToolButton(assets.Mic, t.T("tool.mute"), func() { w.toggle(media.Microphone) })
	r.camera = widgets.NewToolButton(assets.Camera, t.T("tool.camera"), func() { w.toggle(media.Camera) })
	r.layout = widgets.NewToolButton(assets.Spotlight, t.T("tool.layout"), r.switchLayout)
	r.people = widgets.NewToolButton(assets.People, t.T("tool.people"), func() { w.choosePanel(panelPeople) })
	r.info = widgets.NewToolButton(assets.Info, t.T("tool.info"), func() { w.choosePanel(panelInfo) })
	r.api = widgets.NewToolButton(assets.API, t.T("tool.api"), func() { w.choosePanel(panelAPI) })
	r.leave = widgets.NewToolButton(assets.Leave, t.T("tool.leave"), w.leave)
	r.leave.SetLook(widgets.LookDanger)
	for id, b := range map[string]*widgets.ToolButton{
		"mic": r.mic, "camera": r.camera, "layout": r.layout, "people": r.people, "info": r.info, "api": r.api, "leave": r.leave,
	} {
		w.register("room.tool."+id, b)
	}
	r.toolbar = row(8, r.mic, r.camera, r.layout, r.people, r.info, r.api, r.leave)
}

func (r *roomScreen) newAlone() {
	t := r.w.texts
	words := widget.NewLabel(t.T("room.alone"))
	copyID := widget.NewButtonWithIcon(t.T("room.alone.copy"), assets.Icon(assets.Copy, theme.ColorNameForeground),
		func() { r.w.copy(r.w.state.roomID) })
	r.w.register("room.alone.copy", copyID)
	r.alone = container.NewCenter(row(12, words, copyID))
}

// build arranges the page.
func (r *roomScreen) build() {
	lay := &custom{min: func() fyne.Size { return fyne.NewSize(minWidth-railWidth, 480) }}
	r.content = container.New(lay, r.heading, r.failure, r.grid, r.alone, r.toolbar, r.side.content)
	lay.place = func(size fyne.Size) {
		const margin, head, tools, aloneHeight = 8, 40, 76, 52
		width := size.Width
		width -= r.side.place(size)
		headWidth := min(r.heading.MinSize().Width, width/2)
		headHeight := r.heading.MinSize().Height
		put(r.heading, margin-2, (head-headHeight)/2, headWidth, headHeight)
		put(r.failure, margin+headWidth+12, 0, width-2*margin-headWidth-16, head)
		bottom := size.Height - tools
		if r.alone.Visible() {
			bottom -= aloneHeight
			put(r.alone, margin, bottom, width-2*margin, aloneHeight)
		}
		put(r.grid, margin, head, width-2*margin, bottom-head-4)
		m := r.toolbar.MinSize()
		put(r.toolbar, (width-m.Width)/2, size.Height-tools+10, m.Width, m.Height)
	}
}

func (r *roomScreen) onScreen() bool {
	return r.w.state.inRoom() && r.w.state.page == pageRoom
}

func (r *roomScreen) show() {
	st, t := &r.w.state, r.w.texts
	setVisible(r.content, st.inRoom())
	list := st.tiles()
	if !st.inRoom() {
		list = nil
	}
	r.showTiles(list)
	r.stage.setVisible(r.onScreen())
	if !st.inRoom() {
		r.rates = rates{}
		return
	}
	r.heading.SetText(t.T("room.heading", st.roomID, len(st.members)))
	r.failure.Set(st.errorLine, st.errorLine != noError)
	r.showTools()
	r.side.show()
	setVisible(r.alone, len(st.members) == 1 && st.connection == room.Inside)
	r.content.Refresh()
}

// showTiles changes the grid only when tiles came, went or changed places.
func (r *roomScreen) showTiles(list []tile) {
	before := append([]tileKey(nil), r.stage.order...)
	r.stage.show(list)
	same := len(before) == len(r.stage.order)
	for i := 0; same && i < len(before); i++ {
		same = before[i] == r.stage.order[i]
	}
	if !same {
		for _, key := range before {
			delete(r.w.controls, tileID(key))
		}
		for _, key := range r.stage.order {
			r.w.register(tileID(key), r.stage.tiles[key].view)
		}
		r.grid.SetTiles(r.stage.views())
	}
	var large *widgets.VideoTile
	if t := r.stage.tiles[r.w.state.enlarged]; t != nil {
		large = t.view
	}
	r.grid.SetEnlarged(large)
}

func tileID(key tileKey) string {
	if key.source == media.Screen {
		return "room.tile." + string(key.user) + ".screen"
	}
	return "room.tile." + string(key.user)
}

func (r *roomScreen) showTools() {
	st, t := &r.w.state, r.w.texts
	micOn, cameraOn := st.live(media.Microphone), st.live(media.Camera)
	micWord, cameraWord := t.T("tool.mute"), t.T("tool.camera.stop")
	if !micOn {
		micWord = t.T("tool.unmute")
	}
	if !cameraOn {
		cameraWord = t.T("tool.camera")
	}
	showDevice(r.mic, micOn, micWord, assets.Mic, assets.MicOff)
	showDevice(r.camera, cameraOn, cameraWord, assets.Camera, assets.CameraOff)
	r.mic.SetTip(micTip(t, micOn))
	r.camera.SetTip(cameraTip(t, cameraOn))
	icon := assets.Spotlight
	if st.enlarged != (tileKey{}) {
		icon = assets.Grid
	}
	r.layout.Set(icon, t.T("tool.layout"), widgets.LookNormal)
	r.layout.SetEnabled(len(st.members) > 0)
	for b, p := range map[*widgets.ToolButton]panel{r.people: panelPeople, r.info: panelInfo, r.api: panelAPI} {
		if st.side.shown() == p {
			b.SetLook(widgets.LookActive)
		} else {
			b.SetLook(widgets.LookNormal)
		}
	}
}

// switchLayout goes from the grid to the first of the others enlarged, and back.
func (r *roomScreen) switchLayout() {
	st := &r.w.state
	if st.enlarged != (tileKey{}) {
		r.w.send(tileTapped{st.enlarged})
		return
	}
	list := st.tiles()
	if len(list) == 0 {
		return
	}
	chosen := list[0]
	for _, t := range list {
		if !t.self {
			chosen = t
			break
		}
	}
	r.w.send(tileTapped{chosen.key})
}

// showSamples brings what changes all the time up to date.
func (w *Window) showSamples(now samples) {
	w.samples = now
	w.start.sample(now)
	w.room.stage.sample(now)
	w.room.rates.add(now)
	if w.state.frame.due(w.now()) {
		w.send(timePassed{})
	}
	w.shell.showBanner()
	w.shell.showStatus()
}

// rates are the figures of the status bar, over the last second or so.
type rates struct {
	valid    bool
	up, down float64 // bit/s
	rtt      float64 // milliseconds
	loss     float64 // percent, of what comes

	at                       time.Time
	sent, got, packets, lost uint64
}

func (r *rates) add(now samples) {
	since := now.at.Sub(r.at)
	if since < time.Second {
		return
	}
	var sent, got, packets, lost uint64
	for _, t := range now.stats.Sent {
		sent += t.Bytes
	}
	for _, t := range now.stats.Remote {
		got += t.Bytes
		packets += t.Packets
		lost += t.Lost
	}
	old := *r
	*r = rates{at: now.at, sent: sent, got: got, packets: packets, lost: lost, rtt: now.stats.RTTMS}
	if old.at.IsZero() || sent < old.sent || got < old.got || packets < old.packets || lost < old.lost {
		return // the first figures, or a new connection
	}
	r.valid = true
	r.up = float64(sent-old.sent) * 8 / since.Seconds()
	r.down = float64(got-old.got) * 8 / since.Seconds()
	if all := packets - old.packets + lost - old.lost; all > 0 {
		r.loss = float64(lost-old.lost) / float64(all) * 100
	}
}
