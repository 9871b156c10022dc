package clip

import (
	"image"
	"image/color"
	"math"

	"parlor/media"
)

// The number in the test picture: cells in a row at the bottom, black for 0 and white for 1, the
// highest bit first: the number modulo 2^24, then a check sum.
const (
	numberBits  = 24
	numberCells = numberBits + 8
)

const maxVariant = 1<<16 - 1

// TestPicture is a camera that shows DrawPicture.
func TestPicture(f media.VideoFormat) media.VideoSource {
	return NewPictures(f, func(img *image.YCbCr, n int64) { DrawPicture(img, 0, n) })
}

// DrawPicture draws test picture number n: colour bars that wander, a hand that turns, a ball that
// bounces, and the number itself for PictureNumber. Variant 0 has all colours; 1 to 4 have shades of one each, and other
// speeds.
func DrawPicture(img *image.YCbCr, variant int, n int64) {
	variant &= maxVariant // neither negative nor so large that speeds overflow
	size := img.Rect.Size()
	drawBars(img, variant, n)
	unit := max(2, min(size.X, size.Y)/60) // thickness of strokes
	center := img.Rect.Min.Add(image.Pt(size.X/2, size.Y*5/12))
	drawHand(img, center, float64(size.Y)/3, unit, float64(n)/float64(40+10*variant))
	drawBall(img, variant, n, size.Y/10, unit)
	drawNumber(img, n)
}

// classicBars are bright and as different as colours can be.
var classicBars = [...]color.RGBA{
	{R: 236, G: 236, B: 236}, {R: 224, G: 196, B: 32}, {R: 24, G: 190, B: 200}, {R: 40, G: 180, B: 60},
	{R: 200, G: 60, B: 180}, {R: 210, G: 50, B: 40}, {R: 40, G: 70, B: 200}, {R: 30, G: 34, B: 44},
}

// family are the two colours between which the bars of a variant shade.
type family struct{ light, dark color.RGBA }

// families are the colours of variants 1 to 4, so that people can be told apart.
var families = [...]family{
	{color.RGBA{R: 150, G: 214, B: 226}, color.RGBA{R: 18, G: 62, B: 104}}, // sea
	{color.RGBA{R: 250, G: 206, B: 140}, color.RGBA{R: 140, G: 44, B: 38}}, // evening
	{color.RGBA{R: 198, G: 224, B: 150}, color.RGBA{R: 26, G: 84, B: 60}},  // wood
	{color.RGBA{R: 226, G: 190, B: 236}, color.RGBA{R: 70, G: 40, B: 112}}, // heather
}

// barColor is the colour of bar i.
func barColor(variant, i int) color.RGBA {
	const bars = len(classicBars)
	if variant == 0 {
		return classicBars[i%bars]
	}
	f := families[(variant-1)%len(families)]
	up := bounce(int64(i%bars), bars/2) // light to dark and back
	mix := func(a, b uint8) uint8 { return uint8((int(a)*(bars/2-up) + int(b)*up) / (bars / 2)) }
	return color.RGBA{R: mix(f.light.R, f.dark.R), G: mix(f.light.G, f.dark.G), B: mix(f.light.B, f.dark.B), A: 255}
}

func drawBars(img *image.YCbCr, variant int, n int64) {
	size, bars := img.Rect.Size(), len(classicBars)
	width := (size.X/bars + 2) &^ 1 // even, and the last bar is not narrower
	period := int64(width * bars)
	shift := int((n * int64(2+2*variant)) % period)
	for i := range bars + 1 {
		x := i*width - shift%width
		Fill(img, image.Rect(x, 0, x+width, size.Y).Add(img.Rect.Min), YCbCr(barColor(variant, i+shift/width)))
	}
}

func drawHand(img *image.YCbCr, center image.Point, length float64, unit int, turns float64) {
	black := YCbCr(color.RGBA{})
	sin, cos := math.Sincos(2 * math.Pi * turns)
	for r := 0.0; r <= length; r += float64(unit) {
		p := center.Add(image.Pt(int(r*sin), -int(r*cos)))
		Fill(img, image.Rect(p.X-unit, p.Y-unit, p.X+unit, p.Y+unit), black)
	}
}

func drawBall(img *image.YCbCr, variant int, n int64, radius, edge int) {
	size := img.Rect.Size()
	center := img.Rect.Min.Add(image.Pt(
		radius+bounce(n*int64(5+variant), size.X-2*radius),
		radius+bounce(n*int64(3+variant), size.Y*5/6-2*radius)))
	fillDisc(img, center, radius, YCbCr(color.RGBA{})) // the edge shows it before white bars
	fillDisc(img, center, radius-edge, YCbCr(color.RGBA{R: 255, G: 255, B: 255}))
}

func fillDisc(img *image.YCbCr, center image.Point, radius int, c color.YCbCr) {
	for y := -radius; y < radius; y += 2 {
		half := int(math.Sqrt(float64(radius*radius - y*y)))
		Fill(img, image.Rect(center.X-half, center.Y+y, center.X+half, center.Y+y+2), c)
	}
}

// bounce goes from 0 to end and back as way grows.
func bounce(way int64, end int) int {
	if end < 1 {
		return 0
	}
	at := int(way % int64(2*end))
	return min(at, 2*end-at)
}

// numberRow is where the cells are.
func numberRow(img *image.YCbCr) image.Rectangle {
	r := img.Rect
	r.Min.Y = r.Max.Y - max(2, r.Dy()/12)
	return r
}

func drawNumber(img *image.YCbCr, n int64) {
	row, bits := numberRow(img), numberWithSum(n)
	black, white := YCbCr(color.RGBA{}), YCbCr(color.RGBA{R: 255, G: 255, B: 255})
	for i := range numberCells {
		c := black
		if bits>>(numberCells-1-i)&1 != 0 {
			c = white
		}
		Fill(img, cell(row, i), c)
	}
}

func cell(row image.Rectangle, i int) image.Rectangle {
	x := func(i int) int { return row.Min.X + i*row.Dx()/numberCells }
	return image.Rect(x(i), row.Min.Y, x(i+1), row.Max.Y)
}

// numberWithSum appends a CRC-8 which neither an all black nor an all white row has.
func numberWithSum(n int64) uint32 {
	v := uint32(n) & (1<<numberBits - 1)
	crc := uint8(0x55)
	for shift := numberBits - 8; shift >= 0; shift -= 8 {
		crc ^= uint8(v >> shift)
		for range 8 {
			if crc&0x80 != 0 {
				crc = crc<<1 ^ 0x07
			} else {
				crc <<= 1
			}
		}
	}
	return v<<8 | uint32(crc)
}

// PictureNumber reads the number (modulo 2^24) in a test picture; it survives coding and scaling
// down to about 100 pixels of width. ok is false when there is none.
func PictureNumber(img *image.YCbCr) (n int64, ok bool) {
	if img.Rect.Dx() < numberCells || img.Rect.Dy() < 2 {
		return 0, false
	}
	row := numberRow(img)
	var bits uint32
	for i := range numberCells {
		c := cell(row, i)
		c = image.Rect(c.Min.X+c.Dx()/4, c.Min.Y+c.Dy()/4, c.Max.X-c.Dx()/4, c.Max.Y-c.Dy()/4)
		sum := 0
		for y := c.Min.Y; y < c.Max.Y; y++ {
			for x := c.Min.X; x < c.Max.X; x++ {
				sum += int(img.Y[img.YOffset(x, y)])
			}
		}
		bits <<= 1
		if area := c.Dx() * c.Dy(); area > 0 && sum/area > 126 {
			bits |= 1
		}
	}
	n = int64(bits >> 8)
	return n, numberWithSum(n) == bits
}
