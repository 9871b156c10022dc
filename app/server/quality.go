package server

import (
	"context"
	"fmt"
	"time"

	"parlor/app/api"
)

const (
	maxQuality      = 5           // excellent; 0 is unknown
	qualityInterval = time.Second // between two changes of one member's quality
)

// quality is how good a member's connection is, by its own account.
type quality struct {
	told     uint32 // to the others
	reported uint32 // last
	alarm    alarms // set for qualityInterval after a change
}

// ReportQuality implements api.RoomServiceHandler.
func (r *rooms) ReportQuality(ctx context.Context, req *api.ReportQualityRequest) (*api.ReportQualityResponse, error) {
	if level := req.GetLevel(); level > maxQuality {
		return nil, paramError("reportQuality", fmt.Sprintf("params.level should be 0 to %d, but is %d", maxQuality, level))
	}
	err := r.change(ctx, "reportQuality", func(here *room, m *member) error {
		m.quality.reported = req.GetLevel()
		if m.quality.alarm == nil {
			here.tellQuality(m)
		}
		return nil
	})
	return &api.ReportQualityResponse{}, err
}

// tellQuality tells what was reported last, and comes again after the interval, by when that may be something else.
func (r *room) tellQuality(m *member) {
	m.quality.alarm = nil
	if m.quality.told == m.quality.reported {
		return
	}
	m.quality.told = m.quality.reported
	r.changed(m)
	m.quality.alarm = r.after(m, qualityInterval, r.tellQuality)
}
