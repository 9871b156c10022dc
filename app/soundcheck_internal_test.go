package app

import (
	"errors"
	"log/slog"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"

	"parlor/app/ui"
	"parlor/media"
	"parlor/media/mediatest"
)

// checkSound runs a test in a bubble, where time costs nothing, with a soundCheck on devices of tests.
func checkSound(t *testing.T, f func(c *soundCheck, devices *mediatest.Devices, told func() []ui.SoundState)) {
	t.Helper()
	synctest.Test(t, func(t *testing.T) {
		devices := mediatest.NewDevices()
		var mu sync.Mutex
		var states []ui.SoundState
		c := newSoundCheck(devices, slog.New(slog.DiscardHandler))
		c.start(func(s ui.SoundState) {
			mu.Lock()
			defer mu.Unlock()
			states = append(states, s)
		})
		f(c, devices, func() []ui.SoundState {
			synctest.Wait()
			mu.Lock()
			defer mu.Unlock()
			got := states
			states = nil
			return got
		})
		c.close()
		if n := devices.OpenCount(); n != 0 {
			t.Errorf("%d devices are left open", n)
		}
	})
}

var sameStates = cmp.Comparer(func(a, b error) bool { return errors.Is(a, b) || errors.Is(b, a) })

func TestSoundCheck_Listen(t *testing.T) {
	checkSound(t, func(c *soundCheck, devices *mediatest.Devices, told func() []ui.SoundState) {
		want := func(what string, list ...ui.SoundState) {
			t.Helper()
			if diff := cmp.Diff(list, told(), sameStates); diff != "" {
				t.Errorf("%s (-want +got):\n%s", what, diff)
			}
		}
		want("at first")
		c.Listen(true, "")
		want("listening", ui.SoundState{Listening: true})
		time.Sleep(time.Second)
		if got := c.Level(); got < 50 {
			t.Errorf("a loud tone has level %d", got)
		}
		c.Listen(true, "")
		want("the same wish")
		c.Listen(true, "tone")
		want("another microphone", ui.SoundState{}, ui.SoundState{Listening: true})
		gone := errors.New("the cable was pulled")
		devices.Unplug(gone)
		want("lost", ui.SoundState{}, ui.SoundState{Err: gone})
		if got := c.Level(); got != 0 {
			t.Errorf("without a microphone the level is %d", got)
		}
		c.Listen(false, "tone")
		want("nobody wants it")
		c.Listen(true, "tone")
		want("refused", ui.SoundState{Err: gone})
		devices.Replug()
		want("it is not tried again by itself")
		c.Listen(true, "")
		want("tried again by a person", ui.SoundState{Listening: true})
	})
}

func TestSoundCheck_Hear(t *testing.T) {
	checkSound(t, func(c *soundCheck, devices *mediatest.Devices, told func() []ui.SoundState) {
		c.Listen(true, "")
		told()
		c.Hear("", "")
		if diff := cmp.Diff([]ui.SoundState{{}, {Test: ui.SoundRecording}}, told()); diff != "" {
			t.Errorf("while recording (-want +got):\n%s", diff)
		}
		time.Sleep(time.Second)
		if got := c.Level(); got < 50 {
			t.Errorf("while recording a loud tone the level is %d", got)
		}
		time.Sleep(hearing)
		if diff := cmp.Diff([]ui.SoundState{{Test: ui.SoundReplaying}}, told()); diff != "" {
			t.Errorf("after the recording (-want +got):\n%s", diff)
		}
		time.Sleep(2 * hearing)
		if diff := cmp.Diff([]ui.SoundState{{}, {Listening: true}}, told()); diff != "" {
			t.Errorf("afterwards (-want +got):\n%s", diff)
		}
		loud := 0
		for _, s := range devices.Played() {
			if s > 8000 {
				loud++
			}
		}
		if loud < media.SampleRate/2 {
			t.Errorf("only %d loud samples were heard", loud)
		}
	})
}

func TestSoundCheck_ChimeAndStop(t *testing.T) {
	checkSound(t, func(c *soundCheck, devices *mediatest.Devices, told func() []ui.SoundState) {
		c.Listen(true, "")
		c.Chime("")
		synctest.Wait()
		if got := told(); len(got) == 0 || got[len(got)-1].Test != ui.SoundChiming {
			t.Fatalf("the chime does not begin: %+v", got)
		}
		time.Sleep(2 * time.Second)
		if got := told(); len(got) == 0 || got[len(got)-1].Test != ui.SoundQuiet {
			t.Errorf("the chime does not end: %+v", got)
		}
		c.Stop() // nothing runs
		c.Chime("")
		told()
		c.Stop()
		if got := told(); len(got) == 0 || got[len(got)-1].Test != ui.SoundQuiet {
			t.Errorf("Stop does not end it: %+v", got)
		}
		c.Hear("", "no such speaker")
		if got := told(); len(got) == 0 || got[len(got)-1].Err == nil && got[len(got)-2].Err == nil {
			t.Errorf("a missing speaker is not told: %+v", got)
		}
		c.Hear("no such microphone", "")
		told()
		c.Hear("", "")
		told()
		// The program ends in the middle: close waits for everything.
	})
}
