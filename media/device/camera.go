package device

import (
	"cmp"
	"errors"
	"fmt"
	"image"
	"image/jpeg"
	"io"
	"runtime"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"github.com/pion/mediadevices/pkg/driver"
	cameradriver "github.com/pion/mediadevices/pkg/driver/camera"
	"github.com/pion/mediadevices/pkg/frame"
	"github.com/pion/mediadevices/pkg/io/video"
	"github.com/pion/mediadevices/pkg/prop"

	"parlor/media"
)

// defaultFormat is wished for where the caller has no wish.
var defaultFormat = media.VideoFormat{Width: 1280, Height: 720, Rate: 30}

// cameraDrivers looks for cameras and returns their drivers. Its caller holds Set.cameras.
func cameraDrivers() []driver.Driver {
	manager := driver.GetManager()
	isCamera := driver.FilterAnd(driver.FilterVideoRecorder(), driver.FilterDeviceType(driver.Camera))
	// The drivers were listed once when the program started. Looking again finds what was plugged
	// in since; drivers that are in use stay alive with those who use them. On macOS looking
	// again needs the main thread.
	if runtime.GOOS != "darwin" {
		for _, d := range manager.Query(isCamera) {
			manager.Delete(d.ID())
		}
		cameradriver.Initialize()
	}
	found := manager.Query(isCamera)
	if runtime.GOOS == "linux" {
		// A video node that cannot capture (a camera's metadata has one) gets no name.
		found = slices.DeleteFunc(found, func(d driver.Driver) bool {
			name, _, _ := strings.Cut(d.Info().Name, cameradriver.LabelSeparator)
			return name == ""
		})
	}
	return found
}

// sortedCameras returns the drivers, the default one first.
func (s *Set) sortedCameras() []driver.Driver {
	s.cameras.Lock()
	defer s.cameras.Unlock()
	found := s.drivers()
	slices.SortFunc(found, func(a, b driver.Driver) int {
		return cmp.Or(
			cmp.Compare(b.Info().Priority, a.Info().Priority),
			cmp.Compare(a.Info().Label, b.Info().Label))
	})
	return found
}

// cameraInfo describes a driver. The label of mediadevices is the stable name of the device, its
// name is for people.
func cameraInfo(d driver.Driver, first bool) media.DeviceInfo {
	label, _, _ := strings.Cut(d.Info().Name, cameradriver.LabelSeparator)
	return media.DeviceInfo{ID: d.Info().Label, Label: cmp.Or(label, d.Info().Label), Default: first}
}

// Cameras implements media.Devices; the list is empty when there are none.
func (s *Set) Cameras() ([]media.DeviceInfo, error) {
	var infos []media.DeviceInfo
	for i, d := range s.sortedCameras() {
		infos = append(infos, cameraInfo(d, i == 0))
	}
	return infos, nil
}

// pictureBuffers is enough for one picture that is being written, one in the slot, one with the
// reader.
const pictureBuffers = 3

// camera reads a driver on a goroutine of its own and keeps the newest picture.
type camera struct {
	driver   driver.Driver
	reader   video.Reader
	format   media.VideoFormat
	convert  converter
	replaced *atomic.Uint64
	once     sync.Once
	closeErr error
	done     chan struct{} // closed by Close
	ended    chan struct{} // closed when the goroutine is gone

	// wake has room for one token: one reader is woken once for any number of pictures; when a
	// token is there already, another is not needed.
	wake chan struct{}

	mu      sync.Mutex
	free    []*image.YCbCr // at most pictureBuffers
	slot    media.VideoFrame
	reading *image.YCbCr // with the caller of ReadVideo
	err     error        // why there are no more pictures
}

// openCamera opens the camera with this ID, or with this label, or the default one.
func (s *Set) openCamera(name string, want media.VideoFormat) (media.VideoSource, error) {
	found := s.sortedCameras()
	i := slices.IndexFunc(found, func(d driver.Driver) bool {
		info := cameraInfo(d, false)
		return name == "" || name == info.ID || name == info.Label
	})
	switch {
	case len(found) == 0:
		return nil, fmt.Errorf("device: no camera found: %w", ErrNoDevice)
	case i < 0:
		return nil, fmt.Errorf("device: no camera %q: %w", name, ErrNoDevice)
	}
	c, err := newCamera(found[i], want)
	if err != nil {
		return nil, fmt.Errorf("device: open camera %q: %w", found[i].Info().Label, err)
	}
	c.replaced = &s.lostPictures
	s.log.Debug("camera open", "camera", found[i].Info().Label, "width", c.format.Width, "height", c.format.Height, "rate", c.format.Rate)
	go c.capture()
	return c, nil
}

func newCamera(d driver.Driver, want media.VideoFormat) (*camera, error) {
	recorder, ok := d.(driver.VideoRecorder)
	if !ok {
		return nil, fmt.Errorf("driver %T gives no pictures", d)
	}
	if err := d.Open(); err != nil {
		return nil, err
	}
	mode, ok := chooseMode(d.Properties(), want)
	if !ok {
		return nil, errors.Join(errors.New("no picture format that we can read"), d.Close())
	}
	reader, err := recorder.VideoRecord(mode)
	if err != nil {
		_ = d.Close() // mediadevices' wrapper has closed it already; a second time is an error
		return nil, err
	}
	rate := float64(mode.FrameRate)
	if rate <= 0 {
		rate = cmp.Or(want.Rate, defaultFormat.Rate)
	}
	return &camera{
		driver:  d,
		reader:  reader,
		format:  media.VideoFormat{Width: mode.Width &^ 1, Height: mode.Height &^ 1, Rate: rate},
		convert: newConverter(mode.FrameFormat == frame.FormatMJPEG),
		done:    make(chan struct{}),
		ended:   make(chan struct{}),
		wake:    make(chan struct{}, 1),
	}, nil
}

// chooseMode returns the mode of a camera that is nearest to a wish, where a picture too small
// or too slow is worse than one too large, and decoding JPEG is work. It returns false when there
// is none that can be read.
func chooseMode(modes []prop.Media, want media.VideoFormat) (prop.Media, bool) {
	if want.Width <= 0 || want.Height <= 0 {
		want.Width, want.Height = defaultFormat.Width, defaultFormat.Height
	}
	if !(want.Rate > 0) {
		want.Rate = defaultFormat.Rate
	}
	// Cost of decoding, in the unit of modeCost.
	formats := map[frame.Format]float64{
		frame.FormatI420: 0, frame.FormatYUY2: 0.05, frame.FormatYUYV: 0.05, frame.FormatUYVY: 0.05,
		frame.FormatNV12: 0.2, frame.FormatNV21: 0.2, frame.FormatMJPEG: 0.5,
	}
	var best prop.Media
	bestCost, ok := 0.0, false
	for _, m := range modes {
		decoding, readable := formats[m.FrameFormat]
		if !readable || m.Width < 2 || m.Height < 2 {
			continue
		}
		if cost := decoding + modeCost(m, want); !ok || cost < bestCost {
			best, bestCost, ok = m, cost, true
		}
	}
	return best, ok
}

// modeCost tells how far a mode is from a wish; 1 is about a picture of three times the pixels
// or three quarters of the rate.
func modeCost(m prop.Media, want media.VideoFormat) float64 {
	cost := 0.0
	across, down := float64(m.Width)/float64(want.Width), float64(m.Height)/float64(want.Height)
	if across < 1 || down < 1 {
		cost += 1 + 4*(1-min(across, down))
	} else {
		cost += (across*down - 1) / 2
	}
	if ratio := across / down; ratio < 0.95 || ratio > 1.05 {
		cost += 0.3
	}
	if m.FrameRate > 0 { // else the driver does not tell
		faster := float64(m.FrameRate) / want.Rate
		if faster < 0.95 {
			cost += 4 * (1 - faster)
		} else {
			cost += 0.2 * max(0, faster-1)
		}
	}
	return cost
}

// maxDamaged is how many pictures in a row may be damaged before the camera counts as broken: a second of them.
const maxDamaged = 30

// isDamaged tells a picture that cannot be decoded from a camera that is gone: USB cameras send truncated JPEGs at
// their start and after glitches of the bus.
func isDamaged(err error) bool {
	var format jpeg.FormatError
	var unsupported jpeg.UnsupportedError
	return errors.As(err, &format) || errors.As(err, &unsupported) || errors.Is(err, io.ErrUnexpectedEOF)
}

// capture runs on the camera's own goroutine until the driver ends.
func (c *camera) capture() {
	defer close(c.ended)
	damaged := 0
	for {
		img, release, err := c.reader.Read()
		if isDamaged(err) && damaged < maxDamaged {
			damaged++
			c.replaced.Add(1)
			continue
		}
		if err != nil {
			c.fail(err)
			return
		}
		damaged = 0
		at := media.Now()
		c.mu.Lock()
		var buffer *image.YCbCr
		if n := len(c.free); n > 0 {
			buffer, c.free = c.free[n-1], c.free[:n-1]
		}
		c.mu.Unlock()
		buffer, err = c.convert.convert(buffer, img)
		if release != nil {
			release()
		}
		if err != nil {
			c.fail(err)
			return
		}
		c.put(media.VideoFrame{Image: buffer, At: at})
	}
}

// put makes f the newest picture. One that nobody read is dropped: late pictures are of no use.
func (c *camera) put(f media.VideoFrame) {
	c.mu.Lock()
	if c.slot.Image != nil {
		c.recycle(c.slot.Image)
		c.replaced.Add(1)
	}
	c.slot = f
	c.mu.Unlock()
	c.signal()
}

func (c *camera) fail(err error) {
	c.mu.Lock()
	c.err = err
	c.mu.Unlock()
	c.signal()
}

func (c *camera) signal() {
	select {
	case c.wake <- struct{}{}:
	default:
	}
}

// recycle is called with mu held.
func (c *camera) recycle(img *image.YCbCr) {
	if img != nil && len(c.free) < pictureBuffers {
		c.free = append(c.free, img)
	}
}

// ReadVideo implements media.VideoSource.
func (c *camera) ReadVideo() (media.VideoFrame, error) {
	for {
		select {
		case <-c.done:
			return media.VideoFrame{}, io.EOF
		default:
		}
		c.mu.Lock()
		f, err := c.slot, c.err
		if f.Image != nil {
			c.recycle(c.reading)
			c.reading, c.slot = f.Image, media.VideoFrame{}
		}
		c.mu.Unlock()
		if f.Image != nil {
			return f, nil
		}
		if err != nil {
			select {
			case <-c.done: // the driver ended because we closed it
				return media.VideoFrame{}, io.EOF
			default:
				return media.VideoFrame{}, fmt.Errorf("device: camera %q is gone: %w", c.driver.Info().Label, err)
			}
		}
		select {
		case <-c.wake:
		case <-c.done:
		}
	}
}

// RequestKeyFrame does nothing: every picture stands alone.
func (c *camera) RequestKeyFrame() {}

// Format implements media.VideoSource.
func (c *camera) Format() media.VideoFormat { return c.format }

// closeWait bounds how long Close waits for a driver; V4L2's gives up on a dead camera after 5 s.
const closeWait = 6 * time.Second

// Close implements media.VideoSource. A ReadVideo that waits returns at once; Close itself returns when
// the driver has let go of the camera, so that it can be opened again.
func (c *camera) Close() error {
	c.once.Do(func() {
		close(c.done)
		closed := make(chan error, 1) // one answer, which waits here if nobody waits for it
		go func() {
			err := c.driver.Close()
			<-c.ended
			closed <- err
		}()
		select {
		case c.closeErr = <-closed:
		case <-time.After(closeWait):
			c.closeErr = fmt.Errorf("device: camera %q does not let go", c.driver.Info().Label)
		}
	})
	return c.closeErr
}
