package clip_test

import (
	"bytes"
	"encoding/binary"
	"fmt"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"

	"parlor/media"
	"parlor/media/clip"
)

// head is an OpusHead of one channel.
const head = "OpusHead\x01\x01\x38\x01\x80\xbb\x00\x00\x00\x00\x00"

// tags are OpusTags without comments.
const tags = "OpusTags\x00\x00\x00\x00\x00\x00\x00\x00"

// page builds an Ogg page of whole packets bit by bit, so that the reader is not only tested
// against its own writer.
func page(sequence uint32, flags byte, packets ...string) []byte {
	var segments, body []byte
	for _, p := range packets {
		for range len(p) / 255 {
			segments = append(segments, 255)
		}
		segments = append(segments, byte(len(p)%255))
		body = append(body, p...)
	}
	return rawPage(7, sequence, flags, segments, body)
}

func rawPage(serial, sequence uint32, flags byte, segments, body []byte) []byte {
	b := append([]byte("OggS\x00"), flags)
	b = append(b, make([]byte, 8)...)
	b = binary.LittleEndian.AppendUint32(b, serial)
	b = binary.LittleEndian.AppendUint32(b, sequence)
	b = append(b, 0, 0, 0, 0, byte(len(segments)))
	b = append(append(b, segments...), body...)
	var crc uint32
	for _, v := range b { // the definition of RFC 3533
		for bit := 7; bit >= 0; bit-- {
			top := crc>>31 != uint32(v>>bit&1)
			crc <<= 1
			if top {
				crc ^= 0x04c11db7
			}
		}
	}
	binary.LittleEndian.PutUint32(b[22:], crc)
	return b
}

func readOgg(t *testing.T, data []byte, n int) (frames []media.AudioFrame) {
	t.Helper()
	synctest.Test(t, func(t *testing.T) {
		src, err := clip.NewAudio("test", data)
		if err != nil {
			t.Fatal(err)
		}
		defer src.Close()
		start := media.Now()
		for i := range n {
			f, err := src.ReadAudio()
			if err != nil {
				t.Fatal(err)
			}
			if want := start + time.Duration(i)*20*time.Millisecond; f.At != want || media.Now() != want {
				t.Errorf("packet %d at %v, now is %v, want %v", i, f.At, media.Now(), want)
			}
			f.Encoded = bytes.Clone(f.Encoded)
			frames = append(frames, f)
		}
	})
	return frames
}

func TestOgg_RoundTrip(t *testing.T) {
	levels := make([]byte, 119) // one less than packets, and one out of range
	for i := range levels {
		levels[i] = byte(i)
	}
	levels[3] = 200
	for i, f := range readOgg(t, ogg(t, 120, levels), 250) {
		packet := i % 120
		want := byte(packet)
		if packet == 3 || packet == 119 {
			want = media.SilentLevel
		}
		if !bytes.Equal(f.Encoded, opus(packet)) || f.Level != want {
			t.Fatalf("packet %d: got %x with level %d, want %x with %d", i, f.Encoded, f.Level, opus(packet), want)
		}
	}
}

func TestOgg_WithoutLevels(t *testing.T) {
	if f := readOgg(t, ogg(t, 1, nil), 1); f[0].Level != media.SilentLevel {
		t.Errorf("level %d, want %d", f[0].Level, media.SilentLevel)
	}
}

// TestOgg_Pages reads files as other programs write them.
func TestOgg_Pages(t *testing.T) {
	long := string(append([]byte{15 << 3}, bytes.Repeat([]byte{9}, 599)...))
	exact := string(append([]byte{15 << 3}, bytes.Repeat([]byte{8}, 509)...)) // 2×255: ends with an empty segment
	join := func(pages ...[]byte) []byte { return bytes.Join(pages, nil) }
	start := join(page(0, 2, head), page(1, 0, tags))
	for name, row := range map[string]struct {
		data []byte
		want []string
	}{
		"a packet per page":   {join(start, page(2, 0, "\x78a"), page(3, 4, "\x78b")), []string{"\x78a", "\x78b"}},
		"large packets":       {join(start, page(2, 4, long, exact, "\x78c")), []string{long, exact, "\x78c"}},
		"headers in one page": {join(page(0, 2, head, tags, "\x78d")), []string{"\x78d"}},
		"packet over pages": {join(start,
			rawPage(7, 2, 0, []byte{255}, []byte(long[:255])),
			rawPage(7, 3, 1, []byte{255}, []byte(long[255:510])),
			rawPage(7, 4, 5, []byte{90, 2}, []byte(long[510:]+"\x78e"))), []string{long, "\x78e"}},
		"other stream":   {join(start[:47], rawPage(9, 0, 2, []byte{3}, []byte("abc")), start[47:], page(2, 0, "\x78f")), []string{"\x78f"}},
		"empty last":     {join(start, page(2, 0, "\x78g"), page(3, 4)), []string{"\x78g"}},
		"last page cut":  {join(start, page(2, 0, "\x78h"), page(3, 4, long)[:100]), []string{"\x78h"}},
		"comment before": {join(page(0, 2, head), page(1, 0, "OpusTags\x03\x00\x00\x00abc\x01\x00\x00\x00\x03\x00\x00\x00A=B"), page(2, 0, "\x78i")), []string{"\x78i"}},
	} {
		t.Run(name, func(t *testing.T) {
			var got []string
			for _, f := range readOgg(t, row.data, len(row.want)+1) {
				got = append(got, string(f.Encoded))
			}
			if diff := cmp.Diff(append(row.want, row.want[0]), got); diff != "" {
				t.Errorf("(-want +got):\n%s", diff)
			}
		})
	}
}

func TestOgg_ContinuedPages(t *testing.T) {
	start := append(page(0, 2, head), page(1, 0, tags)...)
	for name, data := range map[string][]byte{
		"continues nothing":    append(bytes.Clone(start), rawPage(7, 2, 1, []byte{2}, []byte("\x78a"))...),
		"is not continued":     append(append(bytes.Clone(start), rawPage(7, 2, 0, []byte{255}, make([]byte, 255))...), page(3, 0, "\x78a")...),
		"begins a second time": append(bytes.Clone(start), page(2, 2, "\x78a")...),
	} {
		if src, err := clip.NewAudio("test", data); err == nil {
			t.Errorf("%s: got %v, want an error", name, src)
		}
	}
}

func TestOggWriter_Refuses(t *testing.T) {
	w := clip.NewOggWriter(&bytes.Buffer{}, nil)
	for _, bad := range [][]byte{nil, {3}, {3, 0}, {0xfb, 63}, make([]byte, 1276)} {
		if err := w.WritePacket(bad); err == nil {
			t.Errorf("%.10x: got no error", bad)
		}
	}
	tooMany := clip.NewOggWriter(&bytes.Buffer{}, make([]byte, 60_000))
	if err := tooMany.WritePacket(opus(1)); err == nil {
		t.Error("levels beyond a page: got no error")
	}
}

// TestOggWriter_Granule: the position in the last page is the length of the sound, with the
// pre-skip of 312 samples, whatever packets are in it.
func TestOggWriter_Granule(t *testing.T) {
	var b bytes.Buffer
	w := clip.NewOggWriter(&b, nil)
	for _, packet := range [][]byte{{31 << 3}, {3 << 3}, {30<<3 | 1, 0}, {16<<3 | 3, 8}} { // 20, 60, 2×10, 8×2.5 ms
		if err := w.WritePacket(packet); err != nil {
			t.Fatal(err)
		}
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	last := b.Bytes()[bytes.LastIndex(b.Bytes(), []byte("OggS")):]
	if got, want := binary.LittleEndian.Uint64(last[6:]), uint64(312+120*48); got != want || last[5] != 4 {
		t.Errorf("last page: granule %d, flags %d; want %d, 4", got, last[5], want)
	}
}

func ExampleNewOggWriter() {
	var file bytes.Buffer
	w := clip.NewOggWriter(&file, []byte{20})
	if err := w.WritePacket([]byte{15 << 3, 1, 2, 3}); err != nil {
		fmt.Println(err)
	}
	if err := w.Close(); err != nil {
		fmt.Println(err)
	}
	src, err := clip.NewAudio("memory", file.Bytes())
	if err != nil {
		fmt.Println(err)
		return
	}
	defer src.Close()
	frame, err := src.ReadAudio()
	fmt.Println(len(frame.Encoded), frame.Level, err)
	// Output: 4 20 <nil>
}
