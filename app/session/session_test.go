package session_test

import (
	"context"
	"errors"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"
	"time"

	"connectrpc.com/connect"
	"github.com/google/go-cmp/cmp"
	"github.com/pion/transport/v4/test"

	"parlor/app/api"
	"parlor/app/errno"
	"parlor/app/session"
)

// server is a RoomService whose every answer the test decides.
type server struct {
	api.UnimplementedRoomServiceHandler
	http *httptest.Server

	mu      sync.Mutex
	joins   int
	unseen  []bool // the wish of each join
	callErr error  // of SetVisible, SendMessage and ReportQuality
	quality uint32
	joinErr error
	known   map[string]bool // sessions
	streams chan *stream
}

// stream is one open event stream.
type stream struct {
	bearer string
	send   chan *api.Event // what the server says
	fail   chan error      // ends the stream
}

func newServer(t *testing.T) *server {
	s := &server{known: make(map[string]bool), streams: make(chan *stream, 16)}
	_, handler := api.NewRoomServiceHandler(s)
	s.http = httptest.NewUnstartedServer(handler)
	s.http.EnableHTTP2 = true
	s.http.Config.Protocols = session.NewTransport(nil).Protocols
	s.http.Config.Protocols.SetHTTP1(true)
	s.http.Start()
	t.Cleanup(s.http.Close)
	return s
}

func (s *server) Join(_ context.Context, r *api.JoinRequest) (*api.JoinResponse, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.joins++
	s.unseen = append(s.unseen, r.GetInvisible())
	if s.joinErr != nil {
		return nil, api.ToConnect(s.joinErr)
	}
	bearer := "session" + string(rune('0'+s.joins)) + r.GetToken()
	s.known[bearer] = true
	return &api.JoinResponse{Session: bearer, HeartbeatMs: 5000, Snapshot: &api.Snapshot{RoomId: r.GetRoomId(), Seq: 1}}, nil
}

func (s *server) UpdateToken(_ context.Context, r *api.UpdateTokenRequest) (*api.UpdateTokenResponse, error) {
	if r.GetToken() == "bad" {
		return nil, api.ToConnect(errno.InvalidToken.In("updateToken"))
	}
	return &api.UpdateTokenResponse{}, nil
}

func (s *server) SetVisible(context.Context, *api.SetVisibleRequest) (*api.SetVisibleResponse, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	return &api.SetVisibleResponse{}, s.callErr
}

func (s *server) SendMessage(_ context.Context, r *api.SendMessageRequest) (*api.SendMessageResponse, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	return &api.SendMessageResponse{Message: &api.Message{Id: 7, Text: r.GetText()}}, s.callErr
}

func (s *server) ReportQuality(_ context.Context, r *api.ReportQualityRequest) (*api.ReportQualityResponse, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.quality = r.GetLevel()
	return &api.ReportQualityResponse{}, s.callErr
}

// refuse makes further calls fail; nil makes them good again.
func (s *server) refuse(err error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.callErr = nil
	if err != nil {
		s.callErr = api.ToConnect(err)
	}
}

func (s *server) Exit(context.Context, *api.ExitRequest) (*api.ExitResponse, error) {
	return &api.ExitResponse{}, nil
}

func (s *server) Events(ctx context.Context, _ *api.EventsRequest, out *connect.ServerStream[api.Event]) error {
	info, _ := connect.CallInfoForHandlerContext(ctx)
	bearer := info.RequestHeader().Get("Authorization")
	s.mu.Lock()
	known := len(bearer) > 7 && s.known[bearer[7:]]
	s.mu.Unlock()
	if !known {
		return connect.NewError(connect.CodeUnauthenticated, errors.New("no such session"))
	}
	st := &stream{bearer: bearer[7:], send: make(chan *api.Event), fail: make(chan error)}
	s.streams <- st
	for {
		select {
		case e := <-st.send:
			if err := out.Send(e); err != nil {
				return err
			}
		case err := <-st.fail:
			return err
		case <-ctx.Done():
			return ctx.Err()
		}
	}
}

func (s *server) forget() {
	s.mu.Lock()
	defer s.mu.Unlock()
	clear(s.known)
}

// client is an open Session and what it reported.
type client struct {
	*session.Session
	events chan *api.Event
	states chan session.State
	again  chan bool // rejoined, of each Connected
}

func open(t *testing.T, s *server, change ...func(*session.Config)) *client {
	c := &client{events: make(chan *api.Event, 64), states: make(chan session.State, 64), again: make(chan bool, 64)}
	transport := session.NewTransport(nil)
	cfg := session.Config{
		Server: s.http.URL, Transport: transport, AppID: "app", RoomID: "r", UserID: "u", Token: "t",
		OnEvent: func(e *api.Event) { c.events <- e },
		OnState: func(st session.State, rejoined bool) {
			c.states <- st
			if st.Phase == session.Connected {
				c.again <- rejoined
			}
		},
	}
	for _, f := range change {
		f(&cfg)
	}
	opened, reply, err := session.Open(t.Context(), cfg)
	if err != nil {
		t.Fatal(err)
	}
	if reply.GetSnapshot().GetRoomId() != "r" {
		t.Fatalf("got snapshot %v", reply.GetSnapshot())
	}
	c.Session = opened
	t.Cleanup(func() {
		c.Close()
		transport.CloseIdleConnections()
	})
	return c
}

func snapshot(seq uint64) *api.Event {
	return &api.Event{Body: &api.Event_Snapshot{Snapshot: &api.Snapshot{RoomId: "r", Seq: seq}}}
}

func (c *client) want(t *testing.T, phase session.Phase) session.State {
	t.Helper()
	for st := range c.states {
		if st.Phase == phase {
			return st
		}
		if st.Phase == session.Over {
			t.Fatalf("the session is over: %+v", st)
		}
	}
	return session.State{}
}

// check is first in every test: a bound on its time and, at its very end, a look for goroutines.
func check(t *testing.T) {
	limit := test.TimeOut(30 * time.Second)
	report := test.CheckRoutines(t)
	t.Cleanup(func() { report(); limit.Stop() })
}

func TestSession_EventsInOrder(t *testing.T) {
	check(t)
	s := newServer(t)
	c := open(t, s)
	st := <-s.streams
	st.send <- snapshot(1)
	st.send <- &api.Event{Body: &api.Event_Heartbeat{Heartbeat: &api.Heartbeat{}}}
	st.send <- &api.Event{Seq: 2, Body: &api.Event_Left{Left: &api.Left{UserId: "x"}}}
	c.want(t, session.Connected)
	if e := <-c.events; e.GetSnapshot().GetSeq() != 1 {
		t.Errorf("got %v first, want the snapshot", e)
	}
	if e := <-c.events; e.GetSeq() != 2 {
		t.Errorf("got %v, want event 2 and no heartbeat", e)
	}
}

func TestSession_ReconnectsWithTheSameSession(t *testing.T) {
	check(t)
	s := newServer(t)
	c := open(t, s)
	first := <-s.streams
	first.send <- snapshot(1)
	c.want(t, session.Connected)
	first.fail <- connect.NewError(connect.CodeUnavailable, errors.New("cut"))
	if st := c.want(t, session.Reconnecting); st.Attempt != 1 || st.RetryIn <= 0 {
		t.Errorf("got %+v, want the first attempt soon", st)
	}
	c.RetryNow()
	second := <-s.streams
	if second.bearer != first.bearer {
		t.Errorf("got session %s, want %s again", second.bearer, first.bearer)
	}
	second.send <- snapshot(5)
	c.want(t, session.Connected)
	if first, again := <-c.again, <-c.again; first || again {
		t.Error("rejoined is reported, though the session is the same")
	}
}

func TestSession_JoinsAgainWhenForgotten(t *testing.T) {
	check(t)
	s := newServer(t)
	c := open(t, s)
	first := <-s.streams
	first.send <- snapshot(1)
	c.want(t, session.Connected)
	if err := c.UpdateToken(t.Context(), "fresh"); err != nil {
		t.Fatal(err)
	}
	s.forget()
	first.fail <- connect.NewError(connect.CodeUnavailable, errors.New("restart"))
	second := <-s.streams
	if second.bearer != "session2fresh" {
		t.Errorf("got session %s, want a second one, made with the updated token", second.bearer)
	}
	second.send <- snapshot(1)
	c.want(t, session.Connected)
	<-c.again
	if !<-c.again {
		t.Error("rejoined is not reported")
	}
}

// The visibility outlives the server's memory, and a refusal does not count.
func TestSession_VisibilityIsKept(t *testing.T) {
	tests := []struct {
		name    string
		change  func(t *testing.T, s *server, c *client)
		unseen  bool // at first
		rejoins bool // invisible
	}{
		{"invisible from the start", func(*testing.T, *server, *client) {}, true, true},
		{"became visible", func(t *testing.T, _ *server, c *client) {
			if err := c.SetVisible(t.Context(), true); err != nil {
				t.Error(err)
			}
		}, true, false},
		{"became invisible", func(t *testing.T, _ *server, c *client) {
			if err := c.SetVisible(t.Context(), false); err != nil {
				t.Error(err)
			}
		}, false, true},
		{"refused", func(t *testing.T, s *server, c *client) {
			s.refuse(errno.Failed.Detail("setVisible", "too many visible users", nil))
			err := c.SetVisible(t.Context(), true)
			if got := api.FromConnect("changeUserVisibility", err); got.ErrMsg != "changeUserVisibility:fail too many visible users" {
				t.Errorf("got %v", got)
			}
		}, true, true},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			check(t)
			s := newServer(t)
			c := open(t, s, func(cfg *session.Config) { cfg.Invisible = tt.unseen })
			first := <-s.streams
			first.send <- snapshot(1)
			c.want(t, session.Connected)
			tt.change(t, s, c)
			s.forget()
			first.fail <- connect.NewError(connect.CodeUnavailable, errors.New("restart"))
			<-s.streams
			s.mu.Lock()
			defer s.mu.Unlock()
			if diff := cmp.Diff([]bool{tt.unseen, tt.rejoins}, s.unseen); diff != "" {
				t.Errorf("invisible joins (-want +got):\n%s", diff)
			}
		})
	}
}

func TestSession_SendMessage(t *testing.T) {
	check(t)
	s := newServer(t)
	c := open(t, s)
	message, err := c.SendMessage(t.Context(), "你好")
	if err != nil || message.GetId() != 7 || message.GetText() != "你好" {
		t.Errorf("got %v, %v", message, err)
	}
	for _, text := range []string{"", "\xff", strings.Repeat("a", api.MaxMessage+1)} {
		if _, err := c.SendMessage(t.Context(), text); !errors.Is(err, errno.InvalidParam) {
			t.Errorf("%.10q: got %v", text, err)
		}
	}
	s.refuse(errno.Failed.Detail("sendMessage", "too many messages", nil))
	_, err = c.SendMessage(t.Context(), "x")
	if got := api.FromConnect("x-sendMessage", err); got.ErrMsg != "x-sendMessage:fail too many messages" {
		t.Errorf("got %v", got)
	}
}

func TestSession_ReportQuality(t *testing.T) {
	check(t)
	s := newServer(t)
	c := open(t, s)
	if err := c.ReportQuality(t.Context(), 4); err != nil {
		t.Error(err)
	}
	s.mu.Lock()
	if s.quality != 4 {
		t.Errorf("got %d", s.quality)
	}
	s.mu.Unlock()
	s.refuse(errno.InvalidParam.Detail("reportQuality", "params.level", nil))
	if err := c.ReportQuality(t.Context(), 6); connect.CodeOf(err) != connect.CodeInvalidArgument {
		t.Errorf("got %v", err)
	}
}

func TestSession_IsOver(t *testing.T) {
	tests := []struct {
		name string
		end  func(s *server, st *stream)
		want func(st session.State) bool
	}{
		{"the server ends it", func(_ *server, st *stream) {
			st.send <- &api.Event{Body: &api.Event_Ended{Ended: &api.Ended{Reason: api.EndReason_END_REASON_DUPLICATE_LOGIN}}}
		}, func(st session.State) bool { return st.Ended == api.EndReason_END_REASON_DUPLICATE_LOGIN }},
		{"the token is no longer good when joining again", func(s *server, st *stream) {
			s.forget()
			s.mu.Lock()
			s.joinErr = errno.InvalidToken.In("joinRtcRoom")
			s.mu.Unlock()
			st.fail <- connect.NewError(connect.CodeUnavailable, errors.New("restart"))
		}, func(st session.State) bool { return errors.Is(st.Err, errno.InvalidToken) }},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			check(t)
			s := newServer(t)
			c := open(t, s)
			st := <-s.streams
			st.send <- snapshot(1)
			c.want(t, session.Connected)
			tt.end(s, st)
			for state := range c.states {
				if state.Phase == session.Over {
					if !tt.want(state) {
						t.Errorf("got %+v", state)
					}
					return
				}
			}
		})
	}
}

func TestSession_Resync(t *testing.T) {
	check(t)
	s := newServer(t)
	c := open(t, s)
	(<-s.streams).send <- snapshot(1)
	c.want(t, session.Connected)
	c.Resync()
	(<-s.streams).send <- snapshot(9)
	<-c.events
	if e := <-c.events; e.GetSnapshot().GetSeq() != 9 {
		t.Errorf("got %v, want a new snapshot", e)
	}
}

func TestOpen_Refused(t *testing.T) {
	check(t)
	s := newServer(t)
	s.joinErr = errno.InvalidToken.In("joinRtcRoom")
	transport := session.NewTransport(nil)
	defer transport.CloseIdleConnections()
	_, _, err := session.Open(t.Context(), session.Config{Server: s.http.URL, Transport: transport, RoomID: "r", UserID: "u", Token: "t"})
	if got := api.FromConnect("joinRtcRoom", err); !errors.Is(got, errno.InvalidToken) {
		t.Errorf("got %v want invalid token", got)
	}
}

// TestSession_RejoinIsNotTheLater: the same user joined elsewhere meanwhile: this one is over (E-2).
func TestSession_RejoinIsNotTheLater(t *testing.T) {
	check(t)
	s := newServer(t)
	c := open(t, s)
	st := <-s.streams
	st.send <- snapshot(1)
	c.want(t, session.Connected)
	s.forget()
	s.mu.Lock()
	s.joinErr = errno.AlreadyInRoom.In("join", "u", "r")
	s.mu.Unlock()
	st.fail <- connect.NewError(connect.CodeUnavailable, errors.New("outage"))
	for state := range c.states {
		if state.Phase == session.Over {
			if state.Ended != api.EndReason_END_REASON_DUPLICATE_LOGIN {
				t.Errorf("got %+v, want a duplicate login", state)
			}
			return
		}
	}
}

// TestSession_EndedOpensTheStream: the end of a session that comes first is not a connection, and a session that
// was lost is made anew.
func TestSession_EndedOpensTheStream(t *testing.T) {
	check(t)
	s := newServer(t)
	c := open(t, s)
	st := <-s.streams
	st.send <- &api.Event{Body: &api.Event_Ended{Ended: &api.Ended{}}} // lost
	again := <-s.streams
	if again.bearer != "session2t" {
		t.Errorf("got session %s, want a new one", again.bearer)
	}
	again.send <- &api.Event{Body: &api.Event_Ended{Ended: &api.Ended{Reason: api.EndReason_END_REASON_KICKED}}}
	for state := range c.states {
		switch state.Phase {
		case session.Connected:
			t.Error("connected, though the only event was the end")
		case session.Over:
			return
		}
	}
}
