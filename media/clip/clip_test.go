package clip_test

import (
	"bytes"
	"errors"
	"image"
	"image/color"
	"io"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/pion/transport/v4/test"

	"parlor/media"
	"parlor/media/clip"
	"parlor/media/mediatest"
)

// vp8 is a frame that looks like VP8.
func vp8(number int, key bool) []byte {
	f := mediatest.FlatVP8{KeyFrame: key, Width: 32, Height: 18, Number: uint32(number), Color: color.YCbCr{Y: byte(number)}}
	return mediatest.AppendFlatVP8(nil, f)
}

// ivf returns a file of frames at times in scale/rate seconds; every fourth is a key frame.
func ivf(t testing.TB, rate, scale uint32, pts ...uint64) []byte {
	t.Helper()
	path := filepath.Join(t.TempDir(), "x.ivf")
	f, err := os.Create(path)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	w := clip.NewIVFWriter(f, rate, scale)
	for i, p := range pts {
		if err := w.WriteFrame(vp8(i, i%4 == 0), p); err != nil {
			t.Fatal(err)
		}
	}
	if err := w.Flush(); err != nil {
		t.Fatal(err)
	}
	data, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	return data
}

// opus is a packet of 20 ms.
func opus(number int) []byte { return []byte{15 << 3, byte(number), byte(number >> 8)} }

// ogg returns a file of n packets.
func ogg(t testing.TB, n int, levels []byte) []byte {
	t.Helper()
	var b bytes.Buffer
	w := clip.NewOggWriter(&b, levels)
	for i := range n {
		if err := w.WritePacket(opus(i)); err != nil {
			t.Fatal(err)
		}
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

// wav returns a file of samples.
func wav(t testing.TB, samples ...int16) []byte {
	t.Helper()
	var b bytes.Buffer
	if err := clip.WriteWAV(&b, samples); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

// y4m returns a file of n pictures, whose luma is the number.
func y4m(t testing.TB, width, height, n int) []byte {
	t.Helper()
	var b bytes.Buffer
	err := clip.WriteY4M(&b, media.VideoFormat{Width: width, Height: height, Rate: 25}, func(img *image.YCbCr, i int64) bool {
		clip.Fill(img, img.Rect, color.YCbCr{Y: byte(i), Cb: 100, Cr: 200})
		return i < int64(n)
	})
	if err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

func replace(data []byte, at int, with string) []byte {
	data = bytes.Clone(data)
	copy(data[at:], with)
	return data
}

// badVideo are files that NewVideo refuses, with a part of what it says.
func badVideo(t testing.TB) map[string]struct {
	data []byte
	want string
} {
	type row = struct {
		data []byte
		want string
	}
	good, pictures := ivf(t, 30, 1, 0, 1, 2), y4m(t, 4, 2, 2)
	return map[string]row{
		"empty":              {nil, "neither Y4M nor IVF"},
		"text":               {[]byte("hello, world"), "neither Y4M nor IVF"},
		"IVF header cut":     {good[:20], "IVF header: file ends too early"},
		"IVF version":        {replace(good, 4, "\x01"), "IVF version 1"},
		"IVF header length":  {replace(good, 6, "\x10"), "IVF header of 16 bytes"},
		"IVF codec":          {replace(good, 8, "AV01"), `codec "AV01"`},
		"IVF without frames": {good[:32], "no key frame"},
		"IVF first frame cut": {
			good[:60], "no key frame"},
		"IVF without key frame": {replace(good[:32+12+24], 44, "\x11"), "no key frame"},
		"IVF start code":        {replace(good, 47, "\x00"), "byte 44: VP8 key frame without its start code"},
		"IVF size 0":            {replace(good, 50, "\x00\x00"), "byte 44: VP8 key frame of 0×18"},
		"IVF huge frame":        {replace(good, 32, "\xff\xff\xff\xff"), "byte 32: frame of 4294967295 bytes"},
		"Y4M no line end":       {[]byte("YUV4MPEG2 W4 H2"), "byte 0: header line does not end"},
		"Y4M magic":             {[]byte("YUV4MPEG3 W4 H2\n"), "want YUV4MPEG2"},
		"Y4M no size":           {[]byte("YUV4MPEG2 W4\nFRAME\n"), "without size"},
		"Y4M width":             {[]byte("YUV4MPEG2 W-4 H2\n"), `parameter "W-4"`},
		"Y4M too large":         {[]byte("YUV4MPEG2 W99999 H2\n"), `parameter "W99999"`},
		"Y4M rate":              {[]byte("YUV4MPEG2 W4 H2 F30:0\n"), `parameter "F30:0"`},
		"Y4M fast":              {[]byte("YUV4MPEG2 W4 H2 F1000:1\n"), `parameter "F1000:1"`},
		"Y4M 4:2:2":             {[]byte("YUV4MPEG2 W4 H2 C422\n"), `parameter "C422": only 4:2:0`},
		"Y4M 10 bit":            {[]byte("YUV4MPEG2 W4 H2 C420p10\n"), `parameter "C420p10": only 4:2:0`},
		"Y4M no frame":          {[]byte("YUV4MPEG2 W4 H2\n"), "no whole frame"},
		"Y4M frame cut":         {pictures[:len(pictures)-6-12-1], "no whole frame"},
		"Y4M other line":        {append(bytes.Clone(pictures), "FRAMES\n"...), "want FRAME, got"},
	}
}

func TestNewVideo_Refuses(t *testing.T) {
	for name, row := range badVideo(t) {
		t.Run(name, func(t *testing.T) {
			src, err := clip.NewVideo("the file", row.data)
			if err == nil || !strings.Contains(err.Error(), row.want) || !strings.HasPrefix(err.Error(), "the file: ") {
				t.Errorf("got %v, %v; want an error of the file with %q", src, err, row.want)
			}
		})
	}
}

// wavWith returns a WAV file with that format chunk and data.
func wavWith(format string, data string) []byte {
	chunk := func(id, body string) string {
		n := len(body)
		if n%2 != 0 {
			body += "\x00"
		}
		return id + string([]byte{byte(n), byte(n >> 8), 0, 0}) + body
	}
	body := "WAVE" + chunk("LIST", "odd") + chunk("fmt ", format) + chunk("data", data)
	return []byte("RIFF\x00\x00\x00\x00" + body)
}

// pcmFormat is the body of a format chunk: PCM, 16 bit.
func pcmFormat(channels, rate int) string {
	return string([]byte{1, 0, byte(channels), 0, byte(rate), byte(rate >> 8), byte(rate >> 16), 0, 0, 0, 0, 0, 0, 0, 16, 0})
}

// badAudio are files that NewAudio refuses, with a part of what it says.
func badAudio(t testing.TB) map[string]struct {
	data []byte
	want string
} {
	type row = struct {
		data []byte
		want string
	}
	good := ogg(t, 120, nil)
	second := 28 + 19 // where the page of OpusTags begins
	third := second + 28 + 22
	var long bytes.Buffer
	w := clip.NewOggWriter(&long, nil)
	if err := errors.Join(w.WritePacket([]byte{3 << 3, 1, 2}), w.Close()); err != nil { // 60 ms
		t.Fatal(err)
	}
	return map[string]row{
		"empty":              {nil, "neither WAV nor Ogg"},
		"MP3":                {[]byte("ID3\x04 and so on"), "neither WAV nor Ogg"},
		"RIFF of pictures":   {[]byte("RIFF....AVI LIST"), "not WAVE"},
		"WAV no chunks":      {[]byte("RIFF....WAVE"), "byte 12: no data chunk"},
		"WAV no samples":     {wavWith(pcmFormat(1, 48000), ""), "no samples"},
		"WAV half a sample":  {wavWith(pcmFormat(2, 48000), "abc"), "no samples"},
		"WAV float":          {wavWith("\x03\x00\x01\x00\x80\xbb\x00\x00........\x20\x00", "...."), "format 3 with"},
		"WAV 8 bit":          {wavWith(pcmFormat(1, 48000)[:14]+"\x08\x00", "...."), "with 8 bits"},
		"WAV surround":       {wavWith(pcmFormat(6, 48000), "...."), "6 channels"},
		"WAV no channel":     {wavWith(pcmFormat(0, 48000), "...."), "0 channels"},
		"WAV 96 kHz":         {wavWith(pcmFormat(1, 96000), "...."), "96000 Hz"},
		"WAV 7999 Hz":        {wavWith(pcmFormat(1, 7999), "...."), "7999 Hz"},
		"WAV short format":   {wavWith("\x01\x00\x01\x00", "...."), "format chunk is too short"},
		"WAV data first":     {[]byte("RIFF....WAVEdata\x04\x00\x00\x00...."), "data before format"},
		"Ogg header cut":     {good[:20], "no sound"},
		"Ogg without sound":  {good[:third], "no sound"},
		"Ogg version":        {replace(good, 4, "\x01"), "byte 0: version 1 of Ogg"},
		"Ogg checksum":       {replace(good, second+30, "x"), "byte 47: page has checksum"},
		"Ogg garbage within": {append(bytes.Clone(good[:third]), bytes.Repeat([]byte("g"), 50)...), `byte 97: want OggS, got "gggg"`},
		"Ogg page missing":   {append(bytes.Clone(good[:second]), good[third:]...), "byte 47: page 2 follows page 0"},
		"Ogg chained":        {append(bytes.Clone(good), good...), "page 0 follows page"},
		"Ogg Vorbis":         {page(0, 2, "\x01vorbis", "x", "x"), "not Opus"},
		"Ogg Opus version":   {page(0, 2, "OpusHead\x10\x01\x00\x00\x80\xbb\x00\x00\x00\x00\x00", "x", "x"), "version 16 of Ogg Opus"},
		"Ogg surround":       {page(0, 2, "OpusHead\x01\x06\x00\x00\x80\xbb\x00\x00\x00\x00\x01", "x", "x"), "6 channels with mapping 1"},
		"Ogg no tags":        {page(0, 2, head, "OpusTogs", "x"), "no OpusTags"},
		"Ogg tags cut":       {page(0, 2, head, "OpusTags\x09\x00\x00\x00vendor", "x"), "OpusTags end too early"},
		"Ogg comments cut":   {page(0, 2, head, "OpusTags\x00\x00\x00\x00\xff\xff\xff\xff", "x"), "OpusTags end too early"},
		"Ogg bad levels":     {page(0, 2, head, "OpusTags\x00\x00\x00\x00\x01\x00\x00\x00\x10\x00\x00\x00PARLOR_LEVELS=**", "x"), "OpusTags: PARLOR_LEVELS="},
		"Ogg 60 ms":          {long.Bytes(), "packet 0 of Opus has 3 bytes and 2880 samples"},
		"Ogg empty packet":   {page(0, 2, head, "OpusTags\x00\x00\x00\x00\x00\x00\x00\x00", "", "x"), "packet 0 of Opus has 0 bytes and 0 samples"},
	}
}

func TestNewAudio_Refuses(t *testing.T) {
	for name, row := range badAudio(t) {
		t.Run(name, func(t *testing.T) {
			src, err := clip.NewAudio("the file", row.data)
			if err == nil || !strings.Contains(err.Error(), row.want) || !strings.HasPrefix(err.Error(), "the file: ") {
				t.Errorf("got %v, %v; want an error of the file with %q", src, err, row.want)
			}
		})
	}
}

func TestOpen_NoFile(t *testing.T) {
	missing, dir := filepath.Join(t.TempDir(), "missing.ivf"), t.TempDir()
	if _, err := clip.OpenVideo(missing); !errors.Is(err, os.ErrNotExist) || !strings.Contains(err.Error(), missing) {
		t.Errorf("got %v, want an error with the name", err)
	}
	if _, err := clip.OpenAudio(dir); err == nil || !strings.Contains(err.Error(), dir+" is not a file") {
		t.Errorf("got %v, want an error with the name", err)
	}
}

// readVideo reads n frames; it is for the inside of a synctest bubble, whose clock stands still
// while a goroutine runs.
func readVideo(t *testing.T, src media.VideoSource, n int) []media.VideoFrame {
	t.Helper()
	var frames []media.VideoFrame
	for range n {
		f, err := src.ReadVideo()
		if err != nil {
			t.Fatal(err)
		}
		if got := media.Now(); got != f.At {
			t.Errorf("frame %d came at %v, says %v", len(frames), got, f.At)
		}
		f.Encoded = bytes.Clone(f.Encoded)
		frames = append(frames, f)
	}
	return frames
}

// nanos lets times differ by what is rounded.
var nanos = cmp.Comparer(func(a, b time.Duration) bool { return (a - b).Abs() < time.Microsecond })

// times are the times of frames, from the first on.
func times(frames []media.VideoFrame) (at []time.Duration) {
	for _, f := range frames {
		at = append(at, f.At-frames[0].At)
	}
	return at
}

func TestNewPictures_Pace(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var numbers []int64
		src := clip.NewPictures(media.VideoFormat{Width: 3, Height: 5, Rate: 30}, func(img *image.YCbCr, n int64) {
			numbers = append(numbers, n)
		})
		if got, want := src.Format(), (media.VideoFormat{Width: 4, Height: 6, Rate: 30}); got != want {
			t.Errorf("format: got %v, want %v", got, want)
		}
		frames := readVideo(t, src, 3001)
		if got, want := frames[3000].At-frames[0].At, 100*time.Second; got != want {
			t.Errorf("3000 frames took %v, want %v", got, want)
		}
		// A reader who stops for a second misses 30 numbers and gets no burst.
		<-time.After(time.Second + 10*time.Millisecond)
		late := readOne(t, src)
		if got, want := late.At-frames[3000].At, time.Second; got != want {
			t.Errorf("late frame is of %v, want %v", got, want)
		}
		readVideo(t, src, 1)
		want := append(sequence(3001), 3030, 3031)
		if diff := cmp.Diff(want, numbers); diff != "" {
			t.Errorf("numbers (-want +got):\n%s", diff)
		}
		if err := src.Close(); err != nil {
			t.Fatal(err)
		}
	})
}

func readOne(t *testing.T, src media.VideoSource) media.VideoFrame {
	t.Helper()
	f, err := src.ReadVideo()
	if err != nil {
		t.Fatal(err)
	}
	return f
}

func sequence(n int) []int64 {
	s := make([]int64, n)
	for i := range s {
		s[i] = int64(i)
	}
	return s
}

func TestNewPictures_Defaults(t *testing.T) {
	src := clip.NewPictures(media.VideoFormat{Rate: -1, Width: 5}, func(*image.YCbCr, int64) {})
	if got, want := src.Format(), (media.VideoFormat{Width: 640, Height: 360, Rate: 30}); got != want {
		t.Errorf("got %v, want %v", got, want)
	}
}

func TestNewSound_Pace(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		src := clip.NewSound(func([]int16) {})
		read := func() time.Duration {
			f, err := src.ReadAudio()
			if err != nil || len(f.PCM) != media.FrameSamples {
				t.Fatalf("got %d samples, %v", len(f.PCM), err)
			}
			return f.At
		}
		start := read()
		for range 500 {
			read()
		}
		if got := media.Now() - start; got != 10*time.Second {
			t.Errorf("500 frames took %v, want 10 s", got)
		}
		// Up to 100 ms are caught up with ...
		<-time.After(90 * time.Millisecond)
		for i := range 5 {
			if at, want := read(), start+10*time.Second+time.Duration(i+1)*20*time.Millisecond; at != want {
				t.Errorf("behind a short stop, frame %d: got %v, want %v", i, at, want)
			}
		}
		// ... more is a gap.
		before := media.Now()
		<-time.After(time.Second)
		if at, now := read(), media.Now(); at != now {
			t.Errorf("behind a long stop: got %v, want %v", at, now)
		}
		read()
		if got := media.Now() - before; got != time.Second+20*time.Millisecond {
			t.Errorf("the frame after it came after %v", got)
		}
	})
}

// TestClose_Unblocks: a reader that waits gets io.EOF, as does everyone after.
func TestClose_Unblocks(t *testing.T) {
	defer test.CheckRoutines(t)()
	defer test.TimeOut(10 * time.Second).Stop()
	slow := media.VideoFormat{Width: 2, Height: 2, Rate: 1e-3}
	open := func(src media.VideoSource, err error) media.VideoSource {
		t.Helper()
		if err != nil {
			t.Fatal(err)
		}
		return src
	}
	for name, src := range map[string]media.VideoSource{
		"pictures": clip.NewPictures(slow, func(*image.YCbCr, int64) {}),
		"IVF":      open(clip.NewVideo("", ivf(t, 1, 5, 0, 1))),
		"Y4M":      open(clip.NewVideo("", []byte("YUV4MPEG2 W1 H1 F1:60\nFRAME\nabcFRAME\nabc"))),
	} {
		got := make(chan error)
		go func() {
			var err error
			for err == nil {
				_, err = src.ReadVideo()
			}
			got <- err
		}()
		for range 2 {
			if err := src.Close(); err != nil {
				t.Errorf("%s: Close: %v", name, err)
			}
		}
		if err := <-got; err != io.EOF {
			t.Errorf("%s: got %v, want io.EOF", name, err)
		}
		if _, err := src.ReadVideo(); err != io.EOF {
			t.Errorf("%s, again: got %v, want io.EOF", name, err)
		}
	}
}

func FuzzNewVideo(f *testing.F) {
	f.Add(ivf(f, 30, 1, 0, 1, 2, 3, 4))
	f.Add(ivf(f, 90000, 1, 0, 3000, 1, 1<<63))
	f.Add(y4m(f, 5, 3, 2))
	for _, row := range badVideo(f) {
		f.Add(row.data)
	}
	f.Fuzz(func(t *testing.T, data []byte) {
		src, err := clip.NewVideo("fuzz", data)
		if err != nil {
			return
		}
		defer src.Close()
		src.RequestKeyFrame()
		frame, err := src.ReadVideo() // the first is due at once
		if err != nil {
			t.Fatal(err)
		}
		if (frame.Image == nil) == (frame.Encoded == nil) || !frame.KeyFrame && frame.Encoded != nil {
			t.Errorf("got %+v", frame)
		}
		if f := src.Format(); f.Width < 1 || f.Height < 1 || !(f.Rate > 0) || f.Rate > 1000 {
			t.Errorf("format %+v", f)
		}
	})
}

func FuzzNewAudio(f *testing.F) {
	f.Add(wav(f, 1, 2, 3))
	f.Add(wavWith(pcmFormat(2, 44100), "abcdefgh"))
	f.Add(ogg(f, 3, []byte{1, 2, 3}))
	for _, row := range badAudio(f) {
		f.Add(row.data)
	}
	f.Fuzz(func(t *testing.T, data []byte) {
		src, err := clip.NewAudio("fuzz", data)
		if err != nil {
			return
		}
		defer src.Close()
		for range 3 {
			frame, err := src.ReadAudio()
			if err != nil {
				t.Fatal(err)
			}
			if len(frame.PCM) != media.FrameSamples && len(frame.Encoded) == 0 {
				t.Errorf("got %+v", frame)
			}
		}
	})
}
