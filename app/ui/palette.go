package ui

import (
	"slices"
	"strings"
	"unicode"

	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/container"
	"fyne.io/fyne/v2/widget"

	"parlor/assets"
	"parlor/widgets"
)

// openPalette shows the command palette: all actions by their words in every language, chosen by the keyboard alone.
func (w *Window) openPalette() {
	w.command("palette.open", nil, func() {
		t := w.texts
		p := widgets.NewPalette(t.T("palette.example"), t.T("palette.nothing"))
		w.register("palette.entry", p.Entry)
		var fitting []action
		p.OnFilter = func(text string) {
			fitting = w.findActions(text)
			items := make([]widgets.PaletteItem, len(fitting))
			for i, a := range fitting {
				items[i] = widgets.PaletteItem{Label: t.T(a.words), Keys: joinKeys(w.keysOf(a)), Disabled: a.able != nil && !a.able()}
			}
			p.SetItems(items)
		}
		p.OnFilter("")
		w.adopt(p.Entry)
		d := w.openDialog(t.T("palette.title"), p, p.Entry, nil)
		p.Entry.OnEscape = func() { w.back() }
		p.OnChosen = func(i int) {
			d.close()
			fitting[i].run()
		}
	})
}

// joinKeys is a list of keys for people.
func joinKeys(keys []keyPress) string {
	words := make([]string, len(keys))
	for i, k := range keys {
		words[i] = string(k)
	}
	return strings.Join(words, ", ")
}

// findActions lists the actions that fit a text, the best first; all for an empty one. What can be done now comes before what
// cannot.
func (w *Window) findActions(text string) []action {
	type found struct {
		action
		score int
	}
	var list []found
	for _, a := range w.actions {
		if a.silent {
			continue
		}
		best := fit(text, a.name)
		for _, language := range assets.Languages() {
			best = max(best, fit(text, w.languages[language].T(a.words)))
		}
		if best == 0 {
			continue
		}
		if a.able == nil || a.able() {
			best += 1000
		}
		list = append(list, found{a, best})
	}
	slices.SortStableFunc(list, func(a, b found) int { return b.score - a.score })
	actions := make([]action, len(list))
	for i, f := range list {
		actions[i] = f.action
	}
	return actions
}

// fit tells how well words fit what was typed, 0 for not at all: all its characters must be there in their order. Characters at
// the beginning of a word and neighbours count more.
func fit(typed, words string) int {
	score, last := 1, -2
	rest := []rune(strings.ToLower(words))
	at := 0
	for _, r := range strings.ToLower(typed) {
		if unicode.IsSpace(r) {
			continue
		}
		i := slices.Index(rest[at:], r)
		if i < 0 {
			return 0
		}
		i += at
		switch {
		case i == last+1:
			score += 5
		case i == 0 || !unicode.IsLetter(rest[i-1]):
			score += 4
		default:
			score++
		}
		last, at = i, i+1
	}
	return score
}

// openKeys shows the list of keys.
func (w *Window) openKeys() {
	w.command("keys.open", nil, func() {
		t := w.texts
		table := newKeyTable()
		for _, a := range w.actions {
			if keys := w.keysOf(a); len(keys) > 0 && !strings.HasPrefix(a.name, "tile.") {
				table.add(joinKeys(keys), t.T(a.words))
			}
		}
		table.add("1-9", t.T("key.tile"))
		if mode := w.state.frame.prefs.PushToTalk; mode != talkOff {
			table.add(t.T("key.space"), t.T(map[talkMode]string{talkToTalk: "key.talk", talkToMute: "key.mute"}[mode]))
		}
		table.add("Tab, Shift+Tab", t.T("key.tab"))
		change := widgets.NewButton(t.T("key.change"), nil)
		d := w.openDialog(t.T("key.title"), table.content, change, nil, change)
		change.OnTapped = func() {
			d.close()
			w.openSettings(sectionShortcuts)
		}
		w.register("keys.change", change)
	})
}

// keyTable is two columns: keys, and what they do.
type keyTable struct{ content *fyne.Container }

func newKeyTable() *keyTable { return &keyTable{container.New(&keyRows{})} }

func (k *keyTable) add(keys, words string) {
	left, right := widget.NewLabel(keys), widget.NewLabel(words)
	left.TextStyle.Bold = true
	k.content.Add(left)
	k.content.Add(right)
}

// keyRows lays labels out in two columns; the first is as wide as its widest.
type keyRows struct{}

func (*keyRows) first(objects []fyne.CanvasObject) float32 {
	var width float32
	for i := 0; i < len(objects); i += 2 {
		width = max(width, objects[i].MinSize().Width)
	}
	return width
}

func (k *keyRows) Layout(objects []fyne.CanvasObject, size fyne.Size) {
	var y float32
	first := k.first(objects)
	for i := 0; i+1 < len(objects); i += 2 {
		height := max(objects[i].MinSize().Height, objects[i+1].MinSize().Height) - keyOverlap
		put(objects[i], -8, y-keyOverlap/2, first, height+keyOverlap)
		put(objects[i+1], first, y-keyOverlap/2, size.Width-first, height+keyOverlap)
		y += height
	}
}

// keyOverlap is how much of a label's own padding a row of keys does without.
const keyOverlap = 8

func (k *keyRows) MinSize(objects []fyne.CanvasObject) fyne.Size {
	var size fyne.Size
	for i := 0; i+1 < len(objects); i += 2 {
		size.Width = max(size.Width, objects[i+1].MinSize().Width)
		size.Height += max(objects[i].MinSize().Height, objects[i+1].MinSize().Height) - keyOverlap
	}
	return fyne.NewSize(size.Width+k.first(objects), size.Height)
}
