package main

import (
	"os"
	"path/filepath"
	"testing"

	"github.com/google/go-cmp/cmp"
)

func TestRender(t *testing.T) {
	got := string(render([]work{{"a 1", "MIT\r\n"}, {"b 2", "BSD"}, {"c 3", "\nMIT  \n"}}))
	line := "\n==============================================================================\n"
	want := "Parlor is made of these works. Their licences follow.\n\n  a 1\n  b 2\n  c 3\n" +
		line + "a 1\nc 3\n\nMIT\n" + line + "b 2\n\nBSD\n"
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("text (-want +got):\n%s", diff)
	}
}

func TestLicence(t *testing.T) {
	tests := []struct {
		name  string
		files map[string]string
		want  string
	}{
		{"none", map[string]string{"main.go": "package x", "license.go": "package x"}, ""},
		{"one", map[string]string{"LICENSE": "MIT"}, "MIT"},
		{"two", map[string]string{"LICENCE.md": "MIT", "NOTICE": "and"}, "MIT\n\nand"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			dir := t.TempDir()
			for name, text := range tt.files {
				if err := os.WriteFile(filepath.Join(dir, name), []byte(text), 0o600); err != nil {
					t.Fatal(err)
				}
			}
			got, err := licence(dir)
			if got != tt.want || (err == nil) != (tt.want != "") {
				t.Errorf("licence = %q, %v, want %q", got, err, tt.want)
			}
		})
	}
}
