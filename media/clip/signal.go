package clip

import (
	"image"
	"math"
	"time"

	"parlor/media"
)

// defaultFormat stands in for what a format leaves open.
var defaultFormat = media.VideoFormat{Width: 640, Height: 360, Rate: 30}

const (
	maxSide = 16383 // pixels, the largest that VP8 can code
	maxRate = 240   // pictures per second; a file that says more is broken
)

// pictures is a source of pictures that a function draws.
type pictures struct {
	*pacer
	format media.VideoFormat
	draw   func(img *image.YCbCr, n int64) error
	finish func() error // called once by Close
	img    *image.YCbCr
	next   int64
}

// NewPictures is a source of pictures which draw makes: it gets the picture to fill, which still
// shows the one before, and the number of the picture, by which time goes on: a late reader misses
// numbers. What format leaves open becomes 640×360 at 30 per second; sizes are rounded up to
// even numbers.
func NewPictures(format media.VideoFormat, draw func(img *image.YCbCr, n int64)) media.VideoSource {
	if format.Width <= 0 || format.Height <= 0 {
		format.Width, format.Height = defaultFormat.Width, defaultFormat.Height
	}
	if !(format.Rate > 0 && format.Rate <= maxRate) {
		format.Rate = defaultFormat.Rate
	}
	format.Width = min(format.Width+format.Width&1, maxSide-1)
	format.Height = min(format.Height+format.Height&1, maxSide-1)
	return newPictures(format, func(img *image.YCbCr, n int64) error { draw(img, n); return nil }, nil)
}

func newPictures(format media.VideoFormat, draw func(*image.YCbCr, int64) error, finish func() error) *pictures {
	return &pictures{
		pacer: newPacer(), format: format, draw: draw, finish: finish,
		img: image.NewYCbCr(image.Rect(0, 0, format.Width, format.Height), image.YCbCrSubsampleRatio420),
	}
}

// ReadVideo implements media.VideoSource.
func (p *pictures) ReadVideo() (media.VideoFrame, error) {
	period := float64(time.Second) / p.format.Rate
	n := max(p.next, int64(math.Floor(float64(p.elapsed())/period)))
	at, err := p.wait(time.Duration(float64(n)*period), math.MaxInt64)
	if err != nil {
		return media.VideoFrame{}, err
	}
	p.next = n + 1
	if err := p.draw(p.img, n); err != nil {
		return media.VideoFrame{}, p.why(err)
	}
	return media.VideoFrame{Image: p.img, At: at}, nil
}

// RequestKeyFrame does nothing: every picture stands alone.
func (p *pictures) RequestKeyFrame() {}

// Format implements media.VideoSource.
func (p *pictures) Format() media.VideoFormat { return p.format }

// Close implements media.VideoSource.
func (p *pictures) Close() error {
	if p.close() && p.finish != nil {
		return p.finish()
	}
	return nil
}

// sound is a source of samples that a function makes.
type sound struct {
	*pacer
	fill   func(pcm []int16) error
	finish func() error // called once by Close
	pcm    [media.FrameSamples]int16
	next   int64
}

// NewSound is a source of sound which fill makes: it gets FrameSamples samples to fill, of
// undefined content, one frame after the other.
func NewSound(fill func(pcm []int16)) media.AudioSource {
	return newSound(func(pcm []int16) error { fill(pcm); return nil }, nil)
}

func newSound(fill func([]int16) error, finish func() error) *sound {
	return &sound{pacer: newPacer(), fill: fill, finish: finish}
}

// ReadAudio implements media.AudioSource.
func (s *sound) ReadAudio() (media.AudioFrame, error) {
	at, err := s.wait(time.Duration(s.next)*media.FrameLength, audioSlack)
	if err != nil {
		return media.AudioFrame{}, err
	}
	s.next++
	if err := s.fill(s.pcm[:]); err != nil {
		return media.AudioFrame{}, s.why(err)
	}
	return media.AudioFrame{PCM: s.pcm[:], At: at}, nil
}

// Close implements media.AudioSource.
func (s *sound) Close() error {
	if s.close() && s.finish != nil {
		return s.finish()
	}
	return nil
}
