package impairment

import (
	"net"
	"sync"
	"time"
)

// signalConn is one signalling connection.
type signalConn struct {
	net.Conn
	n      *Network
	once   sync.Once
	closed chan struct{}
}

func newSignalConn(n *Network, conn net.Conn) *signalConn {
	c := &signalConn{Conn: conn, n: n, closed: make(chan struct{})}
	n.mu.Lock()
	defer n.mu.Unlock()
	n.calls[c] = struct{}{}
	return c
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
	if c.n.clear.Load() {
		return
	}
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
