package checkout

import (
	"sync"
	"time"
)

// watchers tells those who show a session that it has changed, and knows which
// sessions somebody looks at. A watcher's channel holds one token: many changes
// at once are one.
type watchers struct {
	mu  sync.Mutex
	ofs map[string]*watchedSession
	// seen is when a page without a stream last asked; it counts as watching
	// for seenFor.
	seen map[string]time.Time
	// looked is when the sweep last looked at a watched session.
	looked map[string]time.Time
	// slots bound the shared reads that run at once.
	slots chan struct{}
}

// watchedSession is a session that somebody watches.
type watchedSession struct {
	channels map[chan struct{}]struct{}
	// latest is the read that the watchers share. It is nil when there was a
	// change since.
	latest *sharedRead
}

// seenFor outlasts the slowest polling of a page.
const seenFor = 45 * time.Second

func newWatchers() *watchers {
	return &watchers{
		ofs:  map[string]*watchedSession{},
		seen: map[string]time.Time{}, looked: map[string]time.Time{},
		slots: make(chan struct{}, sharedReads),
	}
}

func (w *watchers) add(id string) (<-chan struct{}, func()) {
	c := make(chan struct{}, 1)
	w.mu.Lock()
	defer w.mu.Unlock()
	of := w.ofs[id]
	if of == nil {
		of = &watchedSession{channels: map[chan struct{}]struct{}{}}
		w.ofs[id] = of
	}
	of.channels[c] = struct{}{}
	of.latest = nil // who comes now does not rely on what was read before
	return c, func() { w.remove(id, c) }
}

func (w *watchers) remove(id string, c chan struct{}) {
	w.mu.Lock()
	defer w.mu.Unlock()
	of := w.ofs[id]
	if of == nil {
		return
	}
	delete(of.channels, c)
	if len(of.channels) == 0 {
		delete(w.ofs, id)
	}
}

func (w *watchers) watched(id string, now time.Time) bool {
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.isWatched(id, now)
}

func (w *watchers) isWatched(id string, now time.Time) bool {
	return w.ofs[id] != nil || now.Before(w.seen[id].Add(seenFor))
}

func (w *watchers) see(id string, now time.Time) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.seen[id] = now
}

// toLookAt returns the watched sessions that were not looked at for the
// interval of watched ones, and forgets those that nobody watches any more. A
// page that begins to watch is looked at once.
func (w *watchers) toLookAt(now time.Time) []string {
	w.mu.Lock()
	defer w.mu.Unlock()
	for id, at := range w.seen {
		if !now.Before(at.Add(seenFor)) {
			delete(w.seen, id)
		}
	}
	for id := range w.looked {
		if !w.isWatched(id, now) {
			delete(w.looked, id)
		}
	}
	var ids []string
	look := func(id string) {
		if !now.Before(w.looked[id].Add(watchedInterval)) {
			w.looked[id] = now
			ids = append(ids, id)
		}
	}
	for id := range w.ofs {
		look(id)
	}
	for id := range w.seen {
		look(id)
	}
	return ids
}

func (w *watchers) changed(id string) {
	w.mu.Lock()
	defer w.mu.Unlock()
	if of := w.ofs[id]; of != nil {
		of.changed()
	}
}

func (of *watchedSession) changed() {
	of.latest = nil
	for c := range of.channels {
		select {
		case c <- struct{}{}:
		default: // it has not read the last token yet: one is enough
		}
	}
}

// Watch returns a channel that receives when the session may have changed, and
// a function that ends the watch, which must be called. While somebody
// watches, the gateway is asked more often.
func (s *Service) Watch(sessionID string) (<-chan struct{}, func()) {
	return s.watchers.add(sessionID)
}

// Seen says that a page without a stream shows the session: it polls, or loads
// itself again. For a while that counts as watching.
func (s *Service) Seen(sessionID string) { s.watchers.see(sessionID, s.clock.Now()) }
