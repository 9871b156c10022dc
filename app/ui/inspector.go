package ui

import (
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/container"
	"fyne.io/fyne/v2/theme"
	"fyne.io/fyne/v2/widget"

	"parlor/app/token"
	"parlor/assets"
	"parlor/widgets"
)

// inspector is the dialog that takes a token apart.
type inspector struct {
	w       *Window
	text    *widgets.Entry
	key     *widgets.Entry
	verdict *widgets.ErrorLine
	more    *widget.Label // what else is to be said
	fields  *fyne.Container
}

const inspectorWidth = 560

// openInspector shows what is in a token, and lets another one be pasted.
func (w *Window) openInspector(text string) {
	t := w.texts
	i := &inspector{
		w: w, text: widgets.NewLines(t.T("inspect.paste"), 4), key: widgets.NewEntry(t.T("inspect.key.hint")),
		verdict: widgets.NewErrorLine(), more: widget.NewLabel(""), fields: container.NewStack(),
	}
	i.text.TextStyle.Monospace = true
	i.verdict.Leading = true
	i.more.Wrapping = fyne.TextWrapWord
	i.more.SizeName = theme.SizeNameCaptionText
	i.text.OnChanged = func(string) { i.show() }
	i.key.Password = true
	i.key.OnChanged = func(string) { i.show() }
	for id, o := range map[string]fyne.CanvasObject{"inspect.token": i.text, "inspect.key": i.key, "inspect.verdict": i.verdict} {
		w.register(id, o)
	}
	w.adopt(i.text)
	w.adopt(i.key)
	i.text.SetText(text)
	i.show()
	body := container.New(&fixedWidth{widgets.Scaled(inspectorWidth)}, column(10,
		i.text, labelled(t.T("inspect.key"), widgets.Scaled(88), i.key),
		i.verdict, flush(i.more), i.fields))
	d := w.openDialog(t.T("inspect.title"), body, i.text, nil)
	i.text.OnEscape, i.key.OnEscape = d.close, d.close
}

// show takes the present text apart.
func (i *inspector) show() {
	text, t := strings.TrimSpace(i.text.Text), i.w.texts
	i.fields.Objects = nil
	parsed, err := token.Parse(text)
	switch {
	case text == "":
		i.verdict.Set(t.T("inspect.none"), false)
		i.more.SetText("")
	case err != nil:
		i.verdict.Set(t.T("inspect.malformed"), true)
		i.more.SetText(syntaxWords(t, err))
	default:
		signed, wrong := i.judge(parsed, text)
		if len(wrong) == 0 {
			i.verdict.Set(t.T("inspect.good", parsed.UserID, parsed.RoomID), false)
		} else {
			i.verdict.Set(wrong[0], true)
			wrong = wrong[1:]
		}
		i.more.SetText(strings.Join(wrong, "\n"))
		i.fields.Objects = []fyne.CanvasObject{i.newFields(parsed, signed)}
	}
	setVisible(i.more, i.more.Text != "")
	i.fields.Refresh()
}

// syntaxWords says which byte is wrong and why.
func syntaxWords(t *assets.Texts, err error) string {
	var syntax *token.SyntaxError
	switch {
	case !errors.As(err, &syntax):
		return err.Error()
	case syntax.Part == token.Text:
		return t.T("inspect.byte.text", syntax.Offset, syntax.Msg)
	}
	return t.T("inspect.byte.content", syntax.Offset, syntax.Msg)
}

// judge says how the signature is, and all reasons for which a server would refuse the token now.
func (i *inspector) judge(parsed *token.AccessToken, text string) (signed string, wrong []string) {
	t, st := i.w.texts, &i.w.state
	valid, known := i.w.cfg.Backend.VerifyToken(text)
	if i.key.Text != "" {
		valid, known = parsed.Verify(i.key.Text), true
	}
	switch {
	case !known:
		signed = t.T("inspect.unchecked")
	case valid:
		signed = t.T("inspect.valid")
	default:
		signed = t.T("inspect.invalid")
		wrong = append(wrong, t.T("inspect.wrong.signature"))
	}
	if parsed.ExpiredAt(i.w.now()) {
		wrong = append(wrong, t.T("inspect.wrong.ended"))
	}
	if st.appID != "" && parsed.AppID != st.appID {
		wrong = append(wrong, t.T("inspect.wrong.app", st.appID))
	}
	if !token.ValidID(parsed.RoomID) {
		wrong = append(wrong, t.T("inspect.wrong.room"))
	}
	if !parsed.Guest() && !token.ValidID(parsed.UserID) {
		wrong = append(wrong, t.T("inspect.wrong.user"))
	}
	return signed, wrong
}

// newFields lists what is in a token.
func (i *inspector) newFields(parsed *token.AccessToken, signed string) *widgets.InfoPanel {
	t, now := i.w.texts, i.w.now()
	type field struct {
		name, value string
		alarm       bool
	}
	expire := i.ending(parsed.ExpireAt, t.T("inspect.never"))
	fields := []field{
		{"version", token.Version, false}, {"appId", parsed.AppID, false}, {"roomId", parsed.RoomID, false}, {"userId", parsed.UserID, false},
		{t.T("inspect.nonce"), fmt.Sprint(parsed.Nonce), false},
		{t.T("inspect.issued"), i.moment(parsed.IssuedAt), false},
		{t.T("inspect.expires"), expire, parsed.ExpiredAt(now)},
		{t.T("inspect.signature"), signed, signed == t.T("inspect.invalid")},
	}
	for _, p := range privilegesOf(parsed) {
		until, granted := parsed.Privileges[p]
		value := t.T("inspect.not.granted")
		if granted {
			value = i.ending(until, t.T("inspect.with.token"))
		}
		fields = append(fields, field{fmt.Sprintf("%d %s", uint16(p), i.privilege(p)), value, granted && !parsed.Allows(p, now)})
	}
	rows := make([]widgets.InfoField, len(fields))
	for n, f := range fields {
		rows[n] = widgets.InfoField{Name: f.name, Plain: true}
	}
	panel := widgets.NewInfoPanel(t, rows...)
	for _, f := range fields {
		panel.Set(f.name, f.value)
		panel.SetAlarm(f.name, f.alarm)
	}
	return panel
}

// lastPrivilege is the last one that the documents' sample token has; it has no meaning.
const lastPrivilege token.Privilege = 5

// privilegesOf are those of the documents, granted or not, and all others that are granted.
func privilegesOf(parsed *token.AccessToken) []token.Privilege {
	var list []token.Privilege
	for p := token.PublishStream; p <= lastPrivilege; p++ {
		list = append(list, p)
	}
	var others []token.Privilege
	for p := range parsed.Privileges {
		if p > lastPrivilege {
			others = append(others, p)
		}
	}
	slices.Sort(others)
	const most = 16 // a token may have thousands
	return append(list, others[:min(len(others), most)]...)
}

// privilege is what a privilege allows, "" for one without a meaning.
func (i *inspector) privilege(p token.Privilege) string {
	t := i.w.texts
	switch p {
	case token.PublishStream:
		return t.T("inspect.publish")
	case token.PublishAudio:
		return t.T("inspect.publish.audio")
	case token.PublishVideo:
		return t.T("inspect.publish.video")
	case token.PublishData:
		return t.T("inspect.publish.data")
	case token.SubscribeStream:
		return t.T("inspect.subscribe")
	}
	return ""
}

// ending is a time at which something ends; zero is words of its own.
func (i *inspector) ending(unix uint32, zero string) string {
	if unix == 0 {
		return zero
	}
	words := i.moment(unix)
	if i.w.now().Unix() > int64(unix) {
		words += i.w.texts.T("inspect.ended")
	}
	return words
}

// moment is a time with how far it is from now.
func (i *inspector) moment(unix uint32) string {
	at := time.Unix(int64(unix), 0)
	return i.w.texts.T("time.moment", at.Local().Format(time.DateTime), distance(i.w.texts, at.Sub(i.w.now())))
}

// distance is a time from now in words, by its largest unit.
func distance(t *assets.Texts, d time.Duration) string {
	size := d.Abs()
	words := t.T("time.seconds", int(size/time.Second))
	switch {
	case size >= 48*time.Hour:
		words = t.T("time.days", int(size/(24*time.Hour)))
	case size >= 2*time.Hour:
		words = t.T("time.hours", int(size/time.Hour))
	case size >= 2*time.Minute:
		words = t.T("time.minutes", int(size/time.Minute))
	}
	if d < 0 {
		return t.T("time.ago", words)
	}
	return t.T("time.in", words)
}

// openPasteToken asks for a token to use from now on.
func (w *Window) openPasteToken() {
	t := w.texts
	entry := widgets.NewLines(t.T("inspect.paste"), 4)
	entry.TextStyle.Monospace = true
	var d *dialog
	update := widgets.NewButton(t.T("info.token.update"), func() {
		text := strings.TrimSpace(entry.Text)
		d.close()
		w.call("updateToken", map[string]any{"token": text})
	})
	update.Importance = widget.HighImportance
	update.Disable()
	entry.OnChanged = func(text string) {
		if strings.TrimSpace(text) == "" {
			update.Disable()
		} else {
			update.Enable()
		}
	}
	w.adopt(entry)
	w.register("token.paste", entry)
	w.register("token.update", update)
	w.command("token.paste", nil, func() {
		d = w.openDialog(t.T("info.token.paste.title"), container.New(&fixedWidth{widgets.Scaled(440)}, entry), entry, nil, update)
	})
	entry.OnEscape = func() { d.close() }
}
