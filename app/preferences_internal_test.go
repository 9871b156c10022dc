package app

import (
	"log/slog"
	"math"
	"os"
	"path/filepath"
	"testing"

	"fyne.io/fyne/v2"
	"github.com/google/go-cmp/cmp"
)

func TestPreferences(t *testing.T) {
	path := filepath.Join(t.TempDir(), "preferences.json")
	open := func() fyne.Preferences { return newPreferences(path, slog.New(slog.DiscardHandler)) }
	p := open()
	changes := 0
	p.AddChangeListener(func() { changes++ })
	p.SetBool("b", true)
	p.SetBoolList("bs", []bool{true, false})
	p.SetFloat("f", 1.5)
	p.SetFloat("bad", math.NaN())
	p.SetFloatList("fs", []float64{1, 2.5})
	p.SetInt("i", 7)
	p.SetIntList("is", []int{1, 2})
	p.SetString("s", "会客厅")
	p.SetString("s", "会客厅") // no change
	p.SetStringList("ss", []string{"a", "b"})
	p.SetInt("gone", 1)
	p.RemoveValue("gone")
	if changes != 9 || len(p.ChangeListeners()) != 1 {
		t.Errorf("%d changes were told, want 9", changes)
	}
	p = open() // another run
	got := []any{
		p.Bool("b"), p.BoolList("bs"), p.Float("f"), p.FloatList("fs"), p.Int("i"), p.IntList("is"), p.String("s"), p.StringList("ss"),
		p.BoolWithFallback("x", true), p.BoolListWithFallback("x", []bool{true}), p.FloatWithFallback("bad", 3), p.FloatListWithFallback("x", []float64{3}),
		p.IntWithFallback("gone", 3), p.IntListWithFallback("x", []int{3}), p.StringWithFallback("i", "of another type"), p.StringListWithFallback("x", []string{"y"}),
	}
	want := []any{
		true, []bool{true, false}, 1.5, []float64{1, 2.5}, 7, []int{1, 2}, "会客厅", []string{"a", "b"},
		true, []bool{true}, 3.0, []float64{3}, 3, []int{3}, "of another type", []string{"y"},
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("what was kept (-want +got):\n%s", diff)
	}
	if info, err := os.Stat(path); err != nil || info.Mode().Perm() != 0o600 {
		t.Errorf("the file: %v, %v", info.Mode(), err)
	}
}

// TestPreferences_Broken: a broken file costs the choices, not the program, and is kept for whoever wants to look.
func TestPreferences_Broken(t *testing.T) {
	path := filepath.Join(t.TempDir(), "preferences.json")
	if err := os.WriteFile(path, []byte(`{"s":`), 0o600); err != nil {
		t.Fatal(err)
	}
	p := newPreferences(path, slog.New(slog.DiscardHandler))
	p.SetInt("i", 1)
	if p.Int("i") != 1 || p.String("s") != "" {
		t.Error("a broken file is not an empty one")
	}
	if raw, err := os.ReadFile(path + ".broken"); err != nil || string(raw) != `{"s":` {
		t.Errorf("the broken file: %q, %v", raw, err)
	}
	lost := newPreferences(filepath.Join(t.TempDir(), "no", "folder"), slog.New(slog.DiscardHandler))
	lost.SetInt("i", 2) // is not saved, but holds while the program runs
	if lost.Int("i") != 2 {
		t.Error("without a folder nothing holds")
	}
}
