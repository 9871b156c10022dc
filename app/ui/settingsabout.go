package ui

import (
	"os"
	"runtime"
	"runtime/debug"
	"strings"

	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/container"
	"fyne.io/fyne/v2/theme"
	"fyne.io/fyne/v2/widget"

	"parlor/assets"
	"parlor/widgets"
)

// about is what the program is made of.
func (s *settingsScreen) about(f *settingsForm) {
	w, t := s.w, s.w.texts
	facts := w.facts()
	lines := make([]string, len(facts))
	for i, fact := range facts {
		f.text(fact.name, func() string { return fact.value })
		lines[i] = fact.name + ": " + fact.value
	}
	text := strings.Join(lines, "\n")
	copyAbout := widgets.NewIconButton(t.T("set.about.copy"), assets.Icon(assets.Copy, theme.ColorNameForeground), func() {
		w.command("about.copy", nil, func() { w.copy(text); w.toast(t.T("copied")) })
	})
	selfTest := widgets.NewButton(t.T("set.selfTest"), w.selfTest)
	licences := widgets.NewButton(t.T("set.licences"), func() { w.command("licences.open", nil, w.showLicences) })
	w.register("set.about.copy", copyAbout)
	w.register("set.about.selfTest", selfTest)
	w.register("set.about.licences", licences)
	f.buttons("", copyAbout, selfTest, licences)
	f.updates = append(f.updates, func() { setDisabled(selfTest, w.state.frame.selfTesting) })
	f.rows.Add(inset(0, 0, -8, 0, f.note(t.T("set.about.fonts"))))
}

// fact is a line of the about page.
type fact struct{ name, value string }

// facts lists what one is asked for when something does not work.
func (w *Window) facts() []fact {
	t := w.texts
	windows := runtime.GOOS
	switch {
	case os.Getenv("WAYLAND_DISPLAY") != "" && os.Getenv("DISPLAY") != "":
		windows = "X11 (XWayland)"
	case os.Getenv("DISPLAY") != "":
		windows = "X11"
	case os.Getenv("WAYLAND_DISPLAY") != "":
		windows = "Wayland"
	}
	list := []fact{
		{t.T("set.about.version"), "Parlor " + first(w.cfg.Version, "-")},
		{t.T("set.about.build"), first(buildSetting("vcs.revision"), "-") + map[string]string{"true": " +"}[buildSetting("vcs.modified")]},
		{"Go", runtime.Version() + " " + runtime.GOOS + "/" + runtime.GOARCH},
		{"Fyne", first(moduleVersion("fyne.io/fyne/v2"), "-")},
		{"Pion WebRTC", first(moduleVersion("github.com/pion/webrtc/v4"), "-")},
		{t.T("set.about.windows"), windows},
	}
	if w.cfg.Data != "" {
		list = append(list, fact{t.T("set.data"), w.cfg.Data})
	}
	return list
}

// buildSetting is what the compiler noted of the build, "" for nothing.
func buildSetting(key string) string {
	if info, ok := debug.ReadBuildInfo(); ok {
		for _, s := range info.Settings {
			if s.Key == key {
				return s.Value
			}
		}
	}
	return ""
}

// moduleVersion is the version of a module in this program.
func moduleVersion(path string) string {
	if info, ok := debug.ReadBuildInfo(); ok {
		for _, m := range info.Deps {
			if m.Path == path {
				return m.Version
			}
		}
	}
	return ""
}

// selfTesting tells that the self-test began or ended.
type selfTesting struct{ on bool }

// selfTest runs the program's self-test and shows its report.
func (w *Window) selfTest() {
	w.command("selfTest", nil, func() {
		w.send(selfTesting{true})
		w.cfg.Machine.SelfTest(func(report string, err error) {
			w.post(func() {
				w.send(selfTesting{false})
				title := w.texts.T("set.selfTest.ok")
				if err != nil {
					title = w.texts.T("set.selfTest.failed")
					report = err.Error() + "\n\n" + report
				}
				w.showText(title, report)
			})
		})
	})
}

// showLicences shows the licences of everything in the program.
func (w *Window) showLicences() {
	w.showText(w.texts.T("set.licences"), first(w.cfg.Licences, w.texts.T("set.licences.none")))
}

// showText shows a long text in a dialog, to be read and copied.
func (w *Window) showText(title, text string) {
	words := widget.NewLabel(text)
	words.TextStyle.Monospace = true
	words.Wrapping = fyne.TextWrapBreak
	words.Selectable = true
	copyText := widgets.NewIconButton(w.texts.T("set.about.copy"), assets.Icon(assets.Copy, theme.ColorNameForeground), func() {
		w.command("text.copy", nil, func() { w.copy(text) })
	})
	w.register("dialog.copy", copyText)
	scroll := container.NewVScroll(words)
	size := w.win.Canvas().Size()
	scroll.SetMinSize(fyne.NewSize(min(760, size.Width-120), min(480, size.Height-200)))
	w.openDialog(title, scroll, copyText, nil, copyText)
}
