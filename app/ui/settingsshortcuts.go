package ui

import (
	"strings"

	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/container"
	"fyne.io/fyne/v2/driver/desktop"
	"fyne.io/fyne/v2/widget"

	"parlor/assets"
	"parlor/widgets"
)

// shortcuts is the table of keys: a click records a new one.
func (s *settingsScreen) shortcuts(f *settingsForm) {
	w, t := s.w, s.w.texts
	f.check("set.shortcuts.single", t.T("set.single"), t.T("set.single.on"), "",
		func() bool { return w.state.frame.prefs.SingleKeys },
		func(on bool) { w.choose("shortcuts.single", on, func(p *preferences) { p.SingleKeys = on }) })
	reset := widgets.NewButton(t.T("set.keys.reset"), func() {
		w.choose("shortcuts.reset", nil, func(p *preferences) { p.Keys = nil })
		w.bindKeys()
		s.show()
	})
	w.register("set.shortcuts.reset", reset)
	f.rows.Add(row(8, reset))
	told := f.note("")
	told.Importance = widget.WarningImportance
	told.Hide()
	f.rows.Add(told)
	table := container.New(&settingKeys{})
	f.rows.Add(table)
	for _, a := range w.newActions() {
		if strings.HasPrefix(a.name, "tile.") || a.name == "back" {
			continue
		}
		s.shortcut(f, table, told, a)
	}
}

// shortcut adds a row to the table: what it does, its key, and a button that gives it its usual one back.
func (s *settingsScreen) shortcut(f *settingsForm, table *fyne.Container, told *widget.Label, a action) {
	w, t := s.w, s.w.texts
	name := widget.NewLabel(t.T(a.words))
	name.Wrapping = fyne.TextWrapWord
	record := widgets.NewKeyRecorder(t.T("set.keys.press"))
	usual := widgets.NewToolButton(assets.Retry, "", nil)
	usual.SetLook(widgets.LookFlat)
	usual.SetTip(t.T("set.keys.usual", t.T(a.words)))
	say := func(words string) {
		told.SetText(words)
		setVisible(told, words != "")
		f.rows.Refresh()
	}
	record.OnStarted = func() { say(t.T("set.keys.help")) }
	record.OnRefused = func() { say(t.T("set.keys.refused")) }
	record.OnShortcut = func(sc fyne.Shortcut) {
		if custom, ok := sc.(*desktop.CustomShortcut); ok {
			w.pressed(custom.KeyName, custom.Modifier)
		}
	}
	record.OnRecorded = func(key fyne.KeyName, modifier fyne.KeyModifier) {
		say("")
		if other := w.setKey(a, pressOf(key, modifier)); other != nil {
			say(t.T("set.keys.taken", string(pressOf(key, modifier)), t.T(other.words)))
		}
		s.show()
	}
	usual.OnTapped = func() {
		say("")
		w.choose("shortcuts.usual", a.name, func(p *preferences) { p.Keys = withKey(p.Keys, a.name, nil) })
		w.bindKeys()
		s.show()
	}
	w.register("set.shortcuts."+a.name, record)
	w.register("set.shortcuts."+a.name+".usual", usual)
	table.Add(name)
	table.Add(record)
	table.Add(usual)
	f.updates = append(f.updates, func() {
		record.SetKeys(first(joinKeys(w.keysOf(a)), t.T("set.keys.none")))
		_, own := w.state.frame.prefs.Keys[a.name]
		usual.SetEnabled(own)
	})
}

// setKey gives an action a key; it returns the action that has the key already, and then changes nothing.
func (w *Window) setKey(a action, k keyPress) *action {
	for _, other := range w.actions {
		if other.name == a.name {
			continue
		}
		for _, taken := range w.keysOf(other) {
			if taken == k {
				return &other
			}
		}
	}
	w.choose("shortcuts.set", map[string]any{"action": a.name, "key": k}, func(p *preferences) { p.Keys = withKey(p.Keys, a.name, &k) })
	w.bindKeys()
	return nil
}

// withKey is a copy of the keys with one set, or taken out when nil.
func withKey(keys map[string]keyPress, name string, k *keyPress) map[string]keyPress {
	changed := make(map[string]keyPress, len(keys)+1)
	for n, v := range keys {
		changed[n] = v
	}
	delete(changed, name)
	if k != nil {
		changed[name] = *k
	}
	return changed
}

// settingKeys lays out the table of keys: a name, a key and a button in each row.
type settingKeys struct{}

const keyButton = 36

// keyWidth is the width of the column of keys.
func (*settingKeys) keyWidth(objects []fyne.CanvasObject) float32 {
	var width float32
	for i := 1; i < len(objects); i += 3 {
		width = max(width, objects[i].MinSize().Width)
	}
	return width
}

func (k *settingKeys) Layout(objects []fyne.CanvasObject, size fyne.Size) {
	var y float32
	keys := k.keyWidth(objects)
	name := max(size.Width-keys-keyButton-12, 60)
	for i := 0; i+2 < len(objects); i += 3 {
		objects[i].Resize(fyne.NewSize(name, objects[i].Size().Height)) // breaks its lines
		height := max(objects[i].MinSize().Height, objects[i+1].MinSize().Height)
		put(objects[i], -8, y+(height-objects[i].MinSize().Height)/2, name, objects[i].MinSize().Height)
		h := objects[i+1].MinSize().Height
		put(objects[i+1], name, y+(height-h)/2, keys, h)
		put(objects[i+2], name+keys+8, y+(height-keyButton)/2, keyButton, keyButton)
		y += height + 4
	}
}

func (k *settingKeys) MinSize(objects []fyne.CanvasObject) fyne.Size {
	var height float32
	for i := 0; i+2 < len(objects); i += 3 {
		height += max(objects[i].MinSize().Height, objects[i+1].MinSize().Height) + 4
	}
	return fyne.NewSize(k.keyWidth(objects)+keyButton+180, height)
}
