package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"image"
	"io"
	"log/slog"
	"time"

	"parlor/app"
	"parlor/app/room"
	"parlor/app/server"
	"parlor/app/token"
	"parlor/assets"
	"parlor/media"
	"parlor/media/clip"
)

// checked is one line of the self-test's report.
type checked struct {
	Name  string `json:"name"`
	OK    bool   `json:"ok"`
	Note  string `json:"note,omitempty"`
	Error string `json:"error,omitempty"`
}

// selfTest checks what a broken package or machine would break, without a window. It fails when a part
// that every machine must have fails; missing devices are only noted.
func selfTest(ctx context.Context, opts app.Options, out io.Writer) error {
	ctx, cancel := context.WithTimeout(ctx, time.Minute)
	defer cancel()
	parts := []struct {
		name     string
		optional bool
		run      func(context.Context, app.Options) (string, error)
	}{
		{"fonts", false, checkFonts},
		{"codecs", false, checkCodecs},
		{"room", false, checkRoom},
		{"camera", true, checkCamera},
		{"microphone", true, checkMicrophone},
		{"speaker", true, checkSpeaker},
	}
	var report []checked
	var failed []error
	for _, part := range parts {
		note, err := part.run(ctx, opts)
		c := checked{Name: part.name, OK: err == nil, Note: note}
		if err != nil {
			c.Error = err.Error()
			if !part.optional {
				failed = append(failed, fmt.Errorf("%s: %w", part.name, err))
			}
		}
		report = append(report, c)
	}
	encoder := json.NewEncoder(out)
	encoder.SetIndent("", "  ")
	err := encoder.Encode(map[string]any{"version": opts.Version, "ok": len(failed) == 0, "checks": report})
	return errors.Join(append(failed, err)...)
}

func checkFonts(context.Context, app.Options) (string, error) {
	if n := len(assets.Regular().Content()); n < 1<<20 {
		return "", fmt.Errorf("the Chinese font has only %d bytes", n)
	}
	return "", nil
}

// checkCodecs sends a grey picture and a silent frame through encoder and decoder.
func checkCodecs(_ context.Context, opts app.Options) (string, error) {
	codecs := opts.Kit.Codecs
	encoder, err := codecs.NewVideoEncoder(media.VideoEncoderConfig{Width: 320, Height: 180, Rate: 15, Bitrate: 200_000})
	if err != nil {
		return "", err
	}
	defer encoder.Close()
	decoder, err := codecs.NewVideoDecoder()
	if err != nil {
		return "", err
	}
	defer decoder.Close()
	picture := image.NewYCbCr(image.Rect(0, 0, 320, 180), image.YCbCrSubsampleRatio420)
	for i := range picture.Y {
		picture.Y[i] = 128
	}
	frame, _, err := encoder.Encode(picture, 0, true)
	if err != nil {
		return "", err
	}
	got, err := decoder.Decode(frame)
	if err != nil {
		return "", err
	}
	if y := got.YCbCrAt(160, 90).Y; y < 120 || y > 136 {
		return "", fmt.Errorf("a grey picture of brightness 128 came back as %d", y)
	}
	sound, err := codecs.NewAudioEncoder(32_000)
	if err != nil {
		return "", err
	}
	defer sound.Close()
	_, err = sound.Encode(make([]int16, media.FrameSamples))
	return "VP8, Opus", err
}

// checkRoom lets two participants meet on a server of their own.
func checkRoom(ctx context.Context, opts app.Options) (string, error) {
	const id, key = "0123456789abcdef01234567", "self-test"
	quiet := slog.New(slog.DiscardHandler)
	s, err := server.New(server.Config{Listen: "127.0.0.1:0", UDP: "127.0.0.1:0", Apps: map[string]string{id: key}, Log: quiet})
	if err != nil {
		return "", err
	}
	defer s.Close()
	var contexts []*room.Context
	for i, user := range []string{"sender", "receiver"} {
		c, err := room.New(room.Config{
			Server: s.URL(), AppID: id, Log: quiet, Speaker: "test",
			Kit: media.Kit{Devices: clip.Builtin(i), Codecs: opts.Kit.Codecs},
		})
		if err != nil {
			return "", err
		}
		defer c.Close()
		contexts = append(contexts, c)
		text, err := token.Mint(token.MintOptions{AppID: id, AppKey: key, RoomID: "self-test", UserID: user, TTL: time.Hour})
		if err != nil {
			return "", err
		}
		if i == 0 {
			if err := errors.Join(c.ChangeVideoCapture(ctx, true), c.ChangeAudioCapture(ctx, true)); err != nil {
				return "", err
			}
		}
		if err := c.Join(ctx, room.JoinOptions{RoomID: "self-test", UserID: user, Token: text}); err != nil {
			return "", err
		}
	}
	tick := time.NewTicker(50 * time.Millisecond)
	defer tick.Stop()
	for {
		frames, packets := uint64(0), uint64(0)
		for _, r := range contexts[1].Stats().Remote {
			if r.Source == media.Camera {
				frames = r.Frames
			} else {
				packets = r.Packets
			}
		}
		if frames >= 10 && packets >= 10 {
			return fmt.Sprintf("%d frames and %d packets of sound over loopback", frames, packets), nil
		}
		select {
		case <-tick.C:
		case <-ctx.Done():
			return "", fmt.Errorf("only %d frames and %d packets of sound came over loopback", frames, packets)
		}
	}
}

func checkCamera(_ context.Context, opts app.Options) (string, error) {
	src, err := opts.Kit.Devices.OpenCamera(opts.Camera, media.VideoFormat{Width: 640, Height: 360, Rate: 30})
	if err != nil {
		return "", err
	}
	f := src.Format()
	return fmt.Sprintf("%dx%d", f.Width, f.Height), src.Close()
}

func checkMicrophone(ctx context.Context, opts app.Options) (string, error) {
	src, err := opts.Kit.Devices.OpenMicrophone(opts.Microphone)
	if err != nil {
		return "", err
	}
	defer context.AfterFunc(ctx, func() { src.Close() })() // a suspended source gives nothing
	_, err = src.ReadAudio()
	return "", errors.Join(err, src.Close())
}

// silence is what the self-test plays.
type silence struct{}

// ReadPCM implements media.AudioReader.
func (silence) ReadPCM(pcm []int16) { clear(pcm) }

func checkSpeaker(_ context.Context, opts app.Options) (string, error) {
	lost := make(chan error, 1) // told once
	speaker, err := opts.Kit.Devices.OpenSpeaker(opts.Speaker, silence{}, func(err error) { lost <- err })
	if err != nil {
		return "", err
	}
	select {
	case err = <-lost:
	case <-time.After(time.Second):
	}
	return "", errors.Join(err, speaker.Close())
}
