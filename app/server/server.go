// Package server is the authority: it checks tokens, keeps the rooms, forwards media, and tells
// every member what happens. Clients reach it by the RPCs of app/api on one TCP port (HTTP/1.1
// and HTTP/2 without TLS) and by one UDP port for all media.
//
// Each room is a single-writer loop. What it decides is published on the bus, numbered per room,
// and relayed by one handler per event stream; a stream begins with a snapshot and is cut off
// rather than continued with a gap.
package server

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"maps"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"regexp"
	"sync"
	"time"

	"connectrpc.com/connect"
	"github.com/pion/transport/v4"

	"parlor/app/api"
	"parlor/media/sfu"
)

// Config describes a Server.
type Config struct {
	Listen    string            // TCP address of the API; "" is 127.0.0.1:0, port 0 picks a free one
	UDP       string            // UDP address of all media; "" is 127.0.0.1:0, port 0 picks a free one
	Advertise []string          // further IP addresses for media candidates (NAT 1:1)
	Apps      map[string]string // the key of each app id (T-1, T-8)
	NodeID    string            // name of this node: letters, digits, - and _; "" is the one kept in DataDir, else random
	NATS      []string          // URLs of an external cluster; empty: embedded, in process
	DataDir   string            // keeps the node id between starts; "" keeps nothing
	Limits    Limits
	// IgnorePrivileges lets every valid token publish and subscribe, as the cloud did before SDK 3.50
	// (T-20). By default privileges are enforced.
	IgnorePrivileges bool
	Net              transport.Net // nil is the machine's network; media only
	Log              *slog.Logger  // nil is slog.Default

	clock  clock     // nil is the wall clock
	timing timing    // zero values are the defaults
	sfu    forwarder // nil is a real one
}

// Server is a running server.
type Server struct {
	cfg      Config
	rooms    *rooms
	http     *http.Server
	listener net.Listener
	udp      net.Addr
	log      *slog.Logger

	requests *inFlight
	serving  sync.WaitGroup // the accept loop
	cancel   context.CancelFunc
	stop     sync.Once
	stopped  error
}

// New listens and serves; the server is ready when it returns. Shutdown or Close ends it.
func New(cfg Config) (_ *Server, err error) {
	cfg = cfg.orDefaults()
	if cfg.NodeID, err = nodeID(cfg.NodeID, cfg.DataDir); err != nil {
		return nil, err
	}
	s := &Server{cfg: cfg, log: cfg.Log, requests: newInFlight()}
	var opened []func()
	defer func() {
		for i := len(opened) - 1; err != nil && i >= 0; i-- {
			opened[i]()
		}
	}()
	if s.listener, err = listen(cfg.Listen); err != nil {
		return nil, fmt.Errorf("listen for the API: %w", err)
	}
	opened = append(opened, func() { _ = s.listener.Close() })
	media := cfg.sfu
	if media == nil {
		forward, err := sfu.New(sfu.Config{Listen: cfg.UDP, Advertise: cfg.Advertise, Net: cfg.Net, Log: cfg.Log})
		if err != nil {
			return nil, fmt.Errorf("open the media port: %w", err)
		}
		opened = append(opened, func() { _ = forward.Close() })
		s.udp, media = forward.Addr(), pionForwarder{forward}
	}
	events, err := newBus(cfg.NodeID, cfg.NATS, cfg.Log)
	if err != nil {
		return nil, err
	}
	s.rooms = newRooms(cfg, media, events)
	s.serve()
	return s, nil
}

func (cfg Config) orDefaults() Config {
	if cfg.Listen == "" {
		cfg.Listen = "127.0.0.1:0"
	}
	if cfg.UDP == "" {
		cfg.UDP = "127.0.0.1:0"
	}
	if cfg.Log == nil {
		cfg.Log = slog.Default()
	}
	if cfg.clock == nil {
		cfg.clock = wallClock{}
	}
	cfg.Apps = maps.Clone(cfg.Apps)
	cfg.Limits = cfg.Limits.orDefaults()
	cfg.timing = cfg.timing.orDefaults()
	return cfg
}

func newRooms(cfg Config, media forwarder, events *bus) *rooms {
	r := &rooms{
		apps: cfg.Apps, ignorePrivileges: cfg.IgnorePrivileges,
		node: cfg.NodeID, incarnation: newID(),
		limits: cfg.Limits, timing: cfg.timing, clock: cfg.clock,
		bus: events, sfu: media, sessions: newSessions(cfg.Limits.Sessions),
		joinRate: newAddressRate(cfg.Limits.JoinsPerSecond, cfg.clock),
		metrics:  newMetrics(), log: cfg.Log,
		byKey: make(map[roomKey]*room),
	}
	r.metrics.watch(r)
	return r
}

// healthz says that the process serves. With ?app=ID it also says whether that app may use the server, for
// programs that look for the right one.
func (s *Server) healthz(w http.ResponseWriter, r *http.Request) {
	if app := r.URL.Query().Get("app"); app != "" {
		if _, known := s.cfg.Apps[app]; !known {
			http.Error(w, api.NoSuchApp, http.StatusNotFound)
			return
		}
	}
	_, _ = io.WriteString(w, "ok\n")
}

// serve starts to accept.
func (s *Server) serve() {
	ctx, cancel := context.WithCancel(context.Background())
	s.cancel = cancel
	timing := s.cfg.timing
	protocols := new(http.Protocols)
	protocols.SetHTTP1(true)
	protocols.SetUnencryptedHTTP2(true)
	s.http = &http.Server{
		Handler:           s.handler(),
		BaseContext:       func(net.Listener) context.Context { return ctx },
		ReadHeaderTimeout: timing.call,
		IdleTimeout:       2 * time.Minute,
		MaxHeaderBytes:    maxHeader,
		Protocols:         protocols,
		HTTP2: &http.HTTP2Config{
			MaxConcurrentStreams: 250, // a client needs two, a proxy more
			SendPingTimeout:      timing.ping,
			PingTimeout:          timing.ping,
			WriteByteTimeout:     timing.send,
		},
		ErrorLog: slog.NewLogLogger(s.log.Handler(), slog.LevelDebug), // what clients do wrong
	}
	s.serving.Go(func() {
		if err := s.http.Serve(s.listener); !errors.Is(err, http.ErrServerClosed) {
			s.log.Error("the API is not served any more", "err", err)
		}
	})
}

func (s *Server) handler() http.Handler {
	r := s.rooms
	interceptor := &answer{timeout: s.cfg.timing.call, metrics: r.metrics, log: s.log}
	options := interceptor.options()
	mux := http.NewServeMux()
	rpc := func(path string, next http.Handler) {
		mux.Handle(path, &gate{
			sessions: r.sessions, bodyTime: s.cfg.timing.call,
			errors: connect.NewErrorWriter(options...), next: next,
		})
	}
	rpc(api.NewRoomServiceHandler(r, options...))
	rpc(api.NewAdminServiceHandler(admin{r}, options...))
	mux.HandleFunc("GET /healthz", s.healthz)
	mux.HandleFunc("GET /readyz", func(w http.ResponseWriter, _ *http.Request) {
		if r.stopping() {
			http.Error(w, "stopping", http.StatusServiceUnavailable)
			return
		}
		_, _ = io.WriteString(w, "ok\n")
	})
	mux.Handle("GET /metrics", r.metrics.handler())
	all := crossOrigin(mux)
	return http.HandlerFunc(func(w http.ResponseWriter, req *http.Request) {
		if !s.requests.enter() {
			http.Error(w, "stopped", http.StatusServiceUnavailable)
			return
		}
		defer s.requests.leave()
		all.ServeHTTP(w, req)
	})
}

// HTTPAddr is the address of the API.
func (s *Server) HTTPAddr() net.Addr { return s.listener.Addr() }

// UDPAddr is the address of the media port.
func (s *Server) UDPAddr() net.Addr { return s.udp }

// NodeID is the name of this node.
func (s *Server) NodeID() string { return s.rooms.node }

// URL is the base URL of the API as seen from this machine.
func (s *Server) URL() string {
	host, port, err := net.SplitHostPort(s.HTTPAddr().String())
	if err != nil {
		return "http://" + s.HTTPAddr().String()
	}
	if ip := net.ParseIP(host); ip != nil && ip.IsUnspecified() {
		host = "127.0.0.1"
	}
	return "http://" + net.JoinHostPort(host, port)
}

// Shutdown refuses new members, tells the present ones that the server stops, and ends everything that
// New started. When ctx is done it does not wait for answers any longer. Members that do not
// answer do not delay it; it takes well below a second. Its first result is the result of
// every further call, of Close too.
func (s *Server) Shutdown(ctx context.Context) error {
	s.stop.Do(func() { s.stopped = s.shutdown(ctx) })
	return s.stopped
}

// Close is Shutdown without waiting for clients.
func (s *Server) Close() error {
	ctx, cancel := context.WithCancel(context.Background())
	cancel()
	return s.Shutdown(ctx)
}

func (s *Server) shutdown(ctx context.Context) error {
	s.rooms.close()
	quiet, cancel := context.WithTimeout(ctx, s.cfg.timing.quiet)
	defer cancel()
	// HTTP/2 connections stay for a second after their last stream, which nobody waits for.
	err := s.http.Shutdown(quiet)
	if err != nil {
		s.cancel()
		err = s.http.Close()
	}
	s.cancel()
	s.serving.Wait()
	s.requests.close()
	s.rooms.background.Wait()
	err = errors.Join(err, s.rooms.sfu.Close())
	s.rooms.bus.close()
	return err
}

// inFlight counts the handlers under way; net/http does not wait for them in Close.
type inFlight struct {
	mu     sync.Mutex
	idle   *sync.Cond
	n      int
	closed bool
}

func newInFlight() *inFlight {
	f := &inFlight{}
	f.idle = sync.NewCond(&f.mu)
	return f
}

func (f *inFlight) enter() bool {
	f.mu.Lock()
	defer f.mu.Unlock()
	if f.closed {
		return false
	}
	f.n++
	return true
}

func (f *inFlight) leave() {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.n--
	f.idle.Broadcast()
}

// close refuses further handlers and waits for the present ones.
func (f *inFlight) close() {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.closed = true
	for f.n > 0 {
		f.idle.Wait()
	}
}

// Sizes and times of accepted connections.
const (
	sendBuffer = 64 << 10 // the kernel would keep up to 4 MiB for a slow client
	// A dead client is found after probeIdle+unanswered at the latest, by the kernel, with HTTP/1.1 too.
	probeIdle  = 2 * time.Second
	unanswered = 4 * time.Second
)

// tuned sets up the connections that it accepts.
type tuned struct{ *net.TCPListener }

func listen(address string) (net.Listener, error) {
	config := net.ListenConfig{KeepAliveConfig: net.KeepAliveConfig{
		Enable: true, Idle: probeIdle, Interval: time.Second, Count: int(unanswered / time.Second),
	}}
	config.SetMultipathTCP(false) // TCP_USER_TIMEOUT fails with it
	listener, err := config.Listen(context.Background(), "tcp", address)
	if err != nil {
		return nil, err
	}
	return tuned{listener.(*net.TCPListener)}, nil
}

// Accept implements net.Listener.
func (t tuned) Accept() (net.Conn, error) {
	conn, err := t.AcceptTCP()
	if err != nil {
		return nil, err
	}
	if err := errors.Join(conn.SetWriteBuffer(sendBuffer), setUnanswered(conn, unanswered)); err != nil {
		_ = conn.Close() // gone already
	}
	return conn, nil
}

// nodeID returns the name that was given, else the one in dir, else a new one, which it keeps in dir.
func nodeID(given, dir string) (string, error) {
	valid := regexp.MustCompile(`^[A-Za-z0-9_-]{1,64}$`)
	if given != "" {
		if !valid.MatchString(given) {
			return "", fmt.Errorf("node id %.80q should be 1 to 64 letters, digits, - and _", given)
		}
		return given, nil
	}
	fresh := "n" + newID()[:8]
	if dir == "" {
		return fresh, nil
	}
	path := filepath.Join(dir, "node-id")
	kept, err := os.ReadFile(path)
	switch {
	case errors.Is(err, os.ErrNotExist):
		if err := os.MkdirAll(dir, 0o700); err != nil {
			return "", fmt.Errorf("data directory: %w", err)
		}
		return fresh, os.WriteFile(path, []byte(fresh), 0o600)
	case err != nil:
		return "", fmt.Errorf("node id: %w", err)
	case !valid.Match(kept):
		return "", fmt.Errorf("node id in %s is damaged", path)
	}
	return string(kept), nil
}
