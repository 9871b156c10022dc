//go:build !linux

package device

import (
	"bytes"
	"errors"
	"fmt"
	"image"
	"strconv"
	"strings"

	"github.com/kbinani/screenshot"

	"parlor/media"
)

// listScreens lists the displays and, where the system lets us read them one by one, the windows.
func listScreens() ([]media.ScreenInfo, error) {
	var infos []media.ScreenInfo
	for i := range screenshot.NumActiveDisplays() {
		area := screenshot.GetDisplayBounds(i)
		name := strconv.Itoa(i + 1)
		infos = append(infos, media.ScreenInfo{
			DeviceInfo: media.DeviceInfo{ID: screenPrefix + name, Label: name, Default: i == 0},
			Width:      area.Dx(), Height: area.Dy(),
		})
	}
	windows, err := listWindows()
	return append(infos, windows...), err
}

func openGrabber(info media.ScreenInfo) (grabber, error) {
	if info.Window {
		return openWindow(info)
	}
	n, err := strconv.Atoi(strings.TrimPrefix(info.ID, screenPrefix))
	if err != nil {
		return nil, err
	}
	return &displayGrabber{index: n - 1}, nil
}

// displayGrabber reads a display by way of the system's screenshots. It tells changes by comparing.
type displayGrabber struct {
	index int
	last  *image.RGBA
}

func (g *displayGrabber) grab(always bool) (screenPixels, bool, error) {
	if g.index >= screenshot.NumActiveDisplays() {
		return screenPixels{}, false, errScreenGone
	}
	img, err := screenshot.CaptureDisplay(g.index)
	if err != nil {
		return screenPixels{}, false, fmt.Errorf("screenshot: %w", err)
	}
	if img == nil || img.Rect.Empty() {
		return screenPixels{}, false, errors.New("the system gives no picture; has this program the right to record the screen?")
	}
	if !always && g.last != nil && g.last.Rect == img.Rect && bytes.Equal(g.last.Pix, img.Pix) {
		return screenPixels{}, false, nil
	}
	g.last = img
	return screenPixels{pix: img.Pix, stride: img.Stride, width: img.Rect.Dx(), height: img.Rect.Dy(), redFirst: true}, true, nil
}

func (g *displayGrabber) Close() error { return nil }
