package session

import (
	"context"
	"net/http"
	"time"

	"parlor/app/api"
	"parlor/app/errno"
	"parlor/app/token"
)

// ticketTime is how long the ticket of an administrative call is good: the call itself and clocks that differ.
const ticketTime = time.Minute

// AdminConfig names a room and the key that gives power over it.
type AdminConfig struct {
	Server    string            // base URL
	Transport http.RoundTripper // nil: one that is made for the call
	AppID     string
	AppKey    string
	RoomID    string
}

// RemoveUser ends a user's stay in the room. Its error is an *errno.Error: InvalidToken when the key is wrong, InvalidParam
// when the room or the user is not there, Failed otherwise.
func RemoveUser(ctx context.Context, cfg AdminConfig, userID string) error {
	return cfg.call(ctx, "x-removeUser", func(ctx context.Context, c api.AdminServiceClient, ticket string) error {
		_, err := c.RemoveUser(ctx, &api.RemoveUserRequest{Ticket: ticket, UserId: userID})
		return err
	})
}

// EndRoom ends the stay of everybody in the room. Its errors are those of RemoveUser.
func EndRoom(ctx context.Context, cfg AdminConfig) error {
	return cfg.call(ctx, "x-endRoom", func(ctx context.Context, c api.AdminServiceClient, ticket string) error {
		_, err := c.EndRoom(ctx, &api.EndRoomRequest{Ticket: ticket})
		return err
	})
}

func (cfg AdminConfig) call(ctx context.Context, apiName string, f func(context.Context, api.AdminServiceClient, string) error) error {
	ticket, err := token.MintTicket(token.MintOptions{AppID: cfg.AppID, AppKey: cfg.AppKey, RoomID: cfg.RoomID, TTL: ticketTime})
	if err != nil {
		return errno.InvalidParam.Detail(apiName, err.Error(), nil)
	}
	transport, done := orOwn(cfg.Transport)
	defer done()
	ctx, cancel := context.WithTimeout(ctx, callTimeout)
	defer cancel()
	client := api.NewAdminServiceClient(&http.Client{Transport: transport}, cfg.Server)
	if err := f(ctx, client, ticket); err != nil {
		return api.FromConnect(apiName, err)
	}
	return nil
}
