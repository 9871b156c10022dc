package server

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"time"

	"connectrpc.com/connect"
	"google.golang.org/protobuf/proto"

	"parlor/app/api"
)

// The ways in which the server ends a stream that the client could have kept.
var (
	errReplaced  = &refusal{connect.CodeAborted, "a newer event stream of this session took over"}
	errTooSlow   = &refusal{connect.CodeResourceExhausted, "too slow: open the stream again for a snapshot"}
	errBusBroken = &refusal{connect.CodeUnavailable, "events may have been lost: open the stream again for a snapshot"}
	errGone      = &refusal{connect.CodeCanceled, "the client is gone"}
)

// sender writes events to one client.
type sender struct {
	stream  *connect.ServerStream[api.Event]
	control *http.ResponseController
	timeout time.Duration
	metrics *metrics
}

// send writes one event, within the time that a client has for it. The deadline is taken back: in
// HTTP/2 it would end an idle stream.
func (w *sender) send(ev *api.Event) error {
	deadline := time.Now().Add(w.allowance(ev))
	err := w.control.SetWriteDeadline(deadline)
	if err == nil {
		err = w.stream.Send(ev)
	}
	if err == nil {
		err = w.control.Flush() // Send has flushed, but keeps it to itself when that failed
	}
	if err == nil {
		w.metrics.eventsSent.Inc()
		err = w.control.SetWriteDeadline(time.Time{})
	}
	switch {
	case err == nil:
		return nil
	case time.Now().Before(deadline):
		return fmt.Errorf("%w: %w", errGone, err)
	}
	return fmt.Errorf("%w: %w", errTooSlow, err)
}

// allowance is the time to write an event: the timeout for each buffer that it fills. A snapshot with 200 long messages
// needs a while on a thin line, and would only be asked for again.
func (w *sender) allowance(ev *api.Event) time.Duration {
	return w.timeout * time.Duration(1+proto.Size(ev)/sendBuffer)
}

func (w *sender) ended(reason api.EndReason) error {
	return w.send(&api.Event{Body: &api.Event_Ended{Ended: &api.Ended{Reason: reason}}})
}

// Events implements api.RoomServiceHandler. A session that is over gets the reason as the only event.
func (r *rooms) Events(ctx context.Context, _ *api.EventsRequest, out *connect.ServerStream[api.Event]) error {
	call := requestOf(ctx)
	w := &sender{stream: out, control: call.control, timeout: r.timing.send, metrics: r.metrics}
	s := call.caller.session
	if s == nil {
		if call.caller.reason == endLeft {
			return errNoSession
		}
		return w.ended(call.caller.reason)
	}
	// First the feed, then the snapshot: nothing is lost between the two.
	f, err := r.bus.subscribe(r.limits.PendingEvents, s.room.subject, sessionSubject(s.id))
	if err != nil {
		return err
	}
	defer f.close()
	st := &stream{replaced: make(chan struct{})}
	// Posted after attach, whenever that runs.
	defer s.room.loop.Post(func() { s.room.detach(s, st) })
	var begin opening
	err = s.room.do(ctx, func() (err error) {
		begin, err = s.room.attach(s, st)
		return err
	})
	if err != nil {
		if s.over("events") != nil { // a moment ago
			return w.ended(s.reason)
		}
		return err
	}
	if err = w.open(begin); err == nil {
		err = r.relay(ctx, s, st, f, w, begin.snapshot.GetSeq())
	}
	if errors.Is(err, errTooSlow) || errors.Is(err, errBusBroken) {
		r.metrics.eventsCut.Inc()
	}
	return err
}

func (w *sender) open(begin opening) error {
	if err := w.send(&api.Event{Seq: begin.snapshot.GetSeq(), Body: &api.Event_Snapshot{Snapshot: begin.snapshot}}); err != nil {
		return err
	}
	if err := w.send(&api.Event{Body: &api.Event_Privileges{Privileges: begin.privileges}}); err != nil {
		return err
	}
	if begin.warned == 0 {
		return nil
	}
	return w.send(willExpire(begin.warned))
}

// relay sends what comes from the feed until the stream is over. seq is the snapshot's.
func (r *rooms) relay(ctx context.Context, s *session, st *stream, f *feed, w *sender, seq uint64) error {
	heartbeat := time.NewTicker(r.timing.heartbeat)
	defer heartbeat.Stop()
	for {
		var ev *api.Event
		select {
		case <-s.ended:
			return w.ended(s.reason)
		case <-st.replaced:
			return errReplaced
		case <-f.broken:
			return f.reason()
		case <-ctx.Done():
			return ctx.Err()
		case <-heartbeat.C:
			ev = &api.Event{Body: &api.Event_Heartbeat{Heartbeat: &api.Heartbeat{}}}
		case message := <-f.messages:
			if f.lost() {
				return errTooSlow
			}
			ev = new(api.Event)
			if err := proto.Unmarshal(message.Data, ev); err != nil {
				return err
			}
			if ev.GetSeq() != 0 {
				if ev.GetSeq() <= seq {
					continue
				}
				if ev.GetSeq() != seq+1 {
					return errBusBroken
				}
				seq++
			}
			// The session ends before its own leaving is published; nothing may come after.
			select {
			case <-s.ended:
				return w.ended(s.reason)
			default:
			}
		}
		if err := w.send(ev); err != nil {
			return err
		}
		heartbeat.Reset(r.timing.heartbeat)
	}
}

// reason tells why the feed is broken.
func (f *feed) reason() error {
	if f.lost() {
		return errTooSlow
	}
	return errBusBroken
}
