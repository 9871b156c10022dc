package device_test

import (
	"image"
	"image/color"
	"syscall"
	"testing"
	"time"

	"github.com/kbinani/screenshot"

	"parlor/media"
	"parlor/media/device"
)

// cpuTime returns the processor time of this process, user and system, in all threads.
func cpuTime(b *testing.B) time.Duration {
	var u syscall.Rusage
	if err := syscall.Getrusage(syscall.RUSAGE_SELF, &u); err != nil {
		b.Fatal(err)
	}
	return time.Duration(u.Utime.Nano() + u.Stime.Nano())
}

// BenchmarkScreen is one picture of a screen on which a part changes. Ours is 4:2:0 with the pointer in it and kept to a rate, the
// peer's is RGBA without. What the X server works is in neither.
func BenchmarkScreen(b *testing.B) {
	defer startX(b, "1920x1080x24").kill()
	x := newXClient(b)
	defer x.close()
	w := x.window("Slides", image.Rect(0, 0, 1920, 1080), white)
	n := 0
	measure := func(b *testing.B, op func() error) {
		b.ReportAllocs()
		start := cpuTime(b)
		for b.Loop() {
			n++
			x.fill(w, image.Rect(0, 0, 400, 300), color.RGBA{R: uint8(n), G: uint8(n >> 8), A: 255})
			if err := op(); err != nil {
				b.Fatal(err)
			}
		}
		b.ReportMetric(float64(cpuTime(b)-start)/float64(b.N), "cpu-ns/op")
	}
	open := func(b *testing.B, want media.VideoFormat) func() error {
		want.Rate = 60
		src, err := device.New(device.Config{}).OpenScreen("", want)
		if err != nil {
			b.Fatal(err)
		}
		b.Cleanup(func() { src.Close() })
		return func() error { _, err := src.ReadVideo(); return err }
	}
	b.Run("1080p/ours", func(b *testing.B) { measure(b, open(b, media.VideoFormat{})) })
	b.Run("1080p/peer:kbinani", func(b *testing.B) {
		measure(b, func() error { _, err := screenshot.CaptureDisplay(0); return err })
	})
	b.Run("1080pTo720p/ours", func(b *testing.B) { measure(b, open(b, media.VideoFormat{Width: 1280, Height: 720})) })
}
