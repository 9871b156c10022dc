package ui

import (
	"time"

	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/driver/desktop"

	"parlor/app/room"
	"parlor/media"
)

// The person talks while muted: most of talkWindow is louder than speakingLevel, pauses between words included.
const (
	talkWindow = 3 * time.Second
	talkSounds = 0.6 // part of the readings of the window that must be loud
	talkPause  = 30 * time.Second
)

// talkHint notices that somebody talks who is muted. It is fed with readings of the level.
type talkHint struct {
	readings []reading // of the last talkWindow, at most maxReadings
	told     time.Time
}

type reading struct {
	at   time.Time
	loud bool
}

// maxReadings bounds the readings; at the sampler's pace there are 13 in a window.
const maxReadings = 64

// add takes a reading and tells whether it is time to say something. muted tells that nobody hears what the microphone hears.
func (h *talkHint) add(at time.Time, level int, muted bool) bool {
	if !muted {
		h.readings = h.readings[:0]
		return false
	}
	h.readings = append(h.readings, reading{at, level >= speakingLevel})
	full := false
	for len(h.readings) > 0 && (at.Sub(h.readings[0].at) >= talkWindow || len(h.readings) > maxReadings) {
		h.readings, full = h.readings[1:], true
	}
	loud := 0
	for _, r := range h.readings {
		if r.loud {
			loud++
		}
	}
	if !full || float64(loud) < talkSounds*float64(len(h.readings)) || !h.told.IsZero() && at.Sub(h.told) < talkPause {
		return false
	}
	h.told = at
	return true
}

// hintTalking says that nobody hears the person, when the person talks.
func (w *Window) hintTalking(now samples) {
	st := &w.state
	muted := st.inRoom() && st.mic.open && !st.audioOut.on() && st.frame.prefs.MutedHint && !st.frame.talking
	if w.talkHint.add(now.at, now.level, muted) {
		w.toastWith(w.texts.T("hint.muted"), w.texts.T("tool.unmute"), func() {
			if !w.state.live(media.Microphone) {
				w.toggle(media.Microphone)
			}
		})
	}
}

// toggleMic mutes or unmutes in a room. Muting withholds what the microphone hears and leaves it open, so that talking while
// muted can be noticed and unmuting is instant; the others see and hear the same as if it were closed. Without the hint the
// microphone is closed.
func (w *Window) toggleMic() {
	if w.state.live(media.Microphone) {
		w.mute()
		return
	}
	w.unmute()
}

func (w *Window) mute() {
	if w.state.frame.prefs.MutedHint {
		w.call("changeStreamPublishState", map[string]any{"state": 0, "streamType": string(room.StreamAudio)})
		return
	}
	w.call("changeAudioCapture", map[string]any{"state": 0})
}

// unmute opens the microphone and publishes it, as far as that is not so already.
func (w *Window) unmute() {
	open := func() { w.call("changeAudioCapture", map[string]any{"state": 1}) }
	publish := func() {
		w.call("changeStreamPublishState", map[string]any{"state": 1, "streamType": string(room.StreamAudio)})
	}
	switch mic, out := w.state.mic.open, w.state.audioOut.on(); {
	case !mic && !out:
		w.command("mic.toggle", map[string]any{"on": true}, func() { open(); publish() })
	case !mic:
		open()
	default:
		publish()
	}
}

// talkDelay is how long the space bar is held before it means something: a short press is a slip.
const talkDelay = 150 * time.Millisecond

// talkChanged tells that push-to-talk, or push-to-mute, began or ended.
type talkChanged struct{ on bool }

// bindTalk makes the space bar talk. Fyne tells of keys going up and down while nothing has the focus only.
func (w *Window) bindTalk() {
	if c, ok := w.win.Canvas().(desktop.Canvas); ok {
		c.SetOnKeyDown(func(ev *fyne.KeyEvent) { w.keyDown(ev.Name) })
		c.SetOnKeyUp(func(ev *fyne.KeyEvent) { w.keyUp(ev.Name) })
	}
	life := w.cfg.App.Lifecycle()
	life.SetOnExitedForeground(func() { // a key that goes up elsewhere is not told
		w.keyUp(fyne.KeySpace)
		w.send(wentAway{true})
	})
	life.SetOnEnteredForeground(func() { w.send(wentAway{false}) })
}

func (w *Window) keyDown(key fyne.KeyName) {
	if key != fyne.KeySpace || w.state.frame.prefs.PushToTalk == talkOff || w.holding != nil || !w.state.inRoom() {
		return
	}
	if len(w.win.Canvas().Overlays().List()) > 0 {
		return
	}
	w.holding = w.after(talkDelay, w.talk)
}

// talk begins: the space bar was held long enough.
func (w *Window) talk() {
	live := w.state.live(media.Microphone)
	if w.holding == nil || !w.state.inRoom() || live == (w.state.frame.prefs.PushToTalk == talkToTalk) {
		return // to talk one must be muted, to mute one must not
	}
	w.send(talkChanged{true})
	if live {
		w.mute()
	} else {
		w.unmute()
	}
}

func (w *Window) keyUp(key fyne.KeyName) {
	if key != fyne.KeySpace || w.holding == nil {
		return
	}
	w.holding()
	w.holding = nil
	if !w.state.frame.talking {
		return
	}
	if w.state.inRoom() {
		if w.state.frame.prefs.PushToTalk == talkToTalk {
			w.mute()
		} else {
			w.unmute()
		}
	}
	w.send(talkChanged{false})
}

// afterFunc runs f on the UI goroutine after a while; the result stops it.
func (w *Window) afterFunc(d time.Duration, f func()) (stop func()) {
	t := time.AfterFunc(d, func() { w.post(f) })
	return func() { t.Stop() }
}
