package widgets_test

import (
	"fmt"
	"testing"

	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/driver/desktop"
	"fyne.io/fyne/v2/test"
	"fyne.io/fyne/v2/theme"
	"github.com/google/go-cmp/cmp"

	"parlor/assets"
	"parlor/widgets"
)

func TestToolButton(t *testing.T) {
	english(t)
	taps := 0
	b := widgets.NewToolButton(assets.Mic, "Mute", func() { taps++ })
	w := open(t, b, 80, 60)
	for look, name := range map[widgets.Look]string{
		widgets.LookNormal: "normal", widgets.LookOff: "off", widgets.LookActive: "active",
		widgets.LookDanger: "danger", widgets.LookFlat: "flat", widgets.LookSelected: "selected",
	} {
		b.SetLook(look)
		golden(t, w, "toolbutton", name)
	}
	b.SetLook(widgets.LookNormal)
	b.MouseIn(nil)
	golden(t, w, "toolbutton", "hovered")
	b.MouseOut()
	b.FocusGained()
	golden(t, w, "toolbutton", "focused")
	b.FocusLost()
	b.SetMark(true)
	golden(t, w, "toolbutton", "marked")

	test.TapCanvas(w.Canvas(), fyne.NewPos(40, 20))
	b.TypedKey(&fyne.KeyEvent{Name: fyne.KeyEnter})
	b.SetEnabled(false)
	golden(t, w, "toolbutton", "disabled")
	test.Tap(b)
	if taps != 2 || !b.Disabled() {
		t.Errorf("%d taps arrived, want 2 before it was disabled", taps)
	}
	b.SetEnabled(true)
	b.Set(assets.MicOff, "Unmute", widgets.LookOff)
	if b.Icon() != assets.MicOff || b.Label() != "Unmute" || b.Look() != widgets.LookOff {
		t.Errorf("it shows %s %q %d", b.Icon(), b.Label(), b.Look())
	}
	if b.AccessibilityLabel() != "Unmute" {
		t.Errorf("without a tip its name is %q", b.AccessibilityLabel())
	}
	b.SetTip("Unmute the microphone")
	if b.AccessibilityLabel() != "Unmute the microphone" {
		t.Errorf("with a tip its name is %q", b.AccessibilityLabel())
	}
	if m := b.MinSize(); m.Width < 56 || m.Height < 48 {
		t.Errorf("it is at least %v, too small to hit", m)
	}
}

func TestTabs(t *testing.T) {
	english(t)
	for name, tabs := range map[string]*widgets.Tabs{
		"tabs": widgets.NewTabs("Info", "People 4", "API"), "segments": widgets.NewSegments("All", "Calls", "Events"),
	} {
		t.Run(name, func(t *testing.T) {
			w := open(t, tabs, 300, 40)
			var chosen []int
			tabs.OnChosen = func(i int) { chosen = append(chosen, i) }
			test.Tap(tabs.Item(2))
			tabs.Choose(1) // tells nobody
			if diff := cmp.Diff([]int{2}, chosen); diff != "" || tabs.Chosen() != 1 {
				t.Errorf("chosen %d; told:\n%s", tabs.Chosen(), diff)
			}
			tabs.Item(0).TypedKey(&fyne.KeyEvent{Name: fyne.KeySpace})
			if tabs.Chosen() != 0 {
				t.Error("Space does not choose")
			}
			tabs.Item(1).FocusGained()
			tabs.Item(2).MouseIn(&desktop.MouseEvent{})
			golden(t, w, "tabs", name)
			before := tabs.MinSize().Width
			tabs.SetLabel(1, "A much longer word")
			if tabs.MinSize().Width <= before {
				t.Error("a longer label does not make the tabs wider")
			}
		})
	}
}

func TestLevelMeter(t *testing.T) {
	english(t)
	m := widgets.NewLevelMeter()
	w := open(t, m, 160, 20)
	for _, tc := range []struct{ level, lit int }{{-5, 0}, {0, 0}, {1, 1}, {50, 8}, {100, 16}, {500, 16}} {
		m.SetLevel(tc.level)
		if m.Lit() != tc.lit {
			t.Errorf("level %d lights %d marks, want %d", tc.level, m.Lit(), tc.lit)
		}
	}
	m.SetLevel(50)
	golden(t, w, "levelmeter", "half")
}

func TestBanner(t *testing.T) {
	english(t)
	b := widgets.NewBanner()
	w := open(t, b, 640, 44)
	if b.Visible() {
		t.Fatal("an empty banner is visible")
	}
	taps := ""
	b.First.OnTapped, b.Second.OnTapped = func() { taps += "1" }, func() { taps += "2" }
	for severity, name := range map[widgets.Severity]string{
		widgets.SeverityInfo: "info", widgets.SeverityWarning: "warning", widgets.SeverityError: "error",
	} {
		b.Set(severity, "The network is unstable", "Retry now", "Leave")
		golden(t, w, "banner", name)
	}
	test.Tap(b.First)
	test.Tap(b.Second)
	if taps != "12" {
		t.Errorf("taps %q arrived", taps)
	}
	b.Set(widgets.SeverityInfo, "Words so long that they cannot stand in one line of a banner, whatever one tries to do", "", "Close")
	golden(t, w, "banner", "long")
	b.Set(widgets.SeverityInfo, "", "", "")
	if b.Visible() {
		t.Error("it stays without words")
	}
}

func TestStatusBar(t *testing.T) {
	english(t)
	s := widgets.NewStatusBar("Statistics")
	w := open(t, s, 400, 28)
	s.Set(assets.Check, theme.ColorNameSuccess, "Connected", "room 1001", "00:12:41")
	golden(t, w, "statusbar", "connected")
	if diff := cmp.Diff([]string{"Connected", "room 1001", "00:12:41"}, s.Texts()); diff != "" {
		t.Error(diff)
	}
	s.Set(assets.Check, theme.ColorNameSuccess, "Connected", "a fact", "another fact", "a third fact", "one that does not fit any more")
	golden(t, w, "statusbar", "full")
}

func TestErrorLine(t *testing.T) {
	english(t)
	for _, leading := range []bool{false, true} {
		l := widgets.NewErrorLine()
		l.Leading = leading
		w := open(t, l, 300, 24)
		l.Set("no error", false)
		golden(t, w, "errorline", fmt.Sprintf("none leading %v", leading))
		long := "errNo = 21102, errMsg = joinRtcRoom:fail engine has been destroyed,please invoke tt.createRtcRoomContext create new engine"
		l.Set(long, true)
		golden(t, w, "errorline", fmt.Sprintf("long leading %v", leading))
		if diff := cmp.Diff([]string{long}, l.Texts()); diff != "" {
			t.Errorf("a text that is cut on the screen is not whole for the driver:\n%s", diff)
		}
	}
}

func TestErrorBox(t *testing.T) {
	en := english(t)
	var copied []string
	b := widgets.NewErrorBox(en, func(s string) { copied = append(copied, s) })
	w := open(t, b, 320, 160)
	b.Set("errNo = 21101, errMsg = joinRtcRoom:fail invalid token", "Get a new token.")
	golden(t, w, "errorbox", "token")
	test.Tap(b.Copy)
	if diff := cmp.Diff([]string{"errNo = 21101, errMsg = joinRtcRoom:fail invalid token"}, copied); diff != "" {
		t.Error(diff)
	}
	b.Set("", "")
	if b.Visible() {
		t.Error("it stays without words")
	}
}

func TestEntry(t *testing.T) {
	english(t)
	e := widgets.NewEntry("room")
	w := open(t, e, 200, 40)
	w.Canvas().Focus(e)
	test.Type(e, "abc")
	var got []string
	e.TypedShortcut(&desktop.CustomShortcut{KeyName: fyne.KeyD, Modifier: fyne.KeyModifierControl}) // nobody listens
	e.OnShortcut = func(s fyne.Shortcut) { got = append(got, s.ShortcutName()) }
	e.TypedShortcut(&desktop.CustomShortcut{KeyName: fyne.KeyD, Modifier: fyne.KeyModifierControl})
	e.TypedShortcut(&fyne.ShortcutSelectAll{})
	if e.SelectedText() != "abc" || len(got) != 1 {
		t.Errorf("selected %q, handed on %q: want editing to keep its own shortcuts only", e.SelectedText(), got)
	}
	escaped := false
	e.TypedKey(&fyne.KeyEvent{Name: fyne.KeyEscape})
	e.OnEscape = func() { escaped = true }
	e.TypedKey(&fyne.KeyEvent{Name: fyne.KeyEscape})
	if !escaped {
		t.Error("Esc is not told")
	}
}
