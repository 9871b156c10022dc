package sfu_test

import (
	"context"
	"errors"
	"io"
	"log/slog"
	"net"
	"slices"
	"sync"
	"testing"
	"time"

	"github.com/pion/ice/v4"
	"github.com/pion/interceptor"
	"github.com/pion/interceptor/pkg/nack"
	"github.com/pion/rtcp"
	"github.com/pion/rtp"
	"github.com/pion/sdp/v3"
	"github.com/pion/transport/v4"
	"github.com/pion/transport/v4/test"
	"github.com/pion/webrtc/v4"

	"parlor/media"
	"parlor/media/sfu"
)

// patience is how long a test waits for something that has to happen.
const patience = 20 * time.Second

// start prepares a test that starts goroutines: it fails when they do not end.
func start(t *testing.T) {
	t.Helper()
	limit := test.TimeOut(90 * time.Second)
	leaks := test.CheckRoutines(t)
	t.Cleanup(func() { leaks(); limit.Stop() })
}

// newSFU starts an SFU on loopback, or on n, which ends with the test.
func newSFU(t testing.TB, cfg sfu.Config) *sfu.SFU {
	t.Helper()
	if cfg.Listen == "" {
		cfg.Listen = "127.0.0.1:0"
	}
	if cfg.Log == nil {
		cfg.Log = slog.New(slog.DiscardHandler)
	}
	s, err := sfu.New(cfg)
	if err != nil {
		t.Fatalf("New: %v", err)
	}
	t.Cleanup(func() {
		if err := s.Close(); err != nil {
			t.Errorf("Close: %v", err)
		}
	})
	return s
}

// client is one participant: a plain Pion connection whose offers go straight to a sfu.Peer.
type client struct {
	t      testing.TB
	peer   *sfu.Peer
	conn   *webrtc.PeerConnection
	closed chan struct{} // OnClosed was called

	publish   []sfu.Publish
	subscribe []sfu.Subscribe

	mu    sync.Mutex
	sinks map[*webrtc.RTPTransceiver]*sink
}

// newClient makes a participant; it connects with the first negotiate.
func newClient(t testing.TB, s *sfu.SFU, name string, n transport.Net) *client {
	t.Helper()
	c := &client{t: t, closed: make(chan struct{}), sinks: make(map[*webrtc.RTPTransceiver]*sink)}
	c.conn = newConnection(t, n)
	c.conn.OnTrack(c.onTrack)
	var err error
	c.peer, err = s.NewPeer(sfu.PeerConfig{Name: name, OnClosed: func() { close(c.closed) }})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(c.close)
	return c
}

// newConnection makes a client's end, with the feedback that clients give, on loopback or on n.
func newConnection(t testing.TB, n transport.Net) *webrtc.PeerConnection {
	t.Helper()
	var settings webrtc.SettingEngine
	settings.SetICEMulticastDNSMode(ice.MulticastDNSModeDisabled)
	settings.SetIncludeLoopbackCandidate(true)
	settings.SetNetworkTypes([]webrtc.NetworkType{webrtc.NetworkTypeUDP4})
	settings.SetSRTPReplayProtectionWindow(512)
	settings.SetFireOnTrackBeforeFirstRTP(true)
	if n != nil {
		settings.SetNet(n)
	} else {
		settings.SetIPFilter(func(ip net.IP) bool { return ip.IsLoopback() })
	}
	codecs, registry := new(webrtc.MediaEngine), new(interceptor.Registry)
	generator, err := nack.NewGeneratorInterceptor(nack.GeneratorInterval(20 * time.Millisecond))
	if err != nil {
		t.Fatal(err)
	}
	responder, err := nack.NewResponderInterceptor()
	if err != nil {
		t.Fatal(err)
	}
	registry.Add(generator)
	registry.Add(responder)
	for _, err := range []error{
		codecs.RegisterDefaultCodecs(),
		webrtc.ConfigureRTCPReports(registry),
		webrtc.ConfigureTWCCSender(codecs, registry),
		webrtc.ConfigureSimulcastExtensionHeaders(codecs),
		codecs.RegisterHeaderExtension(webrtc.RTPHeaderExtensionCapability{URI: sdp.AudioLevelURI}, webrtc.RTPCodecTypeAudio),
	} {
		if err != nil {
			t.Fatal(err)
		}
	}
	api := webrtc.NewAPI(webrtc.WithSettingEngine(settings), webrtc.WithMediaEngine(codecs),
		webrtc.WithInterceptorRegistry(registry))
	conn, err := api.NewPeerConnection(webrtc.Configuration{})
	if err != nil {
		t.Fatal(err)
	}
	return conn
}

// close ends both ends of the connection.
func (c *client) close() {
	if err := c.peer.Close(); err != nil {
		c.t.Errorf("Peer.Close: %v", err)
	}
	if err := c.conn.GracefulClose(); err != nil {
		c.t.Errorf("client's Close: %v", err)
	}
}

// negotiate offers what the client has to offer and takes the answer.
func (c *client) negotiate() {
	c.t.Helper()
	c.negotiateWith(nil)
}

// negotiateWith is negotiate with options.
func (c *client) negotiateWith(options *webrtc.OfferOptions) {
	c.t.Helper()
	c.negotiateAs(options, func(description string) string { return description })
}

// negotiateAs lets change the offer on its way.
func (c *client) negotiateAs(options *webrtc.OfferOptions, change func(string) string) {
	c.t.Helper()
	offer, err := c.conn.CreateOffer(options)
	if err != nil {
		c.t.Fatalf("CreateOffer: %v", err)
	}
	gathered := webrtc.GatheringCompletePromise(c.conn)
	if err := c.conn.SetLocalDescription(offer); err != nil {
		c.t.Fatalf("SetLocalDescription: %v", err)
	}
	<-gathered
	answer, err := c.peer.Negotiate(context.Background(), c.offer(change(c.conn.LocalDescription().SDP)))
	if err != nil {
		c.t.Fatalf("Negotiate: %v", err)
	}
	err = c.conn.SetRemoteDescription(webrtc.SessionDescription{Type: webrtc.SDPTypeAnswer, SDP: answer})
	if err != nil {
		c.t.Fatalf("SetRemoteDescription: %v\n%s", err, answer)
	}
}

// remap changes only what the sections carry.
func (c *client) remap() {
	c.t.Helper()
	if answer, err := c.peer.Negotiate(context.Background(), c.offer("")); err != nil || answer != "" {
		c.t.Fatalf("Negotiate without SDP: got %q, %v, want nothing", answer, err)
	}
}

// offer returns an offer with the present mapping. Sections have their mids by now.
func (c *client) offer(description string) sfu.Offer {
	return sfu.Offer{SDP: description, Publish: slices.Clone(c.publish), Subscribe: slices.Clone(c.subscribe)}
}

// send adds a section that publishes; negotiate makes it true.
func (c *client) send(id sfu.TrackID, kind media.Kind) *source {
	c.t.Helper()
	mime := webrtc.MimeTypeOpus
	if kind == media.Video {
		mime = webrtc.MimeTypeVP8
	}
	track, err := webrtc.NewTrackLocalStaticRTP(webrtc.RTPCodecCapability{MimeType: mime}, string(id), "stream")
	if err != nil {
		c.t.Fatal(err)
	}
	transceiver, err := c.conn.AddTransceiverFromTrack(track,
		webrtc.RTPTransceiverInit{Direction: webrtc.RTPTransceiverDirectionSendonly})
	if err != nil {
		c.t.Fatal(err)
	}
	c.setMIDs()
	c.publish = append(c.publish, sfu.Publish{MID: transceiver.Mid(), Track: id, Kind: kind})
	return newSource(c.t, kind, track, transceiver)
}

// receive adds a section that carries a track; negotiate makes it true.
func (c *client) receive(id sfu.TrackID, kind media.Kind) *sink {
	c.t.Helper()
	codec := webrtc.RTPCodecTypeAudio
	if kind == media.Video {
		codec = webrtc.RTPCodecTypeVideo
	}
	transceiver, err := c.conn.AddTransceiverFromKind(codec,
		webrtc.RTPTransceiverInit{Direction: webrtc.RTPTransceiverDirectionRecvonly})
	if err != nil {
		c.t.Fatal(err)
	}
	c.setMIDs()
	c.subscribe = append(c.subscribe, sfu.Subscribe{MID: transceiver.Mid(), Track: id})
	return newSink(c, transceiver)
}

// carry lets a section carry another track; remap makes it true.
func (c *client) carry(s *sink, id sfu.TrackID) {
	for i := range c.subscribe {
		if c.subscribe[i].MID == s.transceiver.Mid() {
			c.subscribe[i].Track = id
		}
	}
}

// setMIDs lets Pion name the sections: it does so when it makes an offer.
func (c *client) setMIDs() {
	c.t.Helper()
	if _, err := c.conn.CreateOffer(nil); err != nil {
		c.t.Fatal(err)
	}
}

// source makes packets by hand. A video frame has three packets.
type source struct {
	t      testing.TB
	kind   media.Kind
	track  *webrtc.TrackLocalStaticRTP
	sender *webrtc.RTPSender

	mu        sync.Mutex
	sequence  uint16
	timestamp uint32
	picture   uint16
	tl0       uint8
	key       bool
	plis      int
	stop      chan struct{}
	wg        sync.WaitGroup
}

func newSource(t testing.TB, kind media.Kind, track *webrtc.TrackLocalStaticRTP, tr *webrtc.RTPTransceiver) *source {
	s := &source{t: t, kind: kind, track: track, sender: tr.Sender(), sequence: 65500, timestamp: 1 << 31,
		picture: 32760, tl0: 250, key: true, stop: make(chan struct{})}
	s.wg.Go(s.readFeedback)
	t.Cleanup(s.end)
	return s
}

// readFeedback makes the next frame a key frame when one is asked for.
func (s *source) readFeedback() {
	for {
		packets, _, err := s.sender.ReadRTCP()
		if err != nil {
			return
		}
		for _, p := range packets {
			if _, ok := p.(*rtcp.PictureLossIndication); ok {
				s.mu.Lock()
				s.plis++
				s.key = true
				s.mu.Unlock()
			}
		}
	}
}

// requests returns how many key frames were asked for.
func (s *source) requests() int {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.plis
}

// frame sends one frame: of three packets for video, of one for audio.
func (s *source) frame() {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.kind == media.Audio {
		p := s.packet([]byte{0xfc, 1, 2, 3}, true)
		for _, e := range s.sender.GetParameters().HeaderExtensions {
			if e.URI == sdp.AudioLevelURI {
				if err := p.SetExtension(uint8(e.ID), []byte{0x80 | 42}); err != nil {
					s.t.Errorf("SetExtension: %v", err)
				}
			}
		}
		s.write(p)
		s.timestamp += 960
		return
	}
	s.picture = (s.picture + 1) & 0x7fff
	s.tl0++
	for i := range 3 {
		start, inter := byte(0), byte(1)
		if i == 0 {
			start = 0x10
			if s.key {
				inter = 0
			}
		}
		header := []byte{0x80 | start, 0xc0, 0x80 | byte(s.picture>>8), byte(s.picture), s.tl0, inter}
		s.write(s.packet(append(header, make([]byte, 300)...), i == 2))
	}
	s.key = false
	s.timestamp += 3000
}

func (s *source) packet(payload []byte, marker bool) *rtp.Packet {
	s.sequence++
	return &rtp.Packet{
		Header:  rtp.Header{Version: 2, SequenceNumber: s.sequence, Timestamp: s.timestamp, Marker: marker},
		Payload: payload,
	}
}

func (s *source) write(p *rtp.Packet) {
	if err := s.track.WriteRTP(p); err != nil && !errors.Is(err, io.ErrClosedPipe) {
		s.t.Errorf("WriteRTP: %v", err)
	}
}

// play sends frames at their pace until end.
func (s *source) play() *source {
	pace := time.Second / 30
	if s.kind == media.Audio {
		pace = media.FrameLength
	}
	s.wg.Go(func() {
		tick := time.NewTicker(pace)
		defer tick.Stop()
		for {
			select {
			case <-tick.C:
				s.frame()
			case <-s.stop:
				return
			}
		}
	})
	return s
}

// end stops sending for good.
func (s *source) end() {
	s.mu.Lock()
	select {
	case <-s.stop:
	default:
		close(s.stop)
	}
	s.mu.Unlock()
	_ = s.sender.Stop()
	s.wg.Wait()
}

// sink keeps what a section receives.
type sink struct {
	t           testing.TB
	conn        *webrtc.PeerConnection
	transceiver *webrtc.RTPTransceiver

	mu      sync.Mutex
	changed chan struct{} // closed and made anew with each packet
	packets []*rtp.Packet
	reports []*rtcp.SenderReport
	names   []string
}

func newSink(c *client, tr *webrtc.RTPTransceiver) *sink {
	s := &sink{t: c.t, conn: c.conn, transceiver: tr, changed: make(chan struct{})}
	c.mu.Lock()
	defer c.mu.Unlock()
	c.sinks[tr] = s
	return s
}

// onTrack reads a section until it ends.
func (c *client) onTrack(remote *webrtc.TrackRemote, r *webrtc.RTPReceiver) {
	c.mu.Lock()
	s := c.sinks[r.RTPTransceiver()]
	c.mu.Unlock()
	if s == nil {
		c.t.Errorf("track %q for a section that does not receive", remote.ID())
		return
	}
	go s.readReports(r)
	for {
		p, _, err := remote.ReadRTP()
		if err != nil {
			return
		}
		s.update(func() { s.packets = append(s.packets, p) })
	}
}

func (s *sink) readReports(r *webrtc.RTPReceiver) {
	for {
		packets, _, err := r.ReadRTCP()
		if err != nil {
			return
		}
		s.update(func() {
			for _, p := range packets {
				switch p := p.(type) {
				case *rtcp.SenderReport:
					s.reports = append(s.reports, p)
				case *rtcp.SourceDescription:
					s.names = append(s.names, p.Chunks[0].Items[0].Text)
				}
			}
		})
	}
}

// update changes the sink and wakes who waits.
func (s *sink) update(f func()) {
	s.mu.Lock()
	defer s.mu.Unlock()
	f()
	close(s.changed)
	s.changed = make(chan struct{})
}

// await waits until ok, which is called under the sink's lock with everything received so far.
func (s *sink) await(what string, ok func() bool) {
	s.t.Helper()
	timeout := time.After(patience)
	for {
		s.mu.Lock()
		done, changed, n := ok(), s.changed, len(s.packets)
		s.mu.Unlock()
		if done {
			return
		}
		select {
		case <-changed:
		case <-timeout:
			s.t.Fatalf("waited %v for %s; %d packets came", patience, what, n)
		}
	}
}

// awaitMore waits for n more packets and returns all.
func (s *sink) awaitMore(n int) []*rtp.Packet {
	s.t.Helper()
	s.mu.Lock()
	want := len(s.packets) + n
	s.mu.Unlock()
	s.await("more packets", func() bool { return len(s.packets) >= want })
	return s.all()
}

// all returns what has come so far.
func (s *sink) all() []*rtp.Packet {
	s.mu.Lock()
	defer s.mu.Unlock()
	return slices.Clone(s.packets)
}

// keyFrame reports whether p begins a key frame, in the descriptor that source makes.
func keyFrame(p *rtp.Packet) bool {
	return len(p.Payload) > 5 && p.Payload[0]&0x10 != 0 && p.Payload[5]&1 == 0
}
