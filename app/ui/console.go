package ui

import (
	"encoding/json"
	"fmt"
	"slices"
	"strings"

	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/container"
	"fyne.io/fyne/v2/widget"

	"parlor/app/bridge"
	"parlor/app/room"
	"parlor/assets"
	"parlor/widgets"
)

// console is the testers' view of the API: parameters, a button for each call, the last result and the
// log. It is narrow in the side panel and wide on its own page.
type console struct {
	w       *Window
	content *fyne.Container

	appID, roomID, userID, token, method, params *widgets.Entry
	streamType                                   *widget.Select
	autoPublish, autoSubscribe                   *widget.Check
	wrong                                        *widget.Label
	result, failure                              *widgets.ErrorLine
	detail                                       *widgets.Entry
	log                                          *widgets.LogList
	filter                                       *widgets.Tabs
	prefilled                                    form
	next                                         map[string]int // state that the toggle of a method sends next
}

const consoleNames = 88 // width of the names before fields

func newConsole(w *Window) *console {
	t := w.texts
	c := &console{w: w, next: map[string]int{}}
	c.appID, c.roomID, c.userID, c.token = c.entry("appId"), c.entry("roomId"), c.entry("userId"), c.entry("token")
	c.method, c.params = c.entry("method"), widgets.NewLines(`{"state": 2}`, 2)
	w.adopt(c.params)
	w.register("api.form.params", c.params)
	c.method.SetPlaceHolder("changeAudioCapture")
	c.appID.SetText(w.cfg.AppID)
	c.streamType = widget.NewSelect([]string{string(room.StreamAudio), string(room.StreamVideo), string(room.StreamBoth)}, nil)
	c.streamType.Selected = string(room.StreamAudio)
	c.autoPublish, c.autoSubscribe = widget.NewCheck("autoPublish", nil), widget.NewCheck("autoSubscribe", nil)
	c.autoPublish.Checked, c.autoSubscribe.Checked = true, true
	c.wrong = caption("")
	c.wrong.Importance = widget.DangerImportance
	c.wrong.Wrapping = fyne.TextWrapWord
	c.wrong.Hide()
	c.result, c.failure = widgets.NewErrorLine(), widgets.NewErrorLine()
	c.result.Leading, c.failure.Leading = true, true
	c.detail = widgets.NewLines("", 3)
	c.detail.TextStyle.Monospace = true
	w.adopt(c.detail)
	c.log = widgets.NewLogList(t.T("api.empty"))
	c.detail.Hide()
	c.log.OnChosen = func(row widgets.LogRow) {
		c.detail.SetText(row.Detail)
		setVisible(c.detail, true)
		c.content.Refresh()
	}
	c.filter = widgets.NewSegments(t.T("api.log.all"), t.T("api.log.calls"), t.T("api.log.events"))
	c.filter.OnChosen = func(i int) { c.log.SetMarks([]string{"", "><", "*!"}[i]) }
	w.register("api.form.streamType", c.streamType)
	w.register("api.form.autoPublish", c.autoPublish)
	w.register("api.form.autoSubscribe", c.autoSubscribe)
	w.register("api.result", c.result)
	w.register("api.error", c.failure)
	w.register("api.detail", c.detail)
	w.register("api.log", c.log)
	for i, id := range []string{"all", "calls", "events"} {
		w.register("api.log."+id, c.filter.Item(i))
	}
	c.build()
	return c
}

func (c *console) entry(name string) *widgets.Entry {
	e := widgets.NewEntry("")
	c.w.adopt(e)
	c.w.register("api.form."+name, e)
	return e
}

// build arranges the form and the log: below each other when narrow, side by side when wide.
func (c *console) build() {
	form := container.NewVScroll(inset(10, 12, 16, 16, c.newForm()))
	output := c.newOutput()
	edge := separator()
	lay := &custom{min: func() fyne.Size { return fyne.NewSize(panelWidth-1, 400) }}
	c.content = container.New(lay, form, edge, output)
	lay.place = func(size fyne.Size) {
		if size.Width < 2*panelWidth {
			h := size.Height * 0.56
			put(form, 0, 0, size.Width, h)
			put(edge, 0, h, size.Width, 1)
			put(output, 0, h+1, size.Width, size.Height-h-1)
			return
		}
		const width = 372
		put(form, 0, 0, width, size.Height)
		put(edge, width, 0, 1, size.Height)
		put(output, width+1, 0, size.Width-width-1, size.Height)
	}
}

func (c *console) newForm() fyne.CanvasObject {
	t := c.w.texts
	mint := widget.NewButton(t.T("api.mint"), c.mint)
	c.w.register("api.mint", mint)
	token := fyne.CanvasObject(c.token)
	if c.w.cfg.CanMint {
		token = container.NewBorder(nil, nil, nil, mint, c.token)
	}
	call := widget.NewButton(t.T("api.call"), c.raw)
	c.w.register("api.call", call)
	return column(6,
		section(t.T("api.params")),
		labelled("appId", consoleNames, c.appID),
		labelled("roomId", consoleNames, c.roomID),
		labelled("userId", consoleNames, c.userID),
		labelled("token", consoleNames, token),
		labelled("streamType", consoleNames, c.streamType),
		row(4, c.autoPublish, c.autoSubscribe),
		inset(8, 0, 0, 0, section(t.T("api.calls"))),
		c.button("createRtcRoomContext", c.create),
		container.NewGridWithColumns(2, c.button("joinRtcRoom", c.join), c.button("exitRtcRoom", c.exit)),
		c.button("updateToken", c.updateToken),
		c.switcher("changeAudioCapture"),
		c.switcher("changeVideoCapture"),
		c.switcher("changeStreamPublishState"),
		inset(8, 0, 0, 0, section(t.T("api.raw"))),
		labelled("method", consoleNames, c.method),
		c.params, c.wrong, call,
	)
}

func (c *console) newOutput() fyne.CanvasObject {
	t := c.w.texts
	clearLog := widgets.NewToolButton(assets.Clear, "", func() {
		c.log.Clear()
		setVisible(c.detail, false)
		c.content.Refresh()
	})
	clearLog.SetTip(t.T("api.clear"))
	clearLog.SetLook(widgets.LookFlat)
	copyAll := widgets.NewToolButton(assets.Copy, "", c.copyLog)
	copyAll.SetTip(t.T("api.copy"))
	copyAll.SetLook(widgets.LookFlat)
	c.w.register("api.log.clear", clearLog)
	c.w.register("api.log.copy", copyAll)
	head := container.NewBorder(nil, nil, nil, row(0, copyAll, clearLog), c.filter)
	lines := column(0, container.New(&fixedHeight{22}, c.result), container.New(&fixedHeight{22}, c.failure))
	top := column(6, inset(4, 0, 4, 4, lines), head)
	return inset(6, 8, 12, 12, container.NewBorder(top, c.detail, nil, nil, c.log))
}

// fixedHeight gives its only object exactly a height.
type fixedHeight struct{ height float32 }

func (f *fixedHeight) Layout(objects []fyne.CanvasObject, size fyne.Size) {
	put(objects[0], 0, 0, size.Width, size.Height)
}

func (f *fixedHeight) MinSize(objects []fyne.CanvasObject) fyne.Size {
	return fyne.NewSize(objects[0].MinSize().Width, f.height)
}

func (c *console) button(method string, tapped func()) *widget.Button {
	b := widget.NewButton(method, tapped)
	c.w.register("api."+method, b)
	return b
}

// switcher is a button that sends 1 and 0 in turn, as the documents' sample does, and one button
// for each.
func (c *console) switcher(method string) fyne.CanvasObject {
	send := func(state int) {
		c.next[method] = 1 - state
		params := map[string]any{"state": state}
		if method == "changeStreamPublishState" {
			params["streamType"] = c.streamType.Selected
		}
		c.w.call(method, params)
	}
	c.next[method] = 1
	turn := c.button(method, func() { send(c.next[method]) })
	on, off := widget.NewButton("1", func() { send(1) }), widget.NewButton("0", func() { send(0) })
	c.w.register("api."+method+".1", on)
	c.w.register("api."+method+".0", off)
	return container.NewBorder(nil, nil, nil, row(4, on, off), turn)
}

func (c *console) create() {
	c.w.call("createRtcRoomContext", map[string]any{"appId": c.appID.Text})
}

func (c *console) join() {
	params := map[string]any{"roomId": c.roomID.Text, "token": c.token.Text, "userId": c.userID.Text}
	if !c.autoPublish.Checked || !c.autoSubscribe.Checked {
		params["roomConfig"] = map[string]any{"autoPublish": c.autoPublish.Checked, "autoSubscribe": c.autoSubscribe.Checked}
	}
	c.w.call("joinRtcRoom", params)
}

func (c *console) exit() { c.w.call("exitRtcRoom", map[string]any{"roomId": c.roomID.Text}) }

func (c *console) updateToken() { c.w.call("updateToken", map[string]any{"token": c.token.Text}) }

// mint fills the token field; it calls no API.
func (c *console) mint() {
	token, err := c.w.cfg.Backend.MintToken(c.roomID.Text, c.userID.Text)
	if err != nil {
		c.complain(c.w.texts.T("join.mint.failed", err.Error()))
		return
	}
	c.complain("")
	c.token.SetText(token)
}

// raw calls any method with any JSON object.
func (c *console) raw() {
	params := map[string]any{}
	if text := strings.TrimSpace(c.params.Text); text != "" {
		if err := json.Unmarshal([]byte(text), &params); err != nil {
			c.complain(c.w.texts.T("api.json.wrong"))
			return
		}
	}
	method := strings.TrimSpace(c.method.Text)
	if method == "" {
		c.complain(c.w.texts.T("api.method.missing"))
		return
	}
	if !slices.ContainsFunc(bridge.Methods(), func(m bridge.Method) bool { return m.Name == method && !ours(method) }) {
		c.complain(c.w.texts.T("api.method.unknown", method))
		return
	}
	c.complain("")
	c.w.call(method, params)
}

func (c *console) complain(words string) {
	c.wrong.SetText(words)
	setVisible(c.wrong, words != "")
	c.content.Refresh()
}

func (c *console) copyLog() {
	var b strings.Builder
	for _, row := range c.log.Rows(widgets.LogCapacity) {
		fmt.Fprintln(&b, row)
	}
	c.w.copy(b.String())
}

// show follows the start page's fields for as long as the tester has not typed others.
func (c *console) show() {
	f := c.w.state.form
	follow := func(e *widgets.Entry, old, value string) {
		if e.Text == old && old != value || e.Text == "" && value != "" && old == "" {
			e.SetText(value)
		}
	}
	follow(c.roomID, c.prefilled.roomID, f.roomID)
	follow(c.userID, c.prefilled.userID, f.userID)
	token := first(c.w.state.token, f.token)
	follow(c.token, c.prefilled.token, token)
	c.prefilled = f
	c.prefilled.token = token
	st := &c.w.state
	c.result.Set(first(st.lastResult, c.w.texts.T("api.result.none")), st.lastResult != "" && !st.resultOK)
	c.failure.Set(st.errorLine, st.errorLine != noError)
}
