package widgets_test

import (
	"fmt"
	"testing"

	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/test"
	"github.com/google/go-cmp/cmp"

	"parlor/widgets"
)

func TestPeopleList(t *testing.T) {
	en := english(t)
	l := widgets.NewPeopleList(en)
	w := open(t, l, 300, 200)
	l.SetPeople([]widgets.Person{
		{Name: "wang_xm", Note: "me", Mic: true, Camera: true, Screen: true, Connected: true, Quality: 5},
		{Name: "a.name.that.is.much.longer.than.the.row.has.room.for", Note: "reconnecting", Quality: 2},
	})
	golden(t, w, "peoplelist", "two")
	want := []string{"wang_xm", "me", "a.name.that.is.much.longer.than.the.row.has.room.for", "reconnecting"}
	if diff := cmp.Diff(want, l.Texts()); diff != "" {
		t.Error(diff)
	}
	w.Canvas().Focus(l)
	golden(t, w, "peoplelist", "focused")
	if got := l.AccessibilityLabel(); got != "wang_xm me connection excellent" {
		t.Errorf("its name is %q", got)
	}
}

// TestPeopleList_Keyboard goes through a long list: the row that the keyboard is on is on screen, and few rows exist.
func TestPeopleList_Keyboard(t *testing.T) {
	en := english(t)
	l := widgets.NewPeopleList(en)
	w := open(t, l, 300, 200)
	people := make([]widgets.Person, 500)
	for i := range people {
		people[i] = widgets.Person{Name: fmt.Sprint("user", i), Connected: true}
	}
	l.SetPeople(people)
	var opened []string
	l.OnMenu = func(name string, anchor fyne.CanvasObject) {
		if l.MenuButtons()[name] != anchor {
			t.Errorf("%s: the menu is not to be at the row's button", name)
		}
		opened = append(opened, name)
	}
	w.Canvas().Focus(l)
	for _, key := range []fyne.KeyName{
		fyne.KeyReturn, fyne.KeyDown, fyne.KeyReturn, fyne.KeyUp, fyne.KeyUp, fyne.KeySpace, fyne.KeyEnd, fyne.KeyReturn,
		fyne.KeyPageUp, fyne.KeyReturn, fyne.KeyPageDown, fyne.KeyReturn, fyne.KeyHome, fyne.KeyReturn,
	} {
		l.TypedKey(&fyne.KeyEvent{Name: key})
		if n := len(l.MenuButtons()); n > 7 {
			t.Fatalf("%d rows exist", n)
		}
	}
	if diff := cmp.Diff([]string{"user0", "user1", "user0", "user499", "user496", "user499", "user0"}, opened); diff != "" {
		t.Errorf("menus (-want +got):\n%s", diff)
	}
	l.TypedKey(&fyne.KeyEvent{Name: fyne.KeyEnd})
	rows := 0
	l.OnRows = func() { rows++ }
	l.SetPeople(people[:3])
	if len(l.MenuButtons()) != 3 || rows == 0 {
		t.Errorf("of three people %d have rows; told %d times", len(l.MenuButtons()), rows)
	}
	l.SetPeople(nil)
	l.TypedKey(&fyne.KeyEvent{Name: fyne.KeyDown})
	l.TypedKey(&fyne.KeyEvent{Name: fyne.KeyReturn})
	if len(opened) != 7 {
		t.Errorf("an empty list opens %q", opened[7:])
	}
}

func TestPeopleList_Mouse(t *testing.T) {
	en := english(t)
	l := widgets.NewPeopleList(en)
	w := open(t, l, 300, 200)
	l.SetPeople([]widgets.Person{{Name: "ann"}, {Name: "bob"}})
	var opened []string
	l.OnMenu = func(name string, _ fyne.CanvasObject) { opened = append(opened, name) }
	test.TapCanvas(w.Canvas(), fyne.NewPos(300-26, 22))
	test.TapCanvas(w.Canvas(), fyne.NewPos(300-26, 66))
	tapSecondary(w, fyne.NewPos(60, 66))
	if diff := cmp.Diff([]string{"ann", "bob", "bob"}, opened); diff != "" {
		t.Error(diff)
	}
}

// BenchmarkPeopleList_SetPeople is one letter typed into the search of a room of 500.
func BenchmarkPeopleList_SetPeople(b *testing.B) {
	en := english(b)
	l := widgets.NewPeopleList(en)
	open(b, l, 300, 600)
	people := make([]widgets.Person, 500)
	for i := range people {
		people[i] = widgets.Person{Name: fmt.Sprint("user", i), Mic: i%2 == 0, Connected: true, Quality: i % 6}
	}
	for i := 0; b.Loop(); i++ {
		l.SetPeople(people[i%400:])
	}
}
