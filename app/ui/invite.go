package ui

import (
	"net/url"
	"slices"
	"time"

	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/canvas"
	"fyne.io/fyne/v2/container"
	"fyne.io/fyne/v2/theme"
	"fyne.io/fyne/v2/widget"
	"github.com/skip2/go-qrcode"

	"parlor/app/link"
	"parlor/app/token"
	"parlor/assets"
	"parlor/widgets"
)

// ticket says whom an invitation lets in by itself.
type ticket uint8

const (
	ticketAnyone ticket = iota // whoever has it
	ticketNamed                // one person
	ticketNone                 // nobody: a token comes another way
)

// ticketNames are the tickets' names in rows.
var ticketNames = [...]string{ticketAnyone: "anyone", ticketNamed: "named", ticketNone: "none"}

// invitation is what the next copied link is like.
type invitation struct {
	ticket  ticket
	user    string // for ticketNamed
	address string // of the server as others reach it; "": the best one
}

// invitationEdited is the one message of the form.
type invitationEdited struct{ invitation invitation }

// reduce returns the part after a message.
func (i invitation) reduce(m any) invitation {
	if m, ok := m.(invitationEdited); ok {
		return m.invitation
	}
	return i
}

// inviteForm makes links that invite others.
type inviteForm struct {
	w       *Window
	content *fyne.Container
	tickets *widgets.Select
	user    *widgets.Entry
	address *widgets.Select
	note    *widget.Label
	buttons []*widgets.Button
	link    *widgets.Button

	kinds   []string  // choices of tickets
	servers []string  // choices of address
	copied  time.Time // until when the button says so
}

func newInviteForm(w *Window) *inviteForm {
	t := w.texts
	f := &inviteForm{w: w, user: widgets.NewEntry(t.T("invite.user")), note: caption("")}
	kinds := []string{t.T("invite.anyone"), t.T("invite.named"), t.T("invite.none")}
	f.tickets = widgets.NewSelect(kinds, func(chosen string) {
		i := slices.Index(kinds, chosen)
		w.command("invite.ticket", map[string]any{"for": ticketNames[i]}, func() { f.edit(func(v *invitation) { v.ticket = ticket(i) }) })
	})
	f.kinds = kinds
	f.user.OnChanged = func(text string) { f.edit(func(v *invitation) { v.user = text }) }
	f.address = widgets.NewSelect(nil, func(address string) {
		w.command("invite.address", map[string]any{"server": address}, func() { f.edit(func(v *invitation) { v.address = address }) })
	})
	f.note.Wrapping = fyne.TextWrapWord
	f.link = widgets.NewIconButton(t.T("invite.link"), assets.Icon(assets.Link, theme.ColorNameForegroundOnPrimary), w.copyInvitation)
	f.link.Importance = widget.HighImportance
	code := widgets.NewIconButton(t.T("invite.code"), assets.Icon(assets.QR, theme.ColorNameForeground), w.openCode)
	command := widgets.NewIconButton(t.T("invite.command"), assets.Icon(assets.Terminal, theme.ColorNameForeground), w.copyCommand)
	f.buttons = []*widgets.Button{f.link, code, command}
	w.adopt(f.user)
	for id, o := range map[string]fyne.CanvasObject{
		"invite.ticket": f.tickets, "invite.user": f.user,
		"invite.address": f.address, "invite.link": f.link, "invite.code": code, "invite.command": command,
	} {
		w.register(id, o)
	}
	f.content = column(8, section(t.T("invite.title")), f.tickets, f.user, f.address,
		container.New(&wrapping{gap: 6}, f.link, code, command), flush(f.note))
	return f
}

// edit changes the invitation.
func (f *inviteForm) edit(change func(*invitation)) {
	v := f.w.state.invite
	change(&v)
	if v != f.w.state.invite {
		f.w.send(invitationEdited{v})
	}
}

func (f *inviteForm) show() {
	v := f.w.state.invite
	setVisible(f.tickets, f.w.cfg.CanMint)
	f.tickets.Set(f.kinds, int(v.ticket))
	setVisible(f.user, f.w.cfg.CanMint && v.ticket == ticketNamed)
	if f.user.Text != v.user {
		f.user.SetText(v.user)
	}
	f.servers = f.servers[:0]
	for _, l := range f.w.invitations() {
		f.servers = append(f.servers, l.Server)
	}
	setVisible(f.address, len(f.servers) > 1)
	f.address.Set(f.servers, f.chosen())
	for _, b := range f.buttons {
		if wrong := v.ticket == ticketNamed && !widgets.ValidID(v.user); wrong != b.Disabled() {
			if wrong {
				b.Disable()
			} else {
				b.Enable()
			}
		}
	}
	f.note.SetText(f.noteWords())
	f.tick()
}

// chosen is the place of the address in the list.
func (f *inviteForm) chosen() int {
	for i, server := range f.servers {
		if server == f.w.state.invite.address {
			return i
		}
	}
	return 0
}

// tick takes the words back that the link was copied.
func (f *inviteForm) tick() {
	words := f.w.texts.T("invite.link")
	if f.w.now().Before(f.copied) {
		words = f.w.texts.T("invite.copied")
	}
	if f.link.Text != words {
		f.link.SetText(words)
	}
}

// noteWords says what one should know before passing the link on.
func (f *inviteForm) noteWords() string {
	t, v := f.w.texts, f.w.state.invite
	if len(f.servers) > 0 && loopback(f.servers[f.chosen()]) {
		return t.T("invite.note.here")
	}
	switch {
	case !f.w.cfg.CanMint, v.ticket == ticketNone:
		return t.T("invite.note.none")
	case v.ticket == ticketNamed:
		return t.T("invite.note.named")
	}
	return t.T("invite.note.anyone")
}

// loopback tells whether only this machine reaches a server.
func loopback(server string) bool {
	u, err := url.Parse(server)
	if err != nil {
		return false
	}
	name := u.Hostname()
	return name == "localhost" || name == "::1" || len(name) > 4 && name[:4] == "127."
}

// invitations are the addresses of the server as others reach it, as links to the present room.
func (w *Window) invitations() []link.Link {
	list := []link.Link{{Server: w.cfg.Server, AppID: w.state.appID}}
	if w.cfg.Invite != nil {
		list = w.cfg.Invite()
	}
	for i := range list {
		list[i].RoomID = w.state.roomID
	}
	return list
}

// newInvitation makes the link that the form describes, with a new ticket.
func (w *Window) newInvitation() (link.Link, error) {
	v := w.state.invite
	list := w.invitations()
	l := list[0]
	for _, other := range list {
		if other.Server == v.address {
			l = other
		}
	}
	if !w.cfg.CanMint || v.ticket == ticketNone {
		return l, nil
	}
	user := token.GuestUser
	if v.ticket == ticketNamed {
		l.UserID, user = v.user, v.user
	}
	var err error
	l.Token, err = w.cfg.Backend.MintToken(l.RoomID, user)
	return l, err
}

// withInvitation does something with a new link as one command.
func (w *Window) withInvitation(name string, do func(link.Link)) {
	v := w.state.invite
	w.command(name, map[string]any{"for": ticketNames[v.ticket]}, func() {
		l, err := w.newInvitation()
		if err != nil {
			w.send(noticeCame{notice{noticeWords, w.texts.T("join.mint.failed", err.Error())}})
			return
		}
		do(l)
	})
}

// copyInvitation is the button that copies a link, wherever it stands.
func (w *Window) copyInvitation() {
	w.withInvitation("invite.link", func(l link.Link) {
		w.copy(l.String())
		w.room.side.info.invite.copied = w.now().Add(copiedFor)
		w.room.side.info.invite.tick()
		w.toast(w.texts.T("invite.copied.toast"))
	})
}

// copyCommand copies the line that starts the program and joins.
func (w *Window) copyCommand() {
	w.withInvitation("invite.command", func(l link.Link) {
		w.copy(l.Command())
		w.toast(w.texts.T("invite.command.toast"))
	})
}

// openCode shows the link as a picture for the camera of a telephone.
func (w *Window) openCode() {
	w.withInvitation("invite.code", func(l link.Link) {
		code, err := qrcode.New(l.String(), qrcode.Medium)
		if err != nil { // longer than any code
			w.toast(err.Error())
			return
		}
		const size = 288
		img := canvas.NewImageFromImage(code.Image(size * 2)) // sharp on fine screens
		img.FillMode, img.ScaleMode = canvas.ImageFillContain, canvas.ImageScaleFastest
		img.SetMinSize(fyne.NewSize(size, size))
		words := caption(w.texts.T("invite.code.words", l.RoomID, l.Server))
		words.Wrapping = fyne.TextWrapWord
		w.openDialog(w.texts.T("invite.code.title"), container.New(&fixedWidth{size}, column(6, img, flush(words))), nil, nil)
	})
}
