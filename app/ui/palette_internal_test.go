package ui

import (
	"slices"
	"testing"

	"fyne.io/fyne/v2"
	"github.com/google/go-cmp/cmp"

	"parlor/widgets"
)

func TestKeyPress(t *testing.T) {
	for _, tc := range []struct {
		press    keyPress
		key      fyne.KeyName
		modifier fyne.KeyModifier
		written  keyPress
	}{
		{"M", fyne.KeyM, 0, "M"},
		{"m", fyne.KeyM, 0, "M"},
		{"Ctrl+D", fyne.KeyD, fyne.KeyModifierControl, "Ctrl+D"},
		{"Shift+Ctrl+E", fyne.KeyE, fyne.KeyModifierControl | fyne.KeyModifierShift, "Ctrl+Shift+E"},
		{"Ctrl++", fyne.KeyPlus, fyne.KeyModifierControl, "Ctrl++"},
		{"Ctrl+,", fyne.KeyComma, fyne.KeyModifierControl, "Ctrl+,"},
		{"Esc", fyne.KeyEscape, 0, "Esc"},
		{"Escape", fyne.KeyEscape, 0, "Esc"},
		{"Enter", fyne.KeyReturn, 0, "Enter"},
		{"Shift+F6", fyne.KeyF6, fyne.KeyModifierShift, "Shift+F6"},
	} {
		key, modifier, err := tc.press.split()
		if err != nil || key != tc.key || modifier != tc.modifier || pressOf(key, modifier) != tc.written {
			t.Errorf("%q: %q %v %v, written %q", tc.press, key, modifier, err, pressOf(key, modifier))
		}
	}
	if _, _, err := keyPress("Hyper+A").split(); err == nil {
		t.Error("an unknown modifier is taken")
	}
}

// TestActions_Keys: no key is given twice, and none is one that editing text needs.
func TestActions_Keys(t *testing.T) {
	h := newHarness(t, nil)
	owner := make(map[keyPress]string)
	names := make(map[string]bool)
	for _, a := range h.actions {
		if names[a.name] {
			t.Errorf("%s is there twice", a.name)
		}
		names[a.name] = true
		for _, k := range a.keys {
			if other, taken := owner[k]; taken {
				t.Errorf("%s is the key of %s and of %s", k, other, a.name)
			}
			owner[k] = a.name
			if slices.Contains([]keyPress{"Ctrl+A", "Ctrl+C", "Ctrl+V", "Ctrl+X", "Ctrl+Y", "Ctrl+Z"}, k) {
				t.Errorf("%s of %s is for editing", k, a.name)
			}
		}
	}
	for _, k := range []keyPress{ // screens.md 13
		"Ctrl+D", "M", "Ctrl+E", "V", "Ctrl+Shift+E", "Ctrl+G", "1", "9", "Esc", "PageUp", "PageDown", "F11", "Ctrl+Shift+H", "Ctrl+Enter",
		"Ctrl+Shift+C", "Ctrl+1", "Ctrl+4", "Ctrl+,", "Ctrl+I", "Ctrl+U", "Ctrl+T", "F6", "Shift+F6", "F2", "Ctrl+K", "F1", "?", "Ctrl+Shift+S",
		"Ctrl++", "Ctrl+-", "Ctrl+0", "Ctrl+Shift+M", "Ctrl+Q",
	} {
		if owner[k] == "" {
			t.Errorf("%s does nothing", k)
		}
	}
}

func TestFit(t *testing.T) {
	for _, tc := range []struct{ typed, better, worse string }{
		{"mute", "Mute or unmute", "Share or stop sharing"},
		{"set", "Settings", "Text of the usual size"},
		{"pp", "Previous page of tiles", "Full screen"},
		{"静音", "静音或取消静音", "离开房间"},
		{"", "anything", ""},
	} {
		if a, b := fit(tc.typed, tc.better), fit(tc.typed, tc.worse); a <= b && tc.worse != "" || a == 0 {
			t.Errorf("%q fits %q by %d and %q by %d", tc.typed, tc.better, a, tc.worse, b)
		}
	}
	if fit("xyz", "Mute") != 0 {
		t.Error("xyz fits Mute")
	}
}

// TestPalette runs a command found by its words in the other language, by the keyboard alone.
func TestPalette(t *testing.T) {
	h := newHarness(t, nil)
	h.key("Ctrl+K")
	typeKey := func(k fyne.KeyName) { h.win.Canvas().Focused().TypedKey(&fyne.KeyEvent{Name: k}) }
	entry, ok := h.win.Canvas().Focused().(*widgets.Entry)
	if !ok {
		t.Fatalf("the focus is on %T", h.win.Canvas().Focused())
	}
	entry.SetText("设置")
	if s := h.seen(); !slices.Contains(s.Texts, "Settings") || slices.Contains(s.Texts, "Full screen") {
		t.Errorf("texts %q", s.Texts)
	}
	rows := h.fresh(func() { typeKey(fyne.KeyReturn) })
	if diff := cmp.Diff([]string{`> page.settings {}`}, rows); diff != "" || h.win.Canvas().Overlays().Top() != nil {
		t.Errorf("rows (-want +got):\n%s", diff)
	}
	h.key("Ctrl+K")
	h.typed("palette.entry", "page")
	first := h.state.page
	typeKey(fyne.KeyDown)
	typeKey(fyne.KeyUp)
	typeKey(fyne.KeyEscape)
	if h.state.page != first || h.win.Canvas().Overlays().Top() != nil {
		t.Error("Esc does not just close it")
	}
	h.key("Ctrl+K")
	h.typed("palette.entry", "zzz")
	if s := h.seen(); !slices.Contains(s.Texts, "No command fits.") {
		t.Errorf("texts %q", s.Texts)
	}
	typeKey(fyne.KeyReturn) // nothing to run
}

// TestKeysList: F1 and ? show it, Esc closes it, and its button leads to the settings.
func TestKeysList(t *testing.T) {
	h := newHarness(t, nil)
	h.key("?")
	if s := h.seen(); !slices.Contains(s.Texts, "Ctrl+D, M") || !slices.Contains(s.Texts, "Hold to talk") {
		t.Errorf("texts %q", s.Texts)
	}
	h.win.Canvas().Focused().TypedKey(&fyne.KeyEvent{Name: fyne.KeyEscape})
	if h.win.Canvas().Overlays().Top() != nil {
		t.Error("Esc does not close it")
	}
	h.key("F1")
	h.tap("keys.change")
	if h.state.page != pageSettings || h.state.frame.section != sectionShortcuts {
		t.Error("its button does not lead to the settings")
	}
}

// TestRegions: F6 goes through the parts of the window and back.
func TestRegions(t *testing.T) {
	h := newHarness(t, nil)
	h.joined("ann")
	region := func() int {
		for i, r := range h.regions() {
			if slices.Contains(focusables(r), h.win.Canvas().Focused()) {
				return i
			}
		}
		return -1
	}
	n := len(h.regions())
	if n != 5 { // rail, tiles, side panel, toolbar, status bar
		t.Fatalf("%d regions", n)
	}
	for i := range n + 1 {
		h.focusRegion(1)
		if got := region(); got != i%n {
			t.Errorf("after %d times F6 the focus is in region %d", i+1, got)
		}
	}
	h.focusRegion(-1)
	if got := region(); got != n-1 {
		t.Errorf("after Shift+F6 the focus is in region %d", got)
	}
	h.win.Canvas().Unfocus()
	h.key("F2")
	if got := h.win.Canvas().Focused(); got != focusables(h.room.toolbar.content)[0] {
		t.Errorf("F2 leads to %T", got)
	}
	h.win.Canvas().Focused().TypedKey(&fyne.KeyEvent{Name: fyne.KeyEscape}) // a focused button has no use for it
	if h.win.Canvas().Focused() != nil {
		t.Error("Esc does not give the focus away")
	}
}

// TestTextSize: Ctrl and + or - go through the sizes, live.
func TestTextSize(t *testing.T) {
	h := newHarness(t, nil)
	for _, step := range []struct {
		key  string
		want int
	}{{"Ctrl++", 110}, {"Ctrl+=", 125}, {"Ctrl+=", 150}, {"Ctrl+=", 150}, {"Ctrl+-", 125}, {"Ctrl+0", 100}, {"Ctrl+-", 90}, {"Ctrl+-", 80}, {"Ctrl+-", 80}} {
		rows := h.fresh(func() { h.key(step.key) })
		if len(rows) != 1 || h.state.frame.prefs.TextSize != step.want || widgets.Scaled(100) != float32(step.want) {
			t.Errorf("%s: %d %%, drawn %g, rows %q", step.key, h.state.frame.prefs.TextSize, widgets.Scaled(100), rows)
		}
	}
}
