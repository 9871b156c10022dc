package sfu

import (
	"errors"
	"io"
	"sync/atomic"

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

	target atomic.Pointer[upTrack] // nil while the section publishes nothing
}

func newReceiver(p *Peer, mid string, remote *webrtc.TrackRemote, r *webrtc.RTPReceiver) *receiver {
	kind := media.Audio
	if remote.Kind() == webrtc.RTPCodecTypeVideo {
		kind = media.Video
	}
	rx := &receiver{peer: p, mid: mid, kind: kind, remote: remote, rtp: r}
	for _, e := range r.GetParameters().HeaderExtensions {
		if e.URI == sdp.AudioLevelURI && kind == media.Audio && e.ID > 0 && e.ID < 256 {
			rx.level = uint8(e.ID)
		}
	}
	return rx
}

// requestKeyFrame implements publisher.
func (r *receiver) requestKeyFrame() {
	err := r.peer.conn.WriteRTCP([]rtcp.Packet{&rtcp.PictureLossIndication{MediaSSRC: uint32(r.remote.SSRC())}})
	if err != nil {
		r.peer.log.Debug("sfu: key frame request not sent", "mid", r.mid, "err", err)
	}
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
		if err != nil || in.Unmarshal(buf[:n]) != nil || !r.read(&in, &out) {
			failed++
			c.malformed.Add(1)
			continue
		}
		failed = 0
		c.packetsIn.Add(1)
		c.bytesIn.Add(uint64(n))
		if u := r.target.Load(); u != nil {
			u.forward(r, &out)
		}
	}
	r.peer.log.Warn("sfu: remote track given up: nothing but malformed packets", "mid", r.mid)
}

// read fills out from in, whose payload it shares. It is not ok when the payload is not what was negotiated.
func (r *receiver) read(in *rtp.Packet, out *packet) bool {
	*out = packet{
		kind:      r.kind,
		sequence:  in.SequenceNumber,
		timestamp: in.Timestamp,
		marker:    in.Marker,
		at:        r.peer.sfu.now(),
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
				if u := r.target.Load(); u != nil {
					u.reported(r, senderReport{ntp: sr.NTPTime, timestamp: sr.RTPTime, at: r.peer.sfu.now()})
				}
			}
		}
	}
}
