package main

import (
	"bufio"
	"bytes"
	"encoding/json"
	"errors"
	"io"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"

	"github.com/google/go-cmp/cmp"

	"parlor/app/server"
	"parlor/cmd/internal/command"
)

const (
	testApp = "0123456789abcdef01234567"
	testKey = "testappkey0123456789abcdef012345"
)

// beParlord makes the test binary run as parlord, for tests of the process.
const beParlord = "TEST_BE_PARLORD"

func TestMain(m *testing.M) {
	if os.Getenv(beParlord) != "" {
		main()
		return
	}
	os.Exit(m.Run())
}

// child is a running parlord.
type child struct {
	cmd    *exec.Cmd
	stdout *bufio.Reader
	stderr bytes.Buffer
}

func start(t *testing.T, env []string, args ...string) *child {
	t.Helper()
	c := &child{cmd: exec.CommandContext(t.Context(), os.Args[0], args...)}
	c.cmd.Env = append(append(os.Environ(), beParlord+"=1"), env...)
	c.cmd.Stderr = &c.stderr
	pipe, err := c.cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	c.stdout = bufio.NewReader(pipe)
	if err := c.cmd.Start(); err != nil {
		t.Fatal(err)
	}
	return c
}

// wait returns what is left on stdout, and the exit code.
func (c *child) wait(t *testing.T) (string, int) {
	t.Helper()
	rest, err := io.ReadAll(c.stdout)
	if err != nil {
		t.Fatal(err)
	}
	err = c.cmd.Wait()
	var failed *exec.ExitError
	if err != nil && !errors.As(err, &failed) {
		t.Fatal(err)
	}
	return string(rest), c.cmd.ProcessState.ExitCode()
}

func TestParlord_ReadyThenDrained(t *testing.T) {
	for _, sig := range []syscall.Signal{syscall.SIGTERM, syscall.SIGINT} {
		t.Run(sig.String(), func(t *testing.T) {
			c := start(t, []string{"PARLOR_NODE_ID=node7"},
				"--listen", "127.0.0.1:0", "--udp", "127.0.0.1:0", "--app", testApp+"="+testKey, "--sdkapp", "1400000000=secret")
			line, err := c.stdout.ReadBytes('\n')
			if err != nil {
				t.Fatalf("%v, stderr: %s", err, c.stderr.String())
			}
			var got ready
			decoder := json.NewDecoder(bytes.NewReader(line))
			decoder.DisallowUnknownFields()
			if err := decoder.Decode(&got); err != nil {
				t.Fatalf("%s: %v", line, err)
			}
			if !got.Ready || got.Node != "node7" || strings.HasSuffix(got.UDP, ":0") || !strings.HasPrefix(got.UDP, "127.0.0.1:") {
				t.Errorf("got %+v", got)
			}
			response, err := http.Get("http://" + got.HTTP + "/readyz")
			if err != nil || response.StatusCode != http.StatusOK {
				t.Fatalf("ready, but %v %v", response, err)
			}
			_ = response.Body.Close()
			if err := c.cmd.Process.Signal(sig); err != nil {
				t.Fatal(err)
			}
			rest, code := c.wait(t)
			if rest != "" || code != command.ExitDone {
				t.Errorf("after the signal: exit code %d, more output %q", code, rest)
			}
			log := c.stderr.String()
			if !strings.Contains(log, "calls and live rooms are not served by this version") {
				t.Errorf("--sdkapp is taken without a word: %s", log)
			}
			if strings.Contains(log, testKey) || strings.Contains(log, "secret") {
				t.Errorf("a key is in the log: %s", log)
			}
		})
	}
}

func TestParlord_BadArguments(t *testing.T) {
	app := []string{"--listen", "127.0.0.1:0", "--udp", "127.0.0.1:0", "--app", testApp + "=" + testKey}
	tests := []struct {
		name string
		args []string
		code int
		want string
	}{
		{"no app", []string{"--listen", "127.0.0.1:0"}, 2, "--app is missing"},
		{"app without key", []string{"--app", testApp}, 2, "APPID=APPKEY"},
		{"app with empty key", []string{"--app", testApp + "="}, 2, "empty key"},
		{"short app id", []string{"--app", "abc=" + testKey}, 2, "24 characters"},
		{"app twice", []string{"--app", testApp + "=" + testKey + "," + testApp + "=x"}, 2, "twice"},
		{"key file", []string{"--app", testApp + "=@/does/not/exist"}, 2, "/does/not/exist"},
		{"sdkapp", append(app, "--sdkapp", "abc=def"), 2, "should be a number"},
		{"advertise", append(app, "--advertise", "example.org"), 2, "no IP address"},
		{"log level", append(app, "--log-level", "loud"), 2, "--log-level"},
		{"limit", append(app, "--visible-per-room", "0"), 2, "-visible-per-room: want a number from 1 on"},
		{"config", append(app, "--config", "/does/not/exist"), 2, "/does/not/exist"},
		{"unknown flag", append(app, "--turn", "x"), 2, "-turn"},
		{"argument", append(app, "x"), 2, `"x"`},
		{"port", append(app, "--listen", "127.0.0.1:99999"), 1, "listen for the API"},
		{"UDP port", append(app, "--udp", "127.0.0.1:99999"), 1, "media port"},
		{"node id", append(app, "--node-id", "a b"), 1, "node id"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			var out, errs bytes.Buffer
			code := command.Execute(t.Context(), "parlord", run, tt.args, command.Std{Out: &out, Err: &errs})
			if code != tt.code || !strings.Contains(errs.String(), tt.want) || strings.Count(errs.String(), "\n") != 1 || out.Len() != 0 {
				t.Errorf("got exit code %d, %q on stderr, %q on stdout; want %d and %q", code, errs.String(), out.String(), tt.code, tt.want)
			}
			if strings.Contains(errs.String(), testKey) {
				t.Errorf("the key is printed: %s", errs.String())
			}
		})
	}
}

func TestParse_Config(t *testing.T) {
	dir := t.TempDir()
	write := func(name, text string) string {
		path := filepath.Join(dir, name)
		if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
		return path
	}
	key := write("key", testKey+"\n")
	other := "fedcba9876543210fedcba98"
	good := write("good.yaml", `
# all of them
listen: 127.0.0.1:1
udp: 127.0.0.1:2
app:
  - `+testApp+`=@`+key+`
  - `+other+`=x
nats: nats://a:4222, nats://b:4222
advertise: [192.0.2.1, "2001:db8::1"]
node-id: n1
data: /tmp/x
ignore-privileges: true
visible-per-room: 50
microphones-per-room: 30
log-level: warn
`)
	t.Setenv("PARLOR_UDP", "127.0.0.1:3")
	o, err := parse("parlord", []string{"--config", good, "--listen", "127.0.0.1:4"}, command.Std{})
	if err != nil {
		t.Fatal(err)
	}
	got := map[string]any{
		"listen": o.listen, "udp": o.udp, "app": o.apps.byID, "nats": o.nats.items, "advertise": o.advertise.items,
		"node": o.nodeID, "data": o.dataDir, "privileges": o.ignorePrivileges, "level": o.logLevel, "limits": o.limits,
	}
	want := map[string]any{
		"listen": "127.0.0.1:4", "udp": "127.0.0.1:3", "app": map[string]string{testApp: testKey, other: "x"},
		"nats": []string{"nats://a:4222", "nats://b:4222"}, "advertise": []string{"192.0.2.1", "2001:db8::1"},
		"node": "n1", "data": "/tmp/x", "privileges": true, "level": "warn",
		"limits": server.Limits{MembersPerRoom: 500, VisiblePerRoom: 50, MicrophonesPerRoom: 30, MessagesPerSecond: 10},
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("options (-want +got):\n%s", diff)
	}

	bad := []struct{ name, text, want string }{
		{"unknown key", "listen: x\n\nlissten: y\n", `.yaml:3: unknown key "lissten"`},
		{"config in config", "config: x\n", `.yaml:1: unknown key "config"`},
		{"twice", "log-level: warn\nlog-level: info\n", `.yaml:2: key "log-level" is there twice`},
		{"list", "node-id: [a, b]\n", `.yaml:1: node-id: should be one value`},
		{"map", "node-id: {a: b}\n", `.yaml:1: node-id: should be text`},
		{"no limit", "members-per-room: many\n", `.yaml:1: members-per-room: want a number`},
		{"bad value", "ignore-privileges: maybe\n", `.yaml:1: ignore-privileges`},
		{"bad key", "node-id: a\napp: abc=def\n", `.yaml:2: app: app id`},
		{"not a map", "- a\n", `.yaml:1: should be keys and values`},
		{"not YAML", "a: [\n", `.yaml: yaml`},
	}
	for _, tt := range bad {
		t.Run(tt.name, func(t *testing.T) {
			_, err := parse("parlord", []string{"--config", write("bad.yaml", tt.text)}, command.Std{})
			if err == nil || !strings.Contains(err.Error(), tt.want) {
				t.Errorf("got %v, want %q in it", err, tt.want)
			}
		})
	}
	_, err = parse("parlord", []string{"--config", write("empty.yaml", "# nothing\n"), "--app", testApp + "=x"}, command.Std{})
	if err != nil {
		t.Errorf("an empty file: %v", err)
	}
}

func TestParlord_HelpAndVersion(t *testing.T) {
	for _, flag := range []string{"--help", "--version"} {
		var out, errs bytes.Buffer
		code := command.Execute(t.Context(), "parlord", run, []string{flag}, command.Std{Out: &out, Err: &errs})
		if code != command.ExitDone || out.Len() == 0 || errs.Len() != 0 {
			t.Errorf("%s: got exit code %d, %q, %q", flag, code, out.String(), errs.String())
		}
	}
}
