package server

import (
	"testing"

	"parlor/app/api"
)

func TestRooms_JoinTellsOthers(t *testing.T) {
	w := newWorld(t)
	ann := w.join("room1", "ann")
	events := ann.listen()
	w.join("room1", "bob")
	if got := events.next().GetJoined().GetUserId(); got != "bob" {
		t.Errorf("got joined %q, want bob", got)
	}
	if _, err := ann.Exit(t.Context(), &api.ExitRequest{}); err != nil {
		t.Error(err)
	}
	if reason, err := events.end(); reason != endLeft || err != nil {
		t.Errorf("got end %v, %v", reason, err)
	}
}
