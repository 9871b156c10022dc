package console

import (
	"bufio"
	"encoding/json"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"sync/atomic"
	"time"
)

const (
	// journalCapacity is how many rows are at hand: about ten minutes of a tester who clicks all the time. Older ones are in a
	// file.
	journalCapacity = 10_000
	// journalBatch is how many rows go to the file together.
	journalBatch = 1_000
	// spillQueue bounds the batches on their way to the file. When a slow disk lets it fill, further ones are lost and counted.
	spillQueue = 8
)

// journal is the log: the newest rows at hand, the older ones in a file. Rows are known by their number, from 0 for the first
// ever.
type journal struct {
	rows  []Row // number first is rows[0]; at most journalCapacity+journalBatch
	first int
	spill *spill // nil: older rows are dropped
}

// add appends a row and returns its number.
func (j *journal) add(r Row) int {
	j.rows = append(j.rows, r)
	if len(j.rows) > journalCapacity+journalBatch-1 {
		old := j.rows[:journalBatch:journalBatch]
		j.rows = append(make([]Row, 0, journalCapacity+journalBatch), j.rows[journalBatch:]...)
		j.first += journalBatch
		if j.spill != nil {
			j.spill.put(old)
		}
	}
	return j.end() - 1
}

// end is the number that the next row gets.
func (j *journal) end() int { return j.first + len(j.rows) }

// row returns a row that is at hand, nil for an older one.
func (j *journal) row(number int) *Row {
	if number < j.first || number >= j.end() {
		return nil
	}
	return &j.rows[number-j.first]
}

// clear forgets the rows at hand; numbers go on.
func (j *journal) clear() {
	j.first, j.rows = j.end(), nil
}

// newest returns the newest n rows, oldest first.
func (j *journal) newest(n int) []Row {
	return append([]Row(nil), j.rows[max(0, len(j.rows)-n):]...)
}

// view is the part of a journal that is shown.
type view struct {
	marks  string // shown marks; "": all
	text   string // that a row must have, without regard to case; "": any
	paused bool   // rows that come are not shown
	until  int    // while paused: the first number that is not shown
	shown  []int  // numbers, rising
}

func (v *view) matches(r *Row) bool {
	return (v.marks == "" || strings.Contains(v.marks, string(r.Mark))) &&
		(v.text == "" || strings.Contains(strings.ToLower(r.String()), strings.ToLower(v.text)))
}

// added takes notice of the newest row, and of older ones that are no longer at hand.
func (v *view) added(j *journal) {
	if number := j.end() - 1; !v.paused && v.matches(j.row(number)) {
		v.shown = append(v.shown, number)
	}
	gone := 0
	for gone < len(v.shown) && v.shown[gone] < j.first {
		gone++
	}
	v.shown = v.shown[gone:]
}

// choose looks all rows at hand through again.
func (v *view) choose(j *journal) {
	v.shown = v.shown[:0:0]
	end := j.end()
	if v.paused {
		end = min(end, v.until)
	}
	for number := j.first; number < end; number++ {
		if v.matches(j.row(number)) {
			v.shown = append(v.shown, number)
		}
	}
}

// pause stops showing what comes, or shows it.
func (v *view) pause(on bool, j *journal) {
	v.paused, v.until = on, j.end()
	v.choose(j)
}

// fresh is how many rows came since the pause.
func (v *view) fresh(j *journal) int {
	if !v.paused {
		return 0
	}
	return j.end() - max(v.until, j.first)
}

// spill writes old rows to a file, on a goroutine of its own. The file is made with the first row.
type spill struct {
	path  string
	queue chan []Row // cap spillQueue
	rows  atomic.Int64
	lost  atomic.Int64
	done  sync.WaitGroup
}

// newSpill starts the writer of a file in a folder; Close ends it.
func newSpill(folder string, now time.Time) *spill {
	s := &spill{path: filepath.Join(folder, "api-"+now.Format("20060102-150405.000")+".jsonl"), queue: make(chan []Row, spillQueue)}
	s.done.Go(s.run)
	return s
}

// put hands rows over; they are the spill's.
func (s *spill) put(rows []Row) {
	select {
	case s.queue <- rows:
		s.rows.Add(int64(len(rows)))
	default:
		s.lost.Add(int64(len(rows)))
	}
}

func (s *spill) run() {
	var f *os.File
	for rows := range s.queue {
		if f == nil {
			f = s.open()
		}
		if f == nil || writeRows(f, rows) != nil {
			s.fail(rows)
		}
	}
	if f != nil {
		f.Close() // all rows were flushed
	}
}

// open makes the file, nil when that is not possible; the next batch tries again.
func (s *spill) open() *os.File {
	if os.MkdirAll(filepath.Dir(s.path), 0o700) != nil {
		return nil
	}
	f, err := os.OpenFile(s.path, os.O_CREATE|os.O_WRONLY|os.O_APPEND, 0o600)
	if err != nil {
		return nil
	}
	return f
}

func (s *spill) fail(rows []Row) {
	s.rows.Add(-int64(len(rows)))
	s.lost.Add(int64(len(rows)))
}

// close writes what is queued and waits.
func (s *spill) close() {
	close(s.queue)
	s.done.Wait()
}

// writeRows writes rows as lines of JSON.
func writeRows(f *os.File, rows []Row) error {
	out := bufio.NewWriter(f)
	encoder := json.NewEncoder(out)
	encoder.SetEscapeHTML(false)
	for _, r := range rows {
		if err := encoder.Encode(r); err != nil {
			return err
		}
	}
	return out.Flush()
}

// writeRowsTo makes a file of rows.
func writeRowsTo(path string, rows []Row) error {
	if err := os.MkdirAll(filepath.Dir(path), 0o700); err != nil {
		return err
	}
	f, err := os.OpenFile(path, os.O_CREATE|os.O_WRONLY|os.O_TRUNC, 0o600)
	if err != nil {
		return err
	}
	err = writeRows(f, rows)
	if closeErr := f.Close(); err == nil {
		err = closeErr
	}
	return err
}
