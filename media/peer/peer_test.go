package peer_test

import (
	"context"
	"errors"
	"fmt"
	"image"
	"image/color"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"parlor/media"
	"parlor/media/mediatest"
	"parlor/media/peer"
)

func TestPeer_Camera_ArrivesOnDisplay(t *testing.T) {
	guard(t)
	s := newServer(t, nil, "127.0.0.1:0")
	alice, bob := newUser(t, s, "alice", nil), newUser(t, s, "bob", nil)
	alice.show(red)
	alice.wait(peer.Connected)
	seen := bob.watch("alice")
	bob.peer.SetRemote(want(media.Camera, "alice"))
	seen.until(red)
	alice.devices.SetColor(green)
	seen.until(green)
	got := bob.stats("alice", media.Camera)
	if got.Width != 320 || got.Height != 180 || got.KeyFrames == 0 || got.Decoded == 0 {
		t.Errorf("statistics %+v: want a key frame of 320×180 and pictures", got)
	}
	sent := alice.peer.Stats().Sent
	if len(sent) != 1 || sent[0].Source != media.Camera || sent[0].Frames == 0 || sent[0].Packets < sent[0].Frames {
		t.Errorf("sent %+v: want frames of one camera", sent)
	}
}

func TestPeer_Display_SizeAndVisibility(t *testing.T) {
	guard(t)
	s := newServer(t, nil, "127.0.0.1:0")
	alice, bob := newUser(t, s, "alice", nil), newUser(t, s, "bob", nil)
	alice.show(red)
	seen := bob.watch("alice")
	seen.display.SetSize(100, 100)
	bob.peer.SetRemote(want(media.Camera, "alice"))
	seen.until(red)
	seen.when("size 178x100", func() bool { return seen.size == image.Pt(178, 100) })

	seen.display.SetVisible(false)
	before := bob.stats("alice", media.Camera)
	eventually(t, "frames come but are not decoded", func() bool {
		now := bob.stats("alice", media.Camera)
		quiet := now.Frames > before.Frames+5 && now.Decoded == before.Decoded
		before.Frames, before.Decoded = max(before.Frames, now.Frames-10), now.Decoded
		return quiet
	})
	alice.devices.SetColor(blue)
	seen.display.SetVisible(true)
	seen.until(blue)

	bob.peer.Show("alice", media.Camera, nil)
	seen.until(none)
	again := bob.watch("alice")
	again.until(blue)
}

func TestPeer_Mute_StopsAndStartsWithKeyFrame(t *testing.T) {
	guard(t)
	s := newServer(t, nil, "127.0.0.1:0")
	alice, bob := newUser(t, s, "alice", nil), newUser(t, s, "bob", nil)
	alice.show(red)
	seen := bob.watch("alice")
	bob.peer.SetRemote(want(media.Camera, "alice"))
	seen.until(red)

	alice.peer.SetPublish(media.Camera, alice.camera, false)
	still := alice.peer.Stats().Sent[0].Packets
	eventually(t, "the server hears of the mute", func() bool { return !s.live("alice", media.Camera) })
	if got := alice.peer.Stats().Sent[0].Packets; got != still {
		t.Errorf("sent %d packets while muted", got-still)
	}
	keys := bob.stats("alice", media.Camera).KeyFrames
	alice.devices.SetColor(green)
	alice.peer.SetPublish(media.Camera, alice.camera, true)
	seen.until(green)
	if got := bob.stats("alice", media.Camera).KeyFrames; got == keys {
		t.Errorf("no key frame after the mute")
	}
}

func TestPeer_Republish_ReusesSection(t *testing.T) {
	guard(t)
	s := newServer(t, nil, "127.0.0.1:0")
	alice, bob := newUser(t, s, "alice", nil), newUser(t, s, "bob", nil)
	alice.show(red)
	seen := bob.watch("alice")
	bob.peer.SetRemote(want(media.Camera, "alice"))
	seen.until(red)

	alice.peer.SetPublish(media.Camera, nil, false)
	bob.peer.SetRemote(nil)
	seen.until(none)
	eventually(t, "the track is gone", func() bool { return !s.has("alice", media.Camera) })
	before := bob.stats("alice", media.Camera)

	alice.devices.SetColor(blue)
	alice.peer.SetPublish(media.Camera, alice.camera, true)
	bob.peer.SetRemote(want(media.Camera, "alice"))
	seen.until(blue)
	if n := s.count("alice sdp"); n != 1 {
		t.Errorf("publishing again took %d SDP rounds, want 1 in all", n)
	}
	if got := bob.stats("alice", media.Camera); got.Packets <= before.Packets || got.KeyFrames <= before.KeyFrames {
		t.Errorf("counters began anew: %+v after %+v", got, before)
	}
}

func TestPeer_FiveRemotes_ReuseSections(t *testing.T) {
	guard(t)
	s := newServer(t, nil, "127.0.0.1:0")
	colors := []struct {
		name  string
		color [3]uint8
	}{{"a", [3]uint8{230, 20, 20}}, {"b", [3]uint8{20, 200, 20}}, {"c", [3]uint8{20, 20, 220}},
		{"d", [3]uint8{220, 220, 20}}, {"e", [3]uint8{20, 200, 200}}}
	viewer := newUser(t, s, "viewer", nil)
	tiles := make(map[string]*tile)
	var names []string
	for _, c := range colors {
		u := newUser(t, s, c.name, nil)
		u.show(rgb(c.color))
		tiles[c.name] = viewer.watch(c.name)
		names = append(names, c.name)
	}
	viewer.peer.SetRemote(want(media.Camera, names...))
	for _, c := range colors {
		tiles[c.name].until(rgb(c.color))
	}
	rounds := s.count("viewer sdp")

	// Away with three, and back in another order: the sections are there.
	viewer.peer.SetRemote(want(media.Camera, "a", "e"))
	for _, gone := range []string{"b", "c", "d"} {
		tiles[gone].until(none)
	}
	viewer.peer.SetRemote(want(media.Camera, "d", "e", "c", "b"))
	for i, c := range colors {
		if i == 0 {
			tiles[c.name].until(none)
			continue
		}
		tiles[c.name].until(rgb(c.color))
	}
	if got := s.count("viewer sdp"); got != rounds {
		t.Errorf("a change of membership took %d SDP rounds, want none", got-rounds)
	}
}

func TestPeer_Restart_KeepsWishes(t *testing.T) {
	guard(t)
	s := newServer(t, nil, "127.0.0.1:0")
	alice, bob := newUser(t, s, "alice", nil), newUser(t, s, "bob", nil)
	alice.show(red)
	seen := bob.watch("alice")
	bob.peer.SetRemote(want(media.Camera, "alice"))
	seen.until(red)
	before := bob.stats("alice", media.Camera).Packets

	bob.wait(peer.Connected)
	bob.peer.Restart()
	bob.wait(peer.Connecting)
	bob.wait(peer.Connected)
	alice.devices.SetColor(green)
	seen.until(green)

	alice.wait(peer.Connected)
	alice.peer.Restart()
	alice.wait(peer.Connected)
	alice.devices.SetColor(blue)
	seen.until(blue)
	if got := bob.stats("alice", media.Camera).Packets; got <= before {
		t.Errorf("packets went from %d to %d", before, got)
	}
}

func TestPeer_ServerHangsUp_ConnectsAgain(t *testing.T) {
	guard(t)
	s := newServer(t, nil, "127.0.0.1:0")
	alice, bob := newUser(t, s, "alice", nil), newUser(t, s, "bob", nil)
	alice.show(red)
	seen := bob.watch("alice")
	bob.peer.SetRemote(want(media.Camera, "alice"))
	seen.until(red)
	bob.wait(peer.Connected)
	s.hangUp("bob")
	bob.wait(peer.Failed)
	bob.wait(peer.Connected)
	alice.devices.SetColor(green)
	seen.until(green)
}

func TestPeer_SignalFails_TriesAgain(t *testing.T) {
	guard(t)
	s := newServer(t, nil, "127.0.0.1:0")
	s.setRefuse(errRefused)
	alice, bob := newUser(t, s, "alice", nil), newUser(t, s, "bob", nil)
	alice.show(red)
	seen := bob.watch("alice")
	bob.peer.SetRemote(want(media.Camera, "alice"))
	eventually(t, "both tried", func() bool { return s.count("alice sdp") > 0 && s.count("bob sdp") > 0 })
	s.setRefuse(nil)
	seen.until(red)
}

// TestPeer_ConnectionGone: when the server has given a connection up, the next offer is for a new one.
func TestPeer_ConnectionGone(t *testing.T) {
	guard(t)
	numbers := make(chan uint32, 64) // more offers than the test waits for
	p := peer.New(peer.Config{Signal: func(_ context.Context, o peer.Offer) (peer.Answer, error) {
		numbers <- o.Connection
		return peer.Answer{}, peer.ErrConnectionGone
	}})
	defer p.Close()
	p.SetRemote([]peer.RemoteTrack{{TrackID: "t", UserID: "u", Source: media.Camera}})
	for want := uint32(1); want <= 3; want++ {
		if got := <-numbers; got != want {
			t.Fatalf("got an offer for connection %d, want %d", got, want)
		}
	}
}

// TestPeer_LargeRoom: with more people than can be received the offer still is one that servers take.
func TestPeer_LargeRoom(t *testing.T) {
	guard(t)
	const servers = 128 << 10 // bytes of SDP that servers take
	offers := make(chan peer.Offer, 64)
	p := peer.New(peer.Config{Signal: func(_ context.Context, o peer.Offer) (peer.Answer, error) {
		offers <- o
		return peer.Answer{}, peer.ErrConnectionGone // so that the next offer is made from nothing
	}})
	defer p.Close()
	var tracks []peer.RemoteTrack
	for i := range 500 {
		user := fmt.Sprintf("user%d", i)
		tracks = append(tracks, peer.RemoteTrack{TrackID: user + "m", UserID: user, Source: media.Microphone},
			peer.RemoteTrack{TrackID: user + "c", UserID: user, Source: media.Camera})
	}
	for _, source := range []media.Source{media.Microphone, media.Camera, media.Screen, media.ScreenAudio} {
		p.SetPublish(source, idleFeed(t, source.Kind()), true)
	}
	p.SetRemote(tracks)
	o := <-offers
	for len(o.Publish) < 4 { // the first one may be made before the last wish
		o = <-offers
	}
	if len(o.SDP) > servers {
		t.Errorf("the offer has %d bytes, want at most %d", len(o.SDP), servers)
	}
	served := 0
	for _, s := range o.Subscribe {
		if s.TrackID != "" {
			served++
		}
	}
	if served < 2*64 {
		t.Errorf("only %d tracks are asked for", served)
	}
}

// idleFeed is a capture of a device that gives nothing.
func idleFeed(t *testing.T, kind media.Kind) peer.Feed {
	devices := mediatest.NewDevices()
	if kind == media.Video {
		src, err := devices.OpenCamera("", media.VideoFormat{Width: 16, Height: 16, Rate: 1})
		if err != nil {
			t.Fatal(err)
		}
		c := peer.NewVideoCapture(src, peer.CaptureConfig{})
		t.Cleanup(func() { c.Close() })
		return c
	}
	src, err := devices.OpenMicrophone("")
	if err != nil {
		t.Fatal(err)
	}
	c := peer.NewAudioCapture(src, peer.CaptureConfig{})
	t.Cleanup(func() { c.Close() })
	return c
}

func TestPeer_TrackAppearsLater(t *testing.T) {
	guard(t)
	s := newServer(t, nil, "127.0.0.1:0")
	alice, bob := newUser(t, s, "alice", nil), newUser(t, s, "bob", nil)
	seen := bob.watch("alice")
	bob.peer.SetRemote(want(media.Camera, "alice")) // nobody knows it yet
	bob.wait(peer.Connected)
	alice.show(red)
	seen.until(red)
}

func TestPeer_Sound_ReachesMixer(t *testing.T) {
	guard(t)
	s := newServer(t, nil, "127.0.0.1:0")
	alice, bob := newUser(t, s, "alice", nil), newUser(t, s, "bob", nil)
	alice.devices.SetTone(mediatest.Tone{Hz: 1000, Amplitude: 8000})
	alice.speak()
	bob.peer.SetRemote(want(media.Microphone, "alice"))
	speaker, err := bob.kit.Devices.OpenSpeaker("", bob.mixer, nil)
	if err != nil {
		t.Fatal(err)
	}
	defer speaker.Close()
	hears := func(hz, amplitude float64) func() bool {
		return func() bool {
			played := bob.devices.Played()
			if len(played) < media.SampleRate/5 {
				return false
			}
			got := mediatest.MeasureTone(played[len(played)-media.SampleRate/5:])
			return within(float64(got.Hz), hz, 0.05) && within(float64(got.Amplitude), amplitude, 0.1)
		}
	}
	eventually(t, "1 kHz", hears(1000, 8000))
	got := bob.stats("alice", media.Microphone)
	if got.Level < 50 || got.Packets == 0 || got.DelayMS <= 0 || got.DelayMS > 500 {
		t.Errorf("statistics %+v: want level, packets and a delay", got)
	}
	if level := alice.mic.Level(); level < 50 {
		t.Errorf("own level %d, want more than 50", level)
	}
	bob.mixer.SetGain("alice", 0.5)
	eventually(t, "half as loud", hears(1000, 4000))
	bob.mixer.SetMuted(true)
	eventually(t, "silence", hears(0, 0))
	bob.mixer.SetMuted(false)
	eventually(t, "sound again", hears(1000, 4000))
	bob.peer.SetRemote(nil)
	eventually(t, "nothing of a track that is not wished", hears(0, 0))
}

func TestPeer_BothWays(t *testing.T) {
	guard(t)
	s := newServer(t, nil, "127.0.0.1:0")
	alice, bob := newUser(t, s, "alice", nil), newUser(t, s, "bob", nil)
	alice.show(red)
	alice.speak()
	alice.wait(peer.Connected)
	bob.show(blue)
	bob.speak()
	bob.wait(peer.Connected)
	sees, seen := alice.watch("bob"), bob.watch("alice")
	alice.peer.SetRemote(append(want(media.Camera, "bob"), want(media.Microphone, "bob")...))
	bob.peer.SetRemote(append(want(media.Camera, "alice"), want(media.Microphone, "alice")...))
	sees.until(blue)
	seen.until(red)
	eventually(t, "sound", func() bool {
		return bob.stats("alice", media.Microphone).Level > 50 && alice.stats("bob", media.Microphone).Level > 50
	})
}

// TestPeer_BadNetwork has 10 % loss and 50 ms each way, from each end to the SFU.
func TestPeer_BadNetwork(t *testing.T) {
	guard(t)
	network, err := mediatest.NewNetwork(3)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { network.Close() })
	s := newServer(t, network.Host(0), network.Host(0).IP()+":5000")
	alice, bob := newUser(t, s, "alice", network.Host(1)), newUser(t, s, "bob", network.Host(2))
	alice.devices.SetTone(mediatest.Tone{Hz: 1000, Amplitude: 8000})
	alice.show(red)
	alice.speak()
	alice.wait(peer.Connected)
	bob.peer.SetRemote(append(want(media.Camera, "alice"), want(media.Microphone, "alice")...))
	bob.wait(peer.Connected)
	network.Set(mediatest.Conditions{Loss: 0.1, Delay: 50 * time.Millisecond})

	seen := bob.watch("alice")
	speaker, err := bob.kit.Devices.OpenSpeaker("", bob.mixer, nil)
	if err != nil {
		t.Fatal(err)
	}
	defer speaker.Close()
	seen.until(red)
	alice.devices.SetColor(green)
	seen.until(green)
	eventually(t, "10 s of pictures and sound", func() bool {
		return bob.stats("alice", media.Camera).Frames > 300 && bob.stats("alice", media.Microphone).Packets > 400
	})
	video, sound := bob.stats("alice", media.Camera), bob.stats("alice", media.Microphone)
	t.Logf("video %+v", video)
	t.Logf("sound %+v", sound)
	t.Logf("sent %+v, RTT %.0f ms", alice.peer.Stats().Sent, bob.peer.Stats().RTTMS)
	if video.Lost > video.Packets/20 { // without retransmission it would be a fifth
		t.Errorf("%d packets of %d never came, want a twentieth at most", video.Lost, video.Packets)
	}
	if sound.Lost == 0 {
		t.Error("no packet of sound was lost: the network is not bad")
	}
	// A fifth of the packets is lost, by chance in runs: the share that is guessed without FEC. With it the share comes
	// down to a tenth, sooner or later.
	eventually(t, "a tenth of the sound guessed at most", func() bool {
		s := bob.stats("alice", media.Microphone)
		return s.Concealed <= s.Packets/10
	})
	if resent := alice.peer.Stats().Sent[1].Resent; resent == 0 {
		t.Error("nothing was sent again")
	}
}

// TestPeer_SwitchCamera: others see another picture in the same track, and nothing is negotiated.
func TestPeer_SwitchCamera(t *testing.T) {
	guard(t)
	s := newServer(t, nil, "127.0.0.1:0")
	alice, bob := newUser(t, s, "alice", nil), newUser(t, s, "bob", nil)
	tape := &recorder{}
	carol := peer.New(peer.Config{Signal: s.signal("carol"), Recorder: tape, Log: testLog(t)})
	t.Cleanup(func() { carol.Close() })
	alice.show(red)
	eventually(t, "the camera", func() bool { return s.has("alice", media.Camera) })
	seen := bob.watch("alice")
	bob.peer.SetRemote(want(media.Camera, "alice"))
	carol.SetRemote(want(media.Camera, "alice"))
	seen.until(red)
	eventually(t, "frames on the tape", func() bool { return tape.enough(5, 0) })
	rounds := s.count("alice sdp") + s.count("alice map")
	keys := bob.stats("alice", media.Camera).KeyFrames

	for _, c := range []color.RGBA{blue, green, yellow} {
		before := bob.stats("alice", media.Camera).Frames
		alice.share(media.Camera, c)
		seen.until(c)
		seen.when("the size of the other camera", func() bool { return seen.size == image.Pt(160, 90) })
		eventually(t, "it goes on", func() bool { return bob.stats("alice", media.Camera).Frames > before+10 })
	}
	alice.camera.Close() // long without a part in it
	if got := s.count("alice sdp") + s.count("alice map"); got != rounds {
		t.Errorf("%d rounds of signalling for another camera, want none", got-rounds)
	}
	got := bob.stats("alice", media.Camera)
	if got.KeyFrames < keys+3 || got.Lost > 0 {
		t.Errorf("%+v: want 3 key frames more than %d, and no gap in the packets", got, keys)
	}
	tape.mu.Lock()
	defer tape.mu.Unlock()
	for i, step := range tape.steps {
		if step == 0 || step > 10*media.VideoClock {
			t.Errorf("from frame %d to the next the clock goes on by %d", i, int32(step))
		}
	}
}

// TestPeer_FourSources: all that one user can send at once.
func TestPeer_FourSources(t *testing.T) {
	guard(t)
	s := newServer(t, nil, "127.0.0.1:0")
	alice, bob := newUser(t, s, "alice", nil), newUser(t, s, "bob", nil)
	sources := []media.Source{media.Microphone, media.Camera, media.Screen, media.ScreenAudio}
	camera, screen := bob.watch("alice"), bob.watchSource("alice", media.Screen)
	var all []peer.RemoteTrack
	for _, source := range sources {
		all = append(all, want(source, "alice")...)
	}
	alice.devices.SetTone(mediatest.Tone{Hz: 1000, Amplitude: 8000})
	alice.show(red)
	alice.speak()
	alice.share(media.Screen, blue)
	alice.sound(mediatest.Tone{Hz: 400, Amplitude: 4000})
	bob.peer.SetRemote(all)
	camera.until(red)
	screen.until(blue)
	eventually(t, "both sounds", func() bool {
		return bob.stats("alice", media.Microphone).Level > 50 && bob.stats("alice", media.ScreenAudio).Level > 50
	})
	if camera, screen := bob.stats("alice", media.Camera), bob.stats("alice", media.Screen); camera.Width != 320 || screen.Width != 160 {
		t.Errorf("the camera is %d wide, the screen %d, want 320 and 160", camera.Width, screen.Width)
	}
	eventually(t, "times of decoding", func() bool {
		return bob.stats("alice", media.Camera).DecodeMS > 0 && bob.stats("alice", media.Screen).DecodeMS > 0
	})
	sent := alice.peer.Stats().Sent
	if len(sent) != len(sources) {
		t.Fatalf("sent %+v, want 4 sources", sent)
	}
	for i, want := range []peer.SendStats{
		{Source: media.Microphone, Bitrate: 32_000}, {Source: media.Camera, Width: 320, Height: 180, Bitrate: 150_000},
		{Source: media.Screen, Width: 160, Height: 90, Bitrate: 600_000}, {Source: media.ScreenAudio, Bitrate: 32_000},
	} {
		got := sent[i]
		if got.Packets == 0 || got.EncodeMS <= 0 || (got.Level > 0) != (want.Source.Kind() == media.Audio) {
			t.Errorf("%v: %+v: want packets, a time to encode, and a level of sound", want.Source, got)
		}
		got = peer.SendStats{Source: got.Source, Width: got.Width, Height: got.Height, Bitrate: got.Bitrate}
		if diff := cmp.Diff(want, got); diff != "" {
			t.Errorf("sent (-want +got):\n%s", diff)
		}
	}
}

// TestPeer_ShareAgain: a screen that is shared beside the camera, and shared again, over a network of its own.
func TestPeer_ShareAgain(t *testing.T) {
	guard(t)
	network, err := mediatest.NewNetwork(3)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { network.Close() })
	network.Set(mediatest.Conditions{Delay: 20 * time.Millisecond})
	s := newServer(t, network.Host(0), network.Host(0).IP()+":5000")
	alice, bob := newUser(t, s, "alice", network.Host(1)), newUser(t, s, "bob", network.Host(2))
	alice.show(red)
	camera, screen := bob.watch("alice"), bob.watchSource("alice", media.Screen)
	both := append(want(media.Camera, "alice"), want(media.Screen, "alice")...)
	alice.share(media.Screen, blue)
	eventually(t, "the screen is there", func() bool { return s.has("alice", media.Screen) })
	bob.peer.SetRemote(both)
	camera.until(red)
	screen.until(blue)
	rounds := s.count("alice sdp") + s.count("bob sdp")
	for _, c := range []color.RGBA{green, yellow} {
		alice.peer.SetPublish(media.Screen, nil, false)
		bob.peer.SetRemote(both[:1])
		screen.until(none)
		eventually(t, "the screen is gone", func() bool { return !s.has("alice", media.Screen) })
		alice.share(media.Screen, c)
		eventually(t, "the screen is there again", func() bool { return s.has("alice", media.Screen) })
		bob.peer.SetRemote(both)
		screen.until(c)
	}
	camera.until(red)
	if got := s.count("alice sdp") + s.count("bob sdp"); got != rounds {
		t.Errorf("sharing again took %d SDP rounds, want none: the sections are there", got-rounds)
	}
	if got := bob.stats("alice", media.Screen); got.KeyFrames < 3 {
		t.Errorf("%+v: want a key frame for each time", got)
	}
}

// TestPeer_LossIsReported: the sender learns from the server what was lost.
func TestPeer_LossIsReported(t *testing.T) {
	guard(t)
	network, err := mediatest.NewNetwork(2)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { network.Close() })
	s := newServer(t, network.Host(0), network.Host(0).IP()+":5000")
	alice := newUser(t, s, "alice", network.Host(1))
	alice.speak()
	alice.wait(peer.Connected)
	network.Host(1).Set(mediatest.Conditions{Loss: 0.3})
	eventually(t, "loss in the statistics", func() bool { return alice.peer.Stats().Sent[0].LossPercent > 10 })
}

func TestPeer_Forget(t *testing.T) {
	guard(t)
	s := newServer(t, nil, "127.0.0.1:0")
	alice, bob, carol := newUser(t, s, "alice", nil), newUser(t, s, "bob", nil), newUser(t, s, "carol", nil)
	alice.show(red)
	carol.show(green)
	eventually(t, "both cameras", func() bool { return s.has("alice", media.Camera) && s.has("carol", media.Camera) })
	seen, other := bob.watch("alice"), bob.watch("carol")
	bob.peer.SetRemote(want(media.Camera, "alice", "carol"))
	seen.until(red)
	other.until(green)
	bob.peer.SetRemote(want(media.Camera, "carol"))
	if got := bob.stats("alice", media.Camera); got.Packets == 0 {
		t.Error("the counters went with the track, not with the user")
	}
	bob.peer.Forget("alice")
	bob.peer.Forget("carol") // still sends: nothing more of it is taken
	bob.peer.Forget("nobody")
	seen.until(none)
	other.until(none)
	if got := bob.peer.Stats().Remote; len(got) != 0 {
		t.Errorf("statistics of %+v, want none", got)
	}
	bob.peer.SetRemote(want(media.Camera, "alice", "carol"))
	seen.until(red)
	other.until(green)
}

func TestPeer_Headless_RecordsWithoutDecoding(t *testing.T) {
	guard(t)
	s := newServer(t, nil, "127.0.0.1:0")
	alice := newUser(t, s, "alice", nil)
	tape := &recorder{}
	bob := peer.New(peer.Config{Signal: s.signal("bob"), Recorder: tape, Log: testLog(t)})
	t.Cleanup(func() { bob.Close() })
	alice.show(red)
	alice.speak()
	bob.SetRemote(append(want(media.Camera, "alice"), want(media.Microphone, "alice")...))
	eventually(t, "frames and packets on the tape", func() bool { return tape.enough(10, 10) })
	for _, r := range bob.Stats().Remote {
		if r.Decoded != 0 || r.Concealed != 0 {
			t.Errorf("decoded without codecs: %+v", r)
		}
		if r.Source == media.Microphone && r.Level < 50 {
			t.Errorf("level %d, want it from the packets", r.Level)
		}
	}
	if !tape.startsWithKey() {
		t.Error("the record does not begin with a key frame")
	}
}

func TestVideoCapture_SourceLost(t *testing.T) {
	guard(t)
	s := newServer(t, nil, "127.0.0.1:0")
	alice := newUser(t, s, "alice", nil)
	gone := make(chan error, 2) // one for each source; more would block, and show as a hang
	lost := func(err error) { gone <- err }
	camera, err := alice.kit.Devices.OpenCamera("", media.VideoFormat{Width: 64, Height: 36, Rate: 30})
	if err != nil {
		t.Fatal(err)
	}
	mic, err := alice.kit.Devices.OpenMicrophone("")
	if err != nil {
		t.Fatal(err)
	}
	cfg := peer.CaptureConfig{Codecs: alice.kit.Codecs, OnLost: lost, Log: testLog(t)}
	alice.camera, alice.mic = peer.NewVideoCapture(camera, cfg), peer.NewAudioCapture(mic, cfg)
	alice.peer.SetPublish(media.Camera, alice.camera, true)
	alice.peer.SetPublish(media.Microphone, alice.mic, true)
	alice.wait(peer.Connected)
	unplugged := errors.New("unplugged")
	alice.devices.Unplug(unplugged)
	for range 2 {
		if err := <-gone; !errors.Is(err, unplugged) {
			t.Errorf("lost for %v, want %v", err, unplugged)
		}
	}
}

func TestVideoCapture_Preview(t *testing.T) {
	guard(t)
	s := newServer(t, nil, "127.0.0.1:0")
	alice := newUser(t, s, "alice", nil)
	alice.show(yellow)
	own := &tile{t: t, server: s, name: "preview", changed: make(chan struct{}, 1)}
	own.display = alice.stage.NewDisplay(own.set)
	alice.camera.Preview(own.display)
	own.until(yellow)
	alice.camera.Preview(nil)
	own.until(none)
}

func TestPeer_Idle_ClosesAtOnce(t *testing.T) {
	guard(t)
	p := peer.New(peer.Config{Log: testLog(t)})
	if err := p.Close(); err != nil {
		t.Fatal(err)
	}
	if err := p.Close(); err != nil {
		t.Fatal(err)
	}
	if got := p.Stats().State; got != peer.Closed {
		t.Errorf("state %v, want closed", got)
	}
	p.SetRemote(want(media.Camera, "nobody")) // must do nothing
	p.Show("nobody", media.Camera, nil)
	p.Restart()
}

func TestState_String(t *testing.T) {
	for state, want := range map[peer.State]string{peer.Idle: "idle", peer.Failed: "failed", 99: "unknown"} {
		if got := fmt.Sprint(state); got != want {
			t.Errorf("state %d is %q, want %q", uint8(state), got, want)
		}
	}
}
