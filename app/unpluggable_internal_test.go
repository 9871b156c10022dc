package app

import (
	"errors"
	"io"
	"testing"

	"github.com/pion/transport/v4/test"

	"parlor/media/mediatest"
)

// TestUnpluggable: what is open fails with the reason, and what was closed before does not matter.
func TestUnpluggable(t *testing.T) {
	defer test.CheckRoutines(t)()
	u := newUnpluggable(mediatest.NewDevices())
	closed, err := u.OpenMicrophone("")
	if err != nil {
		t.Fatal(err)
	}
	if err := closed.Close(); err != nil {
		t.Fatal(err)
	}
	mic, err := u.OpenMicrophone("")
	if err != nil {
		t.Fatal(err)
	}
	failed := make(chan error)
	go func() {
		for {
			if _, err := mic.ReadAudio(); err != nil {
				failed <- err
				return
			}
		}
	}()
	u.set(microphone, true)
	if err := <-failed; !errors.Is(err, errUnplugged) {
		t.Errorf("reading fails with %v", err)
	}
	if list, err := u.Microphones(); len(list) > 0 || err != nil {
		t.Errorf("unplugged, but listed: %v, %v", list, err)
	}
	if list, err := u.Cameras(); len(list) == 0 || err != nil {
		t.Errorf("the camera is gone, too: %v, %v", list, err)
	}
	mic.Close()
	u.set(microphone, false)
	again, err := u.OpenMicrophone("")
	if err != nil {
		t.Fatal(err)
	}
	if _, err := again.ReadAudio(); err != nil {
		t.Errorf("plugged in again: %v", err)
	}
	again.Close()
	if _, err := again.ReadAudio(); !errors.Is(err, io.EOF) {
		t.Errorf("a closed one says %v", err)
	}
}
