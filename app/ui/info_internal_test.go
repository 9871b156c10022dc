package ui

import (
	"errors"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"parlor/app/link"
	"parlor/app/room"
	"parlor/app/token"
)

// value is what the panel shows beside a name.
func (h *harness) value(name string) string {
	h.t.Helper()
	texts := h.seen().Texts
	i := slices.Index(texts, name)
	if i < 0 || i+1 == len(texts) {
		h.t.Fatalf("no %q in %q", name, texts)
	}
	return texts[i+1]
}

func TestInfo(t *testing.T) {
	h := newHarness(t, nil)
	h.joined("Alice.Zhang")
	for field, want := range map[string]string{
		fieldApp: testApp, fieldToken: testToken, fieldRoom: "1001", fieldUser: "wang_xm", fieldServer: "http://127.0.0.1:7880",
	} {
		before := len(h.rows())
		h.tap("room.info." + field + ".copy")
		if got := h.cfg.App.Clipboard().Content(); got != want {
			t.Errorf("%s copies %q, want %q", field, got, want)
		}
		if got := h.rows()[before:]; !slices.Equal(got, []string{`> info.copy {"field":"` + field + `"}`}) {
			t.Errorf("%s: rows %q", field, got)
		}
	}
	if got := h.value("token"); got != "***EmA=" {
		t.Errorf("the token is shown as %q", got)
	}
	h.tap("room.info.token.reveal")
	if got := h.value("token"); got != testToken {
		t.Errorf("on demand the token is shown as %q", got)
	}
	h.clock = h.clock.Add(revealedFor)
	h.showSamples(samples{at: h.clock})
	if got := h.value("token"); got != "***EmA=" {
		t.Errorf("ten seconds later the token is shown as %q", got)
	}
	if got := h.value("role"); got != "member" {
		t.Errorf("role %q", got)
	}
	hidden := members("Alice.Zhang")
	hidden[0].Invisible = true
	h.events(room.MembersChanged{Members: hidden})
	if got := h.value("role"); got != "member, invisible" {
		t.Errorf("invisible: role %q", got)
	}
}

// TestInfo_TokenLife counts down, each right on its own when it ends earlier.
func TestInfo_TokenLife(t *testing.T) {
	h := newHarness(t, nil)
	h.joined("Alice.Zhang")
	end := h.clock.Add(time.Hour)
	h.events(room.TokenChanged{
		ExpireAt: end, PublishAudio: true, PublishAudioUntil: end, PublishVideo: true, PublishVideoUntil: h.clock.Add(40 * time.Second),
	})
	got := func() []string {
		return []string{h.value("ends in"), h.value("publish audio"), h.value("publish video"), h.value("subscribe")}
	}
	if diff := cmp.Diff([]string{"01:00:00", "with the token", "00:00:40", "not allowed"}, got()); diff != "" {
		t.Errorf("at first (-want +got):\n%s", diff)
	}
	h.clock = h.clock.Add(41 * time.Second)
	h.showSamples(samples{at: h.clock})
	if diff := cmp.Diff([]string{"00:59:19", "with the token", "ended", "not allowed"}, got()); diff != "" {
		t.Errorf("later (-want +got):\n%s", diff)
	}
	h.events(room.TokenChanged{PublishAudio: true, PublishVideo: true, Subscribe: true})
	if diff := cmp.Diff([]string{"never", "with the token", "with the token", "with the token"}, got()); diff != "" {
		t.Errorf("a token without an end (-want +got):\n%s", diff)
	}
}

// TestInfo_SamplePage: each field of the documents' sample page has its place (R-49..R-58).
func TestInfo_SamplePage(t *testing.T) {
	h := newHarness(t, nil)
	h.joined("Alice.Zhang")
	h.answered("switchCamera", `{"camera":"back"}`, nil)
	h.answered("setAudioPlaybackDevice", `{"device":"earpiece"}`, nil)
	h.answered("changeStreamSubscribeState", `{"state":1,"userId":"Alice.Zhang","streamType":"audio"}`, nil)
	h.tap("room.tile.Alice.Zhang")
	got := make(map[string]string)
	for _, f := range pageFields {
		got[f] = h.value(f)
	}
	want := map[string]string{
		"userIdList": "2 items", "videoState": "1", "audioState": "1", "streamPublishState": "1", "streamSubscribeState": "1",
		"screenSubscribeState": "0", "visible": "false", "device": "earpiece", "camera": "back", "scaleUserId": `"Alice.Zhang"`, "error": "no error",
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("data (-want +got):\n%s", diff)
	}
}

func TestInfo_Token(t *testing.T) {
	h := newHarness(t, nil)
	h.joined("Alice.Zhang")
	h.backend.taken()
	h.tap("room.info.token.update")
	if diff := cmp.Diff([]string{`updateToken {"token":"` + testToken + `"}`}, h.backend.taken()); diff != "" {
		t.Errorf("Update (-want +got):\n%s", diff)
	}
	before := len(h.rows())
	h.tap("room.info.token.paste")
	h.typed("token.paste", " pasted\n")
	h.tap("token.update")
	if diff := cmp.Diff([]string{`updateToken {"token":"pasted"}`}, h.backend.taken()); diff != "" {
		t.Errorf("Paste (-want +got):\n%s", diff)
	}
	if got := h.rows()[before:]; !slices.Equal(got, []string{"> token.paste {}"}) {
		t.Errorf("rows %q", got)
	}
}

// TestInvite compares the links: for anybody, for one person, for those who have a token.
func TestInvite(t *testing.T) {
	servers := []link.Link{{Server: "http://192.168.1.20:7880", AppID: testApp}, {Server: "http://10.0.0.5:7880", AppID: testApp}}
	h := newHarness(t, func(c *Config) { c.Invite = func() []link.Link { return slices.Clone(servers) } })
	h.joined("Alice.Zhang")
	copied := func(id string) string {
		t.Helper()
		before := len(h.rows())
		h.tap(id)
		if rows := h.rows()[before:]; len(rows) == 0 || !strings.HasPrefix(rows[0], "> invite.") || strings.Contains(strings.Join(rows[1:], ""), ">") {
			t.Errorf("%s: rows %q", id, rows)
		}
		return h.cfg.App.Clipboard().Content()
	}
	parsed := func() link.Link {
		t.Helper()
		l, err := link.Parse(copied("invite.link"))
		if err != nil {
			t.Fatal(err)
		}
		return l
	}
	want := link.Link{Server: "http://192.168.1.20:7880", AppID: testApp, RoomID: "1001", Token: testToken}
	if got := parsed(); got != want || h.backend.minted != "1001 "+token.GuestUser {
		t.Errorf("for anybody: %+v, a token for %q", got, h.backend.minted)
	}
	if got := h.room.side.info.invite.link.Text; got != "Copied" {
		t.Errorf("the button says %q", got)
	}
	h.clock = h.clock.Add(copiedFor)
	h.showSamples(samples{at: h.clock})
	if got := h.room.side.info.invite.link.Text; got != "Copy link" {
		t.Errorf("a second later the button says %q", got)
	}
	h.typed("invite.address", "http://10.0.0.5:7880")
	h.typed("invite.ticket", "For one person")
	if !h.room.side.info.invite.link.Disabled() {
		t.Error("a link for nobody can be copied")
	}
	h.typed("invite.user", "li_lei")
	want = link.Link{Server: "http://10.0.0.5:7880", AppID: testApp, RoomID: "1001", UserID: "li_lei", Token: testToken}
	if got := parsed(); got != want || h.backend.minted != "1001 li_lei" {
		t.Errorf("for one person: %+v, a token for %q", got, h.backend.minted)
	}
	h.typed("invite.ticket", "Without a token")
	want.UserID, want.Token = "", ""
	if got := parsed(); got != want {
		t.Errorf("without a token: %+v", got)
	}
	if got, want := copied("invite.command"), "parlor --server http://10.0.0.5:7880 --app-id "+testApp+" --room 1001 --join"; got != want {
		t.Errorf("command\n got %s\nwant %s", got, want)
	}
	copied("invite.code")
	if texts := h.seen().Texts; !slices.Contains(texts, "Room 1001 on http://10.0.0.5:7880") {
		t.Errorf("the code's dialog has %q", texts)
	}
}

func TestInvite_NoKey(t *testing.T) {
	h := newHarness(t, func(c *Config) { c.CanMint = false })
	h.joined("Alice.Zhang")
	h.tap("invite.link")
	if got, want := h.cfg.App.Clipboard().Content(), "parlor://join?server=http://127.0.0.1:7880&app="+testApp+"&room=1001"; got != want {
		t.Errorf("copied %q, want %q", got, want)
	}
	if texts := h.seen().Texts; !slices.ContainsFunc(texts, func(s string) bool { return strings.HasPrefix(s, "Only programs on this computer") }) {
		t.Errorf("it is not told that only this computer is reached: %q", texts)
	}
}

func TestInvite_MintFails(t *testing.T) {
	h := newHarness(t, nil)
	h.joined("Alice.Zhang")
	h.backend.mintErr = errors.New("no key")
	h.tap("invite.link")
	if got := h.seen().Banner; got != "No token could be made: no key" {
		t.Errorf("banner %q", got)
	}
}

// TestInspector takes tokens apart, good and bad ones.
func TestInspector(t *testing.T) {
	const app = "0123456789abcdef01234567"
	at := time.Now().Truncate(time.Second)
	sign := func(change func(*token.AccessToken)) string {
		a := &token.AccessToken{AppID: app, Nonce: 7, IssuedAt: uint32(at.Unix()), ExpireAt: uint32(at.Add(time.Hour).Unix()), RoomID: "1001", UserID: "li_lei"}
		a.AddPrivilege(token.PublishAudio, uint32(at.Add(-time.Minute).Unix()))
		a.AddPrivilege(token.SubscribeStream, 0)
		a.AddPrivilege(9, 1)
		if change != nil {
			change(a)
		}
		text, err := a.Sign("key")
		if err != nil {
			t.Fatal(err)
		}
		return text
	}
	good := sign(nil)
	for _, tc := range []struct {
		name, text, key string
		valid, known    bool
		want            []string // among the words
	}{
		{"empty", "", "", false, false, []string{"No token"}},
		{"good", " " + good + "\n", "", true, true, []string{"Lets li_lei into room 1001.", "valid", "9 ", "not granted", "with the token"}},
		{"unchecked", good, "", false, false, []string{"Lets li_lei into room 1001.", "not checked"}},
		{"key typed", good, "key", false, false, []string{"valid"}},
		{"wrong key typed", good, "guess", true, true, []string{"The signature is not valid.", "invalid"}},
		{"ended, and more", sign(func(a *token.AccessToken) { a.ExpireAt = 1; a.RoomID = "a b" }), "guess", false, false,
			[]string{"The signature is not valid.", "The token has ended.\nIts room ID is none."}},
		{"another app", sign(func(a *token.AccessToken) { a.AppID = "ffffffffffffffffffffffff" }), "", false, false,
			[]string{"It is for another app than " + app + "."}},
		{"no user", sign(func(a *token.AccessToken) { a.UserID = "" }), "", false, false, []string{"Its user ID is none."}},
		{"guest", sign(func(a *token.AccessToken) { a.UserID = token.GuestUser }), "", false, false, []string{"Lets + into room 1001."}},
		{"no token", "0" + good, "", false, false, []string{"This is not a token.", `Byte 0 of the text: version is "000", want "001"`}},
		{"cut", good[:len(good)-8], "", false, false, []string{"This is not a token."}},
	} {
		t.Run(tc.name, func(t *testing.T) {
			h := newHarness(t, func(c *Config) { c.AppID = app })
			h.clock = at
			h.joined("Alice.Zhang")
			h.backend.valid, h.backend.known = tc.valid, tc.known
			before := len(h.rows())
			h.tap("room.info.token.inspect")
			if got := h.rows()[before:]; !slices.Equal(got, []string{"> token.inspect {}"}) {
				t.Errorf("rows %q", got)
			}
			h.typed("inspect.token", tc.text)
			h.typed("inspect.key", tc.key)
			texts := h.seen().Texts
			for _, want := range tc.want {
				if !slices.Contains(texts, want) {
					t.Errorf("%q is missing among %q", want, texts)
				}
			}
		})
	}
}

func TestDistance(t *testing.T) {
	texts := newHarness(t, nil).texts
	for d, want := range map[time.Duration]string{
		0: "in 0 s", 90 * time.Second: "in 90 s", -5 * time.Minute: "5 min ago", 23 * time.Hour: "in 23 h", -72 * time.Hour: "3 days ago",
	} {
		if got := distance(texts, d); got != want {
			t.Errorf("distance(%v) = %q, want %q", d, got, want)
		}
	}
}
