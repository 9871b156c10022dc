package impairment

import (
	"context"
	"encoding/json"
	"errors"
	"io"
	"math"
	"net"
	"net/http"
	"net/http/httptest"
	"net/netip"
	"os"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/pion/transport/v4"
	"github.com/pion/transport/v4/test"
)

func mustNetwork(t *testing.T) *Network {
	t.Helper()
	n, err := New()
	if err != nil {
		t.Fatal(err)
	}
	return n
}

func impair(t *testing.T, n *Network, params string) Report {
	t.Helper()
	res, err := n.Control(t.Context(), json.RawMessage(params))
	if err != nil {
		t.Fatal(err)
	}
	return res.(Report)
}

func TestNetwork_Control(t *testing.T) {
	n := mustNetwork(t)
	impair(t, n, `{"lossPercent":5,"delayMs":20}`)
	if got, want := impair(t, n, `{"rateKbps":100}`).Conditions, (Conditions{LossPercent: 5, DelayMS: 20, RateKbps: 100}); got != want {
		t.Errorf("got %+v, want %+v", got, want)
	}
	for _, tt := range []struct{ params, want string }{
		{`{"lossPercent":101}`, "params.lossPercent should be 0..100, but got 101"},
		{`{"delayMs":-1}`, "params.delayMs should be 0..10000, but got -1"},
		{`{"jitterMs":1e9}`, "params.jitterMs should be 0..10000, but got 1e+09"},
		{`{"cut":-5}`, "params.cut should be 0..3600000, but got -5"},
		{`{"loss":5}`, `json: unknown field "loss"`},
		{`{"delayMs":"5"}`, "json: cannot unmarshal string"},
	} {
		if _, err := n.Control(t.Context(), json.RawMessage(tt.params)); err == nil || !strings.Contains(err.Error(), tt.want) {
			t.Errorf("%s: got %v, want %s", tt.params, err, tt.want)
		}
	}
	if got, want := impair(t, n, ``).Conditions, (Conditions{LossPercent: 5, DelayMS: 20, RateKbps: 100}); got != want {
		t.Errorf("after refused calls %+v, want %+v", got, want)
	}
}

func TestNetwork_Schedule(t *testing.T) {
	ms := func(list ...int) (durations []time.Duration) {
		for _, v := range list {
			durations = append(durations, time.Duration(v)*time.Millisecond)
		}
		return durations
	}
	tests := []struct {
		name, params string
		want         []time.Duration // of eight datagrams of 1000 bytes sent at once; those dropped are missing
		report       Report
	}{
		{"nothing", `{}`, ms(0, 0, 0, 0, 0, 0, 0, 0), Report{Passed: 8}},
		{"delay", `{"delayMs":30}`, ms(30, 30, 30, 30, 30, 30, 30, 30), Report{Passed: 8}},
		{"rate", `{"rateKbps":80,"delayMs":5}`, ms(105, 205, 305, 405, 505, 605), Report{Passed: 6, Overflow: 2}},
		{"loss", `{"lossPercent":100}`, nil, Report{Lost: 8}},
		{"cut", `{"cut":1000}`, nil, Report{Lost: 8}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				n := mustNetwork(t)
				impair(t, n, tt.params)
				var got []time.Duration
				for range 8 {
					if due, ok := n.schedule(&n.up, 1000, time.Now()); ok {
						got = append(got, time.Until(due))
					}
				}
				if !slices.Equal(got, tt.want) {
					t.Errorf("due after %v, want %v", got, tt.want)
				}
				tt.report.Conditions = n.now
				if got := impair(t, n, `{}`); got != tt.report {
					t.Errorf("counters %+v, want %+v", got, tt.report)
				}
			})
		})
	}
	t.Run("jitter and part of the loss", func(t *testing.T) {
		n := mustNetwork(t)
		impair(t, n, `{"delayMs":10,"jitterMs":20,"lossPercent":50}`)
		now := time.Now()
		for range 10_000 {
			if due, ok := n.schedule(&n.up, 1000, now); ok && (due.Sub(now) < 10*time.Millisecond || due.Sub(now) > 30*time.Millisecond) {
				t.Fatalf("due after %v, want 10..30 ms", due.Sub(now))
			}
		}
		if lost := n.lost.Load(); lost < 4700 || lost > 5300 { // six standard deviations
			t.Errorf("%d of 10000 were lost, want about half", lost)
		}
	})
}

func TestDelayLine(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		start := time.Now()
		var got []string
		line := newDelayLine(func(p datagram) {
			got = append(got, string(p.data)+" "+time.Since(start).String())
		})
		push := func(text string, after time.Duration) bool {
			return line.push([]byte(text), netip.AddrPort{}, time.Now().Add(after))
		}
		buf := []byte("late")
		line.push(buf, netip.AddrPort{}, start.Add(100*time.Millisecond))
		copy(buf, "XXXX") // the line has a copy
		push("early", 50*time.Millisecond)
		time.Sleep(200 * time.Millisecond) // of the bubble; the line is empty and rests meanwhile
		push("again", 10*time.Millisecond)
		time.Sleep(100 * time.Millisecond)
		overflow := 0
		for range maxWaiting + 2 {
			if !push("full", time.Second) {
				overflow++
			}
		}
		line.close()
		line.close()
		if push("after the end", 0) {
			t.Error("took a datagram after the end")
		}
		if want := []string{"early 50ms", "late 100ms", "again 210ms"}; !slices.Equal(got, want) {
			t.Errorf("delivered %q, want %q", got, want)
		}
		if overflow != 2 {
			t.Errorf("%d overflowed, want 2", overflow)
		}
	})
}

func TestNetwork_ListenUDP(t *testing.T) {
	defer test.CheckRoutines(t)()
	defer test.TimeOut(20 * time.Second).Stop()
	n := mustNetwork(t)
	near, far := pair(t, n)
	if _, err := near.WriteTo([]byte("ping"), far.LocalAddr()); err != nil {
		t.Fatal(err)
	}
	buf := make([]byte, 100)
	k, addr, err := far.ReadFrom(buf)
	if err != nil || string(buf[:k]) != "ping" || addr.String() != near.LocalAddr().String() {
		t.Fatalf("far end got %q from %v, %v", buf[:k], addr, err)
	}
	impair(t, n, `{"delayMs":5,"jitterMs":5}`)
	if _, err := far.WriteTo([]byte("pong"), addr); err != nil {
		t.Fatal(err)
	}
	if k, addr, err = near.ReadFrom(buf); err != nil || string(buf[:k]) != "pong" || addr.String() != far.LocalAddr().String() {
		t.Fatalf("near end got %q from %v, %v", buf[:k], addr, err)
	}
	near.SetReadDeadline(time.Now().Add(-time.Second))
	if _, _, err := near.ReadFrom(buf); !errors.Is(err, os.ErrDeadlineExceeded) {
		t.Errorf("after the deadline: %v", err)
	}
	near.SetReadDeadline(time.Time{})
	impair(t, n, `{"cut":60000}`)
	if k, err := near.WriteTo([]byte("lost"), far.LocalAddr()); k != 4 || err != nil {
		t.Errorf("a lost datagram: %d, %v, want success", k, err)
	}
	blocked := make(chan error)
	go func() {
		_, _, err := near.ReadFrom(make([]byte, 100))
		blocked <- err
	}()
	near.Close()
	if err := <-blocked; !errors.Is(err, net.ErrClosed) {
		t.Errorf("a read ended by Close: %v", err)
	}
	if _, err := near.WriteTo([]byte("x"), far.LocalAddr()); !errors.Is(err, net.ErrClosed) {
		t.Errorf("a write after Close: %v", err)
	}
	if r := impair(t, n, `{}`); r.Passed != 2 || r.Lost != 1 || r.Overflow != 0 {
		t.Errorf("counters %+v, want 2 passed, 1 lost", r)
	}
}

// TestUDPConn_In: what comes in late is read in the order in which it is due, before the reader's deadline.
func TestUDPConn_In(t *testing.T) {
	defer test.CheckRoutines(t)()
	defer test.TimeOut(20 * time.Second).Stop()
	n := mustNetwork(t)
	near, far := pair(t, n)
	buf := make([]byte, 10)
	send := func(text, params string) {
		t.Helper()
		before := n.Report()
		impair(t, n, params)
		if _, err := far.WriteTo([]byte(text), near.LocalAddr()); err != nil {
			t.Fatal(err)
		}
		near.SetReadDeadline(time.Now().Add(time.Millisecond))
		for n.Report().Passed == before.Passed { // it is on its way, not in the socket
			if k, _, err := near.ReadFrom(buf); !errors.Is(err, os.ErrDeadlineExceeded) {
				t.Fatalf("read %q, %v before anything is due", buf[:k], err)
			}
			near.SetReadDeadline(time.Now().Add(time.Millisecond))
		}
		near.SetReadDeadline(time.Time{})
	}
	send("last", `{"delayMs":2000}`)
	send("first", `{"delayMs":500}`)
	impair(t, n, `{"delayMs":0}`)
	for _, want := range []string{"first", "last"} {
		if k, addr, err := near.ReadFrom(buf); err != nil || string(buf[:k]) != want || addr.String() != far.LocalAddr().String() {
			t.Fatalf("got %q from %v, %v, want %q", buf[:k], addr, err, want)
		}
	}
	near.SetDeadline(time.Now().Add(-time.Second))
	if _, _, err := near.ReadFrom(buf); !errors.Is(err, os.ErrDeadlineExceeded) {
		t.Errorf("after the deadline: %v", err)
	}
	near.SetDeadline(time.Time{})
	send("waits", `{"delayMs":10000}`)
	near.SetReadDeadline(time.Now().Add(time.Millisecond))
	if _, _, err := near.ReadFrom(buf); !errors.Is(err, os.ErrDeadlineExceeded) {
		t.Errorf("while a datagram waits: %v", err)
	}
}

// pair opens an impaired socket, and a plain one as its other end.
func pair(t testing.TB, n *Network) (near transport.UDPConn, far *net.UDPConn) {
	t.Helper()
	loopback := &net.UDPAddr{IP: net.IPv4(127, 0, 0, 1)}
	far, err := net.ListenUDP("udp4", loopback)
	if err != nil {
		t.Fatal(err)
	}
	if near, err = n.ListenUDP("udp4", loopback); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		far.Close()
		near.Close()
	})
	return near, far
}

func TestUDPConn_Refuses(t *testing.T) {
	n := mustNetwork(t)
	near, far := pair(t, n)
	if _, err := near.WriteTo([]byte("x"), &net.TCPAddr{IP: net.IPv4(127, 0, 0, 1), Port: 1}); err == nil {
		t.Error("a TCP address: no error")
	}
	for _, params := range []string{`{}`, `{"delayMs":1}`} {
		impair(t, n, params)
		if _, err := near.WriteTo(make([]byte, maxDatagram+1), far.LocalAddr()); err == nil {
			t.Errorf("%s: a datagram of 64 KiB: no error", params)
		}
	}
}

func TestNetwork_Set(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		n := mustNetwork(t)
		check := func(what string, want bool) {
			t.Helper()
			if got := n.Impaired(); got != want {
				t.Errorf("%s: impaired is %v, want %v", what, got, want)
			}
		}
		check("at the start", false)
		if err := errors.Join(n.Set(Conditions{LossPercent: 5}), n.Set(Conditions{LossPercent: 6})); err != nil {
			t.Fatal(err)
		}
		check("with loss", true)
		for _, c := range []Conditions{{LossPercent: 101}, {DelayMS: -1}, {JitterMS: math.NaN()}, {RateKbps: math.Inf(1)}} {
			if err := n.Set(c); err == nil {
				t.Errorf("%+v: no error", c)
			}
		}
		if got := n.Report().LossPercent; got != 6 {
			t.Errorf("loss %v %%, want 6", got)
		}
		if err := n.Set(Conditions{}); err != nil {
			t.Fatal(err)
		}
		check("without loss", false)
		if n.Cut(-1) == nil || n.Cut(maxCut+1) == nil {
			t.Error("a cut of no sense: no error")
		}
		if err := n.Cut(time.Second); err != nil {
			t.Fatal(err)
		}
		check("cut", true)
		time.Sleep(time.Second) // of the bubble
		check("after the cut", false)
		if err := errors.Join(n.Cut(time.Minute), n.Cut(0)); err != nil {
			t.Fatal(err)
		}
		check("after a cut that was ended", false)
	})
}

func TestNetwork_RoundTripper(t *testing.T) {
	defer test.CheckRoutines(t)()
	defer test.TimeOut(20 * time.Second).Stop()
	n := mustNetwork(t)
	arrived, release := make(chan struct{}, 1), make(chan struct{})
	server := httptest.NewUnstartedServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.URL.Path == "/slow" {
			arrived <- struct{}{}
			<-release
		}
		io.WriteString(w, r.Proto)
	}))
	server.Config.Protocols = new(http.Protocols)
	server.Config.Protocols.SetUnencryptedHTTP2(true)
	server.Start()
	defer server.Close()
	defer close(release)
	transport := n.RoundTripper()
	defer transport.CloseIdleConnections()
	get := func(path string) (string, error) {
		r, err := http.NewRequestWithContext(context.Background(), "GET", server.URL+path, nil)
		if err != nil {
			return "", err
		}
		reply, err := transport.RoundTrip(r)
		if err != nil {
			return "", err
		}
		defer reply.Body.Close()
		text, err := io.ReadAll(reply.Body)
		return string(text), err
	}
	if got, err := get("/"); got != "HTTP/2.0" || err != nil {
		t.Fatalf("got %q, %v", got, err)
	}
	impair(t, n, `{"delayMs":2}`)
	if got, err := get("/"); got != "HTTP/2.0" || err != nil {
		t.Fatalf("with delay: %q, %v", got, err)
	}
	broken := make(chan error)
	go func() {
		_, err := get("/slow")
		broken <- err
	}()
	<-arrived
	impair(t, n, `{"cut":60000}`)
	if err := <-broken; err == nil {
		t.Error("a call under way survived the cut")
	}
	if _, err := get("/"); !errors.Is(err, ErrCut) {
		t.Errorf("while cut: %v, want %v", err, ErrCut)
	}
	impair(t, n, `{"cut":0}`)
	if got, err := get("/"); got != "HTTP/2.0" || err != nil {
		t.Errorf("after the cut: %q, %v", got, err)
	}
}
