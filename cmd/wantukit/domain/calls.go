package domain

import (
	"context"
	"log/slog"

	"github.com/wantukit/wantukit/wantu"
)

// LogCalls writes the calls to the gateway to a log for debugging: the domain
// reports what came of a call that failed.
func LogCalls(logger *slog.Logger) wantu.Transport {
	return func(ctx context.Context, sent wantu.Sent) (context.Context, func(wantu.Received)) {
		return ctx, func(r wantu.Received) {
			about := []any{
				"endpoint", sent.Endpoint, "out_trade_no", sent.Fields["out_trade_no"], "return_code", int(r.Code), "took", r.Duration,
			}
			if r.Err != nil {
				about = append(about, "http_status", r.Status, "problem", r.Err.Error())
			}
			logger.DebugContext(ctx, "gateway call", about...)
		}
	}
}
