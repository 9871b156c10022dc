package device

import (
	"errors"
	"fmt"
	"image"
	"io"
	"math"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"parlor/media"
	"parlor/media/clip"
)

// What names of screens and windows begin with.
const (
	screenPrefix = "screen:"
	windowPrefix = "window:"
)

// screenRate is how many pictures a second a screen gives at most when the caller has no wish; screenInterval is after which
// time it gives one though nothing changed.
const (
	screenRate     = 15
	maxScreenRate  = 60
	screenInterval = time.Second
)

// errScreenGone is wrapped by errors of grabbers that mean: there is nothing more to see.
var errScreenGone = errors.New("closed")

// screenPixels is a picture as screens give it: 4 bytes per pixel.
type screenPixels struct {
	pix           []byte
	stride        int // bytes
	width, height int
	redFirst      bool // red, green, blue; else blue, green, red
}

// grabber takes pictures of a screen or a window.
type grabber interface {
	// grab returns the newest picture, valid until the next grab. When it is the same as the last one, and always is
	// false, fresh is false.
	grab(always bool) (p screenPixels, fresh bool, err error)
	// Close may be called during a grab, which then ends.
	Close() error
}

// Screens implements media.Devices. Windows of this program are left out.
func (s *Set) Screens() ([]media.ScreenInfo, error) {
	infos, err := listScreens()
	if err != nil {
		return nil, fmt.Errorf("device: list screens: %w", err)
	}
	return infos, nil
}

// OpenScreen implements media.Devices. An empty name is the primary screen. Pictures are in the studio range that VP8 carries;
// those of a window that is resized change their size, too.
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
	infos, err := s.Screens()
	if err != nil {
		return nil, err
	}
	i := slices.IndexFunc(infos, func(info media.ScreenInfo) bool {
		return name == info.ID || name == "" && info.Default
	})
	if i < 0 {
		i = slices.IndexFunc(infos, func(info media.ScreenInfo) bool { return name == info.Label })
	}
	if i < 0 {
		return nil, fmt.Errorf("device: no screen %q: %w", name, ErrNoDevice)
	}
	g, err := openGrabber(infos[i])
	if err != nil {
		return nil, fmt.Errorf("device: open %s %q: %w", kindOf(infos[i]), infos[i].Label, err)
	}
	s.log.Debug("screen open", "screen", infos[i].ID, "width", infos[i].Width, "height", infos[i].Height)
	return newScreen(infos[i], g, want), nil
}

func kindOf(info media.ScreenInfo) string {
	if info.Window {
		return "window"
	}
	return "screen"
}

// screen is an open screen or window. It has no goroutine: pictures are taken when they are read, so that there are never
// more than are wanted.
type screen struct {
	info   media.ScreenInfo
	source grabber
	want   media.VideoFormat
	period time.Duration // least time between pictures
	format atomic.Pointer[media.VideoFormat]
	once   sync.Once
	done   chan struct{} // closed by Close
	err    error         // of closing

	// Of the caller of ReadVideo.
	timer   *time.Timer
	asked   bool
	next    time.Duration // when the source is to be asked again
	started bool
	shown   time.Duration // when the last picture was taken
	whole   *image.YCbCr  // of the source's size; nil unless it is scaled
	picture *image.YCbCr  // what ReadVideo returns
}

func newScreen(info media.ScreenInfo, source grabber, want media.VideoFormat) *screen {
	rate := want.Rate
	if !(rate > 0) {
		rate = screenRate
	}
	rate = min(rate, maxScreenRate)
	s := &screen{
		info: info, source: source, want: want, done: make(chan struct{}),
		period: time.Duration(float64(time.Second) / rate),
		timer:  time.NewTimer(0),
	}
	size := fit(image.Pt(info.Width, info.Height), want)
	s.format.Store(&media.VideoFormat{Width: size.X, Height: size.Y, Rate: rate})
	return s
}

// maxPictureSide is the longest side that VP8 can code and is even.
const maxPictureSide = 1<<14 - 2

// fit returns the size of a picture scaled down into a wish: the aspect kept, sides even and at least 2.
func fit(size image.Point, want media.VideoFormat) image.Point {
	scale := 1.0
	for _, side := range []struct{ is, most int }{
		{size.X, want.Width}, {size.Y, want.Height}, {size.X, maxPictureSide}, {size.Y, maxPictureSide},
	} {
		if side.most > 0 {
			scale = min(scale, float64(side.most)/float64(max(1, side.is)))
		}
	}
	even := func(n int) int { return max(2, int(math.Round(float64(n)*scale))&^1) }
	return image.Pt(even(size.X), even(size.Y))
}

// ReadVideo implements media.VideoSource.
func (s *screen) ReadVideo() (media.VideoFrame, error) {
	for {
		if err := s.wait(); err != nil {
			return media.VideoFrame{}, err
		}
		now := media.Now()
		pixels, fresh, err := s.source.grab(!s.started || now-s.shown >= screenInterval)
		if err != nil {
			return media.VideoFrame{}, s.why(err)
		}
		s.schedule(now)
		if !fresh {
			continue
		}
		if err := s.convert(pixels); err != nil {
			return media.VideoFrame{}, s.why(err)
		}
		s.started, s.shown = true, now
		return media.VideoFrame{Image: s.picture, At: now}, nil
	}
}

// wait blocks until the source is to be asked again.
func (s *screen) wait() error {
	if s.asked {
		s.timer.Reset(s.next - media.Now())
	}
	select {
	case <-s.done:
		return io.EOF
	case <-s.timer.C:
		return nil
	}
}

// schedule sets when to ask again after having asked at now. Times that a late reader missed are not made up for.
func (s *screen) schedule(now time.Duration) {
	if !s.asked || now-s.next > s.period {
		s.asked, s.next = true, now
	}
	s.next += s.period
}

// why returns io.EOF after Close, which also ends what is being read, else err with the name of the screen.
func (s *screen) why(err error) error {
	select {
	case <-s.done:
		return io.EOF
	default:
	}
	if errors.Is(err, errScreenGone) {
		return fmt.Errorf("device: %s %q was closed", kindOf(s.info), s.info.Label)
	}
	return fmt.Errorf("device: %s %q cannot be captured any more: %w", kindOf(s.info), s.info.Label, err)
}

// convert makes s.picture of pixels.
func (s *screen) convert(p screenPixels) error {
	to := fit(image.Pt(p.width, p.height), s.want)
	s.picture = sized(s.picture, to)
	if f := *s.format.Load(); f.Width != to.X || f.Height != to.Y {
		f.Width, f.Height = to.X, to.Y
		s.format.Store(&f)
	}
	// An odd last row or column is cut off, unless it is all there is.
	from := image.Pt(max(p.width&^1, min(p.width, 2)), max(p.height&^1, min(p.height, 2)))
	if from == to {
		return toI420(s.picture, p)
	}
	s.whole = sized(s.whole, from)
	if err := toI420(s.whole, p); err != nil {
		return err
	}
	return scaleI420(s.picture, s.whole)
}

// sized returns a picture of a size, which is img if that has it.
func sized(img *image.YCbCr, size image.Point) *image.YCbCr {
	if img != nil && img.Rect.Size() == size {
		return img
	}
	return image.NewYCbCr(image.Rectangle{Max: size}, image.YCbCrSubsampleRatio420)
}

// RequestKeyFrame does nothing: every picture stands alone.
func (s *screen) RequestKeyFrame() {}

// Format implements media.VideoSource; it changes with the size of a window.
func (s *screen) Format() media.VideoFormat { return *s.format.Load() }

// Close implements media.VideoSource. A ReadVideo that waits returns at once.
func (s *screen) Close() error {
	s.once.Do(func() {
		close(s.done)
		s.err = s.source.Close()
	})
	return s.err
}
