package peer

import (
	"log/slog"
	"math"
	"math/rand/v2"
	"slices"
	"testing"
	"time"

	"github.com/pion/rtp"

	"parlor/media"
	"parlor/media/mediatest"
)

// path is how a simulated network treats the packets of a voice.
type path struct {
	duration time.Duration
	loss     float64       // share of packets
	jitter   time.Duration // delays are spread evenly from 50 ms to this more
	drift    float64       // by how much the sender's clock is too fast
	step     time.Duration // all packets from the middle on take so much longer
	pause    time.Duration // of the speaker, each second second
	reorder  bool          // whether packets may overtake each other
}

// heard is what came out at the end.
type heard struct {
	concealed  float64 // per cent of the frames sent
	delay      time.Duration
	stretched  float64 // per cent of the frames pulled
	recovered  uint64
	dropped    uint64
	stats      playoutStats
	loudFrames int // pulled frames which were not silent
}

// simulate sends a tone over a path, without waiting: all clocks are the test's.
func simulate(t *testing.T, p path) heard {
	t.Helper()
	random := rand.New(rand.NewPCG(1, 2))
	v := newVoice(&remoteBase{userID: "u", source: media.Microphone, codecs: mediatest.Codecs{}, log: slog.Default()}, NewMixer())
	v.active.Store(true)
	from := &assignment{section: &section{}, remote: v}
	coming := p.packets(t, random)
	var out heard
	var total time.Duration
	var delays, pulls, touched int
	pcm := make([]int16, media.FrameSamples)
	for now := time.Duration(0); now < p.duration+200*time.Millisecond; now += media.FrameLength {
		for len(coming) > 0 && coming[0].at <= now {
			v.push(from, &coming[0].packet, coming[0].at)
			coming = coming[1:]
		}
		before := len(v.fifo)
		if v.pull(pcm, now) {
			out.loudFrames++
		}
		pulls++
		if (len(v.fifo)-before)%media.FrameSamples != 0 {
			touched++
		}
		if v.queue.positioned && v.queue.waited == 0 && now > 2*time.Second {
			total += v.queue.delay()
			delays++
		}
	}
	v.release()
	s := v.queue.stats
	out.stats, out.recovered, out.dropped = s, s.recovered, s.dropped
	out.concealed = 100 * float64(s.concealed) / float64(max(s.expected, 1))
	out.stretched = 100 * float64(touched) / float64(pulls)
	out.delay = total / time.Duration(max(delays, 1))
	return out
}

type coming struct {
	at     time.Duration
	packet rtp.Packet
}

// packets makes what arrives, in the order of arrival.
func (p path) packets(t *testing.T, random *rand.Rand) []coming {
	t.Helper()
	encoder, err := mediatest.Codecs{}.NewAudioEncoder(32000)
	if err != nil {
		t.Fatal(err)
	}
	defer encoder.Close()
	if err := encoder.SetPacketLoss(10); err != nil {
		t.Fatal(err)
	}
	var list []coming
	sequence, last := uint16(65000), time.Duration(0) // wraps in the course
	for i := 0; ; i++ {
		captured := time.Duration(float64(i) * float64(media.FrameLength) / (1 + p.drift))
		if captured > p.duration {
			break
		}
		pcm := make([]int16, media.FrameSamples)
		for k := range pcm {
			pcm[k] = int16(8000 * math.Sin(2*math.Pi*500*float64(i*media.FrameSamples+k)/media.SampleRate))
		}
		data, err := encoder.Encode(pcm)
		if err != nil {
			t.Fatal(err)
		}
		if p.pause > 0 && captured%(2*time.Second) < p.pause {
			continue // time passes, the sequence does not
		}
		sequence++
		at := captured + media.FrameLength + 50*time.Millisecond + time.Duration(random.Float64()*float64(p.jitter))
		if captured > p.duration/2 {
			at += p.step
		}
		if !p.reorder {
			at = max(at, last)
		}
		last = at
		if random.Float64() < p.loss {
			continue
		}
		list = append(list, coming{at: at, packet: rtp.Packet{
			Header:  rtp.Header{SequenceNumber: sequence, Timestamp: uint32(4294900000 + i*media.FrameSamples)},
			Payload: slices.Clone(data),
		}})
	}
	slices.SortStableFunc(list, func(a, b coming) int { return int(a.at - b.at) })
	return list
}

func TestVoice_Playout(t *testing.T) {
	const minute = time.Minute
	for _, c := range []struct {
		name          string
		path          path
		concealed     float64       // per cent at most
		shortest      time.Duration // mean delay
		longest       time.Duration
		mostStretched float64 // per cent
	}{
		{"perfect", path{duration: minute}, 0, 20 * time.Millisecond, 45 * time.Millisecond, 1},
		{"loss 5 jitter 30", path{duration: minute, loss: 0.05, jitter: 30 * time.Millisecond, reorder: true}, 2.4, 50 * time.Millisecond, 95 * time.Millisecond, 3.5},
		{"loss 10 jitter 30", path{duration: minute, loss: 0.1, jitter: 30 * time.Millisecond, reorder: true}, 4.2, 50 * time.Millisecond, 95 * time.Millisecond, 3.5},
		{"loss 10 jitter 80", path{duration: minute, loss: 0.1, jitter: 80 * time.Millisecond, reorder: true}, 4.9, 80 * time.Millisecond, 140 * time.Millisecond, 3.5},
		{"loss 20 jitter 80", path{duration: minute, loss: 0.2, jitter: 80 * time.Millisecond, reorder: true}, 8.8, 80 * time.Millisecond, 140 * time.Millisecond, 3.5},
		{"jitter 80 in order", path{duration: minute, jitter: 80 * time.Millisecond}, 1, 60 * time.Millisecond, 120 * time.Millisecond, 3.5},
		{"step up", path{duration: minute, step: 100 * time.Millisecond}, 0.3, 20 * time.Millisecond, 100 * time.Millisecond, 3.5},
		{"step down", path{duration: minute, step: -40 * time.Millisecond}, 0.3, 20 * time.Millisecond, 60 * time.Millisecond, 3.5},
		{"slow clock", path{duration: 10 * minute, drift: -200e-6}, 0.4, 20 * time.Millisecond, 50 * time.Millisecond, 3.5},
		{"fast clock", path{duration: 10 * minute, drift: 200e-6}, 0.4, 20 * time.Millisecond, 60 * time.Millisecond, 3.5},
		{"pauses", path{duration: minute, pause: time.Second, jitter: 30 * time.Millisecond}, 0.5, 30 * time.Millisecond, 95 * time.Millisecond, 3.5},
	} {
		t.Run(c.name, func(t *testing.T) {
			got := simulate(t, c.path)
			t.Logf("concealed %.2f %% @ %v, stretched %.2f %%, recovered %d, dropped %d, late %d",
				got.concealed, got.delay, got.stretched, got.recovered, got.dropped, got.stats.late)
			if got.concealed > c.concealed {
				t.Errorf("concealed %.2f %%, want at most %v", got.concealed, c.concealed)
			}
			if got.delay < c.shortest || got.delay > c.longest {
				t.Errorf("mean delay %v, want %v to %v", got.delay, c.shortest, c.longest)
			}
			if got.stretched > c.mostStretched {
				t.Errorf("stretched %.2f %% of the frames, want at most %v", got.stretched, c.mostStretched)
			}
		})
	}
}
