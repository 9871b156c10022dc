package assets_test

import (
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
	"unicode"

	"github.com/google/go-cmp/cmp"
	"golang.org/x/image/font/sfnt"

	"parlor/assets"
)

func TestLanguage(t *testing.T) {
	for _, test := range []struct{ wish, want string }{
		{"en", assets.English},
		{"en_GB.UTF-8", assets.English},
		{"zh-Hans", assets.Chinese},
		{"zh_CN.UTF-8", assets.Chinese},
		{"ZH", assets.Chinese},
	} {
		if got := assets.Language(test.wish); got != test.want {
			t.Errorf("Language(%q) = %q, want %q", test.wish, got, test.want)
		}
	}
	if got := assets.Language("tlh"); got != assets.English && got != assets.Chinese {
		t.Errorf("Language of an unknown wish = %q", got)
	}
}

func TestTexts_T(t *testing.T) {
	en := assets.NewTexts(assets.English)
	if got := en.T("tile.self", "Ann"); got != "Ann (me)" {
		t.Errorf("T with an argument = %q", got)
	}
	if got := en.T("no.such.key"); got != "no.such.key" {
		t.Errorf("an unknown key = %q, want it to be seen", got)
	}
	if en.Language() != assets.English {
		t.Errorf("Language() = %q", en.Language())
	}
}

func TestTranslations_SameKeysAndVerbs(t *testing.T) {
	en, zh := assets.NewTexts(assets.English), assets.NewTexts(assets.Chinese)
	if diff := cmp.Diff(en.Keys(), zh.Keys()); diff != "" {
		t.Errorf("the keys differ (-en +zh-Hans):\n%s", diff)
	}
	verb := regexp.MustCompile(`%[^%\pL]*[\pL%]`)
	for _, key := range en.Keys() {
		a, b := en.T(key), zh.T(key)
		if strings.TrimSpace(a) == "" || strings.TrimSpace(b) == "" {
			t.Errorf("%s: empty text", key)
		}
		if diff := cmp.Diff(verb.FindAllString(a, -1), verb.FindAllString(b, -1)); diff != "" {
			t.Errorf("%s: the verbs differ (-en +zh-Hans):\n%s", key, diff)
		}
	}
}

// TestTranslations_UsedKeys compares the keys with the source that uses them.
func TestTranslations_UsedKeys(t *testing.T) {
	call, table := regexp.MustCompile(`\bT\("([^"]+)"`), regexp.MustCompile(`"(key\.[a-z.]+)"`)
	used := make(map[string]bool)
	for _, dir := range []string{"../widgets", "../app/ui", "../app/ui/console"} {
		names, err := filepath.Glob(dir + "/*.go")
		if err != nil {
			t.Fatal(err)
		}
		for _, name := range names {
			if strings.HasSuffix(name, "_test.go") {
				continue
			}
			source, err := os.ReadFile(name)
			if err != nil {
				t.Fatal(err)
			}
			for _, m := range append(call.FindAllSubmatch(source, -1), table.FindAllSubmatch(source, -1)...) {
				used[string(m[1])] = true
			}
		}
	}
	known := make(map[string]bool)
	for _, key := range assets.NewTexts(assets.English).Keys() {
		known[key] = true
		if !used[key] {
			t.Errorf("key %s is used nowhere", key)
		}
	}
	for key := range used {
		if !known[key] {
			t.Errorf("key %s has no text", key)
		}
	}
}

// TestTranslations_InTheFont looks every Chinese character up in both faces.
func TestTranslations_InTheFont(t *testing.T) {
	zh := assets.NewTexts(assets.Chinese)
	for name, data := range map[string][]byte{"Regular": assets.Regular().Content(), "Bold": assets.Bold().Content()} {
		font, err := sfnt.Parse(data)
		if err != nil {
			t.Fatal(err)
		}
		var buffer sfnt.Buffer
		for _, key := range zh.Keys() {
			for _, r := range zh.T(key) {
				if !unicode.Is(unicode.Han, r) && !strings.ContainsRune("，。、：；？！（）“”…　 ", r) {
					continue
				}
				if i, err := font.GlyphIndex(&buffer, r); err != nil || i == 0 {
					t.Errorf("%s has no %q of key %s", name, r, key)
				}
			}
		}
	}
}
