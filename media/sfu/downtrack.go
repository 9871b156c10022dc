package sfu

import (
	"errors"
	"strings"
	"sync"
	"time"

	"github.com/pion/rtcp"
	"github.com/pion/rtp"
	"github.com/pion/sdp/v3"
	"github.com/pion/webrtc/v4"

	"parlor/media"
)

const (
	// maxPacket is the longest RTP packet that is forwarded, bytes: the payload of one Ethernet frame.
	maxPacket = 1500
	// resendBurst is how many packets a subscriber may have sent again at once. Each forwarded packet
	// earns one more, so that NACKs can at most double what a subscriber makes the SFU send.
	resendBurst = 128
)

// downTrack is one section of a subscriber that receives. Its SSRC is fixed by Bind; what it carries is
// switched at any time without SDP. It implements webrtc.TrackLocal.
//
// Nothing is queued here. A write encrypts and hands the packet to the UDP socket, which all peers
// share and which has no back-pressure per peer: a slow subscriber loses packets in the network and asks for
// them, it never holds up the others. The socket itself blocks only while its 4 MiB buffer is full, which
// means that the machine's own link is the bottleneck for everybody.
type downTrack struct {
	kind     media.Kind
	counters *counters

	mu     sync.Mutex
	mid    string
	source *upTrack // nil while the section rests
	fwd    forwarder
	writer webrtc.TrackLocalWriter // nil before Bind and after Unbind
	ready  bool                    // the connection can carry packets
	header rtp.Header              // of the packet being written; SSRC, payload type and extension stay
	level  []byte                  // payload of the audio level extension in header; nil when not negotiated
	buf    [maxPacket]byte         // for payloads which are rewritten or sent again
	resend int                     // packets that may be sent again now
	again  [cachePackets]repeat    // what was sent again lately, by sequence
	sent   uint32                  // packets, for sender reports
	octets uint32                  // bytes of payload, for sender reports
}

// repeat is a packet that was sent again. Clients ask every 20 ms until it has come; on a long path most of
// these requests are for a packet that is on its way.
type repeat struct {
	sequence uint16
	times    uint8
	at       time.Duration // of the last time, on the SFU's clock
}

// due tells whether a packet may be sent (again) now; the wait doubles with each time.
func (r *repeat) due(sequence uint16, now time.Duration) bool {
	if r.times == 0 || r.sequence != sequence {
		*r = repeat{sequence: sequence}
		return true
	}
	return now-r.at >= nackInterval/2<<min(r.times, 5)
}

func newDownTrack(kind media.Kind, c *counters) *downTrack {
	return &downTrack{kind: kind, counters: c, fwd: newForwarder(kind), resend: resendBurst}
}

// ID implements webrtc.TrackLocal. It is unique within the connection.
func (d *downTrack) ID() string { return "track-" + d.section() }

// StreamID implements webrtc.TrackLocal. Each section is a stream of its own, since what is in it
// changes without SDP.
func (d *downTrack) StreamID() string { return "stream-" + d.section() }

// RID implements webrtc.TrackLocal.
func (d *downTrack) RID() string { return "" }

// Kind implements webrtc.TrackLocal.
func (d *downTrack) Kind() webrtc.RTPCodecType { return codecType(d.kind) }

// setSection tells the mid of the section, before it is described.
func (d *downTrack) setSection(mid string) {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.mid = mid
}

func (d *downTrack) section() string {
	d.mu.Lock()
	defer d.mu.Unlock()
	return d.mid
}

// Bind implements webrtc.TrackLocal: it takes over what was negotiated for the section.
func (d *downTrack) Bind(c webrtc.TrackLocalContext) (webrtc.RTPCodecParameters, error) {
	for _, codec := range c.CodecParameters() {
		if !strings.EqualFold(codec.MimeType, mimeType(d.kind)) {
			continue
		}
		d.mu.Lock()
		defer d.mu.Unlock()
		d.header = rtp.Header{Version: 2, SSRC: uint32(c.SSRC()), PayloadType: uint8(codec.PayloadType)}
		d.level = nil
		for _, e := range c.HeaderExtensions() {
			// One-byte extensions (RFC 8285, section 4.2) have the ids 1 to 14.
			if e.URI == sdp.AudioLevelURI && d.kind == media.Audio && e.ID >= 1 && e.ID <= 14 {
				level := make([]byte, 1)
				if err := d.header.SetExtension(uint8(e.ID), level); err == nil {
					d.level = level
				}
			}
		}
		d.writer = c.WriteStream()
		return codec, nil
	}
	return webrtc.RTPCodecParameters{}, errors.New("sfu: the section has no codec that is forwarded")
}

// Unbind implements webrtc.TrackLocal.
func (d *downTrack) Unbind(webrtc.TrackLocalContext) error {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.writer = nil
	return nil
}

// attach makes u the source (nil: the section rests) and returns the one before.
func (d *downTrack) attach(u *upTrack) (before *upTrack) {
	d.mu.Lock()
	defer d.mu.Unlock()
	before, d.source = d.source, u
	if before != u {
		d.fwd.interrupt()
	}
	return before
}

// connected tells that packets can be sent from now on. What was written before did not go out.
func (d *downTrack) connected() (source *upTrack) {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.ready = true
	return d.source
}

// write sends a packet of u, if u still is the source. It returns the number of bytes that went out: none
// without an error when the packet is not for this subscriber.
func (d *downTrack) write(u *upTrack, p *packet) (int, error) {
	d.mu.Lock()
	defer d.mu.Unlock()
	if d.source != u || p.kind != d.kind || !d.ready || d.writer == nil {
		return 0, nil
	}
	out, ok := d.fwd.forward(p)
	if !ok {
		return 0, nil
	}
	n, err := d.send(p, out)
	if err == nil {
		d.sent++
		d.octets += uint32(len(p.payload))
		d.resend = min(d.resend+1, resendBurst)
	}
	return n, err
}

// send writes p to the connection as out says. d.mu is held.
func (d *downTrack) send(p *packet, out outgoing) (int, error) {
	d.header.SequenceNumber = out.sequence
	d.header.Timestamp = out.timestamp
	d.header.Marker = out.marker
	if d.level != nil {
		// Without a level the extension stays, as "unknown" (silence): the packet must be the same
		// when it is sent again.
		d.level[0] = 127
		if p.hasLevel {
			d.level[0] = p.level
		}
	}
	payload := p.payload
	if d.fwd.changes(p, out) {
		payload = d.buf[:copy(d.buf[:], payload)]
		p.vp8.write(payload, out.picture, out.tl0)
	}
	return d.writer.WriteRTP(&d.header, payload)
}

// readRTCP handles what the subscriber says about the section; data is one compound packet
// (RFC 3550, section 6.1), which may speak of other sections too.
func (d *downTrack) readRTCP(data []byte, now time.Duration) {
	packets, err := rtcp.Unmarshal(data)
	if err != nil {
		d.counters.malformed.Add(1)
		return
	}
	for _, p := range packets {
		switch p := p.(type) {
		case *rtcp.PictureLossIndication:
			if d.is(p.MediaSSRC) {
				d.requestKeyFrame(now)
			}
		case *rtcp.FullIntraRequest:
			for _, entry := range p.FIR {
				if d.is(entry.SSRC) {
					d.requestKeyFrame(now)
				}
			}
		case *rtcp.TransportLayerNack:
			if d.is(p.MediaSSRC) {
				for _, pair := range p.Nacks {
					pair.Range(func(sequence uint16) bool {
						d.sendAgain(sequence, now)
						return true
					})
				}
			}
		}
	}
}

// is reports whether ssrc is the section's.
func (d *downTrack) is(ssrc uint32) bool {
	d.mu.Lock()
	defer d.mu.Unlock()
	return d.writer != nil && d.header.SSRC == ssrc
}

// requestKeyFrame passes a subscriber's wish on to the source.
func (d *downTrack) requestKeyFrame(now time.Duration) {
	d.counters.plisIn.Add(1)
	d.mu.Lock()
	source := d.source
	d.mu.Unlock()
	if source != nil {
		source.requestKeyFrame(now)
	}
}

// sendAgain answers a NACK (RFC 4585, section 6.2.1) for one packet, byte for byte as it went out before.
func (d *downTrack) sendAgain(sequence uint16, now time.Duration) {
	d.counters.nacksIn.Add(1)
	d.mu.Lock()
	defer d.mu.Unlock()
	if d.source == nil || d.writer == nil || d.resend == 0 {
		d.counters.droppedCache.Add(1)
		return
	}
	original, epoch, ok := d.fwd.source(sequence)
	if !ok {
		d.counters.droppedCache.Add(1)
		return
	}
	r := &d.again[sequence%cachePackets]
	if !r.due(sequence, now) {
		return // on its way
	}
	p, ok := d.source.cachedPacket(original, epoch, d.buf[:])
	if !ok {
		d.counters.droppedCache.Add(1)
		return
	}
	r.times, r.at = min(r.times+1, 250), now
	d.resend--
	if n, err := d.send(&p, d.fwd.rewrite(&p, sequence)); err != nil {
		d.counters.droppedQueue.Add(1)
	} else {
		d.counters.resent.Add(1)
		d.counters.packetsOut.Add(1)
		d.counters.bytesOut.Add(uint64(n))
	}
}

// report appends a sender report for the section and the name of its source, when there is something to
// report. now is on the SFU's clock.
func (d *downTrack) report(to []rtcp.Packet, now time.Duration) []rtcp.Packet {
	d.mu.Lock()
	defer d.mu.Unlock()
	if d.source == nil || d.writer == nil || !d.ready || d.sent == 0 {
		return to
	}
	r := d.source.report.Load()
	if r == nil {
		return to
	}
	timestamp, ok := d.fwd.outgoingTimestamp(r.epoch, r.timestamp)
	if !ok {
		return to
	}
	// The publisher's clocks are read forward to now, so that they say the same as its own report.
	passed := now - r.at
	return append(to,
		&rtcp.SenderReport{
			SSRC:        d.header.SSRC,
			NTPTime:     r.ntp + ntpDuration(passed),
			RTPTime:     timestamp + uint32(passed.Microseconds()*int64(d.fwd.clock)/1e6),
			PacketCount: d.sent,
			OctetCount:  d.octets,
		},
		rtcp.NewCNAMESourceDescription(d.header.SSRC, r.cname))
}

// ntpDuration returns d in units of 2^-32 s, as in NTP timestamps (RFC 5905, section 6).
func ntpDuration(d time.Duration) uint64 {
	seconds := uint64(d / time.Second)
	fraction := uint64(d%time.Second) << 32 / uint64(time.Second)
	return seconds<<32 + fraction
}

// codecType returns Pion's name for a kind.
func codecType(kind media.Kind) webrtc.RTPCodecType {
	if kind == media.Video {
		return webrtc.RTPCodecTypeVideo
	}
	return webrtc.RTPCodecTypeAudio
}

// mimeType returns the codec that is forwarded of a kind.
func mimeType(kind media.Kind) string {
	if kind == media.Video {
		return webrtc.MimeTypeVP8
	}
	return webrtc.MimeTypeOpus
}
