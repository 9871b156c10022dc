package server_test

import (
	"context"
	"fmt"
	"io"
	"log/slog"
	"maps"
	"net"
	"net/http"
	"testing"
	"time"

	"connectrpc.com/connect"
	"github.com/google/go-cmp/cmp"
	"github.com/pion/ice/v4"
	"github.com/pion/transport/v4/test"
	"github.com/pion/webrtc/v4"
	pionmedia "github.com/pion/webrtc/v4/pkg/media"
	"google.golang.org/protobuf/testing/protocmp"

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

func newServer(t *testing.T) *server.Server {
	t.Helper()
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
	return s
}

// outlet is a source that is published.
type outlet struct {
	source api.Source
	track  *webrtc.TrackLocalStaticSample
	frame  []byte // ends with the source, by which the other side knows it
}

// publish adds a section for each source and negotiates them.
func (p *participant) publish(sources ...api.Source) (list []outlet, published []*api.Track) {
	p.t.Helper()
	req := new(api.NegotiateRequest)
	for i, source := range sources {
		codec := webrtc.RTPCodecCapability{MimeType: webrtc.MimeTypeOpus, ClockRate: 48000, Channels: 2}
		var frame []byte
		if source == api.Source_SOURCE_CAMERA || source == api.Source_SOURCE_SCREEN {
			codec = webrtc.RTPCodecCapability{MimeType: webrtc.MimeTypeVP8, ClockRate: 90000}
			frame = []byte{0x10, 0, 0, 0x9d, 0x01, 0x2a, 16, 0, 16, 0} // a key frame
		}
		track, err := webrtc.NewTrackLocalStaticSample(codec, source.String(), "stream")
		if err != nil {
			p.t.Fatal(err)
		}
		if _, err := p.conn.AddTransceiverFromTrack(track, webrtc.RTPTransceiverInit{Direction: webrtc.RTPTransceiverDirectionSendonly}); err != nil {
			p.t.Fatal(err)
		}
		list = append(list, outlet{source, track, append(append(frame, make([]byte, 50)...), byte(source))})
		req.Publish = append(req.Publish, &api.Publish{Mid: fmt.Sprint(i), Source: source, Live: true})
	}
	return list, p.negotiate(req).GetPublished()
}

// subscribe adds a section for each track and returns what arrives: the last byte of a packet, by section.
func (p *participant) subscribe(tracks []*api.Track) <-chan map[string]byte {
	p.t.Helper()
	arrived := make(chan map[string]byte, len(tracks)) // one for each track
	p.conn.OnTrack(func(remote *webrtc.TrackRemote, receiver *webrtc.RTPReceiver) {
		if packet, _, err := remote.ReadRTP(); err == nil {
			arrived <- map[string]byte{receiver.RTPTransceiver().Mid(): packet.Payload[len(packet.Payload)-1]}
		}
		_, _ = io.Copy(io.Discard, trackReader{remote}) // to its end
	})
	req := new(api.NegotiateRequest)
	for i, track := range tracks {
		kind := webrtc.RTPCodecTypeAudio
		if track.GetSource() == api.Source_SOURCE_CAMERA || track.GetSource() == api.Source_SOURCE_SCREEN {
			kind = webrtc.RTPCodecTypeVideo
		}
		if _, err := p.conn.AddTransceiverFromKind(kind, webrtc.RTPTransceiverInit{Direction: webrtc.RTPTransceiverDirectionRecvonly}); err != nil {
			p.t.Fatal(err)
		}
		req.Subscribe = append(req.Subscribe, &api.Subscribe{Mid: fmt.Sprint(i), TrackId: track.GetTrackId()})
	}
	if got := p.negotiate(req).GetSubscribed(); len(got) != len(tracks) {
		p.t.Fatalf("subscribed to %v of %v", got, tracks)
	}
	return arrived
}

// Each source of a member, its shared screen with sound too, goes through the real SFU to another one's section for it.
func TestServer_ForwardsMedia(t *testing.T) {
	s := newServer(t)
	ann, bob := join(t, s, "ann"), join(t, s, "bob")
	outlets, tracks := ann.publish(api.Source_SOURCE_MICROPHONE, api.Source_SOURCE_CAMERA, api.Source_SOURCE_SCREEN, api.Source_SOURCE_SCREEN_AUDIO)
	arrivals := bob.subscribe(tracks)

	arrived := make(map[string]byte)
	ticks := time.NewTicker(20 * time.Millisecond)
	defer ticks.Stop()
	for len(arrived) < len(outlets) {
		select {
		case one := <-arrivals:
			maps.Copy(arrived, one)
		case <-ticks.C:
			for _, o := range outlets {
				if err := o.track.WriteSample(pionmedia.Sample{Data: o.frame, Duration: 20 * time.Millisecond}); err != nil {
					t.Fatal(err)
				}
			}
		}
	}
	for i, o := range outlets {
		if got := arrived[fmt.Sprint(i)]; got != byte(o.source) {
			t.Errorf("section %d carries source %d, want %v", i, got, o.source)
		}
	}

	// Sharing stops: the rest stays as it is.
	reply, err := ann.rpc.Negotiate(t.Context(), &api.NegotiateRequest{Connection: 1, Publish: []*api.Publish{
		{Mid: "0", Source: api.Source_SOURCE_MICROPHONE}, {Mid: "1", Source: api.Source_SOURCE_CAMERA}}})
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(tracks[:2], reply.GetPublished(), protocmp.Transform()); diff != "" {
		t.Errorf("published (-want +got):\n%s", diff)
	}
	cat := join(t, s, "cat")
	if diff := cmp.Diff(tracks[:2], cat.join.GetSnapshot().GetMembers()[0].GetTracks(), protocmp.Transform()); diff != "" {
		t.Errorf("a newcomer sees (-want +got):\n%s", diff)
	}
}

// trackReader reads packets as bytes.
type trackReader struct{ *webrtc.TrackRemote }

func (r trackReader) Read(p []byte) (int, error) {
	n, _, err := r.TrackRemote.Read(p)
	return n, err
}
