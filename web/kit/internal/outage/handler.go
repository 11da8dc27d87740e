package outage

import (
	"context"
	"log/slog"
)

// handler lowers the lines that an outage causes to level debug.
type handler struct {
	slog.Handler
	monitor *Monitor
}

// Handle implements slog.Handler.
func (h handler) Handle(ctx context.Context, r slog.Record) error {
	if err := firstError(r); err != nil && h.monitor.isOutage(ctx, err) {
		r.Level = slog.LevelDebug
		if !h.Enabled(ctx, r.Level) {
			return nil
		}
	}
	return h.Handler.Handle(ctx, r)
}

// WithAttrs implements slog.Handler.
func (h handler) WithAttrs(attrs []slog.Attr) slog.Handler {
	return handler{h.Handler.WithAttrs(attrs), h.monitor}
}

// WithGroup implements slog.Handler.
func (h handler) WithGroup(name string) slog.Handler {
	return handler{h.Handler.WithGroup(name), h.monitor}
}

// firstError returns the first attribute of a line that is an error, or nil.
func firstError(r slog.Record) (first error) {
	r.Attrs(func(a slog.Attr) bool {
		err, isError := a.Value.Any().(error)
		if isError {
			first = err
		}
		return !isError
	})
	return first
}
