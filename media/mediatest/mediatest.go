// Package mediatest has media without a machine, for the tests of other packages: codecs of one
// colour and one tone whose bytes look like VP8 and Opus to packet code, devices that are
// told what to show, and a network that loses and delays packets. It links no C.
package mediatest

import "parlor/media"

// Kit returns new Devices with Codecs. The devices of the kit are a *Devices.
func Kit() media.Kit {
	return media.Kit{Devices: NewDevices(), Codecs: Codecs{}}
}

// Codecs implements media.Codecs: FlatVP8 for pictures, tones for sound, and conversions in plain
// Go.
type Codecs struct{}

// NewVideoEncoder returns an encoder of FlatVP8.
func (Codecs) NewVideoEncoder(cfg media.VideoEncoderConfig) (media.VideoEncoder, error) {
	e := &FlatVP8Encoder{}
	if err := e.configure(cfg); err != nil {
		return nil, err
	}
	return e, nil
}

// NewVideoDecoder returns a decoder of FlatVP8.
func (Codecs) NewVideoDecoder() (media.VideoDecoder, error) { return &FlatVP8Decoder{}, nil }

// NewAudioEncoder returns an encoder of tones.
func (Codecs) NewAudioEncoder(bitrate int) (media.AudioEncoder, error) {
	return newToneEncoder(bitrate)
}

// NewAudioDecoder returns a decoder of tones.
func (Codecs) NewAudioDecoder() (media.AudioDecoder, error) { return &ToneDecoder{}, nil }

// NewNoiseSuppressor implements media.Codecs: tones have no noise.
func (Codecs) NewNoiseSuppressor(media.NoiseLevel) (media.NoiseSuppressor, error) { return nil, nil }
