package clip

import (
	"math"
	"math/rand/v2"

	"parlor/media"
)

// TestTone is a microphone that hears a voice: Speech with seed 0.
func TestTone() media.AudioSource {
	v := newVoice(0)
	return NewSound(v.fill)
}

// Speech returns the first n samples (media.SampleRate) of a voice that speaks no language: glottal
// pulses through formant filters, in syllables, phrases and pauses. Each seed is another
// person; the same seed says the same again.
func Speech(seed, n int) []int16 {
	pcm := make([]int16, n)
	newVoice(seed).fill(pcm)
	return pcm
}

// formants of some vowels, in Hz, of an average man (Peterson and Barney, 1952).
var formants = [...][3]float64{
	{730, 1090, 2440}, {530, 1840, 2480}, {270, 2290, 3010}, {570, 840, 2410},
	{300, 870, 2240}, {660, 1720, 2410}, {490, 1350, 1690}, {640, 1190, 2390},
}

const (
	voiceBlock     = media.SampleRate / 1000 // samples between changes of the filters: 1 ms
	voiceGain      = 0.3                     // makes some -20 dBov
	formantGlide   = 0.04                    // part of the way to the next vowel per block
	envelopeGlide  = 0.06                    // the same for loudness: some 15 ms
	phraseEndSink  = 0.15                    // how much the pitch falls over a phrase
	pitchJitter    = 0.01
	aspirationPart = 0.02 // of noise in a vowel
)

// bandwidths of the formants in Hz.
var bandwidths = [3]float64{70, 100, 160}

// voice is the state of a synthesiser.
type voice struct {
	rng        *rand.Rand
	pitch      float64 // Hz
	throat     float64 // factor on formants: shorter throats have higher ones
	tempo      float64 // factor on lengths
	syllables  int     // left in the phrase
	phrase     int     // syllables of the whole phrase
	left       int     // blocks of the sound being spoken
	voiced     bool
	loud, want float64 // envelope now, and where it goes
	at, target [3]float64
	resonators [3]resonator
	phase      float64 // of the glottis, 0..1
	period     float64 // samples
	flow       float64 // of the sample before
	block      int     // samples left in the block
}

func newVoice(seed int) *voice {
	rng := rand.New(rand.NewPCG(uint64(seed), 0x7a11c))
	high := seed%2 != 0 // every second voice is high
	v := &voice{rng: rng, pitch: 95 + 35*rng.Float64(), throat: 0.95 + 0.1*rng.Float64(), tempo: 0.85 + 0.3*rng.Float64()}
	if high {
		v.pitch, v.throat = 170+50*rng.Float64(), 1.12+0.1*rng.Float64()
	}
	v.at = formants[0]
	v.target = v.at
	v.period = media.SampleRate / v.pitch
	return v
}

func (v *voice) fill(pcm []int16) {
	for i := range pcm {
		if v.block == 0 {
			v.nextBlock()
			v.block = voiceBlock
		}
		v.block--
		x := v.excitation()
		for k := range v.resonators {
			x = v.resonators[k].next(x)
		}
		pcm[i] = int16(math.MaxInt16 * math.Tanh(voiceGain*v.loud*x))
	}
}

// nextBlock moves the mouth on by a millisecond.
func (v *voice) nextBlock() {
	if v.left--; v.left < 0 {
		v.nextSound()
	}
	v.loud += envelopeGlide * (v.want - v.loud)
	for k := range v.resonators {
		v.at[k] += formantGlide * (v.target[k] - v.at[k])
		v.resonators[k].tune(v.at[k]*v.throat, bandwidths[k])
	}
}

// nextSound chooses what is spoken next: a consonant before each vowel, a pause after each phrase.
func (v *voice) nextSound() {
	millis := func(from, to float64) int { return int((from + (to-from)*v.rng.Float64()) * v.tempo) }
	switch {
	case v.syllables == 0:
		v.phrase = 4 + v.rng.IntN(5)
		v.syllables = v.phrase
		v.want, v.left = 0, millis(300, 650)
	case !v.voiced:
		v.voiced = true
		v.syllables--
		v.target = formants[v.rng.IntN(len(formants))]
		v.want, v.left = 0.7+0.5*v.rng.Float64(), millis(110, 230)
	default:
		v.voiced = false
		v.want, v.left = 0.15, millis(30, 70)
	}
}

// excitation is one sample of what comes from the glottis: the derivative of the flow, which opens
// slowly and closes fast (Rosenberg, 1971), or a hiss.
func (v *voice) excitation() float64 {
	noise := v.rng.Float64() - 0.5
	if !v.voiced {
		return 0.5 * noise
	}
	const opening, closing = 0.4, 0.16 // parts of the period
	var flow float64
	switch t := v.phase; {
	case t < opening:
		flow = 0.5 * (1 - math.Cos(math.Pi*t/opening))
	case t < opening+closing:
		flow = math.Cos(math.Pi / 2 * (t - opening) / closing)
	}
	pulse := (flow - v.flow) * v.period / 16
	v.flow = flow
	if v.phase += 1 / v.period; v.phase >= 1 {
		v.phase--
		sink := phraseEndSink * float64(v.phrase-v.syllables) / float64(max(1, v.phrase))
		jitter := pitchJitter * (v.rng.Float64() - 0.5)
		v.period = media.SampleRate / (v.pitch * (1.08 - sink + jitter))
	}
	return pulse + aspirationPart*noise
}

// resonator is a filter with two poles and gain 1 at 0 Hz.
type resonator struct{ a, b, c, y1, y2 float64 }

func (r *resonator) tune(hz, bandwidth float64) {
	radius := math.Exp(-math.Pi * bandwidth / media.SampleRate)
	r.c = -radius * radius
	r.b = 2 * radius * math.Cos(2*math.Pi*hz/media.SampleRate)
	r.a = 1 - r.b - r.c
}

func (r *resonator) next(x float64) float64 {
	y := r.a*x + r.b*r.y1 + r.c*r.y2
	r.y1, r.y2 = y, r.y1
	return y
}
