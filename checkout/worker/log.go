package worker

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"runtime"
	"runtime/debug"

	"github.com/riverqueue/river"
	"github.com/riverqueue/river/rivertype"
)

// queueLog is River's log. It changes every level to debug, because the worker logs
// the results of jobs itself, and the program logs that the database is away.
type queueLog struct{ slog.Handler }

// Enabled implements slog.Handler.
func (l queueLog) Enabled(ctx context.Context, _ slog.Level) bool {
	return l.Handler.Enabled(ctx, slog.LevelDebug)
}

// Handle implements slog.Handler.
func (l queueLog) Handle(ctx context.Context, r slog.Record) error {
	r.Message, r.Level = "queue: "+r.Message, slog.LevelDebug
	return l.Handler.Handle(ctx, r)
}

// WithAttrs implements slog.Handler.
func (l queueLog) WithAttrs(attrs []slog.Attr) slog.Handler {
	return queueLog{l.Handler.WithAttrs(attrs)}
}

// WithGroup implements slog.Handler.
func (l queueLog) WithGroup(name string) slog.Handler { return queueLog{l.Handler.WithGroup(name)} }

// jobErrors logs errors and panics of jobs. It implements river.ErrorHandler.
type jobErrors struct{ logger *slog.Logger }

// HandleError logs the error of a periodic job. The webhook worker logs its own
// errors.
func (e jobErrors) HandleError(_ context.Context, job *rivertype.JobRow, err error) *river.ErrorHandlerResult {
	if job.Kind != (webhookArgs{}).Kind() && !errors.Is(err, context.Canceled) {
		e.logger.Warn(job.Kind+" failed, and will run again", "error", err)
	}
	return nil
}

// HandlePanic logs a panic.
func (e jobErrors) HandlePanic(_ context.Context, job *rivertype.JobRow, value any, _ string) *river.ErrorHandlerResult {
	logPanic(e.logger, job.Kind, value)
	return nil
}

// logPanic logs a panic. It logs the text of runtime errors only, because any other value
// may contain a secret.
func logPanic(logger *slog.Logger, kind string, value any) {
	what := fmt.Sprintf("%T", value)
	if known, is := value.(runtime.Error); is {
		what = known.Error()
	}
	logger.Error("panic", "job", kind, "panic", what, "stack", string(debug.Stack()))
}
