package device

import (
	"errors"
	"fmt"
	"io"
	"sync"
	"sync/atomic"
	"time"

	"github.com/gen2brain/malgo"

	"parlor/media"
)

// microphoneFrames is how many frames wait for a reader: 200 ms, which is longer than a
// goroutine of a busy machine is kept waiting. When they are full the oldest is dropped and counted:
// sound that old would only be delay.
const microphoneFrames = 10

// silenceWait is how long a microphone may give nothing before it counts as dead; a living one gives
// silence. miniaudio itself does not notice the death of PulseAudio.
const silenceWait = 3 * time.Second

// A driver that is kept waiting calls late, and then again and again until it has caught up; sound
// that was lost makes all later calls late. Frames later than captureLimit are a gap when
// gapFrames in a row are.
const (
	captureLimit = 60 * time.Millisecond
	gapFrames    = 10
)

// microphone cuts what the driver calls with into frames of 20 ms.
type microphone struct {
	stream  *stream
	name    string
	dropped *atomic.Uint64
	once    sync.Once
	done    chan struct{} // closed by Close
	alive   *time.Timer   // for the caller of ReadAudio

	// wake has room for one token: the one reader looks at the ring until it is empty.
	wake chan struct{}

	// mu is held for a copy of a frame at most, so that the driver's thread does not wait for
	// longer than that.
	mu     sync.Mutex
	ring   [microphoneFrames]capturedFrame
	first  int           // oldest frame in ring
	count  int           // frames in ring
	part   capturedFrame // being filled
	filled int           // samples in part
	next   time.Duration // when the next frame should begin, 0 at the start
	late   int           // frames in a row later than captureLimit

	out capturedFrame // with the caller of ReadAudio
}

type capturedFrame struct {
	pcm [media.FrameSamples]int16
	at  time.Duration
}

func newMicrophone(name string, dropped *atomic.Uint64) *microphone {
	return &microphone{
		name:    name,
		dropped: dropped,
		done:    make(chan struct{}),
		alive:   time.NewTimer(silenceWait),
		wake:    make(chan struct{}, 1),
	}
}

func (s *Set) openMicrophone(name string) (media.AudioSource, error) {
	m := newMicrophone(name, &s.lostSound)
	st, err := s.openStream(malgo.Capture, name, func(pcm []int16) { m.capture(pcm, media.Now()) })
	switch {
	case errors.Is(err, ErrNoDevice) && name == "":
		return nil, fmt.Errorf("device: no microphone found: %w", err)
	case errors.Is(err, ErrNoDevice):
		return nil, fmt.Errorf("device: no microphone %q: %w", name, err)
	case err != nil:
		return nil, fmt.Errorf("device: open microphone %q: %w", name, err)
	}
	m.stream = st
	s.log.Debug("microphone open", "microphone", st.name)
	return m, nil
}

// capture takes samples of which the last was captured at end. It runs on the driver's thread.
func (m *microphone) capture(pcm []int16, end time.Duration) {
	m.mu.Lock()
	for len(pcm) > 0 {
		if m.filled == 0 {
			m.part.at = m.timestamp(end - time.Duration(len(pcm))*time.Second/media.SampleRate)
		}
		n := copy(m.part.pcm[m.filled:], pcm)
		pcm = pcm[n:]
		m.filled += n
		if m.filled < media.FrameSamples {
			break
		}
		m.filled = 0
		if m.count == microphoneFrames {
			m.first = (m.first + 1) % microphoneFrames
			m.count--
			m.dropped.Add(1)
		}
		m.ring[(m.first+m.count)%microphoneFrames] = m.part
		m.count++
	}
	m.mu.Unlock()
	select {
	case m.wake <- struct{}{}:
	default:
	}
}

// timestamp returns when a frame began that seems to begin at seen. The sound card counts samples
// more evenly than the driver calls, so frames follow each other after 20 ms, corrected slowly as
// the clocks differ. A call can be late but not early: what is earlier than expected
// is believed sooner. Time never runs backwards.
func (m *microphone) timestamp(seen time.Duration) time.Duration {
	at := m.next
	off := seen - at
	if off > captureLimit {
		m.late++
	} else {
		m.late = 0
	}
	switch {
	case m.next == 0 || m.late == gapFrames:
		at, m.late = seen, 0
	case off < 0:
		at += max(off/8, -media.FrameLength/2)
	case m.late == 0:
		at += off / 64
	}
	m.next = at + media.FrameLength
	return at
}

// ReadAudio implements media.AudioSource.
func (m *microphone) ReadAudio() (media.AudioFrame, error) {
	m.alive.Reset(silenceWait)
	for {
		select {
		case <-m.done:
			return media.AudioFrame{}, io.EOF
		default:
		}
		m.mu.Lock()
		ok := m.count > 0
		if ok {
			m.out = m.ring[m.first]
			m.first = (m.first + 1) % microphoneFrames
			m.count--
		}
		m.mu.Unlock()
		if ok {
			return media.AudioFrame{PCM: m.out.pcm[:], At: m.out.at}, nil
		}
		select {
		case <-m.wake:
		case <-m.done:
		case <-m.stream.stopped:
			return media.AudioFrame{}, fmt.Errorf("device: microphone %q stopped", m.name)
		case <-m.alive.C:
			return media.AudioFrame{}, fmt.Errorf("device: microphone %q gives nothing", m.name)
		}
	}
}

// Close implements media.AudioSource. A ReadAudio that waits returns at once.
func (m *microphone) Close() error {
	m.once.Do(func() {
		close(m.done)
		m.stream.close()
		m.alive.Stop()
	})
	return nil
}
