package main

import (
	"context"
	"encoding/json"
	"errors"

	"parlor/app/errno"
	"parlor/app/session"
	"parlor/cmd/internal/command"
)

func roomCommand() command.Command {
	return command.Group("administer a room with the key of its app", map[string]command.Command{
		"kick": {Summary: "remove a user from a room", Run: kickUser},
		"end":  {Summary: "end a room for everybody", Run: endRoom},
	})
}

func kickUser(ctx context.Context, name string, args []string, std command.Std) error {
	f := newRoomFlags(name, "Ends a user's stay in a room: it is told that it was removed, the others see it leave. It may come\nback with a token that is still good. Prints a line of JSON when that is done.", std)
	user := f.String("user", "", "user `id`, of a visible user or an invisible one")
	if err := f.parse(args, "user"); err != nil {
		return err
	}
	if err := session.RemoveUser(ctx, f.admin(), *user); err != nil {
		return inWords(err)
	}
	return json.NewEncoder(std.Out).Encode(struct {
		Room    string `json:"room"`
		Removed string `json:"removed"`
	}{f.room, *user})
}

func endRoom(ctx context.Context, name string, args []string, std command.Std) error {
	f := newRoomFlags(name, "Ends the stay of everybody in a room: they are told that the room was dismissed. Whoever joins afterwards\nopens it anew. Prints a line of JSON when that is done.", std)
	if err := f.parse(args); err != nil {
		return err
	}
	if err := session.EndRoom(ctx, f.admin()); err != nil {
		return inWords(err)
	}
	return json.NewEncoder(std.Out).Encode(struct {
		Room  string `json:"room"`
		Ended bool   `json:"ended"`
	}{f.room, true})
}

func (f *roomFlags) admin() session.AdminConfig {
	return session.AdminConfig{Server: f.server, AppID: f.appID, AppKey: f.appKey, RoomID: f.room}
}

// inWords leaves out the names and numbers of the documents' API, which has no such call. What failed on the way has its cause.
func inWords(err error) error {
	var known *errno.Error
	switch {
	case !errors.As(err, &known):
		return err
	case errors.Is(err, errno.InvalidToken):
		return errors.New("the server does not accept the key of this app")
	case errors.Is(err, errno.InvalidParam):
		return errors.New(known.Text())
	}
	return errors.Unwrap(known)
}
