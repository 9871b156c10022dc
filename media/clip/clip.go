// Package clip has media without devices: files played in a loop, files written, test
// signals, and clips inside the program. Everything is behind the interfaces of package media
// and in plain Go. Sources and sinks keep their own pace on the capture clock (media.Now), as a
// device would.
package clip

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"os"

	"parlor/media"
)

// ErrNoDevice is wrapped by the errors of Devices that have nothing to open.
var ErrNoDevice = errors.New("no such device")

// maxFile bounds files that are read as a whole (Ogg): a day of speech.
const maxFile = 256 << 20

// file is what a clip is read from.
type file struct {
	name string // for errors
	io.ReaderAt
	io.Closer
	size int64 // bytes
}

func openFile(path string) (*file, error) {
	f, err := os.Open(path)
	if err != nil {
		return nil, err
	}
	info, err := f.Stat()
	if err == nil && !info.Mode().IsRegular() {
		err = fmt.Errorf("%s is not a file", path)
	}
	if err != nil {
		return nil, errors.Join(err, f.Close())
	}
	return &file{name: path, ReaderAt: f, Closer: f, size: info.Size()}, nil
}

func memoryFile(name string, data []byte) *file {
	return &file{name: name, ReaderAt: bytes.NewReader(data), Closer: io.NopCloser(nil), size: int64(len(data))}
}

// magic returns the first bytes of the file, fewer when it is shorter.
func (f *file) magic(n int) string {
	b := make([]byte, n)
	n, _ = f.ReadAt(b, 0)
	return string(b[:n])
}

// OpenVideo plays a video file in a loop: Y4M (4:2:0, 8 bit) as pictures or IVF with VP8 as
// encoded frames. What it is, is told by its content.
func OpenVideo(path string) (media.VideoSource, error) {
	f, err := openFile(path)
	if err != nil {
		return nil, err
	}
	return newVideo(f)
}

// NewVideo plays a video file which is in memory; name is for errors. data must stay
// unchanged.
func NewVideo(name string, data []byte) (media.VideoSource, error) {
	return newVideo(memoryFile(name, data))
}

func newVideo(f *file) (src media.VideoSource, err error) {
	switch f.magic(4) {
	case ivfMagic:
		src, err = newIVFSource(f)
	case y4mMagic[:4]:
		src, err = newY4MSource(f)
	default:
		err = errors.New("neither Y4M nor IVF")
	}
	if err != nil {
		return nil, errors.Join(fmt.Errorf("%s: %w", f.name, err), f.Close())
	}
	return src, nil
}

// OpenAudio plays a sound file in a loop: WAV (16 bit PCM, 8 to 48 kHz, mono or stereo) as
// samples or Ogg Opus with packets of 20 ms as packets. What it is, is told by its content.
func OpenAudio(path string) (media.AudioSource, error) {
	f, err := openFile(path)
	if err != nil {
		return nil, err
	}
	return newAudio(f)
}

// NewAudio plays a sound file which is in memory; name is for errors. data must stay
// unchanged.
func NewAudio(name string, data []byte) (media.AudioSource, error) {
	return newAudio(memoryFile(name, data))
}

func newAudio(f *file) (src media.AudioSource, err error) {
	switch f.magic(4) {
	case "RIFF":
		src, err = newWAVSource(f)
	case oggMagic:
		src, err = newOggSource(f)
	default:
		err = errors.New("neither WAV nor Ogg")
	}
	if err != nil {
		return nil, errors.Join(fmt.Errorf("%s: %w", f.name, err), f.Close())
	}
	return src, nil
}
