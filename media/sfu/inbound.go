package sfu

import (
	"slices"
	"time"

	"github.com/pion/rtcp"
)

const (
	// maxMissing is how many packets of one track are asked for at a time. After a longer gap only the newest
	// are: the frames before need a key frame anyway.
	maxMissing = 256
	// nackInterval is how soon a lost packet is asked for, and asked for again; the interval doubles each time, so
	// that a long round trip does not bring every packet five times. At 100 ms, Pion's default, 6 % of the frames
	// are late at 10 % loss; at 20 ms, 0.4 %.
	nackInterval = 20 * time.Millisecond
	// nackLimit is how often a packet is asked for: the last time after 620 ms. Subscribers do not wait longer.
	nackLimit = 6
)

// inbound keeps what the feedback to a publisher is made of: which packets of one track are missing, and the figures of
// receiver reports. It is pure; times are on the SFU's clock. The zero value is ready but for clock.
type inbound struct {
	clock uint32 // RTP clock rate, Hz

	started  bool
	base     uint32 // extended number (RFC 3550, section 6.4.1) of the first packet
	highest  uint32 // extended number of the newest
	received uint32 // packets

	expectedBefore, receivedBefore uint32 // at the last report

	transit int64 // of the newest packet, RTP clock
	jitter  int64 // RTP clock, in sixteenths (RFC 3550, section A.8)

	reportNTP uint32        // middle of the NTP time of the publisher's last report
	reportAt  time.Duration // its arrival; 0: none came

	missing []missing // oldest first
}

// missing is a packet that has not come.
type missing struct {
	number uint32        // extended
	asked  int           // times
	next   time.Duration // when to ask again
}

// packet notes a packet that came.
func (i *inbound) packet(sequence uint16, timestamp uint32, at time.Duration) {
	if !i.started {
		i.started = true
		i.highest = 1<<16 | uint32(sequence) // room for late ones before it
		i.base = i.highest
		i.received = 1
		i.transit = i.arrival(at) - int64(timestamp)
		return
	}
	i.received++
	step := int16(sequence - uint16(i.highest))
	if step <= 0 {
		number := i.highest - uint32(-int32(step))
		i.missing = slices.DeleteFunc(i.missing, func(m missing) bool { return m.number == number })
		return
	}
	number := i.highest + uint32(step)
	for n := max(i.highest+1, number-min(number, maxMissing)); n < number; n++ {
		i.missing = append(i.missing, missing{number: n, next: at})
	}
	if excess := len(i.missing) - maxMissing; excess > 0 {
		i.missing = slices.Delete(i.missing, 0, excess)
	}
	i.highest = number
	transit := i.arrival(at) - int64(timestamp)
	d := int64(int32(transit - i.transit)) // timestamps wrap around
	i.transit = transit
	i.jitter += max(d, -d) - (i.jitter+8)>>4
}

// arrival is a time on the RTP clock.
func (i *inbound) arrival(at time.Duration) int64 { return at.Microseconds() * int64(i.clock) / 1e6 }

// nacks returns the sequence numbers to ask for now (RFC 4585, section 6.2.1).
func (i *inbound) nacks(now time.Duration) []uint16 {
	var ask []uint16
	for n := range i.missing {
		m := &i.missing[n]
		if now < m.next {
			continue
		}
		ask = append(ask, uint16(m.number))
		m.next = now + nackInterval<<m.asked
		m.asked++
	}
	i.missing = slices.DeleteFunc(i.missing, func(m missing) bool { return m.asked >= nackLimit })
	return ask
}

// senderReport notes a report of the publisher.
func (i *inbound) senderReport(ntp uint64, at time.Duration) {
	i.reportNTP, i.reportAt = uint32(ntp>>16), at
}

// report returns the receiver report on the track; not ok before its first packet.
func (i *inbound) report(ssrc uint32, now time.Duration) (r rtcp.ReceptionReport, ok bool) {
	if !i.started {
		return r, false
	}
	expected := i.highest - i.base + 1
	lost := int64(expected) - int64(i.received)
	expectedNow, receivedNow := expected-i.expectedBefore, i.received-i.receivedBefore
	i.expectedBefore, i.receivedBefore = expected, i.received
	r = rtcp.ReceptionReport{
		SSRC:               ssrc,
		TotalLost:          uint32(min(max(lost, 0), 1<<23-1)), // 24 bits, signed; Pion knows no negative ones
		LastSequenceNumber: i.highest - 1<<16,                  // cycles count from the first packet
		Jitter:             uint32(i.jitter >> 4),
	}
	if expectedNow > receivedNow {
		r.FractionLost = uint8(min((expectedNow-receivedNow)*256/expectedNow, 255))
	}
	if i.reportAt != 0 {
		r.LastSenderReport = i.reportNTP
		r.Delay = uint32(ntpDuration(now-i.reportAt) >> 16)
	}
	return r, true
}
