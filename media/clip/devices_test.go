package clip_test

import (
	"errors"
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/pion/transport/v4/test"

	"parlor/media"
	"parlor/media/clip"
)

func TestBuiltin(t *testing.T) {
	defer test.CheckRoutines(t)()
	defer test.TimeOut(20 * time.Second).Stop()
	seen := make(map[string]int)
	for n := -1; n < 5; n++ {
		d := clip.Builtin(n)
		camera, err := d.OpenCamera("", media.VideoFormat{})
		if err != nil {
			t.Fatal(err)
		}
		mic, err := d.OpenMicrophone("")
		if err != nil {
			t.Fatal(err)
		}
		if got, want := camera.Format(), (media.VideoFormat{Width: 640, Height: 360, Rate: 15}); got != want {
			t.Errorf("bot %d: format %v, want %v", n, got, want)
		}
		f, err := camera.ReadVideo()
		if err != nil || !f.KeyFrame || len(f.Encoded) < 1000 {
			t.Errorf("bot %d: %d bytes, key %v, %v", n, len(f.Encoded), f.KeyFrame, err)
		}
		if _, err := mic.ReadAudio(); err != nil {
			t.Errorf("bot %d: %v", n, err)
		}
		seen[string(f.Encoded)]++
		if err := errors.Join(camera.Close(), mic.Close()); err != nil {
			t.Error(err)
		}
	}
	if len(seen) != 4 {
		t.Errorf("%d different bots, want 4", len(seen))
	}
}

// TestBuiltin_Levels: bots speak and pause, so that active speakers change.
func TestBuiltin_Levels(t *testing.T) {
	for n := range 4 {
		name := []string{"bot1", "bot2", "bot3", "bot4"}[n]
		data := readFile(t, filepath.Join("builtin", name+".ogg"))
		loud, silent := 0, 0
		for _, f := range readOgg(t, data, 300) {
			if f.Level < 30 {
				loud++
			}
			if f.Level > 60 {
				silent++
			}
		}
		if loud < 100 || silent < 20 {
			t.Errorf("%s: %d loud and %d silent packets of 300", name, loud, silent)
		}
	}
}

func TestFileDevices(t *testing.T) {
	defer test.CheckRoutines(t)()
	dir := t.TempDir()
	video, audio := filepath.Join(dir, "v.ivf"), filepath.Join(dir, "a.wav")
	for path, data := range map[string][]byte{video: ivf(t, 30, 1, 0, 1), audio: wav(t, 1, 2)} {
		if err := os.WriteFile(path, data, 0o600); err != nil {
			t.Fatal(err)
		}
	}
	d := clip.FileDevices(video, audio)
	cameras, err := d.Cameras()
	if err != nil || len(cameras) != 1 || !cameras[0].Default {
		t.Fatalf("cameras: %v, %v", cameras, err)
	}
	for _, name := range []string{"", "test", cameras[0].ID} {
		src, err := d.OpenCamera(name, media.VideoFormat{})
		if err != nil {
			t.Fatal(err)
		}
		if err := src.Close(); err != nil {
			t.Error(err)
		}
	}
	mic, err := d.OpenMicrophone("")
	if err != nil {
		t.Fatal(err)
	}
	src := &ramp{}
	speaker, err := d.OpenSpeaker("", src, nil)
	if err != nil {
		t.Fatal(err)
	}
	if err := errors.Join(mic.Close(), speaker.Close()); err != nil {
		t.Error(err)
	}
	for _, name := range []string{"none", "USB"} {
		if _, err := d.OpenCamera(name, media.VideoFormat{}); !errors.Is(err, clip.ErrNoDevice) {
			t.Errorf("camera %q: got %v", name, err)
		}
		if _, err := d.OpenSpeaker(name, src, nil); !errors.Is(err, clip.ErrNoDevice) {
			t.Errorf("speaker %q: got %v", name, err)
		}
	}
}

func TestFileDevices_None(t *testing.T) {
	d := clip.FileDevices("", "")
	if _, err := d.OpenCamera("", media.VideoFormat{}); !errors.Is(err, clip.ErrNoDevice) {
		t.Errorf("camera: got %v", err)
	}
	if _, err := d.OpenMicrophone(""); !errors.Is(err, clip.ErrNoDevice) {
		t.Errorf("microphone: got %v", err)
	}
	cameras, err1 := d.Cameras()
	mics, err2 := d.Microphones()
	speakers, err3 := d.Speakers()
	if err := errors.Join(err1, err2, err3); err != nil || len(cameras) != 0 || len(mics) != 0 || len(speakers) != 1 {
		t.Errorf("lists: %v, %v, %v, %v", cameras, mics, speakers, err)
	}
}

// TestBuiltinScreen: the shared screen is small, sharp and can be joined within seconds.
func TestBuiltinScreen(t *testing.T) {
	defer test.CheckRoutines(t)()
	defer test.TimeOut(20 * time.Second).Stop()
	d := clip.Builtin(2)
	screens, err := d.Screens()
	if err != nil || len(screens) != 1 || !screens[0].Default || screens[0].Window {
		t.Fatalf("got screens %+v, %v", screens, err)
	}
	for _, name := range []string{"", "test", screens[0].ID} {
		src, err := d.OpenScreen(name, media.VideoFormat{})
		if err != nil {
			t.Fatalf("%q: %v", name, err)
		}
		want := media.VideoFormat{Width: screens[0].Width, Height: screens[0].Height, Rate: 5}
		if got := src.Format(); got != want {
			t.Errorf("%q: got format %v want %v", name, got, want)
		}
		if f, err := src.ReadVideo(); err != nil || !f.KeyFrame {
			t.Errorf("%q: key %v, %v", name, f.KeyFrame, err)
		}
		if err := src.Close(); err != nil {
			t.Errorf("%q: %v", name, err)
		}
	}
	if size := len(readFile(t, filepath.Join("builtin", "screen.ivf"))); size > 150_000 {
		t.Errorf("file of %d bytes want at most 150000", size)
	}
}

func TestFileDevices_OpenScreen(t *testing.T) {
	defer test.CheckRoutines(t)()
	dir := t.TempDir()
	good, bad := filepath.Join(dir, "good.ivf"), filepath.Join(dir, "bad.ivf")
	for path, data := range map[string][]byte{good: ivf(t, 5, 1, 0, 1), bad: []byte("DKIF and no more")} {
		if err := os.WriteFile(path, data, 0o600); err != nil {
			t.Fatal(err)
		}
	}
	d := clip.FileDevices("", "")
	if screens, err := d.Screens(); err != nil || len(screens) != 0 {
		t.Errorf("got screens %v, %v want none", screens, err)
	}
	src, err := d.OpenScreen("file:"+good, media.VideoFormat{})
	if err != nil {
		t.Fatal(err)
	}
	if err := src.Close(); err != nil {
		t.Error(err)
	}
	for name, want := range map[string]string{
		"file:" + bad:        "screen file: " + bad + ": IVF header: file ends too early",
		"file:/no/such/file": "screen file: open /no/such/file: no such file or directory",
		"":                   "no screen: no such device",
		"window:1":           "no screen: no such device",
	} {
		if _, err := d.OpenScreen(name, media.VideoFormat{}); err == nil || err.Error() != want {
			t.Errorf("%q: got error %v want %s", name, err, want)
		}
	}
}
