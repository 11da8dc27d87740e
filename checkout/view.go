package checkout

import (
	"context"
	"time"

	"github.com/wantukit/wantukit/checkout/page"
)

// Session returns a session, or ErrNotFound for an id that is unknown or
// cannot be one.
func (s *Service) Session(ctx context.Context, id string) (Session, error) {
	if !validID(id, SessionPrefix) {
		return Session{}, ErrNotFound
	}
	return s.store.Session(ctx, id)
}

// View is what a page shows of a session.
type View struct {
	Session Session
	// Attempt is the one that the page is about, nil where there is none.
	Attempt *Attempt
	State   page.State
	// Payable says that an order may be placed now.
	Payable bool
	// Remaining is the time to the session's expiry, never negative.
	Remaining time.Duration
	// RenewIn is the time until the code that is shown should be started anew;
	// negative where none is shown, or the session ends before.
	RenewIn time.Duration
	// StartLimit says why no further order may be placed now, nil where one may.
	StartLimit *StartLimitError
}

// View reads what a page shows. It changes nothing and calls nobody.
func (s *Service) View(ctx context.Context, sessionID string) (View, error) {
	r, err := s.readView(ctx, sessionID)
	if err != nil {
		return View{}, err
	}
	return newView(r, s.clock.Now()), nil
}

// viewRead is what a View is made of. It keeps no attempt but the one that is
// shown, for it may be kept as long as somebody watches.
type viewRead struct {
	session Session
	// shown is the attempt that the page is about, nil for none.
	shown  *Attempt
	orders orderCount
}

func (s *Service) readView(ctx context.Context, sessionID string) (viewRead, error) {
	if !validID(sessionID, SessionPrefix) {
		return viewRead{}, ErrNotFound
	}
	// The attempts come first: a payment between the two reads then shows as
	// paid. The other way round it would show a paid attempt of an unpaid
	// session, and ask the shopper to choose again.
	attempts, err := s.store.Attempts(ctx, sessionID)
	if err != nil {
		return viewRead{}, err
	}
	session, err := s.Session(ctx, sessionID)
	return viewRead{session, current(attempts), countOrders(attempts)}, err
}

// ViewReturn reads what the page that a wallet returns to shows. Its token
// reveals a status and no more, so the page must not show the session.
func (s *Service) ViewReturn(ctx context.Context, token string) (View, error) {
	id, err := s.SessionOfReturn(ctx, token)
	if err != nil {
		return View{}, err
	}
	return s.View(ctx, id)
}

// SessionOfReturn returns the session that a return token belongs to, or
// ErrNotFound for a token that is unknown or cannot be one.
func (s *Service) SessionOfReturn(ctx context.Context, token string) (sessionID string, err error) {
	if !validID(token, "") {
		return "", ErrNotFound
	}
	a, err := s.store.AttemptByReturnToken(ctx, token)
	return a.SessionID, err
}

func newView(r viewRead, now time.Time) View {
	session := r.session
	v := View{Session: session, Attempt: r.shown, Payable: session.Payable(now), StartLimit: r.orders.limit(now)}
	v.State = pageState(session, v.Attempt, now)
	if left := session.ExpiresAt.Sub(now); left > 0 && session.Status == StatusOpen {
		v.Remaining = left
	}
	v.RenewIn = v.renewIn(now)
	return v
}

func (v View) renewIn(now time.Time) time.Duration {
	if v.State != page.Code || v.StartLimit != nil {
		return -1
	}
	if left := max(v.Attempt.CreatedAt.Add(codeLife).Sub(now), 0); left < v.Remaining {
		return left
	}
	return -1
}

// current is the attempt a page is about: the paid one, else the newest that
// is open, else the newest.
func current(attempts []Attempt) *Attempt {
	var found *Attempt
	for i := range attempts {
		a := attempts[i] // alone: a view that is kept must not keep the others
		if a.State == AttemptPaid {
			return &a
		}
		if found == nil || a.State.Open() || !found.State.Open() {
			found = &a
		}
	}
	return found
}

// pageState is the one place where a session's state becomes a page's.
func pageState(session Session, a *Attempt, now time.Time) page.State {
	switch {
	case session.PaymentStatus.Settled():
		return page.Paid
	case session.Status == StatusExpired:
		return page.Expired
	case session.Status == StatusCanceled:
		return page.Canceled
	case session.AmountMismatch:
		return page.Failed
	case session.PaymentStatus == PaymentProcessing || !now.Before(session.ExpiresAt):
		return page.Confirming
	case a == nil:
		return page.Choose
	default:
		return a.pageState()
	}
}

func (a Attempt) pageState() page.State {
	switch {
	case a.State == AttemptFailed:
		return page.Failed
	case a.State != AttemptPending:
		return page.Choose
	case a.Flow.ShowsCode():
		return page.Code
	default:
		return page.Redirecting
	}
}
