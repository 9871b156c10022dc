package clip

import (
	"io"
	"sync"
	"time"

	"parlor/media"
)

// audioSlack is how far a reader of sound may fall behind and still catch up: what the buffer
// of a sound card would hold.
const audioSlack = 100 * time.Millisecond

// pacer holds a reader back until a frame is due. Its schedule begins with the first frame, and
// does not drift: frames are due at offsets from that moment, not after each other. wait is for one
// goroutine, close for any.
type pacer struct {
	start   time.Duration // of the schedule, on the clock of media.Now
	running bool
	timer   *time.Timer
	once    sync.Once
	done    chan struct{} // closed by close
}

func newPacer() *pacer {
	return &pacer{done: make(chan struct{})}
}

// elapsed is the time since the first frame.
func (p *pacer) elapsed() time.Duration {
	if !p.running {
		return 0
	}
	return media.Now() - p.start
}

// wait blocks until the frame at this offset is due and returns its time on the capture clock. When
// that is more than slack ago, the whole schedule moves, so that lost time is a gap and
// not a burst. After close it returns io.EOF.
func (p *pacer) wait(offset, slack time.Duration) (at time.Duration, err error) {
	select {
	case <-p.done:
		return 0, io.EOF
	default:
	}
	now := media.Now()
	if !p.running {
		p.start, p.running = now-offset, true
	}
	due := p.start + offset
	if now >= due {
		if late := now - due; late > slack {
			p.start += late
			due = now
		}
		return due, nil
	}
	if p.timer == nil {
		p.timer = time.NewTimer(due - now)
	} else {
		p.timer.Reset(due - now)
	}
	select {
	case <-p.timer.C:
		return due, nil
	case <-p.done:
		p.timer.Stop()
		return 0, io.EOF
	}
}

// why returns io.EOF after close, which also closes the file that is being read, else err.
func (p *pacer) why(err error) error {
	select {
	case <-p.done:
		return io.EOF
	default:
		return err
	}
}

// close ends a wait and all later ones. Only the first call returns true.
func (p *pacer) close() (first bool) {
	p.once.Do(func() { close(p.done); first = true })
	return first
}
