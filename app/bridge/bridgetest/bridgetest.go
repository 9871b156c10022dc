// Package bridgetest has one script of the JSON-lines API with the answers to it, for everything that speaks that API: the bridge itself,
// the headless client and the window's driver must give the same lines.
package bridgetest

import (
	_ "embed"
	"encoding/json"
	"fmt"
	"regexp"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"parlor/app/token"
)

// script has one call per line. {{app}} stands for the app id, {{screen}} for the name of the screen to share, and
// {{token room=R user=U ttl=SECONDS}} for a token; key=wrong signs it with another key, grant=subscribe,publish-audio limits what
// it allows.
//
//go:embed script.jsonl
var script string

// answers are the lines that have an id, or are errors, in the order in which they come when each call is given after the answer to
// the one before.
//
//go:embed script.golden
var answers string

// Config says how to talk to what is tested. It needs a server that knows the app, and rooms of names beginning with "script".
type Config struct {
	AppID, AppKey string
	Screen        string                  // name of a screen that can be shared
	Send          func(line string) error // gives one line
	Receive       func() (string, error)  // returns the next line that came, events among them
}

// Test runs the script and compares the answers with the ones that are written down.
func Test(t *testing.T, cfg Config) {
	t.Helper()
	got, err := Run(cfg)
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(strings.Split(strings.TrimSuffix(answers, "\n"), "\n"), got); diff != "" {
		t.Errorf("answers to the script (-want +got):\n%s", diff)
	}
}

// Run runs the script and returns the answers, with the times of messages as 0.
func Run(cfg Config) (answers []string, err error) {
	for line := range strings.Lines(script) {
		line, err := cfg.fill(strings.TrimSpace(line))
		if err != nil {
			return answers, err
		}
		if err := cfg.Send(line); err != nil {
			return answers, fmt.Errorf("send %s: %w", line, err)
		}
		for id, done := idOf(line), false; !done; {
			text, err := cfg.Receive()
			if err != nil {
				return answers, fmt.Errorf("waiting for the answer to %s: %w", line, err)
			}
			var a answer
			if err := json.Unmarshal([]byte(text), &a); err != nil {
				return answers, fmt.Errorf("%q came after %s: %w", text, line, err)
			}
			if a.Event != "" {
				continue
			}
			answers = append(answers, sentAt.ReplaceAllString(text, `"sentAt":0`))
			done = string(a.ID) == id && (a.OK != nil || a.Error != "" || a.Callback == "complete")
		}
	}
	return answers, nil
}

// sentAt is the part of an answer that differs from run to run.
var sentAt = regexp.MustCompile(`"sentAt":\d+`)

// answer is what Run needs to know of a line.
type answer struct {
	ID       json.RawMessage
	OK       *bool
	Callback string
	Event    string
	Error    string
}

// idOf returns the id that the answer to a line will have, "" when it will have none.
func idOf(line string) string {
	var call struct{ ID json.RawMessage }
	if json.Unmarshal([]byte(line), &call) != nil {
		return ""
	}
	return string(call.ID)
}

var placeholder = regexp.MustCompile(`\{\{[^}]*\}\}`)

// fill replaces the placeholders of a line.
func (cfg Config) fill(line string) (string, error) {
	var failed error
	line = placeholder.ReplaceAllStringFunc(line, func(text string) string {
		fields := strings.Fields(strings.Trim(text, "{}"))
		switch fields[0] {
		case "app":
			return cfg.AppID
		case "screen":
			name, _ := json.Marshal(cfg.Screen) // without the quotes, which stand in the script
			return string(name[1 : len(name)-1])
		case "token":
			signed, err := cfg.mint(fields[1:])
			if err != nil {
				failed = fmt.Errorf("%s: %w", text, err)
			}
			return signed
		}
		failed = fmt.Errorf("unknown placeholder %s", text)
		return ""
	})
	return line, failed
}

// mint makes a token as "name=value" fields say.
func (cfg Config) mint(fields []string) (string, error) {
	t, key, grant := &token.AccessToken{AppID: cfg.AppID, Nonce: 1}, cfg.AppKey, "publish,subscribe"
	for _, f := range fields {
		name, value, _ := strings.Cut(f, "=")
		switch name {
		case "room":
			t.RoomID = value
		case "user":
			t.UserID = value
		case "ttl":
			seconds, err := strconv.Atoi(value)
			if err != nil {
				return "", err
			}
			t.ExpireAt = uint32(time.Now().Add(time.Duration(seconds) * time.Second).Unix())
		case "key":
			key = value
		case "grant":
			grant = value
		default:
			return "", fmt.Errorf("unknown field %q", f)
		}
	}
	for name := range strings.SplitSeq(grant, ",") {
		for _, p := range []token.Privilege{token.PublishStream, token.PublishAudio, token.PublishVideo, token.SubscribeStream} {
			if p.String() == name {
				t.AddPrivilege(p, t.ExpireAt)
			}
		}
	}
	return t.Sign(key)
}
