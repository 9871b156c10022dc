package ui

import (
	"fmt"
	"time"

	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/container"
	"fyne.io/fyne/v2/theme"
	"fyne.io/fyne/v2/widget"

	"parlor/assets"
	"parlor/media"
	"parlor/widgets"
)

// startScreen is the room page outside a room: own preview and devices at the left, the form at the right. After an
// involuntary end it tells why instead of the form.
type startScreen struct {
	w       *Window
	content *container.Scroll
	stage   *tileStage
	title   *widget.Label

	holder      *fyne.Container // of the preview tile
	mic, camera *widgets.ToolButton
	preview     *widgets.Button
	devices     []*devicePicker
	meter       *widgets.LevelMeter
	hear, chime *soundButton
	hint        *widget.Label
	next        *widgets.Button // microphone, when nothing is heard
	form        *widgets.JoinForm
	formBox     *fyne.Container

	endedBox  *fyne.Container
	endedWhy  *widget.Label
	endedText *widgets.ErrorBox
}

func newStartScreen(w *Window) *startScreen {
	t := w.texts
	s := &startScreen{w: w, stage: newTileStage(w), meter: widgets.NewLevelMeter()}
	s.mic = widgets.NewToolButton(assets.Mic, "", func() { w.toggle(media.Microphone) })
	s.camera = widgets.NewToolButton(assets.Camera, "", func() { w.toggle(media.Camera) })
	s.preview = widgets.NewIconButton(t.T("join.preview"), assets.Icon(assets.Eye, theme.ColorNameForeground),
		func() { w.call("changeVideoCapture", map[string]any{"state": 1}) })
	s.hint = caption("")
	s.hint.Wrapping = fyne.TextWrapWord
	s.next = widgets.NewButton(t.T("join.mic.next"), w.nextMicrophone)
	s.devices = []*devicePicker{
		newDevicePicker(w, kindMicrophone, "join.device.microphone"),
		newDevicePicker(w, kindSpeaker, "join.speaker"),
		newDevicePicker(w, kindCamera, "join.device.camera"),
	}
	s.hear, s.chime = newSoundButton(w, "join.testMic", true), newSoundButton(w, "join.testSpeaker", false)
	s.holder = container.NewStack()
	s.newForm()
	s.newEnded()
	s.build()
	for id, o := range map[string]fyne.CanvasObject{
		"join.mic": s.mic, "join.camera": s.camera, "join.preview": s.preview, "join.mic.next": s.next, "join.level": s.meter,
	} {
		w.register(id, o)
	}
	return s
}

func (s *startScreen) newForm() {
	w := s.w
	f := widgets.NewJoinForm(w.texts, w.cfg.CanMint, func(text string) { w.command("error.copy", nil, func() { w.copy(text) }) })
	s.form = f
	f.OnJoin, f.OnCreate, f.OnCancel = w.join, w.createRoom, w.leave
	f.OnChanged = func(roomID, userID, token string, mint bool) {
		w.send(formEdited{form{roomID: roomID, userID: userID, token: token, mint: mint}})
	}
	f.OnDevices = func(mic, camera bool) {
		if mic != w.state.mic.wish {
			w.toggle(media.Microphone)
		} else if camera != w.state.camera.wish {
			w.toggle(media.Camera)
		}
	}
	f.OnRecent = s.showRecent
	for _, e := range []*widgets.Entry{f.RoomID, f.UserID, f.Token} {
		w.adopt(e)
	}
	for id, o := range map[string]fyne.CanvasObject{
		"join.roomId": f.RoomID, "join.name": f.UserID, "join.userId": f.UserID, "join.token": f.Token, "join.recent": f.Recent,
		"join.token.mint": f.Ticket.Item(0), "join.token.paste": f.Ticket.Item(1), "join.with.mic": f.Mic, "join.with.camera": f.Camera,
		"join.join": f.Join, "join.create": f.Create, "join.cancel": f.Cancel, "join.error.copy": f.Error.Copy,
		"join.error.details": f.Error.Details,
	} {
		w.register(id, o)
	}
	f.Error.OnDetails = func() { w.openPage(pageAPI) }
}

func (s *startScreen) newEnded() {
	t := s.w.texts
	s.endedWhy = widget.NewLabel("")
	s.endedWhy.Wrapping = fyne.TextWrapWord
	s.endedText = widgets.NewErrorBox(t, s.w.copy)
	again := widgets.NewButton(t.T("ended.rejoin"), s.w.rejoin)
	again.Importance = widget.HighImportance
	home := widgets.NewButton(t.T("ended.home"), func() {
		s.w.command("page.home", nil, func() { s.w.send(endingSeen{}) })
	})
	s.w.register("ended.rejoin", again)
	s.w.register("ended.home", home)
	s.endedBox = column(14, inset(-6, -6, -8, -8, s.endedWhy), s.endedText,
		container.NewGridWithColumns(2, again, home))
}

// The measures of the page.
const (
	startGap    = 44 // between the columns
	startForm   = 340
	startWidest = 1000
	startEdge   = 28
)

// build arranges the two columns in the middle of the page.
func (s *startScreen) build() {
	s.title = heading(s.w.texts.T("join.title"))
	head := flush(s.title)
	tools := container.NewBorder(nil, nil, row(8, s.mic, s.camera), s.preview)
	left := container.New(&startLeft{}, s.holder, tools, s.deviceRow(assets.Mic, s.devices[0], s.hear.button), s.meter,
		s.deviceRow(assets.Speaker, s.devices[1], s.chime.button), s.deviceRow(assets.Camera, s.devices[2], nil), s.hint, s.next)
	s.formBox = column(8, s.form)
	right := container.NewStack(s.formBox, s.endedBox)
	page := &custom{}
	content := container.New(page, head, left, right)
	formWidth := func() float32 { return max(startForm, min(widgets.Scaled(startForm), 420)) }
	page.min = func() fyne.Size {
		height := max(left.MinSize().Height, right.MinSize().Height)
		return fyne.NewSize(0, height+head.MinSize().Height+14+2*12)
	}
	page.place = func(size fyne.Size) {
		const headGap = 14
		width := min(size.Width-2*startEdge, startWidest)
		leftWidth := width - startGap - formWidth()
		left.Resize(fyne.NewSize(leftWidth, left.Size().Height)) // its height depends on it
		x := (size.Width - width) / 2
		block := max(left.MinSize().Height, right.MinSize().Height)
		y := max(12, (size.Height-block-head.MinSize().Height-headGap)/2-8)
		put(head, x, y, width, head.MinSize().Height)
		y += head.MinSize().Height + headGap
		put(left, x, y, leftWidth, left.MinSize().Height)
		put(right, x+leftWidth+startGap, y, formWidth(), right.MinSize().Height)
	}
	s.content = container.NewVScroll(content)
}

func (s *startScreen) show() {
	st := &s.w.state
	visible := !st.showsStage()
	setVisible(s.content, visible)
	s.showPreview(visible)
	if !visible {
		return
	}
	t := s.w.texts
	showDevice(s.mic, st.mic.wish, "", assets.Mic, assets.MicOff)
	showDevice(s.camera, st.camera.wish, "", assets.Camera, assets.CameraOff)
	s.mic.SetTip(micTip(t, st.mic.wish))
	s.camera.SetTip(cameraTip(t, st.camera.wish))
	s.mic.SetEnabled(!st.joining)
	s.camera.SetEnabled(!st.joining)
	words := t.T("join.preview")
	if st.camera.err != nil {
		words = t.T("join.retry")
	}
	if s.preview.Text != words {
		s.preview.SetText(words)
	}
	setVisible(s.preview, !st.camera.open && !st.joining)
	for _, d := range s.devices {
		d.show()
	}
	s.hear.show()
	s.chime.show()
	if words := s.hintWords(); s.hint.Text != words {
		s.hint.SetText(words)
	}
	setVisible(s.next, s.silent())
	s.form.Set(st.form.roomID, st.form.userID, st.form.token, st.form.mint)
	s.form.SetDevices(st.mic.wish, st.camera.wish)
	s.form.SetRecent(len(st.frame.prefs.Recent) > 0)
	s.form.SetJoining(st.joining)
	s.showFailure()
	s.content.Content.Refresh()
}

func (s *startScreen) showPreview(visible bool) {
	st, t := &s.w.state, s.w.texts
	var list []tile
	if visible {
		name := first(st.form.userID, t.T("join.you"))
		list = []tile{{key: tileKey{"", media.Camera}, name: name, video: st.camera.open, muted: !st.mic.wish, subscribed: true}}
	}
	s.stage.show(list)
	if views := s.stage.views(); len(views) != len(s.holder.Objects) {
		s.holder.Objects = nil
		for _, v := range views {
			s.holder.Objects = append(s.holder.Objects, v)
		}
		s.holder.Refresh()
	}
	s.stage.setVisible(visible && st.page == pageRoom)
}

func (s *startScreen) showFailure() {
	st := &s.w.state
	setVisible(s.formBox, st.ending == nil)
	setVisible(s.endedBox, st.ending != nil)
	words := s.w.texts.T("join.title")
	if st.ending != nil {
		words = s.w.texts.T("ended.title")
		why, cure := s.w.endingWords()
		if s.endedWhy.Text != why {
			s.endedWhy.SetText(why)
		}
		s.endedText.Set(exact(st.ending), cure)
	}
	if s.title.Text != words {
		s.title.SetText(words)
	}
	if f := st.joinFailure; f != nil {
		s.form.Error.Set(exact(f), s.w.cure(f))
	} else {
		s.form.Error.Set("", "")
	}
}

// showRecent opens the menu of the rooms that were joined before.
func (s *startScreen) showRecent() {
	w := s.w
	var items []widgets.MenuItem
	for i, r := range w.state.frame.prefs.Recent {
		items = append(items, widgets.MenuItem{
			ID: fmt.Sprintf("join.recent.%d", i), Label: r.RoomID, Keys: w.when(r.At),
			Run: func() {
				w.command("room.recent", map[string]any{"roomId": r.RoomID}, func() {
					f := w.state.form
					f.roomID = r.RoomID
					w.send(formEdited{f})
				})
			},
		})
	}
	w.command("recent.open", nil, func() { w.showMenu(items, s.form.Recent) })
}

// when is a time of the past for people: "today 09:12", "yesterday", "12.05.2026".
func (w *Window) when(at time.Time) string {
	t := w.texts
	now := w.now()
	at = at.In(now.Location())
	day := func(t time.Time) time.Time { return time.Date(t.Year(), t.Month(), t.Day(), 0, 0, 0, 0, t.Location()) }
	switch days := int(day(now).Sub(day(at)).Round(24*time.Hour) / (24 * time.Hour)); {
	case days == 0:
		return t.T("when.today", at.Format("15:04"))
	case days == 1:
		return t.T("when.yesterday")
	case days > 1 && days < 7:
		return t.T("when.days", days)
	}
	return at.Format("2006-01-02")
}

// sample shows the loudness of the microphone.
func (s *startScreen) sample(now samples) {
	s.meter.SetLevel(now.level)
	s.stage.sample(now)
}

// exact is a failure as the API told it, with its number.
func exact(f *failure) string {
	if f.No == 0 {
		return f.Msg
	}
	return errorLine(*f)
}

// showDevice shows whether a device is on.
func showDevice(b *widgets.ToolButton, on bool, label string, yes, no assets.IconName) {
	if on {
		b.Set(yes, label, widgets.LookNormal)
	} else {
		b.Set(no, label, widgets.LookOff)
	}
}

func micTip(t *assets.Texts, on bool) string {
	if on {
		return t.T("tip.mute")
	}
	return t.T("tip.unmute")
}

func cameraTip(t *assets.Texts, on bool) string {
	if on {
		return t.T("tip.camera.stop")
	}
	return t.T("tip.camera.start")
}
