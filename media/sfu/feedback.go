package sfu

import (
	"slices"
	"sync"
	"time"

	"github.com/pion/interceptor/pkg/twcc"
	"github.com/pion/rtcp"
)

const (
	// reportsPerPacket is how many sections one RTCP packet reports on: 56 bytes each, together less than an MTU.
	reportsPerPacket = 20
	// maxReceptionReports is how many one packet can hold (RFC 3550, section 6.4.2: five bits).
	maxReceptionReports = 31
	// feedbackSSRC is the SFU's own SSRC in feedback. It sends nothing under it, so it need not be unique.
	feedbackSSRC = 1
)

// feedback says what the clock finds due. Requests for lost packets always are.
type feedback struct {
	now        time.Duration
	congestion bool
	reports    bool
}

// sendFeedback sends the RTCP that is due.
func (p *Peer) sendFeedback(due feedback) {
	var reports []rtcp.Packet
	p.mu.Lock()
	if !p.connected || p.closed {
		p.mu.Unlock()
		return
	}
	receivers := make([]*receiver, 0, len(p.receivers))
	for _, r := range p.receivers {
		receivers = append(receivers, r)
	}
	if due.reports {
		for _, d := range p.downs {
			reports = d.track.report(reports, due.now)
		}
	}
	p.mu.Unlock()

	var received []rtcp.ReceptionReport
	for _, r := range receivers {
		if nack := r.nack(due.now); nack != nil {
			p.writeRTCP(nack)
		}
		if due.reports {
			if report, ok := r.report(due.now); ok {
				received = append(received, report)
			}
		}
	}
	if due.congestion {
		p.writeRTCP(p.arrivals.feedback()...)
	}
	for received := range slices.Chunk(received, maxReceptionReports) {
		p.writeRTCP(&rtcp.ReceiverReport{Reports: received})
	}
	for reports := range slices.Chunk(reports, 2*reportsPerPacket) { // a report and a name each
		p.writeRTCP(reports...)
	}
}

// writeRTCP sends one RTCP packet. What does not go out is repeated or out of date soon.
func (p *Peer) writeRTCP(packets ...rtcp.Packet) {
	if len(packets) == 0 {
		return
	}
	if err := p.conn.WriteRTCP(packets); err != nil {
		p.log.Debug("sfu: RTCP not sent", "err", err)
	}
}

// arrivals is the congestion feedback of one connection (transport-wide congestion control), over all its tracks.
type arrivals struct {
	mu       sync.Mutex
	recorder *twcc.Recorder // nil before the first packet
}

// packet notes a packet that came under a transport-wide sequence number.
func (a *arrivals) packet(ssrc uint32, sequence uint16, at time.Duration) {
	a.mu.Lock()
	defer a.mu.Unlock()
	if a.recorder == nil {
		a.recorder = twcc.NewRecorder(feedbackSSRC)
	}
	a.recorder.Record(ssrc, sequence, at.Microseconds())
}

// feedback returns what is to be sent now.
func (a *arrivals) feedback() []rtcp.Packet {
	a.mu.Lock()
	defer a.mu.Unlock()
	if a.recorder == nil || a.recorder.PacketsHeld() == 0 {
		return nil
	}
	return a.recorder.BuildFeedbackPacket()
}
