// Command parlorctl is Parlor without a window: tokens, a headless participant that is driven
// by JSON lines, virtual peers and tools.
package main

import (
	"context"
	"io"

	"parlor/cmd/internal/command"
)

// commands is the table of subcommands; each is in a file of its name.
func commands() map[string]command.Command {
	return map[string]command.Command{
		"api":   apiCommand(),
		"bots":  botsCommand(),
		"room":  roomCommand(),
		"token": tokenCommand(),
		"watch": watchCommand(),
	}
}

func main() { command.Main("parlorctl", root().Run) }

func root() command.Command {
	return command.Group("Parlor without a window", commands())
}

// run is main in process, for tests.
func run(ctx context.Context, args []string, stdin io.Reader, stdout, stderr io.Writer) int {
	return command.Execute(ctx, "parlorctl", root().Run, args, command.Std{In: stdin, Out: stdout, Err: stderr})
}
