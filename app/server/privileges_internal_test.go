package server

import (
	"fmt"
	"testing"
	"time"

	"connectrpc.com/connect"
	"github.com/google/go-cmp/cmp"
	"google.golang.org/protobuf/testing/protocmp"

	"parlor/app/api"
	"parlor/app/token"
	"parlor/media/sfu"
)

// until makes a token end after so many seconds.
func (w *world) until(seconds uint32) func(*token.AccessToken) {
	return func(t *token.AccessToken) { t.ExpireAt = uint32(w.clock.Now().Unix()) + seconds }
}

func TestPrivileges_TokenExpires(t *testing.T) { // T-17, T-24, T-26
	w := newWorld(t)
	start := w.clock.Now().Unix()
	ann, bob := w.join("room1", "ann"), w.join("room1", "bob", w.until(100))
	annEvents, bobEvents := ann.listen(), bob.listen()

	w.clock.turn(69 * time.Second)
	w.clock.turn(time.Second)
	if got := bobEvents.next().GetTokenWillExpire().GetExpireAt(); got != start+100 {
		t.Errorf("got will expire at %d, want %d", got, start+100)
	}
	w.clock.turn(30 * time.Second) // the very second of the end
	if _, err := bob.SetLive(t.Context(), &api.SetLiveRequest{}); err != nil {
		t.Errorf("at the second of the end: %v", err)
	}
	w.clock.turn(time.Second)
	if reason, err := bobEvents.end(); reason != api.EndReason_END_REASON_TOKEN_EXPIRED || err != nil {
		t.Errorf("got end %v, %v", reason, err)
	}
	if left := annEvents.next().GetLeft(); left.GetUserId() != "bob" || left.GetReason() != api.LeftReason_LEFT_REASON_TOKEN_EXPIRED {
		t.Errorf("others got %v", left)
	}
	_, err := bob.UpdateToken(t.Context(), &api.UpdateTokenRequest{Token: w.mint("room1", "bob")}) // T-31
	if got := api.FromConnect("updateToken", err); got == nil || got.ErrNo != 21108 {
		t.Errorf("after the end: got %v", err)
	}
}

func TestPrivileges_WarningAtOnce(t *testing.T) { // T-32
	w := newWorld(t)
	end := w.clock.Now().Unix() + 20
	bob := w.join("room1", "bob", w.until(20))
	for range 2 { // again with each stream: it may have been lost with the earlier one
		if got := bob.listen().next().GetTokenWillExpire().GetExpireAt(); got != end {
			t.Errorf("got will expire at %d, want %d", got, end)
		}
	}
}

// Each end is announced once, however many there are.
func TestPrivileges_SeveralEnds(t *testing.T) {
	w := newWorld(t)
	start := w.clock.Now().Unix()
	bob := w.join("room1", "bob", func(tok *token.AccessToken) {
		tok.Privileges[token.SubscribeStream] = uint32(start) + 100
		tok.Privileges[99] = uint32(start) + 105 // no meaning
		tok.ExpireAt = uint32(start) + 110
	})
	events := bob.listen()
	for _, step := range []struct {
		turn time.Duration
		want *api.Event
	}{
		{70 * time.Second, willExpire(start + 100)},
		{10 * time.Second, willExpire(start + 110)},
		{21 * time.Second, &api.Event{Body: &api.Event_Privileges{Privileges: &api.Privileges{PublishAudio: true, PublishVideo: true,
			TokenExpireAt: start + 110, PublishAudioUntil: start + 110, PublishVideoUntil: start + 110}}}},
		{10 * time.Second, &api.Event{Body: &api.Event_Ended{Ended: &api.Ended{Reason: api.EndReason_END_REASON_TOKEN_EXPIRED}}}},
	} {
		w.clock.turn(step.turn)
		if diff := cmp.Diff(step.want, events.next(), protocmp.Transform()); diff != "" {
			t.Errorf("after %v (-want +got):\n%s", step.turn, diff)
		}
	}
}

func TestPrivileges_UpdateToken(t *testing.T) { // T-30
	w := newWorld(t)
	bob := w.join("room1", "bob", w.until(100))
	events := bob.listen()
	w.clock.turn(70 * time.Second)
	if events.next().GetTokenWillExpire() == nil {
		t.Error("no warning")
	}
	response, err := bob.UpdateToken(t.Context(), &api.UpdateTokenRequest{Token: w.mint("room1", "bob", w.until(60))})
	if err != nil {
		t.Fatal(err)
	}
	end := w.clock.Now().Unix() + 60
	if response.GetTokenExpireAt() != end {
		t.Errorf("got the end %d, want %d", response.GetTokenExpireAt(), end)
	}
	for name, got := range map[string]*api.Privileges{"answer": response.GetPrivileges(), "event": events.next().GetPrivileges()} {
		if got.GetTokenExpireAt() != end || got.GetSubscribeUntil() != end || !got.GetSubscribe() {
			t.Errorf("%s: got %v", name, got)
		}
	}
	w.clock.turn(31 * time.Second) // past the end of the first token
	if got := events.next().GetTokenWillExpire().GetExpireAt(); got != end {
		t.Errorf("got will expire at %d, want %d", got, end)
	}
	if _, err = bob.UpdateToken(t.Context(), &api.UpdateTokenRequest{Token: "bad"}); err == nil {
		t.Error("a bad token was taken")
	}
	w.clock.turn(30 * time.Second)
	if reason, _ := events.end(); reason != api.EndReason_END_REASON_TOKEN_EXPIRED {
		t.Errorf("the old token is not in force: %v", reason)
	}
}

func TestPrivileges_PublishingEnds(t *testing.T) { // T-25, T-28
	w := newWorld(t)
	ann := w.join("room1", "ann")
	bob := w.join("room1", "bob", func(tok *token.AccessToken) {
		tok.Privileges = map[token.Privilege]uint32{
			token.PublishAudio: 0, token.PublishVideo: uint32(w.clock.Now().Unix()) + 50, token.SubscribeStream: 0}
	})
	tracks := w.publish(bob, 1, api.Source_SOURCE_MICROPHONE, api.Source_SOURCE_CAMERA)
	annEvents, bobEvents := ann.listen(), bob.listen()
	camera := sfu.TrackID(tracks[1].GetTrackId())

	w.clock.turn(20 * time.Second)
	if bobEvents.next().GetTokenWillExpire() == nil {
		t.Error("the end of a privilege is not announced")
	}
	w.clock.turn(31 * time.Second)
	end := bob.joined.GetTokenExpireAt()
	want := &api.Privileges{PublishAudio: true, Subscribe: true, TokenExpireAt: end, PublishAudioUntil: end, SubscribeUntil: end}
	if diff := cmp.Diff(want, bobEvents.next().GetPrivileges(), protocmp.Transform()); diff != "" {
		t.Errorf("privileges (-want +got):\n%s", diff)
	}
	if got := annEvents.next().GetChanged().GetTracks(); len(got) != 1 || got[0].GetSource() != api.Source_SOURCE_MICROPHONE {
		t.Errorf("others see %v", got)
	}
	w.sfu.await(func() bool { allowed, told := w.sfu.peers[0].allowed[camera]; return told && !allowed })

	// The same sections again are no new attempt; a new screen is (and the user stays).
	again := &api.NegotiateRequest{Connection: 1, Publish: []*api.Publish{
		{Mid: "0", Source: api.Source_SOURCE_MICROPHONE}, {Mid: "1", Source: api.Source_SOURCE_CAMERA}}}
	response, err := bob.Negotiate(t.Context(), again)
	if err != nil || len(response.GetPublished()) != 1 {
		t.Errorf("got %v, %v", response, err)
	}
	again.Publish = append(again.Publish, &api.Publish{Mid: "2", Source: api.Source_SOURCE_SCREEN})
	_, err = bob.Negotiate(t.Context(), again)
	wantNative(t, err, "-1002")

	if _, err := bob.UpdateToken(t.Context(), &api.UpdateTokenRequest{Token: w.mint("room1", "bob")}); err != nil {
		t.Fatal(err)
	}
	if got := annEvents.until(func(ev *api.Event) bool { return ev.GetChanged() != nil }).GetChanged().GetTracks(); len(got) != 2 {
		t.Errorf("with a new token others see %v", got)
	}
	w.sfu.await(func() bool { return w.sfu.peers[0].allowed[camera] })
}

func TestPrivileges_SubscribingEnds(t *testing.T) { // T-29
	w := newWorld(t)
	ann := w.join("room1", "ann")
	track := w.publish(ann, 1, api.Source_SOURCE_CAMERA)[0].GetTrackId()
	bob := w.join("room1", "bob", func(tok *token.AccessToken) {
		tok.Privileges = map[token.Privilege]uint32{0: 0, token.SubscribeStream: uint32(w.clock.Now().Unix()) + 50}
	})
	req := &api.NegotiateRequest{Connection: 1, Offer: "offer",
		Publish:   []*api.Publish{{Mid: "0", Source: api.Source_SOURCE_CAMERA}},
		Subscribe: []*api.Subscribe{{Mid: "1", TrackId: track}}}
	if _, err := bob.Negotiate(t.Context(), req); err != nil {
		t.Fatal(err)
	}
	events := bob.listen()
	w.clock.turn(51 * time.Second)
	privileges := events.until(func(ev *api.Event) bool { return ev.GetPrivileges() != nil }).GetPrivileges()
	if privileges.GetSubscribe() || !privileges.GetPublishVideo() {
		t.Errorf("got %v", privileges)
	}
	w.sfu.await(func() bool { return len(w.sfu.peers[1].offers) == 2 })
	last := w.sfu.peer(1).offers[1]
	if last.SDP != "" || len(last.Publish) != 1 || len(last.Subscribe) != 0 {
		t.Errorf("the SFU was told %+v", last)
	}
	_, err := bob.Negotiate(t.Context(), req)
	wantNative(t, err, "-1003")
	req.Subscribe[0].TrackId = ""
	if _, err := bob.Negotiate(t.Context(), req); err != nil {
		t.Errorf("publishing on: %v", err)
	}
}

func TestPrivileges_MissingOnes(t *testing.T) { // T-20
	tests := []struct {
		name   string
		ignore bool
		grant  []token.Privilege
		want   *api.Privileges
	}{
		{name: "none", want: &api.Privileges{}},
		{name: "none, not enforced", ignore: true, want: &api.Privileges{PublishAudio: true, PublishVideo: true, Subscribe: true}},
		{name: "publish alone", grant: []token.Privilege{0}, want: &api.Privileges{PublishAudio: true, PublishVideo: true}},
		{name: "audio", grant: []token.Privilege{1}, want: &api.Privileges{PublishAudio: true}},
		{name: "video", grant: []token.Privilege{2}, want: &api.Privileges{PublishVideo: true}},
		{name: "subscribe", grant: []token.Privilege{4}, want: &api.Privileges{Subscribe: true}},
		{name: "no name, data", grant: []token.Privilege{3, 5, 99}, want: &api.Privileges{}},
	}
	w := newWorld(t)
	for i, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			w.rooms.ignorePrivileges = tt.ignore
			g := w.join(fmt.Sprint("room", i), "ann", func(tok *token.AccessToken) {
				tok.ExpireAt, tok.Privileges = 0, make(map[token.Privilege]uint32)
				for _, p := range tt.grant {
					tok.Privileges[p] = 0
				}
			})
			if diff := cmp.Diff(tt.want, g.joined.GetPrivileges(), protocmp.Transform()); diff != "" {
				t.Errorf("privileges (-want +got):\n%s", diff)
			}
			for source, allowed := range map[api.Source]bool{
				api.Source_SOURCE_MICROPHONE: tt.want.GetPublishAudio(), api.Source_SOURCE_SCREEN_AUDIO: tt.want.GetPublishAudio(),
				api.Source_SOURCE_CAMERA: tt.want.GetPublishVideo(), api.Source_SOURCE_SCREEN: tt.want.GetPublishVideo(),
			} {
				_, err := g.Negotiate(t.Context(), &api.NegotiateRequest{Connection: 1, Offer: "offer",
					Publish: []*api.Publish{{Mid: "0", Source: source}}})
				if (err == nil) != allowed {
					t.Errorf("publishing %v: got %v, want allowed %v", source, err, allowed)
				}
				if !allowed {
					wantNative(t, err, "-1002")
				}
			}
			_, err := g.Negotiate(t.Context(), &api.NegotiateRequest{Connection: 1, Offer: "offer",
				Subscribe: []*api.Subscribe{{Mid: "9", TrackId: "any"}}})
			if (err == nil) != tt.want.GetSubscribe() {
				t.Errorf("subscribing: got %v", err)
			}
		})
	}
}

// wantNative checks for errno.Failed with that native code.
func wantNative(t *testing.T, err error, code string) {
	t.Helper()
	got := api.FromConnect("x", err)
	if got == nil || got.ErrMsg != "x:fail error code:"+code || got.ErrNo != 21102 {
		t.Errorf("got %v, want native code %s", err, code)
	}
	if c := connect.CodeOf(err); c != connect.CodeFailedPrecondition && c != connect.CodeResourceExhausted && c != connect.CodeUnavailable {
		t.Errorf("got code %v", c)
	}
}
