package bridge

import (
	"encoding/json"
	"fmt"
	"math"
	"slices"
	"strings"
	"time"

	"parlor/app/errno"
)

// params are the parameters of a call; what a method's table row requires is there and has its type.
type params map[string]any

// lookup finds "a.b" as b within a. The value of null is nil.
func (p params) lookup(name string) (any, bool) {
	outer, inner, nested := strings.Cut(name, ".")
	v, ok := p[outer]
	if nested && ok {
		object, _ := v.(map[string]any)
		v, ok = object[inner]
	}
	return v, ok
}

func (p params) text(name string) string {
	v, _ := p.lookup(name)
	s, _ := v.(string)
	return s
}

func (p params) number(name string, otherwise float64) float64 {
	if v, _ := p.lookup(name); v != nil {
		n, _ := v.(float64)
		return n
	}
	return otherwise
}

func (p params) is(name string, value any) bool {
	v, _ := p.lookup(name)
	return v == value
}

// maxPause bounds x-sleep and x-wait: a script that means more has the wrong unit.
const maxPause = time.Hour

// pause reads a number of milliseconds.
func (p params) pause(name string, otherwise float64) (time.Duration, error) {
	ms := p.number(name, otherwise)
	if ms < 0 || ms > float64(maxPause/time.Millisecond) {
		return 0, fmt.Errorf("params.%s should be 0..%d milliseconds, but got %v", name, maxPause/time.Millisecond, ms)
	}
	return time.Duration(ms * float64(time.Millisecond)), nil
}

// check decodes the parameters and holds them against the table. Parameters that the table does not
// know are ignored, success, fail and complete among them.
func (m Method) check(raw json.RawMessage) (params, error) {
	kind := errno.InvalidParam
	if m.wrong != nil {
		kind = m.wrong
	}
	var decoded any
	if len(raw) > 0 {
		if err := json.Unmarshal(raw, &decoded); err != nil {
			return nil, kind.Detail(m.Name, "params should be object, but got malformed JSON", err)
		}
	}
	object, ok := decoded.(map[string]any)
	if !ok && decoded != nil {
		return nil, kind.Detail(m.Name, "params should be object, but got "+typeOf(decoded, true), nil)
	}
	p := params(object)
	var wrong []string
	for _, rule := range m.Params {
		if !p.has(rule) {
			continue
		}
		v, there := p.lookup(rule.Name)
		if rule.NeedsValue && (v == nil || v == "") {
			return nil, errno.InvalidParam.In(m.Name)
		}
		if text := rule.Check(v, there); text != "" {
			wrong = append(wrong, text)
		}
	}
	if len(wrong) > 0 {
		return nil, kind.Detail(m.Name, strings.Join(wrong, " "), nil)
	}
	return p, nil
}

// has tells whether there is an object to hold a nested parameter.
func (p params) has(rule Param) bool {
	outer, _, nested := strings.Cut(rule.Name, ".")
	if !nested {
		return true
	}
	_, ok := p[outer].(map[string]any)
	return ok
}

// Check returns what is wrong with a value in the words of a parameter error, empty when nothing is. v is decoded JSON; there
// is false when the caller left it out.
func (p Param) Check(v any, there bool) string {
	if v == nil && !p.Required {
		return ""
	}
	if got := typeOf(v, there); got != string(p.Type) {
		return fmt.Sprintf("params.%s should be %s, but got %s", p.Name, p.Type, got)
	}
	if n, isNumber := v.(float64); isNumber && p.Range != nil {
		return p.Range.check(p.Name, n)
	}
	if p.Enum == nil || slices.Contains(p.Enum, v) {
		return ""
	}
	allowed := make([]string, len(p.Enum))
	for i, value := range p.Enum {
		text, _ := json.Marshal(value)
		allowed[i] = string(text)
	}
	return fmt.Sprintf("expect params.%s to be one of %s, but got %s",
		p.Name, strings.Join(allowed, ", "), shorten(fmt.Sprint(v)))
}

// check returns what is wrong with a number, empty when nothing is.
func (r *Range) check(name string, n float64) string {
	if n >= r.Min && n <= r.Max && (!r.Whole || n == math.Trunc(n)) {
		return ""
	}
	whole := ""
	if r.Whole {
		whole = "a whole number "
	}
	return fmt.Sprintf("expect params.%s to be %sfrom %v to %v, but got %v", name, whole, r.Min, r.Max, n)
}

// typeOf names a JSON value's type as parameter errors do.
func typeOf(v any, there bool) string {
	switch v.(type) {
	case nil:
		if !there {
			return "undefined"
		}
		return "null"
	case string:
		return string(String)
	case float64:
		return string(Number)
	case bool:
		return string(Boolean)
	case []any:
		return "array"
	}
	return string(Object)
}

// maxEcho bounds what an answer repeats of a caller's text, in runes.
const maxEcho = 64

func shorten(s string) string {
	if r := []rune(s); len(r) > maxEcho {
		return string(r[:maxEcho]) + "…"
	}
	return s
}
