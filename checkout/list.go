package checkout

import (
	"context"
	"errors"
	"strconv"
	"time"
)

const (
	// DefaultListLimit is how many objects a list has where the shop asks for no number.
	DefaultListLimit = 10
	// MaxListLimit is how many objects a list may have.
	MaxListLimit = 100
)

// Position is the place of an object in a list. Lists are in the order of creation, and then
// of the ID.
type Position struct {
	CreatedAt time.Time
	ID        string
}

// ListPart is a part of a list: the objects of a shop that were created from From until before
// To, of which each may be zero, and that are older than After or newer than Before. After
// and Before are zero for the newest objects. At most one of them is set.
type ListPart struct {
	Merchant      string
	From, To      time.Time
	After, Before Position
	// Limit is how many objects there are at most.
	Limit int
}

// SessionFilter selects sessions. A zero field selects all.
type SessionFilter struct {
	Status            Status
	PaymentStatus     PaymentStatus
	ClientReferenceID string
	Amount            int64
	// Metadata are pairs that a session must have.
	Metadata map[string]string
}

// RefundFilter selects refunds. A zero field selects all.
type RefundFilter struct {
	State     RefundState
	SessionID string
}

// EventFilter selects events. A zero field selects all.
type EventFilter struct {
	Type      EventType
	SessionID string
}

// ListStore reads the objects of a shop, the newest first: by CreatedAt and then by ID. Of
// the objects before ListPart.Before it returns those that are nearest to it. The time that a
// method takes does not depend on the place of the part in the list.
type ListStore interface {
	ListSessions(ctx context.Context, in ListPart, by SessionFilter) ([]Session, error)
	ListRefunds(ctx context.Context, in ListPart, by RefundFilter) ([]Refund, error)
	ListEvents(ctx context.Context, in ListPart, by EventFilter) ([]Event, error)
}

// ListRequest is a shop's request for a part of a list.
type ListRequest struct {
	Merchant string
	// From and To bound CreatedAt: from From until before To. Each may be zero.
	From, To time.Time
	// StartingAfter and EndingBefore are IDs of objects of the list: it goes on with what is
	// older than the first, or newer than the second. Both may be "", but not both be set.
	StartingAfter, EndingBefore string
	// Limit is from 1 to [MaxListLimit]. 0 means [DefaultListLimit].
	Limit int
}

// List is a part of a list, the newest object first.
type List[T any] struct {
	Data []T
	// HasMore says that the list goes on: with older objects, or with newer ones where
	// ListRequest.EndingBefore is set.
	HasMore bool
}

// ListSessions returns sessions of a shop. It returns a *FieldError for each field of the
// request that is wrong, joined, or the store's error.
func (s *Service) ListSessions(ctx context.Context, r ListRequest, by SessionFilter) (List[Session], error) {
	find := func(id string) (Position, string, error) {
		session, err := s.Session(ctx, id)
		return Position{session.CreatedAt, session.ID}, session.Merchant, err
	}
	return listOf(r, find, func(in ListPart) ([]Session, error) { return s.store.ListSessions(ctx, in, by) })
}

// ListRefunds is ListSessions for refunds.
func (s *Service) ListRefunds(ctx context.Context, r ListRequest, by RefundFilter) (List[Refund], error) {
	find := func(id string) (Position, string, error) {
		refund, err := s.FindRefund(ctx, id)
		return Position{refund.CreatedAt, refund.ID}, refund.Merchant, err
	}
	return listOf(r, find, func(in ListPart) ([]Refund, error) { return s.store.ListRefunds(ctx, in, by) })
}

// ListEvents is ListSessions for events.
func (s *Service) ListEvents(ctx context.Context, r ListRequest, by EventFilter) (List[Event], error) {
	find := func(id string) (Position, string, error) {
		event, err := s.Event(ctx, id)
		return Position{event.CreatedAt, event.ID}, event.Merchant, err
	}
	return listOf(r, find, func(in ListPart) ([]Event, error) { return s.store.ListEvents(ctx, in, by) })
}

// listOf returns the part of a list that a request asks for. find returns the position and
// the merchant of an object, and list the objects of a part.
func listOf[T any](r ListRequest, find func(id string) (Position, string, error), list func(ListPart) ([]T, error)) (List[T], error) {
	in, err := r.part(find)
	if err != nil {
		return List[T]{}, err
	}
	limit := in.Limit
	in.Limit++ // one more tells whether there are more
	found, err := list(in)
	if err != nil {
		return List[T]{}, err
	}
	if len(found) <= limit {
		return List[T]{found, false}, nil
	}
	if in.Before != (Position{}) {
		return List[T]{found[1:], true}, nil
	}
	return List[T]{found[:limit], true}, nil
}

// part returns the part of the list that r asks for.
func (r ListRequest) part(find func(id string) (Position, string, error)) (ListPart, error) {
	in := ListPart{Merchant: r.Merchant, From: r.From, To: r.To, Limit: r.Limit}
	if in.Limit == 0 {
		in.Limit = DefaultListLimit
	}
	var faults []error
	if in.Limit < 1 || in.Limit > MaxListLimit {
		faults = append(faults, &FieldError{Field: "limit", Problem: "must be a whole number from 1 to " + strconv.Itoa(MaxListLimit)})
	}
	if r.StartingAfter != "" && r.EndingBefore != "" {
		faults = append(faults, &FieldError{Field: "ending_before", Problem: "cannot be together with starting_after"})
	}
	position := func(field, id string) Position {
		if id == "" {
			return Position{}
		}
		at, merchant, err := find(id)
		if errors.Is(err, ErrNotFound) || err == nil && merchant != r.Merchant {
			at, err = Position{}, &FieldError{Field: field, Problem: "names nothing in this list"}
		}
		faults = append(faults, err)
		return at
	}
	in.After, in.Before = position("starting_after", r.StartingAfter), position("ending_before", r.EndingBefore)
	return in, errors.Join(faults...)
}
