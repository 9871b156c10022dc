package ui

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"parlor/app/room"
)

func TestListPeople(t *testing.T) {
	list := []room.Member{
		{UserID: "early"}, {UserID: "Speaker", Audio: true}, {UserID: "sharer", Screen: true}, {UserID: "me", Self: true}, {UserID: "late"}, {UserID: "speaker2", Audio: true},
	}
	for search, want := range map[string][]string{
		"": {"me", "sharer", "Speaker", "speaker2", "early", "late"}, " SPEAK ": {"Speaker", "speaker2"}, "e": {"me", "sharer", "Speaker", "speaker2", "early", "late"},
		"nobody": nil,
	} {
		s := state{members: list, people: peopleState{search: search}}
		var got []string
		for _, m := range s.listPeople() {
			got = append(got, string(m.UserID))
		}
		if diff := cmp.Diff(want, got); diff != "" {
			t.Errorf("%q (-want +got):\n%s", search, diff)
		}
	}
	if list[0].UserID != "early" {
		t.Error("the members themselves were sorted")
	}
}

func TestPeople(t *testing.T) {
	h := newHarness(t, nil)
	h.joined("Alice.Zhang", "li_lei", "bob")
	h.tap("room.panel.people")
	if texts := h.seen().Texts; !slices.Contains(texts, "4 in the room") {
		t.Errorf("the count is missing: %q", texts)
	}
	h.typed("people.search", "li")
	if texts := h.seen().Texts; !slices.Contains(texts, "2 of 4") || len(h.room.side.people.list.Texts()) != 2 {
		t.Errorf("searching: %q", texts)
	}
	h.typed("people.search", "xyz")
	if texts := h.seen().Texts; !slices.Contains(texts, `Nobody here is called "xyz".`) {
		t.Errorf("nobody found: %q", texts)
	}
	h.typed("people.search", "")
	h.events(room.MembersChanged{Members: members()})
	if texts := h.seen().Texts; !slices.Contains(texts, "Only you are here.") {
		t.Errorf("alone: %q", texts)
	}
	h.tap("people.invite")
	if got := h.cfg.App.Clipboard().Content(); !strings.HasPrefix(got, "parlor://join?") {
		t.Errorf("copied %q", got)
	}
}

// TestPeople_Many: all rows of a large room can be reached, and few exist at a time.
func TestPeople_Many(t *testing.T) {
	names := make([]string, 499)
	for i := range names {
		names[i] = fmt.Sprintf("user%03d", i)
	}
	h := newHarness(t, nil)
	h.joined(names...)
	h.tap("room.panel.people")
	if n := len(h.room.side.people.menus); n == 0 || n > 30 {
		t.Errorf("%d rows exist", n)
	}
	h.win.Canvas().Focus(h.room.side.people.list)
	h.key("End")
	h.key("Enter")
	h.queue.turn()
	if !slices.ContainsFunc(h.rows(), func(row string) bool { return strings.HasPrefix(row, "> tile.menu") && strings.Contains(row, "user49") }) {
		t.Errorf("the last row opens no menu: %q", h.rows())
	}
}

// TestPeople_OneRow: what is clicked is one row, or one call.
func TestPeople_OneRow(t *testing.T) {
	for _, tc := range []struct {
		name   string
		before func(*harness)
		id     string
		rows   []string
		calls  []string
	}{
		{"menu", nil, "people.Alice.Zhang.menu", []string{`> tile.menu {"source":"camera","userId":"Alice.Zhang"}`}, nil},
		{"invisible", nil, "people.visible", nil, []string{`changeUserVisibility {"visible":false}`}},
		{"remove, asked", func(h *harness) { h.tap("people.Alice.Zhang.menu") }, "menu.remove", []string{`> room.remove.ask {"userId":"Alice.Zhang"}`}, nil},
		{"remove", func(h *harness) { h.tap("people.Alice.Zhang.menu"); h.tap("menu.remove") }, "people.remove.yes",
			nil, []string{`x-removeUser {"userId":"Alice.Zhang"}`}},
		{"end, asked", nil, "people.end", []string{"> room.end.ask {}"}, nil},
		{"end", func(h *harness) { h.tap("people.end") }, "people.end.yes", nil, []string{"x-endRoom {}"}},
	} {
		t.Run(tc.name, func(t *testing.T) {
			h := newHarness(t, nil)
			h.joined("Alice.Zhang")
			h.tap("room.panel.people")
			if tc.before != nil {
				tc.before(h)
			}
			h.backend.taken()
			before := len(h.rows())
			h.tap(tc.id)
			if got := h.rows()[before:]; !slices.Equal(got, tc.rows) {
				t.Errorf("rows %q, want %q", got, tc.rows)
			}
			if got := h.backend.taken(); !slices.Equal(got, tc.calls) {
				t.Errorf("calls %q, want %q", got, tc.calls)
			}
		})
	}
}

func TestPeople_NoKey(t *testing.T) {
	h := newHarness(t, func(c *Config) { c.CanMint = false })
	h.joined("Alice.Zhang")
	h.tap("room.panel.people")
	h.tap("people.Alice.Zhang.menu")
	for _, tool := range h.seen().Tools {
		if tool.ID == "people.end" || tool.ID == "menu.remove" {
			t.Errorf("without the app's key there is %s", tool.ID)
		}
	}
}
