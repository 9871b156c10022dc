package server

import (
	"bytes"
	"compress/gzip"
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/netip"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
	"time"

	"connectrpc.com/connect"

	"parlor/app/api"
)

// get reads a page of the server.
func (w *world) get(path string) (int, string) {
	w.t.Helper()
	response, err := w.http.Get(w.URL() + path)
	if err != nil {
		w.t.Fatal(err)
	}
	defer func() { _ = response.Body.Close() }()
	body, err := io.ReadAll(response.Body)
	if err != nil {
		w.t.Fatal(err)
	}
	return response.StatusCode, string(body)
}

// counterValue reads one number from /metrics.
func counterValue(t *testing.T, w *world, name string) float64 {
	t.Helper()
	_, text := w.get("/metrics")
	for line := range strings.Lines(text) {
		if rest, ok := strings.CutPrefix(strings.TrimSpace(line), name+" "); ok {
			n, err := strconv.ParseFloat(rest, 64)
			if err != nil {
				t.Fatal(err)
			}
			return n
		}
	}
	t.Fatalf("no metric %s in:\n%s", name, text)
	return 0
}

func TestServer_Pages(t *testing.T) {
	w := newWorld(t)
	for _, path := range []string{"/healthz", "/readyz", "/healthz?app=" + appA} {
		if code, body := w.get(path); code != 200 || body != "ok\n" {
			t.Errorf("%s: got %d %q", path, code, body)
		}
	}
	if code, _ := w.get("/parlor.v1.RoomService/Nothing"); code != http.StatusUnauthorized {
		t.Errorf("unknown call: got %d", code)
	}
	w.join("room1", "ann")
	w.join("room1", "bob")
	w.join("room2", "ann")
	_, _ = w.client("").Join(t.Context(), &api.JoinRequest{AppId: appA, RoomId: "room1", UserId: "ann"})
	for name, want := range map[string]float64{
		"parlor_rooms": 2, "parlor_members": 3, "parlor_sessions": 3, "parlor_panics_total": 0,
		`parlor_joins_total{result="ok"}`: 3, `parlor_joins_total{result="InvalidToken"}`: 1,
		"parlor_sfu_peers": 3, "parlor_sfu_packets_in_total": 17,
	} {
		if got := counterValue(t, w, name); got != want {
			t.Errorf("%s: got %v, want %v", name, got, want)
		}
	}
	w.rooms.mu.Lock()
	w.rooms.draining = true
	w.rooms.mu.Unlock()
	if code, _ := w.get("/readyz"); code != http.StatusServiceUnavailable {
		t.Errorf("/readyz while stopping: got %d", code)
	}
	_, err := w.client("").Join(t.Context(), &api.JoinRequest{AppId: appA, RoomId: "room1", UserId: "ann"})
	wantNative(t, err, "-1084")
	wantCode(t, err, connect.CodeUnavailable)
	w.rooms.mu.Lock()
	w.rooms.draining = false
	w.rooms.mu.Unlock()
}

// A page of another origin can join and read events with fetch, over HTTP/1.1 and JSON.
func TestServer_CrossOrigin(t *testing.T) {
	w := newWorld(t)
	ask, err := http.NewRequestWithContext(t.Context(), http.MethodOptions, w.URL()+api.RoomServiceEventsProcedure, nil)
	if err != nil {
		t.Fatal(err)
	}
	ask.Header.Set("Origin", "https://example.org")
	ask.Header.Set("Access-Control-Request-Method", "POST")
	ask.Header.Set("Access-Control-Request-Headers", "authorization,content-type,connect-protocol-version")
	client := &http.Client{Transport: &http.Transport{}}
	defer client.CloseIdleConnections()
	response, err := client.Do(ask)
	if err != nil {
		t.Fatal(err)
	}
	_ = response.Body.Close()
	allowed := strings.ToLower(response.Header.Get("Access-Control-Allow-Headers"))
	if response.StatusCode != http.StatusNoContent || response.Header.Get("Access-Control-Allow-Origin") != "*" ||
		!strings.Contains(allowed, "authorization") || !strings.Contains(allowed, "connect-protocol-version") {
		t.Errorf("preflight: got %d %v", response.StatusCode, response.Header)
	}
	body := fmt.Sprintf(`{"appId":%q,"roomId":"room1","userId":"ann","token":%q}`, appA, w.mint("room1", "ann"))
	post, err := http.NewRequestWithContext(t.Context(), http.MethodPost, w.URL()+api.RoomServiceJoinProcedure, strings.NewReader(body))
	if err != nil {
		t.Fatal(err)
	}
	post.Header.Set("Origin", "https://example.org")
	post.Header.Set("Content-Type", "application/json")
	response, err = client.Do(post)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = response.Body.Close() }()
	text, err := io.ReadAll(response.Body)
	if err != nil || response.StatusCode != 200 || !bytes.Contains(text, []byte(`"session"`)) || response.Header.Get("Access-Control-Allow-Origin") != "*" {
		t.Errorf("join: got %d %s, %v", response.StatusCode, text, err)
	}
}

func TestServer_LargeBodies(t *testing.T) {
	w := newWorld(t)
	ann := w.join("room1", "ann")
	var bomb bytes.Buffer
	zip := gzip.NewWriter(&bomb)
	if _, err := zip.Write(make([]byte, 32<<20)); err != nil {
		t.Fatal(err)
	}
	if err := zip.Close(); err != nil {
		t.Fatal(err)
	}
	// Each request gets a reader of its own: the transport may still read from it after the answer.
	endless := func(n int64) func() io.Reader { // of unknown length
		return func() io.Reader { return io.MultiReader(io.LimitReader(zeros{}, n)) }
	}
	known := func(data []byte) func() io.Reader { return func() io.Reader { return bytes.NewReader(data) } }
	tests := []struct {
		name      string
		procedure string
		encoding  string
		body      func() io.Reader
		want      int
	}{
		{"10 MB", api.RoomServiceJoinProcedure, "", known(make([]byte, 10<<20)), http.StatusRequestEntityTooLarge},
		{"10 MB of unknown length", api.RoomServiceJoinProcedure, "", endless(10 << 20), http.StatusRequestEntityTooLarge},
		{"just too much", api.RoomServiceSetLiveProcedure, "", known(make([]byte, maxBody+1)), http.StatusRequestEntityTooLarge},
		{"as much as an offer", api.RoomServiceNegotiateProcedure, "", known(make([]byte, maxBody+1)), http.StatusBadRequest},
		{"too much for an offer", api.RoomServiceNegotiateProcedure, "", known(make([]byte, maxNegotiateBody+1)), http.StatusRequestEntityTooLarge},
		{"bomb", api.RoomServiceJoinProcedure, "gzip", known(bomb.Bytes()), http.StatusTooManyRequests},
		{"garbage as gzip", api.RoomServiceJoinProcedure, "gzip", known([]byte("garbage")), http.StatusBadRequest},
		{"garbage", api.RoomServiceJoinProcedure, "", known([]byte("\xff\xff\xff")), http.StatusBadRequest},
		{"garbage for a stream", api.RoomServiceEventsProcedure, "", known([]byte("\xff\xff\xff")), http.StatusUnsupportedMediaType},
	}
	for _, protocol := range []struct {
		name   string
		client *http.Client
	}{{"HTTP1", &http.Client{Transport: &http.Transport{}}}, {"HTTP2", w.http}} {
		for _, tt := range tests {
			t.Run(protocol.name+" "+tt.name, func(t *testing.T) {
				req, err := http.NewRequestWithContext(t.Context(), http.MethodPost, w.URL()+tt.procedure, tt.body())
				if err != nil {
					t.Fatal(err)
				}
				req.Header.Set("Content-Type", "application/proto")
				req.Header.Set("Authorization", "Bearer "+ann.joined.GetSession())
				if tt.encoding != "" {
					req.Header.Set("Content-Encoding", tt.encoding)
				}
				response, err := protocol.client.Do(req)
				if err != nil { // the server may hang up on who goes on sending
					if tt.want != http.StatusRequestEntityTooLarge {
						t.Fatal(err)
					}
					return
				}
				_ = response.Body.Close()
				if response.StatusCode != tt.want {
					t.Errorf("got %d, want %d", response.StatusCode, tt.want)
				}
			})
		}
		protocol.client.CloseIdleConnections()
	}
}

type zeros struct{}

func (zeros) Read(p []byte) (int, error) { clear(p); return len(p), nil }

// A bomb is not inflated further than any message may be.
func TestBoundedGzip(t *testing.T) {
	var packed bytes.Buffer
	zip := gzip.NewWriter(&packed)
	if _, err := zip.Write(make([]byte, 8<<20)); err != nil {
		t.Fatal(err)
	}
	if err := zip.Close(); err != nil {
		t.Fatal(err)
	}
	var g boundedGzip
	for range 2 { // Connect uses them again
		if err := g.Reset(bytes.NewReader(packed.Bytes())); err != nil {
			t.Fatal(err)
		}
		n, err := io.Copy(io.Discard, &g)
		if n != maxNegotiateBody+1 {
			t.Errorf("inflated %d bytes", n)
		}
		wantCode(t, err, connect.CodeResourceExhausted)
	}
}

func TestServer_Limits(t *testing.T) {
	tests := []struct {
		name   string
		limits Limits
		rooms  []string // the last one is refused
		same   bool     // but the same user may come again
	}{
		{name: "members", limits: Limits{MembersPerRoom: 2}, rooms: []string{"a", "a", "b", "a"}, same: true},
		{name: "rooms", limits: Limits{Rooms: 2}, rooms: []string{"a", "b", "a", "c"}},
		{name: "sessions", limits: Limits{Sessions: 3}, rooms: []string{"a", "b", "c", "d"}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			w := newWorld(t, func(c *Config) { c.Limits = tt.limits })
			last := len(tt.rooms) - 1
			var guests []*guest
			for i, room := range tt.rooms[:last] {
				guests = append(guests, w.join(room, fmt.Sprint("user", i)))
			}
			if tt.same {
				guests[0] = w.join(tt.rooms[0], "user0")
			}
			join := func() error {
				_, err := w.client("").Join(t.Context(), &api.JoinRequest{AppId: appA, RoomId: tt.rooms[last], UserId: "late", Token: w.mint(tt.rooms[last], "late")})
				return err
			}
			err := join()
			wantCode(t, err, connect.CodeResourceExhausted)
			wantNative(t, err, "-1001")
			for _, g := range guests {
				if _, err := g.Exit(t.Context(), &api.ExitRequest{}); err != nil {
					t.Fatal(err)
				}
			}
			if err := join(); err != nil {
				t.Errorf("when all have left: %v", err)
			}
			if n := w.rooms.count(); n != 1 {
				t.Errorf("%d rooms are left", n)
			}
		})
	}
}

func TestAddressRate(t *testing.T) {
	clock := newHandClock()
	r := newAddressRate(2, clock)
	home := netip.MustParseAddr("2001:db8::1")
	for i := range 20 {
		if !r.allow(home) {
			t.Fatalf("join %d of the burst is refused", i)
		}
	}
	for name, want := range map[string]bool{"2001:db8::2": false, "2001:db8:0:1::1": true, "192.0.2.1": true, "::ffff:127.0.0.1": true, "127.0.0.1": true} {
		if got := r.allow(netip.MustParseAddr(name)); got != want {
			t.Errorf("%s: got %v", name, got)
		}
	}
	clock.turn(500 * time.Millisecond)
	if !r.allow(home) || r.allow(home) {
		t.Error("half a second should be one join")
	}
	addr := netip.MustParseAddr("10.0.0.0")
	for range maxBuckets + 100 {
		r.allow(addr)
		addr = addr.Next()
	}
	if n := len(r.buckets); n > maxBuckets+1 {
		t.Errorf("%d buckets", n)
	}
	clock.turn(time.Minute)
	r.allow(addr)
	if n := len(r.buckets); n != 1 {
		t.Errorf("%d buckets are left when all are full", n)
	}
}

func TestSessions_TombstonesAreBounded(t *testing.T) {
	all := newSessions(10)
	var first, last *session
	for i := range maxTombstones + 1 {
		s := &session{secret: fmt.Sprint(i), ended: make(chan struct{}), reason: api.EndReason_END_REASON_KICKED}
		if err := all.add(s); err != nil {
			t.Fatal(err)
		}
		all.remove(s)
		if first == nil {
			first = s
		}
		last = s
	}
	if _, known := all.find(first.secret); known || len(all.tombs) != maxTombstones {
		t.Errorf("the oldest is known: %v; %d are kept", known, len(all.tombs))
	}
	if c, known := all.find(last.secret); !known || c.session != nil || c.reason != api.EndReason_END_REASON_KICKED {
		t.Errorf("the newest: %v %v", c, known)
	}
}

func TestAnswer_CatchesPanics(t *testing.T) {
	w := newWorld(t)
	ann := w.join("room1", "ann")
	w.rooms.sfu = nil // calls on it panic
	_, err := ann.Negotiate(t.Context(), &api.NegotiateRequest{Connection: 1, Offer: "o"})
	w.rooms.sfu = w.sfu
	wantCode(t, err, connect.CodeInternal)
	if strings.Contains(err.Error(), "nil pointer") {
		t.Errorf("the panic is on the wire: %v", err)
	}
	var wire *connect.Error
	if !errors.As(err, &wire) || wire.Meta().Get("X-Request-Id") == "" {
		t.Error("the error has no request id")
	}
	if n := counterValue(t, w, "parlor_panics_total"); n != 1 {
		t.Errorf("counted %v panics", n)
	}
	w.publish(ann, 2)
}

func TestServer_Shutdown(t *testing.T) {
	w := newWorld(t)
	var streams []*listener
	for i := range 10 {
		streams = append(streams, w.join(fmt.Sprint("room", i%3), fmt.Sprint("user", i)).listen())
	}
	w.publish(w.join("room1", "publisher"), 1, api.Source_SOURCE_CAMERA)
	// HTTP/2 connections would stay for a second; whoever waits for them misses this deadline.
	ctx, cancel := context.WithTimeout(t.Context(), 900*time.Millisecond)
	defer cancel()
	if err := w.Shutdown(ctx); err != nil {
		t.Error(err)
	}
	if ctx.Err() != nil {
		t.Error("Shutdown took longer than its context")
	}
	for i, l := range streams {
		if reason, _ := l.end(); reason != api.EndReason_END_REASON_SERVER_STOPPING {
			t.Errorf("stream %d: got end %v", i, reason)
		}
	}
	if !w.sfu.closed || !w.sfu.peer(0).closed {
		t.Error("media goes on")
	}
	if _, err := w.http.Get(w.URL() + "/healthz"); err == nil {
		t.Error("the port is still served")
	}
	if err := w.Close(); err != nil {
		t.Error(err)
	}
}

func TestNew_Errors(t *testing.T) {
	w := newWorld(t)
	file := filepath.Join(t.TempDir(), "missing", "dir")
	tests := []struct {
		name string
		cfg  Config
		want string
	}{
		{"port in use", Config{Listen: w.HTTPAddr().String()}, "listen for the API"},
		{"bad address", Config{Listen: "nowhere"}, "listen for the API"},
		{"node id", Config{NodeID: "a b"}, "node id"},
		{"data directory", Config{DataDir: "/dev/null/x"}, "node id"},
		{"NATS", Config{NATS: []string{"nats://127.0.0.1:1"}}, "NATS"},
		{"UDP", Config{UDP: "nowhere"}, "media port"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			if tt.name != "UDP" {
				tt.cfg.sfu = newFakeSFU()
			}
			s, err := New(tt.cfg)
			if err == nil {
				_ = s.Close()
			}
			if err == nil || !strings.Contains(err.Error(), tt.want) {
				t.Errorf("got %v, want %q in it", err, tt.want)
			}
		})
	}
	first, err := nodeID("", file)
	if err != nil {
		t.Fatal(err)
	}
	if again, err := nodeID("", file); again != first || err != nil {
		t.Errorf("the node is called %q, then %q, %v", first, again, err)
	}
}

func TestServer_URL(t *testing.T) {
	s, err := New(Config{Listen: "0.0.0.0:0", sfu: newFakeSFU()})
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = s.Close() }()
	if !strings.HasPrefix(s.URL(), "http://127.0.0.1:") {
		t.Errorf("got %s", s.URL())
	}
}
