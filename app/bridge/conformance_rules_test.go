package bridge

import (
	"fmt"
	"log/slog"
	"strings"
	"testing"
	"time"

	"parlor/app/errno"
	"parlor/app/room"
	"parlor/app/server"
	"parlor/app/session"
	"parlor/app/token"
)

// Rules beyond the documents: the native layer (E-1..E-8), the life of tokens (T-20..T-32), and how contradictions are read
// (X-30..X-41). Rows that need a clock to go on run beside each other.

func nativeRows() map[string]row {
	return map[string]row{
		"E-1": func(t *testing.T, f *fixture) { // -2 there, this here
			f.joined(t, "E-1", "u").fail("joinRtcRoom", join("any", "other"), "user u is already in the room E-1", 21100, 115901, "D")
		},
		"E-2": func(t *testing.T, f *fixture) {
			other, earlier := f.joined(t, "E-2", "other"), f.joined(t, "E-2", "u")
			later := f.joined(t, "E-2", "u")
			earlier.event("onRtcChatInterrupted", `{"errNo":-1004,"errMsg":"duplicate login"}`)
			later.latest("onRtcChatMembersChanged", `{"userIdList":["other","u"]}`)
			other.latest("onRtcChatMembersChanged", `{"userIdList":["other","u"]}`)
		},
		"E-3": func(t *testing.T, f *fixture) {
			sender, hidden := f.created(t), f.created(t)
			sender.ok("changeVideoCapture", state(1))
			sender.ok("joinRtcRoom", join("E-3", "sender"))
			sender.latest("onRtcVideoMembersChanged", `{"userIdList":["sender"]}`)
			hidden.ok("changeUserVisibility", object{"visible": false})
			hidden.ok("joinRtcRoom", join("E-3", "hidden"))
			c := f.joined(t, "E-3", "new")
			c.event("onRtcChatMembersChanged", `{"userIdList":["sender","new"]}`)
			c.event("onRtcVideoMembersChanged", `{"userIdList":["sender"]}`)
			c.receives("sender", "video", 3)
		},
		"E-4": func(t *testing.T, _ *fixture) {
			t.Log("a room has 500 members here, so that there is nobody whose coming and going would have to be kept quiet (-2013)")
			small := newFixture(t, server.Limits{MembersPerRoom: 2})
			small.joined(t, "E-4", "a")
			small.joined(t, "E-4", "b")
			small.created(t).fail("joinRtcRoom", join("E-4", "c"), "error code:-1001", 21102, 115903, "F")
		},
		"E-5": func(t *testing.T, _ *fixture) {
			t.Parallel()
			first := newFixture(t, server.Limits{})
			c, other := first.joined(t, "E-5", "u"), first.joined(t, "E-5", "other")
			other.ok("changeVideoCapture", state(1))
			c.latest("onRtcVideoMembersChanged", `{"userIdList":["other"]}`)
			hears(c, func(e room.Joined) bool { return !e.Rejoined })
			first.Close()
			hears(c, func(e room.ConnectionChanged) bool { return e.State == room.Reconnecting })
			again, err := server.New(server.Config{
				Listen: first.HTTPAddr().String(), UDP: first.UDPAddr().String(), Apps: map[string]string{appID: appKey}, Log: slog.New(slog.DiscardHandler),
			})
			if err != nil {
				t.Fatal(err)
			}
			t.Cleanup(func() { again.Close() })
			for _, x := range []*client{c, other} {
				x.want("x-retryNow", nil, `{"id":7,"ok":true}`)
				hears(x, func(e room.Joined) bool { return e.Rejoined }) // joinType 1
			}
			c.latest("onRtcVideoMembersChanged", `{"userIdList":["other"]}`)
		},
	}
}

func codeRows() map[string]row {
	return map[string]row{
		"E-6": func(t *testing.T, f *fixture) {
			t.Log("-1005, -1007, -1009, -1010 and -1014 have documented errors of their own (E-8); -1013, -1017..-1026 are the cloud's: nothing here is licensed or forbidden by a console")
			for got, want := range map[int]int{
				errno.NativeJoinRoom: -1001, errno.NativeNoPublishPermission: -1002, errno.NativeNoSubscribe: -1003, errno.NativeDuplicateLogin: -1004,
				errno.NativeKickedOut: -1006, errno.NativeRoomDismissed: -1011, errno.NativeOverSubscribeLimit: -1070,
				errno.NativeOverPublishLimit: -1080, errno.NativeServerStatus: -1084,
			} {
				if got != want {
					t.Errorf("native code %d, want %d", got, want)
				}
			}
			small := newFixture(t, server.Limits{MicrophonesPerRoom: 1})
			for _, user := range []string{"a", "b"} {
				c := small.joined(t, "E-6", user)
				c.ok("changeAudioCapture", state(1))
				if user == "b" {
					c.event("onRtcStateChanged", `{"errNo":21102,"errMsg":"error code:-1080","errCode":21102}`)
				} else {
					c.latest("onRtcChatSpeakersChanged", `{"userIdList":["a"]}`)
				}
			}
		},
		"E-7": func(t *testing.T, f *fixture) {
			t.Log("-2001 and -2002 are tried again without a word; the others have no counterpart")
			c := f.joined(t, "E-7", "u")
			c.fail("changeStreamSubscribeState", subscribe(1, "nobody", "both"), "error code:-2003", 21102, 115903, "F")
			c.ok("changeUserVisibility", object{"visible": false})
			c.fail("changeStreamPublishState", publish(1, "both"), "error code:-2009", 21102, 115903, "F")
			fakeClient(t, "setAudioPlaybackDevice", errno.Failed.In("setAudioPlaybackDevice", errno.NativeNoPlayoutDevice)).
				fail("setAudioPlaybackDevice", object{"device": "earpiece"}, "error code:-5006", 21102, 115903, "F")
		},
		"E-8": func(t *testing.T, f *fixture) {
			for kind, want := range map[*errno.Kind]string{
				errno.InvalidToken:   `{"errMsg":"a:fail invalid token","errNo":21101,"errorCode":115902,"errorType":"D"}`, // -1000, -1010
				errno.TokenExpired:   `{"errMsg":"a:fail token expired","errNo":21108,"errorCode":115902,"errorType":"D"}`, // -1009
				errno.CameraLost:     `{"errMsg":"a:fail no camera permission","errNo":21105,"errorCode":115990,"errorType":"U"}`,
				errno.MicrophoneLost: `{"errMsg":"a:fail no microphone permission","errNo":21106,"errorCode":115990,"errorType":"U"}`,
			} {
				if got, err := kind.In("a").MarshalJSON(); err != nil || string(got) != want {
					t.Errorf("%s: got %s, want %s", kind.Name, got, want)
				}
			}
			c, other := f.joined(t, "E-8", "u"), f.joined(t, "E-8", "other")
			if err := session.EndRoom(t.Context(), f.admin("E-8")); err != nil {
				t.Fatal(err)
			}
			for _, x := range []*client{c, other} {
				x.event("onRtcChatInterrupted", `{"errNo":-1011,"errMsg":"room dismissed"}`)
			}
		},
	}
}

func admissionRows() map[string]row {
	return map[string]row{
		"T-20": func(t *testing.T, f *fixture) {
			text := ticketFor("T-20", "u", nil) // not granted: nothing
			c := f.created(t)
			c.ok("joinRtcRoom", with(join("T-20", "u"), "token", text))
			c.fail("changeStreamPublishState", publish(1, "audio"), "error code:-1002", 21102, 115903, "F")
			s, err := server.New(server.Config{Apps: map[string]string{appID: appKey}, IgnorePrivileges: true, Log: slog.New(slog.DiscardHandler)})
			if err != nil {
				t.Fatal(err)
			}
			t.Cleanup(func() { s.Close() })
			c = (&fixture{url: s.URL()}).created(t)
			c.ok("joinRtcRoom", with(join("T-20", "u"), "token", text))
			c.ok("changeStreamPublishState", publish(1, "audio"))
		},
		"T-21": func(t *testing.T, f *fixture) {
			c := f.created(t)
			for _, text := range []string{ticket(appID, "other", "u"), ticket(appID, "T-21", "other"), ticket(otherApp, "T-21", "u")} {
				c.fail("joinRtcRoom", with(join("T-21", "u"), "token", text), "invalid token", 21101, 115902, "D")
			}
			c.ok("joinRtcRoom", join("T-21", "u"))
		},
		"T-22": func(t *testing.T, f *fixture) {
			good, c := ticket(appID, "T-22", "u"), f.created(t)
			for _, text := range []string{"002" + good[3:], good[:28], good[:40] + "!" + good[41:], good[:len(good)-4], good + "AAAA", "001" + appID} {
				c.fail("joinRtcRoom", with(join("T-22", "u"), "token", text), "invalid token", 21101, 115902, "D")
			}
		},
		"T-23": func(t *testing.T, f *fixture) {
			f.created(t).fail("joinRtcRoom", join("T 23", "u"), "params invalid", 20000, 115999, "D")
			f.created(t).ok("joinRtcRoom", join("T-23", "a@b.c_d-e"))
		},
		"T-24": func(t *testing.T, f *fixture) {
			t.Parallel()
			c := f.created(t)
			c.ok("joinRtcRoom", with(join("T-24", "u"), "token", ticketUntil(appID, "T-24", "u", in(32*time.Second))))
			if c.came("onRoomTokenWillExpire", `{}`) {
				t.Error("told before 30 s were left")
			}
			c.event("onRoomTokenWillExpire", `{}`)
			c.ok("updateToken", object{"token": ticket(appID, "T-24", "u")})
		},
		"T-25": func(t *testing.T, f *fixture) {
			t.Parallel()
			for _, p := range []token.Privilege{token.PublishStream, token.SubscribeStream} {
				c, roomID := f.created(t), fmt.Sprintf("T-25-%d", p)
				c.ok("joinRtcRoom", with(join(roomID, "u"), "token", ticketFor(roomID, "u", map[token.Privilege]uint32{p: in(31 * time.Second)})))
				c.event("onRoomTokenWillExpire", `{}`)
			}
		},
	}
}

func lifeRows() map[string]row {
	return map[string]row{
		"T-26": func(t *testing.T, f *fixture) {
			t.Parallel()
			other, c := f.joined(t, "T-26", "other"), f.created(t)
			c.ok("joinRtcRoom", with(join("T-26", "u"), "token", ticketUntil(appID, "T-26", "u", in(time.Second))))
			other.latest("onRtcChatMembersChanged", `{"userIdList":["other","u"]}`)
			c.event("onRtcStateChanged", `{"errNo":21108,"errMsg":"token expired","errCode":21108}`)
			hears(c, func(e room.Exited) bool { return e.Err != nil && e.Err.ErrNo == 21108 })
			other.latest("onRtcChatMembersChanged", `{"userIdList":["other"]}`)
		},
		"T-27": func(t *testing.T, f *fixture) {
			text := ticketUntil(appID, "T-27", "u", in(-time.Second))
			f.created(t).fail("joinRtcRoom", with(join("T-27", "u"), "token", text), "invalid token", 21101, 115902, "D")
		},
		"T-28": func(t *testing.T, f *fixture) {
			t.Parallel()
			other, c := f.joined(t, "T-28", "other"), f.created(t)
			other.ok("changeVideoCapture", state(1))
			c.ok("changeVideoCapture", state(1))
			text := ticketFor("T-28", "u", map[token.Privilege]uint32{token.PublishStream: in(2 * time.Second), token.SubscribeStream: 0})
			c.ok("joinRtcRoom", with(join("T-28", "u"), "token", text))
			other.latest("onRtcVideoMembersChanged", `{"userIdList":["other","u"]}`)
			c.event("onRtcStateChanged", `{"errNo":21102,"errMsg":"error code:-1002","errCode":21102}`)
			other.latest("onRtcVideoMembersChanged", `{"userIdList":["other"]}`)
			c.fail("changeStreamPublishState", publish(1, "video"), "error code:-1002", 21102, 115903, "F")
			c.latest("onRtcChatMembersChanged", `{"userIdList":["other","u"]}`) // it stays
			c.receives("other", "video", 3)                                     // and receives
		},
		"T-29": func(t *testing.T, f *fixture) {
			t.Parallel()
			other, c := f.joined(t, "T-29", "other"), f.created(t)
			other.ok("changeVideoCapture", state(1))
			text := ticketFor("T-29", "u", map[token.Privilege]uint32{token.PublishStream: 0, token.SubscribeStream: in(time.Second)})
			c.ok("joinRtcRoom", with(join("T-29", "u"), "token", text))
			hears(c, func(e room.TokenChanged) bool { return e.Subscribe })
			hears(c, func(e room.TokenChanged) bool { return !e.Subscribe })
			c.fail("changeStreamSubscribeState", subscribe(1, "other", "both"), "error code:-1003", 21102, 115903, "F")
			c.ok("changeVideoCapture", state(1))
			other.latest("onRtcVideoMembersChanged", `{"userIdList":["other","u"]}`) // it may publish
		},
	}
}

func renewalRows() map[string]row {
	return map[string]row{
		"T-30": func(t *testing.T, f *fixture) {
			t.Parallel()
			c, same := f.created(t), f.created(t)
			end := in(2 * time.Second)
			for user, x := range map[string]*client{"u": c, "same": same} {
				x.ok("joinRtcRoom", with(join("T-30", user), "token", ticketUntil(appID, "T-30", user, end)))
			}
			for _, text := range []string{ticket(otherApp, "T-30", "u"), ticket(appID, "other", "u"), ticket(appID, "T-30", "other")} {
				c.fail("updateToken", object{"token": text}, "invalid token", 21101, 115902, "D")
			}
			c.ok("updateToken", object{"token": ticket(appID, "T-30", "u")})
			same.event("onRtcStateChanged", `{"errNo":21108,"errMsg":"token expired","errCode":21108}`) // its time is over, and so is the old token's
			c.latest("onRtcChatMembersChanged", `{"userIdList":["u"]}`)
			c.fail("joinRtcRoom", join("T-30", "u"), "user u is already in the room T-30", 21100, 115901, "D")
		},
		"T-31": func(t *testing.T, f *fixture) {
			t.Parallel()
			c := f.created(t)
			c.ok("joinRtcRoom", with(join("T-31", "u"), "token", ticketUntil(appID, "T-31", "u", in(time.Second))))
			hears(c, func(e room.Exited) bool { return e.Err != nil })
			c.fail("updateToken", object{"token": ticket(appID, "T-31", "u")}, "user is not in a room", 20000, 115999, "D")
			c.ok("joinRtcRoom", join("T-31", "u"))
		},
		"T-32": func(t *testing.T, f *fixture) {
			f.created(t).fail("updateToken", object{"token": ticket(appID, "r", "u")}, "user is not in a room", 20000, 115999, "D")
			soon := ticketUntil(appID, "T-32", "u", in(29*time.Second))
			c := f.created(t)
			c.ok("joinRtcRoom", with(join("T-32", "u"), "token", soon))
			c.event("onRoomTokenWillExpire", `{}`)
			later := f.joined(t, "T-32", "later")
			later.ok("updateToken", object{"token": ticketUntil(appID, "T-32", "later", in(29*time.Second))})
			later.event("onRoomTokenWillExpire", `{}`)
		},
	}
}

func readingRows() map[string]row {
	return map[string]row{
		"X-30": func(t *testing.T, _ *fixture) {
			if got := errno.AuthDeny.In("joinRtcRoom").ErrMsg; got != "joinRtcRoom:fail auth deny" {
				t.Errorf("got %q", got)
			}
		},
		"X-31": func(t *testing.T, f *fixture) {
			f.created(t).fail("joinRtcRoom", object{}, "params invalid", 20000, 115999, "D")
		},
		"X-32": func(t *testing.T, f *fixture) {
			stays, leaves := f.joined(t, "X-32", "stays"), f.joined(t, "X-32", "leaves")
			leaves.ok("exitRtcRoom", object{"roomId": "X-32"})
			stays.latest("onRtcChatMembersChanged", `{"userIdList":["stays"]}`)
			stays.ok("changeStreamPublishState", publish(1, "both")) // the room goes on
		},
		"X-33": func(t *testing.T, f *fixture) {
			f.created(t).fail("joinRtcRoom", without(with(join("X-33", "u"), "useId", "u"), "userId"), "params invalid", 20000, 115999, "D")
			elsewhere(t, "the label reads userId", "app/ui, TestInfo")
		},
		"X-34": func(t *testing.T, f *fixture) {
			f.created(t).ok("switchCamera", object{"camera": "front"}) // device-position
			elsewhere(t, "a native window has no attributes to spell", "N-34, N-36")
		},
		"X-35": func(t *testing.T, f *fixture) {
			c := f.joined(t, "X-35", "u")
			c.ok("changeStreamPublishState", publish(1, "audio")) // publishStream("audio")
			c.ok("changeStreamPublishState", publish(0, "audio")) // unPublishStream("audio")
		},
		"X-36": func(t *testing.T, f *fixture) {
			c := f.joined(t, "X-36", "a")
			c.ok("changeAudioCapture", state(1))
			c.latest("onRtcChatSpeakersChanged", `{"userIdList":["a"]}`) // live, loud or not
			c.ok("changeStreamPublishState", publish(0, "audio"))
			c.latest("onRtcChatSpeakersChanged", `{"userIdList":[]}`)
		},
	}
}

func tokenReadingRows() map[string]row {
	return map[string]row{
		"X-37": func(t *testing.T, f *fixture) {
			t.Log("the table of errNo has the text `token invalid`, the one of errorCode `invalid token`")
			f.joined(t, "X-37", "u").fail("updateToken", object{"token": "x"}, "invalid token", 21101, 115902, "D")
		},
		"X-38": func(t *testing.T, f *fixture) {
			for _, l := range f.created(t).call("changeAudioCapture", state(1)) {
				if strings.Contains(l, "RtcRoomContext.") {
					t.Errorf("got %s", l)
				}
			}
		},
		"X-39": func(t *testing.T, f *fixture) {
			c, machine := f.seeing(t)
			c.ok("changeVideoCapture", state(1))
			c.want("offRtcStateChange", nil, `{"id":7,"ok":true}`)
			machine.Unplug(fmt.Errorf("pulled out"))
			hears(c, func(e room.StateChanged) bool { return e.Err.ErrNo == 21105 })
			if c.came("onRtcStateChanged", `{"errNo":21105,"errMsg":"no camera permission","errCode":21105}`) {
				t.Error("turned off by its other name, the event came")
			}
			c.want("onRtcStateChange", nil, `{"id":7,"ok":true}`)
		},
		"X-40": func(t *testing.T, f *fixture) {
			name, payload := eventLine(room.StateChanged{})
			if got, want := fmt.Sprintf("%s %+v", name, payload), "onRtcStateChanged {ErrNo:0 ErrMsg:ok ErrCode:0}"; got != want {
				t.Errorf("got %s, want %s", got, want)
			}
		},
		"X-41": func(t *testing.T, f *fixture) {
			text := ticketFor("X-41", "u", map[token.Privilege]uint32{0: 0, 4: 0, 5: in(time.Minute), 77: 1})
			parsed, err := token.Parse(text)
			if err != nil || len(parsed.Privileges) != 4 {
				t.Errorf("parsed %+v, %v", parsed, err)
			}
			f.created(t).ok("joinRtcRoom", with(join("X-41", "u"), "token", text))
			f.created(t).ok("joinRtcRoom", with(join("X-41", "v"), "token", ticketFor("X-41", "v", map[token.Privilege]uint32{0: 0, 4: 0}))) // 5 is not required
		},
	}
}
