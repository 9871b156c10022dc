package ui

import (
	"fyne.io/fyne/v2"

	"parlor/widgets"
)

// peopleScreen is the panel with everybody in the room.
type peopleScreen struct {
	w       *Window
	content fyne.CanvasObject
	list    *widgets.PeopleList
}

func newPeopleScreen(w *Window) *peopleScreen {
	s := &peopleScreen{w: w, list: widgets.NewPeopleList()}
	s.content = inset(4, 4, 8, 8, s.list)
	return s
}

func (s *peopleScreen) show() {
	t := s.w.texts
	people := make([]widgets.Person, len(s.w.state.members))
	for i, m := range s.w.state.members {
		people[i] = widgets.Person{Name: string(m.UserID), Mic: m.Audio, Camera: m.Video, Connected: m.Connected}
		switch {
		case !m.Connected:
			people[i].Note = t.T("people.reconnecting")
		case m.Self:
			people[i].Note = t.T("people.me")
		}
	}
	s.list.SetPeople(people)
}
