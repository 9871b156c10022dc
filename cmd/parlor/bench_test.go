//go:build linux

package main

import (
	"fmt"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
	"time"

	"parlor/app/token"
	"parlor/app/ui"
	"parlor/media/mediatest/browser"
)

const (
	benchApp = "0123456789abcdef01234567"
	benchKey = "testappkey0123456789abcdef012345"
	// measured is how long the CPU time of a receiver is measured.
	measured = 8 * time.Second
)

// BenchmarkReceiver measures a whole receiver in a real window of 1280x800: network, decoding, conversion
// and painting of n moving pictures of 640x360 at 15 Hz with their voices, in CPU seconds per second. The peer is
// Chromium, in a window on the same kind of display, on the same streams.
func BenchmarkReceiver(b *testing.B) {
	for _, n := range []int{1, 4, 9, 16} {
		b.Run(fmt.Sprintf("%dtiles", n), func(b *testing.B) {
			b.Run("ours", func(b *testing.B) { benchReceiver(b, n, ourReceiver) })
			b.Run("peer:chromium", func(b *testing.B) { benchReceiver(b, n, chromiumReceiver) })
		})
	}
}

// benchReceiver starts a server and n bots, then the receiver, which returns the process group to measure.
func benchReceiver(b *testing.B, n int, receiver func(b *testing.B, server string, n int) (group int)) {
	port := freePort(b)
	start(b, true, nil, programs.parlord, "--listen", fmt.Sprintf("127.0.0.1:%d", port),
		"--udp", fmt.Sprintf("127.0.0.1:%d", port+2), "--app", benchApp+"="+benchKey)
	server := fmt.Sprintf("http://127.0.0.1:%d", port)
	start(b, true, nil, programs.parlorctl, "bots", "--server", server, "--app-id", benchApp, "--app-key", benchKey,
		"--room", "r", "--count", strconv.Itoa(n))
	group := receiver(b, server, n)
	for b.Loop() {
		before := cpuSeconds(b, group)
		started := time.Now()
		timer := time.NewTimer(measured)
		<-timer.C
		b.ReportMetric((cpuSeconds(b, group)-before)/time.Since(started).Seconds(), "cpu-s/s")
	}
}

func ourReceiver(b *testing.B, server string, n int) int {
	w := open(b, nil, "--server", server, "--app-id", benchApp, "--app-key", benchKey, "--room", "r", "--user", "watcher", "--join",
		"--camera", "none", "--mic", "none", "--speaker", "test", "--data", b.TempDir(), "--log-level", "warn")
	w.until(b, "all pictures", 3*time.Minute, func(s ui.State) bool {
		moving := 0
		for _, x := range s.Tiles {
			if x.Visible && x.Picture && x.Shown > 5 {
				moving++
			}
		}
		return moving >= min(n, 11) // a page of the grid has 12 tiles, one is the own
	})
	return w.cmd.Process.Pid
}

func chromiumReceiver(b *testing.B, server string, n int) int {
	text, err := token.Mint(token.MintOptions{AppID: benchApp, AppKey: benchKey, RoomID: "r", UserID: "watcher", TTL: time.Hour})
	if err != nil {
		b.Fatal(err)
	}
	guest := browser.Start(b, browser.Options{
		Server: server, AppID: benchApp, RoomID: "r", UserID: "watcher", Token: text, Watch: 2 * n,
		Window: true, Env: []string{"DISPLAY=" + newDisplay(b).name},
	})
	limit := time.After(3 * time.Minute)
	for {
		select {
		case s := <-guest.Sights:
			if s.Error != "" {
				b.Fatal(s.Error)
			}
			if s.Videos >= n && s.FramesDecoded > 5*n {
				return guest.Group()
			}
		case <-limit:
			b.Fatal("the browser does not see all pictures")
		}
	}
}

// cpuSeconds is the CPU time, user and system, of all processes of a group so far.
func cpuSeconds(b *testing.B, group int) float64 {
	stats, err := filepath.Glob("/proc/[0-9]*/stat")
	if err != nil {
		b.Fatal(err)
	}
	const ticksPerSecond = 100 // USER_HZ of Linux
	total := 0.0
	for _, path := range stats {
		raw, err := os.ReadFile(path)
		if err != nil {
			continue // ended meanwhile
		}
		// After the name in parentheses: state, parent, group, …; user and system time are the 12th and 13th.
		fields := strings.Fields(string(raw[strings.LastIndexByte(string(raw), ')')+1:]))
		pid, _, _ := strings.Cut(strings.TrimPrefix(path, "/proc/"), "/")
		if len(fields) < 13 || fields[2] != strconv.Itoa(group) && pid != strconv.Itoa(group) {
			continue
		}
		user, _ := strconv.ParseFloat(fields[11], 64)
		system, _ := strconv.ParseFloat(fields[12], 64)
		total += (user + system) / ticksPerSecond
	}
	return total
}
