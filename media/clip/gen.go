//go:build ignore

// This program makes the built-in clips:
//
//	cd media/clip && go run -tags nolibopusfile gen.go
//
// It is not a go:generate directive, since what the codecs put out differs from version to version
// of their libraries, and generated files are checked to be up to date.
package main

import (
	"fmt"
	"image"
	"log"
	"os"
	"time"

	"parlor/media"
	"parlor/media/clip"
	"parlor/media/codec"
)

const (
	width, height = 640, 360
	rate          = 15
	seconds       = 6
	keyEvery      = 2 * rate // frames
	videoBitrate  = 230_000  // with key frames some 250 kbit/s come out
	audioBitrate  = 24_000
)

func main() {
	for bot := range 4 {
		if err := makeVideo(fmt.Sprintf("builtin/bot%d.ivf", bot+1), bot+1); err != nil {
			log.Fatal(err)
		}
		if err := makeAudio(fmt.Sprintf("builtin/bot%d.ogg", bot+1), bot); err != nil {
			log.Fatal(err)
		}
	}
}

func makeVideo(path string, variant int) error {
	encoder, err := codec.New().NewVideoEncoder(media.VideoEncoderConfig{Width: width, Height: height, Rate: rate, Bitrate: videoBitrate})
	if err != nil {
		return err
	}
	defer encoder.Close()
	f, err := os.Create(path)
	if err != nil {
		return err
	}
	defer f.Close()
	w := clip.NewIVFWriter(f, rate, 1)
	img := image.NewYCbCr(image.Rect(0, 0, width, height), image.YCbCrSubsampleRatio420)
	for n := range seconds * rate {
		clip.DrawPicture(img, variant, int64(n))
		frame, _, err := encoder.Encode(img, time.Duration(n)*time.Second/rate, n%keyEvery == 0)
		if err != nil {
			return err
		}
		if frame == nil {
			return fmt.Errorf("%s: rate control dropped frame %d", path, n)
		}
		if err := w.WriteFrame(frame, uint64(n)); err != nil {
			return err
		}
	}
	return w.Flush()
}

func makeAudio(path string, voice int) error {
	encoder, err := codec.New().NewAudioEncoder(audioBitrate)
	if err != nil {
		return err
	}
	defer encoder.Close()
	var packets [][]byte
	var levels []byte
	speech := clip.Speech(voice, seconds*media.SampleRate)
	for ; len(speech) > 0; speech = speech[media.FrameSamples:] {
		pcm := speech[:media.FrameSamples]
		packet, err := encoder.Encode(pcm)
		if err != nil {
			return err
		}
		if packet == nil { // not sent: an empty frame says so (RFC 6716, 3.1)
			packet = []byte{1 << 3}
		}
		packets = append(packets, append([]byte(nil), packet...))
		levels = append(levels, media.AudioLevel(pcm))
	}
	f, err := os.Create(path)
	if err != nil {
		return err
	}
	defer f.Close()
	w := clip.NewOggWriter(f, levels)
	for _, p := range packets {
		if err := w.WritePacket(p); err != nil {
			return err
		}
	}
	return w.Close()
}
