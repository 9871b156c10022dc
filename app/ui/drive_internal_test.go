package ui

import (
	"context"
	"errors"
	"image/color"
	"image/png"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"parlor/media"
)

func TestDrive_Errors(t *testing.T) {
	h := newHarness(t, nil)
	for _, tc := range []struct {
		name string
		do   func(context.Context) error
		want string
	}{
		{"tap nothing", func(ctx context.Context) error { return h.Tap(ctx, "no.such") }, `there is no control "no.such"`},
		{"tap hidden", func(ctx context.Context) error { return h.Tap(ctx, "room.tool.mic") }, `"room.tool.mic" is not on screen`},
		{"tap what cannot be tapped", func(ctx context.Context) error { return h.Tap(ctx, "join.level") }, "cannot be tapped"},
		{"type into a button", func(ctx context.Context) error { return h.Type(ctx, "join.join", "x") }, "takes no text"},
		{"type nowhere", func(ctx context.Context) error { return h.Type(ctx, "x", "x") }, `there is no control "x"`},
		{"unknown modifier", func(ctx context.Context) error { return h.Key(ctx, "Hyper+A") }, `unknown modifier "Hyper"`},
		{"unbound key", func(ctx context.Context) error { return h.Key(ctx, "Ctrl+J") }, `nothing is bound to key "Ctrl+J"`},
		{"no key", func(ctx context.Context) error { return h.Key(ctx, "") }, `nothing is bound`},
		{"resize to nothing", func(ctx context.Context) error { return h.Resize(ctx, 0, 5) }, "cannot resize"},
		{"picture nowhere", func(ctx context.Context) error { return h.Screenshot(ctx, filepath.Join(t.TempDir(), "no", "x.png")) }, "no such file"},
	} {
		err := h.wait1(tc.do)
		if err == nil || !strings.Contains(err.Error(), tc.want) {
			t.Errorf("%s: %v, want %q", tc.name, err, tc.want)
		}
	}
	h.typed("join.roomId", "a b")
	if err := h.wait1(func(ctx context.Context) error { return h.Tap(ctx, "join.join") }); err == nil || !strings.Contains(err.Error(), "disabled") {
		t.Errorf("a disabled button: %v", err)
	}
	h.tap("shell.rail.settings")
	if err := h.wait1(func(ctx context.Context) error { return h.Type(ctx, "set.general.theme", "Pink") }); err == nil || !strings.Contains(err.Error(), `no choice "Pink"`) {
		t.Errorf("a choice that is not there: %v", err)
	}
}

// TestDrive_Context: nobody turns the queue, so only the context ends the wait.
func TestDrive_Context(t *testing.T) {
	h := newHarness(t, nil)
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if err := h.Tap(ctx, "join.join"); !errors.Is(err, context.Canceled) {
		t.Errorf("Tap with a cancelled context: %v", err)
	}
	if _, err := h.State(ctx); !errors.Is(err, context.Canceled) {
		t.Errorf("State with a cancelled context: %v", err)
	}
}

func TestDrive_StateAndPicture(t *testing.T) {
	h := newHarness(t, nil)
	if err := h.wait1(func(ctx context.Context) error { return h.Resize(ctx, 1200, 700) }); err != nil {
		t.Fatal(err)
	}
	h.joined("Alice.Zhang")
	s := h.seen()
	if s.Width != 1200 || s.Height != 700 || s.Page != "room" || s.State != "in" || s.RoomID != "1001" || s.UserID != "wang_xm" || !s.Mic || !s.Camera {
		t.Errorf("state %+v", s)
	}
	for i, a := range s.Tiles {
		if a.X < railWidth || a.Y < 0 || a.X+a.W > s.Width-panelWidth || a.Y+a.H > s.Height || a.W < 200 {
			t.Errorf("tile %d is at %d,%d with %d by %d", i, a.X, a.Y, a.W, a.H)
		}
	}
	found := make(map[string]Tool)
	for _, tool := range s.Tools {
		found[tool.ID] = tool
	}
	for _, id := range []string{"room.tool.mic", "room.tool.leave", "room.tile.Alice.Zhang", "room.info.token.copy", "shell.rail.api", "room.panel.people"} {
		if tool, ok := found[id]; !ok || !tool.Enabled || tool.X <= 0 || tool.Y <= 0 || tool.X >= s.Width || tool.Y >= s.Height {
			t.Errorf("control %s: %+v, found %v", id, tool, ok)
		}
	}
	if _, ok := found["join.join"]; ok {
		t.Error("a hidden control is listed")
	}

	path := filepath.Join(t.TempDir(), "window.png")
	h.put(tileKey{"Alice.Zhang", media.Camera}, tileRed)
	if err := h.wait1(func(ctx context.Context) error { return h.Screenshot(ctx, path) }); err != nil {
		t.Fatal(err)
	}
	f, err := os.Open(path)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	img, err := png.Decode(f)
	if err != nil {
		t.Fatal(err)
	}
	alice := s.Tiles[1]
	if b := img.Bounds(); b.Dx() != 1200 || b.Dy() != 700 {
		t.Errorf("the picture is %v", b)
	}
	if r, g, b, a := img.At(alice.X+alice.W/2, alice.Y+alice.H/2).RGBA(); r != 0xFFFF || g|b != 0 || a != 0xFFFF {
		t.Errorf("Alice's tile is %x %x %x %x in the picture", r, g, b, a)
	}
	if r, _, _, _ := opaque(h.draw()).At(alice.X+alice.W/2, alice.Y+alice.H/2).RGBA(); r != 0xFFFF {
		t.Error("without GL Alice's tile is not drawn")
	}
}

var tileRed = color.NRGBA{R: 0xFF, A: 0xFF}
