package ui

import (
	"testing"
	"testing/synctest"
	"time"
)

// TestSampler runs on a fake clock: four readings a second, never two on their way, none after stop.
func TestSampler(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		q := newQueue()
		shown := 0
		s := newSampler(func() samples { return samples{level: 42} }, q.post, func(got samples) {
			shown++
			if got.level != 42 {
				t.Errorf("level %d", got.level)
			}
		})
		turn := func() {
			synctest.Wait()
			q.turn()
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
		if n := q.length(); n != 1 {
			t.Errorf("%d readings wait for a busy UI goroutine, want the first only", n)
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
