package device

import (
	"errors"
	"fmt"
	"image"
	"io"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"

	"parlor/media"
)

// fakeScreen is a grabber whose picture the test changes.
type fakeScreen struct {
	mu      sync.Mutex
	size    image.Point
	grey    uint8
	changed bool
	err     error
	grabs   int
	closed  int
}

func (g *fakeScreen) change(do func()) {
	g.mu.Lock()
	defer g.mu.Unlock()
	do()
	g.changed = true
}

func (g *fakeScreen) grab(always bool) (screenPixels, bool, error) {
	g.mu.Lock()
	defer g.mu.Unlock()
	g.grabs++
	if g.err != nil {
		return screenPixels{}, false, g.err
	}
	if !g.changed && !always {
		return screenPixels{}, false, nil
	}
	g.changed = false
	p := screenPixels{stride: 4*g.size.X + 8, width: g.size.X, height: g.size.Y}
	p.pix = make([]byte, p.stride*p.height)
	for i := range p.pix {
		p.pix[i] = g.grey
	}
	return p, true, nil
}

func (g *fakeScreen) Close() error { g.closed++; return nil }

var fakeInfo = media.ScreenInfo{DeviceInfo: media.DeviceInfo{ID: "window:1", Label: "Report"}, Window: true, Width: 641, Height: 361}

func TestScreen_Pace(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		g := &fakeScreen{size: image.Pt(641, 361)}
		s := newScreen(fakeInfo, g, media.VideoFormat{Rate: 10})
		start := time.Now()
		var at []time.Duration
		read := func() {
			t.Helper()
			f, err := s.ReadVideo()
			if err != nil {
				t.Fatal(err)
			}
			if f.At != media.Now() {
				t.Errorf("picture of %v at %v", f.At, media.Now())
			}
			at = append(at, time.Since(start).Round(time.Millisecond))
		}
		read() // at once
		read() // nothing changed: a second later
		read()
		g.change(func() {})
		read() // at the next time to look
		g.change(func() {})
		read()
		time.Sleep(time.Minute) // a reader that is late gets one picture, not all that it missed
		read()
		g.change(func() {})
		read()
		ms := time.Millisecond
		want := []time.Duration{0, 1000 * ms, 2000 * ms, 2100 * ms, 2200 * ms, 62200 * ms, 62300 * ms}
		if diff := cmp.Diff(want, at); diff != "" {
			t.Errorf("times of pictures: -want +got:\n%s", diff)
		}
		if g.grabs > 26 {
			t.Errorf("asked %d times in 2.4 s of reading, at 10 per second", g.grabs)
		}
		ended := make(chan error)
		go func() { _, err := s.ReadVideo(); ended <- err }()
		synctest.Wait()
		for range 2 {
			if err := s.Close(); err != nil {
				t.Error(err)
			}
		}
		if err := <-ended; err != io.EOF {
			t.Errorf("Close while it waits: got %v want EOF", err)
		}
		if g.closed != 1 {
			t.Errorf("closed %d times", g.closed)
		}
	})
}

func TestScreen_Size(t *testing.T) {
	g := &fakeScreen{size: image.Pt(641, 361)}
	s := newScreen(fakeInfo, g, media.VideoFormat{Width: 320, Height: 320, Rate: 60})
	defer s.Close()
	for _, tc := range []struct{ window, want image.Point }{
		{image.Pt(641, 361), image.Pt(320, 180)},
		{image.Pt(320, 320), image.Pt(320, 320)},
		{image.Pt(33, 21), image.Pt(32, 20)}, // never larger than it is
		{image.Pt(100, 1000), image.Pt(32, 320)},
		{image.Pt(1, 1), image.Pt(2, 2)},
		{image.Pt(3, 900), image.Pt(2, 320)},
	} {
		g.change(func() { g.size, g.grey = tc.window, 255 })
		f, err := s.ReadVideo()
		if err != nil {
			t.Fatal(err)
		}
		if got := f.Image.Rect.Size(); got != tc.want {
			t.Errorf("window of %v: got %v want %v", tc.window, got, tc.want)
		}
		if got := s.Format(); got != (media.VideoFormat{Width: tc.want.X, Height: tc.want.Y, Rate: 60}) {
			t.Errorf("window of %v: got format %v", tc.window, got)
		}
		for name, plane := range map[string][]byte{"Y": f.Image.Y, "Cb": f.Image.Cb, "Cr": f.Image.Cr} {
			white := map[string]byte{"Y": 235, "Cb": 128, "Cr": 128}[name]
			for i, v := range plane {
				if v < white-1 || v > white+1 {
					t.Fatalf("window of %v: plane %s is %d at %d want %d", tc.window, name, v, i, white)
				}
			}
		}
	}
}

func TestScreen_Rate(t *testing.T) {
	for want, got := range map[float64]float64{0: screenRate, -1: screenRate, 1000: maxScreenRate, 0.5: 0.5, 30: 30} {
		s := newScreen(fakeInfo, &fakeScreen{}, media.VideoFormat{Rate: want})
		if r := s.Format().Rate; r != got {
			t.Errorf("rate %g: got %g want %g", want, r, got)
		}
		s.Close()
	}
}

func TestScreen_Errors(t *testing.T) {
	for _, tc := range []struct {
		err  error
		info media.ScreenInfo
		want string
	}{
		{fmt.Errorf("%w: details", errScreenGone), fakeInfo, `device: window "Report" was closed`},
		{errScreenGone, media.ScreenInfo{DeviceInfo: media.DeviceInfo{Label: "HDMI-1"}}, `device: screen "HDMI-1" was closed`},
		{errors.New("no rights"), fakeInfo, `device: window "Report" cannot be captured any more: no rights`},
	} {
		s := newScreen(tc.info, &fakeScreen{err: tc.err}, media.VideoFormat{})
		if _, err := s.ReadVideo(); err == nil || err.Error() != tc.want {
			t.Errorf("got error %v want %s", err, tc.want)
		}
		s.Close()
	}
	// A picture that is not what it says must not reach C.
	broken := screenPixels{pix: make([]byte, 100), stride: 40, width: 10, height: 10}
	if err := toI420(sized(nil, image.Pt(10, 10)), broken); err == nil || !strings.Contains(err.Error(), "100 bytes") {
		t.Errorf("broken picture: got error %v", err)
	}
}
