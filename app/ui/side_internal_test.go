package ui

import (
	"slices"
	"testing"
	"time"

	"fyne.io/fyne/v2"
	"github.com/google/go-cmp/cmp"
)

func TestSideState(t *testing.T) {
	wide, narrow := sideState{panel: panelInfo}, sideState{panel: panelInfo, narrow: true}
	for _, tc := range []struct {
		name  string
		from  sideState
		msg   any
		want  sideState
		shown panel
	}{
		{"the same one hides", wide, panelChosen{panelInfo}, sideState{wished: true}, panelNone},
		{"another one", wide, panelChosen{panelAPI}, sideState{panel: panelAPI, wished: true}, panelAPI},
		{"not wished in a narrow window", wide, widthCrossed{true}, narrow, panelNone},
		{"wished in a narrow window", narrow, panelChosen{panelInfo}, sideState{panel: panelInfo, narrow: true, wished: true}, panelInfo},
		{"wide again", narrow, widthCrossed{false}, wide, panelInfo},
		{"hidden stays hidden", sideState{wished: true, narrow: true}, widthCrossed{false}, sideState{wished: true}, panelNone},
	} {
		got := tc.from.reduce(tc.msg, nil, time.Time{})
		if diff := cmp.Diff(tc.want, got, cmp.AllowUnexported(sideState{})); diff != "" || got.shown() != tc.shown {
			t.Errorf("%s: shows %d (-want +got):\n%s", tc.name, got.shown(), diff)
		}
	}
}

// TestSide_Commands: a tab, a button and a key are one row each.
func TestSide_Commands(t *testing.T) {
	h := newHarness(t, nil)
	h.joined("Alice.Zhang")
	for _, tc := range []struct {
		name  string
		do    func()
		panel string
		rows  []string
	}{
		{"tab", func() { h.tap("room.panel.people") }, "people", []string{`> panel.people {"show":true}`}},
		{"the tab that is chosen", func() { h.tap("room.panel.people") }, "people", nil},
		{"button", func() { h.tap("room.tool.info") }, "info", []string{`> panel.info {"show":true}`}},
		{"button again", func() { h.tap("room.tool.info") }, "", []string{`> panel.info {"show":false}`}},
		{"key", func() { h.key("Ctrl+U") }, "people", []string{`> panel.people {"show":true}`}},
		{"key again", func() { h.key("Ctrl+U") }, "", []string{`> panel.people {"show":false}`}},
	} {
		before := h.rows()
		tc.do()
		if got := h.rows()[len(before):]; !slices.Equal(got, tc.rows) {
			t.Errorf("%s: rows %q, want %q", tc.name, got, tc.rows)
		}
		if got := h.seen().Panel; got != tc.panel {
			t.Errorf("%s: panel %q, want %q", tc.name, got, tc.panel)
		}
	}
}

// TestSide_Narrow: below 1100 units the panel is there only for those who asked for it.
func TestSide_Narrow(t *testing.T) {
	h := newHarness(t, nil)
	h.joined("Alice.Zhang")
	resize := func(width float32) string {
		h.win.Resize(fyne.NewSize(width, 700))
		h.queue.turn()
		return h.seen().Panel
	}
	steps := []string{resize(1280), resize(1099), resize(1100), resize(960)}
	h.tap("room.tool.info")
	steps = append(steps, h.seen().Panel, resize(1280), resize(960))
	if want := []string{"info", "", "info", "", "info", "info", "info"}; !slices.Equal(steps, want) {
		t.Errorf("panels %q, want %q", steps, want)
	}
}
