package room

import (
	"errors"
	"fmt"
	"testing"

	"github.com/pion/transport/v4/test"

	"parlor/app/api"
	"parlor/app/errno"
	"parlor/media"
	"parlor/media/peer"
)

// TestStay_Limit: in a crowd the tracks that matter most are received, and no call asks for more than the limit.
func TestStay_Limit(t *testing.T) {
	defer test.CheckRoutines(t)()
	c, err := New(Config{AppID: "a"})
	if err != nil {
		t.Fatal(err)
	}
	defer c.Close()
	const others = 150 // with a microphone and a camera each
	s := newStay(c, JoinOptions{UserID: "me"})
	defer s.cancel()
	s.privileges = &api.Privileges{Subscribe: true}
	for i := range others {
		s.model.members = append(s.model.members, member(fmt.Sprintf("u%d:mic,cam", i)))
	}
	s.model.members = append(s.model.members, member("me:mic,cam"), member("quiet:"))
	last := UserID(fmt.Sprintf("u%d", others-1))
	before := UserID(fmt.Sprintf("u%d", others-2))
	c.shows[shown{before, media.Camera}] = new(media.Display)
	s.subscribed.set(last, media.Camera, true)

	tracks, over := s.within(s.wanted())
	if len(tracks) != maxSubscriptions || over != 2*others-maxSubscriptions {
		t.Fatalf("%d tracks and %d over, want %d and %d", len(tracks), over, maxSubscriptions, 2*others-maxSubscriptions)
	}
	want := []peer.RemoteTrack{
		{TrackID: string(last) + "cam", UserID: string(last), Source: media.Camera},
		{TrackID: string(before) + "cam", UserID: string(before), Source: media.Camera},
		{TrackID: "u0mic", UserID: "u0", Source: media.Microphone},
	}
	for i, w := range want {
		if tracks[i] != w {
			t.Errorf("place %d has %+v, want %+v", i, tracks[i], w)
		}
	}
	voices := 0
	for _, track := range tracks {
		if track.Source == media.Microphone {
			voices++
		}
	}
	if voices != others {
		t.Errorf("%d voices of %d are heard", voices, others)
	}
	err = s.changeSubscribe("changeStreamSubscribeState", true, "u0", []media.Source{media.Camera})
	if !errors.Is(err, errno.Failed) || errno.As("", err).Text() != "error code:-1070" {
		t.Errorf("one more over the limit: got %v", err)
	}
	if _, said := s.subscribed.of("u0", media.Camera); said {
		t.Error("what was refused is kept")
	}
}
