package clip

import (
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"math"
	"sync/atomic"
	"time"

	"parlor/media"
)

// An IVF file is a header of 32 bytes, then frames: uint32 length, uint64 time in units of the
// header's time base, the frame. All little-endian.
const (
	ivfMagic       = "DKIF"
	ivfHeader      = 32
	ivfFrameHeader = 12
	ivfFourCC      = "VP80"
	maxIVFFrame    = 8 << 20 // bytes; larger is garbage
	maxIVFFrames   = 1 << 20 // more than nine hours at 30 per second
	maxIVFGap      = 10 * time.Second
)

// vp8Header reads the head of a VP8 frame (RFC 6386, 9.1). Sizes are those of key frames.
func vp8Header(b []byte) (key bool, width, height int, err error) {
	if len(b) < 3 {
		return false, 0, 0, fmt.Errorf("VP8 frame of %d bytes", len(b))
	}
	if b[0]&1 != 0 {
		return false, 0, 0, nil
	}
	if len(b) < 10 || string(b[3:6]) != "\x9d\x01\x2a" {
		return false, 0, 0, errors.New("VP8 key frame without its start code")
	}
	width = int(binary.LittleEndian.Uint16(b[6:]) & 0x3fff)
	height = int(binary.LittleEndian.Uint16(b[8:]) & 0x3fff)
	if width == 0 || height == 0 {
		return false, 0, 0, fmt.Errorf("VP8 key frame of %d×%d", width, height)
	}
	return true, width, height, nil
}

// ivfFrame is where a frame is in the file and when it is shown.
type ivfFrame struct {
	offset int64
	length int
	key    bool
	at     time.Duration // from the start of the file
}

// ivfSource plays the frames of an IVF file.
type ivfSource struct {
	*pacer
	f      *file
	format media.VideoFormat
	frames []ivfFrame
	gap    time.Duration // from the last frame to the first of the next round
	keyDue atomic.Bool

	next int           // frame
	due  time.Duration // of the next frame, from the first read
	buf  []byte
}

func newIVFSource(f *file) (*ivfSource, error) {
	s := &ivfSource{pacer: newPacer(), f: f}
	unit, err := s.readHeader()
	if err != nil {
		return nil, err
	}
	pts, err := s.index()
	if err != nil {
		return nil, err
	}
	s.schedule(pts, unit)
	return s, nil
}

// readHeader returns the file's unit of time in seconds, 0 when it makes no sense.
func (s *ivfSource) readHeader() (unit float64, err error) {
	var h [ivfHeader]byte
	if _, err := s.f.ReadAt(h[:], 0); err != nil {
		return 0, fmt.Errorf("IVF header: %w", short(err))
	}
	le := binary.LittleEndian
	if version := le.Uint16(h[4:]); version != 0 {
		return 0, fmt.Errorf("IVF version %d, only 0 is known", version)
	}
	if n := le.Uint16(h[6:]); n != ivfHeader {
		return 0, fmt.Errorf("IVF header of %d bytes, want %d", n, ivfHeader)
	}
	if codec := string(h[8:12]); codec != ivfFourCC {
		return 0, fmt.Errorf("IVF with codec %q, want %q", codec, ivfFourCC)
	}
	rate, scale := le.Uint32(h[16:]), le.Uint32(h[20:])
	if rate == 0 || scale == 0 {
		return 0, nil
	}
	return float64(scale) / float64(rate), nil
}

// index finds the frames and returns their times. It begins at the first key frame and
// ignores an incomplete last frame, as a program that was killed leaves it.
func (s *ivfSource) index() (pts []uint64, err error) {
	var h [ivfFrameHeader + 10]byte
	for offset := int64(ivfHeader); s.f.size-offset > ivfFrameHeader; {
		n, err := s.f.ReadAt(h[:min(int64(len(h)), s.f.size-offset)], offset)
		if err != nil && err != io.EOF {
			return nil, err
		}
		length := int64(binary.LittleEndian.Uint32(h[:]))
		if length > maxIVFFrame {
			return nil, fmt.Errorf("byte %d: frame of %d bytes, more than %d", offset, length, maxIVFFrame)
		}
		body := offset + ivfFrameHeader
		if length > s.f.size-body {
			break
		}
		if length > 0 { // an empty frame shows the one before again
			key, width, height, err := vp8Header(h[ivfFrameHeader:min(int64(n), ivfFrameHeader+length)])
			if err != nil {
				return nil, fmt.Errorf("byte %d: %w", body, err)
			}
			if key && len(s.frames) == 0 {
				s.format = media.VideoFormat{Width: width, Height: height}
			}
			if key || len(s.frames) > 0 {
				s.frames = append(s.frames, ivfFrame{offset: body, length: int(length), key: key})
				pts = append(pts, binary.LittleEndian.Uint64(h[4:]))
			}
		}
		if len(s.frames) > maxIVFFrames {
			return nil, fmt.Errorf("more than %d frames", maxIVFFrames)
		}
		offset = body + length
	}
	if len(s.frames) == 0 {
		return nil, errors.New("no key frame")
	}
	return pts, nil
}

// schedule turns the times of the file into due times; where they make no sense, frames
// come at an even rate.
func (s *ivfSource) schedule(pts []uint64, unit float64) {
	n := len(s.frames)
	sane := unit > 0
	for i := 1; i < n && sane; i++ {
		step := float64(pts[i]-pts[i-1]) * unit // huge when times go back
		sane = step >= 1.0/maxRate/2 && step <= maxIVFGap.Seconds()
	}
	gap := 1 / defaultFormat.Rate // in seconds, between frames in the mean
	if sane && n > 1 {
		gap = float64(pts[n-1]-pts[0]) * unit / float64(n-1)
	} else if unit >= 1.0/maxRate && unit <= 1 {
		gap = unit // the usual time base: one frame
	}
	for i := range s.frames {
		at := float64(i) * gap
		if sane {
			at = float64(pts[i]-pts[0]) * unit
		}
		s.frames[i].at = time.Duration(math.Round(at * float64(time.Second)))
	}
	s.gap = time.Duration(gap * float64(time.Second))
	s.format.Rate = 1 / gap
}

// ReadVideo implements media.VideoSource.
func (s *ivfSource) ReadVideo() (media.VideoFrame, error) {
	at, err := s.wait(s.due, s.gap)
	if err != nil {
		return media.VideoFrame{}, err
	}
	if s.keyDue.Swap(false) {
		for !s.frames[s.next].key {
			s.next = (s.next + 1) % len(s.frames)
		}
	}
	frame := s.frames[s.next]
	if cap(s.buf) < frame.length {
		s.buf = make([]byte, frame.length)
	}
	s.buf = s.buf[:frame.length]
	if _, err := s.f.ReadAt(s.buf, frame.offset); err != nil {
		return media.VideoFrame{}, s.why(fmt.Errorf("%s: byte %d: %w", s.f.name, frame.offset, short(err)))
	}
	if s.next++; s.next < len(s.frames) {
		s.due += s.frames[s.next].at - frame.at
	} else {
		s.next = 0
		s.due += s.gap
	}
	return media.VideoFrame{Encoded: s.buf, KeyFrame: frame.key, At: at}, nil
}

// short says in words that a file ends too early.
func short(err error) error {
	if errors.Is(err, io.EOF) || errors.Is(err, io.ErrUnexpectedEOF) {
		return errors.New("file ends too early")
	}
	return err
}

// RequestKeyFrame jumps to the next key frame of the file.
func (s *ivfSource) RequestKeyFrame() { s.keyDue.Store(true) }

// Format implements media.VideoSource; the rate is the mean of the file.
func (s *ivfSource) Format() media.VideoFormat { return s.format }

// Close implements media.VideoSource.
func (s *ivfSource) Close() error {
	if s.close() {
		return s.f.Close()
	}
	return nil
}

// IVFWriter writes VP8 frames to an IVF file.
type IVFWriter struct {
	w           ReplaceWriter
	rate, scale uint32
	frames      uint32
	header      [ivfHeader]byte
	buf         []byte
}

// ReplaceWriter is what files are written to whose header is only known at the end; *os.File
// is one.
type ReplaceWriter interface {
	io.Writer
	io.WriterAt
}

// NewIVFWriter returns a writer of frames whose times count in scale/rate seconds. It writes nothing
// before the first frame; w stays the caller's.
func NewIVFWriter(w ReplaceWriter, rate, scale uint32) *IVFWriter {
	return &IVFWriter{w: w, rate: rate, scale: scale}
}

// WriteFrame appends one whole frame. The first must be a key frame: its size goes to the
// header of the file.
func (i *IVFWriter) WriteFrame(frame []byte, pts uint64) error {
	if i.frames == 0 {
		key, width, height, err := vp8Header(frame)
		if err != nil {
			return err
		}
		if !key {
			return errors.New("first frame is not a key frame")
		}
		le := binary.LittleEndian
		copy(i.header[0:], ivfMagic)
		le.PutUint16(i.header[6:], ivfHeader)
		copy(i.header[8:], ivfFourCC)
		le.PutUint16(i.header[12:], uint16(width))
		le.PutUint16(i.header[14:], uint16(height))
		le.PutUint32(i.header[16:], i.rate)
		le.PutUint32(i.header[20:], i.scale)
		if _, err := i.w.Write(i.header[:]); err != nil {
			return err
		}
	}
	i.buf = binary.LittleEndian.AppendUint32(i.buf[:0], uint32(len(frame)))
	i.buf = binary.LittleEndian.AppendUint64(i.buf, pts)
	i.buf = append(i.buf, frame...)
	if _, err := i.w.Write(i.buf); err != nil { // one call: a frame is there or not
		return err
	}
	i.frames++
	return nil
}

// Flush brings the number of frames in the header up to date.
func (i *IVFWriter) Flush() error {
	if i.frames == 0 {
		return nil
	}
	binary.LittleEndian.PutUint32(i.header[24:], i.frames)
	_, err := i.w.WriteAt(i.header[:], 0)
	return err
}
