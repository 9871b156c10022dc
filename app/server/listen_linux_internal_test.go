package server

import (
	"net"
	"syscall"
	"testing"
)

func TestTuned_DeadPeersAreFound(t *testing.T) {
	l, err := listen("127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = l.Close() }()
	client, err := net.Dial("tcp", l.Addr().String())
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = client.Close() }()
	conn, err := l.Accept()
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = conn.Close() }()
	raw, err := conn.(*net.TCPConn).SyscallConn()
	if err != nil {
		t.Fatal(err)
	}
	options := []struct {
		name                string
		level, option, want int
	}{
		{name: "TCP_USER_TIMEOUT, ms", level: syscall.IPPROTO_TCP, option: tcpUserTimeout, want: 4000},
		{name: "SO_KEEPALIVE", level: syscall.SOL_SOCKET, option: syscall.SO_KEEPALIVE, want: 1},
		{name: "TCP_KEEPIDLE, s", level: syscall.IPPROTO_TCP, option: syscall.TCP_KEEPIDLE, want: 2},
		{name: "TCP_KEEPINTVL, s", level: syscall.IPPROTO_TCP, option: syscall.TCP_KEEPINTVL, want: 1},
		{name: "SO_SNDBUF, bytes, which Linux doubles", level: syscall.SOL_SOCKET, option: syscall.SO_SNDBUF, want: 2 * sendBuffer},
	}
	for _, o := range options {
		var got int
		if controlErr := raw.Control(func(fd uintptr) { got, err = syscall.GetsockoptInt(int(fd), o.level, o.option) }); controlErr != nil || err != nil {
			t.Fatalf("%s: %v, %v", o.name, controlErr, err)
		}
		if got != o.want {
			t.Errorf("%s: got %d, want %d", o.name, got, o.want)
		}
	}
}
