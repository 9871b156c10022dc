package console

import (
	"bytes"
	"encoding/json"
	"strconv"
	"strings"

	"parlor/app/bridge"
)

// draft is what a tester has typed for one method.
type draft struct {
	method bridge.Method
	fields []*field
	typed  string // the JSON as typed; "": it is made of the fields
}

// field is one parameter of a draft.
type field struct {
	param   bridge.Param
	nested  bool // it is within an object
	object  bool // an object whose parts are fields of their own
	text    string
	on      bool // of a boolean
	sent    bool // else left out
	touched bool // the tester changed it: it does not follow the room any more
}

// newDraft returns the draft of a valid call.
func newDraft(m bridge.Method, s Situation) *draft {
	d := &draft{method: m}
	for _, p := range m.Params {
		f := &field{param: p, nested: strings.Contains(p.Name, "."), sent: p.Required}
		f.object = p.Type == bridge.Object && hasParts(m, p.Name)
		f.set(validValue(m, p, s))
		d.fields = append(d.fields, f)
	}
	return d
}

func hasParts(m bridge.Method, name string) bool {
	for _, p := range m.Params {
		if strings.HasPrefix(p.Name, name+".") {
			return true
		}
	}
	return false
}

// follow puts what the room page knows into the fields that the tester did not touch.
func (d *draft) follow(s Situation) {
	for _, f := range d.fields {
		if !f.touched && f.param.Type == bridge.String {
			f.set(validValue(d.method, f.param, s))
		}
	}
}

// field finds a field by the name of its parameter.
func (d *draft) field(name string) *field {
	for _, f := range d.fields {
		if f.param.Name == name {
			return f
		}
	}
	return nil
}

// set puts a value into the field as far as it can show it.
func (f *field) set(value any) {
	switch value := value.(type) {
	case string:
		f.text = value
	case bool:
		f.on = value
		f.text = strconv.FormatBool(value)
	case nil:
		f.text, f.on = "", false
	default:
		f.text = string(jsonOf(value))
	}
}

// value is what the field sends: of the parameter's type when the text can be read so, else the text.
func (f *field) value() json.RawMessage {
	switch f.param.Type {
	case bridge.Boolean:
		return jsonOf(f.on)
	case bridge.Number:
		if n, err := strconv.ParseFloat(f.text, 64); err == nil {
			if raw, err := json.Marshal(n); err == nil { // not NaN and its like
				return raw
			}
		}
	case bridge.Object:
		if json.Valid([]byte(f.text)) {
			return json.RawMessage(f.text)
		}
	}
	return jsonOf(f.text)
}

// json is what the call sends.
func (d *draft) json() string {
	if d.typed != "" {
		return d.typed
	}
	return d.made()
}

// made is the JSON of the fields, in the order of the table.
func (d *draft) made() string {
	var b bytes.Buffer
	b.WriteByte('{')
	add := func(name string, value json.RawMessage) {
		if b.Bytes()[b.Len()-1] != '{' {
			b.WriteByte(',')
		}
		b.Write(jsonOf(name))
		b.WriteByte(':')
		b.Write(value)
	}
	for _, f := range d.fields {
		switch {
		case !f.sent || f.nested:
		case f.object:
			add(f.param.Name, json.RawMessage("{"))
			for _, part := range d.fields {
				if name, within := strings.CutPrefix(part.param.Name, f.param.Name+"."); within && part.sent {
					add(name, part.value())
				}
			}
			b.WriteByte('}')
		default:
			add(f.param.Name, f.value())
		}
	}
	b.WriteByte('}')
	return b.String()
}

// problems holds the call against the table: texts by the name of the parameter, and under "" what is wrong with the whole.
func (d *draft) problems() map[string]string {
	wrong := make(map[string]string)
	var decoded any
	if err := json.Unmarshal([]byte(d.json()), &decoded); err != nil {
		wrong[""] = err.Error()
		return wrong
	}
	object, ok := decoded.(map[string]any)
	if !ok {
		wrong[""] = "params should be object"
		return wrong
	}
	for _, p := range d.method.Params {
		v, there := lookup(object, p.Name)
		if text := p.Check(v, there); text != "" {
			wrong[p.Name] = text
		} else if p.NeedsValue && v == "" {
			wrong[p.Name] = "params." + p.Name + " should not be empty"
		}
	}
	return wrong
}

// lookup finds "a.b" as b within a.
func lookup(object map[string]any, name string) (any, bool) {
	outer, inner, nested := strings.Cut(name, ".")
	v, ok := object[outer]
	if nested && ok {
		within, _ := v.(map[string]any)
		v, ok = within[inner]
	}
	return v, ok
}
