package ui

import (
	"time"

	"parlor/app/room"
	"parlor/app/ui/console"
	"parlor/media"
)

// frameState is what the frame of the window shows beside the banner: toasts, faults, the quality of the connection, when the
// token ends; and the preferences.
type frameState struct {
	toasts []toast // at most maxToasts, the oldest first
	faults string  // what a tester broke on purpose, in words; "": nothing
	server string  // why the server cannot be reached, in words; "": it can
	prefs  preferences

	section     settingsSection // of the settings
	selfTesting bool
	devices     deviceLists
	using       chosenDevices
	sound       SoundState
	micSilent   bool // the open microphone gives nothing
	away        bool // another program has the keyboard
	talking     bool // the space bar is held to talk, or to mute
	weak        weak
	tokenEnds   time.Time // zero: never, or not known
	next        *form     // to be joined as soon as the present room is left
	leftMic     bool      // the Leave button closes the microphone, which says nothing about the next room
}

// toast is a note that goes away by itself.
type toast struct {
	words  string
	action string // word on its button, "": none
	do     func() // of the button
	until  time.Time
}

const (
	toastTime = 4 * time.Second
	// maxToasts: more than two at once nobody reads. When a third comes, the oldest goes at once.
	maxToasts = 2
)

// The messages of the frame.
type (
	toastCame      struct{ toast toast } // its end is set by reduce
	toastTapped    struct{ i int }       // its button; it goes away
	timePassed     struct{}              // something on the screen may be due
	faultsChange   struct{ words string }
	serverReported struct{ problem string } // "": in order
	soundCame      struct{ state SoundState }
	wentAway       struct{ away bool } // the program lost or got the keyboard
)

// reduce returns the part after a message; whole is the state with the message in it.
func (s frameState) reduce(m any, whole *state, now time.Time) frameState {
	switch m := m.(type) {
	case toastCame:
		m.toast.until = now.Add(toastTime)
		s.toasts = append(s.toasts[max(0, len(s.toasts)-maxToasts+1):len(s.toasts):len(s.toasts)], m.toast)
	case toastTapped:
		if m.i < len(s.toasts) {
			s.toasts = append(s.toasts[:m.i:m.i], s.toasts[m.i+1:]...)
		}
	case timePassed:
		for len(s.toasts) > 0 && !now.Before(s.toasts[0].until) {
			s.toasts = s.toasts[1:]
		}
	case faultsChange:
		s.faults = m.words
	case serverReported:
		s.server = m.problem
	case preferencesChanged:
		s.prefs = m.to
	case soundCame:
		s.sound = m.state
	case talkChanged:
		s.talking = m.on
	case room.TokenChanged:
		s.tokenEnds = m.ExpireAt
	case roomLeft:
		s.leftMic = true
	case room.CaptureChanged:
		s.leftMic = s.leftMic && m.Source != media.Microphone
	case roomAfter:
		s.next = m.form
	case micSilent:
		s.micSilent = m.on
	case wentAway:
		s.away = m.away
	case sectionChosen:
		s.section = m.section
	case selfTesting:
		s.selfTesting = m.on
	case devicesSought:
		s.devices.loaded = false
	case devicesFound:
		s.devices = m.lists
	case deviceChosen:
		*s.using.of(m.kind) = m.name
	}
	s.weak = s.weak.reduce(m, whole, now)
	return s
}

// waits tells that something on the screen goes away with time.
func (s frameState) waits() bool { return len(s.toasts) > 0 || !s.weak.since.IsZero() }

// due tells that timePassed would change something.
func (s frameState) due(now time.Time) bool {
	return len(s.toasts) > 0 && !now.Before(s.toasts[0].until) || s.weak.due(now)
}

// toast shows words at the bottom of the page for four seconds; they are also a row of the log.
func (w *Window) toast(words string) { w.toastWith(words, "", nil) }

// toastWith is toast with a button. What the button does is a command of its own.
func (w *Window) toastWith(words, action string, do func()) {
	w.console.Write(console.Warning, words)
	w.send(toastCame{toast{words: words, action: action, do: do}})
}

// HandleSound shows what the sound check does. Any goroutine.
func (w *Window) HandleSound(s SoundState) { w.post(func() { w.send(soundCame{s}) }) }
