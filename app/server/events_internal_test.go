package server

import (
	"context"
	"net"
	"net/http"
	"strings"
	"sync"
	"testing"
	"time"

	"connectrpc.com/connect"
	natsserver "github.com/nats-io/nats-server/v2/server"

	"parlor/app/api"
)

func wantLost(t *testing.T, events *listener, user string) {
	t.Helper()
	if m := events.next().GetChanged(); m.GetUserId() != user || m.GetConnected() {
		t.Errorf("got %v, want %s not connected", m, user)
	}
}

// After a stream is lost the member is kept for the grace time, first as if nothing had happened.
func TestEvents_GraceTime(t *testing.T) {
	w := newWorld(t)
	ann, bob := w.join("room1", "ann"), w.join("room1", "bob")
	events := ann.listen()
	bobEvents := bob.listen()
	timing := w.cfg.timing

	bobEvents.cancel()
	w.clock.await(1, timing.grace)
	w.clock.turn(timing.notice)
	wantLost(t, events, "bob")
	if m := bob.listen().begin.GetMembers()[1]; !m.GetConnected() {
		t.Errorf("after coming back: %v", m)
	}
	if m := events.next().GetChanged(); m.GetUserId() != "bob" || !m.GetConnected() {
		t.Errorf("got %v, want bob connected", m)
	}
	w.clock.turn(timing.grace)
	if _, err := bob.SetLive(t.Context(), &api.SetLiveRequest{}); err != nil {
		t.Errorf("the grace time went on: %v", err)
	}
}

func TestEvents_Lost(t *testing.T) {
	tests := []struct {
		name string
		lose func(w *world, bob *guest)
	}{
		{name: "never opened", lose: func(*world, *guest) {}},
		{name: "cancelled", lose: func(_ *world, bob *guest) { bob.listen().cancel() }},
		{name: "connection reset", lose: func(w *world, bob *guest) {
			line := newLine(w)
			line.listen(bob)
			line.cut()
		}},
		{name: "black hole", lose: func(w *world, bob *guest) {
			line := newLine(w)
			line.listen(bob)
			line.freeze()
		}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			w := newWorld(t, func(c *Config) { c.timing.ping = 50 * time.Millisecond })
			ann := w.join("room1", "ann")
			events := ann.listen()
			bob := w.join("room1", "bob")
			if events.next().GetJoined().GetUserId() != "bob" {
				t.Error("bob did not join")
			}
			tt.lose(w, bob)
			w.clock.await(1, w.cfg.timing.grace)
			w.clock.turn(w.cfg.timing.notice)
			wantLost(t, events, "bob")
			w.clock.turn(w.cfg.timing.grace)
			if left := events.next().GetLeft(); left.GetUserId() != "bob" || left.GetReason() != api.LeftReason_LEFT_REASON_LOST {
				t.Errorf("got %v, want bob lost", left)
			}
			_, err := bob.SetLive(t.Context(), &api.SetLiveRequest{})
			wantCode(t, err, connect.CodeUnauthenticated)
		})
	}
}

// line is a TCP relay between a client and the server that can be cut or frozen.
type line struct {
	w      *world
	client *http.Client

	mu     sync.Mutex
	frozen bool
	ends   []net.Conn
	pipes  sync.WaitGroup
}

func newLine(w *world) *line {
	l := &line{w: w}
	relay, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		w.t.Fatal(err)
	}
	l.pipes.Go(func() {
		for {
			near, err := relay.Accept()
			if err != nil {
				return
			}
			far, err := net.Dial("tcp", w.HTTPAddr().String())
			if err != nil {
				_ = near.Close()
				return
			}
			l.mu.Lock()
			l.ends = append(l.ends, near, far)
			l.mu.Unlock()
			l.pipes.Go(func() { l.pipe(near, far) })
			l.pipes.Go(func() { l.pipe(far, near) })
		}
	})
	l.client = h2c()
	l.client.Transport.(*http.Transport).DialContext = func(ctx context.Context, network, _ string) (net.Conn, error) {
		return (&net.Dialer{}).DialContext(ctx, network, relay.Addr().String())
	}
	w.t.Cleanup(func() {
		_ = relay.Close()
		l.cut()
		l.client.CloseIdleConnections()
		l.pipes.Wait()
	})
	return l
}

// pipe copies until an end is closed; a frozen line takes everything and passes nothing on.
func (l *line) pipe(to, from net.Conn) {
	buffer := make([]byte, 4096)
	for {
		n, err := from.Read(buffer)
		if err != nil {
			return
		}
		l.mu.Lock()
		frozen := l.frozen
		l.mu.Unlock()
		if !frozen {
			if _, err := to.Write(buffer[:n]); err != nil {
				return
			}
		}
	}
}

func (l *line) cut() {
	l.mu.Lock()
	defer l.mu.Unlock()
	for _, end := range l.ends {
		_ = end.Close()
	}
}

func (l *line) freeze() {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.frozen = true
}

// listen opens the guest's event stream over the line.
func (l *line) listen(g *guest) {
	over := *g
	over.RoomServiceClient = api.NewRoomServiceClient(l.client, l.w.URL(), connect.WithInterceptors(bearer(g.joined.GetSession())))
	over.listen()
}

func TestEvents_NewerStreamTakesOver(t *testing.T) {
	w := newWorld(t)
	ann := w.join("room1", "ann")
	first := ann.listen()
	second := ann.listen()
	_, err := first.end()
	wantCode(t, err, connect.CodeAborted)
	w.join("room1", "bob")
	if got := second.next().GetJoined().GetUserId(); got != "bob" {
		t.Errorf("the newer stream got %q", got)
	}
}

func TestEvents_Heartbeat(t *testing.T) {
	w := newWorld(t, func(c *Config) { c.timing.heartbeat = time.Millisecond })
	events := w.join("room1", "ann").listen()
	for range 3 {
		if !events.stream.Receive() || events.stream.Msg().GetHeartbeat() == nil {
			t.Fatalf("no heartbeat: %v, %v", events.stream.Msg(), events.stream.Err())
		}
	}
}

// burst makes the room publish n events in one go.
func (w *world) burst(room string, n int) {
	w.t.Helper()
	w.rooms.mu.Lock()
	here := w.rooms.byKey[roomKey{appA, room}]
	w.rooms.mu.Unlock()
	err := here.do(context.Background(), func() error {
		for range n {
			here.changed(here.members[0])
		}
		return nil
	})
	if err != nil {
		w.t.Error(err)
	}
}

func TestEvents_TooManyPendingCutsTheStream(t *testing.T) {
	w := newWorld(t, func(c *Config) { c.Limits.PendingEvents = 1 })
	ann := w.join("room1", "ann")
	events := ann.listen()
	over := make(chan error, 1)
	go func() {
		_, err := events.end()
		over <- err
	}()
	for cut := false; !cut; {
		w.burst("room1", 200)
		select {
		case err := <-over:
			wantCode(t, err, connect.CodeResourceExhausted)
			cut = true
		default:
		}
	}
	if _, err := ann.listen().follow(0); err != nil {
		t.Errorf("a new stream does not go on: %v", err)
	}
	if n := counterValue(t, w, "parlor_event_streams_cut_total"); n != 1 {
		t.Errorf("%v streams were counted as cut", n)
	}
}

// A client that does not read is cut off by the write deadline, and its member is lost.
func TestEvents_SlowReader(t *testing.T) {
	tests := []struct {
		name string
		open func(w *world, bob *guest) // opens a stream and does not read it
	}{
		{"HTTP1", func(w *world, bob *guest) {
			conn, err := net.Dial("tcp", w.HTTPAddr().String())
			if err != nil {
				t.Fatal(err)
			}
			w.t.Cleanup(func() { _ = conn.Close() })
			if err := conn.(*net.TCPConn).SetReadBuffer(4096); err != nil {
				t.Fatal(err)
			}
			request := "POST " + api.RoomServiceEventsProcedure + " HTTP/1.1\r\nHost: x\r\nContent-Type: application/connect+json\r\n" +
				"Authorization: Bearer " + bob.joined.GetSession() + "\r\nContent-Length: 7\r\n\r\n\x00\x00\x00\x00\x02{}"
			if _, err := conn.Write([]byte(request)); err != nil {
				t.Fatal(err)
			}
			if _, err := conn.Read(make([]byte, 1)); err != nil { // the stream is open
				t.Fatal(err)
			}
		}},
		{"HTTP2", func(w *world, bob *guest) {
			client := h2c()
			w.t.Cleanup(client.CloseIdleConnections)
			client.Transport.(*http.Transport).HTTP2 = &http.HTTP2Config{MaxReceiveBufferPerStream: 16 << 10}
			over := *bob
			over.RoomServiceClient = api.NewRoomServiceClient(client, w.URL(), connect.WithInterceptors(bearer(bob.joined.GetSession())))
			over.listen()
		}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			w := newWorld(t, func(c *Config) {
				c.timing.send = 50 * time.Millisecond
				c.Limits.PendingEvents = 1 << 20 // not what is tested
			})
			bob := w.join("room1", "bob")
			tt.open(w, bob)
			cut := make(chan struct{})
			go func() {
				w.clock.await(1, w.cfg.timing.grace)
				close(cut)
			}()
			for waiting := true; waiting; {
				select {
				case <-cut:
					waiting = false
				default:
					w.burst("room1", 500)
				}
			}
			if n := counterValue(t, w, "parlor_event_streams_cut_total"); n != 1 {
				t.Errorf("%v streams were counted as cut", n)
			}
		})
	}
}

func TestSender_Allowance(t *testing.T) {
	w := &sender{timeout: time.Second}
	if got := w.allowance(&api.Event{Body: &api.Event_Heartbeat{}}); got != time.Second {
		t.Errorf("a heartbeat: got %v", got)
	}
	snapshot := new(api.Snapshot)
	for range maxHistory {
		snapshot.Messages = append(snapshot.Messages, &api.Message{Text: strings.Repeat("a", api.MaxMessage)})
	}
	if got := w.allowance(&api.Event{Body: &api.Event_Snapshot{Snapshot: snapshot}}); got != 13*time.Second {
		t.Errorf("the largest snapshot: got %v", got)
	}
}

func TestEvents_GapCutsTheStream(t *testing.T) {
	w := newWorld(t)
	events := w.join("room1", "ann").listen()
	w.rooms.bus.publish(roomSubject(w.rooms.incarnation, roomKey{appA, "room1"}), &api.Event{Seq: 7})
	_, err := events.end()
	wantCode(t, err, connect.CodeUnavailable)
}

// The same calls go to a NATS cluster; when it is gone, streams are cut, and come back with it.
func TestEvents_ExternalNATS(t *testing.T) {
	start := func(port int) *natsserver.Server {
		nats, err := natsserver.NewServer(&natsserver.Options{Host: "127.0.0.1", Port: port, NoSigs: true, NoLog: true})
		if err != nil {
			t.Fatal(err)
		}
		nats.Start()
		if !nats.ReadyForConnections(10 * time.Second) {
			t.Fatal("NATS is not ready")
		}
		return nats
	}
	var nats *natsserver.Server
	w := newWorld(t, func(c *Config) {
		nats = start(natsserver.RANDOM_PORT)
		c.NATS = []string{nats.ClientURL()}
	})
	t.Cleanup(func() {
		nats.Shutdown()
		nats.WaitForShutdown()
	})
	port := nats.Addr().(*net.TCPAddr).Port
	ann := w.join("room1", "ann")
	events := ann.listen()
	w.join("room1", "bob")
	if got := events.next().GetJoined().GetUserId(); got != "bob" {
		t.Errorf("got %q", got)
	}
	nats.Shutdown()
	nats.WaitForShutdown()
	_, err := events.end()
	wantCode(t, err, connect.CodeUnavailable)
	again := ann.listen() // a snapshot needs no NATS
	if n := len(again.begin.GetMembers()); n != 2 {
		t.Errorf("the snapshot has %d members", n)
	}
	nats = start(port)
	w.join("room1", "cat")
	if got := again.next().GetJoined().GetUserId(); got != "cat" {
		t.Errorf("after NATS came back: got %q", got)
	}
}
