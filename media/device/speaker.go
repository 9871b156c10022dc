package device

import (
	"errors"
	"fmt"
	"io"
	"log/slog"
	"sync"
	"time"

	"github.com/gen2brain/malgo"

	"parlor/media"
	"parlor/media/clip"
)

// watchInterval is how often a speaker is asked whether it still plays; speakerStall is after how
// many such intervals without asking for sound it counts as dead. They are counted, because a
// computer that sleeps has no time.
const (
	watchInterval = 250 * time.Millisecond
	speakerStall  = 12
)

// output is an open device that plays what it pulls from a speaker.
type output interface {
	// failure is why the device does not play any more, nil while it does.
	failure() error
	// close stops the device; it returns within a second or two.
	close()
}

// speaker stands between a source of sound and a device, so that the source has one reader at a
// time: the device, after its death a silent sink, after Close nobody.
type speaker struct {
	log  *slog.Logger
	lost func(error)

	once  sync.Once
	done  chan struct{} // closed by Close
	ended chan struct{} // closed when watch is over

	// mu is held while src is asked. Somebody else holds it only when the device changes.
	mu     sync.Mutex
	src    media.AudioReader
	device bool // the device may ask src
	closed bool
	frame  [media.FrameSamples]int16
	rest   []int16 // of frame, not played yet
	pulls  uint64
	silent io.Closer // after the death of the device
}

func newSpeaker(log *slog.Logger, src media.AudioReader, lost func(error)) *speaker {
	return &speaker{
		log: log, lost: lost, src: src, device: true,
		done: make(chan struct{}), ended: make(chan struct{}),
	}
}

// pull fills pcm for the device. A device asks for as much as it likes, the source is asked for whole
// frames.
func (sp *speaker) pull(pcm []int16) {
	sp.mu.Lock()
	defer sp.mu.Unlock()
	sp.pulls++
	for len(pcm) > 0 {
		if !sp.device {
			clear(pcm)
			return
		}
		if len(sp.rest) == 0 {
			sp.src.ReadPCM(sp.frame[:])
			sp.rest = sp.frame[:]
		}
		n := copy(pcm, sp.rest)
		pcm, sp.rest = pcm[n:], sp.rest[n:]
	}
}

func (s *Set) openSpeaker(name string, src media.AudioReader, lost func(error)) (io.Closer, error) {
	sp := newSpeaker(s.log, src, lost)
	if name != "" {
		out, err := s.openMiniaudio(name, sp)
		switch {
		case errors.Is(err, ErrNoDevice):
			return nil, fmt.Errorf("device: no speaker %q: %w", name, err)
		case err != nil:
			return nil, fmt.Errorf("device: open speaker %q: %w", name, err)
		}
		go sp.watch(out)
		return sp, nil
	}
	// oto plays on the default device. Once its context has failed it is of no use any more in
	// this process, but the sound system may be back.
	var out output
	out, err := s.openOto(sp)
	if err != nil {
		s.log.Debug("oto does not play", "err", err)
		var again error
		if out, again = s.openMiniaudio("", sp); again != nil {
			sp.device = false
			close(sp.ended)
			sp.fail(fmt.Errorf("device: no speaker found: %w (%w)", again, err))
			return sp, nil
		}
	}
	go sp.watch(out)
	return sp, nil
}

// watch waits for the end of the device or for Close. It owns the device.
func (sp *speaker) watch(out output) {
	defer close(sp.ended)
	ticker := time.NewTicker(watchInterval)
	defer ticker.Stop()
	var pulls uint64
	still := 0
	for {
		select {
		case <-sp.done:
			out.close()
			return
		case <-ticker.C:
		}
		err := out.failure()
		sp.mu.Lock()
		if sp.pulls != pulls {
			still = 0
		} else if still++; still >= speakerStall && err == nil {
			err = errors.New("it does not ask for sound any more")
		}
		pulls = sp.pulls
		sp.mu.Unlock()
		if err != nil {
			sp.fail(fmt.Errorf("device: speaker is gone: %w", err))
			out.close()
			return
		}
	}
}

// fail makes the speaker silent, with the source going on at its pace, and says so.
func (sp *speaker) fail(err error) {
	sp.mu.Lock()
	defer sp.mu.Unlock()
	if sp.closed {
		return
	}
	sp.device = false
	sp.silent = clip.Silence(sp.src)
	sp.log.Warn("speaker is silent", "err", err)
	if sp.lost != nil {
		// Close does not wait for this goroutine, because lost may be what calls Close.
		go sp.lost(err)
	}
}

// Close stops to pull from the source and returns when the device is closed.
func (sp *speaker) Close() error {
	var err error
	sp.once.Do(func() {
		sp.mu.Lock()
		sp.device, sp.closed = false, true
		silent := sp.silent
		sp.mu.Unlock()
		close(sp.done)
		if silent != nil {
			err = silent.Close()
		}
		<-sp.ended
	})
	return err
}

// miniaudioOutput is a device that the user picked.
type miniaudioOutput struct{ *stream }

func (s *Set) openMiniaudio(name string, sp *speaker) (output, error) {
	st, err := s.openStream(malgo.Playback, name, sp.pull)
	if err != nil {
		return nil, err
	}
	s.log.Debug("speaker open", "by", "miniaudio", "speaker", st.name)
	return miniaudioOutput{st}, nil
}

func (o miniaudioOutput) failure() error {
	select {
	case <-o.stopped:
		return errors.New("the device stopped")
	default:
		return nil
	}
}
