package sfu

import (
	"bytes"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"parlor/media"
)

func TestParseVP8(t *testing.T) {
	for _, c := range []struct {
		name    string
		payload []byte
		want    vp8
		ok      bool
	}{
		{"empty", nil, vp8{}, false},
		{"descriptor alone", []byte{0x10}, vp8{}, false},
		{"plain key frame", []byte{0x10, 0x00}, vp8{startOfKey: true}, true},
		{"plain inter frame", []byte{0x10, 0x01}, vp8{}, true},
		{"continuation", []byte{0x00, 0x00}, vp8{}, true},
		{"start of the second partition", []byte{0x11, 0x00}, vp8{}, true},
		{"7 bits", []byte{0x90, 0x80, 0x7f, 0x00}, vp8{pictureAt: 2, picture: 0x7f, startOfKey: true}, true},
		{"15 bits", []byte{0x90, 0x80, 0xff, 0xfe, 0x00},
			vp8{pictureAt: 2, wide: true, picture: 0x7ffe, startOfKey: true}, true},
		{"all extensions", []byte{0x90, 0xf0, 0x81, 0x02, 0x33, 0x44, 0x00},
			vp8{pictureAt: 2, wide: true, picture: 0x102, tl0At: 4, tl0: 0x33, startOfKey: true}, true},
		{"TL0PICIDX alone", []byte{0x90, 0x40, 0x33, 0x01}, vp8{tl0At: 2, tl0: 0x33}, true},
		{"TID alone", []byte{0x90, 0x20, 0x33, 0x01}, vp8{}, true},
		{"ends in the PictureID", []byte{0x90, 0x80, 0xff}, vp8{}, false},
		{"ends before the PictureID", []byte{0x90, 0x80}, vp8{}, false},
		{"ends before the TL0PICIDX", []byte{0x90, 0xc0, 0x01, 0x02}, vp8{}, false},
		{"ends in the extensions", []byte{0x90, 0xf0, 0x81, 0x02, 0x33}, vp8{}, false},
		{"ends after the extensions", []byte{0x90, 0xf0, 0x81, 0x02, 0x33, 0x44}, vp8{}, false},
	} {
		t.Run(c.name, func(t *testing.T) {
			got, ok := parseVP8(c.payload)
			if ok != c.ok {
				t.Fatalf("ok: got %v, want %v", ok, c.ok)
			}
			if ok && got != c.want {
				t.Errorf("got %+v, want %+v", got, c.want)
			}
		})
	}
}

// FuzzParseVP8 checks that what is written into a descriptor is read from it, and that nothing else changes.
func FuzzParseVP8(f *testing.F) {
	f.Add([]byte{0x90, 0xf0, 0x81, 0x02, 0x33, 0x44, 0x00}, uint16(0x7fff), uint8(1))
	f.Add([]byte{0x90, 0xc0, 0x01, 0x02, 0x00}, uint16(0x1ff), uint8(255))
	f.Add([]byte{0x10, 0x00}, uint16(1), uint8(1))
	f.Fuzz(func(t *testing.T, payload []byte, picture uint16, tl0 uint8) {
		d, ok := parseVP8(payload)
		if !ok {
			return
		}
		changed := bytes.Clone(payload)
		d.write(changed, picture&0x7fff, tl0)
		got, ok := parseVP8(changed)
		want := d
		if d.wide {
			want.picture = picture & 0x7fff
		} else if d.pictureAt != 0 {
			want.picture = picture & 0x7f
		}
		if d.tl0At != 0 {
			want.tl0 = tl0
		}
		if !ok || got != want {
			t.Fatalf("got %+v, %v, want %+v", got, ok, want)
		}
		d.write(changed, d.picture, d.tl0)
		if !bytes.Equal(changed, payload) {
			t.Fatalf("writing the old numbers back: got %x, want %x", changed, payload)
		}
	})
}

// videoPacket is a packet of a source whose three numbers are given.
func videoPacket(epoch uint64, sequence uint16, timestamp uint32, picture uint16, key bool, at time.Duration) *packet {
	return &packet{
		kind: media.Video, epoch: epoch, sequence: sequence, timestamp: timestamp, at: at,
		vp8:     vp8{pictureAt: 2, wide: true, picture: picture, tl0At: 4, tl0: uint8(picture), startOfKey: key},
		payload: []byte{1},
	}
}

func TestForwarder_Video(t *testing.T) {
	frame := time.Second / 30
	type step struct {
		name string
		in   *packet
		want *outgoing // nil: does not go out
	}
	padding := videoPacket(1, 103, 3000, 0, false, frame)
	padding.payload = nil
	for _, c := range []struct {
		name  string
		steps []step
	}{
		{"waits for a key frame", []step{
			{"inter frame", videoPacket(1, 99, 0, 7, false, 0), nil},
			{"key frame", videoPacket(1, 100, 3000, 8, true, frame), &outgoing{0, 3000, false, 8, 8}},
			{"what comes late from before", videoPacket(1, 99, 0, 7, false, frame), nil},
			{"next", videoPacket(1, 101, 6000, 9, false, 2*frame), &outgoing{1, 6000, false, 9, 9}},
		}},
		{"padding leaves no gap", []step{
			{"key frame", videoPacket(1, 102, 0, 8, true, 0), &outgoing{0, 0, false, 8, 8}},
			{"padding", padding, nil},
			{"next", videoPacket(1, 104, 3000, 9, false, frame), &outgoing{1, 3000, false, 9, 9}},
		}},
		{"a source that pauses goes on", []step{
			{"key frame", videoPacket(1, 10, 0, 8, true, 0), &outgoing{0, 0, false, 8, 8}},
			{"after the pause, no key frame", videoPacket(2, 20, 90000, 38, false, time.Second), nil},
			{"after the pause", videoPacket(2, 21, 93000, 39, true, time.Second), &outgoing{1, 90000, false, 9, 9}},
			{"next", videoPacket(2, 22, 96000, 40, false, time.Second+frame), &outgoing{2, 93000, false, 10, 10}},
		}},
		{"PictureID and TL0PICIDX run around", []step{
			{"key frame", videoPacket(1, 10, 0, 0x7fff, true, 0), &outgoing{0, 0, false, 0x7fff, 0xff}},
			{"another source", videoPacket(2, 20, 500, 0x7ffe, true, frame), &outgoing{1, 2999, false, 0, 0}},
			{"next", videoPacket(2, 21, 3500, 0x7fff, false, 2*frame), &outgoing{2, 5999, false, 1, 1}},
		}},
		{"two frames never share a timestamp", []step{
			{"key frame", videoPacket(1, 10, 5000, 1, true, 0), &outgoing{0, 5000, false, 1, 1}},
			{"another source at once", videoPacket(2, 20, 0, 9, true, 0), &outgoing{1, 6800, false, 2, 2}},
		}},
	} {
		t.Run(c.name, func(t *testing.T) {
			f := newForwarder(media.Video)
			for _, s := range c.steps {
				got, ok := f.forward(s.in)
				if ok != (s.want != nil) {
					t.Fatalf("%s: ok: got %v, want %v", s.name, ok, s.want != nil)
				}
				if ok {
					if diff := cmp.Diff(*s.want, got, cmp.AllowUnexported(outgoing{})); diff != "" {
						t.Fatalf("%s (-want +got):\n%s", s.name, diff)
					}
				}
			}
		})
	}
}

func TestForwarder_Audio(t *testing.T) {
	f := newForwarder(media.Audio)
	in := func(epoch uint64, sequence uint16, timestamp uint32, at time.Duration) *packet {
		return &packet{kind: media.Audio, epoch: epoch, sequence: sequence, timestamp: timestamp, at: at, payload: []byte{1}}
	}
	for i, s := range []struct {
		in   *packet
		want outgoing
	}{
		{in(1, 7, 1000, 0), outgoing{sequence: 0, timestamp: 1000, marker: true}},
		{in(1, 8, 1960, 20*time.Millisecond), outgoing{sequence: 1, timestamp: 1960}},
		{in(2, 50, 0, 40*time.Millisecond), outgoing{sequence: 2, timestamp: 2920, marker: true}},
		{in(2, 51, 960, 60*time.Millisecond), outgoing{sequence: 3, timestamp: 3880}},
	} {
		got, ok := f.forward(s.in)
		got.picture, got.tl0 = 0, 0 // mean nothing for audio
		if !ok || got != s.want {
			t.Errorf("packet %d: got %+v, %v, want %+v", i, got, ok, s.want)
		}
	}
}

// TestForwarder_Source checks that a NACK finds its packet until the source is interrupted, and that the packet looks
// the same then.
func TestForwarder_Source(t *testing.T) {
	f := newForwarder(media.Video)
	key := videoPacket(1, 100, 0, 1, true, 0)
	first, _ := f.forward(key)
	lost := videoPacket(1, 101, 3000, 2, false, time.Millisecond)
	sent, _ := f.forward(lost)
	source, epoch, ok := f.source(sent.sequence)
	if !ok || source != 101 || epoch != 1 {
		t.Fatalf("source(%d): got %d, epoch %d, %v, want 101, epoch 1", sent.sequence, source, epoch, ok)
	}
	if again := f.rewrite(lost, sent.sequence); again != sent {
		t.Errorf("again: got %+v, want %+v", again, sent)
	}
	if _, _, ok := f.source(sent.sequence + 1); ok {
		t.Errorf("source(%d): ok, but it never went out", sent.sequence+1)
	}
	f.interrupt()
	if _, _, ok := f.source(first.sequence); ok {
		t.Error("source while interrupted: ok")
	}
	f.forward(videoPacket(2, 500, 0, 1, true, time.Second))
	if _, _, ok := f.source(first.sequence); ok {
		t.Error("source of the time before: ok")
	}
	if source, epoch, ok := f.source(2); !ok || source != 500 || epoch != 2 {
		t.Errorf("source(2): got %d, epoch %d, %v, want 500, epoch 2", source, epoch, ok)
	}
}

// FuzzForwarder lets a source lose, reorder, pad, pause and switch: what goes out never repeats a sequence number with
// another content, and numbers rise by one where nothing was lost.
func FuzzForwarder(f *testing.F) {
	f.Add([]byte{1, 0, 0, 8, 0, 16, 1, 0, 32, 1, 0})
	f.Add([]byte{1, 2, 4, 6, 255, 254, 128, 1})
	f.Fuzz(func(t *testing.T, program []byte) {
		w := newForwarder(media.Video)
		type origin struct {
			epoch    uint64
			sequence uint16
		}
		seen := map[uint16]origin{}
		content := map[origin]outgoing{}
		var epoch uint64 = 1
		var sequence uint16
		for i, b := range program {
			if b&32 != 0 {
				epoch++
			}
			sequence += uint16(int8(b&0xc0)>>6) + 1 // now and then backwards
			p := videoPacket(epoch, sequence, uint32(sequence)*3000, sequence&0x7fff, b&1 != 0, time.Duration(i)*time.Millisecond)
			if b&8 != 0 {
				p.payload = nil
			}
			out, ok := w.forward(p)
			if !ok {
				continue
			}
			o := origin{epoch, sequence}
			if before, used := seen[out.sequence]; used && before != o {
				t.Fatalf("outgoing %d: got %+v, was %+v", out.sequence, o, before)
			}
			if before, again := content[o]; again && before != out {
				t.Fatalf("packet %+v: got %+v, was %+v", o, out, before)
			}
			seen[out.sequence], content[o] = o, out
			if source, e, ok := w.source(out.sequence); !ok || source != sequence || e != epoch {
				t.Fatalf("source(%d): got %d, epoch %d, %v, want %+v", out.sequence, source, e, ok, o)
			}
		}
	})
}
