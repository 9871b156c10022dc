// Package session is one user's connection to a server: the calls, the event stream, and what
// happens when either breaks. It reconnects by itself, and joins again when the server has
// forgotten the session.
package session

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net/http"
	"sync"
	"time"

	"connectrpc.com/connect"

	"parlor/app/api"
	"parlor/app/errno"
)

const (
	callTimeout = 10 * time.Second // of a unary call that has no deadline of its own
	exitTimeout = 2 * time.Second  // leaving never keeps anybody waiting for longer
	giveUpAfter = 60 * time.Second // without a server, then the session is over
	maxEvent    = 4 << 20          // bytes; the snapshot of a full room with all messages has 1 MiB
)

// Phase says how the session stands towards the server.
type Phase uint8

// The phases. After Over nothing more is reported.
const (
	Connected Phase = iota + 1
	Reconnecting
	Over
)

// State goes to Config.OnState.
type State struct {
	Phase   Phase
	Attempt int           // of reconnecting, from 1
	RetryIn time.Duration // until the next attempt
	Err     error         // why; for Over nil after Close, an *errno.Error else
	Ended   api.EndReason // for Over, when the server said so
}

// Config describes a Session.
type Config struct {
	Server    string // base URL
	Transport http.RoundTripper
	Client    string // program and version
	Log       *slog.Logger

	AppID, RoomID, UserID, Token string
	Invisible                    bool // to the others, until SetVisible (N-31)

	// OnEvent gets every event of the stream in order, from the reader goroutine; it must return
	// at once. The first event after each (re)connection is a Snapshot.
	OnEvent func(*api.Event)
	// OnState gets every change of phase, on the same goroutine. rejoined is true when the server
	// had forgotten the session and a new one was made: media connections are gone, too.
	OnState func(s State, rejoined bool)
}

// Session is a joined session. Its calls are safe on any goroutine.
type Session struct {
	cfg    Config
	log    *slog.Logger
	client api.RoomServiceClient
	close  func() // ends ctx
	done   chan struct{}
	retry  chan struct{} // cap 1: a wish to try now; a second wish changes nothing
	ctx    context.Context
	idle   func() // lets go of the connections of a transport that nobody else has

	mu        sync.Mutex
	bearer    string
	token     string
	invisible bool
	beat      time.Duration
	cut       context.CancelFunc // ends the present event stream
}

// Open joins the room and starts to read its events. The reply's snapshot is returned; the stream
// begins with a newer one.
func Open(ctx context.Context, cfg Config) (*Session, *api.JoinResponse, error) {
	if cfg.Log == nil {
		cfg.Log = slog.Default()
	}
	var idle func()
	cfg.Transport, idle = orOwn(cfg.Transport)
	s := &Session{
		idle: idle,
		cfg:  cfg, log: cfg.Log.With("room", cfg.RoomID, "user", cfg.UserID), token: cfg.Token, invisible: cfg.Invisible,
		done: make(chan struct{}), retry: make(chan struct{}, 1),
	}
	s.client = api.NewRoomServiceClient(&http.Client{Transport: cfg.Transport}, cfg.Server,
		connect.WithInterceptors(bearerInterceptor{s}), connect.WithReadMaxBytes(maxEvent))
	reply, err := s.join(ctx, false)
	if err != nil {
		s.idle()
		return nil, nil, err
	}
	s.ctx, s.close = context.WithCancel(context.Background())
	go s.read()
	return s, reply, nil
}

// join asks for a new session with the present token and visibility. rejoin tells that no person asked for it.
func (s *Session) join(ctx context.Context, rejoin bool) (*api.JoinResponse, error) {
	ctx, cancel := context.WithTimeout(ctx, callTimeout)
	defer cancel()
	s.mu.Lock()
	request := &api.JoinRequest{
		AppId: s.cfg.AppID, RoomId: s.cfg.RoomID, UserId: s.cfg.UserID, Token: s.token, Client: s.cfg.Client,
		Rejoin: rejoin, Invisible: s.invisible,
	}
	s.bearer = ""
	s.mu.Unlock()
	reply, err := s.client.Join(ctx, request)
	if err != nil {
		return nil, err
	}
	s.mu.Lock()
	s.bearer = reply.GetSession()
	s.beat = time.Duration(reply.GetHeartbeatMs()) * time.Millisecond
	s.mu.Unlock()
	return reply, nil
}

// ErrConnectionGone marks an answer to Negotiate after which the media connection must be made anew: the server has
// given it up, or cannot make anything of the offer.
var ErrConnectionGone = errors.New("session: a new media connection is needed")

// Negotiate exchanges descriptions of the media connection.
func (s *Session) Negotiate(ctx context.Context, r *api.NegotiateRequest) (*api.NegotiateResponse, error) {
	ctx, cancel := context.WithTimeout(ctx, callTimeout)
	defer cancel()
	reply, err := s.client.Negotiate(ctx, r)
	if known := api.FromConnect("negotiate", err); connect.CodeOf(err) == connect.CodeInvalidArgument ||
		connect.CodeOf(err) == connect.CodeFailedPrecondition && known.Text() == connectionFailed {
		err = fmt.Errorf("%w: %w", ErrConnectionGone, err)
	}
	return reply, err
}

// connectionFailed is how the server says that its end of a media connection has failed.
var connectionFailed = errno.Failed.In("negotiate", errno.NativeServerStatus).Text()

// SetLive tells which of the own sources send at present.
func (s *Session) SetLive(ctx context.Context, live map[uint32]bool) error {
	ctx, cancel := context.WithTimeout(ctx, callTimeout)
	defer cancel()
	defer context.AfterFunc(s.ctx, cancel)()
	_, err := s.client.SetLive(ctx, &api.SetLiveRequest{Live: live})
	return err
}

// UpdateToken replaces the token here and there; a refused one changes nothing.
func (s *Session) UpdateToken(ctx context.Context, token string) error {
	ctx, cancel := context.WithTimeout(ctx, callTimeout)
	defer cancel()
	if _, err := s.client.UpdateToken(ctx, &api.UpdateTokenRequest{Token: token}); err != nil {
		return err
	}
	s.mu.Lock()
	s.token = token
	s.mu.Unlock()
	return nil
}

// SetVisible makes the user appear to or vanish from the others. It stays so when the session has to be made anew.
func (s *Session) SetVisible(ctx context.Context, visible bool) error {
	ctx, cancel := context.WithTimeout(ctx, callTimeout)
	defer cancel()
	if _, err := s.client.SetVisible(ctx, &api.SetVisibleRequest{Visible: visible}); err != nil {
		return err
	}
	s.mu.Lock()
	s.invisible = !visible
	s.mu.Unlock()
	return nil
}

// SendMessage tells everybody in the room a text of 1..api.MaxMessage bytes.
func (s *Session) SendMessage(ctx context.Context, text string) (*api.Message, error) {
	if err := api.CheckMessage("sendMessage", text); err != nil {
		return nil, err
	}
	ctx, cancel := context.WithTimeout(ctx, callTimeout)
	defer cancel()
	reply, err := s.client.SendMessage(ctx, &api.SendMessageRequest{Text: text})
	if err != nil {
		return nil, err
	}
	return reply.GetMessage(), nil
}

// ReportQuality tells the others how good the own connection is: 1 bad … 5 excellent; 0 unknown.
func (s *Session) ReportQuality(ctx context.Context, level uint32) error {
	ctx, cancel := context.WithTimeout(ctx, callTimeout)
	defer cancel()
	_, err := s.client.ReportQuality(ctx, &api.ReportQualityRequest{Level: level})
	return err
}

// RetryNow cuts the wait before the next attempt to reconnect short.
func (s *Session) RetryNow() {
	select {
	case s.retry <- struct{}{}:
	default: // a wish is waiting already
	}
}

// Resync asks for a new snapshot by opening the event stream again.
func (s *Session) Resync() {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.cut != nil {
		s.cut()
	}
}

// Exit leaves the room, as far as the server can be reached, and closes the session.
func (s *Session) Exit(ctx context.Context) error {
	ctx, cancel := context.WithTimeout(ctx, exitTimeout)
	defer cancel()
	s.close()
	<-s.done // no rejoin is under way any more: the secret is the last one
	_, err := s.client.Exit(ctx, &api.ExitRequest{})
	s.idle()
	return err
}

// Close ends the session here without telling the server, and waits for the reader. It must not
// be called from OnEvent or OnState.
func (s *Session) Close() {
	s.close()
	<-s.done
	s.idle()
}

// Pause waits for the time or the end of the session, for those who try again.
func (s *Session) Pause(d time.Duration) {
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-timer.C:
	case <-s.ctx.Done():
	}
}

// read is the reader goroutine: it keeps the event stream open until Close or the end of the session.
func (s *Session) read() {
	defer close(s.done)
	defer s.close()
	var outage outage
	rejoined := false
	for s.ctx.Err() == nil {
		ended, err := s.stream(func() {
			outage.reset()
			s.cfg.OnState(State{Phase: Connected}, rejoined)
			rejoined = false
		})
		if s.ctx.Err() != nil {
			return
		}
		if over(ended) {
			s.cfg.OnState(State{Phase: Over, Ended: ended.GetReason()}, false)
			return
		}
		if ended.GetReason() == api.EndReason_END_REASON_SERVER_STOPPING {
			s.log.Warn("the server stops, joining again when it is back")
		} else {
			s.log.Info("event stream ended", "error", err)
		}
		if forgotten(ended, err) {
			_, joinErr := s.join(s.ctx, true)
			switch {
			case joinErr == nil && !rejoined:
				rejoined = true
				continue
			case joinErr == nil: // forgotten again, at once: wait as for any outage
			case refused(joinErr):
				s.cfg.OnState(refusal(joinErr), false)
				return
			default:
				err = joinErr
			}
		}
		wait, over := outage.next(time.Now())
		if over {
			s.cfg.OnState(State{Phase: Over, Err: errno.Failed.In("joinRtcRoom", errno.NativeJoinRoom, err)}, false)
			return
		}
		s.cfg.OnState(State{Phase: Reconnecting, Attempt: outage.attempt, RetryIn: wait, Err: err}, false)
		s.pause(wait)
	}
}

// pause waits for the time, a wish to retry now, or the end.
func (s *Session) pause(d time.Duration) {
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-timer.C:
	case <-s.retry:
	case <-s.ctx.Done():
	}
}

// stream opens the event stream and hands on what comes until it breaks. ready is called once,
// when the first event is there. It returns the Ended event if one came.
func (s *Session) stream(ready func()) (*api.Ended, error) {
	ctx, cancel := context.WithCancel(s.ctx)
	defer cancel()
	s.mu.Lock()
	s.cut = cancel
	silence := 5*s.beat/2 + time.Second
	s.mu.Unlock()
	// The watchdog ends a stream on which not even heartbeats come any more.
	watchdog := time.AfterFunc(silence, cancel)
	defer watchdog.Stop()
	events, err := s.client.Events(ctx, &api.EventsRequest{})
	if err != nil {
		return nil, err
	}
	defer events.Close()
	first := true
	for events.Receive() {
		watchdog.Reset(silence)
		event := events.Msg()
		if ended := event.GetEnded(); ended != nil {
			return ended, nil
		}
		if first {
			first = false
			ready()
		}
		if event.GetHeartbeat() == nil {
			s.cfg.OnEvent(event)
		}
	}
	return nil, events.Err()
}

// over tells that the server has ended the session for good. A server that stops is joined again when it is back,
// and a session that was only given up as lost is made anew.
func over(ended *api.Ended) bool {
	switch ended.GetReason() {
	case api.EndReason_END_REASON_UNSPECIFIED, api.EndReason_END_REASON_SERVER_STOPPING:
		return false
	}
	return true
}

// forgotten tells that the server does not know the session any more.
func forgotten(ended *api.Ended, err error) bool {
	return ended != nil && ended.GetReason() == api.EndReason_END_REASON_UNSPECIFIED ||
		connect.CodeOf(err) == connect.CodeUnauthenticated
}

// refusal is the end of a session which may not be made anew.
func refusal(err error) State {
	if connect.CodeOf(err) == connect.CodeAlreadyExists {
		// The user has joined with another device meanwhile: that one is the later (E-2).
		return State{Phase: Over, Ended: api.EndReason_END_REASON_DUPLICATE_LOGIN}
	}
	return State{Phase: Over, Err: api.FromConnect("joinRtcRoom", err)}
}

// refused tells that joining again is of no use.
func refused(err error) bool {
	switch connect.CodeOf(err) {
	case connect.CodeUnauthenticated, connect.CodePermissionDenied, connect.CodeInvalidArgument, connect.CodeAlreadyExists:
		return true
	}
	return false
}

// outage counts the attempts since the connection was lost.
type outage struct {
	attempt int
	since   time.Time
}

func (o *outage) reset() { *o = outage{} }

// next returns the wait before the next attempt: 0.2, 0.5, 1, 2, 4, then 5 s; over is true when it has
// lasted too long.
func (o *outage) next(now time.Time) (wait time.Duration, over bool) {
	if o.attempt == 0 {
		o.since = now
	}
	if now.Sub(o.since) > giveUpAfter {
		return 0, true
	}
	waits := [...]time.Duration{200 * time.Millisecond, 500 * time.Millisecond, time.Second, 2 * time.Second, 4 * time.Second}
	wait = 5 * time.Second
	if o.attempt < len(waits) {
		wait = waits[o.attempt]
	}
	o.attempt++
	return wait, false
}
