//go:build linux

package x11

import (
	"bytes"
	"encoding/binary"
	"errors"
	"image"
	"io"
	"net"
	"os"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"
)

func TestParseDisplay(t *testing.T) {
	for name, want := range map[string]address{
		":0": {}, ":12.3": {number: 12, screen: 3}, "unix:7": {number: 7}, "host:10.0": {host: "host", number: 10},
		"[::1]:2": {host: "::1", number: 2},
	} {
		if got, err := parseDisplay(name); err != nil || got != want {
			t.Errorf("%q: got %+v, %v want %+v", name, got, err, want)
		}
	}
	for _, name := range []string{"", "0", ":", ":-1", ":99999", ":0.x", ":0.", ":1:x"} {
		if got, err := parseDisplay(name); err == nil {
			t.Errorf("%q: got %+v want an error", name, got)
		}
	}
}

// key is an entry of a file of keys.
func key(family uint16, fields ...string) []byte {
	b := binary.BigEndian.AppendUint16(nil, family)
	for _, f := range fields {
		b = append(binary.BigEndian.AppendUint16(b, uint16(len(f))), f...)
	}
	return b
}

func TestCookieFor(t *testing.T) {
	local := key(familyLocal, "here", "0", cookieName, "local")
	other := key(familyLocal, "there", "0", cookieName, "other")
	wild := key(familyWild, "", "", cookieName, "wild")
	second := key(familyLocal, "here", "1", cookieName, "second")
	strange := key(familyLocal, "here", "0", "XDM-AUTHORIZATION-1", "strange")
	join := func(entries ...[]byte) []byte { return bytes.Join(entries, nil) }
	for _, tc := range []struct {
		name string
		file []byte
		want string // "": none
	}{
		{"empty", nil, ""},
		{"local", local, "local"},
		{"local before all others", join(other, wild, local, other), "local"},
		{"wild before others", join(other, wild, other), "wild"},
		{"another host, if there is no better", join(second, other), "other"},
		{"another display", second, ""},
		{"another protocol", strange, ""},
		{"cut off", local[:len(local)-1], ""},
		{"cut off after one", join(wild, local[:9]), "wild"},
	} {
		if got := string(cookieFor(tc.file, "here", "0")); got != tc.want {
			t.Errorf("%s: got %q want %q", tc.name, got, tc.want)
		}
	}
}

// greeting is what a server with one screen says, after its first 8 bytes.
func greeting() []byte {
	b := make([]byte, 32)
	order.PutUint32(b[4:], 0x200000)
	order.PutUint32(b[8:], 0x1fffff)
	order.PutUint16(b[16:], 5) // vendor
	b[20], b[21] = 1, 2
	b = append(b, "maker\x00\x00\x00"...)
	b = append(b, 1, 1, 32, 0, 0, 0, 0, 0, 24, 32, 32, 0, 0, 0, 0, 0)
	screen := make([]byte, 40)
	order.PutUint32(screen, 0x111)
	order.PutUint32(screen[32:], 0x21)
	screen[38], screen[39] = 24, 1
	b = append(b, screen...)
	b = append(b, 24, 0, 1, 0, 0, 0, 0, 0)
	v := make([]byte, 24)
	order.PutUint32(v, 0x21)
	v[4] = trueColor
	order.PutUint32(v[8:], 0xff0000)
	order.PutUint32(v[12:], 0xff00)
	order.PutUint32(v[16:], 0xff)
	return append(b, v...)
}

func TestParseSetup(t *testing.T) {
	got, err := parseSetup(greeting(), 0)
	if err != nil {
		t.Fatal(err)
	}
	want := setup{
		idBase: 0x200000, idMask: 0x1fffff, root: 0x111, rootVisual: 0x21, rootDepth: 24,
		formats: map[uint8]format{1: {1, 32}, 24: {32, 32}},
		visuals: map[uint32]visual{0x21: {trueColor, 0xff0000, 0xff00, 0xff}},
	}
	if diff := cmp.Diff(want, got, cmp.AllowUnexported(setup{}, format{}, visual{})); diff != "" {
		t.Errorf("-want +got:\n%s", diff)
	}
	if _, err := parseSetup(greeting(), 1); err == nil {
		t.Error("screen 1 of one: got no error")
	}
	for n := range len(greeting()) {
		if _, err := parseSetup(greeting()[:n], 0); err == nil {
			t.Errorf("%d bytes: got no error", n)
		}
	}
}

func FuzzParseSetup(f *testing.F) {
	f.Add(greeting(), uint8(0))
	f.Fuzz(func(t *testing.T, b []byte, screen uint8) {
		s, err := parseSetup(b, int(screen))
		if err == nil && s.idMask == 0 {
			t.Error("no numbers left for us, and no error")
		}
	})
}

func FuzzCookieFor(f *testing.F) {
	f.Add(key(familyLocal, "here", "0", cookieName, "local"))
	f.Add([]byte{1, 0, 0xff, 0xff})
	f.Fuzz(func(t *testing.T, b []byte) { cookieFor(b, "here", "0") })
}

// fakeServer answers requests as a test tells it. It is the client's end of the connection.
type fakeServer struct {
	net.Conn // for what is not used
	answer   func(sequence uint16, request []byte) []byte
	out      bytes.Buffer
	sequence uint16
	greeted  bool
}

func (s *fakeServer) Write(b []byte) (int, error) {
	if !s.greeted {
		s.greeted = true
		g := greeting()
		s.out.Write([]byte{1, 0, 11, 0, 0, 0, byte(len(g) / 4), 0})
		s.out.Write(g)
		return len(b), nil
	}
	for rest := b; len(rest) > 0; {
		n := 4 * int(order.Uint16(rest[2:]))
		s.sequence++
		s.out.Write(s.answer(s.sequence, rest[:n]))
		rest = rest[n:]
	}
	return len(b), nil
}

func (s *fakeServer) Read(b []byte) (int, error)  { return s.out.Read(b) }
func (s *fakeServer) SetDeadline(time.Time) error { return nil }
func (s *fakeServer) Close() error                { return nil }

// message is 32 bytes of an error, a reply or an event, with a body.
func message(code byte, sequence uint16, length uint32, body ...byte) []byte {
	b := make([]byte, 32, 32+len(body))
	b[0] = code
	order.PutUint16(b[2:], sequence)
	order.PutUint32(b[4:], length)
	return append(b, body...)
}

func fakeConn(tb testing.TB, answer func(sequence uint16, request []byte) []byte) *Conn {
	tb.Helper()
	c, err := newConn(&fakeServer{answer: answer}, 0, nil)
	if err != nil {
		tb.Fatal(err)
	}
	return c
}

func TestConn_Exchange(t *testing.T) {
	const reply, event = 1, 85
	for _, tc := range []struct {
		name   string
		answer func(sequence uint16, request []byte) []byte
		reply  int    // bytes; 0: an error is wanted
		err    string // what it says
		fatal  bool   // and whether the connection is lost with it
	}{
		{"reply", func(n uint16, _ []byte) []byte { return message(reply, n, 2, make([]byte, 8)...) }, 40, "", false},
		{"error", func(n uint16, _ []byte) []byte { return message(0, n, 0) }, 0, "error 0", false},
		{"error of another, then reply", func(n uint16, _ []byte) []byte {
			return append(message(0, n-1, 0), message(reply, n, 0)...)
		}, 32, "", false},
		{"events, then reply", func(n uint16, _ []byte) []byte {
			long := message(genericEvent, n, 3, make([]byte, 12)...)
			return bytes.Join([][]byte{message(event, n, 99), long, message(event|0x80, 0, 0), message(reply, n, 0)}, nil)
		}, 32, "", false},
		{"reply to another", func(n uint16, _ []byte) []byte { return message(reply, n+1, 0) }, 0, "reply to request", true},
		{"too long", func(n uint16, _ []byte) []byte { return message(reply, n, 1<<30) }, 0, "reply of 4294967296 bytes", true},
		{"event too long", func(n uint16, _ []byte) []byte { return message(genericEvent, n, 1<<30) }, 0, "event of", true},
		{"cut off", func(n uint16, _ []byte) []byte { return message(reply, n, 2, 1, 2, 3) }, 0, "unexpected EOF", true},
		{"nothing", func(uint16, []byte) []byte { return nil }, 0, "EOF", true},
	} {
		c := fakeConn(t, tc.answer)
		events := 0
		c.OnEvent(func(e []byte) { events++ })
		got, err := c.call(opGetInputFocus, 0)
		if len(got) != tc.reply || tc.err == "" != (err == nil) || err != nil && !strings.Contains(err.Error(), tc.err) {
			t.Errorf("%s: got %d bytes, error %v want %d, %q", tc.name, len(got), err, tc.reply, tc.err)
		}
		if lost := c.failed != nil; lost != tc.fatal {
			t.Errorf("%s: connection lost: %v want %v", tc.name, lost, tc.fatal)
		}
		if strings.HasPrefix(tc.name, "events") && events != 2 {
			t.Errorf("%s: got %d events want 2", tc.name, events)
		}
	}
}

// TestConn_Check: an error belongs to the request that is checked, and to no other.
func TestConn_Check(t *testing.T) {
	refused := uint8(0)
	c := fakeConn(t, func(n uint16, request []byte) []byte {
		switch {
		case request[0] == refused:
			b := message(0, n, 77)
			b[1], b[10] = BadWindow, refused
			return b
		case request[0] == opGetInputFocus:
			return message(1, n, 0)
		}
		return nil
	})
	refused = opFreePixmap
	c.post(opFreePixmap, 0, 1)
	if err := c.check(opChangeWindowAttributes, 0, 1, 2, 3); err != nil {
		t.Errorf("after a refused request: got %v", err)
	}
	refused = opChangeWindowAttributes
	err := c.check(opChangeWindowAttributes, 0, 1, 2, 3)
	if want := "X server: BadWindow in request 2.0 about 0x4d"; !isError(err, BadMatch, BadWindow) || err.Error() != want {
		t.Errorf("got %v want %s", err, want)
	}
	if isError(err, BadMatch) || isError(io.EOF, BadWindow) {
		t.Error("isError takes one error for another")
	}
}

// wayland answers as a server with or without the extension XWAYLAND and with one monitor of this name.
func wayland(tb testing.TB, extension bool, monitor string) *Conn {
	const reply, randr = 1, 140
	return fakeConn(tb, func(n uint16, request []byte) []byte {
		m := message(reply, n, 0)
		switch request[0] {
		case opQueryExtension:
			name := string(request[8:][:order.Uint16(request[4:])])
			if name == "RANDR" || name == "XWAYLAND" && extension {
				m[8], m[9] = 1, randr
			}
		case randr:
			if request[1] != randrGetMonitors {
				m[8], m[12] = 1, 6 // version
				break
			}
			m = message(reply, n, 6, make([]byte, 24)...)
			m[12] = 1               // monitors
			m[32], m[36] = 77, 1    // name, primary
			m[44], m[46] = 100, 200 // width, height
		case opGetAtomName:
			m = message(reply, n, uint32(len(pad([]byte(monitor)))/4), pad([]byte(monitor))...)
			m[8] = byte(len(monitor))
		}
		return m
	})
}

// TestConn_Monitors_XWayland: the root of XWayland is black, so there is nothing to share but windows.
func TestConn_Monitors_XWayland(t *testing.T) {
	for _, tc := range []struct {
		extension bool
		name      string
		want      []Monitor
	}{
		{false, "DP-1", []Monitor{{Name: "DP-1", Primary: true, Area: image.Rect(0, 0, 100, 200)}}},
		{true, "DP-1", nil},
		{false, "XWAYLAND0", nil},
	} {
		got, err := wayland(t, tc.extension, tc.name).Monitors()
		if err != nil {
			t.Fatal(err)
		}
		if diff := cmp.Diff(tc.want, got); diff != "" {
			t.Errorf("extension %v, monitor %s: -want +got:\n%s", tc.extension, tc.name, diff)
		}
	}
}

func TestNewConn_Refused(t *testing.T) {
	for name, tc := range map[string]struct{ says, want string }{
		"refused":   {"\x00\x0a\x0b\x00\x00\x00\x03\x00No cookie\n\x00\x00", `"No cookie"`},
		"cut off":   {"\x01\x00\x0b\x00", "unexpected EOF"},
		"too short": {"\x01\x00\x0b\x00\x00\x00\x01\x00\x00\x00\x00\x00", errShortSetup.Error()},
	} {
		server := &fakeServer{greeted: true}
		server.out.WriteString(tc.says)
		server.answer = func(uint16, []byte) []byte { return nil }
		if _, err := newConn(quietConn{server}, 0, []byte("0123456789abcdef")); err == nil || !strings.Contains(err.Error(), tc.want) {
			t.Errorf("%s: got error %v want one that says %s", name, err, tc.want)
		}
	}
}

// quietConn swallows what is written.
type quietConn struct{ *fakeServer }

func (quietConn) Write(b []byte) (int, error) { return len(b), nil }

// TestConn_Hangs: a server that does not answer is given up, and stays so.
func TestConn_Hangs(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		ours, theirs := net.Pipe()
		go func() { // it takes all that is said, and greets, but answers nothing
			g := greeting()
			hello := make([]byte, 12)
			_, _ = io.ReadFull(theirs, hello)
			_, _ = theirs.Write(append([]byte{1, 0, 11, 0, 0, 0, byte(len(g) / 4), 0}, g...))
			_, _ = io.Copy(io.Discard, theirs)
		}()
		c, err := newConn(ours, 0, nil)
		if err != nil {
			t.Fatal(err)
		}
		start := time.Now()
		for range 3 {
			if _, err := c.Monitors(); !errors.Is(err, os.ErrDeadlineExceeded) {
				t.Errorf("got error %v want that of a deadline", err)
			}
		}
		if took := time.Since(start); took != timeout {
			t.Errorf("three calls took %v want %v", took, timeout)
		}
		if err := c.Close(); err != nil {
			t.Error(err)
		}
	})
}

// FuzzReplies: whatever a server answers, lists end.
func FuzzReplies(f *testing.F) {
	f.Add([]byte{})
	f.Add([]byte("\x01\x00\x00\x00\x00\x00\x00\x00\x00\x01\x8c\x55"))
	f.Add(bytes.Repeat([]byte{0xff}, 400))
	f.Fuzz(func(t *testing.T, data []byte) {
		c := fakeConn(t, func(n uint16, request []byte) []byte {
			if len(data) == 0 {
				return nil // the connection ends
			}
			length, refuses := int(data[0])%64, data[0] >= 192
			body := make([]byte, 24+4*length)
			data = data[1+copy(body, data[1:]):]
			if refuses {
				return message(0, n, 0)
			}
			return append(message(1, n, uint32(length))[:8], body...)
		})
		_, _ = c.Monitors()
		_, _ = c.Windows()
	})
}
