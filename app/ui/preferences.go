package ui

import (
	"encoding/json"
	"maps"
	"slices"
	"time"

	"fyne.io/fyne/v2"

	"parlor/app/room"
	"parlor/media"
)

// preferences are what a person chose in the settings, and what the window remembers by itself. They are kept between runs.
type preferences struct {
	TextSize     int                 `json:"textSize"` // percent, one of textSizes
	AskToLeave   bool                `json:"askToLeave"`
	SingleKeys   bool                `json:"singleKeys"`     // letters without Ctrl are shortcuts
	Keys         map[string]keyPress `json:"keys,omitempty"` // shortcuts that are not the usual ones, by command
	Camera       string              `json:"camera"`         // device names; "" is the system's default
	Microphone   string              `json:"microphone"`
	Speaker      string              `json:"speaker"`
	Noise        media.NoiseLevel    `json:"noise"`
	PushToTalk   talkMode            `json:"pushToTalk"`
	MutedHint    bool                `json:"mutedHint"`              // the microphone stays on while muted, to notice that one talks
	SoundVolume  int                 `json:"soundVolume"`            // percent
	SilentSounds []string            `json:"silentSounds,omitempty"` // names of sounds that are off
	Picture      string              `json:"picture"`                // WIDTHxHEIGHT, one of pictureSizes
	Rate         int                 `json:"rate"`                   // pictures per second, one of pictureRates
	TestDevices  bool                `json:"testDevices"`            // the lists of devices offer a test picture and a tone
	Faults       bool                `json:"faults"`                 // testers may break things on purpose
	RawCalls     bool                `json:"rawCalls"`               // the console begins in raw mode
	LogLevel     string              `json:"logLevel"`
	Unmirrored   bool                `json:"unmirrored"`        // the own picture is shown as the others see it
	HideSelf     bool                `json:"hideSelf"`          // oneself has no tile
	MostTiles    int                 `json:"mostTiles"`         // on a page; 0 for as many as fit
	Volumes      map[room.UserID]int `json:"volumes,omitempty"` // percent, of those who are not at 100; at most maxVolumes

	Recent []recentRoom `json:"recent,omitempty"` // the newest first
	Width  float32      `json:"width"`            // of the window, units
	Height float32      `json:"height"`
	Page   page         `json:"page"`
	Panel  panel        `json:"panel"`
}

// recentRoom is a room that was joined.
type recentRoom struct {
	RoomID string    `json:"roomId"`
	At     time.Time `json:"at"`
}

// maxRecent is how many rooms are remembered.
const maxRecent = 8

// talkMode is what holding the space bar does.
type talkMode string

const (
	talkOff    talkMode = "off"
	talkToTalk talkMode = "talk" // heard while it is held
	talkToMute talkMode = "mute" // not heard while it is held
)

// The choices of the settings.
var (
	textSizes    = []int{80, 90, 100, 110, 125, 150}
	noiseLevels  = []media.NoiseLevel{media.NoiseDisable, media.NoiseLow, media.NoiseMedium, media.NoiseHigh, media.NoiseAutomatic}
	talkModes    = []talkMode{talkToTalk, talkToMute, talkOff}
	pictureSizes = []string{"320x180", "640x360", "960x540", "1280x720", "1920x1080"}
	pictureRates = []int{10, 15, 24, 30}
	tileCounts   = []int{0, 4, 6, 9}
	logLevels    = []string{"debug", "info", "warn", "error"}
)

// prefSettings is the key of the preferences.
const prefSettings = "settings"

// usualPreferences are those of the first start.
func usualPreferences() preferences {
	return preferences{
		TextSize: 100, SingleKeys: true, Faults: true, RawCalls: true, Noise: media.NoiseDisable, PushToTalk: talkToTalk, MutedHint: true, SoundVolume: 60,
		Picture: "640x360", Rate: 30, LogLevel: "info", Width: firstWidth, Height: firstHeight, Panel: panelInfo,
	}
}

// loadPreferences reads what was kept; what is missing or makes no sense is as usual.
func loadPreferences(kept fyne.Preferences) preferences {
	p := usualPreferences()
	if json.Unmarshal([]byte(kept.String(prefSettings)), &p) != nil {
		return usualPreferences()
	}
	usual := usualPreferences()
	one(&p.TextSize, textSizes, usual.TextSize)
	one(&p.Noise, noiseLevels, usual.Noise)
	one(&p.PushToTalk, talkModes, usual.PushToTalk)
	one(&p.Picture, pictureSizes, usual.Picture)
	one(&p.Rate, pictureRates, usual.Rate)
	one(&p.LogLevel, logLevels, usual.LogLevel)
	one(&p.MostTiles, tileCounts, usual.MostTiles)
	maps.DeleteFunc(p.Volumes, func(_ room.UserID, percent int) bool { return percent < 1 || percent > maxVolume })
	p.SoundVolume = min(max(p.SoundVolume, 0), 100)
	p.Recent = p.Recent[:min(len(p.Recent), maxRecent)]
	if p.Width < minWidth || p.Height < minHeight || p.Width > 16384 || p.Height > 16384 {
		p.Width, p.Height = usual.Width, usual.Height
	}
	if p.Page > pageSettings || int(p.Panel) >= len(panelNames) {
		p.Page, p.Panel = usual.Page, usual.Panel
	}
	return p
}

// one makes a value one of a list.
func one[T comparable](value *T, list []T, usual T) {
	if !slices.Contains(list, *value) {
		*value = usual
	}
}

// save keeps the preferences.
func (p preferences) save(kept fyne.Preferences) { kept.SetString(prefSettings, string(mustJSON(p))) }

// joined returns the list of rooms with one more in front.
func (p preferences) joined(roomID string, at time.Time) []recentRoom {
	list := []recentRoom{{roomID, at}}
	for _, r := range p.Recent {
		if r.RoomID != roomID && len(list) < maxRecent {
			list = append(list, r)
		}
	}
	return list
}

// preferencesChanged replaces the preferences. The window keeps what changed and applies it.
type preferencesChanged struct{ to preferences }

// choose changes a preference: one command, kept and applied at once.
func (w *Window) choose(name string, value any, change func(*preferences)) {
	w.command("settings."+name, map[string]any{"value": value}, func() {
		p := w.state.frame.prefs
		change(&p)
		w.prefer(p)
	})
}

// prefer keeps preferences and applies them.
func (w *Window) prefer(p preferences) {
	before := w.state.frame.prefs
	w.send(preferencesChanged{p})
	p.save(w.cfg.App.Preferences())
	if p.TextSize != before.TextSize {
		w.applyTheme()
	}
	if p.LogLevel != before.LogLevel {
		w.cfg.Machine.SetLogLevel(logLevel(p.LogLevel))
	}
}
