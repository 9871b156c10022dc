package console

import (
	"fmt"
	"strings"

	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/container"
	"fyne.io/fyne/v2/layout"
	"fyne.io/fyne/v2/widget"

	"parlor/app/bridge"
	"parlor/assets"
	"parlor/widgets"
)

// callPane is the form of a method, its button and its result.
type callPane struct {
	c       *Console
	host    Host
	content *fyne.Container

	draft    *draft
	presets  []preset
	ids      []string // registered for the fields of this method
	filling  bool     // values are shown, not typed
	had      float32  // height that the page gave it for
	title    *widget.Label
	rows     *widget.Label
	method   *widgets.Entry // raw: any name
	preset   *widgets.Select
	promise  *widget.Label
	promised *fyne.Container // holds promise
	form     *widgets.ParamForm
	json     *widgets.Entry // raw: any text
	wrong    *widget.Label
	call     *widgets.Button
	waiting  *widget.Activity
	result   *widgets.ErrorLine
	numbers  *widget.Label
	copy     *widgets.ToolButton
	copyJSON *widgets.Button
	scroll   *container.Scroll
	body     *fyne.Container
	head     *fyne.Container // of strict mode
	answer   *fyne.Container
}

func newCallPane(c *Console, host Host) *callPane {
	t := c.texts
	p := &callPane{c: c, host: host, title: bold(""), rows: caption(""), promise: caption(""), numbers: caption("")}
	p.rows.Wrapping, p.rows.Truncation = fyne.TextWrapOff, fyne.TextTruncateEllipsis
	p.promise.Wrapping, p.promise.Truncation = fyne.TextWrapOff, fyne.TextTruncateEllipsis
	p.numbers.Wrapping, p.numbers.Truncation = fyne.TextWrapOff, fyne.TextTruncateEllipsis
	p.method = widgets.NewEntry("changeAudioCapture")
	p.method.OnChanged = p.methodTyped
	p.preset = widgets.NewSelect(nil, func(string) { p.presetChosen(p.preset.SelectedIndex()) })
	p.form = widgets.NewParamForm(t.T("api.form.none"))
	p.form.OnText = func(name, text string) { p.edited(name, func(f *field) { f.text = text }, text) }
	p.form.OnBool = func(name string, on bool) { p.edited(name, func(f *field) { f.on = on }, on) }
	p.form.OnSent = func(name string, on bool) { p.edited(name, func(f *field) { f.sent = on }, on) }
	p.json = widgets.NewLines("{}", 3)
	p.json.TextStyle.Monospace = true
	p.json.OnChanged = p.jsonTyped
	p.wrong = caption("")
	p.wrong.Importance = widget.DangerImportance
	p.wrong.Hide()
	p.call = widgets.NewButton(t.T("api.call")+"   Ctrl+Enter", p.run)
	p.call.Importance = widget.HighImportance
	p.waiting = widget.NewActivity()
	p.result = widgets.NewErrorLine()
	p.result.Leading = true
	p.copy = tool(assets.Copy, t.T("api.result.copy"), p.copyText)
	p.copyJSON = widgets.NewButton("JSON", p.copyObject)
	p.copyJSON.Importance = widget.LowImportance
	host.Adopt(p.method)
	host.Adopt(p.json)
	for id, o := range map[string]fyne.CanvasObject{
		"api.form.method": p.method, "api.form.params": p.json, "api.preset": p.preset, "api.call": p.call, "api.form.wrong": p.wrong,
		"api.result": p.result, "api.result.copy": p.copy, "api.result.json": p.copyJSON, "api.result.numbers": p.numbers,
	} {
		host.Register(id, o)
	}
	p.arrange()
	return p
}

func (p *callPane) arrange() {
	p.head = inset(4, 0, 0, 0, flush(p.title))
	choice := container.New(&named{150}, flushLeft(widget.NewLabel(p.c.texts.T("api.preset"))), p.preset)
	p.promised = container.New(&named{150}, flush(caption("")), flush(p.promise))
	p.promised.Hide()
	p.body = column(6, p.head, flush(p.rows), p.method, choice, p.promised, p.form, p.json)
	p.scroll = container.NewVScroll(inset(2, 6, 0, 10, p.body))
	wrong := container.NewVBox(layout.NewSpacer(), p.wrong, layout.NewSpacer())
	bar := container.NewBorder(nil, nil, row(4, wide(170, p.call), container.NewCenter(p.waiting)), nil, wrong)
	lines := column(0, p.result, inset(-6, -6, 14, -8, p.numbers))
	p.answer = column(4, bar, container.NewBorder(nil, nil, nil, row(0, p.copy, container.NewCenter(p.copyJSON)), lines))
	p.content = container.NewBorder(nil, p.answer, nil, nil, p.scroll)
}

// need is the height at which nothing has to be scrolled.
func (p *callPane) need() float32 {
	return p.scroll.Content.MinSize().Height + p.answer.MinSize().Height + 8
}

// flushLeft takes the padding of a label away at its left.
func flushLeft(o fyne.CanvasObject) fyne.CanvasObject { return inset(0, 0, -8, 0, o) }

// build shows another method.
func (p *callPane) build(d *draft) {
	for _, id := range p.ids {
		p.host.Register(id, nil)
	}
	p.ids = nil
	p.draft, p.presets = d, presetsOf(d.method)
	params := make([]widgets.Param, len(d.fields))
	for i, f := range d.fields {
		params[i] = paramOf(f)
	}
	p.form.SetParams(params)
	for name, o := range p.form.Controls() {
		id := "api.form." + name
		p.host.Register(id, o)
		p.ids = append(p.ids, id)
		if e, ok := o.(*widgets.Entry); ok {
			p.host.Adopt(e)
		}
	}
	words := make([]string, len(p.presets))
	for i, preset := range p.presets {
		words[i] = p.presetWords(preset)
	}
	p.preset.Set(words, -1)
	p.preset.PlaceHolder = p.c.texts.T("api.preset.choose")
	p.showPromise("")
	p.show()
	p.scroll.ScrollToTop()
}

// paramOf is how a field is typed in.
func paramOf(f *field) widgets.Param {
	out := widgets.Param{Name: f.param.Name, Optional: !f.param.Required, Hint: string(f.param.Type)}
	switch {
	case f.object:
		out.Kind = widgets.ParamObject
	case f.param.Type == bridge.Object:
		out.Kind, out.Hint = widgets.ParamJSON, "{}"
	case f.param.Type == bridge.Boolean:
		out.Kind = widgets.ParamBool
	case f.param.Enum != nil:
		out.Kind = widgets.ParamChoice
		for _, v := range f.param.Enum {
			out.Options = append(out.Options, fmt.Sprint(v))
		}
	case f.param.Type == bridge.Number:
		out.Kind = widgets.ParamNumber
	}
	return out
}

// fill shows the draft in the fields.
func (p *callPane) fill() {
	p.filling = true
	defer func() { p.filling = false }()
	for _, f := range p.draft.fields {
		p.form.Set(f.param.Name, f.text, f.on, f.sent)
	}
	if p.method.Text != p.draft.method.Name {
		p.method.SetText(p.draft.method.Name)
	}
	if text := p.draft.json(); p.json.Text != text {
		p.json.SetText(text)
	}
	p.check()
}

// show brings everything but the values up to date.
func (p *callPane) show() {
	m := p.draft.method
	p.title.SetText(m.Name)
	p.rows.SetText(strings.TrimSpace(m.Doc + "   " + m.Rows))
	show(p.head, !p.c.situation.Raw)
	show(p.method, p.c.situation.Raw)
	show(p.json, p.c.situation.Raw)
	known := len(m.Params) > 0 || m.Rows != "" || ours(m.Name)
	show(p.form, known || !p.c.situation.Raw)
	p.fill()
	p.showResult()
	p.fit()
}

// fit gives the form another height when it needs one.
func (p *callPane) fit() {
	p.body.Refresh()
	p.answer.Refresh()
	if need := p.need(); need != p.had && p.c.page != nil {
		p.had = need
		p.c.page.content.Refresh()
	}
}

// check shows what is wrong with the values. Strict mode makes no such call, and none out of order.
func (p *callPane) check() {
	t := p.c.texts
	problems := p.draft.problems()
	for _, f := range p.draft.fields {
		p.form.SetWrong(f.param.Name, problems[f.param.Name])
		note := ""
		if anyToken.MatchString(f.text) {
			note = t.T("api.token.made")
		}
		p.form.SetNote(f.param.Name, note)
	}
	whole := ""
	if problems[""] != "" {
		whole = t.T("api.json.wrong")
	}
	reason := outOfOrder(p.draft.method, p.c.situation)
	off := !p.c.situation.Raw && (len(problems) > 0 || reason != "")
	switch {
	case reason != "":
		whole = p.orderWords(reason)
	case off:
		whole = t.T("api.strict")
	}
	if off != p.call.Disabled() {
		if off {
			p.call.Disable()
		} else {
			p.call.Enable()
		}
	}
	p.complain(whole)
}

func (p *callPane) complain(words string) {
	if p.wrong.Text != words || p.wrong.Visible() != (words != "") {
		p.wrong.SetText(words)
		show(p.wrong, words != "")
		p.fit()
	}
}

func (p *callPane) orderWords(reason string) string {
	t := p.c.texts
	switch reason {
	case "context":
		return t.T("api.order.context")
	case "inside":
		return t.T("api.order.inside", p.c.situation.RoomID)
	}
	return t.T("api.order.outside")
}

// edited takes a value that was typed or chosen. Choices and boxes are actions of their own.
func (p *callPane) edited(name string, change func(*field), value any) {
	if p.filling {
		return
	}
	f := p.draft.field(name)
	do := func() {
		change(f)
		f.touched, p.draft.typed = true, ""
		p.fill()
	}
	if _, typed := value.(string); typed && f.param.Enum == nil {
		do()
		return
	}
	p.c.cfg.Command("api.form", map[string]any{"method": p.draft.method.Name, "field": name, "value": value}, do)
}

// jsonTyped takes JSON as it is; the fields show it as far as they can.
func (p *callPane) jsonTyped(text string) {
	if p.filling {
		return
	}
	p.draft.typed = text
	if strings.TrimSpace(text) == "" {
		p.draft.typed = " " // nothing at all, and not what the fields say
	}
	p.check()
}

// methodTyped takes the name of any method, known or not.
func (p *callPane) methodTyped(name string) {
	if p.filling {
		return
	}
	if _, known := p.c.method(name); known {
		p.c.choose(name)
		return
	}
	typed := p.json.Text
	d := newDraft(bridge.Method{Name: name}, p.c.situation)
	d.typed = typed
	p.c.chosen, p.c.drafts[""] = name, d
	p.c.page.methods.Choose("")
	p.build(d)
}

func (p *callPane) presetChosen(i int) {
	if i < 0 || i >= len(p.presets) {
		return
	}
	chosen := p.presets[i]
	name := string(chosen.kind)
	if chosen.variant != "" {
		name = chosen.variant
	}
	p.c.cfg.Command("api.preset", map[string]any{"method": p.draft.method.Name, "preset": name}, func() {
		chosen.apply(p.draft, p.c.situation)
		p.fill()
		p.showPromise(p.promiseWords(chosen))
	})
}

// showPromise says what a preset leads to.
func (p *callPane) showPromise(words string) {
	p.promise.SetText(words)
	show(p.promised, words != "")
	p.fit()
}

func (p *callPane) promiseWords(chosen preset) string {
	switch chosen.promise {
	case unknownOutcome:
		return ""
	case 0:
		return p.c.texts.T("api.promise.ok")
	}
	return p.c.texts.T("api.promise.fail", chosen.promise)
}

// run calls.
func (p *callPane) run() {
	name := strings.TrimSpace(p.draft.method.Name)
	if p.call.Disabled() {
		return
	}
	if name == "" {
		p.complain(p.c.texts.T("api.method.missing"))
		return
	}
	if err := p.c.send(name, p.draft.json()); err != nil {
		p.complain(p.c.texts.T("join.mint.failed", err.Error()))
	}
}

// showResult shows the last result, of whatever method.
func (p *callPane) showResult() {
	t, last := p.c.texts, p.c.last
	if waits := p.c.states[p.draft.method.Name] == widgets.MethodWaiting; waits != p.waiting.Visible() {
		show(p.waiting, waits)
		if waits {
			p.waiting.Start()
		} else {
			p.waiting.Stop()
		}
	}
	if last == nil {
		p.result.Set(t.T("api.result.none"), false)
		p.numbers.SetText("")
		p.copy.SetEnabled(false)
		p.copyJSON.Disable()
		return
	}
	p.result.Set(last.failure.Msg, !last.ok)
	numbers := fmt.Sprintf("%d ms", last.elapsed.Milliseconds())
	if last.failure.No != 0 {
		numbers = fmt.Sprintf("errNo %d   errorCode %d   errorType %s   %s", last.failure.No, last.failure.Code, last.failure.Type, numbers)
	}
	p.numbers.SetText(numbers)
	p.copy.SetEnabled(true)
	p.copyJSON.Enable()
}

func (p *callPane) copyText() {
	p.c.cfg.Command("api.result.copy", nil, func() { p.c.cfg.Copy(p.c.last.failure.Msg) })
}

func (p *callPane) copyObject() {
	p.c.cfg.Command("api.result.json", nil, func() { p.c.cfg.Copy(p.c.last.json) })
}

// presetWords names a preset for people.
func (p *callPane) presetWords(chosen preset) string {
	t := p.c.texts
	switch chosen.kind {
	case presetValid:
		return t.T("api.preset.valid")
	case presetVariant:
		return chosen.variant
	case presetEmpty:
		return t.T("api.preset.empty")
	case presetTooLong:
		return t.T("api.preset.toolong")
	case presetBadChars:
		return t.T("api.preset.badchars")
	case presetType:
		return t.T("api.preset.type")
	case presetMissing:
		return t.T("api.preset.missing")
	case presetEnum:
		return t.T("api.preset.enum")
	case presetTokenExpired:
		return t.T("api.preset.token.expired")
	case presetTokenSignature:
		return t.T("api.preset.token.signature")
	case presetTokenUser:
		return t.T("api.preset.token.user")
	case presetTokenRoom:
		return t.T("api.preset.token.room")
	case presetTokenMalformed:
		return t.T("api.preset.token.malformed")
	}
	return t.T("api.preset.token.ending")
}

// groupWords names a group for people.
func (c *Console) groupWords(group bridge.Group) string {
	t := c.texts
	return map[bridge.Group]string{
		bridge.Room: t.T("api.group.room"), bridge.Audio: t.T("api.group.audio"), bridge.Video: t.T("api.group.video"),
		bridge.Stream: t.T("api.group.stream"), bridge.Screen: t.T("api.group.screen"), bridge.Messages: t.T("api.group.message"),
		bridge.Device: t.T("api.group.device"), bridge.Events: t.T("api.group.events"), bridge.Script: t.T("api.group.script"),
	}[group]
}
