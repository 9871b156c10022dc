package media_test

import (
	"bytes"
	"encoding/binary"
	"fmt"
	"syscall"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/pion/rtp"

	"parlor/media"
)

// vp8 makes the packets of a frame: key frames are 64 by 36. Each packet's body names the frame and itself.
type vp8 struct {
	sequence  uint16
	timestamp uint32
	packets   int
	key       bool
}

func (f vp8) make() []*rtp.Packet {
	var list []*rtp.Packet
	for i := range f.packets {
		body := fmt.Appendf(nil, "\x01..%d/%d;", f.timestamp, i) // bit 0 set: not a key frame
		payload := []byte{0}
		if i == 0 {
			payload[0] = 0x10
			if f.key {
				body = append([]byte{0, 0, 0, 0x9d, 0x01, 0x2a, 64, 0, 36, 0}, body...)
			}
		}
		list = append(list, &rtp.Packet{
			Header: rtp.Header{
				Version: 2, SequenceNumber: f.sequence + uint16(i), Timestamp: f.timestamp, Marker: i == f.packets-1,
			},
			Payload: append(payload, body...),
		})
	}
	return list
}

// stream makes frames of three packets each, the first one a key frame, every keyEvery-th as well.
func stream(first uint16, frames, keyEvery int) []*rtp.Packet {
	var list []*rtp.Packet
	for i := range frames {
		list = append(list, vp8{sequence: first + uint16(3*i), timestamp: uint32(3000 * i), packets: 3, key: i%keyEvery == 0}.make()...)
	}
	return list
}

// pick returns the packets with these numbers, in this order.
func pick(list []*rtp.Packet, numbers ...int) []*rtp.Packet {
	var picked []*rtp.Packet
	for _, n := range numbers {
		picked = append(picked, list[n])
	}
	return picked
}

// without leaves out packets.
func without(list []*rtp.Packet, numbers ...int) []*rtp.Packet {
	var kept []*rtp.Packet
	for i, p := range list {
		drop := false
		for _, n := range numbers {
			drop = drop || n == i
		}
		if !drop {
			kept = append(kept, p)
		}
	}
	return kept
}

// assemble pushes packets that arrive 10 ms apart, and returns the frames as frame numbers of stream,
// key frames negative and less by one.
func assemble(a *media.Assembler, packets []*rtp.Packet) []int {
	var got []int
	var f media.EncodedFrame
	for i, p := range packets {
		now := time.Duration(i) * 10 * time.Millisecond
		a.Push(&p.Header, p.Payload, now)
		for a.Next(&f, now) {
			n := int(f.Timestamp / 3000)
			if f.Key {
				n = -n - 1
			}
			got = append(got, n)
		}
	}
	return got
}

func TestAssembler_Push(t *testing.T) {
	late := 60 * time.Millisecond // six packets of assemble
	for _, c := range []struct {
		name    string
		packets []*rtp.Packet
		want    []int
		stats   media.AssemblerStats
		needKey bool
	}{
		{
			name: "in order", packets: stream(100, 3, 100), want: []int{-1, 1, 2},
			stats: media.AssemblerStats{Frames: 3, KeyFrames: 1},
		},
		{
			name: "sequence wraps", packets: stream(65533, 3, 100), want: []int{-1, 1, 2},
			stats: media.AssemblerStats{Frames: 3, KeyFrames: 1},
		},
		{
			name: "begins without key frame", packets: stream(1, 5, 4)[3:], want: []int{-5},
			stats: media.AssemblerStats{Frames: 1, KeyFrames: 1, Dropped: 3},
		},
		{
			name: "begins in the middle of a frame", packets: stream(1, 5, 4)[1:], want: []int{-5},
			stats: media.AssemblerStats{Frames: 1, KeyFrames: 1, Dropped: 3},
		},
		{
			name: "reordered", packets: pick(stream(65534, 3, 100), 0, 2, 1, 4, 3, 7, 6, 5, 8), want: []int{-1, 1, 2},
			stats: media.AssemblerStats{Frames: 3, KeyFrames: 1},
		},
		{
			name: "twice", packets: pick(stream(1, 2, 100), 0, 0, 1, 2, 2, 3, 4, 4, 5), want: []int{-1, 1},
			stats: media.AssemblerStats{Frames: 2, KeyFrames: 1, Stale: 3},
		},
		{
			name: "sent again in time", packets: pick(stream(1, 3, 100), 0, 1, 2, 3, 5, 6, 7, 4, 8), want: []int{-1, 1, 2},
			stats: media.AssemblerStats{Frames: 3, KeyFrames: 1},
		},
		{
			name: "sent again too late", packets: append(without(stream(1, 5, 100), 4), stream(1, 5, 100)[4]),
			want: []int{-1}, needKey: true,
			stats: media.AssemblerStats{Frames: 1, KeyFrames: 1, Lost: 1, Dropped: 4, Stale: 1},
		},
		{
			name: "lost, then a key frame", packets: without(stream(1, 5, 4), 4), want: []int{-1, -5},
			stats: media.AssemblerStats{Frames: 2, KeyFrames: 2, Lost: 1, Dropped: 3},
		},
		{
			name: "lost end of a frame", packets: without(stream(1, 5, 4), 5), want: []int{-1, -5},
			stats: media.AssemblerStats{Frames: 2, KeyFrames: 2, Lost: 1, Dropped: 3},
		},
		{
			name: "lost start of a frame", packets: without(stream(1, 5, 4), 3), want: []int{-1, -5},
			stats: media.AssemblerStats{Frames: 2, KeyFrames: 2, Lost: 1, Dropped: 2},
		},
		{
			name: "lost part of a key frame", packets: without(stream(1, 9, 4), 13), want: []int{-1, 1, 2, 3, -9},
			stats: media.AssemblerStats{Frames: 5, KeyFrames: 2, Lost: 1, Dropped: 4},
		},
		{
			name: "hole before the first key frame is not waited for", packets: pick(stream(1, 5, 4), 9, 11, 12, 13, 14),
			want:  []int{-5},
			stats: media.AssemblerStats{Frames: 1, KeyFrames: 1, Lost: 1, Dropped: 1},
		},
		{
			name: "new sequence", packets: append(stream(30000, 2, 100), stream(100, 7, 6)...), want: []int{-1, 1, -7},
			stats: media.AssemblerStats{Frames: 3, KeyFrames: 2, Dropped: 1, Stale: 16},
		},
		{
			name: "far jump", packets: append(stream(100, 2, 100), stream(20000, 3, 100)...), want: []int{-1, 1, -1, 1, 2},
			stats: media.AssemblerStats{Frames: 5, KeyFrames: 2, Lost: 20000 - 106},
		},
		{name: "nothing", want: nil},
	} {
		t.Run(c.name, func(t *testing.T) {
			a := media.NewAssembler(late)
			got := assemble(a, c.packets)
			if diff := cmp.Diff(c.want, got); diff != "" {
				t.Errorf("frames (-want +got):\n%s", diff)
			}
			if diff := cmp.Diff(c.stats, a.Stats()); diff != "" {
				t.Errorf("counters (-want +got):\n%s", diff)
			}
			if got := a.NeedKeyFrame(); got != c.needKey && len(c.packets) > 0 {
				t.Errorf("needs a key frame: %v, want %v", got, c.needKey)
			}
		})
	}
}

func TestAssembler_Next_Content(t *testing.T) {
	a := media.NewAssembler(0)
	packets := vp8{sequence: 7, timestamp: 9, packets: 2, key: true}.make()
	for _, p := range packets {
		a.Push(&p.Header, p.Payload, 0)
		clear(p.Payload) // Push must have copied it
	}
	var got media.EncodedFrame
	if !a.Next(&got, 0) {
		t.Fatal("no frame")
	}
	want := media.EncodedFrame{
		Data:      []byte("\x00\x00\x00\x9d\x01\x2a\x40\x00\x24\x00\x01..9/0;\x01..9/1;"),
		Timestamp: 9, Key: true, Width: 64, Height: 36,
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("frame (-want +got):\n%s", diff)
	}
	if a.Next(&got, 0) {
		t.Error("the same frame came twice")
	}
}

func TestAssembler_Push_FillersAndMalformed(t *testing.T) {
	frames := stream(1, 3, 100)
	packets := []*rtp.Packet{
		frames[0], frames[1],
		{Header: rtp.Header{SequenceNumber: 3, Timestamp: 0}}, // padding within a frame
		{Header: rtp.Header{SequenceNumber: 4, Timestamp: 0, Marker: true}, Payload: frames[2].Payload},
		{Header: rtp.Header{SequenceNumber: 5, Timestamp: 7}}, // and between two
		{Header: rtp.Header{SequenceNumber: 6, Timestamp: 3000, Marker: true}, Payload: []byte{0x10, 1}},
		{Header: rtp.Header{SequenceNumber: 7, Timestamp: 6000, Marker: true}, Payload: []byte{0x80}}, // descriptor cut off
	}
	a := media.NewAssembler(0)
	if diff := cmp.Diff([]int{-1, 1}, assemble(a, packets)); diff != "" {
		t.Errorf("frames (-want +got):\n%s", diff)
	}
	if got := a.Stats().Malformed; got != 1 {
		t.Errorf("%d malformed packets, want 1", got)
	}
}

func TestAssembler_Reset(t *testing.T) {
	a := media.NewAssembler(0)
	assemble(a, stream(1, 3, 100)[:8]) // two frames and a part of the third
	a.Reset()
	if !a.NeedKeyFrame() {
		t.Error("needs no key frame after Reset")
	}
	if diff := cmp.Diff([]int{-1, 1}, assemble(a, stream(40000, 2, 100))); diff != "" {
		t.Errorf("frames after Reset (-want +got):\n%s", diff)
	}
}

func TestAssembler_NoAllocations(t *testing.T) {
	a := media.NewAssembler(0)
	packets := stream(0, 20, 1000)
	sequence := uint16(0)
	var f media.EncodedFrame
	round := func() {
		for _, p := range packets {
			p.SequenceNumber = sequence
			sequence++
			a.Push(&p.Header, p.Payload, 0)
			a.Next(&f, 0)
		}
	}
	round()
	if n := testing.AllocsPerRun(10, round); n != 0 {
		t.Errorf("%v allocations in a round, want none", n)
	}
}

func TestVP8KeyFrame(t *testing.T) {
	key := []byte{0, 0, 0, 0x9d, 1, 0x2a, 0x80, 0x42, 0x68, 0x81, 9}
	if w, h, ok := media.VP8KeyFrame(key); w != 640 || h != 360 || !ok {
		t.Errorf("got %d×%d %v, want 640×360: the upper bits are scaling", w, h, ok)
	}
	for i, change := range []func([]byte) []byte{
		func(b []byte) []byte { return b[:9] },
		func(b []byte) []byte { b[0] = 1; return b },
		func(b []byte) []byte { b[4] = 2; return b },
		func([]byte) []byte { return nil },
	} {
		if _, _, ok := media.VP8KeyFrame(change(bytes.Clone(key))); ok {
			t.Errorf("change %d is still taken for a key frame", i)
		}
	}
}

// FuzzAssembler_Push feeds packets from bytes: 4 bytes of how, 1 of length, then the payload. Whatever comes, frames
// must begin with a key frame and hold only what was pushed.
func FuzzAssembler_Push(f *testing.F) {
	for _, list := range [][]*rtp.Packet{
		stream(65530, 4, 2), without(stream(1, 5, 4), 4), pick(stream(9, 2, 9), 0, 2, 1, 1, 5, 4, 3),
	} {
		var seed []byte
		for _, p := range list {
			seed = binary.BigEndian.AppendUint16(seed, p.SequenceNumber)
			marker := byte(0)
			if p.Marker {
				marker = 1
			}
			seed = append(seed, byte(p.Timestamp/3000), marker, byte(len(p.Payload)))
			seed = append(seed, p.Payload...)
		}
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, data []byte) {
		a := media.NewAssembler(50 * time.Millisecond)
		var frame media.EncodedFrame
		var pushed, handed int
		keyed := false
		for now := time.Duration(0); len(data) >= 5; now += 10 * time.Millisecond {
			h := rtp.Header{
				SequenceNumber: binary.BigEndian.Uint16(data), Timestamp: uint32(data[2]), Marker: data[3]&1 == 1,
			}
			n := min(int(data[4]), len(data)-5)
			a.Push(&h, data[5:5+n], now)
			pushed += n
			data = data[5+n:]
			for a.Next(&frame, now) {
				handed += len(frame.Data)
				keyed = keyed || frame.Key
				if !keyed || len(frame.Data) == 0 {
					t.Fatalf("frame %+v before a key frame, or empty", frame)
				}
			}
		}
		if handed > pushed {
			t.Fatalf("%d bytes of frames from %d bytes of packets", handed, pushed)
		}
	})
}

// cpuTime is what the process has used so far, user and system.
func cpuTime(b *testing.B) time.Duration {
	var u syscall.Rusage
	if err := syscall.Getrusage(syscall.RUSAGE_SELF, &u); err != nil {
		b.Fatal(err)
	}
	return time.Duration(u.Utime.Nano() + u.Stime.Nano())
}

func BenchmarkAssembler_Push(b *testing.B) {
	for _, c := range []struct {
		name string
		swap int // of every so many pairs of packets, one pair comes in the wrong order
	}{{"ordered", 0}, {"reordered", 5}} {
		b.Run(c.name+"/ours", func(b *testing.B) {
			payload := make([]byte, 1100)
			var packets []*rtp.Packet
			for i := range 40 { // frames of 40 packets, as of a large key frame
				p := append([]byte{0}, payload...)
				if i == 0 {
					p = append([]byte{0x10, 0, 0, 0, 0x9d, 0x01, 0x2a, 64, 0, 36, 0}, payload...)
				}
				packets = append(packets, &rtp.Packet{Header: rtp.Header{Marker: i == 39}, Payload: p})
			}
			a := media.NewAssembler(time.Second)
			var f media.EncodedFrame
			b.SetBytes(1100)
			b.ReportAllocs()
			frames, start := 0, cpuTime(b)
			for i := range b.N {
				n := i
				if c.swap > 0 && (n/2)%c.swap == 0 {
					n ^= 1
				}
				p := packets[n%40]
				p.SequenceNumber, p.Timestamp = uint16(n), uint32(n/40)
				a.Push(&p.Header, p.Payload, time.Duration(i))
				for a.Next(&f, time.Duration(i)) {
					frames++
				}
			}
			b.ReportMetric(float64(cpuTime(b)-start)/float64(b.N), "cpu-ns/op")
			if b.N > 80 && frames < b.N/40-1 {
				b.Fatalf("%d frames of %d", frames, b.N/40)
			}
		})
	}
}
