package sfu

import (
	"slices"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/pion/rtcp"

	"parlor/media"
)

func TestInbound_Nacks(t *testing.T) {
	ms := func(n int) time.Duration { return time.Duration(n) * time.Millisecond }
	i := inbound{clock: media.VideoClock}
	for _, sequence := range []uint16{65533, 65534, 1, 3} { // 65535, 0 and 2 are missing
		i.packet(sequence, 0, ms(1))
	}
	for _, s := range []struct {
		name string
		at   int // ms
		come int // this sequence number comes before, if not negative
		want []uint16
	}{
		{"at once", 1, -1, []uint16{65535, 0, 2}},
		{"not too often", 11, -1, nil},
		{"again, but what has come", 21, 0, []uint16{65535, 2}},
		{"the interval doubles", 41, -1, nil},
		{"third time", 61, -1, []uint16{65535, 2}},
		{"fourth", 141, 2, []uint16{65535}},
		{"fifth", 301, -1, []uint16{65535}},
		{"last", 621, -1, []uint16{65535}},
		{"given up", 5000, -1, nil},
	} {
		if s.come >= 0 {
			i.packet(uint16(s.come), 0, ms(s.at))
		}
		if got := i.nacks(ms(s.at)); !slices.Equal(got, s.want) {
			t.Errorf("%s: got %v, want %v", s.name, got, s.want)
		}
	}
	i.packet(30003, 0, ms(6000))
	if got := i.nacks(ms(6000)); len(got) != maxMissing || got[maxMissing-1] != 30002 {
		t.Errorf("after a jump: %d packets are asked for, want the last %d", len(got), maxMissing)
	}
}

func TestInbound_Report(t *testing.T) {
	i := inbound{clock: media.VideoClock}
	if _, ok := i.report(7, time.Second); ok {
		t.Error("a report before the first packet")
	}
	check := func(name string, now time.Duration, want rtcp.ReceptionReport) {
		t.Helper()
		got, ok := i.report(7, now)
		if diff := cmp.Diff(want, got); !ok || diff != "" {
			t.Errorf("%s: %v (-want +got):\n%s", name, ok, diff)
		}
	}
	i.packet(65530, 1000, 0)
	check("one packet", time.Second, rtcp.ReceptionReport{SSRC: 7, LastSequenceNumber: 65530})
	for n := range 10 { // of ten, two are lost
		if n != 3 && n != 4 {
			i.packet(uint16(65531+n), 1000+uint32(n+1)*3000, time.Duration(n+1)*time.Second/30)
		}
	}
	i.senderReport(0x0000_1234_5678_0000, time.Second)
	check("loss", 3*time.Second/2, rtcp.ReceptionReport{SSRC: 7, LastSequenceNumber: 1<<16 + 4, TotalLost: 2, FractionLost: 51,
		LastSenderReport: 0x12345678, Delay: 1 << 15})
	i.packet(65534, 0, 2*time.Second)
	check("one comes late", 2*time.Second, rtcp.ReceptionReport{SSRC: 7, LastSequenceNumber: 1<<16 + 4, TotalLost: 1,
		LastSenderReport: 0x12345678, Delay: 1 << 16})
	i.packet(5, 1000+11*3000, 11*time.Second/30+16*10*time.Millisecond)
	check("160 ms late", 2*time.Second, rtcp.ReceptionReport{SSRC: 7, LastSequenceNumber: 1<<16 + 5, TotalLost: 1, Jitter: 900,
		LastSenderReport: 0x12345678, Delay: 1 << 16})
}

// FuzzInbound feeds any order of packets: nothing may grow without a bound or report nonsense.
func FuzzInbound(f *testing.F) {
	f.Add([]byte{0, 1, 0, 2, 255, 255, 128, 0, 0, 3})
	f.Fuzz(func(t *testing.T, program []byte) {
		i := inbound{clock: media.SampleRate}
		for n := 0; n+1 < len(program); n += 2 {
			now := time.Duration(n) * time.Millisecond
			i.packet(uint16(program[n])<<8|uint16(program[n+1]), uint32(program[n])<<24, now)
			if len(i.missing) > maxMissing {
				t.Fatalf("%d packets are missing", len(i.missing))
			}
			for _, m := range i.missing {
				if m.number >= i.highest {
					t.Fatalf("packet %d is missing, the newest is %d", m.number, i.highest)
				}
			}
			i.nacks(now)
			if r, ok := i.report(1, now); !ok || r.TotalLost >= 1<<23 {
				t.Fatalf("report: %+v, %v", r, ok)
			}
		}
	})
}
