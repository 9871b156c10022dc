//go:build linux

package x11

import (
	"errors"
	"fmt"
	"image"
	"math/bits"
	"net"
	"os"

	"golang.org/x/sys/unix"
)

// Requests of MIT-SHM, and the format of pictures that both it and the core protocol are asked for.
const (
	shmDetach   = 2
	shmGetImage = 4
	shmAttachFD = 6

	zPixmap   = 2 // whole pixels one after the other
	allPlanes = 1<<32 - 1
)

// reader gets pixels from the server: into memory that both share, or through the socket when the server is on another machine.
type reader struct {
	conn *Conn
	shm  extension // without opcode: not to be used
}

func newReader(c *Conn) (reader, error) {
	shm, err := c.queryExtension("MIT-SHM")
	if err != nil {
		return reader{}, err
	}
	if _, local := c.conn.(*net.UnixConn); !local || !shm.atLeast(1, 2) { // 1.2 brought descriptors
		shm = extension{}
	}
	return reader{conn: c, shm: shm}, nil
}

// buffer is memory for pixels.
type buffer struct {
	data    []byte // as many as were asked for last
	memory  []byte
	segment uint32 // the server's number of the memory; 0: it does not have it
}

// maxPicture bounds a picture, in bytes: four screens of 5120×2880 are half of it.
const maxPicture = 512 << 20

// read fills b with n bytes of pixels of an area.
func (r *reader) read(b *buffer, n int, drawable uint32, area image.Rectangle) error {
	if n > maxPicture {
		return fmt.Errorf("picture of %v takes %d bytes", area.Size(), n)
	}
	if err := r.grow(b, n); err != nil {
		return err
	}
	b.data = b.memory[:n]
	c := r.conn
	at, size := pair(area.Min.X, area.Min.Y), pair(area.Dx(), area.Dy())
	if b.segment == 0 {
		c.post(opGetImage, zPixmap, drawable, at, size, allPlanes)
		_, err := c.exchange(c.sequence, b.data)
		return err
	}
	reply, err := c.call(r.shm.opcode, shmGetImage, drawable, at, size, allPlanes, zPixmap, b.segment, 0)
	if err != nil {
		return err
	}
	if got := order.Uint32(reply[12:]); got != uint32(n) {
		return fmt.Errorf("picture of %d bytes, want %d", got, n)
	}
	return nil
}

// grow makes room for n bytes.
func (r *reader) grow(b *buffer, n int) error {
	if len(b.memory) >= n {
		return nil
	}
	if b.segment != 0 {
		r.conn.post(r.shm.opcode, shmDetach, b.segment)
	}
	if err := b.free(); err != nil {
		return err
	}
	if r.shm.opcode != 0 {
		err := r.share(b, n)
		if err == nil || r.conn.failed != nil {
			return err
		}
		r.shm = extension{} // it refuses: the socket always works
	}
	b.memory = make([]byte, n)
	return nil
}

// share makes memory that the server writes to as well.
func (r *reader) share(b *buffer, n int) error {
	fd, err := unix.MemfdCreate("parlor-screen", unix.MFD_CLOEXEC)
	if err != nil {
		return os.NewSyscallError("memfd_create", err)
	}
	defer unix.Close(fd) // both sides have it mapped then
	if err := unix.Ftruncate(fd, int64(n)); err != nil {
		return os.NewSyscallError("ftruncate", err)
	}
	memory, err := unix.Mmap(fd, 0, n, unix.PROT_READ|unix.PROT_WRITE, unix.MAP_SHARED)
	if err != nil {
		return os.NewSyscallError("mmap", err)
	}
	segment := r.conn.newID()
	const writable = 0
	if err := r.conn.checkWithFile(fd, r.shm.opcode, shmAttachFD, segment, writable); err != nil {
		return errors.Join(err, unix.Munmap(memory))
	}
	b.memory, b.segment = memory, segment
	return nil
}

// checkWithFile is check for a request with which a file descriptor travels.
func (c *Conn) checkWithFile(fd int, opcode, detail uint8, body ...uint32) error {
	local, ok := c.conn.(*net.UnixConn)
	if !ok {
		return errors.New("no descriptors over a network")
	}
	if c.failed != nil {
		return c.failed
	}
	if c.failed = c.flush(); c.failed != nil { // the descriptor belongs to the first byte of this request
		return c.failed
	}
	c.post(opcode, detail, body...)
	request, sequence := c.out, c.sequence
	c.out = c.out[len(c.out):]
	if _, _, c.failed = local.WriteMsgUnix(request, unix.UnixRights(fd), nil); c.failed != nil {
		return c.failed
	}
	return c.sync(sequence)
}

// free gives the memory back; the server's side of it goes with the connection, or was detached.
func (b *buffer) free() error {
	memory, shared := b.memory, b.segment != 0
	*b = buffer{}
	if !shared {
		return nil
	}
	return os.NewSyscallError("munmap", unix.Munmap(memory))
}

// layout is how the colours of a drawable lie in memory.
type layout struct {
	format
	visual
	bigEndian bool
	direct    bool // they lie as in a Picture
}

// layout returns the layout of drawables of a depth and a visual.
func (c *Conn) layout(depth uint8, id uint32) (layout, error) {
	f, v := c.formats[depth], c.visuals[id]
	l := layout{format: f, visual: v, bigEndian: c.bigEndian}
	whole := (f.bits == 16 || f.bits == 24 || f.bits == 32) && f.pad == 32
	if !whole || v.class != trueColor && v.class != directColor || v.red == 0 || v.green == 0 || v.blue == 0 {
		return layout{}, fmt.Errorf("colours of depth %d (%d bits per pixel, visual class %d) cannot be read", depth, f.bits, v.class)
	}
	l.direct = f.bits == 32 && !c.bigEndian && v.red == 0xff0000 && v.green == 0xff00 && v.blue == 0xff
	return l, nil
}

// stride returns the bytes of a row of this many pixels.
func (l layout) stride(width int) int { return (width*l.bits + l.pad - 1) / l.pad * l.pad / 8 }

// unpack turns a picture of another layout into one, in memory that it keeps.
func (l layout) unpack(memory *[]byte, raw Picture) Picture {
	p := Picture{Stride: 4 * raw.Width, Width: raw.Width, Height: raw.Height}
	if n := p.Stride * p.Height; cap(*memory) < n {
		*memory = make([]byte, n)
	}
	p.Pix = (*memory)[:p.Stride*p.Height]
	blue, green, red := channelOf(l.blue), channelOf(l.green), channelOf(l.red)
	size := l.bits / 8
	for y := range p.Height {
		from, to := raw.Pix[y*raw.Stride:], p.Pix[y*p.Stride:][:p.Stride]
		for x := 0; x < len(to); x += 4 {
			var v uint32
			for i := range size {
				k := i
				if l.bigEndian {
					k = size - 1 - i
				}
				v |= uint32(from[k]) << (8 * i)
			}
			from = from[size:]
			to[x], to[x+1], to[x+2] = blue.of(v), green.of(v), red.of(v)
		}
	}
	return p
}

// channel is where one colour lies in a pixel.
type channel struct{ mask, shift, most uint32 }

func channelOf(mask uint32) channel {
	shift := uint32(bits.TrailingZeros32(mask))
	return channel{mask, shift, mask >> shift}
}

// of returns the colour, 0 to 255.
func (c channel) of(pixel uint32) uint8 {
	return uint8(uint64(pixel&c.mask>>c.shift) * 255 / uint64(c.most))
}
