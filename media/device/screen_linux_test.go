package device_test

import (
	"bufio"
	"errors"
	"fmt"
	"image"
	"image/color"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"
	"github.com/jezek/xgb"
	"github.com/jezek/xgb/randr"
	"github.com/jezek/xgb/xproto"
	"github.com/pion/transport/v4/test"

	"parlor/media"
	"parlor/media/clip"
	"parlor/media/device"
	"parlor/media/device/internal/x11"
)

// xServer is a virtual X server of the test's own, and DISPLAY names it.
type xServer struct{ cmd *exec.Cmd }

// startX starts a server with a screen as "800x600x24", and more arguments. The test ends it with kill.
func startX(tb testing.TB, screen string, args ...string) *xServer {
	tb.Helper()
	args = append([]string{"-displayfd", "1", "-screen", "0", screen, "-nolisten", "tcp", "-noreset"}, args...)
	s := &xServer{cmd: exec.Command("Xvfb", args...)}
	s.cmd.SysProcAttr = &syscall.SysProcAttr{Pdeathsig: syscall.SIGKILL}
	out, err := s.cmd.StdoutPipe()
	if err != nil {
		tb.Fatal(err)
	}
	if err := s.cmd.Start(); err != nil {
		tb.Fatalf("Xvfb is needed for this test: %v", err)
	}
	number, err := bufio.NewReader(out).ReadString('\n')
	if err != nil {
		s.kill()
		tb.Fatalf("Xvfb did not start: %v", err)
	}
	tb.Setenv("DISPLAY", ":"+strings.TrimSpace(number))
	tb.Setenv("XAUTHORITY", os.DevNull)
	return s
}

func (s *xServer) kill() {
	if s.cmd != nil {
		_ = s.cmd.Process.Kill()
		_ = s.cmd.Wait() // it was killed: that is its error
		s.cmd = nil
	}
}

// xClient is a program with windows. It speaks to the server by another implementation of the protocol than ours.
type xClient struct {
	tb   testing.TB
	conn *xgb.Conn
	root xproto.Window
	info *xproto.ScreenInfo
	gc   xproto.Gcontext

	millimetres uint32 // see widen
}

func newXClient(tb testing.TB) *xClient {
	tb.Helper()
	quiet := xgb.Logger.Writer()
	xgb.Logger.SetOutput(io.Discard) // it tells that there is no key to the server
	defer xgb.Logger.SetOutput(quiet)
	conn, err := xgb.NewConn()
	if err != nil {
		tb.Fatal(err)
	}
	x := &xClient{tb: tb, conn: conn, info: xproto.Setup(conn).DefaultScreen(conn)}
	x.root = x.info.Root
	if x.gc, err = xproto.NewGcontextId(conn); err != nil {
		tb.Fatal(err)
	}
	x.check(xproto.CreateGCChecked(conn, x.gc, xproto.Drawable(x.root), 0, nil).Check())
	return x
}

func (x *xClient) check(err error) {
	x.tb.Helper()
	if err != nil {
		x.tb.Fatal(err)
	}
}

func (x *xClient) close() {
	x.conn.Close()
	for { // until all of its goroutines are gone
		if event, err := x.conn.WaitForEvent(); event == nil && err == nil {
			return
		}
	}
}

// pixel is a colour as a pixel of the screen, whose masks lie as in 24 bits.
func pixel(c color.RGBA) uint32 { return uint32(c.R)<<16 | uint32(c.G)<<8 | uint32(c.B) }

func (x *xClient) atom(name string) xproto.Atom {
	x.tb.Helper()
	reply, err := xproto.InternAtom(x.conn, false, uint16(len(name)), name).Reply()
	x.check(err)
	return reply.Atom
}

func (x *xClient) setText(w xproto.Window, property, kind, text string) {
	x.tb.Helper()
	x.check(xproto.ChangePropertyChecked(x.conn, xproto.PropModeReplace, w, x.atom(property), x.atom(kind), 8,
		uint32(len(text)), []byte(text)).Check())
}

func (x *xClient) setNumbers(w xproto.Window, property, kind string, numbers ...uint32) {
	x.tb.Helper()
	var data []byte
	for _, n := range numbers {
		data = append(data, byte(n), byte(n>>8), byte(n>>16), byte(n>>24))
	}
	x.check(xproto.ChangePropertyChecked(x.conn, xproto.PropModeReplace, w, x.atom(property), x.atom(kind), 32,
		uint32(len(numbers)), data).Check())
}

// window shows a new window of one colour.
func (x *xClient) window(title string, area image.Rectangle, c color.RGBA) xproto.Window {
	x.tb.Helper()
	w, err := xproto.NewWindowId(x.conn)
	x.check(err)
	x.check(xproto.CreateWindowChecked(x.conn, x.info.RootDepth, w, x.root, int16(area.Min.X), int16(area.Min.Y),
		uint16(area.Dx()), uint16(area.Dy()), 0, xproto.WindowClassInputOutput, x.info.RootVisual,
		xproto.CwBackPixel, []uint32{pixel(c)}).Check())
	x.setText(w, "_NET_WM_NAME", "UTF8_STRING", title)
	x.setText(w, "WM_CLASS", "STRING", "painter\x00Färber\x00") // UTF-8 whatever its type says, as toolkits write it
	x.check(xproto.MapWindowChecked(x.conn, w).Check())
	return w
}

// fill paints a part of a window or of the root.
func (x *xClient) fill(w xproto.Window, area image.Rectangle, c color.RGBA) {
	x.tb.Helper()
	x.check(xproto.ChangeGCChecked(x.conn, x.gc, xproto.GcForeground, []uint32{pixel(c)}).Check())
	r := xproto.Rectangle{X: int16(area.Min.X), Y: int16(area.Min.Y), Width: uint16(area.Dx()), Height: uint16(area.Dy())}
	x.check(xproto.PolyFillRectangleChecked(x.conn, xproto.Drawable(w), x.gc, []xproto.Rectangle{r}).Check())
}

func (x *xClient) configure(w xproto.Window, mask uint16, values ...uint32) {
	x.tb.Helper()
	x.check(xproto.ConfigureWindowChecked(x.conn, w, mask, values).Check())
}

// pointAt moves the pointer.
func (x *xClient) pointAt(at image.Point) {
	x.tb.Helper()
	x.check(xproto.WarpPointerChecked(x.conn, 0, x.root, 0, 0, 0, 0, int16(at.X), int16(at.Y)).Check())
}

var (
	red   = color.RGBA{R: 220, A: 255}
	green = color.RGBA{G: 200, A: 255}
	blue  = color.RGBA{B: 240, A: 255}
	white = color.RGBA{R: 255, G: 255, B: 255, A: 255}
)

// shows tells whether a picture has about this colour at a place.
func shows(img *image.YCbCr, at image.Point, want color.RGBA) bool {
	if !at.In(img.Rect) {
		return false
	}
	got := clip.RGBA(img.YCbCrAt(at.X, at.Y))
	near := func(a, b uint8) bool { return max(a, b)-min(a, b) <= 12 }
	return near(got.R, want.R) && near(got.G, want.G) && near(got.B, want.B)
}

// spot is a colour that is expected at a place.
type spot struct {
	at   image.Point
	want color.RGBA
}

// until reads pictures until one has this size and all these spots. Pictures that show something else may come before, but
// not many.
func until(t *testing.T, src media.VideoSource, what string, size image.Point, spots ...spot) *image.YCbCr {
	t.Helper()
	var last *image.YCbCr
	for range 8 {
		f, err := src.ReadVideo()
		if err != nil {
			t.Fatalf("%s: %v", what, err)
		}
		last = f.Image
		good := last.Rect.Size() == size
		for _, s := range spots {
			good = good && shows(last, s.at, s.want)
		}
		if good {
			return last
		}
	}
	t.Errorf("%s: got a picture of %v want %v", what, last.Rect.Size(), size)
	for _, s := range spots {
		if s.at.In(last.Rect) && !shows(last, s.at, s.want) {
			t.Errorf("%s: at %v got %v want %v", what, s.at, clip.RGBA(last.YCbCrAt(s.at.X, s.at.Y)), s.want)
		}
	}
	return nil
}

func openScreen(t *testing.T, name string, want media.VideoFormat) media.VideoSource {
	t.Helper()
	src, err := device.New(device.Config{}).OpenScreen(name, want)
	if err != nil {
		t.Fatal(err)
	}
	return src
}

func windowID(w xproto.Window) string { return fmt.Sprintf("window:%d", w) }

// fast is a wish that makes tests fast.
var fast = media.VideoFormat{Rate: 60}

func closeScreen(t *testing.T, src media.VideoSource) {
	t.Helper()
	if err := src.Close(); err != nil {
		t.Error(err)
	}
	if _, err := src.ReadVideo(); err != io.EOF {
		t.Errorf("after Close: got %v want EOF", err)
	}
}

func TestSet_Screens(t *testing.T) {
	defer test.CheckRoutines(t)()
	defer test.TimeOut(30 * time.Second).Stop()
	defer startX(t, "801x601x24").kill()
	x := newXClient(t)
	defer x.close()
	paint := x.window("Käse – 芝士 \x1b[31m\n", image.Rect(10, 20, 110, 90), red)
	old := x.window("", image.Rect(0, 0, 50, 50), green)
	x.setText(old, "WM_NAME", "STRING", "caf\xe9")
	menu := x.window("Menu", image.Rect(0, 0, 50, 50), green)
	x.check(xproto.UnmapWindowChecked(x.conn, menu).Check())
	x.check(xproto.ChangeWindowAttributesChecked(x.conn, menu, xproto.CwOverrideRedirect, []uint32{1}).Check())
	x.check(xproto.MapWindowChecked(x.conn, menu).Check())
	own := x.window("Parlor", image.Rect(0, 0, 50, 50), green)
	x.setNumbers(own, "_NET_WM_PID", "CARDINAL", uint32(os.Getpid()))
	hidden := x.window("Hidden", image.Rect(0, 0, 50, 50), green)
	x.check(xproto.UnmapWindowChecked(x.conn, hidden).Check())
	dock := x.window("Dock", image.Rect(0, 0, 50, 50), green)
	x.setNumbers(dock, "_NET_WM_WINDOW_TYPE", "ATOM", uint32(x.atom("_NET_WM_WINDOW_TYPE_DOCK")))

	set := device.New(device.Config{})
	screen := media.ScreenInfo{DeviceInfo: media.DeviceInfo{ID: "screen:screen", Label: "screen", Default: true}, Width: 801, Height: 601}
	painted := media.ScreenInfo{
		DeviceInfo: media.DeviceInfo{ID: windowID(paint), Label: "Käse – 芝士 [31m"}, Window: true, App: "Färber", Width: 100, Height: 70,
	}
	latin := media.ScreenInfo{DeviceInfo: media.DeviceInfo{ID: windowID(old), Label: "café"}, Window: true, App: "Färber", Width: 50, Height: 50}
	got, err := set.Screens()
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff([]media.ScreenInfo{screen, painted, latin}, got); diff != "" {
		t.Errorf("without a window manager: -want +got:\n%s", diff)
	}

	// A window manager tells its windows, in its order, and may tell of one that has just been closed.
	closed := x.window("Closed", image.Rect(0, 0, 50, 50), green)
	x.check(xproto.DestroyWindowChecked(x.conn, closed).Check())
	x.setNumbers(x.root, "_NET_CLIENT_LIST", "WINDOW", uint32(old), uint32(closed), uint32(dock), uint32(own), uint32(hidden), uint32(paint))
	if got, err = set.Screens(); err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff([]media.ScreenInfo{screen, latin, painted}, got); diff != "" {
		t.Errorf("with a window manager: -want +got:\n%s", diff)
	}
}

// TestSet_Screens_Key: a server that wants a key gets the one in the file of keys.
func TestSet_Screens_Key(t *testing.T) {
	defer test.CheckRoutines(t)()
	defer test.TimeOut(30 * time.Second).Stop()
	var entry []byte
	for _, field := range []string{"", "", "MIT-MAGIC-COOKIE-1", "0123456789abcdef"} { // any host, any display
		entry = append(append(entry, 0, byte(len(field))), field...)
	}
	file := filepath.Join(t.TempDir(), "keys")
	if err := os.WriteFile(file, append([]byte{0xff, 0xff}, entry...), 0o600); err != nil {
		t.Fatal(err)
	}
	defer startX(t, "800x600x24", "-auth", file).kill()
	set := device.New(device.Config{})
	if infos, err := set.Screens(); err == nil || !strings.Contains(err.Error(), "refuses") {
		t.Errorf("without a key: got %v, error %v", infos, err)
	}
	t.Setenv("XAUTHORITY", file)
	if infos, err := set.Screens(); err != nil || len(infos) != 1 {
		t.Errorf("with the key: got %v, error %v", infos, err)
	}
}

func TestSet_Screens_Many(t *testing.T) {
	defer test.CheckRoutines(t)()
	defer test.TimeOut(30 * time.Second).Stop()
	defer startX(t, "800x600x24").kill()
	x := newXClient(t)
	defer x.close()
	var want []string
	for i := range 20 {
		want = append(want, windowID(x.window(fmt.Sprint("Window ", i), image.Rect(30*i, 10*i, 30*i+200, 10*i+100), red)))
	}
	infos, err := device.New(device.Config{}).Screens()
	if err != nil {
		t.Fatal(err)
	}
	var got []string
	for _, info := range infos {
		if info.Window {
			got = append(got, info.ID)
		}
	}
	if diff := cmp.Diff(want, got, cmpopts.SortSlices(strings.Compare)); diff != "" {
		t.Errorf("-want +got:\n%s", diff)
	}
	// The thumbnails of a chooser: all open at once, each small and slow.
	var open []media.VideoSource
	for _, name := range got {
		src := openScreen(t, name, media.VideoFormat{Width: 100, Height: 56, Rate: 1})
		open = append(open, src)
		f, err := src.ReadVideo()
		if err != nil {
			t.Fatal(err)
		}
		if size := f.Image.Rect.Size(); size != image.Pt(100, 50) || !shows(f.Image, image.Pt(50, 25), red) {
			t.Errorf("%s: got %v of another colour", name, size)
		}
	}
	for _, src := range open {
		closeScreen(t, src)
	}
}

func TestSet_OpenScreen_Whole(t *testing.T) {
	defer test.CheckRoutines(t)()
	defer test.TimeOut(60 * time.Second).Stop()
	// Whatever the server lacks, and however its pixels lie, it is the same picture.
	for name, args := range map[string][]string{
		"all":        {"801x601x24"},
		"no MIT-SHM": {"801x601x24", "-extension", "MIT-SHM"},
		"no DAMAGE":  {"801x601x24", "-extension", "DAMAGE"},
		"no RANDR":   {"801x601x24", "-extension", "RANDR"},
		"16 bits":    {"801x601x16"},
		"30 bits":    {"801x601x30"},
		"old":        {"801x601x24", "-extension", "MIT-SHM", "-extension", "DAMAGE", "-extension", "RANDR", "-extension", "Composite"},
	} {
		t.Run(name, func(t *testing.T) {
			defer startX(t, args[0], args[1:]...).kill()
			x := newXClient(t)
			defer x.close()
			left, right := x.window("Left", image.Rect(0, 0, 400, 601), red), x.window("Right", image.Rect(400, 0, 801, 601), green)
			background := func(w xproto.Window, c color.RGBA) {
				x.check(xproto.ChangeWindowAttributesChecked(x.conn, w, xproto.CwBackPixel, []uint32{x.depthPixel(c)}).Check())
				x.check(xproto.ClearAreaChecked(x.conn, false, w, 0, 0, 0, 0).Check())
			}
			background(left, red)
			background(right, green)
			src := openScreen(t, "", fast)
			defer closeScreen(t, src)
			if got, want := src.Format(), (media.VideoFormat{Width: 800, Height: 600, Rate: 60}); got != want {
				t.Errorf("got format %v want %v", got, want)
			}
			until(t, src, "whole", image.Pt(800, 600), spot{image.Pt(5, 5), red}, spot{image.Pt(390, 590), red},
				spot{image.Pt(410, 5), green}, spot{image.Pt(799, 599), green})
			background(left, blue)
			until(t, src, "changed", image.Pt(800, 600), spot{image.Pt(5, 5), blue}, spot{image.Pt(799, 599), green})

			small := openScreen(t, "", media.VideoFormat{Width: 320, Height: 180, Rate: 60})
			defer closeScreen(t, small)
			until(t, small, "small", image.Pt(240, 180), spot{image.Pt(5, 5), blue}, spot{image.Pt(235, 175), green})
			background(right, white)
			until(t, small, "small, changed", image.Pt(240, 180), spot{image.Pt(5, 5), blue}, spot{image.Pt(235, 175), white})
			until(t, src, "two at once", image.Pt(800, 600), spot{image.Pt(5, 5), blue}, spot{image.Pt(799, 599), white})
		})
	}
}

// depthPixel is a colour as a pixel of the root's visual.
func (x *xClient) depthPixel(c color.RGBA) uint32 {
	switch x.info.RootDepth {
	case 16:
		return uint32(c.R)>>3<<11 | uint32(c.G)>>2<<5 | uint32(c.B)>>3
	case 30:
		return uint32(c.R)<<22 | uint32(c.G)<<12 | uint32(c.B)<<2
	}
	return pixel(c)
}

func TestSet_OpenScreen_Window(t *testing.T) {
	defer test.CheckRoutines(t)()
	defer test.TimeOut(30 * time.Second).Stop()
	defer startX(t, "800x600x24").kill()
	x := newXClient(t)
	defer x.close()
	w := x.window("Report", image.Rect(100, 100, 301, 251), red)
	src := openScreen(t, windowID(w), fast)
	size, inside := image.Pt(200, 150), image.Pt(190, 140)
	until(t, src, "open", size, spot{image.Pt(0, 0), red}, spot{inside, red})

	cover := x.window("Cover", image.Rect(0, 0, 800, 600), white)
	x.fill(w, image.Rect(0, 0, 100, 100), blue)
	until(t, src, "covered", size, spot{image.Pt(50, 50), blue}, spot{inside, red})
	x.configure(w, xproto.ConfigWindowX|xproto.ConfigWindowY, 700, 550)
	x.fill(w, image.Rect(0, 0, 100, 100), green)
	until(t, src, "moved half off the screen", size, spot{image.Pt(50, 50), green}, spot{inside, red})
	x.check(xproto.DestroyWindowChecked(x.conn, cover).Check())

	x.configure(w, xproto.ConfigWindowWidth|xproto.ConfigWindowHeight, 300, 101)
	x.fill(w, image.Rect(0, 0, 300, 101), blue)
	until(t, src, "resized", image.Pt(300, 100), spot{image.Pt(299, 99), blue})
	if got := src.Format(); got.Width != 300 || got.Height != 100 {
		t.Errorf("format after resizing: got %v", got)
	}
	x.configure(w, xproto.ConfigWindowWidth|xproto.ConfigWindowHeight, 1, 1)
	until(t, src, "tiny", image.Pt(2, 2))
	x.configure(w, xproto.ConfigWindowWidth|xproto.ConfigWindowHeight|xproto.ConfigWindowBorderWidth, 200, 150, 7)
	x.fill(w, image.Rect(0, 0, 200, 150), red)
	until(t, src, "with a border", size, spot{image.Pt(0, 0), red}, spot{image.Pt(199, 149), red})

	x.check(xproto.UnmapWindowChecked(x.conn, w).Check())
	until(t, src, "hidden, as it was", size, spot{inside, red})
	x.check(xproto.MapWindowChecked(x.conn, w).Check())
	x.fill(w, image.Rect(0, 0, 200, 150), green)
	until(t, src, "shown again", size, spot{inside, green})

	x.check(xproto.DestroyWindowChecked(x.conn, w).Check())
	var err error
	for err == nil {
		_, err = src.ReadVideo()
	}
	if got, want := err.Error(), `device: window "Report" was closed`; got != want {
		t.Errorf("got error %q want %q", got, want)
	}
	closeScreen(t, src)
}

// TestSet_OpenScreen_NoComposite: what is on the screen can be read even from old servers.
func TestSet_OpenScreen_NoComposite(t *testing.T) {
	defer test.CheckRoutines(t)()
	defer test.TimeOut(30 * time.Second).Stop()
	defer startX(t, "800x600x24", "-extension", "Composite").kill()
	x := newXClient(t)
	defer x.close()
	w := x.window("Report", image.Rect(100, 100, 300, 250), red)
	src := openScreen(t, windowID(w), fast)
	defer closeScreen(t, src)
	until(t, src, "open", image.Pt(200, 150), spot{image.Pt(190, 140), red})
	x.configure(w, xproto.ConfigWindowX|xproto.ConfigWindowY, 700, 500)
	until(t, src, "half off the screen", image.Pt(100, 100), spot{image.Pt(90, 90), red})
	x.configure(w, xproto.ConfigWindowX|xproto.ConfigWindowY, 0, 0)
	x.fill(w, image.Rect(0, 0, 100, 100), blue)
	until(t, src, "back", image.Pt(200, 150), spot{image.Pt(50, 50), blue}, spot{image.Pt(190, 140), red})
}

// square gives a window a pointer that is a square of 16×16 with its hot spot in the middle.
func (x *xClient) square(w xproto.Window, c color.RGBA) {
	x.tb.Helper()
	bitmap, err := xproto.NewPixmapId(x.conn)
	x.check(err)
	x.check(xproto.CreatePixmapChecked(x.conn, 1, bitmap, xproto.Drawable(x.root), 16, 16).Check())
	gc, err := xproto.NewGcontextId(x.conn)
	x.check(err)
	x.check(xproto.CreateGCChecked(x.conn, gc, xproto.Drawable(bitmap), xproto.GcForeground, []uint32{1}).Check())
	x.check(xproto.PolyFillRectangleChecked(x.conn, xproto.Drawable(bitmap), gc, []xproto.Rectangle{{Width: 16, Height: 16}}).Check())
	cursor, err := xproto.NewCursorId(x.conn)
	x.check(err)
	wide := func(v uint8) uint16 { return uint16(v) * 0x101 }
	x.check(xproto.CreateCursorChecked(x.conn, cursor, bitmap, bitmap, wide(c.R), wide(c.G), wide(c.B), 0, 0, 0, 8, 8).Check())
	x.check(xproto.ChangeWindowAttributesChecked(x.conn, w, xproto.CwCursor, []uint32{uint32(cursor)}).Check())
}

func TestSet_OpenScreen_Pointer(t *testing.T) {
	for name, args := range map[string][]string{"damage": nil, "no DAMAGE": {"-extension", "DAMAGE"}} {
		t.Run(name, func(t *testing.T) {
			defer test.CheckRoutines(t)()
			defer test.TimeOut(30 * time.Second).Stop()
			defer startX(t, "800x600x24", args...).kill()
			x := newXClient(t)
			defer x.close()
			w := x.window("Slides", image.Rect(100, 100, 500, 400), white)
			x.square(w, red)
			x.pointAt(image.Pt(200, 200))
			screen, window := openScreen(t, "", fast), openScreen(t, windowID(w), fast)
			defer closeScreen(t, screen)
			defer closeScreen(t, window)
			whole, part := image.Pt(800, 600), image.Pt(400, 300)
			until(t, screen, "on the screen", whole, spot{image.Pt(194, 194), red}, spot{image.Pt(206, 206), red}, spot{image.Pt(212, 200), white})
			until(t, window, "in the window", part, spot{image.Pt(94, 94), red}, spot{image.Pt(106, 106), red}, spot{image.Pt(112, 100), white})

			x.pointAt(image.Pt(300, 300)) // nothing but the pointer changes
			until(t, screen, "moved", whole, spot{image.Pt(200, 200), white}, spot{image.Pt(300, 300), red})
			until(t, window, "moved", part, spot{image.Pt(100, 100), white}, spot{image.Pt(200, 200), red})
			x.square(w, blue)
			until(t, window, "another shape", part, spot{image.Pt(200, 200), blue})
			x.pointAt(image.Pt(101, 101)) // half of it is outside
			until(t, window, "in the corner", part, spot{image.Pt(2, 2), blue}, spot{image.Pt(200, 200), white})
			x.pointAt(image.Pt(50, 50))
			until(t, window, "outside", part, spot{image.Pt(2, 2), white})

			x.pointAt(image.Pt(300, 300))
			until(t, window, "back", part, spot{image.Pt(200, 200), blue})
			x.window("Cover", image.Rect(250, 250, 350, 350), green)
			until(t, window, "in a window above", part, spot{image.Pt(200, 200), white})
		})
	}
}

func TestSet_OpenScreen_Errors(t *testing.T) {
	defer test.CheckRoutines(t)()
	defer test.TimeOut(30 * time.Second).Stop()
	server := startX(t, "800x600x24")
	defer server.kill()
	x := newXClient(t)
	hidden := x.window("Hidden", image.Rect(0, 0, 50, 50), green)
	x.check(xproto.UnmapWindowChecked(x.conn, hidden).Check())
	set := device.New(device.Config{})
	for name, want := range map[string]error{
		"none": device.ErrNone, "screen:attic": device.ErrNoDevice, "window:1": device.ErrNoDevice, "window:x": device.ErrNoDevice,
		windowID(hidden): device.ErrNoDevice, "file:/nonexistent.ivf": os.ErrNotExist,
	} {
		if _, err := set.OpenScreen(name, fast); !errors.Is(err, want) {
			t.Errorf("%s: got error %v want %v", name, err, want)
		}
	}
	x.close()
	src := openScreen(t, "screen:screen", fast)
	waits := openScreen(t, "screen", media.VideoFormat{Rate: 0.01})
	if _, err := waits.ReadVideo(); err != nil {
		t.Fatal(err)
	}
	ended := make(chan error)
	go func() { _, err := waits.ReadVideo(); ended <- err }()
	if err := waits.Close(); err != nil {
		t.Error(err)
	}
	if err := <-ended; err != io.EOF {
		t.Errorf("Close while it waits: got %v want EOF", err)
	}

	server.kill()
	var err error
	for err == nil {
		_, err = src.ReadVideo()
	}
	if err == io.EOF || !strings.Contains(err.Error(), `screen "screen"`) || !strings.Contains(err.Error(), "X server is gone") {
		t.Errorf("server died: got error %v", err)
	}
	closeScreen(t, src)
	for _, env := range []struct{ display, wayland, want string }{
		{"", "", "DISPLAY is not set"},
		{"", "wayland-0", "portal"},
		{"nonsense", "", `"nonsense"`},
		{":x", "", `":x"`},
		{":32000", "", `":32000"`},
	} {
		t.Setenv("DISPLAY", env.display)
		t.Setenv("WAYLAND_DISPLAY", env.wayland)
		if _, err := set.Screens(); err == nil || !strings.Contains(err.Error(), env.want) {
			t.Errorf("DISPLAY %q, WAYLAND_DISPLAY %q: got error %v want one that says %s", env.display, env.wayland, err, env.want)
		}
	}
}

// setMonitor divides the screen: it adds a monitor in place of one with this name.
func (x *xClient) setMonitor(name string, area image.Rectangle) {
	x.tb.Helper()
	_ = randr.DeleteMonitorChecked(x.conn, x.root, x.atom(name)).Check() // if there is one
	x.check(randr.SetMonitorChecked(x.conn, x.root, randr.MonitorInfo{
		Name: x.atom(name), X: int16(area.Min.X), Y: int16(area.Min.Y), Width: uint16(area.Dx()), Height: uint16(area.Dy()),
	}).Check())
}

// widen makes the screen a millimetre wider: the server does not tell of monitors of programs, but when the screen changes.
func (x *xClient) widen() {
	x.tb.Helper()
	x.millimetres++
	x.check(randr.SetScreenSizeChecked(x.conn, x.root, 800, 600, 200+x.millimetres, 150).Check())
}

func TestSet_OpenScreen_Monitors(t *testing.T) {
	defer test.CheckRoutines(t)()
	defer test.TimeOut(30 * time.Second).Stop()
	defer startX(t, "800x600x24").kill()
	x := newXClient(t)
	defer x.close()
	x.check(randr.Init(x.conn))
	left, right := image.Rect(0, 0, 300, 600), image.Rect(300, 0, 800, 600)
	x.setMonitor("LEFT", left)
	x.setMonitor("RIGHT", right)
	x.window("Left", left, red)
	x.window("Right", right, green)
	src := openScreen(t, "screen:RIGHT", fast)
	until(t, src, "right", image.Pt(500, 600), spot{image.Pt(0, 0), green}, spot{image.Pt(499, 599), green})
	x.setMonitor("RIGHT", image.Rect(200, 0, 800, 600))
	x.widen()
	until(t, src, "wider", image.Pt(600, 600), spot{image.Pt(0, 0), red}, spot{image.Pt(599, 599), green})
	x.check(randr.DeleteMonitorChecked(x.conn, x.root, x.atom("RIGHT")).Check())
	x.widen()
	var err error
	for err == nil {
		_, err = src.ReadVideo()
	}
	if got, want := err.Error(), `device: screen "RIGHT" was closed`; got != want {
		t.Errorf("got error %q want %q", got, want)
	}
	closeScreen(t, src)
}

// TestGrabber_Changes: where nothing changes there is nothing to do.
func TestGrabber_Changes(t *testing.T) {
	for name, args := range map[string][]string{"damage": nil, "no DAMAGE": {"-extension", "DAMAGE"}} {
		t.Run(name, func(t *testing.T) {
			defer test.CheckRoutines(t)()
			defer test.TimeOut(30 * time.Second).Stop()
			defer startX(t, "800x600x24", args...).kill()
			x := newXClient(t)
			defer x.close()
			x.check(randr.Init(x.conn))
			left, right := image.Rect(0, 0, 300, 600), image.Rect(300, 0, 800, 600)
			x.setMonitor("LEFT", left)
			w := x.window("Both", image.Rect(0, 0, 800, 600), red)
			x.pointAt(right.Max)
			c, err := x11.Dial(os.Getenv("DISPLAY"))
			if err != nil {
				t.Fatal(err)
			}
			g, err := c.GrabMonitor("LEFT")
			if err != nil {
				t.Fatal(err)
			}
			defer g.Close()
			expect := func(what string, always, want bool) {
				t.Helper()
				p, fresh, err := g.Grab(always)
				if err != nil || fresh != want {
					t.Errorf("%s: got fresh %v, %v want %v", what, fresh, err, want)
				}
				if fresh && (p.Width != 300 || p.Height != 600 || len(p.Pix) < p.Stride*p.Height) {
					t.Errorf("%s: got %d×%d, stride %d, %d bytes", what, p.Width, p.Height, p.Stride, len(p.Pix))
				}
			}
			expect("first", false, true)
			for range 20 {
				expect("nothing changed", false, false)
			}
			expect("nothing changed, always", true, true)
			x.fill(w, right, green)
			expect("another monitor changed", false, false)
			x.fill(w, image.Rect(10, 10, 12, 12), green)
			expect("changed", false, true)
			expect("nothing changed again", false, false)
			x.pointAt(image.Pt(100, 100))
			expect("pointer came", false, true)
			expect("pointer stays", false, false)
			x.pointAt(right.Max)
			expect("pointer left", false, true)
			expect("pointer elsewhere", false, false)
		})
	}
}
