package ui

import "time"

// layoutState is what the stage shows and how: pages, pins, full screen, statistics on tiles, the own share.
type layoutState struct{}

// reduce returns the part after a message; whole is the state with the message in it.
func (s layoutState) reduce(m any, whole *state, now time.Time) layoutState {
	return s
}
