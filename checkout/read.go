package checkout

import "context"

// Refunds returns all refunds of a session, the oldest first. It returns none for an
// unknown ID, and ErrNotFound for a malformed one.
func (s *Service) Refunds(ctx context.Context, sessionID string) ([]Refund, error) {
	if !validID(sessionID, SessionPrefix) {
		return nil, ErrNotFound
	}
	return s.store.Refunds(ctx, sessionID)
}

// Attempts returns all attempts of a session, the oldest first. It returns none for an
// unknown ID, and ErrNotFound for a malformed one.
func (s *Service) Attempts(ctx context.Context, sessionID string) ([]Attempt, error) {
	if !validID(sessionID, SessionPrefix) {
		return nil, ErrNotFound
	}
	return s.store.Attempts(ctx, sessionID)
}

// Timeline is Attempts for the entries of the session's timeline, in the order in which they
// were stored.
func (s *Service) Timeline(ctx context.Context, sessionID string) ([]Entry, error) {
	if !validID(sessionID, SessionPrefix) {
		return nil, ErrNotFound
	}
	return s.store.Timeline(ctx, sessionID)
}

// FindRefund returns a refund, or ErrNotFound for an ID that is unknown or malformed.
func (s *Service) FindRefund(ctx context.Context, id string) (Refund, error) {
	if !validID(id, RefundPrefix) {
		return Refund{}, ErrNotFound
	}
	return s.store.Refund(ctx, id)
}

// Event returns an event, or ErrNotFound for an ID that is unknown or malformed.
func (s *Service) Event(ctx context.Context, id string) (Event, error) {
	if !validID(id, EventPrefix) {
		return Event{}, ErrNotFound
	}
	return s.store.Event(ctx, id)
}
