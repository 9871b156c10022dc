package ui

import (
	"os"
	"runtime/debug"
	"testing"
)

// TestMain collects garbage early: Fyne reads all fonts anew with each theme that is set, and its text shaper keeps the last 128 of
// them, which are three gigabytes in tests that set hundreds.
func TestMain(m *testing.M) {
	debug.SetGCPercent(20)
	os.Exit(m.Run())
}
