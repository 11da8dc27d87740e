package wire

import (
	"context"
	"errors"
	"sync"
	"sync/atomic"
	"time"
)

// Target is a server's host and port.
type Target string

// Closed runs clients, each with a connection of its own and the next call of do as
// soon as the last one has ended, until ctx is done, or do was called for each of the
// numbers below limit; 0 is no limit. Each client makes one call at least, so that there
// is a rate on a busy machine too. It returns how many calls ended, and the first error,
// which stops all clients.
func (t Target) Closed(ctx context.Context, clients, limit int, do func(c *Conn, n int) error) (int, error) {
	ctx, stop := context.WithCancelCause(ctx)
	defer stop(nil)
	var begun, ended atomic.Int64
	t.clients(ctx, stop, clients, func(c *Conn) error {
		for more := true; more; more = ctx.Err() == nil {
			n := int(begun.Add(1)) - 1
			if limit > 0 && n >= limit {
				return nil
			}
			if err := do(c, n); err != nil {
				return err
			}
			ended.Add(1)
		}
		return nil
	})
	return int(ended.Load()), failure(ctx)
}

// Open calls do at a steady rate a second, whatever the calls take, until ctx is done.
// The first call is made in any case. At most clients calls are in flight: a later one
// waits. It returns how many calls ended, how late the latest began, and the first error,
// which stops the load.
func (t Target) Open(ctx context.Context, rate float64, clients int, do func(c *Conn, n int) error) (calls int, late time.Duration, err error) {
	ctx, stop := context.WithCancelCause(ctx)
	defer stop(nil)
	begin := time.Now()
	var begun, ended, latest atomic.Int64
	t.clients(ctx, stop, clients, func(c *Conn) error {
		for {
			n := int(begun.Add(1)) - 1
			due := begin.Add(time.Duration(float64(n) / rate * float64(time.Second)))
			if n > 0 && !SleepUntil(ctx, due) {
				return nil
			}
			raise(&latest, int64(time.Since(due)))
			if err := do(c, n); err != nil {
				return err
			}
			ended.Add(1)
		}
	})
	return int(ended.Load()), time.Duration(latest.Load()), failure(ctx)
}

// clients runs run once for each client, with a connection, and waits for all. The end of
// ctx, which is the end of the load, breaks no connection's opening.
func (t Target) clients(ctx context.Context, stop context.CancelCauseFunc, clients int, run func(*Conn) error) {
	var all sync.WaitGroup
	for range clients {
		all.Go(func() {
			c, err := Dial(context.WithoutCancel(ctx), string(t), "")
			if err == nil {
				err = errors.Join(run(c), c.Close())
			}
			if err != nil && ctx.Err() == nil {
				stop(err)
			}
		})
	}
	all.Wait()
}

// failure returns why a load was stopped, or nil if its time was over.
func failure(ctx context.Context) error {
	cause := context.Cause(ctx)
	if errors.Is(cause, context.Canceled) || errors.Is(cause, context.DeadlineExceeded) {
		return nil
	}
	return cause
}

// SleepUntil waits until due. It returns false if ctx is done first.
func SleepUntil(ctx context.Context, due time.Time) bool {
	wait := time.NewTimer(time.Until(due))
	defer wait.Stop()
	select {
	case <-wait.C:
		return ctx.Err() == nil
	case <-ctx.Done():
		return false
	}
}

// raise sets a number to value if value is greater.
func raise(number *atomic.Int64, value int64) {
	for {
		old := number.Load()
		if value <= old || number.CompareAndSwap(old, value) {
			return
		}
	}
}
