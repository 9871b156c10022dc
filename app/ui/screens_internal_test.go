package ui

import (
	"encoding/json"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/canvas"
	"fyne.io/fyne/v2/container"
	fynetest "fyne.io/fyne/v2/test"
	"fyne.io/fyne/v2/widget"

	"parlor/app/errno"
	"parlor/app/room"
	"parlor/media"
	"parlor/widgets"
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
}

func manyNames() []string {
	names := make([]string, 14)
	for i := range names {
		names[i] = fmt.Sprintf("participant-with-a-long-name-%d@example.com", i)
	}
	return names
}

var windowSizes = []fyne.Size{{Width: firstWidth, Height: firstHeight}, {Width: minWidth, Height: minHeight}}

// TestScreens draws every scene in both themes, both languages and both sizes: nothing is clipped, no two
// controls lie on each other.
func TestScreens(t *testing.T) {
	for _, scene := range scenes {
		for _, look := range []string{themeDark, themeLight} {
			for _, language := range []string{"en", "zh-Hans"} {
				t.Run(scene.name+"-"+look+"-"+language, func(t *testing.T) {
					h := newHarness(t, func(c *Config) { c.Theme, c.Lang, c.CanMint = look, language, true })
					scene.set(h)
					for _, size := range windowSizes {
						h.win.Resize(size)
						h.queue.turn()
						o := newOutline(h)
						o.check(t)
					}
				})
			}
		}
	}
}

// TestStart_Fits: the Join button is on the smallest window even below the longest error.
func TestStart_Fits(t *testing.T) {
	h := newHarness(t, nil)
	h.win.Resize(windowSizes[1])
	h.queue.turn()
	h.answered("joinRtcRoom", joinParams, errno.EngineDestroyed.In("joinRtcRoom"))
	for _, tool := range h.seen().Tools {
		if tool.ID == "join.join" && tool.Y+22 > minHeight-int(h.shell.status.Size().Height) {
			t.Errorf("the middle of the Join button is at %d of %d", tool.Y, minHeight)
		}
	}
}

// outline is where things are on a screen.
type outline struct {
	size     fyne.Size
	layer    int
	problems []string
	controls []placed
}

// placed is a control in the window.
type placed struct {
	name  string
	pos   fyne.Position
	size  fyne.Size
	layer int   // 0 the page, then dialogs and menus
	in    []int // the controls that it is a part of
}

func newOutline(h *harness) *outline {
	o := &outline{size: h.win.Canvas().Size()}
	o.walk(h.win.Canvas().Content(), fyne.NewPos(0, 0), false, nil)
	for _, overlay := range h.win.Canvas().Overlays().List() {
		o.layer++
		o.walk(overlay, fyne.NewPos(0, 0), false, nil)
	}
	return o
}

// walk visits all objects that are drawn. scrolled tells that the window need not have room for them, in the controls that they
// are parts of.
func (o *outline) walk(obj fyne.CanvasObject, at fyne.Position, scrolled bool, in []int) {
	if obj == nil || !obj.Visible() {
		return
	}
	at = at.Add(obj.Position())
	if o.checkPlace(obj, at, scrolled, in) {
		in = append(slices.Clip(in), len(o.controls)-1)
	}
	switch obj := obj.(type) {
	case *fyne.Container:
		for _, child := range obj.Objects {
			o.walk(child, at, scrolled, in)
		}
	case *container.Scroll:
		o.walk(obj.Content, at, true, in)
	case *widgets.Entry, *widget.Select, *widget.Check: // Fyne's own; what is in them scrolls
	case *widgets.LogList, *widgets.PeopleList:
	case fyne.Widget:
		for _, child := range fynetest.WidgetRenderer(obj).Objects() {
			o.walk(child, at, scrolled, in)
		}
	}
}

// checkPlace notes words that are cut and controls that are outside of the window, and tells whether it is a control to compare
// with others.
func (o *outline) checkPlace(obj fyne.CanvasObject, at fyne.Position, scrolled bool, in []int) bool {
	const slack = 0.51 // of rounding to pixels
	size, least := obj.Size(), obj.MinSize()
	cut := size.Width+slack < least.Width || size.Height+slack < least.Height
	switch obj := obj.(type) {
	case *canvas.Text:
		if cut && obj.Text != "" {
			o.problems = append(o.problems, fmt.Sprintf("%q needs %v and has %v", obj.Text, least, size))
		}
	case *widget.Label, *widget.Button, *widget.Check, *widgets.Tab, *widgets.ToolButton, *widgets.ErrorBox:
		if l, ok := obj.(*widget.Label); cut && !(ok && l.Truncation != fyne.TextTruncateOff) {
			o.problems = append(o.problems, fmt.Sprintf("%T %q needs %v and has %v", obj, textsOf(obj), least, size))
		}
	}
	_, tappable := obj.(fyne.Tappable)
	_, status := obj.(*widgets.StatusBar) // nothing may lie on it either
	if !tappable && !status || scrolled {
		return false
	}
	if at.X < -slack || at.Y < -slack || at.X+size.Width > o.size.Width+slack || at.Y+size.Height > o.size.Height+slack {
		o.problems = append(o.problems, fmt.Sprintf("%T %q at %v with %v is outside of the window", obj, textsOf(obj), at, size))
	}
	o.controls = append(o.controls, placed{fmt.Sprintf("%T %q", obj, textsOf(obj)), at, size, o.layer, in})
	return true
}

func (o *outline) check(t *testing.T) {
	t.Helper()
	for _, p := range o.problems {
		t.Errorf("%.0fx%.0f: %s", o.size.Width, o.size.Height, p)
	}
	for i, a := range o.controls {
		for k, b := range o.controls[:i] {
			if a.layer != b.layer || slices.Contains(a.in, k) {
				continue
			}
			if a.pos.X+1 < b.pos.X+b.size.Width && b.pos.X+1 < a.pos.X+a.size.Width &&
				a.pos.Y+1 < b.pos.Y+b.size.Height && b.pos.Y+1 < a.pos.Y+a.size.Height {
				t.Errorf("%.0fx%.0f: %s lies on %s", o.size.Width, o.size.Height, a.name, b.name)
			}
		}
	}
}
