package app

import (
	"encoding/json"
	"fmt"
	"slices"
	"strings"
	"testing"

	"parlor/app/ui"
	"parlor/app/ui/console"
)

// extra calls a method that only this program has.
func (d *desk) extra(t *testing.T, method, params string) (string, error) {
	t.Helper()
	res, err := d.methods()[method](t.Context(), json.RawMessage(params))
	text, jsonErr := json.Marshal(res)
	if jsonErr != nil {
		t.Fatal(jsonErr)
	}
	return string(text), err
}

func (d *desk) must(t *testing.T, method, params string) string {
	t.Helper()
	res, err := d.extra(t, method, params)
	if err != nil {
		t.Fatalf("%s %s: %v", method, params, err)
	}
	return res
}

// TestVirtualPeers: they join the present room, send, stop, are removed, and leave.
func TestVirtualPeers(t *testing.T) {
	check(t)
	d := newDesk(t, func(o *Options) { o.RoomID, o.UserID = "r", "me" })
	for _, tc := range []struct{ method, params, want string }{
		{"x-addPeer", `{}`, "join a room first"},
		{"x-addPeer", `{"userId":5}`, "params: json: cannot unmarshal number"},
		{"x-addPeer", `{"userId":"a b","roomId":"r"}`, `params.userId "a b" is not a user id`},
		{"x-setPeer", `{"userId":"zoe"}`, `there is no virtual peer "zoe"`},
		{"x-removePeer", `{"userId":"zoe"}`, `there is no virtual peer "zoe"`},
		{"x-removeUser", `{}`, "join a room first"},
		{"x-endRoom", ``, "join a room first"},
	} {
		if _, err := d.extra(t, tc.method, tc.params); err == nil || !strings.Contains(err.Error(), tc.want) {
			t.Errorf("%s %s: %v, want %s", tc.method, tc.params, err, tc.want)
		}
	}
	d.Window().Join()
	d.until(t, func(s ui.State) bool { return s.State == "in" })
	d.must(t, "x-addPeer", `{"userId":"zoe"}`)
	want := `{"peers":[{"userId":"zoe","microphone":true,"camera":true,"screen":false},{"userId":"peer1","microphone":true,"camera":true,"screen":false}]}`
	if got := d.must(t, "x-addPeer", ``); got != want {
		t.Errorf("answer %s, want %s", got, want)
	}
	if _, err := d.extra(t, "x-addPeer", `{"userId":"zoe"}`); err == nil {
		t.Error("two peers have the same name")
	}
	users := func(s ui.State) (list []string) {
		for _, tile := range s.Tiles {
			list = append(list, tile.UserID+" "+tile.Mode)
		}
		slices.Sort(list)
		return list
	}
	d.until(t, func(s ui.State) bool {
		return slices.Equal(users(s), []string{"me camera", "peer1 video", "zoe video"})
	})
	d.must(t, "x-setPeer", `{"userId":"zoe","microphone":false,"camera":false,"screen":true}`)
	d.until(t, func(s ui.State) bool {
		return slices.Contains(users(s), "zoe screen") && !slices.ContainsFunc(s.Tiles, func(x ui.Tile) bool {
			return x.UserID == "zoe" && x.Mode == "video" && !x.Muted
		})
	})
	d.must(t, "x-removeUser", `{"userId":"zoe"}`)
	d.until(t, func(s ui.State) bool { return slices.Equal(users(s), []string{"me camera", "peer1 video"}) })
	for i := range console.MaxPeers - 1 {
		d.must(t, "x-addPeer", fmt.Sprintf(`{"userId":"more%d"}`, i))
	}
	if _, err := d.extra(t, "x-addPeer", `{}`); err == nil || err.Error() != "there are 9 virtual peers already" {
		t.Errorf("a tenth: %v", err)
	}
	if got := d.must(t, "x-removePeer", `{}`); got != `{"peers":[]}` {
		t.Errorf("all left: %s", got)
	}
	d.until(t, func(s ui.State) bool { return slices.Equal(users(s), []string{"me camera"}) })
	d.must(t, "x-addPeer", `{}`) // it leaves with the program
}
