package ui

import (
	"strconv"

	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/container"

	"parlor/app/room"
	"parlor/assets"
	"parlor/media"
	"parlor/widgets"
)

// toolbar is the row of buttons below the stage.
type toolbar struct {
	w       *Window
	content *fyne.Container
	compact bool

	mic, camera                                    *widgets.SplitButton
	share, layout, people, chat, info, more, leave *widgets.ToolButton
	buttons                                        []tool // in their order
}

// tool is a button of the toolbar.
type tool interface {
	fyne.CanvasObject
	Width(compact bool) float32
	SetCompact(bool)
}

const toolGap = 6

func newToolbar(w *Window) *toolbar {
	t := w.texts
	b := &toolbar{w: w}
	b.mic = widgets.NewSplitButton(assets.Mic, t.T("tool.mute"), t.T("tool.mic.menu"))
	b.mic.Main.OnTapped = func() { b.device(media.Microphone) }
	b.mic.Menu.OnTapped = func() { w.command("menu.mic", nil, func() { w.showMenu(b.micMenu(), b.mic.Menu) }) }
	b.camera = widgets.NewSplitButton(assets.Camera, t.T("tool.camera"), t.T("tool.camera.menu"))
	b.camera.Main.OnTapped = func() { b.device(media.Camera) }
	b.camera.Menu.OnTapped = func() { w.command("menu.camera", nil, func() { w.showMenu(b.cameraMenu(), b.camera.Menu) }) }
	b.share = widgets.NewToolButton(assets.Share, t.T("tool.share"), w.toggleShare)
	b.layout = widgets.NewToolButton(assets.Spotlight, t.T("tool.layout"), w.switchLayout)
	b.people = widgets.NewToolButton(assets.People, t.T("tool.people"), func() { w.choosePanel(panelPeople) })
	b.chat = widgets.NewToolButton(assets.Chat, t.T("tool.chat"), func() { w.choosePanel(panelChat) })
	b.info = widgets.NewToolButton(assets.Info, t.T("tool.info"), func() { w.choosePanel(panelInfo) })
	b.more = widgets.NewToolButton(assets.More, t.T("tool.more"), func() {
		w.command("menu.more", nil, func() { w.showMenu(b.moreMenu(), b.more) })
	})
	b.leave = widgets.NewToolButton(assets.Leave, t.T("tool.leave"), w.leave)
	b.leave.SetLook(widgets.LookDanger)
	for id, o := range map[string]fyne.CanvasObject{
		"mic": b.mic.Main, "mic.menu": b.mic.Menu, "camera": b.camera.Main, "camera.menu": b.camera.Menu, "share": b.share,
		"layout": b.layout, "people": b.people, "chat": b.chat, "info": b.info, "more": b.more, "leave": b.leave,
	} {
		w.register("room.tool."+id, o)
	}
	b.buttons = []tool{b.mic, b.camera, b.share, b.layout, b.people, b.chat, b.info, b.more, b.leave}
	lay := &custom{min: func() fyne.Size { return fyne.NewSize(b.width(b.compact), b.leave.MinSize().Height) }}
	lay.place = func(size fyne.Size) {
		var x float32
		for _, o := range b.buttons {
			put(o, x, 0, o.Width(b.compact), size.Height)
			x += o.Width(b.compact) + toolGap
		}
	}
	b.content = container.New(lay)
	for _, o := range b.buttons {
		b.content.Objects = append(b.content.Objects, o)
	}
	return b
}

// width is what the buttons need.
func (b *toolbar) width(compact bool) float32 {
	width := float32(-toolGap)
	for _, o := range b.buttons {
		width += o.Width(compact) + toolGap
	}
	return width
}

// fit leaves the labels out where they do not fit.
func (b *toolbar) fit(width float32) {
	if compact := b.width(false) > width; compact != b.compact {
		b.compact = compact
		for _, o := range b.buttons {
			o.SetCompact(compact)
		}
	}
}

// device is a tap on the microphone or the camera. One that failed to open asks for another.
func (b *toolbar) device(source media.Source) {
	d, menu, items, name := b.w.state.mic, b.mic, b.micMenu, "menu.mic"
	if source == media.Camera {
		d, menu, items, name = b.w.state.camera, b.camera, b.cameraMenu, "menu.camera"
	}
	if d.err != nil && !d.open {
		b.w.command(name, nil, func() { b.w.showMenu(items(), menu.Main) })
		return
	}
	b.w.toggle(source)
}

func (b *toolbar) show() {
	st, t := &b.w.state, b.w.texts
	micOn, cameraOn := st.live(media.Microphone), st.live(media.Camera)
	micWord, cameraWord := t.T("tool.mute"), t.T("tool.camera.stop")
	if !micOn {
		micWord = t.T("tool.unmute")
	}
	if !cameraOn {
		cameraWord = t.T("tool.camera")
	}
	showDevice(b.mic.Main, micOn, micWord, assets.Mic, assets.MicOff)
	showDevice(b.camera.Main, cameraOn, cameraWord, assets.Camera, assets.CameraOff)
	b.mic.Main.SetTip(micTip(t, micOn))
	b.camera.Main.SetTip(cameraTip(t, cameraOn))
	b.mic.Main.SetBadge(alarm(st.mic), true)
	b.camera.Main.SetBadge(alarm(st.camera), true)
	if st.layout.share.on {
		b.share.Set(assets.ShareStop, t.T("tool.share.stop"), widgets.LookActive)
	} else {
		b.share.Set(assets.Share, t.T("tool.share"), widgets.LookNormal)
	}
	icon := assets.Spotlight
	if st.layout.enlarged != (tileKey{}) {
		icon = assets.Grid
	}
	b.layout.Set(icon, t.T("tool.layout"), widgets.LookNormal)
	for button, p := range map[*widgets.ToolButton]panel{b.people: panelPeople, b.chat: panelChat, b.info: panelInfo} {
		look := widgets.LookNormal
		if st.side.shown() == p {
			look = widgets.LookActive
		}
		button.SetLook(look)
	}
	news := ""
	if n := st.chat.unread; n > 0 {
		news = strconv.Itoa(min(n, 99))
	}
	b.chat.SetBadge(news, false)
	b.enable()
}

// enable leaves the buttons that do something now: on the way in Leave only, while reconnecting the own devices, too.
func (b *toolbar) enable() {
	st := &b.w.state
	own, all := st.inRoom(), st.connection == room.Inside
	for button, on := range map[*widgets.ToolButton]bool{
		b.mic.Main: own, b.mic.Menu: own, b.camera.Main: own, b.camera.Menu: own,
		b.share: all, b.layout: all, b.people: all, b.chat: all, b.info: all, b.more: all,
	} {
		button.SetEnabled(on)
	}
}

// alarm marks a device that did not open.
func alarm(d device) string {
	if d.err != nil && !d.open {
		return "!"
	}
	return ""
}

// devices lists the devices of a kind below a title, with the chosen one marked.
func (b *toolbar) devices(kind, title, chosen string) []widgets.MenuItem {
	w, t := b.w, b.w.texts
	items := []widgets.MenuItem{{Label: title, Heading: true}}
	items = append(items, widgets.MenuItem{
		ID: "menu." + kind + ".default", Label: t.T("set.devices.default"), Checked: chosen == "", Run: func() { w.chooseDevice(kind, "") },
	})
	known := chosen == ""
	for _, d := range w.state.frame.devices.byKind[kind] {
		known = known || d.ID == chosen
		items = append(items, widgets.MenuItem{
			ID: "menu." + kind + "." + d.ID, Label: first(d.Label, d.ID), Checked: d.ID == chosen, Run: func() { w.chooseDevice(kind, d.ID) },
		})
	}
	if !known {
		items = append(items, widgets.MenuItem{
			ID: "menu." + kind + "." + chosen, Label: chosen, Checked: true, Run: func() { w.chooseDevice(kind, chosen) },
		})
	}
	return items
}

func (b *toolbar) micMenu() []widgets.MenuItem {
	w := b.w
	items := append(b.retry(media.Microphone, w.state.mic), b.devices(kindMicrophone, w.texts.T("set.microphone"), w.state.frame.using.microphone)...)
	items = append(append(items, widgets.MenuItem{}), b.devices(kindSpeaker, w.texts.T("set.speaker"), w.state.frame.using.speaker)...)
	return append(items, b.settings("menu.audio", w.texts.T("menu.audio"), sectionAudio)...)
}

func (b *toolbar) cameraMenu() []widgets.MenuItem {
	w := b.w
	items := append(b.retry(media.Camera, w.state.camera), b.devices(kindCamera, w.texts.T("set.camera"), w.state.frame.using.camera)...)
	mirror := !w.state.frame.prefs.Unmirrored
	items = append(items, widgets.MenuItem{}, widgets.MenuItem{
		ID: "menu.mirror", Label: w.texts.T("menu.mirror"), Checked: mirror, Run: func() { w.setMirror(!mirror) },
	})
	return append(items, b.settings("menu.video", w.texts.T("menu.video"), sectionVideo)...)
}

// retry opens a device that failed once more.
func (b *toolbar) retry(source media.Source, d device) []widgets.MenuItem {
	if alarm(d) == "" {
		return nil
	}
	return []widgets.MenuItem{
		{Label: d.err.Msg, Heading: true},
		{ID: "menu.retry", Icon: assets.Retry, Label: b.w.texts.T("menu.retry"), Run: func() { b.w.toggle(source) }}, {},
	}
}

func (b *toolbar) settings(id, label string, section settingsSection) []widgets.MenuItem {
	return []widgets.MenuItem{{}, {ID: id, Icon: assets.Settings, Label: label, Run: func() { b.w.openSettings(section) }}}
}

func (b *toolbar) moreMenu() []widgets.MenuItem {
	w, t, l := b.w, b.w.texts, &b.w.state.layout
	hidden := w.state.frame.prefs.HideSelf
	return []widgets.MenuItem{
		{ID: "menu.fullScreen", Icon: assets.FullScreen, Label: t.T("key.full"), Keys: "F11", Checked: w.win.FullScreen(), Run: w.toggleFullScreen},
		{},
		{ID: "menu.figures", Icon: assets.Chart, Label: t.T("menu.figures.all"), Keys: "Ctrl+Shift+S", Checked: l.figures, Run: func() { w.toggleFigures(tileKey{}) }},
		{ID: "menu.stats", Icon: assets.Chart, Label: t.T("stats.title"), Checked: l.panel, Run: w.showStatistics},
		{},
		{ID: "menu.audioOnly", Icon: assets.CameraOff, Label: t.T("menu.audioOnly"), Checked: l.audioOnly, Run: func() { w.setAudioOnly(!l.audioOnly) }},
		{ID: "menu.hideSelf", Icon: assets.EyeOff, Label: t.T("menu.hideSelf"), Checked: hidden, Run: func() { w.setHideSelf(!hidden) }},
		{},
		{ID: "menu.keys", Icon: assets.Keyboard, Label: t.T("key.list"), Keys: "F1", Run: w.openKeys},
	}
}
