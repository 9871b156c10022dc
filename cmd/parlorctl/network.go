package main

import (
	"bytes"
	"container/heap"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"math/rand/v2"
	"net"
	"net/http"
	"os"
	"sync"
	"sync/atomic"
	"time"

	"github.com/pion/transport/v4"
	"github.com/pion/transport/v4/deadline"
	"github.com/pion/transport/v4/stdnet"

	"parlor/app/session"
)

const (
	// lineLength bounds the datagrams under way in one direction of a socket: 10 Mbit/s for one second.
	// More are dropped and counted, as a router does.
	lineLength = 1024
	// maxBacklog is how long a datagram may wait for the rate limit before it is dropped and counted.
	maxBacklog = 500 * time.Millisecond
	// maxDatagram is the largest UDP payload, in bytes.
	maxDatagram = 65507
)

var errCut = errors.New("the network is cut by x-network")

// impairment says what happens to each datagram, in each direction.
type impairment struct {
	LossPercent float64 `json:"lossPercent"` // 0..100
	DelayMS     float64 `json:"delayMs"`
	JitterMS    float64 `json:"jitterMs"` // up to that much is added to the delay, evenly distributed
	RateKbps    float64 `json:"rateKbps"` // 0: no limit
}

// networkReport is the answer to x-network: the impairment now, and the datagrams so far.
type networkReport struct {
	impairment
	Passed   uint64 `json:"passed"`
	Lost     uint64 `json:"lost"`     // by lossPercent or cut
	Overflow uint64 `json:"overflow"` // by the rate limit or a full queue
}

// network is this client's own network, worse than it is: UDP through transport.Net, signalling through
// roundTripper. It starts without impairment.
type network struct {
	*stdnet.Net
	passed, lost, overflow atomic.Uint64

	mu       sync.Mutex
	now      impairment
	cutUntil time.Time
	up, down link
	calls    map[*signalConn]struct{}
}

// link is one direction of the network.
type link struct{ free time.Time } // when the rate limit lets the next datagram go

func newNetwork() (*network, error) {
	std, err := stdnet.NewNet()
	if err != nil {
		return nil, err
	}
	return &network{Net: std, calls: make(map[*signalConn]struct{})}, nil
}

// control is x-network {lossPercent, delayMs, jitterMs, rateKbps, cut}: what is not named stays as it
// is. cut drops all datagrams for that many milliseconds, closes the signalling connections and refuses new
// ones; delay applies to signalling, too, once per read and write.
func (n *network) control(_ context.Context, params json.RawMessage) (any, error) {
	n.mu.Lock()
	defer n.mu.Unlock()
	want := struct {
		impairment
		Cut *float64 `json:"cut"`
	}{impairment: n.now}
	if len(params) > 0 {
		d := json.NewDecoder(bytes.NewReader(params))
		d.DisallowUnknownFields()
		if err := d.Decode(&want); err != nil {
			return nil, err
		}
	}
	cut := 0.0
	if want.Cut != nil {
		cut = *want.Cut
	}
	for _, p := range []struct {
		name       string
		value, max float64
	}{
		{"lossPercent", want.LossPercent, 100}, {"delayMs", want.DelayMS, 10_000}, {"jitterMs", want.JitterMS, 10_000},
		{"rateKbps", want.RateKbps, 1e7}, {"cut", cut, 3_600_000},
	} {
		if p.value < 0 || p.value > p.max {
			return nil, fmt.Errorf("params.%s should be 0..%.0f, but got %v", p.name, p.max, p.value)
		}
	}
	n.now = want.impairment
	if want.Cut != nil {
		n.cutUntil = time.Now().Add(milliseconds(cut))
	}
	if cut > 0 {
		for c := range n.calls {
			c.Conn.Close() // the reader finds out and closes the rest
		}
	}
	return networkReport{n.now, n.passed.Load(), n.lost.Load(), n.overflow.Load()}, nil
}

func milliseconds(ms float64) time.Duration { return time.Duration(ms * float64(time.Millisecond)) }

// schedule decides on one datagram; ok is false when it is dropped, which is counted.
func (n *network) schedule(l *link, size int, now time.Time) (due time.Time, ok bool) {
	n.mu.Lock()
	defer n.mu.Unlock()
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
func (n *network) Interfaces() ([]*transport.Interface, error) {
	std, err := stdnet.NewNet()
	if err != nil {
		return nil, err
	}
	return std.Interfaces()
}

// ListenUDP opens an impaired socket.
func (n *network) ListenUDP(name string, addr *net.UDPAddr) (transport.UDPConn, error) {
	c, err := n.Net.ListenUDP(name, addr)
	if err != nil {
		return nil, err
	}
	return newUDPConn(n, c), nil
}

// ListenPacket opens an impaired socket when the network is UDP.
func (n *network) ListenPacket(name, address string) (net.PacketConn, error) {
	c, err := n.Net.ListenPacket(name, address)
	if err != nil {
		return nil, err
	}
	if udp, ok := c.(*net.UDPConn); ok {
		return newUDPConn(n, udp), nil
	}
	return c, nil
}

// roundTripper is the transport of the signalling; its owner closes its idle connections.
func (n *network) roundTripper() *http.Transport {
	dialer := &net.Dialer{Timeout: 5 * time.Second}
	return session.NewTransport(func(ctx context.Context, name, address string) (net.Conn, error) {
		n.mu.Lock()
		cut := time.Now().Before(n.cutUntil)
		n.mu.Unlock()
		if cut {
			return nil, errCut
		}
		c, err := dialer.DialContext(ctx, name, address)
		if err != nil {
			return nil, err
		}
		s := &signalConn{Conn: c, n: n, closed: make(chan struct{})}
		n.mu.Lock()
		n.calls[s] = struct{}{}
		n.mu.Unlock()
		return s, nil
	})
}

// signalConn is one signalling connection.
type signalConn struct {
	net.Conn
	n      *network
	once   sync.Once
	closed chan struct{}
}

// Read waits for the delay after the data came.
func (c *signalConn) Read(b []byte) (int, error) {
	k, err := c.Conn.Read(b)
	if k > 0 {
		c.wait()
	}
	return k, err
}

// Write waits for the delay before the data go.
func (c *signalConn) Write(b []byte) (int, error) {
	c.wait()
	return c.Conn.Write(b)
}

func (c *signalConn) wait() {
	c.n.mu.Lock()
	d := milliseconds(c.n.now.DelayMS)
	c.n.mu.Unlock()
	if d == 0 {
		return
	}
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-timer.C:
	case <-c.closed:
	}
}

// Close closes the connection and ends a wait.
func (c *signalConn) Close() error {
	c.once.Do(func() {
		close(c.closed)
		c.n.mu.Lock()
		delete(c.n.calls, c)
		c.n.mu.Unlock()
	})
	return c.Conn.Close()
}

// datagram is one on its way.
type datagram struct {
	data []byte
	addr net.Addr
	due  time.Time
}

// delayLine holds datagrams back until they are due.
type delayLine struct {
	n       *network
	link    *link
	deliver func(datagram)
	wake    chan struct{} // cap 1: something changed; once is enough
	closed  chan struct{}
	done    chan struct{}

	mu      sync.Mutex
	waiting dueHeap
}

func newDelayLine(n *network, l *link, deliver func(datagram)) *delayLine {
	d := &delayLine{
		n: n, link: l, deliver: deliver,
		wake: make(chan struct{}, 1), closed: make(chan struct{}), done: make(chan struct{}),
	}
	go d.run()
	return d
}

// push takes a copy of data. What is due at once goes on the caller's goroutine.
func (d *delayLine) push(data []byte, addr net.Addr) {
	now := time.Now()
	due, ok := d.n.schedule(d.link, len(data), now)
	if !ok {
		return
	}
	p := datagram{bytes.Clone(data), addr, due}
	if !due.After(now) {
		d.deliver(p)
		return
	}
	d.mu.Lock()
	full := len(d.waiting) >= lineLength
	if !full {
		heap.Push(&d.waiting, p)
	}
	d.mu.Unlock()
	if full {
		d.n.overflow.Add(1)
		return
	}
	select {
	case d.wake <- struct{}{}:
	default:
	}
}

func (d *delayLine) run() {
	defer close(d.done)
	timer := time.NewTimer(0)
	defer timer.Stop()
	for {
		select {
		case <-timer.C:
		case <-d.wake:
		case <-d.closed:
			return
		}
		for {
			p, next, ok := d.pop()
			if ok {
				d.deliver(p)
				continue
			}
			if next > 0 {
				timer.Reset(next)
			}
			break
		}
	}
}

// pop returns a datagram that is due, or how long it takes until one is; 0: none waits.
func (d *delayLine) pop() (p datagram, next time.Duration, ok bool) {
	d.mu.Lock()
	defer d.mu.Unlock()
	if len(d.waiting) == 0 {
		return p, 0, false
	}
	if next = time.Until(d.waiting[0].due); next > 0 {
		return p, next, false
	}
	return heap.Pop(&d.waiting).(datagram), 0, true
}

// close ends the line and waits; what is under way is lost.
func (d *delayLine) close() {
	close(d.closed)
	<-d.done
}

// dueHeap implements heap.Interface.
type dueHeap []datagram

func (h dueHeap) Len() int           { return len(h) }
func (h dueHeap) Less(i, j int) bool { return h[i].due.Before(h[j].due) }
func (h dueHeap) Swap(i, j int)      { h[i], h[j] = h[j], h[i] }
func (h *dueHeap) Push(x any)        { *h = append(*h, x.(datagram)) }
func (h *dueHeap) Pop() any {
	last := len(*h) - 1
	p := (*h)[last]
	(*h)[last] = datagram{}
	*h = (*h)[:last]
	return p
}

// udpConn is an impaired socket.
type udpConn struct {
	transport.UDPConn
	out, in  *delayLine
	received chan datagram // cap lineLength: as a socket buffer; full: dropped and counted
	deadline *deadline.Deadline
	closed   chan struct{}
	once     sync.Once
	pumped   chan struct{} // closed when pump has ended
	err      error         // why pump ended; read after pumped
}

func newUDPConn(n *network, conn transport.UDPConn) *udpConn {
	c := &udpConn{
		UDPConn: conn, received: make(chan datagram, lineLength), deadline: deadline.New(),
		closed: make(chan struct{}), pumped: make(chan struct{}),
	}
	c.out = newDelayLine(n, &n.up, func(p datagram) {
		conn.WriteTo(p.data, p.addr) // an error is a lost datagram
	})
	c.in = newDelayLine(n, &n.down, func(p datagram) {
		select {
		case c.received <- p:
		default:
			n.overflow.Add(1)
		}
	})
	go c.pump()
	return c
}

// pump reads the socket until it is closed.
func (c *udpConn) pump() {
	defer close(c.pumped)
	buf := make([]byte, maxDatagram)
	for {
		k, addr, err := c.UDPConn.ReadFrom(buf)
		if err != nil {
			c.err = err
			return
		}
		c.in.push(buf[:k], addr)
	}
}

// ReadFrom implements net.PacketConn.
func (c *udpConn) ReadFrom(b []byte) (int, net.Addr, error) {
	select {
	case <-c.deadline.Done(): // passed already: then what is there is not read
		return 0, nil, os.ErrDeadlineExceeded
	default:
	}
	select {
	case p := <-c.received:
		return copy(b, p.data), p.addr, nil
	case <-c.deadline.Done():
		return 0, nil, os.ErrDeadlineExceeded
	case <-c.pumped:
		return 0, nil, c.err
	case <-c.closed:
		return 0, nil, net.ErrClosed
	}
}

// ReadFromUDP implements transport.UDPConn.
func (c *udpConn) ReadFromUDP(b []byte) (int, *net.UDPAddr, error) {
	k, addr, err := c.ReadFrom(b)
	udp, _ := addr.(*net.UDPAddr)
	return k, udp, err
}

// ReadMsgUDP implements transport.UDPConn; there is no out-of-band data.
func (c *udpConn) ReadMsgUDP(b, _ []byte) (n, oobn, flags int, addr *net.UDPAddr, err error) {
	n, addr, err = c.ReadFromUDP(b)
	return n, 0, 0, addr, err
}

// Read implements net.Conn.
func (c *udpConn) Read(b []byte) (int, error) {
	k, _, err := c.ReadFrom(b)
	return k, err
}

// WriteTo implements net.PacketConn. It reports success for what is lost on the way, as UDP does.
func (c *udpConn) WriteTo(b []byte, addr net.Addr) (int, error) {
	select {
	case <-c.closed:
		return 0, net.ErrClosed
	default:
	}
	if len(b) > maxDatagram {
		return 0, io.ErrShortWrite
	}
	c.out.push(b, addr)
	return len(b), nil
}

// WriteToUDP implements transport.UDPConn.
func (c *udpConn) WriteToUDP(b []byte, addr *net.UDPAddr) (int, error) { return c.WriteTo(b, addr) }

// WriteMsgUDP implements transport.UDPConn; out-of-band data is not sent.
func (c *udpConn) WriteMsgUDP(b, _ []byte, addr *net.UDPAddr) (n, oobn int, err error) {
	n, err = c.WriteTo(b, addr)
	return n, 0, err
}

// SetDeadline implements net.Conn; writes never block.
func (c *udpConn) SetDeadline(t time.Time) error { return c.SetReadDeadline(t) }

// SetReadDeadline implements net.Conn.
func (c *udpConn) SetReadDeadline(t time.Time) error {
	c.deadline.Set(t)
	return nil
}

// SetWriteDeadline implements net.Conn; writes never block.
func (c *udpConn) SetWriteDeadline(time.Time) error { return nil }

// Close closes the socket and waits; what is under way is lost.
func (c *udpConn) Close() error {
	err := net.ErrClosed
	c.once.Do(func() {
		close(c.closed)
		err = c.UDPConn.Close()
		<-c.pumped
		c.out.close()
		c.in.close()
		c.deadline.Set(time.Time{})
	})
	return err
}
