package ui

import (
	"testing"
	"testing/synctest"
	"time"

	"parlor/media"
)

// TestSampler runs on a fake clock: four readings a second, never two on their way, none after stop.
func TestSampler(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := &fakeBackend{displays: make(map[tileKey]*media.Display), level: 42}
		var posted []func()
		shown := 0
		s := newSampler(b, func(f func()) { posted = append(posted, f) }, func(got samples) {
			shown++
			if got.level != 42 {
				t.Errorf("level %d", got.level)
			}
		})
		turn := func() {
			synctest.Wait()
			for _, f := range posted {
				f()
			}
			posted = nil
		}
		advance := func(d time.Duration) { <-time.After(d); synctest.Wait() }

		s.run(false) // not running: nothing to stop
		s.run(true)
		s.run(true) // running already
		for range 4 {
			advance(sampleInterval)
			turn()
		}
		if shown != 4 {
			t.Errorf("%d readings in a second, want 4", shown)
		}
		advance(10 * sampleInterval)
		if len(posted) != 1 {
			t.Errorf("%d readings wait for a busy UI goroutine, want the first only", len(posted))
		}
		turn()
		s.run(false)
		before := shown
		advance(4 * sampleInterval)
		turn()
		if shown != before {
			t.Errorf("%d readings after the end", shown-before)
		}
		s.run(true)
		s.close()
		s.run(true) // closed: stays closed
		s.close()
	})
}
