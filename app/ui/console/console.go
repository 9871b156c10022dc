// Package console is the testers' page: every method of the API with a form, right and wrong values to try, the log of all calls
// and events, the live state, expectations with lamps, virtual peers, faults and scripts. It calls nothing itself: what a tester
// wishes goes out through Config. All of it belongs to the UI goroutine.
package console

import (
	"encoding/json"
	"fmt"
	"log/slog"
	"strings"
	"time"

	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/container"

	"parlor/app/bridge"
	"parlor/assets"
	"parlor/widgets"
)

// Config describes a Console. Functions must be set unless they say that they may be nil.
type Config struct {
	// Call calls a method of the bridge; params is what the tester typed. The row of the log comes with Started.
	Call func(method string, params json.RawMessage)
	// Command logs another action and does it; see CommandRow.
	Command func(name string, params map[string]any, do func())
	// Token makes a token, a wrong one too.
	Token func(TokenWish) (string, error)
	// RunScript gives lines to the bridge one after another; nil ends the script that runs.
	RunScript func(name string, lines [][]byte)
	// SetMode chooses raw or strict mode; it comes back by Show.
	SetMode func(raw bool)
	// State is the live state: any value with a JSON object as its form.
	State func() any

	Now        func() time.Time
	After      func(d time.Duration, f func()) // runs f after d
	Background func(work func() (done func())) // runs work off the UI goroutine, and what it returned on it
	Copy       func(text string)               // to the clipboard
	Open       func(path string)               // with the program that the system has for such files

	Preferences fyne.Preferences
	Folder      string       // for logs; "": none are written
	Lab         bool         // the program has the methods for virtual peers, faults and bug bundles
	Log         *slog.Logger // may be nil
}

// Host is what puts a console on the screen.
type Host interface {
	// Register gives a control its id for the QA driver.
	Register(id string, o fyne.CanvasObject)
	// Adopt lets a field hand on the window's shortcuts.
	Adopt(*widgets.Entry)
}

// preferenceExpectations is the key of the saved expectations.
const preferenceExpectations = "console.expectations"

// Answer is the first result of a call.
type Answer struct {
	Method  string
	Params  json.RawMessage // as they were given to Started
	Failure Failure
	OK      bool
	Res     string // JSON of what it was answered with, or the text of the failure
}

// Console is the page. Build makes its widgets; the rest it keeps when they are made anew.
type Console struct {
	cfg Config

	journal journal
	view    view
	calls   calls
	expects expectations
	tree    *stateTree
	diff    bool // the tree shows what differs from its mark

	methods   []bridge.Method
	drafts    map[string]*draft // by method
	chosen    string            // method of the form
	situation Situation
	states    map[string]widgets.MethodState // by method
	counts    map[string]int                 // events so far, by name
	last      *result
	peers     []Peer
	faults    Faults
	script    string // name of the script that runs

	visible bool
	ticking bool

	texts   *assets.Texts
	host    Host
	content *fyne.Container
	page    *page // nil until it is seen for the first time: it is the largest of the program
}

// result is the last one that came.
type result struct {
	method  string
	failure Failure
	ok      bool
	json    string // of the object that the callback was given
	elapsed time.Duration
}

// New returns a console without widgets.
func New(cfg Config) *Console {
	if cfg.Log == nil {
		cfg.Log = slog.Default()
	}
	c := &Console{
		cfg: cfg, tree: newStateTree(), methods: catalog(bridge.Methods()), drafts: make(map[string]*draft),
		states: make(map[string]widgets.MethodState), counts: make(map[string]int),
	}
	c.chosen = c.methods[0].Name
	if cfg.Folder != "" {
		c.journal.spill = newSpill(cfg.Folder, cfg.Now())
	}
	var saved []Expectation
	if err := json.Unmarshal([]byte(cfg.Preferences.String(preferenceExpectations)), &saved); err == nil {
		c.expects.load(saved)
	}
	return c
}

// Close writes what is on its way to the log file and waits.
func (c *Console) Close() {
	if c.journal.spill != nil {
		c.journal.spill.close()
	}
}

// Build makes the widgets anew in a language, when they are seen next.
func (c *Console) Build(texts *assets.Texts, host Host) {
	c.texts, c.host, c.page, c.visible = texts, host, nil, false
	c.content = container.NewStack()
}

// Content is what is put on the screen: a narrow one shows one thing after another, a wide one three columns.
func (c *Console) Content() fyne.CanvasObject { return c.content }

// SetVisible tells whether the console is on the screen.
func (c *Console) SetVisible(visible bool) {
	if c.visible == visible {
		return
	}
	c.visible = visible
	if visible && c.page == nil {
		c.page = newPage(c, c.host)
		c.choose(c.chosen)
		c.page.show()
		c.content.Objects = []fyne.CanvasObject{c.page.content}
		c.content.Refresh()
	}
	if visible {
		c.page.log.list.ShowNewest()
		c.page.log.changed()
		c.page.state.update()
	}
	c.arm()
}

// onPage shows something on the page, if there is one yet.
func (c *Console) onPage(f func(*page)) {
	if c.page != nil {
		f(c.page)
	}
}

// Show tells how things stand. It costs little when they stand as before.
func (c *Console) Show(s Situation) {
	if s == c.situation {
		return
	}
	c.situation = s
	for _, d := range c.drafts {
		d.follow(s)
	}
	c.onPage(func(p *page) { p.call.show(); p.show() })
}

// Rows returns the newest n rows of the log, oldest first.
func (c *Console) Rows(n int) []Row { return c.journal.newest(n) }

// Dropped is how many rows are no longer at hand.
func (c *Console) Dropped() int {
	if c.journal.spill == nil {
		return c.journal.first
	}
	return int(c.journal.spill.lost.Load())
}

// Counts returns how often each event came, by its name.
func (c *Console) Counts() map[string]int { return c.counts }

// Write adds a row to the log.
func (c *Console) Write(mark Mark, text string) {
	c.add(Row{At: c.cfg.Now(), Mark: mark, Text: cut(oneLine(text), maxText)})
}

// CommandRow adds the row of an action that is no call. params must have no secrets.
func (c *Console) CommandRow(name string, params map[string]any) {
	detail := string(jsonOf(params))
	c.add(Row{At: c.cfg.Now(), Mark: Call, Text: cut(oneLine(name+" "+detail), maxText), Detail: cut(detail, maxDetail)})
}

func (c *Console) add(r Row) int {
	number := c.journal.add(r)
	c.view.added(&c.journal)
	c.fail(c.expects.observe(r))
	c.onPage(func(p *page) { p.log.changed() })
	c.arm()
	return number
}

// windowCalls begins the ids of calls that a person made; scriptCalls those of a script that runs here.
const (
	windowCalls = `"window`
	scriptCalls = `"script`
)

// Started shows that a call of the bridge starts, and tells whether it has a row: methods that only pace a script have none.
func (c *Console) Started(id json.RawMessage, mark Mark, method string, params json.RawMessage, now time.Time) bool {
	running := c.calls.start(id, method, params, now)
	if scripted(method) && !strings.HasPrefix(string(id), windowCalls) {
		return false
	}
	if strings.HasPrefix(string(id), scriptCalls) {
		mark = Step
	}
	running.row = c.add(callRow(mark, method, params, now))
	c.setState(method, widgets.MethodWaiting)
	return true
}

// Came shows a line of the bridge. The answer is set for the first result of a call that has a row.
func (c *Console) Came(l bridge.Line, now time.Time) (Answer, bool) {
	if l.Event != "" {
		c.counts[l.Event]++
		c.add(eventRow(l, now))
		return Answer{}, false
	}
	f, method := readResult(l)
	running := c.calls.answer(method, l)
	if running == nil || running.row < 0 {
		return Answer{}, false
	}
	if f.Msg == "" { // createRtcRoomContext has no text of its own for success
		f.Msg = running.method + ":ok"
	}
	elapsed := now.Sub(running.started)
	if l.Callback == "complete" {
		c.addUnobserved(resultRow(l, f, elapsed, now))
		return Answer{}, false
	}
	if r := c.journal.row(running.row); r != nil {
		r.Time = inWords(elapsed)
	}
	row := resultRow(l, f, elapsed, now)
	c.add(row)
	ok := l.Callback == "success" || l.OK != nil && *l.OK
	c.last = &result{method: running.method, failure: f, ok: ok, json: row.Detail, elapsed: elapsed}
	c.setState(running.method, widgets.MethodFailed)
	if ok {
		c.setState(running.method, widgets.MethodOK)
	}
	c.onPage(func(p *page) { p.call.showResult() })
	return Answer{Method: running.method, Params: running.params, Failure: f, OK: ok, Res: row.Detail}, true
}

// addUnobserved adds the row of a complete callback: it repeats a result, which counts once for expectations.
func (c *Console) addUnobserved(r Row) {
	c.journal.add(r)
	c.view.added(&c.journal)
	c.onPage(func(p *page) { p.log.changed() })
}

func (c *Console) setState(method string, s widgets.MethodState) {
	c.states[method] = s
	c.onPage(func(p *page) { p.methods.SetState(method, s); p.call.showResult() })
}

// fail tells of lamps that became red.
func (c *Console) fail(red []*lamp) {
	for _, l := range red {
		c.add(Row{At: c.cfg.Now(), Mark: Warning, Text: l.reason(), Failed: true})
	}
	c.onPage(func(p *page) { p.expect.show() })
}

// tick is how often what moves by itself is brought up to date.
const tick = 200 * time.Millisecond

// arm sees to it that ticks come while something moves.
func (c *Console) arm() {
	if c.ticking || !(c.visible || c.expects.waiting() || len(c.calls.waiting()) > 0) {
		return
	}
	c.ticking = true
	c.cfg.After(tick, func() {
		c.ticking = false
		c.passed(c.cfg.Now())
		c.arm()
	})
}

// passed shows what time changes.
func (c *Console) passed(now time.Time) {
	moved := false
	for _, running := range c.calls.waiting() {
		elapsed := now.Sub(running.started)
		if running.row < 0 || elapsed < time.Second {
			continue
		}
		if r := c.journal.row(running.row); r != nil {
			r.Time, moved = inWords(elapsed), true
		}
		if elapsed >= answerLimit && !running.late {
			running.late = true
			c.add(Row{At: now, Mark: Warning, Failed: true,
				Text: fmt.Sprintf("%s: no result after %d s (timeout)", running.method, int(answerLimit/time.Second))})
		}
	}
	c.fail(c.expects.tick(now))
	if c.visible {
		if moved {
			c.page.log.changed()
		}
		c.page.state.update()
	}
}

// inWords is a duration as it stands beside a call.
func inWords(d time.Duration) string {
	if d < time.Second {
		return fmt.Sprintf("%d ms", d.Milliseconds())
	}
	return fmt.Sprintf("%.1f s", d.Seconds())
}

// method finds a method of the table.
func (c *Console) method(name string) (bridge.Method, bool) {
	for _, m := range c.methods {
		if m.Name == name {
			return m, true
		}
	}
	return bridge.Method{}, false
}

// draft is what was typed for a method.
func (c *Console) draft(name string) *draft {
	d := c.drafts[name]
	if d == nil {
		m, ok := c.method(name)
		if !ok {
			m = bridge.Method{Name: name}
		}
		d = newDraft(m, c.situation)
		c.drafts[name] = d
	}
	return d
}

// choose shows the form of a method.
func (c *Console) choose(name string) {
	c.chosen = name
	c.page.methods.Choose(name)
	c.page.call.build(c.draft(name))
}

// Run calls the method of the form, as the button does, when it can be seen.
func (c *Console) Run() {
	if c.visible {
		c.page.call.run()
	}
}

// chip calls a method with one value of the parameter that testers turn most.
func (c *Console) chip(name string, i int) {
	m, ok := c.method(name)
	p, some := switchOf(m)
	if !ok || !some || i >= len(p.Enum) {
		return
	}
	c.choose(name)
	d := c.draft(name)
	f := d.field(p.Name)
	f.set(p.Enum[len(p.Enum)-1-i])
	f.sent, f.touched, d.typed = true, true, ""
	c.page.call.fill()
	c.page.call.run()
}

// send calls a method with what stands in the JSON, tokens filled in. It tells why it did not.
func (c *Console) send(method, params string) error {
	wish := TokenWish{RoomID: c.situation.RoomID, UserID: c.situation.UserID}
	filled, err := fillTokens(params, wish, c.cfg.Token)
	if err != nil {
		return err
	}
	c.cfg.Call(method, json.RawMessage(filled))
	return nil
}

// TakeNote shows the field for a tester's note, on a console that can be seen.
func (c *Console) TakeNote() { c.onPage(func(p *page) { p.takeNote() }) }
