package device_test

import (
	"bytes"
	"errors"
	"fmt"
	"image"
	"io"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/pion/transport/v4/test"

	"parlor/media"
	"parlor/media/clip"
	"parlor/media/device"
)

// silence is a source which counts how often it was asked.
type silence struct{ asked chan struct{} }

func newSilence() silence { return silence{make(chan struct{}, 1000)} }

func (s silence) ReadPCM(pcm []int16) {
	clear(pcm)
	select {
	case s.asked <- struct{}{}:
	default:
	}
}

func TestSet_OpenCamera_Names(t *testing.T) {
	defer test.CheckRoutines(t)()
	defer test.TimeOut(30 * time.Second).Stop()
	set := device.New(device.Config{})
	dir := t.TempDir()
	y4m := filepath.Join(dir, "film.y4m")
	text := "YUV4MPEG2 W4 H2 F25:1 C420jpeg\n" + "FRAME\n" + strings.Repeat("\x50", 12)
	if err := os.WriteFile(y4m, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	garbage := filepath.Join(dir, "garbage")
	if err := os.WriteFile(garbage, []byte("nothing of this kind"), 0o600); err != nil {
		t.Fatal(err)
	}
	for _, tc := range []struct {
		name string
		size image.Point // zero: an error is wanted
		err  error       // nil: any
	}{
		{"test", image.Pt(320, 180), nil},
		{"file:" + y4m, image.Pt(4, 2), nil},
		{"none", image.Point{}, device.ErrNone},
		{"file:" + garbage, image.Point{}, nil},
		{"file:" + filepath.Join(dir, "missing.y4m"), image.Point{}, os.ErrNotExist},
		{"file:", image.Point{}, nil},
		{"a camera that is not there", image.Point{}, device.ErrNoDevice},
	} {
		t.Run(tc.name, func(t *testing.T) {
			src, err := set.OpenCamera(tc.name, media.VideoFormat{Width: 320, Height: 180, Rate: 50})
			if tc.size == (image.Point{}) {
				if err == nil {
					src.Close()
					t.Fatal("got a camera want an error")
				}
				if tc.err != nil && !errors.Is(err, tc.err) {
					t.Errorf("got error %q want %q", err, tc.err)
				}
				return
			}
			if err != nil {
				t.Fatal(err)
			}
			for range 3 {
				f, err := src.ReadVideo()
				if err != nil {
					t.Fatal(err)
				}
				if got := f.Image.Rect.Size(); got != tc.size {
					t.Errorf("got %v want %v", got, tc.size)
				}
			}
			if err := src.Close(); err != nil {
				t.Error(err)
			}
			if _, err := src.ReadVideo(); err != io.EOF {
				t.Errorf("after Close: got %v want EOF", err)
			}
		})
	}
}

func TestSet_OpenMicrophone_Names(t *testing.T) {
	defer test.CheckRoutines(t)()
	defer test.TimeOut(30 * time.Second).Stop()
	set := device.New(device.Config{})
	var wav bytes.Buffer
	if err := clip.WriteWAV(&wav, clip.Speech(1, media.SampleRate)); err != nil {
		t.Fatal(err)
	}
	file := filepath.Join(t.TempDir(), "speech.wav")
	if err := os.WriteFile(file, wav.Bytes(), 0o600); err != nil {
		t.Fatal(err)
	}
	for _, name := range []string{"test", "file:" + file} {
		src, err := set.OpenMicrophone(name)
		if err != nil {
			t.Fatalf("%q: %v", name, err)
		}
		for range 3 {
			if f, err := src.ReadAudio(); err != nil || len(f.PCM) != media.FrameSamples {
				t.Errorf("%q: got %d samples, error %v", name, len(f.PCM), err)
			}
		}
		if err := src.Close(); err != nil {
			t.Errorf("%q: %v", name, err)
		}
		if _, err := src.ReadAudio(); err != io.EOF {
			t.Errorf("%q after Close: got %v want EOF", name, err)
		}
	}
	for name, want := range map[string]error{"none": device.ErrNone, "file:/nonexistent.wav": os.ErrNotExist} {
		if _, err := set.OpenMicrophone(name); !errors.Is(err, want) {
			t.Errorf("%q: got error %v want %v", name, err, want)
		}
	}
}

func TestSet_OpenSpeaker_Names(t *testing.T) {
	defer test.CheckRoutines(t)()
	defer test.TimeOut(30 * time.Second).Stop()
	set := device.New(device.Config{})
	file := filepath.Join(t.TempDir(), "heard.wav")
	for _, name := range []string{"none", "test", "file:" + file} {
		src := newSilence()
		sink, err := set.OpenSpeaker(name, src, func(err error) { t.Errorf("%q: lost: %v", name, err) })
		if err != nil {
			t.Fatalf("%q: %v", name, err)
		}
		for range 3 {
			<-src.asked
		}
		if err := sink.Close(); err != nil {
			t.Errorf("%q: %v", name, err)
		}
	}
	// What was heard can be opened as a microphone.
	src, err := set.OpenMicrophone("file:" + file)
	if err != nil {
		t.Fatal(err)
	}
	if err := src.Close(); err != nil {
		t.Error(err)
	}
	if _, err := set.OpenSpeaker("file:"+filepath.Join(file, "in a file"), newSilence(), nil); err == nil {
		t.Error("file in a file: got no error")
	}
	if _, err := set.OpenSpeaker("none", nil, nil); err == nil {
		t.Error("nothing to play: got no error")
	}
}

func ExampleSet() {
	set := device.New(device.Config{})
	camera, err := set.OpenCamera("test", media.VideoFormat{Width: 640, Height: 360, Rate: 30})
	if err != nil {
		fmt.Println(err)
		return
	}
	defer camera.Close()
	frame, err := camera.ReadVideo()
	fmt.Println(frame.Image.Rect.Size(), err)
	// Output: (640,360) <nil>
}
