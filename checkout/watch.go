package checkout

import (
	"io"
	"sync"
	"time"
)

// watchers wakes those who show a session when it may have changed, and knows which
// sessions are watched.
type watchers struct {
	mu       sync.Mutex
	sessions map[string]*watchedSession
	// polledAt is when a page without a stream last asked for the session. Such a
	// page counts as a watcher for pollerCounts.
	polledAt map[string]time.Time
	// checkAt is when the sweep checks a watched session next.
	checkAt map[string]time.Time
	// random is the source of the jitter.
	random io.Reader
	// slots bounds the shared reads that run at once.
	slots chan struct{}
}

// watchedSession is a session with watchers.
type watchedSession struct {
	// channels has the channel of each watcher. It holds one token: several changes
	// before the watcher reads it are one.
	channels map[chan struct{}]struct{}
	// latest is the read that the watchers share, nil after a change.
	latest *sharedRead
}

// pollerCounts is longer than the longest polling interval of a page.
const pollerCounts = 45 * time.Second

func newWatchers(random io.Reader) *watchers {
	return &watchers{
		sessions: map[string]*watchedSession{},
		polledAt: map[string]time.Time{}, checkAt: map[string]time.Time{}, random: random,
		slots: make(chan struct{}, sharedReads),
	}
}

// add adds a watcher of a session. It returns the watcher's channel and a function
// that removes the watcher.
func (w *watchers) add(id string) (<-chan struct{}, func()) {
	c := make(chan struct{}, 1)
	w.mu.Lock()
	defer w.mu.Unlock()
	session := w.sessions[id]
	if session == nil {
		session = &watchedSession{channels: map[chan struct{}]struct{}{}}
		w.sessions[id] = session
	}
	session.channels[c] = struct{}{}
	session.latest = nil // a new watcher gets a new read
	return c, func() { w.remove(id, c) }
}

func (w *watchers) remove(id string, c chan struct{}) {
	w.mu.Lock()
	defer w.mu.Unlock()
	session := w.sessions[id]
	if session == nil {
		return
	}
	delete(session.channels, c)
	if len(session.channels) == 0 {
		delete(w.sessions, id)
	}
}

// watched reports whether a page shows the session.
func (w *watchers) watched(id string, now time.Time) bool {
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.watchedLocked(id, now)
}

func (w *watchers) watchedLocked(id string, now time.Time) bool {
	return w.sessions[id] != nil || now.Before(w.polledAt[id].Add(pollerCounts))
}

// polled records that a page without a stream asked for the session.
func (w *watchers) polled(id string, now time.Time) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.polledAt[id] = now
}

// due returns up to limit watched sessions that were not checked for about
// watchedInterval, and forgets those that nobody watches. A session with its first
// watcher is due at once.
func (w *watchers) due(now time.Time, limit int) []string {
	w.mu.Lock()
	defer w.mu.Unlock()
	for id, at := range w.polledAt {
		if !now.Before(at.Add(pollerCounts)) {
			delete(w.polledAt, id)
		}
	}
	for id := range w.checkAt {
		if !w.watchedLocked(id, now) {
			delete(w.checkAt, id)
		}
	}
	var due []string
	check := func(id string) {
		if len(due) < limit && !now.Before(w.checkAt[id]) {
			w.checkAt[id] = now.Add(shorten(watchedInterval, jitter(w.random)))
			due = append(due, id)
		}
	}
	for id := range w.sessions {
		check(id)
	}
	for id := range w.polledAt {
		check(id)
	}
	return due
}

// changed wakes the watchers of a session.
func (w *watchers) changed(id string) {
	w.mu.Lock()
	defer w.mu.Unlock()
	if session := w.sessions[id]; session != nil {
		session.wake()
	}
}

// allChanged wakes all watchers.
func (w *watchers) allChanged() {
	w.mu.Lock()
	defer w.mu.Unlock()
	for _, session := range w.sessions {
		session.wake()
	}
}

func (s *watchedSession) wake() {
	s.latest = nil
	for c := range s.channels {
		select {
		case c <- struct{}{}:
		default: // the watcher has a token that it has not read
		}
	}
}
