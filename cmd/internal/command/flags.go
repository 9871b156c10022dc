package command

import (
	"flag"
	"fmt"
	"io"
	"os"
	"strings"
)

// Flags is a flag.FlagSet whose flags may also come from the environment: --app-key from
// PARLOR_APP_KEY. The command line wins.
type Flags struct {
	*flag.FlagSet
	given        map[string]bool
	usage, about string
	std          Std
}

// NewFlags returns the flags of the command called name. usage is what follows the name
// in --help, for example "[flags] TOKEN"; about is a sentence or more on what it does.
func NewFlags(name, usage, about string, std Std) *Flags {
	f := &Flags{
		FlagSet: flag.NewFlagSet(name, flag.ContinueOnError),
		given:   make(map[string]bool),
		usage:   usage, about: about, std: std,
	}
	f.SetOutput(io.Discard) // errors are printed by Execute, help by Parse
	f.Usage = func() {}     // FlagSet.Parse calls it on errors too
	f.Bool("help", false, "print this help and exit")
	f.Bool("version", false, "print the version and exit")
	return f
}

func (f *Flags) printHelp() {
	w := f.std.Out
	fmt.Fprintf(w, "Usage: %s %s\n\n%s\n\n", f.Name(), f.usage, f.about)
	fmt.Fprintf(w, "Flags (--some-flag may also be given as %sSOME_FLAG in the environment):\n", EnvPrefix)
	f.VisitAll(func(fl *flag.Flag) {
		value, text := flag.UnquoteUsage(fl)
		fmt.Fprintln(w, strings.TrimRight("  --"+fl.Name+" "+value, " "))
		fmt.Fprintf(w, "        %s", strings.ReplaceAll(text, "\n", "\n        "))
		if fl.DefValue != "" && fl.DefValue != "false" && fl.DefValue != "0" {
			fmt.Fprintf(w, " (default %s)", fl.DefValue)
		}
		fmt.Fprintln(w)
	})
}

// Parse reads the arguments, in which flags and others may be mixed, and the environment; it
// returns the other arguments. After --help or --version, which it prints, the error is
// flag.ErrHelp; a wrong flag is a *UsageError.
func (f *Flags) Parse(args []string) (others []string, err error) {
	others, err = f.parseMixed(args)
	if err != nil {
		return nil, err
	}
	if f.isSet("help") {
		f.printHelp()
		return nil, flag.ErrHelp
	}
	if f.isSet("version") {
		printVersion(f.std.Out, f.Name())
		return nil, flag.ErrHelp
	}
	f.Visit(func(fl *flag.Flag) { f.given[fl.Name] = true })
	f.VisitAll(func(fl *flag.Flag) {
		name := EnvName(fl.Name)
		value, ok := os.LookupEnv(name)
		if err != nil || !ok || f.given[fl.Name] || fl.Name == "help" || fl.Name == "version" {
			return
		}
		if e := f.Set(fl.Name, value); e != nil {
			err = Usagef("%s=%q: %v", name, value, e)
			return
		}
		f.given[fl.Name] = true
	})
	if err != nil {
		return nil, err
	}
	return others, nil
}

// parseMixed goes on behind arguments that are not flags, where flag.FlagSet stops.
func (f *Flags) parseMixed(args []string) (others []string, err error) {
	for {
		if err := f.FlagSet.Parse(args); err != nil {
			if err == flag.ErrHelp { // -h, which is not defined
				f.printHelp()
				return nil, err
			}
			return nil, Usagef("%v", err)
		}
		rest := f.Args()
		if len(rest) == 0 {
			return others, nil
		}
		if n := len(args) - len(rest); n > 0 && args[n-1] == "--" {
			return append(others, rest...), nil
		}
		others, args = append(others, rest[0]), rest[1:]
	}
}

func (f *Flags) isSet(name string) bool { return f.Lookup(name).Value.String() == "true" }

// Given tells whether the flag was on the command line or in the environment.
func (f *Flags) Given(name string) bool { return f.given[name] }

// Require returns a *UsageError which names the first of these flags that was not given.
func (f *Flags) Require(names ...string) error {
	for _, name := range names {
		if !f.given[name] {
			return Usagef("--%s is missing", name)
		}
	}
	return nil
}

// NoMore returns a *UsageError when there are arguments that no flag has taken.
func NoMore(others []string) error {
	if len(others) > 0 {
		return Usagef("unexpected argument %q", others[0])
	}
	return nil
}

// EnvName returns the environment variable that stands for a flag.
func EnvName(name string) string {
	return EnvPrefix + strings.ToUpper(strings.ReplaceAll(name, "-", "_"))
}
