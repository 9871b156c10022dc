package sfu

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/x509"
	"crypto/x509/pkix"
	"fmt"
	"math/big"
	"net/netip"
	"sync"
	"time"

	"github.com/pion/dtls/v3"
	"github.com/pion/ice/v4"
	"github.com/pion/logging"
	"github.com/pion/sdp/v3"
	"github.com/pion/webrtc/v4"

	"parlor/media"
)

const (
	// connectTimeout is how long a client may take from its first offer to a connection.
	connectTimeout = 10 * time.Second
	// A connection without a packet is "disconnected" after disconnectedAfter and may come back; failedAfter
	// later it is given up.
	disconnectedAfter = 5 * time.Second
	failedAfter       = 10 * time.Second
	keepAlive         = 2 * time.Second
	// dtlsRetransmit is the first retransmission timeout of the handshake: RFC 9147, section 5.8.2 allows less
	// than its 1 s where the round trip is known to be short, and a lost flight delays the first picture.
	dtlsRetransmit = 100 * time.Millisecond
	// replayWindow is how late a packet may come, in packets: as late as it can be sent again.
	replayWindow = cachePackets
)

// newSettings returns the settings of all peers.
func newSettings(cfg Config, s *socket, factory logging.LoggerFactory) (webrtc.SettingEngine, error) {
	var e webrtc.SettingEngine
	e.LoggerFactory = factory
	e.SetICEUDPMux(s.mux)
	e.SetICEMulticastDNSMode(ice.MulticastDNSModeDisabled)
	e.SetNetworkTypes([]webrtc.NetworkType{webrtc.NetworkTypeUDP4, webrtc.NetworkTypeUDP6})
	e.SetIncludeLoopbackCandidate(true)
	e.SetICETimeouts(disconnectedAfter, failedAfter, keepAlive)
	if cfg.Net != nil {
		e.SetNet(cfg.Net)
	}
	e.SetDTLSRetransmissionInterval(dtlsRetransmit)
	e.SetDTLSInsecureSkipHelloVerify(true) // ICE has already proved the client's address
	// As the DTLS server the SFU chooses the SRTP profile. GCM costs an eighth of CM with HMAC-SHA1.
	e.SetSRTPProtectionProfiles(dtls.SRTP_AEAD_AES_128_GCM, dtls.SRTP_AES128_CM_HMAC_SHA1_80)
	e.SetSRTPReplayProtectionWindow(replayWindow)
	e.SetFireOnTrackBeforeFirstRTP(true)
	if err := e.SetAnsweringDTLSRole(webrtc.DTLSRoleServer); err != nil {
		return e, fmt.Errorf("sfu: DTLS role: %w", err)
	}
	if len(cfg.Advertise) > 0 {
		for _, a := range cfg.Advertise {
			if _, err := netip.ParseAddr(a); err != nil {
				return e, fmt.Errorf("sfu: advertise: %w", err)
			}
		}
		err := e.SetICEAddressRewriteRules(webrtc.ICEAddressRewriteRule{
			External: cfg.Advertise, AsCandidateType: webrtc.ICECandidateTypeHost, Mode: webrtc.ICEAddressRewriteAppend,
		})
		if err != nil {
			return e, fmt.Errorf("sfu: advertise: %w", err)
		}
	}
	return e, nil
}

// newMediaEngine returns what is forwarded: VP8 and Opus, with the feedback and header extensions that the SFU
// understands. The ids for simulcast are negotiated, so that layers can be told apart by them.
func newMediaEngine() (*webrtc.MediaEngine, error) {
	video := webrtc.RTPCodecParameters{
		PayloadType: media.VideoPayload,
		RTPCodecCapability: webrtc.RTPCodecCapability{
			MimeType: webrtc.MimeTypeVP8, ClockRate: media.VideoClock,
			RTCPFeedback: []webrtc.RTCPFeedback{
				{Type: webrtc.TypeRTCPFBNACK}, {Type: webrtc.TypeRTCPFBNACK, Parameter: "pli"},
				{Type: webrtc.TypeRTCPFBCCM, Parameter: "fir"}, {Type: webrtc.TypeRTCPFBTransportCC},
			},
		},
	}
	audio := webrtc.RTPCodecParameters{
		PayloadType: media.AudioPayload,
		RTPCodecCapability: webrtc.RTPCodecCapability{
			MimeType: webrtc.MimeTypeOpus, ClockRate: media.SampleRate, Channels: 2,
			SDPFmtpLine: "minptime=10;useinbandfec=1",
			RTCPFeedback: []webrtc.RTCPFeedback{
				{Type: webrtc.TypeRTCPFBNACK}, {Type: webrtc.TypeRTCPFBTransportCC},
			},
		},
	}
	m := new(webrtc.MediaEngine)
	if err := m.RegisterCodec(video, webrtc.RTPCodecTypeVideo); err != nil {
		return nil, err
	}
	if err := m.RegisterCodec(audio, webrtc.RTPCodecTypeAudio); err != nil {
		return nil, err
	}
	up := webrtc.RTPTransceiverDirectionRecvonly
	for _, x := range []struct {
		uri  string
		kind webrtc.RTPCodecType
		only []webrtc.RTPTransceiverDirection
	}{
		{sdp.SDESMidURI, webrtc.RTPCodecTypeAudio, nil},
		{sdp.SDESMidURI, webrtc.RTPCodecTypeVideo, nil},
		{sdp.SDESRTPStreamIDURI, webrtc.RTPCodecTypeVideo, nil},
		{sdp.SDESRepairRTPStreamIDURI, webrtc.RTPCodecTypeVideo, nil},
		{sdp.AudioLevelURI, webrtc.RTPCodecTypeAudio, nil},
		{sdp.TransportCCURI, webrtc.RTPCodecTypeAudio, []webrtc.RTPTransceiverDirection{up}},
		{sdp.TransportCCURI, webrtc.RTPCodecTypeVideo, []webrtc.RTPTransceiverDirection{up}},
	} {
		if err := m.RegisterHeaderExtension(webrtc.RTPHeaderExtensionCapability{URI: x.uri}, x.kind, x.only...); err != nil {
			return nil, err
		}
	}
	return m, nil
}

const (
	certificateLife  = 365 * 24 * time.Hour
	certificateRenew = 30 * 24 * time.Hour // before the end
)

// identity is the DTLS certificate that all peers share: a certificate of their own would cost each peer a key
// and 100 KiB. It is made anew before it runs out, for the peers that come then.
type identity struct {
	mu      sync.Mutex
	current *webrtc.Certificate
}

// certificate returns the certificate to use now.
func (i *identity) certificate(now time.Time) (webrtc.Certificate, error) {
	i.mu.Lock()
	defer i.mu.Unlock()
	if i.current != nil && now.Before(i.current.Expires().Add(-certificateRenew)) {
		return *i.current, nil
	}
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		return webrtc.Certificate{}, fmt.Errorf("sfu: certificate: %w", err)
	}
	serial, err := rand.Int(rand.Reader, new(big.Int).Lsh(big.NewInt(1), 127))
	if err != nil {
		return webrtc.Certificate{}, fmt.Errorf("sfu: certificate: %w", err)
	}
	made, err := webrtc.NewCertificate(key, x509.Certificate{
		SerialNumber: serial,
		Issuer:       pkix.Name{CommonName: "WebRTC"}, // says nothing about the server, as browsers do
		Subject:      pkix.Name{CommonName: "WebRTC"},
		NotBefore:    now.Add(-24 * time.Hour), // clients' clocks are wrong by hours
		NotAfter:     now.Add(certificateLife),
	})
	if err != nil {
		return webrtc.Certificate{}, fmt.Errorf("sfu: certificate: %w", err)
	}
	i.current = made
	return *made, nil
}
