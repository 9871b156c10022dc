package ui

import (
	"fmt"
	"strings"
	"time"

	"parlor/app/room"
	"parlor/media"
	"parlor/media/peer"
)

// historySeconds is how long the panel looks back. It bounds the history: at most a minute of figures is kept.
const historySeconds = 60

// rates are the figures of the connection and of its streams, over the last second or so, and how they went.
type rates struct {
	valid    bool
	up, down float64 // bit/s
	rtt      float64 // milliseconds
	loss     float64 // percent, of what comes
	streams  []streamFigures

	history []secondFigures // oldest first, at most historySeconds
	at      time.Time
	last    map[streamKey]counters
}

// secondFigures are the figures of one second; its JSON is a line of the export.
type secondFigures struct {
	At      time.Time       `json:"at"`
	Up      float64         `json:"upBitPerSecond"`
	Down    float64         `json:"downBitPerSecond"`
	Loss    float64         `json:"lossPercent"`
	RTT     float64         `json:"rttMs"`
	Streams []streamFigures `json:"streams"`
}

// streamKey names a stream; own ones have no user.
type streamKey struct {
	user   room.UserID
	source media.Source
}

// counters are the values of a stream that only rise.
type counters struct{ bytes, packets, lost, frames uint64 }

// streamFigures are those of one stream over a second.
type streamFigures struct {
	User   room.UserID `json:"userId,omitempty"` // "": own
	Source string      `json:"source"`
	key    streamKey
	Rate   float64 `json:"bitPerSecond"`
	Loss   float64 `json:"lossPercent"` // of an own stream, as the other side reported it
	Jitter float64 `json:"jitterMs,omitempty"`
	Delay  float64 `json:"delayMs,omitempty"` // of sound, in the playout buffer
	FPS    float64 `json:"fps,omitempty"`
	Width  int     `json:"width,omitempty"`
	Height int     `json:"height,omitempty"`
	Codec  float64 `json:"codecMs,omitempty"` // to decode a picture, or to encode an own one
	Drops  uint64  `json:"dropped,omitempty"` // since the beginning, as Freezes and Guessed
	Frozen uint64  `json:"freezes,omitempty"`
	Guess  uint64  `json:"concealed,omitempty"`
	Target int     `json:"targetBitPerSecond,omitempty"`
}

// add takes a reading, and tells whether a second is over and there are new figures.
func (r *rates) add(now samples) bool {
	since := now.at.Sub(r.at)
	if since < time.Second {
		return false
	}
	old := *r
	*r = rates{at: now.at, rtt: now.stats.RTTMS, last: make(map[streamKey]counters), history: old.history}
	fresh := !old.at.IsZero()
	var packets, lost uint64
	for _, t := range now.stats.Remote {
		f, was, ok := r.remote(t, old.last, since)
		fresh = fresh && ok
		r.streams = append(r.streams, f)
		r.down += f.Rate
		packets += t.Packets - was.packets
		lost += t.Lost - was.lost
	}
	for _, t := range now.stats.Sent {
		f, ok := r.own(t, old.last, since)
		fresh = fresh && ok
		r.streams = append(r.streams, f)
		r.up += f.Rate
	}
	if !fresh { // the first figures, or a new connection
		*r = rates{at: r.at, rtt: r.rtt, last: r.last, history: r.history}
		return false
	}
	r.valid = true
	if all := packets + lost; all > 0 {
		r.loss = float64(lost) / float64(all) * 100
	}
	r.history = append(r.history, secondFigures{now.at, r.up, r.down, r.loss, r.rtt, r.streams})
	if len(r.history) > historySeconds {
		r.history = append(r.history[:0:0], r.history[len(r.history)-historySeconds:]...)
	}
	return true
}

// remote makes the figures of a stream that is received, and returns its counters of a second ago; false when they went back.
func (r *rates) remote(t peer.TrackStats, last map[streamKey]counters, since time.Duration) (streamFigures, counters, bool) {
	key := streamKey{room.UserID(t.UserID), t.Source}
	now := counters{t.Bytes, t.Packets, t.Lost, t.Decoded}
	r.last[key] = now
	was, known := last[key]
	if !known {
		was = now
	}
	if now.bytes < was.bytes || now.packets < was.packets || now.lost < was.lost {
		return streamFigures{}, now, false
	}
	f := streamFigures{
		User: key.user, Source: t.Source.String(), key: key, Jitter: t.JitterMS, Delay: t.DelayMS, Width: t.Width, Height: t.Height,
		Codec: t.DecodeMS, Drops: t.Dropped, Frozen: t.Freezes, Guess: t.Concealed,
		Rate: perSecond(now.bytes-was.bytes, since) * 8,
	}
	if now.frames > was.frames {
		f.FPS = perSecond(now.frames-was.frames, since)
	}
	if lost := now.lost - was.lost; lost > 0 {
		f.Loss = float64(lost) / float64(now.packets-was.packets+lost) * 100
	}
	return f, was, true
}

// own makes the figures of a stream that is sent.
func (r *rates) own(t peer.SendStats, last map[streamKey]counters, since time.Duration) (streamFigures, bool) {
	key := streamKey{"", t.Source}
	now := counters{bytes: t.Bytes, packets: t.Packets, frames: t.Frames}
	r.last[key] = now
	was, known := last[key]
	if !known {
		was = now
	}
	if now.bytes < was.bytes || now.frames < was.frames {
		return streamFigures{}, false
	}
	f := streamFigures{
		Source: t.Source.String(), key: key, Rate: perSecond(now.bytes-was.bytes, since) * 8, Loss: t.LossPercent,
		Width: t.Width, Height: t.Height, Codec: t.EncodeMS, Target: t.Bitrate,
	}
	if t.Source.Kind() == media.Video {
		f.FPS = perSecond(now.frames-was.frames, since)
	}
	return f, true
}

func perSecond(n uint64, since time.Duration) float64 { return float64(n) / since.Seconds() }

// find returns the figures of a stream.
func (r *rates) find(key streamKey) (streamFigures, bool) {
	for _, f := range r.streams {
		if f.key == key {
			return f, true
		}
	}
	return streamFigures{}, false
}

// lines are the statistics on a tile, the most important first.
func (r *rates) lines(t tile, shown float64) []string {
	user := t.key.user
	way := "up->SFU->me"
	if t.self {
		user, way = "", "me->SFU"
	}
	lines := []string{string(t.key.user) + "  " + way}
	sound := media.Microphone
	if t.key.source == media.Screen {
		sound = media.ScreenAudio
	}
	picture, hasPicture := r.find(streamKey{user, t.key.source})
	voice, hasVoice := r.find(streamKey{user, sound})
	if !hasPicture && !hasVoice {
		return append(lines, "-")
	}
	lines = append(lines,
		fmt.Sprintf("%s  loss %.1f %%  jit %.0f ms", bitRate(picture.Rate+voice.Rate), max(picture.Loss, voice.Loss), max(picture.Jitter, voice.Jitter)),
		fmt.Sprintf("RTT %.0f ms  delay %.0f ms  frz %d", r.rtt, voice.Delay, picture.Frozen))
	if hasPicture && t.video {
		lines = append(lines, fmt.Sprintf("%dx%d  %.0f fps  VP8", picture.Width, picture.Height, picture.FPS))
	}
	lines = append(lines, fmt.Sprintf("quality %d/5", t.quality))
	switch {
	case !hasPicture || !t.video:
	case t.self:
		lines = append(lines, fmt.Sprintf("enc %.1f ms  aim %s", picture.Codec, bitRate(float64(picture.Target))))
	default:
		lines = append(lines, fmt.Sprintf("dec %.1f ms  drop %d  shown %.0f", picture.Codec, picture.Drops, shown))
	}
	return lines
}

// row is a stream's row in the table of the panel.
func (f streamFigures) row(name string) []string {
	cells := []string{name, bitRate(f.Rate), fmt.Sprintf("%.1f %%", f.Loss), "", "", "", "", ""}
	if f.User != "" {
		cells[3] = fmt.Sprintf("%.0f ms", f.Jitter)
	}
	if f.Delay > 0 {
		cells[4] = fmt.Sprintf("%.0f ms", f.Delay)
	}
	if f.Width > 0 {
		cells[5] = fmt.Sprintf("%dx%d@%.0f", f.Width, f.Height, f.FPS)
		cells[6] = fmt.Sprintf("%.1f ms", f.Codec)
	}
	if f.User != "" {
		cells[7] = fmt.Sprintf("%d/%d", f.Drops+f.Guess, f.Frozen)
	}
	return cells
}

// text is the table as lines with tabs, to be pasted into a report.
func (r *rates) text(titles []string, rows [][]string) string {
	var b strings.Builder
	fmt.Fprintf(&b, "%s  up %s  down %s  RTT %.0f ms  loss %.1f %%\n", r.at.Format(time.RFC3339), bitRate(r.up), bitRate(r.down), r.rtt, r.loss)
	for _, row := range append([][]string{titles}, rows...) {
		b.WriteString(strings.Join(row, "\t") + "\n")
	}
	return b.String()
}

// jsonLines is the history, one line of JSON for each second.
func (r *rates) jsonLines() []byte {
	var lines []byte
	for _, s := range r.history {
		lines = append(append(lines, mustJSON(s)...), '\n')
	}
	return lines
}

const (
	// overloadShare of the time between two pictures may go into decoding; beyond it for overloadTime the machine is too busy.
	overloadShare = 0.8
	overloadTime  = 5 * time.Second
)

// overload watches whether the machine keeps up with decoding.
type overload struct{ since time.Time }

// add takes the figures of a second, and tells whether it is too much, and has been for a while. It tells once.
func (o *overload) add(r *rates) bool {
	var busiest float64
	for _, f := range r.streams {
		if f.User != "" {
			busiest = max(busiest, f.Codec*f.FPS/1000)
		}
	}
	switch {
	case busiest <= overloadShare:
		o.since = time.Time{}
	case o.since.IsZero():
		o.since = r.at
	case r.at.Sub(o.since) >= overloadTime:
		o.since = time.Time{}
		return true
	}
	return false
}
