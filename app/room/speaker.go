package room

import (
	"context"
	"fmt"
	"io"
	"slices"
	"strings"
	"sync"
	"sync/atomic"

	"parlor/app/errno"
	"parlor/media"
	"parlor/media/peer"
)

// speaker is where the sound of a stay goes. Everything is under busy.
type speaker struct {
	busy     sync.Mutex
	chosen   string  // device name as in media.Devices
	earpiece bool    // the headset is used, if there is one
	stay     *stay   // whose sound it is; nil: nobody's, and out is nil
	out      *output // nil when no device opens
}

// output is one opening of a device. While one takes over from another, only the newer one pulls from the mixer: the other
// gets silence, so that no sound is played in halves.
type output struct {
	name   string
	mixer  *peer.Mixer
	on     atomic.Bool
	device io.Closer
}

// ReadPCM implements media.AudioReader.
func (o *output) ReadPCM(pcm []int16) {
	if o.on.Load() {
		o.mixer.ReadPCM(pcm)
		return
	}
	clear(pcm)
}

// SetAudioPlaybackDevice is setAudioPlaybackDevice (N-28, N-29); outside a room it is remembered.
func (c *Context) SetAudioPlaybackDevice(ctx context.Context, d PlaybackDevice) error {
	const api = "setAudioPlaybackDevice"
	done, gone := c.begin(api)
	if gone != nil {
		return gone
	}
	defer done()
	if d != Speakerphone && d != Earpiece {
		return errno.InvalidParam.Detail(api, fmt.Sprintf(`expect params.device to be one of "speakerphone", "earpiece", but got %.64s`, d), nil)
	}
	return c.speaker.set(c, api, func(s *speaker) { s.earpiece = d == Earpiece })
}

// set changes which device is used, now if sound is played, or leaves everything as it was.
func (s *speaker) set(c *Context, apiName string, change func(*speaker)) error {
	s.busy.Lock()
	defer s.busy.Unlock()
	chosen, earpiece := s.chosen, s.earpiece
	change(s)
	if s.stay == nil {
		return nil
	}
	list := c.speakers()
	name := s.device(list)
	if s.out != nil && resolve(list, name) == resolve(list, s.out.name) {
		return nil
	}
	if err := s.open(c, name); err != nil {
		c.log.Warn("the other speaker does not open", "name", name, "error", err)
		s.chosen, s.earpiece = chosen, earpiece
		return errno.Failed.In(apiName, errno.NativeNoPlayoutDevice, err)
	}
	return nil
}

// start plays the sound of a stay, if the machine can.
func (s *speaker) start(c *Context, of *stay) {
	if c.cfg.Kit.Codecs == nil || c.cfg.Kit.Devices == nil {
		return
	}
	s.busy.Lock()
	defer s.busy.Unlock()
	s.stay = of
	if err := s.open(c, s.device(c.speakers())); err != nil {
		c.log.Warn("no sound output", "error", err)
		c.loop.Post(func() { c.emit(SpeakerChanged{Err: err}) })
	}
}

// stop ends the sound of a stay, unless a later one has taken the speaker over.
func (s *speaker) stop(of *stay) {
	s.busy.Lock()
	defer s.busy.Unlock()
	if s.stay != of {
		return
	}
	if s.out != nil {
		s.out.device.Close()
	}
	s.stay, s.out = nil, nil
}

// open makes a device the one that plays and closes the one before. busy is held.
func (s *speaker) open(c *Context, name string) error {
	o := &output{name: name, mixer: c.mixer}
	device, err := c.cfg.Kit.Devices.OpenSpeaker(name, o, func(err error) {
		c.loop.Post(func() {
			if o.on.Load() {
				c.emit(SpeakerChanged{Err: err})
			}
		})
	})
	if err != nil {
		return err
	}
	o.device = device
	old := s.out
	if old != nil {
		old.on.Store(false)
	}
	o.on.Store(true)
	s.out = o
	if old != nil {
		old.device.Close()
	}
	c.loop.Post(func() { c.emit(SpeakerChanged{On: true}) })
	return nil
}

// speakers lists the devices, none when the machine does not tell.
func (c *Context) speakers() []media.DeviceInfo {
	list, err := c.cfg.Kit.Devices.Speakers()
	if err != nil {
		c.log.Warn("the devices are not known", "source", "speaker", "error", err)
	}
	return list
}

// device returns the name of the device to open. busy is held.
func (s *speaker) device(list []media.DeviceInfo) string {
	if !s.earpiece || s.chosen == "none" {
		return s.chosen
	}
	chosen := resolve(list, s.chosen)
	i := slices.IndexFunc(list, func(d media.DeviceInfo) bool { return d.ID != chosen && isHeadset(d.Label) })
	if i < 0 {
		return s.chosen
	}
	return list[i].ID
}

// isHeadset tells whether the name of an output is that of something worn at the ears.
func isHeadset(label string) bool {
	label = strings.ToLower(label)
	for _, word := range []string{"headset", "headphone", "earphone", "earpiece", "earbud", "airpod", "hands-free", "耳机"} {
		if strings.Contains(label, word) {
			return true
		}
	}
	return false
}
