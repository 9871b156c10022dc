package widgets

import (
	"strings"
	"testing"
	"unicode/utf8"

	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/test"
	"github.com/google/go-cmp/cmp"
)

func TestAddresses(t *testing.T) {
	for text, want := range map[string][]string{
		"":                         nil,
		"http://":                  nil,
		"see https://go.dev.":      {"https://go.dev"},
		"(https://go.dev/a_(b))":   {"https://go.dev/a_(b)"},
		"HTTP://A/B?c=d&e=f#g!":    {"HTTP://A/B?c=d&e=f#g"},
		"看https://例子.cn/路径。好":      {"https://例子.cn/路径"},
		"（http://a.cn）http://b.cn": {"http://a.cn", "http://b.cn"},
		"parlor://join?server=http://10.0.0.5:7880&app=a&room=r":  {"parlor://join?server=http://10.0.0.5:7880&app=a&room=r"},
		"javascript:alert(1) file:///etc/passwd ftp://x mailto:x": nil,
		"xhttp://a": nil,
	} {
		if diff := cmp.Diff(want, Addresses(text)); diff != "" {
			t.Errorf("%q (-want +got):\n%s", text, diff)
		}
	}
}

// plainLines are the lines as they read; addresses stand in brackets.
func plainLines(lines []textLine) []string {
	var plain []string
	for _, line := range lines {
		var b strings.Builder
		for _, p := range line.pieces {
			if p.url != "" {
				b.WriteString("[" + p.text + "]")
			} else {
				b.WriteString(p.text)
			}
		}
		plain = append(plain, b.String())
	}
	return plain
}

func TestFlow(t *testing.T) {
	test.NewTempApp(t)
	char := fyne.MeasureText("0", 14, fyne.TextStyle{Monospace: true}).Width
	for _, tc := range []struct {
		name, text string
		want       []string
	}{
		{"empty", "", []string{""}},
		{"short", "hello", []string{"hello"}},
		{"spaces", "hello my world of words", []string{"hello my", "world of", "words"}},
		{"spaces at the end of a line", "abcdefghij  k", []string{"abcdefghij", "k"}},
		{"two spaces stay", "a  b", []string{"a  b"}},
		{"lines", "a\r\nb\n\nc\n", []string{"a", "b", "", "c", ""}},
		{"long word", "abcdefghijklmnopqrstuvwxyz", []string{"abcdefghij", "klmnopqrst", "uvwxyz"}},
		{"long word after a short one", "ab cdefghijklmno", []string{"ab", "cdefghijkl", "mno"}},
		{"address", "see http://a.b now", []string{"see", "[http://a.b]", "now"}},
		{"long address", "http://a.b/cdefghij", []string{"[http://a.b]", "[/cdefghij]"}},
		{"what has no picture", "a\u202eb\x00c\td\u2028", []string{"abc d"}},
		{"accents stay on their letter", strings.Repeat("e\u0301", 12), []string{strings.Repeat("e\u0301", 10), "e\u0301e\u0301"}},
	} {
		lines, widest := flow(tc.text, 10*char+0.5, 14, fyne.TextStyle{Monospace: true})
		if diff := cmp.Diff(tc.want, plainLines(lines)); diff != "" {
			t.Errorf("%s (-want +got):\n%s", tc.name, diff)
		}
		if widest > 10*char+0.5 {
			t.Errorf("%s: a line is %g wide, at most %g", tc.name, widest, 10*char+0.5)
		}
	}
}

// TestFlow_Chinese: lines end anywhere, but not before a full stop nor after an opening bracket.
func TestFlow_Chinese(t *testing.T) {
	test.NewTempApp(t)
	char := fyne.MeasureText("中", 14, fyne.TextStyle{}).Width
	lines, _ := flow("一二三四五。六七八（九十）", 5*char+0.5, 14, fyne.TextStyle{})
	for _, line := range plainLines(lines) {
		if strings.HasPrefix(line, "。") || strings.HasPrefix(line, "）") || strings.HasSuffix(line, "（") {
			t.Errorf("line %q", line)
		}
	}
	if got := strings.Join(plainLines(lines), ""); got != "一二三四五。六七八（九十）" {
		t.Errorf("the lines together are %q", got)
	}
}

// FuzzFlow: nothing is lost but blanks, no line is too wide but for single characters, and nothing panics.
func FuzzFlow(f *testing.F) {
	for _, seed := range []string{"hello my world", "一二三，四五六", "שלום עולם", "👩‍👩‍👧‍👦👍🏽", "http://a.b/(c) x", "a\nb", "\xff\xfe", "e\u0301"} {
		f.Add(seed, uint8(60))
	}
	test.NewTempApp(f)
	f.Fuzz(func(t *testing.T, text string, width uint8) {
		lines, widest := flow(text, float32(width), 14, fyne.TextStyle{})
		kept := func(s string) string { return strings.Join(strings.Fields(printable(s)), "") }
		var all strings.Builder
		for _, line := range lines {
			for _, p := range line.pieces {
				if !utf8.ValidString(p.text) {
					t.Errorf("piece %q is cut within a character", p.text)
				}
				all.WriteString(p.text)
			}
		}
		if got, want := kept(all.String()), kept(text); got != want {
			t.Errorf("%q became %q", want, got)
		}
		if widest < 0 {
			t.Errorf("widest is %g", widest)
		}
	})
}
