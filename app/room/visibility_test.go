package room_test

import (
	"errors"
	"testing"

	"parlor/app/errno"
	"parlor/app/room"
	"parlor/app/server"
	"parlor/media"
)

// TestContext_ChangeUserVisibility: N-30, N-31 and N-16, before a join, in a room, and across a restart of the server.
func TestContext_ChangeUserVisibility(t *testing.T) {
	check(t)
	first := newServer(t, "127.0.0.1:0", "127.0.0.1:0")
	a, b := newUser(t, first.URL(), nil), newUser(t, first.URL(), nil)
	ctx := t.Context()
	b.devices.SetColor(blue)
	if err := errors.Join(a.ChangeVideoCapture(ctx, true), b.ChangeVideoCapture(ctx, true)); err != nil {
		t.Fatal(err)
	}
	b.join(t, "r", "b")
	if err := errors.Join(a.ChangeStreamPublishState(ctx, true, room.StreamVideo), a.ChangeUserVisibility(ctx, false)); err != nil {
		t.Fatal(err)
	}
	if err := a.ChangeStreamPublishState(ctx, true, room.StreamBoth); errno.As("", err).Text() != "error code:-2009" {
		t.Errorf("publishing unseen, in no room: got %v", err)
	}
	a.join(t, "r", "a")
	m := a.await(0, members("b", "a"))
	a.await(0, is(func(e room.MembersChanged) bool {
		return len(e.Members) == 2 && e.Members[1].Self && e.Members[1].Invisible
	}))
	ofB := newScreen(t)
	a.Show("b", media.Camera, ofB.Display)
	ofB.await(blue) // it receives all
	if err := a.ChangeStreamPublishState(ctx, true, room.StreamAudio); errno.As("", err).Text() != "error code:-2009" {
		t.Errorf("publishing unseen: got %v", err)
	}
	if err := a.ChangeStreamPublishState(ctx, false, room.StreamAudio); err != nil {
		t.Errorf("not publishing unseen: got %v", err)
	}
	if _, err := a.SendMessage(ctx, "unseen"); err != nil { // comes to b after anything else that a did
		t.Fatal(err)
	}
	b.await(0, text("unseen"))
	b.mu.Lock()
	for _, e := range b.events {
		if l, ok := e.(room.ChatMembersChanged); ok && len(l.Users) > 1 {
			t.Errorf("seen: %v", l)
		}
	}
	b.mu.Unlock()
	if err := errors.Join(a.ChangeUserVisibility(ctx, true), a.ChangeUserVisibility(ctx, true)); err != nil {
		t.Fatal(err)
	}
	n := b.await(0, video("b", "a"))
	a.await(m, video("b", "a"))
	if err := a.ChangeUserVisibility(ctx, false); err != nil {
		t.Fatal(err)
	}
	n = b.await(n, members("b"))
	if err := a.ChangeStreamPublishState(ctx, true, room.StreamVideo); errno.As("", err).Text() != "error code:-2009" {
		t.Errorf("publishing unseen again: got %v", err)
	}
	unseenAcrossRestart(t, first, a, b, n)
}

// unseenAcrossRestart: a, which is invisible, is it still when the server is back; n is an event of b before.
func unseenAcrossRestart(t *testing.T, first *server.Server, a, b *user, n int) {
	t.Helper()
	ctx := t.Context()
	first.Close()
	m := a.await(0, is(func(e room.ConnectionChanged) bool { return e.State == room.Reconnecting }))
	if err := a.ChangeUserVisibility(ctx, true); !errors.Is(err, errno.Failed) {
		t.Errorf("without a server: got %v", err)
	}
	newServer(t, first.HTTPAddr().String(), first.UDPAddr().String())
	a.RetryNow()
	b.RetryNow()
	a.await(m, is(func(e room.Joined) bool { return e.Rejoined }))
	b.await(n, is(func(e room.Joined) bool { return e.Rejoined }))
	if err := a.ChangeUserVisibility(ctx, true); err != nil { // still unseen: so that it is seen now, as one more
		t.Fatal(err)
	}
	b.await(n, video("b", "a"))
	a.Close()
	if err := a.ChangeUserVisibility(ctx, true); !errors.Is(err, errno.EngineDestroyed) {
		t.Errorf("destroyed: got %v", err)
	}
}
