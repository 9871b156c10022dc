package ui

import (
	"fmt"
	"maps"
	"slices"
	"strconv"
	"strings"

	"parlor/app/room"
	"parlor/media"
)

// The keys of Preferences of the stage.
const (
	prefUnmirrored = "video.unmirrored"
	prefHideSelf   = "video.hideSelf"
	prefMost       = "video.mostTiles"
	prefVolumes    = "volumes" // "userId=percent", at most maxVolumes
)

// maxVolumes are remembered over restarts; beyond that, those of whoever is not in the room go.
const maxVolumes = 500

// readLayout brings in what was chosen before.
func (w *Window) readLayout() {
	prefs := w.cfg.App.Preferences()
	l := &w.state.layout
	l.unmirrored, l.hideSelf, l.most = prefs.Bool(prefUnmirrored), prefs.Bool(prefHideSelf), prefs.Int(prefMost)
	l.volumes = make(map[room.UserID]int)
	for _, line := range prefs.StringList(prefVolumes) {
		user, text, _ := strings.Cut(line, "=")
		if percent, err := strconv.Atoi(text); err == nil && percent > 0 && percent <= 200 && room.ValidID(user) {
			l.volumes[room.UserID(user)] = percent
		}
	}
	w.keptVolumes = l.volumes
}

// keepVolumes remembers the volumes when they have changed.
func (w *Window) keepVolumes() {
	volumes := w.state.layout.volumes
	if maps.Equal(volumes, w.keptVolumes) {
		return
	}
	w.keptVolumes = volumes
	var lines []string
	for _, u := range slices.Sorted(maps.Keys(volumes)) {
		lines = append(lines, fmt.Sprintf("%s=%d", u, volumes[u]))
	}
	present := func(line string) bool {
		user, _, _ := strings.Cut(line, "=")
		return slices.Contains(w.state.layout.cameras, room.UserID(user))
	}
	for i := 0; i < len(lines) && len(lines) > maxVolumes; {
		if present(lines[i]) {
			i++
			continue
		}
		lines = slices.Delete(lines, i, i+1)
	}
	w.cfg.App.Preferences().SetStringList(prefVolumes, lines)
}

// setMirror shows the own camera as a mirror does, or as the others see it.
func (w *Window) setMirror(on bool) {
	w.command("video.mirror", map[string]any{"on": on}, func() {
		w.cfg.App.Preferences().SetBool(prefUnmirrored, !on)
		w.send(mirrorSet{on})
	})
}

// setHideSelf takes the own tile away, or brings it back.
func (w *Window) setHideSelf(on bool) {
	w.command("video.hideSelf", map[string]any{"on": on}, func() {
		w.cfg.App.Preferences().SetBool(prefHideSelf, on)
		w.send(selfHidden{on})
	})
}

// setMaxTiles sets how many tiles a page has, 0 for as many as fit.
func (w *Window) setMaxTiles(n int) {
	w.command("video.tiles", map[string]any{"most": n}, func() {
		w.cfg.App.Preferences().SetInt(prefMost, n)
		w.send(mostSet{n})
	})
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
	w.keepVolumes()
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
			case l.volume(m.UserID) != 100:
				w.step("x-setGain", gainParams(m.UserID, l.volume(m.UserID)))
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
