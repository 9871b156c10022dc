package mediatest_test

import (
	"errors"
	"testing"

	"parlor/media"
	"parlor/media/mediatest"
)

// microphone returns n frames of the tone, end to end.
func microphone(t *testing.T, tone mediatest.Tone, n int) []int16 {
	t.Helper()
	devices := mediatest.NewDevices()
	devices.SetTone(tone)
	src, err := devices.OpenMicrophone("")
	if err != nil {
		t.Fatal(err)
	}
	defer src.Close()
	var pcm []int16
	for range n {
		f, err := src.ReadAudio()
		if err != nil {
			t.Fatal(err)
		}
		pcm = append(pcm, f.PCM...)
	}
	return pcm
}

func similar(a, b mediatest.Tone) bool {
	within := func(a, b, part uint16) bool { return max(a, b)-min(a, b) <= max(a, b)/part }
	return within(a.Hz, b.Hz, 25) && within(a.Amplitude, b.Amplitude, 25)
}

func TestMeasureTone(t *testing.T) {
	for _, want := range []mediatest.Tone{{}, {Hz: 440, Amplitude: 16384}, {Hz: 1000, Amplitude: 100}, {Hz: 200, Amplitude: 32767}} {
		if got := mediatest.MeasureTone(microphone(t, want, 5)); !similar(got, want) && want.Amplitude != 0 || got.Amplitude != 0 && want.Amplitude == 0 {
			t.Errorf("got %v, want %v", got, want)
		}
	}
}

func TestTone_Codec(t *testing.T) {
	codecs := mediatest.Codecs{}
	encoder, err := codecs.NewAudioEncoder(24_000)
	if err != nil {
		t.Fatal(err)
	}
	decoder, err := codecs.NewAudioDecoder()
	if err != nil {
		t.Fatal(err)
	}
	tones := []mediatest.Tone{{Hz: 500, Amplitude: 8000}, {Hz: 1000, Amplitude: 4000}, {Hz: 2000, Amplitude: 16000}}
	var packets [][]byte
	for _, tone := range tones {
		packet, err := encoder.Encode(microphone(t, tone, 1))
		if err != nil {
			t.Fatal(err)
		}
		if len(packet) != 60 {
			t.Errorf("packet of %d bytes, want 60 at 24 kbit/s", len(packet))
		}
		packets = append(packets, append([]byte(nil), packet...))
	}
	pcm := make([]int16, media.FrameSamples)
	check := func(what string, err error, want mediatest.Tone) {
		t.Helper()
		if err != nil {
			t.Fatalf("%s: %v", what, err)
		}
		if got := mediatest.MeasureTone(pcm); !similar(got, want) {
			t.Errorf("%s: got %v, want %v", what, got, want)
		}
	}
	check("decode", decoder.Decode(packets[0], pcm), tones[0])
	check("conceal", decoder.Conceal(pcm), mediatest.Tone{Hz: 500, Amplitude: 4000})
	check("conceal again", decoder.Conceal(pcm), mediatest.Tone{Hz: 500, Amplitude: 2000})
	check("FEC", decoder.DecodeFEC(packets[2], pcm), tones[1])
	check("decode behind FEC", decoder.Decode(packets[2], pcm), tones[2])
	for _, bad := range [][]byte{nil, {1}, packets[0][:9], append([]byte{0}, packets[0][1:]...)} {
		if err := decoder.Decode(bad, pcm); !errors.Is(err, mediatest.ErrGarbage) {
			t.Errorf("%x: got %v, want ErrGarbage", bad, err)
		}
	}
	if decoder.Decode(packets[0], pcm[:100]) == nil {
		t.Error("too little room: got no error")
	}
}

func TestTone_WithoutFEC(t *testing.T) {
	codecs := mediatest.Codecs{}
	encoder, _ := codecs.NewAudioEncoder(24_000)
	if err := encoder.SetPacketLoss(0); err != nil {
		t.Fatal(err)
	}
	tone := microphone(t, mediatest.Tone{Hz: 440, Amplitude: 5000}, 1)
	var packet []byte
	for range 2 {
		packet, _ = encoder.Encode(tone)
	}
	if _, before, err := mediatest.ParseTone(packet); err != nil || before != (mediatest.Tone{}) {
		t.Errorf("got %v, %v; want no redundancy", before, err)
	}
	if encoder.SetPacketLoss(101) == nil {
		t.Error("loss of 101 percent: got no error")
	}
}

func TestToneEncoder_DTX(t *testing.T) {
	codecs := mediatest.Codecs{}
	encoder, _ := codecs.NewAudioEncoder(24_000)
	silence := make([]int16, media.FrameSamples)
	sent := 0
	for range 100 {
		packet, err := encoder.Encode(silence)
		if err != nil {
			t.Fatal(err)
		}
		if packet != nil {
			sent++
		}
	}
	if sent < 10 || sent > 20 {
		t.Errorf("%d of 100 silent frames were sent, want 10 and a few", sent)
	}
	if packet, _ := encoder.Encode(microphone(t, mediatest.Tone{Hz: 440, Amplitude: 5000}, 1)); packet == nil {
		t.Error("sound after silence was not sent")
	}
}
