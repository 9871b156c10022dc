package server

import (
	"context"
	"fmt"

	"parlor/app/api"
	"parlor/app/errno"
	"parlor/app/token"
)

// admin is the handler of AdminService: what the holder of an app's key may do to its rooms.
type admin struct{ *rooms }

var _ api.AdminServiceHandler = admin{}

// RemoveUser implements api.AdminServiceHandler.
func (a admin) RemoveUser(ctx context.Context, req *api.RemoveUserRequest) (*api.RemoveUserResponse, error) {
	const apiName = "removeUser"
	err := a.inRoom(ctx, apiName, req.GetTicket(), func(here *room) error {
		if !token.ValidID(req.GetUserId()) {
			return paramError(apiName, "params.userId "+wantID)
		}
		m := here.member(req.GetUserId())
		if m == nil {
			return paramError(apiName, fmt.Sprintf("params.userId: %s is not in the room %s", req.GetUserId(), here.key.room))
		}
		here.leave(m, api.EndReason_END_REASON_KICKED, api.LeftReason_LEFT_REASON_KICKED)
		return nil
	})
	a.metrics.administered(apiName, err)
	return &api.RemoveUserResponse{}, err
}

// EndRoom implements api.AdminServiceHandler.
func (a admin) EndRoom(ctx context.Context, req *api.EndRoomRequest) (*api.EndRoomResponse, error) {
	const apiName = "endRoom"
	err := a.inRoom(ctx, apiName, req.GetTicket(), func(here *room) error {
		here.dismiss(api.EndReason_END_REASON_ROOM_DISMISSED)
		return nil
	})
	a.metrics.administered(apiName, err)
	return &api.EndRoomResponse{}, err
}

// inRoom runs f on the loop of the room that the ticket is for.
func (a admin) inRoom(ctx context.Context, apiName, ticket string, f func(*room) error) error {
	call := requestOf(ctx)
	if !a.joinRate.allow(call.remote) {
		return refuse(apiName, exhausted("too many calls from this address"))
	}
	t, err := a.signed(ticket)
	if err == nil {
		err = t.CheckTicket(a.clock.Now())
	}
	if err != nil {
		return errno.InvalidToken.In(apiName, err)
	}
	here, ok := a.hold(roomKey{t.AppID, t.RoomID})
	if !ok {
		return paramError(apiName, fmt.Sprintf("params.ticket: there is no room %s", t.RoomID))
	}
	// Also when nobody waits any more: f ends what it ends or does not come to run.
	defer a.release(here)
	a.log.Info("administered", "call", apiName, "app", t.AppID, "room", t.RoomID, "remote", call.remote)
	return here.do(ctx, func() error {
		if len(here.members) == 0 { // ended a moment ago
			return paramError(apiName, fmt.Sprintf("params.ticket: there is no room %s", t.RoomID))
		}
		return f(here)
	})
}
