package device

import (
	"encoding/binary"
	"errors"
	"io"
	"sync/atomic"
	"time"

	"github.com/ebitengine/oto/v3"

	"parlor/media"
)

// Buffers of oto. Its defaults are 550 ms together, too long to talk and for the echo canceller;
// these are 64 ms.
const (
	otoDeviceBuffer = 40 * time.Millisecond
	otoPlayerBuffer = media.FrameLength
)

// oto plays stereo: not every device has a mono mode.
const (
	otoChannels  = 2
	otoFrameSize = 2 * otoChannels // bytes of one sample of all channels
)

// otoOutput is one player of the process's oto context.
type otoOutput struct {
	context *oto.Context
	player  *oto.Player
	reader  *otoReader
}

// sharedOto returns the oto context of this process, made at first use: no sound device must be
// touched before that.
func (s *Set) sharedOto() (*oto.Context, error) {
	s.otoOnce.Do(func() {
		ctx, ready, err := oto.NewContext(&oto.NewContextOptions{
			SampleRate:   media.SampleRate,
			ChannelCount: otoChannels,
			Format:       oto.FormatSignedInt16LE,
			BufferSize:   otoDeviceBuffer,
		})
		if err != nil {
			s.otoErr = err
			return
		}
		timer := time.NewTimer(openWait)
		defer timer.Stop()
		select {
		case <-ready:
			s.otoContext = ctx
		case <-timer.C:
			s.otoErr = errors.New("oto: the sound system does not answer")
		}
	})
	if s.otoErr != nil {
		return nil, s.otoErr
	}
	return s.otoContext, s.otoContext.Err() // without a device there is a context, but with an error
}

func (s *Set) openOto(sp *speaker) (output, error) {
	ctx, err := s.sharedOto()
	if err != nil {
		return nil, err
	}
	o := &otoOutput{context: ctx, reader: &otoReader{speaker: sp}}
	o.player = ctx.NewPlayer(o.reader)
	o.player.SetBufferSize(int(otoPlayerBuffer*media.SampleRate/time.Second) * otoFrameSize)
	o.player.Play()
	s.log.Debug("speaker open", "by", "oto")
	return o, nil
}

func (o *otoOutput) failure() error {
	if err := o.player.Err(); err != nil {
		return err
	}
	return o.context.Err()
}

// close ends the player; oto forgets it when it is collected.
func (o *otoOutput) close() {
	o.reader.closed.Store(true)
	o.player.Pause()
}

// otoReader gives a speaker's sound as oto reads it: bytes, on oto's goroutine, for all channels.
type otoReader struct {
	speaker *speaker
	closed  atomic.Bool
	mono    [media.FrameSamples]int16
}

// Read fills p. It never returns zero bytes for more than that: oto would spin.
func (r *otoReader) Read(p []byte) (int, error) {
	if r.closed.Load() {
		return 0, io.EOF
	}
	n := len(p) / otoFrameSize
	if n == 0 {
		clear(p)
		return len(p), nil
	}
	for i := 0; i < n; {
		mono := r.mono[:min(n-i, len(r.mono))]
		r.speaker.pull(mono)
		for _, v := range mono {
			binary.LittleEndian.PutUint16(p[i*otoFrameSize:], uint16(v))
			binary.LittleEndian.PutUint16(p[i*otoFrameSize+2:], uint16(v))
			i++
		}
	}
	return n * otoFrameSize, nil
}
