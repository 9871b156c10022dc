// Package loop runs functions one at a time, in order, on one goroutine. Whatever state is touched
// only by functions on a Loop needs no mutex.
package loop

import (
	"context"
	"errors"
	"log/slog"
	"sync"
)

// ErrClosed is returned by Do on a closed Loop.
var ErrClosed = errors.New("loop: closed")

// warnLength is where a queue is worth a line in the log: loops are fed by people and signalling
// only, a thousand waiting functions mean that something on the loop blocks.
const warnLength = 1000

// Loop is one goroutine and its queue. The queue has no bound of its own: what feeds it is bounded
// (requests, timers, callbacks of connections); its length is logged past 1000.
type Loop struct {
	log  *slog.Logger
	done chan struct{}

	mu     sync.Mutex
	wake   *sync.Cond
	queue  []func()
	closed bool
	warned bool
}

// New starts a Loop. Close ends it.
func New(log *slog.Logger) *Loop {
	if log == nil {
		log = slog.Default()
	}
	l := &Loop{log: log, done: make(chan struct{})}
	l.wake = sync.NewCond(&l.mu)
	go l.run()
	return l
}

// Post queues f and returns at once. It reports false when the Loop is closed and f will never run.
func (l *Loop) Post(f func()) bool {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.closed {
		return false
	}
	l.queue = append(l.queue, f)
	if len(l.queue) > warnLength && !l.warned {
		l.warned = true
		l.log.Warn("loop queue is long", "length", len(l.queue))
	}
	l.wake.Signal()
	return true
}

// Do runs f on the Loop and waits for its result, or for ctx: then f may still run later. Never
// call it on the Loop itself.
func (l *Loop) Do(ctx context.Context, f func() error) error {
	result := make(chan error, 1) // one answer; nobody may be waiting any more
	if !l.Post(func() { result <- f() }) {
		return ErrClosed
	}
	select {
	case err := <-result:
		return err
	case <-ctx.Done():
		return ctx.Err()
	case <-l.done:
		select {
		case err := <-result:
			return err
		default:
			return ErrClosed
		}
	}
}

// Close lets the queued functions run, ends the Loop and waits for its goroutine. Functions
// posted afterwards are refused. Close twice is fine; never call it on the Loop itself.
func (l *Loop) Close() {
	l.mu.Lock()
	l.closed = true
	l.wake.Signal()
	l.mu.Unlock()
	<-l.done
}

func (l *Loop) run() {
	defer close(l.done)
	for {
		l.mu.Lock()
		for len(l.queue) == 0 && !l.closed {
			l.wake.Wait()
		}
		batch := l.queue
		l.queue = nil
		l.warned = false
		l.mu.Unlock()
		if len(batch) == 0 {
			return
		}
		for _, f := range batch {
			f()
		}
	}
}
