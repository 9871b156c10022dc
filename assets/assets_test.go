package assets_test

import (
	"bytes"
	"image/color"
	"image/png"
	"strings"
	"testing"

	"fyne.io/fyne/v2/canvas"
	fynetest "fyne.io/fyne/v2/test"
	"fyne.io/fyne/v2/theme"

	"parlor/assets"
)

func TestAppIcon(t *testing.T) {
	img, err := png.Decode(bytes.NewReader(assets.AppIcon().Content()))
	if err != nil {
		t.Fatal(err)
	}
	if b := img.Bounds(); b.Dx() != 512 || b.Dy() != 512 {
		t.Errorf("the icon is %v, want 512 by 512", b)
	}
	if _, _, _, a := img.At(0, 0).RGBA(); a != 0 {
		t.Errorf("the corner's alpha is %d, want a round corner", a)
	}
	if _, _, _, a := img.At(256, 256).RGBA(); a != 0xFFFF {
		t.Errorf("the middle's alpha is %d, want it opaque", a)
	}
}

func TestFonts(t *testing.T) {
	for _, f := range []struct {
		name string
		data []byte
	}{{"Regular", assets.Regular().Content()}, {"Bold", assets.Bold().Content()}} {
		if !bytes.HasPrefix(f.data, []byte("OTTO")) {
			t.Errorf("%s is no OpenType font: Fyne takes no collections", f.name)
		}
	}
}

// TestIcons draws every icon: it must have ink, and in the colour asked for.
func TestIcons(t *testing.T) {
	fynetest.NewTempApp(t)
	names := assets.IconNames()
	if len(names) == 0 {
		t.Fatal("no icons")
	}
	for _, name := range names {
		img := canvas.NewImageFromResource(assets.IconIn(name, color.NRGBA{R: 0xFF, A: 0xFF}))
		c := fynetest.NewWindow(img)
		c.SetPadded(false)
		c.Resize(img.MinSize().AddWidthHeight(48, 48))
		red := 0
		picture := c.Canvas().Capture()
		for y := range picture.Bounds().Dy() {
			for x := range picture.Bounds().Dx() {
				if r, g, _, _ := picture.At(x, y).RGBA(); r > 0xC000 && g < 0x3000 {
					red++
				}
			}
		}
		if red < 20 {
			t.Errorf("icon %s: %d red pixels", name, red)
		}
		c.Close()
	}
}

func TestIcon_FollowsTheTheme(t *testing.T) {
	app := fynetest.NewTempApp(t)
	icon := assets.Icon(assets.Mic, theme.ColorNameForeground)
	app.Settings().SetTheme(theme.DefaultTheme())
	before, name := string(icon.Content()), icon.Name()
	app.Settings().SetTheme(fynetest.NewTheme())
	if string(icon.Content()) == before || icon.Name() == name {
		t.Error("the icon kept the colour of the old theme")
	}
	if strings.Contains(before, "currentColor") {
		t.Error("the icon is not coloured")
	}
}
