package server

import (
	"bytes"
	"compress/gzip"
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"runtime/debug"
	"time"

	"connectrpc.com/connect"

	"parlor/app/api"
	"parlor/app/errno"
)

// answer is the one interceptor: it limits the time of unary calls, catches panics, and makes of
// every error what may leave the process, under an id that the log has too.
type answer struct {
	timeout time.Duration
	metrics *metrics
	log     *slog.Logger
}

// WrapUnary implements connect.Interceptor.
func (a *answer) WrapUnary(next connect.UnaryFunc) connect.UnaryFunc {
	return func(ctx context.Context, req connect.AnyRequest) (_ connect.AnyResponse, err error) {
		ctx, cancel := context.WithTimeout(ctx, a.timeout)
		defer cancel()
		defer func() {
			if p := recover(); p != nil {
				err = a.caught(p)
			}
			err = a.wire(ctx, req.Spec().Procedure, err)
		}()
		return next(ctx, req)
	}
}

// WrapStreamingHandler implements connect.Interceptor.
func (a *answer) WrapStreamingHandler(next connect.StreamingHandlerFunc) connect.StreamingHandlerFunc {
	return func(ctx context.Context, conn connect.StreamingHandlerConn) (err error) {
		defer func() {
			if p := recover(); p != nil {
				err = a.caught(p)
			}
			err = a.wire(ctx, conn.Spec().Procedure, err)
		}()
		return next(ctx, conn)
	}
}

// WrapStreamingClient implements connect.Interceptor; there are no clients here.
func (a *answer) WrapStreamingClient(next connect.StreamingClientFunc) connect.StreamingClientFunc {
	return next
}

// caught makes an error of a panic. http.ErrAbortHandler is net/http's own and goes on.
func (a *answer) caught(p any) error {
	if p == http.ErrAbortHandler {
		panic(p)
	}
	a.metrics.panics.Inc()
	return fmt.Errorf("panic: %v\n%s", p, debug.Stack())
}

// wire logs the cause and returns what the client gets.
func (a *answer) wire(ctx context.Context, procedure string, err error) error {
	if err == nil {
		return nil
	}
	id := newID()
	wire := toWire(err)
	level := slog.LevelInfo
	switch wire.Code() {
	case connect.CodeInternal, connect.CodeUnknown:
		level = slog.LevelError
	case connect.CodeCanceled, connect.CodeAborted:
		level = slog.LevelDebug
	}
	a.log.Log(ctx, level, "call failed", "procedure", procedure, "request", id,
		"remote", requestOf(ctx).remote, "code", wire.Code(), "err", err)
	wire.Meta().Set("X-Request-Id", id)
	return wire
}

// toWire is api.ToConnect for the errors that only a server has: a refusal decides the code, and
// a call that was given up is no fault.
func toWire(err error) *connect.Error {
	var known *errno.Error
	var why *refusal
	switch {
	case errors.As(err, &why):
		text := why.text
		if errors.As(err, &known) {
			text = known.ErrMsg
		}
		wire := connect.NewError(why.code, errors.New(text))
		if known != nil {
			for _, detail := range api.ToConnect(known).Details() {
				wire.AddDetail(detail)
			}
		}
		return wire
	case errors.As(err, &known):
		return api.ToConnect(known)
	case errors.Is(err, context.Canceled):
		return connect.NewError(connect.CodeCanceled, context.Canceled)
	case errors.Is(err, context.DeadlineExceeded):
		return connect.NewError(connect.CodeDeadlineExceeded, context.DeadlineExceeded)
	}
	return api.ToConnect(err)
}

func errStopping(apiName string) error {
	return errno.Failed.In(apiName, errno.NativeServerStatus, &refusal{connect.CodeUnavailable, "the server is stopping"})
}

// options are those of every handler. Connect would inflate a whole bomb only to tell its size, so
// the decompressor stops by itself.
func (a *answer) options() []connect.HandlerOption {
	return []connect.HandlerOption{
		connect.WithInterceptors(a),
		connect.WithCompressMinBytes(1 << 10),
		connect.WithCompression("gzip",
			func() connect.Decompressor { return &boundedGzip{} },
			func() connect.Compressor { return gzip.NewWriter(io.Discard) }),
		connect.WithConditionalHandlerOptions(func(spec connect.Spec) []connect.HandlerOption {
			return []connect.HandlerOption{connect.WithReadMaxBytes(int(bodyLimit(spec.Procedure)))}
		}),
	}
}

// boundedGzip is a gzip reader that refuses to give more than any message may have.
type boundedGzip struct {
	gzip gzip.Reader
	left int64
}

// Read implements connect.Decompressor.
func (g *boundedGzip) Read(p []byte) (int, error) {
	if g.left <= 0 {
		return 0, connect.NewError(connect.CodeResourceExhausted, errors.New("message is too large when it is inflated"))
	}
	n, err := g.gzip.Read(p[:min(int64(len(p)), g.left)])
	g.left -= int64(n)
	return n, err
}

// Reset implements connect.Decompressor.
func (g *boundedGzip) Reset(r io.Reader) error {
	g.left = maxNegotiateBody + 1
	return g.gzip.Reset(r)
}

// Close implements connect.Decompressor.
func (g *boundedGzip) Close() error { return g.gzip.Close() }

// tooLarge answers a request whose body is over the limit, in the form of the Connect protocol.
func tooLarge(w http.ResponseWriter, limit int64) {
	var body bytes.Buffer
	fmt.Fprintf(&body, `{"code":"resource_exhausted","message":"the body is larger than %d bytes"}`, limit)
	w.Header().Set("Content-Type", "application/json")
	w.WriteHeader(http.StatusRequestEntityTooLarge)
	_, _ = w.Write(body.Bytes()) // nobody to tell when it fails
}
