package app

import (
	"bytes"
	"context"
	"log/slog"
	"sync"
)

// maxTail is how many lines of the program's log are kept for bug bundles: the last minutes. Older ones are forgotten.
const maxTail = 2000

// logTail hands records on and keeps the newest as lines of text.
type logTail struct {
	next slog.Handler
	text slog.Handler
	tail *tail
}

// newLogTail returns a handler before another one.
func newLogTail(next slog.Handler) *logTail {
	t := &tail{}
	return &logTail{next: next, text: slog.NewTextHandler(t, &slog.HandlerOptions{Level: slog.LevelDebug}), tail: t}
}

// Enabled implements slog.Handler: what is worth a line of information is kept, whatever the other handler wants.
func (l *logTail) Enabled(ctx context.Context, level slog.Level) bool {
	return level >= slog.LevelInfo || l.next.Enabled(ctx, level)
}

// Handle implements slog.Handler.
func (l *logTail) Handle(ctx context.Context, r slog.Record) error {
	if err := l.text.Handle(ctx, r); err != nil {
		return err
	}
	if !l.next.Enabled(ctx, r.Level) {
		return nil
	}
	return l.next.Handle(ctx, r)
}

// WithAttrs implements slog.Handler.
func (l *logTail) WithAttrs(attrs []slog.Attr) slog.Handler {
	return &logTail{next: l.next.WithAttrs(attrs), text: l.text.WithAttrs(attrs), tail: l.tail}
}

// WithGroup implements slog.Handler.
func (l *logTail) WithGroup(name string) slog.Handler {
	return &logTail{next: l.next.WithGroup(name), text: l.text.WithGroup(name), tail: l.tail}
}

// tail is a ring of lines.
type tail struct {
	mu    sync.Mutex
	lines [][]byte
	next  int // where the next one goes when the ring is full
}

// Write takes one line.
func (t *tail) Write(line []byte) (int, error) {
	t.mu.Lock()
	defer t.mu.Unlock()
	if len(t.lines) < maxTail {
		t.lines = append(t.lines, bytes.Clone(line))
	} else {
		t.lines[t.next] = append(t.lines[t.next][:0], line...)
		t.next = (t.next + 1) % maxTail
	}
	return len(line), nil
}

// text is all lines, the oldest first.
func (t *tail) text() []byte {
	t.mu.Lock()
	defer t.mu.Unlock()
	var b bytes.Buffer
	for i := range t.lines {
		b.Write(t.lines[(t.next+i)%len(t.lines)])
	}
	return b.Bytes()
}
