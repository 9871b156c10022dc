package server

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net"
	"net/http"
	"slices"
	"sync"
	"testing"
	"time"

	"connectrpc.com/connect"
	"github.com/google/go-cmp/cmp"
	"github.com/pion/transport/v4/test"
	"google.golang.org/protobuf/testing/protocmp"

	"parlor/app/api"
	"parlor/app/token"
	"parlor/media/sfu"
)

const (
	appA, keyA = "0123456789abcdef01234567", "testappkey0123456789abcdef012345"
	appB, keyB = "fedcba9876543210fedcba98", "testappkeyfedcba9876543210fedcba"
	patience   = 20 * time.Second // of a whole test; a hang must not look like a slow machine
)

// handClock is a clock that stands still until a test turns it.
type handClock struct {
	mu     sync.Mutex
	set    *sync.Cond
	now    time.Time
	alarms []*handAlarm
}

type handAlarm struct {
	clock *handClock
	at    time.Time
	f     func()
}

func newHandClock() *handClock {
	c := &handClock{now: time.Unix(1_700_000_000, 0)}
	c.set = sync.NewCond(&c.mu)
	return c
}

// await blocks until n alarms are set for d from now.
func (c *handClock) await(n int, d time.Duration) {
	c.mu.Lock()
	defer c.mu.Unlock()
	for {
		found := 0
		for _, a := range c.alarms {
			if a.at.Equal(c.now.Add(d)) {
				found++
			}
		}
		if found == n {
			return
		}
		c.set.Wait()
	}
}

func (c *handClock) Now() time.Time {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.now
}

func (c *handClock) AfterFunc(d time.Duration, f func()) alarm {
	c.mu.Lock()
	defer c.mu.Unlock()
	a := &handAlarm{clock: c, at: c.now.Add(d), f: f}
	c.alarms = append(c.alarms, a)
	c.set.Broadcast()
	return a
}

func (a *handAlarm) Stop() bool {
	a.clock.mu.Lock()
	defer a.clock.mu.Unlock()
	defer a.clock.set.Broadcast()
	n := len(a.clock.alarms)
	a.clock.alarms = slices.DeleteFunc(a.clock.alarms, func(other *handAlarm) bool { return other == a })
	return len(a.clock.alarms) < n
}

// turn moves the clock and runs what is due, in order, on the caller's goroutine.
func (c *handClock) turn(d time.Duration) {
	c.mu.Lock()
	c.now = c.now.Add(d)
	var due []*handAlarm
	c.alarms = slices.DeleteFunc(c.alarms, func(a *handAlarm) bool {
		if a.at.After(c.now) {
			return false
		}
		due = append(due, a)
		return true
	})
	c.mu.Unlock()
	slices.SortStableFunc(due, func(a, b *handAlarm) int { return a.at.Compare(b.at) })
	for _, a := range due {
		a.f()
	}
}

// fakeSFU answers "answer to <offer>" and remembers what it was asked.
type fakeSFU struct {
	mu      sync.Mutex
	changed *sync.Cond
	peers   []*fakePeer
	closed  bool
}

type fakePeer struct {
	sfu     *fakeSFU
	cfg     sfu.PeerConfig
	offers  []sfu.Offer
	allowed map[sfu.TrackID]bool
	refuse  error         // the next Negotiate fails with it
	block   chan struct{} // Negotiate waits for it
	blocked bool          // one does
	closed  bool
}

func newFakeSFU() *fakeSFU {
	f := &fakeSFU{}
	f.changed = sync.NewCond(&f.mu)
	return f
}

func (f *fakeSFU) NewPeer(cfg sfu.PeerConfig) (connection, error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	p := &fakePeer{sfu: f, cfg: cfg, allowed: make(map[sfu.TrackID]bool)}
	f.peers = append(f.peers, p)
	return p, nil
}

func (f *fakeSFU) Stats() sfu.Stats { return sfu.Stats{Peers: 3, PacketsIn: 17} }

func (f *fakeSFU) Close() error {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.closed = true
	return nil
}

func (p *fakePeer) Negotiate(ctx context.Context, o sfu.Offer) (string, error) {
	p.sfu.mu.Lock()
	block, refuse := p.block, p.refuse
	p.refuse = nil
	p.blocked = block != nil
	p.sfu.changed.Broadcast()
	p.sfu.mu.Unlock()
	if block != nil {
		select {
		case <-block:
		case <-ctx.Done():
			return "", ctx.Err()
		}
	}
	p.sfu.mu.Lock()
	defer p.sfu.mu.Unlock()
	if refuse == nil && o.SDP == "garbage" {
		refuse = fmt.Errorf("line 1: %w", sfu.ErrBadOffer)
	}
	if refuse != nil {
		return "", refuse
	}
	p.offers = append(p.offers, o)
	p.sfu.changed.Broadcast()
	if o.SDP == "" {
		return "", nil
	}
	return "answer to " + o.SDP, nil
}

func (p *fakePeer) Allow(id sfu.TrackID, allowed bool) {
	p.sfu.mu.Lock()
	defer p.sfu.mu.Unlock()
	p.allowed[id] = allowed
	p.sfu.changed.Broadcast()
}

func (p *fakePeer) Close() error {
	p.sfu.mu.Lock()
	defer p.sfu.mu.Unlock()
	p.closed = true
	p.sfu.changed.Broadcast()
	return nil
}

// await blocks until ok holds; the test's time limit ends it otherwise.
func (f *fakeSFU) await(ok func() bool) {
	f.mu.Lock()
	defer f.mu.Unlock()
	for !ok() {
		f.changed.Wait()
	}
}

// peer returns the nth connection that was made, 0 is the first.
func (f *fakeSFU) peer(n int) *fakePeer {
	f.mu.Lock()
	defer f.mu.Unlock()
	return f.peers[n]
}

// world is a server with a hand-turned clock and a fake SFU.
type world struct {
	*Server
	t     *testing.T
	clock *handClock
	sfu   *fakeSFU
	http  *http.Client
}

func newWorld(t *testing.T, change ...func(*Config)) *world {
	t.Helper()
	limit := test.TimeOut(patience)
	leaks := test.CheckRoutines(t)
	w := &world{t: t, clock: newHandClock(), sfu: newFakeSFU(), http: h2c()}
	cfg := Config{
		Apps:  map[string]string{appA: keyA, appB: keyB},
		Log:   slog.New(slog.NewTextHandler(io.Discard, nil)),
		clock: w.clock, sfu: w.sfu,
	}
	for _, f := range change {
		f(&cfg)
	}
	var err error
	if w.Server, err = New(cfg); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		w.http.CloseIdleConnections()
		_ = w.Close()
		limit.Stop()
		leaks()
	})
	return w
}

func h2c() *http.Client {
	protocols := new(http.Protocols)
	protocols.SetUnencryptedHTTP2(true)
	return &http.Client{Transport: &http.Transport{Protocols: protocols, DialContext: (&net.Dialer{}).DialContext}}
}

// client returns RPCs that carry the secret; "" carries none.
func (w *world) client(secret string) api.RoomServiceClient {
	return api.NewRoomServiceClient(w.http, w.URL(), connect.WithInterceptors(bearer(secret)))
}

type bearer string

func (b bearer) set(h http.Header) {
	if b != "" {
		h.Set("Authorization", "Bearer "+string(b))
	}
}

func (b bearer) WrapUnary(next connect.UnaryFunc) connect.UnaryFunc {
	return func(ctx context.Context, req connect.AnyRequest) (connect.AnyResponse, error) {
		b.set(req.Header())
		return next(ctx, req)
	}
}

func (b bearer) WrapStreamingClient(next connect.StreamingClientFunc) connect.StreamingClientFunc {
	return func(ctx context.Context, spec connect.Spec) connect.StreamingClientConn {
		conn := next(ctx, spec)
		b.set(conn.RequestHeader())
		return conn
	}
}

func (b bearer) WrapStreamingHandler(next connect.StreamingHandlerFunc) connect.StreamingHandlerFunc {
	return next
}

// mint makes a token of app A for a day, after change.
func (w *world) mint(room, user string, change ...func(*token.AccessToken)) string {
	w.t.Helper()
	now := uint32(w.clock.Now().Unix())
	t := &token.AccessToken{AppID: appA, RoomID: room, UserID: user, Nonce: 1, IssuedAt: now, ExpireAt: now + 86400}
	t.AddPrivilege(token.PublishStream, 0)
	t.AddPrivilege(token.SubscribeStream, 0)
	for _, f := range change {
		f(t)
	}
	key := keyA
	if t.AppID == appB {
		key = keyB
	}
	text, err := t.Sign(key)
	if err != nil {
		w.t.Fatal(err)
	}
	return text
}

// guest is a joined user.
type guest struct {
	api.RoomServiceClient
	t      *testing.T
	joined *api.JoinResponse
}

func (w *world) join(room, user string, change ...func(*token.AccessToken)) *guest {
	w.t.Helper()
	return w.enter(&api.JoinRequest{RoomId: room, UserId: user, Token: w.mint(room, user, change...)})
}

// joinUnseen joins as an invisible member.
func (w *world) joinUnseen(room, user string) *guest {
	w.t.Helper()
	return w.enter(&api.JoinRequest{RoomId: room, UserId: user, Token: w.mint(room, user), Invisible: true})
}

// joinAppB joins a room of the other app.
func (w *world) joinAppB(room, user string) *guest {
	w.t.Helper()
	text := w.mint(room, user, func(tok *token.AccessToken) { tok.AppID = appB })
	return w.enter(&api.JoinRequest{AppId: appB, RoomId: room, UserId: user, Token: text})
}

// enter joins app A, unless the request names another.
func (w *world) enter(req *api.JoinRequest) *guest {
	w.t.Helper()
	if req.GetAppId() == "" {
		req.AppId = appA
	}
	req.Client = "test"
	joined, err := w.client("").Join(w.t.Context(), req)
	if err != nil {
		w.t.Fatal(err)
	}
	return &guest{w.client(joined.GetSession()), w.t, joined}
}

func (g *guest) setVisible(visible bool) {
	g.t.Helper()
	if _, err := g.SetVisible(g.t.Context(), &api.SetVisibleRequest{Visible: visible}); err != nil {
		g.t.Fatal(err)
	}
}

func (g *guest) say(text string) *api.Message {
	g.t.Helper()
	reply, err := g.SendMessage(g.t.Context(), &api.SendMessageRequest{Text: text})
	if err != nil {
		g.t.Fatal(err)
	}
	return reply.GetMessage()
}

// users returns the ids of a snapshot's members.
func users(s *api.Snapshot) []string {
	var list []string
	for _, m := range s.GetMembers() {
		list = append(list, m.GetUserId())
	}
	return list
}

// listener is an open event stream.
type listener struct {
	t      *testing.T
	stream *connect.ServerStreamForClient[api.Event]
	cancel context.CancelFunc
	begin  *api.Snapshot
}

// listen opens the event stream and takes the snapshot and the privileges off.
func (g *guest) listen() *listener {
	g.t.Helper()
	l := g.events()
	if l.begin = l.next().GetSnapshot(); l.begin == nil {
		g.t.Fatal("the first event is no snapshot")
	}
	if l.next().GetPrivileges() == nil {
		g.t.Fatal("the second event does not tell the privileges")
	}
	return l
}

// events opens the event stream and takes nothing off.
func (g *guest) events() *listener {
	g.t.Helper()
	ctx, cancel := context.WithCancel(context.Background())
	g.t.Cleanup(cancel)
	stream, err := g.Events(ctx, &api.EventsRequest{})
	if err != nil {
		g.t.Fatal(err)
	}
	return &listener{t: g.t, stream: stream, cancel: cancel}
}

// publish negotiates a connection that sends these sources, live.
func (w *world) publish(g *guest, connection uint32, sources ...api.Source) []*api.Track {
	w.t.Helper()
	req := &api.NegotiateRequest{Connection: connection, Offer: "offer"}
	for i, s := range sources {
		req.Publish = append(req.Publish, &api.Publish{Mid: fmt.Sprint(i), Source: s, Live: true})
	}
	response, err := g.Negotiate(w.t.Context(), req)
	if err != nil {
		w.t.Fatal(err)
	}
	return response.GetPublished()
}

// next returns the next event that is no heartbeat.
func (l *listener) next() *api.Event {
	l.t.Helper()
	for l.stream.Receive() {
		if ev := l.stream.Msg(); ev.GetHeartbeat() == nil {
			return ev
		}
	}
	l.t.Fatalf("the stream ended: %v", l.stream.Err())
	return nil
}

// want reads the next event, which is to be that one of the body; numbers do not count.
func (l *listener) want(want *api.Event) {
	l.t.Helper()
	if diff := cmp.Diff(want, l.next(), protocmp.Transform(), protocmp.IgnoreFields(&api.Event{}, "seq")); diff != "" {
		l.t.Errorf("event (-want +got):\n%s", diff)
	}
}

// until returns the next event that is what the test waits for.
func (l *listener) until(what func(*api.Event) bool) *api.Event {
	l.t.Helper()
	for {
		if ev := l.next(); what(ev) {
			return ev
		}
	}
}

// end reads up to the end of the stream and returns the last reason and the error.
func (l *listener) end() (api.EndReason, error) {
	reason := api.EndReason(-1)
	for l.stream.Receive() {
		if ended := l.stream.Msg().GetEnded(); ended != nil {
			reason = ended.GetReason()
		}
	}
	return reason, l.stream.Err()
}

func wantCode(t *testing.T, err error, want connect.Code) {
	t.Helper()
	var wire *connect.Error
	if !errors.As(err, &wire) || wire.Code() != want {
		t.Errorf("got error %v, want code %v", err, want)
	}
}
