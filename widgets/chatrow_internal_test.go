package widgets

import (
	"image/color"
	"math"
	"testing"

	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/test"
	"fyne.io/fyne/v2/theme"
)

// palette is a theme of the colours that matter here.
type palette map[fyne.ThemeColorName]color.Color

func (p palette) Color(name fyne.ThemeColorName, v fyne.ThemeVariant) color.Color {
	if c, ok := p[name]; ok {
		return c
	}
	return theme.DefaultTheme().Color(name, v)
}
func (palette) Font(s fyne.TextStyle) fyne.Resource     { return theme.DefaultTheme().Font(s) }
func (palette) Icon(n fyne.ThemeIconName) fyne.Resource { return theme.DefaultTheme().Icon(n) }
func (palette) Size(n fyne.ThemeSizeName) float32       { return theme.DefaultTheme().Size(n) }

// TestChatColors: names and addresses can be read in Parlor's two themes, on what they are drawn on.
func TestChatColors(t *testing.T) {
	app := test.NewTempApp(t)
	gray := func(r, g, b uint8) color.Color { return color.NRGBA{R: r, G: g, B: b, A: 0xFF} }
	for name, p := range map[string]palette{
		"dark": {
			theme.ColorNameBackground: gray(0x14, 0x16, 0x1A), theme.ColorNameForeground: gray(0xF2, 0xF4, 0xF7), theme.ColorNameButton: gray(0x26, 0x2A, 0x31),
			theme.ColorNameHyperlink: gray(0x4C, 0x8D, 0xFF), theme.ColorNameSelection: color.NRGBA{R: 0x4C, G: 0x8D, B: 0xFF, A: 0x40},
		},
		"light": {
			theme.ColorNameBackground: gray(0xF7, 0xF8, 0xFA), theme.ColorNameForeground: gray(0x1B, 0x1F, 0x24), theme.ColorNameButton: gray(0xE6, 0xEA, 0xF0),
			theme.ColorNameHyperlink: gray(0x1A, 0x63, 0xD6), theme.ColorNameSelection: color.NRGBA{R: 0x1A, G: 0x63, B: 0xD6, A: 0x30},
		},
	} {
		app.Settings().SetTheme(p)
		ground := themed(theme.ColorNameBackground)
		for i := range 50 {
			if c := contrast(nameColor(string(rune('a'+i))), ground); c < 4.5 {
				t.Errorf("%s: a name has contrast %.2f", name, c)
			}
		}
		for _, own := range []bool{false, true} {
			bubble := blend(ground, themed(chatGround(own)))
			for what, c := range map[string]color.Color{"an address": linkColor(), "a text": themed(theme.ColorNameForeground)} {
				if c := contrast(c, bubble); c < 4.5 {
					t.Errorf("%s, own %v: %s has contrast %.2f", name, own, what, c)
				}
			}
		}
	}
}

// contrast is the contrast ratio of WCAG 2.2, 1..21.
func contrast(a, b color.Color) float64 {
	luminance := func(c color.Color) float64 {
		r, g, b, _ := c.RGBA()
		linear := func(v uint32) float64 {
			x := float64(v) / 0xFFFF
			if x <= 0.04045 {
				return x / 12.92
			}
			return math.Pow((x+0.055)/1.055, 2.4)
		}
		return 0.2126*linear(r) + 0.7152*linear(g) + 0.0722*linear(b)
	}
	la, lb := luminance(a), luminance(b)
	return (max(la, lb) + 0.05) / (min(la, lb) + 0.05)
}
