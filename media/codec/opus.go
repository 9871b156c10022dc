package codec

import (
	"fmt"

	"gopkg.in/hraban/opus.v2"

	"parlor/media"
)

// maxOpusPacket is the longest Opus packet of one frame, bytes: one byte that describes it and
// up to 1275 of frame (RFC 6716 sections 3.1 and 3.4).
const maxOpusPacket = 1 + 1275

// initialPacketLoss is what the encoder expects before the first receiver report, percent:
// without any, libopus would make no redundancy at all.
const initialPacketLoss = 10

// opusEncoder is one libopus encoder for speech.
type opusEncoder struct {
	c      *opus.Encoder // nil after Close
	packet [maxOpusPacket]byte
}

// NewAudioEncoder returns an Opus encoder for speech: 48 kHz mono, 20 ms, in-band error
// correction and discontinuous transmission on. bitrate is in bit/s, 6000 to 510000 (RFC 6716
// section 2.1.1).
func (s *Set) NewAudioEncoder(bitrate int) (media.AudioEncoder, error) {
	if bitrate < 6000 || bitrate > 510000 {
		return nil, fmt.Errorf("codec: Opus encoder for %d bit/s", bitrate)
	}
	c, err := opus.NewEncoder(media.SampleRate, 1, opus.AppVoIP)
	if err != nil {
		return nil, fmt.Errorf("codec: open Opus encoder: %w", err)
	}
	e := &opusEncoder{c: c}
	for _, set := range []struct {
		name string
		do   func() error
	}{
		{"bitrate", func() error { return c.SetBitrate(bitrate) }},
		{"in-band FEC", func() error { return c.SetInBandFEC(true) }},
		{"DTX", func() error { return c.SetDTX(true) }},
		{"packet loss", func() error { return c.SetPacketLossPerc(initialPacketLoss) }},
	} {
		if err := set.do(); err != nil {
			return nil, fmt.Errorf("codec: set %s of Opus encoder: %w", set.name, err)
		}
	}
	return e, nil
}

// Encode implements media.AudioEncoder. Packets of one or two bytes are libopus's way to say that
// nothing needs to be sent (opus_encode); they come out as nil.
func (e *opusEncoder) Encode(pcm []int16) ([]byte, error) {
	if e.c == nil {
		return nil, ErrClosed
	}
	if len(pcm) != media.FrameSamples {
		return nil, fmt.Errorf("codec: encode %d samples, want %d", len(pcm), media.FrameSamples)
	}
	n, err := e.c.Encode(pcm, e.packet[:])
	if err != nil {
		return nil, fmt.Errorf("codec: encode Opus: %w", err)
	}
	if n <= 2 {
		return nil, nil
	}
	return e.packet[:n], nil
}

// SetPacketLoss implements media.AudioEncoder.
func (e *opusEncoder) SetPacketLoss(percent int) error {
	if e.c == nil {
		return ErrClosed
	}
	if percent < 0 || percent > 100 {
		return fmt.Errorf("codec: packet loss of %d percent", percent)
	}
	if err := e.c.SetPacketLossPerc(percent); err != nil {
		return fmt.Errorf("codec: set packet loss of Opus encoder: %w", err)
	}
	return nil
}

// Close lets go of the encoder; its memory is Go's.
func (e *opusEncoder) Close() error {
	e.c = nil
	return nil
}

// opusDecoder is one libopus decoder.
type opusDecoder struct {
	c *opus.Decoder // nil after Close
}

// NewAudioDecoder returns an Opus decoder to 48 kHz mono; stereo packets are mixed down.
func (s *Set) NewAudioDecoder() (media.AudioDecoder, error) {
	c, err := opus.NewDecoder(media.SampleRate, 1)
	if err != nil {
		return nil, fmt.Errorf("codec: open Opus decoder: %w", err)
	}
	return &opusDecoder{c: c}, nil
}

// frame checks pcm and cuts its capacity, which the binding takes for the room to write in.
func (d *opusDecoder) frame(pcm []int16) ([]int16, error) {
	if d.c == nil {
		return nil, ErrClosed
	}
	if len(pcm) != media.FrameSamples {
		return nil, fmt.Errorf("codec: decode into %d samples, want %d", len(pcm), media.FrameSamples)
	}
	return pcm[:len(pcm):len(pcm)], nil
}

// Decode implements media.AudioDecoder. A packet of another length than 20 ms is an error; of
// a shorter one, the rest of pcm is silence.
func (d *opusDecoder) Decode(packet []byte, pcm []int16) error {
	pcm, err := d.frame(pcm)
	if err != nil {
		return err
	}
	n, err := d.c.Decode(packet, pcm)
	if err != nil {
		return fmt.Errorf("codec: decode Opus packet of %d bytes: %w", len(packet), err)
	}
	if n < len(pcm) {
		clear(pcm[n:])
		return fmt.Errorf("codec: Opus packet of %d samples, want %d", n, len(pcm))
	}
	return nil
}

// DecodeFEC implements media.AudioDecoder. A packet without redundancy gives what Conceal gives.
func (d *opusDecoder) DecodeFEC(packet []byte, pcm []int16) error {
	pcm, err := d.frame(pcm)
	if err != nil {
		return err
	}
	if err := d.c.DecodeFEC(packet, pcm); err != nil {
		return fmt.Errorf("codec: decode redundancy of Opus packet of %d bytes: %w", len(packet), err)
	}
	return nil
}

// Conceal implements media.AudioDecoder.
func (d *opusDecoder) Conceal(pcm []int16) error {
	pcm, err := d.frame(pcm)
	if err != nil {
		return err
	}
	if err := d.c.DecodePLC(pcm); err != nil {
		return fmt.Errorf("codec: conceal: %w", err)
	}
	return nil
}

// Close lets go of the decoder; its memory is Go's.
func (d *opusDecoder) Close() error {
	d.c = nil
	return nil
}
