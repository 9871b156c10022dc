package device

import (
	"bytes"
	"errors"
	"fmt"
	"image"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"sync"
	"unsafe"

	"github.com/lxn/win"
	"golang.org/x/sys/windows"

	"parlor/media"
)

// Functions of user32 that the bindings lack.
var (
	user32        = windows.NewLazySystemDLL("user32.dll")
	getTopWindow  = user32.NewProc("GetTopWindow")
	getWindow     = user32.NewProc("GetWindow")
	getWindowText = user32.NewProc("GetWindowTextW")
	printWindow   = user32.NewProc("PrintWindow")
)

// Their arguments.
const (
	nextWindow        = 2 // GW_HWNDNEXT
	ownerOfWindow     = 4 // GW_OWNER
	renderFullContent = 2 // PW_RENDERFULLCONTENT, since Windows 8.1: what the graphics card draws, too
	extendedStyle     = -20
	toolWindow        = 0x80
)

// maxWindows bounds the way through the list of windows, which changes while it is read.
const maxWindows = 4096

// listWindows lists the windows of other programs that are on the screen, the topmost first.
func listWindows() ([]media.ScreenInfo, error) {
	var infos []media.ScreenInfo
	h, _, _ := getTopWindow.Call(0)
	for range maxWindows {
		if h == 0 {
			break
		}
		if info, ok := describeWindow(windows.HWND(h)); ok {
			infos = append(infos, info)
		}
		h, _, _ = getWindow.Call(h, nextWindow)
	}
	return infos, nil
}

// describeWindow returns what a window tells of itself; ok is false when it is not one to be shown.
func describeWindow(h windows.HWND) (info media.ScreenInfo, ok bool) {
	owner, _, _ := getWindow.Call(uintptr(h), ownerOfWindow)
	style := win.GetWindowLong(win.HWND(h), extendedStyle)
	if owner != 0 || style&toolWindow != 0 || !windows.IsWindowVisible(h) || win.IsIconic(win.HWND(h)) {
		return info, false
	}
	var cloaked uint32 // by a virtual desktop, or an app that is not running
	if windows.DwmGetWindowAttribute(h, windows.DWMWA_CLOAKED, unsafe.Pointer(&cloaked), 4) == nil && cloaked != 0 {
		return info, false
	}
	var pid uint32
	if _, err := windows.GetWindowThreadProcessId(h, &pid); err != nil || int(pid) == os.Getpid() {
		return info, false
	}
	var text [256]uint16
	if n, _, _ := getWindowText.Call(uintptr(h), uintptr(unsafe.Pointer(&text)), uintptr(len(text))); n == 0 {
		return info, false
	}
	_, visible := windowArea(win.HWND(h))
	if visible.Dx() < 2 || visible.Dy() < 2 {
		return info, false
	}
	return media.ScreenInfo{
		DeviceInfo: media.DeviceInfo{ID: windowPrefix + strconv.FormatUint(uint64(h), 10), Label: windows.UTF16ToString(text[:])},
		Window:     true, App: programName(pid), Width: visible.Dx(), Height: visible.Dy(),
	}, true
}

// programName returns the name of a program, "" if the system does not tell.
func programName(pid uint32) string {
	process, err := windows.OpenProcess(windows.PROCESS_QUERY_LIMITED_INFORMATION, false, pid)
	if err != nil {
		return ""
	}
	defer windows.CloseHandle(process)
	var path [windows.MAX_PATH]uint16
	size := uint32(len(path))
	if err := windows.QueryFullProcessImageName(process, 0, &path[0], &size); err != nil {
		return ""
	}
	base := filepath.Base(windows.UTF16ToString(path[:size]))
	return strings.TrimSuffix(base, filepath.Ext(base))
}

// windowArea returns the rectangle of a window on the desktop, and the part of it that people see: around that
// is a frame for the mouse.
func windowArea(h win.HWND) (whole, visible image.Rectangle) {
	var r win.RECT
	if !win.GetWindowRect(h, &r) {
		return whole, visible
	}
	whole = image.Rect(int(r.Left), int(r.Top), int(r.Right), int(r.Bottom))
	visible = whole
	if windows.DwmGetWindowAttribute(windows.HWND(h), windows.DWMWA_EXTENDED_FRAME_BOUNDS, unsafe.Pointer(&r), uint32(unsafe.Sizeof(r))) == nil {
		visible = image.Rect(int(r.Left), int(r.Top), int(r.Right), int(r.Bottom)).Intersect(whole)
	}
	return whole, visible
}

// windowGrabber lets a window print itself into a bitmap. It tells changes by comparing.
type windowGrabber struct {
	window win.HWND

	mu     sync.Mutex // held while the bitmap is in use
	dc     win.HDC    // 0 after Close
	bitmap win.HBITMAP
	size   image.Point // of the bitmap
	pix    []byte      // of the bitmap, memory of the system
	last   []byte
	shown  screenPixels
}

func openWindow(info media.ScreenInfo) (grabber, error) {
	h, err := strconv.ParseUint(strings.TrimPrefix(info.ID, windowPrefix), 10, 64)
	if err != nil {
		return nil, err
	}
	g := &windowGrabber{window: win.HWND(h), dc: win.CreateCompatibleDC(0)}
	if g.dc == 0 {
		return nil, errors.New("CreateCompatibleDC failed")
	}
	return g, nil
}

func (g *windowGrabber) grab(always bool) (screenPixels, bool, error) {
	g.mu.Lock()
	defer g.mu.Unlock()
	if g.dc == 0 || !windows.IsWindow(windows.HWND(g.window)) {
		return screenPixels{}, false, errScreenGone
	}
	if win.IsIconic(g.window) { // what was shown last stays
		return g.shown, always && g.shown.pix != nil, nil
	}
	whole, visible := windowArea(g.window)
	if visible.Empty() {
		return g.shown, always && g.shown.pix != nil, nil
	}
	if err := g.resize(whole.Size()); err != nil {
		return screenPixels{}, false, err
	}
	if ok, _, err := printWindow.Call(uintptr(g.window), uintptr(g.dc), renderFullContent); ok == 0 {
		return screenPixels{}, false, fmt.Errorf("PrintWindow: %w", err)
	}
	win.GdiFlush()
	if !always && bytes.Equal(g.pix, g.last) {
		return screenPixels{}, false, nil
	}
	g.last = append(g.last[:0], g.pix...)
	corner := visible.Min.Sub(whole.Min)
	stride := 4 * g.size.X
	g.shown = screenPixels{pix: g.last[corner.Y*stride+4*corner.X:], stride: stride, width: visible.Dx(), height: visible.Dy()}
	return g.shown, true, nil
}

// resize makes the bitmap as large as the window.
func (g *windowGrabber) resize(size image.Point) error {
	if g.bitmap != 0 && g.size == size {
		return nil
	}
	header := win.BITMAPINFOHEADER{BiWidth: int32(size.X), BiHeight: -int32(size.Y), BiPlanes: 1, BiBitCount: 32, BiCompression: win.BI_RGB}
	header.BiSize = uint32(unsafe.Sizeof(header))
	var pixels unsafe.Pointer
	bitmap := win.CreateDIBSection(g.dc, &header, win.DIB_RGB_COLORS, &pixels, 0, 0)
	if bitmap == 0 || pixels == nil {
		return fmt.Errorf("CreateDIBSection for %v failed", size)
	}
	win.SelectObject(g.dc, win.HGDIOBJ(bitmap))
	if g.bitmap != 0 {
		win.DeleteObject(win.HGDIOBJ(g.bitmap))
	}
	g.bitmap, g.size = bitmap, size
	g.pix = unsafe.Slice((*byte)(pixels), 4*size.X*size.Y)
	return nil
}

// Close frees the bitmap.
func (g *windowGrabber) Close() error {
	g.mu.Lock()
	defer g.mu.Unlock()
	if g.dc == 0 {
		return nil
	}
	win.DeleteDC(g.dc) // first: a bitmap that is selected cannot be deleted
	if g.bitmap != 0 {
		win.DeleteObject(win.HGDIOBJ(g.bitmap))
	}
	g.dc, g.bitmap, g.pix = 0, 0, nil
	return nil
}
