package server

import (
	"context"
	"errors"
	"slices"
	"time"

	"parlor/app/api"
	"parlor/app/errno"
	"parlor/app/internal/loop"
	"parlor/app/token"
)

// roomKey names a room. Rooms of different apps never meet.
type roomKey struct{ app, room string }

// room is one room: its members and what they publish. All but the first fields belong to the
// goroutine of its loop; the methods run there, unless they say otherwise.
type room struct {
	*rooms
	key     roomKey
	subject string
	loop    *loop.Loop
	refs    int // members and calls that are about to become one; under rooms.mu

	seq     uint64    // of the last event
	members []*member // in order of joining, or of becoming visible when that was later
	history history
}

// member is a user in the room: the changing half of a session.
type member struct {
	session   *session
	joinedAt  time.Time // when it joined, or became visible when that was later
	invisible bool      // to the others (N-30); then there are no tracks
	tracks    []track
	connected bool
	since     uint64 // the id of the last message before it joined
	quality   quality
	stream    *stream // nil while there is none
	lost      alarms  // run while stream is nil

	token      *token.AccessToken
	grants     grants
	warned     int64 // the latest end that was announced
	tokenAlarm alarms
}

// track is one published source.
type track struct {
	id     string
	source api.Source
	live   bool
}

// alarms are pending calls that belong together.
type alarms []alarm

func (a *alarms) stop() {
	for _, one := range *a {
		one.Stop()
	}
	*a = nil
}

// after calls f on the loop after d, if the member is still in the room then.
func (r *room) after(m *member, d time.Duration, f func(*member)) alarms {
	return alarms{r.clock.AfterFunc(d, func() {
		r.loop.Post(func() {
			if r.current(m) {
				f(m)
			}
		})
	})}
}

// do runs f on the loop and waits for it; it is called on any goroutine. After an error which wraps
// loop.ErrClosed, f did not and will not run; after ctx.Err it may still.
func (r *room) do(ctx context.Context, f func() error) error {
	err := r.loop.Do(ctx, f)
	if errors.Is(err, loop.ErrClosed) {
		return errno.Failed.In("room", errno.NativeServerStatus, err)
	}
	return err
}

func (r *room) current(m *member) bool { return slices.Contains(r.members, m) }

// memberOf returns the session's member, or the error of a call on a session that is over.
func (r *room) memberOf(s *session, apiName string) (*member, error) {
	if err := s.over(apiName); err != nil {
		return nil, err
	}
	for _, m := range r.members {
		if m.session == s {
			return m, nil
		}
	}
	return nil, errNoSession
}

// shown returns the tracks that others may see.
func (m *member) shown() []track {
	var list []track
	for _, t := range m.tracks {
		if m.grants.publish(t.source) {
			list = append(list, t)
		}
	}
	return list
}

func (m *member) wire() *api.Member {
	return &api.Member{
		UserId: m.session.user, Tracks: wireTracks(m.shown()),
		JoinedAtMs: m.joinedAt.UnixMilli(), Connected: m.connected,
		Quality: m.quality.told, Invisible: m.invisible,
	}
}

func wireTracks(list []track) []*api.Track {
	wire := make([]*api.Track, len(list))
	for i, t := range list {
		wire[i] = &api.Track{TrackId: t.id, Source: t.source, Live: t.live}
	}
	return wire
}

// snapshot is the room as m may see it (E-3).
func (r *room) snapshot(m *member) *api.Snapshot {
	snapshot := &api.Snapshot{RoomId: r.key.room, Seq: r.seq, Messages: r.history.after(m.since)}
	for _, other := range r.members {
		if other == m || !other.invisible {
			snapshot.Members = append(snapshot.Members, other.wire())
		}
	}
	return snapshot
}

// publish gives the event the next number and sends it to all streams of the room.
func (r *room) publish(ev *api.Event) {
	r.seq++
	ev.Seq = r.seq
	r.bus.publish(r.subject, ev)
}

// tell sends an event to one member only; it has no number.
func (r *room) tell(m *member, ev *api.Event) { r.bus.publish(sessionSubject(m.session.id), ev) }

// changed tells how the member is now. What nobody may see is not told.
func (r *room) changed(m *member) {
	if !m.invisible {
		r.publish(changed(m))
	}
}

func changed(m *member) *api.Event {
	return &api.Event{Body: &api.Event_Changed{Changed: m.wire()}}
}

func joined(m *member) *api.Event {
	return &api.Event{Body: &api.Event_Joined{Joined: m.wire()}}
}

func left(m *member, reason api.LeftReason) *api.Event {
	return &api.Event{Body: &api.Event_Left{Left: &api.Left{UserId: m.session.user, Reason: reason}}}
}

// member finds a user, visible or not; nil when it is not there.
func (r *room) member(user string) *member {
	at := slices.IndexFunc(r.members, func(m *member) bool { return m.session.user == user })
	if at < 0 {
		return nil
	}
	return r.members[at]
}

// join makes the session a member. The same user again takes the place of the earlier session
// (E-2): the others see one change, not a leave and a join.
func (r *room) join(s *session, t *token.AccessToken, req *api.JoinRequest) (*member, error) {
	if err := s.over("join"); err != nil {
		return nil, err
	}
	earlier := r.member(s.user)
	if earlier == nil && len(r.members) >= r.limits.MembersPerRoom {
		return nil, refuseJoin(exhausted("the room is full"))
	}
	if earlier != nil && req.GetRejoin() && earlier.stream != nil {
		return nil, errno.AlreadyInRoom.In("join", s.user, r.key.room) // by a person, and later
	}
	if earlier != nil && t.Guest() && (earlier.stream != nil || !earlier.token.Guest()) {
		return nil, errno.AlreadyInRoom.In("join", s.user, r.key.room) // a guest takes nobody's place
	}
	if !req.GetInvisible() && (earlier == nil || earlier.invisible) && !r.mayAppear() {
		return nil, refuseJoin(tooManyVisible(r.limits))
	}
	if err := r.sessions.add(s); err != nil {
		return nil, err
	}
	now := r.clock.Now()
	m := &member{
		session: s, joinedAt: now, invisible: req.GetInvisible(), connected: true, since: r.history.last,
		token: t, grants: r.grantsAt(t, now),
	}
	if earlier != nil {
		r.replace(earlier, m, req.GetRejoin())
	} else {
		r.members = append(r.members, m)
		if !m.invisible {
			r.publish(joined(m))
		}
	}
	r.metrics.members.Add(1)
	r.awaitStream(m)
	r.applyToken(m)
	return m, nil
}

// replace puts m in the place of an earlier session of its user. After a rejoin it is the same client, which has missed what
// the earlier session was not sent.
func (r *room) replace(earlier, m *member, rejoin bool) {
	if rejoin {
		m.since = earlier.since
	}
	r.finish(earlier, api.EndReason_END_REASON_DUPLICATE_LOGIN)
	if earlier.invisible == m.invisible {
		m.joinedAt = earlier.joinedAt // the user has been here all the time
		r.members[slices.Index(r.members, earlier)] = m
		r.changed(m)
	} else {
		r.members = slices.DeleteFunc(r.members, func(other *member) bool { return other == earlier })
		r.members = append(r.members, m)
		if m.invisible {
			r.publish(left(m, api.LeftReason_LEFT_REASON_EXIT))
		} else {
			r.publish(joined(m))
		}
	}
	r.release(r)
}

// finish ends the member's session. Its stream says so before any later event, since the session is
// over before the event is published.
func (r *room) finish(m *member, reason api.EndReason) {
	m.lost.stop()
	m.tokenAlarm.stop()
	m.quality.alarm.stop()
	m.session.end(reason)
	r.sessions.remove(m.session)
	r.metrics.members.Add(-1)
	r.background.Go(m.session.media.close)
	r.log.Info("session ended", "session", m.session.id, "room", r.key.room, "user", m.session.user, "reason", reason)
}

// leave takes the member out of the room.
func (r *room) leave(m *member, reason api.EndReason, why api.LeftReason) {
	r.finish(m, reason)
	r.members = slices.DeleteFunc(r.members, func(other *member) bool { return other == m })
	if !m.invisible {
		r.publish(left(m, why))
	}
	r.release(r)
}

// dismiss ends all sessions. There is nobody left to be told who left.
func (r *room) dismiss(reason api.EndReason) {
	leaving := r.members
	r.members = nil
	for _, m := range leaving {
		r.finish(m, reason)
		r.release(r)
	}
}

// awaitStream gives a member without an event stream its time to come (back).
func (r *room) awaitStream(m *member) {
	m.lost.stop()
	m.lost = append(
		r.after(m, r.timing.notice, func(m *member) {
			if m.stream == nil {
				r.setConnected(m, false)
			}
		}),
		r.after(m, r.timing.grace, func(m *member) {
			if m.stream == nil { // it may have come while the alarm was on its way to the loop
				r.leave(m, endLeft, api.LeftReason_LEFT_REASON_LOST)
			}
		})...)
}

func (r *room) setConnected(m *member, connected bool) {
	if m.connected != connected {
		m.connected = connected
		r.changed(m)
	}
}

// stream is one call of Events.
type stream struct {
	replaced chan struct{} // closed by the loop when a newer one takes over
}

// opening is what a stream begins with.
type opening struct {
	snapshot   *api.Snapshot
	privileges *api.Privileges
	warned     int64 // an end that was announced and is still to come, or 0
}

// attach makes st the session's stream. Whatever happens later has a number above the snapshot's.
func (r *room) attach(s *session, st *stream) (opening, error) {
	m, err := r.memberOf(s, "events")
	if err != nil {
		return opening{}, err
	}
	if m.stream != nil {
		close(m.stream.replaced)
	}
	m.stream = st
	m.lost.stop()
	r.setConnected(m, true)
	begin := opening{snapshot: r.snapshot(m), privileges: m.grants.wire()}
	if m.warned >= r.clock.Now().Unix() {
		begin.warned = m.warned
	}
	return begin, nil
}

func (r *room) detach(s *session, st *stream) {
	if m, err := r.memberOf(s, "events"); err == nil && m.stream == st {
		m.stream = nil
		r.awaitStream(m)
	}
}

// setLive changes which tracks of the member send. A source that is not published is passed over: it
// may have been taken away a moment ago.
func (r *room) setLive(m *member, live map[uint32]bool) {
	before := m.shown()
	for i := range m.tracks {
		if state, named := live[uint32(m.tracks[i].source)]; named {
			m.tracks[i].live = state
		}
	}
	if !slices.Equal(before, m.shown()) {
		r.changed(m)
	}
}

// setTracks makes list all that the member publishes. One that became invisible meanwhile publishes nothing.
func (r *room) setTracks(m *member, list []track) {
	if m.invisible {
		return
	}
	before := m.shown()
	m.tracks = list
	if !slices.Equal(before, m.shown()) {
		r.changed(m)
	}
}

// track finds a track that m may receive: somebody else's.
func (r *room) track(m *member, id string) bool {
	for _, other := range r.members {
		if other != m && slices.ContainsFunc(other.shown(), func(t track) bool { return t.id == id }) {
			return true
		}
	}
	return false
}

// paramError names the parameter and what is wrong with it.
func paramError(apiName, text string) error { return errno.InvalidParam.Detail(apiName, text, nil) }
