package session_test

import (
	"context"
	"errors"
	"net/http/httptest"
	"testing"
	"time"

	"parlor/app/api"
	"parlor/app/errno"
	"parlor/app/session"
	"parlor/app/token"
)

// adminServer notes what it is asked to do and by what ticket.
type adminServer struct {
	tickets []string
	users   []string
	err     error
}

func (s *adminServer) RemoveUser(_ context.Context, r *api.RemoveUserRequest) (*api.RemoveUserResponse, error) {
	s.tickets, s.users = append(s.tickets, r.GetTicket()), append(s.users, r.GetUserId())
	return &api.RemoveUserResponse{}, s.err
}

func (s *adminServer) EndRoom(_ context.Context, r *api.EndRoomRequest) (*api.EndRoomResponse, error) {
	s.tickets = append(s.tickets, r.GetTicket())
	return &api.EndRoomResponse{}, s.err
}

func newAdminServer(t *testing.T) (*adminServer, session.AdminConfig) {
	t.Helper()
	s := new(adminServer)
	_, handler := api.NewAdminServiceHandler(s)
	web := httptest.NewUnstartedServer(handler)
	web.Config.Protocols = session.NewTransport(nil).Protocols
	web.Start()
	t.Cleanup(web.Close)
	return s, session.AdminConfig{
		Server: web.URL, AppID: "0123456789abcdef01234567", AppKey: "key", RoomID: "room1"}
}

func TestAdmin_Tickets(t *testing.T) {
	check(t)
	s, cfg := newAdminServer(t)
	if err := errors.Join(session.RemoveUser(t.Context(), cfg, "ann"), session.EndRoom(t.Context(), cfg)); err != nil {
		t.Fatal(err)
	}
	if len(s.users) != 1 || s.users[0] != "ann" {
		t.Errorf("removed %q", s.users)
	}
	for _, text := range s.tickets {
		ticket, err := token.Parse(text)
		if err != nil {
			t.Fatal(err)
		}
		if ticket.AppID != cfg.AppID || ticket.RoomID != "room1" || !ticket.Verify("key") || len(ticket.Privileges) != 0 {
			t.Errorf("got %+v", ticket)
		}
		if err := ticket.CheckTicket(time.Now()); err != nil {
			t.Error(err)
		}
		if life := ticket.ExpireAt - ticket.IssuedAt; life != 60 {
			t.Errorf("it is good for %d s", life)
		}
	}
}

func TestAdmin_Refused(t *testing.T) {
	check(t)
	s, cfg := newAdminServer(t)
	s.err = api.ToConnect(errno.InvalidParam.Detail("removeUser", "params.userId: ann is not in the room room1", nil))
	err := session.RemoveUser(t.Context(), cfg, "ann")
	var known *errno.Error
	if !errors.As(err, &known) || known.ErrMsg != "x-removeUser:fail params.userId: ann is not in the room room1" {
		t.Errorf("got %v", err)
	}
	s.err = api.ToConnect(errno.InvalidToken.In("endRoom"))
	if err := session.EndRoom(t.Context(), cfg); !errors.Is(err, errno.InvalidToken) {
		t.Errorf("got %v", err)
	}
	asked := len(s.tickets)
	cfg.RoomID = "a b"
	if err := session.EndRoom(t.Context(), cfg); !errors.Is(err, errno.InvalidParam) || len(s.tickets) != asked {
		t.Errorf("no room: got %v", err)
	}
	cfg.RoomID, cfg.Server = "room1", "http://127.0.0.1:1"
	if err := session.EndRoom(t.Context(), cfg); !errors.Is(err, errno.Failed) {
		t.Errorf("no server: got %v", err)
	}
}
