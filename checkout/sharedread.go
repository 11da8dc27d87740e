package checkout

import (
	"context"
	"time"
)

const (
	// sharedReads is how many sessions are read at once for their watchers: after an
	// outage every watched session may have changed.
	sharedReads = 16
	// sharedReadTimeout bounds one read, which belongs to no single request.
	sharedReadTimeout = 10 * time.Second
)

// sharedRead is one read of a session for all of its watchers. read and err are set
// before done is closed.
type sharedRead struct {
	done chan struct{}
	read viewRead
	err  error
}

// watchedView is [Service.WatchedView].
func (v *viewer) watchedView(ctx context.Context, sessionID string) (View, error) {
	r := v.latestRead(ctx, sessionID)
	if r == nil {
		return v.view(ctx, sessionID)
	}
	select {
	case <-r.done:
	case <-ctx.Done():
		return View{}, ctx.Err()
	}
	if r.err != nil {
		return View{}, r.err
	}
	return newView(r.read, v.clock.Now()), nil
}

// latestRead returns the latest read of a watched session, and begins it where there
// is none. It returns nil for a session that nobody watches.
func (v *viewer) latestRead(ctx context.Context, sessionID string) *sharedRead {
	w := v.watchers
	w.mu.Lock()
	defer w.mu.Unlock()
	session := w.sessions[sessionID]
	if session == nil {
		return nil
	}
	if session.latest == nil {
		r := &sharedRead{done: make(chan struct{})}
		session.latest = r
		// It runs in its own goroutine: the read goes on for the other watchers when
		// this request ends, and it does not grow the stack of a watcher.
		go v.fill(context.WithoutCancel(ctx), sessionID, r)
	}
	return session.latest
}

// fill reads the session. After an error the next watcher reads again.
func (v *viewer) fill(ctx context.Context, sessionID string, r *sharedRead) {
	v.watchers.slots <- struct{}{}
	defer func() { <-v.watchers.slots }()
	ctx, cancel := context.WithTimeout(ctx, sharedReadTimeout)
	defer cancel()
	r.read, r.err = v.read(ctx, sessionID)
	if r.err != nil {
		v.watchers.dropRead(sessionID, r)
	}
	close(r.done)
}

// stored wakes the watchers of a session whose latest read is older than what is stored.
func (w *watchers) stored(newest viewRead) {
	w.mu.Lock()
	defer w.mu.Unlock()
	session := w.sessions[newest.session.ID]
	if session == nil || session.latest == nil {
		return // it is read when its watchers need it
	}
	select {
	case <-session.latest.done:
	default:
		return // it is being read
	}
	if r := session.latest; r.err == nil && !r.read.sameVersions(newest) {
		session.wake()
	}
}

// dropRead drops a read that failed.
func (w *watchers) dropRead(sessionID string, r *sharedRead) {
	w.mu.Lock()
	defer w.mu.Unlock()
	if session := w.sessions[sessionID]; session != nil && session.latest == r {
		session.latest = nil
	}
}
