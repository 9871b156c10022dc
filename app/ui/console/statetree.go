package console

import (
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"strconv"
	"time"
)

// freshFor is how long a changed value is marked.
const freshFor = 2 * time.Second

// node is one line of the state tree.
type node struct {
	path   string // "members.alice.audio"
	depth  int
	name   string
	value  string // JSON of a leaf; of a branch how many are in it; "-" for what is gone since the mark
	branch bool
	fresh  bool   // changed within freshFor
	old    string // the value at the mark, when it is another one; "-" when there was none
}

// stateTree turns JSON values into lines that tell what changed.
type stateTree struct {
	nodes   []node
	values  map[string]string    // by path, of leaves
	changed map[string]time.Time // by path
	marked  map[string]string    // values at the mark
	order   []string             // paths at the mark
	folded  map[string]bool
}

func newStateTree() *stateTree {
	return &stateTree{changed: make(map[string]time.Time), folded: make(map[string]bool)}
}

// update reads a new state, any value with a JSON object as its form.
func (t *stateTree) update(state any, now time.Time) error {
	raw, err := json.Marshal(state)
	if err != nil {
		return fmt.Errorf("state tree: %w", err)
	}
	r := treeReader{json.NewDecoder(bytes.NewReader(raw)), nil}
	r.decoder.UseNumber()
	if err := r.value("", "", 0); err != nil {
		return fmt.Errorf("state tree: %w", err)
	}
	values := make(map[string]string, len(r.nodes))
	for _, n := range r.nodes {
		if n.branch {
			continue
		}
		values[n.path] = n.value
		if old, had := t.values[n.path]; t.values != nil && (!had || old != n.value) {
			t.changed[n.path] = now
		}
	}
	for path, at := range t.changed {
		if _, there := values[path]; !there || now.Sub(at) >= freshFor {
			delete(t.changed, path)
		}
	}
	t.nodes, t.values = r.nodes, values
	if t.marked == nil {
		t.mark()
	}
	return nil
}

// mark remembers the present values for diff.
func (t *stateTree) mark() {
	t.marked, t.order = t.values, nil
	for _, n := range t.nodes {
		if !n.branch {
			t.order = append(t.order, n.path)
		}
	}
}

// fold hides or shows what is in a branch.
func (t *stateTree) fold(path string, folded bool) {
	if folded {
		t.folded[path] = true
	} else {
		delete(t.folded, path)
	}
}

// lines are what is shown: the whole tree, or only what differs from the mark.
func (t *stateTree) lines(diff bool) []node {
	if diff {
		return t.diff()
	}
	var out []node
	hidden := -1 // depth of the folded branch that we are in
	for _, n := range t.nodes {
		if hidden >= 0 && n.depth > hidden {
			continue
		}
		hidden = -1
		if n.branch && t.folded[n.path] {
			hidden = n.depth
		}
		_, n.fresh = t.changed[n.path]
		out = append(out, n)
	}
	return out
}

func (t *stateTree) diff() []node {
	var out []node
	for _, n := range t.nodes {
		if n.branch {
			continue
		}
		old, had := t.marked[n.path]
		if had && old == n.value {
			continue
		}
		if n.old = old; !had {
			n.old = "-"
		}
		_, n.fresh = t.changed[n.path]
		n.depth, n.name = 0, n.path
		out = append(out, n)
	}
	for _, path := range t.order {
		if _, there := t.values[path]; !there {
			out = append(out, node{path: path, name: path, old: t.marked[path], value: "-"})
		}
	}
	return out
}

// treeReader makes nodes of JSON tokens, in their order.
type treeReader struct {
	decoder *json.Decoder
	nodes   []node
}

func (r *treeReader) value(path, name string, depth int) error {
	token, err := r.decoder.Token()
	if err != nil {
		return err
	}
	switch token := token.(type) {
	case json.Delim:
		return r.branch(token, path, name, depth)
	case string:
		r.leaf(path, name, depth, string(jsonOf(token)))
	case nil:
		r.leaf(path, name, depth, "null")
	default:
		r.leaf(path, name, depth, fmt.Sprint(token))
	}
	return nil
}

func (r *treeReader) leaf(path, name string, depth int, value string) {
	r.nodes = append(r.nodes, node{path: path, depth: depth - 1, name: name, value: value})
}

// branch reads an object or a list after its first token.
func (r *treeReader) branch(open json.Delim, path, name string, depth int) error {
	at := len(r.nodes)
	if path != "" {
		r.nodes = append(r.nodes, node{path: path, depth: depth - 1, name: name, branch: true})
	}
	count := 0
	for r.decoder.More() {
		key := strconv.Itoa(count)
		if open == '{' {
			token, err := r.decoder.Token()
			if err != nil {
				return err
			}
			key, _ = token.(string)
		}
		count++
		if err := r.value(join(path, key), key, depth+1); err != nil {
			return err
		}
	}
	if _, err := r.decoder.Token(); err != nil && err != io.EOF {
		return err
	}
	if path == "" {
		return nil
	}
	if count == 0 { // nothing to fold
		r.nodes[at].branch = false
	}
	if open == '[' {
		r.nodes[at].value = fmt.Sprintf("[%d]", count)
	} else {
		r.nodes[at].value = fmt.Sprintf("{%d}", count)
	}
	return nil
}

func join(path, name string) string {
	if path == "" {
		return name
	}
	return path + "." + name
}
