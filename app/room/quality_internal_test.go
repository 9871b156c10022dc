package room

import (
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"parlor/media"
	"parlor/media/peer"
)

func TestMeasurement(t *testing.T) {
	track := func(user string, packets, lost uint64, jitter float64) peer.TrackStats {
		return peer.TrackStats{UserID: user, Source: media.Camera, Packets: packets, Lost: lost, JitterMS: jitter}
	}
	tests := []struct {
		name          string
		before, after peer.Stats
		want          measured
	}{
		{"nothing at all", peer.Stats{}, peer.Stats{}, measured{}},
		{"only an answer", peer.Stats{}, peer.Stats{RTTMS: 12.5}, measured{valid: true, rtt: 12500 * time.Microsecond}},
		{"the difference counts", peer.Stats{Remote: []peer.TrackStats{track("a", 1000, 500, 0)}}, peer.Stats{Remote: []peer.TrackStats{track("a", 1095, 505, 3)}},
			measured{valid: true, lost: 5, jitter: 3 * time.Millisecond}},
		{"all tracks together, the worst jitter", peer.Stats{}, peer.Stats{Remote: []peer.TrackStats{track("a", 50, 50, 9), track("b", 100, 0, 3)}},
			measured{valid: true, lost: 25, jitter: 9 * time.Millisecond}},
		{"a track at rest", peer.Stats{Remote: []peer.TrackStats{track("a", 7, 0, 90)}}, peer.Stats{Remote: []peer.TrackStats{track("a", 7, 0, 90)}}, measured{}},
		{"counted from the start again", peer.Stats{Remote: []peer.TrackStats{track("a", 700, 3, 0)}}, peer.Stats{Remote: []peer.TrackStats{track("a", 7, 0, 1)}}, measured{}},
		{"what is sent is lost", peer.Stats{}, peer.Stats{RTTMS: 1, Sent: []peer.SendStats{{LossPercent: 4}, {LossPercent: 2}}},
			measured{valid: true, rtt: time.Millisecond, lost: 4}},
		{"the connection has failed", peer.Stats{}, peer.Stats{State: peer.Failed}, measured{valid: true, lost: 100}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			last := make(map[shown]counts)
			measurement(tt.before, last)
			got := measurement(tt.after, last)
			if diff := cmp.Diff(tt.want, got, cmp.AllowUnexported(measured{})); diff != "" {
				t.Errorf("(-want +got):\n%s", diff)
			}
			if len(last) != len(tt.after.Remote) {
				t.Errorf("%d tracks are remembered, %d are there", len(last), len(tt.after.Remote))
			}
		})
	}
}
