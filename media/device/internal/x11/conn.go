//go:build linux

// Package x11 reads pictures from an X server: of monitors and of single windows, covered ones too, with the pointer drawn
// in, and only when something changed. It speaks the protocol itself, the thirty requests that this takes.
//
// The bindings there are do not fit: they keep process-wide tables that two connections change without a lock, wait for a
// hanging server for ever, and copy each picture through the socket. Here every exchange has a deadline, there
// are no goroutines, and pictures come through memory that is passed to the server as a file descriptor (MIT-SHM 1.2).
//
// Numbers of requests and layouts of messages are those of "X Window System Protocol, Version 11" and of the documents of the
// extensions (shm, randrproto, fixesproto, damageproto, compositeproto).
package x11

import (
	"bufio"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"net"
	"strconv"
	"strings"
	"time"
)

// timeout bounds one exchange with the server. It answers within a millisecond unless it hangs.
const timeout = 5 * time.Second

// maxReply bounds replies that are not pictures, in bytes. The longest are lists of windows and pictures of pointers.
const maxReply = 4 << 20

// order is the byte order that we ask the server to speak; it swaps if need be.
var order = binary.LittleEndian

// Requests of the core protocol.
const (
	opChangeWindowAttributes = 2
	opGetWindowAttributes    = 3
	opGetGeometry            = 14
	opQueryTree              = 15
	opInternAtom             = 16
	opGetAtomName            = 17
	opGetProperty            = 20
	opQueryPointer           = 38
	opTranslateCoordinates   = 40
	opGetInputFocus          = 43
	opFreePixmap             = 54
	opGetImage               = 73
	opQueryExtension         = 98
)

// Conn is a connection to an X server. All of its methods but Close are for one goroutine at a time.
type Conn struct {
	conn     net.Conn
	in       *bufio.Reader
	out      []byte // requests that wait for the next exchange
	sequence uint16 // of the last request
	failed   error  // why the connection is of no use any more
	event    func(e []byte)

	setup
	lastID uint32
	atoms  map[string]uint32
}

// An Error is the server's answer to a request that it refuses.
type Error struct {
	Code, Opcode uint8
	Minor        uint16 // request of an extension
	Value        uint32 // what was wrong, often the number of a window
}

// Codes of errors that callers tell apart.
const (
	BadWindow   = 3
	BadMatch    = 8
	BadDrawable = 9
)

var errorNames = [...]string{
	1: "BadRequest", 2: "BadValue", BadWindow: "BadWindow", 4: "BadPixmap", 5: "BadAtom", 6: "BadCursor", 7: "BadFont", BadMatch: "BadMatch",
	BadDrawable: "BadDrawable", 10: "BadAccess", 11: "BadAlloc", 12: "BadColor", 13: "BadGC", 14: "BadIDChoice", 15: "BadName", 16: "BadLength",
	17: "BadImplementation",
}

func (e *Error) Error() string {
	name := "error " + strconv.Itoa(int(e.Code))
	if int(e.Code) < len(errorNames) && errorNames[e.Code] != "" {
		name = errorNames[e.Code]
	}
	return fmt.Sprintf("X server: %s in request %d.%d about %#x", name, e.Opcode, e.Minor, e.Value)
}

// isError tells an error of the server with one of these codes.
func isError(err error, codes ...uint8) bool {
	var x *Error
	if !errors.As(err, &x) {
		return false
	}
	for _, code := range codes {
		if x.Code == code {
			return true
		}
	}
	return false
}

// address is a parsed display name.
type address struct {
	host           string // "" for this machine
	number, screen int
}

// parseDisplay reads a display name, [HOST]:NUMBER[.SCREEN].
func parseDisplay(name string) (address, error) {
	at := strings.LastIndexByte(name, ':')
	if at < 0 {
		return address{}, fmt.Errorf("display %q has no number", name)
	}
	a := address{host: strings.Trim(name[:at], "[]")}
	if a.host == "unix" {
		a.host = ""
	}
	number, screen, hasScreen := strings.Cut(name[at+1:], ".")
	n, err := strconv.ParseUint(number, 10, 15)
	if err != nil {
		return address{}, fmt.Errorf("display %q: number %q", name, number)
	}
	a.number = int(n)
	if hasScreen {
		if n, err = strconv.ParseUint(screen, 10, 8); err != nil {
			return address{}, fmt.Errorf("display %q: screen %q", name, screen)
		}
		a.screen = int(n)
	}
	return a, nil
}

func (a address) dial() (net.Conn, error) {
	if a.host != "" {
		return net.DialTimeout("tcp", net.JoinHostPort(a.host, strconv.Itoa(6000+a.number)), timeout)
	}
	path := "/tmp/.X11-unix/X" + strconv.Itoa(a.number)
	conn, err := net.DialTimeout("unix", path, timeout)
	if err != nil { // Linux has sockets without files, which reach into containers
		if abstract, err := net.DialTimeout("unix", "@"+path, timeout); err == nil {
			return abstract, nil
		}
	}
	return conn, err
}

// Dial connects to a display, as the environment variable DISPLAY names it.
func Dial(display string) (*Conn, error) {
	a, err := parseDisplay(display)
	if err != nil {
		return nil, err
	}
	conn, err := a.dial()
	if err != nil {
		return nil, fmt.Errorf("display %q: %w", display, err)
	}
	c, err := newConn(conn, a.screen, findCookie(a))
	if err != nil {
		return nil, errors.Join(fmt.Errorf("display %q: %w", display, err), conn.Close())
	}
	return c, nil
}

const cookieName = "MIT-MAGIC-COOKIE-1"

// newConn greets the server; cookie may be nil.
func newConn(conn net.Conn, screen int, cookie []byte) (*Conn, error) {
	name := cookieName
	if cookie == nil {
		name = ""
	}
	hello := []byte{'l', 0, 11, 0, 0, 0} // little-endian, version 11.0
	hello = order.AppendUint16(hello, uint16(len(name)))
	hello = order.AppendUint16(hello, uint16(len(cookie)))
	hello = pad(append(hello, 0, 0))
	hello = pad(append(hello, name...))
	hello = pad(append(hello, cookie...))
	if err := conn.SetDeadline(time.Now().Add(timeout)); err != nil {
		return nil, err
	}
	if _, err := conn.Write(hello); err != nil {
		return nil, err
	}
	c := &Conn{conn: conn, in: bufio.NewReaderSize(conn, 4096), atoms: make(map[string]uint32)}
	var head [8]byte
	if _, err := io.ReadFull(c.in, head[:]); err != nil {
		return nil, fmt.Errorf("greeting: %w", err)
	}
	body := make([]byte, 4*int(order.Uint16(head[6:])))
	if _, err := io.ReadFull(c.in, body); err != nil {
		return nil, fmt.Errorf("greeting: %w", err)
	}
	if head[0] != 1 { // 0: refused, 2: asks for more authentication
		reason := body[:min(len(body), int(head[1]))]
		return nil, fmt.Errorf("the X server refuses us: %q", strings.TrimSpace(string(reason)))
	}
	var err error
	c.setup, err = parseSetup(body, screen)
	return c, err
}

// pad fills b with zeros to a multiple of four bytes.
func pad(b []byte) []byte { return append(b, make([]byte, -len(b)&3)...) }

// Close ends the connection. It may be called at any time on any goroutine; an exchange under way then fails.
func (c *Conn) Close() error { return c.conn.Close() }

// OnEvent sets what is called with each event of 32 bytes, in the course of any exchange with the server.
func (c *Conn) OnEvent(handle func(e []byte)) { c.event = handle }

// newID returns the number for a new thing of ours on the server.
func (c *Conn) newID() uint32 {
	step := c.idMask & -c.idMask
	c.lastID = (c.lastID + step) & c.idMask // comes round after 2^18 or more: what had the number is gone long since
	return c.idBase | c.lastID
}

// pair packs two numbers of 16 bits.
func pair[A, B ~int | ~int16 | ~uint16](low A, high B) uint32 {
	return uint32(uint16(low)) | uint32(uint16(high))<<16
}

// post queues a request for the next exchange. If the server refuses it, nobody is told. detail is the second byte, for
// extensions the number of the request.
func (c *Conn) post(opcode, detail uint8, body ...uint32) {
	c.postText(opcode, detail, "", body...)
}

func (c *Conn) postText(opcode, detail uint8, text string, body ...uint32) {
	length := 1 + len(body) + (len(text)+3)/4
	c.out = append(c.out, opcode, detail)
	c.out = order.AppendUint16(c.out, uint16(length))
	for _, word := range body {
		c.out = order.AppendUint32(c.out, word)
	}
	c.out = pad(append(c.out, text...))
	c.sequence++
}

// call sends a request and returns the reply: 32 bytes, and what follows them.
func (c *Conn) call(opcode, detail uint8, body ...uint32) ([]byte, error) {
	return c.callText(opcode, detail, "", body...)
}

func (c *Conn) callText(opcode, detail uint8, text string, body ...uint32) ([]byte, error) {
	c.postText(opcode, detail, text, body...)
	return c.exchange(c.sequence, nil)
}

// check sends a request without a reply and waits until the server has done or refused it.
func (c *Conn) check(opcode, detail uint8, body ...uint32) error {
	c.post(opcode, detail, body...)
	return c.sync(c.sequence)
}

// sync waits until everything posted is done, and returns the error of the request with this number.
func (c *Conn) sync(checked uint16) error {
	c.post(opGetInputFocus, 0)
	_, err := c.exchange(checked, nil)
	return err
}

// exchange sends what is queued and waits for the reply to the last request, which is read into buffer, if there is
// one, with its head left out. Errors of requests before checked are nobody's.
func (c *Conn) exchange(checked uint16, buffer []byte) (reply []byte, err error) {
	if c.failed != nil {
		return nil, c.failed
	}
	if reply, err, c.failed = c.sendAndWait(checked, buffer); c.failed != nil {
		c.failed = fmt.Errorf("the X server is gone: %w", c.failed)
		return nil, c.failed
	}
	return reply, err
}

// sendAndWait does the work of exchange; failed means that nothing more can be exchanged.
func (c *Conn) sendAndWait(checked uint16, buffer []byte) (reply []byte, refused, failed error) {
	if err := c.conn.SetDeadline(time.Now().Add(timeout)); err != nil {
		return nil, nil, err
	}
	if err := c.flush(); err != nil {
		return nil, nil, err
	}
	for {
		var head [32]byte
		if _, err := io.ReadFull(c.in, head[:]); err != nil {
			return nil, nil, err
		}
		sequence := order.Uint16(head[2:])
		switch head[0] {
		case 0:
			err := &Error{Code: head[1], Value: order.Uint32(head[4:]), Minor: order.Uint16(head[8:]), Opcode: head[10]}
			if sequence == checked {
				refused = err
			}
			if sequence == c.sequence {
				return nil, refused, nil
			}
		case 1:
			if sequence != c.sequence {
				return nil, nil, fmt.Errorf("reply to request %d while %d is waited for", sequence, c.sequence)
			}
			reply, err := c.readReply(head, buffer)
			return reply, refused, err
		default:
			if err := c.readEvent(head); err != nil {
				return nil, nil, err
			}
		}
	}
}

// flush sends what is queued.
func (c *Conn) flush() error {
	_, err := c.conn.Write(c.out)
	c.out = c.out[:0]
	return err
}

func (c *Conn) readReply(head [32]byte, buffer []byte) ([]byte, error) {
	size := 4 * int64(order.Uint32(head[4:]))
	if buffer != nil {
		if size != int64(len(buffer)) {
			return nil, fmt.Errorf("picture of %d bytes, want %d", size, len(buffer))
		}
		_, err := io.ReadFull(c.in, buffer)
		return buffer, err
	}
	if size > maxReply {
		return nil, fmt.Errorf("reply of %d bytes", size)
	}
	reply := make([]byte, 32+size)
	copy(reply, head[:])
	_, err := io.ReadFull(c.in, reply[32:])
	return reply, err
}

// genericEvent is the only one that is longer than 32 bytes. We ask for none.
const genericEvent = 35

func (c *Conn) readEvent(head [32]byte) error {
	if head[0]&0x7f == genericEvent {
		size := 4 * int64(order.Uint32(head[4:]))
		if size > maxReply {
			return fmt.Errorf("event of %d bytes", size)
		}
		_, err := c.in.Discard(int(size))
		return err
	}
	if c.event != nil {
		c.event(head[:])
	}
	return nil
}

// extension is what the server says about one of its extensions.
type extension struct {
	opcode       uint8 // 0: it has none
	firstEvent   uint8
	major, minor uint32 // version
}

// atLeast tells whether the extension is there in this version or a newer one.
func (e extension) atLeast(major, minor uint32) bool {
	return e.opcode != 0 && (e.major > major || e.major == major && e.minor >= minor)
}

// queryExtension asks for an extension and tells it the version that we speak, without which most refuse all other
// requests. MIT-SHM is told none, and answers with shorter numbers.
func (c *Conn) queryExtension(name string, version ...uint32) (extension, error) {
	reply, err := c.callText(opQueryExtension, 0, name, uint32(len(name)))
	if err != nil || reply[8] == 0 {
		return extension{}, err
	}
	e := extension{opcode: reply[9], firstEvent: reply[10]}
	const queryVersion = 0
	reply, err = c.call(e.opcode, queryVersion, version...)
	if err != nil {
		return extension{}, fmt.Errorf("extension %s: %w", name, err)
	}
	if len(version) == 0 {
		e.major, e.minor = uint32(order.Uint16(reply[8:])), uint32(order.Uint16(reply[10:]))
	} else {
		e.major, e.minor = order.Uint32(reply[8:]), order.Uint32(reply[12:])
	}
	return e, nil
}

// atom returns the number of a name, 0 if the server does not know it.
func (c *Conn) atom(name string) (uint32, error) {
	if a, ok := c.atoms[name]; ok {
		return a, nil
	}
	const onlyIfExists = 1
	reply, err := c.callText(opInternAtom, onlyIfExists, name, uint32(len(name)))
	if err != nil {
		return 0, err
	}
	a := order.Uint32(reply[8:])
	if a != 0 {
		c.atoms[name] = a
	}
	return a, nil
}

func (c *Conn) atomName(atom uint32) (string, error) {
	reply, err := c.call(opGetAtomName, 0, atom)
	if err != nil {
		return "", err
	}
	n := int(order.Uint16(reply[8:]))
	if n > len(reply)-32 {
		return "", fmt.Errorf("name of %d bytes in a reply of %d", n, len(reply))
	}
	return string(reply[32 : 32+n]), nil
}
