package checkout

import (
	"context"
	"errors"
	"time"
)

const (
	// statementSettles is how old a payment is before it is reconciled: what
	// is younger may still be on its way into the books, or the statement.
	statementSettles = 10 * time.Minute
	// statementMargin is how much of the statement before and after the window
	// is read too, for the clocks of the gateway and of this machine.
	statementMargin = time.Hour
	// reconcileBatch is how many rows are looked up at once.
	reconcileBatch = 500
	// keptDifferences is how many differences a report lists; all are counted.
	keptDifferences = 1000
)

// Reconciliation is the report of one run: the gateway's statement of a window
// was held against the books.
type Reconciliation struct {
	ID       string
	Merchant string
	// From and To are the window: From belongs to it, To does not.
	From, To time.Time
	// StartedAt and FinishedAt are the run's; FinishedAt is zero while it runs,
	// and for ever where its process died.
	StartedAt, FinishedAt time.Time
	// Payments and Refunds are how many the statement lists in the window, of
	// the checkout's own orders; Elsewhere is how many of both it lists of
	// others.
	Payments, Refunds, Elsewhere int
	// Differences counts all that were found, and Told those of them that the
	// shop had not been told of before. Healed counts those that asking the
	// gateway settled.
	Differences, Told, Healed int
	// Found lists the first 1,000 differences.
	Found []Difference
	// Error is why the run was given up, or "".
	Error string
}

// Complete reports whether the run saw all of its window.
func (r Reconciliation) Complete() bool { return !r.FinishedAt.IsZero() && r.Error == "" }

// Reconcile holds the gateway's statement of [from, to) against the books of a
// merchant. What is younger than 10 minutes is left for the next run, so that
// to may be moved back. Each difference that was not told before becomes an
// event; what the gateway can settle by itself is asked about at once. The
// report is stored, and returned with the error that it tells of: the
// gateway's, the store's, or a *FieldError for the window, which may be up to
// 25 hours long.
func (s *Service) Reconcile(ctx context.Context, merchant string, from, to time.Time) (Reconciliation, error) {
	now := s.clock.Now()
	if latest := now.Add(-statementSettles); to.After(latest) {
		to = latest
	}
	switch {
	case s.shops[merchant].ID == "":
		return Reconciliation{}, &FieldError{"merchant", "is not configured"}
	case !from.Before(to):
		return Reconciliation{}, &FieldError{"from", "must be more than 10 minutes ago, and before the end"}
	case to.Sub(from) > 25*time.Hour:
		return Reconciliation{}, &FieldError{"to", "must be at most 25 hours after the beginning"}
	}
	id, err := newID(s.random, "rc_")
	if err != nil {
		return Reconciliation{}, err
	}
	c := newComparison(s, Reconciliation{ID: id, Merchant: merchant, From: from.UTC(), To: to.UTC(), StartedAt: now.UTC()})
	if err := s.store.SaveReconciliation(ctx, c.report); err != nil {
		return c.report, err
	}
	err = c.run(ctx)
	c.report.FinishedAt = s.clock.Now().UTC()
	if err != nil {
		c.report.Error = err.Error()
		late := s.clock.Now().Sub(to) > reconcileLate
		s.alert(Alert{Problem: "a reconciliation failed", Merchant: merchant, Alarm: late, Err: err})
	}
	// A report of a run that was called off is worth keeping too.
	return c.report, errors.Join(err, s.store.SaveReconciliation(context.WithoutCancel(ctx), c.report))
}

// found tells of a difference, once whoever finds it, and then has the gateway
// settle what it can.
func (c *comparison) found(ctx context.Context, d Difference) error {
	key := d.Key()
	if c.keys[key] {
		return nil // the statement lists it twice
	}
	c.keys[key] = true
	told, err := c.service.tellDifference(ctx, c.report.Merchant, d)
	if err != nil {
		return err
	}
	if told {
		c.report.Told++
	}
	if d.Healed, err = c.service.heal(ctx, d); err != nil {
		return err
	}
	if d.Healed {
		c.report.Healed++
	}
	c.report.Differences++
	if len(c.report.Found) < keptDifferences {
		c.report.Found = append(c.report.Found, d)
	}
	return nil
}

// tellDifference stores the event of a difference, and reports whether it is
// the first.
func (s *Service) tellDifference(ctx context.Context, merchant string, d Difference) (bool, error) {
	for range updateTries {
		told, err := s.tryTellDifference(ctx, merchant, d)
		if !errors.Is(err, ErrConflict) {
			return told, err
		}
	}
	return false, errors.New("the session of a difference keeps changing")
}

func (s *Service) tryTellDifference(ctx context.Context, merchant string, d Difference) (bool, error) {
	session := Session{Merchant: merchant}
	if d.session != "" {
		var err error
		if session, err = s.store.Session(ctx, d.session); err != nil {
			return false, err
		}
		session.Version++
	}
	e, err := s.event(EventDifference, session, nil)
	if err != nil {
		return false, err
	}
	if d.session == "" {
		e.Session = PublicSession{}
	}
	e.AttemptID, e.Difference = d.attemptID, &d
	return s.store.AddDifference(ctx, e)
}

// heal brings the books up to date, and reports whether they have what the
// statement lists. Of a payment the gateway is asked, whose signed answer
// decides. A refund that is listed was made, whatever it answers now.
func (s *Service) heal(ctx context.Context, d Difference) (bool, error) {
	switch d.Kind {
	case DifferencePaidThere:
		s.askPatiently(ctx, kick{d.attemptID, CauseSchedule})
		a, err := s.store.Attempt(ctx, d.attemptID)
		return a.State == AttemptPaid, err
	case DifferenceRefundPending:
		s.sendDueRefund(ctx, d.refundID)
		return s.settleListed(ctx, d)
	case DifferenceRefundThere:
		if d.refundID == "" {
			return s.takeIn(ctx, d)
		}
		return s.settleListed(ctx, d)
	default:
		return false, nil
	}
}
