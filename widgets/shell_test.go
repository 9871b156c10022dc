package widgets_test

import (
	"strings"
	"testing"

	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/driver/desktop"
	"fyne.io/fyne/v2/test"
	"github.com/google/go-cmp/cmp"

	"parlor/assets"
	"parlor/widgets"
)

// key presses a key on what has the focus.
func key(w fyne.Window, name fyne.KeyName) { w.Canvas().Focused().TypedKey(&fyne.KeyEvent{Name: name}) }

// TestKeyed: Enter and Space press each control, and other keys are handed on.
func TestKeyed(t *testing.T) {
	english(t)
	pressed := 0
	press := func() { pressed++ }
	button := widgets.NewButton("Go", press)
	check := widgets.NewCheck("On", func(bool) { press() })
	tool := widgets.NewToolButton(assets.Mic, "", press)
	status := widgets.NewStatusBar("Statistics")
	status.OnTapped = press
	card := widgets.NewRoomCard("Back to room")
	card.OnTapped = press
	list := widgets.NewNavList()
	list.OnChosen = func(int) { press() }
	list.Add(assets.Mic, "One")
	item := list.Add(assets.Camera, "Two")
	for _, o := range []fyne.CanvasObject{button, check, tool, status, card, item} {
		shown := o
		if o == fyne.CanvasObject(item) {
			shown = list
		}
		w := open(t, shown, 300, 120)
		var unused []fyne.KeyName
		o.(widgets.Keyed).SetOnUnusedKey(func(ev *fyne.KeyEvent) { unused = append(unused, ev.Name) })
		w.Canvas().Focus(o.(fyne.Focusable))
		if w.Canvas().Focused() == nil {
			t.Fatalf("%T does not get the focus", o)
		}
		pressed = 0
		key(w, fyne.KeyReturn)
		if c, ok := o.(*widgets.Check); ok {
			c.TypedRune(' ') // Fyne gives it the character
		} else {
			key(w, fyne.KeySpace)
		}
		key(w, fyne.KeyEscape)
		key(w, fyne.KeyM)
		if diff := cmp.Diff([]fyne.KeyName{fyne.KeyEscape, fyne.KeyM}, unused); diff != "" || pressed != 2 {
			t.Errorf("%T: pressed %d times, keys handed on (-want +got):\n%s", o, pressed, diff)
		}
	}
	slider := widgets.NewSlider(0, 10)
	w := open(t, slider, 200, 40)
	w.Canvas().Focus(slider)
	key(w, fyne.KeyRight)
	key(w, fyne.KeyEscape) // nobody listens
	if slider.Value != 1 {
		t.Errorf("an arrow key moves the slider to %g", slider.Value)
	}
	choice := widgets.NewSelect([]string{"a", "b"}, func(string) { press() })
	w = open(t, choice, 200, 40)
	pressed = 0
	choice.Set([]string{"a", "b", "c"}, 1)
	choice.Set([]string{"a", "b", "c"}, -1)
	if choice.Selected != "" || pressed != 0 {
		t.Errorf("Set chooses %q and tells so %d times", choice.Selected, pressed)
	}
	w.Canvas().Focus(choice)
	key(w, fyne.KeyRight)
	if choice.Selected != "a" || pressed != 1 {
		t.Errorf("an arrow key chooses %q", choice.Selected)
	}
	key(w, fyne.KeyReturn)
	if w.Canvas().Overlays().Top() == nil {
		t.Error("Enter does not open the list")
	}
}

func TestNavList(t *testing.T) {
	english(t)
	list := widgets.NewNavList()
	var chosen []int
	list.OnChosen = func(i int) { chosen = append(chosen, i); list.Choose(i) }
	for _, word := range []string{"General", "Audio", "Video"} {
		list.Add(assets.Settings, word)
	}
	w := open(t, list, 200, 140)
	first := list.Objects()[0].(*widgets.NavItem)
	w.Canvas().Focus(first)
	key(w, fyne.KeyUp) // nothing above
	key(w, fyne.KeyReturn)
	key(w, fyne.KeyDown)
	key(w, fyne.KeyDown)
	key(w, fyne.KeyDown) // nothing below
	test.Tap(first)
	if diff := cmp.Diff([]int{1, 2, 0}, chosen); diff != "" {
		t.Error(diff)
	}
}

func TestKeyRecorder(t *testing.T) {
	english(t)
	k := widgets.NewKeyRecorder("Press a key...")
	k.SetKeys("Ctrl+D")
	var got []string
	k.OnStarted = func() { got = append(got, "started") }
	k.OnRefused = func() { got = append(got, "refused") }
	k.OnShortcut = func(fyne.Shortcut) { got = append(got, "shortcut") }
	k.OnRecorded = func(key fyne.KeyName, modifier fyne.KeyModifier) { got = append(got, string(key)) }
	w := open(t, k, 160, 40)
	ctrlJ := &desktop.CustomShortcut{KeyName: fyne.KeyJ, Modifier: fyne.KeyModifierControl}
	k.TypedShortcut(ctrlJ)
	test.Tap(k)
	if diff := cmp.Diff([]string{"Press a key..."}, texts(k)); diff != "" {
		t.Errorf("while it waits:\n%s", diff)
	}
	k.TypedKey(&fyne.KeyEvent{Name: desktop.KeyControlLeft}) // the first half of Ctrl+J
	k.TypedShortcut(&fyne.ShortcutCopy{})
	k.TypedShortcut(ctrlJ)
	k.TypedKey(&fyne.KeyEvent{Name: fyne.KeyReturn}) // once more
	k.TypedKey(&fyne.KeyEvent{Name: fyne.KeyF5})
	test.Tap(k)
	k.TypedKey(&fyne.KeyEvent{Name: fyne.KeyEscape})
	test.Tap(k)
	w.Canvas().Unfocus()
	if diff := cmp.Diff([]string{"shortcut", "started", "refused", "J", "started", "F5", "started", "started"}, got); diff != "" {
		t.Error(diff)
	}
	if diff := cmp.Diff([]string{"Ctrl+D"}, texts(k)); diff != "" {
		t.Errorf("afterwards:\n%s", diff)
	}
}

func TestPalette(t *testing.T) {
	english(t)
	p := widgets.NewPalette("Type", "Nothing fits.")
	var filters []string
	var chosen []int
	p.OnFilter = func(text string) { filters = append(filters, text) }
	p.OnChosen = func(i int) { chosen = append(chosen, i) }
	w := open(t, p, 460, 400)
	p.SetItems([]widgets.PaletteItem{{Label: "One", Keys: "Ctrl+1"}, {Label: "Two", Disabled: true}, {Label: "Three"}})
	w.Canvas().Focus(p.Entry)
	test.Type(p.Entry, "t")
	key(w, fyne.KeyDown)
	key(w, fyne.KeyReturn) // cannot be chosen now
	key(w, fyne.KeyDown)
	key(w, fyne.KeyReturn)
	key(w, fyne.KeyDown) // from the last one to the first
	key(w, fyne.KeyReturn)
	key(w, fyne.KeyUp)
	if p.Selected() != 2 {
		t.Errorf("selected %d", p.Selected())
	}
	test.Tap(p.Objects()[1].(fyne.Tappable))
	if diff := cmp.Diff([]int{2, 0, 0}, chosen); diff != "" || cmp.Diff([]string{"t"}, filters) != "" {
		t.Errorf("filters %q, chosen:\n%s", filters, diff)
	}
	p.SetItems(nil)
	w.Canvas().Focus(p.Entry)
	key(w, fyne.KeyDown)
	key(w, fyne.KeyReturn)
	if diff := cmp.Diff([]string{"Nothing fits."}, texts(p)); diff != "" || len(chosen) != 3 {
		t.Error(diff)
	}
}

// TestToast: words take up to three lines, and the toast stays within its width.
func TestToast(t *testing.T) {
	english(t)
	tapped := 0
	for _, tc := range []struct {
		words, action string
	}{
		{"Copied", ""}, {"You are muted", "Unmute"}, {strings.Repeat("a long note ", 10), "Undo"}, {strings.Repeat("unbreakable", 40), ""},
	} {
		toast := widgets.NewToast(tc.words, tc.action, func() { tapped++ })
		open(t, toast, 480, 200)
		size := toast.MinSize()
		if size.Width > widgets.ToastWidth+1 || size.Height > 90 || toast.Action.Visible() != (tc.action != "") {
			t.Errorf("%.20q: %v, button %v", tc.words, size, toast.Action.Visible())
		}
		if tc.action != "" {
			test.Tap(toast.Action)
		}
	}
	if tapped != 2 {
		t.Errorf("%d taps arrived", tapped)
	}
}

// TestBanner_Wraps: a long text takes a second line before it is cut.
func TestBanner_Wraps(t *testing.T) {
	english(t)
	b := widgets.NewBanner()
	open(t, b, 640, 44)
	b.Set(widgets.SeverityInfo, "Short", "One", "Two")
	one := b.HeightFor(640)
	b.Set(widgets.SeverityInfo, strings.Repeat("a long story ", 20), "One", "Two")
	if two := b.HeightFor(640); two <= one || two > 2*one {
		t.Errorf("a long text has a height of %g, a short one of %g", two, one)
	}
}
