package ui

import (
	"log/slog"
	"net/url"
	"path/filepath"

	"parlor/widgets"
)

// developer is for testers.
func (s *settingsScreen) developer(f *settingsForm) {
	w, t := s.w, s.w.texts
	f.choice("set.developer.console", t.T("set.console"), "", []string{t.T("set.console.strict"), t.T("set.console.raw")},
		func() int { return bit(w.state.frame.prefs.RawCalls) },
		func(i int) { w.choose("developer.console", i == 1, func(p *preferences) { p.RawCalls = i == 1 }) })
	f.check("set.developer.devices", t.T("set.test"), t.T("set.test.devices"), t.T("set.test.note"),
		func() bool { return w.state.frame.prefs.TestDevices },
		func(on bool) { w.choose("developer.devices", on, func(p *preferences) { p.TestDevices = on }) })
	f.check("set.developer.faults", "", t.T("set.faults"), t.T("set.faults.note"),
		func() bool { return w.state.frame.prefs.Faults },
		func(on bool) { w.choose("developer.faults", on, func(p *preferences) { p.Faults = on }) })
	f.check("set.developer.figures", t.T("stats.title"), t.T("menu.figures.all"), "",
		func() bool { return w.state.layout.figures }, func(bool) { w.toggleFigures(tileKey{}) })
	pick(f, "developer.logLevel", t.T("set.log"), "", logLevels, func(level string) string { return level },
		func(p *preferences) *string { return &p.LogLevel })
	f.text(t.T("set.drive"), func() string { return first(w.cfg.Drive, t.T("set.drive.none")) })
	if w.cfg.Data != "" {
		f.text(t.T("set.data"), func() string { return w.cfg.Data })
		open := widgets.NewButton(t.T("set.data.open"), func() { w.command("data.open", nil, w.openData) })
		w.register("set.developer.data", open)
		f.buttons("", open)
	}
}

// openData shows the data folder in the system's file manager.
func (w *Window) openData() { w.openFile(w.cfg.Data) }

// openFile opens a file or folder with the program that the system has for it.
func (w *Window) openFile(path string) {
	if err := w.cfg.App.OpenURL(&url.URL{Scheme: "file", Path: filepath.ToSlash(path)}); err != nil {
		w.toast(w.texts.T("set.data.failed", err.Error()))
	}
}

// logLevel is the level by its name; what is no name is info.
func logLevel(name string) slog.Level {
	var level slog.Level
	if level.UnmarshalText([]byte(name)) != nil {
		return slog.LevelInfo
	}
	return level
}
