package server

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"sync"
	"time"

	"parlor/app/api"
	"parlor/app/errno"
	"parlor/app/internal/loop"
	"parlor/app/token"
)

// rooms is all rooms of this server, and the handler of the RPCs of room.proto. The errors of its
// handlers are plain or from errno; answer makes wire errors of them.
type rooms struct {
	apps             map[string]string // key by app id
	ignorePrivileges bool
	node             string
	incarnation      string
	limits           Limits
	timing           timing
	clock            clock
	bus              *bus
	sfu              forwarder
	sessions         *sessions
	joinRate         *addressRate // of joins and of calls of AdminService
	metrics          *metrics
	log              *slog.Logger

	background sync.WaitGroup // closes connections and loops; started by loops and release

	mu       sync.Mutex
	byKey    map[roomKey]*room
	draining bool
}

var _ api.RoomServiceHandler = (*rooms)(nil)

// enter finds or makes the room and holds it until release.
func (r *rooms) enter(key roomKey) (*room, error) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.draining {
		return nil, errStopping("join")
	}
	here, ok := r.byKey[key]
	if !ok {
		if len(r.byKey) >= r.limits.Rooms {
			return nil, refuseJoin(exhausted("too many rooms on this server"))
		}
		here = &room{rooms: r, key: key, subject: roomSubject(r.incarnation, key), loop: loop.New(r.log)}
		r.byKey[key] = here
	}
	here.refs++
	return here, nil
}

// hold finds the room and holds it until release.
func (r *rooms) hold(key roomKey) (*room, bool) {
	r.mu.Lock()
	defer r.mu.Unlock()
	here, ok := r.byKey[key]
	if ok {
		here.refs++
	}
	return here, ok
}

// release gives a hold back; the last one takes the room away. It may run on the room's loop.
func (r *rooms) release(here *room) {
	r.mu.Lock()
	defer r.mu.Unlock()
	here.refs--
	if here.refs > 0 {
		return
	}
	delete(r.byKey, here.key)
	if !r.draining { // then close does it, and waits
		r.background.Go(here.loop.Close)
	}
}

func (r *rooms) count() int {
	r.mu.Lock()
	defer r.mu.Unlock()
	return len(r.byKey)
}

func (r *rooms) stopping() bool {
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.draining
}

// close tells all members that the server stops, and ends the loops. After it nothing is started in
// the background any more.
func (r *rooms) close() {
	r.mu.Lock()
	r.draining = true
	var all []*room
	for _, here := range r.byKey {
		all = append(all, here)
	}
	r.mu.Unlock()
	for _, here := range all {
		here.loop.Post(func() { here.dismiss(api.EndReason_END_REASON_SERVER_STOPPING) })
	}
	for _, here := range all {
		here.loop.Close()
	}
}

// admit checks a token. Which check failed is the cause, for the log only.
func (r *rooms) admit(apiName, appID, roomID, userID, text string) (*token.AccessToken, error) {
	t, err := r.signed(text)
	if err == nil {
		err = t.Check(appID, roomID, userID, r.clock.Now())
	}
	if err != nil {
		return nil, errno.InvalidToken.In(apiName, err)
	}
	return t, nil
}

// signed parses a token and checks that it is signed with the key of the app that it names. To a client an unknown app is
// no other failure than a forged token.
func (r *rooms) signed(text string) (*token.AccessToken, error) {
	t, err := token.Parse(text)
	if err != nil {
		return nil, err
	}
	key, known := r.apps[t.AppID]
	switch {
	case !known:
		return nil, fmt.Errorf("app %q is not known", t.AppID)
	case !t.Verify(key):
		return nil, fmt.Errorf("token of app %q is signed with another key", t.AppID)
	}
	return t, nil
}

const maxClient = 64 // bytes of JoinRequest.client

// wantID is what is wrong with an id that is not valid.
const wantID = "should be 1 to 128 characters of a-z A-Z 0-9 @ . _ -"

func checkJoin(req *api.JoinRequest) error {
	switch {
	case !token.ValidID(req.GetRoomId()):
		return paramError("join", "params.roomId "+wantID)
	case !token.ValidID(req.GetUserId()):
		return paramError("join", "params.userId "+wantID)
	case len(req.GetClient()) > maxClient:
		return paramError("join", fmt.Sprintf("params.client should be at most %d bytes, but has %d", maxClient, len(req.GetClient())))
	}
	return nil
}

// Join implements api.RoomServiceHandler.
func (r *rooms) Join(ctx context.Context, req *api.JoinRequest) (*api.JoinResponse, error) {
	response, err := r.join(ctx, req)
	r.metrics.joined(err)
	return response, err
}

func (r *rooms) join(ctx context.Context, req *api.JoinRequest) (*api.JoinResponse, error) {
	call := requestOf(ctx)
	if r.stopping() {
		return nil, errStopping("join")
	}
	if !r.joinRate.allow(call.remote) {
		return nil, refuseJoin(exhausted("too many joins from this address"))
	}
	if s := call.caller.session; s != nil {
		return nil, errno.AlreadyInRoom.In("join", s.user, s.room.key.room)
	}
	if err := checkJoin(req); err != nil {
		return nil, err
	}
	t, err := r.admit("join", req.GetAppId(), req.GetRoomId(), req.GetUserId(), req.GetToken())
	if err != nil {
		return nil, err
	}
	here, err := r.enter(roomKey{req.GetAppId(), req.GetRoomId()})
	if err != nil {
		return nil, err
	}
	s := newSession(here, req, call, r.limits)
	response := &api.JoinResponse{
		Session:     s.secret,
		HeartbeatMs: uint32(r.timing.heartbeat / time.Millisecond), GraceMs: uint32(r.timing.grace / time.Millisecond),
		TokenExpireAt: int64(t.ExpireAt), Node: r.node, Incarnation: r.incarnation,
	}
	// The loop may come to it when nobody waits any more: then nobody joins. The hold on the room is the
	// member's if it comes to be.
	err = here.do(ctx, func() error {
		if err := ctx.Err(); err != nil {
			r.release(here)
			return err
		}
		m, err := here.join(s, t, req)
		if err != nil {
			r.release(here)
			return err
		}
		response.Snapshot, response.Privileges = here.snapshot(m), m.grants.wire()
		return nil
	})
	if errors.Is(err, loop.ErrClosed) {
		r.release(here)
	}
	if ctx.Err() != nil && !errors.Is(err, loop.ErrClosed) {
		err = here.withdraw(s, ctx.Err()) // behind the join on the loop, whether that has run or not
	}
	if err != nil {
		return nil, err
	}
	r.log.Info("joined", "session", s.id, "app", here.key.app, "room", here.key.room, "user", s.user,
		"remote", s.remote, "client", s.client)
	return response, nil
}

// withdraw takes a member out again whose client hung up before it could hear that it has joined: nobody has the
// session's secret. It returns the reason.
func (r *room) withdraw(s *session, reason error) error {
	return r.do(context.Background(), func() error {
		if m, err := r.memberOf(s, "join"); err == nil {
			r.leave(m, endLeft, api.LeftReason_LEFT_REASON_EXIT)
		}
		return reason
	})
}

// onMember runs f on the loop of the caller's room with the caller's member.
func (r *rooms) onMember(ctx context.Context, apiName string, f func(*room, *member) error) error {
	s, err := sessionOf(ctx, apiName)
	if err != nil {
		return err
	}
	err = s.room.do(ctx, func() error {
		m, err := s.room.memberOf(s, apiName)
		if err != nil {
			return err
		}
		return f(s.room, m)
	})
	if over := s.over(apiName); err != nil && over != nil {
		return over // says more than that the room is closed
	}
	return err
}

// Exit implements api.RoomServiceHandler.
func (r *rooms) Exit(ctx context.Context, _ *api.ExitRequest) (*api.ExitResponse, error) {
	c := requestOf(ctx).caller
	if c.session == nil { // over already
		return &api.ExitResponse{}, nil
	}
	s := c.session
	err := s.room.do(ctx, func() error {
		if m, err := s.room.memberOf(s, "exit"); err == nil {
			s.room.leave(m, endLeft, api.LeftReason_LEFT_REASON_EXIT)
		}
		return nil
	})
	if err != nil && s.over("exit") == nil {
		return nil, err
	}
	return &api.ExitResponse{}, nil
}

// UpdateToken implements api.RoomServiceHandler (T-30).
func (r *rooms) UpdateToken(ctx context.Context, req *api.UpdateTokenRequest) (*api.UpdateTokenResponse, error) {
	s, err := sessionOf(ctx, "updateToken")
	if err != nil {
		return nil, err
	}
	t, err := r.admit("updateToken", s.room.key.app, s.room.key.room, s.user, req.GetToken())
	if err != nil {
		return nil, err
	}
	response := &api.UpdateTokenResponse{TokenExpireAt: int64(t.ExpireAt)}
	err = r.onMember(ctx, "updateToken", func(here *room, m *member) error {
		here.setToken(m, t)
		response.Privileges = m.grants.wire()
		return nil
	})
	if err != nil {
		return nil, err
	}
	return response, nil
}

// SetLive implements api.RoomServiceHandler.
func (r *rooms) SetLive(ctx context.Context, req *api.SetLiveRequest) (*api.SetLiveResponse, error) {
	for number := range req.GetLive() {
		if !knownSource(api.Source(number)) || number > maxSource {
			return nil, paramError("setLive", fmt.Sprintf("params.live has the unknown source %d", number))
		}
	}
	err := r.change(ctx, "setLive", func(here *room, m *member) error {
		here.setLive(m, req.GetLive())
		return nil
	})
	return &api.SetLiveResponse{}, err
}

// change is onMember for what the others are told, which is not to happen too often.
func (r *rooms) change(ctx context.Context, apiName string, f func(*room, *member) error) error {
	s, err := sessionOf(ctx, apiName)
	if err != nil {
		return err
	}
	if err := s.mayChange(apiName); err != nil {
		return err
	}
	return r.onMember(ctx, apiName, f)
}

const maxSource = uint32(api.Source_SOURCE_SCREEN_AUDIO)

func knownSource(s api.Source) bool {
	return s > api.Source_SOURCE_UNSPECIFIED && s <= api.Source_SOURCE_SCREEN_AUDIO
}
