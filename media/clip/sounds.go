package clip

import (
	"math"
	"sync"

	"parlor/media"
)

// Names of the short sounds by which the program tells what happens, for Sound.
const (
	SoundJoin         = "join"         // somebody came
	SoundLeave        = "leave"        // somebody left
	SoundKnock        = "knock"        // somebody waits to be let in
	SoundMessage      = "message"      // a message came
	SoundHand         = "hand"         // somebody raised a hand
	SoundMuted        = "muted"        // somebody else turned the own microphone off
	SoundShare        = "share"        // somebody began to share a screen
	SoundReconnecting = "reconnecting" // the connection is gone
	SoundReconnected  = "reconnected"  // the connection is back
)

// note is one stroke of a soft bell.
type note struct {
	at, hz float64 // seconds from the start, pitch
	length float64 // seconds until it has faded away
	loud   float64 // part of full scale
}

// Pitches in Hz, equal temperament with A4 = 440 Hz.
const (
	pitchD4 = 293.66
	pitchG4 = 392.00
	pitchA4 = 440.00
	pitchC5 = 523.25
	pitchD5 = 587.33
	pitchE5 = 659.26
	pitchG5 = 783.99
	pitchA5 = 880.00
	pitchC6 = 1046.50
)

// score returns the notes of a sound: rising for what begins, falling for what ends; none for an unknown name.
func score(name string) []note {
	switch name {
	case SoundJoin:
		return []note{{0, pitchG4, 0.20, 0.10}, {0.09, pitchC5, 0.28, 0.10}}
	case SoundLeave:
		return []note{{0, pitchC5, 0.20, 0.09}, {0.09, pitchG4, 0.28, 0.09}}
	case SoundKnock:
		return []note{{0, pitchD4, 0.12, 0.16}, {0.15, pitchD4, 0.14, 0.16}}
	case SoundMessage:
		return []note{{0, pitchE5, 0.10, 0.07}, {0.05, pitchA5, 0.22, 0.08}}
	case SoundHand:
		return []note{{0, pitchC5, 0.14, 0.09}, {0.07, pitchE5, 0.16, 0.09}, {0.14, pitchG5, 0.24, 0.09}}
	case SoundMuted:
		return []note{{0, pitchA4, 0.14, 0.11}, {0.10, pitchD4, 0.26, 0.11}}
	case SoundShare:
		return []note{{0, pitchD5, 0.16, 0.08}, {0.08, pitchG5, 0.28, 0.08}}
	case SoundReconnecting:
		return []note{{0, pitchA4, 0.14, 0.10}, {0.16, pitchA4, 0.20, 0.08}}
	case SoundReconnected:
		return []note{{0, pitchD5, 0.12, 0.09}, {0.08, pitchA4, 0.12, 0.07}, {0.16, pitchD5, 0.22, 0.10}}
	}
	return nil
}

// Sound returns one of the sounds named above, quiet and at most 0.4 s long (media.SampleRate); nil for an unknown
// name. The samples are the caller's.
func Sound(name string) []int16 { return ring(score(name)) }

// Chime is what a speaker is tried with: a chord, note by note, of one second.
func Chime() *Playback {
	return NewPlayback(ring([]note{
		{0, pitchC5, 0.60, 0.13}, {0.13, pitchE5, 0.60, 0.13}, {0.26, pitchG5, 0.60, 0.13}, {0.39, pitchC6, 0.61, 0.15},
	}))
}

// Each note begins within noteAttack seconds, so that it does not click, and fades by noteFade nepers over its length. Its
// overtones fade faster the higher they are: that is what makes a bell of it.
const (
	noteAttack = 0.006
	noteFade   = 6.0
)

var overtones = [...]float64{1, 0.35, 0.12}

// ring mixes notes into samples.
func ring(notes []note) []int16 {
	if len(notes) == 0 {
		return nil
	}
	end := 0.0
	for _, n := range notes {
		end = max(end, n.at+n.length)
	}
	sum := make([]float64, int(math.Round(end*media.SampleRate)))
	for _, n := range notes {
		part := sum[int(n.at*media.SampleRate):]
		for i := range min(len(part), int(n.length*media.SampleRate)) {
			t := float64(i) / media.SampleRate
			// The last tenth goes to exactly nothing.
			shape := min(1, t/noteAttack) * min(1, 10*(1-t/n.length))
			v := 0.0
			for k, strength := range overtones {
				v += strength * math.Exp(-noteFade*float64(k+1)*t/n.length) * math.Sin(2*math.Pi*float64(k+1)*n.hz*t)
			}
			part[i] += n.loud * shape * v
		}
	}
	pcm := make([]int16, len(sum))
	for i, v := range sum {
		pcm[i] = int16(math.Round(math.MaxInt16 * min(max(v, -1), 1)))
	}
	return pcm
}

// playbackTail is how much silence follows a Playback before it counts as played: a speaker buffers some 64 ms, and what
// is in its buffer when it is closed is not heard.
const playbackTail = media.SampleRate / 5

// Playback plays samples once and is silent afterwards. It is what a speaker reads from; safe for concurrent use.
type Playback struct {
	done chan struct{} // closed when everything was played

	mu   sync.Mutex
	pcm  []int16 // not played yet
	tail int     // samples of silence still to play
}

// NewPlayback plays pcm (mono, media.SampleRate), which must stay unchanged.
func NewPlayback(pcm []int16) *Playback {
	return &Playback{pcm: pcm, tail: playbackTail, done: make(chan struct{})}
}

// Done is closed when everything was heard. Then the speaker can be closed.
func (p *Playback) Done() <-chan struct{} { return p.done }

// ReadPCM implements media.AudioReader.
func (p *Playback) ReadPCM(pcm []int16) {
	p.mu.Lock()
	defer p.mu.Unlock()
	n := copy(pcm, p.pcm)
	p.pcm = p.pcm[n:]
	clear(pcm[n:])
	if p.tail == 0 || len(pcm) == n {
		return
	}
	if p.tail = max(0, p.tail-(len(pcm)-n)); p.tail == 0 {
		close(p.done)
	}
}
