// Package impairment makes a client's own network worse than it is, for tests by hand and by script: it loses, delays and
// holds back datagrams in both directions, and cuts the signalling. While nothing is impaired a socket costs what the bare one
// does: datagrams go straight through, without a copy or a goroutine.
package impairment

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"math/rand/v2"
	"net"
	"net/http"
	"sync"
	"sync/atomic"
	"time"

	"github.com/pion/transport/v4"
	"github.com/pion/transport/v4/stdnet"

	"parlor/app/session"
)

const (
	// maxBacklog is how long a datagram may wait for the rate limit before it is dropped and counted.
	maxBacklog = 500 * time.Millisecond
	// maxCut is the longest cut.
	maxCut = time.Hour
)

// ErrCut is why no signalling connection can be made while the network is cut.
var ErrCut = errors.New("impairment: the network is cut on purpose")

// Conditions says what happens to each datagram, in each direction. The zero value is no impairment.
type Conditions struct {
	LossPercent float64 `json:"lossPercent"` // 0..100
	DelayMS     float64 `json:"delayMs"`     // up to 10,000; of signalling too, once per read and write
	JitterMS    float64 `json:"jitterMs"`    // up to 10,000; up to that much is added to the delay, evenly distributed
	RateKbps    float64 `json:"rateKbps"`    // 0: no limit
}

// check tells which field is out of range.
func (c Conditions) check() error {
	for _, f := range []struct {
		name       string
		value, max float64
	}{
		{"lossPercent", c.LossPercent, 100}, {"delayMs", c.DelayMS, 10_000}, {"jitterMs", c.JitterMS, 10_000}, {"rateKbps", c.RateKbps, 1e7},
	} {
		if err := checkRange(f.name, f.value, f.max); err != nil {
			return err
		}
	}
	return nil
}

func checkRange(name string, value, limit float64) error {
	if value >= 0 && value <= limit {
		return nil
	}
	return fmt.Errorf("%s should be 0..%.0f, but got %v", name, limit, value)
}

// Report is the conditions now, and the datagrams so far.
type Report struct {
	Conditions
	Passed   uint64 `json:"passed"`
	Lost     uint64 `json:"lost"`     // by lossPercent or cut
	Overflow uint64 `json:"overflow"` // by the rate limit or a full queue
}

// Network is this program's own network, worse than it is: UDP through transport.Net, signalling through RoundTripper. It
// starts without impairment. All methods are safe on any goroutine.
type Network struct {
	*stdnet.Net
	passed, lost, overflow atomic.Uint64
	clear                  atomic.Bool // nothing is impaired: the way past mu

	mu       sync.Mutex
	now      Conditions
	cutUntil time.Time
	up, down link
	calls    map[*signalConn]struct{}
}

// link is one direction of the network.
type link struct{ free time.Time } // when the rate limit lets the next datagram go

// New returns the machine's network without impairment.
func New() (*Network, error) {
	std, err := stdnet.NewNet()
	if err != nil {
		return nil, fmt.Errorf("impairment: %w", err)
	}
	n := &Network{Net: std, calls: make(map[*signalConn]struct{})}
	n.clear.Store(true)
	return n, nil
}

// Set changes the conditions from the next datagram on; what is under way arrives as it was to. Values out of range are an
// error and change nothing.
func (n *Network) Set(c Conditions) error {
	if err := c.check(); err != nil {
		return fmt.Errorf("impairment: %w", err)
	}
	n.mu.Lock()
	defer n.mu.Unlock()
	n.set(c)
	return nil
}

func (n *Network) set(c Conditions) {
	n.now = c
	n.refresh(time.Now())
}

// Cut drops all datagrams for so long, up to an hour, closes the signalling connections and refuses new ones with ErrCut.
// 0 ends a cut.
func (n *Network) Cut(d time.Duration) error {
	if d < 0 || d > maxCut {
		return fmt.Errorf("impairment: cut should be 0..%v, but got %v", maxCut, d)
	}
	n.mu.Lock()
	defer n.mu.Unlock()
	n.cut(d)
	return nil
}

func (n *Network) cut(d time.Duration) {
	now := time.Now()
	n.cutUntil = now.Add(d)
	n.refresh(now)
	if d <= 0 {
		return
	}
	for c := range n.calls {
		c.Conn.Close() // the reader finds out and closes the rest
	}
}

// refresh finds out whether datagrams can go past the lock. The caller holds mu.
func (n *Network) refresh(now time.Time) {
	n.clear.Store(n.now == Conditions{} && !now.Before(n.cutUntil))
}

// Impaired tells whether anything is made worse now.
func (n *Network) Impaired() bool {
	if n.clear.Load() {
		return false
	}
	n.mu.Lock()
	defer n.mu.Unlock()
	n.refresh(time.Now()) // a cut ends by itself
	return !n.clear.Load()
}

// Report returns the conditions and the counters.
func (n *Network) Report() Report {
	n.mu.Lock()
	defer n.mu.Unlock()
	return Report{n.now, n.passed.Load(), n.lost.Load(), n.overflow.Load()}
}

// Control is x-network {lossPercent, delayMs, jitterMs, rateKbps, cut}: what is not named stays as it is, cut is as Cut, in
// milliseconds. It returns a Report.
func (n *Network) Control(_ context.Context, params json.RawMessage) (any, error) {
	n.mu.Lock()
	want := struct {
		Conditions
		Cut *float64 `json:"cut"`
	}{Conditions: n.now}
	err := decode(params, &want)
	if err == nil {
		err = want.check()
	}
	if err == nil && want.Cut != nil {
		err = checkRange("cut", *want.Cut, float64(maxCut/time.Millisecond))
	}
	if err == nil {
		n.set(want.Conditions)
	}
	if err == nil && want.Cut != nil {
		n.cut(milliseconds(*want.Cut))
	}
	n.mu.Unlock()
	if err != nil {
		return nil, fmt.Errorf("params.%w", err)
	}
	return n.Report(), nil
}

func decode(params json.RawMessage, v any) error {
	if len(params) == 0 {
		return nil
	}
	d := json.NewDecoder(bytes.NewReader(params))
	d.DisallowUnknownFields()
	return d.Decode(v)
}

func milliseconds(ms float64) time.Duration { return time.Duration(ms * float64(time.Millisecond)) }

// schedule decides on one datagram; ok is false when it is dropped, which is counted.
func (n *Network) schedule(l *link, size int, now time.Time) (due time.Time, ok bool) {
	n.mu.Lock()
	defer n.mu.Unlock()
	n.refresh(now)
	if now.Before(n.cutUntil) || rand.Float64()*100 < n.now.LossPercent {
		n.lost.Add(1)
		return due, false
	}
	due = now
	if n.now.RateKbps > 0 {
		if l.free.After(now) {
			due = l.free
		}
		if due.Sub(now) > maxBacklog {
			n.overflow.Add(1)
			return due, false
		}
		due = due.Add(milliseconds(float64(size) * 8 / n.now.RateKbps))
		l.free = due
	}
	n.passed.Add(1)
	return due.Add(milliseconds(n.now.DelayMS + rand.Float64()*n.now.JitterMS)), true
}

// Interfaces lists the machine's interfaces as they are now.
func (n *Network) Interfaces() ([]*transport.Interface, error) {
	std, err := stdnet.NewNet()
	if err != nil {
		return nil, err
	}
	return std.Interfaces()
}

// ListenUDP opens an impaired socket.
func (n *Network) ListenUDP(name string, addr *net.UDPAddr) (transport.UDPConn, error) {
	c, err := net.ListenUDP(name, addr)
	if err != nil {
		return nil, err
	}
	return newUDPConn(n, c), nil
}

// ListenPacket opens an impaired socket when the network is UDP.
func (n *Network) ListenPacket(name, address string) (net.PacketConn, error) {
	c, err := n.Net.ListenPacket(name, address)
	if err != nil {
		return nil, err
	}
	if udp, ok := c.(*net.UDPConn); ok {
		return newUDPConn(n, udp), nil
	}
	return c, nil
}

// RoundTripper returns a transport for the signalling of one Session; its owner closes its idle connections.
func (n *Network) RoundTripper() *http.Transport {
	dialer := &net.Dialer{Timeout: 5 * time.Second}
	return session.NewTransport(func(ctx context.Context, name, address string) (net.Conn, error) {
		if n.isCut() {
			return nil, ErrCut
		}
		c, err := dialer.DialContext(ctx, name, address)
		if err != nil {
			return nil, err
		}
		return newSignalConn(n, c), nil
	})
}

func (n *Network) isCut() bool {
	n.mu.Lock()
	defer n.mu.Unlock()
	return time.Now().Before(n.cutUntil)
}
