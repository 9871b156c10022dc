package app

import (
	"context"
	"errors"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"parlor/app/ui"
)

func TestChosenServer(t *testing.T) {
	dir, log := t.TempDir(), slog.New(slog.DiscardHandler)
	m := (*machine)(&App{opts: Options{Data: dir}})
	if got := chosenServer(dir, log); got != (ui.ServerChoice{}) {
		t.Errorf("at first %+v", got)
	}
	want := ui.ServerChoice{URL: "https://parlor.example.com", AppID: "a", AppKey: "secret"}
	if err := m.SaveServer(want); err != nil {
		t.Fatal(err)
	}
	if info, err := os.Stat(filepath.Join(dir, serverFile)); err != nil || info.Mode().Perm() != 0o600 {
		t.Errorf("the file with the key: %v, %v", info.Mode(), err)
	}
	opts := Options{Data: dir, Log: log}.completed()
	if opts.Server != want.URL || opts.AppID != want.AppID || opts.AppKey != want.AppKey {
		t.Errorf("the next start uses %q %q %q", opts.Server, opts.AppID, opts.AppKey)
	}
	for _, given := range []Options{{Server: Embedded}, {AppID: "b"}} {
		given.Data, given.Log = dir, log
		if got := given.completed(); got.Server != given.Server || got.AppID != given.AppID {
			t.Errorf("flags %q %q are replaced by %q %q", given.Server, given.AppID, got.Server, got.AppID)
		}
	}
	for range 2 { // back, and once more
		if err := m.SaveServer(ui.ServerChoice{}); err != nil {
			t.Fatal(err)
		}
	}
	if got := chosenServer(dir, log); got != (ui.ServerChoice{}) {
		t.Errorf("after going back %+v", got)
	}
	if err := os.WriteFile(filepath.Join(dir, serverFile), []byte("{"), 0o600); err != nil {
		t.Fatal(err)
	}
	if got := chosenServer(dir, log); got != (ui.ServerChoice{}) {
		t.Errorf("of a broken file %+v", got)
	}
}

func TestUnreachable(t *testing.T) {
	status := http.StatusOK
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.URL.Query().Get("app") != "a" {
			status = http.StatusNotFound
		}
		w.WriteHeader(status)
	}))
	defer server.Close()
	if got := unreachable(server.URL, "a"); got != "" {
		t.Errorf("a server that answers: %q", got)
	}
	host := strings.TrimPrefix(server.URL, "http://")
	if got := unreachable(server.URL, "b"); !strings.HasPrefix(got, host) || !strings.Contains(got, "404") {
		t.Errorf("a server that does not know the app: %q", got)
	}
	server.Close()
	if got := unreachable(server.URL, "a"); !strings.HasPrefix(got, host+" (") || strings.Contains(got, "healthz") {
		t.Errorf("no server: %q", got)
	}
}

func TestMachine(t *testing.T) {
	level := new(slog.LevelVar)
	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	failed := errors.New("no codec")
	a := &App{ctx: ctx, look: make(chan struct{}, 1), opts: Options{
		LogLevel: level, SelfTest: func(context.Context) (string, error) { return "report", failed },
	}}
	m := (*machine)(a)
	m.SetLogLevel(slog.LevelDebug)
	if level.Level() != slog.LevelDebug {
		t.Error("the level is not set")
	}
	m.CheckServer()
	m.CheckServer() // is asked already
	if len(a.look) != 1 {
		t.Error("nobody is asked to look")
	}
	type result struct {
		report string
		err    error
	}
	done := make(chan result, 1)
	m.SelfTest(func(report string, err error) { done <- result{report, err} })
	if got := <-done; got.report != "report" || !errors.Is(got.err, failed) {
		t.Errorf("self-test: %+v", got)
	}
	a.opts.SelfTest, a.opts.LogLevel = nil, nil
	m.SetLogLevel(slog.LevelInfo)
	m.SelfTest(func(report string, err error) { done <- result{report, err} })
	if got := <-done; got.err == nil {
		t.Error("a program without a self-test passes it")
	}
	a.tasks.Wait()
	before := m.CPUTime()
	for began := time.Now(); m.CPUTime() == before; {
		if time.Since(began) > time.Minute {
			t.Fatal("a minute of work takes no processor time")
		}
	}
	if m.CPUTime() < before {
		t.Error("processor time goes backwards")
	}
}
