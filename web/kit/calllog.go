package kit

import (
	"context"
	"log/slog"

	"github.com/wantukit/wantukit/wantu"
)

// LogCalls returns a transport that logs each call of the gateway at level debug,
// without secrets. It logs a failed call at level debug too: the domain logs the
// failures that an operator must know.
func LogCalls(logger *slog.Logger) wantu.Transport {
	return func(ctx context.Context, sent wantu.Sent) (context.Context, func(wantu.Received)) {
		return ctx, func(r wantu.Received) {
			attributes := []any{
				"endpoint", sent.Endpoint, "out_trade_no", sent.Fields["out_trade_no"], "return_code", int(r.Code), "took", r.Duration,
			}
			if r.Err != nil {
				attributes = append(attributes, "http_status", r.Status, "problem", r.Err.Error())
			}
			logger.DebugContext(ctx, "gateway call", attributes...)
		}
	}
}
