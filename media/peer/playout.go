package peer

import (
	"slices"
	"time"

	"parlor/media"
)

// samplesPerMS converts: all times of a playout are in samples at 48 kHz.
const samplesPerMS = media.SampleRate / 1000

const frame = int64(media.FrameSamples)

const (
	playoutWindow  = 64                   // packets held at most, 1.28 s; when full the oldest is dropped
	playoutHistory = 256                  // packets, 5 s, over which delay is measured
	playoutMargin  = 20 * samplesPerMS    // on top of the 97th percentile of delay
	fecMargin      = 20 * samplesPerMS    // more when packets are lost: the next packet repeats the lost one
	startMargin    = 20 * samplesPerMS    // more while little is known about the path
	startHistory   = 50                   // packets until then
	fecLoss        = 0.01                 // loss from which on fecMargin is worth its delay
	lossMemory     = 1.0 / 256            // weight of one packet in the measured loss
	longestDelay   = 500 * samplesPerMS   // more than people bear: what comes later counts as lost
	flushLimit     = 300 * samplesPerMS   // later than this: drop packets instead of playing faster
	stretchStart   = 20 * samplesPerMS    // off target by so much: stretch
	stretchEnd     = 5 * samplesPerMS     // until so near
	newStream      = 3 * media.SampleRate // a jump of the transit time which no network makes
	maxStartWait   = 1 * media.SampleRate // a packet that claims to be due later is wrong
	maxConceal     = 10                   // packets lost in a row that are concealed one by one
	pullHistory    = 10                   // pulls over which the delay is judged: drivers pull in bursts
	staleAudio     = 16                   // consecutive packets from before the window: a new sequence
)

// step is what a voice plays next.
type step uint8

const (
	stepWait    step = iota // nothing is due: pause of the speaker, or the packet has not come yet
	stepPlay                // decode the packet
	stepFEC                 // decode the redundancy in the packet
	stepConceal             // the packet is lost: guess
)

// stretch is the wish to play faster or slower.
type stretch int8

const (
	slower stretch = -1
	asIs   stretch = 0
	faster stretch = 1
)

// playoutStats counts what a playout did.
type playoutStats struct {
	received, expected uint64 // packets
	concealed          uint64 // frames guessed, or waited for
	late, dropped      uint64 // packets that came after their turn; thrown away to catch up
	recovered          uint64 // frames from the redundancy of the next packet
}

type soundPacket struct {
	used bool
	time int64 // RTP time, extended
	data []byte
}

// playout decides when each packet of one voice is played. Its delay follows the path: the 97th
// percentile of what packets took in the last 5 s, and a margin. It is pure: the caller gives the
// time, decodes and stretches. Not safe for concurrent use.
//
// The position in the stream only moves when a frame is played or given up as lost. A frame that
// has not come although nothing newer has is waited for, which makes the delay longer: that is how
// a sudden rise of delay costs only its own length. A rise of the RTP time without a missing
// sequence number is a pause of the speaker (DTX) and costs nothing.
type playout struct {
	slots      [playoutWindow]soundPacket
	started    bool
	next       int64 // extended sequence number to play next
	newest     int64
	newestTime int64 // extended RTP time of the newest packet
	positioned bool  // position is valid
	position   int64 // RTP time of the next frame to play
	waited     int   // frames of silence since the last frame, while nothing was there
	stale      int

	transits  [playoutHistory]int64 // arrival - RTP time
	measured  int                   // packets ever put in transits
	transit   int64                 // of the newest packet
	fastest   int64                 // least of transits
	slow      int64                 // 97th percentile of transits
	scratch   [playoutHistory]int64
	loss      float64
	delays    [pullHistory]int64 // now - position, at the last pulls
	pulls     int
	stretched stretch
	stats     playoutStats
}

// reset forgets the stream but not the counters.
func (p *playout) reset() {
	for i := range p.slots {
		p.slots[i].used = false
	}
	p.started, p.positioned, p.waited, p.stale = false, false, 0, 0
	p.measured, p.loss, p.pulls, p.stretched = 0, 0, 0, asIs
}

// push takes a packet which came at now; it copies data. It returns false for one that came twice.
func (p *playout) push(sequence uint16, timestamp uint32, data []byte, now time.Duration) bool {
	at := samples(now)
	if !p.started {
		p.start(sequence, timestamp, at)
	}
	seq := p.newest + int64(int16(sequence-uint16(p.newest)))
	rtpTime := p.newestTime + int64(int32(timestamp-uint32(p.newestTime)))
	if jump := at - rtpTime - p.transit; jump > newStream || jump < -newStream {
		p.reset()
		p.start(sequence, timestamp, at)
		seq, rtpTime = p.newest, p.newestTime
	}
	if seq < p.next {
		return p.pushStale(sequence, timestamp, data, now)
	}
	p.stale = 0
	if !p.store(seq, rtpTime, data) {
		return false
	}
	p.measure(at - rtpTime)
	return true
}

func (p *playout) start(sequence uint16, timestamp uint32, at int64) {
	p.started = true
	p.next = int64(sequence) + 1<<16
	p.newest = p.next - 1
	p.newestTime = int64(timestamp) + 1<<32
	p.transit = at - p.newestTime
}

// pushStale counts a packet whose turn is over, and starts anew when they do not end.
func (p *playout) pushStale(sequence uint16, timestamp uint32, data []byte, now time.Duration) bool {
	p.stale++
	if p.stale >= staleAudio {
		p.reset()
		return p.push(sequence, timestamp, data, now)
	}
	p.stats.late++
	p.stats.received++
	return true
}

// store keeps a packet until its turn, and updates loss.
func (p *playout) store(seq, rtpTime int64, data []byte) bool {
	if seq-p.next >= playoutWindow {
		p.dropTo(seq - playoutWindow + 1)
	}
	slot := &p.slots[seq%playoutWindow]
	if slot.used {
		return false
	}
	for p.newest < seq { // expected, and until it comes, lost
		p.newest++
		p.stats.expected++
		p.loss += (1 - p.loss) * lossMemory
	}
	p.loss = max(0, p.loss-lossMemory)
	p.newestTime = max(p.newestTime, rtpTime)
	p.stats.received++
	slot.used, slot.time = true, rtpTime
	slot.data = append(slot.data[:0], data...)
	return true
}

// dropTo throws away what lies before seq: nobody pulls, or far too slowly.
func (p *playout) dropTo(seq int64) {
	for i := max(p.next, seq-playoutWindow); i < seq; i++ {
		slot := &p.slots[i%playoutWindow]
		if slot.used {
			slot.used = false
			p.stats.dropped++
		}
	}
	if seq > p.newest+1 { // a gap wider than the window
		p.stats.expected += uint64(seq - p.newest - 1)
		p.newest = seq - 1
	}
	p.next, p.positioned = seq, false
}

// measure notes the transit time of a packet.
func (p *playout) measure(transit int64) {
	p.transit = transit
	p.transits[p.measured%playoutHistory] = transit
	p.measured++
	if p.measured > startHistory && p.measured%8 != 0 {
		return // sorting 256 numbers for each packet of 32 voices would cost a percent of a core
	}
	n := min(p.measured, playoutHistory)
	sorted := p.scratch[:n]
	copy(sorted, p.transits[:n])
	slices.Sort(sorted)
	p.fastest = sorted[0]
	p.slow = sorted[(n*97+99)/100-1]
}

// discard takes everything as played, where nothing is.
func (p *playout) discard() {
	for i := range p.slots {
		p.slots[i].used = false
	}
	p.next = p.newest + 1
}

// target is the delay to keep: the difference between now and the RTP time of what is played.
func (p *playout) target() int64 {
	t := p.slow + playoutMargin
	if p.loss > fecLoss {
		t += fecMargin
	}
	if p.measured < startHistory {
		t += startMargin
	}
	return min(t, p.fastest+longestDelay)
}

// step tells what to play at now, with the packet it needs, which is valid until the next push.
func (p *playout) step(now time.Duration) (step, []byte) {
	if !p.started {
		return stepWait, nil
	}
	at := samples(now)
	for {
		head := &p.slots[p.next%playoutWindow]
		if head.used {
			return p.playHead(head, at)
		}
		if p.newest <= p.next {
			return p.wait()
		}
		behind := p.next + 1
		for !p.slots[behind%playoutWindow].used && behind < p.newest {
			behind++
		}
		after := &p.slots[behind%playoutWindow]
		if p.positioned && behind-p.next <= maxConceal && after.time > p.position {
			return p.playLost(after.data, behind, at)
		}
		p.next = behind // too much is missing to guess, or nothing is: go on behind it
	}
}

// playHead plays the packet whose turn it is, or waits when it follows a pause and is not due.
func (p *playout) playHead(head *soundPacket, at int64) (step, []byte) {
	pause := !p.positioned || head.time > p.position+frame/2
	if early := p.target() - (at - head.time); pause && early > 0 && early < maxStartWait {
		return stepWait, nil
	}
	if !pause {
		p.stats.concealed += uint64(p.waited) // it was no pause, the packet was slow
	}
	p.waited = 0
	head.used = false
	p.next++
	p.positioned, p.position = true, head.time+frame
	return stepPlay, head.data
}

// playLost replaces the missing packet at next, of which behind is the first that has come.
func (p *playout) playLost(data []byte, behind, at int64) (step, []byte) {
	nextHasCome := behind == p.next+1
	if !nextHasCome && at-p.position < p.target()-stretchStart {
		return p.wait() // it is not late yet
	}
	p.next++
	p.position += frame
	p.stats.concealed += uint64(p.waited)
	p.waited = 0
	if nextHasCome {
		p.stats.recovered++
		return stepFEC, data
	}
	p.stats.concealed++
	return stepConceal, nil
}

func (p *playout) wait() (step, []byte) {
	if p.positioned {
		p.waited++
	}
	return stepWait, nil
}

// control tells how to play at now, when so many decoded samples are still to be played, and drops
// packets when the delay is hopeless. Call it once before each pull of 20 ms.
func (p *playout) control(now time.Duration, decoded int) stretch {
	if !p.positioned || p.waited > 0 {
		p.pulls, p.stretched = 0, asIs
		return asIs
	}
	p.delays[p.pulls%pullHistory] = samples(now) - p.position + int64(decoded)
	p.pulls++
	if p.pulls < pullHistory {
		return asIs
	}
	off := slices.Min(p.delays[:]) - p.target()
	switch {
	case off > flushLimit:
		p.flush(off)
	case off > stretchStart:
		p.stretched = faster
	case off < -stretchStart:
		p.stretched = slower
	case off < stretchEnd && p.stretched == faster, off > -stretchEnd && p.stretched == slower:
		p.stretched = asIs
	}
	return p.stretched
}

// flush drops packets worth so many samples, except the newest.
func (p *playout) flush(off int64) {
	for ; off >= frame && p.next < p.newest; off -= frame {
		slot := &p.slots[p.next%playoutWindow]
		if slot.used {
			slot.used = false
			p.stats.dropped++
		}
		p.next++
		p.position += frame
	}
	p.pulls, p.stretched = 0, asIs
}

// shift tells that stretching removed (negative) or added so many samples. The delays measured
// so far are corrected, so that the next decision does not wait for new ones.
func (p *playout) shift(added int) {
	for i := range p.delays {
		p.delays[i] += int64(added)
	}
}

// delay is how much longer than the fastest packet's way sound is held back.
func (p *playout) delay() time.Duration {
	if p.pulls == 0 {
		if p.measured == 0 {
			return 0
		}
		return duration(p.target() - p.fastest)
	}
	return duration(p.delays[(p.pulls-1)%pullHistory] - p.fastest)
}

func samples(d time.Duration) int64 { return int64(d) * samplesPerMS / int64(time.Millisecond) }

func duration(samples int64) time.Duration {
	return time.Duration(samples) * time.Millisecond / samplesPerMS
}
