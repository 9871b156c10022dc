package sfu

import (
	"bytes"
	"io"
	"testing"
	"time"

	"github.com/pion/interceptor"
	"github.com/pion/rtcp"
	"github.com/pion/rtp"
	"github.com/pion/sdp/v3"
	"github.com/pion/webrtc/v4"

	"parlor/media"
)

// fakePublisher counts the requests that it gets.
type fakePublisher struct{ requests int }

func (f *fakePublisher) requestKeyFrame() { f.requests++ }
func (f *fakePublisher) name() string     { return "publisher" }

// fakeWriter keeps the last packet, or fails. Marshalling into its buffer costs what SRTP costs before it encrypts.
type fakeWriter struct {
	packets int
	header  rtp.Header
	payload []byte
	err     error
}

func (f *fakeWriter) WriteRTP(h *rtp.Header, payload []byte) (int, error) {
	if f.err != nil {
		return 0, f.err
	}
	f.packets++
	f.header = *h
	f.payload = append(f.payload[:0], payload...)
	return h.MarshalSize() + len(payload), nil
}

func (f *fakeWriter) Write([]byte) (int, error) { return 0, io.ErrUnexpectedEOF }

// fakeContext is what Pion gives to Bind.
type fakeContext struct {
	webrtc.TrackLocalContext
	codecs     []webrtc.RTPCodecParameters
	extensions []webrtc.RTPHeaderExtensionParameter
	writer     webrtc.TrackLocalWriter
}

func (c fakeContext) CodecParameters() []webrtc.RTPCodecParameters           { return c.codecs }
func (c fakeContext) HeaderExtensions() []webrtc.RTPHeaderExtensionParameter { return c.extensions }
func (c fakeContext) SSRC() webrtc.SSRC                                      { return 1234 }
func (c fakeContext) WriteStream() webrtc.TrackLocalWriter                   { return c.writer }
func (c fakeContext) RTCPReader() interceptor.RTCPReader                     { return nil }

// bound makes a down track that writes to w.
func bound(t testing.TB, kind media.Kind, c *counters, w webrtc.TrackLocalWriter) *downTrack {
	t.Helper()
	d := newDownTrack(kind, c)
	_, err := d.Bind(fakeContext{
		codecs: []webrtc.RTPCodecParameters{
			{RTPCodecCapability: webrtc.RTPCodecCapability{MimeType: "video/rtx"}, PayloadType: 97},
			{RTPCodecCapability: webrtc.RTPCodecCapability{MimeType: mimeType(kind)}, PayloadType: 120},
		},
		extensions: []webrtc.RTPHeaderExtensionParameter{{URI: sdp.AudioLevelURI, ID: 3}},
		writer:     w,
	})
	if err != nil {
		t.Fatal(err)
	}
	d.connected()
	return d
}

// frame makes a packet of one video frame whose descriptor is all there.
func frame(sequence uint16, key bool, at time.Duration) *packet {
	payload := append([]byte{0x90, 0xc0, 0x80, byte(sequence), byte(sequence), 1}, make([]byte, 1000)...)
	if key {
		payload[5] = 0
	}
	d, _ := parseVP8(payload)
	return &packet{kind: media.Video, sequence: sequence, timestamp: uint32(sequence) * 3000, at: at, vp8: d, payload: payload}
}

// TestUpTrack_KeyFrames counts what reaches the publisher of requests and key frames at given times.
func TestUpTrack_KeyFrames(t *testing.T) {
	const request, key, inter, tick, publish, pause, resume = 'r', 'k', 'i', 't', 'p', '0', '1'
	type step struct {
		at   int // ms
		do   rune
		want int // requests that have reached the publisher
	}
	for _, c := range []struct {
		name  string
		steps []step
	}{
		{"a publisher is asked at once", []step{{0, publish, 1}}},
		{"a key frame is an answer", []step{{0, publish, 1}, {10, key, 1}, {600, tick, 1}, {5000, tick, 1}}},
		{"a request is put off, not dropped", []step{
			{0, publish, 1}, {10, key, 1}, {20, request, 1}, {30, request, 1}, {40, inter, 1}, {400, tick, 1}, {501, tick, 2}, {520, key, 2}, {1500, tick, 2}}},
		{"a late request goes out at once", []step{{0, publish, 1}, {10, key, 1}, {600, request, 2}}},
		{"repeated until a key frame comes", []step{
			{0, publish, 1}, {100, inter, 1}, {500, tick, 2}, {900, inter, 2}, {1000, tick, 3}, {1100, key, 3}, {1600, tick, 3}}},
		{"seldom while nothing comes", []step{{1, publish, 1}, {600, tick, 1}, {1900, tick, 1}, {2001, tick, 2}, {2600, tick, 2}}},
		{"not while it is not forwarded", []step{
			{0, publish, 1}, {10, key, 1}, {20, pause, 1}, {600, request, 1}, {700, tick, 1}, {800, resume, 2}}},
		{"a subscriber came first", []step{{0, request, 0}, {100, tick, 0}, {200, publish, 1}}},
	} {
		t.Run(c.name, func(t *testing.T) {
			u := newUpTrack("t", new(counters))
			var p fakePublisher
			for i, s := range c.steps {
				now := time.Duration(s.at) * time.Millisecond
				switch s.do {
				case request:
					u.requestKeyFrame(now)
				case key, inter:
					u.forward(&p, frame(uint16(i), s.do == key, now))
				case tick:
					u.tick(now)
				case publish:
					u.publish(&p, media.Video, true)
					u.requestKeyFrame(now)
				case pause, resume:
					u.allow(&p, s.do == resume, now)
				}
				if p.requests != s.want {
					t.Fatalf("step %d, %c at %d ms: %d requests, want %d", i, s.do, s.at, p.requests, s.want)
				}
			}
		})
	}
}

func TestUpTrack_AudioNeedsNoKeyFrames(t *testing.T) {
	u := newUpTrack("t", new(counters))
	var p fakePublisher
	u.requestKeyFrame(0) // nobody knows yet what it is
	u.publish(&p, media.Audio, true)
	u.requestKeyFrame(0)
	u.tick(time.Second)
	if p.requests != 0 {
		t.Errorf("%d requests, want none", p.requests)
	}
}

// TestUpTrack_Replaced lets a second publisher take a track over: what the first still sends goes nowhere.
func TestUpTrack_Replaced(t *testing.T) {
	var c counters
	u := newUpTrack("t", &c)
	var first, second fakePublisher
	var w fakeWriter
	d := bound(t, media.Video, &c, &w)
	d.attach(u)
	u.subscribe(d)
	u.publish(&first, media.Video, true)
	u.forward(&first, frame(1, true, 0))
	u.publish(&second, media.Video, true)
	u.forward(&first, frame(2, true, 0))
	if w.packets != 1 {
		t.Errorf("%d packets, want 1", w.packets)
	}
	u.unpublish(&first) // too late to matter
	u.forward(&second, frame(500, true, time.Second))
	if w.packets != 2 || w.header.SequenceNumber != 1 || w.header.Timestamp != 3000+90000 {
		t.Errorf("%d packets, the last %+v, want 2, number 1 one second later", w.packets, w.header)
	}
	u.unpublish(&second)
	if u.published() || u.unused() {
		t.Error("after unpublish: still published, or without its subscriber")
	}
	u.unsubscribe(d)
	if !u.unused() {
		t.Error("after unsubscribe: still used")
	}
}

func TestDownTrack_Bind(t *testing.T) {
	var w fakeWriter
	d := bound(t, media.Audio, new(counters), &w)
	u := newUpTrack("t", d.counters)
	d.attach(u)
	p := &packet{kind: media.Audio, epoch: 1, payload: []byte{1}, hasLevel: true, level: 55}
	if n, err := d.write(u, p); err != nil || n == 0 {
		t.Fatalf("write: got %d, %v", n, err)
	}
	if w.header.PayloadType != 120 || w.header.SSRC != 1234 || !bytes.Equal(w.header.GetExtension(3), []byte{55}) {
		t.Errorf("got %+v, want payload type 120, SSRC 1234, level 55", w.header)
	}
	p.hasLevel, p.sequence = false, 1
	if _, err := d.write(u, p); err != nil || !bytes.Equal(w.header.GetExtension(3), []byte{127}) {
		t.Errorf("level of a packet without: got %v, %v, want [127]", w.header.GetExtension(3), err)
	}
	if n, err := d.write(newUpTrack("other", d.counters), p); n != 0 || err != nil {
		t.Errorf("packet of another track: got %d, %v, want nothing", n, err)
	}
	p.kind = media.Video
	if n, err := d.write(u, p); n != 0 || err != nil {
		t.Errorf("packet of another kind: got %d, %v, want nothing", n, err)
	}
	if err := d.Unbind(nil); err != nil {
		t.Error(err)
	}
	p.kind = media.Audio
	if n, err := d.write(u, p); n != 0 || err != nil {
		t.Errorf("after Unbind: got %d, %v, want nothing", n, err)
	}
	if _, err := newDownTrack(media.Video, d.counters).Bind(fakeContext{}); err == nil {
		t.Error("Bind without a codec: no error")
	}
}

// TestDownTrack_SendAgain asks for packets as a subscriber does.
func TestDownTrack_SendAgain(t *testing.T) {
	var c counters
	u := newUpTrack("t", &c)
	var p fakePublisher
	var w fakeWriter
	d := bound(t, media.Video, &c, &w)
	d.attach(u)
	u.subscribe(d)
	u.publish(&p, media.Video, true)
	var sent [][]byte
	for i := range 600 {
		u.forward(&p, frame(uint16(i), i == 0, time.Duration(i)*time.Second/30))
		raw, _ := (&rtp.Packet{Header: w.header, Payload: w.payload}).Marshal()
		sent = append(sent, raw)
	}
	now := time.Second
	nack := func(sequences ...uint16) {
		t.Helper()
		raw, err := (&rtcp.TransportLayerNack{MediaSSRC: 1234, Nacks: rtcp.NackPairsFromSequenceNumbers(sequences)}).Marshal()
		if err != nil {
			t.Fatal(err)
		}
		d.readRTCP(raw, now)
	}
	nack(590)
	raw, _ := (&rtp.Packet{Header: w.header, Payload: w.payload}).Marshal()
	if !bytes.Equal(raw, sent[590]) || c.resent.Load() != 1 {
		t.Errorf("packet 590 did not come again as it was")
	}
	nack(10, 700) // too old, not sent yet
	if c.resent.Load() != 1 || c.droppedCache.Load() != 2 {
		t.Errorf("%d sent again, %d dropped, want 1, 2", c.resent.Load(), c.droppedCache.Load())
	}
	// Asked for again at once it is on its way, after a while it is lost; the while doubles.
	for i, want := range []uint64{1, 2, 2, 3} {
		now += []time.Duration{0, 20, 20, 20}[i] * time.Millisecond
		if nack(590); c.resent.Load() != want {
			t.Errorf("request %d: %d sent again, want %d", i, c.resent.Load(), want)
		}
	}
	for i := range uint16(200) {
		nack(200 + i)
	}
	if got := c.resent.Load(); got != resendBurst {
		t.Errorf("%d sent again without a new packet, want %d", got, resendBurst)
	}
	d.attach(nil)
	nack(599)
	if got := c.resent.Load(); got != resendBurst {
		t.Errorf("%d sent again while resting, want no more", got)
	}
	d.readRTCP([]byte{1, 2, 3}, 0)
	if c.malformed.Load() != 1 {
		t.Errorf("%d malformed, want 1", c.malformed.Load())
	}
}

// TestUpTrack_Forward_Allocates checks that fan-out costs no memory, neither plain nor with numbers rewritten.
func TestUpTrack_Forward_Allocates(t *testing.T) {
	f := newFanout(t, 10)
	for _, name := range []string{"plain", "rewritten"} {
		if got := testing.AllocsPerRun(1000, f.step); got != 0 {
			t.Errorf("%s: %v allocations per packet, want none", name, got)
		}
		f.u.publish(&f.p, media.Video, true) // what follows is another stream: all numbers change
		f.n += 100
		f.u.forward(&f.p, frame(uint16(f.n), true, f.now()))
	}
	for i := range f.writers {
		if got := f.writers[i].packets; got < 2000 {
			t.Errorf("subscriber %d got %d packets, want all", i, got)
		}
	}
}

// fanout is a track with subscribers, ready to forward.
type fanout struct {
	u       *upTrack
	p       fakePublisher
	writers []fakeWriter
	packet  *packet
	n       int
}

func newFanout(t testing.TB, subscribers int) *fanout {
	var c counters
	f := &fanout{u: newUpTrack("t", &c), writers: make([]fakeWriter, subscribers), packet: frame(0, true, 0)}
	f.u.publish(&f.p, media.Video, true)
	for i := range f.writers {
		d := bound(t, media.Video, &c, &f.writers[i])
		d.attach(f.u)
		f.u.subscribe(d)
	}
	for range 2 * cachePackets { // the cache has its buffers
		f.step()
	}
	return f
}

func (f *fanout) now() time.Duration { return time.Duration(f.n) * time.Millisecond }

func (f *fanout) step() {
	f.n++
	f.packet.sequence, f.packet.timestamp, f.packet.at = uint16(f.n), uint32(f.n)*90, f.now()
	f.u.forward(&f.p, f.packet)
}

// BenchmarkDownTrack_Write is the forwarding to one subscriber without encryption and network.
func BenchmarkDownTrack_Write(b *testing.B) {
	f := newFanout(b, 1)
	b.ReportAllocs()
	for b.Loop() {
		f.step()
	}
}
