package server

import (
	"encoding/base32"
	"errors"
	"fmt"
	"log/slog"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	natsserver "github.com/nats-io/nats-server/v2/server"
	"github.com/nats-io/nats.go"
	"google.golang.org/protobuf/proto"

	"parlor/app/api"
)

const (
	natsReadyTimeout = 5 * time.Second // an embedded start takes 8-21 ms
	natsPing         = 2 * time.Second // two without an answer: the server hangs
	natsReconnect    = 500 * time.Millisecond
	natsMaxPayload   = 64 << 10 // the largest event is a message: below 5 KiB
)

// bus carries events from the loops of the rooms to the event streams: NATS core subjects, in
// process or on a cluster. It has one connection for both directions: a subscription that was
// made before a publication on the same connection is sure to get it, without a flush between.
type bus struct {
	log    *slog.Logger
	server *natsserver.Server // nil with an external cluster
	conn   *nats.Conn
	silent atomic.Bool // the last publication failed, which was logged

	mu    sync.Mutex
	feeds map[*nats.Subscription]*feed
}

// newBus starts the embedded server, or connects to the cluster at urls.
func newBus(node string, urls []string, log *slog.Logger) (*bus, error) {
	b := &bus{log: log, feeds: make(map[*nats.Subscription]*feed)}
	options := []nats.Option{
		nats.Name("parlord " + node),
		nats.MaxReconnects(-1),
		nats.ReconnectWait(natsReconnect),
		nats.PingInterval(natsPing),
		nats.MaxPingsOutstanding(2),
		nats.ErrorHandler(b.onError),
		nats.DisconnectErrHandler(b.onDisconnect),
	}
	target := strings.Join(urls, ",")
	if len(urls) == 0 {
		if err := b.embed(node); err != nil {
			return nil, err
		}
		options = append(options, nats.InProcessServer(b.server))
		target = nats.DefaultURL // ignored: the connection is a pipe
	}
	conn, err := nats.Connect(target, options...)
	if err != nil {
		b.stopEmbedded()
		return nil, fmt.Errorf("connect to NATS: %w", err)
	}
	b.conn = conn
	return b, nil
}

// embed starts a NATS server that nobody outside can reach. No JetStream: nothing here needs to be
// remembered, a client that missed something starts again from a snapshot.
func (b *bus) embed(node string) error {
	server, err := natsserver.NewServer(&natsserver.Options{
		ServerName: "parlor-" + node,
		DontListen: true, // right for a single node only: with a cluster port, routes never start
		NoSigs:     true,
		MaxPayload: natsMaxPayload,
	})
	if err != nil {
		return fmt.Errorf("embedded NATS: %w", err)
	}
	server.SetLoggerV2(natsLog{b.log}, false, false, false)
	server.Start()
	b.server = server
	if !server.ReadyForConnections(natsReadyTimeout) {
		b.stopEmbedded()
		return errors.New("embedded NATS: not ready after 5 s")
	}
	return nil
}

func (b *bus) stopEmbedded() {
	if b.server != nil {
		b.server.Shutdown()
		b.server.WaitForShutdown()
	}
}

// publish sends an event to the subject's subscribers. It does not block: the connection has a
// buffer, and what a subscriber misses is found by the gap in seq.
func (b *bus) publish(subject string, ev *api.Event) {
	data, err := proto.Marshal(ev)
	if err == nil {
		err = b.conn.Publish(subject, data)
	}
	if failed := err != nil && !errors.Is(err, nats.ErrConnectionClosed); failed != b.silent.Swap(failed) && failed {
		b.log.Error("events are not published", "subject", subject, "err", err)
	}
}

// feed is what one event stream receives: the messages of its subjects in the order of their
// publication.
type feed struct {
	bus      *bus
	subs     []*nats.Subscription
	messages chan *nats.Msg
	broken   chan struct{} // closed when messages were or may have been lost
	once     sync.Once
}

// subscribe starts a feed that holds up to pending messages; one more breaks it.
func (b *bus) subscribe(pending int, subjects ...string) (*feed, error) {
	f := &feed{
		bus: b,
		// Full: NATS drops the message and tells onError, which breaks the feed.
		messages: make(chan *nats.Msg, pending),
		broken:   make(chan struct{}),
	}
	// Held until all are known, so that onError finds the feed of a subscription made here.
	b.mu.Lock()
	defer b.mu.Unlock()
	for _, subject := range subjects {
		sub, err := b.conn.ChanSubscribe(subject, f.messages)
		if err != nil {
			f.unsubscribe()
			return nil, fmt.Errorf("subscribe to events: %w", err)
		}
		f.subs = append(f.subs, sub)
		b.feeds[sub] = f
	}
	return f, nil
}

// lost tells whether a message was dropped before the one that was received last.
func (f *feed) lost() bool {
	for _, sub := range f.subs {
		if n, err := sub.Dropped(); err != nil || n > 0 {
			return true
		}
	}
	return false
}

func (f *feed) breakUp() { f.once.Do(func() { close(f.broken) }) }

func (f *feed) close() {
	f.bus.mu.Lock()
	defer f.bus.mu.Unlock()
	f.unsubscribe()
}

func (f *feed) unsubscribe() {
	for _, sub := range f.subs {
		delete(f.bus.feeds, sub)
		if err := sub.Unsubscribe(); err != nil && !errors.Is(err, nats.ErrConnectionClosed) {
			f.bus.log.Warn("unsubscribe from events", "err", err)
		}
	}
}

// onError runs on a goroutine of NATS. A slow consumer is told here and nowhere else.
func (b *bus) onError(_ *nats.Conn, sub *nats.Subscription, err error) {
	if sub == nil {
		b.log.Error("event bus", "err", err)
		return
	}
	b.mu.Lock()
	f := b.feeds[sub]
	b.mu.Unlock()
	if f != nil {
		f.breakUp()
	}
}

// onDisconnect breaks all feeds: what other nodes publish until NATS is back is lost, and core
// NATS does not say what that was.
func (b *bus) onDisconnect(_ *nats.Conn, err error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	if len(b.feeds) > 0 {
		b.log.Error("event bus is disconnected", "err", err, "feeds", len(b.feeds))
	}
	for _, f := range b.feeds {
		f.breakUp()
	}
}

// close ends the connection, then the embedded server.
func (b *bus) close() {
	b.conn.Close()
	b.stopEmbedded()
}

// subjectToken makes any id a token of a NATS subject: ids may have dots, which NATS gives a meaning.
func subjectToken(id string) string {
	return base32.HexEncoding.WithPadding(base32.NoPadding).EncodeToString([]byte(id))
}

// roomSubject has the incarnation in it because seq counts per home node of a room: two nodes on
// one cluster must not mix theirs.
func roomSubject(incarnation string, key roomKey) string {
	return "room." + incarnation + "." + subjectToken(key.app) + "." + subjectToken(key.room)
}

func sessionSubject(id string) string { return "session." + id }

// natsLog is the embedded server's logger. Its default would end the program on Fatalf.
type natsLog struct{ log *slog.Logger }

func (l natsLog) Noticef(format string, v ...any) { l.log.Debug("nats: " + fmt.Sprintf(format, v...)) }
func (l natsLog) Warnf(format string, v ...any)   { l.log.Warn("nats: " + fmt.Sprintf(format, v...)) }
func (l natsLog) Fatalf(format string, v ...any)  { l.log.Error("nats: " + fmt.Sprintf(format, v...)) }
func (l natsLog) Errorf(format string, v ...any)  { l.log.Error("nats: " + fmt.Sprintf(format, v...)) }
func (l natsLog) Debugf(format string, v ...any)  { l.log.Debug("nats: " + fmt.Sprintf(format, v...)) }
func (l natsLog) Tracef(format string, v ...any)  { l.log.Debug("nats: " + fmt.Sprintf(format, v...)) }
