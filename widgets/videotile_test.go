package widgets_test

import (
	"image"
	"image/color"
	"testing"

	"fyne.io/fyne/v2"
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
