package ui

import (
	"fyne.io/fyne/v2"

	"parlor/widgets"
)

// The fields of the room's information.
const (
	fieldApp   = "appId"
	fieldToken = "token"
	fieldRoom  = "roomId"
	fieldUser  = "userId"
)

// infoScreen is the panel with the room's information.
type infoScreen struct {
	w       *Window
	content fyne.CanvasObject
	fields  *widgets.InfoPanel
}

func newInfoScreen(w *Window) *infoScreen {
	t := w.texts
	s := &infoScreen{w: w}
	s.fields = widgets.NewInfoPanel(t, widgets.InfoField{Name: fieldApp}, widgets.InfoField{Name: fieldToken, Secret: true},
		widgets.InfoField{Name: fieldRoom}, widgets.InfoField{Name: fieldUser})
	s.fields.OnCopy = func(_, value string) { w.copy(value) }
	for _, f := range []string{fieldApp, fieldToken, fieldRoom, fieldUser} {
		copyButton, reveal := s.fields.Buttons(f)
		w.register("room.info."+f+".copy", copyButton)
		if reveal != nil {
			w.register("room.info."+f+".reveal", reveal)
		}
	}
	s.content = inset(8, 8, 16, 10, column(8, section(t.T("info.title")), s.fields))
	return s
}

func (s *infoScreen) show() {
	st := &s.w.state
	s.fields.Set(fieldApp, st.appID)
	s.fields.Set(fieldToken, st.token)
	s.fields.Set(fieldRoom, st.roomID)
	s.fields.Set(fieldUser, st.userID)
}
