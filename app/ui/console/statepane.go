package console

import (
	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/container"

	"parlor/widgets"
)

// statePane is the live state as a tree.
type statePane struct {
	c       *Console
	content *fyne.Container
	diff    *widgets.Check
	tree    *widgets.ValueTree
	open    bool // it is the pane on the screen
}

func newStatePane(c *Console, host Host) *statePane {
	t := c.texts
	p := &statePane{c: c, tree: widgets.NewValueTree()}
	p.tree.OnFold = func(path string, fold bool) {
		c.cfg.Command("api.state.fold", map[string]any{"path": path, "fold": fold}, func() { c.tree.fold(path, fold); p.draw() })
	}
	p.diff = widgets.NewCheck(t.T("api.state.diff"), func(on bool) {
		c.cfg.Command("api.state.diff", map[string]any{"on": on}, func() { c.diff = on; p.draw() })
	})
	p.diff.Set(c.diff)
	mark := widgets.NewButton(t.T("api.state.mark"), func() {
		c.cfg.Command("api.state.mark", nil, func() { c.tree.mark(); p.draw() })
	})
	copyTree := widgets.NewButton(t.T("api.state.copy"), func() {
		c.cfg.Command("api.state.copy", nil, func() { c.cfg.Copy(string(jsonOf(c.cfg.State()))) })
	})
	for id, o := range map[string]fyne.CanvasObject{
		"api.state": p.tree, "api.state.diff": p.diff, "api.state.mark": mark, "api.state.copy": copyTree,
	} {
		host.Register(id, o)
	}
	head := container.NewBorder(nil, nil, p.diff, row(4, mark, copyTree))
	p.content = container.NewBorder(inset(0, 4, 0, 0, head), nil, nil, nil, p.tree)
	return p
}

// update reads the state, if anybody sees it.
func (p *statePane) update() {
	if !p.c.visible || !p.open {
		return
	}
	if err := p.c.tree.update(p.c.cfg.State(), p.c.cfg.Now()); err != nil {
		p.c.cfg.Log.Error("console", "error", err)
		return
	}
	p.draw()
}

func (p *statePane) draw() {
	nodes := p.c.tree.lines(p.c.diff)
	values := make([]widgets.Value, len(nodes))
	for i, n := range nodes {
		values[i] = widgets.Value{
			Path: n.path, Depth: n.depth, Name: n.name, Value: n.value, Old: n.old, Branch: n.branch, Fresh: n.fresh,
			Folded: n.branch && p.c.tree.folded[n.path],
		}
	}
	p.tree.Set(values)
}
