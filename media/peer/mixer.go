package peer

import (
	"slices"
	"sync"
	"time"

	"parlor/media"
)

// The limiter keeps the sum of many voices below full scale.
const (
	limit        = 30000        // of 32767
	limitRecover = 1.01         // per 20 ms: back from half the volume within 1.4 s
	limitAhead   = samplesPerMS // how long before it is played the limiter knows a sample
)

const (
	maxSounds    = 4           // of Play at once: a fifth one replaces the oldest, which is counted
	soundExpires = time.Second // a sound that no speaker asked for by then has missed its moment
)

// Mixer adds all voices, and the short sounds of the program, into what the speaker plays. It implements
// media.AudioReader. It outlives Peers: one Mixer serves all connections of a program.
type Mixer struct {
	mu     sync.Mutex
	voices []*voice
	gains  map[string]float64 // by user; 1 is not kept
	sounds []sound            // up to maxSounds, oldest first
	muted  bool

	sum      [limitAhead + media.FrameSamples]float32 // the end of the last frame, which was not played yet, and this one
	one      [media.FrameSamples]int16                // one voice
	mixed    [media.FrameSamples]int16
	left     int     // samples at the end of mixed which were not read yet
	volume   float32 // of the limiter, 0..1
	limited  uint64  // frames that the limiter made quieter
	replaced uint64  // sounds that were not played to their end
}

// sound is what is left to play of one Play.
type sound struct {
	pcm     []int16
	expires time.Duration // when it is too late to begin; 0: it has begun
}

// NewMixer returns a Mixer without voices: it plays silence.
func NewMixer() *Mixer { return &Mixer{gains: make(map[string]float64), volume: 1} }

// SetGain sets the gain of all sound of a user, voice and shared screen, 0..2; 1 is as sent. It may be set before the user is
// heard.
func (m *Mixer) SetGain(userID string, gain float64) {
	m.mu.Lock()
	defer m.mu.Unlock()
	if gain == 1 {
		delete(m.gains, userID)
		return
	}
	m.gains[userID] = min(max(gain, 0), 2)
}

// SetMuted silences everything. Voices and sounds go on, so that they are in time afterwards.
func (m *Mixer) SetMuted(muted bool) {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.muted = muted
}

// Limited returns how many frames of 20 ms were made quieter because the voices together were too loud.
func (m *Mixer) Limited() uint64 {
	m.mu.Lock()
	defer m.mu.Unlock()
	return m.limited
}

// Play mixes in a short sound (mono, media.SampleRate), once, from the next frame on. pcm must not be changed afterwards. Four
// sounds are heard at once; a fifth one replaces the oldest. Without a speaker the sound is forgotten after a second.
func (m *Mixer) Play(pcm []int16) {
	if len(pcm) == 0 {
		return
	}
	now := media.Now()
	m.mu.Lock()
	defer m.mu.Unlock()
	m.expire(now)
	if len(m.sounds) == maxSounds {
		m.sounds = slices.Delete(m.sounds, 0, 1)
		m.replaced++
	}
	m.sounds = append(m.sounds, sound{pcm: pcm, expires: now + soundExpires})
}

// Replaced returns how many sounds of Play were cut off by a newer one.
func (m *Mixer) Replaced() uint64 {
	m.mu.Lock()
	defer m.mu.Unlock()
	return m.replaced
}

// expire forgets the sounds that nobody played in time.
func (m *Mixer) expire(now time.Duration) {
	m.sounds = slices.DeleteFunc(m.sounds, func(s sound) bool { return s.expires != 0 && now > s.expires })
}

func (m *Mixer) add(v *voice) {
	m.mu.Lock()
	defer m.mu.Unlock()
	if !slices.Contains(m.voices, v) {
		m.voices = append(m.voices, v)
	}
}

func (m *Mixer) remove(v *voice) {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.voices = slices.DeleteFunc(m.voices, func(w *voice) bool { return w == v })
}

// ReadPCM fills pcm with the next samples; it never waits for the network.
func (m *Mixer) ReadPCM(pcm []int16) {
	m.mu.Lock()
	defer m.mu.Unlock()
	for len(pcm) > 0 {
		if m.left == 0 {
			m.mix()
			m.left = len(m.mixed)
		}
		n := copy(pcm, m.mixed[len(m.mixed)-m.left:])
		m.left -= n
		pcm = pcm[n:]
	}
}

// mix makes the next 20 ms.
func (m *Mixer) mix() {
	now := media.Now()
	copy(m.sum[:], m.sum[media.FrameSamples:])
	sum := m.sum[limitAhead:]
	clear(sum)
	for _, v := range m.voices {
		if !v.pull(m.one[:], now) {
			continue
		}
		gain := float32(1)
		if g, ok := m.gains[v.userID]; ok {
			gain = float32(g)
		}
		for i, s := range m.one {
			sum[i] += gain * float32(s)
		}
	}
	m.addSounds(sum, now)
	if m.muted {
		clear(m.sum[:])
	}
	m.limit()
}

// addSounds adds the next 20 ms of the sounds of Play.
func (m *Mixer) addSounds(sum []float32, now time.Duration) {
	m.expire(now)
	for i := range m.sounds {
		s := &m.sounds[i]
		n := min(len(s.pcm), len(sum))
		for j, v := range s.pcm[:n] {
			sum[j] += float32(v)
		}
		s.pcm, s.expires = s.pcm[n:], 0
	}
	m.sounds = slices.DeleteFunc(m.sounds, func(s sound) bool { return len(s.pcm) == 0 })
}

// limit turns the sum into samples. It turns the volume down within the millisecond before what is too loud is
// played, and slowly up again, so that nothing is ever cut off.
func (m *Mixer) limit() {
	var peak float32
	for _, s := range m.sum[limitAhead:] {
		peak = max(peak, s, -s)
	}
	target := min(m.volume*limitRecover, 1)
	if peak*target > limit {
		target = limit / peak
		m.limited++
	}
	step := (target - m.volume) / limitAhead
	if target > m.volume {
		step = (target - m.volume) / media.FrameSamples
	}
	volume := m.volume
	for i := range m.mixed {
		if volume != target {
			volume += step
			if (step > 0) == (volume > target) {
				volume = target
			}
		}
		m.mixed[i] = int16(m.sum[i] * volume)
	}
	m.volume = target
}
