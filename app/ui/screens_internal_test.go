package ui

import (
	"encoding/json"
	"fmt"
	"strings"
	"testing"
	"time"

	"fyne.io/fyne/v2"

	"parlor/app/errno"
	"parlor/app/room"
	"parlor/assets"
	"parlor/media"
)

// scenes are the states that the screens can be in.
var scenes = []struct {
	name string
	set  func(*harness)
}{
	{"start", func(*harness) {}},
	{"start-paste", func(h *harness) { h.tap("join.token.paste") }},
	{"start-wrong", func(h *harness) { h.typed("join.roomId", "a b"); h.tap("join.mic") }},
	{"start-preview", func(h *harness) {
		h.events(room.CaptureChanged{Source: media.Camera, On: true}, room.CaptureChanged{Source: media.Microphone, On: true})
	}},
	{"start-no-camera", func(h *harness) {
		h.events(room.CaptureChanged{Source: media.Camera, Err: errno.AuthDeny.In("changeVideoCapture")})
	}},
	{"joining", func(h *harness) { h.LogCall("joinRtcRoom", json.RawMessage(joinParams)); h.queue.turn() }},
	{"failed", func(h *harness) { h.answered("joinRtcRoom", joinParams, errno.InvalidToken.In("joinRtcRoom")) }},
	{"failed-long", func(h *harness) { h.answered("joinRtcRoom", joinParams, errno.EngineDestroyed.In("joinRtcRoom")) }},
	{"alone", func(h *harness) { h.joined() }},
	{"room", func(h *harness) { h.joined("Alice.Zhang", "li_lei", "bob@example.com") }},
	{"room-many", func(h *harness) { h.joined(manyNames()...); h.tap("room.tool.people") }},
	{"room-enlarged", func(h *harness) { h.joined("Alice.Zhang", "li_lei", "bob@example.com"); h.tap("room.tile.Alice.Zhang") }},
	{"room-no-panel", func(h *harness) { h.joined("Alice.Zhang"); h.tap("room.tool.info") }},
	{"room-api", func(h *harness) {
		h.joined("Alice.Zhang")
		h.tap("room.panel.api")
		h.answered("updateToken", `{"token":"x"}`, errno.InvalidToken.In("updateToken"))
	}},
	{"room-chat", func(h *harness) {
		h.joined("Alice.Zhang", "li_lei")
		h.told("Alice.Zhang", "Did you see https://pkg.go.dev/net/url#URL and the very-long-word-"+strings.Repeat("that-does-not-end-", 8)+"?")
		h.told("li_lei", "大家好，我们今天讨论一下新版本的发布计划，包括测试、打包和文档。")
		h.told("wang_xm", "OK\n👍")
		h.events(room.MembersChanged{Members: members("Alice.Zhang")})
		h.tap("room.panel.chat")
		h.answered("x-sendMessage", `{"text":"hello"}`, errno.InvalidParam.Detail("x-sendMessage", "too many messages", nil))
		h.typed("chat.entry", "/")
	}},
	{"room-chat-long", func(h *harness) {
		h.joined("Alice.Zhang")
		h.tap("room.panel.chat")
		h.typed("chat.entry", strings.Repeat("long ", 900))
	}},
	{"room-people-alone", func(h *harness) { h.joined(); h.tap("room.panel.people") }},
	{"room-inspector", func(h *harness) {
		h.joined("Alice.Zhang")
		h.answered("updateToken", `{"token":"0015dc114b50538d600388f7b18PgDxEmA="}`, nil)
		h.tap("room.info.token.inspect")
	}},
	{"room-invite-named", func(h *harness) { h.joined("Alice.Zhang"); h.send(invitationEdited{invitation{ticket: ticketNamed}}) }},
	{"room-invite-code", func(h *harness) { h.joined("Alice.Zhang"); h.tap("invite.code") }},
	{"connecting", func(h *harness) { h.Join(); h.queue.turn() }},
	{"room-states", func(h *harness) {
		h.joined("Alice.Zhang", "li_lei", "bob@example.com", "cy", "dan")
		list := members("Alice.Zhang", "li_lei", "bob@example.com", "cy", "dan")
		list[1].VideoSubscribed, list[3].Quality, list[4].Connected = false, media.QualityDown, false
		h.events(room.MembersChanged{Members: list})
	}},
	{"room-menu", func(h *harness) {
		h.joined("Alice.Zhang", "li_lei")
		h.touch(camera("Alice.Zhang"))
		h.tap("room.tile.Alice.Zhang.more")
	}},
	{"room-more", func(h *harness) { h.joined("Alice.Zhang"); h.tap("room.tool.more") }},
	{"room-statistics", func(h *harness) {
		h.joined("ann", "li_lei")
		h.toggleFigures(tileKey{})
		h.showStatistics()
		for i := range 5 {
			h.showSamples(counted(time.Duration(i)*time.Second, uint64(i+1)))
		}
	}},
	{"room-sharing", func(h *harness) {
		h.joined("Alice.Zhang", "li_lei")
		h.events(sharing([]string{"Alice.Zhang", "li_lei"}, "li_lei"), room.CaptureChanged{Source: media.Screen, On: true, Name: "screen:DP-1"})
	}},
	{"room-share-choose", func(h *harness) {
		h.joined("Alice.Zhang")
		h.cfg.Devices = newScreens(whole("a", "DP-1"), whole("b", "HDMI-1"), whole("c", "HDMI-2"), whole("d", "HDMI-3"))
		h.tap("room.tool.share")
		h.until(func() bool { return h.controls["share.d"] != nil })
	}},
	{"room-tile-alone", func(h *harness) { h.joined("Alice.Zhang"); h.showAlone(camera("Alice.Zhang")) }},
	{"muted", func(h *harness) {
		h.joined("Alice.Zhang")
		h.events(room.CaptureChanged{Source: media.Camera}, room.CaptureChanged{Source: media.Microphone})
	}},
	{"reconnecting", func(h *harness) {
		h.joined("Alice.Zhang", "li_lei")
		h.events(room.ConnectionChanged{State: room.Reconnecting, Attempt: 2, RetryIn: 3 * time.Second})
	}},
	{"token-ends", func(h *harness) { h.joined("Alice.Zhang"); h.events(room.RoomTokenWillExpire{}) }},
	{"ended", func(h *harness) {
		h.joined("Alice.Zhang")
		h.events(room.ChatInterrupted{No: errno.NativeKickedOut, Msg: "kicked out"})
		h.left(errno.Failed.In("joinRtcRoom", errno.NativeKickedOut))
	}},
	{"api", func(h *harness) {
		h.tap("shell.rail.api")
		h.answered("joinRtcRoom", joinParams, errno.InvalidToken.In("joinRtcRoom"))
	}},
	{"settings", func(h *harness) { h.tap("shell.rail.settings") }},
	{"settings-audio", func(h *harness) { h.openSettings(sectionAudio) }},
	{"settings-video", func(h *harness) { h.openSettings(sectionVideo) }},
	{"settings-sounds", func(h *harness) { h.openSettings(sectionSounds) }},
	{"settings-shortcuts", func(h *harness) {
		h.openSettings(sectionShortcuts)
		h.setKey(h.actions[0], "Ctrl+Shift+F12")
		h.tap("set.shortcuts.camera.toggle")
	}},
	{"settings-network", func(h *harness) {
		h.openSettings(sectionNetwork)
		h.tap("set.network.other")
		h.tap("set.network.save")
	}},
	{"settings-developer", func(h *harness) { h.openSettings(sectionDeveloper) }},
	{"settings-about", func(h *harness) { h.openSettings(sectionAbout) }},
	{"start-silent", func(h *harness) {
		h.HandleSound(SoundState{Listening: true})
		h.queue.turn()
		h.send(micSilent{true})
	}},
	{"start-no-server", func(h *harness) { h.SetServerState("parlor.example.com:8443 (connection refused)"); h.queue.turn() }},
	{"weak", func(h *harness) {
		h.joined("Alice.Zhang")
		h.weakened()
		h.send(faultsChange{"loss 30 %, delay 200 ms"})
	}},
	{"another-page", func(h *harness) { h.joined("Alice.Zhang", "li_lei"); h.tap("shell.rail.settings") }},
	{"toasts", func(h *harness) {
		h.joined("Alice.Zhang")
		h.toastWith(h.texts.T("hint.muted"), h.texts.T("tool.unmute"), func() {})
		h.toast(h.texts.T("set.devices.gone", "A microphone with a very long name that goes on and on (USB Audio, 2 channels)"))
	}},
	{"palette", func(h *harness) { h.openPalette() }},
	{"keys", func(h *harness) { h.openKeys() }},
	{"asks", func(h *harness) { h.joined(); h.quit() }},
}

func manyNames() []string {
	names := make([]string, 14)
	for i := range names {
		names[i] = fmt.Sprintf("participant-with-a-long-name-%d@example.com", i)
	}
	return names
}

// views are the windows that every scene is looked at in.
var views = []struct {
	size fyne.Size
	text int // percent
}{
	{fyne.NewSize(firstWidth, firstHeight), 100}, {fyne.NewSize(minWidth, minHeight), 100}, {fyne.NewSize(minWidth, minHeight), 150},
}

// TestScreens draws every scene large, small, and small with large text, English in the dark theme and Chinese in the light one (words do
// not depend on the theme, nor colours on the language): see canvasWalk for what must be right.
func TestScreens(t *testing.T) {
	for _, scene := range scenes {
		for language, look := range map[string]string{assets.English: themeDark, assets.Chinese: themeLight} {
			t.Run(scene.name+"-"+language, func(t *testing.T) {
				h := newHarness(t, func(c *Config) { c.Lang, c.Theme = language, look })
				scene.set(h)
				for _, view := range views {
					p := h.state.frame.prefs
					p.TextSize = view.text
					h.prefer(p)
					h.win.Resize(view.size)
					h.queue.turn()
					for _, problem := range walkCanvas(h).problems {
						t.Errorf("%.0fx%.0f %d %%: %s", view.size.Width, view.size.Height, view.text, problem)
					}
				}
			})
		}
	}
}

// TestStart_Fits: the Join button is on the smallest window even below the longest error.
func TestStart_Fits(t *testing.T) {
	h := newHarness(t, nil)
	h.win.Resize(fyne.NewSize(minWidth, minHeight))
	h.queue.turn()
	h.answered("joinRtcRoom", joinParams, errno.EngineDestroyed.In("joinRtcRoom"))
	for _, tool := range h.seen().Tools {
		if tool.ID == "join.join" && tool.Y+22 > minHeight-int(h.shell.status.Size().Height) {
			t.Errorf("the middle of the Join button is at %d of %d", tool.Y, minHeight)
		}
	}
}
