package sfu

import (
	"encoding/binary"
	"errors"
	"io"
	"slices"
	"sync"
	"sync/atomic"
	"time"

	"github.com/pion/rtcp"
	"github.com/pion/rtp"
	"github.com/pion/sdp/v3"
	"github.com/pion/webrtc/v4"

	"parlor/media"
)

// maxReadErrors is how many reads in a row may fail before a remote track is given up. One packet
// with a payload type that was not negotiated is an error, and a hostile client sends only those.
const maxReadErrors = 1000

// receiver reads one remote track of a publisher. Two goroutines belong to it, one for packets and one for
// reports; both end when the track or its connection ends.
type receiver struct {
	peer   *Peer
	mid    string
	kind   media.Kind
	remote *webrtc.TrackRemote
	rtp    *webrtc.RTPReceiver
	level  uint8 // id of the audio level extension, 0 when not negotiated
	cc     uint8 // id of the transport-wide sequence number, 0 when not negotiated
	nacked bool  // lost packets are asked for

	mu      sync.Mutex
	inbound inbound

	target atomic.Pointer[upTrack] // nil while the section publishes nothing
}

func newReceiver(p *Peer, mid string, remote *webrtc.TrackRemote, r *webrtc.RTPReceiver) *receiver {
	kind := media.Audio
	if remote.Kind() == webrtc.RTPCodecTypeVideo {
		kind = media.Video
	}
	rx := &receiver{peer: p, mid: mid, kind: kind, remote: remote, rtp: r}
	rx.inbound.clock = newForwarder(kind).clock
	parameters := r.GetParameters()
	for _, e := range parameters.HeaderExtensions {
		if e.ID < 1 || e.ID > 255 {
			continue
		}
		switch {
		case e.URI == sdp.AudioLevelURI && kind == media.Audio:
			rx.level = uint8(e.ID)
		case e.URI == sdp.TransportCCURI:
			rx.cc = uint8(e.ID)
		}
	}
	for _, c := range parameters.Codecs {
		rx.nacked = rx.nacked || slices.Contains(c.RTCPFeedback, webrtc.RTCPFeedback{Type: webrtc.TypeRTCPFBNACK})
	}
	return rx
}

// requestKeyFrame implements publisher.
func (r *receiver) requestKeyFrame() {
	r.peer.writeRTCP(&rtcp.PictureLossIndication{SenderSSRC: feedbackSSRC, MediaSSRC: uint32(r.remote.SSRC())})
}

// nack returns a request for the lost packets that are due, or nil.
func (r *receiver) nack(now time.Duration) rtcp.Packet {
	if !r.nacked {
		return nil
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	lost := r.inbound.nacks(now)
	if len(lost) == 0 {
		return nil
	}
	return &rtcp.TransportLayerNack{SenderSSRC: feedbackSSRC, MediaSSRC: uint32(r.remote.SSRC()),
		Nacks: rtcp.NackPairsFromSequenceNumbers(lost)}
}

// report returns the receiver report on the track, if there is one.
func (r *receiver) report(now time.Duration) (rtcp.ReceptionReport, bool) {
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.inbound.report(uint32(r.remote.SSRC()), now)
}

// name implements publisher.
func (r *receiver) name() string { return r.peer.cname }

// readPackets forwards packets until the track ends.
func (r *receiver) readPackets() {
	var (
		buf    = make([]byte, maxPacket)
		in     rtp.Packet
		out    packet
		failed int
		c      = &r.peer.sfu.counters
	)
	for failed < maxReadErrors {
		n, _, err := r.remote.Read(buf)
		if errors.Is(err, io.EOF) || errors.Is(err, io.ErrClosedPipe) {
			return
		}
		if err != nil || in.Unmarshal(buf[:n]) != nil {
			failed++
			c.malformed.Add(1)
			continue
		}
		at := r.peer.sfu.now()
		r.note(&in, at)
		failed = 0
		if !r.read(&in, &out, at) {
			c.malformed.Add(1)
			out.payload = nil // goes the way of padding, so that subscribers do not miss it
		}
		c.packetsIn.Add(1)
		c.bytesIn.Add(uint64(n))
		if u := r.target.Load(); u != nil {
			u.forward(r, &out)
		}
	}
	r.peer.log.Warn("sfu: remote track given up: nothing but malformed packets", "mid", r.mid)
}

// note keeps what the feedback on a packet needs.
func (r *receiver) note(in *rtp.Packet, at time.Duration) {
	r.mu.Lock()
	r.inbound.packet(in.SequenceNumber, in.Timestamp, at)
	r.mu.Unlock()
	if r.cc != 0 {
		if number := in.GetExtension(r.cc); len(number) >= 2 {
			r.peer.arrivals.packet(in.SSRC, binary.BigEndian.Uint16(number), at)
		}
	}
}

// read fills out from in, whose payload it shares. It is not ok when the payload is not what was negotiated.
func (r *receiver) read(in *rtp.Packet, out *packet, at time.Duration) bool {
	*out = packet{
		kind:      r.kind,
		sequence:  in.SequenceNumber,
		timestamp: in.Timestamp,
		marker:    in.Marker,
		at:        at,
		payload:   in.Payload,
	}
	if len(in.Payload) == 0 {
		return true // padding, as bandwidth probes send it
	}
	if r.kind == media.Video {
		var ok bool
		out.vp8, ok = parseVP8(in.Payload)
		return ok
	}
	if r.level != 0 {
		if level := in.GetExtension(r.level); len(level) > 0 {
			out.hasLevel, out.level = true, level[0]
		}
	}
	return true
}

// readReports takes the publisher's sender reports until the track ends.
func (r *receiver) readReports() {
	buf := make([]byte, maxPacket)
	for failed := 0; failed < maxReadErrors; failed++ {
		n, _, err := r.rtp.Read(buf)
		if errors.Is(err, io.EOF) || errors.Is(err, io.ErrClosedPipe) {
			return
		}
		if err != nil {
			continue
		}
		packets, err := rtcp.Unmarshal(buf[:n])
		if err != nil {
			r.peer.sfu.counters.malformed.Add(1)
			continue
		}
		failed = 0
		for _, p := range packets {
			if sr, ok := p.(*rtcp.SenderReport); ok && sr.SSRC == uint32(r.remote.SSRC()) {
				at := r.peer.sfu.now()
				r.mu.Lock()
				r.inbound.senderReport(sr.NTPTime, at)
				r.mu.Unlock()
				if u := r.target.Load(); u != nil {
					u.reported(r, senderReport{ntp: sr.NTPTime, timestamp: sr.RTPTime, at: at})
				}
			}
		}
	}
}
