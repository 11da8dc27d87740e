package checkout

import "sync"

// watchers tells those who show a session that it has changed. A watcher's
// channel holds one token: many changes at once are one.
type watchers struct {
	mu  sync.Mutex
	ofs map[string]map[chan struct{}]struct{}
}

func newWatchers() *watchers {
	return &watchers{ofs: map[string]map[chan struct{}]struct{}{}}
}

func (w *watchers) add(id string) (<-chan struct{}, func()) {
	c := make(chan struct{}, 1)
	w.mu.Lock()
	defer w.mu.Unlock()
	if w.ofs[id] == nil {
		w.ofs[id] = map[chan struct{}]struct{}{}
	}
	w.ofs[id][c] = struct{}{}
	return c, func() { w.remove(id, c) }
}

func (w *watchers) remove(id string, c chan struct{}) {
	w.mu.Lock()
	defer w.mu.Unlock()
	delete(w.ofs[id], c)
	if len(w.ofs[id]) == 0 {
		delete(w.ofs, id)
	}
}

func (w *watchers) watched(id string) bool {
	w.mu.Lock()
	defer w.mu.Unlock()
	return len(w.ofs[id]) > 0
}

func (w *watchers) changed(id string) {
	w.mu.Lock()
	defer w.mu.Unlock()
	for c := range w.ofs[id] {
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
