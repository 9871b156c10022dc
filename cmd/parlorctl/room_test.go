package main

import (
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/pion/transport/v4/test"

	"parlor/app/api"
	"parlor/app/session"
	"parlor/app/token"
)

// stay joins the room r1 and returns how the stay ends.
func stay(t *testing.T, url, user string) <-chan api.EndReason {
	t.Helper()
	text, err := token.Mint(token.MintOptions{AppID: testApp, AppKey: testKey, RoomID: "r1", UserID: user})
	if err != nil {
		t.Fatal(err)
	}
	ended := make(chan api.EndReason, 1) // there is one end
	s, _, err := session.Open(t.Context(), session.Config{
		Server: url, AppID: testApp, RoomID: "r1", UserID: user, Token: text,
		OnEvent: func(*api.Event) {},
		OnState: func(st session.State, _ bool) {
			if st.Phase == session.Over {
				ended <- st.Ended
			}
		},
	})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(s.Close)
	return ended
}

func TestRoom(t *testing.T) {
	limit := test.TimeOut(30 * time.Second)
	leaks := test.CheckRoutines(t)
	t.Cleanup(func() { leaks(); limit.Stop() })
	s := startServer(t)
	t.Cleanup(func() { s.Close() })
	ann, bob := stay(t, s.URL(), "ann"), stay(t, s.URL(), "bob")
	of := "--server " + s.URL() + " --app-id " + testApp + " --app-key " + testKey + " "
	tests := []struct {
		name, args string
		code       int
		out, err   string
		ends       <-chan api.EndReason // nil: nobody's stay
		reason     api.EndReason
	}{
		{name: "wrong key", args: "kick " + of + "--app-key x --room r1 --user bob", code: 1,
			err: "parlorctl room kick: the server does not accept the key of this app\n"},
		{name: "no such user", args: "kick " + of + "--room r1 --user cat", code: 1,
			err: "parlorctl room kick: params.userId: cat is not in the room r1\n"},
		{name: "no such room", args: "end " + of + "--room r2", code: 1,
			err: "parlorctl room end: params.ticket: there is no room r2\n"},
		{name: "no user", args: "kick " + of + "--room r1", code: 2,
			err: "parlorctl room kick: --user is missing (see --help)\n"},
		{name: "no key", args: "end --server " + s.URL() + " --app-id " + testApp + " --room r1", code: 2,
			err: "parlorctl room end: --app-key is missing (see --help)\n"},
		{name: "bad room", args: "end " + of + "--room *", code: 1,
			err: "parlorctl room end: access token: roomId \"*\": id does not match [a-zA-Z0-9@._-]{1,128}\n"},
		{name: "user of end", args: "end " + of + "--room r1 --user x", code: 2,
			err: "parlorctl room end: flag provided but not defined: -user (see --help)\n"},
		{name: "kick", args: "kick " + of + "--room r1 --user bob", out: `{"room":"r1","removed":"bob"}` + "\n",
			ends: bob, reason: api.EndReason_END_REASON_KICKED},
		{name: "end", args: "end " + of + "--room r1", out: `{"room":"r1","ended":true}` + "\n",
			ends: ann, reason: api.EndReason_END_REASON_ROOM_DISMISSED},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			var out, errOut strings.Builder
			if code := run(t.Context(), strings.Fields("room "+tt.args), nil, &out, &errOut); code != tt.code {
				t.Errorf("exit code: got %d, want %d", code, tt.code)
			}
			if diff := cmp.Diff([]string{tt.out, tt.err}, []string{out.String(), errOut.String()}); diff != "" {
				t.Errorf("stdout and stderr (-want +got):\n%s", diff)
			}
			if tt.ends == nil {
				return
			}
			if reason := <-tt.ends; reason != tt.reason {
				t.Errorf("the stay ended with %v", reason)
			}
		})
	}
	var out, errOut strings.Builder
	if code := run(t.Context(), strings.Fields("room end --server http://127.0.0.1:1 --app-id "+testApp+" --app-key k --room r"), nil, &out, &errOut); code != 1 ||
		!strings.HasPrefix(errOut.String(), "parlorctl room end: unavailable: ") || strings.Count(errOut.String(), "\n") != 1 {
		t.Errorf("no server: got %d, %q", code, errOut.String())
	}
}
