package ui

import (
	"image/color"

	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/theme"

	"parlor/assets"
)

// The names of the themes in settings and in --theme.
const (
	themeSystem = "system"
	themeDark   = "dark"
	themeLight  = "light"
)

// parlorTheme is the look of the window: own colours that pass the contrast test in both variants,
// and fonts that have Chinese on every machine.
type parlorTheme struct {
	wish string  // themeSystem, themeDark or themeLight
	text float32 // size of text, 1 for 100 %
}

type palette map[fyne.ThemeColorName]color.NRGBA

func rgb(hex uint32) color.NRGBA {
	return color.NRGBA{R: uint8(hex >> 16), G: uint8(hex >> 8), B: uint8(hex), A: 0xFF}
}

func rgba(hex uint32, alpha uint8) color.NRGBA {
	c := rgb(hex)
	c.A = alpha
	return c
}

// The palettes; what they lack comes from Fyne. They are never changed: a colour is asked for thousands of times with each picture.
var (
	lightPalette = palette{
		theme.ColorNameBackground: rgb(0xF7F8FA), theme.ColorNameButton: rgb(0xE6EAF0),
		theme.ColorNameDisabledButton: rgb(0xEDF0F4), theme.ColorNameDisabled: rgb(0x656D7A),
		theme.ColorNameError: rgb(0xC02C22), theme.ColorNameForegroundOnError: rgb(0xFFFFFF),
		theme.ColorNameFocus: rgba(0x1A63D6, 0x50), theme.ColorNameForeground: rgb(0x1B1F24),
		theme.ColorNameForegroundOnPrimary: rgb(0xFFFFFF), theme.ColorNameForegroundOnSuccess: rgb(0xFFFFFF),
		theme.ColorNameForegroundOnWarning: rgb(0xFFFFFF), theme.ColorNameHeaderBackground: rgb(0xFFFFFF),
		theme.ColorNameHover: rgba(0x1B1F24, 0x12), theme.ColorNameHyperlink: rgb(0x1A63D6),
		theme.ColorNameInputBackground: rgb(0xFFFFFF), theme.ColorNameInputBorder: rgb(0x838C9A),
		theme.ColorNameMenuBackground: rgb(0xFFFFFF), theme.ColorNameOverlayBackground: rgb(0xFFFFFF),
		theme.ColorNamePlaceHolder: rgb(0x5B6472), theme.ColorNamePressed: rgba(0x1B1F24, 0x20),
		theme.ColorNamePrimary: rgb(0x1A63D6), theme.ColorNameScrollBar: rgba(0x1B1F24, 0x60),
		theme.ColorNameSelection: rgba(0x1A63D6, 0x30), theme.ColorNameSeparator: rgb(0xD9DEE6),
		theme.ColorNameSuccess: rgb(0x1A7F4B), theme.ColorNameWarning: rgb(0x8F6000),
	}
	darkPalette = palette{
		theme.ColorNameBackground: rgb(0x14161A), theme.ColorNameButton: rgb(0x262A31),
		theme.ColorNameDisabledButton: rgb(0x1E2127), theme.ColorNameDisabled: rgb(0x858D9A),
		theme.ColorNameError: rgb(0xF3544A), theme.ColorNameForegroundOnError: rgb(0x14161A),
		theme.ColorNameFocus: rgba(0x4C8DFF, 0x60), theme.ColorNameForeground: rgb(0xF2F4F7),
		theme.ColorNameForegroundOnPrimary: rgb(0x0B0C0E), theme.ColorNameForegroundOnSuccess: rgb(0x0B0C0E),
		theme.ColorNameForegroundOnWarning: rgb(0x0B0C0E), theme.ColorNameHeaderBackground: rgb(0x1C1F24),
		theme.ColorNameHover: rgba(0xF2F4F7, 0x18), theme.ColorNameHyperlink: rgb(0x4C8DFF),
		theme.ColorNameInputBackground: rgb(0x1C1F24), theme.ColorNameInputBorder: rgb(0x707A8A),
		theme.ColorNameMenuBackground: rgb(0x1C1F24), theme.ColorNameOverlayBackground: rgb(0x1C1F24),
		theme.ColorNamePlaceHolder: rgb(0xA3ACB9), theme.ColorNamePressed: rgba(0xF2F4F7, 0x28),
		theme.ColorNamePrimary: rgb(0x4C8DFF), theme.ColorNameScrollBar: rgba(0xF2F4F7, 0x60),
		theme.ColorNameSelection: rgba(0x4C8DFF, 0x40), theme.ColorNameSeparator: rgb(0x2C313A),
		theme.ColorNameSuccess: rgb(0x35C98A), theme.ColorNameWarning: rgb(0xF5A623),
	}
)

// Color implements fyne.Theme.
func (t *parlorTheme) Color(name fyne.ThemeColorName, variant fyne.ThemeVariant) color.Color {
	switch t.wish {
	case themeDark:
		variant = theme.VariantDark
	case themeLight:
		variant = theme.VariantLight
	}
	colours := darkPalette
	if variant == theme.VariantLight {
		colours = lightPalette
	}
	if c, ok := colours[name]; ok {
		return c
	}
	return theme.DefaultTheme().Color(name, variant)
}

// Font implements fyne.Theme. Monospaced text gets the Chinese face too: Latin falls back to Fyne's
// monospaced font.
func (t *parlorTheme) Font(style fyne.TextStyle) fyne.Resource {
	switch {
	case style.Symbol:
		return theme.DefaultTheme().Font(style)
	case style.Bold:
		return assets.Bold()
	}
	return assets.Regular()
}

// Icon implements fyne.Theme.
func (t *parlorTheme) Icon(name fyne.ThemeIconName) fyne.Resource {
	return theme.DefaultTheme().Icon(name)
}

// Size implements fyne.Theme. Text and the icons in it have the size that the user chose; gaps and radii stay, so that larger text
// has more room.
func (t *parlorTheme) Size(name fyne.ThemeSizeName) float32 {
	text := t.text
	if text == 0 {
		text = 1
	}
	switch name {
	case theme.SizeNameCaptionText:
		return 12 * text
	case theme.SizeNameHeadingText:
		return 24 * text
	case theme.SizeNameSubHeadingText:
		return 18 * text
	case theme.SizeNameText, theme.SizeNameInlineIcon:
		return theme.DefaultTheme().Size(name) * text
	case theme.SizeNameInputRadius, theme.SizeNameButtonRadius, theme.SizeNameSelectionRadius:
		return 8
	}
	return theme.DefaultTheme().Size(name)
}
