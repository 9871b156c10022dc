package ui

import (
	"time"

	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/container"

	"parlor/widgets"
)

// panel is what the side panel of the room shows, in the order of its tabs.
type panel uint8

const (
	panelNone panel = iota
	panelInfo
	panelAPI
	panelPeople
	panelChat
)

// panelNames are the panels' names in ids and rows, and for the driver.
var panelNames = [...]string{panelNone: "", panelInfo: "info", panelAPI: "api", panelPeople: "people", panelChat: "chat"}

// sideFrom is the width of the window, in units, from which on the side panel is there without having been asked for.
const sideFrom = 1100

// stageWidth is what large text leaves of the page beside the side panel, which grows with it.
const stageWidth = 640

// The messages of the side panel.
type (
	panelChosen  struct{ panel panel } // the one that is shown hides the side panel
	widthCrossed struct{ narrow bool } // the window became narrower than sideFrom, or no longer is
)

// sideState is which panel is chosen, and whether it is to be seen.
type sideState struct {
	panel  panel
	wished bool // a person chose it: it is shown in a narrow window, too
	narrow bool // the window is narrower than sideFrom
}

// reduce returns the part after a message.
func (s sideState) reduce(m any, _ *state, _ time.Time) sideState {
	switch m := m.(type) {
	case panelChosen:
		if s.shown() == m.panel {
			m.panel = panelNone
		}
		s.panel, s.wished = m.panel, true
	case widthCrossed:
		s.narrow = m.narrow
	}
	return s
}

// shown is the panel that is on screen beside the stage.
func (s sideState) shown() panel {
	if s.narrow && !s.wished {
		return panelNone
	}
	return s.panel
}

// choosePanel is a tab, a button of the toolbar, or a key: it shows a panel, or hides the one that is shown.
func (w *Window) choosePanel(p panel) {
	show := w.state.side.shown() != p
	w.command("panel."+panelNames[p], map[string]any{"show": show}, func() { w.send(panelChosen{p}) })
	if show && p == panelChat { // whoever opens the chat wants to write
		w.win.Canvas().Focus(w.room.side.chat.entry.Field)
	}
}

// sidePanel is the right edge of the room page: tabs, and below them what the chosen one shows.
type sidePanel struct {
	w       *Window
	content *fyne.Container
	tabs    *widgets.Tabs
	width   float32 // that it takes of the page

	info   *infoScreen
	api    *fyne.Container // the console, while it is not on its own page
	people *peopleScreen
	chat   *chatScreen
}

func newSidePanel(w *Window) *sidePanel {
	t := w.texts
	p := &sidePanel{w: w, info: newInfoScreen(w), api: container.NewStack(), people: newPeopleScreen(w), chat: newChatScreen(w)}
	p.tabs = widgets.NewTabs(t.T("panel.info"), t.T("panel.api"), t.T("panel.people", 0), t.T("panel.chat"))
	p.tabs.OnChosen = func(i int) {
		if chosen := panelInfo + panel(i); chosen != w.state.side.shown() {
			w.choosePanel(chosen)
		}
	}
	for i, name := range panelNames[panelInfo:] {
		w.register("room.panel."+name, p.tabs.Item(i))
	}
	edge, below := separator(), separator()
	lay := &custom{min: func() fyne.Size { return fyne.NewSize(panelWidth, 200) }}
	p.content = container.New(lay, edge, p.tabs, below, p.info.content, p.api, p.people.content, p.chat.content)
	lay.place = func(size fyne.Size) {
		head := p.tabs.MinSize().Height + 8
		put(edge, 0, 0, 1, size.Height)
		put(p.tabs, 4, 4, size.Width-8, head-8)
		put(below, 1, head-1, size.Width-1, 1)
		for _, o := range []fyne.CanvasObject{p.info.content, p.api, p.people.content, p.chat.content} {
			put(o, 1, head, size.Width-1, size.Height-head)
		}
	}
	return p
}

// place puts the side panel at the right edge of the page and returns the width that it takes.
func (p *sidePanel) place(page fyne.Size) float32 {
	if narrow := page.Width+railWidth < sideFrom; narrow != p.w.state.side.narrow {
		p.w.post(func() { p.w.send(widthCrossed{narrow}) }) // later: this is within a layout
	}
	p.width = 0
	if p.content.Visible() {
		p.width = max(panelWidth, min(widgets.Scaled(panelWidth), page.Width-stageWidth))
		put(p.content, page.Width-p.width, 0, p.width, page.Height)
	}
	return p.width
}

func (p *sidePanel) show() {
	shown := p.w.state.side.shown()
	setVisible(p.content, shown != panelNone)
	if shown != panelChat {
		p.chat.hide()
	}
	setVisible(p.info.content, shown == panelInfo)
	setVisible(p.api, shown == panelAPI)
	setVisible(p.people.content, shown == panelPeople)
	setVisible(p.chat.content, shown == panelChat)
	if shown == panelNone {
		return
	}
	p.tabs.Choose(int(shown - panelInfo))
	t := p.w.texts
	p.tabs.SetLabel(int(panelPeople-panelInfo), t.T("panel.people", len(p.w.state.members)))
	chat := t.T("panel.chat")
	if n := p.w.state.chat.unread; n > 0 {
		chat = t.T("panel.chat.unread", min(n, 99))
	}
	p.tabs.SetLabel(int(panelChat-panelInfo), chat)
	switch shown {
	case panelInfo:
		p.info.show()
	case panelPeople:
		p.people.show()
	case panelChat:
		p.chat.show()
	}
}

// tick brings up to date what changes with time.
func (p *sidePanel) tick() {
	if p.w.state.inRoom() && p.w.state.side.shown() == panelInfo {
		p.info.tick()
		p.info.invite.tick()
	}
}
