package main

import (
	"bufio"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"sync"

	"parlor/app/bridge"
	"parlor/app/impairment"
	"parlor/app/room"
	"parlor/cmd/internal/command"
	"parlor/media"
	"parlor/media/clip"
)

func apiCommand() command.Command {
	return command.Command{Summary: "drive one client by JSON lines", Run: runAPI}
}

// apiFlags are the flags of api.
type apiFlags struct {
	*command.Flags
	server, module, video, audio, record, logLevel string
}

func runAPI(ctx context.Context, name string, args []string, std command.Std) error {
	f := &apiFlags{Flags: command.NewFlags(name, "[flags]",
		`Reads one call per line from standard input, as {"id":1,"method":"joinRtcRoom","params":{…}}, and
writes results and events as lines of JSON. The end of the input leaves the room.`, std)}
	f.ServerVar(&f.server, "server", "", "", "base `URL` of the server, such as http://127.0.0.1:7880")
	f.StringVar(&f.module, "module", "rtc", "documents to follow: rtc; calling and live are not served by this version")
	f.StringVar(&f.video, "video", "", "`file` to send as camera, IVF with VP8 (default none)")
	f.StringVar(&f.audio, "audio", "", "`file` to send as microphone, Ogg with Opus (default none)")
	f.StringVar(&f.record, "record", "", "`directory` for what is received, as <userId>-<kind>.ivf and .ogg")
	f.StringVar(&f.logLevel, "log-level", "warn", "least `level` to log: debug, info, warn, error")
	others, err := f.Parse(args)
	if err == nil {
		err = command.NoMore(others)
	}
	if err == nil {
		err = f.Require("server")
	}
	if err != nil {
		return err
	}
	switch f.module {
	case "rtc":
	case "calling", "live":
		return command.Usagef("--module %s is not served by this version", f.module)
	default:
		return command.Usagef("--module %q is not one of rtc, calling, live", f.module)
	}
	log, err := command.NewLog(std.Err, f.logLevel)
	if err == nil {
		err = checkFiles(f.video, f.audio)
	}
	if err != nil {
		return err
	}
	return f.serve(ctx, std, log)
}

// checkFiles opens and closes the files that are to be sent, so that a wrong one is told at the start and by name.
func checkFiles(video, audio string) error {
	if video != "" {
		src, err := clip.OpenVideo(video)
		if err != nil {
			return fmt.Errorf("--video: %w", err)
		}
		defer src.Close()
		if frame, err := src.ReadVideo(); err != nil {
			return fmt.Errorf("--video: %w", err)
		} else if frame.Encoded == nil {
			return fmt.Errorf("--video: %s is not an IVF file with VP8: pictures cannot be encoded here", video)
		}
	}
	if audio != "" {
		src, err := clip.OpenAudio(audio)
		if err != nil {
			return fmt.Errorf("--audio: %w", err)
		}
		defer src.Close()
		if frame, err := src.ReadAudio(); err != nil {
			return fmt.Errorf("--audio: %w", err)
		} else if frame.Encoded == nil {
			return fmt.Errorf("--audio: %s is not an Ogg file with Opus: sound cannot be encoded here", audio)
		}
	}
	return nil
}

// serve runs one client until the input ends, x-quit, or the end of ctx.
func (f *apiFlags) serve(ctx context.Context, std command.Std, log *slog.Logger) (err error) {
	network, err := impairment.New()
	if err != nil {
		return err
	}
	transport := network.RoundTripper()
	defer transport.CloseIdleConnections()
	var recorder media.Recorder
	if f.record != "" {
		r, err := clip.NewRecorder(f.record, log)
		if err != nil {
			return err
		}
		defer func() { err = errors.Join(err, r.Close()) }()
		recorder = r
	}
	ctx, cancel := context.WithCancelCause(ctx)
	defer cancel(nil)
	out := newLineWriter(std.Out, cancel)
	quit := false // touched on this goroutine only: extra methods run within CallLine
	b := bridge.New(bridge.Config{
		Room: room.Config{
			Server: f.server, Kit: media.Kit{Devices: clip.FileDevices(f.video, f.audio)}, Recorder: recorder,
			Transport: transport, Net: network, Client: "parlorctl " + command.Version(), Log: log,
		},
		Emit: out.write,
		Extra: map[string]bridge.Extra{
			"x-network": network.Control,
			"x-quit": func(context.Context, json.RawMessage) (any, error) {
				quit = true
				return nil, nil
			},
		},
	})
	// A signal ends what CallLine waits for, too.
	stop := context.AfterFunc(ctx, func() { b.Close() })
	defer stop()
	for line := range scriptLines(ctx, std.In, cancel) {
		if b.CallLine(line); quit {
			break
		}
	}
	b.Wait(ctx) // what was asked for before the end of the input is answered; its error shows below
	err = b.Close()
	out.close()
	var broken *streamError
	if errors.As(context.Cause(ctx), &broken) {
		return broken
	}
	return err
}

// streamError means that a standard stream is broken; it ends the program.
type streamError struct {
	stream string
	err    error
}

// Error names the stream.
func (e *streamError) Error() string { return e.stream + ": " + e.err.Error() }

// Unwrap returns the cause.
func (e *streamError) Unwrap() error { return e.err }

// scriptLines gives the lines of r until its end, or the end of ctx; a failed read goes to fail.
//
// Its goroutine may outlive the loop in one case: a read from a standard input that is neither closed nor
// written to ends only with the process.
func scriptLines(ctx context.Context, r io.Reader, fail func(error)) func(yield func([]byte) bool) {
	return func(yield func([]byte) bool) {
		ctx, cancel := context.WithCancel(ctx)
		defer cancel()
		lines := make(chan []byte) // no buffer: one line is read ahead
		go func() {
			defer close(lines)
			for line, err := range bridge.Lines(r) {
				if err != nil {
					if ctx.Err() == nil {
						fail(&streamError{"standard input", err})
					}
					return
				}
				select {
				case lines <- line:
				case <-ctx.Done():
					return
				}
			}
		}()
		for {
			select {
			case line, ok := <-lines:
				if !ok || !yield(line) {
					return
				}
			case <-ctx.Done():
				return
			}
		}
	}
}

// maxPending bounds the lines that wait for the reader of standard output: hours of events of a small
// room. With more the program ends with an error, since dropping one would make all others doubtful.
const maxPending = 4096

// lineWriter writes lines on a goroutine of its own, so that a slow reader does not stop the room.
type lineWriter struct {
	fail  func(error)
	done  chan struct{} // closed when everything is written
	stuck chan struct{} // closed when the queue was full: what blocks the goroutine ends with the process
	once  sync.Once

	mu     sync.Mutex
	closed bool
	lines  chan bridge.Line
}

func newLineWriter(w io.Writer, fail func(error)) *lineWriter {
	l := &lineWriter{
		fail: fail, done: make(chan struct{}), stuck: make(chan struct{}),
		lines: make(chan bridge.Line, maxPending),
	}
	go l.run(w)
	return l
}

// write queues a line; it never blocks.
func (l *lineWriter) write(line bridge.Line) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.closed {
		return
	}
	select {
	case l.lines <- line:
	default:
		l.once.Do(func() { close(l.stuck) })
		l.fail(&streamError{"standard output", fmt.Errorf("%d lines wait for a reader", maxPending)})
	}
}

func (l *lineWriter) run(w io.Writer) {
	defer close(l.done)
	buffered := bufio.NewWriter(w)
	enc := json.NewEncoder(buffered)
	enc.SetEscapeHTML(false)
	failed := false
	for line := range l.lines {
		err := enc.Encode(line)
		if err == nil && len(l.lines) == 0 {
			err = buffered.Flush()
		}
		if err != nil && !failed {
			failed = true
			l.fail(&streamError{"standard output", err})
		}
	}
}

// close waits until everything is written, if the reader takes it.
func (l *lineWriter) close() {
	l.mu.Lock()
	l.closed = true
	close(l.lines)
	l.mu.Unlock()
	select {
	case <-l.done:
	case <-l.stuck:
	}
}
