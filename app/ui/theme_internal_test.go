package ui

import (
	"image/color"
	"math"
	"testing"

	"fyne.io/fyne/v2"
	fynetest "fyne.io/fyne/v2/test"
	"fyne.io/fyne/v2/theme"

	"parlor/assets"
)

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

// TestTheme_Contrast: words need 4.5, marks and borders 3.
func TestTheme_Contrast(t *testing.T) {
	const text, mark = 4.5, 3
	for _, tc := range []struct {
		over, under fyne.ThemeColorName
		least       float64
	}{
		{theme.ColorNameForeground, theme.ColorNameBackground, text},
		{theme.ColorNameForeground, theme.ColorNameButton, text},
		{theme.ColorNameForeground, theme.ColorNameInputBackground, text},
		{theme.ColorNameForeground, theme.ColorNameOverlayBackground, text},
		{theme.ColorNamePlaceHolder, theme.ColorNameBackground, text},
		{theme.ColorNamePlaceHolder, theme.ColorNameInputBackground, text},
		{theme.ColorNamePrimary, theme.ColorNameBackground, text},
		{theme.ColorNameForegroundOnPrimary, theme.ColorNamePrimary, text},
		{theme.ColorNameError, theme.ColorNameBackground, text},
		{theme.ColorNameForegroundOnError, theme.ColorNameError, text},
		{theme.ColorNameDisabled, theme.ColorNameBackground, text}, // captions are drawn in it
		{theme.ColorNameSuccess, theme.ColorNameBackground, text},
		{theme.ColorNameWarning, theme.ColorNameBackground, text},
		{theme.ColorNamePrimary, theme.ColorNameButton, mark},
		{theme.ColorNameError, theme.ColorNameButton, mark},
		{theme.ColorNameInputBorder, theme.ColorNameInputBackground, mark},
		{theme.ColorNameInputBorder, theme.ColorNameBackground, mark},
	} {
		for _, wish := range []string{themeDark, themeLight} {
			th := &parlorTheme{wish: wish}
			if got := contrast(th.Color(tc.over, 0), th.Color(tc.under, 0)); got < tc.least {
				t.Errorf("%s: %s on %s has a contrast of %.2f, want %.1f", wish, tc.over, tc.under, got, tc.least)
			}
		}
	}
}

func TestTheme_Variants(t *testing.T) {
	system, dark, light := &parlorTheme{wish: themeSystem}, &parlorTheme{wish: themeDark}, &parlorTheme{wish: themeLight}
	for _, variant := range []fyne.ThemeVariant{theme.VariantDark, theme.VariantLight} {
		forced := dark
		if variant == theme.VariantLight {
			forced = light
		}
		name := theme.ColorNameBackground
		if system.Color(name, variant) != forced.Color(name, 1-variant) {
			t.Errorf("variant %d of the system is not the one of the theme", variant)
		}
	}
	for _, th := range []*parlorTheme{dark, light} {
		fynetest.AssertAllColorNamesDefined(t, th, th.wish)
	}
}

func TestTheme_FontsAndSizes(t *testing.T) {
	th := &parlorTheme{}
	for _, tc := range []struct {
		style fyne.TextStyle
		want  fyne.Resource
	}{
		{fyne.TextStyle{}, assets.Regular()}, {fyne.TextStyle{Monospace: true}, assets.Regular()},
		{fyne.TextStyle{Bold: true}, assets.Bold()}, {fyne.TextStyle{Symbol: true}, theme.DefaultTheme().Font(fyne.TextStyle{Symbol: true})},
	} {
		if got := th.Font(tc.style); got.Name() != tc.want.Name() {
			t.Errorf("the font of %+v is %s, want %s", tc.style, got.Name(), tc.want.Name())
		}
	}
	if got := th.Size(theme.SizeNameCaptionText); got < 12 {
		t.Errorf("captions are %g, too small for Chinese", got)
	}
	if th.Icon(theme.IconNameConfirm) == nil || th.Size(theme.SizeNameText) != 14 {
		t.Error("icons and sizes that are not ours are Fyne's")
	}
}
