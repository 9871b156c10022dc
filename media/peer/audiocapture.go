package peer

import (
	"errors"
	"fmt"
	"log/slog"
	"sync"
	"sync/atomic"
	"time"

	"parlor/media"
)

const (
	audioBitrate = 32000 // bit/s of a voice
	defaultLoss  = 5     // percent that Opus is told before a receiver reports: without any it makes no FEC
)

// AudioCapture owns a source of sound: it takes noise out of it, measures its level and, while somebody publishes it,
// encodes it.
type AudioCapture struct {
	outlets
	lifetime
	cfg   CaptureConfig
	src   media.AudioSource
	meter media.LevelMeter
	loss  atomic.Int32 // percent, as the receiver reports
	noise noiseWish

	took   workTime
	target atomic.Int64 // bit/s of the encoder, 0: none

	// Of the capture's goroutine.
	suppressor media.NoiseSuppressor // nil: none
	clean      [media.FrameSamples]int16
	encoder    media.AudioEncoder
	lossTold   int32
	failed     string
}

// noiseWish hands a noise suppressor over to the capture's goroutine.
type noiseWish struct {
	mu     sync.Mutex
	next   media.NoiseSuppressor // nil: none
	fresh  bool                  // next was not taken yet
	closed bool
}

// set replaces what was not taken yet.
func (n *noiseWish) set(next media.NoiseSuppressor, closed bool) {
	n.mu.Lock()
	defer n.mu.Unlock()
	if n.fresh && n.next != nil {
		n.next.Close()
	}
	n.closed = n.closed || closed
	if n.closed && next != nil {
		next.Close()
		next = nil
	}
	n.next, n.fresh = next, true
}

// take returns what was set since the last take.
func (n *noiseWish) take() (next media.NoiseSuppressor, fresh bool) {
	n.mu.Lock()
	defer n.mu.Unlock()
	next, fresh = n.next, n.fresh
	n.next, n.fresh = nil, false
	return next, fresh
}

// NewAudioCapture starts to read from src, which it closes at its end.
func NewAudioCapture(src media.AudioSource, cfg CaptureConfig) *AudioCapture {
	if cfg.Log == nil {
		cfg.Log = slog.Default()
	}
	if cfg.Bitrate <= 0 {
		cfg.Bitrate = audioBitrate
	}
	c := &AudioCapture{cfg: cfg, src: src}
	c.loss.Store(defaultLoss)
	c.done = make(chan struct{})
	go c.run()
	return c
}

func (*AudioCapture) feedKind() media.Kind { return media.Audio }
func (*AudioCapture) requestKeyFrame()     {}

func (c *AudioCapture) describe(s *SendStats, now time.Duration) {
	s.Level, s.Bitrate, s.EncodeMS = c.meter.Level(now), int(c.target.Load()), c.took.meanMS(now)
}

func (c *AudioCapture) expectLoss(percent int) { c.loss.Store(int32(max(percent, defaultLoss))) }

// SetNoise sets the noise suppression (N-33) from the next frame on; an unknown level is an error and changes nothing.
// Encoded sources are sent as they are.
func (c *AudioCapture) SetNoise(level media.NoiseLevel) error {
	var next media.NoiseSuppressor
	if c.cfg.Codecs != nil {
		var err error
		if next, err = c.cfg.Codecs.NewNoiseSuppressor(level); err != nil {
			return fmt.Errorf("peer: noise suppression %q: %w", level, err)
		}
	} else if level != media.NoiseDisable {
		return fmt.Errorf("peer: noise suppression %q needs codecs", level)
	}
	c.noise.set(next, false)
	return nil
}

// Level is the loudness of the last 300 ms, 0..100, after noise suppression, published or not.
func (c *AudioCapture) Level() int { return c.meter.Level(media.Now()) }

// Close ends the capture, closes the source and waits. Close twice is fine.
func (c *AudioCapture) Close() error {
	c.closing.Store(true)
	err := c.close(c.src)
	<-c.done
	return err
}

func (c *AudioCapture) run() {
	defer close(c.done)
	defer c.closeCodecs()
	defer c.close(c.src)
	for {
		frame, err := c.src.ReadAudio()
		if err != nil {
			c.ended(c.cfg, "audio", err)
			return
		}
		if err := c.handle(frame); err != nil && err.Error() != c.failed {
			c.failed = err.Error()
			c.cfg.Log.Error("audio capture", "err", err)
		}
	}
}

func (c *AudioCapture) closeCodecs() {
	c.noise.set(nil, true)
	if c.suppressor != nil {
		c.suppressor.Close()
	}
	if c.encoder != nil {
		c.encoder.Close()
	}
}

func (c *AudioCapture) handle(frame media.AudioFrame) error {
	level, pcm := frame.Level, frame.PCM
	if pcm != nil {
		pcm = c.suppress(pcm)
		level = media.AudioLevel(pcm)
	}
	c.meter.Add(level, media.Now())
	packet := frame.Encoded
	if sending, _ := c.active(); sending && pcm != nil {
		var err error
		if packet, err = c.encode(pcm); err != nil {
			return err
		}
	}
	for _, p := range c.all() {
		p.writeAudio(c, packet, level, frame.At)
	}
	return nil
}

// suppress returns pcm without noise, in memory of the capture: the source's is only lent.
func (c *AudioCapture) suppress(pcm []int16) []int16 {
	if next, fresh := c.noise.take(); fresh {
		if c.suppressor != nil {
			c.suppressor.Close()
		}
		c.suppressor = next
	}
	if c.suppressor == nil {
		return pcm
	}
	clean := c.clean[:copy(c.clean[:], pcm)]
	c.suppressor.Process(clean)
	return clean
}

func (c *AudioCapture) encode(pcm []int16) ([]byte, error) {
	if c.cfg.Codecs == nil {
		return nil, errors.New("peer: a source of raw sound cannot be published without codecs")
	}
	if c.encoder == nil {
		encoder, err := c.cfg.Codecs.NewAudioEncoder(c.cfg.Bitrate)
		if err != nil {
			return nil, fmt.Errorf("audio encoder: %w", err)
		}
		c.encoder, c.lossTold = encoder, 0
		c.target.Store(int64(c.cfg.Bitrate))
	}
	if loss := c.loss.Load(); loss != c.lossTold {
		if err := c.encoder.SetPacketLoss(int(loss)); err != nil {
			return nil, fmt.Errorf("audio encoder: expect %d %% loss: %w", loss, err)
		}
		c.lossTold = loss
	}
	began := media.Now()
	packet, err := c.encoder.Encode(pcm)
	if err != nil {
		return nil, fmt.Errorf("encode sound: %w", err)
	}
	ended := media.Now()
	c.took.add(ended, ended-began)
	return packet, nil
}
