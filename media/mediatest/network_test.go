package mediatest_test

import (
	"fmt"
	"net"
	"testing"
	"time"

	"github.com/pion/transport/v4"
	"github.com/pion/transport/v4/test"

	"parlor/media/mediatest"
)

func newNetwork(t *testing.T) (n *mediatest.Network, from, to transport.UDPConn) {
	t.Helper()
	limit := test.TimeOut(10 * time.Second)
	t.Cleanup(func() { limit.Stop() })
	t.Cleanup(test.CheckRoutines(t)) // runs after the closing below
	n, err := mediatest.NewNetwork(2)
	if err != nil {
		t.Fatal(err)
	}
	address := func(i int) *net.UDPAddr { return &net.UDPAddr{IP: net.ParseIP(n.Host(i).IP()), Port: 5000} }
	if to, err = n.Host(1).ListenUDP("udp4", address(1)); err != nil {
		t.Fatal(err)
	}
	if from, err = n.Host(0).DialUDP("udp4", address(0), address(1)); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		for _, c := range []interface{ Close() error }{from, to, n} {
			if err := c.Close(); err != nil {
				t.Error(err)
			}
		}
	})
	return n, from, to
}

func send(t *testing.T, from transport.UDPConn, first, count int) {
	t.Helper()
	for i := first; i < first+count; i++ {
		if _, err := fmt.Fprintf(from, "%d", i); err != nil {
			t.Fatal(err)
		}
	}
}

// receive reads until the packet "end" comes.
func receive(t *testing.T, to transport.UDPConn) (got []string) {
	t.Helper()
	b := make([]byte, 100)
	for {
		n, _, err := to.ReadFrom(b)
		if err != nil {
			t.Fatal(err)
		}
		if string(b[:n]) == "end" {
			return got
		}
		got = append(got, string(b[:n]))
	}
}

func end(t *testing.T, n *mediatest.Network, from transport.UDPConn) {
	t.Helper()
	n.Set(mediatest.Conditions{})
	if _, err := from.Write([]byte("end")); err != nil {
		t.Fatal(err)
	}
}

func TestNetwork_Perfect(t *testing.T) {
	n, from, to := newNetwork(t)
	send(t, from, 0, 100)
	end(t, n, from)
	got := receive(t, to)
	for i, p := range got {
		if p != fmt.Sprint(i) {
			t.Fatalf("packet %d: got %q", i, p)
		}
	}
	if len(got) != 100 || n.Host(0).Lost() != 0 || n.Host(0).Sent() != 101 {
		t.Errorf("got %d packets, %d lost of %d", len(got), n.Host(0).Lost(), n.Host(0).Sent())
	}
}

func TestNetwork_Loss(t *testing.T) {
	n, from, to := newNetwork(t)
	n.Set(mediatest.Conditions{Loss: 0.2})
	send(t, from, 0, 1000)
	end(t, n, from)
	got := len(receive(t, to))
	lost := int(n.Host(0).Lost())
	if got+lost != 1000 || lost < 150 || lost > 250 {
		t.Errorf("got %d packets, %d lost; want 1000 together, about 200 lost", got, lost)
	}
	n.Host(0).Set(mediatest.Conditions{Loss: 1})
	send(t, from, 0, 10)
	end(t, n, from)
	if got := receive(t, to); len(got) != 0 {
		t.Errorf("got %v from a cut network", got)
	}
}

func TestNetwork_DelayKeepsOrder(t *testing.T) {
	n, from, to := newNetwork(t)
	const delay = 50 * time.Millisecond
	start := time.Now()
	n.Set(mediatest.Conditions{Delay: delay})
	send(t, from, 0, 50)
	end(t, n, from) // without delay: it overtakes all
	if got := receive(t, to); len(got) != 0 {
		t.Errorf("%d packets came before their time", len(got))
	}
	b := make([]byte, 100)
	for i := range 50 {
		k, _, err := to.ReadFrom(b)
		if err != nil {
			t.Fatal(err)
		}
		if got, want := string(b[:k]), fmt.Sprint(i); got != want {
			t.Fatalf("got packet %s, want %s", got, want)
		}
		if took := time.Since(start); took < delay {
			t.Fatalf("packet %d took %v, less than %v", i, took, delay)
		}
	}
}

func TestNetwork_JitterReorders(t *testing.T) {
	n, from, to := newNetwork(t)
	n.Set(mediatest.Conditions{Jitter: 30 * time.Millisecond})
	send(t, from, 0, 100)
	b, seen, inOrder := make([]byte, 100), make(map[string]bool), true
	for i := range 100 {
		k, _, err := to.ReadFrom(b)
		if err != nil {
			t.Fatal(err)
		}
		inOrder = inOrder && string(b[:k]) == fmt.Sprint(i)
		seen[string(b[:k])] = true
	}
	if len(seen) != 100 || inOrder {
		t.Errorf("got %d different packets, in order: %v; want 100 in disorder", len(seen), inOrder)
	}
}

func TestNetwork_CloseWithPacketsUnderWay(t *testing.T) {
	n, from, _ := newNetwork(t)
	n.Set(mediatest.Conditions{Delay: time.Hour})
	send(t, from, 0, 20) // the test is that closing does not wait for them
}
