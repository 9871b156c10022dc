package bridge

import (
	"fmt"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"parlor/app/errno"
	"parlor/app/room"
)

// The sample page of the three documents: R-48..R-64. What it shows is the window's; what it calls is held here.

func pageRows() map[string]row {
	return map[string]row{
		"R-48": func(t *testing.T, f *fixture) {
			c := f.client(t)
			if c.Context() != nil {
				t.Error("a context before onLoad")
			}
			c.create()
			if c.Context() == nil {
				t.Error("no context after onLoad")
			}
		},
		"R-49": func(t *testing.T, f *fixture) {
			c := f.joined(t, "R-49", "a")
			f.joined(t, "R-49", "b")
			c.latest("onRtcChatMembersChanged", `{"userIdList":["a","b"]}`) // one tile each
			elsewhere(t, "class and mode of the tiles", "app/ui, TestState_Tiles")
		},
		"R-50": func(t *testing.T, f *fixture) {
			c := f.created(t)
			for _, s := range []int{1, 0, 1} {
				c.ok("changeVideoCapture", state(s))
				c.ok("changeAudioCapture", state(s))
			}
		},
		"R-51": func(t *testing.T, f *fixture) {
			c := f.joined(t, "R-51", "u")
			for _, s := range []int{1, 0} {
				c.ok("changeStreamPublishState", publish(s, "both"))
			}
		},
		"R-52": func(t *testing.T, f *fixture) {
			c, sender := f.joined(t, "R-52", "u"), f.joined(t, "R-52", "sender")
			sender.ok("changeVideoCapture", state(1))
			c.latest("onRtcVideoMembersChanged", `{"userIdList":["sender"]}`)
			for _, s := range []int{1, 0} {
				c.ok("changeStreamSubscribeState", subscribe(s, "sender", "both"))
			}
		},
	}
}

func pageStateRows() map[string]row {
	return map[string]row{
		"R-53": func(t *testing.T, f *fixture) {
			c := f.joined(t, "R-53", "u")
			f.sharing(t, "R-53", "sharer")
			c.latest("onRtcPublishScreenMembersChanged", `{"userIdList":["sharer"]}`)
			for _, s := range []int{1, 0} {
				c.ok("changeScreenSubscribeState", subscribe(s, "sharer", "both"))
			}
		},
		"R-54": func(t *testing.T, f *fixture) {
			c := f.joined(t, "R-54", "u")
			for _, visible := range []bool{false, true} {
				c.ok("changeUserVisibility", object{"visible": visible})
			}
		},
		"R-55": func(t *testing.T, f *fixture) {
			c := f.joined(t, "R-55", "u")
			for _, device := range []string{"speakerphone", "earpiece"} {
				c.ok("setAudioPlaybackDevice", object{"device": device})
			}
		},
		"R-56": func(t *testing.T, f *fixture) {
			c := f.joined(t, "R-56", "u")
			for _, camera := range []string{"front", "back"} {
				c.ok("switchCamera", object{"camera": camera})
			}
		},
	}
}

// sharing is a client that shares a screen in a room.
func (f *fixture) sharing(t *testing.T, roomID, userID string) *client {
	t.Helper()
	c := f.joined(t, roomID, userID)
	c.want("x-startScreenShare", object{"screen": ""}, `{"id":7,"ok":true}`)
	c.latest("onRtcPublishScreenMembersChanged", `{"userIdList":["`+userID+`"]}`)
	return c
}

func pageListRows() map[string]row {
	return map[string]row{
		"R-57": func(t *testing.T, _ *fixture) {
			for _, m := range Methods() {
				for _, p := range m.Params {
					if strings.Contains(strings.ToLower(p.Name), "scale") {
						t.Errorf("%s knows of the enlarged tile", m.Name)
					}
				}
			}
			elsewhere(t, "the enlarged tile is the page's own affair", "app/ui, TestEnlarge")
		},
		"R-58": func(t *testing.T, _ *fixture) {
			e := errno.RoomViewFailed.In("rtc-room")
			if got := fmt.Sprintf("errNo = %d, errMsg = %s", e.ErrNo, e.Text()); got != "errNo = 21301, errMsg = rtcRoom creation failed" {
				t.Errorf("got %q", got)
			}
			elsewhere(t, "the line starts as `no error`", "widgets, TestErrorLine")
		},
		"R-59": func(t *testing.T, f *fixture) {
			f.client(t).want("createRtcRoomContext", object{"appId": appID}, `{"id":7,"ok":true}`)
		},
		"R-60": func(t *testing.T, f *fixture) {
			text, c := ticket(appID, "R-60", "u"), f.created(t)
			if encoded := url.QueryEscape(text); encoded == text {
				t.Fatalf("%q has nothing to encode", text)
			} else {
				c.fail("joinRtcRoom", with(join("R-60", "u"), "token", encoded), "invalid token", 21101, 115902, "D")
			}
			c.ok("joinRtcRoom", with(join("R-60", "u"), "token", text))
			elsewhere(t, "the token of a link is URI-decoded", "app/link")
		},
	}
}

func pageViewRows() map[string]row {
	return map[string]row{
		"R-61": func(t *testing.T, f *fixture) {
			c, other := f.joined(t, "R-61", "a"), f.joined(t, "R-61", "b")
			c.latest("onRtcChatMembersChanged", `{"userIdList":["a","b"]}`)
			other.ok("exitRtcRoom", object{"roomId": "R-61"})
			c.latest("onRtcChatMembersChanged", `{"userIdList":["a"]}`) // one element per item, in order
			elsewhere(t, "the elements", "app/ui, TestTiles; widgets, TestTileGrid_Counts")
		},
		"R-62": func(t *testing.T, f *fixture) {
			got := f.created(t).call("joinRtcRoom", with(join("r", "u"), "token", "x"))
			if !strings.Contains(got[0], `"errMsg":"joinRtcRoom:fail invalid token"`) {
				t.Errorf("no text for the line: %q", got)
			}
			elsewhere(t, "the line", "widgets, TestErrorLine, TestErrorBox")
		},
		"R-63": func(t *testing.T, f *fixture) {
			c := f.joined(t, "R-63", "u")
			hears(c, func(e room.Joined) bool { return e.RoomID == "R-63" && e.UserID == "u" })
			elsewhere(t, "appId, token, roomId and userId on the page", "app/ui, TestInfo; widgets, TestInfoPanel")
		},
		"R-64": func(t *testing.T, _ *fixture) {
			for _, name := range []string{"updateToken", "joinRtcRoom", "exitRtcRoom"} {
				if m := method(name); m.Doc == "" || len(m.Params) == 0 {
					t.Errorf("nothing to make a button of for %s", name)
				}
			}
			elsewhere(t, "the buttons, and the log of success, fail and complete", "app/ui/console")
		},
	}
}

// method is a row of the table, the zero Method when there is none.
func method(name string) Method {
	for _, m := range Methods() {
		if m.Name == name {
			return m
		}
	}
	return Method{}
}

// The integration guide: R-65..R-85.

func guideRows() map[string]row {
	return map[string]row{
		"R-65": func(t *testing.T, f *fixture) {
			f.created(t).ok("changeAudioCapture", state(1))
			elsewhere(t, "micOn is true at start", "app/ui, TestJoin")
		},
		"R-66": func(t *testing.T, f *fixture) {
			f.created(t).ok("changeVideoCapture", state(1))
			elsewhere(t, "cameraOn is true at start", "app/ui, TestJoin")
		},
		"R-67": func(t *testing.T, f *fixture) {
			f.created(t).ok("setAudioPlaybackDevice", object{"device": "speakerphone"})
		},
		"R-68": func(t *testing.T, f *fixture) {
			before := time.Now().Add(-time.Minute)
			c := f.joined(t, "R-68", "u")
			hears(c, func(e room.MembersChanged) bool { return e.Members[0].Self && e.Members[0].JoinedAt.After(before) })
			elsewhere(t, "the seconds in the call, from the time of the join", "app/ui, status bar")
		},
		"R-69": func(t *testing.T, _ *fixture) {
			for _, name := range []string{"changeAudioCapture", "changeVideoCapture"} {
				if diff := cmp.Diff([]any{0.0, 1.0}, method(name).Params[0].Enum); diff != "" {
					t.Errorf("%s (-want +got):\n%s", name, diff)
				}
			}
		},
		"R-70": func(t *testing.T, f *fixture) {
			c := f.joined(t, "R-70", "u")
			c.ok("changeAudioCapture", state(1))
			c.latest("onRtcChatSpeakersChanged", `{"userIdList":["u"]}`)
			c.ok("changeAudioCapture", state(0))
			c.latest("onRtcChatSpeakersChanged", `{"userIdList":[]}`)
		},
		"R-71": func(t *testing.T, f *fixture) {
			c := f.joined(t, "R-71", "u")
			c.ok("changeVideoCapture", state(1))
			c.latest("onRtcVideoMembersChanged", `{"userIdList":["u"]}`)
			c.ok("changeVideoCapture", state(0))
			c.latest("onRtcVideoMembersChanged", `{"userIdList":[]}`)
		},
		"R-72": func(t *testing.T, f *fixture) {
			c := f.created(t)
			c.ok("changeVideoCapture", state(1))
			c.ok("joinRtcRoom", join("R-72", "u"))
			c.latest("onRtcVideoMembersChanged", `{"userIdList":["u"]}`)
			c.ok("changeStreamPublishState", publish(0, "video"))
			c.latest("onRtcVideoMembersChanged", `{"userIdList":[]}`)
			c.ok("changeStreamPublishState", publish(1, "video"))
			c.latest("onRtcVideoMembersChanged", `{"userIdList":["u"]}`)
		},
	}
}

func flowRows() map[string]row {
	return map[string]row{
		"R-73": func(t *testing.T, f *fixture) {
			c := f.withoutDevices(t)
			c.fail("changeVideoCapture", state(1), "auth deny", 10200, 115990, "U") // a hint, and on it goes
			c.ok("changeVideoCapture", state(0))
		},
		"R-74": func(t *testing.T, f *fixture) {
			c := f.withoutDevices(t)
			c.fail("changeAudioCapture", state(1), "auth deny", 10200, 115990, "U")
			c.ok("changeStreamPublishState", publish(1, "audio"))
			c.ok("changeAudioCapture", state(0))
			c.ok("changeStreamPublishState", publish(0, "audio"))
		},
		"R-75": func(t *testing.T, _ *fixture) {
			if text, err := url.QueryUnescape(url.QueryEscape(sampleToken)); err != nil || text != sampleToken {
				t.Errorf("%q, %v", text, err)
			}
			elsewhere(t, "the page's copy of its parameters", "app/ui, TestJoin")
		},
		"R-76": func(t *testing.T, f *fixture) {
			c := f.created(t)
			c.ok("changeVideoCapture", state(1))
			c.ok("changeAudioCapture", state(1))
			c.ok("changeStreamPublishState", publish(1, "audio"))
			c.ok("joinRtcRoom", join("call_R-76", "u"))
			c.latest("onRtcVideoMembersChanged", `{"userIdList":["u"]}`)
			c.latest("onRtcChatSpeakersChanged", `{"userIdList":["u"]}`)
			elsewhere(t, "the button's four calls", "app/ui, TestJoin")
		},
		"R-77": func(t *testing.T, f *fixture) {
			c := f.created(t)
			c.ok("changeVideoCapture", state(1))
			c.ok("changeStreamPublishState", publish(1, "video"))
			c.ok("joinRtcRoom", with(join("R-77", "u"), "roomConfig", object{"autoPublish": false}))
			c.latest("onRtcVideoMembersChanged", `{"userIdList":["u"]}`)
		},
		"R-78": func(t *testing.T, f *fixture) {
			c := f.withoutDevices(t)
			c.fail("changeVideoCapture", state(1), "auth deny", 10200, 115990, "U")
			c.fail("changeAudioCapture", state(1), "auth deny", 10200, 115990, "U")
			c.ok("joinRtcRoom", join("R-78", "u"))
		},
		"R-79": func(t *testing.T, f *fixture) {
			c := f.joined(t, "R-79", "u")
			c.ok("exitRtcRoom", object{"roomId": "R-79"})
			hears(c, func(e room.Exited) bool { return e.RoomID == "R-79" && e.Err == nil })
		},
	}
}

func listRows() map[string]row {
	return map[string]row{
		"R-80": func(t *testing.T, f *fixture) {
			sees, shows := f.joined(t, "R-80", "sees"), f.joined(t, "R-80", "shows")
			shows.ok("changeVideoCapture", state(1))
			sees.latest("onRtcVideoMembersChanged", `{"userIdList":["shows"]}`)
		},
		"R-81": func(t *testing.T, f *fixture) {
			c, other := f.joined(t, "R-81", "a"), f.joined(t, "R-81", "b")
			c.event("onRtcChatMembersChanged", `{"userIdList":["a"]}`)
			c.latest("onRtcChatMembersChanged", `{"userIdList":["a","b"]}`)
			other.ok("exitRtcRoom", object{"roomId": "R-81"})
			c.latest("onRtcChatMembersChanged", `{"userIdList":["a"]}`)
		},
		"R-82": func(t *testing.T, f *fixture) {
			hears, talks := f.joined(t, "R-82", "hears"), f.joined(t, "R-82", "talks")
			talks.ok("changeAudioCapture", state(1))
			hears.latest("onRtcChatSpeakersChanged", `{"userIdList":["talks"]}`)
		},
		"R-83": func(t *testing.T, f *fixture) {
			c := f.joined(t, "R-83", "a")
			sharer := f.sharing(t, "R-83", "b")
			c.latest("onRtcPublishScreenMembersChanged", `{"userIdList":["b"]}`)
			sharer.want("x-stopScreenShare", nil, `{"id":7,"ok":true}`)
			c.latest("onRtcPublishScreenMembersChanged", `{"userIdList":[]}`)
		},
		"R-84": func(t *testing.T, f *fixture) {
			c := f.joined(t, "R-84", "a")
			f.sharing(t, "R-84", "b")
			c.receivesFrom("b", "screen", 1)
			for _, m := range Methods() {
				if strings.Contains(m.Name, "ScreenShare") && m.Rows != "" {
					t.Errorf("the documents have no %s", m.Name)
				}
			}
		},
		"R-85": func(t *testing.T, _ *fixture) {
			for feature, name := range map[string]string{
				"create instance": "createRtcRoomContext", "local audio capture": "changeAudioCapture", "local video capture": "changeVideoCapture",
				"join": "joinRtcRoom", "leave": "exitRtcRoom", "publish and unpublish": "changeStreamPublishState",
				"video members": "onRtcVideoMembersChanged", "members": "onRtcChatMembersChanged", "speakers": "onRtcChatSpeakersChanged",
				"sharers": "onRtcPublishScreenMembersChanged",
			} {
				if method(name).Rows == "" {
					t.Errorf("%s: there is no %s", feature, name)
				}
			}
		},
	}
}
