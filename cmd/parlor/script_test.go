//go:build linux

package main

import (
	"bufio"
	"io"
	"net"
	"testing"

	"parlor/app/bridge"
	"parlor/app/bridge/bridgetest"
)

// TestScript: the real window answers the same script as parlorctl api does, line for line.
func TestScript(t *testing.T) {
	_, flags := serve(t)
	w := open(t, nil, append(flags, "--camera", "test", "--mic", "test", "--speaker", "none", "--data", t.TempDir())...)
	conn, err := net.Dial("tcp", w.drive)
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close()
	lines := bufio.NewScanner(conn)
	lines.Buffer(nil, bridge.MaxLine)
	bridgetest.Test(t, bridgetest.Config{
		AppID: testApp, AppKey: testKey, Screen: "test",
		Send: func(line string) error {
			_, err := io.WriteString(conn, line+"\n")
			return err
		},
		Receive: func() (string, error) {
			if !lines.Scan() {
				return "", io.ErrUnexpectedEOF
			}
			return lines.Text(), nil
		},
	})
}
