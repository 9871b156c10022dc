package ui

import (
	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/container"
	"fyne.io/fyne/v2/widget"

	"parlor/assets"
	"parlor/media"
	"parlor/widgets"
)

// startScreen is the room page outside a room: own preview at the left, the form at the right. After an
// involuntary end it tells why instead of the form.
type startScreen struct {
	w       *Window
	content *fyne.Container
	stage   *tileStage
	title   *widget.Label

	holder      *fyne.Container // of the preview tile
	mic, camera *widgets.ToolButton
	meter       *widgets.LevelMeter
	hint        *widget.Label
	preview     *widget.Button
	testMic     *widget.Button
	form        *widgets.JoinForm
	cancel      *widget.Button
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
	s.hint = caption("")
	s.hint.Truncation = fyne.TextTruncateEllipsis
	s.preview = widget.NewButtonWithIcon(t.T("join.preview"), assets.Icon(assets.Camera, "foreground"),
		func() { w.call("changeVideoCapture", map[string]any{"state": 1}) })
	s.testMic = widget.NewButtonWithIcon(t.T("join.testMic"), assets.Icon(assets.Mic, "foreground"),
		func() { w.call("changeAudioCapture", map[string]any{"state": 1}) })
	s.form = widgets.NewJoinForm(t, w.cfg.CanMint, w.copy)
	s.form.OnJoin = w.join
	s.form.OnChanged = func(roomID, userID, token string, mint bool) {
		w.send(formEdited{form{roomID: roomID, userID: userID, token: token, mint: mint}})
	}
	for _, e := range []*widgets.Entry{s.form.RoomID, s.form.UserID, s.form.Token} {
		w.adopt(e)
	}
	s.cancel = widget.NewButton(t.T("join.cancel"), w.leave)
	s.holder = container.NewStack()
	s.newEnded()
	s.build()
	for id, o := range map[string]fyne.CanvasObject{
		"join.roomId": s.form.RoomID, "join.name": s.form.UserID, "join.userId": s.form.UserID, "join.token": s.form.Token,
		"join.token.mint": s.form.Ticket.Item(0), "join.token.paste": s.form.Ticket.Item(1),
		"join.join": s.form.Join, "join.cancel": s.cancel, "join.mic": s.mic, "join.camera": s.camera,
		"join.preview": s.preview, "join.testMic": s.testMic, "join.error.copy": s.form.Error.Copy,
	} {
		w.register(id, o)
	}
	return s
}

func (s *startScreen) newEnded() {
	t := s.w.texts
	s.endedWhy = widget.NewLabel("")
	s.endedWhy.Wrapping = fyne.TextWrapWord
	s.endedText = widgets.NewErrorBox(t, s.w.copy)
	again := widget.NewButton(t.T("ended.rejoin"), s.w.rejoin)
	again.Importance = widget.HighImportance
	home := widget.NewButton(t.T("ended.home"), func() { s.w.send(endingSeen{}) })
	s.w.register("ended.rejoin", again)
	s.w.register("ended.home", home)
	s.endedBox = column(14, inset(-6, -6, -8, -8, s.endedWhy), s.endedText,
		container.NewGridWithColumns(2, again, home))
}

// build arranges the two columns in the middle of the page.
func (s *startScreen) build() {
	t := s.w.texts
	s.title = heading(t.T("join.title"))
	head := flush(s.title)
	tools := container.NewBorder(nil, nil, row(8, s.mic, s.camera), row(8, s.testMic, s.preview),
		container.New(&custom{
			place: func(size fyne.Size) { put(s.meter, 12, 0, min(size.Width-24, 140), size.Height) },
			min:   func() fyne.Size { return fyne.NewSize(60, 8) },
		}, s.meter))
	left := container.New(&custom{}, s.holder, tools, s.hint)
	s.formBox = column(8, s.form, s.cancel)
	block := container.NewStack(s.formBox, s.endedBox)
	const edge = 4 // so that the scroller does not cut the borders of fields
	right := container.NewVScroll(inset(edge, edge, edge, edge, block))
	lay := left.Layout.(*custom)
	lay.min = func() fyne.Size { return fyne.NewSize(380, 380*9/16+90) }
	lay.place = func(size fyne.Size) {
		h := size.Width * 9 / 16
		put(s.holder, 0, 0, size.Width, h)
		put(tools, 0, h+10, size.Width, 36)
		put(s.hint, -8, h+50, size.Width+16, s.hint.MinSize().Height)
	}
	page := &custom{min: func() fyne.Size { return fyne.NewSize(minWidth-railWidth, 480) }}
	s.content = container.New(page, head, left, right)
	page.place = func(size fyne.Size) {
		const gap, formWidth, headGap = 48, 340, 24
		width := min(size.Width-64, 980)
		leftWidth := width - gap - formWidth
		x := (size.Width - width) / 2
		blockHeight := max(leftWidth*9/16+84, block.MinSize().Height)
		y := max(16, (size.Height-blockHeight-head.MinSize().Height-headGap)/2-16)
		put(head, x, y, width, head.MinSize().Height)
		y += head.MinSize().Height + headGap
		put(left, x, y, leftWidth, blockHeight)
		height := min(block.MinSize().Height+2*edge, size.Height-y+edge)
		put(right, x+leftWidth+gap-edge, y-edge, formWidth+2*edge, height)
	}
}

func (s *startScreen) show() {
	st, t := &s.w.state, s.w.texts
	setVisible(s.content, !st.showsStage())
	visible := !st.showsStage()
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
	if !visible {
		return
	}
	showDevice(s.mic, st.mic.wish, "", assets.Mic, assets.MicOff)
	showDevice(s.camera, st.camera.wish, "", assets.Camera, assets.CameraOff)
	s.mic.SetTip(micTip(t, st.mic.wish))
	s.camera.SetTip(cameraTip(t, st.camera.wish))
	setVisible(s.preview, !st.camera.open)
	setVisible(s.testMic, !st.mic.open)
	setVisible(s.meter, st.mic.open)
	s.hint.SetText(s.hintWords())
	s.form.Set(st.form.roomID, st.form.userID, st.form.token, st.form.mint)
	s.form.SetJoining(st.joining)
	setVisible(s.cancel, st.joining)
	s.showFailure()
	s.content.Refresh()
}

// hintWords is the line below the preview: what is wrong with a device, else what joining does.
func (s *startScreen) hintWords() string {
	st, t := &s.w.state, s.w.texts
	switch {
	case st.camera.err != nil:
		return t.T("join.camera.failed", st.camera.err.Msg)
	case st.mic.err != nil:
		return t.T("join.mic.failed", st.mic.err.Msg)
	case st.mic.wish && st.camera.wish:
		return t.T("join.with.both")
	case st.mic.wish:
		return t.T("join.with.mic")
	case st.camera.wish:
		return t.T("join.with.camera")
	}
	return t.T("join.with.none")
}

func (s *startScreen) showFailure() {
	st := &s.w.state
	setVisible(s.formBox, st.ending == nil)
	setVisible(s.endedBox, st.ending != nil)
	if st.ending != nil {
		s.title.SetText(s.w.texts.T("ended.title"))
		why, cure := s.w.endingWords()
		s.endedWhy.SetText(why)
		s.endedText.Set(exact(st.ending), cure)
	} else {
		s.title.SetText(s.w.texts.T("join.title"))
	}
	if f := st.joinFailure; f != nil {
		s.form.Error.Set(exact(f), s.w.cure(f))
	} else {
		s.form.Error.Set("", "")
	}
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
