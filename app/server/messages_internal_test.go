package server

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"connectrpc.com/connect"
	"github.com/google/go-cmp/cmp"
	"google.golang.org/protobuf/testing/protocmp"

	"parlor/app/api"
)

func messageEvent(m *api.Message) *api.Event {
	return &api.Event{Body: &api.Event_Message{Message: m}}
}

func TestMessages_ToEverybodyInOrder(t *testing.T) {
	w := newWorld(t)
	ann, bob := w.join("room1", "ann"), w.join("room1", "bob")
	eve := w.joinUnseen("room1", "eve")
	listeners := []*listener{ann.listen(), bob.listen(), eve.listen()}
	w.clock.turn(time.Second)
	var sent []*api.Message
	for i, g := range []*guest{ann, eve, bob, ann} {
		sent = append(sent, g.say(fmt.Sprint("text 文字 ", i)))
	}
	want := &api.Message{Id: 2, UserId: "eve", Text: "text 文字 1", SentAtMs: 1_700_000_001_000}
	if diff := cmp.Diff(want, sent[1], protocmp.Transform()); diff != "" {
		t.Errorf("answer (-want +got):\n%s", diff)
	}
	for _, l := range listeners {
		for i, m := range sent {
			ev := l.next()
			if ev.GetSeq() != l.begin.GetSeq()+uint64(i)+1 {
				t.Errorf("message %d has number %d after a snapshot with %d", i, ev.GetSeq(), l.begin.GetSeq())
			}
			if diff := cmp.Diff(m, ev.GetMessage(), protocmp.Transform()); diff != "" {
				t.Errorf("event (-want +got):\n%s", diff)
			}
		}
	}
	if n := counterValue(t, w, "parlor_messages_total"); n != 4 {
		t.Errorf("%v messages were counted", n)
	}
}

// A snapshot has what was said since the member joined, so that a stream which is opened again misses nothing.
func TestMessages_Snapshot(t *testing.T) {
	w := newWorld(t)
	ann := w.join("room1", "ann")
	events := ann.listen()
	before := ann.say("before bob")
	bob := w.join("room1", "bob")
	if got := bob.joined.GetSnapshot().GetMessages(); len(got) != 0 {
		t.Errorf("the answer to a join has %v", got)
	}
	after := ann.say("after")
	for _, tt := range []struct {
		name string
		who  *guest
		want []*api.Message
	}{{"ann", ann, []*api.Message{before, after}}, {"bob", bob, []*api.Message{after}}} {
		if diff := cmp.Diff(tt.want, tt.who.listen().begin.GetMessages(), protocmp.Transform()); diff != "" {
			t.Errorf("%s's snapshot (-want +got):\n%s", tt.name, diff)
		}
	}
	if again := w.join("room1", "ann"); len(again.joined.GetSnapshot().GetMessages()) != 0 {
		t.Error("another device of ann gets what was said before")
	}
	if _, err := events.end(); err == nil {
		t.Error("the first stream of ann goes on")
	}
}

// A client that comes back by itself gets what its earlier session missed.
func TestMessages_Rejoin(t *testing.T) {
	w := newWorld(t)
	ann, bob := w.join("room1", "ann"), w.join("room1", "bob")
	missed := ann.say("hello")
	again := w.enter(&api.JoinRequest{RoomId: "room1", UserId: "bob", Token: w.mint("room1", "bob"), Rejoin: true})
	if diff := cmp.Diff([]*api.Message{missed}, again.joined.GetSnapshot().GetMessages(), protocmp.Transform()); diff != "" {
		t.Errorf("snapshot (-want +got):\n%s", diff)
	}
	if reason, _ := bob.events().end(); reason != api.EndReason_END_REASON_DUPLICATE_LOGIN {
		t.Errorf("the earlier session ended with %v", reason)
	}
}

func TestMessages_BadTexts(t *testing.T) {
	w := newWorld(t)
	ann := w.join("room1", "ann")
	events := ann.listen()
	for _, tt := range []struct{ name, text, want string }{
		{"empty", "", "params.text should not be empty"},
		{"long", strings.Repeat("a", 4097), "params.text should be at most 4096 bytes, but has 4097"},
		{"long in bytes", strings.Repeat("文", 1366), "params.text should be at most 4096 bytes, but has 4098"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			_, err := ann.SendMessage(t.Context(), &api.SendMessageRequest{Text: tt.text})
			wantCode(t, err, connect.CodeInvalidArgument)
			got := api.FromConnect("x-sendMessage", err)
			if got.ErrMsg != "x-sendMessage:fail "+tt.want || got.ErrNo != 20000 {
				t.Errorf("got %v", got)
			}
		})
	}
	longest := ann.say(strings.Repeat("a", 4096))
	events.want(messageEvent(longest))
}

func TestMessages_TooMany(t *testing.T) {
	w := newWorld(t)
	ann, bob := w.join("room1", "ann"), w.join("room1", "bob")
	refused := func() {
		t.Helper()
		_, err := ann.SendMessage(t.Context(), &api.SendMessageRequest{Text: "x"})
		wantCode(t, err, connect.CodeResourceExhausted)
		if got := api.FromConnect("x-sendMessage", err).ErrMsg; got != "x-sendMessage:fail too many messages" {
			t.Errorf("got %q", got)
		}
	}
	for range 20 {
		ann.say("x")
	}
	refused()
	bob.say("somebody else may")
	w.clock.turn(time.Second)
	for range 10 {
		ann.say("x")
	}
	refused()
	if n := counterValue(t, w, "parlor_messages_refused_total"); n != 2 {
		t.Errorf("%v refusals were counted", n)
	}
}

func TestHistory(t *testing.T) {
	var h history
	if got := h.after(0); got != nil {
		t.Errorf("an empty history has %v", got)
	}
	for id := uint64(1); id <= 1000; id++ {
		h.add(&api.Message{Id: id})
	}
	for _, tt := range []struct {
		after, first uint64
		n            int
	}{{0, 801, 200}, {800, 801, 200}, {900, 901, 100}, {999, 1000, 1}} {
		got := h.after(tt.after)
		if len(got) != tt.n || got[0].GetId() != tt.first || got[len(got)-1].GetId() != 1000 {
			t.Errorf("after %d: got %d messages from %d on", tt.after, len(got), got[0].GetId())
		}
	}
	if got := h.after(1000); got != nil {
		t.Errorf("after the last: got %v", got)
	}
	if n := cap(h.messages); n > 2*maxHistory {
		t.Errorf("room for %d messages is kept", n)
	}
}
