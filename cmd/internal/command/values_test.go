package command_test

import (
	"bytes"
	"os"
	"path/filepath"
	"testing"

	"parlor/cmd/internal/command"
)

func TestFlags_SecretAndServer(t *testing.T) {
	path := filepath.Join(t.TempDir(), "key")
	if err := os.WriteFile(path, []byte(" from the file\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	tests := []struct {
		name       string
		args       []string
		key, other string
		fails      bool
	}{
		{"plain", []string{"--key", "k", "--server", "http://h:1"}, "k", "http://h:1", false},
		{"from a file", []string{"--key", "@" + path}, "from the file", "embedded", false},
		{"no such file", []string{"--key", "@" + path + "x"}, "", "", true},
		{"empty", []string{"--key", ""}, "", "", true},
		{"the other word", []string{"--server", "embedded"}, "", "embedded", false},
		{"no scheme", []string{"--server", "127.0.0.1:7880"}, "", "", true},
		{"a foreign scheme", []string{"--server", "ftp://h"}, "", "", true},
		{"no host", []string{"--server", "http://"}, "", "", true},
		{"nonsense", []string{"--server", "junk"}, "", "", true},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			var key, server string
			f := command.NewFlags("x", "", "", command.Std{Out: &bytes.Buffer{}})
			f.SecretVar(&key, "key", "the `key`")
			f.ServerVar(&server, "server", "embedded", "embedded", "`URL`")
			_, err := f.Parse(tt.args)
			if tt.fails {
				if err == nil {
					t.Errorf("got key %q server %q, want an error", key, server)
				}
				return
			}
			if err != nil || key != tt.key || server != tt.other {
				t.Errorf("got key %q server %q, %v, want %q and %q", key, server, err, tt.key, tt.other)
			}
		})
	}
}
