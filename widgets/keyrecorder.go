package widgets

import (
	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/canvas"
	"fyne.io/fyne/v2/driver/desktop"
	"fyne.io/fyne/v2/theme"
	"fyne.io/fyne/v2/widget"
)

// KeyRecorder shows a shortcut; when it is pressed the next key becomes the shortcut. Esc leaves it as it was.
type KeyRecorder struct {
	widget.BaseWidget
	unusedKeys

	OnStarted  func()                                            // recording began; may be nil
	OnRecorded func(key fyne.KeyName, modifier fyne.KeyModifier) // a key was pressed
	OnRefused  func()                                            // a key was pressed that editing needs (copy, paste …)
	OnShortcut func(fyne.Shortcut)                               // gets shortcuts while nothing is recorded

	text, waiting               string
	recording, hovered, focused bool

	ground *canvas.Rectangle
	label  *canvas.Text
}

// NewKeyRecorder returns a recorder that shows waiting while it waits for a key.
func NewKeyRecorder(waiting string) *KeyRecorder {
	k := &KeyRecorder{waiting: waiting, ground: canvas.NewRectangle(nil), label: canvas.NewText("", nil)}
	k.ExtendBaseWidget(k)
	k.ground.CornerRadius = buttonRadius
	k.label.Alignment = fyne.TextAlignCenter
	k.recolour()
	return k
}

// SetKeys sets the words for the present shortcut.
func (k *KeyRecorder) SetKeys(text string) {
	if k.text != text {
		k.text = text
		k.Refresh()
	}
}

// Texts returns the words.
func (k *KeyRecorder) Texts() []string { return []string{k.words()} }

func (k *KeyRecorder) words() string {
	if k.recording {
		return k.waiting
	}
	return k.text
}

func (k *KeyRecorder) record(on bool) {
	k.recording = on
	k.Refresh()
}

// Tapped is called by the window.
func (k *KeyRecorder) Tapped(*fyne.PointEvent) {
	if c := fyne.CurrentApp().Driver().CanvasForObject(k); c != nil {
		c.Focus(k)
	}
	k.record(true)
	if k.OnStarted != nil {
		k.OnStarted()
	}
}

// MouseIn is called by the window.
func (k *KeyRecorder) MouseIn(*desktop.MouseEvent) { k.hovered = true; k.Refresh() }

// MouseMoved is called by the window.
func (k *KeyRecorder) MouseMoved(*desktop.MouseEvent) {}

// MouseOut is called by the window.
func (k *KeyRecorder) MouseOut() { k.hovered = false; k.Refresh() }

// FocusGained is called by the window.
func (k *KeyRecorder) FocusGained() { k.focused = true; k.Refresh() }

// FocusLost is called by the window.
func (k *KeyRecorder) FocusLost() {
	k.focused = false
	k.record(false)
}

// TypedRune is called by the window.
func (k *KeyRecorder) TypedRune(rune) {}

// TypedKey is called by the window.
func (k *KeyRecorder) TypedKey(ev *fyne.KeyEvent) {
	switch {
	case !k.recording && presses(ev):
		k.Tapped(nil)
	case !k.recording:
		k.unused(ev)
	case ev.Name == fyne.KeyEscape:
		k.record(false)
	case ev.Name != "" && !modifierKey(ev.Name):
		k.recorded(ev.Name, 0)
	}
}

// modifierKey tells the keys that mean something together with others only.
func modifierKey(name fyne.KeyName) bool {
	switch name {
	case desktop.KeyShiftLeft, desktop.KeyShiftRight, desktop.KeyControlLeft, desktop.KeyControlRight,
		desktop.KeyAltLeft, desktop.KeyAltRight, desktop.KeySuperLeft, desktop.KeySuperRight, desktop.KeyCapsLock, desktop.KeyMenu:
		return true
	}
	return false
}

// TypedShortcut is called by the window.
func (k *KeyRecorder) TypedShortcut(s fyne.Shortcut) {
	custom, ok := s.(*desktop.CustomShortcut)
	switch {
	case !k.recording && k.OnShortcut != nil:
		k.OnShortcut(s)
	case !k.recording:
	case ok:
		k.recorded(custom.KeyName, custom.Modifier)
	case k.OnRefused != nil:
		k.OnRefused()
	}
}

func (k *KeyRecorder) recorded(key fyne.KeyName, modifier fyne.KeyModifier) {
	k.record(false)
	if k.OnRecorded != nil {
		k.OnRecorded(key, modifier)
	}
}

// CreateRenderer is called by the window.
func (k *KeyRecorder) CreateRenderer() fyne.WidgetRenderer {
	return &renderer{
		objects: []fyne.CanvasObject{k.ground, k.label}, target: k, refresh: k.recolour,
		minSize: func() fyne.Size {
			size := fyne.MeasureText(k.waiting, Scaled(textSize), fyne.TextStyle{})
			size = size.Max(fyne.MeasureText(k.text, Scaled(textSize), fyne.TextStyle{}))
			return fyne.NewSize(size.Width+24, max(36, size.Height+10))
		},
		layout: func(size fyne.Size) {
			place(k.ground, 0, 0, size.Width, size.Height)
			place(k.label, 0, 0, size.Width, size.Height)
		},
	}
}

func (k *KeyRecorder) recolour() {
	k.label.Text, k.label.TextSize = k.words(), Scaled(textSize)
	k.label.Color = themed(theme.ColorNameForeground)
	k.ground.FillColor = themed(theme.ColorNameButton)
	if k.hovered {
		k.ground.FillColor = blend(themed(theme.ColorNameButton), themed(theme.ColorNameHover))
	}
	k.ground.StrokeWidth = 0
	if k.recording {
		k.label.Color = themed(theme.ColorNamePrimary)
	}
	if k.focused || k.recording {
		k.ground.StrokeWidth, k.ground.StrokeColor = 2, themed(theme.ColorNamePrimary)
	}
}
