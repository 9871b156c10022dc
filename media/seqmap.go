package media

// seqRuns is how many gaps a SeqMap can close within its window. When a source drops
// more often than that the oldest run is forgotten, and the packets in it can no longer
// be named: late ones are dropped, and they are not sent again.
const seqRuns = 32

// seqWindow is how many packets back a SeqMap answers for. It is the size of the
// forwarder's packet cache: what is older could not be sent again anyway.
const seqWindow = 512

// SeqMap maps the RTP sequence numbers of a source on those of one outgoing stream
// (RFC 3550, section 5.1). Packets which are dropped on purpose leave no gap in the
// outgoing numbers, packets which were lost before they came do, so that the receiver asks
// for them. The numbers go on without a break when the source changes. The zero value is
// ready for Start. Not safe for concurrent use.
type SeqMap struct {
	runs    [seqRuns]seqRun // oldest first, n of them
	n       int
	highest uint16 // newest source number seen
	next    uint16 // number after the newest that went out
}

// seqRun is a run of source numbers which all go out with the same distance.
type seqRun struct {
	first uint16 // source number
	last  uint16 // source number; first-1 when the run is still empty
	delta uint16 // source number - outgoing number
}

func (r seqRun) empty() bool { return r.last == r.first-1 }

// before reports whether sequence number a is older than b, modulo 2^16.
func before(a, b uint16) bool { return int16(a-b) < 0 }

// Start begins a new source (or the same one after a pause) whose first packet has the
// given number; it will go out with the number after the last one. Everything before it is
// forgotten.
func (m *SeqMap) Start(first uint16) {
	m.runs[0] = seqRun{first: first, last: first - 1, delta: first - m.next}
	m.n = 1
	m.highest = first - 1
}

// Next is the outgoing number that the first packet after Start gets.
func (m *SeqMap) Next() uint16 { return m.next }

// Map returns the outgoing number of the source's packet, which goes out now. It is not ok
// for packets from before Start, older than the window, or dropped before.
func (m *SeqMap) Map(source uint16) (out uint16, ok bool) {
	if m.n == 0 {
		return 0, false
	}
	if before(m.highest, source) {
		run := &m.runs[m.n-1]
		m.highest, run.last = source, source
		out = source - run.delta
		m.next = out + 1
		m.forget()
		return out, true
	}
	return m.find(source)
}

// Drop notes that the source's packet does not go out. Its number is closed up when it is the
// newest; a late packet's number has already been left open and stays so.
func (m *SeqMap) Drop(source uint16) {
	if m.n == 0 || !before(m.highest, source) {
		return
	}
	run := &m.runs[m.n-1]
	// What is missing between the highest and this one may still come: it stays in the run.
	run.last = source - 1
	m.highest = source
	m.next = source - run.delta
	m.forget()
	run = &m.runs[m.n-1]
	if run.empty() {
		run.first, run.last, run.delta = source+1, source, run.delta+1
		return
	}
	m.push(seqRun{first: source + 1, last: source, delta: run.delta + 1})
}

// Source returns the source's number of a packet that went out, as a NACK asks for it. It is not
// ok when the number is unknown, too old, or of an earlier source.
func (m *SeqMap) Source(out uint16) (source uint16, ok bool) {
	for i := m.n - 1; i >= 0; i-- {
		run := m.runs[i]
		if run.empty() {
			continue
		}
		source = out + run.delta
		if !before(source, run.first) && !before(run.last, source) {
			return source, true
		}
	}
	return 0, false
}

// find looks a packet up that is not the newest. Runs hold nothing older than the window.
func (m *SeqMap) find(source uint16) (out uint16, ok bool) {
	for i := m.n - 1; i >= 0; i-- {
		run := m.runs[i]
		if !run.empty() && !before(source, run.first) && !before(run.last, source) {
			return source - run.delta, true
		}
	}
	return 0, false
}

// push appends a run and forgets the oldest when there is no room.
func (m *SeqMap) push(run seqRun) {
	if m.n == seqRuns {
		copy(m.runs[:], m.runs[1:])
		m.n--
	}
	m.runs[m.n] = run
	m.n++
}

// forget cuts away what is older than the window, so that comparisons modulo 2^16 stay true
// however long a source runs.
func (m *SeqMap) forget() {
	old := 0
	for old < m.n-1 && (m.runs[old].empty() || m.highest-m.runs[old].last >= seqWindow) {
		old++
	}
	if old > 0 {
		copy(m.runs[:], m.runs[old:m.n])
		m.n -= old
	}
	if run := &m.runs[0]; !run.empty() && m.highest-run.first >= seqWindow {
		run.first = m.highest - seqWindow + 1
	}
}
