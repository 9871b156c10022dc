package widgets_test

import (
	"fmt"
	"strings"
	"testing"

	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/test"
	"github.com/google/go-cmp/cmp"

	"parlor/widgets"
)

func TestValidID(t *testing.T) {
	for _, tc := range []struct {
		id   string
		want bool
	}{
		{"1001", true}, {"a@b.c-d_e", true}, {strings.Repeat("x", 128), true},
		{"", false}, {strings.Repeat("x", 129), false}, {"a b", false}, {"房间", false}, {"a\n", false}, {"a/b", false},
	} {
		if got := widgets.ValidID(tc.id); got != tc.want {
			t.Errorf("ValidID(%q) = %v", tc.id, got)
		}
	}
}

func TestJoinForm_Ready(t *testing.T) {
	en := english(t)
	for _, tc := range []struct {
		name              string
		room, user, token string
		canMint, mint     bool
		joining, ready    bool
	}{
		{name: "empty", canMint: true, mint: true},
		{name: "minted", room: "1001", user: "ann", canMint: true, mint: true, ready: true},
		{name: "pasted", room: "1001", user: "ann", token: "t", canMint: true, ready: true},
		{name: "no token", room: "1001", user: "ann", canMint: true},
		{name: "no key", room: "1001", user: "ann", mint: true},
		{name: "no key, pasted", room: "1001", user: "ann", token: "t", ready: true},
		{name: "wrong room", room: "10 01", user: "ann", canMint: true, mint: true},
		{name: "wrong user", room: "1001", user: "安", canMint: true, mint: true},
		{name: "joining", room: "1001", user: "ann", canMint: true, mint: true, joining: true},
	} {
		t.Run(tc.name, func(t *testing.T) {
			f := widgets.NewJoinForm(en, tc.canMint, func(string) {})
			w := open(t, f, 340, 480)
			joins := 0
			f.OnJoin = func() { joins++ }
			f.Set(tc.room, tc.user, tc.token, tc.mint)
			f.SetJoining(tc.joining)
			if f.Ready() != tc.ready {
				t.Errorf("ready %v, want %v", f.Ready(), tc.ready)
			}
			test.Tap(f.Join)
			w.Canvas().Focus(f.UserID)
			if !f.UserID.Disabled() {
				f.UserID.TypedKey(&fyne.KeyEvent{Name: fyne.KeyReturn})
			}
			want := 0
			if tc.ready {
				want = 2 // the button and Enter
			}
			if joins != want {
				t.Errorf("joined %d times, want %d", joins, want)
			}
		})
	}
}

func TestJoinForm_Edits(t *testing.T) {
	f := widgets.NewJoinForm(english(t), true, func(string) {})
	w := open(t, f, 340, 480)
	type edit struct {
		Room, User, Token string
		Mint              bool
	}
	var edits []edit
	f.OnChanged = func(room, user, token string, mint bool) { edits = append(edits, edit{room, user, token, mint}) }
	f.Set("10", "ann", "", true) // tells nobody
	w.Canvas().Focus(f.RoomID)
	test.Type(f.RoomID, "x")
	test.Tap(f.Ticket.Item(1))
	if diff := cmp.Diff([]edit{{"x10", "ann", "", true}, {"x10", "ann", "", false}}, edits); diff != "" {
		t.Error(diff)
	}
	f.RoomID.SetText("a b")
	if diff := cmp.Diff([]string{"Use 1-128 of: a-z A-Z 0-9 @ . _ -"}, texts(f)); diff != "" {
		t.Errorf("a wrong id is not explained:\n%s", diff)
	}
}

func TestJoinForm_Error(t *testing.T) {
	copied := ""
	f := widgets.NewJoinForm(english(t), true, func(s string) { copied = s })
	open(t, f, 340, 480)
	f.Set("1001", "ann", "", true)
	f.Error.Set("joinRtcRoom:fail invalid token", "Get a new one.")
	test.Tap(f.Error.Copy)
	if copied != "joinRtcRoom:fail invalid token" {
		t.Errorf("copied %q", copied)
	}
}

// TestJoinForm_Buttons: what can be tapped when.
func TestJoinForm_Buttons(t *testing.T) {
	f := widgets.NewJoinForm(english(t), true, func(string) {})
	open(t, f, 340, 480)
	var done []string
	note := func(what string) func() { return func() { done = append(done, what) } }
	f.OnCreate, f.OnCancel, f.OnRecent = note("create"), note("cancel"), note("recent")
	f.OnDevices = func(mic, camera bool) { done = append(done, fmt.Sprint("devices ", mic, camera)) }
	f.SetDevices(true, true) // tells nobody
	f.Set("", "ann", "", true)
	if f.Recent.Visible() || f.Cancel.Visible() {
		t.Error("there are rooms of before, or something to cancel")
	}
	f.SetRecent(true)
	test.Tap(f.Recent)
	test.Tap(f.Mic)
	test.Tap(f.Create) // needs no room id
	f.SetJoining(true)
	test.Tap(f.Cancel)
	if diff := cmp.Diff([]string{"recent", "devices false true", "create", "cancel"}, done); diff != "" {
		t.Error(diff)
	}
	if f.Create.Visible() || !f.Mic.Disabled() {
		t.Error("while joining the form is not locked")
	}
	f.SetJoining(false)
	f.Set("1001", "ann", "of one room", false)
	if !f.Create.Disabled() {
		t.Error("a pasted token creates another room")
	}
}
