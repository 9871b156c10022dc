package ui

import (
	"strconv"
	"strings"
	"unicode"

	"parlor/media"
	"parlor/widgets"
)

// slash is a command that can be typed in the chat.
type slash struct {
	name  string                                  // with its slash
	usage string                                  // what follows the name
	words string                                  // what it does
	run   func(arguments []string) (wrong string) // does it, or says what is wrong with the arguments
}

// slashes lists the commands. Each does exactly what a button does.
func (w *Window) slashes() []slash {
	t := w.texts
	none := func(do func()) func([]string) string {
		return func(arguments []string) string {
			if len(arguments) > 0 {
				return t.T("slash.none")
			}
			do()
			return ""
		}
	}
	return []slash{
		{"/mute", "", t.T("slash.mute"), none(func() { w.toggle(media.Microphone) })},
		{"/camera", "", t.T("slash.camera"), none(func() { w.toggle(media.Camera) })},
		{"/vol", t.T("slash.vol.usage"), t.T("slash.vol"), w.slashVolume},
		{"/leave", "", t.T("slash.leave"), none(w.leave)},
		{"/join", t.T("slash.join.usage"), t.T("slash.join"), w.slashJoin},
		{"/help", "", t.T("slash.help"), none(func() { w.room.side.chat.setText("/") })},
	}
}

// slashVolume is /vol NAME PERCENT.
func (w *Window) slashVolume(arguments []string) string {
	t := w.texts
	if len(arguments) != 2 {
		return t.T("slash.usage", "/vol "+t.T("slash.vol.usage"))
	}
	name := strings.TrimPrefix(arguments[0], "@")
	percent, err := strconv.Atoi(strings.TrimSuffix(arguments[1], "%"))
	if err != nil || percent < 0 || percent > 200 {
		return t.T("slash.vol.range")
	}
	for _, m := range w.state.members {
		if strings.EqualFold(string(m.UserID), name) && !m.Self {
			w.setGain(m.UserID, percent)
			return ""
		}
	}
	return t.T("slash.vol.nobody", name)
}

// slashJoin is /join ROOM.
func (w *Window) slashJoin(arguments []string) string {
	if len(arguments) != 1 || !widgets.ValidID(arguments[0]) {
		return w.texts.T("slash.usage", "/join "+w.texts.T("slash.join.usage"))
	}
	w.joinOther(arguments[0])
	return ""
}

// asSlash takes a text apart that is a command; "//x" is the text "/x", and "/" within words is no command.
func asSlash(text string) (name string, arguments []string, ok bool) {
	if !strings.HasPrefix(text, "/") || strings.HasPrefix(text, "//") || strings.Contains(text, "\n") {
		return "", nil, false
	}
	fields := strings.FieldsFunc(text, unicode.IsSpace)
	return strings.ToLower(fields[0]), fields[1:], true
}

// slashHints are the commands that begin with what is typed, up to the first argument.
func (w *Window) slashHints(text string) []slash {
	name, _, ok := asSlash(text)
	if !ok {
		return nil
	}
	var list []slash
	for _, s := range w.slashes() {
		if s.name == name || !strings.ContainsFunc(text, unicode.IsSpace) && strings.HasPrefix(s.name, name) {
			list = append(list, s)
		}
	}
	return list
}

// runSlash runs what was typed and says what is wrong with it.
func (w *Window) runSlash(name string, arguments []string) (wrong string) {
	for _, s := range w.slashes() {
		if s.name == name {
			return s.run(arguments)
		}
	}
	return w.texts.T("slash.unknown", name)
}

// joinOther leaves the room for another one.
func (w *Window) joinOther(roomID string) {
	f := w.state.form
	f.roomID = roomID
	w.command("room.switch", map[string]any{"roomId": roomID}, func() {
		w.send(roomAfter{&f})
		w.leaveNow()
	})
}
