package widgets

import (
	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/canvas"
	"fyne.io/fyne/v2/theme"
	"fyne.io/fyne/v2/widget"

	"parlor/assets"
)

// Person is one row of a PeopleList.
type Person struct {
	Name      string
	Note      string // "me", "reconnecting"; may be empty
	Mic       bool
	Camera    bool
	Connected bool
}

// PeopleList lists the people in the room.
type PeopleList struct {
	widget.BaseWidget

	people []Person
	list   *widget.List
}

// NewPeopleList returns an empty list.
func NewPeopleList() *PeopleList {
	l := &PeopleList{}
	l.ExtendBaseWidget(l)
	l.list = widget.NewList(func() int { return len(l.people) },
		func() fyne.CanvasObject { return newPersonRow() },
		func(id widget.ListItemID, o fyne.CanvasObject) { o.(*personRow).set(l.people[id]) })
	l.list.HideSeparators = true
	l.list.OnSelected = func(id widget.ListItemID) { l.list.Unselect(id) }
	return l
}

// SetPeople sets the rows.
func (l *PeopleList) SetPeople(people []Person) {
	l.people = append(l.people[:0:0], people...)
	l.list.Refresh()
}

// Texts returns the names and notes.
func (l *PeopleList) Texts() []string {
	var words []string
	for _, p := range l.people {
		words = append(words, p.Name)
		if p.Note != "" {
			words = append(words, p.Note)
		}
	}
	return words
}

// CreateRenderer is called by the window.
func (l *PeopleList) CreateRenderer() fyne.WidgetRenderer {
	return &renderer{
		objects: []fyne.CanvasObject{l.list}, target: l,
		layout:  func(size fyne.Size) { place(l.list, 0, 0, size.Width, size.Height) },
		minSize: func() fyne.Size { return fyne.NewSize(160, 88) },
	}
}

type personRow struct {
	widget.BaseWidget

	person             Person
	avatar             *canvas.Circle
	letter, name, note *canvas.Text
	mic, camera        *canvas.Image
}

func newPersonRow() *personRow {
	r := &personRow{
		avatar: canvas.NewCircle(nil), letter: canvas.NewText("", tileText),
		name: canvas.NewText("", nil), note: canvas.NewText("", nil),
		mic: &canvas.Image{FillMode: canvas.ImageFillContain}, camera: &canvas.Image{FillMode: canvas.ImageFillContain},
	}
	r.ExtendBaseWidget(r)
	r.letter.TextSize, r.letter.Alignment = 13, fyne.TextAlignCenter
	r.name.TextSize, r.note.TextSize = 14, 12
	r.recolour()
	return r
}

func (r *personRow) set(p Person) {
	r.person = p
	r.Refresh()
}

func (r *personRow) recolour() {
	r.letter.Text = initial(r.person.Name)
	r.avatar.FillColor = AvatarColor(r.person.Name)
	r.note.Text = r.person.Note
	r.name.Color = themed(theme.ColorNameForeground)
	if !r.person.Connected {
		r.name.Color = themed(theme.ColorNamePlaceHolder)
	}
	r.note.Color = themed(theme.ColorNamePlaceHolder)
	r.mic.Resource = deviceIcon(r.person.Mic, assets.Mic, assets.MicOff)
	r.camera.Resource = deviceIcon(r.person.Camera, assets.Camera, assets.CameraOff)
}

func deviceIcon(on bool, yes, no assets.IconName) fyne.Resource {
	if on {
		return assets.Icon(yes, theme.ColorNameForeground)
	}
	return assets.Icon(no, theme.ColorNameError)
}

// CreateRenderer is called by the list.
func (r *personRow) CreateRenderer() fyne.WidgetRenderer {
	return &renderer{
		objects: []fyne.CanvasObject{r.avatar, r.letter, r.name, r.note, r.mic, r.camera},
		target:  r, refresh: r.recolour,
		minSize: func() fyne.Size { return fyne.NewSize(140, 40) },
		layout: func(size fyne.Size) {
			h := size.Height
			place(r.avatar, 4, (h-28)/2, 28, 28)
			place(r.letter, 4, 0, 28, h)
			place(r.camera, size.Width-24, (h-18)/2, 18, 18)
			place(r.mic, size.Width-50, (h-18)/2, 18, 18)
			noteWidth := r.note.MinSize().Width
			room := size.Width - 50 - 42 - noteWidth - 12
			r.name.Text = elide(r.person.Name, room, 14, fyne.TextStyle{})
			nameWidth := r.name.MinSize().Width
			place(r.name, 42, 0, nameWidth, h)
			place(r.note, 42+nameWidth+6, 0, noteWidth, h)
		},
	}
}
