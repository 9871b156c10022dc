package ui

import (
	"net/url"
	"strconv"
	"strings"
	"time"

	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/container"
	"fyne.io/fyne/v2/driver/desktop"

	"parlor/app/link"
	"parlor/app/room"
	"parlor/assets"
	"parlor/media/clip"
	"parlor/widgets"
)

// chatScreen is the panel with the messages of the room.
type chatScreen struct {
	w       *Window
	content *fyne.Container
	list    *widgets.ChatList
	entry   *widgets.ChatEntry
	more    *widgets.ToolButton

	drawn  chatState // what the list shows
	day    string    // of drawing: words for days change at midnight
	shown  bool      // on screen
	hints  []slash
	failed []string // ids of controls in the list
}

func newChatScreen(w *Window) *chatScreen {
	t := w.texts
	s := &chatScreen{w: w, list: widgets.NewChatList(t, t.T("chat.empty")), entry: widgets.NewChatEntry(t, room.MaxMessage)}
	s.list.OnLink = w.openAddress
	s.list.OnMenu = s.openMenu
	s.list.OnRetry = func(id uint64) { w.command("chat.retry", nil, func() { w.retryMessage(id - idUnsent) }) }
	s.list.OnDiscard = func(id uint64) { w.command("chat.discard", nil, func() { w.send(chatDiscarded{id - idUnsent}) }) }
	s.list.OnRows = s.registerRows
	s.list.OnCopy = func(text string) { w.command("chat.copy", nil, func() { w.copy(text) }) }
	s.list.OnShortcut = func(s fyne.Shortcut) {
		if custom, ok := s.(*desktop.CustomShortcut); ok {
			w.pressed(custom.KeyName, custom.Modifier)
		}
	}
	s.list.Jump.OnTapped = func() { w.command("chat.newest", nil, s.list.ScrollToNewest) }
	s.entry.OnSubmit = s.submit
	s.entry.OnChanged = s.typed
	s.entry.OnHint = func(i int) { s.chooseHint(s.hints[i]) }
	s.entry.OnHeight = func() { s.content.Refresh() }
	w.adopt(s.entry.Field)
	s.more = widgets.NewToolButton(assets.More, "", s.openMore)
	s.more.SetLook(widgets.LookFlat)
	s.more.SetTip(t.T("chat.more"))
	for id, o := range map[string]fyne.CanvasObject{
		"chat.list": s.list, "chat.newest": s.list.Jump, "chat.entry": s.entry.Field, "chat.send": s.entry.Send, "chat.more": s.more,
	} {
		w.register(id, o)
	}
	s.build()
	return s
}

func (s *chatScreen) build() {
	whom := caption(s.w.texts.T("chat.everybody"))
	whom.Truncation = fyne.TextTruncateEllipsis
	lay := &custom{min: func() fyne.Size { return fyne.NewSize(panelWidth-1, 200) }}
	s.content = container.New(lay, whom, s.more, s.list, s.entry)
	lay.place = func(size fyne.Size) {
		const edge = 12
		head, foot := s.more.MinSize().Height, s.entry.MinSize().Height
		put(whom, 4, (head-whom.MinSize().Height)/2, size.Width-head-8, whom.MinSize().Height)
		put(s.more, size.Width-head-4, 0, head, head)
		put(s.list, 0, head, size.Width, size.Height-head-foot-2*edge+4)
		put(s.entry, edge, size.Height-foot-edge, size.Width-2*edge, foot)
	}
}

// show draws the messages when there is another one, and what may be typed.
func (s *chatScreen) show() {
	chat, day := &s.w.state.chat, s.w.now().Format(time.DateOnly)
	if s.drawn.last != chat.last || s.drawn.mark != chat.mark || s.drawn.quiet != chat.quiet || s.drawn.roomID != chat.roomID ||
		!sameOutbox(s.drawn.outbox, chat.outbox) || s.day != day {
		s.drawn, s.day = *chat, day
		s.list.SetLines(s.lines())
		s.registerRows()
	}
	if opened := chat.shown && !s.shown; opened && chat.mark != 0 {
		s.list.ShowFrom(chat.mark*idPlaces + idMark)
	}
	s.shown = chat.shown
}

// hide tells that another panel is shown.
func (s *chatScreen) hide() { s.shown = false }

func sameOutbox(a, b []outgoing) bool {
	if len(a) != len(b) {
		return false
	}
	for i := range a {
		if a[i] != b[i] {
			return false
		}
	}
	return true
}

// groupTime is how long after a message the next one by the same person still belongs to it.
const groupTime = 3 * time.Minute

// The ids of lines in the list. Each line of the state has four of its own, because a day and a mark may stand before it; own
// messages on their way come after all of them.
const (
	idDropped = 1
	idPlaces  = 4
	idDay     = 1
	idMark    = 2
	idLine    = 3
	idUnsent  = 1 << 62
)

// lines is the chat as the list shows it.
func (s *chatScreen) lines() []widgets.ChatLine {
	chat, t := &s.w.state.chat, s.w.texts
	var list []widgets.ChatLine
	if chat.dropped > 0 {
		list = append(list, widgets.ChatLine{ID: idDropped, Kind: widgets.ChatNote, Text: t.T("chat.dropped", chatCapacity, chat.dropped)})
	}
	var day string
	var before *chatLine // of one person, without anything in between
	for i := range chat.lines {
		l := &chat.lines[i]
		if l.kind != chatText && chat.quiet {
			continue
		}
		at := l.at.Local()
		if d := at.Format(time.DateOnly); d != day {
			if day != "" || d != s.day { // no need to say that the first line is of today
				list = append(list, widgets.ChatLine{ID: l.id*idPlaces + idDay, Kind: widgets.ChatNote, Text: s.dayWords(at)})
			}
			day, before = d, nil
		}
		if l.id == chat.mark {
			list = append(list, widgets.ChatLine{ID: l.id*idPlaces + idMark, Kind: widgets.ChatNew})
			before = nil
		}
		line := widgets.ChatLine{ID: l.id*idPlaces + idLine, Own: l.own, Name: string(l.user), Time: at.Format("15:04"), Text: l.text}
		if l.kind != chatText {
			line = widgets.ChatLine{ID: line.ID, Kind: widgets.ChatNote, Text: s.noteWords(l)}
			before = nil
		} else {
			line.Head = before == nil || before.user != l.user || l.at.Sub(before.at) > groupTime
			before = l
		}
		list = append(list, line)
	}
	return append(list, s.unsent()...)
}

// unsent are the own messages that the others do not have yet, below all others.
func (s *chatScreen) unsent() []widgets.ChatLine {
	chat := &s.w.state.chat
	list := make([]widgets.ChatLine, len(chat.outbox))
	for i, o := range chat.outbox {
		line := widgets.ChatLine{
			ID: idUnsent + o.id, Own: true, Head: i == 0, Name: s.w.state.userID, Time: o.at.Local().Format("15:04"), Text: o.text,
		}
		switch o.phase {
		case outWaiting:
			line.State = widgets.ChatWaiting
		case outFailed:
			line.State, line.Reason = widgets.ChatFailed, first(o.why, s.w.texts.T("chat.failed.left"))
		default:
			line.State = widgets.ChatSending
		}
		list[i] = line
	}
	return list
}

func (s *chatScreen) dayWords(at time.Time) string {
	t, now := s.w.texts, s.w.now().Local()
	switch at.Format(time.DateOnly) {
	case s.day:
		return t.T("chat.today")
	case now.AddDate(0, 0, -1).Format(time.DateOnly):
		return t.T("chat.yesterday")
	}
	if t.Language() == assets.Chinese {
		return at.Format("2006年1月2日")
	}
	return at.Format("2 January 2006")
}

func (s *chatScreen) noteWords(l *chatLine) string {
	t, at := s.w.texts, l.at.Local().Format("15:04")
	switch l.kind {
	case chatJoined:
		return t.T("chat.joined", at, string(l.user))
	case chatLeft:
		return t.T("chat.left", at, string(l.user))
	case chatShares:
		return t.T("chat.shares", at, string(l.user))
	}
	return t.T("chat.unshare", at, string(l.user))
}

// registerRows gives the buttons of failed messages that are on screen their ids.
func (s *chatScreen) registerRows() {
	for _, id := range s.failed {
		delete(s.w.controls, id)
	}
	s.failed = s.failed[:0]
	n := 0
	for _, line := range s.list.Lines() {
		if line.State != widgets.ChatFailed {
			continue
		}
		n++
		if retry, discard := s.list.Retry(line.ID); retry != nil {
			ids := []string{"chat.failed." + strconv.Itoa(n) + ".retry", "chat.failed." + strconv.Itoa(n) + ".discard"}
			s.w.register(ids[0], retry)
			s.w.register(ids[1], discard)
			s.failed = append(s.failed, ids...)
		}
	}
}

// typed shows the commands that begin like what is typed.
func (s *chatScreen) typed(text string) {
	s.entry.SetProblem("")
	for i := range s.hints {
		delete(s.w.controls, "chat.hint."+strings.TrimPrefix(s.hints[i].name, "/"))
	}
	s.hints = s.w.slashHints(text)
	hints := make([]widgets.ChatHint, len(s.hints))
	for i, h := range s.hints {
		hints[i] = widgets.ChatHint{Text: strings.TrimSpace(h.name + " " + h.usage), Words: h.words}
	}
	s.entry.SetHints(hints)
	for i := range s.hints {
		s.w.register("chat.hint."+strings.TrimPrefix(s.hints[i].name, "/"), s.entry.Hint(i))
	}
}

// chooseHint runs a command that needs nothing more, or puts it into the field.
func (s *chatScreen) chooseHint(h slash) {
	if h.usage == "" {
		s.setText("")
		h.run(nil)
		return
	}
	s.w.command("chat.hint", map[string]any{"command": h.name}, func() { s.setText(h.name + " ") })
}

// setText fills the field and gives it the focus.
func (s *chatScreen) setText(text string) {
	s.entry.SetText(text)
	s.w.win.Canvas().Focus(s.entry.Field)
}

// submit is Enter and the button: a command, or a message.
func (s *chatScreen) submit(text string) {
	if name, arguments, ok := asSlash(text); ok {
		s.entry.SetText("")
		if wrong := s.w.runSlash(name, arguments); wrong != "" {
			s.entry.SetText(text)
			s.entry.SetProblem(wrong)
		}
		return
	}
	if strings.HasPrefix(text, "//") {
		text = text[1:]
	}
	text = strings.TrimSpace(text)
	if wrong := s.w.sendMessage(text); wrong != "" {
		s.entry.SetProblem(wrong)
		return
	}
	s.entry.SetText("")
	s.list.ScrollToNewest()
}

// sendMessage tells everybody in the room a text, or says why it is not even tried. While the connection is away the text
// waits and is sent on return, in order.
func (w *Window) sendMessage(text string) (wrong string) {
	chat := &w.state.chat
	if w.state.connection == room.Inside && chat.waiting() == 0 {
		w.call("x-sendMessage", map[string]any{"text": text})
		return ""
	}
	if chat.waiting() >= chatWaiting {
		return w.texts.T("chat.full", chatWaiting)
	}
	w.command("chat.wait", map[string]any{"bytes": len(text)}, func() { w.send(chatQueued{text}) })
	return ""
}

// chatAfter does what an event asks of the chat: what waited for the connection is sent when it is back, and a message that
// comes while another program has the keyboard can be heard.
func (w *Window) chatAfter(ev room.Event) {
	switch ev := ev.(type) {
	case room.ConnectionChanged:
		if ev.State == room.Inside {
			w.sendWaiting()
		}
	case room.MessageReceived:
		if w.state.frame.away && !ev.Missed && string(ev.Message.UserID) != w.state.userID {
			w.playSound(clip.SoundMessage)
		}
	}
}

// sendWaiting sends what waited for the connection, in order.
func (w *Window) sendWaiting() {
	for _, o := range w.state.chat.outbox {
		if o.phase == outWaiting {
			w.step("x-sendMessage", map[string]any{"text": o.text})
		}
	}
}

// retryMessage sends a message that failed once more.
func (w *Window) retryMessage(id uint64) {
	o, ok := w.state.chat.unsent(id)
	if !ok || o.phase != outFailed {
		return
	}
	if wrong := w.sendMessage(o.text); wrong != "" {
		w.room.side.chat.entry.SetProblem(wrong)
		return
	}
	w.send(chatRetried{o.id})
}

// mention opens the chat with a name in the field.
func (w *Window) mention(user room.UserID) {
	if w.state.side.shown() != panelChat {
		w.send(panelChosen{panelChat})
	}
	s := w.room.side.chat
	s.setText(strings.TrimLeft(s.entry.Field.Text+" @"+string(user)+" ", " "))
}

// openAddress opens an address of a message: an invitation here, others in the browser.
func (w *Window) openAddress(address string) {
	if link.Is(address) {
		l, err := link.Parse(address)
		if err != nil {
			w.command("chat.link", map[string]any{"error": err.Error()}, func() { w.toast(w.texts.T("chat.link.wrong", err.Error())) })
			return
		}
		w.OpenLink(l)
		return
	}
	w.command("chat.link", map[string]any{"url": address}, func() {
		u, err := url.Parse(address)
		if err == nil {
			err = w.cfg.App.OpenURL(u)
		}
		if err != nil {
			w.toast(w.texts.T("chat.link.wrong", err.Error()))
		}
	})
}

// openMenu is the menu of a message.
func (s *chatScreen) openMenu(line widgets.ChatLine, at fyne.Position) {
	w, t := s.w, s.w.texts
	copying := func(id, label, text string) widgets.MenuItem {
		return widgets.MenuItem{ID: id, Icon: assets.Copy, Label: label, Run: func() { s.list.OnCopy(text) }}
	}
	var items []widgets.MenuItem
	if selected := s.list.Selected(); selected != "" {
		items = append(items, copying("chat.menu.selected", t.T("chat.copy.selected"), selected))
	}
	items = append(items, copying("chat.menu.copy", t.T("chat.copy"), line.Text))
	if !line.Own {
		items = append(items, widgets.MenuItem{
			ID: "chat.menu.mention", Icon: assets.Chat, Label: t.T("chat.mention", line.Name),
			Run: func() {
				w.command("chat.mention", map[string]any{"userId": line.Name}, func() { w.mention(room.UserID(line.Name)) })
			},
		})
	}
	for i, address := range widgets.Addresses(line.Text) {
		if i == maxMenuLinks {
			break
		}
		items = append(items, widgets.MenuItem{
			ID: "chat.menu.link." + strconv.Itoa(i+1), Icon: assets.Link, Label: shortened(address), Run: func() { w.openAddress(address) },
		})
	}
	w.command("chat.menu", nil, func() { w.showMenuAt(items, at, fyne.Size{}) })
}

// maxMenuLinks is how many addresses of one message its menu has at most.
const maxMenuLinks = 5

// shortened is an address that fits in a menu.
func shortened(address string) string {
	const longest = 40
	if runes := []rune(address); len(runes) > longest {
		return string(runes[:longest]) + "..."
	}
	return address
}

// openMore is the menu of the chat as a whole.
func (s *chatScreen) openMore() {
	w, t, quiet := s.w, s.w.texts, s.w.state.chat.quiet
	w.command("chat.more", nil, func() {
		w.showMenu([]widgets.MenuItem{{
			ID: "chat.more.notes", Label: t.T("chat.notes"), Checked: !quiet,
			Run: func() {
				w.command("chat.notes", map[string]any{"show": quiet}, func() { w.send(chatQuieted{!quiet}) })
			},
		}, {
			ID: "chat.more.copy", Icon: assets.Copy, Label: t.T("chat.copy.all"), Disabled: len(w.state.chat.lines) == 0,
			Run: func() { w.command("chat.copyAll", nil, func() { w.copy(s.transcript()) }) },
		}}, s.more)
	})
}

// transcript is the whole chat as text.
func (s *chatScreen) transcript() string {
	var b strings.Builder
	for i := range s.w.state.chat.lines {
		l := &s.w.state.chat.lines[i]
		if l.kind == chatText {
			b.WriteString(l.at.Local().Format(time.DateTime) + " " + string(l.user) + ": " + l.text + "\n")
		} else {
			b.WriteString(l.at.Local().Format(time.DateOnly) + " " + s.noteWords(l) + "\n")
		}
	}
	return b.String()
}
