package peer_test

import (
	"context"
	"errors"
	"fmt"
	"image"
	"image/color"
	"io"
	"log/slog"
	"math"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/pion/transport/v4"
	"github.com/pion/transport/v4/test"

	"parlor/media"
	"parlor/media/mediatest"
	"parlor/media/peer"
	"parlor/media/sfu"
)

const patience = 20 * time.Second // nothing in these tests takes a second; a loaded machine may take many

// server is a room in which everybody knows everybody, around the real SFU.
type server struct {
	sfu   *sfu.SFU
	log   *slog.Logger
	users []*user // of the test, for reports

	mu      sync.Mutex
	members map[string]*member
	refuse  error    // what Signal returns instead of asking the SFU
	signals []string // what was signalled: "alice sdp", "alice map"
}

type member struct {
	connection uint32
	peer       *sfu.Peer
	published  map[media.Source]bool
}

func newServer(t *testing.T, network transport.Net, address string) *server {
	t.Helper()
	log := testLog(t)
	s, err := sfu.New(sfu.Config{Listen: address, Net: network, Log: log})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := s.Close(); err != nil {
			t.Errorf("close SFU: %v", err)
		}
	})
	return &server{sfu: s, log: log, members: make(map[string]*member)}
}

// guard fails the test when goroutines are left, or when it hangs. It comes first in a test.
func guard(t *testing.T) {
	t.Helper()
	timer := test.TimeOut(2 * time.Minute)
	check := test.CheckRoutines(t)
	t.Cleanup(func() {
		check()
		timer.Stop()
	})
}

// trackID is how this server names tracks.
func trackID(user string, source media.Source) string { return user + "/" + source.String() }

func (s *server) member(user string, connection uint32) (*member, error) {
	m := s.members[user]
	if m != nil && m.connection == connection {
		return m, nil
	}
	if m != nil {
		go m.peer.Close()
	}
	p, err := s.sfu.NewPeer(sfu.PeerConfig{Name: user})
	if err != nil {
		return nil, err
	}
	m = &member{connection: connection, peer: p}
	s.members[user] = m
	return m, nil
}

// signal is Config.Signal for a user.
func (s *server) signal(user string) func(context.Context, peer.Offer) (peer.Answer, error) {
	return func(ctx context.Context, o peer.Offer) (peer.Answer, error) {
		s.mu.Lock()
		defer s.mu.Unlock()
		s.signals = append(s.signals, user+map[bool]string{true: " map", false: " sdp"}[o.SDP == ""])
		if s.refuse != nil {
			return peer.Answer{}, s.refuse
		}
		m, err := s.member(user, o.Connection)
		if err != nil {
			return peer.Answer{}, err
		}
		offer := sfu.Offer{SDP: o.SDP}
		m.published = make(map[media.Source]bool)
		for _, p := range o.Publish {
			m.published[p.Source] = p.Live
			offer.Publish = append(offer.Publish,
				sfu.Publish{MID: p.MID, Track: sfu.TrackID(trackID(user, p.Source)), Kind: p.Source.Kind()})
		}
		var answer peer.Answer
		for _, w := range o.Subscribe {
			id := w.TrackID
			if !s.exists(id) {
				id = ""
			}
			offer.Subscribe = append(offer.Subscribe, sfu.Subscribe{MID: w.MID, Track: sfu.TrackID(id)})
			if id != "" {
				answer.Subscribed = append(answer.Subscribed, w)
			}
		}
		answer.SDP, err = m.peer.Negotiate(ctx, offer)
		return answer, err
	}
}

func (s *server) exists(id string) bool {
	user, source, _ := strings.Cut(id, "/")
	m := s.members[user]
	if m == nil {
		return false
	}
	for known := range m.published {
		if known.String() == source {
			return true
		}
	}
	return false
}

func (s *server) setRefuse(err error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.refuse = err
}

// report tells what everybody counted, for a test that fails.
func (s *server) report() string {
	s.mu.Lock()
	defer s.mu.Unlock()
	out := fmt.Sprintf("SFU: %+v\nsignals: %q\n", s.sfu.Stats(), s.signals)
	for _, u := range s.users {
		out += fmt.Sprintf("%s: %+v\n", u.name, u.peer.Stats())
	}
	return out
}

// count returns how often something was signalled.
func (s *server) count(what string) int {
	s.mu.Lock()
	defer s.mu.Unlock()
	n := 0
	for _, got := range s.signals {
		if got == what {
			n++
		}
	}
	return n
}

// user is a participant with a camera and a microphone.
type user struct {
	t       *testing.T
	server  *server
	name    string
	peer    *peer.Peer
	devices *mediatest.Devices
	kit     media.Kit
	mixer   *peer.Mixer
	states  chan peer.State // more than any test makes
	stage   *media.Stage
	camera  *peer.VideoCapture
	mic     *peer.AudioCapture
	others  []io.Closer // captures
}

func newUser(t *testing.T, s *server, name string, network transport.Net) *user {
	t.Helper()
	u := &user{t: t, server: s, name: name, kit: mediatest.Kit(), mixer: peer.NewMixer(), states: make(chan peer.State, 100)}
	u.devices = u.kit.Devices.(*mediatest.Devices)
	var ui sync.Mutex // stands for the UI goroutine: one function at a time
	u.stage = media.NewStage(func(f func()) {
		ui.Lock()
		defer ui.Unlock()
		f()
	}, time.Millisecond)
	u.peer = peer.New(peer.Config{
		Signal: s.signal(name), OnState: func(s peer.State) { u.states <- s },
		Codecs: u.kit.Codecs, Mixer: u.mixer, Net: network, Log: testLog(t),
	})
	s.users = append(s.users, u)
	t.Cleanup(u.close)
	return u
}

func (u *user) close() {
	if err := u.peer.Close(); err != nil {
		u.t.Errorf("%s: close: %v", u.name, err)
	}
	if u.camera != nil {
		u.camera.Close()
	}
	if u.mic != nil {
		u.mic.Close()
	}
	for _, c := range u.others {
		c.Close()
	}
	u.stage.Close()
}

// show turns the camera on with a colour, and publishes it.
func (u *user) show(c color.RGBA) {
	u.t.Helper()
	u.devices.SetColor(c)
	src, err := u.kit.Devices.OpenCamera("", media.VideoFormat{Width: 320, Height: 180, Rate: 30})
	if err != nil {
		u.t.Fatal(err)
	}
	u.camera = peer.NewVideoCapture(src, peer.CaptureConfig{Codecs: u.kit.Codecs, Log: testLog(u.t)})
	u.peer.SetPublish(media.Camera, u.camera, true)
}

// share publishes another picture of a colour, beside that of the camera or instead of it. The capture is closed with the user.
func (u *user) share(source media.Source, c color.RGBA) *peer.VideoCapture {
	u.t.Helper()
	devices := mediatest.NewDevices()
	devices.SetColor(c)
	src, err := devices.OpenScreen("", media.VideoFormat{Width: 160, Height: 90, Rate: 15})
	if err != nil {
		u.t.Fatal(err)
	}
	capture := peer.NewVideoCapture(src, peer.CaptureConfig{Codecs: u.kit.Codecs, Screen: source == media.Screen, Log: testLog(u.t)})
	u.others = append(u.others, capture)
	u.peer.SetPublish(source, capture, true)
	return capture
}

// sound publishes a second tone as the sound of the screen.
func (u *user) sound(tone mediatest.Tone) {
	u.t.Helper()
	devices := mediatest.NewDevices()
	devices.SetTone(tone)
	src, err := devices.OpenMicrophone("")
	if err != nil {
		u.t.Fatal(err)
	}
	capture := peer.NewAudioCapture(src, peer.CaptureConfig{Codecs: u.kit.Codecs, Log: testLog(u.t)})
	u.others = append(u.others, capture)
	u.peer.SetPublish(media.ScreenAudio, capture, true)
}

// speak turns the microphone on, and publishes it.
func (u *user) speak() {
	u.t.Helper()
	src, err := u.kit.Devices.OpenMicrophone("")
	if err != nil {
		u.t.Fatal(err)
	}
	u.mic = peer.NewAudioCapture(src, peer.CaptureConfig{Codecs: u.kit.Codecs, Log: testLog(u.t)})
	u.peer.SetPublish(media.Microphone, u.mic, true)
}

// watch makes a display for another user's camera.
func (u *user) watch(name string) *tile { return u.watchSource(name, media.Camera) }

func (u *user) watchSource(name string, source media.Source) *tile {
	w := &tile{t: u.t, server: u.server, name: fmt.Sprintf("%s sees %v of %s", u.name, source, name), changed: make(chan struct{}, 1)}
	w.display = u.stage.NewDisplay(w.set)
	u.peer.Show(name, source, w.display)
	return w
}

// want makes the list of tracks to receive.
func want(source media.Source, names ...string) []peer.RemoteTrack {
	var list []peer.RemoteTrack
	for _, n := range names {
		list = append(list, peer.RemoteTrack{TrackID: trackID(n, source), UserID: n, Source: source})
	}
	return list
}

// stats returns the counters of one remote track.
func (u *user) stats(name string, source media.Source) peer.TrackStats {
	for _, s := range u.peer.Stats().Remote {
		if s.UserID == name && s.Source == source {
			return s
		}
	}
	return peer.TrackStats{}
}

// wait waits for a state.
func (u *user) wait(want peer.State) {
	u.t.Helper()
	limit := time.After(patience)
	for {
		select {
		case got := <-u.states:
			if got == want {
				return
			}
		case <-limit:
			u.t.Fatalf("%s: never %v", u.name, want)
		}
	}
}

// tile remembers the middle pixel of what a display shows.
type tile struct {
	t       *testing.T
	server  *server
	name    string
	display *media.Display
	changed chan struct{} // 1: a change that is pending stands for all

	mu     sync.Mutex
	color  color.RGBA // zero: nothing
	size   image.Point
	number int // pictures shown
}

func (w *tile) set(img *image.RGBA) {
	w.mu.Lock()
	w.color, w.size = color.RGBA{}, image.Point{}
	if img != nil {
		w.number++
		w.size = img.Rect.Size()
		w.color = img.RGBAAt(w.size.X/2, w.size.Y/2)
	}
	w.mu.Unlock()
	select {
	case w.changed <- struct{}{}:
	default:
	}
}

// until waits until the tile shows a colour; the zero colour means nothing.
func (w *tile) until(c color.RGBA) {
	w.t.Helper()
	w.when(fmt.Sprintf("colour %v", c), func() bool { return near(w.color, c) })
}

// when waits until a condition on the tile holds.
func (w *tile) when(what string, ok func() bool) {
	w.t.Helper()
	limit := time.After(patience)
	for {
		w.mu.Lock()
		done, now := ok(), w.color
		w.mu.Unlock()
		if done {
			return
		}
		select {
		case <-w.changed:
		case <-limit:
			w.t.Fatalf("%s: %s never came, shown %v\n%s", w.name, what, now, w.server.report())
		}
	}
}

func near(a, b color.RGBA) bool {
	d := func(x, y uint8) bool { return max(x, y)-min(x, y) < 12 }
	return d(a.R, b.R) && d(a.G, b.G) && d(a.B, b.B) && a.A == b.A
}

// eventually polls a condition which no callback announces.
func eventually(t *testing.T, what string, ok func() bool) {
	t.Helper()
	ticker := time.NewTicker(5 * time.Millisecond)
	defer ticker.Stop()
	limit := time.After(patience)
	for !ok() {
		select {
		case <-ticker.C:
		case <-limit:
			t.Fatalf("never: %s", what)
		}
	}
}

// testLog writes to the test's log, which is shown when the test fails.
func testLog(t *testing.T) *slog.Logger {
	return slog.New(slog.NewTextHandler(t.Output(), &slog.HandlerOptions{Level: slog.LevelDebug}))
}

var (
	red    = color.RGBA{R: 230, G: 20, B: 20, A: 255}
	green  = color.RGBA{R: 20, G: 200, B: 20, A: 255}
	blue   = color.RGBA{R: 20, G: 20, B: 220, A: 255}
	yellow = color.RGBA{R: 220, G: 220, B: 20, A: 255}
	none   = color.RGBA{}

	errRefused = errors.New("refused by the test")
)

// live tells whether the server thinks that a track is sent.
func (s *server) live(user string, source media.Source) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.members[user] != nil && s.members[user].published[source]
}

// has tells whether the server knows a track.
func (s *server) has(user string, source media.Source) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.exists(trackID(user, source))
}

// hangUp ends a connection from the server's side.
func (s *server) hangUp(user string) {
	s.mu.Lock()
	p := s.members[user].peer
	s.mu.Unlock()
	p.Close()
}

func rgb(c [3]uint8) color.RGBA { return color.RGBA{R: c[0], G: c[1], B: c[2], A: 255} }

// within tells whether got is want but for a share of it.
func within(got, want, share float64) bool { return math.Abs(got-want) <= share*want }

// recorder counts what it gets.
type recorder struct {
	mu             sync.Mutex
	frames, sounds int
	firstKey       bool
	clock          uint32   // of the last frame
	steps          []uint32 // of the clock between the frames
}

func (r *recorder) RecordVideo(_ string, _ media.Source, _ []byte, timestamp uint32, key bool) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.frames == 0 {
		r.firstKey = key
	} else {
		r.steps = append(r.steps, timestamp-r.clock)
	}
	r.clock = timestamp
	r.frames++
}

func (r *recorder) RecordAudio(string, media.Source, []byte, uint32) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.sounds++
}

func (r *recorder) enough(frames, sounds int) bool {
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.frames >= frames && r.sounds >= sounds
}

func (r *recorder) startsWithKey() bool {
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.firstKey
}
