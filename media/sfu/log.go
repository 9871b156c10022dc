package sfu

import (
	"context"
	"fmt"
	"log/slog"

	"github.com/pion/logging"
)

// pionLog gives Pion's messages to slog, all at the level Debug at most: many of Pion's warnings are caused
// by what a client sends, and a client must not be able to fill the log. It implements logging.LoggerFactory
// and logging.LeveledLogger.
type pionLog struct{ log *slog.Logger }

// levelTrace is below slog's lowest named level.
const levelTrace = slog.LevelDebug - 4

// NewLogger implements logging.LoggerFactory.
func (l pionLog) NewLogger(scope string) logging.LeveledLogger {
	return pionLog{l.log.With("pion", scope)}
}

func (l pionLog) print(level slog.Level, text string) { l.log.Log(context.Background(), level, text) }

// printf formats only what is logged: Pion traces every packet.
func (l pionLog) printf(level slog.Level, format string, args []any) {
	if l.log.Enabled(context.Background(), level) {
		l.print(level, fmt.Sprintf(format, args...))
	}
}

func (l pionLog) Trace(text string)              { l.print(levelTrace, text) }
func (l pionLog) Debug(text string)              { l.print(levelTrace, text) }
func (l pionLog) Info(text string)               { l.print(slog.LevelDebug, text) }
func (l pionLog) Warn(text string)               { l.print(slog.LevelDebug, text) }
func (l pionLog) Error(text string)              { l.print(slog.LevelDebug, text) }
func (l pionLog) Tracef(format string, a ...any) { l.printf(levelTrace, format, a) }
func (l pionLog) Debugf(format string, a ...any) { l.printf(levelTrace, format, a) }
func (l pionLog) Infof(format string, a ...any)  { l.printf(slog.LevelDebug, format, a) }
func (l pionLog) Warnf(format string, a ...any)  { l.printf(slog.LevelDebug, format, a) }
func (l pionLog) Errorf(format string, a ...any) { l.printf(slog.LevelDebug, format, a) }
