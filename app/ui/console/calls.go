package console

import (
	"encoding/json"
	"strings"
	"time"

	"parlor/app/bridge"
)

// answerLimit is how long a call may take before the log says so.
const answerLimit = 10 * time.Second

// call is a running call of the documents' API.
type call struct {
	id      string // "" for none
	method  string
	params  json.RawMessage
	started time.Time
	row     int  // its number in the log, -1 for none
	result  bool // success or fail has come
	late    bool // the log says that no result came in time
}

// calls pairs results with calls by their ids. Scripts may give no ids, or the same one again: such calls of one name are
// answered in their order, and the name stands in the texts. At most maxCalls are kept: more means that nobody answers.
type calls struct{ running []*call }

const maxCalls = 256

func (c *calls) start(id json.RawMessage, method string, params json.RawMessage, now time.Time) *call {
	if len(c.running) == maxCalls {
		c.running = c.running[1:]
	}
	started := &call{id: string(id), method: method, params: params, started: now, row: -1}
	c.running = append(c.running, started)
	return started
}

// answer returns the call that a line belongs to, nil for none. method is "" when the line does not
// name it: then it is that of a method with one answer, and the oldest one is meant.
func (c *calls) answer(method string, l bridge.Line) *call {
	for i, running := range c.running {
		if running.id != string(l.ID) {
			continue
		}
		named := running.method == method || len(l.ID) > 0 && l.Error != "" ||
			method == "" && l.Callback == "" && answersOnce(running.method)
		first := l.Callback == "success" || l.Callback == "fail"
		if !named || first && running.result {
			continue
		}
		if first {
			running.result = true
		} else {
			c.running = append(c.running[:i:i], c.running[i+1:]...)
		}
		return running
	}
	return nil
}

// waiting lists the calls that have no result yet.
func (c *calls) waiting() []*call {
	var list []*call
	for _, running := range c.running {
		if !running.result {
			list = append(list, running)
		}
	}
	return list
}

// answersOnce tells the methods that have ok in place of callbacks.
func answersOnce(method string) bool {
	return method == "createRtcRoomContext" || strings.HasPrefix(method, "on") || strings.HasPrefix(method, "off") || ours(method)
}

// ours tells the bridge's own methods and the driver's, which no document knows.
func ours(method string) bool {
	return strings.HasPrefix(method, "x-") || strings.HasPrefix(method, "ui.")
}

// scripted tells the methods that only pace and read a script: they are no action, and have no row.
func scripted(method string) bool {
	return method == "x-sleep" || method == "x-wait" || method == "x-stats"
}
