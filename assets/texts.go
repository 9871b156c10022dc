package assets

import (
	"encoding/json"
	"fmt"
	"sort"
	"strings"

	"fyne.io/fyne/v2/lang"
)

// The languages, as they are named in settings, in --lang and in the names of the files.
const (
	English = "en"
	Chinese = "zh-Hans"
)

// Languages lists the languages.
func Languages() []string { return []string{Chinese, English} }

// Language returns the language for a wish: one of Languages, or anything that begins like one
// ("zh", "zh_CN.UTF-8"); an empty or other wish gives the system's, and English when that is
// neither.
func Language(wish string) string {
	if l := languageOf(wish); l != "" {
		return l
	}
	if l := languageOf(string(lang.SystemLocale())); l != "" {
		return l
	}
	return English
}

func languageOf(tag string) string {
	switch tag = strings.ToLower(tag); {
	case strings.HasPrefix(tag, "zh"):
		return Chinese
	case strings.HasPrefix(tag, "en"):
		return English
	}
	return ""
}

// Texts gives the words of the window in one language. Fyne's own translations cannot be switched
// while the program runs, these can: make new Texts and build the page again.
type Texts struct {
	language string
	byKey    map[string]string
}

// NewTexts loads a language, see Language.
func NewTexts(wish string) *Texts {
	t := &Texts{language: Language(wish)}
	if err := json.Unmarshal(file("translations/"+t.language+".json").Content(), &t.byKey); err != nil {
		panic(fmt.Sprintf("assets: translations/%s.json: %v", t.language, err))
	}
	return t
}

// Language is English or Chinese.
func (t *Texts) Language() string { return t.language }

// T returns the text of a key, with args filled into its verbs (package fmt). An unknown key is
// returned as it is, so that it is seen.
func (t *Texts) T(key string, args ...any) string {
	text, ok := t.byKey[key]
	if !ok {
		return key
	}
	if len(args) == 0 {
		return text
	}
	return fmt.Sprintf(text, args...)
}

// Keys lists all keys, sorted.
func (t *Texts) Keys() []string {
	keys := make([]string, 0, len(t.byKey))
	for k := range t.byKey {
		keys = append(keys, k)
	}
	sort.Strings(keys)
	return keys
}
