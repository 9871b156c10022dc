package ui

import (
	"fmt"
	"strings"
	"time"

	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/container"

	"parlor/app/room"
	"parlor/widgets"
)

// The fields of the information panel beside those of the sample page.
const (
	fieldApp          = "appId"
	fieldToken        = "token"
	fieldRoom         = "roomId"
	fieldUser         = "userId"
	fieldRole         = "role"
	fieldTime         = "time"
	fieldSince        = "since"
	fieldServer       = "server"
	fieldTokenEnds    = "tokenEnds"
	fieldPublishAudio = "publishAudio"
	fieldPublishVideo = "publishVideo"
	fieldSubscribe    = "subscribe"
)

const (
	copiedFor   = time.Second      // a check mark is on the button that copied
	revealedFor = 10 * time.Second // a secret can be read
	endsSoon    = 30 * time.Second // the end of a token is a warning
)

// infoScreen is the panel with the room's information, the token's life, invitations and the data of the documents' sample page.
type infoScreen struct {
	w       *Window
	content fyne.CanvasObject
	scroll  *container.Scroll
	fields  *widgets.InfoPanel
	ends    *widgets.InfoPanel
	invite  *inviteForm
	page    *widgets.InfoPanel

	copied   map[string]time.Time // by field: until when the check mark stays
	revealed time.Time            // until when the token can be read; zero: it can not
}

func newInfoScreen(w *Window) *infoScreen {
	t := w.texts
	s := &infoScreen{w: w, copied: make(map[string]time.Time)}
	s.fields = widgets.NewInfoPanel(t,
		widgets.InfoField{Name: fieldApp}, widgets.InfoField{Name: fieldToken, Secret: true},
		widgets.InfoField{Name: fieldRoom}, widgets.InfoField{Name: fieldUser},
		widgets.InfoField{Name: fieldServer, Label: t.T("info.server")},
		widgets.InfoField{Name: fieldRole, Label: t.T("info.role"), Plain: true},
		widgets.InfoField{Name: fieldTime, Label: t.T("info.time"), Plain: true},
		widgets.InfoField{Name: fieldSince, Label: t.T("info.since"), Plain: true},
	)
	s.fields.OnCopy = s.copy
	s.fields.OnReveal = s.reveal
	for _, f := range []string{fieldApp, fieldToken, fieldRoom, fieldUser, fieldServer} {
		copyButton, reveal := s.fields.Buttons(f)
		w.register("room.info."+f+".copy", copyButton)
		if reveal != nil {
			w.register("room.info."+f+".reveal", reveal)
		}
	}
	s.ends = widgets.NewInfoPanel(t,
		widgets.InfoField{Name: fieldTokenEnds, Label: t.T("info.token.ends"), Plain: true},
		widgets.InfoField{Name: fieldPublishAudio, Label: t.T("info.publish.audio"), Plain: true},
		widgets.InfoField{Name: fieldPublishVideo, Label: t.T("info.publish.video"), Plain: true},
		widgets.InfoField{Name: fieldSubscribe, Label: t.T("info.subscribe"), Plain: true},
	)
	var rows []widgets.InfoField
	for _, f := range pageFields {
		rows = append(rows, widgets.InfoField{Name: f, Plain: true})
	}
	s.page = widgets.NewInfoPanel(t, rows...)
	s.invite = newInviteForm(w)
	s.scroll = container.NewVScroll(inset(10, 16, 16, 8, column(18,
		column(4, section(t.T("info.title")), s.fields),
		column(6, section(t.T("info.token")), s.ends, s.newTokenButtons()),
		s.invite.content,
		column(4, section(t.T("info.page")), s.page),
	)))
	s.content = s.scroll
	w.register("room.info", s.scroll)
	return s
}

// newTokenButtons are the ways to another token, and to what is in one.
func (s *infoScreen) newTokenButtons() fyne.CanvasObject {
	w, t := s.w, s.w.texts
	update := widgets.NewButton(t.T("info.token.update"), w.updateToken)
	paste := widgets.NewButton(t.T("info.token.paste"), w.openPasteToken)
	inspect := widgets.NewButton(t.T("info.token.inspect"), func() {
		w.command("token.inspect", nil, func() { w.openInspector(w.state.token) })
	})
	w.register("room.info.token.update", update)
	w.register("room.info.token.paste", paste)
	w.register("room.info.token.inspect", inspect)
	buttons := []fyne.CanvasObject{paste, inspect}
	if w.cfg.CanMint {
		buttons = append([]fyne.CanvasObject{update}, buttons...)
	}
	return container.New(&wrapping{gap: 6}, buttons...)
}

// copy puts a value on the clipboard and shows that it did.
func (s *infoScreen) copy(field, value string) {
	s.w.command("info.copy", map[string]any{"field": field}, func() {
		s.w.copy(value)
		s.copied[field] = s.w.now().Add(copiedFor)
		s.fields.SetCopied(field, true)
	})
}

// reveal shows the token for a while, or hides it.
func (s *infoScreen) reveal(field string, show bool) {
	s.w.command("info.reveal", map[string]any{"field": field, "show": show}, func() {
		s.revealed = time.Time{}
		if show {
			s.revealed = s.w.now().Add(revealedFor)
		}
		s.fields.SetRevealed(field, show)
	})
}

func (s *infoScreen) show() {
	st := &s.w.state
	s.fields.Set(fieldApp, st.appID)
	s.fields.Set(fieldToken, st.token)
	s.fields.Set(fieldRoom, st.roomID)
	s.fields.Set(fieldUser, st.userID)
	s.fields.Set(fieldServer, s.w.cfg.Server)
	role := s.w.texts.T("info.member")
	if self := st.self(); self.Invisible {
		role = s.w.texts.T("info.invisible")
	}
	s.fields.Set(fieldRole, role)
	s.showPage(st.pageData())
	s.invite.show()
	s.tick()
}

// self is the own member; zero before the room told of it.
func (s *state) self() room.Member {
	for _, m := range s.members {
		if m.Self {
			return m
		}
	}
	return room.Member{}
}

// tick brings up to date what changes with time.
func (s *infoScreen) tick() {
	now := s.w.now()
	for field, until := range s.copied {
		if !now.Before(until) {
			delete(s.copied, field)
			s.fields.SetCopied(field, false)
		}
	}
	if !s.revealed.IsZero() && !now.Before(s.revealed) {
		s.revealed = time.Time{}
		s.fields.SetRevealed(fieldToken, false)
	}
	st := &s.w.state
	s.fields.Set(fieldTime, clock(now.Sub(st.joinedAt)))
	since := "" // by the server's clock
	if at := st.self().JoinedAt; !at.IsZero() {
		since = at.Local().Format(time.TimeOnly)
	}
	s.fields.Set(fieldSince, since)
	s.showEnds(now)
}

// showEnds counts down to the end of the token and of what it allows.
func (s *infoScreen) showEnds(now time.Time) {
	token, t := s.w.state.tester.token, s.w.texts
	end := func(field, unlimited string, allowed bool, until time.Time) {
		words, alarm := unlimited, false
		switch left := until.Sub(now); {
		case !allowed:
			words, alarm = t.T("info.token.no"), true
		case until.IsZero():
		case left <= 0:
			words, alarm = t.T("info.token.ended"), true
		default:
			words, alarm = clock(left), left < endsSoon
		}
		s.ends.Set(field, words)
		s.ends.SetAlarm(field, alarm)
	}
	end(fieldTokenEnds, t.T("info.token.never"), true, token.ExpireAt)
	for _, p := range []struct {
		field   string
		allowed bool
		until   time.Time
	}{
		{fieldPublishAudio, token.PublishAudio, token.PublishAudioUntil},
		{fieldPublishVideo, token.PublishVideo, token.PublishVideoUntil},
		{fieldSubscribe, token.Subscribe, token.SubscribeUntil},
	} {
		if p.until.Equal(token.ExpireAt) {
			p.until = time.Time{}
		}
		end(p.field, t.T("info.token.same"), p.allowed, p.until)
	}
}

// pageFields are the data of the documents' sample page (R-49..R-58), in their order.
var pageFields = []string{
	"userIdList", "videoState", "audioState", "streamPublishState", "streamSubscribeState", "screenSubscribeState",
	"visible", "device", "camera", "scaleUserId", "error",
}

// showPage shows the data of the sample page by its names.
func (s *infoScreen) showPage(p pageData) {
	values := []any{
		s.w.texts.T("info.page.users", len(p.UserIDList)), p.VideoState, p.AudioState, p.StreamPublishState, p.StreamSubscribeState, p.ScreenSubscribeState,
		p.Visible, p.Device, p.Camera, fmt.Sprintf("%q", p.ScaleUserID), p.Error,
	}
	for i, f := range pageFields {
		s.page.Set(f, strings.TrimSpace(fmt.Sprint(values[i])))
	}
	s.page.SetAlarm("error", p.Error != noError)
}
