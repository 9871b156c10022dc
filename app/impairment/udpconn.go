package impairment

import (
	"bytes"
	"container/heap"
	"errors"
	"fmt"
	"io"
	"net"
	"net/netip"
	"os"
	"sync"
	"sync/atomic"
	"time"

	"github.com/pion/transport/v4"
)

const (
	// maxWaiting bounds the datagrams under way in one direction of a socket: 10 Mbit/s for one second.
	// More are dropped and counted, as a router does.
	maxWaiting = 1024
	// maxDatagram is the largest UDP payload, in bytes.
	maxDatagram = 65507
)

// datagram is one on its way.
type datagram struct {
	data []byte
	addr netip.AddrPort
	due  time.Time
}

// dueHeap implements heap.Interface: the datagram that is due next is first.
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

// add takes a copy of data; it returns false when there is no room.
func (h *dueHeap) add(data []byte, addr netip.AddrPort, due time.Time) bool {
	if len(*h) >= maxWaiting {
		return false
	}
	heap.Push(h, datagram{bytes.Clone(data), addr, due})
	return true
}

// take returns a datagram that is due, or how long it takes until one is; 0: none waits.
func (h *dueHeap) take() (p datagram, next time.Duration, ok bool) {
	if len(*h) == 0 {
		return p, 0, false
	}
	if next = time.Until((*h)[0].due); next > 0 {
		return p, next, false
	}
	return heap.Pop(h).(datagram), 0, true
}

// delayLine holds datagrams back until they are due. Its goroutine runs only while there are any.
type delayLine struct {
	deliver func(datagram)
	wake    chan struct{} // cap 1: something changed; once is enough
	closed  chan struct{}
	wg      sync.WaitGroup

	mu      sync.Mutex
	waiting dueHeap
	running bool
	over    bool
}

func newDelayLine(deliver func(datagram)) *delayLine {
	return &delayLine{deliver: deliver, wake: make(chan struct{}, 1), closed: make(chan struct{})}
}

// push takes a copy of data; it returns false when the line is full.
func (d *delayLine) push(data []byte, addr netip.AddrPort, due time.Time) bool {
	d.mu.Lock()
	defer d.mu.Unlock()
	if d.over || !d.waiting.add(data, addr, due) {
		return false
	}
	if !d.running {
		d.running = true
		d.wg.Go(d.run)
	}
	select {
	case d.wake <- struct{}{}:
	default:
	}
	return true
}

func (d *delayLine) run() {
	timer := time.NewTimer(time.Hour)
	defer timer.Stop()
	for {
		d.mu.Lock()
		p, next, ok := d.waiting.take()
		d.running = ok || next > 0
		d.mu.Unlock()
		if ok {
			d.deliver(p)
			continue
		}
		if next == 0 {
			return
		}
		timer.Reset(next)
		select {
		case <-timer.C:
		case <-d.wake:
		case <-d.closed:
			return
		}
	}
}

// close ends the line and waits; what is under way is lost.
func (d *delayLine) close() {
	d.mu.Lock()
	first := !d.over
	d.over = true
	d.mu.Unlock()
	if first {
		close(d.closed)
	}
	d.wg.Wait()
}

// udpConn is an impaired socket. What comes in is held back by its reader, who waits in the socket no longer than until the
// next datagram is due; what goes out by a delayLine. It implements AddrPortReaderWriter of Pion's ICE, which saves an
// address on the heap for each datagram.
type udpConn struct {
	transport.UDPConn // the same as socket, without the ways past the impairment that it has
	socket            *net.UDPConn
	n                 *Network
	out               *delayLine
	closed            atomic.Bool

	reading sync.Mutex // below: of one reader at a time
	waiting dueHeap

	deadlines sync.Mutex
	readBy    time.Time // the user's, zero: none
	dueBy     time.Time // of the first in waiting, zero: none waits
}

func newUDPConn(n *Network, conn *net.UDPConn) *udpConn {
	c := &udpConn{UDPConn: conn, socket: conn, n: n}
	c.out = newDelayLine(func(p datagram) {
		conn.WriteToUDPAddrPort(p.data, p.addr) // an error is a lost datagram
	})
	return c
}

// ReadFromAddrPort reads the next datagram that is due.
func (c *udpConn) ReadFromAddrPort(b []byte) (int, netip.AddrPort, error) {
	c.reading.Lock()
	defer c.reading.Unlock()
	for {
		if len(c.waiting) > 0 {
			if c.expired() {
				return 0, netip.AddrPort{}, os.ErrDeadlineExceeded
			}
			if p, _, ok := c.waiting.take(); ok {
				c.await()
				return copy(b, p.data), p.addr, nil
			}
		}
		k, addr, err := c.socket.ReadFromUDPAddrPort(b)
		if err != nil {
			if errors.Is(err, os.ErrDeadlineExceeded) && !c.expired() {
				continue // the deadline was that of a datagram
			}
			return 0, addr, err
		}
		if c.n.clear.Load() {
			c.n.passed.Add(1)
			return k, addr, nil
		}
		now := time.Now()
		due, ok := c.n.schedule(&c.n.down, k, now)
		switch {
		case !ok:
		case !due.After(now):
			return k, addr, nil
		case c.waiting.add(b[:k], addr, due):
			c.await()
		default:
			c.n.overflow.Add(1)
		}
	}
}

// await lets a read of the socket end when the first datagram that waits is due. The caller holds reading.
func (c *udpConn) await() {
	var due time.Time
	if len(c.waiting) > 0 {
		due = c.waiting[0].due
	}
	c.deadlines.Lock()
	defer c.deadlines.Unlock()
	if !due.Equal(c.dueBy) {
		c.dueBy = due
		c.arm()
	}
}

// arm sets the socket's deadline to the earlier of both. The caller holds deadlines.
func (c *udpConn) arm() error {
	by := c.readBy
	if !c.dueBy.IsZero() && (by.IsZero() || c.dueBy.Before(by)) {
		by = c.dueBy
	}
	return c.socket.SetReadDeadline(by)
}

// expired tells whether the user's deadline has passed.
func (c *udpConn) expired() bool {
	c.deadlines.Lock()
	defer c.deadlines.Unlock()
	return !c.readBy.IsZero() && !time.Now().Before(c.readBy)
}

// ReadFrom implements net.PacketConn.
func (c *udpConn) ReadFrom(b []byte) (int, net.Addr, error) {
	k, addr, err := c.ReadFromUDP(b)
	if err != nil {
		return k, nil, err
	}
	return k, addr, nil
}

// ReadFromUDP implements transport.UDPConn.
func (c *udpConn) ReadFromUDP(b []byte) (int, *net.UDPAddr, error) {
	k, addr, err := c.ReadFromAddrPort(b)
	if err != nil {
		return k, nil, err
	}
	return k, net.UDPAddrFromAddrPort(addr), nil
}

// ReadMsgUDP implements transport.UDPConn; there is no out-of-band data.
func (c *udpConn) ReadMsgUDP(b, _ []byte) (n, oobn, flags int, addr *net.UDPAddr, err error) {
	n, addr, err = c.ReadFromUDP(b)
	return n, 0, 0, addr, err
}

// Read implements net.Conn.
func (c *udpConn) Read(b []byte) (int, error) {
	k, _, err := c.ReadFromAddrPort(b)
	return k, err
}

// WriteToAddrPort sends a datagram. It reports success for what is lost on the way, as UDP does.
func (c *udpConn) WriteToAddrPort(b []byte, addr netip.AddrPort) (int, error) {
	addr = netip.AddrPortFrom(addr.Addr().Unmap(), addr.Port()) // IPv4 sockets take no mapped addresses
	if c.n.clear.Load() {
		c.n.passed.Add(1)
		return c.socket.WriteToUDPAddrPort(b, addr)
	}
	if c.closed.Load() {
		return 0, net.ErrClosed
	}
	if len(b) > maxDatagram {
		return 0, io.ErrShortWrite
	}
	now := time.Now()
	due, ok := c.n.schedule(&c.n.up, len(b), now)
	switch {
	case !ok:
	case !due.After(now):
		return c.socket.WriteToUDPAddrPort(b, addr)
	case !c.out.push(b, addr, due):
		c.n.overflow.Add(1)
	}
	return len(b), nil
}

// WriteTo implements net.PacketConn.
func (c *udpConn) WriteTo(b []byte, addr net.Addr) (int, error) {
	udp, ok := addr.(*net.UDPAddr)
	if !ok {
		return 0, fmt.Errorf("impairment: write to %v: no UDP address", addr)
	}
	return c.WriteToAddrPort(b, udp.AddrPort())
}

// WriteToUDP implements transport.UDPConn.
func (c *udpConn) WriteToUDP(b []byte, addr *net.UDPAddr) (int, error) {
	return c.WriteToAddrPort(b, addr.AddrPort())
}

// WriteMsgUDP implements transport.UDPConn; out-of-band data is not sent.
func (c *udpConn) WriteMsgUDP(b, _ []byte, addr *net.UDPAddr) (n, oobn int, err error) {
	n, err = c.WriteToUDP(b, addr)
	return n, 0, err
}

// SetDeadline implements net.Conn.
func (c *udpConn) SetDeadline(t time.Time) error {
	return errors.Join(c.SetReadDeadline(t), c.SetWriteDeadline(t))
}

// SetReadDeadline implements net.Conn.
func (c *udpConn) SetReadDeadline(t time.Time) error {
	c.deadlines.Lock()
	defer c.deadlines.Unlock()
	c.readBy = t
	return c.arm()
}

// Close closes the socket and waits for its goroutine; what is under way is lost.
func (c *udpConn) Close() error {
	c.closed.Store(true)
	err := c.socket.Close()
	c.out.close()
	return err
}
