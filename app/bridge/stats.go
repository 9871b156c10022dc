package bridge

import (
	"parlor/app/room"
	"parlor/media"
)

// Stats is what x-stats answers with: the counters of the media connection since it was made.
type Stats struct {
	RTTMS  float64       `json:"rttMs"`
	Remote []RemoteStats `json:"remote"` // never nil
	Sent   []SentStats   `json:"sent"`   // never nil
}

// RemoteStats counts what came of one source of a user.
type RemoteStats struct {
	UserID    string  `json:"userId"`
	Kind      string  `json:"kind"`   // audio, video
	Source    string  `json:"source"` // microphone, camera, screen, screenaudio
	Packets   uint64  `json:"packets"`
	Lost      uint64  `json:"lost"` // packets
	Bytes     uint64  `json:"bytes"`
	Frames    uint64  `json:"frames"`
	KeyFrames uint64  `json:"keyFrames"`
	Decoded   uint64  `json:"decoded"`
	Dropped   uint64  `json:"dropped"` // frames
	PLIs      uint64  `json:"plis"`
	Concealed uint64  `json:"concealed"` // 20 ms frames of sound
	Level     int     `json:"level"`     // 0..100
	Width     int     `json:"width"`
	Height    int     `json:"height"`
	JitterMS  float64 `json:"jitterMs"`
	DelayMS   float64 `json:"delayMs"`
	DecodeMS  float64 `json:"decodeMs"` // mean of one picture
	Freezes   uint64  `json:"freezes"`
}

// SentStats counts what was sent of one own source.
type SentStats struct {
	Kind    string `json:"kind"`
	Source  string `json:"source"`
	Packets uint64 `json:"packets"`
	Bytes   uint64 `json:"bytes"`
	Frames  uint64 `json:"frames"`
	Resent  uint64 `json:"resent"` // packets
	Level   int    `json:"level"`
	Width   int    `json:"width"`
	Height  int    `json:"height"`
	// Bitrate is what the encoder aims at, bit/s; 0: sent as the source gave it.
	Bitrate     int     `json:"bitrate"`
	LossPercent float64 `json:"lossPercent"` // as the other side reported it
	EncodeMS    float64 `json:"encodeMs"`    // mean of one frame
}

func (c *call) stats() (any, error) { return statsOf(c.engine.Stats()), nil }

func statsOf(s room.Stats) Stats {
	out := Stats{RTTMS: s.RTTMS, Remote: []RemoteStats{}, Sent: []SentStats{}}
	for _, t := range s.Remote {
		out.Remote = append(out.Remote, RemoteStats{
			UserID: t.UserID, Kind: kind(t.Source), Source: t.Source.String(),
			Packets: t.Packets, Lost: t.Lost, Bytes: t.Bytes,
			Frames: t.Frames, KeyFrames: t.KeyFrames, Decoded: t.Decoded, Dropped: t.Dropped, PLIs: t.PLIs,
			Concealed: t.Concealed, Level: t.Level, Width: t.Width, Height: t.Height,
			JitterMS: t.JitterMS, DelayMS: t.DelayMS, DecodeMS: t.DecodeMS, Freezes: t.Freezes,
		})
	}
	for _, t := range s.Sent {
		out.Sent = append(out.Sent, SentStats{
			Kind: kind(t.Source), Source: t.Source.String(),
			Packets: t.Packets, Bytes: t.Bytes, Frames: t.Frames, Resent: t.Resent, Level: t.Level,
			Width: t.Width, Height: t.Height, Bitrate: t.Bitrate, LossPercent: t.LossPercent, EncodeMS: t.EncodeMS,
		})
	}
	return out
}

func kind(s media.Source) string { return s.Kind().String() }
