package app

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"sync"

	"parlor/app/bots"
	"parlor/app/bridge"
	"parlor/app/room"
	"parlor/app/ui/console"
)

// virtualPeers are users that a tester lets join the present room: each is a client of its own.
type virtualPeers struct {
	app *App

	mu     sync.Mutex
	peers  []*virtualPeer // in the order in which they came, at most console.MaxPeers
	closed bool
	tasks  sync.WaitGroup
}

type virtualPeer struct {
	console.Peer
	bot *bots.Bot // nil while it joins
}

// methods are the virtual peers as methods of the bridge.
func (v *virtualPeers) methods() map[string]bridge.Extra {
	return map[string]bridge.Extra{"x-addPeer": v.add, "x-removePeer": v.remove, "x-setPeer": v.change}
}

// list is what is told of the peers; mu is held.
func (v *virtualPeers) list() []console.Peer {
	list := make([]console.Peer, len(v.peers))
	for i, p := range v.peers {
		list[i] = p.Peer
	}
	return list
}

// tell shows the peers in the window; mu is held, so that the newest list is the last.
func (v *virtualPeers) tell() { v.app.window.SetPeers(v.list()) }

// answer is what the methods return: all peers.
func (v *virtualPeers) answer() any {
	v.mu.Lock()
	defer v.mu.Unlock()
	return map[string]any{"peers": v.list()}
}

// add is x-addPeer {userId, roomId}: without a name it takes the first free one, without a room the present one.
func (v *virtualPeers) add(ctx context.Context, raw json.RawMessage) (any, error) {
	present, _ := v.app.present()
	p := struct {
		UserID string `json:"userId"`
		RoomID string `json:"roomId"`
	}{RoomID: present}
	if err := decodeParams(raw, &p); err != nil {
		return nil, err
	}
	switch {
	case v.app.app.Key == "":
		return nil, errNoKey
	case p.RoomID == "":
		return nil, errNotInRoom
	case p.UserID != "" && !room.ValidID(p.UserID):
		return nil, fmt.Errorf("params.userId %.140q is not a user id", p.UserID)
	}
	peer, i, err := v.enter(p.UserID)
	if err != nil {
		return nil, err
	}
	bot, err := bots.Join(ctx, bots.Config{
		Server: v.app.serverURL, AppID: v.app.app.ID, AppKey: v.app.app.Key, Room: p.RoomID,
		Client: "parlor " + v.app.opts.Version, Log: v.app.log,
	}, peer.UserID, i)
	if err != nil {
		v.drop(peer)
		return nil, err
	}
	if !v.settle(peer, bot) {
		bot.Close()
		return nil, errors.New("it left before it had joined")
	}
	return v.answer(), nil
}

// enter takes a place and a name for a new peer; i chooses its picture and voice.
func (v *virtualPeers) enter(name string) (peer *virtualPeer, i int, err error) {
	v.mu.Lock()
	defer v.mu.Unlock()
	taken := func(name string) bool {
		return slices.ContainsFunc(v.peers, func(p *virtualPeer) bool { return p.UserID == name })
	}
	i = len(v.peers)
	if name == "" {
		i = 0
		for name = "peer1"; taken(name); name = fmt.Sprintf("peer%d", i+1) {
			i++
		}
	}
	switch {
	case v.closed:
		return nil, 0, context.Canceled
	case len(v.peers) >= console.MaxPeers:
		return nil, 0, fmt.Errorf("there are %d virtual peers already", console.MaxPeers)
	case taken(name):
		return nil, 0, fmt.Errorf("there is a virtual peer %s already", name)
	}
	peer = &virtualPeer{Peer: console.Peer{UserID: name, Joining: true}}
	v.peers = append(v.peers, peer)
	v.tell()
	return peer, i, nil
}

// settle shows that a peer is in the room; false when it has been taken away since.
func (v *virtualPeers) settle(peer *virtualPeer, bot *bots.Bot) bool {
	v.mu.Lock()
	defer v.mu.Unlock()
	if v.closed || !slices.Contains(v.peers, peer) {
		return false
	}
	peer.bot, peer.Joining, peer.Microphone, peer.Camera = bot, false, true, true
	v.tell()
	v.tasks.Go(func() {
		select {
		case <-bot.Removed():
			v.drop(peer)
		case <-bot.Done():
		}
	})
	return true
}

// drop takes a peer off the list and lets it leave.
func (v *virtualPeers) drop(peer *virtualPeer) {
	v.mu.Lock()
	bot := peer.bot
	peer.bot = nil
	v.peers = slices.DeleteFunc(v.peers, func(p *virtualPeer) bool { return p == peer })
	v.tell()
	v.mu.Unlock()
	if bot != nil {
		bot.Close()
	}
}

// find returns a peer by its name.
func (v *virtualPeers) find(name string) (*virtualPeer, *bots.Bot, error) {
	v.mu.Lock()
	defer v.mu.Unlock()
	for _, p := range v.peers {
		if p.UserID == name {
			return p, p.bot, nil
		}
	}
	return nil, nil, fmt.Errorf("there is no virtual peer %.140q", name)
}

// remove is x-removePeer {userId}: without a name all leave.
func (v *virtualPeers) remove(_ context.Context, raw json.RawMessage) (any, error) {
	var p struct {
		UserID string `json:"userId"`
	}
	if err := decodeParams(raw, &p); err != nil {
		return nil, err
	}
	if p.UserID == "" {
		v.removeAll()
		return v.answer(), nil
	}
	peer, _, err := v.find(p.UserID)
	if err != nil {
		return nil, err
	}
	v.drop(peer)
	return v.answer(), nil
}

func (v *virtualPeers) removeAll() {
	v.mu.Lock()
	all := slices.Clone(v.peers)
	v.mu.Unlock()
	var leaving sync.WaitGroup
	for _, peer := range all {
		leaving.Go(func() { v.drop(peer) })
	}
	leaving.Wait()
}

// change is x-setPeer {userId, microphone, camera, screen}: what is not named stays as it is.
func (v *virtualPeers) change(ctx context.Context, raw json.RawMessage) (any, error) {
	var p struct {
		UserID     string `json:"userId"`
		Microphone *bool  `json:"microphone"`
		Camera     *bool  `json:"camera"`
		Screen     *bool  `json:"screen"`
	}
	if err := decodeParams(raw, &p); err != nil {
		return nil, err
	}
	peer, bot, err := v.find(p.UserID)
	if err != nil {
		return nil, err
	}
	if bot == nil {
		return nil, fmt.Errorf("%s has not joined yet", p.UserID)
	}
	for _, x := range []struct {
		want *bool
		set  func(context.Context, bool) error
		now  *bool
	}{
		{p.Microphone, bot.SetMicrophone, &peer.Microphone}, {p.Camera, bot.SetCamera, &peer.Camera}, {p.Screen, bot.ShareScreen, &peer.Screen},
	} {
		if x.want == nil {
			continue
		}
		if err := x.set(ctx, *x.want); err != nil {
			return nil, err
		}
		v.mu.Lock()
		*x.now = *x.want
		v.tell()
		v.mu.Unlock()
	}
	return v.answer(), nil
}

// close lets all leave and waits.
func (v *virtualPeers) close() {
	v.mu.Lock()
	v.closed = true
	v.mu.Unlock()
	v.removeAll()
	v.tasks.Wait()
}
