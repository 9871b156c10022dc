//go:build linux

// Package browser brings Chromium into tests as an independent WebRTC participant: a page that joins a room
// with the same calls as any client, and reports what it sees and hears.
package browser

import (
	_ "embed"
	"encoding/json"
	"net/http"
	"net/http/httptest"
	"net/url"
	"os"
	"os/exec"
	"strconv"
	"syscall"
	"testing"
)

//go:embed participant.html
var page []byte

// Options describe a participant.
type Options struct {
	Server, AppID, RoomID, UserID, Token string

	Watch  int      // > 0: publish nothing, and wait for so many tracks of others before connecting
	Window bool     // show a window on DISPLAY instead of running headless
	Env    []string // more environment
}

// Sight is what the page reports, several times a second.
type Sight struct {
	Error            string  // the page failed
	State            string  // of its RTCPeerConnection
	FramesDecoded    int     // of all videos
	KeyFramesDecoded int     // of all videos
	AudioPackets     int     // received
	AudioEnergy      float64 // of all voices since the start
	SentFrames       int     // encoded
	Width            int     // of the last video, pixels
	Videos           int     // that have decoded a frame
}

// Participant is a running browser.
type Participant struct {
	Sights chan Sight // cap 1024; full: the newest are dropped
	pid    int
}

// Start starts the browser and ends it with the test.
func Start(t testing.TB, o Options) *Participant {
	t.Helper()
	p := &Participant{Sights: make(chan Sight, 1024)}
	pages := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.URL.Path != "/report" {
			w.Header().Set("Content-Type", "text/html; charset=utf-8")
			w.Write(page)
			return
		}
		var seen Sight
		if json.NewDecoder(r.Body).Decode(&seen) != nil {
			return
		}
		select {
		case p.Sights <- seen:
		default:
		}
	}))
	t.Cleanup(pages.Close)
	address := pages.URL + "/?" + url.Values{
		"server": {o.Server}, "app": {o.AppID}, "room": {o.RoomID}, "user": {o.UserID}, "token": {o.Token},
		"watch": {strconv.Itoa(o.Watch)},
	}.Encode()
	profile, err := os.MkdirTemp("", "parlor-browser-")
	if err != nil {
		t.Fatal(err)
	}
	args := []string{"--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--mute-audio",
		"--disable-background-networking", "--disable-component-update", "--disable-sync", "--user-data-dir=" + profile,
		"--use-fake-device-for-media-stream", "--use-fake-ui-for-media-stream", "--autoplay-policy=no-user-gesture-required",
		"--allow-loopback-in-peer-connection", "--disable-features=WebRtcHideLocalIpsWithMdns", "--window-size=1280,800", address}
	if !o.Window {
		args = append([]string{"--headless"}, args...)
	}
	cmd := exec.Command(find(t), args...)
	cmd.Env = append(os.Environ(), o.Env...)
	cmd.SysProcAttr = &syscall.SysProcAttr{Setpgid: true, Pdeathsig: syscall.SIGKILL}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	p.pid = cmd.Process.Pid
	t.Cleanup(func() {
		syscall.Kill(-p.pid, syscall.SIGKILL) // the whole group: a browser is many processes
		cmd.Wait()
		os.RemoveAll(profile)
	})
	return p
}

// Group is the process group of the browser's processes.
func (p *Participant) Group() int { return p.pid }

func find(t testing.TB) string {
	t.Helper()
	for _, name := range []string{"chromium", "chromium-browser", "google-chrome"} {
		if path, err := exec.LookPath(name); err == nil {
			return path
		}
	}
	t.Fatal("no Chromium here: .ci/setup test installs it")
	return ""
}
