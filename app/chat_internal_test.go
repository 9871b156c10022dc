package app

import (
	"slices"
	"strings"
	"testing"

	"parlor/app/errno"
	"parlor/app/room"
	"parlor/app/session"
	"parlor/app/token"
	"parlor/app/ui"
	"parlor/media/mediatest"
)

// guest is a headless user in room r of a desk's server, who came by an invitation.
func (d *desk) guest(t *testing.T, name string) (*room.Context, chan room.Event) {
	t.Helper()
	text, err := (*backend)(d.App).MintToken("r", token.GuestUser)
	if err != nil {
		t.Fatal(err)
	}
	events := make(chan room.Event, 100) // more than the test makes
	transport := session.NewTransport(nil)
	t.Cleanup(transport.CloseIdleConnections)
	c, err := room.New(room.Config{
		Server: d.serverURL, AppID: d.app.ID, Kit: mediatest.Kit(), Transport: transport, Speaker: "test", OnEvent: func(e room.Event) { events <- e },
	})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { c.Close() })
	if err := c.Join(t.Context(), room.JoinOptions{RoomID: "r", UserID: name, Token: text}); err != nil {
		t.Fatal(err)
	}
	return c, events
}

// awaited is the first event of a type.
func awaited[E room.Event](t *testing.T, events <-chan room.Event) E {
	t.Helper()
	for e := range events {
		if e, ok := e.(E); ok {
			return e
		}
	}
	t.Fatal("no more events")
	panic("unreachable")
}

// TestApp_Chat: what the window sends arrives, what others send is seen in it, and the host can remove them.
func TestApp_Chat(t *testing.T) {
	check(t)
	d := newDesk(t, func(o *Options) { o.RoomID, o.UserID, o.Join = "r", "me", true })
	d.until(t, func(s ui.State) bool { return s.State == "in" })
	ann, events := d.guest(t, "ann")
	w := d.Window()
	act := func(err error) {
		t.Helper()
		if err != nil {
			t.Fatal(err)
		}
	}

	if _, err := ann.SendMessage(t.Context(), "hello from ann"); err != nil {
		t.Fatal(err)
	}
	d.until(t, func(s ui.State) bool { return s.Unread == 1 && len(s.Tiles) == 2 })
	act(w.Tap(t.Context(), "room.panel.chat"))
	act(w.Type(t.Context(), "chat.entry", "hello from me"))
	act(w.Tap(t.Context(), "chat.send"))
	s := d.until(t, func(s ui.State) bool {
		return slices.Contains(s.Texts, "hello from me") && !slices.Contains(s.Texts, "Sending...")
	})
	if s.Unread != 0 || !slices.Contains(s.Texts, "hello from ann") {
		t.Errorf("unread %d, texts %q", s.Unread, s.Texts)
	}
	if got := awaited[room.MessageReceived](t, events).Message; got.Text == "hello from ann" { // the own one first
		if got := awaited[room.MessageReceived](t, events).Message; got.UserID != "me" || got.Text != "hello from me" {
			t.Errorf("ann got %+v", got)
		}
	}

	act(w.Tap(t.Context(), "room.panel.people"))
	act(w.Tap(t.Context(), "people.ann.menu"))
	act(w.Tap(t.Context(), "menu.remove"))
	act(w.Tap(t.Context(), "people.remove.yes"))
	if got := awaited[room.ChatInterrupted](t, events); got.No != errno.NativeKickedOut {
		t.Errorf("ann is told %+v", got)
	}
	d.until(t, func(s ui.State) bool { return len(s.Tiles) == 1 })
	act(w.Tap(t.Context(), "room.panel.chat"))
	d.until(t, func(s ui.State) bool {
		return slices.ContainsFunc(s.Texts, func(text string) bool { return strings.HasSuffix(text, "  ann left") })
	})
	act(w.Tap(t.Context(), "room.panel.people"))
	act(w.Tap(t.Context(), "people.end"))
	act(w.Tap(t.Context(), "people.end.yes"))
	d.until(t, func(s ui.State) bool { return s.State == "ended" })
}
