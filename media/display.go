package media

import (
	"image"
	"sync"
	"sync/atomic"
	"time"
)

// Stage paces what reaches the screen: any number of Displays put pictures at any
// time, and once per interval at most one function goes to the UI goroutine which shows
// all the new ones. Fyne repaints the whole window for each refresh, so tiles that refresh
// each at its own phase cost almost twice the CPU.
type Stage struct {
	post     func(func())
	interval atomic.Int64

	mu      sync.Mutex
	dirty   map[*Display]struct{}
	pending bool
	last    time.Time
	timer   *time.Timer
	closed  bool
}

// NewStage returns a Stage which calls post (fyne.Do in the program, a hand-cranked queue
// in tests) at most once per interval; 33 ms is a good value.
func NewStage(post func(func()), interval time.Duration) *Stage {
	s := &Stage{post: post, dirty: make(map[*Display]struct{})}
	s.interval.Store(int64(interval))
	return s
}

// SetInterval changes the pace, for machines that cannot keep up.
func (s *Stage) SetInterval(d time.Duration) { s.interval.Store(int64(d)) }

// Close stops the stage: pictures put from now on are not shown.
func (s *Stage) Close() {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.closed = true
	if s.timer != nil {
		s.timer.Stop()
	}
}

func (s *Stage) mark(d *Display) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.closed {
		return
	}
	s.dirty[d] = struct{}{}
	if s.pending {
		return
	}
	s.pending = true
	wait := time.Duration(s.interval.Load()) - time.Since(s.last)
	if wait < 0 {
		wait = 0
	}
	s.timer = time.AfterFunc(wait, func() { s.post(s.flush) })
}

// flush runs on the UI goroutine.
func (s *Stage) flush() {
	s.mu.Lock()
	if s.closed {
		s.mu.Unlock()
		return
	}
	dirty := s.dirty
	s.dirty = make(map[*Display]struct{}, len(dirty))
	s.pending = false
	s.last = time.Now()
	s.mu.Unlock()
	for d := range dirty {
		d.flush()
	}
}

// Display is the one-slot mailbox between one decoder and one tile. Three buffers go
// round without a lock on pixels: one being written, one in the slot, one on screen.
//
// The decoder's side (Size, Acquire, Put, Clear) may be on any one goroutine; the tile's
// side (SetSize, SetVisible) on the UI goroutine.
type Display struct {
	stage *Stage
	show  func(*image.RGBA)

	size    atomic.Int64 // width<<32 | height, pixels
	visible atomic.Bool
	mirror  atomic.Bool

	mu       sync.Mutex
	slot     *image.RGBA // newest picture, not yet shown
	cleared  bool        // show(nil) is due
	onScreen *image.RGBA // UI goroutine's
	free     []*image.RGBA

	shown    atomic.Uint64
	replaced atomic.Uint64
}

// NewDisplay returns a Display whose pictures go to show, on the UI goroutine. show gets
// nil when there is no picture any more (camera off, user gone). The picture given to show is
// the tile's until the next call of show.
func (s *Stage) NewDisplay(show func(*image.RGBA)) *Display {
	d := &Display{stage: s, show: show}
	d.visible.Store(true)
	return d
}

// SetSize tells how many pixels the tile has; the decoder scales down to that.
func (d *Display) SetSize(width, height int) { d.size.Store(int64(width)<<32 | int64(height)) }

// Size returns the last SetSize, zeros before the first.
func (d *Display) Size() (width, height int) {
	v := d.size.Load()
	return int(v >> 32), int(v & 0xffffffff)
}

// SetVisible tells whether the tile can be seen; what cannot be seen is not decoded.
func (d *Display) SetVisible(v bool) { d.visible.Store(v) }

// Visible returns the last SetVisible, true before the first.
func (d *Display) Visible() bool { return d.visible.Load() }

// SetMirror makes the display show what is put from now on as a mirror does, as people expect of their own picture.
func (d *Display) SetMirror(on bool) { d.mirror.Store(on) }

// Acquire returns a picture of the given size to write into; its content is undefined.
func (d *Display) Acquire(width, height int) *image.RGBA {
	d.mu.Lock()
	defer d.mu.Unlock()
	for n := len(d.free); n > 0; n = len(d.free) {
		img := d.free[n-1]
		d.free = d.free[:n-1]
		if img.Rect.Dx() == width && img.Rect.Dy() == height {
			return img
		}
	}
	return image.NewRGBA(image.Rect(0, 0, width, height))
}

// Put hands a picture from Acquire to the screen. An older one which was not shown yet is
// dropped and counted.
func (d *Display) Put(img *image.RGBA) {
	if d.mirror.Load() {
		mirror(img)
	}
	d.mu.Lock()
	if d.slot != nil {
		d.free = append(d.free, d.slot)
		d.replaced.Add(1)
	}
	d.slot = img
	d.cleared = false
	d.mu.Unlock()
	d.stage.mark(d)
}

// mirror swaps left and right.
func mirror(img *image.RGBA) {
	width := 4 * img.Rect.Dx()
	for y := range img.Rect.Dy() {
		row := img.Pix[y*img.Stride:][:width]
		for i, j := 0, width-4; i < j; i, j = i+4, j-4 {
			left, right := [4]byte(row[i:]), [4]byte(row[j:])
			copy(row[i:], right[:])
			copy(row[j:], left[:])
		}
	}
}

// Clear takes the picture off the screen.
func (d *Display) Clear() {
	d.mu.Lock()
	if d.slot != nil {
		d.free = append(d.free, d.slot)
		d.slot = nil
	}
	d.cleared = true
	d.mu.Unlock()
	d.stage.mark(d)
}

// flush runs on the UI goroutine.
func (d *Display) flush() {
	d.mu.Lock()
	img, cleared := d.slot, d.cleared
	if img == nil && !cleared {
		d.mu.Unlock()
		return
	}
	d.slot, d.cleared = nil, false
	if d.onScreen != nil && len(d.free) < 2 {
		d.free = append(d.free, d.onScreen)
	}
	d.onScreen = img
	d.mu.Unlock()
	if img != nil {
		d.shown.Add(1)
	}
	d.show(img)
}

// Shown returns how many pictures reached the screen, Replaced how many a newer one replaced
// before they did.
func (d *Display) Shown() uint64 { return d.shown.Load() }

// Replaced returns how many pictures a newer one replaced before they reached the screen.
func (d *Display) Replaced() uint64 { return d.replaced.Load() }
