package ui

import (
	"encoding/json"
	"fmt"
	"strings"
	"time"

	"parlor/app/bridge"
	"parlor/widgets"
)

const clockFormat = "15:04:05.000"

// errorLine is the text above the tiles.
func errorLine(f failure) string { return fmt.Sprintf("errNo = %d, errMsg = %s", f.No, f.Msg) }

// call is a running call of the documents' API.
type call struct {
	id      string // "" for none
	method  string
	params  json.RawMessage
	started time.Time
	result  bool // success or fail has come
}

// calls pairs results with calls by their ids. Scripts may give no ids, or the same one again: such calls of one name are
// answered in their order, and the name stands in the texts. At most maxCalls are kept: more means that nobody answers.
type calls struct{ running []*call }

const maxCalls = 256

func (c *calls) start(id json.RawMessage, method string, params json.RawMessage, now time.Time) {
	if len(c.running) == maxCalls {
		c.running = c.running[1:]
	}
	c.running = append(c.running, &call{id: string(id), method: method, params: params, started: now})
}

// answer returns the call that a line belongs to, nil for none. method is "" when the line does not
// name it: then it is that of a method with one answer, and the oldest one is meant.
func (c *calls) answer(method string, l bridge.Line) *call {
	for i, running := range c.running {
		if running.id != string(l.ID) {
			continue
		}
		named := running.method == method || method == "" && l.Callback == "" && answersOnce(running.method) || len(l.ID) > 0 && l.Error != ""
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

// maskParams is the one-line JSON of parameters with every token but its last four characters hidden.
func maskParams(raw json.RawMessage) string {
	if len(raw) == 0 {
		return "{}"
	}
	var fields map[string]json.RawMessage
	if err := json.Unmarshal(raw, &fields); err != nil {
		return fmt.Sprintf("(%d bytes that are not a JSON object)", len(raw))
	}
	for name, value := range fields {
		var secret string
		if strings.EqualFold(name, "token") && json.Unmarshal(value, &secret) == nil {
			fields[name] = mustJSON(widgets.Mask(secret))
		}
	}
	return string(mustJSON(fields))
}

// mustJSON is for values that always have a JSON form; others become their text.
func mustJSON(v any) json.RawMessage {
	data, err := json.Marshal(v)
	if err != nil {
		data, _ = json.Marshal(fmt.Sprint(v)) // a string always has one
	}
	return data
}

func callRow(mark, method string, params json.RawMessage, now time.Time) widgets.LogRow {
	text := method + " " + maskParams(params)
	return widgets.LogRow{Time: now.Format(clockFormat), Mark: mark, Text: text, Detail: text}
}

func eventRow(l bridge.Line, now time.Time) widgets.LogRow {
	text := l.Event
	if l.Res != nil {
		text += " " + string(mustJSON(l.Res))
	}
	return widgets.LogRow{Time: now.Format(clockFormat), Mark: "*", Text: text, Detail: text}
}

// readResult reads what a line tells of a call; method is "" when it does not name it.
func readResult(l bridge.Line) (f failure, method string) {
	if l.Error != "" {
		f.Msg = l.Error
	} else if l.Res != nil {
		if err := json.Unmarshal(mustJSON(l.Res), &f); err != nil {
			f.Msg = fmt.Sprint(l.Res)
		}
	}
	method, _, _ = strings.Cut(f.Msg, ":")
	return f, strings.TrimPrefix(method, "RtcRoomContext.")
}

// resultRow is the row of a callback: the exact text first, then numbers and time.
func resultRow(l bridge.Line, f failure, elapsed time.Duration, now time.Time) widgets.LogRow {
	parts := []string{f.Msg}
	if f.No != 0 {
		parts = append(parts, fmt.Sprintf("errNo %d", f.No))
	}
	if f.Code != 0 {
		parts = append(parts, fmt.Sprintf("errorCode %d %s", f.Code, f.Type))
	}
	if l.Callback != "complete" && elapsed > 0 {
		parts = append(parts, fmt.Sprintf("%d ms", elapsed.Milliseconds()))
	}
	if l.Callback != "" {
		parts = append(parts, l.Callback)
	}
	return widgets.LogRow{
		Time: now.Format(clockFormat), Mark: "<", Text: strings.Join(parts, "  "),
		Detail: detail(l, f), Failed: f.No != 0 || l.Callback == "fail" || l.Error != "",
	}
}

// detail is the whole of what a callback was given.
func detail(l bridge.Line, f failure) string {
	if l.Res == nil {
		return f.Msg
	}
	return string(mustJSON(l.Res))
}
