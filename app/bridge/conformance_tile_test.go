package bridge

import (
	"image"
	"image/color"
	"strings"
	"sync"
	"testing"
	"time"

	"parlor/app/errno"
	"parlor/app/room"
	"parlor/media"
)

// tile is what an <rtc-room> is made of: a display whose pictures can be waited for.
type tile struct {
	*media.Display
	pictures chan image.Rectangle // cap 1: the size of the last one that nobody waited for
	colors   chan color.RGBA      // cap 1: its middle
}

func newTile(t *testing.T) *tile {
	v := &tile{pictures: make(chan image.Rectangle, 1), colors: make(chan color.RGBA, 1)}
	var ui sync.Mutex // stands for the UI goroutine: one function at a time
	stage := media.NewStage(func(f func()) {
		ui.Lock()
		defer ui.Unlock()
		f()
	}, 10*time.Millisecond)
	t.Cleanup(stage.Close)
	v.Display = stage.NewDisplay(func(img *image.RGBA) {
		if img == nil {
			return
		}
		newest(v.pictures, img.Rect)
		newest(v.colors, img.RGBAAt(img.Rect.Dx()/2, img.Rect.Dy()/2))
	})
	v.SetSize(90, 90)
	return v
}

// newest puts v into a channel of one place; an older one makes room.
func newest[T any](c chan T, v T) {
	select {
	case <-c:
	default:
	}
	c <- v
}

// await waits for a picture of about this colour.
func (v *tile) await(want color.RGBA) {
	near := func(a, b uint8) bool { return max(a, b)-min(a, b) < 24 }
	for c := range v.colors {
		if near(c.R, want.R) && near(c.G, want.G) && near(c.B, want.B) {
			return
		}
	}
}

// The <rtc-room> component: N-34..N-43. It is a tile of the window; what fills it is held here.

func tileRows() map[string]row {
	red, blue := color.RGBA{200, 30, 30, 255}, color.RGBA{30, 30, 200, 255}
	return map[string]row{
		"N-34": func(t *testing.T, f *fixture) {
			sender, camera := f.seeing(t)
			camera.SetColor(red)
			sender.ok("changeVideoCapture", state(1))
			sender.ok("joinRtcRoom", join("N-34", "b"))
			c, _ := f.seeing(t)
			c.ok("joinRtcRoom", join("N-34", "a"))
			v := newTile(t)
			c.Context().Show("b", media.Camera, v.Display)
			v.await(red)
		},
		"N-35": func(t *testing.T, f *fixture) {
			c, camera := f.seeing(t)
			camera.SetColor(blue)
			c.ok("changeVideoCapture", state(1))
			own := newTile(t)
			c.Context().Show("", media.Camera, own.Display) // mode camera, before the join
			own.await(blue)
			c.ok("joinRtcRoom", join("N-35", "a"))
			sharer, screen := f.seeing(t)
			screen.SetColor(red)
			sharer.ok("joinRtcRoom", join("N-35", "b"))
			sharer.want("x-startScreenShare", object{"screen": ""}, `{"id":7,"ok":true}`)
			shared := newTile(t)
			c.Context().Show("b", media.Screen, shared.Display) // mode screen
			shared.await(red)
			ownScreen := newTile(t)
			sharer.Context().Show("b", media.Screen, ownScreen.Display)
			ownScreen.await(red)
		},
		"N-36": func(t *testing.T, f *fixture) {
			c := f.created(t)
			for _, position := range []string{"front", "back"} {
				c.ok("switchCamera", object{"camera": position})
			}
		},
		"N-37": func(t *testing.T, f *fixture) {
			c := f.created(t)
			c.Context().Show("nobody", media.Camera, newTile(t).Display) // waits for its user; it cannot fail
			c.Context().Show("nobody", media.Camera, nil)
			e := errno.RoomViewFailed.In("rtc-room")
			if e.ErrNo != 21301 || e.Text() != "rtcRoom creation failed" {
				t.Errorf("got %d %q", e.ErrNo, e.Text())
			}
		},
		"N-38": func(t *testing.T, _ *fixture) {
			for _, m := range Methods() {
				if strings.Contains(strings.ToLower(m.Name), "tap") {
					t.Errorf("%s: a tap is no call", m.Name)
				}
			}
			elsewhere(t, "the tap enlarges and restores", "app/ui, TestEnlarge; widgets, TestVideoTile_Tap")
		},
	}
}

func tileErrorRows() map[string]row {
	literal := func(kind *errno.Kind, want string) row {
		return func(t *testing.T, _ *fixture) {
			t.Log("no desktop fails so: it is what the window says if one does")
			if got, err := kind.In("rtc-room").MarshalJSON(); err != nil || string(got) != want {
				t.Errorf("got %s, want %s", got, want)
			}
		}
	}
	return map[string]row{
		"N-39": literal(errno.PlatformAuthDeny, `{"errMsg":"rtc-room:fail platform auth deny","errNo":10101,"errorCode":116183,"errorType":"D"}`),
		"N-40": literal(errno.RoomUnavailable, `{"errMsg":"rtc-room:fail rtc-room is not available","errNo":21200,"errorCode":115903,"errorType":"F"}`),
		"N-41": literal(errno.RoomViewFailed, `{"errMsg":"rtc-room:fail rtcRoom creation failed","errNo":21301,"errorCode":115903,"errorType":"F"}`),
		"N-42": func(t *testing.T, f *fixture) {
			c := f.joined(t, "N-42", "a")
			f.sharing(t, "N-42", "b")
			hears(c, func(e room.MembersChanged) bool { // all that the choice needs
				return len(e.Members) == 2 && e.Members[0].Self && !e.Members[0].Screen && !e.Members[1].Self && e.Members[1].Screen
			})
			elsewhere(t, "the sharer's extra tile before the others", "app/ui, TestState_Tiles")
		},
		"N-43": func(t *testing.T, f *fixture) {
			c, _ := f.seeing(t)
			c.ok("changeVideoCapture", state(1))
			v := newTile(t) // of 90 x 90, which a picture of 16:9 covers with 160 x 90
			c.Context().Show("", media.Camera, v.Display)
			if got := (<-v.pictures).Size(); got != image.Pt(160, 90) {
				t.Errorf("the picture is %v: it lost its shape on the way to the tile", got)
			}
			elsewhere(t, "contain for screens, cover for cameras", "widgets, TestVideoTile_Picture")
		},
	}
}
