package ui

import (
	"sync"
	"sync/atomic"
	"time"

	"parlor/app/room"
)

// sampleInterval is how often levels and counters are read.
const sampleInterval = 250 * time.Millisecond

// samples are values of which only the newest matters.
type samples struct {
	at    time.Time
	stats room.Stats
	level int           // own microphone, 0..100
	cpu   time.Duration // processor time that the program took so far
}

// sampler reads levels and counters on its own goroutine while there is something to read, and hands the
// newest to the UI goroutine: never more than one is on its way there.
type sampler struct {
	read func() samples // on the sampler's goroutine
	post func(func())
	show func(samples)

	pending atomic.Bool
	stop    chan struct{} // nil: not running; UI goroutine, or close
	done    sync.WaitGroup
	mu      sync.Mutex
	closed  bool
}

func newSampler(read func() samples, post func(func()), show func(samples)) *sampler {
	return &sampler{read: read, post: post, show: show}
}

// run starts or stops reading.
func (s *sampler) run(on bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if on == (s.stop != nil) || on && s.closed {
		return
	}
	if !on {
		close(s.stop)
		s.stop = nil
		return
	}
	s.stop = make(chan struct{})
	s.done.Add(1)
	go s.loop(s.stop)
}

// close stops reading and waits.
func (s *sampler) close() {
	s.run(false)
	s.mu.Lock()
	s.closed = true
	s.mu.Unlock()
	s.done.Wait()
}

func (s *sampler) loop(stop <-chan struct{}) {
	defer s.done.Done()
	ticker := time.NewTicker(sampleInterval)
	defer ticker.Stop()
	for {
		select {
		case <-stop:
			return
		case <-ticker.C:
		}
		if !s.pending.CompareAndSwap(false, true) {
			continue // the UI goroutine is busy; the next ones are newer
		}
		now := s.read()
		s.post(func() {
			s.pending.Store(false)
			s.show(now)
		})
	}
}
