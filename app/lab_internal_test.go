package app

import (
	"archive/zip"
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"image/png"
	"io"
	"log/slog"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/pion/transport/v4/test"

	"parlor/app/token"
	"parlor/app/ui"
	"parlor/app/ui/console"
	"parlor/media"
	"parlor/media/mediatest"
)

// extra calls a method that only this program has.
func (d *desk) extra(t *testing.T, method, params string) (string, error) {
	t.Helper()
	res, err := d.methods()[method](t.Context(), json.RawMessage(params))
	text, jsonErr := json.Marshal(res)
	if jsonErr != nil {
		t.Fatal(jsonErr)
	}
	return string(text), err
}

func (d *desk) must(t *testing.T, method, params string) string {
	t.Helper()
	res, err := d.extra(t, method, params)
	if err != nil {
		t.Fatalf("%s %s: %v", method, params, err)
	}
	return res
}

// TestVirtualPeers: they join the present room, send, stop, are removed, and leave.
func TestVirtualPeers(t *testing.T) {
	check(t)
	d := newDesk(t, func(o *Options) { o.RoomID, o.UserID = "r", "me" })
	for _, tc := range []struct{ method, params, want string }{
		{"x-addPeer", `{}`, "join a room first"},
		{"x-addPeer", `{"userId":5}`, "params: json: cannot unmarshal number"},
		{"x-addPeer", `{"userId":"a b","roomId":"r"}`, `params.userId "a b" is not a user id`},
		{"x-setPeer", `{"userId":"zoe"}`, `there is no virtual peer "zoe"`},
		{"x-removePeer", `{"userId":"zoe"}`, `there is no virtual peer "zoe"`},
		{"x-removeUser", `{}`, "join a room first"},
		{"x-endRoom", ``, "join a room first"},
	} {
		if _, err := d.extra(t, tc.method, tc.params); err == nil || !strings.Contains(err.Error(), tc.want) {
			t.Errorf("%s %s: %v, want %s", tc.method, tc.params, err, tc.want)
		}
	}
	d.Window().Join()
	d.until(t, func(s ui.State) bool { return s.State == "in" })
	d.must(t, "x-addPeer", `{"userId":"zoe"}`)
	want := `{"peers":[{"userId":"zoe","microphone":true,"camera":true,"screen":false},{"userId":"peer1","microphone":true,"camera":true,"screen":false}]}`
	if got := d.must(t, "x-addPeer", ``); got != want {
		t.Errorf("answer %s, want %s", got, want)
	}
	if _, err := d.extra(t, "x-addPeer", `{"userId":"zoe"}`); err == nil {
		t.Error("two peers have the same name")
	}
	users := func(s ui.State) (list []string) {
		for _, tile := range s.Tiles {
			list = append(list, tile.UserID+" "+tile.Mode)
		}
		slices.Sort(list)
		return list
	}
	d.until(t, func(s ui.State) bool {
		return slices.Equal(users(s), []string{"me camera", "peer1 video", "zoe video"})
	})
	d.must(t, "x-setPeer", `{"userId":"zoe","microphone":false,"camera":false,"screen":true}`)
	d.until(t, func(s ui.State) bool {
		return slices.Contains(users(s), "zoe screen") && !slices.ContainsFunc(s.Tiles, func(x ui.Tile) bool {
			return x.UserID == "zoe" && x.Mode == "video" && !x.Muted
		})
	})
	d.must(t, "x-removeUser", `{"userId":"zoe"}`)
	d.until(t, func(s ui.State) bool { return slices.Equal(users(s), []string{"me camera", "peer1 video"}) })
	for i := range console.MaxPeers - 1 {
		d.must(t, "x-addPeer", fmt.Sprintf(`{"userId":"more%d"}`, i))
	}
	if _, err := d.extra(t, "x-addPeer", `{}`); err == nil || err.Error() != "there are 9 virtual peers already" {
		t.Errorf("a tenth: %v", err)
	}
	if got := d.must(t, "x-removePeer", `{}`); got != `{"peers":[]}` {
		t.Errorf("all left: %s", got)
	}
	d.until(t, func(s ui.State) bool { return slices.Equal(users(s), []string{"me camera"}) })
	d.must(t, "x-addPeer", `{}`) // it leaves with the program
}

// TestFaults: a camera that is unplugged, a network that is cut, a server that dies, a user who is removed.
func TestFaults(t *testing.T) {
	check(t)
	d := newDesk(t, func(o *Options) { o.RoomID, o.UserID, o.Join = "r", "me", true })
	d.until(t, func(s ui.State) bool { return s.State == "in" && s.Camera })
	d.must(t, "x-unplug", `{"kind":"camera"}`)
	d.until(t, func(s ui.State) bool { return !s.Camera && s.Mic })
	if _, err := d.opts.Kit.Devices.OpenCamera("", media.VideoFormat{}); !errors.Is(err, errUnplugged) {
		t.Errorf("an unplugged camera opens: %v", err)
	}
	d.must(t, "x-plug", `{"kind":"camera"}`)
	d.call("changeVideoCapture", map[string]any{"state": 1})
	d.until(t, func(s ui.State) bool { return s.Camera })
	if _, err := d.extra(t, "x-unplug", `{"kind":"screen"}`); err == nil {
		t.Error("a screen can be unplugged")
	}
	if got := d.must(t, "x-network", `{"lossPercent":5}`); !strings.HasPrefix(got, `{"lossPercent":5,`) {
		t.Errorf("x-network answers %s", got)
	}
	d.must(t, "x-network", `{"lossPercent":0,"cut":600000}`)
	d.until(t, func(s ui.State) bool { return s.State == "reconnecting" })
	d.must(t, "x-network", `{"cut":0}`)
	d.until(t, func(s ui.State) bool { return s.State == "in" })
	d.must(t, "x-restartServer", ``)
	d.until(t, func(s ui.State) bool { return s.State == "reconnecting" })
	d.until(t, func(s ui.State) bool { return s.State == "in" })
	d.must(t, "x-removeUser", `{}`)
	d.until(t, func(s ui.State) bool { return s.State == "ended" })
}

// TestUnpluggable: what is open fails with the reason, and what was closed before does not matter.
func TestUnpluggable(t *testing.T) {
	defer test.CheckRoutines(t)()
	u := newUnpluggable(mediatest.NewDevices())
	closed, err := u.OpenMicrophone("")
	if err != nil {
		t.Fatal(err)
	}
	if err := closed.Close(); err != nil {
		t.Fatal(err)
	}
	mic, err := u.OpenMicrophone("")
	if err != nil {
		t.Fatal(err)
	}
	failed := make(chan error)
	go func() {
		for {
			if _, err := mic.ReadAudio(); err != nil {
				failed <- err
				return
			}
		}
	}()
	u.set(microphone, true)
	if err := <-failed; !errors.Is(err, errUnplugged) {
		t.Errorf("reading fails with %v", err)
	}
	if list, err := u.Microphones(); len(list) > 0 || err != nil {
		t.Errorf("unplugged, but listed: %v, %v", list, err)
	}
	if list, err := u.Cameras(); len(list) == 0 || err != nil {
		t.Errorf("the camera is gone, too: %v, %v", list, err)
	}
	mic.Close()
	u.set(microphone, false)
	again, err := u.OpenMicrophone("")
	if err != nil {
		t.Fatal(err)
	}
	if _, err := again.ReadAudio(); err != nil {
		t.Errorf("plugged in again: %v", err)
	}
	again.Close()
	if _, err := again.ReadAudio(); !errors.Is(err, io.EOF) {
		t.Errorf("a closed one says %v", err)
	}
}

// TestBundle: everything is in it, and no secret anywhere, however it got there.
func TestBundle(t *testing.T) {
	check(t)
	const key = "a-key-that-nobody-may-see-0123456789"
	app := strings.Repeat("ab", 12)
	ticket, err := token.Mint(token.MintOptions{AppID: app, AppKey: key, RoomID: "r", UserID: "me", TTL: time.Hour})
	if err != nil {
		t.Fatal(err)
	}
	d := newDesk(t, func(o *Options) {
		o.RoomID, o.UserID, o.Token, o.AppID, o.AppKey, o.Join = "r", "me", ticket, app, key, true
	})
	d.until(t, func(s ui.State) bool { return s.State == "in" })
	d.log.Info("a careless line", "token", ticket, "key", key)
	d.window.Notice("careless words: " + ticket + " " + key)
	d.call("noSuchMethod", map[string]any{"text": ticket, "token": ticket})
	path := filepath.Join(t.TempDir(), "sub", "bundle.zip")
	if got, want := d.must(t, "x-bundle", `{"path":"`+path+`"}`), `{"path":"`+path+`"}`; got != want {
		t.Errorf("answer %s, want %s", got, want)
	}
	files := unzip(t, path)
	for _, name := range []string{
		"log.jsonl", "state.json", "stats.json", "settings.json", "versions.txt", "system.json", "program.log", "goroutines.txt", "screenshot.png",
	} {
		if len(files[name]) == 0 {
			t.Errorf("%s is missing", name)
		}
	}
	for name, text := range files {
		for _, secret := range []string{key, ticket, ticket[30:60]} {
			if bytes.Contains(text, []byte(secret)) {
				t.Errorf("%s has a secret", name)
			}
		}
		if strings.HasSuffix(name, ".json") && !json.Valid(text) {
			t.Errorf("%s is no JSON: %s", name, text)
		}
	}
	for name, want := range map[string]string{
		"log.jsonl": "joinRtcRoom", "state.json": `"connection": "inside"`, "program.log": "a careless line", "settings.json": app,
	} {
		if !bytes.Contains(files[name], []byte(want)) {
			t.Errorf("%s has no %s: %s", name, want, files[name])
		}
	}
	if img, err := png.Decode(bytes.NewReader(files["screenshot.png"])); err != nil || img.Bounds().Dx() < 900 {
		t.Errorf("the picture: %v", err)
	}
	left, err := filepath.Glob(filepath.Join(filepath.Dir(path), "*.part"))
	if err != nil || len(left) > 0 {
		t.Errorf("left behind: %q, %v", left, err)
	}
	if _, err := d.extra(t, "x-bundle", `{"path":"/dev/null/x.zip"}`); err == nil {
		t.Error("a path that cannot be is no error")
	}
}

func unzip(t *testing.T, path string) map[string][]byte {
	t.Helper()
	z, err := zip.OpenReader(path)
	if err != nil {
		t.Fatal(err)
	}
	defer z.Close()
	files := make(map[string][]byte)
	for _, f := range z.File {
		r, err := f.Open()
		if err != nil {
			t.Fatal(err)
		}
		if files[f.Name], err = io.ReadAll(r); err != nil {
			t.Fatal(err)
		}
		r.Close()
	}
	return files
}

// TestScript: the lines run in order, a malformed one is told, and a script that waits can be stopped.
func TestScript(t *testing.T) {
	check(t)
	d := newDesk(t, nil)
	rows := func(s ui.State) string { return strings.Join(s.Log, "\n") }
	d.script.run("short", [][]byte{[]byte(`{"method":"createRtcRoomContext","params":{"appId":"x"}}`), []byte(`{`), []byte(`{"method":"noSuch"}`)})
	s := d.until(t, func(s ui.State) bool { return strings.Contains(rows(s), "# short: 2 of 3 lines were called") })
	for _, want := range []string{`- createRtcRoomContext {"appId":"x"}`, "# short, line 2: malformed JSON", `< unknown method "noSuch"`} {
		if !strings.Contains(rows(s), want) {
			t.Errorf("no row %s in\n%s", want, rows(s))
		}
	}
	d.script.run("long", [][]byte{[]byte(`{"method":"noSuchToo"}`), []byte(`{"method":"x-sleep","params":{"ms":3600000}}`)})
	d.until(t, func(s ui.State) bool { return strings.Contains(rows(s), "noSuchToo") })
	d.script.run("next", [][]byte{[]byte(`{"method":"x-sleep","params":{"ms":1}}`)})
	d.until(t, func(s ui.State) bool {
		return strings.Contains(rows(s), " of 2 lines were called, then it was stopped") &&
			strings.Contains(rows(s), "# next: 1 of 1 lines were called")
	})
}

func TestLogTail(t *testing.T) {
	var out bytes.Buffer
	h := newLogTail(slog.NewTextHandler(&out, &slog.HandlerOptions{Level: slog.LevelWarn}))
	log := slog.New(h).With("a", 1).WithGroup("g")
	log.Debug("too much")
	log.Info("kept", "b", 2)
	log.Warn("both")
	text := string(h.tail.text())
	if strings.Contains(text, "too much") || !strings.Contains(text, "msg=kept a=1 g.b=2") || strings.Contains(out.String(), "kept") || !strings.Contains(out.String(), "both") {
		t.Errorf("kept %q, handed on %q", text, out.String())
	}
	for i := range maxTail + 5 {
		log.Info(fmt.Sprint("line ", i))
	}
	lines := strings.Split(strings.TrimSpace(string(h.tail.text())), "\n")
	if len(lines) != maxTail || !strings.Contains(lines[0], "line 5\"") || !strings.Contains(lines[maxTail-1], fmt.Sprint("line ", maxTail+4)) {
		t.Errorf("%d lines from %s to %s", len(lines), lines[0], lines[len(lines)-1])
	}
}
