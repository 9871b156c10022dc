package ui

import (
	"fmt"
	"math/rand/v2"

	"fyne.io/fyne/v2/widget"

	"parlor/app/link"
	"parlor/app/room"
	"parlor/media"
	"parlor/media/clip"
	"parlor/widgets"
)

// The messages of joining and leaving.
type (
	roomAfter struct{ form *form }   // the room to join after the present one; nil: none
	roomLeft  struct{ micWish bool } // by the person: the microphone is closed, and wished again or not for the next room
)

// Join does what the Join button does. Any goroutine.
func (w *Window) Join() {
	w.post(func() {
		if w.state.page != pageRoom {
			w.send(pageChosen{pageRoom})
		}
		w.send(connectBegun{})
		w.join()
	})
}

// join is the guide's flow (R-73..R-76): camera, microphone, then the room. Each call is a row in the
// log. A refused device does not stop the join.
func (w *Window) join() {
	f := w.state.form
	w.command("room.join", map[string]any{"roomId": f.roomID, "userId": f.userID}, func() { w.joinAs(f) })
}

func (w *Window) joinAs(f form) {
	if !widgets.ValidID(f.roomID) || !widgets.ValidID(f.userID) {
		w.send(joinRefused{w.texts.T("join.id.wrong")})
		return
	}
	token := f.token
	if f.mint {
		var err error
		if token, err = w.cfg.Backend.MintToken(f.roomID, f.userID); err != nil {
			w.send(joinRefused{w.texts.T("join.mint.failed", err.Error())})
			return
		}
	}
	prefs := w.cfg.App.Preferences()
	prefs.SetString(prefRoom, f.roomID)
	prefs.SetString(prefUser, f.userID)
	mic, camera := bit(w.state.mic.wish), bit(w.state.camera.wish)
	w.call("changeVideoCapture", map[string]any{"state": camera})
	w.call("changeAudioCapture", map[string]any{"state": mic})
	w.call("changeStreamPublishState", map[string]any{"state": mic, "streamType": string(room.StreamAudio)})
	w.call("joinRtcRoom", map[string]any{"roomId": f.roomID, "token": token, "userId": f.userID})
}

// createRoom joins a room of a new name, which people can read out to each other.
func (w *Window) createRoom() {
	f := w.state.form
	f.roomID = newRoomID(rand.IntN)
	w.command("room.create", map[string]any{"roomId": f.roomID, "userId": f.userID}, func() {
		w.send(formEdited{f})
		w.joinAs(f)
	})
}

// The words of the names of rooms: 32 by 32 by 90 names, so that two seldom meet.
var (
	roomColours = []string{
		"amber", "azure", "blue", "brown", "coral", "cream", "cyan", "gold", "green", "grey", "indigo", "ivory", "jade", "lemon", "lilac", "lime",
		"mint", "navy", "olive", "orange", "peach", "pearl", "pink", "plum", "red", "rose", "ruby", "sand", "silver", "teal", "violet", "white",
	}
	roomAnimals = []string{
		"badger", "bear", "bee", "crane", "deer", "dove", "duck", "eagle", "falcon", "finch", "fox", "frog", "goat", "hare", "heron", "horse",
		"ibis", "koala", "lark", "lion", "lynx", "moose", "otter", "owl", "panda", "quail", "robin", "seal", "swan", "tiger", "whale", "wolf",
	}
)

// newRoomID makes a name such as "teal-otter-42"; pick is a random number below n.
func newRoomID(pick func(n int) int) string {
	return fmt.Sprintf("%s-%s-%d", roomColours[pick(len(roomColours))], roomAnimals[pick(len(roomAnimals))], 10+pick(90))
}

// bit is the documents' DeviceOpen or DeviceClose.
func bit(on bool) int {
	if on {
		return 1
	}
	return 0
}

// leave is the Leave button; before the answer to joinRtcRoom it cancels the join.
func (w *Window) leave() {
	t := w.texts
	if w.state.inRoom() && w.state.frame.prefs.AskToLeave {
		w.command("room.leave.ask", nil, func() {
			w.ask("room.leave", t.T("leave.title"), t.T("leave.words", w.state.roomID), t.T("tool.leave"), t.T("quit.no"), dangerous, w.leaveNow)
		})
		return
	}
	w.leaveNow()
}

// leaveNow leaves the room and closes the microphone, so that nothing listens while nobody talks. The camera stays, for the preview.
func (w *Window) leaveNow() {
	roomID := first(w.state.roomID, w.state.form.roomID)
	exit := func() { w.call("exitRtcRoom", map[string]any{"roomId": roomID}) }
	if !w.state.inRoom() || !w.state.mic.open {
		exit()
		return
	}
	w.command("room.leave", map[string]any{"roomId": roomID}, func() {
		w.send(roomLeft{w.state.live(media.Microphone)})
		exit()
		w.call("changeAudioCapture", map[string]any{"state": 0})
	})
}

// toggle turns the microphone or the camera on or off: for the others when in a room, for the preview before; the microphone
// is only wished before. It takes one call, and more only for media that changeStreamPublishState withholds: capture alone would
// let the user believe that he is heard.
func (w *Window) toggle(source media.Source) {
	switch {
	case !w.state.inRoom():
		w.toggleWish(source)
	case source == media.Microphone:
		w.toggleMic()
	case w.state.live(source):
		w.call("changeVideoCapture", map[string]any{"state": 0})
	default:
		w.startVideo()
	}
}

// toggleWish is for the next room. The camera opens for the preview; the microphone is open for the level meter only, outside of the
// API, unless a tester opened it by the API.
func (w *Window) toggleWish(source media.Source) {
	on := !w.state.device(source).wish
	switch {
	case source == media.Camera:
		w.send(deviceWished{source})
		w.call("changeVideoCapture", map[string]any{"state": bit(on)})
	case w.state.mic.open:
		w.send(deviceWished{source})
		w.call("changeAudioCapture", map[string]any{"state": bit(on)})
	default:
		w.command("mic.toggle", map[string]any{"on": on}, func() { w.send(deviceWished{source}) })
	}
}

func (w *Window) startVideo() {
	open := func() { w.call("changeVideoCapture", map[string]any{"state": 1}) }
	publish := func() {
		w.call("changeStreamPublishState", map[string]any{"state": 1, "streamType": string(room.StreamVideo)})
	}
	switch captured, out := w.state.camera.open, w.state.videoOut.on(); {
	case !captured && !out:
		w.command("camera.toggle", map[string]any{"on": true}, func() { open(); publish() })
	case !captured:
		open()
	default:
		publish()
	}
}

// rejoin joins the room that the user was in.
func (w *Window) rejoin() {
	f := w.state.form
	f.roomID, f.userID = w.state.lastRoom, w.state.lastUser
	w.command("room.rejoin", map[string]any{"roomId": f.roomID, "userId": f.userID}, func() {
		w.send(formEdited{f})
		w.send(connectBegun{})
		w.joinAs(f)
	})
}

// OpenLink shows a room that somebody invites to: its form is filled, or in another room the person is asked. Any goroutine.
func (w *Window) OpenLink(l link.Link) {
	w.post(func() {
		w.command("link.open", map[string]any{"roomId": l.RoomID, "userId": l.UserID}, func() { w.openLink(l) })
		w.win.RequestFocus()
	})
}

func (w *Window) openLink(l link.Link) {
	t := w.texts
	// One server has many addresses, an app has one id.
	if l.AppID != "" && l.AppID != w.cfg.AppID || l.AppID == "" && l.Server != "" && l.Server != w.cfg.Server {
		w.ask("link", t.T("link.title"), t.T("link.words", l.RoomID, first(l.Server, l.AppID)), t.T("link.yes"), t.T("join.cancel"), widget.HighImportance, func() {
			w.command("window.open", map[string]any{"server": l.Server, "roomId": l.RoomID}, func() {
				if err := w.cfg.Machine.OpenWindow(l); err != nil {
					w.send(noticeCame{notice{noticeWords, t.T("link.failed", err.Error())}})
				}
			})
		})
		return
	}
	f := w.state.form
	f.roomID, f.userID = l.RoomID, first(l.UserID, f.userID)
	if l.Token != "" {
		f.token, f.mint = l.Token, false
	}
	w.switchRoom(f)
}

// switchRoom goes to a room: at once to the form, or from another room after a question.
func (w *Window) switchRoom(f form) {
	t := w.texts
	switch {
	case !w.state.inRoom():
		w.send(formEdited{f})
		w.send(pageChosen{pageRoom})
	case w.state.roomID == f.roomID:
		w.send(pageChosen{pageRoom})
		w.toast(t.T("link.here", f.roomID))
	default:
		w.ask("room.switch", t.T("switch.title"), t.T("switch.words", w.state.roomID, f.roomID), t.T("switch.yes"), t.T("switch.no"), dangerous, func() {
			w.command("room.switch", map[string]any{"roomId": f.roomID}, func() {
				w.send(roomAfter{&f})
				w.leaveNow()
			})
		})
	}
}

// playChange plays the sound of what changed since before, and remembers rooms that were joined.
func (w *Window) playChange(before *state) {
	st := &w.state
	switch {
	case !before.inRoom() && st.inRoom():
		p := st.frame.prefs
		p.Recent = p.joined(st.roomID, w.now())
		w.prefer(p)
		return
	case before.connection == room.Inside && st.connection == room.Reconnecting:
		w.playSound(clip.SoundReconnecting)
		return
	case before.connection == room.Reconnecting && st.connection == room.Inside:
		w.playSound(clip.SoundReconnected)
		return
	case len(before.members) == 0 || st.connection != room.Inside:
		return // the first list is of those who were there before
	}
	was, is := others(before.members), others(st.members)
	came, went, shares := false, false, false
	for id, m := range is {
		old, there := was[id]
		came = came || !there
		shares = shares || m.Screen && !old.Screen
	}
	for id := range was {
		_, there := is[id]
		went = went || !there
	}
	switch {
	case shares:
		w.playSound(clip.SoundShare)
	case came:
		w.playSound(clip.SoundJoin)
	case went:
		w.playSound(clip.SoundLeave)
	}
}

// others are the members but oneself.
func others(list []room.Member) map[room.UserID]room.Member {
	m := make(map[room.UserID]room.Member, len(list))
	for _, member := range list {
		if !member.Self {
			m[member.UserID] = member
		}
	}
	return m
}

// closeByCross is the cross of the window.
func (w *Window) closeByCross() {
	if w.state.inRoom() && w.state.frame.prefs.AskToLeave {
		w.quit()
		return
	}
	w.win.Close()
}
