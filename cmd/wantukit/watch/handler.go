package watch

import (
	"context"
	"log/slog"
)

// handler writes the lines that an outage causes for debugging.
type handler struct {
	slog.Handler
	watch *Watch
}

// Handle implements slog.Handler.
func (h handler) Handle(ctx context.Context, r slog.Record) error {
	if err := errorOf(r); err != nil && h.watch.isAway(ctx, err) {
		r.Level = slog.LevelDebug
		if !h.Enabled(ctx, r.Level) {
			return nil
		}
	}
	return h.Handler.Handle(ctx, r)
}

// WithAttrs implements slog.Handler.
func (h handler) WithAttrs(attrs []slog.Attr) slog.Handler {
	return handler{h.Handler.WithAttrs(attrs), h.watch}
}

// WithGroup implements slog.Handler.
func (h handler) WithGroup(name string) slog.Handler {
	return handler{h.Handler.WithGroup(name), h.watch}
}

// errorOf returns the first error that a line tells of, nil for none.
func errorOf(r slog.Record) (found error) {
	r.Attrs(func(a slog.Attr) bool {
		err, is := a.Value.Any().(error)
		if is {
			found = err
		}
		return !is
	})
	return found
}
