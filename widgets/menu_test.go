package widgets_test

import (
	"testing"

	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/test"
	"github.com/google/go-cmp/cmp"

	"parlor/assets"
	"parlor/widgets"
)

// menu opens a menu of everything that there is, and returns what was done with it.
func menu(t *testing.T) (*widgets.Menu, fyne.Window, *[]string) {
	t.Helper()
	english(t)
	var done []string
	note := func(words string) func() { return func() { done = append(done, words) } }
	m := widgets.NewMenu([]widgets.MenuItem{
		{Label: "Microphone", Heading: true},
		{ID: "a", Icon: assets.Mic, Label: "Headset", Checked: true, Run: note("a")},
		{ID: "b", Label: "Webcam", Keys: "Ctrl+B", Run: note("b")},
		{},
		{ID: "c", Label: "Not now", Disabled: true, Run: note("c")},
		{ID: "d", Label: "Volume", Slide: &widgets.Slide{Value: 100, Max: 200, Step: 10, OnEnded: func(v float64) {
			done = append(done, map[bool]string{true: "d up", false: "d down"}[v > 100])
		}}},
		{ID: "e", Label: "Settings", Run: note("e")},
	})
	m.OnClose, m.OnEscape = note("close"), note("escape")
	w := open(t, m, m.MinSize().Width, m.MinSize().Height)
	return m, w, &done
}

func TestMenu_Golden(t *testing.T) {
	m, w, _ := menu(t)
	golden(t, w, "menu", "all")
	w.Canvas().Focus(m.First())
	golden(t, w, "menu", "focused")
}

// TestMenu_Tap: what is chosen runs once, after the menu has closed.
func TestMenu_Tap(t *testing.T) {
	m, _, done := menu(t)
	for _, id := range []string{"b", "c", "e"} {
		m.Controls()[id].(fyne.Tappable).Tapped(nil)
	}
	if diff := cmp.Diff([]string{"close", "b", "close", "e"}, *done); diff != "" {
		t.Error(diff)
	}
	if _, ok := m.Controls()[""]; ok {
		t.Error("lines and titles have ids")
	}
}

// TestMenu_Keys: arrows go round and past what can not be chosen; Enter chooses, Esc closes, also on the slider.
func TestMenu_Keys(t *testing.T) {
	m, w, done := menu(t)
	c := w.Canvas()
	c.Focus(m.First())
	focused := func() string {
		for id, o := range m.Controls() {
			if c.Focused() == o.(fyne.Focusable) {
				return id
			}
		}
		return ""
	}
	for _, step := range []struct {
		key  fyne.KeyName
		want string
	}{
		{fyne.KeyDown, "b"}, {fyne.KeyDown, "d"}, {fyne.KeyDown, "e"}, {fyne.KeyDown, "a"}, {fyne.KeyUp, "e"}, {fyne.KeyUp, "d"}, {fyne.KeyUp, "b"},
		{fyne.KeyF1, "b"},
		{fyne.KeyReturn, "b"}, {fyne.KeyEscape, "b"},
	} {
		c.Focused().TypedKey(&fyne.KeyEvent{Name: step.key})
		if got := focused(); got != step.want {
			t.Fatalf("after %s the focus is on %q, want %q", step.key, got, step.want)
		}
	}
	slider := m.Controls()["d"].(fyne.Focusable)
	for _, key := range []fyne.KeyName{fyne.KeyRight, fyne.KeyLeft, fyne.KeyLeft, fyne.KeyEscape} {
		slider.TypedKey(&fyne.KeyEvent{Name: key})
	}
	if diff := cmp.Diff([]string{"close", "b", "escape", "d up", "d down", "d down", "escape"}, *done); diff != "" {
		t.Error(diff)
	}
}

// TestMenu_Slide: a drag is one change, told at its end; the words follow it.
func TestMenu_Slide(t *testing.T) {
	m, _, done := menu(t)
	slider := m.Controls()["d"].(interface {
		fyne.Draggable
		fyne.CanvasObject
	})
	for x := float32(100); x < 200; x += 20 {
		slider.Dragged(&fyne.DragEvent{PointEvent: fyne.PointEvent{Position: fyne.NewPos(x, 10)}})
	}
	if len(*done) != 0 {
		t.Errorf("during the drag: %q", *done)
	}
	slider.DragEnd()
	if len(*done) != 1 {
		t.Errorf("after the drag: %q", *done)
	}
	var words []string
	for _, o := range m.Objects() {
		if texter, ok := o.(widgets.Texter); ok {
			words = append(words, texter.Texts()...)
		}
	}
	if words[len(words)-2] == "100 %" {
		t.Errorf("the words do not follow the drag: %q", words)
	}
}

// TestMenu_Empty: nothing to choose is no reason to break.
func TestMenu_Empty(t *testing.T) {
	english(t)
	m := widgets.NewMenu(nil)
	open(t, m, 100, 100)
	if m.First() != nil || len(m.Controls()) != 0 {
		t.Error("an empty menu has something to choose")
	}
	only := widgets.NewMenu([]widgets.MenuItem{{ID: "s", Label: "Volume", Slide: &widgets.Slide{Max: 1}}})
	if only.First() == nil {
		t.Error("a slider alone does not get the focus")
	}
}

func TestSplitButton(t *testing.T) {
	english(t)
	s := widgets.NewSplitButton(assets.Mic, "Mute", "Microphones")
	taps := ""
	s.Main.OnTapped, s.Menu.OnTapped = func() { taps += "a" }, func() { taps += "b" }
	w := open(t, s, s.MinSize().Width, s.MinSize().Height)
	golden(t, w, "splitbutton", "wide")
	test.TapCanvas(w.Canvas(), fyne.NewPos(20, 15))
	test.TapCanvas(w.Canvas(), fyne.NewPos(s.MinSize().Width-8, 15))
	if taps != "ab" {
		t.Errorf("taps %q arrived", taps)
	}
	if s.Width(true) >= s.Width(false) {
		t.Errorf("without the label it needs %v, with it %v", s.Width(true), s.Width(false))
	}
	s.SetCompact(true)
	if got := s.MinSize().Width; got != s.Width(true) || s.Main.Texts() != nil || s.Main.AccessibilityLabel() != "Mute" {
		t.Errorf("compact: %v wide, texts %q, heard as %q", got, s.Main.Texts(), s.Main.AccessibilityLabel())
	}
	if s.Menu.AccessibilityLabel() != "Microphones" {
		t.Errorf("the menu is heard as %q", s.Menu.AccessibilityLabel())
	}
}

func TestToolButton_Badge(t *testing.T) {
	english(t)
	b := widgets.NewToolButton(assets.Chat, "Chat", nil)
	w := open(t, b, b.MinSize().Width, b.MinSize().Height)
	b.SetBadge("7", false)
	golden(t, w, "toolbutton", "badge")
	b.SetBadge("!", true)
	golden(t, w, "toolbutton", "alarm")
	if diff := cmp.Diff([]string{"Chat", "!"}, b.Texts()); diff != "" {
		t.Error(diff)
	}
	b.SetBadge("", false)
	if diff := cmp.Diff([]string{"Chat"}, b.Texts()); diff != "" {
		t.Error(diff)
	}
}
