package mediatest_test

import (
	"errors"
	"image/color"
	"io"
	"testing"
	"testing/synctest"
	"time"

	"github.com/pion/transport/v4/test"

	"parlor/media"
	"parlor/media/clip"
	"parlor/media/mediatest"
)

// reader plays a constant and counts.
type reader struct{ frames chan struct{} }

func (r reader) ReadPCM(pcm []int16) {
	for i := range pcm {
		pcm[i] = 7
	}
	select {
	case r.frames <- struct{}{}:
	default: // nobody waits
	}
}

func TestDevices(t *testing.T) {
	defer test.CheckRoutines(t)()
	defer test.TimeOut(10 * time.Second).Stop()
	kit := mediatest.Kit()
	d := kit.Devices.(*mediatest.Devices)
	red := color.RGBA{R: 255, A: 255}
	d.SetColor(red)
	camera, err := d.OpenCamera("flat", media.VideoFormat{Width: 32, Height: 18, Rate: 100})
	if err != nil {
		t.Fatal(err)
	}
	frame, err := camera.ReadVideo()
	if err != nil || frame.Image.YCbCrAt(3, 3) != clip.YCbCr(red) {
		t.Errorf("got %v, %v; want red", frame, err)
	}
	pulled := reader{make(chan struct{}, 1)}
	speaker, err := d.OpenSpeaker("", pulled, func(error) { t.Error("lost without reason") })
	if err != nil {
		t.Fatal(err)
	}
	for range 3 {
		<-pulled.frames
	}
	if d.OpenCount() != 2 {
		t.Errorf("%d devices are open, want 2", d.OpenCount())
	}
	for range 2 {
		if err := errors.Join(camera.Close(), speaker.Close()); err != nil {
			t.Fatal(err)
		}
	}
	if got := d.Played(); len(got) < 2*media.FrameSamples || got[5] != 7 {
		t.Errorf("%d samples were played", len(got))
	}
	if _, err := camera.ReadVideo(); err != io.EOF {
		t.Errorf("after Close: got %v, want io.EOF", err)
	}
	if _, err := d.OpenMicrophone("USB"); !errors.Is(err, clip.ErrNoDevice) {
		t.Errorf("unknown name: got %v", err)
	}
	if d.OpenCount() != 0 {
		t.Errorf("%d devices are open, want none", d.OpenCount())
	}
}

func TestDevices_Unplug(t *testing.T) {
	defer test.CheckRoutines(t)()
	defer test.TimeOut(10 * time.Second).Stop()
	d := mediatest.NewDevices()
	camera, err := d.OpenCamera("", media.VideoFormat{})
	if err != nil {
		t.Fatal(err)
	}
	mic, err := d.OpenMicrophone("")
	if err != nil {
		t.Fatal(err)
	}
	lost := make(chan error, 2)
	pulled := reader{make(chan struct{}, 1)}
	speaker, err := d.OpenSpeaker("", pulled, func(err error) { lost <- err })
	if err != nil {
		t.Fatal(err)
	}
	gone := errors.New("cable cut")
	d.Unplug(gone)
	if _, err := camera.ReadVideo(); err != gone {
		t.Errorf("camera: got %v", err)
	}
	if _, err := mic.ReadAudio(); err != gone {
		t.Errorf("microphone: got %v", err)
	}
	if err := <-lost; err != gone {
		t.Errorf("speaker: got %v", err)
	}
	for range 3 { // goes on pulling
		<-pulled.frames
	}
	if _, err := d.OpenCamera("", media.VideoFormat{}); err != gone {
		t.Errorf("open while unplugged: got %v", err)
	}
	if list, err := d.Cameras(); err != nil || len(list) != 0 {
		t.Errorf("list while unplugged: got %v, %v", list, err)
	}
	if err := errors.Join(camera.Close(), mic.Close(), speaker.Close()); err != nil {
		t.Fatal(err)
	}
	d.Replug()
	list, err := d.Microphones()
	if err != nil || len(list) != 1 || !list[0].Default {
		t.Errorf("list after Replug: got %v, %v", list, err)
	}
}

// TestDevices_ReleaseMemory: a speaker that plays for hours keeps a minute or two.
func TestDevices_ReleaseMemory(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		d := mediatest.NewDevices()
		speaker, err := d.OpenSpeaker("", reader{make(chan struct{})}, nil)
		if err != nil {
			t.Fatal(err)
		}
		<-time.After(5 * time.Minute) // on the clock of the bubble
		synctest.Wait()
		if err := speaker.Close(); err != nil {
			t.Fatal(err)
		}
		if n := len(d.Played()); n < 60*media.SampleRate || n > 121*media.SampleRate {
			t.Errorf("%d samples are kept", n)
		}
	})
}
