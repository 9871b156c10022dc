package ui

import (
	"context"
	"encoding/json"
	"log/slog"
	"slices"
	"strings"
	"testing"

	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/driver/desktop"
	"github.com/google/go-cmp/cmp"
)

// found lets a window with devices find them.
func found(t *testing.T, change func(*Config)) *harness {
	h := newHarness(t, func(c *Config) {
		c.Devices = fakeDevices{}
		if change != nil {
			change(c)
		}
	})
	h.sought()
	h.backend.taken()
	return h
}

// sought waits until the window has looked for devices.
func (h *harness) sought() {
	done := make(chan struct{})
	go func() { defer close(done); h.wait.Wait() }()
	h.queue.turnUntil(done)
}

// fresh are the rows that a step added to the log, calls of the API included.
func (h *harness) fresh(step func()) []string {
	h.backend.taken()
	before := len(h.rows())
	step()
	for _, call := range h.backend.taken() {
		method, params, _ := strings.Cut(call, " ")
		h.LogCall(method, json.RawMessage(params))
	}
	return h.rows()[before:]
}

// settingControls are the controls of the settings, and the row that each adds.
var settingControls = []struct {
	section, id string
	text        string // to type; "": a tap
	want        string
	kept        func(preferences) bool
}{
	{"general", "set.general.theme", "Light", `> settings.general.theme {"value":"light"}`, nil},
	{"general", "set.general.textSize", "125 %", `> settings.general.textSize {"value":125}`, func(p preferences) bool { return p.TextSize == 125 }},
	{"general", "set.general.askToLeave", "", `> settings.general.askToLeave {"value":true}`, func(p preferences) bool { return p.AskToLeave }},
	{"audio", "set.audio.microphone", "USB Headset", `> x-setDevice {"kind":"microphone","name":"mic0"}`, func(p preferences) bool { return p.Microphone == "mic0" }},
	{"audio", "set.audio.noise", "High", `> changeAnsMode {"mode":"high"}`, func(p preferences) bool { return p.Noise == "high" }},
	{"audio", "set.audio.pushToTalk", "Hold to mute", `> settings.audio.pushToTalk {"value":"mute"}`, func(p preferences) bool { return p.PushToTalk == talkToMute }},
	{"audio", "set.audio.mutedHint", "", `> settings.audio.mutedHint {"value":false}`, func(p preferences) bool { return !p.MutedHint }},
	{"audio", "set.audio.refresh", "", `> devices.refresh {}`, nil},
	{"audio", "set.audio.testMic", "", `> sound.hear {}`, nil},
	{"audio", "set.audio.testSpeaker", "", `> sound.chime {}`, nil},
	{"video", "set.video.camera", "Logitech C920", `> x-setDevice {"kind":"camera","name":"cam0"}`, func(p preferences) bool { return p.Camera == "cam0" }},
	{"video", "set.video.picture", "1280x720",
		`> setVideoEncoderConfig {"maxSolution":{"frameRate":30,"height":720,"width":1280}}`, func(p preferences) bool { return p.Picture == "1280x720" }},
	{"video", "set.video.rate", "15 per second",
		`> setVideoEncoderConfig {"maxSolution":{"frameRate":15,"height":360,"width":640}}`, func(p preferences) bool { return p.Rate == 15 }},
	{"video", "set.video.mirror", "", `> settings.video.mirror {"value":false}`, func(p preferences) bool { return p.Unmirrored }},
	{"video", "set.video.hideSelf", "", `> settings.video.hideSelf {"value":true}`, func(p preferences) bool { return p.HideSelf }},
	{"video", "set.video.tiles", "At most 6", `> settings.video.tiles {"value":6}`, func(p preferences) bool { return p.MostTiles == 6 }},
	{"video", "set.video.audioOnly", "", `> video.audioOnly {"on":true}`, nil},
	{"sounds", "set.sounds.join", "", `> settings.sounds.join {"value":false}`, func(p preferences) bool { return slices.Equal(p.SilentSounds, []string{"join"}) }},
	{"shortcuts", "set.shortcuts.single", "", `> settings.shortcuts.single {"value":false}`, func(p preferences) bool { return !p.SingleKeys }},
	{"shortcuts", "set.shortcuts.reset", "", `> settings.shortcuts.reset {"value":null}`, nil},
	{"developer", "set.developer.console", "Strict: what the state allows", `> settings.developer.console {"value":false}`, func(p preferences) bool { return !p.RawCalls }},
	{"developer", "set.developer.devices", "", `> settings.developer.devices {"value":true}`, func(p preferences) bool { return p.TestDevices }},
	{"developer", "set.developer.faults", "", `> settings.developer.faults {"value":false}`, func(p preferences) bool { return !p.Faults }},
	{"developer", "set.developer.figures", "", `> stats.tiles {}`, nil},
	{"developer", "set.developer.logLevel", "debug", `> settings.developer.logLevel {"value":"debug"}`, func(p preferences) bool { return p.LogLevel == "debug" }},
	{"about", "set.about.copy", "", `> about.copy {}`, nil},
	{"about", "set.about.selfTest", "", `> selfTest {}`, nil},
	{"about", "set.about.licences", "", `> licences.open {}`, nil},
}

// TestSettings_EachControlIsOneRow: each control of the settings adds exactly one row of a person, and is kept.
func TestSettings_EachControlIsOneRow(t *testing.T) {
	for _, tc := range settingControls {
		t.Run(tc.id, func(t *testing.T) {
			h := found(t, nil)
			h.tap("shell.rail.settings")
			if tc.section != "general" {
				rows := h.fresh(func() { h.tap("set.section." + tc.section) })
				if diff := cmp.Diff([]string{`> settings.open {"section":"` + tc.section + `"}`}, rows); diff != "" {
					t.Errorf("the section (-want +got):\n%s", diff)
				}
			}
			rows := h.fresh(func() {
				if tc.text != "" {
					h.typed(tc.id, tc.text)
				} else {
					h.tap(tc.id)
				}
			})
			rows = slices.DeleteFunc(rows, func(r string) bool { return strings.HasPrefix(r, "!") })
			if diff := cmp.Diff([]string{tc.want}, rows); diff != "" {
				t.Errorf("rows (-want +got):\n%s", diff)
			}
			kept := loadPreferences(h.cfg.App.Preferences())
			if tc.kept != nil && !tc.kept(kept) {
				t.Errorf("it is not kept: %+v", kept)
			}
		})
	}
}

// TestSettings_All: no control of the settings is forgotten by the test above, but for those with tests of their own.
func TestSettings_All(t *testing.T) {
	var tested []string
	for _, c := range settingControls {
		tested = append(tested, c.id)
	}
	h := newHarness(t, nil)
	for _, id := range h.ids() {
		own := strings.HasPrefix(id, "set.section.") || strings.HasPrefix(id, "set.shortcuts.") || strings.HasPrefix(id, "set.network.") ||
			strings.HasPrefix(id, "set.sounds.") || id == "set.general.language" || id == "set.video.refresh" || id == "set.audio.speaker"
		if strings.HasPrefix(id, "set.") && !own && !slices.Contains(tested, id) {
			t.Errorf("control %s is not tested", id)
		}
	}
}

func TestSettings_Devices(t *testing.T) {
	h := found(t, func(c *Config) { c.Microphone = "file:tone.wav" })
	h.tap("shell.rail.settings")
	h.tap("set.section.audio")
	h.sought() // once more, when the lists come to be seen
	if got := h.settings.devices.pickers[kindMicrophone].pick.Selected; got != "file:tone.wav (not there)" {
		t.Errorf("a microphone given by hand shows as %q", got)
	}
	if s := h.seen(); !slices.Contains(s.Texts, "Some devices cannot be listed: no sound server") {
		t.Errorf("the missing list is not told: %q", s.Texts)
	}
	options := func() []string { return h.settings.devices.pickers[kindMicrophone].pick.Options }
	if slices.Contains(options(), "Test tone") {
		t.Errorf("the test tone is offered to everybody: %q", options())
	}
	h.choose("developer.devices", true, func(p *preferences) { p.TestDevices = true })
	if !slices.Contains(options(), "Test tone") || !slices.Contains(options(), "No device") {
		t.Errorf("test devices are not offered: %q", options())
	}
}

// TestSettings_DeviceGone: a device of the last run that is not there any more is replaced for this run, and remembered.
func TestSettings_DeviceGone(t *testing.T) {
	h := newHarness(t, func(c *Config) {
		p := usualPreferences()
		p.Microphone, p.Camera = "old headset", "cam0"
		p.save(c.App.Preferences())
		c.Devices = fakeDevices{}
	})
	h.sought()
	for _, call := range h.backend.taken() {
		method, params, _ := strings.Cut(call, " ")
		h.LogCall(method, json.RawMessage(params))
	}
	rows := h.rows()
	want := []string{"! old headset is not there. The system default is used.", `- x-setDevice {"kind":"microphone","name":""}`}
	if diff := cmp.Diff(want, rows); diff != "" {
		t.Errorf("rows (-want +got):\n%s", diff)
	}
	if p := loadPreferences(h.cfg.App.Preferences()); p.Microphone != "old headset" || h.state.frame.using.microphone != "" || h.state.frame.using.camera != "cam0" {
		t.Errorf("kept %q, using %+v", p.Microphone, h.state.frame.using)
	}
}

func TestSettings_Network(t *testing.T) {
	machine := &fakeMachine{}
	h := newHarness(t, func(c *Config) { c.Machine = machine })
	h.tap("shell.rail.settings")
	h.tap("set.section.network")
	h.tap("set.network.other")
	h.typed("set.network.address", "parlor.example.com")
	rows := h.fresh(func() { h.tap("set.network.save") })
	if s := h.seen(); len(rows) > 0 || !slices.Contains(s.Texts, "The address must begin with http:// or https://") {
		t.Errorf("a wrong address: rows %q, texts %q", rows, s.Texts)
	}
	h.typed("set.network.address", " https://parlor.example.com/ ")
	h.typed("set.network.appId", "a b")
	h.tap("set.network.save")
	if s := h.seen(); !slices.ContainsFunc(s.Texts, func(s string) bool { return strings.HasPrefix(s, "The appId must be") }) {
		t.Errorf("a wrong app: %q", s.Texts)
	}
	h.typed("set.network.appId", testApp)
	h.typed("set.network.appKey", "secret")
	rows = h.fresh(func() { h.tap("set.network.save") })
	if diff := cmp.Diff([]string{`> settings.network.server {"appId":"` + testApp + `","server":"https://parlor.example.com"}`}, rows); diff != "" {
		t.Errorf("rows, without the key (-want +got):\n%s", diff)
	}
	h.tap("set.network.own")
	h.tap("set.network.save")
	if diff := cmp.Diff([]string{`server "https://parlor.example.com" app "` + testApp + `" key "secret"`, `server "" app "" key ""`}, machine.taken()); diff != "" {
		t.Errorf("saved (-want +got):\n%s", diff)
	}
}

// TestSettings_Shortcuts records a key, is refused a taken one, and gives the usual one back.
func TestSettings_Shortcuts(t *testing.T) {
	h := newHarness(t, nil)
	h.tap("shell.rail.settings")
	h.tap("set.section.shortcuts")
	record := func(key fyne.KeyName, modifier fyne.KeyModifier) {
		t.Helper()
		h.tap("set.shortcuts.mic.toggle")
		focused := h.win.Canvas().Focused()
		if modifier == 0 {
			focused.TypedKey(&fyne.KeyEvent{Name: key})
		} else {
			focused.(fyne.Shortcutable).TypedShortcut(&desktop.CustomShortcut{KeyName: key, Modifier: modifier})
		}
	}
	rows := h.fresh(func() { record(fyne.KeyJ, fyne.KeyModifierControl) })
	if diff := cmp.Diff([]string{`> settings.shortcuts.set {"value":{"action":"mic.toggle","key":"Ctrl+J"}}`}, rows); diff != "" {
		t.Errorf("rows (-want +got):\n%s", diff)
	}
	record(fyne.KeyE, fyne.KeyModifierControl)
	if s := h.seen(); !slices.Contains(s.Texts, `Ctrl+E is taken by "Camera on or off".`) {
		t.Errorf("the conflict is not told: %q", s.Texts)
	}
	record(fyne.KeyEscape, 0)
	wish := h.state.mic.wish
	h.win.Canvas().Unfocus()
	h.key("Ctrl+J")
	if h.state.mic.wish == wish {
		t.Error("the recorded key does nothing")
	}
	if err := h.wait1(func(ctx context.Context) error { return h.Key(ctx, "Ctrl+D") }); err == nil {
		t.Error("the usual key still works")
	}
	h.tap("set.shortcuts.mic.toggle.usual")
	h.key("Ctrl+D")
	if h.state.mic.wish != wish {
		t.Error("the usual key does not work again")
	}
	h.choose("shortcuts.single", false, func(p *preferences) { p.SingleKeys = false })
	if err := h.wait1(func(ctx context.Context) error { return h.Key(ctx, "M") }); err == nil {
		t.Error("a letter works though letters are off")
	}
}

func TestSettings_Text(t *testing.T) {
	h := newHarness(t, func(c *Config) { c.Machine = &fakeMachine{report: `{"ok":true}`}; c.Licences = "MIT" })
	h.tap("shell.rail.settings")
	h.tap("set.section.about")
	h.tap("set.about.copy")
	if got := h.cfg.App.Clipboard().Content(); !strings.HasPrefix(got, "Version: Parlor 0.1.0\n") || !strings.Contains(got, "\nGo: go1.") {
		t.Errorf("copied %q", got)
	}
	h.tap("set.about.selfTest")
	if s := h.seen(); !slices.Contains(s.Texts, `{"ok":true}`) || !slices.Contains(s.Texts, "The self-test is passed") {
		t.Errorf("the report is not shown: %q", s.Texts)
	}
	h.tap("dialog.copy")
	h.tap("dialog.close")
	h.tap("set.about.licences")
	if s := h.seen(); !slices.Contains(s.Texts, "MIT") || h.cfg.App.Clipboard().Content() != `{"ok":true}` {
		t.Errorf("the licences are not shown: %q", s.Texts)
	}
}

func TestPreferences(t *testing.T) {
	h := newHarness(t, nil)
	kept := h.cfg.App.Preferences()
	for _, tc := range []struct {
		name, text string
		want       func(*preferences)
	}{
		{"nothing", "", func(*preferences) {}},
		{"no JSON", "{", func(*preferences) {}},
		{"of another type", `{"textSize":"large"}`, func(*preferences) {}},
		{"some", `{"textSize":150,"mutedHint":false}`, func(p *preferences) { p.TextSize, p.MutedHint = 150, false }},
		{"nonsense", `{"textSize":7,"noise":"loud","pushToTalk":"x","picture":"1x1","rate":1000,"logLevel":"x","soundVolume":500,"width":1,"page":77,"panel":9}`,
			func(p *preferences) { p.SoundVolume = 100 }},
	} {
		kept.SetString(prefSettings, tc.text)
		want := usualPreferences()
		tc.want(&want)
		if diff := cmp.Diff(want, loadPreferences(kept)); diff != "" {
			t.Errorf("%s (-want +got):\n%s", tc.name, diff)
		}
	}
	p := usualPreferences()
	for i := range 12 {
		p.Recent = p.joined(string(rune('a'+i%10)), testTime)
	}
	var ids []string
	for _, r := range p.Recent {
		ids = append(ids, r.RoomID)
	}
	if got := strings.Join(ids, ""); got != "bajihgfe" {
		t.Errorf("recent rooms %q", got)
	}
	if logLevel("warn") != slog.LevelWarn || logLevel("loud") != slog.LevelInfo {
		t.Error("log levels")
	}
}
