package room_test

import (
	"errors"
	"testing"

	"parlor/app/errno"
	"parlor/app/room"
	"parlor/media"
)

func sharing(ids ...room.UserID) func(room.Event) bool {
	return is(func(e room.PublishScreenMembersChanged) bool { return equal(e.Users, ids) })
}

func shareEnded(failed bool) func(room.Event) bool {
	return is(func(e room.CaptureChanged) bool { return e.Source == media.Screen && !e.On && (e.Err != nil) == failed })
}

// TestContext_ScreenShare is the life of a share: shown to the others and to oneself, replaced, stopped, gone with its window,
// ended by the exit.
func TestContext_ScreenShare(t *testing.T) {
	check(t)
	s := newServer(t, "127.0.0.1:0", "127.0.0.1:0")
	m := newMachine()
	m.screens = []string{"whole", "window"}
	m.of("whole").SetColor(red)
	m.of("window").SetColor(blue)
	a, b := newUser(t, s.URL(), m.with), newUser(t, s.URL(), nil)
	ctx := t.Context()
	if err := a.StartScreenShare(ctx, "whole", ""); !errors.Is(err, errno.InvalidParam) {
		t.Errorf("outside a room: got %v", err)
	}
	a.join(t, "r", "a")
	b.join(t, "r", "b")
	own, ofA := newScreen(t), newScreen(t)
	a.Show("a", media.Screen, own.Display)
	b.Show("a", media.Screen, ofA.Display)
	if err := a.StartScreenShare(ctx, "nothing", ""); !errors.Is(err, errno.AuthDeny) {
		t.Errorf("a screen that is not there: got %v", err)
	}
	a.await(0, shareEnded(true))
	if err := a.StartScreenShare(ctx, "whole", "sound"); err != nil {
		t.Fatal(err)
	}
	n := b.await(0, sharing("a"))
	ofA.await(red)
	own.await(red)
	// The sound of the screen is not the user's voice.
	b.await(0, is(func(e room.MembersChanged) bool {
		return len(e.Members) == 2 && e.Members[0].Screen && !e.Members[0].Audio && !e.Members[0].Video && e.Members[0].ScreenSubscribed
	}))

	if err := a.StartScreenShare(ctx, "nothing", ""); !errors.Is(err, errno.AuthDeny) {
		t.Errorf("a screen that is not there, while sharing: got %v", err)
	}
	if err := a.StartScreenShare(ctx, "window", "other sound"); err != nil {
		t.Fatal(err)
	}
	ofA.await(blue)
	own.await(blue)
	if got := [2]int{m.of("whole").OpenCount(), m.of("mic sound").OpenCount()}; got != [2]int{} {
		t.Errorf("of the first share %v are still open", got)
	}
	m.of("window").Unplug(errors.New("the window was closed"))
	i := a.await(0, captureOn(media.Screen, "window"))
	a.await(i, shareEnded(true))
	n = b.await(n, sharing())
	a.await(i, is(func(e room.CaptureChanged) bool { return e.Source == media.ScreenAudio && !e.On })) // it takes its sound along
	endings(t, m, a, b, n)
}

// endings shares twice, and ends it by the call and by the exit; n is an event of b before.
func endings(t *testing.T, m *machine, a, b *user, n int) {
	t.Helper()
	ctx := t.Context()
	if err := a.StartScreenShare(ctx, "whole", "sound"); err != nil {
		t.Fatal(err)
	}
	n = b.await(n, sharing("a"))
	if err := errors.Join(a.StopScreenShare(ctx), a.StopScreenShare(ctx)); err != nil {
		t.Fatal(err)
	}
	n = b.await(n, sharing())
	if err := a.StartScreenShare(ctx, "whole", "sound"); err != nil {
		t.Fatal(err)
	}
	n = b.await(n, sharing("a"))
	if err := a.Exit(ctx, "r"); err != nil {
		t.Fatal(err)
	}
	b.await(n, sharing())
	if got := [2]int{m.of("whole").OpenCount(), m.of("mic sound").OpenCount()}; got != [2]int{} {
		t.Errorf("after the exit %v are still open", got)
	}
}

// TestContext_ScreenShare_Rights: N-16, N-17 hold for screens, too.
func TestContext_ScreenShare_Rights(t *testing.T) {
	check(t)
	s := newServer(t, "127.0.0.1:0", "127.0.0.1:0")
	m := newMachine()
	m.screens = []string{"whole"}
	a, b := newUser(t, s.URL(), m.with), newUser(t, s.URL(), nil)
	ctx := t.Context()
	b.join(t, "r", "b")
	if err := a.Join(ctx, room.JoinOptions{RoomID: "r", UserID: "a", Token: mint(t, "r", "a", audioOnly)}); err != nil {
		t.Fatal(err)
	}
	if err := a.StartScreenShare(ctx, "whole", ""); errno.As("", err).Text() != "error code:-1002" {
		t.Errorf("without the privilege: got %v", err)
	}
	if err := a.UpdateToken(ctx, mint(t, "r", "a", nil)); err != nil {
		t.Fatal(err)
	}
	a.await(0, is(func(e room.TokenChanged) bool { return e.PublishVideo }))
	if err := a.ChangeUserVisibility(ctx, false); err != nil {
		t.Fatal(err)
	}
	if err := a.StartScreenShare(ctx, "whole", ""); errno.As("", err).Text() != "error code:-2009" {
		t.Errorf("invisible: got %v", err)
	}
	if err := errors.Join(a.ChangeUserVisibility(ctx, true), a.StartScreenShare(ctx, "whole", "")); err != nil {
		t.Fatal(err)
	}
	n := b.await(0, sharing("a"))
	if err := a.UpdateToken(ctx, mint(t, "r", "a", audioOnly)); err != nil {
		t.Fatal(err)
	}
	b.await(n, sharing()) // T-28
}
