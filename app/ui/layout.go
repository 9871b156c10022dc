package ui

import (
	"encoding/json"
	"maps"
	"math"
	"slices"
	"time"

	"parlor/app/room"
	"parlor/media"
)

// layoutState is what the stage shows and how: order and page of the tiles, the large one, statistics, whom the user does not
// hear, the own screen share. Slices and maps in it are never changed in place.
type layoutState struct {
	enlarged tileKey // large, with the others in a strip; zero: grid
	alone    bool    // the large tile has the whole window
	before   tileKey // what was enlarged when a shared screen was enlarged by itself
	byShare  bool    // enlarged is a shared screen, and the user did not choose it

	pinned  []tileKey     // in the order of pinning
	cameras []room.UserID // the others, in the order of their cameras' tiles
	screens []room.UserID // the others who share a screen
	page    int

	connecting bool // a join that the start page did not begin is under way

	figures   bool      // statistics on all tiles
	figuresOn []tileKey // and on these
	panel     bool      // the panel of statistics is open

	audioOnly bool
	unwatched []room.UserID // whose cameras audioOnly turned off
	silenced  []room.UserID // muted for me

	share shareState
	away  absence
}

// shareState is the own screen share.
type shareState struct {
	on           bool
	name         string // of the device that is shared
	asked, label string // the device chosen last, and its name for people
}

// absence is a time without the server, and what is told of it afterwards.
type absence struct {
	since    time.Time // zero: not away
	back     time.Time // zero: still away
	members  []room.UserID
	messages int
}

// The messages of the stage.
type (
	tileTapped    struct{ key tileKey } // the same one again shrinks it
	tileAlone     struct{ key tileKey } // it gets the whole window; zero: it no longer has it
	tilePinned    struct{ key tileKey } // the same one again unpins it
	pageTurned    struct{ page int }
	figuresTapped struct{ key tileKey } // zero: on all tiles
	panelTapped   struct{}              // of statistics
	audioOnlySet  struct {
		on        bool
		unwatched []room.UserID // whose cameras were turned off for it
	}
	shareAsked struct{ name, label string }
	// userHeard tells that a user whose tile is not on the page begins to speak; quiet are the tiles on the page of those who do
	// not, the longest silent first.
	userHeard struct {
		user  room.UserID
		quiet []tileKey
	}
	connectBegun struct{}
	absenceTold  struct{}
)

// reduce returns the part after a message; whole is the state with the message in it.
func (s layoutState) reduce(m any, whole *state, now time.Time) layoutState {
	switch m := m.(type) {
	case tileTapped:
		s.byShare, s.alone = false, false
		if s.enlarged == m.key {
			m.key = tileKey{}
		}
		s.enlarged = m.key
	case tileAlone:
		s.alone = m.key != tileKey{}
		if s.alone {
			s.enlarged, s.byShare = m.key, false
		}
	case tilePinned:
		s.pinned = toggled(s.pinned, m.key)
	case pageTurned:
		s.page = max(m.page, 0)
	case figuresTapped:
		if m.key == (tileKey{}) {
			s.figures, s.figuresOn = !s.figures, nil
		} else {
			s.figuresOn = toggled(s.figuresOn, m.key)
		}
	case panelTapped:
		s.panel = !s.panel
	case userHeard:
		s.cameras = brought(s.cameras, s.pinned, m)
	case connectBegun:
		s.connecting = true
	case joinRefused:
		s.connecting = false
	case absenceTold:
		s.away = absence{}
	case shareAsked:
		s.share.asked, s.share.label = m.name, m.label
	case audioOnlySet:
		s.audioOnly, s.unwatched = m.on, m.unwatched
	case callEnded:
		s.reduceCall(m, whole)
	case room.Event:
		s.reduceEvent(m, whole, now)
	}
	return s
}

// toggled returns a list with the item, or without it when it was there.
func toggled[T comparable](list []T, item T) []T {
	if slices.Contains(list, item) {
		return without(list, item)
	}
	return append(slices.Clip(list), item)
}

func without[T comparable](list []T, item T) []T {
	return slices.DeleteFunc(slices.Clone(list), func(x T) bool { return x == item })
}

// brought swaps a speaker with the tile of the page that was silent for longest, so that all others stay where they are. Pinned
// tiles, shared screens and the own tile are not given away.
func brought(cameras []room.UserID, pinned []tileKey, m userHeard) []room.UserID {
	at := slices.Index(cameras, m.user)
	for _, key := range m.quiet {
		place := slices.Index(cameras, key.user)
		if at < 0 || place < 0 || key.source != media.Camera || slices.Contains(pinned, key) {
			continue
		}
		cameras = slices.Clone(cameras)
		cameras[at], cameras[place] = cameras[place], cameras[at]
		break
	}
	return cameras
}

// reduceCall takes the end of a call that concerns the stage.
func (s *layoutState) reduceCall(m callEnded, whole *state) {
	switch {
	case m.method == "joinRtcRoom" && !m.ok:
		s.connecting = false
	case m.method == "x-startScreenShare" && !m.ok:
		whole.notice = notice{noticeShare, m.result.Msg}
	case m.method == "x-setGain" && m.ok:
		var p struct {
			UserID room.UserID `json:"userId"`
			Gain   float64     `json:"gain"`
		}
		if json.Unmarshal(m.params, &p) == nil && p.UserID != "" {
			s.setVolume(p.UserID, int(math.Round(p.Gain*100)), &whole.frame.prefs)
		}
	}
}

// setVolume notes a user's volume in percent. Silence keeps the volume that was there before, to go back to.
func (s *layoutState) setVolume(user room.UserID, percent int, prefs *preferences) {
	s.silenced = without(s.silenced, user)
	if percent == 0 {
		s.silenced = append(s.silenced, user)
		return
	}
	volumes := maps.Clone(prefs.Volumes)
	delete(volumes, user)
	if percent != 100 {
		if volumes == nil {
			volumes = make(map[room.UserID]int)
		}
		for other := range volumes {
			if len(volumes) >= maxVolumes && !slices.Contains(s.cameras, other) {
				delete(volumes, other)
			}
		}
		volumes[user] = percent
	}
	prefs.Volumes = volumes
}

const (
	maxVolume = 200 // percent
	// maxVolumes are remembered; beyond that, those of people who are not here are forgotten.
	maxVolumes = 500
)

// volume is how loud a user is to be, in percent, when not muted.
func (s *state) volume(user room.UserID) int {
	if v, ok := s.frame.prefs.Volumes[user]; ok {
		return v
	}
	return 100
}

func (s *layoutState) reduceEvent(ev room.Event, whole *state, now time.Time) {
	switch ev := ev.(type) {
	case room.Joined:
		s.connecting = false
		if ev.Rejoined && !s.away.since.IsZero() {
			s.away.back = now
		}
	case room.Exited:
		s.leave()
	case room.ConnectionChanged:
		if ev.State == room.Reconnecting && (s.away.since.IsZero() || !s.away.back.IsZero()) {
			s.away = absence{since: now, members: userIDs(whole.members)}
		}
	case room.MessageReceived:
		if ev.Missed && !s.away.since.IsZero() {
			s.away.messages++
		}
	case room.MembersChanged:
		s.arrange(ev.Members)
	case room.CaptureChanged:
		if ev.Source != media.Screen {
			break
		}
		s.share.on, s.share.name = ev.On, ev.Name
		if ev.Err != nil {
			whole.notice = notice{noticeShareEnded, ev.Err.ErrMsg}
		}
	}
}

// leave forgets what belongs to one stay in a room.
func (s *layoutState) leave() { *s = layoutState{figures: s.figures, silenced: s.silenced} }

// arrange follows who is in the room: those who stay keep their places, new ones come last. A shared screen that begins is
// enlarged; when it ends, what was there before is back, unless the user chose something in the meantime.
func (s *layoutState) arrange(members []room.Member) {
	var cameras, screens []room.UserID
	for _, m := range members {
		if m.Self {
			continue
		}
		cameras = append(cameras, m.UserID)
		if m.Screen {
			screens = append(screens, m.UserID)
		}
	}
	s.cameras = keepOrder(s.cameras, cameras)
	fresh := slices.DeleteFunc(slices.Clone(screens), func(u room.UserID) bool { return slices.Contains(s.screens, u) })
	s.screens = keepOrder(s.screens, screens)
	s.pinned = slices.DeleteFunc(slices.Clone(s.pinned), func(k tileKey) bool { return !s.has(k, members) })
	s.figuresOn = slices.DeleteFunc(slices.Clone(s.figuresOn), func(k tileKey) bool { return !s.has(k, members) })
	if !s.has(s.before, members) {
		s.before = tileKey{}
	}
	if !s.has(s.enlarged, members) && s.enlarged != (tileKey{}) {
		back := tileKey{}
		if s.byShare {
			back = s.before
		}
		s.enlarged, s.byShare, s.alone = back, false, false
	}
	if len(fresh) > 0 {
		if !s.byShare {
			s.before = s.enlarged
		}
		s.enlarged, s.byShare, s.alone = tileKey{fresh[0], media.Screen}, true, false
	}
}

// has tells whether there is such a tile.
func (s *layoutState) has(key tileKey, members []room.Member) bool {
	if key.source == media.Screen {
		return slices.Contains(s.screens, key.user)
	}
	return slices.ContainsFunc(members, func(m room.Member) bool { return m.UserID == key.user })
}

// keepOrder returns now in the order of before, new ones last.
func keepOrder[T comparable](before, now []T) []T {
	kept := slices.DeleteFunc(slices.Clone(before), func(x T) bool { return !slices.Contains(now, x) })
	for _, x := range now {
		if !slices.Contains(kept, x) {
			kept = append(kept, x)
		}
	}
	return kept
}

func userIDs(members []room.Member) []room.UserID {
	ids := make([]room.UserID, len(members))
	for i, m := range members {
		ids[i] = m.UserID
	}
	return ids
}

// tileKey names a tile: a user's camera or a user's screen.
type tileKey struct {
	user   room.UserID
	source media.Source
}

// params are the tile in rows of the log.
func (k tileKey) params() map[string]any {
	return map[string]any{"userId": string(k.user), "source": k.source.String()}
}

// tile is what a tile shows, but for its picture.
type tile struct {
	key          tileKey
	name         string
	self, muted  bool
	video        bool
	disconnected bool
	subscribed   bool // what the tile shows is received
	pinned       bool
	silenced     bool // muted for me
	quality      media.Quality
	blank        bool // holds the place of somebody who may come
}

// tiles lists the tiles in their order: oneself, pinned ones, shared screens, then the cameras of the others. The own screen is
// no tile.
func (s *state) tiles() []tile {
	if s.layout.connecting && !s.inRoom() {
		return s.placeholders()
	}
	byKey := make(map[tileKey]tile, len(s.members))
	var order []tileKey
	for _, m := range s.members {
		if m.Self && s.frame.prefs.HideSelf {
			continue
		}
		t := s.tile(m)
		if m.Self {
			order = append(order, t.key)
		}
		byKey[t.key] = t
		if m.Screen && !m.Self {
			t.key.source, t.video, t.subscribed = media.Screen, true, m.ScreenSubscribed
			byKey[t.key] = t
		}
	}
	order = append(order, s.layout.pinned...)
	for _, u := range s.layout.screens {
		order = append(order, tileKey{u, media.Screen})
	}
	for _, u := range s.layout.cameras {
		order = append(order, tileKey{u, media.Camera})
	}
	list := make([]tile, 0, len(order))
	for _, key := range order {
		t, ok := byKey[key]
		if !ok {
			continue
		}
		delete(byKey, key) // a pinned one comes once
		t.pinned = slices.Contains(s.layout.pinned, key)
		list = append(list, t)
	}
	return list
}

// tile is a member's camera.
func (s *state) tile(m room.Member) tile {
	return tile{
		key: tileKey{m.UserID, media.Camera}, name: string(m.UserID), self: m.Self, muted: !m.Audio, video: m.Video,
		disconnected: !m.Connected || s.connection == room.Reconnecting,
		subscribed:   m.Self || m.VideoSubscribed, quality: m.Quality,
		silenced: !m.Self && slices.Contains(s.layout.silenced, m.UserID),
	}
}

// placeholders are the tiles while a join is under way: oneself, and three who may come.
func (s *state) placeholders() []tile {
	list := []tile{{
		key: tileKey{"", media.Camera}, name: s.form.userID, self: true, video: s.camera.open, muted: !s.mic.open, subscribed: true,
	}}
	for _, name := range []room.UserID{"1", "2", "3"} {
		list = append(list, tile{key: tileKey{name, 0}, blank: true})
	}
	return list
}

// showsStage tells whether the room page shows the stage: in a room, and on the way into one.
func (s *state) showsStage() bool { return s.inRoom() || s.layout.connecting }
