package app

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net"
	"net/http"
	"strconv"
	"sync"
	"syscall"
	"time"

	"parlor/app/server"
)

// defaultListen is where the embedded server is looked for and started.
const defaultListen = "127.0.0.1:7880"

// hostConfig describes a host.
type hostConfig struct {
	Listen, UDP, Data string
	App               Credentials
	Log               *slog.Logger
}

// errTaken marks a port that something else has.
var errTaken = errors.New("the port is taken")

// host is the embedded server's place on this machine: the first program that runs has the server, the
// others use it, and when it goes away one of them takes over.
type host struct {
	cfg    hostConfig
	log    *slog.Logger
	ctx    context.Context
	cancel context.CancelFunc
	signal chan struct{} // cap 1: the server may be gone; one more says nothing new
	tasks  sync.WaitGroup
	turn   sync.Mutex // held while a server is started

	mu     sync.Mutex
	server *server.Server // nil while another program has it
	url    string
}

// newHost starts the server, or finds that another program has it.
func newHost(cfg hostConfig) (*host, error) {
	anywhere := cfg.Listen == ""
	if anywhere {
		cfg.Listen = defaultListen
	}
	if cfg.Log == nil {
		cfg.Log = slog.Default()
	}
	if cfg.UDP == "" {
		udp, err := mediaAddress(cfg.Listen)
		if err != nil {
			return nil, err
		}
		cfg.UDP = udp
	}
	h := &host{cfg: cfg, log: cfg.Log, signal: make(chan struct{}, 1)}
	err := h.serve()
	if err != nil && anywhere && errors.Is(err, errTaken) {
		// Nobody asked for this port: the program works on any other.
		cfg.Log.Warn("the usual port belongs to something else, using another", "error", err)
		h.cfg.Listen, h.cfg.UDP = "127.0.0.1:0", "127.0.0.1:0"
		err = h.serve()
	}
	if err != nil {
		return nil, err
	}
	h.ctx, h.cancel = context.WithCancel(context.Background())
	h.tasks.Go(h.keep)
	return h, nil
}

// mediaAddress is the host of the listening address with the port two above, or any port for port 0.
func mediaAddress(listen string) (string, error) {
	name, port, err := net.SplitHostPort(listen)
	if err != nil {
		return "", fmt.Errorf("--listen %q: %w", listen, err)
	}
	n, err := strconv.ParseUint(port, 10, 16)
	if err != nil {
		return "", fmt.Errorf("--listen %q: the port is not a number: %w", listen, err)
	}
	if n != 0 {
		n += 2
	}
	return net.JoinHostPort(name, strconv.FormatUint(n, 10)), nil
}

// serve starts the server, unless another Parlor answers on its address.
func (h *host) serve() error {
	s, err := server.New(server.Config{
		Listen: h.cfg.Listen, UDP: h.cfg.UDP, Apps: map[string]string{h.cfg.App.ID: h.cfg.App.Key},
		DataDir: h.cfg.Data, Log: h.log,
	})
	switch {
	case err == nil:
		h.mu.Lock()
		defer h.mu.Unlock()
		h.server, h.url = s, s.URL()
		h.log.Info("the embedded server is up", "url", h.url)
		return nil
	case !errors.Is(err, syscall.EADDRINUSE):
		return fmt.Errorf("the embedded server: %w", err)
	}
	url := "http://" + reachable(h.cfg.Listen)
	if healthErr := healthy(url, h.cfg.App.ID); healthErr != nil {
		return fmt.Errorf("the embedded server: %w, and it is not one for this app: %w (choose another with --listen, or name it with --server)",
			errors.Join(errTaken, err), healthErr)
	}
	h.mu.Lock()
	defer h.mu.Unlock()
	h.url = url
	h.log.Info("another Parlor on this machine has the server", "url", url)
	return nil
}

// reachable turns an address to listen on into one to call.
func reachable(listen string) string {
	name, port, err := net.SplitHostPort(listen)
	if err != nil {
		return listen
	}
	if ip := net.ParseIP(name); name == "" || ip != nil && ip.IsUnspecified() {
		name = "127.0.0.1"
	}
	return net.JoinHostPort(name, port)
}

// healthy asks a server whether it serves the app.
func healthy(url, app string) error {
	transport := new(http.Transport)
	defer transport.CloseIdleConnections()
	client := http.Client{Timeout: 2 * time.Second, Transport: transport}
	reply, err := client.Get(url + "/healthz?app=" + app)
	if err != nil {
		return err
	}
	defer reply.Body.Close()
	if _, err := io.Copy(io.Discard, io.LimitReader(reply.Body, 4096)); err != nil {
		return err
	}
	if reply.StatusCode != http.StatusOK {
		return fmt.Errorf("%s/healthz says %s", url, reply.Status)
	}
	return nil
}

// keep is the goroutine that takes over when the other program's server is gone.
func (h *host) keep() {
	for {
		select {
		case <-h.ctx.Done():
			return
		case <-h.signal:
		}
		h.takeOver()
	}
}

func (h *host) takeOver() {
	h.turn.Lock()
	defer h.turn.Unlock()
	if h.own() || healthy(h.URL(), h.cfg.App.ID) == nil {
		return
	}
	if err := h.serve(); err != nil {
		h.log.Warn("could not take the server over", "error", err)
	}
}

// restart ends the server of this program without a word to its members, as a crash would, and starts one in its place.
func (h *host) restart() error {
	h.turn.Lock()
	defer h.turn.Unlock()
	h.mu.Lock()
	s := h.server
	h.server = nil
	h.mu.Unlock()
	if s == nil {
		return errors.New("the server is not in this program")
	}
	h.cfg.Listen, h.cfg.UDP = samePort(h.cfg.Listen, s.HTTPAddr()), samePort(h.cfg.UDP, s.UDPAddr())
	if err := s.Close(); err != nil {
		h.log.Warn("the embedded server did not stop cleanly", "error", err)
	}
	return h.serve()
}

// samePort is a configured address with the port that was found for it.
func samePort(configured string, found net.Addr) string {
	name, _, err := net.SplitHostPort(configured)
	_, port, portErr := net.SplitHostPort(found.String())
	if err != nil || portErr != nil {
		return configured
	}
	return net.JoinHostPort(name, port)
}

// wake tells that the server does not answer.
func (h *host) wake() {
	select {
	case h.signal <- struct{}{}:
	default: // told already
	}
}

// URL is where clients of this program connect.
func (h *host) URL() string {
	h.mu.Lock()
	defer h.mu.Unlock()
	return h.url
}

// listens is the address that the embedded server was told to listen on.
func (h *host) listens() string { return h.cfg.Listen }

// own tells whether this program has the server.
func (h *host) own() bool {
	h.mu.Lock()
	defer h.mu.Unlock()
	return h.server != nil
}

// close stops the server, if this program has it; members are told.
func (h *host) close() {
	h.cancel()
	h.tasks.Wait()
	h.mu.Lock()
	s := h.server
	h.server = nil
	h.mu.Unlock()
	if s == nil {
		return
	}
	ctx, cancel := context.WithTimeout(context.Background(), time.Second)
	defer cancel()
	if err := s.Shutdown(ctx); err != nil {
		h.log.Warn("the embedded server did not stop cleanly", "error", err)
	}
	s.Close()
}
