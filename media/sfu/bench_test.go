package sfu_test

import (
	"bufio"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"log/slog"
	"os"
	"os/exec"
	"strconv"
	"sync"
	"sync/atomic"
	"syscall"
	"testing"
	"time"

	"github.com/pion/rtp"
	"github.com/pion/webrtc/v4"

	"parlor/media"
	"parlor/media/sfu"
)

// serverEnv makes the test binary a server to measure, of the named kind, which speaks lines of JSON.
const serverEnv = "PARLOR_SFU_BENCH_SERVER"

func TestMain(m *testing.M) {
	if kind := os.Getenv(serverEnv); kind != "" {
		if err := serve(kind, os.Stdin, os.Stdout); err != nil {
			fmt.Fprintln(os.Stderr, err)
			os.Exit(1)
		}
		return
	}
	os.Exit(m.Run())
}

// request asks a server to negotiate, or, without a peer, what it has used.
type request struct {
	Peer  string
	Offer sfu.Offer
}

// reply is the server's answer.
type reply struct {
	SDP, Err string
	CPU      time.Duration // user and system, of the process
	RSS      int64         // bytes, at most so far
}

// negotiator is a server of either kind.
type negotiator interface {
	negotiate(peer string, o sfu.Offer) (string, error)
}

// serve answers requests until in ends.
func serve(kind string, in io.Reader, out io.Writer) error {
	var server negotiator
	switch kind {
	case "ours":
		s, err := sfu.New(sfu.Config{Listen: "127.0.0.1:0", Log: slog.New(slog.DiscardHandler)})
		if err != nil {
			return err
		}
		defer s.Close()
		server = &oursServer{sfu: s, peers: make(map[string]*sfu.Peer)}
	case "pion":
		server = &pionServer{tracks: make(map[sfu.TrackID]*webrtc.TrackLocalStaticRTP)}
	default:
		return fmt.Errorf("no server %q", kind)
	}
	requests, replies := json.NewDecoder(bufio.NewReader(in)), json.NewEncoder(out)
	for {
		var q request
		if err := requests.Decode(&q); err != nil {
			return nil // the benchmark is over
		}
		var a reply
		if q.Peer != "" {
			answer, err := server.negotiate(q.Peer, q.Offer)
			a.SDP = answer
			if err != nil {
				a.Err = err.Error()
			}
		}
		var usage syscall.Rusage
		if err := syscall.Getrusage(syscall.RUSAGE_SELF, &usage); err != nil {
			return err
		}
		a.CPU = time.Duration(usage.Utime.Nano() + usage.Stime.Nano())
		a.RSS = usage.Maxrss << 10
		if err := replies.Encode(a); err != nil {
			return err
		}
	}
}

// oursServer is this package.
type oursServer struct {
	sfu   *sfu.SFU
	peers map[string]*sfu.Peer
}

func (s *oursServer) negotiate(name string, o sfu.Offer) (string, error) {
	p := s.peers[name]
	if p == nil {
		var err error
		if p, err = s.sfu.NewPeer(sfu.PeerConfig{Name: name}); err != nil {
			return "", err
		}
		s.peers[name] = p
	}
	return p.Negotiate(context.Background(), o)
}

// pionServer is what Pion's examples show: one TrackLocalStaticRTP per published track, added to every subscriber, and the
// default interceptors, codecs and settings.
type pionServer struct {
	mu     sync.Mutex
	tracks map[sfu.TrackID]*webrtc.TrackLocalStaticRTP
}

func (s *pionServer) negotiate(name string, o sfu.Offer) (string, error) {
	var settings webrtc.SettingEngine
	settings.SetIncludeLoopbackCandidate(true)
	settings.SetNetworkTypes([]webrtc.NetworkType{webrtc.NetworkTypeUDP4})
	conn, err := webrtc.NewAPI(webrtc.WithSettingEngine(settings)).NewPeerConnection(webrtc.Configuration{})
	if err != nil {
		return "", err
	}
	byMID := make(map[string]*webrtc.TrackLocalStaticRTP)
	s.mu.Lock()
	for _, p := range o.Publish {
		byMID[p.MID] = s.track(p.Track, p.Kind)
	}
	s.mu.Unlock()
	conn.OnTrack(func(remote *webrtc.TrackRemote, r *webrtc.RTPReceiver) {
		track := byMID[r.RTPTransceiver().Mid()]
		for {
			p, _, err := remote.ReadRTP()
			if err != nil {
				return
			}
			_ = track.WriteRTP(p)
		}
	})
	if err := conn.SetRemoteDescription(webrtc.SessionDescription{Type: webrtc.SDPTypeOffer, SDP: o.SDP}); err != nil {
		return "", err
	}
	for _, w := range o.Subscribe {
		s.mu.Lock()
		track := s.track(w.Track, kindOf(w.Track))
		s.mu.Unlock()
		sender, err := conn.AddTrack(track)
		if err != nil {
			return "", err
		}
		go func() {
			for {
				if _, _, err := sender.ReadRTCP(); err != nil {
					return
				}
			}
		}()
	}
	answer, err := conn.CreateAnswer(nil)
	if err != nil {
		return "", err
	}
	gathered := webrtc.GatheringCompletePromise(conn)
	if err := conn.SetLocalDescription(answer); err != nil {
		return "", err
	}
	<-gathered
	return conn.LocalDescription().SDP, nil
}

// track finds or makes a track. s.mu is held.
func (s *pionServer) track(id sfu.TrackID, kind media.Kind) *webrtc.TrackLocalStaticRTP {
	if s.tracks[id] == nil {
		mime := webrtc.MimeTypeOpus
		if kind == media.Video {
			mime = webrtc.MimeTypeVP8
		}
		s.tracks[id], _ = webrtc.NewTrackLocalStaticRTP(webrtc.RTPCodecCapability{MimeType: mime}, string(id), string(id))
	}
	return s.tracks[id]
}

// kindOf reads the kind from a track id of the benchmark.
func kindOf(id sfu.TrackID) media.Kind {
	if id[0] == 'v' {
		return media.Video
	}
	return media.Audio
}

// BenchmarkSFU_Forward measures what a server spends on each packet that a subscriber receives: video of 1 Mbit/s at 30
// frames per second and Opus at 50 packets per second, over loopback, in real time. The server is a process of its own,
// so that the clients' cost is not in the figure.
func BenchmarkSFU_Forward(b *testing.B) {
	for _, load := range []struct {
		name                    string
		publishers, subscribers int
		room                    bool // everybody does both
	}{
		{"1to10", 1, 10, false}, {"1to50", 1, 50, false}, {"room8", 8, 8, true},
	} {
		for _, server := range []struct{ name, kind string }{{"ours", "ours"}, {"peer:pion-fanout", "pion"}} {
			b.Run(load.name+"/"+server.name, func(b *testing.B) {
				l := newLoad(b, server.kind)
				for i := range load.publishers {
					l.join(i, true, load.room, load.publishers)
				}
				for i := range load.subscribers {
					if !load.room {
						l.join(load.publishers+i, false, true, load.publishers)
					}
				}
				l.measure(b)
			})
		}
	}
}

// load is a server process and its clients.
type load struct {
	b        *testing.B
	requests *json.Encoder
	replies  *json.Decoder
	received atomic.Int64
	arrived  chan struct{} // a wake-up for measure; full means that it is awake
	playing  []func()      // sends one round of 20 ms
}

func newLoad(b *testing.B, kind string) *load {
	b.Helper()
	c := exec.Command(os.Args[0])
	c.Env = append(os.Environ(), serverEnv+"="+kind)
	c.Stderr = os.Stderr
	in, err := c.StdinPipe()
	if err != nil {
		b.Fatal(err)
	}
	out, err := c.StdoutPipe()
	if err != nil {
		b.Fatal(err)
	}
	if err := c.Start(); err != nil {
		b.Fatal(err)
	}
	b.Cleanup(func() {
		_ = in.Close()
		if err := c.Wait(); err != nil {
			b.Error(err)
		}
	})
	return &load{b: b, requests: json.NewEncoder(in), replies: json.NewDecoder(out), arrived: make(chan struct{}, 1)}
}

func (l *load) ask(q request) reply {
	l.b.Helper()
	var a reply
	if err := l.requests.Encode(q); err != nil {
		l.b.Fatal(err)
	}
	if err := l.replies.Decode(&a); err != nil {
		l.b.Fatal(err)
	}
	if a.Err != "" {
		l.b.Fatal(a.Err)
	}
	return a
}

// join connects client i, which sends, receives the tracks of all others, or both.
func (l *load) join(i int, sends, receives bool, publishers int) {
	l.b.Helper()
	conn := newConnection(l.b, nil)
	l.b.Cleanup(func() { _ = conn.GracefulClose() })
	conn.OnTrack(func(remote *webrtc.TrackRemote, _ *webrtc.RTPReceiver) {
		buf := make([]byte, 1500)
		for {
			if _, _, err := remote.Read(buf); err != nil {
				return
			}
			l.received.Add(1)
			select {
			case l.arrived <- struct{}{}:
			default:
			}
		}
	})
	var o sfu.Offer
	add := func(kind media.Kind, id sfu.TrackID) {
		if kindOf(id) == kind && sends {
			o.Publish = append(o.Publish, sfu.Publish{MID: l.send(conn, kind, id), Track: id, Kind: kind})
		}
	}
	add(media.Video, sfu.TrackID("v"+strconv.Itoa(i)))
	add(media.Audio, sfu.TrackID("a"+strconv.Itoa(i)))
	for j := range publishers {
		if !receives || j == i {
			continue
		}
		for _, id := range []sfu.TrackID{sfu.TrackID("v" + strconv.Itoa(j)), sfu.TrackID("a" + strconv.Itoa(j))} {
			kind := webrtc.RTPCodecTypeAudio
			if kindOf(id) == media.Video {
				kind = webrtc.RTPCodecTypeVideo
			}
			t, err := conn.AddTransceiverFromKind(kind, webrtc.RTPTransceiverInit{Direction: webrtc.RTPTransceiverDirectionRecvonly})
			if err != nil {
				l.b.Fatal(err)
			}
			o.Subscribe = append(o.Subscribe, sfu.Subscribe{MID: mid(l.b, conn, t), Track: id})
		}
	}
	l.connect(conn, "p"+strconv.Itoa(i), o)
}

// connect negotiates and waits for the connection.
func (l *load) connect(conn *webrtc.PeerConnection, name string, o sfu.Offer) {
	l.b.Helper()
	connected := make(chan struct{})
	var once sync.Once
	conn.OnConnectionStateChange(func(s webrtc.PeerConnectionState) {
		if s == webrtc.PeerConnectionStateConnected {
			once.Do(func() { close(connected) })
		}
	})
	offer, err := conn.CreateOffer(nil)
	if err != nil {
		l.b.Fatal(err)
	}
	gathered := webrtc.GatheringCompletePromise(conn)
	if err := conn.SetLocalDescription(offer); err != nil {
		l.b.Fatal(err)
	}
	<-gathered
	o.SDP = conn.LocalDescription().SDP
	answer := l.ask(request{Peer: name, Offer: o}).SDP
	if err := conn.SetRemoteDescription(webrtc.SessionDescription{Type: webrtc.SDPTypeAnswer, SDP: answer}); err != nil {
		l.b.Fatal(err)
	}
	select {
	case <-connected:
	case <-time.After(patience):
		l.b.Fatalf("%s: no connection within %v", name, patience)
	}
}

// mid lets Pion name a section.
func mid(b *testing.B, conn *webrtc.PeerConnection, t *webrtc.RTPTransceiver) string {
	b.Helper()
	if _, err := conn.CreateOffer(nil); err != nil {
		b.Fatal(err)
	}
	return t.Mid()
}

// send adds a section that publishes and returns its mid.
func (l *load) send(conn *webrtc.PeerConnection, kind media.Kind, id sfu.TrackID) string {
	l.b.Helper()
	mime, size, perTick, step := webrtc.MimeTypeOpus, 80, 5, uint32(960)
	if kind == media.Video {
		// Of five ticks of 20 ms, three begin a frame of four packets: 30 frames, 120 packets, 1 Mbit/s.
		mime, size, perTick, step = webrtc.MimeTypeVP8, 1042, 3, 3000
	}
	track, err := webrtc.NewTrackLocalStaticRTP(webrtc.RTPCodecCapability{MimeType: mime}, string(id), string(id))
	if err != nil {
		l.b.Fatal(err)
	}
	t, err := conn.AddTransceiverFromTrack(track, webrtc.RTPTransceiverInit{Direction: webrtc.RTPTransceiverDirectionSendonly})
	if err != nil {
		l.b.Fatal(err)
	}
	packet := &rtp.Packet{Header: rtp.Header{Version: 2}, Payload: make([]byte, size)}
	write := func() {
		packet.SequenceNumber++
		_ = track.WriteRTP(packet) // errors mean that the connection ends
	}
	tick, frame := 0, 0
	l.playing = append(l.playing, func() {
		tick++
		if tick%5 >= perTick {
			return
		}
		packet.Timestamp += step
		packet.Payload[0], packet.Marker = 0x10, kind == media.Audio
		if kind == media.Audio {
			write()
			return
		}
		if packet.Payload[1] = 1; frame%60 == 0 {
			packet.Payload[1] = 0 // a key frame every two seconds
		}
		frame++
		for i := range 4 {
			packet.Marker = i == 3
			write()
			packet.Payload[0] = 0
		}
	})
	return mid(l.b, conn, t)
}

// measure plays until b.N packets have been received.
func (l *load) measure(b *testing.B) {
	stop, stopped := make(chan struct{}), make(chan struct{})
	go func() {
		defer close(stopped)
		tick := time.NewTicker(20 * time.Millisecond)
		defer tick.Stop()
		for {
			select {
			case <-tick.C:
				for _, play := range l.playing {
					play()
				}
			case <-stop:
				return
			}
		}
	}()
	// The server has come to rest from connecting, and every subscriber has had a key frame, after some seconds of
	// media.
	warm := time.After(3 * time.Second)
	<-warm
	before, first := l.ask(request{}), l.received.Load()
	b.ResetTimer()
	for l.received.Load() < first+int64(b.N) {
		select {
		case <-l.arrived:
		case <-time.After(patience):
			b.Fatalf("%d of %d packets came", l.received.Load()-first, b.N)
		}
	}
	b.StopTimer()
	after, last := l.ask(request{}), l.received.Load()
	b.ReportMetric(float64(after.CPU-before.CPU)/float64(last-first), "cpu-ns/op")
	b.ReportMetric(float64(after.RSS)/(1<<20), "server-MiB")
	close(stop)
	<-stopped
}
