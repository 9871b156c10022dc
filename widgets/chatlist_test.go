package widgets_test

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/driver/desktop"
	"fyne.io/fyne/v2/test"
	"github.com/google/go-cmp/cmp"

	"parlor/widgets"
)

// chatLines are n messages by two people in turn.
func chatLines(n int) []widgets.ChatLine {
	lines := make([]widgets.ChatLine, n)
	for i := range lines {
		lines[i] = widgets.ChatLine{ID: uint64(i + 1), Name: "ann", Own: i%3 == 0, Head: i%2 == 0, Time: "12:03", Text: fmt.Sprint("message ", i)}
	}
	return lines
}

// strange are texts that strangers may send.
var strange = []string{
	"", " ", "\n\n", strings.Repeat("x", 4096), strings.Repeat("长", 1365), strings.Repeat("a ", 2000), "שלום עולם hello", "مرحبا بالعالم",
	"👩‍👩‍👧‍👦👍🏽🎉", "\x00\x1b[31m\u202e\ufeff", "\xff\xfe", "http://" + strings.Repeat("a", 3000), strings.Repeat("\n", 300), "a\tb",
}

func TestChatList(t *testing.T) {
	en := english(t)
	l := widgets.NewChatList(en, "No messages yet")
	w := open(t, l, 320, 420)
	golden(t, w, "chatlist", "empty")
	l.SetLines([]widgets.ChatLine{
		{ID: 1, Kind: widgets.ChatNote, Text: "Yesterday"},
		{ID: 2, Name: "Alice.Zhang", Head: true, Time: "12:03", Text: "See https://go.dev, please"},
		{ID: 3, Name: "Alice.Zhang", Time: "12:03", Text: "大家好"},
		{ID: 4, Kind: widgets.ChatNew},
		{ID: 5, Own: true, Head: true, Time: "12:04", Text: "OK"},
		{ID: 6, Own: true, Time: "12:04", Text: "wait", State: widgets.ChatWaiting},
		{ID: 7, Own: true, Time: "12:04", Text: "no", State: widgets.ChatFailed, Reason: "too many messages"},
	})
	golden(t, w, "chatlist", "lines")
	want := []string{"Yesterday", "Alice.Zhang", "12:03", "See https://go.dev, please", "大家好", "12:04", "OK", "wait", "no", "too many messages"}
	if diff := cmp.Diff(want, texts(l)); diff != "" {
		t.Error(diff)
	}
	var told []string
	l.OnRetry = func(id uint64) { told = append(told, fmt.Sprint("retry ", id)) }
	l.OnDiscard = func(id uint64) { told = append(told, fmt.Sprint("discard ", id)) }
	l.OnLink = func(address string) { told = append(told, address) }
	l.OnMenu = func(line widgets.ChatLine, _ fyne.Position) { told = append(told, fmt.Sprint("menu ", line.ID)) }
	retry, discard := l.Retry(7)
	test.Tap(retry)
	test.Tap(discard)
	if r, _ := l.Retry(5); r != nil {
		t.Error("a message that arrived can be tried again")
	}
	// The address stands in the first line of the first bubble, after "See ".
	x := 48 + 10 + fyne.MeasureText("See ", 14, fyne.TextStyle{}).Width + 4
	y := linkLine(w, "https://go.dev")
	test.TapCanvas(w.Canvas(), fyne.NewPos(x, y))
	test.TapCanvas(w.Canvas(), fyne.NewPos(50+10, y)) // beside it
	tapSecondary(w, fyne.NewPos(x, y))
	if diff := cmp.Diff([]string{"retry 7", "discard 7", "https://go.dev", "menu 2"}, told); diff != "" {
		t.Errorf("told (-want +got):\n%s", diff)
	}
}

// linkLine is the middle of the line with a text.
func linkLine(w fyne.Window, words string) float32 {
	var y float32
	walk(w.Content(), fyne.Position{}, func(o fyne.CanvasObject, at fyne.Position) {
		if textOf(o) == words {
			y = at.Y + o.Size().Height/2
		}
	})
	return y
}

// TestChatList_Follows: the newest message stays in view, unless the reader has gone up.
func TestChatList_Follows(t *testing.T) {
	en := english(t)
	l := widgets.NewChatList(en, "")
	w := open(t, l, 320, 300)
	lines := chatLines(60)
	l.SetLines(lines[:40])
	last := func() string { words := texts(l); return words[len(words)-1] }
	if last() != "message 39" || !l.AtNewest() {
		t.Errorf("at first the last one is %q", last())
	}
	l.SetLines(lines[:41])
	if last() != "message 40" {
		t.Errorf("a new message leaves %q in view", last())
	}
	scroll := l.Objects()[0].(fyne.Scrollable)
	scroll.Scrolled(&fyne.ScrollEvent{Scrolled: fyne.Delta{DY: 500}})
	before := texts(l)
	l.SetLines(lines)
	if diff := cmp.Diff(before, texts(l)); diff != "" || l.AtNewest() {
		t.Errorf("while the reader is elsewhere the view moves (-want +got):\n%s", diff)
	}
	if got := l.Jump.Text; !l.Jump.Visible() || got != "13 new below" { // six of 19 are own ones
		t.Errorf("the button says %q", got)
	}
	l.SetLines(lines[10:]) // the oldest go
	if diff := cmp.Diff(before, texts(l)); diff != "" {
		t.Errorf("when older ones go the view moves (-want +got):\n%s", diff)
	}
	test.Tap(l.Jump)
	if last() != "message 59" || !l.AtNewest() || l.Jump.Visible() {
		t.Errorf("the button leads to %q", last())
	}
	w.Resize(fyne.NewSize(320, 200))
	if last() != "message 59" {
		t.Errorf("a smaller window shows %q", last())
	}
}

// TestChatList_From: opened after a while it shows the first message that was not read.
func TestChatList_From(t *testing.T) {
	en := english(t)
	l := widgets.NewChatList(en, "")
	open(t, l, 320, 300)
	l.SetLines(chatLines(60))
	l.ShowFrom(30)
	if words := texts(l); !slices.Contains(words, "message 29") || slices.Contains(words, "message 28") || l.AtNewest() {
		t.Errorf("from the 30th it shows %q", words)
	}
	l.ShowFrom(59)
	if words := texts(l); words[len(words)-1] != "message 59" || !l.AtNewest() {
		t.Errorf("from the 59th it shows %q", words)
	}
}

// TestChatList_Strange: no text makes it panic, and none leaves the window.
func TestChatList_Strange(t *testing.T) {
	en := english(t)
	l := widgets.NewChatList(en, "")
	w := open(t, l, 320, 300)
	for i, text := range strange {
		l.SetLines([]widgets.ChatLine{
			{ID: uint64(4*i + 1), Name: text, Head: true, Text: text}, {ID: uint64(4*i + 2), Own: true, Text: text},
			{ID: uint64(4*i + 3), Kind: widgets.ChatNote, Text: text}, {ID: uint64(4*i + 4), Own: true, Text: text, State: widgets.ChatFailed, Reason: text},
		})
		walk(w.Content(), fyne.Position{}, func(o fyne.CanvasObject, at fyne.Position) {
			if words := textOf(o); words != "" && (at.X < 0 || at.X+o.Size().Width > 320.5) {
				t.Errorf("%.20q: %.20q is drawn from %g to %g", text, words, at.X, at.X+o.Size().Width)
			}
		})
	}
}

// TestChatList_Many: of 2,000 messages only those on screen exist.
func TestChatList_Many(t *testing.T) {
	en := english(t)
	l := widgets.NewChatList(en, "")
	w := open(t, l, 320, 600)
	l.SetLines(chatLines(2000))
	scroll := l.Objects()[0].(fyne.Scrollable)
	for range 400 {
		scroll.Scrolled(&fyne.ScrollEvent{Scrolled: fyne.Delta{DY: 400}})
	}
	count := 0
	walk(w.Content(), fyne.Position{}, func(o fyne.CanvasObject, _ fyne.Position) { count++ })
	if count > 250 {
		t.Errorf("%d objects are drawn", count)
	}
	if words := texts(l); words[2] != "message 0" && words[1] != "message 0" {
		t.Errorf("scrolled up it shows %q", words[:4])
	}
}

// TestChatList_Keyboard: from message to message, a menu for each.
func TestChatList_Keyboard(t *testing.T) {
	en := english(t)
	l := widgets.NewChatList(en, "")
	w := open(t, l, 320, 300)
	lines := chatLines(50)
	lines[48].Kind = widgets.ChatNote
	l.SetLines(lines)
	var told []uint64
	l.OnMenu = func(line widgets.ChatLine, _ fyne.Position) { told = append(told, line.ID) }
	w.Canvas().Focus(l)
	for _, key := range []fyne.KeyName{
		fyne.KeyReturn, fyne.KeyDown, fyne.KeyReturn, fyne.KeyUp, fyne.KeySpace, fyne.KeyHome, desktop.KeyMenu, fyne.KeyUp, fyne.KeyReturn, fyne.KeyEnd, fyne.KeyReturn,
	} {
		l.TypedKey(&fyne.KeyEvent{Name: key})
	}
	if diff := cmp.Diff([]uint64{50, 50, 48, 1, 1, 50}, told); diff != "" {
		t.Errorf("menus (-want +got):\n%s", diff)
	}
	if got := l.AccessibilityLabel(); got != "ann 12:03 message 49" {
		t.Errorf("its name is %q", got)
	}
	golden(t, w, "chatlist", "focused")
	unused := 0
	l.SetOnUnusedKey(func(*fyne.KeyEvent) { unused++ })
	l.TypedKey(&fyne.KeyEvent{Name: fyne.KeyEscape})
	if unused != 1 {
		t.Error("Esc is not handed on")
	}
}

// TestChatList_Select drags over words, within a line, over a wrapped one and backwards.
func TestChatList_Select(t *testing.T) {
	en := english(t)
	l := widgets.NewChatList(en, "")
	w := open(t, l, 320, 300)
	const text = "hello my world of words that do not fit on one line\nand a second one 你好世界"
	l.SetLines([]widgets.ChatLine{{ID: 1, Name: "ann", Head: true, Text: text}, {ID: 2, Name: "ann", Text: "other"}})
	var copied []string
	l.OnCopy = func(text string) { copied = append(copied, text) }
	row, left, top := rowOf(w, "hello my world")
	pitch := fyne.MeasureText("国", 14, fyne.TextStyle{}).Height
	at := func(line int, words string) fyne.Position {
		return fyne.NewPos(left+fyne.MeasureText(words, 14, fyne.TextStyle{}).Width+1, top+pitch*(float32(line)+0.5))
	}
	drag := func(from, to fyne.Position) {
		ev := &fyne.DragEvent{Dragged: fyne.NewDelta(to.X-from.X, to.Y-from.Y)}
		ev.Position = to
		row.Dragged(ev)
		row.DragEnd()
	}
	var got []string
	for _, d := range [][2]fyne.Position{
		{at(0, "hello "), at(0, "hello my")}, {at(0, "hello my"), at(0, "hello ")}, {at(0, "hello "), at(1, "words")},
		{at(1, ""), at(9, "")}, {fyne.NewPos(0, 0), at(0, "hello")},
	} {
		drag(d[0], d[1])
		l.TypedShortcut(&fyne.ShortcutCopy{})
		got = append(got, copied[len(copied)-1])
	}
	golden(t, w, "chatlist", "selected")
	want := []string{"my", "my"}
	lines := strings.SplitN(text, "\n", 2)
	if got[0] != want[0] || got[1] != want[1] {
		t.Errorf("within a line: %q, want %q", got[:2], want)
	}
	if !strings.HasPrefix(lines[0], "hello "+got[2]) || !strings.Contains(got[2], " ") {
		t.Errorf("over a wrapped line: %q", got[2])
	}
	if !strings.HasSuffix(text, got[3]) || !strings.Contains(got[3], "line\nand a second") {
		t.Errorf("to the end: %q", got[3])
	}
	if got[4] != "hello" {
		t.Errorf("from above: %q", got[4])
	}
	if w.Canvas().Focused() != l {
		t.Error("a selection does not focus the list, and Ctrl+C goes elsewhere")
	}
	l.TypedShortcut(&fyne.ShortcutSelectAll{})
	if got := l.Selected(); got != text {
		t.Errorf("all is %q", got)
	}
	l.SetLines([]widgets.ChatLine{{ID: 2, Name: "ann", Text: "other"}})
	if got := l.Selected(); got != "" {
		t.Errorf("of a message that is gone %q is selected", got)
	}
	l.TypedKey(&fyne.KeyEvent{Name: fyne.KeyEnd})
	l.TypedShortcut(&fyne.ShortcutCopy{})
	if got := copied[len(copied)-1]; got != "other" {
		t.Errorf("without a selection Ctrl+C copies %q", got)
	}
	handed := 0
	l.OnShortcut = func(fyne.Shortcut) { handed++ }
	l.TypedShortcut(&desktop.CustomShortcut{KeyName: fyne.KeyD, Modifier: fyne.KeyModifierControl})
	if handed != 1 {
		t.Error("Ctrl+D is not handed on")
	}
}

// rowOf is the row whose text begins with some words, and where in it the text stands.
func rowOf(w fyne.Window, words string) (row fyne.Draggable, left, top float32) {
	var place fyne.Position
	walk(w.Content(), fyne.Position{}, func(o fyne.CanvasObject, at fyne.Position) {
		if d, ok := o.(fyne.Draggable); ok && left == 0 && o.Size().Height < 250 {
			row, place = d, at
		}
		if left == 0 && strings.HasPrefix(textOf(o), words) {
			left, top = at.X-place.X, at.Y-place.Y
		}
	})
	return row, left, top
}

// BenchmarkChatList_Add is one message more in a chat of 2,000.
func BenchmarkChatList_Add(b *testing.B) {
	en := english(b)
	l := widgets.NewChatList(en, "")
	open(b, l, 320, 600)
	lines := chatLines(2000)
	l.SetLines(lines)
	for i := 0; b.Loop(); i++ {
		lines = append(lines[1:], widgets.ChatLine{ID: uint64(2001 + i), Text: "one more"})
		l.SetLines(lines)
	}
}

// BenchmarkChatList_Scroll is one turn of the wheel in a chat of 2,000.
func BenchmarkChatList_Scroll(b *testing.B) {
	en := english(b)
	l := widgets.NewChatList(en, "")
	open(b, l, 320, 600)
	l.SetLines(chatLines(2000))
	scroll := l.Objects()[0].(fyne.Scrollable)
	for i := 0; b.Loop(); i++ {
		d := float32(60)
		if i/1000%2 == 1 {
			d = -60
		}
		scroll.Scrolled(&fyne.ScrollEvent{Scrolled: fyne.Delta{DY: d}})
	}
}

// BenchmarkChatList_Fill lays 2,000 messages out, as a change of language does.
func BenchmarkChatList_Fill(b *testing.B) {
	en := english(b)
	lines := chatLines(2000)
	for i := range lines {
		lines[i].Text += strings.Repeat(" and some more words", i%8)
	}
	for b.Loop() {
		l := widgets.NewChatList(en, "")
		l.Resize(fyne.NewSize(320, 600))
		l.SetLines(lines)
	}
}

func TestChatEntry(t *testing.T) {
	en := english(t)
	e := widgets.NewChatEntry(en, 64)
	w := open(t, e, 296, 240)
	var sent []string
	heights := 0
	e.OnSubmit = func(text string) { sent = append(sent, text) }
	e.OnHeight = func() { heights++ }
	e.SetText("hello")
	test.Tap(e.Send)
	w.Canvas().Focus(e.Field)
	e.Field.TypedKey(&fyne.KeyEvent{Name: fyne.KeyEnter})
	e.SetText(" \n ")
	e.Field.TypedKey(&fyne.KeyEvent{Name: fyne.KeyReturn})
	e.SetText(strings.Repeat("x", 65))
	e.Field.TypedKey(&fyne.KeyEvent{Name: fyne.KeyReturn})
	if diff := cmp.Diff([]string{"hello", "hello"}, sent); diff != "" {
		t.Errorf("sent (-want +got):\n%s", diff)
	}
	if words := texts(e); !slices.Contains(words, "65 / 64") {
		t.Errorf("too long: %q", words)
	}
	one := 0
	for text, rows := range map[string]int{"a": 1, "a\nb": 2, "a\nb\nc\nd": 4, "a\nb\nc\nd\ne\nf": 4} {
		e.SetText(text)
		height := int(e.Field.MinSize().Height)
		if one == 0 {
			e.SetText("a")
			one = int(e.Field.MinSize().Height)
		}
		line := int(fyne.MeasureText("M", 14, fyne.TextStyle{}).Height)
		if want := one + (rows-1)*line; height < want-2 || height > want+2 {
			t.Errorf("%q makes the field %d high, want about %d", text, height, want)
		}
	}
	if heights == 0 {
		t.Error("another height is not told")
	}
	e.SetText("/")
	hinted := -1
	e.OnHint = func(i int) { hinted = i }
	e.SetHints([]widgets.ChatHint{{Text: "/mute", Words: "Mute or unmute"}, {Text: "/vol NAME PERCENT", Words: "Volume"}})
	e.SetProblem("There is no command /x.")
	golden(t, w, "chatentry", "hints")
	test.Tap(e.Hint(1).(fyne.Tappable))
	if hinted != 1 {
		t.Errorf("hint %d was tapped", hinted)
	}
	e.Hint(0).(fyne.Focusable).TypedKey(&fyne.KeyEvent{Name: fyne.KeyReturn})
	if hinted != 0 {
		t.Errorf("hint %d was entered", hinted)
	}
	e.SetHints(nil)
	e.SetProblem("")
	if words := texts(e); words != nil {
		t.Errorf("empty, it says %q", words)
	}
}
