package ui

import (
	"fmt"
	"slices"

	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/container"
	"fyne.io/fyne/v2/layout"
	"fyne.io/fyne/v2/widget"

	"parlor/assets"
	"parlor/widgets"
)

// settingsSection is one page of the settings.
type settingsSection uint8

const (
	sectionGeneral settingsSection = iota
	sectionAudio
	sectionVideo
	sectionSounds
	sectionShortcuts
	sectionNetwork
	sectionDeveloper
	sectionAbout
)

// sectionChosen shows a page of the settings.
type sectionChosen struct{ section settingsSection }

// settingsScreen is the page of settings: sections at the left, the form of one of them at the right. Everything applies at
// once and is kept.
type settingsScreen struct {
	w        *Window
	content  *fyne.Container
	nav      *widgets.NavList
	sections []*settingsForm
	devices  *settingsDevices
	meters   []*widgets.LevelMeter
}

// settingsForm is one section: rows, and what brings them up to date.
type settingsForm struct {
	s       *settingsScreen
	title   string
	rows    *fyne.Container
	scroll  *container.Scroll
	updates []func()
}

func newSettingsScreen(w *Window) *settingsScreen {
	t := w.texts
	s := &settingsScreen{w: w, nav: widgets.NewNavList()}
	s.devices = newSettingsDevices(s)
	for i, section := range []struct {
		id    string
		icon  assets.IconName
		words string
		build func(*settingsForm)
	}{
		{"general", assets.Settings, t.T("set.general"), s.general},
		{"audio", assets.Mic, t.T("set.audio"), s.audio},
		{"video", assets.Camera, t.T("set.video"), s.video},
		{"sounds", assets.Speaker, t.T("set.sounds"), s.sounds},
		{"shortcuts", assets.Keyboard, t.T("set.shortcuts"), s.shortcuts},
		{"network", assets.Network, t.T("set.network"), s.network},
		{"developer", assets.API, t.T("set.developer"), s.developer},
		{"about", assets.Info, t.T("set.about"), s.about},
	} {
		w.register("set.section."+section.id, s.nav.Add(section.icon, section.words))
		f := &settingsForm{s: s, title: section.words, rows: column(12)}
		section.build(f)
		f.scroll = container.NewVScroll(container.New(&leading{640}, inset(24, 28, 28, 28, column(16, title(f.title), f.rows))))
		if settingsSection(i) != w.state.frame.section {
			f.scroll.Hide()
		}
		s.sections = append(s.sections, f)
	}
	s.nav.OnChosen = func(i int) { w.openSettings(settingsSection(i)) }
	edge := separator()
	lay := &custom{min: func() fyne.Size { return fyne.NewSize(minWidth-railWidth, 300) }}
	objects := []fyne.CanvasObject{s.nav, edge}
	for _, f := range s.sections {
		objects = append(objects, f.scroll)
	}
	s.content = container.New(lay, objects...)
	lay.place = func(size fyne.Size) {
		nav := max(176, s.nav.MinSize().Width)
		put(s.nav, 12, 24, nav, size.Height-24)
		put(edge, nav+24, 0, 1, size.Height)
		for _, f := range s.sections {
			put(f.scroll, nav+25, 0, size.Width-nav-25, size.Height)
		}
	}
	return s
}

// leading gives its only object at most a width, at the left.
type leading struct{ width float32 }

func (c *leading) Layout(objects []fyne.CanvasObject, size fyne.Size) {
	put(objects[0], 0, 0, min(size.Width, max(c.width, widgets.Scaled(c.width))), size.Height)
}

func (c *leading) MinSize(objects []fyne.CanvasObject) fyne.Size {
	return fyne.NewSize(0, objects[0].MinSize().Height)
}

// openSettings shows a section of the settings.
func (w *Window) openSettings(section settingsSection) {
	w.command("settings.open", map[string]any{"section": sectionNames[section]}, func() {
		w.send(sectionChosen{section})
		if w.state.page != pageSettings {
			w.send(pageChosen{pageSettings})
		}
	})
}

// sectionNames are the sections' names in ids and rows.
var sectionNames = [...]string{"general", "audio", "video", "sounds", "shortcuts", "network", "developer", "about"}

// show brings the section that is seen up to date.
func (s *settingsScreen) show() {
	st := &s.w.state
	if st.page != pageSettings {
		return
	}
	s.nav.Choose(int(st.frame.section))
	for i, f := range s.sections {
		setVisible(f.scroll, settingsSection(i) == st.frame.section)
	}
	for _, update := range s.sections[st.frame.section].updates {
		update()
	}
}

// sample shows the loudness of the microphone.
func (s *settingsScreen) sample(level int) {
	for _, m := range s.meters {
		m.SetLevel(level)
	}
}

// row adds a name with a control, and words below the control when they are not empty.
func (f *settingsForm) row(name string, control fyne.CanvasObject, note string) {
	label := widget.NewLabel(name)
	label.Wrapping = fyne.TextWrapWord
	objects := []fyne.CanvasObject{label, control}
	if note != "" {
		objects = append(objects, f.note(note))
	}
	f.rows.Add(container.New(&settingRow{}, objects...))
}

// note is a line of explanation.
func (f *settingsForm) note(words string) *widget.Label {
	l := caption(words)
	l.Wrapping = fyne.TextWrapWord
	return l
}

// heading adds a title over the rows that follow.
func (f *settingsForm) heading(words string) { f.rows.Add(inset(8, 0, 0, 0, section(words))) }

// settingRow is a name at the left, and a control with a note below it at the right.
type settingRow struct{}

func settingName() float32 { return widgets.Scaled(150) }

func (*settingRow) Layout(objects []fyne.CanvasObject, size fyne.Size) {
	name := settingName()
	control := objects[1].MinSize().Height
	label := objects[0].MinSize().Height
	put(objects[0], -8, max(0, (control-label)/2), name, label)
	put(objects[1], name, 0, size.Width-name, control)
	if len(objects) > 2 {
		put(objects[2], name-8, control-2, size.Width-name+8, objects[2].MinSize().Height)
	}
}

func (*settingRow) MinSize(objects []fyne.CanvasObject) fyne.Size {
	height := max(objects[1].MinSize().Height, objects[0].MinSize().Height)
	if len(objects) > 2 {
		height = max(height, objects[1].MinSize().Height-2+objects[2].MinSize().Height-4)
	}
	return fyne.NewSize(settingName()+objects[1].MinSize().Width, height)
}

// choice adds a list of which one is chosen.
func (f *settingsForm) choice(id, name, note string, words []string, chosen func() int, set func(i int)) {
	pick := widgets.NewSelect(words, nil)
	pick.OnChanged = func(string) {
		if i := pick.SelectedIndex(); i >= 0 {
			set(i)
		}
	}
	f.s.w.register(id, pick)
	f.row(name, pick, note)
	f.updates = append(f.updates, func() {
		if i := chosen(); i != pick.SelectedIndex() {
			pick.Set(words, i)
		}
	})
}

// check adds a box to check.
func (f *settingsForm) check(id, name, words, note string, on func() bool, set func(bool)) {
	box := widgets.NewCheck(words, set)
	f.s.w.register(id, box)
	f.row(name, row(0, box), note) // as wide as its words: Fyne's box takes taps there only
	f.updates = append(f.updates, func() { box.Set(on()) })
}

// text adds words that can change.
func (f *settingsForm) text(name string, words func() string) {
	l := widget.NewLabel("")
	l.Wrapping = fyne.TextWrapBreak
	f.row(name, inset(0, 0, -8, 0, l), "")
	f.updates = append(f.updates, func() {
		if text := words(); l.Text != text {
			l.SetText(text)
		}
	})
}

// buttons adds a row of buttons.
func (f *settingsForm) buttons(name string, list ...fyne.CanvasObject) {
	f.row(name, container.New(layout.NewCustomPaddedHBoxLayout(8), list...), "")
}

// pick adds a choice that changes a preference.
func pick[T comparable](f *settingsForm, name, label, note string, values []T, words func(T) string, field func(*preferences) *T) {
	w := f.s.w
	list := make([]string, len(values))
	for i, v := range values {
		list[i] = words(v)
	}
	f.choice("set."+name, label, note, list,
		func() int { return slices.Index(values, *field(&w.state.frame.prefs)) },
		func(i int) { w.choose(name, values[i], func(p *preferences) { *field(p) = values[i] }) })
}

// general is language, look and manners.
func (s *settingsScreen) general(f *settingsForm) {
	w, t := s.w, s.w.texts
	languages := append([]string{""}, assets.Languages()...)
	f.choice("set.general.language", t.T("set.language"), "", []string{t.T("set.language.system"), t.T("set.language.zh"), t.T("set.language.en")},
		func() int {
			kept := w.cfg.App.Preferences().String(prefLang)
			if kept == "" && w.cfg.Lang != "" { // the program was started with one
				kept = t.Language()
			}
			return max(0, slices.Index(languages, kept))
		},
		func(i int) {
			w.command("settings.general.language", map[string]any{"value": languages[i]}, func() { w.setLanguage(languages[i]) })
		})
	themes := []string{themeSystem, themeDark, themeLight}
	f.choice("set.general.theme", t.T("set.theme"), "", []string{t.T("set.theme.system"), t.T("set.theme.dark"), t.T("set.theme.light")},
		func() int { return max(0, slices.Index(themes, w.themeWish())) },
		func(i int) {
			w.command("settings.general.theme", map[string]any{"value": themes[i]}, func() { w.setTheme(themes[i]) })
		})
	pick(f, "general.textSize", t.T("set.textSize"), t.T("set.textSize.note"), textSizes,
		func(size int) string { return fmt.Sprintf("%d %%", size) }, func(p *preferences) *int { return &p.TextSize })
	f.check("set.general.askToLeave", t.T("set.leaving"), t.T("set.leaving.ask"), "",
		func() bool { return w.state.frame.prefs.AskToLeave },
		func(on bool) { w.choose("general.askToLeave", on, func(p *preferences) { p.AskToLeave = on }) })
}
