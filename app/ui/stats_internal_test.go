package ui

import (
	"encoding/json"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"parlor/media"
	"parlor/media/peer"
)

// counted is what the media connection counted by a time: ann's voice and camera, and what we send.
func counted(at time.Duration, n uint64) samples {
	s := samples{at: testTime.Add(at)}
	s.stats.RTTMS = 38
	s.stats.Remote = []peer.TrackStats{
		{UserID: "ann", Source: media.Microphone, Bytes: 4000 * n, Packets: 50 * n, JitterMS: 6, DelayMS: 142, Concealed: 1},
		{UserID: "ann", Source: media.Camera, Bytes: 226000 * n, Packets: 96 * n, Lost: 4 * n, Decoded: 30 * n, Width: 1280, Height: 720, DecodeMS: 3.14, Freezes: 2},
	}
	s.stats.Sent = []peer.SendStats{
		{Source: media.Microphone, Bytes: 4000 * n},
		{Source: media.Camera, Bytes: 62500 * n, Frames: 15 * n, Width: 640, Height: 360, Bitrate: 500000, LossPercent: 1.5, EncodeMS: 11.6},
	}
	return s
}

// TestRates_Lines is what stands on the tiles, of real figures.
func TestRates_Lines(t *testing.T) {
	var r rates
	if got := r.lines(tile{key: camera("ann")}, 0); !slices.Equal(got, []string{"ann  up->SFU->me", "-"}) {
		t.Errorf("without figures: %q", got)
	}
	r.add(counted(0, 1))
	if !r.add(counted(time.Second, 2)) {
		t.Fatal("a second later there are no figures")
	}
	for _, tc := range []struct {
		tile tile
		want []string
	}{
		{tile{key: camera("ann"), video: true, quality: 4}, []string{
			"ann  up->SFU->me", "1.8 Mb/s  loss 4.0 %  jit 6 ms", "RTT 38 ms  delay 142 ms  frz 2", "1280x720  30 fps  VP8", "quality 4/5",
			"dec 3.1 ms  drop 0  shown 29",
		}},
		{tile{key: camera("ann"), quality: 4}, []string{
			"ann  up->SFU->me", "1.8 Mb/s  loss 4.0 %  jit 6 ms", "RTT 38 ms  delay 142 ms  frz 2", "quality 4/5",
		}},
		{tile{key: camera("wang_xm"), self: true, video: true, quality: 5}, []string{
			"wang_xm  me->SFU", "532 kb/s  loss 1.5 %  jit 0 ms", "RTT 38 ms  delay 0 ms  frz 0", "640x360  15 fps  VP8", "quality 5/5",
			"enc 11.6 ms  aim 500 kb/s",
		}},
		{tile{key: camera("bob"), video: true}, []string{"bob  up->SFU->me", "-"}},
	} {
		if diff := cmp.Diff(tc.want, r.lines(tc.tile, 29)); diff != "" {
			t.Errorf("%v (-want +got):\n%s", tc.tile.key, diff)
		}
	}
}

// TestRates_History is bounded, and is what the export has.
func TestRates_History(t *testing.T) {
	var r rates
	for i := range 100 {
		r.add(counted(time.Duration(i)*time.Second, uint64(i+1)))
	}
	if len(r.history) != historySeconds {
		t.Errorf("%d seconds are kept", len(r.history))
	}
	lines := strings.Split(strings.TrimSpace(string(r.jsonLines())), "\n")
	var last struct {
		Up, Down, Loss float64
		DownRate       float64 `json:"downBitPerSecond"`
		Streams        []struct {
			UserID string  `json:"userId"`
			Source string  `json:"source"`
			FPS    float64 `json:"fps"`
		}
	}
	if err := json.Unmarshal([]byte(lines[len(lines)-1]), &last); err != nil {
		t.Fatal(err)
	}
	if len(lines) != historySeconds || last.DownRate != 8*230000 || len(last.Streams) != 4 || last.Streams[1].UserID != "ann" ||
		last.Streams[1].Source != "camera" || last.Streams[1].FPS != 30 || last.Streams[2].UserID != "" {
		t.Errorf("%d lines, the last one %+v", len(lines), last)
	}
	if r.add(counted(101*time.Second, 1)) { // the counters of a new connection
		t.Error("counters that went back give figures")
	}
	if len(r.history) != historySeconds || len(r.streams) != 0 {
		t.Errorf("%d seconds, %d streams", len(r.history), len(r.streams))
	}
}

// TestOverload: decoding has to take most of the time for five seconds on end.
func TestOverload(t *testing.T) {
	var o overload
	at := func(seconds int, decode float64) bool {
		return o.add(&rates{at: testTime.Add(time.Duration(seconds) * time.Second), streams: []streamFigures{
			{User: "ann", Codec: decode, FPS: 30}, {User: "", Codec: 100, FPS: 30}, {User: "bob", Codec: 1, FPS: 30},
		}})
	}
	var told []int
	for second := range 20 {
		decode := 30.0 // 90 % of the time
		if second == 3 {
			decode = 10
		}
		if at(second, decode) {
			told = append(told, second)
		}
	}
	if !slices.Equal(told, []int{9, 15}) {
		t.Errorf("it is told after %v seconds", told)
	}
}

// TestOverload_Relief: the pace is lowered and said; Undo is one row.
func TestOverload_Relief(t *testing.T) {
	h := newHarness(t, nil)
	h.joined("ann")
	for i := range 8 {
		s := counted(time.Duration(i)*time.Second, uint64(i+1))
		s.stats.Remote[1].DecodeMS = 40
		h.showSamples(s)
	}
	if s := h.seen(); !slices.Contains(s.Texts, "Your computer is busy: pictures are shown at a lower rate.") {
		t.Fatalf("texts %q", s.Texts)
	}
	if got := h.acted(func() { h.tap("shell.toast.0") }); !slices.Equal(got, []string{`> stage.pace {"pictures":30}`}) {
		t.Errorf("rows %q", got)
	}
}

// TestStatsPanel: the table, the charts, mark, copy and export.
func TestStatsPanel(t *testing.T) {
	home := t.TempDir()
	t.Setenv("HOME", home)
	t.Setenv("USERPROFILE", home)
	if err := os.Mkdir(filepath.Join(home, "Downloads"), 0o700); err != nil {
		t.Fatal(err)
	}
	h := checked(t, nil)
	h.key("Ctrl+1")
	h.showStatistics()
	if s := h.seen(); !slices.Contains(s.Texts, "Statistics are there while you are in a room.") {
		t.Errorf("outside: %q", s.Texts)
	}
	h.joined("ann")
	h.showStatistics()
	h.showSamples(counted(0, 1))
	h.showSamples(counted(time.Second, 2))
	texts := h.seen().Texts
	for _, want := range []string{
		"ann · camera", "1.8 Mb/s", "4.0 %", "1280x720@30", "3.1 ms", "0/2", "ann · microphone", "142 ms", "me · camera", "640x360@15",
		"↓ 1.8 Mb/s  ↑ 532 kb/s", "38 ms",
	} {
		if !slices.Contains(texts, want) {
			t.Errorf("the panel has no %q: %q", want, texts)
		}
	}
	rows := h.acted(func() { h.tap("room.stats.mark") })
	if want := []string{"> stats.mark {}", "# Mark: up 532 kb/s, down 1.8 Mb/s, RTT 38 ms, loss 2.7 %"}; !slices.Equal(rows, want) {
		t.Errorf("rows %q, want %q", rows, want)
	}
	h.tap("room.stats.copy")
	if got := h.cfg.App.Clipboard().Content(); !strings.Contains(got, "\nann · camera\t1.8 Mb/s\t4.0 %\t") {
		t.Errorf("copied %q", got)
	}
	rows = h.acted(func() { h.tap("room.stats.export") })
	if want := []string{`> stats.export {"file":"parlor-statistics-20260102-120341.jsonl"}`}; !slices.Equal(rows, want) {
		t.Errorf("rows %q, want %q", rows, want)
	}
	path := filepath.Join(home, "Downloads", "parlor-statistics-20260102-120341.jsonl")
	h.until(func() bool { return slices.Contains(h.snapshot().Texts, "Saved: "+path) })
	data, err := os.ReadFile(path)
	if err != nil || len(strings.Split(strings.TrimSpace(string(data)), "\n")) != 1 {
		t.Errorf("%v: %q", err, data)
	}
	h.tap("shell.rail.api")
	h.showStatistics()
	if s := h.seen(); s.Page != "room" || !h.room.stats.content.Visible() {
		t.Error("from another page it does not come to the panel")
	}
	h.tap("room.stats.close")
	if h.room.stats.content.Visible() {
		t.Error("the panel stays")
	}
}
