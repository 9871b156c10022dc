package app

import (
	"bufio"
	"context"
	"errors"
	"image/color"
	"net"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	fynetest "fyne.io/fyne/v2/test"
	"github.com/pion/transport/v4/test"

	"parlor/app/internal/loop"
	"parlor/app/room"
	"parlor/app/session"
	"parlor/app/token"
	"parlor/app/ui"
	"parlor/media/mediatest"
)

// One Fyne app per process: no test here is parallel.

// check is first in every test: a bound on its time and, at its very end, a look for goroutines.
func check(t *testing.T) {
	limit := test.TimeOut(3 * time.Minute)
	report := test.CheckRoutines(t)
	t.Cleanup(func() { report(); limit.Stop() })
}

// desk is an App on Fyne's test driver, with a goroutine that stands for Fyne's.
type desk struct {
	*App
	ui      *loop.Loop
	devices *mediatest.Devices
}

func newDesk(t *testing.T, change func(*Options)) *desk {
	t.Helper()
	d := &desk{ui: loop.New(nil), devices: mediatest.NewDevices()}
	kit := mediatest.Kit()
	kit.Devices = d.devices
	opts := Options{
		Fyne: fynetest.NewTempApp(t), Post: func(f func()) { d.ui.Post(f) }, Kit: kit, Data: t.TempDir(),
		Listen: "127.0.0.1:0", UDP: "127.0.0.1:0", Lang: "en", Theme: "dark", Drive: "127.0.0.1:0",
	}
	if change != nil {
		change(&opts)
	}
	// Fyne is called on its own goroutine only.
	var a *App
	var err error
	if doErr := d.ui.Do(t.Context(), func() error { a, err = New(opts); return nil }); doErr != nil || err != nil {
		d.ui.Close()
		t.Fatal(doErr, err)
	}
	d.App = a
	t.Cleanup(func() {
		a.Close()
		d.ui.Close()
	})
	return d
}

// until asks for what can be seen until cond is true; the test's own time limit ends it.
func (d *desk) until(t *testing.T, cond func(ui.State) bool) ui.State {
	t.Helper()
	tick := time.NewTicker(20 * time.Millisecond)
	defer tick.Stop()
	for range tick.C {
		s, err := d.Window().State(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		if cond(s) {
			return s
		}
	}
	return ui.State{}
}

// TestApp_SeesARedUser is the whole program but for display driver, devices and codecs: a headless user shows
// red to the embedded server's room, and the middle of its tile becomes red.
func TestApp_SeesARedUser(t *testing.T) {
	check(t)
	d := newDesk(t, func(o *Options) { o.RoomID, o.UserID, o.Join = "r", "me", true })
	d.until(t, func(s ui.State) bool { return s.State == "in" })

	guest := mediatest.NewDevices()
	guest.SetColor(color.RGBA{220, 20, 20, 255})
	kit := mediatest.Kit()
	kit.Devices = guest
	transport := session.NewTransport(nil)
	defer transport.CloseIdleConnections()
	c, err := room.New(room.Config{Server: d.host.URL(), AppID: d.app.ID, Kit: kit, Transport: transport, Speaker: "test"})
	if err != nil {
		t.Fatal(err)
	}
	defer c.Close()
	text, err := token.Mint(token.MintOptions{AppID: d.app.ID, AppKey: d.app.Key, RoomID: "r", UserID: "red", TTL: time.Hour})
	if err != nil {
		t.Fatal(err)
	}
	if err := errors.Join(c.ChangeVideoCapture(t.Context(), true),
		c.Join(t.Context(), room.JoinOptions{RoomID: "r", UserID: "red", Token: text})); err != nil {
		t.Fatal(err)
	}
	d.until(t, func(s ui.State) bool {
		for _, x := range s.Tiles {
			if x.UserID == "red" && x.Picture && x.Shown > 3 {
				return isRed(t, d, x.X+x.W/2, x.Y+x.H/2)
			}
		}
		return false
	})
}

// isRed looks at one pixel of the window.
func isRed(t *testing.T, d *desk, x, y int) bool {
	t.Helper()
	var r, g, b uint32
	if err := d.ui.Do(t.Context(), func() error {
		r, g, b, _ = d.Window().Fyne().Canvas().Capture().At(x, y).RGBA()
		return nil
	}); err != nil {
		t.Fatal(err)
	}
	return r>>8 > 180 && g>>8 < 70 && b>>8 < 70
}

// TestApp_SharesTheServer: the second program on a machine uses the first one's server, with the key in their
// common folder, and takes the server over when the first one ends.
func TestApp_SharesTheServer(t *testing.T) {
	check(t)
	data := t.TempDir()
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	listen := listener.Addr().String()
	listener.Close()
	first, err := newHost(hostConfig{Listen: listen, UDP: "127.0.0.1:0", Data: data, App: Credentials{ID: strings.Repeat("a", 24), Key: "k"}})
	if err != nil {
		t.Fatal(err)
	}
	second, err := newHost(hostConfig{Listen: listen, UDP: "127.0.0.1:0", Data: data, App: Credentials{ID: strings.Repeat("a", 24), Key: "k"}})
	if err != nil {
		first.close()
		t.Fatal(err)
	}
	defer second.close()
	if first.URL() != second.URL() {
		t.Errorf("got %s and %s, want one server", first.URL(), second.URL())
	}
	second.wake() // the server is there: nothing to take over
	first.close()
	for healthy(second.URL(), strings.Repeat("a", 24)) != nil {
		second.wake()
	}
}

func TestHost_PortTakenByAnother(t *testing.T) {
	check(t)
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer listener.Close()
	go func() { // hangs up on everybody
		for {
			conn, err := listener.Accept()
			if err != nil {
				return
			}
			conn.Close()
		}
	}()
	_, err = newHost(hostConfig{Listen: listener.Addr().String(), UDP: "127.0.0.1:0", Data: t.TempDir(), App: Credentials{ID: strings.Repeat("a", 24), Key: "k"}})
	if err == nil || !strings.Contains(err.Error(), "it is not one for this app") {
		t.Errorf("got %v, want a word on who has the port", err)
	}
}

// TestHost_ForeignParlor: a server on the port that does not know our app is not ours; with the usual port
// nobody asked for, the program takes another.
func TestHost_ForeignParlor(t *testing.T) {
	check(t)
	foreign, err := newHost(hostConfig{Listen: "127.0.0.1:0", UDP: "127.0.0.1:0", Data: t.TempDir(), App: Credentials{ID: strings.Repeat("a", 24), Key: "k"}})
	if err != nil {
		t.Fatal(err)
	}
	defer foreign.close()
	ours := hostConfig{Listen: strings.TrimPrefix(foreign.URL(), "http://"), UDP: "127.0.0.1:0", Data: t.TempDir(), App: Credentials{ID: strings.Repeat("b", 24), Key: "k"}}
	if _, err := newHost(ours); err == nil || !strings.Contains(err.Error(), "--listen") {
		t.Errorf("got %v, want an error that names the way out", err)
	}
	if err := healthy(foreign.URL(), strings.Repeat("a", 24)); err != nil {
		t.Errorf("the server does not know its own app: %v", err)
	}
}

func TestMediaAddress(t *testing.T) {
	tests := []struct{ listen, want, err string }{
		{"127.0.0.1:7880", "127.0.0.1:7882", ""},
		{"0.0.0.0:80", "0.0.0.0:82", ""},
		{"127.0.0.1:0", "127.0.0.1:0", ""},
		{"[::1]:7880", "[::1]:7882", ""},
		{"7880", "", `--listen "7880"`},
		{"127.0.0.1:http", "", "not a number"},
	}
	for _, tt := range tests {
		got, err := mediaAddress(tt.listen)
		if got != tt.want || (err == nil) != (tt.err == "") || err != nil && !strings.Contains(err.Error(), tt.err) {
			t.Errorf("mediaAddress(%q) = %q, %v, want %q and %q", tt.listen, got, err, tt.want, tt.err)
		}
	}
}

func TestOwnCredentials(t *testing.T) {
	path := filepath.Join(t.TempDir(), "app.json")
	first, err := ownCredentials(path)
	if err != nil {
		t.Fatal(err)
	}
	if len(first.ID) != 24 || len(first.Key) < 32 {
		t.Errorf("got %+v", first)
	}
	second, err := ownCredentials(path)
	if err != nil || second != first {
		t.Errorf("got %+v, %v at the second start, want the same as at the first", second, err)
	}
	info, err := os.Stat(path)
	if err != nil {
		t.Fatal(err)
	}
	if info.Mode().Perm() != 0o600 {
		t.Errorf("the key's file has mode %v, others may read it", info.Mode())
	}
	for name, content := range map[string]string{"not JSON": "{", "no key": `{"appId":"` + first.ID + `"}`, "short id": `{"appId":"x","appKey":"y"}`} {
		if err := os.WriteFile(path, []byte(content), 0o600); err != nil {
			t.Fatal(err)
		}
		if _, err := ownCredentials(path); err == nil || !strings.Contains(err.Error(), "app.json") {
			t.Errorf("%s: got %v, want an error that names the file", name, err)
		}
	}
}

// TestDrive sends good and bad lines to the QA driver.
func TestDrive(t *testing.T) {
	check(t)
	d := newDesk(t, nil)
	conn, err := net.Dial("tcp", d.DriveAddr())
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close()
	lines := bufio.NewScanner(conn)
	lines.Buffer(nil, 1<<20)
	shot := filepath.Join(t.TempDir(), "shot.png")
	tests := []struct{ name, line, want string }{
		{"malformed", `{"id":1,`, `malformed JSON`},
		{"unknown method", `{"id":2,"method":"fly"}`, `{"id":2,"error":"unknown method \"fly\""}`},
		{"unknown ui method", `{"id":3,"method":"ui.fly"}`, `{"id":3,"error":"unknown method ui.fly"}`},
		{"unknown control", `{"id":4,"method":"ui.tap","params":{"id":"no.such"}}`, `"id":4,"error":"ui.tap:`},
		{"wrong type", `{"id":5,"method":"ui.tap","params":{"id":7}}`, `"id":5,"error":"ui.tap: params:`},
		{"state", `{"id":6,"method":"ui.state"}`, `"id":6,"ok":true,"res":{"page":"start"`},
		{"documented call", `{"id":"seven","method":"joinRtcRoom","params":{}}`, `{"id":"seven","callback":"fail","res":{"errMsg":"joinRtcRoom:fail params invalid","errNo":20000,"errorCode":115999,"errorType":"D"}}`},
		{"its second line", "", `{"id":"seven","callback":"complete"`},
		{"screenshot", `{"id":8,"method":"ui.screenshot","params":{"path":"` + shot + `"}}`, `{"id":8,"ok":true}`},
		{"type", `{"id":9,"method":"ui.type","params":{"id":"join.roomId","text":"r9"}}`, `{"id":9,"ok":true}`},
	}
	for _, tt := range tests {
		if tt.line != "" {
			if _, err := conn.Write([]byte(tt.line + "\n")); err != nil {
				t.Fatal(err)
			}
		}
		if !lines.Scan() {
			t.Fatalf("%s: the driver hung up: %v", tt.name, lines.Err())
		}
		if got := lines.Text(); !strings.Contains(got, tt.want) {
			t.Errorf("%s: got %.300s\nwant %s", tt.name, got, tt.want)
		}
	}
	if info, err := os.Stat(shot); err != nil || info.Size() == 0 {
		t.Errorf("no screenshot: %v", err)
	}
	if s := d.until(t, func(ui.State) bool { return true }); !contains(s.Texts, "r9") {
		t.Errorf("what was typed is not on the screen: %v", s.Texts)
	}
}

func contains(texts []string, want string) bool {
	for _, s := range texts {
		if s == want {
			return true
		}
	}
	return false
}

func TestNewDrive_OnlyLoopback(t *testing.T) {
	for _, addr := range []string{"0.0.0.0:0", ":0", "192.0.2.1:0", "nonsense"} {
		if _, err := newDrive(addr, &App{ctx: context.Background()}); err == nil || !strings.Contains(err.Error(), "--drive") {
			t.Errorf("newDrive(%q): got %v, want a refusal", addr, err)
		}
	}
}

// TestApp_Credentials: which app is used with which flags.
func TestApp_Credentials(t *testing.T) {
	tests := []struct {
		name string
		opts Options
		want func(Credentials) bool
		err  string
	}{
		{"nothing said: an own one", Options{}, func(c Credentials) bool { return len(c.ID) == 24 && c.Key != "" }, ""},
		{"app and key", Options{AppID: "id", AppKey: "key"}, func(c Credentials) bool { return c == Credentials{"id", "key"} }, ""},
		{"an app of a server elsewhere, tokens are pasted", Options{AppID: "id", Server: "http://x"}, func(c Credentials) bool { return c == Credentials{ID: "id"} }, ""},
		{"a foreign app on the embedded server", Options{AppID: "id", Server: Embedded}, nil, "--app-key"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			tt.opts.Data = t.TempDir()
			got, err := (&App{opts: tt.opts}).credentials()
			if tt.err != "" {
				if err == nil || !strings.Contains(err.Error(), tt.err) {
					t.Errorf("got %v, want %q", err, tt.err)
				}
				return
			}
			if err != nil || !tt.want(got) {
				t.Errorf("got %+v, %v", got, err)
			}
		})
	}
}
