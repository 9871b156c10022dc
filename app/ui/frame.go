package ui

import "time"

// frameState is what the frame of the window shows beside the banner: toasts, dialogs, quality.
type frameState struct{}

// reduce returns the part after a message; whole is the state with the message in it.
func (s frameState) reduce(m any, whole *state, now time.Time) frameState {
	return s
}
