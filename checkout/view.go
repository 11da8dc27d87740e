package checkout

import (
	"context"
	"slices"
	"time"

	"github.com/wantukit/wantukit/checkout/page"
)

// View is what a page shows of a session.
type View struct {
	Session Session
	// Attempt is the attempt that the page is about, nil where there is none.
	Attempt *Attempt
	State   page.State
	// Calling says that the gateway has not yet answered a query, or another call, about
	// Attempt.
	Calling bool
	// Payable is [Session.Payable]. It does not include StartLimit.
	Payable bool
	// Remaining is the time to the session's expiry. It is 0 if the session has ended,
	// and never negative.
	Remaining time.Duration
	// RenewIn is the time until the code that is shown should be replaced. It is
	// negative if no code is shown, if StartLimit is set, or if the session ends before.
	RenewIn time.Duration
	// StartLimit says why no further order may be placed now, nil where one may.
	StartLimit *StartLimitError
}

// viewer reads what pages show. It changes nothing and does not call the gateway.
type viewer struct {
	store    Reader
	clock    Clock
	watchers *watchers
}

// readSession returns a session, or ErrNotFound for an ID that is unknown or
// malformed.
func readSession(ctx context.Context, store Reader, id string) (Session, error) {
	if !validID(id, SessionPrefix) {
		return Session{}, ErrNotFound
	}
	return store.Session(ctx, id)
}

// view is [Service.View].
func (v *viewer) view(ctx context.Context, sessionID string) (View, error) {
	r, err := v.read(ctx, sessionID)
	if err != nil {
		return View{}, err
	}
	return newView(r, v.clock.Now()), nil
}

// viewRead is what a View is made from. It has no attempt but the one that is shown,
// because it is kept as long as somebody watches the session.
type viewRead struct {
	session Session
	// shown is the attempt that the page is about, nil for none.
	shown  *Attempt
	orders orderCount
}

// sameVersions reports whether two reads are of the same session and attempt. A query that
// changes nothing makes no difference: the browser that caused it asks for the answer.
func (r viewRead) sameVersions(other viewRead) bool {
	if r.session.Version != other.session.Version || (r.shown == nil) != (other.shown == nil) {
		return false
	}
	return r.shown == nil || r.shown.ID == other.shown.ID && r.shown.Version == other.shown.Version
}

func (v *viewer) read(ctx context.Context, sessionID string) (viewRead, error) {
	if !validID(sessionID, SessionPrefix) {
		return viewRead{}, ErrNotFound
	}
	// The session is read after the attempts. So a payment between the two reads is shown
	// as paid. In the other order the page would have a paid attempt in an unpaid session,
	// and ask the shopper to choose again.
	session, attempts, err := v.store.SessionWithAttempts(ctx, sessionID)
	return viewRead{session, shownAttempt(attempts), countOrders(attempts)}, err
}

// viewReturn is [Service.ViewReturn].
func (v *viewer) viewReturn(ctx context.Context, token string) (View, error) {
	id, err := v.sessionOfReturn(ctx, token)
	if err != nil {
		return View{}, err
	}
	return v.view(ctx, id)
}

// sessionOfReturn is [Service.SessionOfReturn].
func (v *viewer) sessionOfReturn(ctx context.Context, token string) (sessionID string, err error) {
	if !validID(token, "") {
		return "", ErrNotFound
	}
	a, err := v.store.AttemptByReturnToken(ctx, token)
	return a.SessionID, err
}

// bridgeFailed is [Service.BridgeFailed].
func (v *viewer) bridgeFailed(ctx context.Context, sessionID, payer string) (bool, error) {
	attempts, err := v.store.Attempts(ctx, sessionID)
	return slices.ContainsFunc(attempts, func(a Attempt) bool { return a.Payer == payer && a.BridgeFailed }), err
}

func newView(r viewRead, now time.Time) View {
	session := r.session
	v := View{Session: session, Attempt: r.shown, Payable: session.Payable(now), StartLimit: r.orders.limit(now)}
	v.State = pageState(session, v.Attempt, now)
	v.Calling = v.Attempt != nil && now.Before(v.Attempt.LeasedUntil)
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
	if left := max(v.Attempt.CreatedAt.Add(placedLifetime).Sub(now), 0); left < v.Remaining {
		return left
	}
	return -1
}

// shownAttempt returns the attempt that a page is about: the paid one, else the
// newest open one, else the newest; nil where there is none.
func shownAttempt(attempts []Attempt) *Attempt {
	var found *Attempt
	for i := range attempts {
		a := attempts[i] // a copy: a view that is kept must not keep the slice
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
