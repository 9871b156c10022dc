package ui

import (
	"encoding/json"
	"time"

	"fyne.io/fyne/v2"

	"parlor/app/room"
	"parlor/app/ui/console"
	"parlor/widgets"
)

// newConsole makes the API console, which lives as long as the window: a change of language makes its widgets anew only.
func (w *Window) newConsole() *console.Console {
	return console.New(console.Config{
		Call:        w.cfg.Backend.Call,
		Command:     w.command,
		Token:       w.cfg.Backend.Token,
		RunScript:   w.cfg.Backend.RunScript,
		SetMode:     func(raw bool) { w.choose("developer.console", raw, func(p *preferences) { p.RawCalls = raw }) },
		State:       func() any { return w.liveState() },
		Now:         w.now,
		After:       func(d time.Duration, f func()) { time.AfterFunc(d, func() { w.post(f) }) },
		Background:  w.background,
		Copy:        w.copy,
		Open:        w.openFile,
		Preferences: w.cfg.App.Preferences(),
		Folder:      w.cfg.Folder,
		Lab:         w.cfg.Lab && w.state.frame.prefs.Faults,
		Log:         w.log,
	})
}

// takeNote lets a tester write a note into the log, wherever he is.
func (w *Window) takeNote() {
	w.command("api.note", nil, func() {
		if w.state.page != pageAPI {
			w.send(pageChosen{pageAPI})
		}
		w.console.TakeNote()
	})
}

// background runs work off the UI goroutine and what it returns on it.
func (w *Window) background(work func() (done func())) {
	w.wait.Go(func() {
		done := work()
		w.post(done)
	})
}

// Register implements console.Host.
func (w *Window) Register(id string, o fyne.CanvasObject) {
	if o == nil {
		delete(w.controls, id)
		return
	}
	w.register(id, o)
}

// Adopt implements console.Host.
func (w *Window) Adopt(e *widgets.Entry) { w.adopt(e) }

// SetPeers shows the virtual users that there are. Any goroutine.
func (w *Window) SetPeers(peers []console.Peer) {
	w.post(func() { w.console.SetPeers(peers) })
}

// SetFaults shows what a tester broke on purpose. Any goroutine.
func (w *Window) SetFaults(f console.Faults) {
	w.post(func() {
		w.console.SetFaults(f)
		w.send(faultsChange{f.Words(w.texts)})
	})
}

// SetScript shows which script runs, "" for none, and what there is to say about it. Any goroutine.
func (w *Window) SetScript(name, note string) {
	w.post(func() {
		w.console.ScriptRuns(name)
		if note != "" {
			w.console.Write(console.Note, note)
		}
	})
}

// situation is what the console needs to know of the room.
func (w *Window) situation() console.Situation {
	st := &w.state
	s := console.Situation{
		Context: st.tester.context, InRoom: st.inRoom(), Joining: st.joining,
		AppID: st.appID, RoomID: first(st.roomID, st.form.roomID), UserID: first(st.userID, st.form.userID), OtherID: "alice",
		Raw: st.frame.prefs.RawCalls, Faults: st.frame.prefs.Faults,
	}
	for _, m := range st.members {
		if !m.Self {
			s.OtherID = string(m.UserID)
			break
		}
	}
	return s
}

// liveState is what the console shows as a tree; the order of its fields is that of the tree. It has no secrets.
type liveState struct {
	Context struct {
		Exists bool   `json:"exists"`
		AppID  string `json:"appId"`
		Server string `json:"server"`
	} `json:"context"`
	Room struct {
		Connection string `json:"connection"`
		RoomID     string `json:"roomId"`
		UserID     string `json:"userId"`
		Since      string `json:"since,omitempty"`
		Attempt    int    `json:"attempt,omitempty"`
	} `json:"room"`
	Token   *tokenState            `json:"token"`
	Members map[string]memberState `json:"members"` // by user id
	Local   map[string]localState  `json:"local"`   // by source
	Page    pageData               `json:"page"`
	RTTMS   float64                `json:"rttMs"`
	Counts  map[string]int         `json:"events"`
}

// tokenState is what the token allows, and until when.
type tokenState struct {
	EndsAt       string `json:"endsAt"` // the info panel counts down; a value that changes all the time would tell nothing here
	PublishAudio bool   `json:"publishAudio"`
	PublishVideo bool   `json:"publishVideo"`
	Subscribe    bool   `json:"subscribe"`
}

// memberState is a member of the room, with what comes of its media.
type memberState struct {
	Self       bool                  `json:"self,omitempty"`
	Connected  bool                  `json:"connected"`
	Invisible  bool                  `json:"invisible,omitempty"`
	Quality    int                   `json:"quality"`
	Audio      bool                  `json:"audio"`
	Video      bool                  `json:"video"`
	Screen     bool                  `json:"screen"`
	Subscribed []string              `json:"subscribed"` // audio, video, screen
	Tracks     map[string]trackState `json:"tracks,omitempty"`
}

// trackState counts what came of a source of a member.
type trackState struct {
	Packets  uint64  `json:"packets"`
	Lost     uint64  `json:"lost"`
	Frames   uint64  `json:"frames,omitempty"`
	Decoded  uint64  `json:"decoded,omitempty"`
	Freezes  uint64  `json:"freezes,omitempty"`
	Size     [2]int  `json:"size,omitzero"`
	JitterMS float64 `json:"jitterMs"`
	Level    int     `json:"level,omitempty"`
}

// localState is an own device and what is sent of it.
type localState struct {
	Open    bool   `json:"open"`
	Sent    bool   `json:"sent"` // others can get it
	Packets uint64 `json:"packets"`
	Bytes   uint64 `json:"bytes"`
	Size    [2]int `json:"size,omitzero"`
	Bitrate int    `json:"bitrate,omitempty"` // bit/s aimed at
	Error   string `json:"error,omitempty"`
}

// pageData is the data of the documents' sample page, by its names (R-48..R-58).
type pageData struct {
	Ctx                  bool         `json:"ctx"` // there is one
	UserIDList           []sampleTile `json:"userIdList"`
	VideoState           int          `json:"videoState"`
	AudioState           int          `json:"audioState"`
	StreamPublishState   int          `json:"streamPublishState"`
	StreamSubscribeState int          `json:"streamSubscribeState"`
	ScreenSubscribeState int          `json:"screenSubscribeState"`
	Visible              bool         `json:"visible"`
	Device               string       `json:"device"`
	Camera               string       `json:"camera"`
	ScaleUserID          room.UserID  `json:"scaleUserId"`
	Error                string       `json:"error"`
}

// sampleTile is an item of userIdList.
type sampleTile struct {
	UserID room.UserID `json:"userId"`
	Class  string      `json:"class"`
	Mode   string      `json:"mode"`
}

var connectionNames = [...]string{room.Outside: "outside", room.Joining: "joining", room.Inside: "inside", room.Reconnecting: "reconnecting"}

func (w *Window) liveState() liveState {
	st := &w.state
	s := liveState{Page: st.pageData(), Counts: w.console.Counts(), RTTMS: w.samples.stats.RTTMS}
	s.Context.Exists, s.Context.AppID, s.Context.Server = st.tester.context, st.appID, w.cfg.Server
	s.Room.Connection, s.Room.RoomID, s.Room.UserID = connectionNames[st.connection], st.roomID, st.userID
	s.Room.Attempt = st.attempt
	if !st.joinedAt.IsZero() {
		s.Room.Since = st.joinedAt.Format(time.TimeOnly)
	}
	if t := st.tester.token; st.inRoom() {
		s.Token = &tokenState{PublishAudio: t.PublishAudio, PublishVideo: t.PublishVideo, Subscribe: t.Subscribe, EndsAt: "never"}
		if !t.ExpireAt.IsZero() {
			s.Token.EndsAt = t.ExpireAt.Local().Format(time.DateTime)
		}
	}
	s.Members, s.Local = w.memberStates(), w.localStates()
	return s
}

func (w *Window) memberStates() map[string]memberState {
	list := make(map[string]memberState, len(w.state.members))
	for _, m := range w.state.members {
		member := memberState{
			Self: m.Self, Connected: m.Connected, Invisible: m.Invisible, Quality: int(m.Quality),
			Audio: m.Audio, Video: m.Video, Screen: m.Screen, Subscribed: []string{},
		}
		for _, s := range []struct {
			on   bool
			name string
		}{{m.AudioSubscribed, "audio"}, {m.VideoSubscribed, "video"}, {m.ScreenSubscribed, "screen"}} {
			if s.on && !m.Self {
				member.Subscribed = append(member.Subscribed, s.name)
			}
		}
		list[string(m.UserID)] = member
	}
	for _, t := range w.samples.stats.Remote {
		member, there := list[t.UserID]
		if !there {
			continue
		}
		if member.Tracks == nil {
			member.Tracks = make(map[string]trackState)
		}
		member.Tracks[t.Source.String()] = trackState{
			Packets: t.Packets, Lost: t.Lost, Frames: t.Frames, Decoded: t.Decoded, Freezes: t.Freezes,
			Size: [2]int{t.Width, t.Height}, JitterMS: float64(int(t.JitterMS*10)) / 10, Level: t.Level,
		}
		list[t.UserID] = member
	}
	return list
}

func (w *Window) localStates() map[string]localState {
	st := &w.state
	list := map[string]localState{
		"microphone": deviceState(st.mic, st.inRoom() && st.audioOut.on()),
		"camera":     deviceState(st.camera, st.inRoom() && st.videoOut.on()),
	}
	for _, t := range w.samples.stats.Sent {
		s := list[t.Source.String()]
		s.Packets, s.Bytes, s.Size, s.Bitrate = t.Packets, t.Bytes, [2]int{t.Width, t.Height}, t.Bitrate
		list[t.Source.String()] = s
	}
	return list
}

func deviceState(d device, sent bool) localState {
	s := localState{Open: d.open, Sent: d.open && sent}
	if d.err != nil {
		s.Error = d.err.Msg
	}
	return s
}

// pageData is what the sample page would show.
func (s *state) pageData() pageData {
	p := pageData{
		Ctx: s.tester.context, VideoState: bit(s.camera.open), AudioState: bit(s.mic.open), StreamPublishState: bit(s.audioOut.on() && s.inRoom()),
		ScaleUserID: s.layout.enlarged.user, Error: s.errorLine, UserIDList: []sampleTile{},
		StreamSubscribeState: s.tester.stream, ScreenSubscribeState: s.tester.screen, Visible: s.tester.visible,
		Device: first(s.tester.device, string(room.Speakerphone)), Camera: first(s.tester.camera, string(room.CameraFront)),
	}
	for _, t := range s.tiles() {
		mode := "video"
		if t.self {
			mode = "camera"
		}
		if t.key.source.String() == "screen" {
			mode = "screen"
		}
		class := "small"
		if t.key == s.layout.enlarged {
			class = "big"
		}
		p.UserIDList = append(p.UserIDList, sampleTile{t.key.user, class, mode})
	}
	return p
}

// testerState is what only testers want to know: whether there is a context, the token's life, and what the sample page keeps of
// its own calls (R-52..R-56).
type testerState struct {
	context        bool
	token          room.TokenChanged
	stream, screen int
	visible        bool
	device, camera string
}

// reduce takes what a call that succeeded was given.
func (s testerState) reduce(m any) testerState {
	if token, ok := m.(room.TokenChanged); ok {
		s.token = token
	}
	ended, ok := m.(callEnded)
	if !ok || !ended.ok {
		return s
	}
	var p struct {
		State   int    `json:"state"`
		Visible bool   `json:"visible"`
		Device  string `json:"device"`
		Camera  string `json:"camera"`
	}
	if len(ended.params) > 0 && json.Unmarshal(ended.params, &p) != nil {
		return s
	}
	switch ended.method {
	case "createRtcRoomContext":
		s = testerState{context: true}
	case "x-destroy":
		s = testerState{}
	case "changeStreamSubscribeState":
		s.stream = p.State
	case "changeScreenSubscribeState":
		s.screen = p.State
	case "changeUserVisibility":
		s.visible = p.Visible
	case "setAudioPlaybackDevice":
		s.device = p.Device
	case "switchCamera":
		s.camera = p.Camera
	}
	return s
}
