package peer

import (
	"slices"
	"sync"
	"time"

	"github.com/pion/rtcp"

	"parlor/media"
)

// Feed is what can be published: *VideoCapture or *AudioCapture.
type Feed interface {
	feedKind() media.Kind
	attach(p *publication)
	detach(p *publication)
	requestKeyFrame() // must not block: a publication calls it under its lock
	expectLoss(percent int)
	describe(s *SendStats, now time.Duration) // fills in what only the feed knows
}

// outlets is the list of publications that a feed serves; nearly always none or one.
type outlets struct {
	mu   sync.Mutex
	list []*publication
}

func (o *outlets) attach(p *publication) {
	o.mu.Lock()
	defer o.mu.Unlock()
	o.list = append(slices.Clone(o.list), p)
}

func (o *outlets) detach(p *publication) {
	o.mu.Lock()
	defer o.mu.Unlock()
	o.list = slices.DeleteFunc(slices.Clone(o.list), func(q *publication) bool { return q == p })
}

// all returns the list, which is never changed in place.
func (o *outlets) all() []*publication {
	o.mu.Lock()
	defer o.mu.Unlock()
	return o.list
}

// active tells whether any publication wants to send, and whether one must begin with a key frame.
func (o *outlets) active() (sending, needKey bool) {
	for _, p := range o.all() {
		s, k := p.active()
		sending, needKey = sending || s, needKey || k
	}
	return sending, needKey
}

// summarize picks out of a compound packet what the sender of a stream acts on. The server reports on all streams at once.
func summarize(packets []rtcp.Packet, ssrc uint32) (loss uint8, haveLoss, wantKey bool) {
	for _, packet := range packets {
		switch r := packet.(type) {
		case *rtcp.PictureLossIndication:
			wantKey = wantKey || r.MediaSSRC == ssrc
		case *rtcp.FullIntraRequest:
			wantKey = wantKey || slices.ContainsFunc(r.FIR, func(e rtcp.FIREntry) bool { return e.SSRC == ssrc })
		case *rtcp.ReceiverReport:
			for _, report := range r.Reports {
				if report.SSRC == ssrc {
					loss, haveLoss = report.FractionLost, true
				}
			}
		}
	}
	return loss, haveLoss, wantKey
}
