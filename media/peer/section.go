package peer

import (
	"sync/atomic"
	"time"

	"github.com/pion/rtp"
	"github.com/pion/webrtc/v4"

	"parlor/media"
)

// pliInterval is the least time between two requests for a key frame of one section: a key frame
// needs a round trip and up to a frame's time to come.
const pliInterval = 400 * time.Millisecond

// receiveBuffer is the largest packet read, bytes; all senders keep to media.RTPMTU.
const receiveBuffer = 1600

// section is one receive section ("m=" line) of a connection. It carries one track, or rests. Its
// fields belong to the Peer's goroutine unless they say otherwise.
type section struct {
	kind        media.Kind
	transceiver *webrtc.RTPTransceiver
	connection  *connection
	levelID     uint8 // of the audio level extension; set before the first packet is read
	released    bool  // carried a track when the server last heard of it: packets may still come, so it must not be used anew yet
	agreed      bool  // the server knows the section

	assigned atomic.Pointer[assignment] // read by the section's goroutine
	ssrc     atomic.Uint32
	lastPLI  time.Duration      // section's goroutine
	sendPLI  func(uint32) error // with the SSRC of the stream
}

// read hands the packets of a section to whom it is assigned, until the connection closes.
func (s *section) read(track *webrtc.TrackRemote, levelID uint8) {
	s.levelID = levelID
	s.lastPLI = -pliInterval
	s.ssrc.Store(uint32(track.SSRC()))
	buf := make([]byte, receiveBuffer)
	var packet rtp.Packet
	for {
		n, _, err := track.Read(buf)
		if err != nil {
			if s.connection.connectionState() == webrtc.PeerConnectionStateConnected {
				s.connection.peer.cfg.Log.Debug("section ended", "mid", s.transceiver.Mid(), "err", err)
			}
			return
		}
		a := s.assigned.Load()
		if a == nil || packet.Unmarshal(buf[:n]) != nil {
			continue
		}
		a.remote.push(a, &packet, media.Now())
	}
}

// requestKeyFrame sends a PLI unless one was sent just now; the caller asks again with the next packet. On the
// section's goroutine.
func (s *section) requestKeyFrame(now time.Duration) bool {
	if now-s.lastPLI < pliInterval {
		return false
	}
	s.lastPLI = now
	return s.sendPLI(s.ssrc.Load()) == nil
}

// release lets the section rest.
func (s *section) release() {
	s.assigned.Store(nil)
	s.released = true
}

// free tells whether the section can be given to a track.
func (s *section) free() bool { return s.assigned.Load() == nil && !s.released }

func (s *section) trackID() string {
	if a := s.assigned.Load(); a != nil {
		return a.trackID
	}
	return ""
}

func headerExtension(extensions []webrtc.RTPHeaderExtensionParameter, uri string) uint8 {
	for _, e := range extensions {
		if e.URI == uri {
			return uint8(e.ID)
		}
	}
	return 0
}
