package session

import (
	"context"
	"net"
	"net/http"
	"time"

	"connectrpc.com/connect"
)

// NewTransport returns the HTTP transport of a Session: HTTP/2 with and without TLS, pings that
// find a dead server within ten seconds, and keep-alive. dial may be nil.
func NewTransport(dial func(ctx context.Context, network, addr string) (net.Conn, error)) *http.Transport {
	if dial == nil {
		dialer := &net.Dialer{Timeout: 5 * time.Second, KeepAlive: 15 * time.Second}
		dial = dialer.DialContext
	}
	protocols := new(http.Protocols)
	protocols.SetHTTP2(true)
	protocols.SetUnencryptedHTTP2(true)
	return &http.Transport{
		DialContext:         dial,
		Protocols:           protocols,
		HTTP2:               &http.HTTP2Config{SendPingTimeout: 5 * time.Second, PingTimeout: 5 * time.Second},
		TLSHandshakeTimeout: 5 * time.Second,
		IdleConnTimeout:     30 * time.Second,
		MaxIdleConns:        4, // one server; more are closed when idle
	}
}

// orOwn returns the transport, or one of our own when it is nil; done lets go of the connections of that one.
func orOwn(transport http.RoundTripper) (_ http.RoundTripper, done func()) {
	if transport != nil {
		return transport, func() {}
	}
	own := NewTransport(nil)
	return own, own.CloseIdleConnections
}

// bearerInterceptor adds the session's secret to every call once there is one.
type bearerInterceptor struct{ s *Session }

func (b bearerInterceptor) set(h http.Header) {
	b.s.mu.Lock()
	defer b.s.mu.Unlock()
	if b.s.bearer != "" {
		h.Set("Authorization", "Bearer "+b.s.bearer)
	}
}

// WrapUnary implements connect.Interceptor.
func (b bearerInterceptor) WrapUnary(next connect.UnaryFunc) connect.UnaryFunc {
	return func(ctx context.Context, r connect.AnyRequest) (connect.AnyResponse, error) {
		b.set(r.Header())
		return next(ctx, r)
	}
}

// WrapStreamingClient implements connect.Interceptor.
func (b bearerInterceptor) WrapStreamingClient(next connect.StreamingClientFunc) connect.StreamingClientFunc {
	return func(ctx context.Context, spec connect.Spec) connect.StreamingClientConn {
		conn := next(ctx, spec)
		b.set(conn.RequestHeader())
		return conn
	}
}

// WrapStreamingHandler implements connect.Interceptor; a client has no handlers.
func (b bearerInterceptor) WrapStreamingHandler(next connect.StreamingHandlerFunc) connect.StreamingHandlerFunc {
	return next
}
