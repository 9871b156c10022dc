package device

import (
	"errors"
	"image"
	"image/jpeg"
	"io"
	"log/slog"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/pion/mediadevices/pkg/driver"
	"github.com/pion/mediadevices/pkg/frame"
	"github.com/pion/mediadevices/pkg/io/video"
	"github.com/pion/mediadevices/pkg/prop"
	"github.com/pion/transport/v4/test"

	"parlor/media"
)

// fakeCamera is a driver whose pictures the test makes.
// damaged stands for a picture that the driver cannot decode.
var damaged = image.NewGray(image.Rect(0, 0, 1, 1))

type fakeCamera struct {
	info     driver.Info
	modes    []prop.Media
	openErr  error
	mode     prop.Media
	pictures chan image.Image // nil ends it with an error
	once     sync.Once
	closed   chan struct{}
}

func newFakeCamera(label, name string, priority driver.Priority) *fakeCamera {
	return &fakeCamera{
		info:     driver.Info{Label: label, Name: name, Priority: priority, DeviceType: driver.Camera},
		modes:    []prop.Media{mode(8, 6, 30, frame.FormatYUYV)},
		pictures: make(chan image.Image), // no room: the test knows what has been taken
		closed:   make(chan struct{}),
	}
}

func (c *fakeCamera) Open() error              { return c.openErr }
func (c *fakeCamera) Close() error             { c.once.Do(func() { close(c.closed) }); return nil }
func (c *fakeCamera) Properties() []prop.Media { return c.modes }
func (c *fakeCamera) ID() string               { return "random" }
func (c *fakeCamera) Info() driver.Info        { return c.info }
func (c *fakeCamera) Status() driver.State     { return driver.StateClosed }
func (c *fakeCamera) VideoRecord(p prop.Media) (video.Reader, error) {
	c.mode = p
	return video.ReaderFunc(func() (image.Image, func(), error) {
		select {
		case img := <-c.pictures:
			if img == nil {
				return nil, nil, errors.New("unplugged")
			}
			if img == damaged {
				return nil, nil, jpeg.FormatError("short Huffman data")
			}
			return img, func() {}, nil
		case <-c.closed:
			return nil, nil, io.EOF
		}
	}), nil
}

func mode(w, h int, rate float32, format frame.Format) prop.Media {
	return prop.Media{Video: prop.Video{Width: w, Height: h, FrameRate: rate, FrameFormat: format}}
}

func setOf(cameras ...driver.Driver) *Set {
	return &Set{log: slog.New(slog.DiscardHandler), drivers: func() []driver.Driver { return cameras }}
}

func TestSet_Cameras(t *testing.T) {
	set := setOf(
		newFakeCamera("usb-b;video2", "Webcam B;usb-2", driver.PriorityNormal),
		newFakeCamera("usb-c", "", driver.PriorityNormal),
		newFakeCamera("usb-a;video0", "Webcam A;usb-1", driver.PriorityHigh),
	)
	got, err := set.Cameras()
	if err != nil {
		t.Fatal(err)
	}
	want := []media.DeviceInfo{
		{ID: "usb-a;video0", Label: "Webcam A", Default: true},
		{ID: "usb-b;video2", Label: "Webcam B"},
		{ID: "usb-c", Label: "usb-c"},
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("-want +got:\n%s", diff)
	}
	for name, want := range map[string]string{"": "usb-a;video0", "usb-b;video2": "usb-b;video2", "Webcam B": "usb-b;video2"} {
		c, err := set.openCamera(name, media.VideoFormat{})
		if err != nil {
			t.Fatalf("%q: %v", name, err)
		}
		if got := c.(*camera).driver.Info().Label; got != want {
			t.Errorf("%q: got camera %q want %q", name, got, want)
		}
		if err := c.Close(); err != nil {
			t.Errorf("%q: %v", name, err)
		}
	}
}

func TestSet_OpenCamera_Errors(t *testing.T) {
	busy := newFakeCamera("busy", "", 0)
	busy.openErr = errors.New("device or resource busy")
	depth := newFakeCamera("depth", "", 0)
	depth.modes = []prop.Media{mode(640, 480, 30, frame.FormatZ16)}
	for _, tc := range []struct {
		name  string
		set   *Set
		open  string
		is    error
		wants string
	}{
		{"no camera", setOf(), "", ErrNoDevice, "no camera found"},
		{"no camera of this name", setOf(busy), "attic", ErrNoDevice, `"attic"`},
		{"busy", setOf(busy), "", busy.openErr, `"busy"`},
		{"depth camera", setOf(depth), "", nil, "format"},
	} {
		t.Run(tc.name, func(t *testing.T) {
			_, err := tc.set.OpenCamera(tc.open, media.VideoFormat{})
			if err == nil || tc.is != nil && !errors.Is(err, tc.is) || !strings.Contains(err.Error(), tc.wants) {
				t.Errorf("got error %v want one that is %v and says %s", err, tc.is, tc.wants)
			}
		})
	}
}

func TestChooseMode(t *testing.T) {
	usb2 := []prop.Media{ // what a common USB 2 camera offers
		mode(640, 480, 30, frame.FormatYUYV), mode(1280, 720, 10, frame.FormatYUYV), mode(320, 240, 30, frame.FormatYUYV),
		mode(1920, 1080, 30, frame.FormatMJPEG), mode(1280, 720, 30, frame.FormatMJPEG), mode(640, 360, 30, frame.FormatMJPEG),
		mode(1280, 720, 30, frame.FormatZ16),
	}
	for _, tc := range []struct {
		name  string
		modes []prop.Media
		want  media.VideoFormat
		best  prop.Media
	}{
		{"720p is smooth only as JPEG", usb2, media.VideoFormat{Width: 1280, Height: 720, Rate: 30}, usb2[4]},
		{"no wish", usb2, media.VideoFormat{}, usb2[4]},
		{"slow 720p needs no JPEG", usb2, media.VideoFormat{Width: 1280, Height: 720, Rate: 10}, usb2[1]},
		{"4:3", usb2, media.VideoFormat{Width: 640, Height: 480, Rate: 30}, usb2[0]},
		{"larger than all", usb2, media.VideoFormat{Width: 3840, Height: 2160, Rate: 30}, usb2[3]},
		{"unknown rate", []prop.Media{mode(640, 480, 0, frame.FormatNV12)}, media.VideoFormat{Width: 640, Height: 480, Rate: 60}, mode(640, 480, 0, frame.FormatNV12)},
	} {
		t.Run(tc.name, func(t *testing.T) {
			got, ok := chooseMode(tc.modes, tc.want)
			if !ok || got != tc.best {
				t.Errorf("got %+v, %v want %+v", got.Video, ok, tc.best.Video)
			}
		})
	}
	if got, ok := chooseMode(usb2[6:], media.VideoFormat{}); ok {
		t.Errorf("depth only: got %+v want none", got.Video)
	}
}

// grey returns a 4:2:2 picture, as a USB camera gives.
func grey(y uint8) *image.YCbCr {
	img := image.NewYCbCr(image.Rect(0, 0, 8, 6), image.YCbCrSubsampleRatio422)
	for i := range img.Y {
		img.Y[i] = y
	}
	return img
}

func TestCamera_ReadVideo(t *testing.T) {
	defer test.CheckRoutines(t)()
	defer test.TimeOut(30 * time.Second).Stop()
	fake := newFakeCamera("fake", "Fake", 0)
	set := setOf(fake)
	c, err := set.OpenCamera("", media.VideoFormat{Width: 8, Height: 6, Rate: 30})
	if err != nil {
		t.Fatal(err)
	}
	if got, want := c.Format(), (media.VideoFormat{Width: 8, Height: 6, Rate: 30}); got != want {
		t.Errorf("got format %+v want %+v", got, want)
	}
	// Three pictures while nobody reads: the newest counts. The driver takes the fourth only when
	// the third is in the slot.
	read := make(chan media.VideoFrame)
	for y := range uint8(3) {
		fake.pictures <- grey(100 + y)
	}
	go func() {
		for range 2 {
			f, err := c.ReadVideo()
			if err != nil {
				t.Error(err)
			}
			read <- f
		}
	}()
	first := <-read
	if y := first.Image.Y[0]; y < 101 || y > 102 {
		t.Errorf("got picture %d want one of the last two", y)
	}
	if first.Image.SubsampleRatio != image.YCbCrSubsampleRatio420 || first.At <= 0 {
		t.Errorf("got %v at %v want 4:2:0 with a time", first.Image.SubsampleRatio, first.At)
	}
	// The picture is the reader's until it asks for the next one. This reader asks when the first
	// of these is there, and then no more.
	fake.pictures <- grey(120)
	second := <-read
	shown := second.Image.Y[0]
	for y := range uint8(5) {
		fake.pictures <- grey(130 + y)
	}
	if got := second.Image.Y[0]; got != shown {
		t.Errorf("picture changed from %d to %d while it was being read", shown, got)
	}
	if second.At < first.At {
		t.Errorf("got time %v after %v", second.At, first.At)
	}
	if set.Drops().Pictures == 0 {
		t.Error("dropped pictures were not counted")
	}
	// Close wakes a reader.
	ended := make(chan error)
	go func() {
		var err error
		for err == nil {
			_, err = c.ReadVideo()
		}
		ended <- err
	}()
	if err := c.Close(); err != nil {
		t.Error(err)
	}
	if err := <-ended; err != io.EOF {
		t.Errorf("after Close: got %v want EOF", err)
	}
	if err := c.Close(); err != nil {
		t.Errorf("second Close: %v", err)
	}
}

// TestCamera_Change: a second camera is opened, and gives pictures, while the first one is still open.
func TestCamera_Change(t *testing.T) {
	defer test.CheckRoutines(t)()
	defer test.TimeOut(30 * time.Second).Stop()
	front, back := newFakeCamera("front", "Front", driver.PriorityHigh), newFakeCamera("back", "Back", driver.PriorityNormal)
	set := setOf(front, back)
	infos, err := set.Cameras()
	if err != nil || len(infos) != 2 {
		t.Fatalf("got cameras %v, %v", infos, err)
	}
	open := make(map[string]media.VideoSource)
	for i, info := range infos {
		c, err := set.OpenCamera(info.ID, media.VideoFormat{})
		if err != nil {
			t.Fatal(err)
		}
		open[info.ID] = c
		for id, fake := range map[string]*fakeCamera{"front": front, "back": back} {
			if open[id] == nil {
				continue
			}
			want := uint8(50 + 10*i)
			fake.pictures <- grey(want)
			f, err := open[id].ReadVideo()
			if err != nil {
				t.Fatalf("%s with %d open: %v", id, i+1, err)
			}
			if got := f.Image.Y[0]; got != want {
				t.Errorf("%s with %d open: got picture %d want %d", id, i+1, got, want)
			}
		}
	}
	if err := open["front"].Close(); err != nil {
		t.Error(err)
	}
	back.pictures <- grey(99)
	if f, err := open["back"].ReadVideo(); err != nil || f.Image.Y[0] != 99 {
		t.Errorf("after the first is closed: %v", err)
	}
	if err := open["back"].Close(); err != nil {
		t.Error(err)
	}
}

// TestCamera_ReadVideo_Damaged: pictures that cannot be decoded are left out, and only many in a row end the
// camera.
func TestCamera_ReadVideo_Damaged(t *testing.T) {
	defer test.CheckRoutines(t)()
	defer test.TimeOut(30 * time.Second).Stop()
	fake := newFakeCamera("fake", "Fake", 0)
	c, err := setOf(fake).OpenCamera("fake", media.VideoFormat{})
	if err != nil {
		t.Fatal(err)
	}
	for y := range uint8(3) {
		for range maxDamaged {
			fake.pictures <- damaged
		}
		fake.pictures <- grey(100 + y)
		if _, err := c.ReadVideo(); err != nil {
			t.Fatalf("after %d damaged pictures: %v", maxDamaged, err)
		}
	}
	for range maxDamaged + 1 {
		fake.pictures <- damaged
	}
	if _, err := c.ReadVideo(); err == nil || err == io.EOF {
		t.Errorf("after %d damaged pictures in a row: got %v, want an error", maxDamaged+1, err)
	}
	if err := c.Close(); err != nil {
		t.Error(err)
	}
}

func TestCamera_ReadVideo_Unplugged(t *testing.T) {
	defer test.CheckRoutines(t)()
	defer test.TimeOut(30 * time.Second).Stop()
	for name, last := range map[string]image.Image{
		"driver ends":     nil,
		"broken picture":  &image.YCbCr{Rect: image.Rect(0, 0, 8, 6)},
		"unknown picture": image.NewGray16(image.Rect(0, 0, 8, 6)),
		"empty picture":   image.NewRGBA(image.Rectangle{}),
	} {
		fake := newFakeCamera("fake", "Fake", 0)
		c, err := setOf(fake).OpenCamera("fake", media.VideoFormat{})
		if err != nil {
			t.Fatal(err)
		}
		fake.pictures <- last
		for range 2 {
			if _, err := c.ReadVideo(); err == nil || err == io.EOF || !strings.Contains(err.Error(), "fake") {
				t.Errorf("%s: got error %v want one that names the camera", name, err)
			}
		}
		if err := c.Close(); err != nil {
			t.Errorf("%s: %v", name, err)
		}
	}
}
