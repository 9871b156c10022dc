package server

import (
	"errors"
	"fmt"
	"strings"
	"testing"

	"connectrpc.com/connect"
	"github.com/google/go-cmp/cmp"
	"google.golang.org/protobuf/testing/protocmp"

	"parlor/app/api"
	"parlor/media"
	"parlor/media/sfu"
)

func TestNegotiate_MapsSections(t *testing.T) {
	w := newWorld(t)
	ann, bob := w.join("room1", "ann"), w.join("room1", "bob")
	events := bob.listen()
	published := w.publish(ann, 1, api.Source_SOURCE_MICROPHONE, api.Source_SOURCE_CAMERA)
	if diff := cmp.Diff(published, events.next().GetChanged().GetTracks(), protocmp.Transform()); diff != "" {
		t.Errorf("others see (-want +got):\n%s", diff)
	}
	other := w.join("room2", "cat")
	elsewhere := w.publish(other, 1, api.Source_SOURCE_CAMERA)[0].GetTrackId()

	camera := published[1].GetTrackId()
	response, err := bob.Negotiate(t.Context(), &api.NegotiateRequest{Connection: 1, Offer: "v=0", Subscribe: []*api.Subscribe{
		{Mid: "a", TrackId: camera}, {Mid: "b"}, {Mid: "c", TrackId: elsewhere}, {Mid: "d", TrackId: "gone"}}})
	if err != nil {
		t.Fatal(err)
	}
	want := &api.NegotiateResponse{Answer: "answer to v=0", Subscribed: []*api.Subscribe{{Mid: "a", TrackId: camera}, {Mid: "b"}}}
	if diff := cmp.Diff(want, response, protocmp.Transform()); diff != "" {
		t.Errorf("response (-want +got):\n%s", diff)
	}
	asked := []sfu.Offer{w.sfu.peer(0).offers[0], w.sfu.peer(2).offers[0]}
	wantAsked := []sfu.Offer{
		{SDP: "offer", Publish: []sfu.Publish{
			{MID: "0", Track: sfu.TrackID(published[0].GetTrackId()), Kind: media.Audio},
			{MID: "1", Track: sfu.TrackID(camera), Kind: media.Video}}},
		{SDP: "v=0", Publish: []sfu.Publish{}, Subscribe: []sfu.Subscribe{{MID: "a", Track: sfu.TrackID(camera)}, {MID: "b"}, {MID: "c"}, {MID: "d"}}},
	}
	wantAsked[0].Subscribe = asked[0].Subscribe
	if diff := cmp.Diff(wantAsked, asked); diff != "" {
		t.Errorf("asked of the SFU (-want +got):\n%s", diff)
	}
}

// A track keeps its id and its state as long as its connection; a new connection has new tracks.
func TestNegotiate_Connections(t *testing.T) {
	w := newWorld(t)
	ann := w.join("room1", "ann")
	first := w.publish(ann, 1, api.Source_SOURCE_CAMERA)[0]
	if _, err := ann.SetLive(t.Context(), &api.SetLiveRequest{Live: map[uint32]bool{uint32(api.Source_SOURCE_CAMERA): false}}); err != nil {
		t.Fatal(err)
	}
	same := w.publish(ann, 1, api.Source_SOURCE_CAMERA)[0]
	if same.GetTrackId() != first.GetTrackId() || same.GetLive() {
		t.Errorf("the same section: got %v after %v", same, first)
	}
	if got := w.publish(ann, 1); len(got) != 0 {
		t.Errorf("published nothing: got %v", got)
	}
	again := w.publish(ann, 1, api.Source_SOURCE_CAMERA)[0]
	if again.GetTrackId() == first.GetTrackId() {
		t.Error("a track that was taken away came back under its id")
	}
	next := w.publish(ann, 2, api.Source_SOURCE_CAMERA)[0]
	if next.GetTrackId() == again.GetTrackId() || !w.sfu.peer(0).closed || w.sfu.peer(1).closed {
		t.Errorf("new connection: track %v after %v, first closed %v", next, again, w.sfu.peer(0).closed)
	}
	_, err := ann.Negotiate(t.Context(), &api.NegotiateRequest{Connection: 1, Offer: "late"})
	wantCode(t, err, connect.CodeInvalidArgument)

	w.sfu.peer(1).cfg.OnClosed()
	_, err = ann.Negotiate(t.Context(), &api.NegotiateRequest{Connection: 2})
	wantNative(t, err, "-1084")
	w.publish(ann, 3, api.Source_SOURCE_CAMERA)
	if _, err := ann.Exit(t.Context(), &api.ExitRequest{}); err != nil {
		t.Error(err)
	}
	w.sfu.await(func() bool { return w.sfu.peers[1].closed && w.sfu.peers[2].closed })
}

func TestNegotiate_BadRequests(t *testing.T) {
	w := newWorld(t)
	camera, microphone := api.Source_SOURCE_CAMERA, api.Source_SOURCE_MICROPHONE
	long := strings.Repeat("a", 17)
	var many []*api.Subscribe
	for i := range 257 {
		many = append(many, &api.Subscribe{Mid: fmt.Sprint(i)})
	}
	tests := []struct {
		name string
		req  *api.NegotiateRequest
		code connect.Code
		want string
	}{
		{"no offer at first", &api.NegotiateRequest{Connection: 1}, connect.CodeInvalidArgument, "params.offer"},
		{"garbage", &api.NegotiateRequest{Connection: 1, Offer: "garbage"}, connect.CodeInvalidArgument, "params.offer"},
		{"long offer", &api.NegotiateRequest{Connection: 1, Offer: strings.Repeat("v", 128<<10+1)}, connect.CodeInvalidArgument, "params.offer"},
		{"no mid", &api.NegotiateRequest{Connection: 1, Offer: "o", Publish: []*api.Publish{{Source: camera}}}, connect.CodeInvalidArgument, "params.publish[0].mid"},
		{"long mid", &api.NegotiateRequest{Connection: 1, Offer: "o", Subscribe: []*api.Subscribe{{Mid: long}}}, connect.CodeInvalidArgument, "params.subscribe[0].mid"},
		{"mid twice", &api.NegotiateRequest{Connection: 1, Offer: "o", Publish: []*api.Publish{{Mid: "0", Source: camera}},
			Subscribe: []*api.Subscribe{{Mid: "0"}}}, connect.CodeInvalidArgument, "params.subscribe[0].mid"},
		{"unknown source", &api.NegotiateRequest{Connection: 1, Offer: "o", Publish: []*api.Publish{{Mid: "0", Source: 77}}}, connect.CodeInvalidArgument, "params.publish[0].source"},
		{"source twice", &api.NegotiateRequest{Connection: 1, Offer: "o", Publish: []*api.Publish{{Mid: "0", Source: camera}, {Mid: "1", Source: camera}}}, connect.CodeInvalidArgument, "params.publish[1].source"},
		{"track twice", &api.NegotiateRequest{Connection: 1, Offer: "o", Subscribe: []*api.Subscribe{{Mid: "0", TrackId: "t"}, {Mid: "1", TrackId: "t"}}}, connect.CodeInvalidArgument, "params.subscribe[1].trackId"},
		{"too many tracks", &api.NegotiateRequest{Connection: 1, Offer: "o", Publish: []*api.Publish{{Mid: "0", Source: camera}, {Mid: "1", Source: microphone},
			{Mid: "2", Source: 3}, {Mid: "3", Source: 4}, {Mid: "4", Source: camera}}}, connect.CodeResourceExhausted, "-1080"},
		{"too many subscriptions", &api.NegotiateRequest{Connection: 1, Offer: "o", Subscribe: many}, connect.CodeResourceExhausted, "-1070"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			ann := w.join("room1", "ann")
			_, err := ann.Negotiate(t.Context(), tt.req)
			wantCode(t, err, tt.code)
			if got := api.FromConnect("negotiate", err); !strings.Contains(got.ErrMsg, tt.want) {
				t.Errorf("got %v, want %s named", got, tt.want)
			}
			w.publish(ann, 2, camera) // the session is as good as before
		})
	}
}

// What fails inside is told by a number, not by its text; a connection in use goes on.
func TestNegotiate_SFUFails(t *testing.T) {
	w := newWorld(t)
	ann := w.join("room1", "ann")
	first := w.publish(ann, 1, api.Source_SOURCE_CAMERA)[0]
	refuse := func(n int) {
		w.sfu.mu.Lock()
		defer w.sfu.mu.Unlock()
		w.sfu.peers[n].refuse = errors.New("secret reason")
	}
	refuse(0)
	_, err := ann.Negotiate(t.Context(), &api.NegotiateRequest{Connection: 1, Offer: "o"})
	wantNative(t, err, "-1084")
	if strings.Contains(err.Error(), "secret") {
		t.Errorf("the cause is on the wire: %v", err)
	}
	if got := w.join("room1", "bob").joined.GetSnapshot().GetMembers()[0].GetTracks(); len(got) != 1 || got[0].GetTrackId() != first.GetTrackId() {
		t.Errorf("tracks are %v", got)
	}
	_, err = ann.Negotiate(t.Context(), &api.NegotiateRequest{Connection: 2, Offer: "garbage",
		Publish: []*api.Publish{{Mid: "0", Source: api.Source_SOURCE_CAMERA}}})
	wantCode(t, err, connect.CodeInvalidArgument)
	if got := w.join("room1", "bob").joined.GetSnapshot().GetMembers()[0].GetTracks(); len(got) != 0 {
		t.Errorf("the tracks of the closed connection are still seen: %v", got)
	}
}

// A room goes on while one member's negotiation takes long, and a session that ends meanwhile
// leaves no connection behind.
func TestNegotiate_DoesNotHoldTheRoom(t *testing.T) {
	w := newWorld(t)
	ann := w.join("room1", "ann")
	w.publish(ann, 1)
	block := make(chan struct{})
	w.sfu.mu.Lock()
	w.sfu.peers[0].block = block
	w.sfu.mu.Unlock()
	done := make(chan error, 1)
	go func() {
		_, err := ann.Negotiate(t.Context(), &api.NegotiateRequest{Connection: 1, Publish: []*api.Publish{{Mid: "0", Source: api.Source_SOURCE_CAMERA}}})
		done <- err
	}()
	events := w.join("room1", "bob").listen()
	w.join("room1", "ann") // the same user again
	if got := events.next().GetChanged().GetUserId(); got != "ann" {
		t.Errorf("got a change of %q", got)
	}
	close(block)
	if err := <-done; err == nil {
		t.Error("a session that is over negotiated")
	}
	w.sfu.await(func() bool { return w.sfu.peers[0].closed })
}

// TestServer_ChangesPerSecond: a member cannot make all others busy with what it changes.
func TestServer_ChangesPerSecond(t *testing.T) {
	w := newWorld(t)
	ann, bob := w.join("room1", "ann"), w.join("room1", "bob")
	burst := 5 * w.rooms.limits.ChangesPerSecond
	var err error
	for range 3 * burst { // far more than is earned meanwhile
		if _, err = ann.SetLive(t.Context(), &api.SetLiveRequest{}); err != nil {
			break
		}
	}
	wantCode(t, err, connect.CodeResourceExhausted)
	if _, err := bob.SetLive(t.Context(), &api.SetLiveRequest{}); err != nil {
		t.Errorf("somebody else: %v", err)
	}
	if _, err := ann.Exit(t.Context(), &api.ExitRequest{}); err != nil {
		t.Errorf("leaving is always possible: %v", err)
	}
}
