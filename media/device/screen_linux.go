package device

import (
	"cmp"
	"errors"
	"fmt"
	"os"
	"strconv"
	"strings"

	"parlor/media"
	"parlor/media/device/internal/x11"
)

// errWayland says what is missing in a session without an X server.
var errWayland = errors.New("this Wayland session has no X server (XWayland), " +
	"and the desktop portal (org.freedesktop.portal.ScreenCast), which could share it, is not supported yet")

// dialX connects to the X server of this session.
func dialX() (*x11.Conn, error) {
	display := os.Getenv("DISPLAY")
	if display == "" {
		if os.Getenv("WAYLAND_DISPLAY") != "" {
			return nil, errWayland
		}
		return nil, errors.New("there is no display: DISPLAY is not set")
	}
	return x11.Dial(display)
}

// listScreens lists the monitors and windows of the X server. In a Wayland session that has one it is windows only: those of X
// programs.
func listScreens() ([]media.ScreenInfo, error) {
	c, err := dialX()
	if err != nil {
		return nil, err
	}
	defer c.Close()
	monitors, err := c.Monitors()
	if err != nil {
		return nil, err
	}
	windows, err := c.Windows()
	if err != nil {
		return nil, err
	}
	var infos []media.ScreenInfo
	for _, m := range monitors {
		infos = append(infos, media.ScreenInfo{
			DeviceInfo: media.DeviceInfo{ID: screenPrefix + m.Name, Label: m.Name, Default: m.Primary},
			Width:      m.Area.Dx(), Height: m.Area.Dy(),
		})
	}
	for _, w := range windows {
		if w.PID == os.Getpid() {
			continue
		}
		infos = append(infos, media.ScreenInfo{
			DeviceInfo: media.DeviceInfo{ID: windowPrefix + strconv.FormatUint(uint64(w.ID), 10), Label: cmp.Or(w.Title, w.App)},
			Window:     true, App: w.App,
			Width: w.Size.X, Height: w.Size.Y,
		})
	}
	return infos, nil
}

// xGrabber is a grabber of the X server.
type xGrabber struct{ *x11.Grabber }

func openGrabber(info media.ScreenInfo) (grabber, error) {
	c, err := dialX()
	if err != nil {
		return nil, err
	}
	g, err := grabFrom(c, info.ID)
	if err != nil {
		return nil, errors.Join(err, c.Close())
	}
	return xGrabber{g}, nil
}

func grabFrom(c *x11.Conn, id string) (*x11.Grabber, error) {
	if number, isWindow := strings.CutPrefix(id, windowPrefix); isWindow {
		window, err := strconv.ParseUint(number, 10, 32)
		if err != nil {
			return nil, err
		}
		return c.GrabWindow(uint32(window))
	}
	return c.GrabMonitor(strings.TrimPrefix(id, screenPrefix))
}

func (g xGrabber) grab(always bool) (screenPixels, bool, error) {
	p, fresh, err := g.Grab(always)
	if errors.Is(err, x11.ErrClosed) {
		err = fmt.Errorf("%w: %w", errScreenGone, err)
	}
	return screenPixels{pix: p.Pix, stride: p.Stride, width: p.Width, height: p.Height}, fresh, err
}
