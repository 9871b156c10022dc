//go:build linux

package x11

import (
	"fmt"
	"image"
)

// Requests and events of XFIXES.
const (
	fixesSelectCursorInput = 3
	fixesGetCursorImage    = 4
	fixesCursorNotify      = 1 // after its first event
	fixesDisplayedCursor   = 1 // mask: tell when another shape is shown
)

// pointer draws the mouse pointer, which is in no window, into pictures. Without XFIXES it draws nothing.
type pointer struct {
	fixes extension
	stale bool   // another shape is shown now
	top   uint32 // child of the root that holds the window being read, 0: not known

	visible bool
	at      image.Point // of the hot spot in the picture
	shape   shape

	under      []byte // what the picture showed where the pointer is drawn now
	underArea  image.Rectangle
	underPlace Picture
}

// shape is the picture of a pointer: premultiplied ARGB.
type shape struct {
	size, hot image.Point
	pix       []byte // little-endian words
}

func newPointer(c *Conn) (pointer, error) {
	fixes, err := c.queryExtension("XFIXES", 5, 0)
	if err != nil || fixes.opcode == 0 {
		return pointer{}, err
	}
	err = c.check(fixes.opcode, fixesSelectCursorInput, c.root, fixesDisplayedCursor)
	return pointer{fixes: fixes, stale: true}, err
}

// handle takes an event, if it is one of pointers.
func (p *pointer) handle(code byte) bool {
	if p.fixes.opcode == 0 || code != p.fixes.firstEvent+fixesCursorNotify {
		return false
	}
	p.stale = true
	return true
}

// look asks where the pointer is and tells whether it must be drawn in another way. It always makes an exchange.
func (p *pointer) look(g *Grabber) (moved bool, err error) {
	c := g.conn
	origin := c.root
	if g.window != 0 {
		origin = g.window
	}
	reply, err := c.call(opQueryPointer, 0, origin)
	if err != nil || p.fixes.opcode == 0 {
		return false, err
	}
	at := image.Pt(int(int16(order.Uint16(reply[20:]))), int(int16(order.Uint16(reply[22:]))))
	if g.pixmap == 0 { // else the picture begins where the window does
		at = at.Sub(g.area.Min)
	}
	visible := reply[1] != 0 && !g.hidden && at.In(image.Rectangle{Max: g.area.Size()})
	if visible && g.window != 0 {
		if visible, err = p.isOver(g); err != nil {
			return false, err
		}
	}
	moved = visible != p.visible || visible && at != p.at
	p.visible, p.at = visible, at
	if visible && p.stale {
		p.stale = false
		moved = true
		if p.shape, err = c.pointerShape(p.fixes); err != nil {
			return false, err
		}
	}
	return moved, nil
}

// isOver tells whether the pointer is in the window that is read, and not in one that covers it.
func (p *pointer) isOver(g *Grabber) (bool, error) {
	c := g.conn
	if p.top == 0 {
		top := g.window
		for {
			parent, _, err := c.tree(top)
			if err != nil {
				return false, err
			}
			if parent == c.root || parent == 0 {
				break
			}
			top = parent
		}
		p.top = top
	}
	reply, err := c.call(opQueryPointer, 0, c.root)
	if err != nil {
		return false, err
	}
	return order.Uint32(reply[12:]) == p.top, nil
}

func (c *Conn) pointerShape(fixes extension) (shape, error) {
	reply, err := c.call(fixes.opcode, fixesGetCursorImage)
	if err != nil {
		return shape{}, err
	}
	s := shape{
		size: image.Pt(int(order.Uint16(reply[12:])), int(order.Uint16(reply[14:]))),
		hot:  image.Pt(int(order.Uint16(reply[16:])), int(order.Uint16(reply[18:]))),
		pix:  reply[32:],
	}
	if len(s.pix) < 4*s.size.X*s.size.Y {
		return shape{}, fmt.Errorf("pointer of %v in %d bytes", s.size, len(s.pix))
	}
	return s, nil
}

// draw draws the pointer into a picture and keeps what was there.
func (p *pointer) draw(in Picture) {
	if !p.visible {
		return
	}
	corner := p.at.Sub(p.shape.hot)
	area := image.Rectangle{Min: corner, Max: corner.Add(p.shape.size)}.Intersect(image.Rect(0, 0, in.Width, in.Height))
	p.under, p.underArea, p.underPlace = p.under[:0], area, in
	for y := area.Min.Y; y < area.Max.Y; y++ {
		row := in.Pix[y*in.Stride+4*area.Min.X:][:4*area.Dx()]
		p.under = append(p.under, row...)
		over := p.shape.pix[4*((y-corner.Y)*p.shape.size.X+area.Min.X-corner.X):]
		for i := range row {
			alpha := int(over[i|3])
			row[i] = uint8(min(255, int(over[i])+(int(row[i])*(255-alpha)+127)/255))
		}
	}
}

// erase takes the pointer out of the picture again.
func (p *pointer) erase() {
	in, area := p.underPlace, p.underArea
	for y := area.Min.Y; y < area.Max.Y; y++ {
		n := copy(in.Pix[y*in.Stride+4*area.Min.X:], p.under[:4*area.Dx()])
		p.under = p.under[n:]
	}
	p.underArea = image.Rectangle{}
}
