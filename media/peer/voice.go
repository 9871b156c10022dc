package peer

import (
	"log/slog"
	"sync"
	"time"

	"github.com/pion/rtp"

	"parlor/media"
)

// fadeFrames is how many frames the decoder goes on guessing while nothing comes; it fades out
// meanwhile. After them silence is played.
const fadeFrames = 5

// voice is the sound of one remote user: packets come in on the section's goroutine, and the Mixer pulls
// 20 ms frames. Decoding happens on the pulling goroutine: it takes 0.04 ms, and no other place knows as late
// whether a packet is really missing.
type voice struct {
	*remoteBase
	mixer *Mixer // nil: nothing is decoded

	mu      sync.Mutex
	from    *assignment
	queue   playout
	meter   media.LevelMeter
	levels  bool // packets carry levels
	decoder media.AudioDecoder
	fifo    []int16 // decoded, not yet played; less than 3 frames
	silent  int     // frames in a row without a packet
	broken  bool    // no decoder can be had
}

func newVoice(base *remoteBase, mixer *Mixer) *voice {
	if base.codecs == nil {
		mixer = nil
	}
	return &voice{remoteBase: base, mixer: mixer, fifo: make([]int16, 0, 4*media.FrameSamples)}
}

// start lets the voice be heard.
func (v *voice) start() {
	v.active.Store(true)
	if v.mixer != nil {
		v.mixer.add(v)
	}
}

// stop silences the voice. Its counters stay.
func (v *voice) stop() {
	v.active.Store(false)
	if v.mixer != nil {
		v.mixer.remove(v)
	}
}

// release gives the decoder back; the voice can start again.
func (v *voice) release() {
	v.mu.Lock()
	defer v.mu.Unlock()
	if v.decoder != nil {
		v.decoder.Close()
	}
	v.decoder, v.from, v.broken = nil, nil, false
	v.fifo = v.fifo[:0]
	v.queue.reset()
}

// push takes one packet on the section's goroutine.
func (v *voice) push(from *assignment, packet *rtp.Packet, now time.Duration) {
	v.mu.Lock()
	defer v.mu.Unlock()
	if !v.active.Load() {
		return
	}
	if v.from != from {
		v.from = from
		v.queue.reset()
		v.arrival.reset()
	}
	v.arrival.add(packet, media.SampleRate, now)
	if id := from.section.levelID; id != 0 {
		var level rtp.AudioLevelExtension
		if b := packet.GetExtension(id); level.Unmarshal(b) == nil {
			v.levels = true
			v.meter.Add(level.Level, now)
		}
	}
	if len(packet.Payload) == 0 {
		return // padding; its sequence number is concealed for 20 ms, which is rare
	}
	fresh := v.queue.push(packet.SequenceNumber, packet.Timestamp, packet.Payload, now)
	if v.mixer == nil {
		v.queue.discard()
	}
	if fresh && v.recorder != nil {
		v.recorder.RecordAudio(v.userID, v.source, packet.Payload, packet.Timestamp)
	}
}

// pull fills pcm with the next 20 ms; it returns false when that is silence. On the goroutine of the speaker.
func (v *voice) pull(pcm []int16, now time.Duration) bool {
	v.mu.Lock()
	defer v.mu.Unlock()
	if v.broken || !v.queue.started || !v.open() {
		return false
	}
	want := v.queue.control(now, len(v.fifo))
	sounds := len(v.fifo) > 0
	for len(v.fifo) < len(pcm) {
		sounds = v.decode(now) || sounds
	}
	if want == faster && len(v.fifo) < 3*media.FrameSamples/2 {
		v.decode(now)
	}
	v.stretch(want)
	for len(v.fifo) < len(pcm) {
		v.decode(now)
	}
	copy(pcm, v.fifo)
	v.fifo = v.fifo[:copy(v.fifo, v.fifo[len(pcm):])]
	if sounds && !v.levels {
		v.meter.Add(media.AudioLevel(pcm), now)
	}
	return sounds
}

// open makes the decoder.
func (v *voice) open() bool {
	if v.decoder != nil {
		return true
	}
	decoder, err := v.codecs.NewAudioDecoder()
	if err != nil {
		v.broken = true
		v.log.Error("no audio decoder", "user", v.userID, "err", err)
		return false
	}
	v.decoder = decoder
	return true
}

// decode appends one frame to the fifo; it returns false when the frame is silence.
func (v *voice) decode(now time.Duration) bool {
	n := len(v.fifo)
	v.fifo = v.fifo[:n+media.FrameSamples]
	pcm := v.fifo[n:]
	what, packet := v.queue.step(now)
	if what != stepWait {
		v.silent = 0
	}
	var err error
	switch what {
	case stepPlay:
		err = v.decoder.Decode(packet, pcm)
	case stepFEC:
		err = v.decoder.DecodeFEC(packet, pcm)
	case stepConceal:
		err = v.decoder.Conceal(pcm)
	case stepWait:
		v.silent++
		if v.silent > fadeFrames || !v.queue.positioned {
			clear(pcm)
			return false
		}
		err = v.decoder.Conceal(pcm)
	}
	if err != nil {
		clear(pcm)
		v.log.Debug("sound not decoded", "user", v.userID, "err", err)
	}
	return true
}

// stretch shortens or lengthens what is in the fifo by a few milliseconds when the delay is to change.
func (v *voice) stretch(want stretch) {
	var changed int
	switch want {
	case faster:
		v.fifo, changed = removePeriod(v.fifo, false)
		v.queue.shift(-changed)
	case slower:
		v.fifo, changed = repeatPeriod(v.fifo, false)
		v.queue.shift(changed)
	}
}

// stats returns the counters.
func (v *voice) stats(now time.Duration) TrackStats {
	v.mu.Lock()
	defer v.mu.Unlock()
	s := v.base()
	q := v.queue.stats
	s.Lost = q.expected - min(q.expected, q.received)
	s.Dropped = q.late + q.dropped
	s.Concealed = q.concealed
	s.Level = v.meter.Level(now)
	if v.mixer != nil {
		s.DelayMS = v.queue.delay().Seconds() * 1000
	}
	return s
}

// remoteBase is what voices and videos have in common.
type remoteBase struct {
	liveness
	userID   string
	source   media.Source
	codecs   media.Codecs
	recorder media.Recorder
	log      *slog.Logger
	arrival  arrival
}

func (r *remoteBase) base() TrackStats {
	return TrackStats{
		UserID: r.userID, Source: r.source,
		Packets: r.arrival.packets, Bytes: r.arrival.bytes, JitterMS: r.arrival.jitterMS,
	}
}

func (r *remoteBase) kind() media.Kind { return r.source.Kind() }
