package server

import (
	"context"
	"maps"
	"net/netip"
	"slices"
	"strings"
	"testing"

	"connectrpc.com/connect"

	"parlor/app/api"
	"parlor/app/token"
)

func (w *world) admin() api.AdminServiceClient { return api.NewAdminServiceClient(w.http, w.URL()) }

// ticket makes a ticket for a room of app A, after change.
func (w *world) ticket(room string, change ...func(*token.AccessToken)) string {
	w.t.Helper()
	return w.mint(room, token.TicketUser, change...)
}

func inAppB(t *token.AccessToken) { t.AppID = appB }

func TestAdmin_RemoveUser(t *testing.T) { // N-49
	w := newWorld(t)
	ann := w.join("room1", "ann")
	for _, tt := range []struct {
		name string
		join func(room, user string) *guest
	}{
		{"visible", func(room, user string) *guest { return w.join(room, user) }},
		{"invisible", w.joinUnseen},
	} {
		t.Run(tt.name, func(t *testing.T) {
			bob := tt.join("room1", "bob")
			events, bobEvents := ann.listen(), bob.listen()
			if _, err := w.admin().RemoveUser(t.Context(), &api.RemoveUserRequest{Ticket: w.ticket("room1"), UserId: "bob"}); err != nil {
				t.Fatal(err)
			}
			if reason, err := bobEvents.end(); reason != api.EndReason_END_REASON_KICKED || err != nil {
				t.Errorf("got end %v, %v", reason, err)
			}
			_, err := bob.SetLive(t.Context(), &api.SetLiveRequest{})
			wantNative(t, err, "-1006")
			if tt.name == "visible" {
				events.want(leftEvent("bob", api.LeftReason_LEFT_REASON_KICKED))
			}
			w.join("room1", "bob") // it may come back
			events.want(joinedEvent(seen(w, "bob")))
		})
	}
	if n := counterValue(t, w, `parlor_admin_calls_total{call="removeUser",result="ok"}`); n != 2 {
		t.Errorf("%v calls were counted", n)
	}
}

func TestAdmin_EndRoom(t *testing.T) { // N-49
	w := newWorld(t)
	guests := []*guest{w.join("room1", "ann"), w.joinUnseen("room1", "bob")}
	elsewhere := w.join("room2", "ann")
	var streams []*listener
	for _, g := range guests {
		streams = append(streams, g.listen())
	}
	if _, err := w.admin().EndRoom(t.Context(), &api.EndRoomRequest{Ticket: w.ticket("room1")}); err != nil {
		t.Fatal(err)
	}
	for i, l := range streams {
		if reason, err := l.end(); reason != api.EndReason_END_REASON_ROOM_DISMISSED || err != nil {
			t.Errorf("stream %d: got end %v, %v", i, reason, err)
		}
		_, err := guests[i].SetLive(t.Context(), &api.SetLiveRequest{})
		wantNative(t, err, "-1011")
	}
	if _, err := elsewhere.SetLive(t.Context(), &api.SetLiveRequest{}); err != nil {
		t.Errorf("in another room: %v", err)
	}
	_, err := w.admin().EndRoom(t.Context(), &api.EndRoomRequest{Ticket: w.ticket("room1")})
	wantParam(t, err, "params.ticket: there is no room room1")
	if again := w.join("room1", "ann").joined.GetSnapshot(); again.GetSeq() != 1 {
		t.Errorf("the room was not made anew: %v", again)
	}
}

// wantParam checks for errno.InvalidParam with that text.
func wantParam(t *testing.T, err error, text string) {
	t.Helper()
	wantCode(t, err, connect.CodeInvalidArgument)
	if got := api.FromConnect("x", err); got.ErrMsg != "x:fail "+text || got.ErrNo != 20000 {
		t.Errorf("got %v, want %q", got, text)
	}
}

func TestAdmin_NotThere(t *testing.T) {
	w := newWorld(t)
	w.join("room1", "ann")
	w.join("room2", "bob")
	for _, tt := range []struct{ name, room, user, want string }{
		{"no such user", "room1", "bob", "params.userId: bob is not in the room room1"},
		{"no such room", "room3", "ann", "params.ticket: there is no room room3"},
		{"no user", "room1", "", "params.userId " + wantID},
		{"the ticket's user", "room1", token.TicketUser, "params.userId " + wantID},
		{"line break in user", "room1", "a\nb", "params.userId " + wantID},
	} {
		t.Run(tt.name, func(t *testing.T) {
			_, err := w.admin().RemoveUser(t.Context(), &api.RemoveUserRequest{Ticket: w.ticket(tt.room), UserId: tt.user})
			wantParam(t, err, tt.want)
		})
	}
	if n := counterValue(t, w, `parlor_admin_calls_total{call="removeUser",result="InvalidParam"}`); n != 5 {
		t.Errorf("%v calls were counted", n)
	}
}

// Tickets are checked like tokens, and tokens are no tickets.
func TestAdmin_BadTickets(t *testing.T) { // T-21, T-22
	w := newWorld(t)
	ann := w.join("room1", "ann")
	good := w.ticket("room1")
	forged, err := (&token.AccessToken{AppID: appA, RoomID: "room1", UserID: token.TicketUser}).Sign(keyB)
	if err != nil {
		t.Fatal(err)
	}
	unknown, err := (&token.AccessToken{AppID: "000000000000000000000000", RoomID: "room1", UserID: token.TicketUser}).Sign(keyA)
	if err != nil {
		t.Fatal(err)
	}
	tickets := map[string]string{
		"empty":             "",
		"malformed":         "not a ticket",
		"cut":               good[:len(good)-4],
		"a user's token":    w.mint("room1", "ann"),
		"of nobody":         w.mint("room1", ""),
		"room is not valid": w.ticket("a b"),
		"expired":           w.ticket("room1", func(t *token.AccessToken) { t.ExpireAt = uint32(w.clock.Now().Unix()) - 1 }),
		"forged":            forged,
		"unknown app":       unknown,
		"other app, own id": token.Version + appA + w.ticket("room1", inAppB)[27:],
	}
	for _, name := range slices.Sorted(maps.Keys(tickets)) {
		t.Run(name, func(t *testing.T) {
			_, err := w.admin().RemoveUser(t.Context(), &api.RemoveUserRequest{Ticket: tickets[name], UserId: "ann"})
			wantInvalidToken(t, err, "removeUser")
			_, err = w.admin().EndRoom(t.Context(), &api.EndRoomRequest{Ticket: tickets[name]})
			wantInvalidToken(t, err, "endRoom")
		})
	}
	if _, err := ann.SetLive(t.Context(), &api.SetLiveRequest{}); err != nil {
		t.Errorf("ann is not there any more: %v", err)
	}
	for _, user := range []string{token.TicketUser, "ann"} {
		_, err := w.client("").Join(t.Context(), &api.JoinRequest{AppId: appA, RoomId: "room1", UserId: user, Token: good})
		if err == nil {
			t.Errorf("%s joined with a ticket", user)
		}
	}
	at := uint32(w.clock.Now().Unix()) // good at the very second of its end (T-17)
	if _, err := w.admin().EndRoom(t.Context(), &api.EndRoomRequest{
		Ticket: w.ticket("room1", func(t *token.AccessToken) { t.ExpireAt = at })}); err != nil {
		t.Error(err)
	}
}

func TestAdmin_TooManyCalls(t *testing.T) {
	w := newWorld(t)
	ctx := context.WithValue(t.Context(), requestKey{}, &request{remote: netip.MustParseAddr("192.0.2.1")})
	guess := func() error {
		_, err := admin{w.rooms}.EndRoom(ctx, &api.EndRoomRequest{Ticket: "x"})
		return err
	}
	for range 10 * w.rooms.limits.JoinsPerSecond {
		if err := guess(); !strings.Contains(err.Error(), "invalid token") {
			t.Fatal(err)
		}
	}
	if err := toWire(guess()); err.Code() != connect.CodeResourceExhausted || err.Message() != "endRoom:fail too many calls from this address" {
		t.Errorf("got %v", err)
	}
	_, err := w.rooms.Join(ctx, &api.JoinRequest{})
	if toWire(err).Code() != connect.CodeResourceExhausted {
		t.Errorf("joins are counted apart: %v", err)
	}
}
