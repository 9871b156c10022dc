package main

import (
	"io"
	"path/filepath"
	"testing"
	"time"

	"github.com/pion/transport/v4/test"

	"parlor/app/bridge/bridgetest"
)

// TestAPI_Script: the headless client answers the script as the bridge does.
func TestAPI_Script(t *testing.T) {
	defer test.CheckRoutines(t)()
	defer test.TimeOut(time.Minute).Stop()
	s := startServer(t)
	defer s.Close()
	screen, err := filepath.Abs(sentVideo)
	if err != nil {
		t.Fatal(err)
	}
	p := start(t, "api", "--server", s.URL(), "--video", sentVideo, "--audio", sentAudio)
	bridgetest.Test(t, bridgetest.Config{
		AppID: testApp, AppKey: testKey, Screen: "file:" + screen,
		Send: func(line string) error {
			_, err := io.WriteString(p.stdin, line+"\n")
			return err
		},
		Receive: func() (string, error) {
			if !p.lines.Scan() {
				return "", io.ErrUnexpectedEOF
			}
			return p.lines.Text(), nil
		},
	})
	p.stdin.Close()
	for p.lines.Scan() { // what comes on the way out
	}
	if code := <-p.code; code != 0 {
		t.Errorf("exit code %d, want 0", code)
	}
}
