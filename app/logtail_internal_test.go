package app

import (
	"bytes"
	"fmt"
	"log/slog"
	"strings"
	"testing"
)

func TestLogTail(t *testing.T) {
	var out bytes.Buffer
	h := newLogTail(slog.NewTextHandler(&out, &slog.HandlerOptions{Level: slog.LevelWarn}))
	log := slog.New(h).With("a", 1).WithGroup("g")
	log.Debug("too much")
	log.Info("kept", "b", 2)
	log.Warn("both")
	text := string(h.tail.text())
	if strings.Contains(text, "too much") || !strings.Contains(text, "msg=kept a=1 g.b=2") || strings.Contains(out.String(), "kept") || !strings.Contains(out.String(), "both") {
		t.Errorf("kept %q, handed on %q", text, out.String())
	}
	for i := range maxTail + 5 {
		log.Info(fmt.Sprint("line ", i))
	}
	lines := strings.Split(strings.TrimSpace(string(h.tail.text())), "\n")
	if len(lines) != maxTail || !strings.Contains(lines[0], "line 5\"") || !strings.Contains(lines[maxTail-1], fmt.Sprint("line ", maxTail+4)) {
		t.Errorf("%d lines from %s to %s", len(lines), lines[0], lines[len(lines)-1])
	}
}
