//go:build linux

package sfu_test

import (
	"context"
	_ "embed"
	"encoding/json"
	"errors"
	"io"
	"net/http"
	"net/http/httptest"
	"os/exec"
	"testing"
	"time"

	"parlor/media/sfu"
)

//go:embed testdata/chromium.html
var chromiumPage []byte

// TestChromium lets a browser publish and receive over two connections, add sections, switch what they carry, and close
// them. The page checks what it sees and hears.
func TestChromium(t *testing.T) {
	s := newSFU(t, sfu.Config{Listen: "127.0.0.1:0"})
	result := make(chan string, 1) // the page reports once
	peers := make(map[string]*sfu.Peer)
	for _, name := range []string{"alice", "bob"} {
		p, err := s.NewPeer(sfu.PeerConfig{Name: name})
		if err != nil {
			t.Fatal(err)
		}
		peers[name] = p
	}
	mux := http.NewServeMux()
	mux.HandleFunc("GET /", func(w http.ResponseWriter, r *http.Request) { _, _ = w.Write(chromiumPage) })
	mux.HandleFunc("POST /negotiate/{peer}", func(w http.ResponseWriter, r *http.Request) {
		var o sfu.Offer
		if err := json.NewDecoder(r.Body).Decode(&o); err != nil {
			http.Error(w, err.Error(), http.StatusBadRequest)
			return
		}
		answer, err := peers[r.PathValue("peer")].Negotiate(r.Context(), o)
		if err != nil {
			http.Error(w, err.Error(), http.StatusBadRequest)
			return
		}
		_, _ = io.WriteString(w, answer)
	})
	mux.HandleFunc("POST /result", func(w http.ResponseWriter, r *http.Request) {
		text, _ := io.ReadAll(r.Body)
		select {
		case result <- string(text):
		default:
		}
	})
	server := httptest.NewServer(mux)
	defer server.Close()

	ctx, cancel := context.WithTimeout(context.Background(), 2*time.Minute)
	defer cancel()
	browser := exec.CommandContext(ctx, "chromium", "--headless=new", "--allow-loopback-in-peer-connection", "--no-sandbox", "--disable-gpu", "--user-data-dir="+t.TempDir(),
		"--use-fake-device-for-media-stream", "--use-fake-ui-for-media-stream", "--autoplay-policy=no-user-gesture-required", server.URL)
	browser.WaitDelay = 5 * time.Second
	if err := browser.Start(); err != nil {
		t.Fatal(err)
	}
	defer func() {
		cancel()
		var exit *exec.ExitError
		if err := browser.Wait(); err != nil && !errors.As(err, &exit) && !errors.Is(err, context.Canceled) {
			t.Log(err)
		}
	}()
	select {
	case text := <-result:
		if text != "ok" {
			t.Error(text)
		}
	case <-ctx.Done():
		t.Error("the page did not report")
	}
	t.Logf("%+v", s.Stats())
}
