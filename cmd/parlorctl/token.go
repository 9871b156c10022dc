package main

import (
	"bufio"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"math"
	"math/rand/v2"
	"strconv"
	"strings"
	"time"

	"parlor/app/token"
	"parlor/cmd/internal/command"
)

func tokenCommand() command.Command {
	return command.Group("mint and inspect access tokens", map[string]command.Command{
		"mint":    {Summary: "print a new access token", Run: mintToken},
		"inspect": {Summary: "print as JSON what is in an access token", Run: inspectToken},
	})
}

// mintFlags are the flags of token mint.
type mintFlags struct {
	*command.Flags
	appID, appKey, room, user string
	ttl                       time.Duration
	expireAt, issuedAt, nonce unix32
	privileges                string
	privilegeExpire           privilegeTimes
}

func mintToken(_ context.Context, name string, args []string, std command.Std) error {
	f := &mintFlags{Flags: command.NewFlags(name, "[flags]",
		"Prints a Volcengine access token of version 001. With a fixed nonce and fixed times the\ntext is the same each time, and the same as that of the official builders.", std)}
	f.StringVar(&f.appID, "app-id", "", "application `id`, 24 characters")
	f.SecretVar(&f.appKey, "app-key", "application `key`")
	f.StringVar(&f.room, "room", "", "room `id`")
	f.StringVar(&f.user, "user", "", "user `id`")
	f.DurationVar(&f.ttl, "ttl", 24*time.Hour, "`time` from --issued-at until the token ends")
	f.Var(&f.expireAt, "expire-at", "end of the token in `unix` seconds, instead of --ttl; 0: never")
	f.Var(&f.issuedAt, "issued-at", "issue time in `unix` seconds (default now)")
	f.Var(&f.nonce, "nonce", "`number` without meaning, 0 to 4294967295 (default random)")
	f.StringVar(&f.privileges, "privilege", "publish,subscribe", "`list` of publish, publish-audio, publish-video, publish-data, subscribe,\nnumbers or nothing; publish includes the other three of its name")
	f.Var(&f.privilegeExpire, "privilege-expire", "end of one privilege as `name=unix`; 0: with the token (default the token's end);\nmay be repeated or separated by commas")
	others, err := f.Parse(args)
	if err == nil {
		err = command.NoMore(others)
	}
	if err == nil {
		err = f.Require("app-id", "app-key", "room", "user")
	}
	if err != nil {
		return err
	}
	t, err := f.token()
	if err != nil {
		return err
	}
	for _, id := range []string{f.room, f.user} {
		if !token.ValidID(id) {
			fmt.Fprintf(std.Err, "%s: warning: %.140q: %v; servers refuse the token\n", name, id, token.ErrInvalidID)
		}
	}
	text, err := t.Sign(f.appKey)
	if err != nil {
		return err
	}
	_, err = fmt.Fprintln(std.Out, text)
	return err
}

func (f *mintFlags) token() (*token.AccessToken, error) {
	if f.Given("ttl") && f.Given("expire-at") {
		return nil, command.Usagef("--ttl and --expire-at exclude each other")
	}
	t := &token.AccessToken{AppID: f.appID, RoomID: f.room, UserID: f.user, Nonce: uint32(f.nonce), IssuedAt: uint32(f.issuedAt), ExpireAt: uint32(f.expireAt)}
	if !f.Given("nonce") {
		t.Nonce = rand.Uint32()
	}
	if !f.Given("issued-at") {
		t.IssuedAt = uint32(time.Now().Unix())
	}
	if !f.Given("expire-at") {
		end := int64(t.IssuedAt) + int64(f.ttl/time.Second)
		if end <= 0 || end > math.MaxUint32 {
			return nil, command.Usagef("--ttl %v ends at %d, which does not fit in 32 bits", f.ttl, end)
		}
		t.ExpireAt = uint32(end)
	}
	for _, name := range strings.Split(f.privileges, ",") {
		if name = strings.TrimSpace(name); name == "" || name == "none" {
			continue
		}
		p, err := parsePrivilege(name)
		if err != nil {
			return nil, command.Usagef("--privilege: %v", err)
		}
		t.AddPrivilege(p, t.ExpireAt)
	}
	for _, e := range f.privilegeExpire {
		if _, granted := t.Privileges[e.privilege]; !granted {
			return nil, command.Usagef("--privilege-expire %v: --privilege does not grant it", e.privilege)
		}
		t.AddPrivilege(e.privilege, e.expireAt)
	}
	return t, nil
}

func parsePrivilege(name string) (token.Privilege, error) {
	for p := token.PublishStream; p <= token.SubscribeStream; p++ {
		if name == p.String() {
			return p, nil
		}
	}
	n, err := strconv.ParseUint(name, 10, 16)
	if err != nil {
		return 0, fmt.Errorf("%q is neither publish, publish-audio, publish-video, publish-data, subscribe nor a number", name)
	}
	return token.Privilege(n), nil
}

// unix32 is a flag for a number that fits in 32 bits, without a sign.
type unix32 uint32

func (u *unix32) String() string { return strconv.FormatUint(uint64(*u), 10) }

func (u *unix32) Set(text string) error {
	n, err := strconv.ParseUint(text, 10, 32)
	if err != nil {
		return fmt.Errorf("want a number from 0 to %d", uint32(math.MaxUint32))
	}
	*u = unix32(n)
	return nil
}

// privilegeTimes is a flag that may be repeated: name=unix[,name=unix].
type privilegeTimes []struct {
	privilege token.Privilege
	expireAt  uint32
}

func (p *privilegeTimes) String() string { return "" }

func (p *privilegeTimes) Set(text string) error {
	for _, part := range strings.Split(text, ",") {
		name, value, ok := strings.Cut(part, "=")
		if !ok {
			return fmt.Errorf("%q: want name=unix", part)
		}
		privilege, err := parsePrivilege(name)
		if err != nil {
			return err
		}
		var at unix32
		if err := at.Set(value); err != nil {
			return err
		}
		*p = append(*p, struct {
			privilege token.Privilege
			expireAt  uint32
		}{privilege, uint32(at)})
	}
	return nil
}

// tokenReport is what token inspect prints.
type tokenReport struct {
	Version    string                     `json:"version"`
	AppID      string                     `json:"appId"`
	RoomID     string                     `json:"roomId"`
	UserID     string                     `json:"userId"`
	Nonce      uint32                     `json:"nonce"`
	IssuedAt   uint32                     `json:"issuedAt"`
	ExpireAt   uint32                     `json:"expireAt"`
	Privileges map[token.Privilege]uint32 `json:"privileges"`
	Signature  string                     `json:"signature"` // valid, invalid, unchecked
	Expired    bool                       `json:"expired"`
}

func inspectToken(_ context.Context, name string, args []string, std command.Std) error {
	f := command.NewFlags(name, "[flags] TOKEN",
		"Prints as JSON what is in an access token. TOKEN may be - to read it from standard input.", std)
	var appKey string
	f.SecretVar(&appKey, "app-key", "application `key` to check the signature with")
	var at unix32
	f.Var(&at, "at", "tell whether the token has expired at this time, in `unix` seconds (default now)")
	others, err := f.Parse(args)
	if err != nil {
		return err
	}
	if len(others) == 0 {
		return command.Usagef("TOKEN is missing")
	}
	if err := command.NoMore(others[1:]); err != nil {
		return err
	}
	text := others[0]
	if text == "-" {
		if text, err = firstLine(std.In); err != nil {
			return err
		}
	}
	t, err := token.Parse(text)
	if err != nil {
		return err
	}
	now := time.Now()
	if f.Given("at") {
		now = time.Unix(int64(at), 0)
	}
	report := tokenReport{
		Version: token.Version, AppID: t.AppID, RoomID: t.RoomID, UserID: t.UserID,
		Nonce: t.Nonce, IssuedAt: t.IssuedAt, ExpireAt: t.ExpireAt, Privileges: t.Privileges,
		Signature: "unchecked", Expired: t.ExpiredAt(now),
	}
	if f.Given("app-key") {
		report.Signature = "invalid"
		if t.Verify(appKey) {
			report.Signature = "valid"
		}
	}
	out := json.NewEncoder(std.Out)
	out.SetEscapeHTML(false)
	return out.Encode(report)
}

// firstLine reads a token from a pipe; longer than 128 KiB is no token.
func firstLine(r io.Reader) (string, error) {
	s := bufio.NewScanner(io.LimitReader(r, 128<<10))
	s.Buffer(nil, 128<<10)
	s.Scan()
	return s.Text(), s.Err()
}
