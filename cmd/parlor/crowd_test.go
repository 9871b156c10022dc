//go:build linux

package main

import (
	"encoding/json"
	"slices"
	"testing"
	"time"

	"parlor/app/ui"
)

// The app of the tests that have a server of their own.
const testApp, testKey = "0123456789abcdef01234567", "testappkey0123456789abcdef012345"

// serve starts a server of the test's own and returns the flags of a window on it.
func serve(t testing.TB) (url string, flags []string) {
	t.Helper()
	_, line := start(t, true, nil, programs.parlord, "--listen", "127.0.0.1:0", "--udp", "127.0.0.1:0", "--app", testApp+"="+testKey)
	var ready struct{ HTTP string }
	if err := json.Unmarshal([]byte(line), &ready); err != nil {
		t.Fatalf("%q: %v", line, err)
	}
	url = "http://" + ready.HTTP
	return url, []string{"--server", url, "--app-id", testApp, "--app-key", testKey, "--room", "r1"}
}

// decoded tells how many pictures of each user were decoded so far.
func decoded(t testing.TB, w *window) map[string]int {
	t.Helper()
	var stats struct {
		Remote []struct {
			UserID, Kind string
			Decoded      int
		}
	}
	if err := json.Unmarshal(w.call(t, "x-stats", nil).Res, &stats); err != nil {
		t.Fatal(err)
	}
	count := make(map[string]int)
	for _, r := range stats.Remote {
		if r.Kind == "video" {
			count[r.UserID] += r.Decoded
		}
	}
	return count
}

// TestCrowd: 25 people in a room. The grid has pages, and only the tiles on the page that is shown are decoded.
func TestCrowd(t *testing.T) {
	_, flags := serve(t)
	// Who speaks comes to the page that is shown: these do not.
	start(t, true, nil, programs.parlorctl, append([]string{"bots", "--count", "24", "--silent"}, flags...)...)
	w := open(t, nil, append(flags, "--user", "me", "--join", "--camera", "test", "--mic", "none", "--speaker", "none",
		"--data", t.TempDir(), "--lang", "en", "--theme", "dark")...)
	pageOf := func(s ui.State) (shown []string) {
		for _, x := range s.Tiles {
			if x.Visible && x.UserID != "me" {
				shown = append(shown, x.UserID)
			}
		}
		return shown
	}
	whole := func(s ui.State) bool {
		shown := pageOf(s)
		for _, user := range shown {
			if !tile(s, user).Picture {
				return false
			}
		}
		return len(s.Tiles) == 25 && len(shown) > 0
	}
	first := pageOf(w.until(t, "a page of moving pictures", 2*time.Minute, whole))
	if len(first) > 12 {
		t.Errorf("a page shows %d others", len(first))
	}
	save(t, w.display.pixels(t), "crowd-dark-en.png")

	before := decoded(t, w)
	w.until(t, "the page moves on", time.Minute, func(ui.State) bool {
		now := decoded(t, w)
		return !slices.ContainsFunc(first, func(user string) bool { return now[user] < before[user]+20 })
	})
	now := decoded(t, w)
	for user, n := range now {
		if !slices.Contains(first, user) && n > before[user] {
			t.Errorf("%s is not to be seen, but %d pictures of it were decoded", user, n-before[user])
		}
	}

	if r := w.call(t, "ui.key", map[string]any{"key": "PageDown"}); r.Error != "" {
		t.Fatal(r.Error)
	}
	second := pageOf(w.until(t, "the next page", 2*time.Minute, func(s ui.State) bool {
		return whole(s) && !slices.Contains(pageOf(s), first[0])
	}))
	for _, user := range second {
		if slices.Contains(first, user) {
			t.Errorf("%s is on both pages", user)
		}
	}
	t.Logf("%d and %d others on the first two pages", len(first), len(second))
}
