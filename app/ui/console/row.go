package console

import (
	"encoding/json"
	"fmt"
	"strings"
	"time"

	"parlor/app/bridge"
	"parlor/widgets"
)

// Mark says what a row of the log is about.
type Mark string

// The marks.
const (
	Call    Mark = ">" // a call, or another action of a person
	Step    Mark = "-" // a call that is a step of an action
	Result  Mark = "<"
	Event   Mark = "*"
	Warning Mark = "!"
	Note    Mark = "#" // a tester's note
)

// Row is one row of the log.
type Row struct {
	At     time.Time
	Mark   Mark
	Text   string // one line
	Detail string // JSON, or text of any length; "": Text says all
	Failed bool
	Time   string // of a call: how long it takes or took; ""
}

// String is the row as it is copied.
func (r Row) String() string { return r.clock() + " " + string(r.Mark) + " " + r.Text }

func (r Row) clock() string { return r.At.Format("15:04:05.000") }

// MarshalJSON is the row as a line of a log file.
func (r Row) MarshalJSON() ([]byte, error) {
	line := struct {
		At     string `json:"at"`
		Mark   Mark   `json:"mark"`
		Text   string `json:"text"`
		Failed bool   `json:"failed,omitempty"`
		Detail any    `json:"detail,omitempty"`
	}{r.At.Format(time.RFC3339Nano), r.Mark, r.Text, r.Failed, nil}
	switch {
	case r.Detail == "":
	case json.Valid([]byte(r.Detail)):
		line.Detail = json.RawMessage(r.Detail)
	default:
		line.Detail = r.Detail
	}
	return json.Marshal(line)
}

// The bounds of a row's texts, in bytes. Scripts may send a megabyte.
const (
	maxText   = 1 << 10
	maxDetail = 16 << 10
)

// cut shortens a text to a number of bytes, between two characters.
func cut(text string, limit int) string {
	if len(text) <= limit {
		return text
	}
	return strings.ToValidUTF8(text[:limit], "") + "…"
}

// oneLine is text without line breaks and other characters that have no place in a row.
func oneLine(text string) string {
	return strings.Map(func(r rune) rune {
		if r < ' ' || r == 0x7f || r == '\u2028' || r == '\u2029' {
			return ' '
		}
		return r
	}, text)
}

// Failure is a failed call as the API told it; of one that did not fail Msg alone is set.
type Failure struct {
	Msg  string `json:"errMsg"`
	No   int    `json:"errNo"`
	Code int    `json:"errorCode"`
	Type string `json:"errorType"`
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
			fields[name] = jsonOf(widgets.Mask(secret))
		}
	}
	return string(jsonOf(fields))
}

// jsonOf is for values that always have a JSON form; others become their text.
func jsonOf(v any) json.RawMessage {
	data, err := json.Marshal(v)
	if err != nil {
		data, _ = json.Marshal(fmt.Sprint(v)) // a string always has one
	}
	return data
}

func callRow(mark Mark, method string, params json.RawMessage, now time.Time) Row {
	masked := maskParams(params)
	return Row{At: now, Mark: mark, Text: cut(oneLine(method+" "+masked), maxText), Detail: cut(masked, maxDetail)}
}

func eventRow(l bridge.Line, now time.Time) Row {
	r := Row{At: now, Mark: Event, Text: l.Event}
	if l.Res != nil {
		r.Detail = cut(string(jsonOf(l.Res)), maxDetail)
		r.Text = cut(oneLine(l.Event+" "+r.Detail), maxText)
	}
	return r
}

// readResult reads what a line tells of a call; method is "" when it does not name it.
func readResult(l bridge.Line) (f Failure, method string) {
	if l.Error != "" {
		f.Msg = l.Error
	} else if l.Res != nil && l.Callback != "" || l.OK != nil && !*l.OK {
		if err := json.Unmarshal(jsonOf(l.Res), &f); err != nil {
			f.Msg = fmt.Sprint(l.Res)
		}
	}
	method, _, _ = strings.Cut(f.Msg, ":")
	return f, strings.TrimPrefix(method, "RtcRoomContext.")
}

// resultRow is the row of a callback: the exact text first, then numbers and time.
func resultRow(l bridge.Line, f Failure, elapsed time.Duration, now time.Time) Row {
	parts := []string{f.Msg}
	if l.OK != nil && *l.OK && l.Res != nil {
		parts = append(parts, string(jsonOf(l.Res)))
	}
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
	r := Row{
		At: now, Mark: Result, Text: cut(oneLine(strings.Join(parts, "  ")), maxText),
		Failed: f.No != 0 || l.Callback == "fail" || l.Error != "",
	}
	if l.Res != nil {
		r.Detail = cut(string(jsonOf(l.Res)), maxDetail)
	} else {
		r.Detail = f.Msg
	}
	return r
}
