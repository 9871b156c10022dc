package room

import (
	"slices"
	"time"

	"parlor/app/api"
	"parlor/media"
)

// model is the room as the server told it: a snapshot and the deltas since.
type model struct {
	self    string // own user id
	seq     uint64
	members []*api.Member // in order of joining
}

// reset takes a snapshot.
func (m *model) reset(s *api.Snapshot) {
	m.seq, m.members = s.GetSeq(), s.GetMembers()
}

// apply takes one event; false means that an event before it is missing. Deltas that the last snapshot
// contains already change nothing.
func (m *model) apply(e *api.Event) bool {
	if s := e.GetSnapshot(); s != nil {
		m.reset(s)
		return true
	}
	if e.GetSeq() == 0 || e.GetSeq() <= m.seq {
		return true
	}
	if e.GetSeq() != m.seq+1 {
		return false
	}
	m.seq = e.GetSeq()
	switch body := e.GetBody().(type) {
	case *api.Event_Joined:
		m.put(body.Joined)
	case *api.Event_Changed:
		m.put(body.Changed)
	case *api.Event_Left:
		m.members = slices.DeleteFunc(slices.Clone(m.members), func(x *api.Member) bool {
			return x.GetUserId() == body.Left.GetUserId()
		})
	}
	return true
}

func (m *model) put(member *api.Member) {
	i := m.index(member.GetUserId())
	m.members = slices.Clone(m.members)
	if i < 0 {
		m.members = append(m.members, member)
		return
	}
	m.members[i] = member
}

func (m *model) index(user string) int {
	return slices.IndexFunc(m.members, func(x *api.Member) bool { return x.GetUserId() == user })
}

// tracks returns the tracks of a user.
func (m *model) tracks(user string) []*api.Track {
	if i := m.index(user); i >= 0 {
		return m.members[i].GetTracks()
	}
	return nil
}

// setLive notes what the server was just told and will tell everybody.
func (m *model) setLive(user string, live map[uint32]bool) {
	for _, t := range m.tracks(user) {
		if v, ok := live[uint32(t.GetSource())]; ok {
			t.Live = v
		}
	}
}

// quality is what the server tells of a user's connection.
func (m *model) quality(user string) media.Quality {
	if i := m.index(user); i >= 0 {
		return qualityOf(m.members[i])
	}
	return media.QualityUnknown
}

func qualityOf(x *api.Member) media.Quality {
	return media.Quality(min(x.GetQuality(), uint32(media.QualityExcellent)))
}

// list gives the members in the SDK's own words.
func (m *model) list() []Member {
	members := make([]Member, 0, len(m.members))
	for _, x := range m.members {
		member := Member{
			UserID: UserID(x.GetUserId()), Self: x.GetUserId() == m.self,
			Connected: x.GetConnected(), Quality: qualityOf(x), JoinedAt: time.UnixMilli(x.GetJoinedAtMs()),
		}
		for _, t := range x.GetTracks() {
			if !t.GetLive() {
				continue
			}
			switch t.GetSource() {
			case api.Source_SOURCE_MICROPHONE:
				member.Audio = true
			case api.Source_SOURCE_CAMERA:
				member.Video = true
			case api.Source_SOURCE_SCREEN:
				member.Screen = true
			}
		}
		members = append(members, member)
	}
	return members
}

// lists is what the four list events told last.
type lists struct {
	begun                        bool
	chat, video, speakers, share []UserID
}

// tell emits the documents' list events whose lists have changed: complete lists, never differences
// (N-44..N-47). The first list of members is always told.
func (l *lists) tell(m *model, emit func(Event)) {
	var chat, video, speakers, share []UserID
	for _, x := range m.list() {
		chat = append(chat, x.UserID)
		if x.Video {
			video = append(video, x.UserID)
		}
		if x.Audio {
			speakers = append(speakers, x.UserID)
		}
		if x.Screen {
			share = append(share, x.UserID)
		}
	}
	if !l.begun || !slices.Equal(chat, l.chat) {
		emit(ChatMembersChanged{Users: chat})
	}
	if !slices.Equal(video, l.video) {
		emit(VideoMembersChanged{Users: video})
	}
	if !slices.Equal(speakers, l.speakers) {
		emit(ChatSpeakersChanged{Users: speakers})
	}
	if !slices.Equal(share, l.share) {
		emit(PublishScreenMembersChanged{Users: share})
	}
	*l = lists{begun: true, chat: chat, video: video, speakers: speakers, share: share}
}
