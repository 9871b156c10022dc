package room_test

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/http"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"parlor/app/errno"
	"parlor/app/room"
	"parlor/app/session"
	"parlor/app/token"
)

// texts are the messages told so far, "id user text" with "!" for missed ones.
func (u *user) texts() (list []string) {
	u.mu.Lock()
	defer u.mu.Unlock()
	for _, e := range u.events {
		if e, ok := e.(room.MessageReceived); ok {
			missed := ""
			if e.Missed {
				missed = "!"
			}
			list = append(list, fmt.Sprintf("%d %s %s%s", e.Message.ID, e.Message.UserID, e.Message.Text, missed))
		}
	}
	return list
}

func text(words string) func(room.Event) bool {
	return is(func(e room.MessageReceived) bool { return e.Message.Text == words })
}

// cable is a network connection that can be pulled out.
type cable struct {
	*http.Transport

	mu    sync.Mutex
	in    chan struct{} // closed while it is plugged in
	conns []net.Conn
}

func newCable(t *testing.T) *cable {
	c := &cable{in: make(chan struct{})}
	close(c.in)
	c.Transport = session.NewTransport(func(ctx context.Context, network, addr string) (net.Conn, error) {
		c.mu.Lock()
		in := c.in
		c.mu.Unlock()
		select {
		case <-in:
		case <-ctx.Done():
			return nil, ctx.Err()
		}
		var dialer net.Dialer
		conn, err := dialer.DialContext(ctx, network, addr)
		if err == nil {
			c.mu.Lock()
			c.conns = append(c.conns, conn)
			c.mu.Unlock()
		}
		return conn, err
	})
	t.Cleanup(c.CloseIdleConnections)
	return c
}

func (c *cable) pull() {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.in = make(chan struct{})
	for _, conn := range c.conns {
		conn.Close()
	}
	c.conns = nil
}

func (c *cable) plug() {
	c.mu.Lock()
	defer c.mu.Unlock()
	close(c.in)
}

// TestContext_SendMessage: everybody is told everything once and in one order.
func TestContext_SendMessage(t *testing.T) {
	check(t)
	s := newServer(t, "127.0.0.1:0", "127.0.0.1:0")
	a, b := newUser(t, s.URL(), nil), newUser(t, s.URL(), nil)
	ctx := t.Context()
	if _, err := a.SendMessage(ctx, "early"); errno.As("", err).Text() != "user is not in a room" {
		t.Errorf("outside a room: got %v", err)
	}
	a.join(t, "r", "a")
	for _, tt := range []struct{ text, want string }{
		{"", "params.text should not be empty"},
		{strings.Repeat("x", room.MaxMessage+1), "params.text should be at most 4096 bytes, but has 4097"},
		{"\xff", "params.text should be UTF-8"},
	} {
		if _, err := a.SendMessage(ctx, tt.text); !errors.Is(err, errno.InvalidParam) || errno.As("", err).ErrMsg != "x-sendMessage:fail "+tt.want {
			t.Errorf("%.10q: got %v", tt.text, err)
		}
	}
	if _, err := a.SendMessage(ctx, "before b"); err != nil {
		t.Fatal(err)
	}
	b.join(t, "r", "b")
	before := time.Now().Add(-time.Minute)
	sent, err := a.SendMessage(ctx, "你好 "+strings.Repeat("x", 4000))
	if err != nil || sent.UserID != "a" || sent.ID == 0 || sent.SentAt.Before(before) {
		t.Fatalf("sent %+v, %v", sent, err)
	}
	b.await(0, text(sent.Text))
	if _, err := b.SendMessage(ctx, "answer"); err != nil {
		t.Fatal(err)
	}
	b.await(0, text("answer"))
	a.await(0, text("answer"))
	want := []string{"2 a " + sent.Text, "3 b answer"}
	if diff := cmp.Diff(want, b.texts()); diff != "" {
		t.Errorf("b was told (-want +got):\n%s", diff)
	}
	if diff := cmp.Diff(append([]string{"1 a before b"}, want...), a.texts()); diff != "" {
		t.Errorf("a was told (-want +got):\n%s", diff)
	}
	a.Close()
	if _, err := a.SendMessage(context.Background(), "late"); !errors.Is(err, errno.EngineDestroyed) {
		t.Errorf("destroyed: got %v", err)
	}
}

// TestContext_MessagesMissed: what was written while the network was away comes once it is back, marked, and nothing comes twice;
// after a restart of the server, whose numbers begin again, everything comes as well.
func TestContext_MessagesMissed(t *testing.T) {
	check(t)
	s := newServer(t, "127.0.0.1:0", "127.0.0.1:0")
	line := newCable(t)
	a, b := newUser(t, s.URL(), nil), newUser(t, s.URL(), func(cfg *room.Config) { cfg.Transport = line })
	write := func(words string) {
		t.Helper()
		if _, err := a.SendMessage(t.Context(), words); err != nil {
			t.Fatal(err)
		}
	}
	a.join(t, "r", "a")
	b.join(t, "r", "b")
	write("one")
	b.await(0, text("one"))
	line.pull()
	n := b.await(0, is(func(e room.ConnectionChanged) bool { return e.State == room.Reconnecting }))
	write("two")
	write("three")
	line.plug()
	b.RetryNow()
	n = b.await(n, text("three"))
	write("four")
	b.await(n, text("four"))

	s.Close()
	n = b.await(n, is(func(e room.ConnectionChanged) bool { return e.State == room.Reconnecting }))
	m := a.await(0, is(func(e room.ConnectionChanged) bool { return e.State == room.Reconnecting }))
	newServer(t, s.HTTPAddr().String(), s.UDPAddr().String())
	a.RetryNow()
	b.RetryNow()
	a.await(m, is(func(e room.Joined) bool { return e.Rejoined }))
	b.await(n, is(func(e room.Joined) bool { return e.Rejoined }))
	write("five")
	b.await(n, text("five"))
	want := []string{"1 a one", "2 a two!", "3 a three!", "4 a four", "1 a five"}
	if diff := cmp.Diff(want, b.texts()); diff != "" {
		t.Errorf("b was told (-want +got):\n%s", diff)
	}
}

// TestContext_TokenChanged: what the token allows is told at the join and after an update that changes it.
func TestContext_TokenChanged(t *testing.T) {
	check(t)
	s := newServer(t, "127.0.0.1:0", "127.0.0.1:0")
	u := newUser(t, s.URL(), nil)
	now := time.Unix(time.Now().Unix(), 0)
	at := func(d time.Duration) uint32 { return uint32(now.Add(d).Unix()) }
	first := mint(t, "r", "u", func(tok *token.AccessToken) {
		tok.ExpireAt = at(2 * time.Hour)
		tok.Privileges = map[token.Privilege]uint32{token.PublishAudio: at(time.Hour), token.SubscribeStream: 0}
	})
	if err := u.Join(t.Context(), room.JoinOptions{RoomID: "r", UserID: "u", Token: first}); err != nil {
		t.Fatal(err)
	}
	forever := mint(t, "r", "u", func(tok *token.AccessToken) {
		tok.ExpireAt = 0
		tok.Privileges = map[token.Privilege]uint32{token.PublishStream: 0}
	})
	if err := u.UpdateToken(t.Context(), forever); err != nil {
		t.Fatal(err)
	}
	u.await(0, is(func(e room.TokenChanged) bool { return e.ExpireAt.IsZero() }))
	var got []room.TokenChanged
	for _, e := range u.events {
		if e, ok := e.(room.TokenChanged); ok {
			got = append(got, e)
		}
	}
	want := []room.TokenChanged{
		{ExpireAt: now.Add(2 * time.Hour), PublishAudio: true, Subscribe: true, PublishAudioUntil: now.Add(time.Hour), SubscribeUntil: now.Add(2 * time.Hour)},
		{PublishAudio: true, PublishVideo: true},
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("told (-want +got):\n%s", diff)
	}
}
