package console

import (
	"strconv"
	"strings"

	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/container"
	"fyne.io/fyne/v2/widget"

	"parlor/assets"
	"parlor/widgets"
)

// Faults is what a tester broke on purpose.
type Faults struct {
	LossPercent float64 `json:"lossPercent"`
	DelayMS     float64 `json:"delayMs"`
	JitterMS    float64 `json:"jitterMs"`
	RateKbps    float64 `json:"rateKbps"` // 0: no limit
	Cut         bool    `json:"cut"`      // the network is cut
	Microphone  bool    `json:"microphone"`
	Camera      bool    `json:"camera"` // unplugged
}

// Words are the faults in a few words, "" for none.
func (f Faults) Words(t *assets.Texts) string {
	var words []string
	add := func(on bool, text string) {
		if on {
			words = append(words, text)
		}
	}
	add(f.LossPercent > 0, t.T("api.fault.is.loss", f.LossPercent))
	add(f.DelayMS > 0, t.T("api.fault.is.delay", f.DelayMS))
	add(f.JitterMS > 0, t.T("api.fault.is.jitter", f.JitterMS))
	add(f.RateKbps > 0, t.T("api.fault.is.rate", f.RateKbps))
	add(f.Cut, t.T("api.fault.is.cut"))
	add(f.Microphone, t.T("api.fault.is.mic"))
	add(f.Camera, t.T("api.fault.is.camera"))
	return strings.Join(words, t.T("api.fault.is.and"))
}

// faultsPane is where things are broken on purpose.
type faultsPane struct {
	c       *Console
	content *fyne.Container
	fields  map[string]*widgets.Entry // by the name of the parameter of x-network
	wrong   *widget.Label
	now     *widget.Label
	mic     *widgets.Button
	camera  *widgets.Button
	buttons []*widgets.Button // all
	body    *fyne.Container
}

// networkFields are the parameters of x-network, with the number that a tester tries first.
var networkFields = []struct{ id, name, hint, unit string }{
	{"loss", "lossPercent", "5", "%"}, {"delay", "delayMs", "100", "ms"}, {"jitter", "jitterMs", "30", "ms"}, {"rate", "rateKbps", "500", "kb/s"},
}

func newFaultsPane(c *Console, host Host) *faultsPane {
	t := c.texts
	p := &faultsPane{c: c, fields: make(map[string]*widgets.Entry), wrong: caption(""), now: caption("")}
	p.wrong.Importance = widget.DangerImportance
	p.wrong.Hide()
	button := func(id, words string, tapped func()) *widgets.Button {
		b := widgets.NewButton(words, tapped)
		host.Register("api.fault."+id, b)
		p.buttons = append(p.buttons, b)
		return b
	}
	call := func(method, params string) func() { return func() { c.cfg.Call(method, []byte(params)) } }
	network := column(4)
	for _, f := range networkFields {
		e := widgets.NewEntry(f.hint)
		e.OnSubmitted = func(string) { p.apply() }
		host.Adopt(e)
		host.Register("api.fault."+f.id, e)
		p.fields[f.name] = e
		network.Add(container.NewBorder(nil, nil, wide(110, flushLeft(widget.NewLabel(p.fieldWords(f.name)))),
			wide(44, widget.NewLabel(f.unit)), e))
	}
	p.mic = button("microphone", "", func() { p.plug("microphone", c.faults.Microphone) })
	p.camera = button("camera", "", func() { p.plug("camera", c.faults.Camera) })
	p.body = column(6, flush(bold(t.T("api.fault.network"))), flush(p.now), network, p.wrong,
		container.NewGridWithColumns(2, button("apply", t.T("api.fault.apply"), p.apply),
			button("off", t.T("api.fault.off"), call("x-network", `{"lossPercent":0,"delayMs":0,"jitterMs":0,"rateKbps":0,"cut":0}`))),
		container.NewGridWithColumns(2, button("cut5", t.T("api.fault.cut", 5), call("x-network", `{"cut":5000}`)),
			button("cut30", t.T("api.fault.cut", 30), call("x-network", `{"cut":30000}`))),
		inset(8, 0, 0, 0, flush(bold(t.T("api.fault.devices")))), container.NewGridWithColumns(2, p.mic, p.camera),
		inset(8, 0, 0, 0, flush(bold(t.T("api.fault.room")))),
		container.NewGridWithColumns(2, button("token", t.T("api.fault.token"), p.shortToken),
			button("server", t.T("api.fault.server"), call("x-restartServer", "{}"))),
		container.NewGridWithColumns(2, button("kick", t.T("api.fault.kick"), call("x-removeUser", "{}")),
			button("end", t.T("api.fault.end"), call("x-endRoom", "{}"))),
	)
	p.content = container.NewStack(container.NewVScroll(inset(4, 8, 0, 8, p.body)))
	p.show()
	return p
}

func (p *faultsPane) fieldWords(name string) string {
	t := p.c.texts
	return map[string]string{
		"lossPercent": t.T("api.fault.loss"), "delayMs": t.T("api.fault.delay"), "jitterMs": t.T("api.fault.jitter"),
		"rateKbps": t.T("api.fault.rate"),
	}[name]
}

// SetFaults shows what is broken.
func (c *Console) SetFaults(f Faults) {
	c.faults = f
	c.onPage(func(p *page) { p.faults.show(); p.showHead() })
}

func (p *faultsPane) show() {
	t := p.c.texts
	words := p.c.faults.Words(t)
	if words == "" {
		words = t.T("api.fault.none")
	}
	if !p.c.situation.Faults {
		words = t.T("api.fault.forbidden")
	}
	p.now.SetText(words)
	for _, b := range p.buttons {
		enable(b, p.c.situation.Faults)
	}
	mic, camera := t.T("api.fault.unplug.mic"), t.T("api.fault.unplug.camera")
	if p.c.faults.Microphone {
		mic = t.T("api.fault.plug.mic")
	}
	if p.c.faults.Camera {
		camera = t.T("api.fault.plug.camera")
	}
	p.mic.SetText(mic)
	p.camera.SetText(camera)
}

// apply sets the conditions that are typed; an empty field is 0.
func (p *faultsPane) apply() {
	params, wrong := make(map[string]any), ""
	for _, f := range networkFields {
		text := strings.TrimSpace(p.fields[f.name].Text)
		if text == "" {
			text = "0"
		}
		n, err := strconv.ParseFloat(text, 64)
		if err != nil || !(n >= 0) {
			wrong = p.c.texts.T("api.fault.wrong", p.fieldWords(f.name))
			break
		}
		params[f.name] = n
	}
	p.complain(wrong)
	if wrong == "" && p.c.situation.Faults {
		p.c.cfg.Call("x-network", jsonOf(params))
	}
}

func (p *faultsPane) plug(kind string, unplugged bool) {
	method := "x-unplug"
	if unplugged {
		method = "x-plug"
	}
	p.c.cfg.Call(method, jsonOf(map[string]any{"kind": kind}))
}

// shortToken gives the room a token that ends in 10 s.
func (p *faultsPane) shortToken() {
	if err := p.c.send("updateToken", `{"token":"{{token ttl=10}}"}`); err != nil {
		p.complain(p.c.texts.T("join.mint.failed", err.Error()))
	}
}

func (p *faultsPane) complain(words string) {
	p.wrong.SetText(words)
	show(p.wrong, words != "")
	p.body.Refresh()
}
