package api_test

import (
	"context"
	"errors"
	"io"
	"net/http/httptest"
	"strings"
	"testing"

	"connectrpc.com/connect"

	"parlor/app/api"
	"parlor/app/errno"
)

// refuser answers every Join with one error.
type refuser struct {
	api.UnimplementedRoomServiceHandler
	err error
}

func (r refuser) Join(context.Context, *api.JoinRequest) (*api.JoinResponse, error) {
	return nil, api.ToConnect(r.err)
}

// TestFromConnect_OverTheWire sends errors through a real server: kind and text arrive, causes do not.
func TestFromConnect_OverTheWire(t *testing.T) {
	tests := []struct {
		name string
		err  error
		kind *errno.Kind
		want string
	}{
		{"no verb", errno.InvalidToken.In("serverName", io.EOF), errno.InvalidToken, "joinRtcRoom:fail invalid token"},
		{"verbs", errno.AlreadyInRoom.In("serverName", "u", "r"), errno.AlreadyInRoom, "joinRtcRoom:fail user u is already in the room r"},
		{"detail", errno.InvalidParam.Detail("serverName", "no such mid 7", nil), errno.InvalidParam, "joinRtcRoom:fail no such mid 7"},
		{"an error of our own making", errors.New("secret path /etc"), errno.Failed, "joinRtcRoom:fail error code:-1001"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			_, handler := api.NewRoomServiceHandler(refuser{err: tt.err})
			server := httptest.NewServer(handler)
			defer server.Close()
			client := api.NewRoomServiceClient(server.Client(), server.URL)
			_, err := client.Join(t.Context(), &api.JoinRequest{})
			if err == nil {
				t.Fatal("no error arrived")
			}
			got := api.FromConnect("joinRtcRoom", err)
			if got.ErrMsg != tt.want || !errors.Is(got, tt.kind) {
				t.Errorf("got %q of kind %s, want %q of kind %s", got.ErrMsg, got.Kind().Name, tt.want, tt.kind.Name)
			}
			if errors.Is(got, io.EOF) || errors.Is(err, io.EOF) {
				t.Error("the cause crossed the wire")
			}
			var wire *connect.Error
			if errors.As(err, &wire) && tt.kind == errno.Failed && wire.Message() != "internal error" {
				t.Errorf("got message %q for an unknown error, want nothing of it", wire.Message())
			}
		})
	}
}

func TestCheckMessage(t *testing.T) {
	tests := []struct{ name, text, want string }{
		{"short", "a", ""},
		{"blank", " ", ""},
		{"longest", strings.Repeat("文", 1365) + "a", ""},
		{"empty", "", "x-sendMessage:fail params.text should not be empty"},
		{"long", strings.Repeat("文", 1365) + "ab", "x-sendMessage:fail params.text should be at most 4096 bytes, but has 4097"},
		{"no UTF-8", "a\xff", "x-sendMessage:fail params.text should be UTF-8"},
		{"cut in a character", "文"[:2], "x-sendMessage:fail params.text should be UTF-8"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			err := api.CheckMessage("x-sendMessage", tt.text)
			if (err == nil) != (tt.want == "") || err != nil && (err.Error() != tt.want || !errors.Is(err, errno.InvalidParam)) {
				t.Errorf("got %v, want %q", err, tt.want)
			}
		})
	}
}
