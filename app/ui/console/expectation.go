package console

import (
	"fmt"
	"strings"
	"time"
)

// Expectation is what a tester expects: rows that contain a text, within a time.
type Expectation struct {
	Text    string  `json:"text"`    // in the text of an event or a result
	Count   int     `json:"count"`   // how many
	Exactly bool    `json:"exactly"` // no more than Count; else at least
	Seconds float64 `json:"seconds"` // within which
}

// The bounds of an Expectation.
const (
	maxExpectations = 50
	maxExpectCount  = 10_000
	maxExpectTime   = time.Hour
)

func (e Expectation) within() time.Duration { return time.Duration(e.Seconds * float64(time.Second)) }

// check returns what is wrong with an expectation, "" when nothing is.
func (e Expectation) check() string {
	switch {
	case strings.TrimSpace(e.Text) == "":
		return "text"
	case e.Count < 0 || e.Count > maxExpectCount || e.Count == 0 && !e.Exactly:
		return "count"
	case !(e.Seconds > 0 && e.within() <= maxExpectTime): // NaN, too
		return "seconds"
	}
	return ""
}

// lampState is the colour of a lamp.
type lampState uint8

const (
	lampOff lampState = iota // not started
	lampWaiting
	lampGreen
	lampRed
)

// lamp is an expectation on its way.
type lamp struct {
	Expectation
	state   lampState
	started time.Time
	ended   time.Time // of green and red
	seen    int
}

// left is the time that remains, not negative.
func (l *lamp) left(now time.Time) time.Duration {
	return max(0, l.started.Add(l.within()).Sub(now))
}

// reason says in the language of the log how a lamp became red.
func (l *lamp) reason() string {
	compare := "at least"
	if l.Exactly {
		compare = "exactly"
	}
	return fmt.Sprintf("expected %q %s %d times within %g s, but it came %d times", l.Text, compare, l.Count, l.Seconds, l.seen)
}

// expectations are the lamps of the console. It knows no clock but the times it is given.
type expectations struct{ lamps []*lamp }

// add starts an expectation; false when there are too many.
func (x *expectations) add(e Expectation, now time.Time) bool {
	if len(x.lamps) == maxExpectations {
		return false
	}
	x.lamps = append(x.lamps, &lamp{Expectation: e, state: lampWaiting, started: now})
	return true
}

// restart starts all anew.
func (x *expectations) restart(now time.Time) {
	for _, l := range x.lamps {
		*l = lamp{Expectation: l.Expectation, state: lampWaiting, started: now}
	}
}

// observe tells of a row; it returns the lamps that became red by it. Of the rows of one call only the first result
// counts, which is the caller's affair.
func (x *expectations) observe(r Row) (red []*lamp) {
	for _, l := range x.lamps {
		if l.state != lampWaiting || r.Mark != Event && r.Mark != Result || !strings.Contains(r.Text, l.Text) ||
			r.At.After(l.started.Add(l.within())) {
			continue
		}
		l.seen++
		switch {
		case l.Exactly && l.seen > l.Count:
			l.state, l.ended = lampRed, r.At
			red = append(red, l)
		case !l.Exactly && l.seen == l.Count:
			l.state, l.ended = lampGreen, r.At
		}
	}
	return red
}

// tick ends the lamps whose time is over; it returns those that became red.
func (x *expectations) tick(now time.Time) (red []*lamp) {
	for _, l := range x.lamps {
		if l.state != lampWaiting || l.left(now) > 0 {
			continue
		}
		l.ended = l.started.Add(l.within())
		if l.Exactly && l.seen == l.Count {
			l.state = lampGreen
			continue
		}
		l.state = lampRed
		red = append(red, l)
	}
	return red
}

// waiting tells whether a lamp's time runs.
func (x *expectations) waiting() bool {
	for _, l := range x.lamps {
		if l.state == lampWaiting {
			return true
		}
	}
	return false
}

// list is what is saved.
func (x *expectations) list() []Expectation {
	list := make([]Expectation, len(x.lamps))
	for i, l := range x.lamps {
		list[i] = l.Expectation
	}
	return list
}

// load puts saved expectations in place of the present ones, not started; wrong ones are left out.
func (x *expectations) load(list []Expectation) {
	x.lamps = nil
	for _, e := range list {
		if e.check() == "" && len(x.lamps) < maxExpectations {
			x.lamps = append(x.lamps, &lamp{Expectation: e})
		}
	}
}
