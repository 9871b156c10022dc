package mediatest

import (
	"encoding/binary"
	"errors"
	"fmt"
	"math"

	"parlor/media"
)

// A packet of sound looks like Opus to code that reads its first byte (RFC 6716, 3.1: hybrid
// full band, 20 ms, mono, one frame). It carries a tone instead of samples, and the tone of the
// packet before as redundancy:
//
//	TOC, "T", tone, tone before, padding
//	tone = uint16 Hz, uint16 amplitude
const (
	toneTOC     = 15 << 3
	toneMagic   = 'T'
	toneLength  = 2 + 4 + 4
	maxTone     = 400 // bytes of a packet
	dtxAfter    = 10  // silent frames that are sent before transmission pauses, as in libopus
	dtxKeep     = 20  // one of so many silent frames is sent still
	concealFade = 2   // amplitude is divided by this for each concealed frame
)

// Tone is a sine. The zero Tone is silence.
type Tone struct {
	Hz        uint16
	Amplitude uint16 // of the peaks, 0..32767
}

// MeasureTone finds the tone in samples that hold nothing else, from their zero crossings and
// energy. It is good to a few per cent when samples has some ten periods.
func MeasureTone(pcm []int16) Tone {
	energy, crossings, first, last := 0.0, 0, 0, 0
	for i, v := range pcm {
		energy += float64(v) * float64(v)
		if i > 0 && pcm[i-1] < 0 && v >= 0 {
			if crossings == 0 {
				first = i
			}
			crossings, last = crossings+1, i
		}
	}
	rms := math.Sqrt(energy / float64(max(1, len(pcm))))
	t := Tone{Amplitude: uint16(math.Round(min(rms*math.Sqrt2, math.MaxInt16)))}
	if crossings > 1 && t.Amplitude > 0 {
		hz := float64(crossings-1) * media.SampleRate / float64(last-first)
		t.Hz = uint16(math.Round(min(hz, math.MaxUint16)))
	}
	return t
}

// oscillator makes tones without a jump where one follows the other.
type oscillator struct{ phase float64 }

func (o *oscillator) fill(pcm []int16, t Tone) {
	step := 2 * math.Pi * float64(t.Hz) / media.SampleRate
	for i := range pcm {
		pcm[i] = int16(math.Round(float64(t.Amplitude) * math.Sin(o.phase)))
		o.phase = math.Mod(o.phase+step, 2*math.Pi)
	}
}

// ToneEncoder implements media.AudioEncoder.
type ToneEncoder struct {
	length int
	fec    bool
	before Tone
	silent int // silent frames in a row
	buf    []byte
	closed bool
}

func newToneEncoder(bitrate int) (*ToneEncoder, error) {
	if bitrate < 0 {
		return nil, fmt.Errorf("mediatest: bit rate %d", bitrate)
	}
	length := bitrate / 8 * int(media.FrameLength.Milliseconds()) / 1000
	return &ToneEncoder{length: min(max(length, toneLength), maxTone), fec: true}, nil
}

// Encode implements media.AudioEncoder. Silence that lasts is not sent.
func (e *ToneEncoder) Encode(pcm []int16) ([]byte, error) {
	if e.closed {
		return nil, errors.New("mediatest: encoder is closed")
	}
	if len(pcm) != media.FrameSamples {
		return nil, fmt.Errorf("mediatest: %d samples, want %d", len(pcm), media.FrameSamples)
	}
	tone, before := MeasureTone(pcm), e.before
	e.before = tone
	if e.silent++; tone.Amplitude > 0 {
		e.silent = 0
	}
	if e.silent > dtxAfter && e.silent%dtxKeep != 0 {
		return nil, nil
	}
	if !e.fec {
		before = Tone{}
	}
	e.buf = append(e.buf[:0], toneTOC, toneMagic)
	for _, t := range []Tone{tone, before} {
		e.buf = binary.BigEndian.AppendUint16(e.buf, t.Hz)
		e.buf = binary.BigEndian.AppendUint16(e.buf, t.Amplitude)
	}
	for len(e.buf) < e.length {
		e.buf = append(e.buf, 0)
	}
	return e.buf, nil
}

// SetPacketLoss implements media.AudioEncoder: with 0 packets carry no redundancy.
func (e *ToneEncoder) SetPacketLoss(percent int) error {
	if percent < 0 || percent > 100 {
		return fmt.Errorf("mediatest: loss of %d %%", percent)
	}
	e.fec = percent > 0
	return nil
}

// Close implements media.AudioEncoder.
func (e *ToneEncoder) Close() error {
	e.closed = true
	return nil
}

// ToneDecoder implements media.AudioDecoder.
type ToneDecoder struct {
	oscillator
	last   Tone
	closed bool
}

// ParseTone returns the tone in a packet and the one of the packet before.
func ParseTone(packet []byte) (tone, before Tone, err error) {
	if len(packet) < toneLength || packet[0] != toneTOC || packet[1] != toneMagic {
		return Tone{}, Tone{}, fmt.Errorf("%w: %d bytes are no tone", ErrGarbage, len(packet))
	}
	read := func(b []byte) Tone {
		return Tone{Hz: binary.BigEndian.Uint16(b), Amplitude: binary.BigEndian.Uint16(b[2:])}
	}
	tone, before = read(packet[2:]), read(packet[6:])
	if tone.Amplitude > math.MaxInt16 || before.Amplitude > math.MaxInt16 {
		return Tone{}, Tone{}, fmt.Errorf("%w: amplitude", ErrGarbage)
	}
	return tone, before, nil
}

// Decode implements media.AudioDecoder.
func (d *ToneDecoder) Decode(packet []byte, pcm []int16) error {
	return d.play(packet, pcm, func(tone, _ Tone) Tone { return tone })
}

// DecodeFEC implements media.AudioDecoder: the tone before, exactly.
func (d *ToneDecoder) DecodeFEC(packet []byte, pcm []int16) error {
	return d.play(packet, pcm, func(_, before Tone) Tone { return before })
}

// Conceal implements media.AudioDecoder: the last tone at half its amplitude.
func (d *ToneDecoder) Conceal(pcm []int16) error {
	if d.closed {
		return errors.New("mediatest: decoder is closed")
	}
	d.last.Amplitude /= concealFade
	d.fill(pcm, d.last)
	return nil
}

func (d *ToneDecoder) play(packet []byte, pcm []int16, choose func(tone, before Tone) Tone) error {
	if d.closed {
		return errors.New("mediatest: decoder is closed")
	}
	if len(pcm) != media.FrameSamples {
		return fmt.Errorf("mediatest: room for %d samples, want %d", len(pcm), media.FrameSamples)
	}
	tone, before, err := ParseTone(packet)
	if err != nil {
		return err
	}
	d.last = choose(tone, before)
	d.fill(pcm, d.last)
	return nil
}

// Close implements media.AudioDecoder.
func (d *ToneDecoder) Close() error {
	d.closed = true
	return nil
}
