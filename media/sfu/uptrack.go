package sfu

import (
	"slices"
	"sync"
	"sync/atomic"
	"time"

	"parlor/media"
)

const (
	// cachePackets is how many packets of a track can be sent again: 4 s of 1 Mbit/s.
	cachePackets = 512
	// keyFrameInterval is the shortest time between two key frame requests to one publisher: a
	// key frame costs it ten times a normal frame.
	keyFrameInterval = 500 * time.Millisecond
	// idleKeyFrameInterval applies instead while the publisher sends nothing at all.
	idleKeyFrameInterval = 2 * time.Second
)

// publisher is where an upTrack's packets come from; it is the seam to the engine that
// receives them.
type publisher interface {
	// requestKeyFrame sends a PLI (RFC 4585, section 6.3.1). It must not block.
	requestKeyFrame()
	// name is the CNAME of the publisher's tracks.
	name() string
}

// senderReport ties a publisher's RTP clock to its wall clock (RFC 3550, section 6.4.1).
type senderReport struct {
	ntp       uint64
	timestamp uint32
	at        time.Duration // arrival, on the SFU's clock
	epoch     uint64
	cname     string
}

// upTrack is one track id with its subscribers. It exists while it has a publisher or a
// subscriber: both may come first, and a publisher that returns finds its subscribers again.
// Its forward runs on the publisher's read goroutine; everything else on any.
type upTrack struct {
	id       TrackID
	counters *counters

	// subscribers is replaced as a whole under mu, so that forward needs no lock to walk it.
	subscribers atomic.Pointer[[]*downTrack]
	report      atomic.Pointer[senderReport]

	mu       sync.Mutex
	source   publisher // nil while nobody publishes
	kind     media.Kind
	allowed  bool
	epoch    uint64 // rises when the stream of packets is interrupted
	cache    []cached
	wantsKey bool          // somebody waits for a key frame
	askedKey bool          // since the source began
	keyAt    time.Duration // when the last request was sent
	packetAt time.Duration // when the last packet came
}

// cached is one packet kept for subscribers who miss it. It owns its payload.
type cached struct {
	packet
	used bool
}

func newUpTrack(id TrackID, c *counters) *upTrack {
	u := &upTrack{id: id, counters: c}
	u.subscribers.Store(new([]*downTrack))
	return u
}

// publish makes p the source; a source before it is replaced.
func (u *upTrack) publish(p publisher, kind media.Kind, allowed bool) {
	u.mu.Lock()
	defer u.mu.Unlock()
	u.source, u.kind, u.allowed = p, kind, allowed
	u.epoch++
	u.askedKey = false
	if u.cache == nil {
		u.cache = make([]cached, cachePackets)
	}
	u.report.Store(nil)
}

// unpublish takes p away if it still is the source.
func (u *upTrack) unpublish(p publisher) {
	u.mu.Lock()
	defer u.mu.Unlock()
	if u.source == p {
		u.source = nil
		u.epoch++
		u.cache = nil
		u.report.Store(nil)
	}
}

// allow stops or resumes forwarding from p.
func (u *upTrack) allow(p publisher, allowed bool, now time.Duration) {
	u.mu.Lock()
	changed := u.source == p && u.allowed != allowed
	if changed {
		u.allowed = allowed
		u.epoch++ // what was not forwarded must not look like loss
	}
	u.mu.Unlock()
	if changed && allowed {
		u.requestKeyFrame(now)
	}
}

// subscribe adds a down track.
func (u *upTrack) subscribe(d *downTrack) {
	u.mu.Lock()
	defer u.mu.Unlock()
	next := append(slices.Clone(*u.subscribers.Load()), d)
	u.subscribers.Store(&next)
}

// unsubscribe removes a down track.
func (u *upTrack) unsubscribe(d *downTrack) {
	u.mu.Lock()
	defer u.mu.Unlock()
	next := slices.DeleteFunc(slices.Clone(*u.subscribers.Load()), func(x *downTrack) bool { return x == d })
	u.subscribers.Store(&next)
}

// unused reports whether neither side needs the upTrack.
func (u *upTrack) unused() bool {
	u.mu.Lock()
	defer u.mu.Unlock()
	return u.source == nil && len(*u.subscribers.Load()) == 0
}

// published reports whether somebody sends the track.
func (u *upTrack) published() bool {
	u.mu.Lock()
	defer u.mu.Unlock()
	return u.source != nil
}

// forward gives a packet of the source from to all subscribers. The packet's payload is
// only read before forward returns.
func (u *upTrack) forward(from publisher, p *packet) {
	if !u.admit(from, p) {
		return
	}
	var sent, octets, dropped uint64
	for _, d := range *u.subscribers.Load() {
		n, err := d.write(u, p)
		switch {
		case err != nil:
			dropped++
		case n > 0:
			sent++
			octets += uint64(n)
		}
	}
	u.counters.packetsOut.Add(sent)
	u.counters.bytesOut.Add(octets)
	if dropped > 0 {
		u.counters.droppedQueue.Add(dropped)
	}
}

// admit notes a packet and keeps a copy of it for those who will miss it. It reports whether the
// packet is to be forwarded.
func (u *upTrack) admit(from publisher, p *packet) bool {
	u.mu.Lock()
	defer u.mu.Unlock()
	if u.source != from || !u.allowed {
		return false
	}
	p.epoch = u.epoch
	u.packetAt = p.at
	if p.vp8.startOfKey {
		u.wantsKey = false
	}
	if len(p.payload) > 0 {
		slot := &u.cache[p.sequence%cachePackets]
		kept := slot.payload
		slot.packet, slot.used = *p, true
		slot.payload = append(kept[:0], p.payload...)
	}
	return true
}

// cachedPacket copies a packet that was forwarded; its payload goes into buf, which must be as long as
// the longest packet. It is not ok when the packet is no longer there.
func (u *upTrack) cachedPacket(sequence uint16, epoch uint64, buf []byte) (p packet, ok bool) {
	u.mu.Lock()
	defer u.mu.Unlock()
	if u.cache == nil {
		return p, false
	}
	slot := &u.cache[sequence%cachePackets]
	if !slot.used || slot.sequence != sequence || slot.epoch != epoch || len(slot.payload) > len(buf) {
		return p, false
	}
	p = slot.packet
	p.payload = buf[:copy(buf, slot.payload)]
	return p, true
}

// requestKeyFrame asks the source for a key frame: at once when the last request is long enough ago,
// else when it is (tick does that). A request is done with only by a key frame; it is never dropped, or a
// newcomer might wait for ever.
func (u *upTrack) requestKeyFrame(now time.Duration) {
	u.mu.Lock()
	u.wantsKey = u.kind != media.Audio
	u.mu.Unlock()
	u.tick(now)
}

// tick sends the key frame request that is due. The SFU's clock goroutine calls it.
func (u *upTrack) tick(now time.Duration) {
	u.mu.Lock()
	interval := keyFrameInterval
	if u.packetAt < u.keyAt {
		interval = idleKeyFrameInterval
	}
	source := u.source
	due := u.wantsKey && u.allowed && source != nil && u.kind == media.Video &&
		(!u.askedKey || now-u.keyAt >= interval)
	if due {
		u.askedKey, u.keyAt = true, now
	}
	u.mu.Unlock()
	if due {
		u.counters.plisOut.Add(1)
		source.requestKeyFrame()
	}
}

// reported keeps the newest sender report of the source.
func (u *upTrack) reported(from publisher, r senderReport) {
	u.mu.Lock()
	defer u.mu.Unlock()
	if u.source == from {
		r.epoch = u.epoch
		r.cname = from.name()
		u.report.Store(&r)
	}
}
