package bots_test

import (
	"context"
	"log/slog"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/pion/transport/v4/test"

	"parlor/app/bots"
	"parlor/app/room"
	"parlor/app/server"
	"parlor/app/session"
	"parlor/app/token"
	"parlor/media"
	"parlor/media/clip"
)

const (
	appID  = "0123456789abcdef01234567"
	appKey = "testappkey0123456789abcdef012345"
)

func startServer(t *testing.T) *server.Server {
	t.Helper()
	s, err := server.New(server.Config{
		Listen: "127.0.0.1:0", UDP: "127.0.0.1:0", Apps: map[string]string{appID: appKey}, Log: slog.New(slog.DiscardHandler),
	})
	if err != nil {
		t.Fatal(err)
	}
	return s
}

func config(s *server.Server, count int) bots.Config {
	return bots.Config{Server: s.URL(), AppID: appID, AppKey: appKey, Room: "r", Count: count, Log: slog.New(slog.DiscardHandler)}
}

// guest joins the bots' room as a person.
func guest(t *testing.T, s *server.Server, user string) (c *room.Context, leave func()) {
	t.Helper()
	transport := session.NewTransport(nil)
	c, err := room.New(room.Config{Server: s.URL(), AppID: appID, Transport: transport, Log: slog.New(slog.DiscardHandler)})
	if err != nil {
		t.Fatal(err)
	}
	leave = func() {
		c.Close()
		transport.CloseIdleConnections()
	}
	text, err := token.Mint(token.MintOptions{AppID: appID, AppKey: appKey, RoomID: "r", UserID: user, TTL: time.Minute})
	if err == nil {
		err = c.Join(t.Context(), room.JoinOptions{RoomID: "r", UserID: user, Token: text})
	}
	if err != nil {
		leave()
		t.Fatal(err)
	}
	return c, leave
}

func TestRun(t *testing.T) {
	defer test.CheckRoutines(t)()
	defer test.TimeOut(time.Minute).Stop()
	s := startServer(t)
	defer s.Close()
	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	cfg := config(s, 3)
	joined := make(chan string, 3) // one per bot
	cfg.OnBot = func(r bots.Report) {
		if !r.Joined {
			t.Errorf("%s did not join: %s", r.UserID, r.Error)
		}
		joined <- r.UserID
	}
	ended := make(chan bots.Summary, 1)
	go func() {
		summary, err := bots.Run(ctx, cfg)
		if err != nil {
			t.Error(err)
		}
		ended <- summary
	}()
	users := []string{<-joined, <-joined, <-joined}
	slices.Sort(users)
	if want := []string{"bot1", "bot2", "bot3"}; !slices.Equal(users, want) {
		t.Errorf("joined: %q, want %q", users, want)
	}
	c, leave := guest(t, s, "guest")
	defer leave()
	tick := time.NewTicker(20 * time.Millisecond)
	defer tick.Stop()
	for sending := 0; sending < 6; { // a camera and a microphone of each
		<-tick.C
		sending = 0
		for _, r := range c.Stats().Remote {
			if r.Packets > 10 && (r.Source == media.Microphone || r.KeyFrames > 0) {
				sending++
			}
		}
	}
	cancel()
	summary := <-ended
	if summary.Bots != 3 || summary.Joined != 3 || summary.Removed != 0 || summary.PacketsSent == 0 || summary.PacketsReceived == 0 {
		t.Errorf("summary %+v", summary)
	}
}

// TestRun_Removed: a bot whose user logs in elsewhere is out, and the run ends with its last bot.
func TestRun_Removed(t *testing.T) {
	defer test.CheckRoutines(t)()
	defer test.TimeOut(time.Minute).Stop()
	s := startServer(t)
	defer s.Close()
	cfg := config(s, 1)
	cfg.Prefix = "robot"
	cfg.Devices = func(int) media.Devices { return clip.FileDevices("", "") } // nothing to send
	joined := make(chan bots.Report, 1)
	cfg.OnBot = func(r bots.Report) { joined <- r }
	ended := make(chan bots.Summary, 1)
	go func() {
		summary, err := bots.Run(t.Context(), cfg)
		if err != nil {
			t.Error(err)
		}
		ended <- summary
	}()
	if r := <-joined; !r.Joined || r.UserID != "robot1" {
		t.Fatalf("report %+v", r)
	}
	_, leave := guest(t, s, "robot1")
	defer leave()
	if got, want := <-ended, (bots.Summary{Bots: 1, Joined: 1, Removed: 1}); got != want {
		t.Errorf("summary %+v, want %+v", got, want)
	}
}

func TestRun_Fails(t *testing.T) {
	defer test.CheckRoutines(t)()
	defer test.TimeOut(time.Minute).Stop()
	s := startServer(t)
	defer s.Close()
	tests := []struct {
		name   string
		change func(*bots.Config)
		want   string
	}{
		{"count", func(c *bots.Config) { c.Count = 0 }, "bots: count is 0, want 1 or more"},
		{"key", func(c *bots.Config) { c.AppKey = "wrong" }, "2 of 2 bots did not join: joinRtcRoom:fail invalid token"},
		{"app", func(c *bots.Config) { c.AppID = "" }, "2 of 2 bots did not join: createRtcRoomContext:fail params invalid"},
		{"room", func(c *bots.Config) { c.Room = "a room" }, "2 of 2 bots did not join: "},
		{"server", func(c *bots.Config) { c.Server = "http://127.0.0.1:1" }, "2 of 2 bots did not join: joinRtcRoom:fail error code:-1001"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			cfg := config(s, 2)
			tt.change(&cfg)
			summary, err := bots.Run(t.Context(), cfg)
			if err == nil || !strings.HasPrefix(err.Error(), tt.want) || summary.Joined != 0 {
				t.Errorf("got %+v, %v; want %s", summary, err, tt.want)
			}
		})
	}
	t.Run("end before the join", func(t *testing.T) {
		ctx, cancel := context.WithCancel(t.Context())
		cancel()
		if summary, err := bots.Run(ctx, config(s, 2)); err != nil || summary.Joined != 0 {
			t.Errorf("got %+v, %v; want nobody and no error", summary, err)
		}
	})
}
