package room

import (
	"time"

	"parlor/media"
	"parlor/media/peer"
)

// measureEvery is how often the own connection is measured, as media.QualityMeter wants it.
const measureEvery = time.Second

// measure is the goroutine of a stay that finds out how good its connection is, and tells the others when that changes.
func (s *stay) measure() {
	tick := time.NewTicker(measureEvery)
	defer tick.Stop()
	var meter media.QualityMeter
	last := make(map[shown]counts)
	for {
		select {
		case <-tick.C:
		case <-s.ctx.Done():
			return
		}
		now := measurement(s.peer.Stats(), last)
		var quality, known media.Quality
		connected := false
		err := s.c.loop.Do(s.ctx, func() error {
			connected = s.c.state != Reconnecting
			quality = s.quality
			switch {
			case !connected:
				quality = meter.Add(media.Now(), 100, 0, 0)
			case now.valid:
				quality = meter.Add(media.Now(), now.lost, now.rtt, now.jitter)
			}
			if quality != s.quality && !s.over {
				s.quality = quality
				s.tellMembers()
			}
			known = s.model.quality(s.options.UserID)
			return nil
		})
		if err != nil {
			return // the stay is over
		}
		// Compared with what the server tells: a report that got lost, or a session made anew, needs another one.
		if connected && quality != known {
			if err := s.session.ReportQuality(s.ctx, uint32(quality)); err != nil {
				s.c.log.Debug("the quality was not told", "error", err)
			}
		}
	}
}

// counts are the packets of one track so far.
type counts struct{ packets, lost uint64 }

// measured is one second of a connection, the worst of its parts.
type measured struct {
	valid       bool // something came, went, or was answered
	lost        float64
	rtt, jitter time.Duration
}

// measurement compares the counters with those of last time, which it replaces.
func measurement(stats peer.Stats, last map[shown]counts) measured {
	m := measured{rtt: milliseconds(stats.RTTMS)}
	m.valid = m.rtt > 0
	var packets, lost uint64
	present := make(map[shown]bool, len(stats.Remote))
	for _, t := range stats.Remote {
		key := shown{UserID(t.UserID), t.Source}
		present[key] = true
		before := last[key]
		last[key] = counts{t.Packets, t.Lost}
		if t.Packets < before.packets || t.Lost < before.lost || t.Packets == before.packets {
			continue // counted from the start again, or at rest
		}
		packets += t.Packets - before.packets
		lost += t.Lost - before.lost
		m.jitter = max(m.jitter, milliseconds(t.JitterMS))
	}
	for key := range last {
		if !present[key] {
			delete(last, key)
		}
	}
	if packets > 0 {
		m.valid = true
		m.lost = 100 * float64(lost) / float64(packets+lost)
	}
	if stats.State == peer.Failed {
		m.valid, m.lost = true, 100
	}
	for _, t := range stats.Sent {
		m.lost = max(m.lost, t.LossPercent)
	}
	return m
}

func milliseconds(ms float64) time.Duration { return time.Duration(ms * float64(time.Millisecond)) }
