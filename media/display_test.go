package media_test

import (
	"image"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"parlor/media"
)

// serial stands for the UI goroutine: one function at a time.
func serial() func(func()) {
	var ui sync.Mutex
	return func(f func()) {
		ui.Lock()
		defer ui.Unlock()
		f()
	}
}

// shownBy returns a display on its own stage and the list of what it showed, by width; 0 is nothing.
func shownBy(interval time.Duration) (*media.Stage, *media.Display, *[]int) {
	shown := new([]int)
	stage := media.NewStage(serial(), interval)
	d := stage.NewDisplay(func(img *image.RGBA) {
		width := 0
		if img != nil {
			width = img.Rect.Dx()
		}
		*shown = append(*shown, width)
	})
	return stage, d, shown
}

// TestDisplay_Mirror: left and right change places, the middle of an odd width stays.
func TestDisplay_Mirror(t *testing.T) {
	for _, width := range []int{1, 2, 5} {
		posts := make(chan func(), 1)
		s := media.NewStage(func(f func()) { posts <- f }, time.Millisecond)
		var shown []byte
		d := s.NewDisplay(func(img *image.RGBA) { shown = append([]byte(nil), img.Pix...) })
		d.SetMirror(true)
		img := d.Acquire(width, 2)
		for i := range img.Pix {
			img.Pix[i] = byte(i)
		}
		d.Put(img)
		(<-posts)()
		for y := range 2 {
			for x := range width {
				for c := range 4 {
					if got, want := shown[y*width*4+x*4+c], byte(y*width*4+(width-1-x)*4+c); got != want {
						t.Fatalf("width %d: channel %d of the pixel at %d,%d is %d, want %d", width, c, x, y, got, want)
					}
				}
			}
		}
		s.Close()
	}
}

func TestDisplay_OnlyTheNewestIsShown(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		stage, d, shown := shownBy(33 * time.Millisecond)
		defer stage.Close()
		d.Put(d.Acquire(1, 1))
		synctest.Wait()
		time.Sleep(time.Millisecond) // fake time: the first one is shown at once
		synctest.Wait()
		for w := 2; w <= 5; w++ {
			d.Put(d.Acquire(w, 1))
		}
		time.Sleep(time.Second)
		synctest.Wait()
		if got := *shown; len(got) != 2 || got[0] != 1 || got[1] != 5 {
			t.Errorf("got widths %v, want the first at once and then only the newest", got)
		}
		if d.Shown() != 2 || d.Replaced() != 3 {
			t.Errorf("got %d shown, %d replaced, want 2 and 3", d.Shown(), d.Replaced())
		}
	})
}

func TestStage_OnePostForAllTiles(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		posts, shows := 0, 0
		post := serial()
		stage := media.NewStage(func(f func()) { post(func() { posts++; f() }) }, 33*time.Millisecond)
		defer stage.Close()
		var displays []*media.Display
		for range 16 {
			displays = append(displays, stage.NewDisplay(func(*image.RGBA) { shows++ }))
		}
		for range 30 { // a second of 30 Hz on 16 tiles, each at a phase of its own
			for _, d := range displays {
				d.Put(d.Acquire(4, 4))
				time.Sleep(time.Second / 30 / 16)
			}
		}
		time.Sleep(time.Second)
		synctest.Wait()
		if posts > 32 {
			t.Errorf("got %d posts for a second of 16 tiles, want at most one per interval of 33 ms", posts)
		}
		if shows < 16*25 {
			t.Errorf("got %d pictures shown of 480: the pace is too slow", shows)
		}
	})
}

func TestDisplay_Clear(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		stage, d, shown := shownBy(time.Millisecond)
		d.Put(d.Acquire(3, 3))
		d.Clear()
		time.Sleep(time.Second)
		synctest.Wait()
		if got := *shown; len(got) != 1 || got[0] != 0 {
			t.Errorf("got %v, want nothing on screen", got)
		}
		d.Put(d.Acquire(3, 3))
		stage.Close()
		time.Sleep(time.Second)
		synctest.Wait()
		d.Put(d.Acquire(3, 3))
		time.Sleep(time.Second)
		synctest.Wait()
		if got := *shown; len(got) != 1 {
			t.Errorf("got %v, want no picture after Close", got)
		}
	})
}

// TestDisplay_Buffers: however long it goes on, three buffers go round.
func TestDisplay_Buffers(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		stage, d, _ := shownBy(5 * time.Millisecond)
		defer stage.Close()
		seen := make(map[*image.RGBA]bool)
		for range 200 {
			img := d.Acquire(8, 8)
			seen[img] = true
			d.Put(img)
			time.Sleep(3 * time.Millisecond)
		}
		time.Sleep(time.Second)
		synctest.Wait()
		if len(seen) > 3 {
			t.Errorf("got %d buffers, want 3", len(seen))
		}
	})
}

func BenchmarkDisplay_Put(b *testing.B) {
	stage := media.NewStage(serial(), 33*time.Millisecond)
	defer stage.Close()
	d := stage.NewDisplay(func(*image.RGBA) {})
	d.Put(d.Acquire(320, 180))
	b.ReportAllocs()
	for b.Loop() {
		d.Put(d.Acquire(320, 180))
	}
}
