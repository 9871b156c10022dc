package ui

import (
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"parlor/app/errno"
	"parlor/app/link"
	"parlor/app/room"
	"parlor/media"
	"parlor/widgets"
)

func TestNewRoomID(t *testing.T) {
	last := func(n int) int { return n - 1 }
	if got := newRoomID(func(int) int { return 0 }); got != "amber-badger-10" {
		t.Errorf("the first name is %q", got)
	}
	if got := newRoomID(last); got != "white-wolf-99" || !widgets.ValidID(got) {
		t.Errorf("the last name is %q", got)
	}
	for _, words := range [][]string{roomColours, roomAnimals} {
		if !slices.IsSorted(words) || len(slices.Compact(slices.Clone(words))) != 32 {
			t.Errorf("%d words, or twice the same", len(words))
		}
	}
}

// TestStart_Rows: each control of the start page adds one row, and does what it says.
func TestStart_Rows(t *testing.T) {
	const flow = 4 // calls of a join
	for _, tc := range []struct {
		id    string
		want  string // first row
		steps int
	}{
		{"join.join", `> room.join {"roomId":"1001","userId":"wang_xm"}`, flow},
		{"join.create", `> room.create {"roomId":"`, flow},
		{"join.mic", `> mic.toggle {"on":false}`, 0},
		{"join.with.mic", `> mic.toggle {"on":false}`, 0},
		{"join.camera", `> changeVideoCapture {"state":0}`, 0},
		{"join.with.camera", `> changeVideoCapture {"state":0}`, 0},
		{"join.preview", `> changeVideoCapture {"state":1}`, 0},
		{"join.testMic", `> sound.hear {}`, 0},
		{"join.testSpeaker", `> sound.chime {}`, 0},
		{"join.recent", `> recent.open {}`, 0},
		{"shell.rail.api", `> page.api {}`, 0},
		{"shell.rail.settings", `> page.settings {}`, 0},
		{"shell.rail.room", `> page.room {}`, 0},
	} {
		t.Run(tc.id, func(t *testing.T) {
			h := newHarness(t, func(c *Config) {
				p := usualPreferences()
				p.Recent = p.joined("1002", testTime.Add(-24*time.Hour))
				p.save(c.App.Preferences())
			})
			rows := h.fresh(func() { h.tap(tc.id) })
			if len(rows) != 1+tc.steps || !strings.HasPrefix(rows[0], tc.want) {
				t.Fatalf("rows %q, want %q and %d steps", rows, tc.want, tc.steps)
			}
			for _, row := range rows[1:] {
				if row[0] != '-' {
					t.Errorf("row %q is no step", row)
				}
			}
		})
	}
}

// TestStart_Recent: a room of before goes into the form; a room that was joined is remembered.
func TestStart_Recent(t *testing.T) {
	h := newHarness(t, nil)
	if h.start.form.Recent.Visible() {
		t.Error("there are rooms of before at the first start")
	}
	h.joined()
	h.left(nil)
	h.clock = h.clock.Add(24 * time.Hour)
	h.typed("join.roomId", "2002")
	h.tap("join.recent")
	if s := h.seen(); !slices.Contains(s.Texts, "1001") || !slices.Contains(s.Texts, "yesterday") {
		t.Errorf("the menu shows %q", s.Texts)
	}
	rows := h.fresh(func() { h.tap("join.recent.0") })
	if diff := cmp.Diff([]string{`> room.recent {"roomId":"1001"}`}, rows); diff != "" || h.state.form.roomID != "1001" {
		t.Errorf("form %+v, rows (-want +got):\n%s", h.state.form, diff)
	}
	for ago, want := range map[time.Duration]string{0: "today 12:03", 3 * 24 * time.Hour: "3 days ago", 30 * 24 * time.Hour: "2025-12-03"} {
		h.clock = testTime
		if got := h.when(testTime.Add(-ago)); got != want {
			t.Errorf("%v ago is %q, want %q", ago, got, want)
		}
	}
}

// TestStart_Microphone: it is open for the level while it is wished and the level can be seen, and only then.
func TestStart_Microphone(t *testing.T) {
	sound := &fakeSound{}
	h := newHarness(t, func(c *Config) { c.Sound = sound; c.Microphone = "mic0" })
	steps := []struct {
		do   func()
		want string
	}{
		{func() {}, `listen true "mic0"`},
		{func() { h.tap("join.mic") }, `listen false ""`},
		{func() { h.tap("join.mic") }, `listen true "mic0"`},
		{func() { h.tap("shell.rail.api") }, `listen false ""`},
		{func() { h.tap("shell.rail.room") }, `listen true "mic0"`},
		{func() { h.send(wentAway{true}) }, `listen false ""`},
		{func() { h.send(wentAway{false}) }, `listen true "mic0"`},
		{func() { h.chooseDevice(kindMicrophone, "mic1") }, `listen true "mic1"`},
		{func() { h.joined() }, `listen false ""`},
		{func() { h.openSettings(sectionAudio) }, ""}, // the room has the microphone
		{func() { h.events(room.CaptureChanged{Source: media.Microphone}); h.left(nil) }, `listen true "mic1"`},
		{func() { h.openSettings(sectionVideo) }, `listen false ""`},
	}
	for i, step := range steps {
		step.do()
		got := strings.Join(sound.wishes, ", ")
		sound.wishes = nil
		if got != step.want {
			t.Errorf("step %d: %q, want %q", i, got, step.want)
		}
	}
}

// TestStart_Hints: the line below the devices tells the worst that is known.
func TestStart_Hints(t *testing.T) {
	h := found(t, nil)
	hint := func(want string) {
		t.Helper()
		if got := h.start.hint.Text; got != want {
			t.Errorf("hint %q, want %q", got, want)
		}
	}
	hint("You join with microphone and camera on.")
	h.HandleSound(SoundState{Listening: true})
	h.queue.turn()
	for range 30 {
		h.clock = h.clock.Add(sampleInterval)
		h.showSamples(samples{at: h.clock})
	}
	hint("We hear nothing. Is this the right microphone?")
	rows := h.fresh(func() { h.tap("join.mic.next") })
	if diff := cmp.Diff([]string{`> x-setDevice {"kind":"microphone","name":"mic0"}`}, rows); diff != "" {
		t.Errorf("the next microphone (-want +got):\n%s", diff)
	}
	h.showSamples(samples{at: h.clock, level: 3})
	hint("You join with microphone and camera on.")
	h.HandleSound(SoundState{Test: SoundRecording})
	h.queue.turn()
	hint("Say something now. You will hear it in three seconds.")
	rows = h.fresh(func() { h.tap("join.testMic") })
	if diff := cmp.Diff([]string{`> sound.stop {}`}, rows); diff != "" {
		t.Errorf("the running test (-want +got):\n%s", diff)
	}
	h.HandleSound(SoundState{Test: SoundReplaying})
	h.queue.turn()
	hint("This is how you sound.")
	h.HandleSound(SoundState{Err: errno.AuthDeny.In("x")})
	h.queue.turn()
	hint("The microphone does not open; you can join without it. x:fail auth deny")
	h.events(room.CaptureChanged{Source: media.Camera, Err: errno.AuthDeny.In("changeVideoCapture")})
	hint("The camera does not open; you can join without it. changeVideoCapture:fail auth deny")
	if h.start.preview.Text != "Try again" {
		t.Errorf("the button says %q", h.start.preview.Text)
	}
}

// TestLeave: the microphone closes with the room, and the next room begins as this one ended.
func TestLeave(t *testing.T) {
	for _, muted := range []bool{false, true} {
		h := newHarness(t, nil)
		h.joined("Alice.Zhang")
		if muted {
			h.answered("changeStreamPublishState", `{"state":0,"streamType":"audio"}`, nil)
		}
		rows := h.fresh(func() { h.tap("room.tool.leave") })
		want := []string{`> room.leave {"roomId":"1001"}`, `- exitRtcRoom {"roomId":"1001"}`, `- changeAudioCapture {"state":0}`}
		if diff := cmp.Diff(want, rows); diff != "" {
			t.Errorf("rows (-want +got):\n%s", diff)
		}
		h.left(nil)
		h.events(room.CaptureChanged{Source: media.Microphone})
		if h.state.mic.wish == muted || h.state.mic.open {
			t.Errorf("muted %v: afterwards %+v", muted, h.state.mic)
		}
		// A tester's call is a wish again.
		h.events(room.CaptureChanged{Source: media.Microphone, On: true}, room.CaptureChanged{Source: media.Microphone})
		if h.state.mic.wish {
			t.Error("changeAudioCapture 0 outside of a room is no wish")
		}
	}
}

// TestLeave_Asks when the settings say so, whatever the way out.
func TestLeave_Asks(t *testing.T) {
	h := newHarness(t, nil)
	h.joined("Alice.Zhang")
	h.choose("general.askToLeave", true, func(p *preferences) { p.AskToLeave = true })
	rows := h.fresh(func() { h.tap("room.tool.leave") })
	if diff := cmp.Diff([]string{`> room.leave.ask {}`}, rows); diff != "" {
		t.Errorf("rows (-want +got):\n%s", diff)
	}
	h.tap("room.leave.no")
	h.closeByCross()
	h.tap("app.quit.no")
	h.tap("room.tool.leave")
	rows = h.fresh(func() { h.tap("room.leave.yes") })
	if len(rows) != 3 || rows[0] != `> room.leave {"roomId":"1001"}` {
		t.Errorf("rows %q", rows)
	}
}

// TestSwitchRoom: an invitation asks in another room, and the join follows the end of the present one.
func TestSwitchRoom(t *testing.T) {
	machine := &fakeMachine{}
	h := newHarness(t, func(c *Config) { c.Machine = machine })
	open := func(l link.Link) []string { return h.fresh(func() { h.OpenLink(l); h.queue.turn() }) }
	invited := link.Link{Server: "http://10.0.0.5:7880", AppID: testApp, RoomID: "2002", UserID: "li", Token: "ticket"}
	if diff := cmp.Diff([]string{`> link.open {"roomId":"2002","userId":"li"}`}, open(invited)); diff != "" {
		t.Errorf("rows (-want +got):\n%s", diff)
	}
	if f := h.state.form; f != (form{roomID: "2002", userID: "li", token: "ticket"}) {
		t.Errorf("form %+v", f)
	}
	h.joined()
	open(link.Link{AppID: testApp, RoomID: "1001"})
	if s := h.seen(); !slices.Contains(s.Texts, "You are in room 1001 already") {
		t.Errorf("texts %q", s.Texts)
	}
	open(invited)
	if s := h.seen(); !slices.Contains(s.Texts, "You are in room 1001. Leave it and join 2002?") {
		t.Errorf("texts %q", s.Texts)
	}
	h.tap("room.switch.no")
	open(invited)
	h.tap("room.switch.yes")
	h.backend.taken()
	h.left(nil)
	if calls := h.backend.taken(); len(calls) != 4 || calls[3] != `joinRtcRoom {"roomId":"2002","token":"ticket","userId":"li"}` {
		t.Errorf("after the end of the room: %q", calls)
	}
	open(link.Link{Server: "http://other:7880", AppID: "another", RoomID: "3003"})
	h.tap("link.yes")
	if diff := cmp.Diff([]string{"window http://other:7880 3003"}, machine.taken()); diff != "" {
		t.Errorf("an invitation to another server (-want +got):\n%s", diff)
	}
}

// TestSounds: what is heard when; nothing for what was there before, and nothing that is switched off.
func TestSounds(t *testing.T) {
	machine := &fakeMachine{}
	h := newHarness(t, func(c *Config) { c.Machine = machine })
	heard := func(what, want string) {
		t.Helper()
		if got := strings.Join(machine.taken(), ", "); got != want {
			t.Errorf("%s: %q, want %q", what, got, want)
		}
	}
	h.joined("ann", "bob")
	heard("joining", "")
	h.events(room.MembersChanged{Members: members("ann", "bob", "eve")})
	heard("somebody comes", "sound join 0.60")
	sharing := members("ann", "bob", "eve")
	sharing[1].Screen = true
	h.events(room.MembersChanged{Members: sharing})
	heard("a share begins", "sound share 0.60")
	h.events(room.MembersChanged{Members: members("ann")})
	heard("two go", "sound leave 0.60")
	h.events(room.ConnectionChanged{State: room.Reconnecting, Attempt: 1})
	heard("the connection is lost", "sound reconnecting 0.60")
	h.events(room.ConnectionChanged{State: room.Inside})
	heard("the connection is back", "sound reconnected 0.60")
	h.choose("sounds.join", false, func(p *preferences) { p.SilentSounds = []string{"join"} })
	h.events(room.MembersChanged{Members: members("ann", "bob")})
	heard("switched off", "")
	h.choose("sounds.volume", 0, func(p *preferences) { p.SoundVolume = 0 })
	h.events(room.MembersChanged{Members: members("ann")})
	heard("without volume", "")
}
