package bridge

import (
	"errors"
	"flag"
	"os"
	"strings"
	"testing"
	"time"

	"github.com/pion/transport/v4/test"

	"parlor/app/bridge/bridgetest"
	"parlor/app/server"
)

var update = flag.Bool("update", false, "write bridgetest/script.golden")

// TestScript gives the script to the bridge in this process; the headless client and the window's driver have to answer the same.
func TestScript(t *testing.T) {
	report, limit := test.CheckRoutines(t), test.TimeOut(2*time.Minute)
	t.Cleanup(func() { report(); limit.Stop() })
	c := newFixture(t, server.Limits{}).client(t)
	next := 0
	cfg := bridgetest.Config{
		AppID: appID, AppKey: appKey, Screen: "test",
		Send: func(line string) error {
			c.CallLine([]byte(line))
			return nil
		},
		Receive: func() (string, error) {
			limit := time.After(20 * time.Second)
			for {
				c.mu.Lock()
				lines, more := c.lines, c.more
				c.mu.Unlock()
				if next < len(lines) {
					next++
					return lines[next-1], nil
				}
				select {
				case <-more:
				case <-limit:
					return "", errors.New("nothing came for 20 s")
				}
			}
		},
	}
	if !*update {
		bridgetest.Test(t, cfg)
		return
	}
	got, err := bridgetest.Run(cfg)
	if err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile("bridgetest/script.golden", []byte(strings.Join(got, "\n")+"\n"), 0o644); err != nil {
		t.Fatal(err)
	}
}
