package codec_test

import (
	"errors"
	"math"
	"slices"
	"testing"

	"parlor/media"
	"parlor/media/codec"
)

// voice writes frame i of something with the harmonics and the syllables of speech.
func voice(pcm []int16, i int) {
	for k := range pcm {
		at := float64(i*len(pcm)+k) / media.SampleRate
		syllable := 0.55 + 0.45*math.Sin(2*math.Pi*4*at)
		pitch := 2 * math.Pi * (140*at + 2*math.Sin(2*math.Pi*3*at))
		var v float64
		for harmonic := 1.0; harmonic <= 12; harmonic++ {
			v += math.Sin(harmonic*pitch) / harmonic
		}
		pcm[k] = int16(5000 * syllable * v)
	}
}

func rms(pcm []int16) float64 {
	var sum float64
	for _, v := range pcm {
		sum += float64(v) * float64(v)
	}
	return math.Sqrt(sum / float64(len(pcm)))
}

// likeness is the largest normalised correlation of got with what was said in want, which ends
// at the same time and begins earlier: libopus looks 6.5 ms ahead, so got is late.
func likeness(want, got []int16) float64 {
	best := 0.0
	lead := len(want) - len(got)
	for delay := range lead {
		var ab, aa, bb float64
		for k, v := range got {
			a, b := float64(want[lead+k-delay]), float64(v)
			ab, aa, bb = ab+a*b, aa+a*a, bb+b*b
		}
		if aa > 0 && bb > 0 {
			best = max(best, ab/math.Sqrt(aa*bb))
		}
	}
	return best
}

func newOpus(tb testing.TB, bitrate int) (media.AudioEncoder, media.AudioDecoder) {
	tb.Helper()
	set := codec.New()
	e, err := set.NewAudioEncoder(bitrate)
	if err != nil {
		tb.Fatal(err)
	}
	d, err := set.NewAudioDecoder()
	if err != nil {
		tb.Fatal(err)
	}
	return e, d
}

func TestOpus_Tone(t *testing.T) {
	e, d := newOpus(t, 32000)
	const frames = 50
	var sent, got []int16
	pcm, out := make([]int16, media.FrameSamples), make([]int16, media.FrameSamples)
	bits := 0
	for i := range frames {
		for k := range pcm {
			pcm[k] = int16(10000 * math.Sin(2*math.Pi*440*float64(i*len(pcm)+k)/media.SampleRate))
		}
		packet, err := e.Encode(pcm)
		if err != nil || packet == nil {
			t.Fatalf("frame %d: got packet %v, error %v", i, packet, err)
		}
		bits += 8 * len(packet)
		if err := d.Decode(packet, out); err != nil {
			t.Fatal(err)
		}
		sent, got = append(sent, pcm...), append(got, out...)
	}
	half := len(got) / 2
	if r := rms(got[half:]) / rms(sent[half:]); r < 0.9 || r > 1.1 {
		t.Errorf("got %.2f of the level want 1", r)
	}
	if c := likeness(sent[half-len(pcm):], got[half:]); c < 0.98 {
		t.Errorf("got correlation %.3f want ≥ 0.98", c)
	}
	if rate := bits * 50 / frames; rate > 45000 {
		t.Errorf("got %d bit/s want about 32000", rate)
	}
}

// One packet in five is lost: what the redundancy gives back must be clearly closer to
// what was said than concealment. It is coded at a fraction of the bits, so it is not the same.
func TestOpusDecoder_DecodeFEC(t *testing.T) {
	lossy := func(recover func(d media.AudioDecoder, next []byte, out []int16) error) float64 {
		e, d := newOpus(t, 32000)
		if err := e.SetPacketLoss(20); err != nil {
			t.Fatal(err)
		}
		var packets [][]byte
		var sent []int16
		pcm, out := make([]int16, media.FrameSamples), make([]int16, media.FrameSamples)
		for i := range 101 {
			voice(pcm, i)
			packet, err := e.Encode(pcm)
			if err != nil {
				t.Fatal(err)
			}
			packets, sent = append(packets, slices.Clone(packet)), append(sent, pcm...)
		}
		var sum float64
		n := 0
		for i := range 100 {
			lost := i%5 == 4
			if lost {
				if err := recover(d, packets[i+1], out); err != nil {
					t.Fatal(err)
				}
			} else if err := d.Decode(packets[i], out); err != nil {
				t.Fatal(err)
			}
			if lost && i > 20 {
				sum += likeness(sent[(i-1)*len(out):(i+1)*len(out)], out)
				n++
			}
		}
		return sum / float64(n)
	}
	fec := lossy(func(d media.AudioDecoder, next []byte, out []int16) error { return d.DecodeFEC(next, out) })
	plc := lossy(func(d media.AudioDecoder, _ []byte, out []int16) error { return d.Conceal(out) })
	t.Logf("correlation of lost frames: redundancy %.3f, concealment %.3f", fec, plc)
	if fec < 0.7 {
		t.Errorf("redundancy: got correlation %.3f want ≥ 0.7", fec)
	}
	if fec < plc+0.05 {
		t.Errorf("redundancy %.3f is not better than concealment %.3f", fec, plc)
	}
}

// Silence stops the packets after a while and speech starts them at once.
func TestOpusEncoder_DTX(t *testing.T) {
	e, _ := newOpus(t, 32000)
	pcm := make([]int16, media.FrameSamples)
	nothing := 0
	for i := range 100 {
		clear(pcm)
		packet, err := e.Encode(pcm)
		if err != nil {
			t.Fatal(err)
		}
		if packet == nil {
			nothing++
		} else if len(packet) <= 2 {
			t.Errorf("frame %d: got a packet of %d bytes want nil", i, len(packet))
		}
	}
	if nothing < 60 {
		t.Errorf("silence: got %d of 100 frames without packet want most", nothing)
	}
	voice(pcm, 3)
	if packet, err := e.Encode(pcm); err != nil || packet == nil {
		t.Errorf("speech after silence: got packet %v, error %v", packet, err)
	}
}

func TestOpus_Errors(t *testing.T) {
	set := codec.New()
	for _, bitrate := range []int{-1, 0, 5999, 510001} {
		if _, err := set.NewAudioEncoder(bitrate); err == nil {
			t.Errorf("bitrate %d: got no error", bitrate)
		}
	}
	e, d := newOpus(t, 24000)
	frame := make([]int16, media.FrameSamples)
	voice(frame, 1)
	packet, err := e.Encode(frame)
	if err != nil {
		t.Fatal(err)
	}
	for _, n := range []int{0, 1, 480, 961, 1920} {
		pcm := make([]int16, n)
		for name, err := range map[string]error{
			"Encode":    func() error { _, err := e.Encode(pcm); return err }(),
			"Decode":    d.Decode(packet, pcm),
			"DecodeFEC": d.DecodeFEC(packet, pcm),
			"Conceal":   d.Conceal(pcm),
		} {
			if err == nil {
				t.Errorf("%s of %d samples: got no error", name, n)
			}
		}
	}
	for _, percent := range []int{-1, 101} {
		if err := e.SetPacketLoss(percent); err == nil {
			t.Errorf("packet loss %d: got no error", percent)
		}
	}
	for name, bad := range map[string][]byte{
		"no bytes":     nil,
		"10 ms":        {0xf0, 1, 2, 3},    // CELT, 10 ms: TOC configuration 30
		"60 ms":        {0x18, 1, 2, 3},    // SILK, 60 ms: configuration 3
		"bad count":    {0xff, 0xff, 0, 0}, // code 3 with 63 frames
		"broken sizes": {0xfa, 0xff, 0xff}, // code 2, first frame longer than the packet
	} {
		if err := d.Decode(bad, frame); err == nil {
			t.Errorf("%s: got no error", name)
		}
	}
	// The room to write in is the length, not the capacity.
	guarded := make([]int16, 4*media.FrameSamples)
	if err := d.Conceal(guarded[:media.FrameSamples]); err != nil {
		t.Error(err)
	}
	if err := d.Decode(packet, guarded[:media.FrameSamples]); err != nil {
		t.Error(err)
	}
	if rms(guarded[media.FrameSamples:]) != 0 {
		t.Error("wrote behind the end of the frame")
	}
}

func TestOpus_Close(t *testing.T) {
	e, d := newOpus(t, 24000)
	for range 2 {
		if err := errors.Join(e.Close(), d.Close()); err != nil {
			t.Error(err)
		}
	}
	pcm := make([]int16, media.FrameSamples)
	_, encodeErr := e.Encode(pcm)
	for name, err := range map[string]error{
		"Encode":        encodeErr,
		"SetPacketLoss": e.SetPacketLoss(5),
		"Decode":        d.Decode([]byte{1, 2, 3}, pcm),
		"DecodeFEC":     d.DecodeFEC([]byte{1, 2, 3}, pcm),
		"Conceal":       d.Conceal(pcm),
	} {
		if !errors.Is(err, codec.ErrClosed) {
			t.Errorf("%s: got %v want ErrClosed", name, err)
		}
	}
}

func TestOpus_Allocations(t *testing.T) {
	e, d := newOpus(t, 32000)
	pcm, out := make([]int16, media.FrameSamples), make([]int16, media.FrameSamples)
	voice(pcm, 5)
	if got := testing.AllocsPerRun(100, func() {
		packet, err := e.Encode(pcm)
		if err != nil {
			t.Fatal(err)
		}
		if err := errors.Join(d.Decode(packet, out), d.DecodeFEC(packet, out), d.Conceal(out)); err != nil {
			t.Fatal(err)
		}
	}); got != 0 {
		t.Errorf("encode and decode: got %v allocations want 0", got)
	}
}

// FuzzOpusDecoder feeds what may come from the network.
func FuzzOpusDecoder(f *testing.F) {
	e, _ := newOpus(f, 24000)
	pcm := make([]int16, media.FrameSamples)
	for i := range 3 {
		voice(pcm, i)
		packet, err := e.Encode(pcm)
		if err != nil {
			f.Fatal(err)
		}
		f.Add(slices.Clone(packet))
	}
	f.Add([]byte{0xff, 0xff, 0, 0})
	f.Fuzz(func(t *testing.T, packet []byte) {
		_, d := newOpus(t, 24000)
		out := make([]int16, media.FrameSamples)
		for range 2 {
			_ = d.Decode(packet, out) // errors are fine, crashes are not
			_ = d.DecodeFEC(packet, out)
			if err := d.Conceal(out); err != nil {
				t.Fatalf("conceal after %x: %v", packet, err)
			}
		}
	})
}
