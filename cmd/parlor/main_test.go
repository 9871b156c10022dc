package main

import (
	"bytes"
	"os"
	"strings"
	"testing"

	"parlor/cmd/internal/command"
)

// TestMetadata compares what the program says of itself with FyneApp.toml, which the fyne tool reads.
func TestMetadata(t *testing.T) {
	raw, err := os.ReadFile("../../FyneApp.toml")
	if err != nil {
		t.Fatal(err)
	}
	field := func(name string) string {
		for line := range strings.Lines(string(raw)) {
			if key, value, ok := strings.Cut(line, "="); ok && strings.TrimSpace(key) == name {
				return strings.Trim(strings.TrimSpace(value), `"`)
			}
		}
		t.Fatalf("FyneApp.toml has no %s", name)
		return ""
	}
	m := metadata()
	if m.ID != field("ID") || m.Name != field("Name") {
		t.Errorf("got id %q name %q, FyneApp.toml says %q %q", m.ID, m.Name, field("ID"), field("Name"))
	}
	if got := field("Icon"); got != "assets/icon.png" {
		t.Errorf("got icon %q", got)
	}
	if m.Icon == nil || len(m.Icon.Content()) == 0 {
		t.Error("the program has no icon")
	}
}

func TestRun_BadArguments(t *testing.T) {
	tests := []struct {
		name string
		args []string
		want string
	}{
		{"language", []string{"--lang", "fr"}, `--lang "fr" is not zh or en`},
		{"theme", []string{"--theme", "pink"}, `--theme "pink" is not dark or light`},
		{"log level", []string{"--log-level", "loud"}, `--log-level "loud"`},
		{"unknown flag", []string{"--nonsense"}, "nonsense"},
		{"argument", []string{"room1"}, `unexpected argument "room1"`},
		{"wrong link", []string{"parlor://leave?room=1"}, "only parlor://join"},
		{"two links", []string{"parlor://join?room=1", "parlor://join?room=2"}, "unexpected argument"},
		{"demo without a key", []string{"--demo", "--server", "http://127.0.0.1:1"}, "--demo on a server of its own needs"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			var out, errs bytes.Buffer
			code := command.Execute(t.Context(), "parlor", run, tt.args, command.Std{Out: &out, Err: &errs})
			if code != command.ExitUsage || !strings.Contains(errs.String(), tt.want) {
				t.Errorf("got exit code %d and %q, want 2 and %q", code, errs.String(), tt.want)
			}
			if strings.Count(errs.String(), "\n") != 1 {
				t.Errorf("got %q, want one line", errs.String())
			}
		})
	}
}

func TestRun_Version(t *testing.T) {
	var out bytes.Buffer
	if code := command.Execute(t.Context(), "parlor", run, []string{"--version"}, command.Std{Out: &out, Err: &out}); code != 0 {
		t.Errorf("got exit code %d", code)
	}
	if !strings.HasPrefix(out.String(), "parlor ") {
		t.Errorf("got %q", out.String())
	}
}

func TestRun_NoDisplay(t *testing.T) {
	t.Setenv("DISPLAY", "")
	t.Setenv("WAYLAND_DISPLAY", "")
	var out, errs bytes.Buffer
	code := command.Execute(t.Context(), "parlor", run, []string{"--data", t.TempDir()}, command.Std{Out: &out, Err: &errs})
	if code != command.ExitFailed || !strings.Contains(errs.String(), "no display") {
		t.Errorf("got exit code %d and %q, want 1 and a word on the display", code, errs.String())
	}
}
