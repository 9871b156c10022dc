package ui

import (
	"cmp"
	"slices"
	"strings"

	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/container"
	"fyne.io/fyne/v2/theme"
	"fyne.io/fyne/v2/widget"

	"parlor/app/room"
	"parlor/assets"
	"parlor/widgets"
)

// peopleState is what is searched for in the list of people.
type peopleState struct{ search string }

// peopleSearched is what was typed.
type peopleSearched struct{ text string }

// reduce returns the part after a message.
func (s peopleState) reduce(m any) peopleState {
	switch m := m.(type) {
	case peopleSearched:
		s.search = m.text
	case room.Exited:
		s.search = ""
	}
	return s
}

// people lists the members as the panel shows them: oneself, who shares, who can be heard, the others; within each as they
// joined. A search leaves those with the text in their name.
func (s *state) listPeople() []room.Member {
	search := strings.ToLower(strings.TrimSpace(s.people.search))
	list := make([]room.Member, 0, len(s.members))
	for _, m := range s.members {
		if search == "" || strings.Contains(strings.ToLower(string(m.UserID)), search) {
			list = append(list, m)
		}
	}
	rank := func(m room.Member) int {
		switch {
		case m.Self:
			return 0
		case m.Screen:
			return 1
		case m.Audio:
			return 2
		}
		return 3
	}
	slices.SortStableFunc(list, func(a, b room.Member) int { return cmp.Compare(rank(a), rank(b)) })
	return list
}

// peopleScreen is the panel with everybody in the room.
type peopleScreen struct {
	w       *Window
	content *fyne.Container
	search  *widgets.Entry
	count   *widget.Label
	list    *widgets.PeopleList
	nobody  *widget.Label
	visible *widgets.Check
	invite  *widgets.Button
	end     *widgets.Button

	menus []string // ids of the menu buttons on screen
}

func newPeopleScreen(w *Window) *peopleScreen {
	t := w.texts
	s := &peopleScreen{w: w, search: widgets.NewEntry(t.T("people.search")), count: caption(""), list: widgets.NewPeopleList(t), nobody: widget.NewLabel("")}
	s.search.SetIcon(assets.Icon(assets.Search, theme.ColorNamePlaceHolder))
	s.search.OnChanged = func(text string) { w.send(peopleSearched{text}) }
	w.adopt(s.search)
	s.count.Alignment = fyne.TextAlignTrailing
	s.nobody.Wrapping = fyne.TextWrapWord
	s.nobody.Alignment = fyne.TextAlignCenter
	s.nobody.Importance = widget.LowImportance
	s.list.OnMenu = func(name string, anchor fyne.CanvasObject) { w.showUserMenu(room.UserID(name), anchor) }
	s.list.OnRows = s.registerMenus
	s.visible = widgets.NewCheck(t.T("people.visible"), func(on bool) { w.call("changeUserVisibility", map[string]any{"visible": on}) })
	s.invite = widgets.NewIconButton(t.T("people.invite"), assets.Icon(assets.Link, theme.ColorNameForeground), w.copyInvitation)
	s.end = widgets.NewButton(t.T("people.end"), w.askEnd)
	for id, o := range map[string]fyne.CanvasObject{
		"people.search": s.search, "people.list": s.list, "people.visible": s.visible, "people.invite": s.invite, "people.end": s.end,
	} {
		w.register(id, o)
	}
	s.build()
	return s
}

func (s *peopleScreen) build() {
	foot := container.New(&wrapping{gap: 6}, s.invite, s.end)
	line := separator()
	lay := &custom{min: func() fyne.Size { return fyne.NewSize(panelWidth-1, 240) }}
	s.content = container.New(lay, s.search, s.count, s.list, s.nobody, line, s.visible, foot)
	lay.place = func(size fyne.Size) {
		const edge = 12
		width := size.Width - 2*edge
		y := float32(edge)
		put(s.search, edge, y, width, s.search.MinSize().Height)
		y += s.search.MinSize().Height
		put(s.count, edge-8, y, width+16, s.count.MinSize().Height)
		y += s.count.MinSize().Height
		footHeight := foot.MinSize().Height
		bottom := size.Height - edge - footHeight
		put(foot, edge, bottom, width, footHeight)
		bottom -= s.visible.MinSize().Height + 4
		put(s.visible, edge-4, bottom, width+8, s.visible.MinSize().Height)
		bottom -= 5
		put(line, 0, bottom, size.Width, 1)
		put(s.list, 0, y, size.Width, bottom-y)
		put(s.nobody, edge, y+rowGap, width, s.nobody.MinSize().Height)
		if rows := float32(len(s.w.state.members)); s.nobody.Visible() && rows == 1 {
			put(s.nobody, edge, y+3*rowGap, width, s.nobody.MinSize().Height)
		}
	}
}

const rowGap = 24 // above words in an empty list

func (s *peopleScreen) show() {
	st, t := &s.w.state, s.w.texts
	if s.search.Text != st.people.search {
		s.search.SetText(st.people.search)
	}
	members := st.listPeople()
	people := make([]widgets.Person, len(members))
	for i, m := range members {
		people[i] = widgets.Person{
			Name: string(m.UserID), Mic: m.Audio, Camera: m.Video, Screen: m.Screen, Connected: m.Connected, Quality: int(m.Quality),
		}
		switch {
		case !m.Connected:
			people[i].Note = t.T("people.reconnecting")
		case m.Invisible:
			people[i].Note = t.T("people.me.invisible")
		case m.Self:
			people[i].Note = t.T("people.me")
		}
	}
	s.list.SetPeople(people)
	s.registerMenus()
	searching := strings.TrimSpace(st.people.search) != ""
	words := t.T("people.count", len(st.members))
	if searching {
		words = t.T("people.found", len(members), len(st.members))
	}
	s.count.SetText(words)
	switch {
	case searching && len(members) == 0:
		s.nobody.SetText(t.T("people.nobody", strings.TrimSpace(st.people.search)))
	case !searching && len(st.members) == 1:
		s.nobody.SetText(t.T("people.alone"))
	default:
		s.nobody.SetText("")
	}
	setVisible(s.nobody, s.nobody.Text != "")
	s.visible.Set(!st.self().Invisible)
	setVisible(s.end, s.w.cfg.CanMint)
	s.content.Refresh()
}

// registerMenus gives the menu buttons that are on screen their ids.
func (s *peopleScreen) registerMenus() {
	for _, id := range s.menus {
		delete(s.w.controls, id)
	}
	s.menus = s.menus[:0]
	for name, o := range s.list.MenuButtons() {
		id := "people." + name + ".menu"
		s.w.register(id, o)
		s.menus = append(s.menus, id)
	}
}

// askRemove asks before a member is removed.
func (w *Window) askRemove(user room.UserID) {
	t := w.texts
	params := map[string]any{"userId": string(user)}
	w.command("room.remove.ask", params, func() {
		w.ask("people.remove", t.T("people.remove.title"), t.T("people.remove.words", string(user)), t.T("people.remove.yes"), t.T("people.no"),
			widget.DangerImportance, func() { w.call("x-removeUser", params) })
	})
}

// askEnd asks before the room is ended for everybody.
func (w *Window) askEnd() {
	t := w.texts
	w.command("room.end.ask", nil, func() {
		w.ask("people.end", t.T("people.end.title"), t.T("people.end.words", len(w.state.members)), t.T("people.end"), t.T("people.no"),
			widget.DangerImportance, func() { w.call("x-endRoom", map[string]any{}) })
	})
}
