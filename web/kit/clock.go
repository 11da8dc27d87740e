package kit

import (
	"context"
	"fmt"
	"log/slog"
	"time"

	"github.com/wantukit/wantukit/checkout"
	"github.com/wantukit/wantukit/checkout/store"
)

// maxSkew is how much two clocks may differ before an operator is told:
// NTP-synchronised clocks stay within this.
const maxSkew = 10 * time.Second

// chooseClock returns the clock of the checkout. It begins with the time of
// systemTime, or with the time of a PostgreSQL, which several machines share, and
// then advances evenly even if the system's clock is moved.
func chooseClock(ctx context.Context, db *store.DB, systemTime func() time.Time, logger *slog.Logger) (checkout.Clock, error) {
	if db.Postgres() == nil {
		return newClock(systemTime, logger), nil
	}
	var databaseTime time.Time
	if err := db.Writer().QueryRowContext(ctx, "SELECT clock_timestamp()").Scan(&databaseTime); err != nil {
		return nil, fmt.Errorf("asking the database for the time: %w", err)
	}
	ahead := databaseTime.Sub(systemTime())
	if ahead.Abs() <= maxSkew {
		return newClock(systemTime, logger), nil
	}
	logger.Error("this machine's clock differs from the database's clock; the database's time is used", "database_ahead", ahead.Round(time.Second).String())
	return newClock(func() time.Time { return systemTime().Add(ahead) }, logger), nil
}

// newClock returns a clock that begins with the time of now, and logs when now is
// moved.
func newClock(now func() time.Time, logger *slog.Logger) *checkout.SteadyClock {
	return checkout.NewSteadyClock(now, func(by time.Duration) {
		if by == 0 {
			logger.Info("the system's clock is right again")
			return
		}
		logger.Error("the system's clock was moved; the checkout keeps the old time until it is restarted",
			"by", by.Round(time.Second).String())
	})
}
