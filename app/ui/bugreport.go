package ui

import (
	"bytes"
	"context"
	"encoding/json"
	"image"
	"image/color"
	"image/draw"
	"slices"
	"strings"

	"fyne.io/fyne/v2"
)

// LogFile is the whole log as lines of JSON. Any goroutine.
func (w *Window) LogFile(ctx context.Context) ([]byte, error) {
	var b bytes.Buffer
	err := w.do(ctx, func() error {
		encoder := json.NewEncoder(&b)
		encoder.SetEscapeHTML(false)
		for _, row := range w.console.Rows(1 << 20) {
			if err := encoder.Encode(row); err != nil {
				return err
			}
		}
		return nil
	})
	if err != nil {
		return nil, err
	}
	return b.Bytes(), nil
}

// StateFile is the live state and the texts on screen as JSON. Any goroutine.
func (w *Window) StateFile(ctx context.Context) ([]byte, error) {
	var text []byte
	err := w.do(ctx, func() error {
		seen := w.snapshot()
		seen.Log, seen.Tools = nil, nil // the first is a file of its own, the second long
		var err error
		text, err = json.MarshalIndent(map[string]any{"live": w.liveState(), "window": seen}, "", " ")
		return err
	})
	if err != nil {
		return nil, err
	}
	return text, nil
}

// bundleWritten tells where a bug bundle is.
func (w *Window) bundleWritten(res string) {
	var file struct {
		Path string `json:"path"`
	}
	if json.Unmarshal([]byte(res), &file) == nil {
		w.toast(w.texts.T("api.bundle.done", file.Path))
	}
}

// Picture draws the window without secrets: what shows a token is painted over. Any goroutine.
func (w *Window) Picture(ctx context.Context) (image.Image, error) {
	var img *image.RGBA
	err := w.do(ctx, func() error {
		img = opaque(w.draw())
		walk(w.win.Canvas().Content(), func(o fyne.CanvasObject) {
			if !slices.ContainsFunc(textsOf(o), secret) {
				return
			}
			x, y, width, height := w.pixels(o)
			draw.Draw(img, image.Rect(x, y, x+width, y+height), image.NewUniform(color.Gray{0x80}), image.Point{}, draw.Src)
		})
		return nil
	})
	if err != nil {
		return nil, err
	}
	return img, nil
}

// secret tells whether a text has a token in it.
func secret(text string) bool {
	const head = len("001") + 24 // version and app id of a token
	for i := 0; ; {
		at := strings.Index(text[i:], "001")
		if at < 0 {
			return false
		}
		i += at
		if rest := text[i:]; len(rest) > head+16 && !strings.ContainsAny(rest[:head+16], " \n\t\"{}") {
			return true
		}
		i++
	}
}
