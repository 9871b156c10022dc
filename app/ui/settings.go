package ui

import (
	"runtime"
	"runtime/debug"
	"strings"

	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/container"
	"fyne.io/fyne/v2/theme"
	"fyne.io/fyne/v2/widget"

	"parlor/assets"
	"parlor/media"
)

// The kinds of x-setDevice.
const (
	kindCamera     = "camera"
	kindMicrophone = "microphone"
	kindSpeaker    = "speaker"
)

// deviceLists are the devices found; loaded tells that the search is over.
type deviceLists struct {
	loaded bool
	byKind map[string][]media.DeviceInfo
	failed map[string]error
}

// settingsScreen is the page of settings; everything applies at once.
type settingsScreen struct {
	w       *Window
	content fyne.CanvasObject
	choices map[string]*deviceChoice
	status  *widget.Label
}

// deviceChoice is one device list.
type deviceChoice struct {
	pick  *widget.Select
	names []string // by index of the options
}

const settingNames = 120

func newSettingsScreen(w *Window) *settingsScreen {
	t := w.texts
	s := &settingsScreen{w: w, choices: make(map[string]*deviceChoice), status: caption("")}
	s.status.Wrapping = fyne.TextWrapWord
	again := widget.NewButtonWithIcon(t.T("set.devices.again"), assets.Icon(assets.Retry, theme.ColorNameForeground), w.loadDevices)
	w.register("set.devices.again", again)
	list := column(10,
		title(t.T("set.title")),
		inset(10, 0, 0, 0, section(t.T("set.general"))),
		labelled(t.T("set.language"), settingNames, s.language()),
		labelled(t.T("set.theme"), settingNames, s.theme()),
		inset(14, 0, 0, 0, section(t.T("set.devices"))),
		labelled(t.T("set.camera"), settingNames, s.device(kindCamera)),
		labelled(t.T("set.microphone"), settingNames, s.device(kindMicrophone)),
		labelled(t.T("set.speaker"), settingNames, s.device(kindSpeaker)),
		container.NewBorder(nil, nil, nil, again, inset(0, 0, settingNames-4, 0, s.status)),
		inset(14, 0, 0, 0, section(t.T("set.server"))),
		labelled(t.T("set.address"), settingNames, s.server()),
		labelled("appId", settingNames, widget.NewLabel(first(w.cfg.AppID, "-"))),
		inset(14, 0, 0, 0, section(t.T("set.keys"))),
		s.keys(),
		inset(14, 0, 0, 0, section(t.T("set.about"))),
		s.about(),
	)
	s.content = container.NewVScroll(container.New(&centred{680}, inset(28, 28, 24, 24, list)))
	return s
}

// centred gives its only object the middle, at most a width.
type centred struct{ width float32 }

func (c *centred) Layout(objects []fyne.CanvasObject, size fyne.Size) {
	w := min(size.Width, c.width)
	put(objects[0], (size.Width-w)/2, 0, w, size.Height)
}

func (c *centred) MinSize(objects []fyne.CanvasObject) fyne.Size { return objects[0].MinSize() }

// picker is a list of values with their words, of which one is chosen.
func (s *settingsScreen) picker(id string, values, words []string, chosen string, set func(string)) *widget.Select {
	pick := widget.NewSelect(words, nil)
	for i, v := range values {
		if v == chosen {
			pick.Selected = words[i]
		}
	}
	pick.OnChanged = func(string) {
		if i := pick.SelectedIndex(); i >= 0 {
			set(values[i])
		}
	}
	s.w.register(id, pick)
	return pick
}

func (s *settingsScreen) language() fyne.CanvasObject {
	t := s.w.texts
	return s.picker("set.general.language", assets.Languages(),
		[]string{t.T("set.language.zh"), t.T("set.language.en")}, t.Language(), s.w.setLanguage)
}

func (s *settingsScreen) theme() fyne.CanvasObject {
	t := s.w.texts
	chosen := themeSystem
	if present, ok := s.w.cfg.App.Settings().Theme().(*parlorTheme); ok {
		chosen = present.wish
	}
	return s.picker("set.general.theme", []string{themeSystem, themeDark, themeLight},
		[]string{t.T("set.theme.system"), t.T("set.theme.dark"), t.T("set.theme.light")}, chosen, s.w.setTheme)
}

func (s *settingsScreen) server() fyne.CanvasObject {
	words := s.w.cfg.Server
	if s.w.cfg.Embedded {
		words = s.w.texts.T("set.embedded", s.w.cfg.Server)
	}
	l := widget.NewLabel(first(words, "-"))
	l.Truncation = fyne.TextTruncateEllipsis
	return l
}

func (s *settingsScreen) device(kind string) fyne.CanvasObject {
	choice := &deviceChoice{pick: widget.NewSelect(nil, nil)}
	choice.pick.PlaceHolder = s.w.texts.T("set.devices.default")
	choice.pick.OnChanged = func(string) {
		if i := choice.pick.SelectedIndex(); i >= 0 && i < len(choice.names) {
			s.w.setDevice(kind, choice.names[i])
		}
	}
	s.choices[kind] = choice
	s.w.register("set.devices."+kind, choice.pick)
	return choice.pick
}

// keys is the table of keys.
func (s *settingsScreen) keys() fyne.CanvasObject {
	t := s.w.texts
	rows := column(0)
	for _, k := range [][2]string{
		{"Ctrl+D, M", "key.mic"}, {"Ctrl+E, V", "key.camera"}, {"Ctrl+G", "key.layout"}, {"1-9", "key.tile"},
		{"Esc", "key.back"}, {"PageUp, PageDown", "key.pages"}, {"Ctrl+I, Ctrl+U", "key.panel"},
		{"Ctrl+1, Ctrl+4, Ctrl+,", "key.page"}, {"Ctrl+Shift+H", "key.leave"}, {"Ctrl+Enter", "key.call"},
		{"Ctrl+Shift+C", "key.copy"}, {"F11", "key.full"}, {"Ctrl+Q", "key.quit"},
	} {
		rows.Add(container.New(&twoColumns{200}, inset(-4, -4, 0, 0, widget.NewLabel(k[0])), inset(-4, -4, 0, 0, widget.NewLabel(t.T(k[1])))))
	}
	return inset(-6, 0, -8, 0, rows)
}

// twoColumns puts its two objects beside each other, the first one with a fixed width.
type twoColumns struct{ first float32 }

func (c *twoColumns) Layout(objects []fyne.CanvasObject, size fyne.Size) {
	put(objects[0], 0, 0, c.first, size.Height)
	put(objects[1], c.first, 0, size.Width-c.first, size.Height)
}

func (c *twoColumns) MinSize(objects []fyne.CanvasObject) fyne.Size {
	a, b := objects[0].MinSize(), objects[1].MinSize()
	return fyne.NewSize(c.first+b.Width, max(a.Height, b.Height))
}

func (s *settingsScreen) about() fyne.CanvasObject {
	t := s.w.texts
	text := strings.Join([]string{
		"Parlor " + first(s.w.cfg.Version, "-"), runtime.Version() + " " + runtime.GOOS + "/" + runtime.GOARCH,
		"Fyne " + moduleVersion("fyne.io/fyne/v2"), "Pion WebRTC " + moduleVersion("github.com/pion/webrtc/v4"),
	}, "\n")
	copyAbout := widget.NewButtonWithIcon(t.T("set.about.copy"), assets.Icon(assets.Copy, theme.ColorNameForeground), func() { s.w.copy(text) })
	s.w.register("set.about.copy", copyAbout)
	licence := widget.NewLabel(t.T("set.about.fonts"))
	licence.Wrapping = fyne.TextWrapWord
	licence.Importance = widget.LowImportance
	return column(0, inset(-6, -4, -8, 0, widget.NewLabel(text)), inset(0, 0, -8, 0, licence),
		container.NewHBox(copyAbout))
}

// moduleVersion is the version of a module in this program.
func moduleVersion(path string) string {
	info, ok := debug.ReadBuildInfo()
	if !ok {
		return ""
	}
	for _, m := range info.Deps {
		if m.Path == path {
			return m.Version
		}
	}
	return ""
}

func (s *settingsScreen) show() {
	d, t := &s.w.devices, s.w.texts
	words := t.T("set.devices.searching")
	if d.loaded {
		words = t.T("set.devices.next")
		for _, kind := range []string{kindCamera, kindMicrophone, kindSpeaker} {
			if err := d.failed[kind]; err != nil {
				words = t.T("set.devices.failed", err.Error())
			}
		}
	}
	if s.w.cfg.Devices == nil {
		words = t.T("set.devices.none")
	}
	if s.status.Text != words {
		s.status.SetText(words)
	}
	chosen := map[string]string{kindCamera: s.w.cfg.Camera, kindMicrophone: s.w.cfg.Microphone, kindSpeaker: s.w.cfg.Speaker}
	for kind, c := range s.choices {
		c.fill(t, d.byKind[kind], chosen[kind])
	}
}

// fill shows the devices found, with the chosen one even if it was not found: names given by hand work, too.
func (c *deviceChoice) fill(t *assets.Texts, found []media.DeviceInfo, chosen string) {
	names, words := []string{""}, []string{t.T("set.devices.default")}
	known := chosen == ""
	for _, d := range found {
		names, words = append(names, d.ID), append(words, first(d.Label, d.ID))
		known = known || d.ID == chosen
	}
	if !known {
		names, words = append(names, chosen), append(words, chosen)
	}
	changed := c.pick.OnChanged
	c.pick.OnChanged = nil
	c.names = names
	c.pick.SetOptions(words)
	for i, name := range names {
		if name == chosen {
			c.pick.SetSelectedIndex(i)
		}
	}
	c.pick.OnChanged = changed
}

// setDevice chooses a device for its next opening.
func (w *Window) setDevice(kind, name string) {
	switch kind {
	case kindCamera:
		w.cfg.Camera = name
	case kindMicrophone:
		w.cfg.Microphone = name
	case kindSpeaker:
		w.cfg.Speaker = name
	}
	w.call("x-setDevice", map[string]any{"kind": kind, "name": name})
	w.settings.show()
}

// loadDevices looks for devices on a goroutine of its own: that may take a second.
func (w *Window) loadDevices() {
	if w.cfg.Devices == nil || w.closed.Load() {
		return
	}
	w.devices.loaded = false
	w.settings.show()
	w.wait.Add(1)
	go func() {
		defer w.wait.Done()
		found := deviceLists{loaded: true, byKind: map[string][]media.DeviceInfo{}, failed: map[string]error{}}
		for kind, list := range map[string]func() ([]media.DeviceInfo, error){
			kindCamera: w.cfg.Devices.Cameras, kindMicrophone: w.cfg.Devices.Microphones, kindSpeaker: w.cfg.Devices.Speakers,
		} {
			devices, err := list()
			if err != nil {
				w.log.Warn("device list", "kind", kind, "err", err)
				found.failed[kind] = err
			}
			found.byKind[kind] = devices
		}
		w.post(func() {
			w.devices = found
			w.settings.show()
		})
	}()
}
