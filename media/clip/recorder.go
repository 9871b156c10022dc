package clip

import (
	"errors"
	"fmt"
	"log/slog"
	"os"
	"sync"
	"sync/atomic"

	"parlor/media"
)

const (
	// maxRecordings bounds the open files of a Recorder: more tracks than a room may have. Further
	// tracks are not recorded, and counted.
	maxRecordings = 256
	maxUserID     = 128 // bytes; with the rest the name stays below the 255 of file systems
	// maxPause is the longest gap that a recording keeps; after a longer one, or when RTP time jumps
	// back, a track is taken to have begun anew, and goes on at once.
	maxPause = 60 // s
	maxLate  = 1  // s by which sound is too late to be put in its place; more is a jump
)

// Recorder writes received media into a directory, one file for each user and kind, without
// decoding: <userId>-video.ivf, <userId>-screen.ivf, <userId>-audio.ogg and
// <userId>-screenaudio.ogg. Files of an earlier recording are replaced. Video begins at a key
// frame. Pauses are kept: in Ogg as packets of silence. It implements media.Recorder and is safe
// for concurrent use.
type Recorder struct {
	root *os.Root
	log  *slog.Logger

	mu     sync.Mutex
	tracks map[trackKey]*recording // a nil entry is a track that cannot be recorded
	open   int
	closed bool

	dropped atomic.Uint64
}

type trackKey struct {
	userID string
	source media.Source
}

// recording is one file.
type recording struct {
	mu    sync.Mutex
	name  string
	file  *os.File
	video *IVFWriter // or
	audio *OggWriter
	err   error // the first; nothing is written any more

	begun   bool
	last    uint32 // RTP time of the last frame; of sound: of its end
	pts     uint64 // of the last video frame, from the start of the file
	flushed uint64 // pts when the header was brought up to date
}

// NewRecorder returns a recorder into dir, which it makes if it is not there. A nil log is
// slog.Default().
func NewRecorder(dir string, log *slog.Logger) (*Recorder, error) {
	if log == nil {
		log = slog.Default()
	}
	if err := os.MkdirAll(dir, 0o777); err != nil {
		return nil, err
	}
	root, err := os.OpenRoot(dir) // names are made of what strangers say
	if err != nil {
		return nil, err
	}
	return &Recorder{root: root, log: log, tracks: make(map[trackKey]*recording)}, nil
}

// Dropped is the number of frames and packets which were not recorded: before the first key frame, too
// late, malformed, of users with impossible ids, after an error of the disk or after Close.
func (r *Recorder) Dropped() uint64 { return r.dropped.Load() }

// RecordVideo implements media.Recorder.
func (r *Recorder) RecordVideo(userID string, source media.Source, frame []byte, timestamp uint32, key bool) {
	r.record(userID, source, media.Video, func(t *recording) (bool, error) {
		return t.writeVideo(frame, timestamp, key)
	})
}

// RecordAudio implements media.Recorder.
func (r *Recorder) RecordAudio(userID string, source media.Source, packet []byte, timestamp uint32) {
	r.record(userID, source, media.Audio, func(t *recording) (bool, error) {
		return t.writeAudio(packet, timestamp)
	})
}

func (r *Recorder) record(userID string, source media.Source, kind media.Kind, write func(*recording) (bool, error)) {
	t := r.track(trackKey{userID, source}, kind)
	if t == nil {
		r.dropped.Add(1)
		return
	}
	t.mu.Lock()
	defer t.mu.Unlock()
	if t.err != nil {
		r.dropped.Add(1)
		return
	}
	written, err := write(t)
	if !written {
		r.dropped.Add(1)
	}
	if err != nil {
		t.err = err
		r.log.Error("recording ends", "file", t.name, "err", err)
	}
}

// track returns the file of a track, nil when it cannot be recorded.
func (r *Recorder) track(key trackKey, kind media.Kind) *recording {
	r.mu.Lock()
	defer r.mu.Unlock()
	t, known := r.tracks[key]
	if known || r.closed || key.source.Kind() != kind || !validUserID(key.userID) {
		return t
	}
	if r.open == maxRecordings {
		if len(r.tracks) < 2*maxRecordings { // memory and log are bounded, too
			r.log.Warn("not recorded: too many files are open", "user", key.userID, "source", key.source.String(), "limit", maxRecordings)
			r.tracks[key] = nil
		}
		return nil
	}
	t, err := r.create(key)
	if err != nil {
		r.log.Error("cannot record", "user", key.userID, "source", key.source.String(), "err", err)
	} else {
		r.open++
	}
	r.tracks[key] = t
	return t
}

// validUserID tells whether the id is one that rooms admit; no such id leads out of the
// directory once a suffix follows it.
func validUserID(id string) bool {
	for _, c := range []byte(id) {
		switch {
		case 'a' <= c && c <= 'z', 'A' <= c && c <= 'Z', '0' <= c && c <= '9':
		case c == '@', c == '.', c == '_', c == '-':
		default:
			return false
		}
	}
	return 0 < len(id) && len(id) <= maxUserID
}

func (r *Recorder) create(key trackKey) (*recording, error) {
	kinds := map[media.Source]string{
		media.Camera: "video.ivf", media.Screen: "screen.ivf",
		media.Microphone: "audio.ogg", media.ScreenAudio: "screenaudio.ogg",
	}
	kind, ok := kinds[key.source]
	if !ok {
		return nil, fmt.Errorf("unknown source %d", key.source)
	}
	t := &recording{name: key.userID + "-" + kind}
	var err error
	if t.file, err = r.root.Create(t.name); err != nil {
		return nil, err
	}
	if key.source.Kind() == media.Video {
		t.video = NewIVFWriter(t.file, media.VideoClock, 1)
	} else {
		t.audio = NewOggWriter(t.file, nil)
	}
	return t, nil
}

// writeVideo tells whether the frame was written; an error ends the recording.
func (t *recording) writeVideo(frame []byte, timestamp uint32, key bool) (bool, error) {
	if isKey, _, _, err := vp8Header(frame); err != nil || isKey != key || (!t.begun && !key) {
		return false, nil
	}
	if t.begun {
		step := int32(timestamp - t.last)
		if step <= 0 || step > maxPause*media.VideoClock {
			step = media.VideoClock / 30
		}
		t.pts += uint64(step)
	}
	t.begun, t.last = true, timestamp
	if err := t.video.WriteFrame(frame, t.pts); err != nil {
		return false, err
	}
	if t.pts-t.flushed >= media.VideoClock {
		t.flushed = t.pts
		return true, t.video.Flush()
	}
	return true, nil
}

// writeAudio tells whether the packet was written; an error ends the recording.
func (t *recording) writeAudio(packet []byte, timestamp uint32) (bool, error) {
	length := opusSamples(packet)
	if length == 0 || len(packet) > maxOpusPacket {
		return false, nil
	}
	if t.begun {
		gap := int32(timestamp - t.last)
		switch {
		case gap < 0 && gap > -maxLate*media.SampleRate:
			return false, nil
		case gap > 0 && gap <= maxPause*media.SampleRate:
			if err := t.fill(int(gap)/media.FrameSamples, packet[0]); err != nil {
				return false, err
			}
		}
	}
	t.begun, t.last = true, timestamp+uint32(length)
	if err := t.audio.WritePacket(packet); err != nil {
		return false, err
	}
	return true, nil
}

// fill writes n packets whose frame is empty, which tells decoders that nothing was sent
// (RFC 7845, 4.1; RFC 6716, 3.1).
func (t *recording) fill(n int, toc byte) error {
	packet := []byte{toc &^ 3}
	if opusSamples(packet) != media.FrameSamples {
		packet[0] = 0xf8 | toc&4 // CELT, 20 ms, as many channels
	}
	for range n {
		if err := t.audio.WritePacket(packet); err != nil {
			return err
		}
	}
	return nil
}

func (t *recording) close() error {
	t.mu.Lock()
	defer t.mu.Unlock()
	var err error
	if t.err == nil && t.video != nil {
		err = t.video.Flush()
	}
	if t.err == nil && t.audio != nil {
		err = t.audio.Close()
	}
	if t.err == nil {
		t.err = os.ErrClosed
	}
	if err = errors.Join(err, t.file.Close()); err != nil {
		return fmt.Errorf("%s: %w", t.name, err)
	}
	return nil
}

// Close finishes all files. What is recorded later is dropped and counted.
func (r *Recorder) Close() error {
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.closed {
		return nil
	}
	r.closed = true
	var errs []error
	for _, t := range r.tracks {
		if t != nil {
			errs = append(errs, t.close())
		}
	}
	clear(r.tracks)
	return errors.Join(append(errs, r.root.Close())...)
}
