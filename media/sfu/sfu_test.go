package sfu_test

import (
	"context"
	"net"
	"slices"
	"strings"
	"testing"

	"github.com/pion/rtcp"
	"github.com/pion/rtp"
	"github.com/pion/sdp/v3"

	"parlor/media"
	"parlor/media/sfu"
)

func TestSFU_Forward(t *testing.T) {
	start(t)
	s := newSFU(t, sfu.Config{})
	alice := newClient(t, s, "alice", nil)
	video, audio := alice.send("alice/camera", media.Video), alice.send("alice/microphone", media.Audio)
	alice.negotiate()
	video.play()
	audio.play()
	for _, name := range []string{"bob", "carol", "dave"} {
		c := newClient(t, s, name, nil)
		seen, heard := c.receive("alice/camera", media.Video), c.receive("alice/microphone", media.Audio)
		c.negotiate()
		checkVideo(t, seen.awaitMore(60))
		checkLevels(t, heard, heard.awaitMore(60))
	}
	stats := s.Stats()
	if stats.Peers != 4 || stats.UpTracks != 2 || stats.DownTracks != 6 {
		t.Errorf("got %d peers, %d up tracks, %d down tracks, want 4, 2, 6", stats.Peers, stats.UpTracks, stats.DownTracks)
	}
	if stats.PacketsIn == 0 || stats.PacketsOut < 360 || stats.BytesOut < 40000 || stats.Malformed != 0 {
		t.Errorf("counters are wrong: %+v", stats)
	}
}

// checkVideo checks that packets look like one stream from a key frame on: sequence numbers without gaps, timestamps that
// rise from frame to frame, and the PictureID with them.
func checkVideo(t *testing.T, packets []*rtp.Packet) {
	t.Helper()
	slices.SortStableFunc(packets, func(a, b *rtp.Packet) int { return int(int16(a.SequenceNumber - b.SequenceNumber)) })
	if !keyFrame(packets[0]) {
		t.Errorf("the first packet does not begin a key frame: %v", packets[0])
	}
	for i, p := range packets[1:] {
		before := packets[i]
		if p.SequenceNumber != before.SequenceNumber+1 {
			t.Errorf("packet %d: sequence number %d after %d", i+1, p.SequenceNumber, before.SequenceNumber)
		}
		if p.SSRC != before.SSRC {
			t.Errorf("packet %d: SSRC changed", i+1)
		}
		frames := uint16(0)
		if p.Payload[0]&0x10 != 0 {
			frames = 1
		}
		if step := int32(p.Timestamp - before.Timestamp); frames == 0 && step != 0 || frames == 1 && (step <= 0 || step > 90000*20) {
			t.Errorf("packet %d: timestamp moves by %d", i+1, step)
		}
		if got, want := picture(p), (picture(before)+frames)&0x7fff; got != want {
			t.Errorf("packet %d: PictureID %d, want %d", i+1, got, want)
		}
		if got, want := p.Payload[4], before.Payload[4]+uint8(frames); got != want {
			t.Errorf("packet %d: TL0PICIDX %d, want %d", i+1, got, want)
		}
	}
}

func picture(p *rtp.Packet) uint16 { return uint16(p.Payload[2]&0x7f)<<8 | uint16(p.Payload[3]) }

// checkLevels checks that the audio level comes along, under the id that the subscriber negotiated.
func checkLevels(t *testing.T, s *sink, packets []*rtp.Packet) {
	t.Helper()
	for _, e := range s.transceiver.Receiver().GetParameters().HeaderExtensions {
		if e.URI != sdp.AudioLevelURI {
			continue
		}
		for i, p := range packets {
			if level := p.GetExtension(uint8(e.ID)); len(level) != 1 || level[0] != 0x80|42 {
				t.Fatalf("packet %d: level %v, want [%d]", i, level, 0x80|42)
			}
		}
		return
	}
	t.Error("no audio level negotiated")
}

// TestSFU_Late lets a subscriber come when the stream has long begun: the publisher is asked for a key frame, once, and
// that is what the newcomer begins with.
func TestSFU_Late(t *testing.T) {
	start(t)
	s := newSFU(t, sfu.Config{})
	alice := newClient(t, s, "alice", nil)
	video := alice.send("camera", media.Video)
	bob := newClient(t, s, "bob", nil)
	first := bob.receive("camera", media.Video)
	alice.negotiate()
	bob.negotiate()
	video.play()
	first.awaitMore(30)
	before := video.requests()
	carol := newClient(t, s, "carol", nil)
	late := carol.receive("camera", media.Video)
	carol.negotiate()
	checkVideo(t, late.awaitMore(30))
	if video.requests() == before {
		t.Error("the publisher was not asked for a key frame")
	}
	checkVideo(t, first.all())
}

// TestSFU_KeyFrameRequests floods the SFU with requests: the publisher sees few of them, but the last one too.
func TestSFU_KeyFrameRequests(t *testing.T) {
	start(t)
	s := newSFU(t, sfu.Config{})
	alice := newClient(t, s, "alice", nil)
	video := alice.send("camera", media.Video)
	bob := newClient(t, s, "bob", nil)
	seen := bob.receive("camera", media.Video)
	alice.negotiate()
	bob.negotiate()
	video.play()
	ssrc := seen.awaitMore(3)[0].SSRC
	before := s.Stats()
	for i := range 50 {
		p := rtcp.Packet(&rtcp.PictureLossIndication{MediaSSRC: ssrc})
		if i%2 == 1 {
			p = &rtcp.FullIntraRequest{MediaSSRC: ssrc, FIR: []rtcp.FIREntry{{SSRC: ssrc, SequenceNumber: uint8(i)}}}
		}
		if err := bob.conn.WriteRTCP([]rtcp.Packet{p}); err != nil {
			t.Fatal(err)
		}
	}
	seen.await("another key frame", func() bool {
		keys := 0
		for _, p := range seen.packets {
			if keyFrame(p) {
				keys++
			}
		}
		return keys >= 2 && s.Stats().PLIsIn >= before.PLIsIn+50
	})
	if got := s.Stats().PLIsOut - before.PLIsOut; got < 1 || got > 3 {
		t.Errorf("50 requests became %d", got)
	}
}

// TestSFU_Switch lets one section carry one track after the other, without SDP.
func TestSFU_Switch(t *testing.T) {
	start(t)
	s := newSFU(t, sfu.Config{})
	alice, bob := newClient(t, s, "alice", nil), newClient(t, s, "bob", nil)
	one, two := alice.send("one", media.Video), bob.send("two", media.Video)
	sound := alice.send("sound", media.Audio)
	carol := newClient(t, s, "carol", nil)
	seen := carol.receive("one", media.Video)
	for _, c := range []*client{alice, bob, carol} {
		c.negotiate()
	}
	one.play()
	two.play()
	sound.play()
	for _, id := range []sfu.TrackID{"one", "two", "one", "", "sound", "two", "not there", "one"} {
		carol.carry(seen, id)
		carol.remap()
		if id == "one" || id == "two" {
			seen.awaitMore(20)
		}
	}
	checkVideo(t, seen.all())
	if got := s.Stats().DownTracks; got != 1 {
		t.Errorf("got %d down tracks, want 1", got)
	}
}

// TestSFU_Order lets the subscriber come first, the publisher leave, and come back under the same id.
func TestSFU_Order(t *testing.T) {
	start(t)
	s := newSFU(t, sfu.Config{})
	bob := newClient(t, s, "bob", nil)
	seen := bob.receive("camera", media.Video)
	bob.negotiate()
	for range 3 {
		alice := newClient(t, s, "alice", nil)
		video := alice.send("camera", media.Video).play()
		alice.negotiate()
		seen.awaitMore(30)
		video.end()
		alice.close()
		if got := s.Stats(); got.UpTracks != 0 || got.Peers != 1 {
			t.Fatalf("after the publisher left: got %d up tracks, %d peers, want 0, 1", got.UpTracks, got.Peers)
		}
	}
	checkVideo(t, seen.all())
}

// TestSFU_Sections adds and rests sections in later offers, as a client does whose cameras go on and off.
func TestSFU_Sections(t *testing.T) {
	start(t)
	s := newSFU(t, sfu.Config{})
	alice := newClient(t, s, "alice", nil)
	audio := alice.send("microphone", media.Audio).play()
	alice.negotiate()
	bob := newClient(t, s, "bob", nil)
	heard := bob.receive("microphone", media.Audio)
	bob.negotiate()
	heard.awaitMore(5)

	video := alice.send("camera", media.Video).play()
	alice.negotiate()
	seen := bob.receive("camera", media.Video)
	bob.negotiate()
	seen.awaitMore(10)

	// The section gets another track id: the old one is gone, the new one flows.
	alice.publish[1].Track = "screen"
	alice.remap()
	bob.carry(seen, "screen")
	bob.remap()
	seen.awaitMore(10)

	// Alice stops sending video for good; Bob's section rests until the id is back in a new section.
	video.end()
	if err := alice.conn.RemoveTrack(video.sender); err != nil {
		t.Fatal(err)
	}
	alice.publish = alice.publish[:1]
	alice.negotiate()
	if got := s.Stats().UpTracks; got != 1 {
		t.Errorf("after the camera went off: got %d up tracks, want 1", got)
	}
	alice.send("screen", media.Video).play()
	alice.negotiate()
	seen.awaitMore(10)
	checkVideo(t, seen.all())
	heard.awaitMore(5)
	audio.end()
}

// TestSFU_Inactive makes a section inactive and active again, on both sides.
func TestSFU_Inactive(t *testing.T) {
	start(t)
	s := newSFU(t, sfu.Config{})
	alice, bob := newClient(t, s, "alice", nil), newClient(t, s, "bob", nil)
	alice.send("microphone", media.Audio).play()
	heard := bob.receive("microphone", media.Audio)
	alice.negotiate()
	bob.negotiate()
	heard.awaitMore(5)
	for range 2 {
		alice.direction("sendonly", "inactive")
		if got := s.Stats().UpTracks; got != 0 {
			t.Errorf("inactive: got %d up tracks, want none", got)
		}
		alice.direction("inactive", "sendonly")
		heard.awaitMore(5)
	}
	for range 2 { // Bob's own connection knows nothing of it and cannot receive what comes then
		bob.direction("recvonly", "inactive")
		if got := s.Stats().DownTracks; got != 0 {
			t.Errorf("inactive: got %d down tracks, want none", got)
		}
		bob.direction("inactive", "recvonly")
	}
	if got := s.Stats(); got.UpTracks != 1 || got.DownTracks != 1 {
		t.Errorf("got %d up tracks, %d down tracks, want 1, 1", got.UpTracks, got.DownTracks)
	}
}

// direction offers the present description with another direction, without telling the client's own connection.
func (c *client) direction(from, to string) {
	c.t.Helper()
	description := c.conn.LocalDescription().SDP
	if to == "inactive" {
		description = strings.ReplaceAll(description, "a="+from, "a="+to)
	}
	o := c.offer(description)
	if to == "inactive" {
		o.Subscribe = nil
	}
	answer, err := c.peer.Negotiate(context.Background(), o)
	if err != nil {
		c.t.Fatalf("Negotiate with %s: %v", to, err)
	}
	want := map[string]string{"inactive": "inactive", "sendonly": "recvonly", "recvonly": "sendonly"}[to]
	if !strings.Contains(answer, "a="+want+"\r\n") {
		c.t.Errorf("answer to %s is not %s:\n%s", to, want, answer)
	}
}

// TestSFU_Reports checks that sender reports reach subscribers, in the subscriber's own timestamps, with one name for
// both tracks of a publisher.
func TestSFU_Reports(t *testing.T) {
	start(t)
	s := newSFU(t, sfu.Config{})
	alice := newClient(t, s, "alice", nil)
	alice.send("camera", media.Video).play()
	alice.send("microphone", media.Audio).play()
	alice.negotiate()
	bob := newClient(t, s, "bob", nil)
	seen, heard := bob.receive("camera", media.Video), bob.receive("microphone", media.Audio)
	bob.negotiate()
	var names []string
	for _, k := range []*sink{seen, heard} {
		k.awaitMore(1)
		k.await("sender reports", func() bool { return len(k.reports) >= 2 && len(k.names) >= 2 })
		packets := k.all()
		k.mu.Lock()
		report := k.reports[len(k.reports)-1]
		names = append(names, k.names[0])
		k.mu.Unlock()
		newest := packets[len(packets)-1]
		if report.SSRC != newest.SSRC {
			t.Errorf("report for SSRC %d, want %d", report.SSRC, newest.SSRC)
		}
		if d := int32(report.RTPTime - newest.Timestamp); d < -90000*5 || d > 90000*5 {
			t.Errorf("report says %d, packets are at %d", report.RTPTime, newest.Timestamp)
		}
		if report.PacketCount == 0 || report.OctetCount == 0 {
			t.Errorf("report counts nothing: %v", report)
		}
	}
	if names[0] != names[1] || names[0] == "" {
		t.Errorf("names of the tracks of one publisher: %q, want the same", names)
	}
}

func TestNew_Addresses(t *testing.T) {
	start(t)
	for _, c := range []struct {
		listen    string
		advertise []string
		want      []string // candidates in the answer
	}{
		{"127.0.0.1:0", nil, []string{" 127.0.0.1 "}},
		{"0.0.0.0:0", nil, []string{" 127.0.0.1 "}},
		{":0", []string{"203.0.113.9"}, []string{" 127.0.0.1 ", " 203.0.113.9 "}},
		{"127.0.0.1:0", []string{"203.0.113.9"}, []string{" 127.0.0.1 ", " 203.0.113.9 "}},
	} {
		s := newSFU(t, sfu.Config{Listen: c.listen, Advertise: c.advertise})
		port := s.Addr().(*net.UDPAddr).Port
		if port == 0 {
			t.Errorf("%s: port 0", c.listen)
		}
		alice, bob := newClient(t, s, "alice", nil), newClient(t, s, "bob", nil)
		alice.send("microphone", media.Audio).play()
		heard := bob.receive("microphone", media.Audio)
		alice.negotiate()
		bob.negotiate()
		for _, want := range c.want {
			if got := alice.conn.RemoteDescription().SDP; !strings.Contains(got, want) {
				t.Errorf("%s, %v: no candidate%sin\n%s", c.listen, c.advertise, want, got)
			}
		}
		heard.awaitMore(3)
	}
	for _, c := range []sfu.Config{
		{Listen: "nonsense"}, {Listen: "127.0.0.1:99999"}, {Listen: "127.0.0.1:0", Advertise: []string{"example.org"}},
	} {
		if s, err := sfu.New(c); err == nil {
			t.Errorf("New(%+v): no error", c)
			_ = s.Close()
		}
	}
}

// TestSFU_Encryption checks the SRTP profile and that all peers show the same certificate.
func TestSFU_Encryption(t *testing.T) {
	start(t)
	s := newSFU(t, sfu.Config{})
	var fingerprints []string
	for range 2 {
		c := newClient(t, s, "alice", nil)
		heard := c.receive("microphone", media.Audio)
		c.negotiate()
		var d sdp.SessionDescription
		if err := d.UnmarshalString(c.conn.RemoteDescription().SDP); err != nil {
			t.Fatal(err)
		}
		fingerprint, _ := d.Attribute("fingerprint")
		fingerprints = append(fingerprints, fingerprint)
		if setup, _ := d.MediaDescriptions[0].Attribute("setup"); setup != "passive" {
			t.Errorf("setup: got %q, want passive: the SFU is the DTLS server", setup)
		}
		heard.isConnected()
	}
	if fingerprints[0] == "" || fingerprints[0] != fingerprints[1] {
		t.Errorf("fingerprints: got %q, want the same", fingerprints)
	}
}
