package ui

import (
	"fmt"
	"image/color"
	"slices"
	"strings"
	"testing"
	"time"

	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/driver/desktop"
	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"parlor/app/errno"
	"parlor/app/room"
	"parlor/media"
	"parlor/media/peer"
	"parlor/widgets"
)

// acted is fresh without warnings: nobody answers those calls.
func (h *harness) acted(do func()) []string {
	h.t.Helper()
	return slices.DeleteFunc(h.fresh(do), func(row string) bool { return strings.HasPrefix(row, "!") })
}

// touch shows the buttons of a tile, as the mouse does.
func (h *harness) touch(key tileKey) { h.room.stage.tiles[key].view.MouseIn(nil) }

// chooseItem opens the menu of a tile and chooses an item of it.
func (h *harness) chooseItem(key tileKey, id string) {
	h.t.Helper()
	h.room.stage.tiles[key].view.OnMenu(fyne.NewPos(300, 200))
	h.tap(id)
}

// TestStage_Rows: each control of the stage and the toolbar, and each key, adds exactly one row, and that row says what it was.
func TestStage_Rows(t *testing.T) {
	ann, annScreen, me := camera("ann"), screen("ann"), camera("wang_xm")
	const annCamera = `{"source":"camera","userId":"ann"}`
	menu := func(key tileKey) func(*harness) {
		return func(h *harness) { h.room.stage.tiles[key].view.OnMenu(fyne.NewPos(300, 200)) }
	}
	tools := func(id string) func(*harness) { return func(h *harness) { h.tap(id) } }
	h := newHarness(t, nil)
	h.joined("ann", "bob")
	h.events(sharing([]string{"ann", "bob"}, "ann"))
	h.send(tileTapped{screen("ann")}) // the grid
	base := h.state
	for _, tc := range []struct {
		before func(*harness)
		do     string // a control, or a key after "key "
		want   string
	}{
		{nil, "room.tile.ann", `> tile.enlarge ` + annCamera},
		{tools("room.tile.ann"), "room.tile.ann", `> tile.shrink ` + annCamera},
		{tools("room.tile.ann"), "key Esc", `> tile.shrink ` + annCamera},
		{nil, "key 2", `> tile.enlarge {"source":"screen","userId":"ann"}`},
		{nil, "room.tile.ann.pin", `> tile.pin ` + annCamera},
		{tools("room.tile.ann.pin"), "room.tile.ann.pin", `> tile.unpin ` + annCamera},
		{nil, "room.tile.ann.volume", `> tile.volume {"userId":"ann"}`},
		{nil, "room.tile.ann.more", `> tile.menu ` + annCamera},
		{menu(ann), "menu.pin", `> tile.pin ` + annCamera},
		{menu(ann), "menu.silence", `> x-setGain {"gain":0,"userId":"ann"}`},
		{func(h *harness) { h.answered("x-setGain", `{"userId":"ann","gain":0}`, nil); menu(ann)(h) }, "menu.silence",
			`> x-setGain {"gain":1,"userId":"ann"}`},
		{menu(ann), "menu.receive.video", `> changeStreamSubscribeState {"state":0,"streamType":"video","userId":"ann"}`},
		{menu(ann), "menu.receive.audio", `> changeStreamSubscribeState {"state":0,"streamType":"audio","userId":"ann"}`},
		{menu(annScreen), "menu.receive.video", `> changeScreenSubscribeState {"state":0,"streamType":"video","userId":"ann"}`},
		{menu(ann), "menu.message", `> chat.mention ` + annCamera},
		{menu(ann), "menu.figures", `> stats.tiles ` + annCamera},
		{menu(ann), "menu.fullScreen", `> tile.fullScreen ` + annCamera},
		{func(h *harness) { h.chooseItem(ann, "menu.fullScreen") }, "key Esc", `> tile.fullScreen.leave {}`},
		{func(h *harness) { h.chooseItem(ann, "menu.fullScreen") }, "room.tile.ann", `> tile.fullScreen.leave {}`},
		{menu(me), "menu.mirror", `> settings.video.mirror {"value":false}`},
		{menu(me), "key Esc", `> menu.close {}`},
		{nil, "room.tool.share", `> share.choose {}`},
		{func(h *harness) { h.events(room.CaptureChanged{Source: media.Screen, On: true}) }, "room.tool.share", `> x-stopScreenShare {}`},
		{func(h *harness) { h.events(room.CaptureChanged{Source: media.Screen, On: true}) }, "room.share.stop", `> x-stopScreenShare {}`},
		{nil, "key Ctrl+Shift+E", `> share.choose {}`},
		{nil, "room.tool.layout", `> stage.layout {"source":"screen","userId":"ann"}`},
		{nil, "key Ctrl+G", `> stage.layout {"source":"screen","userId":"ann"}`},
		{nil, "room.tool.mic.menu", `> menu.mic {}`},
		{tools("room.tool.mic.menu"), "menu.microphone.default", `> x-setDevice {"kind":"microphone","name":""}`},
		{tools("room.tool.mic.menu"), "menu.speaker.default", `> x-setDevice {"kind":"speaker","name":""}`},
		{tools("room.tool.mic.menu"), "menu.audio", `> settings.open {"section":"audio"}`},
		{nil, "room.tool.camera.menu", `> menu.camera {}`},
		{tools("room.tool.camera.menu"), "menu.mirror", `> settings.video.mirror {"value":false}`},
		{nil, "room.tool.chat", `> panel.chat {"show":true}`},
		{nil, "room.tool.more", `> menu.more {}`},
		{tools("room.tool.more"), "menu.fullScreen", `> window.fullScreen {"on":true}`},
		{nil, "key F11", `> window.fullScreen {"on":true}`},
		{tools("room.tool.more"), "menu.figures", `> stats.tiles {}`},
		{nil, "key Ctrl+Shift+S", `> stats.tiles {}`},
		{tools("room.tool.more"), "menu.stats", `> stats.panel {"show":true}`},
		{func(h *harness) { h.showStatistics() }, "room.stats.close", `> stats.panel {"show":false}`},
		{func(h *harness) { h.showStatistics() }, "room.stats.copy", `> stats.copy {}`},
		{tools("room.tool.more"), "menu.hideSelf", `> settings.video.hideSelf {"value":true}`},
		{nil, "key PageDown", `> stage.page {"page":1}`},
	} {
		t.Run(tc.do+" "+tc.want, func(t *testing.T) {
			h.t = t
			h.closeMenu()
			for len(h.dialogs) > 0 {
				h.dialogs[0].close()
			}
			h.win.SetFullScreen(false)
			h.win.Canvas().Unfocus()
			h.state, h.lastTap = base, tileTap{}
			h.show()
			h.touch(ann)
			if tc.before != nil {
				tc.before(h)
				h.touch(ann)
			}
			h.clock = h.clock.Add(time.Second) // no double tap
			got := h.acted(func() {
				if key, ok := strings.CutPrefix(tc.do, "key "); ok {
					h.key(key)
				} else {
					h.tap(tc.do)
				}
			})
			if diff := cmp.Diff([]string{tc.want}, got); diff != "" {
				t.Errorf("rows (-want +got):\n%s", diff)
			}
		})
	}
}

// TestStage_AudioOnly stops the cameras that are received, those of who comes later, too, and receives the same ones again.
func TestStage_AudioOnly(t *testing.T) {
	h := newHarness(t, nil)
	h.joined("ann", "bob")
	list := members("ann", "bob")
	list[2].VideoSubscribed = false
	h.events(room.MembersChanged{Members: list})
	row := func(user string, state int) string {
		return fmt.Sprintf(`- changeStreamSubscribeState {"state":%d,"streamType":"video","userId":%q}`, state, user)
	}
	steps := []struct {
		name string
		do   func()
		want []string
	}{
		{"on", func() { h.tap("room.tool.more"); h.tap("menu.audioOnly") }, []string{"> menu.more {}", `> video.audioOnly {"on":true}`, row("ann", 0)}},
		{"somebody comes", func() { h.events(here("ann", "bob", "cy")) }, []string{row("bob", 0), row("cy", 0)}},
		{"nothing new", func() { h.events(here("ann", "bob", "cy")) }, nil},
		{"off", func() { h.setAudioOnly(false) }, []string{`> video.audioOnly {"on":false}`, row("ann", 1), row("bob", 1), row("cy", 1)}},
	}
	for _, s := range steps {
		if diff := cmp.Diff(s.want, h.acted(s.do), cmpopts.EquateEmpty()); diff != "" {
			t.Errorf("%s: rows (-want +got):\n%s", s.name, diff)
		}
	}
}

// TestStage_Volumes: they are kept over restarts, and applied when the user comes.
func TestStage_Volumes(t *testing.T) {
	h := newHarness(t, nil)
	h.joined("ann", "bob")
	slide := func(h *harness, v float64) {
		m := widgets.NewMenu(h.volumeItems("ann"))
		m.Controls()["menu.volume"].(interface{ SetValue(float64) }).SetValue(v)
	}
	h.backend.taken()
	slide(h, 40)
	if diff := cmp.Diff([]string{`x-setGain {"gain":0.4,"userId":"ann"}`}, h.backend.taken()); diff != "" {
		t.Error(diff)
	}
	h.answered("x-setGain", `{"userId":"ann","gain":0.4}`, nil)
	h.answered("x-setGain", `{"userId":"bob","gain":0}`, nil)
	h.events(here("ann", "bob"))
	if diff := cmp.Diff(map[room.UserID]int{"ann": 40}, loadPreferences(h.cfg.App.Preferences()).Volumes); diff != "" {
		t.Errorf("kept (-want +got):\n%s", diff)
	}
	if s := h.room.stage.tiles[camera("bob")]; !s.tile.silenced {
		t.Error("bob does not look muted for me")
	}

	again := newHarness(t, func(c *Config) {
		p := usualPreferences()
		p.Volumes = map[room.UserID]int{"ann": 40, "bob": 300, "cy": 0}
		p.save(c.App.Preferences())
	})
	got := again.acted(func() { again.joined("ann", "bob") })
	want := `- x-setGain {"gain":0.4,"userId":"ann"}`
	if n := len(got); n == 0 || got[n-1] != want || strings.Count(strings.Join(got, "\n"), "x-setGain") != 1 {
		t.Errorf("rows on joining: %q, want %q once", got, want)
	}
	if got := again.acted(func() { again.events(here("ann", "bob")) }); len(got) != 0 {
		t.Errorf("and again: %q", got)
	}
}

// TestStage_DoubleTap: two taps at one place give the tile that the first one hit the whole window, whatever is there by then.
func TestStage_DoubleTap(t *testing.T) {
	h := newHarness(t, nil)
	h.joined("ann", "bob")
	at := func(x, y float32) *fyne.PointEvent { return &fyne.PointEvent{AbsolutePosition: fyne.NewPos(x, y)} }
	view := func(key tileKey) *widgets.VideoTile { return h.room.stage.tiles[key].view }
	full := func(want tileKey) {
		t.Helper()
		l := &h.state.layout
		if l.alone != (want != tileKey{}) || l.alone && l.enlarged != want || h.win.FullScreen() != l.alone {
			t.Fatalf("alone %v, large %v, full screen %v; want %v", l.alone, l.enlarged, h.win.FullScreen(), want)
		}
	}
	view(camera("ann")).Tapped(at(300, 200))
	full(tileKey{})
	h.clock = h.clock.Add(doubleTap - time.Millisecond)
	view(camera("bob")).Tapped(at(302, 201)) // it moved below the mouse
	full(camera("ann"))
	if h.shell.status.Visible() || h.room.toolbar.content.Visible() || view(camera("bob")).Visible() {
		t.Error("there is more than the tile")
	}
	if size := view(camera("ann")).Size(); size != h.win.Canvas().Size() {
		t.Errorf("the tile is %v in a window of %v", size, h.win.Canvas().Size())
	}
	h.key("Esc")
	full(tileKey{})
	if !h.shell.status.Visible() || h.state.layout.enlarged != camera("ann") {
		t.Error("Esc does not lead back to the enlarged tile")
	}
	h.key("Esc")
	view(camera("ann")).Tapped(at(300, 200))
	h.clock = h.clock.Add(doubleTap)
	view(camera("ann")).Tapped(at(300, 200)) // too late
	full(tileKey{})
	h.clock = h.clock.Add(time.Second)
	view(camera("ann")).Tapped(at(300, 200))
	view(camera("bob")).Tapped(at(400, 200)) // elsewhere
	full(tileKey{})
	h.chooseItem(camera("bob"), "menu.fullScreen")
	full(camera("bob"))
	h.events(here("ann"))
	if h.state.layout.alone {
		t.Error("the whole window is for a tile that is gone")
	}
}

// TestStage_Speaker: whoever speaks on another page comes to this one; the tiles there stay but for one.
func TestStage_Speaker(t *testing.T) {
	h := newHarness(t, nil)
	var names []string
	for i := range 24 {
		names = append(names, fmt.Sprintf("user%02d", i))
	}
	list := members(names...)
	for i := range list {
		list[i].Audio = true
	}
	h.joined(names...)
	h.events(room.MembersChanged{Members: list})
	speak := func(at time.Duration, users ...string) {
		s := samples{at: testTime.Add(at)}
		for _, u := range users {
			s.stats.Remote = append(s.stats.Remote, peer.TrackStats{UserID: u, Source: media.Microphone, Level: 60})
		}
		h.showSamples(s)
	}
	page := func() (users []string) {
		for _, tile := range h.seen().Tiles {
			if tile.Visible {
				users = append(users, tile.UserID)
			}
		}
		return users
	}
	before := page()
	if len(before) != 12 {
		t.Fatalf("%d tiles on the page: %q", len(before), before)
	}
	speak(0, "user00", "user01")
	speak(time.Second, "user20", "user01")
	want := slices.Clone(before)
	want[3] = "user20" // user02, the first of those who never spoke
	if diff := cmp.Diff(want, page()); diff != "" {
		t.Errorf("the page (-want +got):\n%s", diff)
	}
	visible := 0
	for _, d := range h.backend.displays {
		if d.Visible() {
			visible++
		}
	}
	if visible != 12 {
		t.Errorf("%d of 25 videos are decoded, want the 12 on the page", visible)
	}
	h.key("PageDown")
	h.key("PageDown")
	h.key("PageDown")
	if got := page(); len(got) != 1 || got[0] != "user23" {
		t.Errorf("the last page has %q", got)
	}
}

// TestStage_Focus: arrow keys go from tile to tile, Enter enlarges, and a page that is turned takes the focus along.
func TestStage_Focus(t *testing.T) {
	h := newHarness(t, nil)
	h.joined("ann", "bob", "cy")
	focused := func() string {
		for key, tile := range h.room.stage.tiles {
			if h.win.Canvas().Focused() == fyne.Focusable(tile.view) {
				return string(key.user)
			}
		}
		return ""
	}
	h.win.Canvas().Focus(h.room.stage.tiles[camera("wang_xm")].view)
	for _, step := range []struct{ key, want string }{
		{"Right", "ann"}, {"Down", "cy"}, {"Left", "bob"}, {"Left", "bob"}, {"Up", "wang_xm"}, {"Right", "ann"}, {"Enter", "ann"},
	} {
		h.key(step.key)
		if got := focused(); got != step.want {
			t.Fatalf("after %s the focus is on %q, want %q", step.key, got, step.want)
		}
	}
	if h.state.layout.enlarged != camera("ann") {
		t.Error("Enter does not enlarge")
	}
	h.key("Esc")
	if h.state.layout.enlarged != (tileKey{}) {
		t.Error("Esc does not shrink while a tile has the focus")
	}
	h.key(string(desktop.KeyMenu))
	if h.menu.pop == nil || !h.menu.pop.Visible() {
		t.Fatal("the menu key opens no menu")
	}
	h.key("Down")
	h.key("Esc")
	if h.menu.pop != nil {
		t.Error("Esc does not close the menu")
	}
	h.events(here("bob", "cy"))
	if got := focused(); got == "" || got == "ann" {
		t.Errorf("the focus is on %q after ann left", got)
	}
}

// TestStage_Tiles is what a tile says of its user.
func TestStage_Tiles(t *testing.T) {
	h := newHarness(t, nil)
	h.joined("ann", "bob", "cy", "dan")
	list := members("ann", "bob", "cy", "dan")
	list[1].VideoSubscribed = false
	list[3].Quality = media.QualityDown
	list[4].Connected = false
	h.events(room.MembersChanged{Members: list})
	h.put(camera("cy"), color.White)
	h.showSamples(samples{at: h.clock})
	if got := h.room.stage.tiles[camera("cy")].view.Texts(); len(got) != 1 {
		t.Errorf("while pictures come the tile says %q", got)
	}
	h.showSamples(samples{at: h.clock.Add(stalledAfter)})
	words := func(user string) []string { return h.room.stage.tiles[camera(user)].view.Texts()[1:] }
	for user, want := range map[string][]string{
		"ann": {"Picture not received"}, "bob": {}, "cy": {"Paused: network"}, "dan": {"Reconnecting..."}, "wang_xm": {},
	} {
		if diff := cmp.Diff(want, words(user)); diff != "" {
			t.Errorf("%s (-want +got):\n%s", user, diff)
		}
	}
	h.put(camera("cy"), color.Black)
	h.clock = h.clock.Add(stalledAfter)
	h.showSamples(samples{at: h.clock})
	if got := words("cy"); len(got) != 0 {
		t.Errorf("when pictures come again the tile says %q", got)
	}
	if got := words("wang_xm"); len(got) != 1 || got[0] != "Video loading..." {
		t.Errorf("without a picture for long the tile says %q", got)
	}
	if diff := cmp.Diff([]string{`> changeStreamSubscribeState {"state":1,"streamType":"video","userId":"ann"}`},
		h.acted(func() { h.tap("room.tile.ann.subscribe") })); diff != "" {
		t.Errorf("Receive (-want +got):\n%s", diff)
	}
}

// TestToolbar_States: what works when, and what is marked.
func TestToolbar_States(t *testing.T) {
	h := newHarness(t, nil)
	enabled := func() string {
		var ids []string
		for _, tool := range h.seen().Tools {
			if id, ok := strings.CutPrefix(tool.ID, "room.tool."); ok && tool.Enabled {
				ids = append(ids, id)
			}
		}
		return strings.Join(ids, " ")
	}
	const all = "camera camera.menu chat info layout leave mic mic.menu more people share"
	h.acted(func() { h.Join(); h.queue.turn() })
	if s := h.seen(); s.State != "connecting" || !slices.Contains(s.Texts, "Joining room 1001...") || len(s.Tiles) != 4 {
		t.Errorf("on the way in: %q, %d tiles, texts %q", s.State, len(s.Tiles), s.Texts)
	}
	if got := enabled(); got != "leave" {
		t.Errorf("on the way in %q work", got)
	}
	h.joined("ann")
	if got := enabled(); got != all {
		t.Errorf("inside %q work", got)
	}
	h.events(room.ConnectionChanged{State: room.Reconnecting})
	if got := enabled(); got != "camera camera.menu leave mic mic.menu" {
		t.Errorf("while reconnecting %q work", got)
	}
	h.events(room.ConnectionChanged{State: room.Inside},
		room.CaptureChanged{Source: media.Microphone, Err: errno.AuthDeny.In("changeAudioCapture")})
	if got := h.room.toolbar.mic.Main.Badge(); got != "!" {
		t.Errorf("a microphone that does not open is marked %q", got)
	}
	if diff := cmp.Diff([]string{"> menu.mic {}"}, h.acted(func() { h.tap("room.tool.mic") })); diff != "" {
		t.Errorf("a tap on it (-want +got):\n%s", diff)
	}
	got := h.acted(func() { h.tap("menu.retry") })
	if diff := cmp.Diff([]string{`> changeAudioCapture {"state":1}`}, got); diff != "" {
		t.Errorf("Try again (-want +got):\n%s", diff)
	}
}

// TestToolbar_Fits: in a narrow stage the labels give way, and nothing lies on anything.
func TestToolbar_Fits(t *testing.T) {
	h := newHarness(t, nil)
	h.joined("ann")
	for _, tc := range []struct {
		width   float32
		compact bool
	}{{1280, false}, {960, true}, {1280, false}} {
		h.win.Resize(fyne.NewSize(tc.width, 600))
		h.queue.turn()
		if tc.width == 960 { // the side panel, which the window closed, again
			h.tap("room.tool.info")
		}
		bar := h.room.toolbar
		if bar.compact != tc.compact {
			t.Errorf("at %v the toolbar is compact: %v", tc.width, bar.compact)
		}
		right := float32(0)
		for _, o := range bar.buttons {
			if o.Position().X < right {
				t.Errorf("at %v a button lies on the one before it", tc.width)
			}
			right = o.Position().X + o.Size().Width
		}
		if right > bar.content.Size().Width+0.5 || bar.content.Position().X < 0 {
			t.Errorf("at %v the toolbar needs %v of %v", tc.width, right, bar.content.Size().Width)
		}
	}
}
