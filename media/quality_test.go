package media_test

import (
	"fmt"
	"math"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"parlor/media"
)

const ms = time.Millisecond

func TestRateQuality(t *testing.T) {
	for _, c := range []struct {
		name        string
		lost        float64
		rtt, jitter time.Duration
		want        media.Quality
		cause       media.QualityCause
	}{
		{"nothing known", 0, 0, 0, media.QualityExcellent, media.CauseNone},
		{"local network", 0, 2 * ms, 1 * ms, media.QualityExcellent, media.CauseNone},
		{"another continent", 0, 300 * ms, 5 * ms, media.QualityExcellent, media.CauseNone},
		{"1 % lost", 1, 40 * ms, 5 * ms, media.QualityExcellent, media.CauseNone},
		{"2 % lost", 2, 40 * ms, 5 * ms, media.QualityGood, media.CauseLoss},
		{"4 % lost", 4, 40 * ms, 5 * ms, media.QualityPoor, media.CauseLoss},
		{"7 % lost", 7, 40 * ms, 5 * ms, media.QualityBad, media.CauseLoss},
		{"20 % lost", 20, 40 * ms, 5 * ms, media.QualityBad, media.CauseLoss},
		{"40 % lost", 40, 40 * ms, 5 * ms, media.QualityDown, media.CauseLoss},
		{"a satellite", 0, 450 * ms, 10 * ms, media.QualityGood, media.CauseDelay},
		{"full queues", 0, 800 * ms, 20 * ms, media.QualityBad, media.CauseDelay},
		{"two seconds", 0, 2 * time.Second, 20 * ms, media.QualityDown, media.CauseDelay},
		{"busy radio", 0, 40 * ms, 80 * ms, media.QualityGood, media.CauseJitter},
		{"very busy radio", 0, 40 * ms, 160 * ms, media.QualityBad, media.CauseJitter},
		{"all of it", 4, 300 * ms, 40 * ms, media.QualityBad, media.CauseLoss},
		{"no sense", math.NaN(), -time.Second, -time.Second, media.QualityExcellent, media.CauseNone},
		{"more than all", 1000, 0, 0, media.QualityDown, media.CauseLoss},
	} {
		if got, cause := media.RateQuality(c.lost, c.rtt, c.jitter); got != c.want || cause != c.cause {
			t.Errorf("%s: %v because of %v, want %v because of %v", c.name, got, cause, c.want, c.cause)
		}
	}
}

// second is one measurement for TestQualityMeter, made times times in a row.
type second struct {
	times       int
	lost        float64
	rtt, jitter time.Duration
}

func TestQualityMeter(t *testing.T) {
	good := second{1, 0, 40 * ms, 5 * ms}
	for _, c := range []struct {
		name    string
		seconds []second
		want    []string // changes of what is shown
	}{
		{"steady", []second{{60, 0, 40 * ms, 5 * ms}}, []string{"0 s: excellent, none"}},
		{"bad from the start", []second{{10, 7, 40 * ms, 5 * ms}}, []string{"0 s: bad, loss"}},
		{"one bad second", []second{{20, 0, 40 * ms, 5 * ms}, {1, 8, 40 * ms, 5 * ms}, {20, 0, 40 * ms, 5 * ms}},
			[]string{"0 s: excellent, none", "20 s: good, loss", "25 s: excellent, none"}},
		{"one late second", []second{{20, 0, 40 * ms, 5 * ms}, {1, 0, 900 * ms, 5 * ms}, {20, 0, 40 * ms, 5 * ms}},
			[]string{"0 s: excellent, none"}},
		{"bad for good", []second{{20, 0, 40 * ms, 5 * ms}, {30, 7, 40 * ms, 5 * ms}},
			[]string{"0 s: excellent, none", "20 s: good, loss", "25 s: bad, loss"}},
		{"an outage of three seconds", []second{{20, 0, 40 * ms, 5 * ms}, {3, 100, 40 * ms, 5 * ms}, {60, 0, 40 * ms, 5 * ms}},
			[]string{"0 s: excellent, none", "20 s: down, loss", "25 s: bad, loss", "31 s: poor, loss", "36 s: excellent, none"}},
		{"up and down", []second{good, {10, 7, 40 * ms, 5 * ms}, {10, 0, 40 * ms, 5 * ms}},
			[]string{"0 s: excellent, none", "5 s: bad, loss", "12 s: poor, loss", "17 s: excellent, none"}},
		{"at the limit", []second{{1, 1.5, 40 * ms, 5 * ms}, {60, 1.3, 40 * ms, 5 * ms}}, []string{"0 s: good, loss"}},
	} {
		t.Run(c.name, func(t *testing.T) {
			var m media.QualityMeter
			var got []string
			shown, changed := media.QualityUnknown, -time.Hour
			at := time.Duration(0)
			for _, s := range c.seconds {
				for range s.times {
					q := m.Add(at, s.lost, s.rtt, s.jitter)
					if q != shown {
						if q != media.QualityDown && at-changed < 5*time.Second {
							t.Errorf("%v after %v: %v after only %v", shown, at, q, at-changed)
						}
						shown, changed = q, at
						got = append(got, fmt.Sprintf("%.0f s: %v, %v", at.Seconds(), q, m.Cause()))
					}
					at += time.Second
				}
			}
			if diff := cmp.Diff(c.want, got); diff != "" {
				t.Errorf("shown (-want +got):\n%s", diff)
			}
		})
	}
}

// TestQualityMeter_Clock: a clock that stands still or goes back does no harm.
func TestQualityMeter_Clock(t *testing.T) {
	var m media.QualityMeter
	for _, at := range []time.Duration{0, 0, -time.Hour, math.MinInt64 / 4, time.Second, time.Hour} {
		if got := m.Add(at, 0, 40*ms, 5*ms); got != media.QualityExcellent {
			t.Errorf("at %v: %v, want excellent", at, got)
		}
	}
}

func TestQuality_String(t *testing.T) {
	for q, want := range map[fmt.Stringer]string{
		media.QualityUnknown: "unknown", media.QualityDown: "down", media.QualityExcellent: "excellent", media.Quality(99): "unknown",
		media.CauseNone: "none", media.CauseDelay: "delay", media.QualityCause(99): "none",
	} {
		if got := q.String(); got != want {
			t.Errorf("got %q, want %q", got, want)
		}
	}
}
