package token_test

import (
	"encoding/base64"
	"encoding/hex"
	"errors"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"parlor/app/token"
)

const (
	appID  = "0123456789abcdef01234567"
	appKey = "testappkey0123456789abcdef012345"

	v1Text = "0010123456789abcdef01234567OgABAAAAAPFTZRD/U2UFAHJvb20xBQB1c2VyMQUAAAAQ/1NlAQAQ/1NlAgAQ/1NlAwAQ/1NlBAAQ/1NlIAACgrSz44ikgCVB5nMrnw+CcQT4bG2MnW6o1fMPeLYAWw=="
	v2Text = "0010123456789abcdef01234567IwB4VjQSAPFTZRD/U2UFAHJvb20xBgB2aWV3ZXIBAAQAAAAAACAAW0fu6HgsaFZjg/6PNEixfpbaMbVaS2Y/e7bY+ft1OJM="
	v3Text = "0010123456789abcdef01234567HAD/////APFTZQAAAAAJAHJAYS5iLWNfZAEAdQAAIADGzHyinNj3A6O5HVfG+BrPfMdMTXSyksrGzd7J2WRcOQ=="
	v4Text = "0010123456789abcdef01234567OgACAAAA8MlTZf/wU2UFAHJvb20xBQB1c2VyMQUAAAD/8FNlAQD/8FNlAgD/8FNlAwD/8FNlBAD/8FNlIAALf09A4FPYFWA/jFLegCVRGIYzMlEFsbIEWNt8PLVW8A=="
	v5Text = "0010123456789abcdef01234567OgADAAAAAPFTZRD/U2UFAHJvb20xBQB1c2VyMQUAAAAI+FNlAQAI+FNlAgAI+FNlAwAI+FNlBAAAAAAAIAAE4WJYZe9ZqsQNcdFDcNrfUe6g6mQY5lMSniEwpa+NSA=="
	v6Text = "0010123456789abcdef01234567HQAEAAAAAPFTZRD/U2UFAHJvb20xAAABAAQAAAAAACAA4Q/2vcx0oqWGCzg5AjxnD+OUUZ8Z2ntDlIRJkPv3NpQ="

	// documentText is printed in the source document; its key is not known.
	documentText = "0015dc114b50538d600388f7b18PgDxNOADsJDmYTDL72EDADAwMgUAdXNlcjcGAAAAMMvvYQEAMMvvYQIAMMvvYQMAMMvvYQQAMMvvYQUAMMvvYSAAYUqG/tHPKk44g5iN6UQFcQugzPDX7ryKQ2Qiu0V/EmA="
)

func vector(room, user string, nonce, issued, expire uint32, privileges map[token.Privilege]uint32) *token.AccessToken {
	return &token.AccessToken{
		AppID: appID, RoomID: room, UserID: user,
		Nonce: nonce, IssuedAt: issued, ExpireAt: expire, Privileges: privileges,
	}
}

func all(until uint32) map[token.Privilege]uint32 {
	return map[token.Privilege]uint32{0: until, 1: until, 2: until, 3: until, 4: until}
}

// vectors are V1 to V6.
func vectors() map[string]struct {
	fields *token.AccessToken
	text   string
} {
	type row = struct {
		fields *token.AccessToken
		text   string
	}
	return map[string]row{
		"V1": {vector("room1", "user1", 1, 1700000000, 1700003600, all(1700003600)), v1Text},
		"V2": {vector("room1", "viewer", 305419896, 1700000000, 1700003600, map[token.Privilege]uint32{4: 0}), v2Text},
		"V3": {vector("r@a.b-c_d", "u", 4294967295, 1700000000, 0, map[token.Privilege]uint32{}), v3Text},
		"V4": {vector("room1", "user1", 2, 1699990000, 1699999999, all(1699999999)), v4Text},
		"V5": {vector("room1", "user1", 3, 1700000000, 1700003600, map[token.Privilege]uint32{0: 1700001800, 1: 1700001800, 2: 1700001800, 3: 1700001800, 4: 0}), v5Text},
		"V6": {vector("room1", "", 4, 1700000000, 1700003600, map[token.Privilege]uint32{4: 0}), v6Text},
	}
}

func at(unix int64) time.Time { return time.Unix(unix, 0) }

func mustParse(t *testing.T, text string) *token.AccessToken {
	t.Helper()
	parsed, err := token.Parse(text)
	if err != nil {
		t.Fatalf("Parse(%q): %v", text, err)
	}
	return parsed
}

func mustSign(t *testing.T, tok *token.AccessToken) string {
	t.Helper()
	text, err := tok.Sign(appKey)
	if err != nil {
		t.Fatalf("Sign: %v", err)
	}
	return text
}

func TestAccessToken_Vectors(t *testing.T) {
	for name, v := range vectors() {
		t.Run(name, func(t *testing.T) {
			text := mustSign(t, v.fields)
			if text != v.text {
				t.Errorf("Sign\n got %s\nwant %s", text, v.text)
			}
			parsed := mustParse(t, text)
			if diff := cmp.Diff(v.fields, parsed, cmpopts.IgnoreUnexported(token.AccessToken{})); diff != "" {
				t.Errorf("Parse(Sign) (-want +got):\n%s", diff)
			}
			if !parsed.Verify(appKey) {
				t.Error("Verify with the right key: got false")
			}
		})
	}
}

func TestParse_DocumentToken(t *testing.T) {
	parsed := mustParse(t, documentText)
	want := &token.AccessToken{
		AppID: "5dc114b50538d600388f7b18", Nonce: 65025265, IssuedAt: 1642500272, ExpireAt: 1643105072,
		RoomID: "002", UserID: "user7",
		// 5 has no name in any public builder, and is kept.
		Privileges: map[token.Privilege]uint32{0: 1643105072, 1: 1643105072, 2: 1643105072, 3: 1643105072, 4: 1643105072, 5: 1643105072},
	}
	if diff := cmp.Diff(want, parsed, cmpopts.IgnoreUnexported(token.AccessToken{})); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
	if parsed.Verify(appKey) {
		t.Error("Verify with a foreign key: got true")
	}
	signed, err := parsed.Sign(appKey)
	if err != nil {
		t.Fatal(err)
	}
	if got, want := signed[:len(documentText)-45], documentText[:len(documentText)-45]; got != want {
		t.Errorf("message signed again\n got %s\nwant %s", got, want)
	}
}

func content(t *testing.T, text string) []byte {
	t.Helper()
	b, err := base64.StdEncoding.DecodeString(text[27:])
	if err != nil {
		t.Fatal(err)
	}
	return b
}

func withContent(b []byte) string {
	return token.Version + appID + base64.StdEncoding.EncodeToString(b)
}

func TestAccessToken_Verify_EveryBitCounts(t *testing.T) {
	original := content(t, v1Text)
	for i := range original {
		changed := append([]byte(nil), original...)
		changed[i] ^= 1
		parsed, err := token.Parse(withContent(changed))
		if err == nil && parsed.Verify(appKey) {
			t.Errorf("byte %d flipped: token still valid", i)
		}
	}
	for i := range appKey {
		key := []byte(appKey)
		key[i]++
		if mustParse(t, v1Text).Verify(string(key)) {
			t.Errorf("key character %d changed: token still valid", i)
		}
	}
	if vectors()["V1"].fields.Verify(appKey) {
		t.Error("a token which was not parsed is valid")
	}
	// The fields may be changed after Parse; the signature is over what was received.
	parsed := mustParse(t, v1Text)
	parsed.UserID = "other"
	if !parsed.Verify(appKey) {
		t.Error("Verify depends on the fields")
	}
}

// malformed has texts that Parse refuses, with the byte it must name.
func malformed(t testing.TB) map[string]struct {
	text string
	want token.SyntaxError
} {
	raw, err := base64.StdEncoding.DecodeString(v1Text[27:])
	if err != nil {
		t.Fatal(err)
	}
	set := func(at int, b byte) string {
		changed := append([]byte(nil), raw...)
		changed[at] = b
		return withContent(changed)
	}
	msg := func(hexa string) string {
		m, err := hex.DecodeString(hexa)
		if err != nil {
			t.Fatal(err)
		}
		b := append([]byte{byte(len(m)), 0}, m...)
		return withContent(append(append(b, 32, 0), make([]byte, 32)...))
	}
	type row = struct {
		text string
		want token.SyntaxError
	}
	return map[string]row{
		"empty":              {"", token.SyntaxError{Part: token.Text, Offset: 0}},
		"short":              {"00", token.SyntaxError{Part: token.Text, Offset: 2}},
		"version":            {"002" + v1Text[3:], token.SyntaxError{Part: token.Text, Offset: 0}},
		"no content":         {v1Text[:27], token.SyntaxError{Part: token.Text, Offset: 27}},
		"appId unprintable":  {"001\x00" + v1Text[4:], token.SyntaxError{Part: token.Text, Offset: 3}},
		"alphabet":           {v1Text[:40] + "*" + v1Text[41:], token.SyntaxError{Part: token.Text, Offset: 40}},
		"url alphabet":       {strings.Replace(v1Text, "/", "_", 1), token.SyntaxError{Part: token.Text, Offset: strings.Index(v1Text, "/")}},
		"line end":           {v1Text[:40] + "\n" + v1Text[40:], token.SyntaxError{Part: token.Text, Offset: 40}},
		"white space":        {v1Text + " ", token.SyntaxError{Part: token.Text, Offset: len(v1Text)}},
		"no padding":         {strings.TrimRight(v1Text, "="), token.SyntaxError{Part: token.Text, Offset: len(v1Text) - 4}},
		"trailing bits":      {strings.TrimSuffix(v1Text, "w==") + "x==", token.SyntaxError{Part: token.Text, Offset: len(v1Text) - 2}},
		"cut by 4":           {v1Text[:len(v1Text)-4], token.SyntaxError{Part: token.Content, Offset: 62}},
		"one byte more":      {withContent(append(append([]byte(nil), raw...), 0)), token.SyntaxError{Part: token.Content, Offset: 94}},
		"one byte":           {withContent([]byte{1}), token.SyntaxError{Part: token.Content, Offset: 0}},
		"message too long":   {set(1, 0xff), token.SyntaxError{Part: token.Content, Offset: 2}},
		"message length + 1": {set(0, raw[0]+1), token.SyntaxError{Part: token.Content, Offset: 63}},
		"message length - 1": {set(0, raw[0]-1), token.SyntaxError{Part: token.Content, Offset: 61}},
		"room overruns":      {set(14, 200), token.SyntaxError{Part: token.Content, Offset: 16}},
		"room not UTF-8":     {set(16, 0xff), token.SyntaxError{Part: token.Content, Offset: 16}},
		"privilege count +1": {set(28, 6), token.SyntaxError{Part: token.Content, Offset: 60}},
		"privilege count -1": {set(28, 4), token.SyntaxError{Part: token.Content, Offset: 54}},
		"privilege twice":    {set(36, 0), token.SyntaxError{Part: token.Content, Offset: 36}},
		"short signature":    {withContent(append(append([]byte(nil), raw[:60]...), 1, 0, 7)), token.SyntaxError{Part: token.Content, Offset: 60}},
		"no signature":       {withContent(raw[:60]), token.SyntaxError{Part: token.Content, Offset: 60}},
		"empty message":      {msg(""), token.SyntaxError{Part: token.Content, Offset: 2}},
		"message of a nonce": {msg("01000000"), token.SyntaxError{Part: token.Content, Offset: 6}},
		"too long":           {v1Text + strings.Repeat("A", 100_000), token.SyntaxError{Part: token.Text, Offset: len(v1Text) + 100_000}},
	}
}

func TestParse_Malformed(t *testing.T) {
	for name, row := range malformed(t) {
		t.Run(name, func(t *testing.T) {
			parsed, err := token.Parse(row.text)
			var got *token.SyntaxError
			if !errors.As(err, &got) {
				t.Fatalf("got %v, %v; want a SyntaxError", parsed, err)
			}
			if diff := cmp.Diff(row.want, *got, cmpopts.IgnoreFields(token.SyntaxError{}, "Msg")); diff != "" {
				t.Errorf("%v (-want +got):\n%s", err, diff)
			}
			if got.Msg == "" {
				t.Error("no message")
			}
		})
	}
}

func TestAccessToken_Check(t *testing.T) {
	const other = "f123456789abcdef01234567"
	ok := at(1700000000)
	tests := []struct {
		name             string
		text             string
		app, room, user  string
		now              time.Time
		want             error
		wantInMessageToo string
	}{
		{"good", v1Text, appID, "room1", "user1", ok, nil, ""},
		{"other room", v1Text, appID, "room2", "user1", ok, token.ErrMismatch, "room2"},
		{"other user", v1Text, appID, "room1", "user2", ok, token.ErrMismatch, "user2"},
		{"other app", v1Text, other, "room1", "user1", ok, token.ErrMismatch, other},
		{"at the last second", v1Text, appID, "room1", "user1", at(1700003600), nil, ""},
		{"one second late", v1Text, appID, "room1", "user1", at(1700003601), token.ErrExpired, "1700003600"},
		{"never expires", v3Text, appID, "r@a.b-c_d", "u", at(1 << 40), nil, ""},
		{"V4 valid", mustSign(t, vectors()["V4"].fields), appID, "room1", "user1", at(1699999999), nil, ""},
		{"V4 expired", mustSign(t, vectors()["V4"].fields), appID, "room1", "user1", ok, token.ErrExpired, ""},
		{"V6 empty user", mustSign(t, vectors()["V6"].fields), appID, "room1", "", ok, token.ErrInvalidID, "userId"},
		{"guest", mustSign(t, vector("room1", "+", 1, 1, 0, nil)), appID, "room1", "anybody", ok, nil, ""},
		{"guest of another room", mustSign(t, vector("room2", "+", 1, 1, 0, nil)), appID, "room1", "anybody", ok, token.ErrMismatch, "room2"},
		{"bad room id", mustSign(t, vector("room 1", "user1", 1, 1, 0, nil)), appID, "room 1", "user1", ok, token.ErrInvalidID, "roomId"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			err := mustParse(t, tt.text).Check(tt.app, tt.room, tt.user, tt.now)
			if !errors.Is(err, tt.want) || (tt.want == nil) != (err == nil) {
				t.Fatalf("got %v, want %v", err, tt.want)
			}
			if err != nil && !strings.Contains(err.Error(), tt.wantInMessageToo) {
				t.Errorf("%q does not name %q", err, tt.wantInMessageToo)
			}
		})
	}
}

func TestAccessToken_CheckTicket(t *testing.T) {
	ticket := func(room, user string, expireAt uint32) string {
		return mustSign(t, vector(room, user, 1, 1700000000, expireAt, nil))
	}
	tests := []struct {
		name, text string
		now        int64
		want       error
	}{
		{"good", ticket("room1", "*", 1700000060), 1700000000, nil},
		{"never expires", ticket("room1", "*", 0), 1 << 40, nil},
		{"at the last second", ticket("room1", "*", 1700000060), 1700000060, nil},
		{"one second late", ticket("room1", "*", 1700000060), 1700000061, token.ErrExpired},
		{"a user's token", v1Text, 1700000000, token.ErrMismatch},
		{"of nobody", ticket("room1", "", 0), 1700000000, token.ErrMismatch},
		{"of two", ticket("room1", "**", 0), 1700000000, token.ErrMismatch},
		{"no room", ticket("", "*", 0), 1700000000, token.ErrInvalidID},
		{"all rooms", ticket("*", "*", 0), 1700000000, token.ErrInvalidID},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			parsed := mustParse(t, tt.text)
			if err := parsed.CheckTicket(at(tt.now)); !errors.Is(err, tt.want) || (tt.want == nil) != (err == nil) {
				t.Errorf("got %v, want %v", err, tt.want)
			}
			if tt.want == nil {
				if err := parsed.Check(appID, "room1", token.TicketUser, at(tt.now)); err == nil {
					t.Error("a ticket admits to the room")
				}
			}
		})
	}
}

func TestMintTicket(t *testing.T) {
	now := at(1700000000)
	good := token.MintOptions{AppID: appID, AppKey: appKey, RoomID: "room1", TTL: time.Minute, Now: now}
	text, err := token.MintTicket(good)
	if err != nil {
		t.Fatal(err)
	}
	parsed := mustParse(t, text)
	want := vector("room1", token.TicketUser, 0, 1700000000, 1700000060, nil)
	if diff := cmp.Diff(want, parsed, cmpopts.IgnoreUnexported(token.AccessToken{}), cmpopts.IgnoreFields(token.AccessToken{}, "Nonce"), cmpopts.EquateEmpty()); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
	if err := parsed.CheckTicket(now); err != nil || !parsed.Verify(appKey) {
		t.Errorf("a minted ticket is refused: %v", err)
	}
	good.RoomID = "*"
	if text, err := token.MintTicket(good); err == nil {
		t.Errorf("for no room: got %q, want an error", text)
	}
}

func TestAccessToken_Allows(t *testing.T) {
	tests := []struct {
		vector    string
		privilege token.Privilege
		now       int64
		want      bool
	}{
		{"V1", token.PublishStream, 1700003600, true},
		{"V1", token.PublishStream, 1700003601, false},
		{"V1", 5, 1700000000, false}, // missing is not granted
		{"V2", token.SubscribeStream, 1700003600, true},
		{"V2", token.SubscribeStream, 1700003601, false}, // without an end of its own, but not beyond the token
		{"V2", token.PublishAudio, 1700000000, false},
		{"V3", token.SubscribeStream, 1700000000, false},
		{"V5", token.PublishVideo, 1700001800, true},
		{"V5", token.PublishVideo, 1700001801, false},
		{"V5", token.SubscribeStream, 1700001801, true},
	}
	for _, tt := range tests {
		got := vectors()[tt.vector].fields.Allows(tt.privilege, at(tt.now))
		if got != tt.want {
			t.Errorf("%s.Allows(%v, %d): got %v, want %v", tt.vector, tt.privilege, tt.now, got, tt.want)
		}
	}
}

func TestAccessToken_AddPrivilege(t *testing.T) {
	var tok token.AccessToken
	tok.AddPrivilege(token.SubscribeStream, 7)
	tok.AddPrivilege(token.PublishStream, 9)
	want := map[token.Privilege]uint32{0: 9, 1: 9, 2: 9, 3: 9, 4: 7}
	if diff := cmp.Diff(want, tok.Privileges); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
}

func TestAccessToken_Sign_Refuses(t *testing.T) {
	long := strings.Repeat("x", 1<<16)
	tests := []struct {
		name string
		tok  *token.AccessToken
		key  string
	}{
		{"appId length", &token.AccessToken{AppID: "short"}, appKey},
		{"appId characters", &token.AccessToken{AppID: strings.Repeat("é", 12)}, appKey},
		{"no key", vector("r", "u", 1, 1, 0, nil), ""},
		{"room too long", vector(long, "u", 1, 1, 0, nil), appKey},
		{"message too long", vector(long[:40000], long[:40000], 1, 1, 0, nil), appKey},
	}
	for _, tt := range tests {
		if text, err := tt.tok.Sign(tt.key); err == nil {
			t.Errorf("%s: got %.30q, want an error", tt.name, text)
		}
	}
}

func TestMint(t *testing.T) {
	now := at(1700000000)
	good := token.MintOptions{AppID: appID, AppKey: appKey, RoomID: "room1", UserID: "user1", TTL: time.Hour, Now: now}
	text, err := token.Mint(good)
	if err != nil {
		t.Fatal(err)
	}
	parsed := mustParse(t, text)
	want := vector("room1", "user1", 0, 1700000000, 1700003600, all(1700003600))
	if diff := cmp.Diff(want, parsed, cmpopts.IgnoreUnexported(token.AccessToken{}), cmpopts.IgnoreFields(token.AccessToken{}, "Nonce")); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
	if err := parsed.Check(appID, "room1", "user1", now); err != nil || !parsed.Verify(appKey) {
		t.Errorf("minted token is refused: %v", err)
	}
	good.TTL = 0
	if text, err = token.Mint(good); err != nil || mustParse(t, text).ExpireAt != 1700000000+86400 {
		t.Errorf("without TTL: %v, %v", text, err)
	}
	for name, change := range map[string]func(*token.MintOptions){
		"room": func(o *token.MintOptions) { o.RoomID = "a b" },
		"user": func(o *token.MintOptions) { o.UserID = "" },
		"app":  func(o *token.MintOptions) { o.AppID = "x" },
		"time": func(o *token.MintOptions) { o.TTL = 200 * 365 * 24 * time.Hour },
	} {
		bad := good
		change(&bad)
		if text, err := token.Mint(bad); err == nil {
			t.Errorf("bad %s: got %q, want an error", name, text)
		}
	}
}

func TestMask(t *testing.T) {
	for text, want := range map[string]string{
		v1Text: "001012…Ww==",
		"":     "…",
		"abc":  "…",
	} {
		if got := token.Mask(text); got != want {
			t.Errorf("Mask(%q): got %q, want %q", text, got, want)
		}
	}
}

func TestValidID(t *testing.T) {
	for id, want := range map[string]bool{
		"a": true, "A.b@c_d-9": true, strings.Repeat("x", 128): true, "..": true,
		"": false, "a b": false, "é": false, "a/b": false, strings.Repeat("x", 129): false,
	} {
		if got := token.ValidID(id); got != want {
			t.Errorf("ValidID(%q): got %v, want %v", id, got, want)
		}
	}
}

// FuzzToken_Parse: nothing panics, and what parses has one text form only, up to the order
// of privileges.
func FuzzToken_Parse(f *testing.F) {
	for _, v := range vectors() {
		text, err := v.fields.Sign(appKey)
		if err != nil {
			f.Fatal(err)
		}
		f.Add(text)
	}
	f.Add(documentText)
	for _, row := range malformed(f) {
		f.Add(row.text)
	}
	f.Fuzz(func(t *testing.T, text string) {
		parsed, err := token.Parse(text)
		if err != nil {
			var syntax *token.SyntaxError
			if !errors.As(err, &syntax) || syntax.Offset < 0 || (syntax.Part == token.Text && syntax.Offset > len(text)) {
				t.Fatalf("Parse(%q): %#v", text, err)
			}
			return
		}
		signed, err := parsed.Sign(appKey)
		if err != nil {
			t.Fatalf("Sign of %q: %v", text, err)
		}
		if len(signed) != len(text) {
			t.Errorf("signed again: %d characters, want %d", len(signed), len(text))
		}
		again := mustParse(t, signed)
		if diff := cmp.Diff(parsed, again, cmpopts.IgnoreUnexported(token.AccessToken{})); diff != "" {
			t.Errorf("parsed again (-first +second):\n%s", diff)
		}
		if !again.Verify(appKey) {
			t.Error("signed again: Verify is false")
		}
		_ = parsed.Check(appID, "room1", "user1", at(1700000000))
		_ = token.Mask(text)
	})
}
