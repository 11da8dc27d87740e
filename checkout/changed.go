package checkout

import "context"

// Changed wakes those who watch a session, because another Service over the
// same Store may have changed it. Where it may have changed any, sessionID is "".
func (s *Service) Changed(sessionID string) {
	if sessionID == "" {
		s.watchers.allChanged()
		return
	}
	s.watchers.changed(sessionID)
}

func (w *watchers) allChanged() {
	w.mu.Lock()
	defer w.mu.Unlock()
	for _, of := range w.ofs {
		of.changed()
	}
}

// SweepWatched asks about what the pages of this Service watch, and for the
// rates that they show, which no other knows: where several Services share a
// Store, each does it for itself.
func (s *Service) SweepWatched(ctx context.Context) {
	s.refreshRates()
	now := s.clock.Now()
	each(ctx, s.watchers.toLookAt(now), func(id string) { s.askWatched(ctx, id, now) })
}
