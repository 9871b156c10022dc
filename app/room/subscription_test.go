package room_test

import (
	"errors"
	"testing"
	"time"

	"parlor/app/errno"
	"parlor/app/room"
	"parlor/app/token"
	"parlor/media"
)

func audioOnly(tok *token.AccessToken) {
	tok.Privileges = map[token.Privilege]uint32{token.PublishAudio: 0, token.SubscribeStream: 0}
}

// flags awaits what a member of the room is said to be received of.
func (u *user) flags(id room.UserID, audio, video, screen bool) {
	u.await(0, is(func(e room.MembersChanged) bool {
		for _, m := range e.Members {
			if m.UserID == id && m.AudioSubscribed == audio && m.VideoSubscribed == video && m.ScreenSubscribed == screen {
				return true
			}
		}
		return false
	}))
}

// receives waits until packets of a source have come, beyond those that had come before.
func (u *user) receives(t *testing.T, id string, source media.Source) {
	t.Helper()
	first, limit := ^uint64(0), time.After(30*time.Second)
	tick := time.NewTicker(10 * time.Millisecond)
	defer tick.Stop()
	for {
		now := u.packets(id, source)
		if first == ^uint64(0) {
			first = now
		}
		if now > first+5 {
			return
		}
		select {
		case <-tick.C:
		case <-limit:
			t.Fatalf("nothing of %s's %s comes: %+v", id, source, u.Stats().Remote)
		}
	}
}

func (u *user) packets(id string, source media.Source) uint64 {
	for _, r := range u.Stats().Remote {
		if r.UserID == id && r.Source == source {
			return r.Packets
		}
	}
	return 0
}

// TestContext_Subscribe: N-18..N-25 with roomConfig.autoSubscribe false: nothing is received but what is asked for.
func TestContext_Subscribe(t *testing.T) {
	check(t)
	s := newServer(t, "127.0.0.1:0", "127.0.0.1:0")
	m := newMachine()
	m.cameras, m.screens = []string{"x"}, []string{"whole"}
	a, b := newUser(t, s.URL(), m.with), newUser(t, s.URL(), nil)
	ctx := t.Context()
	if err := b.ChangeStreamSubscribeState(ctx, true, "a", room.StreamBoth); errno.As("", err).Text() != "user is not in a room" {
		t.Errorf("N-20, outside a room: got %v", err)
	}
	a.join(t, "r", "a")
	if err := b.Join(ctx, room.JoinOptions{RoomID: "r", UserID: "b", Token: mint(t, "r", "b", nil), NoAutoSubscribe: true}); err != nil {
		t.Fatal(err)
	}
	n := b.await(0, members("a", "b"))
	for _, unknown := range []room.UserID{"a", "b", "nobody", ""} { // a publishes nothing yet
		for _, on := range []bool{true, false} {
			if err := b.ChangeStreamSubscribeState(ctx, on, unknown, room.StreamBoth); errno.As("", err).Text() != "error code:-2003" {
				t.Errorf("%q: got %v", unknown, err)
			}
		}
	}
	if err := errors.Join(a.ChangeAudioCapture(ctx, true), a.ChangeVideoCapture(ctx, true), a.StartScreenShare(ctx, "whole", "")); err != nil {
		t.Fatal(err)
	}
	b.await(n, sharing("a"))
	b.await(n, video("a"))
	b.await(n, is(func(e room.ChatSpeakersChanged) bool { return len(e.Users) == 1 }))
	b.flags("a", false, false, false)
	if err := b.ChangeScreenSubscribeState(ctx, true, "a", room.StreamAudio); errno.As("", err).Text() != "error code:-2003" {
		t.Errorf("the sound of a screen without one: got %v", err)
	}
	if err := b.ChangeStreamSubscribeState(ctx, true, "a", "smell"); !errors.Is(err, errno.InvalidParam) {
		t.Errorf("got %v", err)
	}
	if err := b.ChangeStreamSubscribeState(ctx, true, "a", room.StreamAudio); err != nil {
		t.Fatal(err)
	}
	b.receives(t, "a", media.Microphone)
	b.flags("a", true, false, false)
	if err := b.ChangeScreenSubscribeState(ctx, true, "a", room.StreamBoth); err != nil {
		t.Fatal(err)
	}
	b.receives(t, "a", media.Screen)
	b.flags("a", true, false, true)
	if got := b.packets("a", media.Camera); got > 0 {
		t.Errorf("%d packets of a camera came that nobody asked for", got)
	}

	subscriptionHolds(t, a, b, n)
}

// subscriptionHolds: it holds for a track that comes anew, and not for a user who does; n is an event of b before.
func subscriptionHolds(t *testing.T, a, b *user, n int) {
	t.Helper()
	ctx := t.Context()
	if err := errors.Join(b.ChangeStreamSubscribeState(ctx, true, "a", room.StreamVideo), b.ChangeStreamSubscribeState(ctx, false, "a", room.StreamAudio),
		a.ChangeStreamPublishState(ctx, false, room.StreamVideo)); err != nil {
		t.Fatal(err)
	}
	b.flags("a", false, true, true)
	n = b.await(n, video())
	if err := a.ChangeStreamPublishState(ctx, true, room.StreamVideo); err != nil {
		t.Fatal(err)
	}
	n = b.await(n, video("a"))
	b.receives(t, "a", media.Camera)
	if err := a.Exit(ctx, "r"); err != nil {
		t.Fatal(err)
	}
	n = b.await(n, members("b"))
	a.join(t, "r", "a")
	b.await(n, is(func(e room.MembersChanged) bool { return len(e.Members) == 2 && !e.Members[1].VideoSubscribed }))
}

// TestContext_Unsubscribe: with autoSubscribe one stream of one user can be left out. Without the privilege none can be asked for.
func TestContext_Unsubscribe(t *testing.T) {
	check(t)
	s := newServer(t, "127.0.0.1:0", "127.0.0.1:0")
	a, b := newUser(t, s.URL(), nil), newUser(t, s.URL(), nil)
	ctx := t.Context()
	a.devices.SetColor(red)
	if err := a.ChangeVideoCapture(ctx, true); err != nil {
		t.Fatal(err)
	}
	a.join(t, "r", "a")
	b.join(t, "r", "b")
	b.await(0, video("a"))
	ofA := newScreen(t)
	b.Show("a", media.Camera, ofA.Display)
	ofA.await(red)
	if err := b.ChangeStreamSubscribeState(ctx, false, "a", room.StreamVideo); err != nil {
		t.Fatal(err)
	}
	b.flags("a", true, false, true)
	a.devices.SetColor(blue)
	if err := b.ChangeStreamSubscribeState(ctx, true, "a", room.StreamVideo); err != nil {
		t.Fatal(err)
	}
	ofA.await(blue)
	silent := mint(t, "r", "b", func(tok *token.AccessToken) { tok.Privileges = map[token.Privilege]uint32{token.PublishStream: 0} })
	if err := b.UpdateToken(ctx, silent); err != nil {
		t.Fatal(err)
	}
	b.await(0, is(func(e room.TokenChanged) bool { return !e.Subscribe }))
	b.flags("a", false, false, false)
	if err := b.ChangeStreamSubscribeState(ctx, true, "a", room.StreamVideo); errno.As("", err).Text() != "error code:-1003" {
		t.Errorf("T-29: got %v", err)
	}
	if err := b.ChangeStreamSubscribeState(ctx, false, "a", room.StreamVideo); err != nil {
		t.Errorf("T-29, off: got %v", err)
	}
}

// TestContext_Quality: how good a connection is, is known to its user and to the others.
func TestContext_Quality(t *testing.T) {
	check(t)
	s := newServer(t, "127.0.0.1:0", "127.0.0.1:0")
	a, b := newUser(t, s.URL(), nil), newUser(t, s.URL(), nil)
	for _, u := range []*user{a, b} {
		if err := u.ChangeAudioCapture(t.Context(), true); err != nil {
			t.Fatal(err)
		}
	}
	a.join(t, "r", "a")
	b.join(t, "r", "b")
	for _, u := range []*user{a, b} {
		u.await(0, is(func(e room.MembersChanged) bool {
			return len(e.Members) == 2 && e.Members[0].Quality >= media.QualityGood && e.Members[1].Quality >= media.QualityGood
		}))
	}
}
