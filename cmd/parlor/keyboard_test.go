//go:build linux

package main

import (
	"fmt"
	"os"
	"os/exec"
	"slices"
	"strings"
	"testing"
	"time"

	"parlor/app/bridge"
	"parlor/app/ui"
)

// keyboard is a keyboard at a display: what xdotool presses comes to the window as a person's keys do.
type keyboard struct{ display *display }

func (k keyboard) run(t *testing.T, args ...string) string {
	t.Helper()
	cmd := exec.Command("xdotool", args...)
	cmd.Env = append(os.Environ(), "DISPLAY="+k.display.name)
	out, err := cmd.CombinedOutput()
	if err != nil {
		t.Fatalf("xdotool %v: %v\n%s", args, err, out)
	}
	return strings.TrimSpace(string(out))
}

// take gives the window the focus: there is no window manager to do so.
func (k keyboard) take(t *testing.T) {
	t.Helper()
	ids := strings.Fields(k.run(t, "search", "--sync", "--onlyvisible", "--name", "Parlor"))
	k.run(t, "windowfocus", "--sync", ids[len(ids)-1])
}

// press presses keys one after another: "ctrl+d", "Return".
func (k keyboard) press(t *testing.T, keys ...string) {
	t.Helper()
	k.run(t, append([]string{"key", "--delay", "30"}, keys...)...)
}

// write replaces what is in the field with the focus.
func (k keyboard) write(t *testing.T, text string) {
	t.Helper()
	k.press(t, "ctrl+a")
	k.run(t, "type", "--delay", "30", text)
}

// reach presses Tab until a control has the focus.
func (k keyboard) reach(t *testing.T, w *window, id string) {
	t.Helper()
	var been []string
	for range 120 {
		k.press(t, "Tab")
		focus := w.state(t).Focus
		if focus == id {
			return
		}
		been = append(been, focus)
	}
	t.Fatalf("Tab does not come to %s, only to %q", id, been)
}

func hasTool(id string) func(ui.State) bool {
	return func(s ui.State) bool {
		return slices.ContainsFunc(s.Tools, func(x ui.Tool) bool { return x.ID == id })
	}
}

func hasText(text string) func(ui.State) bool {
	return func(s ui.State) bool {
		return slices.ContainsFunc(s.Texts, func(x string) bool { return strings.Contains(x, text) })
	}
}

// TestKeyboard goes through everything without a mouse: join, mute, camera, enlarge, chat, share, every call of the API, leave.
func TestKeyboard(t *testing.T) {
	w := open(t, nil, "--listen", fmt.Sprintf("127.0.0.1:%d", freePort(t)), "--data", t.TempDir(),
		"--camera", "test", "--mic", "test", "--speaker", "none", "--lang", "en", "--theme", "dark")
	k := keyboard{w.display}
	w.until(t, "the start page", time.Minute, func(s ui.State) bool { return s.Page == "start" })
	k.take(t)

	k.reach(t, w, "join.roomId")
	k.write(t, "keys")
	k.reach(t, w, "join.name")
	k.write(t, "kim")
	k.press(t, "Return")
	w.until(t, "kim is in the room", time.Minute, func(s ui.State) bool {
		return s.State == "in" && s.RoomID == "keys" && s.UserID == "kim" && tile(s, "kim").Picture
	})

	for _, toggle := range []struct {
		key string
		on  func(ui.State) bool
	}{
		{"ctrl+d", func(s ui.State) bool { return s.Mic }},
		{"ctrl+e", func(s ui.State) bool { return s.Camera }},
		{"1", func(s ui.State) bool { return tile(s, "kim").Enlarged }},
	} {
		before := toggle.on(w.state(t))
		k.press(t, toggle.key)
		w.until(t, toggle.key+" changes something", time.Minute, func(s ui.State) bool { return toggle.on(s) != before })
		k.press(t, toggle.key)
		w.until(t, toggle.key+" changes it back", time.Minute, func(s ui.State) bool { return toggle.on(s) == before })
	}

	k.press(t, "ctrl+t")
	w.until(t, "the chat", time.Minute, func(s ui.State) bool { return s.Panel == "chat" && s.Focus == "chat.entry" })
	k.write(t, "typed by hand")
	k.press(t, "Return")
	w.until(t, "the message", time.Minute, hasText("typed by hand"))
	k.press(t, "Escape")

	k.press(t, "ctrl+shift+e")
	w.until(t, "the chooser of screens", time.Minute, hasTool("share.share"))
	var screen string
	w.until(t, "a screen to choose", time.Minute, func(s ui.State) bool {
		for _, x := range s.Tools {
			if strings.HasPrefix(x.ID, "share.screen:") {
				screen = x.ID
			}
		}
		return screen != ""
	})
	save(t, w.display.pixels(t), "share-dark-en.png")
	k.reach(t, w, screen)
	k.press(t, "Return", "Return") // chooses, and shares what is chosen
	w.until(t, "the own screen is shared", time.Minute, hasTool("room.share.stop"))
	k.press(t, "ctrl+shift+e")
	w.until(t, "sharing ends", time.Minute, func(s ui.State) bool { return !hasTool("room.share.stop")(s) })

	k.press(t, "ctrl+shift+h")
	w.until(t, "the start page again", time.Minute, func(s ui.State) bool { return s.Page == "start" && s.State == "idle" })
	callEverything(t, w, k)
}

// callEverything goes down the list of the API's methods and calls each.
func callEverything(t *testing.T, w *window, k keyboard) {
	t.Helper()
	k.press(t, "ctrl+4")
	w.until(t, "the API console", time.Minute, func(s ui.State) bool { return s.Page == "api" })
	k.reach(t, w, "api.mode.raw") // strict mode refuses what makes no sense at present
	k.press(t, "Return")
	w.until(t, "raw mode", time.Minute, hasTool("api.form.method"))
	k.reach(t, w, "api.methods")
	k.press(t, "Home")
	chosen := func(s ui.State) string {
		for _, x := range s.Tools {
			if x.ID == "api.form.method" {
				return x.Text
			}
		}
		return ""
	}
	methods := bridge.Methods()
	called := make(map[string]bool)
	for range methods {
		s := w.state(t)
		method := chosen(s)
		called[method] = true
		rows := strings.Count(strings.Join(s.Log, "\n"), "> "+method)
		k.press(t, "ctrl+Return")
		w.until(t, "a row for "+method, time.Minute, func(s ui.State) bool {
			return strings.Count(strings.Join(s.Log, "\n"), "> "+method) > rows
		})
		k.press(t, "Down")
		if len(called) < len(methods) {
			w.until(t, "the method after "+method, time.Minute, func(s ui.State) bool { return !called[chosen(s)] })
		}
	}
	for _, m := range methods {
		if !called[m.Name] {
			t.Errorf("%s cannot be called by keyboard", m.Name)
		}
	}
	t.Logf("%d methods called", len(called))
}
