package main

import (
	"slices"
	"strings"
	"testing"
	"time"

	"parlor/app/errno"
	"parlor/app/room"
)

func TestWatcher(t *testing.T) {
	var out strings.Builder
	w := &watcher{
		out: &out, now: func() time.Time { return time.Date(2024, 5, 6, 7, 8, 9, 1e6, time.UTC) },
		over: make(chan error, 1), expire: make(chan struct{}, 1),
	}
	u1 := room.Member{UserID: "u1", Connected: true}
	u2 := room.Member{UserID: "u2", Connected: true, Audio: true, Video: true}
	quiet := u2
	quiet.Audio, quiet.Connected = false, false
	back := u2
	back.Screen, back.Video = true, false
	tests := []struct {
		name string
		ev   room.Event
		want []string
	}{
		{"joined", room.Joined{RoomID: "r", UserID: "u1"}, []string{"in room r as u1"}},
		{"two", room.MembersChanged{Members: []room.Member{u1, u2}}, []string{"u1 joined", "u2 joined, microphone on, camera on"}},
		{"no change", room.MembersChanged{Members: []room.Member{u1, u2}}, nil},
		{"lost", room.MembersChanged{Members: []room.Member{u1, quiet}}, []string{"u2 connection lost, microphone off"}},
		{"back", room.MembersChanged{Members: []room.Member{u1, back}}, []string{"u2 connected again, microphone on, camera off, screen on"}},
		{"left", room.MembersChanged{Members: []room.Member{u1}}, []string{"u2 left"}},
		{"a document's list", room.ChatMembersChanged{Users: []room.UserID{"u1"}}, nil},
		{"reconnecting", room.ConnectionChanged{State: room.Reconnecting, Attempt: 2, RetryIn: 540 * time.Millisecond}, []string{"server out of reach, try 2 in 500ms"}},
		{"rejoined", room.Joined{RoomID: "r", UserID: "u1", Rejoined: true}, []string{"back in room r"}},
		{"token", room.RoomTokenWillExpire{}, []string{"the token is about to end"}},
		{"state", room.StateChanged{Err: errno.TokenExpired.In("onRtcStateChanged")}, []string{"state 21108: token expired"}},
		{"interrupted", room.ChatInterrupted{No: -1004, Msg: "duplicate login"}, []string{"interrupted: duplicate login (-1004)"}},
		{"removed", room.Exited{RoomID: "r", Err: errno.Failed.In("onRtcChatInterrupted", -1004)}, []string{"out of room r: error code:-1004"}},
		{"exit", room.Exited{RoomID: "r"}, []string{"out of room r"}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			out.Reset()
			w.onEvent(tt.ev)
			var got []string
			for line := range strings.Lines(out.String()) {
				got = append(got, strings.TrimPrefix(strings.TrimSpace(line), "07:08:09.001 "))
			}
			if !slices.Equal(got, tt.want) {
				t.Errorf("got %q, want %q", got, tt.want)
			}
		})
	}
	if len(w.expire) != 1 || len(w.over) != 1 {
		t.Errorf("%d wishes for a token and %d ends, want 1 and 1", len(w.expire), len(w.over))
	}
}
