package bridgetest

import (
	"errors"
	"io"
	"strings"
	"testing"

	"parlor/app/token"
)

var testConfig = Config{AppID: "0123456789abcdef01234567", AppKey: "key", Screen: `C:\a "b"`}

func TestConfig_Fill(t *testing.T) {
	tests := []struct{ line, want, err string }{
		{`{"appId":"{{app}}"}`, `{"appId":"0123456789abcdef01234567"}`, ""},
		{`{"screen":"{{screen}}"}`, `{"screen":"C:\\a \"b\""}`, ""},
		{"{{what}}", "", "unknown placeholder {{what}}"},
		{"{{token ttl=soon}}", "", "invalid syntax"},
		{"{{token colour=red}}", "", `unknown field "colour=red"`},
	}
	for _, tt := range tests {
		got, err := testConfig.fill(tt.line)
		if tt.err == "" && (err != nil || got != tt.want) || tt.err != "" && (err == nil || !strings.Contains(err.Error(), tt.err)) {
			t.Errorf("%s: got %s, %v", tt.line, got, err)
		}
	}
}

func TestConfig_Fill_Token(t *testing.T) {
	text, err := testConfig.fill("{{token room=r user=u ttl=60 grant=subscribe}}")
	if err != nil {
		t.Fatal(err)
	}
	got, err := token.Parse(text)
	if err != nil || got.RoomID != "r" || got.UserID != "u" || len(got.Privileges) != 1 || !got.Verify("key") {
		t.Errorf("got %+v, %v", got, err)
	}
	text, err = testConfig.fill("{{token key=wrong}}")
	if got, parseErr := token.Parse(text); err != nil || parseErr != nil || got.Verify("key") || len(got.Privileges) != 5 {
		t.Errorf("got %+v, %v, %v", got, err, parseErr)
	}
}

// TestRun: each call waits for its own answer, events are left out, and a broken connection is an error that names the call.
func TestRun(t *testing.T) {
	var sent []string
	cfg := testConfig
	cfg.Send = func(line string) error {
		sent = append(sent, line)
		return nil
	}
	replies := []string{`{"event":"onX","res":{}}`, `{"id":1,"ok":true,"res":{"sentAt":17}}`, `{"id":2,"callback":"success"}`, `{"id":2,"callback":"complete"}`}
	cfg.Receive = func() (string, error) {
		if len(replies) == 0 {
			return "", io.ErrUnexpectedEOF
		}
		first := replies[0]
		replies = replies[1:]
		return first, nil
	}
	got, err := Run(cfg)
	if want := `{"id":1,"ok":true,"res":{"sentAt":0}} {"id":2,"callback":"success"} {"id":2,"callback":"complete"}`; strings.Join(got, " ") != want {
		t.Errorf("got %q", got)
	}
	if !errors.Is(err, io.ErrUnexpectedEOF) || !strings.Contains(err.Error(), `"id":3`) || len(sent) != 3 {
		t.Errorf("after %d calls: %v", len(sent), err)
	}
}
