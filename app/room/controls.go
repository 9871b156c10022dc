package room

import (
	"context"

	"parlor/app/errno"
	"parlor/media"
)

// ChangeStreamSubscribeState is changeStreamSubscribeState (N-18..N-20): whether a user's microphone and camera are received.
func (c *Context) ChangeStreamSubscribeState(ctx context.Context, on bool, user UserID, t StreamType) error {
	return errno.Failed.In("changeStreamSubscribeState", errno.NativeServerStatus)
}

// ChangeScreenSubscribeState is changeScreenSubscribeState (N-21..N-25): whether a user's shared screen and its sound are received.
func (c *Context) ChangeScreenSubscribeState(ctx context.Context, on bool, user UserID, t StreamType) error {
	return errno.Failed.In("changeScreenSubscribeState", errno.NativeServerStatus)
}

// ChangeUserVisibility is changeUserVisibility (N-30, N-31); outside a room it is kept for the next join.
func (c *Context) ChangeUserVisibility(ctx context.Context, visible bool) error {
	return errno.Failed.In("changeUserVisibility", errno.NativeServerStatus)
}

// SwitchCamera is switchCamera (N-26, N-27).
func (c *Context) SwitchCamera(ctx context.Context, p CameraPosition) error {
	return errno.Failed.In("switchCamera", errno.NativeServerStatus)
}

// SetAudioPlaybackDevice is setAudioPlaybackDevice (N-28, N-29).
func (c *Context) SetAudioPlaybackDevice(ctx context.Context, d PlaybackDevice) error {
	return errno.Failed.In("setAudioPlaybackDevice", errno.NativeServerStatus)
}

// SetVideoEncoderConfig is setVideoEncoderConfig (N-32): the largest camera picture to be published, at once.
func (c *Context) SetVideoEncoderConfig(ctx context.Context, largest media.VideoFormat) error {
	return errno.Failed.In("setVideoEncoderConfig", errno.NativeServerStatus)
}

// ChangeAnsMode is changeAnsMode (N-33): noise suppression of the microphone, at once.
func (c *Context) ChangeAnsMode(ctx context.Context, level media.NoiseLevel) error {
	return errno.Failed.In("changeAnsMode", errno.NativeServerStatus)
}

// StartScreenShare captures a screen or window (a media.Devices name) and publishes it; it replaces what was shared before. An
// audio name other than "" publishes that microphone name as the screen's sound. R-84 gives mini-apps no such method: it is ours.
func (c *Context) StartScreenShare(ctx context.Context, screen, audio string) error {
	return errno.Failed.In("x-startScreenShare", errno.NativeServerStatus)
}

// StopScreenShare ends it; stopping twice is fine.
func (c *Context) StopScreenShare(ctx context.Context) error {
	return errno.Failed.In("x-stopScreenShare", errno.NativeServerStatus)
}

// SendMessage tells everybody in the room a text of 1..MaxMessage bytes.
func (c *Context) SendMessage(ctx context.Context, text string) (Message, error) {
	return Message{}, errno.Failed.In("x-sendMessage", errno.NativeServerStatus)
}

// SetDevice chooses the camera, the microphone or (source 0) the speaker. What is open changes over at once, without a gap in
// the publication: others see no camera or microphone go. If the new device does not open, the old one stays and the error says why.
func (c *Context) SetDevice(ctx context.Context, source media.Source, name string) error {
	return errno.Failed.In("x-setDevice", errno.NativeServerStatus)
}
