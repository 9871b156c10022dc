package command_test

import (
	"context"
	"errors"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"parlor/cmd/internal/command"
)

// greet is a command with one flag of each sort that matters.
func greet(_ context.Context, name string, args []string, std command.Std) error {
	f := command.NewFlags(name, "[flags] WHO", "Greets.", std)
	word := f.String("the-word", "hello", "the `word`")
	times := f.Int("times", 1, "how often")
	others, err := f.Parse(args)
	if err != nil {
		return err
	}
	if len(others) == 0 {
		return errors.New("nobody\nto greet")
	}
	if *times == 7 {
		if err := f.Require("the-word"); err != nil {
			return err
		}
	}
	if *times == 8 {
		return command.NoMore(others)
	}
	_, err = std.Out.Write([]byte(strings.Repeat(*word+" ", *times) + strings.Join(others, "+") + "\n"))
	return err
}

func TestExecute(t *testing.T) {
	tests := []struct {
		name string
		args string
		env  map[string]string
		code int
		out  string // exactly, or a part when it ends in "…"
		err  string
	}{
		{name: "defaults", args: "greet you", out: "hello you\n"},
		{name: "flags before", args: "greet --the-word hi -times=2 you", out: "hi hi you\n"},
		{name: "flags behind", args: "greet you --the-word hi them --times 2", out: "hi hi you+them\n"},
		{name: "double dash", args: "greet --times 2 -- you --the-word", out: "hello hello you+--the-word\n"},
		{name: "environment", args: "greet you", env: map[string]string{"PARLOR_THE_WORD": "hey"}, out: "hey you\n"},
		{name: "flag wins", args: "greet --the-word hi you", env: map[string]string{"PARLOR_THE_WORD": "hey"}, out: "hi you\n"},
		{name: "environment satisfies Require", args: "greet --times 7 you", env: map[string]string{"PARLOR_THE_WORD": "7x"}, out: strings.Repeat("7x ", 7) + "you\n"},
		{name: "bad environment", args: "greet you", env: map[string]string{"PARLOR_TIMES": "many"}, code: 2, err: "prog greet: PARLOR_TIMES=\"many\": parse error (see --help)\n"},
		{name: "environment has no --help", args: "greet you", env: map[string]string{"PARLOR_HELP": "true"}, out: "hello you\n"},
		{name: "failure is one line", args: "greet", code: 1, err: "prog greet: nobody; to greet\n"},
		{name: "unknown flag", args: "greet --nope you", code: 2, err: "prog greet: flag provided but not defined: -nope (see --help)\n"},
		{name: "bad value", args: "greet --times x you", code: 2, err: "prog greet: invalid value \"x\" for flag -times: parse error (see --help)\n"},
		{name: "missing flag", args: "greet --times 7 you", code: 2, err: "prog greet: --the-word is missing (see --help)\n"},
		{name: "too many", args: "greet --times 8 you", code: 2, err: "prog greet: unexpected argument \"you\" (see --help)\n"},
		{name: "unknown command", args: "dance", code: 2, err: "prog: unknown command \"dance\" (one of: greet) (see --help)\n"},
		{name: "help", args: "--help", out: "prog: a test\n…"},
		{name: "help of command", args: "greet --help", out: "Usage: prog greet [flags] WHO\n\nGreets.\n\nFlags…"},
		{name: "short help", args: "greet -h", out: "Usage: prog greet…"},
		{name: "version", args: "--version", out: "prog " + command.Version() + "\n"},
		{name: "version of command", args: "greet --version", out: "prog " + command.Version() + "\n"},
	}
	root := command.Group("a test", map[string]command.Command{"greet": {Summary: "greet people", Run: greet}})
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			for k, v := range tt.env {
				t.Setenv(k, v)
			}
			var out, errOut strings.Builder
			code := command.Execute(t.Context(), "prog", root.Run, strings.Fields(tt.args), command.Std{In: strings.NewReader(""), Out: &out, Err: &errOut})
			if code != tt.code {
				t.Errorf("exit code: got %d, want %d", code, tt.code)
			}
			got, want := out.String(), tt.out
			if part, ok := strings.CutSuffix(want, "…"); ok && strings.HasPrefix(got, part) {
				got = want
			}
			if diff := cmp.Diff(want, got); diff != "" {
				t.Errorf("stdout (-want +got):\n%s", diff)
			}
			if diff := cmp.Diff(tt.err, errOut.String()); diff != "" {
				t.Errorf("stderr (-want +got):\n%s", diff)
			}
		})
	}
}

func TestExecute_NoCommand(t *testing.T) {
	root := command.Group("a test", map[string]command.Command{"greet": {Summary: "greet people", Run: greet}})
	var out, errOut strings.Builder
	code := command.Execute(t.Context(), "prog", root.Run, nil, command.Std{Out: &out, Err: &errOut})
	if code != command.ExitUsage || out.Len() != 0 || !strings.Contains(errOut.String(), "greet people") {
		t.Errorf("got %d, %q, %q; want 2 and the commands on stderr", code, out.String(), errOut.String())
	}
}

func TestNewLog(t *testing.T) {
	var out strings.Builder
	log, err := command.NewLog(&out, "warn")
	if err != nil {
		t.Fatal(err)
	}
	log.Info("quiet")
	log.Warn("loud")
	if got := out.String(); strings.Contains(got, "quiet") || !strings.Contains(got, "loud") {
		t.Errorf("got %q", got)
	}
	if _, err := command.NewLog(&out, "shout"); err == nil {
		t.Error("level shout: got no error")
	}
}
