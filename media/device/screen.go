package device

import (
	"errors"
	"fmt"
	"strings"

	"parlor/media"
	"parlor/media/clip"
)

// Screens implements media.Devices.
func (s *Set) Screens() ([]media.ScreenInfo, error) {
	return nil, errors.New("device: screens cannot be captured on this system")
}

// OpenScreen implements media.Devices.
func (s *Set) OpenScreen(name string, want media.VideoFormat) (media.VideoSource, error) {
	path, isFile := strings.CutPrefix(name, filePrefix)
	switch {
	case name == nameNone:
		return nil, ErrNone
	case name == nameTest:
		return clip.TestPicture(want), nil
	case isFile:
		src, err := clip.OpenVideo(path)
		if err != nil {
			return nil, fmt.Errorf("device: open screen file: %w", err)
		}
		return src, nil
	}
	return nil, errors.New("device: screens cannot be captured on this system")
}
