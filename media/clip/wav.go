package clip

import (
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"math"
	"os"

	"parlor/media"
)

const (
	wavHeader     = 44 // bytes, as written here
	wavPCM        = 1
	wavExtensible = 0xfffe
	maxWAVChunks  = 1000
	maxWAVData    = math.MaxUint32 - wavHeader
)

// wavFile is an opened WAV file.
type wavFile struct {
	f        *file
	rate     int   // Hz
	channels int   // 1 or 2
	data     int64 // offset of the first sample
	length   int64 // samples per channel

	resampler *resampler // nil at media.SampleRate
	next      int64      // sample to play, counted on over the rounds
	raw       []byte
}

func newWAVSource(f *file) (media.AudioSource, error) {
	w := &wavFile{f: f}
	if err := w.parse(); err != nil {
		return nil, err
	}
	if w.rate != media.SampleRate {
		w.resampler = newResampler(w.rate)
	}
	return newSound(w.fill, f.Close), nil
}

func (w *wavFile) parse() error {
	if head := w.f.magic(12); len(head) < 12 || head[8:] != "WAVE" {
		return errors.New("RIFF, but not WAVE")
	}
	offset := int64(12)
	for range maxWAVChunks {
		var head [8]byte
		if _, err := w.f.ReadAt(head[:], offset); err != nil {
			return fmt.Errorf("byte %d: no data chunk", offset)
		}
		id, size := string(head[:4]), int64(binary.LittleEndian.Uint32(head[4:]))
		offset += int64(len(head))
		switch id {
		case "fmt ":
			if err := w.parseFormat(offset, size); err != nil {
				return fmt.Errorf("byte %d: %w", offset, err)
			}
		case "data":
			if w.rate == 0 {
				return fmt.Errorf("byte %d: data before format", offset)
			}
			// Streams leave 0 or the largest size; a file may also have been cut.
			if rest := w.f.size - offset; size == 0 || size > rest {
				size = rest
			}
			w.data, w.length = offset, size/int64(2*w.channels)
			if w.length == 0 {
				return fmt.Errorf("byte %d: no samples", offset)
			}
			return nil
		}
		offset += size + size&1
	}
	return fmt.Errorf("more than %d chunks", maxWAVChunks)
}

func (w *wavFile) parseFormat(offset, size int64) error {
	var b [26]byte
	need := int64(16)
	n, _ := w.f.ReadAt(b[:min(size, int64(len(b)))], offset)
	le := binary.LittleEndian
	format := le.Uint16(b[:])
	if format == wavExtensible {
		need = 26
		format = le.Uint16(b[24:]) // first bytes of the sub-format's GUID
	}
	if int64(n) < need {
		return errors.New("format chunk is too short")
	}
	channels, rate, bits := int(le.Uint16(b[2:])), int(le.Uint32(b[4:])), int(le.Uint16(b[14:]))
	switch {
	case format != wavPCM || bits != 16:
		return fmt.Errorf("format %d with %d bits, only PCM (1) with 16 bits is known", format, bits)
	case channels != 1 && channels != 2:
		return fmt.Errorf("%d channels, want 1 or 2", channels)
	case rate < 8000 || rate > 48000:
		return fmt.Errorf("%d Hz, want 8000 to 48000", rate)
	}
	w.channels, w.rate = channels, rate
	return nil
}

// fill makes the next 20 ms.
func (w *wavFile) fill(pcm []int16) error {
	if w.resampler != nil {
		return w.resampler.fill(pcm, w.read)
	}
	var in [media.FrameSamples]float32
	if err := w.read(in[:], w.next); err != nil {
		return err
	}
	for i, v := range in {
		pcm[i] = int16(v)
	}
	w.next += int64(len(pcm))
	return nil
}

// read fetches samples as mono, from the first one on; the file goes on for ever in both
// directions, round and round.
func (w *wavFile) read(mono []float32, first int64) error {
	for done := 0; done < len(mono); {
		at := (first + int64(done)) % w.length
		if at < 0 {
			at += w.length
		}
		n := int(min(int64(len(mono)-done), w.length-at))
		frame := 2 * w.channels
		if cap(w.raw) < n*frame {
			w.raw = make([]byte, n*frame)
		}
		raw := w.raw[:n*frame]
		offset := w.data + at*int64(frame)
		if _, err := w.f.ReadAt(raw, offset); err != nil {
			return fmt.Errorf("%s: byte %d: %w", w.f.name, offset, short(err))
		}
		for i := range n {
			sum := 0
			for c := range w.channels {
				sum += int(int16(binary.LittleEndian.Uint16(raw[i*frame+2*c:])))
			}
			mono[done+i] = float32(sum) / float32(w.channels)
		}
		done += n
	}
	return nil
}

// wavHead returns the header of a mono file at media.SampleRate with that many bytes of data.
func wavHead(data uint32) []byte {
	le := binary.LittleEndian
	b := le.AppendUint32([]byte("RIFF"), data+wavHeader-8)
	b = append(b, "WAVEfmt "...)
	b = le.AppendUint32(b, 16)
	b = le.AppendUint16(b, wavPCM)
	b = le.AppendUint16(b, 1)
	b = le.AppendUint32(b, media.SampleRate)
	b = le.AppendUint32(b, media.SampleRate*2)
	b = le.AppendUint16(b, 2)
	b = le.AppendUint16(b, 16)
	b = append(b, "data"...)
	return le.AppendUint32(b, data)
}

func appendPCM(b []byte, pcm []int16) []byte {
	for _, v := range pcm {
		b = binary.LittleEndian.AppendUint16(b, uint16(v))
	}
	return b
}

// WriteWAV writes samples as a mono WAV file at media.SampleRate.
func WriteWAV(w io.Writer, samples []int16) error {
	if len(samples) > maxWAVData/2 {
		return fmt.Errorf("%d samples do not fit in a WAV file", len(samples))
	}
	_, err := w.Write(appendPCM(wavHead(uint32(2*len(samples))), samples))
	return err
}

// wavSink writes what it gets. All of it is on the goroutine of its sink, and then in Close.
type wavSink struct {
	f    *os.File
	size uint32 // bytes of samples
	buf  []byte
	err  error // the first; then nothing more is written
}

// CreateWAV is a speaker that writes a WAV file: it pulls 20 ms at a time from src until it is
// closed. The file can be read at any time: its header is brought up to date every second.
// Close waits for the goroutine and returns the first error of writing, after which the sink only
// pulled.
func CreateWAV(path string, src media.AudioReader) (io.Closer, error) {
	f, err := os.Create(path)
	if err != nil {
		return nil, err
	}
	w := &wavSink{f: f}
	if _, err := f.Write(wavHead(0)); err != nil {
		return nil, errors.Join(err, f.Close())
	}
	return newSink(src, w.take, w.finish), nil
}

func (w *wavSink) take(pcm []int16) {
	if w.err != nil {
		return
	}
	w.buf = appendPCM(w.buf[:0], pcm)
	if int64(w.size)+int64(len(w.buf)) > maxWAVData {
		w.err = fmt.Errorf("%s: WAV file is full", w.f.Name())
		return
	}
	if _, w.err = w.f.Write(w.buf); w.err != nil {
		return
	}
	w.size += uint32(len(w.buf))
	if w.size%(2*media.SampleRate) == 0 {
		w.err = w.update()
	}
}

func (w *wavSink) update() error {
	_, err := w.f.WriteAt(wavHead(w.size), 0)
	return err
}

func (w *wavSink) finish() error {
	return errors.Join(w.err, w.update(), w.f.Close())
}
