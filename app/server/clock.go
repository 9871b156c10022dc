package server

import "time"

// clock is the time that rooms and sessions live by; tests turn one by hand. What the network
// needs (deadlines, pings) is real time always.
type clock interface {
	Now() time.Time
	// AfterFunc runs f after d on a goroutine of its own, unless it is stopped before.
	AfterFunc(d time.Duration, f func()) alarm
}

// alarm is a pending call of clock.AfterFunc.
type alarm interface{ Stop() bool }

type wallClock struct{}

func (wallClock) Now() time.Time { return time.Now() }

func (wallClock) AfterFunc(d time.Duration, f func()) alarm { return time.AfterFunc(d, f) }

// timing is how long things take; only tests change it. The sum of what it takes to find that a client is gone
// and grace must stay below 15 s.
type timing struct {
	heartbeat time.Duration // an Events stream that has nothing to say says so
	grace     time.Duration // a session without a stream is kept
	notice    time.Duration // a session without a stream is shown as connected
	warning   time.Duration // tokens and privileges that end are announced before (T-24, T-25)
	send      time.Duration // one event may take to be written, for each 64 KiB of it
	call      time.Duration // one unary call may take
	ping      time.Duration // HTTP/2: silence before a ping, and then before the end
	quiet     time.Duration // connections after the last answer of a stopping server
}

func (t timing) orDefaults() timing {
	for _, v := range []struct {
		field *time.Duration
		value time.Duration
	}{
		{&t.heartbeat, 5 * time.Second},
		{&t.grace, 8 * time.Second},
		{&t.notice, 1500 * time.Millisecond},
		{&t.warning, 30 * time.Second},
		{&t.send, 3 * time.Second},
		{&t.call, 10 * time.Second},
		{&t.ping, 3 * time.Second},
		{&t.quiet, 300 * time.Millisecond},
	} {
		if *v.field == 0 {
			*v.field = v.value
		}
	}
	return t
}
