package ui

import (
	"slices"

	"parlor/app/room"
	"parlor/media"
)

// setMirror shows the own camera as a mirror does, or as the others see it.
func (w *Window) setMirror(on bool) {
	w.choose("video.mirror", on, func(p *preferences) { p.Unmirrored = !on })
}

// setHideSelf takes the own tile away, or brings it back.
func (w *Window) setHideSelf(on bool) {
	w.choose("video.hideSelf", on, func(p *preferences) { p.HideSelf = on })
}

// setMaxTiles sets how many tiles a page has, 0 for as many as fit.
func (w *Window) setMaxTiles(n int) {
	w.choose("video.tiles", n, func(p *preferences) { p.MostTiles = n })
}

// setAudioOnly stops to receive all cameras, or receives those again that it stopped.
func (w *Window) setAudioOnly(on bool) {
	w.command("video.audioOnly", map[string]any{"on": on}, func() {
		users := w.state.layout.unwatched
		if on {
			users = nil
			for _, m := range w.state.members {
				if !m.Self && m.VideoSubscribed {
					users = append(users, m.UserID)
				}
			}
		}
		w.watch(users, !on)
		if !on {
			users = nil
		}
		w.send(audioOnlySet{on, users})
	})
}

// watch starts or stops to receive the cameras of users.
func (w *Window) watch(users []room.UserID, on bool) {
	for _, u := range users {
		w.receive(tileKey{u, media.Camera}, on)
	}
}

// switchLayout goes from the grid to the first of the others enlarged, and back.
func (w *Window) switchLayout() {
	st := &w.state
	key, list := st.layout.enlarged, st.tiles()
	if key == (tileKey{}) && len(list) == 0 {
		return
	}
	if key == (tileKey{}) {
		key = list[0].key
		if i := slices.IndexFunc(list, func(t tile) bool { return !t.self }); i >= 0 {
			key = list[i].key
		}
	}
	w.command("stage.layout", key.params(), func() { w.send(tileTapped{key}) })
}

// follow does what earlier choices mean for what happened now: users who come are as loud as they were, and are not watched while
// there is audio only.
func (w *Window) follow(ev room.Event) {
	switch ev := ev.(type) {
	case room.Exited:
		w.gained = nil
		w.stage.SetInterval(displayInterval)
	case room.MembersChanged:
		w.followMembers(ev.Members)
	}
}

func (w *Window) followMembers(members []room.Member) {
	l := &w.state.layout
	var fresh []room.UserID
	for _, m := range members {
		if m.Self {
			continue
		}
		if !w.gained[m.UserID] {
			if w.gained == nil {
				w.gained = make(map[room.UserID]bool)
			}
			w.gained[m.UserID] = true
			switch {
			case slices.Contains(l.silenced, m.UserID):
				w.step("x-setGain", gainParams(m.UserID, 0))
			case w.state.volume(m.UserID) != 100:
				w.step("x-setGain", gainParams(m.UserID, w.state.volume(m.UserID)))
			}
		}
		if l.audioOnly && m.VideoSubscribed && !slices.Contains(l.unwatched, m.UserID) {
			fresh = append(fresh, m.UserID)
		}
	}
	for _, u := range fresh {
		w.step(receiveCall(tileKey{u, media.Camera}, false))
	}
	if len(fresh) > 0 {
		w.send(audioOnlySet{true, append(slices.Clip(l.unwatched), fresh...)})
	}
}
