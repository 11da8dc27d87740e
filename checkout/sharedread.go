package checkout

import (
	"context"
	"time"
)

const (
	// sharedReads is how many sessions are read at once for those who watch
	// them: after an outage every watched session may have changed.
	sharedReads = 16
	// sharedReadFor bounds one read, which belongs to no single request.
	sharedReadFor = 10 * time.Second
)

// sharedRead is one read of what the pages of a session show, for all who watch
// it. The other fields are set before done is closed.
type sharedRead struct {
	done chan struct{}
	read viewRead
	err  error
}

// WatchedView is View for those who watch the session. However many they are,
// the store is read once after each change, and once when another one begins
// to watch.
func (s *Service) WatchedView(ctx context.Context, sessionID string) (View, error) {
	r := s.readShared(ctx, sessionID)
	if r == nil {
		return s.View(ctx, sessionID)
	}
	select {
	case <-r.done:
	case <-ctx.Done():
		return View{}, ctx.Err()
	}
	if r.err != nil {
		return View{}, r.err
	}
	return newView(r.read, s.clock.Now()), nil
}

// readShared returns the latest read of a watched session, and begins it where
// there is none. It returns nil for a session that nobody watches.
func (s *Service) readShared(ctx context.Context, sessionID string) *sharedRead {
	w := s.watchers
	w.mu.Lock()
	defer w.mu.Unlock()
	of := w.ofs[sessionID]
	if of == nil {
		return nil
	}
	if of.latest == nil {
		r := &sharedRead{done: make(chan struct{})}
		of.latest = r
		// In its own goroutine: the read goes on for the others when the
		// request that began it ends, and no watcher's stack grows by it.
		go s.fill(context.WithoutCancel(ctx), sessionID, r)
	}
	return of.latest
}

// fill reads the session, and has the next watcher read again where that
// failed.
func (s *Service) fill(ctx context.Context, sessionID string, r *sharedRead) {
	s.watchers.slots <- struct{}{}
	defer func() { <-s.watchers.slots }()
	ctx, cancel := context.WithTimeout(ctx, sharedReadFor)
	defer cancel()
	r.read, r.err = s.readView(ctx, sessionID)
	if r.err != nil {
		s.watchers.forget(sessionID, r)
	}
	close(r.done)
}

// forget drops a read that failed.
func (w *watchers) forget(sessionID string, r *sharedRead) {
	w.mu.Lock()
	defer w.mu.Unlock()
	if of := w.ofs[sessionID]; of != nil && of.latest == r {
		of.latest = nil
	}
}
