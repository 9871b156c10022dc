package peer

import (
	"errors"
	"log/slog"
	"slices"
	"testing"

	"parlor/media"
	"parlor/media/mediatest"
)

// quietCodecs suppress noise by making everything quieter: by a half, or to nothing when high.
type quietCodecs struct {
	mediatest.Codecs
	open int
}

type quieter struct {
	codecs  *quietCodecs
	divisor int16
}

var errLevel = errors.New("no such level")

func (q *quietCodecs) NewNoiseSuppressor(level media.NoiseLevel) (media.NoiseSuppressor, error) {
	divisor := map[media.NoiseLevel]int16{media.NoiseLow: 2, media.NoiseHigh: 32767}[level]
	if level == media.NoiseDisable {
		return nil, nil
	}
	if divisor == 0 {
		return nil, errLevel
	}
	q.open++
	return &quieter{q, divisor}, nil
}

func (q *quieter) Process(pcm []int16) {
	for i := range pcm {
		pcm[i] /= q.divisor
	}
}

func (q *quieter) Close() error {
	q.codecs.open--
	return nil
}

func TestAudioCapture_SetNoise(t *testing.T) {
	codecs := &quietCodecs{}
	c := &AudioCapture{cfg: CaptureConfig{Codecs: codecs, Bitrate: audioBitrate, Log: slog.New(slog.DiscardHandler)}}
	p := newPublication(media.Microphone)
	publish(c, p)
	source := wave(media.FrameSamples, 1000, 8000)
	lent := slices.Clone(source)
	decoder := &mediatest.ToneDecoder{}
	heard := func() int { // the peak of what was sent
		t.Helper()
		tape := newTape(p)
		if err := c.handle(media.AudioFrame{PCM: lent, At: media.Now()}); err != nil {
			t.Fatal(err)
		}
		pcm := make([]int16, media.FrameSamples)
		if err := decoder.Decode(tape.packets[0].Payload, pcm); err != nil {
			t.Fatal(err)
		}
		return loudest(pcm)
	}
	for _, step := range []struct {
		levels []media.NoiseLevel // set one after the other
		err    error              // of the last one
		want   int
		open   int
	}{
		{nil, nil, 8000, 0},
		{[]media.NoiseLevel{media.NoiseLow}, nil, 4000, 1},
		{[]media.NoiseLevel{"loud"}, errLevel, 4000, 1},
		{[]media.NoiseLevel{media.NoiseHigh, media.NoiseDisable}, nil, 8000, 0},
		{[]media.NoiseLevel{media.NoiseDisable, media.NoiseLow, media.NoiseHigh}, nil, 0, 1},
		{[]media.NoiseLevel{media.NoiseLow}, nil, 4000, 1},
	} {
		var err error
		for _, level := range step.levels {
			err = c.SetNoise(level)
		}
		if !errors.Is(err, step.err) {
			t.Errorf("%q: error %v, want %v", step.levels, err, step.err)
		}
		if got := heard(); got < step.want*98/100 || got > step.want*102/100 {
			t.Errorf("%q: peak %d, want %d", step.levels, got, step.want)
		}
		if codecs.open != step.open {
			t.Errorf("%q: %d suppressors open, want %d", step.levels, codecs.open, step.open)
		}
	}
	if !slices.Equal(lent, source) {
		t.Error("the source's own samples were changed")
	}
	if err := c.SetNoise(media.NoiseLow); err != nil { // not taken before the end
		t.Fatal(err)
	}
	c.closeCodecs()
	if err := c.SetNoise(media.NoiseHigh); err != nil || codecs.open != 0 {
		t.Errorf("%d suppressors open after the end, %v", codecs.open, err)
	}
}

// TestAudioCapture_Level: the level is that of clean sound, and there while nobody is sent to.
func TestAudioCapture_Level(t *testing.T) {
	c := &AudioCapture{cfg: CaptureConfig{Codecs: &quietCodecs{}, Log: slog.New(slog.DiscardHandler)}}
	frame := media.AudioFrame{PCM: wave(media.FrameSamples, 1000, 8000)}
	if err := errors.Join(c.SetNoise(media.NoiseHigh), c.handle(frame)); err != nil || c.Level() != 0 {
		t.Errorf("level %d of suppressed noise, want 0; %v", c.Level(), err)
	}
	if err := errors.Join(c.SetNoise(media.NoiseDisable), c.handle(frame)); err != nil || c.Level() < 50 {
		t.Errorf("level %d, want more than 50; %v", c.Level(), err)
	}
	var stats SendStats
	if c.describe(&stats, media.Now()); stats.Level < 50 || stats.Bitrate != 0 {
		t.Errorf("statistics %+v, want a level, and no bitrate of an encoder that is not there", stats)
	}
	c.closeCodecs()
}

func TestAudioCapture_SetNoise_WithoutCodecs(t *testing.T) {
	c := &AudioCapture{}
	if err := c.SetNoise(media.NoiseLow); err == nil {
		t.Error("no error without codecs")
	}
	if err := c.SetNoise(media.NoiseDisable); err != nil {
		t.Error(err)
	}
}
