package ui

import (
	"context"
	"errors"
	"image"
	"io"
	"slices"
	"strings"
	"sync"
	"testing"

	"fyne.io/fyne/v2"
	"github.com/google/go-cmp/cmp"

	"parlor/app/room"
	"parlor/media"
)

// screens are devices with things to share; each screen shows one colour for ever.
type screens struct {
	fakeDevices
	list []media.ScreenInfo
	err  error

	mu      sync.Mutex
	open    map[string]bool
	most    int           // open at once
	changed chan struct{} // 1: something was opened or closed
}

func newScreens(list ...media.ScreenInfo) *screens {
	return &screens{list: list, open: make(map[string]bool), changed: make(chan struct{}, 1)}
}

func (s *screens) Screens() ([]media.ScreenInfo, error) { return s.list, s.err }

func (s *screens) OpenScreen(name string, want media.VideoFormat) (media.VideoSource, error) {
	if want != thumbnail {
		return nil, errors.New("not the format of a small picture")
	}
	s.set(name, true)
	return &stillScreen{screens: s, name: name, closed: make(chan struct{}), first: true}, nil
}

func (s *screens) set(name string, open bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	delete(s.open, name)
	if open {
		s.open[name] = true
	}
	s.most = max(s.most, len(s.open))
	select {
	case s.changed <- struct{}{}:
	default:
	}
}

func (s *screens) names() []string {
	s.mu.Lock()
	defer s.mu.Unlock()
	var names []string
	for name := range s.open {
		names = append(names, name)
	}
	slices.Sort(names)
	return names
}

// stillScreen gives one picture, then nothing until it is closed.
type stillScreen struct {
	screens *screens
	name    string
	first   bool
	once    sync.Once
	closed  chan struct{}
}

func (s *stillScreen) ReadVideo() (media.VideoFrame, error) {
	if s.first {
		s.first = false
		img := image.NewYCbCr(image.Rect(0, 0, 32, 18), image.YCbCrSubsampleRatio420)
		for i := range img.Y {
			img.Y[i] = 200
		}
		return media.VideoFrame{Image: img}, nil
	}
	<-s.closed
	return media.VideoFrame{}, io.EOF
}

func (s *stillScreen) RequestKeyFrame()          {}
func (s *stillScreen) Format() media.VideoFormat { return thumbnail }
func (s *stillScreen) Close() error {
	s.once.Do(func() {
		close(s.closed)
		s.screens.set(s.name, false)
	})
	return nil
}

// window and whole are things to share.
func window(id, title, app string) media.ScreenInfo {
	return media.ScreenInfo{DeviceInfo: media.DeviceInfo{ID: id, Label: title}, Window: true, App: app, Width: 800, Height: 600}
}

func whole(id, label string) media.ScreenInfo {
	return media.ScreenInfo{DeviceInfo: media.DeviceInfo{ID: id, Label: label}, Width: 1920, Height: 1080}
}

// chooser opens a room and the chooser, and waits for the list.
func chooser(t *testing.T, devices *screens) *harness {
	t.Helper()
	h := checked(t, func(c *Config) { c.Devices = devices })
	h.joined("ann")
	h.tap("room.tool.share")
	h.until(func() bool {
		return !slices.Contains(h.snapshot().Texts, "Looking for screens and windows...")
	})
	return h
}

// until turns the queue until something is so, which must not turn it itself.
func (h *harness) until(so func() bool) {
	h.t.Helper()
	for h.queue.turn(); !so(); h.queue.turn() {
		<-h.queue.fresh
	}
}

// opened waits until exactly these screens are open.
func (h *harness) opened(s *screens, want ...string) {
	h.t.Helper()
	for !slices.Equal(s.names(), want) {
		<-s.changed
	}
}

// TestShare_Choose: a window is chosen, and shared with one call; the small pictures end with the dialog.
func TestShare_Choose(t *testing.T) {
	devices := newScreens(whole("screen:a", "DP-1"), window("window:7", "Quarterly report", "Writer"), window("window:8", "Mail", ""))
	h := chooser(t, devices)
	h.opened(devices, "screen:a")
	texts := h.seen().Texts
	if !slices.Contains(texts, "Whole screen") || !slices.Contains(texts, "1920 x 1080") || slices.Contains(texts, "Mail") {
		t.Errorf("the tab of screens says %q", texts)
	}
	if got := h.acted(func() { h.tap("share.windows") }); !slices.Equal(got, []string{`> share.tab {"tab":"windows"}`}) {
		t.Errorf("rows %q", got)
	}
	h.opened(devices, "window:7", "window:8")
	if err := h.wait1(func(ctx context.Context) error { return h.Tap(ctx, "share.share") }); err == nil {
		t.Error("nothing is chosen, and Share works")
	}
	if got := h.acted(func() { h.tap("share.window:7") }); !slices.Equal(got, []string{`> share.select {"screen":"window:7"}`}) {
		t.Errorf("rows %q", got)
	}
	if got := h.acted(func() { h.tap("share.share") }); !slices.Equal(got, []string{`> x-startScreenShare {"screen":"window:7"}`}) {
		t.Errorf("rows %q", got)
	}
	h.opened(devices)
	h.events(room.CaptureChanged{Source: media.Screen, On: true, Name: "window:7"})
	if s := h.seen(); !slices.Contains(s.Texts, `You share: window "Quarterly report"`) || !slices.Contains(s.Texts, "Stop") {
		t.Errorf("while sharing: %q", s.Texts)
	}
	h.events(room.CaptureChanged{Source: media.Screen, On: true, Name: "screen:a"}) // by a script
	if s := h.seen(); !slices.Contains(s.Texts, "You share: screen:a") {
		t.Errorf("while sharing something else: %q", s.Texts)
	}
	h.events(room.CaptureChanged{Source: media.Screen})
	if s := h.seen(); slices.Contains(s.Texts, "Stop sharing") {
		t.Error("the bar stays after the share")
	}
}

// TestShare_Sound: what the computer plays goes along when there is a device for it and the user wants it.
func TestShare_Sound(t *testing.T) {
	devices := newScreens(whole("a", ""))
	h := chooser(t, devices)
	if err := h.wait1(func(ctx context.Context) error { return h.Tap(ctx, "share.sound") }); err == nil {
		t.Error("sound is offered without a device for it")
	}
	h.key("Esc")
	h.state.frame.devices.byKind[kindMicrophone] = append(h.state.frame.devices.byKind[kindMicrophone],
		media.DeviceInfo{ID: "out.monitor", Label: "Monitor of Built-in Audio"})
	h.tap("room.tool.share")
	h.until(func() bool { return h.controls["share.a"] != nil })
	if got := h.acted(func() { h.tap("share.sound") }); !slices.Equal(got, []string{`> share.sound {"on":true}`}) {
		t.Errorf("rows %q", got)
	}
	if got := h.acted(func() { h.tap("share.share") }); !slices.Equal(got, []string{`> x-startScreenShare {"audio":"out.monitor","screen":"a"}`}) {
		t.Errorf("rows %q", got)
	}
}

// TestShare_Keys: tabs, cards and buttons are reached by keys, and Enter on the chosen card shares it.
func TestShare_Keys(t *testing.T) {
	h := chooser(t, newScreens(whole("a", ""), whole("b", ""), whole("c", ""), whole("d", "HDMI-1")))
	c := h.win.Canvas()
	id := func() string {
		for id, o := range h.controls {
			if f, ok := o.(fyne.Focusable); ok && f == c.Focused() {
				return id
			}
		}
		return ""
	}
	steps := []struct{ key, want string }{
		{"Tab", "share.windows"}, {"Tab", "share.a"}, {"Down", "share.d"}, {"Up", "share.a"}, {"Right", "share.b"}, {"Left", "share.a"},
		{"Left", "share.a"},
	}
	for _, s := range steps {
		if s.key == "Tab" {
			c.(interface{ FocusNext() }).FocusNext()
		} else {
			h.key(s.key)
		}
		if got := id(); got != s.want {
			t.Fatalf("after %s the focus is on %q, want %q", s.key, got, s.want)
		}
	}
	if texts := h.seen().Texts; !slices.Contains(texts, "Screen 4 (HDMI-1)") {
		t.Errorf("texts %q", texts)
	}
	h.key("Enter")
	if got := h.acted(func() { h.key("Enter") }); !slices.Equal(got, []string{`> x-startScreenShare {"screen":"a"}`}) {
		t.Errorf("rows %q", got)
	}
}

// TestShare_Many: at most twelve small pictures are open, those that can be seen.
func TestShare_Many(t *testing.T) {
	var list []media.ScreenInfo
	for _, id := range strings.Split("abcdefghijklmnopqrstuvwxyz", "") {
		list = append(list, window(id, "Window "+id, "App"))
	}
	devices := newScreens(list...)
	h := chooser(t, devices)
	h.tap("share.windows")
	h.opened(devices, strings.Split("abcdefghi", "")...)
	if got := h.acted(func() { h.tap("share.cancel") }); !slices.Equal(got, []string{"> share.cancel {}"}) {
		t.Errorf("rows %q", got)
	}
	h.opened(devices)
	if devices.most > maxThumbnails {
		t.Errorf("%d small pictures were open at once", devices.most)
	}
}

// TestShare_Nothing: no screens, no windows, no list: words for each, and another try.
func TestShare_Nothing(t *testing.T) {
	devices := newScreens()
	h := chooser(t, devices)
	says := func() string {
		for _, text := range h.snapshot().Texts {
			if strings.HasPrefix(text, "No ") || strings.HasPrefix(text, "The screens") {
				return text
			}
		}
		return ""
	}
	got := []string{says()}
	h.tap("share.windows")
	got = append(got, says())
	devices.err = errors.New("no X server")
	h.tap("share.again")
	h.until(func() bool { return says() != "" && says() != got[1] })
	got = append(got, says())
	if diff := cmp.Diff([]string{
		"No screen can be shared.", "No window can be shared. Open one and search again.", "The screens cannot be listed: no X server",
	}, got); diff != "" {
		t.Error(diff)
	}
	h.key("Esc")
	if s := h.seen(); slices.Contains(s.Texts, "What do you want to share?") {
		t.Error("Esc leaves the dialog")
	}
}
