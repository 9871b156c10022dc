package clip

import (
	"encoding/base64"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"strings"
	"time"

	"parlor/media"
)

// An Ogg stream (RFC 3533) is pages of up to 255 segments of up to 255 bytes; a packet ends
// with the first segment that is shorter. In Ogg Opus (RFC 7845) the first packet is OpusHead,
// the second OpusTags, all others are sound.
const (
	oggMagic      = "OggS"
	oggHeader     = 27
	oggContinued  = 1
	oggFirst      = 2
	oggLast       = 4
	oggSegments   = 255
	opusHead      = "OpusHead"
	opusTags      = "OpusTags"
	opusPreSkip   = 312 // samples, the look-ahead of libopus at 48 kHz
	maxOpusPacket = 1275
	// levelsTag is the comment with the loudness of each packet: base64, one byte per packet, -dBov
	// as in RFC 6464. It spares programs without a decoder to guess it.
	levelsTag = "PARLOR_LEVELS="
)

// oggSource plays the packets of an Ogg Opus file, which it holds in memory.
type oggSource struct {
	*pacer
	packets [][]byte
	levels  []byte // as long as packets
	next    int64
	buf     []byte
}

func newOggSource(f *file) (*oggSource, error) {
	if f.size > maxFile {
		return nil, fmt.Errorf("%d bytes, more than %d", f.size, maxFile)
	}
	data := make([]byte, f.size)
	if _, err := f.ReadAt(data, 0); err != nil && err != io.EOF {
		return nil, err
	}
	packets, err := oggPackets(data)
	if err != nil {
		return nil, err
	}
	if len(packets) < 3 {
		return nil, errors.New("no sound in the Ogg stream")
	}
	if err := checkOpusHead(packets[0]); err != nil {
		return nil, err
	}
	levels, err := opusLevels(packets[1])
	if err != nil {
		return nil, err
	}
	packets = packets[2:]
	for i, p := range packets {
		if n := opusSamples(p); n != media.FrameSamples || len(p) > maxOpusPacket {
			return nil, fmt.Errorf("packet %d of Opus has %d bytes and %d samples, only packets of up to %d bytes and %d samples (20 ms) can be played", i, len(p), n, maxOpusPacket, media.FrameSamples)
		}
	}
	for len(levels) < len(packets) {
		levels = append(levels, media.SilentLevel)
	}
	return &oggSource{pacer: newPacer(), packets: packets, levels: levels}, f.Close()
}

// oggPackets returns the packets of the first logical stream in data; those of others are left
// out, as is an incomplete last page. Errors name the byte.
func oggPackets(data []byte) (packets [][]byte, err error) {
	var serial, sequence uint32
	var packet []byte
	open := false // packet goes on in the next page
	for offset := 0; len(data)-offset >= oggHeader; {
		page, err := parseOggPage(data[offset:])
		if errors.Is(err, io.ErrUnexpectedEOF) {
			break
		}
		if err != nil {
			return nil, fmt.Errorf("byte %d: %w", offset, err)
		}
		first := offset == 0
		if first {
			serial = page.serial
		}
		if page.serial == serial {
			if !first && page.sequence != sequence+1 {
				return nil, fmt.Errorf("byte %d: page %d follows page %d", offset, page.sequence, sequence)
			}
			if !first && page.flags&oggFirst != 0 {
				return nil, fmt.Errorf("byte %d: a second stream is chained to the first", offset)
			}
			if open != (page.flags&oggContinued != 0) {
				return nil, fmt.Errorf("byte %d: page does not continue the one before", offset)
			}
			sequence = page.sequence
			body := page.body
			for _, n := range page.segments {
				packet = append(packet, body[:n]...)
				body = body[n:]
				if open = n == 255; !open {
					packets = append(packets, packet)
					packet = nil
				}
			}
		}
		offset += page.size
	}
	return packets, nil
}

// oggPage is a page; its slices are parts of the data.
type oggPage struct {
	flags            byte
	serial, sequence uint32
	segments, body   []byte
	size             int
}

func parseOggPage(data []byte) (oggPage, error) {
	if string(data[:4]) != oggMagic {
		return oggPage{}, fmt.Errorf("want %s, got %.8q", oggMagic, data[:4])
	}
	if data[4] != 0 {
		return oggPage{}, fmt.Errorf("version %d of Ogg, only 0 is known", data[4])
	}
	size := oggHeader + int(data[26])
	if len(data) < size {
		return oggPage{}, io.ErrUnexpectedEOF
	}
	segments := data[oggHeader:size]
	for _, n := range segments {
		size += int(n)
	}
	if len(data) < size {
		return oggPage{}, io.ErrUnexpectedEOF
	}
	page := oggPage{
		flags:    data[5],
		serial:   binary.LittleEndian.Uint32(data[14:]),
		sequence: binary.LittleEndian.Uint32(data[18:]),
		segments: segments,
		body:     data[oggHeader+len(segments) : size],
		size:     size,
	}
	var crc oggCRC
	crc.write(data[:22])
	crc.write(make([]byte, 4))
	crc.write(data[26:size])
	if want := binary.LittleEndian.Uint32(data[22:]); uint32(crc) != want {
		return oggPage{}, fmt.Errorf("page has checksum %08x, says %08x", uint32(crc), want)
	}
	return page, nil
}

// oggCRC is the CRC of RFC 3533: polynomial 0x04c11db7, neither reflected nor inverted,
// which hash/crc32 does not have.
type oggCRC uint32

func (c *oggCRC) write(data []byte) {
	crc := uint32(*c)
	for _, b := range data {
		crc ^= uint32(b) << 24
		for range 8 {
			if crc&(1<<31) != 0 {
				crc = crc<<1 ^ 0x04c11db7
			} else {
				crc <<= 1
			}
		}
	}
	*c = oggCRC(crc)
}

// checkOpusHead refuses streams that one Opus decoder cannot play (RFC 7845, 5.1).
func checkOpusHead(p []byte) error {
	if len(p) < 19 || string(p[:8]) != opusHead {
		return errors.New("stream in the Ogg file is not Opus")
	}
	if p[8]>>4 != 0 {
		return fmt.Errorf("version %d of Ogg Opus, only 0 to 15 are known", p[8])
	}
	if channels, family := p[9], p[18]; channels < 1 || channels > 2 || family != 0 {
		return fmt.Errorf("%d channels with mapping %d, want 1 or 2 with 0", channels, family)
	}
	return nil
}

// opusLevels finds the levels in OpusTags (RFC 7845, 5.2): a vendor text and comments, each with a
// length.
func opusLevels(p []byte) ([]byte, error) {
	if len(p) < 8 || string(p[:8]) != opusTags {
		return nil, errors.New("no OpusTags behind OpusHead")
	}
	p = p[8:]
	text := func() (string, bool) {
		if len(p) < 4 || uint64(binary.LittleEndian.Uint32(p)) > uint64(len(p)-4) {
			return "", false
		}
		n := 4 + int(binary.LittleEndian.Uint32(p))
		s := string(p[4:n])
		p = p[n:]
		return s, true
	}
	if _, ok := text(); !ok || len(p) < 4 {
		return nil, errors.New("OpusTags end too early")
	}
	count := binary.LittleEndian.Uint32(p)
	p = p[4:]
	for range count {
		comment, ok := text()
		if !ok {
			return nil, errors.New("OpusTags end too early")
		}
		if value, ok := strings.CutPrefix(comment, levelsTag); ok {
			levels, err := base64.StdEncoding.DecodeString(value)
			if err != nil {
				return nil, fmt.Errorf("OpusTags: %s%w", levelsTag, err)
			}
			for i, l := range levels {
				levels[i] = min(l, media.SilentLevel)
			}
			return levels, nil
		}
	}
	return nil, nil
}

// opusSamples is how long a packet plays (RFC 6716, 3.1), in samples; 0 when it is malformed.
func opusSamples(p []byte) int {
	const perMS = media.SampleRate / 1000
	if len(p) == 0 {
		return 0
	}
	var frame int
	switch config := p[0] >> 3; {
	case config < 12: // SILK
		frame = []int{10, 20, 40, 60}[config&3] * perMS
	case config < 16: // hybrid
		frame = []int{10, 20}[config&1] * perMS
	default: // CELT
		frame = 5 * perMS / 2 << (config & 3)
	}
	count := 0
	switch code := p[0] & 3; {
	case code == 0:
		count = 1
	case code < 3:
		count = 2
	case len(p) > 1:
		count = int(p[1] & 0x3f)
	}
	if frame*count > 120*perMS {
		return 0
	}
	return frame * count
}

// ReadAudio implements media.AudioSource.
func (s *oggSource) ReadAudio() (media.AudioFrame, error) {
	at, err := s.wait(time.Duration(s.next)*media.FrameLength, audioSlack)
	if err != nil {
		return media.AudioFrame{}, err
	}
	i := s.next % int64(len(s.packets))
	s.next++
	s.buf = append(s.buf[:0], s.packets[i]...) // the caller may write into it
	return media.AudioFrame{Encoded: s.buf, Level: s.levels[i], At: at}, nil
}

// Close implements media.AudioSource.
func (s *oggSource) Close() error {
	s.close()
	return nil
}

// OggWriter writes Opus packets to an Ogg file. Close finishes the file; the io.Writer
// stays the caller's.
type OggWriter struct {
	w        io.Writer
	sequence uint32
	granule  uint64 // samples until the end of the last packet, with the pre-skip
	segments []byte // of the page that is being filled
	body     []byte
	packets  int
	page     []byte
	started  bool
	levels   []byte
}

// oggPagePackets is how many packets go into a page: one second, as RFC 7845 advises. What is
// not in a page yet is lost when the program is killed.
const oggPagePackets = int(time.Second / media.FrameLength)

// NewOggWriter returns a writer of mono sound. levels may have the loudness of the packets to come
// (-dBov, one byte for each) or be nil.
func NewOggWriter(w io.Writer, levels []byte) *OggWriter {
	return &OggWriter{w: w, levels: levels}
}

// WritePacket appends one packet, of any length that Opus has.
func (o *OggWriter) WritePacket(packet []byte) error {
	samples := opusSamples(packet)
	if samples == 0 || len(packet) > maxOpusPacket {
		return fmt.Errorf("malformed Opus packet of %d bytes", len(packet))
	}
	if err := o.start(); err != nil {
		return err
	}
	if o.packets == oggPagePackets || len(o.segments)+len(packet)/255+1 > oggSegments {
		if err := o.writePage(0); err != nil {
			return err
		}
	}
	o.add(packet)
	o.granule += uint64(samples)
	return nil
}

// Close writes what is left and marks the end of the stream.
func (o *OggWriter) Close() error {
	if err := o.start(); err != nil {
		return err
	}
	return o.writePage(oggLast)
}

func (o *OggWriter) start() error {
	if o.started {
		return nil
	}
	o.started = true
	le := binary.LittleEndian
	head := append([]byte(opusHead), 1, 1) // version, channels
	head = le.AppendUint16(head, opusPreSkip)
	head = le.AppendUint32(head, media.SampleRate)
	head = append(head, 0, 0, 0) // gain, mapping family
	tags := le.AppendUint32([]byte(opusTags), uint32(len("parlor")))
	tags = append(tags, "parlor"...)
	if o.levels == nil {
		tags = le.AppendUint32(tags, 0)
	} else {
		comment := levelsTag + base64.StdEncoding.EncodeToString(o.levels)
		tags = le.AppendUint32(tags, 1)
		tags = le.AppendUint32(tags, uint32(len(comment)))
		tags = append(tags, comment...)
	}
	if len(tags) >= 255*oggSegments {
		return fmt.Errorf("levels of %d packets do not fit in one page", len(o.levels))
	}
	o.add(head)
	if err := o.writePage(oggFirst); err != nil {
		return err
	}
	o.add(tags)
	if err := o.writePage(0); err != nil {
		return err
	}
	o.granule = opusPreSkip
	return nil
}

func (o *OggWriter) add(packet []byte) {
	for n := len(packet); ; n -= 255 {
		o.segments = append(o.segments, byte(min(n, 255)))
		if n < 255 {
			break
		}
	}
	o.body = append(o.body, packet...)
	o.packets++
}

func (o *OggWriter) writePage(flags byte) error {
	le := binary.LittleEndian
	o.page = append(append(o.page[:0], oggMagic...), 0, flags)
	o.page = le.AppendUint64(o.page, o.granule)
	o.page = le.AppendUint32(o.page, 1) // serial number: there is one stream
	o.page = le.AppendUint32(o.page, o.sequence)
	o.page = le.AppendUint32(o.page, 0) // checksum
	o.page = append(o.page, byte(len(o.segments)))
	o.page = append(append(o.page, o.segments...), o.body...)
	var crc oggCRC
	crc.write(o.page)
	le.PutUint32(o.page[22:], uint32(crc))
	o.sequence++
	o.segments, o.body, o.packets = o.segments[:0], o.body[:0], 0
	_, err := o.w.Write(o.page)
	return err
}
