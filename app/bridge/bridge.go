// Package bridge is the documents' own API surface: a method name and JSON parameters in, success,
// fail and complete callbacks and events as JSON out, byte for byte as documented. The window, the
// QA driver and parlorctl all call the SDKs through it.
//
// Which methods there are, with which parameters, stands in one table: see Methods.
package bridge

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strings"
	"sync"

	"parlor/app/errno"
	"parlor/app/room"
	"parlor/app/session"
	"parlor/media"
)

// MaxLine is the length of the longest line that CallLine takes, in bytes.
const MaxLine = 1 << 20

// maxCalls bounds the calls that run or wait for their turn. A script that is ahead of the room by
// that many lines is held back; a Call is refused.
const maxCalls = 64

// errClosed is what calls after Close are answered with, errStopped what a call of a script is whose context has ended.
var (
	errClosed  = errors.New("the bridge is closed")
	errStopped = errors.New("the script was stopped")
)

// Line is one line of the JSON-lines protocol that goes out; fields that do not apply are left out.
type Line struct {
	ID       json.RawMessage `json:"id,omitempty"`
	OK       *bool           `json:"ok,omitempty"`       // of methods with Sync
	Callback string          `json:"callback,omitempty"` // success, fail, complete
	Event    string          `json:"event,omitempty"`
	Res      any             `json:"res,omitempty"`
	Error    string          `json:"error,omitempty"` // unknown method, malformed JSON, failed x- method
}

// Result is what success callbacks carry.
type Result struct {
	ErrMsg string `json:"errMsg"` // "joinRtcRoom:ok"
}

// Extra is a method that the program adds. It runs in order with the lines of its script. What it
// returns becomes Line.Res, its error Line.Error; ctx ends with Close.
type Extra func(ctx context.Context, params json.RawMessage) (any, error)

// Config describes a Bridge. Its functions must not call the Bridge back.
type Config struct {
	Room  room.Config      // template of every context; AppID and OnEvent are the Bridge's
	Extra map[string]Extra // further methods by name, such as x-quit or ui.tap; may be nil

	OnCall  func(id json.RawMessage, method string, params json.RawMessage) // tells that a call is given, before any of its lines; may be nil
	Emit    func(Line)                                                      // gets every line, one at a time, in order; while it blocks, the room and all calls wait
	OnEvent func(room.Event)                                                // gets every event of the present context, after its line; may be nil
}

// engine is what the Bridge needs of a room.Context.
type engine interface {
	Join(ctx context.Context, o room.JoinOptions) error
	Exit(ctx context.Context, roomID string) error
	UpdateToken(ctx context.Context, token string) error
	ChangeAudioCapture(ctx context.Context, on bool) error
	ChangeVideoCapture(ctx context.Context, on bool) error
	ChangeStreamPublishState(ctx context.Context, on bool, t room.StreamType) error
	ChangeStreamSubscribeState(ctx context.Context, on bool, user room.UserID, t room.StreamType) error
	ChangeScreenSubscribeState(ctx context.Context, on bool, user room.UserID, t room.StreamType) error
	ChangeUserVisibility(ctx context.Context, visible bool) error
	SwitchCamera(ctx context.Context, p room.CameraPosition) error
	SetAudioPlaybackDevice(ctx context.Context, d room.PlaybackDevice) error
	SetVideoEncoderConfig(ctx context.Context, largest media.VideoFormat) error
	ChangeAnsMode(ctx context.Context, level media.NoiseLevel) error
	StartScreenShare(ctx context.Context, screen, audio string) error
	StopScreenShare(ctx context.Context) error
	SendMessage(ctx context.Context, text string) (room.Message, error)
	SetDevice(ctx context.Context, source media.Source, name string) error
	SetGain(user room.UserID, gain float64)
	RetryNow()
	Stats() room.Stats
	Close() error
}

// Bridge holds at most one context.
//
// Calls are asynchronous and start in the order given. Those that change the same thing (the room;
// the microphone; the camera; what is published) run one after another, so that "on, off" ends with
// off and "join, exit" ends outside. What makes sense in a room only waits for a joinRtcRoom on its way. An
// exitRtcRoom by Call, which is a person's, ends a joinRtcRoom on its way instead of waiting for it.
// createRtcRoomContext and x-destroy wait for all earlier calls and hold back all later ones.
//
// When there is nothing to wait for, the context is there when the Call of createRtcRoomContext returns. The
// server's word on the app comes later, up to two seconds, and may take the context away again; later calls wait for it.
type Bridge struct {
	cfg     Config
	methods map[string]Method
	newRoom func(room.Config) (engine, error)
	known   func(ctx context.Context, appID string) error // asks the server whether the app may have a context
	ctx     context.Context                               // of all calls
	cancel  context.CancelFunc
	slots   chan struct{} // maxCalls; see there
	events  eventLog
	running sync.WaitGroup // goroutines of calls
	closing sync.Once

	mu      sync.Mutex // guards what follows, and the devices in cfg.Room
	closed  bool
	gains   map[room.UserID]float64 // of the next context
	engine  engine                  // nil without a context
	lanes   map[lane]*call          // the last call of each lane since barrier
	barrier *call                   // the last call of laneContext
	started map[*call]struct{}      // the calls under way, but for those in no lane

	emitMu sync.Mutex // guards the order of lines
	joins  int        // joinRtcRoom calls that are not answered
	held   []Line     // events since; a context tells none before it has joined, so there are few
}

// New returns a Bridge without a context.
func New(cfg Config) *Bridge {
	b := &Bridge{
		cfg:     cfg,
		methods: make(map[string]Method),
		newRoom: func(c room.Config) (engine, error) { return room.New(c) },
		slots:   make(chan struct{}, maxCalls),
		known: func(ctx context.Context, appID string) error {
			return session.Known(ctx, cfg.Room.Server, cfg.Room.Transport, appID)
		},
		lanes:   make(map[lane]*call),
		gains:   make(map[room.UserID]float64),
		started: make(map[*call]struct{}),
	}
	b.ctx, b.cancel = context.WithCancel(context.Background())
	b.events.changed = make(chan struct{})
	for _, m := range Methods() {
		b.methods[m.Name] = m
	}
	for name, run := range cfg.Extra {
		b.methods[name] = extraMethod(name, run)
	}
	return b
}

// Call starts a method; its callbacks come through Emit. It returns at once: with more than 64 calls
// under way it is answered with an error line.
func (b *Bridge) Call(id json.RawMessage, method string, params json.RawMessage) {
	select {
	case b.slots <- struct{}{}:
	default:
		b.given(id, method, params)
		b.emit(Line{ID: id, Error: fmt.Sprintf("%s: %d calls are under way already", shorten(method), maxCalls)})
		return
	}
	b.start(context.Background(), id, method, params, false)
}

// given tells that a call is given.
func (b *Bridge) given(id json.RawMessage, method string, params json.RawMessage) {
	if b.cfg.OnCall == nil {
		return
	}
	b.emitMu.Lock()
	defer b.emitMu.Unlock()
	b.cfg.OnCall(id, method, params)
}

// CallLine is Call with a line of JSON as it stands in the protocol: the next line of a script. It
// returns when the following line may start: at once after a method with callbacks, at its end after one
// with Sync, x-sleep and x-wait among them. Malformed JSON is answered with an error line. Several scripts may
// run at the same time, each on its own goroutine.
func (b *Bridge) CallLine(line []byte) {
	in, err := ParseLine(line)
	if err != nil {
		b.emit(Line{ID: in.ID, Error: err.Error()})
		return
	}
	b.CallScript(context.Background(), in.ID, in.Method, in.Params)
}

// CallScript is CallLine after the line has been decoded. The end of ctx ends a call that the script waits for; those that it does
// not wait for go on.
func (b *Bridge) CallScript(ctx context.Context, id json.RawMessage, method string, params json.RawMessage) {
	select {
	case b.slots <- struct{}{}:
		b.start(ctx, id, method, params, true)
	case <-b.ctx.Done():
		b.emit(Line{ID: id, Error: errClosed.Error()})
	case <-ctx.Done():
		b.emit(Line{ID: id, Error: errStopped.Error()})
	}
}

// Context returns the present context, nil before createRtcRoomContext and after x-destroy.
func (b *Bridge) Context() *room.Context {
	b.mu.Lock()
	defer b.mu.Unlock()
	c, _ := b.engine.(*room.Context)
	return c
}

// Wait blocks until no call is under way, or ctx ends.
func (b *Bridge) Wait(ctx context.Context) error {
	for {
		b.mu.Lock()
		var c *call
		for c = range b.started {
			break
		}
		b.mu.Unlock()
		if c == nil {
			return nil
		}
		select {
		case <-c.end:
		case <-ctx.Done():
			return ctx.Err()
		}
	}
}

// Close destroys the context and waits for the running calls, which fail. After it nothing comes but an
// error line for each further call. Close twice is fine; never call it from a function of Config.
func (b *Bridge) Close() error {
	var err error
	b.closing.Do(func() {
		b.mu.Lock()
		b.closed = true
		e := b.engine
		b.engine = nil
		b.mu.Unlock()
		if e != nil {
			err = e.Close()
		}
		b.cancel()
		b.running.Wait()
	})
	return err
}

// start runs a call for which a slot was taken; script says that it came by CallLine. The end of ctx ends a call that is waited
// for.
func (b *Bridge) start(ctx context.Context, id json.RawMessage, name string, params json.RawMessage, script bool) {
	m, known := b.methods[name]
	b.mu.Lock()
	if b.closed || !known {
		closed := b.closed
		b.mu.Unlock()
		<-b.slots
		if closed {
			b.emit(Line{ID: id, Error: errClosed.Error()})
		} else {
			b.given(id, name, params)
			b.emit(Line{ID: id, Error: fmt.Sprintf("unknown method %q", shorten(name))})
		}
		return
	}
	c := &call{b: b, id: id, m: m, raw: params, end: make(chan struct{})}
	c.ctx, c.cancel = context.WithCancel(b.ctx)
	idle := len(b.started) == 0 && b.engine == nil
	if m.impatient && !script {
		for other := range b.started {
			if other.m.changes(m) {
				other.cancel()
			}
		}
	}
	b.queue(c)
	b.running.Add(1)
	b.mu.Unlock()
	b.given(id, name, params)
	if m.Sync && script {
		defer context.AfterFunc(ctx, c.cancel)()
		c.run()
		return
	}
	if idle && slices.Contains(m.lanes, laneContext) {
		c.do() // blocks nowhere
	}
	go c.run()
}

// queue enters a new call behind those that it must wait for. b.mu is held.
func (b *Bridge) queue(c *call) {
	switch {
	case len(c.m.lanes) == 0:
		return
	case slices.Contains(c.m.lanes, laneContext):
		for other := range b.started {
			c.after = append(c.after, other)
		}
		b.barrier = c
		clear(b.lanes)
	default:
		if b.barrier != nil {
			c.after = append(c.after, b.barrier)
		}
		for _, l := range slices.Concat(c.m.lanes, c.m.after) {
			if last := b.lanes[l]; last != nil {
				c.after = append(c.after, last)
			}
		}
		for _, l := range c.m.lanes {
			b.lanes[l] = c
		}
	}
	b.started[c] = struct{}{}
}

// finished takes a call out of the books.
func (b *Bridge) finished(c *call) {
	b.mu.Lock()
	delete(b.started, c)
	if b.barrier == c {
		b.barrier = nil
	}
	for _, l := range c.m.lanes {
		if b.lanes[l] == c {
			delete(b.lanes, l)
		}
	}
	b.mu.Unlock()
	c.cancel()
	close(c.end)
	<-b.slots
	b.running.Done()
}

// replace closes the present context and puts the one that open makes in its place; open may be nil.
// It runs only in laneContext.
func (b *Bridge) replace(open func() (engine, error)) error {
	b.mu.Lock()
	old := b.engine
	b.engine = nil
	b.mu.Unlock()
	if old != nil {
		if err := old.Close(); err != nil {
			return err
		}
	}
	if open == nil {
		return nil
	}
	e, err := open()
	if err != nil {
		return err
	}
	b.mu.Lock()
	closed := b.closed
	if !closed {
		b.engine = e
	}
	b.mu.Unlock()
	if closed {
		return errors.Join(errClosed, e.Close())
	}
	return nil
}

// emit gives lines to Config.Emit, nothing between them.
func (b *Bridge) emit(lines ...Line) {
	b.emitMu.Lock()
	defer b.emitMu.Unlock()
	if b.cfg.Emit == nil {
		return
	}
	for _, l := range lines {
		b.cfg.Emit(l)
	}
}

// call is one call on its way.
type call struct {
	b      *Bridge
	id     json.RawMessage
	m      Method
	raw    json.RawMessage
	ctx    context.Context
	cancel context.CancelFunc
	after  []*call       // those that must end before it starts
	end    chan struct{} // closed at its end
	engine engine        // nil only for methods that need none
	params params        // checked against the table
	done   bool          // by do
	res    any           // of do
	err    error         // of do
}

// run waits for its turn, calls, and reports.
func (c *call) run() {
	defer c.b.finished(c)
	for _, earlier := range c.after {
		<-earlier.end
	}
	c.after = nil
	if c.m.holdsEvents {
		c.b.holdEvents()
		defer c.b.releaseEvents()
	}
	c.do()
	if c.err == nil && c.m.verify != nil {
		c.err = c.m.verify(c)
	}
	c.b.emit(c.lines(c.res, c.err)...)
}

// do makes the call, once.
func (c *call) do() {
	if !c.done {
		c.done = true
		c.res, c.err = c.invoke()
	}
}

func (c *call) invoke() (any, error) {
	c.b.mu.Lock()
	c.engine = c.b.engine
	c.b.mu.Unlock()
	if c.engine == nil && c.m.needsContext {
		return nil, errno.EngineDestroyed.In(c.m.Name)
	}
	if c.m.extra != nil {
		return c.m.extra(c.ctx, c.raw)
	}
	var err error
	if c.params, err = c.m.check(c.raw); err != nil {
		return nil, err
	}
	return c.m.run(c)
}

// over is why a call ends that was waiting.
func (c *call) over() error {
	if c.b.ctx.Err() != nil {
		return errClosed
	}
	return errStopped
}

// lines are the answer to a call in the shape that its method has.
func (c *call) lines(res any, err error) []Line {
	switch ok := err == nil; {
	case !ok && c.m.ours():
		var known *errno.Error
		text := err.Error()
		if errors.As(err, &known) {
			text = known.ErrMsg // the cause is for the log
		} else if !strings.HasPrefix(text, c.m.Name) {
			text = c.m.Name + ": " + text
		}
		return []Line{{ID: c.id, OK: &ok, Error: text}}
	case !ok && c.m.Sync:
		return []Line{{ID: c.id, OK: &ok, Res: errno.As(c.m.Name, err)}}
	case !ok:
		e := errno.As(c.m.Name, err)
		return []Line{{ID: c.id, Callback: "fail", Res: e}, {ID: c.id, Callback: "complete", Res: e}}
	case c.m.Sync:
		return []Line{{ID: c.id, OK: &ok, Res: res}}
	default:
		res := Result{ErrMsg: c.m.Name + ":ok"}
		return []Line{{ID: c.id, Callback: "success", Res: res}, {ID: c.id, Callback: "complete", Res: res}}
	}
}
