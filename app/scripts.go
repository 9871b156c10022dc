package app

import (
	"context"
	"fmt"
	"sync"

	"parlor/app/bridge"
)

// scripts runs the console's scripts, one at a time: a new one ends the one before it.
type scripts struct {
	app *App

	mu     sync.Mutex
	cancel context.CancelFunc // of the one that runs, nil for none
	done   chan struct{}      // closed when the newest has ended; nil before the first
	number int                // of scripts so far, for their ids
}

// RunScript implements ui.Backend.
func (b *backend) RunScript(name string, lines [][]byte) { b.script.run(name, lines) }

func (s *scripts) run(name string, lines [][]byte) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.cancel != nil {
		s.cancel()
		s.cancel = nil
	}
	if lines == nil || s.app.ctx.Err() != nil {
		return
	}
	ctx, cancel := context.WithCancel(s.app.ctx)
	s.cancel = cancel
	s.number++
	before, done, number := s.done, make(chan struct{}), s.number
	s.done = done
	go func() {
		defer close(done)
		defer cancel()
		if before != nil {
			<-before
		}
		s.play(ctx, number, name, lines)
	}()
}

// play gives the lines to the bridge. The ids of the calls lead back to their lines.
func (s *scripts) play(ctx context.Context, number int, name string, lines [][]byte) {
	s.app.window.SetScript(name, "")
	done := 0
	for i, line := range lines {
		if ctx.Err() != nil {
			break
		}
		request, err := bridge.ParseLine(line)
		if err != nil {
			s.app.window.SetScript(name, fmt.Sprintf("%s, line %d: %v", name, i+1, err))
			continue
		}
		id := fmt.Appendf(nil, `"script%d:%d"`, number, i+1)
		s.app.bridge.CallScript(ctx, id, request.Method, request.Params)
		done++
	}
	words := fmt.Sprintf("%s: %d of %d lines were called", name, done, len(lines))
	s.app.bridge.Wait(ctx) // an error is that it was stopped
	if ctx.Err() != nil {
		words += ", then it was stopped"
	}
	s.app.window.SetScript("", words)
}

// close ends the script and waits. A line that waits for something ends with the bridge.
func (s *scripts) close() {
	s.run("", nil)
	s.mu.Lock()
	done := s.done
	s.mu.Unlock()
	if done != nil {
		<-done
	}
}
