package console

import (
	"encoding/json"
	"fmt"
	"log/slog"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/pion/transport/v4/test"

	"parlor/app/bots"
	"parlor/app/bridge"
	"parlor/app/errno"
	"parlor/app/room"
	"parlor/app/server"
	"parlor/app/session"
	"parlor/app/token"
	"parlor/media/mediatest"
)

const (
	testApp = "0123456789abcdef01234567"
	testKey = "testappkey0123456789abcdef012345"
)

var testSituation = Situation{Context: true, AppID: testApp, RoomID: "r", UserID: "me", OtherID: "alice"}

// forge is what the program gives as Config.Token.
func forge(w TokenWish) (string, error) {
	key := testKey
	if w.WrongKey {
		key = "another key"
	}
	now := time.Now()
	t := &token.AccessToken{
		AppID: testApp, RoomID: w.RoomID, UserID: w.UserID, IssuedAt: uint32(now.Unix()), ExpireAt: uint32(now.Add(w.TTL).Unix()),
	}
	t.AddPrivilege(token.PublishStream, t.ExpireAt)
	t.AddPrivilege(token.SubscribeStream, t.ExpireAt)
	return t.Sign(key)
}

// answers runs calls on a bridge and waits for the first answer of each.
type answers struct {
	t      *testing.T
	bridge *bridge.Bridge
	lines  chan bridge.Line // bound: a call has at most three lines, and the next one waits for the answer
	next   int
}

func (a *answers) call(method, params string) bridge.Line {
	a.t.Helper()
	a.next++
	id := fmt.Sprint(a.next)
	a.bridge.CallScript(a.t.Context(), json.RawMessage(id), method, json.RawMessage(params))
	for {
		select {
		case l := <-a.lines:
			if string(l.ID) == id && l.Callback != "complete" {
				return l
			}
		case <-a.t.Context().Done():
			a.t.Fatalf("%s: no answer", method)
		}
	}
}

func (a *answers) must(method, params string) {
	a.t.Helper()
	if l := a.call(method, params); l.Callback == "fail" || l.Error != "" || l.OK != nil && !*l.OK {
		a.t.Fatalf("%s %s: %+v", method, params, l)
	}
}

// TestPresets calls every preset of every documented method on a real server, in a room with somebody who sends everything:
// each does what it promises.
func TestPresets(t *testing.T) {
	defer test.TimeOut(2 * time.Minute).Stop()
	defer test.CheckRoutines(t)()
	quiet := slog.New(slog.DiscardHandler)
	s, err := server.New(server.Config{Listen: "127.0.0.1:0", UDP: "127.0.0.1:0", Apps: map[string]string{testApp: testKey}, Log: quiet})
	if err != nil {
		t.Fatal(err)
	}
	defer s.Close()
	alice, err := bots.Join(t.Context(), bots.Config{Server: s.URL(), AppID: testApp, AppKey: testKey, Room: "r", Log: quiet}, "alice", 0)
	if err != nil {
		t.Fatal(err)
	}
	defer alice.Close()
	if err := alice.ShareScreen(t.Context(), true); err != nil {
		t.Fatal(err)
	}
	transport := session.NewTransport(nil)
	defer transport.CloseIdleConnections()
	lines := make(chan bridge.Line, 4096)
	b := bridge.New(bridge.Config{
		Room: room.Config{Server: s.URL(), Kit: mediatest.Kit(), Transport: transport, Log: quiet},
		Emit: func(l bridge.Line) {
			if l.Event == "" {
				lines <- l
			}
		},
	})
	defer b.Close()
	a := &answers{t: t, bridge: b, lines: lines}
	for _, m := range bridge.Methods() {
		if ours(m.Name) {
			continue
		}
		for _, p := range presetsOf(m) {
			name := string(p.kind)
			if p.variant != "" {
				name = p.variant
			}
			t.Run(m.Name+"/"+name, func(t *testing.T) {
				a.t = t
				a.must("createRtcRoomContext", `{"appId":"`+testApp+`"}`)
				if m.Name != "joinRtcRoom" {
					a.join()
				}
				a.check(m, p)
			})
		}
	}
}

// join enters the room and waits until alice's media are known.
func (a *answers) join() {
	text, err := forge(TokenWish{RoomID: "r", UserID: "me", TTL: time.Hour})
	if err != nil {
		a.t.Fatal(err)
	}
	a.must("joinRtcRoom", `{"roomId":"r","userId":"me","token":"`+text+`"}`)
	for _, event := range []string{"onRtcVideoMembersChanged", "onRtcChatSpeakersChanged", "onRtcPublishScreenMembersChanged"} {
		a.must("x-wait", `{"event":"`+event+`","match":{"userIdList":["alice"]}}`)
	}
}

func (a *answers) check(m bridge.Method, p preset) {
	d := newDraft(m, testSituation)
	p.apply(d, testSituation)
	if reason := outOfOrder(m, Situation{Context: true, InRoom: m.Name != "joinRtcRoom"}); reason != "" {
		a.t.Fatalf("strict mode would not make the call: %s", reason)
	}
	params, err := fillTokens(d.json(), TokenWish{RoomID: "r", UserID: "me"}, forge)
	if err != nil {
		a.t.Fatal(err)
	}
	f, _ := readResult(a.call(m.Name, params))
	if f.No != p.promise {
		a.t.Errorf("%s %.200s: errNo %d (%.200s), the preset promises %d", m.Name, params, f.No, f.Msg, p.promise)
	}
	// What strict mode finds wrong does fail, and what is valid is not found wrong.
	if len(d.problems()) > 0 && f.No == 0 || len(d.problems()) > 0 != (f.No == errno.InvalidParam.No) && p.kind != presetTooLong && p.kind != presetBadChars {
		a.t.Errorf("strict mode finds %q, the call answers %q", d.problems(), f.Msg)
	}
}

// TestDraft_EveryMethod makes the form of each method of the table: the JSON of a valid call passes the table, and each parameter
// has its field.
func TestDraft_EveryMethod(t *testing.T) {
	for _, m := range bridge.Methods() {
		t.Run(m.Name, func(t *testing.T) {
			d := newDraft(m, testSituation)
			if got := d.problems(); len(got) > 0 {
				t.Errorf("the valid call %s is wrong: %q", d.json(), got)
			}
			if len(d.fields) != len(m.Params) {
				t.Errorf("%d fields for %d parameters", len(d.fields), len(m.Params))
			}
			for _, f := range d.fields {
				f.sent = true
			}
			var object map[string]any
			if err := json.Unmarshal([]byte(d.json()), &object); err != nil {
				t.Fatalf("%s: %v", d.json(), err)
			}
			for _, p := range m.Params {
				if _, there := lookup(object, p.Name); !there {
					t.Errorf("%s has no %s", d.json(), p.Name)
				}
			}
			for _, p := range presetsOf(m) {
				p.apply(d, testSituation)
				if !json.Valid([]byte(d.json())) {
					t.Errorf("preset %s: %s", p.kind, d.json())
				}
			}
		})
	}
}

// TestDraft_Golden pins forms, and what presets make of them.
func TestDraft_Golden(t *testing.T) {
	methods := make(map[string]bridge.Method)
	for _, m := range bridge.Methods() {
		methods[m.Name] = m
	}
	long := strings.Repeat("a", 129)
	for method, want := range map[string][]string{
		"joinRtcRoom": {
			`valid {"roomId":"r","userId":"me","token":"{{token}}"}`,
			`empty {"roomId":"","userId":"","token":""}`,
			`toolong {"roomId":"` + long + `","userId":"` + long + `","token":"{{token}}"}`,
			`badchars {"roomId":"room 1!/会","userId":"room 1!/会","token":"{{token}}"}`,
			`type {"roomId":7,"token":7,"userId":7}`,
			`missing {}`,
			`token.expired {"roomId":"r","userId":"me","token":"{{token ttl=-60}}"}`,
			`token.signature {"roomId":"r","userId":"me","token":"{{token key=wrong}}"}`,
			`token.user {"roomId":"r","userId":"me","token":"{{token user=somebody.else}}"}`,
			`token.room {"roomId":"r","userId":"me","token":"{{token room=another.room}}"}`,
			`token.malformed {"roomId":"r","userId":"me","token":"001not-a-token"}`,
			`token.ending {"roomId":"r","userId":"me","token":"{{token ttl=10}}"}`,
		},
		"changeAudioCapture": {
			`valid {"state":1}`, `state 0 {"state":0}`, `state 1 {"state":1}`, `type {"state":"7"}`, `enum {"state":2}`, `missing {}`,
		},
		"setVideoEncoderConfig": {
			`valid {"maxSolution":{"width":640,"height":360,"frameRate":15}}`,
			`type {"maxSolution":"7","maxSolution.frameRate":"7","maxSolution.height":"7","maxSolution.width":"7"}`,
			`missing {}`,
		},
		"onRtcStateChanged": {`valid {}`},
	} {
		var got []string
		for _, p := range presetsOf(methods[method]) {
			d := newDraft(methods[method], testSituation)
			p.apply(d, testSituation)
			name := string(p.kind)
			if p.variant != "" {
				name = p.variant
			}
			got = append(got, name+" "+d.json())
		}
		if diff := cmp.Diff(want, got); diff != "" {
			t.Errorf("%s (-want +got):\n%s", method, diff)
		}
	}
}

// TestCatalog: every method once, documented ones and ours, in groups that hang together.
func TestCatalog(t *testing.T) {
	all := bridge.Methods()
	list := catalog(bridge.Methods())
	if len(list) != len(all) {
		t.Fatalf("%d methods of %d", len(list), len(all))
	}
	seen := make(map[string]bool)
	groups := make(map[bridge.Group]bool)
	var last bridge.Group
	for _, m := range list {
		if seen[m.Name] {
			t.Errorf("%s is there twice", m.Name)
		}
		seen[m.Name] = true
		if m.Group != last && groups[m.Group] {
			t.Errorf("%s stands outside of its group %s", m.Name, m.Group)
		}
		groups[m.Group], last = true, m.Group
	}
	if list[0].Name != "createRtcRoomContext" || list[1].Name != "joinRtcRoom" {
		t.Errorf("the list begins with %s and %s, not in the order of use", list[0].Name, list[1].Name)
	}
	for _, g := range order {
		if !groups[g] {
			t.Errorf("group %s is empty", g)
		}
	}
	if len(groups) != len(order) {
		t.Errorf("groups without a place: %v", groups)
	}
}
