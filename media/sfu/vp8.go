package sfu

// vp8 is what the forwarder needs of a VP8 payload descriptor (RFC 7741, section 4.2).
type vp8 struct {
	pictureAt  int    // index of the PictureID in the payload, 0 when there is none
	wide       bool   // PictureID of 15 bits, else of 7
	picture    uint16 // PictureID
	tl0At      int    // index of the TL0PICIDX, 0 when there is none
	tl0        uint8  // TL0PICIDX
	startOfKey bool   // first packet of a key frame
}

// parseVP8 reads the payload descriptor; it is not ok when the payload is too short for what
// it says.
func parseVP8(payload []byte) (d vp8, ok bool) {
	if len(payload) < 2 {
		return d, false
	}
	start := payload[0]&0x10 != 0 && payload[0]&0x07 == 0 // S bit and first partition
	at := 1
	if payload[0]&0x80 != 0 { // X: extensions follow
		extensions := payload[1]
		at = 2
		if extensions&0x80 != 0 { // I: PictureID
			if len(payload) < at+2 {
				return d, false
			}
			d.pictureAt = at
			d.picture = uint16(payload[at])
			at++
			if d.wide = d.picture&0x80 != 0; d.wide {
				d.picture = d.picture&0x7f<<8 | uint16(payload[at])
				at++
			}
		}
		if extensions&0x40 != 0 { // L: TL0PICIDX
			if len(payload) <= at {
				return d, false
			}
			d.tl0At, d.tl0 = at, payload[at]
			at++
		}
		if extensions&0x30 != 0 { // T or K: TID, Y and KEYIDX share a byte
			at++
		}
	}
	if len(payload) <= at {
		return d, false
	}
	d.startOfKey = start && payload[at]&0x01 == 0 // P bit of the frame header (RFC 6386, section 9.1)
	return d, true
}

// write puts other numbers into the descriptor of payload, which d was read from.
func (d vp8) write(payload []byte, picture uint16, tl0 uint8) {
	if d.pictureAt != 0 {
		if d.wide {
			payload[d.pictureAt] = 0x80 | byte(picture>>8)
			payload[d.pictureAt+1] = byte(picture)
		} else {
			payload[d.pictureAt] = byte(picture) & 0x7f
		}
	}
	if d.tl0At != 0 {
		payload[d.tl0At] = tl0
	}
}
