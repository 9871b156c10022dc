package clip_test

import (
	"bytes"
	"encoding/binary"
	"errors"
	"os"
	"path/filepath"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"

	"parlor/media"
	"parlor/media/clip"
	"parlor/media/mediatest"
)

func numbers(t *testing.T, frames []media.VideoFrame) (n []int) {
	t.Helper()
	for _, f := range frames {
		parsed, err := mediatest.ParseFlatVP8(f.Encoded)
		if err != nil {
			t.Fatal(err)
		}
		if parsed.KeyFrame != f.KeyFrame {
			t.Errorf("frame %d: KeyFrame is %v", parsed.Number, f.KeyFrame)
		}
		n = append(n, int(parsed.Number))
	}
	return n
}

func openIVF(t *testing.T, data []byte) media.VideoSource {
	t.Helper()
	src, err := clip.NewVideo("test", data)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { src.Close() })
	return src
}

func millis(ms ...float64) (d []time.Duration) {
	for _, v := range ms {
		d = append(d, time.Duration(v*float64(time.Millisecond)))
	}
	return d
}

func TestIVF_Times(t *testing.T) {
	tests := []struct {
		name        string
		rate, scale uint32
		pts         []uint64
		format      float64
		want        []time.Duration
	}{
		{"frames as unit", 10, 1, []uint64{0, 1, 2}, 10, millis(0, 100, 200, 300, 400, 500, 600)},
		{"NTSC", 30000, 1001, []uint64{5, 6, 7}, 30000.0 / 1001, millis(0, 33.366666, 66.733333, 100.099999, 133.466665, 166.833332, 200.199998)},
		{"RTP clock, uneven", 90000, 1, []uint64{9000, 18000, 36000}, 1000.0 / 150, millis(0, 100, 300, 450, 550, 750, 900)},
		{"one frame, RTP clock", 90000, 1, []uint64{7}, 30, millis(0, 33.333333, 66.666666, 99.999999, 133.333332, 166.666665, 199.999998)},
		{"one frame", 5, 1, []uint64{7}, 5, millis(0, 200, 400, 600, 800, 1000, 1200)},
		{"times stand still", 10, 1, []uint64{3, 3, 3}, 10, millis(0, 100, 200, 300, 400, 500, 600)},
		{"times go back", 90000, 1, []uint64{90000, 0, 3000}, 30, millis(0, 33.333333, 66.666666, 99.999999, 133.333332, 166.666665, 199.999998)},
		{"an hour's hole", 10, 1, []uint64{0, 1, 36000}, 10, millis(0, 100, 200, 300, 400, 500, 600)},
		{"no time base", 0, 0, []uint64{0, 1, 2}, 30, millis(0, 33.333333, 66.666666, 99.999999, 133.333332, 166.666665, 199.999998)},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			data := ivf(t, tt.rate, tt.scale, tt.pts...)
			synctest.Test(t, func(t *testing.T) {
				src := openIVF(t, data)
				frames := readVideo(t, src, len(tt.want))
				if diff := cmp.Diff(tt.want, times(frames), nanos); diff != "" {
					t.Errorf("times (-want +got):\n%s", diff)
				}
				f := src.Format()
				if d := f.Rate - tt.format; f.Width != 32 || f.Height != 18 || d > 1e-3 || d < -1e-3 {
					t.Errorf("format %+v, want rate %v", f, tt.format)
				}
			})
		})
	}
}

func TestIVF_LoopAndKeyFrame(t *testing.T) {
	data := ivf(t, 10, 1, 0, 1, 2, 3, 4, 5) // key frames 0 and 4
	synctest.Test(t, func(t *testing.T) {
		src := openIVF(t, data)
		got := numbers(t, readVideo(t, src, 7))
		src.RequestKeyFrame() // 1, 2 and 3 are left out
		frames := readVideo(t, src, 2)
		got = append(got, numbers(t, frames)...)
		if d := frames[1].At - frames[0].At; d != 100*time.Millisecond {
			t.Errorf("gap behind the jump is %v", d)
		}
		src.RequestKeyFrame() // 0 is next anyway
		got = append(got, numbers(t, readVideo(t, src, 2))...)
		if diff := cmp.Diff([]int{0, 1, 2, 3, 4, 5, 0, 4, 5, 0, 1}, got); diff != "" {
			t.Errorf("(-want +got):\n%s", diff)
		}
	})
}

// TestIVF_Late: frames refer to each other, so a late reader gets all of them, later.
func TestIVF_Late(t *testing.T) {
	data := ivf(t, 10, 1, 0, 1, 2, 3)
	synctest.Test(t, func(t *testing.T) {
		src := openIVF(t, data)
		frames := readVideo(t, src, 1)
		<-time.After(time.Second)
		frames = append(frames, readVideo(t, src, 2)...)
		if diff := cmp.Diff(millis(0, 1000, 1100), times(frames)); diff != "" {
			t.Errorf("times (-want +got):\n%s", diff)
		}
		if diff := cmp.Diff([]int{0, 1, 2}, numbers(t, frames)); diff != "" {
			t.Errorf("(-want +got):\n%s", diff)
		}
	})
}

func TestIVF_Lenient(t *testing.T) {
	whole := ivf(t, 10, 1, 0, 1, 2)
	frame := 12 + len(vp8(1, false))
	empty := append(bytes.Clone(whole), make([]byte, 12)...) // a frame of no bytes
	lead := append(bytes.Clone(whole[:32]), whole[len(whole)-frame:]...)
	lead = append(lead, whole[32:]...) // begins with a frame that refers to nothing
	for name, row := range map[string]struct {
		data []byte
		want []int
	}{
		"last frame cut":        {whole[:len(whole)-1], []int{0, 1, 0}},
		"last header cut":       {whole[:len(whole)-frame+5], []int{0, 1, 0}},
		"empty frame":           {empty, []int{0, 1, 2, 0}},
		"no key frame at first": {lead, []int{0, 1, 2, 0}},
	} {
		synctest.Test(t, func(t *testing.T) {
			got := numbers(t, readVideo(t, openIVF(t, row.data), len(row.want)))
			if diff := cmp.Diff(row.want, got); diff != "" {
				t.Errorf("%s (-want +got):\n%s", name, diff)
			}
		})
	}
}

func TestIVFWriter(t *testing.T) {
	data := ivf(t, 90000, 1, 0, 3000)
	le := binary.LittleEndian
	if w, h, n := le.Uint16(data[12:]), le.Uint16(data[14:]), le.Uint32(data[24:]); w != 32 || h != 18 || n != 2 {
		t.Errorf("header says %d×%d, %d frames; want 32×18, 2", w, h, n)
	}
	f, err := os.Create(filepath.Join(t.TempDir(), "x.ivf"))
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	w := clip.NewIVFWriter(f, 30, 1)
	if w.WriteFrame(vp8(0, false), 0) == nil || w.WriteFrame(nil, 0) == nil {
		t.Error("file without key frame: got no error")
	}
	if err := w.Flush(); err != nil {
		t.Error(err)
	}
}

// TestIVF_FileShrinks: an error, not a panic, when a file changes while it is played.
func TestIVF_FileShrinks(t *testing.T) {
	path := filepath.Join(t.TempDir(), "x.ivf")
	if err := os.WriteFile(path, ivf(t, 200, 1, 0, 1, 2), 0o600); err != nil {
		t.Fatal(err)
	}
	src, err := clip.OpenVideo(path)
	if err != nil {
		t.Fatal(err)
	}
	if err := os.Truncate(path, 60); err != nil {
		t.Fatal(err)
	}
	if _, err := src.ReadVideo(); err == nil || errors.Is(err, os.ErrClosed) {
		t.Errorf("got %v, want an error of the file", err)
	}
	if err := src.Close(); err != nil {
		t.Fatal(err)
	}
}
