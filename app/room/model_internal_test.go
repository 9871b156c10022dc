package room

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"google.golang.org/protobuf/proto"
	"pgregory.net/rapid"

	"parlor/app/api"
)

// member makes a member from "name:mic,cam,screen,-mic": a dash is a published track that is muted.
func member(text string) *api.Member {
	name, tracks, _ := strings.Cut(text, ":")
	m := &api.Member{UserId: name, Connected: true}
	for _, track := range strings.Split(tracks, ",") {
		if track == "" {
			continue
		}
		kind, muted := strings.CutPrefix(track, "-")
		source := map[string]api.Source{
			"mic": api.Source_SOURCE_MICROPHONE, "cam": api.Source_SOURCE_CAMERA, "screen": api.Source_SOURCE_SCREEN,
		}[kind]
		m.Tracks = append(m.Tracks, &api.Track{TrackId: name + kind, Source: source, Live: !muted})
	}
	return m
}

func joined(seq uint64, text string) *api.Event {
	return &api.Event{Seq: seq, Body: &api.Event_Joined{Joined: member(text)}}
}

func changed(seq uint64, text string) *api.Event {
	return &api.Event{Seq: seq, Body: &api.Event_Changed{Changed: member(text)}}
}

func left(seq uint64, name string) *api.Event {
	return &api.Event{Seq: seq, Body: &api.Event_Left{Left: &api.Left{UserId: name}}}
}

func snapshotOf(seq uint64, members ...string) *api.Event {
	s := &api.Snapshot{Seq: seq}
	for _, m := range members {
		s.Members = append(s.Members, member(m))
	}
	return &api.Event{Body: &api.Event_Snapshot{Snapshot: s}}
}

// told runs events through a model and returns the list events that it tells, one string each.
func told(t *testing.T, events ...*api.Event) []string {
	t.Helper()
	var m model
	var l lists
	var got []string
	for _, e := range events {
		if !m.apply(e) {
			got = append(got, "gap")
			continue
		}
		l.tell(&m, func(e Event) {
			got = append(got, strings.TrimPrefix(fmt.Sprintf("%T%v", e, e), "room."))
		})
	}
	return got
}

func TestModel_Tells(t *testing.T) {
	tests := []struct {
		name   string
		events []*api.Event
		want   []string
	}{
		{"R-81 N-45 the own join", []*api.Event{snapshotOf(1, "u1")}, []string{"ChatMembersChanged{[u1]}"}},
		{"E-3 a newcomer sees everybody", []*api.Event{snapshotOf(7, "u1:mic,cam", "u2:screen")}, []string{
			"ChatMembersChanged{[u1 u2]}", "VideoMembersChanged{[u1]}", "ChatSpeakersChanged{[u1]}", "PublishScreenMembersChanged{[u2]}"}},
		{"N-12 capture off leaves the list", []*api.Event{snapshotOf(1, "u1:cam"), changed(2, "u1:-cam")}, []string{
			"ChatMembersChanged{[u1]}", "VideoMembersChanged{[u1]}", "VideoMembersChanged{[]}"}},
		{"X-36 speakers are those whose audio is live", []*api.Event{snapshotOf(1, "u1"), changed(2, "u1:-mic"), changed(3, "u1:mic")}, []string{
			"ChatMembersChanged{[u1]}", "ChatSpeakersChanged{[u1]}"}},
		{"join and leave", []*api.Event{snapshotOf(1, "u1"), joined(2, "u2:mic"), left(3, "u2")}, []string{
			"ChatMembersChanged{[u1]}", "ChatMembersChanged{[u1 u2]}", "ChatSpeakersChanged{[u2]}",
			"ChatMembersChanged{[u1]}", "ChatSpeakersChanged{[]}"}},
		{"what the snapshot contains is not told twice", []*api.Event{snapshotOf(3, "u1", "u2"), joined(2, "u2"), left(3, "u3")}, []string{
			"ChatMembersChanged{[u1 u2]}"}},
		{"a gap", []*api.Event{snapshotOf(1, "u1"), joined(3, "u3"), snapshotOf(3, "u1", "u2", "u3")}, []string{
			"ChatMembersChanged{[u1]}", "gap", "ChatMembersChanged{[u1 u2 u3]}"}},
		{"the same person again after an interruption", []*api.Event{snapshotOf(1, "u1", "u2"), left(2, "u2"), joined(3, "u2")}, []string{
			"ChatMembersChanged{[u1 u2]}", "ChatMembersChanged{[u1]}", "ChatMembersChanged{[u1 u2]}"}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			if diff := cmp.Diff(tt.want, told(t, tt.events...)); diff != "" {
				t.Errorf("-want +got:\n%s", diff)
			}
		})
	}
}

// TestModel_DeltasEqualSnapshot: whatever happens in a room, a client that followed all deltas from some
// snapshot on knows the same as one that took the snapshot at the end.
func TestModel_DeltasEqualSnapshot(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		var room model
		var follower model
		names := []string{"a", "b", "c", "d"}
		start := rapid.IntRange(0, 20).Draw(t, "when the follower comes")
		for i := range rapid.IntRange(1, 40).Draw(t, "events") {
			seq := room.seq + 1
			name := rapid.SampledFrom(names).Draw(t, "who")
			var e *api.Event
			switch present := room.index(name) >= 0; {
			case !present:
				e = joined(seq, name)
			case rapid.Bool().Draw(t, "leaves"):
				e = left(seq, name)
			default:
				e = changed(seq, name+rapid.SampledFrom([]string{":mic", ":-mic", ":cam,mic", ":"}).Draw(t, "tracks"))
			}
			if !room.apply(e) {
				t.Fatalf("the room refuses its own event %v", e)
			}
			if i == start {
				follower.reset(&api.Snapshot{Seq: room.seq, Members: slices.Clone(room.members)})
			} else if i > start && !follower.apply(e) {
				t.Fatalf("the follower misses something at %v", e)
			}
		}
		if follower.seq == 0 {
			return
		}
		for i := range max(len(room.members), len(follower.members)) {
			if i >= len(room.members) || i >= len(follower.members) || !proto.Equal(room.members[i], follower.members[i]) {
				t.Fatalf("got %v want %v", follower.members, room.members)
			}
		}
	})
}

func TestValidID(t *testing.T) {
	tests := []struct {
		id   string
		want bool
	}{
		{"u", true}, {"a-Z_0@x.y", true}, {strings.Repeat("x", 128), true},
		{"", false}, {strings.Repeat("x", 129), false}, {"a b", false}, {"会", false}, {"a/b", false}, {"a\x00", false},
	}
	for _, tt := range tests {
		if got := ValidID(tt.id); got != tt.want {
			t.Errorf("ValidID(%q) = %v, want %v", tt.id, got, tt.want)
		}
	}
}
