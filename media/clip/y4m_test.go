package clip_test

import (
	"testing"
	"testing/synctest"

	"github.com/google/go-cmp/cmp"

	"parlor/media"
	"parlor/media/clip"
)

func TestY4M(t *testing.T) {
	for _, size := range [][2]int{{4, 2}, {5, 3}, {1, 1}} {
		data := y4m(t, size[0], size[1], 3)
		synctest.Test(t, func(t *testing.T) {
			src, err := clip.NewVideo("test", data)
			if err != nil {
				t.Fatal(err)
			}
			defer src.Close()
			if got, want := src.Format(), (media.VideoFormat{Width: size[0], Height: size[1], Rate: 25}); got != want {
				t.Errorf("format: got %v, want %v", got, want)
			}
			var luma []byte
			for range 5 {
				img := readOne(t, src).Image
				last := len(img.Y) - 1
				if img.Y[0] != img.Y[last] || img.Cb[len(img.Cb)-1] != 100 || img.Cr[len(img.Cr)-1] != 200 {
					t.Errorf("%v: planes are mixed up", size)
				}
				luma = append(luma, img.Y[last])
			}
			if diff := cmp.Diff([]byte{0, 1, 2, 0, 1}, luma); diff != "" {
				t.Errorf("pictures (-want +got):\n%s", diff)
			}
		})
	}
}

func TestY4M_Headers(t *testing.T) {
	for header, want := range map[string]media.VideoFormat{
		"YUV4MPEG2 W2 H2": {Width: 2, Height: 2, Rate: 30},
		"YUV4MPEG2 W2 H2 F30000:1001 It A0:0 C420mpeg2 XFOO": {Width: 2, Height: 2, Rate: 30000.0 / 1001},
		"YUV4MPEG2  C420paldv H2 W2 F1:1":                    {Width: 2, Height: 2, Rate: 1},
	} {
		src, err := clip.NewVideo("test", []byte(header+"\nFRAME Ixyz\nabcdefFR")) // the next frame is being written
		if err != nil {
			t.Errorf("%q: %v", header, err)
			continue
		}
		if got := src.Format(); got != want {
			t.Errorf("%q: got %v, want %v", header, got, want)
		}
		if img := readOne(t, src).Image; string(img.Y) != "abcd" || string(img.Cb) != "e" || string(img.Cr) != "f" {
			t.Errorf("%q: got %q %q %q", header, img.Y, img.Cb, img.Cr)
		}
	}
}
