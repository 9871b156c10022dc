package app

import (
	"bufio"
	"io"
	"net"
	"testing"

	"parlor/app/bridge"
	"parlor/app/bridge/bridgetest"
)

// TestDrive_Script: the window's own client answers the script as the bridge does.
func TestDrive_Script(t *testing.T) {
	check(t)
	d := newDesk(t, nil)
	conn, err := net.Dial("tcp", d.DriveAddr())
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close()
	lines := bufio.NewScanner(conn)
	lines.Buffer(nil, bridge.MaxLine)
	bridgetest.Test(t, bridgetest.Config{
		AppID: d.app.ID, AppKey: d.app.Key, Screen: "test",
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
