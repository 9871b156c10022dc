package bridge

import (
	"encoding/json"
	"fmt"
	"log/slog"
	"maps"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/pion/transport/v4/test"

	"parlor/app/errno"
	"parlor/app/room"
	"parlor/app/server"
	"parlor/app/session"
	"parlor/app/token"
	"parlor/media"
	"parlor/media/clip"
)

const (
	appID    = "0123456789abcdef01234567"
	appKey   = "testappkey0123456789abcdef012345"
	otherApp = "76543210fedcba9876543210"
	// sampleApp and sampleToken are those of the updateToken document.
	sampleApp   = "5dc114b50538d600388f7b18"
	sampleToken = "0015dc114b50538d600388f7b18PgDxNOADsJDmYTDL72EDADAwMgUAdXNlcjcGAAAAMMvvYQEAMMvvYQIAMMvvYQMAMMvvYQQAMMvvYQUAMMvvYSAAYUqG/tHPKk44g5iN6UQFcQugzPDX7ryKQ2Qiu0V/EmA="
)

// fixture is a real server, for real clients.
type fixture struct{ url string }

// client is one more client of the server, without a context.
func (f *fixture) client(t *testing.T) *client {
	t.Helper()
	transport := session.NewTransport(nil)
	c := &client{t: t, harness: &harness{more: make(chan struct{})}}
	c.Bridge = New(Config{
		Room: room.Config{
			Server: f.url, Kit: media.Kit{Devices: clip.Builtin(0)}, Transport: transport, Log: slog.New(slog.DiscardHandler),
		},
		Emit: c.emit,
	})
	t.Cleanup(func() {
		c.Close()
		transport.CloseIdleConnections()
	})
	return c
}

// created is a client with a context.
func (f *fixture) created(t *testing.T) *client {
	c := f.client(t)
	c.want("createRtcRoomContext", map[string]any{"appId": appID}, `{"id":7,"ok":true}`)
	return c
}

// joined is a client in a room.
func (f *fixture) joined(t *testing.T, roomID, userID string) *client {
	c := f.created(t)
	c.ok("joinRtcRoom", join(roomID, userID))
	return c
}

// client is a harness over a real room.Context.
type client struct {
	*harness
	t *testing.T
}

// call makes a call, waits for its end and returns its lines.
func (c *client) call(method string, params any) []string {
	c.t.Helper()
	line, err := json.Marshal(map[string]any{"id": 7, "method": method, "params": params})
	if err != nil {
		c.t.Fatal(err)
	}
	var own []string
	for _, l := range c.script(c.t, string(line)) {
		if strings.HasPrefix(l, `{"id":7,`) {
			own = append(own, l)
		}
	}
	return own
}

// want makes a call and compares its lines.
func (c *client) want(method string, params any, want ...string) {
	c.t.Helper()
	if got := c.call(method, params); !slices.Equal(got, want) {
		c.t.Errorf("%s: got\n%s\nwant\n%s", method, strings.Join(got, "\n"), strings.Join(want, "\n"))
	}
}

// ok makes a call that has to succeed: success, then complete, with the documented text.
func (c *client) ok(method string, params any) {
	c.t.Helper()
	res := fmt.Sprintf(`{"errMsg":"%s:ok"}`, method)
	c.want(method, params, `{"id":7,"callback":"success","res":`+res+`}`, `{"id":7,"callback":"complete","res":`+res+`}`)
}

// fail makes a call that has to fail: fail, then complete, with the documented object.
func (c *client) fail(method string, params any, text string, errNo, errorCode int, errorType string) {
	c.t.Helper()
	quoted, err := json.Marshal(method + ":fail " + text)
	if err != nil {
		c.t.Fatal(err)
	}
	res := fmt.Sprintf(`{"errMsg":%s,"errNo":%d,"errorCode":%d,"errorType":"%s"}`, quoted, errNo, errorCode, errorType)
	c.want(method, params, `{"id":7,"callback":"fail","res":`+res+`}`, `{"id":7,"callback":"complete","res":`+res+`}`)
}

// destroyed makes a call on a context that is gone.
func (c *client) destroyed(method string, params any) {
	c.t.Helper()
	c.fail(method, params, "engine has been destroyed,please invoke tt.createRtcRoomContext create new engine", 21102, 115910, "D")
}

// latest waits until the last line of an event carries the payload.
func (c *client) latest(event, payload string) {
	c.t.Helper()
	want := fmt.Sprintf(`{"event":%q,"res":%s}`, event, payload)
	for {
		c.mu.Lock()
		var last string
		for _, l := range c.lines {
			if strings.HasPrefix(l, fmt.Sprintf(`{"event":%q,`, event)) {
				last = l
			}
		}
		more := c.more
		c.mu.Unlock()
		if last == want {
			return
		}
		select {
		case <-more:
		case <-c.t.Context().Done():
			return
		case <-time.After(20 * time.Second):
			c.t.Fatalf("the last %s is %q, want %s", event, last, want)
		}
	}
}

// came reports whether an event came at any time with the payload.
func (c *client) came(event, payload string) bool {
	c.mu.Lock()
	defer c.mu.Unlock()
	return slices.Contains(c.lines, fmt.Sprintf(`{"event":%q,"res":%s}`, event, payload))
}

type object = map[string]any

func join(roomID, userID string) object {
	return object{"roomId": roomID, "userId": userID, "token": ticket(appID, roomID, userID)}
}

func with(p object, name string, value any) object {
	p[name] = value
	return p
}

func without(p object, name string) object {
	delete(p, name)
	return p
}

// ticket is a token for an hour with all privileges.
func ticket(app, roomID, userID string) string {
	return sign(&token.AccessToken{AppID: app, RoomID: roomID, UserID: userID, ExpireAt: until(time.Hour)}, token.PublishStream, token.SubscribeStream)
}

func until(d time.Duration) uint32 { return uint32(time.Now().Add(d).Unix()) }

func sign(t *token.AccessToken, privileges ...token.Privilege) string {
	for _, p := range privileges {
		t.AddPrivilege(p, t.ExpireAt)
	}
	text, err := t.Sign(appKey)
	if err != nil {
		panic(err) // a mistake in the test
	}
	return text
}

// TestConformance goes through the rows of the documents against a real server, each in a subtest of its
// name. Rows which describe the same fact from two sides share one.
func TestConformance(t *testing.T) {
	defer test.CheckRoutines(t)()
	defer test.TimeOut(5 * time.Minute).Stop()
	s, err := server.New(server.Config{
		Listen: "127.0.0.1:0", UDP: "127.0.0.1:0",
		Apps: map[string]string{appID: appKey, otherApp: appKey, sampleApp: appKey}, Log: slog.New(slog.DiscardHandler),
	})
	if err != nil {
		t.Fatal(err)
	}
	defer s.Close()
	for _, rows := range []map[string]func(*testing.T, *fixture){
		createRows(), joinRows(), joinRuleRows(), joinErrorRows(), exitRows(), tokenRows(),
		captureRows(), cameraRows(), publishRows(),
	} {
		for _, name := range slices.Sorted(maps.Keys(rows)) {
			t.Run(name, func(t *testing.T) { rows[name](t, &fixture{url: s.URL()}) })
		}
	}
}

func createRows() map[string]func(*testing.T, *fixture) {
	return map[string]func(*testing.T, *fixture){
		"R-1": func(t *testing.T, f *fixture) {
			c := f.client(t)
			c.want("createRtcRoomContext", object{"appId": appID}, `{"id":7,"ok":true}`)
			if c.Context() == nil {
				t.Error("there is no context")
			}
		},
		"R-2": func(t *testing.T, f *fixture) {
			c := f.client(t)
			c.want("createRtcRoomContext", object{},
				`{"id":7,"ok":false,"res":{"errMsg":"createRtcRoomContext:fail params invalid","errNo":20000,"errorCode":115999,"errorType":"D"}}`)
			here, there := f.joined(t, "R-2", "here"), f.client(t)
			there.want("createRtcRoomContext", object{"appId": otherApp}, `{"id":7,"ok":true}`)
			there.ok("joinRtcRoom", object{"roomId": "R-2", "userId": "there", "token": ticket(otherApp, "R-2", "there")})
			there.latest("onRtcChatMembersChanged", `{"userIdList":["there"]}`)
			here.latest("onRtcChatMembersChanged", `{"userIdList":["here"]}`)
		},
		"R-3": func(t *testing.T, _ *fixture) {
			got, err := json.Marshal(errno.PlatformAuthDeny.In("createRtcRoomContext"))
			if want := `{"errMsg":"createRtcRoomContext:fail platform auth deny","errNo":10101,"errorCode":116183,"errorType":"D"}`; err != nil || string(got) != want {
				t.Errorf("got %s, want %s", got, want)
			}
		},
		"R-4 R-22 R-37 N-9": func(t *testing.T, f *fixture) {
			c := f.client(t)
			for _, when := range []string{"before create", "after destroy"} {
				c.destroyed("joinRtcRoom", join("r", "u"))
				c.destroyed("exitRtcRoom", object{"roomId": "r"})
				c.destroyed("updateToken", object{"token": "t"})
				c.destroyed("changeAudioCapture", object{"state": 1})
				c.destroyed("changeVideoCapture", object{"state": 1})
				c.destroyed("changeStreamPublishState", object{"state": 1, "streamType": "both"})
				if t.Failed() {
					t.Fatal(when)
				}
				c.want("createRtcRoomContext", object{"appId": appID}, `{"id":7,"ok":true}`)
				c.ok("joinRtcRoom", join("R-4", "u"))
				c.want("x-destroy", nil, `{"id":7,"ok":true}`)
			}
		},
	}
}

func joinRows() map[string]func(*testing.T, *fixture) {
	return map[string]func(*testing.T, *fixture){
		"R-5 R-12 R-14 R-15": func(t *testing.T, f *fixture) {
			f.created(t).want("joinRtcRoom", join("R-5", "u"),
				`{"id":7,"callback":"success","res":{"errMsg":"joinRtcRoom:ok"}}`,
				`{"id":7,"callback":"complete","res":{"errMsg":"joinRtcRoom:ok"}}`)
		},
		"R-6": func(t *testing.T, f *fixture) {
			c := f.created(t)
			c.fail("joinRtcRoom", with(join("R-6", "u"), "roomConfig", "all"), "params.roomConfig should be object, but got string", 20000, 115999, "D")
			c.ok("joinRtcRoom", with(join("R-6", "u"), "roomConfig", object{}))
		},
		"R-7": func(t *testing.T, f *fixture) {
			other := f.joined(t, "R-7", "other")
			silent, loud := f.created(t), f.created(t)
			for _, c := range []*client{silent, loud} {
				c.ok("changeVideoCapture", object{"state": 1})
				c.ok("changeAudioCapture", object{"state": 1})
			}
			silent.ok("joinRtcRoom", with(join("R-7", "silent"), "roomConfig", object{"autoPublish": false}))
			loud.ok("joinRtcRoom", join("R-7", "loud"))
			other.latest("onRtcVideoMembersChanged", `{"userIdList":["loud"]}`)
			other.latest("onRtcChatSpeakersChanged", `{"userIdList":["loud"]}`)
		},
		"R-8": func(t *testing.T, f *fixture) {
			sender := f.created(t)
			sender.ok("changeVideoCapture", object{"state": 1})
			sender.ok("joinRtcRoom", join("R-8", "sender"))
			deaf, hears := f.created(t), f.joined(t, "R-8", "hears")
			deaf.ok("joinRtcRoom", with(join("R-8", "deaf"), "roomConfig", object{"autoSubscribe": false}))
			deaf.latest("onRtcVideoMembersChanged", `{"userIdList":["sender"]}`)
			hears.receives("sender", "video", 30)
			if got := deaf.stats().Remote; len(got) > 0 {
				t.Errorf("without autoSubscribe: received %+v", got)
			}
		},
		"R-9 R-10 R-11 R-23 X-31": func(t *testing.T, f *fixture) {
			c := f.created(t)
			for _, name := range []string{"roomId", "userId", "token"} {
				c.fail("joinRtcRoom", without(join("r", "u"), name), "params invalid", 20000, 115999, "D")
				c.fail("joinRtcRoom", with(join("r", "u"), name, ""), "params invalid", 20000, 115999, "D")
				c.fail("joinRtcRoom", with(join("r", "u"), name, 4), "params."+name+" should be string, but got number", 20000, 115999, "D")
			}
		},
	}
}

func joinRuleRows() map[string]func(*testing.T, *fixture) {
	return map[string]func(*testing.T, *fixture){
		"R-13 R-16": func(t *testing.T, f *fixture) {
			f.created(t).want("joinRtcRoom", with(join("r", "u"), "token", "x"),
				`{"id":7,"callback":"fail","res":{"errMsg":"joinRtcRoom:fail invalid token","errNo":21101,"errorCode":115902,"errorType":"D"}}`,
				`{"id":7,"callback":"complete","res":{"errMsg":"joinRtcRoom:fail invalid token","errNo":21101,"errorCode":115902,"errorType":"D"}}`)
		},
		"R-27": func(t *testing.T, f *fixture) {
			c := f.joined(t, "R-27", "u")
			for _, again := range []object{join("R-27", "u"), join("R-27", "v"), join("other", "u"), join("other", "v")} {
				c.fail("joinRtcRoom", again, "user u is already in the room R-27", 21100, 115901, "D")
			}
			c.ok("exitRtcRoom", object{"roomId": "R-27"})
			c.ok("joinRtcRoom", join("other", "v"))
		},
		"R-28": func(t *testing.T, f *fixture) {
			text, err := token.Mint(token.MintOptions{AppID: appID, AppKey: appKey, RoomID: "R-28", UserID: "u", TTL: time.Minute})
			if err != nil || !strings.HasPrefix(text, "001"+appID) {
				t.Fatalf("token %q, %v", text, err)
			}
			f.created(t).ok("joinRtcRoom", object{"roomId": "R-28", "userId": "u", "token": text})
		},
		"R-47": func(t *testing.T, f *fixture) {
			c := f.client(t)
			c.want("createRtcRoomContext", object{"appId": sampleApp}, `{"id":7,"ok":true}`)
			c.fail("joinRtcRoom", object{"roomId": "002", "userId": "user7", "token": sampleToken}, "invalid token", 21101, 115902, "D")
		},
	}
}

func joinErrorRows() map[string]func(*testing.T, *fixture) {
	return map[string]func(*testing.T, *fixture){
		"R-17 X-30": func(t *testing.T, _ *fixture) {
			c := fakeClient(t, "joinRtcRoom", errno.AuthDeny.In("joinRtcRoom"))
			c.fail("joinRtcRoom", join("r", "u"), "auth deny", 10200, 115990, "U")
		},
		"R-18": func(t *testing.T, f *fixture) {
			f.created(t).fail("joinRtcRoom", with(with(join("r", "u"), "userId", 5), "roomId", object{}),
				"params.roomId should be string, but got object params.userId should be string, but got number", 20000, 115999, "D")
		},
		"R-19 R-25": func(t *testing.T, f *fixture) {
			f.joined(t, "R-19", "u1").fail("joinRtcRoom", join("r2", "u1"), "user u1 is already in the room R-19", 21100, 115901, "D")
		},
		"R-20 R-26": func(t *testing.T, f *fixture) {
			c := f.created(t)
			expired := &token.AccessToken{AppID: appID, RoomID: "r", UserID: "u", ExpireAt: until(-time.Minute)}
			for name, text := range map[string]string{
				"no token": "x", "other room": ticket(appID, "s", "u"), "other user": ticket(appID, "r", "v"), "other app": ticket(otherApp, "r", "u"),
				"expired": sign(expired, token.PublishStream), "cut": ticket(appID, "r", "u")[:80], "forged": strings.Replace(ticket(otherApp, "r", "u"), otherApp, "aaaaaaaaaaaaaaaaaaaaaaaa", 1),
			} {
				c.fail("joinRtcRoom", with(join("r", "u"), "token", text), "invalid token", 21101, 115902, "D")
				if t.Failed() {
					t.Fatal(name)
				}
			}
		},
		"R-21 R-24": func(t *testing.T, f *fixture) {
			nowhere := *f
			nowhere.url = "http://127.0.0.1:1"
			nowhere.created(t).fail("joinRtcRoom", join("r", "u"), "error code:-1001", 21102, 115903, "F")
		},
		"R-29 R-30": func(t *testing.T, _ *fixture) {
			for kind, want := range map[*errno.Kind]string{
				errno.InvalidParam: "20000/115999/D", errno.AlreadyInRoom: "21100/115901/D", errno.InvalidToken: "21101/115902/D",
				errno.Failed: "21102/115903/F", errno.AuthDeny: "10200/115990/U",
			} {
				if got := fmt.Sprintf("%d/%d/%s", kind.No, kind.Code, kind.Type); got != want {
					t.Errorf("%s: %s, want %s", kind.Name, got, want)
				}
			}
		},
	}
}

func exitRows() map[string]func(*testing.T, *fixture) {
	return map[string]func(*testing.T, *fixture){
		"R-31 R-32 R-34 X-32": func(t *testing.T, f *fixture) {
			stays, leaves := f.joined(t, "R-31", "stays"), f.joined(t, "R-31", "leaves")
			stays.latest("onRtcChatMembersChanged", `{"userIdList":["stays","leaves"]}`)
			leaves.ok("exitRtcRoom", object{"roomId": "R-31"})
			stays.latest("onRtcChatMembersChanged", `{"userIdList":["stays"]}`)
		},
		"R-33": func(t *testing.T, f *fixture) {
			f.joined(t, "R-33", "u").want("exitRtcRoom", object{"roomId": "R-33"},
				`{"id":7,"callback":"success","res":{"errMsg":"exitRtcRoom:ok"}}`, `{"id":7,"callback":"complete","res":{"errMsg":"exitRtcRoom:ok"}}`)
		},
		"R-35 R-36": func(t *testing.T, f *fixture) {
			c := f.joined(t, "R-36", "u")
			c.fail("exitRtcRoom", object{}, "params.roomId should be string, but got undefined", 20000, 115999, "D")
			c.fail("exitRtcRoom", object{"roomId": []int{1}}, "params.roomId should be string, but got array", 20000, 115999, "D")
			c.fail("joinRtcRoom", join("r", "u"), "user u is already in the room R-36", 21100, 115901, "D")
		},
		"R-38": func(t *testing.T, f *fixture) {
			c := f.joined(t, "R-38", "u")
			c.ok("exitRtcRoom", object{"roomId": "another"})
			c.ok("exitRtcRoom", object{"roomId": "R-38"})
			c.ok("joinRtcRoom", join("R-38", "u"))
		},
	}
}

func tokenRows() map[string]func(*testing.T, *fixture) {
	return map[string]func(*testing.T, *fixture){
		"R-39 R-40 R-41 R-42": func(t *testing.T, f *fixture) {
			c := f.joined(t, "R-39", "u")
			c.want("updateToken", object{"token": ticket(appID, "R-39", "u")},
				`{"id":7,"callback":"success","res":{"errMsg":"updateToken:ok"}}`, `{"id":7,"callback":"complete","res":{"errMsg":"updateToken:ok"}}`)
		},
		"R-43 R-44 R-46 X-37": func(t *testing.T, f *fixture) {
			c := f.joined(t, "R-44", "u")
			for _, text := range []string{"", "x", sampleToken, ticket(appID, "other", "u")} {
				c.fail("updateToken", object{"token": text}, "invalid token", 21101, 115902, "D")
			}
			c.fail("joinRtcRoom", join("R-44", "u"), "user u is already in the room R-44", 21100, 115901, "D")
		},
		"R-45": func(t *testing.T, f *fixture) {
			c := f.joined(t, "R-45", "u")
			c.fail("updateToken", object{}, "params.token should be string, but got undefined", 20000, 115999, "D")
			c.fail("updateToken", object{"token": false}, "params.token should be string, but got boolean", 20000, 115999, "D")
		},
		"T-32": func(t *testing.T, f *fixture) {
			f.created(t).fail("updateToken", object{"token": ticket(appID, "r", "u")}, "user is not in a room", 20000, 115999, "D")
		},
	}
}

func captureRows() map[string]func(*testing.T, *fixture) {
	return map[string]func(*testing.T, *fixture){
		"N-1 N-2 N-3 X-38": func(t *testing.T, f *fixture) {
			c := f.created(t)
			for _, state := range []int{1, 1, 0, 0} {
				c.want("changeAudioCapture", object{"state": state},
					`{"id":7,"callback":"success","res":{"errMsg":"changeAudioCapture:ok"}}`, `{"id":7,"callback":"complete","res":{"errMsg":"changeAudioCapture:ok"}}`)
			}
		},
		"N-4 N-8": func(t *testing.T, f *fixture) {
			c := f.client(t)
			c.cfg.Room.Kit.Devices = clip.FileDevices("", "")
			c.want("createRtcRoomContext", object{"appId": appID}, `{"id":7,"ok":true}`)
			c.fail("changeAudioCapture", object{"state": 1}, "auth deny", 10200, 115990, "U")
			c.fail("changeVideoCapture", object{"state": 1}, "auth deny", 10200, 115990, "U")
			c.ok("changeAudioCapture", object{"state": 0})
			c.ok("joinRtcRoom", join("N-4", "u")) // not fatal
		},
		"N-5": func(t *testing.T, _ *fixture) {
			fakeClient(t, "changeAudioCapture", errno.PrivacyDeny.In("changeAudioCapture")).
				fail("changeAudioCapture", object{"state": 1}, "privacy permission is not authorized", 10201, 115990, "U")
		},
		"N-6": func(t *testing.T, _ *fixture) {
			fakeClient(t, "changeAudioCapture", errno.ScopeNotDeclared.In("changeAudioCapture")).
				fail("changeAudioCapture", object{"state": 1}, "api scope is not declared in the privacy agreement", 10202, 115990, "U")
		},
		"N-7": func(t *testing.T, f *fixture) {
			c := f.created(t)
			c.fail("changeAudioCapture", object{}, "params.state should be number, but got undefined", 20000, 115999, "D")
			c.fail("changeAudioCapture", object{"state": true}, "params.state should be number, but got boolean", 20000, 115999, "D")
			c.fail("changeAudioCapture", object{"state": 2}, "expect params.state to be one of 0, 1, but got 2", 20000, 115999, "D")
		},
	}
}

func cameraRows() map[string]func(*testing.T, *fixture) {
	return map[string]func(*testing.T, *fixture){
		"N-10": func(t *testing.T, f *fixture) {
			c := f.created(t)
			c.ok("changeVideoCapture", object{"state": 1})
			c.ok("changeVideoCapture", object{"state": 0})
		},
		"N-11": func(t *testing.T, f *fixture) {
			f.created(t).fail("changeVideoCapture", object{"state": -1}, "expect params.state to be one of 0, 1, but got -1", 20000, 115999, "D")
			for _, kind := range []*errno.Kind{errno.PrivacyDeny, errno.ScopeNotDeclared} {
				e := kind.In("changeVideoCapture")
				fakeClient(t, "changeVideoCapture", e).fail("changeVideoCapture", object{"state": 1}, e.Text(), kind.No, 115990, "U")
			}
		},
		"N-12 R-80 R-82": func(t *testing.T, f *fixture) {
			sees, shows := f.joined(t, "N-12", "sees"), f.joined(t, "N-12", "shows")
			shows.ok("changeVideoCapture", object{"state": 1})
			shows.ok("changeAudioCapture", object{"state": 1})
			for _, c := range []*client{sees, shows} {
				c.latest("onRtcVideoMembersChanged", `{"userIdList":["shows"]}`)
				c.latest("onRtcChatSpeakersChanged", `{"userIdList":["shows"]}`)
			}
			sees.receives("shows", "video", 30)
			sees.receives("shows", "audio", 30)
			shows.ok("changeVideoCapture", object{"state": 0})
			for _, c := range []*client{sees, shows} {
				c.latest("onRtcVideoMembersChanged", `{"userIdList":[]}`)
				c.latest("onRtcChatSpeakersChanged", `{"userIdList":["shows"]}`)
			}
			shows.ok("changeAudioCapture", object{"state": 0})
			sees.latest("onRtcChatSpeakersChanged", `{"userIdList":[]}`)
		},
	}
}

func publishRows() map[string]func(*testing.T, *fixture) {
	publish := func(state int, streamType any) object { return object{"state": state, "streamType": streamType} }
	return map[string]func(*testing.T, *fixture){
		"N-13": func(t *testing.T, f *fixture) {
			c := f.joined(t, "N-13", "u")
			c.ok("changeVideoCapture", object{"state": 1})
			c.ok("changeAudioCapture", object{"state": 1})
			c.latest("onRtcVideoMembersChanged", `{"userIdList":["u"]}`)
			c.ok("changeStreamPublishState", publish(0, "video"))
			c.latest("onRtcVideoMembersChanged", `{"userIdList":[]}`)
			c.latest("onRtcChatSpeakersChanged", `{"userIdList":["u"]}`)
			c.ok("changeStreamPublishState", publish(0, "both"))
			c.latest("onRtcChatSpeakersChanged", `{"userIdList":[]}`)
			c.ok("changeStreamPublishState", publish(1, "audio"))
			c.latest("onRtcChatSpeakersChanged", `{"userIdList":["u"]}`)
		},
		"N-14": func(t *testing.T, f *fixture) {
			c := f.created(t)
			c.fail("changeStreamPublishState", publish(1, "xxx"), `expect params.streamType to be one of "audio", "video", "both", but got xxx`, 20000, 115999, "D")
			c.fail("changeStreamPublishState", publish(3, "xxx"),
				`expect params.state to be one of 0, 1, but got 3 expect params.streamType to be one of "audio", "video", "both", but got xxx`, 20000, 115999, "D")
			c.fail("changeStreamPublishState", publish(1, 5), `params.streamType should be string, but got number`, 20000, 115999, "D")
		},
		"N-15 R-77": func(t *testing.T, f *fixture) {
			c := f.created(t)
			c.ok("changeVideoCapture", object{"state": 1})
			c.ok("changeAudioCapture", object{"state": 1})
			c.ok("changeStreamPublishState", publish(1, "audio"))
			c.ok("joinRtcRoom", with(join("N-15", "u"), "roomConfig", object{"autoPublish": false}))
			c.latest("onRtcChatSpeakersChanged", `{"userIdList":["u"]}`)
			if c.came("onRtcVideoMembersChanged", `{"userIdList":["u"]}`) {
				t.Error("video was published, which autoPublish false and no wish forbid")
			}
		},
		"N-17": func(t *testing.T, f *fixture) {
			c := f.created(t)
			audioOnly := &token.AccessToken{AppID: appID, RoomID: "N-17", UserID: "u", ExpireAt: until(time.Hour)}
			text := sign(audioOnly, token.PublishAudio, token.SubscribeStream)
			c.ok("joinRtcRoom", with(join("N-17", "u"), "token", text))
			c.fail("changeStreamPublishState", publish(1, "video"), "error code:-1002", 21102, 115903, "F")
			c.fail("changeStreamPublishState", publish(1, "both"), "error code:-1002", 21102, 115903, "F")
			c.ok("changeStreamPublishState", publish(1, "audio"))
			c.ok("changeStreamPublishState", publish(0, "both"))
		},
	}
}

// fakeClient has a context whose method fails as no desktop can make it fail.
func fakeClient(t *testing.T, method string, err error) *client {
	c := &client{t: t, harness: newHarness(t, func(r *fakeRoom) { r.fails[method] = err })}
	c.want("createRtcRoomContext", object{"appId": appID}, `{"id":7,"ok":true}`)
	return c
}

// stats is x-stats.
func (c *client) stats() Stats {
	c.t.Helper()
	var line struct{ Res Stats }
	if got := c.call("x-stats", nil); len(got) != 1 || json.Unmarshal([]byte(got[0]), &line) != nil {
		c.t.Fatalf("x-stats: %q", got)
	}
	return line.Res
}

// receives waits until so many frames of a user came.
func (c *client) receives(user, kind string, frames uint64) {
	c.t.Helper()
	tick := time.NewTicker(20 * time.Millisecond)
	defer tick.Stop()
	limit := time.After(30 * time.Second)
	for {
		for _, r := range c.stats().Remote {
			if r.UserID == user && r.Kind == kind && (r.Frames >= frames || kind == "audio" && r.Packets >= frames) {
				return
			}
		}
		select {
		case <-tick.C:
		case <-limit:
			c.t.Fatalf("never received %d frames of %s's %s: %+v", frames, user, kind, c.stats())
		}
	}
}
