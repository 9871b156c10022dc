//go:build !linux && !windows

package device

import (
	"errors"

	"parlor/media"
)

// listWindows lists no windows: this system gives those of other programs to its own picker only.
func listWindows() ([]media.ScreenInfo, error) { return nil, nil }

func openWindow(media.ScreenInfo) (grabber, error) {
	return nil, errors.New("single windows cannot be captured on this system")
}
