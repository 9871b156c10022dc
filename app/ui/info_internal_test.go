package ui

import (
	"slices"
	"testing"
)

func TestInfo(t *testing.T) {
	h := newHarness(t, nil)
	h.joined("Alice.Zhang")
	for field, want := range map[string]string{fieldApp: testApp, fieldToken: testToken, fieldRoom: "1001", fieldUser: "wang_xm"} {
		h.tap("room.info." + field + ".copy")
		if got := h.cfg.App.Clipboard().Content(); got != want {
			t.Errorf("%s copies %q, want %q", field, got, want)
		}
	}
	if s := h.seen(); slices.Contains(s.Texts, testToken) {
		t.Error("the token is shown")
	}
	h.tap("room.info.token.reveal")
	if s := h.seen(); !slices.Contains(s.Texts, testToken) {
		t.Error("the token is not shown on demand")
	}
}
