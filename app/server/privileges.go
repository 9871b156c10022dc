package server

import (
	"slices"
	"time"

	"parlor/app/api"
	"parlor/app/token"
)

// grant is one privilege at one moment.
type grant struct {
	allowed bool
	until   int64 // the last second at which it holds; 0: no end, or not allowed
}

// grants is what a token allows at one moment.
type grants struct {
	audio, video, subscribe grant
	expireAt                int64 // of the token, 0: never
}

// grantsOf reads the privileges (T-9..T-13). Publishing everything is as good as publishing each
// medium, also in tokens of builders that do not write the parts.
func grantsOf(t *token.AccessToken, now time.Time) grants {
	return grants{
		audio:     grantOf(t, now, token.PublishStream, token.PublishAudio),
		video:     grantOf(t, now, token.PublishStream, token.PublishVideo),
		subscribe: grantOf(t, now, token.SubscribeStream),
		expireAt:  int64(t.ExpireAt),
	}
}

// grantOf is the one of the listed privileges that lasts longest, and no longer than the token.
func grantOf(t *token.AccessToken, now time.Time, list ...token.Privilege) grant {
	var g grant
	for _, p := range list {
		if !t.Allows(p, now) {
			continue
		}
		until := int64(t.Privileges[p])
		if end := int64(t.ExpireAt); end != 0 && (until == 0 || until > end) {
			until = end
		}
		if !g.allowed || until == 0 || g.until != 0 && until > g.until {
			g = grant{allowed: true, until: until}
		}
	}
	return g
}

func (g grants) publish(s api.Source) bool {
	if isVideo(s) {
		return g.video.allowed
	}
	return g.audio.allowed
}

// alike tells whether the same is allowed, though perhaps for another time.
func (g grants) alike(other grants) bool {
	return g.audio.allowed == other.audio.allowed && g.video.allowed == other.video.allowed &&
		g.subscribe.allowed == other.subscribe.allowed
}

func (g grants) wire() *api.Privileges {
	return &api.Privileges{
		PublishAudio: g.audio.allowed, PublishVideo: g.video.allowed, Subscribe: g.subscribe.allowed,
		TokenExpireAt:     g.expireAt,
		PublishAudioUntil: g.audio.until, PublishVideoUntil: g.video.until, SubscribeUntil: g.subscribe.until,
	}
}

func isVideo(s api.Source) bool {
	return s == api.Source_SOURCE_CAMERA || s == api.Source_SOURCE_SCREEN
}

// ends returns the seconds at which the token or a privilege with a meaning ends, ascending.
func (r *rooms) ends(t *token.AccessToken) []int64 {
	var list []int64
	add := func(end uint32) {
		// A privilege never outlives its token.
		if end != 0 && (t.ExpireAt == 0 || end <= t.ExpireAt) {
			list = append(list, int64(end))
		}
	}
	add(t.ExpireAt)
	for p, end := range t.Privileges {
		switch p {
		case token.PublishStream, token.PublishAudio, token.PublishVideo, token.SubscribeStream:
			if !r.ignorePrivileges {
				add(end)
			}
		}
	}
	slices.Sort(list)
	return slices.Compact(list)
}

// setToken makes t the token of the member and applies it.
func (r *room) setToken(m *member, t *token.AccessToken) {
	m.token, m.warned = t, 0
	r.applyToken(m)
}

// applyToken does what the token asks for at this moment, and comes again when that changes:
// warn, take privileges away or give them back, end the session.
func (r *room) applyToken(m *member) {
	now := r.clock.Now()
	if m.token.ExpiredAt(now) {
		r.leave(m, api.EndReason_END_REASON_TOKEN_EXPIRED, api.LeftReason_LEFT_REASON_TOKEN_EXPIRED)
		return
	}
	warning := int64(r.timing.warning / time.Second)
	next := int64(0)
	wakeAt := func(at int64) {
		if next == 0 || at < next {
			next = at
		}
	}
	for _, end := range r.ends(m.token) {
		switch {
		case now.Unix() > end:
			continue
		case now.Unix() < end-warning:
			wakeAt(end - warning)
		case end > m.warned:
			m.warned = end
			r.tell(m, willExpire(end))
		}
		wakeAt(end + 1) // good at the very second of its end (T-17)
	}
	r.setGrants(m, r.grantsAt(m.token, now))
	m.tokenAlarm.stop()
	if next != 0 {
		m.tokenAlarm = r.after(m, time.Unix(next, 0).Sub(now), r.applyToken)
	}
}

func (r *rooms) grantsAt(t *token.AccessToken, now time.Time) grants {
	if r.ignorePrivileges {
		all := grant{allowed: true, until: int64(t.ExpireAt)}
		return grants{audio: all, video: all, subscribe: all, expireAt: all.until}
	}
	return grantsOf(t, now)
}

func willExpire(end int64) *api.Event {
	return &api.Event{Body: &api.Event_TokenWillExpire{TokenWillExpire: &api.TokenWillExpire{ExpireAt: end}}}
}

// setGrants changes what the member may do (T-28, T-29): others see exactly the tracks that it
// may publish, and the forwarding follows.
func (r *room) setGrants(m *member, g grants) {
	was := m.grants
	if g == was {
		return
	}
	before := m.shown()
	m.grants = g
	r.tell(m, &api.Event{Body: &api.Event_Privileges{Privileges: g.wire()}})
	if g.alike(was) {
		return
	}
	if !slices.Equal(before, m.shown()) {
		r.changed(m)
	}
	r.background.Go(func() { m.session.media.enforce(r, m) })
}
