package app

import (
	"context"
	"log/slog"
	"net"
	"os"
	"path/filepath"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/pion/transport/v4/test"

	"parlor/app/link"
)

func TestHandOver(t *testing.T) {
	defer test.CheckRoutines(t)()
	data := t.TempDir()
	l := link.Link{Server: "http://127.0.0.1:7880", AppID: "0123456789abcdef01234567", RoomID: "r1"}
	if taken, err := HandOver(context.Background(), data, l.String()); taken || err != nil {
		t.Fatalf("with nobody there: %v, %v", taken, err)
	}
	// A program that was killed leaves its socket.
	stale, err := net.ListenUnix("unix", &net.UnixAddr{Name: handoverPath(data), Net: "unix"})
	if err != nil {
		t.Fatal(err)
	}
	stale.SetUnlinkOnClose(false)
	stale.Close()
	if taken, err := HandOver(context.Background(), data, l.String()); taken || err != nil {
		t.Fatalf("with a stale socket: %v, %v", taken, err)
	}

	opened := make(chan link.Link, 1) // one link is given at a time
	first, err := newHandover(data, func(l link.Link) { opened <- l }, slog.Default())
	if err != nil || first == nil {
		t.Fatalf("newHandover: %v, %v", first, err)
	}
	if second, err := newHandover(data, nil, slog.Default()); second != nil || err != nil {
		t.Fatalf("a second window takes links, too: %v, %v", second, err)
	}
	if taken, err := HandOver(context.Background(), data, l.String()); !taken || err != nil {
		t.Fatalf("with a window there: %v, %v", taken, err)
	}
	if diff := cmp.Diff(l, <-opened); diff != "" {
		t.Errorf("link (-want +got):\n%s", diff)
	}
	if taken, err := HandOver(context.Background(), data, "parlor://nowhere"); taken || err == nil {
		t.Errorf("a wrong link: %v, %v", taken, err)
	}
	first.close()
	if _, err := os.Stat(handoverPath(data)); !os.IsNotExist(err) {
		t.Errorf("the socket stays: %v", err)
	}
}

func TestOwnsApp(t *testing.T) {
	data := t.TempDir()
	if OwnsApp(data, "0123456789abcdef01234567") {
		t.Error("a folder without an app owns one")
	}
	own, err := ownCredentials(filepath.Join(data, "app.json"))
	if err != nil {
		t.Fatal(err)
	}
	if !OwnsApp(data, own.ID) || OwnsApp(data, "0123456789abcdef01234567") {
		t.Errorf("the folder of %s does not know its app", own.ID)
	}
}
