package bridge

import (
	"errors"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"parlor/app/errno"
	"parlor/app/token"
)

// The rows of the documents of joinRtcRoom, exitRtcRoom and updateToken: R-1..R-47.

const destroyedText = "engine has been destroyed,please invoke tt.createRtcRoomContext create new engine"

func createRows() map[string]row {
	return map[string]row{
		"R-1": func(t *testing.T, f *fixture) {
			c := f.client(t)
			c.Call(nil, "createRtcRoomContext", []byte(`{"appId":"`+appID+`"}`))
			if c.Context() == nil {
				t.Error("there is no context when the call returns")
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
		"R-3": func(t *testing.T, f *fixture) {
			c := f.client(t)
			c.want("createRtcRoomContext", object{"appId": "ffffffffffffffffffffffff"},
				`{"id":7,"ok":false,"res":{"errMsg":"createRtcRoomContext:fail platform auth deny","errNo":10101,"errorCode":116183,"errorType":"D"}}`)
			c.destroyed("joinRtcRoom", join("R-3", "u"))
		},
		"R-4": func(t *testing.T, f *fixture) {
			c := f.client(t)
			for range 2 { // before a context is made, and after it was destroyed
				for _, call := range []struct {
					name   string
					params object
				}{
					{"joinRtcRoom", join("r", "u")}, {"exitRtcRoom", object{"roomId": "r"}}, {"updateToken", object{"token": "t"}},
					{"changeUserVisibility", object{"visible": true}}, {"changeAudioCapture", state(1)}, {"changeVideoCapture", state(1)},
					{"switchCamera", object{"camera": "back"}}, {"setAudioPlaybackDevice", object{"device": "earpiece"}},
					{"setVideoEncoderConfig", object{"maxSolution": object{"width": 1, "height": 1, "frameRate": 1}}},
					{"changeAnsMode", object{"mode": "low"}}, {"changeStreamPublishState", publish(1, "both")},
					{"changeStreamSubscribeState", subscribe(1, "u", "both")}, {"changeScreenSubscribeState", subscribe(1, "u", "both")},
				} {
					c.destroyed(call.name, call.params)
				}
				c.create()
				c.ok("joinRtcRoom", join("R-4", "u"))
				c.want("x-destroy", nil, `{"id":7,"ok":true}`)
			}
		},
	}
}

func joinRows() map[string]row {
	named := func(name string) row { // R-9..R-11
		return func(t *testing.T, f *fixture) {
			c := f.created(t)
			c.fail("joinRtcRoom", without(join("r", "u"), name), "params invalid", 20000, 115999, "D")
			c.fail("joinRtcRoom", with(join("r", "u"), name, ""), "params invalid", 20000, 115999, "D")
			c.fail("joinRtcRoom", with(join("r", "u"), name, 4), "params."+name+" should be string, but got number", 20000, 115999, "D")
			c.ok("joinRtcRoom", join(t.Name()[len("TestConformance/"):], "u"))
		}
	}
	return map[string]row{
		"R-5": func(t *testing.T, f *fixture) {
			c := f.created(t)
			c.fail("joinRtcRoom", []string{"r", "u"}, "params should be object, but got array", 20000, 115999, "D")
			c.ok("joinRtcRoom", join("R-5", "u"))
		},
		"R-6": func(t *testing.T, f *fixture) {
			c := f.created(t)
			c.fail("joinRtcRoom", with(join("R-6", "u"), "roomConfig", "all"), "params.roomConfig should be object, but got string", 20000, 115999, "D")
			c.fail("joinRtcRoom", with(join("R-6", "u"), "roomConfig", object{"autoSubscribe": 1}), "params.roomConfig.autoSubscribe should be boolean, but got number", 20000, 115999, "D")
			c.ok("joinRtcRoom", with(join("R-6", "u"), "roomConfig", object{}))
		},
		"R-7": func(t *testing.T, f *fixture) {
			other := f.joined(t, "R-7", "other")
			silent, loud := f.created(t), f.created(t)
			for _, c := range []*client{silent, loud} {
				c.ok("changeVideoCapture", state(1))
				c.ok("changeAudioCapture", state(1))
			}
			silent.ok("joinRtcRoom", with(join("R-7", "silent"), "roomConfig", object{"autoPublish": false}))
			loud.ok("joinRtcRoom", join("R-7", "loud"))
			other.latest("onRtcVideoMembersChanged", `{"userIdList":["loud"]}`)
			other.latest("onRtcChatSpeakersChanged", `{"userIdList":["loud"]}`)
		},
		"R-8": func(t *testing.T, f *fixture) {
			sender := f.created(t)
			sender.ok("changeVideoCapture", state(1))
			sender.ok("joinRtcRoom", join("R-8", "sender"))
			deaf, hears := f.created(t), f.joined(t, "R-8", "hears")
			deaf.ok("joinRtcRoom", with(join("R-8", "deaf"), "roomConfig", object{"autoSubscribe": false}))
			deaf.latest("onRtcVideoMembersChanged", `{"userIdList":["sender"]}`)
			hears.receives("sender", "video", 3)
			if got := deaf.stats().Remote; len(got) > 0 {
				t.Errorf("without autoSubscribe: received %+v", got)
			}
		},
		"R-9": named("roomId"), "R-10": named("token"), "R-11": named("userId"),
		"R-12": func(t *testing.T, f *fixture) {
			if got := f.created(t).call("joinRtcRoom", join("R-12", "u")); len(got) != 2 || !strings.HasPrefix(got[0], `{"id":7,"callback":"success"`) {
				t.Errorf("got %q", got)
			}
		},
	}
}

func joinFailRows() map[string]row {
	return map[string]row{
		"R-13": func(t *testing.T, f *fixture) {
			if got := f.created(t).call("joinRtcRoom", with(join("r", "u"), "token", "x")); len(got) != 2 || !strings.HasPrefix(got[0], `{"id":7,"callback":"fail"`) {
				t.Errorf("got %q", got)
			}
		},
		"R-14": func(t *testing.T, f *fixture) {
			c := f.created(t)
			for _, params := range []object{with(join("R-14", "u"), "token", "x"), join("R-14", "u")} {
				got := c.call("joinRtcRoom", params)
				_, result, _ := strings.Cut(got[0], `"res":`)
				if want := `{"id":7,"callback":"complete","res":` + result; len(got) != 2 || got[1] != want {
					t.Errorf("got %q, want %s at the end", got, want)
				}
			}
		},
		"R-15": func(t *testing.T, f *fixture) {
			f.created(t).want("joinRtcRoom", join("R-15", "u"),
				`{"id":7,"callback":"success","res":{"errMsg":"joinRtcRoom:ok"}}`,
				`{"id":7,"callback":"complete","res":{"errMsg":"joinRtcRoom:ok"}}`)
		},
		"R-16": func(t *testing.T, f *fixture) {
			f.created(t).want("joinRtcRoom", with(join("r", "u"), "token", "x"),
				`{"id":7,"callback":"fail","res":{"errMsg":"joinRtcRoom:fail invalid token","errNo":21101,"errorCode":115902,"errorType":"D"}}`,
				`{"id":7,"callback":"complete","res":{"errMsg":"joinRtcRoom:fail invalid token","errNo":21101,"errorCode":115902,"errorType":"D"}}`)
		},
		"R-17": func(t *testing.T, _ *fixture) {
			t.Log("a desktop asks nobody before a join, so that a context is made to refuse")
			c := fakeClient(t, "joinRtcRoom", errno.AuthDeny.In("joinRtcRoom"))
			c.fail("joinRtcRoom", join("r", "u"), "auth deny", 10200, 115990, "U")
		},
		"R-18": func(t *testing.T, f *fixture) {
			f.created(t).fail("joinRtcRoom", with(with(join("r", "u"), "userId", 5), "roomId", object{}),
				"params.roomId should be string, but got object params.userId should be string, but got number", 20000, 115999, "D")
		},
		"R-19": func(t *testing.T, f *fixture) {
			f.joined(t, "R-19", "u1").fail("joinRtcRoom", join("r2", "u1"), "user u1 is already in the room R-19", 21100, 115901, "D")
		},
		"R-20": func(t *testing.T, f *fixture) {
			f.created(t).fail("joinRtcRoom", with(join("r", "u"), "token", "x"), "invalid token", 21101, 115902, "D")
		},
		"R-21": func(t *testing.T, _ *fixture) {
			c := fakeClient(t, "joinRtcRoom", errors.New("whatever else may happen"))
			c.fail("joinRtcRoom", join("r", "u"), "error code:-1001", 21102, 115903, "F")
		},
		"R-22": func(t *testing.T, f *fixture) {
			c := f.client(t)
			c.fail("joinRtcRoom", join("r", "u"), destroyedText, 21102, 115910, "D")
			c.create()
			c.ok("joinRtcRoom", join("R-22", "u"))
		},
	}
}

func joinErrorRows() map[string]row {
	return map[string]row{
		"R-23": func(t *testing.T, f *fixture) {
			c := f.created(t)
			c.fail("joinRtcRoom", nil, "params invalid", 20000, 115999, "D")
			c.fail("joinRtcRoom", object{"roomId": "r", "token": nil, "userId": 5}, "params invalid", 20000, 115999, "D")
		},
		"R-24": func(t *testing.T, f *fixture) {
			nowhere := &fixture{url: "http://127.0.0.1:1"}
			nowhere.created(t).fail("joinRtcRoom", join("r", "u"), "error code:-1001", 21102, 115903, "F")
		},
		"R-25": func(t *testing.T, f *fixture) {
			c := f.joined(t, "R-25", "u")
			c.fail("joinRtcRoom", join("R-25", "u"), "user u is already in the room R-25", 21100, 115901, "D")
			c.ok("exitRtcRoom", object{"roomId": "R-25"})
			c.ok("joinRtcRoom", join("R-25", "u"))
		},
		"R-26": func(t *testing.T, f *fixture) {
			c := f.created(t)
			for name, text := range map[string]string{
				"expired": ticketUntil(appID, "r", "u", in(-time.Minute)), "cut": ticket(appID, "r", "u")[:80],
				"forged": strings.Replace(ticket(otherApp, "r", "u"), otherApp, "aaaaaaaaaaaaaaaaaaaaaaaa", 1),
			} {
				c.fail("joinRtcRoom", with(join("r", "u"), "token", text), "invalid token", 21101, 115902, "D")
				if t.Failed() {
					t.Fatal(name)
				}
			}
		},
		"R-27": func(t *testing.T, f *fixture) {
			c := f.joined(t, "R-27", "u")
			for _, again := range []object{join("R-27", "u"), join("R-27", "v"), join("other", "u"), join("other", "v")} {
				c.fail("joinRtcRoom", again, "user u is already in the room R-27", 21100, 115901, "D")
			}
			c.ok("exitRtcRoom", object{"roomId": "R-27"})
			c.ok("joinRtcRoom", join("R-27-other", "v"))
		},
		"R-28": func(t *testing.T, f *fixture) {
			text, err := token.Mint(token.MintOptions{AppID: appID, AppKey: appKey, RoomID: "R-28", UserID: "u", TTL: time.Minute})
			if err != nil || !strings.HasPrefix(text, "001"+appID) {
				t.Fatalf("token %q, %v", text, err)
			}
			f.created(t).ok("joinRtcRoom", object{"roomId": "R-28", "userId": "u", "token": text})
		},
	}
}

func joinCodeRows() map[string]row {
	return map[string]row{
		"R-29": func(t *testing.T, _ *fixture) {
			for kind, want := range map[*errno.Kind]string{
				errno.InvalidParam: "20000/115999", errno.AlreadyInRoom: "21100/115901", errno.InvalidToken: "21101/115902",
				errno.Failed: "21102/115903", errno.AuthDeny: "10200/115990",
			} {
				if got := fmt.Sprintf("%d/%d", kind.No, kind.Code); got != want {
					t.Errorf("%s: %s, want %s", kind.Name, got, want)
				}
			}
		},
		"R-30": func(t *testing.T, _ *fixture) {
			letters := map[string]string{
				"AuthDeny": "U", "PrivacyDeny": "U", "ScopeNotDeclared": "U", "PlatformAuthDeny": "D", "InvalidParam": "D", "InvalidCamera": "D",
				"AlreadyInRoom": "D", "InvalidToken": "D", "Failed": "F", "EngineDestroyed": "D", "CameraLost": "U", "MicrophoneLost": "U",
				"TokenExpired": "D", "RoomUnavailable": "F", "RoomViewFailed": "F",
			}
			for _, kind := range errno.Kinds {
				if kind.Type != letters[kind.Name] {
					t.Errorf("%s is of type %q, want %q", kind.Name, kind.Type, letters[kind.Name])
				}
			}
		},
	}
}

func exitRows() map[string]row {
	return map[string]row{
		"R-31": func(t *testing.T, f *fixture) {
			stays, leaves := f.joined(t, "R-31", "stays"), f.joined(t, "R-31", "leaves")
			stays.latest("onRtcChatMembersChanged", `{"userIdList":["stays","leaves"]}`)
			leaves.ok("exitRtcRoom", object{"roomId": "R-31"})
			stays.latest("onRtcChatMembersChanged", `{"userIdList":["stays"]}`)
		},
		"R-32": func(t *testing.T, f *fixture) {
			c := f.joined(t, "R-32", "u")
			c.fail("exitRtcRoom", object{}, "params.roomId should be string, but got undefined", 20000, 115999, "D")
			c.ok("exitRtcRoom", object{"roomId": "R-32"})
		},
		"R-33": func(t *testing.T, f *fixture) {
			c := f.joined(t, "R-33", "u")
			for _, want := range []string{"fail", "success"} {
				got := c.call("exitRtcRoom", map[string]object{"fail": {}, "success": {"roomId": "R-33"}}[want])
				if len(got) != 2 || !strings.HasPrefix(got[0], `{"id":7,"callback":"`+want) || !strings.HasPrefix(got[1], `{"id":7,"callback":"complete"`) {
					t.Errorf("%s: got %q", want, got)
				}
			}
		},
		"R-34": func(t *testing.T, f *fixture) {
			f.joined(t, "R-34", "u").want("exitRtcRoom", object{"roomId": "R-34"},
				`{"id":7,"callback":"success","res":{"errMsg":"exitRtcRoom:ok"}}`, `{"id":7,"callback":"complete","res":{"errMsg":"exitRtcRoom:ok"}}`)
		},
		"R-35": func(t *testing.T, f *fixture) {
			got := f.created(t).call("exitRtcRoom", object{"roomId": nil})
			if !strings.Contains(got[0], `"errMsg":"exitRtcRoom:fail params.roomId should be string, but got null"`) {
				t.Errorf("got %q", got)
			}
		},
		"R-36": func(t *testing.T, f *fixture) {
			c := f.joined(t, "R-36", "u")
			c.fail("exitRtcRoom", object{"roomId": []int{1}}, "params.roomId should be string, but got array", 20000, 115999, "D")
			c.fail("joinRtcRoom", join("r", "u"), "user u is already in the room R-36", 21100, 115901, "D")
		},
		"R-37": func(t *testing.T, f *fixture) {
			c := f.joined(t, "R-37", "u")
			c.want("x-destroy", nil, `{"id":7,"ok":true}`)
			c.fail("exitRtcRoom", object{"roomId": "R-37"}, destroyedText, 21102, 115910, "D")
		},
		"R-38": func(t *testing.T, f *fixture) {
			c := f.joined(t, "R-38", "u")
			c.ok("exitRtcRoom", object{"roomId": "another"})
			c.ok("exitRtcRoom", object{"roomId": "R-38"})
			c.ok("exitRtcRoom", object{"roomId": ""})
			c.ok("joinRtcRoom", join("R-38", "u"))
		},
	}
}

func tokenRows() map[string]row {
	return map[string]row{
		"R-39": func(t *testing.T, f *fixture) {
			f.joined(t, "R-39", "u").ok("updateToken", object{"token": ticket(appID, "R-39", "u")})
		},
		"R-40": func(t *testing.T, f *fixture) {
			c := f.joined(t, "R-40", "u")
			c.fail("updateToken", object{}, "params.token should be string, but got undefined", 20000, 115999, "D")
			c.fail("updateToken", object{"token": ""}, "invalid token", 21101, 115902, "D")
		},
		"R-41": func(t *testing.T, f *fixture) {
			c := f.joined(t, "R-41", "u")
			for callback, text := range map[string]string{"success": ticket(appID, "R-41", "u"), "fail": "x"} {
				got := c.call("updateToken", object{"token": text})
				if len(got) != 2 || !strings.HasPrefix(got[0], `{"id":7,"callback":"`+callback) || !strings.HasPrefix(got[1], `{"id":7,"callback":"complete"`) {
					t.Errorf("%s: got %q", callback, got)
				}
			}
		},
		"R-42": func(t *testing.T, f *fixture) {
			f.joined(t, "R-42", "u").want("updateToken", object{"token": ticket(appID, "R-42", "u")},
				`{"id":7,"callback":"success","res":{"errMsg":"updateToken:ok"}}`, `{"id":7,"callback":"complete","res":{"errMsg":"updateToken:ok"}}`)
		},
		"R-43": func(t *testing.T, f *fixture) {
			f.joined(t, "R-43", "u").want("updateToken", object{"token": "x"},
				`{"id":7,"callback":"fail","res":{"errMsg":"updateToken:fail invalid token","errNo":21101,"errorCode":115902,"errorType":"D"}}`,
				`{"id":7,"callback":"complete","res":{"errMsg":"updateToken:fail invalid token","errNo":21101,"errorCode":115902,"errorType":"D"}}`)
		},
	}
}

func tokenFailRows() map[string]row {
	return map[string]row{
		"R-44": func(t *testing.T, f *fixture) {
			c := f.joined(t, "R-44", "u")
			for _, text := range []string{"x", sampleToken, ticket(appID, "other", "u"), ticket(appID, "R-44", "other"), ticketUntil(appID, "R-44", "u", in(-time.Minute))} {
				c.fail("updateToken", object{"token": text}, "invalid token", 21101, 115902, "D")
			}
			c.fail("joinRtcRoom", join("R-44", "u"), "user u is already in the room R-44", 21100, 115901, "D")
		},
		"R-45": func(t *testing.T, f *fixture) {
			f.joined(t, "R-45", "u").fail("updateToken", object{"token": false}, "params.token should be string, but got boolean", 20000, 115999, "D")
		},
		"R-46": func(t *testing.T, f *fixture) {
			f.joined(t, "R-46", "u").fail("updateToken", object{"token": ticket(otherApp, "R-46", "u")}, "invalid token", 21101, 115902, "D")
		},
		"R-47": func(t *testing.T, f *fixture) {
			got, err := token.Parse(sampleToken)
			if err != nil {
				t.Fatal(err)
			}
			const end = 1643105072 // 2022-01-25T10:04:32Z
			want := &token.AccessToken{
				AppID: "5dc114b50538d600388f7b18", RoomID: "002", UserID: "user7", Nonce: 65025265, IssuedAt: 1642500272, ExpireAt: end,
				Privileges: map[token.Privilege]uint32{0: end, 1: end, 2: end, 3: end, 4: end, 5: end},
			}
			if diff := cmp.Diff(want, got, cmp.FilterPath(func(p cmp.Path) bool {
				return p.String() == "signed" || p.String() == "received"
			}, cmp.Ignore())); diff != "" {
				t.Errorf("the sample token (-want +got):\n%s", diff)
			}
			c := f.client(t)
			c.want("createRtcRoomContext", object{"appId": sampleApp}, `{"id":7,"ok":true}`)
			c.fail("joinRtcRoom", object{"roomId": "002", "userId": "user7", "token": sampleToken}, "invalid token", 21101, 115902, "D")
		},
	}
}
