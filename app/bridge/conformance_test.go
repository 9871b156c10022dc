package bridge

import (
	"encoding/json"
	"fmt"
	"log/slog"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/pion/transport/v4/test"

	"parlor/app/room"
	"parlor/app/server"
	"parlor/app/session"
	"parlor/app/token"
	"parlor/media"
	"parlor/media/clip"
	"parlor/media/mediatest"
)

const (
	appID    = "0123456789abcdef01234567"
	appKey   = "testappkey0123456789abcdef012345"
	otherApp = "76543210fedcba9876543210"
	// sampleApp and sampleToken are those of the updateToken document.
	sampleApp   = "5dc114b50538d600388f7b18"
	sampleToken = "0015dc114b50538d600388f7b18PgDxNOADsJDmYTDL72EDADAwMgUAdXNlcjcGAAAAMMvvYQEAMMvvYQIAMMvvYQMAMMvvYQQAMMvvYQUAMMvvYSAAYUqG/tHPKk44g5iN6UQFcQugzPDX7ryKQ2Qiu0V/EmA="
)

// fixture is a real server, for real clients.
type fixture struct {
	*server.Server
	url string
}

func newFixture(t *testing.T, limits server.Limits) *fixture {
	t.Helper()
	s, err := server.New(server.Config{
		Apps: map[string]string{appID: appKey, otherApp: appKey, sampleApp: appKey}, Limits: limits, Log: slog.New(slog.DiscardHandler),
	})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { s.Close() })
	return &fixture{Server: s, url: s.URL()}
}

// client is one more client of the server, without a context. It sends built-in clips and shows nothing.
func (f *fixture) client(t *testing.T) *client {
	return f.clientWith(t, media.Kit{Devices: clip.Builtin(0)})
}

// seeing is a client with a context that encodes and shows pictures of one colour.
func (f *fixture) seeing(t *testing.T) (*client, *mediatest.Devices) {
	kit := mediatest.Kit()
	c := f.clientWith(t, kit)
	c.create()
	return c, kit.Devices.(*mediatest.Devices)
}

func (f *fixture) clientWith(t *testing.T, kit media.Kit) *client {
	t.Helper()
	transport := session.NewTransport(nil)
	c := &client{t: t, harness: &harness{more: make(chan struct{})}}
	c.Bridge = New(Config{
		Room:    room.Config{Server: f.url, Kit: kit, Transport: transport, Log: slog.New(slog.DiscardHandler)},
		Emit:    c.emit,
		OnEvent: c.hear,
	})
	t.Cleanup(func() {
		c.Close()
		transport.CloseIdleConnections()
	})
	return c
}

// created is a client with a context.
func (f *fixture) created(t *testing.T) *client {
	c := f.client(t)
	c.create()
	return c
}

// create makes the context.
func (c *client) create() {
	c.t.Helper()
	c.want("createRtcRoomContext", object{"appId": appID}, `{"id":7,"ok":true}`)
}

// joined is a client in a room.
func (f *fixture) joined(t *testing.T, roomID, userID string) *client {
	c := f.created(t)
	c.ok("joinRtcRoom", join(roomID, userID))
	return c
}

// client is a harness over a real room.Context.
type client struct {
	*harness
	t    *testing.T
	told []room.Event // under mu; changes are told by more
}

func (c *client) hear(e room.Event) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.told = append(c.told, e)
	close(c.more)
	c.more = make(chan struct{})
}

// until waits until what has come so far is as a row wants it.
func (c *client) until(want string, done func(lines []string, told []room.Event) bool) {
	c.t.Helper()
	limit := time.After(20 * time.Second)
	for {
		c.mu.Lock()
		ok, more := done(c.lines, c.told), c.more
		c.mu.Unlock()
		if ok {
			return
		}
		select {
		case <-more:
		case <-limit:
			c.t.Fatalf("never came: %s", want)
		}
	}
}

// hears waits for an event of the SDK.
func hears[E room.Event](c *client, is func(E) bool) {
	c.t.Helper()
	c.until(fmt.Sprintf("%T", *new(E)), func(_ []string, told []room.Event) bool {
		return slices.ContainsFunc(told, func(e room.Event) bool {
			want, ok := e.(E)
			return ok && is(want)
		})
	})
}

// event waits for a line of an event, whatever comes later.
func (c *client) event(name, payload string) {
	c.t.Helper()
	line := fmt.Sprintf(`{"event":%q,"res":%s}`, name, payload)
	c.until(line, func(lines []string, _ []room.Event) bool { return slices.Contains(lines, line) })
}

// call makes a call, waits for its end and returns its lines.
func (c *client) call(method string, params any) []string {
	c.t.Helper()
	line, err := json.Marshal(map[string]any{"id": 7, "method": method, "params": params})
	if err != nil {
		c.t.Fatal(err)
	}
	var own []string
	for _, l := range c.script(c.t, string(line)) {
		if strings.HasPrefix(l, `{"id":7,`) {
			own = append(own, l)
		}
	}
	return own
}

// want makes a call and compares its lines.
func (c *client) want(method string, params any, want ...string) {
	c.t.Helper()
	if got := c.call(method, params); !slices.Equal(got, want) {
		c.t.Errorf("%s: got\n%s\nwant\n%s", method, strings.Join(got, "\n"), strings.Join(want, "\n"))
	}
}

// ok makes a call that has to succeed: success, then complete, with the documented text.
func (c *client) ok(method string, params any) {
	c.t.Helper()
	res := fmt.Sprintf(`{"errMsg":"%s:ok"}`, method)
	c.want(method, params, `{"id":7,"callback":"success","res":`+res+`}`, `{"id":7,"callback":"complete","res":`+res+`}`)
}

// fail makes a call that has to fail: fail, then complete, with the documented object.
func (c *client) fail(method string, params any, text string, errNo, errorCode int, errorType string) {
	c.t.Helper()
	quoted, err := json.Marshal(method + ":fail " + text)
	if err != nil {
		c.t.Fatal(err)
	}
	res := fmt.Sprintf(`{"errMsg":%s,"errNo":%d,"errorCode":%d,"errorType":"%s"}`, quoted, errNo, errorCode, errorType)
	c.want(method, params, `{"id":7,"callback":"fail","res":`+res+`}`, `{"id":7,"callback":"complete","res":`+res+`}`)
}

// destroyed makes a call on a context that is gone.
func (c *client) destroyed(method string, params any) {
	c.t.Helper()
	c.fail(method, params, "engine has been destroyed,please invoke tt.createRtcRoomContext create new engine", 21102, 115910, "D")
}

// latest waits until the last line of an event carries the payload.
func (c *client) latest(event, payload string) {
	c.t.Helper()
	line := fmt.Sprintf(`{"event":%q,"res":%s}`, event, payload)
	prefix := fmt.Sprintf(`{"event":%q,`, event)
	c.until("as the last one "+line, func(lines []string, _ []room.Event) bool {
		for _, l := range slices.Backward(lines) {
			if strings.HasPrefix(l, prefix) {
				return l == line
			}
		}
		return false
	})
}

// came reports whether an event came at any time with the payload.
func (c *client) came(event, payload string) bool {
	c.mu.Lock()
	defer c.mu.Unlock()
	return slices.Contains(c.lines, fmt.Sprintf(`{"event":%q,"res":%s}`, event, payload))
}

type object = map[string]any

func join(roomID, userID string) object {
	return object{"roomId": roomID, "userId": userID, "token": ticket(appID, roomID, userID)}
}

// with is p with one more or another parameter.
func with(p object, name string, value any) object {
	p[name] = value
	return p
}

// publish and subscribe are the parameters of the calls of that name.
func publish(state int, streamType any) object {
	return object{"state": state, "streamType": streamType}
}

func subscribe(state int, user, streamType any) object {
	return object{"state": state, "userId": user, "streamType": streamType}
}

func state(n any) object { return object{"state": n} }

func without(p object, name string) object {
	delete(p, name)
	return p
}

// ticket is a token for an hour with all privileges.
func ticket(app, roomID, userID string) string {
	return ticketUntil(app, roomID, userID, in(time.Hour))
}

// ticketUntil is a token with all privileges.
func ticketUntil(app, roomID, userID string, end uint32) string {
	return sign(&token.AccessToken{AppID: app, RoomID: roomID, UserID: userID, ExpireAt: end}, token.PublishStream, token.SubscribeStream)
}

// ticketFor is a token for an hour with these privileges.
func ticketFor(roomID, userID string, privileges map[token.Privilege]uint32) string {
	return sign(&token.AccessToken{AppID: appID, RoomID: roomID, UserID: userID, ExpireAt: in(time.Hour), Privileges: privileges})
}

// in is a time in Unix seconds.
func in(d time.Duration) uint32 { return uint32(time.Now().Add(d).Unix()) }

func sign(t *token.AccessToken, privileges ...token.Privilege) string {
	for _, p := range privileges {
		t.AddPrivilege(p, t.ExpireAt)
	}
	text, err := t.Sign(appKey)
	if err != nil {
		panic(err) // a mistake in the test
	}
	return text
}

// row checks one row of the documents.
type row func(t *testing.T, f *fixture)

// ranges are the rows of the room API; each must have a case.
var ranges = []struct {
	prefix   string
	from, to int
}{{"R", 1, 85}, {"N", 1, 55}, {"E", 1, 8}, {"T", 20, 32}, {"X", 30, 41}}

func rowIDs() (ids []string) {
	for _, r := range ranges {
		for i := r.from; i <= r.to; i++ {
			ids = append(ids, fmt.Sprintf("%s-%d", r.prefix, i))
		}
	}
	return ids
}

// rows are the cases by row.
func rows(t *testing.T) map[string]row {
	all := make(map[string]row)
	for _, part := range []map[string]row{
		createRows(), joinRows(), joinFailRows(), joinErrorRows(), joinCodeRows(), exitRows(), tokenRows(), tokenFailRows(),
		pageRows(), pageStateRows(), pageListRows(), pageViewRows(), guideRows(), flowRows(), listRows(),
		microphoneRows(), cameraRows(), publishRows(), subscribeRows(), screenSubscribeRows(), deviceRows(), encoderRows(),
		tileRows(), tileErrorRows(), payloadRows(), stateRows(), offRows(),
		nativeRows(), codeRows(), admissionRows(), lifeRows(), renewalRows(), readingRows(), tokenReadingRows(),
	} {
		for id, r := range part {
			if all[id] != nil {
				t.Errorf("row %s has two cases", id)
			}
			all[id] = r
		}
	}
	return all
}

// TestConformance goes through the rows of the documents, in their order, against a real server: one subtest per row, with its literals
// written out. What no test of the API can reach says so in its log.
func TestConformance(t *testing.T) {
	report, limit := test.CheckRoutines(t), test.TimeOut(5*time.Minute)
	t.Cleanup(func() { report(); limit.Stop() })
	f := newFixture(t, server.Limits{})
	all := rows(t)
	for _, id := range rowIDs() {
		t.Run(id, func(t *testing.T) {
			r := all[id]
			if r == nil {
				t.Fatal("this row has no case")
			}
			r(t, f)
		})
		delete(all, id)
	}
	for id := range all {
		t.Errorf("row %s is none of the documents", id)
	}
}

// elsewhere notes what a row says of the page, and which test holds it.
func elsewhere(t *testing.T, what, where string) { t.Logf("%s: %s", what, where) }

// fakeClient has a context whose method fails as no desktop can make it fail.
func fakeClient(t *testing.T, method string, err error) *client {
	c := &client{t: t, harness: newHarness(t, func(r *fakeRoom) { r.fails[method] = err })}
	c.want("createRtcRoomContext", object{"appId": appID}, `{"id":7,"ok":true}`)
	return c
}

// stats is x-stats, with the counters.
func (c *client) stats() Stats {
	c.t.Helper()
	var line struct{ Res Stats }
	if got := c.call("x-stats", nil); len(got) != 1 || json.Unmarshal([]byte(got[0]), &line) != nil {
		c.t.Fatalf("x-stats: %q", got)
	}
	return line.Res
}

// receives waits until so many frames of a user's camera (kind video) or packets of its microphone (audio) came.
func (c *client) receives(user, kind string, n uint64) {
	c.t.Helper()
	c.receivesFrom(user, map[string]string{"video": "camera", "audio": "microphone"}[kind], n)
}

func (c *client) receivesFrom(user, source string, n uint64) {
	c.t.Helper()
	tick := time.NewTicker(20 * time.Millisecond)
	defer tick.Stop()
	limit := time.After(30 * time.Second)
	for {
		for _, r := range c.stats().Remote {
			if r.UserID == user && r.Source == source && (r.Frames >= n || r.Kind == "audio" && r.Packets >= n) {
				return
			}
		}
		select {
		case <-tick.C:
		case <-limit:
			c.t.Fatalf("never received %d of %s's %s: %+v", n, user, source, c.stats())
		}
	}
}

// withoutDevices is a client with a context on a machine that has no camera and no microphone.
func (f *fixture) withoutDevices(t *testing.T) *client {
	c := f.clientWith(t, media.Kit{Devices: clip.FileDevices("", "")})
	c.create()
	return c
}
