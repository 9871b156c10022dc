package peer

import (
	"errors"
	"fmt"
	"log/slog"
	"sync/atomic"

	"parlor/media"
)

const (
	audioBitrate = 32000 // bit/s of a voice
	defaultLoss  = 5     // percent that Opus is told before a receiver reports: without any it makes no FEC
)

// AudioCapture owns a source of sound: it measures its level and, while somebody publishes it,
// encodes it.
type AudioCapture struct {
	outlets
	lifetime
	cfg   CaptureConfig
	src   media.AudioSource
	meter media.LevelMeter
	loss  atomic.Int32 // percent, as the receiver reports

	// Of the capture's goroutine.
	encoder  media.AudioEncoder
	lossTold int32
	failed   string
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
func (c *AudioCapture) loudness() int      { return c.Level() }

func (c *AudioCapture) expectLoss(percent int) { c.loss.Store(int32(max(percent, defaultLoss))) }

// Level is the loudness of the last 300 ms, 0..100.
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
	defer func() {
		if c.encoder != nil {
			c.encoder.Close()
		}
	}()
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

func (c *AudioCapture) handle(frame media.AudioFrame) error {
	level := frame.Level
	if frame.PCM != nil {
		level = media.AudioLevel(frame.PCM)
	}
	c.meter.Add(level, media.Now())
	packet := frame.Encoded
	if sending, _ := c.active(); sending && frame.PCM != nil {
		var err error
		if packet, err = c.encode(frame.PCM); err != nil {
			return err
		}
	}
	for _, p := range c.all() {
		p.writeAudio(packet, level, frame.At)
	}
	return nil
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
	}
	if loss := c.loss.Load(); loss != c.lossTold {
		if err := c.encoder.SetPacketLoss(int(loss)); err != nil {
			return nil, fmt.Errorf("audio encoder: expect %d %% loss: %w", loss, err)
		}
		c.lossTold = loss
	}
	packet, err := c.encoder.Encode(pcm)
	if err != nil {
		return nil, fmt.Errorf("encode sound: %w", err)
	}
	return packet, nil
}
