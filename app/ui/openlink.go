package ui

import "parlor/app/link"

// OpenLink brings the window to the front and puts an invitation into the form of the start page. Any goroutine.
func (w *Window) OpenLink(l link.Link) {
	w.post(func() {
		w.command("link.open", map[string]any{"roomId": l.RoomID, "userId": l.UserID}, func() {
			f := w.state.form
			f.roomID = l.RoomID
			if l.UserID != "" {
				f.userID = l.UserID
			}
			if l.Token != "" {
				f.token, f.mint = l.Token, false
			}
			w.send(formEdited{f})
			w.send(pageChosen{pageRoom})
			w.win.RequestFocus()
		})
	})
}
