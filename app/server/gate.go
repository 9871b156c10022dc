package server

import (
	"bytes"
	"context"
	"errors"
	"io"
	"net/http"
	"net/netip"
	"strings"
	"time"

	"connectrpc.com/connect"

	"parlor/app/api"
)

// Limits of requests, before and after inflating.
const (
	maxBody          = 64 << 10
	maxNegotiateBody = 256 << 10
	maxHeader        = 16 << 10
)

func bodyLimit(procedure string) int64 {
	if procedure == api.RoomServiceNegotiateProcedure {
		return maxNegotiateBody
	}
	return maxBody
}

// sessionless tells whether a call needs no session: its message says who makes it.
func sessionless(procedure string) bool {
	switch procedure {
	case api.RoomServiceJoinProcedure, api.AdminServiceRemoveUserProcedure, api.AdminServiceEndRoomProcedure:
		return true
	}
	return false
}

// request is what handlers know of a call beyond its message.
type request struct {
	caller  caller
	remote  netip.Addr
	control *http.ResponseController
}

type requestKey struct{}

// requestOf returns the call's request; the gate has put it there.
func requestOf(ctx context.Context) *request {
	if r, ok := ctx.Value(requestKey{}).(*request); ok {
		return r
	}
	return &request{}
}

// gate is what every RPC passes before its body is decoded: who calls, how much is sent, and how
// long that takes. Connect decodes first and intercepts later, so it cannot be an interceptor.
type gate struct {
	sessions *sessions
	bodyTime time.Duration
	errors   *connect.ErrorWriter
	next     http.Handler
}

// ServeHTTP implements http.Handler.
func (g *gate) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	call := &request{control: http.NewResponseController(w)}
	if at, err := netip.ParseAddrPort(r.RemoteAddr); err == nil {
		call.remote = at.Addr()
	}
	secret, _ := strings.CutPrefix(r.Header.Get("Authorization"), "Bearer ")
	known := false
	if secret != "" {
		call.caller, known = g.sessions.find(secret)
	}
	if !known && !sessionless(r.URL.Path) {
		w.Header().Set("WWW-Authenticate", "Bearer")
		_ = g.errors.Write(w, r, toWire(errNoSession)) // nobody to tell when it fails
		return
	}
	limit := bodyLimit(r.URL.Path)
	if r.ContentLength > limit {
		tooLarge(w, limit)
		return
	}
	body, err := g.read(w, r, call.control, limit)
	if err != nil {
		var over *http.MaxBytesError
		if errors.As(err, &over) {
			tooLarge(w, limit)
		} else { // too slow; who is gone does not see it
			http.Error(w, "the body did not arrive", http.StatusRequestTimeout)
		}
		return
	}
	r = r.WithContext(context.WithValue(r.Context(), requestKey{}, call))
	r.Body, r.ContentLength = io.NopCloser(bytes.NewReader(body)), int64(len(body))
	g.next.ServeHTTP(w, r)
}

// read takes the whole body. The deadline is taken back: it would end an event stream.
func (g *gate) read(w http.ResponseWriter, r *http.Request, control *http.ResponseController, limit int64) ([]byte, error) {
	if err := control.SetReadDeadline(time.Now().Add(g.bodyTime)); err != nil {
		return nil, err
	}
	body, err := io.ReadAll(http.MaxBytesReader(w, r.Body, limit))
	if err != nil {
		return nil, err
	}
	return body, control.SetReadDeadline(time.Time{})
}

// crossOrigin lets pages of any origin call: a session is a secret in a header, no cookie, so another
// page cannot use it.
func crossOrigin(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.Header.Get("Origin") != "" {
			h := w.Header()
			h.Set("Access-Control-Allow-Origin", "*")
			h.Set("Access-Control-Expose-Headers", "X-Request-Id, Grpc-Status, Grpc-Message, Grpc-Status-Details-Bin")
			if r.Method == http.MethodOptions && r.Header.Get("Access-Control-Request-Method") != "" {
				h.Set("Access-Control-Allow-Methods", "GET, POST")
				h.Set("Access-Control-Allow-Headers", "Authorization, Content-Type, Connect-Protocol-Version, "+
					"Connect-Timeout-Ms, Connect-Accept-Encoding, Connect-Content-Encoding, Grpc-Timeout, X-Grpc-Web, X-User-Agent")
				h.Set("Access-Control-Max-Age", "7200")
				w.WriteHeader(http.StatusNoContent)
				return
			}
		}
		next.ServeHTTP(w, r)
	})
}
