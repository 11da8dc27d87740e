package checkout

import (
	"context"
	"sync"
	"time"
)

// kicks are the queries that run in the background because something hinted
// at a payment, or ended the session: at most one for each attempt and cause,
// however many hints arrive.
type kicks struct {
	mu sync.Mutex
	// running says whether another round is asked for after the present one.
	running map[kick]bool
	wg      sync.WaitGroup
	closed  bool
}

type kick struct {
	attemptID string
	cause     Cause
}

func newKicks() *kicks { return &kicks{running: map[kick]bool{}} }

const (
	// kickTries and kickPause bound how long a kick waits for another's
	// conversation about the same attempt to end. After that the sweep does
	// it: the hint is stored.
	kickTries = 20
	kickPause = 250 * time.Millisecond
)

// kick asks about an attempt soon, in the background.
func (s *Service) kick(attemptID string, cause Cause) {
	k, this := s.kicks, kick{attemptID, cause}
	k.mu.Lock()
	defer k.mu.Unlock()
	if k.closed {
		return // the sweep of the next start does it
	}
	if _, running := k.running[this]; running {
		k.running[this] = true
		return
	}
	k.running[this] = false
	k.wg.Go(func() { s.runKick(this) })
}

func (s *Service) runKick(this kick) {
	for {
		s.askPatiently(context.Background(), this)
		if s.kicks.done(this) {
			return
		}
	}
}

// done reports whether nothing new was hinted meanwhile, and then forgets the
// kick.
func (k *kicks) done(this kick) bool {
	k.mu.Lock()
	defer k.mu.Unlock()
	if k.running[this] {
		k.running[this] = false
		return false
	}
	delete(k.running, this)
	return true
}

// askPatiently asks about an attempt as soon as nobody else does.
func (s *Service) askPatiently(ctx context.Context, this kick) {
	for range kickTries {
		asked, err := s.tryAsk(ctx, this.attemptID, this.cause)
		if asked || err != nil {
			return // an error is reported where it arises
		}
		time.Sleep(kickPause)
	}
}

// background runs something that nobody waits for but Drain. It reports false
// once Drain has begun.
func (s *Service) background(run func()) bool {
	s.kicks.mu.Lock()
	defer s.kicks.mu.Unlock()
	if s.kicks.closed {
		return false
	}
	s.kicks.wg.Go(run)
	return true
}

// Drain refuses new background work and waits for what runs, or for ctx.
func (s *Service) Drain(ctx context.Context) error {
	s.kicks.mu.Lock()
	s.kicks.closed = true
	s.kicks.mu.Unlock()
	done := make(chan struct{})
	go func() { s.kicks.wg.Wait(); close(done) }()
	select {
	case <-done:
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}
