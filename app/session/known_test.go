package session_test

import (
	"errors"
	"net/http"
	"net/http/httptest"
	"testing"
	"testing/synctest"
	"time"

	"parlor/app/api"
	"parlor/app/errno"
	"parlor/app/session"
)

func TestKnown(t *testing.T) {
	check(t)
	tests := []struct {
		name   string
		answer http.HandlerFunc
		denied bool
	}{
		{"known", func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(http.StatusOK) }, false},
		{"unknown", func(w http.ResponseWriter, _ *http.Request) { http.Error(w, api.NoSuchApp, http.StatusNotFound) }, true},
		{"no such page", http.NotFound, false},
		{"a proxy's page", func(w http.ResponseWriter, _ *http.Request) { http.Error(w, api.NoSuchApp, http.StatusBadGateway) }, false},
		{"long page", func(w http.ResponseWriter, _ *http.Request) {
			http.Error(w, api.NoSuchApp+string(make([]byte, 1<<20)), http.StatusNotFound)
		}, false},
		{"broken", func(http.ResponseWriter, *http.Request) { panic(http.ErrAbortHandler) }, false},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			asked := ""
			server := httptest.NewUnstartedServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
				asked = r.URL.Path + " " + r.URL.Query().Get("app")
				tt.answer(w, r)
			}))
			server.Config.Protocols = session.NewTransport(nil).Protocols
			server.Start()
			defer server.Close()
			err := session.Known(t.Context(), server.URL, nil, "my app&x=1")
			if asked != "/healthz my app&x=1" {
				t.Errorf("asked for %q", asked)
			}
			if !tt.denied && err != nil {
				t.Errorf("got %v", err)
			}
			if tt.denied && (!errors.Is(err, errno.PlatformAuthDeny) || err.Error() != "createRtcRoomContext:fail platform auth deny") {
				t.Errorf("got %v", err)
			}
		})
	}
}

// Whoever has no server may make a context all the same.
func TestKnown_NetworkTrouble(t *testing.T) {
	check(t)
	for name, err := range map[string]error{
		"refused":    session.Known(t.Context(), "http://127.0.0.1:1", nil, "app"),
		"no URL":     session.Known(t.Context(), "::", nil, "app"),
		"no address": session.Known(t.Context(), "", nil, "app"),
	} {
		if err != nil {
			t.Errorf("%s: %v", name, err)
		}
	}
}

// silence is a network on which nobody answers.
type silence struct{}

func (silence) RoundTrip(r *http.Request) (*http.Response, error) {
	<-r.Context().Done()
	return nil, r.Context().Err()
}

func TestKnown_IsBounded(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		start := time.Now()
		if err := session.Known(t.Context(), "http://192.0.2.1", silence{}, "app"); err != nil {
			t.Error(err)
		}
		if took := time.Since(start); took != 2*time.Second { // of the bubble's clock
			t.Errorf("took %v", took)
		}
	})
}
