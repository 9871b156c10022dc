package sfu

import (
	"errors"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/pion/webrtc/v4"

	"parlor/media"
)

// head is what stands before the media sections of a good offer.
const head = "v=0\r\no=- 1 2 IN IP4 127.0.0.1\r\ns=-\r\nt=0 0\r\na=group:BUNDLE 0 1\r\n"

// transportLines is what a good section says of ICE and DTLS.
const transportLines = "c=IN IP4 0.0.0.0\r\na=ice-ufrag:abcd\r\na=ice-pwd:abcdefghijklmnopqrstuvwx\r\n" +
	"a=fingerprint:sha-256 00:01:02:03:04:05:06:07:08:09:0A:0B:0C:0D:0E:0F:10:11:12:13:14:15:16:17:18:19:1A:1B:1C:1D:1E:1F\r\n" +
	"a=setup:actpass\r\na=rtcp-mux\r\n"

// videoLines and audioLines are good sections without mid and direction, as a browser writes them.
const (
	videoLines = "m=video 9 UDP/TLS/RTP/SAVPF 96 97 102\r\n" + transportLines +
		"a=rtpmap:96 VP8/90000\r\na=rtcp-fb:96 nack\r\na=rtcp-fb:96 nack pli\r\n" +
		"a=rtpmap:97 rtx/90000\r\na=fmtp:97 apt=96\r\na=rtpmap:102 H264/90000\r\n" +
		"a=extmap:1 urn:ietf:params:rtp-hdrext:sdes:mid\r\n"
	audioLines = "m=audio 9 UDP/TLS/RTP/SAVPF 111 0\r\n" + transportLines +
		"a=rtpmap:111 opus/48000/2\r\na=fmtp:111 minptime=10;useinbandfec=1\r\na=rtpmap:0 PCMU/8000\r\n"
)

// goodOffer publishes video and receives audio.
const goodOffer = head + videoLines + "a=mid:0\r\na=sendonly\r\na=ssrc-group:FID 10 11\r\na=ssrc:10 cname:x\r\na=ssrc:11 cname:x\r\n" +
	"a=candidate:1 1 udp 2113937151 192.0.2.7 50000 typ host\r\n" +
	"a=candidate:2 1 udp 2113937151 127.0.0.1 50000 typ host\r\n" +
	"a=candidate:3 1 udp 2113937151 169.254.169.254 80 typ host\r\n" +
	"a=candidate:4 1 udp 2113937151 3a94d8ea.local 50000 typ host\r\n" +
	"a=candidate:5 1 tcp 1518280447 192.0.2.7 9 typ host tcptype active\r\n" +
	"a=candidate:6 1 udp 2113937151 ::ffff:127.0.0.1 50000 typ host\r\n" +
	"a=candidate:nonsense\r\n" +
	audioLines + "a=mid:1\r\na=recvonly\r\n"

func TestParseOffer(t *testing.T) {
	clean, got, err := parseOffer(goodOffer, false)
	if err != nil {
		t.Fatal(err)
	}
	want := sections{
		"0": {mid: "0", kind: media.Video, sends: true},
		"1": {mid: "1", kind: media.Audio, receives: true},
	}
	if diff := cmp.Diff(want, got, cmp.AllowUnexported(section{})); diff != "" {
		t.Errorf("sections (-want +got):\n%s", diff)
	}
	for _, kept := range []string{"a=rtpmap:96 VP8", "a=rtpmap:111 opus", "192.0.2.7 50000", "m=video 9 UDP/TLS/RTP/SAVPF 96\r\n", "nack pli"} {
		if !strings.Contains(clean, kept) {
			t.Errorf("%q is gone:\n%s", kept, clean)
		}
	}
	for _, gone := range []string{"rtx", "H264", "PCMU", "127.0.0.1 50000", "169.254", ".local", "tcptype", "nonsense"} {
		if strings.Contains(clean, gone) {
			t.Errorf("%q is still there:\n%s", gone, clean)
		}
	}
	if clean, _, _ := parseOffer(goodOffer, true); !strings.Contains(clean, "127.0.0.1 50000") {
		t.Errorf("an SFU on loopback does not keep the candidate there:\n%s", clean)
	}
}

func TestParseOffer_Directions(t *testing.T) {
	for _, c := range []struct {
		lines string
		want  section
	}{
		{"a=mid:0\r\n", section{mid: "0", kind: media.Video, sends: true, receives: true}},
		{"a=mid:0\r\na=sendrecv\r\n", section{mid: "0", kind: media.Video, sends: true, receives: true}},
		{"a=mid:0\r\na=sendonly\r\n", section{mid: "0", kind: media.Video, sends: true}},
		{"a=mid:0\r\na=recvonly\r\n", section{mid: "0", kind: media.Video, receives: true}},
		{"a=mid:0\r\na=inactive\r\n", section{mid: "0", kind: media.Video}},
	} {
		_, got, err := parseOffer(head+videoLines+c.lines, false)
		if err != nil || got["0"] != c.want {
			t.Errorf("%q: got %+v, %v, want %+v", c.lines, got["0"], err, c.want)
		}
	}
	closed := strings.Replace(head+videoLines, "m=video 9", "m=video 0", 1) + "a=mid:0\r\n"
	if _, got, err := parseOffer(closed, false); err != nil || got["0"] != (section{mid: "0", kind: media.Video, rejected: true}) {
		t.Errorf("port 0: got %+v, %v, want it rejected", got["0"], err)
	}
	if _, got, err := parseOffer(closed+"a=bundle-only\r\n", false); err != nil || got["0"].rejected {
		t.Errorf("port 0 in the bundle: got %+v, %v, want it open", got["0"], err)
	}
}

// badOffers are refused; the error names what is wrong.
var badOffers = []struct{ name, sdp, want string }{
	{"empty", " ", "SDP"},
	{"too long", head + strings.Repeat("a=x:y\r\n", maxSDP/7), "131"},
	{"no sections", head, "no media section"},
	{"too many sections", head + strings.Repeat("m=audio 9 UDP/TLS/RTP/SAVPF 111\r\n", maxSections+1), "257 media sections"},
	{"no mid", head + videoLines, "section 0: bad offer: mid \"\""},
	{"long mid", head + videoLines + "a=mid:" + strings.Repeat("x", 33) + "\r\n", "1 to 32 bytes"},
	{"mid twice", head + videoLines + "a=mid:0\r\n" + audioLines + "a=mid:0\r\n", "section 1: mid \"0\" is used twice"},
	{"data channel", head + "m=application 9 UDP/DTLS/SCTP webrtc-datachannel\r\na=mid:0\r\n", "media \"application\""},
	{"no known codec", head + strings.ReplaceAll(videoLines, "VP8", "VP9") + "a=mid:0\r\n", "no VP8"},
	{"codec of another kind", head + strings.ReplaceAll(audioLines, "opus", "VP8") + "a=mid:0\r\n", "no opus"},
	{"payload type twice as long", head + strings.ReplaceAll(videoLines, "96", "0096") + "a=mid:0\r\n", "no VP8"},
	{"payload type too large", head + strings.ReplaceAll(videoLines, "96", "300") + "a=mid:0\r\n", "no VP8"},
	{"codec without a clock", head + strings.ReplaceAll(videoLines, "VP8/90000", "VP8/") + "a=mid:0\r\n", "no VP8"},
	{"two sources", head + videoLines + "a=mid:0\r\na=ssrc:1 cname:x\r\na=ssrc:2 cname:x\r\n", "2 sources"},
	{"source is no number", head + videoLines + "a=mid:0\r\na=ssrc:x cname:x\r\n", "ssrc \"x\""},
	{"source is empty", head + videoLines + "a=mid:0\r\na=ssrc:\r\n", "ssrc"},
	{"extmap", head + videoLines + "a=mid:0\r\na=extmap:x y\r\n", "extmap \"x y\""},
	{"no ufrag", head + strings.ReplaceAll(videoLines, "a=ice-ufrag:abcd\r\n", "") + "a=mid:0\r\n", "no ice-ufrag"},
	{"no pwd", head + strings.ReplaceAll(videoLines, "a=ice-pwd:", "a=x:") + "a=mid:0\r\n", "no ice-pwd"},
	{"no fingerprint", head + strings.ReplaceAll(videoLines, "a=fingerprint:sha-256 ", "a=x:") + "a=mid:0\r\n", "fingerprint \"\""},
	{"half a fingerprint", head + strings.ReplaceAll(videoLines, "a=fingerprint:sha-256 ", "a=fingerprint:") + "a=mid:0\r\n", "fingerprint"},
	{"both are DTLS servers", head + strings.ReplaceAll(videoLines, "actpass", "passive") + "a=mid:0\r\n", "setup \"passive\""},
	{"bundle without its section", head + videoLines + "a=mid:7\r\n", "group names mid \"0\""},
}

func TestParseOffer_Bad(t *testing.T) {
	for _, c := range badOffers {
		t.Run(c.name, func(t *testing.T) {
			_, _, err := parseOffer(c.sdp, false)
			if !errors.Is(err, ErrBadOffer) || !strings.Contains(err.Error(), c.want) {
				t.Errorf("got error %v, want ErrBadOffer with %q", err, c.want)
			}
		})
	}
}

func TestOffer_Check(t *testing.T) {
	s := sections{
		"v": {mid: "v", kind: media.Video, sends: true},
		"a": {mid: "a", kind: media.Audio, receives: true},
		"i": {mid: "i", kind: media.Audio},
	}
	for _, c := range []struct {
		name string
		o    Offer
		want string // empty: good
	}{
		{"nothing", Offer{}, ""},
		{"all", Offer{Publish: []Publish{{"v", "t", media.Video}}, Subscribe: []Subscribe{{"a", "u"}, {"i", ""}}}, ""},
		{"a resting section may keep its track", Offer{Publish: []Publish{{"i", "t", media.Audio}}}, ""},
		{"publish unknown", Offer{Publish: []Publish{{"x", "t", media.Video}}}, `publish: no section has mid "x"`},
		{"publish twice", Offer{Publish: []Publish{{"v", "t", media.Video}, {"v", "u", media.Video}}}, `publish: mid "v" is named twice`},
		{"track twice", Offer{Publish: []Publish{{"v", "t", media.Video}, {"i", "t", media.Audio}}}, `publish: track "t" is named twice`},
		{"publish nothing", Offer{Publish: []Publish{{"v", "", media.Video}}}, `publish: mid "v" has no track`},
		{"wrong kind", Offer{Publish: []Publish{{"v", "t", media.Audio}}}, `publish: mid "v" is video, not audio`},
		{"publish where we send", Offer{Publish: []Publish{{"a", "t", media.Audio}}}, `publish: mid "a" only receives`},
		{"subscribe unknown", Offer{Subscribe: []Subscribe{{"x", ""}}}, `subscribe: no section has mid "x"`},
		{"subscribe twice", Offer{Subscribe: []Subscribe{{"a", "t"}, {"a", "u"}}}, `subscribe: mid "a" is named twice`},
		{"subscribe where we receive", Offer{Subscribe: []Subscribe{{"v", "t"}}}, `subscribe: mid "v" does not receive`},
		{"subscribe where nothing flows", Offer{Subscribe: []Subscribe{{"i", "t"}}}, `subscribe: mid "i" does not receive`},
	} {
		t.Run(c.name, func(t *testing.T) {
			err := c.o.check(s)
			if c.want == "" && err != nil {
				t.Errorf("got %v, want no error", err)
			}
			if c.want != "" && (!errors.Is(err, ErrBadOffer) || !strings.Contains(fmt.Sprint(err), c.want)) {
				t.Errorf("got %v, want ErrBadOffer with %q", err, c.want)
			}
		})
	}
}

// FuzzParseOffer checks that Pion accepts every offer that we let through: it has no way back from one that it
// refuses half way.
func FuzzParseOffer(f *testing.F) {
	f.Add(goodOffer)
	for _, c := range badOffers {
		if len(c.sdp) < 4096 {
			f.Add(c.sdp)
		}
	}
	codecs, err := newMediaEngine()
	if err != nil {
		f.Fatal(err)
	}
	var id identity
	f.Fuzz(func(t *testing.T, offer string) {
		clean, found, err := parseOffer(offer, false)
		if err != nil {
			if !errors.Is(err, ErrBadOffer) {
				t.Fatalf("error does not wrap ErrBadOffer: %v", err)
			}
			return
		}
		acceptedByPion(t, codecs, &id, clean, found)
	})
}

func acceptedByPion(t *testing.T, codecs *webrtc.MediaEngine, id *identity, clean string, found sections) {
	t.Helper()
	certificate, err := id.certificate(time.Now())
	if err != nil {
		t.Fatal(err)
	}
	var settings webrtc.SettingEngine
	if err := settings.SetAnsweringDTLSRole(webrtc.DTLSRoleServer); err != nil {
		t.Fatal(err)
	}
	api := webrtc.NewAPI(webrtc.WithMediaEngine(codecs), webrtc.WithSettingEngine(settings))
	conn, err := api.NewPeerConnection(webrtc.Configuration{Certificates: []webrtc.Certificate{certificate}})
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = conn.GracefulClose() }()
	if err := conn.SetRemoteDescription(webrtc.SessionDescription{Type: webrtc.SDPTypeOffer, SDP: clean}); err != nil {
		t.Fatalf("SetRemoteDescription: %v\n%s", err, clean)
	}
	for _, s := range found {
		if s.receives {
			if _, err := conn.AddTrack(newDownTrack(s.kind, new(counters))); err != nil {
				t.Fatalf("AddTrack: %v\n%s", err, clean)
			}
		}
	}
	if _, err := conn.CreateAnswer(nil); err != nil {
		t.Fatalf("CreateAnswer: %v\n%s", err, clean)
	}
}
