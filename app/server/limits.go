package server

import (
	"net/netip"
	"sync"
	"time"

	"connectrpc.com/connect"

	"parlor/app/errno"
)

// Limits bounds what clients may make a server keep. Zero values are the defaults.
type Limits struct {
	Rooms          int // at a time, 10,000
	Sessions       int // at a time, 20,000
	MembersPerRoom int // 500, visible or not; row E-4 says what happens beyond, so there is no beyond
	// VisiblePerRoom and MicrophonesPerRoom bound who is seen and whose microphone is published at a time (N-31). They are 500,
	// so that they bind only where an operator asks for less; the cloud of the documents has 50 and 30.
	VisiblePerRoom         int
	MicrophonesPerRoom     int
	TracksPerMember        int // 4: microphone, camera, screen, screen's sound
	SubscriptionsPerMember int // receive sections of one connection, 256
	PendingEvents          int // events that wait for a slow stream, 256; one more cuts it off
	ChangesPerSecond       int // SetLive, SetVisible, ReportQuality and Negotiate of one member after a burst of five times as many, 10: each may be an event for everybody
	MessagesPerSecond      int // SendMessage of one member after a burst of twice as many, 10
	JoinsPerSecond         int // and calls of AdminService, per remote address (per /64 with IPv6) after a burst of ten times as many, 20; loopback is free
}

func (l Limits) orDefaults() Limits {
	for _, v := range []struct {
		field *int
		value int
	}{
		{&l.Rooms, 10_000},
		{&l.Sessions, 20_000},
		{&l.MembersPerRoom, 500},
		{&l.VisiblePerRoom, 500},
		{&l.MicrophonesPerRoom, 500},
		{&l.TracksPerMember, 4},
		{&l.SubscriptionsPerMember, 256},
		{&l.PendingEvents, 256},
		{&l.ChangesPerSecond, 10},
		{&l.MessagesPerSecond, 10},
		{&l.JoinsPerSecond, 20},
	} {
		if *v.field == 0 {
			*v.field = v.value
		}
	}
	return l
}

// refusal is a cause that decides the status of a call: the server will not do now what it may
// do later or elsewhere.
type refusal struct {
	code connect.Code
	text string
}

func (r *refusal) Error() string { return r.text }

func exhausted(text string) *refusal { return &refusal{connect.CodeResourceExhausted, text} }

// refuse is a failure with words of its own, for what has no native code.
func refuse(apiName string, why *refusal) error { return errno.Failed.Detail(apiName, why.text, why) }

func refuseJoin(why *refusal) error { return errno.Failed.In("join", errno.NativeJoinRoom, why) }

// addressRate holds a token bucket per remote address.
type addressRate struct {
	clock     clock
	perSecond float64
	burst     float64

	mu      sync.Mutex
	buckets map[netip.Addr]bucket
}

type bucket struct {
	tokens float64
	at     time.Time
}

// maxBuckets bounds the memory of addressRate: 48 bytes each, 3 MiB. When so many addresses have
// called within one refill, all further ones share a single bucket.
const maxBuckets = 1 << 16

func newAddressRate(perSecond int, c clock) *addressRate {
	return &addressRate{
		clock: c, perSecond: float64(perSecond), burst: 10 * float64(perSecond),
		buckets: make(map[netip.Addr]bucket),
	}
}

// allow takes one token of the address's bucket.
func (r *addressRate) allow(remote netip.Addr) bool {
	remote = remote.Unmap()
	if remote.IsLoopback() {
		return true
	}
	if remote.Is6() {
		// A household or a host has a /64; it is one client here.
		if p, err := remote.Prefix(64); err == nil {
			remote = p.Addr()
		}
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	now := r.clock.Now()
	b, known := r.buckets[remote]
	if !known {
		if len(r.buckets) >= maxBuckets {
			r.forget(now)
		}
		if len(r.buckets) >= maxBuckets {
			remote = netip.Addr{}
			b, known = r.buckets[remote]
		}
		if !known {
			b = bucket{tokens: r.burst, at: now}
		}
	}
	b.tokens = min(r.burst, b.tokens+r.perSecond*now.Sub(b.at).Seconds())
	b.at = now
	allowed := b.tokens >= 1
	if allowed {
		b.tokens--
	}
	r.buckets[remote] = b
	return allowed
}

// forget drops the buckets that are full again: a new one would be the same.
func (r *addressRate) forget(now time.Time) {
	for addr, b := range r.buckets {
		if b.tokens+r.perSecond*now.Sub(b.at).Seconds() >= r.burst {
			delete(r.buckets, addr)
		}
	}
}
