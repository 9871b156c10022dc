package app

import (
	"context"
	"encoding/json"
	"fmt"
	"net"
	"strings"
	"sync"
	"time"

	"parlor/app/bridge"
)

const (
	driveBacklog = 4096             // lines that a slow driver may leave unread; past that it is cut off
	driveTimeout = 15 * time.Second // of one ui method
)

// drive is the QA driver's endpoint: newline-delimited JSON on loopback. Documented calls go to the
// bridge as a click does; methods that start with "ui." drive the window itself.
type drive struct {
	app      *App
	listener net.Listener
	ctx      context.Context
	cancel   context.CancelFunc
	tasks    sync.WaitGroup

	mu    sync.Mutex
	conns map[*driveConn]struct{}
	next  int
}

// driveConn is one connected driver.
type driveConn struct {
	name string
	conn net.Conn
	out  chan any // cap driveBacklog; full: the connection is closed
}

func newDrive(addr string, a *App) (*drive, error) {
	host, _, err := net.SplitHostPort(addr)
	if err != nil {
		return nil, fmt.Errorf("--drive %q: %w", addr, err)
	}
	if ip := net.ParseIP(host); host != "localhost" && (ip == nil || !ip.IsLoopback()) {
		return nil, fmt.Errorf("--drive %q: only loopback addresses, the driver can do what the user can", addr)
	}
	listener, err := net.Listen("tcp", addr)
	if err != nil {
		return nil, fmt.Errorf("--drive: %w", err)
	}
	d := &drive{app: a, listener: listener, conns: make(map[*driveConn]struct{})}
	d.ctx, d.cancel = context.WithCancel(a.ctx)
	return d, nil
}

// start begins to accept drivers.
func (d *drive) start() { d.tasks.Go(d.accept) }

func (d *drive) addr() string { return d.listener.Addr().String() }

func (d *drive) accept() {
	for {
		conn, err := d.listener.Accept()
		if err != nil {
			return
		}
		d.mu.Lock()
		if d.ctx.Err() != nil { // it ends before close looks for connections
			d.mu.Unlock()
			conn.Close()
			return
		}
		d.next++
		c := &driveConn{name: fmt.Sprintf("drive%d:", d.next), conn: conn, out: make(chan any, driveBacklog)}
		d.conns[c] = struct{}{}
		d.mu.Unlock()
		d.tasks.Go(func() { c.write() })
		d.tasks.Go(func() { d.read(c) })
	}
}

// read serves one driver until it hangs up. Its lines are a script: ui methods and x-wait hold back the next one.
func (d *drive) read(c *driveConn) {
	defer d.drop(c)
	for line, err := range bridge.Lines(c.conn) {
		if err != nil {
			return
		}
		switch call, err := bridge.ParseLine(line); {
		case err != nil:
			d.send(c, bridge.Line{ID: call.ID, Error: err.Error()})
		case strings.HasPrefix(call.Method, "ui."):
			d.send(c, d.ui(call.ID, call.Method, call.Params))
		default:
			d.app.bridge.CallScript(d.ctx, c.tag(call.ID), call.Method, call.Params)
		}
	}
}

// tag makes an id that leads back to this driver.
func (c *driveConn) tag(id json.RawMessage) json.RawMessage {
	tagged, err := json.Marshal(c.name + string(id))
	if err != nil {
		return nil
	}
	return tagged
}

// emit hands a line of the bridge to the drivers: answers to the one that asked, events to all.
func (d *drive) emit(l bridge.Line) {
	d.mu.Lock()
	defer d.mu.Unlock()
	var tagged string
	if len(l.ID) > 0 {
		if json.Unmarshal(l.ID, &tagged) != nil {
			return
		}
	}
	for c := range d.conns {
		switch {
		case l.Event != "":
			d.queue(c, l)
		case tagged != "" && strings.HasPrefix(tagged, c.name):
			own := l
			own.ID = json.RawMessage(strings.TrimPrefix(tagged, c.name))
			if len(own.ID) == 0 {
				own.ID = nil
			}
			d.queue(c, own)
		}
	}
}

func (d *drive) send(c *driveConn, line any) {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.queue(c, line)
}

// queue runs under mu.
func (d *drive) queue(c *driveConn, line any) {
	if _, ok := d.conns[c]; !ok {
		return
	}
	select {
	case c.out <- line:
	default:
		d.app.log.Warn("a QA driver does not read, it is cut off", "driver", c.conn.RemoteAddr())
		d.remove(c)
	}
}

func (d *drive) drop(c *driveConn) {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.remove(c)
}

// remove runs under mu.
func (d *drive) remove(c *driveConn) {
	if _, ok := d.conns[c]; ok {
		delete(d.conns, c)
		close(c.out)
	}
}

// write sends what is queued and hangs up at the end of the queue.
func (c *driveConn) write() {
	defer c.conn.Close()
	encoder := json.NewEncoder(c.conn)
	encoder.SetEscapeHTML(false)
	for line := range c.out {
		c.conn.SetWriteDeadline(time.Now().Add(5 * time.Second))
		if encoder.Encode(line) != nil {
			return
		}
	}
}

func (d *drive) close() {
	d.cancel()
	d.listener.Close()
	d.mu.Lock()
	for c := range d.conns {
		c.conn.SetReadDeadline(time.Now())
		d.remove(c)
	}
	d.mu.Unlock()
	d.tasks.Wait()
}

// uiParams are the parameters of all ui methods.
type uiParams struct {
	ID     string `json:"id"`
	Text   string `json:"text"`
	Key    string `json:"key"`
	Path   string `json:"path"`
	Width  int    `json:"w"`
	Height int    `json:"h"`
}

// ui runs one method on the window and answers it.
func (d *drive) ui(id json.RawMessage, method string, raw json.RawMessage) bridge.Line {
	var p uiParams
	if len(raw) > 0 {
		if err := json.Unmarshal(raw, &p); err != nil {
			return bridge.Line{ID: id, Error: method + ": params: " + err.Error()}
		}
	}
	ctx, cancel := context.WithTimeout(d.ctx, driveTimeout)
	defer cancel()
	var res any
	var err error
	w := d.app.window
	switch method {
	case "ui.tap":
		err = w.Tap(ctx, p.ID)
	case "ui.type":
		err = w.Type(ctx, p.ID, p.Text)
	case "ui.key":
		err = w.Key(ctx, p.Key)
	case "ui.state":
		res, err = w.State(ctx)
	case "ui.screenshot":
		err = w.Screenshot(ctx, p.Path)
	case "ui.bundle":
		res, err = d.app.bundle(ctx, raw)
	case "ui.resize":
		err = w.Resize(ctx, p.Width, p.Height)
	default:
		return bridge.Line{ID: id, Error: "unknown method " + method}
	}
	if err != nil {
		return bridge.Line{ID: id, Error: method + ": " + err.Error()}
	}
	ok := true
	return bridge.Line{ID: id, OK: &ok, Res: res}
}
