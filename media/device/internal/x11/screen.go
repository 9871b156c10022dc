//go:build linux

package x11

import (
	"fmt"
	"image"
	"slices"
	"strings"
	"unicode"
	"unicode/utf8"
)

// Monitor is a part of the screen that one display device shows.
type Monitor struct {
	Name    string // of the output, as "HDMI-1"
	Primary bool
	Area    image.Rectangle // on the root window
}

// requests and events of RANDR (randrproto).
const (
	randrSelectInput = 4
	randrGetMonitors = 42
	randrScreenEvent = 0 // after its first event, both of them
	randrOtherEvent  = 1
	randrAllChanges  = 1 | 2 | 4 // mask: of the screen, a CRTC, an output
)

func (c *Conn) randr() (extension, error) { return c.queryExtension("RANDR", 1, 5) }

// wholeScreen is the name of the one monitor of a server that does not know monitors.
const wholeScreen = "0"

// Monitors lists the monitors, the primary one first. On XWayland there are none: its root window is always black,
// since the pictures are the Wayland compositor's.
func (c *Conn) Monitors() ([]Monitor, error) {
	if wayland, err := c.IsXWayland(); err != nil || wayland {
		return nil, err
	}
	randr, err := c.randr()
	if err != nil {
		return nil, err
	}
	var monitors []Monitor
	if randr.atLeast(1, 5) {
		if monitors, err = c.randrMonitors(randr); err != nil {
			return nil, err
		}
	}
	if len(monitors) == 0 {
		g, err := c.geometry(c.root)
		if err != nil {
			return nil, err
		}
		monitors = []Monitor{{Name: wholeScreen, Primary: true, Area: image.Rectangle{Max: g.size}}}
	}
	return monitors, nil
}

// IsXWayland tells whether the server shows its windows in a Wayland session.
func (c *Conn) IsXWayland() (bool, error) {
	const name = "XWAYLAND"
	reply, err := c.callText(opQueryExtension, 0, name, uint32(len(name)))
	if err != nil || reply[8] != 0 {
		return err == nil, err
	}
	randr, err := c.randr() // before version 23.1 only its outputs tell
	if err != nil || !randr.atLeast(1, 5) {
		return false, err
	}
	monitors, err := c.randrMonitors(randr)
	return len(monitors) > 0 && strings.HasPrefix(monitors[0].Name, name), err
}

func (c *Conn) randrMonitors(randr extension) ([]Monitor, error) {
	const active = 1
	reply, err := c.call(randr.opcode, randrGetMonitors, c.root, active)
	if err != nil {
		return nil, err
	}
	const size = 24
	n := int(order.Uint32(reply[12:]))
	var monitors []Monitor
	for b := reply[32:]; len(monitors) < n; {
		if len(b) < size {
			return nil, fmt.Errorf("RANDR says %d monitors and tells %d", n, len(monitors))
		}
		name, err := c.atomName(order.Uint32(b))
		if err != nil {
			return nil, err
		}
		monitors = append(monitors, Monitor{Name: name, Primary: b[4] != 0, Area: rectangle(b[8:])})
		b = b[min(len(b), size+4*int(order.Uint16(b[6:]))):]
	}
	slices.SortStableFunc(monitors, func(a, b Monitor) int {
		switch {
		case a.Primary == b.Primary:
			return 0
		case a.Primary:
			return -1
		}
		return 1
	})
	if len(monitors) > 0 {
		monitors[0].Primary = true // some servers have none
	}
	return monitors, nil
}

// rectangle reads x, y, width and height of 16 bits each.
func rectangle(b []byte) image.Rectangle {
	at := image.Pt(int(int16(order.Uint16(b))), int(int16(order.Uint16(b[2:]))))
	return image.Rectangle{Min: at, Max: at.Add(image.Pt(int(order.Uint16(b[4:])), int(order.Uint16(b[6:]))))}
}

// geometry is where a window is in its parent, or how large a pixmap is.
type geometry struct {
	depth  uint8
	at     image.Point // of the outer edge of the border
	size   image.Point // without border
	border int
}

func (c *Conn) geometry(drawable uint32) (geometry, error) {
	reply, err := c.call(opGetGeometry, 0, drawable)
	if err != nil {
		return geometry{}, err
	}
	r := rectangle(reply[12:])
	return geometry{depth: reply[1], at: r.Min, size: r.Size(), border: int(order.Uint16(reply[20:]))}, nil
}

// attributes of a window.
type attributes struct {
	visual           uint32
	viewable         bool // it and all around it are mapped
	overrideRedirect bool // a menu or the like, which window managers leave alone
	inputOnly        bool
}

func (c *Conn) attributes(window uint32) (attributes, error) {
	reply, err := c.call(opGetWindowAttributes, 0, window)
	if err != nil {
		return attributes{}, err
	}
	const inputOnly, viewable = 2, 2
	return attributes{
		visual: order.Uint32(reply[8:]), viewable: reply[26] == viewable,
		overrideRedirect: reply[27] != 0, inputOnly: order.Uint16(reply[12:]) == inputOnly,
	}, nil
}

// tree returns the parent and the children of a window, the lowest child first.
func (c *Conn) tree(window uint32) (parent uint32, children []uint32, err error) {
	reply, err := c.call(opQueryTree, 0, window)
	if err != nil {
		return 0, nil, err
	}
	n := min(int(order.Uint16(reply[16:])), (len(reply)-32)/4)
	for i := range n {
		children = append(children, order.Uint32(reply[32+4*i:]))
	}
	return order.Uint32(reply[12:]), children, nil
}

// Window is a window of a program.
type Window struct {
	ID         uint32
	Title, App string // App is the class of WM_CLASS
	PID        int    // of its program, 0 if that does not tell
	Size       image.Point
}

// Windows lists the windows of programs that are on the screen, in the order in which they appeared: those that the window
// manager tells (EWMH), without panels and desktops. Without a window manager it is the children of the root.
func (c *Conn) Windows() ([]Window, error) {
	ids, managed, err := c.property(c.root, "_NET_CLIENT_LIST")
	if err != nil {
		return nil, err
	}
	candidates := ids.words()
	if !managed {
		if _, candidates, err = c.tree(c.root); err != nil {
			return nil, err
		}
	}
	var windows []Window
	for _, id := range candidates {
		w, ok, err := c.describe(id, managed)
		if isError(err, BadWindow, BadDrawable) {
			continue // closed meanwhile
		}
		if err != nil {
			return nil, err
		}
		if ok {
			windows = append(windows, w)
		}
	}
	return windows, nil
}

// describe returns what a window tells of itself; ok is false when it is not one to be shown.
func (c *Conn) describe(id uint32, managed bool) (w Window, ok bool, err error) {
	a, err := c.attributes(id)
	if err != nil || !a.viewable || a.inputOnly || a.overrideRedirect {
		return w, false, err
	}
	g, err := c.geometry(id)
	if err != nil || g.size.X < 2 || g.size.Y < 2 {
		return w, false, err
	}
	kind, _, err := c.property(id, "_NET_WM_WINDOW_TYPE")
	if err != nil {
		return w, false, err
	}
	for _, name := range []string{"_NET_WM_WINDOW_TYPE_DESKTOP", "_NET_WM_WINDOW_TYPE_DOCK"} {
		atom, err := c.atom(name)
		if err != nil || atom != 0 && slices.Contains(kind.words(), atom) {
			return w, false, err
		}
	}
	w = Window{ID: id, Size: g.size}
	if w.Title, err = c.title(id); err != nil {
		return w, false, err
	}
	class, _, err := c.property(id, "WM_CLASS")
	if err != nil {
		return w, false, err
	}
	if _, app, found := strings.Cut(string(class.value), "\x00"); found {
		w.App = clean(strings.TrimRight(app, "\x00"))
	}
	pid, _, err := c.property(id, "_NET_WM_PID")
	if err != nil {
		return w, false, err
	}
	if words := pid.words(); len(words) > 0 {
		w.PID = int(words[0])
	}
	return w, managed || w.Title != "" || w.App != "", nil
}

// title returns the name of a window, "" if it has none.
func (c *Conn) title(id uint32) (string, error) {
	for _, name := range []string{"_NET_WM_NAME", "WM_NAME"} {
		p, ok, err := c.property(id, name)
		if err != nil {
			return "", err
		}
		if ok && len(p.value) > 0 {
			return clean(string(p.value)), nil
		}
	}
	return "", nil
}

// maxTitle bounds names that other programs choose, in characters.
const maxTitle = 200

// clean makes one printable line of what another program calls itself. Old properties are in ISO 8859-1 by their type, but many
// programs write UTF-8 into them, which is hardly ever anything else by chance.
func clean(s string) string {
	if !utf8.ValidString(s) {
		runes := make([]rune, len(s))
		for i := range len(s) {
			runes[i] = rune(s[i])
		}
		s = string(runes)
	}
	s = strings.Map(func(r rune) rune {
		if !unicode.IsGraphic(r) {
			return ' '
		}
		return r
	}, s)
	s = strings.Join(strings.Fields(s), " ")
	if runes := []rune(s); len(runes) > maxTitle {
		s = string(runes[:maxTitle-1]) + "…"
	}
	return s
}

// property is the value of a property of a window.
type property struct {
	format uint8 // bits of an item
	value  []byte
}

// words returns the items of a property of 32 bits.
func (p property) words() []uint32 {
	if p.format != 32 {
		return nil
	}
	var words []uint32
	for b := p.value; len(b) >= 4; b = b[4:] {
		words = append(words, order.Uint32(b))
	}
	return words
}

// maxProperty bounds what is read of a property, in words: a list of a thousand windows.
const maxProperty = 1024

// property returns the value of a property; ok is false when the window does not have it.
func (c *Conn) property(window uint32, name string) (p property, ok bool, err error) {
	atom, err := c.atom(name)
	if err != nil || atom == 0 {
		return property{}, false, err
	}
	const anyType, fromStart = 0, 0
	reply, err := c.call(opGetProperty, 0, window, atom, anyType, fromStart, maxProperty)
	if err != nil {
		return property{}, false, err
	}
	if kind := order.Uint32(reply[8:]); kind == 0 {
		return property{}, false, nil
	}
	p.format = reply[1]
	n := int64(order.Uint32(reply[16:])) * int64(p.format/8)
	p.value = reply[32:][:min(n, int64(len(reply)-32))]
	return p, true, nil
}
