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
	return widgets.LogRow{Time: "12:03:41.207", Mark: mark, Text: text, Detail: "all of " + text}
}

func TestLogList_Golden(t *testing.T) {
	english(t)
	l := widgets.NewLogList("Nothing yet")
	w := open(t, l, 320, 140)
	golden(t, w, "loglist", "empty")
	if diff := cmp.Diff([]string{"Nothing yet"}, l.Texts()); diff != "" {
		t.Error(diff)
	}
	l.Add(logRow(">", `joinRtcRoom {"roomId":"1001","userId":"a user with a long name"}`))
	l.Add(logRow("<", "joinRtcRoom:ok  326 ms"))
	failed := logRow("<", "updateToken:fail invalid token")
	failed.Failed = true
	l.Add(failed)
	l.Add(logRow("*", "onRtcChatMembersChanged"))
	l.Add(logRow("!", "no result"))
	golden(t, w, "loglist", "marks")
	l.SetMarks("*!")
	golden(t, w, "loglist", "events")
}

func TestLogList_Bound(t *testing.T) {
	english(t)
	l := widgets.NewLogList("")
	open(t, l, 320, 140)
	const more = 25
	for i := range widgets.LogCapacity + more {
		mark := ">"
		if i%2 == 1 {
			mark = "*"
		}
		l.Add(logRow(mark, fmt.Sprint(i)))
	}
	if got := l.Dropped(); got != more {
		t.Errorf("%d rows were dropped, want %d", got, more)
	}
	rows := l.Rows(widgets.LogCapacity * 2)
	if len(rows) != widgets.LogCapacity || rows[0].Text != fmt.Sprint(more) || rows[len(rows)-1].Text != fmt.Sprint(widgets.LogCapacity+more-1) {
		t.Errorf("%d rows from %q to %q are kept", len(rows), rows[0].Text, rows[len(rows)-1].Text)
	}
	if got := l.Rows(3); len(got) != 3 || got[0].Text != fmt.Sprint(widgets.LogCapacity+more-3) {
		t.Errorf("the last three rows are %v", got)
	}
	l.Clear()
	l.Add(logRow(">", "again"))
	if got := l.Rows(10); len(got) != 1 || got[0].Text != "again" || l.Dropped() != 0 {
		t.Errorf("after Clear: %v", got)
	}
}

// TestLogList_Chosen taps the first row that is shown.
func TestLogList_Chosen(t *testing.T) {
	english(t)
	l := widgets.NewLogList("")
	w := open(t, l, 320, 140)
	var chosen []string
	l.OnChosen = func(r widgets.LogRow) { chosen = append(chosen, r.Detail) }
	l.Add(logRow(">", "call"))
	l.Add(logRow("*", "event"))
	l.SetMarks("*")
	test.TapCanvas(w.Canvas(), fyne.NewPos(100, 10))
	if diff := cmp.Diff([]string{"all of event"}, chosen); diff != "" {
		t.Error(diff)
	}
	if got := logRow(">", "call").String(); got != "12:03:41.207 > call" {
		t.Errorf("as text: %q", got)
	}
}
