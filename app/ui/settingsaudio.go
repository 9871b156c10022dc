package ui

import (
	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/container"

	"parlor/assets"
	"parlor/media"
	"parlor/media/clip"
	"parlor/widgets"
)

// audio is microphone, speaker and how muting works.
func (s *settingsScreen) audio(f *settingsForm) {
	w, t := s.w, s.w.texts
	f.device(kindMicrophone, t.T("set.microphone"))
	meter := widgets.NewLevelMeter()
	s.meters = append(s.meters, meter)
	hear := newSoundButton(w, "set.audio.testMic", true)
	f.row(t.T("set.level"), container.New(&meterBeside{}, meter, hear.button), "")
	f.device(kindSpeaker, t.T("set.speaker"))
	chime := newSoundButton(w, "set.audio.testSpeaker", false)
	f.updates = append(f.updates, hear.show, chime.show)
	f.refresh("set.audio.refresh", chime.button)
	f.heading(t.T("set.voice"))
	noise := []string{t.T("set.noise.disable"), t.T("set.noise.low"), t.T("set.noise.medium"), t.T("set.noise.high"), t.T("set.noise.automatic")}
	f.choice("set.audio.noise", t.T("set.noise"), t.T("set.noise.note"), noise,
		func() int { return indexOf(noiseLevels, w.state.frame.prefs.Noise) },
		func(i int) { w.setNoise(noiseLevels[i]) })
	modes := map[talkMode]string{talkToTalk: t.T("set.talk.talk"), talkToMute: t.T("set.talk.mute"), talkOff: t.T("set.talk.off")}
	pick(f, "audio.pushToTalk", t.T("set.talk"), t.T("set.talk.note"), talkModes,
		func(m talkMode) string { return modes[m] }, func(p *preferences) *talkMode { return &p.PushToTalk })
	f.check("set.audio.mutedHint", t.T("set.hint"), t.T("set.hint.on"), t.T("set.hint.note"),
		func() bool { return w.state.frame.prefs.MutedHint },
		func(on bool) { w.choose("audio.mutedHint", on, func(p *preferences) { p.MutedHint = on }) })
}

// setNoise is one documented call; the level is kept for later starts.
func (w *Window) setNoise(level media.NoiseLevel) {
	p := w.state.frame.prefs
	p.Noise = level
	w.prefer(p)
	w.call("changeAnsMode", map[string]any{"mode": string(level)})
}

// indexOf is where a value is in a list, -1 for nowhere.
func indexOf[T comparable](list []T, value T) int {
	for i, v := range list {
		if v == value {
			return i
		}
	}
	return -1
}

// soundButton starts and stops hearing oneself, or the tone.
type soundButton struct {
	w      *Window
	hear   bool // else the tone
	button *widgets.Button
}

func newSoundButton(w *Window, id string, hear bool) *soundButton {
	b := &soundButton{w: w, hear: hear}
	icon := assets.Speaker
	if hear {
		icon = assets.Mic
	}
	b.button = widgets.NewIconButton("", assets.Icon(icon, "foreground"), b.tapped)
	w.register(id, b.button)
	b.show()
	return b
}

func (b *soundButton) running() bool {
	test := b.w.state.frame.sound.Test
	return b.hear && (test == SoundRecording || test == SoundReplaying) || !b.hear && test == SoundChiming
}

func (b *soundButton) tapped() {
	w := b.w
	using := w.state.frame.using
	switch {
	case b.running():
		w.command("sound.stop", nil, w.cfg.Sound.Stop)
	case b.hear:
		w.command("sound.hear", nil, func() { w.cfg.Sound.Hear(using.microphone, using.speaker) })
	default:
		w.command("sound.chime", nil, func() { w.cfg.Sound.Chime(using.speaker) })
	}
}

// show says what a tap would do. In a room the devices belong to the room.
func (b *soundButton) show() {
	t := b.w.texts
	words := t.T("sound.chime")
	if b.hear {
		words = t.T("sound.hear")
	}
	switch {
	case b.hear && b.w.state.frame.sound.Test == SoundRecording:
		words = t.T("sound.recording")
	case b.hear && b.w.state.frame.sound.Test == SoundReplaying:
		words = t.T("sound.replaying")
	case b.running():
		words = t.T("sound.stop")
	}
	if b.button.Text != words {
		b.button.SetText(words)
	}
	enabled := b.w.cfg.Sound != nil && !b.w.state.inRoom() && !b.w.state.joining
	if enabled == b.button.Disabled() {
		if enabled {
			b.button.Enable()
		} else {
			b.button.Disable()
		}
	}
}

// listenNow opens the microphone for the level meter while one can be seen, and only then: the start page with the microphone
// wished on, or the settings of sound; outside of a room, where the room has it.
func (w *Window) listenNow() {
	if w.cfg.Sound == nil {
		return
	}
	st := &w.state
	seen := st.page == pageRoom && st.mic.wish && st.ending == nil || st.page == pageSettings && st.frame.section == sectionAudio
	on := seen && !st.frame.away && !st.inRoom() && !st.joining && !st.mic.open
	wish := listening{on, st.frame.using.microphone}
	if !on {
		wish.microphone = ""
	}
	if w.listening != wish {
		w.listening = wish
		w.cfg.Sound.Listen(wish.on, wish.microphone)
	}
}

// listening is the last wish of listenNow.
type listening struct {
	on         bool
	microphone string
}

// level is the loudness of the own microphone, whoever has it open. Any goroutine.
func (w *Window) level() int {
	level := w.cfg.Backend.MicrophoneLevel()
	if w.cfg.Sound != nil {
		level = max(level, w.cfg.Sound.Level())
	}
	return level
}

// playSound plays one of the short sounds, unless it is switched off.
func (w *Window) playSound(name string) {
	p := &w.state.frame.prefs
	if p.SoundVolume > 0 && indexOf(p.SilentSounds, name) < 0 {
		w.cfg.Machine.PlaySound(name, float64(p.SoundVolume)/100)
	}
}

// soundNames are the sounds that can be switched off, in the order of the settings.
var soundNames = []string{
	clip.SoundJoin, clip.SoundLeave, clip.SoundMessage, clip.SoundShare, clip.SoundMuted, clip.SoundReconnecting, clip.SoundReconnected,
}

// sounds is which sounds are played, and how loud.
func (s *settingsScreen) sounds(f *settingsForm) {
	w, t := s.w, s.w.texts
	volume := widgets.NewSlider(0, 100)
	volume.Step = 5
	volume.OnChangeEnded = func(v float64) { w.choose("sounds.volume", int(v), func(p *preferences) { p.SoundVolume = int(v) }) }
	w.register("set.sounds.volume", volume)
	f.row(t.T("set.volume"), volume, "")
	f.updates = append(f.updates, func() { volume.Value = float64(w.state.frame.prefs.SoundVolume); volume.Refresh() })
	for _, name := range soundNames {
		words := map[string]string{
			clip.SoundJoin: t.T("set.sound.join"), clip.SoundLeave: t.T("set.sound.leave"), clip.SoundMessage: t.T("set.sound.message"),
			clip.SoundShare: t.T("set.sound.share"), clip.SoundMuted: t.T("set.sound.muted"),
			clip.SoundReconnecting: t.T("set.sound.reconnecting"), clip.SoundReconnected: t.T("set.sound.reconnected"),
		}[name]
		label := ""
		if name == soundNames[0] {
			label = t.T("set.sounds.play")
		}
		f.check("set.sounds."+name, label, words, "",
			func() bool { return indexOf(w.state.frame.prefs.SilentSounds, name) < 0 },
			func(on bool) {
				w.choose("sounds."+name, on, func(p *preferences) {
					p.SilentSounds = without(p.SilentSounds, name)
					if !on {
						p.SilentSounds = append(p.SilentSounds, name)
					}
				})
			})
	}
}

// meterBeside puts a level meter before a control.
type meterBeside struct{}

func (*meterBeside) Layout(objects []fyne.CanvasObject, size fyne.Size) {
	m := objects[1].MinSize()
	put(objects[1], size.Width-m.Width, 0, m.Width, size.Height)
	put(objects[0], 0, 0, min(size.Width-m.Width-12, 220), size.Height)
}

func (*meterBeside) MinSize(objects []fyne.CanvasObject) fyne.Size {
	m := objects[1].MinSize()
	return fyne.NewSize(m.Width+objects[0].MinSize().Width+12, max(m.Height, 36))
}
