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

// The end of the token, and of each privilege with a meaning, is announced once, 30 s before and not earlier.
func TestPrivileges_Warnings(t *testing.T) { // T-16, T-24, T-25
	tests := []struct {
		name   string
		end    func(tok *token.AccessToken, at uint32)
		ignore bool
		want   bool
	}{
		{name: "token", end: func(tok *token.AccessToken, at uint32) { tok.ExpireAt = at }, want: true},
		{name: "publish", end: privilegeEnds(token.PublishStream), want: true},
		{name: "publish audio", end: privilegeEnds(token.PublishAudio), want: true},
		{name: "publish video", end: privilegeEnds(token.PublishVideo), want: true},
		{name: "subscribe", end: privilegeEnds(token.SubscribeStream), want: true},
		{name: "publish data", end: privilegeEnds(token.PublishData)},
		{name: "no name", end: privilegeEnds(5)},
		{name: "never", end: func(tok *token.AccessToken, _ uint32) { tok.ExpireAt = 0 }},
		{name: "after the token", end: func(tok *token.AccessToken, at uint32) {
			tok.ExpireAt, tok.Privileges[token.SubscribeStream] = at, at+5
		}, want: true},
		{name: "privileges are not enforced", end: privilegeEnds(token.SubscribeStream), ignore: true},
		{name: "token, privileges are not enforced", end: func(tok *token.AccessToken, at uint32) { tok.ExpireAt = at }, ignore: true, want: true},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			w := newWorld(t, func(c *Config) { c.IgnorePrivileges = tt.ignore })
			end := w.clock.Now().Unix() + 100
			ann := w.join("room1", "ann")
			bob := w.join("room1", "bob", func(tok *token.AccessToken) { tt.end(tok, uint32(end)) })
			ann.listen()
			events := bob.listen()
			quiet := func() {
				t.Helper()
				events.want(messageEvent(ann.say("still")))
			}
			w.clock.turn(69 * time.Second)
			quiet()
			w.clock.turn(time.Second)
			if tt.want {
				events.want(willExpire(end))
			}
			quiet()
			w.clock.turn(29 * time.Second)
			quiet()
		})
	}
}

func privilegeEnds(p token.Privilege) func(*token.AccessToken, uint32) {
	return func(tok *token.AccessToken, at uint32) { tok.Privileges[p] = at }
}

// Each privilege ends on its own; the user stays and keeps the rest, and is told until when.
func TestPrivileges_EachOnItsOwn(t *testing.T) { // T-9, T-15, T-17, T-28, T-29
	start := time.Unix(1_700_000_000, 0).Unix()
	at, end := uint32(start)+100, start+1000
	tests := []struct {
		name          string
		privileges    map[token.Privilege]uint32
		before, after *api.Privileges
	}{
		{"publish", map[token.Privilege]uint32{0: at, 1: at, 2: at, 4: 0},
			&api.Privileges{PublishAudio: true, PublishVideo: true, Subscribe: true, PublishAudioUntil: int64(at), PublishVideoUntil: int64(at), SubscribeUntil: end},
			&api.Privileges{Subscribe: true, SubscribeUntil: end}},
		{"publish, audio longer", map[token.Privilege]uint32{0: at, 1: 0, 2: at, 4: 0},
			&api.Privileges{PublishAudio: true, PublishVideo: true, Subscribe: true, PublishAudioUntil: end, PublishVideoUntil: int64(at), SubscribeUntil: end},
			&api.Privileges{PublishAudio: true, Subscribe: true, PublishAudioUntil: end, SubscribeUntil: end}},
		{"audio", map[token.Privilege]uint32{1: at, 2: 0},
			&api.Privileges{PublishAudio: true, PublishVideo: true, PublishAudioUntil: int64(at), PublishVideoUntil: end},
			&api.Privileges{PublishVideo: true, PublishVideoUntil: end}},
		{"video", map[token.Privilege]uint32{1: uint32(end) + 5, 2: at},
			&api.Privileges{PublishAudio: true, PublishVideo: true, PublishAudioUntil: end, PublishVideoUntil: int64(at)},
			&api.Privileges{PublishAudio: true, PublishAudioUntil: end}},
		{"subscribe", map[token.Privilege]uint32{0: 0, 4: at},
			&api.Privileges{PublishAudio: true, PublishVideo: true, Subscribe: true, PublishAudioUntil: end, PublishVideoUntil: end, SubscribeUntil: int64(at)},
			&api.Privileges{PublishAudio: true, PublishVideo: true, PublishAudioUntil: end, PublishVideoUntil: end}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			w := newWorld(t)
			tt.before.TokenExpireAt, tt.after.TokenExpireAt = end, end
			ann := w.join("room1", "ann")
			bob := w.join("room1", "bob", func(tok *token.AccessToken) { tok.ExpireAt, tok.Privileges = uint32(end), tt.privileges })
			if diff := cmp.Diff(tt.before, bob.joined.GetPrivileges(), protocmp.Transform()); diff != "" {
				t.Errorf("at first (-want +got):\n%s", diff)
			}
			ann.listen()
			events := bob.listen()
			w.clock.turn(100 * time.Second) // the very second is good
			events.want(willExpire(int64(at)))
			events.want(messageEvent(ann.say("still")))
			w.clock.turn(time.Second)
			events.want(&api.Event{Body: &api.Event_Privileges{Privileges: tt.after}})
			events.want(messageEvent(ann.say("still")))
		})
	}
}

func TestPrivileges_UpdateShortly(t *testing.T) { // T-32
	w := newWorld(t)
	ann, bob := w.join("room1", "ann"), w.join("room1", "bob")
	ann.listen()
	events := bob.listen()
	end := w.clock.Now().Unix() + 10
	if _, err := bob.UpdateToken(t.Context(), &api.UpdateTokenRequest{Token: w.mint("room1", "bob", w.until(10))}); err != nil {
		t.Fatal(err)
	}
	events.want(willExpire(end))
	if got := events.next().GetPrivileges(); got.GetTokenExpireAt() != end {
		t.Errorf("got %v", got)
	}
	// A longer one again: nothing ends soon any more, also for a stream that is opened now.
	if _, err := bob.UpdateToken(t.Context(), &api.UpdateTokenRequest{Token: w.mint("room1", "bob")}); err != nil {
		t.Fatal(err)
	}
	events = bob.listen()
	w.clock.turn(time.Minute)
	events.want(messageEvent(ann.say("still")))
}

// A token that is refused leaves the old one in force, with all that it allows.
func TestPrivileges_RefusedUpdate(t *testing.T) { // T-30
	w := newWorld(t)
	ann := w.join("room1", "ann")
	events := ann.listen()
	for _, text := range badTokens(w) {
		if _, err := ann.UpdateToken(t.Context(), &api.UpdateTokenRequest{Token: text}); err == nil {
			t.Errorf("%.40q was taken", text)
		}
	}
	events.want(messageEvent(ann.say("nothing was told")))
	w.publish(ann, 1, api.Source_SOURCE_CAMERA)
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
