package ui

import (
	"slices"
	"testing"
	"time"

	"fyne.io/fyne/v2"
	"github.com/google/go-cmp/cmp"

	"parlor/app/errno"
	"parlor/app/room"
	"parlor/media"
)

func TestWeak_Reduce(t *testing.T) {
	whole := state{connection: room.Inside, members: members("ann")}
	quality := func(q media.Quality) room.MembersChanged {
		list := members("ann")
		list[0].Quality = q
		return room.MembersChanged{Members: list}
	}
	var s weak
	now := testTime
	for i, step := range []struct {
		msg   any
		after time.Duration
		shown bool
	}{
		{quality(media.QualityGood), 0, false},
		{quality(media.QualityBad), 0, false},
		{timePassed{}, weakAfter - 1, false},
		{timePassed{}, 1, true},
		{weakSeen{}, 0, false},
		{timePassed{}, weakPause - 1, false},
		{timePassed{}, 1, true},
		{quality(media.QualityExcellent), 0, false},
		{quality(media.QualityDown), time.Hour, false},
		{quality(media.QualityUnknown), weakAfter, false},
		{timePassed{}, weakAfter, false},
	} {
		now = now.Add(step.after)
		if m, ok := step.msg.(room.MembersChanged); ok {
			whole.members = m.Members
		}
		s = s.reduce(step.msg, &whole, now)
		if s.shown != step.shown {
			t.Errorf("step %d: shown %v", i, s.shown)
		}
	}
}

// TestBanners: what the banner says, and what its buttons do in one row each.
func TestBanners(t *testing.T) {
	for _, tc := range []struct {
		name   string
		set    func(*harness)
		banner string
		button string // "" for none
		row    string
	}{
		{"server", func(h *harness) { h.SetServerState("10.0.0.5:8443 (connection refused)"); h.queue.turn() },
			"The server cannot be reached: 10.0.0.5:8443 (connection refused)", "shell.banner.retry", `> server.check {}`},
		{"server, settings", func(h *harness) { h.SetServerState("x"); h.queue.turn() },
			"The server cannot be reached: x", "shell.banner.settings", `> settings.open {"section":"network"}`},
		{"token", func(h *harness) {
			h.joined()
			h.events(room.TokenChanged{ExpireAt: testTime.Add(30 * time.Second)}, room.RoomTokenWillExpire{})
			h.clock = testTime.Add(6500 * time.Millisecond)
			h.showSamples(samples{at: h.clock})
		}, "Your token ends in 0:24.", "shell.banner.token", `> updateToken {"token":"***EmA="}`},
		{"weak", func(h *harness) { h.joined("ann"); h.weakened() }, "Your network is weak.", "shell.banner.audioOnly", `> video.audioOnly {"on":true}`},
		{"weak, why", func(h *harness) { h.joined("ann"); h.weakened() }, "Your network is weak.", "shell.banner.why", `> stats.panel {"show":true}`},
		{"camera", func(h *harness) {
			h.joined()
			h.events(room.CaptureChanged{Source: media.Camera, Err: errno.CameraLost.In("onRtcStateChanged")})
		}, "The camera is not available: onRtcStateChanged:fail no camera permission", "shell.banner.devices", `> settings.open {"section":"video"}`},
		{"reconnecting", func(h *harness) {
			h.joined()
			h.events(room.ConnectionChanged{State: room.Reconnecting, Attempt: 2, RetryIn: 4 * time.Second})
		}, "The network is unstable. Reconnecting... (try 2, in 4 s)", "shell.banner.retry", `> x-retryNow {}`},
		{"words", func(h *harness) { h.Notice("Something happened"); h.queue.turn() }, "Something happened", "shell.banner.close", `> banner.close {}`},
	} {
		t.Run(tc.name, func(t *testing.T) {
			h := newHarness(t, nil)
			tc.set(h)
			if got := h.seen().Banner; got != tc.banner {
				t.Errorf("banner %q, want %q", got, tc.banner)
			}
			rows := h.fresh(func() { h.tap(tc.button) })
			if len(rows) == 0 || rows[0] != tc.row || slices.ContainsFunc(rows[1:], func(r string) bool { return r[0] == '>' }) {
				t.Errorf("rows %q, want %q", rows, tc.row)
			}
		})
	}
}

func TestStatus(t *testing.T) {
	h := newHarness(t, nil)
	word := func() string { return h.shell.status.Texts()[0] }
	if got := word(); got != "Not in a room" {
		t.Errorf("outside: %q", got)
	}
	h.SetServerState("x")
	h.queue.turn()
	if got := word(); got != "Offline" {
		t.Errorf("without a server: %q", got)
	}
	h.SetServerState("")
	h.joined("ann")
	h.weakened()
	if got := word(); got != "Weak network" {
		t.Errorf("weak: %q", got)
	}
	h.send(faultsChange{"loss 30 %"})
	if got := h.shell.status.Texts(); got[1] != "TEST FAULTS ON" || got[2] != "loss 30 %" || !h.shell.faults.Visible() {
		t.Errorf("faults: %q", got)
	}
	for i := range 3 {
		h.showSamples(samples{at: h.clock.Add(time.Duration(i+1) * time.Second), cpu: time.Duration(i) * 230 * time.Millisecond})
	}
	if got := h.shell.status.Texts(); !slices.Contains(got, "CPU 23 %") {
		t.Errorf("facts %q", got)
	}
	rows := h.fresh(func() { h.tap("shell.status") })
	if diff := cmp.Diff([]string{`> stats.panel {"show":true}`}, rows); diff != "" {
		t.Errorf("rows (-want +got):\n%s", diff)
	}
}

// TestRoomCard: on another page there is a way back, and the ways to mute and to leave.
func TestRoomCard(t *testing.T) {
	h := newHarness(t, nil)
	h.joined("ann")
	if h.shell.cardBox.Visible() {
		t.Error("the card is there on the room's own page")
	}
	h.tap("shell.rail.settings")
	rows := h.fresh(func() { h.tap("shell.card.mic") })
	if diff := cmp.Diff([]string{`> changeStreamPublishState {"state":0,"streamType":"audio"}`}, rows); diff != "" {
		t.Errorf("rows (-want +got):\n%s", diff)
	}
	h.tap("shell.card.back")
	if s := h.seen(); s.Page != "room" {
		t.Errorf("page %q", s.Page)
	}
	h.tap("shell.rail.api")
	rows = h.fresh(func() { h.tap("shell.card.leave") })
	if len(rows) == 0 || rows[0] != `> room.leave {"roomId":"1001"}` {
		t.Errorf("rows %q", rows)
	}
}

// TestWindowKept: size, page and panel come back with the next start.
func TestWindowKept(t *testing.T) {
	h := newHarness(t, nil)
	h.win.Resize(fyne.NewSize(1100, 700))
	h.joined()
	h.choosePanel(panelPeople)
	h.openPage(pageAPI)
	h.Window.Close()
	p := loadPreferences(h.cfg.App.Preferences())
	if p.Width != 1100 || p.Height != 700 || p.Page != pageAPI || p.Panel != panelPeople {
		t.Errorf("kept %gx%g, page %d, panel %d", p.Width, p.Height, p.Page, p.Panel)
	}
}
