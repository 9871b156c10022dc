package server

import (
	"context"

	"parlor/app/api"
	"parlor/app/errno"
)

// SetVisible implements api.RoomServiceHandler.
func (r *rooms) SetVisible(ctx context.Context, req *api.SetVisibleRequest) (*api.SetVisibleResponse, error) {
	return nil, errno.Failed.In("changeUserVisibility", errno.NativeServerStatus)
}

// SendMessage implements api.RoomServiceHandler.
func (r *rooms) SendMessage(ctx context.Context, req *api.SendMessageRequest) (*api.SendMessageResponse, error) {
	return nil, errno.Failed.In("sendMessage", errno.NativeServerStatus)
}

// ReportQuality implements api.RoomServiceHandler.
func (r *rooms) ReportQuality(ctx context.Context, req *api.ReportQualityRequest) (*api.ReportQualityResponse, error) {
	return nil, errno.Failed.In("reportQuality", errno.NativeServerStatus)
}
