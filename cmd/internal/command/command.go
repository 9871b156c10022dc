// Package command is what Parlor's programs have in common: dispatch to subcommands, flags
// that may also come from the environment, and exit codes.
//
// A command exits with 0 when it is done, 1 when it failed and 2 when its arguments were
// wrong; a failure is one line on standard error.
package command

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"log/slog"
	"maps"
	"os"
	"os/signal"
	"runtime/debug"
	"slices"
	"strings"
	"syscall"
)

// Exit codes.
const (
	ExitDone   = 0
	ExitFailed = 1
	ExitUsage  = 2
)

// EnvPrefix opens the names of environment variables that stand for flags.
const EnvPrefix = "PARLOR_"

// version is set by the linker: -ldflags "-X parlor/cmd/internal/command.version=1.2.3".
var version string

// Version returns the version of the program: the one given to the linker, else the one
// of the module in the build information, else "dev".
func Version() string {
	if version != "" {
		return version
	}
	info, ok := debug.ReadBuildInfo()
	if ok && info.Main.Version != "" && info.Main.Version != "(devel)" {
		return strings.TrimPrefix(info.Main.Version, "v")
	}
	return "dev"
}

// Std are the three standard streams, so that tests can run a command in process.
type Std struct {
	In       io.Reader
	Out, Err io.Writer
}

// UsageError means that the arguments were wrong.
type UsageError struct{ msg string }

// Error returns what is wrong.
func (e *UsageError) Error() string { return e.msg }

// Usagef returns a UsageError.
func Usagef(format string, args ...any) error {
	return &UsageError{fmt.Sprintf(format, args...)}
}

// Run is a command: it gets the arguments after its name. The context ends with the first SIGINT
// or SIGTERM. name is the whole name ("parlorctl token mint") for NewFlags.
type Run func(ctx context.Context, name string, args []string, std Std) error

// Command is an entry of a table of commands.
type Command struct {
	Summary string // one line for the list in --help
	Run     Run
}

// Group returns a command that runs one of the commands of a table, by its first argument.
func Group(summary string, commands map[string]Command) Command {
	return Command{Summary: summary, Run: func(ctx context.Context, name string, args []string, std Std) error {
		if len(args) == 0 {
			printCommands(std.Err, name, summary, commands)
			return Usagef("a command is missing")
		}
		switch args[0] {
		case "-h", "-help", "--help", "help":
			printCommands(std.Out, name, summary, commands)
			return nil
		case "-version", "--version":
			printVersion(std.Out, name)
			return nil
		}
		c, ok := commands[args[0]]
		if !ok {
			return Usagef("unknown command %q (one of: %s)", args[0], strings.Join(slices.Sorted(maps.Keys(commands)), ", "))
		}
		name += " " + args[0]
		err := c.Run(ctx, name, args[1:], std)
		var named *namedError
		if err == nil || errors.As(err, &named) {
			return err
		}
		return &namedError{name: name, error: err}
	}}
}

// namedError is an error of the command called name.
type namedError struct {
	name string
	error
}

func (e *namedError) Unwrap() error { return e.error }

func printCommands(w io.Writer, name, summary string, commands map[string]Command) {
	fmt.Fprintf(w, "%s: %s\n\nUsage: %s COMMAND [flags]\n\nCommands:\n", name, summary, name)
	for _, c := range slices.Sorted(maps.Keys(commands)) {
		fmt.Fprintf(w, "  %-10s %s\n", c, commands[c].Summary)
	}
	fmt.Fprintf(w, "\n%s COMMAND --help tells more.\n", name)
}

func printVersion(w io.Writer, name string) {
	program, _, _ := strings.Cut(name, " ")
	fmt.Fprintf(w, "%s %s\n", program, Version())
}

// Execute runs the command and returns its exit code; an error becomes one line on std.Err.
func Execute(ctx context.Context, name string, run Run, args []string, std Std) int {
	err := run(ctx, name, args, std)
	var named *namedError
	if errors.As(err, &named) {
		name = named.name
	}
	var usage *UsageError
	switch {
	case err == nil, errors.Is(err, flag.ErrHelp):
		return ExitDone
	case errors.As(err, &usage):
		fmt.Fprintf(std.Err, "%s: %s (see --help)\n", name, oneLine(err))
		return ExitUsage
	}
	fmt.Fprintf(std.Err, "%s: %s\n", name, oneLine(err))
	return ExitFailed
}

func oneLine(err error) string { return strings.ReplaceAll(err.Error(), "\n", "; ") }

// Main runs a program on the process's arguments, streams and signals, and ends the process.
// A second signal ends it at once.
func Main(name string, run Run) {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	context.AfterFunc(ctx, stop)
	os.Exit(Execute(ctx, name, run, os.Args[1:], Std{os.Stdin, os.Stdout, os.Stderr}))
}

// NewLog returns the log of a program: text on w, from the level that --log-level names.
func NewLog(w io.Writer, level string) (*slog.Logger, error) {
	log, _, err := NewLeveledLog(w, level)
	return log, err
}

// NewLeveledLog is NewLog with a level that can be changed while the program runs.
func NewLeveledLog(w io.Writer, level string) (*slog.Logger, *slog.LevelVar, error) {
	l := new(slog.LevelVar)
	if err := l.UnmarshalText([]byte(level)); err != nil {
		return nil, nil, Usagef("--log-level %q is not one of debug, info, warn, error", level)
	}
	return slog.New(slog.NewTextHandler(w, &slog.HandlerOptions{Level: l})), l, nil
}
