package peer

import (
	"math"

	"parlor/media"
)

// Limits of what is cut out or repeated at once: one period of a voice between 67 and 400 Hz, or
// a piece of noise as long.
const (
	minPeriod = media.SampleRate / 400
	maxPeriod = media.SampleRate / 1000 * 15
	// decimation by which the search for the period is coarsened; voices have no pitch above 6 kHz.
	decimation = 4
	// matchLength is how many samples are compared.
	matchLength = media.SampleRate / 100
	// goodMatch is the correlation from which on a join is not heard.
	goodMatch = 0.6
	// quietPower is the mean square below which any join will do: about -50 dBov.
	quietPower = 100 * 100
)

// removePeriod returns sound, shortened by one period of it by cross-fading (WSOLA), and how many
// samples it lost. The result is in the same memory. Sound without a period stays as it is unless force is set.
func removePeriod(sound []int16, force bool) ([]int16, int) {
	period := findPeriod(sound, force)
	if period == 0 {
		return sound, 0
	}
	crossFade(sound[:period], sound[:period], sound[period:2*period])
	copy(sound[period:], sound[2*period:])
	return sound[:len(sound)-period], period
}

// repeatPeriod returns sound, made longer by one period, and how many samples it gained.
func repeatPeriod(sound []int16, force bool) ([]int16, int) {
	period := findPeriod(sound, force)
	if period == 0 {
		return sound, 0
	}
	n := len(sound)
	sound = append(sound, sound[n-period:]...)
	// Period A, then A again faded in from what follows it, then the rest as it was.
	copy(sound[2*period:], sound[period:n])
	crossFade(sound[period:2*period], sound[2*period:3*period], sound[:period])
	return sound, period
}

// crossFade fills dst with from, faded over into to; all have one length.
func crossFade(dst, from, to []int16) {
	n := int32(len(dst))
	for i := range dst {
		k := int32(i)
		dst[i] = int16((int32(from[i])*(n-k) + int32(to[i])*k) / n)
	}
}

// findPeriod returns how many samples after its start sound repeats itself best, 0 if nowhere
// well enough.
func findPeriod(sound []int16, force bool) int {
	longest := min(maxPeriod, len(sound)/2, len(sound)-matchLength)
	if longest < minPeriod {
		return 0
	}
	coarse := make([]float32, 0, 3*media.FrameSamples/decimation)
	for i := 0; i+decimation <= len(sound); i += decimation {
		sum := int32(0)
		for _, s := range sound[i : i+decimation] {
			sum += int32(s)
		}
		coarse = append(coarse, float32(sum)/decimation)
	}
	best, match, power := bestLag(coarse, minPeriod/decimation, longest/decimation)
	switch {
	case power < quietPower:
		return longest
	case match < goodMatch && !force:
		return 0
	}
	return best * decimation
}

// bestLag returns the lag at which sound correlates best with its start, the correlation (-1..1)
// and the mean square of the start.
func bestLag(sound []float32, shortest, longest int) (lag int, match, power float64) {
	const n = matchLength / decimation
	start := sound[:n]
	var energy float32
	for _, s := range start {
		energy += s * s
	}
	lag, match = shortest, -1
	for l := shortest; l <= longest; l++ {
		var dot, other float32
		for i, s := range sound[l : l+n] {
			dot += s * start[i]
			other += s * s
		}
		if c := float64(dot) / math.Sqrt(float64(energy)*float64(other)+1); c > match {
			lag, match = l, c
		}
	}
	return lag, match, float64(energy) / n
}
