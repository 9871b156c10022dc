package command

import (
	"errors"
	"fmt"
	"net/url"
	"os"
	"strings"
)

// SecretVar defines a flag whose value may stand in a file: @PATH reads it, so that it is in no list of
// processes.
func (f *Flags) SecretVar(to *string, name, usage string) {
	f.Var(secret{to}, name, usage+"; @PATH reads it from a file")
}

// ServerVar defines a flag for the base URL of a server. also is a word that is taken besides, "" for none.
func (f *Flags) ServerVar(to *string, name, value, also, usage string) {
	*to = value
	f.Var(server{to, also}, name, usage)
}

// ReadSecret returns the text, or what is in the file that it names as @PATH, without surrounding blanks.
func ReadSecret(text string) (string, error) {
	path, file := strings.CutPrefix(text, "@")
	if !file {
		return text, nil
	}
	raw, err := os.ReadFile(path)
	if err != nil {
		return "", err
	}
	return strings.TrimSpace(string(raw)), nil
}

type secret struct{ to *string }

// String implements flag.Value; a default is never printed.
func (s secret) String() string { return "" }

// Set implements flag.Value. Only paths are ever refused, so no secret is printed.
func (s secret) Set(text string) error {
	value, err := ReadSecret(text)
	if err == nil && value == "" {
		err = errors.New("is empty")
	}
	*s.to = value
	return err
}

type server struct {
	to   *string
	also string
}

// String implements flag.Value.
func (s server) String() string {
	if s.to == nil {
		return ""
	}
	return *s.to
}

// Set implements flag.Value.
func (s server) Set(text string) error {
	*s.to = text
	if s.also != "" && text == s.also {
		return nil
	}
	u, err := url.Parse(text)
	switch {
	case err != nil:
		return err
	case u.Scheme != "http" && u.Scheme != "https", u.Host == "":
		return fmt.Errorf("should be a URL such as http://127.0.0.1:7880")
	}
	return nil
}
