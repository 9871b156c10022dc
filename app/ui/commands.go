package ui

import (
	"encoding/json"
	"fmt"

	"parlor/app/ui/console"
)

// Every action of a person is one command and one row with the mark ">" in the log. An action that is exactly one call of the
// documents' API, or of ours ("x-…"), is made by call: the call is the row. Every other action is made by command: a name such as
// "room.join" or "panel.chat" with its parameters is the row, and the calls that it makes are rows with the mark "-".

// call calls the API; see there for the row.
func (w *Window) call(method string, params map[string]any) {
	if w.inside {
		w.steps[method]++
	}
	w.cfg.Backend.Call(method, mustJSON(params))
}

// step calls the API for an action that was logged before, or for the program itself, which no person asked for.
func (w *Window) step(method string, params map[string]any) {
	w.steps[method]++
	w.cfg.Backend.Call(method, mustJSON(params))
}

// command logs an action and does it. params may be nil; secrets must not be in them.
func (w *Window) command(name string, params map[string]any, do func()) {
	if w.inside { // an action made of others is one action
		do()
		return
	}
	if params == nil {
		params = map[string]any{}
	}
	w.console.CommandRow(name, params)
	w.inside = true
	defer func() { w.inside = false }()
	do()
}

// takeMark tells the mark of a call that starts: ">" of its own, "-" as a step of a command.
func (w *Window) takeMark(method string) console.Mark {
	if w.steps[method] == 0 {
		return console.Call
	}
	w.steps[method]--
	return console.Step
}

// mustJSON is for values that always have a JSON form; others become their text.
func mustJSON(v any) json.RawMessage {
	data, err := json.Marshal(v)
	if err != nil {
		data, _ = json.Marshal(fmt.Sprint(v)) // a string always has one
	}
	return data
}
