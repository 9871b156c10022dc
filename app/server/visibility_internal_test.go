package server

import (
	"runtime"
	"slices"
	"strings"
	"testing"
	"time"

	"connectrpc.com/connect"

	"parlor/app/api"
)

// seen is a member as the others see it right after it joined.
func seen(w *world, user string) *api.Member {
	return &api.Member{UserId: user, JoinedAtMs: w.clock.Now().UnixMilli(), Connected: true}
}

// unseen is a member as it sees itself.
func unseen(w *world, user string) *api.Member {
	m := seen(w, user)
	m.Invisible = true
	return m
}

func leftEvent(user string, reason api.LeftReason) *api.Event {
	return &api.Event{Body: &api.Event_Left{Left: &api.Left{UserId: user, Reason: reason}}}
}

func joinedEvent(m *api.Member) *api.Event {
	return &api.Event{Body: &api.Event_Joined{Joined: m}}
}

func changedEvent(m *api.Member) *api.Event {
	return &api.Event{Body: &api.Event_Changed{Changed: m}}
}

func TestVisibility_VanishAndAppear(t *testing.T) { // N-16, N-30, N-31, E-3
	w := newWorld(t)
	ann, bob := w.join("room1", "ann"), w.join("room1", "bob")
	w.publish(bob, 1, api.Source_SOURCE_CAMERA)
	annTrack := w.publish(ann, 1, api.Source_SOURCE_CAMERA)[0].GetTrackId()
	annEvents, bobEvents := ann.listen(), bob.listen()

	bob.setVisible(false)
	bob.setVisible(false) // changes nothing
	annEvents.want(leftEvent("bob", api.LeftReason_LEFT_REASON_EXIT))
	bobEvents.want(changedEvent(unseen(w, "bob")))
	w.sfu.await(func() bool { return len(w.sfu.peers[0].offers) == 2 && len(w.sfu.peers[0].offers[1].Publish) == 0 })

	publish := &api.NegotiateRequest{Connection: 1, Publish: []*api.Publish{{Mid: "0", Source: api.Source_SOURCE_CAMERA}}}
	_, err := bob.Negotiate(t.Context(), publish)
	wantNative(t, err, "-2009")
	receive := &api.NegotiateRequest{Connection: 1, Subscribe: []*api.Subscribe{{Mid: "1", TrackId: annTrack}}}
	if reply, err := bob.Negotiate(t.Context(), receive); err != nil || len(reply.GetSubscribed()) != 1 {
		t.Errorf("receiving while invisible: got %v, %v", reply, err)
	}
	cat := w.join("room1", "cat")
	if got := users(cat.joined.GetSnapshot()); !slices.Equal(got, []string{"ann", "cat"}) {
		t.Errorf("a newcomer sees %v", got)
	}
	for _, events := range []*listener{annEvents, bobEvents} {
		events.want(joinedEvent(seen(w, "cat")))
	}
	if got := users(bob.listen().begin); !slices.Equal(got, []string{"ann", "bob", "cat"}) {
		t.Errorf("the invisible member sees %v", got)
	}

	bobEvents = bob.listen()
	w.clock.turn(time.Second)
	bob.setVisible(true)
	annEvents.want(joinedEvent(seen(w, "bob")))
	bobEvents.want(changedEvent(seen(w, "bob")))
	if got := users(w.join("room1", "dan").joined.GetSnapshot()); !slices.Equal(got, []string{"ann", "cat", "bob", "dan"}) {
		t.Errorf("after that a newcomer sees %v", got)
	}
	if reply, err := bob.Negotiate(t.Context(), publish); err != nil || len(reply.GetPublished()) != 1 {
		t.Errorf("publishing again: got %v, %v", reply, err)
	}
}

// Of an invisible member nothing is told, whatever happens to it, and no number is missing.
func TestVisibility_NothingIsTold(t *testing.T) {
	w := newWorld(t)
	ann := w.join("room1", "ann")
	events := ann.listen()
	bob := w.joinUnseen("room1", "bob")
	if got := bob.joined.GetSnapshot().GetMembers(); len(got) != 2 || !got[1].GetInvisible() || got[0].GetInvisible() {
		t.Errorf("it sees %v", got)
	}
	if _, err := bob.ReportQuality(t.Context(), &api.ReportQualityRequest{Level: 3}); err != nil {
		t.Error(err)
	}
	w.clock.turn(w.cfg.timing.notice) // its stream never came
	if m := bob.listen().begin.GetMembers()[1]; m.GetQuality() != 3 || !m.GetInvisible() || !m.GetConnected() {
		t.Errorf("it sees itself as %v", m)
	}
	w.joinUnseen("room1", "bob") // the same user again
	lost := w.joinUnseen("room1", "eve")
	w.clock.turn(w.cfg.timing.grace)
	if _, err := ann.SetLive(t.Context(), &api.SetLiveRequest{}); err != nil { // waits for the room to have done what the clock asked for
		t.Error(err)
	}
	_, err := lost.events().end()
	wantCode(t, err, connect.CodeUnauthenticated)
	gone := w.joinUnseen("room1", "fay")
	if _, err := gone.Exit(t.Context(), &api.ExitRequest{}); err != nil {
		t.Error(err)
	}
	w.join("room1", "cat")
	events.want(joinedEvent(seen(w, "cat"))) // and its number follows the snapshot's, or the stream had ended
}

// The same user again, seen or not before and after.
func TestVisibility_SameUserAgain(t *testing.T) { // E-2
	tests := []struct {
		name          string
		before, after bool // visible
		want          func(w *world) *api.Event
	}{
		{"visible, visible", true, true, func(w *world) *api.Event { return changedEvent(seen(w, "bob")) }},
		{"visible, invisible", true, false, func(*world) *api.Event { return leftEvent("bob", api.LeftReason_LEFT_REASON_EXIT) }},
		{"invisible, visible", false, true, func(w *world) *api.Event { return joinedEvent(seen(w, "bob")) }},
		{"invisible, invisible", false, false, nil},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			w := newWorld(t)
			enter := map[bool]func(string, string) *guest{
				true: func(room, user string) *guest { return w.join(room, user) }, false: w.joinUnseen}
			first := enter[tt.before]("room1", "bob")
			events := w.join("room1", "ann").listen()
			enter[tt.after]("room1", "bob")
			if tt.want != nil {
				events.want(tt.want(w))
			}
			w.join("room1", "cat")
			events.want(joinedEvent(seen(w, "cat")))
			if reason, _ := first.events().end(); reason != api.EndReason_END_REASON_DUPLICATE_LOGIN {
				t.Errorf("the earlier session ended with %v", reason)
			}
		})
	}
}

// What a stream's feed got before its snapshot is not told after it.
func TestVisibility_NothingStale(t *testing.T) {
	w := newWorld(t)
	bob := w.join("room1", "bob")
	here, _ := w.rooms.hold(roomKey{appA, "room1"})
	defer w.rooms.release(here)
	block := make(chan struct{})
	here.loop.Post(func() {
		<-block
		m := here.member("bob")
		here.vanish(m)
		here.appear(m)
	})
	opened := make(chan *listener)
	go func() { opened <- bob.events() }()
	feeds := func() int {
		w.rooms.bus.mu.Lock()
		defer w.rooms.bus.mu.Unlock()
		return len(w.rooms.bus.feeds)
	}
	for feeds() == 0 {
		runtime.Gosched()
	}
	close(block)
	events := <-opened
	if m := events.next().GetSnapshot().GetMembers()[0]; m.GetInvisible() {
		t.Errorf("the snapshot has %v", m)
	}
	events.next() // privileges
	w.join("room1", "ann")
	events.want(joinedEvent(seen(w, "ann")))
}

// A negotiation that was under way does not publish what vanished meanwhile.
func TestVisibility_VanishDuringNegotiation(t *testing.T) {
	w := newWorld(t)
	bob := w.join("room1", "bob")
	w.publish(bob, 1)
	block := make(chan struct{})
	w.sfu.mu.Lock()
	w.sfu.peers[0].block = block
	w.sfu.mu.Unlock()
	type result struct {
		reply *api.NegotiateResponse
		err   error
	}
	done := make(chan result, 1)
	go func() {
		reply, err := bob.Negotiate(t.Context(), &api.NegotiateRequest{Connection: 1, Publish: []*api.Publish{{Mid: "0", Source: api.Source_SOURCE_CAMERA}}})
		done <- result{reply, err}
	}()
	w.sfu.await(func() bool { return w.sfu.peers[0].blocked })
	bob.setVisible(false)
	close(block)
	if got := <-done; got.err != nil || len(got.reply.GetPublished()) != 0 {
		t.Errorf("got %v, %v", got.reply, got.err)
	}
	w.sfu.await(func() bool {
		offers := w.sfu.peers[0].offers
		return len(offers) == 3 && len(offers[1].Publish) == 1 && len(offers[2].Publish) == 0
	})
	if got := w.join("room1", "ann").joined.GetSnapshot(); len(got.GetMembers()) != 1 {
		t.Errorf("others see %v", got)
	}
}

func TestVisibility_Limits(t *testing.T) { // N-31
	w := newWorld(t, func(c *Config) { c.Limits = Limits{VisiblePerRoom: 2, MembersPerRoom: 4} })
	w.join("room1", "ann")
	w.join("room1", "bob")
	join := func(user string, invisible bool) error {
		_, err := w.client("").Join(t.Context(), &api.JoinRequest{
			AppId: appA, RoomId: "room1", UserId: user, Token: w.mint("room1", user), Invisible: invisible})
		return err
	}
	err := join("cat", false)
	wantNative(t, err, "-1001")
	wantCode(t, err, connect.CodeResourceExhausted)
	cat := w.joinUnseen("room1", "cat")
	_, err = cat.SetVisible(t.Context(), &api.SetVisibleRequest{Visible: true})
	wantCode(t, err, connect.CodeResourceExhausted)
	const want = "changeUserVisibility:fail too many visible users in the room: at most 2"
	if got := api.FromConnect("changeUserVisibility", err); got.ErrMsg != want || got.ErrNo != 21102 {
		t.Errorf("got %v", got)
	}
	if err := join("ann", false); err != nil {
		t.Errorf("the same user again: %v", err)
	}
	if err := join("dan", true); err != nil {
		t.Errorf("the fourth: %v", err)
	}
	wantCode(t, join("eve", true), connect.CodeResourceExhausted)
	w.join("room1", "ann").setVisible(false)
	cat.setVisible(true)
}

func TestVisibility_Microphones(t *testing.T) { // N-31
	w := newWorld(t, func(c *Config) { c.Limits.MicrophonesPerRoom = 1 })
	ann, bob := w.join("room1", "ann"), w.join("room1", "bob")
	first := w.publish(ann, 1, api.Source_SOURCE_MICROPHONE, api.Source_SOURCE_CAMERA)
	if again := w.publish(ann, 1, api.Source_SOURCE_MICROPHONE); again[0].GetTrackId() != first[0].GetTrackId() {
		t.Error("the one that is there is refused")
	}
	w.publish(bob, 1, api.Source_SOURCE_CAMERA, api.Source_SOURCE_SCREEN_AUDIO)
	publish := &api.NegotiateRequest{Connection: 1, Publish: []*api.Publish{{Mid: "9", Source: api.Source_SOURCE_MICROPHONE}}}
	_, err := bob.Negotiate(t.Context(), publish)
	wantNative(t, err, "-1080")
	wantCode(t, err, connect.CodeResourceExhausted)
	ann.setVisible(false)
	if _, err := bob.Negotiate(t.Context(), publish); err != nil {
		t.Errorf("with a place that is free: %v", err)
	}
}

// Who comes back by itself comes back as unseen as it was.
func TestVisibility_Rejoin(t *testing.T) {
	w := newWorld(t)
	ann := w.join("room1", "ann")
	events := ann.listen()
	bob := w.joinUnseen("room1", "bob")
	bobEvents := bob.listen()
	again := func(invisible bool) error {
		_, err := w.client("").Join(t.Context(), &api.JoinRequest{AppId: appA, RoomId: "room1", UserId: "bob",
			Token: w.mint("room1", "bob"), Rejoin: true, Invisible: invisible})
		return err
	}
	wantCode(t, again(true), connect.CodeAlreadyExists) // it is still there
	bobEvents.cancel()
	w.clock.await(1, w.cfg.timing.grace)
	if err := again(true); err != nil {
		t.Fatal(err)
	}
	w.join("room1", "cat")
	events.want(joinedEvent(seen(w, "cat")))
}

func TestVisibility_IsAChange(t *testing.T) {
	w := newWorld(t)
	ann := w.join("room1", "ann")
	var err error
	for i := 0; err == nil; i++ {
		_, err = ann.SetVisible(t.Context(), &api.SetVisibleRequest{Visible: i%2 == 0})
	}
	wantCode(t, err, connect.CodeResourceExhausted)
	if !strings.Contains(err.Error(), "-1084") {
		t.Errorf("got %v", err)
	}
}
