package widgets_test

import (
	"testing"

	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/test"
	"github.com/google/go-cmp/cmp"

	"parlor/widgets"
)

func methods() []widgets.Method {
	return []widgets.Method{
		{Heading: "Room"}, {Name: "joinRtcRoom"}, {Name: "exitRtcRoom"},
		{Heading: "Audio"}, {Name: "changeAudioCapture", Chips: []string{"1", "0"}}, {Name: "aMethodWithANameThatIsMuchTooLongForIt"},
	}
}

func TestMethodList_Golden(t *testing.T) {
	english(t)
	l := widgets.NewMethodList(methods())
	w := open(t, l, 220, 200)
	l.Choose("changeAudioCapture")
	l.SetState("joinRtcRoom", widgets.MethodOK)
	l.SetState("exitRtcRoom", widgets.MethodFailed)
	l.SetState("changeAudioCapture", widgets.MethodWaiting)
	l.SetDisabled(func(name string) bool { return name == "exitRtcRoom" })
	golden(t, w, "methodlist", "states")
	w.Canvas().Focus(l)
	l.SetFilter("  RTC ")
	golden(t, w, "methodlist", "filtered and focused")
}

// TestMethodList_Keys moves among the methods that are shown, calls, and presses chips.
func TestMethodList_Keys(t *testing.T) {
	english(t)
	l := widgets.NewMethodList(methods())
	open(t, l, 220, 60)
	var got []string
	l.OnChosen = func(name string) { got = append(got, "chosen "+name) }
	l.OnCalled = func(name string) { got = append(got, "called "+name) }
	l.OnChip = func(name string, chip int) { got = append(got, name+" "+string(rune('a'+chip))) }
	press := func(keys ...fyne.KeyName) {
		for _, key := range keys {
			l.TypedKey(&fyne.KeyEvent{Name: key})
		}
	}
	press(fyne.KeyReturn) // nothing is chosen
	press(fyne.KeyDown, fyne.KeyUp, fyne.KeyEnd, fyne.KeyUp, fyne.KeySpace)
	l.TypedRune('0')
	l.TypedRune('x')
	l.SetFilter("exit")
	press(fyne.KeyDown)
	unused := fyne.KeyName("")
	l.SetOnUnusedKey(func(ev *fyne.KeyEvent) { unused = ev.Name })
	press(fyne.KeyEscape)
	if unused != fyne.KeyEscape {
		t.Error("Esc is swallowed")
	}
	want := []string{
		"chosen joinRtcRoom", "chosen aMethodWithANameThatIsMuchTooLongForIt", "chosen changeAudioCapture", "called changeAudioCapture",
		"changeAudioCapture b", "chosen exitRtcRoom",
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
}

func TestMethodList_Taps(t *testing.T) {
	english(t)
	l := widgets.NewMethodList(methods())
	w := open(t, l, 220, 200)
	var got []string
	l.OnChosen = func(name string) { got = append(got, name) }
	l.OnCalled = func(name string) { got = append(got, "called "+name) }
	l.OnChip = func(name string, chip int) { got = append(got, name+" chip") }
	test.TapCanvas(w.Canvas(), fyne.NewPos(60, 14)) // a heading
	test.TapCanvas(w.Canvas(), fyne.NewPos(60, 28+14))
	test.Tap(l.Chip("changeAudioCapture", 1).(fyne.Tappable))
	test.DoubleTap(l.Row("exitRtcRoom").(fyne.DoubleTappable))
	if diff := cmp.Diff([]string{"joinRtcRoom", "changeAudioCapture chip", "exitRtcRoom", "called exitRtcRoom"}, got); diff != "" {
		t.Error(diff)
	}
	if l.Row("none") != nil || l.Chip("joinRtcRoom", 0) != nil {
		t.Error("there are controls for what is not there")
	}
}

func TestParamForm(t *testing.T) {
	english(t)
	f := widgets.NewParamForm("No parameters")
	w := open(t, f, 420, 330)
	f.SetParams(nil)
	golden(t, w, "paramform", "empty")
	f.SetParams([]widgets.Param{
		{Name: "roomId", Hint: "string"}, {Name: "state", Kind: widgets.ParamChoice, Options: []string{"0", "1"}},
		{Name: "roomConfig", Kind: widgets.ParamObject, Optional: true},
		{Name: "roomConfig.autoPublish", Kind: widgets.ParamBool, Optional: true}, {Name: "count", Kind: widgets.ParamNumber, Optional: true, Hint: "number"},
	})
	var got []string
	f.OnText = func(name, text string) { got = append(got, name+"="+text) }
	f.OnBool = func(name string, on bool) { got = append(got, name+"?") }
	f.OnSent = func(name string, on bool) { got = append(got, name+"!") }
	f.Set("roomId", "1001", false, true)
	f.Set("state", "1", false, true)
	f.Set("roomConfig.autoPublish", "", true, true)
	f.Set("none", "", true, true)
	f.SetNote("roomId", "a note")
	f.SetWrong("count", "params.count should be number, but got string, and this goes on for much too long")
	golden(t, w, "paramform", "fields")
	if got != nil {
		t.Errorf("values that are shown call back: %q", got)
	}
	controls := f.Controls()
	controls["roomId"].(*widgets.Entry).SetText("2")
	controls["state"].(*widgets.Select).SetSelected("0")
	test.Tap(controls["count.sent"].(fyne.Tappable))
	test.Tap(controls["roomConfig.autoPublish"].(fyne.Tappable))
	if diff := cmp.Diff([]string{"roomId=2", "state=0", "count!", "roomConfig.autoPublish?"}, got); diff != "" {
		t.Error(diff)
	}
	if controls["count"].(*widgets.Entry).Disabled() || f.Wrong("count") == "" || f.Wrong("roomId") != "" {
		t.Error("a field that is sent cannot be typed in, or what is wrong is lost")
	}
	f.SetWrong("count", "")
	f.SetNote("roomId", "")
	if size := f.MinSize(); size.Height >= 330 {
		t.Errorf("it needs %v", size)
	}
}

func TestValueTree(t *testing.T) {
	english(t)
	tree := widgets.NewValueTree()
	w := open(t, tree, 260, 160)
	var got []string
	tree.OnFold = func(path string, fold bool) {
		sign := "+"
		if fold {
			sign = "-"
		}
		got = append(got, sign+path)
	}
	tree.Set([]widgets.Value{
		{Path: "room", Name: "room", Value: "{1}", Branch: true}, {Path: "room.id", Depth: 1, Name: "id", Value: `"1001"`, Fresh: true},
		{Path: "x", Name: "x", Value: "{3}", Branch: true, Folded: true}, {Path: "y", Name: "y", Value: "2", Old: "1"},
		{Path: "long", Name: "long", Value: `"a value that is much too long for such a narrow tree"`},
	})
	golden(t, w, "valuetree", "lines")
	if diff := cmp.Diff([]string{"room {1}", `id "1001"`, "x {3}", "y 2", `long "a value that is much too long for such a narrow tree"`}, tree.Texts()); diff != "" {
		t.Error(diff)
	}
	list := tree.Objects()[0].(fyne.Focusable)
	w.Canvas().Focus(list)
	for _, key := range []fyne.KeyName{
		fyne.KeyLeft, fyne.KeyRight, fyne.KeyReturn, fyne.KeyDown, fyne.KeyLeft, fyne.KeyDown, fyne.KeyRight, fyne.KeySpace,
	} {
		list.TypedKey(&fyne.KeyEvent{Name: key})
	}
	if diff := cmp.Diff([]string{"-room", "-room", "+x", "+x"}, got); diff != "" {
		t.Error(diff)
	}
	tree.Set(nil)
	list.TypedKey(&fyne.KeyEvent{Name: fyne.KeyLeft})
}

func TestLamp(t *testing.T) {
	english(t)
	for _, tc := range []struct {
		name         string
		state        widgets.LampState
		note, reason string
	}{
		{"off", widgets.LampOff, "", ""}, {"waiting", widgets.LampWaiting, "0 / 1   1.5 s", ""}, {"green", widgets.LampGreen, "1 / 1", ""},
		{"red", widgets.LampRed, "0 / 1", "came 0 times in that time"},
	} {
		l := widgets.NewLamp("onRtcChatMembersChanged at least 1 times in 10 s", "Take it away")
		w := open(t, l, 300, 60)
		l.Set(tc.state, tc.note, tc.reason)
		golden(t, w, "lamp", tc.name)
		removed := false
		l.OnRemoved = func() { removed = true }
		test.Tap(l.Remove())
		if !removed {
			t.Error("the button does nothing")
		}
	}
}
