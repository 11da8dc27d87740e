package domain

import (
	"context"
	"log/slog"

	"github.com/wantukit/wantukit/wantu"
)

// LogCalls writes the calls to the gateway to a log: those that went wrong as
// warnings, the others, of which there are many, for debugging.
func LogCalls(logger *slog.Logger) wantu.Transport {
	return func(ctx context.Context, sent wantu.Sent) (context.Context, func(wantu.Received)) {
		return ctx, func(r wantu.Received) {
			level, about := slog.LevelDebug, []any{
				"endpoint", sent.Endpoint, "out_trade_no", sent.Fields["out_trade_no"], "return_code", int(r.Code), "took", r.Duration,
			}
			if r.Err != nil {
				level, about = slog.LevelWarn, append(about, "http_status", r.Status, "problem", r.Err.Error())
			}
			logger.Log(ctx, level, "gateway call", about...)
		}
	}
}
