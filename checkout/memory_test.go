package checkout_test

import (
	"cmp"
	"context"
	"errors"
	"maps"
	"slices"
	"sync"
	"testing"
	"time"

	"github.com/wantukit/wantukit/checkout"
	"github.com/wantukit/wantukit/checkout/storetest"
)

// memory is a checkout.Store in memory. It works in a synctest bubble, where a
// database does not.
type memory struct {
	mu       sync.Mutex
	sessions map[string]checkout.Session
	attempts map[string]memoryAttempt
	refunds  map[string]memoryRefund
	// payments has the attempt that each payment belongs to.
	payments        map[checkout.Payment]string
	events          []checkout.Event
	timeline        []checkout.Entry
	reconciliations []checkout.Reconciliation
	// differenceKeys has the merchant and the key of each difference.
	differenceKeys map[string]bool
	// cancelRequests has how many entries of cancellations each session has.
	cancelRequests map[string]int
	// timelineError, if set, is the error of Record, RecordFew and of an Apply with
	// entries.
	timelineError error
	// broken, if set, is called before each method. The method fails with its error.
	broken func(method string) error
}

type memoryAttempt struct {
	checkout.Attempt
	leaseUntil time.Time
}

func newMemory() *memory {
	return &memory{
		sessions: map[string]checkout.Session{}, attempts: map[string]memoryAttempt{}, refunds: map[string]memoryRefund{},
		payments: map[checkout.Payment]string{}, differenceKeys: map[string]bool{}, cancelRequests: map[string]int{},
	}
}

func TestMemoryKeepsTheContract(t *testing.T) {
	t.Parallel()
	storetest.Run(t, func(*testing.T) checkout.Store { return newMemory() })
}

// enter locks the store for a method. leave unlocks it. enter fails if the context is
// canceled, or with the error of broken.
func (m *memory) enter(ctx context.Context, method string) (leave func(), err error) {
	if err := ctx.Err(); err != nil {
		return nil, err
	}
	m.mu.Lock()
	if m.broken != nil {
		if err := m.broken(method); err != nil {
			m.mu.Unlock()
			return nil, err
		}
	}
	return m.mu.Unlock, nil
}

func (m *memory) CreateSession(ctx context.Context, s checkout.Session) error {
	leave, err := m.enter(ctx, "CreateSession")
	if err != nil {
		return err
	}
	defer leave()
	if _, exists := m.sessions[s.ID]; exists {
		return errors.New("a session with this id exists")
	}
	m.sessions[s.ID], m.timeline = s, append(m.timeline, s.Entry())
	return nil
}

func (m *memory) Session(ctx context.Context, id string) (checkout.Session, error) {
	leave, err := m.enter(ctx, "Session")
	if err != nil {
		return checkout.Session{}, err
	}
	defer leave()
	s, ok := m.sessions[id]
	if !ok {
		return s, checkout.ErrNotFound
	}
	s.Metadata = maps.Clone(s.Metadata)
	return s, nil
}

// dueItems returns up to limit of the items that are due. The merchants take turns,
// and the items of a merchant come by their time.
func dueItems[T any](items []T, at func(T) (merchant string, due time.Time), now time.Time, limit int) []T {
	byMerchant := map[string][]T{}
	for _, item := range items {
		if merchant, due := at(item); !due.IsZero() && !due.After(now) {
			byMerchant[merchant] = append(byMerchant[merchant], item)
		}
	}
	compare := func(a, b T) int {
		_, one := at(a)
		_, other := at(b)
		return one.Compare(other)
	}
	var turns [][]T
	for _, some := range byMerchant {
		slices.SortFunc(some, compare)
		for i, item := range some {
			if i == len(turns) {
				turns = append(turns, nil)
			}
			turns[i] = append(turns[i], item)
		}
	}
	var all []T
	for _, turn := range turns {
		slices.SortFunc(turn, compare)
		all = append(all, turn...)
	}
	return all[:min(limit, len(all))]
}

func (m *memory) ExpiringSessions(ctx context.Context, now time.Time, limit int) ([]checkout.Session, error) {
	leave, err := m.enter(ctx, "ExpiringSessions")
	if err != nil {
		return nil, err
	}
	defer leave()
	open := slices.DeleteFunc(slices.Collect(maps.Values(m.sessions)), func(s checkout.Session) bool {
		return s.Status != checkout.StatusOpen
	})
	return dueItems(open, func(s checkout.Session) (string, time.Time) { return s.Merchant, s.ConcludeAt }, now, limit), nil
}

func (m *memory) PostponeConclusion(ctx context.Context, id string, at time.Time) error {
	leave, err := m.enter(ctx, "PostponeConclusion")
	if err != nil {
		return err
	}
	defer leave()
	s := m.sessions[id]
	s.ConcludeAt = at
	m.sessions[id] = s
	return nil
}

func (m *memory) CreateSessionWithAttempt(ctx context.Context, s checkout.Session, a checkout.Attempt, leaseUntil time.Time) error {
	leave, err := m.enter(ctx, "CreateSessionWithAttempt")
	if err != nil {
		return err
	}
	defer leave()
	if _, exists := m.sessions[s.ID]; exists {
		return errors.New("a session with this id exists")
	}
	if _, exists := m.attempts[a.ID]; exists {
		return errors.New("an attempt with this id exists")
	}
	m.sessions[s.ID], m.attempts[a.ID] = s, memoryAttempt{a, leaseUntil}
	m.timeline = append(m.timeline, s.Entry(), a.Entry())
	return nil
}

func (m *memory) CreateAttempt(ctx context.Context, a checkout.Attempt, sessionVersion int64, leaseUntil time.Time) error {
	leave, err := m.enter(ctx, "CreateAttempt")
	if err != nil {
		return err
	}
	defer leave()
	s, ok := m.sessions[a.SessionID]
	if !ok || s.Version != sessionVersion || s.Status != checkout.StatusOpen {
		return checkout.ErrConflict
	}
	for _, other := range m.attempts {
		if other.SessionID == a.SessionID && other.Wallet == a.Wallet && other.State.Open() && a.State.Open() {
			return checkout.ErrConflict
		}
		if other.SessionID == a.SessionID && !other.ReportedAt.IsZero() && other.State != checkout.AttemptPaid && !other.Quarantined {
			return checkout.ErrConflict
		}
	}
	s.Version++
	m.sessions[s.ID], m.attempts[a.ID] = s, memoryAttempt{a, leaseUntil}
	m.timeline = append(m.timeline, a.Entry())
	return nil
}

func (m *memory) attemptBy(ctx context.Context, method string, is func(checkout.Attempt) bool) (checkout.Attempt, error) {
	leave, err := m.enter(ctx, method)
	if err != nil {
		return checkout.Attempt{}, err
	}
	defer leave()
	for _, a := range m.attempts {
		if is(a.Attempt) {
			return a.Attempt, nil
		}
	}
	return checkout.Attempt{}, checkout.ErrNotFound
}

func (m *memory) Attempt(ctx context.Context, id string) (checkout.Attempt, error) {
	return m.attemptBy(ctx, "Attempt", func(a checkout.Attempt) bool { return a.ID == id })
}

func (m *memory) AttemptByNotifyToken(ctx context.Context, token string) (checkout.Attempt, error) {
	return m.attemptBy(ctx, "AttemptByNotifyToken", func(a checkout.Attempt) bool { return a.NotifyToken == token })
}

func (m *memory) AttemptByReturnToken(ctx context.Context, token string) (checkout.Attempt, error) {
	return m.attemptBy(ctx, "AttemptByReturnToken", func(a checkout.Attempt) bool { return a.ReturnToken == token })
}

func (m *memory) Attempts(ctx context.Context, sessionID string) ([]checkout.Attempt, error) {
	leave, err := m.enter(ctx, "Attempts")
	if err != nil {
		return nil, err
	}
	defer leave()
	var found []checkout.Attempt
	for _, a := range m.attempts {
		if a.SessionID == sessionID {
			found = append(found, a.Attempt)
		}
	}
	slices.SortFunc(found, func(a, b checkout.Attempt) int {
		return cmp.Or(a.CreatedAt.Compare(b.CreatedAt), cmp.Compare(a.ID, b.ID))
	})
	return found, nil
}

// canBeQueried reports whether the gateway may be queried about an attempt again.
func canBeQueried(a checkout.Attempt) bool { return a.State != checkout.AttemptPaid && !a.Quarantined }

func (m *memory) DueAttempts(ctx context.Context, now time.Time, limit int) ([]checkout.Attempt, error) {
	leave, err := m.enter(ctx, "DueAttempts")
	if err != nil {
		return nil, err
	}
	defer leave()
	var live, ended []checkout.Attempt
	for _, a := range m.attempts {
		switch {
		case !canBeQueried(a.Attempt) || a.leaseUntil.After(now):
		case a.EndedAt.IsZero():
			live = append(live, a.Attempt)
		default:
			ended = append(ended, a.Attempt)
		}
	}
	due := func(a checkout.Attempt) (string, time.Time) { return a.Merchant, a.NextQueryAt }
	found := dueItems(live, due, now, limit)
	return append(found, dueItems(ended, due, now, limit-len(found))...), nil
}
