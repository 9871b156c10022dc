// Package link reads and writes the links by which one person invites another to a room:
//
//	parlor://join?server=http://10.0.0.5:7880&app=APPID&room=1001
//
// A link without a token says where the room is, and the program that opens it needs a way to a token of its own. A link with
// &token= lets in whoever has it: under any free name (token.GuestUser), or, with &user=, under that one.
package link

import (
	"errors"
	"fmt"
	"net/url"
	"strings"

	"parlor/app/token"
)

// Scheme opens every link; desktops hand links with it to the program.
const Scheme = "parlor"

// maxLength is the longest link that Parse reads, in bytes: a long address and a token with room to spare.
const maxLength = 8192

// Link is an invitation.
type Link struct {
	Server string // base URL of the server, "http://10.0.0.5:7880"
	AppID  string
	RoomID string
	UserID string // the name to join with; "": whoever opens it chooses
	Token  string // for that name, or for guests without one; "": none; a secret
}

// String is the link as a person passes it on. Parse reads it back.
func (l Link) String() string {
	// Not url.Values, which would sort: the place comes first, so that a reader sees where a link leads.
	var b strings.Builder
	b.WriteString(Scheme + "://join")
	separator := byte('?')
	for _, p := range l.parameters() {
		if *p.value == "" {
			continue
		}
		b.WriteByte(separator)
		b.WriteString(p.name + "=" + escape(*p.value))
		separator = '&'
	}
	return b.String()
}

// escape leaves the address readable: a colon and slashes mean nothing within a query (RFC 3986, 3.4).
func escape(value string) string {
	return strings.NewReplacer("%3A", ":", "%2F", "/").Replace(url.QueryEscape(value))
}

// Command is the line for a terminal that starts the program and joins.
func (l Link) Command() string {
	words := []string{"parlor"}
	for _, f := range []struct{ flag, value string }{
		{"--server", l.Server}, {"--app-id", l.AppID}, {"--room", l.RoomID}, {"--user", l.UserID}, {"--token", l.Token},
	} {
		if f.value != "" {
			words = append(words, f.flag, quote(f.value))
		}
	}
	return strings.Join(append(words, "--join"), " ")
}

// quote makes one word of a shell's line of a text; the brackets of an IPv6 address are a pattern to a shell.
func quote(text string) string {
	plain := func(r rune) bool {
		return r >= 'a' && r <= 'z' || r >= 'A' && r <= 'Z' || r >= '0' && r <= '9' || strings.ContainsRune("@%+=:,./_-", r)
	}
	if strings.IndexFunc(text, func(r rune) bool { return !plain(r) }) < 0 {
		return text
	}
	return "'" + strings.ReplaceAll(text, "'", `'\''`) + "'"
}

// parameter is one name=value of a link.
type parameter struct {
	name  string
	value *string
	check func(string) error
}

// parameters lists what a link may have, in the order of String.
func (l *Link) parameters() []parameter {
	return []parameter{
		{"server", &l.Server, checkServer}, {"app", &l.AppID, checkID}, {"room", &l.RoomID, checkID},
		{"user", &l.UserID, checkID}, {"token", &l.Token, checkToken},
	}
}

// Is tells whether a text claims to be a link, right or wrong; Parse tells which.
func Is(text string) bool {
	return len(text) > len(Scheme) && strings.EqualFold(text[:len(Scheme)+1], Scheme+":")
}

// Parse reads a link. It is strict, because links come from strangers: anything unknown, missing, doubled or out of the
// ordinary is an error that says what, and never shows a token.
func Parse(text string) (Link, error) {
	if len(text) > maxLength {
		return Link{}, fmt.Errorf("link: %d bytes are too many, at most %d", len(text), maxLength)
	}
	u, err := url.Parse(text)
	if err != nil {
		return Link{}, errors.New("link: it cannot be read as a URL") // url's own words would show the whole of it
	}
	switch {
	case u.Scheme != Scheme:
		return Link{}, fmt.Errorf("link: it begins with %.20q, want %q", u.Scheme+":", Scheme+"://")
	case u.Host != "join" || u.Path != "" && u.Path != "/" || u.Opaque != "" || u.User != nil || u.Fragment != "":
		return Link{}, fmt.Errorf("link: only %s://join?… is known", Scheme)
	}
	given, err := url.ParseQuery(u.RawQuery)
	if err != nil {
		return Link{}, errors.New("link: what follows the question mark is no list of name=value")
	}
	return fill(given)
}

// fill checks the parameters one by one.
func fill(given url.Values) (Link, error) {
	var l Link
	for _, p := range l.parameters() {
		values := given[p.name]
		delete(given, p.name)
		switch {
		case len(values) == 0:
			continue
		case len(values) > 1:
			return Link{}, fmt.Errorf("link: %s is there %d times", p.name, len(values))
		}
		if err := p.check(values[0]); err != nil {
			return Link{}, fmt.Errorf("link: %s %w", p.name, err)
		}
		*p.value = values[0]
	}
	for name := range given {
		return Link{}, fmt.Errorf("link: %.40q is not known", name)
	}
	for _, p := range l.parameters()[:3] {
		if *p.value == "" {
			return Link{}, fmt.Errorf("link: %s is missing", p.name)
		}
	}
	return l, nil
}

func checkID(id string) error {
	if !token.ValidID(id) {
		return fmt.Errorf("is %.40q, want 1 to 128 of a-z A-Z 0-9 @ . _ -", id)
	}
	return nil
}

// checkServer wants a base URL: a server has no account and no path.
func checkServer(text string) error {
	u, err := url.Parse(text)
	switch {
	case err != nil, u.Scheme != "http" && u.Scheme != "https", u.Hostname() == "", u.Opaque != "":
		return fmt.Errorf("is %.80q, want a URL such as http://10.0.0.5:7880", text)
	case u.User != nil, u.Path != "" && u.Path != "/", u.RawQuery != "" || u.ForceQuery, u.Fragment != "":
		return fmt.Errorf("is %.80q, want no more than http://host:port", text)
	}
	return nil
}

// checkToken leaves it to the server what is a good token: testers pass bad ones on, too.
func checkToken(text string) error {
	if text == "" {
		return errors.New("is empty")
	}
	for i, c := range []byte(text) {
		if c <= ' ' || c > '~' {
			return fmt.Errorf("has byte %#02x at %d, want printable ASCII", c, i)
		}
	}
	return nil
}
