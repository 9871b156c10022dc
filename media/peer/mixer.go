package peer

import (
	"slices"
	"sync"

	"parlor/media"
)

// The limiter keeps the sum of many voices below full scale.
const (
	limit        = 30000 // of 32767
	limitRecover = 1.01  // per 20 ms: back from half the volume within 1.4 s
)

// Mixer adds all voices into what the speaker plays. It implements media.AudioReader. It outlives Peers:
// one Mixer serves all connections of a program.
type Mixer struct {
	mu     sync.Mutex
	voices []*voice
	gains  map[string]float64 // by user; 1 is not kept
	muted  bool

	sum     [media.FrameSamples]float32
	one     [media.FrameSamples]int16 // one voice
	mixed   [media.FrameSamples]int16
	left    int     // samples at the end of mixed which were not read yet
	volume  float32 // of the limiter, 0..1
	limited uint64  // frames that the limiter made quieter
}

// NewMixer returns a Mixer without voices: it plays silence.
func NewMixer() *Mixer { return &Mixer{gains: make(map[string]float64), volume: 1} }

// SetGain sets the gain of a user's voice, 0..2; 1 is as sent. It may be set before the user is heard.
func (m *Mixer) SetGain(userID string, gain float64) {
	m.mu.Lock()
	defer m.mu.Unlock()
	if gain == 1 {
		delete(m.gains, userID)
		return
	}
	m.gains[userID] = min(max(gain, 0), 2)
}

// SetMuted silences everything. Voices go on being decoded, so that they are in time afterwards.
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
	clear(m.sum[:])
	for _, v := range m.voices {
		if !v.pull(m.one[:], now) {
			continue
		}
		gain := float32(1)
		if g, ok := m.gains[v.userID]; ok {
			gain = float32(g)
		}
		for i, s := range m.one {
			m.sum[i] += gain * float32(s)
		}
	}
	if m.muted {
		clear(m.mixed[:])
		return
	}
	m.limit()
}

// limit turns the sum into samples. It turns the volume down within a millisecond when the sum is too
// loud, and slowly up again; what is too loud within that millisecond is cut off.
func (m *Mixer) limit() {
	var peak float32
	for _, s := range m.sum {
		peak = max(peak, s, -s)
	}
	target := min(m.volume*limitRecover, 1)
	if peak*target > limit {
		target = limit / peak
		m.limited++
	}
	step := (target - m.volume) / samplesPerMS
	if target > m.volume {
		step = (target - m.volume) / media.FrameSamples
	}
	volume := m.volume
	for i, s := range m.sum {
		if volume != target {
			volume += step
			if (step > 0) == (volume > target) {
				volume = target
			}
		}
		m.mixed[i] = int16(min(max(s*volume, -32768), 32767))
	}
	m.volume = target
}
