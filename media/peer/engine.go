package peer

import (
	"fmt"
	"log/slog"
	"sync"
	"sync/atomic"
	"time"

	"github.com/pion/dtls/v3"
	"github.com/pion/ice/v4"
	"github.com/pion/interceptor"
	"github.com/pion/interceptor/pkg/nack"
	"github.com/pion/interceptor/pkg/report"
	"github.com/pion/interceptor/pkg/twcc"
	"github.com/pion/logging"
	"github.com/pion/rtp"
	"github.com/pion/sdp/v3"
	"github.com/pion/webrtc/v4"

	"parlor/media"
)

// The codecs of our SDP, as the server has them too.
var (
	videoCodec = webrtc.RTPCodecParameters{
		RTPCodecCapability: webrtc.RTPCodecCapability{
			MimeType:  webrtc.MimeTypeVP8,
			ClockRate: media.VideoClock,
			RTCPFeedback: []webrtc.RTCPFeedback{
				{Type: "nack"}, {Type: "nack", Parameter: "pli"}, {Type: "ccm", Parameter: "fir"}, {Type: "transport-cc"},
			},
		},
		PayloadType: media.VideoPayload,
	}
	audioCodec = webrtc.RTPCodecParameters{
		RTPCodecCapability: webrtc.RTPCodecCapability{
			MimeType:     webrtc.MimeTypeOpus,
			ClockRate:    media.SampleRate,
			Channels:     2, // RFC 7587 section 7: always 2 in SDP
			SDPFmtpLine:  "minptime=10;useinbandfec=1",
			RTCPFeedback: []webrtc.RTCPFeedback{{Type: "transport-cc"}},
		},
		PayloadType: media.AudioPayload,
	}
)

// Time limits of a connection.
const (
	maxNacks        = 25                    // requests for one packet: 500 ms, the longest that the assembler waits
	nackInterval    = 20 * time.Millisecond // Pion's 100 ms lets ten times as many frames miss 300 ms at 10 % loss
	iceDisconnected = 5 * time.Second       // without any packet
	iceFailed       = 10 * time.Second      // after that
	iceKeepAlive    = 2 * time.Second
)

// newMediaEngine knows exactly what the server knows, so that an answer never leaves a choice.
func newMediaEngine() (*webrtc.MediaEngine, error) {
	engine := &webrtc.MediaEngine{}
	if err := engine.RegisterCodec(videoCodec, webrtc.RTPCodecTypeVideo); err != nil {
		return nil, err
	}
	if err := engine.RegisterCodec(audioCodec, webrtc.RTPCodecTypeAudio); err != nil {
		return nil, err
	}
	both := []string{sdp.SDESMidURI, sdp.SDESRTPStreamIDURI, sdp.SDESRepairRTPStreamIDURI, sdp.TransportCCURI}
	for _, uri := range both {
		for _, kind := range []webrtc.RTPCodecType{webrtc.RTPCodecTypeVideo, webrtc.RTPCodecTypeAudio} {
			if err := engine.RegisterHeaderExtension(webrtc.RTPHeaderExtensionCapability{URI: uri}, kind); err != nil {
				return nil, err
			}
		}
	}
	level := webrtc.RTPHeaderExtensionCapability{URI: sdp.AudioLevelURI}
	return engine, engine.RegisterHeaderExtension(level, webrtc.RTPCodecTypeAudio)
}

// newPeerConnection makes a PeerConnection that can do what a client of our server needs, and no
// more. wire counts what really is sent, retransmissions included.
func newPeerConnection(cfg Config, wire *wireCounter) (*webrtc.PeerConnection, error) {
	engine, err := newMediaEngine()
	if err != nil {
		return nil, fmt.Errorf("peer: media engine: %w", err)
	}
	registry, err := newInterceptors(wire)
	if err != nil {
		return nil, fmt.Errorf("peer: interceptors: %w", err)
	}
	settings := webrtc.SettingEngine{LoggerFactory: logFactory{cfg.Log}}
	// GCM costs an eighth of the default profile's time.
	settings.SetSRTPProtectionProfiles(dtls.SRTP_AEAD_AES_128_GCM, dtls.SRTP_AES128_CM_HMAC_SHA1_80)
	// Pion's 64 packets reject what is sent again late: above 1 Mbit/s they are less than a round trip.
	settings.SetSRTPReplayProtectionWindow(512)
	settings.SetICEMulticastDNSMode(ice.MulticastDNSModeDisabled)
	settings.SetIncludeLoopbackCandidate(true) // the server may be in this very program
	settings.SetICETimeouts(iceDisconnected, iceFailed, iceKeepAlive)
	settings.SetNetworkTypes([]webrtc.NetworkType{webrtc.NetworkTypeUDP4, webrtc.NetworkTypeUDP6})
	settings.SetFireOnTrackBeforeFirstRTP(true) // sections rest without packets for long
	if cfg.Net != nil {
		settings.SetNet(cfg.Net)
	}
	api := webrtc.NewAPI(webrtc.WithMediaEngine(engine), webrtc.WithInterceptorRegistry(registry),
		webrtc.WithSettingEngine(settings))
	pc, err := api.NewPeerConnection(webrtc.Configuration{BundlePolicy: webrtc.BundlePolicyMaxBundle})
	if err != nil {
		return nil, fmt.Errorf("peer: new connection: %w", err)
	}
	return pc, nil
}

// newInterceptors builds the chain. The first one stands next to the network. The responder must
// stand between it and the header extension: then it keeps packets as they were sent, and sends them again
// bit for bit. A changed packet under a used sequence number would break AES-GCM.
func newInterceptors(wire *wireCounter) (*interceptor.Registry, error) {
	registry := &interceptor.Registry{}
	registry.Add(wire)
	responder, err := nack.NewResponderInterceptor(nack.ResponderSize(1024)) // half a second of 1080p
	if err != nil {
		return nil, err
	}
	registry.Add(responder)
	generator, err := nack.NewGeneratorInterceptor(nack.GeneratorInterval(nackInterval),
		nack.GeneratorMaxNacksPerPacket(maxNacks))
	if err != nil {
		return nil, err
	}
	registry.Add(generator)
	senderReports, err := report.NewSenderInterceptor()
	if err != nil {
		return nil, err
	}
	registry.Add(senderReports)
	receiverReports, err := report.NewReceiverInterceptor()
	if err != nil {
		return nil, err
	}
	registry.Add(receiverReports)
	transportCC, err := twcc.NewHeaderExtensionInterceptor()
	if err != nil {
		return nil, err
	}
	registry.Add(transportCC)
	return registry, nil
}

// wireCounter counts the packets of each outgoing stream where they leave.
type wireCounter struct {
	interceptor.NoOp
	mu      sync.Mutex
	streams map[uint32]*atomic.Uint64 // by SSRC
}

func newWireCounter() *wireCounter { return &wireCounter{streams: make(map[uint32]*atomic.Uint64)} }

// NewInterceptor implements interceptor.Factory; the counter serves one connection.
func (w *wireCounter) NewInterceptor(string) (interceptor.Interceptor, error) { return w, nil }

// BindLocalStream implements interceptor.Interceptor.
func (w *wireCounter) BindLocalStream(info *interceptor.StreamInfo, next interceptor.RTPWriter) interceptor.RTPWriter {
	n := w.stream(info.SSRC)
	return interceptor.RTPWriterFunc(func(h *rtp.Header, payload []byte, a interceptor.Attributes) (int, error) {
		n.Add(1)
		return next.Write(h, payload, a)
	})
}

// stream returns the counter of one stream.
func (w *wireCounter) stream(ssrc uint32) *atomic.Uint64 {
	w.mu.Lock()
	defer w.mu.Unlock()
	n := w.streams[ssrc]
	if n == nil {
		n = new(atomic.Uint64)
		w.streams[ssrc] = n
	}
	return n
}

// logFactory sends what Pion logs to slog. Pion's warnings are about single packets and closed
// connections: nothing for the log of a healthy program.
type logFactory struct{ log *slog.Logger }

// NewLogger implements logging.LoggerFactory.
func (f logFactory) NewLogger(scope string) logging.LeveledLogger {
	return leveledLog{f.log.With("pion", scope)}
}

type leveledLog struct{ log *slog.Logger }

func (l leveledLog) Trace(string)                  {}
func (l leveledLog) Tracef(string, ...any)         {}
func (l leveledLog) Debug(string)                  {}
func (l leveledLog) Debugf(string, ...any)         {}
func (l leveledLog) Info(string)                   {}
func (l leveledLog) Infof(string, ...any)          {}
func (l leveledLog) Warn(msg string)               { l.log.Debug(msg) }
func (l leveledLog) Warnf(format string, a ...any) { l.log.Debug(fmt.Sprintf(format, a...)) }
func (l leveledLog) Error(msg string)              { l.log.Warn(msg) }
func (l leveledLog) Errorf(format string, a ...any) {
	l.log.Warn(fmt.Sprintf(format, a...))
}
