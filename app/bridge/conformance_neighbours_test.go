package bridge

import (
	"errors"
	"strings"
	"testing"
	"time"

	"parlor/app/errno"
	"parlor/app/room"
	"parlor/app/session"
	"parlor/app/token"
	"parlor/media"
)

// What stands beside the documents, from the official pages and public code: N-1..N-55.

func microphoneRows() map[string]row {
	return map[string]row{
		"N-1": func(t *testing.T, f *fixture) {
			c := f.created(t)
			for _, s := range []int{1, 1, 0, 0} {
				c.ok("changeAudioCapture", state(s))
			}
		},
		"N-2": func(t *testing.T, f *fixture) {
			f.created(t).fail("changeAudioCapture", state(2), "expect params.state to be one of 0, 1, but got 2", 20000, 115999, "D")
		},
		"N-3": func(t *testing.T, f *fixture) {
			t.Log("the page prints the prefix RtcRoomContext., no sibling does: see X-38")
			f.created(t).want("changeAudioCapture", state(0),
				`{"id":7,"callback":"success","res":{"errMsg":"changeAudioCapture:ok"}}`, `{"id":7,"callback":"complete","res":{"errMsg":"changeAudioCapture:ok"}}`)
		},
		"N-4": func(t *testing.T, f *fixture) {
			f.withoutDevices(t).fail("changeAudioCapture", state(1), "auth deny", 10200, 115990, "U")
		},
		"N-5": func(t *testing.T, _ *fixture) {
			t.Log("a desktop has no privacy agreement, so that a context is made to refuse")
			fakeClient(t, "changeAudioCapture", errno.PrivacyDeny.In("changeAudioCapture")).
				fail("changeAudioCapture", state(1), "privacy permission is not authorized", 10201, 115990, "U")
		},
		"N-6": func(t *testing.T, _ *fixture) {
			t.Log("a desktop has no privacy agreement, so that a context is made to refuse")
			fakeClient(t, "changeAudioCapture", errno.ScopeNotDeclared.In("changeAudioCapture")).
				fail("changeAudioCapture", state(1), "api scope is not declared in the privacy agreement", 10202, 115990, "U")
		},
		"N-7": func(t *testing.T, f *fixture) {
			c := f.created(t)
			c.fail("changeAudioCapture", object{}, "params.state should be number, but got undefined", 20000, 115999, "D")
			c.fail("changeAudioCapture", state(true), "params.state should be number, but got boolean", 20000, 115999, "D")
		},
		"N-8": func(t *testing.T, f *fixture) {
			c := f.withoutDevices(t)
			c.fail("changeAudioCapture", state(1), "auth deny", 10200, 115990, "U")
			c.ok("changeAudioCapture", state(0))
		},
		"N-9": func(t *testing.T, f *fixture) {
			c := f.created(t)
			c.want("x-destroy", nil, `{"id":7,"ok":true}`)
			c.fail("changeAudioCapture", state(1), destroyedText, 21102, 115910, "D")
		},
	}
}

func cameraRows() map[string]row {
	return map[string]row{
		"N-10": func(t *testing.T, f *fixture) {
			c := f.created(t)
			for _, s := range []int{1, 0} {
				c.want("changeVideoCapture", state(s),
					`{"id":7,"callback":"success","res":{"errMsg":"changeVideoCapture:ok"}}`, `{"id":7,"callback":"complete","res":{"errMsg":"changeVideoCapture:ok"}}`)
			}
		},
		"N-11": func(t *testing.T, f *fixture) {
			f.created(t).fail("changeVideoCapture", state(-1), "expect params.state to be one of 0, 1, but got -1", 20000, 115999, "D")
			f.withoutDevices(t).fail("changeVideoCapture", state(1), "auth deny", 10200, 115990, "U")
			fakeClient(t, "changeVideoCapture", errno.PrivacyDeny.In("changeVideoCapture")).
				fail("changeVideoCapture", state(1), "privacy permission is not authorized", 10201, 115990, "U")
			fakeClient(t, "changeVideoCapture", errno.ScopeNotDeclared.In("changeVideoCapture")).
				fail("changeVideoCapture", state(1), "api scope is not declared in the privacy agreement", 10202, 115990, "U")
		},
		"N-12": func(t *testing.T, f *fixture) {
			sees, shows := f.joined(t, "N-12", "sees"), f.joined(t, "N-12", "shows")
			shows.ok("changeVideoCapture", state(1))
			shows.ok("changeAudioCapture", state(1))
			for _, c := range []*client{sees, shows} {
				c.latest("onRtcVideoMembersChanged", `{"userIdList":["shows"]}`)
				c.latest("onRtcChatSpeakersChanged", `{"userIdList":["shows"]}`)
			}
			sees.receives("shows", "video", 3)
			sees.receives("shows", "audio", 5)
			shows.ok("changeVideoCapture", state(0))
			for _, c := range []*client{sees, shows} {
				c.latest("onRtcVideoMembersChanged", `{"userIdList":[]}`)
				c.latest("onRtcChatSpeakersChanged", `{"userIdList":["shows"]}`)
			}
			shows.ok("changeAudioCapture", state(0))
			sees.latest("onRtcChatSpeakersChanged", `{"userIdList":[]}`)
		},
	}
}

func publishRows() map[string]row {
	return map[string]row{
		"N-13": func(t *testing.T, f *fixture) {
			c := f.joined(t, "N-13", "u")
			c.ok("changeVideoCapture", state(1))
			c.ok("changeAudioCapture", state(1))
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
			c.want("changeStreamPublishState", publish(0, "both"), `{"id":7,"callback":"success","res":{"errMsg":"changeStreamPublishState:ok"}}`,
				`{"id":7,"callback":"complete","res":{"errMsg":"changeStreamPublishState:ok"}}`)
			c.fail("changeStreamPublishState", publish(1, "xxx"), `expect params.streamType to be one of "audio", "video", "both", but got xxx`, 20000, 115999, "D")
			c.fail("changeStreamPublishState", publish(3, "xxx"),
				`expect params.state to be one of 0, 1, but got 3 expect params.streamType to be one of "audio", "video", "both", but got xxx`, 20000, 115999, "D")
			c.fail("changeStreamPublishState", publish(1, 5), `params.streamType should be string, but got number`, 20000, 115999, "D")
			c.want("x-destroy", nil, `{"id":7,"ok":true}`)
			c.fail("changeStreamPublishState", publish(1, "both"), destroyedText, 21102, 115910, "D")
		},
		"N-15": func(t *testing.T, f *fixture) {
			c := f.created(t)
			c.ok("changeVideoCapture", state(1))
			c.ok("changeAudioCapture", state(1))
			c.ok("changeStreamPublishState", publish(1, "audio"))
			c.ok("joinRtcRoom", with(join("N-15", "u"), "roomConfig", object{"autoPublish": false}))
			c.latest("onRtcChatSpeakersChanged", `{"userIdList":["u"]}`)
			if c.came("onRtcVideoMembersChanged", `{"userIdList":["u"]}`) {
				t.Error("video was published, which autoPublish false and no wish forbid")
			}
		},
		"N-16": func(t *testing.T, f *fixture) {
			c := f.joined(t, "N-16", "u")
			c.ok("changeUserVisibility", object{"visible": false})
			c.fail("changeStreamPublishState", publish(1, "audio"), "error code:-2009", 21102, 115903, "F")
			c.ok("changeStreamPublishState", publish(0, "audio"))
			c.ok("changeUserVisibility", object{"visible": true})
			c.ok("changeStreamPublishState", publish(1, "audio"))
		},
		"N-17": func(t *testing.T, f *fixture) {
			c := f.created(t)
			text := ticketFor("N-17", "u", map[token.Privilege]uint32{token.PublishAudio: 0, token.SubscribeStream: 0})
			c.ok("joinRtcRoom", with(join("N-17", "u"), "token", text))
			c.fail("changeStreamPublishState", publish(1, "video"), "error code:-1002", 21102, 115903, "F")
			c.fail("changeStreamPublishState", publish(1, "both"), "error code:-1002", 21102, 115903, "F")
			c.ok("changeStreamPublishState", publish(1, "audio"))
			c.ok("changeStreamPublishState", publish(0, "both"))
		},
	}
}

// subscriber is in a room without autoSubscribe beside u2, who sends everything.
func (f *fixture) subscriber(t *testing.T, roomID string) *client {
	t.Helper()
	sender := f.created(t)
	sender.ok("changeVideoCapture", state(1))
	sender.ok("changeAudioCapture", state(1))
	sender.ok("joinRtcRoom", join(roomID, "u2"))
	sender.want("x-startScreenShare", object{"screen": "", "audio": "test"}, `{"id":7,"ok":true}`)
	c := f.created(t)
	c.ok("joinRtcRoom", with(join(roomID, "u1"), "roomConfig", object{"autoSubscribe": false}))
	c.latest("onRtcVideoMembersChanged", `{"userIdList":["u2"]}`)
	c.latest("onRtcChatSpeakersChanged", `{"userIdList":["u2"]}`)
	c.latest("onRtcPublishScreenMembersChanged", `{"userIdList":["u2"]}`)
	return c
}

// onlyReceives fails when something else than these sources of u2 came.
func (c *client) onlyReceives(sources ...string) {
	c.t.Helper()
	for _, r := range c.stats().Remote {
		if r.Packets > 0 && !strings.Contains(strings.Join(sources, " ")+" ", r.Source+" ") {
			c.t.Errorf("received %d packets of %s, want %q only", r.Packets, r.Source, sources)
		}
	}
}

func subscribeRows() map[string]row {
	return map[string]row{
		"N-18": func(t *testing.T, f *fixture) {
			c := f.subscriber(t, "N-18")
			c.ok("changeStreamSubscribeState", subscribe(1, "u2", "audio"))
			c.receivesFrom("u2", "microphone", 5)
			c.onlyReceives("microphone")
			c.ok("changeStreamSubscribeState", subscribe(0, "u2", "audio"))
			c.ok("changeStreamSubscribeState", subscribe(1, "u2", "both"))
			c.receivesFrom("u2", "camera", 3)
			c.onlyReceives("microphone", "camera")
		},
		"N-19": func(t *testing.T, f *fixture) {
			c := f.joined(t, "N-19", "u")
			c.fail("changeStreamSubscribeState", subscribe(1, 5, "xxx"),
				`params.userId should be string, but got number expect params.streamType to be one of "audio", "video", "both", but got xxx`, 20000, 115999, "D")
			c.fail("changeStreamSubscribeState", subscribe(2, "u2", "both"), "expect params.state to be one of 0, 1, but got 2", 20000, 115999, "D")
			c.want("x-destroy", nil, `{"id":7,"ok":true}`)
			c.fail("changeStreamSubscribeState", subscribe(1, "u2", "both"), destroyedText, 21102, 115910, "D")
		},
		"N-20": func(t *testing.T, f *fixture) {
			f.created(t).fail("changeStreamSubscribeState", subscribe(1, "u2", "both"), "user is not in a room", 20000, 115999, "D")
			c := f.subscriber(t, "N-20")
			c.fail("changeStreamSubscribeState", subscribe(1, "nobody", "both"), "error code:-2003", 21102, 115903, "F")
			c.fail("changeStreamSubscribeState", subscribe(1, "u1", "both"), "error code:-2003", 21102, 115903, "F")
			if got := c.stats().Remote; len(got) > 0 {
				t.Errorf("received before a subscription: %+v", got)
			}
			t.Log("over the limit, -1070: app/room, TestStay_Limit")
		},
	}
}

func screenSubscribeRows() map[string]row {
	return map[string]row{
		"N-21": func(t *testing.T, f *fixture) {
			c := f.subscriber(t, "N-21")
			c.ok("changeScreenSubscribeState", subscribe(1, "u2", "both"))
			c.receivesFrom("u2", "screen", 1)
			c.onlyReceives("screen", "screenaudio")
		},
		"N-22": func(t *testing.T, f *fixture) {
			c := f.subscriber(t, "N-22")
			c.fail("changeScreenSubscribeState", subscribe(2, "u2", "both"), "expect params.state to be one of 0, 1, but got 2", 20000, 115999, "D")
			c.ok("changeScreenSubscribeState", without(subscribe(1, "u2", "both"), "state"))
			hears(c, func(e room.MembersChanged) bool { return !e.Members[len(e.Members)-1].ScreenSubscribed })
			if got := method("changeScreenSubscribeState").Params[0]; got.Default != 0.0 || got.Required {
				t.Errorf("state is %+v, want 0 by default", got)
			}
		},
		"N-23": func(t *testing.T, f *fixture) {
			c := f.subscriber(t, "N-23")
			c.fail("changeScreenSubscribeState", subscribe(1, nil, "both"), "params.userId should be string, but got null", 20000, 115999, "D")
			c.fail("changeScreenSubscribeState", subscribe(1, "u1", "both"), "error code:-2003", 21102, 115903, "F") // does not share
		},
		"N-24": func(t *testing.T, f *fixture) {
			c := f.subscriber(t, "N-24")
			c.ok("changeScreenSubscribeState", subscribe(1, "u2", "audio"))
			c.receivesFrom("u2", "screenaudio", 5)
			c.onlyReceives("screenaudio")
			c.ok("changeScreenSubscribeState", subscribe(1, "u2", "video"))
			c.receivesFrom("u2", "screen", 1)
		},
		"N-25": func(t *testing.T, f *fixture) {
			c := f.joined(t, "N-25", "u")
			c.fail("changeScreenSubscribeState", subscribe(1, 5, "xxx"),
				`params.userId should be string, but got number expect params.streamType to be one of "audio", "video", "both", but got xxx`, 20000, 115999, "D")
			f.sharing(t, "N-25", "sharer")
			c.latest("onRtcPublishScreenMembersChanged", `{"userIdList":["sharer"]}`)
			c.want("changeScreenSubscribeState", subscribe(0, "sharer", "video"), `{"id":7,"callback":"success","res":{"errMsg":"changeScreenSubscribeState:ok"}}`,
				`{"id":7,"callback":"complete","res":{"errMsg":"changeScreenSubscribeState:ok"}}`)
		},
	}
}

func deviceRows() map[string]row {
	return map[string]row{
		"N-26": func(t *testing.T, f *fixture) {
			c := f.created(t)
			for _, camera := range []string{"back", "front"} {
				c.want("switchCamera", object{"camera": camera},
					`{"id":7,"callback":"success","res":{"errMsg":"switchCamera:ok"}}`, `{"id":7,"callback":"complete","res":{"errMsg":"switchCamera:ok"}}`)
			}
			c.fail("switchCamera", object{"camera": "xxx"}, `expect params.camera to be one of "back", "front", but got xxx`, 20000, 172299, "D")
			c.fail("switchCamera", object{}, "params.camera should be string, but got undefined", 20000, 172299, "D")
			fakeClient(t, "switchCamera", errno.InvalidCamera.In("switchCamera")).fail("switchCamera", object{"camera": "back"}, "params invalid", 20000, 172299, "D")
		},
		"N-27": func(t *testing.T, f *fixture) {
			c := f.created(t)
			c.ok("switchCamera", object{"camera": "back"}) // remembered
			c.ok("changeVideoCapture", state(1))
			c.ok("switchCamera", object{"camera": "front"}) // there is one camera only: nothing changes
			elsewhere(t, "two cameras, the change while one is on", "app/room, TestContext_SwitchCamera and TestContext_SetDevice_Kept")
		},
		"N-28": func(t *testing.T, f *fixture) {
			c, _ := f.seeing(t)
			c.ok("setAudioPlaybackDevice", object{"device": "earpiece"})
			c.ok("joinRtcRoom", join("N-28", "u"))
			hears(c, func(e room.SpeakerChanged) bool { return e.On })
			c.ok("setAudioPlaybackDevice", object{"device": "speakerphone"})
			elsewhere(t, "which speaker it is", "app/room, TestContext_Speaker")
		},
		"N-29": func(t *testing.T, f *fixture) {
			c := f.created(t)
			c.want("setAudioPlaybackDevice", object{"device": "speakerphone"}, `{"id":7,"callback":"success","res":{"errMsg":"setAudioPlaybackDevice:ok"}}`,
				`{"id":7,"callback":"complete","res":{"errMsg":"setAudioPlaybackDevice:ok"}}`)
			c.fail("setAudioPlaybackDevice", object{"device": "xxx"}, `expect params.device to be one of "speakerphone", "earpiece", but got xxx`, 20000, 115999, "D")
			c.want("x-destroy", nil, `{"id":7,"ok":true}`)
			c.fail("setAudioPlaybackDevice", object{"device": "earpiece"}, destroyedText, 21102, 115910, "D")
		},
		"N-30": func(t *testing.T, f *fixture) {
			t.Log("the page prints `changeUserVisibility :fail` with a blank; it is read as the form that all others have")
			c := f.created(t)
			c.want("changeUserVisibility", object{"visible": true}, `{"id":7,"callback":"success","res":{"errMsg":"changeUserVisibility:ok"}}`,
				`{"id":7,"callback":"complete","res":{"errMsg":"changeUserVisibility:ok"}}`)
			c.fail("changeUserVisibility", object{}, "params.visible should be boolean, but got undefined", 20000, 115999, "D")
			c.want("x-destroy", nil, `{"id":7,"ok":true}`)
			c.fail("changeUserVisibility", object{"visible": false}, destroyedText, 21102, 115910, "D")
		},
		"N-31": func(t *testing.T, f *fixture) {
			other, c := f.joined(t, "N-31", "other"), f.created(t)
			c.ok("changeVideoCapture", state(1))
			c.ok("changeUserVisibility", object{"visible": false})
			c.ok("joinRtcRoom", join("N-31", "u"))
			c.latest("onRtcChatMembersChanged", `{"userIdList":["other","u"]}`)
			c.ok("changeUserVisibility", object{"visible": true})
			other.latest("onRtcVideoMembersChanged", `{"userIdList":["u"]}`)
			other.latest("onRtcChatMembersChanged", `{"userIdList":["other","u"]}`)
			c.ok("changeUserVisibility", object{"visible": false})
			other.latest("onRtcVideoMembersChanged", `{"userIdList":[]}`)
			other.latest("onRtcChatMembersChanged", `{"userIdList":["other"]}`)
			t.Log("50 visible users and 30 microphones are the cloud's limits; here an operator sets them: app/server, Limits")
		},
	}
}

func encoderRows() map[string]row {
	size := func(w, h, rate any) object {
		return object{"maxSolution": object{"width": w, "height": h, "frameRate": rate}}
	}
	return map[string]row{
		"N-32": func(t *testing.T, f *fixture) {
			c, _ := f.seeing(t)
			f.joined(t, "N-32", "other")
			c.ok("changeVideoCapture", state(1))
			c.want("setVideoEncoderConfig", size(160, 90, 10), `{"id":7,"callback":"success","res":{"errMsg":"setVideoEncoderConfig:ok"}}`,
				`{"id":7,"callback":"complete","res":{"errMsg":"setVideoEncoderConfig:ok"}}`)
			c.ok("joinRtcRoom", join("N-32", "u"))
			c.sends("camera", 160, 90)
			c.ok("setVideoEncoderConfig", size(640, 360, 24))
			c.sends("camera", 640, 360)
			c.fail("setVideoEncoderConfig", object{}, "params.maxSolution should be object, but got undefined", 20000, 115999, "D")
			c.fail("setVideoEncoderConfig", size(0, 360.5, "x"), "expect params.maxSolution.width to be a whole number from 1 to 8192, but got 0 "+
				"expect params.maxSolution.height to be a whole number from 1 to 8192, but got 360.5 params.maxSolution.frameRate should be number, but got string",
				20000, 115999, "D")
		},
		"N-33": func(t *testing.T, f *fixture) {
			c, _ := f.seeing(t)
			c.ok("changeAudioCapture", state(1))
			for _, mode := range []string{"disable", "low", "medium", "high", "automatic"} {
				c.ok("changeAnsMode", object{"mode": mode})
			}
			c.fail("changeAnsMode", object{"mode": "xxx"},
				`expect params.mode to be one of "disable", "low", "medium", "high", "automatic", but got xxx`, 20000, 115999, "D")
		},
	}
}

// sends waits until the pictures that go out have a size.
func (c *client) sends(source string, width, height int) {
	c.t.Helper()
	tick := time.NewTicker(20 * time.Millisecond)
	defer tick.Stop()
	limit := time.After(20 * time.Second)
	for {
		for _, s := range c.stats().Sent {
			if s.Source == source && s.Width == width && s.Height == height {
				return
			}
		}
		select {
		case <-tick.C:
		case <-limit:
			c.t.Fatalf("no %s of %d x %d goes out: %+v", source, width, height, c.stats().Sent)
		}
	}
}

func payloadRows() map[string]row {
	return map[string]row{
		"N-44": func(t *testing.T, f *fixture) {
			c, other := f.joined(t, "N-44", "a"), f.joined(t, "N-44", "b")
			other.ok("changeVideoCapture", state(1))
			c.latest("onRtcVideoMembersChanged", `{"userIdList":["b"]}`)
			c.ok("changeVideoCapture", state(1))
			c.latest("onRtcVideoMembersChanged", `{"userIdList":["a","b"]}`) // the whole list, own id included
		},
		"N-45": func(t *testing.T, f *fixture) {
			c := f.joined(t, "N-45", "a")
			c.latest("onRtcChatMembersChanged", `{"userIdList":["a"]}`)
			other := f.joined(t, "N-45", "b")
			c.latest("onRtcChatMembersChanged", `{"userIdList":["a","b"]}`)
			other.ok("exitRtcRoom", object{"roomId": "N-45"})
			c.latest("onRtcChatMembersChanged", `{"userIdList":["a"]}`)
		},
		"N-46": func(t *testing.T, f *fixture) {
			c := f.joined(t, "N-46", "a")
			c.ok("changeAudioCapture", state(1))
			c.latest("onRtcChatSpeakersChanged", `{"userIdList":["a"]}`)
		},
		"N-47": func(t *testing.T, f *fixture) {
			f.sharing(t, "N-47", "a").latest("onRtcPublishScreenMembersChanged", `{"userIdList":["a"]}`)
		},
	}
}

func stateRows() map[string]row {
	return map[string]row{
		"N-48": func(t *testing.T, f *fixture) {
			c, machine := f.seeing(t)
			c.ok("changeVideoCapture", state(1))
			c.ok("changeAudioCapture", state(1))
			machine.Unplug(errors.New("pulled out"))
			c.event("onRtcStateChanged", `{"errNo":21105,"errMsg":"no camera permission","errCode":21105}`)
			c.event("onRtcStateChanged", `{"errNo":21106,"errMsg":"no microphone permission","errCode":21106}`)
			t.Log("21108, the token's end: T-26; -1002, the end of a privilege: T-28")
		},
		"N-49": func(t *testing.T, f *fixture) {
			c := f.joined(t, "N-49", "u")
			if err := session.RemoveUser(t.Context(), f.admin("N-49"), "u"); err != nil {
				t.Fatal(err)
			}
			c.event("onRtcChatInterrupted", `{"errNo":-1006,"errMsg":"kicked out"}`)
			c.ok("joinRtcRoom", join("N-49", "u"))
		},
		"N-50": func(t *testing.T, f *fixture) {
			c := f.created(t)
			c.ok("joinRtcRoom", with(join("N-50", "u"), "token", ticketUntil(appID, "N-50", "u", in(25*time.Second))))
			c.event("onRoomTokenWillExpire", `{}`)
		},
		"N-51": func(t *testing.T, f *fixture) {
			for _, m := range Methods() {
				if strings.Contains(m.Name, "Quality") {
					t.Errorf("the documents have no name such as %s", m.Name)
				}
			}
			c, other := f.joined(t, "N-51", "a"), f.joined(t, "N-51", "b")
			other.ok("changeAudioCapture", state(1))
			hears(c, func(e room.MembersChanged) bool { // ours: by what each measures itself
				return len(e.Members) == 2 && e.Members[0].Quality != media.QualityUnknown && e.Members[1].Quality != media.QualityUnknown
			})
		},
	}
}

// admin is the power over a room.
func (f *fixture) admin(roomID string) session.AdminConfig {
	return session.AdminConfig{Server: f.url, AppID: appID, AppKey: appKey, RoomID: roomID}
}

func offRows() map[string]row {
	return map[string]row{
		"N-52": func(t *testing.T, f *fixture) {
			c := f.joined(t, "N-52", "a")
			c.latest("onRtcChatMembersChanged", `{"userIdList":["a"]}`)
			for _, name := range []string{"RtcVideoMembersChanged", "RtcChatMembersChanged", "RtcChatSpeakersChanged", "RtcPublishScreenMembersChanged",
				"RtcStateChanged", "RtcChatInterrupted", "RoomTokenWillExpire"} {
				c.want("off"+name, nil, `{"id":7,"ok":true}`)
			}
			other := f.joined(t, "N-52", "b")
			hears(c, func(e room.ChatMembersChanged) bool { return len(e.Users) == 2 })
			if c.came("onRtcChatMembersChanged", `{"userIdList":["a","b"]}`) {
				t.Error("an event that is off came")
			}
			c.want("onRtcChatMembersChanged", nil, `{"id":7,"ok":true}`)
			other.ok("exitRtcRoom", object{"roomId": "N-52"})
			c.until("the event that is on again", func(lines []string, _ []room.Event) bool {
				return lines[len(lines)-1] == `{"event":"onRtcChatMembersChanged","res":{"userIdList":["a"]}}`
			})
		},
		"N-53": func(t *testing.T, f *fixture) {
			f.created(t).want("onError", nil, `{"id":7,"error":"unknown method \"onError\""}`)
		},
		"N-54": func(t *testing.T, f *fixture) {
			c := f.created(t)
			for _, id := range []string{"a b", "中文", "a/b", "*", strings.Repeat("x", 129)} {
				c.fail("joinRtcRoom", with(join("r", "u"), "roomId", id), "params invalid", 20000, 115999, "D")
				c.fail("joinRtcRoom", with(join("r", "u"), "userId", id), "params invalid", 20000, 115999, "D")
			}
			c.ok("joinRtcRoom", join("azAZ09@._-", strings.Repeat("x", 128)))
		},
		"N-55": func(t *testing.T, f *fixture) {
			c := f.joined(t, "N-55", "u")
			hears(c, func(e room.TokenChanged) bool { return !e.ExpireAt.IsZero() })
			t.Log("the cap of 15 minutes is the public demo's own; here a stay lasts as long as its token")
		},
	}
}
