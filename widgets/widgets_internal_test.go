package widgets

import (
	"testing"
	"unicode/utf8"

	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/test"
	"github.com/google/go-cmp/cmp"
)

func TestWrap(t *testing.T) {
	test.NewTempApp(t)
	one := fyne.MeasureText("x", 14, fyne.TextStyle{Monospace: true}).Width
	for _, tc := range []struct {
		text  string
		chars float32
		lines int
		want  []string
	}{
		{"", 10, 2, []string{""}},
		{"short", 10, 2, []string{"short"}},
		{"two words", 6, 2, []string{"two", "words"}},
		{"one two three", 8, 2, []string{"one two", "three"}},
		{"one two three four", 8, 2, []string{"one two", "three..."}},
		{"unbreakable", 5, 3, []string{"unbre", "akabl", "e"}},
	} {
		if diff := cmp.Diff(tc.want, wrap(tc.text, tc.chars*one+0.5, 14, fyne.TextStyle{Monospace: true}, tc.lines)); diff != "" {
			t.Errorf("%q at %g (-want +got):\n%s", tc.text, tc.chars, diff)
		}
	}
}

// TestWrap_Chinese: lines may end between any two characters, but not before a comma, and no character is cut.
func TestWrap_Chinese(t *testing.T) {
	test.NewTempApp(t)
	text := "网络不稳定，正在重新连接…（第 2 次，3 秒后）"
	for width := float32(1); width < 400; width += 7 {
		all := ""
		for i, line := range wrap(text, width, 14, fyne.TextStyle{}, 30) {
			if !utf8.ValidString(line) {
				t.Fatalf("width %g: line %q is cut within a character", width, line)
			}
			if r, _ := utf8.DecodeRuneInString(line); i > 0 && r == '，' && width > 60 {
				t.Errorf("width %g: line %q begins with a comma", width, line)
			}
			all += line
		}
		if width > 40 && len(all) < len(text)-8 {
			t.Errorf("width %g: %q is left of %q", width, all, text)
		}
	}
}
