package ui

import "time"

// chatState is the messages of the room, what was read of them, and the rest of what the side panel remembers.
type chatState struct{}

// reduce returns the part after a message; whole is the state with the message in it.
func (s chatState) reduce(m any, whole *state, now time.Time) chatState {
	return s
}
