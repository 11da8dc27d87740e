package domain

import (
	"context"
	"fmt"
	"log/slog"
	"time"

	"github.com/wantukit/wantukit/checkout"
	"github.com/wantukit/wantukit/checkout/store"
)

// differs is how far apart two clocks that are kept in step never are.
const differs = 10 * time.Second

// clockOf is what the checkout goes by, from now on evenly: the system's time
// as wall shows it, or that of the database where several machines share one.
func clockOf(ctx context.Context, db *store.DB, wall func() time.Time, logger *slog.Logger) (checkout.Clock, error) {
	if db.Postgres() == nil {
		return newClock(wall, logger), nil
	}
	var theirs time.Time
	if err := db.Writer().QueryRowContext(ctx, "SELECT clock_timestamp()").Scan(&theirs); err != nil {
		return nil, fmt.Errorf("asking the database for the time: %w", err)
	}
	ahead := theirs.Sub(wall())
	if ahead.Abs() <= differs { // such as what the question took
		return newClock(wall, logger), nil
	}
	logger.Error("this machine's clock differs from the database's, which counts", "database_ahead", ahead.Round(time.Second).String())
	return newClock(func() time.Time { return wall().Add(ahead) }, logger), nil
}

// newClock begins with what wall shows, and says when that is moved.
func newClock(wall func() time.Time, logger *slog.Logger) *checkout.SteadyClock {
	return checkout.NewSteadyClock(wall, func(by time.Duration) {
		if by == 0 {
			logger.Info("the system's clock is back where it was")
			return
		}
		logger.Error("the system's clock was moved; the checkout goes on by the old time until it is started again",
			"by", by.Round(time.Second).String())
	})
}
