package ui

import (
	"strings"

	"parlor/app/errno"
)

// cure is one sentence that says what to do about a failure.
func (w *Window) cure(f *failure) string {
	t := w.texts
	if f.Code == errno.EngineDestroyed.Code {
		return t.T("cure.destroyed")
	}
	switch f.No {
	case 0:
		return ""
	case errno.AuthDeny.No:
		return t.T("cure.device")
	case errno.PlatformAuthDeny.No:
		return t.T("cure.app")
	case errno.InvalidParam.No:
		return t.T("cure.params")
	case errno.AlreadyInRoom.No:
		return t.T("cure.already")
	case errno.InvalidToken.No, errno.TokenExpired.No:
		return t.T("cure.token")
	}
	return t.T("cure.unknown")
}

// missingDevices says what does not work: one device with its reason, or the names of several.
func (w *Window) missingDevices(n notice) string {
	t := w.texts
	var names []string
	if w.state.camera.err != nil {
		names = append(names, t.T("set.camera"))
	}
	if w.state.mic.err != nil {
		names = append(names, t.T("set.microphone"))
	}
	if w.state.speakerErr != "" {
		names = append(names, t.T("set.speaker"))
	}
	switch {
	case len(names) > 1:
		return t.T("notice.devices", strings.Join(names, t.T("list.comma")))
	case n.kind == noticeCamera:
		return t.T("notice.camera", n.detail)
	case n.kind == noticeMicrophone:
		return t.T("notice.microphone", n.detail)
	}
	return t.T("notice.speaker")
}

// endingWords says why the stay in the room ended against the user's will, and what to do about it.
func (w *Window) endingWords() (why, cure string) {
	t := w.texts
	switch w.state.interrupted {
	case errno.NativeDuplicateLogin:
		return t.T("ended.elsewhere"), t.T("cure.elsewhere")
	case errno.NativeKickedOut:
		return t.T("ended.removed"), t.T("cure.removed")
	case errno.NativeRoomDismissed:
		return t.T("ended.dismissed"), t.T("cure.dismissed")
	}
	if f := w.state.ending; f != nil && f.No == errno.TokenExpired.No {
		return t.T("ended.token"), t.T("cure.token")
	}
	return t.T("ended.network"), t.T("cure.unknown")
}
