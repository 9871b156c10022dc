// Package assets holds the files that travel inside the program: fonts, icons and translations.
package assets

import (
	"bytes"
	"embed"
	"fmt"
	"image/color"
	"io/fs"

	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/theme"
)

// These are written by the compiler only. The fonts are not in the file system: that would copy seven
// megabytes with each reading.
var (
	//go:embed icons/*.svg translations/*.json icon.png
	files embed.FS
	//go:embed fonts/ParlorSansSC-Regular.otf
	regular []byte
	//go:embed fonts/ParlorSansSC-Bold.otf
	bold []byte
)

// Regular is the Chinese face (GBK, 21,791 characters) of normal and monospaced text. Latin comes
// from Fyne's own fonts, which Fyne asks for what this one lacks.
func Regular() fyne.Resource { return fyne.NewStaticResource("ParlorSansSC-Regular.otf", regular) }

// Bold is the Chinese face (GB2312) of bold text.
func Bold() fyne.Resource { return fyne.NewStaticResource("ParlorSansSC-Bold.otf", bold) }

// AppIcon is the program's picture, 512 by 512 pixels.
func AppIcon() fyne.Resource { return file("icon.png") }

// file returns an embedded file. The names are constants of this package and a test reads all of
// them, so a missing one is a mistake in the source.
func file(name string) fyne.Resource {
	data, err := files.ReadFile(name)
	if err != nil {
		panic(fmt.Sprintf("assets: %v", err))
	}
	return fyne.NewStaticResource(name, data)
}

// IconName is the name of a picture of one colour, 24 by 24 units.
type IconName string

// The icons.
const (
	API            IconName = "api"
	Camera         IconName = "camera"
	CameraOff      IconName = "camera-off"
	Chart          IconName = "chart"
	Chat           IconName = "chat"
	Check          IconName = "check"
	Chevron        IconName = "chevron"
	Clear          IconName = "clear"
	Close          IconName = "close"
	Copy           IconName = "copy"
	Download       IconName = "download"
	Error          IconName = "error"
	Eye            IconName = "eye"
	EyeOff         IconName = "eye-off"
	Flag           IconName = "flag"
	FullScreen     IconName = "fullscreen"
	FullScreenExit IconName = "fullscreen-exit"
	Grid           IconName = "grid"
	Info           IconName = "info"
	Keyboard       IconName = "keyboard"
	Leave          IconName = "leave"
	Link           IconName = "link"
	Mic            IconName = "mic"
	MicOff         IconName = "mic-off"
	More           IconName = "more"
	Network        IconName = "network"
	Next           IconName = "next"
	Note           IconName = "note"
	Offline        IconName = "offline"
	Pause          IconName = "pause"
	People         IconName = "people"
	PersonRemove   IconName = "person-remove"
	Pin            IconName = "pin"
	PinOff         IconName = "pin-off"
	Play           IconName = "play"
	Previous       IconName = "previous"
	QR             IconName = "qr"
	Retry          IconName = "retry"
	Room           IconName = "room"
	Screen         IconName = "screen"
	Search         IconName = "search"
	Send           IconName = "send"
	Settings       IconName = "settings"
	Share          IconName = "share"
	ShareStop      IconName = "share-stop"
	Speaker        IconName = "speaker"
	SpeakerOff     IconName = "speaker-off"
	Spotlight      IconName = "spotlight"
	Terminal       IconName = "terminal"
	Warning        IconName = "warning"
	Window         IconName = "window"
)

// IconNames lists the icons that are in the program.
func IconNames() []IconName {
	entries, err := fs.ReadDir(files, "icons")
	if err != nil {
		panic(fmt.Sprintf("assets: %v", err))
	}
	names := make([]IconName, len(entries))
	for i, e := range entries {
		names[i] = IconName(e.Name()[:len(e.Name())-len(".svg")])
	}
	return names
}

// Icon is an icon in a colour of the theme; it follows changes of the theme.
func Icon(name IconName, role fyne.ThemeColorName) fyne.Resource {
	return &themedIcon{name: name, role: role, svg: file("icons/" + string(name) + ".svg").Content()}
}

// IconIn is an icon in a fixed colour, for places that look the same in every theme.
func IconIn(name IconName, c color.Color) fyne.Resource {
	hex := hexOf(c)
	svg := file("icons/" + string(name) + ".svg").Content()
	return fyne.NewStaticResource(string(name)+hex+".svg", paint(svg, hex))
}

// themedIcon draws outlines, which Fyne's own ThemedResource (it knows fills only) cannot colour.
type themedIcon struct {
	name IconName
	role fyne.ThemeColorName
	svg  []byte
}

// Name has the colour in it, because Fyne keeps drawn pictures by name.
func (i *themedIcon) Name() string { return string(i.name) + hexOf(theme.Color(i.role)) + ".svg" }

// Content is the drawing in the present colour.
func (i *themedIcon) Content() []byte { return paint(i.svg, hexOf(theme.Color(i.role))) }

func paint(svg []byte, hex string) []byte {
	return bytes.ReplaceAll(svg, []byte("currentColor"), []byte(hex))
}

func hexOf(c color.Color) string {
	n := color.NRGBAModel.Convert(c).(color.NRGBA)
	return fmt.Sprintf("#%02X%02X%02X", n.R, n.G, n.B)
}

//go:generate go run ../cmd/internal/licences -o licences.txt -texts licences -tags nolibopusfile ../cmd/parlor ../cmd/parlord ../cmd/parlorctl

//go:embed licences.txt
var licences string

// Licences is the text of the licences of everything that the programs are made of.
func Licences() string { return licences }
