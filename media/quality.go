package media

import (
	"math"
	"time"
)

// Quality is how good a connection is for talking, 1 bad … 5 excellent, 0 unknown.
type Quality uint8

// The qualities, with the transmission rating R (ITU-T G.107) that each needs. The limits are those of ITU-T G.109, whose
// classes "best" and "high" are one here; below 60, "nearly all users dissatisfied", it says no more.
const (
	QualityUnknown   Quality = iota
	QualityDown              // less: half of the packets are lost, or all of it is worse than anybody can talk with
	QualityBad               // 20
	QualityPoor              // 60: low
	QualityGood              // 70: medium
	QualityExcellent         // 80: high
)

// String returns the name used in logs.
func (q Quality) String() string {
	switch q {
	case QualityDown:
		return "down"
	case QualityBad:
		return "bad"
	case QualityPoor:
		return "poor"
	case QualityGood:
		return "good"
	case QualityExcellent:
		return "excellent"
	}
	return "unknown"
}

// QualityCause is what most keeps a connection from being better.
type QualityCause uint8

// The causes. CauseNone goes with QualityExcellent: nothing that anybody would notice.
const (
	CauseNone   QualityCause = iota
	CauseLoss                // packets do not come
	CauseDelay               // they come late
	CauseJitter              // they come at uneven times, which is made up for by waiting
)

// String returns the name used in logs.
func (c QualityCause) String() string {
	switch c {
	case CauseLoss:
		return "loss"
	case CauseDelay:
		return "delay"
	case CauseJitter:
		return "jitter"
	}
	return "none"
}

// The parameters of the rating.
const (
	bestRating   = 93.2                      // G.107 with all of its defaults: a line that is only a line
	burstyLoss   = 10                        // percent; Bpl of G.107 for Opus that hides and repairs loss: twice that much costs two thirds of the rating
	ownDelay     = 40 * time.Millisecond     // of a frame, its encoding and its way through the sound drivers at both ends
	noticedDelay = 177300 * time.Microsecond // one way; G.107, simplified as by Cole and Rosenbluth: beyond it people talk into each other
	jitterDelays = 3                         // the playout buffer holds 97 % of the packets: so many times the mean deviation
	downLoss     = 50                        // percent in one second that are QualityDown at once
)

// The limits of the qualities in order, from QualityBad on.
var qualityLimits = [...]float64{20, 60, 70, 80}

// impairments are what loss, delay and jitter take off the rating.
type impairments struct{ loss, delay, jitter float64 }

// impair rates one state of a connection by the E-model (ITU-T G.107): loss in percent, the round trip time, and the jitter
// as in RFC 3550 section 6.4.1, which the playout buffer turns into delay.
func impair(lost float64, rtt, jitter time.Duration) impairments {
	buffer := jitterDelays * jitter
	steady := delayImpairment(ownDelay + rtt/2)
	return impairments{
		loss:   95 * lost / (lost + burstyLoss),
		delay:  steady,
		jitter: delayImpairment(ownDelay+rtt/2+buffer) - steady,
	}
}

// delayImpairment is Id of G.107 for a delay of one way.
func delayImpairment(d time.Duration) float64 {
	ms := d.Seconds() * 1000
	return 0.024*ms + 0.11*max(0, ms-noticedDelay.Seconds()*1000)
}

func (i impairments) rating() float64 { return bestRating - i.loss - i.delay - i.jitter }

// cause tells which of the three takes most, when they take enough to be noticed.
func (i impairments) cause() QualityCause {
	switch {
	case qualityOf(i.rating()) == QualityExcellent:
		return CauseNone
	case i.loss >= i.delay && i.loss >= i.jitter:
		return CauseLoss
	case i.jitter >= i.delay:
		return CauseJitter
	}
	return CauseDelay
}

func qualityOf(rating float64) Quality {
	q := QualityDown
	for _, limit := range qualityLimits {
		if rating >= limit {
			q++
		}
	}
	return q
}

// RateQuality rates one state of a connection on its own, and tells what most keeps it from being better. lost is a
// percentage; rtt and jitter are zero when unknown. QualityMeter does the same over time.
func RateQuality(lost float64, rtt, jitter time.Duration) (Quality, QualityCause) {
	i := impair(percentage(lost), max(rtt, 0), max(jitter, 0))
	return qualityOf(i.rating()), i.cause()
}

// percentage makes 0..100 of anything.
func percentage(v float64) float64 {
	if math.IsNaN(v) {
		return 0
	}
	return min(max(v, 0), 100)
}

const (
	qualityHold   = 5 * time.Second // a quality stays for so long, unless it turns to QualityDown
	qualitySmooth = 3 * time.Second // time constant of the mean over the measurements: one bad second is not a bad connection
	qualityMargin = 3               // points beyond the limit that the rating needs to be called better again
)

// QualityMeter turns measurements into a Quality with hysteresis: it changes at most once in five seconds, and at once
// only to QualityDown. The zero value is ready. Not safe for concurrent use.
type QualityMeter struct {
	shown             Quality
	changed           time.Duration // when shown did
	last              time.Duration // when the last measurement came
	lost, rtt, jitter float64       // smoothed; percent, seconds
	cause             QualityCause
}

// Add takes one second of measurements at a time on the clock of Now, and returns what to show. lost is the percentage
// of packets that never came, the worse of both directions; rtt and jitter are zero when unknown. Measurements count the
// less the older they are: to a third after three seconds.
func (m *QualityMeter) Add(at time.Duration, lost float64, rtt, jitter time.Duration) Quality {
	lost = percentage(lost)
	weight := 1.0
	if m.shown != QualityUnknown {
		weight = 1 - math.Exp(-float64(max(at-m.last, 0))/float64(qualitySmooth))
	}
	m.last = at
	m.lost += weight * (lost - m.lost)
	m.rtt += weight * (max(rtt, 0).Seconds() - m.rtt)
	m.jitter += weight * (max(jitter, 0).Seconds() - m.jitter)
	i := impair(m.lost, seconds(m.rtt), seconds(m.jitter))
	next := qualityOf(i.rating())
	switch {
	case m.shown == QualityUnknown:
	case lost >= downLoss:
		next = QualityDown
	case next > m.shown:
		next = max(qualityOf(i.rating()-qualityMargin), m.shown)
	}
	if m.shown == QualityUnknown || next == QualityDown || at-m.changed >= qualityHold {
		if next != m.shown {
			m.shown, m.changed = next, at
		}
	}
	if c := i.cause(); c != CauseNone || m.shown == QualityExcellent {
		m.cause = c
	}
	return m.shown
}

func seconds(s float64) time.Duration { return time.Duration(s * float64(time.Second)) }

// Cause tells what most keeps the connection from being better, CauseNone while QualityExcellent is shown.
func (m *QualityMeter) Cause() QualityCause { return m.cause }
