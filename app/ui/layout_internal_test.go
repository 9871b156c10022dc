package ui

import (
	"fmt"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"parlor/app/errno"
	"parlor/app/room"
	"parlor/media"
)

// camera and screen are keys of tiles.
func camera(user string) tileKey { return tileKey{room.UserID(user), media.Camera} }
func screen(user string) tileKey { return tileKey{room.UserID(user), media.Screen} }

// order is the tiles of a state in words: "bob" a camera, "bob*" a shared screen, "+" before a pinned one.
func order(s *state) string {
	words := ""
	for _, t := range s.tiles() {
		words += " "
		if t.pinned {
			words += "+"
		}
		words += string(t.key.user)
		if t.key.source == media.Screen {
			words += "*"
		}
	}
	return words
}

// sharing is members of whom some share a screen.
func sharing(names []string, sharers ...string) room.MembersChanged {
	list := members(names...)
	for i := range list {
		for _, s := range sharers {
			list[i].Screen = list[i].Screen || string(list[i].UserID) == s
		}
	}
	return room.MembersChanged{Members: list}
}

func here(names ...string) room.MembersChanged { return sharing(names) }

// TestLayout_Order: oneself, pinned ones, shared screens, the others by joining; and what changes it.
func TestLayout_Order(t *testing.T) {
	hidden := preferencesChanged{preferences{HideSelf: true}}
	swap := func(user string, quiet ...tileKey) userHeard { return userHeard{room.UserID(user), quiet} }
	for _, tc := range []struct {
		name string
		msgs []any
		want string
	}{
		{"alone", []any{here()}, " wang_xm"},
		{"by joining", []any{here("ann", "bob", "cy")}, " wang_xm ann bob cy"},
		{"later ones last, wherever the list has them", []any{here("ann", "bob"), here("zoe", "ann", "bob")}, " wang_xm ann bob zoe"},
		{"one left", []any{here("ann", "bob", "cy"), here("ann", "cy")}, " wang_xm ann cy"},
		{"left and came back", []any{here("ann", "bob"), here("bob"), here("ann", "bob")}, " wang_xm bob ann"},
		{"a screen before the cameras", []any{sharing([]string{"ann", "bob"}, "bob")}, " wang_xm bob* ann bob"},
		{"the own screen is no tile", []any{sharing([]string{"ann"}, "wang_xm")}, " wang_xm ann"},
		{"a pinned camera before the screens", []any{sharing([]string{"ann", "bob"}, "bob"), tilePinned{camera("bob")}}, " wang_xm +bob bob* ann"},
		{"two pinned, in the order of pinning", []any{here("ann", "bob", "cy"), tilePinned{camera("cy")}, tilePinned{camera("ann")}},
			" wang_xm +cy +ann bob"},
		{"unpinned", []any{here("ann", "bob"), tilePinned{camera("bob")}, tilePinned{camera("bob")}}, " wang_xm ann bob"},
		{"pinned oneself", []any{here("ann"), tilePinned{camera("wang_xm")}}, " +wang_xm ann"},
		{"a pin goes with its tile", []any{here("ann", "bob"), tilePinned{camera("bob")}, here("ann"), here("ann", "bob")}, " wang_xm ann bob"},
		{"hidden self", []any{here("ann", "bob"), hidden}, " ann bob"},
		{"hidden self comes back", []any{here("ann"), hidden, preferencesChanged{}}, " wang_xm ann"},
		{"pinned and hidden self", []any{here("ann"), tilePinned{camera("wang_xm")}, hidden}, " ann"},
		{"a speaker takes the place of the longest silent", []any{here("ann", "bob", "cy", "dan"), swap("dan", camera("bob"), camera("ann"))},
			" wang_xm ann dan cy bob"},
		{"not of a pinned tile", []any{here("ann", "bob", "cy"), tilePinned{camera("ann")}, swap("cy", camera("ann"), camera("bob"))},
			" wang_xm +ann cy bob"},
		{"not of a screen nor of oneself", []any{sharing([]string{"ann", "bob"}, "ann"), swap("bob", screen("ann"), camera("wang_xm"), camera("ann"))},
			" wang_xm ann* bob ann"},
		{"everybody speaks", []any{here("ann", "bob"), swap("bob")}, " wang_xm ann bob"},
		{"a speaker who left", []any{here("ann", "bob"), swap("zoe", camera("ann"))}, " wang_xm ann bob"},
		{"the swap stays", []any{here("ann", "bob", "cy"), swap("cy", camera("ann")), here("ann", "bob", "cy", "dan")}, " wang_xm cy bob ann dan"},
		{"after leaving nothing is kept", []any{here("ann", "bob"), tilePinned{camera("bob")}, swap("bob", camera("ann")), room.Exited{},
			room.Joined{RoomID: "2"}, here("ann", "bob")}, " wang_xm ann bob"},
		{"on the way in", []any{connectBegun{}}, "  1 2 3"},
	} {
		t.Run(tc.name, func(t *testing.T) {
			var s state
			for _, m := range tc.msgs {
				s = s.reduce(m, testTime)
			}
			if got := order(&s); got != tc.want {
				t.Errorf("the order is%s, want%s", got, tc.want)
			}
		})
	}
}

// TestLayout_Enlarged follows what is large: by taps, and by screens that are shared.
func TestLayout_Enlarged(t *testing.T) {
	names := []string{"ann", "bob"}
	for _, tc := range []struct {
		name string
		msgs []any
		want tileKey
	}{
		{"a tap", []any{here(names...), tileTapped{camera("ann")}}, camera("ann")},
		{"another tap", []any{here(names...), tileTapped{camera("ann")}, tileTapped{camera("ann")}}, tileKey{}},
		{"another tile", []any{here(names...), tileTapped{camera("ann")}, tileTapped{camera("bob")}}, camera("bob")},
		{"who is large leaves", []any{here(names...), tileTapped{camera("bob")}, here("ann")}, tileKey{}},
		{"a share begins", []any{here(names...), sharing(names, "bob")}, screen("bob")},
		{"it was there before us", []any{sharing(names, "bob")}, screen("bob")},
		{"the own share does not", []any{here(names...), sharing(names, "wang_xm")}, tileKey{}},
		{"a share ends", []any{here(names...), sharing(names, "bob"), here(names...)}, tileKey{}},
		{"a share ends: back to what was large", []any{here(names...), tileTapped{camera("ann")}, sharing(names, "bob"), here(names...)}, camera("ann")},
		{"who has left by then", []any{here(names...), tileTapped{camera("ann")}, sharing(names, "bob"), sharing([]string{"bob"}, "bob"), here("bob")}, tileKey{}},
		{"the user chose the grid", []any{here(names...), tileTapped{camera("ann")}, sharing(names, "bob"), tileTapped{screen("bob")}, here(names...)}, tileKey{}},
		{"the user chose another", []any{sharing(names, "bob"), tileTapped{camera("ann")}, here(names...)}, camera("ann")},
		{"the user went back to the share", []any{sharing(names, "bob"), tileTapped{camera("ann")}, tileTapped{screen("bob")}, here(names...)}, tileKey{}},
		{"a second share", []any{sharing(names, "bob"), sharing(names, "bob", "ann")}, screen("ann")},
		{"both shares end", []any{here(names...), tileTapped{camera("bob")}, sharing(names, "bob"), sharing(names, "bob", "ann"), here(names...)}, camera("bob")},
		{"after leaving", []any{here(names...), tileTapped{camera("ann")}, room.Exited{}}, tileKey{}},
	} {
		t.Run(tc.name, func(t *testing.T) {
			var s state
			for _, m := range tc.msgs {
				s = s.reduce(m, testTime)
			}
			if got := s.layout.enlarged; got != tc.want {
				t.Errorf("%v is large, want %v", got, tc.want)
			}
		})
	}
}

// TestLayout_Reduce is what the other messages do, from a state to a state.
func TestLayout_Reduce(t *testing.T) {
	denied := errno.AuthDeny.In("x")
	share := shareState{asked: "window:7", label: `window "Report"`}
	ended := func(method, params string, ok bool) callEnded {
		return callEnded{method: method, params: []byte(params), ok: ok, result: failure{Msg: method + ":fail"}}
	}
	for _, tc := range []struct {
		name string
		from layoutState
		msg  any
		want layoutState
	}{
		{"alone", layoutState{}, tileAlone{camera("ann")}, layoutState{alone: true, enlarged: camera("ann")}},
		{"no longer alone", layoutState{alone: true, enlarged: camera("ann")}, tileAlone{}, layoutState{enlarged: camera("ann")}},
		{"a tap ends it", layoutState{alone: true, enlarged: camera("ann")}, tileTapped{camera("ann")}, layoutState{}},
		{"page", layoutState{}, pageTurned{2}, layoutState{page: 2}},
		{"no page below the first", layoutState{page: 1}, pageTurned{-1}, layoutState{}},
		{"statistics on one", layoutState{}, figuresTapped{camera("ann")}, layoutState{figuresOn: []tileKey{camera("ann")}}},
		{"and off", layoutState{figuresOn: []tileKey{camera("ann")}}, figuresTapped{camera("ann")}, layoutState{}},
		{"on all", layoutState{figuresOn: []tileKey{camera("ann")}}, figuresTapped{}, layoutState{figures: true}},
		{"panel", layoutState{}, panelTapped{}, layoutState{panel: true}},
		{"audio only", layoutState{}, audioOnlySet{true, []room.UserID{"ann"}}, layoutState{audioOnly: true, unwatched: []room.UserID{"ann"}}},
		{"share asked", layoutState{}, shareAsked{"window:7", `window "Report"`}, layoutState{share: share}},
		{"share begins", layoutState{share: share}, room.CaptureChanged{Source: media.Screen, On: true, Name: "window:7"},
			layoutState{share: shareState{on: true, name: "window:7", asked: "window:7", label: `window "Report"`}}},
		{"share ends", layoutState{share: shareState{on: true, name: "x"}}, room.CaptureChanged{Source: media.Screen}, layoutState{}},
		{"the camera is no share", layoutState{}, room.CaptureChanged{Source: media.Camera, On: true, Name: "x"}, layoutState{}},
		{"on the way in", layoutState{}, connectBegun{}, layoutState{connecting: true}},
		{"the way in ends inside", layoutState{connecting: true}, room.Joined{}, layoutState{}},
		{"or with a refusal", layoutState{connecting: true}, joinRefused{"no"}, layoutState{}},
		{"or with a failure", layoutState{connecting: true}, ended("joinRtcRoom", `{}`, false), layoutState{}},
		{"or with leaving", layoutState{connecting: true}, room.Exited{}, layoutState{}},
		{"what leaving keeps", layoutState{figures: true, panel: true, page: 3, audioOnly: true, silenced: []room.UserID{"bob"}, share: share,
			alone: true, enlarged: camera("ann")}, room.Exited{}, layoutState{figures: true, silenced: []room.UserID{"bob"}}},
	} {
		t.Run(tc.name, func(t *testing.T) {
			got := state{layout: tc.from}.reduce(tc.msg, testTime).layout
			if diff := cmp.Diff(tc.want, got, compareStates...); diff != "" {
				t.Errorf("layout (-want +got):\n%s", diff)
			}
		})
	}
	s := state{}.reduce(room.CaptureChanged{Source: media.Screen, Err: denied}, testTime)
	if s.notice != (notice{noticeShareEnded, denied.ErrMsg}) || s.mic != (device{}) {
		t.Errorf("a share that ended by itself: notice %v, microphone %v", s.notice, s.mic)
	}
	s = state{}.reduce(ended("x-startScreenShare", `{}`, false), testTime)
	if s.notice != (notice{noticeShare, "x-startScreenShare:fail"}) {
		t.Errorf("a share that did not begin: notice %v", s.notice)
	}
}

// TestLayout_Volumes: the answer to x-setGain is what counts. Silence keeps the volume that was there before.
func TestLayout_Volumes(t *testing.T) {
	type volumes = map[room.UserID]int
	ann40 := volumes{"ann": 40}
	many := make(volumes)
	for i := range maxVolumes {
		many[room.UserID(fmt.Sprint("user", i))] = 50
	}
	for _, tc := range []struct {
		name     string
		from     volumes
		silenced []room.UserID
		params   string
		ok       bool
		want     volumes
		silent   []room.UserID
	}{
		{"quieter", nil, nil, `{"userId":"ann","gain":0.4}`, true, ann40, nil},
		{"as usual", ann40, nil, `{"userId":"ann","gain":1}`, true, nil, nil},
		{"silent", ann40, nil, `{"userId":"ann","gain":0}`, true, ann40, []room.UserID{"ann"}},
		{"silent again", ann40, []room.UserID{"ann"}, `{"userId":"ann","gain":0}`, true, ann40, []room.UserID{"ann"}},
		{"heard again", ann40, []room.UserID{"ann", "bob"}, `{"userId":"ann","gain":1.5}`, true, volumes{"ann": 150}, []room.UserID{"bob"}},
		{"refused", ann40, nil, `{"userId":"ann","gain":3}`, false, ann40, nil},
		{"nonsense", ann40, nil, `{"userId":5}`, true, ann40, nil},
		{"too many", many, nil, `{"userId":"ann","gain":0.4}`, true, nil, nil},
	} {
		s := state{frame: frameState{prefs: preferences{Volumes: tc.from}}, layout: layoutState{silenced: tc.silenced}}
		s = s.reduce(callEnded{method: "x-setGain", params: []byte(tc.params), ok: tc.ok}, testTime)
		if tc.name == "too many" {
			if n := len(s.frame.prefs.Volumes); n != maxVolumes || s.volume("ann") != 40 {
				t.Errorf("%d volumes are kept, ann's is %d", n, s.volume("ann"))
			}
			continue
		}
		if diff := cmp.Diff(tc.want, s.frame.prefs.Volumes, compareStates...) + cmp.Diff(tc.silent, s.layout.silenced, compareStates...); diff != "" {
			t.Errorf("%s (-want +got):\n%s", tc.name, diff)
		}
	}
}

// TestLayout_Pure: the state before a message is not changed by it.
func TestLayout_Pure(t *testing.T) {
	s := state{}.reduce(sharing([]string{"ann", "bob", "cy", "dan"}, "ann"), testTime)
	s = s.reduce(tilePinned{camera("bob")}, testTime)
	s = s.reduce(figuresTapped{camera("bob")}, testTime)
	s = s.reduce(callEnded{method: "x-setGain", params: []byte(`{"userId":"ann","gain":0.5}`), ok: true}, testTime)
	before := fmt.Sprintf("%+v %v", s.layout, s.frame.prefs.Volumes)
	for _, m := range []any{
		here("cy", "dan"), tilePinned{camera("cy")}, tilePinned{camera("bob")}, userHeard{"dan", []tileKey{camera("cy")}},
		figuresTapped{camera("ann")}, callEnded{method: "x-setGain", params: []byte(`{"userId":"cy","gain":0}`), ok: true},
		callEnded{method: "x-setGain", params: []byte(`{"userId":"ann","gain":1}`), ok: true},
	} {
		s.reduce(m, testTime)
		if after := fmt.Sprintf("%+v %v", s.layout, s.frame.prefs.Volumes); after != before {
			t.Fatalf("%T changed the state before it:\n%s\n%s", m, before, after)
		}
	}
}

// TestAbsence: after an interruption the user is told, once, what was missed.
func TestAbsence(t *testing.T) {
	h := newHarness(t, nil)
	h.joined("ann", "bob", "cy")
	h.events(room.ConnectionChanged{State: room.Reconnecting, Attempt: 1})
	h.clock = h.clock.Add(5 * time.Second)
	h.events(room.ConnectionChanged{State: room.Reconnecting, Attempt: 2})
	h.clock = h.clock.Add(7 * time.Second)
	h.events(room.ConnectionChanged{State: room.Inside}, room.Joined{RoomID: "1001", UserID: "wang_xm", Rejoined: true},
		here("ann", "dan", "eve"),
		room.MessageReceived{Message: room.Message{ID: 1, UserID: "ann", Text: "x"}, Missed: true},
		room.MessageReceived{Message: room.Message{ID: 2, UserID: "ann", Text: "y"}, Missed: true},
		room.MessageReceived{Message: room.Message{ID: 3, UserID: "ann", Text: "z"}})
	h.showSamples(samples{at: h.clock})
	if n := len(h.state.frame.toasts); n != 0 {
		t.Fatalf("%d toasts before everything has arrived", n)
	}
	h.clock = h.clock.Add(backAfter)
	h.showSamples(samples{at: h.clock})
	h.showSamples(samples{at: h.clock})
	var words []string
	for _, toast := range h.state.frame.toasts {
		words = append(words, toast.words)
	}
	if diff := cmp.Diff([]string{"Back. You missed 12 s: +2 -2 people, 2 messages"}, words); diff != "" {
		t.Error(diff)
	}
}
