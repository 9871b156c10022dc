// Package codec makes and reads what goes over the wire: VP8 by libvpx (RFC 6386), Opus by
// libopus (RFC 6716), scaled or coloured pictures by libyuv, and sound without noise by libspeexdsp. It is one of the two
// packages of Parlor that are written against C; everything else sees it as media.Codecs.
//
// Pictures are 8 bit 4:2:0 in the studio range of BT.601 (black 16, white 235), which is what
// VP8 carries (RFC 6386 section 9.2) and cameras give.
//
// It needs libvpx, libopus and libspeexdsp by pkg-config, libyuv by its name, and the build tag
// nolibopusfile, without which the Opus binding also wants libopusfile.
package codec

import (
	"errors"
	"sync"

	"parlor/media"
)

// ErrClosed is returned by an encoder or decoder that is used after Close.
var ErrClosed = errors.New("codec: used after Close")

// Set makes codecs and converts pictures; it implements media.Codecs. It is safe for
// concurrent use; what it makes is not.
type Set struct {
	scratch sync.Pool // of *image.YCbCr, between scaling and colouring
}

var _ media.Codecs = (*Set)(nil)

// New returns a Set. It holds nothing that must be closed.
func New() *Set { return new(Set) }
