package sfu

import (
	"errors"
	"io"
	"sync"

	"github.com/pion/transport/v4/packetio"
)

const (
	// maxStreams is how many SSRCs one connection may use at a time, both ways, RTP and RTCP. Pion keeps a
	// buffer for each that it sees.
	maxStreams = 4 * maxSections
	// streamBuffer is how much of one SSRC waits to be read, bytes: 1 s of 2 Mbit/s. More is dropped by
	// Pion; the reader is never that late unless the machine is overloaded.
	streamBuffer = 256 << 10
)

// stream is the buffer of one SSRC. It counts itself as long as it is open.
type stream struct {
	*packetio.Buffer
	peer *Peer
	once sync.Once
}

// newStream is called by Pion for each SSRC that it meets, those of forged feedback too. A client that uses more
// than any honest one is cut off: the streams would cost memory without a bound.
func (p *Peer) newStream(packetio.BufferPacketType, uint32) io.ReadWriteCloser {
	b := packetio.NewBuffer()
	b.SetLimitSize(streamBuffer)
	s := &stream{Buffer: b, peer: p}
	if p.streams.Add(1) > maxStreams {
		_ = s.Close()
		// Not here: Pion holds locks that a negotiation may wait for.
		p.sfu.spawn(func() { p.fail(errors.New("too many SSRCs")) })
	}
	return s
}

// Close implements io.Closer.
func (s *stream) Close() error {
	s.once.Do(func() { s.peer.streams.Add(-1) })
	return s.Buffer.Close()
}
