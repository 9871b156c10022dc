package ui

import (
	"context"
	"errors"
	"fmt"
	"image"
	"image/color"
	"image/png"
	"os"

	"fyne.io/fyne/v2/driver/software"
)

// Screenshot writes a PNG file of the window as it is drawn. Any goroutine.
func (w *Window) Screenshot(ctx context.Context, path string) error {
	captured := make(chan image.Image, 1) // one picture
	err := w.do(ctx, func() error {
		img := w.win.Canvas().Capture()
		if img == nil || blank(img) {
			img = w.draw()
		}
		captured <- img
		return nil
	})
	if err != nil {
		return err
	}
	f, err := os.Create(path)
	if err != nil {
		return fmt.Errorf("ui: screenshot: %w", err)
	}
	return errors.Join(png.Encode(f, opaque(<-captured)), f.Close())
}

// blank tells a picture of zeros: software GL keeps nothing in the front buffer, which Fyne reads.
func blank(img image.Image) bool {
	b := img.Bounds()
	const step = 7 // pixels; every widget is larger
	for y := b.Min.Y; y < b.Max.Y; y += step {
		for x := b.Min.X; x < b.Max.X; x += step {
			if r, g, b, _ := img.At(x, y).RGBA(); r|g|b != 0 {
				return false
			}
		}
	}
	return true
}

// draw paints the window's content without GL. It is resized to what it is already: nothing moves.
func (w *Window) draw() image.Image {
	c := software.NewCanvas()
	c.SetPadded(false)
	c.SetScale(w.win.Canvas().Scale())
	c.Resize(w.win.Canvas().Size())
	c.SetContent(w.win.Canvas().Content())
	return c.Capture()
}

// opaque is a copy without transparency: what lies in the alpha channel of a window is up to the driver.
func opaque(img image.Image) *image.RGBA {
	b := img.Bounds()
	out := image.NewRGBA(b)
	for y := b.Min.Y; y < b.Max.Y; y++ {
		for x := b.Min.X; x < b.Max.X; x++ {
			c, ok := img.At(x, y).(color.RGBA)
			if !ok {
				c = color.RGBAModel.Convert(img.At(x, y)).(color.RGBA)
			}
			c.A = 0xFF
			out.SetRGBA(x, y, c)
		}
	}
	return out
}
