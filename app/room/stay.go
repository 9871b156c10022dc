package room

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"sync"
	"time"

	"google.golang.org/protobuf/proto"

	"parlor/app/api"
	"parlor/app/errno"
	"parlor/app/session"
	"parlor/media"
	"parlor/media/peer"
)

// stay is one stay in one room, from the success of joinRtcRoom to the exit. Its fields are touched
// on the Context's loop, but for session and peer, which are set before and safe anywhere.
type stay struct {
	c       *Context
	options JoinOptions
	session *session.Session
	peer    *peer.Peer
	first   *api.JoinResponse
	ctx     context.Context // of the stay's own goroutines
	cancel  context.CancelFunc
	tasks   sync.WaitGroup

	started    bool
	over       bool
	early      []func() // what happened before start
	model      model
	told       lists
	privileges *api.Privileges
	sources    map[media.Source]*published
	telling    bool // a SetLive call is under way

	subscribed  subscriptions
	leftOut     int           // tracks over the limit
	quality     media.Quality // own, as measured
	away        bool          // the server was out of reach since the last snapshot
	lastMessage *api.Message  // that was told
}

func newStay(c *Context, o JoinOptions) *stay {
	s := &stay{
		c: c, options: o, sources: make(map[media.Source]*published),
		subscribed: subscriptions{all: !o.NoAutoSubscribe}, model: model{self: o.UserID},
	}
	s.ctx, s.cancel = context.WithCancel(context.Background())
	return s
}

// start runs on the loop, once, when the user is told to be inside.
func (s *stay) start() {
	s.started = true
	s.privileges = s.first.GetPrivileges()
	for key, d := range s.c.shows {
		if s.c.isSelf(key.user) {
			s.c.preview(key.source)
		} else {
			s.peer.Show(string(key.user), key.source, d)
		}
	}
	s.model.reset(s.first.GetSnapshot())
	s.changed()
	s.tellToken()
	for _, f := range s.early {
		f()
	}
	s.early = nil
	s.c.publish()
	s.tasks.Go(s.measure)
}

// later keeps what comes before start. It runs on the loop.
func (s *stay) later(f func()) bool {
	if s.over {
		return true
	}
	if !s.started {
		s.early = append(s.early, f)
		return true
	}
	return false
}

// handle takes one event of the server. It runs on the loop.
func (s *stay) handle(e *api.Event) {
	if s.later(func() { s.handle(e) }) {
		return
	}
	switch body := e.GetBody().(type) {
	case *api.Event_TokenWillExpire:
		s.c.emit(RoomTokenWillExpire{})
		return
	case *api.Event_Privileges:
		s.granted(body.Privileges)
		return
	}
	if !s.model.apply(e) {
		s.c.log.Warn("events are missing, asking for the whole room", "have", s.model.seq, "got", e.GetSeq())
		s.session.Resync()
		return
	}
	switch body := e.GetBody().(type) {
	case *api.Event_Message:
		s.received(false, body.Message)
		return
	case *api.Event_Left:
		s.subscribed.forget(UserID(body.Left.GetUserId()))
	}
	s.changed()
	if snapshot := e.GetSnapshot(); snapshot != nil {
		s.received(s.away, snapshot.GetMessages()...)
		s.away = false
	}
}

// granted takes what the token allows from now on: what is no longer allowed stops, what is allowed again goes
// on. It runs on the loop.
func (s *stay) granted(p *api.Privileges) {
	if proto.Equal(p, s.privileges) { // each event stream begins with them
		return
	}
	silenced := false
	for source := range s.sources {
		silenced = silenced || !allows(p, source.Kind())
	}
	s.privileges = p
	s.subscribe()
	s.tellMembers()
	s.tellToken()
	s.c.publish()
	if silenced { // T-28
		s.c.emit(StateChanged{Err: errno.Failed.In("onRtcStateChanged", errno.NativeNoPublishPermission)})
	}
}

// handleState takes a change of the connection. It runs on the loop.
func (s *stay) handleState(st session.State, rejoined bool) {
	if s.later(func() { s.handleState(st, rejoined) }) {
		return
	}
	switch st.Phase {
	case session.Connected:
		if s.c.state == Reconnecting {
			s.c.setState(ConnectionChanged{State: Inside})
			s.c.emit(Joined{RoomID: s.options.RoomID, UserID: UserID(s.options.UserID), Rejoined: true})
		}
		if rejoined {
			s.peer.Restart()
		} else {
			s.peer.Suspect()
		}
	case session.Reconnecting:
		s.away = true
		s.c.setState(ConnectionChanged{State: Reconnecting, Attempt: st.Attempt, RetryIn: st.RetryIn})
	case session.Over:
		s.removed(st)
	}
}

// removed ends the stay against the user's will. It runs on the loop.
func (s *stay) removed(st session.State) {
	reason := errno.As("joinRtcRoom", st.Err)
	if errors.Is(st.Err, errno.InvalidToken) { // it expired while the server was out of reach
		st.Ended = api.EndReason_END_REASON_TOKEN_EXPIRED
	}
	switch st.Ended {
	case api.EndReason_END_REASON_TOKEN_EXPIRED:
		reason = errno.TokenExpired.In("onRtcStateChanged")
		s.c.emit(StateChanged{Err: reason})
	case api.EndReason_END_REASON_DUPLICATE_LOGIN:
		reason = s.interrupted(errno.NativeDuplicateLogin, "duplicate login")
	case api.EndReason_END_REASON_KICKED:
		reason = s.interrupted(errno.NativeKickedOut, "kicked out")
	case api.EndReason_END_REASON_ROOM_DISMISSED:
		reason = s.interrupted(errno.NativeRoomDismissed, "room dismissed")
	default:
		s.interrupted(errno.NativeServerStatus, "connection lost")
	}
	if s.c.endStay(reason) != nil {
		s.c.tasks.Go(func() { s.leave(context.Background()) })
	}
}

func (s *stay) interrupted(native int, words string) *errno.Error {
	s.c.emit(ChatInterrupted{No: native, Msg: words})
	return errno.Failed.In("onRtcChatInterrupted", native)
}

// leave ends everything that the stay started; it waits and must not run on the loop.
func (s *stay) leave(ctx context.Context) {
	// Whoever gave up waiting for the exit still wants to be out.
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), 2*time.Second)
	defer cancel()
	s.c.stopShare(s)
	s.cancel()
	s.tasks.Wait()
	s.peer.Close()
	if err := s.session.Exit(ctx); err != nil {
		s.c.log.Info("the server was not told of the exit", "error", err)
	}
	s.c.speaker.stop(s)
}

// changed tells what is new in the model and brings the media connection up to it. It runs on the loop.
func (s *stay) changed() {
	s.tellMembers()
	before := s.told
	s.told.tell(&s.model, s.c.emit)
	s.clear(media.Camera, before.video, s.told.video)
	s.clear(media.Screen, before.share, s.told.share)
	s.subscribe()
	for _, user := range before.chat {
		if s.model.index(string(user)) < 0 {
			s.peer.Forget(string(user))
		}
	}
	s.tellLive()
}

// clear takes the last pictures of those off the screen who do not send any more: they are nobody's to see.
func (s *stay) clear(source media.Source, before, now []UserID) {
	for _, user := range before {
		if d := s.c.shows[shown{user, source}]; d != nil && !slices.Contains(now, user) {
			d.Clear()
		}
	}
}

// tellMembers tells the whole room, with what only this client knows. It runs on the loop.
func (s *stay) tellMembers() {
	members := s.model.list()
	for i := range members {
		m := &members[i]
		if m.Self {
			m.Quality, m.Invisible = s.quality, s.c.invisible
			continue
		}
		m.AudioSubscribed = s.receives(m.UserID, media.Microphone)
		m.VideoSubscribed = s.receives(m.UserID, media.Camera)
		m.ScreenSubscribed = s.receives(m.UserID, media.Screen)
	}
	s.c.emit(MembersChanged{Members: members})
}

// onMedia is called by the peer.
func (s *stay) onMedia(state peer.State) { s.c.log.Debug("media connection", "state", state) }

// signal carries the peer's offers to the server. It runs on the peer's goroutine.
func (s *stay) signal(ctx context.Context, o peer.Offer) (peer.Answer, error) {
	request := &api.NegotiateRequest{Connection: o.Connection, Offer: o.SDP}
	for _, p := range o.Publish {
		request.Publish = append(request.Publish, &api.Publish{Mid: p.MID, Source: api.Source(p.Source), Live: p.Live})
	}
	for _, p := range o.Subscribe {
		request.Subscribe = append(request.Subscribe, &api.Subscribe{Mid: p.MID, TrackId: p.TrackID})
	}
	reply, err := s.session.Negotiate(ctx, request)
	if errors.Is(err, session.ErrConnectionGone) {
		err = fmt.Errorf("%w: %w", peer.ErrConnectionGone, err)
	}
	if err != nil {
		if text := errno.Failed.In("", errno.NativeOverPublishLimit).Text(); api.FromConnect("negotiate", err).Text() == text {
			s.c.loop.Post(s.unheard)
		}
		return peer.Answer{}, err
	}
	answer := peer.Answer{SDP: reply.GetAnswer()}
	for _, p := range reply.GetSubscribed() {
		answer.Subscribed = append(answer.Subscribed, peer.Subscribe{MID: p.GetMid(), TrackID: p.GetTrackId()})
	}
	return answer, nil
}
