package clip

import (
	"errors"
	"sync"
	"time"

	"parlor/media"
)

// maxLoopback bounds what a Loopback records: 3 MB.
const maxLoopback = 30 * time.Second

// Loopback lets people hear themselves: it records the beginning of a source and then plays it. As a
// media.AudioReader it is silent before and after.
type Loopback struct {
	src      media.AudioSource
	recorded chan struct{} // closed when the recording is over, with its goroutine
	played   chan struct{} // closed when there is no more to hear
	once     sync.Once
	closeErr error

	mu       sync.Mutex
	playback *Playback     // nil until the recording is over
	length   time.Duration // recorded so far
	meter    media.LevelMeter
	err      error
}

// NewLoopback records d (at most 30 s) of a microphone, which it owns and closes when it has them. The caller lets a speaker
// read from the Loopback, and closes both when Played says so.
func NewLoopback(src media.AudioSource, d time.Duration) *Loopback {
	l := &Loopback{src: src, recorded: make(chan struct{}), played: make(chan struct{})}
	go l.record(int(min(max(d, media.FrameLength), maxLoopback) / media.FrameLength))
	return l
}

// record runs on the loopback's own goroutine until it has the frames or the source ends.
func (l *Loopback) record(frames int) {
	defer close(l.recorded)
	pcm := make([]int16, 0, frames*media.FrameSamples)
	var err error
	for range frames {
		var frame media.AudioFrame
		if frame, err = l.src.ReadAudio(); err != nil {
			break
		}
		if frame.PCM == nil {
			err = errors.New("clip: a source of encoded sound cannot be played")
			break
		}
		pcm = append(pcm, frame.PCM...)
		l.measure(frame.PCM)
	}
	if closeErr := l.closeSource(); err == nil {
		err = closeErr
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.err = err; err != nil {
		close(l.played)
		return
	}
	l.playback = &Playback{pcm: pcm, tail: playbackTail, done: l.played}
}

// measure keeps the loudness, on the clock of the recording.
func (l *Loopback) measure(pcm []int16) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.meter.Add(media.AudioLevel(pcm), l.length)
	l.length += media.FrameLength
}

func (l *Loopback) closeSource() error {
	l.once.Do(func() { l.closeErr = l.src.Close() })
	return l.closeErr
}

// Recorded is closed when the recording is over and playing begins.
func (l *Loopback) Recorded() <-chan struct{} { return l.recorded }

// Played is closed when everything was heard, or nothing will be: then Err says why.
func (l *Loopback) Played() <-chan struct{} { return l.played }

// Level is how loud the last 300 ms of the recording were, 0..100 for people.
func (l *Loopback) Level() int {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.meter.Level(l.length)
}

// Err returns why the recording failed, nil while it did not. It is io.EOF after an early Close.
func (l *Loopback) Err() error {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.err
}

// ReadPCM implements media.AudioReader.
func (l *Loopback) ReadPCM(pcm []int16) {
	l.mu.Lock()
	playback := l.playback
	l.mu.Unlock()
	if playback == nil {
		clear(pcm)
		return
	}
	playback.ReadPCM(pcm)
}

// Close ends the recording and waits for that. What is played is the speaker's, which the caller closes first.
func (l *Loopback) Close() error {
	err := l.closeSource()
	<-l.recorded
	return err
}
