package media

import "time"

// Quality is how good a connection is for talking, 1 bad … 5 excellent, 0 unknown.
type Quality uint8

// The qualities.
const (
	QualityUnknown Quality = iota
	QualityDown
	QualityBad
	QualityPoor
	QualityGood
	QualityExcellent
)

// QualityMeter turns measurements into a Quality with hysteresis: it changes at most once in five seconds, and at once
// only to QualityDown. The zero value is ready. Not safe for concurrent use.
type QualityMeter struct {
	shown   Quality
	changed time.Duration
}

// Add takes one second of measurements at a time on the clock of Now, and returns what to show. lost is the percentage
// of packets that never came, the worse of both directions; rtt and jitter are zero when unknown.
func (m *QualityMeter) Add(at time.Duration, lost float64, rtt, jitter time.Duration) Quality {
	return m.shown
}
