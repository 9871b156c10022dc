package media_test

import (
	"math/rand/v2"
	"testing"

	"parlor/media"
)

// dropped is what a packet that must not go out maps to in the tables.
const dropped = -1

func TestSeqMap(t *testing.T) {
	type step struct {
		do     byte // 's' Start, 'm' Map, 'd' Drop, 'r' Source (of an outgoing number)
		number uint16
		want   int
	}
	for _, c := range []struct {
		name  string
		steps []step
	}{
		{"zero value knows nothing", []step{{'m', 7, dropped}, {'r', 0, dropped}, {'d', 7, 0}}},
		{"begins at 0", []step{{'s', 1000, 0}, {'m', 1000, 0}, {'m', 1001, 1}, {'r', 1, 1001}}},
		{"loss leaves a gap which late packets fill", []step{
			{'s', 5, 0}, {'m', 5, 0}, {'m', 8, 3}, {'m', 7, 2}, {'m', 6, 1}, {'r', 2, 7}}},
		{"drop closes the gap", []step{
			{'s', 5, 0}, {'m', 5, 0}, {'d', 6, 0}, {'d', 7, 0}, {'m', 8, 1}, {'r', 1, 8}, {'m', 7, dropped}, {'m', 5, 0}}},
		{"drop after loss keeps the lost one's number", []step{
			{'s', 5, 0}, {'m', 5, 0}, {'d', 7, 0}, {'m', 8, 2}, {'m', 6, 1}, {'r', 1, 6}, {'r', 2, 8}}},
		{"drop of the very first", []step{{'s', 5, 0}, {'d', 5, 0}, {'m', 6, 0}, {'r', 0, 6}, {'m', 5, dropped}}},
		{"late drop changes nothing", []step{{'s', 5, 0}, {'m', 5, 0}, {'m', 7, 2}, {'d', 6, 0}, {'m', 8, 3}}},
		{"before the start", []step{{'s', 5, 0}, {'m', 4, dropped}, {'m', 5, 0}, {'m', 4, dropped}}},
		{"another source goes on", []step{
			{'s', 5, 0}, {'m', 5, 0}, {'m', 6, 1}, {'s', 60000, 0}, {'r', 1, dropped}, {'m', 60000, 2}, {'r', 2, 60000}, {'r', 1, dropped}}},
		{"wraps around", []step{
			{'s', 65534, 0}, {'m', 65534, 0}, {'m', 65535, 1}, {'m', 0, 2}, {'d', 1, 0}, {'m', 2, 3}, {'m', 65535, 1}, {'r', 1, 65535}}},
		{"older than the window", []step{
			{'s', 0, 0}, {'m', 0, 0}, {'m', 511, 511}, {'m', 0, 0}, {'r', 0, 0}, {'m', 512, 512}, {'m', 0, dropped}, {'r', 0, dropped}}},
		{"not yet sent", []step{{'s', 0, 0}, {'m', 0, 0}, {'r', 1, dropped}, {'r', 40000, dropped}}},
	} {
		t.Run(c.name, func(t *testing.T) {
			var m media.SeqMap
			for i, s := range c.steps {
				got, ok := uint16(0), true
				switch s.do {
				case 's':
					m.Start(s.number)
					continue
				case 'd':
					m.Drop(s.number)
					continue
				case 'm':
					got, ok = m.Map(s.number)
				case 'r':
					got, ok = m.Source(s.number)
				}
				if want := s.want != dropped; ok != want || ok && int(got) != s.want {
					t.Fatalf("step %d, %c(%d): got %d, %v, want %d", i, s.do, s.number, got, ok, s.want)
				}
			}
		})
	}
}

// TestSeqMap_LongRun runs the numbers around several times: nothing old may come back to life.
func TestSeqMap_LongRun(t *testing.T) {
	var m media.SeqMap
	m.Start(0)
	random := rand.New(rand.NewPCG(1, 2))
	var source, out uint16
	for i := range 300_000 {
		if random.IntN(50) == 0 {
			m.Drop(source)
			source++
			continue
		}
		got, ok := m.Map(source)
		if !ok || got != out {
			t.Fatalf("packet %d, Map(%d): got %d, %v, want %d", i, source, got, ok, out)
		}
		if i > 2000 {
			if old := source - 600; mapped(&m, old) {
				t.Fatalf("packet %d: Map(%d) is ok, 600 packets late", i, old)
			}
		}
		source++
		out++
	}
}

func mapped(m *media.SeqMap, source uint16) bool {
	_, ok := m.Map(source)
	return ok
}

// FuzzSeqMap compares a SeqMap with a model which remembers everything. Each byte of the program is one packet: its high
// bits say how far from the newest it is, the lowest whether it is dropped.
func FuzzSeqMap(f *testing.F) {
	f.Add(uint16(65530), []byte{0, 0, 0, 1, 0, 2, 4, 8, 3, 0, 255, 0})
	f.Add(uint16(0), []byte{1, 1, 1, 0})
	f.Add(uint16(1000), []byte{16, 17, 254, 252, 0})
	f.Fuzz(func(t *testing.T, start uint16, program []byte) {
		var m media.SeqMap
		m.Start(start)
		model := newSeqModel(int(start))
		for _, b := range program {
			n := max(model.highest+1+int(int8(b))>>1, 0)
			if b&1 != 0 {
				m.Drop(uint16(n))
				model.drop(n)
				continue
			}
			got, ok := m.Map(uint16(n))
			want, known := model.find(n)
			if ok && (!known || got != uint16(want)) {
				t.Fatalf("Map(%d): got %d, model %d, %v", n, got, want, known)
			}
			if !ok && known && model.near(n) {
				t.Fatalf("Map(%d): not ok, model %d", n, want)
			}
			if !ok {
				continue
			}
			if back, ok := m.Source(got); !ok || back != uint16(n) {
				t.Fatalf("Source(%d): got %d, %v, want %d", got, back, ok, n)
			}
		}
	})
}

// seqModel is what a SeqMap would be without bounds.
type seqModel struct {
	first, highest int
	gone           []int // numbers which were dropped as the newest, rising
}

func newSeqModel(first int) *seqModel { return &seqModel{first: first, highest: first - 1} }

func (m *seqModel) drop(n int) {
	if n > m.highest {
		m.highest = n
		m.gone = append(m.gone, n)
	}
}

func (m *seqModel) find(n int) (out int, ok bool) {
	if n < m.first {
		return 0, false
	}
	out = n - m.first
	for _, g := range m.gone {
		if g == n {
			return 0, false
		}
		if g < n {
			out--
		}
	}
	m.highest = max(m.highest, n)
	return out, true
}

// near reports whether a SeqMap has to know n: it is in the window, and few gaps came after it.
func (m *seqModel) near(n int) bool {
	gaps := 0
	for _, g := range m.gone {
		if g > n {
			gaps++
		}
	}
	return m.highest-n < 512 && gaps < 31
}
