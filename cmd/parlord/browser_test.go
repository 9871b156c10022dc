//go:build linux

package main

import (
	"sync/atomic"
	"testing"
	"time"

	"parlor/app/room"
	"parlor/app/server"
	"parlor/app/token"
	"parlor/media"
	"parlor/media/clip"
	"parlor/media/mediatest/browser"
)

const (
	browserApp = "0123456789abcdef01234567"
	browserKey = "testappkey0123456789abcdef012345"
)

// counter is a recorder that only counts what comes from the browser.
type counter struct{ frames, keys, packets atomic.Int64 }

func (c *counter) RecordVideo(user string, _ media.Source, frame []byte, _ uint32, key bool) {
	if user == "browser" && len(frame) > 0 {
		c.frames.Add(1)
		if key {
			c.keys.Add(1)
		}
	}
}

func (c *counter) RecordAudio(user string, _ media.Source, packet []byte, _ uint32) {
	if user == "browser" && len(packet) > 0 {
		c.packets.Add(1)
	}
}

func mint(t *testing.T, user string) string {
	t.Helper()
	text, err := token.Mint(token.MintOptions{AppID: browserApp, AppKey: browserKey, RoomID: "r", UserID: user, TTL: time.Hour})
	if err != nil {
		t.Fatal(err)
	}
	return text
}

// TestBrowser lets Chromium and our own client meet in a room: an independent WebRTC stack decodes what
// we send, and sends what we understand.
func TestBrowser(t *testing.T) {
	s, err := server.New(server.Config{Listen: "127.0.0.1:0", UDP: "127.0.0.1:0", Apps: map[string]string{browserApp: browserKey}})
	if err != nil {
		t.Fatal(err)
	}
	defer s.Close()
	received := new(counter)
	own, err := room.New(room.Config{Server: s.URL(), AppID: browserApp, Kit: media.Kit{Devices: clip.Builtin(1)}, Recorder: received})
	if err != nil {
		t.Fatal(err)
	}
	defer own.Close()
	if err := own.ChangeVideoCapture(t.Context(), true); err != nil {
		t.Fatal(err)
	}
	if err := own.ChangeAudioCapture(t.Context(), true); err != nil {
		t.Fatal(err)
	}
	if err := own.Join(t.Context(), room.JoinOptions{RoomID: "r", UserID: "us", Token: mint(t, "us")}); err != nil {
		t.Fatal(err)
	}

	guest := browser.Start(t, browser.Options{
		Server: s.URL(), AppID: browserApp, RoomID: "r", UserID: "browser", Token: mint(t, "browser"),
	})
	limit := time.After(2 * time.Minute)
	var last browser.Sight
	for {
		select {
		case last = <-guest.Sights:
			if last.Error != "" {
				t.Fatalf("the page failed: %s", last.Error)
			}
		case <-limit:
			t.Fatalf("within two minutes the browser saw %+v, and of it we got %d frames, %d key frames, %d audio packets",
				last, received.frames.Load(), received.keys.Load(), received.packets.Load())
		}
		if last.FramesDecoded >= 30 && last.AudioPackets >= 100 && last.AudioEnergy > 0 && last.Width == 640 &&
			received.frames.Load() >= 30 && received.keys.Load() >= 1 && received.packets.Load() >= 100 {
			t.Logf("the browser saw %+v; of it we got %d frames, %d audio packets", last, received.frames.Load(), received.packets.Load())
			return
		}
	}
}
