package checkout

import (
	"context"
	"sync"
	"time"
)

const (
	// leaseRetries and leaseRetryInterval bound how long a background query waits
	// for the lease of another to end. After that the sweep does the query.
	leaseRetries       = 20
	leaseRetryInterval = 250 * time.Millisecond
)

// background runs work that no request waits for. Its queries run at most once at a
// time for each attempt and cause, however many hints arrive.
type background struct {
	// tryQuery is [confirmer.tryQuery].
	tryQuery func(ctx context.Context, attemptID string, cause Cause) (bool, error)

	mu sync.Mutex
	// running has the queries that run. The value says that the query must run once
	// more after this one.
	running map[backgroundQuery]bool
	wg      sync.WaitGroup
	closed  bool
}

type backgroundQuery struct {
	attemptID string
	cause     Cause
}

func newBackground() *background { return &background{running: map[backgroundQuery]bool{}} }

// query queries the gateway about an attempt soon. Once drain has begun it does
// nothing: the sweep of the next process does the query.
func (b *background) query(attemptID string, cause Cause) {
	q := backgroundQuery{attemptID, cause}
	b.mu.Lock()
	defer b.mu.Unlock()
	if b.closed {
		return
	}
	if _, running := b.running[q]; running {
		b.running[q] = true
		return
	}
	b.running[q] = false
	b.wg.Go(func() {
		for again := true; again; again = b.runAgain(q) {
			b.retryQuery(context.Background(), q.attemptID, q.cause)
		}
	})
}

// runAgain reports whether the query was asked for while it ran. Where it was not,
// the query is no longer running.
func (b *background) runAgain(q backgroundQuery) bool {
	b.mu.Lock()
	defer b.mu.Unlock()
	if b.running[q] {
		b.running[q] = false
		return true
	}
	delete(b.running, q)
	return false
}

// retryQuery queries the gateway about an attempt once its present lease has ended.
// An error raises an alert where it arises.
func (b *background) retryQuery(ctx context.Context, attemptID string, cause Cause) {
	for range leaseRetries {
		done, err := b.tryQuery(ctx, attemptID, cause)
		if done || err != nil {
			return
		}
		time.Sleep(leaseRetryInterval)
	}
}

// run runs work in the background. It reports false, and does not run it, once
// drain has begun.
func (b *background) run(work func()) bool {
	b.mu.Lock()
	defer b.mu.Unlock()
	if b.closed {
		return false
	}
	b.wg.Go(work)
	return true
}

// drain refuses new work and waits for the running work to end, or for ctx.
func (b *background) drain(ctx context.Context) error {
	b.mu.Lock()
	b.closed = true
	b.mu.Unlock()
	done := make(chan struct{})
	go func() { b.wg.Wait(); close(done) }()
	select {
	case <-done:
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}
