package worker

import (
	"context"
	"time"

	"github.com/riverqueue/river"
	"github.com/riverqueue/river/rivertype"
)

// RetryAfter is how long after its tries-th try a webhook is tried again.
func RetryAfter(tries int) time.Duration {
	job := &river.Job[webhookArgs]{JobRow: &rivertype.JobRow{Attempt: tries}}
	return time.Until((&webhookWorker{}).NextRetry(job))
}

// SweepJob returns what the queue calls for each sweep.
func SweepJob(s Sweeper) func(context.Context) error {
	w := &sweepWorker{sweeper: s}
	return func(ctx context.Context) error { return w.Work(ctx, nil) }
}
