package clip_test

import (
	"errors"
	"io"
	"slices"
	"testing"
	"testing/synctest"
	"time"

	"github.com/pion/transport/v4/test"

	"parlor/media"
	"parlor/media/clip"
)

// hear reads frames until a channel is closed, and returns them.
func hear(t *testing.T, r media.AudioReader, until <-chan struct{}) []int16 {
	t.Helper()
	var heard []int16
	for !closed(until) {
		pcm := make([]int16, media.FrameSamples)
		r.ReadPCM(pcm)
		heard = append(heard, pcm...)
		if len(heard) > 60*media.SampleRate {
			t.Fatal("it does not end")
		}
	}
	return heard
}

func TestLoopback(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		const d = 3 * time.Second
		l := clip.NewLoopback(clip.TestTone(), d)
		first := make([]int16, media.FrameSamples)
		first[0] = 1
		l.ReadPCM(first)
		if !slices.Equal(first, make([]int16, media.FrameSamples)) {
			t.Error("while it records: got sound want silence")
		}
		start := time.Now()
		time.Sleep(d / 2)
		loudest := 0
		for range 20 { // speech pauses, but not for a second
			time.Sleep(50 * time.Millisecond)
			loudest = max(loudest, l.Level())
		}
		if loudest < 30 {
			t.Errorf("loudness while it records: got %d want that of speech", loudest)
		}
		<-l.Recorded()
		if took := time.Since(start); took < d-100*time.Millisecond || took > d {
			t.Errorf("recorded for %v want %v", took, d)
		}
		if closed(l.Played()) {
			t.Error("played before anybody heard it")
		}
		want := clip.Speech(0, 3*media.SampleRate)
		if heard := hear(t, l, l.Played()); !slices.Equal(heard[:len(want)], want) {
			t.Error("heard something else than was said")
		} else if level := media.AudioLevel(heard[len(want):]); level != media.SilentLevel {
			t.Errorf("loudness of -%d dBov after the end", level)
		}
		if err := errors.Join(l.Err(), l.Close()); err != nil {
			t.Error(err)
		}
	})
}

// brokenMicrophone fails after a few frames.
type brokenMicrophone struct {
	frames  int
	encoded bool
	err     error
	closed  int
}

func (m *brokenMicrophone) ReadAudio() (media.AudioFrame, error) {
	if m.frames--; m.frames < 0 {
		return media.AudioFrame{}, m.err
	}
	if m.encoded {
		return media.AudioFrame{Encoded: opus(0)}, nil
	}
	return media.AudioFrame{PCM: make([]int16, media.FrameSamples)}, nil
}

func (m *brokenMicrophone) Close() error { m.closed++; return nil }

func TestLoopback_Errors(t *testing.T) {
	defer test.CheckRoutines(t)()
	unplugged := errors.New("unplugged")
	for name, mic := range map[string]*brokenMicrophone{
		"unplugged": {frames: 3, err: unplugged},
		"encoded":   {frames: 3, encoded: true},
	} {
		l := clip.NewLoopback(mic, time.Second)
		<-l.Played()
		<-l.Recorded()
		if err := l.Err(); err == nil || mic.err != nil && !errors.Is(err, mic.err) {
			t.Errorf("%s: got error %v", name, err)
		}
		pcm := []int16{1, 2, 3}
		l.ReadPCM(pcm)
		if !slices.Equal(pcm, make([]int16, 3)) {
			t.Errorf("%s: got %v want silence", name, pcm)
		}
		for range 2 {
			if err := l.Close(); err != nil {
				t.Errorf("%s: %v", name, err)
			}
		}
		if mic.closed != 1 {
			t.Errorf("%s: microphone closed %d times", name, mic.closed)
		}
	}
}

// TestLoopback_Close: an early Close ends a recording, however long it was meant to be.
func TestLoopback_Close(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		for _, d := range []time.Duration{time.Second, time.Hour} {
			l := clip.NewLoopback(clip.TestTone(), d)
			synctest.Wait()
			if err := l.Close(); err != nil {
				t.Error(err)
			}
			<-l.Recorded()
			<-l.Played()
			if err := l.Err(); !errors.Is(err, io.EOF) {
				t.Errorf("after an early Close: got %v want EOF", err)
			}
		}
		l := clip.NewLoopback(clip.TestTone(), time.Hour)
		<-l.Recorded() // bounded: virtual time goes on to the bound
		if heard := hear(t, l, l.Played()); len(heard) > 31*media.SampleRate {
			t.Errorf("recorded %d s", len(heard)/media.SampleRate)
		}
		if err := l.Close(); err != nil {
			t.Error(err)
		}
	})
}
