package clip

import (
	"io"
	"math"
	"sync"
	"time"

	"parlor/media"
)

// sink pulls 20 ms at a time from a reader, at the pace of a sound card.
type sink struct {
	*pacer
	wg     sync.WaitGroup
	finish func() error // called once by Close, when nothing is pulled any more
}

// newSink starts to pull; take gets what was pulled and may be nil.
func newSink(src media.AudioReader, take func(pcm []int16), finish func() error) *sink {
	s := &sink{pacer: newPacer(), finish: finish}
	s.wg.Go(func() {
		var pcm [media.FrameSamples]int16
		for n := range int64(math.MaxInt64) {
			if _, err := s.wait(time.Duration(n)*media.FrameLength, audioSlack); err != nil {
				return
			}
			src.ReadPCM(pcm[:])
			if take != nil {
				take(pcm[:])
			}
		}
	})
	return s
}

// Close ends the pulling and waits for its end.
func (s *sink) Close() error {
	first := s.close()
	s.wg.Wait()
	if first && s.finish != nil {
		return s.finish()
	}
	return nil
}

// Silence is a speaker that nobody hears: it pulls 20 ms at a time from src until it is
// closed. Close waits for its goroutine.
func Silence(src media.AudioReader) io.Closer { return newSink(src, nil, nil) }

// Tap is Silence which shows what it pulled to take, on its own goroutine; the samples are valid
// until take returns.
func Tap(src media.AudioReader, take func(pcm []int16)) io.Closer { return newSink(src, take, nil) }
