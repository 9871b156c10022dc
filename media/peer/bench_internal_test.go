//go:build cgo && unix && nolibopusfile

package peer

import (
	"image"
	"math/rand/v2"
	"sync/atomic"
	"testing"
	"time"

	"github.com/pion/mediadevices/pkg/codec/vpx"
	videoio "github.com/pion/mediadevices/pkg/io/video"
	"github.com/pion/mediadevices/pkg/prop"
	"github.com/pion/rtp"

	"parlor/media"
	"parlor/media/codec"
)

// noTrack is a way out that leads nowhere.
type noTrack struct{}

func (noTrack) WriteRTP(*rtp.Packet) error { return nil }

// page is a screen of text that somebody types into: eight lines of pixels are new in each picture.
func page(size image.Point, pictures int) []*image.YCbCr {
	random := rand.New(rand.NewPCG(1, 2))
	list := make([]*image.YCbCr, pictures)
	for i := range list {
		img := image.NewYCbCr(image.Rectangle{Max: size}, image.YCbCrSubsampleRatio420)
		for j := range img.Cb {
			img.Cb[j], img.Cr[j] = 128, 128
		}
		if i > 0 {
			copy(img.Y, list[i-1].Y)
		}
		for y := range size.Y {
			if i > 0 && y/8 != (i*7)%(size.Y/8) {
				continue
			}
			for x := 0; x < size.X; x += 2 { // strokes two pixels wide, with space between the lines
				ink := uint8(235)
				if y%16 < 10 && random.IntN(4) == 0 {
					ink = 20
				}
				img.Y[y*img.YStride+x], img.Y[y*img.YStride+x+1] = ink, ink
			}
		}
		list[i] = img
	}
	return list
}

// BenchmarkVideoCapture is one picture from the source to its packets.
func BenchmarkVideoCapture(b *testing.B) {
	for _, c := range []struct {
		name    string
		size    image.Point
		screen  bool
		largest media.VideoFormat
	}{
		{"screen1080p", image.Pt(1920, 1080), true, media.VideoFormat{}},
		{"screen1080pTo720p", image.Pt(1920, 1080), true, media.VideoFormat{Width: 1280, Height: 720}},
		{"720pTo360p", image.Pt(1280, 720), false, media.VideoFormat{Width: 640, Height: 360}},
	} {
		pictures := page(c.size, 30)
		next := 0
		picture := func() *image.YCbCr {
			next++
			return pictures[next%len(pictures)]
		}
		b.Run(c.name+"/ours", func(b *testing.B) { benchCapture(b, picture, CaptureConfig{Screen: c.screen, Largest: c.largest}) })
		b.Run(c.name+"/peer:mediadevices", func(b *testing.B) {
			size := fitSize(c.size, c.largest.Width, c.largest.Height)
			var source videoio.Reader = videoio.ReaderFunc(func() (image.Image, func(), error) { return picture(), func() {}, nil })
			if size != c.size {
				source = videoio.Scale(size.X, size.Y, nil)(source)
			}
			benchMediadevices(b, source, size, videoBitrate(size, c.screen))
		})
	}
}

func benchCapture(b *testing.B, picture func() *image.YCbCr, cfg CaptureConfig) {
	cfg.Codecs = codec.New()
	c := newVideoCapture(&fileSource{}, cfg)
	defer c.closeCodecs()
	p := newPublication(media.Screen)
	publish(c, p)
	p.setLive(true)
	p.connect(&outlet{track: noTrack{}, wire: new(atomic.Uint64)})
	b.ReportAllocs()
	start := cpuTime(b)
	at := media.Now()
	for b.Loop() {
		at += time.Second / 30
		if err := c.handle(media.VideoFrame{Image: picture(), At: at}); err != nil {
			b.Fatal(err)
		}
	}
	b.ReportMetric(float64(cpuTime(b)-start)/float64(b.N), "cpu-ns/op")
}

func benchMediadevices(b *testing.B, source videoio.Reader, size image.Point, bitrate int) {
	params, err := vpx.NewVP8Params()
	if err != nil {
		b.Fatal(err)
	}
	params.BitRate = bitrate
	e, err := params.BuildVideoEncoder(source, prop.Media{Video: prop.Video{Width: size.X, Height: size.Y, FrameRate: 30}})
	if err != nil {
		b.Fatal(err)
	}
	defer e.Close()
	b.ReportAllocs()
	start := cpuTime(b)
	for b.Loop() {
		_, release, err := e.Read()
		if err != nil {
			b.Fatal(err)
		}
		release()
	}
	b.ReportMetric(float64(cpuTime(b)-start)/float64(b.N), "cpu-ns/op")
}
