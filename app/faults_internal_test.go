package app

import (
	"errors"
	"strings"
	"testing"

	"parlor/app/ui"
	"parlor/media"
)

// TestFaults: a camera that is unplugged, a network that is cut, a server that dies, a user who is removed.
func TestFaults(t *testing.T) {
	check(t)
	d := newDesk(t, func(o *Options) { o.RoomID, o.UserID, o.Join = "r", "me", true })
	d.until(t, func(s ui.State) bool { return s.State == "in" && s.Camera })
	d.must(t, "x-unplug", `{"kind":"camera"}`)
	d.until(t, func(s ui.State) bool { return !s.Camera && s.Mic })
	if _, err := d.opts.Kit.Devices.OpenCamera("", media.VideoFormat{}); !errors.Is(err, errUnplugged) {
		t.Errorf("an unplugged camera opens: %v", err)
	}
	d.must(t, "x-plug", `{"kind":"camera"}`)
	d.call("changeVideoCapture", map[string]any{"state": 1})
	d.until(t, func(s ui.State) bool { return s.Camera })
	if _, err := d.extra(t, "x-unplug", `{"kind":"screen"}`); err == nil {
		t.Error("a screen can be unplugged")
	}
	if got := d.must(t, "x-network", `{"lossPercent":5}`); !strings.HasPrefix(got, `{"lossPercent":5,`) {
		t.Errorf("x-network answers %s", got)
	}
	d.must(t, "x-network", `{"lossPercent":0,"cut":600000}`)
	d.until(t, func(s ui.State) bool { return s.State == "reconnecting" })
	d.must(t, "x-network", `{"cut":0}`)
	d.until(t, func(s ui.State) bool { return s.State == "in" })
	d.must(t, "x-restartServer", ``)
	d.until(t, func(s ui.State) bool { return s.State == "reconnecting" })
	d.until(t, func(s ui.State) bool { return s.State == "in" })
	d.must(t, "x-removeUser", `{}`)
	d.until(t, func(s ui.State) bool { return s.State == "ended" })
}
