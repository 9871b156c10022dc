//go:build linux

package x11

import (
	"bytes"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strconv"
)

// setup is what the server says in its greeting, as far as we need it.
type setup struct {
	idBase, idMask uint32
	bigEndian      bool             // pictures are, whatever order we speak
	formats        map[uint8]format // by depth
	visuals        map[uint32]visual
	root           uint32 // window of the screen
	rootVisual     uint32
	rootDepth      uint8
}

// format is how pixels lie in a picture.
type format struct {
	bits int // of a pixel
	pad  int // rows are a multiple of this many bits long
}

// visual says how the colours lie in a pixel.
type visual struct {
	class            uint8
	red, green, blue uint32 // masks
}

// Classes of visuals whose pixels are colours and no numbers of a palette.
const (
	trueColor   = 4
	directColor = 5
)

var errShortSetup = errors.New("greeting ends too early")

// parseSetup reads the greeting after its first 8 bytes.
func parseSetup(b []byte, screen int) (setup, error) {
	if len(b) < 32 {
		return setup{}, errShortSetup
	}
	s := setup{
		idBase: order.Uint32(b[4:]), idMask: order.Uint32(b[8:]), bigEndian: b[22] != 0,
		formats: make(map[uint8]format), visuals: make(map[uint32]visual),
	}
	if s.idMask == 0 {
		return setup{}, errors.New("greeting leaves us no numbers")
	}
	vendor, screens, formats := (int(order.Uint16(b[16:]))+3)&^3, int(b[20]), int(b[21])
	if screen >= screens {
		return setup{}, fmt.Errorf("there is no screen %d: the server has %d", screen, screens)
	}
	if len(b) < 32+vendor+8*formats {
		return setup{}, errShortSetup
	}
	b = b[32+vendor:]
	for range formats {
		s.formats[b[0]] = format{bits: int(b[1]), pad: int(b[2])}
		b = b[8:]
	}
	for i := range screen + 1 {
		var err error
		if b, err = s.parseScreen(b, i == screen); err != nil {
			return setup{}, err
		}
	}
	return s, nil
}

// parseScreen reads one screen and returns what follows it.
func (s *setup) parseScreen(b []byte, ours bool) (rest []byte, err error) {
	if len(b) < 40 {
		return nil, errShortSetup
	}
	if ours {
		s.root, s.rootVisual, s.rootDepth = order.Uint32(b), order.Uint32(b[32:]), b[38]
	}
	depths := int(b[39])
	b = b[40:]
	for range depths {
		if len(b) < 8 {
			return nil, errShortSetup
		}
		n := int(order.Uint16(b[2:]))
		b = b[8:]
		if len(b) < 24*n {
			return nil, errShortSetup
		}
		for range n {
			s.visuals[order.Uint32(b)] = visual{b[4], order.Uint32(b[8:]), order.Uint32(b[12:]), order.Uint32(b[16:])}
			b = b[24:]
		}
	}
	return b, nil
}

// maxAuthority bounds the file of keys, which holds some hundred bytes per display.
const maxAuthority = 1 << 20

// findCookie returns the key to a display, nil if there is none: many servers want none.
func findCookie(a address) []byte {
	path := os.Getenv("XAUTHORITY")
	if path == "" {
		home, err := os.UserHomeDir()
		if err != nil {
			return nil
		}
		path = filepath.Join(home, ".Xauthority")
	}
	f, err := os.Open(path)
	if err != nil {
		return nil
	}
	defer f.Close()
	data, err := io.ReadAll(io.LimitReader(f, maxAuthority))
	if err != nil {
		return nil
	}
	host := a.host
	if host == "" || host == "localhost" {
		host, _ = os.Hostname()
	}
	return cookieFor(data, host, strconv.Itoa(a.number))
}

// Families of addresses in the file of keys.
const (
	familyWild  = 65535
	familyLocal = 256
)

// cookieFor finds the key of a display in the content of a file of keys: that of this host, else that of any host, else
// that of another address family, as which the same host may be written.
func cookieFor(data []byte, host, number string) []byte {
	var best []byte
	bestRank := 0
	for len(data) >= 2 {
		family := binary.BigEndian.Uint16(data)
		data = data[2:]
		var fields [4][]byte // address, number, name, key
		for i := range fields {
			if len(data) < 2 {
				return best
			}
			n := int(binary.BigEndian.Uint16(data))
			if len(data) < 2+n {
				return best
			}
			fields[i], data = data[2:2+n], data[2+n:]
		}
		if n := string(fields[1]); n != "" && n != number || string(fields[2]) != cookieName {
			continue
		}
		rank := 1
		switch {
		case family == familyLocal && string(fields[0]) == host:
			rank = 3
		case family == familyWild:
			rank = 2
		}
		if rank > bestRank {
			best, bestRank = bytes.Clone(fields[3]), rank
		}
	}
	return best
}
