package checkout

import (
	"context"
	"sync"
	"time"
)

// kicks are the queries that run in the background because something hinted
// at a payment: at most one for each attempt, however many hints arrive.
type kicks struct {
	mu      sync.Mutex
	running map[string]*kick
	wg      sync.WaitGroup
	closed  bool
}

// kick is one of them; again asks for another round after the present one.
type kick struct{ again bool }

func newKicks() *kicks { return &kicks{running: map[string]*kick{}} }

const (
	// kickTries and kickPause bound how long a kick waits for another's
	// conversation about the same attempt to end. After that the sweep does
	// it: the hint is stored.
	kickTries = 20
	kickPause = 250 * time.Millisecond
)

// kick asks about an attempt soon, in the background.
func (s *Service) kick(attemptID string) {
	k := s.kicks
	k.mu.Lock()
	defer k.mu.Unlock()
	if k.closed {
		return // the sweep of the next start does it
	}
	if running := k.running[attemptID]; running != nil {
		running.again = true
		return
	}
	k.running[attemptID] = &kick{}
	k.wg.Go(func() { s.runKick(attemptID) })
}

func (s *Service) runKick(attemptID string) {
	for {
		s.askPatiently(context.Background(), attemptID)
		if s.kicks.done(attemptID) {
			return
		}
	}
}

// done reports whether nothing new was hinted meanwhile, and then forgets the
// kick.
func (k *kicks) done(attemptID string) bool {
	k.mu.Lock()
	defer k.mu.Unlock()
	if running := k.running[attemptID]; running.again {
		running.again = false
		return false
	}
	delete(k.running, attemptID)
	return true
}

// askPatiently asks about an attempt as soon as nobody else does.
func (s *Service) askPatiently(ctx context.Context, attemptID string) {
	for range kickTries {
		asked, err := s.tryAsk(ctx, attemptID, CauseNotification)
		if asked || err != nil {
			return // an error is reported where it arises
		}
		time.Sleep(kickPause)
	}
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
