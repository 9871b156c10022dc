package device

import (
	"bytes"
	"cmp"
	"errors"
	"fmt"
	"log/slog"
	"runtime"
	"slices"
	"strings"
	"sync"
	"time"
	"unsafe"

	"github.com/gen2brain/malgo"

	"parlor/media"
)

// soundPeriod is how often the sound driver calls, in ms.
const soundPeriod = 10

// openWait bounds how long opening a sound device may take, a hanging sound server included.
const openWait = 5 * time.Second

// uninitWait bounds how long closing a sound device may take: when the sound server has died,
// miniaudio waits for it for ever.
const uninitWait = time.Second

// newSoundContext connects to the sound system. Its caller uninitialises and frees it.
//
// There is no context for the life of the program, because one that lost its server stays dead.
// Backends that the system does not have are passed over; miniaudio's null backend, its last
// resort, is left out: a device that swallows everything is no device.
func newSoundContext() (*malgo.AllocatedContext, error) {
	backends := []malgo.Backend{
		malgo.BackendWasapi, malgo.BackendDsound, malgo.BackendWinmm, malgo.BackendCoreaudio, malgo.BackendSndio,
		malgo.BackendAudio4, malgo.BackendOss, malgo.BackendPulseaudio, malgo.BackendAlsa, malgo.BackendJack,
	}
	return malgo.InitContext(backends, malgo.ContextConfig{}, nil)
}

// soundDevice is one entry of a list.
type soundDevice struct {
	media.DeviceInfo
	id malgo.DeviceID
}

// soundDevices lists the devices of a kind, the default one first.
func soundDevices(ctx *malgo.AllocatedContext, kind malgo.DeviceType) ([]soundDevice, error) {
	infos, err := ctx.Devices(kind)
	if err != nil {
		return nil, err
	}
	var devices []soundDevice
	for _, info := range infos {
		d := soundDevice{id: info.ID, DeviceInfo: media.DeviceInfo{
			ID:      soundID(info.ID),
			Default: info.IsDefault != 0,
		}}
		d.Label = cmp.Or(info.Name(), d.ID)
		if isNullDevice(d.ID) {
			continue
		}
		devices = append(devices, d)
	}
	slices.SortStableFunc(devices, func(a, b soundDevice) int {
		switch {
		case a.Default == b.Default:
			return 0
		case a.Default:
			return -1
		}
		return 1
	})
	return devices, nil
}

// isNullDevice tells ALSA's null device, which has no pace: it would spin.
func isNullDevice(id string) bool {
	return id == "null" || strings.HasPrefix(id, "null:") || strings.HasSuffix(id, ":null")
}

// soundID returns the identifier as text: what PulseAudio, ALSA and Core Audio use as a name is
// one, other systems' numbers become hexadecimal.
func soundID(id malgo.DeviceID) string {
	name, rest, _ := bytes.Cut(id[:], []byte{0})
	text := len(name) > 1 && len(bytes.Trim(rest, "\x00")) == 0
	for _, c := range name {
		text = text && c > ' ' && c < 0x7f
	}
	if text {
		return string(name)
	}
	return id.String()
}

// listSound lists the devices of a kind; a machine without sound has none.
func (s *Set) listSound(kind malgo.DeviceType) ([]media.DeviceInfo, error) {
	ctx, err := newSoundContext()
	if err != nil {
		s.log.Debug("no sound system", "err", err)
		return nil, nil
	}
	defer ctx.Free()
	defer ctx.Uninit()
	devices, err := soundDevices(ctx, kind)
	if err != nil {
		return nil, fmt.Errorf("device: list sound devices: %w", err)
	}
	var infos []media.DeviceInfo
	for _, d := range devices {
		infos = append(infos, d.DeviceInfo)
	}
	return infos, nil
}

// Microphones implements media.Devices; the list is empty when there are none.
func (s *Set) Microphones() ([]media.DeviceInfo, error) { return s.listSound(malgo.Capture) }

// Speakers implements media.Devices; the list is empty when there are none.
func (s *Set) Speakers() ([]media.DeviceInfo, error) { return s.listSound(malgo.Playback) }

// stream is an open sound device which calls back on the driver's thread.
type stream struct {
	log     *slog.Logger
	name    string
	ctx     *malgo.AllocatedContext
	device  *malgo.Device
	stopped chan struct{} // closed when the device stops by itself
}

// openStream opens and starts the device with this ID, or with this label, or the default one.
// transfer gets or fills mono samples at SampleRate, on the driver's thread: it must not block.
func (s *Set) openStream(kind malgo.DeviceType, name string, transfer func(pcm []int16)) (*stream, error) {
	type result struct {
		*stream
		error
	}
	opened := make(chan result) // no room: who gives up waiting leaves the closing to us
	gaveUp := make(chan struct{})
	go func() {
		st, err := s.startStream(kind, name, transfer)
		select {
		case opened <- result{st, err}:
		case <-gaveUp:
			if st != nil {
				st.close()
			}
		}
	}()
	timer := time.NewTimer(openWait)
	defer timer.Stop()
	select {
	case r := <-opened:
		return r.stream, r.error
	case <-timer.C:
		close(gaveUp)
		return nil, errors.New("the sound system does not answer")
	}
}

// startStream does the work of openStream, however long it takes.
func (s *Set) startStream(kind malgo.DeviceType, name string, transfer func(pcm []int16)) (*stream, error) {
	ctx, err := newSoundContext()
	if err != nil {
		return nil, fmt.Errorf("%w: %w", ErrNoDevice, err)
	}
	st := &stream{log: s.log, name: cmp.Or(name, "default"), ctx: ctx, stopped: make(chan struct{})}
	if err := st.init(kind, name, transfer); err != nil {
		st.close()
		return nil, err
	}
	if err := st.device.Start(); err != nil {
		st.close()
		return nil, err
	}
	return st, nil
}

func (st *stream) init(kind malgo.DeviceType, name string, transfer func(pcm []int16)) error {
	devices, err := soundDevices(st.ctx, kind)
	if err != nil {
		return err
	}
	if len(devices) == 0 {
		return ErrNoDevice
	}
	config := malgo.DefaultDeviceConfig(kind)
	config.SampleRate = media.SampleRate
	config.PeriodSizeInMilliseconds = soundPeriod
	config.Capture.Format, config.Capture.Channels = malgo.FormatS16, 1
	config.Playback.Format, config.Playback.Channels = malgo.FormatS16, 1
	config.Alsa.NoMMap = 1 // not every plug-in can
	if name != "" {
		i := slices.IndexFunc(devices, func(d soundDevice) bool { return d.ID == name || d.Label == name })
		if i < 0 {
			return ErrNoDevice
		}
		var pin runtime.Pinner // the configuration goes to C with a pointer to the identifier in it
		defer pin.Unpin()
		pin.Pin(&devices[i].id)
		config.Capture.DeviceID = unsafe.Pointer(&devices[i].id)
		config.Playback.DeviceID = config.Capture.DeviceID
	}
	st.device, err = malgo.InitDevice(st.ctx.Context, config, malgo.DeviceCallbacks{
		Data: func(output, input []byte, _ uint32) {
			if kind == malgo.Playback {
				transfer(samples(output))
			} else {
				transfer(samples(input))
			}
		},
		Stop: sync.OnceFunc(func() { close(st.stopped) }),
	})
	return err
}

// samples sees bytes of the driver as the samples that they are; drivers align them.
func samples(b []byte) []int16 {
	if len(b) < 2 {
		return nil
	}
	return unsafe.Slice((*int16)(unsafe.Pointer(&b[0])), len(b)/2)
}

// close stops the device and waits for that, but not for ever. No callback comes afterwards.
func (st *stream) close() {
	closed := make(chan struct{})
	// This goroutine is left behind if miniaudio hangs: there is no way to free the device then.
	go func() {
		defer close(closed)
		if st.device != nil {
			st.device.Uninit()
		}
		if err := st.ctx.Uninit(); err != nil {
			st.log.Debug("sound context", "err", err)
		}
		st.ctx.Free()
	}()
	timer := time.NewTimer(uninitWait)
	defer timer.Stop()
	select {
	case <-closed:
	case <-timer.C:
		st.log.Warn("sound device does not close, left behind", "device", st.name)
	}
}
