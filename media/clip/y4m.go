package clip

import (
	"bytes"
	"errors"
	"fmt"
	"image"
	"io"
	"strconv"
	"strings"

	"parlor/media"
)

const (
	y4mMagic     = "YUV4MPEG2"
	y4mFrame     = "FRAME"
	maxY4MHeader = 1024    // bytes of a header line
	maxY4MFrames = 1 << 20 // more than nine hours at 30 per second
)

// y4mFile is an opened Y4M file: a line of parameters, then for each frame a line and the planes.
type y4mFile struct {
	f       *file
	format  media.VideoFormat
	offsets []int64 // of the planes
}

func newY4MSource(f *file) (media.VideoSource, error) {
	y := &y4mFile{f: f}
	if err := y.index(); err != nil {
		return nil, err
	}
	return newPictures(y.format, y.draw, f.Close), nil
}

// line reads a header line at offset, without its end.
func (y *y4mFile) line(offset int64) (string, error) {
	b := make([]byte, min(maxY4MHeader, y.f.size-offset))
	if _, err := y.f.ReadAt(b, offset); err != nil && err != io.EOF {
		return "", err
	}
	end := bytes.IndexByte(b, '\n')
	if end < 0 {
		return "", fmt.Errorf("byte %d: header line does not end", offset)
	}
	return string(b[:end]), nil
}

func (y *y4mFile) index() error {
	header, err := y.line(0)
	if err != nil {
		return err
	}
	if y.format, err = parseY4MHeader(header); err != nil {
		return err
	}
	size := y420Size(y.format.Width, y.format.Height)
	for offset := int64(len(header) + 1); offset < y.f.size; {
		line, err := y.line(offset)
		if err != nil && len(y.offsets) > 0 && y.f.size-offset < int64(len(y4mFrame)+1) {
			break // a few bytes of a frame that was being written
		}
		if err != nil {
			return err
		}
		if line != y4mFrame && !strings.HasPrefix(line, y4mFrame+" ") {
			return fmt.Errorf("byte %d: want %s, got %.20q", offset, y4mFrame, line)
		}
		offset += int64(len(line) + 1)
		if y.f.size-offset < size {
			break // incomplete last frame
		}
		if len(y.offsets) == maxY4MFrames {
			return fmt.Errorf("more than %d frames", maxY4MFrames)
		}
		y.offsets = append(y.offsets, offset)
		offset += size
	}
	if len(y.offsets) == 0 {
		return errors.New("no whole frame")
	}
	return nil
}

// y420Size is the length of a 4:2:0 picture.
func y420Size(width, height int) int64 {
	return int64(width)*int64(height) + 2*int64((width+1)/2)*int64((height+1)/2)
}

func parseY4MHeader(line string) (media.VideoFormat, error) {
	fields := strings.Split(line, " ")
	if fields[0] != y4mMagic {
		return media.VideoFormat{}, fmt.Errorf("want %s, got %.20q", y4mMagic, fields[0])
	}
	var f media.VideoFormat
	for _, field := range fields[1:] {
		if field == "" {
			continue
		}
		value := field[1:]
		var err error
		switch field[0] {
		case 'W':
			f.Width, err = parseSide(value)
		case 'H':
			f.Height, err = parseSide(value)
		case 'F':
			f.Rate, err = parseRatio(value)
		case 'C':
			switch value {
			case "420", "420jpeg", "420mpeg2", "420paldv":
			default:
				err = errors.New("only 4:2:0 with 8 bits (420, 420jpeg, 420mpeg2, 420paldv) is known")
			}
		}
		if err != nil {
			return media.VideoFormat{}, fmt.Errorf("Y4M parameter %.40q: %w", field, err)
		}
	}
	if f.Width == 0 || f.Height == 0 {
		return media.VideoFormat{}, errors.New("Y4M header without size")
	}
	if f.Rate == 0 {
		f.Rate = defaultFormat.Rate
	}
	return f, nil
}

func parseSide(text string) (int, error) {
	n, err := strconv.Atoi(text)
	if err != nil || n < 1 || n > maxSide {
		return 0, fmt.Errorf("want 1 to %d pixels", maxSide)
	}
	return n, nil
}

func parseRatio(text string) (float64, error) {
	num, den, _ := strings.Cut(text, ":")
	n, err1 := strconv.Atoi(num)
	d, err2 := strconv.Atoi(den)
	if err1 != nil || err2 != nil || n <= 0 || d <= 0 || n > maxRate*d || d > n*60 {
		return 0, fmt.Errorf("want a rate of at most %d frames per second, as 30:1", maxRate)
	}
	return float64(n) / float64(d), nil
}

func (y *y4mFile) draw(img *image.YCbCr, n int64) error {
	offset := y.offsets[n%int64(len(y.offsets))]
	for _, plane := range [][]byte{img.Y, img.Cb, img.Cr} { // strides are widths: made by newPictures
		if _, err := y.f.ReadAt(plane, offset); err != nil {
			return fmt.Errorf("%s: byte %d: %w", y.f.name, offset, short(err))
		}
		offset += int64(len(plane))
	}
	return nil
}

// WriteY4M writes pictures to a Y4M file as long as draw returns true; it gets the picture to
// fill and its number. The rate is rounded to 1/1000.
func WriteY4M(w io.Writer, format media.VideoFormat, draw func(img *image.YCbCr, n int64) bool) error {
	if _, err := fmt.Fprintf(w, "%s W%d H%d F%d:1000 Ip A1:1 C420jpeg\n", y4mMagic, format.Width, format.Height, int(format.Rate*1000+0.5)); err != nil {
		return err
	}
	img := image.NewYCbCr(image.Rect(0, 0, format.Width, format.Height), image.YCbCrSubsampleRatio420)
	for n := int64(0); draw(img, n); n++ {
		for _, part := range [][]byte{[]byte(y4mFrame + "\n"), img.Y, img.Cb, img.Cr} {
			if _, err := w.Write(part); err != nil {
				return err
			}
		}
	}
	return nil
}
