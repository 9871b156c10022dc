package session

import (
	"context"
	"io"
	"net/http"
	"net/url"
	"strings"
	"time"

	"parlor/app/api"
	"parlor/app/errno"
)

// knownTimeout bounds Known: whoever makes a context waits for it.
const knownTimeout = 2 * time.Second

// Known asks the server whether it knows the app. The error is errno.PlatformAuthDeny when the server says that it does
// not, and nil in any other case: a context may be made while no server is in reach. A nil transport is one that is made for
// the call. It returns after 2 s at the latest.
func Known(ctx context.Context, server string, transport http.RoundTripper, appID string) error {
	ctx, cancel := context.WithTimeout(ctx, knownTimeout)
	defer cancel()
	request, err := http.NewRequestWithContext(ctx, http.MethodGet, server+"/healthz?app="+url.QueryEscape(appID), nil)
	if err != nil {
		return nil // no URL of any server
	}
	transport, done := orOwn(transport)
	defer done()
	reply, err := transport.RoundTrip(request)
	if err != nil {
		return nil
	}
	defer reply.Body.Close()
	// Any server, or something between, may have no such page; this one has no such app.
	body, err := io.ReadAll(io.LimitReader(reply.Body, 2*int64(len(api.NoSuchApp))))
	if err != nil || reply.StatusCode != http.StatusNotFound || strings.TrimSpace(string(body)) != api.NoSuchApp {
		return nil
	}
	return errno.PlatformAuthDeny.In("createRtcRoomContext")
}
