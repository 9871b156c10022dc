package peer

import (
	"image"
	"sync"

	"parlor/media"
)

// viewer holds the display, if any, on which one stream of pictures is to be seen. Pictures are put
// by one goroutine while others move or take away the display.
type viewer struct {
	mu      sync.Mutex
	display *media.Display
}

// set moves the pictures to d; the display they were on is cleared.
func (v *viewer) set(d *media.Display) {
	v.mu.Lock()
	defer v.mu.Unlock()
	if v.display != nil && v.display != d {
		v.display.Clear()
	}
	v.display = d
}

// clear takes the picture off the display, which stays for the next one.
func (v *viewer) clear() {
	v.mu.Lock()
	defer v.mu.Unlock()
	if v.display != nil {
		v.display.Clear()
	}
}

// get returns the display if it can be seen, else nil.
func (v *viewer) get() *media.Display {
	v.mu.Lock()
	defer v.mu.Unlock()
	if v.display == nil || !v.display.Visible() {
		return nil
	}
	return v.display
}

// show converts img and puts it on the display. allowed is asked under the lock, right before the
// picture goes out, so that nothing appears after a clear.
func (v *viewer) show(codecs media.Codecs, img *image.YCbCr, allowed func() bool) error {
	d := v.get()
	if d == nil {
		return nil
	}
	tileWidth, tileHeight := d.Size()
	rgba := d.Acquire(coverSize(img.Rect.Dx(), img.Rect.Dy(), tileWidth, tileHeight))
	if err := codecs.ToRGBA(rgba, img); err != nil {
		return err
	}
	v.mu.Lock()
	defer v.mu.Unlock()
	if v.display == d && allowed() {
		d.Put(rgba)
	}
	return nil
}

// coverSize is the size to which a picture is scaled for a tile: it has the picture's shape, covers
// the tile, and is never larger than the picture. Without a tile size it is the picture's own.
func coverSize(width, height, tileWidth, tileHeight int) (int, int) {
	if width <= 0 || height <= 0 || tileWidth <= 0 || tileHeight <= 0 || tileWidth >= width || tileHeight >= height {
		return width, height
	}
	if tileWidth*height >= tileHeight*width {
		return tileWidth, max((height*tileWidth+width/2)/width, tileHeight)
	}
	return max((width*tileHeight+height/2)/height, tileWidth), tileHeight
}
