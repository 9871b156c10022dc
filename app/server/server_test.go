package server_test

import (
	"context"
	"io"
	"log/slog"
	"net"
	"net/http"
	"testing"
	"time"

	"connectrpc.com/connect"
	"github.com/pion/ice/v4"
	"github.com/pion/transport/v4/test"
	"github.com/pion/webrtc/v4"
	pionmedia "github.com/pion/webrtc/v4/pkg/media"

	"parlor/app/api"
	"parlor/app/server"
	"parlor/app/token"
)

const (
	appID  = "0123456789abcdef01234567"
	appKey = "testappkey0123456789abcdef012345"
)

// participant is a user with a plain Pion connection.
type participant struct {
	t    *testing.T
	rpc  api.RoomServiceClient
	join *api.JoinResponse
	conn *webrtc.PeerConnection
}

func join(t *testing.T, s *server.Server, user string) *participant {
	t.Helper()
	text, err := token.Mint(token.MintOptions{AppID: appID, AppKey: appKey, RoomID: "room1", UserID: user})
	if err != nil {
		t.Fatal(err)
	}
	p := &participant{t: t}
	client := &http.Client{Transport: &http.Transport{}}
	t.Cleanup(client.CloseIdleConnections)
	p.rpc = api.NewRoomServiceClient(client, s.URL(), connect.WithInterceptors(connect.UnaryInterceptorFunc(
		func(next connect.UnaryFunc) connect.UnaryFunc {
			return func(ctx context.Context, req connect.AnyRequest) (connect.AnyResponse, error) {
				if p.join != nil {
					req.Header().Set("Authorization", "Bearer "+p.join.GetSession())
				}
				return next(ctx, req)
			}
		})))
	if p.join, err = p.rpc.Join(t.Context(), &api.JoinRequest{AppId: appID, RoomId: "room1", UserId: user, Token: text}); err != nil {
		t.Fatal(err)
	}
	var settings webrtc.SettingEngine
	settings.SetICEMulticastDNSMode(ice.MulticastDNSModeDisabled)
	settings.SetIncludeLoopbackCandidate(true)
	settings.SetNetworkTypes([]webrtc.NetworkType{webrtc.NetworkTypeUDP4})
	settings.SetIPFilter(func(ip net.IP) bool { return ip.IsLoopback() })
	if p.conn, err = webrtc.NewAPI(webrtc.WithSettingEngine(settings)).NewPeerConnection(webrtc.Configuration{}); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := p.conn.GracefulClose(); err != nil {
			t.Error(err)
		}
	})
	return p
}

// negotiate offers the connection as it is; the request says what the sections are for.
func (p *participant) negotiate(req *api.NegotiateRequest) *api.NegotiateResponse {
	p.t.Helper()
	offer, err := p.conn.CreateOffer(nil)
	if err != nil {
		p.t.Fatal(err)
	}
	gathered := webrtc.GatheringCompletePromise(p.conn)
	if err := p.conn.SetLocalDescription(offer); err != nil {
		p.t.Fatal(err)
	}
	<-gathered
	req.Connection, req.Offer = 1, p.conn.LocalDescription().SDP
	response, err := p.rpc.Negotiate(p.t.Context(), req)
	if err != nil {
		p.t.Fatal(err)
	}
	answer := webrtc.SessionDescription{Type: webrtc.SDPTypeAnswer, SDP: response.GetAnswer()}
	if err := p.conn.SetRemoteDescription(answer); err != nil {
		p.t.Fatal(err)
	}
	return response
}

// Media goes from one member to another through the real SFU.
func TestServer_ForwardsMedia(t *testing.T) {
	limit := test.TimeOut(30 * time.Second)
	leaks := test.CheckRoutines(t)
	t.Cleanup(func() { leaks(); limit.Stop() })
	s, err := server.New(server.Config{Apps: map[string]string{appID: appKey}, Log: slog.New(slog.DiscardHandler)})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := s.Close(); err != nil {
			t.Error(err)
		}
	})
	ann, bob := join(t, s, "ann"), join(t, s, "bob")

	camera, err := webrtc.NewTrackLocalStaticSample(webrtc.RTPCodecCapability{MimeType: webrtc.MimeTypeVP8, ClockRate: 90000}, "camera", "ann")
	if err != nil {
		t.Fatal(err)
	}
	if _, err := ann.conn.AddTransceiverFromTrack(camera, webrtc.RTPTransceiverInit{Direction: webrtc.RTPTransceiverDirectionSendonly}); err != nil {
		t.Fatal(err)
	}
	published := ann.negotiate(&api.NegotiateRequest{Publish: []*api.Publish{{Mid: "0", Source: api.Source_SOURCE_CAMERA, Live: true}}}).GetPublished()

	arrived := make(chan struct{})
	bob.conn.OnTrack(func(remote *webrtc.TrackRemote, _ *webrtc.RTPReceiver) {
		if _, _, err := remote.ReadRTP(); err == nil {
			close(arrived)
		}
		_, _ = io.Copy(io.Discard, trackReader{remote}) // to its end
	})
	if _, err := bob.conn.AddTransceiverFromKind(webrtc.RTPCodecTypeVideo, webrtc.RTPTransceiverInit{Direction: webrtc.RTPTransceiverDirectionRecvonly}); err != nil {
		t.Fatal(err)
	}
	bob.negotiate(&api.NegotiateRequest{Subscribe: []*api.Subscribe{{Mid: "0", TrackId: published[0].GetTrackId()}}})

	ticks := time.NewTicker(20 * time.Millisecond)
	defer ticks.Stop()
	keyFrame := append([]byte{0x10, 0, 0, 0x9d, 0x01, 0x2a, 16, 0, 16, 0}, make([]byte, 50)...)
	for sent := false; !sent; {
		select {
		case <-arrived:
			sent = true
		case <-ticks.C:
			if err := camera.WriteSample(pionmedia.Sample{Data: keyFrame, Duration: 20 * time.Millisecond}); err != nil {
				t.Fatal(err)
			}
		}
	}
}

// trackReader reads packets as bytes.
type trackReader struct{ *webrtc.TrackRemote }

func (r trackReader) Read(p []byte) (int, error) {
	n, _, err := r.TrackRemote.Read(p)
	return n, err
}
