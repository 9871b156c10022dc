package app_test

import (
	"encoding/json"
	"errors"
	"io"
	"os"
	"os/exec"
	"path"
	"strings"
	"testing"
)

// importRules says what a package must never depend on, directly or not, and why. A pattern
// ends in /... for a whole tree. The rules are those of CONTRIBUTING.md, "The packages".
var importRules = []struct {
	pkg    string
	never  []string
	reason string
}{
	{"parlor/app", []string{"fyne.io/fyne/v2/app", "parlor/media/codec", "parlor/media/device"}, "it is tested without a display and without C"},
	{"parlor/app/ui", []string{"parlor/app/server", "github.com/nats-io/..."}, "a screen wishes and shows, it does not serve"},
	{"parlor/app/ui/console", []string{"parlor/app/ui", "parlor/app/server", "parlor/media/codec", "parlor/media/device", "github.com/nats-io/..."}, "what a tester wishes goes out through its Config"},
	{"parlor/app/room", []string{"fyne.io/fyne/v2/...", "parlor/widgets", "parlor/app/ui", "parlor/app/server", "github.com/nats-io/..."}, "the client must not share memory with the server, nor know a widget"},
	{"parlor/app/session", []string{"fyne.io/fyne/v2/...", "github.com/nats-io/...", "github.com/pion/..."}, "it carries messages, not media"},
	{"parlor/app/server", []string{"fyne.io/fyne/v2/...", "parlor/widgets", "parlor/app/ui", "parlor/app/session", "parlor/app/room", "parlor/app/bridge", "parlor/media/peer"}, "else the client could cheat by sharing memory"},
	{"parlor/app/api", []string{"parlor/app/server", "parlor/app/session", "parlor/media/...", "github.com/pion/...", "fyne.io/fyne/v2/..."}, "the contract depends on nobody"},
	{"parlor/app/errno", []string{"parlor/...", "github.com/...", "connectrpc.com/..."}, "the table depends on nobody"},
	{"parlor/app/link", []string{"github.com/...", "connectrpc.com/...", "parlor/media/...", "fyne.io/fyne/v2/..."}, "the program reads a link before anything else is there"},
	{"parlor/app/token", []string{"github.com/...", "connectrpc.com/...", "parlor/media/...", "parlor/app/server"}, "tokens are plain bytes and hashes"},
	{"parlor/app/bridge", []string{"fyne.io/fyne/v2/...", "parlor/widgets", "parlor/app/ui", "parlor/app/server", "github.com/nats-io/..."}, "the API surface serves windows and scripts alike"},
	{"parlor/app/bridge/bridgetest", []string{"fyne.io/fyne/v2/...", "parlor/app/ui", "parlor/app/server", "parlor/app/room", "parlor/media/..."}, "it knows what is tested by its lines only"},
	{"parlor/app/bots", []string{"fyne.io/fyne/v2/...", "parlor/app/server", "parlor/media/codec", "parlor/media/device"}, "bots run headless"},
	{"parlor/app/impairment", []string{"fyne.io/fyne/v2/...", "parlor/widgets", "parlor/app/ui", "parlor/app/server", "parlor/app/room", "parlor/media/...", "github.com/pion/webrtc/...", "github.com/nats-io/..."}, "it knows sockets, not what is in them"},
	{"parlor/app/internal/loop", []string{"parlor/...", "github.com/..."}, "a hundred lines of standard library"},
	{"parlor/media", []string{"fyne.io/fyne/v2/...", "github.com/pion/webrtc/...", "github.com/ebitengine/oto/...", "github.com/pion/mediadevices/pkg/driver/..."}, "the nouns of media need no machine"},
	{"parlor/media/peer", []string{"fyne.io/fyne/v2/...", "connectrpc.com/...", "github.com/nats-io/...", "parlor/media/sfu", "parlor/media/codec", "parlor/app/..."}, "the client's end of a connection knows neither server nor signalling"},
	{"parlor/media/sfu", []string{"fyne.io/fyne/v2/...", "connectrpc.com/...", "github.com/nats-io/...", "parlor/media/peer", "parlor/media/codec", "parlor/app/..."}, "it forwards packets and knows no users"},
	{"parlor/media/codec", []string{"fyne.io/fyne/v2/...", "parlor/app/..."}, "a leaf"},
	{"parlor/media/device", []string{"fyne.io/fyne/v2/...", "parlor/app/...", "parlor/media/codec", "github.com/pion/mediadevices/pkg/driver/microphone"}, "a leaf; that driver opens sound in init and panics"},
	{"parlor/media/device/internal/x11", []string{"parlor/...", "github.com/..."}, "a protocol in plain Go"},
	{"parlor/media/clip", []string{"fyne.io/fyne/v2/...", "parlor/app/...", "parlor/media/codec", "parlor/media/device"}, "files need no machine"},
	{"parlor/media/mediatest", []string{"parlor/media/codec", "parlor/media/device", "parlor/app/..."}, "tests run without a machine"},
	{"parlor/media/mediatest/browser", []string{"parlor/..."}, "a guest from outside knows nothing of us"},
	{"parlor/widgets", []string{"fyne.io/fyne/v2/app", "parlor/app/...", "parlor/media/...", "github.com/pion/...", "connectrpc.com/...", "github.com/nats-io/..."}, "a widget knows no event"},
	{"parlor/assets", []string{"parlor/...", "github.com/pion/...", "connectrpc.com/..."}, "files in the binary"},
	{"parlor/cmd/parlord", []string{"fyne.io/fyne/v2/...", "parlor/media/codec", "parlor/media/device", "parlor/app/ui"}, "the server is static and has no window"},
	{"parlor/cmd/parlorctl", []string{"fyne.io/fyne/v2/...", "parlor/media/codec", "parlor/media/device", "parlor/app/ui"}, "the headless client is static and has no window"},
}

// TestImports compares the rules with what go list says.
func TestImports(t *testing.T) {
	deps := dependencies(t)
	for _, rule := range importRules {
		t.Run(rule.pkg, func(t *testing.T) {
			have, ok := deps[rule.pkg]
			if !ok {
				t.Fatalf("package %s does not exist: the rule is out of date", rule.pkg)
			}
			for _, dep := range have {
				for _, pattern := range rule.never {
					if dep != rule.pkg && matches(pattern, dep) {
						t.Errorf("%s depends on %s: %s", rule.pkg, dep, rule.reason)
					}
				}
			}
		})
	}
	for pkg := range deps {
		if !hasRule(pkg) {
			t.Errorf("package %s has no import rule: add one to the table", pkg)
		}
	}
}

func hasRule(pkg string) bool {
	if pkg == "parlor/cmd/parlor" || strings.HasPrefix(pkg, "parlor/cmd/internal/") {
		return true // the first may import everything, the tools have nothing to keep away from
	}
	for _, rule := range importRules {
		if rule.pkg == pkg {
			return true
		}
	}
	return false
}

func TestMatches(t *testing.T) {
	tests := []struct {
		pattern, pkg string
		want         bool
	}{
		{"parlor/media/...", "parlor/media/sfu", true},
		{"parlor/media/...", "parlor/media", true},
		{"parlor/media/...", "parlor/mediator", false},
		{"fyne.io/fyne/v2/app", "fyne.io/fyne/v2/app", true},
		{"fyne.io/fyne/v2/app", "fyne.io/fyne/v2", false},
	}
	for _, tt := range tests {
		if got := matches(tt.pattern, tt.pkg); got != tt.want {
			t.Errorf("matches(%q, %q) = %v, want %v", tt.pattern, tt.pkg, got, tt.want)
		}
	}
}

func matches(pattern, pkg string) bool {
	if tree, ok := strings.CutSuffix(pattern, "/..."); ok {
		return pkg == tree || strings.HasPrefix(pkg, tree+"/")
	}
	return path.Clean(pattern) == pkg
}

func dependencies(t *testing.T) map[string][]string {
	t.Helper()
	cmd := exec.Command("go", "list", "-tags", "nolibopusfile", "-json=ImportPath,Deps", "parlor/...")
	cmd.Env = append(os.Environ(), "CGO_ENABLED=1") // list the packages with C, too; nothing is compiled
	cmd.Stderr = os.Stderr
	out, err := cmd.Output()
	if err != nil {
		t.Fatalf("go list: %v", err)
	}
	deps := make(map[string][]string)
	decoder := json.NewDecoder(strings.NewReader(string(out)))
	for {
		var p struct {
			ImportPath string
			Deps       []string
		}
		if err := decoder.Decode(&p); errors.Is(err, io.EOF) {
			return deps
		} else if err != nil {
			t.Fatal(err)
		}
		deps[p.ImportPath] = p.Deps
	}
}
