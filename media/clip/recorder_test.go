package clip_test

import (
	"bytes"
	"fmt"
	"log/slog"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"testing/synctest"

	"github.com/google/go-cmp/cmp"

	"parlor/media"
	"parlor/media/clip"
)

func newRecorder(t *testing.T) (r *clip.Recorder, dir string, log *bytes.Buffer) {
	t.Helper()
	dir, log = filepath.Join(t.TempDir(), "records"), &bytes.Buffer{}
	r, err := clip.NewRecorder(dir, slog.New(slog.NewTextHandler(log, nil)))
	if err != nil {
		t.Fatal(err)
	}
	return r, dir, log
}

func closeRecorder(t *testing.T, r *clip.Recorder) {
	t.Helper()
	for range 2 {
		if err := r.Close(); err != nil {
			t.Fatal(err)
		}
	}
}

func list(t *testing.T, dir string) (names []string) {
	t.Helper()
	entries, err := os.ReadDir(dir)
	if err != nil {
		t.Fatal(err)
	}
	for _, e := range entries {
		names = append(names, e.Name())
	}
	return names
}

func TestRecorder_Names(t *testing.T) {
	r, dir, _ := newRecorder(t)
	record := func(user string) {
		r.RecordVideo(user, media.Camera, vp8(0, true), 0, true)
		r.RecordVideo(user, media.Screen, vp8(0, true), 0, true)
		r.RecordAudio(user, media.Microphone, opus(0), 0)
		r.RecordAudio(user, media.ScreenAudio, opus(0), 0)
	}
	record("a@b.c_d-E9")
	record("..")
	bad := []string{"", "../x", "a/b", `a\b`, "a b", "é", "a\x00", strings.Repeat("x", 129)}
	for _, user := range bad {
		record(user)
	}
	r.RecordAudio("a", media.Camera, opus(0), 0) // sound of a camera
	r.RecordVideo("a", media.Microphone, vp8(0, true), 0, true)
	r.RecordVideo("a", 99, vp8(0, true), 0, true)
	r.RecordAudio("a", 99, opus(0), 0)
	closeRecorder(t, r)
	record("late")
	want := []string{
		"..-audio.ogg", "..-screen.ivf", "..-screenaudio.ogg", "..-video.ivf",
		"a@b.c_d-E9-audio.ogg", "a@b.c_d-E9-screen.ivf", "a@b.c_d-E9-screenaudio.ogg", "a@b.c_d-E9-video.ivf",
	}
	if diff := cmp.Diff(want, list(t, dir)); diff != "" {
		t.Errorf("files (-want +got):\n%s", diff)
	}
	if diff := cmp.Diff([]string{"records"}, list(t, filepath.Dir(dir))); diff != "" {
		t.Errorf("files beside the directory (-want +got):\n%s", diff)
	}
	if got, want := r.Dropped(), uint64(4*len(bad)+4+4); got != want {
		t.Errorf("%d dropped, want %d", got, want)
	}
}

func TestRecorder_SymbolicLink(t *testing.T) {
	r, dir, log := newRecorder(t)
	outside := filepath.Join(t.TempDir(), "outside")
	if err := os.Symlink(outside, filepath.Join(dir, "eve-audio.ogg")); err != nil {
		t.Fatal(err)
	}
	r.RecordAudio("eve", media.Microphone, opus(0), 0)
	r.RecordAudio("eve", media.Microphone, opus(1), 960)
	closeRecorder(t, r)
	if _, err := os.Stat(outside); err == nil {
		t.Error("the recorder followed a link out of its directory")
	}
	if n := strings.Count(log.String(), "cannot record"); n != 1 || r.Dropped() != 2 {
		t.Errorf("%d log lines, %d dropped; want 1, 2:\n%s", n, r.Dropped(), log)
	}
}

func TestRecorder_Video(t *testing.T) {
	r, dir, _ := newRecorder(t)
	const start = 1<<32 - 3000 // RTP time wraps round
	write := func(n int, ts uint32, key bool) { r.RecordVideo("u", media.Camera, vp8(n, key), ts, key) }
	write(100, start-3000, false)                                  // before the first key frame
	r.RecordVideo("u", media.Camera, vp8(101, false), start, true) // not what it says
	r.RecordVideo("u", media.Camera, []byte{0}, start, true)       // not VP8
	write(0, start, true)                                          // 0 ms
	write(1, 0, false)                                             // 33 ms
	write(2, 6000, false)                                          // 100 ms: one was lost
	write(3, 6000, false)                                          // time stands still: 133 ms
	write(4, 90000*100, true)                                      // it jumps, a new track: 167 ms
	write(5, 90000*101, false)                                     // 1167 ms
	write(6, 90000*90, true)                                       // it jumps back: 1200 ms
	r.RecordVideo("u", media.Screen, vp8(7, true), 1, true)
	closeRecorder(t, r)
	if r.Dropped() != 3 {
		t.Errorf("%d dropped, want 3", r.Dropped())
	}
	synctest.Test(t, func(t *testing.T) {
		src, err := clip.OpenVideo(filepath.Join(dir, "u-video.ivf"))
		if err != nil {
			t.Fatal(err)
		}
		defer src.Close()
		frames := readVideo(t, src, 7)
		if diff := cmp.Diff([]int{0, 1, 2, 3, 4, 5, 6}, numbers(t, frames)); diff != "" {
			t.Errorf("frames (-want +got):\n%s", diff)
		}
		want := millis(0, 33.333333, 100, 133.333333, 166.666666, 1166.666666, 1200)
		if diff := cmp.Diff(want, times(frames), nanos); diff != "" {
			t.Errorf("times (-want +got):\n%s", diff)
		}
	})
}

func TestRecorder_VideoIsWholeAnyTime(t *testing.T) {
	r, dir, _ := newRecorder(t)
	defer r.Close()
	for n := range 40 {
		r.RecordVideo("u", media.Camera, vp8(n, n == 0), uint32(n)*3000, n == 0)
	}
	data, err := os.ReadFile(filepath.Join(dir, "u-video.ivf"))
	if err != nil {
		t.Fatal(err)
	}
	if got := data[24]; got != 31 {
		t.Errorf("header says %d frames, want the 31 of the first second", got)
	}
	if _, err := clip.NewVideo("", data); err != nil {
		t.Error(err)
	}
}

func TestRecorder_Audio(t *testing.T) {
	r, dir, _ := newRecorder(t)
	const start = 1<<32 - 960
	write := func(n int, ts uint32) { r.RecordAudio("u", media.Microphone, opus(n), ts) }
	write(0, start)
	write(1, 0)
	write(2, 960*4)                                                           // three were lost, or silence
	write(3, 960*3)                                                           // too late
	r.RecordAudio("u", media.Microphone, []byte{3}, 960*5)                    // malformed
	write(4, 960*5)                                                           //
	write(5, 48000*1000)                                                      // a jump, no pause
	write(6, 48000*2)                                                         // and back
	r.RecordAudio("u", media.Microphone, []byte{31<<3 | 4, 1}, 48000*2+960*2) // stereo: so is its filling
	r.RecordAudio("u", media.Microphone, []byte{30<<3 | 1, 1}, 48000*2+960*4) // two of 10 ms
	closeRecorder(t, r)
	if r.Dropped() != 2 {
		t.Errorf("%d dropped, want 2", r.Dropped())
	}
	var got [][]byte
	for _, f := range readOgg(t, readFile(t, filepath.Join(dir, "u-audio.ogg")), 14) {
		got = append(got, f.Encoded)
	}
	want := [][]byte{
		opus(0), opus(1), {15 << 3}, {15 << 3}, {15 << 3}, opus(2), opus(4), opus(5), opus(6),
		{31<<3 | 4}, {31<<3 | 4, 1}, {31 << 3}, {30<<3 | 1, 1}, opus(0),
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("packets (-want +got):\n%s", diff)
	}
}

func readFile(t *testing.T, path string) []byte {
	t.Helper()
	data, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	return data
}

// TestRecorder_Bound: many users do not exhaust the files of the process, nor memory.
func TestRecorder_Bound(t *testing.T) {
	r, dir, log := newRecorder(t)
	for i := range 1000 {
		r.RecordAudio(fmt.Sprint("user", i), media.Microphone, opus(0), 0)
	}
	r.RecordAudio("user0", media.Microphone, opus(1), 960) // the first go on
	if n := len(list(t, dir)); n != 256 || r.Dropped() != 1000-256 {
		t.Errorf("%d files, %d dropped; want 256, %d", n, r.Dropped(), 1000-256)
	}
	if n := strings.Count(log.String(), "\n"); n > 256 {
		t.Errorf("%d lines in the log", n)
	}
	closeRecorder(t, r)
}

func TestRecorder_Concurrent(t *testing.T) {
	r, dir, _ := newRecorder(t)
	var wg sync.WaitGroup
	for u := range 4 {
		for range 2 { // two tracks of one name at once must not mix bytes
			wg.Go(func() {
				for i := range 200 {
					r.RecordVideo(fmt.Sprint("u", u), media.Camera, vp8(i, true), uint32(i)*3000, true)
					r.RecordAudio(fmt.Sprint("u", u), media.Microphone, opus(i), uint32(i)*960)
				}
			})
		}
	}
	wg.Wait()
	closeRecorder(t, r)
	for _, name := range list(t, dir) {
		data := readFile(t, filepath.Join(dir, name))
		var err error
		if strings.HasSuffix(name, ".ivf") {
			_, err = clip.NewVideo(name, data)
		} else {
			_, err = clip.NewAudio(name, data)
		}
		if err != nil {
			t.Error(err)
		}
	}
}

func TestNewRecorder_NoDirectory(t *testing.T) {
	path := filepath.Join(t.TempDir(), "file")
	if err := os.WriteFile(path, nil, 0o600); err != nil {
		t.Fatal(err)
	}
	if _, err := clip.NewRecorder(path, nil); err == nil {
		t.Error("directory is a file: got no error")
	}
}

func TestRecorder_CloseWhileRecording(t *testing.T) {
	r, _, _ := newRecorder(t)
	begun, stop, stopped := make(chan struct{}), make(chan struct{}), make(chan struct{})
	go func() {
		defer close(stopped)
		for i := uint32(0); ; i++ {
			select {
			case <-stop:
				return
			default:
				r.RecordAudio("u", media.Microphone, opus(1), i*960)
			}
			if i == 100 {
				close(begun)
			}
		}
	}()
	<-begun
	closeRecorder(t, r)
	close(stop)
	<-stopped
}
