package ui

import (
	"time"

	"parlor/app/room"
	"parlor/media"
	"parlor/widgets"
)

// bannerButton is a word of the banner that does something.
type bannerButton struct {
	id    string // after "shell.banner."
	words string // "": no button
	do    func()
}

// bannerWords is what the banner says, and what can be done about it.
type bannerWords struct {
	severity      widgets.Severity
	words         string
	first, second bannerButton
}

// weak is the state of a connection that has been bad for a while.
type weak struct {
	since time.Time // of the bad quality; zero: it is not bad
	told  time.Time // when it was said last
	shown bool
}

const (
	weakAfter = 5 * time.Second  // of bad quality before anybody is bothered
	weakPause = 60 * time.Second // before it is said again
)

// weakSeen is closed: the person has read it.
type weakSeen struct{}

// reduce follows the own quality.
func (s weak) reduce(m any, whole *state, now time.Time) weak {
	switch m.(type) {
	case weakSeen:
		s.shown = false
	case room.MembersChanged, room.ConnectionChanged, room.Exited:
		bad := false
		for _, member := range whole.members {
			bad = bad || member.Self && member.Quality != media.QualityUnknown && member.Quality <= media.QualityBad
		}
		switch {
		case !bad || whole.connection != room.Inside:
			s.since, s.shown = time.Time{}, false
		case s.since.IsZero():
			s.since = now
		}
	case timePassed:
		if s.due(now) {
			s.shown, s.told = true, now
		}
	}
	return s
}

// due tells that it is time to say so.
func (s weak) due(now time.Time) bool {
	return !s.shown && !s.since.IsZero() && now.Sub(s.since) >= weakAfter && (s.told.IsZero() || now.Sub(s.told) >= weakPause)
}

// banner is what the banner says now: the most urgent of what there is to say.
func (w *Window) banner() bannerWords {
	t, st := w.texts, &w.state
	shut := bannerButton{"close", t.T("banner.close"), func() {
		w.command("banner.close", nil, func() { w.send(noticeCame{}) })
	}}
	switch {
	case st.connection == room.Reconnecting:
		return w.reconnectingBanner()
	case st.frame.server != "" && !st.inRoom():
		return bannerWords{widgets.SeverityError, t.T("notice.server", st.frame.server),
			bannerButton{"retry", t.T("banner.again"), func() { w.command("server.check", nil, w.cfg.Machine.CheckServer) }},
			bannerButton{"settings", t.T("rail.settings"), func() { w.openSettings(sectionNetwork) }}}
	case st.notice.kind == noticeTokenEnds || st.notice.kind == noticeTokenExpired:
		b := bannerWords{widgets.SeverityWarning, w.tokenWords(), bannerButton{}, shut}
		if w.cfg.CanMint {
			b.first = bannerButton{"token", t.T("notice.token.update"), w.updateToken}
		}
		return b
	case st.frame.weak.shown:
		return bannerWords{widgets.SeverityWarning, w.weakWords(),
			bannerButton{"audioOnly", t.T("banner.audioOnly"), func() { w.setAudioOnly(true); w.send(weakSeen{}) }},
			bannerButton{"why", t.T("banner.why"), w.showStatistics}}
	case st.notice.kind == noticeCamera || st.notice.kind == noticeMicrophone || st.notice.kind == noticeSpeaker:
		section := sectionAudio
		if st.notice.kind == noticeCamera {
			section = sectionVideo
		}
		return bannerWords{widgets.SeverityWarning, w.missingDevices(st.notice),
			bannerButton{"devices", t.T("banner.devices"), func() { w.openSettings(section) }}, shut}
	case st.notice.kind == noticeShare:
		return bannerWords{widgets.SeverityWarning, t.T("notice.share", st.notice.detail), bannerButton{}, shut}
	case st.notice.kind == noticeShareEnded:
		return bannerWords{widgets.SeverityWarning, t.T("notice.share.ended", st.notice.detail), bannerButton{}, shut}
	case st.notice.kind == noticeWords:
		return bannerWords{widgets.SeverityInfo, st.notice.detail, bannerButton{}, shut}
	}
	return bannerWords{}
}

// reconnectingBanner counts down to the next try.
func (w *Window) reconnectingBanner() bannerWords {
	t, st := w.texts, &w.state
	words := t.T("banner.reconnecting", max(st.attempt, 1))
	if left := countDown(st.retryAt.Sub(w.now())); left > 0 {
		words = t.T("banner.reconnecting.in", max(st.attempt, 1), left)
	}
	return bannerWords{widgets.SeverityWarning, words,
		bannerButton{"retry", t.T("banner.retry"), func() { w.call("x-retryNow", map[string]any{}) }},
		bannerButton{"leave", t.T("tool.leave"), w.leave}}
}

// countDown is a time in whole seconds, as it is said before it is over.
func countDown(d time.Duration) int { return max(0, int((d+time.Second-1)/time.Second)) }

// tokenWords says when the token ends, counting down while that is known.
func (w *Window) tokenWords() string {
	t, st := w.texts, &w.state
	if st.notice.kind == noticeTokenExpired {
		return t.T("notice.token.expired")
	}
	left := countDown(st.frame.tokenEnds.Sub(w.now()))
	if st.frame.tokenEnds.IsZero() || left == 0 {
		return t.T("notice.token.ends")
	}
	return t.T("notice.token.in", left/60, left%60)
}

// weakWords says what is wrong with the network.
func (w *Window) weakWords() string {
	t, r := w.texts, w.room.rates
	switch {
	case r.valid && r.loss >= 1:
		return t.T("banner.weak.loss", r.loss)
	case r.valid && r.rtt >= 250:
		return t.T("banner.weak.delay", r.rtt)
	}
	return t.T("banner.weak")
}

// showBanner sets the banner.
func (s *shell) showBanner() {
	w := s.w
	before, height := s.banner.Visible(), s.banner.Size().Height
	b := w.banner()
	for _, id := range s.bannerIDs {
		delete(w.controls, id)
	}
	s.bannerIDs = s.bannerIDs[:0]
	for _, pair := range []struct {
		button *widgets.Button
		is     bannerButton
	}{{s.banner.First, b.first}, {s.banner.Second, b.second}} {
		pair.button.OnTapped = pair.is.do
		if pair.is.words != "" {
			id := "shell.banner." + pair.is.id
			w.register(id, pair.button)
			s.bannerIDs = append(s.bannerIDs, id)
		}
	}
	s.banner.Set(b.severity, b.words, b.first.words, b.second.words)
	if s.banner.Visible() != before || before && s.banner.HeightFor(s.banner.Size().Width) != height {
		s.content.Refresh()
	}
}
