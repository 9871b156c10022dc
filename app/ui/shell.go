package ui

import (
	"fmt"
	"slices"
	"time"

	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/container"
	"fyne.io/fyne/v2/theme"

	"parlor/app/room"
	"parlor/assets"
	"parlor/media"
	"parlor/widgets"
)

// shell is the frame of the window: banner, rail, the page, status bar.
type shell struct {
	w       *Window
	content *fyne.Container
	faults  *widgets.FaultLine
	banner  *widgets.Banner
	status  *widgets.StatusBar
	rail    [3]*widgets.ToolButton // by page
	railBox *fyne.Container
	pages   [3]fyne.CanvasObject // by page
	chrome  []fyne.CanvasObject  // all around the page; not there while a tile has the whole window
	toasts  *fyne.Container
	shown   []toast // that toasts holds

	card              *widgets.RoomCard // of the room, while another page is shown
	cardMic, cardExit *widgets.ToolButton
	cardBox           *fyne.Container

	bannerIDs []string // of the banner's buttons
	processor processor
}

func newShell(w *Window) *shell {
	s := &shell{w: w, faults: widgets.NewFaultLine(), banner: widgets.NewBanner()}
	s.status = widgets.NewStatusBar(w.texts.T("status.tip"))
	s.status.OnTapped = w.showStatistics
	w.register("shell.status", s.status)
	s.newRail()
	s.newToasts()
	s.pages[pageRoom] = container.NewStack(w.start.content, w.room.content)
	s.pages[pageAPI] = container.NewStack()
	s.pages[pageSettings] = w.settings.content
	s.build()
	return s
}

// newRail makes the column of pages, with the card of the room.
func (s *shell) newRail() {
	w, t := s.w, s.w.texts
	for p, b := range map[page]struct {
		icon  assets.IconName
		words string
	}{
		pageRoom: {assets.Room, t.T("rail.room")}, pageAPI: {assets.API, t.T("rail.api")}, pageSettings: {assets.Settings, t.T("rail.settings")},
	} {
		s.rail[p] = widgets.NewToolButton(b.icon, b.words, func() { w.openPage(p) })
		w.register("shell.rail."+pageNames[p], s.rail[p])
	}
	s.card = widgets.NewRoomCard(t.T("card.back"))
	s.card.OnTapped = func() { w.openPage(pageRoom) }
	s.cardMic = widgets.NewToolButton(assets.Mic, "", func() { w.toggle(media.Microphone) })
	s.cardExit = widgets.NewToolButton(assets.Leave, "", w.leave)
	s.cardExit.SetLook(widgets.LookDanger)
	s.cardExit.SetTip(t.T("tool.leave"))
	w.register("shell.card.back", s.card)
	w.register("shell.card.mic", s.cardMic)
	w.register("shell.card.leave", s.cardExit)
	s.cardBox = column(6, s.card, s.cardMic, s.cardExit)
	top := column(4, s.rail[pageRoom], s.rail[pageAPI])
	lay := &custom{min: func() fyne.Size {
		return fyne.NewSize(max(railWidth, top.MinSize().Width+8, s.rail[pageSettings].MinSize().Width+8), 300)
	}}
	s.railBox = container.New(lay, top, s.cardBox, s.rail[pageSettings])
	lay.place = func(size fyne.Size) {
		put(top, 4, 12, size.Width-8, top.MinSize().Height)
		y := size.Height - 8 - s.rail[pageSettings].MinSize().Height
		put(s.rail[pageSettings], 4, y, size.Width-8, s.rail[pageSettings].MinSize().Height)
		m := s.cardBox.MinSize()
		put(s.cardBox, (size.Width-64)/2, y-m.Height-16, 64, m.Height)
	}
}

// build arranges the window.
func (s *shell) build() {
	edge := separator()
	s.chrome = []fyne.CanvasObject{s.railBox, edge, s.status}
	objects := []fyne.CanvasObject{s.banner, s.railBox, edge}
	for _, p := range s.pages {
		objects = append(objects, p)
	}
	objects = append(objects, s.status, s.toasts, s.faults)
	lay := &custom{min: func() fyne.Size { return fyne.NewSize(minWidth, minHeight) }}
	lay.place = func(size fyne.Size) {
		s.w.resized(size)
		put(s.faults, 0, 0, size.Width, widgets.FaultLineHeight)
		var y float32
		if s.faults.Visible() {
			y = widgets.FaultLineHeight
		}
		if s.banner.Visible() {
			height := s.banner.HeightFor(size.Width)
			put(s.banner, 0, y, size.Width, height)
			y += height
		}
		if s.w.state.layout.alone {
			put(s.pages[pageRoom], 0, y, size.Width, size.Height-y)
			put(s.toasts, 0, y, size.Width, size.Height-y)
			return
		}
		statusY := size.Height - s.status.MinSize().Height
		put(s.status, 0, statusY, size.Width, size.Height-statusY)
		rail := s.railBox.MinSize().Width
		put(s.railBox, 0, y, rail, statusY-y)
		put(edge, rail-1, y, 1, statusY-y)
		for _, p := range s.pages {
			put(p, rail, y, size.Width-rail, statusY-y)
		}
		put(s.toasts, rail, y, size.Width-rail, statusY-y)
	}
	s.content = container.New(lay, objects...)
}

func (s *shell) show() {
	st := &s.w.state
	for i, b := range s.rail {
		look := widgets.LookFlat
		if page(i) == st.page {
			look = widgets.LookSelected
		}
		b.SetLook(look)
		setVisible(s.pages[i], page(i) == st.page)
	}
	s.rail[pageRoom].SetMark(st.inRoom() && st.page != pageRoom)
	if whole := !st.layout.alone; whole != s.status.Visible() {
		for _, o := range s.chrome {
			setVisible(o, whole)
		}
		s.content.Refresh()
	}
	s.moveConsole()
	s.showCard()
	s.showToasts()
	s.showFaults()
	s.showBanner()
	s.showStatus()
}

// showCard shows the way back to the room.
func (s *shell) showCard() {
	st, t := &s.w.state, s.w.texts
	visible := st.inRoom() && st.page != pageRoom
	if visible != s.cardBox.Visible() {
		setVisible(s.cardBox, visible)
		s.railBox.Refresh()
	}
	on := st.live(media.Microphone)
	s.card.Set(st.roomID, !on)
	showDevice(s.cardMic, on, "", assets.Mic, assets.MicOff)
	s.cardMic.SetTip(micTip(t, on))
}

// showFaults shows that a tester broke something.
func (s *shell) showFaults() {
	if on := s.w.state.frame.faults != ""; on != s.faults.Visible() {
		setVisible(s.faults, on)
		s.content.Refresh()
	}
}

// newToasts makes the layer of toasts, which lies over the pages: bottom centre of the stage, the newest below.
func (s *shell) newToasts() {
	lay := &custom{min: func() fyne.Size { return fyne.Size{} }}
	s.toasts = container.New(lay)
	lay.place = func(size fyne.Size) {
		width, y := size.Width, size.Height-16
		if s.w.room.onScreen() {
			grid := s.w.room.grid
			y = grid.Position().Y + grid.Size().Height - 12
			width -= s.w.room.side.width
		}
		for i := len(s.toasts.Objects) - 1; i >= 0; i-- {
			o := s.toasts.Objects[i]
			m := o.MinSize()
			m.Width = min(m.Width, width-16)
			y -= m.Height
			put(o, (width-m.Width)/2, y, m.Width, m.Height)
			y -= 8
		}
	}
}

// showToasts makes the toasts anew when one came or went.
func (s *shell) showToasts() {
	same := func(a, b toast) bool { return a.words == b.words && a.until.Equal(b.until) }
	if slices.EqualFunc(s.shown, s.w.state.frame.toasts, same) {
		return
	}
	s.shown = s.w.state.frame.toasts
	s.toasts.Objects = nil
	for i, t := range s.shown {
		view := widgets.NewToast(t.words, t.action, func() {
			s.w.send(toastTapped{i})
			t.do()
		})
		s.w.register(fmt.Sprintf("shell.toast.%d", i), view.Action)
		s.toasts.Add(view)
	}
	s.toasts.Refresh()
}

// moveConsole puts the API console where it is to be seen: it is one, on its page or in the panel.
func (s *shell) moveConsole() {
	page := s.pages[pageAPI].(*fyne.Container)
	onPage := s.w.state.page == pageAPI
	if onPage == (len(page.Objects) > 0) && !onPage == (len(s.w.room.side.api.Objects) > 0) {
		return
	}
	page.Objects, s.w.room.side.api.Objects = nil, nil
	if onPage {
		page.Objects = []fyne.CanvasObject{s.w.console.Content()}
	} else {
		s.w.room.side.api.Objects = []fyne.CanvasObject{s.w.console.Content()}
	}
	page.Refresh()
	s.w.room.side.api.Refresh()
}

func (s *shell) showStatus() {
	w, t := s.w, s.w.texts
	st := &w.state
	var facts []string
	if st.frame.faults != "" {
		facts = append(facts, t.T("status.faults"), st.frame.faults)
	}
	switch {
	case st.connection == room.Reconnecting:
		s.status.Set(assets.Warning, theme.ColorNameWarning, t.T("status.reconnecting"), append(facts, t.T("status.room", st.roomID))...)
	case st.inRoom() && !st.frame.weak.since.IsZero():
		s.status.Set(assets.Warning, theme.ColorNameWarning, t.T("status.weak"), append(facts, s.facts()...)...)
	case st.inRoom():
		s.status.Set(assets.Check, theme.ColorNameSuccess, t.T("status.connected"), append(facts, s.facts()...)...)
	case st.joining:
		s.status.Set(assets.Retry, theme.ColorNamePrimary, t.T("status.joining"), facts...)
	case st.frame.server != "":
		s.status.Set(assets.Error, theme.ColorNameError, t.T("status.offline"), append(facts, t.T("status.server", w.cfg.Server))...)
	default:
		server := t.T("status.server", w.cfg.Server)
		if w.cfg.Embedded {
			server = t.T("status.embedded")
		}
		s.status.Set(assets.Offline, theme.ColorNamePlaceHolder, t.T("status.outside"), append(facts, server)...)
	}
}

func (s *shell) facts() []string {
	w, t := s.w, s.w.texts
	facts := []string{t.T("status.room", w.state.roomID), clock(w.now().Sub(w.state.joinedAt))}
	if r := w.room.rates; r.valid {
		facts = append(facts,
			t.T("status.up", bitRate(r.up)), t.T("status.down", bitRate(r.down)),
			t.T("status.rtt", r.rtt), t.T("status.loss", r.loss))
	}
	if s.processor.valid {
		facts = append(facts, t.T("status.cpu", s.processor.percent))
	}
	return facts
}

// sample brings what changes all the time up to date.
func (s *shell) sample(now samples) {
	s.processor.add(now)
	s.showBanner()
	s.showStatus()
}

// processor is how busy the program keeps the computer, over the last second or so; 100 is one whole core.
type processor struct {
	valid   bool
	percent float64

	at   time.Time
	used time.Duration
}

func (p *processor) add(now samples) {
	since := now.at.Sub(p.at)
	if since < time.Second {
		return
	}
	old := *p
	*p = processor{at: now.at, used: now.cpu}
	if old.at.IsZero() || since > 10*time.Second { // nobody looked for a while
		return
	}
	p.valid = true
	p.percent = max(0, float64(now.cpu-old.used)/float64(since)*100)
}

// clock is a duration as hours, minutes and seconds.
func clock(d time.Duration) string {
	seconds := int(max(d, 0) / time.Second)
	return fmt.Sprintf("%02d:%02d:%02d", seconds/3600, seconds/60%60, seconds%60)
}

// bitRate is a rate in bit/s for people.
func bitRate(bits float64) string {
	if bits >= 1e6 {
		return fmt.Sprintf("%.1f Mb/s", bits/1e6)
	}
	return fmt.Sprintf("%.0f kb/s", bits/1e3)
}
