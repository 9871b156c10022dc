package server

import (
	"context"
	"fmt"
	"slices"

	"parlor/app/api"
)

// SetVisible implements api.RoomServiceHandler (N-30, N-31).
func (r *rooms) SetVisible(ctx context.Context, req *api.SetVisibleRequest) (*api.SetVisibleResponse, error) {
	err := r.change(ctx, "setVisible", func(here *room, m *member) error {
		switch {
		case req.GetVisible() != m.invisible: // so already
			return nil
		case !req.GetVisible():
			here.vanish(m)
			return nil
		case !here.mayAppear():
			return refuse("setVisible", tooManyVisible(here.limits))
		}
		here.appear(m)
		return nil
	})
	return &api.SetVisibleResponse{}, err
}

// appear makes the others see the member: to them it joins now.
func (r *room) appear(m *member) {
	m.invisible = false
	m.joinedAt = r.clock.Now()
	r.members = append(slices.DeleteFunc(r.members, func(other *member) bool { return other == m }), m)
	r.publishApart(m, changed(m), joined(m))
}

// vanish takes the member, and what it publishes, away from the others: to them it leaves.
func (r *room) vanish(m *member) {
	m.invisible, m.tracks = true, nil
	r.publishApart(m, changed(m), left(m, api.LeftReason_LEFT_REASON_EXIT))
	r.background.Go(func() { m.session.media.enforce(r, m) })
}

// publishApart gives one number to what the member sees and to what the others see of one thing. The member's stream gets
// both and relays the first; the feed has them in this order.
func (r *room) publishApart(m *member, own, others *api.Event) {
	r.seq++
	own.Seq, others.Seq = r.seq, r.seq
	r.tell(m, own)
	r.bus.publish(r.subject, others)
}

// mayAppear tells whether one more member may be visible.
func (r *room) mayAppear() bool {
	visible := 0
	for _, m := range r.members {
		if !m.invisible {
			visible++
		}
	}
	return visible < r.limits.VisiblePerRoom
}

// maySpeak tells whether m may publish its microphone beside those of the others. Negotiations of others that are under way do
// not count yet.
func (r *room) maySpeak(m *member) bool {
	microphones := 0
	for _, other := range r.members {
		if other != m && slices.ContainsFunc(other.shown(), isMicrophone) {
			microphones++
		}
	}
	return microphones < r.limits.MicrophonesPerRoom
}

func isMicrophone(t track) bool { return t.source == api.Source_SOURCE_MICROPHONE }

func tooManyVisible(l Limits) *refusal {
	return exhausted(fmt.Sprintf("too many visible users in the room: at most %d", l.VisiblePerRoom))
}
