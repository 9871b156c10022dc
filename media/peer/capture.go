package peer

import (
	"errors"
	"fmt"
	"image"
	"log/slog"
	"sync"
	"sync/atomic"
	"time"

	"parlor/media"
)

const (
	previewInterval = 33 * time.Millisecond  // people do not see more of themselves than 30 pictures a second
	keyInterval     = 300 * time.Millisecond // between key frames on request; earlier requests wait, they are not dropped
)

// CaptureConfig describes a capture.
type CaptureConfig struct {
	Codecs  media.Codecs      // nil: only sources of encoded media can be published
	Bitrate int               // bit/s; 0 picks one for the format
	Screen  bool              // the pictures are of a screen: sharp text before smooth motion
	Largest media.VideoFormat // of what is published; zero: as the source gives. See VideoCapture.SetLargest
	OnLost  func(error)       // the device is gone; called once, must return at once
	Log     *slog.Logger
}

// lifetime is what both captures share: one goroutine that reads until the source ends.
type lifetime struct {
	closing atomic.Bool
	done    chan struct{}
	stop    sync.Once
	stopErr error
}

// close closes the source once.
func (l *lifetime) close(source interface{ Close() error }) error {
	l.stop.Do(func() { l.stopErr = source.Close() })
	return l.stopErr
}

// ended tells the owner that the source ended by itself.
func (l *lifetime) ended(cfg CaptureConfig, kind string, err error) {
	if l.closing.Load() {
		return
	}
	cfg.Log.Warn("capture lost", "kind", kind, "err", err)
	if cfg.OnLost != nil {
		cfg.OnLost(fmt.Errorf("peer: %s source ended: %w", kind, err))
	}
}

// VideoCapture owns a source of pictures: it previews them and, while somebody publishes it,
// encodes them. Frames which the source gives encoded are published as they are.
type VideoCapture struct {
	outlets
	lifetime
	cfg       CaptureConfig
	src       media.VideoSource
	preview   viewer
	keyWanted atomic.Bool // by a receiver

	// Of the capture's goroutine.
	encoder     media.VideoEncoder
	encoderConf media.VideoEncoderConfig
	decoder     media.VideoDecoder // for the preview of encoded frames
	primed      bool               // the decoder got a key frame
	lastPreview time.Duration
	lastKey     time.Duration // when a key frame was last made, or asked of the source
	failed      string        // last error logged, so that a broken encoder does not flood the log
}

// NewVideoCapture starts to read from src, which it closes at its end.
func NewVideoCapture(src media.VideoSource, cfg CaptureConfig) *VideoCapture {
	if cfg.Log == nil {
		cfg.Log = slog.Default()
	}
	c := &VideoCapture{cfg: cfg, src: src, lastKey: -keyInterval, lastPreview: -previewInterval}
	c.done = make(chan struct{})
	go c.run()
	return c
}

func (*VideoCapture) feedKind() media.Kind { return media.Video }
func (c *VideoCapture) requestKeyFrame()   { c.keyWanted.Store(true) }
func (*VideoCapture) expectLoss(int)       {}
func (*VideoCapture) loudness() int        { return 0 }

// Preview puts the own picture on a display, or off it when d is nil.
func (c *VideoCapture) Preview(d *media.Display) { c.preview.set(d) }

// Close ends the capture, closes the source and waits. Close twice is fine.
func (c *VideoCapture) Close() error {
	c.closing.Store(true)
	err := c.close(c.src)
	<-c.done
	return err
}

func (c *VideoCapture) run() {
	defer close(c.done)
	defer c.closeCodecs()
	defer c.close(c.src)
	for {
		frame, err := c.src.ReadVideo()
		if err != nil {
			c.ended(c.cfg, "video", err)
			return
		}
		if err := c.handle(frame); err != nil {
			c.report(err)
		}
	}
}

func (c *VideoCapture) handle(frame media.VideoFrame) error {
	if frame.Image != nil {
		return errors.Join(c.previewImage(frame.Image), c.sendImage(frame))
	}
	return errors.Join(c.previewEncoded(frame), c.sendEncoded(frame))
}

// report logs an error unless it is the same as the last one.
func (c *VideoCapture) report(err error) {
	if text := err.Error(); text != c.failed {
		c.failed = text
		c.cfg.Log.Error("video capture", "err", err)
	}
}

func (c *VideoCapture) closeCodecs() {
	if c.encoder != nil {
		c.encoder.Close()
	}
	if c.decoder != nil {
		c.decoder.Close()
	}
}

// previewDue tells whether the preview wants a picture now.
func (c *VideoCapture) previewDue() bool {
	if c.cfg.Codecs == nil || c.preview.get() == nil {
		return false
	}
	// A quarter of the interval early is in time: sources of 30 Hz are not that exact.
	return media.Now()-c.lastPreview >= previewInterval*3/4
}

func (c *VideoCapture) previewImage(img *image.YCbCr) error {
	if !c.previewDue() {
		return nil
	}
	c.lastPreview = media.Now()
	if err := c.preview.show(c.cfg.Codecs, img, always); err != nil {
		return fmt.Errorf("preview: %w", err)
	}
	return nil
}

func always() bool { return true }

// previewEncoded decodes every frame while the preview is seen, since each refers to the one before.
func (c *VideoCapture) previewEncoded(frame media.VideoFrame) error {
	if c.cfg.Codecs == nil || c.preview.get() == nil {
		c.primed = false
		return nil
	}
	if !c.primed && !frame.KeyFrame {
		c.keyWanted.Store(true)
		return nil
	}
	if c.decoder == nil {
		decoder, err := c.cfg.Codecs.NewVideoDecoder()
		if err != nil {
			return fmt.Errorf("preview decoder: %w", err)
		}
		c.decoder = decoder
	}
	img, err := c.decoder.Decode(frame.Encoded)
	c.primed = err == nil
	if err != nil {
		return fmt.Errorf("preview: %w", err)
	}
	if img == nil {
		return nil
	}
	return c.previewImage(img)
}

// keyDue tells whether a key frame is to be made, or asked of the source, now.
func (c *VideoCapture) keyDue(needKey bool) bool {
	if needKey {
		c.keyWanted.Store(true)
	}
	now := media.Now()
	if now-c.lastKey < keyInterval || !c.keyWanted.Swap(false) {
		return false
	}
	c.lastKey = now
	return true
}

func (c *VideoCapture) sendEncoded(frame media.VideoFrame) error {
	sending, needKey := c.active()
	if frame.KeyFrame {
		c.keyWanted.Store(false)
		needKey = false
	}
	if c.keyDue(needKey) {
		c.src.RequestKeyFrame()
	}
	if sending {
		c.write(frame.Encoded, frame.KeyFrame, frame.At)
	}
	return nil
}

func (c *VideoCapture) sendImage(frame media.VideoFrame) error {
	sending, needKey := c.active()
	if !sending {
		return nil
	}
	if c.cfg.Codecs == nil {
		return errors.New("peer: a source of raw pictures cannot be published without codecs")
	}
	fresh, err := c.makeEncoder(frame.Image.Rect.Dx(), frame.Image.Rect.Dy())
	if err != nil {
		return err
	}
	force := c.keyDue(needKey) || fresh
	data, key, err := c.encoder.Encode(frame.Image, frame.At, force)
	if err != nil {
		return fmt.Errorf("encode %v: %w", frame.Image.Rect.Size(), err)
	}
	if force && !key {
		c.keyWanted.Store(true) // rate control dropped it: ask again
	}
	if key {
		c.lastKey = media.Now()
	}
	c.write(data, key, frame.At)
	return nil
}

func (c *VideoCapture) write(frame []byte, key bool, at time.Duration) {
	for _, p := range c.all() {
		p.writeVideo(frame, key, at)
	}
}

// makeEncoder makes the encoder fit a picture, and tells whether it is a new one.
func (c *VideoCapture) makeEncoder(width, height int) (fresh bool, err error) {
	conf := media.VideoEncoderConfig{Width: width, Height: height, Rate: c.src.Format().Rate, Bitrate: c.cfg.Bitrate}
	if conf.Rate <= 0 {
		conf.Rate = 30
	}
	if conf.Bitrate <= 0 {
		conf.Bitrate = videoBitrate(height)
	}
	for _, p := range c.all() {
		conf.Screen = conf.Screen || p.source == media.Screen
	}
	if c.encoder != nil && conf == c.encoderConf {
		return false, nil
	}
	if c.encoder != nil {
		c.encoder.Close()
		c.encoder = nil
	}
	encoder, err := c.cfg.Codecs.NewVideoEncoder(conf)
	if err != nil {
		return false, fmt.Errorf("video encoder %dx%d: %w", width, height, err)
	}
	c.encoder, c.encoderConf = encoder, conf
	return true, nil
}

// videoBitrate is a good rate in bit/s for pictures of this height at 30 Hz.
func videoBitrate(height int) int {
	switch {
	case height <= 180:
		return 150_000
	case height <= 360:
		return 500_000
	case height <= 720:
		return 1_500_000
	}
	return 2_500_000
}
