package ui

import (
	"slices"
	"testing"
	"time"

	"fyne.io/fyne/v2"
	"github.com/google/go-cmp/cmp"

	"parlor/app/room"
	"parlor/media"
)

func TestTalkHint(t *testing.T) {
	const loud, quiet = speakingLevel, speakingLevel - 1
	step := sampleInterval
	for _, tc := range []struct {
		name   string
		levels func(i int) int
		muted  bool
		want   int // hints within a minute
	}{
		{"silence", func(int) int { return quiet }, true, 0},
		{"speech", func(int) int { return loud }, true, 2},
		{"speech with pauses", func(i int) int {
			if i%4 == 0 {
				return quiet
			}
			return loud
		}, true, 2},
		{"a cough now and then", func(i int) int {
			if i%12 < 3 {
				return loud
			}
			return quiet
		}, true, 0},
		{"not muted", func(int) int { return loud }, false, 0},
	} {
		var h talkHint
		hints := 0
		for i := range int(time.Minute / step) {
			if h.add(testTime.Add(time.Duration(i)*step), tc.levels(i), tc.muted) {
				hints++
			}
		}
		if hints != tc.want {
			t.Errorf("%s: %d hints in a minute, want %d", tc.name, hints, tc.want)
		}
		if len(h.readings) > maxReadings {
			t.Errorf("%s: %d readings are kept", tc.name, len(h.readings))
		}
	}
}

// TestTalk_Hint: talking while muted leads to a toast whose button unmutes, in one row each.
func TestTalk_Hint(t *testing.T) {
	h := newHarness(t, nil)
	h.joined("Alice.Zhang")
	speak := func() {
		for range int(talkWindow/sampleInterval) + 2 {
			h.clock = h.clock.Add(sampleInterval)
			h.showSamples(samples{at: h.clock, level: 40})
		}
	}
	speak()
	if s := h.seen(); slices.Contains(s.Texts, "You are muted. Nobody hears you.") {
		t.Error("a hint without being muted")
	}
	rows := h.fresh(func() { h.tap("room.tool.mic") })
	if diff := cmp.Diff([]string{`> changeStreamPublishState {"state":0,"streamType":"audio"}`}, rows); diff != "" {
		t.Errorf("muting (-want +got):\n%s", diff)
	}
	h.answered("changeStreamPublishState", `{"state":0,"streamType":"audio"}`, nil)
	if h.state.live(media.Microphone) || !h.state.mic.open {
		t.Errorf("muted: %+v, %+v", h.state.mic, h.state.audioOut)
	}
	speak()
	if s := h.seen(); !slices.Contains(s.Texts, "You are muted. Nobody hears you.") {
		t.Errorf("no hint: %q", s.Texts)
	}
	rows = h.fresh(func() { h.tap("shell.toast.0") })
	if diff := cmp.Diff([]string{`> changeStreamPublishState {"state":1,"streamType":"audio"}`}, rows); diff != "" {
		t.Errorf("the toast's button (-want +got):\n%s", diff)
	}
}

// held is a harness in a room whose timers the test lets run out.
func held(t *testing.T, mode talkMode) (h *harness, elapse func()) {
	h = newHarness(t, nil)
	h.joined("Alice.Zhang")
	p := h.state.frame.prefs
	p.PushToTalk = mode
	h.prefer(p)
	var due func()
	h.after = func(d time.Duration, f func()) func() {
		if d != talkDelay {
			t.Errorf("a timer of %v", d)
		}
		due = f
		return func() { due = nil }
	}
	return h, func() {
		if f := due; f != nil {
			due = nil
			f()
		}
	}
}

func TestTalk_PushToTalk(t *testing.T) {
	const on, off = `changeStreamPublishState {"state":1,"streamType":"audio"}`, `changeStreamPublishState {"state":0,"streamType":"audio"}`
	muted := func(h *harness) { h.answered("changeStreamPublishState", `{"state":0,"streamType":"audio"}`, nil) }
	for _, tc := range []struct {
		name   string
		mode   talkMode
		before func(*harness)
		do     func(h *harness, elapse func())
		want   []string
	}{
		{"held", talkToTalk, muted, func(h *harness, elapse func()) {
			h.keyDown(fyne.KeySpace)
			elapse()
			h.keyDown(fyne.KeySpace) // the key repeats
			h.keyUp(fyne.KeySpace)
		}, []string{on, off}},
		{"a slip", talkToTalk, muted, func(h *harness, elapse func()) { h.keyDown(fyne.KeySpace); h.keyUp(fyne.KeySpace); elapse() }, nil},
		{"another key", talkToTalk, muted, func(h *harness, elapse func()) { h.keyDown(fyne.KeyA); elapse(); h.keyUp(fyne.KeyA) }, nil},
		{"unmuted already", talkToTalk, nil, func(h *harness, elapse func()) { h.keyDown(fyne.KeySpace); elapse(); h.keyUp(fyne.KeySpace) }, nil},
		{"switched off", talkOff, muted, func(h *harness, elapse func()) { h.keyDown(fyne.KeySpace); elapse(); h.keyUp(fyne.KeySpace) }, nil},
		{"to mute", talkToMute, nil, func(h *harness, elapse func()) { h.keyDown(fyne.KeySpace); elapse(); muted(h); h.keyUp(fyne.KeySpace) }, []string{off, on}},
		{"to mute while muted", talkToMute, muted, func(h *harness, elapse func()) { h.keyDown(fyne.KeySpace); elapse(); h.keyUp(fyne.KeySpace) }, nil},
		{"below a dialog", talkToTalk, muted, func(h *harness, elapse func()) {
			h.openKeys()
			h.keyDown(fyne.KeySpace)
			elapse()
			h.keyUp(fyne.KeySpace)
		}, nil},
		{"the window loses the keyboard", talkToTalk, muted, func(h *harness, elapse func()) {
			h.keyDown(fyne.KeySpace)
			elapse()
			h.keyUp(fyne.KeySpace) // as OnExitedForeground does
			h.keyUp(fyne.KeySpace)
		}, []string{on, off}},
		{"the room ends meanwhile", talkToTalk, muted, func(h *harness, elapse func()) {
			h.keyDown(fyne.KeySpace)
			elapse()
			h.left(nil)
			h.keyUp(fyne.KeySpace)
		}, []string{on}},
	} {
		t.Run(tc.name, func(t *testing.T) {
			h, elapse := held(t, tc.mode)
			if tc.before != nil {
				tc.before(h)
			}
			h.backend.taken()
			tc.do(h, elapse)
			if diff := cmp.Diff(tc.want, h.backend.taken()); diff != "" {
				t.Errorf("calls (-want +got):\n%s", diff)
			}
			if h.state.frame.talking || h.holding != nil {
				t.Error("the key is still held")
			}
		})
	}
}

// TestTalk_ClosedMicrophone: with the microphone closed, talking opens it, as one command.
func TestTalk_ClosedMicrophone(t *testing.T) {
	h, elapse := held(t, talkToTalk)
	h.answered("changeStreamPublishState", `{"state":0,"streamType":"audio"}`, nil)
	h.events(room.CaptureChanged{Source: media.Microphone})
	rows := h.fresh(func() { h.keyDown(fyne.KeySpace); elapse() })
	want := []string{`> mic.toggle {"on":true}`, `- changeAudioCapture {"state":1}`, `- changeStreamPublishState {"state":1,"streamType":"audio"}`}
	if diff := cmp.Diff(want, rows); diff != "" {
		t.Errorf("rows (-want +got):\n%s", diff)
	}
}
