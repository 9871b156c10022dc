package room

import (
	"cmp"
	"context"
	"slices"

	"parlor/app/api"
	"parlor/app/errno"
	"parlor/media"
	"parlor/media/peer"
)

// maxSubscriptions is how many tracks one member may receive at a time: the server's limit. When a room has more, what was asked
// for by a call comes first, then what is on screen, then voices, then the rest in order of joining.
const maxSubscriptions = 256

// ChangeStreamSubscribeState is changeStreamSubscribeState (N-18..N-20): whether a user's microphone and camera are received. What is
// said holds until the user leaves the room, also for tracks that come later. It fails outside a room, with the native code -2003 for
// a user who publishes none of the streams, with -1003 without the privilege to subscribe and with -1070 over the limit of 256 tracks.
func (c *Context) ChangeStreamSubscribeState(ctx context.Context, on bool, user UserID, t StreamType) error {
	return c.changeSubscribe(ctx, "changeStreamSubscribeState", on, user, t, media.Microphone, media.Camera)
}

// ChangeScreenSubscribeState is changeScreenSubscribeState (N-21..N-25): whether a user's shared screen and its sound are received,
// with the rules of ChangeStreamSubscribeState.
func (c *Context) ChangeScreenSubscribeState(ctx context.Context, on bool, user UserID, t StreamType) error {
	return c.changeSubscribe(ctx, "changeScreenSubscribeState", on, user, t, media.ScreenAudio, media.Screen)
}

func (c *Context) changeSubscribe(ctx context.Context, apiName string, on bool, user UserID, t StreamType, audio, video media.Source) error {
	done, gone := c.begin(apiName)
	if gone != nil {
		return gone
	}
	defer done()
	wantsAudio, wantsVideo, err := t.split(apiName)
	if err != nil {
		return err
	}
	var sources []media.Source
	if wantsAudio {
		sources = append(sources, audio)
	}
	if wantsVideo {
		sources = append(sources, video)
	}
	return c.failure(apiName, c.loop.Do(ctx, func() error {
		if c.stay == nil {
			return errno.InvalidParam.Detail(apiName, notInRoom, nil)
		}
		return c.stay.changeSubscribe(apiName, on, user, sources)
	}))
}

// changeSubscribe runs on the loop.
func (s *stay) changeSubscribe(apiName string, on bool, user UserID, sources []media.Source) error {
	if on && !s.maySubscribe() {
		return errno.Failed.In(apiName, errno.NativeNoSubscribe)
	}
	if user == UserID(s.options.UserID) || !slices.ContainsFunc(s.model.tracks(string(user)), func(t *api.Track) bool {
		return slices.Contains(sources, media.Source(t.GetSource()))
	}) {
		return errno.Failed.In(apiName, errno.NativeStreamNotFound)
	}
	before := s.subscribed.clone()
	for _, source := range sources {
		s.subscribed.set(user, source, on)
	}
	if on && len(s.wanted()) > maxSubscriptions {
		s.subscribed = before
		return errno.Failed.In(apiName, errno.NativeOverSubscribeLimit)
	}
	s.subscribe()
	s.tellMembers()
	return nil
}

// subscriptions is what is received of whom: everything or nothing by roomConfig.autoSubscribe, and what single calls said since.
type subscriptions struct {
	all    bool
	single map[shown]bool // bounded by what the caller asks for: each entry needs a stream that was there
}

func (s *subscriptions) clone() subscriptions {
	single := make(map[shown]bool, len(s.single))
	for key, on := range s.single {
		single[key] = on
	}
	return subscriptions{all: s.all, single: single}
}

func (s *subscriptions) set(user UserID, source media.Source, on bool) {
	if s.single == nil {
		s.single = make(map[shown]bool)
	}
	s.single[shown{user, source}] = on
}

// of tells whether a source of a user is wanted, and whether a call said so.
func (s *subscriptions) of(user UserID, source media.Source) (on, said bool) {
	if on, said = s.single[shown{user, source}]; said {
		return on, true
	}
	return s.all, false
}

// forget takes back what was said about a user.
func (s *subscriptions) forget(user UserID) {
	for source := media.Microphone; source <= media.ScreenAudio; source++ {
		delete(s.single, shown{user, source})
	}
}

func (s *stay) maySubscribe() bool { return s.privileges.GetSubscribe() }

// receives tells whether a source of another user is received if there is one. It runs on the loop.
func (s *stay) receives(user UserID, source media.Source) bool {
	on, _ := s.subscribed.of(user, source)
	return on && s.maySubscribe()
}

// wanted lists all tracks of others that are to be received, however many. It runs on the loop.
func (s *stay) wanted() []peer.RemoteTrack {
	var tracks []peer.RemoteTrack
	for _, m := range s.model.members {
		user := UserID(m.GetUserId())
		if user == UserID(s.options.UserID) {
			continue
		}
		for _, t := range m.GetTracks() {
			if source := media.Source(t.GetSource()); s.receives(user, source) {
				tracks = append(tracks, peer.RemoteTrack{TrackID: t.GetTrackId(), UserID: m.GetUserId(), Source: source})
			}
		}
	}
	return tracks
}

// subscribe wishes for the tracks of the others. It runs on the loop.
func (s *stay) subscribe() {
	tracks, over := s.within(s.wanted())
	if over != s.leftOut {
		s.c.log.Warn("the room has more tracks than one member may receive", "left out", over)
	}
	s.leftOut = over
	s.peer.SetRemote(tracks)
}

// within keeps the first maxSubscriptions tracks, and says how many more there are. It runs on the loop.
func (s *stay) within(tracks []peer.RemoteTrack) (first []peer.RemoteTrack, over int) {
	if over = len(tracks) - maxSubscriptions; over <= 0 {
		return tracks, 0
	}
	slices.SortStableFunc(tracks, func(a, b peer.RemoteTrack) int { return cmp.Compare(s.rank(a), s.rank(b)) })
	return tracks[:maxSubscriptions], over
}

// rank orders tracks when there are too many. It runs on the loop.
func (s *stay) rank(t peer.RemoteTrack) int {
	key := shown{UserID(t.UserID), t.Source}
	switch _, said := s.subscribed.of(key.user, key.source); {
	case said:
		return 0
	case s.c.shows[key] != nil:
		return 1
	case t.Source.Kind() == media.Audio:
		return 2
	}
	return 3
}
