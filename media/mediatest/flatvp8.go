package mediatest

import (
	"encoding/binary"
	"errors"
	"fmt"
	"hash/crc32"
	"image"
	"image/color"
	"time"

	"parlor/media"
	"parlor/media/clip"
)

// A frame of FlatVP8 is the header of a VP8 frame (RFC 6386, 9.1: 10 bytes for key frames, 3 for
// others), then
//
//	"FLAT", uint32 number, Y, Cb, Cr, padding, uint32 CRC of all before
//
// all big-endian. The padding makes frames as long as real ones of the bit rate, so that they
// take several RTP packets.
const (
	flatMagic   = "FLAT"
	tagLength   = 3
	keyHeader   = 10
	flatPayload = len(flatMagic) + 4 + 3
	flatCRC     = 4
	maxFlat     = 1 << 18 // bytes of one frame
	keyFactor   = 4       // how much longer key frames are
)

// Errors of FlatVP8Decoder.
var (
	ErrGarbage          = errors.New("mediatest: not a frame of FlatVP8")
	ErrMissingReference = errors.New("mediatest: frame before this one is missing")
)

// FlatVP8Encoder encodes the colour in the middle of a picture.
type FlatVP8Encoder struct {
	cfg    media.VideoEncoderConfig
	number uint32 // of the next frame
	keyed  bool   // a key frame was made
	buf    []byte
	closed bool
}

func (e *FlatVP8Encoder) configure(cfg media.VideoEncoderConfig) error {
	if cfg.Width < 1 || cfg.Height < 1 || cfg.Width > 1<<14-1 || cfg.Height > 1<<14-1 {
		return fmt.Errorf("mediatest: cannot encode %d×%d", cfg.Width, cfg.Height)
	}
	if cfg.Rate <= 0 {
		cfg.Rate = 30
	}
	e.cfg = cfg
	return nil
}

// Encode implements media.VideoEncoder. It never drops a frame.
func (e *FlatVP8Encoder) Encode(img *image.YCbCr, _ time.Duration, forceKey bool) (frame []byte, key bool, err error) {
	if e.closed {
		return nil, false, errors.New("mediatest: encoder is closed")
	}
	if img.Rect.Dx() != e.cfg.Width || img.Rect.Dy() != e.cfg.Height {
		return nil, false, fmt.Errorf("mediatest: picture is %d×%d, encoder %d×%d", img.Rect.Dx(), img.Rect.Dy(), e.cfg.Width, e.cfg.Height)
	}
	key = forceKey || !e.keyed
	length := int(float64(e.cfg.Bitrate) / 8 / e.cfg.Rate)
	if key {
		length *= keyFactor
	}
	middle := img.YCbCrAt((img.Rect.Min.X+img.Rect.Max.X)/2, (img.Rect.Min.Y+img.Rect.Max.Y)/2)
	e.buf = AppendFlatVP8(e.buf[:0], FlatVP8{
		KeyFrame: key, Width: e.cfg.Width, Height: e.cfg.Height,
		Number: e.number, Color: middle, Length: min(length, maxFlat),
	})
	e.keyed = true
	e.number++
	return e.buf, key, nil
}

// SetBitrate implements media.VideoEncoder.
func (e *FlatVP8Encoder) SetBitrate(bitsPerSecond int) error {
	e.cfg.Bitrate = bitsPerSecond
	return nil
}

// Close implements media.VideoEncoder.
func (e *FlatVP8Encoder) Close() error {
	e.closed = true
	return nil
}

// FlatVP8 is what is in a frame.
type FlatVP8 struct {
	KeyFrame      bool
	Width, Height int    // of key frames, pixels; 14 bits each
	Number        uint32 // each frame needs the one before it, but for key frames
	Color         color.YCbCr
	Length        int // bytes that the frame is to have; it has more if it must
}

// AppendFlatVP8 appends the bytes of a frame.
func AppendFlatVP8(dst []byte, f FlatVP8) []byte {
	start, header := len(dst), tagLength
	if f.KeyFrame {
		header = keyHeader
	}
	padding := max(0, f.Length-header-flatPayload-flatCRC)
	// Frame tag: not a key frame (1 bit), version (3), shown (1), length of the first
	// partition (19), which is all the rest here.
	tag := uint32(1)<<4 | uint32(min(flatPayload+padding+flatCRC, 1<<19-1))<<5
	if !f.KeyFrame {
		tag |= 1
	}
	dst = append(dst, byte(tag), byte(tag>>8), byte(tag>>16))
	if f.KeyFrame {
		dst = append(dst, 0x9d, 0x01, 0x2a)
		dst = binary.LittleEndian.AppendUint16(dst, uint16(f.Width)&0x3fff)
		dst = binary.LittleEndian.AppendUint16(dst, uint16(f.Height)&0x3fff)
	}
	dst = append(dst, flatMagic...)
	dst = binary.BigEndian.AppendUint32(dst, f.Number)
	dst = append(dst, f.Color.Y, f.Color.Cb, f.Color.Cr)
	for i := range padding {
		dst = append(dst, byte(i)^byte(f.Number))
	}
	return binary.BigEndian.AppendUint32(dst, crc32.ChecksumIEEE(dst[start:]))
}

// ParseFlatVP8 reads a frame; errors wrap ErrGarbage.
func ParseFlatVP8(frame []byte) (FlatVP8, error) {
	if len(frame) < tagLength+flatPayload+flatCRC {
		return FlatVP8{}, fmt.Errorf("%w: only %d bytes", ErrGarbage, len(frame))
	}
	end := len(frame) - flatCRC
	if got, want := crc32.ChecksumIEEE(frame[:end]), binary.BigEndian.Uint32(frame[end:]); got != want {
		return FlatVP8{}, fmt.Errorf("%w: %d bytes have checksum %08x, want %08x", ErrGarbage, len(frame), got, want)
	}
	f := FlatVP8{KeyFrame: frame[0]&1 == 0, Length: len(frame)}
	payload := frame[tagLength:end]
	if f.KeyFrame {
		if len(frame) < keyHeader+flatPayload+flatCRC || string(frame[3:6]) != "\x9d\x01\x2a" {
			return FlatVP8{}, fmt.Errorf("%w: no start code", ErrGarbage)
		}
		f.Width = int(binary.LittleEndian.Uint16(frame[6:]) & 0x3fff)
		f.Height = int(binary.LittleEndian.Uint16(frame[8:]) & 0x3fff)
		if f.Width == 0 || f.Height == 0 {
			return FlatVP8{}, fmt.Errorf("%w: %d×%d", ErrGarbage, f.Width, f.Height)
		}
		payload = frame[keyHeader:end]
	}
	if string(payload[:len(flatMagic)]) != flatMagic {
		return FlatVP8{}, fmt.Errorf("%w: no magic", ErrGarbage)
	}
	f.Number = binary.BigEndian.Uint32(payload[4:])
	f.Color = color.YCbCr{Y: payload[8], Cb: payload[9], Cr: payload[10]}
	return f, nil
}

// FlatVP8Decoder makes pictures of one colour.
type FlatVP8Decoder struct {
	img    *image.YCbCr // nil until a key frame, and after an error
	number uint32       // of the last frame
	closed bool
}

// Decode implements media.VideoDecoder. After an error only a key frame helps.
func (d *FlatVP8Decoder) Decode(frame []byte) (*image.YCbCr, error) {
	if d.closed {
		return nil, errors.New("mediatest: decoder is closed")
	}
	f, err := ParseFlatVP8(frame)
	if err == nil && !f.KeyFrame && (d.img == nil || f.Number != d.number+1) {
		err = fmt.Errorf("%w: number %d", ErrMissingReference, f.Number)
	}
	if err != nil {
		d.img = nil
		return nil, err
	}
	if f.KeyFrame && (d.img == nil || d.img.Rect.Dx() != f.Width || d.img.Rect.Dy() != f.Height) {
		d.img = image.NewYCbCr(image.Rect(0, 0, f.Width, f.Height), image.YCbCrSubsampleRatio420)
	}
	d.number = f.Number
	clip.Fill(d.img, d.img.Rect, f.Color)
	return d.img, nil
}

// Close implements media.VideoDecoder.
func (d *FlatVP8Decoder) Close() error {
	d.closed = true
	return nil
}
