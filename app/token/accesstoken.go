// Package token makes, parses and checks Volcengine RTC access tokens of version 001:
// the tickets with which a user enters a room.
//
// A token is the text "001", a 24 character application id and a base64 part. The base64
// part holds a message (nonce, times, room, user, privileges) and its HMAC-SHA256, all
// integers little-endian:
//
//	content    = bytes16(msg) bytes16(signature)
//	msg        = uint32 nonce, uint32 issuedAt, uint32 expireAt,
//	             bytes16 roomId, bytes16 userId, privileges
//	privileges = uint16 count, count times (uint16 id, uint32 expireAt)
//	bytes16(x) = uint16 length, x
package token

import (
	"crypto/hmac"
	"crypto/sha256"
	"encoding/base64"
	"encoding/binary"
	"errors"
	"fmt"
	"maps"
	"math"
	"math/rand/v2"
	"slices"
	"time"
)

// Version is the only token version there is; it opens every token.
const Version = "001"

const (
	appIDLength  = 24 // characters
	headerLength = len(Version) + appIDLength
	// maxContent is two bytes16 at their largest; longer content cannot be a token.
	maxContent = 2 + math.MaxUint16 + 2 + sha256.Size
	defaultTTL = 24 * time.Hour
)

// Privilege is the number of a right that a token grants.
type Privilege uint16

// The privileges with a meaning. Tokens may carry other numbers, which are kept and ignored.
const (
	PublishStream   Privilege = 0 // publish everything; AddPrivilege adds the next three with it
	PublishAudio    Privilege = 1
	PublishVideo    Privilege = 2
	PublishData     Privilege = 3
	SubscribeStream Privilege = 4
)

// String returns the name used on command lines, or the number.
func (p Privilege) String() string {
	switch p {
	case PublishStream:
		return "publish"
	case PublishAudio:
		return "publish-audio"
	case PublishVideo:
		return "publish-video"
	case PublishData:
		return "publish-data"
	case SubscribeStream:
		return "subscribe"
	}
	return fmt.Sprint(uint16(p))
}

// The reasons for which Check refuses a token.
var (
	ErrExpired   = errors.New("token has expired")
	ErrMismatch  = errors.New("token is for another application, room or user")
	ErrInvalidID = errors.New("id does not match [a-zA-Z0-9@._-]{1,128}")
)

// AccessToken is the content of a token. Times are Unix seconds.
type AccessToken struct {
	AppID            string // 24 characters; not covered by the signature
	Nonce            uint32 // random, without meaning
	IssuedAt         uint32
	ExpireAt         uint32 // 0: never
	RoomID, UserID   string
	Privileges       map[Privilege]uint32 // until when, absolute; 0: as long as the token
	signed, received []byte               // message and signature exactly as parsed
}

// AddPrivilege grants p until expireAt (Unix seconds; 0: as long as the token). Publishing
// everything includes sound, picture and data, as in the official builders.
func (t *AccessToken) AddPrivilege(p Privilege, expireAt uint32) {
	if t.Privileges == nil {
		t.Privileges = make(map[Privilege]uint32)
	}
	t.Privileges[p] = expireAt
	if p == PublishStream {
		t.Privileges[PublishAudio] = expireAt
		t.Privileges[PublishVideo] = expireAt
		t.Privileges[PublishData] = expireAt
	}
}

// Sign returns the text form of the token. It depends on nothing but the fields and the key.
// The ids may be any text which fits, so that tests can make tokens that servers refuse;
// Mint is strict.
func (t *AccessToken) Sign(appKey string) (string, error) {
	if err := checkAppID(t.AppID); err != nil {
		return "", err
	}
	if appKey == "" {
		return "", errors.New("access token: empty application key")
	}
	msg, err := t.message()
	if err != nil {
		return "", err
	}
	content := appendBytes16(nil, msg)
	content = appendBytes16(content, signature(appKey, msg))
	return Version + t.AppID + base64.StdEncoding.EncodeToString(content), nil
}

func (t *AccessToken) message() ([]byte, error) {
	for _, id := range []struct{ name, text string }{{"roomId", t.RoomID}, {"userId", t.UserID}} {
		if len(id.text) > math.MaxUint16 {
			return nil, fmt.Errorf("access token: %s has %d bytes, more than %d", id.name, len(id.text), math.MaxUint16)
		}
	}
	if len(t.Privileges) > math.MaxUint16 {
		return nil, fmt.Errorf("access token: %d privileges, more than %d", len(t.Privileges), math.MaxUint16)
	}
	le := binary.LittleEndian
	msg := le.AppendUint32(nil, t.Nonce)
	msg = le.AppendUint32(msg, t.IssuedAt)
	msg = le.AppendUint32(msg, t.ExpireAt)
	msg = appendBytes16(msg, []byte(t.RoomID))
	msg = appendBytes16(msg, []byte(t.UserID))
	msg = le.AppendUint16(msg, uint16(len(t.Privileges)))
	for _, p := range slices.Sorted(maps.Keys(t.Privileges)) {
		msg = le.AppendUint16(msg, uint16(p))
		msg = le.AppendUint32(msg, t.Privileges[p])
	}
	if len(msg) > math.MaxUint16 {
		return nil, fmt.Errorf("access token: message has %d bytes, more than %d", len(msg), math.MaxUint16)
	}
	return msg, nil
}

func appendBytes16(dst, x []byte) []byte {
	dst = binary.LittleEndian.AppendUint16(dst, uint16(len(x)))
	return append(dst, x...)
}

// signature uses the key as text: its hexadecimal digits are not decoded.
func signature(appKey string, msg []byte) []byte {
	mac := hmac.New(sha256.New, []byte(appKey))
	mac.Write(msg)
	return mac.Sum(nil)
}

// Verify tells in constant time whether the holder of appKey signed the token. It is over the
// bytes that were parsed, not over the fields; a token that was not parsed is not valid.
func (t *AccessToken) Verify(appKey string) bool {
	if t.received == nil {
		return false
	}
	return hmac.Equal(t.received, signature(appKey, t.signed))
}

// ExpiredAt tells whether the token has ended; it is still good at the very second ExpireAt.
func (t *AccessToken) ExpiredAt(now time.Time) bool {
	return t.ExpireAt != 0 && now.Unix() > int64(t.ExpireAt)
}

// Allows tells whether the token grants p at that time. Nothing is granted after the end of the
// token, whatever time a privilege carries.
func (t *AccessToken) Allows(p Privilege, now time.Time) bool {
	until, granted := t.Privileges[p]
	if !granted || t.ExpiredAt(now) {
		return false
	}
	return until == 0 || now.Unix() <= int64(until)
}

// Check returns why the token does not admit that user to that room now, or nil. The error
// wraps ErrInvalidID, ErrMismatch or ErrExpired and is for the log. Check does not look at the
// signature: Verify does.
func (t *AccessToken) Check(appID, roomID, userID string, now time.Time) error {
	switch {
	case !ValidID(t.RoomID):
		return fmt.Errorf("roomId %.140q in the token: %w", t.RoomID, ErrInvalidID)
	case t.UserID != GuestUser && !ValidID(t.UserID):
		return fmt.Errorf("userId %.140q in the token: %w", t.UserID, ErrInvalidID)
	case t.AppID != appID:
		return fmt.Errorf("appId %q, token has %q: %w", appID, t.AppID, ErrMismatch)
	case t.RoomID != roomID:
		return fmt.Errorf("roomId %q, token has %q: %w", roomID, t.RoomID, ErrMismatch)
	case t.UserID != userID && t.UserID != GuestUser:
		return fmt.Errorf("userId %q, token has %q: %w", userID, t.UserID, ErrMismatch)
	case t.ExpiredAt(now):
		return fmt.Errorf("at %d, now is %d: %w", t.ExpireAt, now.Unix(), ErrExpired)
	}
	return nil
}

// GuestUser is the user of an invitation: a token that admits anybody who has it to its room, under a name of their own that
// nobody in the room has yet. It is an extension: the documents' tokens are for one user each. No user can have that name (T-23).
const GuestUser = "+"

// Guest tells whether the token is an invitation.
func (t *AccessToken) Guest() bool { return t.UserID == GuestUser }

// TicketUser is the user of a ticket: a token whose holder administers a room instead of joining it. No user can have
// that name (T-23).
const TicketUser = "*"

// CheckTicket returns why the token is no ticket for its room now, or nil. As with Check, the error is for the log and the
// signature is not looked at.
func (t *AccessToken) CheckTicket(now time.Time) error {
	switch {
	case t.UserID != TicketUser:
		return fmt.Errorf("userId %.140q, a ticket has %q: %w", t.UserID, TicketUser, ErrMismatch)
	case !ValidID(t.RoomID):
		return fmt.Errorf("roomId %.140q in the ticket: %w", t.RoomID, ErrInvalidID)
	case t.ExpiredAt(now):
		return fmt.Errorf("at %d, now is %d: %w", t.ExpireAt, now.Unix(), ErrExpired)
	}
	return nil
}

// ValidID tells whether a room or user id matches [a-zA-Z0-9@._-]{1,128}.
func ValidID(id string) bool {
	if len(id) < 1 || len(id) > 128 {
		return false
	}
	for _, c := range []byte(id) {
		switch {
		case 'a' <= c && c <= 'z', 'A' <= c && c <= 'Z', '0' <= c && c <= '9':
		case c == '@', c == '.', c == '_', c == '-':
		default:
			return false
		}
	}
	return true
}

// MintOptions say for whom a token is.
type MintOptions struct {
	AppID, AppKey  string
	RoomID, UserID string        // GuestUser makes an invitation
	TTL            time.Duration // 0: 24 h; negative: already expired
	Now            time.Time     // zero: time.Now()
}

// Mint returns the text of a token with a random nonce which grants everything until it ends.
func Mint(o MintOptions) (string, error) {
	if o.UserID != GuestUser && !ValidID(o.UserID) {
		return "", fmt.Errorf("access token: userId %.140q: %w", o.UserID, ErrInvalidID)
	}
	t, err := o.token()
	if err != nil {
		return "", err
	}
	t.AddPrivilege(PublishStream, t.ExpireAt)
	t.AddPrivilege(SubscribeStream, t.ExpireAt)
	return t.Sign(o.AppKey)
}

// MintTicket returns the text of a ticket for the room, which grants nothing else. o.UserID does not matter.
func MintTicket(o MintOptions) (string, error) {
	o.UserID = TicketUser
	t, err := o.token()
	if err != nil {
		return "", err
	}
	return t.Sign(o.AppKey)
}

// token is the token without privileges.
func (o MintOptions) token() (*AccessToken, error) {
	if !ValidID(o.RoomID) {
		return nil, fmt.Errorf("access token: roomId %.140q: %w", o.RoomID, ErrInvalidID)
	}
	if o.Now.IsZero() {
		o.Now = time.Now()
	}
	if o.TTL == 0 {
		o.TTL = defaultTTL
	}
	issued, expire := o.Now.Unix(), o.Now.Add(o.TTL).Unix()
	if issued < 0 || issued > math.MaxUint32 || expire <= 0 || expire > math.MaxUint32 {
		return nil, fmt.Errorf("access token: times %d to %d do not fit in 32 bits", issued, expire)
	}
	return &AccessToken{
		AppID: o.AppID, RoomID: o.RoomID, UserID: o.UserID,
		Nonce: rand.Uint32(), IssuedAt: uint32(issued), ExpireAt: uint32(expire),
	}, nil
}

// Mask shortens a token to a form that is safe in logs and on screens: "001648…1b7f".
func Mask(text string) string {
	const head, tail = 6, 4
	if len(text) < headerLength { // too short to be a token: show nothing
		return "…"
	}
	return text[:head] + "…" + text[len(text)-tail:]
}
