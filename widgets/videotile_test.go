package widgets_test

import (
	"image"
	"image/color"
	"testing"

	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/driver/desktop"
	"fyne.io/fyne/v2/test"
	"github.com/google/go-cmp/cmp"

	"parlor/widgets"
)

func picture(width, height int, c color.Color) *image.RGBA {
	img := image.NewRGBA(image.Rect(0, 0, width, height))
	for y := range height {
		for x := range width {
			img.Set(x, y, c)
		}
	}
	return img
}

func TestVideoTile_Golden(t *testing.T) {
	en := english(t)
	for _, tc := range []struct {
		name          string
		width, height float32
		set           func(*widgets.VideoTile)
	}{
		{"off", 320, 180, func(v *widgets.VideoTile) { v.SetMuted(true) }},
		{"loading", 320, 180, func(v *widgets.VideoTile) { v.SetState(widgets.TileLoading) }},
		{"live", 320, 180, func(v *widgets.VideoTile) {
			v.SetState(widgets.TileLive)
			v.SetFrame(picture(16, 9, color.White))
		}},
		{"speaking", 320, 180, func(v *widgets.VideoTile) {
			v.SetState(widgets.TileLive)
			v.SetFrame(picture(16, 9, color.White))
			v.SetSpeaking(true)
			v.SetLevel(60)
		}},
		{"self", 320, 180, func(v *widgets.VideoTile) { v.SetSelf(true) }},
		{"reconnecting", 320, 180, func(v *widgets.VideoTile) {
			v.SetFrame(picture(16, 9, color.White))
			v.SetState(widgets.TileReconnecting)
		}},
		{"reconnecting small", 200, 112, func(v *widgets.VideoTile) { v.SetState(widgets.TileReconnecting) }},
		{"focused", 320, 180, func(v *widgets.VideoTile) { v.FocusGained() }},
		{"blank", 320, 180, func(v *widgets.VideoTile) { v.SetState(widgets.TileBlank) }},
		{"paused", 320, 180, func(v *widgets.VideoTile) {
			v.SetFrame(picture(16, 9, color.White))
			v.SetQuality(1)
			v.SetState(widgets.TilePaused)
		}},
		{"unsubscribed", 320, 180, func(v *widgets.VideoTile) { v.SetState(widgets.TileUnsubscribed) }},
		{"unsubscribed small", 200, 112, func(v *widgets.VideoTile) { v.SetState(widgets.TileUnsubscribed) }},
		{"screen", 320, 180, func(v *widgets.VideoTile) {
			v.SetScreen(true)
			v.SetState(widgets.TileLive)
			v.SetFrame(picture(16, 9, color.White))
		}},
		{"quality", 320, 180, func(v *widgets.VideoTile) { v.SetQuality(3) }},
		{"silenced", 320, 180, func(v *widgets.VideoTile) { v.SetSilenced(true); v.SetMuted(true) }},
		{"touched", 320, 180, func(v *widgets.VideoTile) {
			v.OnMenu = func(fyne.Position) {}
			v.SetPinned(true)
			v.SetFigures([]string{"Alice  up->SFU->me", "1.8 Mb/s  loss 4.0 %", "RTT 38 ms", "a", "b", "c", "d", "e"})
			v.MouseIn(nil)
		}},
		{"figures small", 200, 112, func(v *widgets.VideoTile) {
			v.SetFigures([]string{"Alice  up->SFU->me", "1.84 Mb/s  loss 0.4 %  jit 6 ms", "RTT 38 ms", "a", "b", "c", "d", "e"})
		}},
	} {
		t.Run(tc.name, func(t *testing.T) {
			v := widgets.NewVideoTile(en)
			v.SetName("Alice")
			w := open(t, v, tc.width, tc.height)
			tc.set(v)
			golden(t, w, "videotile", tc.name)
		})
	}
}

// TestVideoTile_Picture looks at pixels: the picture covers the tile and comes and goes.
func TestVideoTile_Picture(t *testing.T) {
	v := widgets.NewVideoTile(english(t))
	v.SetState(widgets.TileLive)
	w := open(t, v, 200, 200)
	red := color.NRGBA{R: 0xFF, A: 0xFF}
	at := func(x, y int) color.Color { return color.NRGBAModel.Convert(w.Canvas().Capture().At(x, y)) }
	if got := at(100, 20); got == red {
		t.Fatalf("before the first picture: %v", got)
	}
	v.SetFrame(picture(320, 180, red)) // wider than the tile: the sides are cut, nothing stays empty
	for _, p := range [][2]int{{100, 3}, {100, 100}, {3, 100}, {197, 100}} {
		if got := at(p[0], p[1]); got != red {
			t.Errorf("the pixel at %v is %v, want the picture", p, got)
		}
	}
	v.SetScreen(true)
	if got := at(100, 3); got == red {
		t.Error("a contained picture fills the tile to the edge")
	}
	v.SetFrame(nil)
	if got := at(100, 100); got == red {
		t.Error("the picture stays when it is taken away")
	}
	v.SetFrame(picture(320, 180, red))
	v.SetState(widgets.TileOff)
	if got := at(100, 20); got == red {
		t.Error("the picture shows through although the camera is off")
	}
}

func TestVideoTile_Tap(t *testing.T) {
	v := widgets.NewVideoTile(english(t))
	w := open(t, v, 320, 180)
	taps := 0
	test.Tap(v) // nobody listens yet
	v.OnTapped = func(*fyne.PointEvent) { taps++ }
	test.TapCanvas(w.Canvas(), fyne.NewPos(160, 90))
	v.TypedKey(&fyne.KeyEvent{Name: fyne.KeyReturn})
	v.TypedKey(&fyne.KeyEvent{Name: fyne.KeySpace})
	v.TypedKey(&fyne.KeyEvent{Name: fyne.KeyA})
	if taps != 3 {
		t.Errorf("%d taps arrived, want those of mouse, Enter and Space", taps)
	}
}

// TestVideoTile_Buttons: they are there while the mouse or the focus is on the tile or on one of them, as many as there is room for.
func TestVideoTile_Buttons(t *testing.T) {
	v := widgets.NewVideoTile(english(t))
	w := open(t, v, 320, 180)
	shown := func() string {
		names := ""
		for i, b := range []*widgets.TileButton{v.Pin, v.Volume, v.More} {
			if b.Visible() {
				names += string("pvm"[i])
			}
		}
		return names
	}
	v.MouseIn(nil)
	if got := shown(); got != "" {
		t.Errorf("a tile without a menu has the buttons %q", got)
	}
	v.MouseOut()
	v.OnMenu = func(fyne.Position) {}
	tabbed := func(want fyne.Focusable) {
		t.Helper()
		w.Canvas().FocusNext()
		if w.Canvas().Focused() != want {
			t.Fatalf("Tab leads to %T", w.Canvas().Focused())
		}
	}
	for _, step := range []struct {
		name string
		do   func()
		want string
	}{
		{"untouched", func() {}, ""},
		{"mouse", func() { v.MouseIn(nil) }, "pvm"},
		{"mouse on a button", func() { v.MouseOut(); v.Pin.MouseIn(nil) }, "pvm"},
		{"mouse away", func() { v.Pin.MouseOut() }, ""},
		{"mouse, then the tile moves", func() { v.MouseIn(nil); v.Move(fyne.NewPos(1, 0)) }, ""},
		{"focus", func() { tabbed(v) }, "pvm"},
		{"focus on the first button", func() { tabbed(v.Pin) }, "pvm"},
		{"focus on the last button", func() { tabbed(v.Volume); tabbed(v.More) }, "pvm"},
		{"the own tile", func() { v.SetVolume(false) }, "pm"},
		{"a narrow tile", func() { v.SetVolume(true); v.Resize(fyne.NewSize(100, 68)) }, "vm"},
		{"focus elsewhere", func() { w.Canvas().Unfocus() }, ""},
	} {
		step.do()
		if got := shown(); got != step.want {
			t.Errorf("%s: buttons %q, want %q", step.name, got, step.want)
		}
	}
}

// TestVideoTile_Menu: a right click and the menu key open it; keys that the tile has no use for go on.
func TestVideoTile_Menu(t *testing.T) {
	v := widgets.NewVideoTile(english(t))
	w := open(t, v, 320, 180)
	var at []fyne.Position
	v.OnMenu = func(pos fyne.Position) { at = append(at, pos) }
	test.TapSecondaryAt(v, fyne.NewPos(100, 50))
	w.Canvas().Focus(v)
	v.TypedKey(&fyne.KeyEvent{Name: desktop.KeyMenu})
	if len(at) != 2 || at[1].X < 200 || at[1].Y > 60 {
		t.Errorf("menus at %v", at)
	}
	var unused []fyne.KeyName
	v.SetOnUnusedKey(func(ev *fyne.KeyEvent) { unused = append(unused, ev.Name) })
	for _, key := range []fyne.KeyName{fyne.KeyEscape, fyne.KeySpace, fyne.KeyM} {
		v.TypedKey(&fyne.KeyEvent{Name: key})
	}
	v.Pin.TypedKey(&fyne.KeyEvent{Name: fyne.KeyPageDown}) // nobody listens on the button
	if diff := cmp.Diff([]fyne.KeyName{fyne.KeyEscape, fyne.KeyM}, unused); diff != "" {
		t.Error(diff)
	}
}

func TestVideoTile_Words(t *testing.T) {
	v := widgets.NewVideoTile(english(t))
	open(t, v, 320, 180)
	v.SetName("王小明")
	v.SetSelf(true)
	if diff := cmp.Diff([]string{"王小明 (me)"}, v.Texts()); diff != "" {
		t.Error(diff)
	}
	v.SetState(widgets.TileLoading)
	if diff := cmp.Diff([]string{"王小明 (me)", "Video loading..."}, v.Texts()); diff != "" {
		t.Error(diff)
	}
	if got := v.AccessibilityLabel(); got != "王小明 (me), Video loading..." {
		t.Errorf("the label for people who do not see it is %q", got)
	}
	v.SetState(widgets.TileLive)
	v.SetMuted(true)
	v.SetPinned(true)
	v.SetSilenced(true)
	v.SetQuality(3)
	if got := v.AccessibilityLabel(); got != "王小明 (me), muted, Muted for me, pinned, connection poor" {
		t.Errorf("the label for people who do not see it is %q", got)
	}
	v.SetSelf(false)
	v.SetScreen(true)
	v.SetQuality(99)
	if got := v.AccessibilityLabel(); got != "王小明's screen, Muted for me, pinned, connection excellent" {
		t.Errorf("a screen's label is %q", got)
	}
}

func TestVideoTile_Resized(t *testing.T) {
	v := widgets.NewVideoTile(english(t))
	var sizes []fyne.Size
	v.OnResized = func(s fyne.Size) { sizes = append(sizes, s) }
	v.Resize(fyne.NewSize(300, 200))
	v.Resize(fyne.NewSize(300, 200))
	v.Resize(fyne.NewSize(400, 200))
	if diff := cmp.Diff([]fyne.Size{fyne.NewSize(300, 200), fyne.NewSize(400, 200)}, sizes); diff != "" {
		t.Error(diff)
	}
}

func TestAvatarColor(t *testing.T) {
	if widgets.AvatarColor("alice") != widgets.AvatarColor("alice") {
		t.Error("the colour of a name changes")
	}
	seen := make(map[color.Color]bool)
	for _, name := range []string{"a", "b", "c", "d", "e", "f", "g", "h", "i", "j"} {
		c := widgets.AvatarColor(name)
		seen[c] = true
		if ratio := contrast(c, color.White); ratio < 4.5 {
			t.Errorf("white on %v has a contrast of %.1f, want 4.5", c, ratio)
		}
	}
	if len(seen) < 3 {
		t.Errorf("ten names have %d colours", len(seen))
	}
}
