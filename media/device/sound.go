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

// How often the sound driver calls, in ms. A microphone waits for its caller if need be; a speaker
// that is answered late crackles, and is asked for frames of 20 ms anyway.
const (
	microphonePeriod = 10
	speakerPeriod    = 20
)

// openWait bounds how long opening a sound device may take, a hanging sound server included.
const openWait = 5 * time.Second

// uninitWait bounds how long closing a sound device may take: when the sound server has died,
// miniaudio waits for it for ever.
const uninitWait = time.Second

// soundSystem is a connection to the sound system of the machine.
type soundSystem struct {
	*malgo.AllocatedContext
	backend malgo.Backend
}

// openSoundSystem connects to the first sound system that the machine has; its caller closes it.
//
// There is no connection for the life of the program, because one that lost its server stays
// dead. miniaudio's null backend, its last resort, is left out: a device that swallows
// everything is no device.
func openSoundSystem() (soundSystem, error) {
	for _, backend := range []malgo.Backend{
		malgo.BackendWasapi, malgo.BackendDsound, malgo.BackendWinmm, malgo.BackendCoreaudio, malgo.BackendSndio,
		malgo.BackendAudio4, malgo.BackendOss, malgo.BackendPulseaudio, malgo.BackendAlsa, malgo.BackendJack,
	} {
		if ctx, err := malgo.InitContext([]malgo.Backend{backend}, malgo.ContextConfig{}, nil); err == nil {
			return soundSystem{ctx, backend}, nil
		}
	}
	return soundSystem{}, fmt.Errorf("%w: no sound system", ErrNoDevice)
}

func (sys soundSystem) close() error {
	err := sys.Uninit()
	sys.Free()
	return err
}

// soundDevice is one entry of a list.
type soundDevice struct {
	media.DeviceInfo
	id malgo.DeviceID
}

// devices lists the devices of a kind, the default one first.
func (sys soundSystem) devices(kind malgo.DeviceType) ([]soundDevice, error) {
	infos, err := sys.Devices(kind)
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
		if sys.backend == malgo.BackendAlsa && isPlugin(d.ID) {
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

// isPlugin tells the entries of ALSA's list that are no devices but rate converters and the like.
// One of them is "null", which has no pace: it would spin.
func isPlugin(id string) bool {
	return id != "default" && !strings.Contains(id, ":") // cards are ":0,0"
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
	sys, err := openSoundSystem()
	if err != nil {
		return nil, nil
	}
	devices, err := sys.devices(kind)
	if err := errors.Join(err, sys.close()); err != nil {
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
	system  soundSystem
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
	sys, err := openSoundSystem()
	if err != nil {
		return nil, err
	}
	st := &stream{log: s.log, name: cmp.Or(name, "default"), system: sys, stopped: make(chan struct{})}
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
	devices, err := st.system.devices(kind)
	if err != nil {
		return err
	}
	if len(devices) == 0 {
		return ErrNoDevice
	}
	config := malgo.DefaultDeviceConfig(kind)
	config.SampleRate = media.SampleRate
	config.PeriodSizeInMilliseconds = microphonePeriod
	if kind == malgo.Playback {
		config.PeriodSizeInMilliseconds = speakerPeriod
	}
	config.Capture.Format, config.Capture.Channels = malgo.FormatS16, 1
	config.Playback.Format, config.Playback.Channels = malgo.FormatS16, 1
	config.Alsa.NoMMap = 1 // not every plug-in can
	if name != "" {
		i := slices.IndexFunc(devices, func(d soundDevice) bool { return d.ID == name || d.Label == name })
		if i < 0 {
			return ErrNoDevice
		}
		// The configuration goes to C with a pointer to the identifier in it.
		id := devices[i].id
		var pin runtime.Pinner
		defer pin.Unpin()
		pin.Pin(&id)
		config.Capture.DeviceID = unsafe.Pointer(&id)
		config.Playback.DeviceID = unsafe.Pointer(&id)
	}
	st.device, err = malgo.InitDevice(st.system.Context, config, malgo.DeviceCallbacks{
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
		if err := st.system.close(); err != nil {
			st.log.Debug("sound system does not close", "err", err)
		}
	}()
	timer := time.NewTimer(uninitWait)
	defer timer.Stop()
	select {
	case <-closed:
	case <-timer.C:
		st.log.Warn("sound device does not close, left behind", "device", st.name)
	}
}
