//go:build ignore

// This program makes the built-in clips, all or those that are named (bot1 … bot4, screen):
//
//	cd media/clip && go run -tags nolibopusfile gen.go [NAME...]
//
// It is not a go:generate directive, since what the codecs put out differs from version to version
// of their libraries, and generated files are checked to be up to date.
package main

import (
	"fmt"
	"image"
	"image/color"
	"image/draw"
	"log"
	"os"
	"slices"
	"time"

	"golang.org/x/image/font"
	"golang.org/x/image/font/gofont/gobold"
	"golang.org/x/image/font/gofont/goregular"
	"golang.org/x/image/font/opentype"
	"golang.org/x/image/math/fixed"

	"parlor/media"
	"parlor/media/clip"
	"parlor/media/codec"
)

const (
	width, height = 640, 360
	rate          = 15
	seconds       = 6
	keyEvery      = 2 * rate // frames
	videoBitrate  = 230_000  // with key frames some 250 kbit/s come out
	audioBitrate  = 24_000
)

// The screen changes seldom and is sharp: few pictures, many bits for each that changes.
const (
	screenWidth, screenHeight = 1280, 720
	screenRate                = 5
	screenBitrate             = 230_000
)

func main() {
	wanted := func(name string) bool { return len(os.Args) < 2 || slices.Contains(os.Args[1:], name) }
	for bot := range 4 {
		name := fmt.Sprintf("bot%d", bot+1)
		if !wanted(name) {
			continue
		}
		if err := makeVideo("builtin/"+name+".ivf", bot+1); err != nil {
			log.Fatal(err)
		}
		if err := makeAudio("builtin/"+name+".ogg", bot); err != nil {
			log.Fatal(err)
		}
	}
	if wanted("screen") {
		if err := makeScreen("builtin/screen.ivf"); err != nil {
			log.Fatal(err)
		}
	}
}

func makeVideo(path string, variant int) error {
	config := media.VideoEncoderConfig{Width: width, Height: height, Rate: rate, Bitrate: videoBitrate}
	return encode(path, config, seconds*rate, func(n int) bool { return n%keyEvery == 0 },
		func(img *image.YCbCr, n int) { clip.DrawPicture(img, variant, int64(n)) })
}

// encode writes count pictures to a file.
func encode(path string, config media.VideoEncoderConfig, count int, key func(n int) bool, paint func(img *image.YCbCr, n int)) error {
	encoder, err := codec.New().NewVideoEncoder(config)
	if err != nil {
		return err
	}
	defer encoder.Close()
	f, err := os.Create(path)
	if err != nil {
		return err
	}
	defer f.Close()
	perSecond := int(config.Rate)
	w := clip.NewIVFWriter(f, uint32(perSecond), 1)
	img := image.NewYCbCr(image.Rect(0, 0, config.Width, config.Height), image.YCbCrSubsampleRatio420)
	for n := range count {
		paint(img, n)
		frame, _, err := encoder.Encode(img, time.Duration(n)*time.Second/time.Duration(perSecond), key(n))
		if err != nil {
			return err
		}
		if frame == nil {
			return fmt.Errorf("%s: rate control dropped frame %d", path, n)
		}
		if err := w.WriteFrame(frame, uint64(n)); err != nil {
			return err
		}
	}
	return w.Flush()
}

// slide is what the screen shows for slideLength pictures; its lines come one by one.
type slide struct {
	title string
	lines []string
}

const slideLength = 5 * screenRate

var slides = []slide{
	{"Parlor: a shared screen", []string{
		"This is a clip inside the program, for rooms without people.",
		"Text must stay readable: 1280 x 720, five pictures a second.",
		"Small changes cost few bits, new slides cost a key frame.",
		"The clock below shows that the picture is alive.",
	}},
	{"Agenda", []string{
		"1.  Who is in the room",
		"2.  What the numbers say: loss 0.4 %, RTT 38 ms, jitter 6 ms",
		"3.  A second look at layer h, 1.84 Mb/s",
		"4.  Questions",
	}},
}

// makeScreen makes a clip of slides; each begins with a key frame.
func makeScreen(path string) error {
	title, err := face(gobold.TTF, 52)
	if err != nil {
		return err
	}
	text, err := face(goregular.TTF, 32)
	if err != nil {
		return err
	}
	page := image.NewRGBA(image.Rect(0, 0, screenWidth, screenHeight))
	config := media.VideoEncoderConfig{Width: screenWidth, Height: screenHeight, Rate: screenRate, Bitrate: screenBitrate, Screen: true}
	return encode(path, config, len(slides)*slideLength, func(n int) bool { return n%slideLength == 0 },
		func(img *image.YCbCr, n int) {
			drawSlide(page, slides[n/slideLength], n, title, text)
			for y := range screenHeight {
				for x := range screenWidth {
					c := clip.YCbCr(page.RGBAAt(x, y))
					img.Y[img.YOffset(x, y)] = c.Y
					if x%2 == 0 && y%2 == 0 {
						img.Cb[img.COffset(x, y)], img.Cr[img.COffset(x, y)] = c.Cb, c.Cr
					}
				}
			}
		})
}

func face(ttf []byte, size float64) (font.Face, error) {
	f, err := opentype.Parse(ttf)
	if err != nil {
		return nil, err
	}
	return opentype.NewFace(f, &opentype.FaceOptions{Size: size, DPI: 72, Hinting: font.HintingFull})
}

func drawSlide(page *image.RGBA, s slide, n int, title, text font.Face) {
	paper, ink := color.RGBA{247, 248, 250, 255}, color.RGBA{27, 31, 36, 255}
	blue := color.RGBA{26, 99, 214, 255}
	fill := func(r image.Rectangle, c color.Color) {
		draw.Draw(page, r, image.NewUniform(c), image.Point{}, draw.Src)
	}
	write := func(face font.Face, x, y int, c color.Color, line string) {
		d := font.Drawer{Dst: page, Src: image.NewUniform(c), Face: face, Dot: fixed.P(x, y)}
		d.DrawString(line)
	}
	fill(page.Rect, paper)
	fill(image.Rect(0, 0, screenWidth, 14), blue)
	write(title, 80, 130, ink, s.title)
	fill(image.Rect(80, 160, 80+300, 164), blue)
	for i, line := range s.lines[:min(len(s.lines), 1+n%slideLength/screenRate)] {
		write(text, 80, 250+80*i, ink, line)
	}
	second := n / screenRate
	fill(image.Rect(80, 600, 80+(screenWidth-160)*(n+1)/(len(slides)*slideLength), 608), blue)
	write(text, 80, 670, color.RGBA{91, 100, 114, 255}, fmt.Sprintf("00:%02d", second))
}

func makeAudio(path string, voice int) error {
	encoder, err := codec.New().NewAudioEncoder(audioBitrate)
	if err != nil {
		return err
	}
	defer encoder.Close()
	var packets [][]byte
	var levels []byte
	speech := clip.Speech(voice, seconds*media.SampleRate)
	for ; len(speech) > 0; speech = speech[media.FrameSamples:] {
		pcm := speech[:media.FrameSamples]
		packet, err := encoder.Encode(pcm)
		if err != nil {
			return err
		}
		if packet == nil { // not sent: an empty frame says so (RFC 6716, 3.1)
			packet = []byte{1 << 3}
		}
		packets = append(packets, append([]byte(nil), packet...))
		levels = append(levels, media.AudioLevel(pcm))
	}
	f, err := os.Create(path)
	if err != nil {
		return err
	}
	defer f.Close()
	w := clip.NewOggWriter(f, levels)
	for _, p := range packets {
		if err := w.WritePacket(p); err != nil {
			return err
		}
	}
	return w.Close()
}
