package token

import (
	"crypto/sha256"
	"encoding/base64"
	"encoding/binary"
	"errors"
	"fmt"
	"strings"
	"unicode/utf8"
)

// Part names the form of a token in which a SyntaxError counts bytes.
type Part string

// The parts of a token.
const (
	Text    Part = "text"    // the token as it was given
	Content Part = "content" // the bytes which its base64 part decodes to
)

// SyntaxError says why a text is not a token, and where.
type SyntaxError struct {
	Part   Part
	Offset int // byte in Part at which parsing stopped
	Msg    string
}

// Error names the byte and what is wrong with it.
func (e *SyntaxError) Error() string {
	return fmt.Sprintf("malformed access token: %s byte %d: %s", e.Part, e.Offset, e.Msg)
}

// Parse reads a token without looking at its signature or times. It is strict: another version,
// base64 that is not canonical, lengths that overrun, bytes left over, a privilege given
// twice and a signature which has not 32 bytes are *SyntaxErrors. Ids are checked by Check only, so
// that a token which no server admits can still be shown.
func Parse(text string) (*AccessToken, error) {
	appID, content, err := decode(text)
	if err != nil {
		return nil, err
	}
	c := &cursor{data: content, end: len(content)}
	length := c.uint16("message length")
	msgStart := c.at
	msg := c.bytes(length, "message")
	sigStart := c.at
	sig := c.bytes(c.uint16("signature length"), "signature")
	if c.err == nil && len(sig) != sha256.Size {
		c.failAt(sigStart, "signature has %d bytes, want %d", len(sig), sha256.Size)
	}
	c.finish("signature")
	if c.err != nil {
		return nil, c.err
	}
	t := &AccessToken{AppID: appID, signed: msg, received: sig}
	m := &cursor{data: content[:msgStart+len(msg)], at: msgStart, end: msgStart + len(msg)}
	t.parseMessage(m)
	if m.err != nil {
		return nil, m.err
	}
	return t, nil
}

func checkAppID(appID string) error {
	if len(appID) != appIDLength {
		return fmt.Errorf("access token: appId has %d characters, want %d", len(appID), appIDLength)
	}
	for i, c := range []byte(appID) {
		if c <= ' ' || c > '~' {
			return fmt.Errorf("access token: appId has byte %#02x at %d, want printable ASCII", c, i)
		}
	}
	return nil
}

// decode splits the text form.
func decode(text string) (appID string, content []byte, err error) {
	fail := func(at int, format string, args ...any) (string, []byte, error) {
		return "", nil, &SyntaxError{Part: Text, Offset: at, Msg: fmt.Sprintf(format, args...)}
	}
	if len(text) < len(Version) {
		return fail(len(text), "ends within the version, want %q", Version)
	}
	if !strings.HasPrefix(text, Version) {
		return fail(0, "version is %q, want %q", text[:len(Version)], Version)
	}
	if len(text) <= headerLength {
		return fail(len(text), "ends before the base64 part at byte %d", headerLength)
	}
	appID, body := text[len(Version):headerLength], text[headerLength:]
	for i, c := range []byte(appID) {
		if c <= ' ' || c > '~' {
			return fail(len(Version)+i, "byte %#02x in the appId, want printable ASCII", c)
		}
	}
	if base64.StdEncoding.DecodedLen(len(body)) > maxContent+2 { // +2: padding
		return fail(len(text), "%d bytes are longer than any token", len(text))
	}
	// The decoder skips line ends, which no token has.
	if i := strings.IndexAny(body, "\r\n"); i >= 0 {
		return fail(headerLength+i, "line end in the base64 part")
	}
	content, err = base64.StdEncoding.Strict().DecodeString(body)
	if err != nil {
		at := len(body)
		var corrupt base64.CorruptInputError
		if errors.As(err, &corrupt) {
			at = min(int(corrupt), len(body))
		}
		return fail(headerLength+at, "not canonical base64")
	}
	return appID, content, nil
}

func (t *AccessToken) parseMessage(c *cursor) {
	t.Nonce = c.uint32("nonce")
	t.IssuedAt = c.uint32("issuedAt")
	t.ExpireAt = c.uint32("expireAt")
	t.RoomID = c.text("roomId")
	t.UserID = c.text("userId")
	count := c.uint16("privilege count")
	// Not sized by count, which may lie.
	t.Privileges = make(map[Privilege]uint32)
	for i := 0; i < count && c.err == nil; i++ {
		at := c.at
		p := Privilege(c.uint16("privilege id"))
		if _, twice := t.Privileges[p]; twice && c.err == nil {
			c.failAt(at, "privilege %d is there twice", uint16(p))
		}
		t.Privileges[p] = c.uint32("privilege time")
	}
	c.finish("message")
}

// cursor reads the content from byte at to byte end; the first error stays.
type cursor struct {
	data    []byte
	at, end int
	err     error
}

func (c *cursor) failAt(at int, format string, args ...any) {
	if c.err == nil {
		c.err = &SyntaxError{Part: Content, Offset: at, Msg: fmt.Sprintf(format, args...)}
	}
}

func (c *cursor) bytes(n int, what string) []byte {
	if c.err != nil {
		return nil
	}
	if c.end-c.at < n {
		c.failAt(c.at, "%s needs %d bytes, %d are left", what, n, c.end-c.at)
		return nil
	}
	b := c.data[c.at : c.at+n : c.at+n]
	c.at += n
	return b
}

func (c *cursor) uint16(what string) int {
	if b := c.bytes(2, what); b != nil {
		return int(binary.LittleEndian.Uint16(b))
	}
	return 0
}

func (c *cursor) uint32(what string) uint32 {
	if b := c.bytes(4, what); b != nil {
		return binary.LittleEndian.Uint32(b)
	}
	return 0
}

func (c *cursor) text(what string) string {
	length := c.uint16(what + " length")
	at := c.at
	b := c.bytes(length, what)
	if c.err == nil && !utf8.Valid(b) {
		c.failAt(at, "%s is not UTF-8", what)
	}
	return string(b)
}

func (c *cursor) finish(what string) {
	if c.err == nil && c.at != c.end {
		c.failAt(c.at, "%d bytes left after the %s", c.end-c.at, what)
	}
}
