//go:build unix

package codec_test

import (
	"image"
	"image/draw"
	"io"
	"syscall"
	"testing"
	"time"

	"github.com/pion/mediadevices/pkg/codec/vpx"
	"github.com/pion/mediadevices/pkg/io/video"
	"github.com/pion/mediadevices/pkg/prop"

	"parlor/media"
	"parlor/media/clip"
	"parlor/media/codec"
)

// cpuTime returns the processor time of this process, user and system, in all threads.
func cpuTime(b *testing.B) time.Duration {
	var u syscall.Rusage
	if err := syscall.Getrusage(syscall.RUSAGE_SELF, &u); err != nil {
		b.Fatal(err)
	}
	return time.Duration(u.Utime.Nano() + u.Stime.Nano())
}

// measure runs op b.N times and reports its processor time and its memory.
func measure(b *testing.B, op func() error) {
	b.Helper()
	b.ReportAllocs()
	start := cpuTime(b)
	b.ResetTimer()
	for range b.N {
		if err := op(); err != nil {
			b.Fatal(err)
		}
	}
	b.StopTimer()
	b.ReportMetric(float64(cpuTime(b)-start)/float64(b.N), "cpu-ns/op")
}

type benchSize struct {
	name          string
	width, height int
	bitrate       int // bit/s, of a layer of this size
}

// frameLoop gives the frames of a clip for ever; it begins with a key frame, so it can begin again.
type frameLoop struct {
	frames [][]byte
	next   int
}

func (l *frameLoop) Read(p []byte) (int, error) {
	frame := l.frames[l.next]
	l.next = (l.next + 1) % len(l.frames)
	if len(frame) > len(p) {
		return 0, io.ErrShortBuffer
	}
	return copy(p, frame), nil
}

func BenchmarkDecode(b *testing.B) {
	for _, size := range []benchSize{{"360p", 640, 360, 500_000}, {"720p", 1280, 720, 1_700_000}} {
		frames := encoded(b, size.width, size.height, 90, size.bitrate)
		b.Run(size.name+"/ours", func(b *testing.B) {
			d := newDecoder(b)
			i := 0
			measure(b, func() error {
				_, err := d.Decode(frames[i])
				i = (i + 1) % len(frames)
				return err
			})
		})
		b.Run(size.name+"/peer:mediadevices", func(b *testing.B) {
			d, err := vpx.NewDecoder(&frameLoop{frames: frames}, prop.Media{Video: prop.Video{Width: size.width, Height: size.height}})
			if err != nil {
				b.Fatal(err)
			}
			defer d.Close()
			measure(b, func() error {
				_, release, err := d.Read()
				if err == nil {
					release()
				}
				return err
			})
		})
	}
}

func BenchmarkConvert(b *testing.B) {
	set := codec.New()
	for _, size := range []struct {
		name     string
		src, dst image.Point
	}{
		{"360p", image.Pt(640, 360), image.Pt(640, 360)},
		{"720p", image.Pt(1280, 720), image.Pt(1280, 720)},
		{"720pTo180p", image.Pt(1280, 720), image.Pt(320, 180)},
	} {
		src := newPicture(size.src.X, size.src.Y)
		bars(src, 1)
		dst := image.NewRGBA(image.Rectangle{Max: size.dst})
		b.Run(size.name+"/ours", func(b *testing.B) {
			measure(b, func() error { return set.ToRGBA(dst, src) })
		})
		// The standard library does not scale: its rival for a small tile is the whole picture.
		whole := image.NewRGBA(src.Rect)
		b.Run(size.name+"/peer:image-draw", func(b *testing.B) {
			measure(b, func() error { draw.Draw(whole, whole.Rect, src, image.Point{}, draw.Src); return nil })
		})
	}
}

func BenchmarkEncode(b *testing.B) {
	for _, size := range []benchSize{
		{"180p", 320, 180, 150_000}, {"360p", 640, 360, 500_000}, {"720p", 1280, 720, 1_700_000},
	} {
		clip := make([]*image.YCbCr, 30)
		for i := range clip {
			clip[i] = newPicture(size.width, size.height)
			bars(clip[i], i)
		}
		next := 0
		picture := func() *image.YCbCr {
			next++
			return clip[abs(next%(2*len(clip)-1)-len(clip)+1)] // there and back: no cut
		}
		b.Run(size.name+"/ours", func(b *testing.B) {
			e := newEncoder(b, media.VideoEncoderConfig{Width: size.width, Height: size.height, Rate: 30, Bitrate: size.bitrate})
			i := 0
			measure(b, func() error {
				i++
				_, _, err := e.Encode(picture(), frameAt(i), false)
				return err
			})
		})
		b.Run(size.name+"/peer:mediadevices", func(b *testing.B) {
			params, err := vpx.NewVP8Params()
			if err != nil {
				b.Fatal(err)
			}
			params.BitRate = size.bitrate
			source := video.ReaderFunc(func() (image.Image, func(), error) { return picture(), func() {}, nil })
			e, err := params.BuildVideoEncoder(source, prop.Media{Video: prop.Video{Width: size.width, Height: size.height, FrameRate: 30}})
			if err != nil {
				b.Fatal(err)
			}
			defer e.Close()
			measure(b, func() error {
				_, release, err := e.Read()
				if err == nil {
					release()
				}
				return err
			})
		})
	}
}

// BenchmarkNoise is 20 ms of a voice in noise. There is nobody to compare with: no other Go binding does this.
func BenchmarkNoise(b *testing.B) {
	pcm := mix(clip.Speech(0, 10*media.SampleRate), hiss(10*media.SampleRate, 50))
	b.Run("20ms/ours", func(b *testing.B) {
		n, err := codec.New().NewNoiseSuppressor(media.NoiseHigh)
		if err != nil {
			b.Fatal(err)
		}
		defer n.Close()
		at := 0
		var frame [media.FrameSamples]int16
		measure(b, func() error {
			copy(frame[:], pcm[at:])
			at = (at + media.FrameSamples) % len(pcm)
			n.Process(frame[:])
			return nil
		})
	})
}

func abs(n int) int { return max(n, -n) }
