//go:build linux

package x11

import (
	"bytes"
	"errors"
	"fmt"
	"image"
	"sync"
)

// Picture is what a screen or window shows: rows of pixels of 4 bytes, which are blue, green, red, and one without meaning.
type Picture struct {
	Pix           []byte
	Stride        int // bytes from row to row
	Width, Height int // pixels
}

// ErrClosed is wrapped by the error of Grab when the window is closed or the monitor is gone.
var ErrClosed = errors.New("closed")

// ErrHidden is returned by GrabWindow for a window that is not on the screen.
var ErrHidden = errors.New("window is minimised or on another desktop")

// Requests and events of the extensions.
const (
	compositeRedirectWindow   = 1
	compositeNameWindowPixmap = 6
	compositeAutomatic        = 0 // the server goes on showing the window

	damageCreate      = 1
	damageSubtract    = 3
	damageNotify      = 0 // after its first event
	damageBoundingBox = 2 // tell when the damaged area grows
)

// Events of the core protocol, and the mask that asks for all of these about a window.
const (
	destroyNotify   = 17
	unmapNotify     = 18
	mapNotify       = 19
	reparentNotify  = 21
	configureNotify = 22

	eventMaskAttribute  = 1 << 11 // of ChangeWindowAttributes
	structureNotifyMask = 1 << 17
)

// maxFailures is how many times in a row a picture may be refused before that is an error: a window that is resized or
// hidden at this moment refuses once or twice.
const maxFailures = 30

// Grabber reads pictures of a monitor or a window. Grab is for one goroutine.
type Grabber struct {
	conn      *Conn
	monitor   string // the name of the monitor that is read, if it is one
	window    uint32 // or the window
	composite extension
	damage    extension
	damaged   uint32 // number of the damage object
	randr     extension
	pointer   pointer

	// mu is held by Grab and, while memory is freed, by Close.
	mu     sync.Mutex
	closed bool

	// What events told.
	gone    bool // the window was destroyed
	changed bool // locate must look again
	dirty   bool // the picture is not what is shown any more

	// Set by locate.
	hidden   bool
	drawable uint32
	pixmap   uint32          // of the window, 0 if it has none
	area     image.Rectangle // of drawable that is read
	layout   layout

	reader   reader
	pixels   [2]buffer // as read, the newest first; the second is used where DAMAGE is missing
	unpacked []byte    // of the newest, if it came in another layout
	picture  Picture   // the newest, without the pointer; empty: none yet
	failures int
}

// GrabMonitor returns a Grabber of a monitor, which owns the connection.
func (c *Conn) GrabMonitor(name string) (*Grabber, error) {
	g := &Grabber{conn: c, monitor: name}
	return g.open(c.root)
}

// GrabWindow returns a Grabber of a window, which owns the connection.
//
// With the extension Composite it reads what the window draws, even if others cover it. Without, it reads
// that part of the screen where the window is, whatever is shown there.
func (c *Conn) GrabWindow(id uint32) (*Grabber, error) {
	g := &Grabber{conn: c, window: id}
	return g.open(id)
}

func (g *Grabber) open(drawable uint32) (*Grabber, error) {
	if err := g.start(drawable); err != nil {
		return nil, err
	}
	if g.hidden {
		return nil, ErrHidden
	}
	return g, nil
}

// start asks the server to tell of changes.
func (g *Grabber) start(drawable uint32) error {
	c := g.conn
	c.OnEvent(g.handle)
	var err error
	if g.pointer, err = newPointer(c); err != nil { // XFIXES first: DAMAGE needs it
		return err
	}
	if g.reader, err = newReader(c); err != nil {
		return err
	}
	if g.damage, err = c.queryExtension("DAMAGE", 1, 1); err != nil {
		return err
	}
	if g.window != 0 {
		err = g.watchWindow()
	} else if g.randr, err = c.randr(); err == nil && g.randr.opcode != 0 {
		err = c.check(g.randr.opcode, randrSelectInput, c.root, randrAllChanges)
	}
	if err != nil {
		return g.translate(err)
	}
	if g.damage.opcode != 0 {
		g.damaged = c.newID()
		if err := c.check(g.damage.opcode, damageCreate, g.damaged, drawable, damageBoundingBox); err != nil {
			return g.translate(err)
		}
	}
	return g.locate()
}

// watchWindow asks for the events of the window, and for a pixmap of its own.
func (g *Grabber) watchWindow() error {
	c := g.conn
	if err := c.check(opChangeWindowAttributes, 0, g.window, eventMaskAttribute, structureNotifyMask); err != nil {
		return err
	}
	composite, err := c.queryExtension("Composite", 0, 4)
	if err != nil || !composite.atLeast(0, 2) {
		return err
	}
	err = c.check(composite.opcode, compositeRedirectWindow, g.window, compositeAutomatic)
	switch {
	case err == nil:
		g.composite = composite
	case c.failed == nil && !isError(err, BadWindow):
		err = nil // what cannot be redirected is read from the screen
	}
	return err
}

// translate names the error of a request about a window that is no more.
func (g *Grabber) translate(err error) error {
	if g.window != 0 && isError(err, BadWindow, BadDrawable) {
		return fmt.Errorf("window %#x: %w", g.window, ErrClosed)
	}
	return err
}

// handle takes an event; it runs in the course of an exchange.
func (g *Grabber) handle(e []byte) {
	code := e[0] & 0x7f
	switch {
	case g.damage.opcode != 0 && code == g.damage.firstEvent+damageNotify:
		// Damage of the root is that of all monitors.
		g.dirty = g.dirty || g.window != 0 || rectangle(e[16:]).Overlaps(g.area)
		return
	case g.randr.opcode != 0 && (code == g.randr.firstEvent+randrScreenEvent || code == g.randr.firstEvent+randrOtherEvent):
		g.changed = true
		return
	case g.pointer.handle(code):
		return
	}
	if g.window == 0 || order.Uint32(e[8:]) != g.window {
		return
	}
	switch code {
	case destroyNotify:
		g.gone = true
	case unmapNotify, mapNotify:
		g.changed = true
	case reparentNotify:
		g.changed, g.pointer.top = true, 0
	case configureNotify:
		size := image.Pt(int(order.Uint16(e[20:])), int(order.Uint16(e[22:])))
		if g.pixmap == 0 || size != g.area.Size() || int(order.Uint16(e[24:])) != g.area.Min.X {
			g.changed = true
		}
	}
}

// locate finds out where the pixels are, at the start and after every change.
func (g *Grabber) locate() error {
	g.changed = false
	var err error
	if g.window != 0 {
		err = g.locateWindow()
	} else {
		err = g.locateMonitor()
	}
	g.dirty = true
	return g.translate(err)
}

func (g *Grabber) locateMonitor() error {
	monitors, err := g.conn.Monitors()
	if err != nil {
		return err
	}
	for _, m := range monitors {
		if m.Name == g.monitor {
			g.drawable, g.area = g.conn.root, m.Area
			g.layout, err = g.conn.layout(g.conn.rootDepth, g.conn.rootVisual)
			return err
		}
	}
	return fmt.Errorf("monitor %q: %w", g.monitor, ErrClosed)
}

func (g *Grabber) locateWindow() error {
	c := g.conn
	a, err := c.attributes(g.window)
	if err != nil {
		return err
	}
	if g.hidden = !a.viewable; g.hidden {
		return nil // what was shown last stays
	}
	size, err := c.geometry(g.window)
	if err != nil {
		return err
	}
	if g.layout, err = c.layout(size.depth, a.visual); err != nil {
		return err
	}
	if g.pixmap != 0 {
		c.post(opFreePixmap, 0, g.pixmap)
		g.pixmap = 0
	}
	if g.composite.opcode == 0 {
		return g.locateOnScreen(size)
	}
	pixmap := c.newID()
	err = c.check(g.composite.opcode, compositeNameWindowPixmap, g.window, pixmap)
	if isError(err, BadMatch) { // hidden a moment ago
		g.hidden, g.changed = true, true
		return nil
	}
	if err != nil {
		return err
	}
	inner := image.Pt(size.border, size.border)
	g.pixmap, g.drawable, g.area = pixmap, pixmap, image.Rectangle{Min: inner, Max: inner.Add(size.size)}
	return nil
}

// locateOnScreen finds the part of the window that is on the screen: no other can be read without Composite.
func (g *Grabber) locateOnScreen(size geometry) error {
	root, err := g.conn.geometry(g.conn.root)
	if err != nil {
		return err
	}
	reply, err := g.conn.call(opTranslateCoordinates, 0, g.window, g.conn.root, 0)
	if err != nil {
		return err
	}
	at := image.Pt(int(int16(order.Uint16(reply[12:]))), int(int16(order.Uint16(reply[14:]))))
	visible := image.Rectangle{Min: at, Max: at.Add(size.size)}.Intersect(image.Rectangle{Max: root.size})
	g.hidden = visible.Empty()
	g.drawable, g.area = g.window, visible.Sub(at)
	return nil
}

// Grab returns the newest picture, which is valid until the next Grab; nobody else must change it. When it is the same as the
// last one, and always is false, fresh is false and there is none. A hidden window keeps its last picture.
func (g *Grabber) Grab(always bool) (p Picture, fresh bool, err error) {
	g.mu.Lock()
	defer g.mu.Unlock()
	if g.closed {
		return Picture{}, false, ErrClosed
	}
	g.pointer.erase()
	// This exchange also brings the events.
	moved, err := g.pointer.look(g)
	switch {
	case g.gone:
		return Picture{}, false, fmt.Errorf("window %#x: %w", g.window, ErrClosed)
	case err != nil:
		return Picture{}, false, g.translate(err)
	}
	if g.changed {
		if err := g.locate(); err != nil {
			return Picture{}, false, err
		}
	}
	changed, err := g.read()
	if err != nil {
		return Picture{}, false, err
	}
	if g.picture.Pix == nil || !(changed || moved || always) {
		return Picture{}, false, nil
	}
	g.pointer.draw(g.picture)
	return g.picture, true, nil
}

// read gets the pixels if they are not those that are shown, and tells whether it got others.
func (g *Grabber) read() (changed bool, err error) {
	if g.hidden || g.area.Empty() || !g.dirty && g.damage.opcode != 0 {
		return false, nil
	}
	g.dirty = false
	into := &g.pixels[0]
	if g.damage.opcode != 0 {
		const all = 0
		g.conn.post(g.damage.opcode, damageSubtract, g.damaged, all, all) // before it is read, so that nothing is missed
	} else {
		into = &g.pixels[1] // to compare
	}
	size := g.area.Size()
	err = g.reader.read(into, g.layout.stride(size.X)*size.Y, g.drawable, g.area)
	if isError(err, BadMatch, BadDrawable, BadWindow) {
		if g.failures++; g.failures < maxFailures {
			g.changed = true
			return false, nil
		}
		return false, g.translate(err)
	}
	if err != nil {
		return false, err
	}
	g.failures = 0
	raw := Picture{Pix: into.data, Stride: g.layout.stride(size.X), Width: size.X, Height: size.Y}
	if g.damage.opcode == 0 {
		same := bytes.Equal(g.pixels[0].data, g.pixels[1].data) && g.picture.Width == size.X
		g.pixels[0], g.pixels[1] = g.pixels[1], g.pixels[0]
		if same {
			return false, nil
		}
	}
	if g.picture = raw; !g.layout.direct {
		g.picture = g.layout.unpack(&g.unpacked, raw)
	}
	return true, nil
}

// Close ends reading, on any goroutine; a Grab under way fails.
func (g *Grabber) Close() error {
	err := g.conn.Close() // which frees all that is ours on the server
	g.mu.Lock()
	defer g.mu.Unlock()
	if g.closed {
		return nil
	}
	g.closed = true
	for i := range g.pixels {
		err = errors.Join(err, g.pixels[i].free())
	}
	return err
}
