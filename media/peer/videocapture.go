package peer

import (
	"errors"
	"fmt"
	"image"
	"log/slog"
	"math"
	"sync/atomic"
	"time"

	"parlor/media"
)

const (
	previewInterval   = 33 * time.Millisecond  // people do not see more of themselves than 30 pictures a second
	keyInterval       = 300 * time.Millisecond // between key frames on request; earlier requests wait, they are not dropped
	screenKeyInterval = 500 * time.Millisecond // the same for a screen, whose key frames are a good part of a second's bits
	stillAfter        = 100 * time.Millisecond // without a new picture the one before is sent again to who waits for one

	// The first frame of a page of text is blurred, and each further one makes it sharper until there is nothing left to send. At 1080p it
	// can be read after a second, instead of four with the one picture a second that a screen gives which stands still.
	maxRepeats   = 20      // of a picture that did not change: two seconds
	settledShare = 8 * 100 // a frame of less than a hundredth of a second's bytes is nothing to speak of

	longAgo = time.Duration(math.MinInt64 / 4) // before anything on any clock, and far from overflow
)

// VideoCapture owns a source of pictures: it previews them and, while somebody publishes it,
// encodes them. Frames which the source gives encoded are published as they are.
//
// A screen may stand still for long. So the last picture of it is kept, and encoded again until it is sharp, and when somebody new
// is to see it.
type VideoCapture struct {
	outlets
	lifetime
	cfg       CaptureConfig
	src       media.VideoSource
	preview   viewer
	largest   atomic.Pointer[media.VideoFormat]
	keyWanted atomic.Bool   // by a receiver
	wake      chan struct{} // cap 1: keyWanted is news; once is enough
	size      atomic.Int64  // of what was sent last: width<<32 | height, pixels

	// Of the capture's goroutine.
	encoding    encoding
	pace        pace
	kept        *image.YCbCr       // the last picture of a screen, as it is to be sent
	repeats     int                // how often kept may be sent again to be seen as it is: it was left out, or is blurred
	decoder     media.VideoDecoder // for the preview of encoded frames
	primed      bool               // the decoder got a key frame
	lastPreview time.Duration
	lastPicture time.Duration // when a picture came, or the one before was taken again
	lastKey     time.Duration // when a key frame was last made, or asked of the source
	failed      string        // last error logged, so that a broken encoder does not flood the log
}

// NewVideoCapture starts to read from src, which it closes at its end.
func NewVideoCapture(src media.VideoSource, cfg CaptureConfig) *VideoCapture {
	if cfg.Log == nil {
		cfg.Log = slog.Default()
	}
	c := newVideoCapture(src, cfg)
	go c.run()
	return c
}

func newVideoCapture(src media.VideoSource, cfg CaptureConfig) *VideoCapture {
	c := &VideoCapture{
		cfg: cfg, src: src, wake: make(chan struct{}, 1), lastKey: longAgo, lastPreview: longAgo, pace: pace{longAgo},
		encoding: encoding{codecs: cfg.Codecs, screen: cfg.Screen, bitrate: cfg.Bitrate},
	}
	c.done = make(chan struct{})
	c.SetLargest(cfg.Largest)
	return c
}

// SetLargest bounds the published picture (N-32): larger ones are scaled down with their aspect kept, and frames beyond the rate are
// left out. A zero field is no bound. It takes effect with the next frame, which is a key frame and so not sooner after another one than
// receivers could ask for it; the preview is not touched. Encoded sources are sent as they are.
func (c *VideoCapture) SetLargest(f media.VideoFormat) { c.largest.Store(&f) }

// Preview puts the own picture on a display, or off it when d is nil.
func (c *VideoCapture) Preview(d *media.Display) { c.preview.set(d) }

// Close ends the capture, closes the source and waits. Close twice is fine.
func (c *VideoCapture) Close() error {
	c.closing.Store(true)
	err := c.close(c.src)
	<-c.done
	return err
}

func (*VideoCapture) feedKind() media.Kind { return media.Video }
func (*VideoCapture) expectLoss(int)       {}

func (c *VideoCapture) requestKeyFrame() {
	c.keyWanted.Store(true)
	select {
	case c.wake <- struct{}{}:
	default:
	}
}

func (c *VideoCapture) describe(s *SendStats, now time.Duration) {
	size := c.size.Load()
	s.Width, s.Height = int(size>>32), int(size&0xffffffff)
	s.Bitrate = int(c.encoding.target.Load())
	s.EncodeMS = c.encoding.took.meanMS(now)
}

// run handles what the source gives, and between two pictures of a screen what receivers ask for.
func (c *VideoCapture) run() {
	defer close(c.done)
	defer c.closeCodecs()
	frames, taken := make(chan media.VideoFrame), make(chan struct{}) // no buffers: a frame is valid until the next is read
	var lost error                                                    // read after frames is closed
	go func() {
		defer close(frames)
		defer c.close(c.src)
		for {
			frame, err := c.src.ReadVideo()
			if err != nil {
				lost = err
				return
			}
			frames <- frame
			<-taken
		}
	}()
	still := time.NewTimer(time.Hour)
	defer still.Stop()
	for {
		select {
		case frame, ok := <-frames:
			if !ok {
				c.ended(c.cfg, "video", lost)
				return
			}
			c.report(c.handle(frame))
			taken <- struct{}{}
		case <-c.wake:
		case <-still.C:
		}
		if wait := c.repeatAfter(); wait > 0 {
			still.Reset(wait)
		} else if wait == 0 {
			c.report(c.repeat())
			still.Reset(stillAfter)
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
	if err == nil {
		return
	}
	if text := err.Error(); text != c.failed {
		c.failed = text
		c.cfg.Log.Error("video capture", "err", err)
	}
}

func (c *VideoCapture) closeCodecs() {
	c.encoding.close()
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

// keyAllowed is when the next key frame may be made.
func (c *VideoCapture) keyAllowed() time.Duration {
	if c.cfg.Screen {
		return c.lastKey + screenKeyInterval
	}
	return c.lastKey + keyInterval
}

// wanted tells whether anybody is sent to, and notes whether a key frame is needed for that.
func (c *VideoCapture) wanted() (sending bool) {
	sending, needKey := c.active()
	if needKey {
		c.keyWanted.Store(true)
	}
	return sending
}

func (c *VideoCapture) sendEncoded(frame media.VideoFrame) error {
	sending := c.wanted()
	now := media.Now()
	switch {
	case frame.KeyFrame:
		c.keyWanted.Store(false)
		c.lastKey = now
		if width, height, ok := media.VP8KeyFrame(frame.Encoded); ok {
			c.setSize(image.Pt(width, height))
		}
	case now >= c.keyAllowed() && c.keyWanted.Swap(false):
		c.lastKey = now
		c.src.RequestKeyFrame()
	}
	if sending {
		c.write(frame.Encoded, frame.KeyFrame, frame.At)
	}
	return nil
}

func (c *VideoCapture) setSize(size image.Point) { c.size.Store(int64(size.X)<<32 | int64(size.Y)) }

func (c *VideoCapture) sendImage(frame media.VideoFrame) error {
	sending := c.wanted()
	if !sending && !c.cfg.Screen {
		return nil
	}
	if c.cfg.Codecs == nil {
		return errors.New("peer: a source of raw pictures cannot be published without codecs")
	}
	now := media.Now()
	c.lastPicture = now
	largest := *c.largest.Load()
	due := c.pace.due(frame.At, largest.Rate) || c.keyWanted.Load() && now >= c.keyAllowed()
	if !due && !c.cfg.Screen {
		return nil
	}
	img, err := c.encoding.fit(frame.Image, largest)
	if err != nil {
		return err
	}
	if c.cfg.Screen {
		c.kept, c.repeats = img, maxRepeats
	}
	if !sending || !due {
		return nil
	}
	return c.encode(img, frame.At, now)
}

// encode sends a picture, captured at at.
func (c *VideoCapture) encode(img *image.YCbCr, at, now time.Duration) error {
	allowed := now >= c.keyAllowed()
	conf := c.encoding.config(img.Rect.Size(), c.rate())
	if !c.encoding.ready(conf) {
		c.keyWanted.Store(true)
		if !allowed {
			return nil // a window that is being resized: else each picture of it would be a key frame
		}
	}
	force := allowed && c.keyWanted.Load()
	frame, key, err := c.encoding.encode(conf, img, at, force)
	if err != nil {
		return err
	}
	if key {
		c.lastKey = now
		c.keyWanted.Store(false)
		c.repeats = maxRepeats
	}
	if frame != nil { // else rate control left it out
		if len(frame) < conf.Bitrate/settledShare {
			c.repeats = 0
		}
		c.pace.sent(at, c.largest.Load().Rate)
		c.setSize(img.Rect.Size())
		c.write(frame, key, at)
	}
	return nil
}

// rate is how many pictures a second are to be expected.
func (c *VideoCapture) rate() float64 {
	rate := c.src.Format().Rate
	if rate <= 0 {
		rate = 30
	}
	if most := c.largest.Load().Rate; most > 0 {
		rate = min(rate, most)
	}
	return rate
}

// repeatAfter is after how long the kept picture is to be sent again if no new one comes: because it is not sharp yet, or a
// receiver has nothing to look at. Negative: not at all.
func (c *VideoCapture) repeatAfter() time.Duration {
	if c.kept == nil || !c.wanted() {
		return -1
	}
	due := c.lastPicture + stillAfter
	switch {
	case c.repeats > 0:
		due = max(due, c.pace.next)
	case c.keyWanted.Load():
		due = max(due, c.keyAllowed())
	default:
		return -1
	}
	return max(0, due-media.Now())
}

// repeat sends the kept picture again.
func (c *VideoCapture) repeat() error {
	now := media.Now()
	c.lastPicture = now
	c.repeats = max(0, c.repeats-1)
	return c.encode(c.kept, now, now)
}

func (c *VideoCapture) write(frame []byte, key bool, at time.Duration) {
	for _, p := range c.all() {
		p.writeVideo(c, frame, key, at)
	}
}
