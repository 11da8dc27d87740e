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
	claims          map[claimName]checkout.Claim
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
}

func leasedAttemptRow(a checkout.Attempt, until time.Time) memoryAttempt {
	a.LeasedUntil = until
	return memoryAttempt{a}
}

func newMemory() *memory {
	return &memory{
		sessions: map[string]checkout.Session{}, attempts: map[string]memoryAttempt{}, refunds: map[string]memoryRefund{},
		payments: map[checkout.Payment]string{}, differenceKeys: map[string]bool{}, claims: map[claimName]checkout.Claim{}, cancelRequests: map[string]int{},
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

func (m *memory) CreateSession(ctx context.Context, s checkout.Session, claims ...checkout.Claim) error {
	leave, err := m.enter(ctx, "CreateSession")
	if err != nil {
		return err
	}
	defer leave()
	if _, exists := m.sessions[s.ID]; exists {
		return errors.New("a session with this id exists")
	}
	if !m.claim(claims) {
		return checkout.ErrClaimed
	}
	m.sessions[s.ID], m.timeline = s, append(m.timeline, s.Entry())
	return nil
}

// claimName is what no two claims have in common.
type claimName struct {
	merchant string
	kind     checkout.ClaimKind
	name     string
}

// claim adds all claims, or none if one of them is not free.
func (m *memory) claim(claims []checkout.Claim) bool {
	for _, c := range claims {
		if other, taken := m.claims[claimName{c.Merchant, c.Kind, c.Name}]; taken && !m.isFree(other, c.CreatedAt) {
			return false
		}
	}
	for _, c := range claims {
		maps.DeleteFunc(m.claims, func(_ claimName, old checkout.Claim) bool {
			return old.Kind == checkout.ClaimKey && m.isFree(old, c.CreatedAt)
		})
		m.claims[claimName{c.Merchant, c.Kind, c.Name}] = c
	}
	return true
}

func (m *memory) isFree(c checkout.Claim, now time.Time) bool {
	if c.Kind == checkout.ClaimKey {
		return !c.CreatedAt.After(now.Add(-checkout.KeyLifetime))
	}
	s := m.sessions[c.SessionID]
	return (s.Status == checkout.StatusExpired || s.Status == checkout.StatusCanceled) && s.PaymentStatus == checkout.PaymentUnpaid
}

func (m *memory) Claim(ctx context.Context, merchant string, kind checkout.ClaimKind, name string) (checkout.Claim, error) {
	leave, err := m.enter(ctx, "Claim")
	if err != nil {
		return checkout.Claim{}, err
	}
	defer leave()
	c, ok := m.claims[claimName{merchant, kind, name}]
	if !ok {
		return c, checkout.ErrNotFound
	}
	return c, nil
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
	return m.withPayment(s), nil
}

// withPayment returns a session with what a store reads from its attempts and refunds.
func (m *memory) withPayment(s checkout.Session) checkout.Session {
	s.Metadata, s.PaidWith, s.RefundsPending = maps.Clone(s.Metadata), checkout.PaidWith{}, 0
	if s.PaidBy == "" {
		return s
	}
	s.PaidWith = m.attempts[s.PaidBy].PaidWith()
	for _, r := range m.refunds {
		if r.AttemptID == s.PaidBy && r.State == checkout.RefundPending {
			s.RefundsPending += r.Amount
		}
	}
	return s
}

// dueItems returns up to limit of a merchant's items that are due, ordered by their time.
func dueItems[T any](items []T, at func(T) (merchant string, due time.Time), merchant string, now time.Time, limit int) []T {
	var found []T
	for _, item := range items {
		if of, due := at(item); of == merchant && !due.IsZero() && !due.After(now) {
			found = append(found, item)
		}
	}
	slices.SortFunc(found, func(a, b T) int {
		_, one := at(a)
		_, other := at(b)
		return one.Compare(other)
	})
	return found[:min(limit, len(found))]
}

func (m *memory) DueMerchants(ctx context.Context, work checkout.Work, now time.Time) ([]string, error) {
	leave, err := m.enter(ctx, "DueMerchants")
	if err != nil {
		return nil, err
	}
	all := map[string]bool{}
	for _, s := range m.sessions {
		all[s.Merchant] = true
	}
	leave()
	var due []string
	for merchant := range all {
		n, err := m.countDue(ctx, work, merchant, now)
		if err != nil {
			return nil, err
		}
		if n > 0 {
			due = append(due, merchant)
		}
	}
	return due, nil
}

// countDue returns whether a merchant has due work of a kind: 0 or 1.
func (m *memory) countDue(ctx context.Context, work checkout.Work, merchant string, now time.Time) (int, error) {
	switch work {
	case checkout.WorkLive:
		due, err := m.DueAttempts(ctx, merchant, now, 1)
		return len(due), err
	case checkout.WorkEnded:
		due, err := m.DueEndedAttempts(ctx, merchant, now, 1)
		return len(due), err
	case checkout.WorkSessions:
		due, err := m.ExpiringSessions(ctx, merchant, now, 1)
		return len(due), err
	case checkout.WorkRefunds:
		due, err := m.DueRefunds(ctx, merchant, now, 1)
		return len(due), err
	default:
		return 0, errors.New("unknown work")
	}
}

func (m *memory) ExpiringSessions(ctx context.Context, merchant string, now time.Time, limit int) ([]checkout.Session, error) {
	leave, err := m.enter(ctx, "ExpiringSessions")
	if err != nil {
		return nil, err
	}
	defer leave()
	open := slices.DeleteFunc(slices.Collect(maps.Values(m.sessions)), func(s checkout.Session) bool {
		return s.Status != checkout.StatusOpen
	})
	return dueItems(open, func(s checkout.Session) (string, time.Time) { return s.Merchant, s.ConcludeAt }, merchant, now, limit), nil
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

func (m *memory) CreateSessionWithAttempt(ctx context.Context, s checkout.Session, a checkout.Attempt, leaseUntil time.Time, claims ...checkout.Claim) error {
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
	if !m.claim(claims) {
		return checkout.ErrClaimed
	}
	m.sessions[s.ID], m.attempts[a.ID] = s, leasedAttemptRow(a, leaseUntil)
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
	m.sessions[s.ID], m.attempts[a.ID] = s, leasedAttemptRow(a, leaseUntil)
	m.timeline = append(m.timeline, a.Entry())
	return nil
}

func (m *memory) SessionWithAttempts(ctx context.Context, id string) (checkout.Session, []checkout.Attempt, error) {
	attempts, err := m.Attempts(ctx, id)
	if err != nil {
		return checkout.Session{}, nil, err
	}
	session, err := m.Session(ctx, id)
	return session, attempts, err
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
	leave, err := m.enter(ctx, "Attempt")
	if err != nil {
		return checkout.Attempt{}, err
	}
	defer leave()
	a, ok := m.attempts[id]
	if !ok {
		return checkout.Attempt{}, checkout.ErrNotFound
	}
	return a.Attempt, nil
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

func (m *memory) DueAttempts(ctx context.Context, merchant string, now time.Time, limit int) ([]checkout.Attempt, error) {
	return m.dueAttempts(ctx, "DueAttempts", merchant, now, limit, func(a checkout.Attempt) bool { return a.EndedAt.IsZero() })
}

func (m *memory) DueEndedAttempts(ctx context.Context, merchant string, now time.Time, limit int) ([]checkout.Attempt, error) {
	return m.dueAttempts(ctx, "DueEndedAttempts", merchant, now, limit, func(a checkout.Attempt) bool { return !a.EndedAt.IsZero() })
}

func (m *memory) dueAttempts(ctx context.Context, method, merchant string, now time.Time, limit int, is func(checkout.Attempt) bool) ([]checkout.Attempt, error) {
	leave, err := m.enter(ctx, method)
	if err != nil {
		return nil, err
	}
	defer leave()
	var found []checkout.Attempt
	for _, a := range m.attempts {
		if canBeQueried(a.Attempt) && !a.LeasedUntil.After(now) && is(a.Attempt) {
			found = append(found, a.Attempt)
		}
	}
	return dueItems(found, func(a checkout.Attempt) (string, time.Time) { return a.Merchant, a.NextQueryAt }, merchant, now, limit), nil
}
