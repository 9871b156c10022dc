package server

import (
	"context"
	"crypto/rand"
	"encoding/hex"
	"sync"

	"connectrpc.com/connect"
	"golang.org/x/time/rate"

	"parlor/app/api"
	"parlor/app/errno"
)

// session is one user's stay in one room, named by a bearer secret. It begins with Join and ends
// with the stay. The fields are constant; what changes about it is on the room's loop (member)
// and in media.
type session struct {
	id     string // for subjects and the log
	secret string
	user   string
	room   *room
	remote string
	client string
	media  *mediaSession

	changes  *rate.Limiter // of what the others are told of the member
	messages *rate.Limiter // of what it tells them

	ended  chan struct{}
	reason api.EndReason // valid once ended is closed
}

func newSession(here *room, req *api.JoinRequest, call *request, l Limits) *session {
	return &session{
		id: newID(), secret: newSecret(), user: req.GetUserId(), room: here,
		remote: call.remote.String(), client: req.GetClient(),
		media: newMediaSession(), ended: make(chan struct{}),
		changes:  rate.NewLimiter(rate.Limit(l.ChangesPerSecond), 5*l.ChangesPerSecond),
		messages: rate.NewLimiter(rate.Limit(l.MessagesPerSecond), 2*l.MessagesPerSecond),
	}
}

// mayChange refuses a member that makes everybody busy with its changes.
func (s *session) mayChange(apiName string) error {
	if s.changes.Allow() {
		return nil
	}
	return errno.Failed.In(apiName, errno.NativeServerStatus, exhausted("too many changes"))
}

// end says why the session is over; only the room's loop calls it, once.
func (s *session) end(reason api.EndReason) {
	s.reason = reason
	close(s.ended)
}

// over returns the error of a call on a session that has ended, or nil.
func (s *session) over(apiName string) error {
	select {
	case <-s.ended:
		return endedError(apiName, s.reason)
	default:
		return nil
	}
}

// endLeft marks, among the reasons, a session that ended because its user left or was lost.
const endLeft = api.EndReason_END_REASON_UNSPECIFIED

// errNoSession is the answer to a secret that is not, or no longer, known: the client joins again.
var errNoSession = &refusal{connect.CodeUnauthenticated, "unknown session: join first"}

// endedError tells the documented error for the end of a session (rows E-6, E-8).
func endedError(apiName string, reason api.EndReason) error {
	switch reason {
	case api.EndReason_END_REASON_TOKEN_EXPIRED:
		return errno.TokenExpired.In(apiName)
	case api.EndReason_END_REASON_DUPLICATE_LOGIN:
		return errno.Failed.In(apiName, errno.NativeDuplicateLogin)
	case api.EndReason_END_REASON_KICKED:
		return errno.Failed.In(apiName, errno.NativeKickedOut)
	case api.EndReason_END_REASON_ROOM_DISMISSED:
		return errno.Failed.In(apiName, errno.NativeRoomDismissed)
	case api.EndReason_END_REASON_SERVER_STOPPING:
		return errno.Failed.In(apiName, errno.NativeServerStatus)
	}
	return errNoSession
}

// maxTombstones bounds the memory of how sessions ended: about 100 bytes each. The oldest is
// forgotten; its client is then told "unknown session" instead of the reason.
const maxTombstones = 8192

// sessions finds sessions by their secret. It remembers for a while how they ended, so that a client
// which comes back after an interruption learns that it was replaced, and does not join
// again and replace the other one.
type sessions struct {
	limit int

	mu    sync.Mutex
	live  map[string]*session
	tombs map[string]api.EndReason
	order []string // secrets in tombs, a ring
	next  int
}

func newSessions(limit int) *sessions {
	return &sessions{limit: limit, live: make(map[string]*session), tombs: make(map[string]api.EndReason)}
}

// add makes the session known, unless there are too many.
func (t *sessions) add(s *session) error {
	t.mu.Lock()
	defer t.mu.Unlock()
	if len(t.live) >= t.limit {
		return refuseJoin(exhausted("too many sessions on this server"))
	}
	t.live[s.secret] = s
	return nil
}

// remove forgets the session, but not why it ended.
func (t *sessions) remove(s *session) {
	t.mu.Lock()
	defer t.mu.Unlock()
	delete(t.live, s.secret)
	if len(t.order) < maxTombstones {
		t.order = append(t.order, s.secret)
	} else {
		delete(t.tombs, t.order[t.next])
		t.order[t.next] = s.secret
		t.next = (t.next + 1) % maxTombstones
	}
	t.tombs[s.secret] = s.reason
}

func (t *sessions) count() int {
	t.mu.Lock()
	defer t.mu.Unlock()
	return len(t.live)
}

// caller is who makes a call.
type caller struct {
	session *session      // nil when it is over
	reason  api.EndReason // why it is over
}

// find returns whose secret it is; false when nobody's.
func (t *sessions) find(secret string) (caller, bool) {
	t.mu.Lock()
	defer t.mu.Unlock()
	if s, ok := t.live[secret]; ok {
		return caller{session: s}, true
	}
	reason, ok := t.tombs[secret]
	return caller{reason: reason}, ok
}

// sessionOf returns the live session of the call, or the error that the call fails with.
func sessionOf(ctx context.Context, apiName string) (*session, error) {
	c := requestOf(ctx).caller
	if c.session == nil {
		return nil, endedError(apiName, c.reason)
	}
	return c.session, nil
}

// newSecret returns 128 random bits as 32 hexadecimal digits.
func newSecret() string {
	var b [16]byte
	_, _ = rand.Read(b[:]) // never fails: crypto/rand ends the program instead
	return hex.EncodeToString(b[:])
}

// newID returns 64 random bits as 16 hexadecimal digits: unique, no secret.
func newID() string { return newSecret()[:16] }
