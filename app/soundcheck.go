package app

import (
	"errors"
	"io"
	"log/slog"
	"sync"
	"time"

	"parlor/app/ui"
	"parlor/media"
	"parlor/media/clip"
)

// hearing is how long the recording is in which one hears oneself.
const hearing = 3 * time.Second

// soundCheck opens microphone and speaker outside of any room: for the level on the start page, for hearing oneself and for a
// tone. It implements ui.SoundCheck. One goroutine opens and closes the devices, which may take a second, and always goes by the
// newest wish.
type soundCheck struct {
	devices media.Devices
	tell    func(ui.SoundState)
	log     *slog.Logger
	wake    chan struct{} // cap 1: the wish changed; one more says nothing new
	quit    chan struct{}
	tasks   sync.WaitGroup

	mu    sync.Mutex
	wish  soundWish
	level func() int // of the open microphone, nil: none
	state ui.SoundState
}

// soundWish is what the person wants now. A test is wished once and taken by the goroutine.
type soundWish struct {
	listen     bool
	microphone string
	test       soundTest
	testMic    string
	speaker    string
	serial     int // rises with each wish
}

type soundTest uint8

const (
	testNone soundTest = iota
	testHear
	testChime
)

// newSoundCheck returns one that notes wishes, for start to fulfil.
func newSoundCheck(devices media.Devices, log *slog.Logger) *soundCheck {
	return &soundCheck{devices: devices, log: log, wake: make(chan struct{}, 1), quit: make(chan struct{})}
}

// start begins; close ends it. tell is called on its goroutine.
func (c *soundCheck) start(tell func(ui.SoundState)) {
	c.tell = tell
	c.tasks.Go(c.run)
}

// Listen implements ui.SoundCheck.
func (c *soundCheck) Listen(on bool, microphone string) {
	c.change(func(w *soundWish) { w.listen, w.microphone = on, microphone })
}

// Hear implements ui.SoundCheck.
func (c *soundCheck) Hear(microphone, speaker string) {
	c.change(func(w *soundWish) { w.test, w.testMic, w.speaker = testHear, microphone, speaker })
}

// Chime implements ui.SoundCheck.
func (c *soundCheck) Chime(speaker string) {
	c.change(func(w *soundWish) { w.test, w.speaker = testChime, speaker })
}

// Stop implements ui.SoundCheck.
func (c *soundCheck) Stop() {
	c.mu.Lock()
	running := c.state.Test != ui.SoundQuiet
	c.mu.Unlock()
	if running {
		c.change(func(w *soundWish) { w.test = testNone; w.serial++ })
	}
}

// Level implements ui.SoundCheck.
func (c *soundCheck) Level() int {
	c.mu.Lock()
	level := c.level
	c.mu.Unlock()
	if level == nil {
		return 0
	}
	return level()
}

// change changes the wish, and wakes the goroutine when that says something new.
func (c *soundCheck) change(f func(*soundWish)) {
	c.mu.Lock()
	before := c.wish
	f(&c.wish)
	changed := c.wish != before
	if changed {
		c.wish.serial++
	}
	c.mu.Unlock()
	if changed {
		select {
		case c.wake <- struct{}{}:
		default:
		}
	}
}

// take returns the wish; its test is taken out.
func (c *soundCheck) take() soundWish {
	c.mu.Lock()
	defer c.mu.Unlock()
	w := c.wish
	c.wish.test = testNone
	return w
}

// close ends everything and waits.
func (c *soundCheck) close() {
	close(c.quit)
	c.tasks.Wait()
}

// report notes what goes on and tells it.
func (c *soundCheck) report(change func(*ui.SoundState)) {
	c.mu.Lock()
	change(&c.state)
	state := c.state
	c.mu.Unlock()
	c.tell(state)
}

// outdated tells whether the wish is no longer the one that was taken.
func (c *soundCheck) outdated(taken soundWish) bool {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.wish.serial != taken.serial
}

func (c *soundCheck) setLevel(level func() int) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.level = level
}

// run is the goroutine.
func (c *soundCheck) run() {
	var open *listener
	var refused *string // the microphone that failed last: it is not tried again by itself
	shut := func() {
		if open != nil {
			c.setLevel(nil)
			open.close()
			open = nil
			c.report(func(s *ui.SoundState) { s.Listening = false })
		}
	}
	defer shut()
	for {
		w := c.take()
		if open != nil && (!w.listen || w.microphone != open.name || w.test == testHear) {
			shut()
		}
		if w.test != testNone {
			refused = nil
			if !c.try(w) {
				return
			}
			continue
		}
		if !w.listen {
			refused = nil
		}
		if w.listen && open == nil && (refused == nil || *refused != w.microphone) {
			src, err := c.devices.OpenMicrophone(w.microphone)
			c.report(func(s *ui.SoundState) { s.Listening, s.Err = err == nil, err })
			if err != nil {
				c.log.Warn("the microphone does not open", "name", w.microphone, "error", err)
				refused = &w.microphone
			} else {
				open = listen(w.microphone, src)
				c.setLevel(open.level)
			}
		}
		var lost <-chan struct{}
		if open != nil {
			lost = open.done
		}
		select {
		case <-c.quit:
			return
		case <-c.wake:
		case <-lost:
			err, name := open.err, open.name
			shut()
			refused = &name
			c.report(func(s *ui.SoundState) { s.Err = err })
		}
	}
}

// try runs a test until it is over or somebody wishes something else. It reports false at the end of the program.
func (c *soundCheck) try(w soundWish) bool {
	var err error
	alive := true
	if w.test == testChime {
		chime := clip.Chime()
		c.report(func(s *ui.SoundState) { s.Test, s.Err = ui.SoundChiming, nil })
		alive, err = c.play(w, chime, chime.Done(), nil)
	} else {
		alive, err = c.hear(w)
	}
	if err != nil {
		c.log.Warn("a test of the sound failed", "error", err)
	}
	c.report(func(s *ui.SoundState) { s.Test, s.Err = ui.SoundQuiet, err })
	return alive
}

// hear records a microphone and plays what it recorded.
func (c *soundCheck) hear(w soundWish) (alive bool, err error) {
	src, err := c.devices.OpenMicrophone(w.testMic)
	if err != nil {
		return true, err
	}
	l := clip.NewLoopback(src, hearing)
	c.setLevel(l.Level)
	c.report(func(s *ui.SoundState) { s.Test, s.Err = ui.SoundRecording, nil })
	alive, err = c.play(w, l, l.Played(), l.Recorded())
	c.setLevel(nil)
	if closeErr := l.Close(); err == nil {
		err = closeErr
	}
	if failed := l.Err(); err == nil && failed != nil && !errors.Is(failed, io.EOF) {
		err = failed
	}
	return alive, err
}

// play lets a speaker read until done, until somebody wishes something else, or until the speaker is lost. When turned is closed
// the recording is over.
func (c *soundCheck) play(w soundWish, from media.AudioReader, done, turned <-chan struct{}) (alive bool, err error) {
	lost := make(chan error, 1) // lost is called once
	speaker, err := c.devices.OpenSpeaker(w.speaker, from, func(err error) { lost <- err })
	if err != nil {
		return true, err
	}
	defer func() { err = errors.Join(err, speaker.Close()) }()
	for {
		select {
		case <-done:
			return true, nil
		case <-turned:
			turned = nil
			c.report(func(s *ui.SoundState) { s.Test = ui.SoundReplaying })
		case err := <-lost:
			return true, err
		case <-c.wake:
			if c.outdated(w) { // else it was woken for what it does already
				return true, nil
			}
		case <-c.quit:
			return false, nil
		}
	}
}

// listener reads a microphone for its level.
type listener struct {
	name  string
	src   media.AudioSource
	began time.Time
	meter media.LevelMeter
	done  chan struct{} // closed with err when the microphone is gone or closed
	err   error
}

func listen(name string, src media.AudioSource) *listener {
	l := &listener{name: name, src: src, began: time.Now(), done: make(chan struct{})}
	go l.run()
	return l
}

func (l *listener) run() {
	defer close(l.done)
	for {
		frame, err := l.src.ReadAudio()
		if err != nil {
			l.err = err
			return
		}
		level := frame.Level
		if frame.PCM != nil {
			level = media.AudioLevel(frame.PCM)
		}
		l.meter.Add(level, time.Since(l.began))
	}
}

func (l *listener) level() int { return l.meter.Level(time.Since(l.began)) }

func (l *listener) close() {
	l.src.Close()
	<-l.done
}
