package widgets

import (
	"regexp"

	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/canvas"
	"fyne.io/fyne/v2/container"
	"fyne.io/fyne/v2/layout"
	"fyne.io/fyne/v2/theme"
	"fyne.io/fyne/v2/widget"

	"parlor/assets"
)

// validID is what the documents allow as room and user id (N-54).
var validID = regexp.MustCompile(`^[A-Za-z0-9@._-]{1,128}$`)

// ValidID tells whether an id is 1..128 characters of a-z A-Z 0-9 @ . _ -.
func ValidID(id string) bool { return validID.MatchString(id) }

// JoinForm asks for what is needed to join a room. Its buttons work only when the ids are right.
type JoinForm struct {
	widget.BaseWidget

	OnJoin    func()                                    // the button, or Enter in a field
	OnCreate  func()                                    // the button for a new room
	OnCancel  func()                                    // while joining
	OnRecent  func()                                    // the button for the rooms of before
	OnChanged func(room, user, token string, mint bool) // after each edit by the user
	OnDevices func(mic, camera bool)                    // after each tap on one of the boxes

	RoomID, UserID, Token *Entry
	Recent                *ToolButton // hidden without rooms of before
	Ticket                *Tabs       // "get it for me", "paste"
	Mic, Camera           *Check      // join with them on
	Create, Join, Cancel  *Button
	Error                 *ErrorBox

	texts              *assets.Texts
	canMint, joining   bool
	roomHint, userHint *canvas.Text
	activity           *widget.Activity
	tokenBox           *fyne.Container
	content            *fyne.Container
}

// NewJoinForm returns an empty form. canMint tells whether the choice "get it for me" is there; copied
// is called with the text of an error.
func NewJoinForm(texts *assets.Texts, canMint bool, copied func(string)) *JoinForm {
	f := &JoinForm{texts: texts, canMint: canMint}
	f.ExtendBaseWidget(f)
	f.RoomID = NewEntry(texts.T("join.room.example"))
	f.UserID = NewEntry(texts.T("join.user.example"))
	f.Token = NewEntry(texts.T("join.token.example"))
	f.Ticket = NewSegments(texts.T("join.token.mint"), texts.T("join.token.paste"))
	f.Ticket.OnChosen = func(int) { f.edited() }
	f.Recent = NewToolButton(assets.Chevron, "", func() { call(f.OnRecent) })
	f.Recent.SetTip(texts.T("join.recent"))
	f.Recent.Hide()
	devices := func(bool) {
		if f.OnDevices != nil {
			f.OnDevices(f.Mic.Checked, f.Camera.Checked)
		}
	}
	f.Mic, f.Camera = NewCheck(texts.T("join.mic"), devices), NewCheck(texts.T("join.camera"), devices)
	f.roomHint, f.userHint = hint(), hint()
	f.Create = NewButton(texts.T("join.create"), func() { call(f.OnCreate) })
	f.Cancel = NewButton(texts.T("join.cancel"), func() { call(f.OnCancel) })
	f.Join = NewButton(texts.T("join.join"), f.submit)
	f.Join.Importance = widget.HighImportance
	f.activity = widget.NewActivity()
	f.activity.Hide()
	f.Error = NewErrorBox(texts, copied)
	for _, e := range []*Entry{f.RoomID, f.UserID, f.Token} {
		e.OnChanged = func(string) { f.edited() }
		e.OnSubmitted = func(string) { f.submit() }
	}
	f.build()
	f.update()
	return f
}

func call(f func()) {
	if f != nil {
		f()
	}
}

// build arranges the form.
func (f *JoinForm) build() {
	t := f.texts
	f.tokenBox = container.NewVBox(f.Token)
	ticket := container.New(layout.NewCustomPaddedVBoxLayout(6), tight(fieldName(t.T("join.token"))))
	if f.canMint {
		ticket.Add(f.Ticket)
	}
	ticket.Add(f.tokenBox)
	roomEntry := container.NewBorder(nil, nil, nil, f.Recent, f.RoomID)
	with := container.New(layout.NewCustomPaddedVBoxLayout(-4), tight(fieldName(t.T("join.with"))),
		container.New(layout.NewCustomPaddedHBoxLayout(12), f.Mic, f.Camera))
	second := container.NewStack(f.Create, f.Cancel)
	buttons := container.New(&minHeight{44}, container.NewGridWithColumns(2, second, container.NewStack(f.Join,
		container.New(&trailing{18}, f.activity))))
	f.content = container.New(layout.NewCustomPaddedVBoxLayout(6),
		field(t.T("join.room"), roomEntry, f.roomHint),
		field(t.T("join.user"), f.UserID, f.userHint),
		ticket, with, f.Error, buttons)
}

// trailing puts its only object at the right end, in the middle of the height.
type trailing struct{ size float32 }

func (l *trailing) Layout(objects []fyne.CanvasObject, size fyne.Size) {
	place(objects[0], size.Width-l.size-14, (size.Height-l.size)/2, l.size, l.size)
}

func (l *trailing) MinSize([]fyne.CanvasObject) fyne.Size { return fyne.NewSize(0, 0) }

func hint() *canvas.Text { return canvas.NewText("", nil) }

func fieldName(name string) *widget.Label {
	l := widget.NewLabel(name)
	l.TextStyle.Bold = true
	return l
}

func field(name string, entry, below fyne.CanvasObject) fyne.CanvasObject {
	return container.New(layout.NewCustomPaddedVBoxLayout(2), tight(fieldName(name)), entry, below)
}

// tight takes away a label's own padding at the left, so that words and fields line up.
func tight(o fyne.CanvasObject) fyne.CanvasObject {
	return container.New(layout.NewCustomPaddedLayout(-6, -6, -8, 0), o)
}

// minHeight gives its only object at least a height.
type minHeight struct{ height float32 }

func (m *minHeight) Layout(objects []fyne.CanvasObject, size fyne.Size) {
	place(objects[0], 0, 0, size.Width, size.Height)
}

func (m *minHeight) MinSize(objects []fyne.CanvasObject) fyne.Size {
	s := objects[0].MinSize()
	return fyne.NewSize(s.Width, max(s.Height, m.height))
}

// Set fills the form without calling OnChanged.
func (f *JoinForm) Set(room, user, token string, mint bool) {
	changed := f.OnChanged
	f.OnChanged = nil
	setEntry(f.RoomID, room)
	setEntry(f.UserID, user)
	setEntry(f.Token, token)
	chosen := 1
	if mint && f.canMint {
		chosen = 0
	}
	if f.Ticket.Chosen() != chosen {
		f.Ticket.Choose(chosen)
	}
	f.OnChanged = changed
	f.update()
}

func setEntry(e *Entry, text string) {
	if e.Text != text {
		e.SetText(text)
	}
}

// SetDevices checks the boxes of the devices without calling OnDevices.
func (f *JoinForm) SetDevices(mic, camera bool) {
	f.Mic.Set(mic)
	f.Camera.Set(camera)
}

// SetRecent shows or hides the button for the rooms of before.
func (f *JoinForm) SetRecent(some bool) { show(f.Recent, some) }

// SetJoining locks the form while a join is on its way.
func (f *JoinForm) SetJoining(joining bool) {
	if f.joining != joining {
		f.joining = joining
		f.update()
	}
}

// Ready tells whether the button can be tapped.
func (f *JoinForm) Ready() bool { return !f.Join.Disabled() }

// CanCreate tells whether the button for a new room can be tapped.
func (f *JoinForm) CanCreate() bool { return f.Create.Visible() && !f.Create.Disabled() }

func (f *JoinForm) mint() bool { return f.canMint && f.Ticket.Chosen() == 0 }

func (f *JoinForm) edited() {
	f.update()
	if f.OnChanged != nil {
		f.OnChanged(f.RoomID.Text, f.UserID.Text, f.Token.Text, f.mint())
	}
}

func (f *JoinForm) submit() {
	if f.Ready() && f.OnJoin != nil {
		f.OnJoin()
	}
}

func (f *JoinForm) update() {
	f.setHint(f.roomHint, f.RoomID.Text)
	f.setHint(f.userHint, f.UserID.Text)
	show(f.tokenBox, !f.mint())
	user := ValidID(f.UserID.Text) && !f.joining
	setDisabled(f.Join, !user || !ValidID(f.RoomID.Text) || !f.mint() && f.Token.Text == "")
	setDisabled(f.Create, !user || !f.mint()) // a pasted token is for one room
	for _, c := range []fyne.Disableable{f.RoomID, f.UserID, f.Token, f.Mic, f.Camera} {
		setDisabled(c, f.joining)
	}
	show(f.Create, !f.joining)
	show(f.Cancel, f.joining)
	words := f.texts.T("join.join")
	if f.joining {
		words = f.texts.T("join.joining")
	}
	if f.Join.Text != words {
		f.Join.SetText(words)
	}
	if f.joining != f.activity.Visible() {
		show(f.activity, f.joining)
		if f.joining {
			f.activity.Start()
		} else {
			f.activity.Stop()
		}
	}
}

func setDisabled(w fyne.Disableable, disabled bool) {
	if w.Disabled() == disabled {
		return
	}
	if disabled {
		w.Disable()
	} else {
		w.Enable()
	}
}

func (f *JoinForm) setHint(t *canvas.Text, id string) {
	words := ""
	if id != "" && !ValidID(id) {
		words = f.texts.T("join.id.wrong")
	}
	t.Color, t.TextSize = themed(theme.ColorNameError), Scaled(12)
	t.Text = words
	show(t, words != "")
	t.Refresh()
}

// Texts returns the hints.
func (f *JoinForm) Texts() []string { return []string{f.roomHint.Text, f.userHint.Text} }

// Objects returns the content, for walking the tree.
func (f *JoinForm) Objects() []fyne.CanvasObject { return []fyne.CanvasObject{f.content} }

// CreateRenderer is called by the window.
func (f *JoinForm) CreateRenderer() fyne.WidgetRenderer {
	return &renderer{
		objects: []fyne.CanvasObject{f.content}, target: f, refresh: f.update,
		layout:  func(size fyne.Size) { place(f.content, 0, 0, size.Width, size.Height) },
		minSize: f.content.MinSize,
	}
}
