package ui

import (
	"slices"
	"strings"
	"testing"
	"time"

	"fyne.io/fyne/v2/widget"
	"github.com/google/go-cmp/cmp"
)

func TestFrameState_Toasts(t *testing.T) {
	words := func(s frameState) (list []string) {
		for _, t := range s.toasts {
			list = append(list, t.words)
		}
		return list
	}
	var s frameState
	now := testTime
	for _, step := range []struct {
		msg   any
		after time.Duration
		want  []string
	}{
		{toastCame{toast{words: "a"}}, 0, []string{"a"}},
		{timePassed{}, toastTime - 1, []string{"a"}},
		{toastCame{toast{words: "b"}}, 0, []string{"a", "b"}},
		{timePassed{}, 1, []string{"b"}},
		{toastCame{toast{words: "c"}}, 0, []string{"b", "c"}},
		{toastCame{toast{words: "d"}}, 0, []string{"c", "d"}},
		{toastTapped{0}, 0, []string{"d"}},
		{toastTapped{7}, 0, []string{"d"}},
		{timePassed{}, toastTime, nil},
	} {
		now = now.Add(step.after)
		s = s.reduce(step.msg, &state{}, now)
		if diff := cmp.Diff(step.want, words(s)); diff != "" {
			t.Fatalf("after %#v (-want +got):\n%s", step.msg, diff)
		}
	}
}

// TestToast: the words are seen and logged, the button works, and time takes them away.
func TestToast(t *testing.T) {
	h := newHarness(t, nil)
	done := 0
	h.toastWith("You are muted", "Unmute", func() { done++ })
	h.toast("Back again")
	s := h.seen()
	if !slices.Contains(s.Texts, "You are muted") || !slices.Contains(s.Texts, "Back again") {
		t.Errorf("the toasts are not seen: %q", s.Texts)
	}
	if !slices.ContainsFunc(s.Log, func(row string) bool { return strings.HasSuffix(row, "! You are muted") }) {
		t.Errorf("the toast is not in the log: %q", s.Log)
	}
	h.tap("shell.toast.0")
	if s := h.seen(); done != 1 || slices.Contains(s.Texts, "You are muted") {
		t.Errorf("the button was pressed %d times, texts %q", done, s.Texts)
	}
	h.clock = h.clock.Add(toastTime)
	h.showSamples(samples{at: h.clock})
	if s := h.seen(); slices.Contains(s.Texts, "Back again") {
		t.Error("the toast stays")
	}
}

// TestDialog: its controls are found, Esc closes the topmost one only, and the focus goes back.
func TestDialog(t *testing.T) {
	h := newHarness(t, nil)
	h.win.Canvas().Focus(h.start.form.RoomID)
	answers := 0
	h.ask("test.a", "First", "Are you sure?", "Yes", "No", widget.DangerImportance, func() { answers++ })
	h.ask("test.b", "Second", "Are you really sure?", "Yes", "No", widget.DangerImportance, func() { answers++ })
	if s := h.seen(); !slices.Contains(s.Texts, "Second") || !slices.Contains(s.Texts, "First") {
		t.Errorf("the dialogs are not seen: %q", s.Texts)
	}
	h.key("Escape")
	if s := h.seen(); slices.Contains(s.Texts, "Second") || !slices.Contains(s.Texts, "First") {
		t.Errorf("after Esc: %q", s.Texts)
	}
	h.tap("test.a.yes")
	if s := h.seen(); answers != 1 || slices.Contains(s.Texts, "First") || h.win.Canvas().Focused() != h.start.form.RoomID {
		t.Errorf("%d answers, focus on %T, texts %q", answers, h.win.Canvas().Focused(), s.Texts)
	}
}
