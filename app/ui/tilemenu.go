package ui

import (
	"slices"

	"fyne.io/fyne/v2"

	"parlor/app/room"
	"parlor/assets"
	"parlor/media"
	"parlor/widgets"
)

// openTileMenu shows what can be done with a tile, at a place on the window.
func (w *Window) openTileMenu(key tileKey, at fyne.Position) {
	w.command("tile.menu", key.params(), func() { w.showMenuAt(w.tileMenu(key), at, fyne.Size{}) })
}

// showUserMenu shows at an object what can be done with a user: the same as on the tile of the user's camera.
func (w *Window) showUserMenu(user room.UserID, anchor fyne.CanvasObject) {
	key := tileKey{user, media.Camera}
	w.command("tile.menu", key.params(), func() { w.showMenu(w.tileMenu(key), anchor) })
}

// openVolume shows the volume of a user alone.
func (w *Window) openVolume(user room.UserID, anchor fyne.CanvasObject) {
	w.command("tile.volume", map[string]any{"userId": string(user)}, func() { w.showMenu(w.volumeItems(user), anchor) })
}

// tileMenu lists what can be done with a tile.
func (w *Window) tileMenu(key tileKey) []widgets.MenuItem {
	t, st := w.texts, &w.state
	i := slices.IndexFunc(st.members, func(m room.Member) bool { return m.UserID == key.user })
	if i < 0 {
		return nil
	}
	m := st.members[i]
	pin := widgets.MenuItem{ID: "menu.pin", Icon: assets.Pin, Label: t.T("tile.pin"), Run: func() { w.pinTile(key) }}
	if slices.Contains(st.layout.pinned, key) {
		pin.Icon, pin.Label = assets.PinOff, t.T("tile.unpin")
	}
	items := []widgets.MenuItem{pin}
	if m.Self {
		mirror := !st.frame.prefs.Unmirrored
		items = append(items, widgets.MenuItem{ID: "menu.mirror", Icon: assets.Camera, Label: t.T("menu.mirror"), Checked: mirror, Run: func() {
			w.setMirror(!mirror)
		}})
	} else {
		items = append(items, widgets.MenuItem{})
		items = append(items, w.volumeItems(key.user)...)
		items = append(items, widgets.MenuItem{})
		items = append(items, w.receiveItems(key, m)...)
		items = append(items, widgets.MenuItem{ID: "menu.message", Icon: assets.Chat, Label: t.T("menu.message"), Run: func() {
			w.command("chat.mention", key.params(), func() { w.mention(key.user) })
		}})
	}
	alone := widgets.MenuItem{ID: "menu.fullScreen", Icon: assets.FullScreen, Label: t.T("menu.tile.fullScreen"), Run: func() { w.showAlone(key) }}
	if st.layout.alone {
		alone = widgets.MenuItem{ID: "menu.fullScreen", Icon: assets.FullScreenExit, Label: t.T("menu.fullScreen.leave"), Keys: "Esc", Run: w.leaveAlone}
	}
	items = append(items, widgets.MenuItem{}, widgets.MenuItem{
		ID: "menu.figures", Icon: assets.Chart, Label: t.T("menu.figures"), Checked: st.layout.shows(key), Run: func() { w.toggleFigures(key) },
	}, alone)
	if w.cfg.CanMint && !m.Self {
		items = append(items, widgets.MenuItem{}, widgets.MenuItem{
			ID: "menu.remove", Icon: assets.PersonRemove, Label: t.T("people.remove"), Run: func() { w.askRemove(key.user) },
		})
	}
	return items
}

// shows tells whether a tile has its statistics on it.
func (s *layoutState) shows(key tileKey) bool { return s.figures || slices.Contains(s.figuresOn, key) }

// volumeItems are a user's volume and whether the user is heard at all.
func (w *Window) volumeItems(user room.UserID) []widgets.MenuItem {
	t := w.texts
	silenced := slices.Contains(w.state.layout.silenced, user)
	value := float64(w.state.volume(user))
	if silenced {
		value = 0
	}
	return []widgets.MenuItem{
		{ID: "menu.silence", Icon: assets.SpeakerOff, Label: t.T("menu.silence"), Checked: silenced, Run: func() { w.silence(user) }},
		{ID: "menu.volume", Label: t.T("tile.volume"), Slide: &widgets.Slide{
			Value: value, Max: maxVolume, Step: 10, Words: volumeWords, OnEnded: func(v float64) { w.setGain(user, int(v)) },
		}},
	}
}

// receiveItems start and stop what is received of a user.
func (w *Window) receiveItems(key tileKey, m room.Member) []widgets.MenuItem {
	t := w.texts
	method, picture := "changeStreamSubscribeState", m.VideoSubscribed
	if key.source == media.Screen {
		method, picture = "changeScreenSubscribeState", m.ScreenSubscribed
	}
	item := func(id, label string, icon assets.IconName, on bool, kind room.StreamType) widgets.MenuItem {
		return widgets.MenuItem{ID: id, Icon: icon, Label: label, Checked: on, Run: func() {
			w.call(method, map[string]any{"state": bit(!on), "userId": string(key.user), "streamType": string(kind)})
		}}
	}
	items := []widgets.MenuItem{item("menu.receive.video", t.T("menu.receive.video"), assets.Camera, picture, room.StreamVideo)}
	if key.source == media.Camera {
		items = append(items, item("menu.receive.audio", t.T("menu.receive.audio"), assets.Speaker, m.AudioSubscribed, room.StreamAudio))
	}
	return items
}
