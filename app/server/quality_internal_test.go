package server

import (
	"testing"

	"connectrpc.com/connect"

	"parlor/app/api"
)

func TestQuality(t *testing.T) {
	w := newWorld(t)
	ann, bob := w.join("room1", "ann"), w.join("room1", "bob")
	events := ann.listen()
	bob.listen()
	report := func(levels ...uint32) {
		t.Helper()
		for _, level := range levels {
			if _, err := bob.ReportQuality(t.Context(), &api.ReportQualityRequest{Level: level}); err != nil {
				t.Fatal(err)
			}
		}
	}
	since := seen(w, "bob")
	told := func(level uint32) {
		t.Helper()
		since.Quality = level
		events.want(changedEvent(since))
	}
	nothing := func() {
		t.Helper()
		ann.say("and")
		if ev := events.next(); ev.GetMessage() == nil {
			t.Errorf("got %v", ev)
		}
	}
	report(0)
	nothing()
	report(4)
	told(4)
	report(2, 1, 3, 5) // at once: the last one after a second
	nothing()
	w.clock.turn(qualityInterval - 1)
	nothing()
	w.clock.turn(1)
	told(5)
	report(2, 5) // back where it was
	w.clock.turn(qualityInterval)
	nothing()
	report(5)
	nothing()
	report(1)
	told(1)

	_, err := bob.ReportQuality(t.Context(), &api.ReportQualityRequest{Level: 6})
	wantCode(t, err, connect.CodeInvalidArgument)
	if got := api.FromConnect("x", err).ErrMsg; got != "x:fail params.level should be 0 to 5, but is 6" {
		t.Errorf("got %q", got)
	}
	if _, err := bob.Exit(t.Context(), &api.ExitRequest{}); err != nil {
		t.Fatal(err)
	}
	events.want(leftEvent("bob", api.LeftReason_LEFT_REASON_EXIT))
	w.clock.turn(qualityInterval)
	nothing()
}
