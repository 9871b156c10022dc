package ui

import (
	"time"

	"parlor/app/ui/console"
)

// frameState is what the frame of the window shows beside the banner: toasts, faults, the quality of the connection, when the
// token ends; and the preferences.
type frameState struct {
	toasts []toast // at most maxToasts, the oldest first
	faults string  // what a tester broke on purpose, in words; "": nothing
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
	toastCame    struct{ toast toast } // its end is set by reduce
	toastTapped  struct{ i int }       // its button; it goes away
	timePassed   struct{}              // something on the screen may be due
	faultsChange struct{ words string }
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
	}
	return s
}

// waits tells that something on the screen goes away with time.
func (s frameState) waits() bool { return len(s.toasts) > 0 }

// due tells that timePassed would change something.
func (s frameState) due(now time.Time) bool {
	return len(s.toasts) > 0 && !now.Before(s.toasts[0].until)
}

// toast shows words at the bottom of the page for four seconds; they are also a row of the log.
func (w *Window) toast(words string) { w.toastWith(words, "", nil) }

// toastWith is toast with a button. What the button does is a command of its own.
func (w *Window) toastWith(words, action string, do func()) {
	w.console.Write(console.Warning, words)
	w.send(toastCame{toast{words: words, action: action, do: do}})
}
