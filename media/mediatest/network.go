package mediatest

import (
	"container/heap"
	"fmt"
	"math/rand/v2"
	"net"
	"sync"
	"sync/atomic"
	"time"

	"github.com/pion/logging"
	"github.com/pion/transport/v4"
	"github.com/pion/transport/v4/vnet"
)

const (
	networkCIDR = "10.0.0.0/24"
	maxHosts    = 200
	// maxInFlight bounds the packets that a host has under way: ten seconds of 10 Mbit/s. Further
	// ones are lost, and counted.
	maxInFlight = 10_000
)

// Conditions of the way out of a host. The zero value is a perfect network.
type Conditions struct {
	Loss   float64       // part of the packets that is lost, 0..1
	Delay  time.Duration // of each packet
	Jitter time.Duration // each packet is delayed by up to so much more, at random, and so overtaken
}

// Network is a virtual network of some hosts, whose conditions can be changed while it runs. No packet
// leaves the process.
type Network struct {
	router *vnet.Router
	hosts  []*Host
}

// NewNetwork starts a network; Close ends it.
func NewNetwork(hosts int) (*Network, error) {
	if hosts < 1 || hosts > maxHosts {
		return nil, fmt.Errorf("mediatest: network of %d hosts, want 1 to %d", hosts, maxHosts)
	}
	log := logging.NewDefaultLoggerFactory()
	log.DefaultLogLevel = logging.LogLevelDisabled // a full queue is no news here
	router, err := vnet.NewRouter(&vnet.RouterConfig{CIDR: networkCIDR, QueueSize: maxInFlight, LoggerFactory: log})
	if err != nil {
		return nil, err
	}
	n := &Network{router: router}
	for i := range hosts {
		ip := fmt.Sprintf("10.0.0.%d", 10+i)
		nic, err := vnet.NewNet(&vnet.NetConfig{StaticIPs: []string{ip}})
		if err != nil {
			return nil, err
		}
		if err := router.AddNet(nic); err != nil {
			return nil, err
		}
		n.hosts = append(n.hosts, newHost(nic, ip, uint64(i)))
	}
	if err := router.Start(); err != nil {
		return nil, err
	}
	for _, h := range n.hosts {
		h.wg.Go(h.deliver)
	}
	return n, nil
}

// Host returns a host, counted from 0.
func (n *Network) Host(i int) *Host { return n.hosts[i] }

// Set changes the conditions of all hosts.
func (n *Network) Set(c Conditions) {
	for _, h := range n.hosts {
		h.Set(c)
	}
}

// Close stops the network and waits for its goroutines; packets under way are lost.
func (n *Network) Close() error {
	for _, h := range n.hosts {
		h.close()
	}
	return n.router.Stop()
}

// Host is the network as one host sees it. It implements transport.Net.
type Host struct {
	transport.Net
	ip string

	mu         sync.Mutex
	conditions Conditions
	random     *rand.Rand
	under      inFlight
	sequence   uint64
	closed     bool

	wake chan struct{} // cap 1: one wake-up that is due says as much as many
	done chan struct{}
	wg   sync.WaitGroup

	sent, lost atomic.Uint64
}

func newHost(nic transport.Net, ip string, seed uint64) *Host {
	return &Host{
		Net: nic, ip: ip,
		random: rand.New(rand.NewPCG(seed, 1)), // the same losses each time
		wake:   make(chan struct{}, 1), done: make(chan struct{}),
	}
}

// IP returns the address of the host.
func (h *Host) IP() string { return h.ip }

// Set changes the conditions of what the host sends from now on.
func (h *Host) Set(c Conditions) {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.conditions = c
}

// Sent is the number of packets that went out or were lost, Lost of those that were lost.
func (h *Host) Sent() uint64 { return h.sent.Load() }

// Lost is the number of packets that the host sent and nobody will get.
func (h *Host) Lost() uint64 { return h.lost.Load() }

func (h *Host) close() {
	h.mu.Lock()
	first := !h.closed
	h.closed = true
	h.mu.Unlock()
	if first {
		close(h.done)
	}
	h.wg.Wait()
}

// packet is one that is under way.
type packet struct {
	due      time.Time
	sequence uint64 // keeps the order of packets that are due together
	write    func() error
}

// inFlight is a heap; the packet that is due next is first.
type inFlight []packet

func (f inFlight) Len() int { return len(f) }

func (f inFlight) Less(i, j int) bool {
	if !f[i].due.Equal(f[j].due) {
		return f[i].due.Before(f[j].due)
	}
	return f[i].sequence < f[j].sequence
}

func (f inFlight) Swap(i, j int) { f[i], f[j] = f[j], f[i] }

// Push implements heap.Interface.
func (f *inFlight) Push(x any) { *f = append(*f, x.(packet)) }

// Pop implements heap.Interface.
func (f *inFlight) Pop() any {
	last := len(*f) - 1
	p := (*f)[last]
	(*f)[last] = packet{}
	*f = (*f)[:last]
	return p
}

// send loses the packet, or hands it to write at once or when it is due. write gets a copy of
// data that is its own.
func (h *Host) send(data []byte, write func(data []byte) error) (int, error) {
	h.sent.Add(1)
	h.mu.Lock()
	c := h.conditions
	switch {
	case h.closed:
		h.mu.Unlock()
		return 0, net.ErrClosed
	case h.random.Float64() < c.Loss || len(h.under) >= maxInFlight:
		h.mu.Unlock()
		h.lost.Add(1)
		return len(data), nil
	case c.Delay <= 0 && c.Jitter <= 0 && len(h.under) == 0:
		h.mu.Unlock()
		return len(data), write(data)
	}
	defer h.mu.Unlock()
	delay := c.Delay
	if c.Jitter > 0 {
		delay += time.Duration(h.random.Int64N(int64(c.Jitter)))
	}
	data = append([]byte(nil), data...)
	h.sequence++
	heap.Push(&h.under, packet{due: time.Now().Add(delay), sequence: h.sequence, write: func() error { return write(data) }})
	select {
	case h.wake <- struct{}{}:
	default:
	}
	return len(data), nil
}

// deliver sends packets when they are due.
func (h *Host) deliver() {
	timer := time.NewTimer(time.Hour)
	defer timer.Stop()
	for {
		wait := time.Hour
		h.mu.Lock()
		if len(h.under) > 0 {
			wait = time.Until(h.under[0].due)
		}
		var p packet
		if wait <= 0 {
			p = heap.Pop(&h.under).(packet)
		}
		h.mu.Unlock()
		if p.write != nil {
			if p.write() != nil { // the socket was closed meanwhile
				h.lost.Add(1)
			}
			continue
		}
		timer.Reset(wait)
		select {
		case <-timer.C:
		case <-h.wake:
		case <-h.done:
			return
		}
	}
}

// ListenPacket implements transport.Net.
func (h *Host) ListenPacket(network, address string) (net.PacketConn, error) {
	local, err := h.ResolveUDPAddr(network, address)
	if err != nil {
		return nil, err
	}
	return h.ListenUDP(network, local)
}

// ListenUDP implements transport.Net.
func (h *Host) ListenUDP(network string, local *net.UDPAddr) (transport.UDPConn, error) {
	return h.wrap(h.Net.ListenUDP(network, local))
}

// DialUDP implements transport.Net.
func (h *Host) DialUDP(network string, local, remote *net.UDPAddr) (transport.UDPConn, error) {
	return h.wrap(h.Net.DialUDP(network, local, remote))
}

func (h *Host) wrap(conn transport.UDPConn, err error) (transport.UDPConn, error) {
	if err != nil {
		return nil, err
	}
	return &hostConn{UDPConn: conn, host: h}, nil
}

// Dial implements transport.Net.
func (h *Host) Dial(network, address string) (net.Conn, error) {
	remote, err := h.ResolveUDPAddr(network, address)
	if err != nil {
		return nil, err
	}
	return h.DialUDP(network, nil, remote)
}

// hostConn is a socket of a host.
type hostConn struct {
	transport.UDPConn
	host *Host
}

func (c *hostConn) Write(b []byte) (int, error) {
	return c.host.send(b, func(b []byte) error { _, err := c.UDPConn.Write(b); return err })
}

func (c *hostConn) WriteTo(b []byte, addr net.Addr) (int, error) {
	return c.host.send(b, func(b []byte) error { _, err := c.UDPConn.WriteTo(b, addr); return err })
}

func (c *hostConn) WriteToUDP(b []byte, addr *net.UDPAddr) (int, error) {
	return c.WriteTo(b, addr)
}

func (c *hostConn) WriteMsgUDP(b, oob []byte, addr *net.UDPAddr) (n, oobn int, err error) {
	n, err = c.WriteTo(b, addr)
	return n, len(oob), err
}
