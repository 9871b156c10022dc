package ui

import (
	"time"

	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/container"
	"fyne.io/fyne/v2/theme"
	"fyne.io/fyne/v2/widget"

	"parlor/assets"
)

// The measures of the rows of devices.
const (
	deviceRowGap  = 8
	deviceRowIcon = 20
)

// deviceRow is an icon, a list of devices, and a button that tries the device.
func (s *startScreen) deviceRow(icon assets.IconName, picker *devicePicker, try fyne.CanvasObject) fyne.CanvasObject {
	sign := widget.NewIcon(assets.Icon(icon, theme.ColorNamePlaceHolder))
	objects := []fyne.CanvasObject{sign, picker.pick}
	if try != nil {
		objects = append(objects, try)
	}
	return container.New(&deviceRow{}, objects...)
}

// deviceRow lays out icon, list and button.
type deviceRow struct{}

func (*deviceRow) Layout(objects []fyne.CanvasObject, size fyne.Size) {
	put(objects[0], 0, (size.Height-deviceRowIcon)/2, deviceRowIcon, deviceRowIcon)
	x, right := float32(deviceRowIcon+10), size.Width
	if len(objects) > 2 {
		m := objects[2].MinSize()
		right -= m.Width
		put(objects[2], right, 0, m.Width, size.Height)
		right -= 8
	}
	put(objects[1], x, 0, right-x, size.Height)
}

func (*deviceRow) MinSize(objects []fyne.CanvasObject) fyne.Size {
	var height float32
	for _, o := range objects {
		height = max(height, o.MinSize().Height)
	}
	return fyne.NewSize(200, max(height, 36))
}

// startLeft lays out preview, tools, devices and the line of hints below each other.
type startLeft struct{}

func (l *startLeft) Layout(objects []fyne.CanvasObject, size fyne.Size) {
	l.arrange(objects, size.Width)
}

func (l *startLeft) MinSize(objects []fyne.CanvasObject) fyne.Size {
	width := objects[0].Size().Width
	return fyne.NewSize(360, l.arrange(objects, max(width, 360)))
}

// arrange puts the objects into a width and returns the height that they take.
func (*startLeft) arrange(objects []fyne.CanvasObject, width float32) float32 {
	preview := width * 9 / 16
	put(objects[0], 0, 0, width, preview)
	y := preview + 10
	place := func(o fyne.CanvasObject, gap float32) {
		height := o.MinSize().Height
		put(o, 0, y, width, height)
		y += height + gap
	}
	place(objects[1], 14)
	place(objects[2], 4)
	put(objects[3], deviceRowIcon+10, y, min(width-deviceRowIcon-10, 240), 8)
	y += 8 + deviceRowGap
	place(objects[4], deviceRowGap)
	place(objects[5], deviceRowGap)
	hint, next := objects[6], objects[7]
	right := width
	if next.Visible() {
		m := next.MinSize()
		right -= m.Width
		put(next, right, y, m.Width, m.Height)
		right -= 8
	}
	hint.Resize(fyne.NewSize(right+8, hint.Size().Height)) // breaks its lines
	height := hint.MinSize().Height
	put(hint, -8, y-4, right+8, height)
	if next.Visible() {
		height = max(height, next.MinSize().Height+4)
	}
	return y + height - 4
}

// silent tells that a microphone is open and gives nothing.
func (s *startScreen) silent() bool {
	st := &s.w.state
	return st.frame.micSilent && st.frame.sound.Listening && !st.joining
}

// hintWords is the line below the devices: what is wrong with one, else what joining does.
func (s *startScreen) hintWords() string {
	st, t := &s.w.state, s.w.texts
	cameras := st.frame.devices.byKind[kindCamera]
	switch {
	case st.camera.err != nil:
		return t.T("join.camera.failed", st.camera.err.Msg)
	case st.mic.err != nil:
		return t.T("join.mic.failed", st.mic.err.Msg)
	case st.frame.sound.Test == SoundRecording:
		return t.T("join.speak")
	case st.frame.sound.Test == SoundReplaying:
		return t.T("join.replay")
	case st.mic.wish && st.frame.sound.Err != nil:
		return t.T("join.mic.failed", st.frame.sound.Err.Error())
	case s.silent():
		return t.T("join.mic.silent")
	case s.w.cfg.Devices != nil && !st.frame.devices.loaded:
		return t.T("set.devices.searching")
	case s.w.cfg.Devices != nil && len(cameras) == 0 && st.frame.devices.failed[kindCamera] == nil && st.frame.using.camera == "":
		return t.T("join.camera.none")
	case st.mic.wish && st.camera.wish:
		return t.T("join.with.both")
	case st.mic.wish:
		return t.T("join.with.mic")
	case st.camera.wish:
		return t.T("join.with.camera")
	}
	return t.T("join.with.none")
}

// nextMicrophone chooses the next microphone of the list.
func (w *Window) nextMicrophone() {
	names := []string{""}
	for _, d := range w.state.frame.devices.byKind[kindMicrophone] {
		names = append(names, d.ID)
	}
	i := indexOf(names, w.state.frame.using.microphone)
	w.chooseDevice(kindMicrophone, names[(i+1)%len(names)])
}

// silenceAfter is how long an open microphone must give nothing before somebody is asked whether it is the right one.
const silenceAfter = 5 * time.Second

// silence notices a microphone that gives nothing at all.
type silence struct{ since time.Time }

// micSilent tells that the open microphone gives nothing, or something.
type micSilent struct{ on bool }

// add takes a reading and tells whether there was nothing for long.
func (s *silence) add(at time.Time, level int, open bool) bool {
	switch {
	case !open || level > 0:
		s.since = time.Time{}
	case s.since.IsZero():
		s.since = at
	}
	return !s.since.IsZero() && at.Sub(s.since) >= silenceAfter
}
