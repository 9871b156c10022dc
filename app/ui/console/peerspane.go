package console

import (
	"fmt"

	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/container"
	"fyne.io/fyne/v2/widget"

	"parlor/assets"
	"parlor/widgets"
)

// Peer is a virtual user in the room.
type Peer struct {
	UserID     string `json:"userId"`
	Microphone bool   `json:"microphone"`
	Camera     bool   `json:"camera"`
	Screen     bool   `json:"screen"`
	Joining    bool   `json:"joining,omitempty"` // not in the room yet
}

// MaxPeers is how many virtual users there may be: each costs an encoder's worth of network.
const MaxPeers = 9

// peersPane is the list of virtual users.
type peersPane struct {
	c       *Console
	host    Host
	content *fyne.Container
	name    *widgets.Entry
	add     *widgets.Button
	all     *widgets.Button
	ids     []string
	box     *fyne.Container
	empty   *widget.Label
}

func newPeersPane(c *Console, host Host) *peersPane {
	t := c.texts
	p := &peersPane{c: c, host: host, box: column(4), empty: caption(t.T("api.peers.empty"))}
	p.name = widgets.NewEntry(t.T("api.peers.name"))
	p.add = widgets.NewButton(t.T("api.peers.add"), p.addPeer)
	p.name.OnSubmitted = func(string) { p.addPeer() }
	p.all = widgets.NewButton(t.T("api.peers.all"), func() { c.cfg.Call("x-removePeer", []byte("{}")) })
	host.Adopt(p.name)
	host.Register("api.peers.name", p.name)
	host.Register("api.peers.add", p.add)
	host.Register("api.peers.removeAll", p.all)
	head := container.NewBorder(nil, nil, nil, p.add, p.name)
	p.content = container.NewBorder(inset(0, 6, 0, 0, head), inset(6, 0, 0, 0, p.all), nil, nil, container.NewVScroll(p.box))
	p.show()
	return p
}

// SetPeers shows the virtual users that there are.
func (c *Console) SetPeers(peers []Peer) {
	c.peers = peers
	c.onPage(func(p *page) { p.peers.show(); p.showHead() })
}

func (p *peersPane) addPeer() {
	params := map[string]any{}
	if p.name.Text != "" {
		params["userId"] = p.name.Text
	}
	p.name.SetText("")
	p.c.cfg.Call("x-addPeer", jsonOf(params))
}

func (p *peersPane) show() {
	t := p.c.texts
	for _, id := range p.ids {
		p.host.Register(id, nil)
	}
	p.ids, p.box.Objects = nil, nil
	for _, peer := range p.c.peers {
		p.box.Add(p.line(peer))
	}
	if len(p.c.peers) == 0 {
		p.box.Add(p.empty)
	}
	enable(p.all, len(p.c.peers) > 0)
	enable(p.add, len(p.c.peers) < MaxPeers)
	p.all.SetText(t.T("api.peers.all"))
	p.box.Refresh()
}

// line is one virtual user: what it sends can be turned on and off.
func (p *peersPane) line(peer Peer) fyne.CanvasObject {
	t := p.c.texts
	name := widget.NewLabel(peer.UserID)
	name.Truncation = fyne.TextTruncateEllipsis
	if peer.Joining {
		name.SetText(t.T("api.peers.joining", peer.UserID))
	}
	turn := func(id string, on bool, icon, off assets.IconName, field, tip string) fyne.CanvasObject {
		b := widgets.NewToolButton(icon, "", func() {
			p.c.cfg.Call("x-setPeer", jsonOf(map[string]any{"userId": peer.UserID, field: !on}))
		})
		if !on {
			b.Set(off, "", widgets.LookOff)
		}
		b.SetTip(tip)
		b.SetEnabled(!peer.Joining)
		p.register(fmt.Sprintf("api.peer.%s.%s", peer.UserID, id), b)
		return b
	}
	leave := tool(assets.Close, t.T("api.peers.leave", peer.UserID), func() {
		p.c.cfg.Call("x-removePeer", jsonOf(map[string]any{"userId": peer.UserID}))
	})
	p.register("api.peer."+peer.UserID+".leave", leave)
	return container.NewBorder(nil, nil, nil, row(4,
		turn("mic", peer.Microphone, assets.Mic, assets.MicOff, "microphone", t.T("api.peers.mic", peer.UserID)),
		turn("camera", peer.Camera, assets.Camera, assets.CameraOff, "camera", t.T("api.peers.camera", peer.UserID)),
		turn("screen", peer.Screen, assets.ShareStop, assets.Share, "screen", t.T("api.peers.screen", peer.UserID)),
		leave), flushLeft(name))
}

func (p *peersPane) register(id string, o fyne.CanvasObject) {
	p.host.Register(id, o)
	p.ids = append(p.ids, id)
}

// enable enables or disables a button; calling it again with the same value costs nothing.
func enable(b *widgets.Button, on bool) {
	switch {
	case on != b.Disabled():
	case on:
		b.Enable()
	default:
		b.Disable()
	}
}
