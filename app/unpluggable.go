package app

import (
	"errors"
	"io"
	"sync"

	"parlor/media"
)

// deviceKind names what can be unplugged.
type deviceKind string

const (
	microphone deviceKind = "microphone"
	camera     deviceKind = "camera"
)

// errUnplugged is what a device says that was unplugged on purpose.
var errUnplugged = errors.New("unplugged by a tester")

// unpluggable are devices that can be unplugged on purpose: what is open fails, nothing new opens and nothing is listed until
// they are plugged in again.
type unpluggable struct {
	media.Devices

	mu   sync.Mutex
	gone map[deviceKind]bool
	open map[deviceKind]map[*plug]struct{}
}

func newUnpluggable(d media.Devices) *unpluggable {
	return &unpluggable{
		Devices: d, gone: make(map[deviceKind]bool),
		open: map[deviceKind]map[*plug]struct{}{microphone: {}, camera: {}},
	}
}

// plug is what an open source hangs on.
type plug struct {
	owner *unpluggable
	kind  deviceKind
	inner io.Closer
	gone  bool // guarded by owner.mu
}

// set unplugs a kind of devices or plugs them in.
func (u *unpluggable) set(kind deviceKind, gone bool) {
	u.mu.Lock()
	u.gone[kind] = gone
	var ended []io.Closer
	if gone {
		for p := range u.open[kind] {
			p.gone = true
			ended = append(ended, p.inner)
		}
	}
	u.mu.Unlock()
	for _, c := range ended {
		c.Close() // its reader gets an error; what Close says of a device that goes away matters to nobody
	}
}

func (u *unpluggable) unplugged(kind deviceKind) bool {
	u.mu.Lock()
	defer u.mu.Unlock()
	return u.gone[kind]
}

// connect enters an open source.
func (u *unpluggable) connect(kind deviceKind, inner io.Closer) (*plug, error) {
	u.mu.Lock()
	defer u.mu.Unlock()
	if u.gone[kind] {
		return nil, errors.Join(errUnplugged, inner.Close())
	}
	p := &plug{owner: u, kind: kind, inner: inner}
	u.open[kind][p] = struct{}{}
	return p, nil
}

// reason is why a source ended: err, unless it was unplugged.
func (p *plug) reason(err error) error {
	p.owner.mu.Lock()
	defer p.owner.mu.Unlock()
	if err != nil && p.gone {
		return errUnplugged
	}
	return err
}

func (p *plug) disconnect() error {
	p.owner.mu.Lock()
	delete(p.owner.open[p.kind], p)
	p.owner.mu.Unlock()
	return p.inner.Close()
}

// Cameras implements media.Devices.
func (u *unpluggable) Cameras() ([]media.DeviceInfo, error) {
	if u.unplugged(camera) {
		return nil, nil
	}
	return u.Devices.Cameras()
}

// Microphones implements media.Devices.
func (u *unpluggable) Microphones() ([]media.DeviceInfo, error) {
	if u.unplugged(microphone) {
		return nil, nil
	}
	return u.Devices.Microphones()
}

// OpenCamera implements media.Devices.
func (u *unpluggable) OpenCamera(name string, want media.VideoFormat) (media.VideoSource, error) {
	if u.unplugged(camera) {
		return nil, errUnplugged
	}
	src, err := u.Devices.OpenCamera(name, want)
	if err != nil {
		return nil, err
	}
	p, err := u.connect(camera, src)
	if err != nil {
		return nil, err
	}
	return &pluggedCamera{src, p}, nil
}

// OpenMicrophone implements media.Devices.
func (u *unpluggable) OpenMicrophone(name string) (media.AudioSource, error) {
	if u.unplugged(microphone) {
		return nil, errUnplugged
	}
	src, err := u.Devices.OpenMicrophone(name)
	if err != nil {
		return nil, err
	}
	p, err := u.connect(microphone, src)
	if err != nil {
		return nil, err
	}
	return &pluggedMicrophone{src, p}, nil
}

// pluggedCamera is a camera that can be unplugged.
type pluggedCamera struct {
	media.VideoSource
	plug *plug
}

// ReadVideo implements media.VideoSource.
func (c *pluggedCamera) ReadVideo() (media.VideoFrame, error) {
	f, err := c.VideoSource.ReadVideo()
	return f, c.plug.reason(err)
}

// Close implements media.VideoSource.
func (c *pluggedCamera) Close() error { return c.plug.disconnect() }

// pluggedMicrophone is a microphone that can be unplugged.
type pluggedMicrophone struct {
	media.AudioSource
	plug *plug
}

// ReadAudio implements media.AudioSource.
func (m *pluggedMicrophone) ReadAudio() (media.AudioFrame, error) {
	f, err := m.AudioSource.ReadAudio()
	return f, m.plug.reason(err)
}

// Close implements media.AudioSource.
func (m *pluggedMicrophone) Close() error { return m.plug.disconnect() }
