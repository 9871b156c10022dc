package server

import (
	"errors"
	"fmt"
	"maps"
	"math/rand/v2"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"connectrpc.com/connect"
	"github.com/google/go-cmp/cmp"
	"google.golang.org/protobuf/testing/protocmp"

	"parlor/app/api"
	"parlor/app/errno"
	"parlor/app/token"
)

func TestRooms_Join_TellsOthers(t *testing.T) {
	w := newWorld(t)
	ann := w.join("room1", "ann")
	events := ann.listen()
	bob := w.join("room1", "bob")
	if got := events.next().GetJoined().GetUserId(); got != "bob" {
		t.Errorf("got joined %q, want bob", got)
	}
	want := &api.Snapshot{RoomId: "room1", Seq: 2, Members: []*api.Member{
		{UserId: "ann", JoinedAtMs: 1_700_000_000_000, Connected: true},
		{UserId: "bob", JoinedAtMs: 1_700_000_000_000, Connected: true},
	}}
	if diff := cmp.Diff(want, bob.joined.GetSnapshot(), protocmp.Transform()); diff != "" {
		t.Errorf("snapshot (-want +got):\n%s", diff)
	}
	want2 := &api.JoinResponse{
		Session: bob.joined.GetSession(), Snapshot: want, HeartbeatMs: 5000, GraceMs: 8000,
		TokenExpireAt: 1_700_086_400, Node: w.NodeID(), Incarnation: w.rooms.incarnation,
		Privileges: &api.Privileges{PublishAudio: true, PublishVideo: true, Subscribe: true, TokenExpireAt: 1_700_086_400,
			PublishAudioUntil: 1_700_086_400, PublishVideoUntil: 1_700_086_400, SubscribeUntil: 1_700_086_400},
	}
	if diff := cmp.Diff(want2, bob.joined, protocmp.Transform()); diff != "" {
		t.Errorf("join response (-want +got):\n%s", diff)
	}
	if len(bob.joined.GetSession()) != 32 {
		t.Errorf("session secret %q is not 128 bits", bob.joined.GetSession())
	}
}

func TestRooms_Exit_EndsTheSession(t *testing.T) {
	w := newWorld(t)
	ann, bob := w.join("room1", "ann"), w.join("room1", "bob")
	annEvents, bobEvents := ann.listen(), bob.listen()
	for range 2 { // leaving twice is no error
		if _, err := ann.Exit(t.Context(), &api.ExitRequest{}); err != nil {
			t.Fatal(err)
		}
	}
	if reason, err := annEvents.end(); reason != endLeft || err != nil {
		t.Errorf("own stream: got end %v, %v", reason, err)
	}
	left := bobEvents.next().GetLeft()
	if left.GetUserId() != "ann" || left.GetReason() != api.LeftReason_LEFT_REASON_EXIT {
		t.Errorf("other stream: got %v", left)
	}
	_, err := ann.SetLive(t.Context(), &api.SetLiveRequest{})
	wantCode(t, err, connect.CodeUnauthenticated)
	again := w.join("room1", "ann")
	if n := len(again.joined.GetSnapshot().GetMembers()); n != 2 {
		t.Errorf("after joining again there are %d members", n)
	}
}

// Rooms with one name in two apps know nothing of each other, whatever happens in them.
func TestRooms_AppsAreIsolated(t *testing.T) {
	w := newWorld(t)
	ann := w.join("room1", "ann")
	events := ann.listen()
	track := w.publish(ann, 1, api.Source_SOURCE_CAMERA)[0].GetTrackId()
	events.until(func(ev *api.Event) bool { return ev.GetChanged() != nil })
	ann.say("in app A")

	other := w.joinAppB("room1", "ann") // the same user, too
	otherEvents := other.listen()
	if got := other.joined.GetSnapshot(); got.GetSeq() != 1 || len(got.GetMembers()) != 1 || len(got.GetMessages()) != 0 {
		t.Errorf("the room of the other app: %v", got)
	}
	reply, err := other.Negotiate(t.Context(), &api.NegotiateRequest{Connection: 1, Offer: "offer",
		Publish:   []*api.Publish{{Mid: "0", Source: api.Source_SOURCE_CAMERA, Live: true}},
		Subscribe: []*api.Subscribe{{Mid: "1", TrackId: track}}})
	if err != nil || len(reply.GetSubscribed()) != 0 {
		t.Errorf("subscribing to media of the other app: got %v, %v", reply, err)
	}
	w.sfu.await(func() bool { return w.sfu.peers[1].offers[0].Subscribe[0].Track == "" })
	if id := other.say("in app B").GetId(); id != 1 {
		t.Errorf("the first message has the id %d", id)
	}
	if _, err := other.ReportQuality(t.Context(), &api.ReportQualityRequest{Level: 2}); err != nil {
		t.Error(err)
	}
	other.setVisible(false)
	if _, err := w.admin().RemoveUser(t.Context(), &api.RemoveUserRequest{Ticket: w.ticket("room1", inAppB), UserId: "ann"}); err != nil {
		t.Error(err)
	}
	if reason, _ := otherEvents.end(); reason != api.EndReason_END_REASON_KICKED {
		t.Errorf("in app B: got end %v", reason)
	}
	w.joinAppB("room1", "eve")
	if _, err := w.admin().EndRoom(t.Context(), &api.EndRoomRequest{Ticket: w.ticket("room1", inAppB)}); err != nil {
		t.Error(err)
	}

	events.until(func(ev *api.Event) bool { return ev.GetMessage().GetText() == "in app A" })
	w.join("room1", "bob")
	events.want(joinedEvent(seen(w, "bob")))
}

// How stays end: what the stream says last, what later calls and streams of the session are told, and what the
// others see.
func TestRooms_Ends(t *testing.T) { // E-2, T-26, N-48, N-49
	tests := []struct {
		name  string
		end   func(w *world)
		want  api.EndReason
		errNo int
		text  string
		left  *api.Event // nil: nobody is told
	}{
		{"token expired", func(w *world) { w.clock.turn(101 * time.Second) },
			api.EndReason_END_REASON_TOKEN_EXPIRED, 21108, "token expired", leftEvent("bob", api.LeftReason_LEFT_REASON_TOKEN_EXPIRED)},
		{"duplicate login", func(w *world) { w.join("room1", "bob") },
			api.EndReason_END_REASON_DUPLICATE_LOGIN, 21102, "error code:-1004", changedEvent(&api.Member{UserId: "bob", JoinedAtMs: 1_700_000_000_000, Connected: true})},
		{"kicked", func(w *world) {
			_, _ = w.admin().RemoveUser(w.t.Context(), &api.RemoveUserRequest{Ticket: w.ticket("room1"), UserId: "bob"})
		}, api.EndReason_END_REASON_KICKED, 21102, "error code:-1006", leftEvent("bob", api.LeftReason_LEFT_REASON_KICKED)},
		{"room dismissed", func(w *world) {
			_, _ = w.admin().EndRoom(w.t.Context(), &api.EndRoomRequest{Ticket: w.ticket("room1")})
		}, api.EndReason_END_REASON_ROOM_DISMISSED, 21102, "error code:-1011", nil},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			w := newWorld(t)
			events := w.join("room1", "ann").listen()
			bob := w.join("room1", "bob", w.until(100))
			events.want(joinedEvent(seen(w, "bob")))
			bobEvents := bob.listen()
			tt.end(w)
			if reason, err := bobEvents.end(); reason != tt.want || err != nil {
				t.Errorf("stream: got end %v, %v", reason, err)
			}
			if reason, err := bob.events().end(); reason != tt.want || err != nil {
				t.Errorf("stream opened later: got end %v, %v", reason, err)
			}
			for name, call := range bob.calls() {
				got := api.FromConnect("x", call())
				if got == nil || got.ErrNo != tt.errNo || got.ErrMsg != "x:fail "+tt.text {
					t.Errorf("%s: got %v", name, got)
				}
			}
			if tt.left != nil {
				events.want(tt.left)
			} else if reason, _ := events.end(); reason != tt.want {
				t.Errorf("others: got end %v", reason)
			}
		})
	}
}

// calls are all calls of a session but Exit, which never fails, and Events.
func (g *guest) calls() map[string]func() error {
	ctx := g.t.Context()
	return map[string]func() error{
		"Negotiate":  func() error { _, err := g.Negotiate(ctx, &api.NegotiateRequest{}); return err },
		"SetLive":    func() error { _, err := g.SetLive(ctx, &api.SetLiveRequest{}); return err },
		"SetVisible": func() error { _, err := g.SetVisible(ctx, &api.SetVisibleRequest{}); return err },
		"SendMessage": func() error {
			_, err := g.SendMessage(ctx, &api.SendMessageRequest{Text: "x"})
			return err
		},
		"ReportQuality": func() error { _, err := g.ReportQuality(ctx, &api.ReportQualityRequest{}); return err },
		"UpdateToken":   func() error { _, err := g.UpdateToken(ctx, &api.UpdateTokenRequest{}); return err },
	}
}

func TestRooms_SameUserAgain(t *testing.T) { // E-2
	w := newWorld(t)
	first := w.join("room1", "ann")
	firstEvents := first.listen()
	w.publish(first, 1, api.Source_SOURCE_CAMERA)
	bob := w.join("room1", "bob")
	events := bob.listen()

	second := w.join("room1", "ann")
	if reason, err := firstEvents.end(); reason != api.EndReason_END_REASON_DUPLICATE_LOGIN || err != nil {
		t.Errorf("earlier session: got end %v, %v", reason, err)
	}
	w.sfu.await(func() bool { return w.sfu.peers[0].closed })
	changed := events.next().GetChanged()
	if changed.GetUserId() != "ann" || len(changed.GetTracks()) != 0 {
		t.Errorf("others see %v, want a change to no tracks", changed)
	}
	var users []string
	for _, m := range second.joined.GetSnapshot().GetMembers() {
		users = append(users, m.GetUserId())
	}
	if !slices.Equal(users, []string{"ann", "bob"}) {
		t.Errorf("members are %v", users)
	}

	_, err := first.SetLive(t.Context(), &api.SetLiveRequest{})
	if got := api.FromConnect("x", err); !strings.Contains(got.ErrMsg, "-1004") {
		t.Errorf("a call of the earlier session: %v", err)
	}
	if reason, err := first.events().end(); reason != api.EndReason_END_REASON_DUPLICATE_LOGIN || err != nil {
		t.Errorf("a stream of the earlier session: got end %v, %v", reason, err)
	}
	if _, err := first.Exit(t.Context(), &api.ExitRequest{}); err != nil {
		t.Error(err)
	}
	w.join("room1", "cat")
	if got := events.next().GetJoined().GetUserId(); got != "cat" {
		t.Errorf("leaving by the earlier session was seen: %v", got)
	}
}

// TestRooms_Guests: an invitation admits anybody, but to nobody's place.
func TestRooms_Guests(t *testing.T) {
	w := newWorld(t)
	owner := w.join("room1", "ann")
	owner.listen()
	invitation := w.mint("room1", token.GuestUser)
	bob := w.enter(&api.JoinRequest{RoomId: "room1", UserId: "bob", Token: invitation})
	bob.listen()
	for _, user := range []string{"ann", "bob"} {
		_, err := w.client("").Join(t.Context(), &api.JoinRequest{AppId: appA, RoomId: "room1", UserId: user, Token: invitation})
		if got := api.FromConnect("joinRtcRoom", err); !errors.Is(got, errno.AlreadyInRoom) {
			t.Errorf("a guest in the place of %s: %v", user, err)
		}
	}
	for _, req := range []*api.JoinRequest{
		{AppId: appA, RoomId: "room2", UserId: "cat", Token: invitation},
		{AppId: appA, RoomId: "room1", UserId: token.GuestUser, Token: invitation},
	} {
		if _, err := w.client("").Join(t.Context(), req); err == nil {
			t.Errorf("%v was admitted", req)
		}
	}
}

func TestRooms_JoinWithALiveSession(t *testing.T) {
	w := newWorld(t)
	ann := w.join("room1", "ann")
	for _, user := range []string{"ann", "bob"} {
		_, err := ann.Join(t.Context(), &api.JoinRequest{AppId: appA, RoomId: "room2", UserId: user, Token: w.mint("room2", user)})
		wantCode(t, err, connect.CodeAlreadyExists)
		if got := api.FromConnect("joinRtcRoom", err); got.ErrMsg != "joinRtcRoom:fail user ann is already in the room room1" || got.ErrNo != 21100 {
			t.Errorf("got %+v", got)
		}
	}
	if _, err := ann.Exit(t.Context(), &api.ExitRequest{}); err != nil {
		t.Fatal(err)
	}
	if _, err := ann.Join(t.Context(), &api.JoinRequest{AppId: appA, RoomId: "room2", UserId: "ann", Token: w.mint("room2", "ann")}); err != nil {
		t.Errorf("a session that is over is in the way: %v", err)
	}
}

// badTokens are tokens that must not admit ann to room1 of app A.
func badTokens(w *world) map[string]string {
	with := func(f func(*token.AccessToken)) string { return w.mint("room1", "ann", f) }
	good := w.mint("room1", "ann")
	forged := &token.AccessToken{AppID: appA, RoomID: "room1", UserID: "ann", ExpireAt: 0}
	text, err := forged.Sign(keyB)
	if err != nil {
		w.t.Fatal(err)
	}
	return map[string]string{
		"empty":               "",
		"malformed":           "not a token",
		"other version":       "002" + good[3:],
		"cut":                 good[:len(good)-4],
		"long":                strings.Repeat("A", 32<<10),
		"expired":             with(func(t *token.AccessToken) { t.ExpireAt = uint32(w.clock.Now().Unix()) - 1 }),
		"forged":              text,
		"other room":          with(func(t *token.AccessToken) { t.RoomID = "room2" }),
		"other user":          with(func(t *token.AccessToken) { t.UserID = "bob" }),
		"other app":           with(func(t *token.AccessToken) { t.AppID = appB }),
		"other app, own id":   "001" + appA + with(func(t *token.AccessToken) { t.AppID = appB })[27:],
		"empty user":          with(func(t *token.AccessToken) { t.UserID = "" }),
		"signature cut short": good[:27] + "AAAA",
	}
}

func wantInvalidToken(t *testing.T, err error, apiName string) {
	t.Helper()
	wantCode(t, err, connect.CodeUnauthenticated)
	want := &errno.Error{ErrMsg: apiName + ":fail invalid token", ErrNo: 21101, ErrorCode: 115902, ErrorType: "D"}
	got := api.FromConnect(apiName, err)
	if got.ErrMsg != want.ErrMsg || got.ErrNo != want.ErrNo || got.ErrorCode != want.ErrorCode {
		t.Errorf("got %+v", got)
	}
	if text := err.Error(); !strings.HasSuffix(text, ":fail invalid token") {
		t.Errorf("the wire tells which check failed: %s", text)
	}
}

func TestRooms_BadTokens(t *testing.T) { // T-21, T-22, T-30
	w := newWorld(t)
	ann := w.join("room1", "ann")
	for name, text := range badTokens(w) {
		t.Run(name, func(t *testing.T) {
			_, err := w.client("").Join(t.Context(), &api.JoinRequest{AppId: appA, RoomId: "room1", UserId: "ann", Token: text})
			wantInvalidToken(t, err, "join")
			_, err = ann.UpdateToken(t.Context(), &api.UpdateTokenRequest{Token: text})
			wantInvalidToken(t, err, "updateToken")
		})
	}
	t.Run("unknown app", func(t *testing.T) {
		_, err := w.client("").Join(t.Context(), &api.JoinRequest{
			AppId: "000000000000000000000000", RoomId: "room1", UserId: "ann", Token: w.mint("room1", "ann")})
		wantInvalidToken(t, err, "join")
	})
	if _, err := ann.UpdateToken(t.Context(), &api.UpdateTokenRequest{Token: w.mint("room1", "ann")}); err != nil {
		t.Errorf("the session did not survive bad tokens: %v", err)
	}
}

func TestRooms_CallsWithoutASession(t *testing.T) {
	w := newWorld(t)
	for _, secret := range []string{"", "unknown", strings.Repeat("0", 32), strings.Repeat("x", 8<<10)} {
		c := w.client(secret)
		ctx := t.Context()
		calls := (&guest{RoomServiceClient: c, t: t}).calls()
		calls["Exit"] = func() error { _, err := c.Exit(ctx, &api.ExitRequest{}); return err }
		calls["Events"] = func() error {
			stream, err := c.Events(ctx, &api.EventsRequest{})
			if err != nil {
				return err
			}
			stream.Receive()
			return stream.Err()
		}
		for name, call := range calls {
			t.Run(fmt.Sprintf("%s with %.10q", name, secret), func(t *testing.T) {
				wantCode(t, call(), connect.CodeUnauthenticated)
			})
		}
	}
}

func TestRooms_BadParameters(t *testing.T) { // N-54
	w := newWorld(t)
	long := strings.Repeat("a", 129)
	tests := []struct {
		name, room, user, client, want string
	}{
		{name: "no room", user: "ann", want: "params.roomId"},
		{name: "long room", room: long, user: "ann", want: "params.roomId"},
		{name: "blank in room", room: "a b", user: "ann", want: "params.roomId"},
		{name: "subject in room", room: "a.>*", user: "ann", want: "params.roomId"},
		{name: "no user", room: "room1", want: "params.userId"},
		{name: "Chinese user", room: "room1", user: "用户", want: "params.userId"},
		{name: "long client", room: "room1", user: "ann", client: long, want: "params.client"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			_, err := w.client("").Join(t.Context(), &api.JoinRequest{AppId: appA, RoomId: tt.room, UserId: tt.user, Client: tt.client, Token: "x"})
			wantCode(t, err, connect.CodeInvalidArgument)
			if got := api.FromConnect("join", err); got.ErrNo != 20000 || !strings.Contains(got.ErrMsg, tt.want) {
				t.Errorf("got %v, want %s named", got, tt.want)
			}
		})
	}
	longest := strings.Repeat("@._-aZ09", 16)
	w.join(longest, longest)
	ann := w.join("room1", "ann")
	for _, number := range []uint32{0, 5, 1 << 31} {
		_, err := ann.SetLive(t.Context(), &api.SetLiveRequest{Live: map[uint32]bool{number: true}})
		wantCode(t, err, connect.CodeInvalidArgument)
	}
}

func TestRooms_SetLive(t *testing.T) {
	w := newWorld(t)
	ann, bob := w.join("room1", "ann"), w.join("room1", "bob")
	w.publish(ann, 1, api.Source_SOURCE_MICROPHONE, api.Source_SOURCE_CAMERA)
	events := bob.listen()
	camera, microphone := uint32(api.Source_SOURCE_CAMERA), uint32(api.Source_SOURCE_MICROPHONE)
	set := func(live map[uint32]bool) {
		t.Helper()
		if _, err := ann.SetLive(t.Context(), &api.SetLiveRequest{Live: live}); err != nil {
			t.Fatal(err)
		}
	}
	set(map[uint32]bool{camera: false})
	set(map[uint32]bool{camera: false, uint32(api.Source_SOURCE_SCREEN): true}) // changes nothing
	set(map[uint32]bool{camera: true, microphone: false})
	for i, want := range []map[api.Source]bool{
		{api.Source_SOURCE_MICROPHONE: true, api.Source_SOURCE_CAMERA: false},
		{api.Source_SOURCE_MICROPHONE: false, api.Source_SOURCE_CAMERA: true},
	} {
		got := make(map[api.Source]bool)
		for _, track := range events.next().GetChanged().GetTracks() {
			got[track.GetSource()] = track.GetLive()
		}
		if !maps.Equal(got, want) {
			t.Errorf("change %d: got %v, want %v", i, got, want)
		}
	}
}

// replay is the room as one sees it who only reads events.
type replay struct{ room *api.Snapshot }

func (p *replay) apply(ev *api.Event) error {
	if ev.GetSeq() != 0 && ev.GetSnapshot() == nil && ev.GetSeq() != p.room.GetSeq()+1 {
		return fmt.Errorf("event %d follows %d", ev.GetSeq(), p.room.GetSeq())
	}
	find := func(user string) int {
		return slices.IndexFunc(p.room.GetMembers(), func(m *api.Member) bool { return m.GetUserId() == user })
	}
	switch body := ev.GetBody().(type) {
	case *api.Event_Snapshot:
		p.room = body.Snapshot
	case *api.Event_Joined:
		if find(body.Joined.GetUserId()) >= 0 {
			return fmt.Errorf("%s joined twice", body.Joined.GetUserId())
		}
		p.room.Members = append(p.room.Members, body.Joined)
	case *api.Event_Changed:
		at := find(body.Changed.GetUserId())
		if at < 0 {
			return fmt.Errorf("%s changed outside", body.Changed.GetUserId())
		}
		p.room.Members[at] = body.Changed
	case *api.Event_Left:
		at := find(body.Left.GetUserId())
		if at < 0 {
			return fmt.Errorf("%s left outside", body.Left.GetUserId())
		}
		p.room.Members = slices.Delete(p.room.Members, at, at+1)
	}
	if ev.GetSeq() != 0 {
		p.room.Seq = ev.GetSeq()
	}
	return nil
}

// follow replays events until the room is at seq.
func (l *listener) follow(seq uint64) (*api.Snapshot, error) {
	p := &replay{room: l.begin}
	for p.room.GetSeq() < seq {
		if err := p.apply(l.next()); err != nil {
			return nil, err
		}
	}
	return p.room, nil
}

// Many users come, publish, mute, vanish, talk and go at once, while streams open at any moment: whoever replays his
// events from his snapshot on arrives at the room as it is.
func TestRooms_SnapshotAndDeltasAgree(t *testing.T) {
	const users, turns = 8, 25
	w := newWorld(t)
	watchers := make(chan *listener, users*turns) // all that are opened; they are read after the storm
	var storm sync.WaitGroup
	for u := range users {
		storm.Go(func() {
			random := rand.New(rand.NewPCG(7, uint64(u)))
			user := fmt.Sprintf("user%d", u)
			var me *guest
			for turn := range turns {
				switch n := random.IntN(10); {
				case n == 0:
					watchers <- w.join("room1", fmt.Sprintf("watcher%d-%d", u, turn)).listen()
				case me == nil || n == 1: // the same user again
					me = w.join("room1", user)
				case n == 2:
					if _, err := me.Exit(t.Context(), &api.ExitRequest{}); err != nil {
						t.Error(err)
					}
					me = nil
				case n == 3:
					me.setVisible(true)
					w.publish(me, uint32(turn+1), api.Source_SOURCE_MICROPHONE)
				case n < 6:
					me.setVisible(n == 4)
				case n == 6:
					me.say("hello")
				default:
					if _, err := me.SetLive(t.Context(), &api.SetLiveRequest{Live: map[uint32]bool{1: n%2 == 0}}); err != nil {
						t.Error(err)
					}
				}
			}
		})
	}
	storm.Wait()
	close(watchers)
	last := w.join("room1", "last").joined.GetSnapshot()
	if len(watchers) == 0 || last.GetSeq() < users {
		t.Fatalf("%d watchers, %d events: the test tests nothing", len(watchers), last.GetSeq())
	}
	for l := range watchers {
		got, err := l.follow(last.GetSeq())
		if err != nil {
			t.Fatal(err)
		}
		// Who joined earlier has heard more.
		if diff := cmp.Diff(last, got, protocmp.Transform(), protocmp.IgnoreFields(&api.Snapshot{}, "messages")); diff != "" {
			t.Fatalf("replayed room (-snapshot +replayed):\n%s", diff)
		}
	}
}
