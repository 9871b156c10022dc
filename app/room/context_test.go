package room_test

import (
	"context"
	"errors"
	"image"
	"image/color"
	"sync"
	"testing"
	"time"

	"github.com/pion/transport/v4/test"

	"parlor/app/errno"
	"parlor/app/room"
	"parlor/app/server"
	"parlor/app/session"
	"parlor/app/token"
	"parlor/media"
	"parlor/media/mediatest"
)

const (
	appID  = "0123456789abcdef01234567"
	appKey = "testappkey0123456789abcdef012345"
)

// check is first in every test: a bound on its time and, at its very end, a look for goroutines.
func check(t *testing.T) {
	limit := test.TimeOut(2 * time.Minute)
	report := test.CheckRoutines(t)
	t.Cleanup(func() { report(); limit.Stop() })
}

func newServer(t *testing.T, listen, udp string) *server.Server {
	t.Helper()
	s, err := server.New(server.Config{Listen: listen, UDP: udp, Apps: map[string]string{appID: appKey}})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { s.Close() })
	return s
}

func mint(t *testing.T, roomID, userID string, change func(*token.AccessToken)) string {
	t.Helper()
	now := uint32(time.Now().Unix())
	tok := &token.AccessToken{AppID: appID, Nonce: 1, IssuedAt: now, ExpireAt: now + 3600, RoomID: roomID, UserID: userID}
	tok.AddPrivilege(token.PublishStream, now+3600)
	tok.AddPrivilege(token.SubscribeStream, now+3600)
	if change != nil {
		change(tok)
	}
	text, err := tok.Sign(appKey)
	if err != nil {
		t.Fatal(err)
	}
	return text
}

// user is a Context and everything that it reported.
type user struct {
	*room.Context
	devices *mediatest.Devices

	mu     sync.Mutex
	wake   *sync.Cond
	events []room.Event
}

func newUser(t *testing.T, serverURL string, change func(*room.Config)) *user {
	t.Helper()
	u := &user{devices: mediatest.NewDevices()}
	u.wake = sync.NewCond(&u.mu)
	transport := session.NewTransport(nil)
	kit := mediatest.Kit()
	kit.Devices = u.devices
	cfg := room.Config{
		Server: serverURL, AppID: appID, Kit: kit, Transport: transport, Video: media.VideoFormat{Width: 320, Height: 180, Rate: 15},
		OnEvent: func(e room.Event) {
			u.mu.Lock()
			defer u.mu.Unlock()
			u.events = append(u.events, e)
			u.wake.Broadcast()
		},
	}
	if change != nil {
		change(&cfg)
	}
	c, err := room.New(cfg)
	if err != nil {
		t.Fatal(err)
	}
	u.Context = c
	t.Cleanup(func() {
		c.Close()
		transport.CloseIdleConnections()
	})
	return u
}

func (u *user) join(t *testing.T, roomID, userID string) {
	t.Helper()
	if err := u.Join(t.Context(), room.JoinOptions{RoomID: roomID, UserID: userID, Token: mint(t, roomID, userID, nil)}); err != nil {
		t.Fatal(err)
	}
}

// await waits for an event for which cond is true, from the from-th on, and returns the index behind it.
// The test's own time limit ends it.
func (u *user) await(from int, cond func(room.Event) bool) int {
	u.mu.Lock()
	defer u.mu.Unlock()
	for i := from; ; i++ {
		for i >= len(u.events) {
			u.wake.Wait()
		}
		if cond(u.events[i]) {
			return i + 1
		}
	}
}

func is[E room.Event](cond func(E) bool) func(room.Event) bool {
	return func(e room.Event) bool {
		want, ok := e.(E)
		return ok && (cond == nil || cond(want))
	}
}

func members(ids ...room.UserID) func(room.Event) bool {
	return is(func(e room.ChatMembersChanged) bool { return equal(e.Users, ids) })
}

func video(ids ...room.UserID) func(room.Event) bool {
	return is(func(e room.VideoMembersChanged) bool { return equal(e.Users, ids) })
}

func equal(a, b []room.UserID) bool {
	if len(a) != len(b) {
		return false
	}
	for i := range a {
		if a[i] != b[i] {
			return false
		}
	}
	return true
}

// screen is a display whose pictures' middle pixel can be awaited.
type screen struct {
	*media.Display
	stage  *media.Stage
	colors chan color.RGBA // cap 256: more than a test ever lets wait; full: the picture is not looked at
}

func newScreen(t *testing.T) *screen {
	s := &screen{colors: make(chan color.RGBA, 256)}
	var ui sync.Mutex // stands for the UI goroutine: one function at a time
	s.stage = media.NewStage(func(f func()) {
		ui.Lock()
		defer ui.Unlock()
		f()
	}, 10*time.Millisecond)
	t.Cleanup(s.stage.Close)
	s.Display = s.stage.NewDisplay(func(img *image.RGBA) {
		c := color.RGBA{}
		if img != nil {
			c = img.RGBAAt(img.Rect.Dx()/2, img.Rect.Dy()/2)
		}
		select {
		case s.colors <- c:
		default:
		}
	})
	s.SetSize(160, 90)
	return s
}

// await waits until the picture has about this colour.
func (s *screen) await(want color.RGBA) {
	near := func(a, b uint8) bool { return max(a, b)-min(a, b) < 24 }
	for c := range s.colors {
		if near(c.R, want.R) && near(c.G, want.G) && near(c.B, want.B) && c.A == want.A {
			return
		}
	}
}

var (
	red  = color.RGBA{200, 30, 30, 255}
	blue = color.RGBA{30, 30, 200, 255}
)

// TestContext_TwoPeopleTalk is the whole path without a machine: capture, encode, publish, forward, decode,
// show and play, both ways.
func TestContext_TwoPeopleTalk(t *testing.T) {
	check(t)
	s := newServer(t, "127.0.0.1:0", "127.0.0.1:0")
	a, b := newUser(t, s.URL(), nil), newUser(t, s.URL(), nil)
	a.devices.SetColor(red)
	b.devices.SetColor(blue)
	for _, u := range []*user{a, b} {
		if err := errors.Join(u.ChangeVideoCapture(t.Context(), true), u.ChangeAudioCapture(t.Context(), true)); err != nil {
			t.Fatal(err)
		}
	}
	own, ofB, ofA := newScreen(t), newScreen(t), newScreen(t)
	a.Show("", media.Camera, own.Display)
	own.await(red) // the preview is there before the join
	a.join(t, "r", "a")
	b.join(t, "r", "b")
	a.await(0, video("a", "b"))
	b.await(0, video("a", "b"))
	a.Show("b", media.Camera, ofB.Display)
	b.Show("a", media.Camera, ofA.Display)
	ofB.await(blue)
	ofA.await(red)
	b.devices.SetColor(red)
	ofB.await(red)

	// Camera off and on again: the list follows, the picture comes back.
	n := a.await(0, video("a", "b"))
	if err := b.ChangeVideoCapture(t.Context(), false); err != nil {
		t.Fatal(err)
	}
	n = a.await(n, video("a"))
	b.devices.SetColor(blue)
	if err := b.ChangeVideoCapture(t.Context(), true); err != nil {
		t.Fatal(err)
	}
	a.await(n, video("a", "b"))
	ofB.await(blue)

	// Unpublish and publish again.
	if err := b.ChangeStreamPublishState(t.Context(), false, room.StreamVideo); err != nil {
		t.Fatal(err)
	}
	n = a.await(n+1, video("a"))
	b.devices.SetColor(red)
	if err := b.ChangeStreamPublishState(t.Context(), true, room.StreamBoth); err != nil {
		t.Fatal(err)
	}
	a.await(n, video("a", "b"))
	ofB.await(red)

	exits(t, a, b, n)
}

// exits: b leaves, twice, and comes back; n is an event of a before.
func exits(t *testing.T, a, b *user, n int) {
	t.Helper()
	if err := b.Exit(t.Context(), "some other room"); err != nil {
		t.Errorf("R-38: exit with another room's id: %v", err)
	}
	a.await(n, members("a"))
	if err := a.StopScreenShare(t.Context()); err != nil { // waits until the news has been dealt with
		t.Error(err)
	}
	if got := a.packets("b", media.Camera); got > 0 {
		t.Error("the counters of a user who left are kept")
	}
	if err := b.Exit(t.Context(), "r"); err != nil {
		t.Errorf("R-38: exit in no room: %v", err)
	}
	n = a.await(n, members("a"))
	b.join(t, "r", "b")
	a.await(n, members("a", "b"))
}

func TestContext_JoinErrors(t *testing.T) {
	check(t)
	s := newServer(t, "127.0.0.1:0", "127.0.0.1:0")
	past := func(tok *token.AccessToken) { tok.ExpireAt = uint32(time.Now().Unix()) - 1 }
	foreignApp := func(tok *token.AccessToken) { tok.AppID = "ffffffffffffffffffffffff" }
	tests := []struct {
		name    string
		options room.JoinOptions
		kind    *errno.Kind
		want    string
	}{
		{"R-20 nonsense", room.JoinOptions{RoomID: "r", UserID: "u", Token: "nonsense"}, errno.InvalidToken, "joinRtcRoom:fail invalid token"},
		{"R-26 expired", room.JoinOptions{RoomID: "r", UserID: "u", Token: mint(t, "r", "u", past)}, errno.InvalidToken, "joinRtcRoom:fail invalid token"},
		{"T-21 foreign room", room.JoinOptions{RoomID: "r2", UserID: "u", Token: mint(t, "r", "u", nil)}, errno.InvalidToken, "joinRtcRoom:fail invalid token"},
		{"T-21 foreign user", room.JoinOptions{RoomID: "r", UserID: "u2", Token: mint(t, "r", "u", nil)}, errno.InvalidToken, "joinRtcRoom:fail invalid token"},
		{"T-21 foreign app", room.JoinOptions{RoomID: "r", UserID: "u", Token: mint(t, "r", "u", foreignApp)}, errno.InvalidToken, "joinRtcRoom:fail invalid token"},
		{"R-23 no token", room.JoinOptions{RoomID: "r", UserID: "u"}, errno.InvalidParam, "joinRtcRoom:fail params invalid"},
		{"N-54 bad room id", room.JoinOptions{RoomID: "a b", UserID: "u", Token: "t"}, errno.InvalidParam, "joinRtcRoom:fail params invalid"},
	}
	u := newUser(t, s.URL(), nil)
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			err := u.Join(t.Context(), tt.options)
			if !errors.Is(err, tt.kind) {
				t.Fatalf("got %v want %s", err, tt.kind.Name)
			}
			if got := errno.As("", err).ErrMsg; got != tt.want {
				t.Errorf("got %q want %q", got, tt.want)
			}
		})
	}
	// one room at a time, whatever the second join names.
	u.join(t, "r", "u")
	for _, o := range []room.JoinOptions{{RoomID: "r", UserID: "u", Token: "x"}, {RoomID: "other", UserID: "v", Token: "x"}} {
		err := u.Join(t.Context(), o)
		if got := errno.As("", err); !errors.Is(err, errno.AlreadyInRoom) || got.ErrMsg != "joinRtcRoom:fail user u is already in the room r" {
			t.Errorf("second join: got %v", err)
		}
	}
	if err := u.UpdateToken(t.Context(), "nonsense"); !errors.Is(err, errno.InvalidToken) {
		t.Errorf("update with nonsense: got %v", err)
	}
	if err := u.UpdateToken(t.Context(), mint(t, "r", "u", nil)); err != nil {
		t.Errorf("update: got %v", err)
	}
	u.Close()
	for name, err := range map[string]error{
		"join":    u.Join(t.Context(), room.JoinOptions{RoomID: "r", UserID: "u", Token: "t"}),
		"exit":    u.Exit(t.Context(), "r"),
		"update":  u.UpdateToken(t.Context(), "t"),
		"audio":   u.ChangeAudioCapture(t.Context(), true),
		"video":   u.ChangeVideoCapture(t.Context(), true),
		"publish": u.ChangeStreamPublishState(t.Context(), true, room.StreamBoth),
	} {
		if !errors.Is(err, errno.EngineDestroyed) {
			t.Errorf("R-4: %s on a destroyed context: got %v", name, err)
		}
	}
}

// TestContext_NoServer: a server that does not answer is an error, not a hang.
func TestContext_NoServer(t *testing.T) {
	check(t)
	u := newUser(t, "http://127.0.0.1:1", nil)
	err := u.Join(t.Context(), room.JoinOptions{RoomID: "r", UserID: "u", Token: "t"})
	if got := errno.As("", err); got == nil || got.ErrMsg != "joinRtcRoom:fail error code:-1001" || got.ErrNo != 21102 {
		t.Errorf("got %v", err)
	}
}

// TestContext_ServerRestarts: the server goes and comes back at the same place; both are in the room again
// and see each other, without a call.
func TestContext_ServerRestarts(t *testing.T) {
	check(t)
	first := newServer(t, "127.0.0.1:0", "127.0.0.1:0")
	a, b := newUser(t, first.URL(), nil), newUser(t, first.URL(), nil)
	b.devices.SetColor(red)
	if err := b.ChangeVideoCapture(t.Context(), true); err != nil {
		t.Fatal(err)
	}
	a.join(t, "r", "a")
	b.join(t, "r", "b")
	a.await(0, video("b"))
	ofB := newScreen(t)
	a.Show("b", media.Camera, ofB.Display)
	ofB.await(red)

	first.Close()
	n := a.await(0, is(func(e room.ConnectionChanged) bool { return e.State == room.Reconnecting && e.Attempt > 0 }))
	m := b.await(0, is(func(e room.ConnectionChanged) bool { return e.State == room.Reconnecting }))
	newServer(t, first.HTTPAddr().String(), first.UDPAddr().String())
	a.RetryNow()
	b.RetryNow()
	a.await(n, is(func(e room.Joined) bool { return e.Rejoined && e.RoomID == "r" && e.UserID == "a" }))
	b.await(m, is(func(e room.Joined) bool { return e.Rejoined }))
	b.devices.SetColor(blue)
	ofB.await(blue)
}

// TestContext_DuplicateLogin: E-2, the later one removes the earlier.
func TestContext_DuplicateLogin(t *testing.T) {
	check(t)
	s := newServer(t, "127.0.0.1:0", "127.0.0.1:0")
	old, young := newUser(t, s.URL(), nil), newUser(t, s.URL(), nil)
	old.join(t, "r", "u")
	young.join(t, "r", "u")
	n := old.await(0, is(func(e room.ChatInterrupted) bool { return e.No == errno.NativeDuplicateLogin }))
	old.await(n, is(func(e room.Exited) bool { return e.RoomID == "r" && e.Err != nil }))
	old.join(t, "r2", "u") // and may join elsewhere
}

// TestContext_DeviceLost: a camera that is pulled out is told and closed, and works again when it is back.
func TestContext_DeviceLost(t *testing.T) {
	check(t)
	s := newServer(t, "127.0.0.1:0", "127.0.0.1:0")
	a, b := newUser(t, s.URL(), nil), newUser(t, s.URL(), nil)
	if err := a.ChangeVideoCapture(t.Context(), true); err != nil {
		t.Fatal(err)
	}
	a.join(t, "r", "a")
	b.join(t, "r", "b")
	n := b.await(0, video("a"))
	a.devices.Unplug(errors.New("pulled out"))
	a.await(0, is(func(e room.StateChanged) bool { return e.Err.ErrNo == 21105 }))
	n = b.await(n, video())
	if err := a.ChangeVideoCapture(t.Context(), true); !errors.Is(err, errno.AuthDeny) {
		t.Errorf("without a camera: got %v", err)
	}
	a.devices.Replug()
	if err := a.ChangeVideoCapture(t.Context(), true); err != nil {
		t.Fatal(err)
	}
	b.await(n, video("a"))
}

// TestContext_Privileges: N-17, publishing without the right is refused; receiving goes on.
func TestContext_Privileges(t *testing.T) {
	check(t)
	s := newServer(t, "127.0.0.1:0", "127.0.0.1:0")
	u := newUser(t, s.URL(), nil)
	listen := mint(t, "r", "u", func(tok *token.AccessToken) {
		tok.Privileges = map[token.Privilege]uint32{token.SubscribeStream: 0}
	})
	if err := u.Join(t.Context(), room.JoinOptions{RoomID: "r", UserID: "u", Token: listen}); err != nil {
		t.Fatal(err)
	}
	err := u.ChangeStreamPublishState(t.Context(), true, room.StreamBoth)
	if got := errno.As("", err); got == nil || got.ErrMsg != "changeStreamPublishState:fail error code:-1002" {
		t.Errorf("got %v", err)
	}
}

// TestContext_CloseAnytime: Close in the middle of everything neither hangs nor leaks.
func TestContext_CloseAnytime(t *testing.T) {
	check(t)
	s := newServer(t, "127.0.0.1:0", "127.0.0.1:0")
	for range 10 {
		u := newUser(t, s.URL(), nil)
		var calls sync.WaitGroup
		calls.Go(func() { u.ChangeVideoCapture(context.Background(), true) })
		calls.Go(func() {
			u.Join(context.Background(), room.JoinOptions{RoomID: "r", UserID: "u", Token: mint(t, "r", "u", nil)})
		})
		calls.Go(func() { u.ChangeAudioCapture(context.Background(), true) })
		u.Close()
		calls.Wait()
		if n := u.devices.OpenCount(); n != 0 {
			t.Fatalf("%d devices are open after Close", n)
		}
	}
}

// TestContext_ManyJoinAtOnce: everybody gets picture and sound of everybody, however the joins interleave.
func TestContext_ManyJoinAtOnce(t *testing.T) {
	check(t)
	const n = 6
	s := newServer(t, "127.0.0.1:0", "127.0.0.1:0")
	var users []*user
	var joins sync.WaitGroup
	for i := range n {
		u := newUser(t, s.URL(), nil)
		users = append(users, u)
		id := string(rune('a' + i))
		text := mint(t, "r", id, nil)
		joins.Go(func() {
			err := errors.Join(u.ChangeVideoCapture(t.Context(), true), u.ChangeAudioCapture(t.Context(), true),
				u.Join(t.Context(), room.JoinOptions{RoomID: "r", UserID: id, Token: text}))
			if err != nil {
				t.Error(err)
			}
		})
	}
	joins.Wait()
	tick := time.NewTicker(20 * time.Millisecond)
	defer tick.Stop()
	limit := time.After(45 * time.Second)
	for {
		var missing []string
		for i, u := range users {
			got := make(map[string]bool)
			for _, r := range u.Stats().Remote {
				if r.Packets > 0 {
					got[r.UserID+" "+r.Source.String()] = true
				}
			}
			for j := range n {
				for _, source := range []media.Source{media.Camera, media.Microphone} {
					want := string(rune('a'+j)) + " " + source.String()
					if i != j && !got[want] {
						missing = append(missing, string(rune('a'+i))+" lacks "+want)
					}
				}
			}
		}
		if len(missing) == 0 {
			return
		}
		select {
		case <-tick.C:
		case <-limit:
			t.Fatalf("still missing: %v", missing)
		}
	}
}

// TestContext_CancelledCalls: a call whose context is over does nothing, or all of it; what comes after works.
func TestContext_CancelledCalls(t *testing.T) {
	check(t)
	s := newServer(t, "127.0.0.1:0", "127.0.0.1:0")
	over, cancel := context.WithCancel(t.Context())
	cancel()
	u, other := newUser(t, s.URL(), nil), newUser(t, s.URL(), nil)
	other.join(t, "r", "other")
	n := other.await(0, members("other"))
	for range 5 {
		if err := u.Join(over, room.JoinOptions{RoomID: "r", UserID: "u", Token: mint(t, "r", "u", nil)}); err == nil {
			t.Fatal("a cancelled join succeeded")
		}
		u.join(t, "r", "u") // and leaves nothing behind
		n = other.await(n, members("other", "u"))
		if err := u.Exit(over, "r"); err != nil {
			t.Fatalf("a cancelled exit: %v", err)
		}
		n = other.await(n, members("other")) // the server was told nevertheless
	}
}

// TestContext_TooManyMicrophones: N-31, who is one too many is told, is not heard, and hears all the same.
func TestContext_TooManyMicrophones(t *testing.T) {
	check(t)
	s, err := server.New(server.Config{Apps: map[string]string{appID: appKey}, Limits: server.Limits{MicrophonesPerRoom: 1}})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { s.Close() })
	a, b := newUser(t, s.URL(), nil), newUser(t, s.URL(), nil)
	for _, u := range []*user{a, b} {
		if err := errors.Join(u.ChangeAudioCapture(t.Context(), true), u.ChangeVideoCapture(t.Context(), true)); err != nil {
			t.Fatal(err)
		}
	}
	a.join(t, "r", "a")
	a.await(0, is(func(e room.ChatSpeakersChanged) bool { return equal(e.Users, []room.UserID{"a"}) }))
	b.join(t, "r", "b")
	b.await(0, is(func(e room.StateChanged) bool { return e.Err.Text() == "error code:-1080" }))
	a.await(0, video("a", "b"))
	b.receives(t, "a", media.Microphone)
	if err := a.Exit(t.Context(), "r"); err != nil {
		t.Fatal(err)
	}
	n := b.await(0, members("b"))
	if err := b.ChangeStreamPublishState(t.Context(), true, room.StreamAudio); err != nil {
		t.Fatal(err)
	}
	b.await(n, is(func(e room.ChatSpeakersChanged) bool { return equal(e.Users, []room.UserID{"b"}) }))
}

// TestContext_SubscribePrivilege: T-29, a token without the right to subscribe publishes all the same; an update
// that brings the right brings the others, too.
func TestContext_SubscribePrivilege(t *testing.T) {
	check(t)
	s := newServer(t, "127.0.0.1:0", "127.0.0.1:0")
	a, b := newUser(t, s.URL(), nil), newUser(t, s.URL(), nil)
	for _, u := range []*user{a, b} {
		if err := u.ChangeVideoCapture(t.Context(), true); err != nil {
			t.Fatal(err)
		}
	}
	a.join(t, "r", "a")
	silent := mint(t, "r", "b", func(tok *token.AccessToken) {
		tok.Privileges = make(map[token.Privilege]uint32)
		tok.AddPrivilege(token.PublishStream, 0)
	})
	if err := b.Join(t.Context(), room.JoinOptions{RoomID: "r", UserID: "b", Token: silent}); err != nil {
		t.Fatal(err)
	}
	a.await(0, video("a", "b"))
	ofA := newScreen(t)
	a.devices.SetColor(red)
	b.Show("a", media.Camera, ofA.Display)
	if err := b.UpdateToken(t.Context(), mint(t, "r", "b", nil)); err != nil {
		t.Fatal(err)
	}
	ofA.await(red)
	// And the right to publish goes: the user is told, the others see it.
	n := a.await(0, video("a", "b"))
	listen := mint(t, "r", "b", func(tok *token.AccessToken) {
		tok.Privileges = map[token.Privilege]uint32{token.SubscribeStream: 0}
	})
	if err := b.UpdateToken(t.Context(), listen); err != nil {
		t.Fatal(err)
	}
	b.await(0, is(func(e room.StateChanged) bool { return errors.Is(e.Err, errno.Failed) }))
	n = a.await(n, video("a"))
	if err := b.UpdateToken(t.Context(), mint(t, "r", "b", nil)); err != nil {
		t.Fatal(err)
	}
	a.await(n, video("a", "b"))
}
