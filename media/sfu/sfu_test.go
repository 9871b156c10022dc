package sfu_test

import (
	"testing"

	"parlor/media"
	"parlor/media/sfu"
)

func TestSFU_Forward(t *testing.T) {
	start(t)
	s := newSFU(t, sfu.Config{})
	alice := newClient(t, s, "alice", nil)
	video, audio := alice.send("alice/camera", media.Video), alice.send("alice/microphone", media.Audio)
	bob := newClient(t, s, "bob", nil)
	seen, heard := bob.receive("alice/camera", media.Video), bob.receive("alice/microphone", media.Audio)
	alice.negotiate()
	bob.negotiate()
	video.play()
	audio.play()
	if first := seen.awaitMore(30)[0]; !keyFrame(first) {
		t.Errorf("first packet is not the start of a key frame: %v", first)
	}
	heard.awaitMore(30)
}
