package widgets_test

import (
	"fmt"
	"testing"

	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/test"
	"github.com/google/go-cmp/cmp"

	"parlor/widgets"
)

func logRow(mark, text string) widgets.LogRow {
	return widgets.LogRow{Time: "12:03:41.207", Mark: mark, Text: text}
}

// logOf shows rows in a window.
func logOf(t *testing.T, rows *[]widgets.LogRow, width, height float32) (*widgets.LogList, fyne.Window) {
	t.Helper()
	l := widgets.NewLogList("Nothing yet", func() int { return len(*rows) }, func(i int) widgets.LogRow { return (*rows)[i] })
	return l, open(t, l, width, height)
}

func TestLogList_Golden(t *testing.T) {
	english(t)
	var rows []widgets.LogRow
	l, w := logOf(t, &rows, 320, 180)
	golden(t, w, "loglist", "empty")
	if diff := cmp.Diff([]string{"Nothing yet"}, l.Texts()); diff != "" {
		t.Error(diff)
	}
	rows = append(rows, logRow(">", `joinRtcRoom {"roomId":"1001","userId":"a user with a long name"}`), logRow("-", "a step"),
		logRow("<", "joinRtcRoom:ok  326 ms"), logRow("<", "updateToken:fail invalid token"), logRow("*", "onRtcChatMembersChanged"),
		logRow("!", "no result"), logRow("#", "note"))
	rows[0].Note, rows[3].Failed = "1.2 s", true
	l.Changed()
	golden(t, w, "loglist", "marks")
	w.Resize(fyne.NewSize(800, 180))
	golden(t, w, "loglist", "wide")
}

// TestLogList_Follows: the end stays in sight while rows come, but not under somebody who reads older ones.
func TestLogList_Follows(t *testing.T) {
	english(t)
	var rows []widgets.LogRow
	l, w := logOf(t, &rows, 320, 140)
	add := func() {
		rows = append(rows, logRow(">", fmt.Sprint(len(rows))))
		l.Changed()
	}
	for range 50 {
		add()
	}
	if !l.AtEnd() {
		t.Error("the newest row is out of sight")
	}
	w.Resize(fyne.NewSize(320, 60))
	if !l.AtEnd() {
		t.Error("the newest row is out of sight in a window that became smaller")
	}
	w.Resize(fyne.NewSize(320, 140))
	test.Scroll(w.Canvas(), fyne.NewPos(100, 50), 0, 400)
	if l.AtEnd() {
		t.Fatal("nothing was scrolled")
	}
	add()
	if l.AtEnd() {
		t.Error("a new row took the reader to the end")
	}
	l.ShowNewest()
	if !l.AtEnd() {
		t.Error("ShowNewest does not show the newest")
	}
	rows = nil
	l.Replaced()
	if got := l.Texts(); len(got) != 1 {
		t.Errorf("an empty list says %q", got)
	}
}

// TestLogList_Chosen taps the first row, then goes to the second by keys.
func TestLogList_Chosen(t *testing.T) {
	english(t)
	rows := []widgets.LogRow{logRow("*", "event"), logRow(">", "call"), logRow("<", "result")}
	l, w := logOf(t, &rows, 320, 140)
	var chosen []int
	l.OnChosen = func(i int) { chosen = append(chosen, i) }
	l.Changed()
	test.TapCanvas(w.Canvas(), fyne.NewPos(100, 10))
	list := l.List().(fyne.Focusable)
	w.Canvas().Focus(list)
	list.TypedKey(&fyne.KeyEvent{Name: fyne.KeyDown})
	list.TypedKey(&fyne.KeyEvent{Name: fyne.KeyReturn})
	if diff := cmp.Diff([]int{0, 1}, chosen); diff != "" {
		t.Error(diff)
	}
}
