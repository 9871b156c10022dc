package app

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"sync"
	"time"

	"parlor/app/bridge"
	"parlor/app/impairment"
	"parlor/app/session"
	"parlor/app/ui/console"
)

// faults is what testers break on purpose: the network, the devices, the room and the server.
type faults struct {
	app     *App
	network *impairment.Network
	devices *unpluggable

	mu  sync.Mutex
	cut *time.Timer // tells when a cut ends by itself, nil before the first
}

// methods are the faults as methods of the bridge, so that a click and a line of a script are the same.
func (f *faults) methods() map[string]bridge.Extra {
	return map[string]bridge.Extra{
		"x-network":       f.changeNetwork,
		"x-unplug":        func(_ context.Context, raw json.RawMessage) (any, error) { return f.plug(raw, false) },
		"x-plug":          func(_ context.Context, raw json.RawMessage) (any, error) { return f.plug(raw, true) },
		"x-removeUser":    f.removeUser,
		"x-endRoom":       f.endRoom,
		"x-restartServer": f.restartServer,
	}
}

// tell shows in the window what is broken.
func (f *faults) tell() {
	report := f.network.Report()
	f.app.window.SetFaults(console.Faults{
		LossPercent: report.LossPercent, DelayMS: report.DelayMS, JitterMS: report.JitterMS, RateKbps: report.RateKbps,
		Cut:        f.isCut(),
		Microphone: f.devices.unplugged(microphone), Camera: f.devices.unplugged(camera),
	})
}

// isCut tells whether the timer of a cut runs.
func (f *faults) isCut() bool {
	f.mu.Lock()
	defer f.mu.Unlock()
	return f.cut != nil
}

// changeNetwork is x-network; see impairment.Network.
func (f *faults) changeNetwork(ctx context.Context, raw json.RawMessage) (any, error) {
	report, err := f.network.Control(ctx, raw)
	if err != nil {
		return nil, err
	}
	var p struct {
		Cut *float64 `json:"cut"`
	}
	if len(raw) > 0 && json.Unmarshal(raw, &p) == nil && p.Cut != nil {
		f.awaitEnd(time.Duration(*p.Cut * float64(time.Millisecond)))
	}
	f.tell()
	return report, nil
}

// awaitEnd tells the window when a cut is over.
func (f *faults) awaitEnd(d time.Duration) {
	f.mu.Lock()
	defer f.mu.Unlock()
	if f.cut != nil {
		f.cut.Stop()
		f.cut = nil
	}
	if d <= 0 {
		return
	}
	var timer *time.Timer
	timer = time.AfterFunc(d, func() {
		f.mu.Lock()
		mine := f.cut == timer
		if mine {
			f.cut = nil
		}
		f.mu.Unlock()
		if mine {
			f.tell()
		}
	})
	f.cut = timer
}

func (f *faults) close() { f.awaitEnd(0) }

// plug is x-plug and x-unplug {kind}.
func (f *faults) plug(raw json.RawMessage, in bool) (any, error) {
	var p struct {
		Kind deviceKind `json:"kind"`
	}
	if err := decodeParams(raw, &p); err != nil {
		return nil, err
	}
	if p.Kind != microphone && p.Kind != camera {
		return nil, fmt.Errorf("params.kind should be microphone or camera, but got %.64q", p.Kind)
	}
	f.devices.set(p.Kind, !in)
	f.tell()
	return nil, nil
}

// decodeParams reads the parameters of a method; none are as good as empty ones.
func decodeParams(raw json.RawMessage, v any) error {
	if len(raw) == 0 {
		return nil
	}
	if err := json.Unmarshal(raw, v); err != nil {
		return fmt.Errorf("params: %w", err)
	}
	return nil
}

var (
	errNoKey     = errors.New("this program has no key for the app")
	errNotInRoom = errors.New("join a room first")
)

// admin is the right to act on the present room.
func (f *faults) admin() (session.AdminConfig, error) {
	roomID, _ := f.app.present()
	switch {
	case f.app.app.Key == "":
		return session.AdminConfig{}, errNoKey
	case roomID == "":
		return session.AdminConfig{}, errNotInRoom
	}
	return session.AdminConfig{Server: f.app.serverURL, AppID: f.app.app.ID, AppKey: f.app.app.Key, RoomID: roomID}, nil
}

// removeUser is x-removeUser {userId}: without a name it removes the own user.
func (f *faults) removeUser(ctx context.Context, raw json.RawMessage) (any, error) {
	_, own := f.app.present()
	p := struct {
		UserID string `json:"userId"`
	}{own}
	if err := decodeParams(raw, &p); err != nil {
		return nil, err
	}
	cfg, err := f.admin()
	if err != nil {
		return nil, err
	}
	return nil, session.RemoveUser(ctx, cfg, p.UserID)
}

// endRoom is x-endRoom.
func (f *faults) endRoom(ctx context.Context, _ json.RawMessage) (any, error) {
	cfg, err := f.admin()
	if err != nil {
		return nil, err
	}
	return nil, session.EndRoom(ctx, cfg)
}

// restartServer is x-restartServer: the embedded server ends at once, tells nobody, and starts anew.
func (f *faults) restartServer(context.Context, json.RawMessage) (any, error) {
	if f.app.host == nil {
		return nil, errors.New("the server is not in this program")
	}
	return nil, f.app.host.restart()
}
