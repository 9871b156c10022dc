package room_test

import (
	"context"
	"errors"
	"fmt"
	"io"
	"slices"
	"sync"
	"testing"

	"parlor/app/errno"
	"parlor/app/room"
	"parlor/media"
	"parlor/media/mediatest"
)

// machine has the devices of mediatest and several more cameras, screens and speakers.
type machine struct {
	*mediatest.Devices
	cameras, screens []string
	broken           string // a name that does not open
	speakers         []media.DeviceInfo

	mu     sync.Mutex
	apart  map[string]*mediatest.Devices // by name of the camera or screen
	wants  []media.VideoFormat           // of each camera that was opened
	inputs []*input                      // of each speaker that was opened
}

// input is what one speaker pulls from.
type input struct {
	name   string
	src    media.AudioReader
	lost   func(error)
	closed bool
}

func newMachine() *machine {
	return &machine{Devices: mediatest.NewDevices(), apart: make(map[string]*mediatest.Devices)}
}

// of returns the devices behind a name.
func (m *machine) of(name string) *mediatest.Devices {
	m.mu.Lock()
	defer m.mu.Unlock()
	if m.apart[name] == nil {
		m.apart[name] = mediatest.NewDevices()
	}
	return m.apart[name]
}

func (m *machine) Cameras() ([]media.DeviceInfo, error) {
	var list []media.DeviceInfo
	for i, name := range m.cameras {
		list = append(list, media.DeviceInfo{ID: name, Label: name, Default: i == 0})
	}
	return list, nil
}

func (m *machine) OpenCamera(name string, want media.VideoFormat) (media.VideoSource, error) {
	if name == "" && len(m.cameras) > 0 {
		name = m.cameras[0]
	}
	if name == m.broken || !slices.Contains(m.cameras, name) {
		return nil, fmt.Errorf("camera %q is broken", name)
	}
	m.mu.Lock()
	m.wants = append(m.wants, want)
	m.mu.Unlock()
	return m.of(name).OpenCamera("", want)
}

func (m *machine) OpenScreen(name string, want media.VideoFormat) (media.VideoSource, error) {
	if !slices.Contains(m.screens, name) {
		return nil, fmt.Errorf("there is no screen %q", name)
	}
	return m.of(name).OpenScreen("", want)
}

func (m *machine) OpenMicrophone(name string) (media.AudioSource, error) {
	if name == m.broken && name != "" {
		return nil, fmt.Errorf("microphone %q is broken", name)
	}
	return m.of("mic " + name).OpenMicrophone("")
}

func (m *machine) Speakers() ([]media.DeviceInfo, error) { return m.speakers, nil }

func (m *machine) OpenSpeaker(name string, src media.AudioReader, lost func(error)) (io.Closer, error) {
	if name == m.broken && name != "" {
		return nil, fmt.Errorf("speaker %q is broken", name)
	}
	m.mu.Lock()
	defer m.mu.Unlock()
	in := &input{name: name, src: src, lost: lost}
	m.inputs = append(m.inputs, in)
	return closer(func() {
		m.mu.Lock()
		defer m.mu.Unlock()
		in.closed = true
	}), nil
}

type closer func()

func (c closer) Close() error { c(); return nil }

// open lists the speakers that are open.
func (m *machine) open() (names []string) {
	m.mu.Lock()
	defer m.mu.Unlock()
	for _, in := range m.inputs {
		if !in.closed {
			names = append(names, in.name)
		}
	}
	return names
}

// with makes the machine that of a user.
func (m *machine) with(cfg *room.Config) { cfg.Kit.Devices = m }

func captureOn(source media.Source, name string) func(room.Event) bool {
	return is(func(e room.CaptureChanged) bool { return e.Source == source && e.On && e.Name == name })
}

// TestContext_SwitchCamera: N-26, N-27, a running camera changes over and the others see nothing but another picture.
func TestContext_SwitchCamera(t *testing.T) {
	check(t)
	s := newServer(t, "127.0.0.1:0", "127.0.0.1:0")
	m := newMachine()
	m.cameras = []string{"inner", "outer"}
	m.of("inner").SetColor(red)
	m.of("outer").SetColor(blue)
	a, b := newUser(t, s.URL(), m.with), newUser(t, s.URL(), nil)
	own, ofA := newScreen(t), newScreen(t)
	a.Show("", media.Camera, own.Display)
	b.Show("a", media.Camera, ofA.Display)
	ctx := t.Context()
	if err := errors.Join(a.ChangeVideoCapture(ctx, true), a.SwitchCamera(ctx, room.CameraFront)); err != nil {
		t.Fatal(err)
	}
	a.join(t, "r", "a")
	b.join(t, "r", "b")
	n := b.await(0, video("a"))
	ofA.await(red)
	own.await(red)

	if err := a.SwitchCamera(ctx, room.CameraBack); err != nil {
		t.Fatal(err)
	}
	ofA.await(blue)
	own.await(blue)
	a.await(0, captureOn(media.Camera, "outer"))
	if got := m.of("inner").OpenCount(); got != 0 {
		t.Errorf("the first camera is open %d times after the change", got)
	}
	m.broken = "inner"
	if err := a.SwitchCamera(ctx, room.CameraFront); !errors.Is(err, errno.AuthDeny) {
		t.Errorf("to a broken camera: got %v", err)
	}
	m.broken = ""
	m.of("outer").SetColor(red) // the old one stays
	ofA.await(red)
	m.of("inner").SetColor(blue)
	if err := a.SetDevice(ctx, media.Camera, "inner"); err != nil {
		t.Fatal(err)
	}
	ofA.await(blue)
	b.mu.Lock()
	for _, e := range b.events[n:] {
		if v, ok := e.(room.VideoMembersChanged); ok {
			t.Errorf("the other saw a camera go or come: %v", v)
		}
	}
	b.mu.Unlock()
	if err := a.SwitchCamera(ctx, "sideways"); errno.As("", err).ErrorCode != 172299 {
		t.Errorf("N-26: got %v", err)
	}
}

// TestContext_SetDevice_Kept: what is chosen while a device is off is what is opened later.
func TestContext_SetDevice_Kept(t *testing.T) {
	check(t)
	tests := []struct {
		name    string
		cameras []string
		choose  []func(*room.Context) error
		want    string // of the camera that is opened
	}{
		{"nothing chosen", []string{"x", "y"}, nil, ""},
		{"front is the chosen one", []string{"x", "y"}, []func(*room.Context) error{camera("y"), position(room.CameraFront)}, "y"},
		{"back is the next one", []string{"x", "y"}, []func(*room.Context) error{position(room.CameraBack)}, "y"},
		{"back is the first one after the last", []string{"x", "y"}, []func(*room.Context) error{camera("y"), position(room.CameraBack)}, "x"},
		{"there is one only", []string{"x"}, []func(*room.Context) error{position(room.CameraBack)}, ""},
		{"front again", []string{"x", "y"}, []func(*room.Context) error{position(room.CameraBack), position(room.CameraFront)}, ""},
		{"a choice ends back", []string{"x", "y"}, []func(*room.Context) error{position(room.CameraBack), camera("x")}, "x"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			m := newMachine()
			m.cameras = tt.cameras
			u := newUser(t, "http://127.0.0.1:1", m.with)
			for _, choose := range tt.choose {
				if err := choose(u.Context); err != nil {
					t.Fatal(err)
				}
			}
			if err := u.ChangeVideoCapture(t.Context(), true); err != nil {
				t.Fatal(err)
			}
			u.await(0, captureOn(media.Camera, tt.want))
		})
	}
}

func camera(name string) func(*room.Context) error {
	return func(c *room.Context) error { return c.SetDevice(context.Background(), media.Camera, name) }
}

func position(p room.CameraPosition) func(*room.Context) error {
	return func(c *room.Context) error { return c.SwitchCamera(context.Background(), p) }
}

// TestContext_SetDevice_Microphone: a running microphone changes over, and stays when the other does not open.
func TestContext_SetDevice_Microphone(t *testing.T) {
	check(t)
	m := newMachine()
	m.broken = "broken"
	u := newUser(t, "http://127.0.0.1:1", m.with)
	if err := u.ChangeAudioCapture(t.Context(), true); err != nil {
		t.Fatal(err)
	}
	if err := u.SetDevice(t.Context(), media.Microphone, "other"); err != nil {
		t.Fatal(err)
	}
	n := u.await(0, captureOn(media.Microphone, "other"))
	if err := u.SetDevice(t.Context(), media.Microphone, "broken"); !errors.Is(err, errno.AuthDeny) {
		t.Errorf("to a broken one: got %v", err)
	}
	if got := [2]int{m.of("mic ").OpenCount(), m.of("mic other").OpenCount()}; got != [2]int{0, 1} {
		t.Errorf("open: %v, want the other one only", got)
	}
	if err := errors.Join(u.ChangeAudioCapture(t.Context(), false), u.ChangeAudioCapture(t.Context(), true)); err != nil {
		t.Fatal(err)
	}
	u.await(n, captureOn(media.Microphone, "other")) // the broken one was not kept
	for _, source := range []media.Source{media.Screen, media.ScreenAudio, 9} {
		if err := u.SetDevice(t.Context(), source, "x"); !errors.Is(err, errno.InvalidParam) {
			t.Errorf("%v: got %v", source, err)
		}
	}
}

// TestContext_Speaker: N-28, the sound changes over in a running stay, one speaker at a time pulls it, and what does not open
// changes nothing.
func TestContext_Speaker(t *testing.T) {
	check(t)
	s := newServer(t, "127.0.0.1:0", "127.0.0.1:0")
	m := newMachine()
	m.broken = "broken"
	m.speakers = []media.DeviceInfo{{ID: "box", Label: "Loudspeaker", Default: true}, {ID: "tv", Label: "HDMI"}, {ID: "ears", Label: "USB Headset"}}
	u := newUser(t, s.URL(), m.with)
	ctx := t.Context()
	if err := u.SetAudioPlaybackDevice(ctx, room.Speakerphone); err != nil {
		t.Fatal(err)
	}
	u.join(t, "r", "u")
	n := u.await(0, is(func(e room.SpeakerChanged) bool { return e.On }))
	for _, step := range []struct {
		name string
		do   func() error
		want string
		fail bool
	}{
		{"earpiece", func() error { return u.SetAudioPlaybackDevice(ctx, room.Earpiece) }, "ears", false},
		{"broken", func() error { return u.SetDevice(ctx, 0, "broken") }, "ears", true},
		{"what was chosen before", func() error { return u.SetAudioPlaybackDevice(ctx, room.Speakerphone) }, "", false},
		{"chosen", func() error { return u.SetDevice(ctx, 0, "tv") }, "tv", false},
		{"the chosen one", func() error { return u.SetAudioPlaybackDevice(ctx, room.Speakerphone) }, "tv", false},
		{"default by its own name", func() error { return u.SetDevice(ctx, 0, "box") }, "box", false},
		{"default again", func() error { return u.SetDevice(ctx, 0, "") }, "box", false},
	} {
		err := step.do()
		if (err != nil) != step.fail || err != nil && errno.As("", err).Text() != "error code:-5006" {
			t.Errorf("%s: got %v", step.name, err)
		}
		if got := m.open(); !slices.Equal(got, []string{step.want}) {
			t.Errorf("%s: open are %q, want %q", step.name, got, step.want)
		}
	}
	m.inputsAre(t, u, n)
	if err := u.Exit(ctx, "r"); err != nil {
		t.Fatal(err)
	}
	if got := m.open(); len(got) > 0 {
		t.Errorf("after the exit %q are open", got)
	}
	if err := u.SetAudioPlaybackDevice(ctx, "radio"); !errors.Is(err, errno.InvalidParam) {
		t.Errorf("N-29: got %v", err)
	}
}

// inputsAre checks that the newest speaker plays, and that the others get silence and die in silence; n is an event before.
func (m *machine) inputsAre(t *testing.T, u *user, n int) {
	t.Helper()
	sound := make([]int16, media.SampleRate)
	for i := range sound {
		sound[i] = 1000
	}
	u.Play(sound)
	var pcm [media.FrameSamples]int16
	for i, in := range m.inputs {
		in.src.ReadPCM(pcm[:])
		if loud := pcm[len(pcm)-1] != 0; loud != (i == len(m.inputs)-1) {
			t.Errorf("speaker %d of %d plays: %v", i, len(m.inputs), loud)
		}
	}
	m.inputs[0].lost(errors.New("an old one"))
	m.inputs[len(m.inputs)-1].lost(errors.New("pulled out"))
	u.await(n, is(func(e room.SpeakerChanged) bool {
		if e.Err != nil && e.Err.Error() == "an old one" {
			t.Error("the loss of a replaced speaker was told")
		}
		return e.Err != nil && e.Err.Error() == "pulled out"
	}))
}

// TestContext_SetVideoEncoderConfig: N-32, what is allowed is asked of the camera, now and later.
func TestContext_SetVideoEncoderConfig(t *testing.T) {
	check(t)
	m := newMachine()
	m.cameras = []string{"x"}
	u := newUser(t, "http://127.0.0.1:1", m.with)
	ctx := t.Context()
	size := func(w, h int, rate float64) media.VideoFormat {
		return media.VideoFormat{Width: w, Height: h, Rate: rate}
	}
	for _, wrong := range []media.VideoFormat{size(0, 360, 15), size(640, -1, 15), size(640, 360, 0), size(640, 360, 14.5), size(8193, 360, 15), size(640, 360, 121)} {
		if err := u.SetVideoEncoderConfig(ctx, wrong); !errors.Is(err, errno.InvalidParam) {
			t.Errorf("%v: got %v", wrong, err)
		}
	}
	if err := u.ChangeVideoCapture(ctx, true); err != nil {
		t.Fatal(err)
	}
	for _, f := range []media.VideoFormat{size(160, 90, 10), size(1280, 720, 24), size(640, 360, 24)} {
		if err := u.SetVideoEncoderConfig(ctx, f); err != nil {
			t.Fatal(err)
		}
	}
	if err := errors.Join(u.ChangeVideoCapture(ctx, false), u.ChangeVideoCapture(ctx, true)); err != nil {
		t.Fatal(err)
	}
	// Of the smaller one nothing needs to be opened again.
	want := []media.VideoFormat{size(320, 180, 15), size(1280, 720, 24), size(640, 360, 24)}
	if !slices.Equal(m.wants, want) {
		t.Errorf("the camera was asked for %v, want %v", m.wants, want)
	}
	m.broken = "x"
	if err := u.SetVideoEncoderConfig(ctx, size(1920, 1080, 30)); !errors.Is(err, errno.AuthDeny) {
		t.Errorf("a camera that does not open again: got %v", err)
	}
	u.await(0, is(func(e room.StateChanged) bool { return e.Err.ErrNo == 21105 }))
}

// TestContext_ChangeAnsMode: N-33, before and while the microphone is on.
func TestContext_ChangeAnsMode(t *testing.T) {
	check(t)
	u := newUser(t, "http://127.0.0.1:1", nil)
	for _, on := range []bool{false, true} {
		if err := u.ChangeAudioCapture(t.Context(), on); err != nil {
			t.Fatal(err)
		}
		for _, level := range room.NoiseLevels() {
			if err := u.ChangeAnsMode(t.Context(), level); err != nil {
				t.Errorf("%s: %v", level, err)
			}
		}
	}
	if err := u.ChangeAnsMode(t.Context(), "loud"); !errors.Is(err, errno.InvalidParam) {
		t.Errorf("got %v", err)
	}
}
