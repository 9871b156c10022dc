package peer

import (
	"fmt"
	"image"
	"sync/atomic"
	"time"

	"parlor/media"
)

// longestPause is what the encoder is told of a longer time between two pictures. Rate control takes pictures that come
// seldom for a low frame rate, and would spend the bits of seconds on one of them: half a megabyte at once, which nobody gets in time.
const longestPause = 200 * time.Millisecond

// encoding makes VP8 frames of a capture's pictures, at the size that is to be published. It belongs to the capture's
// goroutine, but for its statistics.
type encoding struct {
	codecs  media.Codecs
	screen  bool
	bitrate int // bit/s; 0: one for the size
	encoder media.VideoEncoder
	conf    media.VideoEncoderConfig // of encoder
	own     *image.YCbCr             // memory for pictures that are not to be sent as they come
	last    time.Duration            // capture time of the last picture
	clock   time.Duration            // of encoder: capture time without the pauses

	took   workTime
	target atomic.Int64 // bit/s that encoder aims at
}

// fit returns img within the bounds: itself, or a copy in memory that is valid until the next fit. Of a screen it is always a
// copy.
func (e *encoding) fit(img *image.YCbCr, bounds media.VideoFormat) (*image.YCbCr, error) {
	size := fitSize(img.Rect.Size(), bounds.Width, bounds.Height)
	if size == img.Rect.Size() && !e.screen {
		return img, nil
	}
	if e.own == nil || e.own.Rect.Size() != size {
		e.own = image.NewYCbCr(image.Rectangle{Max: size}, image.YCbCrSubsampleRatio420)
	}
	if err := e.codecs.Scale(e.own, img); err != nil {
		return nil, fmt.Errorf("scale %v to %v: %w", img.Rect.Size(), size, err)
	}
	return e.own, nil
}

// fitSize is the largest size of a picture's shape within the bounds, of which 0 is none. It is even when it is not the
// picture's own: odd sizes cost the last row of colour.
func fitSize(size image.Point, width, height int) image.Point {
	fitted := size
	if width > 0 && fitted.X > width {
		fitted = image.Pt(width, (size.Y*width+size.X/2)/size.X)
	}
	if height > 0 && fitted.Y > height {
		fitted = image.Pt((size.X*height+size.Y/2)/size.Y, height)
	}
	if fitted == size {
		return size
	}
	return image.Pt(max(2, fitted.X&^1), max(2, fitted.Y&^1))
}

// config describes the encoder for pictures of a size and a rate.
func (e *encoding) config(size image.Point, rate float64) media.VideoEncoderConfig {
	conf := media.VideoEncoderConfig{Width: size.X, Height: size.Y, Rate: rate, Bitrate: e.bitrate, Screen: e.screen}
	if conf.Bitrate <= 0 {
		conf.Bitrate = videoBitrate(size, e.screen)
	}
	return conf
}

// ready tells whether there is an encoder for that; encode makes one otherwise, which begins with a key frame.
func (e *encoding) ready(conf media.VideoEncoderConfig) bool {
	return e.encoder != nil && e.conf == conf
}

// encode returns the frame of a picture, which is valid until the next encode; nil when rate control left it out.
func (e *encoding) encode(conf media.VideoEncoderConfig, img *image.YCbCr, at time.Duration, forceKey bool) (frame []byte, key bool, err error) {
	if !e.ready(conf) {
		e.close()
		encoder, err := e.codecs.NewVideoEncoder(conf)
		if err != nil {
			return nil, false, fmt.Errorf("video encoder %dx%d: %w", conf.Width, conf.Height, err)
		}
		e.encoder, e.conf = encoder, conf
		e.target.Store(int64(conf.Bitrate))
	}
	e.clock += min(max(at-e.last, 0), longestPause)
	e.last = at
	began := media.Now()
	frame, key, err = e.encoder.Encode(img, e.clock, forceKey)
	if err != nil {
		return nil, false, fmt.Errorf("encode %v: %w", img.Rect.Size(), err)
	}
	ended := media.Now()
	e.took.add(ended, ended-began)
	return frame, key, nil
}

func (e *encoding) close() {
	if e.encoder != nil {
		e.encoder.Close()
		e.encoder = nil
	}
}

// videoBitrate is a good rate in bit/s for pictures of this size: of a camera at 30 Hz, or of a screen, which changes
// seldom and then must be readable soon: a key frame of text takes about a bit for each pixel.
func videoBitrate(size image.Point, screen bool) int {
	if screen {
		switch pixels := size.X * size.Y; {
		case pixels <= 640*360:
			return 600_000
		case pixels <= 1280*720:
			return 1_500_000
		case pixels <= 1920*1080:
			return 2_500_000
		}
		return 4_000_000
	}
	switch lines := min(size.X, size.Y); {
	case lines <= 180:
		return 150_000
	case lines <= 360:
		return 500_000
	case lines <= 720:
		return 1_500_000
	}
	return 2_500_000
}

// pace leaves frames out so that no more than a rate remain, as evenly as they come.
type pace struct{ next time.Duration } // when the next frame is due, on the clock of the frames

// slack is how much too early a frame may be, as part of the time between two: no source is exact.
const slack = 4

// due tells whether a frame is to be sent; rate 0 is no limit.
func (p *pace) due(at time.Duration, rate float64) bool {
	return rate <= 0 || at >= p.next-interval(rate)/slack
}

// sent notes a frame that was sent. A frame that came late does not put off the next one, but a pause is not made up for.
func (p *pace) sent(at time.Duration, rate float64) {
	if rate <= 0 {
		p.next = at
		return
	}
	if at-p.next > interval(rate) {
		p.next = at
	}
	p.next += interval(rate)
}

func interval(rate float64) time.Duration { return time.Duration(float64(time.Second) / rate) }

// workTime is how long a piece of work takes in the mean of the last second. One goroutine adds, any reads.
type workTime struct {
	began time.Duration // of the measurement
	sum   time.Duration
	n     int

	mean atomic.Int64 // ns
	at   atomic.Int64 // when mean was found, ns on the clock of media.Now; 0: never
}

const (
	workInterval = time.Second
	workExpires  = 3 * time.Second // without any work
)

func (w *workTime) add(now, took time.Duration) {
	w.sum += took
	w.n++
	if w.at.Load() != 0 && now-w.began < workInterval {
		return
	}
	w.mean.Store(int64(w.sum) / int64(w.n))
	w.at.Store(max(int64(now), 1))
	w.began, w.sum, w.n = now, 0, 0
}

// meanMS returns milliseconds, 0 when there was no work.
func (w *workTime) meanMS(now time.Duration) float64 {
	at := w.at.Load()
	if at == 0 || now-time.Duration(at) > workExpires {
		return 0
	}
	return time.Duration(w.mean.Load()).Seconds() * 1000
}
