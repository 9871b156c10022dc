//go:build linux

package main

import (
	"encoding/json"
	"fmt"
	"image"
	"image/png"
	"net"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"parlor/app/ui"
	"parlor/media"
	"parlor/media/clip"
)

// cameraFile writes a moving picture, of a look of its own for each variant, as a file for --camera.
func cameraFile(t *testing.T, variant int) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), "camera.y4m")
	f, err := os.Create(path)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	format := media.VideoFormat{Width: 640, Height: 360, Rate: 15}
	err = clip.WriteY4M(f, format, func(img *image.YCbCr, n int64) bool {
		clip.DrawPicture(img, variant, n)
		return n < 45
	})
	if err != nil {
		t.Fatal(err)
	}
	return "file:" + path
}

// voiceFile writes a voice as a file for --mic.
func voiceFile(t *testing.T, seed int) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), "voice.wav")
	f, err := os.Create(path)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	if err := clip.WriteWAV(f, voice(seed)); err != nil {
		t.Fatal(err)
	}
	return path
}

// freePort returns a TCP port such that it and the UDP port two above are free at present.
func freePort(t testing.TB) int {
	t.Helper()
	for range 50 {
		l, err := net.Listen("tcp", "127.0.0.1:0")
		if err != nil {
			t.Fatal(err)
		}
		port := l.Addr().(*net.TCPAddr).Port
		l.Close()
		if port+2 > 65535 {
			continue
		}
		u, err := net.ListenPacket("udp", fmt.Sprintf("127.0.0.1:%d", port+2))
		if err == nil {
			u.Close()
			return port
		}
	}
	t.Fatal("no free ports")
	return 0
}

// tile finds a user's tile.
func tile(s ui.State, user string) ui.Tile {
	for _, tile := range s.Tiles {
		if tile.UserID == user {
			return tile
		}
	}
	return ui.Tile{}
}

// moving tells whether the window shows moving pictures of all these users: at least so many of each.
func moving(pictures uint64, users ...string) func(ui.State) bool {
	return func(s ui.State) bool {
		for _, user := range users {
			if x := tile(s, user); !x.Visible || !x.Picture || x.Shown < pictures {
				return false
			}
		}
		return s.State == "in"
	}
}

// differing counts the pixels inside and outside a rectangle that two pictures of a display differ in; a
// margin around the edge of the rectangle does not count.
func differing(a, b *image.RGBA, r image.Rectangle) (inside, outside int) {
	for y := range a.Rect.Dy() {
		for x := range a.Rect.Dx() {
			if a.RGBAAt(x, y) == b.RGBAAt(x, y) {
				continue
			}
			p := image.Pt(x, y)
			switch {
			case p.In(r.Inset(6)):
				inside++
			case !p.In(r.Inset(-6)):
				outside++
			}
		}
	}
	return inside, outside
}

func frame(x ui.Tile) image.Rectangle { return image.Rect(x.X, x.Y, x.X+x.W, x.Y+x.H) }

// save keeps a screenshot where PARLOR_SCREENSHOTS says, for the README.
func save(t *testing.T, img image.Image, name string) {
	t.Helper()
	dir := os.Getenv("PARLOR_SCREENSHOTS")
	if dir == "" {
		return
	}
	f, err := os.Create(filepath.Join(dir, name))
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	if err := png.Encode(f, img); err != nil {
		t.Fatal(err)
	}
}

// TestTwoWindows is what the program is for: two people on one machine see and hear each other. One has files
// for devices; the other's speaker and microphone are the sound server's.
func TestTwoWindows(t *testing.T) {
	sound := newPulse(t)
	data, port := t.TempDir(), freePort(t)
	common := []string{"--data", data, "--listen", fmt.Sprintf("127.0.0.1:%d", port), "--room", "r1", "--join", "--lang", "en", "--theme", "dark"}
	heardByA := filepath.Join(t.TempDir(), "a.wav")
	voiceA, voiceB := voiceFile(t, 1), voiceFile(t, 2)

	a := open(t, nil, append(common, "--user", "alice", "--camera", cameraFile(t, 1), "--mic", "file:"+voiceA, "--speaker", "file:"+heardByA)...)
	a.until(t, "alice is in the room", time.Minute, func(s ui.State) bool { return s.State == "in" })

	// Bob speaks into the sound server and listens to it.
	player := sound.command("sh", "-c", `while :; do paplay --device=voice "$0" || exit 1; done`, voiceB)
	if err := player.Start(); err != nil {
		t.Fatal(err)
	}
	defer func() { player.Process.Kill(); player.Wait() }()
	b := open(t, sound.env(), append(common, "--user", "bob", "--camera", cameraFile(t, 2))...)
	a.until(t, "alice sees bob move", 2*time.Minute, moving(30, "alice", "bob"))
	b.until(t, "bob sees alice move", 2*time.Minute, moving(30, "alice", "bob"))
	heardByB := filepath.Join(t.TempDir(), "b.wav")
	recorder := sound.command("parec", "--device=out.monitor", "--rate=48000", "--channels=1", "--format=s16le", "--file-format=wav", heardByB)
	if err := recorder.Start(); err != nil {
		t.Fatal(err)
	}

	for _, view := range []struct {
		w     *window
		other string
	}{{a, "bob"}, {b, "alice"}} {
		// Two looks at the real screen, some pictures apart.
		before := view.w.until(t, "a picture", time.Minute, moving(30, view.other))
		first := view.w.display.pixels(t)
		shown := tile(before, view.other).Shown
		after := view.w.until(t, "more pictures", time.Minute, moving(shown+10, view.other))
		second := view.w.display.pixels(t)
		where := frame(tile(after, view.other))
		inside, _ := differing(first, second, where)
		if area := where.Dx() * where.Dy(); inside < area/50 {
			t.Errorf("%s's tile %v: only %d of %d pixels changed while %d pictures were shown", view.other, where, inside,
				area, tile(after, view.other).Shown-shown)
		}
	}
	save(t, a.display.pixels(t), "two-windows.png")

	// Several seconds of each other's voice.
	listen(t, a, "bob", 400)
	listen(t, b, "alice", 400)
	recorder.Process.Signal(os.Interrupt)
	recorder.Wait()
	checkHeard(t, "alice hears bob (real microphone to file)", heardByA, voice(2))
	checkHeard(t, "bob hears alice (file to real speaker)", heardByB, voice(1))

	// Nothing moves in a tile whose camera is off.
	b.tap(t, "room.tool.camera")
	a.until(t, "bob's picture is gone", time.Minute, func(s ui.State) bool { return !tile(s, "bob").Picture })
	// Kill -9: bob's tile goes.
	b.kill()
	a.until(t, "bob's tile is gone", 15*time.Second, func(s ui.State) bool { return tile(s, "bob").UserID == "" })
}

// listen waits until a window has got so many more packets of a user's voice.
func listen(t *testing.T, w *window, user string, packets int) {
	t.Helper()
	count := func() int {
		var stats struct {
			Remote []struct {
				UserID, Kind string
				Packets      int
			}
		}
		if err := json.Unmarshal(w.call(t, "x-stats", nil).Res, &stats); err != nil {
			t.Fatal(err)
		}
		for _, r := range stats.Remote {
			if r.UserID == user && r.Kind == "audio" {
				return r.Packets
			}
		}
		return 0
	}
	want := count() + packets
	w.until(t, fmt.Sprintf("%d more packets of %s's voice", packets, user), 2*time.Minute, func(ui.State) bool { return count() >= want })
}

func checkHeard(t *testing.T, what, path string, source []int16) {
	t.Helper()
	heard := readWAV(t, path)
	const most = 10 * media.SampleRate // the newest ten seconds do
	if len(heard) > most {
		heard = heard[len(heard)-most:]
	}
	correlation, delay := find(heard, source)
	t.Logf("%s: correlation %.2f, delay %.0f ms after the start of the recording's last %d s", what, correlation, delay*1000, len(heard)/media.SampleRate)
	if correlation < 0.6 {
		t.Errorf("%s: correlation %.2f, want 0.6 or more", what, correlation)
	}
}

// readWAV reads a file of 48 kHz mono; the length in its header is not believed, as it may still be written.
func readWAV(t *testing.T, path string) []int16 {
	t.Helper()
	raw, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	i := strings.Index(string(raw), "data")
	if i < 0 {
		t.Fatalf("%s is not a WAV file", path)
	}
	raw = raw[i+8:]
	pcm := make([]int16, len(raw)/2)
	for i := range pcm {
		pcm[i] = int16(uint16(raw[2*i]) | uint16(raw[2*i+1])<<8)
	}
	return pcm
}

// TestServerRestarts: two windows on a server of its own, which is killed and started again: both say that they
// reconnect, and are back without a click.
func TestServerRestarts(t *testing.T) {
	port := freePort(t)
	const app, key = "0123456789abcdef01234567", "testappkey0123456789abcdef012345"
	serve := func() *process {
		p, _ := start(t, true, nil, programs.parlord, "--listen", fmt.Sprintf("127.0.0.1:%d", port),
			"--udp", fmt.Sprintf("127.0.0.1:%d", port+2), "--app", app+"="+key)
		return p
	}
	server := serve()
	windows := make(map[string]*window)
	for i, user := range []string{"alice", "bob"} {
		windows[user] = open(t, nil, "--server", fmt.Sprintf("http://127.0.0.1:%d", port), "--app-id", app, "--app-key", key,
			"--room", "r1", "--user", user, "--join", "--camera", cameraFile(t, i+1), "--mic", "test", "--speaker", "none",
			"--data", t.TempDir(), "--lang", "zh", "--theme", "light")
	}
	for _, w := range windows {
		w.until(t, "both are in the room", 2*time.Minute, moving(10, "alice", "bob"))
	}
	chat(t, windows)
	server.kill()
	for user, w := range windows {
		s := w.until(t, user+" reconnects", time.Minute, func(s ui.State) bool { return s.State == "reconnecting" })
		if s.Banner == "" {
			t.Errorf("%s's window has no banner while it reconnects", user)
		}
	}
	save(t, windows["alice"].display.pixels(t), "reconnecting-zh.png")
	serve()
	for user, w := range windows {
		before := make(map[string]uint64)
		for _, x := range w.state(t).Tiles {
			before[x.UserID] = x.Shown
		}
		other := map[string]string{"alice": "bob", "bob": "alice"}[user]
		w.until(t, user+" is back", 2*time.Minute, func(s ui.State) bool {
			return s.State == "in" && tile(s, other).Picture && tile(s, other).Shown > before[other]+10
		})
	}
}

// chat lets both write, and sees what they wrote in both windows.
func chat(t *testing.T, windows map[string]*window) {
	t.Helper()
	for _, line := range [][2]string{{"alice", "大家好，能看到我的画面吗？"}, {"bob", "看得很清楚。"}, {"alice", "那我们开始吧 https://example.com/agenda"}} {
		if r := windows[line[0]].call(t, "x-sendMessage", map[string]any{"text": line[1]}); r.Error != "" {
			t.Fatal(r.Error)
		}
	}
	for user, w := range windows {
		if r := w.call(t, "ui.key", map[string]any{"key": "Ctrl+T"}); r.Error != "" {
			t.Fatal(r.Error)
		}
		w.until(t, user+" reads the chat", time.Minute, func(s ui.State) bool { return hasText("看得很清楚")(s) && hasText("agenda")(s) })
	}
	save(t, windows["alice"].display.pixels(t), "chat-light-zh.png")
	for _, w := range windows {
		w.tap(t, "room.panel.info")
	}
}

// TestDemo: two commands lead to a window with four moving, sounding bots.
func TestDemo(t *testing.T) {
	w := open(t, nil, "--demo", "--listen", fmt.Sprintf("127.0.0.1:%d", freePort(t)), "--data", t.TempDir(),
		"--camera", "test", "--mic", "test", "--speaker", "none", "--lang", "en", "--theme", "dark", "--user", "me")
	w.until(t, "four bots that move", 3*time.Minute, moving(20, "bot1", "bot2", "bot3", "bot4"))
	sounding := make(map[string]bool)
	w.until(t, "four bots that speak", 2*time.Minute, func(ui.State) bool {
		var stats struct {
			Remote []struct {
				UserID, Kind string
				Level        int
			}
		}
		if err := json.Unmarshal(w.call(t, "x-stats", nil).Res, &stats); err != nil {
			t.Fatal(err)
		}
		for _, r := range stats.Remote {
			if r.Kind == "audio" && r.Level > 20 {
				sounding[r.UserID] = true
			}
		}
		return len(sounding) == 4
	})
	save(t, w.display.pixels(t), "room-dark-en.png")

	// a tap enlarges, the same tap again goes back.
	w.tap(t, "room.tile.bot2")
	w.until(t, "bot2 is enlarged", time.Minute, func(s ui.State) bool { return tile(s, "bot2").Enlarged })
	save(t, w.display.pixels(t), "room-enlarged-dark-en.png")
	w.tap(t, "room.tile.bot2")
	w.until(t, "bot2 is small again", time.Minute, func(s ui.State) bool { return !tile(s, "bot2").Enlarged })
	w.tap(t, "room.tile.bot3")
	w.until(t, "bot3 is enlarged", time.Minute, func(s ui.State) bool { return tile(s, "bot3").Enlarged })
	if r := w.call(t, "ui.key", map[string]any{"key": "Escape"}); r.Error != "" {
		t.Fatal(r.Error)
	}
	w.until(t, "Escape goes back", time.Minute, func(s ui.State) bool { return !tile(s, "bot3").Enlarged })

	// A click and the API call are one command and one row each.
	rows := strings.Join(w.state(t).Log, "\n")
	w.tap(t, "room.tool.mic")
	s := w.until(t, "the microphone is off", time.Minute, func(s ui.State) bool { return !s.Mic })
	added := 0
	for _, row := range s.Log {
		if strings.Contains(row, " > ") && !strings.Contains(rows, row) {
			added++
		}
	}
	if added != 1 {
		t.Errorf("a click on the microphone added %d rows to the log:\n%s", added, strings.Join(s.Log, "\n"))
	}

	w.tap(t, "shell.rail.api")
	w.until(t, "the API console", time.Minute, func(s ui.State) bool { return s.Page == "api" })
	save(t, w.display.pixels(t), "api-dark-en.png")
	w.tap(t, "shell.rail.room")

	path := filepath.Join(t.TempDir(), "shot.png")
	if r := w.call(t, "ui.screenshot", map[string]any{"path": path}); r.Error != "" {
		t.Fatal(r.Error)
	}
	checkScreenshot(t, path, w.display.pixels(t))

	w.tap(t, "room.tool.leave")
	w.until(t, "the start page with the own preview", time.Minute, func(s ui.State) bool {
		return s.Page == "start" && s.State == "idle" && tile(s, "").Picture
	})
	save(t, w.display.pixels(t), "start-dark-en.png")
}

// checkScreenshot: the driver's picture is about what is on the screen.
func checkScreenshot(t *testing.T, path string, screen *image.RGBA) {
	t.Helper()
	f, err := os.Open(path)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	shot, err := png.Decode(f)
	if err != nil {
		t.Fatal(err)
	}
	if shot.Bounds().Size() != screen.Bounds().Size() {
		t.Errorf("the screenshot is %v, the window %v", shot.Bounds().Size(), screen.Bounds().Size())
		return
	}
	alike, all := 0, 0
	for y := 0; y < screen.Rect.Dy(); y += 4 {
		for x := 0; x < screen.Rect.Dx(); x += 4 {
			r, g, b, _ := shot.At(x, y).RGBA()
			c := screen.RGBAAt(x, y)
			near := func(a uint32, b uint8) bool { d := int(a>>8) - int(b); return d > -40 && d < 40 }
			all++
			if near(r, c.R) && near(g, c.G) && near(b, c.B) {
				alike++
			}
		}
	}
	if alike*10 < all*7 {
		t.Errorf("only %d of %d points of the screenshot are as on the screen", alike, all)
	}
}

// TestNothingThere: no camera, no microphone, no sound server: the app runs, says so, and joins.
func TestNothingThere(t *testing.T) {
	w := open(t, []string{"PULSE_SERVER=unix:/nowhere"}, "--listen", fmt.Sprintf("127.0.0.1:%d", freePort(t)), "--data", t.TempDir(),
		"--room", "r1", "--user", "alone", "--join", "--lang", "en", "--theme", "light")
	s := w.until(t, "the room, without devices", 2*time.Minute, func(s ui.State) bool { return s.State == "in" })
	if s.Mic || s.Camera {
		t.Errorf("got microphone %v, camera %v on a machine without", s.Mic, s.Camera)
	}
	log := strings.Join(s.Log, "\n")
	for _, want := range []string{"changeVideoCapture:fail auth deny", "changeAudioCapture:fail auth deny", "joinRtcRoom:ok"} {
		if !strings.Contains(log, want) {
			t.Errorf("the log has no %q:\n%s", want, log)
		}
	}
	save(t, w.display.pixels(t), "alone-light-en.png")
}
