package widgets

import (
	"image/color"

	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/canvas"

	"parlor/assets"
)

// The colours of the signal bars: their number says the same.
var (
	signalGood = tileText
	signalPoor = color.NRGBA{R: 0xF5, G: 0xA6, B: 0x23, A: 0xFF}
	signalBad  = tileMuted
	signalDark = color.NRGBA{R: 0xFF, G: 0xFF, B: 0xFF, A: 0x55}
)

const (
	pillHeight  = 24
	pillPadding = 7
	pillText    = 13
	pillMargin  = 8 // to the tile's edges
	pillIcon    = 16
	pillGap     = 5
	levelBars   = 3
	signalBars  = 4
	signalWidth = signalBars*4.5 - 1.5
)

// tilePill is the dark strip at the bottom left of a tile: microphone or loudness, name, signal.
type tilePill struct {
	ground *canvas.Rectangle
	icons  map[assets.IconName]*canvas.Image
	label  *canvas.Text
	levels [levelBars]*canvas.Rectangle
	signal [signalBars]*canvas.Rectangle
}

// pillContent is what a pill shows.
type pillContent struct {
	name    string
	icon    assets.IconName
	level   int // 0..100, in place of the icon; negative: none
	quality int // 1..5, 0 for no bars
}

func newTilePill() *tilePill {
	p := &tilePill{ground: canvas.NewRectangle(tilePillColor), label: tileTextObject(pillText, tileText)}
	p.ground.CornerRadius = 6
	p.label.Alignment = fyne.TextAlignLeading
	p.icons = map[assets.IconName]*canvas.Image{
		assets.Mic:        canvas.NewImageFromResource(assets.IconIn(assets.Mic, tileText)),
		assets.MicOff:     canvas.NewImageFromResource(assets.IconIn(assets.MicOff, tileMuted)),
		assets.SpeakerOff: canvas.NewImageFromResource(assets.IconIn(assets.SpeakerOff, tileMuted)),
		assets.Share:      canvas.NewImageFromResource(assets.IconIn(assets.Share, tileText)),
	}
	for i := range p.levels {
		p.levels[i] = canvas.NewRectangle(tileSpeaks)
		p.levels[i].CornerRadius = 1
	}
	for i := range p.signal {
		p.signal[i] = canvas.NewRectangle(signalDark)
		p.signal[i].CornerRadius = 1
	}
	return p
}

func (p *tilePill) objects() []fyne.CanvasObject {
	list := []fyne.CanvasObject{p.ground, p.label}
	for _, name := range []assets.IconName{assets.Mic, assets.MicOff, assets.SpeakerOff, assets.Share} {
		list = append(list, p.icons[name])
	}
	for _, b := range p.levels {
		list = append(list, b)
	}
	for _, b := range p.signal {
		list = append(list, b)
	}
	return list
}

// height is that of the pill at the present text size.
func (p *tilePill) height() float32 { return Scaled(pillHeight) }

// layout shows the content at the bottom left of a tile.
func (p *tilePill) layout(tile fyne.Size, c pillContent) {
	room := tile.Width - 2*pillMargin - 2*pillPadding - pillIcon - pillGap
	signal := float32(0)
	if c.quality > 0 {
		signal = pillGap + 2 + signalWidth
	}
	p.label.TextSize = Scaled(pillText)
	p.label.Text = elide(c.name, room-signal, p.label.TextSize, fyne.TextStyle{})
	width := fyne.MeasureText(p.label.Text, p.label.TextSize, fyne.TextStyle{}).Width
	h := p.height()
	y := tile.Height - pillMargin - h
	show(p.ground, true)
	show(p.label, true)
	place(p.ground, pillMargin, y, width+2*pillPadding+pillIcon+pillGap+signal, h)
	x, iconY := float32(pillMargin+pillPadding), y+(h-pillIcon)/2
	for name, icon := range p.icons {
		place(icon, x, iconY, pillIcon, pillIcon)
		show(icon, name == c.icon && c.level < 0)
	}
	for i, b := range p.levels {
		show(b, c.level >= 0)
		share := [levelBars]float32{0.6, 1, 0.75}[i]
		height := 3 + share*min(1, float32(max(c.level, 0))/60)*11
		place(b, x+1+float32(i)*5, iconY+(pillIcon-height)/2, 3, height)
	}
	x += pillIcon + pillGap
	place(p.label, x, y, width, h)
	p.label.Refresh()
	p.layoutSignal(x+width+pillGap+2, y+(h+13)/2, c.quality)
}

// hide takes all of it away until the next layout.
func (p *tilePill) hide() {
	for _, o := range p.objects() {
		o.Hide()
	}
}

// layoutSignal draws the bars, which stand on the line at bottom.
func (p *tilePill) layoutSignal(x, bottom float32, quality int) {
	lit := signalGood
	switch {
	case quality <= 2:
		lit = signalBad
	case quality == 3:
		lit = signalPoor
	}
	for i, b := range p.signal {
		show(b, quality > 0)
		height := float32(4 + 3*i)
		place(b, x+float32(i)*4.5, bottom-height, 3, height)
		colour := signalDark
		if i < quality-1 {
			colour = lit
		}
		if b.FillColor != color.Color(colour) {
			b.FillColor = colour
			b.Refresh()
		}
	}
}
