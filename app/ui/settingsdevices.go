package ui

import (
	"log/slog"
	"slices"

	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/container"
	"fyne.io/fyne/v2/theme"

	"parlor/assets"
	"parlor/media"
	"parlor/widgets"
)

// The kinds of x-setDevice.
const (
	kindCamera     = "camera"
	kindMicrophone = "microphone"
	kindSpeaker    = "speaker"
)

// deviceKinds lists them.
var deviceKinds = []string{kindCamera, kindMicrophone, kindSpeaker}

// deviceLists are the devices found; loaded tells that the search is over.
type deviceLists struct {
	loaded bool
	byKind map[string][]media.DeviceInfo
	failed map[string]error
}

// The messages about devices.
type (
	devicesSought struct{}                    // a search began
	devicesFound  struct{ lists deviceLists } // it is over
	deviceChosen  struct{ kind, name string }
)

// chosenDevices are the names in use, by kind.
type chosenDevices struct{ camera, microphone, speaker string }

// of is the name of a kind.
func (c *chosenDevices) of(kind string) *string {
	switch kind {
	case kindCamera:
		return &c.camera
	case kindMicrophone:
		return &c.microphone
	}
	return &c.speaker
}

// deviceField is where the preferences keep a kind.
func (p *preferences) deviceField(kind string) *string {
	switch kind {
	case kindCamera:
		return &p.Camera
	case kindMicrophone:
		return &p.Microphone
	}
	return &p.Speaker
}

// Chosen is what a person chose in the settings, as far as the program needs it before there is a window.
type Chosen struct {
	Camera, Microphone, Speaker string
	Largest                     media.VideoFormat // of the pictures that are sent
	Noise                       media.NoiseLevel
	LogLevel                    slog.Level
}

// ChosenBefore reads it from the preferences.
func ChosenBefore(kept fyne.Preferences) Chosen {
	p := loadPreferences(kept)
	return Chosen{Camera: p.Camera, Microphone: p.Microphone, Speaker: p.Speaker, Largest: p.largest(), Noise: p.Noise, LogLevel: logLevel(p.LogLevel)}
}

// devicePicker is a list of the devices of one kind, on the start page or in the settings.
type devicePicker struct {
	w     *Window
	kind  string
	pick  *widgets.Select
	names []string // by index of the options
}

func newDevicePicker(w *Window, kind, id string) *devicePicker {
	d := &devicePicker{w: w, kind: kind, pick: widgets.NewSelect(nil, nil)}
	d.pick.PlaceHolder = w.texts.T("set.devices.default")
	d.pick.OnChanged = func(string) {
		if i := d.pick.SelectedIndex(); i >= 0 && i < len(d.names) {
			w.chooseDevice(kind, d.names[i])
		}
	}
	w.register(id, d.pick)
	return d
}

// show lists the devices found, with the chosen one even if it was not found: names given by hand work, too.
func (d *devicePicker) show() {
	st, t := &d.w.state.frame, d.w.texts
	chosen := *st.using.of(d.kind)
	names, words := []string{""}, []string{t.T("set.devices.default")}
	for _, found := range st.devices.byKind[d.kind] {
		names, words = append(names, found.ID), append(words, first(found.Label, found.ID))
	}
	test := map[string]string{
		kindCamera: t.T("set.devices.test.camera"), kindMicrophone: t.T("set.devices.test.microphone"), kindSpeaker: t.T("set.devices.test.speaker"),
	}
	special := map[string]string{"none": t.T("set.devices.none"), "test": test[d.kind]}
	if st.prefs.TestDevices {
		names, words = append(names, "test", "none"), append(words, special["test"], special["none"])
	}
	if !slices.Contains(names, chosen) {
		name := first(special[chosen], chosen)
		if st.devices.loaded && special[chosen] == "" && st.devices.failed[d.kind] == nil {
			name = t.T("set.devices.absent", name)
		}
		names, words = append(names, chosen), append(words, name)
	}
	if i := slices.Index(names, chosen); !slices.Equal(d.names, names) || !slices.Equal(d.pick.Options, words) || d.pick.SelectedIndex() != i {
		d.names = names
		d.pick.Set(words, i)
	}
}

// settingsDevices are the pickers of the settings.
type settingsDevices struct{ pickers map[string]*devicePicker }

func newSettingsDevices(s *settingsScreen) *settingsDevices {
	return &settingsDevices{map[string]*devicePicker{
		kindCamera:     newDevicePicker(s.w, kindCamera, "set.video.camera"),
		kindMicrophone: newDevicePicker(s.w, kindMicrophone, "set.audio.microphone"),
		kindSpeaker:    newDevicePicker(s.w, kindSpeaker, "set.audio.speaker"),
	}}
}

// device adds the list of a kind of devices.
func (f *settingsForm) device(kind, name string) {
	picker := f.s.devices.pickers[kind]
	f.row(name, picker.pick, "")
	f.updates = append(f.updates, picker.show)
}

// refresh adds the button that looks for devices again, after others, with what is wrong with the lists.
func (f *settingsForm) refresh(id string, before ...fyne.CanvasObject) {
	w, t := f.s.w, f.s.w.texts
	again := widgets.NewIconButton(t.T("set.devices.again"), assets.Icon(assets.Retry, theme.ColorNameForeground), func() {
		w.command("devices.refresh", nil, w.loadDevices)
	})
	w.register(id, again)
	status := f.note("")
	f.rows.Add(container.New(&settingRow{}, caption(""), row(8, append(before, again)...), status))
	f.updates = append(f.updates, func() {
		if words := w.deviceWords(); status.Text != words {
			status.SetText(words)
		}
	})
}

// deviceWords says how the search for devices went.
func (w *Window) deviceWords() string {
	d, t := &w.state.frame.devices, w.texts
	switch {
	case w.cfg.Devices == nil:
		return t.T("set.devices.fixed")
	case !d.loaded:
		return t.T("set.devices.searching")
	}
	for _, kind := range deviceKinds {
		if err := d.failed[kind]; err != nil {
			return t.T("set.devices.failed", err.Error())
		}
	}
	return t.T("set.devices.note")
}

// chooseDevice is a choice in a list: it applies at once and is kept.
func (w *Window) chooseDevice(kind, name string) {
	p := w.state.frame.prefs
	*p.deviceField(kind) = name
	w.send(deviceChosen{kind, name})
	w.prefer(p)
	w.call("x-setDevice", map[string]any{"kind": kind, "name": name})
}

// seekDevices looks for devices when their lists come to be seen: something may have been plugged in since.
func (w *Window) seekDevices(before *state) {
	lists := func(s *state) bool {
		return s.page == pageSettings && (s.frame.section == sectionAudio || s.frame.section == sectionVideo)
	}
	if lists(&w.state) && !lists(before) {
		w.loadDevices()
	}
}

// loadDevices looks for devices on a goroutine of its own: that may take a second.
func (w *Window) loadDevices() {
	if w.cfg.Devices == nil || w.closed.Load() {
		return
	}
	w.send(devicesSought{})
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
		w.post(func() { w.foundDevices(found) })
	}()
}

// foundDevices shows the lists. A device of the settings that is not there is replaced by the system's for this run, with a note.
func (w *Window) foundDevices(found deviceLists) {
	w.send(devicesFound{found})
	for _, kind := range deviceKinds {
		name := *w.state.frame.using.of(kind)
		if name == "" || name != *w.state.frame.prefs.deviceField(kind) || found.failed[kind] != nil || w.state.inRoom() {
			continue // what the program was started with is taken as it is
		}
		known := func(d media.DeviceInfo) bool { return d.ID == name }
		if slices.ContainsFunc(found.byKind[kind], known) || name == "test" || name == "none" {
			continue
		}
		w.send(deviceChosen{kind, ""})
		w.step("x-setDevice", map[string]any{"kind": kind, "name": ""})
		w.toast(w.texts.T("set.devices.gone", name))
	}
}
