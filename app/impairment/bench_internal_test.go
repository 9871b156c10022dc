//go:build unix

package impairment

import (
	"net"
	"net/netip"
	"syscall"
	"testing"
	"time"
)

// addrPortConn is a socket as Pion's ICE uses it.
type addrPortConn interface {
	ReadFromAddrPort(b []byte) (int, netip.AddrPort, error)
	WriteToAddrPort(b []byte, addr netip.AddrPort) (int, error)
}

// plainConn is a socket without a Network.
type plainConn struct{ *net.UDPConn }

func (c plainConn) ReadFromAddrPort(b []byte) (int, netip.AddrPort, error) {
	return c.ReadFromUDPAddrPort(b)
}

func (c plainConn) WriteToAddrPort(b []byte, addr netip.AddrPort) (int, error) {
	return c.WriteToUDPAddrPort(b, addr)
}

// BenchmarkSocket sends a packet of video to itself: what the network costs while nothing is impaired.
func BenchmarkSocket(b *testing.B) {
	n, err := New()
	if err != nil {
		b.Fatal(err)
	}
	near, far := pair(b, n)
	for _, side := range []struct {
		name string
		conn addrPortConn
		addr net.Addr
	}{{"ours", near.(addrPortConn), near.LocalAddr()}, {"peer:net", plainConn{far}, far.LocalAddr()}} {
		b.Run(side.name, func(b *testing.B) {
			packet, buf, to := make([]byte, 1200), make([]byte, 1500), side.addr.(*net.UDPAddr).AddrPort()
			b.ReportAllocs()
			start := cpuTime(b)
			for b.Loop() {
				if _, err := side.conn.WriteToAddrPort(packet, to); err != nil {
					b.Fatal(err)
				}
				if _, _, err := side.conn.ReadFromAddrPort(buf); err != nil {
					b.Fatal(err)
				}
			}
			b.ReportMetric(float64(cpuTime(b)-start)/float64(b.N), "cpu-ns/op")
		})
	}
}

// cpuTime is what the process has used so far, user and system.
func cpuTime(b *testing.B) time.Duration {
	var u syscall.Rusage
	if err := syscall.Getrusage(syscall.RUSAGE_SELF, &u); err != nil {
		b.Fatal(err)
	}
	return time.Duration(u.Utime.Nano() + u.Stime.Nano())
}
