package peer

import (
	"fmt"
	"log/slog"
	"sync"
	"sync/atomic"

	"parlor/media"
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

// lifetime is what both captures share: goroutines that read until the source ends.
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
