package app

import (
	"archive/zip"
	"bytes"
	"encoding/json"
	"image/png"
	"io"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"parlor/app/token"
	"parlor/app/ui"
)

// TestBundle: everything is in it, and no secret anywhere, however it got there.
func TestBundle(t *testing.T) {
	check(t)
	const key = "a-key-that-nobody-may-see-0123456789"
	app := strings.Repeat("ab", 12)
	ticket, err := token.Mint(token.MintOptions{AppID: app, AppKey: key, RoomID: "r", UserID: "me", TTL: time.Hour})
	if err != nil {
		t.Fatal(err)
	}
	d := newDesk(t, func(o *Options) {
		o.RoomID, o.UserID, o.Token, o.AppID, o.AppKey, o.Join = "r", "me", ticket, app, key, true
	})
	d.until(t, func(s ui.State) bool { return s.State == "in" })
	d.log.Info("a careless line", "token", ticket, "key", key)
	d.window.Notice("careless words: " + ticket + " " + key)
	d.call("noSuchMethod", map[string]any{"text": ticket, "token": ticket})
	path := filepath.Join(t.TempDir(), "sub", "bundle.zip")
	if got, want := d.must(t, "x-bundle", `{"path":"`+path+`"}`), `{"path":"`+path+`"}`; got != want {
		t.Errorf("answer %s, want %s", got, want)
	}
	files := unzip(t, path)
	for _, name := range []string{
		"log.jsonl", "state.json", "stats.json", "settings.json", "versions.txt", "system.json", "program.log", "goroutines.txt", "screenshot.png",
	} {
		if len(files[name]) == 0 {
			t.Errorf("%s is missing", name)
		}
	}
	for name, text := range files {
		for _, secret := range []string{key, ticket, ticket[30:60]} {
			if bytes.Contains(text, []byte(secret)) {
				t.Errorf("%s has a secret", name)
			}
		}
		if strings.HasSuffix(name, ".json") && !json.Valid(text) {
			t.Errorf("%s is no JSON: %s", name, text)
		}
	}
	for name, want := range map[string]string{
		"log.jsonl": "joinRtcRoom", "state.json": `"connection": "inside"`, "program.log": "a careless line", "settings.json": app,
	} {
		if !bytes.Contains(files[name], []byte(want)) {
			t.Errorf("%s has no %s: %s", name, want, files[name])
		}
	}
	if img, err := png.Decode(bytes.NewReader(files["screenshot.png"])); err != nil || img.Bounds().Dx() < 900 {
		t.Errorf("the picture: %v", err)
	}
	left, err := filepath.Glob(filepath.Join(filepath.Dir(path), "*.part"))
	if err != nil || len(left) > 0 {
		t.Errorf("left behind: %q, %v", left, err)
	}
	if _, err := d.extra(t, "x-bundle", `{"path":"/dev/null/x.zip"}`); err == nil {
		t.Error("a path that cannot be is no error")
	}
}

func unzip(t *testing.T, path string) map[string][]byte {
	t.Helper()
	z, err := zip.OpenReader(path)
	if err != nil {
		t.Fatal(err)
	}
	defer z.Close()
	files := make(map[string][]byte)
	for _, f := range z.File {
		r, err := f.Open()
		if err != nil {
			t.Fatal(err)
		}
		if files[f.Name], err = io.ReadAll(r); err != nil {
			t.Fatal(err)
		}
		r.Close()
	}
	return files
}
