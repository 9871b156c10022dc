package console

import (
	"bufio"
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/pion/transport/v4/test"
)

// fill adds rows whose text is their number; every second one is an event.
func fill(j *journal, v *view, n int) {
	for range n {
		mark := Call
		if j.end()%2 == 1 {
			mark = Event
		}
		j.add(Row{At: testTime, Mark: mark, Text: fmt.Sprint(j.end())})
		v.added(j)
	}
}

// TestJournal_Spill: at least the newest ten thousand rows are at hand, all others in the file, none twice.
func TestJournal_Spill(t *testing.T) {
	defer test.CheckRoutines(t)()
	j, v := journal{spill: newSpill(filepath.Join(t.TempDir(), "logs"), testTime)}, view{}
	const rows = journalCapacity + 2*journalBatch + 10
	fill(&j, &v, rows)
	if len(j.rows) < journalCapacity || len(j.rows) > journalCapacity+journalBatch || j.end() != rows {
		t.Fatalf("%d rows are at hand, the next number is %d", len(j.rows), j.end())
	}
	for _, n := range []int{j.first, rows - 1} {
		if r := j.row(n); r == nil || r.Text != fmt.Sprint(n) {
			t.Errorf("row %d is %v", n, r)
		}
	}
	if j.row(j.first-1) != nil || j.row(rows) != nil {
		t.Error("rows are at hand that are not")
	}
	if v.shown[0] != j.first || len(v.shown) != len(j.rows) {
		t.Errorf("the view has %d rows from %d", len(v.shown), v.shown[0])
	}
	if newest := j.newest(3); len(newest) != 3 || newest[2].Text != fmt.Sprint(rows-1) {
		t.Errorf("the newest rows: %v", newest)
	}
	j.spill.close()
	f, err := os.Open(j.spill.path)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	count := 0
	for lines := bufio.NewScanner(f); lines.Scan(); count++ {
		var r struct{ Text string }
		if err := json.Unmarshal(lines.Bytes(), &r); err != nil || r.Text != fmt.Sprint(count) {
			t.Fatalf("line %d of the file: %s (%v)", count, lines.Text(), err)
		}
	}
	if count != j.first || j.spill.rows.Load() != int64(count) || j.spill.lost.Load() != 0 {
		t.Errorf("%d rows are in the file, %d are said to be, want %d", count, j.spill.rows.Load(), j.first)
	}
}

// TestJournal_NoDisk: rows that cannot be written are counted.
func TestJournal_NoDisk(t *testing.T) {
	defer test.CheckRoutines(t)()
	folder := filepath.Join(t.TempDir(), "file")
	if err := os.WriteFile(folder, nil, 0o600); err != nil {
		t.Fatal(err)
	}
	j := journal{spill: newSpill(folder, testTime)}
	fill(&j, &view{}, journalCapacity+journalBatch)
	j.spill.close()
	if got := j.spill.lost.Load(); got != journalBatch || j.spill.rows.Load() != 0 {
		t.Errorf("%d rows are lost, want %d", got, journalBatch)
	}
}

func TestView(t *testing.T) {
	var j journal
	var v view
	fill(&j, &v, 6)
	check := func(what string, want ...int) {
		t.Helper()
		if diff := cmp.Diff(want, append([]int(nil), v.shown...)); diff != "" {
			t.Errorf("%s (-want +got):\n%s", what, diff)
		}
	}
	check("all", 0, 1, 2, 3, 4, 5)
	v.marks = "*"
	v.choose(&j)
	check("events", 1, 3, 5)
	v.marks, v.text = "", "12:03:41.207 > 4"
	v.choose(&j)
	check("a text, marks and times included", 4)
	v.text = ""
	v.pause(true, &j)
	fill(&j, &v, 2)
	check("paused", 0, 1, 2, 3, 4, 5)
	if got := v.fresh(&j); got != 2 {
		t.Errorf("%d rows came since, want 2", got)
	}
	v.marks = "*"
	v.choose(&j)
	check("filtered while paused", 1, 3, 5)
	v.pause(false, &j)
	check("going on", 1, 3, 5, 7)
	j.clear()
	v.choose(&j)
	check("cleared")
	fill(&j, &v, 2)
	check("numbers go on", 9)
}
