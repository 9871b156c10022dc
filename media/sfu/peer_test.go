package sfu_test

import (
	"context"
	"errors"
	"strings"
	"testing"
	"time"

	"github.com/pion/rtcp"
	"github.com/pion/webrtc/v4"

	"parlor/media"
	"parlor/media/sfu"
)

func TestPeer_Allow(t *testing.T) {
	start(t)
	s := newSFU(t, sfu.Config{})
	alice, bob := newClient(t, s, "alice", nil), newClient(t, s, "bob", nil)
	video := alice.send("camera", media.Video)
	alice.send("microphone", media.Audio).play()
	seen, heard := bob.receive("camera", media.Video), bob.receive("microphone", media.Audio)
	alice.peer.Allow("camera", false) // before it is published
	alice.negotiate()
	bob.negotiate()
	video.play()
	heard.awaitMore(20)
	if got := len(seen.all()); got != 0 {
		t.Fatalf("%d packets came, none were allowed", got)
	}
	for range 2 {
		alice.peer.Allow("camera", true)
		seen.awaitMore(20)
		alice.peer.Allow("camera", false)
		heard.awaitMore(2) // what was on its way has arrived
		before := len(seen.all())
		heard.awaitMore(20)
		if got := len(seen.all()) - before; got > 0 {
			t.Fatalf("%d packets came, none were allowed", got)
		}
	}
	alice.peer.Allow("camera", true)
	seen.awaitMore(20)
	checkVideo(t, seen.all())
	bob.peer.Allow("camera", false) // not his
	seen.awaitMore(20)
}

func TestPeer_Negotiate_Bad(t *testing.T) {
	start(t)
	s := newSFU(t, sfu.Config{})
	alice, bob := newClient(t, s, "alice", nil), newClient(t, s, "bob", nil)
	ctx := context.Background()
	bad := func(c *client, name string, o sfu.Offer, want string) {
		t.Helper()
		if answer, err := c.peer.Negotiate(ctx, o); !errors.Is(err, sfu.ErrBadOffer) || !strings.Contains(err.Error(), want) || answer != "" {
			t.Errorf("%s: got %q, %v, want ErrBadOffer with %q", name, answer, err, want)
		}
	}
	try := func(when string) {
		bad(alice, when+": not SDP", sfu.Offer{SDP: "hello"}, "SDP")
		bad(alice, when+": too long", sfu.Offer{SDP: strings.Repeat("x", 200_000)}, "200000 bytes")
		bad(alice, when+": unknown mid", sfu.Offer{Publish: []sfu.Publish{{MID: "77", Track: "t", Kind: media.Video}}}, `mid "77"`)
	}
	try("before the first offer")
	video := alice.send("camera", media.Video)
	seen := bob.receive("camera", media.Video)
	alice.negotiate()
	bob.negotiate()
	try("connected")
	description := alice.conn.LocalDescription().SDP
	bad(alice, "wrong kind", sfu.Offer{SDP: description, Publish: []sfu.Publish{{MID: "0", Track: "t", Kind: media.Audio}}}, "video")
	bad(alice, "double mid", sfu.Offer{SDP: description + description[strings.Index(description, "m="):]}, "used twice")
	video.play()
	checkVideo(t, seen.awaitMore(20))

	ended, cancel := context.WithCancel(ctx)
	cancel()
	if _, err := alice.peer.Negotiate(ended, sfu.Offer{}); err != nil && !errors.Is(err, context.Canceled) {
		t.Errorf("with an ended context: got %v", err)
	}
}

// TestPeer_Close closes while offers are applied, twice, and from both ends.
func TestPeer_Close(t *testing.T) {
	start(t)
	s := newSFU(t, sfu.Config{})
	alice := newClient(t, s, "alice", nil)
	alice.send("camera", media.Video).play()
	alice.negotiate()
	description := alice.conn.LocalDescription().SDP
	done := make(chan struct{})
	go func() {
		defer close(done)
		for {
			if _, err := alice.peer.Negotiate(context.Background(), alice.offer(description)); err != nil {
				return
			}
		}
	}()
	for range 2 {
		if err := alice.peer.Close(); err != nil {
			t.Errorf("Close: %v", err)
		}
	}
	<-done
	if _, err := alice.peer.Negotiate(context.Background(), sfu.Offer{}); !errors.Is(err, sfu.ErrClosed) {
		t.Errorf("Negotiate after Close: got %v, want ErrClosed", err)
	}
	if got := s.Stats(); got.Peers != 0 || got.UpTracks != 0 {
		t.Errorf("after Close: got %d peers, %d up tracks, want none", got.Peers, got.UpTracks)
	}
	if err := s.Close(); err != nil {
		t.Errorf("SFU.Close: %v", err)
	}
	if _, err := s.NewPeer(sfu.PeerConfig{}); !errors.Is(err, sfu.ErrClosed) {
		t.Errorf("NewPeer after Close: got %v, want ErrClosed", err)
	}
	select {
	case <-alice.closed:
		t.Error("OnClosed was called, but the connection did not fail by itself")
	default:
	}
}

// TestPeer_OnClosed lets the client hang up.
func TestPeer_OnClosed(t *testing.T) {
	start(t)
	s := newSFU(t, sfu.Config{})
	alice, bob := newClient(t, s, "alice", nil), newClient(t, s, "bob", nil)
	alice.send("microphone", media.Audio).play()
	heard := bob.receive("microphone", media.Audio)
	alice.negotiate()
	bob.negotiate()
	heard.awaitMore(3)
	if err := alice.conn.Close(); err != nil {
		t.Fatal(err)
	}
	wait(t, alice.closed, "OnClosed")
	if got := s.Stats(); got.Peers != 1 || got.UpTracks != 0 {
		t.Errorf("got %d peers, %d up tracks, want 1, 0", got.Peers, got.UpTracks)
	}
}

// TestPeer_HalfOpen offers and never connects.
func TestPeer_HalfOpen(t *testing.T) {
	start(t)
	s := newSFU(t, sfu.Config{})
	alice := newClient(t, s, "alice", nil)
	alice.send("microphone", media.Audio)
	offer, err := alice.conn.CreateOffer(nil)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := alice.peer.Negotiate(context.Background(), alice.offer(offer.SDP)); err != nil {
		t.Fatal(err)
	}
	wait(t, alice.closed, "OnClosed")
	if got := s.Stats().Peers; got != 0 {
		t.Errorf("got %d peers, want none", got)
	}
}

func wait(t *testing.T, c <-chan struct{}, what string) {
	t.Helper()
	select {
	case <-c:
	case <-time.After(patience):
		t.Fatalf("waited %v for %s", patience, what)
	}
}

// TestPeer_Hostile sends what no honest client sends; the connection goes on, and what it is worth is counted.
func TestPeer_Hostile(t *testing.T) {
	start(t)
	s := newSFU(t, sfu.Config{})
	alice, bob := newClient(t, s, "alice", nil), newClient(t, s, "bob", nil)
	video := alice.send("camera", media.Video)
	seen := bob.receive("camera", media.Video)
	alice.negotiate()
	bob.negotiate()
	video.play()
	ssrc := seen.awaitMore(3)[0].SSRC
	for i := range 20 {
		video.mu.Lock()
		video.write(video.packet([]byte{0x90, 0xff}, false)) // a descriptor cut short
		video.mu.Unlock()
		everything := make([]rtcp.NackPair, 0, 64)
		for j := range 64 {
			everything = append(everything, rtcp.NackPair{PacketID: uint16(j * 1024), LostPackets: 0xffff})
		}
		err := bob.conn.WriteRTCP([]rtcp.Packet{
			&rtcp.TransportLayerNack{MediaSSRC: ssrc, Nacks: everything},
			&rtcp.TransportLayerNack{MediaSSRC: uint32(i), Nacks: everything},
			&rtcp.PictureLossIndication{MediaSSRC: 77},
			&rtcp.ReceiverEstimatedMaximumBitrate{Bitrate: 1, SSRCs: []uint32{ssrc, 1, 2, 3}},
		})
		if err != nil {
			t.Fatal(err)
		}
	}
	checkVideo(t, seen.awaitMore(60))
	stats := s.Stats()
	if stats.Malformed < 10 {
		t.Errorf("counted %d malformed packets, want about 20", stats.Malformed)
	}
	if stats.DroppedCache == 0 || stats.Resent > stats.PacketsIn+128 {
		t.Errorf("NACKs for everything: %d sent again, %d not", stats.Resent, stats.DroppedCache)
	}
}

// TestPeer_TooManySources lets a client use more SSRCs than it could need.
func TestPeer_TooManySources(t *testing.T) {
	start(t)
	s := newSFU(t, sfu.Config{})
	alice := newClient(t, s, "alice", nil)
	alice.send("microphone", media.Audio).play()
	alice.negotiate()
	bob := newClient(t, s, "bob", nil)
	heard := bob.receive("microphone", media.Audio)
	bob.negotiate()
	heard.isConnected()
	for ssrc := uint32(1); ; ssrc++ {
		select {
		case <-bob.closed:
			return
		default:
		}
		if ssrc == 1<<20 {
			t.Fatal("a million SSRCs, and the connection stands")
		}
		_ = bob.conn.WriteRTCP([]rtcp.Packet{&rtcp.PictureLossIndication{MediaSSRC: ssrc}})
	}
}

// isConnected waits for the connection of a sink.
func (s *sink) isConnected() {
	s.t.Helper()
	connected := make(chan struct{})
	s.conn.OnConnectionStateChange(func(state webrtc.PeerConnectionState) {
		if state == webrtc.PeerConnectionStateConnected {
			close(connected)
		}
	})
	if s.conn.ConnectionState() == webrtc.PeerConnectionStateConnected {
		return
	}
	select {
	case <-connected:
	case <-time.After(patience):
		s.t.Fatalf("waited %v for the connection", patience)
	}
}

// TestPeer_Restart lets the client change its network (ICE restart, RFC 8445, section 9): media goes on.
func TestPeer_Restart(t *testing.T) {
	start(t)
	s := newSFU(t, sfu.Config{})
	alice, bob := newClient(t, s, "alice", nil), newClient(t, s, "bob", nil)
	video := alice.send("camera", media.Video)
	seen := bob.receive("camera", media.Video)
	alice.negotiate()
	bob.negotiate()
	video.play()
	seen.awaitMore(10)
	for _, c := range []*client{alice, bob} {
		before := c.conn.RemoteDescription().SDP
		c.negotiateWith(&webrtc.OfferOptions{ICERestart: true})
		if user := ufrag(before); user == "" || user == ufrag(c.conn.RemoteDescription().SDP) {
			t.Errorf("ufrag %q has not changed", user)
		}
		seen.awaitMore(60)
	}
	checkVideo(t, seen.all())
}

// ufrag returns the ICE user of a description.
func ufrag(description string) string {
	_, after, _ := strings.Cut(description, "a=ice-ufrag:")
	user, _, _ := strings.Cut(after, "\r\n")
	return user
}

// TestPeer_WrongCertificate offers the fingerprint of another certificate.
func TestPeer_WrongCertificate(t *testing.T) {
	start(t)
	s := newSFU(t, sfu.Config{})
	alice := newClient(t, s, "alice", nil)
	alice.send("microphone", media.Audio)
	alice.negotiateAs(nil, func(description string) string {
		const name = "a=fingerprint:sha-256 "
		at := strings.Index(description, name) + len(name)
		forged := []byte(description)
		forged[at] ^= 1 // another hexadecimal digit
		return string(forged)
	})
	wait(t, alice.closed, "OnClosed")
	if got := s.Stats().Peers; got != 0 {
		t.Errorf("got %d peers, want none", got)
	}
}
