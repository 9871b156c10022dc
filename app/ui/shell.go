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
	"parlor/widgets"
)

// shell is the frame of the window: banner, rail, the page, status bar.
type shell struct {
	w       *Window
	content *fyne.Container
	banner  *widgets.Banner
	status  *widgets.StatusBar
	rail    [3]*widgets.ToolButton // by page
	pages   [3]fyne.CanvasObject   // by page
	chrome  []fyne.CanvasObject    // all around the page; not there while a tile has the whole window
	toasts  *fyne.Container
	shown   []toast // that toasts holds
}

func newShell(w *Window) *shell {
	t := w.texts
	s := &shell{w: w, banner: widgets.NewBanner(), status: widgets.NewStatusBar()}
	s.rail[pageRoom] = widgets.NewToolButton(assets.Room, t.T("rail.room"), func() { w.send(pageChosen{pageRoom}) })
	s.rail[pageAPI] = widgets.NewToolButton(assets.API, t.T("rail.api"), func() { w.send(pageChosen{pageAPI}) })
	s.rail[pageSettings] = widgets.NewToolButton(assets.Settings, t.T("rail.settings"), func() { w.send(pageChosen{pageSettings}) })
	s.pages[pageRoom] = container.NewStack(w.start.content, w.room.content)
	s.pages[pageAPI] = container.NewStack()
	s.pages[pageSettings] = w.settings.content
	w.register("shell.rail.room", s.rail[pageRoom])
	w.register("shell.rail.api", s.rail[pageAPI])
	w.register("shell.rail.settings", s.rail[pageSettings])
	w.register("shell.banner.first", s.banner.First)
	w.register("shell.banner.close", s.banner.Second)
	w.register("shell.status", s.status)

	top, bottom := column(4, s.rail[pageRoom], s.rail[pageAPI]), s.rail[pageSettings]
	edge := separator()
	s.chrome = []fyne.CanvasObject{top, bottom, edge, s.status}
	objects := append([]fyne.CanvasObject{s.banner}, s.chrome...)
	for _, p := range s.pages {
		objects = append(objects, p)
	}
	s.newToasts()
	objects = append(objects, s.toasts)
	lay := &custom{min: func() fyne.Size { return fyne.NewSize(minWidth, minHeight) }}
	lay.place = func(size fyne.Size) {
		var y float32
		if s.banner.Visible() {
			y = s.banner.MinSize().Height
			put(s.banner, 0, 0, size.Width, y)
		}
		if w.state.layout.alone {
			put(s.pages[pageRoom], 0, y, size.Width, size.Height-y)
			put(s.toasts, 0, y, size.Width, size.Height-y)
			return
		}
		statusY := size.Height - s.status.MinSize().Height
		put(s.status, 0, statusY, size.Width, size.Height-statusY)
		put(top, 4, y+12, railWidth-8, top.MinSize().Height)
		put(bottom, 4, statusY-8-bottom.MinSize().Height, railWidth-8, bottom.MinSize().Height)
		put(edge, railWidth-1, y, 1, statusY-y)
		for _, p := range s.pages {
			put(p, railWidth, y, size.Width-railWidth, statusY-y)
		}
		put(s.toasts, railWidth, y, size.Width-railWidth, statusY-y)
	}
	s.content = container.New(lay, objects...)
	return s
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
	s.showToasts()
	s.showBanner()
	s.showStatus()
}

// newToasts makes the layer of toasts, which lies over the pages: bottom centre of the stage, the newest below.
func (s *shell) newToasts() {
	lay := &custom{min: func() fyne.Size { return fyne.Size{} }}
	s.toasts = container.New(lay)
	lay.place = func(size fyne.Size) {
		width, y := size.Width, size.Height-16
		if s.w.room.onScreen() {
			y -= s.w.room.toolbar.content.Size().Height + 16
			if s.w.state.side.shown() != panelNone {
				width -= panelWidth
			}
		}
		for i := len(s.toasts.Objects) - 1; i >= 0; i-- {
			o := s.toasts.Objects[i]
			m := o.MinSize()
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

func (s *shell) showBanner() {
	before := s.banner.Visible()
	s.setBanner()
	if s.banner.Visible() != before {
		s.content.Refresh()
	}
}

func (s *shell) setBanner() {
	w, t := s.w, s.w.texts
	if w.state.connection == room.Reconnecting {
		left := max(0, int((w.state.retryAt.Sub(w.now())+time.Second-1)/time.Second))
		words := t.T("banner.reconnecting", max(w.state.attempt, 1))
		if left > 0 {
			words = t.T("banner.reconnecting.in", max(w.state.attempt, 1), left)
		}
		s.banner.First.OnTapped, s.banner.Second.OnTapped = w.cfg.Backend.RetryNow, w.leave
		s.banner.Set(widgets.SeverityWarning, words, t.T("banner.retry"), t.T("tool.leave"))
		w.register("shell.banner.retry", s.banner.First)
		w.register("shell.banner.leave", s.banner.Second)
		return
	}
	severity, words, action := widgets.SeverityWarning, "", ""
	switch n := w.state.notice; n.kind {
	case noticeServer:
		severity, words = widgets.SeverityError, t.T("notice.server", n.detail)
	case noticeTokenEnds, noticeTokenExpired:
		words = t.T("notice.token.ends")
		if n.kind == noticeTokenExpired {
			words = t.T("notice.token.expired")
		}
		if w.cfg.CanMint {
			action = t.T("notice.token.update")
			s.banner.First.OnTapped = w.updateToken
		}
	case noticeCamera, noticeMicrophone, noticeSpeaker:
		words = w.missingDevices(n)
	case noticeShare:
		words = t.T("notice.share", n.detail)
	case noticeShareEnded:
		words = t.T("notice.share.ended", n.detail)
	case noticeWords:
		severity, words = widgets.SeverityInfo, n.detail
	}
	s.banner.Second.OnTapped = func() { w.send(noticeCame{}) }
	s.banner.Set(severity, words, action, t.T("banner.close"))
}

func (s *shell) showStatus() {
	w, t := s.w, s.w.texts
	switch {
	case w.state.connection == room.Reconnecting:
		s.status.Set(assets.Warning, theme.ColorNameWarning, t.T("status.reconnecting"), t.T("status.room", w.state.roomID))
	case w.state.inRoom():
		s.status.Set(assets.Check, theme.ColorNameSuccess, t.T("status.connected"), s.facts()...)
	case w.state.joining:
		s.status.Set(assets.Retry, theme.ColorNamePrimary, t.T("status.joining"))
	default:
		server := t.T("status.server", w.cfg.Server)
		if w.cfg.Embedded {
			server = t.T("status.embedded")
		}
		s.status.Set(assets.Offline, theme.ColorNamePlaceHolder, t.T("status.outside"), server)
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
	return facts
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
